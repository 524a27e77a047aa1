/* SPDX-License-Identifier: Apache-2.0 */
/* What contacts are shown of this person besides a name, and what they show: words and a picture
 * (mimi/portrait.h).  Ours is told in each contact's direct room, once: when it changes, and when the room
 * or a device there is new.  What our devices tell is heard by those of ours that are there, so they are of
 * one mind.  Of a contact the last one counts; the picture is a record of its own. */
#ifndef CLIENT_PORTRAITS_H
#define CLIENT_PORTRAITS_H

#include "client/client.h"

/* Tells contacts what they do not know yet. */
uc_err UC_MUST_USE portraits_drive(struct uc_client *c);
/* From the other one of a direct room, who is contact k, and not blocked. */
uc_err UC_MUST_USE portrait_in(struct uc_client *c, struct contact *k, struct view padded);
/* Another device of ours has said it in that room. */
uc_err UC_MUST_USE portrait_own_in(struct uc_client *c, const struct room *r, struct view padded);
/* A device has introduced itself in that room which was not there; own: its key, if it is one of ours. */
void portraits_newcomer(struct uc_client *c, const struct room *r, const uint8_t *own);
/* What they show is forgotten here. */
void portraits_forget(struct uc_client *c, struct contact *k);
/* For telling one picture from another; 0: there is none. */
uint64_t picture_number(struct view picture);

#endif
