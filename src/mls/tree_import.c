/* SPDX-License-Identifier: Apache-2.0 */
/* The ratchet_tree extension (RFC 9420, 12.4.3.3): in, with every rule about its form, and out. */
#include "crypto/alg.h"
#include "mls/rule.h"
#include "mls/tree.h"
#include "mls/tree_node.h"

static uc_err shape_check(const struct node_list *l)
{
	if (GROUND(TREE_SIZE, (l->n + 1) / 2 > TREE_LEAVES_MAX))
		return UC_E_LIMIT;
	/* "The ratchet_tree extension MUST NOT end in a blank node." */
	if (GROUND(TREE_LENGTH, !l->n || l->n % 2 == 0))
		return UC_E_MALFORMED;
	if (BREAKS(TREE_ENDS_WITH_A_NODE, !l->v[l->n - 1]))
		return UC_E_MALFORMED;
	for (size_t i = 0; i < l->n; i++)
		if (GROUND(TREE_NODE_TYPES,
			   l->v[i] && l->v[i]->node_type != (i % 2 ? NODE_PARENT : NODE_LEAF)))
			return UC_E_MALFORMED;
	return UC_OK;
}

static uc_err content_of(const struct tree *t, uint32_t node, const struct node *n,
			 struct tree_content **out)
{
	return n->node_type == NODE_LEAF
		       ? tree_content_of_leaf(t->pool, node, &n->leaf_node, out)
		       : tree_content_of_parent(t->pool, node, &n->parent_node, out);
}

/* The subtree of node `at`, bottom up; where nothing is, one node stands for all. */
static uc_err fill(struct tree *t, const struct node_list *l, uint32_t at, struct tree_node **out)
{
	struct tree_node *n = tree_node_new(t);
	uint32_t below = ((uint32_t)1 << tree_level(at)) - 1;
	if (!n)
		return pool_error(t->pool);
	*out = n; /* from now on the tree's, whatever happens */
	if (at - below >= l->n)
		return UC_OK;
	if (!tree_is_leaf(at)) {
		TRY(fill(t, l, tree_left(at), &n->child[0]));
		TRY(fill(t, l, tree_right(at), &n->child[1]));
	}
	if (at < l->n && l->v[at])
		TRY(content_of(t, at, l->v[at], &n->content));
	return tree_node_sum(t, n);
}

/* 12.4.3.1: an unmerged leaf is a non-blank leaf below, and every non-blank node between lists it
 * too. */
static uc_err unmerged_check(const struct tree *t, uint32_t node, const struct parent_node *p)
{
	for (size_t i = 0; i < p->unmerged_leaves.n; i++) {
		uint32_t leaf = p->unmerged_leaves.v[i];
		if (BREAKS(UNMERGED_SORTED, i && p->unmerged_leaves.v[i - 1] >= leaf))
			return UC_E_MALFORMED;
		if (GROUND(UNMERGED_BELOW,
			   leaf >= t->leaves || !tree_is_below(tree_node_of_leaf(leaf), node)))
			return UC_E_MALFORMED;
		if (BREAKS(UNMERGED_NOT_BLANK, !tree_has_leaf(t, leaf)))
			return UC_E_MALFORMED;
		uint32_t between = tree_parent(tree_node_of_leaf(leaf), t->leaves);
		for (; between != node; between = tree_parent(between, t->leaves)) {
			const struct parent_node *b = tree_parent_find(t, between, PARENT_ROOM);
			if (BREAKS(UNMERGED_BETWEEN,
				   b && !tree_list_has(&b->unmerged_leaves, leaf)))
				return UC_E_MALFORMED;
		}
	}
	return UC_OK;
}

static uc_err key_is_once(const struct tree *t, enum key_kind kind, uint32_t node, struct view key)
{
	uint32_t first = tree_key_find(t, kind, key);
	return !key.n || first == node ? UC_OK : UC_E_MALFORMED;
}

/* No key twice. */
static uc_err keys_check(const struct tree *t, const struct tree_node *n, uint32_t node)
{
	if (n->is_bare)
		return UC_OK;
	if (n->child[0]) {
		TRY(keys_check(t, n->child[0], tree_left(node)));
		TRY(keys_check(t, n->child[1], tree_right(node)));
	}
	if (!n->content)
		return UC_OK;
	TRY_RULE(TREE_ENCRYPTION_KEYS,
		 key_is_once(t, KEY_ENCRYPTION, node, tree_content_key(n->content)));
	if (tree_is_leaf(node))
		TRY_RULE(TREE_SIGNATURE_KEYS, key_is_once(t, KEY_SIGNATURE, node,
							  tree_content_signature_key(n->content)));
	return UC_OK;
}

static uc_err import(struct tree *t, const struct node_list *nodes)
{
	TRY(shape_check(nodes));
	uint32_t leaves = 1;
	while (leaves < (nodes->n + 1) / 2)
		leaves *= 2;
	TRY(fill(t, nodes, tree_root(leaves), &t->root));
	t->leaves = leaves;
	for (uint32_t node = 1; node < tree_width(t->leaves); node += 2) {
		const struct parent_node *p = tree_parent_find(t, node, PARENT_ROOM);
		if (p)
			TRY(unmerged_check(t, node, p));
	}
	return keys_check(t, t->root, tree_root(t->leaves));
}

uc_err tree_import_under(struct tree *t, const struct suite *s, const struct node_list *nodes,
			 const uint64_t hash_key[2])
{
	struct tree fresh;
	tree_init(&fresh, s);
	uc_err err = tree_pool_ready(&fresh);
	if (!err) {
		memcpy(fresh.pool->key, hash_key, sizeof fresh.pool->key);
		err = import(&fresh, nodes);
	}
	if (err)
		tree_done(&fresh);
	else
		*t = fresh;
	return err;
}

uc_err tree_import(struct tree *t, const struct suite *s, const struct node_list *nodes)
{
	static const uint64_t none[2] = { 0, 0 };
	return tree_import_under(t, s, nodes, none);
}

static void export_node(struct wire *w, const struct tree_node *n)
{
	struct parent_node parent;
	bool present = n->content != NULL;
	uint8_t type = n->child[0] ? NODE_PARENT : NODE_LEAF;
	wire_bool(w, &present);
	if (!present)
		return;
	wire_u8(w, &type);
	if (type == NODE_LEAF) {
		buf_add_view(w->out, tree_content_raw(n->content));
	} else {
		tree_content_parent(n->content, &parent);
		wire_parent_node(w, &parent);
	}
}

/* In order, the nodes of the subtree up to and with number `last`. */
static void export_below(struct wire *w, const struct tree_node *n, uint32_t node, uint32_t last)
{
	uint32_t below = ((uint32_t)1 << tree_level(node)) - 1;
	if (node - below > last)
		return;
	if (!n->child[0] && !n->content) {
		bool present = false;
		for (uint32_t i = node - below; i <= node + below && i <= last; i++)
			wire_bool(w, &present);
		return;
	}
	if (n->child[0])
		export_below(w, n->child[0], tree_left(node), last);
	if (node <= last)
		export_node(w, n);
	if (n->child[1])
		export_below(w, n->child[1], tree_right(node), last);
}

/* The last node that is not blank; the subtree holds one. */
static uint32_t last_below(const struct tree_node *n, uint32_t node)
{
	if (n->child[1] && !n->child[1]->is_bare)
		return last_below(n->child[1], tree_right(node));
	return n->content ? node : last_below(n->child[0], tree_left(node));
}

/* Of most trees the length has four bytes: then nothing moves. */
enum { LONG_LENGTH = 4 };

/* As opaque<V>, with what was written from `start` on behind a place for the length. */
static uc_err put_length(struct buf *out, size_t start)
{
	size_t n = out->n - start - LONG_LENGTH;
	if (out->failed)
		return out->failed;
	if (n >= (size_t)1 << 30)
		return UC_E_TOO_LARGE;
	uint8_t length[VARINT_MAX];
	size_t width = varint_put(length, n);
	memmove(out->p + start + width, out->p + start + LONG_LENGTH, n);
	memcpy(out->p + start, length, width);
	out->n = start + width + n;
	return UC_OK;
}

uc_err tree_export(const struct tree *t, struct buf *out)
{
	static const uint8_t room[LONG_LENGTH];
	struct wire w;
	size_t start = out->n;
	wire_writer(&w, out);
	buf_add(out, room, sizeof room);
	if (t->root && !t->root->is_bare) {
		uint32_t root = tree_root(t->leaves);
		export_below(&w, t->root, root, last_below(t->root, root));
	}
	TRY(wire_finish(&w));
	return put_length(out, start);
}
