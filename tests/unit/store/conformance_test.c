/* SPDX-License-Identifier: Apache-2.0 */
/* What every engine must do, and do alike: records, batches, scans, opening, failing, forgetting. */
#include "tests/unit/store/records.h"

ENGINE_TEST(put_get_delete)
{
	use_arena();
	struct store *s = place_open(p);
	struct store_batch b;
	expect_value(s, key("a"), NULL);
	start(&b);
	store_put(&b, key("a"), v("1"));
	store_put(&b, key("b"), v(""));
	store_put(&b, key("a"), v("2"));
	expect_ok(finish(s, &b));
	expect_value(s, key("a"), "2");
	expect_value(s, key("b"), "");
	start(&b);
	store_delete(&b, key("a"));
	store_delete(&b, key("never"));
	expect_ok(finish(s, &b));
	expect_value(s, key("a"), NULL);
	start(&b);
	expect_ok(finish(s, &b)); /* an empty batch */
	store_close(s);
}

/* Nothing is read between these, so that an engine which gathers has them all at once. */
ENGINE_TEST(one_after_the_other)
{
	use_arena();
	struct store *s = place_open(p);
	struct store_batch b;
	for (uint64_t i = 1; i <= 100; i++)
		append(s, key("log"), i, "old");
	put_one(s, key("b"), v("1"));
	put_one(s, key("a"), v("1"));
	start(&b);
	store_log_delete(&b, key("log")); /* many: a range */
	store_put(&b, key("b"), v("2"));
	store_delete(&b, key("a"));
	expect_ok(finish(s, &b));
	char lent[] = "new";
	start(&b);
	store_log_append_lent(&b, key("log"), 1, v(lent));
	expect_ok(finish(s, &b));
	memset(lent, '-', 3); /* until the commit, and no longer */
	put_one(s, key("c"), v("longer than it was"));
	put_one(s, key("c"), v(""));
	put_one(s, key("a"), v("3"));
	start(&b);
	store_delete(&b, key("b"));
	expect_ok(finish(s, &b));
	for (int i = 0; i < 2; i++) {
		expect_ok(store_sync(s));
		expect_log(s, key("log"), 1, 0, 0, "1=new ");
		expect_value(s, key("a"), "3");
		expect_value(s, key("b"), NULL);
		expect_value(s, key("c"), "");
		store_close(s);
		s = place_open(p);
	}
	store_close(s);
}

ENGINE_TEST(preconditions)
{
	use_arena();
	struct store *s = place_open(p);
	struct store_batch b;
	start(&b);
	store_put_if_absent(&b, key("a"), v("1"));
	store_expect(&b, key("a"), v("1")); /* sees the batch itself */
	expect_ok(finish(s, &b));

	start(&b);
	store_put(&b, key("b"), v("x"));
	store_put_if_absent(&b, key("a"), v("2"));
	expect_err(store_commit(s, &b), UC_E_CONFLICT);
	expect_eq(b.conflict, 1);
	store_batch_done(&b);
	expect_value(s, key("a"), "1");
	expect_value(s, key("b"), NULL); /* nothing of it happened */

	start(&b);
	store_expect(&b, key("a"), v("1"));
	store_expect_absent(&b, key("b"));
	store_put(&b, key("a"), v("3"));
	store_delete(&b, key("a"));
	store_expect_absent(&b, key("a"));
	store_put_if_absent(&b, key("a"), v("4"));
	expect_ok(finish(s, &b));
	expect_value(s, key("a"), "4");

	static const char *const wrong[] = { "", "3", "44" };
	for (size_t i = 0; i < 3; i++) {
		start(&b);
		store_expect(&b, key("a"), v(wrong[i]));
		expect_err(finish(s, &b), UC_E_CONFLICT);
	}
	start(&b);
	store_expect(&b, key("none"), v(""));
	expect_err(finish(s, &b), UC_E_CONFLICT);
	start(&b);
	store_expect_absent(&b, key("a"));
	expect_err(finish(s, &b), UC_E_CONFLICT);
	store_close(s);
}

ENGINE_TEST(shards)
{
	use_arena();
	struct store *s = place_open(p);
	struct store_batch b;
	struct store_key other;
	store_key_start(&other, 1);
	store_key_add(&other, v("s2"));
	store_key_add(&other, v("a"));
	start(&b);
	store_put(&b, key("a"), v("1"));
	store_put(&b, store_key_view(&other), v("1"));
	expect_err(finish(s, &b), UC_E_ARGUMENT);
	expect_value(s, key("a"), NULL);
	start(&b);
	store_log_append(&b, store_key_view(&other), 1, v("1"));
	expect_err(finish(s, &b), UC_E_ARGUMENT);
	store_close(s);
}

static void expect_scan(struct store *s, struct view prefix, struct view from, size_t limit,
			const char *want)
{
	struct store_scan it;
	struct view k, value;
	char have[256] = "";
	expect_ok(store_scan_init(&it, s, prefix, from, limit));
	while (store_scan_next(&it, &k, &value))
		snprintf(have + strlen(have), sizeof have - strlen(have), "%.*s ", (int)value.n,
			 (const char *)value.p);
	expect_ok(it.failed);
	expect(!store_scan_next(&it, &k, &value));
	store_scan_done(&it);
	expect_bytes(v(have), v(want));
}

ENGINE_TEST(scans)
{
	struct store *s = place_open(p);
	static const struct {
		const char *k;
		size_t n;
		const char *value;
	} rows[] = {
		{ "", 0, "empty" },        { "\0", 1, "zero" },   { "a", 1, "a" },
		{ "a\0", 2, "a0" },        { "a\xff", 2, "aff" }, { "a\xff\xff", 3, "affff" },
		{ "b", 1, "b" },           { "\x80", 1, "80" },   { "\xff", 1, "ff" },
		{ "\xff\xff", 2, "ffff" },
	};
	for (size_t i = 10; i-- > 0;)
		put_one(s, view_make(rows[i].k, rows[i].n), v(rows[i].value));
	expect_scan(s, v(""), v(""), 0, "empty zero a a0 aff affff b 80 ff ffff ");
	expect_scan(s, v(""), v(""), 3, "empty zero a ");
	expect_scan(s, v("a"), v(""), 0, "a a0 aff affff ");
	expect_scan(s, v("a"), v("a\xff"), 0, "aff affff ");
	expect_scan(s, v("a"), v("a\xff"), 1, "aff ");
	expect_scan(s, v("a"), v("A"), 0, "a a0 aff affff ");
	expect_scan(s, v("a"), v("b"), 0, "");
	expect_scan(s, v("a"), v("\xff\xff\xff"), 0, "");
	expect_scan(s, v("\xff"), v(""), 0, "ff ffff ");
	expect_scan(s, v("c"), v(""), 0, "");
	expect_scan(s, v(""), v("b"), 0, "b 80 ff ffff ");
	struct store_batch b;
	store_batch_init(&b, v(""));
	store_delete_prefix(&b, v("\xff"));
	store_delete_prefix(&b, v("a"));
	store_put(&b, v("a\x01"), v("a1"));
	expect_ok(finish(s, &b));
	expect_scan(s, v(""), v(""), 0, "empty zero a1 b 80 ");
	store_batch_init(&b, v(""));
	store_put(&b, v("zz"), v("zz"));
	store_delete_prefix(&b, v(""));
	store_put(&b, v("k"), v("k"));
	expect_ok(finish(s, &b));
	expect_scan(s, v(""), v(""), 0, "k ");
	store_close(s);
}

ENGINE_TEST(scan_sees_its_beginning)
{
	struct store *s = place_open(p);
	for (int i = 0; i < 10; i++)
		put_one(s, key((char[]){ (char)('a' + i), 0 }), v("x"));
	struct store_scan it;
	struct view k, value;
	size_t n = 0;
	expect_ok(store_scan_init(&it, s, v(""), v(""), 0));
	while (store_scan_next(&it, &k, &value)) {
		expect_bytes(value, v("x"));
		if (n++ != 2)
			continue;
		struct store_batch b;
		start(&b);
		store_put(&b, key("j"), v("y"));
		store_put(&b, key("zzz"), v("y"));
		store_delete(&b, key("e"));
		expect_ok(finish(s, &b));
		expect_ok(store_sync(s));
	}
	expect_eq(n, 10);
	store_scan_done(&it);
	expect_scan(s, key("e"), v(""), 0, "");
	expect_scan(s, key("j"), v(""), 0, "y ");
	store_close(s);
}

ENGINE_TEST(many_deleted_by_prefix)
{
	use_arena();
	struct store *s = place_open(p);
	struct store_batch b;
	start(&b);
	for (int i = 0; i < 200; i++) {
		char name[8];
		snprintf(name, sizeof name, "p%03d", i);
		store_put(&b, key(name), v("x"));
	}
	expect_ok(finish(s, &b));
	struct store_key prefix;
	store_key_start(&prefix, 1);
	store_key_add(&prefix, v("s"));
	start(&b);
	store_put(&b, key("q"), v("before"));
	store_delete_prefix(&b, store_key_view(&prefix));
	store_expect_absent(&b, key("p007"));
	store_expect_absent(&b, key("q"));
	store_put(&b, key("p008"), v("again"));
	expect_ok(finish(s, &b));
	expect_scan(s, v(""), v(""), 0, "again ");
	store_close(s);
}

ENGINE_TEST(sizes)
{
	use_arena();
	struct store *s = place_open(p);
	struct store_batch b;
	uint8_t *big = calloc(1, STORE_VALUE_MAX + 1);
	if (!big)
		return;
	big[STORE_VALUE_MAX - 1] = 7;
	start(&b);
	store_put(&b, key("big"), view_make(big, STORE_VALUE_MAX));
	expect_ok(finish(s, &b));
	struct view have = { 0 };
	expect_ok(store_get(s, key("big"), &mem, &have));
	expect(view_equal(have, view_make(big, STORE_VALUE_MAX)));
	start(&b);
	store_put(&b, key("big"), view_make(big, STORE_VALUE_MAX + 1));
	store_put(&b, key("ok"), v("x"));
	expect_err(finish(s, &b), UC_E_TOO_LARGE);
	expect_value(s, key("ok"), NULL);
	store_batch_init(&b, v(""));
	store_put(&b, view_make(big, STORE_KEY_MAX), v("x"));
	expect_ok(finish(s, &b));
	expect_value(s, view_make(big, STORE_KEY_MAX), "x");
	store_batch_init(&b, v(""));
	store_put(&b, view_make(big, STORE_KEY_MAX + 1), v("x"));
	expect_err(finish(s, &b), UC_E_TOO_LARGE);
	expect_err(store_get(s, view_make(big, STORE_KEY_MAX + 1), &mem, &have), UC_E_TOO_LARGE);
	struct arena small;
	arena_init(&small, 4096, ARENA_PLAIN);
	expect_err(store_get(s, key("big"), &small, &have), UC_E_LIMIT);
	arena_done(&small);
	free(big);
	store_close(s);
}

ENGINE_TEST(reopened)
{
	use_arena();
	struct store *s = place_open(p);
	struct store *second = NULL;
	uint8_t incarnation[STORE_INCARNATION_BYTES];
	memcpy(incarnation, store_incarnation(s).p, sizeof incarnation);
	put_one(s, key("a"), v("1"));
	expect_err(store_open(&p->options, &second), UC_E_LOCKED);
	expect_ok(store_sync(s));
	store_close(s);
	s = place_open(p);
	expect_value(s, key("a"), "1");
	expect_bytes(store_incarnation(s), VIEW_OF(incarnation));
	expect_ok(store_renew(s, p->options.env));
	expect(!view_equal(store_incarnation(s), VIEW_OF(incarnation)));
	memcpy(incarnation, store_incarnation(s).p, sizeof incarnation);
	store_close(s);
	s = place_open(p);
	expect_bytes(store_incarnation(s), VIEW_OF(incarnation));
	store_close(s);
}

static uc_err upgrade_runs(struct store *s, const struct env *env)
{
	(void)env;
	struct store_batch b;
	store_batch_init(&b, v(""));
	store_put(&b, key("upgraded"), v("yes"));
	return finish(s, &b);
}

ENGINE_TEST(refuses_others)
{
	use_arena();
	store_close(place_open(p));
	struct store *s = NULL;
	struct store_options o = p->options;
	o.domain = v("lens.example");
	expect_err(store_open(&o, &s), UC_E_CONFIG);
	o = p->options;
	o.kind = v("accounts");
	expect_err(store_open(&o, &s), UC_E_CONFIG);
	o = p->options;
	o.schema = 2;
	expect_err(store_open(&o, &s), UC_E_VERSION); /* no upgrade known */
	static const struct store_upgrade upgrades[] = { { 1, upgrade_runs }, { 0, NULL } };
	o.upgrades = upgrades;
	expect_ok(store_open(&o, &s));
	expect_value(s, key("upgraded"), "yes");
	store_close(s);
	expect_err(store_open(&p->options, &s), UC_E_VERSION); /* newer than we */
}

struct striker {
	int countdown;
	enum store_point point;
};

static uc_err strike(void *ctx, enum store_point point)
{
	struct striker *k = ctx;
	return point == k->point && k->countdown-- == 0 ? UC_E_STORE : UC_OK;
}

ENGINE_TEST(faults)
{
	use_arena();
	for (int point = STORE_WRITE; point <= STORE_SYNCED; point++) {
		store_close(place_open(p));
		struct striker k = { 1, (enum store_point)point };
		struct store_options o = p->options;
		o.faults = (struct store_faults){ .ctx = &k, .strike = strike };
		struct store *s = NULL;
		expect_ok(store_open(&o, &s));
		uc_err err = UC_OK;
		int i = 0;
		for (; i < 4 && !err; i++) {
			struct store_batch b;
			start(&b);
			store_put(&b, key("n"), v((char[]){ (char)('0' + i), 0 }));
			err = finish(s, &b);
			if (!err)
				err = store_sync(s);
		}
		expect_err(err, UC_E_STORE);
		expect_eq(i, 2);
		expect_err(store_sync(s), UC_E_STORE);
		bool there;
		expect_err(store_has(s, key("n"), &there), UC_E_STORE);
		store_close(s);
		s = place_open(p);
		expect_value(s, key("n"), point == STORE_WRITE ? "0" : "1");
		store_close(s);
	}
}

ENGINE_TEST(deleted_leaves_the_files)
{
	use_arena();
	struct store *s = place_open(p);
	struct store_batch b;
	/* Files store only what differs from the key before: hence the number comes first. */
	for (uint64_t i = 1; i <= 300; i++) {
		char name[32], text[64];
		snprintf(name, sizeof name, "%03d-secret-key", (int)i);
		snprintf(text, sizeof text, "secret-value-%03d", (int)i);
		start(&b);
		store_put(&b, key(name), v(text));
		store_put(&b, key("overwritten"), v(text));
		store_log_append(&b, key("log-secret"), i, v(text));
		store_log_append(&b, key("log-of-large-ones"), i, large(i));
		expect_ok(finish(s, &b));
		if (i % 100 == 0)
			expect_ok(store_sync(s));
	}
	put_one(s, key("kept-key"), v("kept-value"));
	expect_ok(store_sync(s));
	expect_ok(store_maintain(s));
	expect(p->engine == ENGINE_MEMORY || place_contains(p, v("-secret-key")));
	expect(p->engine == ENGINE_MEMORY || place_contains(p, v("secret-value-007")));
	expect(p->engine == ENGINE_MEMORY || place_contains(p, v("secret-large-007")));
	start(&b);
	for (int i = 1; i <= 300; i++) {
		char name[32];
		snprintf(name, sizeof name, "%03d-secret-key", i);
		store_delete(&b, key(name));
	}
	store_put(&b, key("overwritten"), v("x"));
	store_log_delete(&b, key("log-secret"));
	store_log_trim(&b, key("log-of-large-ones"), 300);
	expect_ok(finish(s, &b));
	expect_ok(store_sync(s));
	expect_ok(store_maintain(s));
	expect(!place_contains(p, v("secret-v")));
	expect(!place_contains(p, v("secret-k")));
	expect(!place_contains(p, v("log-secret")));
	expect(!place_contains(p, v("secret-large-2")));
	struct view last = { 0 };
	uint64_t seq;
	expect_ok(store_log_last(s, key("log-of-large-ones"), &mem, &seq, &last));
	expect_bytes(last, large(300));
	expect(p->engine == ENGINE_MEMORY || place_contains(p, v("kept-value")));
	expect_value(s, key("kept-key"), "kept-value");
	store_close(s);
}
