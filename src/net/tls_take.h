/* SPDX-License-Identifier: Apache-2.0 */
/* From OpenSSL's record layer to ours: it does the whole handshake of a connection that came in, with
 * its certificates and tickets, and its SSL object, 14 KB of it, goes afterwards.
 *
 * What is needed is told by OpenSSL's own callbacks: the two traffic secrets as for a key log, and
 * each record under them, of which there are the server's tickets.  What the client says after its
 * Finished is not read by OpenSSL, which takes from the socket's buffer (tls_bio.h) one record at a
 * time, but by us. */
#ifndef NET_TLS_TAKE_H
#define NET_TLS_TAKE_H

#include "net/tls_record.h"

#include <openssl/types.h>

/* Once for a server's context. */
uc_err UC_MUST_USE tls_take_prepare(SSL_CTX *ctx);
/* Before the handshake; r lives as long as ssl. */
uc_err UC_MUST_USE tls_take_watch(SSL *ssl, struct tls_record *r);
/* After it: r goes on where OpenSSL has stopped, and ssl can be freed.  False, and nothing is
 * changed, when this is not TLS 1.3 of one of our suites, or anything else isn't as we know it. */
bool tls_take(SSL *ssl, struct tls_ciphers *c, struct tls_record *r);
/* It stays with OpenSSL: r is not told of anything more. */
void tls_take_not(SSL *ssl);

#endif
