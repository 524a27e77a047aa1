/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of what was said under keys of before: what verifies still, and what nobody can tell any more, which
 * is not forged. */
#include "tests/unit/provider/reported.h"

static struct app *const hub = &apps[DIAL], *const lens = &apps[LENS];

/* Franks of before a rotation of the hub's keys verify; of before two, no more. */
TEST(after_a_rotation)
{
	struct report_response r;
	everybody();
	struct abusive_message m = said(&r1, "one");
	expect_ok(provider_keys_rotate(&hub->keys, test_env()));
	expect_ok(report(&tom, REPORT_TO_APP, report_of(&r1, &m, 1), &r));
	expect_eq(r.verdict, REPORT_CONFIRMED);
	test_now_ms += 1000;
	struct abusive_message later = said(&r1, "two");
	expect_ok(report(&rob, REPORT_TO_APP, report_of(&r1, &later, 1), &r));
	expect_ok(provider_keys_rotate(&hub->keys, test_env()));
	expect_err(report(&rob, REPORT_TO_APP, report_of(&r1, &m, 1), &r), UC_E_STALE);
	expect_err(report(&tom, REPORT_TO_APP, report_of(&r1, &m, 1), &r), UC_E_STALE);
	expect_ok(report(&rob, REPORT_TO_APP, report_of(&r1, &later, 1), &r));
	expect_ok(provider_keys_rotate_rooms(&hub->keys, test_env()));
	expect_ok(report(&rob, REPORT_TO_APP, report_of(&r1, &later, 1), &r));
	the_end();
}

/* The key of before a rotation is kept for longer than franks verify: what was said after the rotation, and is
 * older than they do, is late like any other. */
TEST(long_after_a_rotation)
{
	struct report_response r;
	everybody();
	expect_ok(provider_keys_rotate(&hub->keys, test_env()));
	test_now_ms += DAY_MS;
	struct abusive_message m = said(&r1, "one");
	test_now_ms += (uint64_t)FRANK_DAYS * DAY_MS;
	expect_ok(provider_keys_franks_end(&hub->keys, test_now_ms));
	expect_ok(report(&rob, REPORT_TO_APP, report_of(&r1, &m, 1), &r));
	test_now_ms += DAY_MS;
	expect_ok(provider_keys_franks_end(&hub->keys, test_now_ms));
	expect(hub->keys.before.is_there);
	expect_err(report(&rob, REPORT_TO_APP, report_of(&r1, &m, 1), &r), UC_E_STALE);
	the_end();
}

/* What was said on one day and on another verifies for FRANK_DAYS, and nobody proves it after that. */
TEST(franks_have_a_key_for_each_day)
{
	struct report_response r;
	everybody();
	struct abusive_message first = said(&r1, "one");
	test_now_ms += 2 * (uint64_t)DAY_MS;
	struct abusive_message second = said(&r1, "two");
	struct abusive_message both[] = { first, second };
	expect_ok(report(&rob, REPORT_TO_APP, report_of(&r1, both, 2), &r));
	expect_eq(r.verdict, REPORT_VERIFIED);
	/* Said at another time, it is another frank. */
	first.accepted_timestamp = second.accepted_timestamp;
	expect_err(report(&rob, REPORT_TO_APP, report_of(&r1, &first, 1), &r), UC_E_FRANK);
	first = both[0];
	test_now_ms += (uint64_t)(FRANK_DAYS - 2) * DAY_MS;
	expect_ok(provider_keys_franks_end(&hub->keys, test_now_ms));
	expect_ok(report(&rob, REPORT_TO_APP, report_of(&r1, &first, 1), &r));
	test_now_ms += DAY_MS;
	expect(provider_keys_franks_due(&hub->keys, test_now_ms));
	expect_ok(provider_keys_franks_end(&hub->keys, test_now_ms));
	expect_err(report(&rob, REPORT_TO_APP, report_of(&r1, &first, 1), &r), UC_E_STALE);
	expect_ok(report(&rob, REPORT_TO_APP, report_of(&r1, &second, 1), &r));
	struct abusive_message third = said(&r1, "three");
	expect_ok(report(&tom, REPORT_TO_APP, report_of(&r1, &third, 1), &r));
	expect_eq(r.verdict, REPORT_CONFIRMED);
	the_end();
}

/* A word of so many days ago, whose key is gone; and one of now. */
static void long_ago(struct abusive_message *old, struct abusive_message *young)
{
	everybody();
	*old = said(&r1, "long ago");
	test_now_ms += (uint64_t)(FRANK_DAYS + 1) * DAY_MS;
	expect_ok(provider_keys_franks_end(&hub->keys, test_now_ms));
	*young = said(&r1, "today");
}

/* Who reports what was true is not told that it is forged, nor counted so; by the hub, and through another app. */
TEST(what_nobody_can_tell_any_more_is_not_forged)
{
	struct report_response r;
	struct abusive_message old, young;
	long_ago(&old, &young);
	struct abusive_message both[] = { old, young };
	count_at(hub);
	expect_err(report(&rob, REPORT_TO_APP, report_of(&r1, &old, 1), &r), UC_E_STALE);
	expect_err(report(&rob, REPORT_TO_APP, report_of(&r1, both, 2), &r), UC_E_STALE);
	expect_eq(late(), 2);
	expect_err(report(&tom, REPORT_TO_HUB, report_of(&r1, &old, 1), &r), UC_E_STALE);
	expect_eq(late(), 3);
	expect_eq(forged(), 0);
	count_at(lens);
	expect_err(report(&tom, REPORT_TO_APP, report_of(&r1, &old, 1), &r), UC_E_STALE);
	expect_err(report(&tom, REPORT_TO_APP | REPORT_TO_HUB, report_of(&r1, both, 2), &r),
		   UC_E_STALE);
	expect_eq(late(), 2);
	expect_eq(forged(), 0);
	/* Of the one that is of now it is known. */
	both[1].frank.server_frank[0] ^= 1;
	expect_err(report(&tom, REPORT_TO_APP, report_of(&r1, both, 2), &r), UC_E_FRANK);
	expect_eq(forged(), 1);
	expect_eq(count(hub) + count(lens), 0);
	expect_ok(report(&tom, REPORT_TO_APP, report_of(&r1, &young, 1), &r));
	expect_eq(r.verdict, REPORT_CONFIRMED);
	the_end();
}

/* To say that it is old gets nobody further: refused, counted, and so many are taken of one account. */
TEST(forged_ones_that_are_said_to_be_old)
{
	enum { TRIED = 40 };
	struct report_response r;
	struct abusive_message old, young;
	long_ago(&old, &young);
	count_at(hub);
	size_t stale = 0, limited = 0;
	for (int i = 0; i < TRIED; i++) {
		struct abusive_message f = young;
		f.accepted_timestamp = old.accepted_timestamp - (uint64_t)i;
		uc_err err = report(&rob, REPORT_TO_APP, report_of(&r1, &f, 1), &r);
		stale += err == UC_E_STALE;
		limited += err == UC_E_RATE;
	}
	expect_eq(stale, 20);
	expect_eq(limited, TRIED - 20);
	expect_eq(late(), 20);
	expect_eq(forged(), 0);
	expect_eq(count(hub), 0);
	the_end();
}

/* Said before another franking key, also one that was retired, it is still reported, and passed to the app of the
 * accused, which believes the key that the room names now. */
TEST(after_another_franking_key)
{
	struct report_response r;
	struct change none = { .n = 0 };
	everybody();
	r1.reads_content = r2.reads_content = i1.reads_content = true;
	struct abusive_message m = said(&t1, "abuse");
	struct view bytes = report_of(&t1, &m, 1);
	expect_ok(provider_keys_rotate_rooms(&hub->keys, test_env()));
	provider_room_keys_changed(hub->provider);
	expect_ok(provider_keys_rotated(hub->provider));
	for (int i = 0; i < 3; i++)
		apps_wait(6000);
	read_all();
	guest_commit(&t1, &none);
	read_all();
	test_now_ms += ROOM_KEYS_LEAST_MS;
	expect_ok(provider_keys_retire_rooms(&hub->keys, test_now_ms));
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	expect_eq(r.verdict, REPORT_VERIFIED);
	/* As it was said, it is not signed with what the accused's app believes: nobody has forged it. */
	count_at(lens);
	expect_eq(peer_ask(lens, hub, "reportAbuse", the_room, bytes, NULL), 410);
	expect_eq(forged(), 0);
	expect_eq(late(), 1);
	expect_ok(provider_report_pass(hub->provider, 1));
	apps_settle();
	expect_eq(kept(hub, 1).passed, REPORT_PASSED);
	expect_bytes(kept(hub, 1).report, bytes);
	expect_eq(count(lens), 1);
	expect_eq(kept(lens, 1).verdict, REPORT_CONFIRMED);
	expect_ok(uphold(lens, 1, &tom));
	the_end();
}
