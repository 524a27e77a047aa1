/* SPDX-License-Identifier: Apache-2.0 */
#include "server/metrics_server.h"

#include "base/heap.h"
#include "net/http_server.h"
#include "server/measure.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

enum { TEXT_MAX = 16 << 20, CONNECTIONS_MAX = 16 };

struct metrics_server {
	struct backbone *backbone;
	struct net_loop loop;
	struct http_server *http;
	struct http_gate gate;
	uv_async_t stop;
	pthread_t thread;
	bool has_loop, has_stop, is_started;
};

static const struct http_route routes[] = {
	{ "GET", "/metrics", HTTP_ROUTE_REQUEST, false, 0, 0 },
};

/* 127.0.0.0/8; a name may begin like that, too. */
static bool is_of_loopback(struct view name)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr address;
	if (name.n >= sizeof text || !view_starts_with(name, VIEW_LIT("127.")))
		return false;
	memcpy(text, name.p, name.n);
	text[name.n] = 0;
	return inet_pton(AF_INET, text, &address) == 1;
}

/* A page that some name leads to this machine for has the name in its requests: numbers and
 * localhost only. */
static bool host_is_local(struct view host)
{
	struct view name = host;
	if (host.n && host.p[0] == '[') {
		struct view port = view_cut(host, ']', &name);
		return view_equal(name, VIEW_LIT("[::1")) && (!port.n || port.p[0] == ':');
	}
	(void)view_cut(host, ':', &name);
	return http_text_equal(name, VIEW_LIT("localhost")) || is_of_loopback(name);
}

static void on_request(void *ctx, struct http_call *c, const struct http_route *route,
		       const struct http_request *q, struct view body)
{
	struct metrics_server *s = ctx;
	struct buf text;
	(void)route;
	(void)body;
	if (!host_is_local(http_header_find(&q->headers, "host"))) {
		http_reply(c, 421, (struct view){ 0 }, (struct view){ 0 });
		return;
	}
	buf_init(&text, TEXT_MAX);
	measure_add_text(s->backbone, &text);
	if (text.failed)
		http_reply(c, 503, (struct view){ 0 }, (struct view){ 0 });
	else
		http_reply(c, 200,
			   VIEW_LIT("Content-Type: " METRICS_MEDIA_TYPE
				    "\r\nCache-Control: no-store\r\n"),
			   buf_view(&text));
	buf_done(&text);
}

static void on_request_gone(void *ctx, struct http_call *c, uc_err why)
{
	(void)ctx;
	(void)c;
	(void)why;
}

static void on_stop(uv_async_t *h)
{
	struct metrics_server *s = h->data;
	if (s->http)
		http_server_stop(s->http, 1001);
	uv_close((uv_handle_t *)h, NULL);
}

static void *run(void *arg)
{
	struct metrics_server *s = arg;
	loop_run(&s->loop);
	return NULL;
}

static uc_err fill(struct metrics_server *s, const struct config_address *at)
{
	TRY(loop_init(&s->loop, backbone_env(s->backbone)));
	s->has_loop = true;
	if (uv_async_init(&s->loop.uv, &s->stop, on_stop))
		return UC_E_NET;
	s->has_stop = true;
	s->stop.data = s;
	struct http_server_options o = {
		.loop = &s->loop,
		.routes = routes,
		.routes_n = sizeof routes / sizeof *routes,
		.limits = http_limits_default,
		.handler = { .ctx = s, .request = on_request, .request_gone = on_request_gone },
	};
	s->gate.connections_max = CONNECTIONS_MAX;
	o.gate = &s->gate;
	o.limits.output_max = TEXT_MAX + HTTP_HEAD_MAX;
	TRY(http_server_new(&o, at->host, at->port, &s->http));
	s->is_started = !pthread_create(&s->thread, NULL, run, s);
	return s->is_started ? UC_OK : UC_E_MEMORY;
}

uc_err metrics_server_new(struct backbone *b, const struct config_address *at,
			  struct metrics_server **out)
{
	struct metrics_server *s = HEAP_NEW(struct metrics_server);
	if (!s)
		return UC_E_MEMORY;
	s->backbone = b;
	uc_err err = fill(s, at);
	if (err)
		metrics_server_free(s);
	else
		*out = s;
	return err;
}

void metrics_server_free(struct metrics_server *s)
{
	if (!s)
		return;
	if (s->is_started) {
		uv_async_send(&s->stop);
		pthread_join(s->thread, NULL);
	} else if (s->has_stop) {
		on_stop(&s->stop);
	}
	if (s->has_loop)
		loop_done(&s->loop);
	if (s->http)
		http_server_free(s->http);
	heap_free(s);
}
