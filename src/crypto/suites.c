/* SPDX-License-Identifier: Apache-2.0 */
/* The cipher suites of RFC 9420, 17.1, and what each of their plain parts does. */
#include "crypto/alg.h"

/* HPKE's numbers: RFC 9180, 7.2 and 7.3. */
enum { KDF_HKDF_SHA256 = 1, KDF_HKDF_SHA384 = 2, KDF_HKDF_SHA512 = 3 };
enum { HPKE_AES128GCM = 1, HPKE_AES256GCM = 2, HPKE_CHACHA20POLY1305 = 3 };

/* In order of preference.  The build without libcrypto has only Curve25519's
 * (src/crypto/meson.build). */
static const struct suite suites[] = {
	{
		.id = SUITE_X25519_AES128,
		.name = "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
		.hash = &hash_algs[HASH_SHA256],
		.aead = &aead_algs[AEAD_AES128GCM],
		.kem = &kem_x25519,
		.sign = &sign_ed25519,
		.nh = 32,
		.nk = 16,
		.nn = 12,
		.kem_id = 0x0020,
		.kdf_id = KDF_HKDF_SHA256,
		.aead_id = HPKE_AES128GCM,
	},
	{
		.id = SUITE_X25519_CHACHA,
		.name = "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
		.hash = &hash_algs[HASH_SHA256],
		.aead = &aead_algs[AEAD_CHACHA20POLY1305],
		.kem = &kem_x25519,
		.sign = &sign_ed25519,
		.nh = 32,
		.nk = 32,
		.nn = 12,
		.kem_id = 0x0020,
		.kdf_id = KDF_HKDF_SHA256,
		.aead_id = HPKE_CHACHA20POLY1305,
	},
#ifndef CRYPTO_NO_LIBCRYPTO
	{
		.id = SUITE_P256_AES128,
		.name = "MLS_128_DHKEMP256_AES128GCM_SHA256_P256",
		.hash = &hash_algs[HASH_SHA256],
		.aead = &aead_algs[AEAD_AES128GCM],
		.kem = &kem_p256,
		.sign = &sign_p256,
		.nh = 32,
		.nk = 16,
		.nn = 12,
		.kem_id = 0x0010,
		.kdf_id = KDF_HKDF_SHA256,
		.aead_id = HPKE_AES128GCM,
	},
	{
		.id = SUITE_X448_AES256,
		.name = "MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448",
		.hash = &hash_algs[HASH_SHA512],
		.aead = &aead_algs[AEAD_AES256GCM],
		.kem = &kem_x448,
		.sign = &sign_ed448,
		.nh = 64,
		.nk = 32,
		.nn = 12,
		.kem_id = 0x0021,
		.kdf_id = KDF_HKDF_SHA512,
		.aead_id = HPKE_AES256GCM,
	},
	{
		.id = SUITE_P521_AES256,
		.name = "MLS_256_DHKEMP521_AES256GCM_SHA512_P521",
		.hash = &hash_algs[HASH_SHA512],
		.aead = &aead_algs[AEAD_AES256GCM],
		.kem = &kem_p521,
		.sign = &sign_p521,
		.nh = 64,
		.nk = 32,
		.nn = 12,
		.kem_id = 0x0012,
		.kdf_id = KDF_HKDF_SHA512,
		.aead_id = HPKE_AES256GCM,
	},
	{
		.id = SUITE_X448_CHACHA,
		.name = "MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448",
		.hash = &hash_algs[HASH_SHA512],
		.aead = &aead_algs[AEAD_CHACHA20POLY1305],
		.kem = &kem_x448,
		.sign = &sign_ed448,
		.nh = 64,
		.nk = 32,
		.nn = 12,
		.kem_id = 0x0021,
		.kdf_id = KDF_HKDF_SHA512,
		.aead_id = HPKE_CHACHA20POLY1305,
	},
	{
		.id = SUITE_P384_AES256,
		.name = "MLS_256_DHKEMP384_AES256GCM_SHA384_P384",
		.hash = &hash_algs[HASH_SHA384],
		.aead = &aead_algs[AEAD_AES256GCM],
		.kem = &kem_p384,
		.sign = &sign_p384,
		.nh = 48,
		.nk = 32,
		.nn = 12,
		.kem_id = 0x0011,
		.kdf_id = KDF_HKDF_SHA384,
		.aead_id = HPKE_AES256GCM,
	},
#endif
};
enum { SUITES = sizeof suites / sizeof suites[0] };

const struct suite *suite_find(uint16_t id)
{
	for (size_t i = 0; i < SUITES; i++)
		if (suites[i].id == id)
			return &suites[i];
	return NULL;
}

const struct suite *suite_at(size_t i)
{
	return i < SUITES ? &suites[i] : NULL;
}

uc_err suite_hash(const struct suite *s, struct view data, uint8_t *out)
{
	return hash_parts(s->hash, &data, 1, out);
}

uc_err suite_hash_parts(const struct suite *s, const struct view *parts, size_t n, uint8_t *out)
{
	return hash_parts(s->hash, parts, n, out);
}

uc_err suite_mac(const struct suite *s, struct view key, struct view data, uint8_t *out)
{
	return hmac_parts(s->hash, key, &data, 1, out);
}

uc_err suite_extract(const struct suite *s, struct view salt, struct view ikm, struct secret *out)
{
	return hkdf_extract_parts(s->hash, salt, &ikm, 1, out);
}

uc_err suite_expand(const struct suite *s, struct view prk, struct view info, uint8_t *out,
		    size_t n)
{
	return hkdf_expand_parts(s->hash, prk, &info, 1, out, n);
}

uc_err sha256(struct view data, uint8_t out[SHA256_BYTES])
{
	return hash_parts(&hash_algs[HASH_SHA256], &data, 1, out);
}

uc_err sha256_parts(const struct view *parts, size_t n, uint8_t out[SHA256_BYTES])
{
	return hash_parts(&hash_algs[HASH_SHA256], parts, n, out);
}

uc_err hmac_sha256(struct view key, struct view data, uint8_t out[SHA256_BYTES])
{
	return hmac_parts(&hash_algs[HASH_SHA256], key, &data, 1, out);
}

uc_err hmac_sha256_parts(struct view key, const struct view *parts, size_t n,
			 uint8_t out[SHA256_BYTES])
{
	return hmac_parts(&hash_algs[HASH_SHA256], key, parts, n, out);
}

uc_err suite_seal(const struct suite *s, struct view key, struct view nonce, struct view aad,
		  struct view pt, uint8_t *ct)
{
	return aead_seal(s->aead, key, nonce, aad, pt, ct);
}

uc_err suite_open(const struct suite *s, struct view key, struct view nonce, struct view aad,
		  struct view ct, uint8_t *pt)
{
	return aead_open(s->aead, key, nonce, aad, ct, pt);
}

uc_err kem_public_check(const struct suite *s, struct view pub)
{
	return s->kem->check(s->kem, pub);
}

uc_err sign_public_check(const struct suite *s, struct view pub)
{
	return s->sign->check(s->sign, pub);
}

uc_err sign_key_generate(const struct suite *s, const struct env *env, struct sign_key *out)
{
	return s->sign->generate(s->sign, env, out);
}

uc_err sign_key_import(const struct suite *s, struct view priv, struct sign_key *out)
{
	return s->sign->import(s->sign, priv, out);
}

void sign_key_wipe(struct sign_key *k)
{
	wipe(k, sizeof *k);
}
