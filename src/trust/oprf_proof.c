/* SPDX-License-Identifier: Apache-2.0 */
/* That many elements were multiplied by the one scalar behind a public key: a proof of equal discrete
 * logarithms over a random combination of them (RFC 9497, 2.2). */
#include "base/secret.h"
#include "crypto/alg.h"
#include "trust/oprf_group.h"

#include <sodium.h>
#include <string.h>

enum { SEED = 64 };

static struct view two(uint8_t out[2], size_t n)
{
	out[0] = (uint8_t)(n >> 8);
	out[1] = (uint8_t)n;
	return (struct view){ out, 2 };
}

static struct view element(const struct oprf_element *e)
{
	return (struct view){ e->b, OPRF_ELEMENT };
}

/* H(len || B || len || "Seed-" contextString) */
static void seed_of(const struct oprf_element *pub, uint8_t out[SEED])
{
	uint8_t dst[OPRF_DST_MAX], n[2];
	size_t dst_n = oprf_dst(OPRF_VERIFIABLE, "Seed-", dst);
	crypto_hash_sha512_state st;
	crypto_hash_sha512_init(&st);
	crypto_hash_sha512_update(&st, two(n, OPRF_ELEMENT).p, 2);
	crypto_hash_sha512_update(&st, pub->b, OPRF_ELEMENT);
	crypto_hash_sha512_update(&st, two(n, dst_n).p, 2);
	crypto_hash_sha512_update(&st, dst, dst_n);
	crypto_hash_sha512_final(&st, out);
}

/* *sum += s e, where it begins as all zero, the identity.  All is public. */
static bool add_times(struct oprf_element *sum, const uint8_t s[OPRF_SCALAR],
		      const struct oprf_element *e)
{
	struct oprf_element part;
	/* A product with a factor that is not zero is the identity for the identity alone. */
	return oprf_element_is_good(e) && !crypto_scalarmult_ristretto255(part.b, s, e->b) &&
	       !crypto_core_ristretto255_add(sum->b, sum->b, part.b);
}

/* Of ComputeComposites (2.2.1): the factor of pair number i. */
static uc_err factor_of(const uint8_t seed[SEED], size_t i, const struct oprf_element *blinded,
			const struct oprf_element *evaluated, uint8_t out[OPRF_SCALAR])
{
	uint8_t seed_n[2], i_n[2], c_n[2], d_n[2];
	const struct view parts[] = {
		two(seed_n, SEED),      { seed, SEED },        two(i_n, i),
		two(c_n, OPRF_ELEMENT), element(blinded),      two(d_n, OPRF_ELEMENT),
		element(evaluated),     VIEW_LIT("Composite"),
	};
	return oprf_hash_to_scalar(OPRF_VERIFIABLE, "HashToScalar-", parts, 8, out);
}

/* M over the blinded elements, and Z over the evaluated ones where it is wanted; whoever has the key
 * computes Z from M. */
static uc_err composites(const struct oprf_element *pub, const struct oprf_element *blinded,
			 const struct oprf_element *evaluated, size_t n, struct oprf_element *m,
			 struct oprf_element *z)
{
	uint8_t seed[SEED], factor[OPRF_SCALAR];
	seed_of(pub, seed);
	*m = (struct oprf_element){ 0 };
	if (z)
		*z = (struct oprf_element){ 0 };
	for (size_t i = 0; i < n; i++) {
		TRY(factor_of(seed, i, &blinded[i], &evaluated[i], factor));
		if (!add_times(m, factor, &blinded[i]) ||
		    (z && !add_times(z, factor, &evaluated[i])))
			return UC_E_MALFORMED;
	}
	return UC_OK;
}

static uc_err challenge(const struct oprf_element *pub, const struct oprf_element *m,
			const struct oprf_element *z, const struct oprf_element *t2,
			const struct oprf_element *t3, uint8_t out[OPRF_SCALAR])
{
	uint8_t n[2];
	struct view length = two(n, OPRF_ELEMENT);
	const struct view parts[] = {
		length,
		element(pub),
		length,
		element(m),
		length,
		element(z),
		length,
		element(t2),
		length,
		element(t3),
		VIEW_LIT("Challenge"),
	};
	return oprf_hash_to_scalar(OPRF_VERIFIABLE, "HashToScalar-", parts, 11, out);
}

static uc_err prove(const struct oprf_key *k, const uint8_t nonce[OPRF_SCALAR],
		    const struct oprf_element *m, uint8_t proof[OPRF_PROOF])
{
	struct oprf_element z, t2, t3;
	uint8_t c[OPRF_SCALAR], ck[OPRF_SCALAR], s[OPRF_SCALAR];
	if (crypto_scalarmult_ristretto255(z.b, k->scalar, m->b) ||
	    crypto_scalarmult_ristretto255_base(t2.b, nonce) ||
	    crypto_scalarmult_ristretto255(t3.b, nonce, m->b))
		return UC_E_MALFORMED;
	TRY(challenge(&k->pub, m, &z, &t2, &t3, c));
	crypto_core_ristretto255_scalar_mul(ck, c, k->scalar);
	crypto_core_ristretto255_scalar_sub(s, nonce, ck);
	memcpy(proof, c, OPRF_SCALAR);
	memcpy(proof + OPRF_SCALAR, s, OPRF_SCALAR);
	wipe(ck, sizeof ck);
	return UC_OK;
}

uc_err oprf_prove_with(const struct oprf_key *k, const uint8_t nonce[OPRF_SCALAR],
		       const struct oprf_element *blinded, const struct oprf_element *evaluated,
		       size_t n, uint8_t proof[OPRF_PROOF])
{
	struct oprf_element m;
	if (!n || n > OPRF_BATCH_MAX)
		return UC_E_ARGUMENT;
	TRY(sodium_ready());
	TRY(composites(&k->pub, blinded, evaluated, n, &m, NULL));
	return prove(k, nonce, &m, proof);
}

uc_err oprf_prove(const struct oprf_key *k, const struct env *env,
		  const struct oprf_element *blinded, const struct oprf_element *evaluated,
		  size_t n, uint8_t proof[OPRF_PROOF])
{
	uint8_t nonce[OPRF_SCALAR] = { 0 };
	uc_err err = oprf_scalar_random(env, nonce);
	if (!err)
		err = oprf_prove_with(k, nonce, blinded, evaluated, n, proof);
	wipe(nonce, sizeof nonce);
	return err;
}

uc_err oprf_proving_begin(struct oprf_proving *p, const struct oprf_element *pub)
{
	TRY(sodium_ready());
	*p = (struct oprf_proving){ .n = 0 };
	seed_of(pub, p->seed);
	return UC_OK;
}

uc_err oprf_proving_add(struct oprf_proving *p, const struct oprf_element *blinded,
			const struct oprf_element *evaluated)
{
	uint8_t factor[OPRF_SCALAR];
	struct oprf_element sum = p->blinded;
	if (p->n >= OPRF_BATCH_MAX)
		return UC_E_TOO_LARGE;
	TRY(factor_of(p->seed, p->n, blinded, evaluated, factor));
	if (!add_times(&sum, factor, blinded))
		return UC_E_MALFORMED;
	p->blinded = sum;
	p->n++;
	return UC_OK;
}

uc_err oprf_proving_end(const struct oprf_proving *p, const struct oprf_key *k,
			const struct env *env, uint8_t proof[OPRF_PROOF])
{
	uint8_t nonce[OPRF_SCALAR] = { 0 };
	if (!p->n)
		return UC_E_ARGUMENT;
	uc_err err = oprf_scalar_random(env, nonce);
	if (!err)
		err = prove(k, nonce, &p->blinded, proof);
	wipe(nonce, sizeof nonce);
	return err;
}

/* s A + c B, everything public; false where it would be the identity, which no honest proof meets. */
static bool combine(const uint8_t s[OPRF_SCALAR], const struct oprf_element *a,
		    const uint8_t c[OPRF_SCALAR], const struct oprf_element *b,
		    struct oprf_element *out)
{
	struct oprf_element cb;
	bool ok = a ? !crypto_scalarmult_ristretto255(out->b, s, a->b)
		    : !crypto_scalarmult_ristretto255_base(out->b, s);
	return ok && !crypto_scalarmult_ristretto255(cb.b, c, b->b) &&
	       !crypto_core_ristretto255_add(out->b, out->b, cb.b);
}

uc_err oprf_verify(const struct oprf_element *pub, const struct oprf_element *blinded,
		   const struct oprf_element *evaluated, size_t n, const uint8_t proof[OPRF_PROOF])
{
	struct oprf_element m, z, t2, t3;
	uint8_t c[OPRF_SCALAR];
	const uint8_t *s = proof + OPRF_SCALAR;
	if (!n || n > OPRF_BATCH_MAX)
		return UC_E_ARGUMENT;
	TRY(sodium_ready());
	if (!oprf_element_is_good(pub))
		return UC_E_KEY;
	if (!oprf_scalar_is_good(proof) || !oprf_scalar_is_good(s))
		return UC_E_SIGNATURE;
	TRY(composites(pub, blinded, evaluated, n, &m, &z));
	if (!combine(s, NULL, proof, pub, &t2) || !combine(s, &m, proof, &z, &t3))
		return UC_E_SIGNATURE;
	TRY(challenge(pub, &m, &z, &t2, &t3, c));
	return view_equal_ct(VIEW_OF(c), (struct view){ proof, OPRF_SCALAR }) ? UC_OK
									      : UC_E_SIGNATURE;
}
