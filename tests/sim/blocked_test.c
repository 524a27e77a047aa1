/* SPDX-License-Identifier: Apache-2.0 */
/* Who is blocked loses the conversation, and brings nobody anywhere: not by an address they used
 * before they were blocked, and not by one they still have. */
#include "tests/sim/scene.h"

#define HOUR_MS ((uint64_t)3600 * 1000)

static void befriend(struct person *rosa, struct person *tom)
{
	struct world *w = rosa->w;
	scene_signs_up(rosa);
	if (!w->failed)
		scene_signs_up(tom);
	if (!w->failed)
		scene_asks(rosa, tom);
	if (!w->failed)
		scene_want(w, scene_has_addresses, &(struct scene_addresses){ tom, rosa->name, 2 },
			   "addresses");
}

struct direct_seen {
	unsigned open, members;
};

static bool direct_each(void *ctx, const struct uc_room *r)
{
	struct direct_seen *s = ctx;
	s->open += r->direct && r->state == UC_ROOM_OPEN;
	s->members += r->direct && r->state == UC_ROOM_OPEN ? r->members : 0;
	return true;
}

static struct direct_seen direct_of(const struct person *p)
{
	struct direct_seen s = { 0 };
	if (!p->client || uc_rooms(p->client, direct_each, &s))
		sim_fail(p->w, "no rooms");
	return s;
}

/* For her it is over at once; he sees nothing of it for hours, then that she is not there. */
static void hours_go_by(struct world *w, struct person *rosa, struct person *tom)
{
	if (direct_of(rosa).open)
		sim_fail(w, "she still sees their conversation");
	world_run(w, w->now_ms + 2 * HOUR_MS, NULL, NULL);
	if (direct_of(tom).members != 2)
		sim_fail(w, "he sees at once that she has gone");
	world_run(w, w->now_ms + 48 * HOUR_MS, NULL, NULL);
	if (direct_of(tom).members != 1)
		sim_fail(w, "she has not left");
}

/* Unblocked hours later, and nothing has come of it; her device was killed meanwhile. */
static void changes_her_mind(struct world *w, struct person *rosa, struct person *tom)
{
	scene_blocks(rosa, tom);
	if (direct_of(rosa).open)
		sim_fail(w, "she still sees their conversation");
	person_kill(rosa, 50 * 1000);
	scene_want(w, scene_is_back, rosa, "her return");
	world_run(w, w->now_ms + 2 * HOUR_MS, NULL, NULL);
	scene_unblocks(rosa, tom);
	if (direct_of(rosa).members != 2 || direct_of(tom).members != 2)
		sim_fail(w, "their conversation is not there again");
	world_run(w, w->now_ms + 50 * HOUR_MS, NULL, NULL);
	scene_says(rosa, tom, "zQmark after all");
	scene_says(tom, rosa, "zQmark I am here");
	if (direct_of(rosa).open != 1 || direct_of(tom).open != 1)
		sim_fail(w, "it is another one");
}

static void play(struct world *w)
{
	struct person *rosa = world_person(w, &w->apps[0], "zQmark Rosa", "+49157990001");
	struct person *tom = world_person(w, &w->apps[1], "zQmark Tom", "zqhandle1");
	if (!rosa || !tom) {
		sim_fail(w, "nobody is there");
		return;
	}
	befriend(rosa, tom);
	if (!w->failed)
		changes_her_mind(w, rosa, tom);
	if (w->failed)
		return;
	/* While Rosa's device is off, Tom brings her into a group. */
	person_kill(rosa, 100 * 1000);
	scene_group(tom, rosa);
	scene_want(w, scene_has_people, &(struct scene_number){ tom, 2 }, "the group");
	if (rosa->client)
		sim_fail(w, "she is back too early");
	/* She blocks him before she hears of it. */
	scene_want(w, scene_is_back, rosa, "her return");
	if (w->failed)
		return;
	scene_blocks(rosa, tom);
	scene_want(w, scene_has_people, &(struct scene_number){ tom, 1 }, "her leaving");
	scene_group(tom, rosa);
	scene_want(w, scene_has_groups, &(struct scene_number){ tom, 2 }, "the second group");
	if (scene_rooms(rosa).open || scene_rooms(rosa).groups)
		sim_fail(w, "she is somewhere with him");
	if (scene_rooms(tom).people != 1)
		sim_fail(w, "he has brought her in again");
	if (!w->failed)
		hours_go_by(w, rosa, tom);
	rosa->phase = tom->phase = PHASE_LIVE;
}

int main(int argc, char **argv)
{
	return scene_main(argc, argv, play, "who is blocked stays alone");
}
