/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of HTTP/2: what is accepted says the same as the head of HTTP/1.1 made of it; and a reply's
 * lines become fields within their bound.  Fields are lines of the input, cut at the first '='. */
#include "tests/fuzz/fuzz.h"

#include "net/http2_head.h"

/* The same request as HTTP/1.1 would have it. */
static void same_plainly(const struct http_request *q)
{
	struct http_request again;
	struct buf b;
	size_t used = 0;
	buf_init(&b, 4 * HTTP_HEAD_MAX);
	buf_add_view(&b, q->method);
	buf_add_byte(&b, ' ');
	buf_add_view(&b, q->path);
	if (q->query.p) {
		buf_add_byte(&b, '?');
		buf_add_view(&b, q->query);
	}
	buf_add_str(&b, " HTTP/1.1\r\n");
	for (size_t i = 0; i < q->headers.n; i++) {
		buf_add_view(&b, q->headers.v[i].name);
		buf_add_byte(&b, ':');
		buf_add_view(&b, q->headers.v[i].value);
		buf_add_str(&b, "\r\n");
	}
	buf_add_str(&b, "\r\n");
	uc_err err = http_request_read(buf_view(&b), &again, &used);
	fuzz_expect(!err || (err == UC_E_TOO_LARGE && b.n > HTTP_HEAD_MAX));
	if (!err)
		fuzz_expect(view_equal(q->path, again.path) &&
			    view_equal(q->method, again.method) &&
			    q->content_length == again.content_length &&
			    q->headers.n == again.headers.n);
	buf_done(&b);
}

static void reply(struct view lines, uint8_t status)
{
	nghttp2_nv v[HTTP_HEADERS_MAX];
	struct arena mem;
	size_t n = 0;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	if (!http2_fields(&mem, 200 + status, lines, lines.n, v, &n))
		fuzz_expect(n >= 1 && n <= HTTP_HEADERS_MAX);
	for (size_t i = 1; i < n; i++) {
		for (size_t k = 0; k < v[i].namelen; k++)
			fuzz_expect(v[i].name[k] < 'A' || v[i].name[k] > 'Z');
	}
	arena_done(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct http2_head head;
	struct http_request q;
	if (!n)
		return 0;
	http2_head_init(&head);
	http2_head_add(&head, VIEW_LIT(":method"), VIEW_LIT("GET"));
	http2_head_add(&head, VIEW_LIT(":authority"), VIEW_LIT("dial.example"));
	for (struct view rest = view_make(data + 1, n - 1); rest.p && rest.n;) {
		struct view line, name;
		rest = view_cut(rest, '\n', &line);
		struct view value = view_cut(line, '=', &name);
		if (value.p)
			http2_head_add(&head, name, value);
	}
	if (!http2_head_read(&head, &q))
		same_plainly(&q);
	http2_head_done(&head);
	reply(view_make(data + 1, n - 1), data[0]);
	return 0;
}
