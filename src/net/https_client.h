/* SPDX-License-Identifier: Apache-2.0 */
/* HTTPS requests to other apps, by libcurl on a loop: TLS 1.3, HTTP/1.1, our certificate shown,
 * theirs checked against one authority and the domain; no redirects, proxies or cookies. */
#ifndef NET_HTTPS_CLIENT_H
#define NET_HTTPS_CLIENT_H

#include "net/http.h"
#include "net/loop.h"

struct https_client;

struct https_request {
	const char *method; /* GET or POST */
	const char *domain; /* whom the certificate must name */
	const char *host;   /* where it is reached */
	uint16_t port;
	struct view path;    /* percent-encoded; visible ASCII from '/' */
	struct view headers; /* "name: value\r\n"... */
	struct view body;
	const char *ca_file, *certificate_file, *key_file; /* the last two may be NULL */
	size_t body_max;                                   /* of the answer, bytes */
	uint32_t timeout_ms;                               /* for all of it */
};
struct https_response {
	uc_err err; /* UC_E_NET, UC_E_TLS, UC_E_TIMEOUT, UC_E_TOO_LARGE, UC_E_PEER, UC_E_CLOSED */
	int status; /* 0 with an error */
	uint32_t retry_after_s;             /* from Retry-After in either form; 0: none */
	const struct http_headers *headers; /* NULL with an error */
	struct view body;
};
/* Once for each request that was taken, from the loop. */
typedef void https_done(void *ctx, const struct https_response *r);

uc_err UC_MUST_USE https_client_new(struct net_loop *loop, struct https_client **out);
/* Copies what it needs. */
uc_err UC_MUST_USE https_send(struct https_client *c, const struct https_request *q,
			      https_done *done, void *ctx);
/* Ends all requests with UC_E_CLOSED and closes what it has on the loop. */
void https_client_stop(struct https_client *c);
/* After the loop has ended. */
void https_client_free(struct https_client *c);

#endif
