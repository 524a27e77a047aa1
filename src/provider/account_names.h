/* SPDX-License-Identifier: Apache-2.0 */
/* Who has a name.  The index holds ids that are made of names with its key; a record there counts only
 * as long as the account it leads to lives and says the same.  While the key changes, records lie
 * under either (name_index.c). */
#ifndef PROVIDER_ACCOUNT_NAMES_H
#define PROVIDER_ACCOUNT_NAMES_H

#include "provider/inside.h"

enum name_state {
	NAME_FREE,
	NAME_OWN,  /* given to this account already */
	NAME_HELD, /* by another account that lives, or has left it lately; or by one that is gone */
};
/* holder is set where the name is held; zeros: by nobody any more.  Leads the name's records to the index key of now, so that what
 * follows has to ask for that id alone. */
uc_err UC_MUST_USE name_state_get(struct provider *p, const struct name_id *n,
				  struct view account_id, struct arena *a, enum name_state *state,
				  uint8_t holder[ACCOUNT_ID]);
/* UC_E_TAKEN: the operator keeps it, or one that it might be mistaken for, from everybody. */
uc_err UC_MUST_USE name_reserved_check(struct provider *p, struct view normalised, struct arena *a);
/* Leads what is stored of one name from the index key before to that of now, if it still is there. */
uc_err UC_MUST_USE index_lead(struct provider *p, const struct name_id *n, struct arena *a);
/* The account will leave its handle: a slot of those it may hold is taken, as a part of its batch, or *wait_s
 * says for how long there is none.  is_back: it goes back to one that it holds, whose slot it is. */
enum { HELD_SLOTS_MAX = 16 };
/* Is what stands in the place of a kind in a key of TABLE_SPENT such a slot? */
bool held_is_slot(struct view kind);
uc_err UC_MUST_USE held_take(struct provider *p, struct store_batch *b, struct view account_id,
			     bool is_back, struct arena *a, uint32_t *wait_s);
/* The account has left, or will leave, this name, which is kept from others for a while. */
uc_err UC_MUST_USE name_hold(struct provider *p, const uint8_t name_id[32], struct view account_id,
			     struct arena *a);
/* The name is the account's, as a part of the batch; where names are proven by a code, and it is not
 * the account's already, the code is spent with it. */
uc_err UC_MUST_USE name_take(struct call *c, struct store_batch *b, const struct name_id *n,
			     const uint8_t account_id[ACCOUNT_ID], bool is_own);
/* The account will be deleted: its handle rests, and nothing there says whose it was. */
uc_err UC_MUST_USE name_rest(struct provider *p, const uint8_t name_id[32], struct view account_id,
			     struct arena *a);
/* The account's number or address has passed to another: it keeps the rest, and forgets the name. */
uc_err UC_MUST_USE name_forget(struct provider *p, struct view account_id, struct arena *a);
/* Gives up a name of the account, if it still has it. */
uc_err UC_MUST_USE name_release(struct provider *p, const uint8_t name_id[32],
				struct view account_id, struct arena *a);

#endif
