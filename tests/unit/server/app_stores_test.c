/* SPDX-License-Identifier: Apache-2.0 */
/* An app's stores over its lives: housekeeping, backups, and what is put back. */
#include "server/app_stores.h"

#include "server/app_keys.h"
#include "tests/unit/harness.h"

#include <dirent.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOUR = 3600 * 1000 };

static char root[64], data[96], keys[96];
static struct config_app app;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void begin(void)
{
	snprintf(root, sizeof root, "/tmp/app-stores-XXXXXX");
	if (!mkdtemp(root))
		abort();
	snprintf(data, sizeof data, "%s/data", root);
	snprintf(keys, sizeof keys, "%s/keys", root);
	if (mkdir(data, 0700) || mkdir(keys, 0700))
		abort();
	app = (struct config_app){ 0 };
	app.name = "dial";
	app.domain = "dial.example";
	app.keys = keys;
}

static void end(void)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Of the disk. */
static atomic_ullong left = (uint64_t)1 << 40;

static uint64_t free_bytes(void *ctx)
{
	(void)ctx;
	return left;
}

static struct app_stores start(uint64_t wall_ms)
{
	struct app_stores s = { .faults.free_bytes = free_bytes };
	expect_ok(app_stores_open(&s, data, &app, test_env(), NULL));
	if (!s.rooms)
		abort();
	if (!app_stores_are_older(&s))
		expect_ok(app_stores_live(&s, wall_ms));
	return s;
}

static void put_unsynced(struct store *s, const char *key, const char *value)
{
	struct store_batch b;
	store_batch_init(&b, (struct view){ 0 });
	if (value)
		store_put(&b, view_str(key), view_str(value));
	else
		store_delete(&b, view_str(key));
	expect_ok(store_commit(s, &b));
	store_batch_done(&b);
}

static void put(struct store *s, const char *key, const char *value)
{
	put_unsynced(s, key, value);
	expect_ok(store_sync(s));
}

static bool has(struct store *s, const char *key)
{
	bool there = false;
	expect_ok(store_has(s, view_str(key), &there));
	return there;
}

static bool file_has(const char *path, struct view bytes)
{
	static char all[8 << 20];
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(all, 1, sizeof all, f) : 0;
	if (f)
		fclose(f);
	return memmem(all, n, bytes.p, bytes.n) != NULL;
}

/* In any file of the app's data. */
static bool files_have_bytes(const char *kind, struct view bytes)
{
	char folder[160], path[512];
	snprintf(folder, sizeof folder, "%s/%s", data, kind);
	DIR *d = opendir(folder);
	bool found = false;
	for (struct dirent *e; d && !found && (e = readdir(d));) {
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		found = e->d_type == DT_REG && file_has(path, bytes);
	}
	if (d)
		closedir(d);
	return found;
}

static bool files_have(const char *kind, const char *bytes)
{
	return files_have_bytes(kind, view_str(bytes));
}

/* As the worker does, once a second, until the thread has come to its end. */
static void tick(struct app_stores *s, uint64_t now_ms)
{
	expect_ok(app_stores_maintain(s, now_ms, 1000 + now_ms));
	while (s->is_busy)
		usleep(1000);
	expect_ok(app_stores_maintain(s, now_ms, 1000 + now_ms));
	expect_eq(s->failed, UC_OK);
}

TEST(what_is_deleted_leaves_the_files_within_a_day)
{
	begin();
	struct app_stores s = start(1000);
	static char large[3000];
	memset(large, '.', sizeof large - 1);
	memcpy(large, "a long secret", 13);
	tick(&s, 1);
	put(s.accounts, "a", "a short secret");
	put(s.rooms, "b", large);
	put(s.rooms, "c", "what stays");
	tick(&s, 2 * HOUR);
	expect(files_have("accounts", "a short secret"));
	expect(files_have("rooms", "a long secret"));
	put(s.accounts, "a", NULL);
	put(s.rooms, "b", NULL);
	tick(&s, 3 * HOUR); /* not yet */
	expect(files_have("rooms", "a long secret"));
	tick(&s, 15 * HOUR);
	expect(!files_have("accounts", "secret"));
	expect(!files_have("rooms", "secret"));
	expect(files_have("rooms", "what stays"));
	app_stores_close(&s);
	end();
}

/* Behind each key stands the number of its write and what kind it was: 0, once nobody can tell any more
 * which of two came first. */
TEST(the_order_of_accounts_is_on_the_disk_for_minutes)
{
	enum { MINUTE = 60 * 1000 };
	static const char first[] = "zz-came-first\1\0\0\0\0\0\0",
			  second[] = "came-second\1\0\0\0\0\0\0";
	begin();
	struct app_stores s = start(1000);
	uint64_t life = s.life;
	tick(&s, 1);
	put(s.accounts, "zz-came-first", "1");
	put(s.accounts, "came-second", "2");
	put(s.rooms, "zz-came-first", "3");
	tick(&s, 9 * MINUTE);
	expect(!files_have_bytes("accounts", view_make(first, sizeof first)));
	tick(&s, 11 * MINUTE);
	expect(files_have_bytes("accounts", view_make(first, sizeof first)));
	expect(files_have_bytes("accounts", view_make(second, sizeof second)));
	/* Rooms are rewritten twice a day, and it is no other life until then. */
	expect(!files_have_bytes("rooms", view_make(first, sizeof first)));
	expect_eq(s.life, life);
	/* And again, ten minutes later. */
	put(s.accounts, "zzz-later", "4");
	tick(&s, 15 * MINUTE);
	expect(!files_have_bytes("accounts", VIEW_LIT("later\1\0\0\0\0\0\0\0")));
	tick(&s, 22 * MINUTE);
	expect(files_have_bytes("accounts", VIEW_LIT("later\1\0\0\0\0\0\0\0")));
	app_stores_close(&s);
	end();
}

TEST(without_room_it_is_tried_again_soon)
{
	enum { MINUTE = 60 * 1000 };
	begin();
	struct app_stores s = start(1000);
	tick(&s, 1);
	put(s.rooms, "a", "a secret");
	put(s.rooms, "a", NULL);
	left = 1 << 20;
	expect_ok(app_stores_maintain(&s, 2 * HOUR, 1000));
	while (s.is_busy)
		usleep(1000);
	expect_ok(app_stores_maintain(&s, 2 * HOUR, 1000));
	expect_eq(s.failed, UC_E_FULL);
	expect(files_have("rooms", "a secret"));
	/* Nobody's business but its own. */
	put(s.rooms, "b", "beside");
	put(s.accounts, "b", "beside");
	left = (uint64_t)1 << 40;
	expect_ok(app_stores_maintain(&s, 2 * HOUR + 9 * MINUTE, 1000));
	expect(!s.has_thread);
	tick(&s, 2 * HOUR + 10 * MINUTE);
	expect(!files_have("rooms", "a secret"));
	app_stores_close(&s);
	end();
}

/* A process that ends does not wait until all is rewritten. */
TEST(an_end_leaves_it_off)
{
	static char large[50000];
	begin();
	struct app_stores s = start(1000);
	tick(&s, 1);
	memset(large, '.', sizeof large - 1);
	for (int i = 0; i < 1500; i++) {
		char key[16];
		snprintf(key, sizeof key, "%04d", i * 7919 % 1500);
		put_unsynced(s.accounts, key, large);
	}
	put(s.accounts, "last", "1");
	expect_ok(app_stores_maintain(&s, 2 * HOUR, 1000));
	app_stores_close(&s);
	expect_eq(s.failed, UC_E_CLOSED);
	s = start(2000);
	expect(has(s.accounts, "last"));
	tick(&s, 1);
	tick(&s, 2 * HOUR);
	app_stores_close(&s);
	end();
}

TEST(a_large_store_rests_for_longer)
{
	expect_eq(app_stores_rest_ms(0), 600 * 1000);
	expect_eq(app_stores_rest_ms(6000), 600 * 1000);
	expect_eq(app_stores_rest_ms(30000), 3000 * 1000);
	expect_eq(app_stores_rest_ms(UINT64_MAX), 12 * HOUR);
}

TEST(lives_are_counted_beside_the_keys)
{
	uint64_t lives = 7;
	begin();
	expect_ok(app_lives_read(&app, &lives));
	expect_eq(lives, 0);
	struct app_stores s = start(1000);
	expect_eq(s.last_ms, 0);
	app_stores_close(&s);
	s = start(5000);
	expect_eq(s.last_ms, 1000);
	expect(!app_stores_are_older(&s));
	expect_ok(app_lives_read(&app, &lives));
	expect_eq(lives, 2);
	tick(&s, 1);
	tick(&s, 2 * HOUR); /* housekeeping is a life, too: yesterday's copy is known today */
	expect_ok(app_lives_read(&app, &lives));
	expect_eq(lives, 3);
	app_stores_close(&s);
	/* A process that ended between the stores and the file. */
	expect_ok(app_lives_write(&app, 2));
	s = start(6000);
	expect(!app_stores_are_older(&s));
	expect_ok(app_lives_read(&app, &lives));
	expect_eq(lives, 4);
	app_stores_close(&s);
	/* One that is no number is not taken for none. */
	char path[128];
	snprintf(path, sizeof path, "%s/lives", keys);
	FILE *f = fopen(path, "w");
	expect(f && fputs("undercroft lives 1\nmany\n", f) >= 0 && !fclose(f));
	expect_err(app_lives_read(&app, &lives), UC_E_CORRUPT);
	end();
}

static void put_in_place(const char *from)
{
	char gone[128];
	snprintf(gone, sizeof gone, "%s/gone", root);
	expect(!rename(data, gone));
	expect(!rename(from, data));
	nftw(gone, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

TEST(a_backup_that_is_put_back_is_known)
{
	char backup[128];
	begin();
	snprintf(backup, sizeof backup, "%s/backup", root);
	struct app_stores s = start(1000);
	put(s.accounts, "a", "1");
	expect_ok(app_stores_checkpoint(&s, backup));
	expect(app_stores_checkpoint(&s, backup) != UC_OK); /* it is there */
	put(s.accounts, "b", "1");
	put(s.rooms, "c", "1");
	app_stores_close(&s);
	put_in_place(backup);
	/* In the same life, from the same machine: it says so itself. */
	s = start(2000);
	expect(app_stores_are_older(&s));
	expect(has(s.accounts, "a"));
	expect(!has(s.accounts, "b"));
	expect(!has(s.rooms, "c"));
	expect_ok(store_renew(s.accounts, test_env()));
	expect_ok(store_renew(s.rooms, test_env()));
	expect_ok(app_stores_live(&s, 2000));
	app_stores_close(&s);
	s = start(3000);
	expect(!app_stores_are_older(&s));
	app_stores_close(&s);
	end();
}

/* Copied by hand while nothing ran, one of the two. */
TEST(a_copied_folder_that_is_put_back_is_known)
{
	char command[512];
	begin();
	struct app_stores s = start(1000);
	app_stores_close(&s);
	snprintf(command, sizeof command, "cp -r %s/rooms %s/copy", data, root);
	expect_eq(system(command), 0);
	s = start(2000);
	app_stores_close(&s);
	snprintf(command, sizeof command, "rm -r %s/rooms && mv %s/copy %s/rooms", data, root,
		 data);
	expect_eq(system(command), 0);
	s = start(3000);
	expect(app_stores_are_older(&s));
	expect(store_is_older(s.rooms));
	expect(!store_is_older(s.accounts));
	app_stores_close(&s);
	end();
}
