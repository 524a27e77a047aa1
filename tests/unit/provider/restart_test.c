/* SPDX-License-Identifier: Apache-2.0 */
/* A hub whose store is an older copy: its followers find out, by what it has or by what it says, begin
 * anew, and their clients see it when they come again. */
#include "tests/unit/provider/guests.h"

static struct app *const hub = &apps[DIAL], *const lens = &apps[LENS];
static struct store_memory *backup;

/* Rosa and Rob on Dial, Tom on Lens; Rob goes before Rosa says what will be lost. */
static void begin(void)
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
}

static void lose_now(int lost)
{
	backup = store_memory_copy(hub->disks[1]);
	expect(backup != NULL);
	for (int i = 0; i < lost; i++)
		guest_say(&r1, "lost");
	guest_read(&t1);
	expect_eq(t1.messages, (size_t)lost + 1);
}

static void lose(int lost)
{
	begin();
	lose_now(lost);
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

/* In the place of what is there, by an app that sees it. */
static void put_back_at(struct app *a, struct store_memory *copy)
{
	app_kill(a, true);
	store_memory_free(a->disks[1]);
	a->disks[1] = copy;
	a->life = 7; /* of what was there */
	app_start(a);
	expect(store_is_older(a->rooms));
	expect_ok(provider_renew(a->provider));
}

static void wait_a_while(int seconds)
{
	for (int i = 0; i < seconds; i += 20)
		apps_wait(20000);
}

static void tom_opens(void)
{
	if (!tom.c->session)
		expect_ok(person_sign_in(&tom));
	expect_ok(guest_open(&t1));
}

/* It is told where the log goes on as another one. */
static void tom_sees_it(void)
{
	uint64_t had = t1.seq;
	expect(!tom.c->session);
	expect_eq(tom.c->closed, WS_TRY_LATER);
	expect_ok(person_sign_in(&tom));
	expect_ok(guest_open(&t1));
	expect(t1.opened.is_behind && t1.opened.renewed && t1.opened.renewed <= had);
	expect_eq(t1.opened.epoch, 1);
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
	tom_sees_it();
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
	tom_sees_it();
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

/* The log has no more what the epoch began with: the proposal goes in the beginning itself. */
TEST(a_proposal_that_waits_comes_though_the_commit_is_gone)
{
	struct room_record record;
	struct store_log_bounds in_log;
	struct store_key k;
	struct room_live *r = NULL;
	struct public_group *g = NULL;
	begin();
	for (int i = 0; i < 3; i++)
		apps_wait(HOUR_MS);
	lose_now(4);
	put_back();
	expect_ok(room_record_get(hub->rooms, the_room, &apps_mem, &record));
	expect_ok(store_log_bounds(hub->rooms, key_1(&k, TABLE_LOG, the_room), &in_log));
	expect(in_log.first > record.epoch_start);
	guest_leave(&r2);
	for (int i = 0; i < 5; i++)
		apps_wait(2000);
	are_one_log();
	expect_ok(room_live_get(lens->provider, the_room, &r));
	expect_ok(room_live_group(lens->provider, r, &g));
	expect_eq(public_group_proposal_count(g), 1);
	the_end();
}

/* The beginning waits for an app that does not answer yet, and whose entry is trimmed: its people stay. */
TEST(a_follower_that_has_not_begun_anew_yet_is_not_one_that_was_away_for_ever)
{
	begin();
	for (int i = 0; i < 3; i++)
		apps_wait(HOUR_MS);
	lose_now(4);
	lens->is_down = true;
	put_back_at(hub, backup);
	guest_return(&r2);
	guest_say(&r2, "instead");
	wait_a_while(1300);
	lens->is_down = false;
	wait_a_while(1300);
	are_one_log();
	expect_eq(table_count(hub, TABLE_FOLLOWER), 1);
	tom_opens();
	the_end();
}

/* What was said before it hears of it is not left out, and the device is told where that begins. */
TEST(a_follower_begins_anew_where_the_log_parts_though_the_commit_is_gone)
{
	begin();
	for (int i = 0; i < 3; i++)
		apps_wait(HOUR_MS);
	lose_now(4);
	uint64_t kept = t1.seq - 4;
	lens->is_down = true;
	put_back_at(hub, backup);
	guest_return(&r2);
	guest_say(&r2, "instead");
	guest_say(&r2, "instead");
	lens->is_down = false;
	wait_a_while(160);
	are_one_log();
	tom_opens();
	expect(t1.opened.is_behind);
	expect_eq(t1.opened.renewed, kept + 1);
	expect_eq(t1.opened.first, kept + 1);
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

/* --- who says so and means harm --- */

static size_t starts(void)
{
	uint64_t start;
	return header_number(lens->last_headers, "undercroft-start", &start);
}

TEST(a_follower_that_asks_for_ever_to_begin_anew_is_served_slowly)
{
	const struct peer_response again = { .status = 409,
					     .headers = VIEW_LIT("undercroft-next: 1\r\n"
								 "undercroft-restart: 1\r\n") };
	size_t answers = 0;
	lose(0);
	store_memory_free(backup);
	lens->is_down = true;
	guest_say(&r1, "for Lens");
	for (int i = 0; i < 600; i++) {
		test_now_ms += 1000;
		provider_tick(hub->provider, test_now_ms);
		while (hub->provider->asks) {
			provider_response(hub->provider, hub->provider->asks->token, &again);
			answers++;
		}
	}
	/* Ten minutes; it is waited a minute in the end. */
	expect(answers > 5 && answers < 25);
	/* It begins where the room is now, and not before; others are not held up. */
	guest_say(&r1, "and more");
	guest_read(&r1);
	lens->is_down = false;
	for (int i = 0; i < 130; i++)
		apps_wait(1000);
	expect(!starts());
	are_one_log();
	the_end();
}

/* It can make its own room begin anew, and that ends connections only so often. */
TEST(a_hub_that_is_put_back_for_ever_does_not_hold_off_the_people_of_others)
{
	size_t ended = 0;
	lose(1);
	put_back();
	for (int i = 0; i < 300; i++) {
		struct room_live *r = NULL;
		expect_ok(room_live_get(lens->provider, the_room, &r));
		if (!tom.c->session) {
			ended++;
			expect_ok(person_sign_in(&tom));
		}
		struct seat_live *seat;
		struct seat_record record = { .start = 1 };
		expect_ok(seat_live_new(lens->provider, tom.c->session, r, t1.client, &record,
					r->record.next - 1, &seat));
		seats_of_before(lens->provider, hub->domain, r);
		apps_settle();
	}
	expect(ended > 150 && ended < 250);
	the_end();
}

/* What it told the hub is in no store: it finds out again. */
TEST(a_follower_that_is_restarted_before_it_begins_anew_does_so)
{
	lose(5);
	put_back();
	guest_say(&r2, "after the copy was put back");
	expect_eq(table_count(hub, TABLE_FOLLOW_START), 1);
	app_kill(lens, true);
	app_start(lens);
	for (int i = 0; i < 10; i++)
		apps_wait(2000);
	are_one_log();
	guest_say(&r2, "one room again");
	are_one_log();
	the_end();
}

/* Who came in what was lost is in the room no more: its seat reads nothing of the other log. */
TEST(who_is_not_in_the_room_that_a_follower_begins_anew_with_reads_nothing_of_it)
{
	struct guest t2;
	struct change c = { .n = 0 };
	lose(0);
	guest_init(&t2, &tom, &t1);
	change_add(&c, &t2);
	guest_commit(&t1, &c);
	guest_read(&r1);
	guest_join(&t2);
	guest_say(&r1, "for all");
	guest_read(&t2);
	expect_eq(t2.messages, 1);
	put_back();
	guest_say(&r2, "instead");
	for (int i = 0; i < 10; i++)
		apps_wait(2000);
	for (int i = 0; i < 9; i++)
		guest_say(&r2, "not for everybody");
	are_one_log();
	expect_ok(person_sign_in(&tom));
	expect(t2.seq < log_head_of(lens, the_room));
	expect_err(guest_open(&t2), UC_E_SEAT);
	group_free(t2.g);
	the_end();
}

/* --- and says so itself --- */

TEST(a_hub_that_was_put_back_tells_it_though_nobody_says_anything)
{
	lose(3);
	guest_read(&r1);
	put_back_at(hub, backup);
	wait_a_while(160);
	are_one_log();
	tom_sees_it();
	/* Rosa's device has more than her app, and hears where that parts: of many, by itself alone. */
	expect_ok(person_sign_in(&rosa));
	struct seat_again v = guest_again(&r1);
	expect_eq(seats_open_all(rosa.c, &v, 1).seats.v[0].status, UC_E_UNEXPECTED);
	expect_ok(guest_open(&r1));
	expect(r1.opened.is_behind);
	expect(r1.opened.renewed + 2 <= r1.seq);
	expect_eq(r1.opened.renewed, log_head_of(hub, the_room) + 1);
	/* Who has just what there is, is told nothing of the kind. */
	guest_return(&r2);
	expect(r2.opened.renewed && !r2.opened.is_behind);
	the_end();
}

static struct store_memory *copy_of(const struct app *a)
{
	struct store_memory *copy = store_memory_copy(a->disks[1]);
	expect(copy != NULL);
	return copy;
}

static void rooms_three(void)
{
	guest_init(&r2, &rob, NULL);
	guest_init(&t1, &tom, NULL);
	the_room_of((struct guest *[]){ &r2, &t1 }, 2);
	guest_say(&r1, "kept");
	guest_read(&t1);
}

TEST(a_follower_that_was_put_back_gets_what_it_had)
{
	the_people();
	rooms_three();
	struct store_memory *copy = copy_of(lens);
	for (int i = 0; i < 4; i++)
		guest_say(&r1, "more");
	guest_read(&t1);
	put_back_at(lens, copy);
	/* It has it soon, and the device waits. */
	expect_ok(person_sign_in(&tom));
	expect_err(guest_open(&t1), UC_E_BUSY);
	wait_a_while(160);
	are_one_log();
	expect_ok(guest_open(&t1));
	/* Nor is anything to be said again that is not here yet: the hub's log is the same. */
	expect(!t1.opened.is_behind && !t1.opened.renewed);
	guest_say(&r1, "and so on");
	guest_read(&t1);
	expect_bytes(view_str(t1.last), VIEW_LIT("and so on"));
	the_end();
}

/* Tom has read what neither of the two has any more. */
static uint64_t both_put_back(int instead)
{
	begin();
	struct store_memory *copy = copy_of(lens);
	uint64_t kept = t1.seq;
	lose_now(3);
	lens->is_down = true;
	put_back_at(hub, backup);
	for (int i = 0; i < instead; i++) {
		if (!i)
			guest_return(&r2);
		guest_say(&r2, "instead");
	}
	lens->is_down = false;
	put_back_at(lens, copy);
	return kept;
}

static void tom_goes_back_to(uint64_t kept)
{
	expect_ok(guest_open(&t1));
	expect(t1.opened.is_behind);
	expect_eq(t1.opened.renewed, kept + 1);
}

static void tom_comes_and_goes_back_to(uint64_t kept)
{
	if (!tom.c->session)
		expect_ok(person_sign_in(&tom));
	tom_goes_back_to(kept);
}

/* Its hub's other log goes on from what it has, so it sees no place where the two part; who has read more
 * than there was is told it all the same: at once, and when it is known that the hub was put back. */
TEST(a_follower_that_was_put_back_with_its_hub_knows_where_the_log_goes_on)
{
	uint64_t kept = both_put_back(4);
	wait_a_while(20);
	expect_eq(log_head_of(lens, the_room), t1.seq + 1);
	expect_ok(person_sign_in(&tom));
	tom_goes_back_to(kept);
	wait_a_while(160);
	are_one_log();
	tom_comes_and_goes_back_to(kept);
	the_end();
}

/* As many entries as there were: the next one would not go on from them. */
TEST(a_follower_that_was_put_back_with_its_hub_tells_as_many_entries_from_the_same)
{
	uint64_t kept = both_put_back(3);
	wait_a_while(160);
	are_one_log();
	expect_eq(log_head_of(lens, the_room), t1.seq);
	expect_ok(person_sign_in(&tom));
	tom_goes_back_to(kept);
	the_end();
}

/* What the device waits for does not come, and it hears so. */
TEST(nobody_waits_for_what_a_hub_that_was_put_back_has_no_more)
{
	uint64_t kept = both_put_back(0);
	expect_ok(person_sign_in(&tom));
	expect_err(guest_open(&t1), UC_E_BUSY);
	wait_a_while(160);
	are_one_log();
	tom_comes_and_goes_back_to(kept);
	the_end();
}

static void newcomer_init(struct guest *g, struct change *c)
{
	guest_init(g, &tom, NULL);
	change_add(c, g);
}

/* The hub has let the Welcome go, since it was taken: who had come in by it is in the room's tree, and
 * comes back by the leaf's key; who had not yet, from outside. */
TEST(a_follower_that_was_put_back_to_before_a_welcome_begins_anew)
{
	struct guest in, late, back;
	struct change c = { .n = 0 };
	struct group_info_ratchet_tree_tbe info;
	uc_err err;
	the_people();
	rooms_three();
	struct store_memory *copy = copy_of(lens);
	newcomer_init(&in, &c);
	newcomer_init(&late, &c);
	guest_commit(&r1, &c);
	guest_read(&t1);
	guest_join(&in);
	expect_eq(table_count(hub, TABLE_WELCOME_OUT), 0);
	put_back_at(lens, copy);
	wait_a_while(160);
	are_one_log();
	expect_ok(person_sign_in(&tom));
	in.is_known = false;
	expect_ok(guest_open(&in));
	expect_ok(guest_open(&t1));
	guest_say(&r1, "for all");
	guest_read(&in);
	guest_read(&t1);
	expect_bytes(view_str(in.last), VIEW_LIT("for all"));
	expect_bytes(view_str(t1.last), VIEW_LIT("for all"));
	/* There is no Welcome for the other one any more. */
	expect_ok(guest_open(&late));
	expect_eq(late.opened.welcome.n, 0);
	guest_init(&back, &tom, &late);
	expect_eq(guest_group_info(&back, &info, &err), GROUP_INFO_SUCCESS);
	late.g = in.g; /* which leaf it is, is read from any */
	struct room_update_request q = guest_resync_make(&back, &late, &info);
	expect_eq(guest_resync(&back, &q, &err), UPDATE_SUCCESS);
	guest_read(&r1);
	guest_say(&r1, "and for who is back");
	guest_read(&back);
	expect_bytes(view_str(back.last), VIEW_LIT("and for who is back"));
	are_one_log();
	group_free(in.g);
	group_free(back.g);
	the_end();
}

TEST(a_follower_that_has_forgotten_a_room_asks_its_hub)
{
	the_people();
	struct store_memory *copy = copy_of(lens);
	rooms_three();
	put_back_at(lens, copy);
	expect_ok(person_sign_in(&tom));
	expect_err(guest_open(&t1), UC_E_BUSY);
	wait_a_while(160);
	are_one_log();
	/* The seat's secret is forgotten, too: the leaf's key opens it. */
	expect_err(guest_open(&t1), UC_E_SEAT);
	t1.is_known = false;
	expect_ok(guest_open(&t1));
	/* Of a room that is none, its hub says so. */
	struct guest nowhere = t1;
	nowhere.room = VIEW_LIT("mimi://dial.example/r/nowhere");
	expect_err(guest_open(&nowhere), UC_E_SEAT);
	the_end();
}

TEST(a_room_that_its_hub_has_no_more_ends)
{
	the_people();
	struct store_memory *copy = copy_of(hub);
	rooms_three();
	wait_a_while(300);
	guest_say(&t1, "the last");
	guest_read(&t1);
	put_back_at(hub, copy);
	expect_ok(guest_open(&t1));
	/* Who has said nothing for ten minutes is asked, and looked for each minute. */
	wait_a_while(720);
	if (!tom.c->session)
		expect_ok(person_sign_in(&tom));
	expect_err(guest_open(&t1), UC_E_SEAT);
	the_end();
}

/* There is nothing it could begin anew with. */
TEST(a_follower_whose_people_have_left_in_the_log_that_there_is_now_lets_them_go)
{
	struct change c = { .n = 0 };
	lose(3);
	put_back();
	lens->is_down = true;
	guest_say(&r2, "instead");
	expect_ok(person_sign_in(&rosa));
	expect_ok(guest_open(&r1));
	change_remove(&c, &r1, &t1);
	guest_commit(&r1, &c);
	lens->is_down = false;
	wait_a_while(400);
	if (!tom.c->session)
		expect_ok(person_sign_in(&tom));
	expect_err(guest_open(&t1), UC_E_SEAT);
	the_end();
}

/* What it has last is trimmed, since all have read it, and what came while it was down is there: it lacks
 * nothing of what it missed. */
TEST(a_follower_that_missed_what_is_still_there_does_not_begin_anew)
{
	begin();
	for (int i = 0; i < 3; i++)
		apps_wait(HOUR_MS);
	uint64_t had = t1.seq;
	struct store_log_bounds in_log;
	struct store_key k;
	lens->is_down = true;
	guest_say(&r1, "missed");
	guest_say(&r1, "missed, too");
	expect_ok(store_log_bounds(hub->rooms, key_1(&k, TABLE_LOG, the_room), &in_log));
	expect_eq(in_log.first, had + 1);
	peer_heard(lens->provider, hub->domain, VIEW_LIT("undercroft-store: 1000\r\n"));
	wait_a_while(160);
	expect(!tom.c->session);
	expect_eq(table_count(hub, TABLE_FOLLOW_START), 0);
	lens->is_down = false;
	wait_a_while(160);
	are_one_log();
	tom_opens();
	expect(t1.opened.first <= had + 1);
	guest_read(&t1);
	expect_eq(t1.messages, 3);
	the_end();
}

static size_t looks(void)
{
	size_t before = lens->asked;
	wait_a_while(160);
	return lens->asked - before;
}

TEST(an_app_with_a_new_store_each_time_is_compared_with_seldom)
{
	char header[64];
	the_people();
	rooms_three();
	for (unsigned i = 0; i < 3; i++) {
		snprintf(header, sizeof header, "undercroft-store: %u\r\n", 1000 + i);
		peer_heard(hub->provider, lens->domain, view_str(header));
		expect_eq(looks() > 0, i == 0);
	}
	/* Not of an app that nobody has shown to be it, nor of ourselves. */
	peer_heard(hub->provider, (struct view){ NULL, 0 }, view_str(header));
	peer_heard(hub->provider, hub->domain, view_str(header));
	the_end();
}
