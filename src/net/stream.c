/* SPDX-License-Identifier: Apache-2.0 */
#include "net/stream.h"

#include "base/heap.h"
#include "base/secret.h"
#include "net/stream_records.h"
#include "net/tcp_taken.h"
#include "net/tls_take.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	RECORD_BYTES = 16384, /* RFC 8446, 5.1: a read of this much takes a record whole */
	LINGER_MS = 2000,
	STALL_MS = 60000, /* queued output that does not move; at the end, too slowly */
	HOLD_BYTES = 256 * 1024,
};

static void on_poll(uv_poll_t *h, int status, int events);

/* A client that does not read what it asked for is not read from: it would only ask for more.
 * Not so on its own side, lest each waits for the other. */
static bool is_held(const struct stream *s)
{
	return s->paused || (s->is_server && stream_queued(s) > HOLD_BYTES);
}

static void poll_update(struct stream *s)
{
	if (s->state == STREAM_CLOSED)
		return;
	bool reads = s->state == STREAM_HANDSHAKE || s->state == STREAM_LINGERING ||
		     (s->state == STREAM_OPEN && !is_held(s));
	/* What was taken from the socket already is told of by no event of reading; of ours it is
	 * a record's beginning, and waits for the rest; at the end nobody asks for it. */
	bool asks = reads && s->wire.kept && !stream_has_records(s);
	bool writes = s->wants_write || (asks && s->state != STREAM_LINGERING);
	int want = (reads ? UV_READABLE : 0) | (writes ? UV_WRITABLE : 0);
	if (want == s->polled)
		return;
	s->polled = want;
	if (want)
		uv_poll_start(&s->poll, want, on_poll);
	else
		uv_poll_stop(&s->poll);
}

/* What the loop knows of this stream's queue. */
static void queued_count(struct stream *s)
{
	size_t now = s->out.n - s->out_at + stream_records_unsent(s);
	s->loop->queued += now - s->counted;
	s->counted = now;
}

/* A quiet stream has no buffer: those of its loop are enough for all that say something. */
static void output_take(struct stream *s)
{
	struct net_loop *l = s->loop;
	if (s->out.p || s->out.limit_bytes < LOOP_OUTPUT_BYTES)
		return;
	s->out.p = l->spare_n ? l->spare[--l->spare_n] : heap_new_raw(LOOP_OUTPUT_BYTES);
	s->out.cap = s->out.p ? LOOP_OUTPUT_BYTES : 0;
}

static void output_give_back(struct stream *s)
{
	struct net_loop *l = s->loop;
	if (s->out.cap == LOOP_OUTPUT_BYTES && l->spare_n < LOOP_SPARE_N) {
		l->spare[l->spare_n++] = s->out.p;
		s->out.p = NULL;
		s->out.n = s->out.cap = 0;
	}
	buf_done(&s->out);
	s->out_at = 0;
	queued_count(s);
}

static void on_closed(uv_handle_t *h)
{
	struct stream *s = h->data;
	loop_watch(s->loop, s, 0);
	if (!--s->loop->streams_n)
		uv_unref((uv_handle_t *)&s->loop->sweep);
	SSL_free(s->ssl);
	stream_records_done(s);
	tls_wire_done(&s->wire);
	close(s->fd);
	output_give_back(s);
	s->handler->closed(s, s->why);
}

static void deadline_put(struct stream *s, uint64_t at_ms)
{
	s->deadline_ms = at_ms;
	if (at_ms)
		loop_watch(s->loop, s, at_ms);
}

static void dirty_forget(struct stream *s)
{
	if (!s->is_dirty)
		return;
	struct stream **at = &s->loop->dirty;
	while (*at && *at != s)
		at = &(*at)->next_dirty;
	if (*at)
		*at = s->next_dirty;
	s->is_dirty = false;
}

void stream_abort(struct stream *s, uc_err why)
{
	if (s->state == STREAM_CLOSED)
		return;
	s->state = STREAM_CLOSED;
	if (!s->why)
		s->why = why;
	dirty_forget(s);
	uv_close((uv_handle_t *)&s->poll, on_closed);
}

/* What an SSL call that did not succeed means: UC_OK when it only has to wait. */
static uc_err ssl_outcome(struct stream *s, int ret)
{
	switch (SSL_get_error(s->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		return UC_OK;
	case SSL_ERROR_WANT_WRITE:
		s->wants_write = true;
		return UC_OK;
	case SSL_ERROR_ZERO_RETURN:
		return UC_E_CLOSED;
	case SSL_ERROR_SYSCALL:
		return UC_E_NET;
	default:
		return UC_E_TLS;
	}
}

static void handshake_count(const struct stream *s)
{
	if (!s->ssl || !s->is_server)
		return;
	metrics_add(s->loop->metrics, METRIC_HANDSHAKES, 1);
	if (SSL_session_reused(s->ssl))
		metrics_add(s->loop->metrics, METRIC_HANDSHAKES_RESUMED, 1);
}

static void input(struct stream *s);

static void handshake(struct stream *s)
{
	ERR_clear_error();
	s->wants_write = false;
	int ret = s->ssl ? SSL_do_handshake(s->ssl) : 1;
	if (ret == 1) {
		handshake_count(s);
		s->state = STREAM_OPEN;
		s->handler->open(s);
		if (s->is_server && s->ssl && !stream_records_take(s))
			metrics_add(s->loop->metrics, METRIC_HANDSHAKES_KEPT, 1);
		if (stream_queued(s))
			stream_written(s);
		/* What came with the end of the handshake is here already. */
		if ((s->ssl || s->record) && s->state == STREAM_OPEN && tls_wire_has_more(&s->wire))
			input(s);
	} else {
		uc_err err = ssl_outcome(s, ret);
		if (err) {
			if (s->is_server)
				metrics_add(s->loop->metrics, METRIC_HANDSHAKES_FAILED, 1);
			stream_abort(s, UC_E_TLS);
			return;
		}
	}
	poll_update(s);
}

/* UC_OK without bytes: wait for more. */
static uc_err bytes_read(struct stream *s, uint8_t *to, size_t n, size_t *got)
{
	if (s->ssl) {
		ERR_clear_error();
		int ret = SSL_read(s->ssl, to, (int)n);
		*got = ret > 0 ? (size_t)ret : 0;
		return ret > 0 ? UC_OK : ssl_outcome(s, ret);
	}
	ssize_t ret = recv(s->fd, to, n, 0);
	*got = ret > 0 ? (size_t)ret : 0;
	if (ret < 0)
		return errno == EAGAIN || errno == EINTR ? UC_OK : UC_E_NET;
	return ret ? UC_OK : UC_E_CLOSED;
}

/* The same for the other way. */
static uc_err bytes_write(struct stream *s, struct view v, size_t *sent)
{
	if (s->ssl) {
		ERR_clear_error();
		int ret = SSL_write(s->ssl, v.p, v.n > INT32_MAX ? INT32_MAX : (int)v.n);
		*sent = ret > 0 ? (size_t)ret : 0;
		return ret > 0 ? UC_OK : ssl_outcome(s, ret);
	}
	ssize_t ret = send(s->fd, v.p, v.n, MSG_NOSIGNAL);
	*sent = ret > 0 ? (size_t)ret : 0;
	return ret >= 0 || errno == EAGAIN || errno == EINTR ? UC_OK : UC_E_NET;
}

/* All that one look at the socket gives, in whole records, so that nothing waits inside OpenSSL
 * afterwards. */
static uc_err look(struct stream *s, uint8_t *to, size_t *n)
{
	size_t got = 1;
	if (stream_has_records(s))
		return stream_records_read(s, to, n);
	uc_err err = s->ssl ? UC_OK : bytes_read(s, to, LOOP_READ_BYTES, n);
	while (s->ssl && got && *n + RECORD_BYTES <= LOOP_READ_BYTES &&
	       tls_wire_has_more(&s->wire)) {
		err = bytes_read(s, to + *n, RECORD_BYTES, &got);
		*n += got;
	}
	return err;
}

/* The other side is done, or what it says is wrong.  With records of ours it is told so: after what
 * is queued, or at once. */
static void input_end(struct stream *s, uc_err why)
{
	if (!stream_has_records(s) || s->record->is_cut || why == UC_E_NET) {
		stream_abort(s, why);
		return;
	}
	dirty_forget(s);
	s->why = why;
	s->state = STREAM_ENDING;
	if (why != UC_E_CLOSED) {
		s->out_at = s->out.n;
		s->lent = (struct view){ 0 };
	}
	deadline_put(s, loop_now_ms(s->loop) + LINGER_MS);
	stream_flush(s);
}

static void input(struct stream *s)
{
	uint8_t *to = s->loop->read_buffer;
	size_t n = 0;
	uc_err err = look(s, to, &n);
	metrics_add(s->loop->metrics, METRIC_RECEIVED, n);
	if (n)
		s->handler->read(s, to, n);
	/* Codes may have been in it, and it may be long until something else is. */
	wipe(to, n);
	if (err && s->state == STREAM_OPEN)
		input_end(s, err);
	else
		poll_update(s);
}

/* Throws away what still comes, until the other side has ended too. */
static void linger(struct stream *s)
{
	ssize_t n = recv(s->fd, s->loop->read_buffer, LOOP_READ_BYTES, 0);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		stream_abort(s, UC_OK);
}

static void sent_all(struct stream *s)
{
	output_give_back(s);
	if (s->state != STREAM_ENDING)
		return;
	ERR_clear_error();
	if (s->ssl)
		SSL_shutdown(s->ssl);
	shutdown(s->fd, SHUT_WR);
	s->state = STREAM_LINGERING;
	deadline_put(s, loop_now_ms(s->loop) + LINGER_MS);
}

void stream_progress(struct stream *s)
{
	if (s->state != STREAM_ENDING)
		s->progress_ms = loop_now_ms(s->loop);
}

/* What is queued, then what is lent, until the socket takes no more. */
static uc_err send_what_goes(struct stream *s)
{
	size_t sent = 1;
	s->wants_write = false;
	if (stream_has_records(s))
		return stream_records_send(s);
	while (sent && stream_queued(s)) {
		bool is_own = s->out_at < s->out.n;
		TRY(bytes_write(
			s, is_own ? view_slice(buf_view(&s->out), s->out_at, s->out.n) : s->lent,
			&sent));
		if (is_own)
			s->out_at += sent;
		else
			s->lent = view_slice(s->lent, sent, s->lent.n);
		metrics_add(s->loop->metrics, METRIC_SENT, sent);
		if (sent)
			stream_progress(s);
	}
	return UC_OK;
}

void stream_flush(struct stream *s)
{
	if (s->state != STREAM_OPEN && s->state != STREAM_ENDING)
		return;
	bool was_lent = s->lent.n;
	uc_err err = send_what_goes(s);
	if (err) {
		stream_abort(s, err);
		return;
	}
	if (!stream_queued(s)) {
		sent_all(s);
	} else {
		s->wants_write = true;
		loop_watch(s->loop, s, s->progress_ms + STALL_MS);
		if (s->out_at > s->out.n / 2) {
			buf_shift(&s->out, s->out_at);
			s->out_at = 0;
		}
		queued_count(s);
	}
	poll_update(s);
	if (was_lent && !s->lent.n && s->state == STREAM_OPEN)
		s->handler->sent(s);
}

/* A connect() that ended: with an error, or with the socket writable. */
static void connected(struct stream *s)
{
	int failed = 0;
	socklen_t n = sizeof failed;
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &failed, &n) || failed) {
		stream_abort(s, UC_E_NET);
		return;
	}
	s->state = STREAM_HANDSHAKE;
	handshake(s);
}

static void turn(struct stream *s, int events)
{
	switch (s->state) {
	case STREAM_CONNECTING:
		connected(s);
		return;
	case STREAM_HANDSHAKE:
		handshake(s);
		return;
	case STREAM_LINGERING:
		linger(s);
		return;
	default:
		break;
	}
	if (events & UV_WRITABLE)
		stream_flush(s);
	/* A read that had to write first (RFC 8446, 4.6.3) goes on with either event. */
	if (s->state == STREAM_OPEN && !is_held(s))
		input(s);
}

static void on_poll(uv_poll_t *h, int status, int events)
{
	struct stream *s = h->data;
	if (status < 0) {
		stream_abort(s, UC_E_NET);
		return;
	}
	tls_wire_begin(&s->wire, &s->loop->input);
	turn(s, events);
	if (tls_wire_end(&s->wire))
		stream_abort(s, UC_E_MEMORY);
	else if (s->wire.kept)
		poll_update(s);
}

/* An end that has begun has its own time: who still answers then, or waits for a next request, knows
 * nothing of it. */
void stream_set_deadline(struct stream *s, uint64_t at_ms)
{
	bool is_sooner = at_ms && (!s->deadline_ms || at_ms < s->deadline_ms);
	if (s->state < STREAM_ENDING || is_sooner)
		deadline_put(s, at_ms);
}

/* An open one has other bounds.  At the end there are none but this: who takes a byte now and then
 * does not hold a queue for ever. */
static bool is_stalled(struct stream *s, uint64_t now_ms)
{
	if (!stream_queued(s) || now_ms <= s->progress_ms + STALL_MS)
		return false;
	if (s->state != STREAM_ENDING ||
	    !tcp_taken_enough(s->fd, &s->taken, now_ms - s->progress_ms))
		return true;
	s->progress_ms = now_ms;
	return false;
}

static void expire(struct stream *s, uint64_t now_ms)
{
	if (s->state == STREAM_CLOSED)
		return;
	if (is_stalled(s, now_ms)) {
		metrics_add(s->loop->metrics, METRIC_SLOW_READERS, 1);
		stream_abort(s, UC_E_TIMEOUT);
		return;
	}
	if (!s->deadline_ms || now_ms < s->deadline_ms)
		return;
	s->deadline_ms = 0;
	if (s->state != STREAM_LINGERING)
		metrics_add(s->loop->metrics, METRIC_TIMEOUTS, 1);
	if (s->state == STREAM_LINGERING)
		stream_abort(s, UC_OK);
	else if (s->state == STREAM_OPEN)
		s->handler->timeout(s);
	else
		stream_abort(s, UC_E_TIMEOUT);
}

void stream_sweep(struct stream *s, uint64_t now_ms)
{
	expire(s, now_ms);
	if (s->state == STREAM_CLOSED)
		return;
	if (s->deadline_ms)
		loop_watch(s->loop, s, s->deadline_ms);
	if (stream_queued(s))
		loop_watch(s->loop, s, s->progress_ms + STALL_MS);
}

static SSL *ssl_new(SSL_CTX *tls, struct tls_wire *wire, const char *host)
{
	SSL *ssl = SSL_new(tls);
	if (!ssl || tls_bio_set(ssl, wire)) {
		SSL_free(ssl);
		return NULL;
	}
	if (!host) {
		SSL_set_accept_state(ssl);
		return ssl;
	}
	SSL_set_connect_state(ssl);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	/* SSL_set_tlsext_host_name copies the name but takes it without const. */
	if (SSL_set1_host(ssl, host) != 1 ||
	    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
		     (void *)(uintptr_t)host) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	return ssl;
}

static bool tls_start(struct stream *s, SSL_CTX *tls, const char *host)
{
	s->ssl = ssl_new(tls, &s->wire, host);
	if (!s->ssl || !s->is_server)
		return s->ssl != NULL;
	s->record = tls_record_new();
	return s->record && !tls_take_watch(s->ssl, s->record);
}

uc_err stream_start(struct stream *s, struct net_loop *loop, int fd, SSL_CTX *tls, const char *host,
		    const struct stream_handler *handler, size_t output_max)
{
	*s = (struct stream){ .loop = loop, .handler = handler, .fd = fd, .wire = { .fd = fd } };
	s->is_server = !host;
	s->state = host ? STREAM_CONNECTING : STREAM_HANDSHAKE;
	s->wants_write = host != NULL;
	if (!tls) /* open as soon as the loop sees it */
		s->wants_write = true;
	if ((tls && !tls_start(s, tls, host)) || uv_poll_init(&loop->uv, &s->poll, fd)) {
		SSL_free(s->ssl);
		stream_records_done(s);
		close(fd);
		return UC_E_TLS;
	}
	s->poll.data = s;
	buf_init(&s->out, output_max);
	s->progress_ms = loop_now_ms(loop);
	loop->streams_n++;
	/* A stream that waits for neither reading nor writing still keeps the loop alive. */
	uv_ref((uv_handle_t *)&loop->sweep);
	poll_update(s);
	return UC_OK;
}

void stream_write(struct stream *s, struct view bytes)
{
	buf_add_view(stream_output(s), bytes);
	stream_written(s);
}

struct buf *stream_output(struct stream *s)
{
	/* What comes after the end is not sent. */
	if (s->state >= STREAM_ENDING)
		s->out.failed = UC_E_CLOSED;
	else if (!stream_queued(s))
		s->progress_ms = loop_now_ms(s->loop);
	output_take(s);
	return &s->out;
}

void stream_written(struct stream *s)
{
	if (s->state >= STREAM_ENDING) {
		s->out.failed = UC_OK;
		return;
	}
	if (s->out.failed) {
		metrics_add(s->loop->metrics, METRIC_SLOW_READERS, 1);
		stream_abort(s, s->out.failed == UC_E_TOO_LARGE ? UC_E_LIMIT : s->out.failed);
		return;
	}
	queued_count(s);
	if (s->is_server && s->loop->queued > s->loop->queued_max && s->counted > HOLD_BYTES) {
		metrics_add(s->loop->metrics, METRIC_SLOW_READERS, 1);
		stream_abort(s, UC_E_LIMIT);
		return;
	}
	if (s->is_dirty || s->state != STREAM_OPEN)
		return;
	s->is_dirty = true;
	s->next_dirty = s->loop->dirty;
	s->loop->dirty = s;
}

void stream_lend(struct stream *s, struct view bytes)
{
	if (s->state >= STREAM_ENDING)
		return;
	if (!stream_queued(s))
		s->progress_ms = loop_now_ms(s->loop);
	s->lent = bytes;
	stream_written(s);
}

size_t stream_queued(const struct stream *s)
{
	return s->out.n - s->out_at + s->lent.n + stream_records_unsent(s);
}

void stream_pause(struct stream *s, bool paused)
{
	if (s->paused == paused)
		return;
	s->paused = paused;
	poll_update(s);
}

void stream_end(struct stream *s, uc_err why)
{
	if (s->state != STREAM_OPEN) {
		if (s->state < STREAM_OPEN)
			stream_abort(s, why);
		return;
	}
	s->why = why;
	s->state = STREAM_ENDING;
	dirty_forget(s);
	s->is_dirty = true;
	s->next_dirty = s->loop->dirty;
	s->loop->dirty = s;
	s->progress_ms = loop_now_ms(s->loop);
	s->taken = tcp_taken(s->fd);
	deadline_put(s, 0);
}
