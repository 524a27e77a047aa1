/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/link.h"

#include "base/heap.h"
#include "cli/input.h"
#include "cli/passphrase.h"
#include "mimi/frames.h"
#include "net/certificate.h"
#include "net/env_system.h"
#include "net/tls.h"
#include "net/websocket.h"
#include "net/ws_client.h"

#include <stdio.h>

enum {
	QUIET_MS = 60,   /* of silence after which nothing more is expected */
	LOOK_MS = 15,    /* how often settling looks */
	HURRY_MS = 1000, /* somebody looks on, and not for long: tried again after that at most */
};

struct link {
	const struct profile *profile;
	struct net_loop loop;
	struct uc_platform platform;
	SSL_CTX *tls;
	uc_client *client;
	struct ws_client *ws; /* NULL: no connection, and none being made */
	bool is_open;
	uint64_t heard_ms; /* when the last message came in, by the loop's clock */
	struct input input;

	uv_timer_t step;  /* what the client wants done by then */
	uint64_t step_ms; /* for which deadline it is planned, or UINT64_MAX */
	uv_timer_t again; /* to connect again */
	uv_timer_t limit; /* of link_run */
	uv_timer_t look;  /* asks `done` again though nothing happened */
	uv_signal_t interrupt, terminate;
	int open_handles;

	link_event *each;
	void *each_ctx;
	link_until *done;
	void *done_ctx;
	bool running, looping; /* inside link_run; and its loop runs */
	uc_err result;         /* of link_run */
	char trouble[256];
	unsigned failures, failures_max; /* of connecting, in this run; when to give up, or 0 */
	bool in_a_hurry;
};

static void pump(struct link *l);

/* --- the platform --- */

static uint64_t platform_now(void *ctx)
{
	(void)ctx;
	return env_now_ms(env_system());
}

static uc_err platform_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	return env_random(env_system(), out, n);
}

static void platform_trace(void *ctx, const char *file, int line, uc_err err)
{
	const struct env *env = env_system();
	(void)ctx;
	if (env->trace)
		env->trace(env->ctx, file, line, err);
}

/* The authority of that app if the apps file names one, else that of our own app. */
static uc_err verify_directory(void *ctx, const char *domain, const uint8_t *document,
			       size_t document_n, const uint8_t *certificate, size_t certificate_n,
			       const uint8_t *signature, size_t signature_n)
{
	const struct link *l = ctx;
	char ca_file[512];
	profile_app_ca(l->profile, domain, ca_file, sizeof ca_file);
	return certificate_verify(ca_file, domain, view_make(certificate, certificate_n),
				  view_make(document, document_n),
				  view_make(signature, signature_n));
}

/* --- the connection --- */

static void stop(struct link *l, uc_err result)
{
	if (!l->running)
		return;
	l->running = false;
	l->result = result;
	/* A loop told to stop before it runs would end the next run at once. */
	if (l->looping)
		loop_stop(&l->loop);
}

/* Errors that break the client end the run; what the other side did wrong ends the connection. */
static void heed(struct link *l, uc_err err)
{
	enum uc_err_class class = uc_err_class(err);
	if (class == UC_CLASS_STORE || class == UC_CLASS_MEMORY || err == UC_E_RANDOM)
		stop(l, err);
	else if (err && l->ws)
		ws_client_close(l->ws, WS_CLOSE_PROTOCOL);
}

static void on_open(void *ctx, struct ws_client *ws)
{
	struct link *l = ctx;
	(void)ws;
	l->is_open = true;
	l->heard_ms = loop_now_ms(&l->loop);
	heed(l, uc_client_connected(l->client));
	pump(l);
}

static void on_message(void *ctx, struct ws_client *ws, struct view message)
{
	struct link *l = ctx;
	(void)ws;
	l->heard_ms = loop_now_ms(&l->loop);
	heed(l, uc_client_receive(l->client, message.p, message.n));
	pump(l);
}

static void connect_now(struct link *l);

static void on_again(uv_timer_t *t)
{
	connect_now(t->data);
}

static void connect_later(struct link *l)
{
	uint64_t wait = uc_client_reconnect_ms(l->client);
	if (l->in_a_hurry && wait > HURRY_MS)
		wait = HURRY_MS;
	uv_timer_start(&l->again, on_again, wait, 0);
}

static void on_closed(void *ctx, uc_err why, uint16_t code)
{
	struct link *l = ctx;
	l->ws = NULL;
	l->is_open = false;
	if (why)
		snprintf(l->trouble, sizeof l->trouble, "%s", uc_err_text(why));
	else if (code != WS_CLOSE_NORMAL)
		snprintf(l->trouble, sizeof l->trouble, "the app closed the connection (%u)", code);
	heed(l, uc_client_disconnected(l->client));
	if (++l->failures == l->failures_max)
		stop(l, UC_E_NET);
	if (l->running)
		connect_later(l);
	pump(l);
}

static void connect_now(struct link *l)
{
	struct ws_client_options o = {
		.host = l->profile->host,
		.port = l->profile->port,
		.path = "/v1",
		.subprotocol = "undercroft.v1",
		.tls = l->tls,
		.message_max = FRAME_MAX,
	};
	struct ws_client_handler handler = { l, on_open, on_message, on_closed };
	if (l->ws || !l->running)
		return;
	uc_err err = ws_client_open(&l->loop, &o, &handler, &l->ws);
	if (err)
		stop(l, err);
}

/* --- what the client has to say --- */

static void on_step(uv_timer_t *t)
{
	struct link *l = t->data;
	l->step_ms = UINT64_MAX;
	heed(l, uc_client_step(l->client));
	pump(l);
}

static void plan_step(struct link *l)
{
	uint64_t deadline = uc_client_deadline_ms(l->client), now = platform_now(NULL);
	/* Looking on must not put it off, nor where both are due at once: libuv takes all that are
	 * due off its heap before it calls the first, and who starts one of them anew then has not
	 * run it (1.50 does so, 1.44 does not). */
	if (l->step_ms == deadline)
		return;
	l->step_ms = deadline;
	if (deadline == UINT64_MAX) {
		uv_timer_stop(&l->step);
		return;
	}
	/* Never at once: a deadline that stays in the past must not keep the machine busy. */
	uint64_t wait = deadline > now ? deadline - now : 0;
	uv_timer_start(&l->step, on_step, wait < LOOK_MS ? LOOK_MS : wait, 0);
}

/* A sign-in that was refused says so by a warning, whoever listens. */
static void note_trouble(struct link *l, const struct uc_event *e)
{
	if (e->kind == UC_EVENT_CONNECTION && e->connection >= UC_GREETED)
		l->trouble[0] = '\0';
	else if (e->kind == UC_EVENT_WARNING && !e->has_room)
		snprintf(l->trouble, sizeof l->trouble, "%s",
			 e->err == UC_E_CORRUPT ? "what the app has stored is damaged"
						: uc_err_text(e->err));
}

static void pump(struct link *l)
{
	const uint8_t *p;
	size_t n;
	struct uc_event e;
	while (uc_client_next_frame(l->client, &p, &n))
		if (l->is_open)
			ws_client_send(l->ws, view_make(p, n));
	while (uc_client_next_event(l->client, &e)) {
		note_trouble(l, &e);
		if (l->each)
			l->each(l->each_ctx, &e);
		/* The listener may have asked for something. */
		while (uc_client_next_frame(l->client, &p, &n))
			if (l->is_open)
				ws_client_send(l->ws, view_make(p, n));
	}
	/* The client has given this connection up: an answer never came, or the server is not what
	 * it should be. */
	if (l->is_open && uc_client_connection(l->client) == UC_OFFLINE) {
		l->is_open = false;
		ws_client_close(l->ws, WS_CLOSE_NORMAL);
	}
	plan_step(l);
	if (l->running && l->done(l->done_ctx))
		stop(l, UC_OK);
}

static void on_line(void *ctx)
{
	pump(ctx);
}

void link_read_lines(struct link *l, link_line *each, void *ctx)
{
	input_start(&l->input, &l->loop, each, ctx, on_line, l);
}

/* --- running --- */

static void on_limit(uv_timer_t *t)
{
	stop(t->data, UC_E_TIMEOUT);
}

static void on_look(uv_timer_t *t)
{
	pump(t->data);
}

static void on_signal(uv_signal_t *s, int number)
{
	(void)number;
	stop(s->data, UC_E_CLOSED);
}

uc_err link_run(struct link *l, link_until *done, void *ctx, uint64_t limit_ms)
{
	l->done = done;
	l->done_ctx = ctx;
	l->running = true;
	l->result = UC_E_CLOSED;
	uv_update_time(&l->loop.uv);
	pump(l);
	if (!l->running)
		return l->result;
	if (limit_ms)
		uv_timer_start(&l->limit, on_limit, limit_ms, 0);
	uv_signal_start(&l->interrupt, on_signal, SIGINT);
	uv_signal_start(&l->terminate, on_signal, SIGTERM);
	connect_now(l);
	l->looping = l->running;
	if (l->running)
		loop_run(&l->loop);
	l->looping = l->running = false;
	uv_timer_stop(&l->limit);
	uv_timer_stop(&l->again);
	uv_signal_stop(&l->interrupt);
	uv_signal_stop(&l->terminate);
	return l->result;
}

uc_err link_run_looking(struct link *l, link_until *done, void *ctx, uint64_t limit_ms)
{
	uv_timer_start(&l->look, on_look, LOOK_MS, LOOK_MS);
	uc_err err = link_run(l, done, ctx, limit_ms);
	uv_timer_stop(&l->look);
	return err;
}

static enum uc_account_state account_state(const struct link *l)
{
	struct uc_account a;
	return uc_account_get(l->client, &a) ? UC_ACCOUNT_GONE : a.state;
}

/* UC_OK: it is not. */
static uc_err is_over(struct link *l)
{
	enum uc_account_state state = account_state(l);
	return state == UC_ACCOUNT_GONE      ? UC_E_REVOKED
	       : state == UC_ACCOUNT_DELETED ? UC_E_NOT_FOUND
					     : UC_OK;
}

static bool is_connected(void *ctx)
{
	struct link *l = ctx;
	enum uc_connection c = uc_client_connection(l->client);
	bool answered = l->is_open && uc_client_is_idle(l->client);
	return c == UC_ONLINE || c == UC_GREETED || (is_over(l) && answered);
}

uc_err link_connect(struct link *l, unsigned attempts, uint64_t limit_ms)
{
	l->failures = 0;
	l->failures_max = attempts;
	l->in_a_hurry = true;
	uc_err err = link_run(l, is_connected, l, limit_ms);
	l->in_a_hurry = false;
	l->failures_max = 0;
	return err ? err : is_over(l);
}

bool link_is_settled(const struct link *l)
{
	if (account_state(l) != UC_ACCOUNT)
		return true;
	return uc_client_connection(l->client) == UC_ONLINE && uc_client_is_idle(l->client) &&
	       loop_now_ms(&l->loop) - l->heard_ms >= QUIET_MS && !ws_client_queued(l->ws);
}

static bool is_settled(void *ctx)
{
	return link_is_settled(ctx);
}

uc_err link_settle(struct link *l, uint64_t limit_ms)
{
	return link_run_looking(l, is_settled, l, limit_ms);
}

/* --- from beginning to end --- */

static void on_handle_closed(uv_handle_t *h)
{
	((struct link *)h->data)->open_handles--;
}

static void handles_init(struct link *l)
{
	uv_timer_t *timers[] = { &l->step, &l->again, &l->limit, &l->look };
	uv_signal_t *signals[] = { &l->interrupt, &l->terminate };
	for (size_t i = 0; i < sizeof timers / sizeof *timers; i++, l->open_handles++) {
		uv_timer_init(&l->loop.uv, timers[i]);
		timers[i]->data = l;
	}
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++, l->open_handles++) {
		uv_signal_init(&l->loop.uv, signals[i]);
		signals[i]->data = l;
	}
}

static void handles_close(struct link *l)
{
	uv_handle_t *handles[] = { (uv_handle_t *)&l->step,      (uv_handle_t *)&l->again,
				   (uv_handle_t *)&l->limit,     (uv_handle_t *)&l->look,
				   (uv_handle_t *)&l->interrupt, (uv_handle_t *)&l->terminate };
	for (size_t i = 0; i < sizeof handles / sizeof *handles; i++)
		uv_close(handles[i], on_handle_closed);
	input_stop(&l->input);
}

static uc_err client_open(struct link *l, const char *passphrase)
{
	char path[600];
	snprintf(path, sizeof path, "%s/store.db", l->profile->dir);
	struct uc_options o = {
		.platform = &l->platform,
		.path = path,
		.key = l->profile->has_key ? l->profile->key : NULL,
		.passphrase = l->profile->has_key ? NULL : passphrase,
		.app = l->profile->domain,
		.software = "undercroft " UNDERCROFT_VERSION,
		.generation = l->profile->generation,
	};
	return uc_client_open(&o, &l->client);
}

static void open_failed(const struct profile *p, uc_err err)
{
	fprintf(stderr, "undercroft: the store in %s cannot be opened: %s (%s)\n", p->dir,
		uc_err_text(err), uc_err_name(err));
	if (err == UC_E_EXISTS)
		fprintf(stderr,
			"undercroft: profile %s has an account on another app; choose another "
			"with -p\n",
			p->name);
	if (err == UC_E_RESTORED)
		fprintf(stderr,
			"undercroft: it is older than the one used last; what has happened since "
			"is not in it.\nTo go on from it nevertheless, remove %s/generation\n",
			p->dir);
}

static bool link_start(struct link *l)
{
	const struct profile *p = l->profile;
	char passphrase[PASSPHRASE_MAX] = "";
	if (!p->has_key && !passphrase_get(passphrase, p->new_passphrase))
		return false;
	uc_err err = client_open(l, passphrase);
	passphrase_wipe(passphrase);
	if (err) {
		open_failed(p, err);
		return false;
	}
	if (tls_client_new(p->ca_file, NULL, NULL, &l->tls)) {
		fprintf(stderr, "undercroft: no authorities of %s in %s\n", p->app, p->ca_file);
		return false;
	}
	return true;
}

bool link_open(const struct profile *profile, struct link **out)
{
	struct link *l = HEAP_NEW(struct link);
	if (!l || loop_init(&l->loop, env_system())) {
		heap_free(l);
		fputs("undercroft: out of memory\n", stderr);
		return false;
	}
	l->profile = profile;
	l->step_ms = UINT64_MAX;
	l->platform = (struct uc_platform){ l, platform_now, platform_random, verify_directory,
					    platform_trace };
	handles_init(l);
	if (!link_start(l)) {
		link_close(l);
		return false;
	}
	*out = l;
	return true;
}

void link_close(struct link *l)
{
	l->running = false;
	l->each = NULL;
	if (l->ws)
		ws_client_close(l->ws, WS_CLOSE_NORMAL);
	/* What is queued still leaves; the other side answers the close, or time is over. */
	while (l->ws)
		uv_run(&l->loop.uv, UV_RUN_ONCE);
	handles_close(l);
	while (l->open_handles)
		uv_run(&l->loop.uv, UV_RUN_ONCE);
	loop_done(&l->loop);
	if (l->tls)
		tls_client_free(l->tls);
	if (l->client)
		profile_generation_keep(l->profile, uc_client_generation(l->client));
	uc_client_close(l->client);
	heap_free_wiped(l, sizeof *l);
}

uc_client *link_client(struct link *l)
{
	return l->client;
}

void link_listen(struct link *l, link_event *each, void *ctx)
{
	l->each = each;
	l->each_ctx = ctx;
}

const char *link_trouble(const struct link *l)
{
	return l->trouble;
}
