/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody who is blocked calls themselves from then on is not shown: the name stays as it was, until
 * they are unblocked.  Their introductions are kept as they come, so that it is known then. */
#ifndef CLIENT_NAMES_KEPT_H
#define CLIENT_NAMES_KEPT_H

#include "client/identity.h"

/* The name to be shown of a member, and of the contact of that identity, who introduce themselves as `who`. */
const char *name_of_member(struct uc_client *c, const struct member *m, const struct identity *who);
const char *name_of_contact(struct uc_client *c, const struct identity *who);
/* They are not blocked any more: what they have said last, as a member, and in all rooms. */
uc_err UC_MUST_USE name_again(struct uc_client *c, struct room *r, struct member *m);
uc_err UC_MUST_USE names_again(struct uc_client *c, const struct uc_id *account);

#endif
