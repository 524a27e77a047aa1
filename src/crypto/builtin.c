/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in table (undercroft/mls_crypto.h): which algorithm has which number, and the cipher
 * suites of RFC 9420, 17.1. */
#include "crypto/alg.h"

const struct hash_alg *hash_alg_find(uint16_t kdf_id)
{
	return kdf_id >= MLS_KDF_HKDF_SHA256 && kdf_id <= MLS_KDF_HKDF_SHA512
		       ? &hash_algs[HASH_SHA256 + (kdf_id - MLS_KDF_HKDF_SHA256)]
		       : NULL;
}

const struct aead_alg *aead_alg_find(uint16_t aead_id)
{
	return aead_id >= MLS_AEAD_AES128GCM && aead_id <= MLS_AEAD_CHACHA20POLY1305
		       ? &aead_algs[AEAD_AES128GCM + (aead_id - MLS_AEAD_AES128GCM)]
		       : NULL;
}

const struct kem_alg *kem_alg_find(uint16_t kem_id)
{
	switch (kem_id) {
	case MLS_KEM_DHKEM_X25519:
		return &kem_x25519;
#ifndef CRYPTO_NO_LIBCRYPTO
	case MLS_KEM_DHKEM_P256:
		return &kem_p256;
	case MLS_KEM_DHKEM_P384:
		return &kem_p384;
	case MLS_KEM_DHKEM_P521:
		return &kem_p521;
	case MLS_KEM_DHKEM_X448:
		return &kem_x448;
#endif
	default:
		return NULL;
	}
}

const struct sign_alg *sign_alg_find(uint16_t signature_id)
{
	switch (signature_id) {
	case MLS_SIGNATURE_ED25519:
		return &sign_ed25519;
#ifndef CRYPTO_NO_LIBCRYPTO
	case MLS_SIGNATURE_ECDSA_P256_SHA256:
		return &sign_p256;
	case MLS_SIGNATURE_ECDSA_P384_SHA384:
		return &sign_p384;
	case MLS_SIGNATURE_ECDSA_P521_SHA512:
		return &sign_p521;
	case MLS_SIGNATURE_ED448:
		return &sign_ed448;
#endif
	default:
		return NULL;
	}
}

/* --- hash and AEAD --- */

/* As many views as there are parts. */
static uc_err views_of(const struct mls_bytes *parts, size_t n, struct view out[MLS_PARTS_MAX])
{
	if (n > MLS_PARTS_MAX)
		return UC_E_ARGUMENT;
	for (size_t i = 0; i < n; i++)
		out[i] = view_of(parts[i]);
	return UC_OK;
}

static uc_err on_hash(void *ctx, uint16_t kdf_id, const struct mls_bytes *parts, size_t n,
		      uint8_t *out)
{
	const struct hash_alg *h = hash_alg_find(kdf_id);
	struct view v[MLS_PARTS_MAX];
	(void)ctx;
	if (!h)
		return UC_E_UNSUPPORTED;
	TRY(views_of(parts, n, v));
	return hash_parts(h, v, n, out);
}

static uc_err on_hmac(void *ctx, uint16_t kdf_id, struct mls_bytes key,
		      const struct mls_bytes *parts, size_t n, uint8_t *out)
{
	const struct hash_alg *h = hash_alg_find(kdf_id);
	struct view v[MLS_PARTS_MAX];
	(void)ctx;
	if (!h)
		return UC_E_UNSUPPORTED;
	TRY(views_of(parts, n, v));
	return hmac_parts(h, view_of(key), v, n, out);
}

static uc_err on_seal(void *ctx, uint16_t aead_id, struct mls_bytes key, struct mls_bytes nonce,
		      struct mls_bytes aad, struct mls_bytes plaintext, uint8_t *ciphertext)
{
	const struct aead_alg *a = aead_alg_find(aead_id);
	(void)ctx;
	return a ? aead_seal(a, view_of(key), view_of(nonce), view_of(aad), view_of(plaintext),
			     ciphertext)
		 : UC_E_UNSUPPORTED;
}

static uc_err on_open(void *ctx, uint16_t aead_id, struct mls_bytes key, struct mls_bytes nonce,
		      struct mls_bytes aad, struct mls_bytes ciphertext, uint8_t *plaintext)
{
	const struct aead_alg *a = aead_alg_find(aead_id);
	(void)ctx;
	return a ? aead_open(a, view_of(key), view_of(nonce), view_of(aad), view_of(ciphertext),
			     plaintext)
		 : UC_E_UNSUPPORTED;
}

/* --- KEM --- */

static struct env env_of(const struct mls_random *r)
{
	return (struct env){ .ctx = r->ctx, .random = r->fill };
}

static uc_err on_kem_derive(void *ctx, uint16_t kem_id, struct mls_bytes ikm, uint8_t *priv,
			    uint8_t *pub)
{
	const struct kem_alg *k = kem_alg_find(kem_id);
	struct kem_key key;
	(void)ctx;
	if (!k)
		return UC_E_UNSUPPORTED;
	TRY(k->derive(k, view_of(ikm), &key));
	memcpy(priv, key.priv.b, k->nsk);
	memcpy(pub, key.pub, k->npk);
	kem_key_wipe(&key);
	return UC_OK;
}

static uc_err on_kem_check(void *ctx, uint16_t kem_id, struct mls_bytes pub)
{
	const struct kem_alg *k = kem_alg_find(kem_id);
	(void)ctx;
	return k ? k->check(k, view_of(pub)) : UC_E_UNSUPPORTED;
}

static uc_err on_kem_encap(void *ctx, uint16_t kem_id, const struct mls_random *random,
			   struct mls_bytes pub, uint8_t *secret, uint8_t *enc)
{
	const struct kem_alg *k = kem_alg_find(kem_id);
	const struct env env = env_of(random);
	struct secret shared;
	(void)ctx;
	if (!k)
		return UC_E_UNSUPPORTED;
	TRY(k->encap(k, &env, view_of(pub), &shared, enc));
	memcpy(secret, shared.b, shared.n);
	secret_wipe(&shared);
	return UC_OK;
}

static uc_err on_kem_decap(void *ctx, uint16_t kem_id, struct mls_bytes priv, struct mls_bytes pub,
			   struct mls_bytes enc, uint8_t *secret)
{
	const struct kem_alg *k = kem_alg_find(kem_id);
	struct secret shared;
	(void)ctx;
	if (!k)
		return UC_E_UNSUPPORTED;
	TRY(k->decap(k, view_of(priv), view_of(pub), view_of(enc), &shared));
	memcpy(secret, shared.b, shared.n);
	secret_wipe(&shared);
	return UC_OK;
}

/* --- signatures --- */

static uc_err key_out(struct sign_key *k, uint8_t *priv, size_t *priv_n, uint8_t *pub)
{
	memcpy(priv, k->priv.b, k->priv.n);
	*priv_n = k->priv.n;
	memcpy(pub, k->pub, k->pub_n);
	sign_key_wipe(k);
	return UC_OK;
}

static uc_err on_sign_generate(void *ctx, uint16_t signature_id, const struct mls_random *random,
			       uint8_t *priv, size_t *priv_n, uint8_t *pub)
{
	const struct sign_alg *a = sign_alg_find(signature_id);
	const struct env env = env_of(random);
	struct sign_key k;
	(void)ctx;
	if (!a)
		return UC_E_UNSUPPORTED;
	TRY(a->generate(a, &env, &k));
	return key_out(&k, priv, priv_n, pub);
}

static uc_err on_sign_import(void *ctx, uint16_t signature_id, struct mls_bytes key, uint8_t *priv,
			     size_t *priv_n, uint8_t *pub)
{
	const struct sign_alg *a = sign_alg_find(signature_id);
	struct sign_key k;
	(void)ctx;
	if (!a)
		return UC_E_UNSUPPORTED;
	TRY(a->import(a, view_of(key), &k));
	return key_out(&k, priv, priv_n, pub);
}

static uc_err on_sign_check(void *ctx, uint16_t signature_id, struct mls_bytes pub)
{
	const struct sign_alg *a = sign_alg_find(signature_id);
	(void)ctx;
	return a ? a->check(a, view_of(pub)) : UC_E_UNSUPPORTED;
}

static uc_err on_sign(void *ctx, uint16_t signature_id, const struct mls_random *random,
		      struct mls_bytes priv, struct mls_bytes pub, struct mls_bytes message,
		      uint8_t *signature, size_t *signature_n)
{
	const struct sign_alg *a = sign_alg_find(signature_id);
	struct sign_key k = { .pub_n = pub.n };
	(void)ctx, (void)random; /* none of ours is hedged with randomness that is given */
	if (!a)
		return UC_E_UNSUPPORTED;
	if (pub.n > sizeof k.pub)
		return UC_E_KEY;
	uc_err err = secret_set(&k.priv, view_of(priv));
	if (pub.n)
		memcpy(k.pub, pub.p, pub.n);
	if (!err)
		err = a->sign(a, &k, view_of(message), signature, signature_n);
	sign_key_wipe(&k);
	return err;
}

static uc_err on_verify(void *ctx, uint16_t signature_id, struct mls_bytes pub,
			struct mls_bytes message, struct mls_bytes signature)
{
	const struct sign_alg *a = sign_alg_find(signature_id);
	(void)ctx;
	return a ? a->verify(a, view_of(pub), view_of(message), view_of(signature))
		 : UC_E_UNSUPPORTED;
}

/* --- suites --- */

/* clang-format off */
/* id, name, KEM, KDF, AEAD, signature, then bytes: Nh, Nk, Nsk, Npk (and Nenc), Nsecret, and of a
 * public signature key.  In order of preference. */
#define SUITES_25519(X) \
	X(SUITE_X25519_AES128, "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519", \
	  X25519, SHA256, AES128GCM, ED25519, 32, 16, 32, 32, 32, 32) \
	X(SUITE_X25519_CHACHA, "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519", \
	  X25519, SHA256, CHACHA20POLY1305, ED25519, 32, 32, 32, 32, 32, 32)
#define SUITES_LIBCRYPTO(X) \
	X(SUITE_P256_AES128, "MLS_128_DHKEMP256_AES128GCM_SHA256_P256", \
	  P256, SHA256, AES128GCM, ECDSA_P256_SHA256, 32, 16, 32, 65, 32, 65) \
	X(SUITE_X448_AES256, "MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448", \
	  X448, SHA512, AES256GCM, ED448, 64, 32, 56, 56, 64, 57) \
	X(SUITE_P521_AES256, "MLS_256_DHKEMP521_AES256GCM_SHA512_P521", \
	  P521, SHA512, AES256GCM, ECDSA_P521_SHA512, 64, 32, 66, 133, 64, 133) \
	X(SUITE_X448_CHACHA, "MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448", \
	  X448, SHA512, CHACHA20POLY1305, ED448, 64, 32, 56, 56, 64, 57) \
	X(SUITE_P384_AES256, "MLS_256_DHKEMP384_AES256GCM_SHA384_P384", \
	  P384, SHA384, AES256GCM, ECDSA_P384_SHA384, 48, 32, 48, 97, 48, 97)
/* clang-format on */
#ifndef CRYPTO_NO_LIBCRYPTO
#define SUITES(X) SUITES_25519(X) SUITES_LIBCRYPTO(X)
#else
#define SUITES(X) SUITES_25519(X)
#endif

#define ROW(number, text, kem, kdf, aead, signature, nh_, nk_, nsk_, npk_, nsecret_, nspk_) \
	{                                                                                   \
		.id = (number),                                                             \
		.name = (text),                                                             \
		.kem_id = MLS_KEM_DHKEM_##kem,                                              \
		.kdf_id = MLS_KDF_HKDF_##kdf,                                               \
		.aead_id = MLS_AEAD_##aead,                                                 \
		.signature_id = MLS_SIGNATURE_##signature,                                  \
		.n_hash = (nh_),                                                            \
		.n_key = (nk_),                                                             \
		.n_nonce = 12,                                                              \
		.n_kem_private = (nsk_),                                                    \
		.n_kem_public = (npk_),                                                     \
		.n_kem_enc = (npk_),                                                        \
		.n_kem_secret = (nsecret_),                                                 \
		.n_signature_public = (nspk_),                                              \
	},
static const struct mls_crypto_suite rows[] = { SUITES(ROW) };

const struct mls_crypto builtin_crypto = {
	.suites = rows,
	.suite_count = sizeof rows / sizeof rows[0],
	.hash = on_hash,
	.hmac = on_hmac,
	.seal = on_seal,
	.open = on_open,
	.kem_derive = on_kem_derive, /* and kem_generate by it */
	.kem_check = on_kem_check,
	.kem_encap = on_kem_encap,
	.kem_decap = on_kem_decap,
	.sign_generate = on_sign_generate,
	.sign_import = on_sign_import,
	.sign_check = on_sign_check,
	.sign = on_sign,
	.verify = on_verify,
};

/* The same rows as the engine uses them, made when this was compiled, so that nobody keeps them. */
#define SUITE(number, text, kem, kdf, aead, signature, nh_, nk_, nsk_, npk_, nsecret_, nspk_) \
	{                                                                                     \
		.by = &builtin_crypto,                                                        \
		.id = (number),                                                               \
		.name = (text),                                                               \
		.kem_id = MLS_KEM_DHKEM_##kem,                                                \
		.kdf_id = MLS_KDF_HKDF_##kdf,                                                 \
		.aead_id = MLS_AEAD_##aead,                                                   \
		.signature_id = MLS_SIGNATURE_##signature,                                    \
		.nh = (nh_),                                                                  \
		.nk = (nk_),                                                                  \
		.nn = 12,                                                                     \
		.kem_nsk = (nsk_),                                                            \
		.kem_npk = (npk_),                                                            \
		.kem_nenc = (npk_),                                                           \
		.kem_nsecret = (nsecret_),                                                    \
		.sign_npk = (nspk_),                                                          \
	},
static const struct suite suites[] = { SUITES(SUITE) };
enum { SUITE_COUNT = sizeof suites / sizeof suites[0] };

const struct suite *suite_find(uint16_t id)
{
	for (size_t i = 0; i < SUITE_COUNT; i++)
		if (suites[i].id == id)
			return &suites[i];
	return NULL;
}

const struct suite *suite_at(size_t i)
{
	return i < SUITE_COUNT ? &suites[i] : NULL;
}
