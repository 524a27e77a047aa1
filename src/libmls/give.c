/* SPDX-License-Identifier: Apache-2.0 */
#include "libmls/give.h"

static void *give_array(struct giver *g, size_t count, size_t size)
{
	void *p = count ? arena_take_array(g->a, count, size) : NULL;
	if (count && !p)
		g->failed = arena_error(g->a);
	return p;
}

struct mls_bytes give_bytes(struct giver *g, struct view v)
{
	struct view copy = v;
	if (!v.n)
		return (struct mls_bytes){ NULL, 0 };
	uc_err err = g->borrow ? UC_OK : arena_copy(g->a, v, &copy);
	if (err) {
		g->failed = err;
		return (struct mls_bytes){ NULL, 0 };
	}
	return (struct mls_bytes){ copy.p, copy.n };
}

struct mls_bytes_list give_bytes_list(struct giver *g, const struct view_list *l)
{
	struct mls_bytes *v = give_array(g, l->n, sizeof *v);
	for (size_t i = 0; v && i < l->n; i++)
		v[i] = give_bytes(g, l->v[i]);
	return (struct mls_bytes_list){ v, v ? l->n : 0 };
}

static struct mls_types give_types(struct giver *g, const struct u16_list *l)
{
	uint16_t *v;
	if (g->borrow)
		return (struct mls_types){ l->v, l->n };
	v = give_array(g, l->n, sizeof *v);
	for (size_t i = 0; v && i < l->n; i++)
		v[i] = l->v[i];
	return (struct mls_types){ v, v ? l->n : 0 };
}

struct mls_extensions give_extensions(struct giver *g, const struct extension_list *l)
{
	struct mls_extension *v = give_array(g, l->n, sizeof *v);
	for (size_t i = 0; v && i < l->n; i++)
		v[i] = (struct mls_extension){ l->v[i].extension_type,
					       give_bytes(g, l->v[i].extension_data) };
	return (struct mls_extensions){ v, v ? l->n : 0 };
}

/* What was read holds what is of its kind, and nothing that can be relied on elsewhere. */
struct mls_credential give_credential(struct giver *g, const struct credential *c)
{
	struct mls_credential out = { .type = c->credential_type };
	if (c->credential_type == CREDENTIAL_BASIC)
		out.identity = give_bytes(g, c->identity);
	if (c->credential_type == CREDENTIAL_X509)
		out.certificates = give_bytes_list(g, &c->certificates);
	return out;
}

struct mls_leaf give_leaf(struct giver *g, const struct leaf_node *leaf, uint32_t index)
{
	const struct capabilities *c = &leaf->capabilities;
	bool lives = leaf->leaf_node_source == LEAF_NODE_SOURCE_KEY_PACKAGE;
	return (struct mls_leaf){
		.index = index,
		.source = leaf->leaf_node_source,
		.credential = give_credential(g, &leaf->credential),
		.signature_key = give_bytes(g, leaf->signature_key),
		.encryption_key = give_bytes(g, leaf->encryption_key),
		.capabilities = { .versions = give_types(g, &c->versions),
				  .suites = give_types(g, &c->cipher_suites),
				  .extensions = give_types(g, &c->extensions),
				  .proposals = give_types(g, &c->proposals),
				  .credentials = give_types(g, &c->credentials) },
		.extensions = give_extensions(g, &leaf->extensions),
		.not_before_s = lives ? leaf->lifetime.not_before : 0,
		.not_after_s = lives ? leaf->lifetime.not_after : 0,
	};
}

struct mls_context give_context(struct giver *g, const struct group_context *c)
{
	return (struct mls_context){
		.group_id = give_bytes(g, c->group_id),
		.epoch = c->epoch,
		.suite = c->cipher_suite,
		.extensions = give_extensions(g, &c->extensions),
		.tree_hash = give_bytes(g, c->tree_hash),
		.confirmed_transcript_hash = give_bytes(g, c->confirmed_transcript_hash),
	};
}

struct mls_psk_id give_psk_id(struct giver *g, const struct pre_shared_key_id *id)
{
	struct mls_psk_id out = { .type = id->psktype, .nonce = give_bytes(g, id->psk_nonce) };
	if (id->psktype == PSK_RESUMPTION) {
		out.usage = id->usage;
		out.group_id = give_bytes(g, id->psk_group_id);
		out.epoch = id->psk_epoch;
		return out;
	}
	out.id = give_bytes(g, id->psk_id);
	if (id->psktype == PSK_APPLICATION)
		out.component_id = id->component_id;
	return out;
}

struct mls_reinit give_reinit(struct giver *g, const struct re_init *r)
{
	return (struct mls_reinit){ .group_id = give_bytes(g, r->group_id),
				    .version = r->version,
				    .suite = r->cipher_suite,
				    .extensions = give_extensions(g, &r->extensions) };
}

struct mls_sender give_sender(const struct sender *s)
{
	uint32_t index = MLS_NO_INDEX;
	if (s->sender_type == SENDER_MEMBER)
		index = s->leaf_index;
	if (s->sender_type == SENDER_EXTERNAL)
		index = s->sender_index;
	return (struct mls_sender){ s->sender_type, index };
}

/* --- proposals --- */

static const struct mls_leaf *give_leaf_kept(struct giver *g, const struct leaf_node *leaf,
					     uint32_t index)
{
	struct mls_leaf *kept = give_array(g, 1, sizeof *kept);
	if (kept)
		*kept = give_leaf(g, leaf, index);
	return kept;
}

/* The KeyPackage as it would travel by itself. */
static struct mls_bytes give_key_package(struct giver *g, const struct key_package *k)
{
	struct view message;
	uc_err err = message_around(g->a, MLS_WIRE_KEY_PACKAGE, k->raw, &message);
	if (err) {
		g->failed = err;
		return (struct mls_bytes){ NULL, 0 };
	}
	return (struct mls_bytes){ message.p, message.n };
}

static void give_proposal_body(struct giver *g, const struct proposal *p, const struct sender *by,
			       struct mls_proposal *out)
{
	switch (p->proposal_type) {
	case PROPOSAL_ADD:
		out->key_package = give_key_package(g, &p->key_package);
		out->leaf = give_leaf_kept(g, &p->key_package.leaf_node, MLS_NO_INDEX);
		break;
	case PROPOSAL_UPDATE:
		out->index = by->leaf_index;
		out->leaf = give_leaf_kept(g, &p->leaf_node, by->leaf_index);
		break;
	case PROPOSAL_REMOVE:
		out->index = p->removed;
		break;
	case PROPOSAL_PSK:
		out->psk = give_psk_id(g, &p->psk);
		break;
	case PROPOSAL_REINIT:
		out->reinit = give_reinit(g, &p->reinit);
		break;
	case PROPOSAL_EXTERNAL_INIT:
		out->data = give_bytes(g, p->kem_output);
		break;
	case PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
		out->extensions = give_extensions(g, &p->extensions);
		break;
	case PROPOSAL_APP_DATA_UPDATE:
		out->component_id = p->app_data_update.component_id;
		out->removes = p->app_data_update.op == APP_DATA_REMOVE;
		if (!out->removes)
			out->data = give_bytes(g, p->app_data_update.update);
		break;
	case PROPOSAL_APP_EPHEMERAL:
		out->component_id = p->app_ephemeral.component_id;
		out->data = give_bytes(g, p->app_ephemeral.data);
		break;
	case PROPOSAL_SELF_REMOVE:
		out->index = by->leaf_index;
		break;
	default:
		break;
	}
}

struct mls_proposal give_proposal(struct giver *g, const struct proposal_view *p)
{
	struct mls_proposal out = { .type = p->proposal->proposal_type,
				    .index = MLS_NO_INDEX,
				    .sender = give_sender(&p->sender),
				    .ref = give_bytes(g, p->ref) };
	give_proposal_body(g, p->proposal, &p->sender, &out);
	return out;
}

struct mls_proposal_list give_proposals(struct giver *g, const struct proposal_view_list *l)
{
	struct mls_proposal *v = give_array(g, l->n, sizeof *v);
	for (size_t i = 0; v && i < l->n; i++)
		v[i] = give_proposal(g, &l->v[i]);
	return (struct mls_proposal_list){ v, v ? l->n : 0 };
}

/* --- commits --- */

/* Leaves of one tree by index; with room for one more. */
static struct mls_leaf *give_leaves(struct giver *g, const struct tree *t,
				    const struct u32_list *which, size_t *n)
{
	struct mls_leaf *v = give_array(g, which->n + 1, sizeof *v);
	*n = 0;
	for (size_t i = 0; v && i < which->n; i++) {
		struct leaf_node room;
		const struct leaf_node *leaf = tree_leaf_find(t, which->v[i], &room);
		if (leaf)
			v[(*n)++] = give_leaf(g, leaf, which->v[i]);
	}
	return v;
}

static void give_joined(struct giver *g, const struct group_change *c, struct mls_change *out)
{
	size_t n;
	struct mls_leaf *v = give_leaves(g, c->after.tree, &c->added, &n);
	struct mls_bytes *refs = give_array(g, c->added_refs.n + 1, sizeof *refs);
	struct leaf_node room;
	const struct leaf_node *own = tree_leaf_find(c->after.tree, c->committer, &room);
	if (!v || !refs)
		return;
	for (size_t i = 0; i < n && i < c->added_refs.n; i++)
		refs[i] = give_bytes(g, c->added_refs.v[i]);
	if (c->is_external && own) {
		refs[n] = (struct mls_bytes){ NULL, 0 };
		v[n++] = give_leaf(g, own, c->committer);
	}
	out->joined = (struct mls_leaf_list){ v, n };
	out->refs = (struct mls_bytes_list){ refs, n };
}

static void give_changed(struct giver *g, const struct group_change *c, struct mls_change *out)
{
	struct mls_leaf_change *v = give_array(g, c->updated.n + 1, sizeof *v);
	size_t n = 0;
	if (!v)
		return;
	for (size_t i = 0; i <= c->updated.n; i++) {
		bool is_path = i == c->updated.n;
		uint32_t index = is_path ? c->committer : c->updated.v[i];
		if (is_path && (!c->has_path || c->is_external))
			continue;
		struct leaf_node room[2];
		const struct leaf_node *before = tree_leaf_find(c->before.tree, index, &room[0]);
		const struct leaf_node *after = tree_leaf_find(c->after.tree, index, &room[1]);
		if (before && after)
			v[n++] = (struct mls_leaf_change){ give_leaf(g, before, index),
							   give_leaf(g, after, index) };
	}
	out->changed = v;
	out->changed_count = n;
}

struct mls_change give_change(struct giver *g, const struct group_change *c, uint32_t own_leaf)
{
	struct mls_change out = {
		.sender = give_sender(&c->sender),
		.committer = c->committer,
		.is_external = c->is_external,
		.has_path = c->has_path,
		.before = give_context(g, c->before.context),
		.after = give_context(g, c->after.context),
		.proposals = give_proposals(g, &c->proposals),
		.authenticated_data = give_bytes(g, c->authenticated_data),
	};
	size_t left;
	const struct mls_leaf *v = give_leaves(g, c->before.tree, &c->removed, &left);
	out.left = (struct mls_leaf_list){ v, v ? left : 0 };
	for (size_t i = 0; i < c->removed.n; i++)
		out.removes_us |= c->removed.v[i] == own_leaf;
	give_joined(g, c, &out);
	give_changed(g, c, &out);
	if (c->reinit) {
		struct mls_reinit *r = give_array(g, 1, sizeof *r);
		if (r)
			*r = give_reinit(g, c->reinit);
		out.reinit = r;
	}
	return out;
}

struct mls_leaf_list give_members(struct giver *g, const struct tree *t)
{
	uint32_t at = 0, index;
	struct leaf_node leaf;
	size_t n = 0, count = tree_member_count(t);
	struct mls_leaf *v = give_array(g, count, sizeof *v);
	while (v && n < count && tree_next_leaf(t, &at, &index, &leaf))
		v[n++] = give_leaf(g, &leaf, index);
	return (struct mls_leaf_list){ v, n };
}
