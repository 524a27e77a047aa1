/* SPDX-License-Identifier: Apache-2.0 */
/* X448 and Ed448 over libcrypto (suites 4 and 6).
 *
 * Keys of small order and those that are not canonical are refused as they are for Curve25519
 * (sodium.c), before libcrypto sees them.  Its verifier takes the equation of RFC 8032, 5.2.7, in
 * the form with the cofactor: a part of small order beside the rest of R or of the key does not
 * count. */
#include "crypto/openssl_thread.h"

#include <openssl/core_names.h>

enum { COORDINATE = 56, X448_KEY = 56, ED448_KEY = 57, ED448_SIGNATURE = 2 * ED448_KEY };

/* 0, 1, p - 1, p and p + 1, little-endian; p = 2^448 - 2^224 - 1.  The first three are the
 * u-coordinates of small order on Curve448 and its twist, and the y-coordinates of small order on
 * Ed448; the others are second forms of 0 and 1. */
enum { ORDER_SMALL = 3, FIELD = 3, SPECIAL = 5 };
static const uint8_t special[SPECIAL][COORDINATE] = {
	{ 0 },
	{ 1 },
	{ 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	{ 0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
	  0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
};

/* Whether the coordinate is one of the first n special ones. */
static bool is_special(const uint8_t *coordinate, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (view_equal(view_make(coordinate, COORDINATE), VIEW_OF(special[i])))
			return true;
	return false;
}

/* A key from its halves, either of which may be empty; libcrypto computes a public half that is
 * not given. */
static uc_err pkey_make(enum key_kind kind, struct view priv, struct view pub, EVP_PKEY **out)
{
	struct openssl_thread *t;
	uint8_t secret[ED448_KEY], point[ED448_KEY];
	OSSL_PARAM params[3];
	size_t n = 0;
	if (priv.n > sizeof secret || pub.n > sizeof point)
		return UC_E_KEY;
	TRY(openssl_thread_get(&t));
	if (priv.n) {
		memcpy(secret, priv.p, priv.n);
		params[n++] =
			OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, secret, priv.n);
	}
	if (pub.n) {
		memcpy(point, pub.p, pub.n);
		params[n++] =
			OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, pub.n);
	}
	params[n] = OSSL_PARAM_construct_end();
	int what = priv.n ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
	uc_err err = openssl_import(t, kind, what, params, out);
	wipe(secret, sizeof secret);
	return err;
}

/* The public half of a private key, n bytes. */
static uc_err public_of(enum key_kind kind, struct view priv, uint8_t *pub, size_t n)
{
	EVP_PKEY *pkey = NULL;
	size_t got = n;
	TRY(pkey_make(kind, priv, (struct view){ 0 }, &pkey));
	bool ok = openssl_says(EVP_PKEY_get_raw_public_key(pkey, pub, &got) == 1) && got == n;
	EVP_PKEY_free(pkey);
	return ok ? UC_OK : UC_E_CRYPTO;
}

/* --- X448 --- */

static uc_err x448_check(const struct dh_group *g, struct view pub)
{
	(void)g;
	return pub.n == X448_KEY && !is_special(pub.p, SPECIAL) ? UC_OK : UC_E_KEY;
}

static uc_err x448_public_from(const struct dh_group *g, struct view priv, uint8_t *pub)
{
	(void)g;
	if (priv.n != X448_KEY)
		return UC_E_KEY;
	return public_of(KEY_X448, priv, pub, X448_KEY);
}

/* libcrypto refuses a shared secret of zero, too (RFC 9180, 7.1.4). */
static uc_err derive(EVP_PKEY *mine, EVP_PKEY *theirs, uint8_t *out)
{
	size_t n = X448_KEY;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, mine, NULL);
	bool ok = ctx && EVP_PKEY_derive_init(ctx) == 1 &&
		  EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
		  openssl_says(EVP_PKEY_derive(ctx, out, &n) == 1) && n == X448_KEY;
	EVP_PKEY_CTX_free(ctx);
	return ok ? UC_OK : UC_E_KEY;
}

static uc_err x448_agree(const struct dh_group *g, struct view priv, struct view pub, uint8_t *out)
{
	EVP_PKEY *mine = NULL, *theirs = NULL;
	if (priv.n != X448_KEY)
		return UC_E_KEY;
	TRY(x448_check(g, pub));
	/* Our own public half, which is not used, would cost as much as all else: any stands in. */
	uc_err err = pkey_make(KEY_X448, priv, pub, &mine);
	if (!err)
		err = pkey_make(KEY_X448, (struct view){ 0 }, pub, &theirs);
	if (!err)
		err = derive(mine, theirs, out);
	EVP_PKEY_free(mine);
	EVP_PKEY_free(theirs);
	return err;
}

const struct dh_group dh_x448 = {
	.nsk = X448_KEY,
	.npk = X448_KEY,
	.ndh = X448_KEY,
	.public_from = x448_public_from,
	.agree = x448_agree,
	.check = x448_check,
};

/* --- the prime-order subgroup of Ed448 --- */

/* Arithmetic modulo p; of public values only. */
struct field {
	BN_CTX *bn;
	BIGNUM *p, *t[4];
	bool ok;
};
struct projective {
	BIGNUM *x, *z;
};

static void mul(struct field *f, BIGNUM *r, const BIGNUM *a, const BIGNUM *b)
{
	f->ok = f->ok && BN_mod_mul(r, a, b, f->p, f->bn) == 1;
}

static void add(struct field *f, BIGNUM *r, const BIGNUM *a, const BIGNUM *b)
{
	f->ok = f->ok && BN_mod_add_quick(r, a, b, f->p) == 1;
}

static void sub(struct field *f, BIGNUM *r, const BIGNUM *a, const BIGNUM *b)
{
	f->ok = f->ok && BN_mod_sub_quick(r, a, b, f->p) == 1;
}

/* A step of Montgomery's ladder on u = (1 + y) / (1 - y), where 4 / (A + 2) is 1 - d = 39082 (d of
 * RFC 8032, 5.2): sum becomes sum + twice, which lie base apart, and twice its double. */
static void ladder_step(struct field *f, const struct projective *base, struct projective *twice,
			struct projective *sum)
{
	BIGNUM **t = f->t;
	add(f, t[0], twice->x, twice->z);
	sub(f, t[1], twice->x, twice->z);
	add(f, t[2], sum->x, sum->z);
	sub(f, t[3], sum->x, sum->z);
	mul(f, t[2], t[2], t[1]);
	mul(f, t[3], t[3], t[0]);
	add(f, sum->x, t[2], t[3]);
	sub(f, sum->z, t[2], t[3]);
	mul(f, sum->x, sum->x, sum->x);
	mul(f, sum->z, sum->z, sum->z);
	mul(f, sum->x, sum->x, base->z);
	mul(f, sum->z, sum->z, base->x);
	mul(f, t[0], t[0], t[0]);
	mul(f, t[1], t[1], t[1]);
	sub(f, t[2], t[0], t[1]);
	f->ok = f->ok && BN_copy(t[3], t[1]) && BN_mul_word(t[3], 39082) == 1 &&
		BN_nnmod(t[3], t[3], f->p, f->bn) == 1;
	mul(f, twice->x, t[0], t[3]);
	add(f, t[3], t[3], t[2]);
	mul(f, twice->z, t[2], t[3]);
}

/* Whether the order of the group times the point with this y is neutral.  For the points of the
 * twist, which are none of Ed448, it never is. */
static bool has_prime_order_in(BN_CTX *bn, const uint8_t *y_bytes)
{
	struct field f = { bn, BN_CTX_get(bn), { 0 }, true };
	BIGNUM *order = BN_CTX_get(bn), *y = BN_CTX_get(bn);
	struct projective base = { BN_CTX_get(bn), BN_CTX_get(bn) };
	struct projective r[2] = { { BN_CTX_get(bn), BN_CTX_get(bn) },
				   { BN_CTX_get(bn), BN_CTX_get(bn) } };
	for (size_t i = 0; i < 4; i++)
		f.t[i] = BN_CTX_get(bn);
	if (!f.t[3] || !BN_lebin2bn(special[FIELD], COORDINATE, f.p) ||
	    !BN_lebin2bn(y_bytes, COORDINATE, y) ||
	    !BN_hex2bn(&order, "3fffffffffffffffffffffffffffffffffffffffffffffffffffffff"
			       "7cca23e9c44edb49aed63690216cc2728dc58f552378c292ab5844f3"))
		return false;
	add(&f, base.x, BN_value_one(), y);
	sub(&f, base.z, BN_value_one(), y);
	f.ok = f.ok && BN_one(r[0].x) && BN_copy(r[1].x, base.x) && BN_copy(r[1].z, base.z);
	BN_zero(r[0].z);
	for (int i = BN_num_bits(order) - 1; i >= 0; i--) {
		int bit = BN_is_bit_set(order, i);
		ladder_step(&f, &base, &r[bit], &r[!bit]);
	}
	return f.ok && BN_is_zero(r[0].z);
}

static bool has_prime_order(struct openssl_thread *t, const uint8_t *y_bytes)
{
	BN_CTX_start(t->bn);
	bool ok = has_prime_order_in(t->bn, y_bytes);
	BN_CTX_end(t->bn);
	return ok;
}

/* --- Ed448, with an empty context (RFC 9420, 5.1.2) --- */

/* A point as RFC 8032 encodes it, y below p, and not of small order. */
static bool is_fit(const uint8_t point[ED448_KEY])
{
	if ((point[COORDINATE] & 0x7f) || is_special(point, ORDER_SMALL))
		return false;
	for (size_t i = COORDINATE; i--;)
		if (point[i] != special[FIELD][i])
			return point[i] < special[FIELD][i];
	return false;
}

static uc_err ed448_import(const struct sign_alg *a, struct view priv, struct sign_key *out)
{
	struct sign_key k = { .pub_n = ED448_KEY };
	(void)a;
	if (priv.n != ED448_KEY)
		return UC_E_KEY;
	uc_err err = public_of(KEY_ED448, priv, k.pub, ED448_KEY);
	if (!err)
		err = secret_set(&k.priv, priv);
	if (!err)
		*out = k;
	sign_key_wipe(&k);
	return err;
}

static uc_err ed448_generate(const struct sign_alg *a, const struct env *env, struct sign_key *out)
{
	uint8_t seed[ED448_KEY];
	uc_err err = env_random(env, seed, sizeof seed);
	if (!err)
		err = ed448_import(a, VIEW_OF(seed), out);
	wipe(seed, sizeof seed);
	return err;
}

/* Beyond small order, this refuses every point with a part of small order. */
static uc_err ed448_check(const struct sign_alg *a, struct view pub)
{
	struct openssl_thread *t;
	(void)a;
	if (pub.n != ED448_KEY || !is_fit(pub.p))
		return UC_E_KEY;
	TRY(openssl_thread_get(&t));
	return has_prime_order(t, pub.p) ? UC_OK : UC_E_KEY;
}

static uc_err ed448_sign(const struct sign_alg *a, const struct sign_key *k, struct view msg,
			 uint8_t *sig, size_t *n)
{
	struct openssl_thread *t;
	EVP_PKEY *pkey = NULL;
	size_t n_sig = SIGNATURE_MAX;
	(void)a;
	if (k->priv.n != ED448_KEY || k->pub_n != ED448_KEY)
		return UC_E_KEY;
	TRY(openssl_thread_get(&t));
	TRY(pkey_make(KEY_ED448, secret_view(&k->priv), sign_public(k), &pkey));
	bool ok = EVP_DigestSignInit(t->ed448, NULL, NULL, NULL, pkey) == 1 &&
		  openssl_says(EVP_DigestSign(t->ed448, sig, &n_sig, msg.p, msg.n) == 1) &&
		  n_sig == ED448_SIGNATURE;
	EVP_MD_CTX_reset(t->ed448);
	EVP_PKEY_free(pkey);
	*n = ED448_SIGNATURE;
	return ok ? UC_OK : UC_E_CRYPTO;
}

/* libcrypto refuses S of the order or above, and what is no point. */
static uc_err ed448_verify(const struct sign_alg *a, struct view pub, struct view msg,
			   struct view sig)
{
	struct openssl_thread *t;
	EVP_PKEY *pkey = NULL;
	(void)a;
	if (pub.n != ED448_KEY || sig.n != ED448_SIGNATURE || !is_fit(pub.p) || !is_fit(sig.p))
		return UC_E_SIGNATURE;
	TRY(openssl_thread_get(&t));
	if (pkey_make(KEY_ED448, (struct view){ 0 }, pub, &pkey))
		return UC_E_SIGNATURE;
	bool ok = EVP_DigestVerifyInit(t->ed448, NULL, NULL, NULL, pkey) == 1 &&
		  EVP_DigestVerify(t->ed448, sig.p, sig.n, msg.p, msg.n) == 1;
	EVP_MD_CTX_reset(t->ed448);
	EVP_PKEY_free(pkey);
	return ok ? UC_OK : UC_E_SIGNATURE;
}

const struct sign_alg sign_ed448 = {
	.nsk = ED448_KEY,
	.npk = ED448_KEY,
	.generate = ed448_generate,
	.import = ed448_import,
	.check = ed448_check,
	.sign = ed448_sign,
	.verify = ed448_verify,
};
