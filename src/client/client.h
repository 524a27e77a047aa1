/* SPDX-License-Identifier: Apache-2.0 */
/* The client object and what its parts share.  Each part owns one kind of object and has a
 * `*_drive` function: called at the end of every turn while signed in, it starts whatever the
 * stored state of its objects asks for.  So a restart, a lost answer and a reconnection are all the
 * same thing: the state is there, and drive goes on from it. */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include "client/outgoing.h"
#include "client/safe.h"
#include "client/stored_room.h"

/* An answer to a request of ours, or why there is none. */
struct reply {
	uc_err err;       /* UC_OK, the app's refusal, or UC_E_NET when the connection went */
	struct view text; /* its sentence, or ours */
	struct view body;
	uint32_t retry_after_s;
	struct arena *mem; /* for decoding; lives until the handler returns */
};
/* Called exactly once for each call.  What it returns breaks the client unless it is UC_OK: errors
 * of the answer are the handler's to deal with. */
typedef uc_err call_done(struct uc_client *c, void *subject, const struct reply *r);

struct call {
	uint32_t id;
	uint16_t type;
	call_done *done;
	void *subject;
	uint64_t deadline_ms;
	struct call *next;
};

struct joining;
struct adding;
struct transfer;
struct uc_client {
	struct uc_platform platform;
	struct env env;
	struct arena call; /* scratch of the turn */
	struct safe safe;
	uc_err broken;
	bool turning;

	struct frame_queue frames;
	struct event_queue events;

	/* session.c */
	enum uc_connection connection;
	uint8_t challenge[CHALLENGE];
	uint32_t features;     /* enum frame_feature that this connection has: 1 << number */
	int64_t clock_skew_ms; /* the app's clock less ours */
	struct call *calls;
	uint32_t next_call;
	uint64_t damage_ms; /* calls.c: told last that the app has damaged records; memory only */
	uint32_t failures; /* attempts to connect in a row that led nowhere, as far as they count */
	uint64_t retry_ms; /* when drive is called though nothing came in; UINT64_MAX: never */
	uint32_t away_s, away_jitter_s; /* how long the app asked to be left alone */
	uc_op next_op;
	char software[128];

	/* account.c */
	struct account account;
	uc_op account_op;
	bool account_busy; /* one of its requests is under way */
	bool list_stale;   /* the device list has moved on */
	struct {           /* devices.c: where one was last ended; memory only */
		bool known, by_us;
		uint32_t generation, position;
		uint32_t last_generation, last_position; /* of the last entry */
		uint32_t count; /* UINT32_MAX: not all generations are here */
	} ends;
	struct { /* device_watch.c; memory only */
		bool known;
		uint64_t turn_ms,
			lived_ms; /* the last turn; this program has run for so long at least */
		uint64_t
			added_ms; /* of that: a device that was let in here is told of then; 0: none */
		uint64_t ask_ms; /* the list is read for one that it hides; 0: for none */
	} watch;
	bool reset_again; /* a recovery has read the list anew once */
	uint64_t account_retry_ms;
	uint64_t ending_ms; /* account_end.c: other devices are ended until then; 0: not begun */
	uint64_t
		delete_ms; /* the account goes then, rooms left or not; 0: they are not being left */
	bool ending_refused; /* the app ends none of them */
	uint8_t end_tries, gone_tries;
	uint64_t gone_ms; /* asked then whether it was this device that ended, or the account */
	bool pool_known, pool_busy; /* the pool's contents are known; a request is under way */
	uint64_t pool_retry_ms;
	uint64_t pool_full_ms;        /* nothing is put there before that */
	bool seats_known, seats_busy; /* clients whose KeyPackages left the pool were asked for */
	uint64_t seats_retry_ms;
	size_t seats_asked;                /* of a round that takes more than one request */
	bool settings_seen, settings_busy; /* settings.c: the app has shown them */
	bool settings_contested;           /* ... other ones than we know */
	uint64_t settings_retry_ms;
	uint8_t settings_checked; /* age that is not only said, and by whom: as the app says it */
	uint8_t settings_attested;
	uc_op age_op;   /* ages.c: a statement that is being handed in; 0: none */
	bool age_taken; /* ... and was taken: it ends when the app has said what holds now */
	uint64_t settings_number; /* of those the app shows, whoever signed them */
	uc_op settings_op;
	bool addresses_busy; /* contacts.c */
	uint64_t addresses_retry_ms;
	uint64_t only_rooms_ms; /* addresses for any room are not wished before that */
	uint32_t sets_left;

	struct set *sets;               /* pool.c */
	struct contact *contacts;       /* contacts.c */
	struct contact *barred;         /* barred.c */
	struct guardianship guardian;   /* guardian.c */
	struct request *requests;       /* requests.c */
	struct invitation *invitations; /* invitations.c */
	struct finding finding;         /* finding.c */
	struct room *rooms;             /* rooms.c */
	uint64_t heads_ms;              /* heads.c: it is looked then whom to tell; memory only */
	struct own_link *links;         /* links.c */
	struct linked *linkeds;         /* linked.c */
	struct known_app *apps;         /* directories.c; memory only */
	struct vault vault;             /* vault.c */
	struct own_portrait portrait;   /* portraits.c */
	struct transfer *transfers;     /* transfers.c */
	struct joining *joining;        /* pairing.c; NULL: not looked at yet */
	struct adding *adding; /* pairing_add.c: those that wait for the vault; memory only */
	bool draws_as_minor;   /* tokens.c: the class whose key the app took last */
};

/* Errors after which what lies in memory may be half of a change: the client is broken. */
static inline bool err_is_hard(uc_err err)
{
	enum uc_err_class class = uc_err_class(err);
	return class == UC_CLASS_STORE || class == UC_CLASS_MEMORY || err == UC_E_RANDOM;
}

static inline uint64_t client_now(struct uc_client *c)
{
	return env_now_ms(&c->env);
}

/* --- calls.c --- */

/* Sends a request; `done` is called with the answer.  Failure leaves nothing behind. */
uc_err UC_MUST_USE call_send(struct uc_client *c, uint16_t type, wire_element *walk,
			     const void *body, call_done *done, void *subject);
uc_err UC_MUST_USE notice_send(struct uc_client *c, uint16_t type, wire_element *walk,
			       const void *body);
/* Gives the answer to its call; UC_E_FRAME when none is open under that id. */
uc_err UC_MUST_USE call_answer(struct uc_client *c, const struct frame *f);
/* Ends all calls with UC_E_NET. */
uc_err UC_MUST_USE calls_fail(struct uc_client *c);
/* wake_at for the time an answer is no longer waited for. */
void calls_wake(struct uc_client *c);
/* One of them has not been answered in its time; also when the clock has been put back since. */
bool calls_are_late(struct uc_client *c);
/* Is it worth trying the same again later? */
bool reply_is_transient(const struct reply *r);
/* When it may be asked again: when the app said, else after a time of our own; at most an hour. */
uint64_t retry_at(struct uc_client *c, const struct reply *r, uint64_t own_ms);
/* drive is to be called at that time at the latest. */
void wake_at(struct uc_client *c, uint64_t ms);
/* True while it is too early, and drive is called at that time.  A time further ahead than we ever
 * wait was set while the clock was wrong, and is now. */
bool waits_until(struct uc_client *c, uint64_t ms);

/* --- events.c --- */

uc_op op_new(struct uc_client *c);
/* The UC_EVENT_DONE of an operation; op 0 is nobody's. */
void op_done(struct uc_client *c, uc_op op, uc_err err, struct view text);
void op_done_at(struct uc_client *c, uc_op op, uc_err err, struct view text,
		const struct uc_id *request, const struct uc_id *room);
struct event_out *event_new(struct uc_client *c, enum uc_event_kind kind);
void event_warning(struct uc_client *c, uc_err err, struct view text, const struct uc_id *room);

/* --- records.c --- */

uc_err UC_MUST_USE records_load(struct uc_client *c);
/* Puts every changed object into the turn's batch. */
void records_save(struct uc_client *c);
void records_free(struct uc_client *c);
/* Into the client's list, by their numbers. */
void request_add(struct uc_client *c, struct request *q);
void invitation_add(struct uc_client *c, struct invitation *i);
void room_add(struct uc_client *c, struct room *r);
void own_link_add(struct uc_client *c, struct own_link *l);
void linked_add(struct uc_client *c, struct linked *l);
void set_free(struct set *s);
void task_free(struct task *t);
void outgoing_free(struct outgoing *o);
/* Out of the store, and of the room's outbox unless an answer is awaited: then its content goes. */
void outgoing_delete(struct uc_client *c, struct room *r, struct outgoing *o);

#endif
