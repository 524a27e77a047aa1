/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_route.h"

static bool has_path(const struct http_route *r, struct view path)
{
	struct view want = view_str(r->path);
	if (want.p[want.n - 1] == '/')
		return view_starts_with(path, want);
	return view_equal(path, want);
}

/* Does an earlier route say the same of this path? */
static bool is_repeated(const struct http_server_options *o, size_t route, struct view path)
{
	for (size_t i = 0; i < route; i++) {
		if (has_path(&o->routes[i], path) &&
		    view_equal(view_str(o->routes[i].method), view_str(o->routes[route].method)))
			return true;
	}
	return false;
}

/* RFC 9110, 15.5.6: what is refused for its method is told the right ones. */
static void add_methods(const struct http_server_options *o, struct view path, struct buf *lines)
{
	const char *before = "Allow: ";
	for (size_t i = 0; i < o->routes_n; i++) {
		if (!has_path(&o->routes[i], path) || is_repeated(o, i, path))
			continue;
		buf_printf(lines, "%s%s", before, o->routes[i].method);
		before = ", ";
	}
	buf_add_str(lines, "\r\n");
}

/* The route, or NULL and the status that says why. */
static const struct http_route *route_find(const struct http_server_options *o,
					   const struct http_request *q, int *status)
{
	*status = 404;
	for (size_t i = 0; i < o->routes_n; i++) {
		const struct http_route *r = &o->routes[i];
		if (!has_path(r, q->path))
			continue;
		if (view_equal(q->method, view_str(r->method)))
			return r;
		*status = 405;
	}
	return NULL;
}

const struct http_route *http_route_admit(const struct http_server_options *o,
					  const struct http_request *q, bool is_peer, int *status,
					  struct buf *lines)
{
	const struct http_route *r = route_find(o, q, status);
	if (!r && *status == 405)
		add_methods(o, q->path, lines);
	if (!r)
		return NULL;
	if (r->peers_only && !is_peer)
		*status = 403;
	else if (!q->has_body && view_equal(q->method, VIEW_LIT("POST")))
		*status = 411;
	else if (q->content_length > r->body_max)
		*status = 413;
	else
		return r;
	return NULL;
}
