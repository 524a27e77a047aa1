/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/lookup.h"

#include "mimi/sealed.h"

#define QUERY_LABEL  "Undercroft look-up"
#define ANSWER_LABEL "Undercroft look-up answer"

enum { QUERY_VERSION = 2, ANSWER_VERSION = 1 };

static void lookup_version(struct wire *w, uint16_t *version, uint16_t wanted)
{
	wire_u16(w, version);
	if (*version != wanted)
		wire_fail(w, UC_E_VERSION);
}

void wire_lookup_query(struct wire *w, struct lookup_query *q)
{
	lookup_version(w, &q->version, QUERY_VERSION);
	wire_bytes(w, &q->identifier);
	wire_bytes(w, &q->code);
	wire_fixed_view(w, &q->answer_key, 32);
}

static void lookup_query_element(struct wire *w, void *v)
{
	wire_lookup_query(w, v);
}

void wire_lookup_answer(struct wire *w, struct lookup_answer *x)
{
	lookup_version(w, &x->version, ANSWER_VERSION);
	wire_bool(w, &x->found);
	wire_bytes(w, &x->request_address);
	wire_bytes(w, &x->request_key);
	if (!w->failed && x->request_key.n != (x->found ? 32u : 0u))
		wire_fail(w, UC_E_MALFORMED);
}

static void lookup_answer_element(struct wire *w, void *v)
{
	wire_lookup_answer(w, v);
}

/* Exactly one block of `pad`, or it is refused. */
static uc_err seal(const struct env *env, struct view pub, const char *label, struct view domain,
		   wire_element *walk, const void *object, size_t pad, struct arena *a,
		   struct view *sealed)
{
	struct view body, padded;
	TRY(wire_encode_to(a, walk, object, &body));
	TRY(padded_write(a, body, pad, &padded));
	if (padded.n != pad)
		return UC_E_TOO_LARGE;
	return label_seal(env, pub, label, domain, padded, a, sealed);
}

static uc_err unseal(const struct kem_key *key, const char *label, struct view domain,
		     struct view sealed, wire_element *walk, void *out, size_t pad, struct arena *a)
{
	struct view padded, body;
	TRY(label_open(secret_view(&key->priv), kem_public(key), label, domain, sealed, a,
		       &padded));
	if (padded.n != pad)
		return UC_E_MALFORMED;
	TRY(padded_read(padded, &body));
	return wire_decode(body, a, walk, out);
}

uc_err lookup_query_seal(const struct env *env, struct view lookup_key, struct view domain,
			 const struct lookup_query *q, struct arena *a, struct view *sealed)
{
	return seal(env, lookup_key, QUERY_LABEL, domain, lookup_query_element, q, LOOKUP_QUERY_PAD,
		    a, sealed);
}

uc_err lookup_query_open(const struct kem_key *lookup_key, struct view domain, struct view sealed,
			 struct arena *a, struct lookup_query *out)
{
	struct lookup_query q;
	TRY(unseal(lookup_key, QUERY_LABEL, domain, sealed, lookup_query_element, &q,
		   LOOKUP_QUERY_PAD, a));
	*out = q;
	return UC_OK;
}

uc_err lookup_answer_seal(const struct env *env, struct view answer_key, struct view domain,
			  const struct lookup_answer *x, struct arena *a, struct view *sealed)
{
	return seal(env, answer_key, ANSWER_LABEL, domain, lookup_answer_element, x,
		    LOOKUP_ANSWER_PAD, a, sealed);
}

uc_err lookup_answer_open(const struct kem_key *answer_key, struct view domain, struct view sealed,
			  struct arena *a, struct lookup_answer *out)
{
	struct lookup_answer x;
	TRY(unseal(answer_key, ANSWER_LABEL, domain, sealed, lookup_answer_element, &x,
		   LOOKUP_ANSWER_PAD, a));
	*out = x;
	return UC_OK;
}
