/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of http_server: its phases, shared by http_conn.c (HTTP) and http_ws.c. */
#ifndef NET_HTTP_CONN_H
#define NET_HTTP_CONN_H

#include "net/http_server.h"
#include "net/stream.h"

enum http_phase {
	HTTP_PHASE_HANDSHAKE,
	HTTP_PHASE_REQUEST, /* a head, and its body, are read */
	HTTP_PHASE_WAITING, /* for the handler's reply */
	HTTP_PHASE_SENDING, /* a lent body */
	HTTP_PHASE_HTTP2,   /* to the end */
	HTTP_PHASE_WS,
	HTTP_PHASE_WS_CLOSING, /* our close frame is sent, the other's awaited */
	HTTP_PHASE_ENDED,
};

struct http_call {
	struct http_conn *conn;
	void *user;
	bool is_stream; /* of HTTP/2: the first field of one (http2.c) */
};
struct http2;

struct http_conn {
	struct stream stream;
	struct http_server *server;
	struct http_call call; /* HTTP/1.1: one at a time */
	enum http_phase phase;
	bool is_owned; /* the handler knows of it and hears of its end */
	bool is_ws;
	bool keep_alive;    /* after the reply that is awaited */
	bool is_head;       /* the reply goes without its body (RFC 9110, 9.3.2) */
	bool is_processing; /* inside the loop over input */
	bool paused;
	bool is_pinged;
	bool is_excess; /* one too many: told so, and nothing else */
	uint32_t ping_ms;
	struct buf in; /* input not yet used: a partial frame or request, or all while paused */
	size_t need;   /* of it before another look is worth it */
	uint64_t heard_ms, partial_ms; /* last input; since when something partial waits, or 0 */
	uint64_t fragments_ms;         /* since when a message in fragments has no end, or 0 */
	uint64_t taken; /* by the other side, when the present window for more began */
	struct ws_decoder ws;
	struct http2 *http2; /* NULL: HTTP/1.1 */
	const char *peer;    /* who has proven a domain, or NULL */
	struct http_conn *prev, *next;
};

struct http_server {
	struct http_server_options o;
	struct listener listener;
	uint16_t port;
	bool is_stopping;
	struct http_conn *conns;
	size_t conns_n;
};

void http_conn_accept(struct http_server *s, int fd);
/* Goes on with the input that waits. */
void http_conn_process(struct http_conn *c);
/* Replies with nothing but the status, then ends. */
void http_conn_refuse(struct http_conn *c, int status);
/* What is being sent is the last and has close_ms to arrive. */
void http_conn_hurry(struct http_conn *c);
void http_conn_set_deadline(struct http_conn *c, uint32_t in_ms);

/* http_ws.c */
void http_ws_start(struct http_conn *c);
/* Takes a part of the bytes; UC_E_PENDING with c->need when it can't yet. */
uc_err http_ws_step(struct http_conn *c, uint8_t *bytes, size_t n, size_t *used);
void http_ws_set_deadline(struct http_conn *c);
void http_ws_timeout(struct http_conn *c);

#endif
