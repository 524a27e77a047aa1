/* SPDX-License-Identifier: Apache-2.0 */
/* Ways around the table of who can reach whom, tried with real apps and clients: with what was given out
 * before, by way of a group, by way of a friend's friend. */
#include "tests/sim/scene.h"

#include "client/client.h"

static struct person *rosa, *tom, *ida;

static bool is_back(struct world *w, void *person)
{
	const struct person *p = person;
	(void)w;
	return p->client && scene_online(w, person);
}

static void want_addresses(struct person *of, const struct person *from, unsigned n)
{
	scene_want(of->w, scene_has_addresses, &(struct scene_addresses){ of, from->name, n },
		   "addresses");
}

static void want_note(const struct person *of, const char *text)
{
	scene_want(of->w, scene_has_note, &(struct scene_note){ of, text }, "the note");
}

/* Rosa knows Tom, Tom knows Ida; Rosa and Ida do not know each other. */
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
	want_addresses(tom, rosa, 4);
	want_addresses(tom, ida, 4);
	want_addresses(rosa, tom, 2);
}

/* KeyPackages are there, the commit with them is made, and not yet sent. */
static bool has_packages(struct world *w, void *person)
{
	const struct person *p = person;
	(void)w;
	for (const struct room *r = p->client ? p->client->rooms : NULL; r; r = r->next)
		if (!r->direct && r->pending.there)
			return true;
	return false;
}

/* Tom has her KeyPackages, and uses them after she lets nobody add her any more. */
static void with_what_was_given_out(void)
{
	struct world *w = rosa->w;
	scene_group(tom, rosa);
	scene_want(w, has_packages, tom, "the KeyPackages");
	if (tom->link)
		link_cut(tom->link);
	person_kill(tom, 30 * 1000);
	scene_settles(rosa, UC_AGE_ADULT, UC_ADD_NOBODY);
	if (w->failed || tom->client)
		sim_fail(w, "he is back too early");
	scene_want(w, is_back, tom, "his return");
	want_note(rosa, "You were brought into this room, and left it: nobody may add you.");
	scene_want(w, scene_has_people, &(struct scene_number){ tom, 1 }, "her leaving");
	/* And with the addresses he still has: the app gives out nothing. */
	scene_group(tom, rosa);
	scene_want(w, scene_has_groups, &(struct scene_number){ tom, 2 }, "the second group");
	if (scene_rooms(tom).people != 1 || scene_rooms(rosa).open_groups)
		sim_fail(w, "he has brought her in again");
}

static bool text_each(void *ctx, const struct uc_message *m)
{
	bool *there = ctx;
	*there = *there || m->kind == UC_MESSAGE_TEXT;
	return !*there;
}

static bool room_each(void *ctx, const struct uc_room *r)
{
	return r->direct || !uc_messages(rosa->client, &r->id, 1, 1000, text_each, ctx);
}

static void writes(struct person *p, const char *text)
{
	struct rooms_seen r = scene_rooms(p);
	struct uc_id id;
	if (p->w->failed)
		return;
	truth_said(p, &r.group, text, true);
	truth_changed(p, text); /* not everybody is to have it */
	person_before(p, "uc_send", "");
	scene_done(p, uc_send(p->client, &r.group, text, &id));
}

/* The same while her device is off: it finds who came, who they are and what they wrote all at once. */
static void while_she_is_off(void)
{
	struct world *w = rosa->w;
	bool reads = false;
	scene_group(rosa, tom);
	scene_want(w, scene_has_people, &(struct scene_number){ rosa, 2 }, "one more group");
	world_run(w, w->now_ms + 10 * 1000, NULL, NULL);
	if (w->failed)
		return;
	person_kill(rosa, 60 * 1000);
	scene_adds(tom, ida);
	scene_want(w, scene_has_people, &(struct scene_number){ ida, 3 }, "the group, for her");
	world_run(w, w->now_ms + 5 * 1000, NULL, NULL);
	writes(ida, "zQmark hello child");
	if (w->failed || rosa->client)
		sim_fail(w, "she is back too early");
	scene_want(w, is_back, rosa, "her return");
	scene_want(w, scene_has_groups, &(struct scene_number){ rosa, 0 }, "that she leaves again");
	if (!w->failed && (uc_rooms(rosa->client, room_each, &reads) || reads))
		sim_fail(w, "she has read what a stranger wrote");
	scene_want(w, scene_has_people, &(struct scene_number){ ida, 2 },
		   "that she has gone again");
}

/* She is 13 to 15, and in a group of her own with a contact, who brings in somebody of his. */
static void by_a_friends_friend(void)
{
	struct world *w = rosa->w;
	scene_settles(rosa, UC_AGE_13_TO_15, UC_ADD_NOBODY);
	scene_group(rosa, tom);
	scene_want(w, scene_has_people, &(struct scene_number){ rosa, 2 }, "her group");
	scene_want(w, scene_has_people, &(struct scene_number){ tom, 2 }, "her group, for him");
	scene_adds(tom, ida);
	want_note(rosa, "You have left this room: zQmark Ida from ");
	scene_want(w, scene_has_groups, &(struct scene_number){ rosa, 0 }, "her leaving");
	scene_want(w, scene_has_people, &(struct scene_number){ ida, 2 }, "that she has gone");
}

/* Who is a contact of hers may be there. */
static void with_a_contact(void)
{
	struct world *w = rosa->w;
	if (!w->failed)
		scene_asks(rosa, ida);
	if (w->failed)
		return;
	want_addresses(rosa, ida, 2);
	scene_group(rosa, tom);
	scene_want(w, scene_has_people, &(struct scene_number){ rosa, 2 }, "her second group");
	scene_want(w, scene_has_groups, &(struct scene_number){ tom, 5 }, "it, for him");
	want_addresses(tom, ida, 2);
	scene_adds(tom, ida);
	scene_want(w, scene_has_people, &(struct scene_number){ rosa, 3 }, "all three");
	world_run(w, w->now_ms + (uint64_t)2 * 3600 * 1000, NULL, NULL);
	if (scene_rooms(rosa).people != 3)
		sim_fail(w, "she has left her contacts");
}

static void play(struct world *w)
{
	static void (*const acts[])(void) = { meet, with_what_was_given_out, by_a_friends_friend,
					      while_she_is_off, with_a_contact };
	if (!scene_three(w, &rosa, &tom, &ida))
		return;
	for (size_t i = 0; i < sizeof acts / sizeof *acts && !w->failed; i++)
		acts[i]();
	rosa->phase = tom->phase = ida->phase = PHASE_LIVE;
}

int main(int argc, char **argv)
{
	return scene_main(argc, argv, play, "nobody came around it");
}
