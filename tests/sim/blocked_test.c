/* SPDX-License-Identifier: Apache-2.0 */
/* Who is blocked loses the conversation, and brings nobody anywhere: not by an address they used
 * before they were blocked, and not by one they still have. */
#include "tests/sim/scene.h"

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

static void play(struct world *w)
{
	struct person *rosa = world_person(w, &w->apps[0], "zQmark Rosa", "+49157990001");
	struct person *tom = world_person(w, &w->apps[1], "zQmark Tom", "zqhandle1");
	if (!rosa || !tom) {
		sim_fail(w, "nobody is there");
		return;
	}
	befriend(rosa, tom);
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
	rosa->phase = tom->phase = PHASE_LIVE;
}

int main(int argc, char **argv)
{
	return scene_main(argc, argv, play, "who is blocked stays alone");
}
