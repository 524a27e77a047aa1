/* SPDX-License-Identifier: Apache-2.0 */
/* Anonymous tokens (RFC 9576 to 9578): whoever issues one does not know it again when it is spent, and
 * knows for certain that it is one of its own.  The token is that of RFC 9577, 2.2, of the type that
 * draft-ietf-privacypass-batched-tokens gives ristretto255: many are issued with one proof.  Only who
 * holds the key can tell a good one from a made-up one.
 *
 * What a token stands for is the key that it was issued with, and nothing else: whoever uses another
 * key for each person knows them by it.  So keys are published, and who draws takes no others. */
#ifndef TRUST_TOKENS_H
#define TRUST_TOKENS_H

#include "trust/oprf.h"
#include "wire/wire.h"

enum {
	TOKEN_TYPE = 0x0005, /* VOPRF (ristretto255, SHA-512) */
	TOKEN_NONCE = 32,
	TOKEN_DIGEST = 32,
	TOKEN_KEY_ID = 32,
	TOKEN_AUTHENTICATOR = OPRF_OUTPUT,
	TOKEN_INPUT = 2 + TOKEN_NONCE + TOKEN_DIGEST + TOKEN_KEY_ID,
	TOKEN_BYTES = TOKEN_INPUT + TOKEN_AUTHENTICATOR,
	TOKENS_AT_ONCE = 16, /* in one batch */
};

struct token {
	uint16_t token_type; /* TOKEN_TYPE; all others are refused, UC_E_UNSUPPORTED */
	uint8_t nonce[TOKEN_NONCE];
	uint8_t challenge_digest[TOKEN_DIGEST];
	uint8_t token_key_id[TOKEN_KEY_ID];
	uint8_t authenticator[TOKEN_AUTHENTICATOR];
};
void wire_token(struct wire *w, struct token *t);
void token_element(struct wire *w, void *v);

/* SHA-256 of the public key (RFC 9578, 5.1). */
uc_err UC_MUST_USE token_key_id(const struct oprf_element *pub, uint8_t out[TOKEN_KEY_ID]);
/* Digest of the TokenChallenge (RFC 9577, 2.1) of an issuer, for whatever origin. */
uc_err UC_MUST_USE token_challenge(struct view issuer, uint8_t out[TOKEN_DIGEST]);

/* --- who draws --- */

/* One that is asked for.  Secret until it is spent. */
struct token_draw {
	struct token token; /* but for its authenticator */
	uint8_t blind[OPRF_SCALAR];
	struct oprf_element blinded; /* goes to the issuer */
};
/* n of them, at most TOKENS_AT_ONCE. */
uc_err UC_MUST_USE tokens_draw(const struct env *env, const struct oprf_element *pub,
			       struct view issuer, struct token_draw *v, size_t n);
/* From what the issuer made of the first n of them: all or none.  UC_E_SIGNATURE when it was not that
 * key, which is an alarm; UC_E_MALFORMED. */
uc_err UC_MUST_USE tokens_finish(const struct oprf_element *pub, const struct token_draw *v,
				 const struct oprf_element *evaluated, size_t n,
				 const uint8_t proof[OPRF_PROOF], struct token *out);

/* --- who issues --- */

/* UC_E_ARGUMENT without elements, UC_E_TOO_LARGE past TOKENS_AT_ONCE, UC_E_MALFORMED when one is
 * none. */
uc_err UC_MUST_USE tokens_issue(const struct oprf_key *k, const struct env *env,
				const struct oprf_element *blinded, size_t n,
				struct oprf_element *evaluated, uint8_t proof[OPRF_PROOF]);
/* Is it one of that key's and issuer's?  UC_E_KEY for another's, UC_E_SIGNATURE for a made-up one. */
uc_err UC_MUST_USE token_verify(const struct oprf_key *k, struct view issuer,
				const struct token *t);

#endif
