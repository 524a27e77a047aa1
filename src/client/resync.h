/* SPDX-License-Identifier: Apache-2.0 */
/* Back into a room whose group this device has lost: GroupInfo from the hub, an external commit
 * that takes the old leaf's place, a new seat (docs/rooms.md).
 *
 * While the old leaf's state can still read, the old seat is read up to that commit, so that
 * nothing is missed; nothing is sent from it. */
#ifndef CLIENT_RESYNC_H
#define CLIENT_RESYNC_H

#include "client/client.h"

/* The room is lost, by this entry if it was one.  Callers use room_lost. */
void resync_start(struct uc_client *c, struct room *r, uc_err why, const struct log_entry *entry);
/* A room of ours that is lost: whatever comes next. */
uc_err UC_MUST_USE resync_drive(struct uc_client *c, struct room *r);
/* An entry of the log; *ours: it is the commit by which we come back, and all before it is done. */
uc_err UC_MUST_USE resync_entry(struct uc_client *c, struct room *r,
				const uint8_t hash[SHA256_BYTES], uint64_t seq, bool *ours);
/* The new seat is open: the room is whole again. */
uc_err UC_MUST_USE resync_opened(struct uc_client *c, struct room *r,
				 const struct seat_open_response *in);
/* The room is left while it was on its way back. */
void resync_drop(struct room *r);
/* The seat is not opened to us, or is no more. */
void resync_unseated(struct uc_client *c, struct room *r, uc_err why);

#endif
