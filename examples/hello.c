/* SPDX-License-Identifier: Apache-2.0 */
/* Signs up on an app whose names are handles, asks a friend there, says hello when they accept.
 * All of Undercroft is in uc_*; the rest is a WebSocket (any will do), a clock and randomness. */
#include "net/env_system.h"
#include "net/tls.h"
#include "net/ws_client.h"
#include "undercroft/undercroft.h"

#include <stdio.h>
#include <stdlib.h>

static struct net_loop loop;
static struct ws_client *ws;
static uc_client *client;
static const char *app, *handle, *friend;
static uc_op signing_up, asking;

static void check(uc_err err)
{
	if (!err)
		return;
	fprintf(stderr, "hello: %s\n", uc_err_text(err));
	exit(1);
}

static void on_event(const struct uc_event *e)
{
	struct uc_id id;
	if (e->kind == UC_EVENT_CONNECTION && e->connection == UC_GREETED)
		check(uc_sign_up(client, handle, NULL, handle, &signing_up));
	if (e->kind == UC_EVENT_DONE)
		check(e->err);
	if (e->kind == UC_EVENT_DONE && e->op == signing_up) {
		printf("Your recovery key, to be written down: %s\n", e->text);
		check(uc_ask(client, app, friend, "I am trying Undercroft.", &asking));
	}
	if (e->kind == UC_EVENT_REQUEST_ACCEPTED)
		check(uc_send(client, &e->room, "Hello!", &id));
	if (e->kind == UC_EVENT_MESSAGE_STATE && e->message->state == UC_MESSAGE_ACCEPTED)
		ws_client_close(ws, 1000);
}

static void pump(uc_err err)
{
	struct view frame;
	struct uc_event e;
	check(err);
	while (uc_client_next_event(client, &e))
		on_event(&e);
	while (uc_client_next_frame(client, &frame.p, &frame.n))
		ws_client_send(ws, frame);
}

static void on_open(void *ctx, struct ws_client *w)
{
	(void)ctx, (void)w;
	pump(uc_client_connected(client));
}

static void on_message(void *ctx, struct ws_client *w, struct view message)
{
	(void)ctx, (void)w;
	pump(uc_client_receive(client, message.p, message.n));
}

static void on_closed(void *ctx, uc_err why, uint16_t code)
{
	(void)ctx, (void)code, check(why); /* a program that lives longer connects again */
	loop_stop(&loop);
}

static void on_tick(uv_timer_t *timer)
{
	(void)timer;
	pump(uc_client_step(client));
}

int main(int argc, char **argv)
{
	const struct env *env = env_system();
	struct uc_platform platform = { env->ctx, env->now_ms, env->random, NULL, NULL };
	struct ws_client_options o = { .path = "/v1", .subprotocol = "undercroft.v1" };
	struct ws_client_handler handler = { NULL, on_open, on_message, on_closed };
	struct uc_options options = { .platform = &platform, .passphrase = "an example's" };
	uv_timer_t tick;
	if (argc != 7)
		return fputs("usage: hello HOST PORT CA-FILE APP HANDLE FRIEND\n", stderr), 2;
	o.host = argv[1], o.port = (uint16_t)strtoul(argv[2], NULL, 10);
	options.path = "hello.db", options.app = app = argv[4], handle = argv[5], friend = argv[6];
	check(tls_client_new(argv[3], NULL, NULL, &o.tls));
	check(uc_client_open(&options, &client));
	check(loop_init(&loop, env));
	check(ws_client_open(&loop, &o, &handler, &ws));
	uv_timer_init(&loop.uv, &tick);
	uv_timer_start(&tick, on_tick, 1000, 1000); /* finer: uc_client_deadline_ms */
	loop_run(&loop);
	uc_client_close(client);
	uv_close((uv_handle_t *)&tick, NULL);
	loop_done(&loop), tls_client_free(o.tls);
	return 0;
}
