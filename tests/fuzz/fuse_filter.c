/* SPDX-License-Identifier: Apache-2.0 */
/* Filters from bytes that nobody vouches for: what is taken can be asked anything.  And filters of keys
 * that somebody chose: all that went in is found, and what was made is read. */
#include "tests/fuzz/fuzz.h"

#include "trust/fuse_filter.h"

enum { KEYS_MAX = 512 };

static uint64_t number_at(const uint8_t *p)
{
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static void asked(struct view in)
{
	struct fuse_filter f;
	if (fuse_filter_read(in, &f))
		return;
	fuzz_expect(in.n == fuse_filter_size(f.head.count));
	unsigned found = 0;
	for (uint64_t i = 0; i < 64; i++)
		found += fuse_filter_has(&f, i * 0x9e3779b97f4a7c15);
	fuzz_expect(f.head.count || !found);
}

/* The first eight bytes are the seed; keys follow, close to each other where one byte stands for
 * each, any where eight do. */
static void built(struct view in)
{
	uint64_t keys[KEYS_MAX];
	struct fuse_head head = { .seed = number_at(in.p) };
	struct fuse_filter f;
	struct arena a;
	struct view made;
	unsigned step = head.seed & 1 ? 1 : 8;
	size_t n = 0;
	for (size_t at = 8; at + 8 <= in.n && n < KEYS_MAX; at += step)
		keys[n++] = step == 1 ? in.p[at] : number_at(in.p + at);
	arena_init(&a, (size_t)1 << 20, ARENA_PLAIN);
	if (!fuse_filter_build(&head, keys, n, &a, &made)) {
		fuzz_expect(!fuse_filter_read(made, &f));
		for (size_t i = 0; i < f.head.count; i++)
			fuzz_expect(fuse_filter_has(&f, keys[i]));
	}
	arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct view in = view_make(data, n);
	asked(in);
	if (n >= 8)
		built(in);
	return 0;
}
