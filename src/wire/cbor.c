/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/cbor.h"

#include "base/text.h"
#include "wire/cbor_item.h"

enum { FALSE_BYTE = 0xf4, TRUE_BYTE = 0xf5, NULL_BYTE = 0xf6 };

static size_t left(const struct wire *w)
{
	return (size_t)(w->end - w->p);
}

enum cbor_major cbor_next(const struct wire *w)
{
	return w->failed || !left(w) ? CBOR_SIMPLE : (enum cbor_major)(*w->p >> 5);
}

/* The head of an item of this kind; 0 on failure. */
static uint64_t get_head(struct wire *w, enum cbor_major major)
{
	struct cbor_head h;
	if (w->failed)
		return 0;
	struct view rest = { w->p, left(w) };
	if (cbor_head_read(&rest, &h) || h.major != major) {
		wire_fail(w, UC_E_CBOR);
		return 0;
	}
	w->p = rest.p;
	return h.value;
}

static unsigned argument_bytes(uint64_t value)
{
	if (value < 24)
		return 0;
	if (value <= UINT8_MAX)
		return 1;
	if (value <= UINT16_MAX)
		return 2;
	return value <= UINT32_MAX ? 4 : 8;
}

static void put_head(struct wire *w, enum cbor_major major, uint64_t value)
{
	static const uint8_t minor[] = { 0, 24, 25, 0, 26, 0, 0, 0, 27 };
	unsigned n = argument_bytes(value);
	uint8_t b[9];
	b[0] = (uint8_t)((unsigned)major << 5 | (n ? minor[n] : (unsigned)value));
	for (unsigned i = 0; i < n; i++)
		b[1 + i] = (uint8_t)(value >> 8 * (n - 1 - i));
	buf_add(w->out, b, 1 + n);
}

#define CBOR_WALK_UINT(name, type, most)             \
	void name(struct wire *w, type *v)           \
	{                                            \
		if (!wire_reading(w)) {              \
			put_head(w, CBOR_UINT, *v);  \
			return;                      \
		}                                    \
		uint64_t n = get_head(w, CBOR_UINT); \
		if (n > (most))                      \
			wire_fail(w, UC_E_CBOR);     \
		*v = w->failed ? 0 : (type)n;        \
	}
CBOR_WALK_UINT(cbor_u8, uint8_t, UINT8_MAX)
CBOR_WALK_UINT(cbor_u16, uint16_t, UINT16_MAX)
CBOR_WALK_UINT(cbor_u32, uint32_t, UINT32_MAX)
CBOR_WALK_UINT(cbor_u64, uint64_t, UINT64_MAX)

void cbor_int(struct wire *w, int64_t *v)
{
	if (!wire_reading(w)) {
		if (*v <= -CBOR_INT_MAX || *v >= CBOR_INT_MAX)
			wire_fail(w, UC_E_CBOR);
		else if (*v < 0)
			put_head(w, CBOR_NINT, (uint64_t)(-1 - *v));
		else
			put_head(w, CBOR_UINT, (uint64_t)*v);
		return;
	}
	bool negative = cbor_next(w) == CBOR_NINT;
	uint64_t n = get_head(w, negative ? CBOR_NINT : CBOR_UINT);
	if (n >= (uint64_t)CBOR_INT_MAX - negative) {
		wire_fail(w, UC_E_CBOR);
		n = 0;
	}
	*v = w->failed ? 0 : negative ? -1 - (int64_t)n : (int64_t)n;
}

void cbor_bool(struct wire *w, bool *v)
{
	if (!wire_reading(w)) {
		buf_add_byte(w->out, *v ? TRUE_BYTE : FALSE_BYTE);
		return;
	}
	*v = left(w) && *w->p == TRUE_BYTE;
	if (!left(w) || (*w->p != TRUE_BYTE && *w->p != FALSE_BYTE))
		wire_fail(w, UC_E_CBOR);
	else
		w->p++;
}

bool cbor_null(struct wire *w, bool null)
{
	if (wire_reading(w)) {
		null = left(w) && *w->p == NULL_BYTE;
		w->p += null;
	} else if (null) {
		buf_add_byte(w->out, NULL_BYTE);
	}
	return null;
}

static void string(struct wire *w, enum cbor_major major, struct view *v)
{
	if (!wire_reading(w)) {
		put_head(w, major, v->n);
		buf_add_view(w->out, *v);
		return;
	}
	uint64_t n = get_head(w, major);
	if (n > left(w))
		wire_fail(w, UC_E_CBOR);
	*v = w->failed ? (struct view){ NULL, 0 } : view_make(w->p, (size_t)n);
	w->p += v->n;
}

void cbor_bytes(struct wire *w, struct view *v)
{
	string(w, CBOR_BYTES, v);
}

void cbor_fixed(struct wire *w, uint8_t *v, size_t n)
{
	struct view bytes = { NULL, 0 };
	if (!wire_reading(w)) {
		put_head(w, CBOR_BYTES, n);
		buf_add(w->out, v, n);
		return;
	}
	string(w, CBOR_BYTES, &bytes);
	if (bytes.p && bytes.n == n) {
		memcpy(v, bytes.p, n);
	} else {
		wire_fail(w, UC_E_CBOR);
		memset(v, 0, n);
	}
}

void cbor_text(struct wire *w, struct view *v)
{
	string(w, CBOR_TEXT, v);
	if (!w->failed && !utf8_is_valid(*v)) {
		wire_fail(w, UC_E_TEXT);
		if (wire_reading(w))
			*v = (struct view){ NULL, 0 };
	}
}

/* --- arrays and maps --- */

static void open_items(struct wire *w, enum cbor_major major, size_t *n)
{
	if (w->depth >= CBOR_DEPTH_MAX)
		wire_fail(w, UC_E_LIMIT);
	w->depth++;
	if (!wire_reading(w)) {
		put_head(w, major, *n);
		return;
	}
	uint64_t count = get_head(w, major);
	/* An element is a byte at least. */
	if (count > left(w))
		wire_fail(w, UC_E_CBOR);
	*n = w->failed ? 0 : (size_t)count;
}

void cbor_open(struct wire *w, size_t *n)
{
	open_items(w, CBOR_ARRAY, n);
}

void cbor_open_fixed(struct wire *w, size_t n)
{
	size_t count = n;
	open_items(w, CBOR_ARRAY, &count);
	if (count != n)
		wire_fail(w, UC_E_CBOR);
}

void cbor_close(struct wire *w)
{
	w->depth--;
}

/* How far the walk has come: an offset, as a buffer moves when it grows. */
static size_t position(const struct wire *w, const uint8_t *start)
{
	return wire_reading(w) ? (size_t)(w->p - start) : w->out->n;
}

/* The encoded key of the entry that begins at the offset and has been walked. */
static struct view key_at(struct wire *w, const uint8_t *start, size_t at)
{
	const uint8_t *base = wire_reading(w) ? start : w->out->p;
	struct view rest = { base + at, position(w, start) - at }, key = rest;
	if (w->failed || (!wire_reading(w) && w->out->failed) || cbor_item_check(&rest, 0)) {
		wire_fail(w, UC_E_CBOR);
		return (struct view){ NULL, 0 };
	}
	key.n -= rest.n;
	return key;
}

static void elements(struct wire *w, uint8_t *v, size_t n, size_t size, wire_element *each,
		     bool keys)
{
	const uint8_t *start = w->p;
	size_t before = 0;
	for (size_t i = 0; i < n && !w->failed; i++) {
		size_t at = position(w, start);
		each(w, v + i * size);
		if (!keys || w->failed)
			continue;
		struct view key = key_at(w, start, at);
		if (!w->failed && i && view_compare(key_at(w, start, before), key) >= 0)
			wire_fail(w, UC_E_CBOR);
		before = at;
	}
}

static void list(struct wire *w, enum cbor_major major, void **v, size_t *n, size_t size,
		 size_t most, wire_element *each)
{
	open_items(w, major, n);
	if (*n > most) {
		wire_fail(w, UC_E_LIMIT);
	} else if (wire_reading(w)) {
		*v = w->failed || !*n ? NULL : arena_take_array(w->mem, *n, size);
		if (*n && !w->failed && !*v)
			wire_fail(w, arena_error(w->mem));
	}
	if (!w->failed && *n)
		elements(w, *v, *n, size, each, major == CBOR_MAP);
	if (wire_reading(w) && w->failed) {
		*v = NULL;
		*n = 0;
	}
	cbor_close(w);
}

void cbor_list(struct wire *w, void **v, size_t *n, size_t size, size_t most, wire_element *each)
{
	list(w, CBOR_ARRAY, v, n, size, most, each);
}

void cbor_map(struct wire *w, void **v, size_t *n, size_t size, size_t most, wire_element *each)
{
	list(w, CBOR_MAP, v, n, size, most, each);
}

/* --- items of any kind --- */

void cbor_any(struct wire *w, struct view *v, unsigned levels)
{
	struct view item = wire_reading(w) ? view_make(w->p, left(w)) : *v, rest = item;
	uc_err err = w->failed ? w->failed : cbor_item_check(&rest, levels);
	if (!err && !wire_reading(w) && rest.n)
		err = UC_E_CBOR;
	if (err)
		wire_fail(w, err);
	if (!wire_reading(w)) {
		if (!err)
			buf_add_view(w->out, item);
		return;
	}
	item.n -= rest.n;
	*v = err ? (struct view){ NULL, 0 } : item;
	w->p += v->n;
}

uc_err cbor_text_of(struct view item, struct view *text)
{
	struct wire w;
	struct view v = { NULL, 0 };
	wire_reader(&w, item, NULL);
	cbor_text(&w, &v);
	TRY(wire_finish(&w));
	*text = v;
	return UC_OK;
}
