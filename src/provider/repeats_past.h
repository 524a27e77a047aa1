/* SPDX-License-Identifier: Apache-2.0 */
/* Marks of a row of entries that are not asked for often (repeats.c): some three bytes of each,
 * which say that a mark is not among them, or that it may be. */
#ifndef PROVIDER_REPEATS_PAST_H
#define PROVIDER_REPEATS_PAST_H

#include "base/env.h"
#include "trust/fuse_filter.h"

struct repeats_past {
	struct repeats_past *next; /* older */
	uint64_t first, end;       /* entries from first to before end */
	size_t bytes;              /* in memory */
	struct fuse_filter filter; /* of what is behind the struct */
	uint8_t encoded[];
};

/* Of n marks, of which those that are 0 count for nothing; they are sorted in place.  The caller
 * frees it (heap_free). */
uc_err UC_MUST_USE repeats_past_make(const struct env *env, uint64_t *marks, size_t n,
				     uint64_t first, struct repeats_past **out);
/* false: certainly not; true: perhaps, once in 2^16 for nothing. */
bool repeats_past_may_have(const struct repeats_past *x, uint64_t mark);

#endif
