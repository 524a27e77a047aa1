/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire.h"

#include "wire/form.h"

void wire_reader(struct wire *w, struct view in, struct arena *mem)
{
	static const uint8_t none[1];
	const uint8_t *p = in.p ? in.p : none;
	*w = (struct wire){ .mode = WIRE_READ, .p = p, .end = p + in.n, .mem = mem };
}

void wire_writer(struct wire *w, struct buf *out)
{
	*w = (struct wire){ .mode = WIRE_WRITE, .out = out };
}

void wire_fail(struct wire *w, uc_err err)
{
	if (!w->failed)
		w->failed = err;
	w->p = w->end;
}

uc_err wire_finish(struct wire *w)
{
	if (w->mode == WIRE_WRITE && !w->failed)
		w->failed = w->out->failed;
	if (w->mode == WIRE_READ && !w->failed && FORM_BREAKS(NOTHING_IS_LEFT, w->p != w->end))
		w->failed = UC_E_TRAILING;
	return w->failed;
}

static bool has(struct wire *w, size_t n)
{
	if (!w->failed && FORM_GROUND(NOTHING_IS_CUT, n > (size_t)(w->end - w->p)))
		wire_fail(w, UC_E_MALFORMED);
	return !w->failed;
}

static uint64_t get_uint(struct wire *w, unsigned width)
{
	uint64_t v = 0;
	if (!has(w, width))
		return 0;
	for (; width; width--)
		v = v << 8 | *w->p++;
	return v;
}

static void put_uint(struct wire *w, unsigned width, uint64_t v)
{
	uint8_t b[8];
	for (unsigned i = 0; i < width; i++)
		b[i] = (uint8_t)(v >> 8 * (width - 1 - i));
	buf_add(w->out, b, width);
}

#define WIRE_UINT(name, type)                              \
	void name(struct wire *w, type *v)                 \
	{                                                  \
		if (w->mode == WIRE_READ)                  \
			*v = (type)get_uint(w, sizeof *v); \
		else                                       \
			put_uint(w, sizeof *v, *v);        \
	}
WIRE_UINT(wire_u8, uint8_t)
WIRE_UINT(wire_u16, uint16_t)
WIRE_UINT(wire_u32, uint32_t)
WIRE_UINT(wire_u64, uint64_t)

void wire_bool(struct wire *w, bool *v)
{
	uint8_t b = 0;
	if (w->mode == WIRE_WRITE)
		b = *v;
	wire_u8(w, &b);
	if (FORM_BREAKS(OPTION_IS_0_OR_1, b > 1))
		wire_fail(w, UC_E_MALFORMED);
	if (w->mode == WIRE_READ)
		*v = b == 1;
}

void wire_fixed(struct wire *w, uint8_t *v, size_t n)
{
	if (w->mode == WIRE_WRITE) {
		buf_add(w->out, v, n);
	} else if (has(w, n)) {
		memcpy(v, w->p, n);
		w->p += n;
	} else {
		memset(v, 0, n);
	}
}

void wire_fixed_view(struct wire *w, struct view *v, size_t n)
{
	if (w->mode == WIRE_WRITE) {
		if (v->n != n)
			wire_fail(w, UC_E_ARGUMENT);
		else
			buf_add_view(w->out, *v);
	} else if (has(w, n)) {
		*v = (struct view){ w->p, n };
		w->p += n;
	} else {
		*v = (struct view){ NULL, 0 };
	}
}

void wire_rest(struct wire *w, struct view *v)
{
	if (w->mode == WIRE_WRITE)
		buf_add_view(w->out, *v);
	else
		wire_fixed_view(w, v, (size_t)(w->end - w->p));
}

static size_t length_width(size_t n)
{
	return n < 64 ? 1 : n < 16384 ? 2 : 4;
}

static void put_length(struct wire *w, size_t n)
{
	static const uint64_t mark[] = { 0, 0, 0x4000, 0, 0x80000000 };
	size_t width = length_width(n);
	if (n >= 1u << 30)
		wire_fail(w, UC_E_TOO_LARGE);
	else
		put_uint(w, (unsigned)width, n | mark[width]);
}

static size_t get_length(struct wire *w)
{
	if (!has(w, 1))
		return 0;
	static const struct {
		unsigned width;
		uint64_t mask;
	} forms[4] = { { 1, 0x3f }, { 2, 0x3fff }, { 4, 0x3fffffff }, { 0, 0 } };
	unsigned form = *w->p >> 6, width = forms[form].width;
	if (FORM_GROUND(LENGTH_IS_KNOWN, !width)) {
		wire_fail(w, UC_E_MALFORMED);
		return 0;
	}
	uint64_t n = get_uint(w, width) & forms[form].mask;
	if (w->failed || FORM_BREAKS(LENGTH_IS_SHORTEST, length_width((size_t)n) != width)) {
		wire_fail(w, UC_E_MALFORMED);
		return 0;
	}
	return (size_t)n;
}

void wire_length(struct wire *w, size_t *n)
{
	if (w->mode == WIRE_READ)
		*n = get_length(w);
	else
		put_length(w, *n);
}

void wire_bytes(struct wire *w, struct view *v)
{
	if (w->mode == WIRE_WRITE) {
		put_length(w, v->n);
		buf_add_view(w->out, *v);
		return;
	}
	size_t n = get_length(w);
	wire_fixed_view(w, v, n);
}

/* Reading grows the array by doubling: each element is parsed once, whatever the nesting, and at
 * most as much again is left unused in the arena. */
static void list_read(struct wire *w, void **v, size_t *n, size_t size, wire_element *each)
{
	size_t bytes = get_length(w), cap = 0;
	*v = NULL;
	*n = 0;
	if (!has(w, bytes))
		return;
	const uint8_t *outer = w->end;
	w->end = w->p + bytes;
	uint8_t *items = NULL;
	while (!w->failed && w->p < w->end) {
		if (*n == cap) {
			size_t more = cap ? cap * 2 : 4;
			uint8_t *bigger = arena_take_array(w->mem, more, size);
			if (!bigger) {
				wire_fail(w, arena_error(w->mem));
				break;
			}
			if (*n)
				memcpy(bigger, items, *n * size);
			items = bigger;
			cap = more;
		}
		const uint8_t *before = w->p;
		each(w, items + *n * size);
		if (w->p == before)
			wire_fail(w, UC_E_MALFORMED);
		else
			(*n)++;
	}
	if (w->failed) {
		*n = 0;
		w->p = w->end = outer;
		return;
	}
	*v = items;
	w->end = outer;
}

/* Writing leaves room for the shortest length and moves the body when a longer one is needed. */
static void list_write(struct wire *w, void *v, size_t n, size_t size, wire_element *each)
{
	buf_add_byte(w->out, 0);
	size_t start = w->out->n;
	for (size_t i = 0; i < n; i++)
		each(w, (uint8_t *)v + i * size);
	if (w->failed || w->out->failed)
		return;
	size_t bytes = w->out->n - start, width = length_width(bytes);
	if (!buf_reserve(w->out, width))
		return;
	memmove(w->out->p + start - 1 + width, w->out->p + start, bytes);
	w->out->n = start - 1;
	put_length(w, bytes);
	if (!w->failed)
		w->out->n += bytes;
}

void wire_list(struct wire *w, void **v, size_t *n, size_t size, wire_element *each)
{
	if (w->mode == WIRE_READ)
		list_read(w, v, n, size, each);
	else
		list_write(w, *v, *n, size, each);
}

void wire_option(struct wire *w, void **v, size_t size, wire_element *each)
{
	bool present = w->mode == WIRE_WRITE && *v != NULL;
	wire_bool(w, &present);
	if (w->mode == WIRE_READ) {
		*v = NULL;
		if (w->failed || !present)
			return;
		*v = arena_take(w->mem, size);
		if (!*v) {
			wire_fail(w, arena_error(w->mem));
			return;
		}
	}
	if (present)
		each(w, *v);
}

void u16_element(struct wire *w, void *v)
{
	wire_u16(w, v);
}

void u32_element(struct wire *w, void *v)
{
	wire_u32(w, v);
}

void bytes_element(struct wire *w, void *v)
{
	wire_bytes(w, v);
}

uc_err wire_decode(struct view in, struct arena *mem, wire_element *walk, void *object)
{
	struct wire w;
	wire_reader(&w, in, mem);
	walk(&w, object);
	return wire_finish(&w);
}

/* The one place where const is cast away: a writing walk never stores through its pointer. */
static void *without_const(const void *p)
{
	union {
		const void *c;
		void *v;
	} u = { .c = p };
	return u.v;
}

uc_err wire_encode(struct buf *out, wire_element *walk, const void *object)
{
	struct wire w;
	wire_writer(&w, out);
	walk(&w, without_const(object));
	return wire_finish(&w);
}

/* Most objects that go to an arena are smaller: they take one piece of memory, and are not moved. */
enum { ENCODED_USUALLY = 512 };

uc_err wire_encode_to(struct arena *mem, wire_element *walk, const void *object, struct view *out)
{
	struct buf b;
	buf_init_secret(&b, WIRE_OBJECT_MAX);
	(void)buf_reserve(&b, ENCODED_USUALLY);
	uc_err err = wire_encode(&b, walk, object);
	if (!err)
		err = arena_copy(mem, buf_view(&b), out);
	buf_done(&b);
	return err;
}
