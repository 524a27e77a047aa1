/* SPDX-License-Identifier: Apache-2.0 */
/* What an application's components do with the keys of a group (draft-ietf-mls-extensions-10, The Safe
 * Application Interface): each under its own component id, kept apart from MLS and from the others.
 *
 * All of it is of the current epoch.  UC_E_REMOVED: we are not in the group (yet, or any more). */
#ifndef MLS_GROUP_SAFE_H
#define MLS_GROUP_SAFE_H

#include "mls/component.h"
#include "mls/group.h"

/* SafeExportSecret: Nh bytes, the same for all members, once in an epoch; UC_E_NOT_FOUND: it was had
 * before.  It is gone from the group when this returns: let the group be stored (group_journal_take,
 * and the new root that comes of it; or group_save_ratchets) before the secret is put to use.  After
 * a crash, what was stored last counts: a secret that is still in there could be had once more. */
uc_err UC_MUST_USE group_safe_export(struct group *g, uint16_t component_id, struct secret *out);
/* Is it still to be had? */
bool group_safe_export_is_left(const struct group *g, uint16_t component_id);

/* By our leaf's signature key; the signature lies in the arena. */
uc_err UC_MUST_USE group_safe_sign(const struct group *g, uint16_t component_id, struct view label,
				   struct view content, struct arena *a, struct view *signature);
/* Is it by the member at this leaf?  UC_E_NOT_FOUND: nobody is there; UC_E_SIGNATURE. */
uc_err UC_MUST_USE group_safe_verify(const struct group *g, uint32_t leaf, uint16_t component_id,
				     struct view label, struct view content, struct view signature);

/* What a component encrypts, and what goes with it. */
struct safe_ciphertext {
	struct view kem_output, ciphertext;
};
/* To the key of one leaf, which only that member opens, and only until it has another key: with its
 * next Update or path.  UC_E_NOT_FOUND: nobody is there. */
uc_err UC_MUST_USE group_safe_encrypt_to(const struct group *g, uint32_t leaf,
					 uint16_t component_id, struct view label,
					 struct view context, struct view plaintext,
					 struct arena *a, struct safe_ciphertext *out);
/* What was encrypted to our leaf; UC_E_DECRYPT.  The plaintext lies in the arena. */
uc_err UC_MUST_USE group_safe_decrypt(const struct group *g, uint16_t component_id,
				      struct view label, struct view context,
				      const struct safe_ciphertext *in, struct arena *a,
				      struct view *plaintext);
/* To all members, by the key that external commits are made to; who is not in the group does the same
 * with the external_pub of a GroupInfo and safe_encrypt_with_label (safe.h).  This epoch's members
 * open it, in this epoch. */
uc_err UC_MUST_USE group_safe_encrypt_to_all(const struct group *g, uint16_t component_id,
					     struct view label, struct view context,
					     struct view plaintext, struct arena *a,
					     struct safe_ciphertext *out);
uc_err UC_MUST_USE group_safe_decrypt_to_all(const struct group *g, uint16_t component_id,
					     struct view label, struct view context,
					     const struct safe_ciphertext *in, struct arena *a,
					     struct view *plaintext);

/* A PreSharedKey proposal of a key that the component gives (psk_finder's `find` is asked for it by
 * component and id), with a fresh nonce in the arena. */
uc_err UC_MUST_USE group_component_psk(const struct group *g, uint16_t component_id,
				       struct view psk_id, struct arena *a, struct proposal *out);

/* Which application messages of this epoch we have read, others' alone, by sender: what the component
 * app_ack says in an AppEphemeral. */
uc_err UC_MUST_USE group_app_ack(const struct group *g, struct arena *a, struct app_ack *out);
/* Of what another member has read, what we have not: somebody keeps it from us, or it is on its way.
 * Our own messages are not among it. */
uc_err UC_MUST_USE group_app_ack_missing(const struct group *g, const struct app_ack *theirs,
					 struct arena *a, struct app_ack *out);

#endif
