/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of rooms, for the files room_*.c alone. */
#ifndef MIMI_ROOM_INSIDE_H
#define MIMI_ROOM_INSIDE_H

#include "mimi/room_roles.h"

#include <stdlib.h>

/* For qsort: structs whose first member is a struct view. */
int room_by_uri(const void *a, const void *b);

/* Not too many, each a participant's URI with a role, none twice; in the order of URIs. */
uc_err UC_MUST_USE participants_check(const struct user_role_pair_list *l, struct arena *a,
				      struct user_role_pair_list *by_uri);
/* UC_E_POLICY when it names one twice, one that isn't there, or nothing at all. */
uc_err UC_MUST_USE participants_apply(const struct user_role_pair_list *l,
				      const struct participant_list_update *u, struct arena *a,
				      struct user_role_pair_list *out);

/* A leaf and whose it is. */
struct room_leaf {
	struct view client, participant;
	uint32_t index;
	struct extension_list extensions;
};
struct room_leaf_list {
	struct room_leaf *v;
	size_t n;
};
/* All leaves in the order of their clients' URIs, which keeps a participant's together.
 * UC_E_PROOF for a leaf that names no client. */
uc_err UC_MUST_USE room_leaves(const struct tree *t, struct arena *a, struct room_leaf_list *out);
enum { ROOM_LEAF_BYTES_MAX = 16384 };
/* What a leaf must say it understands: UC_E_UNSUPPORTED; and how large it may be: UC_E_TOO_LARGE. */
uc_err UC_MUST_USE room_leaf_supports(const struct leaf_node *leaf, struct arena *a);

#endif
