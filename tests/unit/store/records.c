/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store/records.h"

struct arena mem;

struct view v(const char *s)
{
	return view_str(s);
}

/* Key in table 1 of shard "s". */
struct view key(const char *name)
{
	static struct store_key k[4];
	static int turn;
	struct store_key *at = &k[turn++ % 4];
	store_key_start(at, 1);
	store_key_add(at, v("s"));
	store_key_add(at, v(name));
	return store_key_view(at);
}

void start(struct store_batch *b)
{
	store_batch_init(b, v("s"));
}

uc_err finish(struct store *s, struct store_batch *b)
{
	uc_err err = store_commit(s, b);
	store_batch_done(b);
	return err;
}

void put_one(struct store *s, struct view k, struct view value)
{
	struct store_batch b;
	store_batch_init(&b, (struct view){ 0 });
	store_put(&b, k, value);
	expect_ok(finish(s, &b));
}

void expect_value(struct store *s, struct view k, const char *want)
{
	struct view have = { 0 };
	bool there = false;
	uc_err err = store_get(s, k, &mem, &have);
	expect_ok(store_has(s, k, &there));
	expect_eq(there, want != NULL);
	if (want) {
		expect_ok(err);
		expect_bytes(have, v(want));
	} else {
		expect_err(err, UC_E_NOT_FOUND);
	}
}

void use_arena(void)
{
	arena_done(&mem);
	arena_init(&mem, 256 << 20, ARENA_PLAIN);
}

void expect_log(struct store *s, struct view log, uint64_t from, size_t count, size_t bytes,
		const char *want)
{
	struct store_log_scan it;
	struct view value;
	uint64_t seq;
	char have[256] = "";
	expect_ok(store_log_scan_init(&it, s, log, from, count, bytes));
	while (store_log_scan_next(&it, &seq, &value))
		snprintf(have + strlen(have), sizeof have - strlen(have), "%" PRIu64 "=%.*s ", seq,
			 (int)value.n, (const char *)value.p);
	expect_ok(it.scan.failed);
	store_log_scan_done(&it);
	expect_bytes(v(have), v(want));
}

void expect_bounds(struct store *s, struct view log, uint64_t first, uint64_t next)
{
	struct store_log_bounds b = { 0 };
	expect_ok(store_log_bounds(s, log, &b));
	expect_eq(b.first, first);
	expect_eq(b.next, next);
	expect_bytes(VIEW_OF(b.incarnation), store_incarnation(s));
}

void append(struct store *s, struct view log, uint64_t seq, const char *bytes)
{
	struct store_batch b;
	store_batch_init(&b, v(""));
	store_log_append(&b, log, seq, v(bytes));
	expect_ok(finish(s, &b));
}

void expect_last(struct store *s, struct view log, uint64_t seq, const char *bytes)
{
	struct view have = { 0 };
	uint64_t n = 0;
	expect_ok(store_log_last(s, log, &mem, &n, &have));
	expect_eq(n, seq);
	expect_bytes(have, v(bytes));
}

/* As large as a message: such values lie in files of their own. */
struct view large(uint64_t i)
{
	static uint8_t bytes[1500];
	snprintf((char *)bytes, sizeof bytes, "secret-large-%03d", (int)i);
	return VIEW_OF(bytes);
}
