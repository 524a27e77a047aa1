/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that runs one app.  It takes what waits, handles all of it, syncs the app's stores
 * once, and only then lets the outputs go: what an output says is durable.  A lone request waits
 * for nothing but its own sync.
 *
 * The app itself is reached through struct app_handler, called on this thread alone; it answers
 * by the app_* functions below, at once or in a later call. */
#ifndef SERVER_APP_WORKER_H
#define SERVER_APP_WORKER_H

#include "base/env.h"
#include "base/metrics.h"
#include "server/outputs.h"
#include "server/queue.h"

struct app_worker;
/* A request from another app or an anonymous client that waits for its reply. */
struct app_call;

struct app_request {
	struct view domain; /* the asking app's, proven by its certificate; empty: anyone */
	struct view method, path;
	struct view headers; /* "name: value\r\n"... */
	struct view body;
};
struct app_response {
	int status; /* HTTP; 0: the other app was not reached */
	uint32_t retry_after_s;
	struct view headers, body;
};

/* All views live during the call. */
struct app_handler {
	/* from: its network address, as in net/peer_address.h; empty: unknown. */
	void (*opened)(void *app, uint64_t connection, struct view from);
	void (*frame)(void *app, uint64_t connection, struct view frame);
	void (*closed)(void *app, uint64_t connection);
	/* app_reply must follow once. */
	void (*request)(void *app, struct app_call *call, const struct app_request *q);
	/* The answer to app_ask. */
	void (*response)(void *app, uint64_t token, const struct app_response *r);
	void (*tick)(void *app, uint64_t now_ms);
	/* The end is near: clients should come back after so long, spread over the jitter; may be
	 * NULL. */
	void (*stopping)(void *app, uint32_t retry_after_s, uint32_t jitter_s);
	/* Makes everything done so far durable.  An error ends the process: nothing may be said
	 * that is not so. */
	uc_err (*sync)(void *app);
	/* What a round brings, before the first of it is handled; both may be NULL. */
	void (*foresee_frame)(void *app, uint64_t connection, struct view frame);
	void (*foresee_request)(void *app, const struct app_request *q);
	/* Before the sync: goes on for a moment with what takes long; true: the next round is to come at
	 * once.  May be NULL. */
	bool (*go_on)(void *app);
	/* When it is to come next, by clock_steady_us, also when nothing comes in; 0: then alone.  May be
	 * NULL. */
	uint64_t (*due_us)(void *app);
};

/* How a worker reaches the world. */
struct app_world {
	void *ctx;
	/* The round's outputs, to the front thread with this number; may wait. */
	void (*to_front)(void *ctx, unsigned front, struct message *list);
	/* The round's asks, each to the app with this domain, and responses, to the app with this
	 * number.  Returns the asks that cannot be passed on now. */
	struct message *(*pass)(void *ctx, unsigned app, struct message *list);
	/* Hands a code to the delivery command. */
	void (*deliver)(void *ctx, unsigned app, struct view identifier, struct view code);
	/* The stores failed; does not come back in earnest. */
	void (*failed)(void *ctx, unsigned app, uc_err why);
};

enum {
	APP_BATCH = 256, /* messages per sync */
	APP_TICK_MS = 1000,
	APP_QUEUE_COUNT = 4096, /* messages waiting for an app */
	APP_QUEUE_BYTES = 64 << 20,
	APP_ASKS_MAX = 1024, /* open questions to other apps; more are told 503 */
};

struct app_options {
	unsigned index; /* among the apps */
	const struct env *env;
	const struct app_handler *handler;
	void *app;
	struct app_world world;
	struct metrics *metrics; /* of the worker's thread; NULL: nobody counts */
};
/* The app may be given after the worker, which it needs for its outputs, but before the start. */
uc_err UC_MUST_USE app_worker_new(const struct app_options *o, struct app_worker **out);
void app_worker_set_app(struct app_worker *w, void *app);
uc_err UC_MUST_USE app_worker_start(struct app_worker *w);
/* What comes in.  Ends with MESSAGE_STOP, which is handled after all before it. */
struct queue *app_worker_queue(struct app_worker *w);
/* Waits for the thread's end. */
void app_worker_join(struct app_worker *w);
void app_worker_free(struct app_worker *w);
/* From any thread: nothing waits for it, and it waits for no answer. */
bool app_worker_is_idle(struct app_worker *w);
/* Runs on the worker's thread, between two messages; returns after the sync that follows: what it did
 * is durable, what it said is sent.  Not after MESSAGE_STOP. */
uc_err UC_MUST_USE app_worker_do(struct app_worker *w, uc_err (*what)(void *app, void *ctx),
				 void *ctx);
struct metrics *app_worker_metrics(const struct app_worker *w);

/* Outputs: kept until the sync. */
void app_send(struct app_worker *w, uint64_t connection, struct view frame);
/* One frame to many connections, for each with its own number of the seat in the four bytes at
 * seat_at, high byte first.  Copied once for all. */
void app_send_many(struct app_worker *w, struct view frame, size_t seat_at,
		   const struct output_target *targets, size_t n);
void app_close(struct app_worker *w, uint64_t connection, uint16_t ws_code);
/* Somebody has signed in: large messages may come. */
void app_trust(struct app_worker *w, uint64_t connection);
void app_reply(struct app_worker *w, struct app_call *call, int status, uint32_t retry_after_s,
	       struct view headers, struct view body);
/* The token comes back with the response. */
void app_ask(struct app_worker *w, uint64_t token, struct view domain, struct view method,
	     struct view path, struct view headers, struct view body);
void app_deliver(struct app_worker *w, struct view identifier, struct view code);

/* Connections carry their front in the top bits, and the place there in the lowest. */
enum { CONNECTION_FRONT_SHIFT = 56, CONNECTION_PLACE_BITS = 24, FRONTS_MAX = 256 };

#endif
