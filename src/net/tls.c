/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls.h"

#include "base/heap.h"
#include "net/tls_take.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

struct trust {
	char *domain, *ca_file;
	X509_STORE *store;
};
/* Never changed, nor freed before the server is: connections keep a domain of it. */
struct tls_trusts {
	struct trust *v;
	size_t n;
	struct tls_trusts *before;
};
struct tls_server {
	pthread_mutex_t lock; /* of ctx */
	SSL_CTX *ctx;
	_Atomic(struct tls_trusts *) trusts;
};

static uc_err common(SSL_CTX *ctx, const char *certificate_file, const char *key_file)
{
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (!certificate_file)
		return UC_OK;
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate_file) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		return UC_E_TLS;
	return UC_OK;
}

/* HTTP/2 where it is offered, else HTTP/1.1, which WebSockets are on; whoever offers protocols must
 * offer one of them (RFC 7301, 3.2). */
static int alpn_select(SSL *ssl, const unsigned char **out, unsigned char *out_n,
		       const unsigned char *in, unsigned in_n, void *ctx)
{
	static const unsigned char ours[] = "\x02h2\x08http/1.1";
	unsigned char *picked = NULL;
	(void)ssl;
	(void)ctx;
	if (SSL_select_next_proto(&picked, out_n, ours, sizeof ours - 1, in, in_n) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = picked;
	return SSL_TLSEXT_ERR_OK;
}

static uc_err trust_add(struct tls_trusts *t, const struct tls_peer *peer)
{
	struct trust *to = &t->v[t->n++];
	to->domain = OPENSSL_strdup(peer->domain);
	to->ca_file = OPENSSL_strdup(peer->ca_file);
	to->store = X509_STORE_new();
	if (!to->domain || !to->ca_file || !to->store)
		return UC_E_MEMORY;
	return X509_STORE_load_file(to->store, peer->ca_file) == 1 ? UC_OK : UC_E_TLS;
}

static void trusts_free(struct tls_trusts *t)
{
	for (size_t i = 0; t && t->v && i < t->n; i++) {
		OPENSSL_free(t->v[i].domain);
		OPENSSL_free(t->v[i].ca_file);
		X509_STORE_free(t->v[i].store);
	}
	if (t)
		heap_free(t->v);
	heap_free(t);
}

static uc_err trusts_new(const struct tls_peer *peers, size_t n, struct tls_trusts **out)
{
	struct tls_trusts *t = HEAP_NEW(struct tls_trusts);
	if (!t)
		return UC_E_MEMORY;
	t->v = n ? heap_new(n * sizeof *t->v) : NULL;
	uc_err err = n && !t->v ? UC_E_MEMORY : UC_OK;
	for (size_t i = 0; !err && i < n; i++)
		err = trust_add(t, &peers[i]);
	if (err)
		trusts_free(t);
	else
		*out = t;
	return err;
}

static bool trusts_are(const struct tls_trusts *t, const struct tls_peer *peers, size_t n)
{
	if (t->n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(t->v[i].domain, peers[i].domain) != 0 ||
		    strcmp(t->v[i].ca_file, peers[i].ca_file) != 0)
			return false;
	return true;
}

/* Whom clients may prove to be.  The names tell a browser that none of its certificates is wanted. */
static uc_err context_trust(SSL_CTX *ctx, const struct tls_trusts *t)
{
	STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();
	if (!names)
		return UC_E_MEMORY;
	SSL_CTX_set_client_CA_list(ctx, names);
	for (size_t i = 0; t->v && i < t->n; i++)
		if (SSL_CTX_load_verify_file(ctx, t->v[i].ca_file) != 1 ||
		    SSL_add_file_cert_subjects_to_stack(names, t->v[i].ca_file) != 1)
			return UC_E_TLS;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return UC_OK;
}

/* SHA-256 before SHA-384: most of a handshake's hashing is of short inputs, for which processors have
 * instructions for the one alone.  A client whose first is ChaCha20 gets that. */
static uc_err context_order(SSL_CTX *ctx)
{
	static const char suites[] =
		"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
	SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	return SSL_CTX_set_ciphersuites(ctx, suites) == 1 ? UC_OK : UC_E_TLS;
}

static uc_err context_fill(SSL_CTX *ctx, const struct tls_trusts *t, const char *certificate_file,
			   const char *key_file)
{
	static const unsigned char session_context[] = "undercroft";
	TRY(common(ctx, certificate_file, key_file));
	TRY(context_order(ctx));
	/* Tickets instead of a cache: reconnecting costs the server no memory and little time. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_session_id_context(ctx, session_context, sizeof session_context - 1);
	SSL_CTX_set_alpn_select_cb(ctx, alpn_select, NULL);
	TRY(tls_take_prepare(ctx));
	return t->n ? context_trust(ctx, t) : UC_OK;
}

static uc_err context_new(const struct tls_trusts *t, const char *certificate_file,
			  const char *key_file, SSL_CTX **out)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx)
		return UC_E_MEMORY;
	uc_err err = context_fill(ctx, t, certificate_file, key_file);
	if (err)
		SSL_CTX_free(ctx);
	else
		*out = ctx;
	return err;
}

uc_err tls_server_prepare(const struct tls_server *t, const char *certificate_file,
			  const char *key_file, const struct tls_peer *peers, size_t peers_n,
			  struct tls_prepared *out)
{
	const struct tls_trusts *now = t->trusts;
	*out = (struct tls_prepared){ NULL, NULL };
	if (!trusts_are(now, peers, peers_n)) {
		TRY(trusts_new(peers, peers_n, &out->trusts));
		now = out->trusts;
	}
	uc_err err = context_new(now, certificate_file, key_file, &out->ctx);
	if (err)
		tls_prepared_drop(out);
	return err;
}

void tls_prepared_drop(struct tls_prepared *p)
{
	SSL_CTX_free(p->ctx);
	trusts_free(p->trusts);
	*p = (struct tls_prepared){ NULL, NULL };
}

void tls_server_adopt(struct tls_server *t, struct tls_prepared *p)
{
	/* First: who comes by the new context is to be found in it. */
	if (p->trusts) {
		p->trusts->before = t->trusts;
		t->trusts = p->trusts;
	}
	pthread_mutex_lock(&t->lock);
	SSL_CTX *before = t->ctx;
	t->ctx = p->ctx;
	pthread_mutex_unlock(&t->lock);
	/* Connections hold their own. */
	SSL_CTX_free(before);
	*p = (struct tls_prepared){ NULL, NULL };
}

uc_err tls_server_new(const char *certificate_file, const char *key_file,
		      const struct tls_peer *peers, size_t peers_n, struct tls_server **out)
{
	struct tls_trusts *trusts = NULL;
	struct tls_server *t = HEAP_NEW(struct tls_server);
	if (!t)
		return UC_E_MEMORY;
	pthread_mutex_init(&t->lock, NULL);
	uc_err err = trusts_new(peers, peers_n, &trusts);
	t->trusts = trusts;
	if (!err)
		err = context_new(trusts, certificate_file, key_file, &t->ctx);
	if (err)
		tls_server_free(t);
	else
		*out = t;
	return err;
}

void tls_server_free(struct tls_server *t)
{
	if (!t)
		return;
	for (struct tls_trusts *x = t->trusts, *before; x; x = before) {
		before = x->before;
		trusts_free(x);
	}
	SSL_CTX_free(t->ctx);
	pthread_mutex_destroy(&t->lock);
	heap_free(t);
}

SSL_CTX *tls_server_context(struct tls_server *t)
{
	return t->ctx;
}

SSL_CTX *tls_server_hold(struct tls_server *t)
{
	pthread_mutex_lock(&t->lock);
	SSL_CTX *ctx = t->ctx;
	SSL_CTX_up_ref(ctx);
	pthread_mutex_unlock(&t->lock);
	return ctx;
}

static bool verifies(X509 *cert, STACK_OF(X509) * chain, X509_STORE *store)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool ok = ctx && X509_STORE_CTX_init(ctx, store, cert, chain) == 1 &&
		  X509_STORE_CTX_set_default(ctx, "ssl_client") == 1 && X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	return ok;
}

const char *tls_server_peer(const struct tls_server *t, SSL *ssl)
{
	X509 *cert = SSL_get0_peer_certificate(ssl);
	if (!cert || SSL_get_verify_result(ssl) != X509_V_OK)
		return NULL;
	const struct tls_trusts *now = t->trusts;
	for (size_t i = 0; i < now->n; i++) {
		const struct trust *p = &now->v[i];
		if (X509_check_host(cert, p->domain, 0,
				    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
					    X509_CHECK_FLAG_NO_WILDCARDS,
				    NULL) == 1 &&
		    verifies(cert, SSL_get_peer_cert_chain(ssl), p->store))
			return p->domain;
	}
	return NULL;
}

static const struct trust *trust_named(const struct tls_trusts *t, const char *peer)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].domain == peer || !strcmp(t->v[i].domain, peer))
			return &t->v[i];
	return NULL;
}

bool tls_server_knows(const struct tls_server *t, const char *peer)
{
	const struct tls_trusts *now = t->trusts;
	const struct trust *is = trust_named(now, peer), *was = is;
	/* The one that it was proven by. */
	for (const struct tls_trusts *x = now->before; is && was->domain != peer && x;
	     x = x->before) {
		const struct trust *found = trust_named(x, peer);
		was = found ? found : was;
	}
	return is && !strcmp(is->ca_file, was->ca_file);
}

uc_err tls_client_new(const char *ca_file, const char *certificate_file, const char *key_file,
		      SSL_CTX **out)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	if (!ctx)
		return UC_E_MEMORY;
	uc_err err = common(ctx, certificate_file, key_file);
	if (!err && SSL_CTX_load_verify_file(ctx, ca_file) != 1)
		err = UC_E_TLS;
	if (err) {
		SSL_CTX_free(ctx);
		return err;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	*out = ctx;
	return UC_OK;
}

void tls_client_free(SSL_CTX *t)
{
	SSL_CTX_free(t);
}

void tls_context_free(SSL_CTX *t)
{
	SSL_CTX_free(t);
}

const char *tls_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	return reason ? reason : "";
}
