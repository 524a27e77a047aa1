/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of HTTP/2 (RFC 9113, 8.3), field by field: a request's into the struct that HTTP/1.1 gives, a
 * reply's out of the lines that it writes. */
#ifndef NET_HTTP2_HEAD_H
#define NET_HTTP2_HEAD_H

#include "base/arena.h"
#include "net/http.h"

#include <nghttp2/nghttp2.h>

enum { HTTP2_FIELDS_MAX = HTTP_HEADERS_MAX + 4 }; /* the request's pseudo-fields besides */

struct http2_head {
	struct buf bytes; /* name and value of each field, one after the other */
	struct {
		uint16_t at, name_n, value_n;
	} v[HTTP2_FIELDS_MAX];
	size_t n;
	bool is_too_large;
};

void http2_head_init(struct http2_head *h);
void http2_head_done(struct http2_head *h);
/* What is too much is remembered, and told by http2_head_read. */
void http2_head_add(struct http2_head *h, struct view name, struct view value);
/* Errors as http_request_read.  `out` borrows from the head. */
uc_err UC_MUST_USE http2_head_read(const struct http2_head *h, struct http_request *out);

/* At most HTTP_HEADERS_MAX fields: the status, those of the lines in lower case, the length. */
uc_err UC_MUST_USE http2_fields(struct arena *mem, int status, struct view lines, size_t body_bytes,
				nghttp2_nv *out, size_t *n);

#endif
