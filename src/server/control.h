/* SPDX-License-Identifier: Apache-2.0 */
/* How an operator speaks to a running backbone: a Unix socket that root and the server's own user may
 * open, one line in (a word of the table in control.c and its arguments), lines of JSON out, then
 * the end.  The last line's type is `done` or `error`. */
#ifndef SERVER_CONTROL_H
#define SERVER_CONTROL_H

#include "server/backbone.h"

enum {
	CONTROL_LINE_MAX = 8192, /* bytes of a request */
	CONTROL_ANSWER_MAX = 4 << 20,
	CONTROL_PATH_MAX = 108,     /* unix(7) */
	CONTROL_PATIENCE_S = 10,    /* for the other side to write its line, and to read */
	CONTROL_COPY_NAME_MAX = 64, /* bytes of the name of a copy being made */
};

/* What only the daemon itself can do.  An entry may be NULL. */
struct control_host {
	void *ctx;
	/* Begins to send all clients away, and then ends the process. */
	uc_err (*drain)(void *ctx);
	/* Reads the configuration anew; a line for each change or mistake. */
	uc_err (*reload)(void *ctx, struct buf *out);
};

struct control;
/* Listens and answers when it returns.  UC_E_NET with errno. */
uc_err UC_MUST_USE control_new(struct backbone *b, const char *path,
			       const struct control_host *host, struct control **out);
/* Waits for the order being carried out.  May be NULL; before the backbone ends. */
void control_free(struct control *c);

/* Where its socket is: as configured, or `control` in the data folder. */
void control_path(const struct config *c, struct buf *out);
/* A string in JSON, with its quotes. */
void control_add_string(struct buf *out, struct view text);

#endif
