/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a stream that knows records, once they are ours (tls_record.h). */
#ifndef NET_STREAM_RECORDS_H
#define NET_STREAM_RECORDS_H

#include "net/stream.h"

/* Between handshake and data, with the stream open: true when the records are ours from now on. */
bool stream_records_take(struct stream *s);
static inline bool stream_has_records(const struct stream *s)
{
	return s->record && !s->ssl;
}
/* Sealed, but not sent. */
size_t stream_records_unsent(const struct stream *s);
/* What one look gives: to has room for TLS_BIO_BYTES.  *n bytes are good also with an error:
 * UC_E_CLOSED, UC_E_TLS, UC_E_NET. */
uc_err UC_MUST_USE stream_records_read(struct stream *s, uint8_t *to, size_t *n);
/* What is queued, and an alert after the last of it, until the socket takes no more. */
uc_err UC_MUST_USE stream_records_send(struct stream *s);
void stream_records_done(struct stream *s);

#endif
