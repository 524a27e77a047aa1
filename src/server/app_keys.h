/* SPDX-License-Identifier: Apache-2.0 */
/* An app's own keys as files in their folder, apart from its data: app.keys, which the server
 * reads, and moderators.key, which it only makes: whoever moderates keeps it offline. */
#ifndef SERVER_APP_KEYS_H
#define SERVER_APP_KEYS_H

#include "provider/keys.h"
#include "server/config.h"

/* Makes both files where there is no app.keys; existing keys stay. */
uc_err UC_MUST_USE app_keys_make(const struct config_app *a, const struct env *env);
/* UC_E_IO when the file is not there, UC_E_CORRUPT. */
uc_err UC_MUST_USE app_keys_load(const struct config_app *a, struct provider_keys *out);

/* Writes other keys in the place of those that are there; whole or not at all. */
uc_err UC_MUST_USE app_keys_replace(const struct config_app *a, const struct provider_keys *k);
/* How often the app has lived, in the file `lives` beside its keys: the stores say so too, and one that
 * says less is an older copy.  0 when there is no file. */
uc_err UC_MUST_USE app_lives_read(const struct config_app *a, uint64_t *out);
uc_err UC_MUST_USE app_lives_write(const struct config_app *a, uint64_t lives);

#endif
