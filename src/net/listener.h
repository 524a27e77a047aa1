/* SPDX-License-Identifier: Apache-2.0 */
/* Accepts TCP connections on a loop.  Several loops may listen at one address; the kernel spreads
 * connections over them. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "net/loop.h"

#include <stdbool.h>

struct listener {
	struct net_loop *loop;
	uv_poll_t poll;
	uv_timer_t rest; /* out of descriptors: try again a little later */
	int fd;
	int open_handles;
	void (*accepted)(void *ctx, int fd); /* owns fd */
	void *ctx;
	void (*closed)(void *ctx); /* may be NULL */
};

/* With an fd other than 0, a socket that listens already, such as systemd hands over: a copy of it is used, and
 * the others of its kind go on.  Else host is a numeric IPv4 or IPv6 address.  *out_port is the port taken, also where port is 0.
 * UC_E_NET with errno set by the failing call. */
uc_err UC_MUST_USE listener_open(struct listener *l, struct net_loop *loop, const char *host,
				 uint16_t port, int fd, uint16_t *out_port);
/* A socket that listens there, to be handed to listener_open as fd; its owner closes it.  UC_E_NET with
 * errno, as listener_probe. */
uc_err UC_MUST_USE listener_socket(const char *host, uint16_t port, int *out);
/* Accepts nothing more for now; what comes waits in the system. */
void listener_pause(struct listener *l);
/* Stops; `closed` is called when the memory is the owner's again. */
void listener_close(struct listener *l);
/* UC_E_NET (errno EADDRINUSE) when someone listens there already: SO_REUSEPORT alone would let a
 * second server of the same user in silently. */
uc_err UC_MUST_USE listener_probe(const char *host, uint16_t port);

#endif
