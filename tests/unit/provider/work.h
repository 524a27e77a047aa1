/* SPDX-License-Identifier: Apache-2.0 */
/* What a store is asked to do: reads and writes, counted below it. */
#ifndef TESTS_UNIT_PROVIDER_WORK_H
#define TESTS_UNIT_PROVIDER_WORK_H

#include "store/store.h"

struct done {
	size_t reads, changes, bytes;
};
void work_begin(struct store *s);
/* Since the last time. */
struct done work_done(void);
void work_end(struct store *s);
/* A few reads of what is there, more or less, whatever lies there; and to a few bytes the same is
 * written, so that the same is synced. */
void expect_alike(struct done a, struct done b);

#endif
