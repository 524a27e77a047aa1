/* SPDX-License-Identifier: Apache-2.0 */
/* Further devices of one person: each a client of its own, brought in by the code that it shows, told of by the
 * others' lists, put an end to by another one.  In the world it is a person, whose `self` is the first
 * device's. */
#include "client/client.h"
#include "client/devices.h"
#include "client/member_clients.h"
#include "client/own_devices.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "client/vault_inside.h"
#include "mimi/device_list.h"
#include "tests/sim/truth.h"

enum { DEVICES_EACH = 3, AGAIN_MS = 20 * 1000, SHOWN_MAX = 64 };

bool device_same(const struct person *a, const struct person *b)
{
	return a->self == b->self;
}

bool device_several(const struct person *p)
{
	return p->self->further > 0;
}

bool device_any_ended(const struct person *p)
{
	return p->self->device_ends > 0;
}

/* What it had lent out since the copy was taken leads nowhere. */
bool device_any_restored(const struct person *p)
{
	for (unsigned i = 0; i < p->w->people_n; i++)
		if (p->w->people[i].self == p->self && p->w->people[i].restored)
			return true;
	return false;
}

/* --- one more --- */

bool device_may_link(const struct person *p)
{
	const struct world *w = p->w;
	return w->plan.devices && p->self == p && p->device == 1 && p->further < DEVICES_EACH - 1 &&
	       w->people_n < PEOPLE_MAX && w->stats.linked < 2 + w->plan.people / 8;
}

void device_link(struct person *p)
{
	struct world *w = p->w;
	struct person *d = world_person(w, p->app, p->name, p->identifier);
	if (!d) {
		sim_fail(w, "no memory");
		return;
	}
	d->self = p;
	d->joins = true;
	p->further++;
	w->stats.linked++;
	sim_story(w, "person %u gets one more device, person %u", p->number, d->number);
	act_start(d);
}

/* Any of those that are there, as whoever holds them all would do it. */
static struct person *helper_of(struct person *d)
{
	struct world *w = d->w;
	struct person *of[DEVICES_EACH];
	size_t n = 0;
	for (unsigned i = 0; i < w->people_n && n < DEVICES_EACH; i++) {
		struct person *p = &w->people[i];
		if (p != d && p->self == d->self && p->phase == PHASE_LIVE && !p->ends &&
		    p->client && uc_client_connection(p->client) == UC_ONLINE)
			of[n++] = p;
	}
	return n ? of[dice_below(&w->dice, n)] : NULL;
}

void device_join(struct person *d)
{
	struct world *w = d->w;
	uc_op op;
	if (d->client->account.state == ACCOUNT_NONE || !d->pair[0]) {
		char code[UC_DEVICE_CODE_MAX];
		d->pair_ms = 0;
		person_before(d, "uc_device_join", "");
		uc_err err = uc_device_join(d->client, code, &op);
		memcpy(d->pair, err ? "" : code, err ? 1 : sizeof d->pair);
		person_after(d, err);
		return;
	}
	struct person *p = w->now_ms >= d->pair_ms ? helper_of(d) : NULL;
	if (!p)
		return;
	d->pair_ms = w->now_ms + AGAIN_MS;
	sim_story(w, "person %u takes in person %u", p->number, d->number);
	person_before(p, "uc_device_add", "");
	person_after(p, uc_device_add(p->client, d->pair, &op));
}

/* What it begins with is no news to it. */
void device_look(struct person *p)
{
	struct uc_client *c = p->client;
	struct view_list all;
	if (p->list_n || c->account.state != ACCOUNT_ACTIVE)
		return;
	struct arena_mark mark = arena_mark(&c->call);
	if (!devices_all(c, &c->call, &all))
		p->list_n = all.n;
	arena_reset(&c->call, mark);
	memcpy(p->device_key, c->account.device.pub, sizeof p->device_key);
}

/* --- one less --- */

void device_end(struct person *p)
{
	struct world *w = p->w;
	struct person *of = NULL;
	for (unsigned i = 0; i < w->people_n; i++) {
		struct person *d = &w->people[i];
		bool other = d != p && d->self == p->self;
		if (other && d->phase == PHASE_LIVE && !d->ends && d->list_n)
			of = !of || dice_below(&w->dice, 2) ? d : of;
	}
	if (!of || p->ends || w->stats.unlinked >= 1 + w->stats.linked / 3)
		return;
	uc_op op = 0;
	sim_story(w, "person %u puts an end to the device of person %u", p->number, of->number);
	person_before(p, "uc_device_end", "");
	uc_err err = uc_device_end(p->client, of->device_key, &op);
	if (!err) {
		of->ends = true;
		p->ending = of;
		p->ending_op = op;
		p->self->device_ends++;
		w->stats.unlinked++;
	}
	person_after(p, err);
}

void device_event(struct person *p, const struct uc_event *e)
{
	if (e->kind != UC_EVENT_DONE || !p->ending || e->op != p->ending_op)
		return;
	p->ending->revoked = p->ending->revoked || !e->err;
	p->ending = NULL;
}

/* --- and of all --- */

/* Each has come, and none is to go. */
bool device_all_there(const struct person *p)
{
	for (unsigned i = 0; i < p->w->people_n; i++) {
		const struct person *d = &p->w->people[i];
		bool was = d->phase == PHASE_OVER;
		bool is = d->phase == PHASE_LIVE && !d->ends && !d->ending &&
			  (d->list_n || !device_several(d));
		if (d->self == p->self && !was && !is)
			return false;
	}
	return true;
}

/* The account is to be deleted, by one of them. */
void device_all_end(struct person *p)
{
	p->self->erases_ms = p->w->now_ms;
	for (unsigned i = 0; i < p->w->people_n; i++)
		if (p->w->people[i].self == p->self)
			p->w->people[i].ends = true;
}

/* The app has said that it is no device any more: nobody opens it again. */
void device_gone(struct person *p)
{
	p->phase = PHASE_OVER;
	if (p->client)
		person_kill(p, 1);
}

/* --- what must hold in the end --- */

static bool is_here(const struct person *p)
{
	return p->client && !person_is_over(p);
}

struct shown {
	struct uc_device devices[SHOWN_MAX];
	struct uc_device_change changes[SHOWN_MAX];
	size_t devices_n, changes_n;
};

static bool device_each(void *ctx, const struct uc_device *d)
{
	struct shown *s = ctx;
	if (s->devices_n < SHOWN_MAX)
		s->devices[s->devices_n++] = *d;
	return true;
}

static bool change_each(void *ctx, const struct uc_device_change *x)
{
	struct shown *s = ctx;
	if (s->changes_n < SHOWN_MAX)
		s->changes[s->changes_n++] = *x;
	return true;
}

static bool lists(const struct shown *s, const struct person *d)
{
	for (size_t i = 0; i < s->devices_n; i++)
		if (!memcmp(s->devices[i].device_key, d->device_key, sizeof d->device_key))
			return true;
	return false;
}

static void check_listed(struct person *p, const struct shown *s)
{
	struct world *w = p->w;
	for (unsigned i = 0; i < w->people_n; i++) {
		const struct person *d = &w->people[i];
		if (d->self != p->self || !d->list_n)
			continue;
		if (is_here(d) != lists(s, d))
			sim_fail(w, "person %u %s the device of person %u, which %s", p->number,
				 lists(s, d) ? "lists" : "does not list", d->number,
				 is_here(d) ? "is there" : "was ended");
	}
}

static bool alarms_of(const struct shown *s, const struct device_entry *e)
{
	int kind = e->device_action == DEVICE_REVOKE ? UC_DEVICE_ENDED : UC_DEVICE_ADDED;
	for (size_t i = 0; i < s->changes_n; i++)
		if ((int)s->changes[i].kind == kind &&
		    view_equal(VIEW_OF(s->changes[i].device_key), e->device_key))
			return true;
	return false;
}

/* What others of the person did to the list since it came is shown, and nothing else: but whom it has let in itself
 * may be, a day or two later by its app's clock, which leaps. */
static void check_alarms(struct person *p, const struct shown *s)
{
	struct uc_client *c = p->client;
	struct arena_mark mark = arena_mark(&c->call);
	struct view_list all = { NULL, 0 };
	struct device_entry e;
	size_t want = 0;
	if (devices_all(c, &c->call, &all))
		sim_fail(p->w, "person %u has no list", p->number);
	for (size_t i = p->list_n; i < all.n; i++) {
		if (wire_decode(all.v[i], &c->call, device_entry_element, &e))
			sim_fail(p->w, "person %u has a list that cannot be read", p->number);
		else if (!view_equal(e.signer_key, VIEW_OF(p->device_key)))
			want++;
		else if (e.device_action == DEVICE_ADD && alarms_of(s, &e))
			want++;
		else
			continue;
		if (!p->w->failed && !alarms_of(s, &e))
			sim_fail(p->w, "person %u was not told of entry %zu of the list", p->number,
				 i);
	}
	arena_reset(&c->call, mark);
	if (s->changes_n != want)
		sim_fail(p->w, "person %u is shown %zu changes of the list, there were %zu",
			 p->number, s->changes_n, want);
}

/* One that was ended, and is known to be, stands in no room beside the others. */
struct leaves_check {
	struct person *p;
	const struct room *r;
	const struct member *self;
};

static bool leaf_each(void *ctx, const struct room_client *k)
{
	struct leaves_check *x = ctx;
	const struct seat_truth *s = truth_seat(x->p->w, k->client);
	bool ours = view_equal(k->participant, view_str(x->r->participant));
	if (!ours || !s || !s->person || is_here(s->person))
		return true;
	if (x->self && member_client_find(x->self, k->client))
		sim_fail(x->p->w, "person %u, which was ended, stands in %s beside person %u",
			 s->person->number, x->r->uri, x->p->number);
	return true;
}

/* Who was ended had the participant's key of each room: there is another one, which the tree shows, and whoever
 * is there knows it. */
static void check_keys(struct person *p, const struct room *r)
{
	struct world *w = p->w;
	struct uc_client *c = p->client;
	struct participant_link_list shown = { NULL, 0 }, known = { NULL, 0 };
	struct arena_mark mark = arena_mark(&c->call);
	if (!vault_keeps(c, r))
		return;
	w->stats.keys_looked++;
	if (!devices_none_ended_since(c, r->keys.generation, r->keys.position))
		sim_fail(w, "person %u has no further key of %s, and one of its devices was ended",
			 p->number, r->uri);
	else if (room_group_chain(r->group, &c->call, &shown) ||
		 participant_keys_chain(&r->participant_key, &r->keys, &c->call, &known))
		sim_fail(w, "person %u cannot read the keys of %s", p->number, r->uri);
	else if (shown.n != known.n ||
		 !view_equal(shown.v[shown.n - 1].key, known.v[known.n - 1].key))
		sim_fail(w, "person %u knows %zu keys of its place in %s, which shows %zu",
			 p->number, known.n, r->uri, shown.n);
	else
		w->stats.keys_made += shown.n - 1;
	arena_reset(&c->call, mark);
}

static const struct room *room_of(const struct person *p, const char *uri)
{
	for (const struct room *r = p->client->rooms; r; r = r->next)
		if (r->state == ROOM_OPEN && !r->shadow && !strcmp(r->uri, uri))
			return r;
	return NULL;
}

/* Each stands beside the others in all rooms; but in a conversation only once it is shown. */
static void check_beside(struct person *p, const struct room *r)
{
	struct world *w = p->w;
	for (unsigned i = 0; i < w->people_n && !strangers_veil(p->client, r); i++) {
		const struct person *d = &w->people[i];
		if (d == p || d->self != p->self || !is_here(d) || d->restored || p->restored)
			continue;
		if (!room_of(d, r->uri))
			sim_fail(w, "person %u is in %s, and person %u is not", p->number, r->uri,
				 d->number);
	}
}

/* Whose account was deleted stands nowhere, with no device: where no hub was away for longer than one waits for
 * it, and but for rooms that somebody had come into a moment before, and told no other device of. */
enum { MOMENT_MS = 10 * 1000 };

struct erased_check {
	struct person *p;
	const struct room *r;
};

static bool erased_each(void *ctx, const struct room_client *k)
{
	struct erased_check *x = ctx;
	const struct seat_truth *s = truth_seat(x->p->w, k->client);
	uint64_t erased_ms = s && s->person ? s->person->self->erases_ms : 0;
	if (erased_ms && s->since_ms + MOMENT_MS < erased_ms)
		sim_fail(x->p->w,
			 "person %u, whose account is deleted, stands in %s beside person %u",
			 s->person->number, x->r->uri, x->p->number);
	return true;
}

static void check_erased(struct person *p)
{
	for (const struct room *r = p->client->rooms; r && !p->w->failed; r = r->next) {
		struct erased_check x = { p, r };
		const struct room_truth *t = truth_room(p->w, r->uri);
		if (r->state != ROOM_OPEN || r->shadow || !t || t->forked || p->app->rolled)
			continue;
		if (room_group_clients(r->group, erased_each, &x))
			sim_fail(p->w, "a group's clients cannot be listed");
	}
}

void device_check(struct person *p)
{
	struct shown s = { .devices_n = 0 };
	if (!p->w->plan.faults)
		check_erased(p);
	if (!device_several(p) || !p->list_n)
		return;
	if (uc_devices(p->client, device_each, &s) || uc_device_changes(p->client, change_each, &s))
		sim_fail(p->w, "devices are not given");
	check_listed(p, &s);
	check_alarms(p, &s);
	for (const struct room *r = p->client->rooms; r && !p->w->failed; r = r->next) {
		struct leaves_check x = { p, r, room_member_find(r, view_str(r->participant)) };
		const struct room_truth *t = truth_room(p->w, r->uri);
		if (r->state != ROOM_OPEN || r->shadow || !t || t->forked || p->app->rolled)
			continue;
		if (room_group_clients(r->group, leaf_each, &x))
			sim_fail(p->w, "a group's clients cannot be listed");
		check_beside(p, r);
		check_keys(p, r);
	}
}
