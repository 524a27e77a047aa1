/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a network address. */
#include "net/peer_address.h"
#include "tests/unit/harness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

static struct sockaddr_storage address(const char *text)
{
	struct sockaddr_storage a = { 0 };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(4711) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(4711),
				    .sin6_scope_id = 3 };
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		memcpy(&a, &in, sizeof in);
	else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		memcpy(&a, &in6, sizeof in6);
	return a;
}

static void expect_reduced(const char *text, const char *want)
{
	uint8_t out[PEER_ADDRESS], wanted[PEER_ADDRESS];
	struct sockaddr_storage a = address(text);
	expect(peer_address_reduce(&a, out));
	expect_eq(inet_pton(AF_INET6, want, wanted), 1);
	expect_bytes(VIEW_OF(out), VIEW_OF(wanted));
}

TEST(v4_is_kept_whole)
{
	expect_reduced("192.0.2.7", "::ffff:192.0.2.7");
	expect_reduced("192.0.2.8", "::ffff:192.0.2.8");
	expect_reduced("127.0.0.2", "::ffff:127.0.0.2");
	expect_reduced("::ffff:192.0.2.7", "::ffff:192.0.2.7");
}

TEST(of_v6_the_network_is_kept)
{
	expect_reduced("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
	expect_reduced("2001:db8:1:2:ffff::1", "2001:db8:1:2::");
	expect_reduced("2001:db8:1:3:3:4:5:6", "2001:db8:1:3::");
	expect_reduced("fe80::1", "fe80::");
	expect_reduced("::1", "::");
}

TEST(what_is_neither_is_unknown)
{
	uint8_t out[PEER_ADDRESS] = { 9 };
	struct sockaddr_storage a = { .ss_family = AF_UNIX };
	int fds[2];
	expect(!peer_address_reduce(&a, out));
	expect(!peer_address_of(-1, out));
	expect(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	expect(!peer_address_of(fds[0], out));
	close(fds[0]);
	close(fds[1]);
	expect_eq(out[0], 9);
}

/* As the server's side sees a connection. */
static void expect_seen(const char *text, const char *want)
{
	uint8_t out[PEER_ADDRESS], wanted[PEER_ADDRESS];
	struct sockaddr_storage to = address(text), from = to;
	socklen_t n = sizeof to;
	struct sockaddr_in port;
	int listener = socket(to.ss_family, SOCK_STREAM, 0);
	int fd = socket(to.ss_family, SOCK_STREAM, 0);
	memcpy(&port, &to, sizeof port);
	port.sin_port = 0; /* any */
	memcpy(&to, &port, sizeof port);
	memcpy(&from, &port, sizeof port);
	expect(!bind(listener, (struct sockaddr *)&to, sizeof port));
	expect(!listen(listener, 1));
	expect(!getsockname(listener, (struct sockaddr *)&to, &n));
	expect(!bind(fd, (struct sockaddr *)&from, sizeof port));
	expect(!connect(fd, (struct sockaddr *)&to, n));
	int taken = accept(listener, NULL, NULL);
	expect(peer_address_of(taken, out));
	expect_eq(inet_pton(AF_INET6, want, wanted), 1);
	expect_bytes(VIEW_OF(out), VIEW_OF(wanted));
	close(taken);
	close(fd);
	close(listener);
}

TEST(a_connection_tells_where_it_comes_from)
{
	expect_seen("127.0.0.2", "::ffff:127.0.0.2");
}
