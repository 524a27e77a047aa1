/* SPDX-License-Identifier: Apache-2.0 */
#include "server/routes.h"

/* MIMI bodies: the largest is an update with its tree, or a first notify with a follow_start. */
enum { MIMI_BODY_MAX = 8 << 20 };

/* What browsers load stands last: its path is the beginning of every other. */
#define ROUTE_SOCKET                                                    \
	{                                                               \
		"GET", "/v1", HTTP_ROUTE_WEBSOCKET, false, 0, ROUTE_APP \
	}
#define ROUTES_WEB                                                   \
	{ "GET", "/", HTTP_ROUTE_REQUEST, false, 0, ROUTE_WEB },     \
	{                                                            \
		"HEAD", "/", HTTP_ROUTE_REQUEST, false, 0, ROUTE_WEB \
	}
enum { ROUTES_WEB_N = 2 };

static const struct http_route of_tls[] = {
	ROUTE_SOCKET,
	{ "GET", "/.well-known/mimi-protocol-directory", HTTP_ROUTE_REQUEST, false, 0, ROUTE_APP },
	{ "GET", "/v1/attachments/", HTTP_ROUTE_REQUEST, false, 0, ROUTE_APP },
	{ "POST", "/v1/", HTTP_ROUTE_REQUEST, true, MIMI_BODY_MAX, ROUTE_APP },
	ROUTES_WEB,
};
/* Other apps prove who they are, which only TLS can carry. */
static const struct http_route of_local[] = { ROUTE_SOCKET, ROUTES_WEB };

struct route_list routes_tls(bool has_web)
{
	size_t n = sizeof of_tls / sizeof *of_tls;
	return (struct route_list){ of_tls, has_web ? n : n - ROUTES_WEB_N };
}

struct route_list routes_local(void)
{
	return (struct route_list){ of_local, sizeof of_local / sizeof *of_local };
}

static bool is_passed(struct view name)
{
	struct view ours = VIEW_LIT("undercroft-");
	return http_text_equal(name, VIEW_LIT("from")) ||
	       http_text_equal(view_slice(name, 0, ours.n), ours);
}

void routes_add_headers(struct buf *out, const struct http_headers *h)
{
	for (size_t i = 0; i < h->n; i++) {
		if (!is_passed(h->v[i].name))
			continue;
		buf_add_view(out, h->v[i].name);
		buf_add_str(out, ": ");
		buf_add_view(out, h->v[i].value);
		buf_add_str(out, "\r\n");
	}
}
