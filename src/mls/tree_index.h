/* SPDX-License-Identifier: Apache-2.0 */
/* Which node has a key: a trie over hashes of keys, path-copied like the tree it belongs to.  For
 * the files tree*.c alone.
 *
 * It holds hashes and numbers, no keys: who finds a number looks at the node.  The same number may
 * stand there under several hashes, and several under one. */
#ifndef MLS_TREE_INDEX_H
#define MLS_TREE_INDEX_H

#include "mls/tree_pool.h"

struct tree_index; /* NULL: empty */
void tree_index_share(struct tree_index *x);
void tree_index_drop(struct tree_pool *p, struct tree_index *x);
/* A failure leaves what was there. */
uc_err UC_MUST_USE tree_index_add(struct tree_pool *p, struct tree_index **x, uint32_t hash,
				  uint32_t number);
/* Nothing happens when it is not there. */
uc_err UC_MUST_USE tree_index_remove(struct tree_pool *p, struct tree_index **x, uint32_t hash,
				     uint32_t number);
/* The numbers under a hash, in no order: start with *at = 0; false at the end. */
bool tree_index_next(const struct tree_index *x, uint32_t hash, uint32_t *at, uint32_t *number);

#endif
