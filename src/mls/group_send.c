/* SPDX-License-Identifier: Apache-2.0 */
/* Application messages and proposals going out (RFC 9420, 6, 12.1). */
#include "mls/group_inside.h"

/* The ciphertext of `plain` bytes of content is that and the tag; so much padding fills a bucket. */
static size_t padding_for(size_t plain, size_t bucket)
{
	size_t whole = plain + AEAD_TAG;
	return bucket && whole % bucket ? bucket - whole % bucket : 0;
}

static uc_err private_encode(struct group *g, const struct authenticated_content *auth,
			     size_t bucket, uint8_t *hash, struct arena *a, struct view *out)
{
	struct framing_epoch framing = epoch_framing(g->now);
	struct mls_message m = { .version = MLS10, .wire_format = MLS_PRIVATE_MESSAGE };
	size_t size;
	uint32_t generation;
	struct view encoded;
	uint8_t encoded_hash[SHA256_BYTES];
	TRY(framing_private_size(auth, a, &size));
	TRY(framing_seal_private(&framing, g->platform.env, auth, padding_for(size, bucket), a,
				 &m.private_message, &generation));
	TRY(wire_encode_to(a, mls_message_element, &m, &encoded));
	if (hash)
		TRY(suite_sha256(g->suite, encoded, encoded_hash));
	TRY(framing_private_used(&framing, auth, generation));
	if (hash)
		memcpy(hash, encoded_hash, sizeof encoded_hash);
	*out = encoded;
	return UC_OK;
}

/* draft-ietf-mls-extensions-10: who leaves does it in public, for joiners to take along. */
uint16_t group_wire_format(const struct group *g, uint16_t proposal_type)
{
	const struct group_wrapping *w = g->platform.wrapping;
	return w && w->private_handshakes && proposal_type != PROPOSAL_SELF_REMOVE
		       ? MLS_PRIVATE_MESSAGE
		       : MLS_PUBLIC_MESSAGE;
}

uc_err handshake_encode(struct group *g, const struct authenticated_content *auth, uint8_t *hash,
			struct arena *a, struct view *out)
{
	struct framing_epoch framing = epoch_framing(g->now);
	struct public_message m;
	if (auth->wire_format == MLS_PRIVATE_MESSAGE)
		return private_encode(g, auth, g->platform.wrapping->bucket, hash, a, out);
	TRY(framing_protect_public(&framing, auth, a, &m));
	TRY(public_message_encode(&m, a, out));
	return hash ? suite_sha256(g->suite, *out, hash) : UC_OK;
}

uc_err group_encrypt(struct group *g, struct view authenticated_data, struct view application_data,
		     size_t bucket, struct arena *a, struct view *message)
{
	if (!g->now || g->is_removed)
		return UC_E_REMOVED;
	if (g->now->state.is_closed)
		return UC_E_CLOSED;
	/* 15.2: a change to the group "MUST be applied before encrypting any new application
	 * message". */
	if (g->has_staged)
		return UC_E_PENDING;
	struct framing_epoch framing = epoch_framing(g->now);
	struct authenticated_content auth;
	struct framed_content content = {
		.group_id = group_id(g),
		.epoch = group_epoch(g),
		.sender = { .sender_type = SENDER_MEMBER, .leaf_index = g->now->own_leaf },
		.authenticated_data = authenticated_data,
		.content_type = CONTENT_APPLICATION,
		.application_data = application_data,
	};
	TRY(framing_sign(&framing, g->platform.env, &g->signature_key, MLS_PRIVATE_MESSAGE,
			 &content, a, &auth));
	return private_encode(g, &auth, bucket, NULL, a, message);
}

static uc_err propose(struct group *g, const struct proposal *p, struct view authenticated_data,
		      const struct kem_key *update_key, const struct sign_key *update_sign,
		      struct arena *a, struct view *message)
{
	struct framing_epoch framing = epoch_framing(g->now);
	struct authenticated_content auth;
	struct framed_content content = {
		.group_id = group_id(g),
		.epoch = group_epoch(g),
		.sender = { .sender_type = SENDER_MEMBER, .leaf_index = g->now->own_leaf },
		.authenticated_data = authenticated_data,
		.content_type = CONTENT_PROPOSAL,
		.proposal = *p,
	};
	static const uint8_t by_reference[1] = { 1 };
	struct proposal_view view = { .sender = content.sender,
				      .proposal = p,
				      .ref = VIEW_OF(by_reference) };
	TRY(framing_sign(&framing, g->platform.env, &g->signature_key,
			 group_wire_format(g, p->proposal_type), &content, a, &auth));
	TRY(proposal_arrives(&g->now->state, &view, g->platform.hooks, g->platform.env, a));
	uc_err stored = proposal_store_add(&g->proposals, g->suite, &auth, update_key, update_sign);
	if (stored && stored != UC_E_REPLAY) /* made before: that one is kept */
		return stored;
	uc_err err = handshake_encode(g, &auth, NULL, a, message);
	if (err && !stored)
		proposal_store_drop(&g->proposals, g->proposals.v[g->proposals.n - 1]->ref);
	return err;
}

/* draft-ietf-mls-extensions-10: "A client MUST NOT issue more than one SelfRemove proposal per epoch".
 * NULL: it has issued none. */
static const struct stored_proposal *own_self_remove(const struct group *g)
{
	for (size_t i = 0; i < g->proposals.n; i++) {
		const struct framed_content *c = &g->proposals.v[i]->decoded.content;
		if (c->proposal.proposal_type == PROPOSAL_SELF_REMOVE &&
		    c->sender.leaf_index == g->now->own_leaf)
			return g->proposals.v[i];
	}
	return NULL;
}

uc_err group_propose(struct group *g, const struct proposal *p, struct view authenticated_data,
		     struct arena *a, struct view *message)
{
	struct view encoded;
	struct proposal read;
	if (!g->now || g->is_removed)
		return UC_E_REMOVED;
	if (p->proposal_type == PROPOSAL_UPDATE)
		return UC_E_ARGUMENT; /* group_propose_update keeps the key that goes with it */
	/* Nobody could commit it (12.2). */
	TRY(proposal_type_supported(&g->now->state, p->proposal_type, NULL, a));
	const struct stored_proposal *leaves = own_self_remove(g);
	if (p->proposal_type == PROPOSAL_SELF_REMOVE && leaves && !g->now->state.is_closed)
		return handshake_encode(g, &leaves->decoded, NULL, a, message);
	TRY(wire_encode_to(a, proposal_element, p, &encoded));
	TRY(wire_decode(encoded, a, proposal_element, &read));
	return propose(g, &read, authenticated_data, NULL, NULL, a, message);
}

static uc_err propose_update(struct group *g, const struct leaf_parameters *as, struct kem_key *key,
			     struct arena *a, struct view *message)
{
	const struct leaf_node *old =
		tree_leaf_find(&g->now->state.tree, g->now->own_leaf, LEAF_ROOM);
	struct proposal p = { .proposal_type = PROPOSAL_UPDATE, .leaf_node = *old };
	TRY(kem_key_generate(g->suite, g->platform.env, key));
	p.leaf_node.encryption_key = kem_public(key);
	p.leaf_node.leaf_node_source = LEAF_NODE_SOURCE_UPDATE;
	if (as) {
		p.leaf_node.signature_key = sign_public(as->signature_key);
		p.leaf_node.credential = as->credential;
		p.leaf_node.capabilities = as->capabilities;
		p.leaf_node.extensions = as->extensions;
	}
	TRY(leaf_node_sign(g->suite, g->platform.env, as ? as->signature_key : &g->signature_key,
			   &p.leaf_node, group_id(g), g->now->own_leaf, a));
	return propose(g, &p, (struct view){ NULL, 0 }, key, as ? as->signature_key : NULL, a,
		       message);
}

uc_err group_propose_update_as(struct group *g, const struct leaf_parameters *leaf, struct arena *a,
			       struct view *message)
{
	struct kem_key key = { .pub_n = 0 };
	if (!g->now || g->is_removed)
		return UC_E_REMOVED;
	uc_err err = propose_update(g, leaf, &key, a, message);
	kem_key_wipe(&key);
	return err;
}

uc_err group_propose_update(struct group *g, struct arena *a, struct view *message)
{
	return group_propose_update_as(g, NULL, a, message);
}
