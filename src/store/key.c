/* SPDX-License-Identifier: Apache-2.0 */
#include "store/key.h"

enum { KEY_BYTES = 1, KEY_U64 = 2, ESCAPED = 0xff, END = 1 };

static void put(struct store_key *k, uint8_t c)
{
	if (k->n == sizeof k->b)
		k->failed = true;
	else
		k->b[k->n++] = c;
}

void store_key_start(struct store_key *k, uint8_t tag)
{
	k->n = 0;
	k->failed = false;
	put(k, tag);
}

void store_key_add(struct store_key *k, struct view bytes)
{
	put(k, KEY_BYTES);
	for (size_t i = 0; i < bytes.n && !k->failed; i++) {
		put(k, bytes.p[i]);
		if (bytes.p[i] == 0)
			put(k, ESCAPED);
	}
	put(k, 0);
	put(k, END);
}

void store_key_add_u64(struct store_key *k, uint64_t v)
{
	put(k, KEY_U64);
	for (int shift = 56; shift >= 0; shift -= 8)
		put(k, (uint8_t)(v >> shift));
}

struct view store_key_view(const struct store_key *k)
{
	return k->failed ? (struct view){ NULL, SIZE_MAX } : view_make(k->b, k->n);
}

static uint8_t take(struct store_key_reader *r)
{
	if (r->failed || r->rest.n == 0) {
		r->failed = true;
		return 0;
	}
	uint8_t c = r->rest.p[0];
	r->rest = view_slice(r->rest, 1, r->rest.n);
	return c;
}

uint8_t store_key_read(struct store_key_reader *r, struct view key)
{
	*r = (struct store_key_reader){ .rest = key };
	return take(r);
}

/* The element's bytes as they stand, escapes and all, without the end mark. */
static struct view take_escaped(struct store_key_reader *r, size_t *zero_count)
{
	struct view all = r->rest;
	*zero_count = 0;
	for (size_t n = 0; !r->failed; n++) {
		if (take(r) != 0 || r->failed)
			continue;
		uint8_t mark = take(r);
		if (mark == END)
			return view_make(all.p, n);
		if (mark != ESCAPED)
			r->failed = true;
		n++;
		++*zero_count;
	}
	return (struct view){ 0 };
}

struct view store_key_read_bytes(struct store_key_reader *r, struct arena *mem)
{
	if (take(r) != KEY_BYTES)
		r->failed = true;
	size_t zero_count;
	struct view raw = take_escaped(r, &zero_count);
	if (r->failed || zero_count == 0)
		return raw;
	uint8_t *p = arena_take(mem, raw.n);
	if (!p) {
		r->failed = true;
		return (struct view){ 0 };
	}
	size_t n = 0;
	for (size_t i = 0; i < raw.n; i++) {
		p[n++] = raw.p[i];
		if (raw.p[i] == 0)
			i++;
	}
	return view_make(p, n);
}

uint64_t store_key_read_u64(struct store_key_reader *r)
{
	if (take(r) != KEY_U64)
		r->failed = true;
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v = v << 8 | take(r);
	return r->failed ? 0 : v;
}

uc_err store_key_read_done(const struct store_key_reader *r)
{
	return r->failed || r->rest.n ? UC_E_CORRUPT : UC_OK;
}
