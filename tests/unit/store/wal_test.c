/* SPDX-License-Identifier: Apache-2.0 */
/* How far a write-ahead log of RocksDB's is whole: of one that RocksDB wrote, and of what rots, tears
 * and is put there by somebody. */
#include "base/heap.h"
#include "store/crc32c.h"
#include "store/wal.h"
#include "store/wal_read.h"
#include "tests/unit/harness.h"
#include "tests/unit/store/engines.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 32768, BATCHES = 60 };

static uint8_t log_bytes[1 << 20];

static struct view log_of(const struct place *p)
{
	size_t n = 0;
	DIR *d = opendir(p->dir);
	for (struct dirent *e; d && (e = readdir(d));) {
		char path[512];
		if (!strstr(e->d_name, ".log"))
			continue;
		snprintf(path, sizeof path, "%s/%s", p->dir, e->d_name);
		FILE *f = fopen(path, "rb");
		n = f ? fread(log_bytes, 1, sizeof log_bytes, f) : 0;
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return view_make(log_bytes, n);
}

/* Some batches are larger than a block of the log. */
static struct view log_make(void)
{
	static uint8_t ballast[40000];
	struct place p;
	memset(ballast, 'b', sizeof ballast);
	place_init(&p, ENGINE_ROCKSDB);
	struct store *s = place_open(&p);
	for (uint64_t i = 1; i <= BATCHES; i++) {
		struct store_batch b;
		store_batch_init(&b, (struct view){ 0 });
		store_log_append(&b, VIEW_LIT("log"), i,
				 view_make(ballast, i % 7 ? 100 * i : sizeof ballast));
		expect_ok(store_commit(s, &b));
		store_batch_done(&b);
		expect_ok(store_sync(s));
	}
	struct view log = log_of(&p);
	store_close(s);
	place_done(&p);
	return log;
}

/* Of a copy that is no longer than it says, so that a read beyond it is noticed. */
static enum wal_end end_of(struct view log, size_t *good)
{
	struct wal_reader r = { .any = false };
	uint8_t *copy = log.n ? heap_new(log.n) : NULL;
	if (log.n)
		memcpy(copy, log.p, log.n);
	enum wal_end end = wal_read(&r, view_make(copy, log.n), good);
	heap_free(copy);
	return end;
}

TEST(as_rocksdb_wrote_it)
{
	size_t good;
	struct view log = log_make();
	expect(log.n > 3 * BLOCK);
	expect_eq(end_of(log, &good), WAL_WHOLE);
	expect_eq(good, log.n);
}

TEST(wherever_it_ends)
{
	size_t good, before = 0, ends = 0;
	struct view log = log_make();
	for (size_t n = 0; n <= log.n; n += n % BLOCK > BLOCK - 300 || n < 4000 ? 1 : 97) {
		enum wal_end end = end_of(view_slice(log, 0, n), &good);
		expect(good <= n && good >= before);
		/* What is left of a block behind its last record is nothing. */
		if (end == WAL_WHOLE)
			expect(good == n || BLOCK - good % BLOCK < 7);
		ends += good != before;
		before = good;
	}
	expect(ends > BATCHES / 2);
}

TEST(whatever_rots)
{
	size_t good, whole;
	struct view log = log_make();
	uint8_t *bytes = log_bytes;
	for (size_t at = 0; at < log.n; at += at < 3000 ? 1 : 331) {
		(void)end_of(view_slice(log, 0, at), &whole);
		bytes[at] ^= 0x10;
		enum wal_end end = end_of(log, &good);
		/* Or it is the kind of a piece, whose checksum covers it, or nothing at a block's end. */
		if (end == WAL_WHOLE)
			expect(BLOCK - at % BLOCK < 7);
		else
			expect(end == WAL_BROKEN && good == whole);
		bytes[at] ^= 0x10;
	}
	/* Blocks that were never written, as after a power failure. */
	for (size_t at = 0; at + 4096 < log.n; at += 4096) {
		static uint8_t kept[4096];
		memcpy(kept, bytes + at, sizeof kept);
		memset(bytes + at, 0, sizeof kept);
		expect_eq(end_of(log, &good), WAL_BROKEN);
		expect(good <= at + sizeof kept);
		memcpy(bytes + at, kept, sizeof kept);
	}
}

/* A record in one piece, with checksums as RocksDB's. */
static size_t put(uint8_t *at, unsigned kind, uint64_t first, uint32_t count, size_t n)
{
	memset(at, 0, 7 + n);
	for (size_t i = 0; i < 8 && i < n; i++)
		at[7 + i] = (uint8_t)(first >> 8 * i);
	for (size_t i = 0; i < 4 && 8 + i < n; i++)
		at[15 + i] = (uint8_t)(count >> 8 * i);
	at[4] = (uint8_t)n;
	at[5] = (uint8_t)(n >> 8);
	at[6] = (uint8_t)kind;
	uint32_t crc = crc32c_extend(0, at + 6, n + 1);
	crc = (crc >> 15 | crc << 17) + 0xa282ead8u;
	for (size_t i = 0; i < 4; i++)
		at[i] = (uint8_t)(crc >> 8 * i);
	return 7 + n;
}

TEST(pieces_and_numbers)
{
	uint8_t log[400];
	size_t good, n = put(log, 1, 5, 3, 40), one = n;
	struct wal_reader r = { .any = false };
	expect_eq(wal_read(&r, view_make(log, n), &good), WAL_WHOLE);
	expect_eq(r.next, 8);
	static const struct {
		unsigned kind;
		uint64_t first;
		size_t n;
		enum wal_end end;
	} second[] = {
		{ 1, 8, 40, WAL_WHOLE },   { 1, 9, 40, WAL_BROKEN }, { 1, 7, 40, WAL_BROKEN },
		{ 1, 8, 11, WAL_BROKEN },  { 1, 8, 12, WAL_WHOLE },  { 0, 8, 40, WAL_BROKEN },
		{ 3, 8, 40, WAL_BROKEN },  { 4, 8, 40, WAL_BROKEN }, { 2, 8, 40, WAL_BROKEN },
		{ 5, 8, 40, WAL_UNKNOWN }, { 9, 8, 4, WAL_WHOLE },   { 130, 8, 4, WAL_WHOLE },
	};
	for (size_t i = 0; i < sizeof second / sizeof *second; i++) {
		n = one + put(log + one, second[i].kind, second[i].first, 1, second[i].n);
		expect_eq(end_of(view_make(log, n), &good), second[i].end);
		expect_eq(good, second[i].end == WAL_WHOLE ? n : one);
	}
	/* In three pieces, and the first cut into again. */
	n = one + put(log + one, 2, 8, 1, 12);
	n += put(log + n, 3, 0, 0, 9);
	size_t last = n;
	n += put(log + n, 4, 0, 0, 9);
	expect_eq(end_of(view_make(log, n), &good), WAL_WHOLE);
	expect_eq(good, n);
	put(log + last, 2, 9, 1, 12);
	expect_eq(end_of(view_make(log, last + 19), &good), WAL_BROKEN);
	expect_eq(good, one);
}

/* --- a log that is not needed any more, and is there again --- */

static const char *log_path(const struct place *p, unsigned number)
{
	static char path[512];
	snprintf(path, sizeof path, "%s/%06u.log", p->dir, number);
	return path;
}

/* One record, which begins with this sequence number, at the end of a log. */
static void log_add(const struct place *p, unsigned number, uint64_t first)
{
	uint8_t record[64];
	size_t n = put(record, 1, first, 1, 40);
	FILE *f = fopen(log_path(p, number), "ab");
	expect(f && fwrite(record, 1, n, f) == n && !fclose(f));
}

static off_t log_size(const struct place *p, unsigned number)
{
	struct stat st = { .st_size = -1 };
	(void)!stat(log_path(p, number), &st);
	return st.st_size;
}

enum said { NOTHING, LEFT, SYNCED };

/* Log 5 is marked, grows by what is not synced, and goes when what it held is in a table; what is
 * accepted meanwhile is in log 6.  Then the power fails, and the disk has log 5 as it was marked. */
static off_t accepted_then_power_fails(enum said said)
{
	struct place p;
	struct wal_mark m;
	place_init(&p, ENGINE_ROCKSDB);
	expect_ok(wal_open(&m, p.dir, false));
	log_add(&p, 5, 1);
	expect_ok(wal_opened(&m, 1, false));
	off_t marked = log_size(&p, 5);
	log_add(&p, 5, 2);
	log_add(&p, 6, 3);
	/* As long as it is needed it was synced, too. */
	expect_ok(wal_left(&m, 5, 3));
	expect_eq(m.bytes, (uint64_t)marked);
	if (said == LEFT)
		expect_ok(wal_left(&m, 6, 3));
	else if (said == SYNCED)
		expect_ok(wal_synced(&m, 6, 3));
	wal_close(&m);
	expect(!truncate(log_path(&p, 5), marked));
	expect_ok(wal_open(&m, p.dir, false));
	off_t kept = log_size(&p, 6);
	wal_close(&m);
	place_done(&p);
	return kept;
}

TEST(a_log_that_comes_back_shortens_none_behind_it)
{
	expect_eq(accepted_then_power_fails(NOTHING), 0); /* why it has to be said */
	expect_eq(accepted_then_power_fails(LEFT), 47);
	expect_eq(accepted_then_power_fails(SYNCED), 47);
}
