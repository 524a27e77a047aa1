/* SPDX-License-Identifier: Apache-2.0 */
/* The running whole with an app that echoes: real threads, TLS, queues, peers; no store. */
#include "net/env_system.h"
#include "net/tls.h"
#include "net/websocket.h"
#include "net/ws_client.h"
#include "server/backbone.h"
#include "server/log.h"
#include "tests/unit/harness.h"
#include "tests/unit/net/certs.h"
#include "tests/unit/net/ports.h"
#include "tests/unit/server/echo_app.h"

#include <openssl/ssl.h>
#include <unistd.h>

/* --- the world of a test --- */

static struct {
	struct config config, other_config;
	struct backbone *b, *other;
	struct delivery *delivery;
	struct net_loop loop;
	SSL_CTX *tls;
	uv_timer_t guard;
	int open, closed;
	size_t got;
	uc_err why;
	uint16_t code;
	struct buf last;
	size_t want;
	const char *say;
	size_t times;
} w;

static void app_add(struct config *c, const char *name, const char *domain)
{
	c->apps[c->apps_n++] = (struct config_app){
		.name = name,
		.domain = domain,
		.listen = { "127.0.0.1", port_free() },
		.certificate = test_certificate_file(domain),
		.private_key = test_key_file(domain),
		.names = CONFIG_NAMES_NUMBER,
	};
}

static void peer_add(struct config *c, const struct config_app *app)
{
	c->peers[c->peers_n++] = (struct config_peer){
		.domain = app->domain,
		.url = { app->domain, app->listen.port },
		.ca = test_path("local.ca.pem"),
	};
}

static void on_guard(uv_timer_t *t)
{
	test_fail(__FILE__, __LINE__, "the test did not end by itself");
	uv_close((uv_handle_t *)t, NULL);
	loop_stop(&w.loop);
}

static void world_begin(bool split)
{
	memset(&w, 0, sizeof w);
	log_init(CONFIG_LOG_ERROR, CONFIG_LOG_TEXT);
	test_authority("local");
	test_certificate("local", "dial.localhost");
	test_certificate("local", "lens.localhost");
	w.config.threads = w.other_config.threads = 2;
	app_add(&w.config, "dial", "dial.localhost");
	app_add(split ? &w.other_config : &w.config, "lens", "lens.localhost");
	if (split) {
		peer_add(&w.config, &w.other_config.apps[0]);
		peer_add(&w.other_config, &w.config.apps[0]);
		expect_ok(
			backbone_start(&w.other_config, env_system(), &echo_kind, NULL, &w.other));
	}
	static char command[200];
	snprintf(command, sizeof command, "/usr/bin/tee -a %s", test_path("codes"));
	w.config.apps[0].delivery = command;
	expect_ok(delivery_new(&w.config, &w.delivery));
	expect_ok(backbone_start(&w.config, env_system(), &echo_kind, w.delivery, &w.b));
	expect_ok(loop_init(&w.loop, env_system()));
	expect_ok(tls_client_new(test_path("local.ca.pem"), NULL, NULL, &w.tls));
	uv_timer_init(&w.loop.uv, &w.guard);
	uv_timer_start(&w.guard, on_guard, 120000, 0);
	buf_init(&w.last, 1 << 20);
}

static void world_end(void)
{
	if (w.b)
		backbone_stop(w.b);
	if (w.other)
		backbone_stop(w.other);
	delivery_free(w.delivery);
	loop_done(&w.loop);
	SSL_CTX_free(w.tls);
	buf_done(&w.last);
}

static void on_open(void *ctx, struct ws_client *c)
{
	(void)ctx;
	w.open++;
	for (size_t i = 0; i < w.times; i++)
		ws_client_send(c, view_str(w.say));
}

static void on_message(void *ctx, struct ws_client *c, struct view m)
{
	(void)ctx;
	w.got++;
	buf_reset(&w.last);
	buf_add_view(&w.last, m);
	if (w.got == w.want)
		ws_client_close(c, WS_CLOSE_NORMAL);
}

static void on_closed(void *ctx, uc_err why, uint16_t code)
{
	(void)ctx;
	w.closed++;
	w.why = why;
	w.code = code;
	uv_close((uv_handle_t *)&w.guard, NULL);
}

static const struct ws_client_handler handler = { NULL, on_open, on_message, on_closed };

static void connect_to(const struct config_app *app)
{
	struct ws_client *c = NULL;
	struct ws_client_options o = {
		app->domain, app->listen.port, "/v1", "undercroft.v1", w.tls, 0, 0
	};
	expect_ok(ws_client_open(&w.loop, &o, &handler, &c));
}

/* Says something so many times, and waits for so many answers. */
static void talk(const char *say, size_t times, size_t want)
{
	w.say = say;
	w.times = times;
	w.want = want;
	connect_to(&w.config.apps[0]);
	loop_run(&w.loop);
	expect_eq(w.closed, 1);
	expect_eq(w.got, want);
}

TEST(many_frames_share_a_sync)
{
	world_begin(false);
	echoes[0]->is_slow = true;
	talk("hello", 2000, 2000);
	expect_ok(w.why);
	expect_bytes(buf_view(&w.last), VIEW_LIT("hello"));
	expect_eq(echoes[0]->frames, 2000);
	expect_eq(echoes[0]->from_here, 1);
	expect(echoes[0]->syncs >= 2000 / APP_BATCH && echoes[0]->syncs < 200);
	for (int i = 0; i < 12000 && echoes[0]->sessions; i++)
		usleep(5000);
	expect_eq(echoes[0]->sessions, 0);
	world_end();
}

TEST(one_frame_for_many_seats_has_the_number_of_each)
{
	static const uint8_t last[] = { 'm', 'a', 'n', 'y', ' ', 0x61, 0, 0, ECHO_SEATS - 1, '!' };
	world_begin(false);
	talk("many ....!", 3, (size_t)3 * ECHO_SEATS);
	expect_ok(w.why);
	expect_bytes(buf_view(&w.last), VIEW_OF(last));
	world_end();
}

TEST(an_app_closes_a_connection)
{
	world_begin(false);
	talk("bye", 1, 0);
	expect_eq(w.code, WS_CLOSE_POLICY);
	world_end();
}

TEST(apps_of_one_process_ask_each_other)
{
	world_begin(false);
	talk("ask lens.localhost", 1, 1);
	expect_bytes(buf_view(&w.last),
		     VIEW_LIT("77 201 9 undercroft-next: 6\r\n"
			      "dial.localhost|POST|/v1/test|undercroft-sequence: 5\r\n|question"));
	world_end();
}

TEST(apps_of_two_processes_say_the_same)
{
	world_begin(true);
	talk("ask lens.localhost", 1, 1);
	expect_bytes(buf_view(&w.last),
		     VIEW_LIT("77 201 9 undercroft-next: 6\r\n"
			      "dial.localhost|POST|/v1/test|undercroft-sequence: 5\r\n|question"));
	world_end();
}

TEST(an_unknown_or_absent_app_is_not_reached)
{
	world_begin(false);
	talk("ask nobody.localhost", 1, 1);
	expect_bytes(buf_view(&w.last), VIEW_LIT("77 404 0 "));
	world_end();
	world_begin(true);
	backbone_stop(w.other);
	w.other = NULL;
	talk("ask lens.localhost", 1, 1);
	expect_bytes(buf_view(&w.last), VIEW_LIT("77 0 0 "));
	world_end();
}

TEST(codes_reach_the_command)
{
	char text[100] = { 0 };
	world_begin(false);
	talk("code", 1, 1);
	world_end(); /* waits for the command */
	FILE *f = fopen(test_path("codes"), "r");
	expect(f && fread(text, 1, sizeof text - 1, f) == 17);
	expect_bytes(view_str(text), VIEW_LIT("+15550100\n123456\n"));
	if (f)
		fclose(f);
}

static pthread_t stopper;

static void *stop(void *arg)
{
	(void)arg;
	backbone_stop(w.b);
	w.b = NULL;
	return NULL;
}

static void stop_when_open(void *ctx, struct ws_client *c)
{
	(void)ctx;
	for (int i = 0; i < 10; i++)
		ws_client_send(c, VIEW_LIT("last"));
	w.open++;
}

static void stop_at_message(void *ctx, struct ws_client *c, struct view m)
{
	(void)ctx;
	(void)c;
	(void)m;
	if (++w.got == 10)
		pthread_create(&stopper, NULL, stop, NULL);
}

TEST(stopping_says_going_away)
{
	static const struct ws_client_handler h = { NULL, stop_when_open, stop_at_message,
						    on_closed };
	world_begin(false);
	struct ws_client *c = NULL;
	struct ws_client_options o = {
		"dial.localhost", w.config.apps[0].listen.port, "/v1", "undercroft.v1", w.tls, 0, 0
	};
	expect_ok(ws_client_open(&w.loop, &o, &h, &c));
	loop_run(&w.loop);
	pthread_join(stopper, NULL);
	expect_eq(w.got, 10);
	expect_ok(w.why);
	expect_eq(w.code, WS_CLOSE_GOING_AWAY);
	world_end();
}

TEST(a_second_backbone_at_the_same_address_is_refused)
{
	struct backbone *second = NULL;
	world_begin(false);
	uv_close((uv_handle_t *)&w.guard, NULL);
	expect_err(backbone_start(&w.config, env_system(), &echo_kind, NULL, &second), UC_E_NET);
	world_end();
}

/* --- who ends while others want something of it --- */

struct ordering {
	atomic_bool ends;
	atomic_uint done;
	_Atomic uc_err last;
};

/* As by the operator's socket, while a signal reads the configuration anew. */
static void *order_on(void *arg)
{
	struct ordering *o = arg;
	const struct app_order order = { VIEW_LIT("compact"), { NULL, 0 }, NULL };
	while (!atomic_load(&o->ends) && o->last != UC_E_NOT_FOUND) {
		o->last = backbone_order(w.b, 1, &order);
		atomic_fetch_add(&o->done, 1);
	}
	return NULL;
}

TEST(an_app_that_ends_keeps_nobody_waiting)
{
	pthread_t orderer;
	struct ordering o = { .last = UC_OK };
	world_begin(false);
	uv_close((uv_handle_t *)&w.guard, NULL);
	struct config live = w.config;
	live.apps[1].is_removed = true;
	alarm(60);
	expect(!pthread_create(&orderer, NULL, order_on, &o));
	while (atomic_load(&o.done) < 10)
		usleep(1000);
	expect_ok(backbone_reload(w.b, &live));
	for (int i = 0; i < 2000 && o.last != UC_E_NOT_FOUND; i++)
		usleep(1000);
	atomic_store(&o.ends, true);
	expect_err(o.last, UC_E_NOT_FOUND);
	pthread_join(orderer, NULL);
	/* Nor are its beats waited for. */
	for (int i = 0; i < 2; i++) {
		bool is_beating = false;
		for (int k = 0; k < 2000 && !is_beating; k++, usleep(1000))
			is_beating = backbone_beat(w.b);
		expect(is_beating);
	}
	alarm(0);
	world_end();
}

/* Whoever adds one whose port is taken tries again and again, until it is not. */
TEST(an_app_that_cannot_begin_leaves_nothing)
{
	static char text[60000];
	world_begin(false);
	uv_close((uv_handle_t *)&w.guard, NULL);
	memset(text, 'r', sizeof text - 1);
	struct config live = w.config;
	live.apps[2] = live.apps[1];
	live.apps[2].name = live.apps[2].domain = "late.localhost";
	live.apps[2].reserved = text;
	live.apps_n = 3;
	for (int i = 0; i < 20; i++)
		expect_err(backbone_reload(w.b, &live), UC_E_NET);
	world_end();
}
