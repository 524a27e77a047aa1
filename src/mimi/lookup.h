/* SPDX-License-Identifier: Apache-2.0 */
/* A private look-up: the query is sealed to the key in the other app's directory document, the
 * answer to a key inside the query.  The asker's app relays both and sees neither; the other app
 * does not see who asks.  All queries have one length, and so have all answers. */
#ifndef MIMI_LOOKUP_H
#define MIMI_LOOKUP_H

#include "crypto/crypto.h"
#include "wire/wire.h"

enum {
	LOOKUP_QUERY_PAD = 512, /* bytes of plaintext */
	LOOKUP_ANSWER_PAD = 1024,
};

struct lookup_query {
	uint16_t version;       /* 2 */
	struct view identifier; /* number, handle or address as typed; the app normalises it */
	struct view code;       /* contact code as typed; empty: none */
	struct view answer_key; /* X25519, 32 bytes, fresh for each query */
};
void wire_lookup_query(struct wire *w, struct lookup_query *q);

struct lookup_answer {
	uint16_t version; /* 1 */
	bool found;
	struct view request_address; /* URI; empty when not found, as is the next */
	struct view request_key;     /* X25519, 32 bytes */
};
void wire_lookup_answer(struct wire *w, struct lookup_answer *x);

/* domain is the answering app's. */
uc_err UC_MUST_USE lookup_query_seal(const struct env *env, struct view lookup_key,
				     struct view domain, const struct lookup_query *q,
				     struct arena *a, struct view *sealed);
uc_err UC_MUST_USE lookup_query_open(const struct kem_key *lookup_key, struct view domain,
				     struct view sealed, struct arena *a, struct lookup_query *out);
uc_err UC_MUST_USE lookup_answer_seal(const struct env *env, struct view answer_key,
				      struct view domain, const struct lookup_answer *x,
				      struct arena *a, struct view *sealed);
uc_err UC_MUST_USE lookup_answer_open(const struct kem_key *answer_key, struct view domain,
				      struct view sealed, struct arena *a,
				      struct lookup_answer *out);

#endif
