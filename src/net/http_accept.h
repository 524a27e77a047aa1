/* SPDX-License-Identifier: Apache-2.0 */
/* Which codings of a body a client takes (RFC 9110, 12.5.3). */
#ifndef NET_HTTP_ACCEPT_H
#define NET_HTTP_ACCEPT_H

#include "net/http.h"

enum { HTTP_WEIGHT_MAX = 1000 }; /* q=1; thousandths */

/* The weight that Accept-Encoding gives a coding such as "br"; 0: not taken.  What it does not name
 * it does not want, but "identity", which has the least weight there is unless it is refused.  An
 * item that cannot be read counts as not said. */
unsigned http_accept_weight(const struct http_headers *h, const char *coding);

#endif
