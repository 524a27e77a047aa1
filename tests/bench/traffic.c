/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/traffic.h"

#include <stdlib.h>
#include <string.h>

#define SILENCE_US       30e6
#define DRAIN_SILENCE_US 5e6
#define TICK_US          1000.0

void stream_init(struct stream *t, size_t n)
{
	*t = (struct stream){ .n = n };
	if (n >= STREAM_MAX)
		bench_die("%zu messages are too many for one stream", n);
	t->frames = calloc(n, sizeof *t->frames);
	t->tails = calloc(n, sizeof *t->tails);
	t->sent_us = calloc(n, sizeof *t->sent_us);
	if (!t->frames || !t->tails || !t->sent_us)
		bench_die("no memory for %zu messages", n);
}

void stream_done(struct stream *t)
{
	for (size_t i = 0; i < t->n; i++)
		buf_done(&t->frames[i]);
	free(t->frames);
	free(t->tails);
	free(t->sent_us);
}

void run_init(struct run *r)
{
	for (size_t i = 0; i < r->streams_n; i++) {
		struct stream *t = &r->streams[i];
		t->run = r;
		t->number = (uint32_t)i;
		r->all += t->n;
		r->expected += t->n * t->sinks;
	}
	for (size_t i = 0; i < r->writers_n; i++)
		for (size_t k = 0; k < r->writers[i].n; k++)
			r->writers[i].streams[k]->by = &r->writers[i];
}

/* --- sending --- */

/* The next message of the sender's next stream; false when there is none. */
static bool send_next(struct run *r, struct writer *s, double at_us)
{
	for (size_t tries = 0; tries < s->n; tries++) {
		struct stream *t = s->streams[s->turn++ % s->n];
		if (t->sent == t->n)
			continue;
		t->sent_us[t->sent] = at_us;
		s->sent++;
		r->sent++;
		r->write(t, buf_view(&t->frames[t->sent++]));
		return true;
	}
	return false;
}

static void fill_window(struct run *r, struct writer *s)
{
	while (s->sent - s->freed < r->window)
		if (!send_next(r, s, clock_us(CLOCK_MONOTONIC)))
			return;
}

/* A message is no longer under way when its server has accepted it, where that is said, and when it
 * has arrived everywhere, where somebody waits. */
static void free_window(struct stream *t)
{
	const struct run *r = t->run;
	size_t done = r->until_accepted ? t->accepted : t->arrived / t->sinks;
	if (r->accepts && t->accepted < done)
		done = t->accepted;
	if (done <= t->freed)
		return;
	t->by->freed += done - t->freed;
	t->freed = done;
	if (r->pace_us <= 0)
		fill_window(t->run, t->by);
}

void run_accepted(struct stream *t)
{
	struct run *r = t->run;
	if (++r->accepted == r->all && r->until_accepted) {
		r->ended_us = clock_us(CLOCK_MONOTONIC);
		if (r->ended)
			r->ended(r);
	}
	t->accepted++;
	free_window(t);
}

/* --- arriving --- */

static bool is_tail(const struct stream *t, size_t i, struct view message)
{
	return view_equal(view_slice(message, message.n - TAIL, TAIL),
			  view_make(t->tails[i], TAIL));
}

/* In order, nearly always: then the first look finds it. */
void run_arrived(struct sink *k, struct view message)
{
	struct stream *t = k->of;
	struct run *r = t->run;
	size_t i = k->next, seen = 0;
	if (message.n < TAIL)
		bench_die("a message that nobody sent");
	while (seen < t->n && !is_tail(t, i % t->n, message)) {
		seen++;
		i++;
	}
	if (seen == t->n)
		bench_die("a message that nobody sent");
	i %= t->n;
	if (i < k->next) {
		r->twice++;
		return;
	}
	k->next = i + 1; /* what was passed over is lost */
	double now = clock_us(CLOCK_MONOTONIC);
	samples_add(&r->latency_us, now - t->sent_us[i]);
	if (!r->delivered++)
		r->first_us = now;
	if (!r->until_accepted)
		r->ended_us = now;
	t->arrived++;
	free_window(t);
}

/* --- pacing --- */

/* What is due by now, from each sender in turn.  Latency counts from when a message was due; the
 * generator's own tick is forgiven. */
static void on_pace(uv_timer_t *timer)
{
	struct run *r = timer->data;
	double now = clock_us(CLOCK_MONOTONIC);
	while (r->sent < r->all) {
		double due = r->began_us + (double)(r->sent + 1) * r->pace_us;
		if (due > now)
			return;
		double at = now - due > TICK_US ? due + TICK_US : now;
		for (size_t i = 0; i < r->writers_n; i++)
			if (send_next(r, &r->writers[(r->sent + i) % r->writers_n], at))
				break;
	}
}

static void on_wake(uv_timer_t *timer)
{
	(void)timer;
}

static void on_timer_closed(uv_handle_t *h)
{
	h->data = NULL;
}

/* --- running --- */

static bool is_over(const struct run *r)
{
	return r->until_accepted ? r->accepted == r->all : r->delivered == r->expected;
}

/* False when so long nothing came. */
static bool wait_for_all(struct run *r, double silence_us)
{
	size_t seen = 0;
	double at = clock_us(CLOCK_MONOTONIC);
	while (!is_over(r)) {
		load_turn(r->load);
		if (r->delivered + r->accepted + r->twice != seen) {
			seen = r->delivered + r->accepted + r->twice;
			at = clock_us(CLOCK_MONOTONIC);
		} else if (clock_us(CLOCK_MONOTONIC) - at > silence_us) {
			return false;
		}
	}
	return true;
}

void run_send(struct run *r)
{
	uv_timer_t timer;
	uv_timer_init(&r->load->loop.uv, &timer);
	timer.data = r;
	r->began_us = clock_us(CLOCK_MONOTONIC);
	/* Also where nothing is paced: it wakes the loop to see that nothing comes. */
	uv_timer_start(&timer, r->pace_us > 0 ? on_pace : on_wake, 0, r->pace_us > 0 ? 1 : 100);
	for (size_t i = 0; r->pace_us <= 0 && i < r->writers_n; i++)
		fill_window(r, &r->writers[i]);
	if (!wait_for_all(r, SILENCE_US))
		bench_die("%zu of %zu messages were sent, %zu accepted, %zu of %zu delivered, and "
			  "no more come",
			  r->sent, r->all, r->accepted, r->delivered, r->expected);
	uv_close((uv_handle_t *)&timer, on_timer_closed);
	while (timer.data)
		load_turn(r->load);
}

void run_drain(struct run *r)
{
	uv_timer_t timer;
	uv_timer_init(&r->load->loop.uv, &timer);
	timer.data = r;
	uv_timer_start(&timer, on_wake, 100, 100);
	wait_for_all(r, DRAIN_SILENCE_US);
	uv_close((uv_handle_t *)&timer, on_timer_closed);
	while (timer.data)
		load_turn(r->load);
}
