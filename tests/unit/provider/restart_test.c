/* SPDX-License-Identifier: Apache-2.0 */
/* A hub whose store is an older copy: its followers find out, by what it has or by what it says, begin
 * anew, and their clients see it when they come again. */
#include "tests/unit/provider/guests.h"

static struct app *const hub = &apps[DIAL], *const lens = &apps[LENS];
static struct store_memory *backup;

/* Rosa and Rob on Dial, Tom on Lens; Rob goes before Rosa says what will be lost. */
static void lose(int lost)
{
	the_people();
	guest_init(&r2, &rob, NULL);
	guest_init(&t1, &tom, NULL);
	the_room_of((struct guest *[]){ &r2, &t1 }, 2);
	guest_say(&r1, "kept");
	guest_read(&r1);
	guest_read(&r2);
	guest_read(&t1);
	client_close(rob.c);
	apps_wait(20000);
	backup = store_memory_copy(hub->disks[1]);
	expect(backup != NULL);
	for (int i = 0; i < lost; i++)
		guest_say(&r1, "lost");
	guest_read(&t1);
	expect_eq(t1.messages, (size_t)lost + 1);
}

static void put_back(void)
{
	app_kill(hub, true);
	store_memory_free(hub->disks[1]);
	hub->disks[1] = backup;
	app_start(hub);
	guest_return(&r2);
}

static void are_one_log(void)
{
	struct room_record a, b;
	expect_ok(room_record_get(hub->rooms, the_room, &apps_mem, &a));
	expect_ok(room_record_get(lens->rooms, the_room, &apps_mem, &b));
	expect_eq(a.next, b.next);
	expect_bytes(VIEW_OF(a.chain), VIEW_OF(b.chain));
	expect_eq(table_count(hub, TABLE_FOLLOW_START), 0);
}

/* By the refusal, or by what is missing. */
static void tom_sees_it(bool by_refusal)
{
	expect(!tom.c->session);
	expect_eq(tom.c->closed, WS_TRY_LATER);
	expect_ok(person_sign_in(&tom));
	if (by_refusal) {
		expect_err(guest_open(&t1), UC_E_RESTORED);
		return;
	}
	expect_ok(guest_open(&t1));
	expect(t1.opened.first > t1.seq + 1);
}

TEST(a_follower_that_has_more_than_its_hub_begins_anew)
{
	lose(5);
	put_back();
	guest_say(&r2, "after the copy was put back");
	expect(log_head_of(lens, the_room) > log_head_of(hub, the_room));
	for (int i = 0; i < 5; i++)
		apps_wait(2000);
	are_one_log();
	tom_sees_it(true);
	/* And so it goes on. */
	guest_say(&r2, "one room again");
	are_one_log();
	the_end();
}

TEST(a_follower_with_other_entries_than_its_hub_begins_anew)
{
	lose(3);
	put_back();
	lens->is_down = true;
	for (int i = 0; i < 9; i++)
		guest_say(&r2, "instead");
	expect(log_head_of(lens, the_room) < log_head_of(hub, the_room));
	lens->is_down = false;
	for (int i = 0; i < 70; i++)
		apps_wait(2000);
	are_one_log();
	tom_sees_it(false);
	guest_say(&r2, "one room again");
	are_one_log();
	the_end();
}

TEST(a_proposal_that_waits_comes_with_the_new_beginning)
{
	lose(4);
	put_back();
	guest_leave(&r2);
	for (int i = 0; i < 5; i++)
		apps_wait(2000);
	are_one_log();
	struct room_live *r = NULL;
	struct public_group *g = NULL;
	expect_ok(room_live_get(lens->provider, the_room, &r));
	expect_ok(room_live_group(lens->provider, r, &g));
	expect_eq(public_group_proposal_count(g), 1);
	the_end();
}

/* Nothing was lost: it is told again, and stays as it is. */
TEST(a_follower_that_is_told_again_what_it_has_goes_on)
{
	lose(0);
	guest_say(&r1, "told");
	lens->loses_answers = true;
	guest_say(&r1, "told, and not heard");
	apps_wait(5000);
	lens->loses_answers = false;
	for (int i = 0; i < 70; i++)
		apps_wait(1000);
	are_one_log();
	expect(tom.c->session != NULL);
	guest_read(&t1);
	expect_eq(t1.messages, 3);
	store_memory_free(backup);
	the_end();
}
