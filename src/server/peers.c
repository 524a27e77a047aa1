/* SPDX-License-Identifier: Apache-2.0 */
#include "server/peers.h"

#include "base/heap.h"
#include "net/https_client.h"
#include "server/log.h"
#include "server/routes.h"

#include <stdio.h>

enum { ANSWER_MAX = 8 << 20, TIMEOUT_MS = 20000, TAKE_ROUND = 64 };

struct peers {
	const struct config *config;
	struct app_worker *const *workers;
	struct net_loop loop;
	struct https_client *client;
	struct queue queue;
	uv_async_t wake;
	pthread_t thread;
	bool is_started, has_loop, has_queue, has_wake;
};

/* One question under way. */
struct question {
	struct peers *peers;
	const struct config_peer *peer;
	unsigned app;
	uint64_t id;
};

static void answer(struct peers *p, unsigned app, uint64_t id, int status, uint32_t retry_after_s,
		   struct view headers, struct view body)
{
	struct message_parts parts = { .headers = headers, .body = body };
	struct message *m = message_new(MESSAGE_RESPONSE, id, &parts);
	if (!m) /* an answer without its body would be a lie; without memory not even that */
		m = message_new(MESSAGE_RESPONSE, id, NULL);
	else
		m->status = status;
	if (!m)
		return;
	m->from = FROM_PEERS;
	m->retry_after_s = retry_after_s;
	queue_put_always(app_worker_queue(p->workers[app]), m);
}

static void on_done(void *ctx, const struct https_response *r)
{
	struct question *q = ctx;
	struct buf lines;
	buf_init(&lines, 2 * HTTP_HEAD_MAX);
	if (r->headers)
		routes_add_headers(&lines, r->headers);
	if (r->err && r->err != UC_E_CLOSED)
		log_info("peer.unreached", "app=%s peer=%s error=%s",
			 q->peers->config->apps[q->app].name, q->peer->domain, uc_err_name(r->err));
	answer(q->peers, q->app, q->id, r->status, r->retry_after_s, buf_view(&lines), r->body);
	buf_done(&lines);
	heap_free(q);
}

static uc_err send_to_peer(struct peers *p, const struct message *m)
{
	const struct config_app *own = &p->config->apps[m->index];
	const struct config_peer *peer = m->peer;
	char method[16];
	snprintf(method, sizeof method, "%.*s", (int)m->parts.method.n,
		 (const char *)m->parts.method.p);
	struct question *q = HEAP_NEW(struct question);
	if (!q)
		return UC_E_MEMORY;
	*q = (struct question){ p, peer, m->index, m->id };
	struct https_request r = {
		.method = method,
		.domain = peer->domain,
		.host = peer->url.host,
		.port = peer->url.port,
		.path = m->parts.path,
		.headers = m->parts.headers,
		.body = m->parts.body,
		.ca_file = peer->ca,
		.certificate_file = own->certificate,
		.key_file = own->private_key,
		.body_max = ANSWER_MAX,
		.timeout_ms = TIMEOUT_MS,
	};
	uc_err err = https_send(p->client, &r, on_done, q);
	if (err)
		heap_free(q);
	return err;
}

static void stop(struct peers *p)
{
	if (p->client)
		https_client_stop(p->client);
	if (p->has_wake)
		uv_close((uv_handle_t *)&p->wake, NULL);
}

static void on_wake(uv_async_t *h)
{
	struct peers *p = h->data;
	struct message *list;
	bool ends = false;
	while ((list = queue_take(&p->queue, TAKE_ROUND, 0))) {
		for (struct message *m = list; m; m = m->next) {
			if (m->kind == MESSAGE_STOP)
				ends = true;
			else if (ends || send_to_peer(p, m))
				answer(p, m->index, m->id, 0, 0, (struct view){ 0 },
				       (struct view){ 0 });
		}
		message_free_all(list);
	}
	if (ends)
		stop(p);
}

static void wake(void *ctx)
{
	struct peers *p = ctx;
	uv_async_send(&p->wake);
}

static void *run(void *arg)
{
	struct peers *p = arg;
	loop_run(&p->loop);
	return NULL;
}

static uc_err peers_fill(struct peers *p, const struct env *env)
{
	TRY(queue_init(&p->queue, PEERS_QUEUE_COUNT, PEERS_QUEUE_BYTES));
	p->has_queue = true;
	TRY(loop_init(&p->loop, env));
	p->has_loop = true;
	TRY(https_client_new(&p->loop, &p->client));
	if (uv_async_init(&p->loop.uv, &p->wake, on_wake))
		return UC_E_NET;
	p->has_wake = true;
	p->wake.data = p;
	p->queue.wake = wake;
	p->queue.ctx = p;
	p->is_started = !pthread_create(&p->thread, NULL, run, p);
	return p->is_started ? UC_OK : UC_E_MEMORY;
}

uc_err peers_new(const struct config *c, const struct env *env, struct app_worker *const *workers,
		 struct peers **out)
{
	struct peers *p = HEAP_NEW(struct peers);
	if (!p)
		return UC_E_MEMORY;
	p->config = c;
	p->workers = workers;
	uc_err err = peers_fill(p, env);
	if (err)
		peers_free(p);
	else
		*out = p;
	return err;
}

bool peers_ask(struct peers *p, unsigned app, const struct config_peer *peer, struct message *m)
{
	m->index = app;
	m->peer = peer;
	return queue_put(&p->queue, m);
}

void peers_free(struct peers *p)
{
	struct message *m = NULL;
	if (!p)
		return;
	if (p->is_started) {
		m = message_new(MESSAGE_STOP, 0, NULL);
		if (m)
			queue_put_always(&p->queue, m);
		pthread_join(p->thread, NULL);
	} else {
		stop(p);
	}
	if (p->has_loop)
		loop_done(&p->loop);
	if (p->client)
		https_client_free(p->client);
	if (p->has_queue)
		queue_done(&p->queue);
	heap_free(p);
}
