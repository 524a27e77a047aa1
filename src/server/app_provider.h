/* SPDX-License-Identifier: Apache-2.0 */
/* Binds the provider, a state machine without I/O, to an app worker: connections to sessions, its
 * outputs to the worker's, its stores to the app's folder. */
#ifndef SERVER_APP_PROVIDER_H
#define SERVER_APP_PROVIDER_H

#include "server/backbone.h"

extern const struct app_kind app_provider_kind;

#endif
