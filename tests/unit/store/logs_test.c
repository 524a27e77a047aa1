/* SPDX-License-Identifier: Apache-2.0 */
/* What every engine must do, and do alike: logs, and what is known of them in memory. */
#include "tests/unit/store/records.h"

ENGINE_TEST(logs)
{
	struct store *s = place_open(p);
	struct store_log_bounds bounds;
	struct store_batch b;
	expect_err(store_log_bounds(s, key("log"), &bounds), UC_E_NOT_FOUND);
	expect_log(s, key("log"), 1, 0, 0, "");
	start(&b);
	store_log_append(&b, key("log"), 1, v("one"));
	store_log_append(&b, key("log"), 2, v("two"));
	store_log_append(&b, key("other"), 1, v("x"));
	store_put(&b, key("log"), v("a record of that name"));
	expect_ok(finish(s, &b));
	expect_bounds(s, key("log"), 1, 3);
	start(&b);
	store_log_append(&b, key("log"), 3, v("three"));
	store_log_append(&b, key("log"), 5, v("five"));
	expect_err(store_commit(s, &b), UC_E_CONFLICT);
	expect_eq(b.conflict, 1);
	store_batch_done(&b);
	start(&b);
	store_log_append(&b, key("log"), 2, v("again"));
	expect_err(finish(s, &b), UC_E_CONFLICT);
	start(&b);
	store_log_append(&b, key("new"), 2, v("x"));
	expect_err(finish(s, &b), UC_E_CONFLICT);
	start(&b);
	for (uint64_t i = 3; i <= 5; i++)
		store_log_append(&b, key("log"), i, v("x"));
	expect_ok(finish(s, &b));
	expect_log(s, key("log"), 0, 0, 0, "1=one 2=two 3=x 4=x 5=x ");
	expect_log(s, key("log"), 2, 2, 0, "2=two 3=x ");
	expect_log(s, key("log"), 1, 0, 6, "1=one 2=two ");
	expect_log(s, key("log"), 1, 0, 1, "1=one ");
	expect_log(s, key("log"), 6, 0, 0, "");
	expect_log(s, key("log"), UINT64_MAX, 0, 0, "");
	store_close(s);
}

ENGINE_TEST(log_trim_start_delete)
{
	struct store *s = place_open(p);
	struct store_log_bounds bounds;
	struct store_batch b;
	start(&b);
	store_log_start(&b, key("log"), 57);
	store_log_append(&b, key("log"), 57, v("a"));
	store_log_append(&b, key("log"), 58, v("b"));
	store_log_append(&b, key("log"), 59, v("c"));
	store_log_trim(&b, key("log"), 58);
	expect_ok(finish(s, &b));
	expect_bounds(s, key("log"), 58, 60);
	expect_log(s, key("log"), 1, 0, 0, "58=b 59=c ");
	start(&b);
	store_log_start(&b, key("log"), 60);
	expect_err(finish(s, &b), UC_E_CONFLICT);
	start(&b);
	store_log_trim(&b, key("log"), 3);
	store_log_trim(&b, key("log"), 1000);
	store_log_trim(&b, key("nothing"), 1000);
	store_log_delete(&b, key("nothing"));
	expect_ok(finish(s, &b));
	expect_bounds(s, key("log"), 60, 60);
	expect_log(s, key("log"), 1, 0, 0, "");
	for (uint64_t i = 60; i < 360; i++) {
		start(&b);
		store_log_append(&b, key("log"), i, v("."));
		expect_ok(finish(s, &b));
	}
	start(&b);
	store_log_trim(&b, key("log"), 358);
	expect_ok(finish(s, &b));
	expect_log(s, key("log"), 1, 0, 0, "358=. 359=. ");
	start(&b);
	store_log_delete(&b, key("log"));
	store_log_append(&b, key("log"), 1, v("new"));
	expect_ok(finish(s, &b));
	expect_bounds(s, key("log"), 1, 2);
	expect_log(s, key("log"), 1, 0, 0, "1=new ");
	start(&b);
	store_log_delete(&b, key("log"));
	expect_ok(finish(s, &b));
	expect_err(store_log_bounds(s, key("log"), &bounds), UC_E_NOT_FOUND);
	store_close(s);
}

/* What a store that was opened anew knows of its logs is in their entries. */
ENGINE_TEST(log_heads_are_found_again)
{
	use_arena();
	struct view have;
	uint64_t seq;
	struct store *s = place_open(p);
	struct store_batch b;
	expect_err(store_log_last(s, v("log"), &mem, &seq, &have), UC_E_NOT_FOUND);
	for (uint64_t i = 1; i <= 200; i++)
		append(s, v("log"), i, i == 200 ? "last" : "x");
	append(s, v("log\xff"), 1, "its neighbour");
	start(&b);
	store_log_start(&b, key("started"), 9);
	expect_ok(finish(s, &b));
	expect_last(s, v("log"), 200, "last");
	expect_ok(store_sync(s));
	store_close(s);

	s = place_open(p);
	expect_bounds(s, v("log"), 1, 201);
	expect_last(s, v("log"), 200, "last");
	expect_err(store_log_last(s, key("started"), &mem, &seq, &have), UC_E_NOT_FOUND);
	start(&b);
	store_log_append(&b, key("started"), 9, v("nine"));
	store_log_append(&b, key("started"), 11, v("eleven"));
	expect_err(finish(s, &b), UC_E_CONFLICT);
	expect_bounds(s, key("started"), 9, 9); /* the conflict left nothing behind */
	append(s, key("started"), 9, "nine");
	append(s, v("log"), 201, "more");
	store_batch_init(&b, v(""));
	store_log_trim(&b, v("log"), 202);
	expect_ok(finish(s, &b));
	expect_err(store_log_last(s, v("log"), &mem, &seq, &have), UC_E_NOT_FOUND);
	store_close(s);

	s = place_open(p);
	expect_bounds(s, v("log"), 202, 202);
	expect_bounds(s, key("started"), 9, 10);
	append(s, v("log"), 202, "again");
	expect_last(s, v("log"), 202, "again");
	store_close(s);
}

/* An older copy put back: the log keeps its incarnation until somebody appends. */
ENGINE_TEST(log_heads_carry_the_incarnation)
{
	struct store_log_bounds bounds = { 0 };
	uint8_t was[STORE_INCARNATION_BYTES];
	struct store *s = place_open(p);
	memcpy(was, store_incarnation(s).p, sizeof was);
	append(s, v("log"), 1, "one");
	append(s, v("other"), 1, "one");
	expect_ok(store_renew(s, p->options.env));
	append(s, v("log"), 2, "two");
	for (int round = 0; round < 2; round++) {
		expect_bounds(s, v("log"), 1, 3);
		expect_ok(store_log_bounds(s, v("other"), &bounds));
		expect_eq(bounds.next, 2);
		expect_bytes(VIEW_OF(bounds.incarnation), VIEW_OF(was));
		store_close(s);
		s = place_open(p);
	}
	store_close(s);
}

/* More logs than heads are kept of. */
TEST(more_logs_than_heads)
{
	enum { LOGS = 140000 };
	struct place p;
	place_init(&p, ENGINE_MEMORY);
	p.options.check_shards = false;
	struct store *s = place_open(&p);
	for (uint64_t round = 1; round <= 2; round++) {
		for (uint32_t i = 0; i < LOGS; i++)
			append(s, view_make(&i, sizeof i), round, "x");
	}
	for (uint32_t i = 0; i < LOGS; i += 999)
		expect_bounds(s, view_make(&i, sizeof i), 1, 3);
	store_close(s);
	place_done(&p);
}
