/* SPDX-License-Identifier: Apache-2.0 */
/* The running whole: front workers, app workers, the way between apps, delivery; started and
 * stopped in order. */
#ifndef SERVER_BACKBONE_H
#define SERVER_BACKBONE_H

#include "server/app_worker.h"
#include "server/config.h"
#include "server/delivery.h"
#include "server/metrics.h"

struct backbone;

/* One word of the operator's, server/control.c. */
struct app_order {
	struct view name, argument;
	struct buf *out; /* lines of JSON */
};

/* What runs in an app worker. */
struct app_kind {
	struct app_handler handler;
	/* Opens the app; it may answer through w from the first call of its handler on. */
	uc_err (*open)(const struct config *c, size_t app, const struct env *env,
		       struct app_worker *w, void **out);
	void (*close)(void *app);
	/* Bytes of a message before app_trust; 0: as large as any. */
	size_t first_message_max;
	struct metrics_names names;
	/* What an operator wants of it, on the app's thread; may be NULL. */
	uc_err (*order)(void *app, const struct app_order *o);
	/* Other settings from now on, on the app's thread; own lives until the next.  A trial only says
	 * whether they can be taken.  May be NULL. */
	uc_err (*settings)(void *app, const struct config_app *own, bool is_trial);
};

/* config and delivery outlive it.  Says in the log what failed.  Listens when it returns. */
uc_err UC_MUST_USE backbone_start(const struct config *c, const struct env *env,
				  const struct app_kind *kind, struct delivery *delivery,
				  struct backbone **out);
/* Ends well: takes nothing more in, tells clients when to come back, waits for what is under way, for
 * drain_seconds at most, sends the answers, closes connections with 1001 (going away), frees. */
void backbone_stop(struct backbone *b);
/* The first part of that, for whoever wants to look on: returns when nothing is under way.  From the
 * thread that will stop it. */
void backbone_drain(struct backbone *b);
bool backbone_is_draining(const struct backbone *b);
/* For how long it has been, and may be at most; since_s is 0 as long as it is not. */
void backbone_drain_time(const struct backbone *b, unsigned *since_s, unsigned *left_s);
/* Every few seconds, from one thread: what has to be done by the clock.  False: a thread has not done
 * a round since the last time. */
bool backbone_beat(struct backbone *b);

/* Has the app carry out an order; from another thread, which waits.  UC_E_UNSUPPORTED where it knows
 * no such order. */
uc_err UC_MUST_USE backbone_order(struct backbone *b, size_t app, const struct app_order *o);

/* What config_reload gave: certificates and pages are read anew, limits and the like hold.  All of it
 * or, where something cannot be read or used, nothing; the log says what.  Apps behind those that run begin, and those
 * that are removed end.  live lives until the next
 * one has been taken, or the end.  From one thread at a time. */
uc_err UC_MUST_USE backbone_reload(struct backbone *b, const struct config *live);

/* Whoever counts in it, and what waits for whom; for looking at from another thread. */
enum { BACKBONE_FRONTS_MAX = 256, BACKBONE_PARTS_MAX = CONFIG_APPS_MAX + BACKBONE_FRONTS_MAX + 1 };
struct backbone_part {
	size_t app; /* its number; SIZE_MAX: of none */
	const struct metrics *counted;
	struct queue *queue; /* may be NULL */
};
/* How many apps there are now, those that were removed counted, too; more may come. */
size_t backbone_apps(const struct backbone *b);
/* The apps that run first, in their order: *apps_n, which may be NULL. */
size_t backbone_parts(struct backbone *b, struct backbone_part out[BACKBONE_PARTS_MAX],
		      size_t *apps_n);
/* Of the thread that serves the operator. */
struct metrics *backbone_own_metrics(struct backbone *b);
const struct metrics_names *backbone_metric_names(const struct backbone *b);
const struct config *backbone_config(const struct backbone *b);
const struct env *backbone_env(const struct backbone *b);
uint64_t backbone_start_us(const struct backbone *b);

#endif
