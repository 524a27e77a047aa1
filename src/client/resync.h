/* SPDX-License-Identifier: Apache-2.0 */
/* Back into a room whose group this device has lost: GroupInfo from the hub, an external commit
 * that takes the old leaf's place, a new seat. */
#ifndef CLIENT_RESYNC_H
#define CLIENT_RESYNC_H

#include "client/client.h"

uc_err UC_MUST_USE resync_drive(struct uc_client *c, struct room *r);
/* The new seat is open: the room is whole again. */
uc_err UC_MUST_USE resync_opened(struct uc_client *c, struct room *r,
				 const struct seat_open_response *in);

#endif
