/* SPDX-License-Identifier: Apache-2.0 */
#include "web/batch.h"

#include "tests/unit/harness.h"

struct seen {
	char text[256];
	size_t n, limit;
};

static uc_err note(void *ctx, const struct uc_store_change *c)
{
	struct seen *s = ctx;
	if (!s->limit--)
		return UC_E_LIMIT;
	s->n += (size_t)snprintf(s->text + s->n, sizeof s->text - s->n, "%.*s%s%.*s ",
				 (int)c->key_n, (const char *)c->key, c->value ? "=" : "-",
				 (int)c->value_n, c->value_n ? (const char *)c->value : "");
	return UC_OK;
}

static struct uc_store_change change(const char *key, const char *value)
{
	return (struct uc_store_change){ (const uint8_t *)key, strlen(key), (const uint8_t *)value,
					 value ? strlen(value) : 0 };
}

static void write_three(struct buf *b)
{
	struct uc_store_change v[] = { change("a", "one"), change("gone", NULL), change("b", "") };
	for (size_t i = 0; i < 3; i++)
		expect_ok(batch_add(b, &v[i]));
}

TEST(batches_come_back_and_join)
{
	struct buf b;
	struct seen s = { .limit = 100 };
	buf_init(&b, 1 << 20);
	write_three(&b);
	expect_bytes(buf_view(&b), test_hex("016101036f6e6504676f6e650001620100"));
	expect_ok(batch_read(buf_view(&b), note, &s));
	expect_bytes(view_str(s.text), VIEW_LIT("a=one gone- b= "));
	write_three(&b);
	s = (struct seen){ .limit = 100 };
	expect_ok(batch_read(buf_view(&b), note, &s));
	expect_bytes(view_str(s.text), VIEW_LIT("a=one gone- b= a=one gone- b= "));
	s = (struct seen){ .limit = 2 };
	expect_err(batch_read(buf_view(&b), note, &s), UC_E_LIMIT);
	expect_ok(batch_read((struct view){ NULL, 0 }, note, &s));
	buf_done(&b);
}

TEST(a_value_may_be_large)
{
	static uint8_t value[100000];
	struct buf b;
	struct seen s = { .limit = 100 };
	struct uc_store_change c = { (const uint8_t *)"k", 1, value, sizeof value };
	buf_init(&b, 1 << 20);
	expect_ok(batch_add(&b, &c));
	expect_eq(b.n, sizeof value + 2 + 1 + 4);
	expect_ok(batch_read(buf_view(&b), note, &s));
	buf_done(&b);
	buf_init(&b, 1000);
	expect_err(batch_add(&b, &c), UC_E_TOO_LARGE);
	buf_done(&b);
}

TEST(keys_have_a_length)
{
	static const uint8_t key[BATCH_KEY_MAX + 1];
	struct buf b;
	struct seen s = { .limit = 100 };
	struct uc_store_change none = { key, 0, key, 1 }, long_one = { key, sizeof key, key, 1 },
			       most = { key, BATCH_KEY_MAX, key, 1 };
	buf_init(&b, 1 << 20);
	expect_err(batch_add(&b, &none), UC_E_ARGUMENT);
	expect_err(batch_add(&b, &long_one), UC_E_ARGUMENT);
	expect_eq(b.n, 0);
	expect_ok(batch_add(&b, &most));
	expect_ok(batch_read(buf_view(&b), note, &s));
	buf_done(&b);
	expect_err(batch_read(test_hex("0000"), note, &s), UC_E_CORRUPT);
	buf_init(&b, 1 << 20);
	buf_add(&b, "\x41\x00", 2); /* 256 bytes of key */
	buf_add(&b, key, sizeof key);
	buf_add_byte(&b, 0);
	expect_err(batch_read(buf_view(&b), note, &s), UC_E_CORRUPT);
	buf_done(&b);
}

TEST(what_is_no_batch_hands_out_nothing)
{
	struct buf b;
	buf_init(&b, 1 << 20);
	write_three(&b);
	for (size_t n = 1; n < b.n; n++) {
		struct seen s = { .limit = 100 };
		uc_err err = batch_read((struct view){ b.p, n }, note, &s);
		if (n == 7 || n == 13) /* whole changes */
			continue;
		expect_err(err, UC_E_CORRUPT);
		expect_eq(s.n, 0);
	}
	buf_done(&b);
	const char *wrong[] = { "016102",         /* neither there nor not */
				"40016100",       /* a length in more bytes than it needs */
				"016101c0",       /* no length */
				"016101bfffffff", /* more than there is */
				"016100ff" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct seen s = { .limit = 100 };
		expect_err(batch_read(test_hex(wrong[i]), note, &s), UC_E_CORRUPT);
		expect_eq(s.n, 0);
	}
}
