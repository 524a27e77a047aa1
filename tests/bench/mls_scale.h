/* SPDX-License-Identifier: Apache-2.0 */
/* How the cost of a commit and the memory of a group grow with the group. */
#ifndef TESTS_BENCH_MLS_SCALE_H
#define TESTS_BENCH_MLS_SCALE_H

#include "tests/bench/mls_floor.h"

/* Figures of plain groups of suite 1 with 100 to `largest` members, each operation repeated for
 * budget_us; what else is asked of a group of 1,000 is measured there. */
void scale_run(const struct suite *s, size_t largest, double budget_us, struct prices *prices);

#endif
