/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/frank_tree.h"

static const char root_label[] = "FrankingTreeTBS";

void wire_frank_proof(struct wire *w, struct frank_proof *p)
{
	wire_u8(w, &p->index);
	wire_bytes(w, &p->path);
	wire_bytes(w, &p->signature);
	size_t depth = p->path.n / SHA256_BYTES;
	if (wire_reading(w) && (p->path.n % SHA256_BYTES || !depth ||
				depth > FRANK_TREE_DEPTH_MAX || p->index >> depth))
		wire_fail(w, UC_E_MALFORMED);
}

void frank_proof_element(struct wire *w, void *v)
{
	wire_frank_proof(w, v);
}

/* What is signed: a way of another length leads to another root, and to another of these. */
struct frank_root {
	uint8_t root[SHA256_BYTES];
	uint8_t depth;
};
static void wire_frank_root(struct wire *w, struct frank_root *r)
{
	wire_fixed(w, r->root, sizeof r->root);
	wire_u8(w, &r->depth);
}
WIRE_ELEMENT(frank_root)

/* RFC 6962, 2.1: leaves and nodes are hashed apart, so that no node passes for a leaf. */
uc_err frank_tree_leaf(struct view tbs, uint8_t out[SHA256_BYTES])
{
	const struct view parts[] = { { (const uint8_t *)"\0", 1 }, tbs };
	return sha256_parts(parts, 2, out);
}

static uc_err node_hash(const uint8_t *left, const uint8_t *right, uint8_t out[SHA256_BYTES])
{
	const struct view parts[] = { { (const uint8_t *)"\1", 1 },
				      { left, SHA256_BYTES },
				      { right, SHA256_BYTES } };
	return sha256_parts(parts, 3, out);
}

/* Where a level ends with a left child, nothing is on its right: no hash that anybody knows a text
 * for. */
static const uint8_t nothing[SHA256_BYTES];

/* A node of the level that begins at the node `first` and has n. */
static const uint8_t *node_of(const struct frank_tree *t, size_t first, size_t n, size_t at)
{
	return at < n ? t->nodes[first + at] : nothing;
}

static uc_err root_tbs(const uint8_t root[SHA256_BYTES], size_t depth, struct arena *a,
		       struct view *out)
{
	struct frank_root r = { .depth = (uint8_t)depth };
	memcpy(r.root, root, sizeof r.root);
	return wire_encode_to(a, frank_root_element, &r, out);
}

static uc_err sign(struct frank_tree *t, const uint8_t *root, size_t depth,
		   const struct sign_key *signing, const struct env *env, struct arena *a)
{
	struct view tbs, signature;
	TRY(root_tbs(root, depth, a, &tbs));
	TRY(sign_with_label(suite_find(SUITE_X25519_AES128), signing, env, root_label, tbs, a,
			    &signature));
	if (signature.n != sizeof t->signature)
		return UC_E_ARGUMENT;
	memcpy(t->signature, signature.p, sizeof t->signature);
	return UC_OK;
}

uc_err frank_tree_sign(struct frank_tree *t, const struct sign_key *signing, const struct env *env)
{
	size_t n = t->n, first = 0, depth = 0;
	struct arena a;
	if (n < 2 || n > FRANK_TREE_LEAVES_MAX)
		return UC_E_ARGUMENT;
	for (; n > 1; depth++) {
		for (size_t i = 0; i < n; i += 2)
			TRY(node_hash(t->nodes[first + i], node_of(t, first, n, i + 1),
				      t->nodes[first + n + i / 2]));
		first += n;
		n = (n + 1) / 2;
	}
	arena_init(&a, 4096, ARENA_PLAIN);
	uc_err err = sign(t, t->nodes[first], depth, signing, env, &a);
	arena_done(&a);
	return err;
}

uc_err frank_tree_proof(const struct frank_tree *t, size_t index, struct arena *a, struct view *out)
{
	uint8_t path[FRANK_TREE_DEPTH_MAX][SHA256_BYTES];
	size_t first = 0, depth = 0;
	if (index >= t->n)
		return UC_E_ARGUMENT;
	for (size_t n = t->n, at = index; n > 1; at /= 2, n = (n + 1) / 2) {
		memcpy(path[depth++], node_of(t, first, n, at ^ 1), SHA256_BYTES);
		first += n;
	}
	const struct frank_proof p = { .index = (uint8_t)index,
				       .path = { path[0], depth * SHA256_BYTES },
				       .signature = VIEW_OF(t->signature) };
	return wire_encode_to(a, frank_proof_element, &p, out);
}

uc_err frank_tree_check(struct view proof, const uint8_t leaf[SHA256_BYTES],
			struct view franking_key, struct arena *a)
{
	struct frank_proof p;
	struct view tbs;
	uint8_t hash[SHA256_BYTES];
	if (wire_decode(proof, a, frank_proof_element, &p))
		return UC_E_FRANK;
	memcpy(hash, leaf, sizeof hash);
	size_t depth = p.path.n / SHA256_BYTES;
	for (size_t i = 0; i < depth; i++) {
		const uint8_t *beside = p.path.p + i * SHA256_BYTES;
		bool is_right = p.index >> i & 1;
		TRY(node_hash(is_right ? beside : hash, is_right ? hash : beside, hash));
	}
	TRY(root_tbs(hash, depth, a, &tbs));
	return verify_with_label(suite_find(SUITE_X25519_AES128), franking_key, root_label, tbs,
				 p.signature)
		       ? UC_E_FRANK
		       : UC_OK;
}
