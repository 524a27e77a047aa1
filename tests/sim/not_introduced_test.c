/* SPDX-License-Identifier: Apache-2.0 */
/* Who writes in a group and does not say who they are: Tom's client is a changed one, Rosa may take him out of her
 * group, Ida may not. */
#include "client/compose.h"
#include "client/outbox.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "tests/sim/scene.h"

#define HOUR_MS ((uint64_t)3600 * 1000)

static struct person *rosa, *tom, *ida;
static const char note[] = "someone from lens.localhost, not introduced, has written here";

static struct room *group_of(const struct person *p)
{
	struct room *r = p->client ? p->client->rooms : NULL;
	while (r && (r->direct || r->state != ROOM_OPEN))
		r = r->next;
	return r;
}

static uc_err says(struct uc_client *c, void *arg)
{
	struct content_parts parts = { .kind = CONTENT_TEXT, .text = view_str(arg) };
	struct room *r = group_of(tom);
	struct view content;
	if (!r)
		return UC_E_NOT_FOUND;
	TRY(content_write(c, r, &parts, &c->call, &content));
	return outbox_add(c, r, content, &parts.id, 0);
}

static void writes(const char *text)
{
	struct room *r = group_of(tom);
	if (tom->w->failed)
		return;
	if (!r) {
		sim_fail(tom->w, "he is in no group");
		return;
	}
	truth_said(tom, &r->id, text, false);
	truth_changed(tom, text); /* not everybody is to have it */
	person_before(tom, "a changed client", "");
	scene_done(tom, turn_run(tom->client, says, (void *)(uintptr_t)text));
	world_run(tom->w, tom->w->now_ms + 60 * 1000, NULL, NULL);
}

struct heard {
	const char *text;
	bool there;
};

static bool heard_each(void *ctx, const struct uc_message *m)
{
	struct heard *h = ctx;
	h->there = h->there || (!m->own && !strcmp(m->text, h->text));
	return true;
}

static void hears(const struct person *p, const char *text, bool there)
{
	struct heard h = { .text = text };
	struct rooms_seen r = scene_rooms(p);
	if (p->w->failed)
		return;
	if (uc_messages(p->client, &r.group, 1, 1000, heard_each, &h) || h.there != there)
		sim_fail(p->w, "%s %s: %s", p->name, there ? "has not heard" : "has heard", text);
}

static void removes(struct person *p, bool remove)
{
	struct uc_account a;
	if (p->w->failed)
		return;
	person_before(p, "uc_remove_not_introduced", "");
	scene_done(p, uc_remove_not_introduced(p->client, remove));
	if (uc_account_get(p->client, &a) || a.removes_not_introduced != remove)
		sim_fail(p->w, "it is not set");
}

static void people(unsigned n)
{
	if (!rosa->w->failed && (scene_rooms(rosa).people != n || scene_rooms(ida).people != n))
		sim_fail(rosa->w, "they are %u and %u, not %u", scene_rooms(rosa).people,
			 scene_rooms(ida).people, n);
}

static void waits(uint64_t ms)
{
	if (!rosa->w->failed)
		world_run(rosa->w, rosa->w->now_ms + ms, NULL, NULL);
}

static void brings_tom(void)
{
	struct world *w = rosa->w;
	scene_want(w, scene_has_addresses, &(struct scene_addresses){ rosa, tom->name, 1 },
		   "addresses");
	scene_adds(rosa, tom);
	scene_want(w, scene_has_people, &(struct scene_number){ tom, 3 }, "his coming");
	scene_want(w, scene_has_people, &(struct scene_number){ ida, 3 }, "his coming, for her");
}

static void meet(void)
{
	struct world *w = rosa->w;
	struct person *const all[] = { rosa, tom, ida };
	for (size_t i = 0; i < 3 && !w->failed; i++)
		scene_signs_up(all[i]);
	waits(60 * 1000);
	if (!w->failed)
		scene_asks(rosa, tom);
	if (!w->failed)
		scene_asks(rosa, ida);
	if (w->failed)
		return;
	person_before(tom, "uc_introduce_wait", "");
	scene_done(tom, uc_introduce_wait(tom->client, true));
	scene_want(w, scene_has_addresses, &(struct scene_addresses){ rosa, ida->name, 1 },
		   "addresses");
	scene_group(rosa, ida);
	scene_want(w, scene_has_people, &(struct scene_number){ ida, 2 }, "her group");
	brings_tom();
}

/* Who only reads is left alone; who writes is shown within the hour, and hidden from who wants it then. */
static void is_hidden(void)
{
	removes(rosa, true);
	removes(ida, true);
	waits(3 * HOUR_MS);
	people(3);
	removes(rosa, false);
	writes("zQmark the first");
	hears(rosa, "zQmark the first", true);
	hears(ida, "zQmark the first", false);
	removes(ida, false);
	writes("zQmark the second");
	hears(ida, "zQmark the second", true);
	removes(ida, true);
	person_kill(ida, 1000);
	scene_want(ida->w, scene_is_back, ida, "Ida's return");
	scene_want(ida->w, scene_online, ida, "Ida's signing in");
	writes("zQmark the third");
	hears(ida, "zQmark the third", false);
	hears(rosa, "zQmark the third", true);
	waits(2 * HOUR_MS);
	people(3);
}

static void is_taken_out(void)
{
	removes(rosa, true);
	scene_want(rosa->w, scene_has_people, &(struct scene_number){ rosa, 2 }, "his going");
	scene_want(rosa->w, scene_has_people, &(struct scene_number){ ida, 2 }, "it, for her");
	scene_want(rosa->w, scene_has_note, &(struct scene_note){ rosa, note }, "the note");
	if (!rosa->w->failed && scene_has_note(rosa->w, &(struct scene_note){ ida, note }))
		sim_fail(rosa->w, "Ida has taken him out");
}

/* Whoever says it within the hour stays, and so does what they wrote. */
static void says_it_in_time(void)
{
	uc_op op;
	brings_tom();
	waits(60 * 1000);
	writes("zQmark the fourth");
	hears(rosa, "zQmark the fourth", true);
	hears(ida, "zQmark the fourth", true);
	waits(HOUR_MS / 2);
	people(3);
	struct rooms_seen r = scene_rooms(tom);
	if (tom->w->failed)
		return;
	person_before(tom, "uc_introduce", "");
	scene_done(tom, uc_introduce(tom->client, &r.group, NULL, &op));
	waits(2 * HOUR_MS);
	people(3);
	writes("zQmark the fifth");
	hears(ida, "zQmark the fifth", true);
}

static void play(struct world *w)
{
	static void (*const acts[])(void) = { meet, is_hidden, is_taken_out, says_it_in_time };
	if (!scene_three(w, &rosa, &tom, &ida))
		return;
	for (size_t i = 0; i < sizeof acts / sizeof *acts && !w->failed; i++)
		acts[i]();
	rosa->phase = tom->phase = ida->phase = PHASE_LIVE;
}

int main(int argc, char **argv)
{
	return scene_main(argc, argv, play, "who says nothing is not heard");
}
