/* SPDX-License-Identifier: Apache-2.0 */
/* A tree of secrets that forgets: from one root secret each leaf's secret can be had once.
 *
 * Holds only the nodes whose parents were used and who were not used themselves (RFC 9420, 9.2);
 * the secret tree and the exporter tree both stand on it. */
#ifndef MLS_KEY_TREE_H
#define MLS_KEY_TREE_H

#include "crypto/crypto.h"
#include "wire/wire.h"

struct key_tree_node {
	uint32_t index; /* in the array numbering of RFC 9420, appendix C */
	struct secret secret;
};

struct key_tree {
	struct heap_account *memory; /* stays when all goes; may be NULL */
	const struct suite *suite;
	uint32_t width;              /* leaves, a power of two */
	struct key_tree_node *nodes; /* in order of index */
	size_t n, cap;
};

/* At least one leaf, at most 2^30; rounded up to a power of two.  t is all zero but for memory. */
uc_err UC_MUST_USE key_tree_init(struct key_tree *t, const struct suite *s, uint32_t leaves,
				 struct view root);
/* out is all zero, but for its memory. */
uc_err UC_MUST_USE key_tree_copy(const struct key_tree *t, struct key_tree *out);
/* Wipes and frees; all zero is an empty tree. */
void key_tree_done(struct key_tree *t);
/* The leaf's secret, without changing the tree; UC_E_NOT_FOUND when it was taken before. */
uc_err UC_MUST_USE key_tree_peek(const struct key_tree *t, uint32_t leaf, struct secret *out);
/* Can it still be had? */
bool key_tree_has(const struct key_tree *t, uint32_t leaf);
/* Takes the leaf's secret out and deletes everything it could be derived from. */
uc_err UC_MUST_USE key_tree_take(struct key_tree *t, uint32_t leaf, struct secret *out);
/* For storage; reading fills a zeroed tree of this suite, to be freed with key_tree_done even
 * after a failure. */
void wire_key_tree(struct wire *w, struct key_tree *t, const struct suite *s);

#endif
