/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/alg.h"

#include "tests/unit/harness.h"

static struct arena mem;

static const char info_hex[] = "4f6465206f6e2061204772656369616e2055726e";
static const char pt_hex[] = "4265617574792069732074727574682c20747275746820626561757479";
static const char aad_hex[] = "436f756e742d30";

/* Recipient, first message, export with an empty context: RFC 9180, A.1.1, A.3.1 and A.6.1; those of
 * X448 and P-384, which the RFC leaves out, come from a computation by other code. */
static const struct {
	uint16_t suite;
	const char *ikm_r, *sk_r, *pk_r, *enc, *ct, *exported;
} known[] = {
	{ SUITE_X25519_AES128, "6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037",
	  "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
	  "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
	  "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
	  "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a9"
	  "6d8770ac83d07bea87e13c512a",
	  "3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee" },
	{ SUITE_P256_AES128, "668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550",
	  "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
	  "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a"
	  "826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0",
	  "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325a"
	  "c98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
	  "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f"
	  "9076ac232e3ab2523f39513434",
	  "5e9bc3d236e1911d95e65b576a8a86d478fb827e8bdfe77b741b289890490d4d" },
	{ SUITE_P521_AES256,
	  "2ad954bbe39b7122529f7dde780bff626cd97f850d0784a432784e69d86eccaa"
	  "de43b6c10a8ffdb94bf943c6da479db137914ec835a7e715e36e45e29b587bab"
	  "3bf1",
	  "01462680369ae375e4b3791070a7458ed527842f6a98a79ff5e0d4cbde83c271"
	  "96a3916956655523a6a2556a7af62c5cadabe2ef9da3760bb21e005202f7b246"
	  "2847",
	  "0401b45498c1714e2dce167d3caf162e45e0642afc7ed435df7902ccae0e84ba"
	  "0f7d373f646b7738bbbdca11ed91bdeae3cdcba3301f2457be452f271fa68375"
	  "80e661012af49583a62e48d44bed350c7118c0d8dc861c238c72a2bda17f6470"
	  "4f464b57338e7f40b60959480c0e58e6559b190d81663ed816e523b6b6a418f6"
	  "6d2451ec64",
	  "040138b385ca16bb0d5fa0c0665fbbd7e69e3ee29f63991d3e9b5fa740aab890"
	  "0aaeed46ed73a49055758425a0ce36507c54b29cc5b85a5cee6bae0cf1c21f27"
	  "31ece2013dc3fb7c8d21654bb161b463962ca19e8c654ff24c94dd2898de1205"
	  "1f1ed0692237fb02b2f8d1dc1c73e9b366b529eb436e98a996ee522aef863dd5"
	  "739d2f29b0",
	  "170f8beddfe949b75ef9c387e201baf4132fa7374593dfafa90768788b7b2b20"
	  "0aafcc6d80ea4c795a7c5b841a",
	  "05e2e5bd9f0c30832b80a279ff211cc65eceb0d97001524085d609ead60d0412" },
	{ SUITE_X448_AES256,
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	  "202122232425262728292a2b2c2d2e2f3031323334353637",
	  "078fefdceca75e2ea9bc41c8f3a8884a6176041177108e9edd594504826d2db6"
	  "33b080d5fb09375cc6fcaf2c505681358d4ae4a8ef64c125",
	  "dca45842f10ec923d04b606190f94df11cfb763d055d295b142eee07f090caee"
	  "f57a80798d605ff708d9c30febb89b4931b5ee114ab18ab8",
	  "2307ef4763c61b919bd18d25d4c36fb387d8d1ef012ae78616387d3b4d301457"
	  "2812794997efc692be03b115dda887ce3b1de16a252156bb",
	  "16d8e12570765a58e74b65cf815e78d4722fdae5f4855a9cef5de1c25535a890"
	  "4f262713635ae9d6b60b7e9b2f",
	  "da28a6b69cbf15cb5178d7a192a5581a763b195e0000af8030711245e3de3188" },
	{ SUITE_X448_CHACHA,
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	  "202122232425262728292a2b2c2d2e2f3031323334353637",
	  "078fefdceca75e2ea9bc41c8f3a8884a6176041177108e9edd594504826d2db6"
	  "33b080d5fb09375cc6fcaf2c505681358d4ae4a8ef64c125",
	  "dca45842f10ec923d04b606190f94df11cfb763d055d295b142eee07f090caee"
	  "f57a80798d605ff708d9c30febb89b4931b5ee114ab18ab8",
	  "2307ef4763c61b919bd18d25d4c36fb387d8d1ef012ae78616387d3b4d301457"
	  "2812794997efc692be03b115dda887ce3b1de16a252156bb",
	  "9cf2cbc94199f3c391555ce900c768b0a7480474789531a3b9719d506feb5a04"
	  "ecb26e33f1fa05c332525ef2c9",
	  "a495ea1ccc9ab39b1746f3925521e683564ee296e9b05d944f246d1c19986b28" },
	{ SUITE_P384_AES256,
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	  "202122232425262728292a2b2c2d2e2f",
	  "98c0889aab5610522699abe5970b7b7132022094127060b928018fb3c0e2aaae"
	  "9da72e0c9cf8f909d91c1e1e58f7454a",
	  "04986dc0a7d2b37e3b222ea7d25a32fc290c88c50b6a0acfdecadb83a285f19a"
	  "3ef0dbceeeecf54a9e7e02e4fb2c7bc075c24ba4c069bb3466ba3d35b29783bb"
	  "51c74aa60ecfadacb1f4446327b36272176c58d687e5318e5537176f37cc8468"
	  "23",
	  "04b075634ff900c5e150534f3cd7a56810a2d72bb20af4958fb252c91ec6db04"
	  "fc8e46dee1bb517d3088b594940e06d9a6598467604da6b9351cd4c6d6c251f8"
	  "10bd7d4c527fe0695c10661908bd4b5c5e5f5a099fc3df3f2609a443735729da"
	  "40",
	  "80eb4eb9fdad0e1785b28ec1c1a6439927b1e191ffedaffd0b4f889debc6dbd2"
	  "19303a83a9404c03e786c2a68e",
	  "584ce03c35e9c785c61e8740666bd69b3ea98609d148ca9464d961e7a180b696" },
};

TEST(hpke_of_rfc_9180)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		const struct suite *s = suite_find(known[i].suite);
		if (!s)
			continue; /* not in this build; crypto/hash tells which suites there are */
		struct kem_key k;
		struct view pt;
		struct secret exported;
		arena_init(&mem, 4096, ARENA_SECRET);
		expect_ok(kem_key_derive(s, test_hex(known[i].ikm_r), &k));
		expect_bytes(secret_view(&k.priv), test_hex(known[i].sk_r));
		expect_bytes(kem_public(&k), test_hex(known[i].pk_r));
		expect_ok(hpke_open(s, &k, test_hex(known[i].enc), test_hex(info_hex),
				    test_hex(aad_hex), test_hex(known[i].ct), &mem, &pt));
		expect_bytes(pt, test_hex(pt_hex));
		expect_ok(hpke_export_receive(s, &k, test_hex(known[i].enc), test_hex(info_hex),
					      VIEW_LIT(""), &exported, 32));
		expect_bytes(secret_view(&exported), test_hex(known[i].exported));
		arena_done(&mem);
	}
}

TEST(seal_and_open_agree_on_each_suite)
{
	for (size_t i = 0; suite_at(i); i++) {
		const struct suite *s = suite_at(i);
		struct kem_key k, other;
		struct view enc, ct, pt, info = VIEW_LIT("info"), aad = VIEW_LIT("aad");
		struct secret sent, received;
		arena_init(&mem, 16384, ARENA_SECRET);
		expect_ok(kem_key_generate(s, test_env(), &k));
		expect_ok(kem_key_generate(s, test_env(), &other));
		expect_ok(kem_public_check(s, kem_public(&k)));
		expect_ok(hpke_seal(s, test_env(), kem_public(&k), info, aad, VIEW_LIT("text"),
				    &mem, &enc, &ct));
		expect_ok(hpke_open(s, &k, enc, info, aad, ct, &mem, &pt));
		expect_bytes(pt, VIEW_LIT("text"));
		expect_err(hpke_open(s, &other, enc, info, aad, ct, &mem, &pt), UC_E_DECRYPT);
		expect_err(hpke_open(s, &k, enc, aad, aad, ct, &mem, &pt), UC_E_DECRYPT);
		expect_err(hpke_open(s, &k, enc, info, info, ct, &mem, &pt), UC_E_DECRYPT);
		expect_err(hpke_open(s, &k, view_slice(enc, 1, enc.n), info, aad, ct, &mem, &pt),
			   UC_E_DECRYPT);
		expect_err(hpke_open(s, &k, enc, info, aad, view_slice(ct, 0, 15), &mem, &pt),
			   UC_E_DECRYPT);
		expect_ok(hpke_export_send(s, test_env(), kem_public(&k), info, aad, &mem, &enc,
					   &sent, s->nh));
		expect_ok(hpke_export_receive(s, &k, enc, info, aad, &received, s->nh));
		expect(secret_equal(&sent, &received));
		expect_ok(encrypt_with_label(s, test_env(), kem_public(&k), "L", info, VIEW_LIT(""),
					     &mem, &enc, &ct));
		expect_ok(decrypt_with_label(s, &k, "L", info, enc, ct, &mem, &pt));
		expect_eq(pt.n, 0);
		expect_err(decrypt_with_label(s, &k, "M", info, enc, ct, &mem, &pt), UC_E_DECRYPT);
		arena_done(&mem);
	}
}

/* RFC 7748, 5.2 */
TEST(x25519_of_rfc_7748)
{
	uint8_t out[32];
	expect_ok(dh_x25519.agree(
		&dh_x25519,
		test_hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
		test_hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"), out));
	expect_bytes(VIEW_OF(out), test_hex("c3da55379de9c6908e94ea4df28d084f"
					    "32eccf03491c71f754b4075577a28552"));
}

TEST(x25519_refuses_points_of_small_order)
{
	static const char *const odd[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	const struct suite *s = suite_find(SUITE_X25519_AES128);
	struct kem_key k;
	struct view enc, ct, pt;
	arena_init(&mem, 4096, ARENA_SECRET);
	expect_ok(kem_key_generate(s, test_env(), &k));
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		struct view pub = test_hex(odd[i]);
		expect_err(kem_public_check(s, pub), UC_E_KEY);
		expect_err(hpke_seal(s, test_env(), pub, VIEW_LIT(""), VIEW_LIT(""), VIEW_LIT(""),
				     &mem, &enc, &ct),
			   UC_E_KEY);
		expect_err(hpke_open(s, &k, pub, VIEW_LIT(""), VIEW_LIT(""),
				     VIEW_LIT("0123456789abcdef"), &mem, &pt),
			   UC_E_DECRYPT);
	}
	arena_done(&mem);
}
