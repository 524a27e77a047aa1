/* SPDX-License-Identifier: Apache-2.0 */
/* Which message is which entry of a room hosted here (repeats.c): what is in memory of it. */
#ifndef PROVIDER_REPEATS_H
#define PROVIDER_REPEATS_H

#include <stddef.h>
#include <stdint.h>

enum { MARKS_LOADED_MAX = 4 << 20 }; /* of all rooms: 16 bytes each */

/* Zeroed: not in memory. */
struct repeats {
	uint64_t *marks; /* of entry n at n & (cap - 1); 0: none */
	uint32_t *index; /* 2 * cap places by mark: where in `marks`, from 1; 0: nothing */
	size_t cap, indexed;
	uint64_t first, next; /* the entries whose marks are there */
	uint64_t factor;      /* spreads marks, so that nobody makes them fall together */
};

#endif
