/* SPDX-License-Identifier: Apache-2.0 */
/* P-256, P-384 and P-521: Diffie-Hellman and ECDSA over libcrypto (suites 2, 5 and 7).
 *
 * Points go through EC_POINT, which costs nothing to import; signing needs an EVP_PKEY.  ECDSA's
 * per-signature number is libcrypto's own randomness: its interface offers no other before 3.2. */
#include "crypto/openssl_thread.h"

#include <openssl/core_names.h>

enum { SCALAR_MAX = 66, POINT_MAX = PUBLIC_KEY_MAX, UNCOMPRESSED = 4 };

static const struct nist_curve curves[NIST_COUNT] = {
	[NIST_P256] = { NIST_P256, NID_X9_62_prime256v1, "P-256", 32, 65, HASH_SHA256 },
	[NIST_P384] = { NIST_P384, NID_secp384r1, "P-384", 48, 97, HASH_SHA384 },
	[NIST_P521] = { NIST_P521, NID_secp521r1, "P-521", 66, 133, HASH_SHA512 },
};

/* --- points --- */

struct work {
	const struct nist_curve *c;
	const EC_GROUP *group;
	BN_CTX *bn;
	BIGNUM *scalar, *x;
	EC_POINT *in, *out;
};

static uc_err work_init(struct work *w, const struct nist_curve *c)
{
	struct openssl_thread *t;
	*w = (struct work){ .c = c };
	TRY(openssl_thread_get(&t));
	TRY(openssl_group(t, c, &w->group));
	w->bn = t->bn;
	w->scalar = BN_secure_new();
	w->x = BN_secure_new();
	w->in = EC_POINT_new(w->group);
	w->out = EC_POINT_new(w->group);
	return w->scalar && w->x && w->in && w->out ? UC_OK : UC_E_MEMORY;
}

static void work_done(struct work *w)
{
	BN_clear_free(w->scalar);
	BN_clear_free(w->x);
	EC_POINT_clear_free(w->in);
	EC_POINT_clear_free(w->out);
}

/* 0 < scalar < order */
static uc_err scalar_read(struct work *w, struct view priv)
{
	if (priv.n != w->c->scalar || !BN_bin2bn(priv.p, (int)priv.n, w->scalar))
		return UC_E_KEY;
	BN_set_flags(w->scalar, BN_FLG_CONSTTIME);
	if (openssl_says(BN_is_zero(w->scalar)) ||
	    openssl_says(BN_cmp(w->scalar, EC_GROUP_get0_order(w->group)) >= 0))
		return UC_E_KEY;
	return UC_OK;
}

static bool is_uncompressed(const struct nist_curve *c, struct view pub)
{
	return pub.n == c->point && pub.p[0] == UNCOMPRESSED;
}

/* Uncompressed only (RFC 9420, 5.1.1); libcrypto checks that it is on the curve. */
static uc_err point_read(struct work *w, struct view pub)
{
	if (!is_uncompressed(w->c, pub))
		return UC_E_KEY;
	return EC_POINT_oct2point(w->group, w->in, pub.p, pub.n, w->bn) == 1 ? UC_OK : UC_E_KEY;
}

static uc_err public_from_in(struct work *w, struct view priv, uint8_t *pub)
{
	TRY(scalar_read(w, priv));
	if (!openssl_says(EC_POINT_mul(w->group, w->out, w->scalar, NULL, NULL, w->bn) == 1))
		return UC_E_CRYPTO;
	size_t n = EC_POINT_point2oct(w->group, w->out, POINT_CONVERSION_UNCOMPRESSED, pub,
				      w->c->point, w->bn);
	return openssl_says(n == w->c->point) ? UC_OK : UC_E_CRYPTO;
}

static uc_err agree_in(struct work *w, struct view priv, struct view pub, uint8_t *out)
{
	int n = (int)w->c->scalar; /* a coordinate is as long as a scalar on all three */
	TRY(scalar_read(w, priv));
	TRY(point_read(w, pub));
	if (!openssl_says(EC_POINT_mul(w->group, w->out, NULL, w->in, w->scalar, w->bn) == 1) ||
	    !openssl_says(EC_POINT_get_affine_coordinates(w->group, w->out, w->x, NULL, w->bn) ==
			  1))
		return UC_E_KEY;
	return openssl_says(BN_bn2binpad(w->x, out, n) == n) ? UC_OK : UC_E_CRYPTO;
}

static uc_err public_from(const struct nist_curve *c, struct view priv, uint8_t *pub)
{
	struct work w;
	uc_err err = work_init(&w, c);
	if (!err)
		err = public_from_in(&w, priv, pub);
	work_done(&w);
	return err;
}

static uc_err check(const struct nist_curve *c, struct view pub)
{
	struct work w;
	uc_err err = work_init(&w, c);
	if (!err)
		err = point_read(&w, pub);
	work_done(&w);
	return err;
}

static uc_err nist_public_from(const struct dh_group *g, struct view priv, uint8_t *pub)
{
	return public_from(g->curve, priv, pub);
}

static uc_err nist_agree(const struct dh_group *g, struct view priv, struct view pub, uint8_t *out)
{
	struct work w;
	uc_err err = work_init(&w, g->curve);
	if (!err)
		err = agree_in(&w, priv, pub, out);
	work_done(&w);
	return err;
}

static uc_err nist_dh_check(const struct dh_group *g, struct view pub)
{
	return check(g->curve, pub);
}

#define NIST_DH(index, n_scalar, n_point, mask)                                                  \
	{                                                                                        \
		.nsk = (n_scalar), .npk = (n_point), .ndh = (n_scalar), .curve = &curves[index], \
		.candidate_mask = (mask), .public_from = nist_public_from, .agree = nist_agree,  \
		.check = nist_dh_check,                                                          \
	}

const struct dh_group dh_p256 = NIST_DH(NIST_P256, 32, 65, 0xff);
const struct dh_group dh_p384 = NIST_DH(NIST_P384, 48, 97, 0xff);
const struct dh_group dh_p521 = NIST_DH(NIST_P521, 66, 133, 0x01);

/* --- ECDSA --- */

static uc_err nist_import(const struct sign_alg *a, struct view priv, struct sign_key *out)
{
	struct sign_key k = { .pub_n = a->npk };
	uc_err err = public_from(a->curve, priv, k.pub);
	if (!err)
		err = secret_set(&k.priv, priv);
	if (!err)
		*out = k;
	sign_key_wipe(&k);
	return err;
}

static uc_err nist_generate(const struct sign_alg *a, const struct env *env, struct sign_key *out)
{
	uint8_t scalar[SCALAR_MAX];
	uc_err err = UC_E_KEY;
	/* P-521 has seven bits to spare in its first byte, the others none.  Then a draw is out of
	 * range once in 2^32 at the most. */
	for (int tries = 0; err == UC_E_KEY && tries < 16; tries++) {
		err = env_random(env, scalar, a->nsk);
		if (a->curve->id == NIST_P521)
			scalar[0] &= 1;
		if (!err)
			err = nist_import(a, view_make(scalar, a->nsk), out);
	}
	wipe(scalar, sizeof scalar);
	return err;
}

/* libcrypto takes integers in the machine's byte order. */
static bool scalar_native(struct view priv, uint8_t *out)
{
	BIGNUM *d = BN_secure_new();
	int n = (int)priv.n;
	bool ok = d && BN_bin2bn(priv.p, n, d) && openssl_says(BN_bn2nativepad(d, out, n) == n);
	BN_clear_free(d);
	return ok;
}

/* priv may be empty. */
static uc_err pkey_make(const struct nist_curve *c, struct view priv, struct view pub,
			EVP_PKEY **out)
{
	struct openssl_thread *t;
	char group[sizeof c->name];
	uint8_t point[POINT_MAX], scalar[SCALAR_MAX];
	OSSL_PARAM params[4];
	size_t n = 0;
	TRY(openssl_thread_get(&t));
	if (!is_uncompressed(c, pub) || (priv.n && priv.n != c->scalar))
		return UC_E_KEY;
	memcpy(group, c->name, sizeof group);
	memcpy(point, pub.p, pub.n);
	params[n++] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	params[n++] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, pub.n);
	uc_err err = !priv.n || scalar_native(priv, scalar) ? UC_OK : UC_E_CRYPTO;
	if (priv.n)
		params[n++] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, scalar, priv.n);
	params[n] = OSSL_PARAM_construct_end();
	int what = priv.n ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
	if (!err)
		err = openssl_import(t, KEY_EC, what, params, out);
	wipe(scalar, sizeof scalar);
	return err;
}

static uc_err digest_of(const struct nist_curve *c, struct view msg, uint8_t out[HASH_MAX],
			struct view *digest)
{
	const struct hash_alg *h = &hash_algs[c->hash];
	TRY(hash_parts(h, &msg, 1, out));
	*digest = view_make(out, h->n);
	return UC_OK;
}

static uc_err nist_sign(const struct sign_alg *a, const struct sign_key *k, struct view msg,
			uint8_t *sig, size_t *n)
{
	uint8_t hash[HASH_MAX];
	struct view digest;
	EVP_PKEY *pkey = NULL;
	size_t n_sig = SIGNATURE_MAX;
	TRY(digest_of(a->curve, msg, hash, &digest));
	if (!k->priv.n)
		return UC_E_KEY;
	TRY(pkey_make(a->curve, secret_view(&k->priv), sign_public(k), &pkey));
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool ok = ctx && EVP_PKEY_sign_init(ctx) == 1 &&
		  openssl_says(EVP_PKEY_sign(ctx, sig, &n_sig, digest.p, digest.n) == 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	*n = n_sig;
	return ok ? UC_OK : UC_E_CRYPTO;
}

/* The signature is DER (RFC 9420, 5.1.2): libcrypto reads it, encodes what it read and compares,
 * so that r and s have one encoding.  r and s are within 1 to order - 1; both s and order - s
 * verify, as in FIPS 186: no rule of MLS chooses between them. */
static uc_err nist_verify(const struct sign_alg *a, struct view pub, struct view msg,
			  struct view sig)
{
	uint8_t hash[HASH_MAX];
	struct view digest;
	EVP_PKEY *pkey = NULL;
	TRY(digest_of(a->curve, msg, hash, &digest));
	if (!sig.n || sig.n > SIGNATURE_MAX || check(a->curve, pub) ||
	    pkey_make(a->curve, (struct view){ 0 }, pub, &pkey))
		return UC_E_SIGNATURE;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool ok = ctx && EVP_PKEY_verify_init(ctx) == 1 &&
		  EVP_PKEY_verify(ctx, sig.p, sig.n, digest.p, digest.n) == 1;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return ok ? UC_OK : UC_E_SIGNATURE;
}

static uc_err nist_sign_check(const struct sign_alg *a, struct view pub)
{
	return check(a->curve, pub);
}

#define NIST_SIGN(index, n_scalar, n_point)                                                 \
	{                                                                                   \
		.nsk = (n_scalar), .npk = (n_point), .curve = &curves[index],               \
		.generate = nist_generate, .import = nist_import, .check = nist_sign_check, \
		.sign = nist_sign, .verify = nist_verify,                                   \
	}

const struct sign_alg sign_p256 = NIST_SIGN(NIST_P256, 32, 65);
const struct sign_alg sign_p384 = NIST_SIGN(NIST_P384, 48, 97);
const struct sign_alg sign_p521 = NIST_SIGN(NIST_P521, 66, 133);
