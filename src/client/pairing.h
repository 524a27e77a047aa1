/* SPDX-License-Identifier: Apache-2.0 */
/* A further device of an account, from both sides (mimi/pairing.h).
 *
 * The new one (ACCOUNT_JOINING) keeps its secret until it has the answer; killed in between, it asks on.
 * The old one keeps nothing: each of its steps may be done again, and the code is entered once more.  It says in
 * the vault how the new one's box is opened before it puts it on the list: whichever device comes to write the
 * vault after that, under whatever key, wraps it to the new one, though the old one be ended in the next moment. */
#ifndef CLIENT_PAIRING_H
#define CLIENT_PAIRING_H

#include "client/client.h"

/* The new device, while greeted. */
uc_err UC_MUST_USE pairing_drive(struct uc_client *c);
void pairing_free(struct uc_client *c);

/* The old one, while signed in: what waits for the vault goes on once it is written. */
uc_err UC_MUST_USE pairing_add_drive(struct uc_client *c);
/* It is not: the connection is lost, or the app does not take it. */
void pairing_add_fail(struct uc_client *c, uc_err err, struct view text);

#endif
