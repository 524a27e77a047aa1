/* SPDX-License-Identifier: Apache-2.0 */
/* Deterministic CBOR: what is accepted is written again byte for byte, and every other form of the
 * same value is refused. */
#include "wire/cbor.h"

#include "tests/unit/harness.h"

static struct arena mem;

#define AS_ELEMENT(name, type)                           \
	static void name##_item(struct wire *w, void *v) \
	{                                                \
		cbor_##name(w, (type *)v);               \
	}
AS_ELEMENT(u8, uint8_t)
AS_ELEMENT(u16, uint16_t)
AS_ELEMENT(u32, uint32_t)
AS_ELEMENT(u64, uint64_t)
AS_ELEMENT(int, int64_t)
AS_ELEMENT(bool, bool)
AS_ELEMENT(bytes, struct view)
AS_ELEMENT(text, struct view)

/* The value's bytes are these, and these bytes read and written again are the same. */
static void same(wire_element *walk, const void *value, void *back, const char *hex)
{
	struct view bytes, again;
	arena_init(&mem, 1 << 16, ARENA_PLAIN);
	expect_ok(wire_encode_to(&mem, walk, value, &bytes));
	expect_bytes(bytes, test_hex(hex));
	expect_ok(wire_decode(test_hex(hex), &mem, walk, back));
	expect_ok(wire_encode_to(&mem, walk, back, &again));
	expect_bytes(again, test_hex(hex));
	for (size_t cut = 0; cut < bytes.n; cut++)
		expect_err(wire_decode(view_slice(bytes, 0, cut), &mem, walk, back), UC_E_CBOR);
	arena_done(&mem);
}

static void refused(wire_element *walk, void *back, const char *hex, uc_err want)
{
	arena_init(&mem, 1 << 16, ARENA_PLAIN);
	uc_err err = wire_decode(test_hex(hex), &mem, walk, back);
	if (err != want)
		test_fail(__FILE__, __LINE__, "%s gave %s, not %s", hex, uc_err_name(err),
			  uc_err_name(want));
	arena_done(&mem);
}

TEST(unsigned_integers)
{
	static const struct {
		uint64_t v;
		const char *hex;
	} rows[] = {
		{ 0, "00" },
		{ 23, "17" },
		{ 24, "1818" },
		{ 255, "18ff" },
		{ 256, "190100" },
		{ 65535, "19ffff" },
		{ 65536, "1a00010000" },
		{ UINT32_MAX, "1affffffff" },
		{ (uint64_t)UINT32_MAX + 1, "1b0000000100000000" },
		{ UINT64_MAX, "1bffffffffffffffff" },
	};
	uint64_t back;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		same(u64_item, &rows[i].v, &back, rows[i].hex);
		expect(back == 0 || back == rows[i].v);
	}
	static const char *const longer[] = { "1800",
					      "1817",
					      "190000",
					      "1900ff",
					      "1a00000000",
					      "1a0000ffff",
					      "1b00000000ffffffff",
					      "1b0000000000000000",
					      "1c",
					      "1d",
					      "1e",
					      "1f",
					      "20",
					      "40",
					      "f4",
					      "f6" };
	for (size_t i = 0; i < sizeof longer / sizeof *longer; i++)
		refused(u64_item, &back, longer[i], UC_E_CBOR);
	refused(u64_item, &back, "0000", UC_E_TRAILING);
}

TEST(narrow_integers)
{
	uint8_t a;
	uint16_t b;
	uint32_t c;
	same(u8_item, &(uint8_t){ 255 }, &a, "18ff");
	same(u16_item, &(uint16_t){ 65535 }, &b, "19ffff");
	same(u32_item, &(uint32_t){ UINT32_MAX }, &c, "1affffffff");
	refused(u8_item, &a, "190100", UC_E_CBOR);
	refused(u16_item, &b, "1a00010000", UC_E_CBOR);
	refused(u32_item, &c, "1b0000000100000000", UC_E_CBOR);
	expect_eq(a, 0);
	expect_eq(b, 0);
	expect_eq(c, 0);
}

TEST(signed_integers)
{
	int64_t back;
	same(int_item, &(int64_t){ -1 }, &back, "20");
	same(int_item, &(int64_t){ -24 }, &back, "37");
	same(int_item, &(int64_t){ -25 }, &back, "3818");
	same(int_item, &(int64_t){ 9007199254740991 }, &back, "1b001fffffffffffff");
	same(int_item, &(int64_t){ -9007199254740991 }, &back, "3b001ffffffffffffe");
	refused(int_item, &back, "1b0020000000000000", UC_E_CBOR);
	refused(int_item, &back, "3b001fffffffffffff", UC_E_CBOR);
	refused(int_item, &back, "3bffffffffffffffff", UC_E_CBOR);
	refused(int_item, &back, "3817", UC_E_CBOR);
	struct view out;
	arena_init(&mem, 4096, ARENA_PLAIN);
	expect_err(wire_encode_to(&mem, int_item, &(int64_t){ CBOR_INT_MAX }, &out), UC_E_CBOR);
	expect_err(wire_encode_to(&mem, int_item, &(int64_t){ -CBOR_INT_MAX }, &out), UC_E_CBOR);
	arena_done(&mem);
}

TEST(booleans)
{
	bool back;
	same(bool_item, &(bool){ true }, &back, "f5");
	same(bool_item, &(bool){ false }, &back, "f4");
	refused(bool_item, &back, "f6", UC_E_CBOR);
	refused(bool_item, &back, "f815", UC_E_CBOR);
	refused(bool_item, &back, "01", UC_E_CBOR);
}

TEST(strings)
{
	struct view back, v = VIEW_LIT("IETF");
	same(text_item, &v, &back, "6449455446");
	same(bytes_item, &v, &back, "4449455446");
	v = VIEW_LIT("");
	same(text_item, &v, &back, "60");
	v = VIEW_LIT("\u00fc\u6c34\U00010151");
	same(text_item, &v, &back, "69c3bce6b0b4f0908591");
	refused(bytes_item, &back, "5801", UC_E_CBOR);
	refused(bytes_item, &back, "580161", UC_E_CBOR);
	refused(bytes_item, &back, "5f4161ff", UC_E_CBOR); /* indefinite */
	refused(bytes_item, &back, "6161", UC_E_CBOR);
	refused(bytes_item, &back, "5bffffffffffffffff61", UC_E_CBOR);
	refused(text_item, &back, "4161", UC_E_CBOR);
	refused(text_item, &back, "7f6161ff", UC_E_CBOR);
	refused(text_item, &back, "61ff", UC_E_TEXT);
	refused(text_item, &back, "62c080", UC_E_TEXT);   /* longer than needed */
	refused(text_item, &back, "63eda080", UC_E_TEXT); /* a surrogate */
	refused(text_item, &back, "61c3", UC_E_TEXT);
	expect(!back.n);
	struct view out;
	arena_init(&mem, 4096, ARENA_PLAIN);
	v = VIEW_LIT("\xff");
	expect_err(wire_encode_to(&mem, text_item, &v, &out), UC_E_TEXT);
	arena_done(&mem);
}

/* --- lists, maps, null --- */

struct entry {
	int64_t key;
	struct view value;
};
struct entry_list {
	struct entry *v;
	size_t n;
};
struct number_list {
	uint64_t *v;
	size_t n;
};
struct page {
	struct number_list numbers;
	struct entry_list entries;
	uint8_t tag[4];
	struct view note; /* empty: null */
};
enum { NUMBERS_MAX = 300, ENTRIES_MAX = 40 };

static void entry_element(struct wire *w, void *v)
{
	struct entry *e = v;
	cbor_int(w, &e->key);
	cbor_text(w, &e->value);
}

static void page_element(struct wire *w, void *v)
{
	struct page *p = v;
	cbor_open_fixed(w, 4);
	CBOR_LIST(w, &p->numbers, NUMBERS_MAX, u64_item);
	CBOR_MAP_LIST(w, &p->entries, ENTRIES_MAX, entry_element);
	cbor_fixed(w, p->tag, sizeof p->tag);
	if (!cbor_null(w, !p->note.n))
		cbor_text(w, &p->note);
	cbor_close(w);
}

TEST(pages)
{
	struct page back = { 0 };
	uint64_t numbers[] = { 1, 1000 };
	/* Bytewise order of the encoded keys: 10, 100 (1864), -1 (20). */
	struct entry entries[] = { { 10, VIEW_LIT("a") },
				   { 100, VIEW_LIT("b") },
				   { -1, VIEW_LIT("c") } };
	const struct page p = { { numbers, 2 }, { entries, 3 }, { 1, 2, 3, 4 }, VIEW_LIT("x") };
	same(page_element, &p, &back, "8482011903e8a30a61611864616220616344010203046178");
	back = (struct page){ 0 };
	const struct page none = { .tag = { 1, 2, 3, 4 } };
	same(page_element, &none, &back, "8480a04401020304f6");
	refused(page_element, &back, "8380a04401020304f6", UC_E_CBOR);
	refused(page_element, &back, "8580a04401020304f600", UC_E_CBOR);
	refused(page_element, &back, "980480a04401020304f6", UC_E_CBOR);
	refused(page_element, &back, "9f80a04401020304f6ff", UC_E_CBOR);
	refused(page_element, &back, "8480a043010203f6", UC_E_CBOR);
	refused(page_element, &back, "8480a0450102030405f6", UC_E_CBOR);
	refused(page_element, &back, "8480a04401020304f7", UC_E_CBOR);
	refused(page_element, &back, "8480a04401020304f600", UC_E_TRAILING);
	/* Keys: twice the same, and two orders that are not ours. */
	refused(page_element, &back, "8480a20161610161624401020304f6", UC_E_CBOR);
	refused(page_element, &back, "8480a20261610161624401020304f6", UC_E_CBOR);
	refused(page_element, &back, "8480a2206161186461624401020304f6", UC_E_CBOR);
	/* More than there can be: no memory is taken for it. */
	refused(page_element, &back, "849bffffffffffffffff00", UC_E_CBOR);
	refused(page_element, &back, "849affffffff00", UC_E_CBOR);
}

TEST(writer_sorts_nothing)
{
	struct view out;
	struct entry entries[] = { { -1, VIEW_LIT("c") }, { 100, VIEW_LIT("b") } };
	struct page p = { .entries = { entries, 2 } };
	arena_init(&mem, 1 << 16, ARENA_PLAIN);
	expect_err(wire_encode_to(&mem, page_element, &p, &out), UC_E_CBOR);
	entries[0].key = 100;
	expect_err(wire_encode_to(&mem, page_element, &p, &out), UC_E_CBOR);
	entries[0].key = 99;
	expect_ok(wire_encode_to(&mem, page_element, &p, &out));
	arena_done(&mem);
}

TEST(lists_have_a_limit)
{
	struct page back, p = { 0 };
	uint64_t numbers[NUMBERS_MAX + 1] = { 0 };
	struct view out;
	uint8_t many[320] = { 0x84, 0x99, 0x01, 0x2d };
	arena_init(&mem, 1 << 16, ARENA_PLAIN);
	p.numbers = (struct number_list){ numbers, NUMBERS_MAX };
	expect_ok(wire_encode_to(&mem, page_element, &p, &out));
	expect_ok(wire_decode(out, &mem, page_element, &back));
	expect_eq(back.numbers.n, NUMBERS_MAX);
	p.numbers.n++;
	expect_err(wire_encode_to(&mem, page_element, &p, &out), UC_E_LIMIT);
	expect_err(wire_decode(VIEW_OF(many), &mem, page_element, &back), UC_E_LIMIT);
	arena_done(&mem);
	arena_init(&mem, 1024, ARENA_PLAIN);
	many[3] = 0x2c;
	expect_err(wire_decode(VIEW_OF(many), &mem, page_element, &back), UC_E_LIMIT);
	arena_done(&mem);
}

struct nest {
	struct nest_list {
		struct nest *v;
		size_t n;
	} inner;
};
static void nest_element(struct wire *w, void *v)
{
	struct nest *n = v;
	CBOR_LIST(w, &n->inner, 4, nest_element);
}

TEST(walks_nest_only_so_deep)
{
	struct nest back;
	char deep[2 * CBOR_DEPTH_MAX + 3] = "";
	for (size_t i = 0; i < CBOR_DEPTH_MAX; i++)
		memcpy(deep + 2 * i, i + 1 < CBOR_DEPTH_MAX ? "81" : "80", 3);
	arena_init(&mem, 1 << 16, ARENA_PLAIN);
	expect_ok(wire_decode(test_hex(deep), &mem, nest_element, &back));
	memcpy(deep + sizeof deep - 5, "8180", 5);
	expect_err(wire_decode(test_hex(deep), &mem, nest_element, &back), UC_E_LIMIT);
	arena_done(&mem);
}

/* --- any item --- */

static void any_element(struct wire *w, void *v)
{
	cbor_any(w, v, 3);
}

TEST(any_item)
{
	static const char *const good[] = {
		"00",
		"1bffffffffffffffff",
		"3bffffffffffffffff",
		"40",
		"60",
		"80",
		"a0",
		"f4",
		"f5",
		"f6",
		"f7",
		"f0",
		"f820",
		"f8ff",
		"83010203",
		"8301820203820405",
		"a26161016162820203",
		"a30a01186402206103", /* keys 10, 100, -1 */
		"a2410101616101",     /* bytes before text */
		"c074323031332d30332d32315432303a30343a30305a",
		"d82076687474703a2f2f7777772e6578616d706c652e636f6d",
		"c249010000000000000000",
		"c349010000000000000000",
		"818180",
		"81c249010000000000000000",
		"f90000",
		"f98000",
		"f93c00",
		"f97bff",
		"f90001",
		"f90400",
		"f97c00",
		"f9fc00",
		"f97e00",
		"fa47c35000",
		"fa7f7fffff",
		"fa33000000",
		"fa00000001",
		"fa387fe001",
		"fb3ff199999999999a",
		"fb7e37e43c8800759c",
		"fb3690000000000000",
		"fb0000000000000001",
	};
	struct view back;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct view v = test_hex(good[i]);
		same(any_element, &v, &back, good[i]);
	}
}

TEST(any_item_refused)
{
	static const struct {
		const char *hex;
		uc_err err;
	} bad[] = {
		{ "", UC_E_CBOR },
		{ "0001", UC_E_TRAILING },
		{ "1c", UC_E_CBOR },
		{ "1c00000000000000000000000000000001", UC_E_CBOR },
		{ "ff", UC_E_CBOR },
		{ "1801", UC_E_CBOR },
		{ "3800", UC_E_CBOR },
		{ "5801ff", UC_E_CBOR },
		{ "5f40ff", UC_E_CBOR },
		{ "980100", UC_E_CBOR },
		{ "9f00ff", UC_E_CBOR },
		{ "bf0000ff", UC_E_CBOR },
		{ "d80100", UC_E_CBOR },
		{ "8200", UC_E_CBOR },
		{ "a100", UC_E_CBOR },
		{ "c1", UC_E_CBOR },
		{ "61ff", UC_E_TEXT },
		{ "8161ff", UC_E_TEXT },
		{ "a161ff00", UC_E_TEXT },
		{ "f801", UC_E_CBOR },
		{ "f81f", UC_E_CBOR },
		{ "f8", UC_E_CBOR },
		/* keys: of another kind, too large, out of order, twice */
		{ "a18000", UC_E_CBOR },
		{ "a1f500", UC_E_CBOR },
		{ "a1f93c0000", UC_E_CBOR },
		{ "a11b002000000000000000", UC_E_CBOR },
		{ "a13b001fffffffffffff00", UC_E_CBOR },
		{ "a201000000", UC_E_CBOR },
		{ "a201000100", UC_E_CBOR },
		{ "a2616200616100", UC_E_CBOR },
		{ "a22000186400", UC_E_CBOR },
		{ "a262616100616200", UC_E_CBOR },
		/* big integers that need not be */
		{ "c240", UC_E_CBOR },
		{ "c24101", UC_E_CBOR },
		{ "c348ffffffffffffffff", UC_E_CBOR },
		{ "c249000000000000000001", UC_E_CBOR },
		{ "c200", UC_E_CBOR },
		/* floating point: longer than needed, other NaN */
		{ "fa00000000", UC_E_CBOR },
		{ "fa80000000", UC_E_CBOR },
		{ "fa3f800000", UC_E_CBOR },
		{ "fa477fe000", UC_E_CBOR }, /* 65504, the largest half */
		{ "fa33800000", UC_E_CBOR }, /* 2^-24, the smallest */
		{ "fa387fc000", UC_E_CBOR }, /* the largest below normal */
		{ "fa7f800000", UC_E_CBOR },
		{ "fa7fc00000", UC_E_CBOR },
		{ "fb0000000000000000", UC_E_CBOR },
		{ "fb3ff0000000000000", UC_E_CBOR },
		{ "fb47efffffe0000000", UC_E_CBOR }, /* the largest single */
		{ "fb36a0000000000000", UC_E_CBOR }, /* 2^-149, the smallest */
		{ "fb7ff0000000000000", UC_E_CBOR },
		{ "fb7ff8000000000000", UC_E_CBOR },
		{ "f97e01", UC_E_CBOR },
		{ "f97c01", UC_E_CBOR },
		{ "f9fe00", UC_E_CBOR },
		{ "f93c", UC_E_CBOR },
		/* four levels */
		{ "81818180", UC_E_LIMIT },
		{ "8181c1a0", UC_E_LIMIT },
		{ "a100a100a100a0", UC_E_LIMIT },
		{ "c1c1c1c100", UC_E_LIMIT },
	};
	struct view back;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused(any_element, &back, bad[i].hex, bad[i].err);
	struct view out, two = test_hex("0001");
	arena_init(&mem, 4096, ARENA_PLAIN);
	expect_err(wire_encode_to(&mem, any_element, &two, &out), UC_E_CBOR);
	two = test_hex("1801");
	expect_err(wire_encode_to(&mem, any_element, &two, &out), UC_E_CBOR);
	arena_done(&mem);
}

TEST(text_of_an_item)
{
	struct view text = VIEW_LIT("as before");
	expect_err(cbor_text_of(test_hex("4161"), &text), UC_E_CBOR);
	expect_err(cbor_text_of(test_hex("616161"), &text), UC_E_TRAILING);
	expect_err(cbor_text_of(test_hex("61ff"), &text), UC_E_TEXT);
	expect_bytes(text, VIEW_LIT("as before"));
	expect_ok(cbor_text_of(test_hex("6161"), &text));
	expect_bytes(text, VIEW_LIT("a"));
}
