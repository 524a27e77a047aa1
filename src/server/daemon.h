/* SPDX-License-Identifier: Apache-2.0 */
/* The life of undercroftd after its configuration is read: folders, lock, helper, backbone,
 * signals, and the way out. */
#ifndef SERVER_DAEMON_H
#define SERVER_DAEMON_H

#include "server/backbone.h"

/* Runs until SIGTERM or SIGINT; the exit status. */
int daemon_run(const struct config *c, const struct app_kind *kind);
/* Makes the data folder where it is missing, and each app's folder in it. */
uc_err UC_MUST_USE daemon_make_folders(const struct config *c);
/* DATA/APP */
uc_err UC_MUST_USE daemon_app_folder(const struct config *c, size_t app, struct buf *out);

#endif
