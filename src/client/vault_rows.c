/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that this device knows, in order, each a record of its own. */
#include "client/vault_inside.h"

#include "client/chains.h"
#include "client/devices.h"

#include "base/heap.h"

#define TABLE_ROW "vault row"

static const uint64_t DAY_MS = 24 * 3600 * 1000;
enum {
	LETTER_DAYS = 90, /* no letter can be answered any more, on whatever device */
	GONE_DAYS = 400, /* a device that has not been there so long brings back what was deleted */
};

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
	if (now > r->version)
		return now;
	return r->version < UINT64_MAX ? r->version + 1 : r->version;
}

static void row_changed(struct uc_client *c, struct kept_row *r)
{
	r->version = next_version(c, r);
	r->dirty = true;
	memset(r->own, 0, sizeof r->own);
	c->vault.unwritten = c->vault.dirty = true;
	c->vault.since = c->vault.since || c->vault.busy;
}

static bool has_own(const struct kept_row *r)
{
	static const uint8_t none[KEPT_TAG];
	return !view_equal(VIEW_OF(r->own), VIEW_OF(none));
}

uc_err vault_row_put(struct uc_client *c, uint8_t kind, const uint8_t id[VAULT_ID],
		     struct view data)
{
	struct kept_row *r;
	TRY(row_new(&c->vault, kind, id, &r));
	r->seen = true;
	if (r->version && !r->gone && r->held && !has_own(r) &&
	    view_equal(blob_view(&r->data), data))
		return UC_OK;
	bool same = r->version && !r->gone && view_equal(blob_view(&r->data), data);
	TRY(blob_set(&r->data, data));
	r->gone = false;
	r->held = r->dirty = true;
	memset(r->own, 0, sizeof r->own);
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

/* Who comes again into a room that was left has another participant there; an invitation that was ended is
 * no more.  What another device has seen of it since is no reason to bring it back. */
static bool ends_for_good(uint8_t kind)
{
	return kind == VAULT_ROOM || kind == VAULT_CHAIN || kind == VAULT_INVITATION;
}

/* Of two with one version all devices choose the same. */
static bool stands_for(struct uc_client *c, const struct vault_row *in, const struct kept_row *r)
{
	if (in->gone != r->gone && ends_for_good(r->kind))
		return in->gone;
	if (in->vault_kind == VAULT_CHAIN && !in->gone &&
	    !view_equal(in->data, blob_view(&r->data)))
		return vault_chain_stands(c, in, r);
	if (in->row_version != r->version)
		return in->row_version > r->version;
	if (in->gone != r->gone)
		return in->gone;
	return view_compare(in->data, blob_view(&r->data)) > 0;
}

static bool lapsed(struct uc_client *c, uint8_t kind, bool gone, uint64_t version)
{
	uint64_t days = gone ? GONE_DAYS : UINT64_MAX;
	if (kind == VAULT_ANSWERED)
		days = LETTER_DAYS;
	return days != UINT64_MAX && client_now(c) > version &&
	       client_now(c) - version > days * DAY_MS;
}

/* A device's box is what the device itself has signed, and there until our list says otherwise: a device that
 * is ended later leaves nothing behind by which it could go on reading, or others could not. */
static bool is_true(struct uc_client *c, const struct vault_row *in)
{
	struct vault_device x;
	if (in->vault_kind == VAULT_CHAIN && !in->gone)
		return vault_chain_is_known(c, in);
	if (in->vault_kind != VAULT_DEVICE)
		return true;
	if (in->gone)
		return !devices_is_listed(c, VIEW_OF(in->id));
	struct arena_mark mark = arena_mark(&c->call);
	bool signs = !wire_decode(in->data, &c->call, vault_device_element, &x) &&
		     view_equal(x.device_key, VIEW_OF(in->id)) &&
		     !vault_device_check(&x, view_str(c->account.app), &c->call);
	arena_reset(&c->call, mark);
	return signs;
}

static uc_err merge(struct uc_client *c, const struct vault_row *in)
{
	struct kept_row *r = vault_row_find(&c->vault, in->vault_kind, in->id);
	if (r ? !stands_for(c, in, r) : lapsed(c, in->vault_kind, in->gone, in->row_version))
		return UC_OK;
	if (!is_true(c, in))
		return UC_OK;
	if (!r)
		TRY(row_new(&c->vault, in->vault_kind, in->id, &r));
	TRY(blob_set(&r->data, in->data));
	r->version = in->row_version;
	r->gone = in->gone;
	r->held = false;
	r->dirty = r->fresh = true;
	memset(r->own, 0, sizeof r->own);
	return UC_OK;
}

uc_err vault_rows_merge(struct uc_client *c, const struct vault_rows *in)
{
	for (size_t i = 0; i < in->rows.n; i++) {
		uc_err err = merge(c, &in->rows.v[i]);
		if (err && err != UC_E_LIMIT) /* what there is no room for stays with the others */
			return err;
	}
	c->vault.dirty = true;
	return UC_OK;
}

static bool is_same(const struct vault_row *x, const struct kept_row *r)
{
	return x->row_version == r->version && x->gone == r->gone &&
	       view_equal(x->data, blob_view(&r->data));
}

bool vault_rows_more(const struct vault *v, const struct vault_rows *in)
{
	size_t k = 0;
	for (size_t i = 0; i < v->n; i++) {
		const struct kept_row *r = &v->rows[i];
		const struct vault_row *x = in->rows.v;
		while (k < in->rows.n &&
		       vault_row_compare(x[k].vault_kind, x[k].id, r->kind, r->id) < 0)
			k++;
		bool there = k < in->rows.n &&
			     !vault_row_compare(x[k].vault_kind, x[k].id, r->kind, r->id);
		if (there ? !is_same(&x[k], r) : r->kind != VAULT_ADDRESSES)
			return true;
	}
	return false;
}

static struct safe_place row_place(const struct kept_row *r, uint8_t name[1 + VAULT_ID])
{
	name[0] = r->kind;
	memcpy(name + 1, r->id, VAULT_ID);
	return (struct safe_place){ .table = TABLE_ROW, .name = view_make(name, 1 + VAULT_ID) };
}

void vault_rows_lapse(struct uc_client *c)
{
	struct vault *v = &c->vault;
	uint8_t name[1 + VAULT_ID];
	size_t n = 0;
	for (size_t i = 0; i < v->n; i++) {
		struct kept_row *r = &v->rows[i];
		if (lapsed(c, r->kind, r->gone, r->version)) {
			safe_delete(&c->safe, row_place(r, name));
			blob_done(&r->data);
		} else {
			v->rows[n++] = *r;
		}
	}
	v->n = n;
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
