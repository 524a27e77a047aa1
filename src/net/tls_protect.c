/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_protect.h"

#include "base/heap.h"
#include "base/secret.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

enum { OPENS, SEALS, WAYS };

static const struct {
	const EVP_CIPHER *(*cipher)(void);
	const char *digest;
	uint8_t key, secret;
} suites[TLS_SUITES_N] = {
	[TLS_AES_128_GCM_SHA256] = { EVP_aes_128_gcm, "SHA256", 16, 32 },
	[TLS_AES_256_GCM_SHA384] = { EVP_aes_256_gcm, "SHA384", 32, 48 },
	[TLS_CHACHA20_POLY1305_SHA256] = { EVP_chacha20_poly1305, "SHA256", 32, 32 },
};

struct tls_ciphers {
	struct {
		EVP_CIPHER_CTX *ctx[WAYS];
		uint64_t has[WAYS]; /* the id of the key that is in it */
		EVP_MAC_CTX *hmac;  /* without a key */
	} of[TLS_SUITES_N];
	uint64_t ids;
};

static uc_err hmac_new(const char *digest, EVP_MAC_CTX **out)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)digest,
						 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	*out = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
	EVP_MAC_free(hmac);
	return *out && EVP_MAC_CTX_set_params(*out, params) == 1 ? UC_OK : UC_E_MEMORY;
}

static uc_err ciphers_fill(struct tls_ciphers *c)
{
	for (unsigned i = 0; i < TLS_SUITES_N; i++) {
		TRY(hmac_new(suites[i].digest, &c->of[i].hmac));
		for (int way = 0; way < WAYS; way++) {
			EVP_CIPHER_CTX *ctx = c->of[i].ctx[way] = EVP_CIPHER_CTX_new();
			if (!ctx ||
			    EVP_CipherInit_ex(ctx, suites[i].cipher(), NULL, NULL, NULL, way) != 1)
				return UC_E_MEMORY;
		}
	}
	return UC_OK;
}

uc_err tls_ciphers_new(struct tls_ciphers **out)
{
	struct tls_ciphers *c = HEAP_NEW(struct tls_ciphers);
	uc_err err = c ? ciphers_fill(c) : UC_E_MEMORY;
	if (err)
		tls_ciphers_free(c);
	else
		*out = c;
	return err;
}

void tls_ciphers_free(struct tls_ciphers *c)
{
	for (unsigned i = 0; c && i < TLS_SUITES_N; i++) {
		EVP_MAC_CTX_free(c->of[i].hmac);
		for (int way = 0; way < WAYS; way++)
			EVP_CIPHER_CTX_free(c->of[i].ctx[way]);
	}
	heap_free(c);
}

size_t tls_secret_bytes(enum tls_suite suite)
{
	return suites[suite].secret;
}

static uc_err hmac(const struct tls_ciphers *c, enum tls_suite suite, const uint8_t *key,
		   struct view in, uint8_t out[TLS_SECRET_MAX])
{
	size_t n = 0;
	EVP_MAC_CTX *m = EVP_MAC_CTX_dup(c->of[suite].hmac);
	bool ok = m && EVP_MAC_init(m, key, suites[suite].secret, NULL) == 1 &&
		  EVP_MAC_update(m, in.p, in.n) == 1 &&
		  EVP_MAC_final(m, out, &n, TLS_SECRET_MAX) == 1;
	EVP_MAC_CTX_free(m);
	return ok ? UC_OK : UC_E_TLS;
}

/* HKDF-Expand-Label without a context (7.1): no more than one hash is ever asked for, so that it is
 * HKDF-Expand's first step (RFC 5869, 2.3). */
static uc_err expand(const struct tls_ciphers *c, enum tls_suite suite, const uint8_t *secret,
		     struct view label, uint8_t *out, uint8_t n)
{
	uint8_t info[32] = { 0, n, (uint8_t)(6 + label.n), 't', 'l', 's', '1', '3', ' ' };
	uint8_t all[TLS_SECRET_MAX];
	memcpy(info + 9, label.p, label.n);
	info[9 + label.n] = 0;
	info[10 + label.n] = 1;
	uc_err err = hmac(c, suite, secret, view_make(info, 11 + label.n), all);
	if (!err)
		memcpy(out, all, n);
	wipe(all, sizeof all);
	return err;
}

/* What the contexts have of it is overwritten. */
static void key_leave(struct tls_ciphers *c, enum tls_suite suite, const struct tls_key *k)
{
	static const uint8_t nothing[32];
	for (int way = 0; way < WAYS; way++) {
		if (!k->id || c->of[suite].has[way] != k->id)
			continue;
		if (EVP_CipherInit_ex(c->of[suite].ctx[way], NULL, NULL, nothing, NULL, way) != 1)
			EVP_CIPHER_CTX_reset(c->of[suite].ctx[way]);
		c->of[suite].has[way] = 0;
	}
}

uc_err tls_key_set(struct tls_ciphers *c, enum tls_suite suite, struct tls_key *k)
{
	key_leave(c, suite, k);
	TRY(expand(c, suite, k->secret, VIEW_LIT("key"), k->key, suites[suite].key));
	TRY(expand(c, suite, k->secret, VIEW_LIT("iv"), k->iv, sizeof k->iv));
	k->id = ++c->ids;
	k->seq = 0;
	return UC_OK;
}

uc_err tls_key_next(struct tls_ciphers *c, enum tls_suite suite, struct tls_key *k)
{
	TRY(expand(c, suite, k->secret, VIEW_LIT("traffic upd"), k->secret, suites[suite].secret));
	return tls_key_set(c, suite, k);
}

void tls_key_done(struct tls_ciphers *c, enum tls_suite suite, struct tls_key *k)
{
	key_leave(c, suite, k);
	wipe(k, sizeof *k);
}

/* The context with key and nonce of the next record (5.3) and its head as what is authenticated
 * with it; NULL when that does not go. */
static EVP_CIPHER_CTX *begin(struct tls_ciphers *c, enum tls_suite suite, int way,
			     struct tls_key *k, const uint8_t *head)
{
	uint8_t nonce[12];
	EVP_CIPHER_CTX *ctx = c->of[suite].ctx[way];
	bool is_there = c->of[suite].has[way] == k->id;
	int n;
	if (!k->id || k->seq == UINT64_MAX)
		return NULL;
	memcpy(nonce, k->iv, sizeof nonce);
	for (int i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(k->seq >> (8 * i));
	c->of[suite].has[way] = 0;
	if (EVP_CipherInit_ex(ctx, NULL, NULL, is_there ? NULL : k->key, nonce, way) != 1)
		return NULL;
	c->of[suite].has[way] = k->id;
	k->seq++;
	return EVP_CipherUpdate(ctx, NULL, &n, head, TLS_HEAD) == 1 ? ctx : NULL;
}

uc_err tls_protect(struct tls_ciphers *c, enum tls_suite suite, struct tls_key *k,
		   enum tls_content type, struct view content, uint8_t *out)
{
	size_t inner = content.n + 1;
	int n, rest;
	out[0] = TLS_APPLICATION_DATA;
	out[1] = out[2] = 3;
	out[3] = (uint8_t)((inner + TLS_TAG) >> 8);
	out[4] = (uint8_t)(inner + TLS_TAG);
	EVP_CIPHER_CTX *ctx = begin(c, suite, SEALS, k, out);
	uint8_t *to = out + TLS_HEAD;
	if (content.n)
		memcpy(to, content.p, content.n);
	to[content.n] = (uint8_t)type;
	if (!ctx || EVP_CipherUpdate(ctx, to, &n, to, (int)inner) != 1 || (size_t)n != inner ||
	    EVP_CipherFinal_ex(ctx, to + n, &rest) != 1 || rest ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TLS_TAG, to + inner) != 1) {
		wipe(to, inner);
		return UC_E_TLS;
	}
	return UC_OK;
}

uc_err tls_unprotect(struct tls_ciphers *c, enum tls_suite suite, struct tls_key *k,
		     struct view record, uint8_t *out, size_t *n, uint8_t *type)
{
	size_t inner = record.n - TLS_HEAD - TLS_TAG;
	uint8_t tag[TLS_TAG], none[1];
	int got = 0, rest;
	EVP_CIPHER_CTX *ctx = begin(c, suite, OPENS, k, record.p);
	memcpy(tag, record.p + record.n - TLS_TAG, TLS_TAG);
	if (!ctx || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TLS_TAG, tag) != 1 ||
	    (inner && EVP_CipherUpdate(ctx, out, &got, record.p + TLS_HEAD, (int)inner) != 1) ||
	    (size_t)got != inner || EVP_CipherFinal_ex(ctx, none, &rest) != 1) {
		wipe(out, inner);
		return UC_E_TLS;
	}
	while (inner && !out[inner - 1])
		inner--;
	*type = inner ? out[inner - 1] : TLS_INVALID;
	*n = inner ? inner - 1 : 0;
	return UC_OK;
}
