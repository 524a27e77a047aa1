/* SPDX-License-Identifier: Apache-2.0 */
/* How a device that comes back opens its seats: all in one request where the app knows how, one by
 * one where it does not, and by itself what was refused among others.  The app is played here. */
#include "client/pool.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/seats.h"
#include "client/turn.h"

#include "tests/unit/client/small_app.h"

enum { ROOMS_MAX = 300, CALLS_MAX = 512 };

static struct small_app app;
static struct person p;
static struct arena mem;

/* What was asked, and is not answered. */
static struct asked {
	uint16_t type;
	uint32_t id;
	struct seats_open_request many;
	struct seat_open_request one;
} asked[CALLS_MAX];
static size_t asked_n;

static uc_err furnish(struct uc_client *c, void *arg)
{
	const size_t *n = arg;
	for (size_t i = 0; i < *n; i++) {
		struct room *r;
		TRY(rooms_create(c, false, "Walks", &r));
		r->state = ROOM_OPEN;
		r->seat_known = r->own_hub = true;
		r->seq = 10 + i;
	}
	return UC_OK;
}

static void take_frame(struct view bytes)
{
	struct frame f;
	expect_ok(wire_decode(bytes, &mem, frame_element, &f));
	if (f.type != FRAME_SEATS_OPEN && f.type != FRAME_SEAT_OPEN)
		return;
	if (asked_n == CALLS_MAX)
		abort();
	struct asked *a = &asked[asked_n++];
	*a = (struct asked){ .type = f.type, .id = f.id };
	if (f.type == FRAME_SEATS_OPEN)
		expect_ok(wire_decode(f.body, &mem, seats_open_request_element, &a->many));
	else
		expect_ok(wire_decode(f.body, &mem, seat_open_request_element, &a->one));
}

static void frames_take(void)
{
	const uint8_t *bytes;
	size_t n;
	struct uc_event e;
	asked_n = 0;
	while (uc_client_next_frame(p.c, &bytes, &n)) {
		struct view copy = { NULL, 0 };
		expect_ok(arena_copy(&mem, view_make(bytes, n), &copy));
		take_frame(copy);
	}
	while (uc_client_next_event(p.c, &e))
		;
}

static uc_err signed_in(struct uc_client *c, void *arg)
{
	const uint32_t *features = arg;
	c->connection = UC_ONLINE;
	c->features = *features;
	c->seats_known = true;
	return UC_OK;
}

static void begin(size_t rooms, bool knows)
{
	uint32_t features = knows ? 1u << FEATURE_SEATS_OPEN : 0;
	arena_init(&mem, 64 << 20, ARENA_PLAIN);
	small_app_init(&app, "dial.example");
	person_begin(&p, &app);
	expect_ok(person_open(&p));
	person_account(&p, "Rosa");
	expect_ok(turn_run(p.c, furnish, &rooms));
	expect_ok(turn_run(p.c, signed_in, &features));
	frames_take();
}

static void end(void)
{
	arena_done(&mem);
	person_end(&p);
}

static void answer(const struct asked *a, uc_err status, const struct seats_open_response *r)
{
	struct buf b;
	buf_init(&b, FRAME_MAX);
	if (status)
		expect_ok(
			frame_add_refusal(&b, a->type, a->id, status, (struct view){ NULL, 0 }, 0));
	else
		expect_ok(frame_add_response(&b, a->type, a->id, seats_open_response_element, r));
	expect_ok(uc_client_receive(p.c, b.p, b.n));
	buf_done(&b);
	frames_take();
}

static struct room *room_at(size_t i)
{
	struct room *r = p.c->rooms;
	while (r && i--)
		r = r->next;
	if (!r)
		abort();
	return r;
}

static struct seats_open_response all_open(const struct asked *a, uint32_t first)
{
	struct seats_open_response r = { { NULL, a->many.seats.n } };
	r.seats.v = ARENA_ARRAY(&mem, struct seat_opened, r.seats.n);
	for (size_t i = 0; i < r.seats.n; i++)
		r.seats.v[i] = (struct seat_opened){ .seat = first + (uint32_t)i,
						     .first = 1,
						     .next = a->many.seats.v[i].cursor + 1 };
	return r;
}

TEST(seats_are_opened_in_one_request_and_kept_apart)
{
	begin(5, true);
	expect_eq(asked_n, 1);
	expect_eq(asked[0].type, FRAME_SEATS_OPEN);
	expect_eq(asked[0].many.seats.n, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct seat_again *s = &asked[0].many.seats.v[i];
		expect_bytes(s->room, view_str(room_at(i)->uri));
		expect_bytes(s->client, view_str(room_at(i)->client));
		expect_bytes(VIEW_OF(s->secret), VIEW_OF(room_at(i)->seat_secret));
		expect_eq(s->cursor, room_at(i)->seq);
	}
	struct seats_open_response r = all_open(&asked[0], 70);
	answer(&asked[0], UC_OK, &r);
	for (uint32_t i = 0; i < 5; i++) {
		expect(room_at(i)->seat_open && !room_at(i)->seat_busy);
		expect_eq(room_at(i)->seat, 70 + i);
		expect(seat_find(p.c, 70 + i) == room_at(i));
	}
	expect_eq(asked_n, 0);
	/* Once more after the connection went. */
	expect_ok(uc_client_disconnected(p.c));
	expect(!room_at(0)->seat_open);
	end();
}

TEST(an_app_that_does_not_know_how_is_asked_for_each)
{
	begin(5, false);
	expect_eq(asked_n, 5);
	for (size_t i = 0; i < 5; i++)
		expect_eq(asked[i].type, FRAME_SEAT_OPEN);
	end();
}

TEST(more_seats_than_one_request_holds_take_two)
{
	begin(ROOMS_MAX, true);
	expect_eq(asked_n, 2);
	expect_eq(asked[0].many.seats.n + asked[1].many.seats.n, ROOMS_MAX);
	expect(asked[0].many.seats.n <= SEATS_AT_ONCE && asked[1].many.seats.n <= SEATS_AT_ONCE);
	struct asked both[2] = { asked[0], asked[1] };
	struct seats_open_response second = all_open(&both[1], 1000), first = all_open(&both[0], 1);
	answer(&both[1], UC_OK, &second);
	answer(&both[0], UC_OK, &first);
	for (size_t i = 0; i < ROOMS_MAX; i++)
		expect(room_at(i)->seat_open);
	end();
}

/* Refused for good: what that means, the answer to SEAT_OPEN says.  Refused for now: later. */
TEST(what_is_refused_among_others_is_asked_by_itself)
{
	begin(4, true);
	struct seats_open_response r = all_open(&asked[0], 1);
	r.seats.v[1] = (struct seat_opened){ .status = UC_E_SEAT };
	r.seats.v[2] = (struct seat_opened){ .status = UC_E_BUSY };
	answer(&asked[0], UC_OK, &r);
	expect(room_at(0)->seat_open && room_at(3)->seat_open);
	expect(!room_at(1)->seat_open && !room_at(2)->seat_open);
	expect_eq(asked_n, 1);
	expect_eq(asked[0].type, FRAME_SEAT_OPEN);
	expect_bytes(asked[0].one.room, view_str(room_at(1)->uri));
	expect(room_at(1)->state == ROOM_OPEN && !room_at(1)->lost);
	struct asked alone = asked[0];
	test_now_ms += 11000;
	expect_ok(uc_client_step(p.c));
	frames_take();
	/* One that waits is no crowd. */
	expect_eq(asked_n, 1);
	expect_eq(asked[0].type, FRAME_SEAT_OPEN);
	expect_bytes(asked[0].one.room, view_str(room_at(2)->uri));
	answer(&alone, UC_E_REMOVED, NULL);
	expect(room_at(1)->lost || room_at(1)->state == ROOM_LEFT);
	end();
}

/* What it was to be let in with went while the hub was waited for: nothing else wakes it any more. */
TEST(a_place_that_cannot_be_taken_any_more_is_asked_for_anew_at_once)
{
	begin(1, false);
	struct room *r = room_at(0);
	r->state = ROOM_JOINING;
	answer(&asked[0], UC_E_SEAT, NULL);
	expect(!r->lost);
	memset(r->set_id, 0xff, sizeof r->set_id);
	test_now_ms += 21000;
	expect_ok(uc_client_step(p.c));
	frames_take();
	expect(r->lost && !r->rejoin_busy);
	expect(uc_client_deadline_ms(p.c) <= test_now_ms);
	expect_ok(uc_client_step(p.c));
	expect(r->rejoin_busy);
	end();
}

TEST(an_answer_that_makes_no_sense_opens_nothing)
{
	begin(3, true);
	struct seats_open_response r = all_open(&asked[0], 1);
	r.seats.n = 2;
	answer(&asked[0], UC_OK, &r);
	for (size_t i = 0; i < 3; i++)
		expect(!room_at(i)->seat_open);
	/* By the way that is older. */
	expect_eq(asked_n, 3);
	for (size_t i = 0; i < asked_n; i++)
		expect_eq(asked[i].type, FRAME_SEAT_OPEN);
	end();
}

TEST(a_refusal_of_the_whole_is_one_of_each)
{
	begin(3, true);
	struct asked first = asked[0];
	answer(&first, UC_E_RATE, NULL);
	expect_eq(asked_n, 0);
	test_now_ms += 11000;
	expect_ok(uc_client_step(p.c));
	frames_take();
	expect_eq(asked_n, 1);
	expect_eq(asked[0].type, FRAME_SEATS_OPEN);
	answer(&asked[0], UC_E_UNSUPPORTED, NULL);
	expect_eq(asked_n, 3);
	expect_eq(asked[0].type, FRAME_SEAT_OPEN);
	end();
}
