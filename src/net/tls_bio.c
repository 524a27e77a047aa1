/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_bio.h"

#include "base/heap.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

static BIO_METHOD *method;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static size_t take_kept(struct tls_wire *w, char *to, size_t n)
{
	size_t have = w->kept_n - w->kept_at;
	if (n > have)
		n = have;
	memcpy(to, w->kept + w->kept_at, n);
	w->kept_at += (uint32_t)n;
	if (w->kept_at == w->kept_n)
		tls_wire_done(w);
	return n;
}

/* One look at the socket for a turn: level-triggered polling tells of what comes later. */
static int fill(struct tls_wire *w)
{
	struct tls_input *in = w->input;
	if (!in || in->is_drained) {
		errno = EAGAIN;
		return -1;
	}
	if (w->has_ended)
		return 0;
	ssize_t got = recv(w->fd, in->bytes, TLS_BIO_BYTES, 0);
	in->is_drained = got < TLS_BIO_BYTES;
	if (got > 0) {
		in->at = 0;
		in->n = (size_t)got;
	} else if (!got) {
		in->is_drained = false;
		w->has_ended = true;
	}
	return got > 0 ? 1 : (int)got;
}

static int bio_read(BIO *b, char *to, int n)
{
	struct tls_wire *w = BIO_get_data(b);
	BIO_clear_retry_flags(b);
	if (n <= 0)
		return 0;
	if (w->kept)
		return (int)take_kept(w, to, (size_t)n);
	struct tls_input *in = w->input;
	if (!in || in->at == in->n) {
		int got = fill(w);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			BIO_set_retry_read(b);
		if (got <= 0)
			return got;
		in = w->input;
	}
	size_t have = in->n - in->at;
	if ((size_t)n > have)
		n = (int)have;
	memcpy(to, in->bytes + in->at, (size_t)n);
	in->at += (size_t)n;
	return n;
}

static int bio_write(BIO *b, const char *from, int n)
{
	const struct tls_wire *w = BIO_get_data(b);
	BIO_clear_retry_flags(b);
	if (n <= 0)
		return 0;
	ssize_t sent = send(w->fd, from, (size_t)n, MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_write(b);
	return (int)sent;
}

static long bio_ctrl(BIO *b, int command, long number, void *p)
{
	const struct tls_wire *w = BIO_get_data(b);
	(void)number;
	(void)p;
	switch (command) {
	case BIO_CTRL_FLUSH:
	case BIO_CTRL_DUP:
		return 1;
	case BIO_CTRL_EOF:
		return w->has_ended;
	default:
		return 0;
	}
}

static int bio_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

static void method_make(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
	if (m && BIO_meth_set_read(m, bio_read) && BIO_meth_set_write(m, bio_write) &&
	    BIO_meth_set_ctrl(m, bio_ctrl) && BIO_meth_set_create(m, bio_create))
		method = m;
	else
		BIO_meth_free(m);
}

uc_err tls_bio_init(void)
{
	pthread_once(&once, method_make);
	return method ? UC_OK : UC_E_MEMORY;
}

uc_err tls_bio_set(SSL *ssl, struct tls_wire *w)
{
	BIO *b = method ? BIO_new(method) : NULL;
	if (!b)
		return UC_E_MEMORY;
	BIO_set_data(b, w);
	SSL_set_bio(ssl, b, b);
	return UC_OK;
}

void tls_wire_begin(struct tls_wire *w, struct tls_input *in)
{
	in->n = in->at = 0;
	in->is_drained = false;
	w->input = in;
}

uc_err tls_wire_end(struct tls_wire *w)
{
	struct tls_input *in = w->input;
	w->input = NULL;
	size_t n = in->n - in->at;
	if (!n)
		return UC_OK;
	/* The kept are used up before the buffer is filled. */
	w->kept = heap_new_raw(n);
	if (!w->kept)
		return UC_E_MEMORY;
	memcpy(w->kept, in->bytes + in->at, n);
	w->kept_n = (uint32_t)n;
	w->kept_at = 0;
	return UC_OK;
}

uc_err tls_wire_look(struct tls_wire *w)
{
	struct tls_input *in = w->input;
	/* What OpenSSL left in this turn comes first; a socket that has more tells of it again. */
	if (!in || in->at < in->n)
		return UC_OK;
	in->at = in->n = 0;
	if (w->kept)
		in->n = take_kept(w, (char *)in->bytes, TLS_BIO_BYTES);
	if (in->is_drained || in->n == TLS_BIO_BYTES)
		return UC_OK;
	ssize_t got = recv(w->fd, in->bytes + in->n, TLS_BIO_BYTES - in->n, 0);
	in->is_drained = true;
	if (got > 0)
		in->n += (size_t)got;
	else if (!got)
		w->has_ended = true;
	else if (errno != EAGAIN && errno != EINTR)
		return UC_E_NET;
	return w->has_ended ? UC_E_CLOSED : UC_OK;
}

bool tls_wire_has_more(const struct tls_wire *w)
{
	const struct tls_input *in = w->input;
	return w->kept || (in && (in->at < in->n || !in->is_drained));
}

void tls_wire_done(struct tls_wire *w)
{
	heap_free(w->kept);
	w->kept = NULL;
	w->kept_n = w->kept_at = 0;
}
