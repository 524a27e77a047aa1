/* SPDX-License-Identifier: Apache-2.0 */
/* Rosa on two apps, linked by texts between clients that die after each of them: Tom, whose device is
 * off, learns of it when he comes back, and that it is withdrawn; who blocks the one is rid of both,
 * also where the other still has addresses of his. */
#include "tests/sim/scene.h"

#define HOUR_MS ((uint64_t)3600 * 1000)

static char offer[UC_LINK_TEXT_MAX], answer[UC_LINK_TEXT_MAX], whole[UC_LINK_TEXT_MAX],
	over[UC_LINK_TEXT_MAX], nothing[UC_LINK_TEXT_MAX];

struct pair {
	struct person *of, *with; /* what of's client shows of this contact */
	unsigned want;
};

static bool count(void *ctx, const struct uc_linked *l)
{
	(void)l;
	++*(unsigned *)ctx;
	return true;
}

static bool sees_links(struct world *w, void *ctx)
{
	const struct pair *x = ctx;
	struct contact_seen k = scene_contact(x->of, x->with->name);
	unsigned n = 0;
	(void)w;
	return x->of->client && !uc_contact_links(x->of->client, &k.id, count, &n) && n == x->want;
}

static bool is_alone(struct world *w, void *person)
{
	(void)w;
	return !scene_rooms(person).open;
}

static bool most_members(void *ctx, const struct uc_room *r)
{
	uint32_t *n = ctx;
	*n = r->state == UC_ROOM_OPEN && r->members > *n ? r->members : *n;
	return true;
}

/* Nobody else is left in any room of theirs. */
static bool is_left(struct world *w, void *person)
{
	const struct person *p = person;
	uint32_t n = 0;
	(void)w;
	return p->client && !uc_rooms(p->client, most_members, &n) && n == 1;
}

/* It is killed, and what it has given out is in its store. */
static void dies(struct person *p, uint64_t back_in_ms)
{
	person_kill(p, back_in_ms);
	scene_want(p->w, scene_is_back, p, "its return");
}

static bool keep_link(void *ctx, const struct uc_link *l)
{
	*(struct uc_id *)ctx = l->id;
	return true;
}

static struct uc_id link_of(const struct person *p)
{
	struct uc_id id = { { 0 } };
	if (uc_links(p->client, keep_link, &id))
		sim_fail(p->w, "no links");
	return id;
}

static void link_both(struct person *rosa, struct person *other)
{
	person_before(rosa, "uc_link_begin", "");
	scene_done(rosa, uc_link_begin(rosa->client, false, offer, sizeof offer));
	dies(rosa, 100);
	person_before(other, "uc_link_accept", "");
	scene_done(other, uc_link_accept(other->client, offer, false, answer, sizeof answer));
	dies(other, 100);
	person_before(rosa, "uc_link_take", "");
	scene_done(rosa, uc_link_take(rosa->client, answer, whole, sizeof whole));
	dies(rosa, 100);
	person_before(other, "uc_link_take", "");
	scene_done(other, uc_link_take(other->client, whole, nothing, sizeof nothing));
	dies(other, 100);
}

static void shows(struct person *p, const struct person *to)
{
	struct uc_id link = link_of(p);
	struct contact_seen k = scene_contact(p, to->name);
	if (p->w->failed)
		return;
	person_before(p, "uc_link_show", "");
	scene_done(p, uc_link_show(p->client, &link, &k.id));
}

static void withdraws(struct person *p)
{
	struct uc_id link = link_of(p);
	if (p->w->failed)
		return;
	person_before(p, "uc_link_withdraw", "");
	scene_done(p, uc_link_withdraw(p->client, &link, over, sizeof over));
}

static void befriend(struct person *rosa, struct person *tom)
{
	struct world *w = rosa->w;
	if (!w->failed)
		scene_asks(rosa, tom);
	if (!w->failed)
		scene_want(w, scene_has_addresses, &(struct scene_addresses){ rosa, tom->name, 2 },
			   "addresses");
	if (!w->failed)
		scene_want(w, scene_has_addresses, &(struct scene_addresses){ tom, rosa->name, 2 },
			   "addresses");
}

static void play_link(struct person *rosa, struct person *other, struct person *tom)
{
	struct world *w = rosa->w;
	struct pair rosas = { tom, rosa, 1 }, others = { tom, other, 1 };
	link_both(rosa, other);
	if (w->failed)
		return;
	/* Tom's device is off, and Rosa's goes off, too, before it has said anything. */
	person_kill(tom, 20 * 1000);
	shows(rosa, tom);
	dies(rosa, 100);
	scene_want(w, scene_is_back, tom, "Tom's return");
	scene_want(w, sees_links, &rosas, "the link");
	scene_want(w, sees_links, &others, "the link, of the other");
	/* By the account that has shown it to nobody, carried to the one that has. */
	withdraws(other);
	dies(other, 100);
	person_kill(tom, 20 * 1000);
	person_before(rosa, "uc_link_take", "");
	scene_done(rosa, uc_link_take(rosa->client, over, nothing, sizeof nothing));
	dies(rosa, 100);
	scene_want(w, scene_is_back, tom, "Tom's return");
	rosas.want = others.want = 0;
	scene_want(w, sees_links, &rosas, "its end");
	scene_want(w, sees_links, &others, "its end, of the other");
}

static void play(struct world *w)
{
	struct person *rosa = world_person(w, &w->apps[0], "zQmark Rosa", "+49157990001");
	struct person *other = world_person(w, &w->apps[1], "zQmark Rosalind", "zqhandle1");
	struct person *tom = world_person(w, &w->apps[2], "zQmark Tom", "zqtom@example.org");
	struct pair rosas = { tom, rosa, 1 };
	if (!rosa || !other || !tom) {
		sim_fail(w, "nobody is there");
		return;
	}
	scene_signs_up(rosa);
	scene_signs_up(other);
	scene_signs_up(tom);
	befriend(rosa, tom);
	befriend(other, tom);
	if (!w->failed)
		play_link(rosa, other, tom);
	if (w->failed)
		return;
	link_both(rosa, other);
	shows(rosa, tom);
	scene_want(w, sees_links, &rosas, "the second link");
	if (w->failed)
		return;
	scene_blocks(tom, rosa);
	scene_want(w, is_alone, tom, "his leaving");
	/* For them hours later, up to two days. */
	world_run(w, w->now_ms + 2 * HOUR_MS, NULL, NULL);
	if (is_left(w, rosa) || is_left(w, other))
		sim_fail(w, "it shows at once");
	world_run(w, w->now_ms + 48 * HOUR_MS, NULL, NULL);
	scene_want(w, is_left, rosa, "Rosa's being left");
	scene_want(w, is_left, other, "the other's being left");
	/* The other one still holds addresses of his. */
	scene_group(other, tom);
	scene_want(w, scene_has_groups, &(struct scene_number){ other, 1 }, "the group");
	if (scene_rooms(tom).open || scene_rooms(other).people != 1)
		sim_fail(w, "he is somewhere with the other");
	rosa->phase = other->phase = tom->phase = PHASE_LIVE;
}

int main(int argc, char **argv)
{
	return scene_main(argc, argv, play, "who is one person is known, and blocked, as one");
}
