/* SPDX-License-Identifier: Apache-2.0 */
/* The client's rows of the table of mimi/reach.h, asked with what this device alone knows: who is in
 * contact, who is blocked, who has asked before, what a guardian has said.  Each letter, each room that
 * somebody brings us into and each member of a room is put to it. */
#ifndef CLIENT_REACHING_H
#define CLIENT_REACHING_H

#include "client/client.h"
#include "mimi/reach.h"

/* What is between this person and that identity (contact_id). */
enum reach_edge reaching_edge(struct uc_client *c, const struct uc_id *contact);

enum reaching {
	REACHING_NOTHING, /* it does not arrive; of a member: they may not be where we are */
	REACHING_WAITS,   /* the guardian is asked first */
	REACHING_SHOWN,
};
/* A letter of theirs, which our app has let in. */
enum reaching reaching_letter(struct uc_client *c, const struct uc_id *contact);
/* Being in one room, which is no direct one. */
enum reaching reaching_member(struct uc_client *c, const struct uc_id *contact);
/* May whoever was given a set (zero: as the answer to a letter) bring us into a room at all? */
bool reaching_brings(struct uc_client *c, const struct uc_id *given_to);
/* And into this one, now that it is known what it is? */
bool reaching_stays(struct uc_client *c, const struct room *r, const struct uc_id *given_to);
/* Below 16: rooms with strangers are left. */
bool reaching_is_young(struct uc_client *c);

#endif
