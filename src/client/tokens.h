/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens for letters to other apps: the other app learns that its own app lets this person ask, and not
 * who it is.  Drawn when there is a letter to go, since each is counted as one. */
#ifndef CLIENT_TOKENS_H
#define CLIENT_TOKENS_H

#include "client/client.h"

/* Draws one for a request whose reply address is made, and for others that have come as far; then
 * requests_write.  Within one app, and with one that knows no tokens, at once without. */
uc_err UC_MUST_USE tokens_ask(struct uc_client *c, struct request *q);

#endif
