/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation with somebody who was blocked.  For one's own eyes it ends at once.  For the other it ends
 * hours or days later, at a time of dice, as it does for those whose devices are lost, or who leave:
 * not in the second of the block. */
#ifndef CLIENT_CLOSING_H
#define CLIENT_CLOSING_H

#include "client/client.h"

/* Three hours, and up to two days. */
enum { CLOSING_FIRST_MS = 3 * 3600 * 1000, CLOSING_LAST_MS = 48 * 3600 * 1000 };

/* All conversations of two with that contact are hidden, and are to be left; said again, nothing changes. */
uc_err UC_MUST_USE closing_begin(struct uc_client *c, const struct contact *k);
/* They are unblocked: what was not left yet goes on. */
void closing_undo(struct uc_client *c, const struct contact *k);
/* Is it not time yet?  Then wakes the client when it is. */
bool closing_waits(struct uc_client *c, const struct room *r);

#endif
