/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rate.h"

#include "base/heap.h"
#include "base/secret.h"

#define HOUR_US ((uint64_t)3600 * 1000 * 1000)

/* What lies in a table. */
struct kept {
	struct rate_state state; /* first: so it is found by */
	uint64_t taken_ms;
};

static uint64_t step_of(const struct rate *limit)
{
	return HOUR_US / limit->hour;
}

/* The theoretical arrival time.  A clock that was put back must not lock anybody out for longer than
 * a full bucket lasts: what lies further ahead than twice that is of another time, and forgotten. */
static uint64_t from_of(const struct rate_state *r, const struct rate *limit, uint64_t now)
{
	uint64_t room = step_of(limit) * limit->burst;
	uint64_t from = r->empty_until_us > now ? r->empty_until_us : now;
	if (from > now + 2 * room)
		return now;
	return from > now + room ? now + room : from;
}

/* What costs more than all there can be costs all. */
static uint64_t cost_of(const struct rate *limit, uint32_t units)
{
	return step_of(limit) * (units < limit->burst ? units : limit->burst);
}

static uint32_t wait_for(const struct rate_state *r, const struct rate *limit, uint32_t units,
			 uint64_t now_ms)
{
	uint64_t now = now_ms * 1000, room = step_of(limit) * limit->burst;
	uint64_t after = from_of(r, limit, now) + cost_of(limit, units);
	return after > now + room ? (uint32_t)((after - now - room) / 1000000 + 1) : 0;
}

uint32_t rate_wait(const struct rate_state *r, const struct rate *limit, uint64_t now_ms)
{
	return wait_for(r, limit, 1, now_ms);
}

uint32_t rate_take_many(struct rate_state *r, const struct rate *limit, uint32_t units,
			uint64_t now_ms)
{
	uint32_t wait = wait_for(r, limit, units, now_ms);
	if (!wait)
		r->empty_until_us = from_of(r, limit, now_ms * 1000) + cost_of(limit, units);
	return wait;
}

uint32_t rate_take(struct rate_state *r, const struct rate *limit, uint64_t now_ms)
{
	return rate_take_many(r, limit, 1, now_ms);
}

void rate_give(struct rate_state *r, const struct rate *limit)
{
	uint64_t step = step_of(limit);
	r->empty_until_us -= r->empty_until_us < step ? r->empty_until_us : step;
}

uc_err rate_table_init(struct rate_table *t, const struct env *env, const struct rate *limits)
{
	t->limits = limits;
	t->last_sweep_ms = 0;
	t->lets_pass = false;
	t->forget_ms = 0;
	return map_init(&t->map, env);
}

void rate_table_done(struct rate_table *t)
{
	size_t at = 0;
	struct view key;
	void *value;
	while (map_next(&t->map, &at, &key, &value))
		heap_free_wiped(value, sizeof(struct kept));
	map_done(&t->map);
}

/* Full again, or of a time that the clock has left. */
bool rate_is_full(const struct rate_state *r, uint64_t now_ms)
{
	return r->empty_until_us <= now_ms * 1000 ||
	       r->empty_until_us > now_ms * 1000 + 24 * HOUR_US;
}

static bool is_over(const struct rate_table *t, const struct kept *k, uint64_t now_ms)
{
	bool is_old = now_ms < k->taken_ms || now_ms - k->taken_ms >= t->forget_ms;
	return rate_is_full(&k->state, now_ms) || (t->forget_ms && is_old);
}

/* Forgets all buckets that are full: once a minute, once a second when there is no room.  Fewer
 * each time, and a busy hour would fill the table for good. */
void rate_table_sweep(struct rate_table *t, uint64_t now_ms)
{
	size_t n = 0, at = 0;
	struct view key;
	void *value;
	uint64_t rest = t->map.n >= RATE_KEYS_MAX ? 1000 : 60000;
	if (now_ms >= t->last_sweep_ms && now_ms < t->last_sweep_ms + rest)
		return;
	t->last_sweep_ms = now_ms;
	struct view *full = t->map.n ? heap_new(t->map.n * sizeof *full) : NULL;
	if (!full)
		return;
	while (map_next(&t->map, &at, &key, &value))
		if (is_over(t, value, now_ms))
			full[n++] = key;
	for (size_t i = 0; i < n; i++) {
		void *gone = map_remove(&t->map, full[i]);
		heap_free_wiped(gone, sizeof(struct kept));
	}
	heap_free(full);
}

uint32_t rate_table_take(struct rate_table *t, unsigned limit, struct view key, uint64_t now_ms)
{
	return rate_table_take_many(t, limit, key, 1, now_ms);
}

enum { WHOLE_MAX = 256 };

static struct view whole_key(unsigned limit, struct view key, uint8_t whole[WHOLE_MAX])
{
	if (key.n > WHOLE_MAX - 1)
		key.n = WHOLE_MAX - 1;
	whole[0] = (uint8_t)limit;
	if (key.n)
		memcpy(whole + 1, key.p, key.n);
	return view_make(whole, key.n + 1);
}

void rate_table_give(struct rate_table *t, unsigned limit, struct view key)
{
	uint8_t whole[WHOLE_MAX];
	struct kept *k = map_find(&t->map, whole_key(limit, key, whole));
	wipe(whole, sizeof whole);
	if (k)
		rate_give(&k->state, &t->limits[limit]);
}

/* Made where there is none yet; NULL: there is no room. */
static struct kept *kept_get(struct rate_table *t, struct view name)
{
	struct kept *k = map_find(&t->map, name);
	if (k || t->map.n >= RATE_KEYS_MAX || !(k = HEAP_NEW(struct kept)))
		return k;
	if (!map_put(&t->map, name, k))
		return k;
	heap_free(k);
	return NULL;
}

uint32_t rate_table_take_many(struct rate_table *t, unsigned limit, struct view key, uint32_t units,
			      uint64_t now_ms)
{
	uint8_t whole[WHOLE_MAX];
	rate_table_sweep(t, now_ms);
	struct kept *k = kept_get(t, whole_key(limit, key, whole));
	wipe(whole, sizeof whole);
	if (!k)
		return t->lets_pass ? 0 : 60;
	k->taken_ms = now_ms;
	return rate_take_many(&k->state, &t->limits[limit], units, now_ms);
}

bool network_is_own_machine(struct view from)
{
	static const uint8_t v6[16], v4[] = { [10] = 0xff, [11] = 0xff, [12] = 127 };
	return view_equal(from, VIEW_OF(v6)) || view_starts_with(from, VIEW_OF(v4));
}
