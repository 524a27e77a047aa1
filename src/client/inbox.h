/* SPDX-License-Identifier: Apache-2.0 */
/* The room log as it comes in: one entry, one turn; its effect, the position in the log and the
 * group's state are stored together before the entry is acknowledged. */
#ifndef CLIENT_INBOX_H
#define CLIENT_INBOX_H

#include "client/client.h"

uc_err UC_MUST_USE inbox_entry(struct uc_client *c, struct view body);
uc_err UC_MUST_USE inbox_entry_own(struct uc_client *c, struct view body);
/* The entry it stands for, of what is under way from here: that which continues the log's chain.
 * UC_E_NOT_FOUND. */
uc_err UC_MUST_USE inbox_own_entry(const struct room *r, const struct entry_own_event *e,
				   struct arena *a, struct log_entry *out);

#endif
