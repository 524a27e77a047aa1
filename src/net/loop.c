/* SPDX-License-Identifier: Apache-2.0 */
#include "net/loop.h"

#include "base/heap.h"
#include "net/stream.h"

#include <signal.h>

static void flush(uv_prepare_t *h)
{
	struct net_loop *l = h->data;
	while (l->dirty) {
		struct stream *s = l->dirty;
		l->dirty = s->next_dirty;
		s->next_dirty = NULL;
		s->is_dirty = false;
		stream_flush(s);
	}
}

static void sweep(uv_timer_t *h)
{
	struct net_loop *l = h->data;
	uint64_t now = uv_now(&l->uv);
	/* A handler may close any stream, but streams leave the list in close callbacks only. */
	for (struct stream *s = l->streams, *next; s; s = next) {
		next = s->next;
		stream_sweep(s, now);
	}
}

uc_err loop_init(struct net_loop *l, const struct env *env)
{
	*l = (struct net_loop){ .env = env };
	signal(SIGPIPE, SIG_IGN);
	l->read_buffer = heap_new(LOOP_READ_BYTES);
	if (!l->read_buffer)
		return UC_E_MEMORY;
	if (uv_loop_init(&l->uv)) {
		heap_free(l->read_buffer);
		return UC_E_NET;
	}
	uv_prepare_init(&l->uv, &l->flush);
	uv_timer_init(&l->uv, &l->sweep);
	l->flush.data = l->sweep.data = l;
	uv_prepare_start(&l->flush, flush);
	uv_timer_start(&l->sweep, sweep, LOOP_SWEEP_MS, LOOP_SWEEP_MS);
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
	heap_free(l->read_buffer);
}

uint64_t loop_now_ms(const struct net_loop *l)
{
	return uv_now(&l->uv);
}
