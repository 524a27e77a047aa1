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
/* This device is not listed any more, or the account is deleted. */
void account_gone(struct uc_client *c);
/* The app knows it again. */
void account_back(struct uc_client *c);
/* What the app says the head of the device list is. */
void account_list_head(struct uc_client *c, uint32_t generation, uint32_t position);
/* Keys for a device that is to be of an account. */
uc_err UC_MUST_USE account_device_keys(struct uc_client *c);
static inline bool account_is_active(const struct uc_client *c)
{
	return c->account.state == ACCOUNT_ACTIVE;
}

#endif
