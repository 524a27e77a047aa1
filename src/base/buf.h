/* SPDX-License-Identifier: Apache-2.0 */
/* Growing bytes on the heap, for output.  Failure is sticky: append freely, check `failed` once. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/error.h"
#include "base/heap_account.h"
#include "base/view.h"

struct buf {
	uint8_t *p;
	size_t n, cap;
	size_t limit_bytes;
	uc_err failed; /* UC_OK; UC_E_TOO_LARGE past the limit; heap_account_error */
	bool secret;   /* wiped when grown or freed */
	struct heap_account *account;
};

void buf_init(struct buf *b, size_t limit_bytes);
/* Charged to an account. */
void buf_init_in(struct buf *b, struct heap_account *account, size_t limit_bytes);
void buf_init_secret(struct buf *b, size_t limit_bytes);
void buf_done(struct buf *b);
/* Empties without giving memory back; clears `failed`. */
void buf_reset(struct buf *b);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_view(struct buf *b, struct view v);
void buf_add_byte(struct buf *b, uint8_t c);
void buf_add_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for n more bytes, not yet counted; NULL on failure. */
uint8_t *buf_reserve(struct buf *b, size_t n);
/* Drops the first n bytes. */
void buf_shift(struct buf *b, size_t n);

static inline struct view buf_view(const struct buf *b)
{
	return (struct view){ b->p, b->n };
}

#endif
