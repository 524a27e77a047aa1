/* SPDX-License-Identifier: Apache-2.0 */
#include "server/web.h"

#include "base/text.h"
#include "net/http_accept.h"
#include "net/resolve.h"

/* Everything a page may do is named here; what is not named it may not. */
enum header_rule {
	HEADER_ALWAYS,
	HEADER_SOCKET, /* ends with the origin of the page's WebSocket */
	HEADER_TLS,    /* over TLS only */
};
struct fixed_header {
	const char *name, *value;
	enum header_rule rule;
};
static const struct fixed_header fixed_headers[] = {
	{ "Content-Security-Policy",
	  /* Scripts and styles are files of ours, never text in a page; WebAssembly counts as a
	   * script that is made at run time and is allowed by name.  What contacts show is drawn from
	   * addresses of the page's own, blob:, which lead to no other place. */
	  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
	  "style-src 'self'; img-src 'self' data: blob:; font-src 'self'; manifest-src 'self'; "
	  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
	  "require-trusted-types-for 'script'; trusted-types undercroft; "
	  /* Older browsers don't take 'self' for the WebSocket. */
	  "connect-src 'self' ",
	  HEADER_SOCKET },
	{ "X-Content-Type-Options", "nosniff", HEADER_ALWAYS },
	{ "Referrer-Policy", "no-referrer", HEADER_ALWAYS },
	/* Nobody who opens or embeds us shares a process, a window handle or a cache with us. */
	{ "Cross-Origin-Opener-Policy", "same-origin", HEADER_ALWAYS },
	{ "Cross-Origin-Embedder-Policy", "require-corp", HEADER_ALWAYS },
	{ "Cross-Origin-Resource-Policy", "same-origin", HEADER_ALWAYS },
	{ "Permissions-Policy",
	  "accelerometer=(), autoplay=(), camera=(self), display-capture=(), encrypted-media=(), "
	  "geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), "
	  "magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), "
	  "publickey-credentials-get=(), screen-wake-lock=(), serial=(), sync-xhr=(), usb=(), "
	  "xr-spatial-tracking=()",
	  HEADER_ALWAYS },
	{ "Strict-Transport-Security", "max-age=31536000", HEADER_TLS },
};

/* Host is the app's domain, perhaps with a port. */
static bool host_is_ours(struct view host, const char *domain)
{
	struct view name, port = view_cut(host, ':', &name);
	uint64_t number = 0;
	if (!http_text_equal(name, view_str(domain)))
		return false;
	return !port.p || (port.n <= 5 && !decimal_read(port, &number) && number <= UINT16_MAX);
}

static void fixed_headers_add(struct buf *lines, const struct web_site *site, struct view host)
{
	for (size_t i = 0; i < sizeof fixed_headers / sizeof *fixed_headers; i++) {
		const struct fixed_header *h = &fixed_headers[i];
		/* A name is either plain or strict in the browser, on all its ports: names of this
		 * machine stay free for both. */
		if (h->rule == HEADER_TLS && (!site->is_tls || host_is_localhost(site->domain)))
			continue;
		buf_printf(lines, "%s: %s", h->name, h->value);
		if (h->rule == HEADER_SOCKET) {
			buf_add_str(lines, site->is_tls ? "wss://" : "ws://");
			buf_add_view(lines, host);
		}
		buf_add_str(lines, "\r\n");
	}
}

static int refuse(struct buf *lines, int status, const char *text, struct view *body)
{
	buf_add_str(lines, "Content-Type: text/plain; charset=utf-8\r\n"
			   "Cache-Control: no-store\r\n");
	*body = view_str(text);
	return status;
}

/* The coding the client likes best; of those it likes alike, ours.  Plain when it likes none. */
static enum web_coding coding_choose(const struct web_file *f, const struct http_headers *h)
{
	enum web_coding best = WEB_IDENTITY;
	unsigned most = 0;
	for (int c = WEB_BR; c < WEB_CODINGS; c++) {
		unsigned weight =
			f->bodies[c].bytes.p ? http_accept_weight(h, web_coding_names[c]) : 0;
		if (weight > most) {
			best = (enum web_coding)c;
			most = weight;
		}
	}
	return best;
}

/* RFC 9110, 13.1.2: the weak comparison, which here differs in nothing but the prefix. */
static bool has_it(const struct http_headers *h, const struct web_body *body)
{
	char weak[2 + WEB_ETAG_TEXT + 1] = "W/";
	memcpy(weak + 2, body->etag, sizeof body->etag);
	return http_header_has(h, "if-none-match", body->etag) ||
	       http_header_has(h, "if-none-match", weak) ||
	       http_header_has(h, "if-none-match", "*");
}

static int file_answer(const struct web_file *f, const struct http_headers *h, struct buf *lines,
		       struct view *body)
{
	enum web_coding coding = coding_choose(f, h);
	const struct web_body *b = &f->bodies[coding];
	buf_printf(lines, "Cache-Control: %s\r\nVary: Accept-Encoding\r\nETag: %s\r\n",
		   f->is_immutable ? "public, max-age=31536000, immutable" : "no-cache", b->etag);
	if (has_it(h, b))
		return 304;
	buf_printf(lines, "Content-Type: %s\r\n", f->type);
	if (coding != WEB_IDENTITY)
		buf_printf(lines, "Content-Encoding: %s\r\n", web_coding_names[coding]);
	*body = b->bytes;
	return 200;
}

int web_answer(const struct web_site *site, const struct http_request *q, struct buf *lines,
	       struct view *body)
{
	struct view host = http_header_find(&q->headers, "host");
	*body = (struct view){ 0 };
	if (!host_is_ours(host, site->domain)) {
		/* A page elsewhere has pointed a name of its own here (DNS rebinding), or somebody
		 * typed an address. */
		fixed_headers_add(lines, site, view_str(site->domain));
		return refuse(lines, 421, "This app answers under its own name only.\n", body);
	}
	fixed_headers_add(lines, site, host);
	const struct web_file *f = site->files ? web_files_find(site->files, q->path) : NULL;
	if (!f)
		return refuse(lines, 404, "There is nothing here.\n", body);
	return file_answer(f, &q->headers, lines, body);
}

/* RFC 6454, 6.2: scheme, host and port, as the browser sends them. */
static bool origin_is_ours(const struct web_site *site, struct view origin, struct view host)
{
	struct view scheme = view_str(site->is_tls ? "https://" : "http://");
	return view_starts_with(origin, scheme) &&
	       http_text_equal(view_slice(origin, scheme.n, origin.n), host);
}

int web_opening_check(const struct web_site *site, const struct http_request *q)
{
	struct view host = http_header_find(&q->headers, "host"), origin = { 0 };
	size_t origins = 0;
	for (size_t i = 0; i < q->headers.n; i++) {
		if (!http_text_equal(q->headers.v[i].name, VIEW_LIT("origin")))
			continue;
		origin = q->headers.v[i].value;
		origins++;
	}
	/* Over TLS the certificate has said who we are to all but browsers, which say where their
	 * page is from. */
	if (!origins && site->is_tls)
		return 101;
	if (!host_is_ours(host, site->domain))
		return 421;
	if (origins > 1 || (origins && !origin_is_ours(site, origin, host)))
		return 403;
	return 101;
}
