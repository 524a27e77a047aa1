/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "base/heap.h"
#include "base/secret.h"

#define ALIGN               16u
#define FIRST_BLOCK_BYTES   ((size_t)992) /* with its head no more than threads keep (heap.c) */
#define LARGEST_BLOCK_BYTES ((size_t)256 * 1024)

struct arena_block {
	struct arena_block *before;
	size_t at, size; /* bytes handed out; bytes there are */
	size_t pad;      /* keeps the data aligned to 16 */
};

static uint8_t *block_data(struct arena_block *b)
{
	return (uint8_t *)(b + 1);
}

void arena_init(struct arena *a, size_t limit_bytes, int flags)
{
	arena_init_in(a, NULL, limit_bytes, flags);
}

void arena_init_in(struct arena *a, struct heap_account *account, size_t limit_bytes, int flags)
{
	*a = (struct arena){ .limit_bytes = limit_bytes, .flags = flags, .account = account };
}

uc_err arena_error(const struct arena *a)
{
	return a->without_memory ? UC_E_MEMORY : UC_E_LIMIT;
}

static void block_free(struct arena *a, struct arena_block *b)
{
	size_t n = sizeof *b + b->size;
	a->used_bytes -= n;
	if (a->flags & ARENA_SECRET)
		wipe(b, sizeof *b + b->at);
	heap_free_in(a->account, b, n);
}

void arena_done(struct arena *a)
{
	while (a->last) {
		struct arena_block *b = a->last;
		a->last = b->before;
		block_free(a, b);
	}
}

static struct arena_block *block_add(struct arena *a, size_t n)
{
	size_t size = a->last ? a->last->size * 2 : FIRST_BLOCK_BYTES;
	if (size > LARGEST_BLOCK_BYTES)
		size = LARGEST_BLOCK_BYTES;
	if (size < n)
		size = n;
	size_t left = a->limit_bytes > a->used_bytes ? a->limit_bytes - a->used_bytes : 0;
	if (a->account && heap_account_left(a->account) < left)
		left = heap_account_left(a->account);
	if (left < sizeof(struct arena_block) || left - sizeof(struct arena_block) < n) {
		a->without_memory = false;
		return NULL;
	}
	if (size > left - sizeof(struct arena_block))
		size = left - sizeof(struct arena_block);
	struct arena_block *b = heap_new_in(a->account, sizeof *b + size);
	if (!b) {
		a->without_memory = heap_account_error(a->account) == UC_E_MEMORY;
		return NULL;
	}
	b->size = size;
	b->before = a->last;
	a->last = b;
	a->used_bytes += sizeof *b + size;
	return b;
}

void *arena_take(struct arena *a, size_t n)
{
	if (n > SIZE_MAX / 2) {
		a->without_memory = false;
		return NULL;
	}
	size_t rounded = n ? (n + ALIGN - 1) & ~(size_t)(ALIGN - 1) : ALIGN;
	struct arena_block *b = a->last;
	if (!b || b->size - b->at < rounded)
		b = block_add(a, rounded);
	if (!b)
		return NULL;
	void *p = block_data(b) + b->at;
	b->at += rounded;
	return p;
}

void *arena_take_array(struct arena *a, size_t count, size_t size)
{
	return arena_take(a, size && count > SIZE_MAX / 2 / size ? SIZE_MAX : count * size);
}

uc_err arena_copy(struct arena *a, struct view v, struct view *out)
{
	uint8_t *p = arena_take(a, v.n + 1);
	if (!p)
		return arena_error(a);
	if (v.n)
		memcpy(p, v.p, v.n);
	*out = (struct view){ p, v.n };
	return UC_OK;
}

struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){ a->last, a->last ? a->last->at : 0 };
}

void arena_reset(struct arena *a, struct arena_mark m)
{
	while (a->last != m.block) {
		struct arena_block *b = a->last;
		a->last = b->before;
		block_free(a, b);
	}
	if (a->last) {
		/* Handed-out memory is zeroed, so what comes back must be, too. */
		wipe(block_data(a->last) + m.at, a->last->at - m.at);
		a->last->at = m.at;
	}
}
