/* SPDX-License-Identifier: Apache-2.0 */
/* What is to happen, in order of time, and at one time in order of planning: a binary heap. */
#include "base/heap.h"
#include "tests/sim/sim.h"

struct view bytes_copy(struct view v)
{
	uint8_t *p = v.n ? heap_new(v.n) : NULL;
	if (!p)
		return NO_BYTES;
	memcpy(p, v.p, v.n);
	return view_make(p, v.n);
}

void bytes_free(struct view owned)
{
	union {
		const uint8_t *shown;
		void *owned;
	} p = { .shown = owned.p };
	heap_free(p.owned);
}

static bool before(const struct happening *a, const struct happening *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct happening *a, struct happening *b)
{
	struct happening c = *a;
	*a = *b;
	*b = c;
}

static bool grow(struct timeline *t)
{
	if (t->n < t->cap)
		return true;
	size_t cap = t->cap ? t->cap * 2 : 256;
	struct happening *v = heap_new(cap * sizeof *v);
	if (!v)
		return false;
	if (t->n)
		memcpy(v, t->v, t->n * sizeof *v);
	heap_free(t->v);
	t->v = v;
	t->cap = cap;
	return true;
}

void timeline_add(struct world *w, uint64_t at_ms, happen *run, void *subject, uint64_t number,
		  struct view bytes)
{
	struct timeline *t = &w->timeline;
	struct view copy = bytes_copy(bytes);
	if (!grow(t) || copy.n != bytes.n) {
		sim_fail(w, "no memory");
		bytes_free(copy);
		return;
	}
	size_t i = t->n++;
	t->v[i] = (struct happening){
		at_ms < w->now_ms ? w->now_ms : at_ms, t->order++, run, subject, number, copy
	};
	for (; i && before(&t->v[i], &t->v[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&t->v[i], &t->v[(i - 1) / 2]);
}

bool timeline_next(struct timeline *t, struct happening *out)
{
	if (!t->n)
		return false;
	*out = t->v[0];
	t->v[0] = t->v[--t->n];
	for (size_t i = 0;;) {
		size_t least = i, left = 2 * i + 1, right = left + 1;
		if (left < t->n && before(&t->v[left], &t->v[least]))
			least = left;
		if (right < t->n && before(&t->v[right], &t->v[least]))
			least = right;
		if (least == i)
			return true;
		swap(&t->v[i], &t->v[least]);
		i = least;
	}
}

void timeline_done(struct timeline *t)
{
	for (size_t i = 0; i < t->n; i++)
		bytes_free(t->v[i].bytes);
	heap_free(t->v);
	*t = (struct timeline){ 0 };
}
