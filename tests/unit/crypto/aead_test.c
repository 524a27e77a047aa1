/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"

#include "tests/unit/harness.h"

static const uint8_t key[AEAD_KEY_MAX] = { 1, 2, 3 }, nonce[AEAD_NONCE_MAX] = { 4 };

static struct view key_of(const struct suite *s)
{
	return view_make(key, s->nk);
}

/* AES-128-GCM, all zero, of the GCM specification (test cases 1 and 2). */
TEST(aes_gcm_known_answers)
{
	static const uint8_t zero[16];
	uint8_t ct[32];
	const struct suite *s = suite_find(SUITE_X25519_AES128);
	expect_ok(
		suite_seal(s, VIEW_OF(zero), view_make(zero, 12), VIEW_LIT(""), VIEW_LIT(""), ct));
	expect_bytes(view_make(ct, 16), test_hex("58e2fccefa7e3061367f1d57a4e7455a"));
	expect_ok(
		suite_seal(s, VIEW_OF(zero), view_make(zero, 12), VIEW_LIT(""), VIEW_OF(zero), ct));
	expect_bytes(VIEW_OF(ct), test_hex("0388dace60b6a392f328c2b971b2fe78"
					   "ab6e47d42cec13bdf53a67b21257bddf"));
}

TEST(each_suite_opens_what_it_sealed_and_nothing_else)
{
	struct view pt = VIEW_LIT("the quick brown fox"), aad = VIEW_LIT("to whom");
	for (size_t i = 0; suite_at(i); i++) {
		const struct suite *s = suite_at(i);
		struct view k = key_of(s), n = VIEW_OF(nonce);
		uint8_t ct[64], out[64];
		size_t n_ct = pt.n + AEAD_TAG;
		expect_ok(suite_seal(s, k, n, aad, pt, ct));
		expect_ok(suite_open(s, k, n, aad, view_make(ct, n_ct), out));
		expect_bytes(view_make(out, pt.n), pt);
		for (size_t bit = 0; bit < 8 * n_ct; bit += 5) {
			ct[bit / 8] ^= (uint8_t)(1 << bit % 8);
			expect_err(suite_open(s, k, n, aad, view_make(ct, n_ct), out),
				   UC_E_DECRYPT);
			ct[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		expect_err(suite_open(s, k, n, VIEW_LIT("to who"), view_make(ct, n_ct), out),
			   UC_E_DECRYPT);
		for (size_t short_n = 0; short_n < n_ct; short_n++)
			expect_err(suite_open(s, k, n, aad, view_make(ct, short_n), out),
				   UC_E_DECRYPT);
		expect_err(suite_seal(s, view_make(key, s->nk - 1), n, aad, pt, ct), UC_E_ARGUMENT);
	}
}

TEST(box_opens_only_as_sealed)
{
	struct view k = view_make(key, BOX_KEY), aad = VIEW_LIT("slot 7"), pt = VIEW_LIT("secret");
	uint8_t sealed[BOX_OVERHEAD + 6], again[BOX_OVERHEAD + 6], out[6];
	expect_ok(box_seal(test_env(), k, aad, pt, sealed));
	expect_ok(box_seal(test_env(), k, aad, pt, again));
	expect(!view_equal(VIEW_OF(sealed), VIEW_OF(again)));
	expect_ok(box_open(k, aad, VIEW_OF(sealed), out));
	expect_bytes(VIEW_OF(out), pt);
	expect_err(box_open(k, VIEW_LIT("slot 8"), VIEW_OF(sealed), out), UC_E_DECRYPT);
	for (size_t i = 0; i < sizeof sealed; i++) {
		sealed[i] ^= 0x10;
		expect_err(box_open(k, aad, VIEW_OF(sealed), out), UC_E_DECRYPT);
		sealed[i] ^= 0x10;
		expect_err(box_open(k, aad, view_make(sealed, i), out), UC_E_DECRYPT);
	}
	expect_err(box_open(view_make(key, 31), aad, VIEW_OF(sealed), out), UC_E_ARGUMENT);
}
