/* SPDX-License-Identifier: Apache-2.0 */
/* A WebSocket over TLS, the client's side, on a loop.  Trusts the context's authorities only and
 * checks the certificate against the host name.  Connecting again is the caller's decision. */
#ifndef NET_WS_CLIENT_H
#define NET_WS_CLIENT_H

#include "base/view.h"
#include "net/loop.h"

#include <openssl/types.h>

struct ws_client;
struct ws_client_handler {
	void *ctx;
	/* The WebSocket is open; nothing can be sent before. */
	void (*open)(void *ctx, struct ws_client *c);
	void (*message)(void *ctx, struct ws_client *c, struct view message);
	/* The last call, never from inside ws_client_open, _send or _close; c is gone after it.
	 * why: UC_OK after a clean close by either side, with the close code; else the reason:
	 * UC_E_NET no connection, UC_E_TLS not the right certificate, UC_E_UNSUPPORTED or
	 * UC_E_PEER no such WebSocket there, UC_E_BUSY come again, UC_E_TIMEOUT. */
	void (*closed)(void *ctx, uc_err why, uint16_t close_code);
};
struct ws_client_options {
	const char *host; /* a name; *.localhost is this machine (RFC 6761, 6.3), without DNS */
	uint16_t port;
	const char *path;
	const char *subprotocol;
	SSL_CTX *tls;       /* tls_client_new; outlives the connection */
	size_t message_max; /* bytes received at once; 0: 16 MiB */
	uint32_t ping_ms;   /* after so much silence, and gone after twice; 0: 30,000 */
};

/* Starts connecting; the strings are copied.  An error here: nothing will be called. */
uc_err UC_MUST_USE ws_client_open(struct net_loop *loop, const struct ws_client_options *o,
				  const struct ws_client_handler *handler, struct ws_client **out);
/* Queues one binary message; after the end it is ignored. */
void ws_client_send(struct ws_client *c, struct view message);
/* Bytes queued and not yet taken by the system. */
size_t ws_client_queued(const struct ws_client *c);
/* Stops and resumes reading. */
void ws_client_pause(struct ws_client *c, bool paused);
/* Closes with a code, waiting shortly for the other side. */
void ws_client_close(struct ws_client *c, uint16_t code);

#endif
