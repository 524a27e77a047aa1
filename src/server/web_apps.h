/* SPDX-License-Identifier: Apache-2.0 */
/* /apps.json: which apps people can be looked for on, as a page shows them.  Made from the
 * configuration: the apps of this backbone and the peers that say what their people are known by. */
#ifndef SERVER_WEB_APPS_H
#define SERVER_WEB_APPS_H

#include "server/config.h"

#define WEB_APPS_PATH "/apps.json"

/* {"apps":[{"domain":"dial.example","title":"Dial","names":"number","self":true}, ...]}; self: the
 * one that asks. */
void web_apps_add(const struct config *c, size_t self, struct buf *out);

#endif
