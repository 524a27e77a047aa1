/* SPDX-License-Identifier: Apache-2.0 */
/* Cipher suites over a table of functions (undercroft/mls_crypto.h), the built-in one of libsodium
 * and OpenSSL (BearSSL in WebAssembly) or its owner's; and the primitives the rest uses, which are
 * always the built-in ones.
 *
 * All functions are synchronous and, over the built-in table, thread-safe; contexts that cost time to
 * make are kept per thread inside.  Outputs are written only on success.  Lengths are bytes. */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include "base/arena.h"
#include "base/env.h"
#include "base/secret.h"
#include "undercroft/mls_crypto.h"

enum {
	HASH_MAX = MLS_HASH_MAX, /* SHA-512 */
	AEAD_KEY_MAX = MLS_AEAD_KEY_MAX,
	AEAD_NONCE_MAX = MLS_AEAD_NONCE_MAX,
	AEAD_TAG = MLS_AEAD_TAG,
	PUBLIC_KEY_MAX = MLS_PUBLIC_KEY_MAX, /* P-521, uncompressed */
	SIGNATURE_MAX = MLS_SIGNATURE_MAX,   /* P-521, DER */
};

/* RFC 9420, 17.1 */
enum {
	SUITE_X25519_AES128 = 0x0001, /* MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519 */
	SUITE_P256_AES128 = 0x0002,   /* MLS_128_DHKEMP256_AES128GCM_SHA256_P256 */
	SUITE_X25519_CHACHA = 0x0003, /* MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519 */
	SUITE_X448_AES256 = 0x0004,   /* MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448 */
	SUITE_P521_AES256 = 0x0005,   /* MLS_256_DHKEMP521_AES256GCM_SHA512_P521 */
	SUITE_X448_CHACHA = 0x0006,   /* MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448 */
	SUITE_P384_AES256 = 0x0007,   /* MLS_256_DHKEMP384_AES256GCM_SHA384_P384 */
};

/* A row of a table, as the engine uses it. */
struct suite {
	const struct mls_crypto *by;
	uint16_t id;
	const char *name;
	uint16_t kem_id, kdf_id, aead_id, signature_id; /* RFC 9180, 7; RFC 8446, 4.2.3 */
	size_t nh;                                      /* hash and KDF.Nh */
	size_t nk, nn;                                  /* AEAD key and nonce */
	size_t kem_nsk, kem_npk, kem_nenc, kem_nsecret;
	size_t sign_npk;
};

/* The suites of a table. */
struct crypto {
	struct suite suites[MLS_SUITES_MAX];
	size_t n;
};
/* Takes a table over, which must outlive it; UC_E_ARGUMENT as mls_crypto_check. */
uc_err UC_MUST_USE crypto_init(struct crypto *c, const struct mls_crypto *table);
/* NULL when the suite is not supported.  c NULL: of the built-in table. */
const struct suite *crypto_suite(const struct crypto *c, uint16_t id);

/* Of the built-in table: NULL when the suite is not supported. */
const struct suite *suite_find(uint16_t id);
/* The i-th supported suite, in order of preference; NULL past the end. */
const struct suite *suite_at(size_t i);

/* --- hash, MAC, KDF (RFC 9420, 5.1, 5.2, 8) --- */

/* out holds s->nh bytes. */
uc_err UC_MUST_USE suite_hash(const struct suite *s, struct view data, uint8_t *out);
/* Hash of several parts in a row, at most MLS_PARTS_MAX. */
uc_err UC_MUST_USE suite_hash_parts(const struct suite *s, const struct view *parts, size_t n,
				    uint8_t *out);
uc_err UC_MUST_USE suite_mac(const struct suite *s, struct view key, struct view data,
			     uint8_t *out);
uc_err UC_MUST_USE suite_extract(const struct suite *s, struct view salt, struct view ikm,
				 struct secret *out);
uc_err UC_MUST_USE suite_expand(const struct suite *s, struct view prk, struct view info,
				uint8_t *out, size_t n);
/* ExpandWithLabel(Secret, Label, Context, Length); the label without "MLS 1.0 ". */
uc_err UC_MUST_USE expand_with_label(const struct suite *s, struct view secret, const char *label,
				     struct view context, uint8_t *out, size_t n);
/* DeriveSecret(Secret, Label) */
uc_err UC_MUST_USE derive_secret(const struct suite *s, struct view secret, const char *label,
				 struct secret *out);
/* DeriveTreeSecret (RFC 9420, 9.1); context is the generation. */
uc_err UC_MUST_USE derive_tree_secret(const struct suite *s, struct view secret, const char *label,
				      uint32_t generation, uint8_t *out, size_t n);
/* RefHash(label, value); label in full, as "MLS 1.0 KeyPackage Reference". */
uc_err UC_MUST_USE ref_hash(const struct suite *s, const char *label, struct view value,
			    uint8_t *out);

/* SHA-256 by the suite's table, whatever the suite. */
enum { SHA256_BYTES = 32 };
uc_err UC_MUST_USE suite_sha256(const struct suite *s, struct view data, uint8_t out[SHA256_BYTES]);

/* SHA-256 and HMAC-SHA256, outside any suite. */
uc_err UC_MUST_USE sha256(struct view data, uint8_t out[SHA256_BYTES]);
uc_err UC_MUST_USE sha256_parts(const struct view *parts, size_t n, uint8_t out[SHA256_BYTES]);
uc_err UC_MUST_USE hmac_sha256(struct view key, struct view data, uint8_t out[SHA256_BYTES]);
uc_err UC_MUST_USE hmac_sha256_parts(struct view key, const struct view *parts, size_t n,
				     uint8_t out[SHA256_BYTES]);
/* HKDF-SHA256 (RFC 5869), extract and expand in one. */
uc_err UC_MUST_USE hkdf_sha256(struct view salt, struct view ikm, struct view info, uint8_t *out,
			       size_t n);

/* --- a keyed hash whose key can be changed without what was hashed --- */

/* key times the point of ristretto255 (RFC 9496) that the data leads to.  Without the key it says
 * nothing of the data, however few there are to guess; and a hash under one key leads to that under
 * another by a third number, which tells neither.  Not in WebAssembly. */
enum { POINT_HASH = 32 };
uc_err UC_MUST_USE point_key_generate(const struct env *env, uint8_t key[POINT_HASH]);
uc_err UC_MUST_USE point_hash(const uint8_t key[POINT_HASH], struct view data,
			      uint8_t out[POINT_HASH]);
/* What leads from hashes under `before` to those under `now`. */
uc_err UC_MUST_USE point_move_make(const uint8_t before[POINT_HASH], const uint8_t now[POINT_HASH],
				   uint8_t out[POINT_HASH]);
/* UC_E_CORRUPT for what is no such hash. */
uc_err UC_MUST_USE point_hash_move(const uint8_t move[POINT_HASH], const uint8_t hash[POINT_HASH],
				   uint8_t out[POINT_HASH]);

/* --- AEAD --- */

/* ct holds pt.n + AEAD_TAG bytes. */
uc_err UC_MUST_USE suite_seal(const struct suite *s, struct view key, struct view nonce,
			      struct view aad, struct view pt, uint8_t *ct);
/* pt holds ct.n - AEAD_TAG bytes; UC_E_DECRYPT for any failure. */
uc_err UC_MUST_USE suite_open(const struct suite *s, struct view key, struct view nonce,
			      struct view aad, struct view ct, uint8_t *pt);

/* A box under a 32-byte key for what we store or hand out ourselves: XChaCha20-Poly1305 with a
 * random 24-byte nonce in front.  Output: nonce, ciphertext, tag. */
enum { BOX_KEY = 32, BOX_OVERHEAD = 24 + 16 };
uc_err UC_MUST_USE box_seal(const struct env *env, struct view key, struct view aad, struct view pt,
			    uint8_t *out);
uc_err UC_MUST_USE box_open(struct view key, struct view aad, struct view sealed, uint8_t *pt);

/* --- signatures (RFC 9420, 5.1.2) --- */

struct sign_key {
	/* The built-in table's: Ed25519, Ed448: the seed; ECDSA: the scalar. */
	struct secret priv;
	uint8_t pub[PUBLIC_KEY_MAX];
	size_t pub_n;
};
static inline struct view sign_public(const struct sign_key *k)
{
	return (struct view){ k->pub, k->pub_n };
}
uc_err UC_MUST_USE sign_key_generate(const struct suite *s, const struct env *env,
				     struct sign_key *out);
/* From a private key as the working group's vectors give it; computes the public half.
 * UC_E_UNSUPPORTED, as for sign_key_generate, where the table does not do that. */
uc_err UC_MUST_USE sign_key_import(const struct suite *s, struct view priv, struct sign_key *out);
void sign_key_wipe(struct sign_key *k);
/* Refuses wrong lengths, points off the curve, and Ed25519 and Ed448 keys that are not canonical
 * or have a part of small order. */
uc_err UC_MUST_USE sign_public_check(const struct suite *s, struct view pub);
/* The signature is copied into the arena.  label without "MLS 1.0 ". */
uc_err UC_MUST_USE sign_with_label(const struct suite *s, const struct sign_key *k,
				   const struct env *env, const char *label, struct view content,
				   struct arena *a, struct view *signature);
/* UC_E_SIGNATURE when it does not verify. */
uc_err UC_MUST_USE verify_with_label(const struct suite *s, struct view pub, const char *label,
				     struct view content, struct view signature);
/* The same of a whole SignContent, for labels that are not text. */
uc_err UC_MUST_USE sign_labelled(const struct suite *s, const struct sign_key *k,
				 const struct env *env, struct view sign_content, struct arena *a,
				 struct view *signature);
uc_err UC_MUST_USE verify_labelled(const struct suite *s, struct view pub, struct view sign_content,
				   struct view signature);

/* Ed25519 alone, for account, device and participant keys.  Keys are 32 bytes, seeds 32,
 * signatures 64.  Labels as in SignWithLabel, but with base "Undercroft 1.0 ". */
enum { ED25519_KEY = 32, ED25519_SEED = 32, ED25519_SIGNATURE = 64 };
struct ed25519_key {
	uint8_t seed[ED25519_SEED];
	uint8_t pub[ED25519_KEY];
};
uc_err UC_MUST_USE ed25519_generate(const struct env *env, struct ed25519_key *out);
void ed25519_from_seed(const uint8_t seed[ED25519_SEED], struct ed25519_key *out);
uc_err UC_MUST_USE ed25519_sign(const struct ed25519_key *k, const char *label, struct view content,
				uint8_t signature[ED25519_SIGNATURE]);
uc_err UC_MUST_USE ed25519_verify(struct view pub, const char *label, struct view content,
				  struct view signature);

/* --- HPKE (RFC 9180), base mode --- */

struct kem_key {
	struct secret priv;
	uint8_t pub[PUBLIC_KEY_MAX];
	size_t pub_n;
};
static inline struct view kem_public(const struct kem_key *k)
{
	return (struct view){ k->pub, k->pub_n };
}
uc_err UC_MUST_USE kem_key_generate(const struct suite *s, const struct env *env,
				    struct kem_key *out);
/* KEM.DeriveKeyPair(ikm) */
uc_err UC_MUST_USE kem_key_derive(const struct suite *s, struct view ikm, struct kem_key *out);
/* Both halves as given; the public half is not recomputed. */
uc_err UC_MUST_USE kem_key_import(const struct suite *s, struct view priv, struct view pub,
				  struct kem_key *out);
void kem_key_wipe(struct kem_key *k);
uc_err UC_MUST_USE kem_public_check(const struct suite *s, struct view pub);

/* kem_output and ciphertext are copied into the arena. */
uc_err UC_MUST_USE hpke_seal(const struct suite *s, const struct env *env, struct view pub,
			     struct view info, struct view aad, struct view pt, struct arena *a,
			     struct view *kem_output, struct view *ciphertext);
/* The plaintext is taken from the arena (make it ARENA_SECRET where it is one). */
uc_err UC_MUST_USE hpke_open(const struct suite *s, const struct kem_key *k, struct view kem_output,
			     struct view info, struct view aad, struct view ciphertext,
			     struct arena *a, struct view *pt);
/* Setup plus context.export(exporter_context, n): external init (RFC 9420, 8.3). */
uc_err UC_MUST_USE hpke_export_send(const struct suite *s, const struct env *env, struct view pub,
				    struct view info, struct view exporter_context, struct arena *a,
				    struct view *kem_output, struct secret *out, size_t n);
uc_err UC_MUST_USE hpke_export_receive(const struct suite *s, const struct kem_key *k,
				       struct view kem_output, struct view info,
				       struct view exporter_context, struct secret *out, size_t n);
/* EncryptWithLabel / DecryptWithLabel (RFC 9420, 5.1.3); label without "MLS 1.0 ". */
uc_err UC_MUST_USE encrypt_with_label(const struct suite *s, const struct env *env, struct view pub,
				      const char *label, struct view context, struct view pt,
				      struct arena *a, struct view *kem_output,
				      struct view *ciphertext);
uc_err UC_MUST_USE decrypt_with_label(const struct suite *s, const struct kem_key *k,
				      const char *label, struct view context,
				      struct view kem_output, struct view ciphertext,
				      struct arena *a, struct view *pt);

/* Argon2id over a passphrase: out is 32 bytes, salt 16 random bytes kept beside what it opens.
 * UC_E_UNSUPPORTED in WebAssembly. */
enum { PASSPHRASE_SALT = 16 };
uc_err UC_MUST_USE passphrase_key(struct view passphrase, const uint8_t salt[PASSPHRASE_SALT],
				  uint8_t out[BOX_KEY]);

#endif
