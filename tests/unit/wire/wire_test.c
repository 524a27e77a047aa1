/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire.h"

#include "tests/unit/harness.h"

struct leaf {
	uint16_t kind;
	struct view name;
};
struct leaf_list {
	struct leaf *v;
	size_t n;
};
struct tree {
	uint64_t id;
	struct leaf_list leaves;
	struct leaf *spare;
	struct u16_list codes;
};

static void wire_leaf(struct wire *w, struct leaf *l)
{
	wire_u16(w, &l->kind);
	wire_bytes(w, &l->name);
}
WIRE_ELEMENT(leaf)

static void wire_tree(struct wire *w, struct tree *t)
{
	wire_u64(w, &t->id);
	WIRE_LIST(w, &t->leaves, leaf_element);
	WIRE_OPTION(w, &t->spare, leaf_element);
	WIRE_LIST(w, &t->codes, u16_element);
}
WIRE_ELEMENT(tree)

static void round_trip(size_t leaves)
{
	struct leaf *l = calloc(leaves, sizeof *l);
	for (size_t i = 0; i < leaves; i++)
		l[i] = (struct leaf){ (uint16_t)i, VIEW_LIT("name") };
	struct leaf spare = { 7, VIEW_LIT("spare") };
	uint16_t codes[] = { 1, 2, 3 };
	struct tree in = { 42, { l, leaves }, leaves % 2 ? &spare : NULL, { codes, 3 } },
		    out = { 0 };
	struct arena a;
	arena_init(&a, (size_t)1 << 24, ARENA_PLAIN);
	struct view bytes, again;
	expect_ok(wire_encode_to(&a, tree_element, &in, &bytes));
	expect_ok(wire_decode(bytes, &a, tree_element, &out));
	expect_eq(out.id, 42);
	expect_eq(out.leaves.n, leaves);
	expect_eq(out.spare != NULL, leaves % 2);
	expect_ok(wire_encode_to(&a, tree_element, &out, &again));
	expect_bytes(again, bytes);
	for (size_t cut = 0; cut < bytes.n && cut < 300; cut++)
		expect(wire_decode(view_slice(bytes, 0, cut), &a, tree_element, &out) != UC_OK);
	arena_done(&a);
	free(l);
}

TEST(round_trips_at_each_width_of_a_length)
{
	size_t sizes[] = { 0, 1, 8, 9, 10, 2340, 2341, 3000 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		round_trip(sizes[i]);
}

static uc_err read_bytes(const char *hex, struct view *out)
{
	struct arena a;
	arena_init(&a, 4096, ARENA_PLAIN);
	uc_err err = wire_decode(test_hex(hex), &a, bytes_element, out);
	arena_done(&a);
	return err;
}

TEST(lengths_are_the_shortest_form_and_never_eight_bytes)
{
	struct view v;
	expect_ok(read_bytes("00", &v));
	expect_ok(read_bytes("0161", &v));
	expect_err(read_bytes("400161", &v), UC_E_MALFORMED);
	expect_err(read_bytes("8000000161", &v), UC_E_MALFORMED);
	expect_err(read_bytes("c00000000000000161", &v), UC_E_MALFORMED);
	expect_err(read_bytes("0261", &v), UC_E_MALFORMED);
	expect_err(read_bytes("01616", &v), UC_OK);
	expect_err(read_bytes("016162", &v), UC_E_TRAILING);
}

TEST(a_list_larger_than_the_arena_is_refused)
{
	struct arena a;
	arena_init(&a, 1 << 14, ARENA_PLAIN);
	uint8_t bytes[4 + 20000] = { 0x80, 0, 0x4e, 0x20 };
	struct u16_list l;
	struct wire w;
	wire_reader(&w, VIEW_OF(bytes), &a);
	WIRE_LIST(&w, &l, u16_element);
	expect_err(wire_finish(&w), UC_E_LIMIT);
	arena_done(&a);
}

/* Each width of a length at its borders: written in the shortest form, read back, and refused in
 * the next longer one (RFC 9420, 2.1.2). */
TEST(lengths_at_their_borders)
{
	static const struct {
		size_t n;
		const char *head, *longer;
	} rows[] = {
		{ 0, "00", "4000" },
		{ 0x3f, "3f", "403f" },
		{ 0x40, "4040", "80000040" },
		{ 0x3fff, "7fff", "80003fff" },
		{ 0x4000, "80004000", "c000000000004000" },
	};
	static uint8_t body[0x4000];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct view v = { body, rows[i].n }, back, head = test_hex(rows[i].head);
		struct arena a;
		struct buf b;
		arena_init(&a, 1 << 16, ARENA_PLAIN);
		buf_init(&b, 1 << 16);
		expect_ok(wire_encode(&b, bytes_element, &v));
		expect_bytes(view_slice(buf_view(&b), 0, head.n), head);
		expect_eq(b.n, head.n + v.n);
		expect_ok(wire_decode(buf_view(&b), &a, bytes_element, &back));
		expect_bytes(back, v);
		expect_err(wire_decode(view_slice(buf_view(&b), 0, b.n ? b.n - 1 : 0), &a,
				       bytes_element, &back),
			   UC_E_MALFORMED);
		buf_reset(&b);
		buf_add_view(&b, test_hex(rows[i].longer));
		buf_add_view(&b, v);
		expect_err(wire_decode(buf_view(&b), &a, bytes_element, &back), UC_E_MALFORMED);
		expect(!back.p && !back.n);
		buf_done(&b);
		arena_done(&a);
	}
}

TEST(lengths_past_the_end)
{
	struct view v;
	static const char *const bad[] = { "",         "40",         "80",
					   "800000",   "7fff",       "bfffffff",
					   "ffffffff", "bfffffff00", "c000000000000000",
					   "ff" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_err(read_bytes(bad[i], &v), UC_E_MALFORMED);
}

TEST(a_length_too_large_to_write)
{
	struct buf b;
	struct wire w;
	size_t n = (size_t)1 << 30;
	buf_init(&b, 64);
	wire_writer(&w, &b);
	wire_length(&w, &n);
	expect_err(wire_finish(&w), UC_E_TOO_LARGE);
	buf_reset(&b);
	n--;
	wire_writer(&w, &b);
	wire_length(&w, &n);
	expect_ok(wire_finish(&w));
	expect_bytes(buf_view(&b), test_hex("bfffffff"));
	buf_done(&b);
}

static uc_err read_tree(const char *hex)
{
	struct tree t;
	struct arena a;
	arena_init(&a, 1 << 16, ARENA_PLAIN);
	uc_err err = wire_decode(test_hex(hex), &a, tree_element, &t);
	arena_done(&a);
	return err;
}

#define TREE_ID "000000000000002a"

TEST(lists_and_options)
{
	expect_ok(read_tree(TREE_ID "00"
				    "00"
				    "00"));
	expect_ok(read_tree(TREE_ID "05"
				    "0001"
				    "026869"
				    "01"
				    "000700"
				    "02"
				    "0009"));
	/* A list that ends inside an element, or reaches past the end. */
	expect_err(read_tree(TREE_ID "04"
				     "0001"
				     "026869"
				     "00"
				     "00"),
		   UC_E_MALFORMED);
	expect_err(read_tree(TREE_ID "06"
				     "0001"
				     "026869"
				     "00"
				     "00"),
		   UC_E_MALFORMED);
	expect_err(read_tree(TREE_ID "3f"
				     "0001"
				     "026869"
				     "00"
				     "00"),
		   UC_E_MALFORMED);
	expect_err(read_tree(TREE_ID "00"
				     "00"
				     "01"
				     "00"),
		   UC_E_MALFORMED);
	expect_err(read_tree(TREE_ID "00"
				     "00"
				     "03"
				     "000900"),
		   UC_E_MALFORMED);
	/* An inner length may not leave the list it stands in. */
	expect_err(read_tree(TREE_ID "04"
				     "0001"
				     "0568"
				     "00"
				     "00"
				     "000000"),
		   UC_E_MALFORMED);
	/* Presence is 0 or 1. */
	expect_err(read_tree(TREE_ID "00"
				     "02"
				     "000700"
				     "00"),
		   UC_E_MALFORMED);
	expect_err(read_tree(TREE_ID "00"
				     "ff"
				     "00"),
		   UC_E_MALFORMED);
	expect_err(read_tree(TREE_ID "00"
				     "01"
				     "0007"),
		   UC_E_MALFORMED);
	expect_err(read_tree(TREE_ID "00"
				     "00"
				     "00"
				     "00"),
		   UC_E_TRAILING);
	expect_err(read_tree(TREE_ID "00"
				     "00"),
		   UC_E_MALFORMED);
}

TEST(booleans)
{
	static const uint8_t bytes[] = { 0, 1, 2, 255 };
	for (size_t i = 0; i < sizeof bytes; i++) {
		struct wire w;
		bool v = true;
		wire_reader(&w, view_make(bytes + i, 1), NULL);
		wire_bool(&w, &v);
		expect_eq(v, bytes[i] == 1);
		expect_err(wire_finish(&w), bytes[i] < 2 ? UC_OK : UC_E_MALFORMED);
	}
}

/* The first error stays, and after it nothing is read or kept. */
TEST(failure_is_sticky)
{
	struct wire w;
	uint16_t a = 7;
	uint32_t b = 7;
	struct view v = VIEW_LIT("before");
	uint8_t fixed[2] = { 7, 7 };
	wire_reader(&w, test_hex("0001000200030004"), NULL);
	wire_u16(&w, &a);
	wire_fail(&w, UC_E_VERSION);
	wire_fail(&w, UC_E_MALFORMED);
	wire_u32(&w, &b);
	wire_bytes(&w, &v);
	wire_fixed(&w, fixed, sizeof fixed);
	expect_eq(a, 1);
	expect_eq(b, 0);
	expect(!v.n && !fixed[0] && !fixed[1]);
	expect_err(wire_finish(&w), UC_E_VERSION);
}

/* An element that takes nothing would make a list without end. */
static void nothing_element(struct wire *w, void *v)
{
	(void)w;
	(void)v;
}

TEST(an_element_of_no_bytes)
{
	struct u16_list l = { NULL, 0 };
	struct arena a;
	struct wire w;
	arena_init(&a, 4096, ARENA_PLAIN);
	wire_reader(&w, test_hex("0100"), &a);
	WIRE_LIST(&w, &l, nothing_element);
	expect_err(wire_finish(&w), UC_E_MALFORMED);
	expect_eq(l.n, 0);
	arena_done(&a);
}

struct shell {
	struct shell_list {
		struct shell *v;
		size_t n;
	} inner;
};
static void shell_element(struct wire *w, void *v)
{
	struct shell *s = v;
	WIRE_LIST(w, &s->inner, shell_element);
}

/* Lists in lists: each reads only its own window, and all of it. */
TEST(nested_lists)
{
	static const struct {
		const char *hex;
		uc_err err;
	} rows[] = {
		{ "00", UC_OK },
		{ "0100", UC_OK },
		{ "0302"
		  "0100",
		  UC_OK },
		{ "0302"
		  "0000",
		  UC_OK },
		{ "0303"
		  "0100",
		  UC_E_MALFORMED },
		{ "0301"
		  "0100",
		  UC_E_MALFORMED },
		{ "0200"
		  "01",
		  UC_E_MALFORMED },
		{ "0301"
		  "00",
		  UC_E_MALFORMED },
		{ "020000"
		  "00",
		  UC_E_TRAILING },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct shell s;
		struct arena a;
		arena_init(&a, 4096, ARENA_PLAIN);
		uc_err err = wire_decode(test_hex(rows[i].hex), &a, shell_element, &s);
		if (err != rows[i].err)
			test_fail(__FILE__, __LINE__, "%s gave %s", rows[i].hex, uc_err_name(err));
		arena_done(&a);
	}
}

TEST(a_view_of_fixed_length)
{
	struct view three = VIEW_LIT("abc"), back = three;
	struct wire w;
	struct buf b;
	buf_init(&b, 64);
	wire_writer(&w, &b);
	wire_fixed_view(&w, &three, 4);
	expect_err(wire_finish(&w), UC_E_ARGUMENT);
	wire_reader(&w, VIEW_LIT("abc"), NULL);
	wire_fixed_view(&w, &back, 4);
	expect_err(wire_finish(&w), UC_E_MALFORMED);
	expect(!back.n);
	wire_reader(&w, VIEW_LIT("abc"), NULL);
	wire_fixed_view(&w, &back, 2);
	wire_rest(&w, &three);
	expect_ok(wire_finish(&w));
	expect_bytes(three, VIEW_LIT("c"));
	buf_done(&b);
}
