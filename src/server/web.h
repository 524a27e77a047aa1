/* SPDX-License-Identifier: Apache-2.0 */
/* What an app answers to a browser: which file, in which coding, under which headers; and which
 * WebSocket openings come from its own pages.  Decides by the request alone, without I/O. */
#ifndef SERVER_WEB_H
#define SERVER_WEB_H

#include "net/http.h"
#include "server/web_files.h"

struct web_site {
	const char *domain;            /* it answers under this name only */
	const struct web_files *files; /* NULL: none */
	bool is_tls;                   /* else plain HTTP */
};

/* A GET or HEAD; HEAD gets the same, and whoever sends it leaves the body out.  Appends header
 * lines; *body lives as long as the files.  Returns the status. */
int web_answer(const struct web_site *site, const struct http_request *q, struct buf *lines,
	       struct view *body);
/* 101, or the status that refuses: pages of other origins get no WebSocket here.  Programs that are
 * no browsers send no Origin. */
int web_opening_check(const struct web_site *site, const struct http_request *q);

#endif
