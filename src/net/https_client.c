/* SPDX-License-Identifier: Apache-2.0 */
/* The requests; https_loop.c ties libcurl to the loop. */
#include "net/https_client.h"

#include "base/heap.h"
#include "net/https_loop.h"
#include "net/resolve.h"

#include <stdio.h>

enum { CONNECT_TIMEOUT_MS = 10000 };

struct exchange {
	struct https_client *client;
	CURL *easy;
	struct curl_slist *headers, *connect_to;
	struct buf body; /* what we send */
	struct buf head; /* the answer's */
	struct buf answer;
	https_done *done;
	void *ctx;
	struct exchange *prev, *next;
};

struct https_client {
	struct https_loop loop;
	struct exchange *all;
};

static void exchange_free(struct exchange *x)
{
	curl_easy_cleanup(x->easy);
	curl_slist_free_all(x->headers);
	curl_slist_free_all(x->connect_to);
	buf_done(&x->body);
	buf_done(&x->head);
	buf_done(&x->answer);
	heap_free(x);
}

static size_t on_body(char *p, size_t one, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	buf_add(&x->answer, p, one * n);
	return x->answer.failed ? 0 : one * n;
}

static size_t on_header(char *p, size_t one, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	/* A new status line begins a new head: what came before was a 1xx. */
	if (view_starts_with(view_make(p, one * n), VIEW_LIT("HTTP/")))
		buf_reset(&x->head);
	buf_add(&x->head, p, one * n);
	return x->head.failed ? 0 : one * n;
}

static uc_err outcome(const struct exchange *x, CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return UC_OK;
	case CURLE_OPERATION_TIMEDOUT:
		return UC_E_TIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		return UC_E_TLS;
	case CURLE_WRITE_ERROR:
		return x->answer.failed || x->head.failed ? UC_E_TOO_LARGE : UC_E_NET;
	default:
		return UC_E_NET;
	}
}

static void finish(struct exchange *x, uc_err err)
{
	struct http_response head = { 0 };
	struct https_response r = { .err = err };
	size_t used = 0;
	if (!r.err && http_response_read(buf_view(&x->head), &head, &used))
		r.err = UC_E_PEER;
	if (!r.err) {
		curl_off_t after = 0;
		curl_easy_getinfo(x->easy, CURLINFO_RETRY_AFTER, &after);
		r.status = head.status;
		r.retry_after_s = after < 0 ? 0 : after > 86400 ? 86400 : (uint32_t)after;
		r.headers = &head.headers;
		r.body = buf_view(&x->answer);
	}
	if (x->prev)
		x->prev->next = x->next;
	else
		x->client->all = x->next;
	if (x->next)
		x->next->prev = x->prev;
	curl_multi_remove_handle(x->client->loop.multi, x->easy);
	x->done(x->ctx, &r);
	exchange_free(x);
}

static void on_done(CURL *easy, CURLcode code)
{
	void *at = NULL;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &at);
	struct exchange *x = at;
	finish(x, outcome(x, code));
}

static uc_err header_add(struct exchange *x, const char *line)
{
	struct curl_slist *more = curl_slist_append(x->headers, line);
	if (!more)
		return UC_E_MEMORY;
	x->headers = more;
	return UC_OK;
}

static uc_err headers_add(struct exchange *x, struct view lines)
{
	/* No wait for a 100, and no type that isn't ours. */
	TRY(header_add(x, "Expect:"));
	TRY(header_add(x, "Content-Type: application/octet-stream"));
	TRY(header_add(x, "Accept:"));
	while (lines.p && lines.n) {
		struct view line;
		char text[1024];
		lines = view_cut(lines, '\n', &line);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n >= sizeof text || memchr(line.p, '\r', line.n))
			return UC_E_ARGUMENT;
		snprintf(text, sizeof text, "%.*s", (int)line.n, (const char *)line.p);
		if (line.n)
			TRY(header_add(x, text));
	}
	return UC_OK;
}

static uc_err target_set(struct exchange *x, const struct https_request *q)
{
	char via[300];
	struct buf url;
	for (size_t i = 0; i < q->path.n; i++) {
		if (q->path.p[i] <= 0x20 || q->path.p[i] > 0x7e || q->path.p[i] == '#')
			return UC_E_ARGUMENT;
	}
	if (!q->path.n || q->path.p[0] != '/')
		return UC_E_ARGUMENT;
	/* The URL names the domain, which the certificate must; CONNECT_TO says where it lives. */
	snprintf(via, sizeof via, "::%s:%u", host_is_localhost(q->host) ? "127.0.0.1" : q->host,
		 (unsigned)q->port);
	x->connect_to = curl_slist_append(NULL, via);
	buf_init(&url, 1 << 16);
	buf_printf(&url, "https://%s:%u", q->domain, (unsigned)q->port);
	buf_add_view(&url, q->path);
	buf_add_byte(&url, 0);
	bool failed = url.failed || !x->connect_to ||
		      curl_easy_setopt(x->easy, CURLOPT_URL, (const char *)url.p) ||
		      curl_easy_setopt(x->easy, CURLOPT_CONNECT_TO, x->connect_to);
	buf_done(&url);
	return failed ? UC_E_MEMORY : UC_OK;
}

static void options_set(struct exchange *x, const struct https_request *q)
{
	CURL *e = x->easy;
	curl_easy_setopt(e, CURLOPT_PRIVATE, x);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	/* Many at a time on one connection, where the other side can: one handshake for all. */
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(e, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
	/* A resumed session would show the other side our certificate without its chain. */
	curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(e, CURLOPT_CAINFO, q->ca_file);
	curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(e, CURLOPT_SSLCERT, q->certificate_file);
	curl_easy_setopt(e, CURLOPT_SSLKEY, q->key_file);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, x->headers);
}

static uc_err exchange_fill(struct exchange *x, const struct https_request *q)
{
	x->easy = curl_easy_init();
	if (!x->easy)
		return UC_E_MEMORY;
	TRY(headers_add(x, q->headers));
	TRY(target_set(x, q));
	options_set(x, q);
	bool is_post = view_equal(view_str(q->method), VIEW_LIT("POST"));
	if (!is_post)
		return view_equal(view_str(q->method), VIEW_LIT("GET")) ? UC_OK : UC_E_ARGUMENT;
	buf_add_view(&x->body, q->body);
	if (x->body.failed)
		return x->body.failed;
	curl_easy_setopt(x->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body.n);
	curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS, x->body.n ? (const char *)x->body.p : "");
	return UC_OK;
}

uc_err https_send(struct https_client *c, const struct https_request *q, https_done *done,
		  void *ctx)
{
	struct exchange *x = HEAP_NEW(struct exchange);
	if (!x)
		return UC_E_MEMORY;
	*x = (struct exchange){ .client = c, .done = done, .ctx = ctx };
	buf_init(&x->body, q->body.n);
	buf_init(&x->head, HTTP_HEAD_MAX);
	buf_init(&x->answer, q->body_max);
	uc_err err = exchange_fill(x, q);
	if (!err && curl_multi_add_handle(c->loop.multi, x->easy))
		err = UC_E_MEMORY;
	if (err) {
		exchange_free(x);
		return err;
	}
	x->next = c->all;
	if (x->next)
		x->next->prev = x;
	c->all = x;
	return UC_OK;
}

uc_err https_client_new(struct net_loop *loop, struct https_client **out)
{
	struct https_client *c = HEAP_NEW(struct https_client);
	if (!c)
		return UC_E_MEMORY;
	uc_err err = https_loop_init(&c->loop, loop, on_done);
	if (err)
		heap_free(c);
	else
		*out = c;
	return err;
}

void https_client_stop(struct https_client *c)
{
	while (c->all)
		finish(c->all, UC_E_CLOSED);
	https_loop_stop(&c->loop);
}

void https_client_free(struct https_client *c)
{
	heap_free(c);
}
