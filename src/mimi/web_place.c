/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/web_place.h"

#include "mimi/uri.h"

#define SCHEME VIEW_LIT("https://")

static struct view path_of(enum web_place place)
{
	static const char *const paths[] = {
		[WEB_LINK] = "/#/link/",
		[WEB_DEVICE] = "/#/device/",
	};
	return view_str(paths[place]);
}

/* Not by snprintf, which would bring a terminal into the browser's module. */
static void port_add(struct buf *out, uint16_t port)
{
	unsigned unit = 10000;
	while (unit > port)
		unit /= 10;
	buf_add_byte(out, ':');
	for (; unit; unit /= 10)
		buf_add_byte(out, (uint8_t)('0' + port / unit % 10));
}

void web_place_add(struct buf *out, enum web_place place, struct view domain, uint16_t port)
{
	buf_add_view(out, SCHEME);
	buf_add_view(out, domain);
	if (port)
		port_add(out, port);
	buf_add_view(out, path_of(place));
}

static struct view trimmed(struct view v)
{
	while (v.n && v.p[0] <= ' ')
		v = view_slice(v, 1, v.n);
	while (v.n && v.p[v.n - 1] <= ' ')
		v.n--;
	return v;
}

bool web_place_read(struct view text, enum web_place place, struct view *domain, struct view *rest)
{
	struct view host, path = path_of(place);
	text = trimmed(text);
	if (view_starts_with(text, SCHEME))
		text = view_slice(text, SCHEME.n, text.n);
	struct view after = view_cut(text, '/', &host);
	(void)view_cut(host, ':', domain);
	if (!after.p || !view_starts_with(view_slice(text, host.n, text.n), path))
		return false;
	*rest = view_slice(text, host.n + path.n, text.n);
	return domain_is_valid(*domain);
}
