/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes have a key: a trie over hashes of keys, one for a tree and all its copies.  For the
 * files tree*.c alone.
 *
 * It holds hashes and numbers, no keys: who finds a number looks at the node of the tree that is
 * asked about.  So the same number may stand there several times, for several copies, and under
 * several hashes. */
#ifndef MLS_TREE_INDEX_H
#define MLS_TREE_INDEX_H

#include "mls/tree_pool.h"

/* In the pool's index.  A failure leaves what was there. */
uc_err UC_MUST_USE tree_index_add(struct tree_pool *p, uint32_t hash, uint32_t number);
/* One of those that were put in. */
void tree_index_remove(struct tree_pool *p, uint32_t hash, uint32_t number);
/* The numbers under a hash, in no order: start with *at = 0; false at the end. */
bool tree_index_next(const struct tree_pool *p, uint32_t hash, uint32_t *at, uint32_t *number);

#endif
