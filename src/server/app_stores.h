/* SPDX-License-Identifier: Apache-2.0 */
/* An app's two stores in its folder, with write-ahead logs of their own, and the housekeeping that
 * makes files forget what was deleted. */
#ifndef SERVER_APP_STORES_H
#define SERVER_APP_STORES_H

#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

struct app_stores {
	struct store *accounts, *rooms;
	uint64_t maintain_at_ms; /* 0: not planned yet */
	pthread_t thread;
	bool has_thread;
	atomic_bool is_busy;
	atomic_int failed; /* the last housekeeping's error */
};
uc_err UC_MUST_USE app_stores_open(struct app_stores *s, const char *folder, const char *domain,
				   const struct env *env, struct metrics *metrics);
/* Twice a day, on a thread of its own; to be called about once a second. */
void app_stores_maintain(struct app_stores *s, const char *app, uint64_t now_ms);
/* At the next call of app_stores_maintain, unless it is under way. */
void app_stores_maintain_soon(struct app_stores *s);
/* A copy of each, as of the last sync, into a new folder on the same disk. */
uc_err UC_MUST_USE app_stores_checkpoint(struct app_stores *s, const char *folder);
void app_stores_close(struct app_stores *s);

#endif
