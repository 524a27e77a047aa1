/* SPDX-License-Identifier: Apache-2.0 */
/* A room's outbox as a list.  It may hold thousands of messages that wait for a connection, so
 * nothing that happens to one of them walks past the others: what is new goes to the end, what is
 * next to be sent and what has changed in this turn are known. */
#ifndef CLIENT_OUTBOX_LIST_H
#define CLIENT_OUTBOX_LIST_H

#include "client/stored_room.h"

void outgoing_append(struct room *r, struct outgoing *o);
/* It is to be stored at the end of the turn. */
void outgoing_change(struct room *r, struct outgoing *o);
/* One that is to be stored, which from then on it is not; NULL when there is none. */
struct outgoing *outgoing_changed(struct room *r);
/* It will not be sent any more: wipes content and ciphertext. */
void outgoing_content_done(struct room *r, struct outgoing *o);
/* Takes it out; the caller frees it. */
void outgoing_remove(struct room *r, struct outgoing *o);
/* It is not to be stored any more. */
void outgoing_unchange(struct room *r, struct outgoing *o);

#endif
