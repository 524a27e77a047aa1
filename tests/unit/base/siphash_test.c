/* SPDX-License-Identifier: Apache-2.0 */
/* Our SipHash beside libcrypto's. */
#include "base/siphash.h"

#include "tests/unit/harness.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

enum { LONGEST = 260 };

static void theirs(EVP_MAC *mac, const uint64_t key[2], struct view in, size_t n, uint8_t *out)
{
	OSSL_PARAM params[] = { OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &n),
				OSSL_PARAM_construct_end() };
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	size_t got = 0;
	expect(ctx && EVP_MAC_init(ctx, (const uint8_t *)key, 16, params) == 1);
	expect(EVP_MAC_update(ctx, in.p, in.n) == 1 && EVP_MAC_final(ctx, out, &got, n) == 1);
	expect_eq(got, n);
	EVP_MAC_CTX_free(ctx);
}

/* Of all lengths, so that each way of ending a last word is there; little-endian, as the machine. */
TEST(siphash_is_what_libcrypto_makes_of_it)
{
	static const uint64_t keys[2][2] = { { 0, 0 }, { 0x8f1c2b774be09d31, 0x027a9e5566d1c0f8 } };
	uint8_t in[LONGEST], other[16];
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	expect(mac != NULL);
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)(31 * i + 7);
	for (size_t k = 0; mac && k < 2; k++)
		for (size_t n = 0; n <= LONGEST; n++) {
			uint64_t narrow = siphash(keys[k], view_make(in, n)), wide[2];
			siphash_wide(keys[k], view_make(in, n), wide);
			theirs(mac, keys[k], view_make(in, n), 8, other);
			expect_bytes(view_make(&narrow, 8), view_make(other, 8));
			theirs(mac, keys[k], view_make(in, n), 16, other);
			expect_bytes(VIEW_OF(wide), VIEW_OF(other));
		}
	EVP_MAC_free(mac);
}
