/* SPDX-License-Identifier: Apache-2.0 */
/* Deterministic CBOR (RFC 8949, 4.2.1), both directions, walked as in wire.h: shortest forms,
 * definite lengths, map keys in bytewise order, valid UTF-8.  Anything else is refused, in reading
 * and in writing: UC_E_TEXT for text that is not UTF-8, UC_E_LIMIT past a limit, UC_E_CBOR for the
 * rest.  What was read is therefore written again byte for byte. */
#ifndef WIRE_CBOR_H
#define WIRE_CBOR_H

#include "wire/wire.h"

enum cbor_major {
	CBOR_UINT = 0,
	CBOR_NINT = 1,
	CBOR_BYTES = 2,
	CBOR_TEXT = 3,
	CBOR_ARRAY = 4,
	CBOR_MAP = 5,
	CBOR_TAG = 6,
	CBOR_SIMPLE = 7, /* and floating point */
};
enum {
	CBOR_DEPTH_MAX = 16, /* arrays and maps open at once */
};
/* Integers as a double holds them without loss, 2^53 - 1 either way. */
#define CBOR_INT_MAX ((int64_t)1 << 53)

/* Reading: the major type of what comes next; CBOR_SIMPLE at the end. */
enum cbor_major cbor_next(const struct wire *w);

void cbor_u8(struct wire *w, uint8_t *v);
void cbor_u16(struct wire *w, uint16_t *v);
void cbor_u32(struct wire *w, uint32_t *v);
void cbor_u64(struct wire *w, uint64_t *v);
/* Less than CBOR_INT_MAX from zero. */
void cbor_int(struct wire *w, int64_t *v);
void cbor_bool(struct wire *w, bool *v);
/* null or something else: writes null when told to; reading, true when null stood here. */
bool cbor_null(struct wire *w, bool null);
void cbor_bytes(struct wire *w, struct view *v);
/* A byte string of n bytes, in the caller's array. */
void cbor_fixed(struct wire *w, uint8_t *v, size_t n);
void cbor_text(struct wire *w, struct view *v);

/* The head of an array whose elements the walk goes through by itself, up to cbor_close. */
void cbor_open(struct wire *w, size_t *n);
/* The same for an array that always has n elements. */
void cbor_open_fixed(struct wire *w, size_t n);
void cbor_close(struct wire *w);

/* An array of at most `most` elements of `size` bytes in memory.  Use CBOR_LIST. */
void cbor_list(struct wire *w, void **v, size_t *n, size_t size, size_t most, wire_element *each);
/* A map: each walks one key and its value.  Use CBOR_MAP_LIST. */
void cbor_map(struct wire *w, void **v, size_t *n, size_t size, size_t most, wire_element *each);

/* l is a pointer to a struct { T *v; size_t n; } */
#define CBOR_WALK_LIST(walk, w, l, most, each)                                \
	do {                                                                  \
		void *list_v_ = (l)->v;                                       \
		walk((w), &list_v_, &(l)->n, sizeof *(l)->v, (most), (each)); \
		if (wire_reading(w))                                          \
			(l)->v = list_v_;                                     \
	} while (0)
#define CBOR_LIST(w, l, most, each)     CBOR_WALK_LIST(cbor_list, w, l, most, each)
#define CBOR_MAP_LIST(w, l, most, each) CBOR_WALK_LIST(cbor_map, w, l, most, each)

/* One item of any kind, as its encoded bytes, checked: arrays, maps and tags at most `levels` deep;
 * keys are integers as of cbor_int, text or bytes; NaN only as f97e00; no big integer where a
 * plain one does. */
void cbor_any(struct wire *w, struct view *v, unsigned levels);
/* The text that an encoded item is; UC_E_CBOR when it is something else. */
uc_err UC_MUST_USE cbor_text_of(struct view item, struct view *text);

#endif
