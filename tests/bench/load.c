/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/load.h"

#include "net/env_system.h"
#include "net/tls.h"
#include "tests/bench/bench.h"

enum { PATIENCE_MS = 60000 };

/* --- tickets --- */

static int on_ticket(SSL *ssl, SSL_SESSION *session)
{
	struct load *l = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	if (l->tickets_n == TICKETS_MAX)
		return 0;
	l->tickets[l->tickets_n++] = session;
	return 1;
}

/* The one moment at which a connection of net/ can still be given a session. */
static void on_handshake(const SSL *ssl, int where, int ret)
{
	struct load *l = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	(void)ret;
	if (!(where & SSL_CB_HANDSHAKE_START) || !l->resumes || !l->tickets_n)
		return;
	SSL_SESSION *session = l->tickets[--l->tickets_n];
	if (SSL_set_session((SSL *)(uintptr_t)ssl, session) != 1)
		bench_die("a ticket cannot be used");
	SSL_SESSION_free(session);
}

void load_begin(struct load *l, const char *ca_file)
{
	*l = (struct load){ .waiting = 0 };
	MUST(loop_init(&l->loop, env_system()));
	if (!ca_file)
		return;
	MUST(tls_client_new(ca_file, NULL, NULL, &l->tls));
	SSL_CTX_set_app_data(l->tls, l);
	SSL_CTX_set_session_cache_mode(l->tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(l->tls, on_ticket);
	SSL_CTX_set_info_callback(l->tls, on_handshake);
}

void load_end(struct load *l)
{
	while (l->open)
		load_turn(l);
	loop_done(&l->loop);
	while (l->tickets_n)
		SSL_SESSION_free(l->tickets[--l->tickets_n]);
	if (l->tls)
		tls_client_free(l->tls);
}

void load_turn(struct load *l)
{
	uv_run(&l->loop.uv, UV_RUN_ONCE);
}

void load_wait(struct load *l)
{
	uint64_t until = clock_steady_ms() + PATIENCE_MS;
	while (l->waiting || l->connecting) {
		load_turn(l);
		if (clock_steady_ms() > until)
			bench_die("no answer to %zu requests and %zu connections in a minute",
				  l->waiting, l->connecting);
	}
}

static void on_rest(uv_timer_t *t)
{
	*(bool *)t->data = true;
}

static void on_timer_closed(uv_handle_t *h)
{
	h->data = NULL;
}

void load_rest(struct load *l, uint64_t ms)
{
	uv_timer_t timer;
	bool over = false;
	uv_update_time(&l->loop.uv);
	uv_timer_init(&l->loop.uv, &timer);
	timer.data = &over;
	uv_timer_start(&timer, on_rest, ms, 0);
	while (!over)
		load_turn(l);
	uv_close((uv_handle_t *)&timer, on_timer_closed);
	while (timer.data)
		load_turn(l);
}

/* --- connections --- */

static void on_open(void *ctx, struct ws_client *ws)
{
	struct conn *c = ctx;
	(void)ws;
	c->is_open = true;
	c->load->connecting--;
}

static void on_closed(void *ctx, uc_err why, uint16_t code)
{
	struct conn *c = ctx;
	if (!c->is_closing && !c->load->expects_end)
		bench_die("a connection ended: %s, code %u", uc_err_name(why), (unsigned)code);
	c->ws = NULL;
	c->load->open--;
}

static void on_response(struct conn *c, const struct frame *f)
{
	if (f->status)
		bench_die("request %u was refused: %s: %.*s", (unsigned)f->type,
			  uc_err_name((uc_err)f->status), (int)f->text.n,
			  f->text.n ? (const char *)f->text.p : "");
	if (f->id >= READY_ID) {
		c->load->ready(c, f->id, f->body);
		return;
	}
	if (!f->id || f->id > ASKS_MAX || c->asks[f->id - 1].type != f->type)
		bench_die("an answer to nothing that was asked");
	answered *done = c->asks[f->id - 1].done;
	void *for_whom = c->asks[f->id - 1].ctx;
	c->asks[f->id - 1].type = 0;
	c->load->waiting--;
	if (done)
		done(for_whom, c, f->body);
}

static void on_message(void *ctx, struct ws_client *ws, struct view message)
{
	struct conn *c = ctx;
	struct frame f;
	struct entry_event e;
	(void)ws;
	MUST(wire_decode(message, NULL, frame_element, &f));
	if (f.kind == FRAME_RESPONSE) {
		on_response(c, &f);
	} else if (f.type == FRAME_ENTRY && c->load->entry) {
		MUST(wire_decode(f.body, NULL, entry_event_element, &e));
		c->load->entry(c, &e);
	} else if (f.type == FRAME_ENTRY_OWN && c->load->own) {
		struct entry_own_event own;
		MUST(wire_decode(f.body, NULL, entry_own_event_element, &own));
		c->load->own(c, &own);
	}
}

void conn_open(struct conn *c, struct load *l, const char *host, uint16_t port)
{
	const struct ws_client_options o = { .host = host,
					     .port = port,
					     .path = "/v1",
					     .subprotocol = FRAME_SUBPROTOCOL,
					     .tls = l->tls };
	const struct ws_client_handler handler = { c, on_open, on_message, on_closed };
	void *ctx = c->ctx;
	*c = (struct conn){ .load = l, .ctx = ctx };
	l->connecting++;
	l->open++;
	MUST(ws_client_open(&l->loop, &o, &handler, &c->ws));
}

void conn_close(struct conn *c)
{
	c->is_closing = true;
	if (c->ws)
		ws_client_close(c->ws, 1000);
}

static void send_frame(struct conn *c, struct buf *frame)
{
	ws_client_send(c->ws, buf_view(frame));
	buf_done(frame);
}

void conn_ask(struct conn *c, uint16_t type, wire_element *walk, const void *body, answered *done,
	      void *ctx)
{
	struct buf frame;
	uint32_t i = 0;
	while (i < ASKS_MAX && c->asks[i].type)
		i++;
	if (i == ASKS_MAX)
		bench_die("too many requests at once");
	c->asks[i].type = type;
	c->asks[i].done = done;
	c->asks[i].ctx = ctx;
	c->load->waiting++;
	buf_init(&frame, FRAME_MAX + 1024);
	MUST(frame_add_request(&frame, type, i + 1, walk, body));
	send_frame(c, &frame);
}

void conn_tell(struct conn *c, uint16_t type, wire_element *walk, const void *body)
{
	struct buf frame;
	buf_init(&frame, FRAME_MAX);
	MUST(frame_add_notice(&frame, type, walk, body));
	send_frame(c, &frame);
}

void conn_send_ready(struct conn *c, struct view frame)
{
	ws_client_send(c->ws, frame);
}
