/* SPDX-License-Identifier: Apache-2.0 */
/* A soak: a steady stream of messages through a real server that is killed again and again.  What
 * was accepted arrives, once, in order; whoever has no answer sends the same bytes again.
 *
 * usage: bench-soak --port N --ca FILE --log FILE [--seconds N] [--pace N] [--kill N] [--pairs N]
 *                   [--bytes N] -- PROGRAM ARGUMENT...
 *
 * Half the pairs are within one app, half across two.  soak.py starts it and judges. */
#include "base/text.h"
#include "net/env_system.h"
#include "tests/bench/bench.h"
#include "tests/bench/people.h"
#include "tests/bench/server_process.h"

#include <stdlib.h>
#include <string.h>

enum {
	RING = 256, /* messages of a lane that are not settled yet */
	WINDOW = 8, /* of them, not accepted; one by one to another app's hub */
	ACK_EVERY = 16,
	AT_ONCE = 64,
	LOOK_MS = 1000,
	END_MS = 60000,
};

/* One message: settled when it was accepted, came back to its sender, and arrived. */
struct note {
	struct buf frame;
	uint8_t tail[TAIL];
	bool is_accepted;
};
/* From one of a pair to the other. */
struct lane {
	struct place *from, *to;
	size_t window;
	size_t made, accepted, arrived, echoed; /* so many, in order */
	struct note ring[RING];
};

static struct {
	struct load load;
	struct server_process server;
	const char *ca;
	size_t port, seconds, pace, kill, pairs, bytes;
	struct app apps[2];
	struct arena mem;
	struct person *people;
	struct place *places;
	struct place **seats; /* of each, its only one */
	struct lane *lanes;
	size_t lanes_n, turn, lost, twice, kills;
	uint64_t began_ms, credit_ms, next_kill_ms, next_look_ms, moved_ms;
	double worst_back_s, first_peak, last_peak;
	bool is_quiet; /* nothing new is sent: they come back, or it ends */
} s = { .seconds = 1800,
	.pace = 2000,
	.kill = 60,
	.pairs = 100,
	.bytes = 512,
	.server = { .ports = 2 },
	.apps = { { .domain = "east.localhost" }, { .domain = "west.localhost" } } };

/* --- what comes --- */

static struct lane *lane_to(const struct place *p)
{
	return &s.lanes[(size_t)(p - s.places) ^ 1];
}

static struct lane *lane_from(const struct place *p)
{
	return &s.lanes[p - s.places];
}

static bool is_next(const struct lane *l, size_t i, struct view message)
{
	return i < l->made && view_equal(view_slice(message, message.n - TAIL, TAIL),
					 VIEW_OF(l->ring[i % RING].tail));
}

/* Not the one that was to come: it came before, or what was to come did not. */
static void wrong(struct lane *l, struct view message)
{
	for (size_t i = l->arrived; i < l->made; i++) {
		if (!is_next(l, i, message))
			continue;
		s.lost += i - l->arrived;
		l->arrived = i + 1;
		return;
	}
	s.twice++;
}

static void message_in(struct place *p, struct view message)
{
	struct lane *in = lane_to(p), *own = lane_from(p);
	s.moved_ms = clock_steady_ms();
	if (message.n < TAIL)
		bench_die("a message that nobody sent");
	if (is_next(own, own->echoed, message))
		own->echoed++;
	else if (is_next(in, in->arrived, message))
		in->arrived++;
	else
		wrong(in, message);
}

static void on_entry(struct conn *c, const struct entry_event *e)
{
	const struct person *who = c->ctx;
	struct fanout_message m;
	struct arena a;
	struct place *p = who->places_n ? who->places[0] : NULL;
	if (!p || p->seat != e->seat)
		bench_die("an entry for a seat that is not open");
	if (e->entry.seq != p->seq + 1)
		bench_die("entry %zu after entry %zu", (size_t)e->entry.seq, (size_t)p->seq);
	p->seq = e->entry.seq;
	if (p->seq % ACK_EVERY == 0)
		place_ack(p);
	arena_init(&a, 65536, ARENA_PLAIN);
	MUST(wire_decode(e->entry.fanout, &a, fanout_message_element, &m));
	if (m.content_type == CONTENT_APPLICATION && s.lanes)
		message_in(p, m.message);
	arena_done(&a);
}

static void on_ready(struct conn *c, uint32_t id, struct view body)
{
	struct lane *l = &s.lanes[(id - READY_ID) / RING];
	struct room_submit_response answer;
	(void)c;
	MUST(wire_decode(body, NULL, room_submit_response_element, &answer));
	if (!answer.seq)
		bench_die("a message was not accepted");
	l->ring[(id - READY_ID) % RING].is_accepted = true;
	while (l->accepted < l->made && l->ring[l->accepted % RING].is_accepted)
		l->accepted++;
	s.moved_ms = clock_steady_ms();
}

/* --- what goes --- */

static size_t settled(const struct lane *l)
{
	size_t n = l->accepted < l->arrived ? l->accepted : l->arrived;
	return n < l->echoed ? n : l->echoed;
}

static bool send_one(struct lane *l)
{
	struct note *n = &l->ring[l->made % RING];
	if (l->made - l->accepted >= l->window || l->made - settled(l) >= RING)
		return false;
	buf_done(&n->frame);
	buf_init(&n->frame, MESSAGE_MAX);
	n->is_accepted = false;
	place_message(l->from, READY_ID + (uint32_t)((size_t)(l - s.lanes) * RING + l->made % RING),
		      s.bytes, &n->frame, n->tail);
	l->made++;
	conn_send_ready(&l->from->person->conn, buf_view(&n->frame));
	return true;
}

/* The same message by the seat that is open now. */
static void send_again(struct lane *l, size_t i)
{
	struct note *n = &l->ring[i % RING];
	struct room_submit_request q;
	struct frame f;
	struct buf frame;
	MUST(wire_decode(buf_view(&n->frame), NULL, frame_element, &f));
	MUST(wire_decode(f.body, NULL, room_submit_request_element, &q));
	q.seat = l->from->seat;
	buf_init(&frame, MESSAGE_MAX);
	MUST(frame_add_request(&frame, FRAME_ROOM_SUBMIT, f.id, room_submit_request_element, &q));
	buf_done(&n->frame);
	n->frame = frame;
	conn_send_ready(&l->from->person->conn, buf_view(&n->frame));
}

/* As many as are due; what could not be sent for a second is not sent at once later. */
static void on_pace(uv_timer_t *timer)
{
	uint64_t now = clock_steady_ms();
	(void)timer;
	if (s.is_quiet)
		return;
	if (now > s.credit_ms + 1000)
		s.credit_ms = now - 1000;
	size_t due = (size_t)(now - s.credit_ms) * s.pace / 1000;
	if (!due)
		return;
	s.credit_ms += due * 1000 / s.pace;
	for (size_t tries = 0; due && tries < s.lanes_n; tries++) {
		if (!send_one(&s.lanes[s.turn++ % s.lanes_n]))
			continue;
		due--;
		tries = 0;
	}
}

/* --- people --- */

static struct view room_uri(void)
{
	struct uri u = { .kind = URI_ROOM, .domain = view_str(s.apps[0].domain) };
	struct view out;
	struct buf b;
	uint8_t random[16];
	MUST(env_random(env_system(), random, sizeof random));
	buf_init(&b, 64);
	base32_add(&b, VIEW_OF(random));
	MUST(arena_copy(&s.mem, buf_view(&b), &u.name));
	buf_done(&b);
	MUST(uri_make(&s.mem, &u, &out));
	return out;
}

static void *must_take(size_t n, size_t size)
{
	void *p = arena_take_array(&s.mem, n, size);
	if (!p)
		bench_die("no memory");
	return p;
}

static void prepare(void)
{
	size_t n = 2 * s.pairs;
	arena_init(&s.mem, (size_t)1 << 30, ARENA_PLAIN);
	s.apps[0].port = s.server.port;
	s.apps[1].port = (uint16_t)(s.server.port + 1);
	s.people = must_take(n, sizeof *s.people);
	s.places = must_take(n, sizeof *s.places);
	s.seats = must_take(n, sizeof *s.seats);
	for (size_t i = 0; i < n; i++)
		person_init(&s.people[i], &s.load, &s.apps[i % 4 == 3], i, &s.mem);
	people_connect(s.people, n);
	people_sign_up(s.people, n);
	app_ask_keys(&s.apps[0], &s.people[0]);
	for (size_t i = 0; i < n; i += 2) {
		struct view room = room_uri();
		place_init(&s.places[i], &s.people[i], &s.apps[0], room, &s.mem);
		place_init(&s.places[i + 1], &s.people[i + 1], &s.apps[0], room, &s.mem);
		s.places[i + 1].joins = true;
		s.seats[i] = &s.places[i];
		s.seats[i + 1] = &s.places[i + 1];
	}
	rooms_make(&s.load, s.places, s.pairs, 2, true);
	s.lanes = must_take(n, sizeof *s.lanes);
	s.lanes_n = n;
	for (size_t i = 0; i < n; i++)
		s.lanes[i] = (struct lane){ .from = &s.places[i],
					    .to = &s.places[i ^ 1],
					    .window = i % 4 == 3 ? 1 : WINDOW };
}

static void come_back(void)
{
	size_t n = 2 * s.pairs;
	people_connect(s.people, n);
	people_sign_in(s.people, n);
	for (size_t i = 0; i < n; i++) {
		places_open_again(&s.seats[i], 1);
		if (i % AT_ONCE == AT_ONCE - 1)
			load_wait(&s.load);
	}
	load_wait(&s.load);
	for (size_t i = 0; i < n; i++)
		for (size_t k = s.lanes[i].accepted; k < s.lanes[i].made; k++)
			if (!s.lanes[i].ring[k % RING].is_accepted)
				send_again(&s.lanes[i], k);
}

/* --- kills --- */

static void plan_kill(void)
{
	uint8_t random[4];
	MUST(env_random(env_system(), random, sizeof random));
	uint32_t dice = (uint32_t)random[0] << 16 | (uint32_t)random[1] << 8 | random[2];
	s.next_kill_ms = clock_steady_ms() + s.kill * 500 + dice % (s.kill * 1000);
}

static void kill_and_start(void)
{
	uint64_t began = clock_steady_ms();
	s.load.expects_end = s.is_quiet = true;
	server_kill(&s.server);
	s.kills++;
	while (s.load.open)
		load_turn(&s.load);
	s.load.expects_end = false;
	server_start(&s.server);
	come_back();
	double took = (double)(clock_steady_ms() - began) / 1000;
	if (took > s.worst_back_s)
		s.worst_back_s = took;
	s.credit_ms = clock_steady_ms();
	s.is_quiet = false;
	plan_kill();
}

/* --- the end --- */

static void look(uint64_t now)
{
	double rss = server_rss_bytes(&s.server), part = (double)s.seconds * 1000 / 4;
	if (now < s.next_look_ms)
		return;
	s.next_look_ms = now + LOOK_MS;
	if ((double)(now - s.began_ms) < part && rss > s.first_peak)
		s.first_peak = rss;
	if ((double)(now - s.began_ms) > 3 * part && rss > s.last_peak)
		s.last_peak = rss;
}

static bool all_settled(void)
{
	for (size_t i = 0; i < s.lanes_n; i++)
		if (settled(&s.lanes[i]) != s.lanes[i].made)
			return false;
	return true;
}

static void soak(void)
{
	uint64_t end = s.began_ms + s.seconds * 1000;
	for (uint64_t now; (now = clock_steady_ms()) < end;) {
		load_turn(&s.load);
		look(now);
		if (now >= s.next_kill_ms)
			kill_and_start();
	}
	s.is_quiet = true;
	s.moved_ms = clock_steady_ms();
	while (!all_settled() && clock_steady_ms() < s.moved_ms + END_MS)
		load_turn(&s.load);
}

static void say(const char *name, double value, const char *unit)
{
	figure_print(&(struct figure){ .name = name, .value = value, .unit = unit });
}

static void tell(double seconds)
{
	size_t made = 0, accepted = 0, arrived = 0;
	for (size_t i = 0; i < s.lanes_n; i++) {
		const struct lane *l = &s.lanes[i];
		made += l->made;
		accepted += l->accepted;
		arrived += l->arrived;
		/* Accepted, and it never came. */
		s.lost += l->accepted > l->arrived ? l->accepted - l->arrived : 0;
	}
	say("soak.sent", (double)made, "msg");
	say("soak.accepted", (double)accepted, "msg");
	say("soak.delivered", (double)arrived, "msg");
	say("soak.rate", (double)arrived / seconds, "msg/s");
	say("soak.lost", (double)s.lost, "msg");
	say("soak.twice", (double)s.twice, "msg");
	say("soak.kills", (double)s.kills, "");
	say("soak.back", s.worst_back_s, "s");
	say("soak.memory.first", s.first_peak / 1e6, "MB");
	say("soak.memory.last", s.last_peak / 1e6, "MB");
}

static void read_options(int argc, char **argv)
{
	const struct {
		const char *name;
		size_t *number;
		const char **text;
	} known[] = {
		{ "--port", &s.port, NULL },   { "--seconds", &s.seconds, NULL },
		{ "--pace", &s.pace, NULL },   { "--kill", &s.kill, NULL },
		{ "--pairs", &s.pairs, NULL }, { "--bytes", &s.bytes, NULL },
		{ "--ca", NULL, &s.ca },       { "--log", NULL, &s.server.log },
	};
	int i = 1;
	for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
		size_t k = 0, n = sizeof known / sizeof *known;
		while (k < n && strcmp(known[k].name, argv[i]) != 0)
			k++;
		if (k == n)
			bench_die("bench-soak does not know %s", argv[i]);
		if (known[k].text)
			*known[k].text = argv[i + 1];
		else if (!(*known[k].number = strtoul(argv[i + 1], NULL, 10)))
			bench_die("%s needs a number", argv[i]);
	}
	if (i + 1 >= argc || !s.port || !s.ca || !s.server.log || s.bytes < 64 || s.pairs < 2)
		bench_die("bench-soak is started by ./dev soak");
	s.server.port = (uint16_t)s.port;
	s.server.argv = argv + i + 1;
}

static void on_timer_closed(uv_handle_t *h)
{
	h->data = NULL;
}

int main(int argc, char **argv)
{
	uv_timer_t timer;
	read_options(argc, argv);
	figure_begin(true, "soak");
	server_start(&s.server);
	load_begin(&s.load, s.ca);
	s.load.entry = on_entry;
	s.load.ready = on_ready;
	prepare();
	uv_timer_init(&s.load.loop.uv, &timer);
	timer.data = &timer;
	s.began_ms = s.credit_ms = clock_steady_ms();
	plan_kill();
	uv_timer_start(&timer, on_pace, 1, 1);
	soak();
	tell((double)(clock_steady_ms() - s.began_ms) / 1000);
	s.load.expects_end = true;
	server_stop(&s.server);
	uv_close((uv_handle_t *)&timer, on_timer_closed);
	while (timer.data)
		load_turn(&s.load);
	return 0;
}
