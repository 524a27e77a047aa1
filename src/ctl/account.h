/* SPDX-License-Identifier: Apache-2.0 */
/* An account as its records say, with its device list verified. */
#ifndef CTL_ACCOUNT_H
#define CTL_ACCOUNT_H

#include "mimi/device_list.h"
#include "provider/schema.h"
#include "server/config.h"

struct ctl_account {
	struct account_record record;
	struct device_list list;
};
/* UC_E_NOT_FOUND; UC_E_CHAIN or UC_E_SIGNATURE when the list does not verify; UC_E_CORRUPT when
 * the account's record and its list do not fit together. */
uc_err UC_MUST_USE ctl_account_get(struct store *s, struct view domain, struct view account_id,
				   struct arena *a, struct ctl_account *out);
/* By its id in hex, or by what it is known by, as the app's index has it.  UC_E_NOT_FOUND: nobody has that
 * name. */
uc_err UC_MUST_USE ctl_account_find(const struct config_app *conf, struct store *s,
				    const char *text, struct arena *a, struct view *account_id);

#endif
