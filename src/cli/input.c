/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void take_line(struct input *in, const uint8_t *p, size_t n)
{
	if (n && p[n - 1] == '\r')
		n--;
	buf_add(&in->part, p, n);
	buf_add_byte(&in->part, 0);
	if (in->part.failed)
		fprintf(stderr, "undercroft: a line holds at most %d bytes\n", INPUT_LINE_MAX);
	else
		in->line(in->ctx, (const char *)in->part.p);
	buf_reset(&in->part);
}

static void take(struct input *in, const uint8_t *p, size_t n)
{
	while (n) {
		size_t length = 0;
		while (length < n && p[length] != '\n')
			length++;
		if (length == n) {
			buf_add(&in->part, p, n);
			return;
		}
		take_line(in, p, length);
		p += length + 1;
		n -= length + 1;
	}
}

/* Its end, with what stands after the last newline. */
static void end(struct input *in)
{
	if (in->is_polled)
		uv_poll_stop(&in->poll);
	if (in->is_idle)
		uv_idle_stop(&in->idle);
	if (in->part.n)
		take_line(in, NULL, 0);
}

static void read_some(struct input *in)
{
	uint8_t bytes[8192];
	ssize_t n = read(in->fd, bytes, sizeof bytes);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0)
		take(in, bytes, (size_t)n);
	else
		end(in);
	in->after(in->after_ctx);
}

static void on_poll(uv_poll_t *p, int status, int events)
{
	(void)events;
	if (status < 0)
		uv_poll_stop(p);
	else
		read_some(p->data);
}

static void on_idle(uv_idle_t *i)
{
	read_some(i->data);
}

void input_start(struct input *in, struct net_loop *loop, void (*line)(void *ctx, const char *line),
		 void *ctx, void (*after)(void *ctx), void *after_ctx)
{
	bool terminal = isatty(STDIN_FILENO);
	if (terminal && tcgetpgrp(STDIN_FILENO) != getpgrp())
		return;
	/* Polling makes a descriptor non-blocking, and with it all that share its description: a
	 * terminal's output, too.  Hence one of our own. */
	int fd = terminal ? open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
			  : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return;
	*in = (struct input){ .line = line, .ctx = ctx, .after = after, .after_ctx = after_ctx };
	in->fd = fd;
	in->flags = fcntl(fd, F_GETFL);
	buf_init(&in->part, INPUT_LINE_MAX);
	in->poll.data = in->idle.data = in;
	in->is_polled = !uv_poll_init(&loop->uv, &in->poll, fd) &&
			!uv_poll_start(&in->poll, UV_READABLE, on_poll);
	if (in->is_polled)
		return;
	in->is_idle = !uv_idle_init(&loop->uv, &in->idle) && !uv_idle_start(&in->idle, on_idle);
}

void input_stop(struct input *in)
{
	if (!in->line)
		return;
	/* The loop has the handles until they are closed: they stay as they are. */
	if (in->is_polled)
		uv_close((uv_handle_t *)&in->poll, NULL);
	if (in->is_idle)
		uv_close((uv_handle_t *)&in->idle, NULL);
	fcntl(in->fd, F_SETFL, in->flags);
	close(in->fd);
	buf_done(&in->part);
	in->line = NULL;
}
