/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that this device knows, in order, each a record of its own. */
#include "client/vault_inside.h"

#include "base/heap.h"

#define TABLE_ROW "vault row"

WIRE_ELEMENT(kept_row)

/* Where it is, or would be. */
static size_t row_at(const struct vault *v, uint8_t kind, const uint8_t id[VAULT_ID], bool *found)
{
	size_t low = 0, high = v->n;
	*found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = vault_row_compare(v->rows[mid].kind, v->rows[mid].id, kind, id);
		if (!order) {
			*found = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct kept_row *vault_row_find(struct vault *v, uint8_t kind, const uint8_t id[VAULT_ID])
{
	bool found;
	size_t at = row_at(v, kind, id, &found);
	return found ? &v->rows[at] : NULL;
}

static uc_err grow(struct vault *v)
{
	size_t cap = v->cap ? v->cap * 2 : 64;
	if (v->rows && v->n < v->cap)
		return UC_OK;
	struct kept_row *rows = heap_new(cap * sizeof *rows);
	if (!rows)
		return UC_E_MEMORY;
	if (v->n)
		memcpy(rows, v->rows, v->n * sizeof *rows);
	heap_free(v->rows);
	v->rows = rows;
	v->cap = cap;
	return UC_OK;
}

static uc_err row_new(struct vault *v, uint8_t kind, const uint8_t id[VAULT_ID],
		      struct kept_row **out)
{
	bool found;
	size_t at = row_at(v, kind, id, &found);
	if (!found) {
		if (v->n >= VAULT_ROWS_MAX)
			return UC_E_LIMIT;
		TRY(grow(v));
		memmove(v->rows + at + 1, v->rows + at, (v->n - at) * sizeof *v->rows);
		v->rows[at] = (struct kept_row){ .kind = kind };
		memcpy(v->rows[at].id, id, VAULT_ID);
		v->n++;
	}
	if (!v->rows)
		return UC_E_MEMORY; /* never: found, it has rows; else grow has made them */
	*out = &v->rows[at];
	return UC_OK;
}

/* By the clock, so that what another device does later stands for it. */
static uint64_t next_version(struct uc_client *c, const struct kept_row *r)
{
	uint64_t now = client_now(c);
	return now > r->version ? now : r->version + 1;
}

static void row_changed(struct uc_client *c, struct kept_row *r)
{
	r->version = next_version(c, r);
	r->dirty = true;
	c->vault.unwritten = c->vault.dirty = true;
}

uc_err vault_row_put(struct uc_client *c, uint8_t kind, const uint8_t id[VAULT_ID],
		     struct view data)
{
	struct kept_row *r;
	TRY(row_new(&c->vault, kind, id, &r));
	r->seen = true;
	if (r->version && !r->gone && r->held && view_equal(blob_view(&r->data), data))
		return UC_OK;
	bool same = r->version && !r->gone && view_equal(blob_view(&r->data), data);
	TRY(blob_set(&r->data, data));
	r->gone = false;
	r->held = r->dirty = true;
	if (!same)
		row_changed(c, r);
	return UC_OK;
}

void vault_row_gone(struct uc_client *c, struct kept_row *r)
{
	if (r->gone)
		return;
	blob_done(&r->data);
	r->gone = r->held = true;
	row_changed(c, r);
}

/* Of two with one version all devices choose the same. */
static bool stands_for(const struct vault_row *in, const struct kept_row *r)
{
	if (in->row_version != r->version)
		return in->row_version > r->version;
	if (in->gone != r->gone)
		return in->gone;
	return view_compare(in->data, blob_view(&r->data)) > 0;
}

uc_err vault_row_merge(struct uc_client *c, const struct vault_row *in, struct kept_row **out)
{
	struct kept_row *r = vault_row_find(&c->vault, in->vault_kind, in->id);
	*out = NULL;
	if (r && !stands_for(in, r))
		return UC_OK;
	if (!r)
		TRY(row_new(&c->vault, in->vault_kind, in->id, &r));
	TRY(blob_set(&r->data, in->data));
	r->version = in->row_version;
	r->gone = in->gone;
	r->held = false;
	r->dirty = true;
	*out = r;
	return UC_OK;
}

static struct safe_place row_place(const struct kept_row *r, uint8_t name[1 + VAULT_ID])
{
	name[0] = r->kind;
	memcpy(name + 1, r->id, VAULT_ID);
	return (struct safe_place){ .table = TABLE_ROW, .name = view_make(name, 1 + VAULT_ID) };
}

void vault_rows_save(struct uc_client *c)
{
	struct vault *v = &c->vault;
	uint8_t name[1 + VAULT_ID];
	for (size_t i = 0; i < v->n; i++) {
		if (v->rows[i].dirty)
			safe_put_object(&c->safe, row_place(&v->rows[i], name), kept_row_element,
					&v->rows[i]);
		v->rows[i].dirty = false;
	}
}

struct vault_load {
	struct uc_client *c;
	uc_err err;
};

static bool load_row(void *ctx, uint64_t number, struct view value)
{
	struct vault_load *l = ctx;
	struct kept_row in = { 0 }, *r;
	struct arena_mark mark = arena_mark(&l->c->call);
	(void)number;
	l->err = wire_decode(value, &l->c->call, kept_row_element, &in);
	arena_reset(&l->c->call, mark);
	if (!l->err)
		l->err = row_new(&l->c->vault, in.kind, in.id, &r);
	if (l->err) {
		blob_done(&in.data);
		return false;
	}
	*r = in;
	return true;
}

uc_err vault_rows_load(struct uc_client *c)
{
	struct vault_load l = { c, UC_OK };
	TRY(safe_scan(&c->safe, TABLE_ROW, (struct view){ NULL, 0 }, 0, load_row, &l));
	return l.err;
}

void vault_done(struct vault *v)
{
	for (size_t i = 0; i < v->n; i++)
		blob_done(&v->rows[i].data);
	heap_free(v->rows);
	blob_done(&v->recover);
	blob_done(&v->taken);
	wipe(v, sizeof *v);
}
