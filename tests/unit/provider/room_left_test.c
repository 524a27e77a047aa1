/* SPDX-License-Identifier: Apache-2.0 */
/* Whose client left by itself has nobody who comes for what it has not read: its seat holds nothing
 * of a log back; everybody else's does as before. */
#include "tests/unit/provider/guests.h"

/* Behind the hour that it stays, and a round of the sweep. */
static void hours_pass(int n)
{
	for (int i = 0; i < n; i++)
		apps_wait(3600000);
	apps_wait(600000);
}

/* Has left, does not read on, and is out by another's commit. */
static void leaves_unread(struct guest *g, struct guest *committer)
{
	struct change c = { .n = 0 };
	guest_leave(g);
	client_close(g->person->c);
	guest_read(committer);
	guest_commit(committer, &c);
}

static void expect_nothing_of_the_room(struct app *a)
{
	expect_eq(table_count(a, TABLE_SEAT), 0);
	expect_eq(table_count(a, TABLE_ROOM), 0);
	expect_eq(stored_count(a->rooms, the_room), 0);
}

TEST(what_who_left_has_not_read_goes)
{
	room_of_three();
	guest_say(&r1, "for ida");
	leaves_unread(&i1, &r1);
	guest_say(&r1, "without ida");
	guest_read(&r1);
	guest_read(&t1);
	expect(stored_count(apps[PLAZA].rooms, i1.client) != 0);
	hours_pass(2);
	expect_nothing_of_the_room(&apps[PLAZA]);
	/* Those who stay go on. */
	expect_eq(log_bounds_of(&apps[DIAL], the_room).first,
		  log_head_of(&apps[DIAL], the_room) + 1);
	guest_say(&t1, "two of us");
	guest_read(&r1);
	expect(!strcmp(r1.last, "two of us"));
	the_end();
}

/* The answer that it is out may have been lost. */
TEST(who_left_has_an_hour_to_read_so)
{
	room_of_three();
	guest_say(&r1, "for ida");
	leaves_unread(&i1, &r1);
	guest_read(&t1);
	for (int i = 0; i < 5; i++)
		apps_wait(600000);
	guest_return(&i1);
	expect(i1.is_ended && i1.messages == 1);
	the_end();
}

/* The hub's own seat, of a room that has others: it finds none, and so knows. */
TEST(others_hold_back_what_they_have_not_read)
{
	the_people();
	guest_init(&r2, &rob, NULL);
	guest_init(&t1, &tom, NULL);
	the_room_of((struct guest *[]){ &r2, &t1 }, 2);
	guest_say(&t1, "one");
	guest_read(&r1);
	client_close(rosa.c);
	leaves_unread(&r2, &t1);
	guest_say(&t1, "two");
	guest_read(&t1);
	for (int day = 0; day < 20; day++)
		hours_pass(24);
	uint64_t first = log_bounds_of(&apps[DIAL], the_room).first;
	expect_eq(first, r1.seq + 1);
	expect(first > r2.seq + 1);
	expect_ok(person_sign_in(&rob));
	expect_err(guest_open(&r2), UC_E_SEAT);
	guest_return(&r1);
	expect(r1.opened.first == first && !strcmp(r1.last, "two"));
	expect_eq(r1.messages, 2);
	the_end();
}

TEST(an_app_that_has_not_got_it_holds_back_at_the_hub)
{
	room_of_three();
	apps[PLAZA].is_down = true;
	guest_say(&r1, "for tom and ida");
	leaves_unread(&t1, &r1);
	guest_read(&r1);
	hours_pass(48);
	expect_eq(log_bounds_of(&apps[DIAL], the_room).first, 2);
	expect_nothing_of_the_room(&apps[LENS]);
	apps[PLAZA].is_down = false;
	hours_pass(1);
	guest_return(&i1);
	expect_eq(i1.messages, 1);
	the_end();
}

/* Nobody commits it any more: the proposals say it. */
TEST(a_room_that_all_have_left_goes_unread)
{
	room_of_three();
	guest_say(&t1, "unread");
	guest_leave(&r1);
	client_close(rosa.c);
	guest_leave(&t1);
	client_close(tom.c);
	guest_leave(&i1);
	client_close(ida.c);
	hours_pass(3);
	for (int i = 0; i < APPS; i++)
		expect_nothing_of_the_room(&apps[i]);
	the_end();
}

static struct guest i2;

/* Ida has two devices, and the first has taken the second one out, which has read nothing. */
static void one_of_two_goes(void)
{
	struct change c = { .n = 0 };
	the_people();
	guest_init(&t1, &tom, NULL);
	guest_init(&i1, &ida, NULL);
	guest_init(&i2, &ida, &i1);
	the_room_of((struct guest *[]){ &t1, &i1, &i2 }, 3);
	guest_say(&r1, "for both");
	read_all();
	change_remove(&c, &i1, &i2);
	guest_commit(&i1, &c);
	read_all();
}

static void two_end(void)
{
	group_free(i2.g);
	i2.g = NULL;
	the_end();
}

/* As when an account is deleted: no device of it reads on. */
TEST(whose_last_place_leaves_holds_nothing_back_with_another)
{
	one_of_two_goes();
	leaves_unread(&i1, &r1);
	hours_pass(2);
	expect_nothing_of_the_room(&apps[PLAZA]);
	two_end();
}

TEST(who_was_taken_out_by_their_own_is_told_while_those_stay)
{
	one_of_two_goes();
	hours_pass(48);
	expect(log_bounds_of(&apps[PLAZA], the_room).first <= i2.seq + 1);
	guest_return(&i1);
	guest_return(&i2);
	expect(i2.is_ended && i2.messages == 1);
	two_end();
}

TEST(both_that_leave_in_one_commit_hold_nothing_back)
{
	struct change none = { .n = 0 };
	uc_err err;
	the_people();
	guest_init(&t1, &tom, NULL);
	guest_init(&i1, &ida, NULL);
	guest_init(&i2, &ida, &i1);
	the_room_of((struct guest *[]){ &t1, &i1, &i2 }, 3);
	guest_say(&r1, "for both");
	read_all();
	expect_eq(guest_update(&i1, guest_remove_make(&i1, &i2), &err), 0);
	guest_leave(&i1);
	client_close(ida.c);
	guest_read(&r1);
	guest_commit(&r1, &none);
	guest_read(&t1);
	hours_pass(2);
	expect_nothing_of_the_room(&apps[PLAZA]);
	two_end();
}

/* The room of two devices alone. */
TEST(a_room_that_is_over_goes_with_who_was_taken_out_of_it)
{
	struct change c = { .n = 0 };
	the_people();
	guest_init(&r1, &rosa, NULL);
	guest_init(&i2, &rosa, &r1);
	expect_ok(guest_create(&r1, false));
	change_add(&c, &i2);
	guest_commit(&r1, &c);
	guest_join(&i2);
	guest_say(&r1, "unread");
	c.n = 0;
	change_remove(&c, &r1, &i2);
	guest_commit(&r1, &c);
	guest_leave(&r1);
	client_close(rosa.c);
	hours_pass(3);
	expect_nothing_of_the_room(&apps[DIAL]);
	two_end();
}

TEST(a_seat_of_version_2_has_not_left)
{
	struct seat_record r = { .version = 0, .start = 3, .ended = 9 }, read = { .left = true };
	struct view two = { NULL, 0 }, three = { NULL, 0 };
	arena_init(&apps_mem, 1 << 20, ARENA_PLAIN);
	expect_ok(wire_encode_to(&apps_mem, seat_record_element, &r, &two));
	expect_bytes(view_slice(two, 0, 2), VIEW_LIT("\0\2"));
	expect_ok(wire_decode(two, &apps_mem, seat_record_element, &read));
	expect(!read.left);
	r.left = true;
	expect_ok(wire_encode_to(&apps_mem, seat_record_element, &r, &three));
	expect_bytes(view_slice(three, 0, 2), VIEW_LIT("\0\3"));
	expect_ok(wire_decode(three, &apps_mem, seat_record_element, &read));
	expect(read.left && read.start == 3 && read.ended == 9);
	/* It is at the end, and has to be there. */
	expect_err(wire_decode(view_slice(three, 0, two.n), &apps_mem, seat_record_element, &read),
		   UC_E_MALFORMED);
	arena_done(&apps_mem);
}

/* --- many seats of one person --- */

static void seats_taken_out(const struct guest *of, unsigned n)
{
	struct store_batch b;
	struct store_key k;
	const struct seat_record r = { .start = 1, .ended = 2, .opened_month = 1 };
	store_batch_init(&b, the_room);
	for (unsigned i = 0; i < n; i++) {
		char client[512];
		int len = snprintf(client, sizeof client, "%.*s/x%u", (int)of->participant.n,
				   (const char *)of->participant.p, i);
		expect_ok(record_put(
			&b, key_2(&k, TABLE_SEAT, the_room, view_make(client, (size_t)len)),
			seat_record_element, &r));
	}
	expect_ok(store_commit(apps[PLAZA].rooms, &b));
	store_batch_done(&b);
}

/* What a commit by which these go writes of seats, with little memory. */
static size_t seats_written(struct member *left, size_t n, struct member *joined)
{
	struct provider *p = apps[PLAZA].provider;
	const struct membership m = { .left = { left, n }, .joined = { joined, joined ? 1 : 0 } };
	struct log_step s;
	struct room_live *r;
	struct arena little;
	arena_init(&little, 64 * 1024, ARENA_PLAIN);
	expect_ok(room_live_get(p, the_room, &r));
	log_step_begin(&s, p, r, &little);
	expect_ok(seats_change(&s, &m, (struct view){ NULL, 0 }, NULL));
	size_t written = s.batch.op_count;
	log_step_drop(&s);
	arena_done(&little);
	return written;
}

static struct member goes(const struct guest *g)
{
	return (struct member){ .client = g->client,
				.domain = apps[PLAZA].domain,
				.by_itself = true };
}

TEST(however_many_seats_of_theirs_ended_a_commit_lets_people_go)
{
	the_people();
	guest_init(&i1, &ida, NULL);
	guest_init(&i2, &ida, &i1);
	the_room_of((struct guest *[]){ &i1, &i2 }, 2);
	struct member both[] = { goes(&i1), goes(&i2) };
	seats_taken_out(&i1, 3);
	expect_eq(seats_written(both, 1, NULL), 1);
	/* Each is looked at once. */
	expect_eq(seats_written(both, 2, NULL), 2 + 3);
	/* Who comes back in by the same commit is still there. */
	struct member back = goes(&i1);
	char client[512];
	back.by_itself = false;
	int len = snprintf(client, sizeof client, "%.*s/back", (int)i1.participant.n,
			   (const char *)i1.participant.p);
	back.client = view_make(client, (size_t)len);
	expect_eq(seats_written(both, 2, &back), 2 + 1);
	seats_taken_out(&i1, 3000);
	expect_eq(seats_written(both, 2, NULL), 2 + 1024);
	two_end();
}
