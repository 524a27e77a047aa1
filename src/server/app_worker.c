/* SPDX-License-Identifier: Apache-2.0 */
#include "server/app_worker.h"

#include "base/heap.h"
#include "net/env_system.h"

/* Who waits for a reply. */
struct app_call {
	enum message_from from;
	unsigned index;
	uint64_t id;
	struct app_call *prev, *next;
};

struct app_worker {
	struct app_options o;
	struct queue queue;
	pthread_t thread;
	bool is_started, is_stopping;
	struct app_call *calls;
	size_t asks_open;
	/* Outputs in order; `index` is whom to, a front or an app. */
	struct message *first, **last;
	struct message *credit; /* the last output, if it is one */
	uint64_t tick_at_ms;
};

/* An output, or the end: an answer that cannot be given must not be forgotten silently. */
static struct message *output(struct app_worker *w, enum message_kind kind, uint64_t id,
			      const struct message_parts *parts)
{
	struct message *m = message_new(kind, id, parts);
	if (!m) {
		w->o.world.failed(w->o.world.ctx, w->o.index, UC_E_MEMORY);
		return NULL;
	}
	*w->last = m;
	w->last = &m->next;
	w->credit = NULL;
	return m;
}

static unsigned front_of(uint64_t connection)
{
	return (unsigned)(connection >> CONNECTION_FRONT_SHIFT);
}

void app_send(struct app_worker *w, uint64_t connection, struct view frame)
{
	struct message_parts parts = { .body = frame };
	struct message *m = output(w, MESSAGE_SEND, connection, &parts);
	if (m)
		m->index = front_of(connection);
}

void app_close(struct app_worker *w, uint64_t connection, uint16_t ws_code)
{
	struct message *m = output(w, MESSAGE_CLOSE, connection, NULL);
	if (!m)
		return;
	m->index = front_of(connection);
	m->status = ws_code;
}

void app_trust(struct app_worker *w, uint64_t connection)
{
	struct message *m = output(w, MESSAGE_TRUST, connection, NULL);
	if (m)
		m->index = front_of(connection);
}

/* The front may pass on as many frames of this connection as were handled. */
static void credit(struct app_worker *w, uint64_t connection, size_t bytes)
{
	if (!w->credit || w->credit->id != connection) {
		struct message *m = output(w, MESSAGE_CREDIT, connection, NULL);
		if (!m)
			return;
		m->index = front_of(connection);
		w->credit = m;
	}
	w->credit->frames_count++;
	w->credit->frames_bytes += bytes;
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
	heap_free(call);
}

void app_reply(struct app_worker *w, struct app_call *call, int status, uint32_t retry_after_s,
	       struct view headers, struct view body)
{
	struct message_parts parts = { .headers = headers, .body = body };
	bool is_front = call->from == FROM_FRONT;
	struct message *m =
		output(w, is_front ? MESSAGE_REPLY : MESSAGE_RESPONSE, call->id, &parts);
	if (m) {
		m->index = call->index;
		m->status = status;
		m->retry_after_s = retry_after_s;
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

static void release(struct app_worker *w, struct message *m)
{
	const struct app_world *world = &w->o.world;
	switch (m->kind) {
	case MESSAGE_ASK:
		w->asks_open++;
		metrics_add(w->o.metrics, METRIC_PEER_ASKS, 1);
		if (w->asks_open > APP_ASKS_MAX || !world->ask(world->ctx, w->o.index, m))
			ask_refuse(w, m);
		break;
	case MESSAGE_RESPONSE:
		world->answer(world->ctx, m->index, m);
		break;
	case MESSAGE_DELIVER:
		metrics_add(w->o.metrics, METRIC_CODES_SENT, 1);
		world->deliver(world->ctx, w->o.index, m->parts.path, m->parts.body);
		message_free(m);
		break;
	default:
		world->to_front(world->ctx, m->index, m);
	}
}

static void release_all(struct app_worker *w)
{
	struct message *m = w->first;
	w->first = NULL;
	w->last = &w->first;
	w->credit = NULL;
	while (m) {
		struct message *next = m->next;
		release(w, m);
		m = next;
	}
}

static void handle_request(struct app_worker *w, const struct message *m)
{
	const struct message_parts *p = &m->parts;
	struct app_request q = { p->domain, p->method, p->path, p->headers, p->body };
	struct app_call *call = call_new(w, m);
	if (call)
		w->o.handler->request(w->o.app, call, &q);
	else
		w->o.world.failed(w->o.world.ctx, w->o.index, UC_E_MEMORY);
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
		if (!m->status)
			metrics_add(w->o.metrics, METRIC_PEERS_UNREACHED, 1);
		h->response(w->o.app, m->id, &r);
		break;
	case MESSAGE_STOP:
		w->is_stopping = true;
		if (h->stopping)
			h->stopping(w->o.app);
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

/* One round: handle what waits, make it durable, say so. */
static void batch(struct app_worker *w, struct message *list, bool is_tick)
{
	uint64_t start_us = clock_steady_us();
	for (struct message *m = list; m; m = m->next) {
		handle(w, m);
		metrics_add(w->o.metrics, METRIC_ROUND_MESSAGES, 1);
	}
	message_free_all(list);
	if (is_tick)
		w->o.handler->tick(w->o.app, env_now_ms(w->o.env));
	uc_err err = sync_timed(w);
	if (err) {
		w->o.world.failed(w->o.world.ctx, w->o.index, err);
		message_free_all(w->first);
		w->first = NULL;
		w->last = &w->first;
		w->credit = NULL;
		return;
	}
	metrics_time(w->o.metrics, METRIC_ROUND, clock_steady_us() - start_us);
	release_all(w);
}

static void *run(void *arg)
{
	struct app_worker *w = arg;
	w->tick_at_ms = clock_steady_ms() + APP_TICK_MS;
	while (!w->is_stopping) {
		uint64_t now = clock_steady_ms();
		uint64_t wait = now < w->tick_at_ms ? w->tick_at_ms - now : 0;
		struct message *list = queue_take(&w->queue, APP_BATCH, wait);
		bool is_tick = clock_steady_ms() >= w->tick_at_ms;
		if (is_tick)
			w->tick_at_ms = clock_steady_ms() + APP_TICK_MS;
		if (list || is_tick)
			batch(w, list, is_tick);
	}
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
	message_free_all(w->first);
	queue_done(&w->queue);
	heap_free(w);
}
