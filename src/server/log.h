/* SPDX-License-Identifier: Apache-2.0 */
/* The server's log: one line on stderr for each event, "TIME LEVEL EVENT key=value...", or the same as
 * an object of JSON.  Never content, names, identifiers or network addresses of people. */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include "server/config.h"

/* Once, before threads. */
void log_init(enum config_log level, enum config_log_format format);
/* From any thread. */
void log_set_level(enum config_log level);
/* event: a fixed word, such as app.started; then a format: fixed keys, values without content. */
#define log_error(event, ...) log_line(CONFIG_LOG_ERROR, event, __VA_ARGS__)
#define log_info(event, ...)  log_line(CONFIG_LOG_INFO, event, __VA_ARGS__)
#define log_debug(event, ...) log_line(CONFIG_LOG_DEBUG, event, __VA_ARGS__)

#define log_line(level, event, ...)                               \
	do {                                                      \
		struct buf log_line_;                             \
		if (log_line_begin(&log_line_, (level), event)) { \
			buf_printf(&log_line_, __VA_ARGS__);      \
			log_line_end(&log_line_);                 \
		}                                                 \
	} while (0)
bool log_line_begin(struct buf *line, enum config_log level, const char *event);
void log_line_end(struct buf *line);
/* A line as an object: time, level, event, then its keys; all values are strings. */
void log_line_as_json(struct view line, struct buf *out);

#endif
