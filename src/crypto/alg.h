/* SPDX-License-Identifier: Apache-2.0 */
/* What the built-in table is made of: algorithms, and what a library gives to each; and what HKDF
 * and labels are made of over any table.
 *
 * A new suite is a row in builtin.c; a new algorithm is a row in the alg tables of its library. */
#ifndef CRYPTO_ALG_H
#define CRYPTO_ALG_H

#include "crypto/crypto.h"

/* --- hash and AEAD: openssl_*.c, or bearssl_*.c where there is no libcrypto --- */

enum hash_id { HASH_SHA256, HASH_SHA384, HASH_SHA512, HASH_COUNT };
enum aead_id { AEAD_AES128GCM, AEAD_AES256GCM, AEAD_CHACHA20POLY1305, AEAD_COUNT };

struct hash_alg {
	enum hash_id id;
	const char *name; /* as libcrypto fetches it */
	size_t n, block;
};
extern const struct hash_alg hash_algs[HASH_COUNT];

struct aead_alg {
	enum aead_id id;
	const char *name;
	size_t nk, nn;
};
extern const struct aead_alg aead_algs[AEAD_COUNT];

uc_err UC_MUST_USE hash_parts(const struct hash_alg *h, const struct view *parts, size_t n,
			      uint8_t *out);
uc_err UC_MUST_USE hmac_parts(const struct hash_alg *h, struct view key, const struct view *parts,
			      size_t n, uint8_t *out);
uc_err UC_MUST_USE aead_seal(const struct aead_alg *alg, struct view key, struct view nonce,
			     struct view aad, struct view pt, uint8_t *ct);
uc_err UC_MUST_USE aead_open(const struct aead_alg *alg, struct view key, struct view nonce,
			     struct view aad, struct view ct, uint8_t *pt);

/* By their numbers (RFC 9180, 7.2, 7.3); NULL for others. */
const struct hash_alg *hash_alg_find(uint16_t kdf_id);
const struct aead_alg *aead_alg_find(uint16_t aead_id);

/* --- over any table --- */

static inline struct mls_bytes bytes_of(struct view v)
{
	return (struct mls_bytes){ v.p, v.n };
}
static inline struct view view_of(struct mls_bytes b)
{
	return (struct view){ b.p, b.n };
}

/* A KDF, or the hash of it, of a table. */
struct kdf {
	const struct mls_crypto *by;
	uint16_t id;
	size_t n; /* KDF.Nh */
};
static inline struct kdf kdf_of(const struct suite *s)
{
	return (struct kdf){ s->by, s->kdf_id, s->nh };
}
/* At most MLS_PARTS_MAX parts. */
uc_err UC_MUST_USE kdf_hash(const struct kdf *k, const struct view *parts, size_t n, uint8_t *out);

/* HKDF (RFC 5869), hkdf.c; inputs in parts, so that nothing long is copied. */
uc_err UC_MUST_USE hkdf_extract_parts(const struct kdf *k, struct view salt, const struct view *ikm,
				      size_t n, struct secret *out);
enum { HKDF_INFO_PARTS_MAX = MLS_PARTS_MAX - 2 };
uc_err UC_MUST_USE hkdf_expand_parts(const struct kdf *k, struct view prk, const struct view *info,
				     size_t n_info, uint8_t *out, size_t n);

extern const struct mls_crypto builtin_crypto; /* builtin.c */
/* As mls_crypto_check and mls_crypto_suite_find. */
uc_err UC_MUST_USE crypto_check(const struct mls_crypto *t);
const struct mls_crypto_suite *crypto_row(const struct mls_crypto *t, uint16_t id);

/* What HPKE and labels need of a suite. */
uc_err UC_MUST_USE kem_encap(const struct suite *s, const struct env *env, struct view pub,
			     struct secret *shared, uint8_t *enc);
uc_err UC_MUST_USE kem_decap(const struct suite *s, const struct kem_key *k, struct view enc,
			     struct secret *shared);
uc_err UC_MUST_USE suite_sign(const struct suite *s, const struct sign_key *k,
			      const struct env *env, struct view message,
			      uint8_t sig[SIGNATURE_MAX], size_t *n);
uc_err UC_MUST_USE suite_verify(const struct suite *s, struct view pub, struct view message,
				struct view signature);

/* --- KEM --- */

/* A group for DHKEM (RFC 9180, 4.1).  Keys have the lengths given; public keys come from outside
 * and are checked by each function. */
struct dh_group {
	size_t nsk, npk, ndh;
	const struct nist_curve *curve; /* NULL for those that have functions of their own */
	/* 0: every string of nsk bytes is a private key; else candidates are drawn and the first
	 * byte masked with this (RFC 9180, 7.1.3). */
	uint8_t candidate_mask;
	/* UC_E_KEY for a private key out of range. */
	uc_err (*public_from)(const struct dh_group *g, struct view priv, uint8_t *pub);
	/* UC_E_KEY for a bad public key or a shared secret of zero. */
	uc_err (*agree)(const struct dh_group *g, struct view priv, struct view pub, uint8_t *out);
	uc_err (*check)(const struct dh_group *g, struct view pub);
};

struct kem_alg {
	uint16_t id; /* RFC 9180, 7.1 */
	size_t nsk, npk, nenc, nsecret;
	struct kdf kdf;
	const struct dh_group *dh;
	/* Nsecret bytes to *shared, Nenc to enc. */
	uc_err (*encap)(const struct kem_alg *k, const struct env *env, struct view pub,
			struct secret *shared, uint8_t *enc);
	uc_err (*decap)(const struct kem_alg *k, struct view priv, struct view pub, struct view enc,
			struct secret *shared);
	uc_err (*derive)(const struct kem_alg *k, struct view ikm, struct kem_key *out);
	uc_err (*check)(const struct kem_alg *k, struct view pub);
};
/* NULL for those that are not built in. */
const struct kem_alg *kem_alg_find(uint16_t kem_id);
extern const struct kem_alg kem_x25519; /* dhkem.c */
extern const struct dh_group dh_x25519; /* sodium.c */
/* Where there is libcrypto alone: dhkem.c, openssl_nist.c, openssl_448.c. */
extern const struct kem_alg kem_p256, kem_p384, kem_p521, kem_x448;
extern const struct dh_group dh_p256, dh_p384, dh_p521, dh_x448;

/* --- signatures --- */

struct sign_alg {
	size_t nsk, npk;
	const struct nist_curve *curve; /* as in a dh_group */
	uc_err (*generate)(const struct sign_alg *a, const struct env *env, struct sign_key *out);
	/* UC_E_KEY for a private key out of range. */
	uc_err (*import)(const struct sign_alg *a, struct view priv, struct sign_key *out);
	uc_err (*check)(const struct sign_alg *a, struct view pub);
	/* sig holds SIGNATURE_MAX bytes. */
	uc_err (*sign)(const struct sign_alg *a, const struct sign_key *k, struct view msg,
		       uint8_t *sig, size_t *n);
	uc_err (*verify)(const struct sign_alg *a, struct view pub, struct view msg,
			 struct view sig);
};
/* NULL for those that are not built in. */
const struct sign_alg *sign_alg_find(uint16_t signature_id);
extern const struct sign_alg sign_ed25519; /* sodium.c */
/* Where there is libcrypto alone: openssl_nist.c, openssl_448.c. */
extern const struct sign_alg sign_p256, sign_p384, sign_p521, sign_ed448;

/* libsodium made ready, once; UC_E_CRYPTO when it can't be. */
uc_err UC_MUST_USE sodium_ready(void);

/* --- labels, label.c --- */

/* The length of an opaque<V> (RFC 9420, 2.1.2) in 1, 2 or 4 bytes; n is below 2^30. */
enum { VARINT_MAX = 4 };
size_t varint_put(uint8_t out[VARINT_MAX], size_t n);

/* {opaque label<V> = base + label; opaque content<V>} as four parts that borrow from content and
 * this struct: what SignContent and EncryptContext of RFC 9420 have in common. */
enum { LABEL_MAX = 255 };
struct labelled {
	uint8_t head[VARINT_MAX + LABEL_MAX + VARINT_MAX];
	struct view parts[2];
};
enum { LABELLED_PARTS = 2 };
/* UC_E_ARGUMENT for a label past LABEL_MAX with its base. */
uc_err UC_MUST_USE labelled_init(struct labelled *l, const char *base, const char *label,
				 struct view content);

#endif
