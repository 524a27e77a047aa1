/* SPDX-License-Identifier: Apache-2.0 */
#include "server/app_provider.h"

#include "base/heap.h"
#include "base/text.h"
#include "mimi/frames.h"
#include "net/certificate.h"
#include "net/env_system.h"
#include "net/websocket.h"
#include "provider/moderators_key.h"
#include "provider/provider.h"
#include "server/app_keys.h"
#include "server/app_moderate.h"
#include "server/app_stores.h"
#include "server/clock_watch.h"
#include "server/daemon.h"
#include "server/folders.h"
#include "server/link_table.h"
#include "server/log.h"

#include <stdio.h>

enum {
	/* Larger than any request of who has not signed in (mimi/frames.h). */
	FIRST_MESSAGE_MAX = 64 * 1024,
	RESERVED_MAX = 1 << 20,
	TARGETS_AT_ONCE = 256,
	OLD_KEYS_DAYS = 100, /* as long as an address lives at most */
	OLD_KEYS_RETRY_MS = 600000,
	FRANKS_TOLD_MS = 3600 * 1000,
	HELD_MS = 20, /* several times what a letter takes, and its push and sync (decision 0159) */
};

struct app {
	struct app_worker *worker;
	const struct config_app *config;
	const char *data; /* folder of all apps */
	struct provider_keys keys;
	struct app_stores stores;
	struct provider *provider;
	struct link_table links; /* struct link */
	struct clock_watch clock;
	uint64_t old_keys_ms;    /* steady: not before, after a failure */
	uint64_t franks_told_ms; /* steady: nor said again before */
	uc_err failed;           /* the stores, outside the provider */
	char base_url[300];
};

/* A connection and its session. */
struct link {
	struct link_head head;
	struct session *session;
	bool is_closing; /* told to close: what still comes is not read */
	bool is_trusted; /* somebody has signed in */
};

static struct link *link_of(struct link_head *head)
{
	return (struct link *)head; /* its first field */
}

/* --- in --- */

static void opened(void *ctx, uint64_t connection, struct view from)
{
	struct app *a = ctx;
	struct link *l = HEAP_NEW(struct link);
	if (!a->config->limit_by_address)
		from = (struct view){ 0 };
	if (l)
		l->head.connection = connection;
	if (!l || !link_table_put(&a->links, &l->head) ||
	    session_open(a->provider, l, from, &l->session)) {
		if (l)
			link_table_remove(&a->links, connection);
		heap_free(l);
		app_close(a->worker, connection, WS_CLOSE_TRY_LATER);
	}
}

static void frame(void *ctx, uint64_t connection, struct view bytes)
{
	struct app *a = ctx;
	struct link *l = link_of(link_table_find(&a->links, connection));
	if (l && !l->is_closing)
		provider_frame(a->provider, l->session, bytes);
}

static void foresee_frame(void *ctx, uint64_t connection, struct view bytes)
{
	struct app *a = ctx;
	if (!provider_foresees(a->provider, bytes))
		return;
	const struct link *l = link_of(link_table_find(&a->links, connection));
	if (l && !l->is_closing)
		provider_foresee_frame(a->provider, l->session, bytes);
}

static void closed(void *ctx, uint64_t connection)
{
	struct app *a = ctx;
	struct link *l = link_of(link_table_remove(&a->links, connection));
	if (!l)
		return;
	session_close(l->session);
	heap_free(l);
}

static void request(void *ctx, struct app_call *call, const struct app_request *q)
{
	struct app *a = ctx;
	struct peer_request r = { q->method, q->path, q->headers, q->body };
	provider_request(a->provider, q->domain, &r, call);
}

static void foresee_request(void *ctx, const struct app_request *q)
{
	struct app *a = ctx;
	struct peer_request r = { q->method, q->path, q->headers, q->body };
	provider_foresee_request(a->provider, q->domain, &r);
}

static void response(void *ctx, uint64_t token, const struct app_response *r)
{
	struct app *a = ctx;
	struct peer_response p = { r->status, r->retry_after_s, r->headers, r->body };
	provider_response(a->provider, token, &p);
}

/* In the file first, then in memory. */
static uc_err keys_take(struct app *a, const struct provider_keys *k)
{
	TRY(app_keys_replace(a->config, k));
	a->keys = *k;
	return UC_OK;
}

/* Keys of before the last rotation end. */
static void old_keys_end(struct app *a, uint64_t now_ms, uint64_t steady_ms)
{
	unsigned days = a->config->old_keys_days ? a->config->old_keys_days : OLD_KEYS_DAYS;
	if (!a->keys.before.is_there || steady_ms < a->old_keys_ms)
		return;
	struct provider_keys k = a->keys;
	if (provider_keys_end(&k, now_ms, (uint64_t)days * 24 * 3600 * 1000)) {
		uc_err err = keys_take(a, &k);
		if (err)
			a->old_keys_ms = steady_ms + OLD_KEYS_RETRY_MS;
		log_info("keys.ended", "app=%s error=%s", a->config->name, uc_err_name(err));
	}
	provider_keys_wipe(&k);
}

/* Franks have a key for each day; those of long ago end. */
static void frank_keys_end(struct app *a, uint64_t now_ms, uint64_t steady_ms)
{
	if (provider_keys_franks_behind(&a->keys, now_ms) && steady_ms >= a->franks_told_ms) {
		a->franks_told_ms = steady_ms + FRANKS_TOLD_MS;
		log_error("keys.franks", "app=%s error=%s", a->config->name,
			  uc_err_name(UC_E_STALE));
	}
	if (steady_ms < a->old_keys_ms || !provider_keys_franks_due(&a->keys, now_ms))
		return;
	struct provider_keys k = a->keys;
	uc_err err = provider_keys_franks_end(&k, now_ms);
	if (!err)
		err = keys_take(a, &k);
	if (err) {
		a->old_keys_ms = steady_ms + OLD_KEYS_RETRY_MS;
		log_error("keys.franks", "app=%s error=%s", a->config->name, uc_err_name(err));
	}
	provider_keys_wipe(&k);
}

/* When all names are led to the new key, and that is on disk, the one before is of no use. */
static void index_key_forget(struct app *a)
{
	struct provider_index index;
	provider_index_get(a->provider, &index);
	if (!index.moves || !index.is_led || provider_sync(a->provider))
		return;
	struct provider_keys k = a->keys;
	provider_keys_index_moved(&k);
	uc_err err = keys_take(a, &k);
	provider_keys_wipe(&k);
	if (err) /* the next tick tries again */
		return;
	provider_index_changed(a->provider);
	log_info("keys.index", "app=%s led=1 skipped=%u", a->config->name, index.skipped);
}

/* The key for finding by number before a change, a day later. */
static void discovery_key_end(struct app *a, uint64_t now_ms, uint64_t steady_ms)
{
	if (!a->keys.discovery.has_before || steady_ms < a->old_keys_ms)
		return;
	struct provider_keys k = a->keys;
	if (provider_keys_end_discovery(&k, now_ms)) {
		uc_err err = keys_take(a, &k);
		if (err)
			a->old_keys_ms = steady_ms + OLD_KEYS_RETRY_MS;
		log_info("keys.discovery", "app=%s error=%s", a->config->name, uc_err_name(err));
	}
	provider_keys_wipe(&k);
}

static void tick(void *ctx, uint64_t now_ms)
{
	struct app *a = ctx;
	uint64_t steady_ms = clock_steady_ms();
	bool was_doubted = a->clock.until_ms != 0;
	bool is_doubted = clock_watch_doubts(&a->clock, now_ms, steady_ms);
	metrics_add(app_worker_metrics(a->worker), METRIC_CLOCK_DOUBTS, is_doubted && !was_doubted);
	metrics_set(app_worker_metrics(a->worker), METRIC_CLOCK_DOUBTED, is_doubted);
	if (is_doubted != was_doubted)
		log_info("clock", "app=%s doubted=%d", a->config->name, is_doubted);
	provider_doubt_clock(a->provider, is_doubted);
	if (!is_doubted) {
		old_keys_end(a, now_ms, steady_ms);
		frank_keys_end(a, now_ms, steady_ms);
		discovery_key_end(a, now_ms, steady_ms);
	}
	provider_tick(a->provider, now_ms);
	index_key_forget(a);
	uc_err err = app_stores_maintain(&a->stores, steady_ms, now_ms);
	if (err)
		a->failed = err;
}

static void stopping(void *ctx, uint32_t retry_after_s, uint32_t jitter_s)
{
	struct app *a = ctx;
	app_stores_leave_off(&a->stores);
	provider_going_away(a->provider, retry_after_s, jitter_s);
}

static bool go_on(void *ctx)
{
	struct app *a = ctx;
	return provider_go_on(a->provider);
}

static uint64_t due_us(void *ctx)
{
	struct app *a = ctx;
	uint64_t wall_us = provider_due_us(a->provider);
	return wall_us ? clock_steady_us_at(wall_us) : 0;
}

static uc_err sync_stores(void *ctx)
{
	struct app *a = ctx;
	TRY(a->failed);
	return provider_sync(a->provider);
}

/* --- out --- */

static void out_send(void *ctx, void *connection, struct view bytes)
{
	struct app *a = ctx;
	struct link *l = connection;
	/* Before the answer that says so. */
	if (!l->is_trusted && l->session && session_is_signed_in(l->session)) {
		l->is_trusted = true;
		app_trust(a->worker, l->head.connection);
	}
	app_send(a->worker, l->head.connection, bytes);
}

/* Who has a seat has signed in: app_trust was said with the answer to that. */
static void out_send_many(void *ctx, struct view bytes, const struct provider_target *v, size_t n)
{
	struct app *a = ctx;
	struct output_target targets[TARGETS_AT_ONCE];
	for (size_t at = 0, some; at < n; at += some) {
		some = n - at < TARGETS_AT_ONCE ? n - at : TARGETS_AT_ONCE;
		for (size_t i = 0; i < some; i++) {
			const struct link *l = v[at + i].connection;
			targets[i] = (struct output_target){ l->head.connection, v[at + i].seat };
		}
		app_send_many(a->worker, bytes, ENTRY_FRAME_SEAT, targets, some);
	}
}

static void out_send_list(void *ctx, void *connection, const struct view *frames, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out_send(ctx, connection, frames[i]);
}

static void out_close(void *ctx, void *connection, uint16_t code)
{
	struct app *a = ctx;
	struct link *l = connection;
	l->is_closing = true;
	app_close(a->worker, l->head.connection, code);
}

static void out_ask(void *ctx, uint64_t token, struct view domain, const struct peer_request *q)
{
	struct app *a = ctx;
	app_ask(a->worker, token, domain, q->method, q->path, q->headers, q->body);
}

static void out_reply(void *ctx, void *call, const struct peer_response *r)
{
	struct app *a = ctx;
	app_reply(a->worker, call, r->status, r->retry_after_s, r->headers, r->body);
}

static void out_deliver(void *ctx, struct view identifier, struct view code)
{
	struct app *a = ctx;
	app_deliver(a->worker, identifier, code);
}

static uc_err out_directory_sign(void *ctx, struct view document, struct arena *mem,
				 struct view *certificate, struct view *signature)
{
	struct app *a = ctx;
	TRY(certificate_read(a->config->certificate, mem, certificate));
	return certificate_sign(a->config->private_key, document, mem, signature);
}

static const struct provider_outputs outputs = {
	.send = out_send,
	.send_many = out_send_many,
	.send_list = out_send_list,
	.close = out_close,
	.ask = out_ask,
	.reply = out_reply,
	.deliver = out_deliver,
	.directory_sign = out_directory_sign,
};

/* --- life --- */

static void app_close_all(void *ctx)
{
	struct app *a = ctx;
	struct link *l;
	while ((l = link_of(link_table_take(&a->links)))) {
		session_close(l->session);
		heap_free(l);
	}
	link_table_done(&a->links);
	provider_free(a->provider);
	app_stores_close(&a->stores);
	provider_keys_wipe(&a->keys);
	heap_free(a);
}

static uc_err reserve(struct app *a, const struct config_app *own, bool is_trial)
{
	struct buf names;
	unsigned line = 0;
	buf_init(&names, RESERVED_MAX);
	uc_err err = own->reserved ? config_file_read(own->reserved, &names) : UC_OK;
	if (!err)
		err = is_trial ? provider_reserve_check(a->provider, buf_view(&names), &line)
			       : provider_reserve(a->provider, buf_view(&names), &line);
	buf_done(&names);
	if (err)
		log_error("reserved.failed", "app=%s path=%s line=%u error=%s", own->name,
			  own->reserved ? own->reserved : "", line, uc_err_name(err));
	return err;
}

/* Its key is made when it is first wanted, and stays when it is not any more. */
static uc_err discovery_set(struct app *a, bool is_on)
{
	uc_err err = UC_OK;
	if (is_on && !a->keys.discovery.is_there) {
		struct provider_keys k = a->keys;
		err = provider_keys_make_discovery(&k, env_system());
		if (!err)
			err = keys_take(a, &k);
		provider_keys_wipe(&k);
	}
	if (!err)
		err = provider_set_discovery(a->provider, is_on,
					     view_str(a->config->discovery_custodian));
	if (err)
		log_error("discovery.failed", "app=%s error=%s", a->config->name, uc_err_name(err));
	return err;
}

/* What may change while it runs. */
static uc_err settings(void *ctx, const struct config_app *own, bool is_trial)
{
	struct app *a = ctx;
	uc_err err = reserve(a, own, is_trial);
	if (is_trial)
		return err;
	/* Also where the names of before hold: what there was is given up. */
	a->config = own;
	provider_set_limits(a->provider, own->limits);
	provider_set_quota(a->provider, own->account_bytes);
	provider_set_attachments(a->provider, own->attachment_bytes);
	provider_set_handles(a->provider, &own->handles);
	provider_set_contact(a->provider, &own->contact);
	uc_err ages = provider_set_ages(a->provider, &own->ages);
	provider_suspend_all(a->provider, own->is_suspended);
	provider_certificate_renewed(a->provider);
	uc_err discovery = discovery_set(a, own->discovery);
	err = err ? err : ages;
	return err ? err : discovery;
}

static uc_err begin_life(struct app *a, uint64_t now_ms)
{
	if (app_stores_are_older(&a->stores))
		TRY(provider_renew(a->provider));
	clock_watch_start(&a->clock, a->stores.last_ms, now_ms, clock_steady_ms());
	/* While it is doubted for being ahead, the next start is to doubt it, too: to trust what follows a
	 * clock that was behind would throw away what was written by that. */
	bool is_ahead = a->clock.until_ms && now_ms > a->stores.last_ms;
	return app_stores_live(&a->stores, is_ahead ? a->stores.last_ms : now_ms);
}

/* Apps of other operators, for whom we hold a half of their key. */
static uc_err custody_set(struct app *a, const struct config *c)
{
	struct buf domains;
	buf_init(&domains, 64 * 1024);
	for (size_t i = 0; i < c->peers_n; i++)
		if (c->peers[i].custody)
			buf_printf(&domains, "%s\n", c->peers[i].domain);
	uc_err err = domains.failed;
	if (!err && domains.n && !a->keys.custody.is_there) {
		struct provider_keys k = a->keys;
		err = provider_keys_make_custody(&k, env_system());
		if (!err)
			err = keys_take(a, &k);
		provider_keys_wipe(&k);
	}
	if (!err)
		err = provider_set_custody(a->provider, buf_view(&domains));
	buf_done(&domains);
	return err;
}

static uc_err fill(struct app *a, const struct config *c, size_t app, const struct env *env)
{
	struct buf folder;
	const struct config_app *own = a->config;
	uc_err err = app_keys_load(own, &a->keys);
	if (err) {
		log_error("keys.failed", "app=%s folder=%s error=%s hint=\"undercroftd --init\"",
			  own->name, own->keys, uc_err_name(err));
		return err;
	}
	buf_init(&folder, 4096);
	err = daemon_app_folder(c, app, &folder);
	if (!err)
		err = folder_make((const char *)folder.p);
	if (!err)
		err = app_stores_open(&a->stores, (const char *)folder.p, own, env,
				      app_worker_metrics(a->worker));
	buf_done(&folder);
	TRY(err);
	snprintf(a->base_url, sizeof a->base_url, "https://%s:%u", own->domain,
		 (unsigned)own->listen.port);
	struct provider_config config = {
		.domain = view_str(own->domain),
		.names = (uint8_t)own->names,
		.base_url = view_str(a->base_url),
		.keys = &a->keys,
		.env = env,
		.accounts = a->stores.accounts,
		.rooms = a->stores.rooms,
		.out = &outputs,
		.ctx = a,
		.held_ms = HELD_MS,
		.now_us = clock_wall_us,
		.metrics = app_worker_metrics(a->worker),
	};
	err = provider_new(&config, &a->provider);
	if (err == UC_E_CONFIG)
		log_error("keys.failed",
			  "app=%s folder=%s error=%s hint=\"names are under another key\"",
			  own->name, own->keys, uc_err_name(err));
	TRY(err);
	TRY(begin_life(a, env_now_ms(env)));
	TRY(custody_set(a, c));
	return settings(a, own, false);
}

static uc_err app_open(const struct config *c, size_t app, const struct env *env,
		       struct app_worker *w, void **out)
{
	struct app *a = HEAP_NEW(struct app);
	if (!a)
		return UC_E_MEMORY;
	a->worker = w;
	a->config = &c->apps[app];
	a->data = c->data;
	uc_err err = fill(a, c, app, env);
	if (err)
		app_close_all(a);
	else
		*out = a;
	return err;
}

/* --- what an operator wants --- */

static uc_err do_compact(struct app *a, const struct app_order *o)
{
	(void)o;
	app_stores_maintain_soon(&a->stores);
	return UC_OK;
}

static uc_err do_build_filter(struct app *a, const struct app_order *o)
{
	(void)o;
	return provider_filter_now(a->provider);
}

static uc_err do_copy(struct app *a, const struct app_order *o)
{
	struct buf folder;
	buf_init(&folder, 4200);
	buf_printf(&folder, "%s/copies/%.*s/%s", a->data, (int)o->argument.n,
		   (const char *)o->argument.p, a->config->name);
	buf_add_byte(&folder, 0);
	uc_err err = folder.failed;
	if (!err)
		err = provider_sync(a->provider);
	if (!err)
		err = app_stores_checkpoint(&a->stores, (const char *)folder.p);
	buf_done(&folder);
	return err;
}

static uc_err rotate_addresses(struct app *a, struct provider_keys *k)
{
	(void)a;
	return provider_keys_rotate(k, env_system());
}

static uc_err rotate_names(struct app *a, struct provider_keys *k)
{
	(void)a;
	return provider_keys_rotate_index(k, env_system());
}

static uc_err rotate_discovery(struct app *a, struct provider_keys *k)
{
	(void)a;
	return provider_keys_rotate_discovery(k, env_system());
}

static uc_err rotate_rooms(struct app *a, struct provider_keys *k)
{
	(void)a;
	return provider_keys_rotate_rooms(k, env_system());
}

/* Only when a whole round has found no room that names those before. */
static uc_err retire(struct app *a, struct provider_keys *k)
{
	if (k->rooms_before.is_there && !provider_rooms_moved(a->provider))
		return UC_E_BUSY;
	return provider_keys_retire_rooms(k, env_now_ms(env_system()));
}

/* Some room still names them, and the operator does not wait: what we sign there is believed no more. */
static uc_err retire_anyway(struct app *a, struct provider_keys *k)
{
	(void)a;
	return provider_keys_retire_rooms(k, env_now_ms(env_system()));
}

/* Whose private half its moderators made, and keep. */
static uc_err keys_of_moderators(struct app *a, struct view hex, struct provider_keys *k)
{
	TRY(moderators_public_read(hex, k->moderators_pub));
	return keys_take(a, k);
}

static uc_err keys_change(struct app *a, struct view what, struct provider_keys *k)
{
	static const struct {
		const char *name;
		uc_err (*change)(struct app *a, struct provider_keys *k);
		void (*changed)(struct provider *p);
	} kinds[] = { { "", rotate_addresses, NULL },
		      { "names", rotate_names, provider_index_changed },
		      { "rooms", rotate_rooms, provider_room_keys_changed },
		      { "discovery", rotate_discovery, provider_discovery_changed },
		      { "retire", retire, provider_room_keys_changed },
		      { "retire-anyway", retire_anyway, provider_room_keys_changed } };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!view_equal(view_str(kinds[i].name), what))
			continue;
		TRY(kinds[i].change(a, k));
		/* On disk before anything is made with them. */
		TRY(keys_take(a, k));
		if (kinds[i].changed)
			kinds[i].changed(a->provider);
		return provider_keys_rotated(a->provider);
	}
	struct view kind, hex = view_cut(what, ' ', &kind);
	return view_equal(kind, VIEW_LIT("moderators")) ? keys_of_moderators(a, hex, k)
							: UC_E_ARGUMENT;
}

static uc_err do_rotate_keys(struct app *a, const struct app_order *o)
{
	struct provider_keys k = a->keys;
	uc_err err = keys_change(a, o->argument, &k);
	provider_keys_wipe(&k);
	return err;
}

static uc_err order(void *ctx, const struct app_order *o)
{
	static const struct {
		const char *name;
		uc_err (*run)(struct app *a, const struct app_order *o);
	} orders[] = {
		{ "compact", do_compact },
		{ "build-filter", do_build_filter },
		{ "copy", do_copy },
		{ "rotate-keys", do_rotate_keys },
	};
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
		if (view_equal(view_str(orders[i].name), o->name))
			return orders[i].run(ctx, o);
	return app_moderate(((struct app *)ctx)->provider, o);
}

const struct app_kind app_provider_kind = {
	{ opened, frame, closed, request, response, tick, stopping, sync_stores, foresee_frame,
	  foresee_request, go_on, due_us },
	app_open,
	app_close_all,
	FIRST_MESSAGE_MAX,
	{ provider_request_name, provider_limit_name },
	order,
	settings,
};
