/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures over framed content, the rules of who may send what, and public messages.  Private
 * messages are in framing_private.c. */
#include "mls/framing.h"

#include "mls/framing_rules.h"
#include "mls/rule.h"
#include "mls/safe_aad.h"

/* Nobody but a member proposes to change what only members hold: RFC 9420, 17.4, column "Ext", and
 * draft-ietf-mls-extensions-10, IANA considerations. */
static bool external_may_propose(uint16_t proposal_type)
{
	switch (proposal_type) {
	case PROPOSAL_UPDATE:
	case PROPOSAL_EXTERNAL_INIT:
	case PROPOSAL_SELF_REMOVE:
		return false;
	default:
		return true;
	}
}

/* RFC 9420, 6 and 6.1 */
uc_err framing_sender_check(const struct framed_content *c, uint16_t wire_format)
{
	bool proposal = c->content_type == CONTENT_PROPOSAL;
	bool public = wire_format == MLS_PUBLIC_MESSAGE;
	/* In a PrivateMessage the sender is a member, whatever is inside: so this is our own. */
	if (!public &&
	    (wire_format != MLS_PRIVATE_MESSAGE || c->sender.sender_type != SENDER_MEMBER))
		return UC_E_ARGUMENT;
	switch (c->sender.sender_type) {
	case SENDER_MEMBER:
		if (BREAKS(APPLICATION_IS_PRIVATE,
			   public && c->content_type == CONTENT_APPLICATION))
			return UC_E_UNEXPECTED;
		if (BREAKS(SELF_REMOVE_IS_PUBLIC,
			   !public && proposal &&
				   c->proposal.proposal_type == PROPOSAL_SELF_REMOVE))
			return UC_E_UNEXPECTED;
		return UC_OK;
	case SENDER_EXTERNAL:
		if (BREAKS(EXTERNAL_SENDS_PROPOSALS, !proposal))
			return UC_E_UNEXPECTED;
		if (proposal && BREAKS(EXTERNAL_PROPOSAL_TYPE,
				       !external_may_propose(c->proposal.proposal_type)))
			return UC_E_UNEXPECTED;
		return UC_OK;
	case SENDER_NEW_MEMBER_PROPOSAL:
		if (GROUND(NEW_MEMBER_PROPOSES_ADD,
			   !proposal || c->proposal.proposal_type != PROPOSAL_ADD))
			return UC_E_UNEXPECTED;
		return UC_OK;
	case SENDER_NEW_MEMBER_COMMIT:
		if (GROUND(NEW_MEMBER_COMMITS_PATH,
			   c->content_type != CONTENT_COMMIT || !c->commit.path))
			return UC_E_UNEXPECTED;
		return UC_OK;
	default:
		return RULE_ERROR(SENDER_TYPE);
	}
}

uc_err framing_tag_check(const struct framing_epoch *e, const struct authenticated_content *in)
{
	bool commit = in->content.content_type == CONTENT_COMMIT;
	return !commit || KEEPS(CONFIRMATION_TAG_LENGTH,
				in->auth.confirmation_tag.n == e->suite->nh)
		       ? UC_OK
		       : UC_E_MAC;
}

uc_err framing_aad_check(const struct framing_epoch *e, const struct framed_content *c)
{
	if (!e->safe_aad || (e->empty_aad && !c->authenticated_data.n))
		return UC_OK;
	TRY_RULE(SAFE_AAD, safe_aad_check(c->authenticated_data));
	return UC_OK;
}

uc_err framing_epoch_check(const struct framing_epoch *e, struct view group_id, uint64_t epoch)
{
	if (BREAKS(GROUP_ID, !view_equal(group_id, e->group_id)))
		return UC_E_UNEXPECTED;
	if (BREAKS(EPOCH_PAST, epoch < e->epoch))
		return UC_E_EPOCH_PAST;
	return BREAKS(EPOCH_FUTURE, epoch > e->epoch) ? UC_E_EPOCH_FUTURE : UC_OK;
}

/* RFC 9420, 6.1: the key depends on the kind of sender. */
static uc_err sender_key(const struct framing_epoch *e, const struct framed_content *c,
			 struct view *key)
{
	const struct sender *s = &c->sender;
	switch (s->sender_type) {
	case SENDER_MEMBER:
		return e->key_find(e->key_ctx, s->sender_type, s->leaf_index, key);
	case SENDER_EXTERNAL:
		return e->key_find(e->key_ctx, s->sender_type, s->sender_index, key);
	case SENDER_NEW_MEMBER_PROPOSAL:
		*key = c->proposal.key_package.leaf_node.signature_key;
		return UC_OK;
	case SENDER_NEW_MEMBER_COMMIT:
		*key = c->commit.path->leaf_node.signature_key;
		return UC_OK;
	default:
		return RULE_ERROR(SENDER_TYPE);
	}
}

static struct framed_content_tbs tbs_of(const struct framing_epoch *e,
					const struct authenticated_content *in,
					struct framed_content *content)
{
	*content = in->content;
	return (struct framed_content_tbs){ .version = MLS10,
					    .wire_format = in->wire_format,
					    .content = content,
					    .context = e->group_context };
}

static uc_err tbs_encode(const struct framing_epoch *e, const struct authenticated_content *in,
			 struct buf *out)
{
	struct framed_content content;
	const struct framed_content_tbs tbs = tbs_of(e, in, &content);
	return wire_encode(out, framed_content_tbs_element, &tbs);
}

uc_err framing_sign(const struct framing_epoch *e, const struct env *env,
		    const struct sign_key *key, uint16_t wire_format,
		    const struct framed_content *content, struct arena *a,
		    struct authenticated_content *out)
{
	struct authenticated_content made = { .wire_format = wire_format, .content = *content };
	struct buf b;
	TRY(framing_sender_check(content, wire_format));
	if (e->safe_aad && !content->authenticated_data.n)
		made.content.authenticated_data = safe_aad_empty();
	TRY(framing_aad_check(e, &made.content));
	buf_init_secret(&b, FRAMING_BYTES_MAX);
	uc_err err = tbs_encode(e, &made, &b);
	if (!err)
		err = sign_with_label(e->suite, key, env, "FramedContentTBS", buf_view(&b), a,
				      &made.auth.signature);
	buf_done(&b);
	if (!err)
		*out = made;
	return err;
}

uc_err framing_verify(const struct framing_epoch *e, const struct authenticated_content *in)
{
	struct view key = { NULL, 0 };
	struct buf b;
	TRY_GROUND(SENDER_IS_THERE, sender_key(e, &in->content, &key));
	buf_init_secret(&b, FRAMING_BYTES_MAX);
	uc_err err = tbs_encode(e, in, &b);
	if (!err)
		err = verify_with_label(e->suite, key, "FramedContentTBS", buf_view(&b),
					in->auth.signature);
	buf_done(&b);
	return err;
}

/* --- public messages --- */

/* MAC(membership_key, AuthenticatedContentTBM) (RFC 9420, 6.2) */
static uc_err membership_tag(const struct framing_epoch *e, const struct authenticated_content *in,
			     uint8_t *out)
{
	struct framed_content content;
	struct framed_content_auth_data auth = in->auth;
	const struct authenticated_content_tbm tbm = { .content_tbs = tbs_of(e, in, &content),
						       .auth = &auth };
	struct buf b;
	buf_init(&b, FRAMING_BYTES_MAX);
	uc_err err = wire_encode(&b, authenticated_content_tbm_element, &tbm);
	if (!err)
		err = suite_mac(e->suite, e->membership_key, buf_view(&b), out);
	buf_done(&b);
	return err;
}

uc_err framing_protect_public(const struct framing_epoch *e, const struct authenticated_content *in,
			      struct arena *a, struct public_message *out)
{
	struct public_message made = { .content = in->content, .auth = in->auth };
	uint8_t tag[HASH_MAX];
	if (in->wire_format != MLS_PUBLIC_MESSAGE)
		return UC_E_ARGUMENT;
	TRY(framing_sender_check(&in->content, in->wire_format));
	TRY(framing_tag_check(e, in));
	if (in->content.sender.sender_type == SENDER_MEMBER) {
		if (!e->membership_key.n)
			return UC_E_ARGUMENT;
		TRY(membership_tag(e, in, tag));
		secret_release(tag, e->suite->nh);
		TRY(arena_copy(a, view_make(tag, e->suite->nh), &made.membership_tag));
	}
	*out = made;
	return UC_OK;
}

static uc_err membership_check(const struct framing_epoch *e,
			       const struct authenticated_content *in, struct view tag)
{
	uint8_t want[HASH_MAX];
	TRY(membership_tag(e, in, want));
	return view_equal_ct(tag, view_make(want, e->suite->nh)) ? UC_OK : UC_E_MAC;
}

uc_err framing_open_public(const struct framing_epoch *e, const struct public_message *in,
			   struct arena *a, struct authenticated_content *out)
{
	const struct authenticated_content opened = { .wire_format = MLS_PUBLIC_MESSAGE,
						      .content = in->content,
						      .auth = in->auth };
	(void)a;
	TRY(framing_epoch_check(e, in->content.group_id, in->content.epoch));
	TRY(framing_sender_check(&in->content, MLS_PUBLIC_MESSAGE));
	TRY(framing_aad_check(e, &in->content));
	if (in->content.sender.sender_type == SENDER_MEMBER && e->membership_key.n)
		TRY_RULE(MEMBERSHIP_TAG, membership_check(e, &opened, in->membership_tag));
	TRY(framing_tag_check(e, &opened));
	TRY_RULE(CONTENT_SIGNATURE, framing_verify(e, &opened));
	*out = opened;
	return UC_OK;
}
