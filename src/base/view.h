/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed bytes.  A view never owns what it points at. */
#ifndef BASE_VIEW_H
#define BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct view {
	const uint8_t *p;
	size_t n;
};

struct view_list {
	struct view *v;
	size_t n;
};

/* A view of a string literal, without its closing zero. */
#define VIEW_LIT(s) ((struct view){ (const uint8_t *)("" s), sizeof(s) - 1 })
/* A view of an array object (not of a pointer). */
#define VIEW_OF(a)  ((struct view){ (const uint8_t *)(a), sizeof(a) })

static inline struct view view_make(const void *p, size_t n)
{
	return (struct view){ p, n };
}

static inline struct view view_str(const char *s)
{
	return (struct view){ (const uint8_t *)s, s ? strlen(s) : 0 };
}

/* Plain comparison, for public bytes only. */
bool view_equal(struct view a, struct view b);
/* Bytewise order, a shorter prefix first: <0, 0, >0.  For public bytes only. */
int view_compare(struct view a, struct view b);
bool view_starts_with(struct view v, struct view prefix);
/* For secrets, tags and MACs: unequal lengths are unequal; time depends on the length alone. */
bool view_equal_ct(struct view a, struct view b);
/* The part from `from` on, at most `n` bytes; clamped to the view. */
struct view view_slice(struct view v, size_t from, size_t n);
/* Splits at the first `c`: *head is what stands before it, the return value what comes after.
 * Without `c` in it, *head is the whole and the return value is empty with p == NULL. */
struct view view_cut(struct view v, char c, struct view *head);

#endif
