/* SPDX-License-Identifier: Apache-2.0 */
/* For targets that read structs: the first byte of the input chooses a walk, the rest is read by
 * it, and what is accepted must be written again byte for byte. */
#ifndef TESTS_FUZZ_WALKS_H
#define TESTS_FUZZ_WALKS_H

#include "tests/fuzz/fuzz.h"

#include "wire/wire.h"

struct fuzz_walk {
	wire_element *walk;
	size_t size;
};
/* struct name and name_element, as most have them. */
#define FUZZ_WALK(name) { name##_element, sizeof(struct name) },
/* static void name_walk(...) around wire_name, where there is no element. */
#define FUZZ_ELEMENT(name)                                  \
	static void name##_element(struct wire *w, void *v) \
	{                                                   \
		wire_##name(w, v);                          \
	}

/* Is it accepted, the object is in the arena and the result; NULL otherwise. */
static inline void *fuzz_walk(const struct fuzz_walk *f, struct view in, struct arena *a)
{
	struct buf again;
	void *object = arena_take(a, f->size);
	if (!object || wire_decode(in, a, f->walk, object))
		return NULL;
	buf_init(&again, WIRE_OBJECT_MAX);
	fuzz_expect(!wire_encode(&again, f->walk, object));
	fuzz_expect(view_equal(buf_view(&again), in));
	buf_done(&again);
	return object;
}

static inline int fuzz_walks(const struct fuzz_walk *rows, size_t n, struct view in)
{
	struct arena a;
	if (!in.n)
		return 0;
	arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
	fuzz_walk(&rows[in.p[0] % n], view_slice(in, 1, SIZE_MAX), &a);
	arena_done(&a);
	return 0;
}

#endif
