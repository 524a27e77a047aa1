/* SPDX-License-Identifier: Apache-2.0 */
/* The way from a room's current tree back to that of an earlier epoch, as it is stored (table
 * TREE_BACK).  Also for the operator's tools. */
#ifndef PROVIDER_TREE_BACK_H
#define PROVIDER_TREE_BACK_H

#include "mls/tree.h"
#include "provider/schema.h"

/* The ratchet_tree as the commit `seq` left it, appended; now: as the last one has.  UC_E_CORRUPT when
 * a step does not lead where it says. */
uc_err UC_MUST_USE tree_back_to(struct store *s, struct view room, const struct tree *now,
				uint64_t seq, struct arena *a, struct buf *out);
/* What leads from `now` to `before`: into the batch, for the commit `seq`. */
uc_err UC_MUST_USE tree_back_add(struct store_batch *b, struct view room, uint64_t seq,
				 uint64_t epoch, const struct tree *now, const struct tree *before);
/* Nobody asks for trees before that of entry `first` any more. */
uc_err UC_MUST_USE trees_forget(struct store *s, struct view room, uint64_t first, struct arena *a,
				struct store_batch *b);

#endif
