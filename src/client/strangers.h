/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms that are left by this client itself: those somebody below 16 would share with a stranger, and
 * those nobody had the right to bring us into. */
#ifndef CLIENT_STRANGERS_H
#define CLIENT_STRANGERS_H

#include "client/client.h"

/* Of an open room: looks at its members, and leaves it if need be. */
uc_err UC_MUST_USE strangers_drive(struct uc_client *c, struct room *r);
/* Out of the room, which is said in its history; until it has succeeded. */
uc_err UC_MUST_USE room_flee(struct uc_client *c, struct room *r, const char *why);
/* Is what that member writes kept from this person? */
bool strangers_hide(struct uc_client *c, const struct room *r, const struct member *m);

#endif
