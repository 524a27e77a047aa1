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

TEST(threads_do_not_disturb_each_other)
{
	pthread_t t[4];
	for (size_t i = 0; i < 4; i++)
		expect(!pthread_create(&t[i], NULL, work, NULL));
	for (size_t i = 0; i < 4; i++)
		expect(!pthread_join(t[i], NULL));
}
