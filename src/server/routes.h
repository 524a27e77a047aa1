/* SPDX-License-Identifier: Apache-2.0 */
/* What an app answers over HTTPS, and to whom. */
#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include "net/http_server.h"

#define ROUTES_SUBPROTOCOL "undercroft.v1"

extern const struct http_route routes[];
extern const size_t routes_n;

/* The headers that the app is given, as lines: those of MIMI and our own, nothing about the
 * client's software or network. */
void routes_add_headers(struct buf *out, const struct http_headers *h);

#endif
