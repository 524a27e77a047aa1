/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the ratchet tree, for the files tree*.c alone. */
#ifndef MLS_TREE_NODE_H
#define MLS_TREE_NODE_H

#include "mls/tree.h"
#include "mls/tree_index.h"
#include "mls/tree_pool.h"

/* What a node holds never changes once made; it is shared by the copies of the tree.  Behind it in
 * the same piece of memory: of a leaf its extensions, its certificates and the bytes it was read
 * from, which all of these point into; of a parent its unmerged leaves, key and parent hash. */
struct tree_content {
	uint32_t refs;
	uint32_t node; /* where it stands in every tree that has it */
	union {
		struct {
			uint32_t raw_n;
			uint16_t extensions, certificates; /* how many */
			struct tree_kind *kind;
		} leaf;
		struct {
			uint32_t unmerged, key_n, hash_n;
		} parent;
	};
};
/* From being made to being dropped, its keys are in the index.  Of a leaf that was read, with its raw
 * bytes, which its views point into. */
uc_err UC_MUST_USE tree_content_of_leaf(struct tree_pool *p, uint32_t node,
					const struct leaf_node *leaf, struct tree_content **out);
/* Reads it first. */
uc_err UC_MUST_USE tree_content_of_bytes(struct tree_pool *p, uint32_t node, struct view leaf,
					 struct tree_content **out);
uc_err UC_MUST_USE tree_content_of_parent(struct tree_pool *p, uint32_t node,
					  const struct parent_node *parent,
					  struct tree_content **out);
void tree_content_drop(struct tree_pool *p, struct tree_content *c);
void tree_content_leaf(const struct tree_content *c, struct leaf_node *out);
void tree_content_parent(const struct tree_content *c, struct parent_node *out);
struct view tree_content_raw(const struct tree_content *c); /* of a leaf */
struct view tree_content_key(const struct tree_content *c); /* encryption key */
struct view tree_content_signature_key(const struct tree_content *c);

/* Above leaves a node has both children; or none, when all below it is blank: such a node stands
 * for its whole subtree. */
struct tree_node {
	uint32_t refs;
	/* Of it and all below: leaves that are not blank, their credential types as bits; nothing
	 * that is not blank. */
	uint32_t used : 26;
	uint32_t types : 4;
	uint32_t is_bare : 1;
	uint32_t is_hashed : 1;
	struct tree_content *content; /* NULL: blank */
	struct tree_kind *support;    /* what all leaves below can do; NULL: there are none */
	struct tree_node *child[2];
	uint8_t hash[]; /* of the suite's length */
};

/* The node of this number, or the one above it that stands for it; NULL past the end. */
const struct tree_node *tree_node_find(const struct tree *t, uint32_t node);
/* A blank node, with all below it. */
struct tree_node *tree_node_new(struct tree *t);
void tree_node_drop(struct tree *t, struct tree_node *n);
/* Brings what it says of all below it up to date. */
uc_err UC_MUST_USE tree_node_sum(struct tree *t, struct tree_node *n);

/* Makes the pool where there is none yet. */
uc_err UC_MUST_USE tree_pool_ready(struct tree *t);
/* The lowest node with this encryption key, or leaf's node with this signature key; TREE_NONE. */
enum key_kind { KEY_ENCRYPTION, KEY_SIGNATURE };
uint32_t tree_key_find(const struct tree *t, enum key_kind kind, struct view key);

/* tree_set_leaf with the leaf's encoding. */
uc_err UC_MUST_USE tree_set_leaf_bytes(struct tree *t, uint32_t leaf, struct view bytes);
/* Nothing is left from leaf number `leaves` on, a power of two or 0. */
void tree_cut(struct tree *t, uint32_t leaves);

/* Is a leaf from `first` to `last` in the list, which is sorted as unmerged leaves are? */
bool tree_list_meets(const struct u32_list *sorted, uint32_t first, uint32_t last);
/* NULL is an empty list. */
bool tree_list_has(const struct u32_list *sorted, uint32_t leaf);

/* TreeHashInput (RFC 9420, 7.8) over given child hashes; empty bytes of a leaf, or no parent, for a
 * blank. */
uc_err UC_MUST_USE tree_hash_leaf(const struct suite *s, uint32_t leaf_index, struct view leaf,
				  uint8_t *out);
uc_err UC_MUST_USE tree_hash_parent(const struct suite *s, const struct parent_node *parent,
				    const uint8_t *left, const uint8_t *right, uint8_t *out);

#endif
