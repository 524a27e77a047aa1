/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 on the server, with a client made of nghttp2: many requests on one connection, what is
 * refused, floods, time, and the way out. */
#include "net/http2.h"
#include "net/env_system.h"
#include "net/http_server.h"
#include "net/stream.h"
#include "tests/unit/harness.h"
#include "tests/unit/net/certs.h"

#include <arpa/inet.h>
#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <string.h>
#include <unistd.h>

/* PINGS: more than fit into the buffers of two sockets. */
enum { ASKS_MAX = 8000, LARGE = 3 << 20, PINGS = 500000, DRIBBLES = 250 };
enum { TAG_ECHO, TAG_LENT, TAG_NEVER, TAG_NEXT, TAG_PEER, TAG_SOCKET };

static const struct http_route routes[] = {
	{ "POST", "/echo", HTTP_ROUTE_REQUEST, false, 400000, TAG_ECHO },
	{ "GET", "/large", HTTP_ROUTE_REQUEST, false, 0, TAG_LENT },
	{ "HEAD", "/large", HTTP_ROUTE_REQUEST, false, 0, TAG_LENT },
	{ "GET", "/never", HTTP_ROUTE_REQUEST, false, 0, TAG_NEVER },
	{ "GET", "/next", HTTP_ROUTE_REQUEST, false, 0, TAG_NEXT },
	{ "POST", "/peer/", HTTP_ROUTE_REQUEST, true, 100, TAG_PEER },
	{ "GET", "/v1", HTTP_ROUTE_WEBSOCKET, false, 0, TAG_SOCKET },
};

struct ask {
	const char *method, *path;
	struct view body;
	const char *name, *value; /* a further field */
	const char *authority;
	bool is_endless, is_taken_back;
	/* what came */
	int32_t id;
	int status;
	size_t got;
	uint64_t sum;
	bool is_closed, has_allow;
	uint32_t code;
	size_t sent;
};

static struct {
	struct net_loop loop;
	struct tls_server *tls;
	struct http_server *server;
	uv_timer_t guard, stopper, dribble;
	SSL_CTX *client_tls;
	struct stream stream;
	nghttp2_session *session;
	struct ask asks[ASKS_MAX];
	size_t asks_n, closed, requests, requests_gone, dribbled;
	struct http_call *waiting; /* of /next: answered when the next one comes */
	bool is_deaf, has_ended, stops_soon, pings, dribbles;
	uc_err why;
	uint32_t goaway;
} w;

static uint8_t large[LARGE];

static uint64_t sum_of(struct view v)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < v.n; i++)
		sum = sum * 31 + v.p[i];
	return sum;
}

/* --- the server's side --- */

static void on_request(void *ctx, struct http_call *call, const struct http_route *r,
		       const struct http_request *q, struct view body)
{
	(void)ctx;
	w.requests++;
	expect(http_header_find(&q->headers, "host").n > 0);
	if (r->tag == TAG_ECHO)
		http_reply(call, 200, VIEW_LIT("X-Is: echoed\r\n"), body);
	if (r->tag == TAG_LENT)
		http_reply_lent(call, 200, (struct view){ 0 }, VIEW_OF(large));
	if (r->tag != TAG_NEXT)
		return;
	if (w.waiting)
		http_reply(w.waiting, 200, (struct view){ 0 }, VIEW_LIT("late"));
	w.waiting = call;
	if (w.requests == w.asks_n)
		http_reply(call, 200, (struct view){ 0 }, VIEW_LIT("last"));
}

static void on_request_gone(void *ctx, struct http_call *call, uc_err why)
{
	(void)ctx;
	(void)why;
	if (w.waiting == call)
		w.waiting = NULL;
	w.requests_gone++;
}

static void on_guard(uv_timer_t *t)
{
	test_fail(__FILE__, __LINE__, "the test did not end by itself");
	uv_close((uv_handle_t *)t, NULL);
	loop_stop(&w.loop);
}

static void world_begin(struct http_limits limits)
{
	memset(&w, 0, sizeof w);
	test_authority("local");
	test_certificate("local", "dial.localhost");
	for (size_t i = 0; i < sizeof large; i++)
		large[i] = (uint8_t)(i * 7 + i / 1000);
	expect_ok(loop_init(&w.loop, env_system()));
	expect_ok(tls_server_new(test_certificate_file("dial.localhost"),
				 test_key_file("dial.localhost"), NULL, 0, &w.tls));
	struct http_server_options o = { .loop = &w.loop,
					 .tls = w.tls,
					 .routes = routes,
					 .routes_n = sizeof routes / sizeof *routes,
					 .subprotocol = "undercroft.v1",
					 .limits = limits,
					 .handler = { .request = on_request,
						      .request_gone = on_request_gone } };
	expect_ok(http_server_new(&o, "127.0.0.1", 0, &w.server));
	uv_timer_init(&w.loop.uv, &w.guard);
	uv_timer_start(&w.guard, on_guard, 60000, 0);
}

static void world_end(void)
{
	loop_done(&w.loop);
	expect_eq(http_server_connections(w.server), 0);
	http_server_free(w.server);
	tls_server_free(w.tls);
	SSL_CTX_free(w.client_tls);
	nghttp2_session_del(w.session);
}

/* --- the client's --- */

static struct ask *ask_of(int32_t id)
{
	return nghttp2_session_get_stream_user_data(w.session, id);
}

static void client_pump(void)
{
	const uint8_t *p = NULL;
	for (ssize_t n; (n = nghttp2_session_mem_send(w.session, &p)) > 0;)
		stream_write(&w.stream, view_make(p, (size_t)n));
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *ctx)
{
	struct ask *a = ask_of(frame->hd.stream_id);
	(void)session;
	(void)flags;
	(void)ctx;
	if (a && view_equal(view_make(name, name_n), VIEW_LIT(":status")) && value_n == 3)
		a->status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + value[2] - '0';
	if (a && view_equal(view_make(name, name_n), VIEW_LIT("allow")))
		a->has_allow = true;
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
		   size_t n, void *ctx)
{
	struct ask *a = ask_of(id);
	(void)session;
	(void)flags;
	(void)ctx;
	for (size_t i = 0; i < n; i++)
		a->sum = a->sum * 31 + bytes[i];
	a->got += n;
	return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *ctx)
{
	struct ask *a = ask_of(id);
	(void)session;
	(void)ctx;
	a->is_closed = true;
	a->code = code;
	if (++w.closed == w.asks_n && !w.pings)
		nghttp2_session_terminate_session(w.session, NGHTTP2_NO_ERROR);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	(void)session;
	(void)ctx;
	if (frame->hd.type == NGHTTP2_GOAWAY)
		w.goaway = frame->goaway.error_code;
	return 0;
}

static ssize_t on_body_wanted(nghttp2_session *session, int32_t id, uint8_t *to, size_t n,
			      uint32_t *flags, nghttp2_data_source *from, void *ctx)
{
	struct ask *a = from->ptr;
	(void)session;
	(void)id;
	(void)ctx;
	if (a->is_endless) {
		memset(to, 'x', n);
		return (ssize_t)n;
	}
	n = n < a->body.n - a->sent ? n : a->body.n - a->sent;
	if (!n && !a->body.n)
		return NGHTTP2_ERR_DEFERRED;
	memcpy(to, a->body.p + a->sent, n);
	a->sent += n;
	if (a->sent == a->body.n)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

static nghttp2_nv field(const char *name, const char *value)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
			     strlen(value), NGHTTP2_NV_FLAG_NONE };
}

static void ask_submit(struct ask *a)
{
	nghttp2_nv v[5] = { field(":method", a->method), field(":path", a->path),
			    field(":scheme", "https"),
			    field(":authority", a->authority ? a->authority : "dial.localhost") };
	size_t n = 4;
	if (a->name)
		v[n++] = field(a->name, a->value);
	nghttp2_data_provider data = { { .ptr = a }, on_body_wanted };
	bool has_body = a->body.p || a->is_endless;
	a->id = nghttp2_submit_request(w.session, NULL, v, n, has_body ? &data : NULL, a);
	expect(a->id > 0);
	if (!a->is_taken_back)
		return;
	client_pump(); /* else it would never leave */
	nghttp2_submit_rst_stream(w.session, NGHTTP2_FLAG_NONE, a->id, NGHTTP2_CANCEL);
	client_pump();
}

/* The first window was taken at once; from then on it takes a byte at a time, for a while. */
static void on_dribble(uv_timer_t *t)
{
	if (w.has_ended || w.asks[0].is_closed || ++w.dribbled > DRIBBLES) {
		uv_close((uv_handle_t *)t, NULL);
		if (!w.has_ended)
			stream_end(&w.stream, UC_OK);
		return;
	}
	nghttp2_submit_window_update(w.session, NGHTTP2_FLAG_NONE, 0, 1);
	nghttp2_submit_window_update(w.session, NGHTTP2_FLAG_NONE, w.asks[0].id, 1);
	client_pump();
}

static void on_open(struct stream *s)
{
	const unsigned char *name = NULL;
	unsigned n = 0;
	SSL_get0_alpn_selected(s->ssl, &name, &n);
	expect_bytes(view_make(name, n), VIEW_LIT("h2"));
	nghttp2_submit_settings(w.session, NGHTTP2_FLAG_NONE, NULL, 0);
	for (size_t i = 0; i < w.asks_n; i++)
		ask_submit(&w.asks[i]);
	for (size_t i = 0; w.pings && i < PINGS; i++) {
		nghttp2_submit_ping(w.session, NGHTTP2_FLAG_NONE, NULL);
		client_pump();
	}
	client_pump();
	if (w.dribbles) {
		uv_timer_init(&w.loop.uv, &w.dribble);
		uv_timer_start(&w.dribble, on_dribble, 20, 20);
	}
	if (w.is_deaf)
		stream_pause(s, true);
}

static void on_read(struct stream *s, uint8_t *bytes, size_t n)
{
	if (nghttp2_session_mem_recv(w.session, bytes, n) < 0)
		stream_abort(s, UC_E_FRAME);
	client_pump();
	if (!nghttp2_session_want_read(w.session) && !nghttp2_session_want_write(w.session))
		stream_end(s, UC_OK);
}

static void on_timeout(struct stream *s)
{
	stream_end(s, UC_OK);
}

static void on_closed(struct stream *s, uc_err why)
{
	(void)s;
	w.has_ended = true;
	w.why = why;
	uv_close((uv_handle_t *)&w.guard, NULL);
	http_server_stop(w.server, WS_CLOSE_GOING_AWAY);
}

static const struct stream_handler handler = { on_open, on_read, NULL, on_timeout, on_closed };

static void on_stopper(uv_timer_t *t)
{
	uv_close((uv_handle_t *)t, NULL);
	http_server_stop(w.server, WS_CLOSE_GOING_AWAY);
}

static struct ask *ask(const char *method, const char *path)
{
	struct ask *a = &w.asks[w.asks_n++];
	a->method = method;
	a->path = path;
	return a;
}

/* Asks all, and runs until the connection is over. */
static void ask_all(void)
{
	nghttp2_session_callbacks *calls = NULL;
	nghttp2_session_callbacks_new(&calls);
	nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
	nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
	nghttp2_option *option = NULL;
	expect(!nghttp2_option_new(&option));
	nghttp2_option_set_no_auto_window_update(option, w.dribbles);
	expect(!nghttp2_session_client_new2(&w.session, calls, NULL, option));
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(calls);
	expect_ok(tls_client_new(test_path("local.ca.pem"), NULL, NULL, &w.client_tls));
	expect(!SSL_CTX_set_alpn_protos(w.client_tls, (const uint8_t *)"\x02h2", 3));
	int fd = socket(AF_INET, SOCK_STREAM, 0), small = 4096;
	if (w.is_deaf)
		expect(!setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small));
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(http_server_port(w.server)),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	expect(!connect(fd, (struct sockaddr *)&to, sizeof to));
	expect_ok(stream_start(&w.stream, &w.loop, fd, w.client_tls, "dial.localhost", &handler,
			       64 << 20));
	if (w.stops_soon) {
		uv_timer_init(&w.loop.uv, &w.stopper);
		uv_timer_start(&w.stopper, on_stopper, 200, 0);
	}
	loop_run(&w.loop);
	expect(w.has_ended);
}

TEST(many_requests_share_a_connection)
{
	world_begin(http_limits_default);
	for (size_t i = 0; i < 200; i++)
		ask("POST", "/echo")->body = view_make(large + i, 1 + i * 100);
	ask("GET", "/large");
	ask("HEAD", "/large");
	ask_all();
	for (size_t i = 0; i < 200; i++) {
		expect_eq(w.asks[i].status, 200);
		expect_eq(w.asks[i].got, w.asks[i].body.n);
		expect(w.asks[i].sum == sum_of(w.asks[i].body));
	}
	expect_eq(w.asks[200].got, LARGE);
	expect(w.asks[200].sum == sum_of(VIEW_OF(large)));
	expect_eq(w.asks[201].status, 200);
	expect_eq(w.asks[201].got, 0);
	expect_eq(w.requests, 202);
	expect_eq(w.requests_gone, 0);
	world_end();
}

TEST(answers_come_in_any_order)
{
	world_begin(http_limits_default);
	for (size_t i = 0; i < 5; i++)
		ask("GET", "/next");
	ask_all();
	for (size_t i = 0; i < 5; i++)
		expect_eq(w.asks[i].status, 200);
	world_end();
}

TEST(wrong_requests_are_refused_alone)
{
	world_begin(http_limits_default);
	char long_value[9000];
	memset(long_value, 'x', sizeof long_value - 1);
	long_value[sizeof long_value - 1] = 0;
	struct ask *no_route = ask("GET", "/nothing");
	struct ask *method = ask("GET", "/echo");
	struct ask *says_long = ask("POST", "/echo");
	says_long->is_endless = true;
	says_long->name = "content-length";
	says_long->value = "400001";
	struct ask *is_long = ask("POST", "/echo");
	is_long->is_endless = true;
	struct ask *no_peer = ask("POST", "/peer/x");
	no_peer->body = VIEW_LIT("a");
	struct ask *socket_ = ask("GET", "/v1");
	struct ask *head = ask("POST", "/echo");
	head->body = VIEW_LIT("a");
	head->name = "x";
	head->value = long_value;
	struct ask *host = ask("POST", "/echo");
	host->body = VIEW_LIT("a");
	host->name = "host";
	host->value = "lens.localhost";
	struct ask *path = ask("GET", "/large#part");
	struct ask *body = ask("GET", "/large");
	body->body = VIEW_LIT("a");
	struct ask *good = ask("POST", "/echo");
	good->body = VIEW_LIT("good");
	ask_all();
	expect_eq(no_route->status, 404);
	expect_eq(method->status, 405);
	expect(method->has_allow);
	expect_eq(says_long->status, 413);
	expect_eq(is_long->status, 413);
	expect(is_long->is_closed);
	expect_eq(no_peer->status, 403);
	expect_eq(socket_->code, NGHTTP2_HTTP_1_1_REQUIRED);
	expect_eq(head->status, 431);
	expect_eq(host->status, 400);
	expect_eq(path->status, 400);
	expect_eq(body->status, 413);
	expect_eq(good->status, 200);
	expect_eq(good->got, 4);
	expect_eq(w.requests, 1);
	world_end();
}

TEST(who_takes_back_without_end_is_sent_away)
{
	world_begin(http_limits_default);
	for (size_t i = 0; i < ASKS_MAX; i++)
		ask("GET", "/never")->is_taken_back = true;
	w.closed = (size_t)-2 * ASKS_MAX; /* the client does not end it */
	ask_all();
	expect(w.goaway != NGHTTP2_NO_ERROR);
	expect(w.requests_gone == w.requests);
	expect(w.requests < ASKS_MAX);
	world_end();
}

TEST(who_pings_and_does_not_read_is_cut_off)
{
	world_begin(http_limits_default);
	w.pings = w.is_deaf = true;
	ask_all();
	expect(w.why != UC_OK);
	world_end();
}

TEST(time_ends_what_does_not_end)
{
	struct http_limits l = http_limits_default;
	l.reply_ms = l.body_ms = 600;
	l.idle_ms = 1000;
	world_begin(l);
	struct ask *never = ask("GET", "/never");
	struct ask *slow = ask("POST", "/echo");
	slow->body = (struct view){ large, 0 }; /* begins, and does not go on */
	ask_all();
	expect_eq(never->status, 503);
	expect_eq(slow->status, 408);
	expect_eq(w.requests_gone, 1);
	world_end();
}

/* A lent body stays where it is until it is sent, so that has to end: however little is taken at a
 * time, and however often. */
TEST(who_takes_a_byte_at_a_time_does_not_get_it_for_ever)
{
	struct http_limits l = http_limits_default;
	l.send_ms = 100;
	world_begin(l);
	struct ask *slow = ask("GET", "/large");
	w.dribbles = true;
	ask_all();
	expect_eq(slow->status, 200);
	expect_eq(slow->code, NGHTTP2_CANCEL);
	expect(slow->got < LARGE);
	world_end();
}

TEST(an_idle_connection_ends)
{
	struct http_limits l = http_limits_default;
	l.idle_ms = 500;
	world_begin(l);
	w.pings = false;
	w.asks_n = 1;
	w.asks[0] = (struct ask){ .method = "POST", .path = "/echo", .body = VIEW_LIT("a") };
	/* One more that is never counted as closed keeps the client from ending it. */
	w.closed = (size_t)-2;
	ask_all();
	expect_eq(w.asks[0].status, 200);
	expect_eq(w.goaway, NGHTTP2_NO_ERROR);
	world_end();
}

TEST(a_server_that_stops_refuses_what_waits)
{
	world_begin(http_limits_default);
	struct ask *never = ask("GET", "/never");
	w.stops_soon = true;
	ask_all();
	expect_eq(never->status, 503);
	expect_eq(w.requests_gone, 1);
	world_end();
}
