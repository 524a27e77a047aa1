/* SPDX-License-Identifier: Apache-2.0 */
/* Seats that were read not long ago: a device whose connection comes and goes opens them again without
 * a look into the store.  So many fit and no more; whoever writes a seat's record says so here. */
#include "base/heap.h"
#include "base/siphash.h"
#include "provider/room_work.h"

enum { SETS = 4096, WAYS = 4 };

/* Of the record, what opening again needs. */
struct known {
	uint64_t mark; /* of room and client under a key of this process; 0: none */
	uint64_t start, cursor;
	uint32_t month;
	uint8_t secret_hash[SHA256_BYTES];
	uint8_t opener[SEAT_OPENER];
};
struct seat_known {
	struct known v[SETS][WAYS];
};

void seat_known_free(struct provider *p)
{
	heap_free(p->room_work->known);
	p->room_work->known = NULL;
}

static uint64_t mark_of(const struct provider *p, struct view room, struct view client)
{
	uint8_t name[2 * PLACE_URI_MAX + 1];
	memcpy(name, room.p, room.n);
	name[room.n] = 0;
	memcpy(name + room.n + 1, client.p, client.n);
	uint64_t mark = siphash(p->room_work->lates.key, view_make(name, room.n + 1 + client.n));
	return mark ? mark : 1;
}

static struct known *find(const struct provider *p, uint64_t mark)
{
	struct known *set = p->room_work->known->v[mark % SETS];
	for (int i = 0; i < WAYS; i++)
		if (set[i].mark == mark)
			return &set[i];
	return NULL;
}

static void take(struct known *k, uint64_t mark, const struct seat_record *r)
{
	*k = (struct known){
		.mark = mark, .start = r->start, .cursor = r->cursor, .month = r->opened_month
	};
	memcpy(k->secret_hash, r->secret_hash, sizeof k->secret_hash);
	memcpy(k->opener, r->opener, sizeof k->opener);
}

bool seat_known_find(const struct provider *p, struct view room, struct view client,
		     struct seat_record *out)
{
	const struct known *k = p->room_work->known ? find(p, mark_of(p, room, client)) : NULL;
	if (!k)
		return false;
	*out = (struct seat_record){ .start = k->start,
				     .cursor = k->cursor,
				     .opened_month = k->month };
	memcpy(out->secret_hash, k->secret_hash, sizeof out->secret_hash);
	memcpy(out->opener, k->opener, sizeof out->opener);
	return true;
}

/* Those that come push out those that were pushed down before them. */
void seat_known_add(struct provider *p, struct view room, struct view client,
		    const struct seat_record *r)
{
	if (r->ended || seat_is_unopened(r))
		return;
	if (!p->room_work->known)
		p->room_work->known = HEAP_NEW(struct seat_known);
	if (!p->room_work->known)
		return;
	uint64_t mark = mark_of(p, room, client);
	struct known *k = find(p, mark), *set = p->room_work->known->v[mark % SETS];
	if (!k) {
		memmove(&set[1], &set[0], (WAYS - 1) * sizeof *set);
		k = &set[0];
	}
	take(k, mark, r);
}

void seat_known_change(struct provider *p, struct view room, struct view client,
		       const struct seat_record *r)
{
	uint64_t mark = p->room_work->known ? mark_of(p, room, client) : 0;
	struct known *k = mark ? find(p, mark) : NULL;
	if (!k)
		return;
	if (r && !r->ended && !seat_is_unopened(r))
		take(k, mark, r);
	else
		k->mark = 0;
}
