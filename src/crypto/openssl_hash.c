/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes and HMAC over libcrypto.  HMAC is written out over two kept contexts: EVP_MAC costs two
 * to five times as much for the short inputs of a key schedule. */
#include "crypto/openssl_thread.h"

enum { BLOCK_MAX = 128 };

const struct hash_alg hash_algs[HASH_COUNT] = {
	[HASH_SHA256] = { HASH_SHA256, "SHA2-256", 32, 64 },
	[HASH_SHA384] = { HASH_SHA384, "SHA2-384", 48, 128 },
	[HASH_SHA512] = { HASH_SHA512, "SHA2-512", 64, 128 },
};

/* Starts afresh; what the context held before is overwritten. */
static uc_err restart(EVP_MD_CTX *ctx)
{
	return EVP_DigestInit_ex2(ctx, NULL, NULL) == 1 ? UC_OK : UC_E_CRYPTO;
}

static uc_err feed(EVP_MD_CTX *ctx, const struct view *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (parts[i].n && EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) != 1)
			return UC_E_CRYPTO;
	return UC_OK;
}

static uc_err finish(EVP_MD_CTX *ctx, uint8_t *out)
{
	return EVP_DigestFinal_ex(ctx, out, NULL) == 1 ? UC_OK : UC_E_CRYPTO;
}

uc_err hash_parts(const struct hash_alg *h, const struct view *parts, size_t n, uint8_t *out)
{
	struct openssl_thread *t;
	TRY(openssl_thread_get(&t));
	EVP_MD_CTX *ctx = t->inner[h->id];
	TRY(restart(ctx));
	TRY(feed(ctx, parts, n));
	return finish(ctx, out);
}

/* RFC 2104; pad is the key, filled with zeros to a block. */
static uc_err hmac_block(const struct hash_alg *h, EVP_MD_CTX *inner, EVP_MD_CTX *outer,
			 uint8_t pad[BLOCK_MAX], const struct view *parts, size_t n, uint8_t *out)
{
	struct view block = { pad, h->block };
	for (size_t i = 0; i < h->block; i++)
		pad[i] ^= 0x36;
	TRY(restart(inner));
	TRY(feed(inner, &block, 1));
	TRY(feed(inner, parts, n));
	for (size_t i = 0; i < h->block; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	TRY(restart(outer));
	TRY(feed(outer, &block, 1));
	uint8_t digest[HASH_MAX];
	struct view part = { digest, h->n };
	uc_err err = finish(inner, digest);
	if (!err)
		err = feed(outer, &part, 1);
	wipe(digest, sizeof digest);
	return err ? err : finish(outer, out);
}

uc_err hmac_parts(const struct hash_alg *h, struct view key, const struct view *parts, size_t n,
		  uint8_t *out)
{
	struct openssl_thread *t;
	TRY(openssl_thread_get(&t));
	EVP_MD_CTX *inner = t->inner[h->id], *outer = t->outer[h->id];
	uint8_t pad[BLOCK_MAX] = { 0 };
	uc_err err = UC_OK;
	if (key.n > h->block)
		err = hash_parts(h, &key, 1, pad);
	else if (key.n)
		memcpy(pad, key.p, key.n);
	if (!err)
		err = hmac_block(h, inner, outer, pad, parts, n, out);
	wipe(pad, sizeof pad);
	/* No key outlives its use in a kept context. */
	uc_err clean_inner = restart(inner), clean_outer = restart(outer);
	return err ? err : clean_inner ? clean_inner : clean_outer;
}
