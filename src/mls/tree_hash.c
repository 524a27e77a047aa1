/* SPDX-License-Identifier: Apache-2.0 */
/* Tree hashes (RFC 9420, 7.8) and parent hashes (7.9). */
#include "crypto/alg.h"
#include "mls/tree.h"
#include "mls/tree_node.h"

#define SCRATCH_MAX ((size_t)8 * 1024 * 1024)

/* --- inputs, in parts: nothing long is copied --- */

/* opaque<V>: a length and what follows it. */
struct counted {
	uint8_t length[VARINT_MAX];
};

static void add_bytes(struct view *parts, size_t *n, struct counted *c, struct view v)
{
	parts[(*n)++] = view_make(c->length, varint_put(c->length, v.n));
	parts[(*n)++] = v;
}

/* struct { NodeType = leaf; uint32 leaf_index; optional<LeafNode> leaf_node; } */
uc_err tree_hash_leaf(const struct suite *s, uint32_t leaf_index, struct view leaf, uint8_t *out)
{
	const uint8_t head[6] = { NODE_LEAF,
				  (uint8_t)(leaf_index >> 24),
				  (uint8_t)(leaf_index >> 16),
				  (uint8_t)(leaf_index >> 8),
				  (uint8_t)leaf_index,
				  leaf.n != 0 };
	const struct view parts[2] = { VIEW_OF(head), leaf };
	return suite_hash_parts(s, parts, 2, out);
}

static uc_err hash_parent(const struct suite *s, const struct parent_node *parent,
			  struct view unmerged, const uint8_t *left, const uint8_t *right,
			  uint8_t *out)
{
	const uint8_t head[2] = { NODE_PARENT, parent != NULL };
	struct counted c[5];
	struct view parts[11] = { VIEW_OF(head) };
	size_t n = 1;
	if (parent) {
		add_bytes(parts, &n, &c[0], parent->encryption_key);
		add_bytes(parts, &n, &c[1], parent->parent_hash);
		add_bytes(parts, &n, &c[2], unmerged);
	}
	add_bytes(parts, &n, &c[3], view_make(left, s->nh));
	add_bytes(parts, &n, &c[4], view_make(right, s->nh));
	return suite_hash_parts(s, parts, n, out);
}

/* struct { NodeType = parent; optional<ParentNode> parent_node; opaque left_hash<V>; opaque
 * right_hash<V>; } */
uc_err tree_hash_parent(const struct suite *s, const struct parent_node *parent,
			const uint8_t *left, const uint8_t *right, uint8_t *out)
{
	struct buf unmerged;
	struct wire w;
	buf_init(&unmerged, SCRATCH_MAX * 8);
	wire_writer(&w, &unmerged);
	for (size_t i = 0; parent && i < parent->unmerged_leaves.n; i++)
		wire_u32(&w, &parent->unmerged_leaves.v[i]);
	uc_err err = wire_finish(&w);
	if (!err)
		err = hash_parent(s, parent, buf_view(&unmerged), left, right, out);
	buf_done(&unmerged);
	return err;
}

/* --- hashes of nodes --- */

/* The hash is a cache: setting it does not change the tree. */
struct cache {
	union {
		const struct tree_node *shown;
		struct tree_node *kept;
	};
};

/* Of a subtree in which all is blank. */
static uc_err blank_hash(const struct suite *s, uint32_t node, uint8_t *out)
{
	if (tree_is_leaf(node))
		return tree_hash_leaf(s, tree_leaf_of_node(node), (struct view){ NULL, 0 }, out);
	uint8_t left[HASH_MAX], right[HASH_MAX];
	TRY(blank_hash(s, tree_left(node), left));
	TRY(blank_hash(s, tree_right(node), right));
	return hash_parent(s, NULL, (struct view){ NULL, 0 }, left, right, out);
}

static uc_err node_hash(const struct suite *s, const struct tree_node *n, uint32_t node,
			uint8_t *out)
{
	if (n->is_hashed) {
		memcpy(out, n->hash, s->nh);
		return UC_OK;
	}
	if (n->child[0]) {
		struct parent_node parent;
		uint8_t left[HASH_MAX], right[HASH_MAX];
		TRY(node_hash(s, n->child[0], tree_left(node), left));
		TRY(node_hash(s, n->child[1], tree_right(node), right));
		if (n->content)
			tree_content_parent(n->content, &parent);
		TRY(tree_hash_parent(s, n->content ? &parent : NULL, left, right, out));
	} else if (n->content) {
		TRY(tree_hash_leaf(s, tree_leaf_of_node(node), tree_content_raw(n->content), out));
	} else {
		TRY(blank_hash(s, node, out));
	}
	struct cache c = { .shown = n };
	memcpy(c.kept->hash, out, s->nh);
	c.kept->is_hashed = 1;
	return UC_OK;
}

/* Does n stand for more than this node? */
static bool stands_for_more(const struct tree_node *n, const struct tree *t, uint32_t node)
{
	uint32_t up = tree_parent(node, t->leaves);
	return !n->child[0] && up != TREE_NONE && tree_node_find(t, up) == n;
}

uc_err tree_node_hash(const struct tree *t, uint32_t node, uint8_t *out)
{
	const struct tree_node *n = tree_node_find(t, node);
	if (!n)
		return UC_E_ARGUMENT;
	return stands_for_more(n, t, node) ? blank_hash(t->suite, node, out)
					   : node_hash(t->suite, n, node, out);
}

uc_err tree_hash(const struct tree *t, uint8_t *out)
{
	return t->root ? tree_node_hash(t, tree_root(t->leaves), out) : UC_E_ARGUMENT;
}

static bool any_below(const struct u32_list *leaves, uint32_t node)
{
	uint32_t half = (((uint32_t)1 << tree_level(node)) - 1) / 2, mid = node / 2;
	return tree_list_meets(leaves, mid - half, tree_is_leaf(node) ? mid : mid + half + 1);
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
		if (!tree_list_has(without, unmerged->v[i]))
			out->v[out->n++] = unmerged->v[i];
	return UC_OK;
}

static uc_err original_hash(const struct suite *s, const struct tree_node *n, uint32_t node,
			    const struct u32_list *without, struct arena *a, uint8_t *out)
{
	if (n->is_bare || !any_below(without, node))
		return node_hash(s, n, node, out);
	if (!n->child[0])
		return blank_hash(s, node, out);
	uint8_t left[HASH_MAX], right[HASH_MAX];
	TRY(original_hash(s, n->child[0], tree_left(node), without, a, left));
	TRY(original_hash(s, n->child[1], tree_right(node), without, a, right));
	if (!n->content)
		return tree_hash_parent(s, NULL, left, right, out);
	struct parent_node before;
	tree_content_parent(n->content, &before);
	const struct u32_list unmerged = before.unmerged_leaves;
	TRY(unmerged_without(a, &unmerged, without, &before.unmerged_leaves));
	return tree_hash_parent(s, &before, left, right, out);
}

uc_err tree_original_hash(const struct tree *t, uint32_t node, const struct u32_list *without,
			  uint8_t *out)
{
	const struct tree_node *n = tree_node_find(t, node);
	struct arena scratch;
	if (!n)
		return UC_E_ARGUMENT;
	if (n->is_bare || !without->n)
		return tree_node_hash(t, node, out);
	arena_init(&scratch, SCRATCH_MAX, ARENA_PLAIN);
	uc_err err = original_hash(t->suite, n, node, without, &scratch, out);
	arena_done(&scratch);
	return err;
}

/* struct { HPKEPublicKey encryption_key; opaque parent_hash<V>; opaque
 * original_sibling_tree_hash<V>; } ParentHashInput */
uc_err tree_parent_hash(const struct tree *t, uint32_t node, uint32_t sibling, uint8_t *out)
{
	const struct parent_node *p = tree_parent_find(t, node, PARENT_ROOM);
	uint8_t original[HASH_MAX];
	struct counted c[3];
	struct view parts[6];
	size_t n = 0;
	if (!p)
		return UC_E_ARGUMENT;
	TRY(tree_original_hash(t, sibling, &p->unmerged_leaves, original));
	add_bytes(parts, &n, &c[0], p->encryption_key);
	add_bytes(parts, &n, &c[1], p->parent_hash);
	add_bytes(parts, &n, &c[2], view_make(original, t->suite->nh));
	return suite_hash_parts(t->suite, parts, n, out);
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

/* 7.9.2: some D in the resolution of child C carries P's hash, and the rest of that resolution is
 * exactly P's unmerged leaves under C.  So D is the only one there that is no unmerged leaf. */
static bool chains_to(const struct tree *t, const struct parent_node *p, uint32_t child,
		      const struct u32_list *resolution, struct view hash)
{
	size_t unmerged = 0, others = 0;
	uint32_t d = TREE_NONE;
	for (size_t i = 0; i < p->unmerged_leaves.n; i++)
		unmerged += tree_is_below(tree_node_of_leaf(p->unmerged_leaves.v[i]), child);
	for (size_t i = 0; i < resolution->n; i++) {
		uint32_t node = resolution->v[i];
		if (tree_is_leaf(node) &&
		    tree_list_has(&p->unmerged_leaves, tree_leaf_of_node(node)))
			continue;
		d = node;
		others++;
	}
	return others == 1 && unmerged == resolution->n - 1 &&
	       view_equal(carried_parent_hash(t, d), hash);
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
		*good = chains_to(t, p, children[side], &resolution, view_make(hash, t->suite->nh));
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
