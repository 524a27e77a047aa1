/* SPDX-License-Identifier: Apache-2.0 */
/* What the head of a request alone decides, for either version of HTTP. */
#ifndef NET_HTTP_ROUTE_H
#define NET_HTTP_ROUTE_H

#include "net/http_server.h"

/* The route that takes the request; or NULL, the status that refuses it, and its header lines. */
const struct http_route *http_route_admit(const struct http_server_options *o,
					  const struct http_request *q, bool is_peer, int *status,
					  struct buf *lines);

#endif
