/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/alg.h"

#include "tests/unit/harness.h"

enum { X448_KEY = 56, ED448_KEY = 57, ED448_SIGNATURE = 114 };

static uc_err agree(const char *priv, const char *pub, uint8_t *out)
{
	return dh_x448.agree(&dh_x448, test_hex(priv), test_hex(pub), out);
}

static uc_err verify(struct view pub, struct view msg, struct view sig)
{
	return sign_ed448.verify(&sign_ed448, pub, msg, sig);
}

/* --- X448 --- */

/* RFC 7748, 5.2 and 6.2 */
TEST(x448_of_rfc_7748)
{
	static const char alice[] = "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28d"
				    "d9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b";
	static const char bob_public[] = "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b430"
					 "27d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609";
	uint8_t out[X448_KEY];
	expect_ok(agree("3d262fddf9ec8e88495266fea19a34d28882acef045104d0d1aae121"
			"700a779c984c24f8cdd78fbff44943eba368f54b29259a4f1c600ad3",
			"06fce640fa3487bfda5f6cf2d5263f8aad88334cbd07437f020f08f9"
			"814dc031ddbdc38c19c6da2583fa5429db94ada18aa7a7fb4ef8a086",
			out));
	expect_bytes(VIEW_OF(out), test_hex("ce3e4ff95a60dc6697da1db1d85e6afbdf79b50a2412d7546d5f"
					    "239fe14fbaadeb445fc66a01b0779d98223961111e21766282f7"
					    "3dd96b6f"));
	expect_ok(agree(alice, bob_public, out));
	expect_bytes(VIEW_OF(out), test_hex("07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d"
					    "282bb60c0b56fd2464c335543936521c24403085d59a449a5037"
					    "514a879d"));
	expect_ok(dh_x448.public_from(&dh_x448, test_hex(alice), out));
	expect_bytes(VIEW_OF(out), test_hex("9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa7"
					    "3d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e5"
					    "32c41fa0"));
}

/* 0, 1 and p - 1, and p and p + 1, which are 0 and 1 again. */
static const char *const small_u[] = {
	"00000000000000000000000000000000000000000000000000000000"
	"00000000000000000000000000000000000000000000000000000000",
	"01000000000000000000000000000000000000000000000000000000"
	"00000000000000000000000000000000000000000000000000000000",
	"feffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"feffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"feffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"00000000000000000000000000000000000000000000000000000000"
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

TEST(x448_refuses_points_of_small_order)
{
	const struct suite *s = suite_find(SUITE_X448_AES256);
	struct arena mem;
	struct kem_key k;
	struct view enc, ct, pt;
	uint8_t out[X448_KEY] = { 9 };
	const uint8_t before[X448_KEY] = { 9 };
	arena_init(&mem, 8192, ARENA_SECRET);
	expect_ok(kem_key_generate(s, test_env(), &k));
	for (size_t i = 0; i < sizeof small_u / sizeof small_u[0]; i++) {
		struct view pub = test_hex(small_u[i]);
		expect_err(kem_public_check(s, pub), UC_E_KEY);
		expect_err(dh_x448.agree(&dh_x448, secret_view(&k.priv), pub, out), UC_E_KEY);
		expect_bytes(VIEW_OF(out), VIEW_OF(before));
		expect_err(hpke_seal(s, test_env(), pub, VIEW_LIT(""), VIEW_LIT(""), VIEW_LIT(""),
				     &mem, &enc, &ct),
			   UC_E_KEY);
		expect_err(hpke_open(s, &k, pub, VIEW_LIT(""), VIEW_LIT(""),
				     VIEW_LIT("0123456789abcdef"), &mem, &pt),
			   UC_E_DECRYPT);
	}
	arena_done(&mem);
}

TEST(x448_refuses_other_lengths)
{
	const struct suite *s = suite_find(SUITE_X448_CHACHA);
	uint8_t key[X448_KEY + 1] = { 5 }, out[X448_KEY];
	struct view good = view_make(key, X448_KEY);
	for (size_t n = X448_KEY - 1; n <= X448_KEY + 1; n += 2) {
		struct view bad = view_make(key, n);
		expect_err(kem_public_check(s, bad), UC_E_KEY);
		expect_err(dh_x448.agree(&dh_x448, good, bad, out), UC_E_KEY);
		expect_err(dh_x448.agree(&dh_x448, bad, good, out), UC_E_KEY);
		expect_err(dh_x448.public_from(&dh_x448, bad, out), UC_E_KEY);
	}
	expect_ok(kem_public_check(s, good));
	expect_err(kem_public_check(s, (struct view){ 0 }), UC_E_KEY);
	/* u of p + 5 is 5 (RFC 7748, 5), as with X25519. */
	memset(key, 0, X448_KEY / 2);
	memset(key + X448_KEY / 2, 0xff, X448_KEY / 2);
	key[0] = 4;
	expect_ok(kem_public_check(s, good));
}

/* --- Ed448 --- */

/* RFC 8032, 7.4: "Blank", "1 octet" */
static const struct known {
	const char *seed, *pub, *msg, *sig;
} known[] = {
	{ "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3528c8a3fcc2f044e39a3fc5b"
	  "94492f8f032e7549a20098f95b",
	  "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783d"
	  "f1e50f6cd1fa1abeafe8256180",
	  "",
	  "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22"
	  "ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cd"
	  "da8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600" },
	{ "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397"
	  "a659949ef8021e954e0a12274e",
	  "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4"
	  "cb82169c235160627b4c3a9480",
	  "03",
	  "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de"
	  "8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cbcee1afb2e027df36bc04dcecbf154336c19f0af7e0a64729"
	  "05e799f1953d2a0ff3348ab21aa4adafd1d234441cf807c03a00" },
};

TEST(ed448_of_rfc_8032)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		const struct known *t = &known[i];
		struct sign_key k;
		uint8_t sig[SIGNATURE_MAX];
		size_t n = 0;
		expect_ok(sign_ed448.import(&sign_ed448, test_hex(t->seed), &k));
		expect_bytes(sign_public(&k), test_hex(t->pub));
		expect_ok(sign_ed448.check(&sign_ed448, sign_public(&k)));
		expect_ok(sign_ed448.sign(&sign_ed448, &k, test_hex(t->msg), sig, &n));
		expect_bytes(view_make(sig, n), test_hex(t->sig));
		expect_ok(verify(sign_public(&k), test_hex(t->msg), view_make(sig, n)));
	}
}

/* The same key and message in the context "foo" (RFC 8032, 7.4), and as if it were Ed448ph's. */
TEST(ed448_has_no_context)
{
	struct view pub = test_hex(known[1].pub), msg = test_hex(known[1].msg);
	expect_ok(verify(pub, msg, test_hex(known[1].sig)));
	expect_err(
		verify(pub, msg,
		       test_hex("d4f8f6131770dd46f40867d6fd5d5055de43541f8c5e35abbcd001b32a89f7d2"
				"151f7647f11d8ca2ae279fb842d607217fce6e042f6815ea000c85741de5c8da"
				"1144a6a1aba7f96de42505d7a7298524fda538fccbbb754f578c1cad10d54d0d"
				"5428407e85dcbc98a49155c13764e66c3c00")),
		UC_E_SIGNATURE);
}

/* Of the key whose seed is 0, 1, 2 ... 56, over "m". */
static const char own_public[] =
	"18d0a70e42a742dfb561279893385061d7b4dad8f6feed4791eaab66b2f4a4f02fc09462a8bf"
	"b1842d0bac60e8a1b3e55ba2407f33226f3800";
#define OWN_R                                                                          \
	"df89847a85fc9c504bc838fabc9eacfb2bcd07ec6b5d54615730fe05d2288018983af08b0842" \
	"c20a0a31d0700fb87d1613356ac4ce645f8f80"
static const char own_signature[] =
	OWN_R "66083c8c732403d66c482a7521a01ccfb84fe0e896f349cef8f880c6ea3bb9849ac8ab4bc3047cc1a6"
	      "5ac300760c894c2d42c2e85675a23d00";

/* Signatures by who knows the seed: the equation of RFC 8032 holds for each. */
static const struct {
	const char *what, *sig;
} crafted[] = {
	{ "S + L",
	  OWN_R "594d943706e77bf9c1d7ef02946289f04886b697e0ce9892e21c4b43ea3bb9849ac8ab4bc3047cc1"
		"a65ac300760c894c2d42c2e85675a27d00" },
	{ "made for Ed448ph",
	  OWN_R "1b5b6b52eeb1e58f757c28b55a9f163efae11bfbe050d4281454c4a4ef0787308f82d80a8c71110b"
		"e29fc7190744c01671c5507ee19ac23400" },
	{ "R is (0, 1)",
	  "010000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	  "000000000000000000000000000000"
	  "1c2ce5f8df15fa8b121a3c20109e930b5568523958ed4134c6ff0c18fed974300c48b2aa8eadc7911e0d"
	  "0997e29b79a563bc30cd8eeae01100" },
	{ "R is (0, 1) with the sign of x",
	  "010000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	  "000000000000000000000000000080"
	  "a38987b97d427fade5995491c982619343d606b4b34a186791d7168f1d388a471dfa3610a5617401dcf9"
	  "20b587c392575dd8fd02cbec871600" },
	{ "R is (0, -1)",
	  "feffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	  "feffffffffffffffffffffffffffffffffffffffffffffffffffffff00"
	  "997fbc70510a9990cf2d0bad53cfa79ab7d8c8c06023cc1148414dc0b806af4a879f4dba8c07b13c4615"
	  "2b8d455ad48237587111632b180600" },
	{ "R is (0, -1) with the sign of x",
	  "feffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	  "feffffffffffffffffffffffffffffffffffffffffffffffffffffff80"
	  "2d7dd4fe475c4d57a144fe1ca2c3b7cb0295a901979e2fb56b1f872b4d03ceb907d43346ca7a9918726c"
	  "306f83c22b200202eb059a25522600" },
	{ "R is (1, 0)",
	  "000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	  "000000000000000000000000000000"
	  "c451ff8d1b49f636d92b5e16256ed20bb07c33fbd4696d3866bccc9fe26701041a474b28e3cdf20a2fc8"
	  "3e0702162334f7c5592fcbf44e1800" },
	{ "R is (-1, 0)",
	  "000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	  "000000000000000000000000000080"
	  "fb7f967408a76d8b3b5f3a66669f5c5bf5382ff9416fdd187d08a9ed61b848001cc5432c92cce649f0cf"
	  "a1b841263fdbcd96c83b39ae8d2700" },
	{ "R is y = p",
	  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	  "feffffffffffffffffffffffffffffffffffffffffffffffffffffff00"
	  "cd365c17fa5486b5208b2bb5cc88bea33adedfede73b801bccf6c0144fae5d05a39e90d37e837bb1ead5"
	  "78419bd156c0ce4ad6af5abafc2d00" },
	{ "R is y = p + 1",
	  "00000000000000000000000000000000000000000000000000000000"
	  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff00"
	  "e840875e082c7e7d7a34b6132aeced5943fb6ed4987a36fd14a4fc899f35aaefbf8d2c15db599108cc97"
	  "ea272038af537e4c9b727ab5df1600" },
};

TEST(ed448_refuses_crafted_signatures)
{
	struct view pub = test_hex(own_public), msg = VIEW_LIT("m");
	expect_ok(verify(pub, msg, test_hex(own_signature)));
	for (size_t i = 0; i < sizeof crafted / sizeof crafted[0]; i++) {
		uc_err err = verify(pub, msg, test_hex(crafted[i].sig));
		if (err != UC_E_SIGNATURE)
			test_fail(__FILE__, __LINE__, "%s: %s", crafted[i].what, uc_err_name(err));
	}
}

/* Every encoding of a point of small order, canonical or not; with R the identity and S = 0 a
 * careless verifier accepts any message under such a key. */
static const char *const odd_keys[] = {
	"01000000000000000000000000000000000000000000000000000000"
	"0000000000000000000000000000000000000000000000000000000000",
	"01000000000000000000000000000000000000000000000000000000"
	"0000000000000000000000000000000000000000000000000000000080",
	"feffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"feffffffffffffffffffffffffffffffffffffffffffffffffffffff00",
	"feffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"feffffffffffffffffffffffffffffffffffffffffffffffffffffff80",
	"00000000000000000000000000000000000000000000000000000000"
	"0000000000000000000000000000000000000000000000000000000000",
	"00000000000000000000000000000000000000000000000000000000"
	"0000000000000000000000000000000000000000000000000000000080",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"feffffffffffffffffffffffffffffffffffffffffffffffffffffff00",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"feffffffffffffffffffffffffffffffffffffffffffffffffffffff80",
	"00000000000000000000000000000000000000000000000000000000"
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff00",
	"00000000000000000000000000000000000000000000000000000000"
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff80",
	/* not of small order, but not canonical: y = p + 3 */
	"02000000000000000000000000000000000000000000000000000000"
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff00",
	/* no point at all: y = 2 */
	"02000000000000000000000000000000000000000000000000000000"
	"0000000000000000000000000000000000000000000000000000000000",
	/* a good one, but the bits between y and the sign are not all zero */
	"18d0a70e42a742dfb561279893385061d7b4dad8f6feed4791eaab66"
	"b2f4a4f02fc09462a8bfb1842d0bac60e8a1b3e55ba2407f33226f3801",
};

TEST(ed448_refuses_odd_keys)
{
	const struct suite *s = suite_find(SUITE_X448_AES256);
	uint8_t sig[ED448_SIGNATURE] = { 1 };
	for (size_t i = 0; i < sizeof odd_keys / sizeof odd_keys[0]; i++) {
		struct view pub = test_hex(odd_keys[i]);
		expect_err(sign_public_check(s, pub), UC_E_KEY);
		for (uint8_t c = 0; c < 16; c++)
			expect_err(verify(pub, view_make(&c, 1), VIEW_OF(sig)), UC_E_SIGNATURE);
		/* Nor with an R that is in order. */
		expect_err(verify(pub, VIEW_LIT("m"), test_hex(own_signature)), UC_E_SIGNATURE);
	}
	expect_err(sign_public_check(s, view_make(sig, 56)), UC_E_KEY);
	expect_err(sign_public_check(s, view_make(sig, 58)), UC_E_KEY);
	expect_err(sign_public_check(s, (struct view){ 0 }), UC_E_KEY);
}

/* Keys that are good ones plus a point of order 2 or 4, signatures whose R is, and signatures under
 * such keys.  The keys are refused where keys are looked at; that the verifier multiplies by the
 * cofactor is what all versions of libcrypto do, so that members agree. */
static const struct {
	const char *pub, *under, *with;
} mixed[] = {
	{ "e72f58f1bd58bd204a9ed8676cc7af9e284b2527090112b86e1554994c0b5b0fd03f6b9d57404e7bd2f4539f"
	  "175e4c1aa45dbf80ccdd90c780",
	  OWN_R "e481751fb781cac53167acb18a83e6df09705c78da9762165f013e6afba9c7a0037f2699dded6f4c"
		"0f494083549c9524985d27c29e38911600",
	  "20767b857a0363afb437c70543615304d432f81394a2ab9ea8cf01fa2cd77fe767c50f74f7bd3df5f5ce2f8f"
	  "f04782e9ecca953b319ba070009d0541ca60790f65ecd1335d2a0748c530f595aafe93c09de326cc830d0c93"
	  "e81f36df51cb5c0a76e4ee2fa0b10cecda295bff1b9a319c3200" },
	{ "e5b006bf6915a8d0a4a769a6f1e4811f22e42a7893cda3cc70c4980ec4950a3080fe3b31d57cba6420343498"
	  "24c4ca380553d01ea32aaea300",
	  OWN_R "e2ee394600c07990d19d016780605a732086c30e2ce2099a21d1daeda1f16854f0fe1706a6aec57e"
		"b6455ed6e240cd40b378f5e5d485dc0e00",
	  "bc514d74ad7a95defdffb3924ee740661667e1a29522d9fbbaf9a979e1c82a63b0bcda96b06f51ebd06b76b7"
	  "99f54c92d4b7abeabe5eea1980c2662507c916587d22bf01852ebd8fa1ac50d1805d53a76a64a643d985351d"
	  "4d228da5ca6d5a4e8a52174d8a5792153e8ffcd2639d0f681f00" },
	{ "1a4ff94096ea572f5b5896590e1b7ee0dd1bd5876c325c338f3b67f13a6af5cf7f01c4ce2a83459bdfcbcb67"
	  "db3b35c7faac2fe15cd5515c80",
	  OWN_R "aedde1fb4ab4df0a81495d89a444c60531197fead968a10768d0d87def5154b694174d89f81bafe0"
		"fb5184ea3a53df6b6e00b95e944c962700",
	  "43aeb28b52856a2102004c6db118bf99e9981e5d6add2604450656861d37d59c4f4325694f90ae142f948948"
	  "660ab36d2b48541541a115e600dd4c3e34ae7c9e69da778b972e10fb1d401ba9a92c5b109eb3c9d820903f0b"
	  "eabee8c7e232fdd644f3c803da674becd50c6e66a712d5c10000" },
};

TEST(ed448_keys_of_mixed_order)
{
	const struct suite *s = suite_find(SUITE_X448_AES256);
	expect_ok(sign_public_check(s, test_hex(own_public)));
	for (size_t i = 0; i < sizeof mixed / sizeof mixed[0]; i++) {
		expect_err(sign_public_check(s, test_hex(mixed[i].pub)), UC_E_KEY);
		expect_ok(verify(test_hex(mixed[i].pub), VIEW_LIT("m"), test_hex(mixed[i].under)));
		expect_ok(verify(test_hex(own_public), VIEW_LIT("m"), test_hex(mixed[i].with)));
	}
}

TEST(ed448_refuses_other_lengths)
{
	const struct suite *s = suite_find(SUITE_X448_AES256);
	uint8_t bytes[ED448_SIGNATURE + 1] = { 0 };
	struct view good = test_hex(own_public), sig = test_hex(own_signature);
	struct sign_key k;
	size_t n;
	expect_err(sign_key_import(s, view_make(bytes, ED448_KEY - 1), &k), UC_E_KEY);
	expect_err(sign_key_import(s, view_make(bytes, ED448_KEY + 1), &k), UC_E_KEY);
	expect_err(verify(view_slice(good, 0, ED448_KEY - 1), VIEW_LIT("m"), sig), UC_E_SIGNATURE);
	expect_err(verify((struct view){ 0 }, VIEW_LIT("m"), sig), UC_E_SIGNATURE);
	memcpy(bytes, good.p, good.n);
	expect_err(verify(view_make(bytes, ED448_KEY + 1), VIEW_LIT("m"), sig), UC_E_SIGNATURE);
	memcpy(bytes, sig.p, sig.n);
	expect_err(verify(good, VIEW_LIT("m"), view_make(bytes, sig.n + 1)), UC_E_SIGNATURE);
	expect_err(verify(good, VIEW_LIT("m"), view_make(bytes, sig.n - 1)), UC_E_SIGNATURE);
	expect_err(verify(good, VIEW_LIT("m"), (struct view){ 0 }), UC_E_SIGNATURE);
	expect_ok(sign_key_generate(s, test_env(), &k));
	k.priv.n--;
	expect_err(sign_ed448.sign(&sign_ed448, &k, VIEW_LIT("m"), bytes, &n), UC_E_KEY);
}
