/* SPDX-License-Identifier: Apache-2.0 */
/* TLS 1.3 contexts: a server's, with the peers whose certificates it knows, and a client's that
 * trusts one file of authorities and nothing else. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/error.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

/* A peer proves its domain by a certificate of this authority. */
struct tls_peer {
	const char *domain;
	const char *ca_file; /* PEM */
};

struct tls_server;
/* certificate_file holds the chain, PEM.  With peers, clients may (not must) show a certificate;
 * one that does not verify ends the handshake. */
uc_err UC_MUST_USE tls_server_new(const char *certificate_file, const char *key_file,
				  const struct tls_peer *peers, size_t peers_n,
				  struct tls_server **out);
void tls_server_free(struct tls_server *t);
/* May be shared between threads. */
SSL_CTX *tls_server_context(struct tls_server *t);
/* The same, held: to be given back by tls_context_free, and good although another takes its place. */
SSL_CTX *tls_server_hold(struct tls_server *t);
struct tls_trusts;
/* A context of other files, and for other peers; UC_E_TLS.  Nothing changes before it is adopted. */
struct tls_prepared {
	SSL_CTX *ctx;
	struct tls_trusts *trusts; /* NULL: the peers are the same */
};
uc_err UC_MUST_USE tls_server_prepare(const struct tls_server *t, const char *certificate_file,
				      const char *key_file, const struct tls_peer *peers,
				      size_t peers_n, struct tls_prepared *out);
void tls_prepared_drop(struct tls_prepared *p);
/* On one thread: connections that come from now on use it; those that are there stay as they are.  Takes it
 * over. */
void tls_server_adopt(struct tls_server *t, struct tls_prepared *p);
/* The domain this connection's certificate proves, or NULL; it lives as long as the server.  Checked against
 * that peer's own authority: one peer's authority can't vouch for another peer.  A resumed session carries no
 * intermediate certificates; our own clients don't resume those with a certificate. */
const char *tls_server_peer(const struct tls_server *t, SSL *ssl);
/* Is what tls_server_peer has said still so: this domain, by the same authority's file? */
bool tls_server_knows(const struct tls_server *t, const char *peer);

/* certificate_file and key_file: our own for mutual TLS, or NULL. */
uc_err UC_MUST_USE tls_client_new(const char *ca_file, const char *certificate_file,
				  const char *key_file, SSL_CTX **out);
void tls_client_free(SSL_CTX *t);
void tls_context_free(SSL_CTX *t);

/* Why the last TLS call of this thread failed, for a log line; "" when unknown. */
const char *tls_reason(void);

#endif
