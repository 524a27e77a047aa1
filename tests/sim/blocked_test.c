/* SPDX-License-Identifier: Apache-2.0 */
/* Who is blocked loses the conversation, and brings nobody anywhere: not by an address they used
 * before they were blocked, and not by one they still have. */
#include "tests/sim/scene.h"

struct rooms_seen {
	unsigned open, open_groups, groups, people; /* people: in the largest open group */
};

static bool room_each(void *ctx, const struct uc_room *r)
{
	struct rooms_seen *s = ctx;
	bool open = r->state == UC_ROOM_OPEN;
	s->open += open;
	s->groups += !r->direct;
	s->open_groups += open && !r->direct;
	if (open && !r->direct && r->members > s->people)
		s->people = r->members;
	return true;
}

static struct rooms_seen rooms_of(const struct person *p)
{
	struct rooms_seen s = { 0 };
	if (p->client && uc_rooms(p->client, room_each, &s))
		sim_fail(p->w, "no rooms");
	return s;
}

struct contact_seen {
	bool there;
	struct uc_id id;
	uint32_t addresses;
};

static bool contact_each(void *ctx, const struct uc_contact *k)
{
	*(struct contact_seen *)ctx = (struct contact_seen){ true, k->id, k->key_addresses };
	return true;
}

static struct contact_seen contact_of(const struct person *p)
{
	struct contact_seen s = { 0 };
	if (p->client && uc_contacts(p->client, contact_each, &s))
		sim_fail(p->w, "no contacts");
	return s;
}

static bool has_addresses(struct world *w, void *person)
{
	(void)w;
	return contact_of(person).addresses >= 2;
}

static bool group_of_two(struct world *w, void *person)
{
	(void)w;
	return rooms_of(person).people == 2;
}

static bool is_alone(struct world *w, void *person)
{
	struct rooms_seen s = rooms_of(person);
	(void)w;
	return s.open_groups && s.people == 1;
}

static bool has_two_groups(struct world *w, void *person)
{
	(void)w;
	return rooms_of(person).open_groups == 2;
}

static bool is_back(struct world *w, void *person)
{
	const struct person *p = person;
	(void)w;
	return p->client != NULL;
}

static void group_with(struct person *p)
{
	struct contact_seen k = contact_of(p);
	uc_op op;
	person_before(p, "uc_group_create", "");
	scene_done(p, uc_group_create(p->client, "zQmark Walks", &k.id, 1, &op));
}

static void blocks(struct person *p)
{
	struct contact_seen k = contact_of(p);
	uc_op op;
	person_before(p, "uc_block", "");
	scene_done(p, uc_block(p->client, &k.id, true, &op));
}

static void befriend(struct person *rosa, struct person *tom)
{
	struct world *w = rosa->w;
	scene_signs_up(rosa);
	if (!w->failed)
		scene_signs_up(tom);
	if (!w->failed)
		scene_asks(rosa, tom);
	if (!w->failed)
		scene_want(w, has_addresses, tom, "addresses");
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
	group_with(tom);
	scene_want(w, group_of_two, tom, "the group");
	if (rosa->client)
		sim_fail(w, "she is back too early");
	/* She blocks him before she hears of it. */
	scene_want(w, is_back, rosa, "her return");
	if (w->failed)
		return;
	blocks(rosa);
	scene_want(w, is_alone, tom, "her leaving");
	group_with(tom);
	scene_want(w, has_two_groups, tom, "the second group");
	if (rooms_of(rosa).open || rooms_of(rosa).groups)
		sim_fail(w, "she is somewhere with him");
	if (rooms_of(tom).people != 1)
		sim_fail(w, "he has brought her in again");
	rosa->phase = tom->phase = PHASE_LIVE;
}

int main(int argc, char **argv)
{
	return scene_main(argc, argv, play, "who is blocked stays alone");
}
