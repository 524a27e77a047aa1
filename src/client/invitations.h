/* SPDX-License-Identifier: Apache-2.0 */
/* Invitations: links that ask for contact, made, counted and taken back.
 *
 * MAKING -> OPEN -> USED (of one letter alone), and at the end ENDING, when its key is gone */
#ifndef CLIENT_INVITATIONS_H
#define CLIENT_INVITATIONS_H

#include "client/client.h"

uc_err UC_MUST_USE invitations_drive(struct uc_client *c);
/* The one whose address that is, and which still lets ask; NULL. */
struct invitation *invitation_at(struct uc_client *c, struct view address);
/* Somebody has asked by it. */
void invitation_asked(struct invitation *i);
bool invitation_is_idle(const struct invitation *i);

#endif
