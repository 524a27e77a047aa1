/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a write-ahead log of RocksDB's (its wiki: "Write Ahead Log File Format") as far as it is
 * whole. */
#ifndef STORE_WAL_READ_H
#define STORE_WAL_READ_H

#include "base/view.h"

struct wal_reader {
	bool any;      /* has read a batch */
	uint64_t next; /* the number of the next one, in this log or the one after it */
};

enum wal_end {
	WAL_WHOLE,
	WAL_BROKEN,  /* *good: where the last whole record before it ends */
	WAL_UNKNOWN, /* of a form that we do not write */
};

enum wal_end wal_read(struct wal_reader *r, struct view log, size_t *good);

#endif
