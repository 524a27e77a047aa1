/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors and later openings, written on a clock, ordered by key, across all connections: what lies
 * side by side in a write-ahead log belongs to nobody in particular. */
#include "base/heap.h"
#include "base/planted.h"
#include "provider/room_work.h"

#include <stdlib.h>

enum { TICKS_ALIKE = 5 };

struct late_name {
	struct view room, client;
};

static void round_end(struct late_round *t)
{
	heap_free(t->v);
	arena_done(&t->mem);
	*t = (struct late_round){ .n = 0 };
}

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

struct seat_late *seat_late_find_hashed(struct provider *p, struct view room, struct view client,
					uint64_t hash)
{
	uint8_t space[2 * PLACE_URI_MAX + 1];
	struct map *lates = &p->room_work->lates;
	return lates->n ? map_find_hashed(lates, late_name(room, client, space), hash) : NULL;
}

uint64_t seat_late_hash(const struct provider *p, struct view room, struct view client)
{
	uint8_t space[2 * PLACE_URI_MAX + 1];
	return map_hash(&p->room_work->lates, late_name(room, client, space));
}

struct seat_late *seat_late_find(struct provider *p, struct view room, struct view client)
{
	return p->room_work->lates.n
		       ? seat_late_find_hashed(p, room, client, seat_late_hash(p, room, client))
		       : NULL;
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
	round_end(&p->room_work->late_round);
}

/* --- seats that are open and have moved --- */

void seat_moved(struct provider *p, struct seat_live *seat)
{
	struct room_live *r = seat->room;
	if (seat->is_moved)
		return;
	seat->is_moved = true;
	if (!r->moved_n++)
		room_line_add(&p->room_work->moved, &r->moved);
}

static void settled(struct seat_live *seat)
{
	struct room_live *r = seat->room;
	seat->is_moved = false;
	if (!--r->moved_n)
		room_line_remove(&r->moved);
}

void seat_moved_late(struct provider *p, struct seat_live *seat)
{
	struct arena a;
	struct view client;
	if (!seat->is_moved)
		return;
	settled(seat);
	arena_init(&a, 4096, ARENA_PLAIN);
	struct seat_late *late = seat_client(p, seat, &a, &client)
					 ? NULL
					 : seat_late_get(p, seat->room->uri, client);
	if (late && seat_acked(seat) > late->cursor)
		late->cursor = seat_acked(seat);
	if (late)
		late->month = month_now(p);
	arena_done(&a);
}

/* --- a round: which seats --- */

static int compare(const void *a, const void *b)
{
	const struct late_name *l = a, *r = b;
	int d = view_compare(l->room, r->room);
	return d ? d : view_compare(l->client, r->client);
}

static uc_err moved_names(struct provider *p, const struct room_live *r, struct late_round *t)
{
	struct room_walk all = { .chain = 0 };
	struct view room;
	TRY(arena_copy(&t->mem, r->uri, &room));
	for (struct seat_live *seat; (seat = room_seat_next(r, &all));) {
		if (!seat->is_moved)
			continue;
		t->v[t->n].room = room;
		TRY(seat_client(p, seat, &t->mem, &t->v[t->n].client));
		t->n++;
	}
	return UC_OK;
}

static uc_err late_names(struct provider *p, struct late_round *t)
{
	size_t at = 0;
	struct view key;
	void *value;
	while (map_next(&p->room_work->lates, &at, &key, &value)) {
		const struct seat_late *l = value;
		TRY(arena_copy(&t->mem, l->room, &t->v[t->n].room));
		TRY(arena_copy(&t->mem, l->client, &t->v[t->n].client));
		t->n++;
	}
	return UC_OK;
}

static uc_err names(struct provider *p, struct late_round *t)
{
	for (const struct room_line_link *l = p->room_work->moved.first; l; l = l->next)
		TRY(moved_names(p, l->room, t));
	return late_names(p, t);
}

/* Their names alone: what there is to write of each, it says when its turn comes. */
static void round_begin(struct provider *p)
{
	struct late_round *t = &p->room_work->late_round;
	size_t n = p->room_work->lates.n;
	for (const struct room_line_link *l = p->room_work->moved.first; l; l = l->next)
		n += l->room->moved_n;
	if (!n)
		return;
	t->v = heap_new(n * sizeof *t->v);
	if (!t->v)
		return; /* the next time */
	arena_init(&t->mem, SIZE_MAX, ARENA_PLAIN);
	if (names(p, t))
		round_end(t);
	else
		qsort(t->v, t->n, sizeof *t->v, compare);
}

/* --- writing --- */

static uc_err fill(struct provider *p, struct store_batch *b, const struct late_name *name,
		   const struct seat_late *late, const struct seat_live *live, struct arena *a)
{
	struct store_key k;
	struct seat_record r;
	struct view key = key_2(&k, TABLE_SEAT, name->room, name->client);
	uint32_t month = live ? month_now(p) : late->month;
	uc_err err = record_get(p->rooms, key, seat_record_element, a, &r);
	if (err)
		return err == UC_E_NOT_FOUND ? UC_OK : err; /* gone meanwhile */
	if (late && late->cursor > r.cursor)
		r.cursor = late->cursor;
	uint64_t read = live ? seat_acked(live) : 0;
	if (PLANTED(stale_cursor) && live)
		read = live->sent;
	if (read > r.cursor)
		r.cursor = read;
	if (month > r.opened_month)
		r.opened_month = month;
	if (late && late->opening)
		memcpy(r.opener, late->opener, sizeof r.opener);
	seat_known_change(p, name->room, name->client, &r);
	if (!late || !late->opening)
		return record_put(b, key, seat_record_element, &r);
	TRY(record_put(b, key, seat_record_element, &r));
	return opening_add(p, b, name->room, name->client,
			   view_make(late->opening, late->opening_n), a);
}

static struct seat_live *moved_find(struct provider *p, const struct late_name *name)
{
	struct room_live *r = map_find(&p->rooms_live, name->room);
	struct seat_live *seat = r ? room_seat_find(p, r, name->client) : NULL;
	return seat && seat->is_moved ? seat : NULL;
}

static uc_err write_one(struct provider *p, struct store_batch *b, const struct late_name *name,
			struct arena *a)
{
	const struct seat_late *late = seat_late_find(p, name->room, name->client);
	const struct seat_live *live = moved_find(p, name);
	return late || live ? fill(p, b, name, late, live, a) : UC_OK;
}

static void written(struct provider *p, const struct late_name *name)
{
	struct seat_live *live = moved_find(p, name);
	if (live)
		settled(live);
	seats_late_forget(p, name->room, name->client);
}

/* All of one room; a store that has failed says so at the next sync. */
static void write_room(struct provider *p, struct late_round *t)
{
	struct store_batch b;
	struct arena a;
	uc_err err = UC_OK;
	size_t from = t->at;
	arena_init(&a, ROOM_MEMORY_MAX, ARENA_PLAIN);
	store_batch_init(&b, t->v[from].room);
	for (; t->at < t->n && view_equal(t->v[t->at].room, t->v[from].room); t->at++)
		if (!err)
			err = write_one(p, &b, &t->v[t->at], &a);
	if (err)
		store_batch_done(&b);
	else
		err = commit_rooms(p, &b);
	for (size_t i = from; !err && i < t->at; i++)
		written(p, &t->v[i]);
	arena_done(&a);
}

void seats_flush_begin(struct provider *p)
{
	if (!p->room_work->late_round.v)
		round_begin(p);
}

void seats_flush_some(struct provider *p)
{
	struct late_round *t = &p->room_work->late_round;
	struct slice s;
	if (!t->v)
		return;
	/* The longer it takes the more there is. */
	for (uint32_t i = 0; i <= t->ticks / TICKS_ALIKE; i++) {
		slice_begin(&s, p->env);
		while (t->at < t->n && slice_goes_on(&s))
			write_room(p, t);
	}
	t->ticks++;
	if (t->at == t->n)
		round_end(t);
}

void seats_flush(struct provider *p)
{
	struct late_round *t = &p->room_work->late_round;
	round_end(t);
	round_begin(p);
	while (t->at < t->n)
		write_room(p, t);
	round_end(t);
}
