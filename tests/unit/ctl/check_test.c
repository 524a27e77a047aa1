/* SPDX-License-Identifier: Apache-2.0 */
/* undercroftctl check: stores that are right, and each way in which they can be wrong. */
#include "crypto/crypto.h"
#include "provider/provider.h"
#include "provider/schema.h"
#include "store/inspect.h"
#include "store/store_rocksdb.h"
#include "tests/unit/ctl/desk.h"
#include "tests/unit/harness.h"

/* Runs `ctl_check` over both stores, silently; each case fills one first. */
static int check_with(enum ctl_kind kind, void (*fill)(struct store *s))
{
	desk_begin();
	for (int k = 0; k < CTL_KINDS; k++) {
		struct store *s = desk_open((enum ctl_kind)k);
		if (k == (int)kind && fill)
			fill(s);
		desk_close(s);
	}
	int status = desk_run(ctl_check);
	desk_end();
	return status;
}

static struct view room(void)
{
	return VIEW_LIT("mimi://dial.example/r/x");
}

static void chain_next(uint8_t chain[CHAIN_HASH], uint8_t seq, struct view fanout)
{
	uint8_t number[8] = { 0 }, hash[SHA256_BYTES];
	number[7] = seq;
	expect_ok(sha256(fanout, hash));
	struct view parts[] = { VIEW_LIT("Undercroft log 1"), view_make(chain, CHAIN_HASH),
				VIEW_OF(number), VIEW_OF(hash) };
	expect_ok(sha256_parts(parts, 4, chain));
}

/* A log of three entries, its room's record, and what else the case wants. */
static struct {
	bool no_room, wrong_chain, wrong_end;
} want;

static void fill_log(struct store *s)
{
	uint8_t chain[CHAIN_HASH] = { 0 };
	struct store_key k;
	struct store_batch b;
	store_batch_init(&b, (struct view){ 0 });
	for (uint8_t seq = 1; seq <= 3; seq++) {
		struct log_entry e = { .version = 1, .seq = seq, .fanout = VIEW_LIT("fanout") };
		struct buf bytes;
		chain_next(chain, seq, e.fanout);
		memcpy(e.chain, chain, sizeof chain);
		e.chain[0] ^= want.wrong_chain && seq == 2;
		buf_init(&bytes, 1000);
		expect_ok(wire_encode(&bytes, log_entry_element, &e));
		store_log_append(&b, key_1(&k, TABLE_LOG, room()), seq, buf_view(&bytes));
		buf_done(&bytes);
	}
	struct room_record r = { .part = ROOM_HUB,
				 .hub = VIEW_LIT("dial.example"),
				 .next = want.wrong_end ? 5 : 4 };
	memcpy(r.chain, chain, sizeof chain);
	if (!want.no_room)
		expect_ok(record_put(&b, key_1(&k, TABLE_ROOM, room()), room_record_element, &r));
	expect_ok(store_commit(s, &b));
	store_batch_done(&b);
}

TEST(empty_stores_are_good)
{
	expect_eq(check_with(CTL_ROOMS, NULL), CTL_OK);
}

TEST(missing_stores)
{
	desk_begin();
	expect_eq(desk_run(ctl_check), CTL_FAILED);
	desk_end();
}

static void unknown_table(struct store *s)
{
	desk_put(s,
		 VIEW_LIT("\x7f"
			  "key"),
		 VIEW_LIT("value"));
}

static void table_of_the_other(struct store *s)
{
	struct store_key k;
	desk_put(s, key_1(&k, TABLE_CLIENT, VIEW_LIT("mimi://x")), VIEW_LIT("\0\1\3abc"));
}

static void not_decodable(struct store *s)
{
	struct store_key k;
	desk_put(s, key_1(&k, TABLE_NAME, VIEW_LIT("n")), VIEW_LIT("\0\1short"));
}

static void trailing(struct store *s)
{
	struct store_key k;
	desk_put(s, key_1(&k, TABLE_NAME, VIEW_LIT("n")),
		 VIEW_LIT("\0\1"
			  "0123456789abcdef"
			  "x"));
}

static void later_version(struct store *s)
{
	struct store_key k;
	desk_put(s, key_1(&k, TABLE_NAME, VIEW_LIT("n")),
		 VIEW_LIT("\0\2"
			  "0123456789abcdef"));
}

static void right(struct store *s)
{
	struct store_key k;
	desk_put(s, key_1(&k, TABLE_NAME, VIEW_LIT("n")),
		 VIEW_LIT("\0\1"
			  "0123456789abcdef"));
}

static void without_owner(struct store *s)
{
	struct grant_record g = { .until_day = 3 };
	struct store_key k;
	struct store_batch b;
	store_batch_init(&b, (struct view){ 0 });
	expect_ok(record_put(&b, key_2(&k, TABLE_GRANT, VIEW_LIT("account"), VIEW_LIT("g")),
			     grant_record_element, &g));
	expect_ok(store_commit(s, &b));
	store_batch_done(&b);
}

static void account_without_list(struct store *s)
{
	struct account_record a = { .generation = 0 };
	struct store_key k;
	struct store_batch b;
	store_batch_init(&b, (struct view){ 0 });
	expect_ok(record_put(&b, key_1(&k, TABLE_ACCOUNT, VIEW_LIT("0123456789abcdef")),
			     account_record_element, &a));
	expect_ok(store_commit(s, &b));
	store_batch_done(&b);
}

static void not_a_group(struct store *s)
{
	struct store_key k;
	desk_put(s, key_1(&k, TABLE_GROUP, room()), VIEW_LIT("no group"));
}

TEST(wrong_records)
{
	expect_eq(check_with(CTL_ACCOUNTS, right), CTL_OK);
	expect_eq(check_with(CTL_ACCOUNTS, unknown_table), CTL_FAILED);
	expect_eq(check_with(CTL_ACCOUNTS, table_of_the_other), CTL_FAILED);
	expect_eq(check_with(CTL_ACCOUNTS, not_decodable), CTL_FAILED);
	expect_eq(check_with(CTL_ACCOUNTS, trailing), CTL_FAILED);
	expect_eq(check_with(CTL_ACCOUNTS, later_version), CTL_FAILED);
	expect_eq(check_with(CTL_ACCOUNTS, without_owner), CTL_FAILED);
	expect_eq(check_with(CTL_ACCOUNTS, account_without_list), CTL_FAILED);
	expect_eq(check_with(CTL_ROOMS, not_a_group), CTL_FAILED);
}

static void expect_said(const char *what, unsigned times)
{
	desk_begin();
	for (int k = 0; k < CTL_KINDS; k++) {
		struct store *s = desk_open((enum ctl_kind)k);
		if (k == CTL_ROOMS)
			fill_log(s);
		desk_close(s);
	}
	expect_eq(desk_run(ctl_check), CTL_FAILED);
	expect_eq(desk_lines_with(what), times);
	desk_end();
}

TEST(wrong_logs)
{
	memset(&want, 0, sizeof want);
	expect_said("chain does not continue", 0);
	expect_said("does not continue its log", 0);
	expect_said("what it belongs to is not there", 1); /* the room's group */
	want.wrong_chain = true;
	expect_said("chain does not continue", 2); /* into the wrong one, and out of it */
	want.wrong_chain = false;
	want.wrong_end = true;
	expect_said("does not continue its log", 1);
	want.wrong_end = false;
	want.no_room = true;
	expect_said("what it belongs to is not there", 2); /* the log's head and its entries */
}

/* --- what earlier versions have left (tests/fixtures/README.md) --- */

enum { DUMP_BYTES = 1 << 20 };

static void load_dump(int version, enum ctl_kind kind)
{
	static uint8_t bytes[DUMP_BYTES];
	char path[4200];
	snprintf(path, sizeof path, "%s/provider_%d/dial.%s.dump", FIXTURES, version,
		 ctl_kind_names[kind]);
	FILE *f = fopen(path, "rbe");
	expect(f != NULL);
	size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
	if (f)
		fclose(f);
	ctl_store_path(&desk, 0, kind, path, sizeof path);
	struct store_options o = { .driver = &store_rocksdb_driver, .path = path };
	expect_ok(store_load(&o, view_make(bytes, n)));
}

/* Runs `ctl_check` over the dumps, one of them changed. */
static int check_dumps(int version, enum ctl_kind kind, void (*change)(struct store *s))
{
	desk_begin();
	for (int k = 0; k < CTL_KINDS; k++)
		load_dump(version, (enum ctl_kind)k);
	if (change) {
		struct store *s = desk_open(kind);
		change(s);
		desk_close(s);
	}
	return desk_run(ctl_check);
}

TEST(stores_of_earlier_versions_are_good)
{
	for (int version = 1; version <= 4; version++) {
		expect_eq(check_dumps(version, CTL_ACCOUNTS, NULL), CTL_OK);
		desk_end();
		expect_eq(check_dumps(version, CTL_ACCOUNTS, later_version), CTL_FAILED);
		desk_end();
	}
}

/* --- parts of public groups --- */

static struct {
	size_t which; /* of the records of table GROUP_PART, in order */
	bool is_there, is_base, gone;
} part;

static void damage_part(struct store *s)
{
	struct store_scan scan;
	struct store_key k, base;
	struct view key, value;
	struct buf at, was;
	buf_init(&at, STORE_KEY_MAX);
	buf_init(&was, DUMP_BYTES);
	store_key_start(&k, TABLE_GROUP_PART);
	expect_ok(store_scan_init(&scan, s, store_key_view(&k), (struct view){ NULL, 0 }, 0));
	for (size_t i = 0; i <= part.which; i++)
		part.is_there = store_scan_next(&scan, &key, &value);
	if (part.is_there) {
		struct store_key_reader r;
		buf_add_view(&at, key);
		buf_add_view(&was, value);
		store_key_read(&r, key);
		struct view of = store_key_read_bytes(&r, NULL);
		part.is_base = view_equal(key, key_2n(&base, TABLE_GROUP_PART, of, 1, 0));
	}
	store_scan_done(&scan);
	if (part.is_there && part.gone) {
		struct store_batch b;
		store_batch_init(&b, (struct view){ 0 });
		store_delete(&b, buf_view(&at));
		expect_ok(store_commit(s, &b));
		store_batch_done(&b);
	} else if (part.is_there) {
		was.p[was.n - 1] ^= 1;
		desk_put(s, buf_view(&at), buf_view(&was));
	}
	buf_done(&at);
	buf_done(&was);
}

static void damage_way_back(struct store *s)
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	struct buf at, was;
	buf_init(&at, STORE_KEY_MAX);
	buf_init(&was, DUMP_BYTES);
	store_key_start(&k, TABLE_TREE_BACK);
	expect_ok(store_scan_init(&scan, s, store_key_view(&k), (struct view){ NULL, 0 }, 0));
	expect(store_scan_next(&scan, &key, &value));
	buf_add_view(&at, key);
	buf_add_view(&was, value);
	store_scan_done(&scan);
	was.p[was.n - 1] ^= 1;
	desk_put(s, buf_view(&at), buf_view(&was));
	buf_done(&at);
	buf_done(&was);
}

TEST(a_way_back_that_leads_elsewhere_is_told)
{
	expect_eq(check_dumps(2, CTL_ROOMS, damage_way_back), CTL_FAILED);
	expect_eq(desk_lines_with("the way back"), 1);
	desk_end();
}

/* Without its GroupInfo nobody joins a room from outside, and that is all. */
static bool may_be_gone(void)
{
	return part.gone && !desk_lines_with("GROUP_PART") &&
	       !desk_lines_with("what it belongs to");
}

TEST(a_part_of_a_group_that_is_damaged_or_gone_is_named)
{
	unsigned unnoticed = 0;
	for (part.which = 0, part.is_there = true; part.is_there; part.which++) {
		part.gone = part.which % 2;
		int status = check_dumps(2, CTL_ROOMS, damage_part);
		if (part.is_there && may_be_gone())
			unnoticed++;
		else if (part.is_there)
			expect_eq(status, CTL_FAILED);
		if (part.is_there && !part.gone)
			expect_eq(desk_lines_with("GROUP_PART"), part.is_base ? 1 : 2);
		desk_end();
	}
	expect(part.which > 15);
	expect(unnoticed <= 3);
}
