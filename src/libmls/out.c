/* SPDX-License-Identifier: Apache-2.0 */
/* Where results go, and how calls begin and end. */
#include "base/heap.h"
#include "libmls/bare.h"

#define OUT_BYTES ((size_t)64 * 1024 * 1024)

uc_err mls_out_new(size_t limit_bytes, mls_out **out)
{
	if (!out)
		return UC_E_ARGUMENT;
	mls_out *fresh = HEAP_NEW(mls_out);
	if (!fresh)
		return UC_E_MEMORY;
	arena_init(&fresh->own, limit_bytes ? limit_bytes : OUT_BYTES, ARENA_SECRET);
	fresh->a = &fresh->own;
	*out = fresh;
	return UC_OK;
}

/* From inside a function of the caller's: one that is lent to it lies over memory of the engine's, and
 * into another a call is still writing.  Neither is theirs to clear or to free there. */
static bool is_needed(const mls_out *out)
{
	return out->a != &out->own || out->calls;
}

void mls_out_clear(mls_out *out)
{
	if (out && !is_needed(out))
		arena_done(out->a);
}

void mls_out_free(mls_out *out)
{
	if (!out || is_needed(out))
		return;
	mls_out_clear(out);
	heap_free(out);
}

uc_err mls_out_copy(mls_out *out, const void *p, size_t n, struct mls_bytes *copy)
{
	struct view v;
	if (!out || !copy || (!p && n))
		return UC_E_ARGUMENT;
	TRY(arena_copy(out->a, view_make(p, n), &v));
	*copy = (struct mls_bytes){ v.p, v.n };
	return UC_OK;
}

/* --- calls --- */

static void begin(struct call *c, mls_client *client, mls_out *out)
{
	*c = (struct call){ .client = client, .out = out };
	arena_init(&c->scratch, client->limit_bytes, ARENA_SECRET);
	if (!out)
		return;
	out->calls++;
	c->mark = arena_mark(out->a);
	c->limit_bytes = out->a->limit_bytes;
}

uc_err call_begin(struct call *c, mls_client *client, mls_out *out)
{
	if (!client || client->inside)
		return UC_E_ARGUMENT;
	begin(c, client, out);
	return UC_OK;
}

uc_err call_look(struct call *c, const mls_client *client, mls_out *out)
{
	if (!client)
		return UC_E_ARGUMENT;
	begin(c, (mls_client *)(uintptr_t)client, out);
	return UC_OK;
}

uc_err call_reserve(struct call *c, size_t n)
{
	struct arena *a = c->out->a;
	size_t left = a->limit_bytes > a->used_bytes ? a->limit_bytes - a->used_bytes : 0;
	if (n > left)
		return UC_E_LIMIT;
	a->limit_bytes = SIZE_MAX;
	return UC_OK;
}

uc_err call_end(struct call *c, uc_err err)
{
	if (c->out) {
		c->out->calls--;
		c->out->a->limit_bytes = c->limit_bytes;
		if (err)
			arena_reset(c->out->a, c->mark);
	}
	arena_done(&c->scratch);
	return err ? FAIL(&c->client->env, err) : UC_OK;
}

void bare_begin(struct bare *b, mls_out *out)
{
	b->out = out;
	b->mark = arena_mark(out->a);
	arena_init(&b->scratch, WIRE_OBJECT_MAX, ARENA_SECRET);
}

uc_err bare_end(struct bare *b, uc_err err)
{
	if (err)
		arena_reset(b->out->a, b->mark);
	arena_done(&b->scratch);
	return err;
}

uc_err bare_encode(struct bare *b, wire_element *walk, const void *object, struct mls_bytes *out)
{
	struct view v;
	TRY(wire_encode_to(b->out->a, walk, object, &v));
	*out = (struct mls_bytes){ v.p, v.n };
	return UC_OK;
}

/* --- bytes and messages --- */

uc_err bytes_in(struct mls_bytes in, struct view *out)
{
	if (!in.p && in.n)
		return UC_E_ARGUMENT;
	*out = view_make(in.p, in.n);
	return UC_OK;
}

static void message_head(struct wire *w, uint16_t *version, uint16_t *format)
{
	wire_u16(w, version);
	wire_u16(w, format);
}

uc_err message_body(struct view message, enum mls_wire_format want, struct view *body)
{
	struct wire w;
	uint16_t version = 0, format = 0;
	struct view rest = { NULL, 0 };
	wire_reader(&w, message, NULL);
	message_head(&w, &version, &format);
	wire_rest(&w, &rest);
	TRY(wire_finish(&w));
	if (version != MLS10)
		return UC_E_VERSION;
	if (format != want)
		return UC_E_UNEXPECTED;
	*body = rest;
	return UC_OK;
}

uc_err message_around(struct arena *a, enum mls_wire_format format, struct view body,
		      struct view *out)
{
	struct buf b;
	struct wire w;
	uint16_t version = MLS10, type = (uint16_t)format;
	buf_init(&b, WIRE_OBJECT_MAX);
	wire_writer(&w, &b);
	message_head(&w, &version, &type);
	wire_rest(&w, &body);
	uc_err err = wire_finish(&w);
	if (!err)
		err = arena_copy(a, buf_view(&b), out);
	buf_done(&b);
	return err;
}
