/* SPDX-License-Identifier: Apache-2.0 */
/* AES-GCM and ChaCha20-Poly1305 over libcrypto, on kept contexts. */
#include "crypto/openssl_thread.h"

#include <limits.h>

const struct aead_alg aead_algs[AEAD_COUNT] = {
	[AEAD_AES128GCM] = { AEAD_AES128GCM, "AES-128-GCM", 16, 12 },
	[AEAD_AES256GCM] = { AEAD_AES256GCM, "AES-256-GCM", 32, 12 },
	[AEAD_CHACHA20POLY1305] = { AEAD_CHACHA20POLY1305, "ChaCha20-Poly1305", 32, 12 },
};

/* Overwrites the key schedule that the context would keep until its next use. */
static uc_err forget(EVP_CIPHER_CTX *ctx)
{
	static const uint8_t zero[AEAD_KEY_MAX];
	return EVP_CipherInit_ex2(ctx, NULL, zero, zero, -1, NULL) == 1 ? UC_OK : UC_E_CRYPTO;
}

static bool update(EVP_CIPHER_CTX *ctx, uint8_t *out, struct view in)
{
	int n = 0;
	return !in.n || (EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) == 1 && n == (int)in.n);
}

static bool context_seal(EVP_CIPHER_CTX *ctx, struct view key, struct view nonce, struct view aad,
			 struct view pt, uint8_t *ct)
{
	uint8_t end[AEAD_TAG];
	int n = 0;
	return EVP_EncryptInit_ex2(ctx, NULL, key.p, nonce.p, NULL) == 1 &&
	       update(ctx, NULL, aad) && update(ctx, ct, pt) &&
	       EVP_EncryptFinal_ex(ctx, end, &n) == 1 && n == 0 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG, ct + pt.n) == 1;
}

static bool context_open(EVP_CIPHER_CTX *ctx, struct view key, struct view nonce, struct view aad,
			 struct view ct, uint8_t *pt)
{
	uint8_t tag[AEAD_TAG], end[AEAD_TAG];
	int n = 0;
	struct view body = { ct.p, ct.n - AEAD_TAG };
	memcpy(tag, ct.p + body.n, sizeof tag);
	return EVP_DecryptInit_ex2(ctx, NULL, key.p, nonce.p, NULL) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG, tag) == 1 &&
	       update(ctx, NULL, aad) && update(ctx, pt, body) &&
	       openssl_says(EVP_DecryptFinal_ex(ctx, end, &n) == 1) && n == 0;
}

static bool lengths_fit(const struct aead_alg *alg, struct view key, struct view nonce,
			struct view aad, struct view data)
{
	return key.n == alg->nk && nonce.n == alg->nn && aad.n <= INT_MAX &&
	       data.n <= INT_MAX - AEAD_TAG;
}

uc_err aead_seal(const struct aead_alg *alg, struct view key, struct view nonce, struct view aad,
		 struct view pt, uint8_t *ct)
{
	struct openssl_thread *t;
	if (!lengths_fit(alg, key, nonce, aad, pt))
		return UC_E_ARGUMENT;
	TRY(openssl_thread_get(&t));
	bool ok = context_seal(t->seal[alg->id], key, nonce, aad, pt, ct);
	uc_err clean = forget(t->seal[alg->id]);
	return ok ? clean : UC_E_CRYPTO;
}

uc_err aead_open(const struct aead_alg *alg, struct view key, struct view nonce, struct view aad,
		 struct view ct, uint8_t *pt)
{
	struct openssl_thread *t;
	if (ct.n < AEAD_TAG || !lengths_fit(alg, key, nonce, aad, ct))
		return UC_E_DECRYPT;
	TRY(openssl_thread_get(&t));
	bool ok = context_open(t->open[alg->id], key, nonce, aad, ct, pt);
	uc_err clean = forget(t->open[alg->id]);
	if (!ok)
		wipe(pt, ct.n - AEAD_TAG); /* nothing unauthenticated leaves */
	return ok ? clean : UC_E_DECRYPT;
}
