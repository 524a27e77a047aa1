/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded queue of messages between threads: many put, one takes.  A full queue says so to
 * whoever can slow its own sender down; only what is bounded elsewhere may go beyond. */
#ifndef SERVER_QUEUE_H
#define SERVER_QUEUE_H

#include "server/message.h"

#include <pthread.h>

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	struct message *first, **last;
	size_t n, bytes;
	size_t n_max, bytes_max;
	bool was_full;   /* somebody waits for room */
	bool is_at_work; /* what was taken last is not done with */
	/* Called after a put into the empty queue, and after a take that made room again; may be
	 * NULL; from any thread, without the lock. */
	void (*wake)(void *ctx);
	void (*room)(void *ctx);
	void *ctx;
};

uc_err UC_MUST_USE queue_init(struct queue *q, size_t n_max, size_t bytes_max);
/* Frees what is left in it. */
void queue_done(struct queue *q);
/* False when full: the message stays the caller's, and `room` will be called. */
bool queue_put(struct queue *q, struct message *m) UC_MUST_USE;
/* A whole list under one lock, once there is room at all: what a round makes is bounded. */
void queue_put_list_wait(struct queue *q, struct message *list);
/* A list from another app under one lock, so that one round of the taker's sees all of it: its answers
 * always, requests while there is room.  Returns those there was none for. */
struct message *queue_put_from_app(struct queue *q, struct message *list) UC_MUST_USE;
/* Beyond the limit: for answers and ends, whose number something else bounds. */
void queue_put_always(struct queue *q, struct message *m);
/* Up to n_max messages in order, waiting for the first until then by clock_steady_us; NULL when none came. */
struct message *queue_take(struct queue *q, size_t n_max, uint64_t until_us);
/* How much waits, from any thread. */
void queue_look(struct queue *q, size_t *out_n, size_t *out_bytes);

/* Nothing waits, and whoever takes has come back for more. */
bool queue_is_idle(struct queue *q);

#endif
