/* SPDX-License-Identifier: Apache-2.0 */
/* Building takes slots that one key alone falls on, again and again, until no key is left, and then
 * gives the keys their slots backwards: each sets the slot that was its own alone so that its three
 * give its fingerprint. */
#include "trust/fuse_filter.h"

#include "wire/wire.h"

#include <stdlib.h>

enum { PLACES = 3, BITS_MAX = 24 };

struct shape {
	uint32_t segment, segments; /* a power of two */
	uint32_t slots;
};

/* A segment is of 2^k slots from 3.33^(k - 2.25) keys on; and slots there are, for each 1,024 keys,
 * 1024 * max(1.125, 0.875 + 0.25 ln(10^6) / ln(keys)), taken at the power of two below.  In whole
 * numbers, so that every machine has the same. */
static struct shape shape_of(uint32_t count)
{
	static const uint32_t from[] = { 3,     9,     28,     92,     304,     1010,   3362,
					 11193, 37273, 124118, 413310, 1376322, 4583150 };
	static const uint16_t factor[BITS_MAX + 1] = {
		0,    0,    5999, 3448, 2597, 2172, 1917, 1747, 1625, 1534, 1463, 1407, 1360,
		1322, 1289, 1261, 1237, 1215, 1197, 1180, 1165, 1152, 1152, 1152, 1152,
	};
	struct shape s = { .segment = 4 };
	for (size_t i = 0; i < sizeof from / sizeof from[0] && count >= from[i]; i++)
		s.segment *= 2;
	unsigned bits = 0;
	while (bits < BITS_MAX && count >> bits)
		bits++;
	uint64_t wanted = ((uint64_t)count * factor[bits] + 1023) / 1024;
	uint64_t blocks = (wanted + s.segment - 1) / s.segment;
	s.segments = blocks > PLACES ? (uint32_t)(blocks - (PLACES - 1)) : 1;
	s.slots = (s.segments + PLACES - 1) * s.segment;
	return s;
}

/* The finalizer of SplitMix64 (Steele, Lea and Flood 2014): one to one, so that different keys stay
 * different. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

static uint16_t print_of(uint64_t hash)
{
	return (uint16_t)(hash ^ (hash >> 32));
}

/* Three neighbouring segments, a place in each. */
static void places_of(uint32_t segment, uint32_t segments, uint64_t hash, uint32_t out[PLACES])
{
	uint32_t mask = segment - 1;
	uint32_t first = (uint32_t)(((hash >> 32) * ((uint64_t)segment * segments)) >> 32);
	out[0] = first;
	out[1] = (first + segment) ^ ((uint32_t)(hash >> 18) & mask);
	out[2] = (first + 2 * segment) ^ ((uint32_t)hash & mask);
}

static uint16_t print_at(const uint8_t *prints, uint32_t slot)
{
	const uint8_t *p = prints + (size_t)slot * 2;
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void wire_fuse_head(struct wire *w, struct fuse_head *h)
{
	uint8_t version = FUSE_VERSION;
	wire_u8(w, &version);
	if (version != FUSE_VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_u32(w, &h->day);
	wire_fixed(w, h->prf_key, sizeof h->prf_key);
	wire_u64(w, &h->seed);
	wire_u32(w, &h->count);
}
WIRE_ELEMENT(fuse_head)

size_t fuse_filter_size(uint32_t count)
{
	return FUSE_HEAD + (size_t)shape_of(count).slots * 2;
}

/* --- building --- */

enum phase { PHASE_CLEAR, PHASE_IN, PHASE_FIND, PHASE_OUT, PHASE_SET, PHASE_DONE };

uc_err fuse_build_begin(struct fuse_build *b, const struct fuse_head *head, const uint64_t *keys,
			size_t n, uint8_t *out, struct arena *a)
{
	if (n > FUSE_KEYS_MAX)
		return UC_E_TOO_LARGE;
	struct shape s = shape_of((uint32_t)n);
	struct fuse_build made = { .head = *head, .keys = keys, .out = out, .work = a };
	made.head.count = (uint32_t)n;
	made.segment = s.segment;
	made.segments = s.segments;
	made.slots = s.slots;
	made.sum = ARENA_ARRAY(a, uint64_t, s.slots);
	made.load = ARENA_ARRAY(a, uint8_t, s.slots);
	made.alone = ARENA_ARRAY(a, uint32_t, s.slots);
	made.order = ARENA_ARRAY(a, uint64_t, n);
	made.which = ARENA_ARRAY(a, uint8_t, n);
	if (!made.sum || !made.load || !made.alone || !made.order || !made.which)
		return arena_error(a);
	*b = made;
	return UC_OK;
}

static void phase_begin(struct fuse_build *b, enum phase phase, uint32_t at)
{
	b->phase = (uint8_t)phase;
	b->at = at;
}

static uc_err try_again(struct fuse_build *b)
{
	if (++b->tries == FUSE_TRIES_MAX)
		return UC_E_LIMIT;
	b->head.seed += 0x9e3779b97f4a7c15;
	b->waiting = b->taken = 0;
	phase_begin(b, PHASE_CLEAR, 0);
	return UC_OK;
}

static void slot_clear(struct fuse_build *b, uint32_t slot)
{
	b->sum[slot] = 0;
	b->load[slot] = 0;
	memset(b->out + FUSE_HEAD + (size_t)slot * 2, 0, 2);
}

static uc_err key_in(struct fuse_build *b, uint32_t i)
{
	uint32_t at[PLACES];
	uint64_t hash = mix(b->keys[i] + b->head.seed);
	bool fits = true;
	if (i && b->keys[i] <= b->keys[i - 1])
		return UC_E_ARGUMENT;
	places_of(b->segment, b->segments, hash, at);
	for (int j = 0; j < PLACES; j++) {
		b->sum[at[j]] ^= hash;
		fits &= ++b->load[at[j]] != 0;
	}
	return fits ? UC_OK : try_again(b); /* past counting */
}

static void slot_find(struct fuse_build *b, uint32_t slot)
{
	if (b->load[slot] == 1)
		b->alone[b->waiting++] = slot;
}

/* The last of those that wait is looked at: the one key that falls there is taken out. */
static void key_out(struct fuse_build *b)
{
	uint32_t slot = b->alone[--b->waiting], at[PLACES];
	if (b->load[slot] != 1)
		return;
	uint64_t hash = b->sum[slot];
	places_of(b->segment, b->segments, hash, at);
	b->order[b->taken] = hash;
	for (int j = 0; j < PLACES; j++) {
		if (at[j] == slot)
			b->which[b->taken] = (uint8_t)j;
		b->sum[at[j]] ^= hash;
		b->load[at[j]]--;
		slot_find(b, at[j]);
	}
	b->taken++;
}

static void print_set(struct fuse_build *b, uint32_t i)
{
	uint8_t *prints = b->out + FUSE_HEAD;
	uint32_t at[PLACES];
	places_of(b->segment, b->segments, b->order[i], at);
	uint32_t slot = at[b->which[i]];
	uint16_t v = print_of(b->order[i]);
	for (int j = 0; j < PLACES; j++)
		v ^= at[j] == slot ? 0 : print_at(prints, at[j]);
	prints[(size_t)slot * 2] = (uint8_t)(v >> 8);
	prints[(size_t)slot * 2 + 1] = (uint8_t)v;
}

static uc_err head_set(struct fuse_build *b)
{
	struct view encoded;
	TRY(wire_encode_to(b->work, fuse_head_element, &b->head, &encoded));
	memcpy(b->out, encoded.p, FUSE_HEAD);
	phase_begin(b, PHASE_DONE, 0);
	return UC_OK;
}

/* One slot or key; or the phase is over, and the next begins. */
static uc_err go_on(struct fuse_build *b)
{
	uint32_t i = b->at++;
	switch ((enum phase)b->phase) {
	case PHASE_CLEAR:
		if (i < b->slots)
			slot_clear(b, i);
		else
			phase_begin(b, PHASE_IN, 0);
		return UC_OK;
	case PHASE_IN:
		if (i < b->head.count)
			return key_in(b, i);
		phase_begin(b, PHASE_FIND, 0);
		return UC_OK;
	case PHASE_FIND:
		if (i < b->slots)
			slot_find(b, i);
		else
			phase_begin(b, PHASE_OUT, 0);
		return UC_OK;
	case PHASE_OUT:
		if (b->waiting)
			key_out(b);
		else if (b->taken < b->head.count)
			return try_again(b);
		else
			phase_begin(b, PHASE_SET, 0);
		return UC_OK;
	case PHASE_SET:
		if (i == b->taken)
			return head_set(b);
		print_set(b, b->taken - 1 - i);
		return UC_OK;
	case PHASE_DONE:
		break;
	}
	return UC_OK;
}

uc_err fuse_build_go_on(struct fuse_build *b, uint32_t steps)
{
	while (b->phase != PHASE_DONE) {
		if (!steps--)
			return UC_E_PENDING;
		TRY(go_on(b));
	}
	return UC_OK;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static uint32_t made_distinct(uint64_t *keys, size_t n)
{
	uint32_t kept = 0;
	if (n)
		qsort(keys, n, sizeof *keys, by_value);
	for (size_t i = 0; i < n; i++)
		if (!kept || keys[i] != keys[kept - 1])
			keys[kept++] = keys[i];
	return kept;
}

uc_err fuse_filter_build(const struct fuse_head *head, uint64_t *keys, size_t n, struct arena *a,
			 struct view *out)
{
	struct fuse_build b = { .phase = PHASE_DONE };
	if (n > FUSE_KEYS_MAX)
		return UC_E_TOO_LARGE;
	uint32_t count = made_distinct(keys, n);
	size_t size = fuse_filter_size(count);
	uint8_t *bytes = arena_take(a, size);
	if (!bytes)
		return arena_error(a);
	struct arena_mark mark = arena_mark(a);
	uc_err err = fuse_build_begin(&b, head, keys, count, bytes, a);
	while (!err && (err = fuse_build_go_on(&b, UINT32_MAX)) == UC_E_PENDING)
		err = UC_OK;
	if (!err)
		*out = view_make(bytes, size);
	arena_reset(a, mark);
	return err;
}

/* --- asking --- */

uc_err fuse_filter_read(struct view in, struct fuse_filter *out)
{
	struct fuse_filter f = { .prints = in.p };
	struct view head = view_slice(in, 0, FUSE_HEAD);
	TRY(wire_decode(head, NULL, fuse_head_element, &f.head));
	if (f.head.count > FUSE_KEYS_MAX)
		return UC_E_MALFORMED;
	size_t size = fuse_filter_size(f.head.count);
	if (in.n != size)
		return in.n < size ? UC_E_MALFORMED : UC_E_TRAILING;
	struct shape s = shape_of(f.head.count);
	f.prints = in.p + FUSE_HEAD;
	f.segment = s.segment;
	f.segments = s.segments;
	*out = f;
	return UC_OK;
}

bool fuse_filter_has(const struct fuse_filter *f, uint64_t key)
{
	uint32_t at[PLACES];
	uint64_t hash = mix(key + f->head.seed);
	uint16_t v = print_of(hash);
	places_of(f->segment, f->segments, hash, at);
	for (int i = 0; i < PLACES; i++)
		v ^= print_at(f->prints, at[i]);
	return (v == 0) & (f->head.count != 0);
}
