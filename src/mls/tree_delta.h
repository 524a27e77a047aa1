/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between two trees, node by node: what an epoch adds to what is stored already.
 *
 * Trees that share nodes are compared in time that grows with what changed, not with their size.
 * A node's bytes are the struct Node of RFC 9420, 12.4.3.3 (node_type, then LeafNode or
 * ParentNode). */
#ifndef MLS_TREE_DELTA_H
#define MLS_TREE_DELTA_H

#include "mls/tree.h"

/* One node that is another now; bytes are empty where it is blank now, or past the end. */
typedef uc_err tree_change(void *ctx, uint32_t node, struct view bytes);
/* Calls for each of them, ascending.  before may be an empty tree: then all that `after` holds. */
uc_err UC_MUST_USE tree_changes(const struct tree *before, const struct tree *after,
				tree_change *each, void *ctx);

/* Appends:
 *
 *	struct { uint32 index; optional<Node> node; } Change;
 *	struct { uint32 leaves; Change changes<V>; } TreeDelta;
 *
 * leaves: those of `after`, a power of two or 0.  Changes are in ascending order.  Blank leaves are
 * only listed where `after` has more than twice as many leaves as `before` and the list explain;
 * so what a delta takes in memory is bounded by its size. */
uc_err UC_MUST_USE tree_delta_make(const struct tree *before, const struct tree *after,
				   struct buf *out);
/* Makes `after` from `before`, sharing what stayed.  tree_hash: what `after` must have, from its
 * GroupContext; it vouches for all that cannot be seen in the changes alone.  UC_E_CORRUPT, and no
 * tree, for anything else. */
uc_err UC_MUST_USE tree_delta_apply(const struct tree *before, struct view delta,
				    struct view tree_hash, struct tree *after);

#endif
