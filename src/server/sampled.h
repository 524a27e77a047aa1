/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics that nobody counts: what the system says of the process, its folders and its queues, looked
 * up when somebody asks. */
#ifndef SERVER_SAMPLED_H
#define SERVER_SAMPLED_H

#include "base/metrics.h"
#include "server/config.h"

/* start_us: clock_steady_us at the start of the process. */
void sampled_process(struct metrics *m, uint64_t start_us);
void sampled_disk(struct metrics *m, const char *data);
/* When its certificate's file says that it ends. */
void sampled_certificate(struct metrics *m, const struct config_app *a);
/* Bytes of the app's two stores. */
void sampled_stores(struct metrics *m, const struct config *c, size_t app);

#endif
