/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever fails beneath a group, at whichever moment: back-end, randomness, memory, the group's own
 * limit.  Nothing has changed, nothing is left over, and the same works a moment later. */
#include "tests/unit/mls/life.h"

#include "mls/group_inside.h"
#include "mls/public_group_inside.h"

#include "tests/unit/heap_faulty.h"

static size_t left;
static bool has_failed;

static bool strikes(void)
{
	if (!left || --left)
		return false;
	has_failed = true;
	return true;
}

static void count_to(struct life *l, size_t n)
{
	(void)l;
	left = n;
	has_failed = false;
}

static bool counted(struct life *l, uc_err err)
{
	(void)l, (void)err;
	left = 0;
	return has_failed;
}

/* --- the back-end --- */

#define OR_FAIL(call) (strikes() ? UC_E_CRYPTO : mls_crypto_builtin()->call)

static uc_err on_hash(void *ctx, uint16_t id, const struct mls_bytes *parts, size_t n, uint8_t *out)
{
	return OR_FAIL(hash(ctx, id, parts, n, out));
}

static uc_err on_hmac(void *ctx, uint16_t id, struct mls_bytes key, const struct mls_bytes *parts,
		      size_t n, uint8_t *out)
{
	return OR_FAIL(hmac(ctx, id, key, parts, n, out));
}

static uc_err on_seal(void *ctx, uint16_t id, struct mls_bytes key, struct mls_bytes nonce,
		      struct mls_bytes aad, struct mls_bytes in, uint8_t *out)
{
	return OR_FAIL(seal(ctx, id, key, nonce, aad, in, out));
}

static uc_err on_open(void *ctx, uint16_t id, struct mls_bytes key, struct mls_bytes nonce,
		      struct mls_bytes aad, struct mls_bytes in, uint8_t *out)
{
	return OR_FAIL(open(ctx, id, key, nonce, aad, in, out));
}

static uc_err on_kem_derive(void *ctx, uint16_t id, struct mls_bytes ikm, uint8_t *priv,
			    uint8_t *pub)
{
	return OR_FAIL(kem_derive(ctx, id, ikm, priv, pub));
}

static uc_err on_kem_check(void *ctx, uint16_t id, struct mls_bytes pub)
{
	return OR_FAIL(kem_check(ctx, id, pub));
}

static uc_err on_kem_encap(void *ctx, uint16_t id, const struct mls_random *random,
			   struct mls_bytes pub, uint8_t *secret, uint8_t *enc)
{
	return OR_FAIL(kem_encap(ctx, id, random, pub, secret, enc));
}

static uc_err on_kem_decap(void *ctx, uint16_t id, struct mls_bytes priv, struct mls_bytes pub,
			   struct mls_bytes enc, uint8_t *secret)
{
	return OR_FAIL(kem_decap(ctx, id, priv, pub, enc, secret));
}

static uc_err on_sign_generate(void *ctx, uint16_t id, const struct mls_random *random,
			       uint8_t *priv, size_t *priv_n, uint8_t *pub)
{
	return OR_FAIL(sign_generate(ctx, id, random, priv, priv_n, pub));
}

static uc_err on_sign_check(void *ctx, uint16_t id, struct mls_bytes pub)
{
	return OR_FAIL(sign_check(ctx, id, pub));
}

static uc_err on_sign(void *ctx, uint16_t id, const struct mls_random *random,
		      struct mls_bytes priv, struct mls_bytes pub, struct mls_bytes message,
		      uint8_t *signature, size_t *n)
{
	return OR_FAIL(sign(ctx, id, random, priv, pub, message, signature, n));
}

static uc_err on_verify(void *ctx, uint16_t id, struct mls_bytes pub, struct mls_bytes message,
			struct mls_bytes signature)
{
	return OR_FAIL(verify(ctx, id, pub, message, signature));
}

static bool is_crypto(uc_err err)
{
	return err == UC_E_CRYPTO;
}

static struct life life;

static void lives(const struct fault *f, bool private_handshakes)
{
	life.fault = f;
	life.c.wrapping.private_handshakes = private_handshakes;
	life_run(&life);
	club_end(&life.c);
}

static void back_end_fails(bool private_handshakes)
{
	static const struct fault fault = { count_to, counted, is_crypto, false };
	struct mls_crypto table = *mls_crypto_builtin();
	struct crypto crypto;
	table.hash = on_hash;
	table.hmac = on_hmac;
	table.seal = on_seal;
	table.open = on_open;
	table.kem_derive = on_kem_derive;
	table.kem_check = on_kem_check;
	table.kem_encap = on_kem_encap;
	table.kem_decap = on_kem_decap;
	table.sign_generate = on_sign_generate;
	table.sign_check = on_sign_check;
	table.sign = on_sign;
	table.verify = on_verify;
	expect_ok(crypto_init(&crypto, &table));
	club_begin(&life.c, crypto_suite(&crypto, SUITE_X25519_AES128));
	life.c.platform.crypto = &crypto;
	lives(&fault, private_handshakes);
	expect(life.failures > 1000);
}

TEST(a_back_end_that_fails_changes_nothing)
{
	back_end_fails(false);
}

TEST(nor_does_it_where_handshakes_are_private)
{
	back_end_fails(true);
}

/* --- randomness --- */

static uc_err fickle_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	return strikes() ? UC_E_RANDOM : env_random(test_env(), out, n);
}

static uint64_t now_ms(void *ctx)
{
	(void)ctx;
	return test_now_ms;
}

static bool is_random(uc_err err)
{
	return err == UC_E_RANDOM;
}

TEST(randomness_that_fails_changes_nothing)
{
	static const struct fault fault = { count_to, counted, is_random, false };
	const struct env env = { .random = fickle_random, .now_ms = now_ms };
	club_begin(&life.c, suite_find(SUITE_X25519_CHACHA));
	life.c.platform.env = &env;
	lives(&fault, false);
	expect(life.failures > 30);
}

/* --- memory --- */

static void heap_arm(struct life *l, size_t n)
{
	(void)l;
	heap_fail_at(n);
}

static bool heap_disarm(struct life *l, uc_err err)
{
	(void)l, (void)err;
	bool failed = heap_has_failed();
	heap_fail_at(0);
	return failed;
}

static bool is_memory(uc_err err)
{
	return err == UC_E_MEMORY;
}

static void memory_runs_out(bool private_handshakes)
{
	static const struct fault fault = { heap_arm, heap_disarm, is_memory, true };
	uint8_t hash[SHA256_BYTES];
	expect_ok(sha256(VIEW_LIT(""), hash)); /* what is kept per thread is there */
	size_t live = heap_live();
	club_begin(&life.c, suite_find(SUITE_X25519_AES128));
	lives(&fault, private_handshakes);
	expect(life.failures > 500);
	expect_eq(heap_live(), live);
}

TEST(memory_that_runs_out_changes_nothing)
{
	memory_runs_out(false);
}

TEST(nor_does_it_in_private)
{
	memory_runs_out(true);
}

/* --- the group's own limit --- */

enum { LIMIT_STEP = 200 };

static void limit_all(struct life *l, size_t more)
{
	for (size_t i = 0; i < CLUB_MAX; i++)
		if (l->c.people[i].g)
			l->c.people[i].g->memory.limit_bytes =
				more ? group_memory_bytes(l->c.people[i].g) + more
				     : GROUP_MEMORY_DEFAULT;
	if (l->c.server)
		l->c.server->memory.limit_bytes =
			more ? public_group_memory_bytes(l->c.server) + more : GROUP_MEMORY_DEFAULT;
	l->c.platform.memory_limit = more;
}

static void limit_arm(struct life *l, size_t n)
{
	limit_all(l, n * LIMIT_STEP);
}

static bool limit_disarm(struct life *l, uc_err err)
{
	limit_all(l, 0);
	return err == UC_E_LIMIT;
}

static bool is_limit(uc_err err)
{
	return err == UC_E_LIMIT;
}

TEST(a_group_that_may_not_hold_more_refuses_and_stays_as_it_is)
{
	static const struct fault fault = { limit_arm, limit_disarm, is_limit, true };
	club_begin(&life.c, suite_find(SUITE_X25519_AES128));
	lives(&fault, false);
	expect(life.failures > 500);
}
