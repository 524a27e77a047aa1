/* SPDX-License-Identifier: Apache-2.0 */
/* A server and its clients, good and hostile, on one loop over real TLS. */
#include "base/text.h"
#include "net/env_system.h"
#include "net/http_conn.h"
#include "net/stream.h"
#include "net/ws_client.h"
#include "tests/unit/harness.h"
#include "tests/unit/net/certs.h"

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST "Host: dial.localhost\r\n"
#define UPGRADE                                                                     \
	"GET /v1 HTTP/1.1\r\n" HOST "Upgrade: websocket\r\nConnection: Upgrade\r\n" \
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static const struct http_route routes[] = {
	{ "GET", "/v1", HTTP_ROUTE_WEBSOCKET, false, 0, 0 },
	{ "GET", "/hello", HTTP_ROUTE_REQUEST, false, 0, 1 },
	{ "POST", "/mimi/", HTTP_ROUTE_REQUEST, true, 1000, 2 },
	{ "POST", "/echo", HTTP_ROUTE_REQUEST, false, 100000, 3 },
};

/* The world of one test. */
static struct {
	struct net_loop loop;
	struct tls_server *tls;
	struct http_server *server;
	struct http_gate gate;
	uv_timer_t guard;
	int gone, messages;
	uc_err gone_why;
	uint32_t asked_ping_ms; /* of the connection that is gone */
	bool pauses;            /* the server pauses at each message */
	struct http_conn *conn;
	/* raw client */
	struct stream raw;
	SSL_CTX *raw_tls;
	struct view raw_send;
	struct buf raw_got;
	bool raw_closed, raw_opened;
	uc_err raw_why;
	/* ws client */
	int opened, closed, got;
	uc_err why;
	uint16_t code;
	struct buf echo;
} w;

static void on_request(void *ctx, struct http_call *c, const struct http_route *r,
		       const struct http_request *q, struct view body)
{
	(void)ctx;
	(void)q;
	if (r->tag == 2)
		body = view_str(http_conn_peer(http_call_conn(c)));
	if (r->tag == 1)
		body = VIEW_LIT("hello");
	http_reply(c, 200, (struct view){ 0 }, body);
}

static int on_ws_open(void *ctx, struct http_conn *c, const struct http_route *r,
		      const struct http_request *q)
{
	(void)ctx;
	(void)r;
	w.conn = c;
	return view_equal(http_header_find(&q->headers, "origin"), VIEW_LIT("https://evil")) ? 403
											     : 101;
}

static void on_ws_message(void *ctx, struct http_conn *c, struct view m)
{
	(void)ctx;
	w.messages++;
	if (w.pauses)
		http_conn_pause(c);
	http_conn_send(c, m);
}

static void on_gone(void *ctx, struct http_conn *c, uc_err why)
{
	(void)ctx;
	w.gone++;
	w.gone_why = why;
	w.asked_ping_ms = c ? c->ping_ms : 0;
}

static void on_request_gone(void *ctx, struct http_call *c, uc_err why)
{
	(void)c;
	on_gone(ctx, NULL, why);
}

static void on_guard(uv_timer_t *t)
{
	test_fail(__FILE__, __LINE__, "the test did not end by itself");
	uv_close((uv_handle_t *)t, NULL);
	loop_stop(&w.loop);
}

static void world_begin(struct http_limits limits)
{
	static bool has_certificates;
	memset(&w, 0, sizeof w);
	if (!has_certificates) {
		test_authority("local");
		test_authority("other");
		test_certificate("local", "dial.localhost");
		test_certificate("local", "lens.localhost");
		test_certificate("other", "plaza.localhost");
	}
	has_certificates = true;
	const struct tls_peer peers[] = {
		{ "lens.localhost", test_path("local.ca.pem") },
		{ "plaza.localhost", test_path("local.ca.pem") },
		{ "nobody.localhost", test_path("other.ca.pem") },
	};
	expect_ok(loop_init(&w.loop, env_system()));
	expect_ok(tls_server_new(test_certificate_file("dial.localhost"),
				 test_key_file("dial.localhost"), peers, 3, &w.tls));
	w.gate.connections_max = 1000;
	struct http_server_options o = {
		.loop = &w.loop,
		.tls = w.tls,
		.routes = routes,
		.routes_n = 4,
		.subprotocol = "undercroft.v1",
		.limits = limits,
		.handler = { NULL, on_request, on_request_gone, on_ws_open, on_ws_message,
			     on_gone },
		.gate = &w.gate,
	};
	expect_ok(http_server_new(&o, "127.0.0.1", 0, &w.server));
	uv_timer_init(&w.loop.uv, &w.guard);
	uv_timer_start(&w.guard, on_guard, 120000, 0);
	buf_init(&w.raw_got, 1 << 20);
	buf_init(&w.echo, 1 << 24);
}

/* Ends the server when the clients are done, so that the loop runs empty. */
static void world_stop(void)
{
	uv_close((uv_handle_t *)&w.guard, NULL);
	http_server_stop(w.server, WS_CLOSE_GOING_AWAY);
}

static void world_end(void)
{
	loop_done(&w.loop);
	expect_eq(http_server_connections(w.server), 0);
	http_server_free(w.server);
	tls_server_free(w.tls);
	SSL_CTX_free(w.raw_tls);
	buf_done(&w.raw_got);
	buf_done(&w.echo);
}

/* --- a client that sends whatever it is told --- */

static void raw_open(struct stream *s)
{
	w.raw_opened = true;
	stream_write(s, w.raw_send);
}

static void raw_read(struct stream *s, uint8_t *p, size_t n)
{
	(void)s;
	buf_add(&w.raw_got, p, n);
}

static void raw_timeout(struct stream *s)
{
	stream_end(s, UC_OK);
}

static void raw_closed(struct stream *s, uc_err why)
{
	(void)s;
	w.raw_closed = true;
	w.raw_why = why;
	world_stop();
}

static const struct stream_handler raw_handler = { raw_open, raw_read, NULL, raw_timeout,
						   raw_closed };

static int raw_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(http_server_port(w.server)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	expect(!connect(fd, (struct sockaddr *)&a, sizeof a));
	return fd;
}

/* Sends the bytes and runs until the server has closed; what came back is in w.raw_got. */
static void raw_run(struct view send, const char *own_name)
{
	w.raw_send = send;
	if (!w.raw_tls)
		expect_ok(tls_client_new(test_path("local.ca.pem"),
					 own_name ? test_certificate_file(own_name) : NULL,
					 own_name ? test_key_file(own_name) : NULL, &w.raw_tls));
	expect_ok(stream_start(&w.raw, &w.loop, raw_socket(), w.raw_tls, "dial.localhost",
			       &raw_handler, 64 << 20));
	loop_run(&w.loop);
	expect(w.raw_closed);
}

static void expect_status(const char *text, const char *status)
{
	world_begin(http_limits_default);
	raw_run(view_str(text), NULL);
	if (w.raw_got.n < 12 || !view_equal(view_make(w.raw_got.p + 9, 3), view_str(status)))
		test_fail(__FILE__, __LINE__, "%.40s... gave %.*s, not %s", text, (int)w.raw_got.n,
			  (const char *)w.raw_got.p, status);
	world_end();
}

TEST(requests_are_answered)
{
	world_begin(http_limits_default);
	raw_run(VIEW_LIT("GET /hello HTTP/1.1\r\n" HOST "\r\n"
			 "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n"
			 "Connection: close\r\n\r\nabc"),
		NULL);
	expect_bytes(
		buf_view(&w.raw_got),
		VIEW_LIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
			 "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"));
	world_end();
}

TEST(wrong_requests_are_refused)
{
	expect_status("GET /nothing HTTP/1.1\r\n" HOST "\r\n", "404");
	expect_status("GET /echo HTTP/1.1\r\n" HOST "\r\n", "405");
	expect_status("POST /echo HTTP/1.1\r\n" HOST "\r\n", "411");
	expect_status("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100001\r\n\r\n", "413");
	expect_status("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", "501");
	expect_status("GET / HTTP/1.0\r\n\r\n", "505");
	expect_status("rubbish\r\n\r\n", "400");
	expect_status(UPGRADE "\r\n", "426"); /* no subprotocol */
	expect_status(UPGRADE "Sec-WebSocket-Protocol: undercroft.v2\r\n\r\n", "426");
	expect_status(UPGRADE
		      "Sec-WebSocket-Protocol: undercroft.v1\r\nOrigin: https://evil\r\n\r\n",
		      "403");
	expect_status("POST /mimi/x HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", "403");
}

/* --- hostile frames after a good upgrade --- */

#define GOOD UPGRADE "Sec-WebSocket-Protocol: undercroft.v1\r\n\r\n"

/* The bytes after the server's 101 head. */
static struct view after_head(void)
{
	struct http_response r;
	size_t used = 0;
	expect_ok(http_response_read(buf_view(&w.raw_got), &r, &used));
	expect_eq(r.status, 101);
	return view_slice(buf_view(&w.raw_got), used, w.raw_got.n);
}

static void expect_close(struct view frames, uint16_t code)
{
	struct buf b;
	struct http_limits limits = http_limits_default;
	limits.message_max = 1000;
	world_begin(limits);
	buf_init(&b, 100000);
	buf_add_str(&b, GOOD);
	buf_add_view(&b, frames);
	raw_run(buf_view(&b), NULL);
	const uint8_t want[] = { 0x88, 2, (uint8_t)(code >> 8), (uint8_t)code };
	expect_bytes(after_head(), VIEW_OF(want));
	expect_eq(w.gone, 1);
	expect_eq(w.messages, 0);
	buf_done(&b);
	world_end();
}

TEST(hostile_frames_end_with_the_right_code)
{
	static const uint8_t unmasked[] = { 0x82, 1, 'x' };
	static const uint8_t text[] = { 0x81, 0x81, 0, 0, 0, 0, 'x' };
	static const uint8_t split_ping[] = { 0x09, 0x80, 0, 0, 0, 0 };
	static const uint8_t oversize[] = { 0x82, 0xfe, 0x10, 0, 0, 0, 0, 0 };
	static const uint8_t reserved[] = { 0xc2, 0x81, 0, 0, 0, 0, 'x' };
	static const uint8_t close_frame[] = { 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8 };
	expect_close(VIEW_OF(unmasked), WS_CLOSE_PROTOCOL);
	expect_close(VIEW_OF(text), WS_CLOSE_UNSUPPORTED);
	expect_close(VIEW_OF(split_ping), WS_CLOSE_PROTOCOL);
	expect_close(VIEW_OF(oversize), WS_CLOSE_TOO_LARGE);
	expect_close(VIEW_OF(reserved), WS_CLOSE_PROTOCOL);
	expect_close(VIEW_OF(close_frame), WS_CLOSE_NORMAL);
}

TEST(a_slow_head_times_out)
{
	struct http_limits limits = http_limits_default;
	limits.head_ms = 100;
	world_begin(limits);
	raw_run(VIEW_LIT("GET /hello HTTP/1.1\r\nHost: x"), NULL);
	expect(view_starts_with(buf_view(&w.raw_got), VIEW_LIT("HTTP/1.1 408 ")));
	world_end();
}

TEST(a_slow_frame_times_out)
{
	struct http_limits limits = http_limits_default;
	limits.frame_ms = 100;
	world_begin(limits);
	raw_run(VIEW_LIT(GOOD "\x82"), NULL);
	expect_eq(w.gone, 1);
	expect_eq(w.gone_why, UC_E_TIMEOUT);
	world_end();
}

/* Each fragment is whole; the message never is. */
TEST(a_message_in_fragments_without_end_times_out)
{
	static const uint8_t fragment[] = { 0x02, 0x81, 0, 0, 0, 0, 'x' };
	struct http_limits limits = http_limits_default;
	struct buf b;
	limits.frame_ms = 100;
	world_begin(limits);
	buf_init(&b, 100000);
	buf_add_str(&b, GOOD);
	buf_add(&b, fragment, sizeof fragment);
	raw_run(buf_view(&b), NULL);
	expect_eq(w.gone, 1);
	expect_eq(w.gone_why, UC_E_TIMEOUT);
	expect_eq(w.messages, 0);
	buf_done(&b);
	world_end();
}

/* Who is not trusted yet sends little; then as much as anybody. */
TEST(messages_are_small_before_one_is_trusted)
{
	static const uint8_t large[] = { 0x82, 0xfe, 0x01, 0x00, 0, 0, 0, 0 };
	struct http_limits limits = http_limits_default;
	struct buf b;
	limits.first_message_max = 255;
	world_begin(limits);
	buf_init(&b, 100000);
	buf_add_str(&b, GOOD);
	buf_add(&b, large, sizeof large);
	raw_run(buf_view(&b), NULL);
	const uint8_t want[] = { 0x88, 2, WS_CLOSE_TOO_LARGE >> 8, WS_CLOSE_TOO_LARGE & 0xff };
	expect_bytes(after_head(), VIEW_OF(want));
	buf_done(&b);
	world_end();

	struct ws_decoder d;
	struct ws_event e;
	size_t used, need;
	uint8_t bytes[sizeof large + 256] = { 0 };
	memcpy(bytes, large, sizeof large);
	ws_decoder_init(&d, WS_SERVER, 255);
	expect_err(ws_decode(&d, bytes, sizeof bytes, &e, &used, &need), UC_E_TOO_LARGE);
	ws_decoder_allow(&d, 256);
	expect_ok(ws_decode(&d, bytes, sizeof bytes, &e, &used, &need));
	expect_eq(e.data.n, 256);
	ws_decoder_done(&d);
}

/* A client that never answers pings: half open. */
TEST(silence_is_pinged_and_then_ended)
{
	struct http_limits limits = http_limits_default;
	limits.ping_ms = limits.pong_ms = 100;
	world_begin(limits);
	raw_run(VIEW_LIT(GOOD), NULL);
	expect_bytes(after_head(), VIEW_LIT("\x89\x00"));
	expect_eq(w.gone_why, UC_E_TIMEOUT);
	world_end();
}

/* Who asks for it is pinged sooner than others, and not later. */
TEST(an_opening_may_ask_for_pings)
{
	static const struct {
		const char *query;
		uint32_t limit_ms, want_ms;
	} cases[] = {
		{ "", 240000, 240000 },
		{ "?ping=60", 240000, 60000 },
		{ "?a=1&ping=60", 240000, 60000 },
		{ "?ping=1", 240000, 15000 },
		{ "?ping=900", 240000, 240000 },
		{ "?ping=x", 240000, 240000 },
		{ "?ping=", 240000, 240000 },
		{ "?ping=15", 1000, 1000 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[600];
		struct http_limits limits = http_limits_default;
		limits.ping_ms = cases[i].limit_ms;
		snprintf(text, sizeof text, "GET /v1%s%s\x88\x80\x01\x02\x03\x04", cases[i].query,
			 &GOOD[strlen("GET /v1")]);
		world_begin(limits);
		raw_run(view_str(text), NULL);
		expect_eq(w.asked_ping_ms, cases[i].want_ms);
		world_end();
	}
}

/* One more than there may be is told when to come back; beyond a few of those nobody is. */
TEST(too_many_are_told_to_come_back)
{
	world_begin(http_limits_default);
	w.gate.connections_max = 1;
	atomic_store(&w.gate.connections, 1);
	raw_run(VIEW_LIT(GOOD), NULL);
	expect(view_starts_with(buf_view(&w.raw_got), VIEW_LIT("HTTP/1.1 503 ")));
	struct http_response r;
	size_t used = 0;
	uint64_t seconds = 0;
	expect_ok(http_response_read(buf_view(&w.raw_got), &r, &used));
	expect_ok(decimal_read(http_header_find(&r.headers, "retry-after"), &seconds));
	expect(seconds >= 10 && seconds <= 60);
	expect_eq(atomic_load(&w.gate.connections), 1);
	world_end();

	world_begin(http_limits_default);
	w.gate.connections_max = 1;
	atomic_store(&w.gate.connections, 1);
	expect_ok(tls_client_new(test_path("local.ca.pem"), NULL, NULL, &w.raw_tls));
	expect(!SSL_CTX_set_alpn_protos(w.raw_tls, (const uint8_t *)"\x02h2", 3));
	raw_run(VIEW_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"), NULL);
	expect(w.raw_opened);
	expect_eq(w.raw_got.n, 0);
	expect_eq(atomic_load(&w.gate.connections), 1);
	world_end();

	world_begin(http_limits_default);
	w.gate.connections_max = 1;
	atomic_store(&w.gate.connections, 17);
	raw_run(VIEW_LIT(GOOD), NULL);
	expect(!w.raw_opened);
	expect_eq(w.raw_got.n, 0);
	expect_eq(atomic_load(&w.gate.connections), 17);
	world_end();
}

TEST(an_unfinished_handshake_times_out)
{
	struct http_limits limits = http_limits_default;
	limits.handshake_ms = 100;
	world_begin(limits);
	int fd = raw_socket();
	for (int i = 0; i < 12000 && (i < 2 || http_server_connections(w.server)); i++) {
		uv_run(&w.loop.uv, UV_RUN_NOWAIT);
		usleep(5000);
	}
	expect_eq(http_server_connections(w.server), 0);
	close(fd);
	world_stop();
	world_end();
}

TEST(tls_1_2_is_refused)
{
	world_begin(http_limits_default);
	expect_ok(tls_client_new(test_path("local.ca.pem"), NULL, NULL, &w.raw_tls));
	SSL_CTX_set_min_proto_version(w.raw_tls, TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(w.raw_tls, TLS1_2_VERSION);
	raw_run(VIEW_LIT(GOOD), NULL);
	expect(!w.raw_opened);
	expect_eq(w.raw_why, UC_E_TLS);
	world_end();
}

/* Reads nothing while the server's echoes pile up. */
static void expect_slow_reader(size_t output_max, size_t queued_max)
{
	struct http_limits limits = http_limits_default;
	limits.output_max = output_max;
	limits.message_max = 70000;
	world_begin(limits);
	w.loop.queued_max = queued_max;
	struct buf b;
	static uint8_t data[60000];
	const uint8_t mask[4] = { 1, 2, 3, 4 };
	buf_init(&b, 64 << 20);
	buf_add_str(&b, GOOD);
	for (int i = 0; i < 400; i++)
		ws_frame_add(&b, WS_OP_BINARY, VIEW_OF(data), mask);
	w.raw.paused = true;
	w.raw_send = buf_view(&b);
	expect_ok(tls_client_new(test_path("local.ca.pem"), NULL, NULL, &w.raw_tls));
	expect_ok(stream_start(&w.raw, &w.loop, raw_socket(), w.raw_tls, "dial.localhost",
			       &raw_handler, 64 << 20));
	stream_pause(&w.raw, true);
	loop_run(&w.loop);
	expect_eq(w.gone, 1);
	expect_eq(w.gone_why, UC_E_LIMIT);
	buf_done(&b);
	expect_eq(w.loop.queued, 0);
	world_end();
}

TEST(a_slow_reader_is_disconnected_at_the_limit)
{
	expect_slow_reader(100000, LOOP_QUEUED_MAX);
}

/* All together may not have so much either: then whoever has most goes. */
TEST(slow_readers_are_bounded_in_all)
{
	expect_slow_reader(16 << 20, 200000);
}

/* --- peers --- */

static void expect_peer(const char *own_name, const char *want)
{
	world_begin(http_limits_default);
	raw_run(VIEW_LIT("POST /mimi/x HTTP/1.1\r\n" HOST "Content-Length: 0\r\n"
			 "Connection: close\r\n\r\n"),
		own_name);
	struct view got = buf_view(&w.raw_got);
	if (want)
		expect(got.n > strlen(want) &&
		       view_equal(view_slice(got, got.n - strlen(want), got.n), view_str(want)));
	else
		expect(!view_starts_with(got, VIEW_LIT("HTTP/1.1 200")));
	world_end();
}

TEST(peers_are_known_by_their_certificates)
{
	expect_peer("lens.localhost", "lens.localhost");
	expect_peer("dial.localhost", NULL); /* known authority, not a peer */
	/* plaza's certificate comes from another peer's authority */
	expect_peer("plaza.localhost", NULL);
}

/* --- the client --- */

static uint8_t big[300000];

static void client_open(void *ctx, struct ws_client *c)
{
	(void)ctx;
	w.opened++;
	ws_client_send(c, VIEW_LIT("first"));
	ws_client_send(c, VIEW_OF(big));
	ws_client_send(c, VIEW_LIT(""));
}

static void client_message(void *ctx, struct ws_client *c, struct view m)
{
	(void)ctx;
	w.got++;
	buf_add_view(&w.echo, m);
	if (w.pauses)
		http_conn_resume(w.conn);
	if (w.got == 3)
		ws_client_close(c, WS_CLOSE_NORMAL);
}

static void client_closed(void *ctx, uc_err why, uint16_t code)
{
	(void)ctx;
	w.closed++;
	w.why = why;
	w.code = code;
	world_stop();
}

static const struct ws_client_handler client_handler = { NULL, client_open, client_message,
							 client_closed };

static void client_run(const char *host, const char *ca, const char *protocol, uint16_t port)
{
	struct ws_client *c = NULL;
	expect_ok(tls_client_new(test_path(ca), NULL, NULL, &w.raw_tls));
	struct ws_client_options o = {
		host, port ? port : http_server_port(w.server), "/v1", protocol, w.raw_tls, 0, 0
	};
	expect_ok(ws_client_open(&w.loop, &o, &client_handler, &c));
	loop_run(&w.loop);
	expect_eq(w.closed, 1);
	world_end();
}

TEST(client_and_server_echo)
{
	for (int pauses = 0; pauses < 2; pauses++) {
		world_begin(http_limits_default);
		w.pauses = pauses;
		for (size_t i = 0; i < sizeof big; i++)
			big[i] = (uint8_t)(i * i >> 3);
		struct ws_client *c = NULL;
		expect_ok(tls_client_new(test_path("local.ca.pem"), NULL, NULL, &w.raw_tls));
		struct ws_client_options o = { "dial.localhost",
					       http_server_port(w.server),
					       "/v1",
					       "undercroft.v1",
					       w.raw_tls,
					       0,
					       0 };
		expect_ok(ws_client_open(&w.loop, &o, &client_handler, &c));
		loop_run(&w.loop);
		expect_eq(w.opened, 1);
		expect_eq(w.got, 3);
		expect_eq(w.messages, 3);
		expect_eq(w.echo.n, 5 + sizeof big);
		expect_bytes(view_slice(buf_view(&w.echo), 5, w.echo.n), VIEW_OF(big));
		expect_ok(w.why);
		expect_eq(w.code, WS_CLOSE_NORMAL);
		expect_eq(w.gone, 1);
		expect_ok(w.gone_why);
		/* Nothing that was read is left where the next will be. */
		size_t left = 0;
		for (size_t i = LOOP_READ_BYTES / 2; i < LOOP_READ_BYTES; i++)
			left += w.loop.read_buffer[i] != 0;
		expect_eq(left, 0);
		world_end();
	}
}

TEST(client_refuses_the_wrong_server)
{
	world_begin(http_limits_default);
	client_run("dial.localhost", "other.ca.pem", "undercroft.v1", 0);
	expect_eq(w.why, UC_E_TLS);
	world_begin(http_limits_default);
	client_run("lens.localhost", "local.ca.pem", "undercroft.v1", 0);
	expect_eq(w.why, UC_E_TLS);
	world_begin(http_limits_default);
	client_run("dial.localhost", "local.ca.pem", "undercroft.v9", 0);
	expect_eq(w.why, UC_E_PEER);
	world_begin(http_limits_default);
	client_run("dial.localhost", "local.ca.pem", "undercroft.v1", 1);
	expect_eq(w.why, UC_E_NET);
	expect_eq(w.opened, 0);
}

static void stop_open(void *ctx, struct ws_client *c)
{
	(void)ctx;
	(void)c;
	uv_close((uv_handle_t *)&w.guard, NULL);
	http_server_stop(w.server, WS_CLOSE_GOING_AWAY);
}

static void stop_closed(void *ctx, uc_err why, uint16_t code)
{
	(void)ctx;
	w.closed++;
	w.why = why;
	w.code = code;
}

TEST(a_stopping_server_says_so)
{
	static const struct ws_client_handler h = { NULL, stop_open, client_message, stop_closed };
	world_begin(http_limits_default);
	struct ws_client *c = NULL;
	expect_ok(tls_client_new(test_path("local.ca.pem"), NULL, NULL, &w.raw_tls));
	struct ws_client_options o = { "dial.localhost",
				       http_server_port(w.server),
				       "/v1",
				       "undercroft.v1",
				       w.raw_tls,
				       0,
				       0 };
	expect_ok(ws_client_open(&w.loop, &o, &h, &c));
	loop_run(&w.loop);
	expect_eq(w.closed, 1);
	expect_eq(w.code, WS_CLOSE_GOING_AWAY);
	expect_ok(w.why);
	world_end();
}

TEST(an_address_in_use_is_noticed)
{
	world_begin(http_limits_default);
	expect_err(listener_probe("127.0.0.1", http_server_port(w.server)), UC_E_NET);
	expect_err(listener_probe("not an address", 1), UC_E_NET);
	world_stop();
	world_end();
}
