/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/persona.h"

#include "base/text.h"
#include "mimi/introduction.h"
#include "mimi/tbs.h"

#define LABEL "Undercroft persona"

enum { VERSION = 2 };

static void persona_body(struct wire *w, struct persona *p)
{
	wire_u16(w, &p->version);
	if (p->version != VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_bytes(w, &p->name);
	wire_bytes(w, &p->persona_key);
	wire_bytes(w, &p->room);
	wire_bytes(w, &p->participant);
	wire_bytes(w, &p->client);
	wire_bytes(w, &p->leaf_key);
}

static void persona_tbs_element(struct wire *w, void *v)
{
	persona_body(w, v);
}

void wire_persona(struct wire *w, struct persona *p)
{
	persona_body(w, p);
	wire_bytes(w, &p->signature);
}

void persona_element(struct wire *w, void *v)
{
	wire_persona(w, v);
}

bool is_persona(struct view introduction)
{
	return introduction.n > 1 && introduction.p[0] == 0 && introduction.p[1] == VERSION;
}

uc_err persona_key_make(const struct ed25519_key *participant, struct view room,
			struct ed25519_key *out)
{
	uint8_t seed[ED25519_SEED];
	uc_err err =
		hkdf_sha256(VIEW_LIT(LABEL), VIEW_OF(participant->seed), room, seed, sizeof seed);
	if (!err)
		ed25519_from_seed(seed, out);
	wipe(seed, sizeof seed);
	return err;
}

uc_err persona_make(const struct persona *in, const struct ed25519_key *key, struct arena *a,
		    struct view *encoded)
{
	struct persona made = *in;
	made.version = VERSION;
	made.persona_key = VIEW_OF(key->pub);
	TRY(tbs_sign(key, LABEL, persona_tbs_element, &made, a, &made.signature));
	return wire_encode_to(a, persona_element, &made, encoded);
}

uc_err persona_verify(struct view encoded, struct arena *a, struct persona *out)
{
	struct persona in;
	TRY(wire_decode(encoded, a, persona_element, &in));
	if (in.persona_key.n != ED25519_KEY || in.name.n > INTRODUCTION_NAME_BYTES)
		return UC_E_INTRODUCTION;
	if (!utf8_is_valid(in.name))
		return UC_E_TEXT;
	if (tbs_verify(in.persona_key, LABEL, persona_tbs_element, &in, in.signature, a))
		return UC_E_INTRODUCTION;
	*out = in;
	return UC_OK;
}
