/* SPDX-License-Identifier: Apache-2.0 */
/* Who has a name.  The index holds HMACs of names; a record there counts only as long as the
 * account it leads to lives and says the same. */
#ifndef PROVIDER_ACCOUNT_NAMES_H
#define PROVIDER_ACCOUNT_NAMES_H

#include "provider/inside.h"

enum name_state {
	NAME_FREE,
	NAME_OWN,  /* given to this account already */
	NAME_HELD, /* by another account that lives */
};
/* holder is set where the name is held. */
uc_err UC_MUST_USE name_state_get(struct provider *p, const uint8_t name_id[32],
				  struct view account_id, struct arena *a, enum name_state *state,
				  uint8_t holder[ACCOUNT_ID]);
/* Gives up a name of the account, if it still has it. */
uc_err UC_MUST_USE name_release(struct provider *p, const uint8_t name_id[32],
				struct view account_id, struct arena *a);

#endif
