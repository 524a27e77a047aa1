/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http.h"
#include "tests/unit/harness.h"

static uc_err request(const char *text, struct http_request *q)
{
	size_t used = 0;
	uc_err err = http_request_read(view_str(text), q, &used);
	if (!err)
		expect(used <= strlen(text));
	return err;
}

#define HOST "Host: dial.localhost:8441\r\n"

TEST(request_is_read)
{
	struct http_request q;
	expect_ok(request("POST /mimi/notify/a%2Fb?x=1 HTTP/1.1\r\n" HOST
			  "Content-Length: 12\r\nX-Thing:\t spaced out \t\r\n\r\nbody",
			  &q));
	expect_bytes(q.method, VIEW_LIT("POST"));
	expect_bytes(q.path, VIEW_LIT("/mimi/notify/a%2Fb"));
	expect_bytes(q.query, VIEW_LIT("x=1"));
	expect(q.has_body && q.keep_alive);
	expect_eq(q.content_length, 12);
	expect_bytes(http_header_find(&q.headers, "x-thing"), VIEW_LIT("spaced out"));
	expect(!http_header_find(&q.headers, "x-other").p);
}

TEST(lists_in_headers)
{
	struct http_request q;
	expect_ok(request("GET / HTTP/1.1\r\n" HOST "Connection: keep-alive, Upgrade\r\n"
			  "Connection: close\r\n\r\n",
			  &q));
	expect(http_header_has(&q.headers, "connection", "upgrade"));
	expect(!http_header_has(&q.headers, "connection", "up"));
	expect(!q.keep_alive);
}

TEST(incomplete_heads_wait)
{
	static const char text[] = "GET / HTTP/1.1\r\n" HOST "\r\n";
	struct http_request q;
	size_t used = 0;
	for (size_t n = 0; n < sizeof text - 1; n++)
		expect_err(http_request_read(view_make(text, n), &q, &used), UC_E_PENDING);
	expect_ok(http_request_read(view_make(text, sizeof text - 1), &q, &used));
	expect_eq(used, sizeof text - 1);
}

TEST(ambiguous_requests_are_refused)
{
	static const struct {
		const char *text;
		uc_err want;
	} cases[] = {
		{ "GET / HTTP/1.1\r\n\r\n", UC_E_MALFORMED }, /* no Host */
		{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n", UC_E_MALFORMED },
		{ "GET / HTTP/1.0\r\n" HOST "\r\n", UC_E_VERSION },
		{ "GET / HTTP/2.0\r\n" HOST "\r\n", UC_E_VERSION },
		{ "GET  / HTTP/1.1\r\n" HOST "\r\n", UC_E_MALFORMED },
		{ "GET /a b HTTP/1.1\r\n" HOST "\r\n", UC_E_MALFORMED },
		{ "GET http://x/ HTTP/1.1\r\n" HOST "\r\n", UC_E_MALFORMED },
		{ "GET /#a HTTP/1.1\r\n" HOST "\r\n", UC_E_MALFORMED },
		{ "GET / HTTP/1.1\r\nHost : x\r\n\r\n", UC_E_MALFORMED },
		{ "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", UC_E_MALFORMED },
		{ "GET / HTTP/1.1\r\n" HOST "A: b\nC: d\r\n\r\n", UC_E_MALFORMED },
		{ "GET / HTTP/1.1\n" HOST "\r\n", UC_E_MALFORMED },
		{ "\r\nGET / HTTP/1.1\r\n" HOST "\r\n", UC_E_MALFORMED },
		{ "GET / HTTP/1.1\r\n" HOST "A: \x01\r\n\r\n", UC_E_MALFORMED },
		{ "GET / HTTP/1.1\r\n" HOST "A: caf\xc3\xa9\r\n\r\n", UC_E_MALFORMED },
		{ "GET / HTTP/1.1\r\n" HOST ": x\r\n\r\n", UC_E_MALFORMED },
		{ "G@T / HTTP/1.1\r\n" HOST "\r\n", UC_E_MALFORMED },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
		  UC_E_MALFORMED },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n", UC_E_MALFORMED },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n", UC_E_MALFORMED },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", UC_E_MALFORMED },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n",
		  UC_E_MALFORMED },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
		  UC_E_UNSUPPORTED },
		{ "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n\r\n", UC_E_UNSUPPORTED },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct http_request q;
		uc_err err = request(cases[i].text, &q);
		if (err != cases[i].want)
			test_fail(__FILE__, __LINE__, "case %zu: %s", i, uc_err_name(err));
	}
}

TEST(large_heads_are_refused)
{
	struct buf b;
	struct http_request q;
	size_t used = 0;
	buf_init(&b, 100000);
	buf_add_str(&b, "GET / HTTP/1.1\r\n" HOST);
	for (int i = 0; i < 64; i++)
		buf_printf(&b, "A%d: x\r\n", i);
	buf_add_str(&b, "\r\n");
	expect_err(http_request_read(buf_view(&b), &q, &used), UC_E_TOO_LARGE);
	buf_reset(&b);
	buf_add_str(&b, "GET / HTTP/1.1\r\n" HOST "A: ");
	while (b.n < HTTP_HEAD_MAX)
		buf_add_byte(&b, 'a');
	expect_err(http_request_read(buf_view(&b), &q, &used), UC_E_TOO_LARGE);
	expect_eq(http_status_of(UC_E_TOO_LARGE), 431);
	buf_done(&b);
}

TEST(response_is_read)
{
	struct http_response r;
	size_t used = 0;
	struct view text = VIEW_LIT("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n");
	expect_ok(http_response_read(text, &r, &used));
	expect_eq(r.status, 503);
	expect_eq(used, text.n);
	expect_bytes(http_header_find(&r.headers, "retry-after"), VIEW_LIT("7"));
	expect_ok(http_response_read(VIEW_LIT("HTTP/1.1 200\r\n\r\n"), &r, &used));
	expect_err(http_response_read(VIEW_LIT("HTTP/1.1 20 OK\r\n\r\n"), &r, &used),
		   UC_E_MALFORMED);
	expect_err(http_response_read(VIEW_LIT("HTTP/1.0 200 OK\r\n\r\n"), &r, &used),
		   UC_E_VERSION);
	expect_err(http_response_read(VIEW_LIT("HTTP/1.1 20"), &r, &used), UC_E_PENDING);
}

TEST(response_is_written)
{
	struct buf b;
	struct http_response r;
	size_t used = 0;
	buf_init(&b, 1000);
	http_response_add(&b, 429, VIEW_LIT("Retry-After: 3\r\n"), 0, false);
	expect_ok(http_response_read(buf_view(&b), &r, &used));
	expect_eq(r.status, 429);
	expect_bytes(http_header_find(&r.headers, "content-length"), VIEW_LIT("0"));
	expect(http_header_has(&r.headers, "connection", "close"));
	buf_done(&b);
}
