/* SPDX-License-Identifier: Apache-2.0 */
/* Members tell each other, inside the room, who they are. */
#ifndef CLIENT_INTRODUCTIONS_H
#define CLIENT_INTRODUCTIONS_H

#include "client/control.h"
#include "client/room_group.h"

uc_err UC_MUST_USE control_send(struct uc_client *c, struct room *r, const struct control *m);
/* Queues our own introduction to the room. */
uc_err UC_MUST_USE introductions_own(struct uc_client *c, struct room *r);
/* After we added somebody: all that we have verified, our own, and the room's name. */
uc_err UC_MUST_USE introductions_forward(struct uc_client *c, struct room *r);
/* Asks those for their introduction who have not given it. */
uc_err UC_MUST_USE introductions_drive(struct uc_client *c, struct room *r);
/* Of a room that was held: who has said meanwhile who they are. */
void introductions_tell(struct uc_client *c, const struct room *r);
/* The room's members have changed. */
uc_err UC_MUST_USE introductions_epoch(struct uc_client *c, struct room *r);
/* Queues key addresses for the other one of a direct room. */
uc_err UC_MUST_USE introductions_keys(struct uc_client *c, struct room *r, const char *room,
				      const struct key_address *addresses, size_t n);
/* Queues a link_statement, or the link_withdrawal of one, to the other one of a direct room. */
uc_err UC_MUST_USE introductions_link(struct uc_client *c, struct room *r, bool withdrawn,
				      struct view encoded);
uc_err UC_MUST_USE introductions_name(struct uc_client *c, struct room *r, const char *name);
/* Is somebody there who has said that they are that contact? */
bool introductions_with(const struct room *r, const struct uc_id *contact);
/* The contact whom a direct room leads to, if something can be told them there now: they have said who they
 * are, and are neither blocked nor held.  Else NULL. */
struct contact *introductions_listener(struct uc_client *c, const struct room *direct);
/* A control message of a member. */
uc_err UC_MUST_USE control_in(struct uc_client *c, struct room *r, const struct room_client *sender,
			      struct view bytes);

#endif
