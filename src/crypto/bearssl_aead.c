/* SPDX-License-Identifier: Apache-2.0 */
/* AES-GCM over BearSSL and ChaCha20-Poly1305 over libsodium, where there is no libcrypto.
 *
 * BearSSL's bitsliced AES and GHASH by multiplication have no tables that a secret chooses from:
 * their time does not depend on key or text as far as the machine's integer operations don't. */
#include "crypto/alg.h"

#include <bearssl_aead.h>
#include <limits.h>
#include <sodium.h>

const struct aead_alg aead_algs[AEAD_COUNT] = {
	[AEAD_AES128GCM] = { AEAD_AES128GCM, "AES-128-GCM", 16, 12 },
	[AEAD_AES256GCM] = { AEAD_AES256GCM, "AES-256-GCM", 32, 12 },
	[AEAD_CHACHA20POLY1305] = { AEAD_CHACHA20POLY1305, "ChaCha20-Poly1305", 32, 12 },
};

struct gcm {
	br_aes_ct64_ctr_keys aes;
	br_gcm_context ctx;
};

static void gcm_start(struct gcm *g, struct view key, struct view nonce, struct view aad)
{
	br_aes_ct64_ctr_init(&g->aes, key.p, key.n);
	br_gcm_init(&g->ctx, &g->aes.vtable, br_ghash_ctmul64);
	br_gcm_reset(&g->ctx, nonce.p, nonce.n);
	if (aad.n)
		br_gcm_aad_inject(&g->ctx, aad.p, aad.n);
	br_gcm_flip(&g->ctx);
}

static void gcm_seal(struct view key, struct view nonce, struct view aad, struct view pt,
		     uint8_t *ct)
{
	struct gcm g;
	gcm_start(&g, key, nonce, aad);
	if (pt.n)
		memmove(ct, pt.p, pt.n);
	br_gcm_run(&g.ctx, 1, ct, pt.n);
	br_gcm_get_tag(&g.ctx, ct + pt.n);
	wipe(&g, sizeof g);
}

static bool gcm_open(struct view key, struct view nonce, struct view aad, struct view ct,
		     uint8_t *pt)
{
	struct gcm g;
	struct view body = { ct.p, ct.n - AEAD_TAG };
	uint8_t tag[AEAD_TAG];
	memcpy(tag, ct.p + body.n, sizeof tag);
	gcm_start(&g, key, nonce, aad);
	if (body.n)
		memmove(pt, body.p, body.n);
	br_gcm_run(&g.ctx, 0, pt, body.n);
	bool ok = br_gcm_check_tag(&g.ctx, tag) == 1;
	wipe(&g, sizeof g);
	return ok;
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
	if (!lengths_fit(alg, key, nonce, aad, pt))
		return UC_E_ARGUMENT;
	if (alg->id != AEAD_CHACHA20POLY1305) {
		gcm_seal(key, nonce, aad, pt, ct);
		return UC_OK;
	}
	TRY(sodium_ready());
	return crypto_aead_chacha20poly1305_ietf_encrypt(ct, NULL, pt.p, pt.n, aad.p, aad.n, NULL,
							 nonce.p, key.p)
		       ? UC_E_CRYPTO
		       : UC_OK;
}

uc_err aead_open(const struct aead_alg *alg, struct view key, struct view nonce, struct view aad,
		 struct view ct, uint8_t *pt)
{
	bool ok = false;
	if (ct.n < AEAD_TAG || !lengths_fit(alg, key, nonce, aad, ct))
		return UC_E_DECRYPT;
	TRY(sodium_ready());
	if (alg->id != AEAD_CHACHA20POLY1305)
		ok = gcm_open(key, nonce, aad, ct, pt);
	else
		ok = !crypto_aead_chacha20poly1305_ietf_decrypt(pt, NULL, NULL, ct.p, ct.n, aad.p,
								aad.n, nonce.p, key.p);
	if (!ok)
		wipe(pt, ct.n - AEAD_TAG); /* nothing unauthenticated leaves */
	return ok ? UC_OK : UC_E_DECRYPT;
}
