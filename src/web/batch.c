/* SPDX-License-Identifier: Apache-2.0 */
#include "web/batch.h"

#include "wire/wire.h"

static bool key_is_right(size_t n)
{
	return n && n <= BATCH_KEY_MAX;
}

static void wire_change(struct wire *w, struct uc_store_change *c)
{
	struct view key = { c->key, c->key_n }, value = { c->value, c->value_n };
	bool there = c->value;
	wire_bytes(w, &key);
	wire_bool(w, &there);
	if (there)
		wire_bytes(w, &value);
	if (wire_reading(w))
		*c = (struct uc_store_change){ key.p, key.n, there ? value.p : NULL,
					       there ? value.n : 0 };
}

uc_err batch_add(struct buf *out, const struct uc_store_change *change)
{
	struct uc_store_change copy = *change;
	struct wire w;
	if (!key_is_right(change->key_n))
		return UC_E_ARGUMENT;
	wire_writer(&w, out);
	wire_change(&w, &copy);
	return wire_finish(&w);
}

static uc_err walk(struct view in, batch_each *each, void *ctx)
{
	struct wire w;
	wire_reader(&w, in, NULL);
	while (w.p < w.end) {
		struct uc_store_change change = { 0 };
		wire_change(&w, &change);
		if (w.failed || !key_is_right(change.key_n))
			return UC_E_CORRUPT;
		if (each)
			TRY(each(ctx, &change));
	}
	return wire_finish(&w);
}

uc_err batch_read(struct view in, batch_each *each, void *ctx)
{
	TRY(walk(in, NULL, NULL));
	return walk(in, each, ctx);
}
