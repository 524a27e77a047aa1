/* SPDX-License-Identifier: Apache-2.0 */
/* Seats that are opened again: what is written then, and what is not. */
#include "base/text.h"
#include "tests/unit/provider/guests.h"

static struct app *const dial = &apps[DIAL];

static struct seat_record seat_of(const struct guest *g)
{
	struct store_key k;
	struct seat_record r = { .version = 0 };
	expect_ok(record_get(g->person->app->rooms, key_2(&k, TABLE_SEAT, g->room, g->client),
			     seat_record_element, &apps_mem, &r));
	return r;
}

static struct opening_record opening_of(const struct guest *g)
{
	struct store_key k;
	struct opening_record r = { .version = 0 };
	expect_ok(record_get(g->person->app->rooms,
			     key_2(&k, TABLE_OPENING, g->room, g->participant),
			     opening_record_element, &apps_mem, &r));
	return r;
}

static void expect_opened_by(const struct guest *g, struct view sealed, const struct person *p)
{
	const struct opening_context context = { g->room, g->participant };
	const struct app *a = g->person->app;
	struct view id = { NULL, 0 };
	expect_ok(opening_read(secret_view(&a->moderators), VIEW_OF(a->keys.moderators_pub),
			       &context, sealed, &apps_mem, &id));
	expect_bytes(id, VIEW_OF(p->account_id));
}

static size_t lates(const struct app *a)
{
	return a->provider->room_work->lates.n;
}

/* --- openers --- */

TEST(one_who_opens_again_leaves_nothing_to_write)
{
	room_of_three();
	apps_wait(60000);
	struct seat_record seat = seat_of(&r1);
	struct opening_record opening = opening_of(&r1);
	static const uint8_t none[SEAT_OPENER];
	expect(!view_equal(VIEW_OF(seat.opener), VIEW_OF(none)));
	for (int i = 0; i < 3; i++) {
		guest_return(&r1);
		expect_eq(lates(dial), 0);
	}
	apps_wait(60000);
	expect_bytes(opening_of(&r1).latest, opening.latest);
	expect_bytes(VIEW_OF(seat_of(&r1).opener), VIEW_OF(seat.opener));
	the_end();
}

TEST(another_account_with_the_secret_is_sealed_once)
{
	room_of_three();
	struct guest lent = r1;
	lent.person = &rob;
	struct seat_record before = seat_of(&r1);
	guest_return(&lent);
	/* Not written yet, and known: nothing is sealed again. */
	expect_eq(lates(dial), 1);
	const struct seat_late *late = seat_late_find(dial->provider, the_room, r1.client);
	const uint8_t *sealed = late ? late->opening : NULL;
	expect(sealed != NULL);
	guest_return(&lent);
	expect(late && late->opening == sealed);
	apps_wait(60000);
	struct opening_record opening = opening_of(&r1);
	expect_opened_by(&r1, opening.first, &rosa);
	expect_opened_by(&r1, opening.latest, &rob);
	expect(!view_equal(VIEW_OF(seat_of(&r1).opener), VIEW_OF(before.opener)));
	/* And back. */
	guest_return(&r1);
	apps_wait(60000);
	expect_opened_by(&r1, opening_of(&r1).latest, &rosa);
	expect_bytes(VIEW_OF(seat_of(&r1).opener), VIEW_OF(before.opener));
	the_end();
}

TEST(an_opening_of_another_month_is_kept_without_being_sealed)
{
	room_of_three();
	apps_wait(60000);
	struct seat_record before = seat_of(&r1);
	struct opening_record opening = opening_of(&r1);
	apps_wait((uint64_t)30 * 24 * 3600000);
	guest_return(&r1);
	expect_eq(lates(dial), 1);
	apps_wait(60000);
	expect_eq(seat_of(&r1).opened_month, before.opened_month + 1);
	expect_bytes(opening_of(&r1).latest, opening.latest);
	the_end();
}

/* Another key of the moderators: the opening is sealed to it. */
TEST(new_moderators_read_who_comes_from_then_on)
{
	room_of_three();
	apps_wait(60000);
	struct kem_key other;
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &other));
	memcpy(dial->keys.moderators_pub, kem_public(&other).p, sizeof dial->keys.moderators_pub);
	secret_wipe(&dial->moderators);
	dial->moderators = other.priv;
	guest_return(&r1);
	apps_wait(60000);
	expect_opened_by(&r1, opening_of(&r1).latest, &rosa);
	the_end();
}

TEST(a_seat_of_version_1_has_no_opener_and_gets_one)
{
	struct seat_record r = { .version = 0, .opener = { 7 } };
	struct view now = { NULL, 0 };
	static const uint8_t none[SEAT_OPENER];
	arena_init(&apps_mem, 1 << 20, ARENA_PLAIN);
	struct buf b;
	buf_init(&b, 256);
	buf_add_view(&b, VIEW_LIT("\0\1"));
	for (int i = 0; i < 8 + 32 + 32 + 8 + 4 + 8; i++)
		buf_add_view(&b, VIEW_LIT("\0"));
	expect_ok(wire_decode(buf_view(&b), &apps_mem, seat_record_element, &r));
	expect_bytes(VIEW_OF(r.opener), VIEW_OF(none));
	expect_ok(wire_encode_to(&apps_mem, seat_record_element, &r, &now));
	expect_eq(now.n, b.n + SEAT_OPENER);
	expect_bytes(view_slice(now, 0, 2), VIEW_LIT("\0\2"));
	buf_done(&b);
	arena_done(&apps_mem);
}

/* --- many at once --- */

/* Rooms of Rosa's; the first is the_room, where Tom and Ida are, too. */
enum { ROOMS = 4 };
static struct guest further[ROOMS];
static struct guest *const in_room[ROOMS] = { &r1, &further[1], &further[2], &further[3] };

static void several_rooms(void)
{
	static const char *const names[ROOMS] = { NULL, "mimi://dial.example/r/second",
						  "mimi://dial.example/r/third",
						  "mimi://dial.example/r/fourth" };
	struct view first;
	room_of_three();
	first = the_room;
	for (size_t i = 1; i < ROOMS; i++) {
		the_room = view_str(names[i]);
		guest_init(in_room[i], &rosa, NULL);
		expect_ok(guest_create(in_room[i], false));
	}
	the_room = first;
}

static void several_end(void)
{
	for (size_t i = 1; i < ROOMS; i++)
		group_free(in_room[i]->g);
	the_end();
}

static void again_of_all(struct seat_again v[ROOMS])
{
	for (size_t i = 0; i < ROOMS; i++)
		v[i] = guest_again(in_room[i]);
}

static void take_numbers(const struct seats_open_response *r)
{
	for (size_t i = 0; i < ROOMS; i++)
		in_room[i]->seat = r->seats.v[i].seat;
}

TEST(seats_are_opened_together_in_their_order)
{
	struct seat_again v[ROOMS];
	several_rooms();
	guest_say(&t1, "while she was away");
	again_of_all(v);
	v[0].cursor--; /* the last entry once more, and the one that is new */
	expect_ok(person_sign_in(&rosa));
	struct seats_open_response r = seats_open_all(rosa.c, v, ROOMS);
	for (size_t i = 0; i < ROOMS; i++) {
		expect_eq(r.seats.v[i].status, UC_OK);
		expect(r.seats.v[i].seat != 0);
		for (size_t k = 0; k < i; k++)
			expect(r.seats.v[k].seat != r.seats.v[i].seat);
		expect_eq(r.seats.v[i].next, log_head_of(dial, in_room[i]->room) + 1);
		/* Who has read all need not know where the log begins. */
		expect_eq(r.seats.v[i].first, i ? r.seats.v[i].next : 1);
	}
	expect_eq(client_events(rosa.c, FRAME_ENTRY), 2);
	take_numbers(&r);
	guest_read(in_room[0]);
	expect_eq(in_room[0]->messages, 1);
	/* And they are seats as any other. */
	for (size_t i = 0; i < ROOMS; i++)
		guest_say(in_room[i], "back");
	guest_read(&t1);
	expect_bytes(view_str(t1.last), VIEW_LIT("back"));
	several_end();
}

TEST(each_seat_of_many_is_refused_for_itself)
{
	struct seat_again v[9];
	struct guest second, left;
	struct change c = { .n = 0 };
	several_rooms();
	guest_init(&second, &rosa, NULL);
	guest_init(&left, &rosa, NULL);
	change_add(&c, &second);
	change_add(&c, &left);
	guest_commit(&t1, &c);
	guest_join(&left);
	struct change out = { .n = 0 };
	read_all();
	change_remove(&out, &r1, &left);
	guest_commit(&r1, &out);
	read_all();
	guest_read(&left);
	expect(left.is_ended);
	expect_ok(person_sign_in(&rosa));
	v[0] = guest_again(in_room[1]);
	v[1] = guest_again(&t1); /* of another app */
	v[2] = guest_again(in_room[0]);
	v[2].secret[3] ^= 1;
	v[3] = guest_again(in_room[1]);
	v[3].room = VIEW_LIT("mimi://dial.example/r/nowhere");
	v[4] = guest_again(&second); /* nobody has opened it */
	v[5] = guest_again(in_room[2]);
	v[5].cursor = 1000;
	v[6] = guest_again(&left);
	v[7] = guest_again(in_room[3]);
	v[7].client = VIEW_LIT("not a client");
	v[8] = guest_again(in_room[3]);
	struct seats_open_response r = seats_open_all(rosa.c, v, 9);
	static const uc_err want[9] = { UC_OK,         UC_E_SEAT, UC_E_SEAT, UC_E_SEAT, UC_E_SEAT,
					UC_E_RESTORED, UC_E_SEAT, UC_E_SEAT, UC_OK };
	for (size_t i = 0; i < 9; i++)
		expect_eq(r.seats.v[i].status, want[i]);
	expect_eq(rosa.c->session->seats.n, 2);
	in_room[1]->seat = r.seats.v[0].seat;
	in_room[3]->seat = r.seats.v[8].seat;
	guest_say(in_room[1], "one");
	guest_say(in_room[3], "two");
	group_free(left.g);
	several_end();
}

TEST(a_seat_whose_welcome_waits_is_opened_by_itself)
{
	struct guest second;
	struct change c = { .n = 0 };
	room_of_three();
	guest_init(&second, &rosa, NULL);
	change_add(&c, &second);
	guest_commit(&t1, &c);
	expect_ok(guest_open(&second)); /* and the answer is lost */
	expect(second.opened.welcome.n != 0);
	expect_ok(person_sign_in(&rosa));
	struct seat_again v = guest_again(&second);
	struct seats_open_response r = seats_open_all(rosa.c, &v, 1);
	expect_eq(r.seats.v[0].status, UC_E_UNEXPECTED);
	expect_eq(rosa.c->session->seats.n, 0);
	guest_join(&second);
	expect_ok(person_sign_in(&rosa));
	v = guest_again(&second);
	r = seats_open_all(rosa.c, &v, 1);
	expect_eq(r.seats.v[0].status, UC_OK);
	group_free(second.g);
	the_end();
}

TEST(a_seat_named_twice_is_open_once)
{
	struct seat_again v[3];
	several_rooms();
	v[0] = v[2] = guest_again(in_room[0]);
	v[1] = guest_again(in_room[1]);
	expect_ok(person_sign_in(&rosa));
	struct seats_open_response r = seats_open_all(rosa.c, v, 3);
	expect_eq(rosa.c->session->seats.n, 2);
	struct seat_close_request q = { r.seats.v[0].seat };
	expect_err(client_ask(rosa.c, FRAME_SEAT_CLOSE, seat_close_request_element, &q, NULL, NULL),
		   UC_E_SEAT);
	guest_say(&t1, "once");
	expect_eq(client_events(rosa.c, FRAME_ENTRY), 1);
	in_room[0]->seat = r.seats.v[2].seat;
	guest_read(in_room[0]);
	expect_eq(in_room[0]->messages, 1);
	several_end();
}

TEST(too_many_seats_at_once_are_none)
{
	static struct seat_again v[SEATS_AT_ONCE + 1];
	room_of_three();
	for (size_t i = 0; i <= SEATS_AT_ONCE; i++)
		v[i] = guest_again(&r1);
	expect_ok(person_sign_in(&rosa));
	struct seats_open_request q = { { v, SEATS_AT_ONCE + 1 } };
	struct seats_open_response r;
	expect_err(client_ask(rosa.c, FRAME_SEATS_OPEN, seats_open_request_element, &q,
			      seats_open_response_element, &r),
		   UC_E_LIMIT);
	expect_eq(rosa.c->session->seats.n, 0);
	seats_open_all(rosa.c, v, SEATS_AT_ONCE);
	expect_eq(rosa.c->session->seats.n, 1);
	seats_open_all(rosa.c, NULL, 0);
	/* Nor before one is signed in. */
	struct client *stranger = client_connect(dial);
	expect_err(client_ask(stranger, FRAME_SEATS_OPEN, seats_open_request_element, &q,
			      seats_open_response_element, &r),
		   UC_E_SIGNED_OUT);
	the_end();
}

TEST(many_seats_count_as_more_than_one_request)
{
	static struct seat_again v[SEATS_AT_ONCE];
	struct seats_open_request q = { { v, SEATS_AT_ONCE } };
	struct seats_open_response r;
	uc_err err = UC_OK;
	unsigned n = 0;
	room_of_three();
	for (size_t i = 0; i < SEATS_AT_ONCE; i++)
		v[i] = guest_again(&r1);
	expect_ok(person_sign_in(&rosa));
	for (; !err && n < 100; n++)
		err = client_ask(rosa.c, FRAME_SEATS_OPEN, seats_open_request_element, &q,
				 seats_open_response_element, &r);
	expect_err(err, UC_E_RATE);
	expect(rosa.c->answer.retry_after_s > 0);
	expect(n > 10 && n < 70);
	the_end();
}

TEST(features_are_those_that_both_sides_know)
{
	the_people();
	uint16_t said[] = { 4000, FEATURE_SEATS_OPEN, 31, FEATURE_SEATS_OPEN };
	struct hello_request q = { .version_lowest = 1, .version = 1, .features = { said, 4 } };
	struct hello_response r = { .version = 0 };
	struct client *c = client_connect_silent(dial);
	expect_ok(
		client_ask(c, FRAME_HELLO, hello_request_element, &q, hello_response_element, &r));
	expect_eq(r.features.n, 1);
	if (r.features.n == 1)
		expect_eq(r.features.v[0], FEATURE_SEATS_OPEN);
	q.features.n = 0;
	c = client_connect_silent(dial);
	expect_ok(
		client_ask(c, FRAME_HELLO, hello_request_element, &q, hello_response_element, &r));
	expect_eq(r.features.n, 0);
	the_end();
}

/* --- what a session may have on its way --- */

enum { LARGE = 200 * 1024, LARGE_N = 8, SESSION_BYTES = 4 * 1024 * 1024 };

static void say_much(struct guest *by)
{
	static char text[LARGE];
	memset(text, 'a', sizeof text - 1);
	for (int i = 0; i < LARGE_N; i++) {
		guest_say(by, text);
		apps_wait(60000); /* so much counts */
	}
}

/* Rosa comes back to rooms in which so much was said since. */
static void much_to_read(struct seat_again v[ROOMS])
{
	several_rooms();
	for (size_t i = 0; i < ROOMS; i++) {
		say_much(in_room[i]);
		guest_read(in_room[i]);
	}
	again_of_all(v);
	for (size_t i = 0; i < ROOMS; i++)
		v[i].cursor -= LARGE_N;
	expect_ok(person_sign_in(&rosa));
}

TEST(a_session_has_so_much_on_its_way_whatever_its_seats)
{
	struct seat_again v[ROOMS];
	much_to_read(v);
	size_t before = rosa.c->bytes_received;
	struct seats_open_response r = seats_open_all(rosa.c, v, ROOMS);
	take_numbers(&r);
	size_t first = rosa.c->bytes_received - before;
	expect(first >= SESSION_BYTES && first < SESSION_BYTES + 2 * LARGE);
	expect(rosa.c->session->is_held);
	/* What is said meanwhile waits behind it, and the seat too that has got nothing yet. */
	guest_say(in_room[0], "after all that");
	for (int round = 0; round < 20; round++)
		for (size_t i = 0; i < ROOMS; i++)
			guest_read(in_room[i]);
	expect_eq(client_events(rosa.c, FRAME_ENTRY), 0);
	expect(rosa.c->bytes_received - before > (size_t)ROOMS * LARGE_N * LARGE);
	expect_eq(rosa.c->session->unacked_bytes, 0);
	size_t place = 0;
	for (struct seat_live *s; (s = seat_live_from(rosa.c->session, &place));)
		expect_eq(s->sent - s->unacked + 1, s->room->record.next);
	several_end();
}

TEST(closing_a_seat_lets_the_others_go_on)
{
	struct seat_again v[ROOMS];
	much_to_read(v);
	struct seats_open_response r = seats_open_all(rosa.c, v, ROOMS);
	for (size_t i = 0; i < ROOMS; i++) {
		struct seat_close_request q = { r.seats.v[i].seat };
		expect_ok(client_ask(rosa.c, FRAME_SEAT_CLOSE, seat_close_request_element, &q, NULL,
				     NULL));
	}
	/* All of it came, though nothing was acknowledged. */
	expect_eq(client_events(rosa.c, FRAME_ENTRY), (size_t)ROOMS * LARGE_N);
	expect_eq(rosa.c->session->unacked_bytes, 0);
	several_end();
}

/* --- in memory --- */

/* As many devices, each with one seat in the room: their records are written by hand. */
enum { CROWD = 300 };
static struct crowd {
	struct person person;
	char client[128];
	uint8_t secret[SEAT_SECRET];
	uint32_t seat;
	uint64_t cursor;
} crowd[CROWD];

static void crowd_seat(struct crowd *m, size_t i)
{
	struct seat_record r = { .start = log_head_of(dial, the_room),
				 .cursor = log_head_of(dial, the_room),
				 .opened_month = month_now(dial->provider) };
	struct store_key k;
	struct store_batch b;
	struct buf text;
	uint8_t name[PARTICIPANT_NAME + CLIENT_NAME];
	expect_ok(env_random(test_env(), name, sizeof name));
	expect_ok(env_random(test_env(), m->secret, sizeof m->secret));
	expect_ok(sha256(VIEW_OF(m->secret), r.secret_hash));
	buf_init(&text, 128);
	buf_add_str(&text, "mimi://dial.example/p/");
	/* Some have names that are none of ours. */
	if (i % 7 == 3) {
		buf_add_str(&text, "by-hand/c");
		buf_add_byte(&text, (uint8_t)('a' + i / 26 % 26));
		buf_add_byte(&text, (uint8_t)('a' + i % 26));
	} else {
		base32_add(&text, view_make(name, PARTICIPANT_NAME));
		buf_add_byte(&text, '/');
		base32_add(&text, view_make(name + PARTICIPANT_NAME, CLIENT_NAME));
	}
	memcpy(m->client, text.p, text.n);
	m->client[text.n] = 0;
	buf_done(&text);
	m->cursor = r.cursor;
	store_batch_init(&b, the_room);
	expect_ok(record_put(&b, key_2(&k, TABLE_SEAT, the_room, view_str(m->client)),
			     seat_record_element, &r));
	expect_ok(store_commit(dial->rooms, &b));
	store_batch_done(&b);
}

static struct seats_open_response crowd_open(struct crowd *m)
{
	struct seat_again again = { .room = the_room,
				    .client = view_str(m->client),
				    .cursor = m->cursor };
	memcpy(again.secret, m->secret, SEAT_SECRET);
	return seats_open_all(m->person.c, &again, 1);
}

static void crowd_come(struct crowd *m)
{
	expect_ok(person_sign_in(&m->person));
	struct seats_open_response r = crowd_open(m);
	expect_eq(r.seats.v[0].status, UC_OK);
	m->seat = r.seats.v[0].seat;
}

static void crowd_read(struct crowd *m)
{
	struct event *e;
	while ((e = client_event(m->person.c, FRAME_ENTRY))) {
		struct entry_event in;
		expect_ok(wire_decode(e->body, &apps_mem, entry_event_element, &in));
		expect_eq(in.seat, m->seat);
		expect_eq(in.entry.seq, m->cursor + 1);
		m->cursor = in.entry.seq;
		struct seat_ack ack = { m->seat, m->cursor };
		client_tell(m->person.c, FRAME_SEAT_ACK, seat_ack_element, &ack);
	}
}

static void crowd_begin(void)
{
	room_of_three();
	apps_wait(60000);
	for (size_t i = 0; i < CROWD; i++) {
		char name[32];
		snprintf(name, sizeof name, "+491511%07zu", i);
		person_join(&crowd[i].person, dial, name);
		crowd_seat(&crowd[i], i);
	}
}

static size_t walk_count(void)
{
	struct room_walk w = { .chain = 0 };
	struct room_live *r;
	size_t n = 0;
	expect_ok(room_live_get(dial->provider, the_room, &r));
	while (room_seat_next(r, &w))
		n++;
	expect_eq(n, r->seats.n);
	return n;
}

static const struct seat_live *live_of(const struct crowd *m)
{
	struct room_live *r;
	expect_ok(room_live_get(dial->provider, the_room, &r));
	return room_seat_find(dial->provider, r, view_str(m->client));
}

TEST(hundreds_in_one_room_come_read_and_come_again)
{
	struct view name;
	crowd_begin();
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < CROWD; i++)
			crowd_come(&crowd[i]);
		expect_eq(walk_count(), CROWD + 1); /* and Rosa */
		guest_say(&r1, "to all of you");
		for (size_t i = 0; i < CROWD; i++) {
			const struct seat_live *live = live_of(&crowd[i]);
			expect(live && live->number == crowd[i].seat);
			if (!live)
				continue;
			expect_ok(seat_client(dial->provider, live, &apps_mem, &name));
			expect_bytes(name, view_str(crowd[i].client));
			expect_eq(live->is_short, i % 7 != 3);
			crowd_read(&crowd[i]);
			expect_eq(crowd[i].cursor, log_head_of(dial, the_room));
			expect(live->is_moved);
		}
	}
	/* All at once, as at a restart of a network. */
	for (size_t i = 0; i < CROWD; i++)
		client_close(crowd[i].person.c);
	expect_eq(walk_count(), 1);
	the_end();
}

TEST(what_was_read_is_written_whether_a_seat_stays_or_goes)
{
	struct store_key k;
	crowd_begin();
	for (size_t i = 0; i < CROWD; i++)
		crowd_come(&crowd[i]);
	apps_wait(20000); /* who opened them, for the first time */
	guest_say(&r1, "to be read");
	for (size_t i = 0; i < CROWD; i++)
		if (i % 3)
			crowd_read(&crowd[i]);
	/* Who goes leaves it behind, and is known by it before it is written. */
	for (size_t i = 0; i < CROWD; i += 2)
		client_close(crowd[i].person.c);
	expect_eq(lates(dial), CROWD / 2 - (CROWD + 5) / 6);
	apps_wait(20000);
	apps_wait(20000);
	expect_eq(lates(dial), 0);
	expect(!dial->provider->room_work->moved.first);
	uint64_t head = log_head_of(dial, the_room);
	for (size_t i = 0; i < CROWD; i++) {
		struct seat_record r = { .version = 0 };
		expect_ok(record_get(dial->rooms,
				     key_2(&k, TABLE_SEAT, the_room, view_str(crowd[i].client)),
				     seat_record_element, &apps_mem, &r));
		expect_eq(r.cursor, i % 3 ? head : head - 1);
	}
	the_end();
}

TEST(a_number_of_a_seat_that_is_closed_is_not_the_next_ones)
{
	room_of_three();
	uint32_t first = r1.seat;
	for (int i = 0; i < 2000; i++) {
		struct seat_close_request q = { r1.seat };
		expect_ok(client_ask(rosa.c, FRAME_SEAT_CLOSE, seat_close_request_element, &q, NULL,
				     NULL));
		expect_ok(guest_open(&r1));
		expect(r1.seat && r1.seat != first);
		if (i % 100 == 99)
			apps_wait(60000);
	}
	expect_eq(rosa.c->session->seats.n, 1);
	struct seat_ack ack = { first, 1 };
	client_tell(rosa.c, FRAME_SEAT_ACK, seat_ack_element, &ack);
	expect(!seat_live_find(rosa.c->session, first));
	the_end();
}

TEST(a_seat_is_small)
{
	expect(sizeof(struct seat_live) <= 96);
	struct arena a;
	static const char *const others[] = {
		"mimi://dial.example/p/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/aaaaaaaaaaaaaaaaaaaaaaaaab",
		"mimi://dial.example/p/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/aaaaaaaaaaaaaaaaaaaaaaaaaa",
		"mimi://dial.example/p/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1/aaaaaaaaaaaaaaaaaaaaaaaaaa",
		"mimi://lens.example/p/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/aaaaaaaaaaaaaaaaaaaaaaaaaa",
		("mimi://dial.example/p/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaa"),
		"mimi://dial.example/p/x/y",
	};
	const struct seat_record record = { .start = 1 };
	room_of_three();
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	struct room_live *r;
	expect_ok(room_live_get(dial->provider, the_room, &r));
	/* Names that are nearly ours stay what they are. */
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct seat_live *seat;
		struct view name;
		expect_ok(seat_live_new(dial->provider, rosa.c->session, r, view_str(others[i]),
					&record, 0, &seat));
		expect(!seat->is_short);
		expect_ok(seat_client(dial->provider, seat, &a, &name));
		expect_bytes(name, view_str(others[i]));
		expect(room_seat_find(dial->provider, r, view_str(others[i])) == seat);
		for (size_t k = i + 1; k < sizeof others / sizeof *others; k++)
			expect(!room_seat_find(dial->provider, r, view_str(others[k])));
	}
	arena_done(&a);
	the_end();
}
