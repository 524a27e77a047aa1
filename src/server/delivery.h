/* SPDX-License-Identifier: Apache-2.0 */
/* Sends sign-up codes by the operator's command.  A helper process, forked before there are
 * threads, runs it: number or address and code reach the command on its input, a line each, never
 * as arguments or in the environment.  At most DELIVERY_RUNNING_MAX at once, each for at most
 * DELIVERY_SECONDS. */
#ifndef SERVER_DELIVERY_H
#define SERVER_DELIVERY_H

#include "server/config.h"

enum { DELIVERY_RUNNING_MAX = 8, DELIVERY_SECONDS = 30, DELIVERY_TEXT_MAX = 1000 };

struct delivery;
/* Call while the process has one thread and no connections open. */
uc_err UC_MUST_USE delivery_new(const struct config *c, struct delivery **out);
/* From any thread; never waits.  UC_E_BUSY when too many wait, UC_E_ARGUMENT for a text with control
 * characters. */
uc_err UC_MUST_USE delivery_send(struct delivery *d, const struct config_app *app,
				 struct view identifier, struct view code);
/* Codes that are handed over from now on go by the commands that the configuration's file names now, which
 * was found to have no mistakes.  UC_E_BUSY: too many wait. */
uc_err UC_MUST_USE delivery_reload(struct delivery *d);
/* Lets what was handed over finish. */
void delivery_free(struct delivery *d);

#endif
