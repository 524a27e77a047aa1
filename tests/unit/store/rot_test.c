/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that rot on the disk: found by checksum, named, never served. */
#include "store/inspect.h"
#include "tests/unit/store/engines.h"

#include <dirent.h>

enum { ENTRIES = 50 };

static struct arena mem;
static size_t told;
static uint8_t told_table;

static void tell(void *ctx, uint8_t table)
{
	(void)ctx;
	told++;
	told_table = table;
}

static void count(void *ctx, const char *what, struct view key)
{
	(void)what;
	(void)key;
	++*(size_t *)ctx;
}

/* "entry 007 of the log ..." with ballast, as large as a message. */
static struct view text(uint64_t i)
{
	static char b[900];
	memset(b, '.', sizeof b);
	int n = snprintf(b, sizeof b, "entry %03d of the log", (int)i);
	b[n] = ' ';
	return VIEW_OF(b);
}

static void begin(struct place *p)
{
	place_init(p, ENGINE_ROCKSDB);
	p->options.corrupt = tell;
	p->options.check_shards = false;
	arena_done(&mem);
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	told = 0;
	told_table = 0;
}

static struct view key(uint8_t table, const char *name)
{
	static struct store_key k[4];
	static int turn;
	struct store_key *at = &k[turn++ % 4];
	store_key_start(at, table);
	store_key_add(at, view_str(name));
	return store_key_view(at);
}

/* So much that not all lies in one block of a file with the store's own record. */
static void fill_between(struct store *s)
{
	struct store_batch b;
	char name[16];
	store_batch_init(&b, (struct view){ 0 });
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof name, "%03d", i);
		store_put(&b, key(3, name), view_slice(text(1), 0, 100));
	}
	expect_ok(store_commit(s, &b));
	store_batch_done(&b);
	expect_ok(store_sync(s));
}

static void fill(struct store *s)
{
	for (uint64_t i = 1; i <= ENTRIES; i++) {
		struct store_batch b;
		store_batch_init(&b, (struct view){ 0 });
		store_log_append(&b, key(35, "log"), i, text(i));
		if (i == 10)
			store_put(&b, key(7, "small"),
				  VIEW_LIT("a small record, that stands alone"));
		if (i == 11)
			store_put(&b, key(8, "other"), VIEW_LIT("another"));
		expect_ok(store_commit(s, &b));
		store_batch_done(&b);
		expect_ok(store_sync(s));
	}
}

/* In the one file whose name ends so and that holds the bytes: turns a bit of them, or, cut, ends the
 * file in the middle of them. */
static bool damage(const struct place *p, const char *ending, struct view bytes, bool cut)
{
	static char all[4 << 20];
	DIR *d = opendir(p->dir);
	bool found = false;
	for (struct dirent *e; d && !found && (e = readdir(d));) {
		char path[512], command[600];
		size_t n = strlen(e->d_name), m = strlen(ending);
		if (n < m || strcmp(e->d_name + n - m, ending) != 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", p->dir, e->d_name);
		FILE *f = fopen(path, "r+b");
		size_t size = f ? fread(all, 1, sizeof all, f) : 0;
		char *at = memmem(all, size, bytes.p, bytes.n);
		found = at != NULL;
		if (found && !cut) {
			fseek(f, at - all + 3, SEEK_SET);
			fputc(at[3] ^ 4, f);
		}
		if (f)
			fclose(f);
		snprintf(command, sizeof command, "truncate -s %td %s", at - all + 5, path);
		if (found && cut)
			expect_eq(system(command), 0);
	}
	if (d)
		closedir(d);
	return found;
}

static uint64_t next_of(struct store *s)
{
	struct store_log_bounds b = { 0 };
	expect_ok(store_log_bounds(s, key(35, "log"), &b));
	return b.next;
}

/* The mark that says how far the write-ahead log was synced: kept, put back, taken away. */
static uint8_t mark_kept[64];

static void mark_path(const struct place *p, char out[512])
{
	snprintf(out, 512, "%s/synced", p->dir);
}

static void mark_keep(const struct place *p)
{
	char path[512];
	mark_path(p, path);
	FILE *f = fopen(path, "rb");
	expect(f && fread(mark_kept, 1, 40, f) == 40);
	if (f)
		fclose(f);
}

static void mark_back(const struct place *p)
{
	char path[512];
	mark_path(p, path);
	FILE *f = fopen(path, "wb");
	expect(f && fwrite(mark_kept, 1, 40, f) == 40);
	if (f)
		fclose(f);
}

static void fill_some(struct store *s, uint64_t from, uint64_t end)
{
	for (uint64_t i = from; i < end; i++) {
		struct store_batch b;
		store_batch_init(&b, (struct view){ 0 });
		store_log_append(&b, key(35, "log"), i, text(i));
		expect_ok(store_commit(s, &b));
		store_batch_done(&b);
		expect_ok(store_sync(s));
	}
}

/* Entries to 30 are known to be synced; one is damaged.  cut: the file ends there. */
static void fill_and_damage(struct place *p, uint64_t which, bool cut)
{
	begin(p);
	struct store *s = place_open(p);
	fill_some(s, 1, 31);
	mark_keep(p);
	fill_some(s, 31, 51);
	store_close(s);
	mark_back(p);
	expect(damage(p, ".log", view_slice(text(which), 0, 20), cut));
}

TEST(what_was_not_synced_may_be_torn)
{
	struct place p;
	for (uint64_t which = 31; which <= 50; which++) {
		fill_and_damage(&p, which, which % 2);
		struct store *s = place_open(&p);
		expect_eq(next_of(s), which);
		expect(!store_is_older(s));
		fill_some(s, which, 60);
		store_close(s);
		s = place_open(&p);
		expect_eq(next_of(s), 60);
		expect_ok(store_check(s, NULL, NULL, NULL));
		store_close(s);
		place_done(&p);
	}
}

TEST(what_was_synced_may_not)
{
	struct place p;
	for (uint64_t which = 1; which <= 30; which += which < 28 ? 9 : 1) {
		for (int cut = 0; cut < 2; cut++) {
			struct store *s = NULL;
			fill_and_damage(&p, which, cut);
			for (int i = 0; i < 2; i++)
				expect_err(store_open(&p.options, &s), UC_E_CORRUPT);
			expect_ok(store_mend(&p.options));
			s = place_open(&p);
			expect_eq(which > 1 ? next_of(s) : 1, which);
			expect(store_is_older(s));
			store_close(s);
			place_done(&p);
		}
	}
}

TEST(a_log_that_is_gone_is_noticed)
{
	struct place p;
	struct store *s = NULL;
	char command[600];
	begin(&p);
	s = place_open(&p);
	fill_some(s, 1, 31);
	store_close(s);
	snprintf(command, sizeof command, "rm %s/*.log", p.dir);
	expect_eq(system(command), 0);
	expect_err(store_open(&p.options, &s), UC_E_CORRUPT);
	expect_err(store_open(&p.options, &s), UC_E_CORRUPT);
	place_done(&p);
}

/* A store of before there were marks, or whose mark is rotten itself: RocksDB's own judgement, which
 * forgives a record that ends before its time. */
TEST(a_torn_tail_without_a_mark_is_forgiven)
{
	struct place p;
	begin(&p);
	struct store *s = place_open(&p);
	uint8_t was[STORE_INCARNATION_BYTES];
	memcpy(was, store_incarnation(s).p, sizeof was);
	fill(s);
	store_close(s);
	mark_keep(&p);
	mark_kept[20] ^= 1;
	mark_back(&p);
	expect(damage(&p, ".log", view_slice(text(ENTRIES), 0, 20), true));
	s = place_open(&p);
	expect_eq(next_of(s), ENTRIES);
	expect_bytes(store_incarnation(s), VIEW_OF(was));
	store_close(s);
	place_done(&p);
}

TEST(a_rotten_write_ahead_log_is_no_start)
{
	struct place p;
	begin(&p);
	struct store *s = place_open(&p);
	uint8_t was[STORE_INCARNATION_BYTES];
	memcpy(was, store_incarnation(s).p, sizeof was);
	fill(s);
	store_close(s);
	expect(damage(&p, ".log", view_slice(text(30), 0, 20), false));
	s = NULL;
	for (int i = 0; i < 2; i++)
		expect_err(store_open(&p.options, &s), UC_E_CORRUPT);
	expect_ok(store_mend(&p.options));
	s = place_open(&p);
	expect_eq(next_of(s), 30); /* up to the damage */
	expect(store_is_older(s));
	expect_ok(store_renew(s, p.options.env));
	expect(!view_equal(store_incarnation(s), VIEW_OF(was)));
	expect_ok(store_check(s, NULL, NULL, NULL));
	store_close(s);
	place_done(&p);
}

/* All of it in files: nothing in the write-ahead log any more. */
static struct store *settled(struct place *p)
{
	begin(p);
	struct store *s = place_open(p);
	fill(s);
	fill_between(s);
	expect_ok(store_maintain(s));
	return s;
}

TEST(a_rotten_record_is_named_and_not_served)
{
	struct place p;
	struct view got = { 0 };
	bool there;
	store_close(settled(&p));
	expect(damage(&p, ".sst", VIEW_LIT("a small record"), false));
	struct store *s = place_open(&p);
	expect_err(store_get(s, key(7, "small"), &mem, &got), UC_E_CORRUPT);
	expect_eq(got.n, 0);
	expect_eq(told, 1);
	expect_eq(told_table, 7);
	expect_err(store_has(s, key(7, "small"), &there), UC_E_CORRUPT);
	size_t problems = 0;
	expect_err(store_check(s, NULL, count, &problems), UC_E_CORRUPT);
	expect(problems > 0);
	store_close(s);
	place_done(&p);
}

TEST(a_rotten_entry_is_named_and_the_others_are_served)
{
	struct place p;
	struct store_log_scan it;
	struct view bytes;
	uint64_t seq, n = 0;
	store_close(settled(&p));
	expect(damage(&p, ".blob", view_slice(text(30), 0, 20), false));
	struct store *s = place_open(&p);
	expect_ok(store_log_scan_init(&it, s, key(35, "log"), 1, 0, 0));
	while (store_log_scan_next(&it, &seq, &bytes))
		expect_bytes(bytes, text(++n));
	expect_err(it.scan.failed, UC_E_CORRUPT);
	store_log_scan_done(&it);
	expect_eq(n, 29);
	expect_eq(told, 1);
	expect_eq(told_table, 35);
	expect_ok(store_log_scan_init(&it, s, key(35, "log"), 31, 0, 0));
	for (n = 30; store_log_scan_next(&it, &seq, &bytes);)
		expect_bytes(bytes, text(++n));
	expect_ok(it.scan.failed);
	store_log_scan_done(&it);
	expect_eq(n, ENTRIES);
	expect_ok(store_get(s, key(8, "other"), &mem, &bytes));
	size_t problems = 0;
	expect_err(store_check(s, NULL, count, &problems), UC_E_CORRUPT);
	expect_eq(problems, 1); /* that one, and all behind it was looked at */
	store_close(s);
	place_done(&p);
}

/* RocksDB would take no more writes after it. */
TEST(housekeeping_does_not_go_over_what_has_rotted)
{
	for (int of_blob = 0; of_blob < 2; of_blob++) {
		struct place p;
		struct store_batch b;
		store_close(settled(&p));
		expect(of_blob ? damage(&p, ".blob", view_slice(text(30), 0, 20), false)
			       : damage(&p, ".sst", VIEW_LIT("a small record"), false));
		struct store *s = place_open(&p);
		for (int i = 0; i < 2; i++)
			expect_err(store_maintain(s), UC_E_CORRUPT);
		expect_ok(store_refuses(s));
		store_batch_init(&b, (struct view){ 0 });
		store_log_append(&b, key(35, "log"), ENTRIES + 1, text(1));
		expect_ok(store_commit(s, &b));
		store_batch_done(&b);
		expect_ok(store_sync(s));
		expect_eq(next_of(s), ENTRIES + 2);
		store_close(s);
		place_done(&p);
	}
}

/* Wherever it rots: check ends, and says so. */
TEST(check_goes_on_behind_what_cannot_be_read)
{
	struct place p;
	place_init(&p, ENGINE_MEMORY);
	p.options.check_shards = false;
	struct store *s = place_open(&p);
	fill(s);
	for (size_t i = 0; i < store_memory_records(p.memory); i++) {
		size_t problems = 0;
		expect(store_memory_rot(p.memory, i));
		expect_err(store_check(s, NULL, count, &problems), UC_E_CORRUPT);
		expect(problems > 0 && problems < 4);
		store_memory_heal(p.memory);
	}
	expect_ok(store_check(s, NULL, NULL, NULL));
	store_close(s);
	place_done(&p);
}

/* A log whose head rots takes nothing more, and says so; all else goes on. */
TEST(a_rotten_head_stops_its_log_alone)
{
	struct place p;
	size_t refused = 0;
	place_init(&p, ENGINE_MEMORY);
	p.options.check_shards = false;
	struct store *s = place_open(&p);
	fill(s);
	store_close(s);
	for (size_t i = 0; i < store_memory_records(p.memory); i++) {
		struct store_batch b;
		s = place_open(&p);
		expect(store_memory_rot(p.memory, i));
		store_batch_init(&b, (struct view){ 0 });
		store_put(&b, key(9, "beside"), VIEW_LIT("x"));
		expect_ok(store_commit(s, &b));
		store_batch_done(&b);
		store_batch_init(&b, (struct view){ 0 });
		store_log_append(&b, key(35, "log"), ENTRIES + 1, text(1));
		store_put(&b, key(9, "with it"), VIEW_LIT("x"));
		uc_err err = store_commit(s, &b);
		store_batch_done(&b);
		bool there;
		expect_ok(store_has(s, key(9, "with it"), &there));
		if (err) {
			expect_err(err, UC_E_CORRUPT);
			expect(!there);
			refused++;
		}
		expect_ok(store_refuses(s));
		expect_ok(store_sync(s));
		store_memory_heal(p.memory);
		if (!err) { /* as it was before */
			store_batch_init(&b, (struct view){ 0 });
			store_delete(&b, key(9, "with it"));
			store_log_delete(&b, key(35, "log"));
			expect_ok(store_commit(s, &b));
			store_batch_done(&b);
			fill(s);
		}
		store_close(s);
	}
	expect(refused > 0);
	place_done(&p);
}
