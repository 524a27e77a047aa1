/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration read anew: what holds from now on, and apps that begin while the rest runs. */
#include "server/backbone_inside.h"

#include "net/env_system.h"
#include "server/log.h"

#include <errno.h>
#include <unistd.h>

enum { RETIRED_MS = 15 * 60 * 1000 /* longer than a page may take to be sent */ };

struct renewal {
	const struct config *live;
	struct tls_prepared tls[CONFIG_APPS_MAX];
	struct web_files *web[CONFIG_APPS_MAX]; /* NULL: those that are there stay */
	struct peer_way *ways;
};

static void retired_free(struct backbone *b)
{
	uint64_t now_ms = clock_steady_ms();
	size_t kept = 0;
	for (size_t i = 0; i < b->retired_n; i++) {
		if (now_ms - b->retired[i].at_ms < RETIRED_MS)
			b->retired[kept++] = b->retired[i];
		else
			web_files_free(b->retired[i].files);
	}
	b->retired_n = kept;
}

struct settings_given {
	const struct app_kind *kind;
	const struct config_app *own;
	bool is_trial;
};

static uc_err settings_give(void *app, void *ctx)
{
	const struct settings_given *g = ctx;
	return g->kind->settings(app, g->own, g->is_trial);
}

static uc_err settings(struct backbone *b, const struct config *live, size_t app, bool is_trial)
{
	struct settings_given g = { b->kind, &live->apps[app], is_trial };
	return b->kind->settings ? app_worker_do(b->workers[app], settings_give, &g) : UC_OK;
}

static uc_err renew_app(struct backbone *b, struct renewal *r, size_t app)
{
	const struct config_app *a = &r->live->apps[app];
	struct tls_peer peers[CONFIG_PEERS_MAX];
	size_t n = backbone_tls_peers(r->live, peers);
	uc_err err = tls_server_prepare(b->tls[app], a->certificate, a->private_key, peers, n,
					&r->tls[app]);
	if (err)
		log_error("tls.failed", "app=%s reason=\"%s\"", a->name, tls_reason());
	TRY(err);
	TRY(ticket_keys_use(b->tickets[app], r->tls[app].ctx));
	TRY(backbone_web_open(r->live, app, &r->web[app]));
	if (r->web[app] && web_files_same(r->web[app], b->web[app])) {
		web_files_free(r->web[app]);
		r->web[app] = NULL;
	}
	return settings(b, r->live, app, true);
}

static void renewal_drop(struct renewal *r)
{
	for (size_t i = 0; i < CONFIG_APPS_MAX; i++) {
		tls_prepared_drop(&r->tls[i]);
		web_files_free(r->web[i]);
	}
	backbone_peers_drop(r->ways);
}

/* The first of all. */
static uc_err peers_begin(struct backbone *b)
{
	struct peers *peers = NULL;
	TRY(peers_new(b->config, b->env, b->workers, &peers));
	pthread_rwlock_wrlock(&b->ways_lock);
	b->peers = peers;
	pthread_rwlock_unlock(&b->ways_lock);
	return UC_OK;
}

static uc_err renewal_prepare(struct backbone *b, struct renewal *r)
{
	size_t pages = 0;
	for (size_t i = 0; i < apps_count(b); i++) {
		if (r->live->apps[i].is_removed)
			continue;
		TRY(renew_app(b, r, i));
		pages += r->web[i] != NULL;
	}
	retired_free(b);
	TRY(backbone_peers_prepare(b, r->live, &r->ways));
	if (r->ways && !b->peers)
		TRY(peers_begin(b));
	return b->retired_n + pages > RETIRED_MAX ? UC_E_BUSY : UC_OK;
}

static void fronts_tell(struct backbone *b, const struct config *live, size_t app)
{
	struct front_renewal r;
	memset(&r, 0, sizeof r);
	r.web = b->web[app];
	r.anonymous = backbone_anonymous_rate(&live->apps[app]);
	struct message_parts parts = { .body = view_make(&r, sizeof r) };
	for (size_t i = 0; i < b->fronts_n; i++) {
		struct message *m = message_new(MESSAGE_RENEW, 0, &parts);
		if (!m) {
			backbone_failed(b, (unsigned)app, UC_E_MEMORY);
			return;
		}
		m->index = (unsigned)app;
		queue_put_always(front_queue(b->fronts[i]), m);
	}
}

static void renewal_adopt(struct backbone *b, struct renewal *r, size_t app)
{
	tls_server_adopt(b->tls[app], &r->tls[app]);
	if (r->web[app]) {
		b->retired[b->retired_n++] = (struct retired){ b->web[app], clock_steady_ms() };
		b->web[app] = r->web[app];
	}
	fronts_tell(b, r->live, app);
}

/* --- apps that begin while the rest runs --- */

enum { ADD_LOOK_US = 1000 };

static uc_err socket_open(const struct config_app *a, const struct config_address *at, int *own,
			  int *out)
{
	if (!at->host || *out)
		return UC_OK;
	uc_err err = listener_socket(at->host, at->port, own);
	if (err)
		log_error("listen.failed", "app=%s address=%s port=%u reason=\"%s\"", a->name,
			  at->host, at->port, strerror(errno));
	else
		*out = *own;
	return err;
}

static void slot_close(struct backbone *b, size_t app)
{
	if (b->workers[app]) {
		backbone_tell(app_worker_queue(b->workers[app]), MESSAGE_STOP);
		app_worker_join(b->workers[app]);
	}
	backbone_app_free(b, app);
	memset(&b->front_apps[app], 0, sizeof b->front_apps[app]);
}

/* All but what others see: its files and stores, its sockets, its thread. */
static uc_err slot_open(struct backbone *b, const struct config *live, size_t app)
{
	struct front_app *f = &b->front_apps[app];
	struct config_app *a = &b->roster->apps[app];
	TRY(config_app_copy(&b->roster_mem, &live->apps[app], a));
	TRY(backbone_app_open(b, live, app));
	TRY(socket_open(a, &a->listen, &b->listens[app][0], &f->fd));
	TRY(socket_open(a, &a->listen_http, &b->listens[app][1], &f->local_fd));
	return app_worker_start(b->workers[app]);
}

static uc_err slots_open(struct backbone *b, const struct config *live)
{
	size_t first = apps_count(b), i = first;
	struct arena_mark before = arena_mark(&b->roster_mem);
	uc_err err = UC_OK;
	if (live->apps_n > first && backbone_is_draining(b))
		return UC_E_BUSY;
	for (; !err && i < live->apps_n; i++)
		err = slot_open(b, live, i);
	/* The last that may fail. */
	if (!err && b->delivery)
		err = delivery_reload(b->delivery);
	for (; err && i > first; i--)
		slot_close(b, i - 1);
	/* Whoever tries again and again has all the room there was. */
	if (err)
		arena_reset(&b->roster_mem, before);
	return err;
}

/* To all fronts, which then listen there; false without memory. */
static bool front_app_send(struct backbone *b, size_t app)
{
	atomic_size_t due = 0;
	atomic_bool is_missing = false;
	struct front_addition addition;
	memset(&addition, 0, sizeof addition);
	addition.app = b->front_apps[app];
	addition.due = &due;
	addition.failed = &is_missing;
	struct message_parts parts = { .body = view_make(&addition, sizeof addition) };
	for (size_t i = 0; i < b->fronts_n; i++) {
		struct message *m = message_new(MESSAGE_ADD, 0, &parts);
		if (!m) {
			atomic_store(&is_missing, true);
			break;
		}
		m->index = (unsigned)app;
		atomic_fetch_add(&due, 1);
		queue_put_always(front_queue(b->fronts[i]), m);
	}
	while (atomic_load(&due))
		usleep(ADD_LOOK_US);
	return !atomic_load(&is_missing);
}

/* Others reach it, then people do. */
static void slot_show(struct backbone *b, size_t app)
{
	const struct config_app *a = &b->config->apps[app];
	pthread_rwlock_wrlock(&b->ways_lock);
	uc_err err = backbone_way_add(b, app);
	pthread_rwlock_unlock(&b->ways_lock);
	b->roster->apps_n = app + 1;
	atomic_store(&b->apps_n, app + 1);
	/* Half of it can be neither used nor taken back. */
	if (err || !front_app_send(b, app))
		backbone_failed(b, (unsigned)app, UC_E_MEMORY);
	log_info("app.started", "app=%s domain=%s address=%s port=%u", a->name, a->domain,
		 a->listen.host, a->listen.port);
}

/* --- apps that end while the rest goes on --- */

enum { REMOVED_RETRY_S = 3600, REMOVE_LOOK_US = 10000 };

static uc_err nothing(void *app, void *ctx)
{
	(void)app;
	(void)ctx;
	return UC_OK;
}

/* Of all fronts: they listen for it no more, and its connections end. */
static void fronts_forget(struct backbone *b, size_t app)
{
	atomic_size_t due = 0, *pointer = &due;
	struct message_parts parts = { .body = view_make(&pointer, sizeof pointer) };
	for (size_t i = 0; i < b->fronts_n; i++) {
		struct message *m = message_new(MESSAGE_REMOVE, 0, &parts);
		if (!m) {
			backbone_failed(b, (unsigned)app, UC_E_MEMORY);
			return;
		}
		m->index = (unsigned)app;
		atomic_fetch_add(&due, 1);
		queue_put_always(front_queue(b->fronts[i]), m);
	}
	while (atomic_load(&due))
		usleep(ADD_LOOK_US);
}

/* Other apps are told that there is none, clients that they should look again much later; what is under
 * way is finished, then its thread ends and its stores are closed.  All that may still be looked at
 * stays until the end. */
static void slot_remove(struct backbone *b, size_t app)
{
	uint64_t until_ms = clock_steady_ms() + (uint64_t)b->drain_s * 1000;
	struct app_worker *w = b->workers[app];
	pthread_rwlock_wrlock(&b->ways_lock);
	map_remove(&b->ways, view_str(b->config->apps[app].domain));
	pthread_rwlock_unlock(&b->ways_lock);
	backbone_going_tell(b, app, REMOVED_RETRY_S);
	/* When it comes back, the fronts have what clients are told. */
	(void)!app_worker_do(w, nothing, NULL);
	fronts_forget(b, app);
	for (size_t i = 0; i < 2; i++) {
		if (b->listens[app][i])
			close(b->listens[app][i]);
		b->listens[app][i] = 0;
	}
	while (!app_worker_is_idle(w) && clock_steady_ms() < until_ms)
		usleep(REMOVE_LOOK_US);
	pthread_rwlock_wrlock(&b->runs_lock);
	atomic_store(&b->is_removed[app], true);
	b->roster->apps[app].is_removed = true;
	backbone_tell(app_worker_queue(w), MESSAGE_STOP);
	pthread_rwlock_unlock(&b->runs_lock);
	app_worker_join(w);
	b->kind->close(b->apps[app]);
	b->apps[app] = NULL;
	log_info("app.removed", "app=%s domain=%s", b->config->apps[app].name,
		 b->config->apps[app].domain);
}

uc_err backbone_reload(struct backbone *b, const struct config *live)
{
	struct renewal r = { .live = live };
	size_t before = apps_count(b);
	uc_err err = renewal_prepare(b, &r);
	if (!err)
		err = slots_open(b, live);
	if (err) {
		renewal_drop(&r);
		return err;
	}
	for (size_t i = 0; i < before; i++) {
		if (!live->apps[i].is_removed)
			renewal_adopt(b, &r, i);
		else if (app_runs(b, i))
			slot_remove(b, i);
	}
	backbone_peers_adopt(b, live, r.ways);
	for (size_t i = before; i < live->apps_n; i++)
		slot_show(b, i);
	for (size_t i = 0; i < live->apps_n; i++) {
		uc_err last = app_runs(b, i) ? settings(b, live, i, false) : UC_OK;
		if (last) /* a file that has changed since it was tried: that app goes on as before */
			log_error("settings.failed", "app=%s error=%s", live->apps[i].name,
				  uc_err_name(last));
	}
	return UC_OK;
}
