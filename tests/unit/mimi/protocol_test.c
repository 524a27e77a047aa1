/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes written by hand from the struct text of draft-ietf-mimi-protocol-06. */
#include "mimi/protocol.h"

#include "tests/unit/harness.h"

static struct arena mem;

static void round_trip(wire_element *walk, const void *object, const char *hex, void *back)
{
	struct buf b;
	buf_init(&b, 65536);
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	expect_ok(wire_encode(&b, walk, object));
	expect_bytes(buf_view(&b), test_hex(hex));
	expect_ok(wire_decode(test_hex(hex), &mem, walk, back));
	buf_done(&b);
}

TEST(submit_message_response)
{
	struct submit_message_response back;
	struct submit_message_response accepted = { .protocol = PROTOCOL_MLS10,
						    .status_code = SUBMIT_ACCEPTED,
						    .accepted_timestamp = 0x0102030405060708 };
	struct submit_message_response refused = { .protocol = PROTOCOL_MLS10,
						   .status_code = SUBMIT_NOT_ALLOWED };
	struct submit_message_response old = { .protocol = PROTOCOL_MLS10,
					       .status_code = SUBMIT_EPOCH_TOO_OLD,
					       .current_epoch = 42 };
	round_trip(submit_message_response_element, &accepted, "0100010203040506070800", &back);
	expect_eq(back.accepted_timestamp, 0x0102030405060708);
	expect(!back.frank);
	arena_done(&mem);
	round_trip(submit_message_response_element, &refused, "0101", &back);
	arena_done(&mem);
	round_trip(submit_message_response_element, &old, "0102000000000000002a", &back);
	expect_eq(back.current_epoch, 42);
	arena_done(&mem);
}

TEST(update_room_response)
{
	struct update_room_response back;
	struct update_room_response success = { .response_code = UPDATE_SUCCESS,
						.accepted_timestamp = 0x0102030405060708 };
	round_trip(update_room_response_element, &success, "00000102030405060708", &back);
	arena_done(&mem);
}

TEST(identifier_response)
{
	struct identifier_response back, none = { .response_code = IDENTIFIER_NOT_FOUND };
	round_trip(identifier_response_element, &none, "01000000", &back);
	arena_done(&mem);
}

TEST(consent_entry)
{
	struct consent_entry back;
	struct consent_entry request = {
		.consent_operation = CONSENT_REQUEST,
		.requester_uri = VIEW_LIT("mimi://a.example/u/alice"),
		.target_uri = VIEW_LIT("mimi://b.example/u/bob"),
	};
	round_trip(consent_entry_element, &request,
		   "01"
		   "186d696d693a2f2f612e6578616d706c652f752f616c696365"
		   "166d696d693a2f2f622e6578616d706c652f752f626f62"
		   "0000",
		   &back);
	expect_bytes(back.target_uri, VIEW_LIT("mimi://b.example/u/bob"));
	expect(!back.room_id);
	arena_done(&mem);
}

TEST(key_material_response)
{
	struct client_key_material client = {
		.client_status = KEY_MATERIAL_CLIENT_EXHAUSTED,
		.client_uri = VIEW_LIT("mimi://b.example/d/bob"),
	};
	struct key_material_response back;
	struct key_material_response response = {
		.protocol = PROTOCOL_MLS10,
		.user_status = KEY_MATERIAL_PARTIAL_SUCCESS,
		.user_uri = VIEW_LIT("mimi://b.example/u/bob"),
		.clients = { &client, 1 },
	};
	round_trip(key_material_response_element, &response,
		   "0101166d696d693a2f2f622e6578616d706c652f752f626f62"
		   "1801166d696d693a2f2f622e6578616d706c652f642f626f62",
		   &back);
	arena_done(&mem);
}

TEST(what_is_none_of_these_is_refused)
{
	struct submit_message_response s;
	struct consent_entry c;
	struct fanout_message f;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	expect_err(wire_decode(test_hex("0103"), &mem, submit_message_response_element, &s),
		   UC_E_MALFORMED);
	expect_err(wire_decode(test_hex("0201"), &mem, submit_message_response_element, &s),
		   UC_E_VERSION);
	expect_err(wire_decode(test_hex("0400000000"), &mem, consent_entry_element, &c),
		   UC_E_MALFORMED);
	expect_err(wire_decode(test_hex("01000000"), &mem, consent_entry_element, &c),
		   UC_E_MALFORMED);
	expect(wire_decode(test_hex("000000000000000000010005"), &mem, fanout_message_element, &f));
	arena_done(&mem);
}
