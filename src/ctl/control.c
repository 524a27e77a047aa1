/* SPDX-License-Identifier: Apache-2.0 */
/* Speaking to the running backbone (server/control.h), and showing what it says. */
#include "ctl/ctl.h"

#include "server/control.h"

#include <errno.h>
#include <jansson.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_PART = 65536 };

static int fd_open(const struct ctl *c)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct buf path;
	int fd = -1;
	buf_init(&path, 4200);
	control_path(&c->config, &path);
	errno = ENAMETOOLONG;
	if (!path.failed && path.n <= sizeof at.sun_path) {
		memcpy(at.sun_path, path.p, path.n);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at)) {
			int why = errno;
			close(fd);
			errno = why;
			fd = -1;
		}
	}
	if (fd < 0)
		fprintf(stderr, "undercroftctl: %s: %s; %s\n", path.failed ? "" : (char *)path.p,
			strerror(errno),
			ctl_running(c)
				? "the backbone is starting or stopping, or is another user's"
				: "the backbone does not run");
	buf_done(&path);
	return fd;
}

static uc_err exchange(int fd, const char *line, struct buf *answer)
{
	struct buf out;
	buf_init(&out, CONTROL_LINE_MAX);
	buf_printf(&out, "%s\n", line);
	uc_err err = out.failed;
	if (!err && send(fd, out.p, out.n, MSG_NOSIGNAL) != (ssize_t)out.n)
		err = UC_E_NET;
	buf_done(&out);
	while (!err) {
		uint8_t *to = buf_reserve(answer, ANSWER_PART);
		ssize_t n = to ? recv(fd, to, ANSWER_PART, 0) : -1;
		if (n < 0 && to && errno == EINTR)
			continue;
		if (n < 0)
			err = to ? UC_E_NET : UC_E_TOO_LARGE;
		if (n <= 0)
			break;
		answer->n += (size_t)n;
	}
	return err;
}

/* As the operator reads it: what it is, its name, then the rest. */
static void value_print(const char *key, const json_t *value)
{
	for (; *key; key++)
		putchar(*key == '_' ? ' ' : *key);
	if (json_is_string(value))
		printf(" %s", json_string_value(value));
	else if (json_is_integer(value))
		printf(" %" JSON_INTEGER_FORMAT, json_integer_value(value));
	else
		printf(" %s", json_is_true(value) ? "yes" : "no");
}

static bool is_word(const char *a, const char *b)
{
	return view_equal(view_str(a), view_str(b));
}

static void object_print(json_t *o, const char *type)
{
	const char *name = json_string_value(json_object_get(o, type));
	const char *key, *between = ": ";
	json_t *value;
	if (is_word(type, "note")) {
		puts(json_string_value(json_object_get(o, "text")));
		return;
	}
	printf("%s%s%s", type, name ? " " : "", name ? name : "");
	json_object_foreach(o, key, value)
	{
		if (is_word(key, "type") || (name && is_word(key, type)))
			continue;
		fputs(between, stdout);
		value_print(key, value);
		between = ", ";
	}
	putchar('\n');
}

/* The status that the last line of the answer means. */
static int line_show(const struct ctl *c, struct view line, int status)
{
	json_t *o = json_loadb((const char *)line.p, line.n, 0, NULL);
	const char *type = json_string_value(json_object_get(o, "type"));
	if (!type) {
		status = CTL_FAILED;
	} else if (is_word(type, "done")) {
		status = CTL_OK;
	} else if (is_word(type, "error")) {
		fprintf(stderr, "undercroftctl: %s (%s)\n",
			json_string_value(json_object_get(o, "text")),
			json_string_value(json_object_get(o, "error")));
		status = CTL_FAILED;
	} else if (c->json) {
		fwrite(line.p, 1, line.n, stdout);
		putchar('\n');
	} else {
		object_print(o, type);
	}
	json_decref(o);
	return status;
}

int ctl_order(const struct ctl *c, const char *line)
{
	struct buf answer;
	struct view next;
	int status = CTL_FAILED, fd = fd_open(c);
	if (fd < 0)
		return CTL_FAILED;
	buf_init(&answer, CONTROL_ANSWER_MAX);
	uc_err err = exchange(fd, line, &answer);
	close(fd);
	/* An answer that is cut off has no last line, and so no success. */
	for (struct view rest = buf_view(&answer); !err && rest.n;) {
		rest = view_cut(rest, '\n', &next);
		status = line_show(c, next, status);
	}
	if (err || !answer.n)
		fprintf(stderr, "undercroftctl: the backbone did not answer\n");
	buf_done(&answer);
	return status;
}

/* The command's own word, and its arguments as they stand. */
int ctl_pass_on(struct ctl *c)
{
	struct buf line;
	buf_init(&line, CONTROL_LINE_MAX);
	buf_add_str(&line, c->command);
	for (int i = 0; i < c->argc; i++)
		buf_printf(&line, " %s", c->argv[i]);
	buf_add_byte(&line, 0);
	int status = line.failed || memchr(line.p, '\n', line.n) ? CTL_USAGE
								 : ctl_order(c, (char *)line.p);
	buf_done(&line);
	return status;
}

int ctl_status(struct ctl *c)
{
	if (ctl_running(c))
		return ctl_order(c, "status");
	puts(c->json ? "{\"type\":\"backbone\",\"running\":false}" : "The backbone does not run.");
	return CTL_FAILED;
}
