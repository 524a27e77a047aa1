/* SPDX-License-Identifier: Apache-2.0 */
/* All that an app's stores say of one account, added up as docs/inventory.json says (view_table.h).
 *
 * A record is the account's when a part of its key or a field that the inventory calls an identifier is
 * one of the account's identifiers: first its id, then what its records name, until nothing is new. */
#ifndef CTL_ACCOUNT_VIEW_H
#define CTL_ACCOUNT_VIEW_H

#include "crypto/crypto.h"
#include "store/store.h"

enum { ACCOUNT_VIEW_ITEMS = 64 };

struct account_view_sum {
	uint64_t count; /* values, or bytes of them */
	uint64_t least, most;
};
struct account_view {
	struct account_view_sum items[ACCOUNT_VIEW_ITEMS]; /* as view_items */
	uint64_t records, bytes,
		of_all;           /* of the accounts store: the account's; how many there are */
	uint64_t beside;          /* others in which an identifier of it stands all the same */
	uint64_t rooms, in_rooms; /* records of the rooms store; those with an identifier of it */
	uint8_t state[SHA256_BYTES]; /* over every record and entry of both, in order */
};

/* UC_E_NOT_FOUND: there is no such account.  UC_E_CORRUPT, UC_E_VERSION: a record cannot be read. */
uc_err UC_MUST_USE account_view_make(struct store *accounts, struct store *rooms, struct view id,
				     struct account_view *out);

#endif
