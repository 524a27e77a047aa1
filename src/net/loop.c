/* SPDX-License-Identifier: Apache-2.0 */
#include "net/loop.h"

#include "base/heap.h"
#include "net/stream.h"

#include <signal.h>

enum { ACCEPT_BURST_US = 250000 };

void loop_flush(struct net_loop *l)
{
	while (l->dirty) {
		struct stream *s = l->dirty;
		l->dirty = s->next_dirty;
		s->next_dirty = NULL;
		s->is_dirty = false;
		stream_flush(s);
	}
}

static void flush(uv_prepare_t *h)
{
	loop_flush(h->data);
}

/* Generic cell rate: a quarter of a second's worth may come at once. */
uint64_t loop_accept_wait_ms(struct net_loop *l)
{
	if (!l->accepts_a_second)
		return 0;
	uint64_t now_us = uv_now(&l->uv) * 1000, each_us = 1000000 / l->accepts_a_second;
	uint64_t due = l->accepts_us > now_us ? l->accepts_us : now_us;
	uint64_t burst_us = each_us > ACCEPT_BURST_US ? each_us : ACCEPT_BURST_US;
	if (due + each_us > now_us + burst_us)
		return (due + each_us - now_us - burst_us) / 1000 + 1;
	l->accepts_us = due + each_us;
	return 0;
}

void loop_accept_none(struct net_loop *l)
{
	if (l->accepts_a_second)
		l->accepts_us -= 1000000 / l->accepts_a_second;
}

static void unlink_from(struct net_loop *l, struct stream *s)
{
	if (!s->look_tick)
		return;
	if (s->prev)
		s->prev->next = s->next;
	else
		l->wheel[s->look_tick % LOOP_WHEEL_N] = s->next;
	if (s->next)
		s->next->prev = s->prev;
	s->prev = s->next = NULL;
	s->look_tick = 0;
}

void loop_watch(struct net_loop *l, struct stream *s, uint64_t at_ms)
{
	/* The first look that comes after it. */
	uint64_t tick = at_ms / LOOP_SWEEP_MS + 1, last = l->tick + LOOP_WHEEL_N - 1;
	if (!at_ms) {
		unlink_from(l, s);
		return;
	}
	if (tick <= l->tick)
		tick = l->tick + 1;
	else if (tick > last)
		tick = last;
	/* One that is looked at too soon is put where it belongs then. */
	if (s->look_tick && s->look_tick <= tick)
		return;
	unlink_from(l, s);
	struct stream **first = &l->wheel[tick % LOOP_WHEEL_N];
	s->look_tick = tick;
	s->next = *first;
	if (s->next)
		s->next->prev = s;
	*first = s;
}

static void sweep(uv_timer_t *h);

/* At the next tick, however long this took. */
static void sweep_plan(struct net_loop *l)
{
	uint64_t next = (l->tick + 1) * LOOP_SWEEP_MS, now = uv_now(&l->uv);
	uv_timer_start(&l->sweep, sweep, next > now ? next - now : 1, 0);
}

static void sweep(uv_timer_t *h)
{
	struct net_loop *l = h->data;
	uint64_t now = uv_now(&l->uv), until = now / LOOP_SWEEP_MS;
	/* After a sleep of the whole machine, each place once. */
	if (until > l->tick + LOOP_WHEEL_N)
		l->tick = until - LOOP_WHEEL_N;
	while (l->tick < until) {
		struct stream *s;
		l->tick++;
		/* A handler may move or close any stream, but none comes back to this place. */
		while ((s = l->wheel[l->tick % LOOP_WHEEL_N])) {
			unlink_from(l, s);
			stream_sweep(s, now);
		}
	}
	/* What the last rush took is given back little by little. */
	for (size_t n = l->spare_n / 16; n && l->spare_n > LOOP_SPARE_IDLE_N; n--)
		heap_free(l->spare[--l->spare_n]);
	sweep_plan(l);
}

static uc_err buffers_take(struct net_loop *l)
{
	l->read_buffer = heap_new(LOOP_READ_BYTES);
	l->input.bytes = heap_new(TLS_BIO_BYTES);
	l->sealed = heap_new(LOOP_SEALED_BYTES);
	if (!l->read_buffer || !l->input.bytes || !l->sealed)
		return UC_E_MEMORY;
	return tls_ciphers_new(&l->ciphers);
}

static void buffers_give_back(struct net_loop *l)
{
	heap_free(l->read_buffer);
	heap_free(l->input.bytes);
	heap_free(l->sealed);
	tls_ciphers_free(l->ciphers);
}

uc_err loop_init(struct net_loop *l, const struct env *env)
{
	*l = (struct net_loop){ .env = env, .queued_max = LOOP_QUEUED_MAX };
	signal(SIGPIPE, SIG_IGN);
	TRY(tls_bio_init());
	uc_err err = buffers_take(l);
	if (!err && uv_loop_init(&l->uv))
		err = UC_E_NET;
	if (err) {
		buffers_give_back(l);
		return err;
	}
	l->tick = uv_now(&l->uv) / LOOP_SWEEP_MS;
	uv_prepare_init(&l->uv, &l->flush);
	uv_timer_init(&l->uv, &l->sweep);
	l->flush.data = l->sweep.data = l;
	uv_prepare_start(&l->flush, flush);
	sweep_plan(l);
	uv_unref((uv_handle_t *)&l->flush);
	uv_unref((uv_handle_t *)&l->sweep);
	return UC_OK;
}

void loop_run(struct net_loop *l)
{
	uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct net_loop *l)
{
	uv_stop(&l->uv);
}

void loop_done(struct net_loop *l)
{
	uv_close((uv_handle_t *)&l->flush, NULL);
	uv_close((uv_handle_t *)&l->sweep, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	int busy = uv_loop_close(&l->uv);
	(void)busy; /* a handle left open is a leak its owner's tests see */
	while (l->spare_n)
		heap_free(l->spare[--l->spare_n]);
	buffers_give_back(l);
}

uint64_t loop_now_ms(const struct net_loop *l)
{
	return uv_now(&l->uv);
}
