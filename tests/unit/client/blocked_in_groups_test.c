/* SPDX-License-Identifier: Apache-2.0 */
/* Who was met in a group: blocked there as a stranger, or as the contact they have become since; and who
 * answers what they were asked, and is blocked. */
#include "client/barred.h"
#include "client/closing.h"
#include "client/contacts.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "tests/unit/client/duo.h"

struct seen {
	struct uc_member her, self;
	unsigned strangers, contacts;
};

static bool member_each(void *ctx, const struct uc_member *m)
{
	struct seen *s = ctx;
	*(m->is_self ? &s->self : &s->her) = *m;
	return true;
}

static bool contact_each(void *ctx, const struct uc_contact *k)
{
	struct seen *s = ctx;
	if (!strcmp(k->app, "dial.example"))
		++*(k->stranger ? &s->strangers : &s->contacts);
	return true;
}

static struct seen seen(void)
{
	struct seen s = { .strangers = 0 };
	expect_ok(uc_members(tom.c, &his->id, member_each, &s));
	expect_ok(uc_contacts(tom.c, contact_each, &s));
	return s;
}

static unsigned shown(const char *text)
{
	struct words w = { .parts = { .kind = CONTENT_TEXT, .text = view_str(text) } };
	return duo_writes(&w).messages;
}

/* By a letter, say. */
static uc_err meets(struct uc_client *c, void *arg)
{
	return contact_meet(c, "dial.example", rosa.c->account.account_key, "Rosa",
			    (struct view){ NULL, 0 }, arg);
}

static struct contact *rosas(void)
{
	struct contact *k = NULL;
	duo_turn(meets, &k);
	expect(k != NULL);
	return k;
}

static void blocks(const struct contact *k, bool blocked)
{
	uc_op op;
	expect_ok(uc_block(tom.c, &k->id, blocked, &op));
}

TEST(a_stranger_in_a_group_becomes_a_contact_there_too)
{
	duo_begin(false, NULL);
	duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	expect(!seen().her.has_contact);
	expect_eq(shown("Hello"), 1);
	struct contact *k = rosas();
	const struct uc_member her = seen().her;
	expect(her.has_contact && id_equal(&her.contact, &k->id));
	blocks(k, true);
	expect(seen().her.blocked);
	expect_eq(shown("I know where you are"), 0);
	blocks(k, false);
	expect_eq(shown("Hello again"), 1);
	duo_end();
}

TEST(a_stranger_in_a_group_is_blocked_without_a_letter)
{
	duo_begin(false, NULL);
	struct uc_id id = seen().her.id, self = seen().self.id;
	/* Whoever has not said who they are is nobody yet. */
	expect_err(uc_member_block(tom.c, &his->id, &id, true), UC_E_NOT_ALLOWED);
	duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	expect_err(uc_member_block(tom.c, &his->id, &self, true), UC_E_NOT_ALLOWED);
	expect_ok(uc_member_block(tom.c, &his->id, &id, true));
	expect(seen().her.blocked && !seen().her.has_contact);
	expect(seen().strangers == 1 && seen().contacts == 0);
	expect_eq(shown("I know where you are"), 0);
	/* It is their account: kept, and in the vault with what they were blocked for by a letter. */
	expect_ok(person_open(&tom));
	his = tom.c->rooms;
	duo_leaf();
	expect(seen().her.blocked && seen().strangers == 1);
	expect_eq(shown("Still"), 0);
	expect_ok(uc_member_block(tom.c, &his->id, &id, false));
	expect(!seen().her.blocked && seen().strangers == 0 && !tom.c->barred);
	expect_eq(shown("Hello"), 1);
	duo_end();
}

static struct told says(const char *name)
{
	return duo_introduces(&her_leaf, duo_introduction(name), "");
}

static bool is_called(const char *name)
{
	const struct member *m = room_member_find(his, view_str(hers->participant));
	expect(m && !strcmp(seen().her.name, m->name));
	return m && !strcmp(m->name, name);
}

static void drain(void)
{
	struct uc_event e;
	while (uc_client_next_event(tom.c, &e))
		continue;
}

TEST(what_a_blocked_contact_calls_themselves_is_not_shown)
{
	duo_begin(false, NULL);
	says("Rosa");
	struct contact *k = rosas();
	says("Rosa L.");
	expect(is_called("Rosa L.") && !strcmp(k->name, "Rosa L."));
	blocks(k, true);
	drain();
	struct told t = says("I know where you live");
	expect_eq(t.introduced + t.contacts + t.renamed + t.alarms, 0);
	expect(is_called("Rosa L.") && !strcmp(k->name, "Rosa L."));
	/* Nor after a restart, however often it is said. */
	expect_ok(person_open(&tom));
	his = tom.c->rooms;
	duo_leaf();
	says("I know where you work");
	struct uc_id id = contact_id("dial.example", rosa.c->account.account_key);
	k = contact_find(tom.c, &id);
	expect(k != NULL);
	if (!k)
		return;
	expect(is_called("Rosa L.") && !strcmp(k->name, "Rosa L."));
	/* Unblocked, they are called what they have said last, and the next time as anybody. */
	blocks(k, false);
	expect(is_called("I know where you work") && !strcmp(k->name, "I know where you work"));
	says("Rosa");
	expect(is_called("Rosa") && !strcmp(k->name, "Rosa"));
	duo_end();
}

TEST(nor_of_a_blocked_stranger)
{
	duo_begin(false, NULL);
	says("Rosa");
	struct uc_id id = seen().her.id;
	expect_ok(uc_member_block(tom.c, &his->id, &id, true));
	expect_eq(says("I know where you live").introduced, 0);
	expect(is_called("Rosa") && !strcmp(tom.c->barred->name, "Rosa"));
	expect_ok(uc_member_block(tom.c, &his->id, &id, false));
	expect(is_called("I know where you live"));
	duo_end();
}

/* Whoever was blocked elsewhere is called there what they were. */
TEST(in_another_group_a_blocked_contact_has_the_name_of_before)
{
	duo_begin(false, NULL);
	struct contact *k = rosas();
	blocks(k, true);
	says("I know where you live");
	expect(is_called("Rosa") && !strcmp(k->name, "Rosa"));
	blocks(k, false);
	expect(is_called("I know where you live") && !strcmp(k->name, "I know where you live"));
	duo_end();
}

/* What cannot be read any more keeps nobody blocked. */
TEST(who_has_said_what_cannot_be_read_is_unblocked_as_well)
{
	duo_begin(false, NULL);
	says("Rosa");
	struct contact *k = rosas();
	struct member *m = room_member_find(his, view_str(hers->participant));
	blocks(k, true);
	expect_ok(blob_set(&m->introduction, VIEW_LIT("none")));
	blocks(k, false);
	expect(!k->blocked && !seen().her.blocked && is_called("Rosa"));
	expect_eq(shown("Hello"), 1);
	duo_end();
}

TEST(a_contact_is_blocked_as_one)
{
	duo_begin(false, NULL);
	duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	rosas();
	struct uc_id id = seen().her.id;
	expect_err(uc_member_block(tom.c, &his->id, &id, true), UC_E_NOT_ALLOWED);
	expect(!tom.c->barred);
	duo_end();
}

static bool leaves(void)
{
	for (const struct task *t = his->tasks; t; t = t->next)
		if (t->kind == TASK_LEAVE)
			return true;
	return his->state == ROOM_LEFT;
}

/* She had been asked before she was blocked, and answers: the room is ours, and there she is told who we are. */
TEST(who_answers_and_is_blocked_sees_nobody_go)
{
	for (int made = 0; made < 2; made++) {
		duo_begin(true, NULL);
		his->made = made;
		blocks(rosas(), true);
		duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
		expect_eq(his->close_ms != 0, made);
		expect_eq(leaves(), !made);
		expect_eq(shown("At last"), 0);
		expect_eq(rosas()->has_direct, made);
		duo_end();
	}
}
