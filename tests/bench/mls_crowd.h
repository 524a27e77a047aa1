/* SPDX-License-Identifier: Apache-2.0 */
/* A group of any size, cheaply: all leaves and keys are real, every parent of the tree has been
 * filled by a path of somebody below it, as in a group that has been in use; but only two of its
 * members, and the hub in public, hold its state. */
#ifndef TESTS_BENCH_MLS_CROWD_H
#define TESTS_BENCH_MLS_CROWD_H

#include "mimi/room.h"
#include "mls/group.h"
#include "mls/public_group.h"

struct crowd_member {
	struct ed25519_key participant;
	struct sign_key key;
	struct leaf_parameters leaf;
	struct view key_package;
	struct key_package_secrets secrets;
	struct view participant_uri;
};

struct crowd {
	const struct suite *suite;
	bool is_room;
	size_t n; /* members; people[n] is one who may be added */
	struct arena mem;
	struct group_platform platform;
	struct crowd_member *people;
	struct view id;
	struct sign_key hub_key;
	/* Leaf 0 and the leaf at a quarter of the tree (1 in small groups): from their lowest common
	 * node up there are two nodes of the path, which is the mean over all pairs. */
	struct group *a, *b;
	struct public_group *hub;
};

/* People with keys, names and KeyPackages; no group yet. */
void crowd_begin(struct crowd *c, const struct suite *s, size_t n, bool is_room);
void crowd_end(struct crowd *c);
void crowd_key_package(struct crowd *c, struct crowd_member *m, struct arena *a, struct view *out,
		       struct key_package_secrets *secrets);
/* Person 0 makes the group and adds all others in one commit; what the new group is comes out, to be
 * freed.  Everything else lies in the arena. */
struct group *crowd_create(struct crowd *c, struct arena *a);
/* A group as described above: a, b and hub are set. */
void crowd_fill(struct crowd *c);
/* The proposals that add person n. */
void crowd_add(struct crowd *c, struct arena *a, struct proposal out[2], size_t *n);
/* A fresh leaf key and client for the person. */
void crowd_renew(struct crowd *c, struct crowd_member *m);
/* A fresh device of person i in its leaf's place, by an external commit. */
struct group *crowd_rejoin(struct crowd *c, size_t i, struct view group_info, struct view tree,
			   uint32_t leaf, struct arena *a, struct view *commit);
/* All have their commit of the next epoch. */
void crowd_take(struct crowd *c, struct group *by, struct view commit, struct arena *a);

#endif
