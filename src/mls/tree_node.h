/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the ratchet tree, for the files tree*.c alone. */
#ifndef MLS_TREE_NODE_H
#define MLS_TREE_NODE_H

#include "mls/tree.h"

/* What a node holds never changes once made; it is shared by the copies of the tree. */
struct tree_content {
	unsigned refs;
	struct arena arena;
	struct leaf_node leaf;     /* at level 0 */
	struct parent_node parent; /* above */
};

/* The beginning of a key: enough to pass nearly all nodes by without looking into them. */
static inline uint64_t key_head(struct view key)
{
	uint64_t head = 0;
	if (key.n)
		memcpy(&head, key.p, key.n < sizeof head ? key.n : sizeof head);
	return head;
}

struct tree_node {
	unsigned refs;
	bool is_hashed;
	uint64_t encryption_head, signature_head; /* of its keys; 0 for a blank */
	struct tree_content *content;             /* NULL: blank */
	struct tree_node *child[2];               /* both, or none at level 0 */
	uint8_t hash[HASH_MAX];
};

/* The node of this number; NULL past the end. */
const struct tree_node *tree_node_find(const struct tree *t, uint32_t node);
/* Makes everything from the root to the node this tree's own and forgets its hashes. */
struct tree_node *tree_node_edit(struct tree *t, uint32_t node);
/* tree_set_leaf with the leaf's encoding. */
uc_err UC_MUST_USE tree_set_leaf_bytes(struct tree *t, uint32_t leaf, struct view bytes);
/* Nothing is left from leaf number `leaves` on, a power of two or 0. */
void tree_cut(struct tree *t, uint32_t leaves);
uc_err UC_MUST_USE tree_content_of_parent(const struct parent_node *p, struct tree_content **out);
void tree_content_drop(struct tree_content *c);
/* Replaces what the node holds; content may be NULL. */
void tree_node_set(struct tree_node *n, struct tree_content *content);

/* TreeHashInput (RFC 9420, 7.8) over given child hashes; leaf or parent may be NULL for a blank. */
uc_err UC_MUST_USE tree_hash_leaf(const struct suite *s, uint32_t leaf_index,
				  const struct leaf_node *leaf, uint8_t *out);
uc_err UC_MUST_USE tree_hash_parent(const struct suite *s, const struct parent_node *parent,
				    const uint8_t *left, const uint8_t *right, uint8_t *out);

#endif
