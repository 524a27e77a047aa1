/* SPDX-License-Identifier: Apache-2.0 */
#include "base/heap.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

/* What glibc's threads keep for themselves.  Its calloc takes nothing from there (before 2.41), and is
 * four times as slow as taking a piece and zeroing it. */
enum { KEPT_BY_THREADS = 1032 };

void *heap_new(size_t n)
{
	if (n > KEPT_BY_THREADS)
		return calloc(1, n);
	void *p = malloc(n ? n : 1);
	/* Or compilers make it a calloc again. */
	__asm__ volatile("" : : "r"(p) : "memory");
	if (p && n)
		memset(p, 0, n);
	return p;
}

void *heap_new_raw(size_t n)
{
	return malloc(n ? n : 1);
}

void heap_free(void *p)
{
	free(p);
}

void heap_free_wiped(void *p, size_t n)
{
	if (p)
		wipe(p, n);
	free(p);
}
