/* SPDX-License-Identifier: Apache-2.0 */
/* Array numbering of a complete binary tree (RFC 9420, appendix C).  Leaves have even numbers. */
#ifndef MLS_TREE_MATH_H
#define MLS_TREE_MATH_H

#include <stdbool.h>
#include <stdint.h>

#define TREE_NONE       UINT32_MAX
/* Leaf indices stay below this: a limit of ours, far above any group. */
#define TREE_LEAVES_MAX ((uint32_t)1 << 24)

static inline uint32_t tree_node_of_leaf(uint32_t leaf)
{
	return leaf * 2;
}
static inline uint32_t tree_leaf_of_node(uint32_t node)
{
	return node / 2;
}
static inline bool tree_is_leaf(uint32_t node)
{
	return node % 2 == 0;
}
/* 0 for leaves.  node is below TREE_NONE. */
static inline uint32_t tree_level(uint32_t node)
{
	return (uint32_t)__builtin_ctz(~node);
}
/* Nodes of a tree with n leaves, n > 0. */
static inline uint32_t tree_width(uint32_t leaves)
{
	return leaves * 2 - 1;
}
/* leaves is a power of two. */
static inline uint32_t tree_root(uint32_t leaves)
{
	return leaves - 1;
}
/* TREE_NONE for a leaf. */
static inline uint32_t tree_left(uint32_t node)
{
	uint32_t k = tree_level(node);
	return k ? node ^ (uint32_t)1 << (k - 1) : TREE_NONE;
}
static inline uint32_t tree_right(uint32_t node)
{
	uint32_t k = tree_level(node);
	return k ? node ^ (uint32_t)3 << (k - 1) : TREE_NONE;
}
/* TREE_NONE for the root. */
static inline uint32_t tree_parent(uint32_t node, uint32_t leaves)
{
	if (node == tree_root(leaves))
		return TREE_NONE;
	uint32_t k = tree_level(node);
	return (node | (uint32_t)1 << k) & ~((node >> (k + 1) & 1) << (k + 1));
}
static inline uint32_t tree_sibling(uint32_t node, uint32_t leaves)
{
	uint32_t parent = tree_parent(node, leaves);
	if (parent == TREE_NONE)
		return TREE_NONE;
	return node < parent ? tree_right(parent) : tree_left(parent);
}
/* Is node in the subtree under `above` (or the same)? */
static inline bool tree_is_below(uint32_t node, uint32_t above)
{
	uint32_t half = ((uint32_t)1 << tree_level(above)) - 1;
	return node + half >= above && node <= above + half;
}
/* The lowest node above both. */
static inline uint32_t tree_common_ancestor(uint32_t a, uint32_t b, uint32_t leaves)
{
	while (!tree_is_below(b, a))
		a = tree_parent(a, leaves);
	return a;
}

#endif
