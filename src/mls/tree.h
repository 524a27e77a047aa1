/* SPDX-License-Identifier: Apache-2.0 */
/* The ratchet tree: public keys only (RFC 9420, 4, 7).
 *
 * A tree is a persistent structure: copying one costs nothing, and changing a copy makes new nodes
 * only along the paths that change, each with its hash kept, and with what there is to know of the
 * leaves below it.  So an epoch is staged as a copy and either replaces its predecessor or is
 * dropped, and nothing that a commit needs looks at all leaves.  Nodes are counted, on the heap, up
 * to TREE_BYTES_MAX for a tree and its copies together; these belong to one thread. */
#ifndef MLS_TREE_H
#define MLS_TREE_H

#include "base/heap_account.h"
#include "crypto/crypto.h"
#include "mls/leaf_node.h"
#include "mls/tree_math.h"

#define TREE_BYTES_MAX ((size_t)1 << 30)

struct tree_node;
struct tree_pool;
struct tree {
	const struct suite *suite;
	struct tree_node *root; /* NULL: no leaves */
	uint32_t leaves;        /* a power of two, or 0 */
	struct tree_pool *pool;
	struct heap_account *memory; /* whom it is charged to; NULL: nobody */
};

void tree_init(struct tree *t, const struct suite *s);
/* From now on, and what it holds already, on this account (may be NULL), together with the copies
 * that are charged, too; for at most one account.  UC_E_LIMIT when that has no room. */
uc_err UC_MUST_USE tree_charge(struct tree *t, struct heap_account *memory);
/* Shares everything with the original, and is not charged itself; both are given back with
 * tree_done. */
void tree_copy(const struct tree *t, struct tree *out);
void tree_done(struct tree *t);

/* From the ratchet_tree extension, as it was read (leaves with their raw bytes).  Checks its form:
 * an odd number of nodes without a blank at the end, leaves and parents in their places,
 * unmerged_leaves (7.1, 12.4.3.1) sorted, unique, present and listed by every non-blank node
 * between; no key twice.  Not its signatures and hashes. */
uc_err UC_MUST_USE tree_import(struct tree *t, const struct suite *s,
			       const struct node_list *nodes);
/* With a random key for the tables that keys and capabilities are found in, so that who chooses them
 * cannot make those tables slow.  tree_import has none: for trees that are known. */
uc_err UC_MUST_USE tree_import_under(struct tree *t, const struct suite *s,
				     const struct node_list *nodes, const uint64_t hash_key[2]);
/* The one that the tree has; it has leaves. */
const uint64_t *tree_hash_key(const struct tree *t);
/* Appends the ratchet_tree extension's data. */
uc_err UC_MUST_USE tree_export(const struct tree *t, struct buf *out);

/* Reads a node into `room` and returns that; NULL for a blank, or past the end.  What it points at
 * lives as long as this tree is not changed. */
const struct leaf_node *tree_leaf_find(const struct tree *t, uint32_t leaf, struct leaf_node *room);
const struct parent_node *tree_parent_find(const struct tree *t, uint32_t node,
					   struct parent_node *room);
/* Room in the block around the call; beware that what an `if` governs is a block, too. */
#define LEAF_ROOM   (&(struct leaf_node){ .leaf_node_source = 0 })
#define PARENT_ROOM (&(struct parent_node){ .parent_hash = { NULL, 0 } })
bool tree_has_leaf(const struct tree *t, uint32_t leaf);
/* An empty view for a blank, or past the end. */
struct view tree_signature_key(const struct tree *t, uint32_t leaf);
/* The public key of any node; an empty view for a blank. */
struct view tree_node_key(const struct tree *t, uint32_t node);
/* Leaf indices in use, ascending: start with *at = 0. */
bool tree_next_leaf(const struct tree *t, uint32_t *at, uint32_t *leaf, struct leaf_node *node);
uint32_t tree_member_count(const struct tree *t);
/* The leaf with this signature or encryption key; TREE_NONE when there is none. */
uint32_t tree_leaf_by_signature_key(const struct tree *t, struct view key);
/* Does any node, leaf or parent, have this encryption key? */
bool tree_has_encryption_key(const struct tree *t, struct view key);
/* The leftmost blank leaf, or the first past the end. */
uint32_t tree_next_free(const struct tree *t);
/* The first leaf, but those in `except` (NULL: none), whose capabilities do not list the type;
 * TREE_NONE: all do. */
enum tree_list { TREE_LIST_EXTENSIONS, TREE_LIST_PROPOSALS, TREE_LIST_CREDENTIALS };
uint32_t tree_leaf_without(const struct tree *t, enum tree_list list, uint16_t type,
			   const struct u32_list *except);
/* Is a credential of this type in use by another leaf than `except` (TREE_NONE: by any)? */
bool tree_uses_credential(const struct tree *t, uint16_t type, uint32_t except);

/* --- changes (12.1, 7.7).  leaf is copied. --- */
/* Puts the leaf into the leftmost blank place, extending the tree if need be, and lists it as
 * unmerged at every non-blank node above. */
uc_err UC_MUST_USE tree_add(struct tree *t, const struct leaf_node *leaf, uint32_t *index);
/* Replaces a leaf and blanks its direct path. */
uc_err UC_MUST_USE tree_update(struct tree *t, uint32_t leaf, const struct leaf_node *node);
/* Blanks a leaf and its direct path, and truncates the tree. */
uc_err UC_MUST_USE tree_remove(struct tree *t, uint32_t leaf);
/* Makes room for a leaf index without filling it (external commits). */
uc_err UC_MUST_USE tree_reserve(struct tree *t, uint32_t leaf);
/* Blanks the direct path of a leaf (the first step of an update path). */
uc_err UC_MUST_USE tree_blank_path(struct tree *t, uint32_t leaf);
uc_err UC_MUST_USE tree_set_leaf(struct tree *t, uint32_t leaf, const struct leaf_node *node);
uc_err UC_MUST_USE tree_set_parent(struct tree *t, uint32_t node, const struct parent_node *parent);

/* --- shape --- */
/* Nodes of the resolution (4.1.1) of `node`, in order, without the leaves in `without`. */
uc_err UC_MUST_USE tree_resolution(const struct tree *t, uint32_t node,
				   const struct u32_list *without, struct arena *a,
				   struct u32_list *out);
/* The filtered direct path (4.1.2) of a leaf, bottom first, and beside it the copath children. */
uc_err UC_MUST_USE tree_filtered_path(const struct tree *t, uint32_t leaf, struct arena *a,
				      struct u32_list *path, struct u32_list *copath);

/* --- hashes (7.8, 7.9); out holds nh bytes --- */
uc_err UC_MUST_USE tree_hash(const struct tree *t, uint8_t *out);
uc_err UC_MUST_USE tree_node_hash(const struct tree *t, uint32_t node, uint8_t *out);
/* The tree hash of a subtree as it was before the leaves in `without` were added (7.9). */
uc_err UC_MUST_USE tree_original_hash(const struct tree *t, uint32_t node,
				      const struct u32_list *without, uint8_t *out);
/* Parent hash of a non-blank `node` with copath child `sibling`. */
uc_err UC_MUST_USE tree_parent_hash(const struct tree *t, uint32_t node, uint32_t sibling,
				    uint8_t *out);
/* Every non-blank parent is parent-hash valid (7.9.2). */
uc_err UC_MUST_USE tree_check_parent_hashes(const struct tree *t);

#endif
