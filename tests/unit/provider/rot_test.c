/* SPDX-License-Identifier: Apache-2.0 */
/* A record of one room that rots stops neither the clock's work on the others nor their messages. */
#include "mimi/attachment.h"
#include "provider/reports.h"
#include "tests/unit/provider/guests.h"

enum { SAID = 5 };

static struct app *const dial = &apps[DIAL];
/* The first of all rooms. */
static struct view first_room;

/* As a room that is there, with somebody's seat in it. */
static void first_room_make(void)
{
	struct store_batch b;
	struct store_key k;
	struct view record;
	expect_ok(store_get(dial->rooms, key_1(&k, TABLE_ROOM, the_room), &apps_mem, &record));
	store_batch_init(&b, first_room);
	store_put(&b, key_1(&k, TABLE_ROOM, first_room), record);
	store_put(&b, key_2(&k, TABLE_SEAT, first_room, VIEW_LIT("mimi://dial.example/d/somebody")),
		  record);
	expect_ok(store_commit(dial->rooms, &b));
	store_batch_done(&b);
	expect_ok(store_sync(dial->rooms));
}

/* Nor does it keep other rooms from getting the hub's other keys; only those before are still needed. */
TEST(rooms_behind_it_are_moved_to_other_keys)
{
	struct store_key k;
	struct change none = { .n = 0 };
	room_of_three();
	first_room = VIEW_LIT("mimi://dial.example/r/0");
	first_room_make();
	expect(record_rots(dial, key_1(&k, TABLE_ROOM, first_room)));
	expect_ok(provider_keys_rotate_rooms(&dial->keys, test_env()));
	provider_room_keys_changed(dial->provider);
	for (int i = 0; i < 4; i++)
		apps_wait(6000);
	read_all();
	expect_eq(r1.proposals, 2);
	guest_commit(&t1, &none);
	read_all();
	/* A round that begins when nobody makes rooms with those before any more. */
	apps_wait((int)ROOM_KEYS_LEAST_MS);
	for (int i = 0; i < 4; i++)
		apps_wait(6000);
	expect(dial->provider->room_work->keys.is_known);
	expect(dial->provider->room_work->keys.left > 0);
	expect(!provider_rooms_moved(dial->provider));
	store_memory_heal(dial->disks[1]);
	the_end();
}

TEST(the_sweep_goes_on_behind_it)
{
	struct store_log_bounds bounds = { 0 };
	struct store_key k;
	room_of_three();
	for (size_t i = 0; i < SAID; i++)
		guest_say(&r1, "a word");
	first_room = VIEW_LIT("mimi://dial.example/r/0");
	first_room_make();
	expect(record_rots(dial, key_1(&k, TABLE_ROOM, first_room)));
	for (int i = 0; i < 40 && bounds.first < 2; i++) {
		apps_wait(24 * 3600 * 1000);
		expect_ok(store_log_bounds(dial->rooms, key_1(&k, TABLE_LOG, the_room), &bounds));
	}
	expect(bounds.first >= 2); /* what is old has gone */
	expect_ok(provider_sync(dial->provider));
	store_memory_heal(dial->disks[1]);
	the_end();
}

/* Long over. */
static void curb_make(uint8_t first_byte)
{
	const struct curb_record r = { .first_day = 1 };
	uint8_t subject[ACCOUNT_ID] = { first_byte };
	struct store_batch b;
	struct store_key k;
	store_batch_init(&b, VIEW_OF(subject));
	expect_ok(record_put(&b, key_1(&k, TABLE_CURB, VIEW_OF(subject)), curb_record_element, &r));
	expect_ok(store_commit(dial->accounts, &b));
	store_batch_done(&b);
	expect_ok(store_sync(dial->accounts));
}

static bool curb_is_there(uint8_t first_byte)
{
	uint8_t subject[ACCOUNT_ID] = { first_byte };
	struct store_key k;
	bool there = false;
	expect_ok(store_has(dial->accounts, key_1(&k, TABLE_CURB, VIEW_OF(subject)), &there));
	return there;
}

static struct view file_key(struct store_key *k, uint8_t first_byte)
{
	uint8_t id[ATTACHMENT_ID] = { first_byte };
	return key_1(k, TABLE_ATTACHMENT, VIEW_OF(id));
}

static void file_make(uint8_t first_byte)
{
	struct attachment_put_request q = { .id = { first_byte },
					    .total = 1,
					    .bytes = VIEW_LIT("x") };
	expect_ok(client_ask(rosa.c, FRAME_ATTACHMENT_PUT, attachment_put_request_element, &q, NULL,
			     NULL));
}

static bool file_is_there(uint8_t first_byte)
{
	struct store_key k;
	bool there = false;
	expect_ok(store_has(dial->rooms, file_key(&k, first_byte), &there));
	return there;
}

TEST(files_before_and_behind_it_end)
{
	struct store_key k;
	room_of_three();
	file_make(0x08);
	file_make(0x10);
	file_make(0x80);
	file_make(0xff);
	expect_ok(store_sync(dial->rooms));
	expect(record_rots(dial, file_key(&k, 0x10)));
	test_now_ms += (uint64_t)32 * 24 * 3600 * 1000;
	for (int i = 0; i < 300; i++)
		apps_wait(1000);
	expect(!file_is_there(0x80));
	expect(!file_is_there(0xff));
	store_memory_heal(dial->disks[1]);
	expect(!file_is_there(0x08));
	expect(file_is_there(0x10));
	the_end();
}

/* In its own table, and in those that come behind. */
TEST(accounts_behind_it_are_swept)
{
	for (int of_account = 0; of_account < 2; of_account++) {
		uint8_t subject[ACCOUNT_ID] = { 0x10 };
		struct store_key k;
		room_of_three();
		curb_make(0x10);
		curb_make(0x80);
		curb_make(0xff);
		struct view key = of_account ? key_1(&k, TABLE_ACCOUNT, VIEW_OF(rosa.account_id))
					     : key_1(&k, TABLE_CURB, VIEW_OF(subject));
		expect(rots(dial->accounts, dial->disks[0], key));
		/* A step at each tick. */
		for (int i = 0; i < 600; i++)
			apps_wait((uint64_t)60 * 1000);
		expect(!curb_is_there(0x80));
		expect(!curb_is_there(0xff));
		store_memory_heal(dial->disks[0]);
		expect_eq(curb_is_there(0x10), !of_account);
		the_end();
	}
}

static struct view report_at(struct store_key *k, uint64_t number)
{
	return report_key(k, dial->domain, number);
}

/* Every one of so many, at these numbers. */
static void reports_make(const uint64_t *numbers, size_t n, struct view value)
{
	struct store_batch b;
	struct store_key k;
	store_batch_init(&b, dial->domain);
	for (size_t i = 0; i < n; i++)
		store_put(&b, report_at(&k, numbers[i]), value);
	expect_ok(store_commit(dial->rooms, &b));
	store_batch_done(&b);
	expect_ok(store_sync(dial->rooms));
}

/* Whichever it is, and however far those behind it are: one is said to be damaged, and all others come. */
TEST(a_walk_over_reports_comes_to_all_that_can_be_read)
{
	static const uint64_t numbers[] = { 1, 2, 3, 90, 91, 5000, (uint64_t)1 << 40 };
	enum { N = sizeof numbers / sizeof *numbers };
	struct store_key k;
	room_of_three();
	reports_make(numbers, N, VIEW_LIT("a report"));
	for (size_t bad = 0; bad <= N; bad++) {
		struct report_walk w;
		struct report_found one;
		size_t n = 0;
		if (bad < N)
			expect(record_rots(dial, report_at(&k, numbers[bad])));
		report_walk_begin(&w, dial->rooms, dial->domain);
		while (report_walk_next(&w, &one) && n < N) {
			expect_eq(one.is_damaged, n == bad);
			expect_eq(one.number, numbers[n]);
			n++;
		}
		expect_ok(report_walk_end(&w));
		expect_eq(n, N);
		store_memory_heal(dial->disks[1]);
	}
	the_end();
}

/* A block that goes on behind the last of them: it is said where it begins, and that is the end. */
TEST(a_walk_over_reports_whose_end_cannot_be_read)
{
	static const uint64_t numbers[] = { 1, 2, 3, 90, (uint64_t)1 << 40 };
	enum { N = sizeof numbers / sizeof *numbers };
	struct store_key k;
	room_of_three();
	reports_make(numbers, N, VIEW_LIT("a report"));
	file_make(0x10); /* in the table behind */
	for (size_t bad = 0; bad < N; bad++) {
		struct report_walk w;
		struct report_found one = { .number = 0 };
		size_t n = 0;
		expect(block_rots(dial, report_at(&k, numbers[bad]), N - bad));
		report_walk_begin(&w, dial->rooms, dial->domain);
		while (report_walk_next(&w, &one) && n <= bad) {
			expect_eq(one.is_damaged, n == bad);
			/* Nobody can say what its number is: it is the first that cannot be read. */
			expect_eq(one.number, n < bad ? numbers[n] : n ? numbers[n - 1] + 1 : 0);
			n++;
		}
		expect_ok(report_walk_end(&w));
		expect_eq(n, bad + 1);
		expect(w.is_over);
		store_memory_heal(dial->disks[1]);
	}
	the_end();
}

/* That has no time any more: it ends with the next one behind it. */
TEST(reports_behind_it_end)
{
	static const uint64_t first[] = { 1, 3 }, garbled[] = { 2, 4, 5 }, last[] = { 6 };
	const uint64_t day = (uint64_t)24 * 3600 * 1000;
	struct report_record r = { .received_ms = 0 };
	struct view old = { NULL, 0 }, young = { NULL, 0 };
	room_of_three();
	r.received_ms = test_now_ms;
	expect_ok(wire_encode_to(&apps_mem, report_record_element, &r, &old));
	r.received_ms = test_now_ms + day;
	expect_ok(wire_encode_to(&apps_mem, report_record_element, &r, &young));
	reports_make(first, 2, old);
	reports_make(garbled, 3, VIEW_LIT("no report"));
	reports_make(last, 1, young);
	test_now_ms += REPORT_KEEP_DAYS * day - 7200 * 1000;
	apps_wait(3600 * 1000);
	expect_eq(table_count(dial, TABLE_REPORT), 6);
	apps_wait(2 * 3600 * 1000);
	expect_eq(table_count(dial, TABLE_REPORT), 3);
	test_now_ms += day;
	apps_wait(3600 * 1000);
	expect_eq(table_count(dial, TABLE_REPORT), 0);
	the_end();
}

/* However many came within an hour, they go within one. */
TEST(many_reports_end_in_their_hour)
{
	enum { N = 300 };
	static uint64_t numbers[N];
	struct report_record r = { .received_ms = 0 };
	struct view old = { NULL, 0 };
	room_of_three();
	r.received_ms = test_now_ms;
	expect_ok(wire_encode_to(&apps_mem, report_record_element, &r, &old));
	for (size_t i = 0; i < N; i++)
		numbers[i] = i + 1;
	reports_make(numbers, N, old);
	test_now_ms += (uint64_t)REPORT_KEEP_DAYS * 24 * 3600 * 1000;
	apps_wait(3600 * 1000);
	for (int i = 0; i < 60; i++)
		apps_wait(1000);
	expect_eq(table_count(dial, TABLE_REPORT), 0);
	the_end();
}

/* Long ones not all in one turn, which others wait for. */
TEST(long_reports_end_in_more_than_one_turn)
{
	enum { N = 20 };
	static uint64_t numbers[N];
	struct report_record r = { .received_ms = 0 };
	struct view old = { NULL, 0 };
	room_of_three();
	r.received_ms = test_now_ms;
	r.report = view_make(arena_take(&apps_mem, 1 << 20), 1 << 20);
	expect_ok(wire_encode_to(&apps_mem, report_record_element, &r, &old));
	for (size_t i = 0; i < N; i++)
		numbers[i] = i + 1;
	reports_make(numbers, N, old);
	test_now_ms += (uint64_t)REPORT_KEEP_DAYS * 24 * 3600 * 1000;
	provider_tick(dial->provider, test_now_ms);
	expect_eq(table_count(dial, TABLE_REPORT), N - 8);
	for (int i = 0; i < 2; i++) {
		test_now_ms += 1000;
		provider_tick(dial->provider, test_now_ms);
	}
	expect_eq(table_count(dial, TABLE_REPORT), 0);
	the_end();
}

/* How long one was that cannot be read any more nobody knows when it goes: its place is free all the same, and
 * its number is not given to another. */
TEST(the_place_of_a_damaged_report_is_free_again)
{
	static const uint64_t numbers[] = { 1, 2 };
	struct report_record r = { .from = VIEW_LIT("lens.example") };
	struct view old = { NULL, 0 };
	struct store_key k;
	room_of_three();
	const struct provider_reports *is = &dial->provider->reports;
	r.received_ms = test_now_ms;
	expect_ok(wire_encode_to(&apps_mem, report_record_element, &r, &old));
	reports_make(numbers, 2, old);
	report_place_forget(dial->provider);
	expect_ok(report_place_know(dial->provider));
	expect_eq(is->bytes_others, 2 * old.n);
	expect(record_rots(dial, report_at(&k, 1)));
	test_now_ms += (uint64_t)REPORT_KEEP_DAYS * 24 * 3600 * 1000;
	provider_tick(dial->provider, test_now_ms);
	expect_eq(table_count(dial, TABLE_REPORT), 0);
	expect_ok(report_place_know(dial->provider));
	expect_eq(is->bytes, 0);
	expect_eq(is->bytes_others, 0);
	expect_eq(is->shares.n, 0);
	expect_eq(is->next, 3);
	store_memory_heal(dial->disks[1]);
	the_end();
}

TEST(a_table_is_passed_over_in_steps)
{
	struct buf from;
	buf_init(&from, STORE_KEY_MAX);
	expect(!table_pass_over(&from));
	buf_add_byte(&from, TABLE_NAME);
	for (unsigned i = 1; i < 256; i++) {
		const uint8_t next[] = { TABLE_NAME, 1, (uint8_t)i };
		expect(table_pass_over(&from));
		expect_bytes(buf_view(&from), VIEW_OF(next));
	}
	expect(!table_pass_over(&from));
	buf_done(&from);
}

/* How far the log can be read. */
static uint64_t log_readable(uint64_t from)
{
	struct store_log_scan scan;
	struct store_key k;
	struct view bytes;
	uint64_t seq, last = from;
	expect_ok(store_log_scan_init(&scan, dial->rooms, key_1(&k, TABLE_LOG, the_room), from + 1,
				      SAID, 0));
	while (store_log_scan_next(&scan, &seq, &bytes))
		last = seq;
	store_log_scan_done(&scan);
	return last;
}

static bool entry_rots(uint64_t from, uint64_t seq)
{
	for (size_t i = 0; store_memory_rot(dial->disks[1], i); i++) {
		if (log_readable(from) + 1 == seq)
			return true;
		store_memory_heal(dial->disks[1]);
	}
	return false;
}

/* A device cannot know that there is more for it: what could not be read comes by itself, later. */
TEST(what_a_seat_has_to_come_is_read_again)
{
	room_of_three();
	client_close(rosa.c);
	uint64_t had = r1.seq;
	for (size_t i = 0; i < SAID; i++)
		guest_say(&t1, "a word");
	expect(entry_rots(had, had + 3));
	guest_return(&r1);
	expect_eq(r1.seq, had + 2);
	apps_wait(11 * 1000);
	guest_read(&r1);
	expect_eq(r1.seq, had + 2);
	store_memory_heal(dial->disks[1]);
	apps_wait(11 * 1000);
	guest_read(&r1);
	expect_eq(r1.seq, had + SAID);
	the_end();
}

/* Whose seat cannot be read is told where the damage is, in words that are not those of one's own. */
TEST(people_are_told_where_the_damage_is)
{
	struct store_key k;
	room_of_three();
	app_kill(dial, true);
	app_start(dial);
	expect_ok(person_sign_in(&rosa));
	expect(record_rots(dial, key_2(&k, TABLE_SEAT, the_room, r1.client)));
	expect_err(guest_open(&r1), UC_E_CORRUPT);
	struct view text = rosa.c->answer.text;
	expect(memmem(text.p, text.n, "the app has stored", 18) != NULL);
	store_memory_heal(dial->disks[1]);
	expect_ok(guest_open(&r1));
	the_end();
}
