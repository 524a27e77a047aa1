/* SPDX-License-Identifier: Apache-2.0 */
/* Binds the provider, a state machine without I/O, to an app worker. */
#ifndef SERVER_APP_PROVIDER_H
#define SERVER_APP_PROVIDER_H

#include "server/backbone.h"

extern const struct app_kind app_provider_kind;
/* The app's own keys, those that are missing; existing ones stay. */
uc_err UC_MUST_USE app_provider_make_keys(const struct config_app *a, const struct env *env);

#endif
