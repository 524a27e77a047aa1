/* SPDX-License-Identifier: Apache-2.0 */
/* On every way from the root to a leaf stands at most one node: used ones are gone, and those
 * below an unused one were never made.  Nodes in order of index are therefore disjoint subtrees in
 * order of their leaves, and what replaces a node stands where it stood. */
#include "mls/key_tree.h"

#include "base/heap.h"

enum { DEPTH_MAX = 31, NODES_FIRST = 8 };
#define LEAVES_MAX (UINT32_C(1) << 30)

static uint32_t root_of(uint32_t width)
{
	return width - 1;
}

/* 2^level - 1: how far a node's subtree reaches to either side. */
static uint32_t reach(uint32_t node)
{
	return (node ^ (node + 1)) >> 1;
}

static uint32_t left_of(uint32_t node)
{
	return node - ((reach(node) + 1) >> 1);
}

static uint32_t right_of(uint32_t node)
{
	return node + ((reach(node) + 1) >> 1);
}

static uc_err reserve(struct key_tree *t, size_t n)
{
	if (n <= t->cap)
		return UC_OK;
	size_t cap = t->cap ? t->cap : NODES_FIRST;
	while (cap < n)
		cap *= 2;
	struct key_tree_node *nodes = heap_new_in(t->memory, cap * sizeof *nodes);
	if (!nodes)
		return heap_account_error(t->memory);
	if (t->n)
		memcpy(nodes, t->nodes, t->n * sizeof *nodes);
	heap_free_wiped_in(t->memory, t->nodes, t->cap * sizeof *nodes);
	t->nodes = nodes;
	t->cap = cap;
	return UC_OK;
}

uc_err key_tree_init(struct key_tree *t, const struct suite *s, uint32_t leaves, struct view root)
{
	struct key_tree fresh = { .memory = t->memory, .suite = s, .width = 1 };
	if (!leaves || leaves > LEAVES_MAX || root.n != s->nh)
		return UC_E_ARGUMENT;
	while (fresh.width < leaves)
		fresh.width *= 2;
	TRY(reserve(&fresh, 1));
	fresh.nodes[0].index = root_of(fresh.width);
	uc_err err = secret_set(&fresh.nodes[0].secret, root);
	fresh.n = 1;
	*t = fresh;
	return err;
}

uc_err key_tree_copy(const struct key_tree *t, struct key_tree *out)
{
	TRY(reserve(out, t->n ? t->n : 1));
	if (t->n)
		memcpy(out->nodes, t->nodes, t->n * sizeof *t->nodes);
	out->n = t->n;
	out->suite = t->suite;
	out->width = t->width;
	return UC_OK;
}

void key_tree_done(struct key_tree *t)
{
	heap_free_wiped_in(t->memory, t->nodes, t->cap * sizeof *t->nodes);
	*t = (struct key_tree){ .memory = t->memory };
}

/* Position of the node whose subtree holds the leaf; t->n when there is none. */
static size_t find(const struct key_tree *t, uint32_t leaf_node)
{
	size_t from = 0, to = t->n;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		uint32_t index = t->nodes[mid].index, r = reach(index);
		if (leaf_node < index - r)
			to = mid;
		else if (leaf_node > index + r)
			from = mid + 1;
		else
			return mid;
	}
	return t->n;
}

/* A walk from an unused node down to a leaf. */
struct descent {
	struct key_tree_node at;
	/* What is left standing beside the way, in order of index: [0, n_left) before the leaf,
	 * [DEPTH_MAX - n_right, DEPTH_MAX) after it. */
	struct key_tree_node beside[DEPTH_MAX];
	size_t n_left, n_right;
};

static uc_err child(const struct suite *s, const struct secret *parent, const char *side,
		    struct secret *out)
{
	out->n = s->nh;
	return expand_with_label(s, secret_view(parent), "tree", view_str(side), out->b, s->nh);
}

/* RFC 9420, 9: tree_node_[left] and tree_node_[right]. */
static uc_err descend(const struct suite *s, struct descent *d, uint32_t leaf_node, bool keep)
{
	while (d->at.index != leaf_node) {
		bool left = leaf_node < d->at.index;
		struct key_tree_node next = { .index = left ? left_of(d->at.index)
							    : right_of(d->at.index) };
		uc_err err = UC_OK;
		if (keep) {
			struct key_tree_node *other = left ? &d->beside[DEPTH_MAX - ++d->n_right]
							   : &d->beside[d->n_left++];
			other->index = left ? right_of(d->at.index) : left_of(d->at.index);
			err = child(s, &d->at.secret, left ? "right" : "left", &other->secret);
		}
		if (!err)
			err = child(s, &d->at.secret, left ? "left" : "right", &next.secret);
		d->at = next;
		wipe(&next, sizeof next);
		TRY(err);
	}
	return UC_OK;
}

bool key_tree_has(const struct key_tree *t, uint32_t leaf)
{
	return leaf < t->width && find(t, 2 * leaf) != t->n;
}

uc_err key_tree_peek(const struct key_tree *t, uint32_t leaf, struct secret *out)
{
	struct descent d = { 0 };
	if (leaf >= t->width)
		return UC_E_NOT_FOUND;
	size_t at = find(t, 2 * leaf);
	if (at == t->n)
		return UC_E_NOT_FOUND;
	d.at = t->nodes[at];
	uc_err err = descend(t->suite, &d, 2 * leaf, false);
	if (!err)
		*out = d.at.secret;
	wipe(&d, sizeof d);
	return err;
}

/* Puts what stands beside the way where the node stood; there is room. */
static void replace(struct key_tree *t, size_t at, const struct descent *d)
{
	size_t n = d->n_left + d->n_right, after = t->n - at - 1;
	memmove(t->nodes + at + n, t->nodes + at + 1, after * sizeof *t->nodes);
	memcpy(t->nodes + at, d->beside, d->n_left * sizeof *t->nodes);
	memcpy(t->nodes + at + d->n_left, d->beside + DEPTH_MAX - d->n_right,
	       d->n_right * sizeof *t->nodes);
	t->n = t->n - 1 + n;
	if (!n)
		wipe(t->nodes + t->n, sizeof *t->nodes);
}

uc_err key_tree_take(struct key_tree *t, uint32_t leaf, struct secret *out)
{
	struct descent d = { 0 };
	if (leaf >= t->width)
		return UC_E_NOT_FOUND;
	size_t at = find(t, 2 * leaf);
	if (at == t->n)
		return UC_E_NOT_FOUND;
	TRY(reserve(t, t->n + DEPTH_MAX));
	d.at = t->nodes[at];
	uc_err err = descend(t->suite, &d, 2 * leaf, true);
	if (!err) {
		replace(t, at, &d);
		*out = d.at.secret;
	}
	wipe(&d, sizeof d);
	return err;
}

/* --- storage --- */

static void wire_key_tree_node(struct wire *w, struct key_tree_node *node, size_t nh)
{
	wire_u32(w, &node->index);
	node->secret.n = nh;
	wire_fixed(w, node->secret.b, nh);
}

/* Nodes that are not disjoint, in order and inside the tree were not written by us. */
static bool order_holds(const struct key_tree *t)
{
	uint64_t next = 0, end = 2 * (uint64_t)t->width - 1;
	for (size_t i = 0; i < t->n; i++) {
		uint32_t index = t->nodes[i].index;
		if (index >= end || index - reach(index) < next || index + reach(index) >= end)
			return false;
		next = (uint64_t)index + reach(index) + 1;
	}
	return true;
}

static void read_nodes(struct wire *w, struct key_tree *t, uint32_t n)
{
	bool power = t->width && !(t->width & (t->width - 1)) && t->width <= LEAVES_MAX;
	size_t each = 4 + t->suite->nh;
	if (!power || n > (size_t)(w->end - w->p) / each) {
		wire_fail(w, UC_E_MALFORMED);
		return;
	}
	uc_err err = reserve(t, n ? n : 1);
	if (err) {
		wire_fail(w, err);
		return;
	}
	for (t->n = 0; t->n < n; t->n++)
		wire_key_tree_node(w, &t->nodes[t->n], t->suite->nh);
	if (!order_holds(t))
		wire_fail(w, UC_E_MALFORMED);
}

void wire_key_tree(struct wire *w, struct key_tree *t, const struct suite *s)
{
	uint32_t n = (uint32_t)t->n;
	if (wire_reading(w))
		t->suite = s;
	wire_u32(w, &t->width);
	wire_u32(w, &n);
	if (wire_reading(w)) {
		read_nodes(w, t, n);
		return;
	}
	for (size_t i = 0; i < t->n; i++)
		wire_key_tree_node(w, &t->nodes[i], s->nh);
}
