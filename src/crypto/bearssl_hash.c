/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes and HMAC over BearSSL, where there is no libcrypto.  Its contexts are plain memory: they
 * stand on the stack, cost nothing to make, and are wiped after use. */
#include "crypto/alg.h"

#include <bearssl_hash.h>

enum { BLOCK_MAX = 128 };

const struct hash_alg hash_algs[HASH_COUNT] = {
	[HASH_SHA256] = { HASH_SHA256, "SHA2-256", 32, 64 },
	[HASH_SHA384] = { HASH_SHA384, "SHA2-384", 48, 128 },
	[HASH_SHA512] = { HASH_SHA512, "SHA2-512", 64, 128 },
};

static const br_hash_class *class_of(const struct hash_alg *h)
{
	switch (h->id) {
	case HASH_SHA384:
		return &br_sha384_vtable;
	case HASH_SHA512:
		return &br_sha512_vtable;
	default:
		return &br_sha256_vtable;
	}
}

static void feed(br_hash_compat_context *ctx, const struct view *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (parts[i].n)
			ctx->vtable->update(&ctx->vtable, parts[i].p, parts[i].n);
}

uc_err hash_parts(const struct hash_alg *h, const struct view *parts, size_t n, uint8_t *out)
{
	br_hash_compat_context ctx;
	class_of(h)->init(&ctx.vtable);
	feed(&ctx, parts, n);
	ctx.vtable->out(&ctx.vtable, out);
	wipe(&ctx, sizeof ctx);
	return UC_OK;
}

/* RFC 2104; pad is the key, filled with zeros to a block. */
static void hmac_block(const struct hash_alg *h, uint8_t pad[BLOCK_MAX], const struct view *parts,
		       size_t n, uint8_t *out)
{
	br_hash_compat_context ctx;
	uint8_t digest[HASH_MAX];
	struct view block = { pad, h->block }, inner = { digest, h->n };
	for (size_t i = 0; i < h->block; i++)
		pad[i] ^= 0x36;
	class_of(h)->init(&ctx.vtable);
	feed(&ctx, &block, 1);
	feed(&ctx, parts, n);
	ctx.vtable->out(&ctx.vtable, digest);
	for (size_t i = 0; i < h->block; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	class_of(h)->init(&ctx.vtable);
	feed(&ctx, &block, 1);
	feed(&ctx, &inner, 1);
	ctx.vtable->out(&ctx.vtable, out);
	wipe(&ctx, sizeof ctx);
	wipe(digest, sizeof digest);
}

uc_err hmac_parts(const struct hash_alg *h, struct view key, const struct view *parts, size_t n,
		  uint8_t *out)
{
	uint8_t pad[BLOCK_MAX] = { 0 };
	uc_err err = UC_OK;
	if (key.n > h->block)
		err = hash_parts(h, &key, 1, pad);
	else if (key.n)
		memcpy(pad, key.p, key.n);
	if (!err)
		hmac_block(h, pad, parts, n, out);
	wipe(pad, sizeof pad);
	return err;
}
