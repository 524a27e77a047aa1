/* SPDX-License-Identifier: Apache-2.0 */
#include "server/log.h"

#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8192 };

static enum config_log log_level = CONFIG_LOG_INFO;

void log_init(enum config_log level)
{
	log_level = level;
}

bool log_line_begin(struct buf *line, enum config_log level, const char *event)
{
	static const char *const names[] = { "error", "info", "debug" };
	char at[32];
	struct timespec t = { 0 };
	struct tm tm;
	if (level > log_level)
		return false;
	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	at[strftime(at, sizeof at - 1, "%Y-%m-%dT%H:%M:%SZ", &tm)] = 0;
	buf_init(line, LINE_MAX_BYTES);
	buf_printf(line, "%s %s %s ", at, names[level], event);
	return true;
}

/* One write for a line, so that lines of several threads don't mix. */
void log_line_end(struct buf *line)
{
	buf_add_byte(line, '\n');
	ssize_t written = write(STDERR_FILENO, line->p, line->n);
	(void)written; /* there is nobody else to tell */
	buf_done(line);
}
