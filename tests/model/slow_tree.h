/* SPDX-License-Identifier: Apache-2.0 */
/* The ratchet tree as a textbook has it, to compare the engine's with: an array of nodes, copied
 * whole, everything computed anew by recursion whenever it is asked for (RFC 9420, 4, 7.7 to 7.9).
 *
 * A subtree is its range of leaves [lo, hi), a power of two of them; its node has the number
 * lo + hi - 1, and its children are the two halves.  Nothing here knows other arithmetic, and
 * nothing uses src/mls/tree*.c or treekem.c; leaves are read with the wire's walk. */
#ifndef TESTS_MODEL_SLOW_TREE_H
#define TESTS_MODEL_SLOW_TREE_H

#include "crypto/crypto.h"
#include "mls/proposal.h"

#include <stdlib.h>

/* Of what only a lack of memory, or a mistake of the model's own, could break. */
#define model_must(holds)        \
	do {                     \
		if (!(holds))    \
			abort(); \
	} while (0)

struct slow_node {
	bool is_there;
	struct view leaf;        /* encoded LeafNode, at a leaf */
	struct view key, parent; /* encryption_key, parent_hash */
	struct u32_list unmerged;
};

struct slow_tree {
	const struct suite *suite;
	struct arena *arena; /* everything lies in it, and stays */
	uint32_t leaves;     /* a power of two, or 0 */
	struct slow_node *v; /* 2 * leaves - 1 */
};

enum { SLOW_NONE = -1 };

/* Each stops the program where memory ends; a tree that cannot be read is false. */
bool slow_read(struct slow_tree *t, const struct suite *s, struct arena *a, struct view bytes);
struct view slow_write(const struct slow_tree *t);
struct slow_tree slow_copy(const struct slow_tree *t);

/* NULL for a blank. */
const struct slow_node *slow_leaf(const struct slow_tree *t, uint32_t leaf);
struct leaf_node slow_leaf_read(const struct slow_tree *t, uint32_t leaf);
uint32_t slow_count(const struct slow_tree *t);
/* The leaf of this basic credential; SLOW_NONE. */
int64_t slow_find(const struct slow_tree *t, struct view identity);

/* 12.1: the leaf is encoded. */
uint32_t slow_add(struct slow_tree *t, struct view leaf);
void slow_update(struct slow_tree *t, uint32_t at, struct view leaf);
void slow_remove(struct slow_tree *t, uint32_t at);
/* Room for whoever joins by external commit. */
uint32_t slow_room(struct slow_tree *t);

struct view slow_hash(const struct slow_tree *t);
struct u32_list slow_resolution(const struct slow_tree *t, uint32_t node);
/* 4.1.2, bottom first; copath are the children that are not on it. */
void slow_filtered(const struct slow_tree *t, uint32_t leaf, struct u32_list *path,
		   struct u32_list *copath);
/* 7.9.2, for the whole tree. */
bool slow_parent_hashes_hold(const struct slow_tree *t);
/* 7.5: the path of a commit by this leaf; false where its length or its parent hash is wrong. */
bool slow_merge(struct slow_tree *t, uint32_t leaf, const struct update_path *path,
		struct view leaf_encoded);
/* 7.1 and 7.3: unmerged leaves are there, sorted, and listed between; no key twice. */
bool slow_is_sound(const struct slow_tree *t);

/* --- notation (2.1) --- */
void put_u8(struct buf *b, uint8_t v);
void put_u16(struct buf *b, uint16_t v);
void put_u32(struct buf *b, uint32_t v);
void put_u64(struct buf *b, uint64_t v);
void put_bytes(struct buf *b, struct view v);
/* Into the arena; the buffer is given back. */
struct view put_done(struct buf *b, struct arena *a);

#endif
