/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/repeats_past.h"

#include "base/heap.h"

#define WORK_MAX ((size_t)64 * 1024 * 1024)

static uc_err build(const struct env *env, uint64_t *marks, size_t n, struct arena *a,
		    struct view *out)
{
	/* Messages are their senders' to choose: nobody knows what would make a seed fail. */
	struct fuse_head head = { .day = 0 };
	TRY(env_random(env, (uint8_t *)&head.seed, sizeof head.seed));
	return fuse_filter_build(&head, marks, n, a, out);
}

uc_err repeats_past_make(const struct env *env, uint64_t *marks, size_t n, uint64_t first,
			 struct repeats_past **out)
{
	struct repeats_past *x = NULL;
	struct view filter = { 0 };
	struct arena a;
	size_t some = 0;
	for (size_t i = 0; i < n; i++)
		if (marks[i])
			marks[some++] = marks[i];
	arena_init(&a, WORK_MAX, ARENA_PLAIN);
	uc_err err = build(env, marks, some, &a, &filter);
	if (!err && !(x = heap_new_raw(sizeof *x + filter.n)))
		err = UC_E_MEMORY;
	if (!err) {
		*x = (struct repeats_past){ .first = first, .end = first + n };
		x->bytes = sizeof *x + filter.n;
		memcpy(x->encoded, filter.p, filter.n);
		err = fuse_filter_read(view_make(x->encoded, filter.n), &x->filter);
	}
	arena_done(&a);
	if (err)
		heap_free(x);
	else
		*out = x;
	return err;
}

bool repeats_past_may_have(const struct repeats_past *x, uint64_t mark)
{
	return x->filter.head.count && fuse_filter_has(&x->filter, mark);
}
