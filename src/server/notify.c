/* SPDX-License-Identifier: Apache-2.0 */
#include "server/notify.h"

#ifdef HAVE_SYSTEMD

#include "net/env_system.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

enum { SOCKETS_MAX = 64, STOP_MARGIN_S = 30 };

static struct {
	int fd;
	bool is_used;
} sockets[SOCKETS_MAX];
static size_t sockets_n;

void notify_ready(void)
{
	sd_notify(0, "READY=1");
}

void notify_stopping(uint32_t seconds)
{
	sd_notifyf(0, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64,
		   ((uint64_t)seconds + STOP_MARGIN_S) * 1000000);
}

void notify_reloading(void)
{
	/* The time tells systemd which READY=1 is the answer (sd_notify(3)). */
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_steady_us());
}

void notify_watchdog(void)
{
	sd_notify(0, "WATCHDOG=1");
}

uint64_t notify_watchdog_ms(void)
{
	uint64_t us = 0;
	return sd_watchdog_enabled(0, &us) > 0 ? us / 1000 : 0;
}

void notify_sockets_take(void)
{
	int n = sd_listen_fds(1);
	for (int i = 0; i < n && sockets_n < SOCKETS_MAX; i++) {
		int fd = SD_LISTEN_FDS_START + i;
		if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) > 0)
			sockets[sockets_n++].fd = fd;
	}
}

/* 2: that address; 1: all addresses, and that port; 0: another. */
static int match(int fd, const char *host, uint16_t port)
{
	struct sockaddr_storage a = { 0 };
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct in_addr host4;
	struct in6_addr host6;
	socklen_t n = sizeof a;
	if (getsockname(fd, (struct sockaddr *)&a, &n))
		return 0;
	memcpy(&in, &a, sizeof in);
	memcpy(&in6, &a, sizeof in6);
	if (a.ss_family == AF_INET && ntohs(in.sin_port) == port) {
		if (inet_pton(AF_INET, host, &host4) == 1 && host4.s_addr == in.sin_addr.s_addr)
			return 2;
		return in.sin_addr.s_addr == htonl(INADDR_ANY);
	}
	if (a.ss_family == AF_INET6 && ntohs(in6.sin6_port) == port) {
		if (inet_pton(AF_INET6, host, &host6) == 1 &&
		    IN6_ARE_ADDR_EQUAL(&host6, &in6.sin6_addr))
			return 2;
		return IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr);
	}
	return 0;
}

int notify_socket_find(const char *host, uint16_t port)
{
	for (int want = 2; host && want > 0; want--) {
		for (size_t i = 0; i < sockets_n; i++) {
			if (match(sockets[i].fd, host, port) != want)
				continue;
			sockets[i].is_used = true;
			return sockets[i].fd;
		}
	}
	return 0;
}

size_t notify_sockets_unused(void)
{
	size_t unused = 0;
	for (size_t i = 0; i < sockets_n; i++)
		unused += !sockets[i].is_used;
	return unused;
}

#else

void notify_ready(void)
{
}

void notify_stopping(uint32_t seconds)
{
	(void)seconds;
}

void notify_reloading(void)
{
}

void notify_watchdog(void)
{
}

uint64_t notify_watchdog_ms(void)
{
	return 0;
}

void notify_sockets_take(void)
{
}

int notify_socket_find(const char *host, uint16_t port)
{
	(void)host;
	(void)port;
	return 0;
}

size_t notify_sockets_unused(void)
{
	return 0;
}

#endif
