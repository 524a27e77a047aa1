/* SPDX-License-Identifier: Apache-2.0 */
/* The engine beside the model. */
#include "tests/model/slow_epoch.h"

#include "mls/group_inside.h"

static bool same_list(const struct u32_list *a, const struct u32_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i] != b->v[i])
			return false;
	return true;
}

static const char *same_shape(const struct slow_epoch *e, const struct tree *t, struct arena *a)
{
	static const struct u32_list nobody = { NULL, 0 };
	for (uint32_t node = 0; node < 2 * e->tree.leaves - 1; node++) {
		struct u32_list fast, slow = slow_resolution(&e->tree, node);
		if (tree_resolution(t, node, &nobody, a, &fast) || !same_list(&fast, &slow))
			return "a resolution is another";
	}
	for (uint32_t leaf = 0; leaf < e->tree.leaves; leaf++) {
		struct u32_list path, copath, slow_path, slow_copath;
		slow_filtered(&e->tree, leaf, &slow_path, &slow_copath);
		if (tree_filtered_path(t, leaf, a, &path, &copath) ||
		    !same_list(&path, &slow_path) || !same_list(&copath, &slow_copath))
			return "a filtered direct path is another";
	}
	return NULL;
}

static const char *same_members(const struct slow_epoch *e, const struct tree *t)
{
	uint32_t at = 0, leaf, n = 0;
	struct leaf_node node;
	while (tree_next_leaf(t, &at, &leaf, &node)) {
		const struct slow_node *slow = slow_leaf(&e->tree, leaf);
		n++;
		if (!slow || !view_equal(slow->leaf, node.raw))
			return "a leaf is another";
		if (tree_leaf_by_signature_key(t, node.signature_key) != leaf)
			return "a leaf is not found by its signature key";
		if (!tree_has_encryption_key(t, slow->key))
			return "a leaf's encryption key is not found";
	}
	for (uint32_t i = 1; i < 2 * e->tree.leaves - 1; i += 2)
		if (e->tree.v[i].is_there && !tree_has_encryption_key(t, e->tree.v[i].key))
			return "a parent's encryption key is not found";
	if (tree_has_encryption_key(t, VIEW_LIT("none of all these keys")))
		return "a key is found that is not there";
	if (n != slow_count(&e->tree) || n != tree_member_count(t))
		return "the number of members is another";
	uint32_t room = 0;
	while (slow_leaf(&e->tree, room))
		room++;
	return tree_next_free(t) == room ? NULL : "the next free leaf is another";
}

static const char *compare_public(const struct slow_epoch *e, const struct group_view *v,
				  struct arena *a)
{
	struct view context, tree = { NULL, 0 };
	uint8_t hash[HASH_MAX];
	struct buf b;
	if (wire_encode_to(a, group_context_element, v->context, &context) ||
	    !view_equal(context, e->context))
		return "the GroupContext is another";
	buf_init(&b, WIRE_OBJECT_MAX);
	model_must(!tree_export(v->tree, &b) && !arena_copy(a, buf_view(&b), &tree));
	buf_done(&b);
	if (!view_equal(tree, slow_write(&e->tree)))
		return "the tree is another";
	if (tree_hash(v->tree, hash) ||
	    !view_equal(view_make(hash, e->suite->nh), slow_hash(&e->tree)))
		return "the tree hash is another";
	if (!slow_parent_hashes_hold(&e->tree) || tree_check_parent_hashes(v->tree))
		return "a parent node is not vouched for";
	if (!slow_is_sound(&e->tree))
		return "unmerged leaves or keys are not as they should be";
	const char *wrong = same_members(e, v->tree);
	return wrong ? wrong : same_shape(e, v->tree, a);
}

/* A member holds the private key of its leaf and of each node above it that is there and does not
 * list it as unmerged, and no others (4.2). */
static const char *right_keys(const struct slow_epoch *e, const struct epoch *own)
{
	uint32_t leaf = own->own_leaf;
	size_t want = 0;
	if (!slow_leaf(&e->tree, leaf))
		return "its own leaf is blank";
	for (uint32_t size = 1; size <= e->tree.leaves; size *= 2) {
		uint32_t node = 2 * (leaf / size * size) + size - 1;
		const struct slow_node *n = &e->tree.v[node];
		bool unmerged = false;
		for (size_t i = 0; i < n->unmerged.n; i++)
			unmerged |= n->unmerged.v[i] == leaf;
		if (!n->is_there || unmerged)
			continue;
		want++;
		const struct kem_key *k = tree_secret_find(&own->keys, node);
		if (!k || !view_equal(kem_public(k), n->key))
			return "a private key above its leaf is missing";
	}
	return own->keys.n == want ? NULL : "it has private keys of nodes that are not its own";
}

static const char *same_secrets(const struct slow_epoch *e, const struct epoch_secrets *s)
{
	const struct secret *have[SLOW_SECRETS] = {
		&s->sender_data_secret, NULL,
		&s->exporter_secret,    &s->external_secret,
		&s->confirmation_key,   &s->membership_key,
		&s->resumption_psk,     &s->epoch_authenticator,
		&s->init_secret,        NULL,
	};
	for (int i = 0; i < SLOW_SECRETS; i++)
		if (have[i] && !secret_equal(have[i], &e->secret[i]))
			return "a secret of the epoch is another";
	return NULL;
}

static const char *compare(const struct slow_epoch *e, const struct group *g, struct arena *a)
{
	const struct group_view v = group_now(g);
	const struct group_state *s = &g->now->state;
	const char *wrong = compare_public(e, &v, a);
	if (!wrong)
		wrong = same_secrets(e, &g->now->secrets);
	if (!wrong)
		wrong = right_keys(e, g->now);
	if (wrong)
		return wrong;
	if (!view_equal(s->confirmation_tag, e->confirmation_tag))
		return "the confirmation_tag is another";
	if (!view_equal(view_make(s->interim, s->interim_n), e->interim))
		return "the interim transcript hash is another";
	if (!view_equal(s->encoded, e->context))
		return "the kept GroupContext is another";
	return s->is_closed == e->is_closed ? NULL : "closed for one, open for the other";
}

const char *slow_compare(const struct slow_epoch *e, const struct group *g)
{
	struct arena_mark mark = arena_mark(e->arena);
	const char *wrong = g->now && !g->is_removed ? compare(e, g, e->arena) : "no member";
	arena_reset(e->arena, mark);
	return wrong;
}

const char *slow_compare_public(const struct slow_epoch *e, const struct group_view *v)
{
	struct arena_mark mark = arena_mark(e->arena);
	const char *wrong = compare_public(e, v, e->arena);
	arena_reset(e->arena, mark);
	return wrong;
}
