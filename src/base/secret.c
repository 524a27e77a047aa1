/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

void wipe(void *p, size_t n)
{
	if (!n)
		return;
	memset(p, 0, n);
	/* The barrier makes the zeroes visible, so the store cannot be dropped as dead. */
	__asm__ __volatile__("" : : "r"(p) : "memory");
}

uc_err secret_set(struct secret *s, struct view v)
{
	if (v.n > sizeof s->b)
		return UC_E_TOO_LARGE;
	if (v.n)
		memmove(s->b, v.p, v.n);
	s->n = v.n;
	return UC_OK;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return view_equal_ct(secret_view(a), secret_view(b));
}
