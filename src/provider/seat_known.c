/* SPDX-License-Identifier: Apache-2.0 */
/* Seats that were opened not long ago: a device whose connection comes and goes opens them again
 * without a look into the store, and without hashing its secret anew.  What it said then is kept as a
 * keyed hash under a key of this process, which ends with it.  So many fit and no more; whoever writes
 * a seat's record, or has it opened by another, says so here. */
#include "base/heap.h"
#include "base/secret.h"
#include "base/siphash.h"
#include "provider/room_work.h"

enum { SETS = 4096, WAYS = 4 };

struct known {
	uint64_t proof[2]; /* of the claim by which it was opened the last time */
	uint64_t start, cursor;
	uint64_t room_hash, client_hash;
	uint32_t month;
	uint8_t client[SEAT_CLIENT];
};
struct known_set {
	uint64_t marks[WAYS]; /* of room and client; 0: none */
	struct known v[WAYS];
};
struct seat_known {
	uint64_t key[2];
	struct known_set v[SETS];
};

void seat_known_free(struct provider *p)
{
	struct seat_known *k = p->room_work->known;
	if (k)
		heap_free_wiped(k, sizeof *k);
	p->room_work->known = NULL;
}

/* Its key is of this process, as the one it is made of, which hashes names alone. */
static struct seat_known *begin(struct provider *p)
{
	struct room_work *w = p->room_work;
	if (w->known)
		return w->known;
	w->known = HEAP_NEW(struct seat_known);
	if (w->known)
		siphash_wide(w->lates.key, VIEW_LIT("Undercroft seats known"), w->known->key);
	return w->known;
}

static uint64_t mark_of(uint64_t hash)
{
	return hash ? hash : 1;
}

static struct known_set *set_of(const struct provider *p, uint64_t mark)
{
	return &p->room_work->known->v[mark % SETS];
}

static struct known *find(const struct provider *p, uint64_t mark)
{
	struct known_set *set = set_of(p, mark);
	for (int i = 0; i < WAYS; i++)
		if (set->marks[i] == mark)
			return &set->v[i];
	return NULL;
}

/* --- claims --- */

/* The account, and the moderators' key: what was sealed under another is sealed anew. */
void seat_claimant_make(struct provider *p, const struct session *s, struct seat_claimant *out)
{
	uint8_t both[SHA256_BYTES + ACCOUNT_ID];
	const struct seat_known *k = begin(p);
	_Static_assert(sizeof p->config.keys->moderators_pub == SHA256_BYTES, "as long as a hash");
	*out = (struct seat_claimant){ .month = month_now(p), .is_usable = k != NULL };
	if (!k)
		return;
	memcpy(both, p->config.keys->moderators_pub, SHA256_BYTES);
	memcpy(both + SHA256_BYTES, s->account_id, ACCOUNT_ID);
	siphash_wide(k->key, VIEW_OF(both), out->who);
}

bool seat_claim_make(const struct provider *p, const struct seat_claimant *by,
		     const struct seat_again *again, struct seat_claim *out)
{
	struct {
		uint64_t hash, who[2];
		uint8_t secret[SEAT_SECRET];
	} all;
	/* Of another length than what the claimant is made of, so that neither is ever the other. */
	_Static_assert(sizeof all != SHA256_BYTES + ACCOUNT_ID, "two kinds of input");
	if (again->room.n > PLACE_URI_MAX || again->client.n > PLACE_URI_MAX)
		return false;
	*out = (struct seat_claim){ .room = again->room,
				    .client = again->client,
				    .by = by,
				    .hash = seat_late_hash(p, again->room, again->client) };
	if (!by->is_usable)
		return true;
	all.hash = out->hash;
	memcpy(all.who, by->who, sizeof all.who);
	memcpy(all.secret, again->secret, sizeof all.secret);
	siphash_wide(p->room_work->known->key, view_make(&all, sizeof all), out->proof);
	wipe(&all, sizeof all);
	__builtin_prefetch(set_of(p, mark_of(out->hash))->marks);
	return true;
}

void seat_known_expect(const struct provider *p, const struct seat_claim *c)
{
	const struct known *k = c->by->is_usable ? find(p, mark_of(c->hash)) : NULL;
	if (k)
		map_expect(&p->rooms_live, k->room_hash);
}

/* --- */

bool seat_known_find(const struct provider *p, const struct seat_claim *c, struct seat_record *out,
		     struct client_key *client, uint64_t *room_hash)
{
	const struct known *k = c->by->is_usable ? find(p, mark_of(c->hash)) : NULL;
	if (!k || !view_equal_ct(VIEW_OF(k->proof), VIEW_OF(c->proof)) || k->month != c->by->month)
		return false;
	out->start = k->start;
	out->cursor = k->cursor;
	out->ended = 0;
	out->opened_month = k->month;
	client->is_short = true;
	memcpy(client->bytes, k->client, sizeof client->bytes);
	client->text = c->client;
	client->hash = k->client_hash;
	*room_hash = k->room_hash;
	return true;
}

static void take(struct known *k, const struct seat_record *r)
{
	k->start = r->start;
	k->cursor = r->cursor;
	k->month = r->opened_month;
}

/* Those that come push out those that were pushed down before them. */
void seat_known_add(struct provider *p, const struct seat_claim *c, const struct seat_record *r,
		    const struct client_key *client)
{
	if (!c->by->is_usable || !client->is_short || r->ended || seat_is_unopened(r))
		return;
	uint64_t mark = mark_of(c->hash);
	struct known *k = find(p, mark);
	if (!k) {
		struct known_set *set = set_of(p, mark);
		memmove(&set->marks[1], &set->marks[0], (WAYS - 1) * sizeof *set->marks);
		memmove(&set->v[1], &set->v[0], (WAYS - 1) * sizeof *set->v);
		set->marks[0] = mark;
		k = &set->v[0];
	}
	*k = (struct known){ .proof = { c->proof[0], c->proof[1] },
			     .room_hash = map_hash(&p->rooms_live, c->room),
			     .client_hash = client->hash };
	memcpy(k->client, client->bytes, sizeof k->client);
	take(k, r);
}

void seat_known_change(struct provider *p, struct view room, struct view client,
		       const struct seat_record *r)
{
	if (!p->room_work->known)
		return;
	uint64_t mark = mark_of(seat_late_hash(p, room, client));
	struct known *k = find(p, mark);
	if (!k)
		return;
	if (r && !r->ended && !seat_is_unopened(r))
		take(k, r);
	else
		set_of(p, mark)->marks[k - set_of(p, mark)->v] = 0;
}
