/* SPDX-License-Identifier: Apache-2.0 */
/* The vault of this account: when it is written and read, and what comes of it (mimi/vault.h).
 *
 * What it keeps is what this device has: at each writing the rows are made from the objects there are,
 * and compared with those of before.  So nothing that changes an object needs to know of the vault. */
#ifndef CLIENT_VAULT_H
#define CLIENT_VAULT_H

#include "client/client.h"

/* Something that belongs there may have changed: it is written a little later. */
void vault_changed(struct uc_client *c);
/* ... at once: another device waits for it. */
void vault_soon(struct uc_client *c);
/* ... though no row is another: for whom it is wrapped to. */
void vault_write(struct uc_client *c);
/* Is all that this device has told it to keep at the app, under a key that no ended device has?  Else it is on its
 * way from now on. */
uc_err UC_MUST_USE vault_is_stored(struct uc_client *c, bool *stored);
/* On a new connection: is it to be looked at? */
void vault_signed_in(struct uc_client *c);
/* The app says that there is another one. */
void vault_look_again(struct uc_client *c);
/* Has this turn changed anything that is kept there?  Called before it is saved. */
void vault_watch(struct uc_client *c);
/* What was loaded is as it was when it was saved. */
void vault_watch_begin(struct uc_client *c);
uc_err UC_MUST_USE vault_drive(struct uc_client *c);
/* What the other devices have written is known here, or not to be had now. */
bool vault_was_read(const struct uc_client *c);
/* Nothing of it is under way, or about to be. */
bool vault_is_idle(const struct uc_client *c);

/* --- keys --- */

/* What another device of the account is handed, beside its place in the device list. */
struct vault_handed {
	uint8_t key[VAULT_KEY];
	uint8_t words_pub[32];
	uint64_t number; /* of the vault: an older one is none */
};
/* UC_E_NOT_FOUND where there are none yet.  The key is made anew if a device was ended since. */
uc_err UC_MUST_USE vault_keys_get(struct uc_client *c, struct vault_handed *out);
/* From a device of the account: the vault is looked for from now on. */
void vault_keys_set(struct uc_client *c, const struct vault_handed *in);
/* Of a new account: from its recovery key. */
uc_err UC_MUST_USE vault_begin(struct uc_client *c, const uint8_t entropy[32]);
/* Another key, for the devices that there are now; done by itself when one was ended. */
uc_err UC_MUST_USE vault_rekey(struct uc_client *c);
/* A device that is just being brought in: the key is wrapped to its box from now on.  UC_E_SIGNATURE. */
uc_err UC_MUST_USE vault_device_known(struct uc_client *c, const struct vault_device *x);

/* A letter that has just come: another device may have answered it before. */
void vault_letter(struct uc_client *c, const struct request *q);

/* --- contents --- */

/* All that there is to be kept, as encoded vault_rows. */
uc_err UC_MUST_USE vault_rows_write(struct uc_client *c, struct arena *a, struct view *plain);
/* Rows of another device of the account: those that are later than ours hold from now on.  Nothing is
 * changed when they are not well formed. */
uc_err UC_MUST_USE vault_take(struct uc_client *c, struct view plain);

/* --- recovery (account.c) --- */

/* The app's answer to RECOVER is kept while its vault is asked for; then account_recover_on. */
uc_err UC_MUST_USE vault_recover(struct uc_client *c, struct view recover_response);
/* The account is ours again: what was found is put in its place. */
uc_err UC_MUST_USE vault_recovered(struct uc_client *c);
/* Whatever it was, it came to nothing. */
void vault_recover_drop(struct uc_client *c);

/* --- records.c --- */

/* Rows that changed, into the turn's batch. */
void vault_rows_save(struct uc_client *c);
uc_err UC_MUST_USE vault_rows_load(struct uc_client *c);
void vault_done(struct vault *v);

#endif
