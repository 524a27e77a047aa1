/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing, linear probing, backward-shift deletion.  Keys may be what is to be known for a while
 * only (network addresses): they, and their hashes, are wiped when they are given back. */
#include "base/map.h"

#include "base/heap.h"
#include "base/siphash.h"

struct map_slot {
	uint8_t *key;
	size_t key_n;
	uint64_t hash;
	void *value; /* NULL: free slot */
};

uc_err map_init(struct map *m, const struct env *env)
{
	*m = (struct map){ 0 };
	return env_random(env, (uint8_t *)m->key, sizeof m->key);
}

void map_done(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		heap_free_wiped(m->slots[i].key, m->slots[i].key_n);
	heap_free_wiped(m->slots, m->cap * sizeof *m->slots);
	*m = (struct map){ .key = { m->key[0], m->key[1] } };
}

static size_t slot_of(const struct map *m, struct view key, uint64_t hash)
{
	size_t i = hash & (m->cap - 1);
	while (m->slots[i].value &&
	       !(m->slots[i].hash == hash &&
		 view_equal(view_make(m->slots[i].key, m->slots[i].key_n), key)))
		i = (i + 1) & (m->cap - 1);
	return i;
}

void *map_find(const struct map *m, struct view key)
{
	return m->cap ? m->slots[slot_of(m, key, siphash(m->key, key))].value : NULL;
}

uint64_t map_hash(const struct map *m, struct view key)
{
	return siphash(m->key, key);
}

void *map_find_hashed(const struct map *m, struct view key, uint64_t hash)
{
	return m->cap ? m->slots[slot_of(m, key, hash)].value : NULL;
}

void map_expect(const struct map *m, uint64_t hash)
{
	if (m->cap)
		__builtin_prefetch(&m->slots[hash & (m->cap - 1)]);
}

static uc_err grow(struct map *m)
{
	struct map bigger = *m;
	bigger.cap = m->cap ? m->cap * 2 : 16;
	bigger.slots = heap_new(bigger.cap * sizeof *bigger.slots);
	if (!bigger.slots)
		return UC_E_MEMORY;
	for (size_t i = 0; i < m->cap; i++) {
		struct map_slot *s = &m->slots[i];
		if (s->value)
			bigger.slots[slot_of(&bigger, view_make(s->key, s->key_n), s->hash)] = *s;
	}
	heap_free_wiped(m->slots, m->cap * sizeof *m->slots);
	*m = bigger;
	return UC_OK;
}

uc_err map_put(struct map *m, struct view key, void *value)
{
	if (!value)
		return UC_E_ARGUMENT;
	if (m->n * 4 >= m->cap * 3)
		TRY(grow(m));
	uint64_t hash = siphash(m->key, key);
	struct map_slot *s = &m->slots[slot_of(m, key, hash)];
	if (!s->value) {
		s->key = heap_new(key.n);
		if (!s->key)
			return UC_E_MEMORY;
		if (key.n)
			memcpy(s->key, key.p, key.n);
		s->key_n = key.n;
		s->hash = hash;
		m->n++;
	}
	s->value = value;
	return UC_OK;
}

void *map_remove(struct map *m, struct view key)
{
	if (!m->cap)
		return NULL;
	size_t i = slot_of(m, key, siphash(m->key, key));
	void *value = m->slots[i].value;
	if (!value)
		return NULL;
	heap_free_wiped(m->slots[i].key, m->slots[i].key_n);
	m->n--;
	/* Close the gap: move back each later entry of the run that may stand here. */
	for (size_t k = (i + 1) & (m->cap - 1); m->slots[k].value; k = (k + 1) & (m->cap - 1)) {
		size_t home = m->slots[k].hash & (m->cap - 1);
		if (((k - home) & (m->cap - 1)) >= ((k - i) & (m->cap - 1))) {
			m->slots[i] = m->slots[k];
			i = k;
		}
	}
	m->slots[i] = (struct map_slot){ 0 };
	return value;
}

bool map_next(const struct map *m, size_t *at, struct view *key, void **value)
{
	for (; *at < m->cap; (*at)++) {
		struct map_slot *s = &m->slots[*at];
		if (s->value) {
			*key = view_make(s->key, s->key_n);
			*value = s->value;
			(*at)++;
			return true;
		}
	}
	return false;
}
