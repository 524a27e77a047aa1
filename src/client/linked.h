/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts that contacts have shown to be theirs, and blocks, which cover all accounts of a person as
 * far as they are known. */
#ifndef CLIENT_LINKED_H
#define CLIENT_LINKED_H

#include "client/client.h"

/* Of two accounts, in whatever order. */
struct uc_id link_pair(const struct uc_id *one, const struct uc_id *other);
/* As a contact of that account would be called; UC_E_TOO_LARGE. */
uc_err UC_MUST_USE link_account_id(const struct link_account *a, struct uc_id *out);

uc_err UC_MUST_USE linked_side_set(struct linked_side *to, const struct link_side *from);

/* What a contact says in their direct room.  UC_E_STALE: withdrawn before, or an older one;
 * UC_E_INTRODUCTION: of others; UC_E_LIMIT; as link_statement_verify. */
uc_err UC_MUST_USE linked_in(struct uc_client *c, const struct contact *k, struct view statement);
uc_err UC_MUST_USE linked_withdrawn_in(struct uc_client *c, const struct contact *k,
				       struct view withdrawal);

/* Is that account blocked, also one that is no contact, since another one of that person is? */
bool linked_is_blocked(struct uc_client *c, const struct uc_id *account);
/* This account and all that are linked with it: contacts lose their direct room, requests of theirs
 * are declined. */
uc_err UC_MUST_USE linked_block(struct uc_client *c, const struct uc_id *account, bool blocked);

#endif
