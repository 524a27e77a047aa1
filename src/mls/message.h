/* SPDX-License-Identifier: Apache-2.0 */
/* Framing, GroupContext, GroupInfo, Welcome and MLSMessage on the wire (RFC 9420, 6, 8.1, 8.2,
 * 12.4.3). */
#ifndef MLS_MESSAGE_H
#define MLS_MESSAGE_H

#include "mls/proposal.h"

enum content_type { CONTENT_APPLICATION = 1, CONTENT_PROPOSAL = 2, CONTENT_COMMIT = 3 };
enum sender_type {
	SENDER_MEMBER = 1,
	SENDER_EXTERNAL = 2,
	SENDER_NEW_MEMBER_PROPOSAL = 3,
	SENDER_NEW_MEMBER_COMMIT = 4,
};

struct sender {
	uint8_t sender_type;
	uint32_t leaf_index;   /* member */
	uint32_t sender_index; /* external */
};
void wire_sender(struct wire *w, struct sender *s);

struct framed_content {
	struct view group_id;
	uint64_t epoch;
	struct sender sender;
	struct view authenticated_data;
	uint8_t content_type;
	union {
		struct view application_data;
		struct proposal proposal;
		struct commit commit;
	};
};
void wire_framed_content(struct wire *w, struct framed_content *f);
void framed_content_element(struct wire *w, void *v);

struct framed_content_auth_data {
	struct view signature;
	struct view confirmation_tag; /* commit */
};
/* The struct depends on the content type, which stands elsewhere. */
void wire_framed_content_auth_data(struct wire *w, struct framed_content_auth_data *a,
				   uint8_t content_type);

struct authenticated_content {
	uint16_t wire_format;
	struct framed_content content;
	struct framed_content_auth_data auth;
};
void wire_authenticated_content(struct wire *w, struct authenticated_content *a);
void authenticated_content_element(struct wire *w, void *v);

struct framed_content_tbs {
	uint16_t version;
	uint16_t wire_format;
	struct framed_content *content;
	struct view context; /* encoded GroupContext: member, new_member_commit */
};
void wire_framed_content_tbs(struct wire *w, struct framed_content_tbs *t);
void framed_content_tbs_element(struct wire *w, void *v);

struct authenticated_content_tbm {
	struct framed_content_tbs content_tbs;
	struct framed_content_auth_data *auth;
};
void wire_authenticated_content_tbm(struct wire *w, struct authenticated_content_tbm *t);
void authenticated_content_tbm_element(struct wire *w, void *v);

struct public_message {
	struct framed_content content;
	struct framed_content_auth_data auth;
	struct view membership_tag; /* member */
};
void wire_public_message(struct wire *w, struct public_message *p);

struct private_message {
	struct view group_id;
	uint64_t epoch;
	uint8_t content_type;
	struct view authenticated_data;
	struct view encrypted_sender_data;
	struct view ciphertext;
};
void wire_private_message(struct wire *w, struct private_message *p);

/* The decrypted inside; padding is what is left, all zero. */
struct private_message_content {
	uint8_t content_type; /* not on the wire */
	union {
		struct view application_data;
		struct proposal proposal;
		struct commit commit;
	};
	struct framed_content_auth_data auth;
	size_t padding; /* zero bytes at the end */
};
void wire_private_message_content(struct wire *w, struct private_message_content *p);
void private_message_content_element(struct wire *w, void *v);

struct private_content_aad {
	struct view group_id;
	uint64_t epoch;
	uint8_t content_type;
	struct view authenticated_data;
};
void wire_private_content_aad(struct wire *w, struct private_content_aad *p);
void private_content_aad_element(struct wire *w, void *v);

struct sender_data {
	uint32_t leaf_index;
	uint32_t generation;
	uint8_t reuse_guard[4];
};
void wire_sender_data(struct wire *w, struct sender_data *s);
void sender_data_element(struct wire *w, void *v);
struct sender_data_aad {
	struct view group_id;
	uint64_t epoch;
	uint8_t content_type;
};
void wire_sender_data_aad(struct wire *w, struct sender_data_aad *s);
void sender_data_aad_element(struct wire *w, void *v);

struct group_context {
	uint16_t version;
	uint16_t cipher_suite;
	struct view group_id;
	uint64_t epoch;
	struct view tree_hash;
	struct view confirmed_transcript_hash;
	struct extension_list extensions;
};
void wire_group_context(struct wire *w, struct group_context *g);
void group_context_element(struct wire *w, void *v);

/* RFC 9420, 8.2 */
struct confirmed_transcript_hash_input {
	uint16_t wire_format;
	struct framed_content *content;
	struct view signature;
};
void wire_confirmed_transcript_hash_input(struct wire *w,
					  struct confirmed_transcript_hash_input *c);
void confirmed_transcript_hash_input_element(struct wire *w, void *v);
struct interim_transcript_hash_input {
	struct view confirmation_tag;
};
void wire_interim_transcript_hash_input(struct wire *w, struct interim_transcript_hash_input *i);
void interim_transcript_hash_input_element(struct wire *w, void *v);

struct group_info {
	struct group_context group_context;
	struct extension_list extensions;
	struct view confirmation_tag;
	uint32_t signer;
	struct view signature;
	struct view raw; /* the bytes it was read from */
};
void wire_group_info(struct wire *w, struct group_info *g);
void group_info_element(struct wire *w, void *v);
/* GroupInfoTBS: everything but the signature. */
void wire_group_info_tbs(struct wire *w, struct group_info *g);
void group_info_tbs_element(struct wire *w, void *v);

struct path_secret {
	struct view path_secret;
};
void wire_path_secret(struct wire *w, struct path_secret *p);
struct group_secrets {
	struct view joiner_secret;
	struct path_secret *path_secret; /* NULL: none */
	struct pre_shared_key_id_list psks;
};
void wire_group_secrets(struct wire *w, struct group_secrets *g);
void group_secrets_element(struct wire *w, void *v);
struct encrypted_group_secrets {
	struct view new_member; /* KeyPackageRef */
	struct hpke_ciphertext encrypted_group_secrets;
};
struct encrypted_group_secrets_list {
	struct encrypted_group_secrets *v;
	size_t n;
};
void wire_encrypted_group_secrets(struct wire *w, struct encrypted_group_secrets *e);
struct welcome {
	uint16_t cipher_suite;
	struct encrypted_group_secrets_list secrets;
	struct view encrypted_group_info;
};
void wire_welcome(struct wire *w, struct welcome *p);
void welcome_element(struct wire *w, void *v);

struct mls_message {
	uint16_t version;
	uint16_t wire_format;
	union {
		struct public_message public_message;
		struct private_message private_message;
		struct welcome welcome;
		struct group_info group_info;
		struct key_package key_package;
	};
	struct view raw; /* the bytes it was read from */
};
void wire_mls_message(struct wire *w, struct mls_message *m);
void mls_message_element(struct wire *w, void *v);

#endif
