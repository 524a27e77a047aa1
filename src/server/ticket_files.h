/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps an app's keys of TLS session tickets in its keys folder, as tickets.keys. */
#ifndef SERVER_TICKET_FILES_H
#define SERVER_TICKET_FILES_H

#include "net/ticket_keys.h"
#include "server/config.h"

/* What is kept, or new ones: a file that cannot be read is said in the log, and costs everybody one
 * full handshake.  Without a folder they live as long as the process. */
uc_err UC_MUST_USE ticket_files_open(const struct config_app *a, const struct env *env,
				     struct ticket_keys **out);
/* Rotates and keeps, when it is time; now and then. */
void ticket_files_care(const struct config_app *a, struct ticket_keys *t);

#endif
