/* SPDX-License-Identifier: Apache-2.0 */
/* An app's directory document, /.well-known/mimi-protocol-directory: the URL templates of
 * draft-ietf-mimi-protocol-06 and, beside them, the app's public keys.
 *
 * It is one JSON object whose values are strings; names and values hold no escapes.  Whoever reads
 * it has checked before that it is signed by the TLS key of the domain. */
#ifndef MIMI_DIRECTORY_H
#define MIMI_DIRECTORY_H

#include "base/arena.h"
#include "base/buf.h"

enum { DIRECTORY_CUSTODIANS = 2 };
struct directory {
	struct view domain;       /* "undercroftDomain" */
	struct view base_url;     /* writing: https://host[:port] the templates start with */
	struct view lookup_key;   /* "undercroftLookupKey": X25519, 32 bytes, base64url */
	struct view hub_key;      /* "undercroftHubKey": Ed25519, signs as external sender */
	struct view franking_key; /* "undercroftFrankingKey": Ed25519, signs franks */
	/* "undercroftDiscoveryKey", and "undercroftDiscoveryKey2" of the second custodian, where the
	 * key is split: ristretto255; empty: the app does not offer finding by number. */
	struct view discovery_keys[DIRECTORY_CUSTODIANS];
	struct view token_keys; /* "undercroftTokenKeys": token_keys_read; empty: it issues none */
};
void directory_write(struct buf *out, const struct directory *d);
/* UC_E_MALFORMED when it is no such object, a key is missing (but those of discovery) or a name stands
 * twice. */
uc_err UC_MUST_USE directory_read(struct view json, struct arena *a, struct directory *out);
/* The URL template under a name of the draft, as "keyMaterial"; UC_E_NOT_FOUND. */
uc_err UC_MUST_USE directory_url(struct view json, struct view name, struct view *out);

#endif
