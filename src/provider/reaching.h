/* SPDX-License-Identifier: Apache-2.0 */
/* The app's rows of the table of mimi/reach.h: asked where a look-up is answered, where a letter comes
 * in and where KeyPackages are given out.  docs/contact.md tells of each row where it holds. */
#ifndef PROVIDER_REACHING_H
#define PROVIDER_REACHING_H

#include "mimi/settings.h"
#include "provider/inside.h"

/* What the account's device said, or the default.  The same is read for whom there is not. */
uc_err UC_MUST_USE settings_of(struct provider *p, struct view account_id, struct arena *a,
			       struct settings *out);

#endif
