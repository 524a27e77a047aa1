/* SPDX-License-Identifier: Apache-2.0 */
/* Application components over an MLS group (draft-ietf-mls-extensions-10): their data in dictionaries,
 * and what they do with the group's keys, each under its own component id, kept apart from MLS and from
 * each other.  The rules of mls.h hold.
 *
 * component_id is the caller's own where a private key is used: one component neither signs in
 * another's place nor opens what is meant for it.  Everything about a group is of its current epoch;
 * UC_E_REMOVED: we are not in it (yet, or any more). */
#ifndef UNDERCROFT_MLS_COMPONENT_H
#define UNDERCROFT_MLS_COMPONENT_H

#include <undercroft/mls.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The draft's MLS Component Types; from 0x8000 on they are for private use. */
enum mls_component_id {
	MLS_COMPONENT_APP_COMPONENTS = 1,
	MLS_COMPONENT_SAFE_AAD = 2,
	MLS_COMPONENT_CONTENT_MEDIA_TYPES = 3,
	MLS_COMPONENT_LAST_RESORT_KEY_PACKAGE = 4,
	MLS_COMPONENT_APP_ACK = 5,
};

/* --- dictionaries: of a GroupContext, a leaf, a KeyPackage, a GroupInfo --- */

/* The same extensions with this component's data in their dictionary, which is put in when there is
 * none; data.p NULL: without the component. */
UC_API uc_err mls_dictionary_put(struct mls_extensions extensions, uint16_t component_id,
				 struct mls_bytes data, mls_out *out,
				 struct mls_extensions *result) UC_MUST_USE;
/* What the component has there, borrowed.  UC_E_NOT_FOUND. */
UC_API uc_err mls_dictionary_find(struct mls_extensions extensions, uint16_t component_id,
				  struct mls_bytes *data) UC_MUST_USE;
/* Data of the components app_components and safe_aad: which ones a leaf supports, or a GroupContext
 * asks for. */
UC_API uc_err mls_components_data(struct mls_types component_ids, mls_out *out,
				  struct mls_bytes *data) UC_MUST_USE;
/* Data of the extensions supported_wire_formats and required_wire_formats. */
UC_API uc_err mls_wire_formats_data(struct mls_types wire_formats, mls_out *out,
				    struct mls_bytes *data) UC_MUST_USE;

/* --- keys of the group --- */

/* SafeExportSecret: the same for all members, once in an epoch.  It is gone from the group: store that
 * (mls_group_writes) before it is used.  UC_E_NOT_FOUND: it was had before. */
UC_API uc_err mls_safe_export(mls_group *group, uint16_t component_id, mls_out *out,
			      struct mls_bytes *secret) UC_MUST_USE;
UC_API bool mls_safe_export_is_left(const mls_group *group, uint16_t component_id);

/* SafeSignWithLabel, by our leaf's signature key. */
UC_API uc_err mls_safe_sign(const mls_group *group, uint16_t component_id, struct mls_bytes label,
			    struct mls_bytes content, mls_out *out,
			    struct mls_bytes *signature) UC_MUST_USE;
/* Is it by the member with this index?  UC_E_SIGNATURE; UC_E_NOT_FOUND: nobody has it. */
UC_API uc_err mls_safe_verify(const mls_group *group, uint32_t index, uint16_t component_id,
			      struct mls_bytes label, struct mls_bytes content,
			      struct mls_bytes signature) UC_MUST_USE;

struct mls_ciphertext {
	struct mls_bytes kem_output, ciphertext;
};
/* SafeEncryptWithLabel to the leaf of one member, who opens it until that has another key.
 * UC_E_NOT_FOUND. */
UC_API uc_err mls_safe_encrypt(const mls_group *group, uint32_t index, uint16_t component_id,
			       struct mls_bytes label, struct mls_bytes context,
			       struct mls_bytes plaintext, mls_out *out,
			       struct mls_ciphertext *result) UC_MUST_USE;
/* What came for our leaf.  UC_E_DECRYPT. */
UC_API uc_err mls_safe_decrypt(const mls_group *group, uint16_t component_id,
			       struct mls_bytes label, struct mls_bytes context,
			       const struct mls_ciphertext *in, mls_out *out,
			       struct mls_bytes *plaintext) UC_MUST_USE;
/* The same to all members of this epoch, by the key that external commits are made to. */
UC_API uc_err mls_safe_encrypt_to_all(const mls_group *group, uint16_t component_id,
				      struct mls_bytes label, struct mls_bytes context,
				      struct mls_bytes plaintext, mls_out *out,
				      struct mls_ciphertext *result) UC_MUST_USE;
UC_API uc_err mls_safe_decrypt_to_all(const mls_group *group, uint16_t component_id,
				      struct mls_bytes label, struct mls_bytes context,
				      const struct mls_ciphertext *in, mls_out *out,
				      struct mls_bytes *plaintext) UC_MUST_USE;

/* --- Safe AAD: what components say in authenticated_data, side by side --- */

struct mls_safe_aad_item {
	uint16_t component_id;
	struct mls_bytes data;
};
/* In any order.  UC_E_ARGUMENT: one component twice. */
UC_API uc_err mls_safe_aad_make(const struct mls_safe_aad_item *items, size_t n, mls_out *out,
				struct mls_bytes *authenticated_data) UC_MUST_USE;
/* What one component says, borrowed.  UC_E_NOT_FOUND: nothing; UC_E_MALFORMED: it is no Safe AAD. */
UC_API uc_err mls_safe_aad_find(struct mls_bytes authenticated_data, uint16_t component_id,
				struct mls_bytes *data) UC_MUST_USE;

/* --- acknowledgements --- */

struct mls_message_range {
	uint32_t sender; /* index */
	uint32_t first_generation, last_generation;
};
/* Which application messages of others we have read in this epoch: data of an AppEphemeral of the
 * component app_ack. */
UC_API uc_err mls_app_ack(const mls_group *group, mls_out *out, struct mls_bytes *data) UC_MUST_USE;
/* Of what another member says to have read, what we have not: it is on its way, or somebody keeps it
 * from us.  UC_E_MALFORMED. */
UC_API uc_err mls_app_ack_missing(const mls_group *group, struct mls_bytes theirs, mls_out *out,
				  const struct mls_message_range **ranges, size_t *n) UC_MUST_USE;

/* --- media types of application data --- */

struct mls_media_parameter {
	struct mls_bytes name, value;
};
struct mls_media_type {
	struct mls_bytes type; /* "text/plain" */
	const struct mls_media_parameter *parameters;
	size_t parameter_count;
};
/* Data of the component content_media_types; at least one. */
UC_API uc_err mls_media_types_data(const struct mls_media_type *types, size_t n, mls_out *out,
				   struct mls_bytes *data) UC_MUST_USE;
/* ApplicationFraming: application data of this type (NULL: the first of the group's). */
UC_API uc_err mls_framing_write(const struct mls_media_type *type, struct mls_bytes content,
				mls_out *out, struct mls_bytes *data) UC_MUST_USE;
/* What is in it, and of what type.  UC_E_UNEXPECTED: the group has no content_media_types. */
UC_API uc_err mls_framing_read(const mls_group *group, struct mls_bytes data, mls_out *out,
			       struct mls_media_type *type, struct mls_bytes *content) UC_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
