/* SPDX-License-Identifier: Apache-2.0 */
/* Proposals and commits as they stand on the wire (RFC 9420, 12; draft-ietf-mls-extensions-10). */
#ifndef MLS_PROPOSAL_H
#define MLS_PROPOSAL_H

#include "mls/component.h"
#include "mls/leaf_node.h"

/* --- pre-shared keys (RFC 9420, 8.4) --- */
enum resumption_psk_usage {
	RESUMPTION_APPLICATION = 1,
	RESUMPTION_REINIT = 2,
	RESUMPTION_BRANCH = 3,
};
struct pre_shared_key_id {
	uint8_t psktype;
	struct view psk_id;    /* external; application */
	uint16_t component_id; /* application */
	uint8_t usage;         /* resumption, with the next two */
	struct view psk_group_id;
	uint64_t psk_epoch;
	struct view psk_nonce;
};
struct pre_shared_key_id_list {
	struct pre_shared_key_id *v;
	size_t n;
};
void wire_pre_shared_key_id(struct wire *w, struct pre_shared_key_id *p);
void pre_shared_key_id_element(struct wire *w, void *v);
struct psk_label {
	struct pre_shared_key_id id;
	uint16_t index, count;
};
void wire_psk_label(struct wire *w, struct psk_label *p);
void psk_label_element(struct wire *w, void *v);

/* --- the proposals --- */
struct re_init {
	struct view group_id;
	uint16_t version;
	uint16_t cipher_suite;
	struct extension_list extensions;
};
void wire_re_init(struct wire *w, struct re_init *r);
void re_init_element(struct wire *w, void *v);
enum app_data_update_operation { APP_DATA_INVALID = 0, APP_DATA_UPDATE = 1, APP_DATA_REMOVE = 2 };
struct app_data_update {
	uint16_t component_id;
	uint8_t op;
	struct view update; /* update only */
};
struct app_ephemeral {
	uint16_t component_id;
	struct view data;
};
struct proposal {
	uint16_t proposal_type;
	union {
		struct key_package key_package; /* add */
		struct leaf_node leaf_node;     /* update */
		uint32_t removed;               /* remove */
		struct pre_shared_key_id psk;
		struct re_init reinit;
		struct view kem_output;           /* external_init */
		struct extension_list extensions; /* group_context_extensions */
		struct app_data_update app_data_update;
		struct app_ephemeral app_ephemeral;
	};
	struct view raw; /* the bytes it was read from */
};
/* An unknown type cannot be read past: UC_E_UNSUPPORTED. */
void wire_proposal(struct wire *w, struct proposal *p);
void proposal_element(struct wire *w, void *v);

enum proposal_or_ref_type { BY_PROPOSAL = 1, BY_REFERENCE = 2 };
struct proposal_or_ref {
	uint8_t type;
	struct proposal proposal;
	struct view reference;
};
struct proposal_or_ref_list {
	struct proposal_or_ref *v;
	size_t n;
};
void wire_proposal_or_ref(struct wire *w, struct proposal_or_ref *p);

/* --- commit (RFC 9420, 7.6, 12.4) --- */
struct hpke_ciphertext {
	struct view kem_output;
	struct view ciphertext;
};
struct hpke_ciphertext_list {
	struct hpke_ciphertext *v;
	size_t n;
};
void wire_hpke_ciphertext(struct wire *w, struct hpke_ciphertext *h);
struct update_path_node {
	struct view encryption_key;
	struct hpke_ciphertext_list encrypted_path_secret;
};
struct update_path_node_list {
	struct update_path_node *v;
	size_t n;
};
void wire_update_path_node(struct wire *w, struct update_path_node *u);
struct update_path {
	struct leaf_node leaf_node;
	struct update_path_node_list nodes;
};
void wire_update_path(struct wire *w, struct update_path *u);
void update_path_element(struct wire *w, void *v);
struct commit {
	struct proposal_or_ref_list proposals;
	struct update_path *path; /* NULL: none */
};
void wire_commit(struct wire *w, struct commit *c);
void commit_element(struct wire *w, void *v);

#endif
