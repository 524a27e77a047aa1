/* SPDX-License-Identifier: Apache-2.0 */
/* Undercroft's own speech: people with accounts, rooms that are MLS groups, a seat for each place. */
#include "tests/bench/people.h"
#include "tests/bench/speech.h"

#include "base/text.h"
#include "net/env_system.h"

#include <stdlib.h>

enum { ACK_EVERY = 16, AT_ONCE = 64 };

static struct {
	struct load *load;
	const struct plan *plan;
	struct app apps[2];
	struct arena mem;
	struct person *people;
	struct place *places; /* of the first room, of the second, ... */
	size_t *first;        /* place of each room */
	size_t places_n;
	struct place ***seats; /* of each end */
	size_t *seats_n;
} u = { .apps = { { .domain = "east.localhost" }, { .domain = "west.localhost" } } };

static void *must_take(size_t n, size_t size)
{
	void *p = arena_take_array(&u.mem, n ? n : 1, size);
	if (!p)
		bench_die("no memory");
	return p;
}

static struct view room_uri(void)
{
	struct buf b;
	struct view out;
	uint8_t random[16];
	struct uri uri = { .kind = URI_ROOM, .domain = view_str(u.apps[0].domain) };
	MUST(env_random(env_system(), random, sizeof random));
	buf_init(&b, 64);
	base32_add(&b, VIEW_OF(random));
	MUST(arena_copy(&u.mem, buf_view(&b), &uri.name));
	buf_done(&b);
	MUST(uri_make(&u.mem, &uri, &out));
	return out;
}

/* --- what comes --- */

/* A submit was answered. */
static void on_ready(struct conn *c, uint32_t id, struct view body)
{
	struct room_submit_response answer;
	const struct person *who = c->ctx;
	size_t number = (id - READY_ID) / STREAM_MAX;
	MUST(wire_decode(body, NULL, room_submit_response_element, &answer));
	if (!answer.seq)
		bench_die("a message was not accepted");
	for (size_t i = 0; i < who->places_n; i++) {
		struct stream *t = who->places[i]->sends;
		if (t && t->run && t->number == number) {
			run_accepted(t);
			return;
		}
	}
	bench_die("an answer to one who sent nothing");
}

static struct place *place_of(const struct person *who, uint32_t seat)
{
	/* Seats are mostly numbered as they were opened. */
	if (seat && seat <= who->places_n && who->places[seat - 1]->seat == seat)
		return who->places[seat - 1];
	for (size_t i = 0; i < who->places_n; i++)
		if (who->places[i]->seat == seat)
			return who->places[i];
	bench_die("an entry for a seat that is not open");
}

/* Its own, which come back in the order in which they were sent. */
static bool is_echo(struct place *p, struct view message)
{
	struct stream *t = p->sends;
	if (!t || p->echoed == t->sent || message.n < TAIL ||
	    !view_equal(view_slice(message, message.n - TAIL, TAIL),
			view_make(t->tails[p->echoed], TAIL)))
		return false;
	p->echoed++;
	return true;
}

static void came(struct place *p, uint64_t seq)
{
	if (seq != p->seq + 1)
		bench_die("an entry out of order");
	p->seq = seq;
	if (p->seq % ACK_EVERY == 0)
		place_ack(p);
}

static void on_own(struct conn *c, const struct entry_own_event *e)
{
	struct place *p = place_of(c->ctx, e->seat);
	came(p, e->seq);
	if (!p->sends || p->echoed == p->sends->sent)
		bench_die("an entry of one who sent nothing");
	p->echoed++;
}

static void on_entry(struct conn *c, const struct entry_event *e)
{
	struct place *p = place_of(c->ctx, e->seat);
	struct fanout_message m;
	struct arena a;
	came(p, e->entry.seq);
	if (!p->sink.of && !p->sends)
		return;
	arena_init(&a, 65536, ARENA_PLAIN);
	MUST(wire_decode(e->entry.fanout, &a, fanout_message_element, &m));
	if (m.content_type == CONTENT_APPLICATION && !is_echo(p, m.message) && p->sink.of)
		run_arrived(&p->sink, m.message);
	arena_done(&a);
}

/* --- people and rooms --- */

static struct app *app_of(size_t end)
{
	return &u.apps[u.plan->two_apps && end % 2];
}

static void make_places(void)
{
	const struct plan *plan = u.plan;
	u.first = must_take(plan->rooms_n, sizeof *u.first);
	for (size_t i = 0; i < plan->rooms_n; i++) {
		u.first[i] = u.places_n;
		u.places_n += plan->rooms[i].n;
	}
	u.places = must_take(u.places_n, sizeof *u.places);
	u.seats = must_take(plan->ends, sizeof *u.seats);
	u.seats_n = must_take(plan->ends, sizeof *u.seats_n);
	for (size_t i = 0; i < plan->rooms_n; i++)
		for (size_t k = 0; k < plan->rooms[i].n; k++)
			u.seats_n[plan->rooms[i].ends[k]]++;
	for (size_t i = 0; i < plan->ends; i++) {
		u.seats[i] = must_take(u.seats_n[i], sizeof *u.seats[i]);
		u.seats_n[i] = 0;
	}
	for (size_t i = 0; i < plan->rooms_n; i++) {
		struct view room = room_uri();
		for (size_t k = 0; k < plan->rooms[i].n; k++) {
			size_t end = plan->rooms[i].ends[k];
			struct place *p = &u.places[u.first[i] + k];
			place_init(p, &u.people[end], &u.apps[0], room, &u.mem);
			p->joins = k && plan->rooms[i].n == 2;
			u.seats[end][u.seats_n[end]++] = p;
		}
	}
}

/* Rooms of one size, which are one after the other, are made together. */
static void make_rooms(void)
{
	const struct plan_room *rooms = u.plan->rooms;
	for (size_t from = 0, to; from < u.plan->rooms_n; from = to) {
		for (to = from + 1; to < u.plan->rooms_n && rooms[to].n == rooms[from].n;)
			to++;
		rooms_make(u.load, &u.places[u.first[from]], to - from, rooms[from].n,
			   rooms[from].n == 2);
	}
}

static void undercroft_prepare(struct load *l, const struct plan *plan,
			       const struct speech_options *o)
{
	u.load = l;
	u.plan = plan;
	u.apps[0].port = o->port;
	u.apps[1].port = (uint16_t)(o->port + 1);
	l->entry = on_entry;
	l->own = on_own;
	l->ready = on_ready;
	arena_init(&u.mem, (size_t)8 << 30, ARENA_PLAIN);
	u.people = must_take(plan->ends, sizeof *u.people);
	for (size_t i = 0; i < plan->ends; i++)
		person_init(&u.people[i], l, app_of(i), i, &u.mem);
	people_connect(u.people, plan->ends);
	people_sign_up(u.people, plan->ends);
	app_ask_keys(&u.apps[0], &u.people[0]);
	make_places();
	make_rooms();
}

static void undercroft_fill(struct stream *t, size_t room, size_t member, size_t bytes, bool accept)
{
	struct place *p = &u.places[u.first[room] + member];
	(void)accept; /* it always says so */
	t->from = p;
	p->sends = t;
	p->echoed = 0;
	for (size_t i = 0; i < t->n; i++) {
		buf_init(&t->frames[i], MESSAGE_MAX);
		place_message(p, READY_ID + t->number * STREAM_MAX + (uint32_t)i, bytes,
			      &t->frames[i], t->tails[i]);
	}
}

static void undercroft_write(struct stream *t, struct view frame)
{
	struct place *p = t->from;
	conn_send_ready(&p->person->conn, frame);
}

static void undercroft_forget(struct stream *t)
{
	struct place *p = t->from;
	p->sends = NULL;
}

static struct sink *undercroft_sink(size_t room, size_t member)
{
	return &u.places[u.first[room] + member].sink;
}

/* --- going and coming --- */

static void undercroft_away(size_t from, size_t to)
{
	people_disconnect(u.people + from, to - from);
}

static void undercroft_sign_in(size_t from, size_t to)
{
	people_connect(u.people + from, to - from);
	people_sign_in(u.people + from, to - from);
}

static void undercroft_open(size_t from, size_t to)
{
	for (size_t end = from; end < to; end += AT_ONCE) {
		size_t last = end + AT_ONCE < to ? end + AT_ONCE : to;
		for (size_t i = end; i < last; i++)
			places_open_again(u.seats[i], u.seats_n[i]);
		load_wait(u.load);
	}
}

/* Seats are asked for right behind the sign-in, as the client does. */
static void undercroft_back(size_t from, size_t to)
{
	people_connect(u.people + from, to - from);
	for (size_t end = from; end < to; end += AT_ONCE) {
		size_t last = end + AT_ONCE < to ? end + AT_ONCE : to;
		for (size_t i = end; i < last; i++) {
			person_sign_in(&u.people[i]);
			places_open_again(u.seats[i], u.seats_n[i]);
		}
		load_wait(u.load);
	}
}

static void undercroft_resume(bool yes)
{
	u.load->resumes = yes;
}

const struct speech speech_undercroft = {
	.name = "undercroft",
	.accepts = true,
	.syncs = true,
	.prepare = undercroft_prepare,
	.fill = undercroft_fill,
	.write = undercroft_write,
	.forget = undercroft_forget,
	.sink = undercroft_sink,
	.away = undercroft_away,
	.back = undercroft_back,
	.sign_in = undercroft_sign_in,
	.open = undercroft_open,
	.resume = undercroft_resume,
};
