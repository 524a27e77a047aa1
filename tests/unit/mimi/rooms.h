/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms for tests: people of several apps with their devices, a server that follows in public, and
 * one who keeps to no rule. */
#ifndef TESTS_UNIT_MIMI_ROOMS_H
#define TESTS_UNIT_MIMI_ROOMS_H

#include "mimi/room.h"
#include "mls/group.h"
#include "mls/public_group.h"

#include "tests/unit/harness.h"

/* One device of one participant. */
struct member {
	struct ed25519_key first; /* participant key; the same for a second device */
	struct view client, participant;
	struct view component;   /* participant component of its leaf */
	struct view key_package; /* encoded */
	struct key_package_secrets secrets;
	struct sign_key leaf_key;
	struct leaf_parameters leaf;
	struct group *g;
};

enum { MEMBERS_MAX = 12 };
struct room_under_test {
	struct arena mem;
	struct sign_key hub, frank;
	struct view uri;
	struct member m[MEMBERS_MAX];
	size_t n;
	struct public_group *p;        /* the hub's */
	struct view self_remove;       /* waits; resync_make commits it */
	struct group_platform honest;  /* with room_hooks */
	struct group_platform lawless; /* without */
};

void room_begin(struct room_under_test *t);
void room_end(struct room_under_test *t);
/* A new participant's device, or a further one of `as`; with a KeyPackage, in no group. */
struct member *member_new(struct room_under_test *t, const char *domain, const struct member *as);
/* Puts a leaf with this component and client into the KeyPackage instead (it may be wrong). */
void member_repackage(struct room_under_test *t, struct member *m);
/* The first member makes the room at hub.example. */
void room_make(struct room_under_test *t, bool direct);

/* What a commit is made of. */
struct plan {
	struct proposal v[8];
	size_t n;
	const struct extension_list *leaf_extensions; /* of the committer's leaf from now on */
};
void plan_add(struct room_under_test *t, struct plan *p, const struct member *m);
void plan_remove(struct room_under_test *t, struct plan *p, const struct member *m);
/* The list's update for the plan and what waits at `by`. */
void plan_list(struct room_under_test *t, struct plan *p, const struct member *by);
void plan_update(struct room_under_test *t, struct plan *p,
		 const struct participant_list_update *u);
void plan_component(struct plan *p, uint16_t component_id, uint8_t op, struct view data);
uint32_t list_index(struct room_under_test *t, const struct member *m);

/* Makes it, hands it to all who are in the room and to the public group; the added join. */
uc_err room_commit(struct room_under_test *t, struct member *by, const struct plan *p);
/* The same commit by one who keeps to no rule: every member and the public group must refuse it
 * with this error, and nothing may have changed. */
void room_refuses(struct room_under_test *t, struct member *by, const struct plan *p, uc_err err);
/* A message that is no commit, to everybody but its sender. */
uc_err room_deliver(struct room_under_test *t, const struct member *by, struct view message);
void room_refuses_message(struct room_under_test *t, const struct member *by, struct view message,
			  uc_err err);
/* A proposal as it would be sent by one who keeps to no rule. */
struct view room_lawless_propose(struct room_under_test *t, const struct member *by,
				 const struct proposal *p);
/* All who are in: one epoch, one authenticator; the public group agrees. */
void room_agrees(struct room_under_test *t);
struct room_state room_now(struct room_under_test *t);

/* A copy of its group that asks no rules. */
struct group *room_lawless_copy(struct room_under_test *t, const struct member *m);

/* An external commit that puts `fresh` in the place of `old`, or, without one, beside its participant's; more may be said in `extra`.  `rules`:
 * made by one who keeps them. */
uc_err resync_make(struct room_under_test *t, struct member *fresh, const struct member *old,
		   const struct plan *extra, bool rules, struct view *commit);
/* Everybody takes it, and so does fresh, whose group it was made with. */
void resync_take(struct room_under_test *t, struct member *fresh, struct member *old,
		 struct view commit);

/* Rosa (owner, of the hub's app), Tom and Ida in a group; Rosa and Tom in a direct room. */
extern struct room_under_test the;
extern struct member *rosa, *tom, *ida;
void group_of_three(void);
void direct_room(void);
/* A further device of one who is in, added by it. */
struct member *second_device(struct member *of);

#endif
