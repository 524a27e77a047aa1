/* SPDX-License-Identifier: Apache-2.0 */
#include "base/heap_account.h"

#include "base/heap.h"

void *heap_new_in(struct heap_account *a, size_t n)
{
	if (!a)
		return heap_new(n);
	a->limited = n > heap_account_left(a);
	if (a->limited)
		return NULL;
	void *p = heap_new(n);
	if (p)
		a->used_bytes += n;
	return p;
}

void heap_free_in(struct heap_account *a, void *p, size_t n)
{
	if (a && p)
		a->used_bytes -= n;
	heap_free(p);
}

void heap_free_wiped_in(struct heap_account *a, void *p, size_t n)
{
	if (a && p)
		a->used_bytes -= n;
	heap_free_wiped(p, n);
}

uc_err heap_account_error(const struct heap_account *a)
{
	return a && a->limited ? UC_E_LIMIT : UC_E_MEMORY;
}
