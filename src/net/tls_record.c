/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_record.h"

#include "base/heap.h"

enum { UPDATE_NOT_REQUESTED = 0, UPDATE_REQUESTED = 1 };

struct tls_record *tls_record_new(void)
{
	struct tls_record *r = HEAP_NEW(struct tls_record);
	if (r)
		r->records_max = TLS_RECORDS_MAX;
	return r;
}

void tls_record_free(struct tls_record *r, struct tls_ciphers *c)
{
	if (!r)
		return;
	tls_key_done(c, r->suite, &r->read);
	tls_key_done(c, r->suite, &r->write);
	heap_free(r->unsent);
	heap_free_wiped(r, sizeof *r);
}

static uc_err refuse(struct tls_record *r, enum tls_alert alert)
{
	r->alert = (uint8_t)alert;
	return UC_E_TLS;
}

/* Of what a client may send after the handshake only KeyUpdate is left (4.6.3): we ask for no
 * certificate later on.  No message begins before a change of keys and goes on after it (5.1). */
static uc_err take_message(struct tls_record *r, struct tls_ciphers *c, struct view v)
{
	if (!v.n) /* 5.1 */
		return refuse(r, TLS_UNEXPECTED_MESSAGE);
	if (v.p[0] != TLS_KEY_UPDATE && !r->message_n)
		return refuse(r, TLS_UNEXPECTED_MESSAGE);
	if (r->message_n + v.n > TLS_KEY_UPDATE_BYTES)
		return refuse(r, TLS_UNEXPECTED_MESSAGE);
	memcpy(r->message + r->message_n, v.p, v.n);
	r->message_n += (uint8_t)v.n;
	if (r->message_n >= 4 && (r->message[1] || r->message[2] || r->message[3] != 1))
		return refuse(r, TLS_DECODE_ERROR);
	if (r->message_n < TLS_KEY_UPDATE_BYTES)
		return UC_OK;
	r->message_n = 0;
	if (r->message[4] > UPDATE_REQUESTED)
		return refuse(r, TLS_ILLEGAL_PARAMETER);
	if (r->message[4] == UPDATE_REQUESTED)
		r->owes_update = true;
	return tls_key_next(c, r->suite, &r->read) ? refuse(r, TLS_INTERNAL_ERROR) : UC_OK;
}

/* 6: severity says nothing any more; all but these two end the connection. */
static uc_err take_alert(struct tls_record *r, struct view v)
{
	if (v.n != 2)
		return refuse(r, TLS_DECODE_ERROR);
	if (v.p[1] == TLS_CLOSE_NOTIFY)
		return UC_E_CLOSED;
	if (v.p[1] == TLS_USER_CANCELED)
		return UC_OK;
	r->is_cut = true;
	return UC_E_TLS;
}

static uc_err take_content(struct tls_record *r, struct tls_ciphers *c, uint8_t type, struct view v,
			   size_t *out_n)
{
	/* A message in pieces is not interrupted (5.1). */
	if (r->message_n && type != TLS_HANDSHAKE)
		return refuse(r, TLS_UNEXPECTED_MESSAGE);
	if (type == TLS_APPLICATION_DATA && v.n) {
		r->quiet_n = 0;
		*out_n = v.n;
		return UC_OK;
	}
	if (++r->quiet_n > TLS_QUIET_MAX)
		return refuse(r, TLS_UNEXPECTED_MESSAGE);
	switch (type) {
	case TLS_APPLICATION_DATA:
		return UC_OK;
	case TLS_ALERT:
		return take_alert(r, v);
	case TLS_HANDSHAKE:
		return take_message(r, c, v);
	default:
		return refuse(r, TLS_UNEXPECTED_MESSAGE);
	}
}

uc_err tls_record_open(struct tls_record *r, struct tls_ciphers *c, struct view in, size_t *used,
		       uint8_t *out, size_t *out_n)
{
	*used = *out_n = 0;
	/* All is protected now; the change_cipher_spec of old belongs before the client's Finished
	 * (5).  The version is not looked at, but is authenticated. */
	if (in.n && in.p[0] != TLS_APPLICATION_DATA)
		return refuse(r, TLS_UNEXPECTED_MESSAGE);
	if (in.n < TLS_HEAD)
		return UC_OK;
	size_t body = (size_t)in.p[3] << 8 | in.p[4], n = 0;
	uint8_t type = TLS_INVALID;
	if (body > TLS_BODY_MAX)
		return refuse(r, TLS_RECORD_OVERFLOW);
	if (body < TLS_TAG)
		return refuse(r, TLS_BAD_RECORD_MAC);
	if (in.n < TLS_HEAD + body)
		return UC_OK;
	if (tls_unprotect(c, r->suite, &r->read, view_slice(in, 0, TLS_HEAD + body), out, &n,
			  &type))
		return refuse(r, TLS_BAD_RECORD_MAC);
	/* 5.4: with its padding, too, no more than this. */
	if (body - TLS_TAG > TLS_CONTENT_MAX + 1)
		return refuse(r, TLS_RECORD_OVERFLOW);
	TRY(take_content(r, c, type, view_make(out, n), out_n));
	*used = TLS_HEAD + body;
	return UC_OK;
}

static uc_err update(struct tls_record *r, struct tls_ciphers *c, uint8_t *out)
{
	static const uint8_t message[] = { TLS_KEY_UPDATE, 0, 0, 1, UPDATE_NOT_REQUESTED };
	TRY(tls_protect(c, r->suite, &r->write, TLS_HANDSHAKE, VIEW_OF(message), out));
	r->owes_update = false;
	return tls_key_next(c, r->suite, &r->write);
}

uc_err tls_record_seal(struct tls_record *r, struct tls_ciphers *c, struct view data, uint8_t *out,
		       size_t room, size_t *used, size_t *out_n)
{
	*used = *out_n = 0;
	while (*used < data.n) {
		struct view v = view_slice(data, *used, TLS_CONTENT_MAX);
		if (room - *out_n < v.n + TLS_OVERHEAD + TLS_KEY_UPDATE_RECORD)
			break;
		if (r->owes_update || r->write.seq >= r->records_max) {
			TRY(update(r, c, out + *out_n));
			*out_n += TLS_KEY_UPDATE_RECORD;
		}
		TRY(tls_protect(c, r->suite, &r->write, TLS_APPLICATION_DATA, v, out + *out_n));
		*out_n += v.n + TLS_OVERHEAD;
		*used += v.n;
	}
	return UC_OK;
}

uc_err tls_record_end(struct tls_record *r, struct tls_ciphers *c, uint8_t *out, size_t *out_n)
{
	const uint8_t alert[] = { r->alert == TLS_CLOSE_NOTIFY ? 1 : 2, r->alert };
	*out_n = 0;
	if (r->is_ended || r->is_cut)
		return UC_OK;
	r->is_ended = true;
	TRY(tls_protect(c, r->suite, &r->write, TLS_ALERT, VIEW_OF(alert), out));
	*out_n = sizeof alert + TLS_OVERHEAD;
	return UC_OK;
}
