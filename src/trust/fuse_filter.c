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

struct work {
	struct shape shape;
	const uint64_t *keys;
	uint32_t n;
	uint64_t *sum;   /* slot: the hashes that fall on it, exclusive-or */
	uint8_t *load;   /* slot: how many they are */
	uint32_t *alone; /* slots that had one, to be looked at */
	uint64_t *order; /* hashes as they were taken out */
	uint8_t *which;  /* of their places, the one that was theirs alone */
};

static uc_err work_init(struct work *w, struct arena *a)
{
	w->sum = ARENA_ARRAY(a, uint64_t, w->shape.slots);
	w->load = ARENA_ARRAY(a, uint8_t, w->shape.slots);
	w->alone = ARENA_ARRAY(a, uint32_t, w->shape.slots);
	w->order = ARENA_ARRAY(a, uint64_t, w->n);
	w->which = ARENA_ARRAY(a, uint8_t, w->n);
	return w->sum && w->load && w->alone && w->order && w->which ? UC_OK : arena_error(a);
}

/* False when a slot's load is past counting. */
static bool keys_in(struct work *w, uint64_t seed)
{
	uint32_t at[PLACES];
	bool fits = true;
	memset(w->sum, 0, (size_t)w->shape.slots * sizeof *w->sum);
	memset(w->load, 0, w->shape.slots);
	for (uint32_t i = 0; i < w->n; i++) {
		uint64_t hash = mix(w->keys[i] + seed);
		places_of(w->shape.segment, w->shape.segments, hash, at);
		for (int j = 0; j < PLACES; j++) {
			w->sum[at[j]] ^= hash;
			fits &= ++w->load[at[j]] != 0;
		}
	}
	return fits;
}

/* True when every key was taken out. */
static bool keys_out(struct work *w)
{
	uint32_t taken = 0, waiting = 0, at[PLACES];
	for (uint32_t s = 0; s < w->shape.slots; s++)
		if (w->load[s] == 1)
			w->alone[waiting++] = s;
	while (waiting) {
		uint32_t slot = w->alone[--waiting];
		if (w->load[slot] != 1)
			continue;
		uint64_t hash = w->sum[slot];
		places_of(w->shape.segment, w->shape.segments, hash, at);
		w->order[taken] = hash;
		for (int j = 0; j < PLACES; j++) {
			if (at[j] == slot)
				w->which[taken] = (uint8_t)j;
			w->sum[at[j]] ^= hash;
			if (--w->load[at[j]] == 1)
				w->alone[waiting++] = at[j];
		}
		taken++;
	}
	return taken == w->n;
}

static void prints_set(const struct work *w, uint8_t *prints)
{
	uint32_t at[PLACES];
	for (uint32_t i = w->n; i--;) {
		places_of(w->shape.segment, w->shape.segments, w->order[i], at);
		uint32_t slot = at[w->which[i]];
		uint16_t v = print_of(w->order[i]);
		for (int j = 0; j < PLACES; j++)
			v ^= at[j] == slot ? 0 : print_at(prints, at[j]);
		prints[(size_t)slot * 2] = (uint8_t)(v >> 8);
		prints[(size_t)slot * 2 + 1] = (uint8_t)v;
	}
}

static uc_err prints_make(struct work *w, uint64_t *seed, struct arena *a, uint8_t *prints)
{
	TRY(work_init(w, a));
	for (int i = 0; i < FUSE_TRIES_MAX; i++) {
		uint64_t next = *seed + (uint64_t)i * 0x9e3779b97f4a7c15;
		if (keys_in(w, next) && keys_out(w)) {
			*seed = next;
			prints_set(w, prints);
			return UC_OK;
		}
	}
	return UC_E_LIMIT;
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
	struct fuse_head h = *head;
	if (n > FUSE_KEYS_MAX)
		return UC_E_TOO_LARGE;
	h.count = made_distinct(keys, n);
	struct work w = { .shape = shape_of(h.count), .keys = keys, .n = h.count };
	size_t size = fuse_filter_size(h.count);
	uint8_t *bytes = arena_take(a, size);
	if (!bytes)
		return arena_error(a);
	struct arena_mark mark = arena_mark(a);
	struct view encoded = { NULL, 0 };
	uc_err err = prints_make(&w, &h.seed, a, bytes + FUSE_HEAD);
	if (!err)
		err = wire_encode_to(a, fuse_head_element, &h, &encoded);
	if (!err) {
		memcpy(bytes, encoded.p, FUSE_HEAD);
		*out = view_make(bytes, size);
	}
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
