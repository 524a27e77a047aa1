/* SPDX-License-Identifier: Apache-2.0 */
/* One signature for many franks (docs/rooms.md): a tree of hashes as RFC 6962, 2.1 makes them, whose
 * leaves are what each frank alone would have signed.  Each frank carries the way from its leaf to
 * the root that is signed, so that it can be checked, and reported later, without the others.
 *
 * What stands beside the way belongs to other rooms.  It tells nobody what it is a hash of: each leaf
 * holds a server_frank, a MAC under a key that only the hub has. */
#ifndef MIMI_FRANK_TREE_H
#define MIMI_FRANK_TREE_H

#include "crypto/crypto.h"
#include "wire/wire.h"

enum {
	/* In the place of a cipher suite; of those for private use (RFC 9420, 17.1). */
	FRANK_TREE_SUITE = 0xF0F1,
	FRANK_TREE_DEPTH_MAX = 8,
	FRANK_TREE_LEAVES_MAX = 1 << FRANK_TREE_DEPTH_MAX,
};

/* franking_integrity_signature of such a frank. */
struct frank_proof {
	uint8_t index;         /* of the leaf, from the left */
	struct view path;      /* hashes beside its way, from the leaf to below the root: 1 to 8 */
	struct view signature; /* Ed25519, over root and depth */
};
void wire_frank_proof(struct wire *w, struct frank_proof *p);
void frank_proof_element(struct wire *w, void *v);

/* The leaves' hashes come first, then level by level what is above them. */
struct frank_tree {
	size_t n; /* leaves */
	uint8_t nodes[2 * FRANK_TREE_LEAVES_MAX + FRANK_TREE_DEPTH_MAX][SHA256_BYTES];
	uint8_t signature[64];
};
uc_err UC_MUST_USE frank_tree_leaf(struct view tbs, uint8_t out[SHA256_BYTES]);
/* Over the t->n leaves that lie in t->nodes: 2 to FRANK_TREE_LEAVES_MAX, else UC_E_ARGUMENT. */
uc_err UC_MUST_USE frank_tree_sign(struct frank_tree *t, const struct sign_key *signing,
				   const struct env *env);
/* The proof of a leaf, encoded into the arena. */
uc_err UC_MUST_USE frank_tree_proof(const struct frank_tree *t, size_t index, struct arena *a,
				    struct view *out);
/* UC_E_FRANK. */
uc_err UC_MUST_USE frank_tree_check(struct view proof, const uint8_t leaf[SHA256_BYTES],
				    struct view franking_key, struct arena *a);

#endif
