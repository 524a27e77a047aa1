/* SPDX-License-Identifier: Apache-2.0 */
/* Update paths (RFC 9420, 7.4 to 7.6): making, merging, decrypting.  Trees given here are staged
 * copies; a failure leaves them to be dropped. */
#ifndef MLS_TREEKEM_H
#define MLS_TREEKEM_H

#include "mls/key_package.h"
#include "mls/proposal.h"
#include "mls/tree.h"

enum { TREE_DEPTH_MAX = 25 }; /* levels: TREE_LEAVES_MAX leaves */

/* The private keys a member has: its leaf's, and those of nodes above it. */
struct tree_secrets {
	uint32_t leaf;
	size_t n;
	struct tree_secret {
		uint32_t node;
		struct kem_key key;
	} v[TREE_DEPTH_MAX];
};
void tree_secrets_wipe(struct tree_secrets *t);
/* For storage. */
void wire_tree_secrets(struct wire *w, struct tree_secrets *t);
/* NULL when the member has none for the node. */
const struct kem_key *tree_secret_find(const struct tree_secrets *t, uint32_t node);
uc_err UC_MUST_USE tree_secret_set(struct tree_secrets *t, uint32_t node,
				   const struct kem_key *key);
/* Forgets the keys of nodes that are blank or have another key in this tree. */
void tree_secrets_prune(struct tree_secrets *secrets, const struct tree *t);

/* A path that is being made. */
struct made_path {
	struct u32_list nodes, copath; /* filtered direct path */
	struct secret path_secret[TREE_DEPTH_MAX];
	struct secret commit_secret;
	struct leaf_node leaf_node; /* as put into the tree */
};
void made_path_wipe(struct made_path *p);

/* Gives `leaf` a fresh key and new keys to its filtered direct path, in the tree and in secrets.
 * The new leaf is signed.  Lists lie in the arena. */
uc_err UC_MUST_USE treekem_make(struct tree *t, uint32_t leaf, const struct leaf_parameters *as,
				struct view group_id, const struct env *env, struct arena *a,
				struct tree_secrets *secrets, struct made_path *out);
/* Encrypts the path secrets to the copath, without the leaves in new_leaves. */
uc_err UC_MUST_USE treekem_encrypt(const struct tree *t, const struct made_path *p,
				   struct view group_context, const struct u32_list *new_leaves,
				   const struct env *env, struct arena *a, struct update_path *out);

/* Puts a received path into the tree: shape, keys unused so far, parent hashes, the numbers of
 * ciphertexts.  The leaf's own validity and signature are checked elsewhere. */
uc_err UC_MUST_USE treekem_merge(struct tree *t, uint32_t sender, const struct update_path *path,
				 const struct u32_list *new_leaves);
/* Decrypts our part of a merged path, and checks that its keys are the tree's. */
uc_err UC_MUST_USE treekem_decrypt(const struct tree *t, uint32_t sender,
				   const struct update_path *path, struct view group_context,
				   const struct u32_list *new_leaves, struct tree_secrets *secrets,
				   struct secret *commit_secret);
/* From the path secret in a Welcome: the keys from the common ancestor with `sender` up. */
uc_err UC_MUST_USE treekem_join(const struct tree *t, uint32_t sender, struct view path_secret,
				struct tree_secrets *secrets);
/* The path secret that a new member at `leaf` gets from the maker of the path. */
uc_err UC_MUST_USE treekem_secret_for(const struct made_path *p, uint32_t leaf,
				      struct view *path_secret);

#endif
