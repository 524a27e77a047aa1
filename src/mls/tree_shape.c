/* SPDX-License-Identifier: Apache-2.0 */
/* Resolutions and paths (RFC 9420, 4.1). */
#include "mls/tree.h"
#include "mls/tree_node.h"

/* Short lists are looked at whole: so the order of theirs does not matter. */
enum { SHORT_LIST = 16 };

bool tree_list_meets(const struct u32_list *sorted, uint32_t first, uint32_t last)
{
	size_t from = 0, to = sorted->n;
	while (to - from > SHORT_LIST) {
		size_t mid = from + (to - from) / 2;
		if (sorted->v[mid] < first)
			from = mid + 1;
		else
			to = mid + 1;
	}
	for (; from < to; from++)
		if (sorted->v[from] >= first && sorted->v[from] <= last)
			return true;
	return false;
}

bool tree_list_has(const struct u32_list *sorted, uint32_t leaf)
{
	return sorted && tree_list_meets(sorted, leaf, leaf);
}

/* Appends to a list with room for `cap`; the caller has counted. */
struct gathering {
	const struct u32_list *without;
	uint32_t *v; /* NULL: only count */
	size_t n;
};

static void gather(struct gathering *g, uint32_t node)
{
	if (tree_is_leaf(node) && tree_list_has(g->without, tree_leaf_of_node(node)))
		return;
	if (g->v)
		g->v[g->n] = node;
	g->n++;
}

static void resolve(const struct tree_node *n, uint32_t node, struct gathering *g)
{
	if (n->is_bare)
		return;
	if (n->content) {
		struct parent_node parent;
		gather(g, node);
		if (tree_is_leaf(node))
			return;
		tree_content_parent(n->content, &parent);
		for (size_t i = 0; i < parent.unmerged_leaves.n; i++)
			gather(g, tree_node_of_leaf(parent.unmerged_leaves.v[i]));
		return;
	}
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
		if (tree_node_find(t, other)->is_bare) /* its resolution is empty */
			continue;
		path->v[path->n++] = up;
		copath->v[copath->n++] = other;
	}
	return UC_OK;
}
