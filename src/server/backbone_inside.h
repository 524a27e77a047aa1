/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a backbone, for the files backbone*.c alone. */
#ifndef SERVER_BACKBONE_INSIDE_H
#define SERVER_BACKBONE_INSIDE_H

#include "base/map.h"
#include "server/backbone.h"
#include "server/front.h"
#include "server/peers.h"
#include "server/ticket_files.h"

#include <pthread.h>

enum { RETIRED_MAX = 16 };

/* Pages that others took the place of, while some of them may still be on their way. */
struct retired {
	struct web_files *files;
	uint64_t at_ms;
};

_Static_assert((int)FRONT_APPS_MAX == (int)CONFIG_APPS_MAX, "a front has room for all apps");

/* Where a domain is asked. */
struct way {
	unsigned app;                   /* of this process */
	const struct config_peer *peer; /* or one of these, until the end */
};
struct peer_way;

struct backbone {
	const struct config *config; /* the roster */
	struct config *roster;       /* who there is: as at the start, then those that came since */
	struct arena roster_mem;
	atomic_size_t apps_n; /* of them, those that run */
	atomic_bool is_removed[CONFIG_APPS_MAX];
	pthread_rwlock_t
		runs_lock; /* to be removed waits for who has something for its thread to do */
	const struct env *env;
	const struct app_kind *kind;
	struct delivery *delivery;
	struct tls_server *tls[CONFIG_APPS_MAX];
	struct ticket_keys *tickets[CONFIG_APPS_MAX];
	struct web_files *web[CONFIG_APPS_MAX]; /* NULL: nothing for browsers */
	struct retired retired[RETIRED_MAX];
	size_t retired_n;
	struct app_worker *workers[CONFIG_APPS_MAX];
	void *apps[CONFIG_APPS_MAX];
	struct front_app front_apps[CONFIG_APPS_MAX];
	struct front *fronts[BACKBONE_FRONTS_MAX];
	size_t fronts_n;
	struct peers *peers; /* NULL without any */
	pthread_rwlock_t ways_lock;
	struct map ways; /* domain -> struct way */
	struct way app_ways[CONFIG_APPS_MAX];
	struct peer_way *peer_ways; /* also those that others took the place of */
	struct http_gate gate;
	uint32_t drain_s;
	bool is_started;
	atomic_bool is_draining;
	_Atomic uint64_t drain_ms; /* since when, by the steady clock; 0: not yet */
	atomic_size_t beats_due;
	struct metrics *of_apps[CONFIG_APPS_MAX], *of_fronts[BACKBONE_FRONTS_MAX];
	int listens[CONFIG_APPS_MAX][2]; /* sockets of those that came since */
	struct metrics *own;             /* of the operator's thread */
	uint64_t start_us;
};

static inline size_t apps_count(const struct backbone *b)
{
	return atomic_load(&b->apps_n);
}
/* Not removed.  From other threads than the one that reloads it may be of a moment ago. */
static inline bool app_runs(const struct backbone *b, size_t app)
{
	return !atomic_load(&b->is_removed[app]);
}
/* Whatever is put into its queue until backbone_app_let is done before it ends; false: it has ended. */
bool UC_MUST_USE backbone_app_hold(struct backbone *b, size_t app);
void backbone_app_let(struct backbone *b);
/* Clients are told to come back in so long. */
void backbone_going_tell(struct backbone *b, size_t app, uint32_t retry_after_s);
void backbone_tell(struct queue *q, enum message_kind kind);
/* Says so, and ends the process. */
void backbone_failed(void *ctx, unsigned app, uc_err why);
/* To an app of the roster. */
uc_err UC_MUST_USE backbone_way_add(struct backbone *b, size_t app);
/* Whose certificates are known. */
size_t backbone_tls_peers(const struct config *c, struct tls_peer out[CONFIG_PEERS_MAX]);
/* What is another than before of the ways to peers, to be adopted or dropped; *fresh begins as NULL. */
uc_err UC_MUST_USE backbone_peers_prepare(struct backbone *b, const struct config *live,
					  struct peer_way **fresh);
void backbone_peers_adopt(struct backbone *b, const struct config *live, struct peer_way *fresh);
void backbone_peers_drop(struct peer_way *fresh);
/* *out is to be freed also when it fails. */
uc_err UC_MUST_USE backbone_web_open(const struct config *c, size_t app, struct web_files **out);
/* Requests of one network address, where the app counts by that. */
struct rate backbone_anonymous_rate(const struct config_app *a);
/* An app of the roster; the pages say which others there are in `live`. */
uc_err UC_MUST_USE backbone_app_open(struct backbone *b, const struct config *live, size_t app);
/* Its threads have ended, or never begun. */
void backbone_app_free(struct backbone *b, size_t app);

#endif
