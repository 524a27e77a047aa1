/* SPDX-License-Identifier: Apache-2.0 */
/* Who sent a message gets the rest of its entry, if it says that it can do with that. */
#include "tests/unit/provider/guests.h"

static struct app *const dial = &apps[DIAL];

static void knows_own(const struct person *p)
{
	p->c->session->features |= 1u << FEATURE_ENTRY_OWN;
}

/* The entry as it lies in the log. */
static struct log_entry stored_entry(uint64_t seq)
{
	struct store_log_scan scan;
	struct store_key k;
	struct view bytes, copy = { NULL, 0 };
	struct log_entry e = { .seq = 0 };
	uint64_t at = 0;
	expect_ok(
		store_log_scan_init(&scan, dial->rooms, key_1(&k, TABLE_LOG, the_room), seq, 1, 0));
	expect(store_log_scan_next(&scan, &at, &bytes));
	expect_ok(arena_copy(&apps_mem, bytes, &copy));
	store_log_scan_done(&scan);
	expect_ok(wire_decode(copy, &apps_mem, log_entry_element, &e));
	expect_eq(e.seq, seq);
	return e;
}

static struct entry_own_event take_own(const struct guest *g)
{
	struct entry_own_event own = { .seq = 0 };
	struct event *e = client_event(g->person->c, FRAME_ENTRY_OWN);
	expect(e != NULL);
	if (e)
		expect_ok(wire_decode(e->body, &apps_mem, entry_own_event_element, &own));
	expect_eq(own.seat, g->seat);
	return own;
}

static void took(struct guest *g, const struct entry_own_event *own)
{
	struct seat_ack ack = { g->seat, own->seq };
	g->seq = own->seq;
	memcpy(g->chain, own->chain, CHAIN_HASH);
	client_tell(g->person->c, FRAME_SEAT_ACK, seat_ack_element, &ack);
}

TEST(its_sender_gets_all_of_an_entry_but_the_message)
{
	struct submit_message_request sent;
	struct submit_message_response r;
	struct frank frank;
	struct view whole = { NULL, 0 };
	uint64_t seq = 0;
	uc_err err;
	room_of_three();
	knows_own(&rosa);
	struct view submit = guest_message_make(&r1, "mine");
	expect_eq(guest_submit(&r1, submit, &r, &seq, &err), SUBMIT_ACCEPTED);
	expect_eq(client_events(rosa.c, FRAME_ENTRY), 0);
	struct entry_own_event own = take_own(&r1);
	/* With the message it is what the others have, byte for byte. */
	struct log_entry e = stored_entry(seq);
	expect_eq(own.seq, seq);
	expect_bytes(VIEW_OF(own.chain), VIEW_OF(e.chain));
	expect_ok(wire_decode(submit, &apps_mem, submit_message_request_element, &sent));
	expect_ok(wire_decode(own.frank, &apps_mem, frank_element, &frank));
	const struct fanout_message m = { .timestamp = own.timestamp,
					  .message = sent.app_message,
					  .wire_format = MLS_PRIVATE_MESSAGE,
					  .content_type = CONTENT_APPLICATION,
					  .frank = &frank };
	expect_ok(wire_encode_to(&apps_mem, fanout_message_element, &m, &whole));
	expect_bytes(whole, e.fanout);
	took(&r1, &own);
	guest_read(&t1);
	expect_bytes(view_str(t1.last), VIEW_LIT("mine"));
	/* Said again: answered, and nothing more. */
	uint64_t again = 0;
	expect_eq(guest_submit(&r1, submit, &r, &again, &err), SUBMIT_ACCEPTED);
	expect_eq(again, seq);
	expect_eq(client_events(rosa.c, FRAME_ENTRY_OWN) + client_events(rosa.c, FRAME_ENTRY), 0);
	/* What others say comes whole, and a commit of its own, too. */
	struct change none = { .n = 0 };
	guest_say(&t1, "yours");
	expect_eq(client_events(rosa.c, FRAME_ENTRY), 1);
	guest_read(&r1);
	guest_commit(&r1, &none);
	expect_eq(client_events(rosa.c, FRAME_ENTRY_OWN), 0);
	the_end();
}

TEST(who_has_not_said_so_gets_it_whole)
{
	room_of_three();
	guest_say(&r1, "whole");
	expect_eq(client_events(rosa.c, FRAME_ENTRY_OWN), 0);
	guest_read(&r1);
	expect_eq(r1.seq, log_head_of(dial, the_room));
	the_end();
}

/* Who was not there, or is behind, reads the log: it may not have it any more. */
TEST(what_comes_from_the_log_is_whole)
{
	room_of_three();
	knows_own(&rosa);
	uint64_t before = r1.seq;
	for (int i = 0; i < ENTRY_WINDOW + 3; i++)
		guest_say(&r1, "many");
	expect_eq(client_events(rosa.c, FRAME_ENTRY_OWN), ENTRY_WINDOW);
	for (int i = 0; i < ENTRY_WINDOW; i++) {
		struct entry_own_event own = take_own(&r1);
		expect_eq(own.seq, before + (uint64_t)i + 1);
		took(&r1, &own);
	}
	expect_eq(client_events(rosa.c, FRAME_ENTRY), 3);
	guest_read(&r1);
	expect_eq(r1.seq, log_head_of(dial, the_room));
	/* And so does who comes back. */
	guest_say(&r1, "and is gone");
	expect_ok(person_sign_in(&rosa));
	knows_own(&rosa);
	expect_ok(guest_open(&r1));
	expect_eq(client_events(rosa.c, FRAME_ENTRY), 1);
	guest_read(&r1);
	expect_eq(r1.seq, log_head_of(dial, the_room));
	the_end();
}

/* Its own app only follows: there it is an entry as any other. */
TEST(by_way_of_another_apps_hub_it_comes_whole)
{
	room_of_three();
	knows_own(&tom);
	guest_say(&t1, "from afar");
	expect_eq(client_events(tom.c, FRAME_ENTRY_OWN), 0);
	guest_read(&t1);
	expect_eq(t1.seq, log_head_of(dial, the_room));
	the_end();
}
