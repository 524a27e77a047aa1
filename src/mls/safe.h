/* SPDX-License-Identifier: Apache-2.0 */
/* What a component does with MLS keys, told apart from MLS itself and from every other component
 * (draft-ietf-mls-extensions-10, The Safe Application Interface).  For the keys of a group see
 * group_safe.h; these are for keys from elsewhere, init_key of a KeyPackage for one.
 *
 * With a private key, component_id is the caller's own: one component neither signs in another's
 * place nor opens what is meant for it. */
#ifndef MLS_SAFE_H
#define MLS_SAFE_H

#include "crypto/crypto.h"

/* The encoded ComponentOperationLabel: what stands where RFC 9420 has its own labels. */
uc_err UC_MUST_USE component_label(uint16_t component_id, struct view label, struct arena *a,
				   struct view *out);

/* SafeSignWithLabel; the signature lies in the arena. */
uc_err UC_MUST_USE safe_sign_with_label(const struct suite *s, const struct sign_key *key,
					const struct env *env, uint16_t component_id,
					struct view label, struct view content, struct arena *a,
					struct view *signature);
/* SafeVerifyWithLabel; UC_E_SIGNATURE. */
uc_err UC_MUST_USE safe_verify_with_label(const struct suite *s, struct view pub,
					  uint16_t component_id, struct view label,
					  struct view content, struct view signature);
/* SafeEncryptWithLabel */
uc_err UC_MUST_USE safe_encrypt_with_label(const struct suite *s, const struct env *env,
					   struct view pub, uint16_t component_id,
					   struct view label, struct view context,
					   struct view plaintext, struct arena *a,
					   struct view *kem_output, struct view *ciphertext);
/* SafeDecryptWithLabel; UC_E_DECRYPT.  The plaintext lies in the arena. */
uc_err UC_MUST_USE safe_decrypt_with_label(const struct suite *s, const struct kem_key *key,
					   uint16_t component_id, struct view label,
					   struct view context, struct view kem_output,
					   struct view ciphertext, struct arena *a,
					   struct view *plaintext);

#endif
