/* SPDX-License-Identifier: Apache-2.0 */
#include "server/web.h"
#include "net/http.h"
#include "server/web_apps.h"
#include "tests/unit/harness.h"
#include "tests/unit/net/certs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct web_site site = { "dial.localhost", NULL, false };
static struct buf lines;
static struct view body;
static struct http_response head;
static struct buf text;

static void file_put(const char *name, struct view content)
{
	char path[100];
	snprintf(path, sizeof path, "web/%s", name);
	int fd = open(test_path(path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	expect(fd >= 0 && write(fd, content.p, content.n) == (ssize_t)content.n);
	close(fd);
}

static void begin(void)
{
	static struct web_files *files;
	struct buf at;
	site = (struct web_site){ "dial.localhost", NULL, false };
	if (!files) {
		buf_init(&at, 4096);
		expect(!mkdir(test_path("web"), 0700) && !mkdir(test_path("web/assets"), 0700));
		file_put("index.html", VIEW_LIT("page"));
		file_put("icon.svg", VIEW_LIT("icon"));
		file_put("assets/app-1.js", VIEW_LIT("script"));
		file_put("assets/app-1.js.br", VIEW_LIT("script, br"));
		file_put("assets/app-1.js.gz", VIEW_LIT("script, gz"));
		expect(!web_files_load(test_path("web"), &at, &files));
		buf_done(&at);
	}
	site.files = files;
}

static struct http_request request(const char *path, const char *more)
{
	struct http_request q = { 0 };
	size_t used = 0;
	buf_done(&text);
	buf_init(&text, HTTP_HEAD_MAX);
	buf_printf(&text, "GET %s HTTP/1.1\r\n%s\r\n", path, more);
	expect_ok(http_request_read(buf_view(&text), &q, &used));
	return q;
}

/* Answers; the header lines are read as a client would. */
static int get(const char *path, const char *more)
{
	struct http_request q = request(path, more);
	static struct buf reply;
	size_t used = 0;
	buf_done(&lines);
	buf_init(&lines, HTTP_HEAD_MAX);
	int status = web_answer(&site, &q, &lines, &body);
	buf_done(&reply);
	buf_init(&reply, HTTP_HEAD_MAX);
	http_response_add(&reply, status, buf_view(&lines), body.n, true);
	expect_ok(http_response_read(buf_view(&reply), &head, &used));
	expect_eq(used, reply.n);
	return status;
}

static struct view field(const char *name)
{
	return http_header_find(&head.headers, name);
}

#define HOST "Host: dial.localhost:8451\r\n"

TEST(the_page_and_its_files)
{
	begin();
	expect_eq(get("/", HOST), 200);
	expect_bytes(body, VIEW_LIT("page"));
	expect_bytes(field("content-type"), VIEW_LIT("text/html; charset=utf-8"));
	expect_bytes(field("cache-control"), VIEW_LIT("no-cache"));
	expect_bytes(field("vary"), VIEW_LIT("Accept-Encoding"));
	expect_eq(get("/?from=somewhere", HOST), 200);
	expect_eq(get("/assets/app-1.js", HOST), 200);
	expect_bytes(body, VIEW_LIT("script"));
	expect_bytes(field("cache-control"), VIEW_LIT("public, max-age=31536000, immutable"));
	expect_eq(get("/icon.svg", HOST), 200);
	expect_bytes(field("content-type"), VIEW_LIT("image/svg+xml"));
	expect_bytes(field("cache-control"), VIEW_LIT("no-cache"));
	expect_eq(get("/rooms/17", HOST), 404);
	expect_bytes(field("content-type"), VIEW_LIT("text/plain; charset=utf-8"));
	expect_bytes(field("cache-control"), VIEW_LIT("no-store"));
	expect(!field("etag").p);
}

static void expect_coding(const char *accept, const char *want, struct view content)
{
	char more[300];
	snprintf(more, sizeof more, HOST "Accept-Encoding: %s\r\n", accept);
	expect_eq(get("/assets/app-1.js", more), 200);
	expect_bytes(field("content-encoding"), view_str(want));
	expect_bytes(body, content);
}

TEST(the_coding_is_the_one_that_is_liked_best)
{
	begin();
	expect_coding("gzip, deflate, br", "br", VIEW_LIT("script, br"));
	expect_coding("gzip, deflate", "gzip", VIEW_LIT("script, gz"));
	expect_coding("deflate", NULL, VIEW_LIT("script"));
	expect_coding("br;q=0.5, gzip", "gzip", VIEW_LIT("script, gz"));
	expect_coding("br;q=0, gzip;q=0", NULL, VIEW_LIT("script"));
	expect_coding("br;q=0.2, gzip;q=0.2", "br", VIEW_LIT("script, br"));
	expect_coding("identity, br;q=0.9", NULL, VIEW_LIT("script"));
	expect_coding("*", "br", VIEW_LIT("script, br"));
	/* Nothing is liked: better plain than nothing. */
	expect_coding("*;q=0", NULL, VIEW_LIT("script"));
	/* What was not made ready is not sent. */
	expect_eq(get("/", HOST "Accept-Encoding: br\r\n"), 200);
	expect(!field("content-encoding").p);
}

TEST(what_the_browser_has_is_not_sent_again)
{
	char more[300], etag[100];
	begin();
	expect_eq(get("/", HOST), 200);
	snprintf(etag, sizeof etag, "%.*s", (int)field("etag").n, (const char *)field("etag").p);
	expect_eq(strlen(etag), WEB_ETAG_TEXT);
	static const char *const forms[] = { "%s", "W/%s", "\"x\", %s", "*", "W/\"x\" ,%s, \"y\"" };
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		size_t n = (size_t)snprintf(more, sizeof more, HOST "If-None-Match: ");
		for (const char *f = forms[i]; *f; f++) {
			if (f[0] == '%' && f[1] == 's' && f++)
				n += (size_t)snprintf(more + n, sizeof more - n, "%s", etag);
			else
				more[n++] = *f;
		}
		snprintf(more + n, sizeof more - n, "\r\n");
		expect_eq(get("/", more), 304);
		expect_eq(body.n, 0);
		expect_bytes(field("etag"), view_str(etag));
		expect_bytes(field("cache-control"), VIEW_LIT("no-cache"));
		expect(field("content-security-policy").n > 0);
		expect(!field("content-length").p);
	}
	expect_eq(get("/icon.svg", more), 200);
	expect_eq(get("/", HOST "If-None-Match: \"x\"\r\n"), 200);
	/* That of one coding says nothing of another. */
	expect_eq(get("/assets/app-1.js", HOST "Accept-Encoding: gzip\r\n"), 200);
	snprintf(etag, sizeof etag, "%.*s", (int)field("etag").n, (const char *)field("etag").p);
	snprintf(more, sizeof more, HOST "If-None-Match: %s\r\n", etag);
	expect_eq(get("/assets/app-1.js", more), 200);
	snprintf(more, sizeof more, HOST "Accept-Encoding: gzip\r\nIf-None-Match: %s\r\n", etag);
	expect_eq(get("/assets/app-1.js", more), 304);
	expect_eq(get("/nothing", more), 404);
}

TEST(pages_may_do_what_is_named_and_nothing_else)
{
	begin();
	static const char *const paths[] = { "/", "/assets/app-1.js", "/nothing" };
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		get(paths[i], HOST);
		expect_bytes(field("content-security-policy"),
			     VIEW_LIT("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
				      "worker-src 'self'; style-src 'self'; "
				      "img-src 'self' data: blob:; font-src 'self'; "
				      "manifest-src 'self'; base-uri 'none'; form-action 'none'; "
				      "frame-ancestors 'none'; require-trusted-types-for 'script'; "
				      "trusted-types undercroft; "
				      "connect-src 'self' ws://dial.localhost:8451"));
		expect_bytes(field("x-content-type-options"), VIEW_LIT("nosniff"));
		expect_bytes(field("referrer-policy"), VIEW_LIT("no-referrer"));
		expect_bytes(field("cross-origin-opener-policy"), VIEW_LIT("same-origin"));
		expect_bytes(field("cross-origin-embedder-policy"), VIEW_LIT("require-corp"));
		expect_bytes(field("cross-origin-resource-policy"), VIEW_LIT("same-origin"));
		expect(http_header_has(&head.headers, "permissions-policy", "camera=(self)"));
		expect(http_header_has(&head.headers, "permissions-policy", "microphone=()"));
		expect(http_header_has(&head.headers, "permissions-policy", "geolocation=()"));
		expect(!field("strict-transport-security").p);
	}
}

TEST(over_tls_the_name_stays_with_tls)
{
	begin();
	site.is_tls = true;
	expect_eq(get("/", "Host: dial.localhost\r\n"), 200);
	struct view policy = field("content-security-policy");
	struct view end = VIEW_LIT("connect-src 'self' wss://dial.localhost");
	expect_bytes(view_slice(policy, policy.n - end.n, policy.n), end);
	/* Of names of this machine that would take plain HTTP away on every port. */
	expect(!field("strict-transport-security").p);
	site.domain = "dial.example";
	expect_eq(get("/", "Host: dial.example\r\n"), 200);
	expect_bytes(field("strict-transport-security"), VIEW_LIT("max-age=31536000"));
	site.is_tls = false;
	expect_eq(get("/", "Host: dial.example\r\n"), 200);
	expect(!field("strict-transport-security").p);
}

TEST(other_names_are_not_answered)
{
	static const char *const bad[] = {
		"evil.example",
		"dial.localhost.evil.example",
		"evil.dial.localhost",
		"dial.localhost:",
		"dial.localhost:x",
		"dial.localhost:80:80",
		"dial.localhost:65536",
		"dial.localhost:0000080",
		"dial.localhost.",
		"dial.localhost;",
		"dial.localhost:80;script-src",
		"127.0.0.1:8451",
		"[::1]:8451",
		"localhost",
		"user@dial.localhost",
	};
	char more[200];
	begin();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(more, sizeof more, "Host: %s\r\n", bad[i]);
		if (get("/", more) != 421)
			test_fail(__FILE__, __LINE__, "%s is answered", bad[i]);
		/* Nothing of it comes back. */
		struct view policy = field("content-security-policy");
		struct view end = VIEW_LIT(" ws://dial.localhost");
		expect_bytes(view_slice(policy, policy.n - end.n, policy.n), end);
	}
	expect_eq(get("/", "Host: Dial.LocalHost:1\r\n"), 200);
	expect_eq(get("/", "Host: dial.localhost\r\n"), 200);
}

static int opening(bool is_tls, const char *more)
{
	struct http_request q = request("/v1", more);
	site.is_tls = is_tls;
	return web_opening_check(&site, &q);
}

TEST(sockets_are_for_own_pages_and_for_programs)
{
	begin();
	/* Programs that are no browsers: by any name over TLS, by the app's on this machine. */
	expect_eq(opening(true, "Host: backbone.example\r\n"), 101);
	expect_eq(opening(true, HOST), 101);
	expect_eq(opening(false, HOST), 101);
	expect_eq(opening(false, "Host: evil.example\r\n"), 421);
	/* Own pages. */
	expect_eq(opening(true, HOST "Origin: https://dial.localhost:8451\r\n"), 101);
	expect_eq(opening(false, HOST "Origin: http://dial.localhost:8451\r\n"), 101);
	expect_eq(opening(true, "Host: dial.localhost\r\nOrigin: https://dial.localhost\r\n"), 101);
	/* All others. */
	static const char *const bad[] = {
		"https://evil.example",
		"https://dial.localhost",
		"https://dial.localhost:8452",
		"https://dial.localhost:8451/",
		"https://dial.localhost:8451.evil.example",
		"https://evil.dial.localhost:8451",
		"http://dial.localhost:8451",
		"dial.localhost:8451",
		"null",
		"",
	};
	char more[300];
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(more, sizeof more, HOST "Origin: %s\r\n", bad[i]);
		if (opening(true, more) != 403)
			test_fail(__FILE__, __LINE__, "%s is let in", bad[i]);
	}
	expect_eq(opening(false, HOST "Origin: https://dial.localhost:8451\r\n"), 403);
	expect_eq(opening(true, HOST "Origin: https://dial.localhost:8451\r\n"
				     "Origin: https://dial.localhost:8451\r\n"),
		  403);
	/* A name of one's own that points here has an origin that fits its Host. */
	expect_eq(opening(true, "Host: evil.example\r\nOrigin: https://evil.example\r\n"), 421);
	expect_eq(opening(false, "Host: evil.example\r\nOrigin: http://evil.example\r\n"), 421);
}

TEST(pages_are_told_the_apps)
{
	static const struct config c = {
		.apps = { { .name = "dial",
			    .domain = "dial.example",
			    .names = CONFIG_NAMES_NUMBER },
			  { .name = "lens",
			    .domain = "lens.example",
			    .names = CONFIG_NAMES_HANDLE,
			    .title = "Lens & Co" } },
		.apps_n = 2,
		.peers = { { .domain = "plaza.example", .names = CONFIG_NAMES_ADDRESS },
			   { .domain = "unsaid.example" },
			   { .domain = "far.example",
			     .names = CONFIG_NAMES_HANDLE,
			     .title = "Far" } },
		.peers_n = 3,
	};
	struct buf made;
	buf_init(&made, 4096);
	web_apps_add(&c, 1, &made);
	expect_bytes(
		buf_view(&made),
		VIEW_LIT("{\"apps\":["
			 "{\"domain\":\"dial.example\",\"title\":\"Dial\",\"names\":\"number\"},"
			 "{\"domain\":\"lens.example\",\"title\":\"Lens & Co\","
			 "\"names\":\"handle\",\"self\":true},"
			 "{\"domain\":\"plaza.example\",\"title\":\"Plaza\","
			 "\"names\":\"address\"},"
			 "{\"domain\":\"far.example\",\"title\":\"Far\","
			 "\"names\":\"handle\"}]}\n"));
	buf_done(&made);
}

TEST(a_site_without_files)
{
	begin();
	site.files = NULL;
	expect_eq(get("/", HOST), 404);
	buf_done(&lines);
	buf_done(&text);
}
