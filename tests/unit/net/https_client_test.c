/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to a server on the same loop: what comes back, and what is refused. */
#include "net/env_system.h"
#include "net/http_server.h"
#include "net/https_client.h"
#include "tests/unit/harness.h"
#include "tests/unit/net/certs.h"

static const struct http_route routes[] = {
	{ "POST", "/echo/", HTTP_ROUTE_REQUEST, true, 1 << 20, 0 },
	{ "GET", "/busy", HTTP_ROUTE_REQUEST, false, 0, 1 },
	{ "GET", "/never", HTTP_ROUTE_REQUEST, false, 0, 2 },
};

static struct {
	struct net_loop loop;
	struct tls_server *tls;
	struct http_server *server;
	struct https_client *client;
	size_t done, wanted;
	uc_err err;
	int status;
	uint32_t retry_after_s;
	struct buf body;
	bool has_header;
} w;

static void on_request(void *ctx, struct http_call *c, const struct http_route *r,
		       const struct http_request *q, struct view body)
{
	struct buf b;
	(void)ctx;
	buf_init(&b, 1 << 21);
	buf_add_view(&b, q->path);
	buf_add_view(&b, http_header_find(&q->headers, "undercroft-client"));
	buf_add_view(&b, body);
	if (r->tag == 0)
		http_reply(c, 200, VIEW_LIT("undercroft-next: 4\r\n"), buf_view(&b));
	if (r->tag == 1)
		http_reply(c, 429, VIEW_LIT("Retry-After: 17\r\n"), (struct view){ 0 });
	buf_done(&b);
}

static void on_request_gone(void *ctx, struct http_call *c, uc_err why)
{
	(void)ctx;
	(void)c;
	(void)why;
}

static void begin(void)
{
	memset(&w, 0, sizeof w);
	test_authority("local");
	test_authority("other");
	test_certificate("local", "dial.localhost");
	test_certificate("local", "lens.localhost");
	const struct tls_peer peers[] = { { "lens.localhost", test_path("local.ca.pem") } };
	expect_ok(loop_init(&w.loop, env_system()));
	expect_ok(tls_server_new(test_certificate_file("dial.localhost"),
				 test_key_file("dial.localhost"), peers, 1, &w.tls));
	struct http_server_options o = { .loop = &w.loop,
					 .tls = w.tls,
					 .routes = routes,
					 .routes_n = 3,
					 .subprotocol = "x",
					 .limits = http_limits_default,
					 .handler = { NULL, on_request, on_request_gone, NULL, NULL,
						      NULL } };
	expect_ok(http_server_new(&o, "127.0.0.1", 0, &w.server));
	expect_ok(https_client_new(&w.loop, &w.client));
	buf_init(&w.body, 1 << 21);
}

static void on_done(void *ctx, const struct https_response *r)
{
	(void)ctx;
	w.done++;
	w.err = r->err;
	w.status = r->status;
	w.retry_after_s = r->retry_after_s;
	w.has_header = r->headers && http_header_find(r->headers, "undercroft-next").n == 1;
	buf_reset(&w.body);
	buf_add_view(&w.body, r->body);
	if (w.done == w.wanted) {
		https_client_stop(w.client);
		http_server_stop(w.server, WS_CLOSE_GOING_AWAY);
	}
}

static struct https_request request(const char *method, const char *path)
{
	return (struct https_request){
		.method = method,
		.domain = "dial.localhost",
		.host = "dial.localhost",
		.port = http_server_port(w.server),
		.path = view_str(path),
		.headers = VIEW_LIT("undercroft-client: c\r\n"),
		.body = VIEW_LIT("body"),
		.ca_file = test_path("local.ca.pem"),
		.certificate_file = test_certificate_file("lens.localhost"),
		.key_file = test_key_file("lens.localhost"),
		.body_max = 1 << 20,
		.timeout_ms = 60000,
	};
}

static void run(const struct https_request *q, size_t times)
{
	w.wanted = times;
	for (size_t i = 0; i < times; i++)
		expect_ok(https_send(w.client, q, on_done, NULL));
	loop_run(&w.loop);
	expect_eq(w.done, times);
}

static void end(void)
{
	loop_done(&w.loop);
	https_client_free(w.client);
	http_server_free(w.server);
	tls_server_free(w.tls);
	buf_done(&w.body);
}

TEST(a_peer_asks_and_is_answered)
{
	begin();
	struct https_request q = request("POST", "/echo/mimi%3A%2F%2Fa%2F../b");
	run(&q, 20);
	expect_ok(w.err);
	expect_eq(w.status, 200);
	expect(w.has_header);
	expect_bytes(buf_view(&w.body), VIEW_LIT("/echo/mimi%3A%2F%2Fa%2F../bcbody"));
	end();
}

TEST(an_empty_body_is_a_body)
{
	begin();
	struct https_request q = request("POST", "/echo/x");
	q.body = (struct view){ 0 };
	run(&q, 1);
	expect_eq(w.status, 200);
	end();
}

TEST(retry_after_is_told)
{
	begin();
	struct https_request q = request("GET", "/busy");
	run(&q, 1);
	expect_eq(w.status, 429);
	expect_eq(w.retry_after_s, 17);
	end();
}

TEST(without_a_certificate_peers_only_is_closed)
{
	begin();
	struct https_request q = request("POST", "/echo/x");
	q.certificate_file = q.key_file = NULL;
	run(&q, 1);
	expect_eq(w.status, 403);
	end();
}

TEST(the_wrong_server_is_refused)
{
	begin();
	struct https_request q = request("POST", "/echo/x");
	q.domain = "plaza.localhost";
	run(&q, 1);
	expect_err(w.err, UC_E_TLS);
	end();
	begin();
	q = request("POST", "/echo/x");
	q.ca_file = test_path("other.ca.pem");
	run(&q, 1);
	expect_err(w.err, UC_E_TLS);
	end();
	begin();
	q = request("POST", "/echo/x");
	q.port = 1;
	run(&q, 1);
	expect_err(w.err, UC_E_NET);
	expect_eq(w.status, 0);
	end();
}

TEST(large_and_late_answers_are_refused)
{
	static uint8_t large[100000];
	begin();
	struct https_request q = request("POST", "/echo/x");
	q.body = VIEW_OF(large);
	q.body_max = sizeof large - 1;
	run(&q, 1);
	expect_err(w.err, UC_E_TOO_LARGE);
	end();
	begin();
	q = request("GET", "/never");
	q.timeout_ms = 100;
	run(&q, 1);
	expect_err(w.err, UC_E_TIMEOUT);
	end();
}

TEST(nonsense_is_not_sent)
{
	begin();
	struct https_request q = request("GET", "/a b");
	expect_err(https_send(w.client, &q, on_done, NULL), UC_E_ARGUMENT);
	q = request("DELETE", "/x");
	expect_err(https_send(w.client, &q, on_done, NULL), UC_E_ARGUMENT);
	q = request("GET", "/busy");
	q.headers = VIEW_LIT("a: b\rc: d\r\n");
	expect_err(https_send(w.client, &q, on_done, NULL), UC_E_ARGUMENT);
	q = request("GET", "/busy");
	run(&q, 1);
	end();
}
