/* SPDX-License-Identifier: Apache-2.0 */
/* The hub gives GroupInfo, tree and waiting proposals to those who may join by themselves: a client
 * of a participant who is in the room (draft-ietf-mimi-protocol-06, groupInfo).
 *
 * That it is one is proven by the participant's proof for this client and key, as its leaf will
 * carry it, in joining_code; or by the key of a leaf that is there. */
#include "provider/room_keys.h"

struct inquiry {
	const struct hub_request *q;
	struct group_info_request m;
	struct public_group *group;
};

/* --- may it? --- */

static uc_err check_signature(const struct inquiry *n)
{
	struct view tbs;
	TRY(wire_encode_to(n->q->a, group_info_request_tbs_element, &n->m, &tbs));
	return verify_with_label(public_group_now(n->group).suite, n->m.requesting_signature_key,
				 "GroupInfoRequestTBS", tbs, n->m.signature);
}

/* The leaf it is going to be. */
static uc_err check_proof(const struct inquiry *n)
{
	struct arena *a = n->q->a;
	struct component_data component = { COMPONENT_PARTICIPANT, n->m.joining_code };
	const struct app_data_dictionary dictionary = { { &component, 1 } };
	struct extension extension = { .extension_type = EXTENSION_APP_DATA_DICTIONARY };
	struct leaf_node leaf = { .signature_key = n->m.requesting_signature_key,
				  .credential = n->m.requesting_credential,
				  .extensions = { &extension, 1 } };
	struct participant_leaf checked;
	const struct room_state *state;
	TRY(wire_encode_to(a, app_data_dictionary_element, &dictionary, &extension.extension_data));
	TRY(participant_check(&leaf, a, &checked));
	TRY(room_live_state(n->q->p, n->q->room, &state));
	if (!room_role_may_send(room_role_of(state, checked.participant)))
		return UC_E_NOT_ALLOWED;
	return participant_check_against(public_group_now(n->group).tree, &checked, TREE_NONE, a);
}

static uc_err check(const struct inquiry *n)
{
	struct group_view now = public_group_now(n->group);
	if (n->m.cipher_suite != now.suite->id ||
	    n->m.requesting_credential.credential_type != CREDENTIAL_BASIC ||
	    !view_equal(n->m.requesting_credential.identity, n->q->client))
		return UC_E_NOT_ALLOWED;
	TRY(check_signature(n));
	uint32_t leaf = public_group_leaf_by_identity(n->group, n->q->client);
	if (leaf != TREE_NONE &&
	    view_equal(tree_signature_key(now.tree, leaf), n->m.requesting_signature_key))
		return UC_OK;
	return check_proof(n);
}

/* --- what it gets --- */

static uc_err proposals_of(const struct log_entry *e, struct arena *a,
			   struct pending_proposal_list *out, size_t room)
{
	struct fanout_message m;
	TRY(wire_decode(e->fanout, a, fanout_message_element, &m));
	if (m.content_type != CONTENT_PROPOSAL || m.wire_format != MLS_PUBLIC_MESSAGE)
		return UC_OK;
	if (out->n + 1 + m.more_proposals.n > room)
		return UC_E_LIMIT;
	out->v[out->n++] = (struct pending_proposal){ m.message, m.timestamp };
	for (size_t i = 0; i < m.more_proposals.n; i++)
		out->v[out->n++] = (struct pending_proposal){ m.more_proposals.v[i], m.timestamp };
	return UC_OK;
}

/* As far as the log still holds them; what is missed there the hub proposes again. */
static uc_err pending(const struct inquiry *n, struct pending_proposal_list *out)
{
	const struct hub_request *q = n->q;
	size_t room = public_group_proposal_count(n->group) + 1;
	struct store_log_scan scan;
	struct store_key k;
	struct view bytes;
	uint64_t seq;
	uc_err err = UC_OK;
	out->v = ARENA_ARRAY(q->a, struct pending_proposal, room);
	if (!out->v)
		return UC_E_LIMIT;
	if (room == 1)
		return UC_OK;
	TRY(store_log_scan_init(&scan, q->p->rooms, key_1(&k, TABLE_LOG, q->room->uri),
				q->room->record.epoch_start + 1, 0, 0));
	while (!err && store_log_scan_next(&scan, &seq, &bytes)) {
		struct log_entry e;
		struct view copy;
		err = arena_copy(q->a, bytes, &copy);
		if (!err)
			err = wire_decode(copy, q->a, log_entry_element, &e);
		if (!err)
			err = proposals_of(&e, q->a, out, room);
	}
	if (!err)
		err = scan.scan.failed;
	store_log_scan_done(&scan);
	return err;
}

static uc_err seal(const struct inquiry *n, struct group_info_response *r)
{
	const struct hub_request *q = n->q;
	const struct suite *s = public_group_now(n->group).suite;
	struct group_info_ratchet_tree_tbe tbe = { .ratchet_tree_option = {
							   .representation = RATCHET_TREE_FULL } };
	struct view plain;
	TRY(public_group_info(n->group, q->a, &tbe.group_info));
	TRY(pending(n, &tbe.pending_proposals));
	TRY(tree_of(q->p, q->room, q->room->record.epoch_start, q->a,
		    &tbe.ratchet_tree_option.ratchet_tree));
	TRY(wire_encode_to(q->a, group_info_ratchet_tree_tbe_element, &tbe, &plain));
	return encrypt_with_label(s, q->p->env, n->m.group_info_public_key,
				  "GroupInfo and ratchet_tree encryption", q->room->uri, plain,
				  q->a, &r->encrypted_groupinfo_and_tree.kem_output,
				  &r->encrypted_groupinfo_and_tree.ciphertext);
}

static uc_err hub_sender(const struct inquiry *n, struct external_sender *out)
{
	const struct group_context *c = public_group_now(n->group).context;
	const struct extension *e = extension_find(&c->extensions, EXTENSION_EXTERNAL_SENDERS);
	struct external_sender_list senders = { .n = 0 };
	if (e)
		TRY(wire_decode(e->extension_data, n->q->a, external_sender_list_element,
				&senders));
	if (!senders.n)
		return UC_E_CORRUPT;
	*out = senders.v[0];
	return UC_OK;
}

static uc_err give(const struct inquiry *n, struct group_info_response *r)
{
	struct provider *p = n->q->p;
	const struct sign_key *key;
	struct view tbs;
	const struct suite *s = public_group_now(n->group).suite;
	r->status = GROUP_INFO_SUCCESS;
	r->cipher_suite = s->id;
	TRY(hub_sender(n, &r->hub_sender));
	TRY(seal(n, r));
	TRY(wire_encode_to(n->q->a, group_info_response_tbs_element, r, &tbs));
	TRY(room_hub_key(p, n->q->room, &key));
	return sign_with_label(s, key, p->env, "GroupInfoResponseTBS", tbs, n->q->a, &r->signature);
}

uc_err hub_group_info(const struct hub_request *q, struct hub_reply *out)
{
	struct inquiry n = { .q = q };
	struct group_info_response r = { .version = PROTOCOL_MLS10,
					 .room_id = q->room->uri,
					 .status = GROUP_INFO_NOT_AUTHORIZED };
	TRY(wire_decode(q->body, q->a, group_info_request_element, &n.m));
	TRY(room_live_group(q->p, q->room, &n.group));
	if (!check(&n))
		TRY(give(&n, &r));
	return wire_encode_to(q->a, group_info_response_element, &r, &out->body);
}
