/* SPDX-License-Identifier: Apache-2.0 */
/* This account's device list: the signed chain that says which devices are the person's. */
#ifndef CLIENT_DEVICES_H
#define CLIENT_DEVICES_H

#include "client/client.h"

/* The first entry (generation 0, position 0), signed by the account key; kept in the account. */
uc_err UC_MUST_USE devices_first(struct uc_client *c, const struct ed25519_key *account_key);
/* The entry that starts the generation after the app's list, for this device alone.  UC_E_EXISTS
 * when the list ends with just that entry already. */
uc_err UC_MUST_USE devices_reset(struct uc_client *c, const struct view_list *entries,
				 const struct ed25519_key *account_key);
/* The last entry of the kept list. */
uc_err UC_MUST_USE devices_last_entry(struct uc_client *c, struct view *out);
/* The app's list is verified, must extend the one kept, and replaces it; *listed: is this device
 * on it? */
uc_err UC_MUST_USE devices_take(struct uc_client *c, const struct view_list *entries, bool *listed);
void devices_head(struct uc_client *c, uint32_t *generation, uint32_t *position);

#endif
