/* SPDX-License-Identifier: Apache-2.0 */
#include "libmls/take.h"

#include "mls/grease.h"

static void *take_array(struct taker *t, size_t count, size_t size)
{
	void *p = count && !t->failed ? arena_take_array(t->a, count, size) : NULL;
	if (count && !p && !t->failed)
		t->failed = arena_error(t->a);
	return p;
}

/* A list with elements has an address. */
static bool is_list(struct taker *t, const void *v, size_t n)
{
	if (!v && n && !t->failed)
		t->failed = UC_E_ARGUMENT;
	return v && n;
}

struct view take_bytes(struct taker *t, struct mls_bytes b)
{
	struct view v = { NULL, 0 };
	uc_err err = bytes_in(b, &v);
	if (err && !t->failed)
		t->failed = err;
	return v;
}

struct view_list take_bytes_list(struct taker *t, struct mls_bytes_list l)
{
	struct view *v = is_list(t, l.v, l.n) ? take_array(t, l.n, sizeof *v) : NULL;
	for (size_t i = 0; v && i < l.n; i++)
		v[i] = take_bytes(t, l.v[i]);
	return (struct view_list){ v, v ? l.n : 0 };
}

struct u16_list take_types(struct taker *t, struct mls_types l)
{
	uint16_t *v = is_list(t, l.v, l.n) ? take_array(t, l.n, sizeof *v) : NULL;
	for (size_t i = 0; v && i < l.n; i++)
		v[i] = l.v[i];
	return (struct u16_list){ v, v ? l.n : 0 };
}

struct extension_list take_extensions(struct taker *t, struct mls_extensions l)
{
	struct extension *v = is_list(t, l.v, l.n) ? take_array(t, l.n, sizeof *v) : NULL;
	struct extension_list out = { v, 0 };
	for (size_t i = 0; v && i < l.n; i++) {
		/* None twice (RFC 9420, 13.4). */
		if (extension_find(&out, l.v[i].type) && !t->failed)
			t->failed = UC_E_ARGUMENT;
		v[out.n++] = (struct extension){ l.v[i].type, take_bytes(t, l.v[i].data) };
	}
	return out;
}

struct credential take_credential(struct taker *t, const struct mls_credential *c)
{
	if (c->type != CREDENTIAL_BASIC && c->type != CREDENTIAL_X509 && !t->failed)
		t->failed = UC_E_UNSUPPORTED;
	return (struct credential){ .credential_type = c->type,
				    .identity = take_bytes(t, c->identity),
				    .certificates = take_bytes_list(t, c->certificates) };
}

/* --- leaves --- */

/* Everything the engine knows; X.509 only where somebody judges it. */
static struct capabilities everything(struct taker *t, uint16_t credential)
{
	static const uint16_t versions[] = { MLS10 };
	static const uint16_t extensions[] = { EXTENSION_APP_DATA_DICTIONARY,
					       EXTENSION_SUPPORTED_WIRE_FORMATS,
					       EXTENSION_REQUIRED_WIRE_FORMATS };
	static const uint16_t proposals[] = { PROPOSAL_APP_DATA_UPDATE, PROPOSAL_APP_EPHEMERAL,
					      PROPOSAL_SELF_REMOVE };
	bool x509 = t->client->policy.x509 || credential == CREDENTIAL_X509;
	const uint16_t credentials[] = { CREDENTIAL_BASIC, CREDENTIAL_X509 };
	uint16_t suites[16];
	size_t n = 0;
	for (; n < sizeof suites / sizeof *suites && client_suite_at(t->client, n); n++)
		suites[n] = client_suite_at(t->client, n)->id;
	return (struct capabilities){
		.versions = take_types(t, (struct mls_types){ versions, 1 }),
		.cipher_suites = take_types(t, (struct mls_types){ suites, n }),
		.extensions = take_types(t, (struct mls_types){ extensions, 3 }),
		.proposals = take_types(t, (struct mls_types){ proposals, 3 }),
		.credentials = take_types(t, (struct mls_types){ credentials, x509 ? 2 : 1 }),
	};
}

struct leaf_parameters take_identity(struct taker *t, const struct mls_identity *identity,
				     const struct suite *s)
{
	struct leaf_parameters out = { .signature_key = NULL };
	if (!identity || !identity->key) {
		if (!t->failed)
			t->failed = UC_E_ARGUMENT;
		return out;
	}
	/* A key is one of a signature scheme: suites 1 and 3 have the same. */
	if (identity->key->suite->signature_id != s->signature_id && !t->failed)
		t->failed = UC_E_SUITE;
	const struct mls_capabilities *c = identity->capabilities;
	out.signature_key = &identity->key->key;
	out.credential = take_credential(t, &identity->credential);
	out.extensions = take_extensions(t, identity->extensions);
	if (c)
		out.capabilities = (struct capabilities){
			.versions = take_types(t, c->versions),
			.cipher_suites = take_types(t, c->suites),
			.extensions = take_types(t, c->extensions),
			.proposals = take_types(t, c->proposals),
			.credentials = take_types(t, c->credentials),
		};
	else
		out.capabilities = everything(t, identity->credential.type);
	if (t->client->grease && !t->failed) {
		const struct leaf_parameters plain = out;
		t->failed = grease_leaf(&t->client->env, &plain, t->a, &out);
	}
	return out;
}

/* --- proposals --- */

struct proposal take_add(struct taker *t, struct mls_bytes key_package)
{
	struct proposal p = { .proposal_type = PROPOSAL_ADD };
	struct view message = take_bytes(t, key_package), body = { NULL, 0 };
	if (!t->failed)
		t->failed = message_body(message, MLS_WIRE_KEY_PACKAGE, &body);
	if (!t->failed)
		t->failed = wire_decode(body, t->a, key_package_element, &p.key_package);
	return p;
}

static struct pre_shared_key_id take_psk_id(struct taker *t, const struct mls_psk_id *id,
					    const struct suite *s, struct view group_id)
{
	struct pre_shared_key_id out = {
		.psktype = id->type,
		.psk_id = take_bytes(t, id->id),
		.component_id = id->component_id,
		.usage = id->usage,
		.psk_group_id = id->group_id.n ? take_bytes(t, id->group_id) : group_id,
		.psk_epoch = id->epoch,
		.psk_nonce = take_bytes(t, id->nonce),
	};
	if (id->type == PSK_RESUMPTION && !id->usage)
		out.usage = RESUMPTION_APPLICATION;
	if (!out.psk_nonce.n && !t->failed) {
		uint8_t *nonce = take_array(t, s->nh, 1);
		if (nonce)
			t->failed = env_random(&t->client->env, nonce, s->nh);
		out.psk_nonce = view_make(nonce, nonce ? s->nh : 0);
	}
	return out;
}

static void take_proposal_body(struct taker *t, const struct mls_proposal *p, const struct suite *s,
			       struct view group_id, struct proposal *out)
{
	switch (p->type) {
	case PROPOSAL_ADD:
		*out = take_add(t, p->key_package);
		return;
	case PROPOSAL_REMOVE:
		out->removed = p->index;
		return;
	case PROPOSAL_PSK:
		out->psk = take_psk_id(t, &p->psk, s, group_id);
		return;
	case PROPOSAL_REINIT:
		out->reinit = (struct re_init){
			.group_id = take_bytes(t, p->reinit.group_id),
			.version = p->reinit.version ? p->reinit.version : MLS10,
			.cipher_suite = p->reinit.suite,
			.extensions = take_extensions(t, p->reinit.extensions),
		};
		return;
	case PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
		out->extensions = take_extensions(t, p->extensions);
		return;
	case PROPOSAL_APP_DATA_UPDATE:
		out->app_data_update = (struct app_data_update){
			.component_id = p->component_id,
			.op = p->removes ? APP_DATA_REMOVE : APP_DATA_UPDATE,
			.update = take_bytes(t, p->data),
		};
		return;
	case PROPOSAL_APP_EPHEMERAL:
		out->app_ephemeral =
			(struct app_ephemeral){ p->component_id, take_bytes(t, p->data) };
		return;
	case PROPOSAL_SELF_REMOVE:
		return;
	default: /* an Update has a function of its own, ExternalInit comes by itself */
		if (!t->failed)
			t->failed = UC_E_ARGUMENT;
	}
}

struct proposal take_proposal(struct taker *t, const struct mls_proposal *p, const struct suite *s,
			      struct view group_id)
{
	struct proposal out = { .proposal_type = p->type };
	take_proposal_body(t, p, s, group_id, &out);
	return out;
}

struct proposal *take_proposals(struct taker *t, struct mls_proposal_list l, const struct suite *s,
				struct view group_id)
{
	struct proposal *v = is_list(t, l.v, l.n) ? take_array(t, l.n, sizeof *v) : NULL;
	for (size_t i = 0; v && i < l.n; i++)
		v[i] = take_proposal(t, &l.v[i], s, group_id);
	return v;
}
