/* SPDX-License-Identifier: Apache-2.0 */
/* What a commit does to components (draft-ietf-mls-extensions-10): AppEphemerals, then AppDataUpdates,
 * both after what RFC 9420's own proposals do. */
#ifndef MLS_APP_DATA_H
#define MLS_APP_DATA_H

#include "mls/group_state.h"

/* Lists them in the transition, and asks the hook about each. */
uc_err UC_MUST_USE app_ephemerals_apply(struct transition *t, const struct group_hooks *hooks);
/* Changes the dictionary among these GroupContext extensions.  *asks_anew is set where that changes
 * what is asked of leaves. */
uc_err UC_MUST_USE app_data_apply(struct transition *t, const struct group_hooks *hooks,
				  struct extension_list *extensions, bool *asks_anew);

#endif
