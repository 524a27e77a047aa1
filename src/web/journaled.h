/* SPDX-License-Identifier: Apache-2.0 */
/* The client store of a browser: everything lies in memory, every commit is handed on as one batch
 * (web/batch.h) for a journal, from which the store is built anew at the next start. */
#ifndef WEB_JOURNALED_H
#define WEB_JOURNALED_H

#include "base/view.h"
#include "undercroft/undercroft.h"

struct journaled;
/* Takes one batch for the journal; not 0 when it can't. */
typedef int journaled_sink(const uint8_t *p, size_t n);

/* NULL without memory. */
struct journaled *journaled_new(journaled_sink *sink);
/* Also done by the `close` of its ops. */
void journaled_free(struct journaled *j);
/* After a failed commit, or a load that failed for want of memory, every call returns UC_E_STORE:
 * what lies in memory may be half of a batch. */
const struct uc_store_ops *journaled_ops(void);

/* Applies a batch that was handed on or a piece of a snapshot, in their order, and hands nothing
 * on.  UC_E_CORRUPT when it is none: nothing was applied then. */
uc_err UC_MUST_USE journaled_load(struct journaled *j, struct view batch);

/* The whole store as a series of batches: each has about SNAPSHOT_BYTES, or is one record.  *out is
 * empty after the last one and lives until the next call of any function.  `first` begins anew;
 * UC_E_STALE when something was committed since. */
enum { SNAPSHOT_BYTES = 1024 * 1024 };
uc_err UC_MUST_USE journaled_snapshot(struct journaled *j, bool first, struct view *out);

#endif
