/* SPDX-License-Identifier: Apache-2.0 */
/* The wheel of deadlines: nobody is told too soon, nobody is forgotten. */
#include "base/heap.h"
#include "net/env_system.h"
#include "net/stream.h"
#include "tests/unit/harness.h"

#include <sys/socket.h>
#include <unistd.h>

enum { STREAMS = 8, MINUTES_10 = 600000 };

static struct net_loop loop;
static struct stream streams[STREAMS];
static uint64_t told_ms[STREAMS];
static size_t told, closed;
static int others[STREAMS];

static void on_open(struct stream *s)
{
	(void)s;
}
static void on_read(struct stream *s, uint8_t *bytes, size_t n)
{
	(void)s;
	(void)bytes;
	(void)n;
}
static void on_timeout(struct stream *s)
{
	told_ms[s - streams] = loop_now_ms(&loop);
	told++;
	stream_abort(s, UC_E_TIMEOUT);
}
static void on_closed(struct stream *s, uc_err why)
{
	(void)s;
	expect_eq(why, UC_E_TIMEOUT);
	closed++;
}
static const struct stream_handler handler = { on_open, on_read, NULL, on_timeout, on_closed };

static void begin(void)
{
	told = closed = 0;
	expect_ok(loop_init(&loop, env_system()));
	for (size_t i = 0; i < STREAMS; i++) {
		int fd[2];
		expect(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd));
		others[i] = fd[1];
		expect_ok(stream_start(&streams[i], &loop, fd[0], NULL, NULL, &handler, 1000));
	}
}

static void end(void)
{
	loop_run(&loop);
	expect_eq(closed, STREAMS);
	for (size_t i = 0; i < STREAMS; i++)
		close(others[i]);
	loop_done(&loop);
}

TEST(each_is_told_after_its_time)
{
	uint64_t at[STREAMS];
	begin();
	uint64_t now = loop_now_ms(&loop);
	for (size_t i = 0; i < STREAMS; i++) {
		at[i] = now + 100 * (STREAMS - i);
		/* Far away at first; then sooner; then put off again. */
		stream_set_deadline(&streams[i], now + MINUTES_10);
		stream_set_deadline(&streams[i], now + 10);
		stream_set_deadline(&streams[i], at[i]);
	}
	end();
	expect_eq(told, STREAMS);
	for (size_t i = 0; i < STREAMS; i++)
		expect(told_ms[i] >= at[i] && told_ms[i] < at[i] + 4 * LOOP_SWEEP_MS);
}

TEST(what_is_far_away_is_looked_at_in_between)
{
	begin();
	uint64_t now = loop_now_ms(&loop);
	struct stream *s = &streams[0];
	stream_set_deadline(s, now + MINUTES_10);
	expect_eq(s->look_tick, loop.tick + LOOP_WHEEL_N - 1);
	stream_set_deadline(s, now + 60000);
	uint64_t tick = s->look_tick;
	expect(tick > loop.tick + 200 && tick < loop.tick + 250);
	/* One that is put off stays where it is until then. */
	stream_set_deadline(s, now + MINUTES_10);
	expect_eq(s->look_tick, tick);
	/* What has passed is looked at next. */
	stream_set_deadline(s, 1);
	expect_eq(s->look_tick, loop.tick + 1);
	for (size_t i = 0; i < STREAMS; i++)
		stream_set_deadline(&streams[i], now + 20);
	end();
}

TEST(connections_are_accepted_at_a_rate)
{
	struct net_loop l;
	size_t at_once = 0;
	expect_ok(loop_init(&l, env_system()));
	for (int i = 0; i < 1000; i++) /* no limit */
		expect_eq(loop_accept_wait_ms(&l), 0);
	l.accepts_a_second = 100;
	while (at_once < 1000 && !loop_accept_wait_ms(&l))
		at_once++;
	expect_eq(at_once, 25);
	uint64_t wait_ms = loop_accept_wait_ms(&l);
	expect(wait_ms > 0 && wait_ms <= 11);
	usleep(50000);
	uv_update_time(&l.uv);
	for (at_once = 0; at_once < 1000 && !loop_accept_wait_ms(&l);)
		at_once++;
	expect(at_once >= 4);
	/* A listener looks once more than there are connections. */
	l.accepts_us = 0;
	for (size_t i = 0; i < 1000; i++) {
		expect_eq(loop_accept_wait_ms(&l), 0);
		loop_accept_none(&l);
	}
	l.accepts_a_second = 1; /* less than one in the time that may come at once */
	l.accepts_us = 0;
	expect_eq(loop_accept_wait_ms(&l), 0);
	expect(loop_accept_wait_ms(&l) > 0);
	loop_done(&l);
}
