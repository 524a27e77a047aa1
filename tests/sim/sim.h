/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator: three apps and their people in one process, with a clock that is turned, dice that
 * are thrown again by their seed, a network that misbehaves and processes that die.
 *
 * Everything that happens is an entry of one timeline (timeline.c).  Apps are real providers over
 * two stores in memory (app.c), people real clients over one (person.c); between them lie links
 * (link.c), between apps requests and answers (peers.c).  What people do is in act.c, what must
 * have become of it in truth.c and check.c. */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "provider/provider.h"
#include "server/clock_watch.h"
#include "undercroft/undercroft.h"

#include <stdio.h>

/* Faults, each on in some seeds only, so that some worlds have few of them and some have many: name,
 * and what is counted.  faults.c has those that come with the weather. */
#define FAULTS(X)                                             \
	X(FULL, "disks that were full for a while")           \
	X(IO, "writes and syncs that failed")                 \
	X(TORN, "writes that were torn, and what came after") \
	X(ROT, "records that could not be read for a while")  \
	X(CLOCK_APP, "clocks of apps that leapt")             \
	X(CLOCK_PERSON, "clocks of devices that leapt")       \
	X(DOWN, "apps that were down for an hour")            \
	X(OFF, "devices that were off for hours")             \
	X(HERD, "times that everybody came back at once")     \
	X(SLOW, "readers that were slow")                     \
	X(OLDER, "apps that went on from an older copy")
enum fault {
#define FAULT_ENUM(name, counted) FAULT_##name,
	FAULTS(FAULT_ENUM)
#undef FAULT_ENUM
		FAULT_COUNT
};

enum {
	APPS = 3,
	ACTS_MAX = 32,
	WHY_MAX = 512,
	PEOPLE_MAX = 2048,
	TEXT_MAX = 96,
	LABEL_MAX = 96,
	CODE_MAX = 32,
	WORDS_MAX = 256,
};

/* --- dice.c --- */

struct dice {
	uint64_t s;
};
void dice_seed(struct dice *d, uint64_t seed);
uint64_t dice_throw(struct dice *d);
/* 0 .. n-1; 0 for n == 0. */
uint64_t dice_below(struct dice *d, uint64_t n);
/* True in `of_million` cases of a million. */
bool dice_hits(struct dice *d, uint64_t of_million);
void dice_fill(struct dice *d, uint8_t *out, size_t n);

/* --- cover.c: the points where something is written, over all seeds --- */

struct cover_point {
	char label[LABEL_MAX];
	uint64_t seen, struck;
	uint64_t seed, cost; /* the cheapest seed that saw it */
	uint64_t run, seen_in_run;
};
struct cover {
	struct map map;
	struct arena mem;
	struct cover_point **v;
	size_t n, cap;
	uint64_t run; /* a number for each world */
};
uc_err cover_init(struct cover *c);
void cover_done(struct cover *c);
/* The point of that label, seen once more in this seed. */
struct cover_point *cover_see(struct cover *c, uint64_t seed, const char *label);
/* NULL when it was not seen yet. */
struct cover_point *cover_find(const struct cover *c, const char *label);
size_t cover_struck(const struct cover *c);
/* What was seen in a world of its own, by another process. */
uc_err cover_merge(struct cover *c, const struct cover_point *p);

/* --- story.c: what is told of a failure --- */

enum { SUBJECTS_MAX = 8, SUBJECT_MAX = 256 };
struct story {
	char subjects[SUBJECTS_MAX][SUBJECT_MAX]; /* people, rooms and texts of the failure */
	size_t n;
};
/* Of whom and what a failure speaks. */
void story_about(struct story *s, const char *why);
bool story_has(const struct story *s, const char *line);

/* --- the world --- */

struct world;
struct person;
struct link;
struct happening;
typedef void happen(struct world *w, struct happening *h);
struct happening {
	uint64_t at_ms, order;
	happen *run;
	void *subject;
	uint64_t number;
	struct view bytes; /* owned */
};

struct timeline {
	struct happening *v;
	size_t n, cap;
	uint64_t order;
};
/* Takes a copy of the bytes. */
void timeline_add(struct world *w, uint64_t at_ms, happen *run, void *subject, uint64_t number,
		  struct view bytes);
bool timeline_next(struct timeline *t, struct happening *out);
void timeline_done(struct timeline *t);
void bytes_free(struct view owned);
struct view bytes_copy(struct view v);

/* A disk that fails at the how-manieth write from now. */
struct disk_fault {
	bool on, rooms, torn;
	enum fault kind;
	unsigned after;
	uint64_t until_ms; /* FULL: there is room again */
};

struct output;
struct app {
	struct world *w;
	const char *domain;
	uint8_t names; /* enum uc_name_kind */
	struct provider_keys keys;
	struct secret moderators;
	struct dice dice;
	struct env env;
	struct store_memory *accounts_disk, *rooms_disk;
	struct store *accounts, *rooms;
	struct provider *provider;             /* NULL while it is down */
	uint64_t life;                         /* counts restarts */
	struct output *outputs, **outputs_end; /* kept back until the next sync */
	bool sync_due;
	int64_t skew_ms; /* of its clock */
	struct clock_watch clock;
	uint64_t lives;       /* starts, as its keys' folder knows them */
	bool is_kept, rolled; /* there is a backup; it went on from one */
	uint64_t started_ms;
	uint64_t kept_state; /* what may not have changed since, for that */
	struct disk_fault disk;
	bool rotten;           /* a record of it cannot be read for a while */
	bool failed;           /* a store has failed: the process ends with the next sync */
	bool dying, struck;    /* a store point was struck; everything fails from there on */
	char doing[LABEL_MAX]; /* what it handles, for the name of a write point */
	unsigned writes;       /* so far, while it does */
};

/* One WebSocket. */
struct link {
	struct link *next;
	struct person *person; /* NULL: that end is gone */
	struct app *app;       /* NULL: that end is gone */
	struct session *session;
	uint64_t number, up_ms, down_ms; /* last arrivals: order holds within a direction */
	bool cut, closing;
	size_t backlog; /* bytes that the person has not read yet */
};

enum phase {
	PHASE_FRESH, /* no account yet */
	PHASE_SIGNING,
	PHASE_LIVE,
	PHASE_RETURNING, /* device lost, account being recovered */
	PHASE_LEAVING,   /* account being deleted */
	PHASE_OVER,
};

struct person {
	struct world *w;
	unsigned number;
	struct app *app;
	char name[TEXT_MAX], identifier[TEXT_MAX];
	char persona[TEXT_MAX]; /* in every group where they are one */
	char code[CODE_MAX], words[WORDS_MAX];
	uint8_t from[SESSION_FROM]; /* its network address, where apps see one */
	bool has_from;
	bool words_known, confirmed, ends; /* ends: the account's deletion was asked for */
	enum phase phase;
	unsigned device;                     /* counts devices of this person */
	struct client_memory *disk, *backup; /* backup: an older copy of it, or NULL */
	unsigned restored;                   /* how often it was put in the place of the disk */
	uint8_t key[32];
	uint64_t generation;
	struct dice dice;
	struct uc_platform platform;
	int64_t skew_ms, leap_ms; /* leap_ms: of it, what is a fault */
	uint64_t slow_until_ms;
	uc_client *client; /* NULL while its process is not running */
	struct link *link; /* NULL: not connected */
	bool connecting, connected, away;
	char labels[2][LABEL_MAX]; /* the write points of the call under way */
	bool armed;
	unsigned armed_for;
	uint64_t commits;
	uint64_t wake_ms, wakes_idle;
	uc_op op; /* sign-up, recovery or deletion under way */
	unsigned asked, said, groups;
	bool acted; /* the act under way has done something */

	/* devices.c: each device is a person of its own here. */
	struct person *self;           /* of the first device; mostly this one */
	unsigned further, device_ends; /* of the first: how many came, and were put an end to */
	bool joins, revoked;           /* joins: not in yet; revoked: the app has taken it out */
	uint64_t erases_ms; /* of the first: one of them deletes the account since then */
	char pair[UC_DEVICE_CODE_MAX]; /* the code it shows */
	uint64_t pair_ms;              /* it is entered again then */
	size_t list_n;                 /* entries of the list that it began with; 0: none yet */
	uint8_t device_key[32];
	struct person *ending; /* an end that it is putting to another one */
	uc_op ending_op;

	/* rules.c; of the first device, but for operations that are under way and what was done. */
	bool aged; /* says how old, some time */
	enum uc_age age;
	uint64_t says_ms, said_ms;    /* when; and when it held, 0: not yet */
	bool said_first;              /* before anybody knew them */
	uint64_t guarded_ms;          /* there is a guardian, or was, since then; 0: never */
	char link_text[TEXT_MAX * 4]; /* by which others ask them */
	uc_op link_op, role_op;
	unsigned linked_by, role;
	char role_of[512];
	const struct room_truth *role_in;
	struct heard_truth *heard; /* check_rules.c: of this device */
};

struct stats {
	uint64_t happened; /* frames, requests and answers delivered, connections, acts */
	uint64_t frames, asks, replies, acts, ticks;
	uint64_t app_kills, client_kills, cuts, lost, repeated;
	uint64_t said, accepted, received, failed;
	uint64_t rooms, epochs, joined, removed, recovered, deleted, restored, rejoined, recalled;
	uint64_t members, introduced, linked, unlinked, keys_looked, keys_made;
	uint64_t minors, wards, agreed, by_link, roles;
	uint64_t virtual_ms;
	uint64_t weather[FAULT_COUNT], acted[ACTS_MAX];
};

struct plan {
	uint64_t seed;
	unsigned people;
	uint64_t happenings; /* activity ends then */
	bool faults, trace;
	uint32_t weather;          /* which of enum fault there are, as bits */
	bool devices;              /* some have several */
	bool minors, roles;        /* some are below 18; owners give roles */
	const char *strike;        /* a write point to strike the first time it is seen; or NULL */
	const struct story *story; /* what is told of it; or NULL */
	struct cover *cover;
	/* Stores in this folder, which is there, instead of in memory; NULL: in memory. */
	const char *folder;
	const struct store_driver *driver; /* of those */
	uint64_t tick_ms;                  /* 0: a second */
};
/* What sort of world this seed is: how many people, how much happens, which faults. */
void plan_of_seed(struct plan *p, uint64_t seed);

struct world {
	struct plan plan;
	uint64_t now_ms;
	struct dice dice;  /* of network, faults and acts */
	struct dice rules; /* of what rules.c does */
	struct env env;
	struct timeline timeline;
	struct app apps[APPS];
	struct person people[PEOPLE_MAX];
	unsigned people_n;
	struct link *links;
	uint64_t links_n;
	struct exchange *exchanges;
	struct truth *truth;
	struct stats stats;
	bool quiet; /* no faults, no acts any more */
	bool failed;
	char why[WHY_MAX]; /* the first failure */
	bool struck_wanted;
	uint64_t last_traffic_ms;
};

#define NO_BYTES ((struct view){ NULL, 0 })

/* The first failure is kept; the run ends. */
void sim_fail(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_trace(const struct world *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* What a reader of the story wants to know. */
void sim_story(const struct world *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Is this fault to happen now? */
bool sim_fault(struct world *w, uint64_t of_million);
uint64_t sim_latency_ms(struct world *w);
/* Something arrived somewhere. */
void sim_traffic(struct world *w);

/* --- world.c --- */

uc_err world_init(struct world *w, const struct plan *plan);
void world_done(struct world *w);
struct person *world_person(struct world *w, struct app *app, const char *name,
			    const char *identifier);
/* Runs until `until_ms`, or until the condition holds (checked after each happening). */
typedef bool world_until(struct world *w, void *ctx);
bool world_run(struct world *w, uint64_t until_ms, world_until *until, void *ctx);
/* Everything heals and comes to rest; false when it does not. */
bool world_rest(struct world *w);
struct app *world_app(struct world *w, struct view domain);

/* --- app.c --- */

uc_err app_init(struct app *a, struct world *w, unsigned index);
void app_done(struct app *a);
uc_err app_start(struct app *a);
/* Comes back after so long. */
void app_kill(struct app *a, uint64_t down_ms);
/* Names what comes next for the write points; app_after ends it: syncs are planned, and if a store
 * was struck, the app dies. */
void app_before(struct app *a, const char *doing, const char *what);
void app_after(struct app *a);
/* Something for another app waits in its outbox, or it is down. */
bool app_owes(struct app *a);
void app_frame(struct app *a, struct link *l, struct view frame);
/* The sim's stand-in for a TLS key and its certificate. */
void app_document_sign(struct view domain, struct view document, uint8_t out[32]);

/* --- faults.c --- */

void faults_start(struct world *w);
/* Comes to rest: what is to end, ends. */
void faults_end(struct world *w);
/* At a point of a store: the error that its disk gives now. */
uc_err fault_of_disk(struct app *a, bool rooms, enum store_point point);

/* --- link.c --- */

struct link *link_open(struct person *p);
void link_up(struct link *l, struct view frame);
void link_down(struct link *l, struct view frame);
void link_cut(struct link *l);
/* One end is gone; the other notices in a while. */
void link_drop_person(struct link *l);
void link_drop_app(struct link *l);
/* The app closes it. */
void link_close(struct link *l);

/* --- peers.c --- */

struct exchange {
	struct exchange *next;
	struct app *from, *to;
	uint64_t from_life, to_life, token;
	struct view method, path, headers, body; /* owned */
	int status;                              /* of the answer, as are the next */
	uint32_t retry_after_s;
	size_t headers_n;
	bool repeated, answered;
};
void peers_ask(struct app *from, uint64_t token, struct view domain, const struct peer_request *q);
void peers_reply(struct exchange *x, const struct peer_response *r);
/* Who waits for an answer of this app gets none. */
void peers_app_died(struct app *a);
void peers_free(struct world *w);

/* --- person.c --- */

void person_platform(struct person *p);
void person_start(struct person *p);
/* Comes back after so long. */
void person_kill(struct person *p, uint64_t back_in_ms);
/* The device is gone for good; a new one starts, empty. */
void person_lose_device(struct person *p);
/* Keeps a copy of what the device has stored. */
void person_backup(struct person *p);
/* Puts the copy in its place, as if nothing had been since; nothing when there is none. */
void person_restore(struct person *p);
/* Around every call of the client. */
void person_before(struct person *p, const char *doing, const char *what);
void person_after(struct person *p, uc_err err);
void person_receive(struct person *p, struct view frame);
/* Timers are not what they were. */
void person_clock_changed(struct person *p);
void person_disconnected(struct person *p);
void person_connect_later(struct person *p);
void person_network_back(struct person *p);
/* What keeps a client busy, for whoever looks for the mistake. */
void person_trace(const struct person *p);
/* There is no account any more, or none yet to come back to. */
bool person_is_over(const struct person *p);
/* Frees what is left without a word. */
void person_done(struct person *p);

/* --- run.c --- */

struct outcome {
	bool right;
	char why[WHY_MAX];
	struct stats stats;
};
void outcome_of(const struct plan *plan, struct outcome *out);
void stats_add(struct stats *to, const struct stats *from);
void stats_print(const struct stats *s, const char *what);

/* --- jobs.c: worlds side by side, each in a process of its own --- */

struct job {
	uint64_t seed;
	const char *strike;
};
struct jobs {
	void *ctx;
	unsigned at_once;
	bool (*next)(void *ctx, struct job *out); /* false: no more */
	void (*run)(void *ctx, const struct job *j, struct cover *cover, struct outcome *out);
	void (*done)(void *ctx, const struct job *j, const struct outcome *o,
		     const struct cover_point *v, size_t n);
};
uc_err jobs_run(const struct jobs *j);

/* --- act.c --- */

const char *act_name(size_t i); /* NULL after the last */

void act_start(struct person *p);
/* A text of theirs that there is once. */
void act_text(struct person *p, const char *kind, char out[TEXT_MAX]);
/* What a program would do with an event. */
void act_event(struct person *p, const struct uc_event *e);

/* Their app's default for addresses is that nobody finds them: they say that they want to be found. */
void act_findable(struct person *p, enum uc_may_ask ask);

/* --- devices.c --- */

bool device_same(const struct person *a, const struct person *b);
bool device_several(const struct person *p);
/* Was one of theirs put an end to, or is it to be? */
bool device_any_ended(const struct person *p);
bool device_any_restored(const struct person *p);
bool device_may_link(const struct person *p);
void device_link(struct person *p);
/* The next step of one that is not in yet. */
void device_join(struct person *d);
void device_end(struct person *p);
/* All of one's have come, and none is to go; and what makes that so for all. */
bool device_all_there(const struct person *p);
void device_all_end(struct person *p);
void device_look(struct person *p);
void device_event(struct person *p, const struct uc_event *e);
void device_gone(struct person *p);
void device_check(struct person *p);

/* --- truth.c: what an all-seeing observer knows --- */

uc_err truth_init(struct world *w);
void truth_free(struct world *w);
/* A text was given to a client of a room; texts are unique. */
void truth_said(struct person *p, const struct uc_id *room, const char *text, bool certain);
/* It is edited or deleted from now on. */
void truth_changed(struct person *p, const char *text);
/* Looks at a client after each turn. */
void truth_look(struct person *p);
/* A client goes on from what it was earlier. */
void truth_restored(struct person *p);
/* Its rooms go on from what they were earlier. */
void truth_rolled_back(struct app *hub);
/* An entry on its way to a client. */
void truth_frame(struct person *p, struct view frame);
void truth_event(struct person *p, const struct uc_event *e);

/* --- check.c --- */

/* What apps believe that others have read: never more than these have. */
void check_cursors(struct world *w);
/* Once all is at rest. */
void check_all(struct world *w);

#endif
