/* SPDX-License-Identifier: Apache-2.0 */
/* crypto-basics: the labelled primitives of RFC 9420, 5. */
#include "tests/vectors/vectors.h"

#include "crypto/alg.h"

static void ref_hash_run(struct vector_run *r, const json_t *j)
{
	uint8_t out[HASH_MAX];
	vec_at(r, "ref_hash.");
	if (vec_ok(r, "out",
		   ref_hash(r->suite, vec_str(r, j, "label"), vec_hex(r, j, "value"), out)))
		vec_field(r, j, "out", view_make(out, r->suite->nh));
}

static void expand_run(struct vector_run *r, const json_t *j)
{
	uint8_t out[256];
	size_t n = (size_t)vec_num(r, j, "length");
	vec_at(r, "expand_with_label.");
	if (vec_true(r, "length", n <= sizeof out) &&
	    vec_ok(r, "out",
		   expand_with_label(r->suite, vec_hex(r, j, "secret"), vec_str(r, j, "label"),
				     vec_hex(r, j, "context"), out, n)))
		vec_field(r, j, "out", view_make(out, n));
}

static void derive_run(struct vector_run *r, const json_t *j)
{
	struct secret out;
	vec_at(r, "derive_secret.");
	if (vec_ok(r, "out",
		   derive_secret(r->suite, vec_hex(r, j, "secret"), vec_str(r, j, "label"), &out)))
		vec_field(r, j, "out", secret_view(&out));
}

static void derive_tree_run(struct vector_run *r, const json_t *j)
{
	uint8_t out[256];
	size_t n = (size_t)vec_num(r, j, "length");
	vec_at(r, "derive_tree_secret.");
	if (vec_true(r, "length", n <= sizeof out) &&
	    vec_ok(r, "out",
		   derive_tree_secret(r->suite, vec_hex(r, j, "secret"), vec_str(r, j, "label"),
				      (uint32_t)vec_num(r, j, "generation"), out, n)))
		vec_field(r, j, "out", view_make(out, n));
}

static void sign_run(struct vector_run *r, const json_t *j)
{
	struct sign_key key;
	struct view pub = vec_hex(r, j, "pub"), content = vec_hex(r, j, "content"), sig;
	const char *label = vec_str(r, j, "label");
	vec_at(r, "sign_with_label.");
	vec_ok(r, "pub", sign_public_check(r->suite, pub));
	vec_ok(r, "signature",
	       verify_with_label(r->suite, pub, label, content, vec_hex(r, j, "signature")));
	if (!vec_ok(r, "priv",
		    sign_key_import(
			    r->suite,
			    vec_private(r, j, "priv", sign_alg_find(r->suite->signature_id)->nsk),
			    &key)))
		return;
	vec_equal(r, "pub", sign_public(&key), pub);
	if (vec_ok(r, "sign",
		   sign_with_label(r->suite, &key, vec_env(), label, content, &r->mem, &sig)))
		vec_ok(r, "verify own", verify_with_label(r->suite, pub, label, content, sig));
	sign_key_wipe(&key);
}

static void encrypt_run(struct vector_run *r, const json_t *j)
{
	struct kem_key key;
	struct view pub = vec_hex(r, j, "pub"), context = vec_hex(r, j, "context");
	struct view plaintext = vec_hex(r, j, "plaintext"), pt, kem_output, ct;
	const char *label = vec_str(r, j, "label");
	vec_at(r, "encrypt_with_label.");
	vec_ok(r, "pub", kem_public_check(r->suite, pub));
	if (!vec_ok(r, "priv",
		    kem_key_import(r->suite, vec_private(r, j, "priv", r->suite->kem_nsk), pub,
				   &key)))
		return;
	if (vec_ok(r, "ciphertext",
		   decrypt_with_label(r->suite, &key, label, context, vec_hex(r, j, "kem_output"),
				      vec_hex(r, j, "ciphertext"), &r->mem, &pt)))
		vec_equal(r, "plaintext", pt, plaintext);
	if (vec_ok(r, "encrypt",
		   encrypt_with_label(r->suite, vec_env(), pub, label, context, plaintext, &r->mem,
				      &kem_output, &ct)) &&
	    vec_ok(r, "decrypt own",
		   decrypt_with_label(r->suite, &key, label, context, kem_output, ct, &r->mem,
				      &pt)))
		vec_equal(r, "own plaintext", pt, plaintext);
	kem_key_wipe(&key);
}

static void run(struct vector_run *r, const json_t *j)
{
	ref_hash_run(r, vec_object(r, j, "ref_hash"));
	expand_run(r, vec_object(r, j, "expand_with_label"));
	derive_run(r, vec_object(r, j, "derive_secret"));
	derive_tree_run(r, vec_object(r, j, "derive_tree_secret"));
	sign_run(r, vec_object(r, j, "sign_with_label"));
	encrypt_run(r, vec_object(r, j, "encrypt_with_label"));
}

const struct vector_kind crypto_basics_kind = {
	"crypto-basics",
	(const char *const[]){ "cipher_suite", "ref_hash", "expand_with_label", NULL },
	run,
};
