/* SPDX-License-Identifier: Apache-2.0 */
/* The server's log: one line on stderr for each event, "TIME LEVEL EVENT key=value...".  Never
 * content, names, identifiers or network addresses of people. */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include "server/config.h"

/* Once, before threads. */
void log_init(enum config_log level);
/* event: a fixed word, such as app.started; format: fixed keys, values that carry no content. */
void log_error(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
