/* SPDX-License-Identifier: Apache-2.0 */
/* What the RFC's vectors cannot show: random blinds, halves of a key, and everything that is wrong. */
#include "trust/oprf.h"

#include "tests/unit/harness.h"

#include <string.h>

static struct oprf_key key;
static const struct view input = { (const uint8_t *)"+49 30 1234567", 14 };

struct asked {
	uint8_t blind[OPRF_SCALAR];
	struct oprf_element blinded, evaluated;
};

static struct asked ask(void)
{
	struct asked a;
	expect_ok(oprf_blind(OPRF_VERIFIABLE, test_env(), input, a.blind, &a.blinded));
	expect_ok(oprf_evaluate(&key, &a.blinded, &a.evaluated));
	return a;
}

static void key_make(void)
{
	expect_ok(oprf_key_generate(test_env(), &key));
}

TEST(the_same_value_comes_out_however_it_was_blinded)
{
	uint8_t a[OPRF_OUTPUT], b[OPRF_OUTPUT], whole[OPRF_OUTPUT];
	key_make();
	struct asked x = ask(), y = ask();
	expect(memcmp(x.blinded.b, y.blinded.b, OPRF_ELEMENT) != 0);
	expect_ok(oprf_finalize(input, x.blind, &x.evaluated, a));
	expect_ok(oprf_finalize(input, y.blind, &y.evaluated, b));
	expect_ok(oprf_value(OPRF_VERIFIABLE, &key, input, whole));
	expect_bytes(VIEW_OF(a), VIEW_OF(whole));
	expect_bytes(VIEW_OF(b), VIEW_OF(whole));
	/* Of another mode it is another function. */
	expect_ok(oprf_value(OPRF_BASE, &key, input, b));
	expect(memcmp(a, b, OPRF_OUTPUT) != 0);
}

/* The order of the group, little-endian (RFC 9496, 4). */
static const uint8_t order[OPRF_SCALAR] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a,       0x63,
					    0x12, 0x58, 0xd6, 0x9c, 0xf7,       0xa2,
					    0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };

TEST(a_key_comes_back_from_its_scalar)
{
	struct oprf_key again;
	uint8_t s[OPRF_SCALAR] = { 0 };
	key_make();
	expect_ok(oprf_key_import(VIEW_OF(key.scalar), &again));
	expect_bytes(VIEW_OF(again.pub.b), VIEW_OF(key.pub.b));
	expect_err(oprf_key_import(VIEW_OF(s), &again), UC_E_KEY);
	expect_err(oprf_key_import(view_make(key.scalar, 31), &again), UC_E_KEY);
	memcpy(s, order, sizeof s);
	expect_err(oprf_key_import(VIEW_OF(s), &again), UC_E_KEY); /* zero in disguise */
	s[0]++;
	expect_err(oprf_key_import(VIEW_OF(s), &again), UC_E_KEY);
	s[0] -= 2;
	expect_ok(oprf_key_import(VIEW_OF(s), &again));
}

TEST(two_custodians_give_together_what_one_would)
{
	struct oprf_key half[2];
	struct oprf_element part[2], sum, pub;
	uint8_t proof[OPRF_PROOF], a[OPRF_OUTPUT], b[OPRF_OUTPUT];
	key_make();
	expect_ok(oprf_key_split(test_env(), &key, half));
	expect_ok(oprf_add(&half[0].pub, &half[1].pub, &pub));
	expect_bytes(VIEW_OF(pub.b), VIEW_OF(key.pub.b));
	struct asked x = ask();
	for (int i = 0; i < 2; i++) {
		expect_ok(oprf_evaluate(&half[i], &x.blinded, &part[i]));
		expect_ok(oprf_prove(&half[i], test_env(), &x.blinded, &part[i], 1, proof));
		expect_ok(oprf_verify(&half[i].pub, &x.blinded, &part[i], 1, proof));
		expect_err(oprf_verify(&half[!i].pub, &x.blinded, &part[i], 1, proof),
			   UC_E_SIGNATURE);
	}
	expect_ok(oprf_add(&part[0], &part[1], &sum));
	expect_bytes(VIEW_OF(sum.b), VIEW_OF(x.evaluated.b));
	expect_ok(oprf_finalize(input, x.blind, &sum, a));
	expect_ok(oprf_finalize(input, x.blind, &part[0], b)); /* one half alone: another value */
	expect(memcmp(a, b, OPRF_OUTPUT) != 0);
}

/* RFC 9497, 4.1 and 5.1; RFC 9496, A.2 */
TEST(what_is_no_element_is_refused)
{
	static const char *const bad[] = {
		"0000000000000000000000000000000000000000000000000000000000000000", /* identity */
		"00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"0100000000000000000000000000000000000000000000000000000000000000", /* odd */
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* 0 mod p */
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	struct oprf_element e, out;
	uint8_t value[OPRF_OUTPUT];
	key_make();
	struct asked x = ask();
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		memcpy(e.b, test_hex(bad[i]).p, OPRF_ELEMENT);
		expect_err(oprf_evaluate(&key, &e, &out), UC_E_MALFORMED);
		expect_err(oprf_finalize(input, x.blind, &e, value), UC_E_MALFORMED);
		expect_err(oprf_add(&x.blinded, &e, &out), UC_E_MALFORMED);
		expect_err(oprf_add(&e, &x.blinded, &out), UC_E_MALFORMED);
	}
}

TEST(two_halves_may_not_cancel_out)
{
	struct oprf_key negative;
	struct oprf_element out;
	uint8_t s[OPRF_SCALAR];
	int borrow = 0;
	key_make();
	for (int i = 0; i < OPRF_SCALAR; i++) {
		int d = order[i] - key.scalar[i] - borrow;
		borrow = d < 0;
		s[i] = (uint8_t)d;
	}
	expect_ok(oprf_key_import(VIEW_OF(s), &negative));
	expect_err(oprf_add(&key.pub, &negative.pub, &out), UC_E_MALFORMED);
}

enum { MANY = 20 };

TEST(a_proof_is_for_this_key_these_elements_and_this_order)
{
	struct oprf_element in[MANY], out[MANY], third;
	struct oprf_key other;
	uint8_t proof[OPRF_PROOF];
	key_make();
	expect_ok(oprf_key_generate(test_env(), &other));
	for (int i = 0; i < MANY; i++) {
		struct asked x = ask();
		in[i] = x.blinded;
		out[i] = x.evaluated;
	}
	expect_ok(oprf_prove(&key, test_env(), in, out, MANY, proof));
	expect_ok(oprf_verify(&key.pub, in, out, MANY, proof));
	expect_err(oprf_verify(&other.pub, in, out, MANY, proof), UC_E_SIGNATURE);
	expect_err(oprf_verify(&key.pub, in, out, MANY - 1, proof), UC_E_SIGNATURE);
	expect_err(oprf_verify(&key.pub, in + 1, out + 1, MANY - 1, proof), UC_E_SIGNATURE);
	expect_err(oprf_verify(&key.pub, in, out, 0, proof), UC_E_ARGUMENT);
	expect_err(oprf_verify(&key.pub, in, out, OPRF_BATCH_MAX + 1, proof), UC_E_ARGUMENT);
	third = out[3];
	out[3] = out[4];
	out[4] = third;
	expect_err(oprf_verify(&key.pub, in, out, MANY, proof), UC_E_SIGNATURE);
	out[4] = out[3];
	out[3] = third;
	/* One evaluated with a key for this person alone, as a server does that marks people. */
	expect_ok(oprf_evaluate(&other, &in[7], &out[7]));
	expect_err(oprf_verify(&key.pub, in, out, MANY, proof), UC_E_SIGNATURE);
	expect_ok(oprf_prove(&key, test_env(), in, out, MANY, proof)); /* nor by a false proof */
	expect_err(oprf_verify(&key.pub, in, out, MANY, proof), UC_E_SIGNATURE);
}

TEST(no_bit_of_a_proof_may_be_another)
{
	const struct oprf_element none = { 0 };
	uint8_t proof[OPRF_PROOF];
	key_make();
	struct asked x = ask();
	expect_ok(oprf_prove(&key, test_env(), &x.blinded, &x.evaluated, 1, proof));
	for (size_t bit = 0; bit < 8 * sizeof proof; bit++) {
		proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
		expect_err(oprf_verify(&key.pub, &x.blinded, &x.evaluated, 1, proof),
			   UC_E_SIGNATURE);
		proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	expect_err(oprf_verify(&none, &x.blinded, &x.evaluated, 1, proof), UC_E_KEY);
	expect_err(oprf_verify(&key.pub, &none, &x.evaluated, 1, proof), UC_E_MALFORMED);
	expect_err(oprf_verify(&key.pub, &x.blinded, &none, 1, proof), UC_E_MALFORMED);
}

TEST(lengths_are_bounded)
{
	static uint8_t big[OPRF_INPUT_MAX + 1];
	uint8_t blind[OPRF_SCALAR], out[OPRF_OUTPUT];
	struct oprf_element e;
	key_make();
	struct view most = view_make(big, OPRF_INPUT_MAX), more = VIEW_OF(big);
	expect_ok(oprf_blind(OPRF_BASE, test_env(), most, blind, &e));
	expect_ok(oprf_finalize(most, blind, &e, out));
	expect_err(oprf_blind(OPRF_BASE, test_env(), more, blind, &e), UC_E_TOO_LARGE);
	expect_err(oprf_finalize(more, blind, &e, out), UC_E_TOO_LARGE);
	expect_err(oprf_value(OPRF_BASE, &key, more, out), UC_E_TOO_LARGE);
	expect_err(oprf_key_derive(OPRF_BASE, view_make(big, 31), (struct view){ 0 }, &key),
		   UC_E_ARGUMENT);
	expect_err(oprf_key_derive(OPRF_BASE, view_make(big, 32), view_make(big, 257), &key),
		   UC_E_ARGUMENT);
}
