/* SPDX-License-Identifier: Apache-2.0 */
/* From a host name to an address: numeric ones and *.localhost at once (RFC 6761, 6.3: names under
 * localhost are this machine, whatever a resolver says), others by the system's resolver. */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include "net/loop.h"

#include <netinet/in.h>
#include <stdbool.h>

typedef void resolve_done(void *ctx, uc_err err, const struct sockaddr *address);
struct resolve {
	uv_getaddrinfo_t request;
	resolve_done *done;
	void *ctx;
};
/* `done` is called once, perhaps from inside. */
void resolve_start(struct resolve *r, struct net_loop *loop, const char *host, uint16_t port,
		   resolve_done *done, void *ctx);
bool host_is_localhost(const char *host);

#endif
