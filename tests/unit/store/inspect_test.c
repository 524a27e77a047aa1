/* SPDX-License-Identifier: Apache-2.0 */
#include "store/inspect.h"

#include "base/buf.h"
#include "base/text.h"
#include "tests/unit/store/engines.h"

static struct view v(const char *s)
{
	return view_str(s);
}

static uc_err finish(struct store *s, struct store_batch *b)
{
	uc_err err = store_commit(s, b);
	store_batch_done(b);
	return err;
}

/* A little of everything; the fixtures were written from this. */
static void fill(struct store *s)
{
	struct store_batch b;
	store_batch_init(&b, v(""));
	store_put(&b, v("a"), v("1"));
	store_put(&b, v(""), v(""));
	store_put(&b, view_make("\0\xff", 2), v("binary"));
	store_log_append(&b, v("log"), 1, v("one"));
	store_log_append(&b, v("log"), 2, v("two"));
	store_log_trim(&b, v("log"), 2);
	store_log_start(&b, v("empty log"), 9);
	expect_ok(finish(s, &b));
	store_batch_init(&b, v(""));
	store_log_append(&b, v("log"), 3, v("three"));
	expect_ok(finish(s, &b));
}

static uc_err collect(void *ctx, struct view bytes)
{
	buf_add_view(ctx, bytes);
	return UC_OK;
}

static uc_err show(void *ctx, enum store_part part, struct view key, uint64_t seq,
		   struct view value)
{
	if (part == STORE_PART_META || part == STORE_PART_LOG_HEAD)
		value = v("-");
	buf_printf(ctx, "%d/%.*s/%d=%.*s ", (int)part, (int)key.n, key.n ? (const char *)key.p : "",
		   (int)seq, (int)value.n, value.n ? (const char *)value.p : "");
	return UC_OK;
}

static void count(void *ctx, const char *what, struct view key)
{
	(void)what;
	(void)key;
	++*(int *)ctx;
}

ENGINE_TEST(walk_and_check)
{
	struct store *s = place_open(p);
	fill(s);
	struct store_batch b;
	store_batch_init(&b, v(""));
	store_delete(&b, view_make("\0\xff", 2));
	expect_ok(finish(s, &b));
	struct buf out;
	buf_init(&out, 1 << 20);
	expect_ok(store_walk(s, show, &out));
	expect_bytes(buf_view(&out), v("2/log/2=two 2/log/3=three 1/empty log/0=- 1/log/0=- "
				       "3//0=- 0//0= 0/a/0=1 "));
	buf_done(&out);
	int problems = 0;
	expect_ok(store_check(s, NULL, count, &problems));
	expect_eq(problems, 0);
	store_close(s);
}

/* Dumps with a damage each; store_check says so. */
ENGINE_TEST(check_finds_damage)
{
	static const struct {
		const char *key, *value;
		int problems;
	} damage[] = {
		{ "65"
		  "0003"
		  "6c6f67"
		  "0000000000000002",
		  "", 1 }, /* one too many */
		{ "65"
		  "0003"
		  "6c6f68"
		  "0000000000000001",
		  "", 1 }, /* no such log */
		{ "65"
		  "0004"
		  "6c6f67"
		  "0000000000000001",
		  "", 1 }, /* wrong length */
		{ "68"
		  "78",
		  "00", 1 }, /* bad head */
		{ "68"
		  "78",
		  "01"
		  "00000000000000000000000000000000"
		  "0000000000000001"
		  "0000000000000003",
		  1 },           /* no entries */
		{ "71", "", 1 }, /* no such space */
	};
	for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
		struct buf d;
		buf_init(&d, 1 << 20);
		struct view meta = test_hex("55435354"
					    "0001"
					    "0001"
					    "00112233445566778899aabbccddeeff"
					    "0c"
					    "6469616c2e6578616d706c65"
					    "05"
					    "726f6f6d73");
		struct view key = test_hex(damage[i].key), value = test_hex(damage[i].value);
		buf_add_view(&d, v("UCDUMP"));
		buf_add_view(&d, test_hex("0001"
					  "01"
					  "05"
					  "6d6d657461"));
		buf_add_byte(&d, (uint8_t)meta.n);
		buf_add_view(&d, meta);
		buf_add_byte(&d, 1);
		buf_add_byte(&d, (uint8_t)key.n);
		buf_add_view(&d, key);
		buf_add_byte(&d, (uint8_t)value.n);
		buf_add_view(&d, value);
		buf_add_view(&d, test_hex("00"
					  "0000000000000002"));
		struct place at;
		place_init(&at, p->engine);
		expect_ok(store_load(&at.options, buf_view(&d)));
		struct store *s = place_open(&at);
		int problems = 0;
		expect_err(store_check(s, NULL, count, &problems), UC_E_CORRUPT);
		expect_eq(problems, damage[i].problems);
		store_close(s);
		place_done(&at);
		buf_done(&d);
	}
}

ENGINE_TEST(dump_and_load)
{
	struct store *s = place_open(p);
	fill(s);
	struct buf one, two;
	buf_init(&one, 1 << 20);
	buf_init(&two, 1 << 20);
	expect_ok(store_dump(s, collect, &one));
	store_close(s);
	expect_err(store_load(&p->options, buf_view(&one)), UC_E_EXISTS);
	for (int engine = 0; engine < ENGINE_COUNT; engine++) {
		struct place other;
		place_init(&other, engine);
		expect_ok(store_load(&other.options, buf_view(&one)));
		s = place_open(&other);
		buf_reset(&two);
		expect_ok(store_dump(s, collect, &two));
		expect_bytes(buf_view(&two), buf_view(&one));
		store_close(s);
		place_done(&other);
	}
	for (size_t n = 0; p->engine == ENGINE_MEMORY && n < one.n; n++) {
		struct place other;
		place_init(&other, ENGINE_MEMORY);
		expect(store_load(&other.options, view_make(one.p, n)) != UC_OK);
		place_done(&other);
	}
	buf_done(&one);
	buf_done(&two);
}

static struct view fixture(const char *name)
{
	static uint8_t bytes[1 << 16];
	char path[512];
	snprintf(path, sizeof path, "%s/%s", FIXTURES, name);
	FILE *f = fopen(path, "rb");
	if (!f)
		return (struct view){ 0 };
	size_t n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	return view_make(bytes, n);
}

static uc_err format_find(void *ctx, enum store_part part, struct view key, uint64_t seq,
			  struct view value)
{
	(void)key;
	(void)seq;
	if (part == STORE_PART_META && value.n > 6)
		*(int *)ctx = value.p[4] << 8 | value.p[5];
	return UC_OK;
}

static void expect_fixture(struct place *p, const char *name)
{
	struct view dump = fixture(name);
	expect(dump.n > 0);
	expect_ok(store_load(&p->options, dump));
	struct store *s = place_open(p), *fresh;
	struct place other;
	struct buf have, want;
	buf_init(&have, 1 << 20);
	buf_init(&want, 1 << 20);
	place_init(&other, ENGINE_MEMORY);
	fresh = place_open(&other);
	fill(fresh);
	expect_ok(store_walk(s, show, &have));
	expect_ok(store_walk(fresh, show, &want));
	expect_bytes(buf_view(&have), buf_view(&want));
	struct store_log_bounds bounds;
	expect_ok(store_log_bounds(s, v("log"), &bounds));
	expect_bytes(VIEW_OF(bounds.incarnation), store_incarnation(s));
	int format = 0;
	expect_ok(store_walk(s, format_find, &format));
	expect_eq(format, 3); /* a program of before is not to open it any more */
	expect_ok(store_check(s, NULL, NULL, NULL));
	store_close(fresh);
	place_done(&other);
	store_close(s);
	buf_done(&have);
	buf_done(&want);
}

/* tests/fixtures/store_1.dump was written by format 1, schema 1; store_2.dump by format 2,
 * store_3.dump by 3. */
ENGINE_TEST(version_1_is_read)
{
	expect_fixture(p, "store_1.dump");
}

ENGINE_TEST(version_2_is_read)
{
	expect_fixture(p, "store_2.dump");
}

ENGINE_TEST(version_3_is_read)
{
	expect_fixture(p, "store_3.dump");
}

/* With STORE_FIXTURE_OUT=FILE writes what later versions must read, before a format changes. */
TEST(write_fixture)
{
	const char *path = getenv("STORE_FIXTURE_OUT");
	if (!path)
		return;
	struct place p;
	place_init(&p, ENGINE_MEMORY);
	struct store *s = place_open(&p);
	struct buf out;
	buf_init(&out, 1 << 20);
	fill(s);
	expect_ok(store_dump(s, collect, &out));
	FILE *f = fopen(path, "wb");
	expect(f && fwrite(out.p, 1, out.n, f) == out.n && fclose(f) == 0);
	buf_done(&out);
	store_close(s);
	place_done(&p);
}
