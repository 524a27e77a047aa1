/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials (RFC 9420, 5.3), extensions (13.4) and what a client says it can do (7.2, 11.1). */
#ifndef MLS_CREDENTIAL_H
#define MLS_CREDENTIAL_H

#include "mls/code_points.h"
#include "wire/wire.h"

struct credential {
	uint16_t credential_type;
	struct view identity;          /* basic */
	struct view_list certificates; /* x509 */
};
/* A type that is not known cannot be read past: UC_E_UNSUPPORTED. */
void wire_credential(struct wire *w, struct credential *c);
/* The same type and bytes. */
bool credential_equal(const struct credential *a, const struct credential *b);

struct extension {
	uint16_t extension_type;
	struct view extension_data;
};
struct extension_list {
	struct extension *v;
	size_t n;
};
void wire_extension(struct wire *w, struct extension *e);
/* A list without two of one type; order is kept. */
void wire_extension_list(struct wire *w, struct extension_list *l);
/* NULL when absent. */
const struct extension *extension_find(const struct extension_list *l, uint16_t type);
/* The same, in the same order. */
bool extensions_equal(const struct extension_list *a, const struct extension_list *b);

struct capabilities {
	struct u16_list versions;
	struct u16_list cipher_suites;
	struct u16_list extensions;
	struct u16_list proposals;
	struct u16_list credentials;
};
void wire_capabilities(struct wire *w, struct capabilities *c);

struct required_capabilities {
	struct u16_list extension_types;
	struct u16_list proposal_types;
	struct u16_list credential_types;
};
void wire_required_capabilities(struct wire *w, struct required_capabilities *r);
void required_capabilities_element(struct wire *w, void *v);

/* RFC 9420, 12.1.8.1 */
struct external_sender {
	struct view signature_key;
	struct credential credential;
};
struct external_sender_list {
	struct external_sender *v;
	size_t n;
};
void wire_external_sender(struct wire *w, struct external_sender *s);
/* external_senders extension: ExternalSender external_senders<V> */
void wire_external_sender_list(struct wire *w, struct external_sender_list *l);
void external_sender_list_element(struct wire *w, void *v);

bool u16_list_has(const struct u16_list *l, uint16_t value);
/* GREASE values (RFC 9420, 13.5): 0x0A0A, 0x1A1A, ... 0xEAEA. */
bool is_grease(uint16_t value);

#endif
