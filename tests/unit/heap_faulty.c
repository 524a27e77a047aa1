/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/heap_faulty.h"

#include "base/heap.h"
#include "base/secret.h"

#include <stdlib.h>

static size_t left, live;
static bool has_failed;

void heap_fail_at(size_t n)
{
	left = n;
	has_failed = false;
}

bool heap_has_failed(void)
{
	return has_failed;
}

size_t heap_live(void)
{
	return live;
}

void *heap_new(size_t n)
{
	if (left && !--left) {
		has_failed = true;
		return NULL;
	}
	void *p = calloc(1, n ? n : 1);
	live += p != NULL;
	return p;
}

void heap_free(void *p)
{
	live -= p != NULL;
	free(p);
}

void heap_free_wiped(void *p, size_t n)
{
	if (p)
		wipe(p, n);
	heap_free(p);
}
