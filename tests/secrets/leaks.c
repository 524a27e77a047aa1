/* SPDX-License-Identifier: Apache-2.0 */
/* What scripts/check-secrets has to find: each of these lets something depend on a secret, each in its
 * own way.  Without it, or by a comparison in constant time, nothing is to be found. */
#include "crypto/crypto.h"

#include "tests/unit/harness.h"

static struct sign_key key;
static struct kem_key kem;

static void keys(void)
{
	expect_ok(sign_key_generate(suite_at(0), test_env(), &key));
	expect_ok(kem_key_generate(suite_at(0), test_env(), &kem));
}

static volatile int sink;
static const uint8_t table[256] = { 1, 2, 3 };

TEST(branch)
{
	keys();
	if (key.priv.b[0] & 1)
		sink = 1;
}

TEST(index)
{
	keys();
	sink = table[kem.priv.b[3]];
}

TEST(comparison)
{
	keys();
	sink = view_equal(secret_view(&key.priv), secret_view(&kem.priv));
	if (sink)
		sink = 2;
}

TEST(derived)
{
	struct secret derived;
	keys();
	expect_ok(derive_secret(suite_at(0), secret_view(&kem.priv), "label", &derived));
	if (derived.b[5] > 7)
		sink = 1;
}

TEST(nothing)
{
	struct secret derived;
	keys();
	expect_ok(derive_secret(suite_at(0), secret_view(&kem.priv), "label", &derived));
	expect(!secret_equal(&derived, &kem.priv));
	expect(kem.pub[0] != kem.pub[1] || kem.pub[1] != kem.pub[2]);
}
