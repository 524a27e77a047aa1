/* SPDX-License-Identifier: Apache-2.0 */
/* secret-tree: RFC 9420, 9, and the sender data key of 6.3.2. */
#include "tests/vectors/vectors.h"

#include "mls/secret_tree.h"

static void sender_data_run(struct vector_run *r, const json_t *j)
{
	uint8_t key[AEAD_KEY_MAX], nonce[AEAD_NONCE_MAX];
	struct view secret = vec_hex(r, j, "sender_data_secret");
	struct view sample = view_slice(vec_hex(r, j, "ciphertext"), 0, r->suite->nh);
	vec_at(r, "sender_data.");
	if (vec_ok(r, "key", expand_with_label(r->suite, secret, "key", sample, key, r->suite->nk)))
		vec_field(r, j, "key", view_make(key, r->suite->nk));
	if (vec_ok(r, "nonce",
		   expand_with_label(r->suite, secret, "nonce", sample, nonce, r->suite->nn)))
		vec_field(r, j, "nonce", view_make(nonce, r->suite->nn));
}

static void key_check(struct vector_run *r, const json_t *j, struct secret_tree *t, uint32_t leaf,
		      enum ratchet_kind kind, const char *key_field, const char *nonce_field)
{
	struct message_key k = { 0 };
	uint32_t generation = (uint32_t)vec_num(r, j, "generation");
	if (!vec_ok(r, key_field, secret_tree_peek(t, leaf, kind, generation, &k)))
		return;
	vec_field(r, j, key_field, view_make(k.key, r->suite->nk));
	vec_field(r, j, nonce_field, view_make(k.nonce, r->suite->nn));
	vec_ok(r, "consume", secret_tree_consume(t, leaf, kind, generation));
	vec_num_equal(r, "peek after consume", UC_E_DECRYPT,
		      (uint64_t)secret_tree_peek(t, leaf, kind, generation, &k));
}

static void leaf_run(struct vector_run *r, const json_t *list, struct secret_tree *t, uint32_t leaf)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *j = json_array_get(list, i);
		vec_at(r, "leaves[%u][%zu].", leaf, i);
		key_check(r, j, t, leaf, RATCHET_HANDSHAKE, "handshake_key", "handshake_nonce");
		key_check(r, j, t, leaf, RATCHET_APPLICATION, "application_key",
			  "application_nonce");
	}
}

static void run(struct vector_run *r, const json_t *j)
{
	const json_t *leaves = vec_array(r, j, "leaves");
	uint32_t n = (uint32_t)json_array_size(leaves);
	struct secret_tree t = { 0 };
	struct view root = vec_hex(r, j, "encryption_secret");
	sender_data_run(r, vec_object(r, j, "sender_data"));
	if (!vec_ok(r, "encryption_secret", secret_tree_init(&t, r->suite, n, root)))
		return;
	for (uint32_t leaf = 0; leaf < n; leaf++)
		leaf_run(r, json_array_get(leaves, leaf), &t, leaf);
	secret_tree_done(&t);
}

const struct vector_kind secret_tree_kind = {
	"secret-tree",
	(const char *const[]){ "cipher_suite", "sender_data", "encryption_secret", "leaves", NULL },
	run,
};
