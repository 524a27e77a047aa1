/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold once all is at rest. */
#include "client/client.h"
#include "client/history.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/store_memory.h"
#include "provider/schema.h"
#include "store/inspect.h"
#include "store/store_memory.h"
#include "tests/sim/rules.h"

static bool is_here(const struct person *p)
{
	return p->client && !person_is_over(p);
}

/* --- clients and rooms --- */

static void check_idle(struct world *w)
{
	for (unsigned i = 0; i < w->people_n; i++) {
		const struct person *p = &w->people[i];
		if (person_is_over(p))
			continue;
		if (!p->client || uc_client_connection(p->client) != UC_ONLINE)
			sim_fail(w, "person %u is not online in the end", i);
		else if (!uc_client_is_idle(p->client)) {
			person_trace(p);
			sim_fail(w, "person %u's client still has something to do", i);
		}
	}
}

/* The hub's last number and chain; or a follower's. */
static bool room_state(struct app *a, const char *uri, struct room_record *out, struct arena *mem)
{
	uc_err err = room_record_get(a->rooms, view_str(uri), mem, out);
	if (err && err != UC_E_NOT_FOUND && !a->rotten)
		sim_fail(a->w, "%s's record of %s: %s", a->domain, uri, uc_err_name(err));
	return !err;
}

static bool is_follower(struct app *hub, const char *uri, const struct app *a, struct arena *mem)
{
	struct follower_record f;
	struct store_key k;
	return !record_get(hub->rooms,
			   key_2(&k, TABLE_FOLLOWER, view_str(uri), view_str(a->domain)),
			   follower_record_element, mem, &f);
}

static void check_chains_of(struct world *w, const struct room_truth *t)
{
	struct room_record first = { 0 }, other = { 0 };
	struct arena mem;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	struct app *hub = world_app(w, uri_domain(view_str(t->uri)));
	bool there = hub && hub->provider && room_state(hub, t->uri, &first, &mem);
	for (unsigned i = 0; i < APPS && there; i++) {
		struct app *a = &w->apps[i];
		if (a == hub || !a->provider || !room_state(a, t->uri, &other, &mem))
			continue;
		/* Of an end that was not, it is left. */
		if (hub->rolled && !is_follower(hub, t->uri, a, &mem))
			continue;
		const struct entry_truth *e = truth_entry(t, other.next - 1);
		if (other.next == first.next &&
		    !view_equal(VIEW_OF(first.chain), VIEW_OF(other.chain)))
			sim_fail(w, "%s has another chain than the hub of %s", a->domain, t->uri);
		/* One that was put back tells the others with its next entry. */
		if (other.next > first.next && !t->forked)
			sim_fail(w, "%s is ahead of the hub of %s", a->domain, t->uri);
		if (e && !t->forked && !view_equal(VIEW_OF(e->chain), VIEW_OF(other.chain)))
			sim_fail(w, "%s has another chain than was seen of %s", a->domain, t->uri);
	}
	arena_done(&mem);
}

/* Members of a room whose hub was put back have come together again. */
static void check_agree(struct person *p, struct room_truth *t, const struct room *r)
{
	uint8_t authenticator[32];
	if (sha256(room_group_authenticator(r->group), authenticator))
		return;
	if (!t->ended_known) {
		t->ended_known = true;
		t->ended_epoch = room_group_epoch(r->group);
		memcpy(t->ended_authenticator, authenticator, sizeof authenticator);
	} else if (t->ended_epoch != room_group_epoch(r->group) ||
		   !view_equal(VIEW_OF(t->ended_authenticator), VIEW_OF(authenticator))) {
		sim_fail(p->w, "person %u and others of %s, whose hub was put back, do not agree",
			 p->number, r->uri);
	}
}

static void check_seat(struct person *p, const struct room *r, const struct room_record *hub)
{
	struct world *w = p->w;
	struct room_truth *t = truth_room(w, r->uri);
	if (r->state != ROOM_OPEN)
		return;
	if (r->seq + 1 != hub->next)
		sim_fail(w, "person %u is at %llu in %s, the hub at %llu", p->number,
			 (unsigned long long)r->seq, r->uri, (unsigned long long)hub->next - 1);
	else if (!view_equal(VIEW_OF(r->chain), VIEW_OF(hub->chain)))
		sim_fail(w, "person %u has another chain than the hub in %s", p->number, r->uri);
	if (t && t->forked)
		check_agree(p, t, r);
	else if (t && truth_epoch(t, room_group_epoch(r->group) + 1))
		sim_fail(w, "person %u is in an old epoch of %s", p->number, r->uri);
}

static void check_rooms(struct person *p)
{
	struct world *w = p->w;
	for (const struct room *r = p->client->rooms; r; r = r->next) {
		struct room_record hub = { 0 };
		struct arena mem;
		arena_init(&mem, 1 << 20, ARENA_PLAIN);
		struct app *a = world_app(w, uri_domain(view_str(r->uri)));
		if (a && room_state(a, r->uri, &hub, &mem))
			check_seat(p, r, &hub);
		else if (r->state != ROOM_LEFT)
			sim_fail(w, "person %u has a room that no hub has: %s", p->number, r->uri);
		arena_done(&mem);
	}
}

/* --- cursors --- */

static void check_seat_cursor(struct person *p, const struct room *r)
{
	struct world *w = p->w;
	struct app *a = p->app;
	struct seat_record seat = { 0 };
	struct store_key k;
	struct arena mem;
	const struct seat_truth *s = truth_seat(w, view_str(r->client));
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	uc_err err =
		record_get(a->rooms, key_2(&k, TABLE_SEAT, view_str(r->uri), view_str(r->client)),
			   seat_record_element, &mem, &seat);
	/* Whoever comes by a commit of their own begins behind it. */
	if (!err && s && seat.cursor > s->reached && seat.cursor > seat.start)
		sim_fail(w, "%s takes person %u to have read %s to %llu, which got to %llu",
			 a->domain, p->number, r->uri, (unsigned long long)seat.cursor,
			 (unsigned long long)s->reached);
	arena_done(&mem);
}

/* What a follower is taken to have, it has. */
static void check_follower(struct world *w, struct app *hub, struct app *a,
			   const struct room_truth *t)
{
	struct room_record theirs = { 0 };
	struct follower_record f = { 0 };
	struct store_key k;
	struct arena mem;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	uc_err err = record_get(hub->rooms,
				key_2(&k, TABLE_FOLLOWER, view_str(t->uri), view_str(a->domain)),
				follower_record_element, &mem, &f);
	/* One that begins anew has the log of an earlier time until then. */
	if (!err && !a->rolled && room_state(a, t->uri, &theirs, &mem) && theirs.next > f.since &&
	    f.cursor >= theirs.next)
		sim_fail(w, "%s takes %s to have %s to %llu, which has it to %llu", hub->domain,
			 a->domain, t->uri, (unsigned long long)f.cursor,
			 (unsigned long long)theirs.next - 1);
	arena_done(&mem);
}

static void followers_look(struct world *w, const struct room_truth *t)
{
	struct app *hub = world_app(w, uri_domain(view_str(t->uri)));
	for (unsigned i = 0; i < APPS && hub && hub->provider; i++)
		if (&w->apps[i] != hub && w->apps[i].provider)
			check_follower(w, hub, &w->apps[i], t);
}

void check_cursors(struct world *w)
{
	for (unsigned i = 0; i < APPS; i++)
		if (w->apps[i].provider)
			app_before(&w->apps[i], "looked at", "");
	for (unsigned i = 0; i < w->people_n; i++) {
		struct person *p = &w->people[i];
		for (const struct room *r = p->client ? p->client->rooms : NULL; r; r = r->next)
			if (p->app->provider)
				check_seat_cursor(p, r);
	}
	for (const struct room_truth *t = w->truth->all_rooms; t; t = t->next)
		followers_look(w, t);
	for (unsigned i = 0; i < APPS; i++)
		if (w->apps[i].provider)
			app_after(&w->apps[i]);
}

/* --- names --- */

struct names_check {
	struct person *p;
	const struct room *r;
};

static bool name_each(void *ctx, const struct uc_member *m)
{
	struct names_check *n = ctx;
	struct world *w = n->p->w;
	const struct person *who = map_find(&w->truth->names, view_str(m->participant));
	const struct room_truth *t = truth_room(w, n->r->uri);
	w->stats.members++;
	w->stats.introduced += m->introduced;
	if (!who)
		sim_fail(w, "nobody is %s", m->participant);
	else if (m->introduced && strcmp(m->name, m->persona ? who->persona : who->name) != 0)
		sim_fail(w, "person %u takes %s for %s", n->p->number, who->name, m->name);
	else if (!m->introduced && !t->forked && !truth_is_elsewhere(t, who) && is_here(who) &&
		 who->device == 1 && !device_any_restored(who) && !n->p->restored &&
		 !device_any_ended(who) && !rules_may_not_know(n->p, who, n->r->uri))
		sim_fail(w, "person %u does not know %s in %s", n->p->number, who->name, n->r->uri);
	return true;
}

static void check_names(struct person *p)
{
	for (const struct room *r = p->client->rooms; r; r = r->next) {
		struct names_check n = { p, r };
		if (r->state == ROOM_OPEN && uc_members(p->client, &r->id, name_each, &n))
			sim_fail(p->w, "members are not listed");
	}
}

/* --- contact requests --- */

static const struct person *person_named(struct world *w, const char *identifier)
{
	for (unsigned i = 0; i < w->people_n; i++)
		if (!strcmp(w->people[i].identifier, identifier))
			return &w->people[i];
	return NULL;
}

/* The other end of a request, found by where it is answered; NULL where it is not. */
static const struct request *other_end(const struct person *p, const struct request *of)
{
	for (const struct request *q = p->client->requests; q; q = q->next)
		if (q->incoming != of->incoming && !strcmp(q->reply, of->reply))
			return q;
	return NULL;
}

/* Of somebody who asks again, nothing more is shown. */
static bool has_asked_again(const struct person *from, const struct request *of)
{
	const struct world *w = from->w;
	unsigned n = 0;
	for (unsigned i = 0; i < w->people_n; i++) {
		const struct person *p = &w->people[i];
		const struct request *q =
			p->self == from->self && p->client ? p->client->requests : NULL;
		for (; q; q = q->next)
			n += !q->incoming && !strcmp(q->app, of->app) && !strcmp(q->name, of->name);
	}
	return n > 1;
}

/* What was queued for delivery has arrived, and so has each answer. */
static void check_request(struct person *p, const struct request *q)
{
	struct world *w = p->w;
	const struct person *other = person_named(w, q->name);
	if (q->incoming || (q->state != REQUEST_SENT && q->state != REQUEST_ACCEPTED))
		return;
	/* Who goes on from an older copy has forgotten what it had acknowledged; or, where another device
	 * did, that it had asked again. */
	if (device_any_ended(p) || (other && device_any_ended(other)))
		return; /* what was lent out is void, and an answer may have been on its way */
	if (!other || !is_here(other) || other->device != 1 || other->restored ||
	    device_any_restored(p) || other->app->rolled || p->app->rolled)
		return;
	const struct request *theirs = other_end(other, q);
	if (!theirs && (has_asked_again(p, q) || rules_may_keep_off(p, other)))
		return;
	if (!theirs)
		sim_fail(w, "person %u never got person %u's request", other->number, p->number);
	else if (theirs->state == REQUEST_ACCEPTED && q->state != REQUEST_ACCEPTED)
		sim_fail(w, "person %u never heard that person %u accepted", p->number,
			 other->number);
	else if (strcmp(theirs->name, p->name) != 0)
		sim_fail(w, "person %u was asked by %s under the name of %s", other->number,
			 p->name, theirs->name);
}

/* What somebody consented to arrives once, however often it is sent; but a letter whose address was a device's
 * that was ended comes again with another, also to who had answered. */
static void check_once(struct person *p, const struct request *of)
{
	for (unsigned i = 0; i < p->w->people_n; i++) {
		const struct person *from = &p->w->people[i];
		/* Who has forgotten what a guardian's word has held up asks by another, too. */
		bool again =
			device_any_ended(from) ||
			(device_any_restored(from) && (rules_is_minor(from) || rules_is_minor(p)));
		if (again && !strcmp(from->name, of->name))
			return;
	}
	for (const struct request *q = of->next; q; q = q->next)
		if (q->incoming && of->incoming && !strcmp(q->text, of->text))
			sim_fail(p->w, "person %u has a request twice: %s", p->number, q->text);
}

static void check_requests(struct person *p)
{
	for (const struct request *q = p->client->requests; q; q = q->next) {
		check_request(p, q);
		check_once(p, q);
	}
}

/* --- messages --- */

/* How often each text stands in somebody's history, and whether it may. */
struct history_check {
	struct person *p;
	const struct room *r;
	struct room_truth *t;
	struct map seen; /* texts of this history */
	uint64_t last_seq;
};

static bool may_have(const struct history_check *h, const struct said *s)
{
	struct world *w = h->p->w;
	const struct entry_truth *e = truth_entry(h->t, s->seq);
	const struct epoch_truth *epoch = e ? truth_epoch(h->t, e->epoch) : NULL;
	for (size_t i = 0; epoch && i < epoch->n; i++)
		if (epoch->seats[i]->person == h->p)
			return true;
	(void)w;
	return false;
}

/* What was said again stands behind what was said then. */
static bool is_rolled(struct world *w, const struct room_truth *t)
{
	const struct app *hub = world_app(w, uri_domain(view_str(t->uri)));
	return !hub || hub->rolled;
}

static void check_received(struct history_check *h, struct said *s, const struct uc_message *m)
{
	struct world *w = h->p->w;
	struct message inner = { 0 };
	struct arena mem;
	struct room *r = room_find(h->p->client, &h->r->id);
	arena_init(&mem, 1 << 22, ARENA_PLAIN);
	if (!r || history_get(h->p->client, r, m->number, &mem, &inner))
		sim_fail(w, "a message of the history is not there");
	if (m->own) {
		if (inner.seq)
			s->seq = inner.seq;
		if (s->person != h->p && !may_have(h, s))
			sim_fail(w, "person %u reads what was said before this device came: %s",
				 h->p->number, s->text);
	} else {
		/* What a second place brought from before the first one stands where it came. */
		bool earlier = inner.seq < h->r->start;
		if (!earlier && inner.seq <= h->last_seq)
			sim_fail(w, "person %u has %s, entry %llu of %s, after entry %llu",
				 h->p->number, m->text, (unsigned long long)inner.seq, h->t->uri,
				 (unsigned long long)h->last_seq);
		h->last_seq = earlier ? h->last_seq : inner.seq;
		if (!earlier && s->order < s->by->heard && !s->person->restored &&
		    !is_rolled(w, h->t))
			sim_fail(w, "person %u has %s after what was said later", h->p->number,
				 m->text);
		s->by->heard = earlier ? s->by->heard : s->order;
		s->seq = inner.seq;
		s->accepted = true;
		if (m->introduced && strcmp(m->sender, s->person->name) != 0)
			sim_fail(w, "person %u takes a message of %s for one of %s", h->p->number,
				 s->person->name, m->sender);
		if (!may_have(h, s))
			sim_fail(w, "person %u reads what was not for them: %s", h->p->number,
				 s->text);
	}
	arena_done(&mem);
}

static void check_own(struct history_check *h, struct said *s, const struct uc_message *m)
{
	struct world *w = h->p->w;
	s->certain = true;
	if (m->state == UC_MESSAGE_ACCEPTED)
		s->accepted = true;
	if (m->state == UC_MESSAGE_FAILED)
		w->stats.failed++;
	if (h->r->state != ROOM_OPEN)
		return;
	if (m->state == UC_MESSAGE_FAILED)
		sim_trace(w, "person %u failed to send %s", h->p->number, s->text);
	if (m->state == UC_MESSAGE_QUEUED)
		sim_fail(w, "person %u's message is still queued: %s", h->p->number, s->text);
}

/* What was accepted behind the copy was said again, or is told as lost. */
static void check_held(struct history_check *h, struct said *s, const struct uc_message *m)
{
	struct message inner = { 0 };
	struct arena mem;
	struct room *r = room_find(h->p->client, &h->r->id);
	if (!m->own || s->person != h->p || m->state != UC_MESSAGE_ACCEPTED ||
	    h->r->state != ROOM_OPEN)
		return;
	arena_init(&mem, 1 << 22, ARENA_PLAIN);
	if (!history_get(h->p->client, r, m->number, &mem, &inner) && inner.seq) {
		s->held = true;
		s->seq = inner.seq;
	}
	arena_done(&mem);
}

static bool history_each(void *ctx, const struct uc_message *m)
{
	struct history_check *h = ctx;
	struct world *w = h->p->w;
	/* Something could not be read, and that is told. */
	if (m->kind == UC_MESSAGE_NOTE && map_put(&h->seen, view_str(h->t->uri), h->t))
		sim_fail(w, "no memory");
	if (m->edited || m->deleted || m->kind == UC_MESSAGE_NOTE)
		return true;
	struct said *s = map_find(&w->truth->texts, view_str(m->text));
	if (!s)
		sim_fail(w, "person %u has a message that nobody sent: %s", h->p->number, m->text);
	else if (map_find(&h->seen, view_str(m->text)))
		sim_fail(w, "person %u has a message twice: %s", h->p->number, m->text);
	else if (s->room != h->t)
		sim_fail(w, "person %u has a message of another room: %s", h->p->number, m->text);
	else if (map_put(&h->seen, view_str(m->text), s))
		sim_fail(w, "no memory");
	if (!s || w->failed)
		return false;
	bool own = device_same(s->person, h->p) && (s->person != h->p || s->device == h->p->device);
	/* Two devices that were added at once are there under two names, until one is kept. */
	bool elsewhere = device_same(s->person, h->p) && s->person != h->p &&
			 strcmp(s->participant, h->r->participant) != 0;
	if (m->own != own && !elsewhere)
		sim_fail(w, "person %u has another's message for their own: %s", h->p->number,
			 m->text);
	if (m->own)
		check_own(h, s, m);
	/* Where the hub was put back, there are two logs, and orders. */
	if (h->t->forked) {
		check_held(h, s, m);
		return !w->failed;
	}
	check_received(h, s, m);
	return !w->failed;
}

static void history_read(struct person *p, const struct room *r, struct map *seen)
{
	struct world *w = p->w;
	for (struct said *s = w->truth->all_said; s; s = s->next)
		s->by->heard = 0;
	struct history_check h = { .p = p, .r = r, .t = truth_room(w, r->uri), .seen = *seen };
	if (uc_messages(p->client, &r->id, 1, SIZE_MAX, history_each, &h) && !w->failed)
		sim_fail(w, "person %u's history cannot be read", p->number);
	*seen = h.seen;
}

static bool is_in_the_end(const struct room_truth *t, const struct seat_truth *seat)
{
	for (size_t i = t->epochs_n; i-- > 0;)
		if (t->epochs[i].known)
			return truth_is_in(&t->epochs[i], seat);
	return false;
}

static bool is_current(const struct person *p, const struct room_truth *t,
		       const struct seat_truth *seat)
{
	for (const struct room *r = p->client->rooms; r; r = r->next)
		if (r->state == ROOM_OPEN && !strcmp(r->uri, t->uri) &&
		    truth_seat(p->w, view_str(r->client)) == seat)
			return true;
	return false;
}

/* A second place brings what the first one was too late for; after that it is being left. */
static bool brings(const struct person *p, const struct said *s)
{
	for (const struct room *r = p->client->rooms; r; r = r->next)
		if (!r->shadow && !strcmp(r->uri, s->room->uri))
			return r->start && s->seq < r->start;
	return false;
}

/* Behind an app that was put back, something may not be read; but that is told. */
static bool is_told(const struct person *p, const struct said *s, const struct map *seen)
{
	return (s->room->forked || p->app->rolled) && map_find(seen, view_str(s->room->uri));
}

/* Who is in a room whose hub was put back has what senders hold as accepted there. */
static void check_entitled_now(struct world *w, const struct said *s, struct person *p,
			       const struct map *seen)
{
	if (rules_is_young(p) && !s->room->direct && !rules_must_hear(p, s))
		return;
	for (const struct room *r = p->client->rooms; r; r = r->next) {
		bool is_it = !strcmp(r->uri, s->room->uri) && r->state == ROOM_OPEN && !r->shadow;
		if (!is_it || s->person == p || s->person->restored || p->restored || s->changed)
			continue;
		if (r->start && r->start < s->seq && !map_find(seen, view_str(s->text)) &&
		    !is_told(p, s, seen))
			sim_fail(w, "person %u never got %s (entry %llu of a log put back)",
				 p->number, s->text, (unsigned long long)s->seq);
	}
}

/* Everyone who was a member at the message's epoch and still has that device has it. */
static void check_entitled(struct world *w, const struct said *s, struct person *p,
			   const struct map *seen)
{
	const struct entry_truth *e = truth_entry(s->room, s->seq);
	const struct epoch_truth *epoch = e ? truth_epoch(s->room, e->epoch) : NULL;
	for (size_t i = 0; epoch && i < epoch->n; i++) {
		const struct seat_truth *seat = epoch->seats[i];
		if (seat->person != p || seat->device != p->device || seat == s->by)
			continue;
		if (!seat->in_room && !is_in_the_end(s->room, seat))
			continue; /* removed before they ever came */
		if (truth_seat_is_elsewhere(s->room, seat))
			continue;
		/* Who goes on from an older copy, and cannot know it, may use KeyPackages and message
		 * keys once more: what was sent with them is refused as a repeat. */
		if (s->person->restored)
			continue;
		if (p->restored && !is_current(p, s->room, seat))
			continue; /* of a state that it has forgotten, or lost its place in */
		if (seat->second && !brings(p, s))
			continue;
		/* What strangers write is kept from whoever is below 16, and they leave (check_rules.c). */
		if (rules_is_young(p) && !s->room->direct && !rules_must_hear(p, s))
			continue;
		if (!s->changed && !map_find(seen, view_str(s->text)) && !is_told(p, s, seen))
			sim_fail(w, "person %u never got %s (entry %llu, epoch %llu)", p->number,
				 s->text, (unsigned long long)s->seq, (unsigned long long)e->epoch);
	}
}

static void check_messages_of(struct person *p, bool entitled)
{
	struct world *w = p->w;
	struct map seen;
	if (map_init(&seen, &w->env))
		return;
	for (const struct room *r = p->client->rooms; r && !w->failed; r = r->next)
		history_read(p, r, &seen);
	for (const struct said *s = w->truth->all_said; entitled && s; s = s->next)
		if (s->room->forked && s->held)
			check_entitled_now(w, s, p, &seen);
		else if (s->accepted && s->seq && !s->room->forked)
			check_entitled(w, s, p, &seen);
	map_done(&seen);
}

/* Twice: first it is found where each message stands, then who must have it. */
static void check_messages(struct world *w)
{
	for (int entitled = 0; entitled < 2; entitled++)
		for (unsigned i = 0; i < w->people_n && !w->failed; i++)
			if (is_here(&w->people[i]))
				check_messages_of(&w->people[i], entitled);
	for (const struct said *s = w->truth->all_said; s; s = s->next)
		w->stats.accepted += s->accepted;
}

/* Once removed, a seat is sent nothing more: the last it may see is the commit of its last epoch. */
static void check_strangers(struct world *w)
{
	for (const struct seat_truth *s = w->truth->all_seats; s; s = s->next) {
		const struct room_truth *t = s->used;
		const struct epoch_truth *e = t && !t->forked ? truth_epoch(t, s->got_epoch) : NULL;
		bool was_in = false;
		for (uint64_t i = 0; e && i < s->got_epoch; i++)
			was_in = was_in || (truth_epoch(t, i) && truth_is_in(truth_epoch(t, i), s));
		if (was_in && !truth_is_in(e, s))
			sim_fail(
				w,
				"a seat that was removed from %s is sent entry %llu, of epoch %llu",
				t->uri, (unsigned long long)s->got_seq,
				(unsigned long long)s->got_epoch);
	}
}

/* --- what the apps stored --- */

static const char *const needles[] = {
	"zQmark",   /* in every text and name */
	"49157990", /* in numbers */
	"zqhandle",
	"zqaddr", /* in handles and addresses */
	/* the first in hex and in base64, at its three places */
	"7a516d61726b",
	"elFtYXJr",
	"pRbWFya",
	"6UW1hcm",
};

struct plain_check {
	struct app *a;
	const char *kind;
};

static bool has(struct view hay, struct view needle)
{
	return hay.n >= needle.n && memmem(hay.p, hay.n, needle.p, needle.n);
}

static uc_err plain_visit(void *ctx, enum store_part part, struct view key, uint64_t seq,
			  struct view value)
{
	const struct plain_check *c = ctx;
	(void)part;
	(void)seq;
	for (size_t i = 0; i < sizeof needles / sizeof *needles; i++) {
		struct view needle = view_str(needles[i]);
		if (has(key, needle) || has(value, needle))
			sim_fail(c->a->w, "%s's %s has plain %s", c->a->domain, c->kind,
				 needles[i]);
	}
	return UC_OK;
}

static void store_wrong(void *ctx, const char *what, struct view key)
{
	const struct plain_check *c = ctx;
	(void)key;
	sim_fail(c->a->w, "%s's %s: %s", c->a->domain, c->kind, what);
}

static void check_store(struct app *a, const char *kind, struct store *s)
{
	struct plain_check c = { a, kind };
	if (store_check(s, plain_visit, store_wrong, &c) && !a->w->failed)
		sim_fail(a->w, "%s's %s cannot be walked", a->domain, kind);
}

static void check_apps(struct world *w)
{
	for (unsigned i = 0; i < APPS; i++) {
		struct app *a = &w->apps[i];
		struct provider_counts n;
		if (!a->provider) {
			sim_fail(w, "%s is not up in the end", a->domain);
			continue;
		}
		if (app_owes(a))
			sim_fail(w, "%s's outbox is not empty in the end", a->domain);
		provider_count(a->provider, &n);
		if (n.asks_open)
			sim_fail(w, "%s still waits for %zu answers", a->domain, n.asks_open);
		check_store(a, "accounts", a->accounts);
		check_store(a, "rooms", a->rooms);
	}
}

static void check_client_store(struct person *p)
{
	for (size_t i = 0; i < sizeof needles / sizeof *needles; i++)
		if (client_memory_has(p->disk, view_str(needles[i])))
			sim_fail(p->w, "person %u's store has plain %s", p->number, needles[i]);
}

void check_all(struct world *w)
{
	check_idle(w);
	check_apps(w);
	for (const struct room_truth *t = w->truth->all_rooms; t && !w->failed; t = t->next)
		check_chains_of(w, t);
	for (unsigned i = 0; i < w->people_n && !w->failed; i++) {
		struct person *p = &w->people[i];
		if (!is_here(p))
			continue;
		check_rooms(p);
		check_names(p);
		check_requests(p);
		check_client_store(p);
		device_check(p);
	}
	check_messages(w);
	check_strangers(w);
	check_rules(w);
}
