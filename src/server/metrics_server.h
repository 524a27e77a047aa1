/* SPDX-License-Identifier: Apache-2.0 */
/* GET /metrics: a listener of its own on this machine, with a thread of its own, so that a busy
 * backbone can still be looked at. */
#ifndef SERVER_METRICS_SERVER_H
#define SERVER_METRICS_SERVER_H

#include "server/backbone.h"

struct metrics_server;

/* Listens and answers when it returns; UC_E_NET with errno. */
uc_err UC_MUST_USE metrics_server_new(struct backbone *b, const struct config_address *at,
				      struct metrics_server **out);
/* May be NULL; before the backbone ends. */
void metrics_server_free(struct metrics_server *s);

#endif
