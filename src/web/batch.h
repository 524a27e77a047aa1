/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of a store as bytes: what the browser's journal and its snapshots are made of.
 *
 *	struct {
 *		opaque key<V>;                 1 to BATCH_KEY_MAX bytes
 *		optional<opaque value<V>>;     absent: the key is deleted
 *	} change;
 *
 * A batch is changes to its end, so batches one after the other are a batch, too. */
#ifndef WEB_BATCH_H
#define WEB_BATCH_H

#include "base/buf.h"
#include "base/view.h"
#include "undercroft/undercroft.h"

enum { BATCH_KEY_MAX = 255 };

/* Appends; UC_E_ARGUMENT for a key that is empty or too long, UC_E_TOO_LARGE. */
uc_err UC_MUST_USE batch_add(struct buf *out, const struct uc_store_change *change);

typedef uc_err batch_each(void *ctx, const struct uc_store_change *change);
/* Hands out every change in order, borrowed from `in`, until `each` returns an error.  UC_E_CORRUPT
 * when the bytes are no batch: nothing is handed out then. */
uc_err UC_MUST_USE batch_read(struct view in, batch_each *each, void *ctx);

#endif
