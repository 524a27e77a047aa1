/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_conn.h"

#include "base/heap.h"
#include "base/text.h"
#include "net/http2.h"
#include "net/http_route.h"
#include "net/tcp_taken.h"

#include <unistd.h>

enum {
	EXCESS_PART = 16, /* so many more, and */
	EXCESS_MIN = 16,
	EXCESS_RETRY_S = 10,
	EXCESS_JITTER_S = 50,
	PING_MIN_S = 15,
};

static const struct stream_handler conn_handler;

static struct http_conn *conn_of(struct stream *s)
{
	return (struct http_conn *)s; /* its first field */
}

void http_conn_set_deadline(struct http_conn *c, uint32_t in_ms)
{
	stream_set_deadline(&c->stream, loop_now_ms(c->stream.loop) + in_ms);
}

enum gate { GATE_OPEN, GATE_EXCESS, GATE_CLOSED };

static enum gate gate_enter(struct http_gate *g)
{
	size_t n = g ? atomic_fetch_add_explicit(&g->connections, 1, memory_order_relaxed) : 0;
	if (!g || n < g->connections_max)
		return GATE_OPEN;
	if (n < g->connections_max + g->connections_max / EXCESS_PART + EXCESS_MIN)
		return GATE_EXCESS;
	atomic_fetch_sub_explicit(&g->connections, 1, memory_order_relaxed);
	return GATE_CLOSED;
}

static void gate_leave(struct http_gate *g)
{
	if (g)
		atomic_fetch_sub_explicit(&g->connections, 1, memory_order_relaxed);
}

void http_conn_accept(struct http_server *s, int fd)
{
	enum gate gate = s->is_stopping ? GATE_CLOSED : gate_enter(s->o.gate);
	struct http_conn *c = gate == GATE_CLOSED ? NULL : HEAP_NEW(struct http_conn);
	metrics_add(s->o.loop->metrics, gate == GATE_OPEN ? METRIC_ACCEPTS : METRIC_ACCEPTS_REFUSED,
		    1);
	if (!c) {
		if (gate != GATE_CLOSED)
			gate_leave(s->o.gate);
		close(fd);
		return;
	}
	c->server = s;
	c->is_excess = gate == GATE_EXCESS;
	c->ping_ms = s->o.limits.ping_ms;
	c->call.conn = c;
	SSL_CTX *tls = s->o.tls ? tls_server_hold(s->o.tls) : NULL;
	uc_err err = stream_start(&c->stream, s->o.loop, fd, tls, NULL, &conn_handler,
				  s->o.limits.output_max);
	tls_context_free(tls);
	if (err) {
		gate_leave(s->o.gate);
		heap_free(c);
		return;
	}
	buf_init_secret(&c->in, s->o.limits.message_max + 2 * LOOP_READ_BYTES + HTTP_HEAD_MAX);
	ws_decoder_init(&c->ws, WS_SERVER,
			s->o.limits.first_message_max ? s->o.limits.first_message_max
						      : s->o.limits.message_max);
	http_conn_set_deadline(c, s->o.limits.handshake_ms);
	c->next = s->conns;
	if (c->next)
		c->next->prev = c;
	s->conns = c;
	s->conns_n++;
	metrics_add(s->o.loop->metrics, METRIC_CONNECTIONS, 1);
}

static void on_open(struct stream *st)
{
	struct http_conn *c = conn_of(st);
	c->peer = st->ssl ? tls_server_peer(c->server->o.tls, st->ssl) : NULL;
	if (http2_is_chosen(c)) {
		/* Peers and browsers come back by themselves. */
		if (c->is_excess)
			stream_end(st, UC_E_BUSY);
		else
			http2_start(c);
		return;
	}
	c->phase = HTTP_PHASE_REQUEST;
	http_conn_set_deadline(c, c->server->o.limits.head_ms);
}

static void on_closed(struct stream *st, uc_err why)
{
	struct http_conn *c = conn_of(st);
	struct http_server *s = c->server;
	if (c->prev)
		c->prev->next = c->next;
	else
		s->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	s->conns_n--;
	gate_leave(s->o.gate);
	metrics_sub(s->o.loop->metrics, METRIC_CONNECTIONS, 1);
	const struct http_handler *h = &s->o.handler;
	http2_end(c, why);
	if (c->is_owned && c->is_ws)
		h->ws_gone(h->ctx, c, why);
	else if (c->is_owned)
		h->request_gone(h->ctx, &c->call, why);
	buf_done(&c->in);
	ws_decoder_done(&c->ws);
	heap_free(c);
}

/* The next request may come, or the connection ends after what is queued. */
static void replied(struct http_conn *c, bool keep_alive)
{
	if (keep_alive) {
		c->phase = HTTP_PHASE_REQUEST;
		http_conn_set_deadline(c, c->server->o.limits.idle_ms);
	} else {
		c->phase = HTTP_PHASE_ENDED;
		stream_end(&c->stream, UC_E_CLOSED);
	}
}

/* Sends a reply; without keep_alive the connection ends after it. */
static void reply_send(struct http_conn *c, int status, struct view lines, struct view body,
		       bool keep_alive)
{
	struct buf *out = stream_output(&c->stream);
	keep_alive = keep_alive && !c->server->is_stopping;
	http_response_add(out, status, lines, body.n, keep_alive);
	if (!c->is_head)
		buf_add_view(out, body);
	stream_written(&c->stream);
	replied(c, keep_alive);
}

/* Some time, another for each, so that they do not all come back at once. */
static void refuse_excess(struct http_conn *c)
{
	uint8_t dice = 0;
	struct buf lines;
	buf_init(&lines, HTTP_HEAD_MAX);
	if (env_random(c->stream.loop->env, &dice, 1))
		dice = 0;
	buf_printf(&lines, "Retry-After: %u\r\n", EXCESS_RETRY_S + dice % EXCESS_JITTER_S);
	reply_send(c, 503, buf_view(&lines), (struct view){ 0 }, false);
	buf_done(&lines);
}

void http_conn_refuse(struct http_conn *c, int status)
{
	reply_send(c, status, (struct view){ 0 }, (struct view){ 0 }, false);
}

/* `ping=SECONDS` in the query: who sits behind something that forgets quiet connections asks to be
 * pinged sooner than others, never later. */
static uint32_t ping_asked_ms(const struct http_conn *c, struct view query)
{
	uint32_t most_ms = c->server->o.limits.ping_ms;
	while (query.n) {
		struct view part, name;
		uint64_t seconds = 0;
		query = view_cut(query, '&', &part);
		struct view value = view_cut(part, '=', &name);
		if (!view_equal(name, VIEW_LIT("ping")) || decimal_read(value, &seconds))
			continue;
		if (seconds < PING_MIN_S)
			seconds = PING_MIN_S;
		return seconds < most_ms / 1000 ? (uint32_t)seconds * 1000 : most_ms;
	}
	return most_ms;
}

static void ws_upgrade(struct http_conn *c, const struct http_route *r,
		       const struct http_request *q)
{
	const struct http_handler *h = &c->server->o.handler;
	uc_err err = ws_upgrade_check(q, c->server->o.subprotocol);
	if (err == UC_E_UNSUPPORTED) {
		reply_send(c, 426, VIEW_LIT("Sec-WebSocket-Version: 13\r\n"), (struct view){ 0 },
			   false);
		return;
	}
	if (err || c->server->is_stopping) {
		http_conn_refuse(c, err ? 400 : 503);
		return;
	}
	int status = h->ws_open(h->ctx, c, r, q);
	if (status != 101) {
		http_conn_refuse(c, status);
		return;
	}
	c->is_owned = c->is_ws = true;
	c->ping_ms = ping_asked_ms(c, q->query);
	ws_upgrade_add_response(stream_output(&c->stream), q, c->server->o.subprotocol);
	stream_written(&c->stream);
	http_ws_start(c);
}

/* The route, or NULL after the refusal. */
static const struct http_route *request_admit(struct http_conn *c, const struct http_request *q)
{
	int status = 0;
	struct buf lines;
	buf_init(&lines, HTTP_HEAD_MAX);
	bool is_peer = http_conn_peer(c) != NULL;
	const struct http_route *r = http_route_admit(&c->server->o, q, is_peer, &status, &lines);
	if (!r)
		reply_send(c, status, buf_view(&lines), (struct view){ 0 }, false);
	buf_done(&lines);
	return r;
}

static uc_err request_step(struct http_conn *c, struct view bytes, size_t *used)
{
	struct http_request q;
	size_t head = 0;
	uc_err err = http_request_read(bytes, &q, &head);
	c->need = bytes.n + 1;
	if (err == UC_E_PENDING)
		return err;
	if (err) {
		http_conn_refuse(c, http_status_of(err));
		return UC_OK;
	}
	c->is_head = view_equal(q.method, VIEW_LIT("HEAD"));
	if (c->is_excess) {
		refuse_excess(c);
		return UC_OK;
	}
	const struct http_route *r = request_admit(c, &q);
	if (!r)
		return UC_OK;
	if (bytes.n - head < q.content_length) {
		c->need = head + (size_t)q.content_length;
		http_conn_set_deadline(c, c->server->o.limits.body_ms);
		return UC_E_PENDING;
	}
	*used = head + (size_t)q.content_length;
	metrics_add(c->stream.loop->metrics, METRIC_HTTP_REQUESTS, 1);
	if (r->kind == HTTP_ROUTE_WEBSOCKET) {
		ws_upgrade(c, r, &q);
		return UC_OK;
	}
	c->phase = HTTP_PHASE_WAITING;
	c->is_owned = true;
	c->keep_alive = q.keep_alive;
	http_conn_set_deadline(c, c->server->o.limits.reply_ms);
	const struct http_handler *h = &c->server->o.handler;
	h->request(h->ctx, &c->call, r, &q, view_slice(bytes, head, (size_t)q.content_length));
	return UC_OK;
}

static bool can_process(const struct http_conn *c)
{
	if (c->stream.state != STREAM_OPEN)
		return false;
	return c->phase == HTTP_PHASE_REQUEST || c->phase == HTTP_PHASE_WS_CLOSING ||
	       (c->phase == HTTP_PHASE_WS && !c->paused);
}

/* Uses what it can of the bytes and tells how much. */
static size_t process(struct http_conn *c, uint8_t *bytes, size_t n)
{
	size_t at = 0;
	c->is_processing = true;
	while (at < n && can_process(c)) {
		size_t used = 0;
		uc_err err = c->phase == HTTP_PHASE_REQUEST
				     ? request_step(c, view_make(bytes + at, n - at), &used)
				     : http_ws_step(c, bytes + at, n - at, &used);
		if (err)
			break;
		at += used;
		c->need = 0;
	}
	c->is_processing = false;
	return at;
}

/* After each look at the input: what waits, and until when. */
static void settle(struct http_conn *c)
{
	if (c->stream.state != STREAM_OPEN)
		return;
	bool waits = c->phase == HTTP_PHASE_WAITING || c->phase == HTTP_PHASE_SENDING ||
		     (c->phase == HTTP_PHASE_WS && c->paused);
	stream_pause(&c->stream, waits);
	if (!c->in.n)
		buf_done(&c->in);
	uint64_t now = loop_now_ms(c->stream.loop);
	bool is_new = c->in.n && !c->partial_ms;
	c->partial_ms = !c->in.n ? 0 : is_new ? now : c->partial_ms;
	c->fragments_ms = !c->ws.in_message ? 0 : c->fragments_ms ? c->fragments_ms : now;
	if (c->phase == HTTP_PHASE_WS)
		http_ws_set_deadline(c);
	else if (c->phase == HTTP_PHASE_REQUEST && is_new && c->need <= HTTP_HEAD_MAX)
		http_conn_set_deadline(c, c->server->o.limits.head_ms);
}

void http_conn_process(struct http_conn *c)
{
	if (c->is_processing)
		return;
	if (c->in.n && c->in.n >= c->need) {
		size_t used = process(c, c->in.p, c->in.n);
		if (used)
			c->partial_ms = 0;
		buf_shift(&c->in, used);
	}
	settle(c);
}

static void on_read(struct stream *st, uint8_t *bytes, size_t n)
{
	struct http_conn *c = conn_of(st);
	c->heard_ms = loop_now_ms(st->loop);
	c->is_pinged = false;
	if (c->phase == HTTP_PHASE_HTTP2) {
		http2_input(c, bytes, n);
		return;
	}
	size_t used = 0;
	if (!c->in.n) {
		c->need = 0;
		used = process(c, bytes, n);
	}
	buf_add(&c->in, bytes + used, n - used);
	if (c->in.failed) {
		stream_abort(st, UC_E_LIMIT);
		return;
	}
	if (used)
		settle(c);
	else
		http_conn_process(c);
}

/* Who takes what was lent in good time may take long for all of it. */
static void sending_timeout(struct http_conn *c)
{
	uint32_t window_ms = c->server->o.limits.send_ms;
	if (!c->server->is_stopping && tcp_taken_enough(c->stream.fd, &c->taken, window_ms))
		http_conn_set_deadline(c, window_ms);
	else
		stream_abort(&c->stream, UC_E_TIMEOUT);
}

static void on_timeout(struct stream *st)
{
	struct http_conn *c = conn_of(st);
	if (c->phase == HTTP_PHASE_HTTP2)
		http2_timeout(c);
	else if (c->phase == HTTP_PHASE_WS || c->phase == HTTP_PHASE_WS_CLOSING)
		http_ws_timeout(c);
	else if (c->phase == HTTP_PHASE_REQUEST && c->in.n)
		http_conn_refuse(c, 408);
	else if (c->phase == HTTP_PHASE_WAITING)
		http_conn_refuse(c, 503);
	else if (c->phase == HTTP_PHASE_SENDING)
		sending_timeout(c);
	else
		stream_end(st, UC_E_TIMEOUT);
}

void http_reply(struct http_call *call, int status, struct view header_lines, struct view body)
{
	struct http_conn *c = call->conn;
	if (call->is_stream)
		http2_reply(call, status, header_lines, body, false);
	if (call->is_stream || c->phase != HTTP_PHASE_WAITING)
		return;
	c->is_owned = false;
	reply_send(c, status, header_lines, body, c->keep_alive);
	http_conn_process(c);
}

void http_reply_lent(struct http_call *call, int status, struct view header_lines, struct view body)
{
	struct http_conn *c = call->conn;
	if (call->is_stream)
		http2_reply(call, status, header_lines, body, true);
	if (call->is_stream || c->phase != HTTP_PHASE_WAITING)
		return;
	if (c->is_head || !body.n) {
		http_reply(call, status, header_lines, body);
		return;
	}
	c->is_owned = false;
	c->keep_alive = c->keep_alive && !c->server->is_stopping;
	http_response_add(stream_output(&c->stream), status, header_lines, body.n, c->keep_alive);
	stream_lend(&c->stream, body);
	c->phase = HTTP_PHASE_SENDING;
	c->taken = tcp_taken(c->stream.fd);
	http_conn_set_deadline(c, c->server->o.limits.send_ms);
}

static void on_sent(struct stream *st)
{
	struct http_conn *c = conn_of(st);
	if (c->phase == HTTP_PHASE_HTTP2) {
		http2_sent(c);
		return;
	}
	replied(c, c->keep_alive);
	http_conn_process(c);
}

void http_conn_hurry(struct http_conn *c)
{
	c->keep_alive = false;
	http_conn_set_deadline(c, c->server->o.limits.close_ms);
}

void http_conn_pause(struct http_conn *c)
{
	c->paused = true;
	if (c->phase == HTTP_PHASE_WS && c->stream.state == STREAM_OPEN)
		stream_pause(&c->stream, true);
}

void http_conn_resume(struct http_conn *c)
{
	if (!c->paused)
		return;
	c->paused = false;
	c->heard_ms = loop_now_ms(c->stream.loop);
	http_conn_process(c);
}

void http_conn_trust(struct http_conn *c)
{
	ws_decoder_allow(&c->ws, c->server->o.limits.message_max);
}

const char *http_conn_peer(struct http_conn *c)
{
	return c->peer && tls_server_knows(c->server->o.tls, c->peer) ? c->peer : NULL;
}

bool http_conn_address(const struct http_conn *c, uint8_t out[PEER_ADDRESS])
{
	return peer_address_of(c->stream.fd, out);
}

struct http_conn *http_call_conn(const struct http_call *call)
{
	return call->conn;
}

void http_call_set_user(struct http_call *call, void *user)
{
	call->user = user;
}

void *http_call_user(const struct http_call *call)
{
	return call->user;
}

void http_conn_set_user(struct http_conn *c, void *user)
{
	c->call.user = user;
}

void *http_conn_user(struct http_conn *c)
{
	return c->call.user;
}

static const struct stream_handler conn_handler = { on_open, on_read, on_sent, on_timeout,
						    on_closed };
