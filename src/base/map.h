/* SPDX-License-Identifier: Apache-2.0 */
/* A hash map from bytes to pointers.  Keys are copied, and wiped when they go.  The hash is keyed
 * (SipHash-2-4), so that whoever chooses keys from outside cannot make them collide. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/env.h"
#include "base/view.h"

struct map_slot;
struct map {
	struct map_slot *slots;
	size_t n, cap; /* entries; slots, a power of two */
	uint64_t key[2];
};

uc_err UC_MUST_USE map_init(struct map *m, const struct env *env);
/* Frees keys, not values. */
void map_done(struct map *m);
/* NULL when absent. */
void *map_find(const struct map *m, struct view key);
/* The same for who keeps the key's hash, which stays what it is as long as the map. */
uint64_t map_hash(const struct map *m, struct view key);
void *map_find_hashed(const struct map *m, struct view key, uint64_t hash);
/* It will be asked for: where to look is fetched meanwhile. */
void map_expect(const struct map *m, uint64_t hash);
/* Sets or replaces; value must not be NULL. */
uc_err UC_MUST_USE map_put(struct map *m, struct view key, void *value);
/* Removes and returns the value; NULL when absent. */
void *map_remove(struct map *m, struct view key);
/* Walks all entries: start with *at = 0; false at the end.  No put while walking; removing the
 * entry just returned is not allowed either: collect keys first. */
bool map_next(const struct map *m, size_t *at, struct view *key, void **value);

#endif
