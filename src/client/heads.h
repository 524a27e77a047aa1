/* SPDX-License-Identifier: Apache-2.0 */
/* Members compare their logs of a room: each message says, inside its encryption, how far its sender
 * had read and the log's chain there (mimi/media_type.h), and now and then contacts tell each other
 * so of rooms that they are both in, by a direct room that lives elsewhere.  So a hub that shows two
 * logs, or keeps back the end of one, is noticed as soon as a word gets past it. */
#ifndef CLIENT_HEADS_H
#define CLIENT_HEADS_H

#include "client/control.h"
#include "client/room_group.h"

/* How far we have read. */
struct chain_head heads_own(const struct room *r);
/* An entry was read: r is at it. */
void heads_passed(struct uc_client *c, struct room *r);
/* What was read is of no use any more: the log is another one, or was not read on from there. */
void heads_forget(struct room *r);
/* A new place in a room. */
void heads_begin(struct room *r);
/* We are behind entries that we have not read: joined anew. */
void heads_jumped(struct uc_client *c, struct room *r);
/* Its memory is given back. */
void heads_free(struct room *r);
/* What a message says, before r is at its entry. */
void heads_said(struct uc_client *c, struct room *r, const struct room_entry *e);
/* What a contact tells of other rooms. */
void heads_in(struct uc_client *c, const struct contact *k, const struct control *m);
/* Of a room in which there is nothing more to come: somebody may have had more. */
uc_err UC_MUST_USE heads_wait(struct uc_client *c, struct room *r);
/* Tells a few contacts, when it is time. */
uc_err UC_MUST_USE heads_drive(struct uc_client *c);

#endif
