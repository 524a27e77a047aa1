/* SPDX-License-Identifier: Apache-2.0 */
/* undercroft-mls-driver: the MLS engine, for other people's tests to drive. */
#include "driver/call.h"
#include "driver/driver.h"
#include "net/env_system.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, READ_AT_ONCE = 65536 };
#define OUTPUT_MAX ((size_t)256 * 1024 * 1024)

static void usage(FILE *to)
{
	const char *name, *fields;
	fputs("usage: undercroft-mls-driver\n\n"
	      "Reads one JSON object a line from standard input and answers each with one on "
	      "standard\n"
	      "output. \"op\" names the operation; its fields are those of the MLSClient service "
	      "of\n"
	      "the MLS working group's interop tests, bytes in hex. \"id\", if there is one, "
	      "comes\n"
	      "back. What fails is answered {\"error\":{\"code\":...,\"message\":...}} and "
	      "changes\n"
	      "nothing. For tests alone: it tells private keys to whoever asks.\n\n"
	      "operations and their fields:\n",
	      to);
	for (size_t i = 0; driver_operation(i, &name, &fields); i++)
		fprintf(to, "  %-30s %s\n", name, fields);
	fputs("\nexample:\n"
	      "  echo '{\"op\":\"CreateGroup\",\"group_id\":\"67\",\"cipher_suite\":1,"
	      "\"identity\":\"616c696365\"}' |\n"
	      "    undercroft-mls-driver\n",
	      to);
}

struct input {
	struct driver driver;
	struct buf line; /* what has come of it */
	bool skipping;   /* the rest of a line that was too long */
	struct buf out;
};

static bool write_out(struct buf *out)
{
	bool good = fwrite(out->p, 1, out->n, stdout) == out->n && !fflush(stdout);
	buf_reset(out);
	return good;
}

static bool line_end(struct input *in)
{
	struct view line = buf_view(&in->line);
	if (in->skipping || in->line.failed)
		driver_line_too_long(&in->out);
	else if (line.n)
		driver_line(&in->driver, line, &in->out);
	in->skipping = false;
	buf_reset(&in->line);
	return !in->out.n || write_out(&in->out);
}

static bool take(struct input *in, struct view bytes)
{
	while (bytes.n) {
		struct view part;
		struct view rest = view_cut(bytes, '\n', &part);
		bool ends = part.n < bytes.n;
		if (!in->skipping)
			buf_add_view(&in->line, part);
		if (in->line.failed) {
			in->skipping = true;
			buf_reset(&in->line);
		}
		if (ends && !line_end(in))
			return false;
		bytes = rest;
	}
	return true;
}

static int run(struct input *in)
{
	static uint8_t bytes[READ_AT_ONCE];
	for (;;) {
		ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return EXIT_FAILED;
		if (!n) /* the last line needs no end */
			return line_end(in) ? EXIT_DONE : EXIT_FAILED;
		if (!take(in, view_make(bytes, (size_t)n)))
			return EXIT_FAILED;
	}
}

int main(int argc, char **argv)
{
	static struct input in;
	struct view word = view_str(argc == 2 ? argv[1] : "");
	if (view_equal(word, VIEW_LIT("--help")) || view_equal(word, VIEW_LIT("-h"))) {
		usage(stdout);
		return EXIT_DONE;
	}
	if (view_equal(word, VIEW_LIT("--version"))) {
		puts("undercroft-mls-driver " UNDERCROFT_VERSION);
		return EXIT_DONE;
	}
	if (argc > 1) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (driver_init(&in.driver, env_system())) {
		fputs("undercroft-mls-driver: it could not begin\n", stderr);
		return EXIT_FAILED;
	}
	buf_init_secret(&in.line, CALL_LINE_MAX);
	buf_init_secret(&in.out, OUTPUT_MAX);
	int status = run(&in);
	if (status)
		fputs("undercroft-mls-driver: reading or writing failed\n", stderr);
	buf_done(&in.line);
	buf_done(&in.out);
	driver_done(&in.driver);
	return status;
}
