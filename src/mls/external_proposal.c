/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/external_proposal.h"

#include "mls/framing.h"
#include "mls/message.h"

/* 12.1.8: "An external proposal MUST be sent as a PublicMessage object".  Its signature covers no
 * GroupContext (6.1), so none is needed. */
static uc_err propose(const struct outside *to, const struct env *env, const struct sender *sender,
		      const struct sign_key *key, struct view proposal, struct arena *a,
		      struct view *message)
{
	const struct framing_epoch framing = { .suite = to->suite,
					       .group_id = to->group_id,
					       .epoch = to->epoch,
					       .safe_aad = to->safe_aad,
					       .own_leaf = FRAMING_NO_LEAF };
	struct framed_content content = { .group_id = to->group_id,
					  .epoch = to->epoch,
					  .sender = *sender,
					  .authenticated_data = to->authenticated_data,
					  .content_type = CONTENT_PROPOSAL };
	struct authenticated_content auth;
	struct mls_message m = { .version = MLS10, .wire_format = MLS_PUBLIC_MESSAGE };
	TRY(wire_decode(proposal, a, proposal_element, &content.proposal));
	TRY(framing_sign(&framing, env, key, MLS_PUBLIC_MESSAGE, &content, a, &auth));
	TRY(framing_protect_public(&framing, &auth, a, &m.public_message));
	return wire_encode_to(a, mls_message_element, &m, message);
}

uc_err external_propose(const struct outside *to, const struct env *env, uint32_t sender_index,
			const struct sign_key *key, const struct proposal *proposal,
			struct arena *a, struct view *message)
{
	const struct sender us = { .sender_type = SENDER_EXTERNAL, .sender_index = sender_index };
	struct view encoded;
	TRY(wire_encode_to(a, proposal_element, proposal, &encoded));
	return propose(to, env, &us, key, encoded, a, message);
}

uc_err join_propose(const struct outside *to, const struct env *env, struct view key_package,
		    const struct sign_key *key, struct arena *a, struct view *message)
{
	const struct sender us = { .sender_type = SENDER_NEW_MEMBER_PROPOSAL };
	struct proposal add = { .proposal_type = PROPOSAL_ADD };
	struct view encoded;
	TRY(wire_decode(key_package, a, key_package_element, &add.key_package));
	/* The members check it by the KeyPackage's own key. */
	if (add.key_package.cipher_suite != to->suite->id)
		return UC_E_SUITE;
	if (!view_equal(sign_public(key), add.key_package.leaf_node.signature_key))
		return UC_E_KEY;
	TRY(wire_encode_to(a, proposal_element, &add, &encoded));
	return propose(to, env, &us, key, encoded, a, message);
}
