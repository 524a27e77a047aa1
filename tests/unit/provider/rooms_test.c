/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms of one app and of three: created, joined by Welcome, written in, changed, left, taken up
 * again; what others are told of it, and what is stored. */
#include "tests/unit/provider/guests.h"

TEST(two_people_of_one_app_write_to_each_other)
{
	the_people();
	guest_init(&r2, &rob, NULL);
	the_room_of((struct guest *[]){ &r2 }, 1);
	guest_say(&r1, "hello");
	guest_say(&r2, "you there");
	guest_read(&r1);
	guest_read(&r2);
	expect(!strcmp(r2.last, "hello"));
	expect(!strcmp(r1.last, "you there"));
	guests_agree((struct guest *[]){ &r1, &r2 }, 2);
	/* Nobody else was asked or told, and franks need no signature there. */
	expect_eq(apps[LENS].asked + apps[PLAZA].asked, 0);
	the_end();
}

TEST(three_apps_write_in_one_room)
{
	room_of_three();
	expect(r1.hub_is_own_app && !t1.hub_is_own_app);
	guest_say(&r1, "from the hub");
	guest_say(&t1, "from lens");
	guest_say(&i1, "from plaza");
	read_all();
	expect_eq(r1.messages, 2);
	expect_eq(t1.messages, 2);
	expect_eq(i1.messages, 2);
	expect(!strcmp(r1.last, "from plaza"));
	expect(!strcmp(i1.last, "from lens"));
	expect_eq(log_head_of(&apps[DIAL], the_room), 4);
	expect_eq(log_head_of(&apps[LENS], the_room), 4);
	expect_eq(log_head_of(&apps[PLAZA], the_room), 4);
	the_end();
}

TEST(a_seat_that_was_asked_for_is_told_of)
{
	the_people();
	guest_init(&r1, &rosa, NULL);
	guest_init(&t1, &tom, NULL);
	expect_ok(guest_create(&r1, true));
	struct seat_find_request q = { { &t1.client, 1 } };
	struct seat_find_response none = { .seats = { .n = 1 } };
	expect_ok(client_ask(tom.c, FRAME_SEAT_FIND, seat_find_request_element, &q,
			     seat_find_response_element, &none));
	expect_eq(none.seats.n, 0);
	struct change c = { .n = 0 };
	change_add(&c, &t1);
	guest_commit(&r1, &c);
	struct event *e = client_event(tom.c, FRAME_SEAT_READY);
	struct seat_ready_event ready = { .place = { .room = { NULL, 0 } } };
	expect(e != NULL);
	if (e)
		expect_ok(wire_decode(e->body, &apps_mem, seat_ready_event_element, &ready));
	expect_bytes(ready.place.room, the_room);
	guest_join(&t1);
	guest_say(&t1, "here");
	guest_read(&r1);
	expect_eq(r1.messages, 1);
	the_end();
}

TEST(one_who_was_away_reads_on_where_it_was)
{
	char text[16];
	room_of_three();
	client_close(tom.c);
	for (int i = 0; i < 150; i++) {
		snprintf(text, sizeof text, "%d", i);
		guest_say(i % 2 ? &r1 : &i1, text);
		guest_read(&r1);
		guest_read(&i1);
	}
	guest_return(&t1);
	expect_eq(t1.messages, 150);
	expect(!strcmp(t1.last, "149"));
	the_end();
}

TEST(a_slow_reader_is_sent_a_window_and_no_more)
{
	room_of_three();
	guest_read(&t1);
	t1.ack = false;
	for (int i = 0; i < ENTRY_WINDOW + 20; i++)
		guest_say(&r1, "more");
	expect_eq(client_events(tom.c, FRAME_ENTRY), ENTRY_WINDOW);
	t1.ack = true;
	guest_read(&t1);
	expect_eq(t1.messages, ENTRY_WINDOW + 20);
	/* Others were not held up. */
	guest_read(&i1);
	expect_eq(i1.messages, ENTRY_WINDOW + 20);
	the_end();
}

TEST(a_repeat_is_answered_as_before_and_changes_nothing)
{
	room_of_three();
	struct submit_message_response a, b;
	uint64_t seq, again;
	uc_err err;
	struct view message = guest_message_make(&t1, "once");
	expect_eq(guest_submit(&t1, message, &a, &seq, &err), SUBMIT_ACCEPTED);
	test_now_ms += 5000;
	expect_eq(guest_submit(&t1, message, &b, &again, &err), SUBMIT_ACCEPTED);
	expect_eq(again, seq);
	expect_eq(a.accepted_timestamp, b.accepted_timestamp);
	/* Also in a later epoch: it was accepted, and that stays so. */
	read_all();
	struct change c = { .n = 0 };
	guest_init(&r2, &rob, NULL);
	change_add(&c, &r2);
	guest_commit(&r1, &c);
	expect_eq(guest_submit(&t1, message, &b, &again, &err), SUBMIT_ACCEPTED);
	expect_eq(again, seq);
	read_all();
	expect_eq(r1.messages, 1);
	expect_eq(i1.messages, 1);
	the_end();
}

TEST(of_two_commits_of_one_epoch_one_is_taken)
{
	room_of_three();
	struct change c = { .n = 0 };
	uc_err err;
	struct view first = guest_commit_make(&r1, &c), second = guest_commit_make(&t1, &c);
	expect_eq(guest_update(&t1, second, &err), UPDATE_SUCCESS);
	expect_eq(guest_update(&r1, first, &err), UPDATE_WRONG_EPOCH);
	/* The repeat of the one that won is no second commit. */
	expect_eq(guest_update(&t1, second, &err), UPDATE_SUCCESS);
	group_pending_drop(r1.g);
	read_all();
	guests_agree((struct guest *[]){ &r1, &t1, &i1 }, 3);
	guest_commit(&r1, &c);
	read_all();
	guests_agree((struct guest *[]){ &r1, &t1, &i1 }, 3);
	the_end();
}

TEST(a_message_of_an_earlier_epoch_is_told_the_present_one)
{
	room_of_three();
	struct change c = { .n = 0 };
	struct submit_message_response r = { .current_epoch = 0 };
	uint64_t seq;
	uc_err err;
	struct view late = guest_message_make(&t1, "late");
	guest_commit(&r1, &c);
	expect_eq(guest_submit(&t1, late, &r, &seq, &err), SUBMIT_EPOCH_TOO_OLD);
	expect_eq(r.current_epoch, group_epoch(r1.g));
	the_end();
}

TEST(one_who_leaves_is_silent_at_once_and_gone_with_the_next_commit)
{
	room_of_three();
	struct submit_message_response r;
	uint64_t seq;
	uc_err err;
	struct view unsent = guest_message_make(&t1, "too late");
	guest_leave(&t1);
	expect_eq(guest_submit(&t1, unsent, &r, &seq, &err), SUBMIT_NOT_ALLOWED);
	read_all();
	struct change c = { .n = 0 };
	guest_commit(&i1, &c);
	read_all();
	expect(t1.is_ended);
	expect(group_is_removed(t1.g));
	expect_err(guest_open(&t1), UC_E_SEAT);
	guests_agree((struct guest *[]){ &r1, &i1 }, 2);
	/* Its app was told of that last commit, and of nothing after it. */
	uint64_t head = log_head_of(&apps[LENS], the_room);
	expect_eq(head, log_head_of(&apps[DIAL], the_room));
	guest_say(&r1, "among us");
	read_all();
	expect_eq(log_head_of(&apps[LENS], the_room), head);
	expect_eq(i1.messages, 1);
	the_end();
}

/* A commit made before the wish to leave was seen crosses it: the hub sees to it that the leaver
 * goes all the same. */
TEST(a_removal_that_a_commit_crossed_is_proposed_again)
{
	room_of_three();
	struct change c = { .n = 0 };
	uc_err err;
	struct view commit = guest_commit_make(&r1, &c);
	guest_leave(&t1);
	expect_eq(guest_update(&r1, commit, &err), UPDATE_SUCCESS);
	read_all();
	expect(!group_is_removed(t1.g));
	expect_eq(group_proposal_count(r1.g), 1);
	struct submit_message_response r;
	uint64_t seq;
	expect_eq(guest_submit(&t1, guest_message_make(&t1, "still"), &r, &seq, &err),
		  SUBMIT_NOT_ALLOWED);
	guest_commit(&i1, &c);
	read_all();
	expect(t1.is_ended && group_is_removed(t1.g));
	guests_agree((struct guest *[]){ &r1, &i1 }, 2);
	the_end();
}

TEST(one_who_is_removed_reads_so_and_nothing_more)
{
	room_of_three();
	struct change c = { .n = 0 };
	change_remove(&c, &r1, &i1);
	guest_commit(&r1, &c);
	guest_say(&r1, "without her");
	read_all();
	expect(i1.is_ended && group_is_removed(i1.g));
	expect_eq(i1.messages, 0);
	expect_eq(t1.messages, 1);
	expect_eq(table_count(&apps[PLAZA], TABLE_SEAT), 1);
	the_end();
}

TEST(an_app_that_comes_back_goes_on_where_it_was)
{
	room_of_three();
	struct change c = { .n = 0 };
	guest_say(&r1, "before");
	client_close(ida.c); /* reads nothing of it now */
	apps[PLAZA].is_down = true;
	change_remove(&c, &r1, &i1);
	guest_commit(&r1, &c);
	guest_say(&r1, "between");
	guest_read(&t1);
	struct guest again;
	guest_init(&again, &ida, NULL);
	struct change back = { .n = 0 };
	change_add(&back, &again);
	guest_commit(&r1, &back);
	guest_say(&r1, "after");
	apps[PLAZA].is_down = false;
	apps_wait(120000);
	/* The old seat still reads what it missed, the new one what came since. */
	guest_return(&i1);
	expect(i1.is_ended);
	expect_eq(i1.messages, 1);
	guest_join(&again);
	expect_eq(again.messages, 1);
	expect(!strcmp(again.last, "after"));
	group_free(again.g);
	the_end();
}

TEST(a_device_that_lost_its_state_comes_back_in_its_own_place)
{
	room_of_three();
	struct guest fresh, stranger;
	struct group_info_ratchet_tree_tbe info = { .pending_proposals = { .n = 0 } };
	uc_err err;
	guest_init(&fresh, &tom, &t1);
	guest_init(&stranger, &tom, NULL);
	/* Only who can prove to be a participant is told anything. */
	expect_eq(guest_group_info(&stranger, &info, &err), GROUP_INFO_NOT_AUTHORIZED);
	expect_eq(guest_group_info(&fresh, &info, &err), GROUP_INFO_SUCCESS);
	struct room_update_request q = guest_resync_make(&fresh, &t1, &info);
	expect_eq(guest_resync(&fresh, &q, &err), UPDATE_SUCCESS);
	read_all();
	expect(t1.is_ended);
	guests_agree((struct guest *[]){ &r1, &fresh, &i1 }, 3);
	guest_say(&fresh, "back");
	read_all();
	expect_eq(r1.messages, 1);
	guest_say(&r1, "good");
	guest_read(&fresh);
	expect_eq(fresh.messages, 1);
	group_free(fresh.g);
	the_end();
}

TEST(a_further_device_comes_to_stand_beside_the_first)
{
	room_of_three();
	struct guest fresh;
	struct group_info_ratchet_tree_tbe info = { .pending_proposals = { .n = 0 } };
	uc_err err;
	guest_init(&fresh, &tom, &t1);
	expect_eq(guest_group_info(&fresh, &info, &err), GROUP_INFO_SUCCESS);
	struct room_update_request q = guest_resync_make(&fresh, NULL, &info);
	expect_eq(guest_resync(&fresh, &q, &err), UPDATE_SUCCESS);
	read_all();
	expect(!t1.is_ended);
	guests_agree((struct guest *[]){ &r1, &t1, &fresh, &i1 }, 4);
	guest_say(&fresh, "both of us");
	read_all();
	expect_eq(r1.messages, 1);
	expect_eq(t1.messages, 1);
	guest_say(&t1, "indeed");
	guest_read(&fresh);
	expect_eq(fresh.messages, 1);
	group_free(fresh.g);
	the_end();
}

/* The same where the app itself is the hub; somebody's wish to leave is given along, and a resync
 * by one who is no owner. */
TEST(a_device_of_the_hubs_app_comes_back)
{
	room_of_three();
	struct guest fresh;
	struct group_info_ratchet_tree_tbe info = { .pending_proposals = { .n = 0 } };
	uc_err err;
	guest_init(&fresh, &rosa, &r1);
	expect_eq(guest_group_info(&fresh, &info, &err), GROUP_INFO_SUCCESS);
	expect_eq(info.pending_proposals.n, 0);
	struct room_update_request q = guest_resync_make(&fresh, &r1, &info);
	/* While it was made, somebody left: that is not lost. */
	guest_leave(&i1);
	expect_eq(guest_resync(&fresh, &q, &err), UPDATE_SUCCESS);
	/* The answer was lost: the same again is answered alike, and opens the seat. */
	struct room_update_response again = { .seq = 0 };
	expect_ok(person_sign_in(&rosa));
	q.signature = seat_signature(&fresh, &fresh.leaf_key);
	expect_ok(client_ask(rosa.c, FRAME_ROOM_UPDATE, room_update_request_element, &q,
			     room_update_response_element, &again));
	expect(again.seat && again.seq == fresh.opened.start);
	guest_read(&t1);
	guest_read(&i1);
	expect_eq(group_proposal_count(t1.g), 1);
	struct change c = { .n = 0 };
	guest_commit(&t1, &c);
	guest_read(&i1);
	guest_return(&fresh);
	expect(i1.is_ended);
	guests_agree((struct guest *[]){ &t1, &fresh }, 2);
	group_free(fresh.g);
	the_end();
}

/* Joiners are told which leaves are about to go. */
TEST(pending_proposals_are_given_with_the_group_info)
{
	room_of_three();
	struct guest fresh;
	struct group_info_ratchet_tree_tbe info = { .pending_proposals = { .n = 0 } };
	uc_err err;
	guest_leave(&i1);
	guest_init(&fresh, &tom, &t1);
	expect_eq(guest_group_info(&fresh, &info, &err), GROUP_INFO_SUCCESS);
	expect_eq(info.pending_proposals.n, 1);
	the_end();
}

TEST(a_second_device_of_a_participant_joins_and_leaves)
{
	room_of_three();
	struct guest second;
	struct change c = { .n = 0 };
	guest_init(&second, &tom, &t1);
	change_add(&c, &second);
	guest_commit(&t1, &c);
	guest_join(&second);
	read_all();
	guest_say(&second, "my other phone");
	read_all();
	guest_read(&second);
	expect_eq(t1.messages, 1);
	/* It alone falls silent when it is taken out; the participant stays. */
	struct change out = { .n = 0 };
	change_remove(&out, &t1, &second);
	guest_commit(&t1, &out);
	read_all();
	guest_read(&second);
	expect(second.is_ended);
	guest_say(&t1, "still here");
	read_all();
	expect_eq(r1.messages, 2);
	group_free(second.g);
	the_end();
}

TEST(a_room_that_everybody_leaves_ends)
{
	room_of_three();
	guest_leave(&t1);
	guest_leave(&i1);
	read_all();
	guest_leave(&r1);
	read_all();
	expect(r1.is_ended && t1.is_ended && i1.is_ended);
	/* When all have read so, nothing of it is left anywhere. */
	for (int i = 0; i < 60; i++)
		apps_wait(600000);
	for (int i = 0; i < APPS; i++) {
		expect_eq(stored_count(apps[i].rooms, the_room), 0);
		expect_eq(stored_records(apps[i].rooms), table_count(&apps[i], TABLE_PEER));
	}
	the_end();
}

TEST(openings_are_for_the_moderators_alone)
{
	room_of_three();
	guest_return(&t1);
	apps_wait(60000);
	struct app *lens = &apps[LENS];
	struct opening_record o;
	struct store_key k;
	struct view account = { NULL, 0 };
	const struct opening_context context = { the_room, t1.participant };
	const struct opening_context other = { the_room, r1.participant };
	struct view pub = VIEW_OF(lens->keys.moderators_pub);
	expect_ok(record_get(lens->rooms, key_2(&k, TABLE_OPENING, the_room, t1.participant),
			     opening_record_element, &apps_mem, &o));
	/* The same person opened it the second time: nothing more is to be said. */
	expect_bytes(o.latest, o.first);
	expect_ok(opening_read(secret_view(&lens->moderators), pub, &context, o.first, &apps_mem,
			       &account));
	expect_bytes(account, VIEW_OF(tom.account_id));
	expect_ok(opening_read(secret_view(&lens->moderators), pub, &context, o.latest, &apps_mem,
			       &account));
	expect_bytes(account, VIEW_OF(tom.account_id));
	expect_err(opening_read(secret_view(&lens->moderators), pub, &other, o.first, &apps_mem,
				&account),
		   UC_E_DECRYPT);
	/* Beside them, nothing leads from here to there. */
	expect_eq(stored_count(lens->rooms, VIEW_OF(tom.account_id)), 0);
	expect_eq(stored_count(lens->rooms, VIEW_OF(tom.phone.key.pub)), 0);
	expect_eq(stored_count(lens->accounts, t1.client), 0);
	expect_eq(stored_count(lens->accounts, the_room), 0);
	the_end();
}

TEST(logs_are_trimmed_when_all_have_read)
{
	room_of_three();
	for (int i = 0; i < 10; i++)
		guest_say(&r1, "read and gone");
	guest_read(&r1);
	guest_read(&t1);
	apps_wait(2 * 3600000);
	apps_wait(600000);
	/* Ida has not: her app keeps them, the hub does not, for her app has them. */
	expect_eq(log_bounds_of(&apps[DIAL], the_room).first, 12);
	expect_eq(log_bounds_of(&apps[LENS], the_room).first, 12);
	expect_eq(log_bounds_of(&apps[PLAZA], the_room).first, 2);
	guest_return(&i1);
	expect_eq(i1.messages, 10);
	apps_wait(600000);
	apps_wait(600000);
	expect_eq(log_bounds_of(&apps[PLAZA], the_room).first, 12);
	expect_eq(table_count(&apps[PLAZA], TABLE_WELCOME), 0);
	guest_say(&i1, "still one room");
	read_all();
	expect(!strcmp(r1.last, "still one room"));
	the_end();
}

TEST(what_nobody_fetches_waits_thirty_days)
{
	room_of_three();
	client_close(ida.c);
	guest_say(&r1, "for ida");
	read_all();
	for (int day = 0; day < 29; day++)
		apps_wait((uint64_t)24 * 3600000);
	expect_eq(log_bounds_of(&apps[PLAZA], the_room).first, 2);
	for (int day = 0; day < 3; day++)
		apps_wait((uint64_t)24 * 3600000);
	expect_eq(log_bounds_of(&apps[PLAZA], the_room).first, 3);
	/* She sees that something is gone. */
	expect_ok(person_sign_in(&ida));
	expect_ok(guest_open(&i1));
	expect(i1.opened.first > i1.seq + 1);
	the_end();
}

/* Ida is taken out and has not come since; her app has nobody else in the room. */
static void ida_is_removed_unread(void)
{
	struct change c = { .n = 0 };
	room_of_three();
	client_close(ida.c);
	guest_say(&r1, "for ida");
	change_remove(&c, &r1, &i1);
	guest_commit(&r1, &c);
	guest_say(&r1, "without ida");
	guest_read(&r1);
	guest_read(&t1);
}

TEST(a_seat_that_was_ended_waits_thirty_days)
{
	ida_is_removed_unread();
	for (int day = 0; day < 29; day++)
		apps_wait((uint64_t)24 * 3600000);
	expect_eq(log_bounds_of(&apps[PLAZA], the_room).first, 2);
	/* She still learns it. */
	guest_return(&i1);
	expect(i1.is_ended && i1.messages == 1);
	the_end();
}

TEST(what_a_seat_that_was_ended_has_not_read_goes_after_thirty_days)
{
	ida_is_removed_unread();
	expect(stored_count(apps[PLAZA].rooms, i1.client) != 0);
	for (int day = 0; day < 32; day++)
		apps_wait((uint64_t)24 * 3600000);
	/* With it the seat, and the room, which has nobody else there. */
	expect_eq(table_count(&apps[PLAZA], TABLE_SEAT), 0);
	expect_eq(table_count(&apps[PLAZA], TABLE_ROOM), 0);
	expect_eq(stored_count(apps[PLAZA].rooms, the_room), 0);
	the_end();
}

/* After one leap, too, as when the machine was off. */
TEST(what_a_seat_that_was_ended_has_not_read_goes_at_one_leap)
{
	ida_is_removed_unread();
	apps_wait((uint64_t)31 * 24 * 3600000);
	apps_wait(600000);
	expect_eq(table_count(&apps[PLAZA], TABLE_SEAT), 0);
	expect_eq(stored_count(apps[PLAZA].rooms, the_room), 0);
	the_end();
}

TEST(a_seat_that_nobody_opens_ends)
{
	room_of_three();
	client_close(ida.c);
	for (int day = 0; day < 95; day++) {
		apps_wait((uint64_t)24 * 3600000);
		guest_return(&r1);
		guest_return(&t1);
	}
	/* Her app asked, the hub proposed, somebody commits. */
	expect_eq(group_proposal_count(r1.g), 1);
	struct change c = { .n = 0 };
	guest_commit(&r1, &c);
	guest_read(&t1);
	guests_agree((struct guest *[]){ &r1, &t1 }, 2);
	struct room_state s;
	struct group_view now = group_now(r1.g);
	expect_ok(room_state_read(&now, &apps_mem, &s));
	expect_eq(room_role_of(&s, i1.participant), ROLE_NONE);
	the_end();
}

/* The hub's own, and one whose room its hub has forgotten. */
TEST(a_seat_of_the_hubs_app_ends_as_well)
{
	room_of_three();
	client_close(rosa.c);
	for (int day = 0; day < 95; day++) {
		apps_wait((uint64_t)24 * 3600000);
		guest_return(&i1);
		guest_return(&t1);
	}
	expect_eq(group_proposal_count(t1.g), 1);
	struct change c = { .n = 0 };
	guest_commit(&t1, &c);
	guest_read(&i1);
	guests_agree((struct guest *[]){ &i1, &t1 }, 2);
	/* Rosa, back after all, still reads that she is out, and what came before is gone. */
	expect_ok(person_sign_in(&rosa));
	expect_ok(guest_open(&r1));
	expect(r1.opened.first > 1);
	the_end();
}

TEST(an_app_that_was_away_for_a_month_is_out)
{
	room_of_three();
	expect(apps[PLAZA].provider->room_work->trees[0].room.n != 0);
	apps[PLAZA].is_down = true;
	client_close(ida.c);
	guest_say(&r1, "anybody");
	for (int day = 0; day < 33; day++) {
		apps_wait((uint64_t)24 * 3600000);
		guest_return(&r1);
		guest_return(&t1);
	}
	expect_eq(group_proposal_count(r1.g), 1);
	struct change c = { .n = 0 };
	guest_commit(&r1, &c);
	guest_read(&t1);
	guests_agree((struct guest *[]){ &r1, &t1 }, 2);
	expect_eq(table_count(&apps[DIAL], TABLE_FOLLOWER), 1);
	/* When it is there again, it learns by and by that nothing comes. */
	apps[PLAZA].is_down = false;
	for (int day = 0; day < 70; day++) {
		apps_wait((uint64_t)24 * 3600000);
		guest_return(&r1);
		guest_return(&t1);
	}
	expect_eq(table_count(&apps[PLAZA], TABLE_SEAT), 0);
	expect_eq(table_count(&apps[PLAZA], TABLE_ROOM), 0);
	/* Nor of its trees: another room may have its name, and its numbers. */
	for (size_t i = 0; i < TREES_KEPT; i++)
		expect(!apps[PLAZA].provider->room_work->trees[i].room.n);
	the_end();
}

/* As if so many had been added and not come. */
static void fill_with_unopened(struct app *a, size_t n)
{
	const struct seat_record r = { .start = 1, .opened_month = month_now(a->provider) };
	struct store_batch b;
	store_batch_init(&b, the_room);
	for (size_t i = 0; i < n; i++) {
		struct store_key k;
		char client[128];
		snprintf(client, sizeof client, "mimi://%.*s/p/nobody/c%zu", (int)a->domain.n,
			 (const char *)a->domain.p, i);
		expect_ok(record_put(&b, key_2(&k, TABLE_SEAT, the_room, view_str(client)),
				     seat_record_element, &r));
	}
	expect_ok(store_commit(a->rooms, &b));
	store_batch_done(&b);
}

TEST(unopened_seats_of_a_room_are_bounded)
{
	room_of_three();
	struct guest one, two;
	struct change c = { .n = 0 }, more = { .n = 0 };
	uc_err err;
	fill_with_unopened(&apps[DIAL], UNOPENED_MAX - 1);
	guest_init(&one, &rob, NULL);
	guest_init(&two, &rob, NULL);
	change_add(&c, &one);
	change_add(&c, &two);
	/* The hub refuses; one would still fit. */
	expect_eq(guest_update(&t1, guest_commit_make(&t1, &c), &err), UPDATE_NOT_ALLOWED);
	group_pending_drop(t1.g);
	change_add(&more, &one);
	guest_commit(&t1, &more);
	read_all();
	/* A follower takes the commit, and makes no seat. */
	fill_with_unopened(&apps[LENS], UNOPENED_MAX);
	struct change there = { .n = 0 };
	struct guest of_lens;
	guest_init(&of_lens, &tom, NULL);
	change_add(&there, &of_lens);
	guest_commit(&i1, &there);
	read_all();
	guests_agree((struct guest *[]){ &r1, &t1, &i1 }, 3);
	bool made;
	struct store_key k;
	expect_ok(store_has(apps[LENS].rooms, key_2(&k, TABLE_SEAT, the_room, of_lens.client),
			    &made));
	expect(!made);
	the_end();
}
