/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"

#include "tests/unit/harness.h"

#include <pthread.h>

static const uint8_t key[AEAD_KEY_MAX] = { 1, 2, 3 }, nonce[AEAD_NONCE_MAX] = { 4 };

static void *work(void *arg)
{
	const struct suite *s = suite_at(0);
	uint8_t ct[48], out[32], hash[HASH_MAX];
	for (int i = 0; i < 200; i++) {
		expect_ok(suite_seal(s, view_make(key, s->nk), VIEW_OF(nonce), VIEW_LIT(""),
				     view_make(key, 32), ct));
		expect_ok(suite_open(s, view_make(key, s->nk), VIEW_OF(nonce), VIEW_LIT(""),
				     VIEW_OF(ct), out));
		expect_ok(suite_mac(s, VIEW_OF(key), VIEW_OF(ct), hash));
		expect_bytes(VIEW_OF(out), VIEW_OF(key));
	}
	return arg;
}

enum { SUITES = 7 };
struct keys {
	struct kem_key kem;
	struct sign_key sign;
};

/* The harness's dice are for one thread. */
static uc_err count(void *ctx, uint8_t *out, size_t n)
{
	uint8_t *next = ctx;
	memset(out, ++*next, n);
	return UC_OK;
}

/* Each thread's contexts of each suite, made while the others make and use theirs. */
static void *work_with_keys(void *arg)
{
	const struct keys *keys = arg;
	uint8_t next = 0;
	const struct env env = { .ctx = &next, .random = count };
	struct arena a;
	arena_init(&a, 1 << 16, ARENA_SECRET);
	for (size_t i = 0; suite_at(i); i++) {
		const struct suite *s = suite_at(i);
		const struct kem_key *k = &keys[i].kem;
		struct view pub = sign_public(&keys[i].sign), sig, enc, ct, pt;
		struct view text = VIEW_LIT("text"), none = VIEW_LIT("");
		expect_ok(sign_with_label(s, &keys[i].sign, &env, "A", text, &a, &sig));
		expect_ok(verify_with_label(s, pub, "A", text, sig));
		expect_err(verify_with_label(s, pub, "B", text, sig), UC_E_SIGNATURE);
		expect_ok(
			encrypt_with_label(s, &env, kem_public(k), "L", none, text, &a, &enc, &ct));
		expect_ok(decrypt_with_label(s, k, "L", none, enc, ct, &a, &pt));
		expect_bytes(pt, text);
	}
	arena_done(&a);
	return NULL;
}

static void in_threads(void *(*run)(void *), void *arg)
{
	pthread_t t[4];
	for (size_t i = 0; i < 4; i++)
		expect(!pthread_create(&t[i], NULL, run, arg));
	for (size_t i = 0; i < 4; i++)
		expect(!pthread_join(t[i], NULL));
}

TEST(threads_do_not_disturb_each_other)
{
	in_threads(work, NULL);
}

TEST(nor_do_their_keys)
{
	struct keys keys[SUITES];
	for (size_t i = 0; suite_at(i) && i < SUITES; i++) {
		expect_ok(kem_key_generate(suite_at(i), test_env(), &keys[i].kem));
		expect_ok(sign_key_generate(suite_at(i), test_env(), &keys[i].sign));
	}
	in_threads(work_with_keys, keys);
}
