/* SPDX-License-Identifier: Apache-2.0 */
/* Watches clients from inside: what log entries and epochs they see must be the same for all. */
#include "tests/sim/truth.h"

#include "client/client.h"
#include "client/history.h"
#include "client/inbox.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/seats.h"
#include "mimi/protocol.h"

enum { TRUTH_BYTES = 256 * 1024 * 1024, ENTRIES_MAX = 1 << 20, SEATS_MAX = 512 };

uc_err truth_init(struct world *w)
{
	/* The truth outlives its arena's first block, so it does not lie in it. */
	static struct truth only;
	struct truth *t = &only;
	*t = (struct truth){ 0 };
	arena_init(&t->mem, TRUTH_BYTES, ARENA_PLAIN);
	TRY(map_init(&t->seats, &w->env));
	TRY(map_init(&t->names, &w->env));
	TRY(map_init(&t->rooms, &w->env));
	TRY(map_init(&t->texts, &w->env));
	TRY(map_init(&t->sent, &w->env));
	w->truth = t;
	return UC_OK;
}

void truth_free(struct world *w)
{
	struct truth *t = w->truth;
	if (!t)
		return;
	map_done(&t->seats);
	map_done(&t->names);
	map_done(&t->rooms);
	map_done(&t->texts);
	map_done(&t->sent);
	arena_done(&t->mem);
	w->truth = NULL;
}

/* --- rooms --- */

struct room_truth *truth_room(struct world *w, const char *uri)
{
	struct truth *t = w->truth;
	struct room_truth *r = map_find(&t->rooms, view_str(uri));
	if (r)
		return r;
	r = ARENA_NEW(&t->mem, struct room_truth);
	if (!r || strlen(uri) >= sizeof r->uri || map_put(&t->rooms, view_str(uri), r)) {
		sim_fail(w, "no memory");
		return NULL;
	}
	memcpy(r->uri, uri, strlen(uri) + 1);
	r->next = t->all_rooms;
	t->all_rooms = r;
	w->stats.rooms++;
	return r;
}

const struct entry_truth *truth_entry(const struct room_truth *r, uint64_t seq)
{
	return seq < r->entries_n && r->entries[seq].known ? &r->entries[seq] : NULL;
}

const struct epoch_truth *truth_epoch(const struct room_truth *r, uint64_t epoch)
{
	return epoch < r->epochs_n && r->epochs[epoch].known ? &r->epochs[epoch] : NULL;
}

bool truth_is_in(const struct epoch_truth *e, const struct seat_truth *s)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->seats[i] == s)
			return true;
	return false;
}

static const struct epoch_truth *last_epoch(const struct room_truth *r)
{
	for (size_t i = r->epochs_n; i-- > 0;)
		if (r->epochs[i].known)
			return &r->epochs[i];
	return NULL;
}

bool truth_seat_is_elsewhere(const struct room_truth *r, const struct seat_truth *s)
{
	return s->twice && s->room && s->room != r;
}

bool truth_is_elsewhere(const struct room_truth *r, const struct person *who)
{
	const struct epoch_truth *e = last_epoch(r);
	for (size_t i = 0; e && i < e->n; i++) {
		const struct seat_truth *s = e->seats[i];
		if (s->person && s->person->self == who && truth_seat_is_elsewhere(r, s))
			return true;
	}
	return false;
}

/* An array that has a place for index i; what is new in it is zero. */
static void *grown(struct world *w, void *v, size_t *n, uint64_t i, size_t size)
{
	if (i < *n)
		return v;
	size_t more = (size_t)(i + 1) * 2;
	uint8_t *to = i < ENTRIES_MAX ? arena_take(&w->truth->mem, more * size) : NULL;
	if (!to) {
		sim_fail(w, "no memory");
		return NULL;
	}
	if (*n)
		memcpy(to, v, *n * size);
	*n = more;
	return to;
}

/* --- seats --- */

struct seat_truth *truth_seat(struct world *w, struct view client)
{
	struct truth *t = w->truth;
	struct seat_truth *s = map_find(&t->seats, client);
	if (s)
		return s;
	s = ARENA_NEW(&t->mem, struct seat_truth);
	if (!s || map_put(&t->seats, client, s)) {
		sim_fail(w, "no memory");
		return NULL;
	}
	s->next = t->all_seats;
	t->all_seats = s;
	return s;
}

static void seat_belongs(struct person *p, const char *client, const char *participant)
{
	struct world *w = p->w;
	if (!*client)
		return; /* a room that was restored, and has not been come back into yet */
	struct seat_truth *s = truth_seat(w, view_str(client));
	if (!s)
		return;
	if (s->person && s->person != p)
		sim_fail(w, "two people have one client: %s", client);
	if (s->person)
		return;
	s->person = p;
	s->device = p->device;
	if (map_put(&w->truth->names, view_str(participant), p->self))
		sim_fail(w, "no memory");
}

/* --- epochs --- */

struct gather {
	struct world *w;
	struct room_truth *room;
	struct buf list;
	struct seat_truth *seats[SEATS_MAX];
	struct role_truth roles[SEATS_MAX];
	size_t n;
};

uint64_t truth_participant(struct view participant)
{
	uint8_t hash[32];
	uint64_t n = 0;
	if (!sha256(participant, hash))
		memcpy(&n, hash, sizeof n);
	return n;
}

static bool gather_each(void *ctx, const struct room_client *k)
{
	struct gather *g = ctx;
	buf_printf(&g->list, "%u %u ", k->leaf, k->role);
	buf_add_view(&g->list, k->client);
	buf_add_byte(&g->list, ' ');
	buf_add_view(&g->list, k->participant);
	buf_add_byte(&g->list, '\n');
	if (g->n == SEATS_MAX)
		return true;
	g->roles[g->n] = (struct role_truth){ truth_participant(k->participant), k->role };
	struct seat_truth *s = g->seats[g->n++] = truth_seat(g->w, k->client);
	return s;
}

/* A KeyPackage leads to one room.  But who goes on from an older copy, and cannot know it, may use
 * their own once more, and what they had taken of others. */
static void once_used(struct world *w, const struct gather *g)
{
	bool forgot = false;
	for (size_t i = 0; i < g->n; i++)
		forgot = forgot || (g->seats[i]->person && g->seats[i]->person->restored);
	for (size_t i = 0; i < g->n; i++) {
		struct seat_truth *s = g->seats[i];
		s->twice = s->twice || (s->used && s->used != g->room && forgot);
		if (s->used && s->used != g->room && !s->twice)
			sim_fail(w, "a KeyPackage is used twice: it leads to %s and to %s",
				 s->used->uri, g->room->uri);
		if (s->used != g->room)
			s->got_seq = s->got_epoch = 0;
		s->used = g->room;
		s->since_ms = s->since_ms ? s->since_ms : w->now_ms;
	}
}

static void epoch_keep(struct world *w, struct epoch_truth *e, const struct gather *g,
		       const uint8_t hash[32])
{
	e->seats = ARENA_ARRAY(&w->truth->mem, struct seat_truth *, g->n + 1);
	e->roles = ARENA_ARRAY(&w->truth->mem, struct role_truth, g->n + 1);
	if (!e->seats || !e->roles) {
		sim_fail(w, "no memory");
		return;
	}
	for (size_t i = 0; i < g->n; i++) {
		e->seats[i] = g->seats[i];
		e->roles[i] = g->roles[i];
	}
	e->n = g->n;
	memcpy(e->hash, hash, 32);
	e->known = true;
	w->stats.epochs++;
}

static void epoch_seen(struct person *p, struct room_truth *t, const struct room *r, uint64_t epoch)
{
	struct world *w = p->w;
	struct gather g = { .w = w, .room = t };
	uint8_t hash[32], authenticator[32];
	buf_init(&g.list, 1 << 20);
	t->epochs = grown(w, t->epochs, &t->epochs_n, epoch, sizeof(struct epoch_truth));
	if (!t->epochs)
		return;
	if (room_group_clients(r->group, gather_each, &g) || sha256(buf_view(&g.list), hash) ||
	    sha256(room_group_authenticator(r->group), authenticator))
		sim_fail(w, "a group's clients cannot be listed");
	struct epoch_truth *e = &t->epochs[epoch];
	if (!e->known) {
		once_used(w, &g);
		epoch_keep(w, e, &g, hash);
		memcpy(e->authenticator, authenticator, sizeof authenticator);
	} else if (t->forked) {
		once_used(w, &g);
	} else if (!view_equal(VIEW_OF(e->authenticator), VIEW_OF(authenticator))) {
		sim_fail(w, "person %u has other secrets in epoch %llu of %s", p->number,
			 (unsigned long long)epoch, t->uri);
	} else if (!view_equal(VIEW_OF(e->hash), VIEW_OF(hash))) {
		sim_fail(w, "person %u sees other members in epoch %llu of %s:\n%.*s", p->number,
			 (unsigned long long)epoch, t->uri, (int)g.list.n, (char *)g.list.p);
	}
	buf_done(&g.list);
}

static void room_look(struct person *p, const struct room *r)
{
	struct world *w = p->w;
	struct room_truth *t = truth_room(w, r->uri);
	seat_belongs(p, r->client, r->participant);
	struct seat_truth *s = truth_seat(w, view_str(r->client));
	if (s && r->seq > s->reached)
		s->reached = r->seq;
	if (!t || !s || !r->group || r->state == ROOM_CREATING || r->state == ROOM_JOINING)
		return;
	t->direct = r->direct;
	uint64_t epoch = room_group_epoch(r->group);
	if (!r->consistent && !t->forked)
		sim_fail(w, "person %u finds %s inconsistent", p->number, r->uri);
	if (r->forked || ((r->doubts || r->ahead.told) && !t->forked))
		sim_fail(w, "person %u finds two logs of %s", p->number, r->uri);
	if (s->in_room && s->epoch == epoch)
		return;
	if (s->in_room && epoch != s->epoch + 1 && !t->forked)
		sim_fail(w, "person %u goes from epoch %llu to %llu in %s", p->number,
			 (unsigned long long)s->epoch, (unsigned long long)epoch, r->uri);
	if (!s->in_room)
		w->stats.joined++;
	s->in_room = true;
	s->second = r->shadow;
	s->room = t;
	s->epoch = epoch;
	epoch_seen(p, t, r, epoch);
}

void truth_look(struct person *p)
{
	for (const struct set *s = p->client->sets; s; s = s->next)
		seat_belongs(p, s->client, s->participant);
	for (const struct room *r = p->client->rooms; r; r = r->next)
		room_look(p, r);
}

void truth_rolled_back(struct app *hub)
{
	for (struct room_truth *t = hub->w->truth->all_rooms; t; t = t->next)
		t->forked = t->forked || world_app(hub->w, uri_domain(view_str(t->uri))) == hub;
}

void truth_restored(struct person *p)
{
	p->heard = NULL;
	for (struct seat_truth *s = p->w->truth->all_seats; s; s = s->next)
		if (s->person == p)
			s->in_room = false;
}

/* --- entries --- */

/* However often a message is submitted, it stands in the log once. */
static void once(struct world *w, struct view message, struct entry_truth *e)
{
	uint8_t hash[32];
	if (sha256(message, hash))
		return;
	if (map_find(&w->truth->sent, VIEW_OF(hash)))
		sim_fail(w, "a message stands in a log twice");
	else if (map_put(&w->truth->sent, VIEW_OF(hash), e))
		sim_fail(w, "no memory");
}

static void entry_describe(struct world *w, const struct log_entry *in, struct entry_truth *out)
{
	struct fanout_message f = { 0 };
	struct mls_message m = { 0 };
	struct arena mem;
	arena_init(&mem, 64 * 1024 * 1024, ARENA_PLAIN);
	uc_err err = wire_decode(in->fanout, &mem, fanout_message_element, &f);
	if (!err)
		err = wire_decode(f.message, &mem, mls_message_element, &m);
	if (err)
		sim_fail(w, "a log entry cannot be read: %s", uc_err_name(err));
	out->content_type = f.content_type;
	if (!err)
		once(w, f.message, out);
	if (!err)
		out->epoch = m.wire_format == MLS_PRIVATE_MESSAGE ? m.private_message.epoch
								  : m.public_message.content.epoch;
	arena_done(&mem);
}

static void entry_seen(struct person *p, const struct room *r, const struct log_entry *in)
{
	struct world *w = p->w;
	struct room_truth *t = truth_room(w, r->uri);
	uint8_t hash[32];
	if (!t || sha256(in->fanout, hash))
		return;
	t->entries = grown(w, t->entries, &t->entries_n, in->seq, sizeof *t->entries);
	if (!t->entries)
		return;
	struct entry_truth *e = &t->entries[in->seq];
	struct seat_truth *s = truth_seat(w, view_str(r->client));
	if (s && in->seq > s->reached)
		s->reached = in->seq;
	sim_trace(w, "  entry %llu of %s for %s, at %llu%s", (unsigned long long)in->seq, r->uri,
		  r->client, (unsigned long long)r->seq, r->shadow ? ", in its second place" : "");
	if (t->forked)
		return;
	if (e->known && (!view_equal(VIEW_OF(e->hash), VIEW_OF(hash)) ||
			 !view_equal(VIEW_OF(e->chain), VIEW_OF(in->chain))))
		sim_fail(w, "entry %llu of %s is another for person %u",
			 (unsigned long long)in->seq, r->uri, p->number);
	if (!e->known) {
		memcpy(e->hash, hash, sizeof e->hash);
		memcpy(e->chain, in->chain, sizeof e->chain);
		entry_describe(w, in, e);
		e->known = true;
	}
	if (s && in->seq > s->got_seq) {
		s->got_seq = in->seq;
		s->got_epoch = e->epoch;
	}
}

/* The whole of an ENTRY_OWN, as the client puts it together. */
static bool own_entry(const struct person *p, const struct frame *f, struct arena *mem,
		      struct entry_event *out)
{
	struct entry_own_event e;
	if (f->type != FRAME_ENTRY_OWN || wire_decode(f->body, mem, entry_own_event_element, &e))
		return false;
	const struct room *r = seat_find(p->client, e.seat);
	out->seat = e.seat;
	return r && e.seq == r->seq + 1 && !inbox_own_entry(r, &e, mem, &out->entry);
}

void truth_frame(struct person *p, struct view bytes)
{
	struct frame f = { 0 };
	struct entry_event e = { 0 };
	struct arena mem;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	if (!wire_decode(bytes, &mem, frame_element, &f) && f.kind == FRAME_EVENT &&
	    (own_entry(p, &f, &mem, &e) ||
	     (f.type == FRAME_ENTRY && !wire_decode(f.body, &mem, entry_event_element, &e)))) {
		const struct room *r = seat_find(p->client, e.seat);
		if (r)
			entry_seen(p, r, &e.entry);
	}
	arena_done(&mem);
}

/* --- texts --- */

/* In a room that has not been come back into yet, whose leaf it will be is not known; but another device of
 * theirs will have another one. */
static struct seat_truth *said_by(struct person *p, const struct room *r)
{
	char name[sizeof r->participant + 16];
	if (*r->client)
		return truth_seat(p->w, view_str(r->client));
	snprintf(name, sizeof name, "%s by %u", r->participant, p->number);
	return truth_seat(p->w, view_str(name));
}

void truth_said(struct person *p, const struct uc_id *room, const char *text, bool certain)
{
	struct world *w = p->w;
	struct truth *t = w->truth;
	const struct room *r = room_find(p->client, room);
	struct said *s = ARENA_NEW(&t->mem, struct said);
	if (!r || !s || map_put(&t->texts, view_str(text), s)) {
		sim_fail(w, "a text went to a room that is not there");
		return;
	}
	*s = (struct said){ .next = t->all_said,
			    .order = t->all_said ? t->all_said->order + 1 : 1,
			    .person = p,
			    .device = p->device,
			    .room = truth_room(w, r->uri),
			    .certain = certain,
			    .by = said_by(p, r) };
	snprintf(s->text, sizeof s->text, "%s", text);
	snprintf(s->participant, sizeof s->participant, "%s", r->participant);
	t->all_said = s;
	w->stats.said += certain;
}

void truth_changed(struct person *p, const char *text)
{
	struct said *s = map_find(&p->w->truth->texts, view_str(text));
	if (s)
		s->changed = true;
}

static void state_seen(struct person *p, const struct uc_message *m)
{
	struct said *s = map_find(&p->w->truth->texts, view_str(m->text));
	if (s && m->own && m->state == UC_MESSAGE_ACCEPTED && s->person == p)
		s->accepted = true;
}

void truth_event(struct person *p, const struct uc_event *e)
{
	if (e->message && e->kind == UC_EVENT_MESSAGE_STATE)
		state_seen(p, e->message);
	struct stats *s = &p->w->stats;
	if (e->message && e->kind == UC_EVENT_MESSAGE && !e->message->own)
		s->received++;
	if (e->message && e->kind == UC_EVENT_MESSAGE && e->message->own &&
	    e->message->state == UC_MESSAGE_ACCEPTED)
		s->recalled++;
	if (e->kind == UC_EVENT_ROOM_CHANGED && !strcmp(e->text, "rejoined"))
		s->rejoined++;
}
