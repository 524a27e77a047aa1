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
/* The same with more of a platform (group.h): env, hooks, crypto; the rest is not used. */
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

/* A proposal by an external sender, external_senders[index] with this key: encoded MLSMessage,
 * also kept. */
uc_err UC_MUST_USE public_group_propose(struct public_group *p, uint32_t index,
					const struct sign_key *key, const struct proposal *proposal,
					struct arena *a, struct view *message);

/* As group_reinit_of. */
const struct re_init *public_group_reinit_of(const struct public_group *p);
struct group_view public_group_now(const struct public_group *p);
size_t public_group_proposal_count(const struct public_group *p);
struct proposal_view public_group_proposal_at(const struct public_group *p, size_t i);
/* The stored proposal as an MLSMessage is not kept; servers keep it in their log. */
uc_err UC_MUST_USE public_group_ratchet_tree(const struct public_group *p, struct buf *out);
/* The leaf whose basic credential is this identity; TREE_NONE when there is none. */
uint32_t public_group_leaf_by_identity(const struct public_group *p, struct view identity);

/* At rest: versioned. */
uc_err UC_MUST_USE public_group_save(const struct public_group *p, struct buf *out);
uc_err UC_MUST_USE public_group_load(const struct env *env, const struct group_hooks *hooks,
				     struct view saved, struct public_group **out);
uc_err UC_MUST_USE public_group_load_on(const struct group_platform *platform, struct view saved,
					struct public_group **out);

#endif
