/* SPDX-License-Identifier: Apache-2.0 */
/* The WebSocket phases of a server's connection. */
#include "net/http_conn.h"
#include "net/tcp_taken.h"

void http_ws_start(struct http_conn *c)
{
	c->phase = HTTP_PHASE_WS;
	c->heard_ms = loop_now_ms(c->stream.loop);
	http_ws_set_deadline(c);
}

/* When what has begun must have ended: a frame, and a message in fragments as a whole, which would
 * else fill memory for as long as pings are answered. */
static uint64_t late_ms(const struct http_conn *c)
{
	uint64_t from = c->partial_ms ? c->partial_ms : UINT64_MAX;
	if (c->fragments_ms && c->fragments_ms < from)
		from = c->fragments_ms;
	return from == UINT64_MAX ? from : from + c->server->o.limits.frame_ms;
}

void http_ws_set_deadline(struct http_conn *c)
{
	uint64_t at = c->heard_ms + c->ping_ms + (c->is_pinged ? c->server->o.limits.pong_ms : 0);
	if (c->paused)
		at = 0; /* nothing is read, so silence means nothing */
	else if (late_ms(c) < at)
		at = late_ms(c);
	stream_set_deadline(&c->stream, at);
}

/* The ping waits behind a long backlog, and who has that much to take is not read from (stream.c): as
 * long as enough of it is taken, nothing is wrong with the silence. */
static bool takes(struct http_conn *c)
{
	return tcp_taken_enough(c->stream.fd, &c->taken, c->server->o.limits.pong_ms);
}

void http_ws_timeout(struct http_conn *c)
{
	uint64_t now = loop_now_ms(c->stream.loop);
	bool is_slow = now >= late_ms(c);
	if (c->phase == HTTP_PHASE_WS_CLOSING || is_slow || (c->is_pinged && !takes(c))) {
		stream_abort(&c->stream, UC_E_TIMEOUT);
		return;
	}
	if (c->is_pinged) {
		stream_set_deadline(&c->stream, now + c->server->o.limits.pong_ms);
		return;
	}
	c->taken = tcp_taken(c->stream.fd);
	ws_frame_add(stream_output(&c->stream), WS_OP_PING, (struct view){ 0 }, NULL);
	stream_written(&c->stream);
	c->is_pinged = true;
	http_ws_set_deadline(c);
}

static void send_close(struct http_conn *c, uint16_t code)
{
	ws_close_add(stream_output(&c->stream), code, NULL);
	stream_written(&c->stream);
}

void http_conn_close(struct http_conn *c, uint16_t ws_code)
{
	if (c->phase != HTTP_PHASE_WS) {
		if (c->phase == HTTP_PHASE_WAITING)
			c->keep_alive = false;
		return;
	}
	send_close(c, ws_code);
	c->phase = HTTP_PHASE_WS_CLOSING;
	if (c->stream.state == STREAM_OPEN) {
		stream_pause(&c->stream, false);
		http_conn_set_deadline(c, c->server->o.limits.close_ms);
	}
}

void http_conn_send(struct http_conn *c, struct view message)
{
	if (c->phase != HTTP_PHASE_WS)
		return;
	ws_frame_add(stream_output(&c->stream), WS_OP_BINARY, message, NULL);
	stream_written(&c->stream);
}

void http_conn_send_with(struct http_conn *c, struct view message, size_t at, struct view bytes)
{
	if (c->phase != HTTP_PHASE_WS || bytes.n > message.n || at > message.n - bytes.n)
		return;
	struct buf *out = stream_output(&c->stream);
	ws_frame_add(out, WS_OP_BINARY, message, NULL);
	if (!out->failed)
		memcpy(out->p + out->n - message.n + at, bytes.p, bytes.n);
	stream_written(&c->stream);
}

/* RFC 6455, 5.5.1: the answer to a close frame is one, and then the end. */
static void closed_by_other(struct http_conn *c, uint16_t code)
{
	if (c->phase == HTTP_PHASE_WS)
		send_close(c, code == WS_CLOSE_NONE ? WS_CLOSE_NORMAL : code);
	c->phase = HTTP_PHASE_ENDED;
	stream_end(&c->stream, UC_OK);
}

static void fail(struct http_conn *c, uint16_t code)
{
	if (c->phase == HTTP_PHASE_WS)
		send_close(c, code);
	c->phase = HTTP_PHASE_ENDED;
	stream_end(&c->stream, UC_E_FRAME);
}

uc_err http_ws_step(struct http_conn *c, uint8_t *bytes, size_t n, size_t *used)
{
	const struct http_handler *h = &c->server->o.handler;
	struct ws_event e;
	uc_err err = ws_decode(&c->ws, bytes, n, &e, used, &c->need);
	if (err == UC_E_PENDING)
		return err;
	if (err) {
		fail(c, c->ws.error_code);
		return UC_OK;
	}
	if (c->phase == HTTP_PHASE_WS_CLOSING && e.kind != WS_CLOSE)
		return UC_OK; /* read no further than to the answer */
	switch (e.kind) {
	case WS_MESSAGE:
		h->ws_message(h->ctx, c, e.data);
		break;
	case WS_PING:
		ws_frame_add(stream_output(&c->stream), WS_OP_PONG, e.data, NULL);
		stream_written(&c->stream);
		break;
	case WS_CLOSE:
		closed_by_other(c, e.close_code);
		break;
	case WS_PONG:
	case WS_NOTHING:
		break;
	}
	return UC_OK;
}
