/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures that stand beside each other and can be verified in any order: those of all leaves of a
 * tree that is taken over, and of all KeyPackages in a commit.  Where the caller has threads
 * (group_hooks.h, parallel), they are used. */
#ifndef MLS_MANY_H
#define MLS_MANY_H

#include "mls/group_hooks.h"

/* Every leaf's signature, in the group of this id.  The error of the first leaf whose is wrong. */
uc_err UC_MUST_USE leaves_verify(const struct tree *t, struct view group_id,
				 const struct group_parallel *parallel);

/* Are there threads, and KeyPackages enough to share out among them? */
bool key_packages_are_many(const struct proposal_view_list *l,
			   const struct group_parallel *parallel);
/* key_package_check of each that is added: the error of the first that is wrong. */
uc_err UC_MUST_USE key_packages_verify(const struct suite *s, const struct proposal_view_list *l,
				       uint64_t now_ms, const struct group_parallel *parallel,
				       struct arena *a);

#endif
