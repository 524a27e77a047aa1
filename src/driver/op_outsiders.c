/* SPDX-License-Identifier: Apache-2.0 */
/* Proposals by who is not in the group (RFC 9420, 12.1.8). */
#include "driver/operations.h"

#include "mls/external_proposal.h"

static struct outside outside_of(const struct outline *o)
{
	const struct group_context *g = &o->info.group_context;
	struct view list;
	return (struct outside){ .suite = o->suite,
				 .group_id = g->group_id,
				 .epoch = g->epoch,
				 .safe_aad =
					 component_in(&g->extensions, COMPONENT_SAFE_AAD, &list) };
}

uc_err op_new_member_add_proposal(struct driver *d, struct call *c)
{
	struct outline o;
	struct view identity, message;
	struct handle *t;
	TRY(outline_read(c, &o));
	TRY(call_bytes(c, c->request, "identity", &identity));
	TRY(transaction_new(d, c, o.suite, identity, &t));
	const struct outside to = outside_of(&o);
	uc_err err = join_propose(&to, d->env, buf_view(&t->key_package), &t->secrets.signature_key,
				  &c->mem, &message);
	if (err) {
		uc_err gone = handles_remove(&d->handles, t->id);
		return gone ? gone : err;
	}
	call_put_number(c, "transaction_id", t->id);
	call_put_bytes(c, "proposal", message);
	put_private_keys(c, t);
	return UC_OK;
}

static void external_sender_element(struct wire *w, void *v)
{
	wire_external_sender(w, v);
}

static uc_err sender_encode(struct call *c, const struct handle *signer, struct view *out)
{
	const struct external_sender s = {
		.signature_key = sign_public(&signer->secrets.signature_key),
		.credential = { .credential_type = CREDENTIAL_BASIC,
				.identity = buf_view(&signer->identity) },
	};
	return wire_encode_to(&c->mem, external_sender_element, &s, out);
}

uc_err op_create_external_signer(struct driver *d, struct call *c)
{
	const struct suite *s;
	struct view identity, encoded;
	struct handle *signer;
	TRY(suite_of(c, &s));
	TRY(call_bytes(c, c->request, "identity", &identity));
	TRY(handle_new(HANDLE_SIGNER, s, identity, &signer));
	uc_err err = sign_key_generate(s, d->env, &signer->secrets.signature_key);
	if (!err)
		err = sender_encode(c, signer, &encoded);
	if (!err)
		err = handles_add(&d->handles, signer);
	if (err) {
		handle_free(signer);
		return err;
	}
	call_put_number(c, "signer_id", signer->id);
	call_put_bytes(c, "external_sender", encoded);
	return UC_OK;
}

/* Where the signer stands among the group's external senders; the request's signer_index decides
 * between several places, and is else not needed: callers do not always know it. */
static uc_err place_of(struct call *c, const struct outline *o, const struct handle *signer,
		       uint32_t asked, uint32_t *out)
{
	const struct extension *e =
		extension_find(&o->info.group_context.extensions, EXTENSION_EXTERNAL_SENDERS);
	struct external_sender_list l = { NULL, 0 };
	bool found = false;
	if (e)
		TRY(wire_decode(e->extension_data, &c->mem, external_sender_list_element, &l));
	for (size_t i = 0; i < l.n; i++) {
		if (!view_equal(l.v[i].signature_key, sign_public(&signer->secrets.signature_key)))
			continue;
		if (!found || i == asked)
			*out = (uint32_t)i;
		found = true;
	}
	if (!found || (asked && *out != asked))
		return UC_E_NOT_FOUND;
	return UC_OK;
}

uc_err op_external_signer_proposal(struct driver *d, struct call *c)
{
	struct outline o;
	struct handle *signer;
	struct proposal p;
	struct view message;
	uint32_t asked, place = 0;
	TRY(handle_of(d, c, "signer_id", HANDLE_SIGNER, &signer));
	TRY(call_u32(c, c->request, "signer_index", &asked));
	TRY(outline_read(c, &o));
	if (o.suite != signer->suite)
		return UC_E_SUITE;
	TRY(place_of(c, &o, signer, asked, &place));
	const struct outside to = outside_of(&o);
	const struct described in = {
		.env = d->env, .suite = o.suite, .group_id = to.group_id, .outline = &o
	};
	TRY(proposal_described(c, json_object_get(c->request, "description"), &in, &p));
	TRY(external_propose(&to, d->env, place, &signer->secrets.signature_key, &p, &c->mem,
			     &message));
	call_put_bytes(c, "proposal", message);
	return UC_OK;
}
