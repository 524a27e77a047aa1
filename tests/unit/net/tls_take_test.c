/* SPDX-License-Identifier: Apache-2.0 */
/* A server's stream whose records are ours after OpenSSL's handshake, with OpenSSL as its client, whose
 * bytes the test carries: whole, in pieces, changed, or together with its Finished. */
#include "net/tls_take.h"
#include "base/heap.h"
#include "net/env_system.h"
#include "net/stream.h"
#include "net/tls.h"
#include "tests/unit/harness.h"
#include "tests/unit/net/certs.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OUTPUT_MAX = 8 << 20, LARGE = 3 << 20, ONES = 8 };

static const char *const suites[] = { "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
				      "TLS_CHACHA20_POLY1305_SHA256" };

/* A connection: those of a loop share its cipher contexts. */
static struct one {
	struct stream stream;
	SSL *client;
	BIO *from, *to; /* the client's, as the client sees them */
	int fd;         /* the client's end */
	int opened, closed;
	uc_err why;
	size_t heard; /* by the server */
} ones[ONES];
static struct one *c = ones; /* whose turn it is */

static struct {
	struct net_loop loop;
	struct metrics metrics;
	struct tls_server *tls;
	SSL_CTX *context;
	SSL_SESSION *session;
	size_t step;   /* bytes carried at once; 0: all */
	bool is_tcp;   /* else there is nobody to say what was taken */
	bool is_stuck; /* the client takes nothing */
	bool quiet;    /* the server does not answer */
	bool ends;     /* it does, and ends */
} w;

static uint8_t large[LARGE];

static void on_open(struct stream *s)
{
	((struct one *)s)->opened++;
	expect(s->ssl != NULL);
}
static void on_read(struct stream *s, uint8_t *bytes, size_t n)
{
	((struct one *)s)->heard += n;
	if (!w.quiet)
		stream_write(s, view_make(bytes, n));
	if (w.ends)
		stream_end(s, UC_E_CLOSED);
}
static void on_sent(struct stream *s)
{
	(void)s;
}
static void on_timeout(struct stream *s)
{
	stream_abort(s, UC_E_TIMEOUT);
}
static void on_closed(struct stream *s, uc_err why)
{
	((struct one *)s)->closed++;
	((struct one *)s)->why = why;
}
static const struct stream_handler handler = { on_open, on_read, on_sent, on_timeout, on_closed };

static void world_begin(void)
{
	memset(&w, 0, sizeof w);
	memset(ones, 0, sizeof ones);
	c = ones;
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (uint8_t)(i * 31 + i / 253);
	test_authority("local");
	test_certificate("local", "dial.localhost");
	expect_ok(loop_init(&w.loop, env_system()));
	w.loop.metrics = &w.metrics;
	expect_ok(tls_server_new(test_certificate_file("dial.localhost"),
				 test_key_file("dial.localhost"), NULL, 0, &w.tls));
	expect_ok(tls_client_new(test_path("local.ca.pem"), NULL, NULL, &w.context));
}

static void client_end(void)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (c->opened > c->closed || (!c->opened && !c->closed))
		stream_abort(&c->stream, UC_E_CLOSED);
	for (int i = 0; i < 100 && !c->closed; i++)
		uv_run(&w.loop.uv, UV_RUN_NOWAIT);
	expect_eq(c->closed, 1);
	/* Without this its session would not be resumed. */
	SSL_set_shutdown(c->client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(c->client);
	c->client = NULL;
}

static void world_end(void)
{
	SSL_SESSION_free(w.session);
	loop_done(&w.loop);
	tls_server_free(w.tls);
	tls_client_free(w.context);
}

/* Bytes of the client go to the server as they are, or a part of them. */
static void carry_there(void)
{
	uint8_t b[70000];
	int n = BIO_read(c->to, b, w.step && w.step < sizeof b ? (int)w.step : (int)sizeof b);
	for (int at = 0; c->fd >= 0 && at < n;) {
		ssize_t sent = send(c->fd, b + at, (size_t)(n - at), MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN)
			return;
		at += sent > 0 ? (int)sent : 0;
		if (sent <= 0)
			uv_run(&w.loop.uv, UV_RUN_NOWAIT);
	}
}

static void carry_back(void)
{
	uint8_t b[70000];
	ssize_t n = w.is_stuck || c->fd < 0 ? 0 : recv(c->fd, b, w.step ? w.step : sizeof b, 0);
	if (n > 0)
		expect_eq(BIO_write(c->from, b, (int)n), n);
}

static void turn(void)
{
	carry_there();
	uv_run(&w.loop.uv, UV_RUN_NOWAIT);
	carry_back();
}

/* Of small buffers, so that a long queue does not go into them. */
static void tcp_pair(int fd[2])
{
	const int small = 100000;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	int from = socket(AF_INET, SOCK_STREAM, 0);
	expect(!bind(from, (struct sockaddr *)&a, n) && !listen(from, 1));
	expect(!getsockname(from, (struct sockaddr *)&a, &n));
	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	expect(!setsockopt(fd[0], SOL_SOCKET, SO_RCVBUF, &small, sizeof small));
	expect(!connect(fd[0], (struct sockaddr *)&a, n));
	fd[1] = accept(from, NULL, NULL);
	expect(fd[1] >= 0);
	expect(!setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small));
	for (int i = 0; i < 2; i++)
		expect(!fcntl(fd[i], F_SETFL, O_NONBLOCK));
	close(from);
}

static void client_begin(const char *suite)
{
	int fd[2];
	c->opened = c->closed = 0;
	c->heard = 0;
	if (w.is_tcp)
		tcp_pair(fd);
	else
		expect(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd));
	c->fd = fd[0];
	expect_ok(stream_start(&c->stream, &w.loop, fd[1], tls_server_context(w.tls), NULL,
			       &handler, OUTPUT_MAX));
	c->client = SSL_new(w.context);
	c->from = BIO_new(BIO_s_mem());
	c->to = BIO_new(BIO_s_mem());
	SSL_set_bio(c->client, c->from, c->to);
	SSL_set_connect_state(c->client);
	if (suite)
		expect(SSL_set_ciphersuites(c->client, suite) == 1);
	if (w.session)
		expect(SSL_set_session(c->client, w.session) == 1);
}

/* To the client's last message, which lies with it. */
static void client_greets(void)
{
	for (int i = 0; i < 20000 && SSL_do_handshake(c->client) != 1; i++)
		turn();
	expect(SSL_is_init_finished(c->client));
}

static void client_opens(const char *suite)
{
	client_begin(suite);
	client_greets();
	for (int i = 0; i < 2000 && !c->opened; i++)
		turn();
	expect_eq(c->opened, 1);
	expect(!c->stream.ssl && c->stream.record);
	if (suite)
		expect(!strcmp(SSL_get_cipher(c->client), suite));
}

static void says(struct view v)
{
	for (size_t at = 0; at < v.n;) {
		int n = SSL_write(c->client, v.p + at, (int)(v.n - at));
		expect(n > 0);
		at += n > 0 ? (size_t)n : v.n;
	}
}

/* So much comes back, and is this. */
static void hears(struct view v)
{
	static uint8_t got[LARGE];
	size_t n = 0;
	for (int i = 0; i < 100000 && n < v.n && !c->closed; i++) {
		turn();
		int more;
		while (n < v.n && (more = SSL_read(c->client, got + n, (int)(v.n - n))) > 0)
			n += (size_t)more;
	}
	expect_eq(n, v.n);
	expect(view_equal(view_make(got, n), v));
}

static void echoes(struct view v)
{
	says(v);
	hears(v);
}

/* What the client is told at the end. */
static int reason(void)
{
	char byte;
	ERR_clear_error();
	for (int i = 0; i < 1000; i++) {
		turn();
		int n = SSL_read(c->client, &byte, 1);
		expect(n <= 0);
		int err = SSL_get_error(c->client, n);
		if (err == SSL_ERROR_ZERO_RETURN)
			return 0;
		if (err != SSL_ERROR_WANT_READ)
			return ERR_GET_REASON(ERR_peek_error());
	}
	return -1;
}

TEST(sizes_and_suites)
{
	static const size_t sizes[] = { 0, 1, 2, 15, 16, 17, 1000, 16383, 16384, 16385, 50000 };
	world_begin();
	for (size_t s = 0; s < 3; s++) {
		client_opens(suites[s]);
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
			echoes(view_make(large + i, sizes[i]));
		client_end();
	}
	expect_eq(w.metrics.value[METRIC_HANDSHAKES], 3);
	expect_eq(w.metrics.value[METRIC_HANDSHAKES_KEPT], 0);
	world_end();
}

TEST(in_pieces)
{
	static const size_t steps[] = { 1, 4, 5, 23, 1000, 17000 };
	world_begin();
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		w.step = steps[i];
		client_opens(NULL);
		echoes(VIEW_LIT("some"));
		echoes(view_make(large, 40 * steps[i]));
		w.step = 0;
		client_end();
	}
	world_end();
}

/* Sizes, pieces, updates and who answers when, as they fall. */
TEST(as_it_falls)
{
	world_begin();
	test_seed(121);
	for (size_t s = 0; s < 3; s++) {
		client_opens(suites[s]);
		c->stream.record->records_max = 50;
		for (int i = 0; i < 150; i++) {
			uint32_t r[4];
			size_t at = 0;
			expect_ok(env_random(test_env(), (uint8_t *)r, sizeof r));
			w.step = r[0] % 3 ? 0 : 1 + r[1] % 3000;
			if (r[0] % 5 == 0)
				SSL_key_update(c->client, r[1] & 1 ? SSL_KEY_UPDATE_REQUESTED
								   : SSL_KEY_UPDATE_NOT_REQUESTED);
			for (unsigned k = 0; k <= r[2] % 4; k++) { /* several in one look */
				size_t n = (r[3] >> (4 * k)) % (TLS_CONTENT_MAX + 1);
				says(view_make(large + at, n));
				at += n;
			}
			hears(view_make(large, at));
		}
		w.step = 0;
		expect(c->stream.record->write.seq <= 50);
		client_end();
	}
	world_end();
}

TEST(together_with_the_finished_and_resumed)
{
	world_begin();
	for (size_t i = 0; i < 6; i++) {
		client_begin(suites[i / 2]);
		client_greets();
		/* Nothing of the client's last flight has gone yet: the data go with it. */
		says(view_make(large, 40000));
		says(VIEW_LIT("and more"));
		expect_eq(c->opened, 0);
		w.step = i > 3 ? 100 : 0;
		hears(view_make(large, 40000));
		hears(VIEW_LIT("and more"));
		expect(!c->stream.ssl);
		w.step = 0;
		expect_eq(SSL_session_reused(c->client), i % 2);
		SSL_SESSION_free(w.session);
		w.session = i % 2 ? NULL : SSL_get1_session(c->client);
		client_end();
	}
	expect_eq(w.metrics.value[METRIC_HANDSHAKES_RESUMED], 3);
	world_end();
}

TEST(after_a_second_hello)
{
	int first[] = { NID_X25519, NID_secp384r1 };
	world_begin();
	expect(SSL_CTX_set1_groups(tls_server_context(w.tls), first + 1, 1) == 1);
	client_begin(NULL);
	expect(SSL_set1_groups(c->client, first, 2) == 1);
	client_greets();
	echoes(VIEW_LIT("hello"));
	expect(!c->stream.ssl);
	client_end();
	world_end();
}

TEST(keys_are_updated_both_ways)
{
	world_begin();
	for (size_t s = 0; s < 3; s++) {
		client_opens(suites[s]);
		for (int i = 0; i < 20; i++) {
			expect(SSL_key_update(c->client, i % 3 ? SSL_KEY_UPDATE_REQUESTED
							       : SSL_KEY_UPDATE_NOT_REQUESTED));
			echoes(view_make(large, 1 + 997 * (size_t)i));
		}
		c->stream.record->records_max = 7;
		for (int i = 0; i < 100; i++)
			echoes(view_make(large, 20));
		expect(c->stream.record->write.seq <= 7);
		client_end();
	}
	world_end();
}

TEST(ten_thousand_records_and_then_an_update)
{
	world_begin();
	client_opens(NULL);
	w.quiet = true;
	for (int i = 0; i < 10000; i++) {
		says(VIEW_LIT("a record"));
		if (i % 500 == 0)
			turn();
	}
	for (int i = 0; i < 1000 && c->heard < 80000; i++)
		turn();
	expect_eq(c->heard, 80000);
	expect_eq(c->stream.record->read.seq, 10000);
	w.quiet = false;
	expect(SSL_key_update(c->client, SSL_KEY_UPDATE_REQUESTED));
	echoes(VIEW_LIT("after it"));
	expect_eq(c->stream.record->read.seq, 1);
	expect_eq(c->stream.record->write.seq, 1);
	client_end();
	world_end();
}

TEST(who_does_not_read_gets_all_later)
{
	world_begin();
	client_opens(NULL);
	w.quiet = true;
	stream_write(&c->stream, VIEW_OF(large));
	w.is_stuck = true;
	for (int i = 0; i < 20; i++)
		turn();
	size_t queued = stream_queued(&c->stream);
	expect(queued > 0 && queued < LARGE);
	expect(c->stream.record->unsent != NULL);
	stream_end(&c->stream, UC_E_LIMIT);
	w.is_stuck = false;
	hears(VIEW_OF(large));
	expect_eq(reason(), 0); /* close_notify */
	client_end();
	expect_err(c->why, UC_E_LIMIT);
	world_end();
}

/* A long queue of which little is taken, then a minute; true when it goes on. */
static bool ends_slowly(size_t taken)
{
	client_opens(NULL);
	w.quiet = w.is_stuck = true;
	stream_write(&c->stream, VIEW_OF(large));
	for (int i = 0; i < 20; i++)
		turn();
	stream_end(&c->stream, UC_E_LIMIT);
	turn();
	uint64_t began_ms = c->stream.progress_ms;
	usleep(20000);
	w.is_stuck = false;
	size_t before = stream_queued(&c->stream);
	for (size_t got = 0; got < taken || stream_queued(&c->stream) == before; got += w.step)
		turn();
	usleep(20000); /* until it is acknowledged */
	expect(stream_queued(&c->stream) > 0);
	stream_sweep(&c->stream, began_ms + 60001);
	for (int i = 0; i < 3 && !c->closed; i++)
		uv_run(&w.loop.uv, UV_RUN_NOWAIT);
	return !c->closed;
}

TEST(who_takes_a_byte_now_and_then_holds_no_queue_at_the_end)
{
	world_begin();
	w.step = 4096;
	expect(!ends_slowly(1));
	client_end();
	expect_err(c->why, UC_E_LIMIT);
	w.step = 60000;
	w.is_tcp = true;
	expect(ends_slowly(1000000));
	client_end();
	world_end();
}

TEST(a_changed_record_ends_it_and_is_not_heard)
{
	uint8_t b[200];
	world_begin();
	for (size_t s = 0; s < 3; s++) {
		client_opens(suites[s]);
		echoes(VIEW_LIT("right"));
		c->heard = 0;
		says(VIEW_LIT("wrong"));
		int n = BIO_read(c->to, b, sizeof b);
		b[7] ^= 1;
		expect_eq(BIO_write(c->to, b, n), n);
		says(VIEW_LIT("right again"));
		expect_eq(reason(), SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
		expect_eq(c->heard, 0);
		client_end();
		expect_err(c->why, UC_E_TLS);
	}
	world_end();
}

/* Bytes of no record of the client's end the connection with this. */
static void ends_with(struct view bytes, int why)
{
	client_opens(NULL);
	echoes(VIEW_LIT("right"));
	expect_eq(BIO_write(c->to, bytes.p, (int)bytes.n), bytes.n);
	expect_eq(reason(), why);
	client_end();
	expect_err(c->why, UC_E_TLS);
}

TEST(what_is_no_record_ends_it)
{
	world_begin();
	ends_with(VIEW_LIT("\x14\3\3\0\1\1"), SSL_R_SSLV3_ALERT_UNEXPECTED_MESSAGE);
	ends_with(VIEW_LIT("\x15\3\3\0\2\1\0"), SSL_R_SSLV3_ALERT_UNEXPECTED_MESSAGE);
	ends_with(VIEW_LIT("\x17\3\3\x41\1"), SSL_R_TLSV1_ALERT_RECORD_OVERFLOW);
	ends_with(VIEW_LIT("\x17\3\3\0\0"), SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
	ends_with(VIEW_LIT("GET / HTTP/1.1\r\n\r\n"), SSL_R_SSLV3_ALERT_UNEXPECTED_MESSAGE);
	world_end();
}

TEST(goodbyes)
{
	world_begin();
	/* What came before it is answered, and it is, too. */
	client_opens(NULL);
	says(VIEW_LIT("last words"));
	SSL_shutdown(c->client);
	hears(VIEW_LIT("last words"));
	expect_eq(reason(), 0);
	client_end();
	expect_err(c->why, UC_E_CLOSED);
	/* Ours. */
	client_opens(NULL);
	stream_write(&c->stream, VIEW_LIT("the end"));
	stream_end(&c->stream, UC_E_TIMEOUT);
	hears(VIEW_LIT("the end"));
	expect_eq(reason(), 0);
	client_end();
	expect_err(c->why, UC_E_TIMEOUT);
	/* None at all, in the middle of a record. */
	client_opens(NULL);
	expect_eq(BIO_write(c->to, "\x17\3\3\0\x20...", 8), 8);
	turn();
	shutdown(c->fd, SHUT_WR);
	for (int i = 0; i < 10 && !c->closed; i++)
		turn();
	expect_eq(c->closed, 1);
	expect_err(c->why, UC_E_TLS);
	client_end();
	world_end();
}

/* The contexts of a loop hold one key at a time of each suite, and memory of a connection that ended
 * is soon another's. */
TEST(connections_take_turns)
{
	world_begin();
	for (size_t i = 0; i < ONES; i++) {
		c = &ones[i];
		client_opens(suites[i % 3]);
	}
	for (size_t round = 0; round < 60; round++) {
		for (size_t i = 0; i < ONES; i++) {
			c = &ones[(i * 5 + round) % ONES];
			if ((round + i) % 7 == 0)
				expect(SSL_key_update(c->client, (int)(round % 2)) == 1);
			says(view_make(large + i * 1000 + round, 1 + round * 379 * i % 9000));
			carry_there();
		}
		for (size_t i = 0; i < ONES; i++) {
			c = &ones[(i * 5 + round) % ONES];
			hears(view_make(large + i * 1000 + round, 1 + round * 379 * i % 9000));
		}
		c = &ones[round % ONES];
		if (round % 5 == 0) {
			client_end();
			client_opens(suites[round % 3]);
		}
	}
	for (c = ones; c < ones + ONES; c++)
		client_end();
	c = ones;
	world_end();
}

/* All that the socket takes goes away before the tickets: the handshake is over when they are written,
 * and what came meanwhile is heard then. */
TEST(tickets_wait_for_room)
{
	static uint8_t filling[4096];
	size_t filled = 0;
	world_begin();
	for (size_t s = 0; s < 3; s++) {
		client_begin(suites[s]);
		client_greets();
		for (ssize_t n = 1; n > 0; filled += n > 0 ? (size_t)n : 0)
			n = send(c->stream.fd, filling, sizeof filling, MSG_NOSIGNAL);
		says(VIEW_LIT("together"));
		w.is_stuck = true;
		for (int i = 0; i < 10; i++)
			turn();
		expect_eq(c->opened, 0);
		expect_eq(c->heard, 0);
		while (filled) {
			ssize_t n = recv(c->fd, filling,
					 filled < sizeof filling ? filled : sizeof filling, 0);
			expect(n > 0);
			filled -= n > 0 ? (size_t)n : filled;
		}
		w.is_stuck = false;
		hears(VIEW_LIT("together"));
		expect(!c->stream.ssl && c->stream.record);
		echoes(view_make(large, 100000));
		client_end();
	}
	expect_eq(w.metrics.value[METRIC_HANDSHAKES_KEPT], 0);
	world_end();
}

/* Whose answer comes after the client has said goodbye would wait for its next request. */
TEST(an_end_is_not_put_off)
{
	world_begin();
	client_opens(NULL);
	says(VIEW_LIT("last words"));
	SSL_shutdown(c->client);
	for (int i = 0; i < 5; i++)
		turn();
	uint64_t end = c->stream.deadline_ms;
	expect(c->stream.state >= STREAM_ENDING && end);
	stream_set_deadline(&c->stream, end + 60000);
	expect_eq(c->stream.deadline_ms, end);
	stream_set_deadline(&c->stream, 0);
	expect_eq(c->stream.deadline_ms, end);
	stream_sweep(&c->stream, end);
	turn();
	expect_eq(c->closed, 1);
	client_end();
	world_end();
}

/* Records of another size (RFC 6066, 4). */
static void client_begins_otherwise(void)
{
	client_begin(NULL);
	expect(SSL_set_tlsext_max_fragment_length(c->client, TLSEXT_max_fragment_length_512) == 1);
}

TEST(what_we_do_not_know_stays_with_openssl)
{
	world_begin();
	client_begins_otherwise();
	client_greets();
	echoes(view_make(large, 5000));
	expect(c->stream.ssl && !c->stream.record);
	expect_eq(w.metrics.value[METRIC_HANDSHAKES_KEPT], 1);
	client_end();
	world_end();
}

/* Nothing that was kept of the input is asked for any more at the end, least of all again and again. */
TEST(what_comes_after_a_goodbye_costs_nothing)
{
	world_begin();
	client_begins_otherwise();
	client_greets();
	echoes(VIEW_LIT("here"));
	w.ends = true;
	says(VIEW_LIT("the last"));
	SSL_shutdown(c->client);
	expect_eq(BIO_write(c->to, "and more", 8), 8);
	for (int i = 0; i < 5; i++)
		turn();
	expect_eq(c->stream.state, STREAM_LINGERING);
	expect(c->stream.ssl && c->stream.wire.kept);
	expect_eq(c->stream.polled, UV_READABLE);
	client_end();
	world_end();
}
