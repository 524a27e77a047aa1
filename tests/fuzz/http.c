/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP heads: what is accepted says the same when written again plainly, and no part of it was a
 * whole head before; and what it says of codings.  The first byte chooses request or response, and whether the input stands
 * after a good first line. */
#include "tests/fuzz/fuzz.h"

#include "net/http.h"
#include "net/http_accept.h"
#include "net/websocket.h"

static void headers_add(struct buf *b, const struct http_headers *h)
{
	for (size_t i = 0; i < h->n; i++) {
		buf_add_view(b, h->v[i].name);
		buf_add_byte(b, ':');
		buf_add_view(b, h->v[i].value);
		buf_add_str(b, "\r\n");
	}
	buf_add_str(b, "\r\n");
}

static void headers_same(const struct http_headers *a, const struct http_headers *b)
{
	fuzz_expect(a->n == b->n);
	for (size_t i = 0; i < a->n; i++) {
		fuzz_expect(view_equal(a->v[i].name, b->v[i].name));
		fuzz_expect(view_equal(a->v[i].value, b->v[i].value));
	}
}

/* Weights are within their range, and a "*" in front changes none that was named. */
static void codings(const struct http_headers *h)
{
	static const char *const names[] = { "br", "gzip", "identity" };
	static struct http_headers with_star;
	for (size_t i = 0; i < 3; i++) {
		unsigned weight = http_accept_weight(h, names[i]);
		fuzz_expect(weight <= HTTP_WEIGHT_MAX);
		if (weight <= 1 || h->n == HTTP_HEADERS_MAX)
			continue;
		with_star = *h;
		with_star.v[with_star.n++] =
			(struct http_header){ VIEW_LIT("Accept-Encoding"), VIEW_LIT("*;q=0") };
		fuzz_expect(http_accept_weight(&with_star, names[i]) == weight);
	}
}

static void request(struct view in)
{
	struct http_request q, again;
	struct buf b;
	size_t used = 0, used_again = 0;
	if (http_request_read(in, &q, &used))
		return;
	fuzz_expect(used <= in.n && used <= HTTP_HEAD_MAX);
	fuzz_expect(http_request_read(view_slice(in, 0, used - 1), &again, &used_again) ==
		    UC_E_PENDING);
	buf_init(&b, 2 * HTTP_HEAD_MAX);
	buf_add_view(&b, q.method);
	buf_add_byte(&b, ' ');
	buf_add_view(&b, q.path);
	if (q.query.p) {
		buf_add_byte(&b, '?');
		buf_add_view(&b, q.query);
	}
	buf_add_str(&b, " HTTP/1.1\r\n");
	headers_add(&b, &q.headers);
	fuzz_expect(!http_request_read(buf_view(&b), &again, &used_again) && used_again == b.n);
	fuzz_expect(view_equal(q.path, again.path) && q.content_length == again.content_length);
	headers_same(&q.headers, &again.headers);
	codings(&q.headers);
	buf_reset(&b);
	if (!ws_upgrade_check(&q, "undercroft.v1"))
		ws_upgrade_add_response(&b, &q, "undercroft.v1");
	buf_done(&b);
}

static void response(struct view in)
{
	struct http_response r, again;
	struct buf b;
	size_t used = 0, used_again = 0;
	if (http_response_read(in, &r, &used))
		return;
	fuzz_expect(used <= in.n && r.status >= 100 && r.status <= 599);
	buf_init(&b, 2 * HTTP_HEAD_MAX);
	buf_printf(&b, "HTTP/1.1 %d \r\n", r.status);
	headers_add(&b, &r.headers);
	fuzz_expect(!http_response_read(buf_view(&b), &again, &used_again) && used_again == b.n);
	headers_same(&r.headers, &again.headers);
	buf_done(&b);
	uc_err ignored = ws_upgrade_check_response(&r, "undercroft.v1", "dGhlIHNhbXBsZSBub25jZQ==");
	(void)ignored;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf b;
	if (!n)
		return 0;
	bool is_response = data[0] & 1, is_begun = data[0] & 2;
	buf_init(&b, n + 100);
	if (is_begun)
		buf_add_str(&b, is_response ? "HTTP/1.1 101 Yes\r\n"
					    : "GET /v1 HTTP/1.1\r\nHost: x\r\n");
	buf_add(&b, data + 1, n - 1);
	if (is_response)
		response(buf_view(&b));
	else
		request(buf_view(&b));
	buf_done(&b);
	return 0;
}
