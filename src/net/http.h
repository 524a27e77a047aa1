/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 heads, strictly (RFC 9112): bytes in, views out, no I/O.  What two parsers could read
 * differently is refused: bare LF, folded lines, space before a colon, several Content-Length or
 * Host fields, any Transfer-Encoding. */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/buf.h"
#include "base/error.h"
#include "base/view.h"

enum {
	HTTP_HEAD_MAX = 8192, /* bytes of a head, its empty line included */
	HTTP_HEADERS_MAX = 64,
};

struct http_header {
	struct view name;
	struct view value; /* without the spaces around it */
};

struct http_headers {
	struct http_header v[HTTP_HEADERS_MAX];
	size_t n;
};

/* The value of the first header by this name (any case), or a view with p == NULL. */
struct view http_header_find(const struct http_headers *h, const char *name);
/* Does the header's comma-separated list hold the token (any case)? */
bool http_header_has(const struct http_headers *h, const char *name, const char *token);
/* ASCII letters in any case. */
bool http_text_equal(struct view a, struct view b);

struct http_request {
	struct view method;
	struct view path;  /* from '/', percent-encoding untouched, without the query */
	struct view query; /* after '?'; p == NULL without one */
	struct http_headers headers;
	bool has_body; /* there is a Content-Length */
	uint64_t content_length;
	bool keep_alive;
};

/* Reads one request head from the start of bytes; *used is its length.
 * UC_E_PENDING: more bytes are needed.  UC_E_TOO_LARGE: over HTTP_HEAD_MAX or HTTP_HEADERS_MAX.
 * UC_E_UNSUPPORTED: a Transfer-Encoding or an Expect.  UC_E_VERSION: not HTTP/1.1.
 * UC_E_MALFORMED: everything else. */
uc_err UC_MUST_USE http_request_read(struct view bytes, struct http_request *out, size_t *used);
/* The same checks for a request whose parts came apart, as in HTTP/2: method, the headers (":authority"
 * as host) are set and trimmed; sets the rest. */
uc_err UC_MUST_USE http_request_check(struct http_request *q, struct view target);
/* The status that tells a client about an error of http_request_read. */
int http_status_of(uc_err err);

struct http_response {
	int status; /* 100 to 599 */
	struct http_headers headers;
};
/* The same for a response head, also as libcurl writes down one of HTTP/2. */
uc_err UC_MUST_USE http_response_read(struct view bytes, struct http_response *out, size_t *used);

/* A response head with the header lines given ("name: value\r\n"...; may be empty) and
 * Content-Length; the body follows.  Without keep_alive it says Connection: close. */
void http_response_add(struct buf *out, int status, struct view header_lines, size_t body_bytes,
		       bool keep_alive);
const char *http_status_text(int status);

#endif
