/* SPDX-License-Identifier: Apache-2.0 */
#include "server/routes.h"

/* MIMI bodies: the largest is an update with its tree, or a first notify with a follow_start. */
enum { MIMI_BODY_MAX = 8 << 20 };

const struct http_route routes[] = {
	{ "GET", "/v1", HTTP_ROUTE_WEBSOCKET, false, 0, 0 },
	{ "GET", "/.well-known/mimi-protocol-directory", HTTP_ROUTE_REQUEST, false, 0, 0 },
	{ "POST", "/v1/", HTTP_ROUTE_REQUEST, true, MIMI_BODY_MAX, 0 },
};
const size_t routes_n = sizeof routes / sizeof *routes;

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
