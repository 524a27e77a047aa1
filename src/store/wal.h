/* SPDX-License-Identifier: Apache-2.0 */
/* RocksDB's write-ahead logs, as far as RocksDB itself cannot tell what a power failure left: what was
 * not synced yet may be there in part, in any order, and looks like damage; what was synced must be
 * there, or it is damage.  So a mark beside them (the file `synced`) says how far they were synced. */
#ifndef STORE_WAL_H
#define STORE_WAL_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct wal_mark {
	int fd, log_fd;    /* the mark, locked; the log that is written, -1 for none */
	char *path;        /* the store's folder */
	bool is_known;     /* what follows was written by somebody */
	uint64_t log;      /* the number of a log */
	uint64_t bytes;    /* of it, synced; all of those before it are */
	uint64_t sequence; /* of RocksDB's, synced */
};

/* Before RocksDB opens the store: makes the folder where there is none, takes the mark, and cuts off
 * what was written and not synced, behind the first record of it that is not whole.
 * UC_E_LOCKED   somebody has the store open
 * UC_E_CORRUPT  what was synced is damaged or gone; with mend the logs end there instead */
uc_err UC_MUST_USE wal_open(struct wal_mark *m, const char *path, bool mend);
/* RocksDB has opened it, and what it reads goes up to this number.  UC_E_CORRUPT: more was synced. */
uc_err UC_MUST_USE wal_opened(struct wal_mark *m, uint64_t sequence, bool mend);
/* All up to this sequence number is synced now, and RocksDB needs no log before `needed`.  Must not run
 * while another thread writes to the log. */
uc_err UC_MUST_USE wal_synced(struct wal_mark *m, uint64_t needed, uint64_t sequence);
/* The same while another does, so that how far the log is cannot be said: only where RocksDB needs the
 * marked one no more.  That may not be synced to its end; what was accepted lies in those behind it, and
 * these are not to be cut for what it lacks, if a power failure brings it back. */
uc_err UC_MUST_USE wal_left(struct wal_mark *m, uint64_t needed, uint64_t sequence);
void wal_close(struct wal_mark *m);

#endif
