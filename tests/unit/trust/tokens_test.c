/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens are good for their key and issuer alone, are not known again, and are all there or none. */
#include "trust/tokens.h"

#include "base/text.h"
#include "tests/unit/harness.h"

enum { N = 5 };
static struct oprf_key key, other;
static struct token_draw draws[N];
static struct oprf_element evaluated[N];
static uint8_t proof[OPRF_PROOF];
static struct token tokens[N];
#define ISSUER VIEW_LIT("lens.example")

static void begin(void)
{
	struct oprf_element blinded[N];
	expect_ok(oprf_key_generate(test_env(), &key));
	expect_ok(oprf_key_generate(test_env(), &other));
	expect_ok(tokens_draw(test_env(), &key.pub, ISSUER, draws, N));
	for (size_t i = 0; i < N; i++)
		blinded[i] = draws[i].blinded;
	expect_ok(tokens_issue(&key, test_env(), blinded, N, evaluated, proof));
}

TEST(a_batch_has_one_proof_and_each_token_is_good)
{
	begin();
	expect_ok(tokens_finish(&key.pub, draws, evaluated, N, proof, tokens));
	for (size_t i = 0; i < N; i++) {
		expect_ok(token_verify(&key, ISSUER, &tokens[i]));
		expect_err(token_verify(&other, ISSUER, &tokens[i]), UC_E_KEY);
		expect_err(token_verify(&key, VIEW_LIT("dial.example"), &tokens[i]), UC_E_KEY);
		for (size_t k = 0; k < i; k++)
			expect(!view_equal(VIEW_OF(tokens[i].nonce), VIEW_OF(tokens[k].nonce)));
		/* What the issuer saw stands nowhere in it. */
		expect(!view_equal(VIEW_OF(draws[i].blinded.b),
				   view_make(tokens[i].authenticator, OPRF_ELEMENT)));
	}
}

TEST(a_token_has_its_form)
{
	struct buf b;
	struct token t = { 0 };
	begin();
	expect_ok(tokens_finish(&key.pub, draws, evaluated, N, proof, tokens));
	buf_init(&b, 4096);
	expect_ok(wire_encode(&b, token_element, &tokens[0]));
	expect_eq(b.n, TOKEN_BYTES);
	expect_bytes(view_slice(buf_view(&b), 0, 2), VIEW_LIT("\x00\x05"));
	expect_bytes(view_slice(buf_view(&b), 2, TOKEN_NONCE), VIEW_OF(tokens[0].nonce));
	expect_ok(wire_decode(buf_view(&b), NULL, token_element, &t));
	expect_ok(token_verify(&key, ISSUER, &t));
	/* Every bit counts, and another type is none. */
	uint8_t bytes[TOKEN_BYTES];
	for (size_t i = 0; i < TOKEN_BYTES; i++) {
		memcpy(bytes, b.p, sizeof bytes);
		bytes[i] ^= 1;
		uc_err err = wire_decode(VIEW_OF(bytes), NULL, token_element, &t);
		expect_err(err, i < 2 ? UC_E_UNSUPPORTED : UC_OK);
		if (!err)
			expect(token_verify(&key, ISSUER, &t));
	}
	expect(wire_decode(view_slice(buf_view(&b), 0, b.n - 1), NULL, token_element, &t));
	buf_done(&b);
}

TEST(whoever_answers_with_another_key_is_noticed)
{
	struct oprf_element blinded[N];
	begin();
	for (size_t i = 0; i < N; i++)
		blinded[i] = draws[i].blinded;
	memset(tokens, 0x5a, sizeof tokens);
	struct token before = tokens[0];
	/* For all of them; for one of them; with a proof for others. */
	expect_ok(tokens_issue(&other, test_env(), blinded, N, evaluated, proof));
	expect_err(tokens_finish(&key.pub, draws, evaluated, N, proof, tokens), UC_E_SIGNATURE);
	expect_ok(tokens_issue(&key, test_env(), blinded, N, evaluated, proof));
	struct oprf_element kept = evaluated[2];
	expect_ok(oprf_evaluate(&other, &blinded[2], &evaluated[2]));
	expect_err(tokens_finish(&key.pub, draws, evaluated, N, proof, tokens), UC_E_SIGNATURE);
	evaluated[2] = kept;
	expect_err(tokens_finish(&key.pub, draws, evaluated, N - 1, proof, tokens), UC_E_SIGNATURE);
	memset(evaluated[2].b, 0, sizeof evaluated[2].b);
	expect(tokens_finish(&key.pub, draws, evaluated, N, proof, tokens));
	expect_bytes(view_make(&tokens[0], sizeof before), view_make(&before, sizeof before));
	/* The first of them alone, with a proof of their own. */
	expect_ok(tokens_issue(&key, test_env(), blinded, 2, evaluated, proof));
	expect_ok(tokens_finish(&key.pub, draws, evaluated, 2, proof, tokens));
	expect_ok(token_verify(&key, ISSUER, &tokens[1]));
}

TEST(batches_have_bounds)
{
	struct oprf_element many[TOKENS_AT_ONCE + 1] = { 0 }, out[TOKENS_AT_ONCE + 1];
	begin();
	expect_err(tokens_draw(test_env(), &key.pub, ISSUER, draws, 0), UC_E_ARGUMENT);
	expect_err(tokens_draw(test_env(), &key.pub, (struct view){ NULL, 0 }, draws, 1),
		   UC_E_ARGUMENT);
	expect_err(tokens_issue(&key, test_env(), many, 0, out, proof), UC_E_ARGUMENT);
	expect_err(tokens_issue(&key, test_env(), many, TOKENS_AT_ONCE + 1, out, proof),
		   UC_E_TOO_LARGE);
	expect_err(tokens_issue(&key, test_env(), many, 1, out, proof), UC_E_MALFORMED);
	expect_err(tokens_finish(&key.pub, draws, evaluated, 0, proof, tokens), UC_E_ARGUMENT);
}

/* Computed apart from this code: SHA-256 of the TokenChallenge, and of a key. */
TEST(digests_are_those_of_the_rfc)
{
	uint8_t digest[TOKEN_DIGEST], id[TOKEN_KEY_ID];
	struct view expected = { NULL, 0 };
	struct arena a;
	arena_init(&a, 4096, ARENA_PLAIN);
	expect_ok(token_challenge(ISSUER, digest));
	expect_ok(hex_read(
		&a, VIEW_LIT("24d1ce62a0f2bb627891ea61413a7f406fdcac78280e77d63b888ae56e9755d3"),
		&expected));
	expect_bytes(VIEW_OF(digest), expected);
	struct oprf_element e;
	memset(e.b, 7, sizeof e.b);
	expect_ok(token_key_id(&e, id));
	expect_ok(hex_read(
		&a, VIEW_LIT("4bb06f8e4e3a7715d201d573d0aa423762e55dabd61a2c02278fa56cc6d294e0"),
		&expected));
	expect_bytes(VIEW_OF(id), expected);
	arena_done(&a);
}
