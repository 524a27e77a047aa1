/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/credential.h"

#include "mls/rule.h"

void wire_credential(struct wire *w, struct credential *c)
{
	wire_u16(w, &c->credential_type);
	switch (c->credential_type) {
	case CREDENTIAL_BASIC:
		wire_bytes(w, &c->identity);
		break;
	case CREDENTIAL_X509:
		/* struct { opaque cert_data<V>; } Certificate; */
		WIRE_LIST(w, &c->certificates, bytes_element);
		break;
	default:
		wire_fail(w, RULE_ERROR(CREDENTIAL_TYPE));
	}
}

bool credential_equal(const struct credential *a, const struct credential *b)
{
	if (a->credential_type != b->credential_type || !view_equal(a->identity, b->identity) ||
	    a->certificates.n != b->certificates.n)
		return false;
	for (size_t i = 0; i < a->certificates.n; i++)
		if (!view_equal(a->certificates.v[i], b->certificates.v[i]))
			return false;
	return true;
}

void wire_extension(struct wire *w, struct extension *e)
{
	wire_u16(w, &e->extension_type);
	wire_bytes(w, &e->extension_data);
}
WIRE_ELEMENT(extension)

/* Lists are short: a handful of entries, and at most a few hundred from a hostile sender. */
enum { EXTENSIONS_MAX = 512 };

void wire_extension_list(struct wire *w, struct extension_list *l)
{
	WIRE_LIST(w, l, extension_element);
	if (!wire_reading(w) || w->failed)
		return;
	if (l->n > EXTENSIONS_MAX) {
		wire_fail(w, UC_E_LIMIT);
		return;
	}
	/* RFC 9420, 13.4: "an extension type MUST NOT appear more than once". */
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = i + 1; k < l->n; k++)
			if (BREAKS(EXTENSION_ONCE,
				   l->v[i].extension_type == l->v[k].extension_type)) {
				wire_fail(w, UC_E_MALFORMED);
				return;
			}
}

const struct extension *extension_find(const struct extension_list *l, uint16_t type)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].extension_type == type)
			return &l->v[i];
	return NULL;
}

void wire_capabilities(struct wire *w, struct capabilities *c)
{
	WIRE_LIST(w, &c->versions, u16_element);
	WIRE_LIST(w, &c->cipher_suites, u16_element);
	WIRE_LIST(w, &c->extensions, u16_element);
	WIRE_LIST(w, &c->proposals, u16_element);
	WIRE_LIST(w, &c->credentials, u16_element);
}

void wire_required_capabilities(struct wire *w, struct required_capabilities *r)
{
	WIRE_LIST(w, &r->extension_types, u16_element);
	WIRE_LIST(w, &r->proposal_types, u16_element);
	WIRE_LIST(w, &r->credential_types, u16_element);
}

void required_capabilities_element(struct wire *w, void *v)
{
	wire_required_capabilities(w, v);
}

void wire_external_sender(struct wire *w, struct external_sender *s)
{
	wire_bytes(w, &s->signature_key);
	wire_credential(w, &s->credential);
}
WIRE_ELEMENT(external_sender)

void wire_external_sender_list(struct wire *w, struct external_sender_list *l)
{
	WIRE_LIST(w, l, external_sender_element);
}

void external_sender_list_element(struct wire *w, void *v)
{
	wire_external_sender_list(w, v);
}

bool u16_list_has(const struct u16_list *l, uint16_t value)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] == value)
			return true;
	return false;
}

bool is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff) && value != 0xfafa;
}

bool extensions_equal(const struct extension_list *a, const struct extension_list *b)
{
	bool same = a->n == b->n;
	for (size_t i = 0; same && i < a->n; i++)
		same = a->v[i].extension_type == b->v[i].extension_type &&
		       view_equal(a->v[i].extension_data, b->v[i].extension_data);
	return same;
}
