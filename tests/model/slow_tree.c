/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/slow_tree.h"

/* --- notation --- */

void put_u8(struct buf *b, uint8_t v)
{
	buf_add_byte(b, v);
}

void put_u16(struct buf *b, uint16_t v)
{
	put_u8(b, (uint8_t)(v >> 8));
	put_u8(b, (uint8_t)v);
}

void put_u32(struct buf *b, uint32_t v)
{
	put_u16(b, (uint16_t)(v >> 16));
	put_u16(b, (uint16_t)v);
}

void put_u64(struct buf *b, uint64_t v)
{
	put_u32(b, (uint32_t)(v >> 32));
	put_u32(b, (uint32_t)v);
}

/* 2.1.2 */
static void put_length(struct buf *b, size_t n)
{
	if (n < 64)
		put_u8(b, (uint8_t)n);
	else if (n < 16384)
		put_u16(b, (uint16_t)(0x4000 | n));
	else
		put_u32(b, (uint32_t)(0x80000000 | n));
}

void put_bytes(struct buf *b, struct view v)
{
	put_length(b, v.n);
	buf_add_view(b, v);
}

struct view put_done(struct buf *b, struct arena *a)
{
	struct view out;
	model_must(!b->failed && !arena_copy(a, buf_view(b), &out));
	buf_done(b);
	return out;
}

/* --- nodes and ranges --- */

static uint32_t node_of(uint32_t lo, uint32_t hi)
{
	return lo + hi - 1;
}

static uint32_t width_of(uint32_t leaves)
{
	return leaves ? 2 * leaves - 1 : 0;
}

static uint32_t half_of(uint32_t lo, uint32_t hi)
{
	return lo + (hi - lo) / 2;
}

static void list_push(struct arena *a, struct u32_list *l, uint32_t v)
{
	uint32_t *more = ARENA_ARRAY(a, uint32_t, l->n + 1);
	model_must(more);
	for (size_t i = 0; i < l->n; i++)
		more[i] = l->v[i];
	more[l->n] = v;
	l->v = more;
	l->n++;
}

static bool list_has(const struct u32_list *l, uint32_t v)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] == v)
			return true;
	return false;
}

static struct slow_tree of_size(const struct slow_tree *t, uint32_t leaves)
{
	struct slow_tree out = *t;
	out.leaves = leaves;
	out.v = ARENA_ARRAY(t->arena, struct slow_node, width_of(leaves) + 1);
	model_must(out.v);
	for (uint32_t i = 0; i < width_of(leaves) && i < width_of(t->leaves); i++)
		out.v[i] = t->v[i];
	return out;
}

struct slow_tree slow_copy(const struct slow_tree *t)
{
	return of_size(t, t->leaves);
}

const struct slow_node *slow_leaf(const struct slow_tree *t, uint32_t leaf)
{
	return leaf < t->leaves && t->v[2 * leaf].is_there ? &t->v[2 * leaf] : NULL;
}

struct leaf_node slow_leaf_read(const struct slow_tree *t, uint32_t leaf)
{
	struct leaf_node l = { .leaf_node_source = 0 }; /* fields of other sources stay empty */
	model_must(slow_leaf(t, leaf) &&
		   !wire_decode(t->v[2 * leaf].leaf, t->arena, leaf_node_element, &l));
	return l;
}

uint32_t slow_count(const struct slow_tree *t)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < t->leaves; i++)
		n += slow_leaf(t, i) != NULL;
	return n;
}

int64_t slow_find(const struct slow_tree *t, struct view identity)
{
	for (uint32_t i = 0; i < t->leaves; i++)
		if (slow_leaf(t, i) &&
		    view_equal(slow_leaf_read(t, i).credential.identity, identity))
			return i;
	return SLOW_NONE;
}

static struct slow_node leaf_made(const struct slow_tree *t, struct view encoded)
{
	struct leaf_node l = { .leaf_node_source = 0 };
	struct slow_node n = { .is_there = true };
	model_must(!arena_copy(t->arena, encoded, &n.leaf));
	model_must(!wire_decode(n.leaf, t->arena, leaf_node_element, &l));
	n.key = l.encryption_key;
	n.parent = l.parent_hash;
	return n;
}

/* --- the extension (12.4.3.3) --- */

bool slow_read(struct slow_tree *t, const struct suite *s, struct arena *a, struct view bytes)
{
	struct node_list l;
	struct slow_tree empty = { .suite = s, .arena = a };
	uint32_t leaves = 1;
	if (wire_decode(bytes, a, ratchet_tree_element, &l) || l.n > 1 << 20)
		return false;
	while (width_of(leaves) < l.n)
		leaves *= 2;
	*t = of_size(&empty, leaves);
	for (uint32_t i = 0; i < l.n; i++) {
		struct view encoded;
		if (!l.v[i])
			continue;
		if (i % 2 == 0) {
			model_must(!wire_encode_to(a, leaf_node_element, &l.v[i]->leaf_node,
						   &encoded));
			t->v[i] = leaf_made(t, encoded);
			continue;
		}
		t->v[i] = (struct slow_node){ true,
					      { NULL, 0 },
					      l.v[i]->parent_node.encryption_key,
					      l.v[i]->parent_node.parent_hash,
					      l.v[i]->parent_node.unmerged_leaves };
	}
	return true;
}

static void put_parent(struct buf *b, const struct slow_node *n)
{
	put_bytes(b, n->key);
	put_bytes(b, n->parent);
	put_length(b, 4 * n->unmerged.n);
	for (size_t i = 0; i < n->unmerged.n; i++)
		put_u32(b, n->unmerged.v[i]);
}

struct view slow_write(const struct slow_tree *t)
{
	struct buf b, whole;
	uint32_t n = width_of(t->leaves);
	while (n && !t->v[n - 1].is_there)
		n--;
	buf_init(&b, WIRE_OBJECT_MAX);
	for (uint32_t i = 0; i < n; i++) {
		put_u8(&b, t->v[i].is_there);
		if (!t->v[i].is_there)
			continue;
		put_u8(&b, i % 2 ? NODE_PARENT : NODE_LEAF);
		if (i % 2)
			put_parent(&b, &t->v[i]);
		else
			buf_add_view(&b, t->v[i].leaf);
	}
	buf_init(&whole, WIRE_OBJECT_MAX);
	put_bytes(&whole, buf_view(&b));
	buf_done(&b);
	return put_done(&whole, t->arena);
}

/* --- changes (12.1, 7.7) --- */

/* The direct path of a leaf: ranges that hold it, the leaf itself not among them. */
static void blank_above(struct slow_tree *t, uint32_t leaf)
{
	for (uint32_t size = 2; size <= t->leaves; size *= 2) {
		uint32_t lo = leaf / size * size;
		t->v[node_of(lo, lo + size)] = (struct slow_node){ .is_there = false };
	}
}

uint32_t slow_room(struct slow_tree *t)
{
	uint32_t at = 0;
	while (at < t->leaves && t->v[2 * at].is_there)
		at++;
	if (at == t->leaves)
		*t = of_size(t, t->leaves ? t->leaves * 2 : 1);
	return at;
}

uint32_t slow_add(struct slow_tree *t, struct view leaf)
{
	uint32_t at = slow_room(t);
	t->v[2 * at] = leaf_made(t, leaf);
	for (uint32_t size = 2; size <= t->leaves; size *= 2) {
		uint32_t lo = at / size * size;
		struct slow_node *n = &t->v[node_of(lo, lo + size)];
		struct u32_list sorted = { NULL, 0 };
		if (!n->is_there)
			continue;
		for (uint32_t i = lo; i < lo + size; i++)
			if (i == at || list_has(&n->unmerged, i))
				list_push(t->arena, &sorted, i);
		n->unmerged = sorted;
	}
	return at;
}

void slow_update(struct slow_tree *t, uint32_t at, struct view leaf)
{
	blank_above(t, at);
	t->v[2 * at] = leaf_made(t, leaf);
}

/* "truncated to the left subtree" as often as the right one is empty of leaves. */
void slow_remove(struct slow_tree *t, uint32_t at)
{
	model_must(slow_leaf(t, at));
	blank_above(t, at);
	t->v[2 * at] = (struct slow_node){ .is_there = false };
	for (;;) {
		bool right_used = false;
		for (uint32_t i = t->leaves / 2; i < t->leaves; i++)
			right_used |= t->v[2 * i].is_there;
		if (right_used || t->leaves < 2)
			return;
		*t = of_size(t, t->leaves / 2);
	}
}

/* --- shape (4.1) --- */

static void resolve(const struct slow_tree *t, uint32_t lo, uint32_t hi, struct u32_list *out)
{
	const struct slow_node *n = &t->v[node_of(lo, hi)];
	if (n->is_there) {
		list_push(t->arena, out, node_of(lo, hi));
		for (size_t i = 0; i < n->unmerged.n; i++)
			list_push(t->arena, out, 2 * n->unmerged.v[i]);
	} else if (hi - lo > 1) {
		resolve(t, lo, half_of(lo, hi), out);
		resolve(t, half_of(lo, hi), hi, out);
	}
}

/* The range of a node, by looking for it from the root. */
static void range_of(const struct slow_tree *t, uint32_t node, uint32_t *lo, uint32_t *hi)
{
	*lo = 0;
	*hi = t->leaves;
	while (node_of(*lo, *hi) != node) {
		model_must(*hi - *lo > 1);
		if (node < node_of(*lo, *hi))
			*hi = half_of(*lo, *hi);
		else
			*lo = half_of(*lo, *hi);
	}
}

struct u32_list slow_resolution(const struct slow_tree *t, uint32_t node)
{
	struct u32_list out = { NULL, 0 };
	uint32_t lo, hi;
	range_of(t, node, &lo, &hi);
	resolve(t, lo, hi, &out);
	return out;
}

void slow_filtered(const struct slow_tree *t, uint32_t leaf, struct u32_list *path,
		   struct u32_list *copath)
{
	*path = *copath = (struct u32_list){ NULL, 0 };
	for (uint32_t size = 2; size <= t->leaves; size *= 2) {
		uint32_t lo = leaf / size * size, half = lo + size / 2;
		bool is_left = leaf < half;
		uint32_t other = is_left ? node_of(half, lo + size) : node_of(lo, half);
		if (!slow_resolution(t, other).n)
			continue;
		list_push(t->arena, path, node_of(lo, lo + size));
		list_push(t->arena, copath, other);
	}
}

/* --- hashes (7.8, 7.9) --- */

static struct view hash_of(const struct slow_tree *t, struct buf *b)
{
	uint8_t *out = arena_take(t->arena, t->suite->nh);
	model_must(out && !b->failed && !suite_hash(t->suite, buf_view(b), out));
	buf_done(b);
	return view_make(out, t->suite->nh);
}

static struct view hash(const struct slow_tree *t, uint32_t lo, uint32_t hi)
{
	const struct slow_node *n = &t->v[node_of(lo, hi)];
	struct buf b;
	buf_init(&b, WIRE_OBJECT_MAX);
	if (hi - lo == 1) {
		put_u8(&b, NODE_LEAF);
		put_u32(&b, lo);
		put_u8(&b, n->is_there);
		if (n->is_there)
			buf_add_view(&b, n->leaf);
		return hash_of(t, &b);
	}
	put_u8(&b, NODE_PARENT);
	put_u8(&b, n->is_there);
	if (n->is_there)
		put_parent(&b, n);
	put_bytes(&b, hash(t, lo, half_of(lo, hi)));
	put_bytes(&b, hash(t, half_of(lo, hi), hi));
	return hash_of(t, &b);
}

struct view slow_hash(const struct slow_tree *t)
{
	return hash(t, 0, t->leaves);
}

/* "The tree hash of S, but as it was when P was last updated": without P's unmerged leaves. */
static struct view original_hash(const struct slow_tree *t, const struct u32_list *without,
				 uint32_t sibling)
{
	struct slow_tree then = slow_copy(t);
	uint32_t lo, hi;
	for (size_t i = 0; i < without->n; i++)
		if (without->v[i] < then.leaves)
			then.v[2 * without->v[i]] = (struct slow_node){ .is_there = false };
	for (uint32_t i = 1; i < width_of(then.leaves); i += 2) {
		struct u32_list left = { NULL, 0 };
		for (size_t k = 0; k < then.v[i].unmerged.n; k++)
			if (!list_has(without, then.v[i].unmerged.v[k]))
				list_push(t->arena, &left, then.v[i].unmerged.v[k]);
		then.v[i].unmerged = left;
	}
	range_of(&then, sibling, &lo, &hi);
	return hash(&then, lo, hi);
}

static struct view parent_hash(const struct slow_tree *t, uint32_t node, uint32_t sibling)
{
	const struct slow_node *n = &t->v[node];
	struct buf b;
	buf_init(&b, WIRE_OBJECT_MAX);
	put_bytes(&b, n->key);
	put_bytes(&b, n->parent);
	put_bytes(&b, original_hash(t, &n->unmerged, sibling));
	return hash_of(t, &b);
}

/* 7.9.2: D is in the resolution of C; what P has unmerged below C is the rest of that resolution;
 * and D carries the parent hash of P with copath child S. */
static bool vouches(const struct slow_tree *t, uint32_t p, uint32_t lo, uint32_t hi, uint32_t s)
{
	struct u32_list r = { NULL, 0 };
	size_t below = 0;
	resolve(t, lo, hi, &r);
	for (size_t i = 0; i < t->v[p].unmerged.n; i++)
		below += t->v[p].unmerged.v[i] >= lo && t->v[p].unmerged.v[i] < hi;
	for (size_t i = 0; i < r.n; i++) {
		bool rest = below == r.n - 1;
		for (size_t k = 0; k < r.n; k++)
			rest &= k == i ||
				(r.v[k] % 2 == 0 && list_has(&t->v[p].unmerged, r.v[k] / 2));
		if (rest && view_equal(t->v[r.v[i]].parent, parent_hash(t, p, s)))
			return true;
	}
	return false;
}

static bool holds_below(const struct slow_tree *t, uint32_t lo, uint32_t hi)
{
	uint32_t p = node_of(lo, hi), mid = half_of(lo, hi);
	if (hi - lo == 1)
		return true;
	if (t->v[p].is_there && !vouches(t, p, lo, mid, node_of(mid, hi)) &&
	    !vouches(t, p, mid, hi, node_of(lo, mid)))
		return false;
	return holds_below(t, lo, mid) && holds_below(t, mid, hi);
}

bool slow_parent_hashes_hold(const struct slow_tree *t)
{
	return holds_below(t, 0, t->leaves);
}

bool slow_merge(struct slow_tree *t, uint32_t leaf, const struct update_path *path,
		struct view leaf_encoded)
{
	struct u32_list nodes, copath;
	struct view above = { NULL, 0 };
	slow_filtered(t, leaf, &nodes, &copath);
	blank_above(t, leaf);
	if (nodes.n != path->nodes.n)
		return false;
	for (size_t i = nodes.n; i-- > 0;) {
		struct slow_node *n = &t->v[nodes.v[i]];
		*n = (struct slow_node){ .is_there = true, .parent = above };
		model_must(!arena_copy(t->arena, path->nodes.v[i].encryption_key, &n->key));
		above = parent_hash(t, nodes.v[i], copath.v[i]);
	}
	t->v[2 * leaf] = leaf_made(t, leaf_encoded);
	return view_equal(t->v[2 * leaf].parent, above);
}

bool slow_is_sound(const struct slow_tree *t)
{
	for (uint32_t i = 0; i < width_of(t->leaves); i++) {
		const struct slow_node *n = &t->v[i];
		uint32_t lo, hi;
		if (!n->is_there)
			continue;
		range_of(t, i, &lo, &hi);
		for (uint32_t k = 0; k < i; k++)
			if (t->v[k].is_there && view_equal(t->v[k].key, n->key))
				return false;
		for (size_t k = 0; k < n->unmerged.n; k++) {
			uint32_t u = n->unmerged.v[k];
			if (u < lo || u >= hi || !slow_leaf(t, u) ||
			    (k && u <= n->unmerged.v[k - 1]))
				return false;
			/* Between the leaf and this node, each that is there lists it. */
			for (uint32_t size = 2; size < hi - lo; size *= 2) {
				uint32_t m = node_of(u / size * size, u / size * size + size);
				if (t->v[m].is_there && !list_has(&t->v[m].unmerged, u))
					return false;
			}
		}
	}
	return true;
}
