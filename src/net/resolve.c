/* SPDX-License-Identifier: Apache-2.0 */
#include "net/resolve.h"

#include "net/http.h"

#include <arpa/inet.h>
#include <stdio.h>

bool host_is_localhost(const char *host)
{
	struct view v = view_str(host);
	struct view name = VIEW_LIT("localhost");
	if (v.n && v.p[v.n - 1] == '.')
		v.n--;
	if (v.n < name.n || !http_text_equal(view_slice(v, v.n - name.n, name.n), name))
		return false;
	return v.n == name.n || v.p[v.n - name.n - 1] == '.';
}

static void on_answer(uv_getaddrinfo_t *q, int status, struct addrinfo *list)
{
	struct resolve *r = q->data;
	const struct addrinfo *at = list;
	while (at && at->ai_family != AF_INET && at->ai_family != AF_INET6)
		at = at->ai_next;
	r->done(r->ctx, status || !at ? UC_E_NET : UC_OK, at ? at->ai_addr : NULL);
	uv_freeaddrinfo(list);
}

void resolve_start(struct resolve *r, struct net_loop *loop, const char *host, uint16_t port,
		   resolve_done *done, void *ctx)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	const char *numeric = host_is_localhost(host) ? "127.0.0.1" : host;
	if (inet_pton(AF_INET, numeric, &in.sin_addr) == 1) {
		done(ctx, UC_OK, (const struct sockaddr *)&in);
		return;
	}
	if (inet_pton(AF_INET6, numeric, &in6.sin6_addr) == 1) {
		done(ctx, UC_OK, (const struct sockaddr *)&in6);
		return;
	}
	char service[8];
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	snprintf(service, sizeof service, "%u", (unsigned)port);
	r->done = done;
	r->ctx = ctx;
	r->request.data = r;
	if (uv_getaddrinfo(&loop->uv, &r->request, on_answer, host, service, &hints))
		done(ctx, UC_E_NET, NULL);
}
