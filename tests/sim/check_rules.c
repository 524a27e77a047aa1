/* SPDX-License-Identifier: Apache-2.0 */
/* What docs/contact.md promises to minors and docs/rooms.md of roles, as an observer sees it who knows
 * everybody's age, whom they have let in, and what guardians have agreed to.
 *
 * Of minors: no letter reaches them that the table keeps off; in a conversation of two is shown what whoever they
 * have let in writes, and nothing else; what a ward sends, is sent and is brought into waits for the guardian's
 * word; below 16 nobody writes to them in a group, or stays there beside them once known or an hour, who is neither
 * a contact nor agreed to by a guardian; and from below 18 nobody has what would bring them into a group
 * that they were not asked for.
 * Of roles: who comes is a member; only an owner's word changes a role, and no such word leaves a group without
 * one.  That all see the same ones is part of each epoch (truth.c). */
#include "client/client.h"
#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/guardian.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "tests/sim/rules.h"

enum {
	INTRODUCTION_MS = 3600 * 1000,
	WAKES_MS = 2 * 60 * 1000, /* later than it was to wake; and a clock may leap meanwhile */
};

/* --- letters --- */

/* On the own app a minor is known as one; other apps do not know it. */
static bool is_minor_to(const struct person *from, const struct person *to)
{
	return from->aged && from->age < UC_AGE_ADULT && from->app == to->app;
}

/* Was one of their letters sent before the age was said, or, handed, by a link? */
static bool came_otherwise(const struct person *p, const struct person *from, bool handed)
{
	const struct said_word *s = NULL;
	while ((s = rules_word(p->w, s, WORD_ASKED, from, p)))
		if (s->at_ms <= p->self->said_ms || (handed && s->handed))
			return true;
	return false;
}

static bool is_kept_off(const struct person *p, const struct person *from)
{
	const struct person *self = p->self;
	bool minor = is_minor_to(from, p), young = self->age < UC_AGE_16_AND_17;
	if (!self->said_ms || p->app->rolled || self->age >= UC_AGE_ADULT)
		return false;
	/* By name nobody finds who is below 16, and no grown-up who is below 18. */
	if ((young || !minor) && !came_otherwise(p, from, true))
		return true;
	/* A link alone opens it below 16 for minors, and below 13 for nobody. */
	bool alone = young && !self->guarded_ms && (!minor || self->age == UC_AGE_CHILD);
	return alone && !came_otherwise(p, from, false);
}

static void check_letter(struct person *p, const struct request *q)
{
	struct world *w = p->w;
	const struct person *from = rules_named(w, q->name);
	const struct said_word *s = NULL;
	bool waited = true;
	if (!from || !q->incoming || q->state != REQUEST_OPEN)
		return;
	if (is_kept_off(p, from))
		sim_fail(w, "person %u, a minor, is asked by person %u", p->number, from->number);
	/* Whom they have let in already needs nobody's word (R2). */
	bool met = rules_word(w, NULL, WORD_LET_IN, p, from);
	if (!met && rules_is_guarded(p) && !rules_word(w, NULL, WORD_LETTER, p, from))
		sim_fail(w, "person %u is asked by person %u, and no guardian has agreed",
			 p->number, from->number);
	while ((s = rules_word(w, s, WORD_ASKED, from, p)))
		waited = waited && s->guarded;
	if (!met && waited && !rules_word(w, NULL, WORD_OWN, from, p))
		sim_fail(w, "person %u has asked person %u, and no guardian has agreed",
			 from->number, p->number);
}

/* --- who is near --- */

static bool is_contact(const struct person *p, const struct person *q)
{
	for (const struct contact *k = p->client->contacts; k; k = k->next)
		if (!k->blocked && !strcmp(k->name, q->name))
			return rules_word(p->w, NULL, WORD_LET_IN, p, q);
	return false;
}

static bool is_near(const struct person *p, const struct person *q)
{
	return device_same(p, q) || is_contact(p, q) || rules_word(p->w, NULL, WORD_GROUP, p, q);
}

static void check_message(struct person *p, const struct uc_message *m)
{
	struct world *w = p->w;
	const struct said *s = map_find(&w->truth->texts, view_str(m->text));
	const struct room *r = room_find(p->client, &m->room);
	if (m->own || m->kind == UC_MESSAGE_NOTE || !s || !r || device_same(p, s->person))
		return;
	if (r->direct && !is_contact(p, s->person))
		sim_fail(w, "person %u reads %s, whose sender they have never let in", p->number,
			 m->text);
	if (!r->direct && rules_is_young(p) && !is_near(p, s->person))
		sim_fail(w, "person %u, below 16, reads a stranger's %s", p->number, m->text);
}

/* Brought into it as a ward: all there were agreed to. */
static void check_joined(struct person *p, const struct uc_id *id)
{
	const struct room *r = room_find(p->client, id);
	if (!r || r->direct || r->made || r->shadow || !rules_is_guarded(p) || p->device > 1 ||
	    p->restored || device_several(p))
		return;
	for (const struct member *m = r->members; m; m = m->next) {
		const struct person *q = map_find(&p->w->truth->names, view_str(m->participant));
		if (q && !m->gone && m->admitted && !device_same(p, q) &&
		    !rules_word(p->w, NULL, WORD_GROUP, p, q))
			sim_fail(p->w, "person %u is shown %s, and no guardian has agreed to %s",
				 p->number, r->uri, q->name);
	}
}

/* --- what is excused in them, and in nobody else --- */

bool rules_is_minor(const struct person *p)
{
	return p->self->aged && p->self->age < UC_AGE_ADULT;
}

/* From 16 on, minors of the own app arrive in any way; and what has come by a link, where the account is not
 * too fresh for that (R15). */
bool rules_may_keep_off(const struct person *from, const struct person *to)
{
	const struct said_word *s = NULL;
	const struct person *self = from->self;
	bool fresh = from->app->names == UC_NAME_HANDLE;
	unsigned asked = 0;
	if (!rules_is_minor(to))
		return false;
	while ((s = rules_word(to->w, s, WORD_ASKED, from, to))) {
		/* Of who asks again, by a link perhaps, nothing more is shown. */
		if (asked++)
			return true;
		bool minor = is_minor_to(self, to) && self->said_ms && self->said_ms < s->at_ms;
		if (!minor && (fresh || !s->handed))
			return true;
	}
	return to->self->age < UC_AGE_16_AND_17 || rules_is_young(from);
}

/* Where a guardian is asked, or it is about to be left, they say nothing, and are told nothing. */
static bool is_apart(const struct person *p, const char *uri)
{
	const struct room *r = p->client->rooms;
	while (r && (r->shadow || r->state != ROOM_OPEN || strcmp(r->uri, uri) != 0))
		r = r->next;
	return rules_is_young(p) && (!r || r->fleeing || guardian_holds(p->client, r));
}

bool rules_may_not_know(const struct person *p, const struct person *who, const char *uri)
{
	return is_apart(p, uri) || is_apart(who, uri);
}

static struct heard_truth *heard(const struct person *p, const struct room_truth *t,
				 uint64_t participant)
{
	struct heard_truth *h = p->heard;
	while (h && !(h->device == p->device && h->room == t && h->participant == participant))
		h = h->next;
	return h;
}

bool rules_must_hear(const struct person *p, const struct said *s)
{
	const struct heard_truth *h =
		heard(p, s->room, truth_participant(view_str(s->participant)));
	return h && h->now && !h->held && h->since < s->seq;
}

void check_rules_event(struct person *p, const struct uc_event *e)
{
	if (!p->w->plan.minors)
		return;
	const struct request *q =
		e->kind == UC_EVENT_REQUEST ? request_find(p->client, &e->request) : NULL;
	if (q)
		check_letter(p, q);
	if (e->kind == UC_EVENT_MESSAGE && e->message)
		check_message(p, e->message);
	if (e->kind == UC_EVENT_ROOM_JOINED)
		check_joined(p, &e->room);
}

static void check_group(struct person *p, const struct room *r)
{
	struct world *w = p->w;
	uint64_t now = w->now_ms + (uint64_t)p->skew_ms;
	for (const struct member *m = r->members; m; m = m->next) {
		const struct person *q = map_find(&w->truth->names, view_str(m->participant));
		if (m->gone || !q || is_near(p, q))
			continue;
		if (m->introduced)
			sim_fail(w, "person %u, below 16, stays with %s in %s", p->number, q->name,
				 r->uri);
		else if (m->since_ms && now > m->since_ms + INTRODUCTION_MS + WAKES_MS &&
			 !p->leap_ms)
			sim_fail(w,
				 "person %u, below 16, has not heard in %s for an hour who %s is",
				 p->number, r->uri, q->name);
	}
}

/* Whom they have what brings a minor into a group. */
static void asks_look(struct person *p, const struct room *r)
{
	struct world *w = p->w;
	for (const struct task *t = r->tasks; t; t = t->next) {
		const struct contact *k =
			t->kind == TASK_ASKED ? contact_find(p->client, &t->contact) : NULL;
		const struct person *q = k ? rules_named(w, k->name) : NULL;
		if (q && q->aged)
			rules_room_asked(p, q, truth_room(w, r->uri));
	}
}

/* Who has said their age before anybody knew them has given out nothing for any room. */
static void brought_look(struct person *p, const struct room *r)
{
	const struct person *self = p->self;
	const struct said_word *s = NULL;
	bool minor = self->said_ms && self->said_first && self->age < UC_AGE_ADULT;
	/* Which rooms were their own, a device that was recovered or goes on from an older copy does not know. */
	bool forgets = p->device > 1 || p->restored || device_several(p);
	if (!minor || forgets || r->made || r->direct || r->shadow || r->fleeing)
		return;
	const struct room_truth *t = truth_room(p->w, r->uri);
	while ((s = rules_word(p->w, s, WORD_ROOM, p, NULL)))
		if (s->room == t)
			return;
	sim_fail(p->w, "person %u, a minor, was brought into %s and not asked", p->number, r->uri);
}

/* What those say of whom the guardian is asked is kept, and shown where they have agreed; before they are
 * introduced they are strangers there, too. */
static void heard_look(struct person *p, const struct room *r, const struct member *m, bool held)
{
	struct world *w = p->w;
	const struct room_truth *t = truth_room(w, r->uri);
	uint64_t participant = truth_participant(view_str(m->participant));
	struct heard_truth *h = heard(p, t, participant);
	bool own = !strcmp(m->participant, r->participant);
	bool known = m->introduced && (held || (m->admitted && !m->persona));
	bool now = !m->gone && !r->fleeing && (own || known || !rules_is_young(p));
	if (!h && now) {
		h = ARENA_NEW(&w->truth->mem, struct heard_truth);
		if (!h) {
			sim_fail(w, "no memory");
			return;
		}
		*h = (struct heard_truth){
			.next = p->heard, .device = p->device, .room = t, .participant = participant
		};
		p->heard = h;
	}
	if (!h)
		return;
	if (now && !h->now)
		h->since = r->seq;
	h->now = now;
	h->held = held;
}

static void said_look(struct person *p)
{
	struct person *self = p->self;
	if (self->aged && !self->said_ms && rules_age(p) == self->age) {
		self->said_ms = p->w->now_ms;
		self->said_first = !p->client->contacts && !p->client->requests;
	}
	if (self->aged && !self->guarded_ms && rules_is_guarded(p))
		self->guarded_ms = p->w->now_ms;
}

static bool is_said_young(const struct person *p)
{
	return p->self->aged && p->self->age < UC_AGE_16_AND_17;
}

/* A group of which the device knows all there is. */
static bool is_read(const struct person *p, const struct room *r)
{
	return !r->direct && !r->shadow && !r->fleeing && !r->lost && r->seat_open &&
	       r->seq + 1 >= r->log_next && !p->client->account.deleting;
}

void check_rules_look(struct person *p)
{
	if (!p->w->plan.minors)
		return;
	said_look(p);
	bool young = rules_is_young(p) && uc_client_connection(p->client) == UC_ONLINE;
	for (const struct room *r = p->client->rooms; r; r = r->next) {
		asks_look(p, r);
		if (r->state != ROOM_OPEN)
			continue;
		bool held = guardian_holds(p->client, r), group = !r->direct && !r->shadow;
		for (const struct member *m = r->members; m && group && is_said_young(p);
		     m = m->next)
			heard_look(p, r, m, held);
		brought_look(p, r);
		if (young && is_read(p, r) && !held)
			check_group(p, r);
	}
}

/* --- roles --- */

static uint32_t role_in(const struct epoch_truth *e, uint64_t participant)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->roles[i].participant == participant)
			return e->roles[i].role;
	return 0;
}

static bool has_owner(const struct epoch_truth *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->roles[i].role == UC_ROLE_OWNER)
			return true;
	return false;
}

void check_rules_done(struct person *p, const struct uc_event *e)
{
	const struct room_truth *t = p->role_in;
	uint64_t participant = truth_participant(view_str(p->role_of));
	if (e->err || !t || t->forked)
		return;
	for (size_t i = t->epochs_n; i-- > 0;)
		if (t->epochs[i].known && role_in(&t->epochs[i], participant) == p->role)
			return;
	sim_fail(p->w, "person %u has given %s role %u, which nobody sees", p->number, p->role_of,
		 p->role);
}

static void check_step(struct world *w, const struct room_truth *t, size_t epoch)
{
	const struct epoch_truth *was = &t->epochs[epoch - 1], *is = &t->epochs[epoch];
	bool owner_stays = false;
	for (size_t i = 0; i < is->n; i++) {
		uint32_t role = is->roles[i].role, before = role_in(was, is->roles[i].participant);
		owner_stays = owner_stays || before == UC_ROLE_OWNER;
		if (!before && role != UC_ROLE_MEMBER)
			sim_fail(w, "somebody comes into %s as %u", t->uri, role);
		if (before && before != role && !has_owner(was))
			sim_fail(w, "somebody in %s is given role %u by no owner", t->uri, role);
	}
	if (owner_stays && !has_owner(is))
		sim_fail(w, "%s has no owner any more in epoch %zu, and the one it had is there",
			 t->uri, epoch);
}

static void check_roles(struct world *w, const struct room_truth *t)
{
	for (size_t i = 2; i < t->epochs_n && !t->forked && !t->direct; i++)
		if (t->epochs[i].known && t->epochs[i - 1].known)
			check_step(w, t, i);
}

struct shown_check {
	struct person *p;
	const struct room *r;
};

static bool shown_each(void *ctx, const struct uc_member *m)
{
	const struct shown_check *x = ctx;
	const struct room_truth *t = truth_room(x->p->w, x->r->uri);
	const struct epoch_truth *e =
		t && !t->forked ? truth_epoch(t, room_group_epoch(x->r->group)) : NULL;
	uint32_t role = e ? role_in(e, truth_participant(view_str(m->participant))) : m->role;
	if (role != m->role)
		sim_fail(x->p->w, "person %u shows %s in %s with role %u, and it is %u",
			 x->p->number, m->participant, x->r->uri, m->role, role);
	return true;
}

static void check_shown(struct person *p)
{
	for (const struct room *r = p->client->rooms; r; r = r->next) {
		struct shown_check x = { p, r };
		if (r->state == ROOM_OPEN && !r->direct && !r->shadow &&
		    uc_members(p->client, &r->id, shown_each, &x))
			sim_fail(p->w, "members are not listed");
	}
}

/* --- in the end --- */

/* Each device holds the age that was said; and no grown-up's one is in the way. */
static void check_age(struct person *p)
{
	if (p->self->said_ms && !p->app->rolled && rules_age(p) != p->self->age)
		sim_fail(p->w, "person %u has said to be of age %d, and is taken for %d", p->number,
			 (int)p->self->age, (int)rules_age(p));
}

void check_rules(struct world *w)
{
	for (const struct room_truth *t = w->truth->all_rooms; t && !w->failed; t = t->next)
		check_roles(w, t);
	for (unsigned i = 0; i < w->people_n && !w->failed; i++) {
		struct person *p = &w->people[i];
		if (!p->client || person_is_over(p))
			continue;
		check_shown(p);
		if (!w->plan.minors)
			continue;
		check_age(p);
		check_rules_look(p);
	}
}
