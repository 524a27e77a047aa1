/* SPDX-License-Identifier: Apache-2.0 */
/* The driver: one line of JSON in, one out; each operation stands for one of the MLSClient service
 * of the MLS working group's interop tests, with the same fields. */
#ifndef DRIVER_DRIVER_H
#define DRIVER_DRIVER_H

#include "driver/handles.h"

struct driver {
	const struct env *env;
	struct handles handles;
};

uc_err UC_MUST_USE driver_init(struct driver *d, const struct env *env);
void driver_done(struct driver *d);
/* Appends one answer with its newline, whatever the line was.  Of an operation that fails nothing
 * stays. */
void driver_line(struct driver *d, struct view line, struct buf *out);
/* The answer to a line that was longer than CALL_LINE_MAX. */
void driver_line_too_long(struct buf *out);

/* The i-th operation: its name and its fields, with spaces between; false past the end. */
bool driver_operation(size_t i, const char **name, const char **fields);

#endif
