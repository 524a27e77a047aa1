/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rewrite.h"

#include <sys/statvfs.h>
#include <time.h>

/* Left to all else: the memtables of some stores, and what is written between two looks. */
#define RESERVE    ((uint64_t)64 * 1024 * 1024)
#define READ_AHEAD ((size_t)2 * 1024 * 1024)

enum {
	LOOK_NS = 100 * 1000 * 1000,
	BOTTOMMOST_FORCE_ONCE = 3,
	KEYS_AT_ONCE = 4096,
	REST_LOOKS = 50
};

void rewrite_init(struct rewrite *r, const struct store_faults *faults)
{
	*r = (struct rewrite){ .faults = *faults };
	pthread_condattr_t by_steady;
	pthread_condattr_init(&by_steady);
	pthread_condattr_setclock(&by_steady, CLOCK_MONOTONIC);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, &by_steady);
	pthread_condattr_destroy(&by_steady);
}

void rewrite_of(struct rewrite *r, rocksdb_t *db, const char *path)
{
	r->db = db;
	r->path = path;
}

void rewrite_done(struct rewrite *r)
{
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
}

static uint64_t property(const struct rewrite *r, const char *name)
{
	uint64_t n = 0;
	return rocksdb_property_int(r->db, name, &n) ? 0 : n;
}

uint64_t rewrite_bytes(const struct rewrite *r)
{
	uint64_t garbage = property(r, "rocksdb.live-blob-file-garbage-size");
	uint64_t blobs = property(r, "rocksdb.live-blob-file-size");
	return property(r, "rocksdb.live-sst-files-size") +
	       property(r, "rocksdb.cur-size-all-mem-tables") +
	       (blobs > garbage ? blobs - garbage : 0);
}

uc_err rewrite_room(const struct rewrite *r, uint64_t bytes)
{
	struct statvfs at;
	uint64_t left = UINT64_MAX; /* who cannot say it is not in the way */
	if (r->faults.free_bytes)
		left = r->faults.free_bytes(r->faults.ctx);
	else if (!statvfs(r->path, &at))
		left = (uint64_t)at.f_bavail * at.f_frsize;
	return left >= RESERVE && left - RESERVE >= bytes ? UC_OK : UC_E_FULL;
}

static bool is_stopped(struct rewrite *r)
{
	pthread_mutex_lock(&r->lock);
	bool is = r->is_stopped;
	pthread_mutex_unlock(&r->lock);
	return is;
}

static uc_err read_all(struct rewrite *r, rocksdb_iterator_t *it)
{
	char *message = NULL;
	size_t n = 0;
	for (rocksdb_iter_seek_to_first(it); rocksdb_iter_valid(it); rocksdb_iter_next(it))
		if (++n % KEYS_AT_ONCE == 0 && is_stopped(r))
			return UC_E_CLOSED;
	rocksdb_iter_get_error(it, &message);
	if (!message)
		return UC_OK;
	bool is_rot = strncmp(message, "Corruption", 10) == 0;
	rocksdb_free(message);
	return is_rot ? UC_E_CORRUPT : UC_E_STORE;
}

/* RocksDB takes no more writes once a compaction has met something that does not check.  Reading all of it
 * first is a fraction of what writing it takes. */
static uc_err readable(struct rewrite *r)
{
	rocksdb_readoptions_t *read = rocksdb_readoptions_create();
	rocksdb_readoptions_set_fill_cache(read, 0);
	rocksdb_readoptions_set_readahead_size(read, READ_AHEAD);
	rocksdb_iterator_t *it = rocksdb_create_iterator(r->db, read);
	uc_err err = read_all(r, it);
	rocksdb_iter_destroy(it);
	rocksdb_readoptions_destroy(read);
	return err;
}

uc_err rewrite_may(struct rewrite *r)
{
	if (is_stopped(r))
		return UC_E_CLOSED;
	TRY(rewrite_room(r, rewrite_bytes(r)));
	return readable(r);
}

/* --- beside the one that runs --- */

struct watch {
	struct rewrite *r;
	uc_err why; /* it was left off */
};

/* With the lock held. */
static void wait_a_while(struct rewrite *r)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&r->changed, &r->lock, &until);
}

static void *watch_run(void *arg)
{
	struct watch *w = arg;
	struct rewrite *r = w->r;
	pthread_mutex_lock(&r->lock);
	while (!r->is_over && !w->why) {
		w->why = r->is_stopped ? UC_E_CLOSED : rewrite_room(r, 0);
		if (!w->why)
			wait_a_while(r);
	}
	pthread_mutex_unlock(&r->lock);
	if (w->why) /* comes back once it has been left off */
		rocksdb_disable_manual_compaction(r->db);
	return NULL;
}

static void over_set(struct rewrite *r, bool is_over)
{
	pthread_mutex_lock(&r->lock);
	r->is_over = is_over;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

/* RocksDB rests for a second after an error, and only then has what was begun go, which takes the room of all
 * else meanwhile. */
static void wait_for_rest(struct rewrite *r)
{
	pthread_mutex_lock(&r->lock);
	for (int i = 0; i < REST_LOOKS && property(r, "rocksdb.num-running-compactions"); i++)
		wait_a_while(r);
	pthread_mutex_unlock(&r->lock);
}

uc_err rewrite_run(struct rewrite *r)
{
	struct watch w = { .r = r };
	pthread_t watcher;
	uint64_t errors = property(r, "rocksdb.background-errors");
	over_set(r, false);
	if (pthread_create(&watcher, NULL, watch_run, &w))
		return UC_E_MEMORY;
	rocksdb_compactoptions_t *all = rocksdb_compactoptions_create();
	rocksdb_compactoptions_set_bottommost_level_compaction(all, BOTTOMMOST_FORCE_ONCE);
	rocksdb_compactoptions_set_exclusive_manual_compaction(all, 0);
	rocksdb_compact_range_opt(r->db, all, NULL, 0, NULL, 0);
	rocksdb_compactoptions_destroy(all);
	over_set(r, true);
	pthread_join(watcher, NULL);
	if (w.why)
		rocksdb_enable_manual_compaction(r->db);
	/* It does not say itself how it went.  What stops RocksDB the next write says; what does not is that
	 * there was no room. */
	if (w.why || property(r, "rocksdb.background-errors") == errors)
		return w.why;
	wait_for_rest(r);
	return UC_E_FULL;
}

void rewrite_stop(struct rewrite *r)
{
	pthread_mutex_lock(&r->lock);
	r->is_stopped = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}
