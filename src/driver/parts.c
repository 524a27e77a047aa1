/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/parts.h"

#include "base/text.h"

/* --- messages --- */

/* struct { ProtocolVersion version; WireFormat wire_format; ... } MLSMessage; (RFC 9420, 6) */
enum { MESSAGE_HEAD = 4 };

uc_err message_wrap(struct arena *a, uint16_t wire_format, struct view inside, struct view *out)
{
	uint8_t *p = arena_take(a, inside.n + MESSAGE_HEAD);
	if (!p)
		return UC_E_LIMIT;
	p[1] = MLS10;
	p[2] = (uint8_t)(wire_format >> 8);
	p[3] = (uint8_t)wire_format;
	if (inside.n)
		memcpy(p + MESSAGE_HEAD, inside.p, inside.n);
	*out = view_make(p, inside.n + MESSAGE_HEAD);
	return UC_OK;
}

uc_err message_inside(struct view message, uint16_t wire_format, struct view *inside)
{
	if (message.n < MESSAGE_HEAD)
		return UC_E_MALFORMED;
	if ((message.p[0] << 8 | message.p[1]) != MLS10)
		return UC_E_VERSION;
	if ((message.p[2] << 8 | message.p[3]) != wire_format)
		return UC_E_UNEXPECTED;
	*inside = view_slice(message, MESSAGE_HEAD, message.n);
	return UC_OK;
}

/* --- groups from outside --- */

uc_err outline_read(struct call *c, struct outline *out)
{
	struct view message;
	TRY(call_bytes(c, c->request, "group_info", &message));
	TRY(call_bytes(c, c->request, "ratchet_tree", &out->ratchet_tree));
	TRY(message_inside(message, MLS_GROUP_INFO, &out->encoded));
	TRY(wire_decode(out->encoded, &c->mem, group_info_element, &out->info));
	out->suite = suite_find(out->info.group_context.cipher_suite);
	return out->suite ? UC_OK : UC_E_SUITE;
}

static bool is_named(const struct leaf_node *leaf, struct view identity)
{
	return leaf->credential.credential_type == CREDENTIAL_BASIC &&
	       view_equal(leaf->credential.identity, identity);
}

uc_err outline_leaf(struct call *c, const struct outline *o, struct view identity, uint32_t *leaf)
{
	const struct extension *inside =
		extension_find(&o->info.extensions, EXTENSION_RATCHET_TREE);
	struct view encoded = o->ratchet_tree;
	struct node_list nodes;
	if (!encoded.n && inside)
		encoded = inside->extension_data;
	if (!encoded.n)
		return call_wrong(c, "ratchet_tree: neither given nor in the group_info");
	TRY(wire_decode(encoded, &c->mem, ratchet_tree_element, &nodes));
	/* Leaves are every other node. */
	for (size_t i = 0; i < nodes.n; i += 2) {
		const struct node *n = nodes.v[i];
		if (n && n->node_type == NODE_LEAF && is_named(&n->leaf_node, identity)) {
			*leaf = (uint32_t)(i / 2);
			return UC_OK;
		}
	}
	return UC_E_NOT_FOUND;
}

uc_err group_leaf(const struct group *g, struct view identity, uint32_t *leaf)
{
	uint32_t at = 0, index;
	struct leaf_node node;
	while (tree_next_leaf(group_now(g).tree, &at, &index, &node))
		if (is_named(&node, identity)) {
			*leaf = index;
			return UC_OK;
		}
	return UC_E_NOT_FOUND;
}

/* --- proposals --- */

uc_err proposal_add(struct call *c, struct view key_package, struct proposal *out)
{
	struct view inside;
	*out = (struct proposal){ .proposal_type = PROPOSAL_ADD };
	TRY(message_inside(key_package, MLS_KEY_PACKAGE, &inside));
	return wire_decode(inside, &c->mem, key_package_element, &out->key_package);
}

/* 8.4: "a fresh random value of length KDF.Nh". */
static uc_err nonce_make(struct call *c, const struct env *env, const struct suite *s,
			 struct view *out)
{
	uint8_t *p = arena_take(&c->mem, s->nh);
	if (!p)
		return UC_E_LIMIT;
	*out = view_make(p, s->nh);
	return env_random(env, p, s->nh);
}

uc_err proposal_psk(struct call *c, const struct env *env, const struct suite *s,
		    struct view psk_id, struct proposal *out)
{
	*out = (struct proposal){ .proposal_type = PROPOSAL_PSK,
				  .psk = { .psktype = PSK_EXTERNAL, .psk_id = psk_id } };
	return nonce_make(c, env, s, &out->psk.psk_nonce);
}

uc_err proposal_resumption(struct call *c, const struct env *env, const struct suite *s,
			   struct view group_id, uint64_t epoch, struct proposal *out)
{
	*out = (struct proposal){ .proposal_type = PROPOSAL_PSK,
				  .psk = { .psktype = PSK_RESUMPTION,
					   .usage = RESUMPTION_APPLICATION,
					   .psk_group_id = group_id,
					   .psk_epoch = epoch } };
	return nonce_make(c, env, s, &out->psk.psk_nonce);
}

uc_err extensions_read(struct call *c, const json_t *o, struct extension_list *out)
{
	const json_t *l;
	TRY(call_list(c, o, "extensions", &l));
	out->n = json_array_size(l);
	out->v = ARENA_ARRAY(&c->mem, struct extension, out->n);
	if (!out->v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < out->n; i++) {
		json_t *e = json_array_get(l, i);
		uint32_t type;
		TRY(call_only(c, e, "extension_type extension_data"));
		TRY(call_u32(c, e, "extension_type", &type));
		if (type > UINT16_MAX)
			return call_wrong(c, "extension_type: at most 16 bits");
		out->v[i].extension_type = (uint16_t)type;
		TRY(call_bytes(c, e, "extension_data", &out->v[i].extension_data));
	}
	return UC_OK;
}

uc_err proposal_reinit(struct call *c, const json_t *o, struct proposal *out)
{
	uint32_t suite;
	*out = (struct proposal){ .proposal_type = PROPOSAL_REINIT,
				  .reinit = { .version = MLS10 } };
	TRY(call_bytes(c, o, "group_id", &out->reinit.group_id));
	TRY(call_u32(c, o, "cipher_suite", &suite));
	TRY(extensions_read(c, o, &out->reinit.extensions));
	if (suite > UINT16_MAX || !suite_find((uint16_t)suite))
		return UC_E_SUITE;
	out->reinit.cipher_suite = (uint16_t)suite;
	return UC_OK;
}

static uc_err described_remove(struct call *c, const json_t *d, const struct described *in,
			       struct proposal *out)
{
	struct view identity;
	*out = (struct proposal){ .proposal_type = PROPOSAL_REMOVE };
	TRY(call_bytes(c, d, "removed_id", &identity));
	return in->group ? group_leaf(in->group, identity, &out->removed)
			 : outline_leaf(c, in->outline, identity, &out->removed);
}

static uc_err described_extensions(struct call *c, const json_t *d, struct proposal *out)
{
	*out = (struct proposal){ .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS };
	return extensions_read(c, d, &out->extensions);
}

enum description { D_ADD, D_REMOVE, D_EXTERNAL_PSK, D_RESUMPTION_PSK, D_EXTENSIONS, D_REINIT, D_N };
static const char *const descriptions[D_N] = {
	[D_ADD] = "add",
	[D_REMOVE] = "remove",
	[D_EXTERNAL_PSK] = "externalPSK",
	[D_RESUMPTION_PSK] = "resumptionPSK",
	[D_EXTENSIONS] = "groupContextExtensions",
	[D_REINIT] = "reinit",
};

/* The field is of bytes, so it comes in hex; as the word itself, too, which never is hex. */
static uc_err description_of(struct call *c, const json_t *d, enum description *out)
{
	const char *text;
	struct view word;
	TRY(call_text(c, d, "proposal_type", &text));
	if (hex_read(&c->mem, view_str(text), &word))
		word = view_str(text);
	for (int i = 0; i < D_N; i++)
		if (view_equal(word, view_str(descriptions[i]))) {
			*out = (enum description)i;
			return UC_OK;
		}
	return call_wrong(c, "proposal_type: none that there is");
}

static uc_err described_one(struct call *c, const json_t *d, enum description which,
			    const struct described *in, struct proposal *out)
{
	struct view v;
	uint64_t epoch;
	switch (which) {
	case D_ADD:
		TRY(call_bytes(c, d, "key_package", &v));
		return proposal_add(c, v, out);
	case D_REMOVE:
		return described_remove(c, d, in, out);
	case D_EXTERNAL_PSK:
		TRY(call_bytes(c, d, "psk_id", &v));
		return proposal_psk(c, in->env, in->suite, v, out);
	case D_RESUMPTION_PSK:
		TRY(call_u64(c, d, "epoch_id", &epoch));
		return proposal_resumption(c, in->env, in->suite, in->group_id, epoch, out);
	case D_EXTENSIONS:
		return described_extensions(c, d, out);
	default:
		return in->outline ? proposal_reinit(c, d, out)
				   : call_wrong(c, "reinit: for ExternalSignerProposal alone");
	}
}

uc_err proposal_described(struct call *c, json_t *description, const struct described *in,
			  struct proposal *out)
{
	enum description which = D_N;
	TRY(call_only(c, description,
		      "proposal_type key_package removed_id psk_id epoch_id extensions group_id "
		      "cipher_suite"));
	TRY(description_of(c, description, &which));
	return described_one(c, description, which, in, out);
}
