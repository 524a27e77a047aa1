/* SPDX-License-Identifier: Apache-2.0 */
/* Rosa makes a group as a persona, Tom, whom she brings in, brings Ida, who stays silent, dies, comes back and
 * chooses one, which an older copy of her store does not change; then Tom brings Rosa in once more, who is as
 * if she were not there.  What the others have of the room holds nothing of the accounts. */
#include "tests/sim/scene.h"

#include "client/rooms.h"
#include "client/stored_room.h"

#define MOTH "zQmark Moth"
#define OWL  "zQmark Owl"

static struct person *rosa, *tom, *ida;

static void meet(void)
{
	struct world *w = rosa->w;
	struct person *const all[] = { rosa, tom, ida };
	for (size_t i = 0; i < 3 && !w->failed; i++)
		scene_signs_up(all[i]);
	if (!w->failed)
		scene_asks(rosa, tom);
	if (!w->failed)
		scene_asks(tom, ida);
	if (w->failed)
		return;
	scene_want(w, scene_has_addresses, &(struct scene_addresses){ rosa, tom->name, 2 },
		   "Tom's addresses");
	scene_want(w, scene_has_addresses, &(struct scene_addresses){ tom, rosa->name, 2 },
		   "Rosa's addresses");
	scene_want(w, scene_has_addresses, &(struct scene_addresses){ tom, ida->name, 2 },
		   "Ida's addresses");
}

/* --- who is seen --- */

struct seen {
	const struct person *by;
	const char *persona; /* there, introduced as one; NULL: somebody is not introduced */
	bool there;
};

static bool seen_each(void *ctx, const struct uc_member *m)
{
	struct seen *s = ctx;
	s->there = s->there || (!m->is_self && (s->persona ? m->persona && !m->has_contact &&
								     !strcmp(m->name, s->persona)
							   : !m->introduced));
	return true;
}

static bool sees(struct world *w, void *ctx)
{
	struct seen *s = ctx;
	struct rooms_seen r = scene_rooms(s->by);
	(void)w;
	s->there = false;
	return s->by->client && !uc_members(s->by->client, &r.group, seen_each, s) && s->there;
}

static void want_persona(const struct person *by, const char *name)
{
	scene_want(by->w, sees, &(struct seen){ .by = by, .persona = name }, name);
}

/* --- what is kept --- */

static void room_record(struct wire *w, void *v)
{
	wire_room(w, v);
}
static void members_record(struct wire *w, void *v)
{
	wire_members(w, v);
}
static void contact_record(struct wire *w, void *v)
{
	wire_contact(w, v);
}

static bool holds(struct view in, struct view what)
{
	for (size_t i = 0; i + what.n <= in.n; i++)
		if (view_equal(view_make(in.p + i, what.n), what))
			return true;
	return false;
}

struct canary {
	const struct person *of; /* whose account is looked for */
	unsigned found, looked;
};

static void look(struct canary *x, struct view in)
{
	const struct account *a = &x->of->client->account;
	const struct view marks[] = { view_str(x->of->name), view_str(x->of->identifier),
				      VIEW_OF(a->account_key), VIEW_OF(a->device.pub) };
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		x->found += holds(in, marks[i]);
	x->looked++;
}

static bool message_look(void *ctx, uint64_t number, struct view value)
{
	(void)number;
	look(ctx, value);
	return true;
}

static void look_at(struct world *w, struct canary *x, wire_element *walk, const void *object)
{
	struct arena a;
	struct view bytes;
	arena_init(&a, 4 << 20, ARENA_PLAIN);
	if (wire_encode_to(&a, walk, object, &bytes))
		sim_fail(w, "a record cannot be read");
	else
		look(x, bytes);
	arena_done(&a);
}

/* In what they keep of the group, and, of strangers, of all people; messages and what was said between
 * the clients as it came. */
static void keeps_nothing(struct person *by, const struct person *of)
{
	struct canary x = { .of = of };
	bool strangers = !scene_contact(by, of->name).there;
	for (struct contact *k = strangers ? by->client->contacts : NULL; k; k = k->next)
		look_at(by->w, &x, contact_record, k);
	for (struct room *r = by->client->rooms; r; r = r->next) {
		if (r->direct)
			continue;
		look_at(by->w, &x, room_record, r);
		look_at(by->w, &x, members_record, r);
		if (safe_scan(&by->client->safe, "message", VIEW_OF(r->id.b), 0, message_look, &x))
			sim_fail(by->w, "no messages");
	}
	if (x.found || x.looked < 2)
		sim_fail(by->w, "%s keeps %u of %s in %u", by->name, x.found, of->name, x.looked);
}

/* The search finds what is there. */
static void would_be_found(struct person *by, const struct person *of)
{
	struct canary x = { .of = of };
	for (struct contact *k = by->client->contacts; k; k = k->next)
		look_at(by->w, &x, contact_record, k);
	if (x.found < 2)
		sim_fail(by->w, "the search sees nothing");
}

/* --- what is done --- */

static void group_of_a_persona(void)
{
	struct world *w = rosa->w;
	struct contact_seen k = scene_contact(rosa, tom->name);
	uc_op op;
	person_before(rosa, "uc_group_create_as", "");
	scene_done(rosa, uc_group_create_as(rosa->client, "zQmark Walks", MOTH, &k.id, 1, &op));
	want_persona(tom, MOTH);
	if (w->failed)
		return;
	person_before(ida, "uc_introduce_wait", "");
	scene_done(ida, uc_introduce_wait(ida->client, true));
	scene_adds(tom, ida);
	scene_want(w, scene_has_people, &(struct scene_number){ ida, 3 }, "Ida's coming");
	want_persona(ida, MOTH);
}

/* She is asked again and again, restarts, and says nothing until she chooses. */
static void silence(void)
{
	struct world *w = rosa->w;
	uc_op op;
	world_run(w, w->now_ms + (uint64_t)2 * 3600 * 1000, NULL, NULL);
	person_kill(ida, 1000);
	scene_want(w, scene_is_back, ida, "Ida's return");
	scene_want(w, scene_online, ida, "Ida's signing in");
	struct seen unknown[] = { { .by = rosa }, { .by = tom } };
	if (w->failed || !sees(w, &unknown[0]) || !sees(w, &unknown[1])) {
		sim_fail(w, "she is known");
		return;
	}
	person_backup(ida);
	struct rooms_seen r = scene_rooms(ida);
	person_before(ida, "uc_introduce", "");
	scene_done(ida, uc_introduce(ida->client, &r.group, OWL, &op));
	want_persona(rosa, OWL);
	want_persona(tom, OWL);
	keeps_nothing(rosa, ida);
	keeps_nothing(ida, rosa);
	keeps_nothing(tom, rosa);
	keeps_nothing(tom, ida);
	would_be_found(tom, rosa);
}

static bool goes_on(struct world *w, void *person)
{
	const struct person *p = person;
	(void)w;
	for (const struct room *r = p->client ? p->client->rooms : NULL; r; r = r->next)
		if (!r->direct && r->says == SAYS_PERSONA && !strcmp(r->persona, OWL) && !r->lost)
			return true;
	return false;
}

/* A copy of before she chose: she finds her own words, and goes on as that. */
static void put_back(void)
{
	struct world *w = rosa->w;
	if (w->failed)
		return;
	person_restore(ida);
	scene_want(w, goes_on, ida, "who she is");
	world_run(w, w->now_ms + (uint64_t)600 * 1000, NULL, NULL);
	want_persona(rosa, OWL);
	keeps_nothing(rosa, ida);
	keeps_nothing(tom, ida);
}

/* Tom does not know that Moth is she. */
static void once_more(void)
{
	struct world *w = rosa->w;
	scene_adds(tom, rosa);
	scene_want(w, scene_has_groups, &(struct scene_number){ rosa, 2 }, "Rosa's second place");
	scene_want(w, scene_has_people, &(struct scene_number){ ida, 4 }, "it, for Ida");
	world_run(w, w->now_ms + (uint64_t)60 * 1000, NULL, NULL);
	if (scene_rooms(rosa).open_groups != 2 || scene_rooms(ida).people != 4)
		sim_fail(w, "she has shown whose the persona is");
	want_persona(ida, MOTH);
}

static void below_sixteen(void)
{
	scene_settles(tom, UC_AGE_13_TO_15, UC_ADD_NOBODY);
	scene_want(tom->w, scene_has_note,
		   &(struct scene_note){ tom, "You have left this room: zQmark " }, "his leaving");
	scene_want(tom->w, scene_has_people, &(struct scene_number){ ida, 3 }, "that he is gone");
}

static void play(struct world *w)
{
	static void (*const acts[])(void) = { meet,     group_of_a_persona, silence,
					      put_back, once_more,          below_sixteen };
	if (!scene_three(w, &rosa, &tom, &ida))
		return;
	snprintf(rosa->persona, sizeof rosa->persona, MOTH);
	snprintf(ida->persona, sizeof ida->persona, OWL);
	for (size_t i = 0; i < sizeof acts / sizeof *acts && !w->failed; i++)
		acts[i]();
	rosa->phase = tom->phase = ida->phase = PHASE_LIVE;
}

int main(int argc, char **argv)
{
	return scene_main(argc, argv, play, "nobody learned who they are");
}
