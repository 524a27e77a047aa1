/* SPDX-License-Identifier: Apache-2.0 */
/* What every engine must do, and do alike. */
#include "tests/unit/store/engines.h"

static struct arena mem;

static struct view v(const char *s)
{
	return view_str(s);
}

/* Key in table 1 of shard "s". */
static struct view key(const char *name)
{
	static struct store_key k[4];
	static int turn;
	struct store_key *at = &k[turn++ % 4];
	store_key_start(at, 1);
	store_key_add(at, v("s"));
	store_key_add(at, v(name));
	return store_key_view(at);
}

static void start(struct store_batch *b)
{
	store_batch_init(b, v("s"));
}

static uc_err finish(struct store *s, struct store_batch *b)
{
	uc_err err = store_commit(s, b);
	store_batch_done(b);
	return err;
}

static void put_one(struct store *s, struct view k, struct view value)
{
	struct store_batch b;
	store_batch_init(&b, (struct view){ 0 });
	store_put(&b, k, value);
	expect_ok(finish(s, &b));
}

static void expect_value(struct store *s, struct view k, const char *want)
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

static void use_arena(void)
{
	arena_done(&mem);
	arena_init(&mem, 256 << 20, ARENA_PLAIN);
}

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

static void expect_log(struct store *s, struct view log, uint64_t from, size_t count, size_t bytes,
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

static void expect_bounds(struct store *s, struct view log, uint64_t first, uint64_t next)
{
	struct store_log_bounds b = { 0 };
	expect_ok(store_log_bounds(s, log, &b));
	expect_eq(b.first, first);
	expect_eq(b.next, next);
	expect_bytes(VIEW_OF(b.incarnation), store_incarnation(s));
}

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

static void append(struct store *s, struct view log, uint64_t seq, const char *bytes)
{
	struct store_batch b;
	store_batch_init(&b, v(""));
	store_log_append(&b, log, seq, v(bytes));
	expect_ok(finish(s, &b));
}

static void expect_last(struct store *s, struct view log, uint64_t seq, const char *bytes)
{
	struct view have = { 0 };
	uint64_t n = 0;
	expect_ok(store_log_last(s, log, &mem, &n, &have));
	expect_eq(n, seq);
	expect_bytes(have, v(bytes));
}

/* As large as a message: such values lie in files of their own. */
static struct view large(uint64_t i)
{
	static uint8_t bytes[1500];
	snprintf((char *)bytes, sizeof bytes, "secret-large-%03d", (int)i);
	return VIEW_OF(bytes);
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
		o.faults = (struct store_faults){ &k, strike };
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
