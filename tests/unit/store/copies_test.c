/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a store, and how one that was put back is known. */
#include "tests/unit/store/records.h"

/* The caller keeps the last life elsewhere. */
ENGINE_TEST(older_copies_are_known)
{
	use_arena();
	struct store *s = place_open(p);
	uint8_t was[STORE_INCARNATION_BYTES];
	memcpy(was, store_incarnation(s).p, sizeof was);
	expect_eq(store_life(s), 0);
	expect(!store_is_older(s));
	expect_ok(store_live(s, 5, 777));
	expect(!store_is_older(s));
	store_close(s);
	p->options.life = 5;
	s = place_open(p);
	expect_eq(store_life(s), 5);
	expect_eq(store_last_ms(s), 777);
	expect(!store_is_older(s));
	expect_bytes(store_incarnation(s), VIEW_OF(was));
	store_close(s);
	p->options.life = 7; /* it has lived on since, and this isn't it */
	s = place_open(p);
	expect(store_is_older(s));
	store_close(s);
	s = place_open(p);
	expect(store_is_older(s)); /* until it is renewed */
	expect_ok(store_renew(s, p->options.env));
	expect(!store_is_older(s));
	expect(!view_equal(store_incarnation(s), VIEW_OF(was)));
	store_close(s);
	s = place_open(p);
	expect(!store_is_older(s));
	expect_eq(store_life(s), 7);
	store_close(s);
}

TEST(checkpoint)
{
	use_arena();
	struct place p, copy;
	place_init(&p, ENGINE_ROCKSDB);
	place_init(&copy, ENGINE_ROCKSDB);
	struct store *s = place_open(&p);
	char path[100];
	snprintf(path, sizeof path, "%s/copy", copy.dir);
	put_one(s, key("a"), v("1"));
	append(s, v("log"), 1, "one");
	for (uint64_t i = 1; i <= 300; i++)
		append(s, v("large"), i, (const char *)large(i).p);
	expect_ok(store_checkpoint(s, path)); /* with what was not synced yet */
	put_one(s, key("a"), v("2"));
	append(s, v("log"), 2, "two");
	expect_ok(store_maintain(s));
	expect(store_checkpoint(s, path) != UC_OK); /* it is there */
	expect_value(s, key("a"), "2");
	expect(!store_is_older(s));
	copy.options.path = path;
	struct store *c = place_open(&copy);
	expect(store_is_older(c));
	expect_value(c, key("a"), "1");
	expect_bounds(c, v("log"), 1, 2);
	expect_last(c, v("large"), 300, "secret-large-300");
	expect_bytes(store_incarnation(c), store_incarnation(s));
	expect_ok(store_renew(c, copy.options.env));
	expect(!store_is_older(c));
	append(c, v("log"), 2, "another two");
	store_close(c);
	c = place_open(&copy);
	expect(!store_is_older(c));
	expect_last(c, v("log"), 2, "another two");
	store_close(c);
	expect_last(s, v("log"), 2, "two"); /* neither disturbs the other */
	store_close(s);
	place_done(&copy);
	place_done(&p);
}
