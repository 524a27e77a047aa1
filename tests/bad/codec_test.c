/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9420, 2.1, and the forms of its structs (5.3, 6, 7, 8.4, 12, 13): encodings that are none, or
 * not the one there is. */
#include "mls/safe_aad.h"

#include "tests/bad/rules.h"

static struct arena mem;

static uc_err read_as(wire_element *walk, const char *hex, size_t size)
{
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	void *object = arena_take(&mem, size);
	uc_err err = wire_decode(test_hex(hex), &mem, walk, object);
	arena_done(&mem);
	return err;
}
#define READ(type, hex) read_as(type##_element, hex, sizeof(struct type))

static uc_err read_bytes(const char *hex)
{
	return read_as(bytes_element, hex, sizeof(struct view));
}

/* 2.1.2 */
TEST(lengths_are_minimal_and_end)
{
	static const char *const longer[] = { "400161", "4000", "8000000161", "80000000" };
	static const char *const none[] = { "c000000000000000", "ff", "c1", "e0000000" };
	static const char *const cut[] = { "", "02", "0261", "40", "80", "800000", "bfffffff61" };
	expect_ok(read_bytes("00"));
	expect_ok(read_bytes("0161"));
	for (size_t i = 0; i < sizeof longer / sizeof *longer; i++)
		BREAKS_CALL(LENGTH_IS_SHORTEST, read_bytes(longer[i]));
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		BREAKS_CALL(LENGTH_IS_KNOWN, read_bytes(none[i]));
	for (size_t i = 0; i < sizeof cut / sizeof *cut; i++)
		BREAKS_CALL(NOTHING_IS_CUT, read_bytes(cut[i]));
	BREAKS_CALL(NOTHING_IS_LEFT, read_bytes("016161"));
}

/* n bytes behind a length of `width` bytes, as somebody writes it who takes any form. */
static uc_err read_long(size_t width, size_t n)
{
	static uint8_t bytes[20000];
	static const uint8_t mark[] = { 0, 0, 0x40, 0, 0x80 };
	struct view back = { NULL, 0 };
	for (size_t i = 0; i < width; i++)
		bytes[i] = (uint8_t)(n >> 8 * (width - 1 - i));
	bytes[0] |= mark[width];
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	uc_err err = wire_decode(view_make(bytes, width + n), &mem, bytes_element, &back);
	if (!err)
		expect_eq(back.n, n);
	arena_done(&mem);
	return err;
}

/* Around each border of the length's own width: 0x3f, 0x40, 0x3fff, 0x4000. */
TEST(lengths_at_their_borders)
{
	static const size_t at[] = { 62, 63, 64, 65, 16382, 16383, 16384, 16385 };
	static uint8_t bytes[20000];
	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		struct buf b;
		struct view v = view_make(bytes, at[i]), back = { NULL, 0 };
		size_t width = at[i] < 64 ? 1 : at[i] < 16384 ? 2 : 4;
		buf_init(&b, 1 << 20);
		arena_init(&mem, 1 << 20, ARENA_PLAIN);
		expect_ok(wire_encode(&b, bytes_element, &v));
		expect_eq(b.n - at[i], width);
		expect_ok(wire_decode(buf_view(&b), &mem, bytes_element, &back));
		expect_eq(back.n, at[i]);
		arena_done(&mem);
		buf_done(&b);
		expect_ok(read_long(width, at[i]));
		for (size_t longer = 2 * width; longer <= 4; longer *= 2)
			BREAKS_CALL(LENGTH_IS_SHORTEST, read_long(longer, at[i]));
	}
}

TEST(a_list_ends_with_an_element)
{
	expect_ok(READ(required_capabilities, "0200060000"));
	/* Half a number at the end of a list. */
	BREAKS_CALL(NOTHING_IS_CUT, READ(required_capabilities, "0100"
								"00"
								"00"));
	BREAKS_CALL(NOTHING_IS_CUT, READ(required_capabilities, "03000600"
								"00"
								"00"));
	BREAKS_CALL(NOTHING_IS_LEFT, READ(required_capabilities, "020006000000"));
	BREAKS_CALL(NOTHING_IS_CUT, READ(required_capabilities, "02000600"));
}

/* 2.1.1 */
TEST(an_option_is_there_or_not)
{
	expect_ok(READ(commit, "0000"));
	BREAKS_CALL(OPTION_IS_0_OR_1, READ(commit, "0002"));
	BREAKS_CALL(OPTION_IS_0_OR_1, READ(commit, "00ff"));
	BREAKS_CALL(NOTHING_IS_CUT, READ(commit, "0001"));
}

TEST(closed_sets)
{
	/* A bare Remove of leaf 1 as a ProposalOrRef inside a commit. */
	expect_ok(READ(commit, "07"
			       "01"
			       "0003"
			       "00000001"
			       "00"));
	BREAKS_CALL(PROPOSAL_OR_REF, READ(commit, "07"
						  "00"
						  "0003"
						  "00000001"
						  "00"));
	BREAKS_CALL(PROPOSAL_OR_REF, READ(commit, "07"
						  "03"
						  "0003"
						  "00000001"
						  "00"));
	/* PSK types and usages. */
	expect_ok(READ(pre_shared_key_id, "01"
					  "0161"
					  "00"));
	BREAKS_CALL(PSK_TYPE, READ(pre_shared_key_id, "00"
						      "0161"
						      "00"));
	BREAKS_CALL(PSK_TYPE, READ(pre_shared_key_id, "04"
						      "0161"
						      "00"));
	expect_ok(READ(pre_shared_key_id, "02"
					  "01"
					  "0161"
					  "0000000000000001"
					  "00"));
	BREAKS_CALL(PSK_USAGE_KNOWN, READ(pre_shared_key_id, "02"
							     "00"
							     "0161"
							     "0000000000000001"
							     "00"));
	BREAKS_CALL(PSK_USAGE_KNOWN, READ(pre_shared_key_id, "02"
							     "04"
							     "0161"
							     "0000000000000001"
							     "00"));
}

TEST(operations_and_sources)
{
	expect_ok(READ(proposal, "0008"
				 "f001"
				 "02"));
	BREAKS_CALL(APP_DATA_OPERATION, READ(proposal, "0008"
						       "f001"
						       "00"));
	BREAKS_CALL(APP_DATA_OPERATION, READ(proposal, "0008"
						       "f001"
						       "03"));
	/* A leaf of source 0 to 4, with nothing in it; of 1 and 2 those can be read. */
	static const char head[] = "00"
				   "00"
				   "0001"
				   "00"
				   "0000000000";
	char hex[128];
	snprintf(hex, sizeof hex, "%s02%s", head, "0000");
	expect_ok(READ(leaf_node, hex));
	snprintf(hex, sizeof hex, "%s00%s", head, "0000");
	BREAKS_CALL(LEAF_SOURCE, READ(leaf_node, hex));
	snprintf(hex, sizeof hex, "%s04%s", head, "0000");
	BREAKS_CALL(LEAF_SOURCE, READ(leaf_node, hex));
}

TEST(types_that_are_not_known_cannot_be_read_past)
{
	expect_ok(read_as(proposal_element, "000300000001", sizeof(struct proposal)));
	BREAKS_CALL(PROPOSAL_TYPE, read_as(proposal_element, "0a0a0161", sizeof(struct proposal)));
	BREAKS_CALL(PROPOSAL_TYPE, read_as(proposal_element, "0000", sizeof(struct proposal)));
	/* ExternalSender with a credential of type 3. */
	BREAKS_CALL(CREDENTIAL_TYPE, read_as(external_sender_list_element,
					     "06"
					     "0161"
					     "0003"
					     "0161",
					     sizeof(struct external_sender_list)));
	expect_ok(read_as(external_sender_list_element,
			  "06"
			  "0161"
			  "0001"
			  "0161",
			  sizeof(struct external_sender_list)));
}

/* 13.4, and the application data dictionary: order, and each once. */
TEST(dictionaries)
{
	expect_ok(READ(app_data_dictionary, "00"));
	expect_ok(READ(app_data_dictionary, "08"
					    "f001"
					    "0161"
					    "f002"
					    "0162"));
	BREAKS_CALL(DICTIONARY_ORDER, READ(app_data_dictionary, "08"
								"f002"
								"0161"
								"f001"
								"0162"));
	BREAKS_CALL(DICTIONARY_ORDER, READ(app_data_dictionary, "08"
								"f001"
								"0161"
								"f001"
								"0162"));
	BREAKS_CALL(NOTHING_IS_LEFT, READ(app_data_dictionary, "08"
							       "f001"
							       "0161"
							       "f002"
							       "0162"
							       "00"));
	expect_ok(READ(safe_aad, "08"
				 "f001"
				 "0161"
				 "f002"
				 "0162"));
	BREAKS_CALL(SAFE_AAD_ORDER, READ(safe_aad, "08"
						   "f002"
						   "0161"
						   "f001"
						   "0162"));
	BREAKS_CALL(SAFE_AAD_ORDER, READ(safe_aad, "08"
						   "f001"
						   "0161"
						   "f001"
						   "0162"));
	/* A group's extensions, inside its context. */
	static const char head[] = "0001"
				   "0001"
				   "0161"
				   "0000000000000000"
				   "00"
				   "00";
	char hex[128];
	snprintf(hex, sizeof hex, "%s%s", head,
		 "06"
		 "f00100"
		 "f00200");
	expect_ok(READ(group_context, hex));
	snprintf(hex, sizeof hex, "%s%s", head,
		 "06"
		 "f00100"
		 "f00100");
	BREAKS_CALL(EXTENSION_ONCE, READ(group_context, hex));
}

TEST(nodes)
{
	BREAKS_CALL(NODE_TYPE, read_as(ratchet_tree_element,
				       "02"
				       "01"
				       "00",
				       sizeof(struct node_list)));
	BREAKS_CALL(NODE_TYPE, read_as(ratchet_tree_element,
				       "02"
				       "01"
				       "03",
				       sizeof(struct node_list)));
	/* A parent with a key and no unmerged leaves; then with half of one. */
	expect_ok(read_as(ratchet_tree_element,
			  "06"
			  "01"
			  "02"
			  "0161"
			  "00"
			  "00",
			  sizeof(struct node_list)));
	BREAKS_CALL(NOTHING_IS_CUT, read_as(ratchet_tree_element,
					    "09"
					    "01"
					    "02"
					    "0161"
					    "00"
					    "03"
					    "000000",
					    sizeof(struct node_list)));
}

/* What a small message makes of memory is bounded by the caller's arena. */
TEST(many_small_things)
{
	static uint8_t blanks[1 << 16];
	struct arena small;
	struct buf b;
	struct view v = VIEW_OF(blanks);
	struct node_list l;
	buf_init(&b, 1 << 20);
	expect_ok(wire_encode(&b, bytes_element, &v));
	arena_init(&small, 1 << 16, ARENA_PLAIN);
	expect_err(wire_decode(buf_view(&b), &small, ratchet_tree_element, &l), UC_E_LIMIT);
	arena_done(&small);
	arena_init(&small, 1 << 22, ARENA_PLAIN);
	expect_ok(wire_decode(buf_view(&b), &small, ratchet_tree_element, &l));
	expect_eq(l.n, 1 << 16);
	arena_done(&small);
	buf_done(&b);
}
