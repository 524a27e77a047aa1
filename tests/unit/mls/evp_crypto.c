/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/mls/evp_crypto.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

enum { KEY = 32, HANDLE = 9 };

static uc_err if_it(bool ok)
{
	return ok ? UC_OK : UC_E_CRYPTO;
}

/* --- hash, MAC, AEAD --- */

static uc_err on_hash(void *ctx, uint16_t kdf_id, const struct mls_bytes *parts, size_t n,
		      uint8_t *out)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	((struct evp_crypto *)ctx)->calls++;
	bool ok = kdf_id == MLS_KDF_HKDF_SHA256 && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(md, parts[i].p, parts[i].n) == 1;
	ok = ok && EVP_DigestFinal_ex(md, out, NULL) == 1;
	EVP_MD_CTX_free(md);
	return if_it(ok);
}

static bool mac(struct mls_bytes key, const struct mls_bytes *parts, size_t n, uint8_t *out)
{
	EVP_MAC *alg = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *m = EVP_MAC_CTX_new(alg);
	char digest[] = "SHA256";
	size_t got = 0;
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
				OSSL_PARAM_construct_end() };
	/* No key at all is one of no bytes. */
	bool ok = EVP_MAC_init(m, key.n ? key.p : (const uint8_t *)"", key.n, params) == 1;
	for (size_t i = 0; ok && i < n; i++)
		ok = !parts[i].n || EVP_MAC_update(m, parts[i].p, parts[i].n) == 1;
	ok = ok && EVP_MAC_final(m, out, &got, KEY) == 1 && got == KEY;
	EVP_MAC_CTX_free(m);
	EVP_MAC_free(alg);
	return ok;
}

static uc_err on_hmac(void *ctx, uint16_t kdf_id, struct mls_bytes key,
		      const struct mls_bytes *parts, size_t n, uint8_t *out)
{
	((struct evp_crypto *)ctx)->calls++;
	return if_it(kdf_id == MLS_KDF_HKDF_SHA256 && mac(key, parts, n, out));
}

static bool crypt(uint16_t aead_id, bool seal, struct mls_bytes key, struct mls_bytes nonce,
		  struct mls_bytes aad, struct mls_bytes in, uint8_t *tag, uint8_t *out)
{
	const EVP_CIPHER *c =
		aead_id == MLS_AEAD_AES128GCM ? EVP_aes_128_gcm() : EVP_chacha20_poly1305();
	EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
	int n = 0;
	bool ok = EVP_CipherInit_ex(x, c, NULL, key.p, nonce.p, seal) == 1;
	if (!seal)
		ok = ok && EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_TAG, MLS_AEAD_TAG, tag) == 1;
	ok = ok && (!aad.n || EVP_CipherUpdate(x, NULL, &n, aad.p, (int)aad.n) == 1);
	ok = ok && (!in.n || EVP_CipherUpdate(x, out, &n, in.p, (int)in.n) == 1);
	ok = ok && EVP_CipherFinal_ex(x, out + in.n, &n) == 1;
	if (seal)
		ok = ok && EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_GET_TAG, MLS_AEAD_TAG, tag) == 1;
	EVP_CIPHER_CTX_free(x);
	return ok;
}

static uc_err on_seal(void *ctx, uint16_t aead_id, struct mls_bytes key, struct mls_bytes nonce,
		      struct mls_bytes aad, struct mls_bytes pt, uint8_t *ct)
{
	((struct evp_crypto *)ctx)->calls++;
	return if_it(crypt(aead_id, true, key, nonce, aad, pt, ct + pt.n, ct));
}

static uc_err on_open(void *ctx, uint16_t aead_id, struct mls_bytes key, struct mls_bytes nonce,
		      struct mls_bytes aad, struct mls_bytes ct, uint8_t *pt)
{
	uint8_t tag[MLS_AEAD_TAG];
	struct mls_bytes in = { ct.p, ct.n - MLS_AEAD_TAG };
	((struct evp_crypto *)ctx)->calls++;
	memcpy(tag, ct.p + in.n, sizeof tag);
	return crypt(aead_id, false, key, nonce, aad, in, tag, pt) ? UC_OK : UC_E_DECRYPT;
}

/* --- DHKEM(X25519, HKDF-SHA256) (RFC 9180, 4.1) --- */

static const uint8_t kem_suite[] = "KEM\x00\x20";
#define LIT(s) ((struct mls_bytes){ (const uint8_t *)(s), sizeof(s) - 1 })

static bool extract(const char *label, struct mls_bytes ikm, uint8_t prk[KEY])
{
	struct mls_bytes parts[] = {
		LIT("HPKE-v1"), { kem_suite, 5 }, { (const uint8_t *)label, strlen(label) }, ikm
	};
	return mac((struct mls_bytes){ NULL, 0 }, parts, 4, prk);
}

/* One block is all that is ever asked for. */
static bool expand(const uint8_t prk[KEY], const char *label, struct mls_bytes info,
		   uint8_t out[KEY])
{
	struct mls_bytes parts[] = { LIT("\x00\x20"),
				     LIT("HPKE-v1"),
				     { kem_suite, 5 },
				     { (const uint8_t *)label, strlen(label) },
				     info,
				     LIT("\x01") };
	return mac((struct mls_bytes){ prk, KEY }, parts, 6, out);
}

static bool public_of(int type, const uint8_t *priv, uint8_t *pub)
{
	size_t n = KEY;
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(type, NULL, priv, KEY);
	bool ok = k && EVP_PKEY_get_raw_public_key(k, pub, &n) == 1;
	EVP_PKEY_free(k);
	return ok;
}

static bool agree(const uint8_t *priv, const uint8_t *pub, uint8_t *out)
{
	size_t n = KEY;
	EVP_PKEY *mine = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, priv, KEY);
	EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, pub, KEY);
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new(mine, NULL);
	bool ok = EVP_PKEY_derive_init(x) == 1 && EVP_PKEY_derive_set_peer(x, theirs) == 1 &&
		  EVP_PKEY_derive(x, out, &n) == 1;
	EVP_PKEY_CTX_free(x);
	EVP_PKEY_free(mine);
	EVP_PKEY_free(theirs);
	return ok;
}

static bool shared(const uint8_t *dh, const uint8_t *enc, const uint8_t *pub, uint8_t *out)
{
	uint8_t prk[KEY], both[2 * KEY];
	memcpy(both, enc, KEY);
	memcpy(both + KEY, pub, KEY);
	return extract("eae_prk", (struct mls_bytes){ dh, KEY }, prk) &&
	       expand(prk, "shared_secret", (struct mls_bytes){ both, sizeof both }, out);
}

static uc_err on_kem_generate(void *ctx, uint16_t kem_id, const struct mls_random *random,
			      uint8_t *priv, uint8_t *pub)
{
	(void)random, (void)kem_id;
	((struct evp_crypto *)ctx)->calls++;
	return if_it(RAND_bytes(priv, KEY) == 1 && public_of(EVP_PKEY_X25519, priv, pub));
}

static uc_err on_kem_derive(void *ctx, uint16_t kem_id, struct mls_bytes ikm, uint8_t *priv,
			    uint8_t *pub)
{
	uint8_t prk[KEY];
	((struct evp_crypto *)ctx)->calls++;
	return if_it(kem_id == MLS_KEM_DHKEM_X25519 && extract("dkp_prk", ikm, prk) &&
		     expand(prk, "sk", (struct mls_bytes){ NULL, 0 }, priv) &&
		     public_of(EVP_PKEY_X25519, priv, pub));
}

static uc_err on_kem_check(void *ctx, uint16_t kem_id, struct mls_bytes pub)
{
	static const uint8_t priv[KEY] = { 7 };
	uint8_t out[KEY];
	((struct evp_crypto *)ctx)->calls++;
	(void)kem_id;
	return agree(priv, pub.p, out) ? UC_OK : UC_E_KEY; /* libcrypto refuses zero */
}

static uc_err on_kem_encap(void *ctx, uint16_t kem_id, const struct mls_random *random,
			   struct mls_bytes pub, uint8_t *secret, uint8_t *enc)
{
	uint8_t priv[KEY], dh[KEY];
	TRY(on_kem_generate(ctx, kem_id, random, priv, enc));
	if (!agree(priv, pub.p, dh))
		return UC_E_KEY;
	return if_it(shared(dh, enc, pub.p, secret));
}

static uc_err on_kem_decap(void *ctx, uint16_t kem_id, struct mls_bytes priv, struct mls_bytes pub,
			   struct mls_bytes enc, uint8_t *secret)
{
	uint8_t dh[KEY];
	((struct evp_crypto *)ctx)->calls++;
	(void)kem_id;
	if (!agree(priv.p, enc.p, dh))
		return UC_E_KEY;
	return if_it(shared(dh, enc.p, pub.p, secret));
}

/* --- Ed25519, with handles: "hardware" and the key's number --- */

static uc_err on_sign_generate(void *ctx, uint16_t signature_id, const struct mls_random *random,
			       uint8_t *priv, size_t *priv_n, uint8_t *pub)
{
	struct evp_crypto *c = ctx;
	size_t n = KEY, i = c->signature_key_count;
	EVP_PKEY *k = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	c->calls++;
	(void)random;
	if (signature_id != MLS_SIGNATURE_ED25519 || !k || i == 8 ||
	    EVP_PKEY_get_raw_public_key(k, pub, &n) != 1)
		return UC_E_CRYPTO;
	c->signature_keys[c->signature_key_count++] = k;
	memcpy(priv, "hardware", HANDLE - 1);
	priv[HANDLE - 1] = (uint8_t)i;
	*priv_n = HANDLE;
	return UC_OK;
}

static uc_err on_sign_check(void *ctx, uint16_t signature_id, struct mls_bytes pub)
{
	((struct evp_crypto *)ctx)->calls++;
	return mls_crypto_builtin()->sign_check(NULL, signature_id, pub);
}

static uc_err on_sign(void *ctx, uint16_t signature_id, const struct mls_random *random,
		      struct mls_bytes priv, struct mls_bytes pub, struct mls_bytes message,
		      uint8_t *signature, size_t *n)
{
	struct evp_crypto *c = ctx;
	c->calls++;
	(void)random, (void)pub, (void)signature_id;
	if (priv.n != HANDLE || priv.p[HANDLE - 1] >= c->signature_key_count)
		return UC_E_KEY;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	*n = MLS_SIGNATURE_MAX;
	bool ok = EVP_DigestSignInit(md, NULL, NULL, NULL, c->signature_keys[priv.p[HANDLE - 1]]) ==
			  1 &&
		  EVP_DigestSign(md, signature, n, message.p, message.n) == 1;
	EVP_MD_CTX_free(md);
	return if_it(ok);
}

static uc_err on_verify(void *ctx, uint16_t signature_id, struct mls_bytes pub,
			struct mls_bytes message, struct mls_bytes signature)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub.p, pub.n);
	((struct evp_crypto *)ctx)->calls++;
	(void)signature_id;
	bool ok = k && EVP_DigestVerifyInit(md, NULL, NULL, NULL, k) == 1 &&
		  EVP_DigestVerify(md, signature.p, signature.n, message.p, message.n) == 1;
	EVP_PKEY_free(k);
	EVP_MD_CTX_free(md);
	return ok ? UC_OK : UC_E_SIGNATURE;
}

void evp_crypto_init(struct evp_crypto *c)
{
	*c = (struct evp_crypto){
		.suites = { *mls_crypto_suite_find(mls_crypto_builtin(), SUITE_X25519_CHACHA),
			    *mls_crypto_suite_find(mls_crypto_builtin(), SUITE_X25519_AES128) },
	};
	c->table = (struct mls_crypto){
		.ctx = c,
		.suites = c->suites,
		.suite_count = 2,
		.hash = on_hash,
		.hmac = on_hmac,
		.seal = on_seal,
		.open = on_open,
		.kem_generate = on_kem_generate,
		.kem_derive = on_kem_derive,
		.kem_check = on_kem_check,
		.kem_encap = on_kem_encap,
		.kem_decap = on_kem_decap,
		.sign_generate = on_sign_generate,
		.sign_check = on_sign_check,
		.sign = on_sign,
		.verify = on_verify,
	};
}

void evp_crypto_done(struct evp_crypto *c)
{
	while (c->signature_key_count)
		EVP_PKEY_free(c->signature_keys[--c->signature_key_count]);
}
