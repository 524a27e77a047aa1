/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/group_state.h"

#include "mls/many.h"
#include "mls/rule.h"
#include "mls/tree_delta.h"
#include "mls/transcript.h"

void group_state_init(struct group_state *s, const struct suite *suite, struct heap_account *memory)
{
	*s = (struct group_state){ .suite = suite, .memory = memory };
	arena_init_in(&s->arena, memory, GROUP_ARENA_MAX, ARENA_PLAIN);
	tree_init(&s->tree, suite);
	s->tree.memory = memory;
}

void group_state_done(struct group_state *s)
{
	tree_done(&s->tree);
	arena_done(&s->arena);
	group_state_init(s, s->suite, s->memory);
}

struct group_view group_state_view(const struct group_state *s)
{
	return (struct group_view){ s->suite, &s->context, &s->tree };
}

/* What messages are read by, taken out of the context once. */
static void state_takes_context(struct group_state *s)
{
	struct view list;
	s->safe_aad = component_in(&s->context.extensions, COMPONENT_SAFE_AAD, &list);
}

uc_err group_state_set_context(struct group_state *s, const struct group_context *c)
{
	uint8_t hash[HASH_MAX];
	struct group_context with = *c;
	TRY(tree_hash(&s->tree, hash));
	with.tree_hash = view_make(hash, s->suite->nh);
	TRY(wire_encode_to(&s->arena, group_context_element, &with, &s->encoded));
	TRY(wire_decode(s->encoded, &s->arena, group_context_element, &s->context));
	state_takes_context(s);
	return UC_OK;
}

uc_err group_state_confirm(struct group_state *s, struct view confirmation_tag)
{
	TRY(interim_transcript_hash(s->suite, s->context.confirmed_transcript_hash,
				    confirmation_tag, s->interim));
	s->interim_n = s->suite->nh;
	return arena_copy(&s->arena, confirmation_tag, &s->confirmation_tag);
}

uc_err group_state_close(struct group_state *s, const struct re_init *reinit)
{
	TRY(wire_encode_to(&s->arena, re_init_element, reinit, &s->reinit_encoded));
	TRY(wire_decode(s->reinit_encoded, &s->arena, re_init_element, &s->reinit));
	s->is_closed = true;
	return UC_OK;
}

/* --- extensions --- */

uc_err external_senders_of(const struct extension_list *l, struct arena *a,
			   struct external_sender_list *out)
{
	const struct extension *e = extension_find(l, EXTENSION_EXTERNAL_SENDERS);
	*out = (struct external_sender_list){ 0 };
	return e ? wire_decode(e->extension_data, a, external_sender_list_element, out) : UC_OK;
}

uc_err group_state_external_key(const struct group_state *s, uint32_t index, struct view *key)
{
	struct external_sender_list senders;
	struct arena scratch;
	arena_init(&scratch, GROUP_ARENA_MAX, ARENA_PLAIN);
	uc_err err = external_senders_of(&s->context.extensions, &scratch, &senders);
	if (!err && GROUND(SENDER_IS_THERE, index >= senders.n))
		err = UC_E_NOT_FOUND;
	if (!err)
		*key = senders.v[index].signature_key; /* borrows from the context */
	arena_done(&scratch);
	return err;
}

/* --- joining by GroupInfo --- */

uc_err leaf_suite_admit(const struct group_hooks *hooks, const struct suite *s,
			const struct leaf_node *leaf)
{
	return hooks && hooks->any_suites ? UC_OK : leaf_node_check_suite(s, leaf);
}

static uc_err leaf_check(const struct group_state *s, const struct group_hooks *hooks,
			 const struct requirements *required, const struct leaf_node *leaf)
{
	TRY(leaf_node_check(s->suite, leaf));
	TRY(leaf_suite_admit(hooks, s->suite, leaf));
	TRY(requirements_check(required, leaf));
	/* 7.3: each supports "all the credential types currently in use by other members". */
	for (unsigned type = CREDENTIAL_BASIC; type <= CREDENTIAL_X509; type++)
		if (BREAKS(CREDENTIALS_SUPPORTED,
			   tree_uses_credential(&s->tree, (uint16_t)type, TREE_NONE) &&
				   !u16_list_has(&leaf->capabilities.credentials, (uint16_t)type)))
			return UC_E_UNSUPPORTED;
	return UC_OK;
}

static uc_err leaves_check(struct group_state *s, const struct group_hooks *hooks,
			   struct arena *scratch)
{
	struct requirements required;
	struct group_view view = group_state_view(s);
	uint32_t at = 0, leaf;
	struct leaf_node node;
	TRY(draft_extensions_check(&s->context.extensions));
	TRY(requirements_of(&s->context.extensions, scratch, &required));
	TRY(external_senders_admit(hooks, s->suite, &s->context.extensions, NULL, scratch));
	while (tree_next_leaf(&s->tree, &at, &leaf, &node))
		TRY(leaf_check(s, hooks, &required, &node));
	TRY(leaves_verify(&s->tree, s->context.group_id, hooks ? hooks->parallel : NULL));
	for (at = 0; tree_next_leaf(&s->tree, &at, &leaf, &node);) {
		TRY(credential_admit(hooks, s->suite, &node.credential, node.signature_key, NULL));
		if (hooks && hooks->leaf)
			TRY(hooks->leaf(hooks->ctx, &view, &node, leaf, LEAF_JOINED_TREE));
	}
	return UC_OK;
}

static uc_err info_signature_check(const struct group_state *s, const struct group_info *info,
				   struct arena *scratch)
{
	struct view signer = tree_signature_key(&s->tree, info->signer);
	struct group_info copy = *info;
	struct view tbs;
	if (GROUND(INFO_SIGNER, !signer.n))
		return UC_E_SIGNATURE;
	TRY(wire_encode_to(scratch, group_info_tbs_element, &copy, &tbs));
	return verify_with_label(s->suite, signer, "GroupInfoTBS", tbs, info->signature);
}

uc_err group_state_import(struct group_state *s, const struct node_list *nodes)
{
	static const uint64_t none[2] = { 0, 0 };
	TRY(tree_import_under(&s->tree, s->suite, nodes, s->memory ? s->memory->hash_key : none));
	return tree_charge(&s->tree, s->memory);
}

static uc_err from_info(struct group_state *s, const struct group_info *info,
			const struct node_list *tree, const struct group_hooks *hooks,
			struct arena *scratch)
{
	if (BREAKS(INFO_VERSION, info->group_context.version != MLS10))
		return UC_E_VERSION;
	if (BREAKS(INFO_SUITE, info->group_context.cipher_suite != s->suite->id))
		return UC_E_SUITE;
	TRY(group_state_import(s, tree));
	TRY(group_state_set_context(s, &info->group_context));
	/* "Verify that the tree hash of the ratchet tree matches the tree_hash field." */
	if (BREAKS(TREE_HASH, !view_equal(s->context.tree_hash, info->group_context.tree_hash)))
		return UC_E_SIGNATURE;
	TRY_RULE(INFO_SIGNATURE, info_signature_check(s, info, scratch));
	TRY(components_check(&info->extensions));
	TRY_RULE(TREE_PARENT_HASHES, tree_check_parent_hashes(&s->tree));
	TRY(leaves_check(s, hooks, scratch));
	return group_state_confirm(s, info->confirmation_tag);
}

uc_err group_state_from_info(struct group_state *s, const struct group_info *info,
			     const struct node_list *tree, const struct group_hooks *hooks,
			     const struct env *env)
{
	(void)env; /* lifetimes of leaves already in a group are not ours to judge (7.3) */
	struct arena scratch;
	arena_init(&scratch, GROUP_ARENA_MAX, ARENA_PLAIN);
	uc_err err = from_info(s, info, tree, hooks, &scratch);
	arena_done(&scratch);
	if (err)
		group_state_done(s);
	return err;
}

/* --- at rest --- */

/* struct { uint16 version = 2; uint16 suite; opaque group_context<V>; opaque interim<V>;
 * opaque confirmation_tag<V>; optional<Node> ratchet_tree<V>; opaque reinit<V>; }, the last empty
 * unless the group is closed.  Version 1 ends before it: none was closed by a ReInit. */
enum { GROUP_STATE_VERSION = 2 };

uc_err group_state_save(const struct group_state *s, struct buf *out)
{
	struct wire w;
	uint16_t version = GROUP_STATE_VERSION, suite = s->suite->id;
	struct view context = s->encoded, interim = { s->interim, s->interim_n };
	struct view tag = s->confirmation_tag;
	wire_writer(&w, out);
	wire_u16(&w, &version);
	wire_u16(&w, &suite);
	wire_bytes(&w, &context);
	wire_bytes(&w, &interim);
	wire_bytes(&w, &tag);
	TRY(wire_finish(&w));
	TRY(tree_export(&s->tree, out));
	struct view reinit = s->reinit_encoded;
	wire_writer(&w, out);
	wire_bytes(&w, &reinit);
	return wire_finish(&w);
}

/* What there is beside the tree. */
struct saved_parts {
	struct view context, interim, tag, reinit;
};

static uc_err take_parts(struct group_state *s, const struct saved_parts *p, struct arena *scratch)
{
	if (p->interim.n > sizeof s->interim)
		return UC_E_CORRUPT;
	TRY(arena_copy(&s->arena, p->context, &s->encoded));
	TRY(wire_decode(s->encoded, &s->arena, group_context_element, &s->context));
	state_takes_context(s);
	TRY(arena_copy(&s->arena, p->tag, &s->confirmation_tag));
	if (p->interim.n)
		memcpy(s->interim, p->interim.p, p->interim.n);
	s->interim_n = p->interim.n;
	if (!p->reinit.n)
		return UC_OK;
	struct re_init r;
	TRY(wire_decode(p->reinit, scratch, re_init_element, &r));
	return group_state_close(s, &r);
}

static uc_err load(struct group_state *s, const struct crypto *crypto, struct view saved,
		   struct arena *scratch)
{
	struct wire w;
	uint16_t version = 0, suite = 0;
	struct saved_parts p = { .reinit = { NULL, 0 } };
	struct node_list nodes;
	wire_reader(&w, saved, scratch);
	wire_u16(&w, &version);
	if (!w.failed && (version == 0 || version > GROUP_STATE_VERSION))
		return UC_E_VERSION;
	wire_u16(&w, &suite);
	wire_bytes(&w, &p.context);
	wire_bytes(&w, &p.interim);
	wire_bytes(&w, &p.tag);
	wire_ratchet_tree(&w, &nodes);
	if (version > 1)
		wire_bytes(&w, &p.reinit);
	TRY(wire_finish(&w));
	const struct suite *found = crypto_suite(crypto, suite);
	if (!found)
		return UC_E_CORRUPT;
	group_state_init(s, found, s->memory);
	TRY(group_state_import(s, &nodes));
	TRY(take_parts(s, &p, scratch));
	uint8_t hash[HASH_MAX];
	TRY(tree_hash(&s->tree, hash));
	return view_equal(view_make(hash, found->nh), s->context.tree_hash) ? UC_OK : UC_E_CORRUPT;
}

uc_err group_state_load(struct group_state *s, const struct crypto *crypto, struct view saved)
{
	struct heap_account *memory = s->memory;
	struct arena scratch;
	arena_init(&scratch, GROUP_ARENA_MAX, ARENA_PLAIN);
	group_state_init(s, NULL, memory);
	uc_err err = load(s, crypto, saved, &scratch);
	arena_done(&scratch);
	if (err)
		group_state_done(s);
	return err;
}

/* --- as a change --- */

/* struct { bool same_extensions; opaque group_context<V>; opaque interim<V>;
 * opaque confirmation_tag<V>; opaque reinit<V>; opaque tree_delta<V>; }: the context has none where
 * they are the same. */
static void wire_state_change(struct wire *w, bool *same, struct saved_parts *p, struct view *tree)
{
	wire_bool(w, same);
	wire_bytes(w, &p->context);
	wire_bytes(w, &p->interim);
	wire_bytes(w, &p->tag);
	wire_bytes(w, &p->reinit);
	wire_bytes(w, tree);
}

static uc_err save_after(const struct group_state *s, const struct group_state *before,
			 struct buf *context, struct buf *tree, struct buf *out)
{
	struct wire w;
	struct group_context c = s->context;
	bool same = extensions_equal(&c.extensions, &before->context.extensions);
	if (same)
		c.extensions = (struct extension_list){ NULL, 0 };
	TRY(wire_encode(context, group_context_element, &c));
	TRY(tree_delta_make(&before->tree, &s->tree, tree));
	struct saved_parts p = { buf_view(context),
				 { s->interim, s->interim_n },
				 s->confirmation_tag,
				 s->reinit_encoded };
	struct view delta = buf_view(tree);
	wire_writer(&w, out);
	wire_state_change(&w, &same, &p, &delta);
	return wire_finish(&w);
}

uc_err group_state_save_after(const struct group_state *s, const struct group_state *before,
			      struct buf *out)
{
	struct buf context, tree;
	buf_init(&context, WIRE_OBJECT_MAX);
	buf_init(&tree, WIRE_OBJECT_MAX);
	uc_err err = save_after(s, before, &context, &tree, out);
	buf_done(&context);
	buf_done(&tree);
	return err;
}

static uc_err load_after(struct group_state *s, const struct group_state *before, struct view saved,
			 struct arena *scratch)
{
	struct wire w;
	bool same = false;
	struct saved_parts p = { .reinit = { NULL, 0 } };
	struct view delta = { NULL, 0 };
	wire_reader(&w, saved, scratch);
	wire_state_change(&w, &same, &p, &delta);
	TRY(wire_finish(&w));
	if (same) {
		struct group_context c;
		TRY(wire_decode(p.context, scratch, group_context_element, &c));
		c.extensions = before->context.extensions;
		TRY(wire_encode_to(scratch, group_context_element, &c, &p.context));
	}
	TRY(take_parts(s, &p, scratch));
	TRY(tree_delta_apply(&before->tree, delta, s->context.tree_hash, &s->tree));
	return tree_charge(&s->tree, s->memory);
}

uc_err group_state_load_after(struct group_state *s, const struct group_state *before,
			      struct view saved)
{
	struct arena scratch;
	arena_init(&scratch, GROUP_ARENA_MAX, ARENA_PLAIN);
	group_state_init(s, before->suite, s->memory);
	uc_err err = load_after(s, before, saved, &scratch);
	arena_done(&scratch);
	if (err)
		group_state_done(s);
	return err;
}
