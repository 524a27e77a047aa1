/* SPDX-License-Identifier: Apache-2.0 */
/* RocksDB through its C interface.  One column family: the write-ahead log is then the only order
 * of things, and what a crash leaves is always a prefix of the commits.  docs/decisions/ says why
 * each setting is what it is. */
#include "store/store_rocksdb.h"

#include "base/heap.h"
#include "store/crc32c.h"
#include "store/gathered.h"
#include "store/rewrite.h"
#include "store/wal.h"

#include <rocksdb/c.h>

#define MIB                ((size_t)1024 * 1024)
#define BLOOM_BITS_PER_KEY 10
#define FILES_OPEN         512
#define GATHER_MAX         MIB /* bytes of commits that are written at once */
#define BLOB_MIN           512
#define BLOB_FILE          (64 * MIB)

enum {
	TORN_TAIL_ALONE = rocksdb_tolerate_corrupted_tail_records_recovery,
	UP_TO_DAMAGE = rocksdb_point_in_time_recovery
};
enum { LOG_NOTHING = 4, COMPRESSION_NONE = 0 };

struct store_engine {
	rocksdb_t *db;
	rocksdb_options_t *options;
	rocksdb_writeoptions_t *write;
	rocksdb_readoptions_t *read;
	struct gathered gathered;
	struct wal_mark mark;
	bool has_mark, unmarked;  /* there is something since the last mark */
	_Atomic unsigned flushes; /* begun and ended ones */
	_Atomic uc_err failed;    /* a write or sync did; maintain may run beside */
	/* A flush, or a copy being made: not two at once, since each has the other's files go.  Rewriting,
	 * which takes long, is not among them. */
	pthread_mutex_t files;
	struct rewrite rewrite;
};

#if defined(__x86_64__)
/* rocksdb::crc32c::Extend(uint32_t, const char *, size_t).  Debian's library is built for any x86-64 and
 * counts it by a table; as it calls the function by its exported name, the program's own is taken
 * instead.  A library that does not call it so counts for itself, and nothing else changes. */
__attribute__((visibility("default"))) uint32_t rocksdb_crc32c_extend(
	uint32_t crc, const char *p, size_t n) __asm__("_ZN7rocksdb6crc32c6ExtendEjPKcm");

uint32_t rocksdb_crc32c_extend(uint32_t crc, const char *p, size_t n)
{
	return crc32c_extend(crc, (const uint8_t *)p, n);
}
#endif

struct store_cursor {
	rocksdb_readoptions_t *read;
	rocksdb_iterator_t *it;
	struct view end;
	bool begun;
};

static bool says(const char *message, const char *what)
{
	return strstr(message, what) != NULL;
}

/* RocksDB tells its errors as sentences; takes the message over. */
static uc_err error_of(char *message)
{
	if (!message)
		return UC_OK;
	uc_err err = UC_E_STORE;
	if (says(message, "No space left") || says(message, "NoSpace") ||
	    says(message, "Disk quota exceeded"))
		err = UC_E_FULL;
	else if (says(message, "lock hold by current process") || says(message, "While lock file"))
		err = UC_E_LOCKED;
	else if (strncmp(message, "Corruption", 10) == 0)
		err = UC_E_CORRUPT;
	rocksdb_free(message);
	return err;
}

static const char *text(struct view v)
{
	return v.p ? (const char *)v.p : "";
}

static void set_table(rocksdb_options_t *options, size_t cache_bytes)
{
	rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
	rocksdb_cache_t *cache = rocksdb_cache_create_lru(cache_bytes);
	rocksdb_block_based_options_set_block_cache(table, cache);
	rocksdb_block_based_options_set_filter_policy(
		table, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS_PER_KEY));
	rocksdb_block_based_options_set_block_size(table, 16 * 1024);
	rocksdb_options_set_block_based_table_factory(options, table);
	rocksdb_cache_destroy(cache);
	rocksdb_block_based_options_destroy(table);
}

/* Reading beside the process that writes: it may drop files at any time, which stay readable for
 * those who have them open.  Hence all at once.  And nothing is written, not even the engine's own log:
 * a backup stays what its manifest says. */
static void options_read_only(rocksdb_options_t *r)
{
	rocksdb_options_set_create_if_missing(r, 0);
	rocksdb_options_set_max_open_files(r, -1);
	rocksdb_options_set_db_log_dir(r, "/dev/null");
}

/* Values of some size lie beside the sorted files, which name them: they are written once more when
 * the memtable is, and not again with each compaction.  Housekeeping alone writes them anew. */
static void options_blobs(rocksdb_options_t *r)
{
	rocksdb_options_set_enable_blob_files(r, 1);
	rocksdb_options_set_min_blob_size(r, BLOB_MIN);
	rocksdb_options_set_blob_file_size(r, BLOB_FILE);
	rocksdb_options_set_blob_compression_type(r, COMPRESSION_NONE);
	rocksdb_options_set_enable_blob_gc(r, 1);
	rocksdb_options_set_blob_gc_age_cutoff(r, 0);
}

static rocksdb_options_t *options_make(const struct store_options *o)
{
	rocksdb_options_t *r = rocksdb_options_create();
	size_t memtable = o->memtable_bytes ? o->memtable_bytes : 16 * MIB;
	rocksdb_options_set_create_if_missing(r, 1);
	rocksdb_options_set_compression(r, COMPRESSION_NONE); /* it is ciphertext */
	rocksdb_options_set_write_buffer_size(r, memtable);
	rocksdb_options_set_max_bytes_for_level_base(r, 8 * memtable);
	rocksdb_options_set_level_compaction_dynamic_level_bytes(r, 1);
	rocksdb_options_set_manual_wal_flush(r, 1); /* one write and one sync for many commits */
	rocksdb_options_set_recycle_log_file_num(r, 0);   /* or deleted bytes live on in them */
	rocksdb_options_set_max_manifest_file_size(r, 1); /* it names keys: begin anew each time */
	rocksdb_options_set_max_open_files(r, FILES_OPEN);
	rocksdb_options_set_max_background_jobs(r, 2);
	/* Its own log ends the process at the second line that a full disk does not take; what goes wrong the
	 * calls say. */
	rocksdb_options_set_info_log_level(r, LOG_NOTHING);
	rocksdb_options_set_keep_log_file_num(r, 2);
	rocksdb_options_set_stats_dump_period_sec(r, 0);
	options_blobs(r);
	/* What a write that was cut off has left is forgiven, damage is not: it would shorten what was
	 * accepted, without a word.  Where there is a mark, wal.c has told them apart before. */
	rocksdb_options_set_wal_recovery_mode(r, o->mend ? UP_TO_DAMAGE : TORN_TAIL_ALONE);
	if (o->read_only)
		options_read_only(r);
	set_table(r, o->cache_bytes ? o->cache_bytes : 16 * MIB);
	return r;
}

static uc_err write_error(struct store_engine *e, char *message)
{
	uc_err err = error_of(message);
	if (err)
		e->failed = err;
	return err;
}

/* Gives RocksDB what was gathered.  What could not be written is gone, and no more is tried. */
static uc_err gathered_write(struct store_engine *e)
{
	char *message = NULL;
	if (!gathered_any(&e->gathered))
		return UC_OK;
	rocksdb_write(e->db, e->write, gathered_batch(&e->gathered), &message);
	gathered_empty(&e->gathered);
	e->unmarked = true;
	return write_error(e, message);
}

/* Once a file could not be written RocksDB is not closed, only left: builds with assertions, such
 * as Debian's, abort when a file that failed is touched again, and there is nothing more to be
 * saved.  The lock stays with this process; the next one recovers. */
static void engine_close(struct store_engine *e)
{
	if (e->failed)
		return;
	if (e->db && gathered_write(e))
		return;
	if (e->db)
		rocksdb_close(e->db);
	gathered_done(&e->gathered);
	rocksdb_readoptions_destroy(e->read);
	rocksdb_writeoptions_destroy(e->write);
	rocksdb_options_destroy(e->options);
	if (e->has_mark)
		wal_close(&e->mark);
	rewrite_done(&e->rewrite);
	pthread_mutex_destroy(&e->files);
	heap_free(e);
}

static uc_err engine_open(const struct store_options *o, struct store_engine **out)
{
	if (!o->path)
		return UC_E_ARGUMENT;
	struct store_engine *e = HEAP_NEW(struct store_engine);
	if (!e)
		return UC_E_MEMORY;
	e->options = options_make(o);
	e->write = rocksdb_writeoptions_create();
	e->read = rocksdb_readoptions_create();
	gathered_init(&e->gathered);
	pthread_mutex_init(&e->files, NULL);
	rewrite_init(&e->rewrite, &o->faults);
	e->has_mark = !o->read_only;
	char *message = NULL;
	uc_err err = e->has_mark ? wal_open(&e->mark, o->path, o->mend) : UC_OK;
	if (err) {
		engine_close(e);
		return err;
	}
	e->db = o->read_only ? rocksdb_open_for_read_only(e->options, o->path, 0, &message)
			     : rocksdb_open(e->options, o->path, &message);
	bool missing = message && o->read_only && says(message, "No such file or directory");
	err = error_of(message);
	if (!err && e->has_mark)
		err = wal_opened(&e->mark, rocksdb_get_latest_sequence_number(e->db), o->mend);
	if (err) {
		engine_close(e);
		return missing ? UC_E_NOT_FOUND : err;
	}
	rewrite_of(&e->rewrite, e->db, e->mark.path);
	*out = e;
	return UC_OK;
}

static uc_err engine_get(struct store_engine *e, struct view key, struct arena *mem,
			 struct view *out)
{
	char *message = NULL;
	if (gathered_may_have(&e->gathered, key))
		TRY(gathered_write(e));
	rocksdb_pinnableslice_t *found =
		rocksdb_get_pinned(e->db, e->read, text(key), key.n, &message);
	TRY(error_of(message));
	if (!found)
		return UC_E_NOT_FOUND;
	size_t n;
	const char *p = rocksdb_pinnableslice_value(found, &n);
	uc_err err = out ? arena_copy(mem, view_make(p, n), out) : UC_OK;
	rocksdb_pinnableslice_destroy(found);
	return err;
}

static uc_err engine_write(struct store_engine *e, const struct store_change *first)
{
	TRY(e->failed);
	TRY(gathered_add(&e->gathered, first));
	return gathered_bytes(&e->gathered) < GATHER_MAX ? UC_OK : gathered_write(e);
}

/* While housekeeping writes to the log its length says nothing; the mark then stays behind.  A log that
 * is still needed was synced just now; one that is not may have been left as it was. */
static uc_err mark(struct store_engine *e, unsigned flushes, uint64_t sequence)
{
	uint64_t needed = 0;
	uc_err err;
	if (!e->unmarked)
		return UC_OK;
	if (rocksdb_property_int(e->db, "rocksdb.min-log-number-to-keep", &needed))
		needed = 0;
	if (flushes % 2 || e->flushes != flushes) {
		err = wal_left(&e->mark, needed, sequence);
	} else {
		e->unmarked = false;
		err = wal_synced(&e->mark, needed, sequence);
	}
	if (err)
		e->failed = err;
	return err;
}

static uc_err engine_sync(struct store_engine *e)
{
	char *message = NULL;
	TRY(e->failed);
	TRY(gathered_write(e));
	unsigned flushes = e->flushes;
	uint64_t sequence = rocksdb_get_latest_sequence_number(e->db);
	rocksdb_flush_wal(e->db, 1, &message);
	TRY(write_error(e, message));
	return mark(e, flushes, sequence);
}

static uc_err iterator_error(rocksdb_iterator_t *it)
{
	char *message = NULL;
	rocksdb_iter_get_error(it, &message);
	return error_of(message);
}

static uc_err last(rocksdb_iterator_t *it, struct arena *mem, struct view *key, struct view *value)
{
	rocksdb_iter_seek_to_last(it);
	if (!rocksdb_iter_valid(it)) {
		TRY(iterator_error(it));
		return UC_E_NOT_FOUND;
	}
	size_t n;
	const char *p = rocksdb_iter_key(it, &n);
	TRY(arena_copy(mem, view_make(p, n), key));
	p = rocksdb_iter_value(it, &n);
	return value ? arena_copy(mem, view_make(p, n), value) : UC_OK;
}

static uc_err engine_last(struct store_engine *e, struct view from, struct view end,
			  struct arena *mem, struct view *key, struct view *value)
{
	TRY(gathered_write(e));
	rocksdb_readoptions_t *read = rocksdb_readoptions_create();
	rocksdb_readoptions_set_iterate_lower_bound(read, text(from), from.n);
	rocksdb_readoptions_set_iterate_upper_bound(read, text(end), end.n);
	rocksdb_iterator_t *it = rocksdb_create_iterator(e->db, read);
	uc_err err = last(it, mem, key, value);
	rocksdb_iter_destroy(it);
	rocksdb_readoptions_destroy(read);
	return err;
}

static uc_err engine_cursor_open(struct store_engine *e, struct view from, struct view end,
				 struct store_cursor **out)
{
	TRY(gathered_write(e));
	/* RocksDB keeps pointers to the upper bound. */
	struct store_cursor *c = heap_new(sizeof *c + end.n);
	if (!c)
		return UC_E_MEMORY;
	uint8_t *bound = (uint8_t *)(c + 1);
	if (end.n)
		memcpy(bound, end.p, end.n);
	c->end = view_make(bound, end.n);
	c->read = rocksdb_readoptions_create();
	rocksdb_readoptions_set_iterate_upper_bound(c->read, text(c->end), end.n);
	c->it = rocksdb_create_iterator(e->db, c->read);
	rocksdb_iter_seek(c->it, text(from), from.n);
	*out = c;
	return UC_OK;
}

static uc_err engine_cursor_next(struct store_cursor *c, struct view *key, struct view *value)
{
	if (c->begun && rocksdb_iter_valid(c->it))
		rocksdb_iter_next(c->it);
	c->begun = true;
	if (!rocksdb_iter_valid(c->it)) {
		TRY(iterator_error(c->it));
		return UC_E_NOT_FOUND;
	}
	size_t n;
	const char *p = rocksdb_iter_key(c->it, &n);
	*key = view_make(p, n);
	p = rocksdb_iter_value(c->it, &n);
	*value = view_make(p, n);
	return UC_OK;
}

static void engine_cursor_close(struct store_cursor *c)
{
	rocksdb_iter_destroy(c->it);
	rocksdb_readoptions_destroy(c->read);
	heap_free(c);
}

/* A write of our own behind all keys, so that the flush has something to do: it closes the
 * write-ahead log and begins a new manifest. */
static uc_err flush_now(struct store_engine *e)
{
	char *message = NULL;
	rocksdb_put(e->db, e->write, "\xff", 1, "", 0, &message);
	TRY(write_error(e, message));
	rocksdb_flushoptions_t *wait = rocksdb_flushoptions_create();
	rocksdb_flushoptions_set_wait(wait, 1);
	rocksdb_flush(e->db, wait, &message);
	rocksdb_flushoptions_destroy(wait);
	return write_error(e, message);
}

static uc_err flush(struct store_engine *e)
{
	e->flushes++;
	uc_err err = flush_now(e);
	e->flushes++;
	return err;
}

/* How many of the blob files, from the oldest on, a compaction writes anew: a share. */
static uc_err blobs_move(struct store_engine *e, const char *share)
{
	static const char *const keys[] = { "blob_garbage_collection_age_cutoff" };
	char *message = NULL;
	rocksdb_set_options(e->db, 1, keys, &share, &message);
	return error_of(message);
}

static uc_err delete_obsolete_files(struct store_engine *e)
{
	char *message = NULL;
	rocksdb_disable_file_deletions(e->db, &message);
	TRY(error_of(message));
	/* Looks for all there are, at once. */
#ifdef ROCKSDB_FILE_DELETIONS_COUNTED
	rocksdb_enable_file_deletions(e->db, 0, &message);
#else
	rocksdb_enable_file_deletions(e->db, &message);
#endif
	return error_of(message);
}

/* What is written anew until it is told otherwise; nobody else's files are. */
static uc_err step(struct store_engine *e, uc_err (*what)(struct store_engine *e))
{
	pthread_mutex_lock(&e->files);
	uc_err err = what(e);
	pthread_mutex_unlock(&e->files);
	return err;
}

static uc_err begin(struct store_engine *e)
{
	/* Reading all of it took long, and a flush without room would be the end. */
	TRY(rewrite_room(&e->rewrite, 0));
	TRY(flush(e));
	return blobs_move(e, "1");
}

/* What was begun and not ended lies there, and takes the room of all else, until somebody looks. */
static uc_err leave_off(struct store_engine *e)
{
	uc_err err = delete_obsolete_files(e);
	uc_err after = blobs_move(e, "0");
	return err ? err : after;
}

static uc_err go_on(struct store_engine *e)
{
	return blobs_move(e, "0");
}

/* The manifest begun after the rewriting is the first that doesn't name the old files' first and last
 * keys. */
static uc_err clear(struct store_engine *e)
{
	/* A flush without room would be the end. */
	TRY(rewrite_room(&e->rewrite, 0));
	TRY(flush(e));
	TRY(flush(e));
	return delete_obsolete_files(e);
}

/* Flush, rewrite everything, and flush again.  What stands in the way is seen before, and the store goes on. */
static uc_err engine_maintain(struct store_engine *e)
{
	TRY(e->failed);
	TRY(rewrite_may(&e->rewrite));
	TRY(step(e, begin));
	uc_err err = rewrite_run(&e->rewrite);
	uc_err after = step(e, err ? leave_off : go_on);
	if (err || after)
		return err ? err : after;
	return step(e, clear);
}

static void engine_maintain_stop(struct store_engine *e)
{
	rewrite_stop(&e->rewrite);
}

static uc_err copy(struct store_engine *e, const char *path)
{
	char *message = NULL;
	TRY(rewrite_room(&e->rewrite, 0));
	TRY(flush(e));
	rocksdb_checkpoint_t *c = rocksdb_checkpoint_object_create(e->db, &message);
	TRY(error_of(message));
	rocksdb_checkpoint_create(c, path, 0, &message);
	rocksdb_checkpoint_object_destroy(c);
	return error_of(message);
}

/* The memtable is flushed first, so that the copy needs no write-ahead log. */
static uc_err engine_checkpoint(struct store_engine *e, const char *path)
{
	TRY(e->failed);
	pthread_mutex_lock(&e->files);
	uc_err err = copy(e, path);
	pthread_mutex_unlock(&e->files);
	return err;
}

const struct store_driver store_rocksdb_driver = {
	.name = "rocksdb",
	.open = engine_open,
	.close = engine_close,
	.get = engine_get,
	.write = engine_write,
	.sync = engine_sync,
	.last = engine_last,
	.cursor_open = engine_cursor_open,
	.cursor_next = engine_cursor_next,
	.cursor_close = engine_cursor_close,
	.maintain = engine_maintain,
	.maintain_stop = engine_maintain_stop,
	.checkpoint = engine_checkpoint,
};
