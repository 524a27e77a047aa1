/* SPDX-License-Identifier: Apache-2.0 */
/* One turn: whatever comes in (a frame, a call of the owner, time) changes objects in memory, then
 * everything changed goes to the store in one commit, and only then frames and events leave.
 * When the commit fails the client is broken: nothing of the turn was seen outside. */
#ifndef CLIENT_TURN_H
#define CLIENT_TURN_H

#include "base/error.h"

struct uc_client;

typedef uc_err turn_work(struct uc_client *c, void *arg);
/* The error of `work`, unless the turn itself failed. */
uc_err UC_MUST_USE turn_run(struct uc_client *c, turn_work *work, void *arg);

#endif
