/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of reserved names, looked at before anything starts. */
#ifndef SERVER_APP_RESERVED_H
#define SERVER_APP_RESERVED_H

#include "server/config.h"

/* Is each line of each list a name of its app? */
uc_err UC_MUST_USE app_reserved_check(const struct config *c, struct config_mistakes *m);

#endif
