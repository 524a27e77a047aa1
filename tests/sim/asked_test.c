/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody of 16 gives out no addresses that are good for any room: who brings her into a group asks for that
 * one, and her device answers or is silent; kills and days in between, and an address that is taken elsewhere. */
#include "tests/sim/scene.h"

#include "client/client.h"
#include "client/contacts.h"

static struct person *rosa, *tom, *ida;
static struct key_address seen;

#define DAY_MS ((uint64_t)24 * 3600 * 1000)

static void meet(void)
{
	struct world *w = rosa->w;
	struct person *const all[] = { rosa, tom, ida };
	for (size_t i = 0; i < 3 && !w->failed; i++)
		scene_signs_up(all[i]);
	scene_settles(rosa, UC_AGE_16_AND_17, UC_ADD_CONTACTS);
	if (!w->failed)
		scene_asks(rosa, tom);
	if (!w->failed)
		scene_asks(rosa, ida);
	scene_want(w, scene_has_addresses, &(struct scene_addresses){ rosa, tom->name, 1 },
		   "a grown-up's addresses");
	world_run(w, w->now_ms + 60 * 1000, NULL, NULL);
	if (!w->failed && scene_contact(tom, rosa->name).addresses)
		sim_fail(w, "she gives out addresses for any room");
}

static void is_asked(void)
{
	struct world *w = rosa->w;
	scene_group(tom, rosa);
	scene_want(w, scene_has_people, &(struct scene_number){ tom, 2 }, "her coming");
	scene_want(w, scene_has_people, &(struct scene_number){ rosa, 2 }, "the group, for her");
	scene_want(w, scene_has_note, &(struct scene_note){ tom, "zQmark Rosa was asked, and is" },
		   "the note");
	if (!w->failed && scene_contact(tom, rosa->name).addresses)
		sim_fail(w, "what she gave is kept for other rooms");
}

static bool has_asked(struct world *w, void *person)
{
	const struct person *p = person;
	(void)w;
	for (const struct room *r = p->client ? p->client->rooms : NULL; r; r = r->next)
		for (const struct task *t = r->tasks; t; t = t->next)
			if (t->kind == TASK_ASKED && !p->client->rooms->outbox.first)
				return true;
	return false;
}

static bool is_to_answer(struct world *w, void *person)
{
	const struct person *p = person;
	(void)w;
	for (const struct contact *k = p->client ? p->client->contacts : NULL; k; k = k->next)
		if (k->ask_count)
			return true;
	return false;
}

static void killed(struct person *p, uint64_t away_ms)
{
	if (p->w->failed)
		return;
	if (p->link)
		link_cut(p->link);
	person_kill(p, away_ms);
}

/* Either of them falls over when it has been asked. */
static void with_kills(void)
{
	struct world *w = rosa->w;
	killed(rosa, 20 * 1000);
	scene_group(tom, rosa);
	scene_want(w, has_asked, tom, "that she is asked");
	killed(tom, 30 * 1000);
	scene_want(w, scene_is_back, rosa, "her return");
	scene_want(w, is_to_answer, rosa, "the question");
	killed(rosa, 5 * 1000);
	scene_want(w, scene_has_groups, &(struct scene_number){ rosa, 2 }, "the second group");
	scene_want(w, scene_has_groups, &(struct scene_number){ tom, 2 }, "his second group");
}

static bool has_address(struct world *w, void *person)
{
	const struct person *p = person;
	(void)w;
	for (const struct room *r = p->client ? p->client->rooms : NULL; r; r = r->next)
		for (const struct task *t = r->tasks; t; t = t->next)
			if (t->bound.expires_ms) {
				seen = t->bound;
				return true;
			}
	return false;
}

static bool has_warned(struct world *w, void *person)
{
	const struct person *p = person;
	(void)w;
	for (const struct room *r = p->client ? p->client->rooms : NULL; r; r = r->next)
		if (!r->direct && r->tasks && r->tasks->kind == TASK_ASKED)
			return true;
	return false;
}

/* Tom gets an address for his third group, and Ida uses it for hers. */
static void passed_on(void)
{
	struct world *w = rosa->w;
	scene_group(tom, rosa);
	scene_want(w, has_address, tom, "an address");
	killed(tom, 60 * 1000);
	if (w->failed)
		return;
	struct contact_seen hers = scene_contact(ida, rosa->name);
	struct contact *k = contact_find(ida->client, &hers.id);
	contact_add_address(ida->client, k, &seen);
	scene_group(ida, rosa);
	/* The app has not taken it: she is asked, and her device answers for Ida's group, too. */
	scene_want(w, has_warned, ida, "the app's refusal");
	scene_want(w, scene_has_people, &(struct scene_number){ ida, 2 }, "her coming by asking");
	/* Nobody has used it meanwhile. */
	scene_want(w, scene_has_groups, &(struct scene_number){ rosa, 4 }, "the third and fourth");
}

static void is_silent(void)
{
	struct world *w = rosa->w;
	scene_settles(rosa, UC_AGE_16_AND_17, UC_ADD_NOBODY);
	scene_group(tom, rosa);
	world_run(w, w->now_ms + 6 * DAY_MS, NULL, NULL);
	if (!w->failed && scene_rooms(rosa).open_groups != 4)
		sim_fail(w, "she is in it nevertheless");
	if (!w->failed && !has_asked(w, tom))
		sim_fail(w, "he waits no longer");
	world_run(w, w->now_ms + DAY_MS + 3600 * 1000, NULL, NULL);
	scene_want(w, scene_has_note,
		   &(struct scene_note){ tom, "zQmark Rosa was asked, and their device has not" },
		   "the end of waiting");
	if (!w->failed && has_asked(w, tom))
		sim_fail(w, "he waits for ever");
}

static void play(struct world *w)
{
	static void (*const acts[])(void) = { meet, is_asked, with_kills, passed_on, is_silent };
	if (!scene_three(w, &rosa, &tom, &ida))
		return;
	for (size_t i = 0; i < sizeof acts / sizeof *acts && !w->failed; i++)
		acts[i]();
	rosa->phase = tom->phase = ida->phase = PHASE_LIVE;
}

int main(int argc, char **argv)
{
	return scene_main(argc, argv, play, "she was asked for each room");
}
