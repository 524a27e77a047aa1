/* SPDX-License-Identifier: Apache-2.0 */
/* Resolutions and paths (RFC 9420, 4.1). */
#include "mls/tree.h"
#include "mls/tree_node.h"

static bool list_has(const struct u32_list *l, uint32_t value)
{
	for (size_t i = 0; l && i < l->n; i++)
		if (l->v[i] == value)
			return true;
	return false;
}

/* Appends to a list with room for `cap`; the caller has counted. */
struct gathering {
	const struct u32_list *without;
	uint32_t *v; /* NULL: only count */
	size_t n;
};

static void gather(struct gathering *g, uint32_t node)
{
	if (tree_is_leaf(node) && list_has(g->without, tree_leaf_of_node(node)))
		return;
	if (g->v)
		g->v[g->n] = node;
	g->n++;
}

static void resolve(const struct tree_node *n, uint32_t node, struct gathering *g)
{
	if (n->content) {
		gather(g, node);
		if (tree_is_leaf(node))
			return;
		const struct u32_list *unmerged = &n->content->parent.unmerged_leaves;
		for (size_t i = 0; i < unmerged->n; i++)
			gather(g, tree_node_of_leaf(unmerged->v[i]));
		return;
	}
	if (tree_is_leaf(node))
		return;
	resolve(n->child[0], tree_left(node), g);
	resolve(n->child[1], tree_right(node), g);
}

uc_err tree_resolution(const struct tree *t, uint32_t node, const struct u32_list *without,
		       struct arena *a, struct u32_list *out)
{
	const struct tree_node *n = tree_node_find(t, node);
	if (!n)
		return UC_E_ARGUMENT;
	struct gathering g = { .without = without };
	resolve(n, node, &g);
	g.v = ARENA_ARRAY(a, uint32_t, g.n);
	if (!g.v)
		return arena_error(a);
	g.n = 0;
	resolve(n, node, &g);
	*out = (struct u32_list){ g.v, g.n };
	return UC_OK;
}

/* Is the resolution of the subtree empty? */
static bool resolves_to_nothing(const struct tree_node *n)
{
	if (n->content)
		return false;
	return !n->child[0] ||
	       (resolves_to_nothing(n->child[0]) && resolves_to_nothing(n->child[1]));
}

uc_err tree_filtered_path(const struct tree *t, uint32_t leaf, struct arena *a,
			  struct u32_list *path, struct u32_list *copath)
{
	if (leaf >= t->leaves)
		return UC_E_ARGUMENT;
	path->v = ARENA_ARRAY(a, uint32_t, 32);
	copath->v = ARENA_ARRAY(a, uint32_t, 32);
	path->n = copath->n = 0;
	if (!path->v || !copath->v)
		return arena_error(a);
	uint32_t node = tree_node_of_leaf(leaf);
	for (uint32_t up; (up = tree_parent(node, t->leaves)) != TREE_NONE; node = up) {
		uint32_t other = tree_sibling(node, t->leaves);
		if (resolves_to_nothing(tree_node_find(t, other)))
			continue;
		path->v[path->n++] = up;
		copath->v[copath->n++] = other;
	}
	return UC_OK;
}
