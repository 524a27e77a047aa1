/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http.h"

#include "base/text.h"

/* RFC 9110, 5.6.2. */
static bool is_tchar(uint8_t c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return c && c < 0x7f && strchr("!#$%&'*+-.^_`|~", c);
}

static bool is_token(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (!is_tchar(v.p[i]))
			return false;
	}
	return v.n > 0;
}

/* Visible ASCII, space and tab: RFC 9110, 5.5, without obs-text. */
static bool is_field_text(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] != '\t' && (v.p[i] < 0x20 || v.p[i] > 0x7e))
			return false;
	}
	return true;
}

static bool is_visible(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] <= 0x20 || v.p[i] > 0x7e)
			return false;
	}
	return v.n > 0;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool http_text_equal(struct view a, struct view b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	}
	return true;
}

static struct view trim(struct view v)
{
	while (v.n && (v.p[0] == ' ' || v.p[0] == '\t'))
		v = view_slice(v, 1, v.n);
	while (v.n && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
		v.n--;
	return v;
}

struct view http_header_find(const struct http_headers *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++) {
		if (http_text_equal(h->v[i].name, view_str(name)))
			return h->v[i].value;
	}
	return (struct view){ 0 };
}

bool http_header_has(const struct http_headers *h, const char *name, const char *token)
{
	for (size_t i = 0; i < h->n; i++) {
		if (!http_text_equal(h->v[i].name, view_str(name)))
			continue;
		for (struct view rest = h->v[i].value; rest.p;) {
			struct view item;
			rest = view_cut(rest, ',', &item);
			if (http_text_equal(trim(item), view_str(token)))
				return true;
		}
	}
	return false;
}

static size_t header_count(const struct http_headers *h, const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < h->n; i++)
		n += http_text_equal(h->v[i].name, view_str(name));
	return n;
}

/* Length of the head with its empty line, or why there is none (yet). */
static uc_err head_find(struct view bytes, size_t *used)
{
	const uint8_t *end = bytes.n ? memmem(bytes.p, bytes.n, "\r\n\r\n", 4) : NULL;
	size_t n = end ? (size_t)(end - bytes.p) + 4 : bytes.n;
	if (n > HTTP_HEAD_MAX || (!end && n == HTTP_HEAD_MAX))
		return UC_E_TOO_LARGE;
	if (!end)
		return UC_E_PENDING;
	*used = n;
	return UC_OK;
}

/* One line without its CRLF; a CR or LF elsewhere stays in it and fails the checks on its text. */
static struct view line_take(struct view *rest)
{
	const uint8_t *end = rest->n ? memmem(rest->p, rest->n, "\r\n", 2) : NULL;
	size_t n = end ? (size_t)(end - rest->p) : rest->n;
	struct view line = view_slice(*rest, 0, n);
	*rest = view_slice(*rest, end ? n + 2 : n, rest->n);
	return line;
}

static uc_err headers_read(struct view rest, struct http_headers *out)
{
	while (rest.n) {
		struct view line = line_take(&rest), name;
		struct view value = view_cut(line, ':', &name);
		if (!value.p || !is_token(name) || !is_field_text(value))
			return UC_E_MALFORMED;
		if (out->n == HTTP_HEADERS_MAX)
			return UC_E_TOO_LARGE;
		out->v[out->n++] = (struct http_header){ name, trim(value) };
	}
	return UC_OK;
}

/* RFC 9112, 6: only Content-Length frames a body here. */
static uc_err framing_check(struct http_request *q)
{
	const struct http_headers *h = &q->headers;
	if (header_count(h, "transfer-encoding") || header_count(h, "expect"))
		return UC_E_UNSUPPORTED;
	size_t lengths = header_count(h, "content-length");
	if (lengths > 1 || header_count(h, "host") != 1)
		return UC_E_MALFORMED;
	if (!is_visible(http_header_find(h, "host")))
		return UC_E_MALFORMED;
	if (lengths == 1)
		TRY(decimal_read(http_header_find(h, "content-length"), &q->content_length));
	q->has_body = lengths == 1;
	q->keep_alive = !http_header_has(h, "connection", "close");
	return UC_OK;
}

static uc_err target_read(struct view target, struct http_request *q)
{
	if (!is_token(q->method) || !is_visible(target) || target.p[0] != '/' ||
	    memchr(target.p, '#', target.n))
		return UC_E_MALFORMED;
	q->query = view_cut(target, '?', &q->path);
	return UC_OK;
}

uc_err http_request_check(struct http_request *q, struct view target)
{
	TRY(target_read(target, q));
	for (size_t i = 0; i < q->headers.n; i++) {
		if (!is_token(q->headers.v[i].name) || !is_field_text(q->headers.v[i].value))
			return UC_E_MALFORMED;
	}
	return framing_check(q);
}

uc_err http_request_read(struct view bytes, struct http_request *out, size_t *used)
{
	struct http_request q = { 0 };
	size_t n = 0;
	TRY(head_find(bytes, &n));
	struct view rest = view_slice(bytes, 0, n - 2);
	struct view target, version;
	struct view tail = view_cut(line_take(&rest), ' ', &q.method);
	version = view_cut(tail, ' ', &target);
	TRY(target_read(target, &q));
	if (!view_equal(version, VIEW_LIT("HTTP/1.1")))
		return version.n == 8 && view_starts_with(version, VIEW_LIT("HTTP/"))
			       ? UC_E_VERSION
			       : UC_E_MALFORMED;
	TRY(headers_read(rest, &q.headers));
	TRY(framing_check(&q));
	*out = q;
	*used = n;
	return UC_OK;
}

int http_status_of(uc_err err)
{
	switch (err) {
	case UC_E_TOO_LARGE:
		return 431;
	case UC_E_UNSUPPORTED:
		return 501;
	case UC_E_VERSION:
		return 505;
	default:
		return 400;
	}
}

uc_err http_response_read(struct view bytes, struct http_response *out, size_t *used)
{
	struct http_response r = { 0 };
	size_t n = 0;
	TRY(head_find(bytes, &n));
	struct view rest = view_slice(bytes, 0, n - 2);
	struct view line = line_take(&rest), version, digits;
	struct view reason = view_cut(view_cut(line, ' ', &version), ' ', &digits);
	uint64_t status = 0;
	if (!view_equal(version, VIEW_LIT("HTTP/1.1")) && !view_equal(version, VIEW_LIT("HTTP/2")))
		return UC_E_VERSION;
	if (digits.n != 3 || decimal_read(digits, &status) || status < 100 || status > 599)
		return UC_E_MALFORMED;
	if (!is_field_text(reason))
		return UC_E_MALFORMED;
	r.status = (int)status;
	TRY(headers_read(rest, &r.headers));
	*out = r;
	*used = n;
	return UC_OK;
}

static const struct {
	int status;
	const char *text;
} statuses[] = {
	{ 101, "Switching Protocols" },
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 304, "Not Modified" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 426, "Upgrade Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

const char *http_status_text(int status)
{
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
		if (statuses[i].status == status)
			return statuses[i].text;
	}
	return "Status";
}

void http_response_add(struct buf *out, int status, struct view header_lines, size_t body_bytes,
		       bool keep_alive)
{
	buf_printf(out, "HTTP/1.1 %d %s\r\n", status, http_status_text(status));
	buf_add_view(out, header_lines);
	if (status >= 200 && status != 204 && status != 304)
		buf_printf(out, "Content-Length: %zu\r\n", body_bytes);
	if (!keep_alive)
		buf_add_str(out, "Connection: close\r\n");
	buf_add_str(out, "\r\n");
}
