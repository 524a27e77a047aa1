/* SPDX-License-Identifier: Apache-2.0 */
/* All that a running backbone can say about itself in numbers, as metrics. */
#ifndef SERVER_MEASURE_H
#define SERVER_MEASURE_H

#include "server/backbone.h"
#include "server/metrics.h"

/* Looks up what nobody counts, adds up what was; from any thread. */
void measure_add_text(struct backbone *b, struct buf *out);

#endif
