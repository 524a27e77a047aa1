/* SPDX-License-Identifier: Apache-2.0 */
/* RocksDB looks for the place of a key in its memtable from the place of the one before it.  In order
 * of keys that is near, where the rooms of a round, as they come, lie anywhere: with each step to
 * another entry, each a miss of the caches.  What a later change makes void is not written at all. */
#include "store/gathered.h"

#include <stdlib.h>

#define KEPT      ((size_t)4 * 1024 * 1024)
#define BYTES_MAX (2 * STORE_BATCH_MAX)

struct item {
	const uint8_t *key; /* the value follows; set when all are there */
	size_t key_n, value_n;
	enum store_change_kind kind;
};

void gathered_init(struct gathered *g)
{
	*g = (struct gathered){ .batch = rocksdb_writebatch_create() };
	buf_init(&g->items, BYTES_MAX);
	buf_init(&g->bytes, BYTES_MAX);
}

void gathered_done(struct gathered *g)
{
	rocksdb_writebatch_destroy(g->batch);
	buf_done(&g->items);
	buf_done(&g->bytes);
}

static size_t filter_bit(uint64_t hash)
{
	return (size_t)((hash ^ hash >> 32) % GATHERED_FILTER_BITS);
}

uc_err gathered_add(struct gathered *g, const struct store_change *first)
{
	size_t items_n = g->items.n, bytes_n = g->bytes.n;
	for (const struct store_change *c = first; c; c = c->next) {
		const struct item item = { NULL, c->key.n, c->value.n, c->kind };
		size_t bit = filter_bit(c->hash);
		buf_add(&g->items, &item, sizeof item);
		buf_add_view(&g->bytes, c->key);
		buf_add_view(&g->bytes, c->value);
		/* A bit too many does no harm. */
		g->filter[bit / 64] |= (uint64_t)1 << bit % 64;
		g->any_range |= c->kind == CHANGE_DELETE_RANGE;
	}
	uc_err err = g->items.failed ? g->items.failed : g->bytes.failed;
	if (err) {
		g->items.n = items_n;
		g->bytes.n = bytes_n;
		g->items.failed = g->bytes.failed = UC_OK;
	}
	return err;
}

size_t gathered_bytes(const struct gathered *g)
{
	return g->bytes.n;
}

bool gathered_any(const struct gathered *g)
{
	return g->items.n != 0;
}

bool gathered_may_have(const struct gathered *g, struct view key)
{
	size_t bit = filter_bit(store_hash(key));
	return gathered_any(g) && (g->any_range || (g->filter[bit / 64] >> bit % 64 & 1));
}

/* Of one key, in the order they came: so they lie in memory. */
static int compare(const void *pa, const void *pb)
{
	const struct item *a = pa, *b = pb;
	int by_key = view_compare(view_make(a->key, a->key_n), view_make(b->key, b->key_n));
	return by_key ? by_key : a->key < b->key ? -1 : a->key > b->key;
}

static bool is_void(const struct item *it, const struct item *next)
{
	return view_equal(view_make(it->key, it->key_n), view_make(next->key, next->key_n));
}

static void batch_add(rocksdb_writebatch_t *batch, const struct item *it)
{
	const char *key = (const char *)it->key, *value = key + it->key_n;
	switch (it->kind) {
	case CHANGE_PUT:
		rocksdb_writebatch_put(batch, key, it->key_n, value, it->value_n);
		break;
	case CHANGE_DELETE:
		rocksdb_writebatch_delete(batch, key, it->key_n);
		break;
	case CHANGE_DELETE_RANGE:
		rocksdb_writebatch_delete_range(batch, key, it->key_n, value, it->value_n);
		break;
	}
}

/* Changes of single keys. */
static void batch_add_sorted(rocksdb_writebatch_t *batch, struct item *v, size_t n)
{
	qsort(v, n, sizeof *v, compare);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || !is_void(&v[i], &v[i + 1]))
			batch_add(batch, &v[i]);
}

rocksdb_writebatch_t *gathered_batch(struct gathered *g)
{
	struct item *v = (struct item *)(void *)g->items.p;
	size_t n = g->items.n / sizeof *v, at = 0;
	for (size_t i = 0; i < n; i++) {
		v[i].key = g->bytes.p + at;
		at += v[i].key_n + v[i].value_n;
	}
	/* A range stays where it is among the others. */
	for (size_t from = 0, i = 0; i <= n; i++) {
		if (i < n && v[i].kind != CHANGE_DELETE_RANGE)
			continue;
		if (i > from)
			batch_add_sorted(g->batch, v + from, i - from);
		if (i < n)
			batch_add(g->batch, &v[i]);
		from = i + 1;
	}
	return g->batch;
}

void gathered_empty(struct gathered *g)
{
	if (g->bytes.n > KEPT) {
		gathered_done(g);
		gathered_init(g);
		return;
	}
	rocksdb_writebatch_clear(g->batch);
	buf_reset(&g->items);
	buf_reset(&g->bytes);
	memset(g->filter, 0, sizeof g->filter);
	g->any_range = false;
}
