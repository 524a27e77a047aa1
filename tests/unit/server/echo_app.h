/* SPDX-License-Identifier: Apache-2.0 */
/* An app for tests of what lies around apps: echoes frames.  "ask DOMAIN" asks that app and tells
 * the answer, "code" has a code delivered, "bye" closes; "many ...." comes back ECHO_SEATS
 * times, each with the number of a seat in place of the points. */
#ifndef TESTS_UNIT_SERVER_ECHO_APP_H
#define TESTS_UNIT_SERVER_ECHO_APP_H

#include "server/backbone.h"

#include <stdatomic.h>

enum { ECHOES_MAX = 8, ECHO_SEATS = 40 };

struct echo {
	struct app_worker *w;
	size_t unsynced; /* frames answered since the last sync */
	atomic_size_t syncs, frames, sessions, ticks;
	atomic_size_t from_here; /* connections that came from 127.0.0.1 */
	atomic_bool is_slow;
	uint64_t asker;
};
extern struct echo *echoes[ECHOES_MAX]; /* by the app's place in the configuration */
extern const struct app_kind echo_kind;

#endif
