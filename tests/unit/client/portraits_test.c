/* SPDX-License-Identifier: Apache-2.0 */
/* A picture and words about oneself: checked, kept, told in direct rooms to those who are contacts, and
 * nowhere else; heard from them alone. */
#include "client/contacts.h"
#include "client/portraits.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "mimi/portrait.h"
#include "tests/unit/client/duo.h"

#include "base/heap.h"

static uint8_t jpeg[PICTURE_MAX + 1] = { 0xff, 0xd8, 0xff, 1 };
static uint8_t png[] = "\x89PNG\r\n\x1a\n!";
static uint8_t room_for[PICTURE_MAX];

static struct view picture_of(const struct person *p, const struct uc_id *contact)
{
	size_t n = 0;
	uc_err err = uc_picture(p->c, contact, room_for, sizeof room_for, &n);
	expect(!err || err == UC_E_NOT_FOUND);
	return (struct view){ room_for, err ? 0 : n };
}

static void expect_own(const struct person *p, const char *about, struct view picture)
{
	struct uc_account a;
	expect_ok(uc_account_get(p->c, &a));
	expect(!strcmp(a.about, about));
	expect_bytes(picture_of(p, NULL), picture);
	expect(!a.picture == !picture.n);
}

/* --- what she tells --- */

static size_t queued(void)
{
	size_t n = 0;
	for (const struct outgoing *o = hers->outbox.first; o; o = o->next)
		n++;
	return n;
}

static uc_err nothing(struct uc_client *c, void *arg)
{
	(void)c;
	(void)arg;
	return UC_OK;
}

static uc_err drive(struct uc_client *c, void *arg)
{
	(void)arg;
	return portraits_drive(c);
}

/* How much was said in her room meanwhile. */
static size_t told(void)
{
	size_t before = queued();
	expect_ok(turn_run(rosa.c, drive, NULL));
	return queued() - before;
}

static uc_err she_knows(struct uc_client *c, void *arg)
{
	static const uint8_t key[ED25519_KEY] = { 7 };
	struct contact *k;
	(void)arg;
	TRY(contact_meet(c, "lens.example", key, "Tom", (struct view){ NULL, 0 }, &k));
	hers->contact = k->id;
	hers->introduced = hers->seat_open = hers->dirty = hers->group_dirty = true;
	k->has_direct = true;
	k->direct = hers->id;
	/* Her commit is on its way: that he is there, and has said who he is, is put down here. */
	struct member *m = HEAP_NEW(struct member);
	if (!m)
		return UC_E_MEMORY;
	m->introduced = true;
	m->contact = k->id;
	m->next = hers->members;
	hers->members = m;
	hers->members_dirty = true;
	return text_set(m->participant, sizeof m->participant, view_str(his->participant));
}

static struct contact *her_contact(void)
{
	return contact_find(rosa.c, &hers->contact);
}

static void begin(bool direct)
{
	duo_begin(direct, NULL);
	expect_ok(turn_run(rosa.c, she_knows, NULL));
}

TEST(what_cannot_be_shown_is_refused_and_nothing_changes)
{
	char longest[ABOUT_MAX + 2] = { 0 };
	size_t n;
	memset(longest, 'a', ABOUT_MAX + 1);
	begin(true);
	expect_ok(uc_about_set(rosa.c, "  By the  sea "));
	expect_ok(uc_picture_set(rosa.c, jpeg, PICTURE_MAX));
	told();
	uint64_t number = rosa.c->portrait.number;
	expect_err(uc_about_set(rosa.c, longest), UC_E_TOO_LARGE);
	expect_err(uc_about_set(rosa.c, "a\nb"), UC_E_TEXT);
	expect_err(uc_about_set(rosa.c, "\xff"), UC_E_TEXT);
	expect_err(uc_about_set(rosa.c, NULL), UC_E_ARGUMENT);
	expect_err(uc_picture_set(rosa.c, jpeg, PICTURE_MAX + 1), UC_E_TOO_LARGE);
	expect_err(uc_picture_set(rosa.c, (const uint8_t *)"GIF89a", 6), UC_E_UNSUPPORTED);
	expect_err(uc_picture_set(rosa.c, NULL, 5), UC_E_ARGUMENT);
	expect_err(uc_picture(rosa.c, NULL, room_for, 100, &n), UC_E_TOO_LARGE);
	expect_err(uc_picture(rosa.c, &(struct uc_id){ { 1 } }, room_for, 100, &n), UC_E_NOT_FOUND);
	expect_eq(rosa.c->portrait.number, number);
	expect_eq(told(), 0);
	/* The same again is nothing new. */
	expect_ok(uc_about_set(rosa.c, "By the sea"));
	expect_ok(uc_picture_set(rosa.c, jpeg, PICTURE_MAX));
	expect_eq(told(), 0);
	expect_ok(person_open(&rosa));
	expect_own(&rosa, "By the sea", (struct view){ jpeg, PICTURE_MAX });
	expect_ok(uc_picture_set(rosa.c, NULL, 0));
	expect_ok(uc_about_set(rosa.c, ""));
	expect_ok(person_open(&rosa));
	expect_own(&rosa, "", (struct view){ NULL, 0 });
	duo_end();
}

TEST(a_contact_is_told_once_for_each_change)
{
	begin(true);
	expect_eq(told(), 0); /* there is nothing */
	expect_ok(uc_about_set(rosa.c, "Here"));
	expect_ok(uc_picture_set(rosa.c, jpeg, 500));
	expect_eq(told(), 1);
	expect(hers->outbox.last->content.n > PORTRAIT_PAD_PICTURE &&
	       hers->outbox.last->content.n < PORTRAIT_PAD_PICTURE + 1024);
	expect_eq(told(), 0);
	expect_ok(uc_picture_set(rosa.c, NULL, 0));
	expect_eq(told(), 1);
	expect(hers->outbox.last->content.n < 2 * PORTRAIT_PAD);
	/* That there is none any more is told, too, and that once. */
	expect_ok(uc_about_set(rosa.c, ""));
	expect_eq(told(), 1);
	expect_eq(told(), 0);
	/* Whoever comes then need not hear it. */
	portraits_newcomer(rosa.c, hers, NULL);
	expect_eq(told(), 0);
	duo_end();
}

static void killed(enum store_fault fault)
{
	begin(true);
	struct uc_id room = hers->id;
	expect_ok(uc_about_set(rosa.c, "Here"));
	client_memory_fail_at(rosa.store, client_memory_commits(rosa.store) + 1, fault);
	expect(turn_run(rosa.c, drive, NULL));
	expect_ok(person_open(&rosa));
	hers = room_find(rosa.c, &room);
	expect(hers && room_is_open(hers));
	hers->seat_open = true;
	expect_eq(told(), fault == STORE_FAULT_BEFORE);
	expect_eq(told(), 0);
	duo_end();
}

TEST(however_a_turn_is_killed_it_is_told_once)
{
	killed(STORE_FAULT_BEFORE);
	killed(STORE_FAULT_AFTER);
}

TEST(who_comes_later_is_told)
{
	static const uint8_t one[ED25519_KEY] = { 1 }, other[ED25519_KEY] = { 2 };
	begin(true);
	portraits_newcomer(rosa.c, hers, one);
	expect_ok(uc_about_set(rosa.c, "Here"));
	expect_eq(told(), 1);
	portraits_newcomer(rosa.c, hers, NULL); /* a device of his */
	expect_eq(told(), 1);
	portraits_newcomer(rosa.c, hers, one); /* one of hers, which she meets in each room */
	expect_eq(told(), 1);
	portraits_newcomer(rosa.c, hers, one);
	expect_eq(told(), 0);
	portraits_newcomer(rosa.c, hers, other);
	expect_eq(told(), 1);
	/* Another direct room with him. */
	her_contact()->told_in.b[0] ^= 1;
	expect_eq(told(), 1);
	duo_end();
}

TEST(nobody_else_is_told)
{
	begin(true);
	struct contact *k = her_contact();
	expect_ok(uc_about_set(rosa.c, "Here"));
	bool *const off[] = { &hers->introduced, &hers->seat_open, &hers->direct, &k->has_direct };
	bool *const on[] = { &hers->shadow, &hers->lost, &hers->fleeing, &k->blocked,
			     &rosa.c->account.deleting };
	for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
		*off[i] = false;
		expect_eq(told(), 0);
		*off[i] = true;
	}
	for (size_t i = 0; i < sizeof on / sizeof *on; i++) {
		*on[i] = true;
		expect_eq(told(), 0);
		*on[i] = false;
	}
	hers->says = SAYS_PERSONA;
	expect_eq(told(), 0);
	hers->says = SAYS_NOTHING;
	expect_eq(told(), 0);
	hers->says = SAYS_ACCOUNT;
	struct member *his_place = NULL;
	for (struct member *m = hers->members; m; m = m->next)
		if (m->introduced && id_equal(&m->contact, &k->id))
			his_place = m;
	expect(his_place);
	his_place->introduced = false;
	expect_eq(told(), 0);
	his_place->introduced = true;
	his_place->gone = true;
	expect_eq(told(), 0);
	his_place->gone = false;
	his_place->persona = true;
	expect_eq(told(), 0);
	his_place->persona = false;
	/* And all of it was why. */
	expect_eq(told(), 1);
	duo_end();
}

TEST(a_hub_that_does_not_answer_holds_up_its_own_alone)
{
	static struct room busy[8];
	struct outgoing waits = { .number = 1 };
	struct room *all;
	begin(true);
	all = rosa.c->rooms;
	for (size_t i = 0; i < 8; i++) {
		snprintf(busy[i].uri, sizeof busy[i].uri, "mimi://dial.example/r/%zu", i);
		busy[i].outbox.unsent = &waits;
		busy[i].next = i ? &busy[i - 1] : all;
	}
	expect_ok(uc_about_set(rosa.c, "Here"));
	rosa.c->rooms = &busy[7];
	expect_eq(told(), 0);
	busy[0].outbox.unsent = NULL;
	expect_eq(told(), 1);
	expect_ok(uc_about_set(rosa.c, "Not here"));
	busy[0].outbox.unsent = &waits;
	hers->outbox.unsent = NULL;
	expect_eq(told(), 0);
	snprintf(busy[0].uri, sizeof busy[0].uri, "mimi://plaza.example/r/0");
	expect_eq(told(), 1);
	rosa.c->rooms = all;
	duo_end();
}

TEST(in_a_group_nothing_is_said_or_heard)
{
	begin(false);
	expect_ok(uc_about_set(rosa.c, "Here"));
	expect_eq(told(), 0);
	duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	struct control m = { .version = 1, .control_kind = CONTROL_PORTRAIT };
	struct portrait p = { .number = 5, .about = VIEW_LIT("Hidden") };
	expect_ok(portrait_write(&p, &mem, &m.portrait));
	expect_eq(duo_says(&her_leaf, &m).warnings, 1);
	/* Not from a device of his own either. */
	struct room_client own = { .participant = view_str(his->participant),
				   .client = VIEW_LIT("mimi://lens.example/other") };
	expect_eq(duo_says(&own, &m).warnings, 1);
	expect_eq(tom.c->portrait.number, 0);
	duo_end();
}

/* --- what he hears --- */

static struct told says_as(const struct room_client *by, uint64_t number, const char *about,
			   struct view picture)
{
	struct control m = { .version = 1, .control_kind = CONTROL_PORTRAIT };
	struct portrait p = { .number = number, .about = view_str(about), .picture = picture };
	expect_ok(portrait_write(&p, &mem, &m.portrait));
	return duo_says(by, &m);
}

static struct told says(uint64_t number, const char *about, struct view picture)
{
	return says_as(&her_leaf, number, about, picture);
}

static void expect_seen(const char *about, struct view picture)
{
	const struct contact *k = contact_find(tom.c, &his->contact);
	expect(k && !strcmp(k->about, about));
	expect_bytes(picture_of(&tom, &his->contact), picture);
	expect(!k->picture == !picture.n);
}

TEST(the_last_word_of_a_contact_counts)
{
	const struct view none = { NULL, 0 }, face = { jpeg, 500 }, other = VIEW_OF(png);
	begin(true);
	/* Before she has said who she is, it could be anybody's. */
	expect_eq(says(10, "Early", face).warnings, 1);
	duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	expect_seen("", none);
	expect_eq(says(10, "Here", face).contacts, 1);
	expect_seen("Here", face);
	uint64_t before = contact_find(tom.c, &his->contact)->picture;
	/* An earlier one, the same number, and the same again. */
	expect_eq(says(9, "Before", other).contacts, 0);
	expect_eq(says(10, "Before", other).contacts, 0);
	expect_eq(says(11, "Here", face).contacts, 0);
	expect_seen("Here", face);
	expect_eq(says(12, "Here", other).contacts, 1);
	expect(contact_find(tom.c, &his->contact)->picture != before);
	struct uc_id rosa_id = his->contact;
	expect_ok(person_open(&tom));
	const struct contact *k = contact_find(tom.c, &rosa_id);
	expect(k && !strcmp(k->about, "Here") && k->portrait == 12);
	expect_bytes(picture_of(&tom, &rosa_id), other);
	/* One that is damaged is none. */
	person_rots(&tom, (struct safe_place){ .table = "picture", .name = VIEW_OF(rosa_id.b) });
	expect_bytes(picture_of(&tom, &rosa_id), none);
	duo_end();
}

TEST(what_is_taken_back_is_gone)
{
	const struct view none = { NULL, 0 }, face = { jpeg, 500 };
	begin(true);
	duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	says(10, "Here", face);
	says(11, "Here", none);
	expect_seen("Here", none);
	says(12, "", none);
	expect_seen("", none);
	duo_end();
}

/* Whose clock was wrong once is heard again when it is right. */
TEST(a_number_of_years_ahead_holds_nobody_up)
{
	const struct view none = { NULL, 0 };
	begin(true);
	duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	says(UINT64_MAX, "In 2099", none);
	says(UINT64_MAX, "In 2099, too", none);
	expect_seen("In 2099, too", none);
	test_now_ms += 1000;
	says(test_now_ms, "Today", none);
	expect_seen("Today", none);
	test_now_ms -= 1000;
	duo_end();
}

TEST(what_is_malformed_changes_nothing)
{
	const struct view face = { jpeg, 500 };
	begin(true);
	duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	says(10, "Here", face);
	struct control m = { .version = 1, .control_kind = CONTROL_PORTRAIT };
	struct portrait p = { .number = 11, .about = VIEW_LIT("Next"), .picture = face };
	expect_ok(portrait_write(&p, &mem, &m.portrait));
	m.portrait.n -= 1024;
	expect_eq(duo_says(&her_leaf, &m).warnings, 1);
	m.portrait.n = 0;
	expect_eq(duo_says(&her_leaf, &m).warnings, 1);
	p.about = VIEW_LIT(" Next");
	expect_ok(portrait_write(&p, &mem, &m.portrait));
	expect_eq(duo_says(&her_leaf, &m).warnings, 1);
	expect_seen("Here", face);
	duo_end();
}

static uc_err he_blocks(struct uc_client *c, void *arg)
{
	struct contact *k = contact_find(c, &his->contact);
	(void)arg;
	portraits_forget(c, k);
	k->blocked = true;
	return UC_OK;
}

TEST(of_who_is_blocked_nothing_is_kept_or_heard)
{
	const struct view none = { NULL, 0 }, face = { jpeg, 500 };
	begin(true);
	duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	says(10, "Here", face);
	duo_turn(he_blocks, NULL);
	expect_seen("", none);
	expect_eq(says(11, "Still here", face).warnings, 1);
	expect_seen("", none);
	contact_find(tom.c, &his->contact)->blocked = false;
	/* What she tells anew is the same as before. */
	says(10, "Here", face);
	expect_seen("Here", face);
	duo_end();
}

/* --- devices of one account --- */

TEST(devices_of_one_account_are_of_one_mind)
{
	const struct view none = { NULL, 0 }, face = { jpeg, 500 };
	begin(true);
	duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	struct room_client own = { .participant = view_str(his->participant),
				   .client = VIEW_LIT("mimi://lens.example/other") };
	his->seat_open = true;
	expect_eq(says_as(&own, 10, "On the boat", face).warnings, 0);
	expect_own(&tom, "On the boat", face);
	expect_seen("", none);
	/* It has told her, and this one need not. */
	size_t before = his->outbox.last ? (size_t)his->outbox.last->number : 0;
	duo_turn(drive, NULL);
	expect_eq(his->outbox.last ? (size_t)his->outbox.last->number : 0, before);
	says_as(&own, 9, "Earlier", none);
	expect_own(&tom, "On the boat", face);
	/* The next one here counts more. */
	expect_ok(uc_about_set(tom.c, "Ashore"));
	expect(tom.c->portrait.number > 10);
	expect_ok(turn_run(tom.c, nothing, NULL));
	expect_own(&tom, "Ashore", face);
	duo_end();
}
