/* SPDX-License-Identifier: Apache-2.0 */
/* In the place of base/heap.c: memory that runs out when a test wants it to, and is counted. */
#ifndef TESTS_UNIT_HEAP_FAULTY_H
#define TESTS_UNIT_HEAP_FAULTY_H

#include <stdbool.h>
#include <stddef.h>

/* The n-th allocation from now on fails, once; 0: none does. */
void heap_fail_at(size_t n);
/* Has it? */
bool heap_has_failed(void);
/* Blocks that were taken and not given back. */
size_t heap_live(void);

#endif
