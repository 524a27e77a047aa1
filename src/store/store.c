/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, reading, syncing; commit.c writes. */
#include "store/store.h"

#include "base/heap.h"
#include "store/inner.h"

#define SCRATCH_KEPT ((size_t)16 * 1024)
#define SCRATCH_MAX  (STORE_BATCH_MAX + STORE_VALUE_MAX)
#define META_MAX     ((size_t)64 * 1024)

uc_err store_usable(const struct store *s)
{
	return s->dead;
}

uc_err store_read_error(const struct store *s, uc_err err, struct view key)
{
	if (err == UC_E_CORRUPT && s->corrupt)
		s->corrupt(s->corrupt_ctx, key.n ? key.p[0] : 0);
	return err;
}

uc_err store_refuses(const struct store *s)
{
	return s->dead ? s->dead : s->refuses;
}

void store_scratch_reset(struct store *s)
{
	arena_reset(&s->scratch, s->clean);
}

static uc_err set_up(struct store *s, const struct store_options *o)
{
	if (!arena_take(&s->scratch, SCRATCH_KEPT))
		return UC_E_MEMORY;
	s->clean = (struct arena_mark){ s->scratch.last, 0 };
	TRY(heads_init(&s->heads, o->env));
	TRY(o->driver->open(o, &s->engine));
	s->refuses = o->read_only ? UC_E_NOT_ALLOWED : UC_OK;
	return meta_open(s, o);
}

uc_err store_open(const struct store_options *o, struct store **out)
{
	if (!o->driver || !o->env || !o->schema || !o->kind.n)
		return UC_E_ARGUMENT;
	struct store *s = HEAP_NEW(struct store);
	if (!s)
		return UC_E_MEMORY;
	s->driver = o->driver;
	s->faults = o->faults;
	s->metrics = o->metrics;
	s->check_shards = o->check_shards;
	s->life = o->life;
	s->corrupt = o->corrupt;
	s->corrupt_ctx = o->corrupt_ctx;
	arena_init(&s->mem, META_MAX, ARENA_PLAIN);
	arena_init(&s->scratch, SCRATCH_MAX, ARENA_PLAIN);
	uc_err err = set_up(s, o);
	if (err) {
		store_close(s);
		return err;
	}
	*out = s;
	return UC_OK;
}

uc_err store_mend(const struct store_options *o)
{
	struct store *s = NULL;
	struct store_options mend = *o;
	mend.mend = true;
	TRY(store_open(&mend, &s));
	struct store_meta meta = s->meta;
	meta.is_copy = 1;
	uc_err err = meta_put(s, &meta);
	store_close(s);
	return err;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->engine)
		s->driver->close(s->engine);
	heads_done(&s->heads);
	arena_done(&s->mem);
	arena_done(&s->scratch);
	heap_free(s);
}

struct view store_incarnation(const struct store *s)
{
	return VIEW_OF(s->meta.incarnation);
}

static uc_err strike(struct store *s, enum store_point point)
{
	if (!s->faults.strike)
		return UC_OK;
	s->dead = s->faults.strike(s->faults.ctx, point);
	return s->dead;
}

/* After the engine failed: what the store is like only the engine can say. */
static uc_err refuse(struct store *s, uc_err err)
{
	if (err) {
		s->refuses = err;
		heads_empty(&s->heads);
	}
	return err;
}

uc_err store_write(struct store *s, const struct store_change *first)
{
	TRY(store_usable(s));
	TRY(s->refuses);
	TRY(strike(s, STORE_WRITE));
	TRY(refuse(s, s->driver->write(s->engine, first)));
	metrics_add(s->metrics, METRIC_COMMITS, 1);
	for (const struct store_change *c = first; c && s->metrics; c = c->next)
		metrics_add(s->metrics, METRIC_WRITTEN, c->key.n + c->value.n);
	return strike(s, STORE_WRITTEN);
}

uc_err store_sync(struct store *s)
{
	TRY(store_usable(s));
	TRY(s->refuses);
	TRY(strike(s, STORE_SYNC));
	TRY(refuse(s, s->driver->sync(s->engine)));
	metrics_add(s->metrics, METRIC_SYNCS, 1);
	return strike(s, STORE_SYNCED);
}

/* So that whoever opens it knows what it is, however it came to its place. */
static uc_err mark_copy(struct store *s, const char *path)
{
	struct store_engine *copy = NULL;
	struct store_options o = { .path = path };
	struct store_change c;
	struct store_meta meta = s->meta;
	meta.is_copy = 1;
	TRY(meta_change(&s->scratch, &meta, &c));
	TRY(s->driver->open(&o, &copy));
	uc_err err = s->driver->write(copy, &c);
	if (!err)
		err = s->driver->sync(copy);
	s->driver->close(copy);
	return err;
}

uc_err store_checkpoint(struct store *s, const char *path)
{
	if (!s->driver->checkpoint)
		return UC_E_UNSUPPORTED;
	TRY(store_sync(s));
	TRY(s->driver->checkpoint(s->engine, path));
	uc_err err = mark_copy(s, path);
	store_scratch_reset(s);
	return err;
}

uc_err store_maintain(struct store *s)
{
	return s->driver->maintain(s->engine);
}

void store_maintain_stop(struct store *s)
{
	if (s->driver->maintain_stop)
		s->driver->maintain_stop(s->engine);
}

static uc_err get(struct store *s, struct view key, struct arena *mem, struct view *out)
{
	if (!key_fits(key))
		return UC_E_TOO_LARGE;
	TRY(store_usable(s));
	metrics_add(s->metrics, METRIC_READS, 1);
	struct view inner;
	uc_err err = space_key(&s->scratch, SPACE_RECORD, key, &inner);
	if (!err)
		err = s->driver->get(s->engine, inner, mem, out);
	store_scratch_reset(s);
	return store_read_error(s, err, key);
}

uc_err store_get(struct store *s, struct view key, struct arena *mem, struct view *out)
{
	return get(s, key, mem, out);
}

uc_err store_has(struct store *s, struct view key, bool *out)
{
	uc_err err = get(s, key, NULL, NULL);
	if (err && err != UC_E_NOT_FOUND)
		return err;
	*out = !err;
	return UC_OK;
}

static uc_err scan_open(struct store_scan *it, struct store *s, struct view prefix,
			struct view start)
{
	struct view from, end;
	struct arena *mem = &s->scratch;
	TRY(space_key(mem, SPACE_RECORD, prefix, &from));
	TRY(space_end(mem, from, &end));
	if (start.n && view_compare(start, prefix) > 0)
		TRY(space_key(mem, SPACE_RECORD, start, &from));
	if (view_compare(from, end) > 0)
		from = end;
	return s->driver->cursor_open(s->engine, from, end, &it->cursor);
}

uc_err store_scan_init(struct store_scan *it, struct store *s, struct view prefix,
		       struct view start, size_t limit)
{
	if (!key_fits(prefix) || !key_fits(start))
		return UC_E_TOO_LARGE;
	TRY(store_usable(s));
	struct store_scan fresh = { .store = s, .left = limit ? limit : SIZE_MAX };
	fresh.table = prefix.n ? prefix.p[0] : 0;
	uc_err err = scan_open(&fresh, s, prefix, start);
	store_scratch_reset(s);
	TRY(err);
	*it = fresh;
	return UC_OK;
}

bool store_scan_next(struct store_scan *it, struct view *key, struct view *value)
{
	if (it->failed || it->left == 0 || !it->cursor)
		return false;
	struct view inner;
	uc_err err = it->store->driver->cursor_next(it->cursor, &inner, value);
	if (err) {
		it->failed = err == UC_E_NOT_FOUND ? UC_OK : err;
		if (!it->is_told)
			it->failed =
				store_read_error(it->store, it->failed, view_make(&it->table, 1));
		it->left = 0;
		return false;
	}
	it->left--;
	*key = view_slice(inner, 1, inner.n);
	return true;
}

void store_scan_done(struct store_scan *it)
{
	if (it->cursor)
		it->store->driver->cursor_close(it->cursor);
	it->cursor = NULL;
	it->left = 0;
}
