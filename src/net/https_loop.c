/* SPDX-License-Identifier: Apache-2.0 */
#include "net/https_loop.h"

#include "base/heap.h"

#include <pthread.h>

struct watched {
	uv_poll_t poll;
	curl_socket_t fd;
	struct https_loop *owner;
};

static void done_collect(struct https_loop *h)
{
	CURLMsg *m;
	int left = 0;
	while ((m = curl_multi_info_read(h->multi, &left))) {
		if (m->msg == CURLMSG_DONE)
			h->done(m->easy_handle, m->data.result);
	}
}

static void on_timer(uv_timer_t *t)
{
	struct https_loop *h = t->data;
	int running = 0;
	curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	done_collect(h);
}

static void on_ready(uv_poll_t *p, int status, int events)
{
	struct watched *w = p->data;
	struct https_loop *h = w->owner;
	int running = 0;
	int flags = status < 0 ? CURL_CSELECT_ERR
			       : (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
					 (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
	/* May close w. */
	curl_multi_socket_action(h->multi, w->fd, flags, &running);
	done_collect(h);
}

static void on_poll_closed(uv_handle_t *p)
{
	heap_free(p->data);
}

static struct watched *watch_new(struct https_loop *h, curl_socket_t fd)
{
	struct watched *w = HEAP_NEW(struct watched);
	if (!w)
		return NULL;
	w->fd = fd;
	w->owner = h;
	w->poll.data = w;
	if (uv_poll_init_socket(&h->loop->uv, &w->poll, fd)) {
		heap_free(w);
		return NULL;
	}
	curl_multi_assign(h->multi, fd, w);
	return w;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *per_socket)
{
	struct https_loop *h = ctx;
	struct watched *w = per_socket;
	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w) {
			curl_multi_assign(h->multi, fd, NULL);
			uv_close((uv_handle_t *)&w->poll, on_poll_closed);
		}
		return 0;
	}
	if (!w)
		w = watch_new(h, fd);
	if (!w)
		return -1;
	uv_poll_start(&w->poll,
		      (what & CURL_POLL_IN ? UV_READABLE : 0) |
			      (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
		      on_ready);
	return 0;
}

static int on_timeout_set(CURLM *multi, long timeout_ms, void *ctx)
{
	struct https_loop *h = ctx;
	(void)multi;
	if (timeout_ms < 0)
		uv_timer_stop(&h->timer);
	else /* never from inside this call: libcurl forbids it */
		uv_timer_start(&h->timer, on_timer, timeout_ms > 0 ? (uint64_t)timeout_ms : 1, 0);
	return 0;
}

static void curl_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

uc_err https_loop_init(struct https_loop *h, struct net_loop *loop,
		       void (*done)(CURL *easy, CURLcode code))
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, curl_init);
	*h = (struct https_loop){ .loop = loop, .multi = curl_multi_init(), .done = done };
	if (!h->multi)
		return UC_E_MEMORY;
	uv_timer_init(&loop->uv, &h->timer);
	h->timer.data = h;
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timeout_set);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	return UC_OK;
}

void https_loop_stop(struct https_loop *h)
{
	curl_multi_cleanup(h->multi);
	h->multi = NULL;
	uv_close((uv_handle_t *)&h->timer, NULL);
}
