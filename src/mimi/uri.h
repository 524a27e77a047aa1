/* SPDX-License-Identifier: Apache-2.0 */
/* mimi:// URIs: an app, and what it has names for. */
#ifndef MIMI_URI_H
#define MIMI_URI_H

#include "base/arena.h"
#include "base/buf.h"

enum {
	URI_MAX = 1024,     /* bytes */
	DOMAIN_BYTES = 253, /* of a domain name */
};

enum uri_kind {
	URI_APP,             /* mimi://APP */
	URI_PARTICIPANT,     /* mimi://APP/p/PARTICIPANT */
	URI_CLIENT,          /* mimi://APP/p/PARTICIPANT/CLIENT */
	URI_ROOM,            /* mimi://APP/r/ROOM */
	URI_REQUEST_ADDRESS, /* mimi://APP/q/SEALED */
	URI_KEY_ADDRESS,     /* mimi://APP/k/SEALED */
};

struct uri {
	enum uri_kind kind;
	struct view domain;
	struct view name;   /* participant, room or sealed part */
	struct view client; /* of a client */
};
/* Views into text.  Only lower-case domains, and names of [a-z0-9_-] (and A-Z in addresses).
 * UC_E_MALFORMED. */
uc_err UC_MUST_USE uri_read(struct view text, struct uri *out);
void uri_add(struct buf *out, const struct uri *u);
/* Encoded into the arena. */
uc_err UC_MUST_USE uri_make(struct arena *a, const struct uri *u, struct view *out);
/* A lower-case host name (RFC 1123). */
bool domain_is_valid(struct view domain);
/* The participant's URI in a client's: a part of it.  UC_E_MALFORMED for other URIs. */
uc_err UC_MUST_USE uri_participant_of(struct view client, struct view *participant);
/* The domain of any URI of ours. */
uc_err UC_MUST_USE uri_domain_of(struct view text, struct view *domain);

#endif
