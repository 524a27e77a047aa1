/* SPDX-License-Identifier: Apache-2.0 */
/* People in one group, for tests: every step is taken by all of them and by a public group, goes
 * through storage, and ends with everybody agreeing. */
#ifndef TESTS_UNIT_MLS_MEMBERS_H
#define TESTS_UNIT_MLS_MEMBERS_H

#include "mls/group.h"
#include "mls/group_journal.h"
#include "mls/public_group.h"

#include "tests/unit/mls/shelf.h"

enum { CLUB_MAX = 64, CLUB_PSKS = 8 };

struct person {
	char name[24];
	struct sign_key key;
	struct leaf_parameters leaf;
	struct group *g; /* NULL: not a member */
	/* At rest, where the club keeps journals. */
	struct buf journal, root;
	/* Of the latest KeyPackage. */
	struct view key_package;
	struct key_package_secrets secrets;
};

struct club {
	const struct suite *suite;
	struct arena mem; /* everything that a test makes */
	struct group_hooks hooks;
	struct psk_finder psks;
	struct group_wrapping wrapping; /* private handshakes: without the server */
	struct group_platform platform;
	struct person people[CLUB_MAX];
	struct public_group *server;
	struct shelf shelf; /* its parts, as of the last restart */
	bool restarts;      /* everybody is saved and loaded at every step */
	/* Every other person keeps a journal, and goes on from that; the others never restart. */
	bool journals;
	/* External PSKs that all know. */
	size_t psk_count;
	struct club_psk {
		struct view id;
		uint8_t key[32];
	} known[CLUB_PSKS];
};

void club_begin(struct club *c, const struct suite *s);
void club_end(struct club *c);
/* Person i with a name, keys, and capabilities for everything the engine knows. */
struct person *club_person(struct club *c, size_t i);
/* GroupContext extensions as most tests want them: required capabilities and an external sender. */
struct extension_list club_extensions(struct club *c, const struct sign_key *external_sender);
/* Person 0 makes the group, and the server follows from then on. */
void club_create(struct club *c, const struct extension_list *extensions);
/* A group with people 0 to n-1, added one by one or all at once. */
void club_with(struct club *c, const struct suite *s, size_t n);

/* A fresh KeyPackage of the person. */
void person_key_package(struct club *c, struct person *p);
/* Saved, freed and loaded again. */
void person_restart(struct club *c, struct person *p);
/* What the owner of a journal does after each step. */
void person_keep(struct person *p);
void server_restart(struct club *c);
void person_leave(struct person *p);
/* Both saved parts in one, in the club's arena. */
struct view person_saved(struct club *c, const struct person *p);
struct view server_saved(struct club *c);

struct proposal add_of(struct club *c, struct person *p);
struct proposal remove_of(const struct person *p);
struct proposal psk_of(struct club *c, struct view id);

/* By a member, to all others and the server. */
void club_commit(struct club *c, struct person *by, const struct commit_options *o);
void club_commit_proposals(struct club *c, struct person *by, const struct proposal *v, size_t n);
/* Delivers a commit that is pending at `by`, with its Welcome. */
void club_deliver(struct club *c, struct person *by, const struct made_commit *made);
/* A proposal message, to all but `by` (NULL: an external sender's) and the server. */
void club_deliver_proposal(struct club *c, const struct person *by, struct view message);
/* From outside, in the place of `old` (a leaf index, TREE_NONE for nobody's). */
void club_join_external(struct club *c, struct person *p, uint32_t old);
/* Everybody has one epoch, tree and authenticator, and the server the same in public. */
void club_agrees(struct club *c);
/* One message, read by all others. */
void club_talks(struct club *c, struct person *by, const char *text);
size_t club_count(const struct club *c);

#endif
