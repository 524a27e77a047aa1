/* SPDX-License-Identifier: Apache-2.0 */
/* People: keyMaterial, consent, identifierQuery. */
#include "mimi/protocol.h"

#include "mimi/protocol_mls.h"

static void wire_protocol(struct wire *w, uint8_t *protocol)
{
	wire_u8(w, protocol);
	if (*protocol != PROTOCOL_MLS10)
		wire_fail(w, UC_E_VERSION);
}

/* --- keyMaterial --- */

static void key_material_request_body(struct wire *w, struct key_material_request *k)
{
	wire_protocol(w, &k->protocol);
	wire_bytes(w, &k->requesting_user);
	wire_bytes(w, &k->target_user);
	wire_bytes(w, &k->room_id);
	WIRE_LIST(w, &k->acceptable_ciphersuites, u16_element);
	if (!w->failed && !k->acceptable_ciphersuites.n)
		wire_fail(w, UC_E_MALFORMED);
	wire_required_capabilities(w, &k->required_capabilities);
	wire_bytes(w, &k->requester_signature_key);
	wire_credential(w, &k->requester_credential);
}

void wire_key_material_request(struct wire *w, struct key_material_request *k)
{
	key_material_request_body(w, k);
	wire_bytes(w, &k->key_material_request_signature);
}

void key_material_request_element(struct wire *w, void *v)
{
	wire_key_material_request(w, v);
}

void key_material_request_tbs_element(struct wire *w, void *v)
{
	key_material_request_body(w, v);
}

static void capabilities_element(struct wire *w, void *v)
{
	wire_capabilities(w, v);
}

void wire_client_key_material(struct wire *w, struct client_key_material *c)
{
	wire_u8(w, &c->client_status);
	wire_bytes(w, &c->client_uri);
	switch (c->client_status) {
	case KEY_MATERIAL_CLIENT_SUCCESS:
		key_package_view_element(w, &c->key_package);
		break;
	case KEY_MATERIAL_CLIENT_EXHAUSTED:
		break;
	case KEY_MATERIAL_CLIENT_NOTHING_COMPATIBLE:
		WIRE_OPTION(w, &c->client_capabilities, capabilities_element);
		break;
	default:
		wire_fail(w, UC_E_MALFORMED);
	}
}

static void client_key_material_element(struct wire *w, void *v)
{
	wire_client_key_material(w, v);
}

void wire_key_material_response(struct wire *w, struct key_material_response *k)
{
	wire_protocol(w, &k->protocol);
	wire_u8(w, &k->user_status);
	if (k->user_status > KEY_MATERIAL_USER_DELETED)
		wire_fail(w, UC_E_MALFORMED);
	wire_bytes(w, &k->user_uri);
	WIRE_LIST(w, &k->clients, client_key_material_element);
}

void key_material_response_element(struct wire *w, void *v)
{
	wire_key_material_response(w, v);
}

/* --- consent --- */

void wire_consent_entry(struct wire *w, struct consent_entry *c)
{
	wire_u8(w, &c->consent_operation);
	if (c->consent_operation > CONSENT_REVOKE)
		wire_fail(w, UC_E_MALFORMED);
	wire_bytes(w, &c->requester_uri);
	wire_bytes(w, &c->target_uri);
	WIRE_OPTION(w, &c->room_id, bytes_element);
	if (c->consent_operation == CONSENT_GRANT)
		WIRE_LIST(w, &c->client_key_packages, key_package_view_element);
	wire_app_data_dictionary(w, &c->consent_extensions);
}

void consent_entry_element(struct wire *w, void *v)
{
	wire_consent_entry(w, v);
}

/* --- identifierQuery --- */

static void query_element_element(struct wire *w, void *v)
{
	struct query_element *q = v;
	wire_u8(w, &q->search_type);
	if (q->search_type < SEARCH_HANDLE || q->search_type > SEARCH_VCARD_FIELD)
		wire_fail(w, UC_E_MALFORMED);
	if (q->search_type >= SEARCH_OIDC_STD_CLAIM)
		wire_bytes(w, &q->name);
	wire_bytes(w, &q->search_value);
}

void wire_identifier_request(struct wire *w, struct identifier_request *i)
{
	WIRE_LIST(w, &i->query_elements, query_element_element);
	wire_app_data_dictionary(w, &i->id_request_extensions);
}

void identifier_request_element(struct wire *w, void *v)
{
	wire_identifier_request(w, v);
}

static void profile_field_element(struct wire *w, void *v)
{
	struct profile_field *p = v;
	wire_u8(w, &p->field_source);
	if (p->field_source != SEARCH_OIDC_STD_CLAIM && p->field_source != SEARCH_VCARD_FIELD)
		wire_fail(w, UC_E_MALFORMED);
	wire_bytes(w, &p->field_name);
	wire_bytes(w, &p->field_value);
}

static void user_profile_element(struct wire *w, void *v)
{
	struct user_profile *u = v;
	wire_bytes(w, &u->stable_uri);
	WIRE_LIST(w, &u->fields, profile_field_element);
}

void wire_identifier_response(struct wire *w, struct identifier_response *i)
{
	wire_u8(w, &i->response_code);
	if (i->response_code > IDENTIFIER_UNSUPPORTED_FIELD)
		wire_fail(w, UC_E_MALFORMED);
	WIRE_LIST(w, &i->uri, bytes_element);
	WIRE_LIST(w, &i->found_profiles, user_profile_element);
	wire_app_data_dictionary(w, &i->id_response_extensions);
}

void identifier_response_element(struct wire *w, void *v)
{
	wire_identifier_response(w, v);
}
