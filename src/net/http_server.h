/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTPS (or plain HTTP) server on one loop: requests, over HTTP/1.1 or HTTP/2, and WebSockets by a
 * table of routes.  Calls out on the loop's thread; answers may come at once or later.
 *
 * What the other side can do to us is bounded: time for the handshake, a head, a body, a frame;
 * silence; bytes of heads, bodies, messages and queued output; number of connections. */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include "net/listener.h"
#include "net/peer_address.h"
#include "net/tls.h"
#include "net/websocket.h"

#include <stdatomic.h>

struct http_server;
struct http_conn;
struct http_call; /* one request that waits for its reply */

enum http_route_kind { HTTP_ROUTE_REQUEST, HTTP_ROUTE_WEBSOCKET };
struct http_route {
	const char *method;
	const char *path; /* the whole path or, ending in '/', the start of it */
	enum http_route_kind kind;
	bool peers_only; /* only with a certificate that proves a peer's domain */
	size_t body_max; /* bytes */
	int tag;         /* the table owner's */
};

struct http_handler {
	void *ctx;
	/* A whole request.  One http_reply must follow, now or later.  Views live during the
	 * call. */
	void (*request)(void *ctx, struct http_call *call, const struct http_route *route,
			const struct http_request *q, struct view body);
	/* It ended without a reply, which would come too late.  Never from inside another call;
	 * `call` is not valid after it. */
	void (*request_gone)(void *ctx, struct http_call *call, uc_err why);
	/* Of those with routes of WebSockets.  A valid opening: 101 takes it, another status refuses. */
	int (*ws_open)(void *ctx, struct http_conn *c, const struct http_route *route,
		       const struct http_request *q);
	/* A binary message.  After http_conn_pause, also from here, none comes until resume. */
	void (*ws_message)(void *ctx, struct http_conn *c, struct view message);
	/* A connection that ws_open took is gone.  Never from inside another call; c is not valid
	 * after it. */
	void (*ws_gone)(void *ctx, struct http_conn *c, uc_err why);
};

struct http_limits {
	size_t message_max; /* bytes of a WebSocket message */
	/* The same until http_conn_trust; 0: no less.  Who has not said who it is does not fill
	 * memory with large messages that never end. */
	size_t first_message_max;
	size_t output_max; /* bytes queued before a slow reader is disconnected */
	uint32_t handshake_ms, head_ms, body_ms, frame_ms;
	uint32_t idle_ms;  /* between requests */
	uint32_t reply_ms; /* for the handler to answer */
	uint32_t send_ms;  /* in which the other side takes enough of a lent body (tcp_taken.h) */
	uint32_t ping_ms;  /* of silence; the opening may ask for less */
	uint32_t pong_ms;  /* without an answer to that, or taking enough: the other side is gone */
	uint32_t close_ms; /* for the other side's close frame */
};
extern const struct http_limits http_limits_default;

/* How many connections there may be at once, counted over all servers that share it.  A few more are
 * told to come back later (503); all others are closed without a word, which costs nothing. */
struct http_gate {
	atomic_size_t connections;
	size_t connections_max;
};

struct http_server_options {
	struct net_loop *loop;

	struct tls_server *tls;          /* outlives the server; NULL: plain HTTP */
	const struct http_route *routes; /* outlive the server */
	size_t routes_n;
	const char *subprotocol;
	struct http_limits limits;
	struct http_handler handler;
	struct http_gate *gate; /* outlives the server; NULL: no limit */
	int fd;                 /* listens already, as for listener_open; 0: none */
};
uc_err UC_MUST_USE http_server_new(const struct http_server_options *o, const char *host,
				   uint16_t port, struct http_server **out);
uint16_t http_server_port(const struct http_server *s);
size_t http_server_connections(const struct http_server *s);
/* Accepts nothing more; whoever connects waits. */
void http_server_pause(struct http_server *s);
/* Accepts nothing more and ends all connections: WebSockets with the code, requests that wait for
 * a reply with 503.  The loop has nothing left of it once they are gone. */
void http_server_stop(struct http_server *s, uint16_t ws_code);
/* After the loop has ended. */
void http_server_free(struct http_server *s);

/* header_lines: "name: value\r\n"... or empty. */
void http_reply(struct http_call *call, int status, struct view header_lines, struct view body);
/* The same with a body that is sent from where it is, without a copy for each who asks.  It outlives
 * the server. */
void http_reply_lent(struct http_call *call, int status, struct view header_lines,
		     struct view body);
struct http_conn *http_call_conn(const struct http_call *call);
void http_call_set_user(struct http_call *call, void *user);
void *http_call_user(const struct http_call *call);
void http_conn_send(struct http_conn *c, struct view message);
/* The same with other bytes at one place, which the message has room for: what many get is not made
 * anew for each. */
void http_conn_send_with(struct http_conn *c, struct view message, size_t at, struct view bytes);
void http_conn_close(struct http_conn *c, uint16_t ws_code);
/* Stops reading messages; resume goes on with those that wait here. */
void http_conn_pause(struct http_conn *c);
void http_conn_resume(struct http_conn *c);
/* Messages may be as large as any from now on. */
void http_conn_trust(struct http_conn *c);
/* The domain that the client's certificate proves, or NULL; over plain HTTP nothing is proven. */
const char *http_conn_peer(struct http_conn *c);
/* Where it comes from; false: unknown. */
bool http_conn_address(const struct http_conn *c, uint8_t out[PEER_ADDRESS]);
void http_conn_set_user(struct http_conn *c, void *user);
void *http_conn_user(struct http_conn *c);

#endif
