/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/two_keys.h"

#include "crypto/crypto.h"
#include "tests/unit/harness.h"

#include <string.h>

/* An element of GF(2^128) as GCM has it (NIST SP 800-38D, 6.3). */
struct element {
	uint8_t b[16];
};
enum { FREE_BLOCK = 2 };

static struct element sum(struct element x, struct element y)
{
	for (int i = 0; i < 16; i++)
		x.b[i] ^= y.b[i];
	return x;
}

static struct element product(struct element x, struct element y)
{
	struct element z = { { 0 } };
	for (int i = 0; i < 128; i++) {
		if (x.b[i / 8] >> (7 - i % 8) & 1)
			z = sum(z, y);
		uint8_t carry = y.b[15] & 1;
		for (int k = 15; k > 0; k--)
			y.b[k] = (uint8_t)(y.b[k] >> 1 | y.b[k - 1] << 7);
		y.b[0] = (uint8_t)(y.b[0] >> 1 ^ (carry ? 0xe1 : 0));
	}
	return z;
}

static struct element power(struct element x, size_t n)
{
	struct element z = { { 0x80 } };
	for (; n; n >>= 1, x = product(x, x))
		if (n & 1)
			z = product(z, x);
	return z;
}

/* x^(2^128 - 2) */
static struct element inverse(struct element x)
{
	struct element z = { { 0x80 } };
	for (int i = 0; i < 127; i++) {
		x = product(x, x);
		z = product(z, x);
	}
	return z;
}

static struct element lengths(size_t aad, size_t n)
{
	struct element e = { { 0 } };
	for (int i = 0; i < 8; i++) {
		e.b[7 - i] = (uint8_t)((uint64_t)aad * 8 >> 8 * i);
		e.b[15 - i] = (uint8_t)((uint64_t)n * 8 >> 8 * i);
	}
	return e;
}

static struct element tag_of(const struct two_keys *k, int which, struct view aad)
{
	const struct suite *s = suite_find(SUITE_X25519_AES128);
	struct element tag;
	expect_ok(suite_seal(s, VIEW_OF(k->key[which]), VIEW_OF(k->nonce), aad,
			     (struct view){ NULL, 0 }, tag.b));
	return tag;
}

/* What the tag of nothing is masked with, and what hashes: from what the cipher says by itself. */
static struct element mask_of(const struct two_keys *k, int which)
{
	return tag_of(k, which, (struct view){ NULL, 0 });
}

static struct element hash_key_of(const struct two_keys *k, int which)
{
	static const uint8_t zero[16];
	struct element tag = tag_of(k, which, VIEW_OF(zero));
	return product(sum(tag, mask_of(k, which)), inverse(lengths(sizeof zero, 0)));
}

static struct element block(const uint8_t *p)
{
	struct element e;
	memcpy(e.b, p, sizeof e.b);
	return e;
}

static struct element tag_under(const struct two_keys *k, int which, const uint8_t *ct, size_t n)
{
	struct element h = hash_key_of(k, which), y = { { 0 } };
	for (size_t i = 0; i < 32; i += 16)
		y = product(sum(y, block(k->aad[which] + i)), h);
	for (size_t i = 0; i < n; i += 16)
		y = product(sum(y, block(ct + i)), h);
	y = product(sum(y, lengths(32, n)), h);
	return sum(y, mask_of(k, which));
}

void two_keys_make(const struct two_keys *k, uint8_t *ct, size_t n)
{
	size_t after = n / 16 - FREE_BLOCK + 1; /* how often the free block is multiplied */
	uint8_t *free_block = ct + (size_t)16 * FREE_BLOCK;
	for (size_t i = 0; i < n; i++)
		ct[i] = (uint8_t)(i * 7);
	memset(free_block, 0, 16);
	struct element differ = sum(tag_under(k, 0, ct, n), tag_under(k, 1, ct, n));
	struct element by = sum(power(hash_key_of(k, 0), after), power(hash_key_of(k, 1), after));
	struct element fits = product(differ, inverse(by));
	memcpy(free_block, fits.b, 16);
	struct element tag = tag_under(k, 0, ct, n);
	memcpy(ct + n, tag.b, 16);
}
