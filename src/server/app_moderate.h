/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator and moderators order about people: suspending, curbing, ages, reports. */
#ifndef SERVER_APP_MODERATE_H
#define SERVER_APP_MODERATE_H

#include "provider/provider.h"
#include "server/backbone.h"

/* UC_E_UNSUPPORTED: it is no such order. */
uc_err UC_MUST_USE app_moderate(struct provider *p, const struct app_order *o);

#endif
