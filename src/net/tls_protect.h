/* SPDX-License-Identifier: Apache-2.0 */
/* TLS 1.3's record protection (RFC 8446, 5.2, 5.3 and 7.3): keys out of traffic secrets, and single
 * records sealed and opened with them.  The ciphers are libcrypto's.
 *
 * Connections of a loop share its cipher contexts, which are a kilobyte each: a key is put into one
 * when it is not there already, and taken out when another follows it or its connection ends. */
#ifndef NET_TLS_PROTECT_H
#define NET_TLS_PROTECT_H

#include "base/error.h"
#include "base/view.h"

enum tls_suite {
	TLS_AES_128_GCM_SHA256,
	TLS_AES_256_GCM_SHA384,
	TLS_CHACHA20_POLY1305_SHA256,
	TLS_SUITES_N,
};
enum tls_content {
	TLS_INVALID = 0,
	TLS_CHANGE_CIPHER_SPEC = 20,
	TLS_ALERT = 21,
	TLS_HANDSHAKE = 22,
	TLS_APPLICATION_DATA = 23,
};
enum {
	TLS_HEAD = 5,
	TLS_TAG = 16,
	TLS_CONTENT_MAX = 16384,
	TLS_BODY_MAX = TLS_CONTENT_MAX + 256, /* as it is on the wire, with type, padding and tag */
	TLS_OVERHEAD = TLS_HEAD + 1 + TLS_TAG,
	TLS_RECORD_MAX = TLS_CONTENT_MAX + TLS_OVERHEAD, /* of ours, which pad nothing */
	TLS_SECRET_MAX = 48,
};

/* One direction's. */
struct tls_key {
	uint64_t seq; /* of the next record */
	uint64_t id;  /* of key in the ciphers; 0: none yet */
	uint8_t secret[TLS_SECRET_MAX];
	uint8_t key[32], iv[12];
};

struct tls_ciphers;
uc_err UC_MUST_USE tls_ciphers_new(struct tls_ciphers **out);
void tls_ciphers_free(struct tls_ciphers *c);

/* Bytes of the suite's hash, and so of its secrets. */
size_t tls_secret_bytes(enum tls_suite suite);
/* Key and IV of k->secret (7.3), for records from number 0; those of before are gone. */
uc_err UC_MUST_USE tls_key_set(struct tls_ciphers *c, enum tls_suite suite, struct tls_key *k);
/* The key after it (7.2). */
uc_err UC_MUST_USE tls_key_next(struct tls_ciphers *c, enum tls_suite suite, struct tls_key *k);
/* Wiped here and in the ciphers. */
void tls_key_done(struct tls_ciphers *c, enum tls_suite suite, struct tls_key *k);

/* The record of at most TLS_CONTENT_MAX bytes: content.n + TLS_OVERHEAD at out.  UC_E_TLS, also
 * when no number is left. */
uc_err UC_MUST_USE tls_protect(struct tls_ciphers *c, enum tls_suite suite, struct tls_key *k,
			       enum tls_content type, struct view content, uint8_t *out);
/* Opens a whole record, its head included, which is at least TLS_HEAD + TLS_TAG.  At out is room for
 * record.n - TLS_HEAD - TLS_TAG, all of which may be written; *n of it are the content, without
 * padding; *type TLS_INVALID when there is none.  UC_E_TLS, and nothing at out, when it is not of
 * this key and number. */
uc_err UC_MUST_USE tls_unprotect(struct tls_ciphers *c, enum tls_suite suite, struct tls_key *k,
				 struct view record, uint8_t *out, size_t *n, uint8_t *type);

#endif
