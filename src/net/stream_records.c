/* SPDX-License-Identifier: Apache-2.0 */
#include "net/stream_records.h"

#include "base/heap.h"
#include "net/tls_take.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

bool stream_records_take(struct stream *s)
{
	if (!s->ssl || !s->record)
		return false;
	if (tls_take(s->ssl, s->loop->ciphers, s->record)) {
		SSL_free(s->ssl);
		s->ssl = NULL;
		return true;
	}
	tls_take_not(s->ssl);
	stream_records_done(s);
	return false;
}

size_t stream_records_unsent(const struct stream *s)
{
	return s->record ? s->record->unsent_n - s->record->unsent_at : 0;
}

uc_err stream_records_read(struct stream *s, uint8_t *to, size_t *n)
{
	struct tls_input *in = &s->loop->input;
	uc_err looked = tls_wire_look(&s->wire);
	size_t used = 1;
	*n = 0;
	while (used && s->wire.input) {
		size_t got;
		uc_err err = tls_record_open(s->record, s->loop->ciphers,
					     view_make(in->bytes + in->at, in->n - in->at), &used,
					     to + *n, &got);
		if (err) {
			in->at = in->n; /* nothing more is read */
			return err;
		}
		in->at += used;
		*n += got;
	}
	/* An end without an alert may be anybody's (RFC 8446, 6.1). */
	if (looked == UC_E_CLOSED)
		s->record->is_cut = true;
	return looked == UC_E_CLOSED ? UC_E_TLS : looked;
}

static bool waits(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* Sends, and keeps what doesn't go. */
static uc_err sealed_send(struct stream *s, const uint8_t *p, size_t n)
{
	struct tls_record *r = s->record;
	ssize_t sent = send(s->fd, p, n, MSG_NOSIGNAL);
	if (sent < 0 && !waits())
		return UC_E_NET;
	size_t at = sent > 0 ? (size_t)sent : 0;
	if (at)
		stream_progress(s);
	if (at == n)
		return UC_OK;
	r->unsent = heap_new_raw(n - at);
	if (!r->unsent)
		return UC_E_MEMORY;
	memcpy(r->unsent, p + at, n - at);
	r->unsent_n = (uint32_t)(n - at);
	r->unsent_at = 0;
	return UC_OK;
}

static uc_err unsent_send(struct stream *s)
{
	struct tls_record *r = s->record;
	ssize_t sent =
		send(s->fd, r->unsent + r->unsent_at, r->unsent_n - r->unsent_at, MSG_NOSIGNAL);
	if (sent < 0)
		return waits() ? UC_OK : UC_E_NET;
	r->unsent_at += (uint32_t)sent;
	stream_progress(s);
	if (r->unsent_at == r->unsent_n) {
		heap_free(r->unsent);
		r->unsent = NULL;
		r->unsent_n = r->unsent_at = 0;
	}
	return UC_OK;
}

/* What is queued comes first, then what is lent. */
static uc_err seal(struct stream *s, uint8_t *to, size_t *n)
{
	struct tls_record *r = s->record;
	struct view own = view_slice(buf_view(&s->out), s->out_at, s->out.n);
	size_t used = 0, got;
	*n = 0;
	TRY(tls_record_seal(r, s->loop->ciphers, own, to, LOOP_SEALED_BYTES, &used, n));
	s->out_at += used;
	metrics_add(s->loop->metrics, METRIC_SENT, used);
	if (used < own.n)
		return UC_OK;
	TRY(tls_record_seal(r, s->loop->ciphers, s->lent, to + *n, LOOP_SEALED_BYTES - *n, &used,
			    &got));
	s->lent = view_slice(s->lent, used, s->lent.n);
	metrics_add(s->loop->metrics, METRIC_SENT, used);
	*n += got;
	if (s->state != STREAM_ENDING || s->lent.n || LOOP_SEALED_BYTES - *n < TLS_OVERHEAD + 2)
		return UC_OK;
	TRY(tls_record_end(r, s->loop->ciphers, to + *n, &got));
	*n += got;
	return UC_OK;
}

uc_err stream_records_send(struct stream *s)
{
	size_t n = 1;
	if (s->record->unsent)
		TRY(unsent_send(s));
	while (n && !s->record->unsent) {
		TRY(seal(s, s->loop->sealed, &n));
		if (n)
			TRY(sealed_send(s, s->loop->sealed, n));
	}
	return UC_OK;
}

void stream_records_done(struct stream *s)
{
	tls_record_free(s->record, s->loop->ciphers);
	s->record = NULL;
}
