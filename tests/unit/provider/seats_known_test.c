/* SPDX-License-Identifier: Apache-2.0 */
/* Seats that are opened from what was read of them before: never as they were, always as they are. */
#include "tests/unit/provider/guests.h"

static struct app *const dial = &apps[DIAL];

/* As the guest's person claims it, on the connection that is there. */
static bool is_known_at(struct provider *p, const struct guest *g, struct seat_record *out)
{
	struct seat_claimant by;
	struct seat_claim claim;
	struct client_key client;
	uint64_t room_hash;
	const struct seat_again again = guest_again(g);
	seat_claimant_make(p, g->person->c->session, &by);
	expect(seat_claim_make(p, &by, &again, &claim));
	if (!seat_known_find(p, &claim, out, &client, &room_hash))
		return false;
	/* What else is known of it is what would be made of it anew. */
	struct client_key made;
	expect(client_key_make(p, g->client, &made));
	expect(client.is_short && made.is_short);
	expect_bytes(VIEW_OF(client.bytes), VIEW_OF(made.bytes));
	expect_eq(client.hash, made.hash);
	expect_eq(room_hash, map_hash(&p->rooms_live, g->room));
	return true;
}

static bool is_known(const struct guest *g, struct seat_record *out)
{
	return is_known_at(dial->provider, g, out);
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
	expect_ok(come_back(&r1));
	the_end();
}

/* With another secret it is not known, nor with the same to another account. */
TEST(a_seat_is_known_of_who_has_opened_it_alone)
{
	struct seat_record known;
	room_of_three();
	expect_ok(come_back(&r1));
	expect(is_known(&r1, &known));
	struct guest thief = r1, lent = r1;
	thief.secret[7] ^= 4;
	expect(!is_known(&thief, &known));
	expect_err(come_back(&thief), UC_E_SEAT);
	thief.person = lent.person = &rob;
	expect(!is_known(&thief, &known));
	expect_err(come_back(&thief), UC_E_SEAT);
	/* Who was refused has changed nothing. */
	expect_ok(person_sign_in(&rosa));
	expect(is_known(&r1, &known));
	/* Lent to another, it is his until she comes again; each is kept with the participant. */
	expect(!is_known(&lent, &known));
	expect_ok(come_back(&lent));
	expect(is_known(&lent, &known));
	expect(!is_known(&r1, &known));
	expect_ok(come_back(&r1));
	expect(is_known(&r1, &known));
	expect(!is_known(&lent, &known));
	the_end();
}

/* In another month, and under another key of the moderators, there is something to be written. */
TEST(a_seat_is_not_known_where_its_opening_says_something_new)
{
	struct seat_record known;
	room_of_three();
	expect_ok(come_back(&r1));
	dial->keys.moderators_pub[3] ^= 1;
	expect(!is_known(&r1, &known));
	dial->keys.moderators_pub[3] ^= 1;
	expect(is_known(&r1, &known));
	apps_wait((uint64_t)30 * 24 * 3600000);
	expect(!is_known(&r1, &known));
	expect_ok(come_back(&r1));
	apps_wait(60000);
	expect_ok(come_back(&r1));
	expect(is_known(&r1, &known));
	the_end();
}

/* Names that are longer than any are refused before they are looked at. */
TEST(a_seat_of_an_endless_name_is_none)
{
	static char name[4000];
	room_of_three();
	expect_ok(person_sign_in(&rosa));
	snprintf(name, sizeof name, "mimi://dial.example/r/%0*d", (int)sizeof name - 30, 0);
	struct seat_again v[3] = { guest_again(&r1), guest_again(&r1), guest_again(&r1) };
	v[0].room = view_str(name);
	v[1].client = view_str(name);
	struct seats_open_response r = seats_open_all(rosa.c, v, 3);
	expect_eq(r.seats.v[0].status, UC_E_SEAT);
	expect_eq(r.seats.v[1].status, UC_E_SEAT);
	expect_eq(r.seats.v[2].status, UC_OK);
	struct guest far = r1;
	far.room = view_make(name, 300);
	expect_err(guest_open(&far), UC_E_SEAT);
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
	expect_ok(person_sign_in(&rob));
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
	const struct client_key client = { .is_short = true };
	struct seat_record found = r;
	struct client_key key;
	struct seat_claimant by;
	struct seat_claim claim;
	uint64_t room_hash;
	size_t known = 0;
	room_of_three();
	struct provider *p = dial->provider;
	seat_claimant_make(p, rosa.c->session, &by);
	by.month = 0;
	for (size_t i = 0; i < 2 * MANY; i++) {
		char text[64];
		snprintf(text, sizeof text, "mimi://dial.example/p/p%zu/c", i % MANY);
		const struct seat_again again = { .room = the_room, .client = view_str(text) };
		expect(seat_claim_make(p, &by, &again, &claim));
		if (i < MANY)
			seat_known_add(p, &claim, &r, &client);
		bool is = seat_known_find(p, &claim, &found, &key, &room_hash);
		expect(is || i >= MANY);
		if (i < MANY)
			continue;
		known += is;
		seat_known_change(p, the_room, again.client, NULL);
		expect(!seat_known_find(p, &claim, &found, &key, &room_hash));
	}
	expect(known > 10000 && known <= 16384);
	/* One that has ended, or that nobody has opened, is never known; nor of a name that is none of
	 * our library's. */
	const struct seat_record ended = { .secret_hash = { 1 }, .ended = 9 }, unopened = { 0 };
	const struct client_key other = { .is_short = false };
	seat_known_add(p, &claim, &ended, &client);
	expect(!seat_known_find(p, &claim, &found, &key, &room_hash));
	seat_known_add(p, &claim, &unopened, &client);
	expect(!seat_known_find(p, &claim, &found, &key, &room_hash));
	seat_known_add(p, &claim, &r, &other);
	expect(!seat_known_find(p, &claim, &found, &key, &room_hash));
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
	expect(is_known_at(lens, &t1, &known));
	client_close(tom.c);
	const struct view_list expired = { &t1.client, 1 };
	expect_ok(room_expire(lens, the_room, &expired, &none, &apps_mem));
	expect(lens->asks != NULL);
	provider_response(lens, lens->asks->token, &gone);
	expect_err(come_back(&t1), UC_E_SEAT);
	expect(!is_known_at(lens, &t1, &known));
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
