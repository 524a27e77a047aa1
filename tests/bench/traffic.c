/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/traffic.h"

#include <stdlib.h>

enum { ACK_EVERY = 16 };
#define SILENCE_US 30e6

void traffic_init(struct traffic *t, struct place *from, size_t n, size_t bytes)
{
	*t = (struct traffic){ .from = from, .n = n };
	t->frames = calloc(n, sizeof *t->frames);
	t->tails = calloc(n, sizeof *t->tails);
	t->sent_us = calloc(n, sizeof *t->sent_us);
	if (!t->frames || !t->tails || !t->sent_us)
		bench_die("no memory for %zu messages", n);
	for (size_t i = 0; i < n; i++) {
		buf_init(&t->frames[i], MESSAGE_MAX);
		place_message(from, READY_ID + (uint32_t)i, bytes, &t->frames[i], t->tails[i]);
	}
}

void traffic_done(struct traffic *t)
{
	for (size_t i = 0; i < t->n; i++)
		buf_done(&t->frames[i]);
	free(t->frames);
	free(t->tails);
	free(t->sent_us);
}

static void send_next(struct traffic *t)
{
	t->sent_us[t->sent] = clock_us(CLOCK_MONOTONIC);
	conn_send_ready(&t->from->person->conn, buf_view(&t->frames[t->sent]));
	t->sent++;
}

/* A submit was answered. */
static void on_ready(void *ctx, struct conn *c, struct view body)
{
	struct run *r = ctx;
	struct person *who = c->ctx;
	struct room_submit_response answer;
	MUST(wire_decode(body, NULL, room_submit_response_element, &answer));
	if (!answer.seq)
		bench_die("a message was not accepted");
	struct traffic *t = NULL;
	for (size_t i = 0; !t && i < 32 && who->places[i]; i++)
		if (who->places[i]->traffic && who->places[i]->traffic->from == who->places[i] &&
		    who->places[i]->traffic->run == r)
			t = who->places[i]->traffic;
	if (!t)
		bench_die("an answer to one who sent nothing");
	t->accepted++;
	if (r->pace_us <= 0 && t->sent < t->n)
		send_next(t);
}

static bool is_next(const struct traffic *t, size_t i, struct view message)
{
	return t && i < t->n && i < t->sent && message.n >= TAIL &&
	       view_equal(view_slice(message, message.n - TAIL, TAIL),
			  view_make(t->tails[i], TAIL));
}

static struct place *place_of(const struct person *who, uint32_t seat)
{
	for (size_t i = 0; i < 32 && who->places[i]; i++)
		if (who->places[i]->seat == seat)
			return who->places[i];
	return NULL;
}

static void on_entry(void *ctx, struct conn *c, const struct entry_event *e)
{
	struct run *r = ctx;
	struct place *p = place_of(c->ctx, e->seat);
	struct fanout_message m;
	struct arena a;
	if (!p)
		bench_die("an entry for a seat that is not open");
	if (e->entry.seq != p->seq + 1)
		bench_die("an entry out of order");
	p->seq = e->entry.seq;
	if (p->seq % ACK_EVERY == 0)
		place_ack(p);
	if (!p->traffic || p->traffic->run != r)
		return;
	arena_init(&a, 65536, ARENA_PLAIN);
	MUST(wire_decode(e->entry.fanout, &a, fanout_message_element, &m));
	arena_done(&a);
	if (m.content_type != CONTENT_APPLICATION)
		return;
	bool sends = p->traffic->from == p;
	struct traffic *other = sends ? p->traffic->others : p->traffic;
	if (is_next(other, p->received, m.message)) {
		samples_add(&r->latency_us,
			    clock_us(CLOCK_MONOTONIC) - other->sent_us[p->received++]);
		if (++r->delivered == r->expected)
			r->ended_us = clock_us(CLOCK_MONOTONIC);
	} else if (!sends || !is_next(p->traffic, p->traffic->echoed++, m.message)) {
		bench_die("an entry that nobody sent");
	}
}

/* --- pacing --- */

struct pacer {
	struct run *run;
	size_t next, sent, all;
};

/* What is due by now, from each in turn. */
static void on_pace(uv_timer_t *timer)
{
	struct pacer *p = timer->data;
	struct run *r = p->run;
	double due = (clock_us(CLOCK_MONOTONIC) - r->began_us) / r->pace_us;
	while (p->sent < p->all && (double)p->sent < due) {
		struct traffic *t = &r->v[p->next++ % r->n];
		if (t->sent == t->n)
			continue;
		send_next(t);
		p->sent++;
	}
}

static void wait_for_all(struct run *r)
{
	size_t seen = 0;
	double at = clock_us(CLOCK_MONOTONIC);
	while (r->delivered < r->expected) {
		load_turn(r->load);
		if (r->delivered != seen) {
			seen = r->delivered;
			at = clock_us(CLOCK_MONOTONIC);
		} else if (clock_us(CLOCK_MONOTONIC) - at > SILENCE_US) {
			bench_die("%zu of %zu messages were delivered, and no more come",
				  r->delivered, r->expected);
		}
	}
}

static void on_timer_closed(uv_handle_t *h)
{
	h->data = NULL;
}

void traffic_run(struct run *r)
{
	struct pacer pacer = { .run = r };
	uv_timer_t timer;
	r->load->ctx = r;
	r->load->entry = on_entry;
	r->load->ready = on_ready;
	for (size_t i = 0; i < r->n; i++) {
		r->v[i].run = r;
		pacer.all += r->v[i].n;
	}
	uv_timer_init(&r->load->loop.uv, &timer);
	timer.data = &pacer;
	r->began_us = clock_us(CLOCK_MONOTONIC);
	if (r->pace_us > 0)
		uv_timer_start(&timer, on_pace, 0, 1);
	for (size_t i = 0; r->pace_us <= 0 && i < r->n; i++)
		for (size_t k = 0; k < r->window && r->v[i].sent < r->v[i].n; k++)
			send_next(&r->v[i]);
	wait_for_all(r);
	uv_close((uv_handle_t *)&timer, on_timer_closed);
	while (timer.data)
		load_turn(r->load);
	/* Answers and own entries that are still on their way. */
	load_rest(r->load, 200);
	r->load->entry = NULL;
}
