/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/tokens.h"

#include "base/secret.h"
#include "crypto/crypto.h"

enum { ISSUER_MAX = 1024 };

static void wire_token_input(struct wire *w, struct token *t)
{
	wire_u16(w, &t->token_type);
	if (t->token_type != TOKEN_TYPE)
		wire_fail(w, UC_E_UNSUPPORTED);
	wire_fixed(w, t->nonce, sizeof t->nonce);
	wire_fixed(w, t->challenge_digest, sizeof t->challenge_digest);
	wire_fixed(w, t->token_key_id, sizeof t->token_key_id);
}

void wire_token(struct wire *w, struct token *t)
{
	wire_token_input(w, t);
	wire_fixed(w, t->authenticator, sizeof t->authenticator);
}

void token_element(struct wire *w, void *v)
{
	wire_token(w, v);
}

uc_err token_key_id(const struct oprf_element *pub, uint8_t out[TOKEN_KEY_ID])
{
	return sha256(VIEW_OF(pub->b), out);
}

/* struct { uint16 token_type; opaque issuer_name<1..2^16-1>; opaque redemption_context<0..32>;
 *          opaque origin_info<0..2^16-1> }, the last two of which are empty: it may be spent anywhere. */
uc_err token_challenge(struct view issuer, uint8_t out[TOKEN_DIGEST])
{
	static const uint8_t none[3];
	const uint8_t head[] = { TOKEN_TYPE >> 8, TOKEN_TYPE & 0xff, (uint8_t)(issuer.n >> 8),
				 (uint8_t)issuer.n };
	const struct view parts[] = { VIEW_OF(head), issuer, VIEW_OF(none) };
	if (!issuer.n || issuer.n > ISSUER_MAX)
		return UC_E_ARGUMENT;
	return sha256_parts(parts, 3, out);
}

/* What the function is computed of. */
static void token_input(const struct token *t, uint8_t out[TOKEN_INPUT])
{
	out[0] = (uint8_t)(t->token_type >> 8);
	out[1] = (uint8_t)t->token_type;
	memcpy(out + 2, t->nonce, TOKEN_NONCE);
	memcpy(out + 2 + TOKEN_NONCE, t->challenge_digest, TOKEN_DIGEST);
	memcpy(out + 2 + TOKEN_NONCE + TOKEN_DIGEST, t->token_key_id, TOKEN_KEY_ID);
}

/* --- who draws --- */

static uc_err draw_one(const struct env *env, struct token_draw *d)
{
	uint8_t input[TOKEN_INPUT];
	TRY(env_random(env, d->token.nonce, sizeof d->token.nonce));
	token_input(&d->token, input);
	uc_err err = oprf_blind(OPRF_VERIFIABLE, env, VIEW_OF(input), d->blind, &d->blinded);
	wipe(input, sizeof input);
	return err;
}

uc_err tokens_draw(const struct env *env, const struct oprf_element *pub, struct view issuer,
		   struct token_draw *v, size_t n)
{
	struct token_draw made = { .token.token_type = TOKEN_TYPE };
	if (!n)
		return UC_E_ARGUMENT;
	if (n > TOKENS_AT_ONCE)
		return UC_E_TOO_LARGE;
	TRY(token_key_id(pub, made.token.token_key_id));
	TRY(token_challenge(issuer, made.token.challenge_digest));
	uc_err err = UC_OK;
	for (size_t i = 0; i < n && !err; i++) {
		v[i] = made;
		err = draw_one(env, &v[i]);
	}
	if (err)
		wipe(v, n * sizeof *v);
	return err;
}

uc_err tokens_finish(const struct oprf_element *pub, const struct token_draw *v,
		     const struct oprf_element *evaluated, size_t n,
		     const uint8_t proof[OPRF_PROOF], struct token *out)
{
	struct oprf_element blinded[TOKENS_AT_ONCE];
	if (!n || n > TOKENS_AT_ONCE)
		return UC_E_ARGUMENT;
	for (size_t i = 0; i < n; i++)
		blinded[i] = v[i].blinded;
	TRY(oprf_verify(pub, blinded, evaluated, n, proof));
	struct token made[TOKENS_AT_ONCE] = { 0 };
	uc_err err = UC_OK;
	for (size_t i = 0; i < n && !err; i++) {
		uint8_t input[TOKEN_INPUT];
		made[i] = v[i].token;
		token_input(&made[i], input);
		err = oprf_finalize(VIEW_OF(input), v[i].blind, &evaluated[i],
				    made[i].authenticator);
		wipe(input, sizeof input);
	}
	if (!err)
		memcpy(out, made, n * sizeof *out);
	wipe(made, sizeof made);
	return err;
}

/* --- who issues --- */

uc_err tokens_issue(const struct oprf_key *k, const struct env *env,
		    const struct oprf_element *blinded, size_t n, struct oprf_element *evaluated,
		    uint8_t proof[OPRF_PROOF])
{
	struct oprf_element made[TOKENS_AT_ONCE];
	uint8_t proven[OPRF_PROOF];
	if (!n)
		return UC_E_ARGUMENT;
	if (n > TOKENS_AT_ONCE)
		return UC_E_TOO_LARGE;
	for (size_t i = 0; i < n; i++)
		TRY(oprf_evaluate(k, &blinded[i], &made[i]));
	TRY(oprf_prove(k, env, blinded, made, n, proven));
	memcpy(evaluated, made, n * sizeof *evaluated);
	memcpy(proof, proven, sizeof proven);
	return UC_OK;
}

uc_err token_verify(const struct oprf_key *k, struct view issuer, const struct token *t)
{
	uint8_t id[TOKEN_KEY_ID], digest[TOKEN_DIGEST], input[TOKEN_INPUT], made[OPRF_OUTPUT];
	TRY(token_key_id(&k->pub, id));
	TRY(token_challenge(issuer, digest));
	if (t->token_type != TOKEN_TYPE)
		return UC_E_UNSUPPORTED;
	if (!view_equal(VIEW_OF(id), VIEW_OF(t->token_key_id)) ||
	    !view_equal(VIEW_OF(digest), VIEW_OF(t->challenge_digest)))
		return UC_E_KEY;
	token_input(t, input);
	TRY(oprf_value(OPRF_VERIFIABLE, k, VIEW_OF(input), made));
	bool good = view_equal_ct(VIEW_OF(made), VIEW_OF(t->authenticator));
	wipe(made, sizeof made);
	return good ? UC_OK : UC_E_SIGNATURE;
}
