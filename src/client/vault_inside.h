/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the vault share: its rows (vault_rows.c), what they are made from
 * (vault_collect.c) and what is made from them (vault_restore.c), and when (vault.c). */
#ifndef CLIENT_VAULT_INSIDE_H
#define CLIENT_VAULT_INSIDE_H

#include "client/vault.h"

/* --- vault_rows.c --- */

struct kept_row *vault_row_find(struct vault *v, uint8_t kind, const uint8_t id[VAULT_ID]);
/* As it is now; a later version if that is news. */
uc_err UC_MUST_USE vault_row_put(struct uc_client *c, uint8_t kind, const uint8_t id[VAULT_ID],
				 struct view data);
void vault_row_gone(struct uc_client *c, struct kept_row *r);
/* Does `in` stand for what is known?  Then it is kept, and *out is it; else *out is NULL. */
uc_err UC_MUST_USE vault_row_merge(struct uc_client *c, const struct vault_row *in,
				   struct kept_row **out);

/* --- vault_collect.c --- */

/* Rows for all that there is.  *rekey: a device is listed no more. */
uc_err UC_MUST_USE vault_collect(struct uc_client *c, bool *rekey);
/* The public keys that the vault key is wrapped to. */
uc_err UC_MUST_USE vault_wrap_to(struct uc_client *c, struct arena *a, struct view_list *out);
/* addresses: with those of contacts, which are left out first when there are too many. */
uc_err UC_MUST_USE vault_rows_encode(struct uc_client *c, bool addresses, struct arena *a,
				     struct view *out);

/* --- vault_restore.c --- */

/* Objects as the row says.  recovering: rooms are come back into; what only lost devices had the use of
 * is gone.  Sets row->held. */
uc_err UC_MUST_USE vault_row_apply(struct uc_client *c, struct kept_row *row, bool recovering);

#endif
