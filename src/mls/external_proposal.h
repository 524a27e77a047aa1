/* SPDX-License-Identifier: Apache-2.0 */
/* Proposals from outside a group (RFC 9420, 12.1.8): by a sender that the group's external_senders
 * extension names, and by somebody who asks to be added.  All that has to be known of the group is
 * its id and epoch; whether it takes the proposal is for its members. */
#ifndef MLS_EXTERNAL_PROPOSAL_H
#define MLS_EXTERNAL_PROPOSAL_H

#include "mls/key_package.h"
#include "mls/proposal.h"

struct outside {
	const struct suite *suite;
	struct view group_id;
	uint64_t epoch;
	struct view authenticated_data;
	bool safe_aad; /* the GroupContext has that component: empty becomes SafeAAD */
};

/* By external_senders[sender_index], whose key this is.  Only Add, Remove, PreSharedKey, ReInit,
 * GroupContextExtensions, AppDataUpdate and AppEphemeral: UC_E_UNEXPECTED for others.  An encoded
 * MLSMessage, PublicMessage. */
uc_err UC_MUST_USE external_propose(const struct outside *to, const struct env *env,
				    uint32_t sender_index, const struct sign_key *key,
				    const struct proposal *proposal, struct arena *a,
				    struct view *message);
/* An Add of ourselves, with this encoded KeyPackage, signed with its leaf's key. */
uc_err UC_MUST_USE join_propose(const struct outside *to, const struct env *env,
				struct view key_package, const struct sign_key *key,
				struct arena *a, struct view *message);

#endif
