/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/heap_seen.h"

#include "base/heap.h"
#include "base/secret.h"

#include <stdlib.h>

/* How long a block is stands before it; the rest stays aligned. */
enum { HEAD = 16 };

static struct view wanted;
static size_t seen;

void heap_look_for(struct view bytes)
{
	wanted = bytes;
	seen = 0;
}

size_t heap_seen(void)
{
	return seen;
}

void *heap_new(size_t n)
{
	uint8_t *p = n < SIZE_MAX - HEAD ? calloc(1, HEAD + n) : NULL;
	if (!p)
		return NULL;
	memcpy(p, &n, sizeof n);
	return p + HEAD;
}

void *heap_new_raw(size_t n)
{
	return heap_new(n);
}

static bool has(struct view block)
{
	for (size_t i = 0; wanted.n && i + wanted.n <= block.n; i++)
		if (view_equal(view_slice(block, i, wanted.n), wanted))
			return true;
	return false;
}

void heap_free(void *p)
{
	size_t n;
	if (!p)
		return;
	uint8_t *head = (uint8_t *)p - HEAD;
	memcpy(&n, head, sizeof n);
	seen += has(view_make(p, n));
	free(head);
}

void heap_free_wiped(void *p, size_t n)
{
	if (p)
		wipe(p, n);
	heap_free(p);
}
