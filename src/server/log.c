/* SPDX-License-Identifier: Apache-2.0 */
#include "server/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static enum config_log log_level = CONFIG_LOG_INFO;

void log_init(enum config_log level)
{
	log_level = level;
}

/* One write for a line, so that lines of several threads don't mix. */
void log_line(enum config_log level, const char *event, const char *format, ...)
{
	static const char *const names[] = { "error", "info", "debug" };
	char line[512];
	struct timespec t = { 0 };
	struct tm tm;
	va_list args;
	if (level > log_level)
		return;
	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	size_t n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%SZ ", &tm);
	int more = snprintf(line + n, sizeof line - n, "%s %s ", names[level], event);
	n += more > 0 ? (size_t)more : 0;
	va_start(args, format);
	more = vsnprintf(line + n, sizeof line - n - 1, format, args);
	va_end(args);
	n += more > 0 ? (size_t)more : 0;
	if (n > sizeof line - 2)
		n = sizeof line - 2;
	line[n++] = '\n';
	ssize_t written = write(STDERR_FILENO, line, n);
	(void)written; /* there is nobody else to tell */
}
