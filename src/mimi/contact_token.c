/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/contact_token.h"

#include "mimi/card.h"
#include "mimi/sealed.h"

#define TOKEN_LABEL "Undercroft contact token"

enum { DAY_MS = 24 * 3600 * 1000 };

/* --- keys --- */

uint32_t token_week(uint64_t now_ms)
{
	return (uint32_t)(now_ms / DAY_MS / TOKEN_WEEK_DAYS);
}

void token_keys_write(const struct token_keys *k, uint8_t out[TOKEN_KEYS_BYTES])
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(k->week >> (24 - 8 * i));
	memcpy(out + 4, k->pub, sizeof k->pub);
}

uc_err token_keys_read(struct view in, struct token_keys *out)
{
	if (in.n != TOKEN_KEYS_BYTES)
		return UC_E_MALFORMED;
	out->week = 0;
	for (int i = 0; i < 4; i++)
		out->week = out->week << 8 | in.p[i];
	memcpy(out->pub, in.p + 4, sizeof out->pub);
	return UC_OK;
}

bool token_keys_find(const struct token_keys *k, const uint8_t id[TOKEN_KEY_ID], uint64_t now_ms,
		     enum token_class *out)
{
	uint32_t now = token_week(now_ms);
	for (uint32_t i = 0; i < TOKEN_WEEKS * TOKEN_CLASSES; i++) {
		uint32_t week = k->week + i / TOKEN_CLASSES - TOKEN_WEEK_NOW;
		uint8_t made[TOKEN_KEY_ID];
		/* Of this week or the last; the next has begun where a clock is a little ahead. */
		if (week + 1 < now || week > now + 1 ||
		    token_key_id(&k->pub[i / TOKEN_CLASSES][i % TOKEN_CLASSES], made) ||
		    !view_equal(VIEW_OF(made), view_make(id, TOKEN_KEY_ID)))
			continue;
		*out = (enum token_class)(i % TOKEN_CLASSES);
		return true;
	}
	return false;
}

/* --- in a letter --- */

uc_err contact_token_add(const struct env *env, struct view lookup_key, struct view entry,
			 const struct token *t, struct arena *a, struct view *out)
{
	struct consent_entry e;
	struct component_data v[2];
	struct view plain;
	TRY(wire_decode(entry, a, consent_entry_element, &e));
	struct component_data_list *l = &e.consent_extensions.component_data;
	if (l->n != 1)
		return UC_E_ARGUMENT;
	v[0] = l->v[0];
	v[1] = (struct component_data){ .component_id = COMPONENT_CONTACT_TOKEN };
	TRY(wire_encode_to(a, token_element, t, &plain));
	TRY(label_seal(env, lookup_key, TOKEN_LABEL, entry, plain, a, &v[1].data));
	*l = (struct component_data_list){ v, 2 };
	return wire_encode_to(a, consent_entry_element, &e, out);
}

bool contact_token_has(const struct consent_entry *e)
{
	const struct component_data_list *l = &e->consent_extensions.component_data;
	return e->consent_operation == CONSENT_REQUEST && l->n == 2 &&
	       l->v[1].component_id == COMPONENT_CONTACT_TOKEN &&
	       l->v[1].data.n == CONTACT_TOKEN_BYTES;
}

uc_err contact_token_take(struct consent_entry *e, struct arena *a, struct view *bytes,
			  struct view *sealed)
{
	struct component_data_list *l = &e->consent_extensions.component_data;
	if (!contact_token_has(e))
		return UC_E_ARGUMENT;
	*sealed = l->v[1].data;
	l->n = 1;
	return wire_encode_to(a, consent_entry_element, e, bytes);
}

uc_err contact_token_open(const struct kem_key *lookup_key, struct view bytes, struct view sealed,
			  struct arena *a, struct token *out)
{
	struct view plain;
	TRY(label_open(secret_view(&lookup_key->priv), kem_public(lookup_key), TOKEN_LABEL, bytes,
		       sealed, a, &plain));
	return wire_decode(plain, a, token_element, out);
}

/* --- redeemTokens --- */

static void redemption_element(struct wire *w, void *v)
{
	struct redemption *r = v;
	wire_token(w, &r->token);
	wire_fixed(w, r->use, sizeof r->use);
}

void wire_redeem_request(struct wire *w, struct redeem_request *r)
{
	WIRE_LIST(w, &r->redemptions, redemption_element);
	if (!w->failed && (!r->redemptions.n || r->redemptions.n > REDEEM_AT_ONCE))
		wire_fail(w, UC_E_MALFORMED);
}

void redeem_request_element(struct wire *w, void *v)
{
	wire_redeem_request(w, v);
}

void wire_redeem_response(struct wire *w, struct redeem_response *r)
{
	wire_bytes(w, &r->results);
}

void redeem_response_element(struct wire *w, void *v)
{
	wire_redeem_response(w, v);
}
