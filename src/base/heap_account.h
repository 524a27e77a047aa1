/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody may take from the heap, in all.  Everything that lives as long as a group is charged to
 * the group's account, so that nobody outside makes it grow beyond what its owner allows.
 * Single-threaded.  An account that is NULL charges nobody. */
#ifndef BASE_HEAP_ACCOUNT_H
#define BASE_HEAP_ACCOUNT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_account {
	size_t used_bytes, limit_bytes;
	bool limited; /* the latest refusal was the limit's, not the machine's */
	/* Random: of the hash tables that are charged to it, whose entries come from outside. */
	uint64_t hash_key[2];
};

/* Zeroed; NULL past the limit or without memory. */
void *heap_new_in(struct heap_account *a, size_t n);
/* n: as it was taken.  p may be NULL. */
void heap_free_in(struct heap_account *a, void *p, size_t n);
void heap_free_wiped_in(struct heap_account *a, void *p, size_t n);
static inline size_t heap_account_left(const struct heap_account *a)
{
	return a->limit_bytes > a->used_bytes ? a->limit_bytes - a->used_bytes : 0;
}
/* Why there was none: UC_E_LIMIT or UC_E_MEMORY. */
uc_err UC_MUST_USE heap_account_error(const struct heap_account *a);

#endif
