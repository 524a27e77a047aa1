/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 (RFC 9113) on a server's connection: nghttp2 knows the protocol; here each stream becomes a
 * call, with the limits of HTTP/1.1 and a few of its own. */
#ifndef NET_HTTP2_H
#define NET_HTTP2_H

#include "net/http_conn.h"

enum {
	/* Requests of a connection at the same time; what clients begin with before they know it
	 * (RFC 9113, 6.5.2) is not above it. */
	HTTP2_STREAMS_MAX = 100,
	HTTP2_BODIES_MAX = 32 << 20,      /* bytes of them that are here, all in all */
	HTTP2_STREAM_WINDOW = 256 * 1024, /* bytes of a body on their way */
	HTTP2_WINDOW = 1 << 20,           /* bytes of all bodies on their way */
	HTTP2_OUTPUT = 32 * 1024,         /* bytes that are made before they have left */
};

/* Was it agreed upon in the handshake (RFC 9113, 3.2)? */
bool http2_is_chosen(const struct http_conn *c);
void http2_start(struct http_conn *c);
/* What the connection hears, as in stream_handler. */
void http2_input(struct http_conn *c, const uint8_t *bytes, size_t n);
void http2_sent(struct http_conn *c);
void http2_timeout(struct http_conn *c);
/* A connection that is gone: frees, and tells whose requests waited. */
void http2_end(struct http_conn *c, uc_err why);
/* Takes no more requests, refuses those that wait, and ends after what is on its way. */
void http2_stop(struct http_conn *c);
/* is_lent: the body stays where it is until the server is gone. */
void http2_reply(struct http_call *call, int status, struct view header_lines, struct view body,
		 bool is_lent);

#endif
