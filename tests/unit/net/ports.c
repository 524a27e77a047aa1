/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/net/ports.h"

#include "tests/unit/harness.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOWEST = 10000, PORTS = 22000 };

static struct sockaddr_in local(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* A socket bound there, or -1. */
static int bound(int type, uint16_t port)
{
	struct sockaddr_in a = local(port);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	expect(fd >= 0);
	if (!bind(fd, (struct sockaddr *)&a, sizeof a))
		return fd;
	close(fd);
	return -1;
}

uint16_t port_free(void)
{
	static unsigned n;
	for (n += n ? 1 : (unsigned)getpid() * 7919;; n++) {
		uint16_t port = (uint16_t)(LOWEST + n % PORTS);
		int held = bound(SOCK_DGRAM, port); /* never closed */
		if (held < 0)
			continue;
		int fd = bound(SOCK_STREAM, port);
		if (fd >= 0) {
			close(fd);
			return port;
		}
		close(held);
	}
}

bool port_listens(uint16_t port)
{
	struct sockaddr_in a = local(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	expect(fd >= 0);
	bool there = !connect(fd, (struct sockaddr *)&a, sizeof a);
	close(fd);
	return there;
}
