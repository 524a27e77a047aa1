/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/sealed.h"

#include "mls/proposal.h"

static void ciphertext_element(struct wire *w, void *v)
{
	wire_hpke_ciphertext(w, v);
}

static const struct suite *suite(void)
{
	return suite_find(SUITE_X25519_AES128);
}

uc_err label_seal(const struct env *env, struct view pub, const char *label, struct view context,
		  struct view plain, struct arena *a, struct view *sealed)
{
	struct hpke_ciphertext c;
	TRY(encrypt_with_label(suite(), env, pub, label, context, plain, a, &c.kem_output,
			       &c.ciphertext));
	return wire_encode_to(a, ciphertext_element, &c, sealed);
}

uc_err label_open(struct view priv, struct view pub, const char *label, struct view context,
		  struct view sealed, struct arena *a, struct view *plain)
{
	struct hpke_ciphertext c;
	struct kem_key key;
	TRY(wire_decode(sealed, a, ciphertext_element, &c));
	TRY(kem_key_import(suite(), priv, pub, &key));
	uc_err err = decrypt_with_label(suite(), &key, label, context, c.kem_output, c.ciphertext,
					a, plain);
	kem_key_wipe(&key);
	return err;
}

/* --- padding --- */

uc_err padded_write(struct arena *a, struct view body, size_t pad, struct view *out)
{
	static const uint8_t zeros[64];
	struct view padded;
	struct buf b;
	buf_init_secret(&b, WIRE_OBJECT_MAX);
	uc_err err = wire_encode(&b, bytes_element, &body);
	while (!err && !b.failed && b.n % pad) {
		size_t more = pad - b.n % pad;
		buf_add(&b, zeros, more < sizeof zeros ? more : sizeof zeros);
	}
	if (!err)
		err = b.failed;
	if (!err)
		err = arena_copy(a, buf_view(&b), &padded);
	buf_done(&b);
	if (!err)
		*out = padded;
	return err;
}

uc_err padded_read(struct view padded, struct view *body)
{
	struct wire w;
	struct view v, rest;
	wire_reader(&w, padded, NULL);
	wire_bytes(&w, &v);
	wire_rest(&w, &rest);
	TRY(wire_finish(&w));
	uint8_t any = 0;
	for (size_t i = 0; i < rest.n; i++)
		any |= rest.p[i];
	if (any)
		return UC_E_MALFORMED;
	*body = v;
	return UC_OK;
}

/* --- intake --- */

#define INTAKE_LABEL "Undercroft intake"

void wire_intake_context(struct wire *w, struct intake_context *c)
{
	wire_u8(w, &c->intake_kind);
	wire_u64(w, &c->received_ms);
}

void intake_context_element(struct wire *w, void *v)
{
	wire_intake_context(w, v);
}

uc_err intake_seal(const struct env *env, struct view intake_key,
		   const struct intake_context *context, struct view body, struct arena *a,
		   struct view *sealed)
{
	struct view bytes;
	TRY(wire_encode_to(a, intake_context_element, context, &bytes));
	return label_seal(env, intake_key, INTAKE_LABEL, bytes, body, a, sealed);
}

uc_err intake_open(struct view intake_priv, struct view intake_pub,
		   const struct intake_context *context, struct view sealed, struct arena *a,
		   struct view *body)
{
	struct view bytes;
	TRY(wire_encode_to(a, intake_context_element, context, &bytes));
	return label_open(intake_priv, intake_pub, INTAKE_LABEL, bytes, sealed, a, body);
}

/* --- slots --- */

static void slot_aad(const uint8_t set_id[SET_ID], const uint8_t slot_id[SLOT_ID],
		     uint8_t out[SET_ID + SLOT_ID])
{
	memcpy(out, set_id, SET_ID);
	memcpy(out + SET_ID, slot_id, SLOT_ID);
}

uc_err slot_seal(const struct env *env, struct view set_key, const uint8_t set_id[SET_ID],
		 const uint8_t slot_id[SLOT_ID], struct view key_package, struct arena *a,
		 struct view *sealed)
{
	uint8_t aad[SET_ID + SLOT_ID];
	struct view padded;
	slot_aad(set_id, slot_id, aad);
	TRY(padded_write(a, key_package, SLOT_PAD, &padded));
	uint8_t *out = arena_take(a, padded.n + BOX_OVERHEAD);
	if (!out)
		return UC_E_LIMIT;
	TRY(box_seal(env, set_key, VIEW_OF(aad), padded, out));
	*sealed = (struct view){ out, padded.n + BOX_OVERHEAD };
	return UC_OK;
}

uc_err slot_open(struct view set_key, const uint8_t set_id[SET_ID], const uint8_t slot_id[SLOT_ID],
		 struct view sealed, struct arena *a, struct view *key_package)
{
	uint8_t aad[SET_ID + SLOT_ID];
	slot_aad(set_id, slot_id, aad);
	if (sealed.n < BOX_OVERHEAD)
		return UC_E_MALFORMED;
	uint8_t *out = arena_take(a, sealed.n - BOX_OVERHEAD + 1);
	if (!out)
		return UC_E_LIMIT;
	TRY(box_open(set_key, VIEW_OF(aad), sealed, out));
	return padded_read((struct view){ out, sealed.n - BOX_OVERHEAD }, key_package);
}
