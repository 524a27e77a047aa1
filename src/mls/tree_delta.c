/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/tree_delta.h"

#include "mls/tree_node.h"

#define SCRATCH_MAX ((size_t)256 * 1024 * 1024)

/* --- the nodes that differ --- */

struct walking {
	const struct tree *before, *after;
	tree_change *each;
	void *ctx;
	bool lists_blanks; /* leaves that are new and blank, too */
	struct buf was, is;
};

/* Empty for a blank. */
static uc_err node_bytes(const struct tree *t, uint32_t node, struct buf *out)
{
	struct wire w;
	uint8_t type = tree_is_leaf(node) ? NODE_LEAF : NODE_PARENT;
	const struct leaf_node *leaf;
	const struct parent_node *parent;
	buf_reset(out);
	wire_writer(&w, out);
	if (tree_is_leaf(node)) {
		leaf = tree_leaf_find(t, tree_leaf_of_node(node), LEAF_ROOM);
		if (!leaf)
			return UC_OK;
		wire_u8(&w, &type);
		buf_add_view(out, leaf->raw);
	} else {
		parent = tree_parent_find(t, node, PARENT_ROOM);
		if (!parent)
			return UC_OK;
		struct parent_node copy = *parent;
		wire_u8(&w, &type);
		wire_parent_node(&w, &copy);
	}
	return wire_finish(&w);
}

/* Contents are shared, too; what was loaded twice is compared by its bytes. */
static uc_err compare(struct walking *w, const struct tree_node *was, const struct tree_node *is,
		      uint32_t node)
{
	const struct view blank = { NULL, 0 };
	bool had = was && was->content, has = is && is->content;
	if (!had && !has)
		return w->lists_blanks && !was && tree_is_leaf(node) ? w->each(w->ctx, node, blank)
								     : UC_OK;
	if (!has)
		return w->each(w->ctx, node, blank);
	if (had && was->content == is->content)
		return UC_OK;
	TRY(node_bytes(w->after, node, &w->is));
	if (had)
		TRY(node_bytes(w->before, node, &w->was));
	if (had && view_equal(buf_view(&w->was), buf_view(&w->is)))
		return UC_OK;
	return w->each(w->ctx, node, buf_view(&w->is));
}

static const struct tree_node *child(const struct tree_node *n, int side)
{
	return n ? n->child[side] : NULL;
}

/* was, is: the node of this number in each, NULL where the tree does not reach. */
static uc_err walk(struct walking *w, const struct tree_node *was, const struct tree_node *is,
		   uint32_t node)
{
	/* The smaller tree is a subtree of the larger one, numbered alike. */
	if (w->before->leaves && node == tree_root(w->before->leaves))
		was = w->before->root;
	if (w->after->leaves && node == tree_root(w->after->leaves))
		is = w->after->root;
	if (was && was == is)
		return UC_OK;
	if (!tree_is_leaf(node))
		TRY(walk(w, child(was, 0), child(is, 0), tree_left(node)));
	TRY(compare(w, was, is, node));
	if (!tree_is_leaf(node))
		TRY(walk(w, child(was, 1), child(is, 1), tree_right(node)));
	return UC_OK;
}

static uc_err changes(const struct tree *before, const struct tree *after, bool lists_blanks,
		      tree_change *each, void *ctx)
{
	struct walking w = { before, after, each, ctx, .lists_blanks = lists_blanks };
	uint32_t leaves = before->leaves > after->leaves ? before->leaves : after->leaves;
	if (!leaves)
		return UC_OK;
	buf_init(&w.was, WIRE_OBJECT_MAX);
	buf_init(&w.is, WIRE_OBJECT_MAX);
	uc_err err = walk(&w, NULL, NULL, tree_root(leaves));
	buf_done(&w.was);
	buf_done(&w.is);
	return err;
}

uc_err tree_changes(const struct tree *before, const struct tree *after, tree_change *each,
		    void *ctx)
{
	return changes(before, after, false, each, ctx);
}

/* --- out --- */

struct listing {
	uint32_t leaves;
	size_t n;
	struct buf changes;
};

static uc_err list_change(void *ctx, uint32_t node, struct view bytes)
{
	struct listing *l = ctx;
	struct wire w;
	bool is_there = bytes.n != 0;
	if (node >= (l->leaves ? tree_width(l->leaves) : 0))
		return UC_OK; /* the width says so */
	l->n++;
	wire_writer(&w, &l->changes);
	wire_u32(&w, &node);
	wire_bool(&w, &is_there);
	buf_add_view(&l->changes, bytes);
	return wire_finish(&w);
}

/* Do so many leaves follow from what was there and n changes? */
static bool is_explained(uint32_t before, size_t n, uint32_t after)
{
	return after <= before || after / 2 <= before + (uint64_t)n;
}

static uc_err make(const struct tree *before, const struct tree *after, struct listing *l,
		   struct buf *out)
{
	struct wire w;
	TRY(changes(before, after, false, list_change, l));
	if (!is_explained(before->leaves, l->n, after->leaves)) {
		buf_reset(&l->changes);
		TRY(changes(before, after, true, list_change, l));
	}
	struct view all = buf_view(&l->changes);
	wire_writer(&w, out);
	wire_u32(&w, &l->leaves);
	wire_bytes(&w, &all);
	return wire_finish(&w);
}

uc_err tree_delta_make(const struct tree *before, const struct tree *after, struct buf *out)
{
	struct listing l = { .leaves = after->leaves };
	buf_init(&l.changes, WIRE_OBJECT_MAX);
	uc_err err = make(before, after, &l, out);
	buf_done(&l.changes);
	return err;
}

/* --- in --- */

struct change {
	uint32_t index;
	struct node *node; /* NULL: blank now */
};
struct change_list {
	struct change *v;
	size_t n;
};
struct tree_delta {
	uint32_t leaves;
	struct change_list changes;
};

WIRE_ELEMENT(node)

static void wire_change(struct wire *w, struct change *c)
{
	wire_u32(w, &c->index);
	WIRE_OPTION(w, &c->node, node_element);
}
WIRE_ELEMENT(change)

static void wire_tree_delta(struct wire *w, struct tree_delta *d)
{
	wire_u32(w, &d->leaves);
	WIRE_LIST(w, &d->changes, change_element);
}
WIRE_ELEMENT(tree_delta)

static uc_err form_check(const struct tree *before, const struct tree_delta *d)
{
	const struct change_list *l = &d->changes;
	if (d->leaves & (d->leaves - 1) || d->leaves > TREE_LEAVES_MAX ||
	    !is_explained(before->leaves, l->n, d->leaves))
		return UC_E_CORRUPT;
	uint32_t width = d->leaves ? tree_width(d->leaves) : 0;
	for (size_t i = 0; i < l->n; i++) {
		const struct change *c = &l->v[i];
		if (c->index >= width || (i && c->index <= l->v[i - 1].index))
			return UC_E_CORRUPT;
		if (c->node &&
		    c->node->node_type != (tree_is_leaf(c->index) ? NODE_LEAF : NODE_PARENT))
			return UC_E_CORRUPT;
	}
	return UC_OK;
}

static uc_err change_apply(struct tree *t, const struct change *c)
{
	if (!tree_is_leaf(c->index))
		return tree_set_parent(t, c->index, c->node ? &c->node->parent_node : NULL);
	uint32_t leaf = tree_leaf_of_node(c->index);
	return c->node ? tree_set_leaf_bytes(t, leaf, c->node->leaf_node.raw)
		       : tree_set_leaf(t, leaf, NULL);
}

/* Unmerged leaves are sorted, below, and there: what the engine takes for granted. */
static uc_err unmerged_check(const struct tree *t, uint32_t node)
{
	const struct parent_node *p = tree_parent_find(t, node, PARENT_ROOM);
	for (size_t i = 0; p && i < p->unmerged_leaves.n; i++) {
		uint32_t leaf = p->unmerged_leaves.v[i];
		if ((i && p->unmerged_leaves.v[i - 1] >= leaf) || leaf >= t->leaves ||
		    !tree_is_below(tree_node_of_leaf(leaf), node) || !tree_has_leaf(t, leaf))
			return UC_E_CORRUPT;
	}
	return UC_OK;
}

/* The changes l[0..n) lie below `node` (or are it). */
static uc_err paths_check(const struct tree *t, uint32_t node, const struct change *l, size_t n)
{
	size_t below = 0;
	if (!n || tree_is_leaf(node))
		return UC_OK;
	TRY(unmerged_check(t, node));
	while (below < n && l[below].index < node)
		below++;
	TRY(paths_check(t, tree_left(node), l, below));
	below += below < n && l[below].index == node;
	return paths_check(t, tree_right(node), l + below, n - below);
}

static uc_err apply(struct tree *t, const struct tree_delta *d, struct view expected)
{
	uint8_t hash[HASH_MAX];
	TRY(form_check(t, d));
	tree_cut(t, d->leaves);
	if (d->leaves)
		TRY(tree_reserve(t, d->leaves - 1));
	for (size_t i = 0; i < d->changes.n; i++)
		TRY(change_apply(t, &d->changes.v[i]));
	if (!d->leaves)
		return expected.n ? UC_E_CORRUPT : UC_OK;
	TRY(paths_check(t, tree_root(t->leaves), d->changes.v, d->changes.n));
	TRY(tree_hash(t, hash));
	return view_equal(view_make(hash, t->suite->nh), expected) ? UC_OK : UC_E_CORRUPT;
}

static uc_err read_and_apply(struct tree *t, struct view delta, struct view expected,
			     struct arena *a)
{
	struct tree_delta d;
	TRY(wire_decode(delta, a, tree_delta_element, &d));
	return apply(t, &d, expected);
}

uc_err tree_delta_apply(const struct tree *before, struct view delta, struct view tree_hash,
			struct tree *after)
{
	struct arena scratch;
	struct tree t;
	tree_copy(before, &t);
	arena_init(&scratch, SCRATCH_MAX, ARENA_PLAIN);
	uc_err err = read_and_apply(&t, delta, tree_hash, &scratch);
	arena_done(&scratch);
	if (!err) {
		*after = t;
		return UC_OK;
	}
	tree_done(&t);
	return err == UC_E_MEMORY || err == UC_E_LIMIT ? err : UC_E_CORRUPT;
}
