/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/treekem.h"

#include "mls/rule.h"

#define SCRATCH_MAX ((size_t)64 * 1024 * 1024)

/* --- the private keys of a member --- */

void tree_secrets_wipe(struct tree_secrets *t)
{
	wipe(t, sizeof *t);
}

static void wire_private_key(struct wire *w, struct secret *s)
{
	struct view v = secret_view(s);
	wire_bytes(w, &v);
	if (wire_reading(w) && !w->failed && secret_set(s, v))
		wire_fail(w, UC_E_MALFORMED);
}

static void wire_kem_key(struct wire *w, struct kem_key *k)
{
	struct view pub = kem_public(k);
	wire_private_key(w, &k->priv);
	wire_bytes(w, &pub);
	if (!wire_reading(w) || w->failed)
		return;
	if (pub.n > sizeof k->pub) {
		wire_fail(w, UC_E_MALFORMED);
		return;
	}
	if (pub.n)
		memcpy(k->pub, pub.p, pub.n);
	k->pub_n = pub.n;
}

void wire_tree_secrets(struct wire *w, struct tree_secrets *t)
{
	uint8_t n = (uint8_t)t->n;
	wire_u32(w, &t->leaf);
	wire_u8(w, &n);
	if (n > TREE_DEPTH_MAX) {
		wire_fail(w, UC_E_MALFORMED);
		return;
	}
	t->n = n;
	for (size_t i = 0; i < t->n; i++) {
		wire_u32(w, &t->v[i].node);
		wire_kem_key(w, &t->v[i].key);
	}
}

const struct kem_key *tree_secret_find(const struct tree_secrets *t, uint32_t node)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].node == node)
			return &t->v[i].key;
	return NULL;
}

uc_err tree_secret_set(struct tree_secrets *t, uint32_t node, const struct kem_key *key)
{
	size_t i = 0;
	while (i < t->n && t->v[i].node != node)
		i++;
	if (i == TREE_DEPTH_MAX)
		return UC_E_LIMIT;
	t->v[i].node = node;
	t->v[i].key = *key;
	if (i == t->n)
		t->n++;
	return UC_OK;
}

void tree_secrets_prune(struct tree_secrets *secrets, const struct tree *t)
{
	for (size_t i = 0; i < secrets->n;) {
		struct tree_secret *s = &secrets->v[i];
		if (view_equal(tree_node_key(t, s->node), kem_public(&s->key))) {
			i++;
			continue;
		}
		*s = secrets->v[--secrets->n];
		wipe(&secrets->v[secrets->n], sizeof *s);
	}
}

/* --- secrets along a path (7.4) --- */

static uc_err next_path_secret(const struct suite *s, struct secret *path_secret)
{
	return derive_secret(s, secret_view(path_secret), "path", path_secret);
}

static uc_err node_key(const struct suite *s, const struct secret *path_secret, struct kem_key *out)
{
	struct secret node_secret = { .n = 0 };
	uc_err err = derive_secret(s, secret_view(path_secret), "node", &node_secret);
	if (!err)
		err = kem_key_derive(s, secret_view(&node_secret), out);
	secret_wipe(&node_secret);
	return err;
}

void made_path_wipe(struct made_path *p)
{
	wipe(p, sizeof *p);
}

/* Puts public keys along a path into the tree, with parent hashes from the top down (7.9); what
 * the leaf must carry comes out.  keys[i] belongs to nodes.v[i]. */
static uc_err set_path(struct tree *t, const struct u32_list *nodes, const struct u32_list *copath,
		       const struct view *keys, uint8_t *leaf_hash, size_t *leaf_hash_n)
{
	uint8_t hash[HASH_MAX];
	size_t n = 0; /* "The root node always has a zero-length hash for its parent hash." */
	for (size_t i = nodes->n; i-- > 0;) {
		struct parent_node p = { .encryption_key = keys[i], .parent_hash = { hash, n } };
		TRY(tree_set_parent(t, nodes->v[i], &p));
		TRY(tree_parent_hash(t, nodes->v[i], copath->v[i], hash));
		n = t->suite->nh;
	}
	memcpy(leaf_hash, hash, n);
	*leaf_hash_n = n;
	return UC_OK;
}

/* --- making --- */

static uc_err make_secrets(struct tree *t, const struct env *env, struct tree_secrets *secrets,
			   struct made_path *out, struct kem_key *keys)
{
	const struct suite *s = t->suite;
	struct secret path_secret = { .n = s->nh };
	uc_err err = env_random(env, path_secret.b, s->nh);
	secret_mark(path_secret.b, s->nh);
	for (size_t i = 0; !err && i < out->nodes.n; i++) {
		out->path_secret[i] = path_secret;
		err = node_key(s, &path_secret, &keys[i]);
		if (!err)
			err = tree_secret_set(secrets, out->nodes.v[i], &keys[i]);
		if (!err)
			err = next_path_secret(s, &path_secret);
	}
	if (!err && out->nodes.n == 0)
		err = next_path_secret(s, &path_secret);
	out->commit_secret = path_secret;
	secret_wipe(&path_secret);
	return err;
}

static uc_err make_leaf(struct tree *t, uint32_t leaf, const struct leaf_parameters *as,
			struct view group_id, const struct env *env, struct arena *a,
			struct tree_secrets *secrets, struct view parent_hash,
			struct leaf_node *out)
{
	struct kem_key key = { .pub_n = 0 };
	struct view pub, hash;
	uc_err err = kem_key_generate(t->suite, env, &key);
	if (!err)
		err = tree_secret_set(secrets, tree_node_of_leaf(leaf), &key);
	if (!err)
		err = arena_copy(a, kem_public(&key), &pub);
	kem_key_wipe(&key);
	TRY(err);
	TRY(arena_copy(a, parent_hash, &hash));
	*out = (struct leaf_node){
		.encryption_key = pub,
		.signature_key = sign_public(as->signature_key),
		.credential = as->credential,
		.capabilities = as->capabilities,
		.leaf_node_source = LEAF_NODE_SOURCE_COMMIT,
		.parent_hash = hash,
		.extensions = as->extensions,
	};
	TRY(leaf_node_sign(t->suite, env, as->signature_key, out, group_id, leaf, a));
	return tree_set_leaf(t, leaf, out);
}

static uc_err make(struct tree *t, uint32_t leaf, const struct leaf_parameters *as,
		   struct view group_id, const struct env *env, struct arena *a,
		   struct tree_secrets *secrets, struct made_path *out, struct kem_key *keys)
{
	struct view publics[TREE_DEPTH_MAX];
	uint8_t hash[HASH_MAX];
	size_t hash_n;
	TRY(tree_blank_path(t, leaf));
	TRY(tree_filtered_path(t, leaf, a, &out->nodes, &out->copath));
	TRY(make_secrets(t, env, secrets, out, keys));
	for (size_t i = 0; i < out->nodes.n; i++)
		publics[i] = kem_public(&keys[i]);
	TRY(set_path(t, &out->nodes, &out->copath, publics, hash, &hash_n));
	return make_leaf(t, leaf, as, group_id, env, a, secrets, view_make(hash, hash_n),
			 &out->leaf_node);
}

uc_err treekem_make(struct tree *t, uint32_t leaf, const struct leaf_parameters *as,
		    struct view group_id, const struct env *env, struct arena *a,
		    struct tree_secrets *secrets, struct made_path *out)
{
	struct kem_key keys[TREE_DEPTH_MAX];
	secrets->leaf = leaf;
	uc_err err = make(t, leaf, as, group_id, env, a, secrets, out, keys);
	wipe(keys, sizeof keys);
	if (!err)
		tree_secrets_prune(secrets, t);
	return err;
}

uc_err treekem_encrypt(const struct tree *t, const struct made_path *p, struct view group_context,
		       const struct u32_list *new_leaves, const struct env *env, struct arena *a,
		       struct update_path *out)
{
	struct update_path_node *nodes = ARENA_ARRAY(a, struct update_path_node, p->nodes.n);
	if (!nodes)
		return arena_error(a);
	for (size_t i = 0; i < p->nodes.n; i++) {
		struct u32_list to;
		TRY(arena_copy(a, tree_node_key(t, p->nodes.v[i]), &nodes[i].encryption_key));
		TRY(tree_resolution(t, p->copath.v[i], new_leaves, a, &to));
		struct hpke_ciphertext *c = ARENA_ARRAY(a, struct hpke_ciphertext, to.n);
		if (!c)
			return arena_error(a);
		for (size_t k = 0; k < to.n; k++)
			TRY(encrypt_with_label(t->suite, env, tree_node_key(t, to.v[k]),
					       "UpdatePathNode", group_context,
					       secret_view(&p->path_secret[i]), a, &c[k].kem_output,
					       &c[k].ciphertext));
		nodes[i].encrypted_path_secret = (struct hpke_ciphertext_list){ c, to.n };
	}
	out->leaf_node = p->leaf_node;
	out->nodes = (struct update_path_node_list){ nodes, p->nodes.n };
	return UC_OK;
}

/* --- merging --- */

static uc_err merge(struct tree *t, uint32_t sender, const struct update_path *path,
		    const struct u32_list *new_leaves, struct arena *a)
{
	struct u32_list nodes, copath, to;
	struct view keys[TREE_DEPTH_MAX + 1] = { path->leaf_node.encryption_key };
	uint8_t hash[HASH_MAX];
	size_t hash_n;
	TRY(tree_filtered_path(t, sender, a, &nodes, &copath));
	if (GROUND(PATH_LENGTH, nodes.n != path->nodes.n))
		return UC_E_MALFORMED;
	for (size_t i = 0; i < nodes.n; i++) {
		const struct update_path_node *n = &path->nodes.v[i];
		TRY_RULE(PATH_NODE_KEY, kem_public_check(t->suite, n->encryption_key));
		for (size_t k = 0; k <= i; k++)
			if (BREAKS(PATH_KEYS_DIFFER, view_equal(n->encryption_key, keys[k])))
				return UC_E_KEY;
		/* 7.6: as many ciphertexts as the resolution, without the new leaves. */
		TRY(tree_resolution(t, copath.v[i], new_leaves, a, &to));
		if (BREAKS(PATH_CIPHERTEXTS, to.n != n->encrypted_path_secret.n))
			return UC_E_MALFORMED;
		keys[i + 1] = n->encryption_key;
	}
	/* 12.4.2: none of the public keys may be in any node of the new tree. */
	for (size_t i = 0; i <= nodes.n; i++)
		if (BREAKS(PATH_KEYS_ARE_NEW, tree_has_encryption_key(t, keys[i])))
			return UC_E_KEY;
	TRY(tree_blank_path(t, sender));
	TRY(set_path(t, &nodes, &copath, keys + 1, hash, &hash_n));
	if (BREAKS(PARENT_HASH, !view_equal(path->leaf_node.parent_hash, view_make(hash, hash_n))))
		return UC_E_SIGNATURE;
	return tree_set_leaf(t, sender, &path->leaf_node);
}

uc_err treekem_merge(struct tree *t, uint32_t sender, const struct update_path *path,
		     const struct u32_list *new_leaves)
{
	struct arena scratch;
	arena_init(&scratch, SCRATCH_MAX, ARENA_PLAIN);
	uc_err err = merge(t, sender, path, new_leaves, &scratch);
	arena_done(&scratch);
	return err;
}

/* --- decrypting --- */

/* From one path secret up: derives each node's key, checks it against the tree, keeps it. */
static uc_err climb(const struct tree *t, const struct u32_list *nodes, size_t from,
		    struct secret *path_secret, struct tree_secrets *secrets)
{
	for (size_t i = from; i < nodes->n; i++) {
		struct kem_key key = { .pub_n = 0 };
		uc_err err = node_key(t->suite, path_secret, &key);
		if (!err && BREAKS(PATH_SECRET_FITS,
				   !view_equal(kem_public(&key), tree_node_key(t, nodes->v[i]))))
			err = UC_E_KEY;
		if (!err)
			err = tree_secret_set(secrets, nodes->v[i], &key);
		kem_key_wipe(&key);
		TRY(err);
		TRY(next_path_secret(t->suite, path_secret));
	}
	return UC_OK;
}

/* Where on the path we come in: the first node above our leaf. */
static size_t entry_of(const struct u32_list *nodes, uint32_t own_leaf)
{
	size_t i = 0;
	while (i < nodes->n && !tree_is_below(tree_node_of_leaf(own_leaf), nodes->v[i]))
		i++;
	return i;
}

static uc_err decrypt(const struct tree *t, uint32_t sender, const struct update_path *path,
		      struct view group_context, const struct u32_list *new_leaves,
		      struct tree_secrets *secrets, struct arena *a, struct secret *path_secret)
{
	struct u32_list nodes, copath, to;
	struct view pt;
	TRY(tree_filtered_path(t, sender, a, &nodes, &copath));
	size_t at = entry_of(&nodes, secrets->leaf);
	if (GROUND(PATH_LENGTH, at == nodes.n || nodes.n != path->nodes.n))
		return UC_E_MALFORMED; /* refused when it was merged */
	TRY(tree_resolution(t, copath.v[at], new_leaves, a, &to));
	const struct hpke_ciphertext_list *c = &path->nodes.v[at].encrypted_path_secret;
	const struct kem_key *key = NULL;
	size_t k = 0;
	for (; k < to.n && k < c->n && !(key = tree_secret_find(secrets, to.v[k])); k++)
		;
	if (GROUND(PATH_SECRET_OPENS, !key))
		return UC_E_DECRYPT;
	TRY_GROUND(PATH_SECRET_OPENS,
		   decrypt_with_label(t->suite, key, "UpdatePathNode", group_context,
				      c->v[k].kem_output, c->v[k].ciphertext, a, &pt));
	if (GROUND(PATH_SECRET_LENGTH, pt.n != t->suite->nh))
		return UC_E_DECRYPT;
	TRY(secret_set(path_secret, pt));
	return climb(t, &nodes, at, path_secret, secrets);
}

uc_err treekem_decrypt(const struct tree *t, uint32_t sender, const struct update_path *path,
		       struct view group_context, const struct u32_list *new_leaves,
		       struct tree_secrets *secrets, struct secret *commit_secret)
{
	struct arena scratch;
	struct secret path_secret = { .n = 0 };
	arena_init(&scratch, SCRATCH_MAX, ARENA_SECRET);
	tree_secrets_prune(secrets, t);
	uc_err err = decrypt(t, sender, path, group_context, new_leaves, secrets, &scratch,
			     &path_secret);
	if (!err)
		*commit_secret = path_secret;
	secret_wipe(&path_secret);
	arena_done(&scratch);
	return err;
}

uc_err treekem_join(const struct tree *t, uint32_t sender, struct view path_secret,
		    struct tree_secrets *secrets)
{
	struct arena scratch;
	struct u32_list nodes, copath;
	struct secret at = { .n = 0 };
	arena_init(&scratch, SCRATCH_MAX, ARENA_PLAIN);
	uc_err err = GROUND_KEEPS(PATH_SECRET_LENGTH, path_secret.n == t->suite->nh)
			     ? secret_set(&at, path_secret)
			     : UC_E_DECRYPT;
	if (!err)
		err = tree_filtered_path(t, sender, &scratch, &nodes, &copath);
	if (!err)
		err = climb(t, &nodes, entry_of(&nodes, secrets->leaf), &at, secrets);
	secret_wipe(&at);
	arena_done(&scratch);
	return err;
}

uc_err treekem_secret_for(const struct made_path *p, uint32_t leaf, struct view *path_secret)
{
	size_t at = entry_of(&p->nodes, leaf);
	if (at == p->nodes.n)
		return UC_E_NOT_FOUND;
	*path_secret = secret_view(&p->path_secret[at]);
	return UC_OK;
}
