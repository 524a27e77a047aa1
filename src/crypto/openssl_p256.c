/* SPDX-License-Identifier: Apache-2.0 */
/* P-256: Diffie-Hellman and ECDSA over libcrypto (suite 2).
 *
 * Points go through EC_POINT, which costs nothing to import; signing needs an EVP_PKEY.  ECDSA's
 * per-signature number is libcrypto's own randomness: its interface offers no other before 3.2. */
#include "crypto/openssl_thread.h"

#include <openssl/core_names.h>

enum { SCALAR = 32, POINT = 65, UNCOMPRESSED = 4 };

struct work {
	const struct openssl_thread *t;
	BIGNUM *scalar, *x;
	EC_POINT *in, *out;
};

static uc_err work_init(struct work *w, const struct openssl_thread *t)
{
	*w = (struct work){ .t = t,
			    .scalar = BN_secure_new(),
			    .x = BN_secure_new(),
			    .in = EC_POINT_new(t->p256),
			    .out = EC_POINT_new(t->p256) };
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
	if (priv.n != SCALAR || !BN_bin2bn(priv.p, SCALAR, w->scalar))
		return UC_E_KEY;
	BN_set_flags(w->scalar, BN_FLG_CONSTTIME);
	if (BN_is_zero(w->scalar) || BN_cmp(w->scalar, EC_GROUP_get0_order(w->t->p256)) >= 0)
		return UC_E_KEY;
	return UC_OK;
}

/* Uncompressed only (RFC 9420, 5.1.1); libcrypto checks that it is on the curve. */
static uc_err point_read(struct work *w, struct view pub)
{
	if (pub.n != POINT || pub.p[0] != UNCOMPRESSED)
		return UC_E_KEY;
	return EC_POINT_oct2point(w->t->p256, w->in, pub.p, POINT, w->t->bn) == 1 ? UC_OK
										  : UC_E_KEY;
}

static uc_err public_from_in(struct work *w, struct view priv, uint8_t *pub)
{
	TRY(scalar_read(w, priv));
	if (EC_POINT_mul(w->t->p256, w->out, w->scalar, NULL, NULL, w->t->bn) != 1)
		return UC_E_CRYPTO;
	size_t n = EC_POINT_point2oct(w->t->p256, w->out, POINT_CONVERSION_UNCOMPRESSED, pub, POINT,
				      w->t->bn);
	return n == POINT ? UC_OK : UC_E_CRYPTO;
}

static uc_err agree_in(struct work *w, struct view priv, struct view pub, uint8_t *out)
{
	TRY(scalar_read(w, priv));
	TRY(point_read(w, pub));
	if (EC_POINT_mul(w->t->p256, w->out, NULL, w->in, w->scalar, w->t->bn) != 1 ||
	    EC_POINT_get_affine_coordinates(w->t->p256, w->out, w->x, NULL, w->t->bn) != 1)
		return UC_E_KEY;
	return BN_bn2binpad(w->x, out, SCALAR) == SCALAR ? UC_OK : UC_E_CRYPTO;
}

static uc_err p256_public_from(struct view priv, uint8_t *pub)
{
	struct openssl_thread *t;
	struct work w;
	TRY(openssl_thread_get(&t));
	uc_err err = work_init(&w, t);
	if (!err)
		err = public_from_in(&w, priv, pub);
	work_done(&w);
	return err;
}

static uc_err p256_agree(struct view priv, struct view pub, uint8_t *out)
{
	struct openssl_thread *t;
	struct work w;
	TRY(openssl_thread_get(&t));
	uc_err err = work_init(&w, t);
	if (!err)
		err = agree_in(&w, priv, pub, out);
	work_done(&w);
	return err;
}

static uc_err p256_check(struct view pub)
{
	struct openssl_thread *t;
	struct work w;
	TRY(openssl_thread_get(&t));
	uc_err err = work_init(&w, t);
	if (!err)
		err = point_read(&w, pub);
	work_done(&w);
	return err;
}

const struct dh_group dh_p256 = {
	.nsk = SCALAR,
	.npk = POINT,
	.ndh = SCALAR,
	.candidate_mask = 0xff,
	.public_from = p256_public_from,
	.agree = p256_agree,
	.check = p256_check,
};

/* --- ECDSA with SHA-256 --- */

static uc_err p256_import(struct view priv, struct sign_key *out)
{
	struct sign_key k = { .pub_n = POINT };
	uc_err err = p256_public_from(priv, k.pub);
	if (!err)
		err = secret_set(&k.priv, priv);
	if (!err)
		*out = k;
	sign_key_wipe(&k);
	return err;
}

static uc_err p256_generate(const struct env *env, struct sign_key *out)
{
	uint8_t scalar[SCALAR];
	uc_err err = UC_E_KEY;
	/* A draw is out of range once in 2^32. */
	for (int tries = 0; err == UC_E_KEY && tries < 16; tries++) {
		err = env_random(env, scalar, sizeof scalar);
		if (!err)
			err = p256_import(VIEW_OF(scalar), out);
	}
	wipe(scalar, sizeof scalar);
	return err;
}

/* priv may be empty.  libcrypto takes integers in the machine's byte order. */
static uc_err pkey_make(struct openssl_thread *t, struct view priv, struct view pub, EVP_PKEY **out)
{
	char group[] = "P-256";
	uint8_t point[POINT], scalar[SCALAR];
	OSSL_PARAM params[4];
	size_t n = 0;
	if (pub.n != POINT || pub.p[0] != UNCOMPRESSED || (priv.n && priv.n != SCALAR))
		return UC_E_KEY;
	memcpy(point, pub.p, POINT);
	params[n++] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	params[n++] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, POINT);
	if (priv.n) {
		BIGNUM *d = BN_secure_new();
		bool ok = d && BN_bin2bn(priv.p, SCALAR, d) &&
			  BN_bn2nativepad(d, scalar, SCALAR) == SCALAR;
		BN_clear_free(d);
		if (!ok)
			return UC_E_CRYPTO;
		params[n++] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, scalar, SCALAR);
	}
	params[n] = OSSL_PARAM_construct_end();
	int what = priv.n ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
	bool ok = EVP_PKEY_fromdata_init(t->ec_import) == 1 &&
		  EVP_PKEY_fromdata(t->ec_import, out, what, params) == 1;
	wipe(scalar, sizeof scalar);
	return ok ? UC_OK : UC_E_KEY;
}

static uc_err p256_sign(const struct sign_key *k, struct view msg, uint8_t *sig, size_t *n)
{
	struct openssl_thread *t;
	uint8_t digest[SHA256_BYTES];
	EVP_PKEY *pkey = NULL;
	size_t n_sig = SIGNATURE_MAX;
	TRY(openssl_thread_get(&t));
	TRY(sha256(msg, digest));
	if (!k->priv.n)
		return UC_E_KEY;
	TRY(pkey_make(t, secret_view(&k->priv), sign_public(k), &pkey));
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool ok = ctx && EVP_PKEY_sign_init(ctx) == 1 &&
		  EVP_PKEY_sign(ctx, sig, &n_sig, digest, sizeof digest) == 1;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	*n = n_sig;
	return ok ? UC_OK : UC_E_CRYPTO;
}

/* libcrypto takes the signature in DER only, and encodes it again to compare. */
static uc_err p256_verify(struct view pub, struct view msg, struct view sig)
{
	struct openssl_thread *t;
	uint8_t digest[SHA256_BYTES];
	EVP_PKEY *pkey = NULL;
	TRY(openssl_thread_get(&t));
	TRY(sha256(msg, digest));
	if (!sig.n || sig.n > SIGNATURE_MAX || p256_check(pub) ||
	    pkey_make(t, (struct view){ 0 }, pub, &pkey))
		return UC_E_SIGNATURE;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool ok = ctx && EVP_PKEY_verify_init(ctx) == 1 &&
		  EVP_PKEY_verify(ctx, sig.p, sig.n, digest, sizeof digest) == 1;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return ok ? UC_OK : UC_E_SIGNATURE;
}

const struct sign_alg sign_p256 = {
	.nsk = SCALAR,
	.npk = POINT,
	.generate = p256_generate,
	.import = p256_import,
	.check = p256_check,
	.sign = p256_sign,
	.verify = p256_verify,
};
