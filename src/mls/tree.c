/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes, sharing, and the changes that proposals make. */
#include "mls/tree.h"

#include "base/heap.h"
#include "mls/tree_node.h"

#include <assert.h>

/* One leaf with its credential and extensions; a parent with its unmerged leaves. */
#define CONTENT_MAX ((size_t)8 * 1024 * 1024)

void tree_init(struct tree *t, const struct suite *s)
{
	*t = (struct tree){ .suite = s };
}

/* --- contents --- */

static uc_err content_fill_leaf(struct tree_content *c, const struct leaf_node *leaf,
				struct view bytes)
{
	struct view raw;
	if (leaf)
		TRY(wire_encode_to(&c->arena, leaf_node_element, leaf, &raw));
	else
		TRY(arena_copy(&c->arena, bytes, &raw));
	return wire_decode(raw, &c->arena, leaf_node_element, &c->leaf);
}

static uc_err content_fill_parent(struct tree_content *c, const struct parent_node *p)
{
	const struct u32_list *l = &p->unmerged_leaves;
	TRY(arena_copy(&c->arena, p->encryption_key, &c->parent.encryption_key));
	TRY(arena_copy(&c->arena, p->parent_hash, &c->parent.parent_hash));
	if (!l->n)
		return UC_OK;
	c->parent.unmerged_leaves.v = ARENA_ARRAY(&c->arena, uint32_t, l->n);
	if (!c->parent.unmerged_leaves.v)
		return UC_E_LIMIT;
	memcpy(c->parent.unmerged_leaves.v, l->v, l->n * sizeof *l->v);
	c->parent.unmerged_leaves.n = l->n;
	return UC_OK;
}

static struct tree_content *content_new(void)
{
	struct tree_content *c = HEAP_NEW(struct tree_content);
	if (c) {
		c->refs = 1;
		arena_init(&c->arena, CONTENT_MAX, ARENA_PLAIN);
	}
	return c;
}

void tree_content_drop(struct tree_content *c)
{
	if (!c || --c->refs)
		return;
	arena_done(&c->arena);
	heap_free(c);
}

/* From a leaf, or from its bytes. */
static uc_err content_of_leaf(const struct leaf_node *leaf, struct view bytes,
			      struct tree_content **out)
{
	struct tree_content *c = content_new();
	uc_err err = c ? content_fill_leaf(c, leaf, bytes) : UC_E_MEMORY;
	if (err)
		tree_content_drop(c);
	else
		*out = c;
	return err;
}

uc_err tree_content_of_parent(const struct parent_node *p, struct tree_content **out)
{
	struct tree_content *c = content_new();
	uc_err err = c ? content_fill_parent(c, p) : UC_E_MEMORY;
	if (err)
		tree_content_drop(c);
	else
		*out = c;
	return err;
}

/* --- nodes --- */

static void node_drop(struct tree_node *n)
{
	if (!n || --n->refs)
		return;
	node_drop(n->child[0]);
	node_drop(n->child[1]);
	tree_content_drop(n->content);
	heap_free(n);
}

/* An all-blank subtree; NULL without memory. */
static struct tree_node *node_blank(uint32_t level)
{
	struct tree_node *n = HEAP_NEW(struct tree_node);
	if (!n)
		return NULL;
	n->refs = 1;
	for (int side = 0; level && side < 2; side++) {
		n->child[side] = node_blank(level - 1);
		if (!n->child[side]) {
			node_drop(n);
			return NULL;
		}
	}
	return n;
}

/* A node of this tree's own in *at: itself, or a copy when others hold it too. */
static struct tree_node *node_own(struct tree_node **at)
{
	struct tree_node *n = *at;
	assert(n); /* the tree is complete: only leaves have no children */
	if (n->refs > 1) {
		struct tree_node *copy = HEAP_NEW(struct tree_node);
		if (!copy)
			return NULL;
		*copy = *n;
		copy->refs = 1;
		for (int side = 0; side < 2; side++)
			if (copy->child[side])
				copy->child[side]->refs++;
		if (copy->content)
			copy->content->refs++;
		n->refs--;
		*at = n = copy;
	}
	n->is_hashed = false;
	return n;
}

void tree_node_set(struct tree_node *n, struct tree_content *content)
{
	tree_content_drop(n->content);
	n->content = content;
	n->encryption_head = n->signature_head = 0;
	if (content && n->child[0]) {
		n->encryption_head = key_head(content->parent.encryption_key);
	} else if (content) {
		n->encryption_head = key_head(content->leaf.encryption_key);
		n->signature_head = key_head(content->leaf.signature_key);
	}
}

void tree_copy(const struct tree *t, struct tree *out)
{
	*out = *t;
	if (out->root)
		out->root->refs++;
}

void tree_done(struct tree *t)
{
	node_drop(t->root);
	tree_init(t, t->suite);
}

/* The way from the root to a node: which child is next.  A level down, children lie half as far. */
struct descent {
	uint32_t to, at, half;
};

static struct descent descent_begin(const struct tree *t, uint32_t node)
{
	return (struct descent){ node, tree_root(t->leaves), t->leaves / 2 };
}

static int descent_step(struct descent *d)
{
	int side = d->to > d->at;
	d->at = side ? d->at + d->half : d->at - d->half;
	d->half /= 2;
	return side;
}

const struct tree_node *tree_node_find(const struct tree *t, uint32_t node)
{
	if (!t->root || node >= tree_width(t->leaves))
		return NULL;
	const struct tree_node *n = t->root;
	struct descent d = descent_begin(t, node);
	while (d.at != node)
		n = n->child[descent_step(&d)];
	return n;
}

struct tree_node *tree_node_edit(struct tree *t, uint32_t node)
{
	if (!t->root || node >= tree_width(t->leaves))
		return NULL;
	struct tree_node *n = node_own(&t->root);
	struct descent d = descent_begin(t, node);
	while (n && d.at != node)
		n = node_own(&n->child[descent_step(&d)]);
	return n;
}

/* --- looking --- */

const struct leaf_node *tree_leaf_find(const struct tree *t, uint32_t leaf, struct leaf_node *room)
{
	if (leaf >= t->leaves)
		return NULL;
	const struct tree_node *n = tree_node_find(t, tree_node_of_leaf(leaf));
	if (!n || !n->content)
		return NULL;
	*room = n->content->leaf;
	return room;
}

const struct parent_node *tree_parent_find(const struct tree *t, uint32_t node,
					   struct parent_node *room)
{
	const struct tree_node *n = tree_is_leaf(node) ? NULL : tree_node_find(t, node);
	if (!n || !n->content)
		return NULL;
	*room = n->content->parent;
	return room;
}

bool tree_has_leaf(const struct tree *t, uint32_t leaf)
{
	return tree_leaf_find(t, leaf, LEAF_ROOM) != NULL;
}

struct view tree_signature_key(const struct tree *t, uint32_t leaf)
{
	const struct leaf_node *found = tree_leaf_find(t, leaf, LEAF_ROOM);
	return found ? found->signature_key : (struct view){ NULL, 0 };
}

struct view tree_node_key(const struct tree *t, uint32_t node)
{
	const struct tree_node *n = tree_node_find(t, node);
	if (!n || !n->content)
		return (struct view){ NULL, 0 };
	return tree_is_leaf(node) ? n->content->leaf.encryption_key
				  : n->content->parent.encryption_key;
}

bool tree_next_leaf(const struct tree *t, uint32_t *at, uint32_t *leaf, struct leaf_node *node)
{
	while (*at < t->leaves) {
		uint32_t i = (*at)++;
		if (tree_leaf_find(t, i, node)) {
			*leaf = i;
			return true;
		}
	}
	return false;
}

uint32_t tree_member_count(const struct tree *t)
{
	uint32_t at = 0, leaf, n = 0;
	struct leaf_node node;
	while (tree_next_leaf(t, &at, &leaf, &node))
		n++;
	return n;
}

/* first: the leftmost leaf below n; leaves: how many there are. */
static uint32_t find_signature_key(const struct tree_node *n, uint32_t first, uint32_t leaves,
				   uint64_t head, struct view key)
{
	if (!n->child[0])
		return n->content && n->signature_head == head &&
				       view_equal(n->content->leaf.signature_key, key)
			       ? first
			       : TREE_NONE;
	uint32_t found = find_signature_key(n->child[0], first, leaves / 2, head, key);
	return found != TREE_NONE
		       ? found
		       : find_signature_key(n->child[1], first + leaves / 2, leaves / 2, head, key);
}

uint32_t tree_leaf_by_signature_key(const struct tree *t, struct view key)
{
	return t->root ? find_signature_key(t->root, 0, t->leaves, key_head(key), key) : TREE_NONE;
}

struct wanted_keys {
	const struct view *keys;
	size_t n;
	uint64_t heads[TREE_KEYS_MAX];
};

static bool has_key(const struct tree_node *n, const struct wanted_keys *want)
{
	for (size_t i = 0; n->content && i < want->n; i++)
		if (n->encryption_head == want->heads[i] &&
		    view_equal(n->child[0] ? n->content->parent.encryption_key
					   : n->content->leaf.encryption_key,
			       want->keys[i]))
			return true;
	return n->child[0] && (has_key(n->child[0], want) || has_key(n->child[1], want));
}

bool tree_has_encryption_key(const struct tree *t, const struct view *keys, size_t n)
{
	struct wanted_keys want = { .keys = keys, .n = n };
	assert(n <= TREE_KEYS_MAX);
	for (size_t i = 0; i < n; i++)
		want.heads[i] = key_head(keys[i]);
	return t->root && has_key(t->root, &want);
}

static uint32_t find_free(const struct tree_node *n, uint32_t first, uint32_t leaves)
{
	if (!n->child[0])
		return n->content ? TREE_NONE : first;
	uint32_t found = find_free(n->child[0], first, leaves / 2);
	return found != TREE_NONE ? found : find_free(n->child[1], first + leaves / 2, leaves / 2);
}

uint32_t tree_next_free(const struct tree *t)
{
	uint32_t found = t->root ? find_free(t->root, 0, t->leaves) : TREE_NONE;
	return found != TREE_NONE ? found : t->leaves;
}

/* --- changing --- */

/* A new blank root, with the tree to its left and a blank subtree to its right (7.7). */
static uc_err extend(struct tree *t)
{
	if (!t->leaves) {
		t->root = node_blank(0);
		t->leaves = t->root ? 1 : 0;
		return t->root ? UC_OK : UC_E_MEMORY;
	}
	if (t->leaves >= TREE_LEAVES_MAX)
		return UC_E_LIMIT;
	struct tree_node *root = HEAP_NEW(struct tree_node);
	struct tree_node *right = node_blank(tree_level(tree_root(t->leaves)));
	if (!root || !right) {
		heap_free(root);
		node_drop(right);
		return UC_E_MEMORY;
	}
	root->refs = 1;
	root->child[0] = t->root;
	root->child[1] = right;
	t->root = root;
	t->leaves *= 2;
	return UC_OK;
}

static bool is_all_blank(const struct tree_node *n)
{
	return !n || (!n->content && is_all_blank(n->child[0]) && is_all_blank(n->child[1]));
}

static bool has_leaf(const struct tree_node *n)
{
	if (!n->child[0])
		return n->content != NULL;
	return has_leaf(n->child[0]) || has_leaf(n->child[1]);
}

static void cut_half(struct tree *t)
{
	struct tree_node *left = t->root->child[0];
	left->refs++;
	node_drop(t->root);
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
	while (t->leaves > 1 && !has_leaf(t->root->child[1]))
		cut_half(t);
	if (t->leaves == 1 && is_all_blank(t->root))
		tree_done(t);
}

uc_err tree_reserve(struct tree *t, uint32_t leaf)
{
	if (leaf >= TREE_LEAVES_MAX)
		return UC_E_LIMIT;
	while (leaf >= t->leaves)
		TRY(extend(t));
	return UC_OK;
}

static uc_err put_leaf(struct tree *t, uint32_t leaf, struct tree_content *c)
{
	struct tree_node *n = tree_node_edit(t, tree_node_of_leaf(leaf));
	if (!n) {
		tree_content_drop(c);
		return UC_E_MEMORY;
	}
	tree_node_set(n, c);
	return UC_OK;
}

uc_err tree_set_leaf(struct tree *t, uint32_t leaf, const struct leaf_node *node)
{
	struct tree_content *c = NULL;
	if (leaf >= t->leaves)
		return UC_E_ARGUMENT;
	if (node)
		TRY(content_of_leaf(node, (struct view){ NULL, 0 }, &c));
	return put_leaf(t, leaf, c);
}

uc_err tree_set_leaf_bytes(struct tree *t, uint32_t leaf, struct view bytes)
{
	struct tree_content *c = NULL;
	if (leaf >= t->leaves)
		return UC_E_ARGUMENT;
	TRY(content_of_leaf(NULL, bytes, &c));
	return put_leaf(t, leaf, c);
}

uc_err tree_set_parent(struct tree *t, uint32_t node, const struct parent_node *parent)
{
	struct tree_content *c = NULL;
	if (tree_is_leaf(node) || node >= tree_width(t->leaves))
		return UC_E_ARGUMENT;
	if (parent)
		TRY(tree_content_of_parent(parent, &c));
	struct tree_node *n = tree_node_edit(t, node);
	if (!n) {
		tree_content_drop(c);
		return UC_E_MEMORY;
	}
	tree_node_set(n, c);
	return UC_OK;
}

uc_err tree_blank_path(struct tree *t, uint32_t leaf)
{
	if (leaf >= t->leaves)
		return UC_E_ARGUMENT;
	uint32_t node = tree_parent(tree_node_of_leaf(leaf), t->leaves);
	for (; node != TREE_NONE; node = tree_parent(node, t->leaves))
		if (tree_parent_find(t, node, PARENT_ROOM))
			TRY(tree_set_parent(t, node, NULL));
	return UC_OK;
}

/* The parent with `leaf` put in its place among the unmerged leaves. */
static uc_err add_unmerged(struct tree *t, uint32_t node, uint32_t leaf)
{
	const struct parent_node *p = tree_parent_find(t, node, PARENT_ROOM);
	if (!p)
		return UC_OK;
	struct arena scratch;
	arena_init(&scratch, CONTENT_MAX, ARENA_PLAIN);
	struct parent_node with = *p;
	with.unmerged_leaves.v = ARENA_ARRAY(&scratch, uint32_t, p->unmerged_leaves.n + 1);
	uc_err err = with.unmerged_leaves.v ? UC_OK : UC_E_LIMIT;
	if (!err) {
		size_t i = 0;
		for (; i < p->unmerged_leaves.n && p->unmerged_leaves.v[i] < leaf; i++)
			with.unmerged_leaves.v[i] = p->unmerged_leaves.v[i];
		with.unmerged_leaves.v[i] = leaf;
		for (; i < p->unmerged_leaves.n; i++)
			with.unmerged_leaves.v[i + 1] = p->unmerged_leaves.v[i];
		with.unmerged_leaves.n++;
		err = tree_set_parent(t, node, &with);
	}
	arena_done(&scratch);
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
	if (!tree_leaf_find(t, leaf, LEAF_ROOM))
		return UC_E_NOT_FOUND;
	TRY(tree_set_leaf(t, leaf, NULL));
	TRY(tree_blank_path(t, leaf));
	truncate_right(t);
	return UC_OK;
}
