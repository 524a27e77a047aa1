/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the vault share: its rows (vault_rows.c), what they are made from
 * (vault_collect.c) and what is made from them (vault_restore.c), and when (vault.c). */
#ifndef CLIENT_VAULT_INSIDE_H
#define CLIENT_VAULT_INSIDE_H

#include "client/vault.h"

/* --- vault.c --- */

/* It is written then, or before. */
void vault_due(struct uc_client *c, uint64_t ms);

/* --- vault_keys.c --- */

struct vault_owner vault_owner_of(const struct uc_client *c);
/* Have we read the list up to there?  Else it is read again, and then the vault. */
bool vault_place_known(struct uc_client *c, uint32_t generation, uint32_t position);
/* Another key if one was ended that has this one. */
uc_err UC_MUST_USE vault_key_renew(struct uc_client *c);
/* By the key we have, or the one that a device has made since and wrapped to us, which is ours then.
 * *good: nobody has that key who was ended. */
uc_err UC_MUST_USE vault_open_rows(struct uc_client *c, const struct vault_envelope *e,
				   struct vault_rows *rows, bool *good);
/* The public keys that the vault key is wrapped to. */
uc_err UC_MUST_USE vault_wrap_to(struct uc_client *c, struct arena *a, struct view_list *out);

/* --- vault_rows.c --- */

struct kept_row *vault_row_find(struct vault *v, uint8_t kind, const uint8_t id[VAULT_ID]);
/* As it is now; a later version if that is news. */
uc_err UC_MUST_USE vault_row_put(struct uc_client *c, uint8_t kind, const uint8_t id[VAULT_ID],
				 struct view data);
void vault_row_gone(struct uc_client *c, struct kept_row *r);
/* Those that stand for what is known are kept, and `fresh`. */
uc_err UC_MUST_USE vault_rows_merge(struct uc_client *c, const struct vault_rows *in);
/* Is there something of ours that was not in it?  Addresses are left out of a large one. */
bool vault_rows_more(const struct vault *v, const struct vault_rows *in);
/* Forgets what is of no more use: letters long answered, and that something is gone since long. */
void vault_rows_lapse(struct uc_client *c);

/* --- vault_collect.c --- */

/* Rows for all that there is; and for one thing. */
uc_err UC_MUST_USE vault_collect(struct uc_client *c);
uc_err UC_MUST_USE vault_collect_account(struct uc_client *c);
uc_err UC_MUST_USE vault_collect_contact(struct uc_client *c, const struct contact *k);
uc_err UC_MUST_USE vault_collect_barred(struct uc_client *c, const struct contact *k);
uc_err UC_MUST_USE vault_collect_linked(struct uc_client *c, const struct linked *l);
uc_err UC_MUST_USE vault_collect_own_link(struct uc_client *c, const struct own_link *l);
uc_err UC_MUST_USE vault_collect_invitation(struct uc_client *c, const struct invitation *i);
uc_err UC_MUST_USE vault_collect_answer(struct uc_client *c, const struct request *q);
uc_err UC_MUST_USE vault_collect_guardians(struct uc_client *c);
uc_err UC_MUST_USE vault_collect_room(struct uc_client *c, const struct room *r);
/* Of a room's row that was just applied: what this device sees otherwise is no news, unless the row lacks it. */
uc_err UC_MUST_USE vault_room_seen(struct uc_client *c, struct kept_row *row);
/* Is a row of it kept? */
bool vault_keeps(struct uc_client *c, const struct room *r);
struct uc_id vault_room_id(const struct room *r);
/* A row of this device's: made, or, while it is only looked, compared. */
uc_err UC_MUST_USE vault_collect_put(struct uc_client *c, uint8_t kind, const uint8_t id[VAULT_ID],
				     struct view data);
struct uc_id vault_member_id(struct view uri, struct view participant);
/* addresses: with those of contacts, which are left out first when there are too many. */
uc_err UC_MUST_USE vault_rows_encode(struct uc_client *c, bool addresses, struct arena *a,
				     struct view *out);

/* --- vault_people.c, barred.c, chains.c --- */

/* Objects as a row says; UC_E_NOT_FOUND where what it is about is not here. */
typedef uc_err vault_apply(struct uc_client *c, struct kept_row *row, bool recovering);
vault_apply vault_contact_apply, vault_addresses_apply, vault_linked_apply, vault_own_link_apply,
	vault_invitation_apply, vault_block_apply, vault_verified_apply, vault_member_block_apply,
	vault_sender_tags_apply, vault_barred_apply, vault_chain_apply;
/* What another device has deleted, or taken back. */
typedef uc_err vault_drop(struct uc_client *c, struct kept_row *row);
vault_drop vault_addresses_drop, vault_own_link_drop, vault_invitation_drop, vault_block_drop,
	vault_verified_drop, vault_member_block_drop, vault_barred_drop;

/* --- vault_restore.c --- */

uc_err UC_MUST_USE vault_row_read(struct uc_client *c, const struct kept_row *row,
				  wire_element *walk, void *out);
/* Of a row about a person: their names in full, and that it stands under their id; UC_E_MALFORMED. */
uc_err UC_MUST_USE vault_person_read(struct uc_client *c, struct kept_row *row,
				     struct vault_contact *x, char app[DOMAIN_MAX],
				     char name[PROFILE_BYTES], struct uc_id *id);
/* Objects as the fresh rows say.  recovering: rooms are come back into; what only lost devices had the use
 * of is gone.  Sets row->held. */
uc_err UC_MUST_USE vault_rows_apply(struct uc_client *c, bool recovering);

#endif
