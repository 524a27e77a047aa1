/* SPDX-License-Identifier: Apache-2.0 */
#include "server/log.h"

#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8192 };

static _Atomic enum config_log log_level = CONFIG_LOG_INFO;
static enum config_log_format log_format = CONFIG_LOG_TEXT;

void log_init(enum config_log level, enum config_log_format format)
{
	log_level = level;
	log_format = format;
}

void log_set_level(enum config_log level)
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

static void add_string(struct buf *out, struct view text)
{
	buf_add_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, text.p[i]);
	}
	buf_add_byte(out, '"');
}

/* Nothing, or a space and a further key. */
static bool is_end(struct view rest)
{
	size_t i = 1;
	while (i < rest.n && (rest.p[i] == '_' || (rest.p[i] >= 'a' && rest.p[i] <= 'z')))
		i++;
	return !rest.n || (rest.p[0] == ' ' && i > 1 && i < rest.n && rest.p[i] == '=');
}

/* A value goes to the next space or, where it begins with a quote, to the quote that ends it: reasons
 * of others may hold quotes themselves. */
static struct view value_cut(struct view rest, struct view *value)
{
	if (!rest.n || rest.p[0] != '"')
		return view_cut(rest, ' ', value);
	size_t i = 1;
	while (i < rest.n && (rest.p[i] != '"' || !is_end(view_slice(rest, i + 1, rest.n))))
		i++;
	*value = view_slice(rest, 1, i - 1);
	return view_slice(rest, i + 2 < rest.n ? i + 2 : rest.n, rest.n);
}

void log_line_as_json(struct view line, struct buf *out)
{
	static const char *const first[] = { "time", "level", "event" };
	struct view value, key;
	buf_add_byte(out, '{');
	for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
		line = view_cut(line, ' ', &value);
		buf_printf(out, "%s\"%s\":", i ? "," : "", first[i]);
		add_string(out, value);
	}
	while (line.n) {
		line = value_cut(view_cut(line, '=', &key), &value);
		buf_add_byte(out, ',');
		add_string(out, key);
		buf_add_byte(out, ':');
		add_string(out, value);
	}
	buf_add_byte(out, '}');
}

static void line_write(struct buf *line)
{
	buf_add_byte(line, '\n');
	ssize_t written = write(STDERR_FILENO, line->p, line->n);
	(void)written; /* there is nobody else to tell */
}

/* One write for a line, so that lines of several threads don't mix; and an event is one line,
 * whatever the system's reasons hold. */
void log_line_end(struct buf *line)
{
	for (size_t i = 0; i < line->n; i++)
		if (line->p[i] < ' ' || line->p[i] == 0x7f)
			line->p[i] = '?';
	if (log_format == CONFIG_LOG_JSON) {
		struct buf json;
		buf_init(&json, 2 * LINE_MAX_BYTES);
		log_line_as_json(buf_view(line), &json);
		line_write(&json);
		buf_done(&json);
	} else {
		line_write(line);
	}
	buf_done(line);
}
