/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of struct room_group, for the files room_group*.c alone. */
#ifndef CLIENT_ROOM_GROUP_INSIDE_H
#define CLIENT_ROOM_GROUP_INSIDE_H

#include "client/room_group.h"
#include "mimi/room.h"
#include "mls/group.h"

struct room_group {
	struct group_platform platform;
	struct group *g;
	struct room_reading *reading;
	bool is_kept; /* the store has what its journal says, in rows of its own */
};
/* What the context says in this epoch, read once. */
struct room_reading {
	bool there;
	uint64_t epoch;
	struct arena arena;
	struct room_state state;
};
uc_err UC_MUST_USE room_group_state(const struct room_group *g, const struct room_state **out);

enum { ROOM_ARENA_MAX = 64 * 1024 * 1024 };

/* What a room is made with: its rules always hold. */
struct group_platform room_platform(struct uc_client *c);
/* Takes the group, also on failure. */
uc_err UC_MUST_USE room_group_new(struct uc_client *c, struct group *g, struct room_group **out);
/* Suite, KeyPackage and secrets of a set; key_package_secrets_wipe them. */
uc_err UC_MUST_USE set_keys_read(const struct set *s, struct arena *a, struct key_package *k,
				 struct key_package_secrets *secrets);
/* The client at a leaf; role as of now. */
uc_err UC_MUST_USE room_client_of(const struct room_state *r, const struct leaf_node *leaf,
				  uint32_t index, struct room_client *out);
/* Does a waiting proposal take this leaf away? */
bool room_group_is_going(const struct room_group *g, uint32_t leaf);
uc_err UC_MUST_USE room_group_own_client(const struct room_group *g, struct view *client,
					 struct view *participant);
/* Frank of an application message and what it says of its place, checked. *content, *head: in it. */
struct frank_input {
	const struct fanout_message *fanout;
	const struct received *message;
	struct view participant; /* of its sender */
	bool own_hub;
};
uc_err UC_MUST_USE room_frank_check(const struct room_group *g, const struct frank_input *in,
				    struct arena *a, struct view *content, struct chain_head *head);

#endif
