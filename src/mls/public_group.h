/* SPDX-License-Identifier: Apache-2.0 */
/* A group without its secrets: what a server holds to know who is in it and to check what changes
 * it (RFC 9420, 6.2 onwards, as far as it can be checked in public).
 *
 * Commits are staged, inspected, and applied or dropped, as in group.h.  The membership_tag and
 * confirmation_tag cannot be checked; members do. */
#ifndef MLS_PUBLIC_GROUP_H
#define MLS_PUBLIC_GROUP_H

#include "mls/group_hooks.h"

struct group_platform;
struct public_group;

/* From an encoded GroupInfo and ratchet tree (empty: in the GroupInfo): everything a joiner checks
 * without secrets.  env and hooks (may be NULL) must outlive it. */
uc_err UC_MUST_USE public_group_new(const struct env *env, const struct group_hooks *hooks,
				    struct view group_info, struct view ratchet_tree,
				    struct public_group **out);
/* The same with more of a platform (group.h): env, hooks, crypto, memory_limit; the rest is
 * not used. */
uc_err UC_MUST_USE public_group_new_on(const struct group_platform *platform,
				       struct view group_info, struct view ratchet_tree,
				       struct public_group **out);
void public_group_free(struct public_group *p);

enum public_kind { PUBLIC_PROPOSAL, PUBLIC_COMMIT };
struct public_received {
	enum public_kind kind;
	struct sender sender;
	const struct proposal *proposal; /* kept */
	struct view proposal_ref;
	const struct group_change *change; /* staged; until apply or drop */
};
/* An encoded MLSMessage, PublicMessage only.  Errors as group_receive's, without UC_E_OWN; past
 * and competing commits likewise. */
uc_err UC_MUST_USE public_group_receive(struct public_group *p, struct view message,
					struct arena *a, struct public_received *out);
uc_err UC_MUST_USE public_group_apply(struct public_group *p);
void public_group_drop(struct public_group *p);
/* Checks that an encoded GroupInfo describes the staged epoch (the current one when nothing is
 * staged), is signed by a member of it, and carries the confirmation tag. */
uc_err UC_MUST_USE public_group_check_info(const struct public_group *p, struct view group_info);

/* The same, and keeps it as the GroupInfo of that epoch, for those who join from outside: a server
 * cannot sign one.  A commit that is applied without it leaves the new epoch without. */
uc_err UC_MUST_USE public_group_put_info(struct public_group *p, struct view group_info);
/* The GroupInfo of the current epoch, encoded; UC_E_NOT_FOUND when it is not known. */
uc_err UC_MUST_USE public_group_info(const struct public_group *p, struct arena *a,
				     struct view *out);

/* A proposal by an external sender, external_senders[index] with this key: encoded MLSMessage,
 * also kept. */
uc_err UC_MUST_USE public_group_propose(struct public_group *p, uint32_t index,
					const struct sign_key *key, const struct proposal *proposal,
					struct arena *a, struct view *message);

/* As group_reinit_of. */
const struct re_init *public_group_reinit_of(const struct public_group *p);
size_t public_group_memory_bytes(const struct public_group *p);
struct group_view public_group_now(const struct public_group *p);
size_t public_group_proposal_count(const struct public_group *p);
struct proposal_view public_group_proposal_at(const struct public_group *p, size_t i);
/* The stored proposal as an MLSMessage is not kept; servers keep it in their log. */
uc_err UC_MUST_USE public_group_ratchet_tree(const struct public_group *p, struct buf *out);
/* The leaf whose basic credential is this identity; TREE_NONE when there is none. */
uint32_t public_group_leaf_by_identity(const struct public_group *p, struct view identity);

/* At rest, whole: versioned. */
uc_err UC_MUST_USE public_group_save(const struct public_group *p, struct buf *out);
uc_err UC_MUST_USE public_group_load(const struct env *env, const struct group_hooks *hooks,
				     struct view saved, struct public_group **out);
uc_err UC_MUST_USE public_group_load_on(const struct group_platform *platform, struct view saved,
					struct public_group **out);

/* --- at rest in parts, so that a change writes what it changed --- */
enum public_part_kind {
	PUBLIC_PART_BASE = 1,   /* versioned; written each time, half a kilobyte */
	PUBLIC_PART_EXTENSIONS, /* of the GroupContext */
	PUBLIC_PART_INFO,       /* GroupInfo behind its GroupContext; not where it is not known */
	PUBLIC_PART_PROPOSAL,   /* by number, from 0: those that wait for a commit */
	PUBLIC_PART_NODE,       /* by number: struct Node of RFC 9420, 12.4.3.3; blanks have none */
};
struct public_part {
	enum public_part_kind kind;
	uint32_t number; /* 0 for the first three */
	struct view bytes;
};
/* Puts one part in the place of what was there; empty bytes: there is none any more. */
typedef uc_err public_group_sink(void *ctx, const struct public_part *part);
/* Hands out what is another than the last time that was said to be saved (all of it, if none was).
 * What is staged is not saved. */
uc_err UC_MUST_USE public_group_save_parts(const struct public_group *p, public_group_sink *put,
					   void *ctx);
/* What public_group_save_parts gave is stored now. */
uc_err UC_MUST_USE public_group_saved(struct public_group *p);
/* Gives one part after the other, in any order, each until the next call; at last, *end. */
typedef uc_err public_group_source(void *ctx, struct public_part *part, bool *end);
/* All parts there are.  UC_E_CORRUPT when one is missing, or the tree is not the one of the
 * GroupContext; errors of the source as they are. */
uc_err UC_MUST_USE public_group_load_parts(const struct group_platform *platform,
					   public_group_source *next, void *ctx,
					   struct public_group **out);

#endif
