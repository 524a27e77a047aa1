/* SPDX-License-Identifier: Apache-2.0 */
/* X25519, Ed25519 and the box, over libsodium.
 *
 * All platforms use this one Ed25519 verifier: verifiers that differ on odd keys would let a
 * malicious member split a group.  It refuses S >= L, keys and R of small order and keys that are
 * not canonical, and does not multiply by the cofactor. */
#include "crypto/alg.h"

#include <sodium.h>

/* --- X25519 --- */

enum { X25519_KEY = 32 };

/* The u-coordinates below 2^255 whose multiples by a clamped scalar are all zero: 0, 1, the two of
 * order 8, and p - 1, p, p + 1, little-endian.  A key of these would make every encryption to it
 * fail, so it is refused when it is first seen. */
static const uint8_t small_order[][X25519_KEY] = {
	{ 0 },
	{ 1 },
	{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
	  0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
	  0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
	{ 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
	  0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
	  0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57 },
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
};

static uc_err x25519_check(const struct dh_group *g, struct view pub)
{
	(void)g;
	uint8_t u[X25519_KEY];
	if (pub.n != X25519_KEY)
		return UC_E_KEY;
	memcpy(u, pub.p, sizeof u);
	u[X25519_KEY - 1] &= 0x7f; /* RFC 7748, 5: the top bit is ignored */
	for (size_t i = 0; i < sizeof small_order / sizeof small_order[0]; i++)
		if (view_equal(VIEW_OF(u), VIEW_OF(small_order[i])))
			return UC_E_KEY;
	return UC_OK;
}

static uc_err x25519_public_from(const struct dh_group *g, struct view priv, uint8_t *pub)
{
	(void)g;
	if (priv.n != X25519_KEY)
		return UC_E_KEY;
	TRY(sodium_ready());
	return crypto_scalarmult_curve25519_base(pub, priv.p) ? UC_E_KEY : UC_OK;
}

/* libsodium refuses a shared secret of zero (RFC 9180, 7.1.4). */
static uc_err x25519_agree(const struct dh_group *g, struct view priv, struct view pub,
			   uint8_t *out)
{
	(void)g;
	if (priv.n != X25519_KEY || pub.n != X25519_KEY)
		return UC_E_KEY;
	TRY(sodium_ready());
	int zero = crypto_scalarmult_curve25519(out, priv.p, pub.p);
	secret_release(&zero, sizeof zero); /* whether it is, is told */
	return zero ? UC_E_KEY : UC_OK;
}

const struct dh_group dh_x25519 = {
	.nsk = X25519_KEY,
	.npk = X25519_KEY,
	.ndh = X25519_KEY,
	.public_from = x25519_public_from,
	.agree = x25519_agree,
	.check = x25519_check,
};

/* --- Ed25519 --- */

void ed25519_from_seed(const uint8_t seed[ED25519_SEED], struct ed25519_key *out)
{
	uint8_t both[crypto_sign_SECRETKEYBYTES];
	struct ed25519_key key;
	memcpy(key.seed, seed, ED25519_SEED);
	crypto_sign_seed_keypair(key.pub, both, seed);
	*out = key;
	wipe(both, sizeof both);
	wipe(&key, sizeof key);
}

uc_err ed25519_generate(const struct env *env, struct ed25519_key *out)
{
	uint8_t seed[ED25519_SEED] = { 0 };
	uc_err err = sodium_ready();
	if (!err)
		err = env_random(env, seed, sizeof seed);
	secret_mark(seed, sizeof seed);
	if (!err)
		ed25519_from_seed(seed, out);
	wipe(seed, sizeof seed);
	return err;
}

static void sign_key_from(const struct ed25519_key *k, struct sign_key *out)
{
	*out = (struct sign_key){ .priv.n = ED25519_SEED, .pub_n = ED25519_KEY };
	memcpy(out->priv.b, k->seed, ED25519_SEED);
	memcpy(out->pub, k->pub, ED25519_KEY);
}

static uc_err ed25519_generate_sign(const struct sign_alg *a, const struct env *env,
				    struct sign_key *out)
{
	(void)a;
	struct ed25519_key k;
	TRY(ed25519_generate(env, &k));
	sign_key_from(&k, out);
	wipe(&k, sizeof k);
	return UC_OK;
}

static uc_err ed25519_import(const struct sign_alg *a, struct view priv, struct sign_key *out)
{
	(void)a;
	struct ed25519_key k;
	if (priv.n != ED25519_SEED)
		return UC_E_KEY;
	ed25519_from_seed(priv.p, &k);
	sign_key_from(&k, out);
	wipe(&k, sizeof k);
	return UC_OK;
}

/* Beyond small order, this refuses every point with a part of small order. */
static uc_err ed25519_check(const struct sign_alg *a, struct view pub)
{
	(void)a;
	TRY(sodium_ready());
	return pub.n == ED25519_KEY && crypto_core_ed25519_is_valid_point(pub.p) ? UC_OK : UC_E_KEY;
}

static uc_err ed25519_sign_bytes(const struct sign_alg *a, const struct sign_key *k,
				 struct view msg, uint8_t *sig, size_t *n)
{
	(void)a;
	uint8_t both[crypto_sign_SECRETKEYBYTES];
	if (k->priv.n != ED25519_SEED || k->pub_n != ED25519_KEY)
		return UC_E_KEY;
	memcpy(both, k->priv.b, ED25519_SEED);
	memcpy(both + ED25519_SEED, k->pub, ED25519_KEY);
	int r = crypto_sign_detached(sig, NULL, msg.p, msg.n, both);
	wipe(both, sizeof both);
	*n = ED25519_SIGNATURE;
	return r ? UC_E_CRYPTO : UC_OK;
}

static uc_err ed25519_verify_bytes(const struct sign_alg *a, struct view pub, struct view msg,
				   struct view sig)
{
	(void)a;
	if (pub.n != ED25519_KEY || sig.n != ED25519_SIGNATURE)
		return UC_E_SIGNATURE;
	TRY(sodium_ready());
	return crypto_sign_verify_detached(sig.p, msg.p, msg.n, pub.p) ? UC_E_SIGNATURE : UC_OK;
}

const struct sign_alg sign_ed25519 = {
	.nsk = ED25519_SEED,
	.npk = ED25519_KEY,
	.generate = ed25519_generate_sign,
	.import = ed25519_import,
	.check = ed25519_check,
	.sign = ed25519_sign_bytes,
	.verify = ed25519_verify_bytes,
};
