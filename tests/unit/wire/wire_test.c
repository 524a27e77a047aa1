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
