/* SPDX-License-Identifier: Apache-2.0 */
/* The requests, responses and fanned-out messages of draft-ietf-mimi-protocol-06, on the wire.
 *
 * MLS objects inside them stand as views of their encoded bytes (`message`: an MLSMessage), so that
 * what is hashed, relayed and logged is what was received.  Reading checks that they parse. */
#ifndef MIMI_PROTOCOL_H
#define MIMI_PROTOCOL_H

#include "mls/message.h"

enum { PROTOCOL_MLS10 = 1 };

/* --- update --- */

enum group_info_representation { GROUP_INFO_FULL = 1, GROUP_INFO_PARTIAL = 2 };
struct group_info_option {
	uint8_t representation; /* full: the only one supported here */
	struct view group_info; /* encoded GroupInfo, without ratchet_tree */
};
void wire_group_info_option(struct wire *w, struct group_info_option *g);

/* draft-mahy-mls-ratchet-tree-options-03 */
enum ratchet_tree_representation {
	RATCHET_TREE_FULL = 1,
	RATCHET_TREE_HTTPS_URI = 2,
	RATCHET_TREE_OUT_OF_BAND = 3,
	RATCHET_TREE_DISTRIBUTION_SERVICE = 4,
};
struct ratchet_tree_option {
	uint8_t representation;
	struct view ratchet_tree;     /* full: encoded optional<Node> ratchet_tree<V> */
	struct view ratchet_tree_url; /* https_uri */
	struct view tree_signature;   /* https_uri, out_of_band */
};
void wire_ratchet_tree_option(struct wire *w, struct ratchet_tree_option *r);

struct handshake_bundle {
	struct view proposal_or_commit; /* encoded MLSMessage with a PublicMessage */
	uint8_t content_type;           /* enum content_type, of the message; not on the wire */
	struct view welcome;            /* commit: encoded Welcome; empty: none */
	struct group_info_option group_info_option;     /* commit */
	struct ratchet_tree_option ratchet_tree_option; /* commit */
	struct view_list more_proposals;                /* proposal: encoded MLSMessages */
};
void wire_handshake_bundle(struct wire *w, struct handshake_bundle *h);
struct update_request {
	struct handshake_bundle bundle;
};
void wire_update_request(struct wire *w, struct update_request *u);
void update_request_element(struct wire *w, void *v);

enum update_response_code {
	UPDATE_SUCCESS = 0,
	UPDATE_WRONG_EPOCH = 1,
	UPDATE_NOT_ALLOWED = 2,
	UPDATE_INVALID_PROPOSAL = 3,
};
struct update_room_response {
	uint8_t response_code;
	struct view error_description;
	uint64_t accepted_timestamp;        /* success, milliseconds */
	uint64_t current_epoch;             /* wrong_epoch */
	struct view_list invalid_proposals; /* invalid_proposal: ProposalRefs */
};
void wire_update_room_response(struct wire *w, struct update_room_response *u);
void update_room_response_element(struct wire *w, void *v);

/* --- submitMessage --- */

struct submit_message_request {
	uint8_t protocol;
	struct view app_message; /* encoded MLSMessage with a PrivateMessage */
	struct view sending_uri;
};
void wire_submit_message_request(struct wire *w, struct submit_message_request *s);
void submit_message_request_element(struct wire *w, void *v);

struct frank {
	uint8_t server_frank[32];
	uint16_t franking_signature_ciphersuite;
	struct view franking_integrity_signature; /* empty in rooms without a follower */
};
void wire_frank(struct wire *w, struct frank *f);
void frank_element(struct wire *w, void *v);

enum submit_response_code { SUBMIT_ACCEPTED = 0, SUBMIT_NOT_ALLOWED = 1, SUBMIT_EPOCH_TOO_OLD = 2 };
struct submit_message_response {
	uint8_t protocol;
	uint8_t status_code;
	uint64_t accepted_timestamp; /* accepted */
	struct frank *frank;         /* accepted; NULL: none */
	uint64_t current_epoch;      /* epoch_too_old */
};
void wire_submit_message_response(struct wire *w, struct submit_message_response *s);
void submit_message_response_element(struct wire *w, void *v);

/* --- notify --- */

struct fanout_message {
	uint64_t timestamp;   /* accepted by the hub, milliseconds */
	struct view message;  /* encoded MLSMessage */
	uint16_t wire_format; /* of the message, not on the wire; as is the next */
	uint8_t content_type; /* enum content_type; 0 for a Welcome */
	struct frank *frank;  /* application; NULL: none */
	struct ratchet_tree_option ratchet_tree_option; /* Welcome */
	struct view_list more_proposals;                /* proposal: encoded MLSMessages */
	struct view_list external_proposals;            /* commit: encoded MLSMessages */
};
void wire_fanout_message(struct wire *w, struct fanout_message *f);
void fanout_message_element(struct wire *w, void *v);

/* --- keyMaterial --- */

struct key_material_request {
	uint8_t protocol;
	struct view requesting_user; /* the participant who asks */
	struct view target_user;     /* a key address */
	struct view room_id;
	struct u16_list acceptable_ciphersuites;
	struct required_capabilities required_capabilities;
	struct view requester_signature_key;
	struct credential requester_credential;
	struct view key_material_request_signature; /* label "KeyMaterialRequestTBS" */
};
void wire_key_material_request(struct wire *w, struct key_material_request *k);
void key_material_request_element(struct wire *w, void *v);
/* Everything but the signature. */
void key_material_request_tbs_element(struct wire *w, void *v);

enum key_material_user_code {
	KEY_MATERIAL_SUCCESS = 0,
	KEY_MATERIAL_PARTIAL_SUCCESS = 1,
	KEY_MATERIAL_INCOMPATIBLE_PROTOCOL = 2,
	KEY_MATERIAL_NO_COMPATIBLE_MATERIAL = 3,
	KEY_MATERIAL_USER_UNKNOWN = 4,
	KEY_MATERIAL_NO_CONSENT = 5,
	KEY_MATERIAL_NO_CONSENT_FOR_THIS_ROOM = 6,
	KEY_MATERIAL_USER_DELETED = 7,
};
enum key_material_client_code {
	KEY_MATERIAL_CLIENT_SUCCESS = 0,
	KEY_MATERIAL_CLIENT_EXHAUSTED = 1,
	KEY_MATERIAL_CLIENT_NOTHING_COMPATIBLE = 2,
};
struct client_key_material {
	uint8_t client_status;
	struct view client_uri;
	struct view key_package;                  /* success: encoded KeyPackage */
	struct capabilities *client_capabilities; /* nothing_compatible; NULL: none */
};
struct client_key_material_list {
	struct client_key_material *v;
	size_t n;
};
struct key_material_response {
	uint8_t protocol;
	uint8_t user_status;
	struct view user_uri;
	struct client_key_material_list clients;
};
void wire_client_key_material(struct wire *w, struct client_key_material *c);
void wire_key_material_response(struct wire *w, struct key_material_response *k);
void key_material_response_element(struct wire *w, void *v);

/* --- groupInfo --- */

struct group_info_request {
	uint8_t protocol;
	uint16_t cipher_suite;
	struct view requesting_signature_key;
	struct credential requesting_credential;
	struct view group_info_public_key;
	struct view joining_code;
	struct view signature; /* label "GroupInfoRequestTBS" */
};
void wire_group_info_request(struct wire *w, struct group_info_request *g);
void group_info_request_element(struct wire *w, void *v);
void group_info_request_tbs_element(struct wire *w, void *v);

enum group_info_code {
	GROUP_INFO_SUCCESS = 1,
	GROUP_INFO_NOT_AUTHORIZED = 2,
	GROUP_INFO_NO_SUCH_ROOM = 3,
};
struct pending_proposal {
	struct view proposal; /* encoded MLSMessage */
	uint64_t hub_accepted_time;
};
struct pending_proposal_list {
	struct pending_proposal *v;
	size_t n;
};
struct group_info_ratchet_tree_tbe {
	struct view group_info; /* encoded */
	struct ratchet_tree_option ratchet_tree_option;
	struct pending_proposal_list pending_proposals;
};
void wire_group_info_ratchet_tree_tbe(struct wire *w, struct group_info_ratchet_tree_tbe *g);
void group_info_ratchet_tree_tbe_element(struct wire *w, void *v);
struct group_info_response {
	uint8_t version;
	struct view room_id;
	uint8_t status;
	uint16_t cipher_suite; /* success, as are the next */
	struct external_sender hub_sender;
	struct hpke_ciphertext encrypted_groupinfo_and_tree;
	struct view signature; /* label "GroupInfoResponseTBS" */
};
void wire_group_info_response(struct wire *w, struct group_info_response *g);
void group_info_response_element(struct wire *w, void *v);
void group_info_response_tbs_element(struct wire *w, void *v);

/* --- consent --- */

enum consent_operation {
	CONSENT_CANCEL = 0,
	CONSENT_REQUEST = 1,
	CONSENT_GRANT = 2,
	CONSENT_REVOKE = 3,
};
struct consent_entry {
	uint8_t consent_operation;
	struct view requester_uri;
	struct view target_uri;
	struct view *room_id;                 /* NULL: none */
	struct view_list client_key_packages; /* grant: encoded KeyPackages */
	struct app_data_dictionary consent_extensions;
};
void wire_consent_entry(struct wire *w, struct consent_entry *c);
void consent_entry_element(struct wire *w, void *v);

/* --- identifierQuery --- */

enum search_identifier_type {
	SEARCH_HANDLE = 1,
	SEARCH_NICK = 2,
	SEARCH_EMAIL = 3,
	SEARCH_PHONE = 4,
	SEARCH_PARTIAL_NAME = 5,
	SEARCH_WHOLE_PROFILE = 6,
	SEARCH_OIDC_STD_CLAIM = 7,
	SEARCH_VCARD_FIELD = 8,
};
struct query_element {
	uint8_t search_type;
	struct view name; /* claim or property, for oidc_std_claim and vcard_field */
	struct view search_value;
};
struct query_element_list {
	struct query_element *v;
	size_t n;
};
struct identifier_request {
	struct query_element_list query_elements; /* empty: the sealed query stands beside */
	struct app_data_dictionary id_request_extensions;
};
void wire_identifier_request(struct wire *w, struct identifier_request *i);
void identifier_request_element(struct wire *w, void *v);

enum identifier_query_code {
	IDENTIFIER_SUCCESS = 0,
	IDENTIFIER_NOT_FOUND = 1,
	IDENTIFIER_AMBIGUOUS = 2,
	IDENTIFIER_FORBIDDEN = 3,
	IDENTIFIER_UNSUPPORTED_FIELD = 4,
};
struct profile_field {
	uint8_t field_source;
	struct view field_name, field_value;
};
struct profile_field_list {
	struct profile_field *v;
	size_t n;
};
struct user_profile {
	struct view stable_uri;
	struct profile_field_list fields;
};
struct user_profile_list {
	struct user_profile *v;
	size_t n;
};
struct identifier_response {
	uint8_t response_code;
	struct view_list uri;
	struct user_profile_list found_profiles;
	struct app_data_dictionary id_response_extensions;
};
void wire_identifier_response(struct wire *w, struct identifier_response *i);
void identifier_response_element(struct wire *w, void *v);
/* The sealed look-up in the extensions of request and response (private use). */
enum { COMPONENT_SEALED_LOOKUP = 0x8012 };

#endif
