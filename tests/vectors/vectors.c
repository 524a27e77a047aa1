/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/vectors/vectors.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

void vec_at(struct vector_run *r, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(r->where, sizeof r->where, format, args);
	va_end(args);
}

void vec_fail(struct vector_run *r, const char *field, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	printf("FAIL %s[%zu] %s%s: ", r->file, r->index, r->where, field);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	r->bad = true;
}

void vec_skip(struct vector_run *r, const char *why)
{
	r->skip = true;
	snprintf(r->skip_why, sizeof r->skip_why, "%s", why);
}

struct view vec_hex_value(struct vector_run *r, const json_t *string, const char *field)
{
	struct view out = { 0 };
	if (!json_is_string(string))
		vec_fail(r, field, "is no string");
	else if (hex_read(&r->mem, view_str(json_string_value(string)), &out))
		vec_fail(r, field, "is not hex");
	return out;
}

struct view vec_hex(struct vector_run *r, const json_t *object, const char *field)
{
	return vec_hex_value(r, json_object_get(object, field), field);
}

struct view vec_private(struct vector_run *r, const json_t *object, const char *field, size_t n)
{
	struct view v = vec_hex(r, object, field);
	uint8_t *padded = v.n < n ? arena_take(&r->mem, n) : NULL;
	if (!padded || !v.n)
		return v;
	memset(padded, 0, n - v.n);
	memcpy(padded + n - v.n, v.p, v.n);
	return view_make(padded, n);
}

const char *vec_str(struct vector_run *r, const json_t *object, const char *field)
{
	const char *s = json_string_value(json_object_get(object, field));
	if (!s)
		vec_fail(r, field, "is no string");
	return s ? s : "";
}

uint64_t vec_num(struct vector_run *r, const json_t *object, const char *field)
{
	const json_t *j = json_object_get(object, field);
	if (!json_is_integer(j))
		vec_fail(r, field, "is no number");
	return (uint64_t)json_integer_value(j);
}

const json_t *vec_array(struct vector_run *r, const json_t *object, const char *field)
{
	const json_t *j = json_object_get(object, field);
	if (!json_is_array(j))
		vec_fail(r, field, "is no array");
	return j;
}

const json_t *vec_object(struct vector_run *r, const json_t *object, const char *field)
{
	const json_t *j = json_object_get(object, field);
	if (!json_is_object(j))
		vec_fail(r, field, "is no object");
	return j;
}

bool vec_absent(const json_t *object, const char *field)
{
	const json_t *j = json_object_get(object, field);
	return !j || json_is_null(j);
}

static void hex_print(const char *label, struct view v)
{
	printf("  %s (%zu bytes) ", label, v.n);
	for (size_t i = 0; i < v.n && i < 48; i++)
		printf("%02x", v.p[i]);
	puts(v.n > 48 ? "..." : "");
}

bool vec_equal(struct vector_run *r, const char *field, struct view have, struct view want)
{
	if (view_equal(have, want))
		return true;
	vec_fail(r, field, "differs");
	hex_print("have", have);
	hex_print("want", want);
	return false;
}

bool vec_num_equal(struct vector_run *r, const char *field, uint64_t have, uint64_t want)
{
	if (have != want)
		vec_fail(r, field, "is %llu, not %llu", (unsigned long long)have,
			 (unsigned long long)want);
	return have == want;
}

bool vec_ok(struct vector_run *r, const char *field, uc_err err)
{
	if (err)
		vec_fail(r, field, "%s", uc_err_name(err));
	return !err;
}

bool vec_true(struct vector_run *r, const char *field, bool holds)
{
	if (!holds)
		vec_fail(r, field, "does not hold");
	return holds;
}

bool vec_field(struct vector_run *r, const json_t *object, const char *field, struct view have)
{
	return vec_equal(r, field, have, vec_hex(r, object, field));
}

static uint64_t now_ms(void *ctx)
{
	(void)ctx;
	return 1700000000000;
}

/* splitmix64: repeatable, for tests only. */
static uc_err dice(void *ctx, uint8_t *out, size_t n)
{
	static uint64_t state = 1;
	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		uint64_t z = state += 0x9e3779b97f4a7c15;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		out[i] = (uint8_t)(z >> 56);
	}
	return UC_OK;
}

const struct env *vec_env(void)
{
	static const struct env e = { NULL, now_ms, dice, NULL };
	return &e;
}
