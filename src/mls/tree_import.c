/* SPDX-License-Identifier: Apache-2.0 */
/* The ratchet_tree extension (RFC 9420, 12.4.3.3): in, with every rule about its form, and out. */
#include "mls/rule.h"
#include "mls/tree.h"
#include "mls/tree_node.h"

#include "base/map.h"

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

static uc_err fill(struct tree *t, const struct node_list *l)
{
	TRY(tree_reserve(t, (uint32_t)(l->n / 2)));
	for (uint32_t i = 0; i < l->n; i++) {
		if (!l->v[i])
			continue;
		if (i % 2)
			TRY(tree_set_parent(t, i, &l->v[i]->parent_node));
		else
			TRY(tree_set_leaf_bytes(t, i / 2, l->v[i]->leaf_node.raw));
	}
	return UC_OK;
}

static bool lists_leaf(const struct parent_node *p, uint32_t leaf)
{
	for (size_t i = 0; i < p->unmerged_leaves.n; i++)
		if (p->unmerged_leaves.v[i] == leaf)
			return true;
	return false;
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
		if (BREAKS(UNMERGED_NOT_BLANK, !tree_leaf_find(t, leaf, LEAF_ROOM)))
			return UC_E_MALFORMED;
		uint32_t between = tree_parent(tree_node_of_leaf(leaf), t->leaves);
		for (; between != node; between = tree_parent(between, t->leaves)) {
			const struct parent_node *b = tree_parent_find(t, between, PARENT_ROOM);
			if (BREAKS(UNMERGED_BETWEEN, b && !lists_leaf(b, leaf)))
				return UC_E_MALFORMED;
		}
	}
	return UC_OK;
}

static uc_err put_once(struct map *m, struct view key)
{
	static char present;
	if (map_find(m, key))
		return UC_E_MALFORMED;
	return map_put(m, key, &present);
}

/* The map's hash need not be secret here: it lives for one call, and its worst case is bounded by
 * the tree's own size.  Its key comes from the tree, so that no environment is needed. */
static uc_err no_randomness(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 0x5a, n);
	return UC_OK;
}

static uc_err keys_check(const struct tree *t, struct map *encryption, struct map *signature)
{
	for (uint32_t node = 0; node < tree_width(t->leaves); node++) {
		struct view key = tree_node_key(t, node);
		if (!key.n)
			continue;
		TRY_RULE(TREE_ENCRYPTION_KEYS, put_once(encryption, key));
		if (tree_is_leaf(node))
			TRY_RULE(TREE_SIGNATURE_KEYS,
				 put_once(signature,
					  tree_leaf_find(t, tree_leaf_of_node(node), LEAF_ROOM)
						  ->signature_key));
	}
	return UC_OK;
}

static uc_err keys_unique(const struct tree *t)
{
	const struct env env = { .random = no_randomness };
	struct map encryption, signature;
	TRY(map_init(&encryption, &env));
	TRY(map_init(&signature, &env));
	uc_err err = keys_check(t, &encryption, &signature);
	map_done(&encryption);
	map_done(&signature);
	return err;
}

static uc_err import(struct tree *t, const struct node_list *nodes)
{
	TRY(shape_check(nodes));
	TRY(fill(t, nodes));
	for (uint32_t node = 1; node < tree_width(t->leaves); node += 2) {
		const struct parent_node *p = tree_parent_find(t, node, PARENT_ROOM);
		if (p)
			TRY(unmerged_check(t, node, p));
	}
	return keys_unique(t);
}

uc_err tree_import(struct tree *t, const struct suite *s, const struct node_list *nodes)
{
	struct tree fresh;
	tree_init(&fresh, s);
	uc_err err = import(&fresh, nodes);
	if (err)
		tree_done(&fresh);
	else
		*t = fresh;
	return err;
}

static void export_node(struct wire *w, const struct tree_node *n)
{
	struct tree_content *content = n->content;
	bool present = content != NULL;
	uint8_t type = n->child[0] ? NODE_PARENT : NODE_LEAF;
	wire_bool(w, &present);
	if (!content)
		return;
	wire_u8(w, &type);
	if (type == NODE_LEAF)
		buf_add_view(w->out, content->leaf.raw);
	else
		wire_parent_node(w, &content->parent);
}

/* In order, up to *left nodes. */
static void export_below(struct wire *w, const struct tree_node *n, uint32_t *left)
{
	if (n->child[0])
		export_below(w, n->child[0], left);
	if (!*left)
		return;
	--*left;
	export_node(w, n);
	if (n->child[1] && *left)
		export_below(w, n->child[1], left);
}

uc_err tree_export(const struct tree *t, struct buf *out)
{
	struct buf nodes;
	struct wire w;
	buf_init(&nodes, WIRE_OBJECT_MAX);
	wire_writer(&w, &nodes);
	uint32_t end = t->leaves ? tree_width(t->leaves) : 0;
	while (end && !tree_node_find(t, end - 1)->content)
		end--;
	if (end)
		export_below(&w, t->root, &end);
	uc_err err = wire_finish(&w);
	struct view all = buf_view(&nodes);
	if (!err)
		err = wire_encode(out, bytes_element, &all);
	buf_done(&nodes);
	return err;
}
