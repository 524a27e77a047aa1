/* SPDX-License-Identifier: Apache-2.0 */
/* One look at the socket for all records that have come; what a turn leaves is there in the next. */
#include "net/tls_bio.h"
#include "base/heap.h"
#include "net/tls.h"
#include "tests/unit/harness.h"
#include "tests/unit/net/certs.h"

#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
	int fd[2];
	struct tls_server *context;
	SSL_CTX *client_context;
	SSL *client, *server;
	struct tls_wire wire;
	struct tls_input input;
} w;

static void pair_begin(void)
{
	w.wire = (struct tls_wire){ 0 };
	w.input = (struct tls_input){ .bytes = heap_new(TLS_BIO_BYTES) };
	expect_ok(tls_bio_init());
	test_authority("local");
	test_certificate("local", "dial.localhost");
	expect_ok(tls_server_new(test_certificate_file("dial.localhost"),
				 test_key_file("dial.localhost"), NULL, 0, &w.context));
	expect_ok(tls_client_new(test_path("local.ca.pem"), NULL, NULL, &w.client_context));
	expect(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, w.fd));
	w.client = SSL_new(w.client_context);
	w.server = SSL_new(tls_server_context(w.context));
	w.wire.fd = w.fd[1];
	expect(SSL_set_fd(w.client, w.fd[0]));
	expect_ok(tls_bio_set(w.server, &w.wire));
	SSL_set_connect_state(w.client);
	SSL_set_accept_state(w.server);
	for (int i = 0;
	     i < 10 && !(SSL_is_init_finished(w.client) && SSL_is_init_finished(w.server)); i++) {
		SSL_do_handshake(w.client);
		tls_wire_begin(&w.wire, &w.input);
		SSL_do_handshake(w.server);
		expect_ok(tls_wire_end(&w.wire));
	}
	expect(SSL_is_init_finished(w.client) && SSL_is_init_finished(w.server));
}

static void pair_end(void)
{
	SSL_free(w.client);
	SSL_free(w.server);
	tls_wire_done(&w.wire);
	tls_server_free(w.context);
	tls_client_free(w.client_context);
	heap_free(w.input.bytes);
	close(w.fd[0]);
	close(w.fd[1]);
}

static void say(const char *s)
{
	expect_eq(SSL_write(w.client, s, (int)strlen(s)), strlen(s));
}

static void hear(const char *s)
{
	char got[64];
	int n = SSL_read(w.server, got, sizeof got);
	expect_bytes(view_make(got, n > 0 ? (size_t)n : 0), view_str(s));
}

static int waiting(void)
{
	int n = -1;
	ioctl(w.fd[1], FIONREAD, &n);
	return n;
}

TEST(one_look_takes_all_records)
{
	pair_begin();
	say("one");
	say("two");
	say("three");
	tls_wire_begin(&w.wire, &w.input);
	hear("one");
	expect_eq(waiting(), 0);
	say("later"); /* comes after the look, and is not looked for in this turn */
	hear("two");
	expect(tls_wire_has_more(&w.wire));
	hear("three");
	expect(!tls_wire_has_more(&w.wire));
	char c;
	int n = SSL_read(w.server, &c, 1);
	expect_eq(SSL_get_error(w.server, n), SSL_ERROR_WANT_READ);
	expect_ok(tls_wire_end(&w.wire));
	expect(!w.wire.kept);
	tls_wire_begin(&w.wire, &w.input);
	hear("later");
	expect_ok(tls_wire_end(&w.wire));
	pair_end();
}

TEST(what_a_turn_leaves_is_there_in_the_next)
{
	pair_begin();
	say("one");
	say("two");
	say("three");
	tls_wire_begin(&w.wire, &w.input);
	hear("one");
	expect_ok(tls_wire_end(&w.wire));
	expect(w.wire.kept != NULL);
	say("four");
	tls_wire_begin(&w.wire, &w.input);
	hear("two");
	expect_ok(tls_wire_end(&w.wire)); /* before all that was kept is used */
	tls_wire_begin(&w.wire, &w.input);
	expect(tls_wire_has_more(&w.wire));
	hear("three");
	expect(!w.wire.kept);
	hear("four");
	expect_ok(tls_wire_end(&w.wire));
	pair_end();
}

TEST(outside_a_turn_nothing_is_read)
{
	char c;
	pair_begin();
	say("one");
	int n = SSL_read(w.server, &c, 1);
	expect_eq(SSL_get_error(w.server, n), SSL_ERROR_WANT_READ);
	tls_wire_begin(&w.wire, &w.input);
	hear("one");
	expect_ok(tls_wire_end(&w.wire));
	pair_end();
}

TEST(an_end_without_a_goodbye_is_an_error)
{
	char c;
	pair_begin();
	say("one");
	shutdown(w.fd[0], SHUT_WR);
	tls_wire_begin(&w.wire, &w.input);
	hear("one");
	expect_ok(tls_wire_end(&w.wire));
	tls_wire_begin(&w.wire, &w.input);
	int n = SSL_read(w.server, &c, 1);
	int why = SSL_get_error(w.server, n);
	expect(why == SSL_ERROR_SSL || why == SSL_ERROR_SYSCALL);
	expect(w.wire.has_ended);
	expect_ok(tls_wire_end(&w.wire));
	pair_end();
}
