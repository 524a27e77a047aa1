/* SPDX-License-Identifier: Apache-2.0 */
/* Commits that RocksDB has not been given yet: one write for all of them, in order of their keys. */
#ifndef STORE_GATHERED_H
#define STORE_GATHERED_H

#include "base/buf.h"
#include "store/driver.h"

#include <rocksdb/c.h>

#define GATHERED_FILTER_BITS ((size_t)32768)

struct gathered {
	struct buf items, bytes; /* changes, and their keys and values one behind the other */
	rocksdb_writebatch_t *batch;
	bool any_range;
	uint64_t filter[GATHERED_FILTER_BITS / 64]; /* bits of their keys' hashes */
};

void gathered_init(struct gathered *g);
void gathered_done(struct gathered *g);
/* Copies them, all or none. */
uc_err UC_MUST_USE gathered_add(struct gathered *g, const struct store_change *first);
size_t gathered_bytes(const struct gathered *g);
/* Is there anything; could there be something about this key? */
bool gathered_any(const struct gathered *g);
bool gathered_may_have(const struct gathered *g, struct view key);
/* What comes to the same, to be written at once; it lives until gathered_empty. */
rocksdb_writebatch_t *gathered_batch(struct gathered *g);
void gathered_empty(struct gathered *g);

#endif
