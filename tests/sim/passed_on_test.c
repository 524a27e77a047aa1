/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody was given to reach a person with, in the hands of somebody else: Tom passes on a key address,
 * Max the answer to his letter, to Ida, whose client says nothing of who she is.  Those she reaches are of every
 * age, with a guardian and without one. */
#include "client/compose.h"
#include "client/contacts.h"
#include "client/groups.h"
#include "client/introductions.h"
#include "client/outbox.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "tests/sim/scene.h"

enum { MINUTE_MS = 60 * 1000, HIDDEN_MS = 50 * MINUTE_MS, OVER_MS = 20 * MINUTE_MS };

static const char silence[] = "You have left this conversation: whoever has brought you into it";
static const char another[] =
	"You have left this conversation: it was begun with what you had given";
static const char words[] = "zQmark words of a stranger";

static struct person *tom, *max, *ida, *gus;

static struct victim {
	enum uc_age age;
	enum uc_may_add add;
	bool guarded,
		reachable; /* reachable: the app gives out what her contacts have addresses of */
	const char *name, *number;
	struct person *p;
} victims[] = {
	{ UC_AGE_ADULT, UC_ADD_CONTACTS, false, true, "zQmark Rosa", "+49157990001", NULL },
	{ UC_AGE_16_AND_17, UC_ADD_CONTACTS, false, false, "zQmark Eva", "+49157990002", NULL },
	{ UC_AGE_13_TO_15, UC_ADD_NOBODY, false, false, "zQmark Lea", "+49157990003", NULL },
	{ UC_AGE_CHILD, UC_ADD_NOBODY, false, false, "zQmark Mia", "+49157990004", NULL },
	{ UC_AGE_CHILD, UC_ADD_CONTACTS, true, false, "zQmark Ada", "+49157990005", NULL },
};
enum { VICTIMS = sizeof victims / sizeof *victims };

/* --- what is passed on --- */

static struct {
	struct blob packages;
	char participant[URI_BYTES];
	struct contact contact; /* with one address */
} loot;

static bool has_answer(struct world *w, void *person)
{
	const struct person *p = person;
	(void)w;
	for (const struct room *r = p->client ? p->client->rooms : NULL; r; r = r->next)
		if (r->direct && r->tasks && r->tasks->kind == TASK_ADD_PACKAGES)
			return true;
	return false;
}

/* And the one who was answered does not use it. */
static uc_err answer_take(struct uc_client *c, void *arg)
{
	(void)arg;
	struct room *r = c->rooms;
	while (r && !(r->direct && r->tasks && r->tasks->kind == TASK_ADD_PACKAGES))
		r = r->next;
	if (!r)
		return UC_E_NOT_FOUND;
	TRY(blob_set(&loot.packages, blob_view(&r->tasks->key_packages)));
	memcpy(loot.participant, r->tasks->participant, sizeof loot.participant);
	groups_tasks_drop(c, r, UC_E_CLOSED);
	rooms_left(c, r);
	return UC_OK;
}

static uc_err address_take(struct uc_client *c, void *arg)
{
	struct contact_seen *seen = arg;
	struct contact *k = contact_find(c, &seen->id);
	if (!k)
		return UC_E_NOT_FOUND;
	loot.contact = *k;
	return contact_take_address(c, k, &loot.contact.keys[0]) ? UC_OK : UC_E_EXHAUSTED;
}

/* --- what she does with it --- */

static struct room *hers;

static uc_err begin(struct uc_client *c, void *arg)
{
	(void)arg;
	TRY(rooms_create(c, true, "", &hers));
	hers->says = SAYS_NOTHING;
	return UC_OK;
}

static uc_err with_answer(struct uc_client *c, void *arg)
{
	const struct uc_id nobody = { { 0 } };
	TRY(begin(c, arg));
	return groups_add_packages(c, hers, blob_view(&loot.packages), view_str(loot.participant),
				   &nobody, 0);
}

static uc_err with_address(struct uc_client *c, void *arg)
{
	struct contact *k;
	const struct contact *of = &loot.contact;
	TRY(begin(c, arg));
	TRY(contact_meet(c, of->app, of->account_key, of->name, blob_view(&of->list), &k));
	k->key_count = 0;
	contact_add_address(c, k, &of->keys[0]);
	return groups_add_contact(c, hers, k, 0);
}

static uc_err says(struct uc_client *c, void *arg)
{
	struct content_parts parts = { .kind = CONTENT_TEXT, .text = view_str(arg) };
	struct view content;
	TRY(content_write(c, hers, &parts, &c->call, &content));
	return outbox_add(c, hers, content, &parts.id, 0);
}

static uc_err introduces(struct uc_client *c, void *arg)
{
	(void)arg;
	hers->says = SAYS_ACCOUNT;
	return introductions_own(c, hers);
}

static uc_err leaves(struct uc_client *c, void *arg)
{
	(void)arg;
	return rooms_close(c, hers, 0);
}

static void does(struct person *p, uc_err (*what)(struct uc_client *, void *), const void *arg)
{
	if (p->w->failed)
		return;
	person_before(p, "a changed client", "");
	scene_done(p, turn_run(p->client, what, (void *)(uintptr_t)arg));
}

/* --- what is shown to the other --- */

struct shown {
	const struct person *of;
	unsigned direct, words, notes;
	const char *note;
};

static bool message_each(void *ctx, const struct uc_message *m)
{
	struct shown *s = ctx;
	s->words += strstr(m->text, words) != NULL;
	s->notes += s->note && m->kind == UC_MESSAGE_NOTE &&
		    !strncmp(m->text, s->note, strlen(s->note));
	return true;
}

static bool room_each(void *ctx, const struct uc_room *r)
{
	struct shown *s = ctx;
	bool is_left = r->state == UC_ROOM_LEFT;
	s->direct += r->state == UC_ROOM_OPEN;
	s->words += !is_left && r->state != UC_ROOM_OPEN &&
		    (r->name[0] || r->uri[0] || r->members || r->unread);
	s->words += is_left && r->unread > 0;
	return !uc_messages(s->of->client, &r->id, 1, 1000, message_each, s);
}

static struct shown shown_to(const struct person *p, const char *note)
{
	struct shown s = { .of = p, .note = note };
	if (!p->client || uc_rooms(p->client, room_each, &s))
		sim_fail(p->w, "no rooms");
	return s;
}

struct entry {
	const struct person *of;
	bool there; /* is her client in it, or out of it again */
};

static bool has_entered(struct world *w, void *ctx)
{
	const struct entry *x = ctx;
	bool in = false;
	(void)w;
	for (const struct room *r = x->of->client ? x->of->client->rooms : NULL; r; r = r->next)
		in = in || (!strcmp(r->uri, hers->uri) && r->group && r->state == ROOM_OPEN);
	return in == x->there;
}

/* An hour and no word of who has brought her there: nothing is shown, and then it is left. */
static void meets_silence(struct victim *v)
{
	struct world *w = v->p->w;
	const struct shown before = shown_to(v->p, silence);
	scene_want(w, has_entered, &(struct entry){ v->p, true }, "her client there");
	does(ida, says, words);
	world_run(w, w->now_ms + HIDDEN_MS, NULL, NULL);
	struct shown s = shown_to(v->p, silence);
	if (s.direct != before.direct || s.words || s.notes != before.notes)
		sim_fail(w, "%s is shown a stranger", v->name);
	world_run(w, w->now_ms + OVER_MS, NULL, NULL);
	s = shown_to(v->p, silence);
	if (s.direct != before.direct || s.words || s.notes != before.notes + 1)
		sim_fail(w, "%s has not left a stranger", v->name);
	scene_want(w, has_entered, &(struct entry){ v->p, false }, "her leaving");
}

/* Whoever says that they are somebody else is not waited for. */
static void meets_another(struct victim *v)
{
	struct world *w = v->p->w;
	const struct shown before = shown_to(v->p, another);
	scene_want(w, has_entered, &(struct entry){ v->p, true }, "her client there");
	does(ida, says, words);
	does(ida, introduces, NULL);
	scene_want(w, has_entered, &(struct entry){ v->p, false }, "her leaving");
	struct shown s = shown_to(v->p, another);
	if (s.direct != before.direct || s.words || s.notes != before.notes + 1 ||
	    scene_contact(v->p, ida->name).there)
		sim_fail(w, "%s knows a stranger", v->name);
}

static void address_passed_on(struct victim *v)
{
	struct contact_seen k = scene_contact(tom, v->name);
	does(tom, address_take, &k);
	does(ida, with_address, NULL);
}

static bool is_refused(struct world *w, void *ctx)
{
	(void)w;
	(void)ctx;
	return hers && hers->state == ROOM_OPEN && !hers->tasks;
}

static void reached(struct victim *v)
{
	struct world *w = v->p->w;
	does(ida, with_answer, NULL);
	if (!w->failed)
		meets_silence(v);
	does(ida, leaves, NULL);
	for (int introduced = 0; introduced < 2 && !w->failed; introduced++) {
		address_passed_on(v);
		if (w->failed)
			return;
		if (!v->reachable) {
			scene_want(w, is_refused, NULL, "the app's refusal");
			if (has_entered(w, &(struct entry){ v->p, true }))
				sim_fail(w, "%s was reached by an address", v->name);
		} else if (introduced) {
			meets_another(v);
		} else {
			meets_silence(v);
		}
		does(ida, leaves, NULL);
	}
}

/* --- before --- */

static bool is_guarded(struct world *w, void *person)
{
	const struct person *p = person;
	struct uc_guardian g;
	(void)w;
	return p->client && !uc_guardian_get(p->client, &g) && g.state == UC_GUARDIAN_NAMED;
}

static bool ward_each(void *ctx, const struct uc_ward *x)
{
	(void)x;
	*(bool *)ctx = true;
	return true;
}

static bool has_ward(struct world *w, void *person)
{
	const struct person *p = person;
	bool there = false;
	(void)w;
	return p->client && !uc_wards(p->client, ward_each, &there) && there;
}

static void names_a_guardian(struct victim *v)
{
	struct contact_seen k = scene_contact(v->p, gus->name);
	uc_op op;
	scene_settles(v->p, v->age, UC_ADD_NOBODY);
	if (v->p->w->failed)
		return;
	person_before(v->p, "uc_guardian_offer", "");
	scene_done(v->p, uc_guardian_offer(v->p->client, &k.id, &op));
	scene_want(v->p->w, has_ward, gus, "the offer");
	k = scene_contact(gus, v->name);
	person_before(gus, "uc_ward_accept", "");
	scene_done(gus, uc_ward_accept(gus->client, &k.id, true, &op));
	scene_want(v->p->w, is_guarded, v->p, "the guardian");
}

/* All of it was given while nothing was known of her age. */
static void gives(struct victim *v)
{
	struct world *w = v->p->w;
	scene_signs_up(v->p);
	world_run(w, w->now_ms + MINUTE_MS, NULL, NULL); /* what she is asked by is at her app */
	if (!w->failed)
		scene_asks(tom, v->p);
	if (!w->failed)
		scene_want(w, scene_has_addresses, &(struct scene_addresses){ tom, v->name, 4 },
			   "addresses");
	if (!w->failed && v->guarded) {
		scene_asks(gus, v->p);
		scene_want(w, scene_has_addresses, &(struct scene_addresses){ v->p, gus->name, 1 },
			   "the guardian's");
	}
	if (!w->failed)
		scene_lets_ask(max, v->p);
	scene_want(w, has_answer, max, "the answer");
	does(max, answer_take, NULL);
	if (!w->failed && v->guarded)
		names_a_guardian(v);
	scene_settles(v->p, v->age, v->add);
}

static void play(struct world *w)
{
	tom = world_person(w, &w->apps[1], "zQmark Tom", "zqhandle1");
	max = world_person(w, &w->apps[1], "zQmark Max", "zqhandle2");
	gus = world_person(w, &w->apps[1], "zQmark Gus", "zqhandle3");
	ida = world_person(w, &w->apps[2], "zQmark Ida", "zq1@example.org");
	struct person *const all[] = { tom, max, gus, ida };
	for (size_t i = 0; i < sizeof all / sizeof *all && !w->failed; i++)
		scene_signs_up(all[i]);
	for (size_t i = 0; i < VICTIMS && !w->failed; i++) {
		struct victim *v = &victims[i];
		v->p = world_person(w, &w->apps[0], v->name, v->number);
		gives(v);
		if (!w->failed)
			reached(v);
		v->p->phase = PHASE_LIVE;
	}
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		all[i]->phase = PHASE_LIVE;
	blob_done(&loot.packages);
}

int main(int argc, char **argv)
{
	return scene_main(argc, argv, play, "what is passed on reaches nobody");
}
