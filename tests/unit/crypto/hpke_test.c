/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/alg.h"

#include "tests/unit/harness.h"

static struct arena mem;

static const char info_hex[] = "4f6465206f6e2061204772656369616e2055726e";
static const char pt_hex[] = "4265617574792069732074727574682c20747275746820626561757479";
static const char aad_hex[] = "436f756e742d30";

/* RFC 9180, A.1.1 and A.3.1: recipient, first message, export with an empty context. */
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
};

TEST(hpke_of_rfc_9180)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		const struct suite *s = suite_find(known[i].suite);
		if (!s)
			continue; /* no P-256 in this build; crypto/hash tells which suites there are */
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
