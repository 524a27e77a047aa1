/* SPDX-License-Identifier: Apache-2.0 */
/* A room's public group in the store: one record for each part (mls/public_group.h), so that a
 * commit writes what it changed.  Also for the operator's tools. */
#ifndef PROVIDER_GROUP_PARTS_H
#define PROVIDER_GROUP_PARTS_H

#include "mls/public_group.h"
#include "provider/schema.h"

/* Into the batch: what has changed since public_group_saved. */
uc_err UC_MUST_USE group_parts_put(struct store_batch *b, struct view room,
				   const struct public_group *g);
/* UC_E_NOT_FOUND when there is none.  *is_whole: it was read from the records of earlier versions
 * (tables GROUP and GROUP_INFO), which are to go with the first parts that are put. */
uc_err UC_MUST_USE group_parts_load(struct store *s, const struct env *env,
				    const struct group_hooks *hooks, struct view room,
				    struct public_group **out, bool *is_whole);
void group_whole_delete(struct store_batch *b, struct view room);
/* What stands under this key is what was put there. */
uc_err UC_MUST_USE group_part_check(struct view key, const struct group_part_record *r);

#endif
