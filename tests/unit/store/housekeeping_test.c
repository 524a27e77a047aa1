/* SPDX-License-Identifier: Apache-2.0 */
/* Housekeeping that must not do harm: without room, beside a backup, when the process is to end, over what
 * has rotted. */
#include "store/inspect.h"
#include "tests/unit/store/engines.h"

#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define PLENTY ((uint64_t)1 << 40)

enum { MANY = 1500, LARGE = 60000, ROUNDS = 12 };

/* --- a disk that says what it is told --- */

static atomic_ullong left, left_later;
static atomic_uint looks, looks_before; /* from so many on what is left is another number */

static uint64_t free_bytes(void *ctx)
{
	(void)ctx;
	return atomic_fetch_add(&looks, 1) < looks_before ? left : left_later;
}

static void disk_has(uint64_t now, unsigned for_looks, uint64_t later)
{
	left = now;
	left_later = later;
	looks_before = for_looks;
	looks = 0;
}

static void begin(struct place *p)
{
	place_init(p, ENGINE_ROCKSDB);
	p->options.check_shards = false;
	p->options.faults.free_bytes = free_bytes;
	disk_has(PLENTY, 0, PLENTY);
}

static void put_unsynced(struct store *s, const char *key, struct view value)
{
	struct store_batch b;
	store_batch_init(&b, (struct view){ 0 });
	if (value.p)
		store_put(&b, view_str(key), value);
	else
		store_delete(&b, view_str(key));
	expect_ok(store_commit(s, &b));
	store_batch_done(&b);
}

static void put(struct store *s, const char *key, struct view value)
{
	put_unsynced(s, key, value);
	expect_ok(store_sync(s));
}

static bool says(struct store *s, const char *key, struct view value)
{
	struct arena mem;
	struct view got = { 0 };
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	uc_err err = store_get(s, view_str(key), &mem, &got);
	bool is = !err && view_equal(got, value);
	arena_done(&mem);
	return is;
}

/* So much that rewriting it takes a while. */
static void fill(struct store *s)
{
	static uint8_t value[LARGE];
	for (int i = 0; i < MANY; i++) {
		char key[16];
		snprintf(key, sizeof key, "k%05d", i * 7919 % MANY);
		memset(value, i, sizeof value);
		put_unsynced(s, key, VIEW_OF(value));
	}
	expect_ok(store_sync(s));
}

static void goes_on(struct store *s)
{
	put(s, "beside", VIEW_LIT("1"));
	expect(says(s, "beside", VIEW_LIT("1")));
	expect_ok(store_refuses(s));
}

TEST(without_room_nothing_is_begun)
{
	struct place p;
	char path[100];
	begin(&p);
	struct store *s = place_open(&p);
	snprintf(path, sizeof path, "%s/copy", p.dir);
	put(s, "a", VIEW_LIT("a secret"));
	put(s, "a", (struct view){ 0 });
	disk_has(1 << 20, 1000, PLENTY);
	expect_err(store_maintain(s), UC_E_FULL);
	expect(place_contains(&p, VIEW_LIT("a secret")));
	expect_err(store_checkpoint(s, path), UC_E_FULL);
	expect(access(path, F_OK) != 0);
	goes_on(s);
	disk_has(PLENTY, 0, PLENTY);
	expect_ok(store_maintain(s));
	expect(!place_contains(&p, VIEW_LIT("a secret")));
	expect_ok(store_checkpoint(s, path));
	store_close(s);
	place_done(&p);
}

/* What is needed grows with what there is. */
TEST(room_for_all_of_it)
{
	struct place p;
	begin(&p);
	struct store *s = place_open(&p);
	disk_has((uint64_t)100 << 20, 1000, PLENTY);
	put(s, "a", VIEW_LIT("1"));
	expect_ok(store_maintain(s));
	fill(s); /* 86 MiB */
	disk_has((uint64_t)100 << 20, 1000, PLENTY);
	expect_err(store_maintain(s), UC_E_FULL);
	expect_eq(looks, 1);
	goes_on(s);
	disk_has((uint64_t)300 << 20, 1000, PLENTY);
	expect_ok(store_maintain(s));
	store_close(s);
	place_done(&p);
}

/* Others fill the disk: it is left off while there is still something left. */
TEST(when_the_room_goes_it_is_left_off)
{
	struct place p;
	begin(&p);
	struct store *s = place_open(&p);
	fill(s);
	for (unsigned n = 1; n < 4; n++) {
		disk_has(PLENTY, n, 1 << 20);
		expect_err(store_maintain(s), UC_E_FULL);
		expect_eq(looks, n + 1);
		goes_on(s);
	}
	disk_has(PLENTY, 0, PLENTY);
	expect_ok(store_maintain(s));
	expect_ok(store_check(s, NULL, NULL, NULL));
	store_close(s);
	place_done(&p);
}

/* --- a thread of its own, as a server has --- */

struct beside {
	struct store *s;
	pthread_t thread;
	unsigned times;
	atomic_bool is_over;
	uc_err err;
};

static void *maintain(void *arg)
{
	struct beside *b = arg;
	for (unsigned i = 0; i < b->times && !b->err; i++)
		b->err = store_maintain(b->s);
	b->is_over = true;
	return NULL;
}

static void beside_begin(struct beside *b, struct store *s, unsigned times)
{
	*b = (struct beside){ .s = s, .times = times };
	if (pthread_create(&b->thread, NULL, maintain, b))
		abort();
}

TEST(it_ends_when_it_is_told_to)
{
	struct place p;
	struct beside b;
	begin(&p);
	struct store *s = place_open(&p);
	fill(s);
	disk_has(PLENTY, 0, PLENTY);
	beside_begin(&b, s, 1);
	while (looks < 3) /* the two before, and that of who watches: it has begun */
		usleep(100);
	store_maintain_stop(s);
	pthread_join(b.thread, NULL);
	expect_err(b.err, UC_E_CLOSED);
	goes_on(s);
	expect_err(store_maintain(s), UC_E_CLOSED);
	store_close(s);
	s = place_open(&p);
	expect(says(s, "beside", VIEW_LIT("1")));
	expect_ok(store_maintain(s));
	expect_ok(store_check(s, NULL, NULL, NULL));
	store_close(s);
	place_done(&p);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Another disk, where there is one: files are copied then, not linked, which takes longer. */
static const char *elsewhere(void)
{
	return access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
}

/* Each copy is whole, and of the moment it was made at, however often the files change meanwhile. */
TEST(copies_beside_it_are_whole)
{
	static uint8_t value[LARGE];
	struct place p, at;
	struct beside b;
	char folder[100], path[120], round[16];
	begin(&p);
	place_init(&at, ENGINE_ROCKSDB);
	at.options.check_shards = false;
	snprintf(folder, sizeof folder, "%s/store-copies-XXXXXX", elsewhere());
	if (!mkdtemp(folder))
		abort();
	snprintf(path, sizeof path, "%s/copy", folder);
	struct store *s = place_open(&p);
	fill(s);
	beside_begin(&b, s, ROUNDS);
	for (int i = 0; i < 1000 && !b.is_over; i++) {
		snprintf(round, sizeof round, "%d", i);
		put(s, "first", view_str(round));
		memset(value, i, sizeof value);
		for (int k = 0; k < 20; k++)
			put_unsynced(s, (char[]){ 'v', (char)('a' + k), 0 }, VIEW_OF(value));
		put(s, "last", view_str(round));
		uc_err err = store_checkpoint(s, path);
		expect_ok(err);
		if (err)
			break;
		at.options.path = path;
		struct store *c = place_open(&at);
		expect(says(c, "first", view_str(round)));
		expect(says(c, "va", VIEW_OF(value)));
		expect(says(c, "last", view_str(round)));
		expect_ok(store_check(c, NULL, NULL, NULL));
		store_close(c);
		nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	}
	pthread_join(b.thread, NULL);
	expect_ok(b.err);
	expect_ok(store_refuses(s));
	store_close(s);
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	place_done(&at);
	place_done(&p);
}
