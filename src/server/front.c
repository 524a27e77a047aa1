/* SPDX-License-Identifier: Apache-2.0 */
#include "server/front.h"

#include "base/heap.h"
#include "base/secret.h"
#include "server/app_worker.h"
#include "server/routes.h"
#include "server/web.h"

#include <stdio.h>

enum { TAKE_ROUND = 64, FORGET_EACH_MS = 20 * 1000 };

/* One listener of an app. */
struct app_side {
	struct front *front;
	struct queue *queue;
	struct web_site web;
	struct http_server *server; /* NULL: the app has none of this kind */
	bool is_removed;            /* and that one has been stopped */
};

/* What the front knows of one WebSocket or waiting request. */
struct client {
	struct http_conn *conn; /* of a WebSocket */
	struct http_call *call; /* or a request */
	struct app_side *app;
	uint64_t id;
	bool is_waiting;
	uint32_t frames, bytes; /* at the app, unhandled */
	struct message *held;   /* did not fit into the app's queue */
	struct client *next_waiting;
};

/* Connections by number: the slot's place and how often it was used. */
struct slot {
	struct client *client;
	uint32_t generation;
	uint32_t next_free;
};

struct front {
	struct net_loop loop;
	struct front_options o;
	struct app_side *sides; /* of all apps over TLS, then of all over plain HTTP */
	size_t sides_n;
	struct queue queue;
	uv_async_t wake;
	uv_timer_t forget; /* network addresses, also when nobody comes */
	pthread_t thread;
	bool is_started, has_loop, has_queue, has_networks, is_quiet;
	struct slot *slots;
	uint32_t slots_n, slots_used, free_first; /* free_first: 0 none, else place + 1 */
	struct client *waiting;
	struct rate_table networks; /* who asks without proving to be an app, by app */
	struct rate *anonymous;     /* of each app */
};

static bool slot_take(struct front *f, uint32_t *out)
{
	if (f->free_first) {
		*out = f->free_first - 1;
		f->free_first = f->slots[*out].next_free;
		return true;
	}
	if (f->slots_used == f->slots_n) {
		uint32_t n = f->slots_n ? f->slots_n * 2 : 64;
		struct slot *more =
			n <= 1u << CONNECTION_PLACE_BITS ? heap_new(n * sizeof *more) : NULL;
		if (!more)
			return false;
		if (f->slots_n)
			memcpy(more, f->slots, f->slots_n * sizeof *more);
		heap_free(f->slots);
		f->slots = more;
		f->slots_n = n;
	}
	*out = f->slots_used++;
	return true;
}

static struct client *client_find(const struct front *f, uint64_t id)
{
	uint32_t place = (uint32_t)(id & ((1u << CONNECTION_PLACE_BITS) - 1));
	if (place >= f->slots_used)
		return NULL;
	struct client *c = f->slots[place].client;
	return c && c->id == id ? c : NULL;
}

/* Of a WebSocket, or a request: one of them. */
static struct client *client_new(struct app_side *app, struct http_conn *conn,
				 struct http_call *call)
{
	struct front *f = app->front;
	uint32_t place = 0;
	struct client *c = HEAP_NEW(struct client);
	if (!c || !slot_take(f, &place)) {
		heap_free(c);
		return NULL;
	}
	struct slot *s = &f->slots[place];
	s->generation++;
	*c = (struct client){ .conn = conn, .call = call, .app = app };
	c->id = (uint64_t)f->o.index << CONNECTION_FRONT_SHIFT |
		(uint64_t)s->generation << CONNECTION_PLACE_BITS | place;
	s->client = c;
	if (conn)
		http_conn_set_user(conn, c);
	else
		http_call_set_user(call, c);
	return c;
}

static void waiting_forget(struct front *f, struct client *c)
{
	struct client **at = &f->waiting;
	while (*at && *at != c)
		at = &(*at)->next_waiting;
	if (*at)
		*at = c->next_waiting;
	c->is_waiting = false;
}

static void client_free(struct client *c)
{
	struct front *f = c->app->front;
	uint32_t place = (uint32_t)(c->id & ((1u << CONNECTION_PLACE_BITS) - 1));
	if (c->is_waiting)
		waiting_forget(f, c);
	message_free(c->held);
	f->slots[place].client = NULL;
	f->slots[place].next_free = f->free_first;
	f->free_first = place + 1;
	if (c->conn)
		http_conn_set_user(c->conn, NULL);
	else
		http_call_set_user(c->call, NULL);
	heap_free(c);
}

static void reply_busy(struct http_call *call)
{
	http_reply(call, 503, VIEW_LIT("Retry-After: 1\r\n"), (struct view){ 0 });
}

/* At once and from here: the files are the same for everybody. */
static void web_request(const struct app_side *app, struct http_call *call,
			const struct http_request *q)
{
	struct buf lines;
	struct view body;
	buf_init(&lines, HTTP_HEAD_MAX);
	int status = web_answer(&app->web, q, &lines, &body);
	if (lines.failed)
		reply_busy(call);
	else
		http_reply_lent(call, status, buf_view(&lines), body);
	buf_done(&lines);
}

/* Seconds to wait, for those who do not prove to be an app: by network address, as sessions are. */
static uint32_t anonymous_wait(const struct app_side *app, struct http_conn *conn)
{
	struct front *f = app->front;
	unsigned which = (unsigned)((size_t)(app - f->sides) % FRONT_APPS_MAX);
	uint8_t from[PEER_ADDRESS];
	uint32_t wait_s = 0;
	if (f->anonymous[which].hour && http_conn_address(conn, from) &&
	    !network_is_own_machine(VIEW_OF(from)))
		wait_s = rate_table_take(&f->networks, which, VIEW_OF(from), env_now_ms(f->o.env));
	wipe(from, sizeof from);
	return wait_s;
}

static void reply_too_fast(struct http_call *call, uint32_t wait_s)
{
	struct buf lines;
	buf_init(&lines, 64);
	buf_printf(&lines, "Retry-After: %u\r\n", (unsigned)wait_s);
	http_reply(call, 429, buf_view(&lines), (struct view){ 0 });
	buf_done(&lines);
}

static void on_request(void *ctx, struct http_call *call, const struct http_route *route,
		       const struct http_request *q, struct view body)
{
	struct app_side *app = ctx;
	struct buf headers;
	const char *peer = http_conn_peer(http_call_conn(call));
	/* One that has just been taken out, in the middle of what it asked. */
	if (route->peers_only && !peer) {
		http_reply(call, 403, (struct view){ 0 }, (struct view){ 0 });
		return;
	}
	uint32_t wait_s = peer ? 0 : anonymous_wait(app, http_call_conn(call));
	if (wait_s) {
		reply_too_fast(call, wait_s);
		return;
	}
	if (route->tag == ROUTE_WEB) {
		web_request(app, call, q);
		return;
	}
	struct client *c = app->front->is_quiet ? NULL : client_new(app, NULL, call);
	if (!c) {
		reply_busy(call);
		return;
	}
	buf_init(&headers, 2 * HTTP_HEAD_MAX);
	routes_add_headers(&headers, &q->headers);
	struct message_parts parts = { view_str(peer), q->method, q->path, buf_view(&headers),
				       body };
	struct message *m = headers.failed ? NULL : message_new(MESSAGE_REQUEST, c->id, &parts);
	buf_done(&headers);
	if (m)
		m->index = app->front->o.index;
	if (!m || !queue_put(app->queue, m)) {
		message_free(m);
		client_free(c);
		reply_busy(call);
	}
}

static int on_ws_open(void *ctx, struct http_conn *conn, const struct http_route *route,
		      const struct http_request *q)
{
	struct app_side *app = ctx;
	(void)route;
	int status = web_opening_check(&app->web, q);
	if (status != 101)
		return status;
	struct client *c = app->front->is_quiet ? NULL : client_new(app, conn, NULL);
	if (!c)
		return 503;
	uint8_t from[PEER_ADDRESS];
	struct message_parts parts = { 0 };
	if (http_conn_address(conn, from))
		parts.body = VIEW_OF(from);
	struct message *m = message_new(MESSAGE_OPENED, c->id, &parts);
	wipe(from, sizeof from);
	if (!m) {
		client_free(c);
		return 503;
	}
	/* Bounded by the number of connections. */
	queue_put_always(app->queue, m);
	return 101;
}

static void pass_on(struct client *c, struct message *m)
{
	struct front *f = c->app->front;
	c->frames++;
	c->bytes += (uint32_t)m->parts.body.n;
	if (queue_put(c->app->queue, m)) {
		if (c->frames >= FRONT_FRAMES_MAX || c->bytes >= FRONT_BYTES_MAX || f->is_quiet)
			http_conn_pause(c->conn);
		return;
	}
	c->held = m;
	c->is_waiting = true;
	c->next_waiting = f->waiting;
	f->waiting = c;
	http_conn_pause(c->conn);
}

static void on_ws_message(void *ctx, struct http_conn *conn, struct view bytes)
{
	struct client *c = http_conn_user(conn);
	struct message_parts parts = { .body = bytes };
	(void)ctx;
	struct message *m = message_new(MESSAGE_FRAME, c->id, &parts);
	if (m)
		pass_on(c, m);
	else
		http_conn_close(conn, WS_CLOSE_TRY_LATER);
}

static void on_request_gone(void *ctx, struct http_call *call, uc_err why)
{
	struct client *c = http_call_user(call);
	(void)ctx;
	(void)why;
	if (c)
		client_free(c);
}

static void on_ws_gone(void *ctx, struct http_conn *conn, uc_err why)
{
	struct client *c = http_conn_user(conn);
	struct app_side *app = ctx;
	(void)why;
	if (!c)
		return;
	struct message *m = message_new(MESSAGE_CLOSED, c->id, NULL);
	if (m)
		queue_put_always(app->queue, m);
	client_free(c);
}

/* Frames that found the queue full, now that it has room. */
static void waiting_retry(struct front *f)
{
	struct client *list = f->waiting;
	f->waiting = NULL;
	while (list) {
		struct client *c = list;
		list = c->next_waiting;
		c->is_waiting = false;
		if (queue_put(c->app->queue, c->held)) {
			c->held = NULL;
			if (c->frames < FRONT_FRAMES_MAX && c->bytes < FRONT_BYTES_MAX &&
			    !f->is_quiet)
				http_conn_resume(c->conn);
		} else {
			c->is_waiting = true;
			c->next_waiting = f->waiting;
			f->waiting = c;
		}
	}
}

static void credit(struct front *f, struct client *c, const struct output_head *h)
{
	c->frames -= h->frames;
	c->bytes -= h->frames_bytes;
	if (!c->held && !f->is_quiet && c->frames <= FRONT_FRAMES_MAX / 2 &&
	    c->bytes <= FRONT_BYTES_MAX / 2)
		http_conn_resume(c->conn);
}

static void reply(struct client *c, const struct output *o)
{
	struct http_call *call = c->call;
	struct buf lines;
	client_free(c);
	buf_init(&lines, 2 * HTTP_HEAD_MAX);
	buf_add_view(&lines, o->headers);
	if (o->head->retry_after_s)
		buf_printf(&lines, "Retry-After: %u\r\n", (unsigned)o->head->retry_after_s);
	http_reply(call, o->head->status, buf_view(&lines), o->body);
	buf_done(&lines);
}

static void quiet(struct front *f)
{
	f->is_quiet = true;
	for (size_t i = 0; i < f->sides_n; i++)
		if (f->sides[i].server && !f->sides[i].is_removed)
			http_server_pause(f->sides[i].server);
	for (uint32_t i = 0; i < f->slots_used; i++) {
		if (f->slots[i].client && f->slots[i].client->conn)
			http_conn_pause(f->slots[i].client->conn);
	}
}

static void side_stop(struct app_side *side)
{
	if (side->server && !side->is_removed)
		http_server_stop(side->server, WS_CLOSE_GOING_AWAY);
	side->is_removed = true;
}

static void stop(struct front *f)
{
	for (size_t i = 0; i < f->sides_n; i++)
		side_stop(&f->sides[i]);
	uv_close((uv_handle_t *)&f->wake, NULL);
	uv_close((uv_handle_t *)&f->forget, NULL);
}

static void fanout(struct front *f, const struct output *o)
{
	struct view frame = { o->fanout->bytes, o->fanout->n };
	for (size_t i = 0; i < o->head->connection; i++) {
		const struct output_target *t = &o->targets[i];
		const uint8_t seat[4] = { (uint8_t)(t->seat >> 24), (uint8_t)(t->seat >> 16),
					  (uint8_t)(t->seat >> 8), (uint8_t)t->seat };
		struct client *c = client_find(f, t->connection);
		if (c && c->conn)
			http_conn_send_with(c->conn, frame, o->fanout->seat_at, VIEW_OF(seat));
	}
}

static void output(struct front *f, const struct output *o)
{
	if (o->head->kind == OUTPUT_FANOUT) {
		fanout(f, o);
		return;
	}
	struct client *c = client_find(f, o->head->connection);
	if (!c || (o->head->kind == OUTPUT_REPLY) != (c->call != NULL))
		return;
	switch (o->head->kind) {
	case OUTPUT_SEND:
		http_conn_send(c->conn, o->body);
		break;
	case OUTPUT_CLOSE:
		http_conn_close(c->conn, o->head->status);
		break;
	case OUTPUT_TRUST:
		http_conn_trust(c->conn);
		break;
	case OUTPUT_CREDIT:
		credit(f, c, o->head);
		break;
	case OUTPUT_REPLY:
		reply(c, o);
		break;
	default:
		break;
	}
}

/* Of both listeners of the app. */
static void renew(struct front *f, const struct message *m)
{
	struct front_renewal r;
	memcpy(&r, m->parts.body.p, sizeof r);
	f->sides[m->index].web.files = r.web;
	f->sides[FRONT_APPS_MAX + m->index].web.files = r.web;
	f->anonymous[m->index] = r.anonymous;
}

static uc_err app_listen(struct front *f, size_t index, const struct front_app *a);

static void add(struct front *f, const struct message *m)
{
	struct front_addition a;
	memcpy(&a, m->parts.body.p, sizeof a);
	if (app_listen(f, m->index, &a.app))
		atomic_store(a.failed, true);
	atomic_fetch_sub(a.due, 1);
}

/* Nobody connects any more, and who is connected goes. */
static void app_remove(struct front *f, const struct message *m)
{
	struct app_side *of_app[] = { &f->sides[m->index], &f->sides[FRONT_APPS_MAX + m->index] };
	for (size_t i = 0; i < 2; i++)
		side_stop(of_app[i]);
	message_beat_answer(m);
}

static void handle(struct front *f, const struct message *m)
{
	struct output o;
	switch (m->kind) {
	case MESSAGE_OUTPUTS:
		for (size_t at = 0; outputs_next(m, &at, &o);) {
			output(f, &o);
			if (loop_is_full(&f->loop))
				loop_flush(&f->loop);
		}
		break;
	case MESSAGE_QUIET:
		quiet(f);
		break;
	case MESSAGE_RENEW:
		renew(f, m);
		break;
	case MESSAGE_ADD:
		add(f, m);
		break;
	case MESSAGE_REMOVE:
		app_remove(f, m);
		break;
	case MESSAGE_STOP:
		stop(f);
		break;
	case MESSAGE_BEAT:
		message_beat_answer(m);
		break;
	default:
		break;
	}
}

static void wake(void *ctx);

/* So much at once, then what it says leaves, then more. */
static void on_wake(uv_async_t *h)
{
	struct front *f = h->data;
	struct message *list = queue_take(&f->queue, TAKE_ROUND, 0);
	size_t n = 0;
	bool ends = false;
	for (struct message *m = list; m; m = m->next, n++) {
		ends = ends || m->kind == MESSAGE_STOP;
		handle(f, m);
	}
	message_free_all(list);
	waiting_retry(f);
	if (n == TAKE_ROUND && !ends)
		wake(f);
}

static void on_forget(uv_timer_t *h)
{
	struct front *f = h->data;
	rate_table_sweep(&f->networks, env_now_ms(f->o.env));
}

static void wake(void *ctx)
{
	struct front *f = ctx;
	uv_async_send(&f->wake);
}

void front_room(struct front *f)
{
	wake(f);
}

static void *run(void *arg)
{
	struct front *f = arg;
	char name[16];
	snprintf(name, sizeof name, "front-%u", f->o.index);
	pthread_setname_np(pthread_self(), name);
	loop_run(&f->loop);
	return NULL;
}

static uc_err side_listen(struct front *f, const struct front_app *a, bool is_tls,
			  struct app_side *side)
{
	struct route_list routes = is_tls ? routes_tls(a->web != NULL) : routes_local();
	*side = (struct app_side){ .front = f, .queue = a->queue };
	side->web = (struct web_site){ a->domain, a->web, is_tls };
	struct http_server_options o = {
		.loop = &f->loop,
		.tls = is_tls ? a->tls : NULL,
		.routes = routes.v,
		.routes_n = routes.n,
		.subprotocol = ROUTES_SUBPROTOCOL,
		.limits = f->o.limits,
		.handler = { side, on_request, on_request_gone, on_ws_open, on_ws_message,
			     on_ws_gone },
		.gate = f->o.gate,
		.fd = is_tls ? a->fd : a->local_fd,
	};
	return http_server_new(&o, is_tls ? a->host : a->local_host,
			       is_tls ? a->port : a->local_port, &side->server);
}

static uc_err app_listen(struct front *f, size_t index, const struct front_app *a)
{
	f->anonymous[index] = a->anonymous;
	TRY(side_listen(f, a, true, &f->sides[index]));
	return a->local_host ? side_listen(f, a, false, &f->sides[FRONT_APPS_MAX + index]) : UC_OK;
}

static uc_err listen_all(struct front *f, size_t *out_failed)
{
	f->sides = heap_new((size_t)2 * FRONT_APPS_MAX * sizeof *f->sides);
	if (!f->sides)
		return UC_E_MEMORY;
	f->sides_n = (size_t)2 * FRONT_APPS_MAX;
	for (size_t i = 0; i < f->o.apps_n; i++) {
		*out_failed = i;
		TRY(app_listen(f, i, &f->o.apps[i]));
	}
	return UC_OK;
}

static uc_err limits_open(struct front *f)
{
	f->anonymous = heap_new(FRONT_APPS_MAX * sizeof *f->anonymous);
	if (!f->anonymous)
		return UC_E_MEMORY;
	TRY(rate_table_init(&f->networks, f->o.env, f->anonymous));
	/* A crowd locks nobody out. */
	f->networks.lets_pass = f->has_networks = true;
	f->networks.forget_ms = RATE_NETWORK_MS;
	return UC_OK;
}

static uc_err front_fill(struct front *f, size_t *out_failed)
{
	TRY(limits_open(f));
	TRY(queue_init(&f->queue, FRONT_QUEUE_COUNT, FRONT_QUEUE_BYTES));
	f->has_queue = true;
	TRY(loop_init(&f->loop, f->o.env));
	f->has_loop = true;
	f->loop.metrics = f->o.metrics;
	f->loop.accepts_a_second = f->o.accepts_a_second;
	if (uv_async_init(&f->loop.uv, &f->wake, on_wake))
		return UC_E_NET;
	f->wake.data = f;
	if (uv_timer_init(&f->loop.uv, &f->forget))
		return UC_E_NET;
	f->forget.data = f;
	uv_timer_start(&f->forget, on_forget, FORGET_EACH_MS, FORGET_EACH_MS);
	f->queue.wake = wake;
	f->queue.ctx = f;
	uc_err err = listen_all(f, out_failed);
	if (!err && pthread_create(&f->thread, NULL, run, f))
		err = UC_E_MEMORY;
	if (err)
		stop(f);
	else
		f->is_started = true;
	return err;
}

uc_err front_new(const struct front_options *o, struct front **out, size_t *out_failed)
{
	struct front *f = HEAP_NEW(struct front);
	if (!f)
		return UC_E_MEMORY;
	f->o = *o;
	*out_failed = 0;
	uc_err err = front_fill(f, out_failed);
	if (err)
		front_free(f);
	else
		*out = f;
	return err;
}

struct queue *front_queue(struct front *f)
{
	return &f->queue;
}

uint16_t front_port(const struct front *f, size_t app)
{
	return http_server_port(f->sides[app].server);
}

void front_free(struct front *f)
{
	if (!f)
		return;
	if (f->is_started)
		pthread_join(f->thread, NULL);
	if (f->has_loop)
		loop_done(&f->loop);
	for (size_t i = 0; i < f->sides_n; i++) {
		if (f->sides[i].server)
			http_server_free(f->sides[i].server);
	}
	if (f->has_queue)
		queue_done(&f->queue);
	if (f->has_networks)
		rate_table_done(&f->networks);
	heap_free(f->anonymous);
	heap_free(f->sides);
	heap_free(f->slots);
	heap_free(f);
}
