/* SPDX-License-Identifier: Apache-2.0 */
/* Ratchet trees, node by node, that are right but for what a test changes. */
#ifndef TESTS_BAD_FORGE_TREE_H
#define TESTS_BAD_FORGE_TREE_H

#include "tests/bad/rules.h"

/* The group's tree, of at most sixteen leaves, to be changed. */
struct node_list forge_tree_of(struct club *c, const struct group *g);
/* l is that tree with changes that leave its shape: each parent hash is what it has to be, and the
 * leaves that carry one are signed again.  The signature of leaf `broken` (TREE_NONE: of none) is wrong,
 * and part of the rest as such. */
void forge_chain(struct club *c, const struct group *g, struct node_list *l, uint32_t broken);
/* Signed again, by whoever has its signature key, for its place; or wrongly. */
void forge_sign_node(struct club *c, struct node_list *l, uint32_t leaf, bool wrong);

#endif
