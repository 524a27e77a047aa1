/* SPDX-License-Identifier: Apache-2.0 */
/* The engine alone in a world that goes wrong: people on devices that crash, a delivery service that
 * gives each group one order of entries but loses, delays, repeats and swaps them on the way to each
 * receiver, and that for a while shows two halves of a group two different orders.
 *
 * Clients do with the engine's typed errors what group.h says: what is worth a retry waits, what
 * competes is a fork and leads out and in again by external commit.  Beside it stands the slow model
 * (tests/model): of each commit that the service takes, it says who is in and what the epoch's
 * secrets are.  Every throw of the dice comes from the seed. */
#ifndef TESTS_SIM_MLS_SIM_H
#define TESTS_SIM_MLS_SIM_H

#include "tests/model/slow_epoch.h"

#include "mls/group.h"
#include "mls/group_journal.h"
#include "mls/public_group.h"

enum {
	PEERS_MAX = 220,
	INVITED_MAX = 40, /* by one commit */
	SPLIT_EPOCHS = 6, /* of the second order: a fork is told so far back (commit_history.h) */
	NONE = -1,
	SIDES = 2, /* of a group that is shown two orders; the first is the one that stays */
};

/* What became an epoch. */
struct truth {
	struct slow_epoch e;
	int before; /* NONE: a group that begins, or goes on from another */
	int by;     /* the entry */
	int side;
	int16_t leaf[PEERS_MAX]; /* of each person; NONE */
	int16_t members;
};

enum entry_kind { ENTRY_WORDS, ENTRY_PROPOSAL, ENTRY_COMMIT, ENTRY_WELCOME };
/* What the service took, in its order. */
struct entry {
	enum entry_kind kind;
	struct view bytes, tree; /* tree: beside a Welcome */
	struct slow_proposal proposal;
	struct view text;
	int from, in, leads_to; /* a peer; truths */
	int side;
	/* By peer. */
	uint8_t is_for[PEERS_MAX];
	uint8_t opened[PEERS_MAX]; /* how often */
};
enum { FOR_NOBODY, FOR_SURE, FOR_LUCK }; /* is_for: it must be opened, or may */

struct item {
	int entry;
	uint64_t due;
};

/* Everything a device has, and might lose. */
struct disk {
	struct buf journal, root;
	bool is_kept;
};

/* An older copy of a device. */
struct copy {
	struct disk disk;
	bool is_there;
	int entries; /* there were so many */
	int at;
	uint8_t *opened; /* per entry */
	struct item *todo;
	size_t todo_n;
};

struct peer {
	struct sim *sim;
	int number;
	char name[24];
	struct sign_key key;
	struct leaf_parameters leaf;
	struct group_platform platform;
	struct psk_finder finder;
	struct group *g;
	struct disk disk;
	struct copy copy;
	struct view key_package;
	struct key_package_secrets secrets;
	int at; /* the truth it is in; NONE: in no group, or waiting to be let in */
	/* Its commit that waits for the service's answer, to be sent again. */
	struct view sent;
	const struct authenticated_content *sent_content;
	struct view sent_welcome, sent_info, sent_tree; /* tree: beside the Welcome */
	int invited[INVITED_MAX];
	size_t invited_n;
	struct item *todo;
	size_t todo_n, todo_cap;
	int side;
	bool is_unsure;   /* others' words may be lost on it */
	bool must_rejoin; /* it saw a fork, or words of its own that it does not remember */
	bool is_restored; /* and has not caught up yet */
	/* It took the commit by which the second order left the first, and has seen the other. */
	bool took_second, saw_fork;
};

struct plan {
	uint64_t seed;
	int members;   /* about so many, at most PEERS_MAX - 20 */
	size_t epochs; /* at least so many commits are taken */
	const struct suite *suite;
	bool private_handshakes;
	bool trace;
};

/* How it went; size_t alone. */
struct counts {
	size_t commits, lost_races, words, opened, refused, crashes, torn, restored, forks, splits,
		rejoined, external, reinits, largest;
};

struct sim {
	struct plan plan;
	struct arena mem;
	struct env env;
	uint64_t dice, random, now;
	const struct suite *suite;
	struct group_hooks hooks;
	struct group_wrapping wrapping;
	struct peer peers[PEERS_MAX];
	int peers_n;
	struct truth **truths;
	size_t truths_n, truths_cap;
	struct entry **entries;
	size_t entries_n, entries_cap;
	int current[SIDES];      /* truths */
	struct view info[SIDES]; /* GroupInfos of these, for those who join from outside */
	bool is_split;
	int split_at; /* the last truth of both */
	uint64_t split_ends;
	bool resting;                /* nobody begins anything any more */
	struct public_group *server; /* follows the first side where handshakes are public */
	int generation;              /* of groups that went on from another */
	struct counts count;
	char why[300];
};

uint64_t sim_throw(struct sim *s);
uint32_t sim_below(struct sim *s, uint32_t n);
bool sim_hits(struct sim *s, uint32_t percent);
bool sim_wrong(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- mls_world.c --- */
bool sim_begin(struct sim *s, const struct plan *plan);
void sim_end(struct sim *s);
/* All of it: true where nothing was wrong. */
bool sim_run(struct sim *s);
const struct slow_epoch *truth_at(const struct sim *s, int truth);
uint64_t epoch_of(const struct sim *s, int truth);
/* A person who is in no group, nor in this truth's; NULL: there is no room for more. */
struct peer *sim_stranger(struct sim *s, int truth);
void peer_suite(struct peer *p);
/* Where it is in this truth's group; NONE: it is no member. */
int leaf_in(const struct peer *p, int truth);
/* A new truth, whose epoch was filled in. */
int truth_add(struct sim *s, struct truth *t);
/* Of a group that begins, as its maker has it; NONE: there is something wrong with it. */
int truth_begin(struct sim *s, const struct group *g);

/* --- mls_service.c --- */
/* NULL: it was not taken. */
struct entry *service_take(struct peer *from, enum entry_kind kind, struct view bytes,
			   const struct authenticated_content *content);
void service_split(struct sim *s);
void service_heal(struct sim *s);
void todo_add(struct peer *p, int entry, uint64_t due);

/* --- mls_peer.c --- */
bool peer_keep(struct peer *p);
/* Crashes and starts again from its disk; torn: in the middle of a write. */
bool peer_restart(struct peer *p, bool torn);
/* NULL, or in what it differs from the truth it is in; all: in every way. */
const char *peer_differs(const struct peer *p, bool all);
void peer_copy(struct peer *p);
bool peer_restore(struct peer *p);
void peer_has(struct peer *p, struct group *g, int at);
/* Does what is due. */
bool peer_works(struct peer *p);
/* As the signer of it sees it. */
const struct authenticated_content *peer_opened(struct peer *p, struct view bytes);

/* --- mls_acts.c --- */
bool act_anything(struct peer *p);
bool act_rejoin(struct peer *p);
bool act_words(struct peer *p);
bool act_commit(struct peer *p);
/* What it had sent has won, or lost: then those who were to come are asked again some day. */
void act_sent_done(struct peer *p, bool won);
bool act_succeed(struct sim *s);
bool act_send_again(struct peer *p);

#endif
