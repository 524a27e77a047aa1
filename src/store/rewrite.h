/* SPDX-License-Identifier: Apache-2.0 */
/* Rewriting all of a RocksDB so that it does the rest of the process no harm: only where there is room for
 * all of it, no longer than there is, only what can be read, and no longer than anybody wants it. */
#ifndef STORE_REWRITE_H
#define STORE_REWRITE_H

#include "store/store.h"

#include <pthread.h>
#include <rocksdb/c.h>

struct rewrite {
	rocksdb_t *db;
	const char *path; /* where it lies */
	struct store_faults faults;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_stopped; /* for good */
	bool is_over;    /* the one that runs */
};

void rewrite_init(struct rewrite *r, const struct store_faults *faults);
/* Before anything else is asked of it; the path stays. */
void rewrite_of(struct rewrite *r, rocksdb_t *db, const char *path);
void rewrite_done(struct rewrite *r);
/* What all of it takes on the disk besides what is there already. */
uint64_t rewrite_bytes(const struct rewrite *r);
/* UC_E_FULL: with so many bytes more there would not be left what all else needs. */
uc_err UC_MUST_USE rewrite_room(const struct rewrite *r, uint64_t bytes);
/* UC_OK: it may begin.  UC_E_FULL; UC_E_CORRUPT: what would be read does not check, over which RocksDB stops
 * for good; UC_E_CLOSED: rewrite_stop. */
uc_err UC_MUST_USE rewrite_may(struct rewrite *r);
/* All of it, once.  UC_E_FULL: the room went, it was left off, and nothing is lost; UC_E_CLOSED: likewise. */
uc_err UC_MUST_USE rewrite_run(struct rewrite *r);
/* From any thread: what runs ends soon, and nothing is begun any more. */
void rewrite_stop(struct rewrite *r);

#endif
