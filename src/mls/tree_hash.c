/* SPDX-License-Identifier: Apache-2.0 */
/* Tree hashes (RFC 9420, 7.8) and parent hashes (7.9). */
#include "mls/tree.h"
#include "mls/tree_node.h"

#define INPUT_MAX ((size_t)8 * 1024 * 1024)

struct leaf_node_hash_input {
	uint32_t leaf_index;
	struct leaf_node *leaf_node; /* NULL when blank */
};

static void wire_leaf_node_hash_input(struct wire *w, struct leaf_node_hash_input *l)
{
	wire_u32(w, &l->leaf_index);
	WIRE_OPTION(w, &l->leaf_node, leaf_node_element);
}

struct parent_node_hash_input {
	struct parent_node *parent_node; /* NULL when blank */
	struct view left_hash, right_hash;
};

static void wire_parent_node_hash_input(struct wire *w, struct parent_node_hash_input *p)
{
	WIRE_OPTION(w, &p->parent_node, parent_node_element);
	wire_bytes(w, &p->left_hash);
	wire_bytes(w, &p->right_hash);
}

struct tree_hash_input {
	uint8_t node_type;
	struct leaf_node_hash_input leaf_node;
	struct parent_node_hash_input parent_node;
};

static void wire_tree_hash_input(struct wire *w, struct tree_hash_input *t)
{
	wire_u8(w, &t->node_type);
	if (t->node_type == NODE_LEAF)
		wire_leaf_node_hash_input(w, &t->leaf_node);
	else
		wire_parent_node_hash_input(w, &t->parent_node);
}

/* Hashes what was written, if all of it was. */
static uc_err hash_written(const struct suite *s, struct wire *w, uint8_t *out)
{
	uc_err err = wire_finish(w);
	if (!err)
		err = suite_hash(s, buf_view(w->out), out);
	buf_done(w->out);
	return err;
}

static uc_err input_hash(const struct suite *s, struct tree_hash_input *t, uint8_t *out)
{
	struct buf b;
	struct wire w;
	buf_init(&b, INPUT_MAX);
	wire_writer(&w, &b);
	wire_tree_hash_input(&w, t);
	return hash_written(s, &w, out);
}

uc_err tree_hash_leaf(const struct suite *s, uint32_t leaf_index, const struct leaf_node *leaf,
		      uint8_t *out)
{
	struct leaf_node copy;
	struct tree_hash_input in = { .node_type = NODE_LEAF,
				      .leaf_node = { .leaf_index = leaf_index } };
	if (leaf) {
		copy = *leaf;
		in.leaf_node.leaf_node = &copy;
	}
	return input_hash(s, &in, out);
}

uc_err tree_hash_parent(const struct suite *s, const struct parent_node *parent,
			const uint8_t *left, const uint8_t *right, uint8_t *out)
{
	struct parent_node copy;
	struct tree_hash_input in = { .node_type = NODE_PARENT,
				      .parent_node = { .left_hash = { left, s->nh },
						       .right_hash = { right, s->nh } } };
	if (parent) {
		copy = *parent;
		in.parent_node.parent_node = &copy;
	}
	return input_hash(s, &in, out);
}

/* The hash is a cache: setting it does not change the tree. */
struct cache {
	union {
		const struct tree_node *shown;
		struct tree_node *kept;
	};
};

static uc_err node_hash(const struct suite *s, const struct tree_node *n, uint32_t node,
			uint8_t *out)
{
	if (n->is_hashed) {
		memcpy(out, n->hash, s->nh);
		return UC_OK;
	}
	if (tree_is_leaf(node)) {
		TRY(tree_hash_leaf(s, tree_leaf_of_node(node),
				   n->content ? &n->content->leaf : NULL, out));
	} else {
		uint8_t left[HASH_MAX], right[HASH_MAX];
		TRY(node_hash(s, n->child[0], tree_left(node), left));
		TRY(node_hash(s, n->child[1], tree_right(node), right));
		TRY(tree_hash_parent(s, n->content ? &n->content->parent : NULL, left, right, out));
	}
	struct cache c = { .shown = n };
	memcpy(c.kept->hash, out, s->nh);
	c.kept->is_hashed = true;
	return UC_OK;
}

uc_err tree_node_hash(const struct tree *t, uint32_t node, uint8_t *out)
{
	const struct tree_node *n = tree_node_find(t, node);
	return n ? node_hash(t->suite, n, node, out) : UC_E_ARGUMENT;
}

uc_err tree_hash(const struct tree *t, uint8_t *out)
{
	return t->root ? tree_node_hash(t, tree_root(t->leaves), out) : UC_E_ARGUMENT;
}

static bool any_below(const struct u32_list *leaves, uint32_t node)
{
	for (size_t i = 0; i < leaves->n; i++)
		if (tree_is_below(tree_node_of_leaf(leaves->v[i]), node))
			return true;
	return false;
}

static bool list_has(const struct u32_list *l, uint32_t value)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] == value)
			return true;
	return false;
}

/* unmerged_leaves without those in `without`; both sorted, so at most a shorter copy. */
static uc_err unmerged_without(struct arena *a, const struct u32_list *unmerged,
			       const struct u32_list *without, struct u32_list *out)
{
	out->n = 0;
	out->v = ARENA_ARRAY(a, uint32_t, unmerged->n);
	if (!out->v)
		return arena_error(a);
	for (size_t i = 0; i < unmerged->n; i++)
		if (!list_has(without, unmerged->v[i]))
			out->v[out->n++] = unmerged->v[i];
	return UC_OK;
}

static uc_err original_hash(const struct suite *s, const struct tree_node *n, uint32_t node,
			    const struct u32_list *without, struct arena *a, uint8_t *out)
{
	if (!any_below(without, node))
		return node_hash(s, n, node, out);
	if (tree_is_leaf(node))
		return tree_hash_leaf(s, tree_leaf_of_node(node), NULL, out);
	uint8_t left[HASH_MAX], right[HASH_MAX];
	TRY(original_hash(s, n->child[0], tree_left(node), without, a, left));
	TRY(original_hash(s, n->child[1], tree_right(node), without, a, right));
	if (!n->content)
		return tree_hash_parent(s, NULL, left, right, out);
	struct parent_node before = n->content->parent;
	TRY(unmerged_without(a, &n->content->parent.unmerged_leaves, without,
			     &before.unmerged_leaves));
	return tree_hash_parent(s, &before, left, right, out);
}

uc_err tree_original_hash(const struct tree *t, uint32_t node, const struct u32_list *without,
			  uint8_t *out)
{
	const struct tree_node *n = tree_node_find(t, node);
	struct arena scratch;
	arena_init(&scratch, INPUT_MAX, ARENA_PLAIN);
	uc_err err = n ? original_hash(t->suite, n, node, without, &scratch, out) : UC_E_ARGUMENT;
	arena_done(&scratch);
	return err;
}

static void wire_parent_hash_input(struct wire *w, struct parent_node *p,
				   struct view *original_sibling_tree_hash)
{
	wire_bytes(w, &p->encryption_key);
	wire_bytes(w, &p->parent_hash);
	wire_bytes(w, original_sibling_tree_hash);
}

uc_err tree_parent_hash(const struct tree *t, uint32_t node, uint32_t sibling, uint8_t *out)
{
	const struct parent_node *found = tree_parent_find(t, node, PARENT_ROOM);
	if (!found)
		return UC_E_ARGUMENT;
	uint8_t original[HASH_MAX];
	TRY(tree_original_hash(t, sibling, &found->unmerged_leaves, original));
	struct parent_node p = *found;
	struct view sibling_hash = { original, t->suite->nh };
	struct buf b;
	struct wire w;
	buf_init(&b, INPUT_MAX);
	wire_writer(&w, &b);
	wire_parent_hash_input(&w, &p, &sibling_hash);
	return hash_written(t->suite, &w, out);
}

/* The parent_hash that a leaf or parent carries; empty when it has none. */
static struct view carried_parent_hash(const struct tree *t, uint32_t node)
{
	if (!tree_is_leaf(node))
		return tree_parent_find(t, node, PARENT_ROOM)->parent_hash;
	const struct leaf_node *leaf = tree_leaf_find(t, tree_leaf_of_node(node), LEAF_ROOM);
	return leaf->leaf_node_source == LEAF_NODE_SOURCE_COMMIT ? leaf->parent_hash
								 : (struct view){ NULL, 0 };
}

/* 7.9.2: D (in the resolution of child C) carries P's hash, and the rest of that resolution is
 * exactly P's unmerged leaves under C. */
static bool chains_to(const struct tree *t, const struct parent_node *p, uint32_t child,
		      const struct u32_list *resolution, uint32_t d, struct view hash)
{
	if (!view_equal(carried_parent_hash(t, d), hash))
		return false;
	size_t unmerged = 0;
	for (size_t i = 0; i < p->unmerged_leaves.n; i++)
		unmerged += tree_is_below(tree_node_of_leaf(p->unmerged_leaves.v[i]), child);
	if (unmerged != resolution->n - 1)
		return false;
	for (size_t i = 0; i < resolution->n; i++)
		if (resolution->v[i] != d &&
		    !(tree_is_leaf(resolution->v[i]) &&
		      list_has(&p->unmerged_leaves, tree_leaf_of_node(resolution->v[i]))))
			return false;
	return true;
}

static uc_err is_chained(const struct tree *t, uint32_t node, struct arena *a, bool *good)
{
	const struct parent_node *p = tree_parent_find(t, node, PARENT_ROOM);
	uint32_t children[2] = { tree_left(node), tree_right(node) };
	*good = false;
	for (int side = 0; side < 2 && !*good; side++) {
		uint8_t hash[HASH_MAX];
		struct u32_list resolution;
		TRY(tree_parent_hash(t, node, children[!side], hash));
		TRY(tree_resolution(t, children[side], NULL, a, &resolution));
		for (size_t i = 0; i < resolution.n && !*good; i++)
			*good = chains_to(t, p, children[side], &resolution, resolution.v[i],
					  view_make(hash, t->suite->nh));
	}
	return UC_OK;
}

uc_err tree_check_parent_hashes(const struct tree *t)
{
	struct arena scratch;
	arena_init(&scratch, (size_t)64 * 1024 * 1024, ARENA_PLAIN);
	uc_err err = UC_OK;
	for (uint32_t node = 1; !err && t->leaves && node < tree_width(t->leaves); node += 2) {
		if (!tree_parent_find(t, node, PARENT_ROOM))
			continue;
		struct arena_mark mark = arena_mark(&scratch);
		bool good = false;
		err = is_chained(t, node, &scratch, &good);
		if (!err && !good)
			err = UC_E_SIGNATURE;
		arena_reset(&scratch, mark);
	}
	arena_done(&scratch);
	return err;
}
