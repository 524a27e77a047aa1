/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a group, from dice or from bytes: a few people and a public group do what they like,
 * in any order; messages come late, twice, to those of another branch, damaged, or never.  Beside the
 * engine stands a model that says of each step, before it is taken, how it must end: who is where,
 * what must open, and with which error the rest is refused, the state unchanged to the byte.  What
 * an epoch holds is computed by slow_epoch.h. */
#ifndef TESTS_MODEL_LIFE_H
#define TESTS_MODEL_LIFE_H

#include "tests/model/slow_epoch.h"

#include "mls/group.h"
#include "mls/group_journal.h"
#include "mls/public_group.h"

enum {
	LIFE_PEOPLE = 10,
	LIFE_STATES = 128,
	LIFE_LETTERS = 256,
	LIFE_PSKS = 2, /* external ones: the first is known to all, the second to the odd ones */
	NOBODY = -1,   /* no person, no state, no letter */
};

/* The commits that somebody took of late (commit_history.h), latest first. */
struct taken {
	int v[GROUP_RESUMPTION_EPOCHS];
	size_t n;
};

/* An epoch of a branch of the group. */
struct state {
	struct slow_epoch e;
	int before; /* NOBODY: where a model began */
};

enum letter_kind { LETTER_WORDS, LETTER_PROPOSAL, LETTER_COMMIT };
struct letter {
	enum letter_kind kind;
	struct view bytes, text;
	int in;   /* the state it was sent in */
	int from; /* a person; NOBODY: from outside */
	bool is_private;
	struct slow_proposal proposal;
	/* Of a commit. */
	struct slow_change change;
	int leads_to;
	struct view welcome, tree;
	/* What it takes to read it: letters by reference, external PSKs, the resumption_psk of
	 * states. */
	int refs[LIFE_LETTERS];
	size_t refs_n;
	bool psk[LIFE_PSKS];
	int resumption[8];
	size_t resumption_n;
};

struct person {
	struct life *life;
	int number;
	char name[16];
	struct sign_key key;
	struct leaf_parameters leaf;
	struct psk_finder finder;
	struct group_platform platform;
	struct group *g;
	struct buf journal, root; /* at rest, once it is kept */
	bool is_kept;
	struct view key_package; /* waits to be used */
	struct key_package_secrets secrets;
	/* As the model has it. */
	int at;                               /* NOBODY: not in, waiting, or removed */
	int past[2];                          /* latest first */
	int entered[GROUP_RESUMPTION_EPOCHS]; /* latest first: of which it has the resumption_psk */
	int pending, staged;                  /* letters */
	bool stored[LIFE_LETTERS], used[LIFE_LETTERS];
	struct taken taken;
};

struct server {
	struct public_group *p; /* NULL: there is none */
	int at;
	bool stored[LIFE_LETTERS];
	struct taken taken;
};

struct life {
	const struct suite *suite;
	struct arena mem;
	struct env env;
	uint64_t dice, random; /* choices, and what the engine draws */
	struct view bytes;     /* choices, where they are not thrown */
	bool from_bytes, over;
	struct group_hooks hooks;
	struct group_wrapping wrapping;
	struct sign_key hub; /* external_senders[0] */
	struct person people[LIFE_PEOPLE];
	struct server server;
	struct state states[LIFE_STATES];
	int states_n;
	struct letter letters[LIFE_LETTERS];
	int letters_n;
	uint8_t psk[LIFE_PSKS][32];
	/* How it went. */
	size_t steps, epochs, branches, refused, opened;
	const char *doing;
	char why[256]; /* empty: nothing was wrong */
};

/* From a seed, or from bytes where there are any. */
void life_begin(struct life *l, const struct suite *s, uint64_t seed, struct view bytes);
void life_end(struct life *l);
/* One thing happens; false when the life is over, or something was wrong. */
bool life_step(struct life *l);
/* Everybody who can comes together again, and speaks. */
void life_settle(struct life *l);

/* --- between the files life*.c --- */
uint32_t choose(struct life *l, uint32_t n);
bool wrong(struct life *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct person *choose_person(struct life *l);
/* Somebody in this state but one; NULL when there is nobody. */
struct person *member_of(struct life *l, int state, const struct person *but);
bool person_has_state(const struct person *p);
/* The person is there now, as the model has it. */
void enter_state(struct person *p, int state, bool is_new);
void take_commit(struct taken *t, int letter);
void leave_state(struct person *p);
/* NULL, or what is wrong with where it is. */
void check_person(struct person *p);
bool life_is_full(const struct life *l);
/* The GroupContext extensions of these lives; `more`: with another capability required. */
struct extension_list life_extensions(struct life *l, bool more, const struct extension_list *old);
void person_package(struct person *p);
struct proposal add_person(struct person *p);
/* Registers a message that `by` (NOBODY: the hub) has just made; `before` is a copy of its group as
 * it was, which opens what is private. */
struct letter *life_letter(struct life *l, enum letter_kind kind, struct person *by, int in,
			   struct view bytes, struct group *before);
/* The same of a commit, whose next state is computed by the model. */
struct letter *life_commit(struct life *l, struct person *by, int in, struct view bytes,
			   struct group *before);
struct group *copy_of(const struct person *p);
/* In the place of what it had. */
void person_has(struct person *p, struct group *g);
struct view saved_of(struct life *l, const struct group *g);

/* How a letter must be received: with one of these (for branches the engine may see one before the
 * other). */
struct verdict {
	uc_err err, or_err;
};
struct verdict expect_received(const struct person *p, const struct letter *m);
struct verdict expect_server(const struct life *l, const struct letter *m);
/* Of the keys that a commit or Welcome names; of a Welcome that is for this person. */
uc_err expect_keys(const struct person *p, const struct letter *m);
uc_err expect_joined(const struct person *p, const struct letter *m);

bool act_say(struct person *p);
bool act_receive(struct person *p, struct letter *m);
bool act_damaged(struct person *p, const struct letter *m);
bool act_propose(struct person *p);
bool act_propose_outside(struct life *l);
bool act_commit(struct person *p);
bool act_wrong_commit(struct person *p);
bool act_pending(struct person *p, bool apply);
bool act_staged(struct person *p, bool apply);
bool act_restart(struct person *p);
bool act_keep(struct person *p);
bool act_forget(struct person *p);
bool act_join(struct person *p, struct letter *m);
bool act_join_external(struct person *p);
bool act_server(struct life *l, struct letter *m);
bool act_server_anew(struct life *l);
bool act_succeed(struct person *p);
bool act_branch(struct person *p);

#endif
