/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms that are left by this client itself: those somebody below 16 would share with a stranger, and
 * those nobody had the right to bring us into.  A direct room is shown once the one whom we gave what
 * brought us there has said that it is them: keys can be passed on. */
#ifndef CLIENT_STRANGERS_H
#define CLIENT_STRANGERS_H

#include "client/client.h"

/* Of an open room: looks at its members, and leaves it if need be. */
uc_err UC_MUST_USE strangers_drive(struct uc_client *c, struct room *r);
/* Out of the room, which is said in its history; until it has succeeded. */
uc_err UC_MUST_USE room_flee(struct uc_client *c, struct room *r, const char *why);
/* A direct room where nobody has introduced themselves: what is written is not shown till then. */
void strangers_expect(struct room *r);
/* The one expected has: the room is shown.  What was written is to be told then (history_shown). */
uc_err UC_MUST_USE strangers_met(struct uc_client *c, struct room *r, const struct member *m);
/* Into such a one we were brought, and know of nothing there that is meant for us. */
bool strangers_hold(const struct room *r);
/* Nothing of that room reaches the person: it is held for that, or for the guardian. */
bool strangers_veil(const struct uc_client *c, const struct room *r);
/* It is over, and what was not shown will not be. */
uc_err UC_MUST_USE strangers_forget(struct uc_client *c, struct room *r);
/* Somebody has written in a group. */
void strangers_wrote(struct room *r, struct view participant);
/* The account of a member, once they have said it, as a contact of it would be called; of a persona, who was
 * brought in as it. */
struct uc_id strangers_account(const struct member *m);
/* Is it blocked, by whichever way? */
bool strangers_blocked(struct uc_client *c, const struct member *m);
/* Is what that member writes kept from this person? */
bool strangers_hide(struct uc_client *c, const struct room *r, const struct member *m);

#endif
