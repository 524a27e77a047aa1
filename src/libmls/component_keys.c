/* SPDX-License-Identifier: Apache-2.0 */
/* What components do with the keys of a group (draft-ietf-mls-extensions-10, The Safe Application
 * Interface), and what was read of it. */
#include "undercroft/mls_component.h"

#include "libmls/give.h"

#include "mls/group_safe.h"

uc_err mls_safe_export(mls_group *group, uint16_t component_id, mls_out *out,
		       struct mls_bytes *secret)
{
	struct call c;
	struct secret s = { .n = 0 };
	struct mls_bytes fresh = { NULL, 0 };
	uint8_t *room;
	if (!group || !out || !secret)
		return UC_E_ARGUMENT;
	TRY(call_begin(&c, group->client, out));
	/* It is had once: so there must be room for it before. */
	room = arena_take(out->a, sizeof s.b);
	uc_err err = room ? group_safe_export(group->g, component_id, &s) : arena_error(out->a);
	if (!err) {
		memcpy(room, s.b, s.n);
		fresh = (struct mls_bytes){ room, s.n };
	}
	secret_wipe(&s);
	TRY(call_end(&c, err));
	*secret = fresh;
	return UC_OK;
}

bool mls_safe_export_is_left(const mls_group *group, uint16_t component_id)
{
	return group && group_safe_export_is_left(group->g, component_id);
}

/* --- signing and encrypting --- */

/* Inputs of one operation, as views. */
struct operation {
	struct call call;
	struct giver giver;
	struct view label, context, text;
};

static uc_err begin(struct operation *o, const mls_group *group, struct mls_bytes label,
		    struct mls_bytes context, struct mls_bytes text, mls_out *out,
		    const void *result)
{
	if (!group || !out || !result)
		return UC_E_ARGUMENT;
	TRY(bytes_in(label, &o->label));
	TRY(bytes_in(context, &o->context));
	TRY(bytes_in(text, &o->text));
	TRY(call_look(&o->call, group->client, out));
	o->giver = (struct giver){ .a = out->a };
	return UC_OK;
}

static uc_err end(struct operation *o, uc_err err)
{
	return call_end(&o->call, err ? err : o->giver.failed);
}

static uc_err end_bytes(struct operation *o, uc_err err, struct view v, struct mls_bytes *out)
{
	struct mls_bytes fresh = { NULL, 0 };
	if (!err)
		fresh = give_bytes(&o->giver, v);
	TRY(end(o, err));
	*out = fresh;
	return UC_OK;
}

static uc_err end_ciphertext(struct operation *o, uc_err err, const struct safe_ciphertext *c,
			     struct mls_ciphertext *out)
{
	struct mls_ciphertext fresh = { .ciphertext = { NULL, 0 } };
	if (!err)
		fresh = (struct mls_ciphertext){ give_bytes(&o->giver, c->kem_output),
						 give_bytes(&o->giver, c->ciphertext) };
	TRY(end(o, err));
	*out = fresh;
	return UC_OK;
}

uc_err mls_safe_sign(const mls_group *group, uint16_t component_id, struct mls_bytes label,
		     struct mls_bytes content, mls_out *out, struct mls_bytes *signature)
{
	static const struct mls_bytes none;
	struct operation o;
	struct view v = { NULL, 0 };
	TRY(begin(&o, group, label, none, content, out, signature));
	uc_err err = group_safe_sign(group->g, component_id, o.label, o.text, &o.call.scratch, &v);
	return end_bytes(&o, err, v, signature);
}

uc_err mls_safe_verify(const mls_group *group, uint32_t index, uint16_t component_id,
		       struct mls_bytes label, struct mls_bytes content, struct mls_bytes signature)
{
	struct view l, c, s;
	if (!group)
		return UC_E_ARGUMENT;
	TRY(bytes_in(label, &l));
	TRY(bytes_in(content, &c));
	TRY(bytes_in(signature, &s));
	if (index >= TREE_LEAVES_MAX)
		return UC_E_NOT_FOUND;
	return group_safe_verify(group->g, index, component_id, l, c, s);
}

uc_err mls_safe_encrypt(const mls_group *group, uint32_t index, uint16_t component_id,
			struct mls_bytes label, struct mls_bytes context,
			struct mls_bytes plaintext, mls_out *out, struct mls_ciphertext *result)
{
	struct operation o;
	struct safe_ciphertext c = { .ciphertext = { NULL, 0 } };
	TRY(begin(&o, group, label, context, plaintext, out, result));
	uc_err err = UC_E_NOT_FOUND;
	if (index < TREE_LEAVES_MAX)
		err = group_safe_encrypt_to(group->g, index, component_id, o.label, o.context,
					    o.text, &o.call.scratch, &c);
	return end_ciphertext(&o, err, &c, result);
}

uc_err mls_safe_encrypt_to_all(const mls_group *group, uint16_t component_id,
			       struct mls_bytes label, struct mls_bytes context,
			       struct mls_bytes plaintext, mls_out *out,
			       struct mls_ciphertext *result)
{
	struct operation o;
	struct safe_ciphertext c = { .ciphertext = { NULL, 0 } };
	TRY(begin(&o, group, label, context, plaintext, out, result));
	uc_err err = group_safe_encrypt_to_all(group->g, component_id, o.label, o.context, o.text,
					       &o.call.scratch, &c);
	return end_ciphertext(&o, err, &c, result);
}

typedef uc_err opening(const struct group *g, uint16_t component_id, struct view label,
		       struct view context, const struct safe_ciphertext *in, struct arena *a,
		       struct view *plaintext);

static uc_err decrypt(const mls_group *group, opening *work, uint16_t component_id,
		      struct mls_bytes label, struct mls_bytes context,
		      const struct mls_ciphertext *in, mls_out *out, struct mls_bytes *plaintext)
{
	struct operation o;
	struct safe_ciphertext c;
	struct view v = { NULL, 0 };
	if (!in)
		return UC_E_ARGUMENT;
	TRY(bytes_in(in->kem_output, &c.kem_output));
	TRY(bytes_in(in->ciphertext, &c.ciphertext));
	TRY(begin(&o, group, label, context, in->ciphertext, out, plaintext));
	uc_err err = work(group->g, component_id, o.label, o.context, &c, &o.call.scratch, &v);
	return end_bytes(&o, err, v, plaintext);
}

uc_err mls_safe_decrypt(const mls_group *group, uint16_t component_id, struct mls_bytes label,
			struct mls_bytes context, const struct mls_ciphertext *in, mls_out *out,
			struct mls_bytes *plaintext)
{
	return decrypt(group, group_safe_decrypt, component_id, label, context, in, out, plaintext);
}

uc_err mls_safe_decrypt_to_all(const mls_group *group, uint16_t component_id,
			       struct mls_bytes label, struct mls_bytes context,
			       const struct mls_ciphertext *in, mls_out *out,
			       struct mls_bytes *plaintext)
{
	return decrypt(group, group_safe_decrypt_to_all, component_id, label, context, in, out,
		       plaintext);
}

/* --- acknowledgements --- */

static uc_err ack(struct call *c, const mls_group *group, struct mls_bytes *out)
{
	struct app_ack k;
	struct view v;
	TRY(group_app_ack(group->g, &c->scratch, &k));
	TRY(wire_encode_to(c->out->a, app_ack_element, &k, &v));
	*out = (struct mls_bytes){ v.p, v.n };
	return UC_OK;
}

uc_err mls_app_ack(const mls_group *group, mls_out *out, struct mls_bytes *data)
{
	struct call c;
	struct mls_bytes fresh = { NULL, 0 };
	if (!group || !out || !data)
		return UC_E_ARGUMENT;
	TRY(call_look(&c, group->client, out));
	TRY(call_end(&c, ack(&c, group, &fresh)));
	*data = fresh;
	return UC_OK;
}

static uc_err missing(struct call *c, const mls_group *group, struct view theirs,
		      const struct mls_message_range **ranges, size_t *n)
{
	struct app_ack read, left;
	TRY(wire_decode(theirs, &c->scratch, app_ack_element, &read));
	TRY(group_app_ack_missing(group->g, &read, &c->scratch, &left));
	size_t count = left.received_ranges.n;
	struct mls_message_range *v = ARENA_ARRAY(c->out->a, struct mls_message_range, count);
	if (!v)
		return arena_error(c->out->a);
	for (size_t i = 0; i < count; i++) {
		const struct message_range *r = &left.received_ranges.v[i];
		v[i] = (struct mls_message_range){ r->sender, r->first_generation,
						   r->last_generation };
	}
	*ranges = v;
	*n = count;
	return UC_OK;
}

uc_err mls_app_ack_missing(const mls_group *group, struct mls_bytes theirs, mls_out *out,
			   const struct mls_message_range **ranges, size_t *n)
{
	struct call c;
	struct view in;
	const struct mls_message_range *fresh = NULL;
	size_t count = 0;
	if (!group || !out || !ranges || !n)
		return UC_E_ARGUMENT;
	TRY(bytes_in(theirs, &in));
	TRY(call_look(&c, group->client, out));
	TRY(call_end(&c, missing(&c, group, in, &fresh, &count)));
	*ranges = fresh;
	*n = count;
	return UC_OK;
}
