/* SPDX-License-Identifier: Apache-2.0 */
/* A device whose part of the group is lost takes the place of its own old leaf by an external
 * commit (RFC 9420, 12.4.3.2), from the GroupInfo and tree that the hub has. */
#include "client/devices.h"
#include "client/room_group_inside.h"
#include "mimi/protocol.h"
#include "mls/group_state.h"
#include "mls/public_group.h"

#define RESPONSE_CONTEXT "GroupInfo and ratchet_tree encryption"

/* --- asking --- */

/* What the leaf carries to say whose it is; the hub sees it before it gives anything. */
static uc_err participant_component(const struct key_package *k, struct arena *a, struct view *out)
{
	const struct extension *e =
		extension_find(&k->leaf_node.extensions, EXTENSION_APP_DATA_DICTIONARY);
	struct app_data_dictionary d;
	if (!e || wire_decode(e->extension_data, a, app_data_dictionary_element, &d))
		return UC_E_CORRUPT;
	const struct view *v = component_find(&d, COMPONENT_PARTICIPANT);
	if (!v)
		return UC_E_CORRUPT;
	*out = *v;
	return UC_OK;
}

static uc_err ask(struct uc_client *c, const struct key_package *k,
		  const struct key_package_secrets *secrets, struct arena *a, struct view *request)
{
	const struct suite *suite = suite_find(k->cipher_suite);
	struct group_info_request r = {
		.protocol = PROTOCOL_MLS10,
		.cipher_suite = k->cipher_suite,
		.requesting_signature_key = sign_public(&secrets->signature_key),
		.requesting_credential = k->leaf_node.credential,
		.group_info_public_key = kem_public(&secrets->init_key),
	};
	struct view tbs;
	TRY(participant_component(k, a, &r.joining_code));
	TRY(wire_encode_to(a, group_info_request_tbs_element, &r, &tbs));
	TRY(sign_with_label(suite, &secrets->signature_key, &c->env, "GroupInfoRequestTBS", tbs, a,
			    &r.signature));
	return wire_encode_to(a, group_info_request_element, &r, request);
}

uc_err room_group_rejoin_ask(struct uc_client *c, const struct set *s, struct arena *a,
			     struct view *request)
{
	struct key_package k;
	struct key_package_secrets secrets;
	TRY(set_keys_read(s, a, &k, &secrets));
	uc_err err = ask(c, &k, &secrets, a, request);
	key_package_secrets_wipe(&secrets);
	return err;
}

/* --- the answer --- */

struct rejoining {
	struct uc_client *c;
	const struct room *r;
	struct key_package k;
	struct key_package_secrets secrets;
	struct arena *a;
	struct group_info_response answer;
	struct group_info_ratchet_tree_tbe info;
	struct public_group *p;
	struct room_state state;
	uint32_t old_leaf;
	struct proposal proposals[2];
	size_t proposal_count;
	struct view_list self_removes;
};

static uc_err answer_open(struct rejoining *j)
{
	const struct group_info_response *r = &j->answer;
	const struct suite *suite = suite_find(j->k.cipher_suite);
	struct view room = view_str(j->r->uri), tbs, plain;
	if (r->status != GROUP_INFO_SUCCESS)
		return UC_E_REMOVED;
	if (!view_equal(r->room_id, room) || r->cipher_suite != j->k.cipher_suite)
		return UC_E_PEER;
	TRY(wire_encode_to(j->a, group_info_response_tbs_element, r, &tbs));
	TRY(verify_with_label(suite, r->hub_sender.signature_key, "GroupInfoResponseTBS", tbs,
			      r->signature));
	TRY(decrypt_with_label(suite, &j->secrets.init_key, RESPONSE_CONTEXT, room,
			       r->encrypted_groupinfo_and_tree.kem_output,
			       r->encrypted_groupinfo_and_tree.ciphertext, j->a, &plain));
	TRY(wire_decode(plain, j->a, group_info_ratchet_tree_tbe_element, &j->info));
	return j->info.ratchet_tree_option.representation == RATCHET_TREE_FULL ? UC_OK : UC_E_PEER;
}

/* The room as the hub shows it: one of ours, by that name, under the hub's key. */
static uc_err look(struct rejoining *j)
{
	TRY(public_group_new(&j->c->env, &room_hooks, j->info.group_info,
			     j->info.ratchet_tree_option.ratchet_tree, &j->p));
	struct group_view now = public_group_now(j->p);
	TRY(room_check(&now));
	TRY(room_state_read(&now, j->a, &j->state));
	if (!view_equal(now.context->group_id, view_str(j->r->uri)) ||
	    !view_equal(j->state.hub_key, j->answer.hub_sender.signature_key))
		return UC_E_PEER;
	return UC_OK;
}

/* The leaf we had; or, when our own copy is older than another rejoining of ours, the one leaf
 * that our participant has now. */
static uc_err old_leaf_find(struct rejoining *j)
{
	struct group_view now = public_group_now(j->p);
	uint32_t at = 0, leaf, count = 0;
	struct leaf_node node;
	j->old_leaf = public_group_leaf_by_identity(j->p, view_str(j->r->client));
	if (j->old_leaf != TREE_NONE)
		return UC_OK;
	while (tree_next_leaf(now.tree, &at, &leaf, &node)) {
		struct view client, participant;
		TRY(participant_of_leaf(&node, &client, &participant));
		if (!view_equal(participant, view_str(j->r->participant)))
			continue;
		j->old_leaf = leaf;
		count++;
	}
	if (!count)
		return UC_E_REMOVED;
	/* Those of devices that there are stay: ours comes to stand beside them. */
	if (devices_count(j->c) > 1) {
		j->old_leaf = TREE_NONE;
		return UC_OK;
	}
	/* Of several it might be another device's; or all are of devices that are lost, or were ended. */
	return count == 1 || j->r->restored || devices_any_ended(j->c) ? UC_OK : UC_E_UNEXPECTED;
}

/* Who has asked to leave goes with this commit; other proposals are not for a joiner. */
static uc_err self_remove_take(struct rejoining *j, struct view message)
{
	struct public_received in;
	uc_err err = public_group_receive(j->p, message, j->a, &in);
	if (err_is_hard(err))
		return err;
	if (err)
		return UC_OK;
	if (in.kind != PUBLIC_PROPOSAL) {
		public_group_drop(j->p);
		return UC_OK;
	}
	if (in.proposal->proposal_type == PROPOSAL_SELF_REMOVE &&
	    in.sender.leaf_index != j->old_leaf)
		j->self_removes.v[j->self_removes.n++] = message;
	return UC_OK;
}

static uc_err plan(struct rejoining *j)
{
	const struct pending_proposal_list *waiting = &j->info.pending_proposals;
	struct group_view now = public_group_now(j->p);
	struct view joiner = view_str(j->r->participant);
	struct proposal_view_list all = { .n = 0 };
	bool needed = false;
	TRY(old_leaf_find(j));
	if (j->old_leaf != TREE_NONE)
		j->proposals[j->proposal_count++] =
			(struct proposal){ .proposal_type = PROPOSAL_REMOVE,
					   .removed = j->old_leaf };
	j->self_removes.v = ARENA_ARRAY(j->a, struct view, waiting->n + 1);
	all.v = ARENA_ARRAY(j->a, struct proposal_view, waiting->n + 1);
	if (!j->self_removes.v || !all.v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < waiting->n; i++)
		TRY(self_remove_take(j, waiting->v[i].proposal));
	if (j->proposal_count)
		all.v[all.n++].proposal = &j->proposals[0];
	for (size_t i = 0; i < public_group_proposal_count(j->p) && all.n <= waiting->n; i++) {
		struct proposal_view p = public_group_proposal_at(j->p, i);
		if (p.proposal->proposal_type == PROPOSAL_SELF_REMOVE &&
		    p.sender.leaf_index != j->old_leaf)
			all.v[all.n++] = p;
	}
	TRY(room_list_follow(&now, &j->state, &all, &joiner, j->a, &j->proposals[j->proposal_count],
			     &needed));
	j->proposal_count += needed;
	return UC_OK;
}

static uc_err commit(struct rejoining *j, struct view *update, uint8_t hash[SHA256_BYTES],
		     struct group **out)
{
	struct group *g = NULL;
	struct update_request u = {
		.bundle = { .content_type = CONTENT_COMMIT,
			    .group_info_option = { .representation = GROUP_INFO_FULL },
			    .ratchet_tree_option = { .representation =
							     RATCHET_TREE_DISTRIBUTION_SERVICE } },
	};
	const struct group_platform platform = room_platform(j->c);
	const struct leaf_parameters leaf = {
		.signature_key = &j->secrets.signature_key,
		.credential = j->k.leaf_node.credential,
		.capabilities = j->k.leaf_node.capabilities,
		.extensions = j->k.leaf_node.extensions,
	};
	const struct external_join in = {
		.group_info = j->info.group_info,
		.ratchet_tree = j->info.ratchet_tree_option.ratchet_tree,
		.leaf = &leaf,
		.proposals = j->proposals,
		.proposal_count = j->proposal_count,
		.self_removes = j->self_removes.v,
		.self_remove_count = j->self_removes.n,
	};
	TRY(group_join_external(&platform, &in, j->a, &u.bundle.proposal_or_commit,
				&u.bundle.group_info_option.group_info, &g));
	uc_err err = wire_encode_to(j->a, update_request_element, &u, update);
	if (!err)
		err = sha256(u.bundle.proposal_or_commit, hash);
	if (err)
		group_free(g);
	else
		*out = g;
	return err;
}

static uc_err rejoin(struct rejoining *j, struct view response, struct view *update,
		     uint8_t hash[SHA256_BYTES], struct group **out)
{
	TRY(wire_decode(response, j->a, group_info_response_element, &j->answer));
	TRY(answer_open(j));
	TRY(look(j));
	TRY(plan(j));
	return commit(j, update, hash, out);
}

uc_err room_group_rejoin(struct uc_client *c, const struct room *r, const struct set *s,
			 struct view response, struct arena *a, struct view *update,
			 uint8_t hash[SHA256_BYTES], struct room_group **out)
{
	struct rejoining j = { .c = c, .r = r, .a = a };
	struct group *g = NULL;
	TRY(set_keys_read(s, a, &j.k, &j.secrets));
	uc_err err = rejoin(&j, response, update, hash, &g);
	key_package_secrets_wipe(&j.secrets);
	public_group_free(j.p);
	return err ? err : room_group_new(c, g, out);
}

uc_err room_group_rejoined(struct room_group *g)
{
	return group_pending_apply(g->g);
}
