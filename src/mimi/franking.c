/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/franking.h"

#include "mls/safe_aad.h"

static const char integrity_label[] = "FrankingIntegrityTBS";

void wire_server_franking_context(struct wire *w, struct server_franking_context *c)
{
	wire_bytes(w, &c->sender_uri);
	wire_bytes(w, &c->room_uri);
	wire_u64(w, &c->accepted_timestamp);
}
WIRE_ELEMENT(server_franking_context)

void wire_franking_agent_data(struct wire *w, struct franking_agent_data *d)
{
	wire_bytes(w, &d->franking_signature_key);
	wire_credential(w, &d->credential);
}

void franking_agent_data_element(struct wire *w, void *v)
{
	wire_franking_agent_data(w, v);
}

struct frank_aad {
	uint8_t franking_tag[FRANKING_TAG];
};
static void wire_frank_aad(struct wire *w, struct frank_aad *f)
{
	wire_fixed(w, f->franking_tag, sizeof f->franking_tag);
}
WIRE_ELEMENT(frank_aad)

struct franking_integrity_tbs {
	uint8_t server_frank[32];
	uint16_t franking_signature_ciphersuite;
	struct server_franking_context context;
};
static void wire_franking_integrity_tbs(struct wire *w, struct franking_integrity_tbs *t)
{
	wire_fixed(w, t->server_frank, sizeof t->server_frank);
	wire_u16(w, &t->franking_signature_ciphersuite);
	wire_server_franking_context(w, &t->context);
}
WIRE_ELEMENT(franking_integrity_tbs)

uc_err franking_tag(struct view salt, struct view application_data, uint8_t out[FRANKING_TAG])
{
	if (salt.n != FRANKING_SALT)
		return UC_E_ARGUMENT;
	return hmac_sha256(salt, application_data, out);
}

uc_err franking_aad_write(const uint8_t tag[FRANKING_TAG], struct arena *a,
			  struct view *authenticated_data)
{
	struct safe_aad_item item = { COMPONENT_FRANK_AAD, { tag, FRANKING_TAG } };
	const struct safe_aad aad = { { &item, 1 } };
	return wire_encode_to(a, safe_aad_element, &aad, authenticated_data);
}

uc_err franking_aad_read(struct view authenticated_data, struct arena *a, uint8_t tag[FRANKING_TAG])
{
	struct safe_aad aad;
	struct frank_aad f;
	/* The walk refuses two items of one component. */
	if (wire_decode(authenticated_data, a, safe_aad_element, &aad))
		return UC_E_FRANK;
	for (size_t i = 0; i < aad.aad_items.n; i++) {
		const struct safe_aad_item *item = &aad.aad_items.v[i];
		if (item->component_id != COMPONENT_FRANK_AAD)
			continue;
		if (wire_decode(item->aad_item_data, a, frank_aad_element, &f))
			return UC_E_FRANK;
		memcpy(tag, f.franking_tag, FRANKING_TAG);
		return UC_OK;
	}
	return UC_E_FRANK;
}

/* HMAC-SHA256(hub_key, franking_tag || context) */
static uc_err server_frank(const uint8_t hub_frank_key[32], const uint8_t tag[FRANKING_TAG],
			   const struct server_franking_context *context, uint8_t out[32])
{
	struct buf b;
	buf_init(&b, WIRE_OBJECT_MAX);
	uc_err err = wire_encode(&b, server_franking_context_element, context);
	const struct view parts[] = { { tag, FRANKING_TAG }, buf_view(&b) };
	if (!err)
		err = hmac_sha256_parts(view_make(hub_frank_key, 32), parts, 2, out);
	buf_done(&b);
	return err;
}

static uc_err integrity_tbs(const struct frank *f, const struct server_franking_context *context,
			    struct arena *a, struct view *out)
{
	struct franking_integrity_tbs tbs = {
		.franking_signature_ciphersuite = f->franking_signature_ciphersuite,
		.context = *context,
	};
	memcpy(tbs.server_frank, f->server_frank, sizeof tbs.server_frank);
	return wire_encode_to(a, franking_integrity_tbs_element, &tbs, out);
}

uc_err frank_sign(struct frank *f, const struct sign_key *signing, const struct env *env,
		  const struct server_franking_context *context, struct arena *a)
{
	struct view tbs;
	/* The franking key is always an Ed25519 key. */
	f->franking_signature_ciphersuite = SUITE_X25519_AES128;
	TRY(integrity_tbs(f, context, a, &tbs));
	return sign_with_label(suite_find(SUITE_X25519_AES128), signing, env, integrity_label, tbs,
			       a, &f->franking_integrity_signature);
}

uc_err frank_make(const uint8_t hub_frank_key[32], const struct sign_key *signing,
		  const struct env *env, const uint8_t tag[FRANKING_TAG],
		  const struct server_franking_context *context, struct arena *a, struct frank *out)
{
	struct frank f = { 0 };
	TRY(server_frank(hub_frank_key, tag, context, f.server_frank));
	if (signing)
		TRY(frank_sign(&f, signing, env, context, a));
	*out = f;
	return UC_OK;
}

uc_err frank_leaf(const uint8_t hub_frank_key[32], const uint8_t tag[FRANKING_TAG],
		  const struct server_franking_context *context, uint8_t made[32],
		  uint8_t leaf[SHA256_BYTES])
{
	const struct franking_integrity_tbs tbs = {
		.franking_signature_ciphersuite = FRANK_TREE_SUITE,
		.context = *context,
	};
	enum { CONTEXT_AT = sizeof tbs.server_frank + sizeof(uint16_t) };
	struct buf b;
	buf_init(&b, WIRE_OBJECT_MAX);
	/* Encoded once: the context that the frank is a MAC of is the end of what is signed. */
	uc_err err = wire_encode(&b, franking_integrity_tbs_element, &tbs);
	const struct view parts[] = { { tag, FRANKING_TAG },
				      view_slice(buf_view(&b), CONTEXT_AT, b.n) };
	if (!err)
		err = hmac_sha256_parts(view_make(hub_frank_key, 32), parts, 2, made);
	if (!err) {
		memcpy(b.p, made, sizeof tbs.server_frank);
		err = frank_tree_leaf(buf_view(&b), leaf);
	}
	buf_done(&b);
	return err;
}

uc_err frank_of_tree(const struct frank_tree *t, size_t index, const uint8_t made[32],
		     struct arena *a, struct frank *out)
{
	struct frank f = { .franking_signature_ciphersuite = FRANK_TREE_SUITE };
	memcpy(f.server_frank, made, sizeof f.server_frank);
	TRY(frank_tree_proof(t, index, a, &f.franking_integrity_signature));
	*out = f;
	return UC_OK;
}

static uc_err tag_check(const uint8_t tag[FRANKING_TAG], struct view salt,
			struct view application_data)
{
	uint8_t own[FRANKING_TAG];
	if (franking_tag(salt, application_data, own) ||
	    !view_equal_ct(VIEW_OF(own), view_make(tag, FRANKING_TAG)))
		return UC_E_FRANK;
	return UC_OK;
}

uc_err frank_signed(const struct frank *f, const struct server_franking_context *context,
		    struct view franking_key, struct arena *a)
{
	struct view tbs;
	uint8_t leaf[SHA256_BYTES];
	TRY(integrity_tbs(f, context, a, &tbs));
	if (f->franking_signature_ciphersuite == FRANK_TREE_SUITE) {
		TRY(frank_tree_leaf(tbs, leaf));
		return frank_tree_check(f->franking_integrity_signature, leaf, franking_key, a);
	}
	if (f->franking_signature_ciphersuite != SUITE_X25519_AES128)
		return UC_E_FRANK;
	return verify_with_label(suite_find(SUITE_X25519_AES128), franking_key, integrity_label,
				 tbs, f->franking_integrity_signature)
		       ? UC_E_FRANK
		       : UC_OK;
}

uc_err frank_check(const struct frank *f, const uint8_t tag[FRANKING_TAG], struct view salt,
		   struct view application_data, const struct server_franking_context *context,
		   struct view franking_key, struct arena *a)
{
	TRY(tag_check(tag, salt, application_data));
	return franking_key.n ? frank_signed(f, context, franking_key, a) : UC_OK;
}

uc_err frank_verify_tag(const uint8_t hub_frank_key[32], const struct frank *f,
			const uint8_t tag[FRANKING_TAG],
			const struct server_franking_context *context)
{
	uint8_t own[32];
	TRY(server_frank(hub_frank_key, tag, context, own));
	return view_equal_ct(VIEW_OF(own), VIEW_OF(f->server_frank)) ? UC_OK : UC_E_FRANK;
}

uc_err frank_verify(const uint8_t hub_frank_key[32], const struct frank *f, struct view salt,
		    struct view application_data, const struct server_franking_context *context)
{
	uint8_t tag[FRANKING_TAG];
	if (franking_tag(salt, application_data, tag))
		return UC_E_FRANK;
	return frank_verify_tag(hub_frank_key, f, tag, context);
}
