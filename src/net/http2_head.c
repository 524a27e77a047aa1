/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http2_head.h"

#include <stdio.h>

void http2_head_init(struct http2_head *h)
{
	*h = (struct http2_head){ 0 };
	buf_init(&h->bytes, HTTP_HEAD_MAX);
}

void http2_head_done(struct http2_head *h)
{
	buf_done(&h->bytes);
}

void http2_head_add(struct http2_head *h, struct view name, struct view value)
{
	/* As many bytes as the lines of HTTP/1.1 would have, and some more for nothing at all. */
	size_t more = name.n + value.n + 4;
	if (h->is_too_large || h->n == HTTP2_FIELDS_MAX || more > HTTP_HEAD_MAX ||
	    h->bytes.n + 4 * h->n > HTTP_HEAD_MAX - more) {
		h->is_too_large = true;
		return;
	}
	h->v[h->n].at = (uint16_t)h->bytes.n;
	h->v[h->n].name_n = (uint16_t)name.n;
	h->v[h->n].value_n = (uint16_t)value.n;
	buf_add_view(&h->bytes, name);
	buf_add_view(&h->bytes, value);
	h->is_too_large = h->bytes.failed;
	h->n++;
}

/* The host is what :authority says; who says it twice says the same (RFC 9113, 8.3.1). */
static uc_err host_set(struct http_request *q, struct view authority)
{
	if (!authority.p)
		return UC_OK;
	struct view host = http_header_find(&q->headers, "host");
	if (host.p)
		return view_equal(host, authority) ? UC_OK : UC_E_MALFORMED;
	if (q->headers.n == HTTP_HEADERS_MAX)
		return UC_E_TOO_LARGE;
	q->headers.v[q->headers.n++] = (struct http_header){ VIEW_LIT("host"), authority };
	return UC_OK;
}

uc_err http2_head_read(const struct http2_head *h, struct http_request *out)
{
	struct http_request q = { .method = VIEW_LIT("") };
	struct view target = VIEW_LIT(""), authority = { 0 };
	if (h->is_too_large)
		return UC_E_TOO_LARGE;
	for (size_t i = 0; i < h->n; i++) {
		struct view name = view_make(h->bytes.p + h->v[i].at, h->v[i].name_n);
		struct view value = view_make(name.p + name.n, h->v[i].value_n);
		if (view_equal(name, VIEW_LIT(":method")))
			q.method = value;
		else if (view_equal(name, VIEW_LIT(":path")))
			target = value;
		else if (view_equal(name, VIEW_LIT(":authority")))
			authority = value;
		else if (name.n && name.p[0] == ':')
			continue; /* :scheme; others nghttp2 refuses */
		else if (q.headers.n == HTTP_HEADERS_MAX)
			return UC_E_TOO_LARGE;
		else
			q.headers.v[q.headers.n++] = (struct http_header){ name, value };
	}
	TRY(host_set(&q, authority));
	TRY(http_request_check(&q, target));
	*out = q;
	return UC_OK;
}

static uc_err field_add(struct arena *mem, struct view name, struct view value, nghttp2_nv *out,
			size_t *n)
{
	struct view own_name, own_value;
	if (*n == HTTP_HEADERS_MAX)
		return UC_E_TOO_LARGE;
	TRY(arena_copy(mem, name, &own_name));
	TRY(arena_copy(mem, value, &own_value));
	uint8_t *p = (uint8_t *)(uintptr_t)own_name.p;
	for (size_t i = 0; i < own_name.n; i++)
		p[i] = p[i] >= 'A' && p[i] <= 'Z' ? (uint8_t)(p[i] | 0x20) : p[i];
	out[(*n)++] = (nghttp2_nv){ p, (uint8_t *)(uintptr_t)own_value.p, own_name.n, own_value.n,
				    NGHTTP2_NV_FLAG_NONE };
	return UC_OK;
}

uc_err http2_fields(struct arena *mem, int status, struct view lines, size_t body_bytes,
		    nghttp2_nv *out, size_t *n)
{
	char number[24];
	snprintf(number, sizeof number, "%d", status);
	*n = 0;
	TRY(field_add(mem, VIEW_LIT(":status"), view_str(number), out, n));
	while (lines.p && lines.n) {
		struct view line, name;
		lines = view_cut(lines, '\n', &line);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		struct view value = view_cut(line, ':', &name);
		while (value.n && value.p[0] == ' ')
			value = view_slice(value, 1, value.n);
		if (name.n && value.p)
			TRY(field_add(mem, name, value, out, n));
	}
	if (status == 204 || status == 304)
		return UC_OK;
	snprintf(number, sizeof number, "%zu", body_bytes);
	return field_add(mem, VIEW_LIT("content-length"), view_str(number), out, n);
}
