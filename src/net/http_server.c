/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_server.h"

#include "base/heap.h"
#include "net/http2.h"
#include "net/http_conn.h"

const struct http_limits http_limits_default = {
	.message_max = 4 << 20,
	.output_max = 16 << 20,
	.handshake_ms = 10000,
	.head_ms = 10000,
	.body_ms = 60000,
	.frame_ms = 60000,
	.idle_ms = 60000,
	.reply_ms = 60000,
	.send_ms = 60000,
	.ping_ms = 240000,
	.pong_ms = 60000,
	.close_ms = 2000,
};

static void on_accepted(void *ctx, int fd)
{
	http_conn_accept(ctx, fd);
}

uc_err http_server_new(const struct http_server_options *o, const char *host, uint16_t port,
		       struct http_server **out)
{
	struct http_server *s = HEAP_NEW(struct http_server);
	if (!s)
		return UC_E_MEMORY;
	s->o = *o;
	s->listener.accepted = on_accepted;
	s->listener.ctx = s;
	uc_err err = listener_open(&s->listener, o->loop, host, port, o->fd, &s->port);
	if (err)
		heap_free(s);
	else
		*out = s;
	return err;
}

uint16_t http_server_port(const struct http_server *s)
{
	return s->port;
}

size_t http_server_connections(const struct http_server *s)
{
	return s->conns_n;
}

void http_server_pause(struct http_server *s)
{
	listener_pause(&s->listener);
}

void http_server_stop(struct http_server *s, uint16_t ws_code)
{
	s->is_stopping = true;
	listener_close(&s->listener);
	for (struct http_conn *c = s->conns, *next; c; c = next) {
		next = c->next;
		if (c->phase == HTTP_PHASE_WS)
			http_conn_close(c, ws_code);
		else if (c->phase == HTTP_PHASE_WAITING)
			http_conn_refuse(c, 503);
		else if (c->phase == HTTP_PHASE_HTTP2)
			http2_stop(c);
		else if (c->phase == HTTP_PHASE_SENDING)
			http_conn_hurry(c);
		else if (c->phase < HTTP_PHASE_WAITING)
			stream_end(&c->stream, UC_E_CLOSED);
		/* What is still queued for one that ends has no more time than others. */
		if (c->stream.state == STREAM_ENDING)
			http_conn_hurry(c);
	}
}

void http_server_free(struct http_server *s)
{
	heap_free(s);
}
