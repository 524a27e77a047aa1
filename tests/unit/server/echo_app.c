/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/server/echo_app.h"

#include "base/heap.h"
#include "net/websocket.h"

#include <unistd.h>

struct echo *echoes[ECHOES_MAX];

static void opened(void *app, uint64_t connection, struct view from)
{
	struct echo *e = app;
	(void)connection;
	e->from_here += view_equal(from, VIEW_LIT("\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\x01"));
	e->sessions++;
}

/* To the asker as often as it has seats, and to somebody who is gone. */
static void many(struct echo *e, uint64_t connection, struct view v)
{
	struct output_target targets[ECHO_SEATS + 1];
	for (uint32_t i = 0; i < ECHO_SEATS; i++)
		targets[i] = (struct output_target){ connection, 0x61000000 + i };
	targets[ECHO_SEATS] = (struct output_target){ connection ^ 1, 0 };
	app_send_many(e->w, v, 5, targets, ECHO_SEATS + 1);
}

static void frame(void *app, uint64_t connection, struct view v)
{
	struct echo *e = app;
	e->frames++;
	e->unsynced++;
	if (view_starts_with(v, VIEW_LIT("ask "))) {
		e->asker = connection;
		app_ask(e->w, 77, view_slice(v, 4, v.n), VIEW_LIT("POST"), VIEW_LIT("/v1/test"),
			VIEW_LIT("undercroft-sequence: 5\r\n"), VIEW_LIT("question"));
		return;
	}
	if (view_equal(v, VIEW_LIT("code")))
		app_deliver(e->w, VIEW_LIT("+15550100"), VIEW_LIT("123456"));
	if (view_starts_with(v, VIEW_LIT("many "))) {
		many(e, connection, v);
		return;
	}
	if (view_equal(v, VIEW_LIT("bye"))) {
		app_close(e->w, connection, WS_CLOSE_POLICY);
		return;
	}
	app_send(e->w, connection, v);
}

static void closed(void *app, uint64_t connection)
{
	struct echo *e = app;
	(void)connection;
	e->sessions--;
}

static void request(void *app, struct app_call *call, const struct app_request *q)
{
	struct echo *e = app;
	struct buf b;
	buf_init(&b, 10000);
	buf_add_view(&b, q->domain);
	buf_add_str(&b, "|");
	buf_add_view(&b, q->method);
	buf_add_str(&b, "|");
	buf_add_view(&b, q->path);
	buf_add_str(&b, "|");
	buf_add_view(&b, q->headers);
	buf_add_str(&b, "|");
	buf_add_view(&b, q->body);
	app_reply(e->w, call, 201, 9, VIEW_LIT("undercroft-next: 6\r\n"), buf_view(&b));
	buf_done(&b);
}

static void response(void *app, uint64_t token, const struct app_response *r)
{
	struct echo *e = app;
	struct buf b;
	buf_init(&b, 10000);
	buf_printf(&b, "%d %u %u ", (int)token, (unsigned)r->status, (unsigned)r->retry_after_s);
	buf_add_view(&b, r->headers);
	buf_add_view(&b, r->body);
	app_send(e->w, e->asker, buf_view(&b));
	buf_done(&b);
}

static void tick(void *app, uint64_t now_ms)
{
	struct echo *e = app;
	(void)now_ms;
	e->ticks++;
}

static uc_err sync_all(void *app)
{
	struct echo *e = app;
	if (e->unsynced)
		e->syncs++;
	e->unsynced = 0;
	if (e->is_slow)
		usleep(5000);
	return UC_OK;
}

static uc_err echo_open(const struct config *c, size_t app, const struct env *env,
			struct app_worker *w, void **out)
{
	struct echo *e = HEAP_NEW(struct echo);
	(void)c;
	(void)env;
	e->w = w;
	echoes[app] = e;
	*out = e;
	return UC_OK;
}

static void echo_close(void *app)
{
	heap_free(app);
}

static uc_err order(void *ctx, const struct app_order *o)
{
	(void)ctx;
	(void)o;
	return UC_OK;
}

const struct app_kind echo_kind = {
	{ opened, frame, closed, request, response, tick, NULL, sync_all, NULL, NULL, NULL, NULL },
	echo_open,
	echo_close,
	0,
	{ NULL, NULL },
	order,
	NULL,
};
