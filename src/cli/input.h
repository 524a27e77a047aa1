/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of standard input on the event loop. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "base/buf.h"
#include "net/loop.h"

enum { INPUT_LINE_MAX = 64 * 1024 };

struct input {
	uv_poll_t poll;
	uv_idle_t idle; /* for files, which cannot be polled */
	bool is_polled, is_idle;
	int fd, flags;   /* what is read, and its flags before */
	struct buf part; /* of a line */
	void (*line)(void *ctx, const char *line);
	void *ctx;
	void (*after)(void *ctx); /* once lines were handed out */
	void *after_ctx;
};

/* Does nothing where the terminal is not ours to read (a background job), or for an empty input. */
void input_start(struct input *in, struct net_loop *loop, void (*line)(void *ctx, const char *line),
		 void *ctx, void (*after)(void *ctx), void *after_ctx);
/* Also when it was never started; the loop runs once more until its memory is given back. */
void input_stop(struct input *in);

#endif
