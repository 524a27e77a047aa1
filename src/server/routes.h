/* SPDX-License-Identifier: Apache-2.0 */
/* What an app answers, where, and to whom. */
#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include "net/http_server.h"

#define ROUTES_SUBPROTOCOL "undercroft.v1"

enum route_tag { ROUTE_APP, ROUTE_WEB };
struct route_list {
	const struct http_route *v;
	size_t n;
};
/* The app's own listener, with or without files for browsers; and the plain one of this machine. */
struct route_list routes_tls(bool has_web);
struct route_list routes_local(void);

/* The headers that the app is given, as lines: those of MIMI and our own, nothing about the
 * client's software or network. */
void routes_add_headers(struct buf *out, const struct http_headers *h);

#endif
