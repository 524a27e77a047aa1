/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/call.h"

#include "base/text.h"
#include "wire/wire.h"

#include <stdarg.h>
#include <stdio.h>

void call_say(struct call *c, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(c->detail, sizeof c->detail, format, args);
	va_end(args);
}

uc_err call_wrong(struct call *c, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(c->detail, sizeof c->detail, format, args);
	va_end(args);
	return UC_E_ARGUMENT;
}

/* What an absent field is, json null is, too. */
static const json_t *field(const json_t *o, const char *name)
{
	const json_t *j = json_object_get(o, name);
	return json_is_null(j) ? NULL : j;
}

static uc_err hex_of(struct call *c, const json_t *j, const char *name, struct view *out)
{
	if (!json_is_string(j) ||
	    hex_read(&c->mem, view_make(json_string_value(j), json_string_length(j)), out))
		return call_wrong(c, "%s: bytes are a string of hex digits", name);
	return UC_OK;
}

uc_err call_bytes(struct call *c, const json_t *o, const char *name, struct view *out)
{
	const json_t *j = field(o, name);
	*out = view_make(NULL, 0);
	return j ? hex_of(c, j, name, out) : UC_OK;
}

/* The JSON form of protocol buffers writes 64-bit numbers as strings. */
uc_err call_u64(struct call *c, const json_t *o, const char *name, uint64_t *out)
{
	const json_t *j = field(o, name);
	*out = 0;
	if (json_is_string(j) &&
	    !decimal_read(view_make(json_string_value(j), json_string_length(j)), out))
		return UC_OK;
	if (json_is_integer(j) && json_integer_value(j) >= 0)
		*out = (uint64_t)json_integer_value(j);
	else if (j)
		return call_wrong(c, "%s: a number, not negative", name);
	return UC_OK;
}

uc_err call_u32(struct call *c, const json_t *o, const char *name, uint32_t *out)
{
	uint64_t n;
	TRY(call_u64(c, o, name, &n));
	if (n > UINT32_MAX)
		return call_wrong(c, "%s: at most 32 bits", name);
	*out = (uint32_t)n;
	return UC_OK;
}

uc_err call_bool(struct call *c, const json_t *o, const char *name, bool *out)
{
	const json_t *j = field(o, name);
	if (j && !json_is_boolean(j))
		return call_wrong(c, "%s: true or false", name);
	*out = json_is_true(j);
	return UC_OK;
}

uc_err call_text(struct call *c, const json_t *o, const char *name, const char **out)
{
	const json_t *j = field(o, name);
	*out = "";
	if (!j)
		return UC_OK;
	if (!json_is_string(j) || strlen(json_string_value(j)) != json_string_length(j))
		return call_wrong(c, "%s: a string without zeros", name);
	*out = json_string_value(j);
	return UC_OK;
}

uc_err call_list(struct call *c, const json_t *o, const char *name, const json_t **out)
{
	*out = field(o, name);
	return *out && !json_is_array(*out) ? call_wrong(c, "%s: an array", name) : UC_OK;
}

uc_err call_bytes_list(struct call *c, const json_t *o, const char *name, struct view_list *out)
{
	const json_t *l;
	TRY(call_list(c, o, name, &l));
	out->n = json_array_size(l);
	out->v = ARENA_ARRAY(&c->mem, struct view, out->n);
	if (!out->v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < out->n; i++)
		TRY(hex_of(c, json_array_get(l, i), name, &out->v[i]));
	return UC_OK;
}

static bool is_word(struct view words, struct view name)
{
	struct view word;
	while (words.n) {
		words = view_cut(words, ' ', &word);
		if (view_equal(word, name))
			return true;
	}
	return false;
}

uc_err call_only(struct call *c, json_t *o, const char *words)
{
	if (!json_is_object(o))
		return call_wrong(c, "an object is wanted here");
	for (void *at = json_object_iter(o); at; at = json_object_iter_next(o, at)) {
		const char *name = json_object_iter_key(at);
		if (!is_word(view_str(words), view_str(name)))
			return call_wrong(c, "%.40s: no field of this", name);
	}
	return UC_OK;
}

static void put(struct call *c, const char *name, json_t *value)
{
	if (json_object_set_new(c->reply, name, value))
		c->lost = true;
}

void call_put_bytes(struct call *c, const char *name, struct view v)
{
	struct buf hex;
	buf_init_secret(&hex, 2 * WIRE_OBJECT_MAX);
	hex_add(&hex, v);
	if (hex.failed)
		c->lost = true;
	else
		put(c, name, hex.n ? json_stringn((const char *)hex.p, hex.n) : json_string(""));
	buf_done(&hex);
}

void call_put_number(struct call *c, const char *name, uint64_t n)
{
	put(c, name, json_integer((json_int_t)n));
}
