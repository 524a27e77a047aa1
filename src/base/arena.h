/* SPDX-License-Identifier: Apache-2.0 */
/* Memory by lifetime: message, call, epoch, object.  An arena hands out zeroed memory until its
 * limit and gives everything back at once.  Single-threaded. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/error.h"
#include "base/heap_account.h"
#include "base/view.h"

enum { ARENA_PLAIN = 0, ARENA_SECRET = 1 }; /* ARENA_SECRET: wiped when given back */

struct arena_block;
struct arena {
	struct arena_block *last;
	size_t used_bytes; /* taken from the heap, blocks and all */
	size_t limit_bytes;
	int flags;
	bool without_memory; /* the latest refusal was the machine's, not the limit's */
	struct heap_account *account;
};

struct arena_mark {
	struct arena_block *block;
	size_t at;
};

void arena_init(struct arena *a, size_t limit_bytes, int flags);
/* Charged to an account, too. */
void arena_init_in(struct arena *a, struct heap_account *account, size_t limit_bytes, int flags);
/* Gives back all blocks; the arena may be used again afterwards. */
void arena_done(struct arena *a);
/* n zeroed bytes aligned to 16; NULL past the limit or without memory. */
void *arena_take(struct arena *a, size_t n) UC_MUST_USE;
/* Why there was none: UC_E_LIMIT or UC_E_MEMORY. */
uc_err UC_MUST_USE arena_error(const struct arena *a);
/* count * size with the overflow checked. */
void *arena_take_array(struct arena *a, size_t count, size_t size) UC_MUST_USE;
#define ARENA_NEW(a, type)          ((type *)arena_take((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_take_array((a), (count), sizeof(type)))
/* Copies v and appends a zero byte outside the view. */
uc_err UC_MUST_USE arena_copy(struct arena *a, struct view v, struct view *out);
/* What was taken after the mark is given back by the reset (stack order). */
struct arena_mark arena_mark(const struct arena *a);
void arena_reset(struct arena *a, struct arena_mark m);

#endif
