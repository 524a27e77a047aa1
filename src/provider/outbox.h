/* SPDX-License-Identifier: Apache-2.0 */
/* Consents on their way to other apps: durable, in order for each app, tried until they are taken
 * or have grown old. */
#ifndef PROVIDER_OUTBOX_H
#define PROVIDER_OUTBOX_H

#include "provider/inside.h"

/* UC_E_BUSY when too much waits for that app, or for too many.  is_let_go: it is not sent; as much is
 * written, and nothing is left of it. */
uc_err UC_MUST_USE outbox_append(struct provider *p, struct view domain, bool is_update,
				 bool is_let_go, struct view consent_entry);

#endif
