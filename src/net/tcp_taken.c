/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tcp_taken.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

uint64_t tcp_taken(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof info;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) ||
	    n < offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked)
		return 0;
	return info.tcpi_bytes_acked;
}

bool tcp_taken_enough(int fd, uint64_t *before, uint64_t window_ms)
{
	uint64_t now = tcp_taken(fd), was = *before;
	*before = now;
	return now > was && (now - was) * 1000 >= window_ms * TCP_TAKEN_BYTES_A_SECOND;
}
