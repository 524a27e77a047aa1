/* SPDX-License-Identifier: Apache-2.0 */
/* Blinding, evaluating, finishing.  Over libsodium's ristretto255. */
#include "trust/oprf.h"

#include "base/secret.h"
#include "crypto/alg.h"
#include "trust/oprf_group.h"

#include <sodium.h>
#include <string.h>

enum { WIDE = 64, BLOCK = 128, SEED = 32, INFO_MAX = 256 };

size_t oprf_dst(enum oprf_mode mode, const char *head, uint8_t out[OPRF_DST_MAX])
{
	const struct view parts[] = { view_str(head),
				      VIEW_LIT("OPRFV1-"),
				      { &(uint8_t){ (uint8_t)mode }, 1 },
				      VIEW_LIT("-ristretto255-SHA512") };
	size_t n = 0;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		memcpy(out + n, parts[i].p, parts[i].n);
		n += parts[i].n;
	}
	return n;
}

/* expand_message_xmd (RFC 9380, 5.3.1) with SHA-512 to its 64 bytes: one block of output. */
static void expand(enum oprf_mode mode, const char *head, const struct view *parts, size_t n,
		   uint8_t out[WIDE])
{
	static const uint8_t zero[BLOCK];
	static const uint8_t length[] = { 0, WIDE, 0 };
	uint8_t dst[OPRF_DST_MAX + 1], b0[WIDE];
	size_t dst_n = oprf_dst(mode, head, dst);
	crypto_hash_sha512_state st;
	dst[dst_n] = (uint8_t)dst_n;
	dst_n++;
	crypto_hash_sha512_init(&st);
	crypto_hash_sha512_update(&st, zero, sizeof zero);
	for (size_t i = 0; i < n; i++)
		crypto_hash_sha512_update(&st, parts[i].p, parts[i].n);
	crypto_hash_sha512_update(&st, length, sizeof length);
	crypto_hash_sha512_update(&st, dst, dst_n);
	crypto_hash_sha512_final(&st, b0);
	crypto_hash_sha512_init(&st);
	crypto_hash_sha512_update(&st, b0, sizeof b0);
	crypto_hash_sha512_update(&st, (const uint8_t[]){ 1 }, 1);
	crypto_hash_sha512_update(&st, dst, dst_n);
	crypto_hash_sha512_final(&st, out);
	wipe(b0, sizeof b0);
	wipe(&st, sizeof st);
}

uc_err oprf_hash_to_scalar(enum oprf_mode mode, const char *dst, const struct view *parts, size_t n,
			   uint8_t out[OPRF_SCALAR])
{
	uint8_t wide[WIDE];
	TRY(sodium_ready());
	expand(mode, dst, parts, n, wide);
	crypto_core_ristretto255_scalar_reduce(out, wide);
	wipe(wide, sizeof wide);
	return UC_OK;
}

static uc_err hash_to_group(enum oprf_mode mode, struct view input, struct oprf_element *out)
{
	uint8_t wide[WIDE];
	if (input.n > OPRF_INPUT_MAX)
		return UC_E_TOO_LARGE;
	TRY(sodium_ready());
	expand(mode, "HashToGroup-", &input, 1, wide);
	crypto_core_ristretto255_from_hash(out->b, wide);
	wipe(wide, sizeof wide);
	return sodium_is_zero(out->b, sizeof out->b) ? UC_E_ARGUMENT : UC_OK;
}

bool oprf_scalar_is_good(const uint8_t s[OPRF_SCALAR])
{
	uint8_t wide[WIDE] = { 0 }, reduced[OPRF_SCALAR];
	memcpy(wide, s, OPRF_SCALAR);
	crypto_core_ristretto255_scalar_reduce(reduced, wide);
	bool good = view_equal_ct((struct view){ s, OPRF_SCALAR }, VIEW_OF(reduced));
	wipe(wide, sizeof wide);
	wipe(reduced, sizeof reduced);
	return good;
}

bool oprf_element_is_good(const struct oprf_element *e)
{
	return crypto_core_ristretto255_is_valid_point(e->b) == 1 &&
	       !sodium_is_zero(e->b, sizeof e->b);
}

uc_err oprf_scalar_random(const struct env *env, uint8_t out[OPRF_SCALAR])
{
	uint8_t wide[WIDE];
	TRY(sodium_ready());
	TRY(env_random(env, wide, sizeof wide));
	secret_mark(wide, sizeof wide);
	crypto_core_ristretto255_scalar_reduce(out, wide);
	wipe(wide, sizeof wide);
	return sodium_is_zero(out, OPRF_SCALAR) ? UC_E_RANDOM : UC_OK;
}

/* --- keys --- */

static uc_err key_from(const uint8_t scalar[OPRF_SCALAR], struct oprf_key *out)
{
	struct oprf_key k;
	memcpy(k.scalar, scalar, sizeof k.scalar);
	uc_err err = crypto_scalarmult_ristretto255_base(k.pub.b, k.scalar) ? UC_E_KEY : UC_OK;
	if (!err)
		*out = k;
	wipe(&k, sizeof k);
	return err;
}

uc_err oprf_key_import(struct view scalar, struct oprf_key *out)
{
	TRY(sodium_ready());
	if (scalar.n != OPRF_SCALAR || sodium_is_zero(scalar.p, scalar.n) ||
	    !oprf_scalar_is_good(scalar.p))
		return UC_E_KEY;
	return key_from(scalar.p, out);
}

uc_err oprf_key_generate(const struct env *env, struct oprf_key *out)
{
	uint8_t s[OPRF_SCALAR] = { 0 };
	uc_err err = oprf_scalar_random(env, s);
	if (!err)
		err = key_from(s, out);
	wipe(s, sizeof s);
	return err;
}

uc_err oprf_key_derive(enum oprf_mode mode, struct view seed, struct view info,
		       struct oprf_key *out)
{
	uint8_t s[OPRF_SCALAR] = { 0 };
	uint8_t info_n[2] = { (uint8_t)(info.n >> 8), (uint8_t)info.n }, counter = 0;
	const struct view parts[] = { seed, VIEW_OF(info_n), info, { &counter, 1 } };
	if (seed.n != SEED || info.n > INFO_MAX)
		return UC_E_ARGUMENT;
	/* A second round is needed once in 2^252 (3.2.1). */
	uc_err err;
	do
		err = oprf_hash_to_scalar(mode, "DeriveKeyPair", parts, 4, s);
	while (!err && sodium_is_zero(s, sizeof s) && ++counter);
	if (!err)
		err = key_from(s, out);
	wipe(s, sizeof s);
	return err;
}

void oprf_key_wipe(struct oprf_key *k)
{
	wipe(k, sizeof *k);
}

uc_err oprf_key_split(const struct env *env, const struct oprf_key *k, struct oprf_key halves[2])
{
	uint8_t rest[OPRF_SCALAR] = { 0 };
	struct oprf_key a = { 0 }, b = { 0 };
	uc_err err = oprf_key_generate(env, &a);
	if (!err) {
		crypto_core_ristretto255_scalar_sub(rest, k->scalar, a.scalar);
		err = key_from(rest, &b);
	}
	if (!err) {
		halves[0] = a;
		halves[1] = b;
	}
	wipe(rest, sizeof rest);
	oprf_key_wipe(&a);
	oprf_key_wipe(&b);
	return err;
}

/* --- who asks --- */

uc_err oprf_blind_with(enum oprf_mode mode, struct view input, const uint8_t blind[OPRF_SCALAR],
		       struct oprf_element *blinded)
{
	struct oprf_element e, out;
	TRY(hash_to_group(mode, input, &e));
	uc_err err = crypto_scalarmult_ristretto255(out.b, blind, e.b) ? UC_E_ARGUMENT : UC_OK;
	if (!err)
		*blinded = out;
	wipe(&e, sizeof e);
	return err;
}

uc_err oprf_blind(enum oprf_mode mode, const struct env *env, struct view input,
		  uint8_t blind[OPRF_SCALAR], struct oprf_element *blinded)
{
	uint8_t s[OPRF_SCALAR] = { 0 };
	uc_err err = oprf_scalar_random(env, s);
	if (!err)
		err = oprf_blind_with(mode, input, s, blinded);
	if (!err)
		memcpy(blind, s, sizeof s);
	wipe(s, sizeof s);
	return err;
}

/* H(I2OSP(len(input), 2) || input || I2OSP(len(element), 2) || element || "Finalize") */
static void finalize_hash(struct view input, const struct oprf_element *e, uint8_t out[OPRF_OUTPUT])
{
	static const uint8_t element_n[2] = { 0, OPRF_ELEMENT };
	uint8_t input_n[2] = { (uint8_t)(input.n >> 8), (uint8_t)input.n };
	crypto_hash_sha512_state st;
	crypto_hash_sha512_init(&st);
	crypto_hash_sha512_update(&st, input_n, sizeof input_n);
	crypto_hash_sha512_update(&st, input.p, input.n);
	crypto_hash_sha512_update(&st, element_n, sizeof element_n);
	crypto_hash_sha512_update(&st, e->b, sizeof e->b);
	crypto_hash_sha512_update(&st, (const uint8_t *)"Finalize", 8);
	crypto_hash_sha512_final(&st, out);
	wipe(&st, sizeof st);
}

uc_err oprf_finalize(struct view input, const uint8_t blind[OPRF_SCALAR],
		     const struct oprf_element *evaluated, uint8_t out[OPRF_OUTPUT])
{
	uint8_t inverse[OPRF_SCALAR];
	struct oprf_element e;
	if (input.n > OPRF_INPUT_MAX)
		return UC_E_TOO_LARGE;
	TRY(sodium_ready());
	if (!oprf_element_is_good(evaluated))
		return UC_E_MALFORMED;
	uc_err err = crypto_core_ristretto255_scalar_invert(inverse, blind) ||
				     crypto_scalarmult_ristretto255(e.b, inverse, evaluated->b)
			     ? UC_E_ARGUMENT
			     : UC_OK;
	if (!err)
		finalize_hash(input, &e, out);
	wipe(inverse, sizeof inverse);
	wipe(&e, sizeof e);
	return err;
}

uc_err oprf_add(const struct oprf_element *a, const struct oprf_element *b,
		struct oprf_element *out)
{
	struct oprf_element sum;
	TRY(sodium_ready());
	if (!oprf_element_is_good(a) || !oprf_element_is_good(b) ||
	    crypto_core_ristretto255_add(sum.b, a->b, b->b) || sodium_is_zero(sum.b, sizeof sum.b))
		return UC_E_MALFORMED;
	*out = sum;
	return UC_OK;
}

/* --- who holds the key --- */

uc_err oprf_evaluate(const struct oprf_key *k, const struct oprf_element *blinded,
		     struct oprf_element *evaluated)
{
	struct oprf_element e;
	TRY(sodium_ready());
	if (!oprf_element_is_good(blinded) ||
	    crypto_scalarmult_ristretto255(e.b, k->scalar, blinded->b))
		return UC_E_MALFORMED;
	*evaluated = e;
	return UC_OK;
}

uc_err oprf_value(enum oprf_mode mode, const struct oprf_key *k, struct view input,
		  uint8_t out[OPRF_OUTPUT])
{
	struct oprf_element e, value;
	TRY(hash_to_group(mode, input, &e));
	uc_err err = oprf_evaluate(k, &e, &value);
	if (!err)
		finalize_hash(input, &value, out);
	wipe(&e, sizeof e);
	wipe(&value, sizeof value);
	return err;
}
