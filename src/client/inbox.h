/* SPDX-License-Identifier: Apache-2.0 */
/* The room log as it comes in: one entry, one turn; its effect, the position in the log and the
 * group's state are stored together before the entry is acknowledged. */
#ifndef CLIENT_INBOX_H
#define CLIENT_INBOX_H

#include "client/client.h"

uc_err UC_MUST_USE inbox_entry(struct uc_client *c, struct view body);

#endif
