/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes and text in records. */
#include "client/stored.h"

#include "base/heap.h"
#include "base/text.h"

#include <assert.h>

uc_err blob_set(struct blob *b, struct view v)
{
	uint8_t *p = heap_new(v.n);
	if (!p)
		return UC_E_MEMORY;
	if (v.n)
		memcpy(p, v.p, v.n);
	blob_done(b);
	*b = (struct blob){ p, v.n };
	return UC_OK;
}

void blob_done(struct blob *b)
{
	heap_free_wiped(b->p, b->n);
	*b = (struct blob){ NULL, 0 };
}

void wire_blob(struct wire *w, struct blob *b)
{
	struct view v = blob_view(b);
	wire_bytes(w, &v);
	if (!wire_reading(w))
		return;
	*b = (struct blob){ NULL, 0 };
	uc_err err = w->failed ? UC_OK : blob_set(b, v);
	if (err)
		wire_fail(w, err);
}

uc_err text_set(char *p, size_t cap, struct view v)
{
	assert(p);
	if (v.n >= cap)
		return UC_E_TOO_LARGE;
	if (!utf8_is_valid(v) || (v.n && memchr(v.p, 0, v.n)))
		return UC_E_TEXT;
	if (v.n)
		memcpy(p, v.p, v.n);
	memset(p + v.n, 0, cap - v.n);
	return UC_OK;
}

void wire_text(struct wire *w, char *p, size_t cap)
{
	struct view v = { NULL, 0 };
	if (!wire_reading(w))
		v = view_str(p);
	wire_bytes(w, &v);
	if (!wire_reading(w) || w->failed)
		return;
	uc_err err = text_set(p, cap, v);
	if (err)
		wire_fail(w, err);
}
