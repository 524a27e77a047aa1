/* SPDX-License-Identifier: Apache-2.0 */
#include "store/key.h"
#include "tests/unit/harness.h"

static const struct {
	const char *p;
	size_t n;
} parts[] = {
	/* in order */
	{ "", 0 },     { "\0", 1 },   { "\0\0", 2 },     { "\0\x01", 2 }, { "\0\xff", 2 },
	{ "\x01", 1 }, { "a", 1 },    { "a\0", 2 },      { "a\0b", 3 },   { "a\x01", 2 },
	{ "ab", 2 },   { "\xff", 1 }, { "\xff\xff", 2 },
};
enum { N = sizeof parts / sizeof parts[0] };

static void make(struct store_key *k, size_t a, size_t b)
{
	store_key_start(k, 9);
	store_key_add(k, view_make(parts[a].p, parts[a].n));
	store_key_add(k, view_make(parts[b].p, parts[b].n));
	store_key_add_u64(k, a * 1000 + b);
}

TEST(order_is_the_tuples)
{
	struct store_key x, y;
	for (size_t i = 0; i < N * N; i++) {
		for (size_t j = 0; j < N * N; j++) {
			make(&x, i / N, i % N);
			make(&y, j / N, j % N);
			int order = view_compare(store_key_view(&x), store_key_view(&y));
			expect_eq((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
}

TEST(read_back)
{
	struct arena mem;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	for (size_t i = 0; i < N * N; i++) {
		struct store_key k;
		struct store_key_reader r;
		make(&k, i / N, i % N);
		expect_eq(store_key_read(&r, store_key_view(&k)), 9);
		expect_bytes(store_key_read_bytes(&r, &mem),
			     view_make(parts[i / N].p, parts[i / N].n));
		expect_bytes(store_key_read_bytes(&r, &mem),
			     view_make(parts[i % N].p, parts[i % N].n));
		expect_err(store_key_read_done(&r), UC_E_CORRUPT); /* not yet */
		expect_eq(store_key_read_u64(&r), i / N * 1000 + i % N);
		expect_ok(store_key_read_done(&r));
	}
	arena_done(&mem);
}

TEST(broken_keys)
{
	static const char *const broken[] = {
		"",           "09",         "0901", "090161",
		"09016100",   "0901610002", "0902", "090200000000000000",
		"0903610001",
	};
	struct arena mem;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct store_key_reader r;
		store_key_read(&r, test_hex(broken[i]));
		store_key_read_bytes(&r, &mem);
		expect_err(store_key_read_done(&r), UC_E_CORRUPT);
		store_key_read(&r, test_hex(broken[i]));
		store_key_read_u64(&r);
		expect_err(store_key_read_done(&r), UC_E_CORRUPT);
	}
	arena_done(&mem);
}

TEST(too_long)
{
	static uint8_t big[STORE_KEY_MAX];
	struct store_key k;
	store_key_start(&k, 1);
	store_key_add(&k, view_make(big, sizeof big / 2 - 1)); /* zeroes count twice */
	expect(k.failed);
	expect_eq(store_key_view(&k).n, SIZE_MAX);
	memset(big, 1, sizeof big);
	store_key_start(&k, 1);
	store_key_add(&k, view_make(big, sizeof big - 4));
	expect(!k.failed);
	expect_eq(store_key_view(&k).n, STORE_KEY_MAX);
	store_key_start(&k, 1);
	store_key_add(&k, view_make(big, sizeof big - 3));
	expect(k.failed);
}
