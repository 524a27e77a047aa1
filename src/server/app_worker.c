/* SPDX-License-Identifier: Apache-2.0 */
#include "server/app_worker.h"

#include "base/heap.h"
#include "net/env_system.h"

#include <stdio.h>

/* Who waits for a reply. */
struct app_call {
	enum message_from from;
	unsigned index;
	uint64_t id;
	struct app_call *prev, *next;
};

/* What another thread wants done here, and waits for. */
struct app_task {
	struct app_task *next;
	uc_err (*what)(void *app, void *ctx);
	void *ctx;
	uc_err err;
	bool is_done;
	pthread_mutex_t lock;
	pthread_cond_t done;
};

struct app_worker {
	struct app_options o;
	struct app_task *tasks; /* of this round, done but for the sync */
	struct queue queue;
	pthread_t thread;
	bool is_started, is_stopping;
	bool has_more;            /* the app goes on at once */
	atomic_bool is_due_later; /* and by itself, soon */
	struct app_call *calls;
	size_t asks_open;
	atomic_size_t open; /* those, and the calls */
	/* Outputs in order: to fronts, of which `to_fronts` have any; and all others, whose
	 * `index` is the app they go to. */
	struct outlet outlets[FRONTS_MAX];
	uint8_t to_fronts[FRONTS_MAX];
	size_t to_fronts_n;
	struct message *first, **last;
	struct output_head *credit;    /* the last output to a front, if it is one */
	struct output_target *targets; /* of one front, while a frame for many is sorted */
	size_t targets_max;
	uint64_t tick_at_ms;
};

/* An answer that cannot be given must not be forgotten silently. */
static void no_memory(struct app_worker *w)
{
	w->o.world.failed(w->o.world.ctx, w->o.index, UC_E_MEMORY);
}

/* An output that goes to no front, or the end. */
static struct message *output(struct app_worker *w, enum message_kind kind, uint64_t id,
			      const struct message_parts *parts)
{
	struct message *m = message_new(kind, id, parts);
	if (!m) {
		no_memory(w);
		return NULL;
	}
	*w->last = m;
	w->last = &m->next;
	return m;
}

static unsigned front_of(uint64_t connection)
{
	return (unsigned)(connection >> CONNECTION_FRONT_SHIFT);
}

static struct outlet *outlet_of(struct app_worker *w, unsigned front)
{
	struct outlet *o = &w->outlets[front];
	if (!o->first)
		w->to_fronts[w->to_fronts_n++] = (uint8_t)front;
	w->credit = NULL;
	return o;
}

static void put(struct app_worker *w, unsigned front, const struct output_head *head,
		struct view headers, struct view body)
{
	if (!outlet_add_bytes(outlet_of(w, front), head, headers, body))
		no_memory(w);
}

void app_send(struct app_worker *w, uint64_t connection, struct view frame)
{
	struct output_head h = { .connection = connection, .kind = OUTPUT_SEND };
	put(w, front_of(connection), &h, (struct view){ 0 }, frame);
}

void app_close(struct app_worker *w, uint64_t connection, uint16_t ws_code)
{
	struct output_head h = { .connection = connection, .kind = OUTPUT_CLOSE, ws_code };
	put(w, front_of(connection), &h, (struct view){ 0 }, (struct view){ 0 });
}

void app_trust(struct app_worker *w, uint64_t connection)
{
	struct output_head h = { .connection = connection, .kind = OUTPUT_TRUST };
	put(w, front_of(connection), &h, (struct view){ 0 }, (struct view){ 0 });
}

/* --- one frame for many --- */

static bool targets_reserve(struct app_worker *w, size_t n)
{
	if (n <= w->targets_max)
		return true;
	heap_free(w->targets);
	w->targets = heap_new(n * sizeof *w->targets);
	w->targets_max = w->targets ? n : 0;
	return w->targets != NULL;
}

/* The part of one front, from the first that is its on. */
static bool fanout_to_front(struct app_worker *w, struct fanout *f,
			    const struct output_target *targets, size_t n)
{
	unsigned front = front_of(targets[0].connection);
	size_t own = 0;
	for (size_t i = 0; i < n; i++)
		if (front_of(targets[i].connection) == front)
			w->targets[own++] = targets[i];
	return outlet_add_fanout(outlet_of(w, front), f, w->targets, own);
}

void app_send_many(struct app_worker *w, struct view frame, size_t seat_at,
		   const struct output_target *targets, size_t n)
{
	bool done[FRONTS_MAX] = { false };
	struct fanout *f = n ? fanout_new(frame, seat_at) : NULL;
	bool ok = !n || (f && targets_reserve(w, n));
	for (size_t i = 0; ok && i < n; i++) {
		unsigned front = front_of(targets[i].connection);
		if (!done[front])
			ok = fanout_to_front(w, f, targets + i, n - i);
		done[front] = true;
	}
	if (f)
		fanout_drop(f);
	if (!ok)
		no_memory(w);
}

/* --- */

/* The front may pass on as many frames of this connection as were handled. */
static void credit(struct app_worker *w, uint64_t connection, size_t bytes)
{
	struct output_head h = { .connection = connection, .kind = OUTPUT_CREDIT };
	uint8_t *none = NULL;
	if (!w->credit || w->credit->connection != connection)
		w->credit = outlet_add(outlet_of(w, front_of(connection)), &h, &none);
	if (!w->credit) {
		no_memory(w);
		return;
	}
	w->credit->frames++;
	w->credit->frames_bytes += (uint32_t)bytes;
}

static struct app_call *call_new(struct app_worker *w, const struct message *m)
{
	struct app_call *call = HEAP_NEW(struct app_call);
	if (!call)
		return NULL;
	*call = (struct app_call){ m->from, m->index, m->id, NULL, w->calls };
	if (call->next)
		call->next->prev = call;
	w->calls = call;
	atomic_fetch_add(&w->open, 1);
	return call;
}

static void call_free(struct app_worker *w, struct app_call *call)
{
	if (call->prev)
		call->prev->next = call->next;
	else
		w->calls = call->next;
	if (call->next)
		call->next->prev = call->prev;
	atomic_fetch_sub(&w->open, 1);
	heap_free(call);
}

void app_reply(struct app_worker *w, struct app_call *call, int status, uint32_t retry_after_s,
	       struct view headers, struct view body)
{
	struct message_parts parts = { .headers = headers, .body = body };
	struct output_head h = { .connection = call->id,
				 .kind = OUTPUT_REPLY,
				 .status = (uint16_t)status,
				 .retry_after_s = retry_after_s };
	if (call->from == FROM_FRONT) {
		put(w, call->index, &h, headers, body);
	} else {
		struct message *m = output(w, MESSAGE_RESPONSE, call->id, &parts);
		if (m) {
			m->index = call->index;
			m->status = status;
			m->retry_after_s = retry_after_s;
		}
	}
	call_free(w, call);
}

void app_ask(struct app_worker *w, uint64_t token, struct view domain, struct view method,
	     struct view path, struct view headers, struct view body)
{
	struct message_parts parts = { domain, method, path, headers, body };
	struct message *m = output(w, MESSAGE_ASK, token, &parts);
	if (m)
		m->index = w->o.index;
}

void app_deliver(struct app_worker *w, struct view identifier, struct view code)
{
	struct message_parts parts = { .path = identifier, .body = code };
	struct message *m = output(w, MESSAGE_DELIVER, 0, &parts);
	if (m)
		m->index = w->o.index;
}

/* The other side of an ask that could not be passed on: busy, to be tried again. */
static void ask_refuse(struct app_worker *w, struct message *ask)
{
	ask->kind = MESSAGE_RESPONSE;
	ask->status = 503;
	ask->retry_after_s = 1;
	ask->parts = (struct message_parts){ 0 };
	queue_put_always(&w->queue, ask);
}

/* Not too many at once. */
static bool ask_counts(struct app_worker *w)
{
	w->asks_open++;
	atomic_fetch_add(&w->open, 1);
	metrics_add(w->o.metrics, METRIC_PEER_ASKS, 1);
	return w->asks_open <= APP_ASKS_MAX;
}

static void deliver(struct app_worker *w, struct message *m)
{
	const struct app_world *world = &w->o.world;
	metrics_add(w->o.metrics, METRIC_CODES_SENT, 1);
	world->deliver(world->ctx, w->o.index, m->parts.path, m->parts.body);
	message_free(m);
}

/* To other apps as one list: whoever is woken by its first finds all of it. */
static void release(struct app_worker *w, struct message *list)
{
	const struct app_world *world = &w->o.world;
	struct message *passed = NULL, **last = &passed, *next;
	for (struct message *m = list; m; m = next) {
		next = m->next;
		m->next = NULL;
		if (m->kind == MESSAGE_DELIVER) {
			deliver(w, m);
		} else if (m->kind == MESSAGE_ASK && !ask_counts(w)) {
			ask_refuse(w, m);
		} else {
			*last = m;
			last = &m->next;
		}
	}
	for (struct message *m = passed ? world->pass(world->ctx, w->o.index, passed) : NULL; m;
	     m = next) {
		next = m->next;
		ask_refuse(w, m);
	}
}

static void drop_all(struct app_worker *w)
{
	for (size_t i = 0; i < w->to_fronts_n; i++)
		message_free_all(outlet_take(&w->outlets[w->to_fronts[i]]));
	message_free_all(w->first);
	w->to_fronts_n = 0;
	w->first = NULL;
	w->last = &w->first;
	w->credit = NULL;
}

static void release_all(struct app_worker *w)
{
	const struct app_world *world = &w->o.world;
	struct message *m = w->first;
	for (size_t i = 0; i < w->to_fronts_n; i++) {
		unsigned front = w->to_fronts[i];
		world->to_front(world->ctx, front, outlet_take(&w->outlets[front]));
	}
	w->to_fronts_n = 0;
	w->first = NULL;
	w->last = &w->first;
	w->credit = NULL;
	release(w, m);
}

static struct app_request request_of(const struct message *m)
{
	const struct message_parts *p = &m->parts;
	return (struct app_request){ p->domain, p->method, p->path, p->headers, p->body };
}

static void handle_request(struct app_worker *w, const struct message *m)
{
	const struct app_request q = request_of(m);
	struct app_call *call = call_new(w, m);
	if (call)
		w->o.handler->request(w->o.app, call, &q);
	else
		w->o.world.failed(w->o.world.ctx, w->o.index, UC_E_MEMORY);
}

static void task_run(struct app_worker *w, const struct message *m)
{
	struct app_task *t = NULL;
	memcpy(&t, m->parts.body.p, sizeof t);
	t->err = t->what(w->o.app, t->ctx);
	t->next = w->tasks;
	w->tasks = t;
}

static void tasks_done(struct app_worker *w)
{
	while (w->tasks) {
		struct app_task *t = w->tasks;
		w->tasks = t->next;
		/* With the lock held: whoever waits gives the task up with it. */
		pthread_mutex_lock(&t->lock);
		t->is_done = true;
		pthread_cond_signal(&t->done);
		pthread_mutex_unlock(&t->lock);
	}
}

uc_err app_worker_do(struct app_worker *w, uc_err (*what)(void *app, void *ctx), void *ctx)
{
	struct app_task task = { .what = what, .ctx = ctx }, *pointer = &task;
	struct message_parts parts = { .body = view_make(&pointer, sizeof pointer) };
	struct message *m = message_new(MESSAGE_TASK, 0, &parts);
	if (!m)
		return UC_E_MEMORY;
	pthread_mutex_init(&task.lock, NULL);
	pthread_cond_init(&task.done, NULL);
	queue_put_always(&w->queue, m);
	pthread_mutex_lock(&task.lock);
	while (!task.is_done)
		pthread_cond_wait(&task.done, &task.lock);
	pthread_mutex_unlock(&task.lock);
	pthread_cond_destroy(&task.done);
	pthread_mutex_destroy(&task.lock);
	return task.err;
}

static void handle(struct app_worker *w, const struct message *m)
{
	const struct app_handler *h = w->o.handler;
	struct app_response r = { m->status, m->retry_after_s, m->parts.headers, m->parts.body };
	switch (m->kind) {
	case MESSAGE_OPENED:
		h->opened(w->o.app, m->id, m->parts.body);
		break;
	case MESSAGE_FRAME:
		h->frame(w->o.app, m->id, m->parts.body);
		credit(w, m->id, m->parts.body.n);
		break;
	case MESSAGE_CLOSED:
		h->closed(w->o.app, m->id);
		break;
	case MESSAGE_REQUEST:
		handle_request(w, m);
		break;
	case MESSAGE_RESPONSE:
		w->asks_open--;
		atomic_fetch_sub(&w->open, 1);
		if (!m->status)
			metrics_add(w->o.metrics, METRIC_PEERS_UNREACHED, 1);
		h->response(w->o.app, m->id, &r);
		break;
	case MESSAGE_TASK:
		task_run(w, m);
		break;
	case MESSAGE_STOP:
		w->is_stopping = true;
		break;
	case MESSAGE_GOING:
		if (h->stopping)
			h->stopping(w->o.app, m->retry_after_s, (uint32_t)m->status);
		break;
	case MESSAGE_BEAT:
		message_beat_answer(m);
		break;
	default:
		break;
	}
}

/* The stores say whether there was anything to sync. */
static uc_err sync_timed(struct app_worker *w)
{
	struct metrics *m = w->o.metrics;
	uint64_t before = m ? metric_count_get(&m->value[METRIC_SYNCS]) : 0;
	uint64_t start_us = clock_steady_us();
	TRY(w->o.handler->sync(w->o.app));
	if (m && metric_count_get(&m->value[METRIC_SYNCS]) != before)
		metrics_time(m, METRIC_SYNC, clock_steady_us() - start_us);
	return UC_OK;
}

/* Of many alone: one has nobody to share with. */
static void foresee(struct app_worker *w, const struct message *list)
{
	const struct app_handler *h = w->o.handler;
	if (!list || !list->next || !h->foresee_frame || !h->foresee_request)
		return;
	for (const struct message *m = list; m; m = m->next) {
		if (m->kind == MESSAGE_FRAME) {
			h->foresee_frame(w->o.app, m->id, m->parts.body);
		} else if (m->kind == MESSAGE_REQUEST) {
			const struct app_request q = request_of(m);
			h->foresee_request(w->o.app, &q);
		}
	}
}

/* One round: handle what waits, make it durable, say so. */
static void batch(struct app_worker *w, struct message *list, bool is_tick)
{
	uint64_t start_us = clock_steady_us();
	foresee(w, list);
	for (struct message *m = list; m; m = m->next) {
		handle(w, m);
		metrics_add(w->o.metrics, METRIC_ROUND_MESSAGES, 1);
	}
	message_free_all(list);
	if (is_tick)
		w->o.handler->tick(w->o.app, env_now_ms(w->o.env));
	w->has_more = w->o.handler->go_on && w->o.handler->go_on(w->o.app);
	uc_err err = sync_timed(w);
	if (err) {
		w->o.world.failed(w->o.world.ctx, w->o.index, err);
		drop_all(w);
		return;
	}
	metrics_time(w->o.metrics, METRIC_ROUND, clock_steady_us() - start_us);
	release_all(w);
	tasks_done(w);
}

/* By clock_steady_us; 0: now. */
static uint64_t next_round_us(struct app_worker *w)
{
	const struct app_handler *h = w->o.handler;
	uint64_t tick_us = w->tick_at_ms * 1000, due_us = h->due_us ? h->due_us(w->o.app) : 0;
	atomic_store(&w->is_due_later, due_us != 0);
	if (w->has_more)
		return 0;
	return due_us && due_us < tick_us ? due_us : tick_us;
}

static void *run(void *arg)
{
	struct app_worker *w = arg;
	char name[16];
	snprintf(name, sizeof name, "app-%u", w->o.index);
	pthread_setname_np(pthread_self(), name);
	w->tick_at_ms = clock_steady_ms() + APP_TICK_MS;
	while (!w->is_stopping) {
		uint64_t until_us = next_round_us(w);
		struct message *list = queue_take(&w->queue, APP_BATCH, until_us);
		bool is_tick = clock_steady_ms() >= w->tick_at_ms;
		if (is_tick)
			w->tick_at_ms = clock_steady_ms() + APP_TICK_MS;
		if (list || is_tick || clock_steady_us() >= until_us)
			batch(w, list, is_tick);
	}
	/* Who asked and has no answer yet goes on without. */
	while (w->calls)
		app_reply(w, w->calls, 503, 1, (struct view){ 0 }, (struct view){ 0 });
	release_all(w);
	return NULL;
}

uc_err app_worker_new(const struct app_options *o, struct app_worker **out)
{
	struct app_worker *w = HEAP_NEW(struct app_worker);
	if (!w)
		return UC_E_MEMORY;
	w->o = *o;
	w->last = &w->first;
	uc_err err = queue_init(&w->queue, APP_QUEUE_COUNT, APP_QUEUE_BYTES);
	if (err)
		heap_free(w);
	else
		*out = w;
	return err;
}

uc_err app_worker_start(struct app_worker *w)
{
	w->is_started = !pthread_create(&w->thread, NULL, run, w);
	return w->is_started ? UC_OK : UC_E_MEMORY;
}

void app_worker_set_app(struct app_worker *w, void *app)
{
	w->o.app = app;
}

struct queue *app_worker_queue(struct app_worker *w)
{
	return &w->queue;
}

struct metrics *app_worker_metrics(const struct app_worker *w)
{
	return w->o.metrics;
}

bool app_worker_is_idle(struct app_worker *w)
{
	return queue_is_idle(&w->queue) && !atomic_load(&w->open) && !atomic_load(&w->is_due_later);
}

void app_worker_join(struct app_worker *w)
{
	if (w->is_started)
		pthread_join(w->thread, NULL);
	w->is_started = false;
}

void app_worker_free(struct app_worker *w)
{
	if (!w)
		return;
	app_worker_join(w);
	while (w->calls)
		call_free(w, w->calls);
	drop_all(w);
	heap_free(w->targets);
	queue_done(&w->queue);
	heap_free(w);
}
