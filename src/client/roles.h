/* SPDX-License-Identifier: Apache-2.0 */
/* Who is owner, moderator and member of a group: changed by its owners (docs/rooms.md). */
#ifndef CLIENT_ROLES_H
#define CLIENT_ROLES_H

#include "client/room_group.h"

/* By another's commit: told, and what we have become ourselves is said in the room's history. */
uc_err UC_MUST_USE roles_changed(struct uc_client *c, struct room *r, const struct room_entry *e);
/* By one of ours. */
void roles_told(struct uc_client *c, struct room *r, struct view participant);

#endif
