/* SPDX-License-Identifier: Apache-2.0 */
/* By what letters of one name of our app are known for that (mimi/sender_tag.h).  A contact has the tags of
 * the letters, and answers, that came from them; once they are blocked, whoever is no contact and writes
 * under one of those names is hidden as they are.  It is our app's word alone: it hides letters, which the
 * app could have kept back, and does nothing to a contact. */
#ifndef CLIENT_SENDER_TAGS_H
#define CLIENT_SENDER_TAGS_H

#include "client/client.h"

/* Another one of theirs; the empty one, or one that is known, changes nothing. */
void sender_tags_learn(struct contact *k, struct view tag);
/* Those of the letters of somebody who has just become a contact. */
void sender_tags_gather(struct uc_client *c, struct contact *k);
/* Of a letter of that account, which is blocked: kept with the contact that it is blocked by. */
void sender_tags_blocked(struct uc_client *c, const struct uc_id *account, struct view tag);
/* Is it one of somebody who is blocked?  The empty one is not. */
bool sender_tags_hide(const struct uc_client *c, struct view tag);
/* What the request keeps of one; empty when that is none. */
struct view sender_tags_of(const struct request *q);

#endif
