/* SPDX-License-Identifier: Apache-2.0 */
/* What was counted, as text in the OpenMetrics format, version 1.0.0: sums over threads, an app's own
 * under its name.  Decides nothing and does no I/O. */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "base/buf.h"
#include "base/metrics.h"

#define METRICS_MEDIA_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* What one thread counted; or what was looked up just now. */
struct metrics_row {
	const char *app; /* NULL: of the whole */
	const struct metrics *counted;
};
/* What numbers of requests and limits are called; NULL for one that is none. */
struct metrics_names {
	const char *(*request)(unsigned kind);
	const char *(*limit)(unsigned limit);
};
/* Rows of one app stand next to each other. */
void metrics_add_text(struct buf *out, const struct metrics_row *rows, size_t n,
		      const struct metrics_names *names);
/* As exported, without _total and its like. */
void metrics_add_name(struct buf *out, enum metric which);

#endif
