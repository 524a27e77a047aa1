/* SPDX-License-Identifier: Apache-2.0 */
/* Seats that are opened from what was read of them before: never as they were, always as they are. */
#include "tests/unit/provider/guests.h"

static struct app *const dial = &apps[DIAL];

static bool is_known(const struct guest *g, struct seat_record *out)
{
	return seat_known_find(dial->provider, g->room, g->client, out);
}

static uc_err come_back(struct guest *g)
{
	expect_ok(person_sign_in(g->person));
	struct seat_again again = guest_again(g);
	struct seats_open_response r = seats_open_all(g->person->c, &again, 1);
	g->seat = r.seats.v[0].seat;
	return r.seats.v[0].status;
}

TEST(a_seat_that_was_opened_is_known_as_it_is_stored)
{
	struct seat_record known, stored = { .version = 0 };
	struct store_key k;
	room_of_three();
	apps_wait(20000);
	expect(!is_known(&r1, &known));
	expect_ok(come_back(&r1));
	expect(is_known(&r1, &known));
	/* What is read meanwhile is known when it is written. */
	guest_say(&t1, "one more");
	guest_read(&r1);
	apps_wait(20000);
	expect(is_known(&r1, &known));
	expect_ok(record_get(dial->rooms, key_2(&k, TABLE_SEAT, the_room, r1.client),
			     seat_record_element, &apps_mem, &stored));
	expect_eq(known.cursor, log_head_of(dial, the_room));
	expect_eq(known.cursor, stored.cursor);
	expect_eq(known.start, stored.start);
	expect_eq(known.opened_month, stored.opened_month);
	expect_bytes(VIEW_OF(known.secret_hash), VIEW_OF(stored.secret_hash));
	expect_bytes(VIEW_OF(known.opener), VIEW_OF(stored.opener));
	expect_ok(come_back(&r1));
	/* Whose it is not gets it no more than before. */
	struct guest thief = r1;
	thief.person = &rob;
	thief.secret[7] ^= 4;
	expect_err(come_back(&thief), UC_E_SEAT);
	the_end();
}

/* It goes away, is removed, and comes back: it reads up to its removal, and nothing of what follows. */
TEST(one_who_was_removed_while_away_is_not_opened_as_it_was_known)
{
	struct guest second;
	struct change in = { .n = 0 }, out = { .n = 0 };
	struct seat_record known;
	room_of_three();
	guest_init(&second, &rob, NULL);
	change_add(&in, &second);
	guest_commit(&r1, &in);
	guest_join(&second);
	read_all();
	expect_ok(come_back(&second));
	expect(is_known(&second, &known));
	client_close(rob.c);
	change_remove(&out, &r1, &second);
	guest_commit(&r1, &out);
	uint64_t removed_at = log_head_of(dial, the_room);
	guest_say(&r1, "not for the one who left");
	expect(!is_known(&second, &known));
	expect_ok(come_back(&second));
	expect_eq(client_events(rob.c, FRAME_ENTRY), 1);
	expect_eq(client_events(rob.c, FRAME_SEAT_ENDED), 1);
	guest_read(&second);
	expect_eq(second.seq, removed_at);
	expect(second.is_ended);
	expect_err(come_back(&second), UC_E_SEAT);
	group_free(second.g);
	the_end();
}

TEST(as_many_are_known_as_fit)
{
	enum { MANY = 40000 };
	const struct seat_record r = { .start = 3, .secret_hash = { 1 }, .cursor = 5 };
	struct seat_record found;
	size_t known = 0;
	room_of_three();
	for (size_t i = 0; i < MANY; i++) {
		char client[64];
		snprintf(client, sizeof client, "mimi://dial.example/p/p%zu/c", i);
		seat_known_add(dial->provider, the_room, view_str(client), &r);
		expect(seat_known_find(dial->provider, the_room, view_str(client), &found));
	}
	for (size_t i = 0; i < MANY; i++) {
		char client[64];
		snprintf(client, sizeof client, "mimi://dial.example/p/p%zu/c", i);
		bool is = seat_known_find(dial->provider, the_room, view_str(client), &found);
		known += is;
		if (is)
			seat_known_change(dial->provider, the_room, view_str(client), NULL);
		expect(!seat_known_find(dial->provider, the_room, view_str(client), &found));
	}
	expect(known > 10000 && known <= 16384);
	/* One that has ended, or that nobody has opened, is never known. */
	struct seat_record ended = r, unopened = { .start = 3 };
	ended.ended = 9;
	seat_known_add(dial->provider, the_room, VIEW_LIT("a"), &ended);
	seat_known_add(dial->provider, the_room, VIEW_LIT("b"), &unopened);
	expect(!seat_known_find(dial->provider, the_room, VIEW_LIT("a"), &found));
	expect(!seat_known_find(dial->provider, the_room, VIEW_LIT("b"), &found));
	the_end();
}

/* Its hub says that there is no such leaf: the seat is over, also for who comes back by SEATS_OPEN. */
TEST(one_whom_the_hub_knows_no_more_is_not_opened_as_it_was_known)
{
	struct provider *lens;
	static const struct peer_response gone = { .status = 404 };
	const struct view_list none = { NULL, 0 };
	struct seat_record known;
	room_of_three();
	lens = apps[LENS].provider;
	read_all();
	expect_ok(come_back(&t1));
	expect(seat_known_find(lens, the_room, t1.client, &known));
	client_close(tom.c);
	const struct view_list expired = { &t1.client, 1 };
	expect_ok(room_expire(lens, the_room, &expired, &none, &apps_mem));
	expect(lens->asks != NULL);
	provider_response(lens, lens->asks->token, &gone);
	expect(!seat_known_find(lens, the_room, t1.client, &known));
	expect_err(come_back(&t1), UC_E_SEAT);
	the_end();
}

/* The same for who came back while the hub was asked. */
TEST(one_whom_the_hub_knows_no_more_is_told_so_where_the_seat_is_open)
{
	static const struct peer_response gone = { .status = 404 };
	const struct view_list none = { NULL, 0 };
	room_of_three();
	read_all();
	const struct view_list expired = { &t1.client, 1 };
	struct provider *lens = apps[LENS].provider;
	expect_ok(room_expire(lens, the_room, &expired, &none, &apps_mem));
	provider_response(lens, lens->asks->token, &gone);
	apps_settle();
	expect_eq(client_events(tom.c, FRAME_SEAT_ENDED), 1);
	guest_say(&r1, "not for who is out");
	expect_eq(client_events(tom.c, FRAME_ENTRY), 0);
	the_end();
}
