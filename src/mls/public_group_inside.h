/* SPDX-License-Identifier: Apache-2.0 */
/* What a public group is made of, for public_group*.c alone. */
#ifndef MLS_PUBLIC_GROUP_INSIDE_H
#define MLS_PUBLIC_GROUP_INSIDE_H

#include "mls/commit_history.h"
#include "mls/group_state.h"
#include "mls/public_group.h"

/* What the store holds in parts, so that the next time only what differs is written. */
struct public_group_saved {
	struct tree tree; /* shares its nodes */
	bool any;         /* else there is nothing yet */
	uint8_t extensions[HASH_MAX];
	uint64_t epoch;   /* of the proposals */
	size_t proposals; /* how many */
	bool has_info;
};

struct public_group {
	const struct env *env;
	const struct group_hooks *hooks;
	const struct crypto *crypto;
	struct heap_account memory; /* everything in it */
	struct group_state state;
	struct proposal_store proposals;
	struct commit_history history;
	bool has_staged;
	struct arena staged_arena;
	struct transition *staged;
	struct group_change staged_change;
	uint8_t staged_hash[SHA256_BYTES]; /* of the encoded MLSMessage */
	struct buf info, staged_info;      /* GroupInfo behind its GroupContext; empty: none */
	struct public_group_saved saved;
};

/* NULL without memory. */
uc_err UC_MUST_USE public_group_empty(const struct group_platform *platform,
				      struct public_group **out);
/* The GroupInfo is one of that state: its context, its tag, signed by a member; *tail is what
 * follows the context. */
uc_err UC_MUST_USE public_info_check(const struct group_state *s, struct view group_info,
				     struct arena *a, struct view *tail);
/* The whole again. */
uc_err UC_MUST_USE public_info_join(const struct group_state *s, struct view tail, struct arena *a,
				    struct view *out);

#endif
