/* SPDX-License-Identifier: Apache-2.0 */
/* Who may reach this account: the last statement this device knows of, and what the app shows. */
#ifndef CLIENT_SETTINGS_H
#define CLIENT_SETTINGS_H

#include "client/client.h"
#include "mimi/settings.h"

uc_err UC_MUST_USE settings_drive(struct uc_client *c);
/* As this device knows them; the number is 0 where nothing was said. */
struct settings settings_known(struct uc_client *c);
/* Below 18, as was said or checked: others bring this person only into rooms that they were asked for. */
bool settings_of_minor(struct uc_client *c);
/* As uc_settings_set, in a turn. */
uc_err UC_MUST_USE settings_change(struct uc_client *c, const struct uc_settings *in, uc_op *op);

/* A guardian's seal that was verified: ours names them from now on, or nobody.  UC_E_NET, UC_E_BUSY: not
 * now. */
uc_err UC_MUST_USE settings_guardian(struct uc_client *c, struct view seal);

#endif
