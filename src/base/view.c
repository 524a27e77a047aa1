/* SPDX-License-Identifier: Apache-2.0 */
#include "base/view.h"

#include "base/secret.h"

/* memcmp is banned elsewhere so that nobody compares a secret with it by habit. */
bool view_equal(struct view a, struct view b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int view_compare(struct view a, struct view b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int d = n ? memcmp(a.p, b.p, n) : 0;
	if (d)
		return d;
	return a.n < b.n ? -1 : a.n > b.n;
}

bool view_starts_with(struct view v, struct view prefix)
{
	return v.n >= prefix.n && view_equal(view_slice(v, 0, prefix.n), prefix);
}

bool view_equal_ct(struct view a, struct view b)
{
	if (a.n != b.n)
		return false;
	volatile uint8_t diff = 0;
	for (size_t i = 0; i < a.n; i++)
		diff = (uint8_t)(diff | (a.p[i] ^ b.p[i]));
	bool same = diff == 0;
	secret_release(&same, sizeof same);
	return same;
}

struct view view_slice(struct view v, size_t from, size_t n)
{
	if (!v.p)
		return (struct view){ NULL, 0 };
	if (from > v.n)
		from = v.n;
	if (n > v.n - from)
		n = v.n - from;
	return (struct view){ v.p + from, n };
}

struct view view_cut(struct view v, char c, struct view *head)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] == (uint8_t)c) {
			*head = view_slice(v, 0, i);
			return view_slice(v, i + 1, v.n);
		}
	*head = v;
	return (struct view){ NULL, 0 };
}
