/* SPDX-License-Identifier: Apache-2.0 */
/* The one door to malloc.  Below `net` only arenas, buffers and maps use it, and, charged to an account
 * (heap_account.h), what lives as long as its owner. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stddef.h>

/* Zeroed; NULL when there is none. */
void *heap_new(size_t n);
/* Not zeroed: for what is written whole before it is read. */
void *heap_new_raw(size_t n);
void heap_free(void *p);
/* Wipes n bytes, then frees.  p may be NULL. */
void heap_free_wiped(void *p, size_t n);
#define HEAP_NEW(type) ((type *)heap_new(sizeof(type)))

#endif
