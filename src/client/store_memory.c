/* SPDX-License-Identifier: Apache-2.0 */
#include "client/store_memory.h"

#include "base/buf.h"
#include "base/heap.h"

/* Entries in key order; a client's store is small enough for moving pointers. */
struct memory_entry {
	uint8_t *bytes; /* key, then value */
	size_t key_n, value_n;
};

struct client_memory {
	struct memory_entry *v;
	size_t n, cap;
	uint64_t commits, fail_at;
	enum store_fault fault;
	bool dead;
};

struct client_memory *client_memory_new(void)
{
	return HEAP_NEW(struct client_memory);
}

void client_memory_free(struct client_memory *m)
{
	if (!m)
		return;
	for (size_t i = 0; m->v && i < m->n; i++)
		heap_free(m->v[i].bytes);
	heap_free(m->v);
	heap_free(m);
}

static bool entry_copy(const struct memory_entry *from, struct memory_entry *to)
{
	uint8_t *bytes = heap_new(from->key_n + from->value_n);
	if (!bytes)
		return false;
	memcpy(bytes, from->bytes, from->key_n + from->value_n);
	*to = (struct memory_entry){ bytes, from->key_n, from->value_n };
	return true;
}

struct client_memory *client_memory_copy(const struct client_memory *m)
{
	struct client_memory *copy = client_memory_new();
	if (!copy || !m->n)
		return copy;
	copy->v = heap_new(m->n * sizeof *copy->v);
	if (!copy->v) {
		heap_free(copy);
		return NULL;
	}
	copy->cap = m->n;
	copy->n = 0;
	while (copy->n < m->n && entry_copy(&m->v[copy->n], &copy->v[copy->n]))
		copy->n++;
	if (copy->n == m->n)
		return copy;
	client_memory_free(copy);
	return NULL;
}

uint64_t client_memory_commits(const struct client_memory *m)
{
	return m->commits;
}

void client_memory_fail_at(struct client_memory *m, uint64_t commit, enum store_fault fault)
{
	m->fail_at = commit;
	m->fault = fault;
}

static struct view entry_key(const struct memory_entry *e)
{
	return (struct view){ e->bytes, e->key_n };
}

static struct view entry_value(const struct memory_entry *e)
{
	return (struct view){ e->bytes + e->key_n, e->value_n };
}

/* The first entry whose key is not before `key`. */
static size_t place_of(const struct client_memory *m, struct view key)
{
	size_t low = 0, high = m->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (view_compare(entry_key(&m->v[mid]), key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_at(const struct client_memory *m, size_t i, struct view key)
{
	return i < m->n && view_equal(entry_key(&m->v[i]), key);
}

static uc_err make_room(struct client_memory *m, size_t more)
{
	if (m->cap - m->n >= more)
		return UC_OK;
	size_t cap = (m->n + more) * 2;
	struct memory_entry *v = heap_new(cap * sizeof *v);
	if (!v)
		return UC_E_MEMORY;
	if (m->n)
		memcpy(v, m->v, m->n * sizeof *v);
	heap_free(m->v);
	m->v = v;
	m->cap = cap;
	return UC_OK;
}

static void drop(struct client_memory *m, size_t i)
{
	heap_free_wiped(m->v[i].bytes, m->v[i].key_n + m->v[i].value_n);
	memmove(m->v + i, m->v + i + 1, (m->n - i - 1) * sizeof *m->v);
	m->n--;
}

static void apply(struct client_memory *m, const struct uc_store_change *c, uint8_t *bytes)
{
	struct view key = { c->key, c->key_n };
	size_t i = place_of(m, key);
	if (is_at(m, i, key))
		drop(m, i);
	if (!c->value)
		return;
	memmove(m->v + i + 1, m->v + i, (m->n - i) * sizeof *m->v);
	memcpy(bytes, c->key, c->key_n);
	if (c->value_n)
		memcpy(bytes + c->key_n, c->value, c->value_n);
	m->v[i] = (struct memory_entry){ bytes, c->key_n, c->value_n };
	m->n++;
}

/* All memory is taken before anything changes, so that the batch is whole or absent. */
static uc_err commit_all(struct client_memory *m, const struct uc_store_change *changes, size_t n)
{
	TRY(make_room(m, n));
	uint8_t **bytes = heap_new(n * sizeof *bytes);
	bool short_of = !bytes;
	for (size_t i = 0; i < n && !short_of; i++) {
		if (changes[i].value)
			bytes[i] = heap_new(changes[i].key_n + changes[i].value_n);
		short_of = changes[i].value && !bytes[i];
	}
	for (size_t i = 0; i < n && bytes; i++) {
		if (short_of)
			heap_free(bytes[i]);
		else
			apply(m, &changes[i], bytes[i]);
	}
	heap_free(bytes);
	return short_of ? UC_E_MEMORY : UC_OK;
}

static uc_err memory_commit(void *store, const struct uc_store_change *changes, size_t n)
{
	struct client_memory *m = store;
	if (m->dead)
		return UC_E_STORE;
	m->commits++;
	bool fails = m->fail_at && m->commits == m->fail_at;
	if (!fails || m->fault == STORE_FAULT_AFTER)
		TRY(commit_all(m, changes, n));
	m->dead = fails;
	return fails ? UC_E_STORE : UC_OK;
}

static uc_err memory_get(void *store, const uint8_t *key, size_t key_n, uc_store_each *each,
			 void *ctx)
{
	struct client_memory *m = store;
	struct view k = { key, key_n };
	if (m->dead)
		return UC_E_STORE;
	size_t i = place_of(m, k);
	if (is_at(m, i, k))
		each(ctx, key, key_n, entry_value(&m->v[i]).p, m->v[i].value_n);
	return UC_OK;
}

static uc_err memory_scan(void *store, const uint8_t *prefix, size_t prefix_n, const uint8_t *from,
			  size_t from_n, uc_store_each *each, void *ctx)
{
	struct client_memory *m = store;
	struct view start = { prefix, prefix_n }, begin = { from, from_n };
	if (m->dead)
		return UC_E_STORE;
	size_t i = place_of(m, view_compare(begin, start) > 0 ? begin : start);
	for (; i < m->n && view_starts_with(entry_key(&m->v[i]), start); i++) {
		struct view value = entry_value(&m->v[i]);
		if (!each(ctx, m->v[i].bytes, m->v[i].key_n, value.p, value.n))
			break;
	}
	return UC_OK;
}

static void memory_close(void *store)
{
	struct client_memory *m = store;
	m->dead = false;
}

const struct uc_store_ops *client_memory_ops(void)
{
	static const struct uc_store_ops ops = {
		.commit = memory_commit,
		.get = memory_get,
		.scan = memory_scan,
		.close = memory_close,
	};
	return &ops;
}

static bool bytes_have(struct view hay, struct view needle)
{
	return hay.n >= needle.n && memmem(hay.p, hay.n, needle.p, needle.n);
}

bool client_memory_has(const struct client_memory *m, struct view needle)
{
	for (size_t i = 0; i < m->n; i++)
		if (bytes_have((struct view){ m->v[i].bytes, m->v[i].key_n + m->v[i].value_n },
			       needle))
			return true;
	return false;
}
