/* SPDX-License-Identifier: Apache-2.0 */
/* Journals from anywhere: what loads makes a store whose snapshot makes the same store; anything
 * else is corrupt, and leaves the store as it was. */
#include "base/buf.h"
#include "web/journaled.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int sink(const uint8_t *p, size_t n)
{
	(void)p;
	(void)n;
	return 0;
}

static void snapshot(struct journaled *j, struct buf *out)
{
	struct view piece = { NULL, 1 };
	for (bool first = true; piece.n; first = false) {
		if (journaled_snapshot(j, first, &piece))
			assert(false);
		buf_add_view(out, piece);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct journaled *one = journaled_new(sink), *two = journaled_new(sink);
	struct buf a, b;
	buf_init(&a, 1 << 24);
	buf_init(&b, 1 << 24);
	assert(one && two);
	uc_err err = journaled_load(one, view_make(data, size));
	assert(!err || err == UC_E_CORRUPT);
	snapshot(one, &a);
	assert(!err || !a.n);
	if (journaled_load(two, buf_view(&a)))
		assert(false);
	snapshot(two, &b);
	assert(view_equal(buf_view(&a), buf_view(&b)));
	buf_done(&a);
	buf_done(&b);
	journaled_free(one);
	journaled_free(two);
	return 0;
}
