/* SPDX-License-Identifier: Apache-2.0 */
/* Key addresses for one room alone.  Who wants to bring a contact into a group, and has no address of theirs,
 * asks for one in their direct room, and the contact's client answers by its own rules, or not at all:
 * minors give out no others (identity.md, 7), and whoever's others have run out is brought in the same way. */
#ifndef CLIENT_ROOM_ASKS_H
#define CLIENT_ROOM_ASKS_H

#include "client/client.h"

#define ROOM_ASKED "asked" /* what an operation says that is done with that */

enum { ROOM_ASK_DAYS = 7 }; /* so long an answer is awaited, and an address for one room lasts */

/* --- who asks --- */

/* Is there a way to ask that contact? */
bool room_asks_can(struct uc_client *c, const struct contact *k);
bool room_asks_may(struct uc_client *c, const struct room *r, const struct task *t,
		   const struct contact *k);
/* The task's operation is done with that; the task itself waits. */
uc_err UC_MUST_USE room_asks_send(struct uc_client *c, struct room *r, struct task *t,
				  const struct contact *k);
/* Their answer. */
void room_asks_granted(struct uc_client *c, const struct contact *k, struct view room,
		       const struct key_address *address);
/* An address for this room is there, and still good. */
bool room_asks_has(struct uc_client *c, const struct task *t);
/* It is good once. */
void room_asks_used(struct room *r, struct task *t);
/* Whoever keeps those addresses cannot say now: it is tried again, ever more seldom, while it is good. */
void room_asks_later(struct uc_client *c, struct task *t, const struct reply *reply);
/* It is not the time for that: nothing else waits for it. */
bool room_asks_waits(const struct uc_client *c, const struct task *t);
/* Nothing but answers, and what they need, is awaited in that room. */
bool room_asks_alone(const struct uc_client *c, const struct room *r);
/* A task is about to end that did not come to anything: its group's history says so. */
void room_asks_failed(struct uc_client *c, struct room *r, const struct task *t);
/* Ends what waits in vain. */
uc_err UC_MUST_USE room_asks_drive(struct uc_client *c, struct room *r);

/* --- who is asked --- */

uc_err UC_MUST_USE room_asks_in(struct uc_client *c, struct contact *k, struct view room);
/* The room they are given an address for now; NULL: none. */
const char *room_asks_due(struct uc_client *c, struct contact *k);
/* They were, by this device or another of ours; k may be NULL. */
void room_asks_answered(struct uc_client *c, struct contact *k, struct view room);
/* Nothing that they ask for is about to be answered. */
bool room_asks_are_idle(const struct uc_client *c, const struct contact *k);
/* They will get none. */
void room_asks_drop(struct contact *k);

#endif
