/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"

#include "tests/unit/harness.h"

TEST(passphrases_make_keys)
{
	uint8_t salt[PASSPHRASE_SALT] = { 1 }, a[BOX_KEY], b[BOX_KEY];
	expect_ok(passphrase_key(VIEW_LIT("correct horse"), salt, a));
	expect_ok(passphrase_key(VIEW_LIT("correct horse"), salt, b));
	expect_bytes(VIEW_OF(a), VIEW_OF(b));
	salt[0] = 2;
	expect_ok(passphrase_key(VIEW_LIT("correct horse"), salt, b));
	expect(!view_equal(VIEW_OF(a), VIEW_OF(b)));
}
