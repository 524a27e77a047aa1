/* SPDX-License-Identifier: Apache-2.0 */
/* P-256, P-384 and P-521: known answers, and keys and signatures that are not in order. */
#include "crypto/alg.h"

#include "tests/unit/harness.h"

enum { SCALAR_MAX = 66, CURVES = 3 };

/* For each curve: an order, ECDH of RFC 5903, 8, and the signature of "sample" in RFC 6979, A.2, with
 * the curve's own hash, as r and s. */
static const struct curve {
	uint16_t suite;
	const char *order;
	const char *mine, *theirs, *shared;
	const char *priv, *r, *s;
} curves[CURVES] = {
	{ SUITE_P256_AES128, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
	  "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
	  "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
	  "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
	  "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de",
	  "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
	  "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
	  "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8" },
	{ SUITE_P384_AES256,
	  "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
	  "581a0db248b0a77aecec196accc52973",
	  "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655"
	  "e35b538041e649ee3faef896783ab194",
	  "04e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d"
	  "0d1ac43a0336def96fda41d0774a3571dcfbec7aacf3196472169e838430367f"
	  "66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
	  "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4"
	  "d603135569b9e9d09cf5d4a270f59746",
	  "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d8"
	  "96d5724e4c70a825f872c9ea60d2edf5",
	  "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
	  "81a648152e44acf96e36dd1e80fabe46",
	  "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
	  "a329c145786e679e7b82c71a38628ac8" },
	{ SUITE_P521_AES256,
	  "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	  "fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
	  "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095"
	  "aa85a30fe1c2952c6771d937ba9777f5957b2639bab072462f68c27a57382d4a52",
	  "0400d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a219b"
	  "97c356436adc6e95bb0352f6be64a6c2912d4ef2d0433ced2b6171640012d9460f"
	  "015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d9852077b8722"
	  "0b6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd17f0fc56a",
	  "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d1"
	  "427e73ca4baa240a34786859810c06b3c715a3a8cc3151f2bee417996d19f3ddea",
	  "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75ca"
	  "a896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538",
	  "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f17"
	  "4e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa",
	  "00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af28"
	  "2623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a" },
};

TEST(ecdh_of_rfc_5903)
{
	for (size_t i = 0; i < CURVES; i++) {
		const struct dh_group *dh = kem_alg_find(suite_find(curves[i].suite)->kem_id)->dh;
		uint8_t out[SCALAR_MAX];
		expect_ok(dh->agree(dh, test_hex(curves[i].mine), test_hex(curves[i].theirs), out));
		expect_bytes(view_make(out, dh->ndh), test_hex(curves[i].shared));
	}
}

/* --- keys --- */

static void expect_refused(const struct suite *s, struct view pub, const char *what)
{
	struct kem_key k;
	struct arena mem;
	struct view enc, ct, pt;
	arena_init(&mem, 8192, ARENA_SECRET);
	expect_ok(kem_key_generate(s, test_env(), &k));
	if (sign_public_check(s, pub) != UC_E_KEY || kem_public_check(s, pub) != UC_E_KEY)
		test_fail(__FILE__, __LINE__, "suite %u: %s", s->id, what);
	expect_err(hpke_seal(s, test_env(), pub, VIEW_LIT(""), VIEW_LIT(""), VIEW_LIT(""), &mem,
			     &enc, &ct),
		   UC_E_KEY);
	expect_err(hpke_open(s, &k, pub, VIEW_LIT(""), VIEW_LIT(""), VIEW_LIT("0123456789abcdef"),
			     &mem, &pt),
		   UC_E_DECRYPT);
	expect_err(verify_with_label(s, pub, "A", VIEW_LIT(""), VIEW_LIT("\x30\x00")),
		   UC_E_SIGNATURE);
	kem_key_wipe(&k);
	arena_done(&mem);
}

TEST(points_that_are_refused)
{
	for (size_t i = 0; i < CURVES; i++) {
		const struct suite *s = suite_find(curves[i].suite);
		struct sign_key k;
		uint8_t pub[PUBLIC_KEY_MAX + 1] = { 0 };
		expect_ok(sign_key_generate(s, test_env(), &k));
		size_t n = k.pub_n, last = n - 1;
		memcpy(pub, k.pub, n);
		expect_ok(sign_public_check(s, view_make(pub, n)));
		pub[last] ^= 1;
		expect_refused(s, view_make(pub, n), "off the curve");
		pub[last] ^= 1;
		expect_refused(s, view_make(pub, n - 1), "one byte short");
		expect_refused(s, view_make(pub, n + 1), "one byte long");
		expect_refused(s, (struct view){ 0 }, "empty");
		pub[0] = (uint8_t)(6 + (pub[last] & 1));
		expect_refused(s, view_make(pub, n), "hybrid form");
		pub[0] = (uint8_t)(2 + (pub[last] & 1));
		expect_refused(s, view_make(pub, 1 + n / 2), "compressed");
		expect_refused(s, view_make(pub, n), "compressed, and the rest");
		memset(pub, 0, sizeof pub);
		expect_refused(s, view_make(pub, 1), "infinity");
		expect_refused(s, view_make(pub, n), "infinity, and the rest");
		pub[0] = 4;
		expect_refused(s, view_make(pub, n), "(0, 0)");
		memset(pub + 1, 0xff, n - 1);
		expect_refused(s, view_make(pub, n), "past the field");
		const struct suite *other = suite_find(curves[(i + 1) % CURVES].suite);
		expect_refused(other, sign_public(&k), "of another curve");
	}
}

/* 66 bytes have room for x + p; x is a point's. */
TEST(p521_refuses_a_second_form_of_x)
{
	const struct suite *s = suite_find(SUITE_P521_AES256);
	struct view good = test_hex(curves[2].theirs);
	uint8_t pub[PUBLIC_KEY_MAX];
	memcpy(pub, good.p, sizeof pub);
	expect_ok(kem_public_check(s, VIEW_OF(pub)));
	/* + 2^521 - 1 */
	pub[1] = (uint8_t)(pub[1] + 2);
	for (size_t i = SCALAR_MAX; i && !pub[i]--;)
		i--;
	expect_refused(s, VIEW_OF(pub), "x + p");
}

/* The number in `out` plus or minus `v`, big-endian. */
static void number_add(uint8_t *out, struct view v, bool minus)
{
	int carry = 0;
	for (size_t i = v.n; i--;) {
		carry += out[i] + (minus ? -(int)v.p[i] : (int)v.p[i]);
		out[i] = (uint8_t)carry;
		carry = carry < 0 ? -1 : carry >> 8;
	}
}

TEST(private_keys_are_in_range)
{
	for (size_t i = 0; i < CURVES; i++) {
		const struct suite *s = suite_find(curves[i].suite);
		const struct dh_group *dh = kem_alg_find(s->kem_id)->dh;
		struct view order = test_hex(curves[i].order), scalar;
		struct view theirs = test_hex(curves[i].theirs);
		uint8_t bytes[SCALAR_MAX + 1] = { 0 }, out[PUBLIC_KEY_MAX];
		struct sign_key k;
		scalar = view_make(bytes, order.n);
		expect_eq(order.n, sign_alg_find(s->signature_id)->nsk);
		for (int step = 0; step < 3; step++) {
			if (step == 1)
				memcpy(bytes, order.p, order.n);
			if (step == 2)
				memset(bytes, 0xff, order.n);
			expect_err(sign_key_import(s, scalar, &k), UC_E_KEY);
			expect_err(dh->public_from(dh, scalar, out), UC_E_KEY);
			expect_err(dh->agree(dh, scalar, theirs, out), UC_E_KEY);
		}
		memcpy(bytes, order.p, order.n);
		bytes[order.n - 1]--;
		expect_ok(sign_key_import(s, scalar, &k));
		expect_ok(dh->agree(dh, scalar, theirs, out));
		memset(bytes, 0, sizeof bytes);
		bytes[order.n - 1] = 1;
		expect_ok(sign_key_import(s, scalar, &k));
		expect_err(sign_key_import(s, view_make(bytes + 1, order.n - 1), &k), UC_E_KEY);
		expect_err(sign_key_import(s, view_make(bytes, order.n + 1), &k), UC_E_KEY);
	}
}

/* Of 521 bits, the upper seven of the first byte are none (RFC 9180, 7.1.3); without the mask most
 * candidates would be out of range, and derived keys others than everybody's. */
TEST(p521_keys_have_521_bits)
{
	const struct suite *s = suite_find(SUITE_P521_AES256);
	int ones = 0;
	for (uint8_t i = 0; i < 16; i++) {
		struct kem_key k;
		struct sign_key g;
		expect_ok(kem_key_derive(s, view_make(&i, 1), &k));
		expect_ok(sign_key_generate(s, test_env(), &g));
		expect(k.priv.n == SCALAR_MAX && k.priv.b[0] <= 1);
		expect(g.priv.n == SCALAR_MAX && g.priv.b[0] <= 1);
		ones += k.priv.b[0] + g.priv.b[0];
	}
	expect(ones > 4 && ones < 28);
}

/* --- signatures --- */

/* How a signature is written; none of these: as DER has it. */
enum {
	PAD_R = 1 << 0, /* a zero byte too many in front */
	PAD_S = 1 << 1,
	BARE_R = 1 << 2, /* without the zero that keeps it positive */
	BARE_S = 1 << 3,
	LONG_R = 1 << 4, /* its length in one byte more than needed */
	LONG_SEQUENCE = 1 << 5,
	MORE_INSIDE = 1 << 6, /* bytes behind s */
	MORE_BEHIND = 1 << 7, /* and behind all */
	INDEFINITE = 1 << 8,
	WRONG_TAG = 1 << 9,
};

static size_t put_integer(uint8_t *out, struct view v, bool pad, bool bare, bool is_long)
{
	size_t at = 0;
	while (v.n > 1 && !v.p[0])
		v = view_slice(v, 1, v.n);
	size_t zeros = (size_t)pad + (!bare && (v.p[0] & 0x80));
	out[at++] = 2;
	if (is_long)
		out[at++] = 0x81;
	out[at++] = (uint8_t)(zeros + v.n);
	memset(out + at, 0, zeros);
	memcpy(out + at + zeros, v.p, v.n);
	return at + zeros + v.n;
}

static struct view put_signature(uint8_t out[256], struct view r, struct view s, unsigned how)
{
	uint8_t body[200];
	size_t at = 0;
	size_t n = put_integer(body, r, how & PAD_R, how & BARE_R, how & LONG_R);
	n += put_integer(body + n, s, how & PAD_S, how & BARE_S, false);
	if (how & (MORE_INSIDE | INDEFINITE)) {
		/* An end of contents, or a NULL of the same two bytes' length. */
		body[n++] = how & INDEFINITE ? 0 : 5;
		body[n++] = 0;
	}
	out[at++] = how & WRONG_TAG ? 0x31 : 0x30;
	if (how & INDEFINITE) {
		out[at++] = 0x80;
	} else {
		if (how & LONG_SEQUENCE) {
			out[at++] = n < 128 ? 0x81 : 0x82;
			if (n >= 128)
				out[at++] = 0;
		} else if (n >= 128) {
			out[at++] = 0x81;
		}
		out[at++] = (uint8_t)n;
	}
	memcpy(out + at, body, n);
	at += n;
	if (how & MORE_BEHIND)
		out[at++] = 0;
	return view_make(out, at);
}

struct signer {
	const struct sign_alg *a;
	struct sign_key k;
	struct view r, s, order;
};

static struct signer signer_of(const struct curve *c)
{
	const struct suite *suite = suite_find(c->suite);
	struct signer x = { .a = sign_alg_find(suite->signature_id),
			    .r = test_hex(c->r),
			    .s = test_hex(c->s),
			    .order = test_hex(c->order) };
	expect_ok(sign_key_import(suite, test_hex(c->priv), &x.k));
	return x;
}

static uc_err verify(const struct signer *x, struct view r, struct view s, unsigned how)
{
	uint8_t sig[256];
	return x->a->verify(x->a, sign_public(&x->k), VIEW_LIT("sample"),
			    put_signature(sig, r, s, how));
}

TEST(ecdsa_of_rfc_6979)
{
	for (size_t i = 0; i < CURVES; i++) {
		struct signer x = signer_of(&curves[i]);
		expect_ok(verify(&x, x.r, x.s, 0));
		expect_err(verify(&x, x.s, x.r, 0), UC_E_SIGNATURE);
	}
}

TEST(only_der_is_a_signature)
{
	for (size_t i = 0; i < CURVES; i++) {
		struct signer x = signer_of(&curves[i]);
		uint8_t raw[2 * SCALAR_MAX];
		for (unsigned how = PAD_R; how <= WRONG_TAG; how <<= 1) {
			/* r and s of P-521 do not both need their zero. */
			bool same = how == BARE_S && !(x.s.p[0] & 0x80);
			uc_err err = verify(&x, x.r, x.s, how);
			if (err != (same ? UC_OK : UC_E_SIGNATURE))
				test_fail(__FILE__, __LINE__, "curve %zu, form %u: %s", i, how,
					  uc_err_name(err));
		}
		memcpy(raw, x.r.p, x.r.n);
		memcpy(raw + x.r.n, x.s.p, x.s.n);
		expect_err(x.a->verify(x.a, sign_public(&x.k), VIEW_LIT("sample"),
				       view_make(raw, 2 * x.r.n)),
			   UC_E_SIGNATURE);
	}
}

/* What we write is what we read: no more than SIGNATURE_MAX, and the one encoding there is. */
TEST(ours_is_der)
{
	for (size_t i = 0; i < CURVES; i++) {
		struct signer x = signer_of(&curves[i]);
		for (int t = 0; t < 20; t++) {
			uint8_t sig[SIGNATURE_MAX], again[256];
			size_t n = 0;
			expect_ok(x.a->sign(x.a, &x.k, VIEW_LIT("text"), sig, &n));
			struct view all = view_make(sig, n);
			size_t head = sig[1] & 0x80 ? 3 : 2, nr = sig[head + 1];
			struct view r = view_slice(all, head + 2, nr);
			struct view s = view_slice(all, head + 4 + nr, n);
			expect_bytes(put_signature(again, r, s, 0), all);
			expect_ok(x.a->verify(x.a, sign_public(&x.k), VIEW_LIT("text"), all));
		}
	}
}

TEST(numbers_of_signatures_are_in_range)
{
	static const uint8_t zero[1] = { 0 };
	for (size_t i = 0; i < CURVES; i++) {
		struct signer x = signer_of(&curves[i]);
		uint8_t sum[SCALAR_MAX + 1] = { 0 };
		struct view more = view_make(sum, x.order.n + 1);
		expect_err(verify(&x, VIEW_OF(zero), x.s, 0), UC_E_SIGNATURE);
		expect_err(verify(&x, x.r, VIEW_OF(zero), 0), UC_E_SIGNATURE);
		expect_err(verify(&x, VIEW_OF(zero), VIEW_OF(zero), 0), UC_E_SIGNATURE);
		expect_err(verify(&x, x.order, x.s, 0), UC_E_SIGNATURE);
		expect_err(verify(&x, x.r, x.order, 0), UC_E_SIGNATURE);
		/* s + order, r + order */
		for (int which = 0; which < 2; which++) {
			uint8_t order[SCALAR_MAX + 1] = { 0 };
			memset(sum, 0, sizeof sum);
			memcpy(sum + 1, which ? x.r.p : x.s.p, x.order.n);
			memcpy(order + 1, x.order.p, x.order.n);
			number_add(sum, view_make(order, x.order.n + 1), false);
			expect_err(verify(&x, which ? more : x.r, which ? x.s : more, 0),
				   UC_E_SIGNATURE);
		}
	}
}

/* FIPS 186 and RFC 9420 choose neither s nor order - s; a receiver that did would refuse half of
 * what others sign. */
TEST(both_forms_of_s_verify)
{
	for (size_t i = 0; i < CURVES; i++) {
		struct signer x = signer_of(&curves[i]);
		uint8_t other[SCALAR_MAX];
		memcpy(other, x.order.p, x.order.n);
		number_add(other, x.s, true);
		expect_ok(verify(&x, x.r, view_make(other, x.order.n), 0));
	}
}
