/* SPDX-License-Identifier: Apache-2.0 */
/* In the place of base/heap.c: what is given back is looked through for what is to be wiped by then. */
#ifndef TESTS_UNIT_HEAP_SEEN_H
#define TESTS_UNIT_HEAP_SEEN_H

#include "base/view.h"

/* From now on; the bytes are the caller's.  Empty: not any more. */
void heap_look_for(struct view bytes);
/* Blocks that were given back with them since. */
size_t heap_seen(void);

#endif
