/* SPDX-License-Identifier: Apache-2.0 */
/* A child, her guardian on another app, and what waits for the guardian's word: whom she asks, and the
 * groups that she is brought into. */
#include "tests/sim/scene.h"

static struct person *rosa, *tom, *ida;

/* --- what is shown --- */

struct shown {
	unsigned wards, accepted, asks;
	struct uc_ward_ask last;
	char text[TEXT_MAX * 4];
};

static bool ward_each(void *ctx, const struct uc_ward *w)
{
	struct shown *s = ctx;
	s->wards++;
	s->accepted += w->accepted;
	return true;
}

static bool ask_each(void *ctx, const struct uc_ward_ask *q)
{
	struct shown *s = ctx;
	s->asks++;
	s->last = *q;
	snprintf(s->text, sizeof s->text, "%s|%s|%s", q->app, q->name, q->text);
	return true;
}

static struct shown shown_to(const struct person *p)
{
	struct shown s = { 0 };
	if (p->client &&
	    (uc_wards(p->client, ward_each, &s) || uc_ward_asks(p->client, ask_each, &s)))
		sim_fail(p->w, "no wards");
	return s;
}

static bool has_offer(struct world *w, void *person)
{
	(void)w;
	return shown_to(person).wards == 1;
}

static bool has_ask(struct world *w, void *person)
{
	(void)w;
	return shown_to(person).asks == 1;
}

static enum uc_guardian_state guardian_of(const struct person *p)
{
	struct uc_guardian g = { .state = UC_GUARDIAN_NONE };
	if (p->client && uc_guardian_get(p->client, &g))
		sim_fail(p->w, "no guardian");
	return g.state;
}

static bool is_guarded(struct world *w, void *person)
{
	(void)w;
	return guardian_of(person) == UC_GUARDIAN_NAMED;
}

static bool is_free(struct world *w, void *person)
{
	(void)w;
	return guardian_of(person) == UC_GUARDIAN_NONE;
}

struct count {
	unsigned waiting, open_in;
	struct uc_id id;
};

static bool request_each(void *ctx, const struct uc_request *q)
{
	struct count *n = ctx;
	n->waiting += q->state == UC_REQUEST_WAITING;
	if (q->incoming && q->state == UC_REQUEST_OPEN) {
		n->open_in++;
		n->id = q->id;
	}
	return true;
}

static struct count requests_of(const struct person *p)
{
	struct count n = { 0 };
	if (p->client && uc_requests(p->client, request_each, &n))
		sim_fail(p->w, "no requests");
	return n;
}

static bool has_request(struct world *w, void *person)
{
	(void)w;
	return requests_of(person).open_in == 1;
}

static bool knows_both(struct world *w, void *person)
{
	(void)w;
	return scene_contact(person, tom->name).there && scene_contact(person, ida->name).there;
}

/* What is there to be read of groups. */
struct words_seen {
	const struct person *of;
	unsigned names, members;
};

static bool member_each(void *ctx, const struct uc_member *m)
{
	struct words_seen *s = ctx;
	s->members += m->introduced && !m->is_self;
	return true;
}

static bool words_each(void *ctx, const struct uc_room *r)
{
	struct words_seen *s = ctx;
	if (r->direct)
		return true;
	s->names += r->name[0] != 0;
	return !uc_members(s->of->client, &r->id, member_each, s);
}

static void reads_of(const struct person *p, unsigned groups)
{
	struct words_seen s = { .of = p };
	if (p->w->failed)
		return;
	if (!p->client || uc_rooms(p->client, words_each, &s))
		sim_fail(p->w, "no rooms");
	else if (s.names != groups || s.members != groups)
		sim_fail(p->w, "%u names and %u members of %u groups", s.names, s.members, groups);
}

static bool has_both(struct world *w, void *person)
{
	(void)w;
	return scene_rooms(person).open_groups == 2;
}

/* --- what is done --- */

static void answers(bool agree)
{
	struct shown s = shown_to(tom);
	uc_op op;
	if (tom->w->failed)
		return;
	person_before(tom, "uc_ward_answer", "");
	scene_done(tom, uc_ward_answer(tom->client, &s.last.id, agree, &op));
}

static void accepts(bool accept)
{
	struct contact_seen k = scene_contact(tom, rosa->name);
	uc_op op;
	if (tom->w->failed)
		return;
	person_before(tom, "uc_ward_accept", "");
	scene_done(tom, uc_ward_accept(tom->client, &k.id, accept, &op));
}

static void names_a_guardian(void)
{
	struct world *w = rosa->w;
	uc_op op;
	scene_want(w, scene_has_addresses, &(struct scene_addresses){ rosa, tom->name, 1 },
		   "addresses");
	struct contact_seen k = scene_contact(rosa, tom->name);
	/* Whoever has not said to be below 16 names nobody. */
	if (uc_guardian_offer(rosa->client, &k.id, &op) != UC_E_NOT_ALLOWED)
		sim_fail(w, "a grown-up has named a guardian");
	scene_settles(rosa, UC_AGE_CHILD, UC_ADD_NOBODY);
	if (w->failed)
		return;
	person_before(rosa, "uc_guardian_offer", "");
	scene_done(rosa, uc_guardian_offer(rosa->client, &k.id, &op));
	scene_want(w, has_offer, tom, "the offer");
	if (guardian_of(rosa) != UC_GUARDIAN_OFFERED)
		sim_fail(w, "it was not offered");
	accepts(true);
	scene_want(w, is_guarded, rosa, "the guardian");
	if (uc_guardian_offer(rosa->client, &k.id, &op) != UC_E_EXISTS)
		sim_fail(w, "there are two");
}

static void asks_somebody(bool agree)
{
	struct world *w = rosa->w;
	uc_op op;
	if (w->failed)
		return;
	person_before(rosa, "uc_ask", "");
	scene_done(rosa, uc_ask(rosa->client, ida->app->domain, ida->identifier,
				agree ? "zQmark once more" : "zQmark may I", &op));
	scene_want(w, has_ask, tom, "what she asks");
	struct shown s = shown_to(tom);
	if (!w->failed && (s.last.kind != UC_WARD_OWN || !strstr(s.text, ida->identifier)))
		sim_fail(w, "he is asked %s", s.text);
	world_run(w, w->now_ms + 20 * 1000, NULL, NULL);
	if (requests_of(ida).open_in || requests_of(rosa).waiting != 1)
		sim_fail(w, "it has not waited");
	answers(agree);
	if (agree)
		scene_want(w, has_request, ida, "her request");
	else
		world_run(w, w->now_ms + 20 * 1000, NULL, NULL);
	if (!agree && (requests_of(ida).open_in || requests_of(rosa).waiting))
		sim_fail(w, "what was refused was sent");
}

static void meets(void)
{
	struct world *w = rosa->w;
	struct count n = requests_of(ida);
	uc_op op;
	person_before(ida, "uc_accept", "");
	scene_done(ida, uc_accept(ida->client, &n.id, &op));
	scene_want(w, knows_both, rosa, "her new contact");
}

/* Ida brings her into a group; she sees nothing of it before he has agreed. */
static struct uc_id is_brought(bool agree)
{
	struct world *w = rosa->w;
	if (w->failed)
		return (struct uc_id){ { 0 } };
	/* Ida's client has no address of hers: it asks for one. */
	scene_group(ida, rosa);
	scene_want(w, has_ask, tom, "the group");
	struct shown s = shown_to(tom);
	if (!w->failed && (s.last.kind != UC_WARD_GROUP || !strstr(s.text, ida->name)))
		sim_fail(w, "he is asked %s", s.text);
	struct rooms_seen r = scene_rooms(rosa);
	if (r.open_groups != !agree || r.groups != 1u + !agree)
		sim_fail(w, "the group is shown");
	reads_of(rosa, !agree);
	answers(agree);
	if (agree) {
		scene_want(w, scene_has_people, &(struct scene_number){ rosa, 2 },
			   "the group, for her");
		reads_of(rosa, 1);
		return s.last.id;
	}
	scene_want(w, scene_has_note, &(struct scene_note){ rosa, "Your guardian has not agreed" },
		   "the note");
	if (scene_rooms(rosa).open_groups != 1)
		sim_fail(w, "she is in it nevertheless");
	reads_of(rosa, 1);
	return s.last.id;
}

/* Into the same room, with the same people: no earlier word is for it. */
static void is_brought_again(const struct uc_id *asked)
{
	struct world *w = rosa->w;
	if (w->failed)
		return;
	world_run(w, w->now_ms + 60 * 1000, NULL, NULL);
	scene_adds(ida, rosa);
	scene_want(w, has_ask, tom, "the group, again");
	struct shown s = shown_to(tom);
	if (view_equal(VIEW_OF(s.last.id.b), VIEW_OF(asked->b)))
		sim_fail(w, "the refusal is for this time, too");
	reads_of(rosa, 1);
	answers(true);
	scene_want(w, has_both, rosa, "the second group, for her");
	reads_of(rosa, 2);
}

static void ends(void)
{
	struct world *w = rosa->w;
	struct uc_settings s;
	uc_op op;
	/* She herself cannot end it. */
	world_run(w, w->now_ms + 3000, NULL, NULL);
	accepts(false);
	scene_want(w, is_free, rosa, "its end");
	if (w->failed || uc_settings_get(rosa->client, &s) || s.add != UC_ADD_NOBODY)
		sim_fail(w, "she can be brought into groups");
	struct contact_seen k = scene_contact(rosa, tom->name);
	if (uc_ward_answer(tom->client, &k.id, true, &op) != UC_E_NOT_FOUND)
		sim_fail(w, "he still answers");
}

static void play(struct world *w)
{
	if (!scene_three(w, &rosa, &tom, &ida))
		return;
	struct person *const all[] = { rosa, tom, ida };
	for (size_t i = 0; i < 3 && !w->failed; i++)
		scene_signs_up(all[i]);
	if (!w->failed)
		scene_asks(rosa, tom);
	if (!w->failed)
		names_a_guardian();
	asks_somebody(false);
	asks_somebody(true);
	if (!w->failed)
		meets();
	scene_settles(rosa, UC_AGE_CHILD, UC_ADD_CONTACTS);
	is_brought(true);
	if (!w->failed)
		scene_want(w, scene_has_people, &(struct scene_number){ ida, 2 },
			   "the first group");
	struct uc_id refused = is_brought(false);
	is_brought_again(&refused);
	if (!w->failed)
		ends();
	rosa->phase = tom->phase = ida->phase = PHASE_LIVE;
}

int main(int argc, char **argv)
{
	return scene_main(argc, argv, play, "nothing was done without the guardian's word");
}
