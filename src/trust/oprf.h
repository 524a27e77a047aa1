/* SPDX-License-Identifier: Apache-2.0 */
/* Oblivious pseudorandom functions (RFC 9497), ristretto255-SHA512: whoever holds the key computes a
 * value of an input that it does not see, and of which it learns nothing; whoever asks learns that
 * value alone.  With a proof, in the verifiable mode, that it was the key that is public.
 *
 * A key can be split between two custodians: each evaluates and proves with its half, the sum is what
 * the whole key gives, and neither computes a value without the other.
 *
 * Elements and scalars are bytes as RFC 9496 and RFC 9497, 4.1 encode them; what comes from outside
 * is checked here (4.1, 5.1): canonical, and not the identity. */
#ifndef TRUST_OPRF_H
#define TRUST_OPRF_H

#include "base/env.h"
#include "base/view.h"

#include <stdbool.h>

enum {
	OPRF_ELEMENT = 32,
	OPRF_SCALAR = 32,
	OPRF_OUTPUT = 64, /* SHA-512 */
	OPRF_PROOF = 64,  /* two scalars */
	OPRF_INPUT_MAX = 1024,
	OPRF_BATCH_MAX = 1000, /* evaluations to one proof */
};

enum oprf_mode { OPRF_BASE = 0x00, OPRF_VERIFIABLE = 0x01 }; /* RFC 9497, 3.1 */

struct oprf_element {
	uint8_t b[OPRF_ELEMENT];
};
struct oprf_key {
	uint8_t scalar[OPRF_SCALAR]; /* secret */
	struct oprf_element pub;
};

uc_err UC_MUST_USE oprf_key_generate(const struct env *env, struct oprf_key *out);
/* DeriveKeyPair (3.2.1): seed of 32 bytes, info of at most 256. */
uc_err UC_MUST_USE oprf_key_derive(enum oprf_mode mode, struct view seed, struct view info,
				   struct oprf_key *out);
/* From a stored scalar; UC_E_KEY when it is zero or not canonical. */
uc_err UC_MUST_USE oprf_key_import(struct view scalar, struct oprf_key *out);
void oprf_key_wipe(struct oprf_key *k);
/* Two halves whose sum is k. */
uc_err UC_MUST_USE oprf_key_split(const struct env *env, const struct oprf_key *k,
				  struct oprf_key halves[2]);

/* --- who asks --- */

/* Blind (3.3.1) by a random scalar, which is secret and kept for oprf_finalize.
 * UC_E_TOO_LARGE: an input of more than OPRF_INPUT_MAX; UC_E_ARGUMENT: one that no group element
 * stands for (never met by chance). */
uc_err UC_MUST_USE oprf_blind(enum oprf_mode mode, const struct env *env, struct view input,
			      uint8_t blind[OPRF_SCALAR], struct oprf_element *blinded);
/* The same with a blind that is given. */
uc_err UC_MUST_USE oprf_blind_with(enum oprf_mode mode, struct view input,
				   const uint8_t blind[OPRF_SCALAR], struct oprf_element *blinded);
/* Finalize (3.3.1, 3.3.2).  Where there is a proof it is verified first, for all at once, by
 * oprf_verify. */
uc_err UC_MUST_USE oprf_finalize(struct view input, const uint8_t blind[OPRF_SCALAR],
				 const struct oprf_element *evaluated, uint8_t out[OPRF_OUTPUT]);
/* VerifyProof (2.2.2); UC_E_SIGNATURE when it does not hold, UC_E_KEY for a key that is none. */
uc_err UC_MUST_USE oprf_verify(const struct oprf_element *pub, const struct oprf_element *blinded,
			       const struct oprf_element *evaluated, size_t n,
			       const uint8_t proof[OPRF_PROOF]);
/* The sum of what two custodians evaluated, or of their public keys; UC_E_MALFORMED. */
uc_err UC_MUST_USE oprf_add(const struct oprf_element *a, const struct oprf_element *b,
			    struct oprf_element *out);

/* --- who holds the key --- */

/* BlindEvaluate, of one element; UC_E_MALFORMED for bytes that are no element, or the identity. */
uc_err UC_MUST_USE oprf_evaluate(const struct oprf_key *k, const struct oprf_element *blinded,
				 struct oprf_element *evaluated);
/* GenerateProof (2.2.1) for 1 to OPRF_BATCH_MAX evaluations with k. */
uc_err UC_MUST_USE oprf_prove(const struct oprf_key *k, const struct env *env,
			      const struct oprf_element *blinded,
			      const struct oprf_element *evaluated, size_t n,
			      uint8_t proof[OPRF_PROOF]);
/* The same in parts: each pair of blinded and evaluated in its order, some 50 us each, then the proof. */
struct oprf_proving {
	uint8_t seed[OPRF_OUTPUT];
	struct oprf_element blinded; /* the combination of those so far */
	size_t n;
};
uc_err UC_MUST_USE oprf_proving_begin(struct oprf_proving *p, const struct oprf_element *pub);
/* UC_E_MALFORMED for what is no element, UC_E_TOO_LARGE past OPRF_BATCH_MAX. */
uc_err UC_MUST_USE oprf_proving_add(struct oprf_proving *p, const struct oprf_element *blinded,
				    const struct oprf_element *evaluated);
uc_err UC_MUST_USE oprf_proving_end(const struct oprf_proving *p, const struct oprf_key *k,
				    const struct env *env, uint8_t proof[OPRF_PROOF]);
/* The same with a nonce that is given: never twice, but in tests. */
uc_err UC_MUST_USE oprf_prove_with(const struct oprf_key *k, const uint8_t nonce[OPRF_SCALAR],
				   const struct oprf_element *blinded,
				   const struct oprf_element *evaluated, size_t n,
				   uint8_t proof[OPRF_PROOF]);
/* Evaluate (3.3.1): the value itself, of an input that one has. */
uc_err UC_MUST_USE oprf_value(enum oprf_mode mode, const struct oprf_key *k, struct view input,
			      uint8_t out[OPRF_OUTPUT]);

#endif
