/* SPDX-License-Identifier: Apache-2.0 */
/* Two people on two apps: a contact request, its acceptance, a message each way. */
#include "tests/sim/scene.h"

static void play(struct world *w)
{
	struct person *rosa = world_person(w, &w->apps[0], "zQmark Rosa", "+49157990001");
	struct person *tom = world_person(w, &w->apps[1], "zQmark Tom", "zqhandle1");
	if (!rosa || !tom) {
		sim_fail(w, "nobody is there");
		return;
	}
	scene_signs_up(rosa);
	if (!w->failed)
		scene_signs_up(tom);
	if (!w->failed)
		scene_asks(rosa, tom);
	scene_says(rosa, tom, "zQmark Hello Tom");
	scene_says(tom, rosa, "zQmark Hello Rosa");
	rosa->phase = tom->phase = PHASE_LIVE;
}

int main(int argc, char **argv)
{
	return scene_main(argc, argv, play, "a message went each way");
}
