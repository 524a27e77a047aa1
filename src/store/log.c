/* SPDX-License-Identifier: Apache-2.0 */
/* Reading logs. */
#include "store/inner.h"

void wire_log_head(struct wire *w, void *log_head)
{
	struct log_head *h = log_head;
	wire_u8(w, &h->version);
	if (wire_reading(w) && h->version != 1)
		wire_fail(w, UC_E_VERSION);
	wire_fixed(w, h->incarnation, sizeof h->incarnation);
	wire_u64(w, &h->first);
	wire_u64(w, &h->next);
}

uc_err log_head_decode(struct view in, struct log_head *out)
{
	struct arena none; /* a head has neither lists nor options */
	struct log_head h = { 0 };
	arena_init(&none, 0, ARENA_PLAIN);
	if (wire_decode(in, &none, wire_log_head, &h))
		return UC_E_CORRUPT;
	if (h.first == 0 || h.first > h.next)
		return UC_E_CORRUPT;
	*out = h;
	return UC_OK;
}

uc_err log_head_stored(struct store *s, struct view log, struct log_head *out)
{
	struct view key, bytes;
	TRY(space_key(&s->scratch, SPACE_HEAD, log, &key));
	TRY(s->driver->get(s->engine, key, &s->scratch, &bytes));
	return log_head_decode(bytes, out);
}

/* The last entry of a log whose head's record is h; UC_E_NOT_FOUND.  bytes may be NULL. */
static uc_err last_entry(struct store *s, struct view log, const struct log_head *h,
			 struct arena *mem, uint64_t *seq, struct view *bytes)
{
	struct view from, end, key;
	TRY(space_entry(mem, log, h->first, &from));
	TRY(space_entry(mem, log, UINT64_MAX, &end));
	TRY(s->driver->last(s->engine, from, end, mem, &key, bytes));
	*seq = space_entry_seq(key);
	return UC_OK;
}

uc_err log_head_get(struct store *s, struct view log, struct log_head *out)
{
	struct log_head h;
	uint64_t last;
	if (heads_find(&s->heads, log, out))
		return UC_OK;
	TRY(log_head_stored(s, log, &h));
	uc_err err = last_entry(s, log, &h, &s->scratch, &last, NULL);
	if (!err && last >= h.next)
		h.next = last + 1;
	else if (err && err != UC_E_NOT_FOUND)
		return err;
	heads_put(&s->heads, log, &h);
	*out = h;
	return UC_OK;
}

static uc_err head_get(struct store *s, struct view log, struct log_head *out)
{
	if (!key_fits(log))
		return UC_E_TOO_LARGE;
	TRY(store_usable(s));
	uc_err err = log_head_get(s, log, out);
	store_scratch_reset(s);
	return store_read_error(s, err, log);
}

static uc_err log_last(struct store *s, struct view log, struct arena *mem, uint64_t *seq,
		       struct view *bytes)
{
	struct log_head h;
	struct view key;
	TRY(log_head_get(s, log, &h));
	if (h.first == h.next)
		return UC_E_NOT_FOUND;
	TRY(space_entry(&s->scratch, log, h.next - 1, &key));
	uc_err err = s->driver->get(s->engine, key, mem, bytes);
	TRY(store_read_error(s, err == UC_E_NOT_FOUND ? UC_E_CORRUPT : err, log));
	*seq = h.next - 1;
	return UC_OK;
}

uc_err store_log_last(struct store *s, struct view log, struct arena *mem, uint64_t *seq,
		      struct view *bytes)
{
	if (!key_fits(log))
		return UC_E_TOO_LARGE;
	TRY(store_usable(s));
	uc_err err = log_last(s, log, mem, seq, bytes);
	store_scratch_reset(s);
	return err;
}

uc_err store_log_bounds(struct store *s, struct view log, struct store_log_bounds *out)
{
	struct log_head h;
	TRY(head_get(s, log, &h));
	out->first = h.first;
	out->next = h.next;
	memcpy(out->incarnation, h.incarnation, sizeof out->incarnation);
	return UC_OK;
}

static uc_err scan_open(struct store_log_scan *it, struct store *s, struct view log, uint64_t next)
{
	struct view from, end;
	TRY(space_entry(&s->scratch, log, it->next, &from));
	TRY(space_entry(&s->scratch, log, next, &end));
	return s->driver->cursor_open(s->engine, from, end, &it->scan.cursor);
}

uc_err store_log_scan_init(struct store_log_scan *it, struct store *s, struct view log,
			   uint64_t from, size_t max_count, size_t max_bytes)
{
	struct log_head h = { 0 };
	struct store_log_scan fresh = { .scan = { .store = s,
						  .left = max_count ? max_count : SIZE_MAX },
					.bytes_left = max_bytes ? max_bytes : SIZE_MAX };
	uc_err err = head_get(s, log, &h);
	if (err && err != UC_E_NOT_FOUND)
		return err;
	fresh.scan.table = log.n ? log.p[0] : 0;
	fresh.next = from > h.first ? from : h.first;
	if (fresh.next < h.next) {
		err = scan_open(&fresh, s, log, h.next);
		store_scratch_reset(s);
		TRY(err);
	}
	*it = fresh;
	return UC_OK;
}

bool store_log_scan_next(struct store_log_scan *it, uint64_t *seq, struct view *bytes)
{
	struct store_scan *scan = &it->scan;
	struct view key, value;
	if (!store_scan_next(scan, &key, &value))
		return false;
	uint64_t n = space_entry_seq(key);
	if (n != it->next) {
		/* A gap. */
		scan->failed =
			store_read_error(scan->store, UC_E_CORRUPT, view_make(&scan->table, 1));
		return false;
	}
	if (it->any && value.n > it->bytes_left) {
		scan->left = 0;
		return false;
	}
	it->bytes_left -= value.n < it->bytes_left ? value.n : it->bytes_left;
	it->any = true;
	it->next++;
	*seq = n;
	*bytes = value;
	return true;
}

void store_log_scan_done(struct store_log_scan *it)
{
	store_scan_done(&it->scan);
}
