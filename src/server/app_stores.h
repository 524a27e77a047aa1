/* SPDX-License-Identifier: Apache-2.0 */
/* An app's two stores in its folder, with write-ahead logs of their own, and the housekeeping that
 * makes files forget what was deleted. */
#ifndef SERVER_APP_STORES_H
#define SERVER_APP_STORES_H

#include "server/config.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

struct app_stores {
	const struct config_app *app;
	struct store_faults faults; /* for tests */
	struct store *accounts, *rooms;
	uint64_t life;           /* the last one, by all who know */
	uint64_t last_ms;        /* the clock then; 0: never */
	uint64_t maintain_at_ms; /* all; 0: not planned yet, as is the next */
	uint64_t accounts_at_ms; /* the accounts alone */
	pthread_t thread;
	bool has_thread, does_rooms;
	atomic_bool is_busy;
	atomic_int failed;     /* the last housekeeping's error */
	atomic_ullong took_ms; /* of the accounts, the last time */
};
uc_err UC_MUST_USE app_stores_open(struct app_stores *s, const char *folder,
				   const struct config_app *app, const struct env *env,
				   struct metrics *metrics);
/* Is one of them an older copy that was put back?  Then provider_renew comes before anything else. */
bool app_stores_are_older(const struct app_stores *s);
/* Begins another life: in the stores and then beside the keys, so that a copy of before is known.  At the
 * start, after app_stores_are_older was dealt with; later housekeeping does it. */
uc_err UC_MUST_USE app_stores_live(struct app_stores *s, uint64_t wall_ms);
/* Twice a day, and of the accounts every ten minutes, or after a hundred times as long as it took; on a
 * thread of its own.  To be called about once a second.  What could not be done, as without room, is logged
 * and tried again as soon.  An error is the stores'. */
uc_err UC_MUST_USE app_stores_maintain(struct app_stores *s, uint64_t now_ms, uint64_t wall_ms);
/* How long the accounts then rest. */
uint64_t app_stores_rest_ms(uint64_t took_ms);
/* At the next call of app_stores_maintain, unless it is under way. */
void app_stores_maintain_soon(struct app_stores *s);
/* A copy of both as they are now, in a folder that is made on the same disk: accounts and rooms, to be
 * put in the place of those of the app.  On the thread that uses them, which waits until the memtables
 * are written. */
uc_err UC_MUST_USE app_stores_checkpoint(struct app_stores *s, const char *folder);
/* Housekeeping that is under way ends soon, and none is begun any more: all is to end. */
void app_stores_leave_off(struct app_stores *s);
/* Which that does, too. */
void app_stores_close(struct app_stores *s);

#endif
