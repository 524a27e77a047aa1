/* SPDX-License-Identifier: Apache-2.0 */
/* MIMI content: the draft's examples, our own of every kind, and what must be refused. */
#include "mimi/content.h"

#include "wire/cbor.h"

#include "base/text.h"

#include "tests/unit/harness.h"
#include "tests/unit/mimi/content_vectors.h"

#define SENDER "mimi://dial.example/p/rosa"
#define ROOM   "mimi://lens.example/r/den"
/* Salt 00..0f, nothing replaced, no topic, no expiration, no reply, no extension. */
#define SALT   "50000102030405060708090a0b0c0d0e0f"
#define HEAD   "87" SALT "f640f6f6a0"
#define ID     "0100000000000000000000000000000000000000000000000000000000000001"
#define HELLO  "850160017818746578742f706c61696e3b636861727365743d7574662d384568656c6c6f"

static struct arena mem;

static uc_err read_hex(const char *hex, struct mimi_content *out)
{
	return mimi_content_read(test_hex(hex), &mem, out);
}

static void refused(const char *hex, uc_err want)
{
	struct mimi_content c = { .topic_id = VIEW_LIT("as before") };
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	uc_err err = read_hex(hex, &c);
	if (err != want)
		test_fail(__FILE__, __LINE__, "%.120s gave %s, not %s", hex, uc_err_name(err),
			  uc_err_name(want));
	expect_bytes(c.topic_id, VIEW_LIT("as before"));
	arena_done(&mem);
}

/* Read, written again, and the same. */
static void accepted(const char *hex)
{
	struct mimi_content c;
	struct view again = { 0 };
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	uc_err err = read_hex(hex, &c);
	if (!err)
		err = mimi_content_write(&c, &mem, &again);
	if (err)
		test_fail(__FILE__, __LINE__, "%.120s gave %s", hex, uc_err_name(err));
	else
		expect_bytes(again, test_hex(hex));
	arena_done(&mem);
}

TEST(examples)
{
	const struct content_vector *v;
	size_t n = 0;
	while ((v = content_vector_next())) {
		struct mimi_content c;
		struct view again, uri;
		uint8_t id[MESSAGE_ID];
		arena_init(&mem, 1 << 20, ARENA_PLAIN);
		expect_eq(v->content.n, v->octets);
		expect_ok(mimi_content_read(v->content, &mem, &c));
		expect_ok(mimi_content_write(&c, &mem, &again));
		expect_bytes(again, v->content);
		expect_ok(mimi_content_uri(&c, EXTENSION_SENDER_URI, &uri));
		expect_bytes(uri, view_str(v->sender_uri));
		expect_ok(mimi_content_uri(&c, EXTENSION_ROOM_URI, &uri));
		expect_bytes(uri, view_str(v->room_uri));
		expect_ok(mimi_content_id(v->content, c.salt, view_str(v->sender_uri),
					  view_str(v->room_uri), id));
		expect_bytes(VIEW_OF(id), v->message_id);
		for (size_t cut = 0; cut < v->content.n; cut++)
			expect(mimi_content_read(view_slice(v->content, 0, cut), &mem, &c));
		arena_done(&mem);
		n++;
	}
	if (n)
		expect_eq(n, 14);
	else
		test_skip("no " CONTENT_VECTORS);
}

/* Its nested lists, with the index of every part: depth first, from 0. */
TEST(example_of_nesting)
{
	const struct content_vector *v = content_vector_find("multipart-3");
	struct mimi_content c;
	if (!v) {
		test_skip("no " CONTENT_VECTORS);
		return;
	}
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	expect_ok(mimi_content_read(v->content, &mem, &c));
	expect_eq(c.body.cardinality, PART_MULTI);
	expect_eq(c.body.part_index, 0);
	uint32_t last = 0;
	for (size_t i = 0; i < c.body.parts.n; i++) {
		expect(c.body.parts.v[i].part_index > last);
		last = c.body.parts.v[i].part_index;
	}
	arena_done(&mem);
}

TEST(own_examples)
{
	accepted(HEAD HELLO);
	accepted(HEAD "83016000");
	accepted("87" SALT "5820" ID "40f65820" ID "a0" HELLO); /* replaces, in_reply_to */
	accepted("87" SALT "f64101f6f6a083016000");             /* a topic */
	accepted("87" SALT "f640f6f6a083186460"
		 "00");                                       /* a disposition of others */
	accepted("87" SALT "f64082f51a01e28500f6a083016000"); /* relative: a year */
	accepted("87" SALT "f64082f41affffffff"
		 "f6a083016000"); /* absolute */
	/* Extensions: IETF, private number, private text; in the order of their bytes. */
	accepted("87" SALT "f640f6f6a501616102616218ff00206163616144deadbeef83016000");
	accepted("87" SALT "f640f6f6a11901008282421234d8206161"
		 "8242345619168b83016000");
	/* An external part without a key. */
	accepted(HEAD "8f0760026060000000404040"
		      "0040"
		      "6060");
	accepted(HEAD "8f0660026060001901000150"
		      "000102030405060708090a0b0c0d0e0f"
		      "4c000102030405060708090a0b"
		      "40"
		      "0140"
		      "6060");
	/* Lists: choose one, single unit, process all. */
	accepted(HEAD "850160030082" HELLO HELLO);
	accepted(HEAD "850160030182" HELLO HELLO);
	accepted(HEAD "850160030283" HELLO HELLO "83016000");
}

TEST(other_forms_of_the_same)
{
	refused("9807" SALT "f640f6f6a083016000", UC_E_CBOR);
	refused("9f" SALT "f640f6f6a083016000ff", UC_E_CBOR);
	refused("d9d9f787" SALT "f640f6f6a083016000", UC_E_CBOR);
	refused("875810000102030405060708090a0b0c0d0e0ff640f6f6a083016000", UC_E_CBOR);
	refused("87" SALT "f65800f6f6a083016000", UC_E_CBOR);
	refused("87" SALT "f65f40fff6f6a083016000", UC_E_CBOR);
	refused("87" SALT "f640f6f6b80083016000", UC_E_CBOR);
	refused("87" SALT "f640f6f6bfff83016000", UC_E_CBOR);
	refused(HEAD "8318016000", UC_E_CBOR);
	refused(HEAD "8301780000", UC_E_CBOR);
	refused(HEAD "83016018"
		     "00",
		UC_E_CBOR);
	refused(HEAD "8301600000", UC_E_TRAILING);
	refused(HEAD "83016000"
		     "f6",
		UC_E_TRAILING);
	refused("", UC_E_CBOR);
}

TEST(other_shapes)
{
	refused("86" SALT "f640f6f6a0", UC_E_CBOR);
	refused("88" SALT "f640f6f6a083016000f6", UC_E_CBOR);
	refused("874f000102030405060708090a0b0c0d0ef640f6f6a083016000", UC_E_CBOR);
	refused("87f6f640f6f6a083016000", UC_E_CBOR);
	refused("87" SALT "f660f6f6a083016000", UC_E_CBOR); /* the topic as text */
	refused("87" SALT "f640f6f68083016000", UC_E_CBOR); /* extensions as an array */
	refused("87" SALT "4040f6f6a083016000", UC_E_MALFORMED);
	refused("87" SALT "581f01"
		"00000000000000000000000000000000000000000000000000000000"
		"0000"
		"40f6f6a083016000",
		UC_E_MALFORMED);
	/* A message id of an unknown hash. */
	refused("87" SALT "582002"
		"00000000000000000000000000000000000000000000000000000000"
		"000000"
		"40f6f6a083016000",
		UC_E_MALFORMED);
	refused("87" SALT "f64081f5f6a083016000", UC_E_CBOR);   /* an expiration of one */
	refused("87" SALT "f640820100f6a083016000", UC_E_CBOR); /* relative as a number */
	refused("87" SALT "f64082f520f6a083016000", UC_E_CBOR); /* a negative time */
	refused("87" SALT "f64082f41b0000000100000000f6a083016000", UC_E_CBOR);
	refused("87" SALT "f64082f51a01e28501f6a083016000", UC_E_MALFORMED); /* past a year */
	refused(HEAD "8319010060"
		     "00",
		UC_E_CBOR);                       /* a disposition of 256 */
	refused(HEAD "83014000", UC_E_CBOR);      /* language as bytes */
	refused(HEAD "83016004", UC_E_MALFORMED); /* no such cardinality */
	refused(HEAD "8301601818", UC_E_MALFORMED);
	refused(HEAD "8401600060", UC_E_MALFORMED); /* null with an element more */
	refused(HEAD "8301600160"
		     "40",
		UC_E_MALFORMED);
	refused(HEAD "83016001", UC_E_MALFORMED);
	refused(HEAD "8501600160"
		     "60",
		UC_E_CBOR); /* content as text */
	refused(HEAD "8501600140"
		     "40",
		UC_E_CBOR);                                 /* type as bytes */
	refused(HEAD "850160030082" HELLO, UC_E_CBOR);      /* one is missing */
	refused(HEAD "850160030081" HELLO, UC_E_MALFORMED); /* a list of one */
	refused(HEAD "850160030080", UC_E_MALFORMED);
	refused(HEAD "850160030382" HELLO HELLO, UC_E_MALFORMED); /* no such semantics */
	/* A key without an algorithm. */
	refused(HEAD "8f0760026060000000410140"
		     "400040"
		     "6060",
		UC_E_MALFORMED);
	refused(HEAD "8f076002606000001a00010000404040"
		     "0040"
		     "6060",
		UC_E_CBOR);
	refused(HEAD "8f0760026060000000404040"
		     "19010040"
		     "6060",
		UC_E_CBOR);
	refused(HEAD "8f07600260601b0000000100000000"
		     "0000404040"
		     "0040"
		     "6060",
		UC_E_CBOR);
}

TEST(bad_text)
{
	refused(HEAD "830161ff00", UC_E_TEXT);
	refused(HEAD "8501600161ff40", UC_E_TEXT);
	refused(HEAD "8f0760026061ff000000404040"
		     "0040"
		     "6060",
		UC_E_TEXT);
	refused(HEAD "8f0760026060000000404040"
		     "0040"
		     "6061c3",
		UC_E_TEXT);
	refused("87" SALT "f640f6f6a161ff0083016000", UC_E_TEXT);
	refused("87" SALT "f640f6f6a1206"
		"1ff83016000",
		UC_E_TEXT);
	refused("87" SALT "f640f6f6a10161ff83016000", UC_E_TEXT);
}

TEST(bad_extensions)
{
	refused("87" SALT "f640f6f6a20161610161"
		"6283016000",
		UC_E_CBOR); /* a key twice */
	refused("87" SALT "f640f6f6a20261610161"
		"6283016000",
		UC_E_CBOR); /* out of order */
	refused("87" SALT "f640f6f6a220001864"
		"0083016000",
		UC_E_CBOR); /* length first */
	refused("87" SALT "f640f6f6a1414100"
		"83016000",
		UC_E_CBOR); /* bytes as key */
	refused("87" SALT "f640f6f6a16000"
		"83016000",
		UC_E_MALFORMED); /* an empty name */
	refused("87" SALT "f640f6f6a11b002000000000000000"
		"83016000",
		UC_E_CBOR);
	refused("87" SALT "f640f6f6a1014161"
		"83016000",
		UC_E_MALFORMED); /* URI as bytes */
	refused("87" SALT "f640f6f6a10200"
		"83016000",
		UC_E_MALFORMED);
	refused("87" SALT "f640f6f6a120818181"
		"8083016000",
		UC_E_LIMIT); /* five levels */
	refused("87" SALT "f640f6f6a120a100a100a100a083016000", UC_E_LIMIT);
	refused("87" SALT "f640f6f6a120a2010001"
		"0083016000",
		UC_E_CBOR);                                             /* twice, inside */
	refused("87" SALT "f640f6f6a120fa3f80000083016000", UC_E_CBOR); /* a half would do */
	accepted("87" SALT "f640f6f6a120818180"
		 "83016000");
}

/* Bytes of any length, for limits. */
static struct buf big;

static void add_hex(const char *hex)
{
	buf_add_view(&big, test_hex(hex));
}

static uc_err read_big(void)
{
	struct mimi_content c;
	struct view again;
	arena_init(&mem, 1 << 24, ARENA_PLAIN);
	expect_ok(big.failed);
	uc_err err = mimi_content_read(buf_view(&big), &mem, &c);
	if (!err) {
		expect_ok(mimi_content_write(&c, &mem, &again));
		expect_bytes(again, buf_view(&big));
	}
	arena_done(&mem);
	buf_reset(&big);
	return err;
}

/* A string of n bytes, the head given. */
static void add_string(const char *head, size_t n)
{
	add_hex(head);
	for (size_t i = 0; i < n; i++)
		buf_add_byte(&big, 'a');
}

TEST(limits_of_strings)
{
	buf_init(&big, 1 << 20);
	add_string("87" SALT "f6591000", 4096);
	add_hex("f6f6a083016000");
	expect_ok(read_big());
	add_string("87" SALT "f6591001", 4097);
	add_hex("f6f6a083016000");
	expect_err(read_big(), UC_E_LIMIT);
	add_string("87" SALT "f640f6f6a178ff", 255);
	add_hex("0083016000");
	expect_ok(read_big());
	add_string("87" SALT "f640f6f6a1790100", 256);
	add_hex("0083016000");
	expect_err(read_big(), UC_E_LIMIT);
	add_string("87" SALT "f640f6f6a120590ffc", 4092); /* 4,095 with its head */
	add_hex("83016000");
	expect_ok(read_big());
	add_string("87" SALT "f640f6f6a120590ffd", 4093);
	add_hex("83016000");
	expect_err(read_big(), UC_E_LIMIT);
	buf_done(&big);
}

static void add_nested(int levels)
{
	for (int i = 0; i < levels; i++)
		add_hex("850160030282"
			"83016000");
	add_hex("83016000");
}

static void add_parts(size_t n)
{
	add_hex(HEAD "8501600302");
	const uint8_t head[] = { 0x99, (uint8_t)(n >> 8), (uint8_t)n };
	buf_add(&big, head, sizeof head);
	for (size_t i = 0; i < n; i++)
		add_hex("83016000");
}

TEST(limits_of_parts)
{
	buf_init(&big, 1 << 20);
	add_hex(HEAD);
	add_nested(CONTENT_NESTING_MAX - 1);
	expect_ok(read_big());
	add_hex(HEAD);
	add_nested(CONTENT_NESTING_MAX);
	expect_err(read_big(), UC_E_LIMIT);
	/* Lists count as parts. */
	add_parts(CONTENT_PARTS_MAX - 1);
	expect_ok(read_big());
	add_parts(CONTENT_PARTS_MAX);
	expect_err(read_big(), UC_E_LIMIT);
	add_parts(CONTENT_PARTS_MAX + 1);
	expect_err(read_big(), UC_E_LIMIT);
	/* Many in several lists. */
	add_hex(HEAD "850160030282"
		     "8501600302"
		     "99025a");
	for (size_t i = 0; i < 602; i++)
		add_hex("83016000");
	add_hex("8501600302"
		"99025a");
	for (size_t i = 0; i < 602; i++)
		add_hex("83016000");
	expect_err(read_big(), UC_E_LIMIT);
	buf_done(&big);
}

TEST(limits_in_writing)
{
	struct mimi_content c;
	struct view out;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	expect_ok(mimi_content_new(test_env(), VIEW_LIT(SENDER), VIEW_LIT(ROOM), &mem, &c));
	mimi_content_set_text(&c, VIEW_LIT("hello"), false);
	expect_ok(mimi_content_write(&c, &mem, &out));
	c.replaces = VIEW_LIT("short");
	expect_err(mimi_content_write(&c, &mem, &out), UC_E_MALFORMED);
	c.replaces.n = 0;
	c.body.cardinality = 4;
	expect_err(mimi_content_write(&c, &mem, &out), UC_E_MALFORMED);
	c.body.cardinality = PART_SINGLE;
	c.body.content_type = VIEW_LIT("\xff");
	expect_err(mimi_content_write(&c, &mem, &out), UC_E_TEXT);
	c.body.content_type = VIEW_LIT(TEXT_PLAIN);
	c.extensions.v[1].number = 1;
	expect_err(mimi_content_write(&c, &mem, &out), UC_E_CBOR);
	arena_done(&mem);
}

/* Made apart from this code: HELLO with SALT and both URIs. */
TEST(message_id)
{
	uint8_t id[MESSAGE_ID];
	struct mimi_content c;
	struct view bytes, uri = VIEW_LIT("as before");
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	expect_ok(mimi_content_new(test_env(), VIEW_LIT(SENDER), VIEW_LIT(ROOM), &mem, &c));
	for (size_t i = 0; i < sizeof c.salt; i++)
		c.salt[i] = (uint8_t)i;
	mimi_content_set_text(&c, VIEW_LIT("hello"), false);
	expect_ok(mimi_content_write(&c, &mem, &bytes));
	expect_bytes(bytes,
		     test_hex("8750000102030405060708090a0b0c0d0e0ff640f6f6a201781a6d696d693a2f"
			      "2f6469616c2e6578616d706c652f702f726f73610278196d696d693a2f2f6c65"
			      "6e732e6578616d706c652f722f64656e850160017818746578742f706c61696e"
			      "3b636861727365743d7574662d384568656c6c6f"));
	expect_ok(mimi_content_id(bytes, c.salt, VIEW_LIT(SENDER), VIEW_LIT(ROOM), id));
	expect_bytes(VIEW_OF(id),
		     test_hex("015c6d193f3fa61b9c28b419cce3d8ab17299062850db30c5dd1e27e217fcb2b"));
	/* What stands between the URIs counts. */
	uint8_t other[MESSAGE_ID];
	expect_ok(mimi_content_id(bytes, c.salt, VIEW_LIT(SENDER "m"), VIEW_LIT(ROOM), other));
	expect(!view_equal(VIEW_OF(id), VIEW_OF(other)));
	c.extensions.n = 0;
	expect_err(mimi_content_uri(&c, EXTENSION_SENDER_URI, &uri), UC_E_NOT_FOUND);
	expect_bytes(uri, VIEW_LIT("as before"));
	arena_done(&mem);
}

TEST(makers)
{
	struct mimi_content c, d, back;
	struct view bytes, id = test_hex(ID), uri;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	expect_ok(mimi_content_new(test_env(), VIEW_LIT(SENDER), VIEW_LIT(ROOM), &mem, &c));
	expect_ok(mimi_content_new(test_env(), VIEW_LIT(SENDER), VIEW_LIT(ROOM), &mem, &d));
	expect(!view_equal(VIEW_OF(c.salt), VIEW_OF(d.salt)));
	mimi_content_set_reaction(&c, id, VIEW_LIT("\U0001f33b"));
	expect_ok(mimi_content_write(&c, &mem, &bytes));
	expect_ok(mimi_content_read(bytes, &mem, &back));
	expect_bytes(back.in_reply_to, id);
	expect_eq(back.body.disposition, DISPOSITION_REACTION);
	expect_bytes(back.body.content, VIEW_LIT("\U0001f33b"));
	expect_ok(mimi_content_uri(&back, EXTENSION_SENDER_URI, &uri));
	expect_bytes(uri, VIEW_LIT(SENDER));
	mimi_content_set_text(&d, VIEW_LIT("*bold*"), true);
	expect_ok(mimi_content_write(&d, &mem, &bytes));
	expect_ok(mimi_content_read(bytes, &mem, &back));
	expect_bytes(back.body.content_type, VIEW_LIT(TEXT_GFM_MIMI));
	expect_eq(back.replaces.n, 0);
	mimi_content_set_delete(&d, id);
	expect_ok(mimi_content_write(&d, &mem, &bytes));
	expect_ok(mimi_content_read(bytes, &mem, &back));
	expect_bytes(back.replaces, id);
	expect_eq(back.body.cardinality, PART_NULL);
	arena_done(&mem);
}

TEST(text_types)
{
	static const char *const text[] = { "text/plain",    TEXT_PLAIN,
					    TEXT_GFM_MIMI,   "Text/Plain; Charset=\"UTF-8\"",
					    "text/markdown", "text/plain;charset=us-ascii;x=y" };
	static const char *const other[] = { "",
					     "text/html",
					     "text/plain2",
					     "image/png",
					     "text/plain;charset=utf-16",
					     "application/undercroft-control",
					     ";text/plain" };
	for (size_t i = 0; i < sizeof text / sizeof *text; i++)
		expect(content_type_is_text(view_str(text[i])));
	for (size_t i = 0; i < sizeof other / sizeof *other; i++)
		expect(!content_type_is_text(view_str(other[i])));
}

TEST(shown_part)
{
#define IMAGE "8501600169696d6167652f706e6741ff"
	static const struct {
		const char *hex;
		bool found;
	} rows[] = {
		{ HEAD HELLO, true },
		{ HEAD "83016000", false },
		{ HEAD "850160030082" IMAGE HELLO, true },
		{ HEAD "850160030182" IMAGE HELLO, false },
		{ HEAD "850160030282" IMAGE HELLO, true },
		{ HEAD "850160030282" IMAGE IMAGE, false },
		{ HEAD "850160030282" IMAGE "850160030082" IMAGE HELLO, true },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mimi_content c;
		arena_init(&mem, 1 << 20, ARENA_PLAIN);
		expect_ok(read_hex(rows[i].hex, &c));
		const struct nested_part *p = mimi_content_shown(&c);
		expect_eq(p != NULL, rows[i].found);
		if (p)
			expect_bytes(p->content, VIEW_LIT("hello"));
		arena_done(&mem);
	}
}

TEST(expirations)
{
	struct content_expiration e = { .time = 1700000000 };
	const struct mimi_content c = { .expires = &e }, none = { 0 };
	expect(mimi_content_expires_sensibly(&none, 1));
	expect(mimi_content_expires_sensibly(&c, 1700000000000));
	expect(mimi_content_expires_sensibly(&c, (1700000000ull - CONTENT_YEAR_S) * 1000));
	expect(!mimi_content_expires_sensibly(&c, (1700000000ull - CONTENT_YEAR_S - 1) * 1000));
	expect(mimi_content_expires_sensibly(&c, (1700000000ull + CONTENT_YEAR_S) * 1000));
	expect(!mimi_content_expires_sensibly(&c, (1700000000ull + CONTENT_YEAR_S + 1) * 1000));
	e.relative = true;
	expect(mimi_content_expires_sensibly(&c, 0));
}
