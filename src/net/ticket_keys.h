/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that a server's TLS session tickets are sealed under (RFC 8446, 4.6.1).  They outlive a
 * restart, so that after one the many who come back need no full handshake; a new one is made each day,
 * and none opens anything after two.  A resumed session always has a fresh key exchange
 * (psk_dhe_ke), so that whoever takes these keys reads nothing of what was said. */
#ifndef NET_TICKET_KEYS_H
#define NET_TICKET_KEYS_H

#include "base/buf.h"
#include "base/env.h"

#include <openssl/types.h>

enum {
	TICKET_KEY_DAY_MS = 24 * 3600 * 1000, /* seals for so long */
	TICKET_KEY_LIFE_MS = 2 * TICKET_KEY_DAY_MS,
	TICKET_KEYS_MAX = 4,
};

struct ticket_keys;
uc_err UC_MUST_USE ticket_keys_new(const struct env *env, struct ticket_keys **out);
void ticket_keys_free(struct ticket_keys *t);
/* Tickets of this context are sealed and opened with them; t outlives it.  From any threads. */
uc_err UC_MUST_USE ticket_keys_use(struct ticket_keys *t, SSL_CTX *ctx);
/* Drops what is too old, and makes a key when the newest is of yesterday.  *changed: they are others
 * than before, and should be kept. */
uc_err UC_MUST_USE ticket_keys_rotate(struct ticket_keys *t, bool *changed);
/* As they are kept in a file, which is secret.  Reading replaces all; UC_E_MALFORMED leaves them. */
void ticket_keys_add(struct ticket_keys *t, struct buf *out);
uc_err UC_MUST_USE ticket_keys_read(struct ticket_keys *t, struct view text);

#endif
