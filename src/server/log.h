/* SPDX-License-Identifier: Apache-2.0 */
/* The server's log: one line on stderr for each event, "TIME LEVEL EVENT key=value...".  Never
 * content, names, identifiers or network addresses of people. */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include "server/config.h"

/* Once, before threads. */
void log_init(enum config_log level);
/* event: a fixed word, such as app.started; format: fixed keys, values that carry no content. */
void log_line(enum config_log level, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
#define log_error(...) log_line(CONFIG_LOG_ERROR, __VA_ARGS__)
#define log_info(...)  log_line(CONFIG_LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(CONFIG_LOG_DEBUG, __VA_ARGS__)

#endif
