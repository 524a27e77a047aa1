/* SPDX-License-Identifier: Apache-2.0 */
/* A keyed hash whose key can be changed without what was hashed. */
#include "crypto/crypto.h"
#include "tests/unit/harness.h"

TEST(a_hash_is_led_to_another_key_and_back)
{
	uint8_t first[POINT_HASH], second[POINT_HASH], move[POINT_HASH], back[POINT_HASH];
	uint8_t one[POINT_HASH], two[POINT_HASH], led[POINT_HASH];
	expect_ok(point_key_generate(test_env(), first));
	expect_ok(point_key_generate(test_env(), second));
	expect_ok(point_hash(first, VIEW_LIT("+4915123456789"), one));
	expect_ok(point_hash(second, VIEW_LIT("+4915123456789"), two));
	expect(!view_equal(VIEW_OF(one), VIEW_OF(two)));
	expect_ok(point_move_make(first, second, move));
	expect_ok(point_move_make(second, first, back));
	expect_ok(point_hash_move(move, one, led));
	expect_bytes(VIEW_OF(led), VIEW_OF(two));
	expect_ok(point_hash_move(back, led, led));
	expect_bytes(VIEW_OF(led), VIEW_OF(one));
	/* What leads there is neither key. */
	expect(!view_equal(VIEW_OF(move), VIEW_OF(first)) &&
	       !view_equal(VIEW_OF(move), VIEW_OF(second)));
}

TEST(it_depends_on_all_of_the_data_and_of_the_key)
{
	uint8_t key[POINT_HASH], one[POINT_HASH], other[POINT_HASH];
	expect_ok(point_key_generate(test_env(), key));
	expect_ok(point_hash(key, VIEW_LIT("rosa"), one));
	expect_ok(point_hash(key, VIEW_LIT("rosa"), other));
	expect_bytes(VIEW_OF(one), VIEW_OF(other));
	expect_ok(point_hash(key, VIEW_LIT("ros"), other));
	expect(!view_equal(VIEW_OF(one), VIEW_OF(other)));
	key[0] ^= 1;
	expect_ok(point_hash(key, VIEW_LIT("rosa"), other));
	expect(!view_equal(VIEW_OF(one), VIEW_OF(other)));
}

TEST(what_is_no_key_or_no_hash_is_refused)
{
	static const uint8_t zero[POINT_HASH];
	uint8_t key[POINT_HASH], out[POINT_HASH], no_point[POINT_HASH];
	memset(no_point, 0xff, sizeof no_point);
	expect_ok(point_key_generate(test_env(), key));
	expect_err(point_move_make(zero, key, out), UC_E_KEY);
	expect_err(point_move_make(key, zero, out), UC_E_KEY);
	expect_err(point_hash_move(key, no_point, out), UC_E_CORRUPT);
	/* The neutral element is no hash of anything. */
	expect_err(point_hash_move(key, zero, out), UC_E_CORRUPT);
	expect_err(point_hash(zero, VIEW_LIT("rosa"), out), UC_E_CRYPTO);
}
