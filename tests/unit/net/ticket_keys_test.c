/* SPDX-License-Identifier: Apache-2.0 */
/* Whose tickets resume a session: those of the keys that are kept, for two days, and never without a
 * fresh key exchange. */
#include "net/env_system.h"
#include "net/ticket_keys.h"
#include "net/tls.h"
#include "tests/unit/harness.h"
#include "tests/unit/net/certs.h"

#include <openssl/ssl.h>

enum { HOUR_MS = 3600 * 1000 };

static uint64_t now_ms = UINT64_C(1800000000000);

static uint64_t test_now(void *ctx)
{
	(void)ctx;
	return now_ms;
}

static uc_err test_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	return env_random(env_system(), out, n);
}

static const struct env env = { NULL, test_now, test_random, NULL };

/* A server from its start to its end: with the keys in this text, or with none. */
struct server {
	struct tls_server *tls;
	struct ticket_keys *keys;
};

static struct server server_start(struct view kept)
{
	struct server s;
	bool changed = false;
	test_authority("local");
	test_certificate("local", "dial.localhost");
	expect_ok(tls_server_new(test_certificate_file("dial.localhost"),
				 test_key_file("dial.localhost"), NULL, 0, &s.tls));
	expect_ok(ticket_keys_new(&env, &s.keys));
	if (kept.n)
		expect_ok(ticket_keys_read(s.keys, kept));
	expect_ok(ticket_keys_rotate(s.keys, &changed));
	expect_ok(ticket_keys_use(s.keys, tls_server_context(s.tls)));
	return s;
}

static void server_end(struct server *s)
{
	tls_server_free(s->tls);
	ticket_keys_free(s->keys);
}

static void keep(const struct server *s, struct buf *out)
{
	buf_init(out, 4096);
	ticket_keys_add(s->keys, out);
	expect_ok(out->failed);
}

/* What the next connections offer, NULL: what OpenSSL does; and what the last one came to. */
static const char *suites_offered;
static char suite_taken[64];

/* A connection, resumed if there is a session and the server lets it; *session becomes the next. */
static bool connects_resumed(const struct server *s, SSL_SESSION **session)
{
	SSL_CTX *ctx = NULL;
	BIO *a = NULL, *b = NULL;
	char c;
	expect_ok(tls_client_new(test_path("local.ca.pem"), NULL, NULL, &ctx));
	if (suites_offered)
		expect(SSL_CTX_set_ciphersuites(ctx, suites_offered) == 1);
	SSL *client = SSL_new(ctx), *server = SSL_new(tls_server_context(s->tls));
	expect(BIO_new_bio_pair(&a, 0, &b, 0) == 1);
	SSL_set_bio(client, a, a);
	SSL_set_bio(server, b, b);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	if (*session)
		expect(SSL_set_session(client, *session) == 1);
	for (int i = 0; i < 10; i++) {
		SSL_do_handshake(client);
		SSL_do_handshake(server);
	}
	expect(SSL_is_init_finished(client) && SSL_is_init_finished(server));
	expect(SSL_read(client, &c, 1) < 0); /* takes the ticket */
	bool is_resumed = SSL_session_reused(server) == 1;
	/* Fresh keys have been exchanged, also then. */
	expect(SSL_get_negotiated_group(server) > 0);
	snprintf(suite_taken, sizeof suite_taken, "%s", SSL_get_cipher_name(server));
	SSL_SESSION_free(*session);
	*session = SSL_get1_session(client);
	SSL_shutdown(client);
	SSL_free(client);
	SSL_free(server);
	tls_client_free(ctx);
	return is_resumed;
}

TEST(a_restart_with_the_kept_keys_resumes)
{
	SSL_SESSION *session = NULL;
	struct buf kept;
	struct server s = server_start((struct view){ 0 });
	expect(!connects_resumed(&s, &session));
	expect(connects_resumed(&s, &session));
	keep(&s, &kept);
	server_end(&s);
	s = server_start(buf_view(&kept));
	expect(connects_resumed(&s, &session));
	expect(!(SSL_CTX_get_options(tls_server_context(s.tls)) & SSL_OP_ALLOW_NO_DHE_KEX));
	server_end(&s);
	/* Without them it is a stranger's. */
	s = server_start((struct view){ 0 });
	expect(!connects_resumed(&s, &session));
	server_end(&s);
	SSL_SESSION_free(session);
	buf_done(&kept);
}

TEST(sha256_comes_first_and_chacha_where_the_client_says_so)
{
	static const char *const offers[][2] = {
		{ NULL, "TLS_AES_128_GCM_SHA256" },
		{ "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256" },
		{ "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384" },
		{ "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256",
		  "TLS_CHACHA20_POLY1305_SHA256" },
		{ "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_256_GCM_SHA384" },
	};
	struct server s = server_start((struct view){ 0 });
	for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
		SSL_SESSION *session = NULL;
		suites_offered = offers[i][0];
		expect(!connects_resumed(&s, &session));
		expect_bytes(view_str(suite_taken), view_str(offers[i][1]));
		expect(connects_resumed(&s, &session));
		expect_bytes(view_str(suite_taken), view_str(offers[i][1]));
		SSL_SESSION_free(session);
	}
	suites_offered = NULL;
	server_end(&s);
}

TEST(keys_are_changed_daily_and_open_for_two_days)
{
	SSL_SESSION *old = NULL, *older = NULL, *other = NULL;
	struct server s = server_start((struct view){ 0 });
	bool changed = false;
	connects_resumed(&s, &old);
	connects_resumed(&s, &older);
	now_ms += 23 * HOUR_MS;
	expect_ok(ticket_keys_rotate(s.keys, &changed));
	expect(!changed);
	now_ms += 2 * HOUR_MS;
	expect_ok(ticket_keys_rotate(s.keys, &changed));
	expect(changed);
	expect(connects_resumed(&s, &old)); /* and gets a ticket of today */
	now_ms += 22 * HOUR_MS;
	other = SSL_SESSION_dup(older);
	expect(connects_resumed(&s, &other));
	/* The two days are over, whether anybody has rotated meanwhile or not. */
	now_ms += 2 * HOUR_MS;
	expect(!connects_resumed(&s, &older));
	expect(connects_resumed(&s, &old));
	/* A clock that is put back makes nothing old, and nothing new. */
	expect_ok(ticket_keys_rotate(s.keys, &changed));
	now_ms -= 100 * HOUR_MS;
	expect_ok(ticket_keys_rotate(s.keys, &changed));
	expect(!changed);
	expect(connects_resumed(&s, &old));
	now_ms += 100 * HOUR_MS;
	server_end(&s);
	SSL_SESSION_free(old);
	SSL_SESSION_free(older);
	SSL_SESSION_free(other);
}

TEST(a_damaged_file_changes_nothing)
{
	SSL_SESSION *session = NULL;
	struct buf kept;
	struct server s = server_start((struct view){ 0 });
	connects_resumed(&s, &session);
	keep(&s, &kept);
	const size_t line = kept.n - strlen("undercroft ticket keys 1\n");
	for (size_t cut = 1; cut <= line; cut++) /* also without its last end of line */
		if (cut < line)
			expect_err(ticket_keys_read(s.keys, view_make(kept.p, kept.n - cut)),
				   UC_E_MALFORMED);
	expect_err(ticket_keys_read(s.keys, VIEW_LIT("")), UC_E_MALFORMED);
	expect_err(ticket_keys_read(s.keys, VIEW_LIT("undercroft ticket keys 2\n")),
		   UC_E_MALFORMED);
	struct buf many;
	buf_init(&many, 10000);
	buf_add_view(&many, buf_view(&kept));
	for (int i = 0; i < TICKET_KEYS_MAX; i++)
		buf_add(&many, kept.p + kept.n - line, line);
	expect_err(ticket_keys_read(s.keys, buf_view(&many)), UC_E_MALFORMED);
	kept.p[kept.n - 3] = 'x';
	expect_err(ticket_keys_read(s.keys, buf_view(&kept)), UC_E_MALFORMED);
	expect(connects_resumed(&s, &session));
	server_end(&s);
	SSL_SESSION_free(session);
	buf_done(&kept);
	buf_done(&many);
}
