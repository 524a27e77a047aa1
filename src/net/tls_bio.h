/* SPDX-License-Identifier: Apache-2.0 */
/* How OpenSSL reaches a stream's socket: one read takes all that has come, into a buffer that the
 * streams of a loop share, and the records are served from there.  OpenSSL on its own reads a
 * record's head, its body, and once more to learn that nothing is left: three calls for one.
 *
 * What a turn leaves in the shared buffer is kept with its stream until the next one: only when
 * OpenSSL has to write before it goes on reading. */
#ifndef NET_TLS_BIO_H
#define NET_TLS_BIO_H

#include "base/error.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TLS_BIO_BYTES = 65536 };

/* The shared buffer of a loop, and what one stream's turn has in it. */
struct tls_input {
	uint8_t *bytes; /* TLS_BIO_BYTES */
	size_t n, at;
	bool is_drained; /* the socket gave all it had */
};
/* The other end of a connection's BIO. */
struct tls_wire {
	int fd;
	bool has_ended;          /* the other side sends nothing more */
	struct tls_input *input; /* NULL: not this stream's turn, reading has to wait */
	uint8_t *kept;           /* of an earlier turn */
	uint32_t kept_n, kept_at;
};

/* Once in a process, before the first connection.  UC_E_MEMORY. */
uc_err UC_MUST_USE tls_bio_init(void);
/* Gives the connection a BIO over w, which outlives it. */
uc_err UC_MUST_USE tls_bio_set(SSL *ssl, struct tls_wire *w);
/* Between these two the stream's reads are served from `in`. */
void tls_wire_begin(struct tls_wire *w, struct tls_input *in);
/* Without memory for what is left: UC_E_MEMORY, and the connection has to end. */
uc_err UC_MUST_USE tls_wire_end(struct tls_wire *w);
/* For whoever takes the records out of the shared buffer itself: what was kept, and what has come, lie
 * at w->input->bytes in one piece.  UC_E_NET, UC_E_CLOSED when nothing more will come; what is there
 * is good all the same. */
uc_err UC_MUST_USE tls_wire_look(struct tls_wire *w);
/* Is there something to decrypt without another look at the socket? */
bool tls_wire_has_more(const struct tls_wire *w);
void tls_wire_done(struct tls_wire *w);

#endif
