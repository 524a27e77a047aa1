/* SPDX-License-Identifier: Apache-2.0 */
#include "base/heap.h"

#include "base/secret.h"

#include <stdlib.h>

void *heap_new(size_t n)
{
	return calloc(1, n ? n : 1);
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
