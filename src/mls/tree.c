/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes, sharing, and the changes that proposals make. */
#include "mls/tree.h"

#include "mls/tree_node.h"

void tree_init(struct tree *t, const struct suite *s)
{
	*t = (struct tree){ .suite = s };
}

uc_err tree_pool_ready(struct tree *t)
{
	if (t->pool)
		return UC_OK;
	t->pool = tree_pool_new(TREE_BYTES_MAX);
	if (!t->pool)
		return UC_E_MEMORY;
	if (!t->memory)
		return UC_OK;
	memcpy(t->pool->key, t->memory->hash_key, sizeof t->pool->key);
	return tree_pool_charge(t->pool, t->memory);
}

const uint64_t *tree_hash_key(const struct tree *t)
{
	return t->pool->key;
}

uc_err tree_charge(struct tree *t, struct heap_account *memory)
{
	if (t->memory || !memory)
		return UC_OK;
	if (t->pool)
		TRY(tree_pool_charge(t->pool, memory));
	t->memory = memory;
	return UC_OK;
}

void tree_copy(const struct tree *t, struct tree *out)
{
	*out = *t;
	out->memory = NULL;
	if (out->root)
		out->root->refs++;
	if (out->pool)
		out->pool->refs++;
}

void tree_done(struct tree *t)
{
	struct heap_account *memory = t->memory;
	tree_node_drop(t, t->root);
	if (t->pool && memory)
		tree_pool_discharge(t->pool);
	tree_pool_drop(t->pool);
	tree_init(t, t->suite);
	t->memory = memory;
}

/* --- nodes --- */

static size_t node_bytes(const struct tree *t)
{
	return sizeof(struct tree_node) + t->suite->nh;
}

struct tree_node *tree_node_new(struct tree *t)
{
	struct tree_node *n = pool_take(t->pool, node_bytes(t));
	if (n) {
		n->refs = 1;
		n->is_bare = 1;
	}
	return n;
}

void tree_node_drop(struct tree *t, struct tree_node *n)
{
	if (!n || --n->refs)
		return;
	tree_node_drop(t, n->child[0]);
	tree_node_drop(t, n->child[1]);
	tree_content_drop(t->pool, n->content);
	tree_kind_drop(t->pool, n->support);
	pool_give(t->pool, n, node_bytes(t));
}

/* A node of this tree's own in *at: itself, or a copy when others hold it too.  Its hash is
 * forgotten. */
static struct tree_node *node_own(struct tree *t, struct tree_node **at)
{
	struct tree_node *n = *at;
	if (n->refs > 1) {
		struct tree_node *copy = tree_node_new(t);
		if (!copy)
			return NULL;
		memcpy(copy, n, node_bytes(t));
		copy->refs = 1;
		for (int side = 0; side < 2; side++)
			if (copy->child[side])
				copy->child[side]->refs++;
		if (copy->content)
			copy->content->refs++;
		tree_kind_share(copy->support);
		n->refs--;
		*at = n = copy;
	}
	n->is_hashed = 0;
	return n;
}

/* A node that stood for a blank subtree gets its two halves. */
static uc_err node_unfold(struct tree *t, struct tree_node *n)
{
	if (n->child[0])
		return UC_OK;
	struct tree_node *left = tree_node_new(t), *right = tree_node_new(t);
	if (!left || !right) {
		tree_node_drop(t, left);
		tree_node_drop(t, right);
		return pool_error(t->pool);
	}
	n->child[0] = left;
	n->child[1] = right;
	return UC_OK;
}

_Static_assert(CREDENTIAL_X509 < 4, "types of credentials are bits of a node");

static uc_err sum_leaf(struct tree *t, struct tree_node *n)
{
	struct leaf_node leaf;
	n->used = n->content != NULL;
	n->types = 0;
	n->is_bare = !n->content;
	tree_kind_drop(t->pool, n->support);
	n->support = NULL;
	if (!n->content)
		return UC_OK;
	tree_content_leaf(n->content, &leaf);
	n->types = 1u << (leaf.credential.credential_type & 3) & 15;
	n->support = tree_kind_share(n->content->leaf.kind->support);
	return UC_OK;
}

uc_err tree_node_sum(struct tree *t, struct tree_node *n)
{
	const struct tree_node *l = n->child[0], *r = n->child[1];
	struct tree_kind *support;
	if (!l)
		return sum_leaf(t, n);
	TRY(tree_kind_meet(t->pool, l->support, r->support, &support));
	tree_kind_drop(t->pool, n->support);
	n->support = support;
	n->used = (l->used + r->used) & 0x3ffffff;
	n->types = (l->types | r->types) & 15;
	n->is_bare = !n->content && l->is_bare && r->is_bare;
	return UC_OK;
}

/* --- changing --- */

/* Another content (NULL: blank) for node `to`, with everything from the root down made this tree's
 * own, and summed up. */
static uc_err put_below(struct tree *t, struct tree_node **slot, uint32_t at, uint32_t to,
			struct tree_content *c)
{
	struct tree_node *n = node_own(t, slot);
	if (!n)
		return pool_error(t->pool);
	if (!tree_is_leaf(at))
		TRY(node_unfold(t, n));
	if (at != to) {
		bool right = to > at;
		TRY(put_below(t, &n->child[right], right ? tree_right(at) : tree_left(at), to, c));
	} else {
		tree_content_drop(t->pool, n->content);
		n->content = c;
		if (c)
			c->refs++;
	}
	return tree_node_sum(t, n);
}

static uc_err put(struct tree *t, uint32_t node, struct tree_content *c)
{
	const struct tree_node *n = tree_node_find(t, node);
	if (!c && (!n || !n->content))
		return UC_OK;
	return put_below(t, &t->root, tree_root(t->leaves), node, c);
}

/* The content is the tree's, or dropped. */
static uc_err put_and_drop(struct tree *t, uint32_t node, struct tree_content *c)
{
	uc_err err = put(t, node, c);
	tree_content_drop(t->pool, c);
	return err;
}

/* A new blank root, with the tree to its left and a blank subtree to its right (7.7). */
static uc_err extend(struct tree *t)
{
	TRY(tree_pool_ready(t));
	if (t->leaves >= TREE_LEAVES_MAX)
		return UC_E_LIMIT;
	struct tree_node *root = tree_node_new(t);
	if (!root)
		return pool_error(t->pool);
	if (!t->leaves) {
		t->root = root;
		t->leaves = 1;
		return UC_OK;
	}
	uc_err err = node_unfold(t, root);
	if (err) {
		tree_node_drop(t, root);
		return err;
	}
	tree_node_drop(t, root->child[0]);
	root->child[0] = t->root;
	t->root = root;
	t->leaves *= 2;
	return tree_node_sum(t, root);
}

static void cut_half(struct tree *t)
{
	struct tree_node *old = t->root, *left = old->child[0];
	if (!left) { /* nothing is there at all */
		tree_done(t);
		return;
	}
	left->refs++;
	tree_node_drop(t, old);
	t->root = left;
	t->leaves /= 2;
}

void tree_cut(struct tree *t, uint32_t leaves)
{
	while (leaves && t->leaves > leaves)
		cut_half(t);
	if (!leaves)
		tree_done(t);
}

/* The right half goes while no leaf is in it (7.7). */
static void truncate_right(struct tree *t)
{
	if (!t->root->used) {
		tree_done(t);
		return;
	}
	while (t->leaves > 1 && !t->root->child[1]->used)
		cut_half(t);
}

uc_err tree_reserve(struct tree *t, uint32_t leaf)
{
	if (leaf >= TREE_LEAVES_MAX)
		return UC_E_LIMIT;
	while (leaf >= t->leaves)
		TRY(extend(t));
	return UC_OK;
}

uc_err tree_set_leaf_bytes(struct tree *t, uint32_t leaf, struct view bytes)
{
	struct tree_content *c = NULL;
	if (leaf >= t->leaves)
		return UC_E_ARGUMENT;
	TRY(tree_content_of_bytes(t->pool, tree_node_of_leaf(leaf), bytes, &c));
	return put_and_drop(t, tree_node_of_leaf(leaf), c);
}

uc_err tree_set_leaf(struct tree *t, uint32_t leaf, const struct leaf_node *node)
{
	struct buf bytes;
	if (leaf >= t->leaves)
		return UC_E_ARGUMENT;
	if (!node)
		return put(t, tree_node_of_leaf(leaf), NULL);
	buf_init(&bytes, WIRE_OBJECT_MAX);
	uc_err err = wire_encode(&bytes, leaf_node_element, node);
	if (!err)
		err = tree_set_leaf_bytes(t, leaf, buf_view(&bytes));
	buf_done(&bytes);
	return err;
}

uc_err tree_set_parent(struct tree *t, uint32_t node, const struct parent_node *parent)
{
	struct tree_content *c = NULL;
	if (!t->leaves || tree_is_leaf(node) || node >= tree_width(t->leaves))
		return UC_E_ARGUMENT;
	if (!parent)
		return put(t, node, NULL);
	TRY(tree_content_of_parent(t->pool, node, parent, &c));
	return put_and_drop(t, node, c);
}

uc_err tree_blank_path(struct tree *t, uint32_t leaf)
{
	if (leaf >= t->leaves)
		return UC_E_ARGUMENT;
	uint32_t node = tree_parent(tree_node_of_leaf(leaf), t->leaves);
	for (; node != TREE_NONE; node = tree_parent(node, t->leaves))
		TRY(put(t, node, NULL));
	return UC_OK;
}

/* The parent with `leaf` put in its place among the unmerged leaves. */
static uc_err add_unmerged(struct tree *t, uint32_t node, uint32_t leaf)
{
	const struct parent_node *p = tree_parent_find(t, node, PARENT_ROOM);
	if (!p)
		return UC_OK;
	size_t n = p->unmerged_leaves.n, i = 0, bytes = (n + 1) * sizeof(uint32_t);
	uint32_t *v = pool_take(t->pool, bytes);
	if (!v)
		return pool_error(t->pool);
	for (; i < n && p->unmerged_leaves.v[i] < leaf; i++)
		v[i] = p->unmerged_leaves.v[i];
	v[i] = leaf;
	for (; i < n; i++)
		v[i + 1] = p->unmerged_leaves.v[i];
	struct parent_node with = *p;
	with.unmerged_leaves = (struct u32_list){ v, n + 1 };
	uc_err err = tree_set_parent(t, node, &with);
	pool_give(t->pool, v, bytes);
	return err;
}

uc_err tree_add(struct tree *t, const struct leaf_node *leaf, uint32_t *index)
{
	uint32_t at = tree_next_free(t);
	TRY(tree_reserve(t, at));
	TRY(tree_set_leaf(t, at, leaf));
	uint32_t node = tree_parent(tree_node_of_leaf(at), t->leaves);
	for (; node != TREE_NONE; node = tree_parent(node, t->leaves))
		TRY(add_unmerged(t, node, at));
	*index = at;
	return UC_OK;
}

uc_err tree_update(struct tree *t, uint32_t leaf, const struct leaf_node *node)
{
	TRY(tree_set_leaf(t, leaf, node));
	return tree_blank_path(t, leaf);
}

uc_err tree_remove(struct tree *t, uint32_t leaf)
{
	if (!tree_has_leaf(t, leaf))
		return UC_E_NOT_FOUND;
	TRY(tree_set_leaf(t, leaf, NULL));
	TRY(tree_blank_path(t, leaf));
	truncate_right(t);
	return UC_OK;
}
