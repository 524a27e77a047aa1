/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to letters.  The work is done and durable as ever; its answer comes at a fixed time after the
 * letter did, so that it does not tell who was written to (decision 0159). */
#ifndef PROVIDER_HELD_H
#define PROVIDER_HELD_H

#include "provider/inside.h"

struct held;

/* The time counts from here, before the work.  *out is NULL where nothing is held.  UC_E_BUSY when too many
 * are. */
uc_err UC_MUST_USE held_begin(struct provider *p, struct held **out);
/* There is nothing to hold: what came of it is said at once. */
void held_drop(struct held *h);
/* All is well, and the call's answer, which is empty, says so when its time has come. */
void held_call(struct held *h, struct call *c);
/* The same for another app; it is answered at once when it did not succeed, which c->later tells. */
int held_peer(struct held *h, struct peer_call *c, int status);

#endif
