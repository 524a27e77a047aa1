/* SPDX-License-Identifier: Apache-2.0 */
/* A keyed hash on ristretto255, over libsodium: the function of RFC 9497 (2HashDH) without its last
 * hash, so that what is stored under one key can be led to another. */
#include "crypto/alg.h"

#include <sodium.h>

static bool is_zero(const uint8_t v[POINT_HASH])
{
	static const uint8_t zero[POINT_HASH];
	return view_equal_ct(view_make(v, POINT_HASH), VIEW_OF(zero));
}

uc_err point_key_generate(const struct env *env, uint8_t key[POINT_HASH])
{
	uint8_t wide[crypto_core_ristretto255_NONREDUCEDSCALARBYTES];
	TRY(sodium_ready());
	TRY(env_random(env, wide, sizeof wide));
	crypto_core_ristretto255_scalar_reduce(key, wide);
	wipe(wide, sizeof wide);
	return is_zero(key) ? UC_E_CRYPTO : UC_OK;
}

uc_err point_hash(const uint8_t key[POINT_HASH], struct view data, uint8_t out[POINT_HASH])
{
	uint8_t wide[crypto_core_ristretto255_HASHBYTES], point[POINT_HASH];
	TRY(sodium_ready());
	TRY(hkdf_sha256(VIEW_LIT("undercroft point hash"), data, (struct view){ NULL, 0 }, wide,
			sizeof wide));
	int failed = crypto_core_ristretto255_from_hash(point, wide);
	wipe(wide, sizeof wide);
	return failed || crypto_scalarmult_ristretto255(out, key, point) ? UC_E_CRYPTO : UC_OK;
}

uc_err point_move_make(const uint8_t before[POINT_HASH], const uint8_t now[POINT_HASH],
		       uint8_t out[POINT_HASH])
{
	uint8_t inverse[POINT_HASH];
	TRY(sodium_ready());
	if (is_zero(now) || crypto_core_ristretto255_scalar_invert(inverse, before))
		return UC_E_KEY;
	crypto_core_ristretto255_scalar_mul(out, now, inverse);
	wipe(inverse, sizeof inverse);
	return UC_OK;
}

uc_err point_hash_move(const uint8_t move[POINT_HASH], const uint8_t hash[POINT_HASH],
		       uint8_t out[POINT_HASH])
{
	TRY(sodium_ready());
	return crypto_scalarmult_ristretto255(out, move, hash) ? UC_E_CORRUPT : UC_OK;
}
