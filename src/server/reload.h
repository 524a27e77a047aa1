/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration read anew while the backbone runs: by SIGHUP, or as an operator's order. */
#ifndef SERVER_RELOAD_H
#define SERVER_RELOAD_H

#include "server/backbone.h"

struct reloader;
/* boot: what the backbone was started with, and from which file; outlives both. */
uc_err UC_MUST_USE reloader_new(const struct config *boot, struct backbone *b,
				struct reloader **out);
/* From any thread, before the backbone is stopped.  Appends a line of JSON for each mistake or each key
 * that is another than before; out may be NULL.  UC_E_CONFIG and others: nothing has changed. */
uc_err UC_MUST_USE reloader_run(struct reloader *r, struct buf *out);
/* After the backbone. */
void reloader_free(struct reloader *r);

#endif
