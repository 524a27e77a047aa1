/* SPDX-License-Identifier: Apache-2.0 */
/* A persona: a key and a name that stand behind a participant of one room and nowhere else.  It takes
 * the place of an introduction (mimi/introduction.h), and leads to no account. */
#ifndef MIMI_PERSONA_H
#define MIMI_PERSONA_H

#include "crypto/crypto.h"
#include "wire/wire.h"

struct persona {
	uint16_t version; /* 2: an introduction of version 1 is an account's */
	struct view name;
	struct view persona_key; /* Ed25519; who signs */
	struct view room, participant, client, leaf_key;
	struct view signature; /* label "Undercroft persona" */
};
void wire_persona(struct wire *w, struct persona *p);
void persona_element(struct wire *w, void *v);

/* Which of the two?  Nothing is verified. */
bool is_persona(struct view introduction);
/* All devices that hold the participant's key have the same persona there, without being told. */
uc_err UC_MUST_USE persona_key_make(const struct ed25519_key *participant, struct view room,
				    struct ed25519_key *out);
/* Signs everything but version, key and signature, which it sets itself. */
uc_err UC_MUST_USE persona_make(const struct persona *in, const struct ed25519_key *key,
				struct arena *a, struct view *encoded);
/* Decodes and verifies the signature.  Whether the place is right and the key the one known is the
 * caller's to check. */
uc_err UC_MUST_USE persona_verify(struct view encoded, struct arena *a, struct persona *out);

#endif
