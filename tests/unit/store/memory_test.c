/* SPDX-License-Identifier: Apache-2.0 */
/* What the memory engine has besides: crashes, full and rotten places, copies. */
#include "tests/unit/store/records.h"

TEST(memory_copy)
{
	use_arena();
	struct place p, copy;
	place_init(&p, ENGINE_MEMORY);
	place_init(&copy, ENGINE_MEMORY);
	struct store *s = place_open(&p);
	put_one(s, key("a"), v("1"));
	expect_err(store_checkpoint(s, "/tmp/nowhere"), UC_E_UNSUPPORTED);
	expect_ok(store_sync(s));
	put_one(s, key("a"), v("2"));
	store_memory_free(copy.memory);
	copy.options.memory = copy.memory = store_memory_copy(p.memory);
	struct store *c = place_open(&copy);
	expect_value(c, key("a"), "1");
	put_one(c, key("a"), v("3"));
	expect_value(s, key("a"), "2");
	store_close(c);
	store_close(s);
	place_done(&copy);
	place_done(&p);
}

TEST(memory_crash)
{
	use_arena();
	struct place p;
	place_init(&p, ENGINE_MEMORY);
	for (size_t keep = 0; keep <= 3; keep++) {
		struct store *s = place_open(&p);
		put_one(s, key("a"), v("synced"));
		expect_ok(store_sync(s));
		put_one(s, key("a"), v("1"));
		put_one(s, key("a"), v("2"));
		expect_eq(store_memory_unsynced(p.memory), 2);
		store_close(s);
		store_memory_crash(p.memory, keep);
		s = place_open(&p);
		expect_value(s, key("a"), keep == 0 ? "synced" : keep == 1 ? "1" : "2");
		store_close(s);
	}
	place_done(&p);
}

TEST(memory_full)
{
	use_arena();
	struct place p;
	place_init(&p, ENGINE_MEMORY);
	struct store *s = place_open(&p);
	struct store_batch b;
	put_one(s, key("a"), v("1"));
	expect_ok(store_sync(s));
	store_memory_set_capacity(p.memory, 1);
	start(&b);
	store_put(&b, key("b"), v("2"));
	expect_err(store_commit(s, &b), UC_E_FULL);
	store_memory_set_capacity(p.memory, 0);
	expect_err(store_commit(s, &b), UC_E_FULL); /* until it is opened again */
	expect_err(store_sync(s), UC_E_FULL);
	expect_value(s, key("a"), "1");
	expect_value(s, key("b"), NULL);
	store_close(s);
	s = place_open(&p);
	expect_ok(finish(s, &b));
	store_close(s);
	place_done(&p);
}

TEST(memory_put_back)
{
	use_arena();
	struct place p;
	place_init(&p, ENGINE_MEMORY);
	struct store *s = place_open(&p);
	expect(!store_memory_put_back(p.memory)); /* nothing is kept yet */
	put_one(s, key("a"), v("1"));
	expect_ok(store_sync(s));
	put_one(s, key("c"), v("3")); /* not durable: not in the copy */
	store_memory_keep(p.memory);
	put_one(s, key("a"), v("2"));
	put_one(s, key("b"), v("2"));
	expect_ok(store_sync(s));
	store_close(s);
	expect(store_memory_put_back(p.memory));
	s = place_open(&p);
	expect_value(s, key("a"), "1");
	expect_value(s, key("b"), NULL);
	expect_value(s, key("c"), NULL);
	store_close(s);
	place_done(&p);
}

TEST(memory_rot)
{
	use_arena();
	struct place p;
	struct store_scan scan;
	struct view k, value, out;
	size_t rotten = 0, seen = 0;
	place_init(&p, ENGINE_MEMORY);
	struct store *s = place_open(&p);
	put_one(s, key("a"), v("1"));
	put_one(s, key("b"), v("2"));
	expect_ok(store_sync(s));
	expect(!store_memory_rot(p.memory, store_memory_records(p.memory)));
	/* One place after another: each record is refused by name and by scan, never served. */
	for (size_t i = 0; i < store_memory_records(p.memory); i++) {
		expect(store_memory_rot(p.memory, i));
		uc_err err = store_get(s, key("a"), &mem, &out);
		rotten += err == UC_E_CORRUPT;
		expect(!err || err == UC_E_CORRUPT);
	}
	expect(rotten == 1);
	store_memory_heal(p.memory);
	expect_value(s, key("a"), "1");
	for (size_t i = 0; i < store_memory_records(p.memory); i++) {
		expect(store_memory_rot(p.memory, i));
		expect_ok(store_scan_init(&scan, s, (struct view){ NULL, 0 },
					  (struct view){ NULL, 0 }, 0));
		while (store_scan_next(&scan, &k, &value))
			continue;
		seen += scan.failed == UC_E_CORRUPT;
		store_scan_done(&scan);
	}
	expect(seen == 2); /* of the two records; other places are not in the scan */
	store_close(s);
	place_done(&p);
}
