/* SPDX-License-Identifier: Apache-2.0 */
#include "web/journaled.h"

#include "web/batch.h"

#include "base/heap.h"
#include "wire/wire.h"

/* Keys in order, in chunks: a change moves a chunk's pointers, not the store's. */
enum { CHUNK = 256 };
struct entry {
	uint8_t *bytes; /* key, then value */
	size_t key_n, value_n;
};
struct chunk {
	size_t n; /* never 0 */
	struct entry v[CHUNK];
};
struct place {
	size_t chunk, i;
};
struct journaled {
	journaled_sink *sink;
	struct chunk **v;
	size_t n, cap;
	bool dead;
	struct buf batch;       /* of the commit, or of the snapshot */
	struct place next;      /* of the snapshot */
	bool snapshot_is_whole; /* nothing was committed since it began */
};

struct journaled *journaled_new(journaled_sink *sink)
{
	struct journaled *j = HEAP_NEW(struct journaled);
	if (!j)
		return NULL;
	j->sink = sink;
	buf_init(&j->batch, WIRE_OBJECT_MAX * 2);
	return j;
}

void journaled_free(struct journaled *j)
{
	if (!j)
		return;
	for (size_t at = 0; at < j->n; at++) {
		for (size_t i = 0; i < j->v[at]->n; i++)
			heap_free(j->v[at]->v[i].bytes);
		heap_free(j->v[at]);
	}
	heap_free(j->v);
	buf_done(&j->batch);
	heap_free(j);
}

/* --- places --- */

static struct view entry_key(const struct entry *e)
{
	return (struct view){ e->bytes, e->key_n };
}

/* The last chunk that begins at or before the key, or the first one. */
static size_t chunk_of(const struct journaled *j, struct view key)
{
	size_t low = 0, high = j->n;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;
		if (view_compare(entry_key(&j->v[mid]->v[0]), key) <= 0)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* Where the key is, or would be put; `i` may be one past the chunk's last. */
static struct place place_of(const struct journaled *j, struct view key)
{
	if (!j->n)
		return (struct place){ 0, 0 };
	size_t at = chunk_of(j, key), low = 0, high = j->v[at]->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (view_compare(entry_key(&j->v[at]->v[mid]), key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return (struct place){ at, low };
}

/* The entry there, or the next chunk's first; NULL at the end. */
static struct entry *entry_at(const struct journaled *j, struct place *p)
{
	if (p->chunk < j->n && p->i == j->v[p->chunk]->n)
		*p = (struct place){ p->chunk + 1, 0 };
	return p->chunk < j->n ? &j->v[p->chunk]->v[p->i] : NULL;
}

static struct entry *find(const struct journaled *j, struct view key)
{
	struct place p = place_of(j, key);
	struct entry *e = entry_at(j, &p);
	return e && view_equal(entry_key(e), key) ? e : NULL;
}

/* --- changes --- */

static uc_err chunk_insert(struct journaled *j, size_t at)
{
	if (j->n == j->cap) {
		size_t cap = j->cap ? j->cap * 2 : 16;
		struct chunk **v = heap_new(cap * sizeof(struct chunk *));
		if (!v)
			return UC_E_MEMORY;
		if (j->n)
			memcpy(v, j->v, j->n * sizeof(struct chunk *));
		heap_free(j->v);
		j->v = v;
		j->cap = cap;
	}
	struct chunk *chunk = HEAP_NEW(struct chunk);
	if (!chunk)
		return UC_E_MEMORY;
	memmove(j->v + at + 1, j->v + at, (j->n - at) * sizeof(struct chunk *));
	j->v[at] = chunk;
	j->n++;
	return UC_OK;
}

/* Makes room in a full chunk: its upper half moves out, or nothing when the new entry comes after
 * all others of it, as in a snapshot. */
static uc_err split(struct journaled *j, struct place *p)
{
	TRY(chunk_insert(j, p->chunk + 1));
	struct chunk *low = j->v[p->chunk], *high = j->v[p->chunk + 1];
	size_t keep = p->i == CHUNK ? CHUNK : CHUNK / 2;
	high->n = CHUNK - keep;
	memcpy(high->v, low->v + keep, high->n * sizeof *high->v);
	low->n = keep;
	if (p->i >= keep)
		*p = (struct place){ p->chunk + 1, p->i - keep };
	return UC_OK;
}

static uc_err insert(struct journaled *j, struct place p, struct entry e)
{
	if (!j->n)
		TRY(chunk_insert(j, 0));
	else if (j->v[p.chunk]->n == CHUNK)
		TRY(split(j, &p));
	struct chunk *c = j->v[p.chunk];
	memmove(c->v + p.i + 1, c->v + p.i, (c->n - p.i) * sizeof *c->v);
	c->v[p.i] = e;
	c->n++;
	return UC_OK;
}

static void drop(struct journaled *j, struct place p)
{
	struct chunk *c = j->v[p.chunk];
	heap_free(c->v[p.i].bytes);
	c->n--;
	memmove(c->v + p.i, c->v + p.i + 1, (c->n - p.i) * sizeof *c->v);
	if (c->n)
		return;
	heap_free(c);
	j->n--;
	memmove(j->v + p.chunk, j->v + p.chunk + 1, (j->n - p.chunk) * sizeof(struct chunk *));
}

static void remove_key(struct journaled *j, struct view key)
{
	struct place p = place_of(j, key);
	const struct entry *e = entry_at(j, &p);
	if (e && view_equal(entry_key(e), key))
		drop(j, p);
}

static uc_err put(struct journaled *j, struct view key, struct view value)
{
	struct entry e = { heap_new(key.n + value.n), key.n, value.n };
	if (!e.bytes)
		return UC_E_MEMORY;
	memcpy(e.bytes, key.p, key.n);
	if (value.n)
		memcpy(e.bytes + key.n, value.p, value.n);
	struct entry *there = find(j, key);
	if (there) {
		heap_free(there->bytes);
		*there = e;
		return UC_OK;
	}
	uc_err err = insert(j, place_of(j, key), e);
	if (err)
		heap_free(e.bytes);
	return err;
}

static uc_err apply(void *ctx, const struct uc_store_change *c)
{
	struct journaled *j = ctx;
	struct view key = { c->key, c->key_n }, value = { c->value, c->value_n };
	j->snapshot_is_whole = false;
	if (c->value)
		return put(j, key, value);
	remove_key(j, key);
	return UC_OK;
}

uc_err journaled_load(struct journaled *j, struct view batch)
{
	if (j->dead)
		return UC_E_STORE;
	uc_err err = batch_read(batch, apply, j);
	j->dead = err && err != UC_E_CORRUPT;
	return err;
}

/* --- the store's operations --- */

/* The batch is written first: one that cannot be leaves everything as it was.  Memory follows, and
 * the journal last: when either fails the store is dead, and the journal has nothing of it. */
static uc_err journaled_commit(void *store, const struct uc_store_change *changes, size_t n)
{
	struct journaled *j = store;
	if (j->dead)
		return UC_E_STORE;
	buf_reset(&j->batch);
	for (size_t i = 0; i < n; i++)
		TRY(batch_add(&j->batch, &changes[i]));
	uc_err err = UC_OK;
	for (size_t i = 0; i < n && !err; i++)
		err = apply(j, &changes[i]);
	if (!err && n && j->sink(j->batch.p, j->batch.n))
		err = UC_E_STORE;
	j->dead = err;
	return err;
}

static uc_err journaled_get(void *store, const uint8_t *key, size_t key_n, uc_store_each *each,
			    void *ctx)
{
	const struct journaled *j = store;
	if (j->dead)
		return UC_E_STORE;
	const struct entry *e = find(j, (struct view){ key, key_n });
	if (e)
		each(ctx, e->bytes, e->key_n, e->bytes + e->key_n, e->value_n);
	return UC_OK;
}

static uc_err journaled_scan(void *store, const uint8_t *prefix, size_t prefix_n,
			     const uint8_t *from, size_t from_n, uc_store_each *each, void *ctx)
{
	const struct journaled *j = store;
	struct view start = { prefix, prefix_n }, begin = { from, from_n };
	if (j->dead)
		return UC_E_STORE;
	struct place p = place_of(j, view_compare(begin, start) > 0 ? begin : start);
	for (const struct entry *e; (e = entry_at(j, &p)); p.i++)
		if (!view_starts_with(entry_key(e), start) ||
		    !each(ctx, e->bytes, e->key_n, e->bytes + e->key_n, e->value_n))
			break;
	return UC_OK;
}

static void journaled_close(void *store)
{
	journaled_free(store);
}

const struct uc_store_ops *journaled_ops(void)
{
	static const struct uc_store_ops ops = {
		.commit = journaled_commit,
		.get = journaled_get,
		.scan = journaled_scan,
		.close = journaled_close,
	};
	return &ops;
}

/* --- the snapshot --- */

static uc_err add_entry(struct journaled *j, const struct entry *e)
{
	struct uc_store_change change = { e->bytes, e->key_n, e->bytes + e->key_n, e->value_n };
	return batch_add(&j->batch, &change);
}

uc_err journaled_snapshot(struct journaled *j, bool first, struct view *out)
{
	if (j->dead)
		return UC_E_STORE;
	if (first) {
		j->next = (struct place){ 0, 0 };
		j->snapshot_is_whole = true;
	}
	if (!j->snapshot_is_whole)
		return UC_E_STALE;
	buf_reset(&j->batch);
	for (const struct entry *e; (e = entry_at(j, &j->next)); j->next.i++) {
		if (j->batch.n && j->batch.n + e->value_n > SNAPSHOT_BYTES)
			break;
		TRY(add_entry(j, e));
	}
	*out = buf_view(&j->batch);
	return UC_OK;
}
