/* SPDX-License-Identifier: Apache-2.0 */
/* A further device of an account, from both sides (mimi/pairing.h).
 *
 * The new one (ACCOUNT_JOINING) keeps its secret until it has the answer; killed in between, it asks on.
 * The old one keeps nothing: each of its steps may be done again, and the code is entered once more. */
#ifndef CLIENT_PAIRING_H
#define CLIENT_PAIRING_H

#include "client/client.h"

/* The new device, while greeted. */
uc_err UC_MUST_USE pairing_drive(struct uc_client *c);
void pairing_free(struct uc_client *c);

#endif
