/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors and later openings, written on a clock, ordered by key, across all connections: what lies
 * side by side in a write-ahead log belongs to nobody in particular. */
#include "base/heap.h"
#include "provider/room_work.h"

#include <stdlib.h>

static struct view late_name(struct view room, struct view client, uint8_t space[])
{
	memcpy(space, room.p, room.n);
	space[room.n] = 0;
	memcpy(space + room.n + 1, client.p, client.n);
	return view_make(space, room.n + 1 + client.n);
}

static void late_free(struct seat_late *l)
{
	heap_free(l->opening);
	heap_free(l);
}

struct seat_late *seat_late_find(struct provider *p, struct view room, struct view client)
{
	uint8_t space[2 * PLACE_URI_MAX + 1];
	return map_find(&p->room_work->lates, late_name(room, client, space));
}

struct seat_late *seat_late_get(struct provider *p, struct view room, struct view client)
{
	uint8_t space[2 * PLACE_URI_MAX + 1];
	struct view name = late_name(room, client, space);
	struct seat_late *l = map_find(&p->room_work->lates, name);
	if (l)
		return l;
	l = heap_new(sizeof *l + name.n);
	if (!l)
		return NULL;
	uint8_t *own = (uint8_t *)(l + 1);
	memcpy(own, name.p, name.n);
	l->room = view_make(own, room.n);
	l->client = view_make(own + room.n + 1, client.n);
	if (map_put(&p->room_work->lates, view_make(own, name.n), l)) {
		heap_free(l);
		return NULL;
	}
	return l;
}

void seats_late_forget(struct provider *p, struct view room, struct view client)
{
	uint8_t space[2 * PLACE_URI_MAX + 1];
	struct seat_late *l = map_remove(&p->room_work->lates, late_name(room, client, space));
	if (l)
		late_free(l);
}

void seats_late_free(struct provider *p)
{
	size_t at = 0;
	struct view key;
	void *value;
	while (map_next(&p->room_work->lates, &at, &key, &value))
		late_free(value);
	map_done(&p->room_work->lates);
}

/* --- writing --- */

static int compare(const void *a, const void *b)
{
	const struct seat_late *const *l = a, *const *r = b;
	int d = view_compare((*l)->room, (*r)->room);
	return d ? d : view_compare((*l)->client, (*r)->client);
}

static uc_err write_one(struct provider *p, struct store_batch *b, const struct seat_late *l,
			struct arena *a)
{
	struct store_key k;
	struct seat_record r;
	struct view key = key_2(&k, TABLE_SEAT, l->room, l->client);
	uc_err err = record_get(p->rooms, key, seat_record_element, a, &r);
	if (err)
		return err == UC_E_NOT_FOUND ? UC_OK : err; /* gone meanwhile */
	if (l->cursor > r.cursor)
		r.cursor = l->cursor;
	if (l->month > r.opened_month)
		r.opened_month = l->month;
	if (l->opening)
		memcpy(r.opener, l->opener, sizeof r.opener);
	TRY(record_put(b, key, seat_record_element, &r));
	if (!l->opening)
		return UC_OK;
	return opening_add(p, b, l->room, l->client, view_make(l->opening, l->opening_n), a);
}

/* All of one room; *n: how many. */
static uc_err write_room(struct provider *p, struct seat_late **v, size_t left, size_t *n)
{
	struct store_batch b;
	struct arena a;
	uc_err err = UC_OK;
	arena_init(&a, ROOM_MEMORY_MAX, ARENA_PLAIN);
	store_batch_init(&b, v[0]->room);
	for (*n = 0; !err && *n < left && view_equal(v[*n]->room, v[0]->room); ++*n)
		err = write_one(p, &b, v[*n], &a);
	if (err)
		store_batch_done(&b);
	else
		err = commit_rooms(p, &b);
	arena_done(&a);
	return err;
}

static void write_all(struct provider *p, struct seat_late **v, size_t n)
{
	for (size_t i = 0, some; i < n; i += some) {
		if (write_room(p, &v[i], n - i, &some))
			continue; /* a store that has failed says so at the next sync */
		for (size_t k = i; k < i + some; k++)
			v[k]->month = UINT32_MAX; /* done */
	}
}

void seats_flush(struct provider *p)
{
	struct map *lates = &p->room_work->lates;
	size_t n = 0, at = 0, count = lates->n;
	struct view key;
	void *value;
	if (!count)
		return;
	struct seat_late **v = heap_new(count * sizeof(struct seat_late *));
	if (!v)
		return; /* the next time */
	while (n < count && map_next(lates, &at, &key, &value))
		v[n++] = value;
	qsort(v, n, sizeof(struct seat_late *), compare);
	write_all(p, v, n);
	for (size_t i = 0; i < n; i++)
		if (v[i]->month == UINT32_MAX)
			seats_late_forget(p, v[i]->room, v[i]->client);
	heap_free(v);
}
