/* SPDX-License-Identifier: Apache-2.0 */
/* treekem: update paths received by every member, and new ones made (RFC 9420, 7.4 to 7.6). */
#include "tests/vectors/vectors.h"

#include "crypto/alg.h"

#include "mls/message.h"
#include "mls/treekem.h"

#include <stdlib.h>

static uc_err node_key(const struct suite *s, struct view path_secret, struct kem_key *out)
{
	struct secret node_secret;
	TRY(derive_secret(s, path_secret, "node", &node_secret));
	return kem_key_derive(s, secret_view(&node_secret), out);
}

static bool load_leaf(struct vector_run *r, const json_t *j, const struct tree *t,
		      struct tree_secrets *secrets)
{
	struct kem_key key;
	secrets->leaf = (uint32_t)vec_num(r, j, "index");
	uint32_t node = tree_node_of_leaf(secrets->leaf);
	if (!vec_ok(r, "encryption_priv",
		    kem_key_import(r->suite,
				   vec_private(r, j, "encryption_priv", r->suite->kem_nsk),
				   tree_node_key(t, node), &key)) ||
	    !vec_ok(r, "encryption_priv", tree_secret_set(secrets, node, &key)))
		return false;
	const json_t *paths = vec_array(r, j, "path_secrets");
	for (size_t i = 0; i < json_array_size(paths); i++) {
		const json_t *p = json_array_get(paths, i);
		node = (uint32_t)vec_num(r, p, "node");
		if (!vec_ok(r, "path_secrets",
			    node_key(r->suite, vec_hex(r, p, "path_secret"), &key)) ||
		    !vec_equal(r, "path_secrets", kem_public(&key), tree_node_key(t, node)) ||
		    !vec_ok(r, "path_secrets", tree_secret_set(secrets, node, &key)))
			return false;
	}
	return true;
}

static bool context_of(struct vector_run *r, const json_t *j, const struct tree *t,
		       struct view *out)
{
	uint8_t hash[HASH_MAX];
	struct group_context g = {
		.version = MLS10,
		.cipher_suite = r->suite->id,
		.group_id = vec_hex(r, j, "group_id"),
		.epoch = vec_num(r, j, "epoch"),
		.tree_hash = view_make(hash, r->suite->nh),
		.confirmed_transcript_hash = vec_hex(r, j, "confirmed_transcript_hash"),
	};
	return vec_ok(r, "tree_hash", tree_hash(t, hash)) &&
	       vec_ok(r, "context", wire_encode_to(&r->mem, group_context_element, &g, out));
}

/* Every other member processes the path and finds this commit secret. */
static void all_decrypt(struct vector_run *r, const json_t *leaves, const struct tree *before,
			const struct tree *after, uint32_t sender, const struct update_path *path,
			struct view context, struct view commit_secret)
{
	const struct u32_list none = { NULL, 0 };
	for (size_t i = 0; i < json_array_size(leaves); i++) {
		struct tree_secrets *secrets = calloc(1, sizeof *secrets);
		struct secret have;
		if (load_leaf(r, json_array_get(leaves, i), before, secrets) &&
		    secrets->leaf != sender &&
		    vec_ok(r, "decrypt",
			   treekem_decrypt(after, sender, path, context, &none, secrets, &have)))
			vec_equal(r, "commit_secret", secret_view(&have), commit_secret);
		free(secrets);
	}
}

static const json_t *private_of(const json_t *leaves, uint32_t leaf)
{
	for (size_t i = 0; i < json_array_size(leaves); i++) {
		const json_t *l = json_array_get(leaves, i);
		if (json_integer_value(json_object_get(l, "index")) == leaf)
			return l;
	}
	return NULL;
}

static void make_new(struct vector_run *r, const json_t *j, const json_t *leaves,
		     const struct tree *t, uint32_t sender)
{
	struct tree after;
	struct sign_key key;
	struct tree_secrets *secrets = calloc(1, sizeof *secrets);
	struct made_path *made = calloc(1, sizeof *made);
	struct update_path path;
	struct view context, group_id = vec_hex(r, j, "group_id");
	const struct u32_list none = { NULL, 0 };
	const json_t *own = private_of(leaves, sender);
	const struct leaf_node *leaf = tree_leaf_find(t, sender, LEAF_ROOM);
	tree_copy(t, &after);
	if (vec_ok(r, "signature_priv",
		   sign_key_import(r->suite,
				   vec_private(r, own, "signature_priv",
					       sign_alg_find(r->suite->signature_id)->nsk),
				   &key)) &&
	    load_leaf(r, own, t, secrets)) {
		struct leaf_parameters as = { &key, leaf->credential, leaf->capabilities,
					      leaf->extensions };
		if (vec_ok(r, "make",
			   treekem_make(&after, sender, &as, group_id, vec_env(), &r->mem, secrets,
					made)) &&
		    context_of(r, j, &after, &context) &&
		    vec_ok(r, "encrypt",
			   treekem_encrypt(&after, made, context, &none, vec_env(), &r->mem,
					   &path)))
			all_decrypt(r, leaves, t, &after, sender, &path, context,
				    secret_view(&made->commit_secret));
	}
	tree_done(&after);
	free(secrets);
	free(made);
}

static void path_run(struct vector_run *r, const json_t *j, const json_t *leaves,
		     const struct tree *t, const json_t *up)
{
	const struct u32_list none = { NULL, 0 };
	uint32_t sender = (uint32_t)vec_num(r, up, "sender");
	struct update_path path;
	struct view context;
	struct tree after;
	tree_copy(t, &after);
	if (vec_ok(r, "update_path",
		   wire_decode(vec_hex(r, up, "update_path"), &r->mem, update_path_element,
			       &path)) &&
	    vec_ok(r, "update_path", treekem_merge(&after, sender, &path, &none)) &&
	    context_of(r, j, &after, &context)) {
		uint8_t hash[HASH_MAX];
		vec_ok(r, "tree_hash_after", tree_hash(&after, hash));
		vec_field(r, up, "tree_hash_after", view_make(hash, r->suite->nh));
		vec_ok(r, "parent hashes", tree_check_parent_hashes(&after));
		all_decrypt(r, leaves, t, &after, sender, &path, context,
			    vec_hex(r, up, "commit_secret"));
	}
	tree_done(&after);
	make_new(r, j, leaves, t, sender);
}

static void run(struct vector_run *r, const json_t *j)
{
	struct node_list nodes;
	struct tree t;
	if (!vec_ok(r, "ratchet_tree",
		    wire_decode(vec_hex(r, j, "ratchet_tree"), &r->mem, ratchet_tree_element,
				&nodes)) ||
	    !vec_ok(r, "ratchet_tree", tree_import(&t, r->suite, &nodes)))
		return;
	const json_t *paths = vec_array(r, j, "update_paths");
	for (size_t i = 0; i < json_array_size(paths); i++) {
		vec_at(r, "update_paths[%zu].", i);
		path_run(r, j, vec_array(r, j, "leaves_private"), &t, json_array_get(paths, i));
	}
	vec_at(r, "%s", "");
	tree_done(&t);
}

static const char *const fields[] = { "leaves_private", "ratchet_tree", "update_paths", NULL };
const struct vector_kind treekem_kind = { "treekem", fields, run };
