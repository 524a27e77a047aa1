/* SPDX-License-Identifier: Apache-2.0 */
/* Short plays with a known course, for what chance seldom brings about: nothing fails in them by
 * itself.  With --trace they show every step. */
#ifndef TESTS_SIM_SCENE_H
#define TESTS_SIM_SCENE_H

#include "tests/sim/truth.h"

typedef void scene_play(struct world *w);
int scene_main(int argc, char **argv, scene_play *play, const char *right_text);

/* Rosa of Dial, Tom of Lens and Ida of Plaza; false when the world has failed. */
bool scene_three(struct world *w, struct person **rosa, struct person **tom, struct person **ida);
/* Runs until it holds; fails the world when it does not within two minutes. */
void scene_want(struct world *w, world_until *what, void *ctx, const char *name);
bool scene_online(struct world *w, void *person);
/* After a call of the client: its error fails the world. */
void scene_done(struct person *p, uc_err err);
void scene_signs_up(struct person *p);
/* A request, accepted, and no more. */
void scene_lets_ask(struct person *from, struct person *to);
/* A request, accepted; both are in their direct room then. */
void scene_asks(struct person *from, struct person *to);
/* What a person's client shows. */
struct rooms_seen {
	unsigned open, open_groups, groups, people; /* people: in the largest open group */
	struct uc_id group;                         /* the open group that came last */
};
struct rooms_seen scene_rooms(const struct person *p);
/* `of` has just so many people in their largest open group, or so many open groups. */
struct scene_number {
	const struct person *of;
	unsigned n;
};
bool scene_has_people(struct world *w, void *number);
bool scene_has_groups(struct world *w, void *number);
/* Their client, which was killed, runs again. */
bool scene_is_back(struct world *w, void *person);
struct contact_seen {
	bool there;
	struct uc_id id;
	uint32_t addresses;
};
/* The contact of that name. */
struct contact_seen scene_contact(const struct person *p, const char *name);
void scene_group(struct person *p, const struct person *with);
/* Brings them into the group that came last. */
void scene_adds(struct person *p, const struct person *whom);
void scene_blocks(struct person *p, const struct person *whom);
void scene_unblocks(struct person *p, const struct person *whom);
/* What that age begins with, and this besides; waits until it holds. */
void scene_settles(struct person *p, enum uc_age age, enum uc_may_add add);
/* Whoever `of` is, they have at least so many addresses of a contact of that name. */
struct scene_addresses {
	const struct person *of;
	const char *name;
	unsigned n;
};
bool scene_has_addresses(struct world *w, void *addresses);
/* A line of the client's own, in any room, that begins so. */
struct scene_note {
	const struct person *of;
	const char *text;
};
bool scene_has_note(struct world *w, void *note);
/* In their direct room; waits until it is read. */
void scene_says(struct person *from, struct person *to, const char *text);

#endif
