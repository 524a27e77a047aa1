/* SPDX-License-Identifier: Apache-2.0 */
#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ACCEPT_ROUND = 64,
	REST_MS = 200,
	BACKLOG = 4096,
	/* Sent and not acknowledged for so long: the other side is gone without a word. */
	UNACKNOWLEDGED_MS = 60000,
};

static socklen_t address_fill(struct sockaddr_storage *a, const char *host, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	*a = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, host, &in.sin_addr) == 1) {
		memcpy(a, &in, sizeof in);
		return sizeof in;
	}
	if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
		memcpy(a, &in6, sizeof in6);
		return sizeof in6;
	}
	return 0;
}

static uc_err socket_listen(const char *host, uint16_t port, bool shared, int *out)
{
	struct sockaddr_storage a;
	socklen_t n = address_fill(&a, host, port);
	int yes = 1;
	if (!n) {
		errno = EINVAL;
		return UC_E_NET;
	}
	int fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return UC_E_NET;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) ||
	    (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes)) ||
	    (a.ss_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes)) ||
	    bind(fd, (struct sockaddr *)&a, n) || listen(fd, BACKLOG)) {
		int why = errno;
		close(fd);
		errno = why;
		return UC_E_NET;
	}
	*out = fd;
	return UC_OK;
}

uc_err listener_socket(const char *host, uint16_t port, int *out)
{
	return socket_listen(host, port, false, out);
}

uc_err listener_probe(const char *host, uint16_t port)
{
	int fd = -1;
	TRY(socket_listen(host, port, false, &fd));
	close(fd);
	return UC_OK;
}

static void on_readable(uv_poll_t *h, int status, int events);

static void rested(uv_timer_t *h)
{
	struct listener *l = h->data;
	uv_poll_start(&l->poll, UV_READABLE, on_readable);
}

static void rest(struct listener *l, uint64_t ms)
{
	uv_poll_stop(&l->poll);
	uv_timer_start(&l->rest, rested, ms, 0);
}

/* Accepted connections inherit both. */
static void options_set(int fd)
{
	int yes = 1;
	unsigned gone_ms = UNACKNOWLEDGED_MS;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &gone_ms, sizeof gone_ms);
}

static void on_readable(uv_poll_t *h, int status, int events)
{
	struct listener *l = h->data;
	(void)status;
	(void)events;
	for (int i = 0; i < ACCEPT_ROUND; i++) {
		uint64_t wait_ms = loop_accept_wait_ms(l->loop);
		if (wait_ms) {
			rest(l, wait_ms);
			return;
		}
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			loop_accept_none(l->loop);
		if (fd < 0 &&
		    (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
			rest(l, REST_MS);
			return;
		}
		if (fd < 0)
			return;
		l->accepted(l->ctx, fd);
	}
}

/* An fd other than 0: a copy of that one. */
static uc_err socket_get(const char *host, uint16_t port, int fd, int *out)
{
	if (!fd)
		return socket_listen(host, port, true, out);
	*out = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (*out >= 0)
		fcntl(*out, F_SETFL, fcntl(*out, F_GETFL) | O_NONBLOCK);
	return *out < 0 ? UC_E_NET : UC_OK;
}

uc_err listener_open(struct listener *l, struct net_loop *loop, const char *host, uint16_t port,
		     int fd, uint16_t *out_port)
{
	struct sockaddr_storage a = { 0 };
	socklen_t n = sizeof a;
	l->loop = loop;
	TRY(socket_get(host, port, fd, &l->fd));
	options_set(l->fd);
	if (getsockname(l->fd, (struct sockaddr *)&a, &n) ||
	    uv_poll_init(&loop->uv, &l->poll, l->fd)) {
		close(l->fd);
		return UC_E_NET;
	}
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	memcpy(&in, &a, sizeof in);
	memcpy(&in6, &a, sizeof in6);
	*out_port = ntohs(a.ss_family == AF_INET ? in.sin_port : in6.sin6_port);
	uv_timer_init(&loop->uv, &l->rest);
	l->poll.data = l->rest.data = l;
	l->open_handles = 2;
	uv_poll_start(&l->poll, UV_READABLE, on_readable);
	return UC_OK;
}

void listener_pause(struct listener *l)
{
	if (uv_is_closing((uv_handle_t *)&l->poll))
		return;
	uv_timer_stop(&l->rest);
	uv_poll_stop(&l->poll);
}

static void on_handle_closed(uv_handle_t *h)
{
	struct listener *l = h->data;
	if (--l->open_handles)
		return;
	close(l->fd);
	if (l->closed)
		l->closed(l->ctx);
}

void listener_close(struct listener *l)
{
	if (uv_is_closing((uv_handle_t *)&l->poll))
		return;
	uv_close((uv_handle_t *)&l->poll, on_handle_closed);
	uv_close((uv_handle_t *)&l->rest, on_handle_closed);
}
