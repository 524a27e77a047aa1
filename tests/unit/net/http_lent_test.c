/* SPDX-License-Identifier: Apache-2.0 */
/* Replies whose body is lent: whole and in order, to readers fast and slow, over TLS and plain. */
#include "net/env_system.h"
#include "net/http_server.h"
#include "net/stream.h"
#include "tests/unit/harness.h"
#include "tests/unit/net/certs.h"

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGE = 12 << 20 };

#define GET_(path)  "GET " path " HTTP/1.1\r\nHost: dial.localhost\r\n\r\n"
#define LAST_(path) "GET " path " HTTP/1.1\r\nHost: dial.localhost\r\nConnection: close\r\n\r\n"

#define UPGRADE                                                                        \
	"GET /v1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" \
	"Sec-WebSocket-Protocol: undercroft.v1\r\n\r\n"

static const struct http_route routes[] = {
	{ "GET", "/peers/", HTTP_ROUTE_REQUEST, true, 0, 1 },
	{ "GET", "/v1", HTTP_ROUTE_WEBSOCKET, false, 0, 0 },
	{ "GET", "/", HTTP_ROUTE_REQUEST, false, 0, 2 },
	{ "HEAD", "/", HTTP_ROUTE_REQUEST, false, 0, 2 },
};

static struct {
	struct net_loop loop;
	struct tls_server *tls;
	SSL_CTX *client;
	struct http_server *server;
	uv_timer_t guard, timer;
	struct stream raw;
	struct view send;
	struct buf got;
	size_t want; /* pauses when so much is there; 0: never */
	int requests;
	unsigned trickle_ms; /* between two looks at what came; 0: at once */
	bool closed, stops, is_stopped;
	uc_err why;
} w;

static uint8_t large[LARGE];

static void on_request(void *ctx, struct http_call *c, const struct http_route *r,
		       const struct http_request *q, struct view body)
{
	(void)ctx;
	(void)r;
	(void)body;
	w.requests++;
	struct view v = VIEW_OF(large);
	if (view_equal(q->path, VIEW_LIT("/small")))
		v = VIEW_LIT("small");
	if (view_equal(q->path, VIEW_LIT("/empty")))
		v = VIEW_LIT("");
	if (view_equal(q->path, VIEW_LIT("/copied"))) {
		http_reply(c, 200, VIEW_LIT("X-Is: copied\r\n"), v);
		return;
	}
	http_reply_lent(c, view_equal(q->path, VIEW_LIT("/same")) ? 304 : 200,
			VIEW_LIT("X-Is: lent\r\n"),
			view_equal(q->path, VIEW_LIT("/same")) ? (struct view){ 0 } : v);
}

static int on_ws_open(void *ctx, struct http_conn *c, const struct http_route *r,
		      const struct http_request *q)
{
	(void)ctx;
	(void)c;
	(void)r;
	(void)q;
	return 101;
}

static void on_ws_message(void *ctx, struct http_conn *c, struct view m)
{
	(void)ctx;
	http_conn_send(c, view_equal(m, VIEW_LIT("more")) ? VIEW_OF(large) : m);
}

static void on_gone(void *ctx, struct http_conn *c, uc_err why)
{
	(void)ctx;
	(void)c;
	(void)why;
}

static void on_request_gone(void *ctx, struct http_call *c, uc_err why)
{
	(void)ctx;
	(void)c;
	(void)why;
}

static void on_guard(uv_timer_t *t)
{
	test_fail(__FILE__, __LINE__, "the test did not end by itself");
	uv_close((uv_handle_t *)t, NULL);
	loop_stop(&w.loop);
}

static void stop(void)
{
	if (w.is_stopped)
		return;
	w.is_stopped = true;
	uv_close((uv_handle_t *)&w.guard, NULL);
	http_server_stop(w.server, WS_CLOSE_GOING_AWAY);
}

static void raw_open(struct stream *s)
{
	stream_write(s, w.send);
}

static void goes_on(uv_timer_t *t)
{
	if (w.stops && !w.is_stopped) {
		stop();
		uv_timer_start(t, goes_on, 800, 0);
		return;
	}
	/* By now the server has given up. */
	if (w.stops)
		expect_eq(http_server_connections(w.server), 0);
	uv_close((uv_handle_t *)t, NULL);
	stream_pause(&w.raw, false);
}

static void trickles(uv_timer_t *t)
{
	(void)t;
	stream_pause(&w.raw, false);
}

static void raw_read(struct stream *s, uint8_t *p, size_t n)
{
	buf_add(&w.got, p, n);
	if (w.trickle_ms) {
		stream_pause(s, true);
		uv_timer_start(&w.timer, trickles, w.trickle_ms, 0);
		return;
	}
	if (!w.want || w.got.n < w.want)
		return;
	/* Takes no more for a while: the socket's buffers fill up. */
	w.want = 0;
	stream_pause(s, true);
	uv_timer_start(&w.timer, goes_on, 600, 0);
}

static void raw_timeout(struct stream *s)
{
	stream_abort(s, UC_E_TIMEOUT);
}

static void raw_closed(struct stream *s, uc_err why)
{
	(void)s;
	w.closed = true;
	w.why = why;
	if (w.trickle_ms)
		uv_close((uv_handle_t *)&w.timer, NULL);
	stop();
}

static const struct stream_handler raw_handler = { raw_open, raw_read, NULL, raw_timeout,
						   raw_closed };

static void world_begin(bool is_tls, struct http_limits limits)
{
	memset(&w, 0, sizeof w);
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (uint8_t)(i * 31 ^ i >> 9);
	expect_ok(loop_init(&w.loop, env_system()));
	if (is_tls) {
		test_authority("local");
		test_certificate("local", "dial.localhost");
		expect_ok(tls_server_new(test_certificate_file("dial.localhost"),
					 test_key_file("dial.localhost"), NULL, 0, &w.tls));
		expect_ok(tls_client_new(test_path("local.ca.pem"), NULL, NULL, &w.client));
	}
	struct http_server_options o = {
		.loop = &w.loop,
		.tls = w.tls,
		.routes = routes,
		.routes_n = sizeof routes / sizeof *routes,
		.subprotocol = "undercroft.v1",
		.limits = limits,
		.handler = { NULL, on_request, on_request_gone, on_ws_open, on_ws_message,
			     on_gone },
	};
	expect_ok(http_server_new(&o, "127.0.0.1", 0, &w.server));
	uv_timer_init(&w.loop.uv, &w.guard);
	uv_timer_start(&w.guard, on_guard, 120000, 0);
	uv_timer_init(&w.loop.uv, &w.timer);
	buf_init(&w.got, 64 << 20);
}

/* Sends the bytes and runs until the connection is gone. */
static void run(struct view send)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), small = 32768;
	if (w.trickle_ms)
		expect(!setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small));
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(http_server_port(w.server)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	expect(!connect(fd, (struct sockaddr *)&a, sizeof a));
	w.send = send;
	expect_ok(stream_start(&w.raw, &w.loop, fd, w.client, "dial.localhost", &raw_handler,
			       16 << 20));
	loop_run(&w.loop);
	expect(w.closed);
}

static void world_end(void)
{
	if (!uv_is_closing((uv_handle_t *)&w.timer))
		uv_close((uv_handle_t *)&w.timer, NULL);
	loop_done(&w.loop);
	expect_eq(http_server_connections(w.server), 0);
	http_server_free(w.server);
	tls_server_free(w.tls);
	SSL_CTX_free(w.client);
	buf_done(&w.got);
}

/* Takes one reply off what was got; its body is to be this. */
static void expect_reply(struct view *rest, int status, struct view body)
{
	struct http_response r;
	size_t used = 0;
	uint64_t n = 0;
	expect_ok(http_response_read(view_slice(*rest, 0, HTTP_HEAD_MAX), &r, &used));
	expect_eq(r.status, status);
	for (struct view v = http_header_find(&r.headers, "content-length"); v.n;
	     v = view_slice(v, 1, v.n))
		n = n * 10 + v.p[0] - '0';
	expect_eq(n, body.n);
	expect_bytes(http_header_find(&r.headers, "x-is"), VIEW_LIT("lent"));
	expect(view_equal(view_slice(*rest, used, body.n), body));
	*rest = view_slice(*rest, used + body.n, rest->n);
}

TEST(bodies_come_whole_and_in_order)
{
	for (int tls = 0; tls < 2; tls++) {
		world_begin(tls, http_limits_default);
		run(VIEW_LIT(GET_("/large") GET_("/small") GET_("/empty") GET_("/large")
				     GET_("/small") LAST_("/large") GET_("/small")));
		struct view rest = buf_view(&w.got);
		expect_reply(&rest, 200, VIEW_OF(large));
		expect_reply(&rest, 200, VIEW_LIT("small"));
		expect_reply(&rest, 200, VIEW_LIT(""));
		expect_reply(&rest, 200, VIEW_OF(large));
		expect_reply(&rest, 200, VIEW_LIT("small"));
		expect_reply(&rest, 200, VIEW_OF(large));
		expect_eq(rest.n, 0);
		expect_eq(w.requests, 6);
		world_end();
	}
}

/* Far more than may be queued for one connection: nothing of it is. */
TEST(a_slow_reader_costs_no_memory_and_gets_all)
{
	for (int tls = 0; tls < 2; tls++) {
		struct http_limits limits = http_limits_default;
		limits.output_max = 20000;
		world_begin(tls, limits);
		w.want = 100000;
		run(VIEW_LIT(GET_("/large") LAST_("/large")));
		struct view rest = buf_view(&w.got);
		expect_reply(&rest, 200, VIEW_OF(large));
		expect_reply(&rest, 200, VIEW_OF(large));
		expect_eq(rest.n, 0);
		world_end();
	}
}

TEST(who_takes_for_ever_is_disconnected)
{
	for (int tls = 0; tls < 2; tls++) {
		struct http_limits limits = http_limits_default;
		limits.send_ms = 50;
		world_begin(tls, limits);
		w.want = 1;
		run(VIEW_LIT(GET_("/large")));
		expect(w.got.n < LARGE);
		world_end();
	}
}

TEST(a_stopping_server_does_not_wait_for_a_slow_reader)
{
	struct http_limits limits = http_limits_default;
	limits.close_ms = 50;
	world_begin(false, limits);
	w.want = 1;
	w.stops = true;
	run(VIEW_LIT(GET_("/large")));
	expect(w.got.n < LARGE);
	world_end();
}

/* Nor for one whose connection ends already, with much still queued for it. */
TEST(a_stopping_server_does_not_wait_for_what_is_ending)
{
	struct http_limits limits = http_limits_default;
	limits.close_ms = 50;
	world_begin(false, limits);
	w.want = 1;
	w.stops = true;
	run(VIEW_LIT(LAST_("/copied")));
	expect(w.got.n < LARGE);
	world_end();
}

TEST(a_head_is_answered_without_the_body)
{
	world_begin(false, http_limits_default);
	run(VIEW_LIT("HEAD /large HTTP/1.1\r\nHost: x\r\n\r\n"
		     "GET /same HTTP/1.1\r\nHost: x\r\n\r\n" LAST_("/small")));
	struct view rest = buf_view(&w.got);
	struct view head = VIEW_LIT("HTTP/1.1 200 OK\r\nX-Is: lent\r\n"
				    "Content-Length: 12582912\r\n\r\n"
				    "HTTP/1.1 304 Not Modified\r\nX-Is: lent\r\n\r\n");
	expect_bytes(view_slice(rest, 0, head.n), head);
	rest = view_slice(rest, head.n, rest.n);
	expect_reply(&rest, 200, VIEW_LIT("small"));
	expect_eq(rest.n, 0);
	world_end();
}

TEST(a_wrong_method_is_told_the_right_ones)
{
	world_begin(false, http_limits_default);
	run(VIEW_LIT("DELETE /v1 HTTP/1.1\r\nHost: x\r\n\r\n"));
	expect_bytes(buf_view(&w.got),
		     VIEW_LIT("HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\n"
			      "Content-Length: 0\r\nConnection: close\r\n\r\n"));
	world_end();
}

TEST(nobody_is_a_peer_over_plain_http)
{
	world_begin(false, http_limits_default);
	run(VIEW_LIT(GET_("/peers/x")));
	expect(view_starts_with(buf_view(&w.got), VIEW_LIT("HTTP/1.1 403 ")));
	expect_eq(w.requests, 0);
	world_end();
}

TEST(a_websocket_over_plain_http)
{
	world_begin(false, http_limits_default);
	run(VIEW_LIT(UPGRADE "\x82\x82\0\0\0\0hi\x88\x82\0\0\0\0\x03\xe8"));
	struct http_response r;
	size_t used = 0;
	expect_ok(http_response_read(buf_view(&w.got), &r, &used));
	expect_eq(r.status, 101);
	expect_bytes(view_slice(buf_view(&w.got), used, w.got.n),
		     VIEW_LIT("\x82\x02hi\x88\x02\x03\xe8"));
	world_end();
}

/* Many times as long as a ping may wait for its answer: who takes enough meanwhile gets all. */
TEST(a_long_backlog_may_be_read_slowly)
{
	for (int is_ws = 0; is_ws < 2; is_ws++) {
		struct http_limits limits = http_limits_default;
		limits.ping_ms = limits.pong_ms = limits.send_ms = 60;
		world_begin(false, limits);
		w.trickle_ms = 4;
		uint64_t began_ms = loop_now_ms(&w.loop);
		run(is_ws ? VIEW_LIT(UPGRADE "\x82\x84\0\0\0\0more") : VIEW_LIT(LAST_("/large")));
		expect(w.got.n > LARGE);
		uv_update_time(&w.loop.uv);
		expect(loop_now_ms(&w.loop) - began_ms > 300);
		world_end();
	}
}

/* Who takes nothing of it is gone with the first ping, though there is much to take. */
TEST(a_backlog_that_is_not_read_ends)
{
	struct http_limits limits = http_limits_default;
	limits.ping_ms = limits.pong_ms = 60;
	world_begin(false, limits);
	w.want = 1000;
	run(VIEW_LIT(UPGRADE "\x82\x84\0\0\0\0more"));
	expect(w.got.n < LARGE);
	world_end();
}

/* The rules for slow heads are those of TLS. */
TEST(a_slow_head_over_plain_http_times_out)
{
	struct http_limits limits = http_limits_default;
	limits.head_ms = 100;
	world_begin(false, limits);
	run(VIEW_LIT("GET /small HTTP/1.1\r\nHo"));
	expect(view_starts_with(buf_view(&w.got), VIEW_LIT("HTTP/1.1 408 ")));
	world_end();
}
