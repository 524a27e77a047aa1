/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9420, 2.1, 13: encodings that are not the one there is. */
#include "mls/safe_aad.h"

#include "tests/bad/forge.h"

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
	expect_ok(read_bytes("00"));
	expect_ok(read_bytes("0161"));
	expect_err(read_bytes("400161"), UC_E_MALFORMED);
	expect_err(read_bytes("4000"), UC_E_MALFORMED);
	expect_err(read_bytes("8000000161"), UC_E_MALFORMED);
	expect_err(read_bytes("80000000"), UC_E_MALFORMED);
	expect_err(read_bytes("80003fff"), UC_E_MALFORMED);
	expect_err(read_bytes("c000000000000000"), UC_E_MALFORMED);
	expect_err(read_bytes("ff"), UC_E_MALFORMED);
	expect_err(read_bytes(""), UC_E_MALFORMED);
	expect_err(read_bytes("02"), UC_E_MALFORMED);
	expect_err(read_bytes("0261"), UC_E_MALFORMED);
	expect_err(read_bytes("bfffffff61"), UC_E_MALFORMED);
	expect_err(read_bytes("016161"), UC_E_TRAILING);
}

/* Around each border of the length's own width. */
TEST(lengths_at_their_borders)
{
	static const size_t at[] = { 62, 63, 64, 65, 16382, 16383, 16384, 16385 };
	static uint8_t bytes[20000];
	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		struct buf b;
		struct view v = view_make(bytes, at[i]), back = { NULL, 0 };
		buf_init(&b, 1 << 20);
		arena_init(&mem, 1 << 20, ARENA_PLAIN);
		expect_ok(wire_encode(&b, bytes_element, &v));
		expect_eq(b.n - at[i], at[i] < 64 ? 1 : at[i] < 16384 ? 2 : 4);
		expect_ok(wire_decode(buf_view(&b), &mem, bytes_element, &back));
		expect_eq(back.n, at[i]);
		arena_done(&mem);
		buf_done(&b);
	}
}

TEST(a_list_ends_with_an_element)
{
	expect_ok(READ(required_capabilities, "0200060000"));
	/* Half a number at the end of a list. */
	expect_err(READ(required_capabilities, "0100"
					       "00"
					       "00"),
		   UC_E_MALFORMED);
	expect_err(READ(required_capabilities, "03000600"
					       "00"
					       "00"),
		   UC_E_MALFORMED);
	expect_err(READ(required_capabilities, "020006000000"), UC_E_TRAILING);
	expect_err(READ(required_capabilities, "02000600"), UC_E_MALFORMED);
}

/* 2.1.1 */
TEST(an_option_is_there_or_not)
{
	expect_ok(READ(commit, "0000"));
	expect_err(READ(commit, "0002"), UC_E_MALFORMED);
	expect_err(READ(commit, "00ff"), UC_E_MALFORMED);
	expect_err(READ(commit, "0001"), UC_E_MALFORMED);
}

TEST(closed_sets)
{
	/* A bare Remove of leaf 1 as a ProposalOrRef inside a commit. */
	expect_ok(READ(commit, "07"
			       "01"
			       "0003"
			       "00000001"
			       "00"));
	expect_err(READ(commit, "07"
				"00"
				"0003"
				"00000001"
				"00"),
		   UC_E_MALFORMED);
	expect_err(READ(commit, "07"
				"03"
				"0003"
				"00000001"
				"00"),
		   UC_E_MALFORMED);
	/* PSK types and usages. */
	expect_ok(READ(pre_shared_key_id, "01"
					  "0161"
					  "00"));
	expect_err(READ(pre_shared_key_id, "00"
					   "0161"
					   "00"),
		   UC_E_MALFORMED);
	expect_err(READ(pre_shared_key_id, "04"
					   "0161"
					   "00"),
		   UC_E_MALFORMED);
	expect_ok(READ(pre_shared_key_id, "02"
					  "01"
					  "0161"
					  "0000000000000001"
					  "00"));
	expect_err(READ(pre_shared_key_id, "02"
					   "00"
					   "0161"
					   "0000000000000001"
					   "00"),
		   UC_E_MALFORMED);
	expect_err(READ(pre_shared_key_id, "02"
					   "04"
					   "0161"
					   "0000000000000001"
					   "00"),
		   UC_E_MALFORMED);
}

TEST(types_that_are_not_known_cannot_be_read_past)
{
	expect_ok(read_as(proposal_element, "000300000001", sizeof(struct proposal)));
	expect_err(read_as(proposal_element, "0a0a0161", sizeof(struct proposal)),
		   UC_E_UNSUPPORTED);
	expect_err(read_as(proposal_element, "0000", sizeof(struct proposal)), UC_E_UNSUPPORTED);
	/* ExternalSender with a credential of type 3. */
	expect_err(read_as(external_sender_list_element,
			   "06"
			   "0161"
			   "0003"
			   "0161",
			   sizeof(struct external_sender_list)),
		   UC_E_UNSUPPORTED);
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
	expect_err(READ(app_data_dictionary, "08"
					     "f002"
					     "0161"
					     "f001"
					     "0162"),
		   UC_E_MALFORMED);
	expect_err(READ(app_data_dictionary, "08"
					     "f001"
					     "0161"
					     "f001"
					     "0162"),
		   UC_E_MALFORMED);
	expect_err(READ(app_data_dictionary, "08"
					     "f001"
					     "0161"
					     "f002"
					     "0162"
					     "00"),
		   UC_E_TRAILING);
	expect_ok(READ(safe_aad, "08"
				 "f001"
				 "0161"
				 "f002"
				 "0162"));
	expect_err(READ(safe_aad, "08"
				  "f002"
				  "0161"
				  "f001"
				  "0162"),
		   UC_E_MALFORMED);
	expect_err(READ(safe_aad, "08"
				  "f001"
				  "0161"
				  "f001"
				  "0162"),
		   UC_E_MALFORMED);
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
	expect_err(READ(group_context, hex), UC_E_MALFORMED);
}

TEST(nodes)
{
	expect_err(read_as(ratchet_tree_element,
			   "02"
			   "01"
			   "00",
			   sizeof(struct node_list)),
		   UC_E_MALFORMED);
	expect_err(read_as(ratchet_tree_element,
			   "02"
			   "01"
			   "03",
			   sizeof(struct node_list)),
		   UC_E_MALFORMED);
	/* A parent with a key and no unmerged leaves; then with half of one. */
	expect_ok(read_as(ratchet_tree_element,
			  "06"
			  "01"
			  "02"
			  "0161"
			  "00"
			  "00",
			  sizeof(struct node_list)));
	expect_err(read_as(ratchet_tree_element,
			   "09"
			   "01"
			   "02"
			   "0161"
			   "00"
			   "03"
			   "000000",
			   sizeof(struct node_list)),
		   UC_E_MALFORMED);
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
