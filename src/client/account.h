/* SPDX-License-Identifier: Apache-2.0 */
/* The account of this device: its keys, sign-up, recovery, the device list, its end.
 *
 * The recovery key (32 random bytes, shown as 24 words) gives the account key.  Both are kept
 * here until the person has confirmed that the words are written down, and then forgotten. */
#ifndef CLIENT_ACCOUNT_H
#define CLIENT_ACCOUNT_H

#include "client/client.h"

/* A sign-up or recovery that was interrupted goes on; called when greeted. */
uc_err UC_MUST_USE account_resume(struct uc_client *c);
/* While greeted: what could not be done then is tried again. */
uc_err UC_MUST_USE account_begin_drive(struct uc_client *c);
uc_err UC_MUST_USE account_drive(struct uc_client *c);
/* A recovery goes on with the app's answer to it, the vault having been looked at; or later. */
uc_err UC_MUST_USE account_recover_on(struct uc_client *c, struct view response);
void account_recover_later(struct uc_client *c, const struct reply *r);
/* On the same connection; on another one at its greeting. */
void account_try_later(struct uc_client *c, const struct reply *r);
/* What the app says the head of the device list is. */
void account_list_head(struct uc_client *c, uint32_t generation, uint32_t position);
/* Keys for a device that is to be of an account. */
uc_err UC_MUST_USE account_device_keys(struct uc_client *c);
static inline bool account_is_active(const struct uc_client *c)
{
	return c->account.state == ACCOUNT_ACTIVE;
}

/* --- its end: account_end.c --- */

/* As the app says: this device is not listed any more (UC_E_REVOKED), or the account is deleted
 * (UC_E_NOT_FOUND). */
void account_gone(struct uc_client *c, uc_err why);
static inline bool account_is_over(const struct uc_client *c)
{
	return c->account.state == ACCOUNT_GONE || c->account.state == ACCOUNT_DELETED;
}
/* The app knows it again. */
void account_back(struct uc_client *c);
/* While connected and not signed in: a device that was ended may have been so that the account can go. */
uc_err UC_MUST_USE account_gone_drive(struct uc_client *c);
/* On a new connection an end that is under way has all its time again. */
void account_end_signed_in(struct uc_client *c);
/* The next step of an end that was asked for. */
uc_err UC_MUST_USE account_end_drive(struct uc_client *c);
/* Are all places in rooms being given up, of whichever device? */
static inline bool account_is_leaving(const struct uc_client *c)
{
	return c->account.deleting && c->delete_ms;
}

#endif
