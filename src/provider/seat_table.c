/* SPDX-License-Identifier: Apache-2.0 */
/* Seats in memory: small, for there are many of them; found by their number on a connection and by
 * their client in a room, however many there are.
 *
 * A session's lie in blocks that go with it.  A number is the place, from 1, and above it how often
 * that place was used before, so that what was said of a seat that is closed is not taken as of the
 * next one. */
#include "base/heap.h"
#include "base/siphash.h"
#include "provider/room_work.h"

enum {
	BLOCK_BITS = 2,
	BLOCK = 1 << BLOCK_BITS, /* seats */
	PLACE_BITS = 12,
	PLACES = 1 << PLACE_BITS,
	CHAIN_SEATS = 4, /* so many share a chain of a room before there are more chains */
};
_Static_assert(PLACES >= (int)SEATS_PER_SESSION, "each seat has a place");

struct seat_block {
	struct seat_live v[BLOCK];
};

/* --- names --- */

static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";

/* Base32 as base32_add writes it, of exactly n bytes. */
static bool short_read(struct view text, uint8_t *out, size_t n)
{
	uint32_t acc = 0;
	unsigned have = 0;
	if (text.n != (8 * n + 4) / 5)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		bool letter = c >= 'a' && c <= 'z';
		if (!letter && (c < '2' || c > '7'))
			return false;
		acc = acc << 5 | (uint32_t)(letter ? c - 'a' : c - '2' + 26);
		have += 5;
		if (have < 8)
			continue;
		have -= 8;
		*out++ = (uint8_t)(acc >> have);
		acc &= (1u << have) - 1;
	}
	return !acc;
}

static uint8_t *short_write(uint8_t *to, const uint8_t *p, size_t n)
{
	uint32_t acc = 0;
	unsigned have = 0;
	for (size_t i = 0; i < n; i++) {
		acc = acc << 8 | p[i];
		have += 8;
		for (; have >= 5; have -= 5)
			*to++ = (uint8_t)digits[acc >> (have - 5) & 31];
		acc &= (1u << have) - 1;
	}
	if (have)
		*to++ = (uint8_t)digits[acc << (5 - have) & 31];
	return to;
}

static uint8_t *put(uint8_t *to, struct view v)
{
	memcpy(to, v.p, v.n);
	return to + v.n;
}

uc_err seat_client(const struct provider *p, const struct seat_live *seat, struct arena *a,
		   struct view *out)
{
	if (!seat->is_short)
		return arena_copy(a, seat->more->client, out);
	uint8_t *space = arena_take(a, PLACE_URI_MAX), *to = space;
	if (!space)
		return arena_error(a);
	to = put(to, VIEW_LIT("mimi://"));
	to = put(to, p->domain);
	to = put(to, VIEW_LIT("/p/"));
	to = short_write(to, seat->client, PARTICIPANT_NAME);
	*to++ = '/';
	to = short_write(to, seat->client + PARTICIPANT_NAME, CLIENT_NAME);
	*out = view_make(space, (size_t)(to - space));
	return UC_OK;
}

/* --- what few seats have --- */

static struct seat_more *more_new(struct view client)
{
	struct seat_more *m = heap_new(sizeof *m + client.n);
	if (m && client.n) {
		memcpy(m + 1, client.p, client.n);
		m->client = view_make(m + 1, client.n);
	}
	return m;
}

struct seat_more *seat_more(struct seat_live *seat)
{
	if (!seat->more)
		seat->more = more_new((struct view){ NULL, 0 });
	return seat->more;
}

uint64_t seat_ended(const struct seat_live *seat)
{
	return seat->more ? seat->more->ended : 0;
}

/* --- of a room --- */

static uint64_t hash_of(const struct provider *p, bool is_short, const uint8_t *bytes,
			struct view text)
{
	return siphash(p->rooms_live.key, is_short ? view_make(bytes, SEAT_CLIENT) : text);
}

/* By its bytes if the name is as our client library makes them. */
bool client_key_make(const struct provider *p, struct view client, struct client_key *k)
{
	struct uri u;
	*k = (struct client_key){ .text = client };
	if (client.n > PLACE_URI_MAX || uri_read(client, &u) || u.kind != URI_CLIENT)
		return false;
	k->is_short = view_equal(u.domain, p->domain) &&
		      short_read(u.name, k->bytes, PARTICIPANT_NAME) &&
		      short_read(u.client, k->bytes + PARTICIPANT_NAME, CLIENT_NAME);
	k->hash = hash_of(p, k->is_short, k->bytes, client);
	return true;
}

static uint64_t hash_of_seat(const struct provider *p, const struct seat_live *seat)
{
	struct view text = seat->is_short ? (struct view){ NULL, 0 } : seat->more->client;
	return hash_of(p, seat->is_short, seat->client, text);
}

static bool is_key(const struct seat_live *seat, const struct client_key *k)
{
	if (seat->is_short != k->is_short)
		return false;
	return k->is_short ? view_equal(VIEW_OF(seat->client), VIEW_OF(k->bytes))
			   : view_equal(seat->more->client, k->text);
}

static size_t chains_of(const struct room_seats *t)
{
	return t->chains ? t->chains_n : 1;
}

static struct seat_live **chain_of(struct room_seats *t, uint64_t hash)
{
	return t->chains ? &t->chains[hash & (t->chains_n - 1)] : &t->few;
}

/* Without memory the chains are longer. */
static void spread(const struct provider *p, struct room_seats *t)
{
	struct room_seats wider = { .chains_n = t->chains ? 4 * t->chains_n : 16, .n = t->n };
	wider.chains = heap_new(wider.chains_n * sizeof(struct seat_live *));
	if (!wider.chains)
		return;
	for (size_t i = 0; i < chains_of(t); i++) {
		struct seat_live *seat = t->chains ? t->chains[i] : t->few;
		while (seat) {
			struct seat_live *next = seat->room_next;
			struct seat_live **at = chain_of(&wider, hash_of_seat(p, seat));
			seat->room_next = *at;
			*at = seat;
			seat = next;
		}
	}
	heap_free(t->chains);
	*t = wider;
}

static void room_add(const struct provider *p, struct room_seats *t, struct seat_live *seat,
		     uint64_t hash)
{
	if (t->n >= CHAIN_SEATS * chains_of(t))
		spread(p, t);
	struct seat_live **at = chain_of(t, hash);
	seat->room_next = *at;
	*at = seat;
	t->n++;
}

static void room_remove(const struct provider *p, struct room_seats *t, struct seat_live *seat)
{
	struct seat_live **at = chain_of(t, t->chains ? hash_of_seat(p, seat) : 0);
	while (*at != seat)
		at = &(*at)->room_next;
	*at = seat->room_next;
	if (--t->n)
		return;
	heap_free(t->chains);
	*t = (struct room_seats){ .n = 0 };
}

struct seat_live *room_seat_next(const struct room_live *r, struct room_walk *w)
{
	const struct room_seats *t = &r->seats;
	for (; !w->next && w->chain < chains_of(t); w->chain++)
		w->next = t->chains ? t->chains[w->chain] : t->few;
	struct seat_live *seat = w->next;
	if (seat)
		w->next = seat->room_next;
	return seat;
}

struct seat_live *room_seat_of(struct room_live *r, const struct client_key *k)
{
	struct seat_live *seat = *chain_of(&r->seats, k->hash);
	while (seat && !is_key(seat, k))
		seat = seat->room_next;
	return seat;
}

struct seat_live *room_seat_find(const struct provider *p, struct room_live *r, struct view client)
{
	struct client_key k;
	return r->seats.n && client_key_make(p, client, &k) ? room_seat_of(r, &k) : NULL;
}

/* --- of a session --- */

static struct seat_live *at_place(const struct session *s, size_t place)
{
	return &s->seats.blocks[place >> BLOCK_BITS]->v[place & (BLOCK - 1)];
}

struct seat_live *seat_live_find(const struct session *s, uint32_t number)
{
	size_t place = (number - 1) & (PLACES - 1);
	if (place >= (size_t)s->seats.blocks_n * BLOCK)
		return NULL;
	struct seat_live *seat = at_place(s, place);
	return seat->room && seat->number == number ? seat : NULL;
}

struct seat_live *seat_live_from(const struct session *s, size_t *place)
{
	size_t end = (size_t)s->seats.blocks_n * BLOCK;
	while (*place < end) {
		struct seat_live *seat = at_place(s, (*place)++);
		if (seat->room)
			return seat;
	}
	return NULL;
}

static uc_err block_add(struct session_seats *t)
{
	if (t->blocks_n == t->blocks_room) {
		size_t room = t->blocks_room ? 2 * (size_t)t->blocks_room : 5;
		struct seat_block **more = heap_new(room * sizeof *more);
		if (!more)
			return UC_E_MEMORY;
		if (t->blocks_n)
			memcpy(more, t->blocks, t->blocks_n * sizeof *more);
		heap_free(t->blocks);
		t->blocks = more;
		t->blocks_room = (uint16_t)room;
	}
	struct seat_block *b = HEAP_NEW(struct seat_block);
	if (!b)
		return UC_E_MEMORY;
	/* The lowest place is given out first. */
	for (size_t i = BLOCK; i-- > 0;) {
		b->v[i].number = (uint32_t)(t->blocks_n * BLOCK + i + 1) - PLACES;
		b->v[i].room_next = t->free;
		t->free = &b->v[i];
	}
	t->blocks[t->blocks_n++] = b;
	return UC_OK;
}

static uc_err place_take(struct session_seats *t, struct seat_live **out)
{
	if (t->n >= SEATS_PER_SESSION)
		return UC_E_LIMIT;
	if (!t->free)
		TRY(block_add(t));
	struct seat_live *seat = t->free;
	uint32_t number = seat->number + PLACES;
	if (!number)
		number += PLACES; /* none is 0 */
	t->free = seat->room_next;
	*seat = (struct seat_live){ .number = number };
	t->n++;
	*out = seat;
	return UC_OK;
}

static void place_give(struct session_seats *t, struct seat_live *seat)
{
	*seat = (struct seat_live){ .number = seat->number, .room_next = t->free };
	t->free = seat;
	t->n--;
}

/* --- both --- */

uc_err seat_live_add(struct provider *p, struct session *s, struct room_live *r,
		     const struct client_key *k, const struct seat_record *record, uint64_t cursor,
		     struct seat_live **out)
{
	struct seat_live *seat, *older = room_seat_of(r, k);
	/* A connection that was lost without our knowing. */
	if (older)
		seat_close(p, older);
	struct seat_more *more = NULL;
	if ((!k->is_short || record->ended) &&
	    !(more = more_new(k->is_short ? (struct view){ NULL, 0 } : k->text)))
		return UC_E_MEMORY;
	uc_err err = place_take(&s->seats, &seat);
	if (err) {
		heap_free(more);
		return err;
	}
	seat->session = s;
	seat->room = r;
	seat->more = more;
	if (more)
		more->ended = record->ended;
	seat->is_short = k->is_short;
	memcpy(seat->client, k->bytes, sizeof seat->client);
	seat->sent = cursor > record->start ? cursor : record->start;
	room_add(p, &r->seats, seat, k->hash);
	metrics_add(p->config.metrics, METRIC_SEATS_OPEN, 1);
	*out = seat;
	return UC_OK;
}

uc_err seat_live_new(struct provider *p, struct session *s, struct room_live *r, struct view client,
		     const struct seat_record *record, uint64_t cursor, struct seat_live **out)
{
	struct client_key k;
	if (!client_key_make(p, client, &k))
		return UC_E_SEAT;
	return seat_live_add(p, s, r, &k, record, cursor, out);
}

void seat_close(struct provider *p, struct seat_live *seat)
{
	metrics_sub(p->config.metrics, METRIC_SEATS_OPEN, 1);
	seat_moved_late(p, seat);
	room_remove(p, &seat->room->seats, seat);
	seat->session->unacked_bytes -= seat->unacked_bytes;
	heap_free(seat->more);
	place_give(&seat->session->seats, seat);
}

void session_seats_close(struct provider *p, struct session *s)
{
	size_t place = 0;
	for (struct seat_live *seat; (seat = seat_live_from(s, &place));)
		seat_close(p, seat);
	for (size_t i = 0; i < s->seats.blocks_n; i++)
		heap_free(s->seats.blocks[i]);
	heap_free(s->seats.blocks);
	s->seats = (struct session_seats){ .n = 0 };
}
