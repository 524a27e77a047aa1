/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"

#include "tests/unit/harness.h"

TEST(sha256_of_known_texts)
{
	uint8_t out[SHA256_BYTES];
	expect_ok(sha256(VIEW_LIT(""), out));
	expect_bytes(VIEW_OF(out), test_hex("e3b0c44298fc1c149afbf4c8996fb924"
					    "27ae41e4649b934ca495991b7852b855"));
	expect_ok(sha256(VIEW_LIT("abc"), out));
	expect_bytes(VIEW_OF(out), test_hex("ba7816bf8f01cfea414140de5dae2223"
					    "b00361a396177a9cb410ff61f20015ad"));
	struct view parts[] = { VIEW_LIT("a"), { 0 }, VIEW_LIT("bc") };
	uint8_t again[SHA256_BYTES];
	expect_ok(sha256_parts(parts, 3, again));
	expect_bytes(VIEW_OF(again), VIEW_OF(out));
}

/* RFC 4231, cases 1, 2 and 6 (a key longer than a block). */
TEST(hmac_sha256_of_rfc_4231)
{
	uint8_t out[SHA256_BYTES], key[131];
	memset(key, 0x0b, 20);
	expect_ok(hmac_sha256(view_make(key, 20), VIEW_LIT("Hi There"), out));
	expect_bytes(VIEW_OF(out), test_hex("b0344c61d8db38535ca8afceaf0bf12b"
					    "881dc200c9833da726e9376c2e32cff7"));
	expect_ok(hmac_sha256(VIEW_LIT("Jefe"), VIEW_LIT("what do ya want for nothing?"), out));
	expect_bytes(VIEW_OF(out), test_hex("5bdcc146bf60754e6a042426089575c7"
					    "5a003f089d2739839dec58b964ec3843"));
	memset(key, 0xaa, sizeof key);
	expect_ok(hmac_sha256(VIEW_OF(key),
			      VIEW_LIT("Test Using Larger Than Block-Size Key - Hash Key First"),
			      out));
	expect_bytes(VIEW_OF(out), test_hex("60e431591ee0b67f0d8a26aacbf5b77f"
					    "8e0bc6213728c5140546040f0ee37f54"));
}

/* RFC 5869, A.1 and A.3 */
TEST(hkdf_sha256_of_rfc_5869)
{
	uint8_t out[42], ikm[22];
	memset(ikm, 0x0b, sizeof ikm);
	expect_ok(hkdf_sha256(test_hex("000102030405060708090a0b0c"), VIEW_OF(ikm),
			      test_hex("f0f1f2f3f4f5f6f7f8f9"), out, sizeof out));
	expect_bytes(VIEW_OF(out),
		     test_hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
			      "34007208d5b887185865"));
	expect_ok(
		hkdf_sha256((struct view){ 0 }, VIEW_OF(ikm), (struct view){ 0 }, out, sizeof out));
	expect_bytes(VIEW_OF(out),
		     test_hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
			      "9d201395faa4b61a96c8"));
}

TEST(expansion_has_its_limit)
{
	static uint8_t out[255 * 32 + 1];
	struct view prk = VIEW_LIT("a key of this very test's making");
	const struct suite *s = suite_find(SUITE_X25519_AES128);
	expect_ok(suite_expand(s, prk, VIEW_LIT(""), out, 255 * 32));
	expect_err(suite_expand(s, prk, VIEW_LIT(""), out, 255 * 32 + 1), UC_E_ARGUMENT);
}

TEST(suites_are_found_and_in_order)
{
	size_t n = 0;
	for (const struct suite *s; (s = suite_at(n)); n++) {
		expect(suite_find(s->id) == s);
		expect(s->nh <= HASH_MAX && s->nk <= AEAD_KEY_MAX && s->nn <= AEAD_NONCE_MAX);
	}
	/* All of RFC 9420, 17.1; without libcrypto only Curve25519's. */
	expect_eq(n, suite_find(SUITE_P256_AES128) ? 7 : 2);
	for (uint16_t id = 1; n == 7 && id <= 7; id++)
		expect(suite_find(id));
	expect(suite_find(SUITE_X25519_AES128) && suite_find(SUITE_X25519_CHACHA));
	expect_eq(suite_at(0)->id, SUITE_X25519_AES128);
	expect(!suite_find(0) && !suite_find(8) && !suite_find(0xffff));
}

TEST(labels_have_a_limit)
{
	char label[260];
	uint8_t out[32];
	struct view key = VIEW_LIT("key");
	const struct suite *s = suite_at(0);
	memset(label, 'a', sizeof label);
	label[247] = 0; /* 255 with "MLS 1.0 " */
	expect_ok(expand_with_label(s, key, label, VIEW_LIT(""), out, sizeof out));
	label[247] = 'a';
	label[248] = 0;
	expect_err(expand_with_label(s, key, label, VIEW_LIT(""), out, sizeof out), UC_E_ARGUMENT);
}
