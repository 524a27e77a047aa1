/* SPDX-License-Identifier: Apache-2.0 */
/* Who was blocked for what they asked, or in a group, and is no contact: their account, as a contact of it would be, in a
 * list of its own, so that nothing that is done for contacts is done for them, and nobody becomes a contact
 * when the block ends: then nothing is left of them. */
#ifndef CLIENT_BARRED_H
#define CLIENT_BARRED_H

#include "client/client.h"

struct contact *barred_find(struct uc_client *c, const struct uc_id *account);
/* The block of that account has ended. */
void barred_end(struct uc_client *c, const struct uc_id *account);
/* They have become a contact, as we have asked them ourselves: their tags are the contact's as well. */
void barred_met(struct uc_client *c, struct contact *k);
/* Somebody in a group.  UC_E_NOT_ALLOWED: a contact, a persona, or they have not said who they are. */
uc_err UC_MUST_USE barred_member(struct uc_client *c, const struct member *m, bool blocked);

#endif
