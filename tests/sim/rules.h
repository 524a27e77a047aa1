/* SPDX-License-Identifier: Apache-2.0 */
/* Worlds with minors, guardians and roles: what people do there besides, by dice of their own, so that
 * other worlds keep their course (rules.c); and what is promised to them (check_rules.c). */
#ifndef TESTS_SIM_RULES_H
#define TESTS_SIM_RULES_H

#include "tests/sim/truth.h"

/* Who has let whom come near; of two people, by their first devices. */
enum word {
	WORD_ASKED,  /* a letter of one to the other */
	WORD_LET_IN, /* the one has asked the other, or accepted them */
	WORD_LETTER, /* a guardian has agreed: to the other's letter, */
	WORD_OWN,    /* to the ward's own, */
	WORD_GROUP,  /* to a group with the other in it */
	WORD_ROOM,   /* the one was asked for an address for that room; the other: who asks */
};
struct said_word {
	struct said_word *next;
	enum word word;
	const struct person *one, *other;
	uint64_t at_ms;
	bool handed;  /* ASKED: by a link */
	bool guarded; /* ASKED: by a ward, who waits for the guardian's word */
	const struct room_truth *room;
};

/* Whom a device of somebody below 16 has read in a group without a break, since which entry. */
struct heard_truth {
	struct heard_truth *next;
	unsigned device;
	const struct room_truth *room;
	uint64_t participant, since; /* since: that entry */
	bool now, held; /* held: a guardian is asked; what is said is shown afterwards */
};

/* --- rules.c --- */

/* How old somebody is, and when they say so. */
void rules_person(struct person *p);
/* Before and after the act that all have. */
void rules_say(struct person *p);
void rules_act(struct person *p);
void rules_event(struct person *p, const struct uc_event *e);
void rules_asks(struct person *p, const struct person *whom, bool handed);
void rules_accepts(struct person *p, const struct uc_id *request);
/* p waits for an address of theirs for that room. */
void rules_room_asked(struct person *p, const struct person *whom, const struct room_truth *room);
/* As this device knows it: UC_AGE_UNKNOWN where nothing was said. */
enum uc_age rules_age(const struct person *p);
bool rules_is_young(const struct person *p); /* below 16 */
bool rules_is_guarded(const struct person *p);
/* The person of that name, by the first device; NULL: nobody. */
const struct person *rules_named(const struct world *w, const char *name);
/* The next of those words behind `after`, which is NULL for the first;
 * other: NULL for anybody. */
const struct said_word *rules_word(const struct world *w, const struct said_word *after,
				   enum word word, const struct person *one,
				   const struct person *other);

/* --- check_rules.c --- */

/* After each turn of a client, and for each of its events. */
void check_rules_look(struct person *p);
void check_rules_event(struct person *p, const struct uc_event *e);
void check_rules_done(struct person *p, const struct uc_event *e);
/* May a letter of that one not have reached them, a minor?  May one of two not know there, because of a
 * guardian who is asked, who the other is?  Must somebody below 16 have what was said in that group? */
bool rules_may_keep_off(const struct person *from, const struct person *to);
bool rules_may_not_know(const struct person *p, const struct person *who, const char *uri);
bool rules_must_hear(const struct person *p, const struct said *s);
bool rules_is_minor(const struct person *p);
/* In the end. */
void check_rules(struct world *w);

#endif
