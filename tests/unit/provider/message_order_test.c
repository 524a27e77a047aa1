/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of one seat are logged in the order in which they were sent, also when one of them has to
 * wait and others were on their way. */
#include "tests/unit/provider/guests.h"

static int says(struct view message)
{
	struct submit_message_response r;
	uint64_t seq;
	uc_err err;
	int code = guest_submit(&r1, message, &r, &seq, &err);
	if (code < 0)
		expect_err(err, UC_E_RATE);
	return code;
}

/* Until one is refused; that one. */
static struct view says_too_much(void)
{
	for (int i = 0; i < 1000; i++) {
		struct view message = guest_message_make(&r1, "and another thing");
		if (says(message) < 0)
			return message;
	}
	expect(false);
	return (struct view){ NULL, 0 };
}

/* They are on their way when the first of them is refused. */
TEST(messages_keep_their_order_though_one_has_to_wait)
{
	room_of_three();
	struct view first = says_too_much(), second = guest_message_make(&r1, "second");
	test_now_ms += 1000; /* enough for both */
	expect_eq(says(second), -1);
	expect_eq(says(first), SUBMIT_ACCEPTED);
	expect_eq(says(second), SUBMIT_ACCEPTED);
	/* What is refused anew is waited for anew. */
	first = says_too_much();
	expect_eq(says(first), -1);
	second = guest_message_make(&r1, "second");
	test_now_ms += 1000;
	expect_eq(says(second), -1);
	expect_eq(says(first), SUBMIT_ACCEPTED);
	/* Not for ever: it may have been given up. */
	first = says_too_much();
	second = guest_message_make(&r1, "second");
	test_now_ms += 29 * 1000;
	expect_eq(says(second), -1);
	test_now_ms += 2 * 1000;
	expect_eq(says(second), SUBMIT_ACCEPTED);
	/* In another epoch it comes in another form. */
	(void)says_too_much();
	read_all();
	struct change none = { .n = 0 };
	test_now_ms += 1000;
	guest_commit(&r1, &none);
	read_all();
	expect_eq(says(guest_message_make(&r1, "first, again")), SUBMIT_ACCEPTED);
	the_end();
}

/* The first part of the group, and once more as it was. */
static void damage(struct app *a)
{
	struct view was = { NULL, 0 };
	struct store_batch b;
	struct store_key k;
	struct view key = key_2n(&k, TABLE_GROUP_PART, the_room, PUBLIC_PART_BASE, 0);
	expect_ok(store_get(a->rooms, key, &apps_mem, &was));
	uint8_t *bytes = (uint8_t *)(uintptr_t)was.p; /* of apps_mem, ours to change */
	if (was.n)
		bytes[was.n - 1] ^= 1;
	store_batch_init(&b, (struct view){ NULL, 0 });
	store_put(&b, key, was);
	expect_ok(store_commit(a->rooms, &b));
	store_batch_done(&b);
}

/* In which epoch it was refused the app cannot say then. */
TEST(messages_keep_their_order_where_the_group_cannot_be_read_for_a_while)
{
	struct app *dial = &apps[DIAL];
	struct submit_message_response r;
	uint64_t seq;
	uc_err err;
	room_of_three();
	app_kill(dial, true);
	app_start(dial);
	damage(dial);
	expect_ok(person_sign_in(&rosa));
	expect_ok(guest_open(&r1));
	struct view first = guest_message_make(&r1, "first"),
		    second = guest_message_make(&r1, "second");
	expect_eq(guest_submit(&r1, first, &r, &seq, &err), -1);
	expect_err(err, UC_E_CORRUPT);
	/* One that comes meanwhile does not take its place. */
	expect_eq(says(second), -1);
	damage(dial);
	expect_eq(says(second), -1);
	expect_eq(says(first), SUBMIT_ACCEPTED);
	expect_eq(says(second), SUBMIT_ACCEPTED);
	the_end();
}
