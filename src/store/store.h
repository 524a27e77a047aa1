/* SPDX-License-Identifier: Apache-2.0 */
/* The provider's durable state: an ordered map from bytes to bytes with atomic batches, and logs.
 * An app has two of them (accounts; rooms), each with a write-ahead log of its own.
 *
 *	struct store_key k;
 *	store_key_start(&k, TABLE_ACCOUNT);
 *	store_key_add(&k, account_id);
 *	store_batch_init(&b, account_id);
 *	store_put_if_absent(&b, store_key_view(&k), record);
 *	err = store_commit(s, &b);          visible now
 *	store_batch_done(&b);
 *	...                                 many more requests
 *	err = store_sync(s);                durable now; only then let the replies go
 *
 * A store is used by one thread at a time, except store_maintain.  Which engine keeps it is a
 * const table (store_rocksdb.h, store_memory.h); all behave alike (tests/unit/store). */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/env.h"
#include "base/metrics.h"
#include "store/key.h"

#define STORE_VALUE_MAX         ((size_t)64 * 1024 * 1024)  /* bytes of one value or log entry */
#define STORE_BATCH_MAX         ((size_t)160 * 1024 * 1024) /* bytes of one batch, all in all */
#define STORE_INCARNATION_BYTES 16

struct store;
struct store_driver;

/* Where a fault may strike: before or after the engine did it. */
enum store_point { STORE_WRITE, STORE_WRITTEN, STORE_SYNC, STORE_SYNCED };

/* For tests: asked at every point; an error makes the call fail with it, and the store refuses
 * everything until it is opened again, as if the process had been killed there. */
struct store_faults {
	void *ctx;
	uc_err (*strike)(void *ctx, enum store_point point);
	/* What is free on the disk, instead of what it says itself; from any thread; NULL: it says it. */
	uint64_t (*free_bytes)(void *ctx);
};

/* One step from schema `from` to from + 1.  May commit as many batches as it likes; it is run
 * again when it was interrupted, so running it twice must do no harm. */
struct store_upgrade {
	uint16_t from;
	uc_err (*run)(struct store *s, const struct env *env);
};

struct store_options {
	const struct store_driver *driver;
	const struct env *env;
	const char *path;                     /* a directory; it is made, its parent is not */
	struct store_memory *memory;          /* instead of a path, for the memory engine */
	struct view domain;                   /* the app: its MIMI provider domain */
	struct view kind;                     /* "accounts" or "rooms" */
	uint16_t schema;                      /* version of the records the caller writes, from 1 */
	const struct store_upgrade *upgrades; /* ends with .run == NULL; NULL for none */
	size_t memtable_bytes;                /* 0: 16 MiB */
	size_t cache_bytes;                   /* 0: 16 MiB */
	bool read_only; /* as it is now, also beside the process that uses it; writing is refused
			   (UC_E_NOT_ALLOWED), UC_E_NOT_FOUND when there is none, no upgrades */
	bool mend;      /* a damaged write-ahead log ends where it is damaged; store_mend */
	/* May be NULL.  A record's stored bytes do not check: it was not served, the call said
	 * UC_E_CORRUPT.  table: the first byte of its key; 0: unknown. */
	void (*corrupt)(void *ctx, uint8_t table);
	void *corrupt_ctx;
	bool check_shards; /* refuse keys outside the batch's shard; for debug and tests */
	uint64_t life; /* what store_live was last given, as the caller knows from elsewhere; 0: it
			      doesn't */
	struct store_faults faults;
	struct metrics *metrics; /* of the thread that uses the store; NULL: nobody counts */
};

/* Opens, or makes when there is none; makes the incarnation; runs upgrades.
 * UC_E_LOCKED     another process or store has it open
 * UC_E_CONFIG     it belongs to another app or is of another kind
 * UC_E_VERSION    it was written by a newer program
 * UC_E_CORRUPT    it is not ours, or damaged */
uc_err UC_MUST_USE store_open(const struct store_options *o, struct store **out);
/* Goes on from what is left of a store whose write-ahead log is damaged (UC_E_CORRUPT at store_open):
 * what lies behind the damage is lost, though it was accepted, so that it is an older copy from then on
 * (store_is_older). */
uc_err UC_MUST_USE store_mend(const struct store_options *o);
/* Does not sync: what was committed after the last store_sync may or may not be there later. */
void store_close(struct store *s);
/* 16 random bytes made with the store (and by store_renew); every log's head carries them. */
struct view store_incarnation(const struct store *s);
/* Makes a new incarnation, durable on return: to be called after an older copy was put back. */
uc_err UC_MUST_USE store_renew(struct store *s, const struct env *env);
/* Is it an older copy that was put back, and not renewed yet: a checkpoint, or one whose life is behind
 * the caller's? */
bool store_is_older(const struct store *s);
/* The last life, and the clock then; 0 when there was none. */
uint64_t store_life(const struct store *s);
uint64_t store_last_ms(const struct store *s);
/* Writes both, durable on return.  A life is above all before it; whoever keeps the last one outside the
 * store, written after this, is told by store_is_older when the store is not the one it was. */
uc_err UC_MUST_USE store_live(struct store *s, uint64_t life, uint64_t now_ms);
/* A copy of what was committed: a store of its own in the directory `path`, which is made; durable on
 * return.  It shares the bytes with this one (hard links) and knows that it is a copy.
 * UC_E_UNSUPPORTED: the engine has no files; UC_E_FULL: there is too little room, and the store goes on. */
uc_err UC_MUST_USE store_checkpoint(struct store *s, const char *path);

/* A batch: operations in order, all or none.  Each precondition sees what the operations before it
 * in the batch did.  Keys and values are copied, but for what is lent; failure to do so is told by
 * store_commit. */
struct store_op;
struct store_batch {
	struct arena mem;
	struct store_op *first, *last;
	size_t op_count;
	size_t conflict; /* after UC_E_CONFLICT: which operation, from 0 as added */
	uint8_t shard[2 * 256 + 2];
	size_t shard_bytes;
	uc_err failed;
};

/* Every key (and log name) of the batch starts with a table tag and this shard, as key.h encodes
 * it; at most 256 bytes.  An empty shard: not checked, for upgrades and tools. */
void store_batch_init(struct store_batch *b, struct view shard);
void store_batch_done(struct store_batch *b);
/* Empties it for another use with another shard. */
void store_batch_reset(struct store_batch *b, struct view shard);

void store_put(struct store_batch *b, struct view key, struct view value);
void store_delete(struct store_batch *b, struct view key); /* absent is fine */
void store_delete_prefix(struct store_batch *b, struct view prefix);
/* Conflict when the key is there. */
void store_put_if_absent(struct store_batch *b, struct view key, struct view value);
/* Conflict unless the key has exactly this value; unless it is absent. */
void store_expect(struct store_batch *b, struct view key, struct view value);
void store_expect_absent(struct store_batch *b, struct view key);

/* Applies all or nothing, visible at once, not yet durable.
 * UC_E_CONFLICT   a precondition does not hold: b->conflict says which; nothing happened
 * UC_E_ARGUMENT   a key outside the shard (check_shards)
 * UC_E_TOO_LARGE  a key, a value or the batch
 * UC_E_FULL, UC_E_STORE, UC_E_CORRUPT  the engine failed; the store refuses writes (with the same
 *                 error) until it is opened again, which with RocksDB takes another process.  What
 *                 was committed and not synced is in doubt.  Reading goes on.
 * UC_E_CORRUPT    also: what the batch asks for or a log's head does not check; nothing happened, and
 *                 the store goes on (store_refuses) */
uc_err UC_MUST_USE store_commit(struct store *s, struct store_batch *b);
/* The error with which the store refuses all writes; UC_OK: it does not. */
uc_err store_refuses(const struct store *s);
/* All that was committed is durable on return.  Errors as store_commit. */
uc_err UC_MUST_USE store_sync(struct store *s);

/* Copied into the arena.  UC_E_NOT_FOUND when absent. */
uc_err UC_MUST_USE store_get(struct store *s, struct view key, struct arena *mem, struct view *out);
uc_err UC_MUST_USE store_has(struct store *s, struct view key, bool *out);

/* Keys with the prefix, in bytewise order, from `start` on (empty: all of them), at most `limit`
 * (0: all).  It sees the store as it was at init, whatever is committed meanwhile.  Between init
 * and done the store may not be closed. */
struct store_scan {
	struct store *store;
	struct store_cursor *cursor;
	size_t left;
	bool begun;
	uint8_t table; /* of the prefix */
	bool is_told; /* that it is damaged there: not once more, by who looks where the damage ends */
	uc_err failed;
};
uc_err UC_MUST_USE store_scan_init(struct store_scan *it, struct store *s, struct view prefix,
				   struct view start, size_t limit);
/* false at the end and on failure (it->failed).  The views live until the next call. */
bool store_scan_next(struct store_scan *it, struct view *key, struct view *value);
void store_scan_done(struct store_scan *it);

/* Logs.  A name is a key, too (a table tag, the shard, ...), but logs and records never collide.
 * Entries are numbered from 1, without gaps. */

/* Appends entry number `seq`; conflict when it isn't the next one.  A log comes to be with its
 * first entry. */
void store_log_append(struct store_batch *b, struct view log, uint64_t seq, struct view bytes);
/* The same; the bytes are not copied and must stay until the batch was committed, or is done. */
void store_log_append_lent(struct store_batch *b, struct view log, uint64_t seq, struct view bytes);
/* Makes an empty log whose first entry will be `next` (>= 1); conflict when the log exists. */
void store_log_start(struct store_batch *b, struct view log, uint64_t next);
/* Drops the entries before `first_kept`; what is dropped or not there yet is no mistake, and the
 * numbering goes on. */
void store_log_trim(struct store_batch *b, struct view log, uint64_t first_kept);
/* The log was never there. */
void store_log_delete(struct store_batch *b, struct view log);

struct store_log_bounds {
	uint64_t first; /* oldest entry kept; == next when there is none */
	uint64_t next;  /* number of the entry to be appended */
	uint8_t incarnation[STORE_INCARNATION_BYTES]; /* of the last append */
};
/* UC_E_NOT_FOUND when there is no such log (whose next entry would be 1). */
uc_err UC_MUST_USE store_log_bounds(struct store *s, struct view log, struct store_log_bounds *out);

/* The last entry; its bytes are copied into the arena.  UC_E_NOT_FOUND when there is none. */
uc_err UC_MUST_USE store_log_last(struct store *s, struct view log, struct arena *mem,
				  uint64_t *seq, struct view *bytes);

/* Entries from max(from, first) on: at most max_count, and as many as fit into max_bytes, but at
 * least one; 0 means no bound.  No such log: no entries.  Rules as for scans. */
struct store_log_scan {
	struct store_scan scan;
	uint64_t next;
	size_t bytes_left;
	bool any;
};
uc_err UC_MUST_USE store_log_scan_init(struct store_log_scan *it, struct store *s, struct view log,
				       uint64_t from, size_t max_count, size_t max_bytes);
bool store_log_scan_next(struct store_log_scan *it, uint64_t *seq, struct view *bytes);
void store_log_scan_done(struct store_log_scan *it);

/* Makes the files forget what was deleted, by the time it returns: rewrites what holds it and
 * drops old write-ahead logs; of what is left nothing says in which order it was written.  To be called
 * by a timer, twice a day at least; takes seconds per GiB.  May run on a thread of its own beside the
 * one that uses the store.  What an open scan sees stays until the next time.
 * UC_E_FULL     there is no room for what is written anew, or there was less and less meanwhile: the store
 *               goes on, with what was deleted still in its files, and it is to be tried again
 * UC_E_CORRUPT  something in it does not check: likewise, and it is for store_check to say what
 * UC_E_CLOSED   store_maintain_stop
 * others        as store_commit: the store refuses writes */
uc_err UC_MUST_USE store_maintain(struct store *s);
/* From any thread: the one that runs ends soon, and none is begun any more.  Before store_close. */
void store_maintain_stop(struct store *s);

#endif
