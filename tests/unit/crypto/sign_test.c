/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/alg.h"

#include "tests/unit/harness.h"

/* RFC 8032, 7.1, tests 1 and 2 */
TEST(ed25519_of_rfc_8032)
{
	static const struct {
		const char *seed, *pub, *msg, *sig;
	} known[] = {
		{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
		  "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
		{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
		  "458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	};
	for (size_t i = 0; i < 2; i++) {
		struct sign_key k;
		uint8_t sig[SIGNATURE_MAX];
		size_t n = 0;
		expect_ok(sign_ed25519.import(&sign_ed25519, test_hex(known[i].seed), &k));
		expect_bytes(sign_public(&k), test_hex(known[i].pub));
		expect_ok(sign_ed25519.sign(&sign_ed25519, &k, test_hex(known[i].msg), sig, &n));
		expect_bytes(view_make(sig, n), test_hex(known[i].sig));
		expect_ok(sign_ed25519.verify(&sign_ed25519, sign_public(&k),
					      test_hex(known[i].msg), view_make(sig, n)));
	}
}

/* Every encoding of a point of small order, canonical or not; with R the identity and S = 0 a
 * careless verifier accepts any message under such a key. */
static const char *const odd_keys[] = {
	"0100000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	/* not of small order, but not canonical: y = p + 3 */
	"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	/* no point at all: y = 2 */
	"0200000000000000000000000000000000000000000000000000000000000000",
};

TEST(ed25519_refuses_odd_keys)
{
	const struct suite *s = suite_find(SUITE_X25519_AES128);
	uint8_t sig[ED25519_SIGNATURE] = { 1 };
	for (size_t i = 0; i < sizeof odd_keys / sizeof odd_keys[0]; i++) {
		struct view pub = test_hex(odd_keys[i]);
		expect_err(sign_public_check(s, pub), UC_E_KEY);
		for (uint8_t c = 0; c < 16; c++)
			expect_err(sign_ed25519.verify(&sign_ed25519, pub, view_make(&c, 1),
						       VIEW_OF(sig)),
				   UC_E_SIGNATURE);
	}
	expect_err(sign_public_check(s, view_make(sig, 31)), UC_E_KEY);
	expect_err(sign_public_check(s, (struct view){ 0 }), UC_E_KEY);
}

/* A key with a part of small order: a good one plus the point of order 2, (0, -1), which is
 * (-x, -y): y becomes p - y and the sign of x flips. */
TEST(ed25519_refuses_keys_of_mixed_order)
{
	const struct suite *s = suite_find(SUITE_X25519_AES128);
	struct sign_key k;
	uint8_t mixed[ED25519_KEY];
	expect_ok(sign_key_generate(s, test_env(), &k));
	int borrow = 0;
	for (int i = 0; i < ED25519_KEY; i++) {
		int p = i == 0 ? 0xed : i == 31 ? 0x7f : 0xff;
		int d = p - (i == 31 ? k.pub[i] & 0x7f : k.pub[i]) - borrow;
		borrow = d < 0;
		mixed[i] = (uint8_t)d;
	}
	mixed[31] = (uint8_t)(mixed[31] | (~k.pub[31] & 0x80));
	expect_ok(sign_public_check(s, sign_public(&k)));
	expect_err(sign_public_check(s, VIEW_OF(mixed)), UC_E_KEY);
}

/* S + L verifies in a careless verifier: the same signature twice. */
TEST(ed25519_refuses_a_second_form_of_s)
{
	struct view l = test_hex("edd3f55c1a631258d69cf7a2def9de14"
				 "00000000000000000000000000000010");
	struct sign_key k;
	uint8_t sig[SIGNATURE_MAX];
	size_t n = 0;
	struct view msg = VIEW_LIT("once");
	expect_ok(sign_ed25519.generate(&sign_ed25519, test_env(), &k));
	expect_ok(sign_ed25519.sign(&sign_ed25519, &k, msg, sig, &n));
	unsigned carry = 0;
	for (size_t i = 0; i < 32; i++) {
		carry += sig[32 + i] + (unsigned)l.p[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	expect_err(sign_ed25519.verify(&sign_ed25519, sign_public(&k), msg, view_make(sig, n)),
		   UC_E_SIGNATURE);
}

TEST(labels_and_every_byte_count)
{
	struct view content = VIEW_LIT("content"), sig;
	for (size_t i = 0; suite_at(i); i++) {
		const struct suite *s = suite_at(i);
		struct sign_key k;
		struct arena a;
		uint8_t bad[SIGNATURE_MAX];
		arena_init(&a, 4096, ARENA_PLAIN);
		expect_ok(sign_key_generate(s, test_env(), &k));
		expect_ok(sign_public_check(s, sign_public(&k)));
		expect_ok(sign_with_label(s, &k, test_env(), "A", content, &a, &sig));
		expect_ok(verify_with_label(s, sign_public(&k), "A", content, sig));
		expect_err(verify_with_label(s, sign_public(&k), "B", content, sig),
			   UC_E_SIGNATURE);
		expect_err(verify_with_label(s, sign_public(&k), "A", VIEW_LIT("contenu"), sig),
			   UC_E_SIGNATURE);
		memcpy(bad, sig.p, sig.n);
		for (size_t b = 0; b < sig.n; b += 3) {
			bad[b] ^= 1;
			expect_err(verify_with_label(s, sign_public(&k), "A", content,
						     view_make(bad, sig.n)),
				   UC_E_SIGNATURE);
			bad[b] ^= 1;
		}
		bad[sig.n] = 0;
		expect_err(verify_with_label(s, sign_public(&k), "A", content,
					     view_make(bad, sig.n + 1)),
			   UC_E_SIGNATURE);
		for (size_t n = 0; n < sig.n; n += 7)
			expect_err(verify_with_label(s, sign_public(&k), "A", content,
						     view_make(bad, n)),
				   UC_E_SIGNATURE);
		sign_key_wipe(&k);
		arena_done(&a);
	}
}

TEST(own_ed25519_labels)
{
	struct ed25519_key k, again;
	uint8_t sig[ED25519_SIGNATURE];
	struct view pub = view_make(k.pub, ED25519_KEY), content = VIEW_LIT("hello");
	expect_ok(ed25519_generate(test_env(), &k));
	ed25519_from_seed(k.seed, &again);
	expect_bytes(VIEW_OF(again.pub), pub);
	expect_ok(ed25519_sign(&k, "test", content, sig));
	expect_ok(ed25519_verify(pub, "test", content, VIEW_OF(sig)));
	expect_err(ed25519_verify(pub, "text", content, VIEW_OF(sig)), UC_E_SIGNATURE);
	/* The base differs from that of MLS. */
	expect_err(verify_with_label(suite_at(0), pub, "test", content, VIEW_OF(sig)),
		   UC_E_SIGNATURE);
}
