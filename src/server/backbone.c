/* SPDX-License-Identifier: Apache-2.0 */
#include "server/backbone.h"

#include "base/heap.h"
#include "net/env_system.h"
#include "server/backbone_inside.h"
#include "server/log.h"
#include "server/notify.h"
#include "server/web_apps.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	GOING_RETRY_S = 2, /* a restart takes that long at least */
	DRAIN_LOOK_US = 10000,
	DESCRIPTORS_KEPT = 512, /* for stores, pipes, peers */
	ROSTER_BYTES_MAX = 1 << 20,
};

static void to_front(void *ctx, unsigned front, struct message *list)
{
	struct backbone *b = ctx;
	if (front < b->fronts_n)
		queue_put_list_wait(front_queue(b->fronts[front]), list);
	else
		message_free_all(list);
}

/* What a round of one app brings to others of this process, and what it gets back. */
struct passing {
	struct backbone *b;
	unsigned from;
	struct message *first[CONFIG_APPS_MAX], **last[CONFIG_APPS_MAX];
	struct message *refused, **last_refused;
};

static void passing_add(struct passing *p, unsigned app, struct message *m)
{
	if (!p->first[app])
		p->last[app] = &p->first[app];
	*p->last[app] = m;
	p->last[app] = &m->next;
}

static void passing_refuse(struct passing *p, struct message *list)
{
	*p->last_refused = list;
	while (*p->last_refused)
		p->last_refused = &(*p->last_refused)->next;
}

/* The loopback rule: the ask itself becomes the request, from a domain that is proven. */
static void ask_here(struct passing *p, unsigned asked, struct message *m)
{
	m->kind = MESSAGE_REQUEST;
	m->from = FROM_APP;
	m->index = p->from;
	m->parts.domain = view_str(p->b->config->apps[p->from].domain);
	passing_add(p, asked, m);
}

/* Nobody to ask: said at once and for good, unlike a peer that is not reached. */
static void answer_unknown(struct passing *p, struct message *m)
{
	m->kind = MESSAGE_RESPONSE;
	m->status = 404;
	m->parts = (struct message_parts){ 0 };
	passing_add(p, p->from, m);
}

/* One table decides the way: an app of this process, a configured peer, or nobody. */
static void pass_one(struct passing *p, struct message *m)
{
	struct backbone *b = p->b;
	bool is_answer = m->kind == MESSAGE_RESPONSE;
	const struct way *way = NULL;
	if (!is_answer)
		way = map_find(&b->ways, m->parts.domain);
	if (is_answer)
		passing_add(p, m->index, m);
	else if (!way)
		answer_unknown(p, m);
	else if (!way->peer)
		ask_here(p, way->app, m);
	else if (!b->peers || !peers_ask(b->peers, p->from, way->peer, m))
		passing_refuse(p, m);
}

static struct message *pass(void *ctx, unsigned app, struct message *list)
{
	struct passing p = { .b = ctx, .from = app };
	p.last_refused = &p.refused;
	/* Until all is put: who is being removed gets nothing more behind the last. */
	pthread_rwlock_rdlock(&p.b->ways_lock);
	for (struct message *m = list, *next; m; m = next) {
		next = m->next;
		m->next = NULL;
		pass_one(&p, m);
	}
	for (size_t i = 0; i < CONFIG_APPS_MAX; i++)
		if (p.first[i])
			passing_refuse(&p, queue_put_from_app(app_worker_queue(p.b->workers[i]),
							      p.first[i]));
	pthread_rwlock_unlock(&p.b->ways_lock);
	return p.refused;
}

uc_err backbone_way_add(struct backbone *b, size_t app)
{
	b->app_ways[app] = (struct way){ .app = (unsigned)app };
	return map_put(&b->ways, view_str(b->config->apps[app].domain), &b->app_ways[app]);
}

static uc_err ways_fill(struct backbone *b)
{
	struct peer_way *fresh = NULL;
	TRY(map_init(&b->ways, b->env));
	for (size_t i = 0; i < b->config->apps_n; i++)
		TRY(backbone_way_add(b, i));
	uc_err err = backbone_peers_prepare(b, b->config, &fresh);
	if (err)
		backbone_peers_drop(fresh);
	else
		backbone_peers_adopt(b, b->config, fresh);
	return err;
}

static void deliver(void *ctx, unsigned app, struct view identifier, struct view code)
{
	struct backbone *b = ctx;
	uc_err err = delivery_send(b->delivery, &b->config->apps[app], identifier, code);
	if (err)
		log_error("delivery.refused", "app=%s error=%s", b->config->apps[app].name,
			  uc_err_name(err));
}

void backbone_failed(void *ctx, unsigned app, uc_err why)
{
	struct backbone *b = ctx;
	log_error("app.failed", "app=%s error=%s", b->config->apps[app].name, uc_err_name(why));
	/* Crash-only: the stores are as of the last sync, which is all that was promised. */
	_exit(1);
}

/* Some app's queue has room again. */
static void room(void *ctx)
{
	struct backbone *b = ctx;
	for (size_t i = 0; i < b->fronts_n; i++)
		front_room(b->fronts[i]);
}

static uc_err tls_open(struct backbone *b, const struct config *live, size_t app)
{
	const struct config_app *a = &b->config->apps[app];
	struct tls_peer peers[CONFIG_PEERS_MAX];
	size_t n = backbone_tls_peers(live, peers);
	uc_err err = tls_server_new(a->certificate, a->private_key, peers, n, &b->tls[app]);
	if (err) {
		log_error("tls.failed", "app=%s reason=\"%s\"", a->name, tls_reason());
		return err;
	}
	TRY(ticket_files_open(a, b->env, &b->tickets[app]));
	return ticket_keys_use(b->tickets[app], tls_server_context(b->tls[app]));
}

/* Which apps there are; a folder may say so itself. */
static uc_err web_apps_offer(const struct config *c, size_t app, struct web_files *files)
{
	struct buf made;
	buf_init(&made, 1 << 16);
	web_apps_add(c, app, &made);
	uc_err err = made.failed;
	if (!err)
		err = web_files_add(files, WEB_APPS_PATH, buf_view(&made));
	buf_done(&made);
	return err == UC_E_EXISTS ? UC_OK : err;
}

/* *out is to be freed also when it fails. */
uc_err backbone_web_open(const struct config *c, size_t app, struct web_files **out)
{
	const struct config_app *a = &c->apps[app];
	struct buf at;
	if (!a->web)
		return UC_OK;
	buf_init(&at, 8192);
	const char *why = web_files_load(a->web, &at, out);
	if (why)
		log_error("web.failed", "app=%s path=%s reason=\"%s\"", a->name,
			  at.failed ? a->web : (const char *)at.p, why);
	else
		log_info("web.loaded", "app=%s files=%zu bytes=%zu", a->name, web_files_count(*out),
			 web_files_bytes(*out));
	buf_done(&at);
	return why ? UC_E_IO : web_apps_offer(c, app, *out);
}

/* By network address, where the app counts by that. */
struct rate backbone_anonymous_rate(const struct config_app *a)
{
	const struct rate *said = &a->limits[LIMIT_NETWORK_HTTP];
	return a->limit_by_address ? limit_or_default(said, LIMIT_NETWORK_HTTP)
				   : (struct rate){ 0, 0 };
}

uc_err backbone_app_open(struct backbone *b, const struct config *live, size_t app)
{
	struct app_options o = { (unsigned)app,
				 b->env,
				 &b->kind->handler,
				 NULL,
				 { b, to_front, pass, deliver, backbone_failed },
				 NULL };
	TRY(tls_open(b, live, app));
	TRY(backbone_web_open(live, app, &b->web[app]));
	o.metrics = b->of_apps[app] = HEAP_NEW(struct metrics);
	if (!o.metrics)
		return UC_E_MEMORY;
	TRY(app_worker_new(&o, &b->workers[app]));
	struct queue *q = app_worker_queue(b->workers[app]);
	q->room = room;
	q->ctx = b;
	uc_err err = b->kind->open(b->config, app, b->env, b->workers[app], &b->apps[app]);
	if (err) {
		log_error("app.failed", "app=%s error=%s", b->config->apps[app].name,
			  uc_err_name(err));
		return err;
	}
	app_worker_set_app(b->workers[app], b->apps[app]);
	const struct config_app *a = &b->config->apps[app];
	b->front_apps[app] = (struct front_app){
		.host = a->listen.host,
		.port = a->listen.port,
		.local_host = a->listen_http.host,
		.local_port = a->listen_http.port,
		.domain = a->domain,
		.tls = b->tls[app],
		.web = b->web[app],
		.anonymous = backbone_anonymous_rate(a),
		.queue = q,
		.fd = notify_socket_find(a->listen.host, a->listen.port),
		.local_fd = notify_socket_find(a->listen_http.host, a->listen_http.port),
	};
	return UC_OK;
}

static uc_err probe(const struct config_app *a, const struct config_address *at)
{
	if (!at->host || notify_socket_find(at->host, at->port) ||
	    !listener_probe(at->host, at->port))
		return UC_OK;
	log_error("listen.failed", "app=%s address=%s port=%u reason=\"%s\"", a->name, at->host,
		  at->port, strerror(errno));
	return UC_E_NET;
}

static uc_err probe_all(const struct config *c)
{
	for (size_t i = 0; i < c->apps_n; i++) {
		TRY(probe(&c->apps[i], &c->apps[i].listen));
		TRY(probe(&c->apps[i], &c->apps[i].listen_http));
	}
	return UC_OK;
}

static uc_err fronts_open(struct backbone *b)
{
	size_t n = b->config->threads, which = 0;
	if (!n) {
		long processors = sysconf(_SC_NPROCESSORS_ONLN);
		n = processors > 0 ? (size_t)processors : 1;
	}
	if (n > BACKBONE_FRONTS_MAX)
		n = BACKBONE_FRONTS_MAX;
	for (size_t i = 0; i < n; i++) {
		struct front_options o = {
			.index = (unsigned)i,
			.env = b->env,
			.apps = b->front_apps,
			.apps_n = b->config->apps_n,
			.limits = http_limits_default,
			.gate = &b->gate,
			.accepts_a_second = (unsigned)((b->config->accepts_a_second + n - 1) / n),
		};
		if (b->config->ping_seconds)
			o.limits.ping_ms = b->config->ping_seconds * 1000;
		if (o.limits.pong_ms > o.limits.ping_ms)
			o.limits.pong_ms = o.limits.ping_ms;
		o.limits.first_message_max = b->kind->first_message_max;
		o.metrics = b->of_fronts[i] = HEAP_NEW(struct metrics);
		if (!o.metrics)
			return UC_E_MEMORY;
		uc_err err = front_new(&o, &b->fronts[i], &which);
		if (err) {
			log_error("listen.failed", "app=%s error=%s", b->config->apps[which].name,
				  uc_err_name(err));
			return err;
		}
		b->fronts_n++;
	}
	return UC_OK;
}

static uc_err start(struct backbone *b)
{
	TRY(ways_fill(b));
	TRY(probe_all(b->config));
	for (size_t i = 0; i < b->config->apps_n; i++)
		TRY(backbone_app_open(b, b->config, i));
	if (b->config->peers_n)
		TRY(peers_new(b->config, b->env, b->workers, &b->peers));
	TRY(fronts_open(b));
	for (size_t i = 0; i < b->config->apps_n; i++)
		TRY(app_worker_start(b->workers[i]));
	b->is_started = true;
	return UC_OK;
}

/* A connection is a descriptor, and there must be some left for all else. */
static size_t connections_max(const struct config *c)
{
	struct rlimit limit = { 1024, 1024 };
	getrlimit(RLIMIT_NOFILE, &limit);
	size_t most = limit.rlim_cur > 2 * DESCRIPTORS_KEPT
			      ? (size_t)limit.rlim_cur - DESCRIPTORS_KEPT
			      : (size_t)limit.rlim_cur / 2;
	if (c->connections > most)
		log_error("connections.limited", "wanted=%u possible=%zu", c->connections, most);
	return c->connections && c->connections < most ? c->connections : most;
}

uc_err backbone_start(const struct config *c, const struct env *env, const struct app_kind *kind,
		      struct delivery *delivery, struct backbone **out)
{
	struct backbone *b = HEAP_NEW(struct backbone);
	if (!b)
		return UC_E_MEMORY;
	b->roster = HEAP_NEW(struct config);
	if (!b->roster) {
		heap_free(b);
		return UC_E_MEMORY;
	}
	*b->roster = *c;
	b->config = b->roster;
	arena_init(&b->roster_mem, ROSTER_BYTES_MAX, ARENA_PLAIN);
	pthread_rwlock_init(&b->ways_lock, NULL);
	pthread_rwlock_init(&b->runs_lock, NULL);
	atomic_store(&b->apps_n, c->apps_n);
	b->env = env;
	b->kind = kind;
	b->delivery = delivery;
	b->start_us = clock_steady_us();
	b->gate.connections_max = connections_max(c);
	b->drain_s = c->drain_seconds ? c->drain_seconds : CONFIG_DRAIN_SECONDS;
	b->own = HEAP_NEW(struct metrics);
	uc_err err = b->own ? start(b) : UC_E_MEMORY;
	if (err)
		backbone_stop(b);
	else
		*out = b;
	return err;
}

void backbone_tell(struct queue *q, enum message_kind kind)
{
	struct message *m = message_new(kind, 0, NULL);
	if (m)
		queue_put_always(q, m);
}

static bool is_idle(const struct backbone *b)
{
	for (size_t i = 0; i < apps_count(b); i++)
		if (app_runs(b, i) && b->workers[i] && !app_worker_is_idle(b->workers[i]))
			return false;
	return true;
}

/* So that they come back no faster than they are let in. */
static uint32_t jitter_s(const struct backbone *b)
{
	size_t n = atomic_load(&b->gate.connections), a_second = b->config->accepts_a_second;
	size_t most = a_second ? n / a_second + 1 : 0;
	return most > b->drain_s ? (uint32_t)most : b->drain_s;
}

void backbone_going_tell(struct backbone *b, size_t app, uint32_t retry_after_s)
{
	struct message *m = message_new(MESSAGE_GOING, 0, NULL);
	if (!m)
		return;
	m->retry_after_s = retry_after_s;
	m->status = (int)jitter_s(b);
	queue_put_always(app_worker_queue(b->workers[app]), m);
}

void backbone_drain(struct backbone *b)
{
	uint64_t now_ms = clock_steady_ms(), until_ms = now_ms + (uint64_t)b->drain_s * 1000;
	if (atomic_exchange(&b->is_draining, true))
		return;
	atomic_store(&b->drain_ms, now_ms);
	for (size_t i = 0; i < b->fronts_n; i++)
		backbone_tell(front_queue(b->fronts[i]), MESSAGE_QUIET);
	for (size_t i = 0; i < apps_count(b); i++)
		if (app_runs(b, i) && b->workers[i])
			backbone_going_tell(b, i, GOING_RETRY_S);
	/* What was read before they heard it may still be on its way. */
	for (size_t quiet = 0; quiet < 2 && clock_steady_ms() < until_ms;) {
		usleep(DRAIN_LOOK_US);
		quiet = is_idle(b) ? quiet + 1 : 0;
	}
	if (!is_idle(b))
		log_info("drain.late", "seconds=%u", b->drain_s);
}

bool backbone_is_draining(const struct backbone *b)
{
	return atomic_load(&b->is_draining);
}

void backbone_drain_time(const struct backbone *b, unsigned *since_s, unsigned *left_s)
{
	uint64_t from_ms = atomic_load(&b->drain_ms);
	uint64_t s = from_ms ? (clock_steady_ms() - from_ms) / 1000 : 0;
	*since_s = (unsigned)s;
	*left_s = s < b->drain_s ? b->drain_s - (unsigned)s : 0;
}

static void beat_send(struct backbone *b, struct queue *q)
{
	struct message *m = message_beat_new(&b->beats_due);
	if (!m)
		return;
	atomic_fetch_add(&b->beats_due, 1);
	queue_put_always(q, m);
}

bool backbone_app_hold(struct backbone *b, size_t app)
{
	pthread_rwlock_rdlock(&b->runs_lock);
	if (app_runs(b, app))
		return true;
	pthread_rwlock_unlock(&b->runs_lock);
	return false;
}

void backbone_app_let(struct backbone *b)
{
	pthread_rwlock_unlock(&b->runs_lock);
}

bool backbone_beat(struct backbone *b)
{
	for (size_t i = 0; i < apps_count(b); i++)
		if (app_runs(b, i))
			ticket_files_care(&b->config->apps[i], b->tickets[i]);
	if (atomic_load(&b->beats_due))
		return false;
	for (size_t i = 0; i < b->fronts_n; i++)
		beat_send(b, front_queue(b->fronts[i]));
	for (size_t i = 0; i < apps_count(b); i++) {
		if (!backbone_app_hold(b, i))
			continue;
		beat_send(b, app_worker_queue(b->workers[i]));
		backbone_app_let(b);
	}
	return true;
}

/* Its threads have ended, or never begun. */
void backbone_app_free(struct backbone *b, size_t app)
{
	if (b->apps[app])
		b->kind->close(b->apps[app]);
	app_worker_free(b->workers[app]);
	tls_server_free(b->tls[app]);
	ticket_keys_free(b->tickets[app]);
	web_files_free(b->web[app]);
	heap_free(b->of_apps[app]);
	for (size_t i = 0; i < 2; i++)
		if (b->listens[app][i])
			close(b->listens[app][i]);
	b->apps[app] = NULL;
	b->workers[app] = NULL;
	b->tls[app] = NULL;
	b->tickets[app] = NULL;
	b->web[app] = NULL;
	b->of_apps[app] = NULL;
	b->listens[app][0] = b->listens[app][1] = 0;
}

void backbone_stop(struct backbone *b)
{
	/* One that did not start has no threads that could come to rest. */
	if (b->is_started)
		backbone_drain(b);
	for (size_t i = 0; i < apps_count(b); i++) {
		if (b->workers[i])
			backbone_tell(app_worker_queue(b->workers[i]), MESSAGE_STOP);
	}
	for (size_t i = 0; i < apps_count(b); i++) {
		if (b->workers[i])
			app_worker_join(b->workers[i]);
	}
	for (size_t i = 0; i < b->fronts_n; i++)
		backbone_tell(front_queue(b->fronts[i]), MESSAGE_STOP);
	for (size_t i = 0; i < b->fronts_n; i++)
		front_free(b->fronts[i]);
	peers_free(b->peers);
	for (size_t i = 0; i < apps_count(b); i++)
		backbone_app_free(b, i);
	for (size_t i = 0; i < b->retired_n; i++)
		web_files_free(b->retired[i].files);
	for (size_t i = 0; i < BACKBONE_FRONTS_MAX; i++)
		heap_free(b->of_fronts[i]);
	map_done(&b->ways);
	backbone_peers_drop(b->peer_ways);
	pthread_rwlock_destroy(&b->ways_lock);
	pthread_rwlock_destroy(&b->runs_lock);
	arena_done(&b->roster_mem);
	heap_free(b->roster);
	heap_free(b->own);
	heap_free(b);
}

size_t backbone_apps(const struct backbone *b)
{
	return apps_count(b);
}

size_t backbone_parts(struct backbone *b, struct backbone_part out[BACKBONE_PARTS_MAX],
		      size_t *apps_n)
{
	size_t n = 0;
	for (size_t i = 0; i < apps_count(b); i++)
		if (app_runs(b, i))
			out[n++] = (struct backbone_part){ i, b->of_apps[i],
							   app_worker_queue(b->workers[i]) };
	if (apps_n)
		*apps_n = n;
	for (size_t i = 0; i < b->fronts_n; i++)
		out[n++] = (struct backbone_part){ SIZE_MAX, b->of_fronts[i],
						   front_queue(b->fronts[i]) };
	out[n++] = (struct backbone_part){ SIZE_MAX, b->own, NULL };
	return n;
}

struct metrics *backbone_own_metrics(struct backbone *b)
{
	return b->own;
}

const struct metrics_names *backbone_metric_names(const struct backbone *b)
{
	return &b->kind->names;
}

const struct config *backbone_config(const struct backbone *b)
{
	return b->config;
}

const struct env *backbone_env(const struct backbone *b)
{
	return b->env;
}

uint64_t backbone_start_us(const struct backbone *b)
{
	return b->start_us;
}

/* An order and whom it is for. */
struct ordered {
	struct backbone *b;
	const struct app_order *order;
};

static uc_err order_run(void *app, void *ctx)
{
	struct ordered *o = ctx;
	return o->b->kind->order(app, o->order);
}

uc_err backbone_order(struct backbone *b, size_t app, const struct app_order *o)
{
	struct ordered ordered = { b, o };
	if (!b->kind->order)
		return UC_E_UNSUPPORTED;
	/* Whoever orders and whoever reads the configuration anew may be two threads. */
	if (!backbone_app_hold(b, app))
		return UC_E_NOT_FOUND;
	uc_err err = app_worker_do(b->workers[app], order_run, &ordered);
	backbone_app_let(b);
	return err;
}
