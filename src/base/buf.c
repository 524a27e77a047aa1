/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/secret.h"

#include <stdarg.h>
#include <stdio.h>

void buf_init(struct buf *b, size_t limit_bytes)
{
	*b = (struct buf){ .limit_bytes = limit_bytes };
}

void buf_init_secret(struct buf *b, size_t limit_bytes)
{
	*b = (struct buf){ .limit_bytes = limit_bytes, .secret = true };
}

void buf_init_in(struct buf *b, struct heap_account *account, size_t limit_bytes)
{
	*b = (struct buf){ .limit_bytes = limit_bytes, .account = account };
}

static void give_back(struct buf *b)
{
	if (b->secret)
		heap_free_wiped_in(b->account, b->p, b->cap);
	else
		heap_free_in(b->account, b->p, b->cap);
}

void buf_done(struct buf *b)
{
	give_back(b);
	*b = (struct buf){
		.limit_bytes = b->limit_bytes,
		.secret = b->secret,
		.account = b->account,
	};
}

void buf_reset(struct buf *b)
{
	if (b->secret && b->n)
		wipe(b->p, b->n);
	b->n = 0;
	b->failed = UC_OK;
}

uint8_t *buf_reserve(struct buf *b, size_t n)
{
	if (b->failed)
		return NULL;
	if (n > b->limit_bytes || b->n > b->limit_bytes - n) {
		b->failed = UC_E_TOO_LARGE;
		return NULL;
	}
	if (b->cap - b->n >= n && b->p)
		return b->p + b->n;
	size_t cap = b->cap ? b->cap : 256;
	while (cap < b->n + n)
		cap *= 2;
	uint8_t *p = heap_new_in(b->account, cap);
	if (!p) {
		b->failed = heap_account_error(b->account);
		return NULL;
	}
	if (b->p)
		memcpy(p, b->p, b->n);
	give_back(b);
	b->p = p;
	b->cap = cap;
	return b->p + b->n;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	uint8_t *to = buf_reserve(b, n);
	if (!to)
		return;
	if (n)
		memcpy(to, p, n);
	b->n += n;
}

void buf_add_view(struct buf *b, struct view v)
{
	buf_add(b, v.p, v.n);
}

void buf_add_byte(struct buf *b, uint8_t c)
{
	buf_add(b, &c, 1);
}

void buf_add_str(struct buf *b, const char *s)
{
	buf_add_view(b, view_str(s));
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		b->failed = UC_E_ARGUMENT;
	char *to = n < 0 ? NULL : (char *)buf_reserve(b, (size_t)n + 1);
	if (to) {
		vsnprintf(to, (size_t)n + 1, format, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void buf_shift(struct buf *b, size_t n)
{
	if (n > b->n)
		n = b->n;
	if (n)
		memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}
