/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/vault.h"

#include "mimi/sealed.h"
#include "mimi/sender_tag.h"
#include "mimi/tbs.h"

#define VAULT_LABEL "Undercroft vault"
#define WRAP_LABEL  "Undercroft vault key"
#define BOX_LABEL   "Undercroft vault box"

#define FIXED(w, array) wire_fixed((w), (array), sizeof(array))

/* --- rows --- */

int vault_row_compare(uint8_t kind, const uint8_t id[VAULT_ID], uint8_t other_kind,
		      const uint8_t other_id[VAULT_ID])
{
	if (kind != other_kind)
		return kind < other_kind ? -1 : 1;
	return view_compare(view_make(id, VAULT_ID), view_make(other_id, VAULT_ID));
}

static void row_element(struct wire *w, void *v)
{
	struct vault_row *r = v;
	wire_u8(w, &r->vault_kind);
	FIXED(w, r->id);
	wire_u64(w, &r->row_version);
	wire_bool(w, &r->gone);
	wire_bytes(w, &r->data);
	if (!w->failed && (!r->vault_kind || !r->row_version || (r->gone && r->data.n)))
		wire_fail(w, UC_E_MALFORMED);
}

static void one(struct wire *w, uint16_t *version)
{
	wire_u16(w, version);
	if (*version != 1)
		wire_fail(w, UC_E_VERSION);
}

void wire_vault_rows(struct wire *w, struct vault_rows *r)
{
	one(w, &r->version);
	wire_u32(w, &r->key_generation);
	wire_u32(w, &r->key_position);
	WIRE_LIST(w, &r->rows, row_element);
	if (w->failed)
		return;
	if (r->rows.n > VAULT_ROWS_MAX) {
		wire_fail(w, UC_E_LIMIT);
		return;
	}
	for (size_t i = 1; i < r->rows.n; i++) {
		const struct vault_row *a = &r->rows.v[i - 1], *b = &r->rows.v[i];
		if (vault_row_compare(a->vault_kind, a->id, b->vault_kind, b->id) >= 0)
			wire_fail(w, UC_E_MALFORMED);
	}
}

void wire_vault_account(struct wire *w, struct vault_account *x)
{
	wire_bytes(w, &x->identifier);
	uint8_t flags = 0;
	if (!wire_reading(w))
		flags = (uint8_t)(x->waits_to_introduce | x->removes_silent << 1);
	wire_u8(w, &flags);
	if (flags > 3)
		wire_fail(w, UC_E_MALFORMED);
	x->waits_to_introduce = flags & 1;
	x->removes_silent = flags >> 1 & 1;
	wire_bytes(w, &x->settings);
	FIXED(w, x->code_tag);
	wire_bytes(w, &x->code);
	wire_bytes(w, &x->name);
}

void wire_vault_device(struct wire *w, struct vault_device *x)
{
	wire_fixed_view(w, &x->device_key, ED25519_KEY);
	wire_fixed_view(w, &x->box_key, 32);
	wire_fixed_view(w, &x->signature, ED25519_SIGNATURE);
}

void wire_vault_request_key(struct wire *w, struct vault_request_key *x)
{
	FIXED(w, x->priv);
	FIXED(w, x->pub);
}

void wire_vault_contact(struct wire *w, struct vault_contact *x)
{
	wire_bytes(w, &x->app);
	wire_bytes(w, &x->name);
	wire_fixed_view(w, &x->account_key, ED25519_KEY);
	wire_bytes(w, &x->list);
	wire_bool(w, &x->identity_changed);
	wire_bool(w, &x->has_direct);
	FIXED(w, x->direct);
}

static void address_element(struct wire *w, void *v)
{
	struct vault_address *x = v;
	wire_bytes(w, &x->address);
	wire_bytes(w, &x->participant);
	wire_u64(w, &x->expires_ms);
}

void wire_vault_addresses(struct wire *w, struct vault_addresses *x)
{
	WIRE_LIST(w, &x->addresses, address_element);
}

static void sender_tag_element(struct wire *w, void *v)
{
	wire_fixed_view(w, v, SENDER_TAG);
}

void wire_vault_sender_tags(struct wire *w, struct vault_sender_tags *x)
{
	WIRE_LIST(w, &x->tags, sender_tag_element);
}

void wire_vault_guardian(struct wire *w, struct vault_guardian *x)
{
	FIXED(w, x->contact);
	FIXED(w, x->key);
	FIXED(w, x->offer);
}

void wire_vault_ward(struct wire *w, struct vault_ward *x)
{
	wire_bool(w, &x->accepted);
	FIXED(w, x->offer);
	FIXED(w, x->seed);
}

void wire_vault_answered(struct wire *w, struct vault_answered *x)
{
	wire_bool(w, &x->accepted);
}

void wire_vault_block(struct wire *w, struct vault_block *x)
{
	wire_u8(w, &x->of);
	if (!w->failed && x->of != BLOCK_CONTACT && x->of != BLOCK_LINKED)
		wire_fail(w, UC_E_MALFORMED);
}

void wire_vault_member_block(struct wire *w, struct vault_member_block *x)
{
	wire_bytes(w, &x->uri);
	wire_bytes(w, &x->participant);
}

static void member_element(struct wire *w, void *v)
{
	struct vault_member *x = v;
	wire_bytes(w, &x->participant);
	FIXED(w, x->contact);
	wire_bool(w, &x->admitted);
}

void wire_vault_room(struct wire *w, struct vault_room *x)
{
	wire_bytes(w, &x->uri);
	wire_bytes(w, &x->name);
	wire_bytes(w, &x->participant);
	wire_u8(w, &x->says);
	wire_bytes(w, &x->persona);
	FIXED(w, x->seed);
	FIXED(w, x->contact);
	wire_bool(w, &x->direct);
	wire_bool(w, &x->held);
	WIRE_LIST(w, &x->members, member_element);
}

void wire_vault_chain(struct wire *w, struct vault_chain *x)
{
	wire_bytes(w, &x->chain);
	FIXED(w, x->seed);
	wire_u32(w, &x->generation);
	wire_u32(w, &x->position);
}

#define VAULT_ELEMENT(name)                          \
	void name##_element(struct wire *w, void *v) \
	{                                            \
		wire_##name(w, v);                   \
	}
VAULT_ELEMENT(vault_rows)
VAULT_ROW_WALKS(VAULT_ELEMENT)

/* --- whose box it is --- */

struct box_tbs {
	struct view app, device_key, box_key;
};
static void box_tbs_element(struct wire *w, void *v)
{
	struct box_tbs *t = v;
	wire_bytes(w, &t->app);
	wire_fixed_view(w, &t->device_key, ED25519_KEY);
	wire_fixed_view(w, &t->box_key, 32);
}

uc_err vault_device_sign(const struct ed25519_key *device, struct view app, struct view box_key,
			 struct arena *a, struct view *signature)
{
	const struct box_tbs tbs = { app, VIEW_OF(device->pub), box_key };
	return tbs_sign(device, BOX_LABEL, box_tbs_element, &tbs, a, signature);
}

uc_err vault_device_check(const struct vault_device *x, struct view app, struct arena *a)
{
	const struct box_tbs tbs = { app, x->device_key, x->box_key };
	return tbs_verify(x->device_key, BOX_LABEL, box_tbs_element, &tbs, x->signature, a);
}

/* --- sealed --- */

void wire_vault_envelope(struct wire *w, struct vault_envelope *e)
{
	one(w, &e->version);
	wire_u64(w, &e->number);
	WIRE_LIST(w, &e->wraps, bytes_element);
	wire_fixed_view(w, &e->device_key, ED25519_KEY);
	wire_bytes(w, &e->sealed);
	wire_fixed_view(w, &e->signature, ED25519_SIGNATURE);
	if (!w->failed && (!e->wraps.n || e->wraps.n > VAULT_WRAPS_MAX))
		wire_fail(w, UC_E_LIMIT);
}

VAULT_ELEMENT(vault_envelope)

/* What box and wraps are bound to. */
struct vault_bound {
	struct vault_owner owner;
	uint64_t number;
};
static void bound_element(struct wire *w, void *v)
{
	struct vault_bound *b = v;
	wire_bytes(w, &b->owner.app);
	wire_fixed_view(w, &b->owner.account_key, ED25519_KEY);
	wire_u64(w, &b->number);
}

static uc_err bound(const struct vault_owner *owner, uint64_t number, struct arena *a,
		    struct view *out)
{
	const struct vault_bound b = { *owner, number };
	return wire_encode_to(a, bound_element, &b, out);
}

struct vault_tbs {
	struct vault_bound bound;
	const struct vault_envelope *envelope;
	uint8_t sealed_hash[SHA256_BYTES];
};
static void tbs_element(struct wire *w, void *v)
{
	struct vault_tbs *t = v;
	struct vault_envelope e = *t->envelope;
	bound_element(w, &t->bound);
	WIRE_LIST(w, &e.wraps, bytes_element);
	wire_fixed_view(w, &e.device_key, ED25519_KEY);
	FIXED(w, t->sealed_hash);
}

static uc_err tbs_make(const struct vault_envelope *e, const struct vault_owner *owner,
		       struct vault_tbs *out)
{
	*out = (struct vault_tbs){ { *owner, e->number }, e, { 0 } };
	return sha256(e->sealed, out->sealed_hash);
}

uc_err vault_words_key(struct view entropy, uint8_t priv[32], uint8_t pub[32])
{
	const struct suite *s = suite_find(SUITE_X25519_AES128);
	struct kem_key key;
	uint8_t seed[32];
	TRY(hkdf_sha256((struct view){ NULL, 0 }, entropy, VIEW_LIT("Undercroft vault words"), seed,
			sizeof seed));
	uc_err err = kem_key_derive(s, VIEW_OF(seed), &key);
	wipe(seed, sizeof seed);
	TRY(err);
	memcpy(priv, key.priv.b, 32);
	memcpy(pub, key.pub, 32);
	kem_key_wipe(&key);
	return UC_OK;
}

static size_t padded_size(size_t n)
{
	size_t p = VAULT_SMALLEST;
	while (p < n)
		p *= 2;
	return p;
}

static uc_err box(const struct env *env, struct view key, struct view aad, struct view rows,
		  struct arena *a, struct view *out)
{
	struct view padded;
	size_t size = padded_size(rows.n + 4); /* with its length */
	if (rows.n > VAULT_LARGEST || size > VAULT_LARGEST)
		return UC_E_TOO_LARGE;
	TRY(padded_write(a, rows, size, &padded));
	uint8_t *p = arena_take(a, padded.n + BOX_OVERHEAD);
	if (!p)
		return UC_E_LIMIT;
	TRY(box_seal(env, key, aad, padded, p));
	*out = view_make(p, padded.n + BOX_OVERHEAD);
	return UC_OK;
}

uc_err vault_seal(const struct env *env, const struct vault_owner *owner, uint64_t number,
		  struct view key, const struct view_list *wrap_to,
		  const struct ed25519_key *device, struct view rows, struct arena *a,
		  struct view *out)
{
	struct vault_envelope e = { .version = 1,
				    .number = number,
				    .device_key = VIEW_OF(device->pub) };
	struct vault_tbs tbs;
	struct view aad;
	e.wraps.v = ARENA_ARRAY(a, struct view, wrap_to->n);
	if (!e.wraps.v)
		return UC_E_LIMIT;
	TRY(bound(owner, number, a, &aad));
	for (; e.wraps.n < wrap_to->n; e.wraps.n++)
		TRY(label_seal(env, wrap_to->v[e.wraps.n], WRAP_LABEL, aad, key, a,
			       &e.wraps.v[e.wraps.n]));
	TRY(box(env, key, aad, rows, a, &e.sealed));
	TRY(tbs_make(&e, owner, &tbs));
	TRY(tbs_sign(device, VAULT_LABEL, tbs_element, &tbs, a, &e.signature));
	return wire_encode_to(a, vault_envelope_element, &e, out);
}

uc_err vault_envelope_read(struct view bytes, const struct vault_owner *owner, struct arena *a,
			   struct vault_envelope *out)
{
	struct vault_envelope e;
	struct vault_tbs tbs;
	TRY(wire_decode(bytes, a, vault_envelope_element, &e));
	TRY(tbs_make(&e, owner, &tbs));
	TRY(tbs_verify(e.device_key, VAULT_LABEL, tbs_element, &tbs, e.signature, a));
	*out = e;
	return UC_OK;
}

uc_err vault_unwrap(const struct vault_envelope *e, const struct vault_owner *owner,
		    struct view priv, struct view pub, struct arena *a, uint8_t key[VAULT_KEY])
{
	struct view aad, plain;
	TRY(bound(owner, e->number, a, &aad));
	for (size_t i = 0; i < e->wraps.n; i++) {
		if (label_open(priv, pub, WRAP_LABEL, aad, e->wraps.v[i], a, &plain))
			continue;
		if (plain.n != VAULT_KEY)
			return UC_E_MALFORMED;
		memcpy(key, plain.p, VAULT_KEY);
		return UC_OK;
	}
	return UC_E_DECRYPT;
}

uc_err vault_open(const struct vault_envelope *e, const struct vault_owner *owner, struct view key,
		  struct arena *a, struct vault_rows *out)
{
	struct view aad, rows;
	if (e->sealed.n <= BOX_OVERHEAD || e->sealed.n > VAULT_LARGEST + BOX_OVERHEAD)
		return UC_E_DECRYPT;
	uint8_t *padded = arena_take(a, e->sealed.n - BOX_OVERHEAD);
	if (!padded)
		return UC_E_LIMIT;
	TRY(bound(owner, e->number, a, &aad));
	TRY(box_open(key, aad, e->sealed, padded));
	TRY(padded_read(view_make(padded, e->sealed.n - BOX_OVERHEAD), &rows));
	return wire_decode(rows, a, vault_rows_element, out);
}
