/* SPDX-License-Identifier: Apache-2.0 */
/* From the secrets of a commit to the secrets of an epoch (RFC 9420, 8).
 *
 * group_context is always the encoded GroupContext of the epoch that is being entered. */
#ifndef MLS_KEY_SCHEDULE_H
#define MLS_KEY_SCHEDULE_H

#include "crypto/crypto.h"
#include "wire/wire.h"

/* Table 4 of RFC 9420, the next epoch's init_secret, and draft-ietf-mls-extensions'
 * application_export_secret.  encryption_secret and application_export_secret are the roots of
 * trees that forget (secret_tree.h, safe_export.h): whoever made those trees wipes them here, with
 * epoch_secrets_forget_roots. */
struct epoch_secrets {
	struct secret sender_data_secret;
	struct secret encryption_secret;
	struct secret exporter_secret;
	struct secret external_secret;
	struct secret confirmation_key;
	struct secret membership_key;
	struct secret resumption_psk;
	struct secret epoch_authenticator;
	struct secret init_secret;
	struct secret application_export_secret;
};

/* init_secret and commit_secret are KDF.Nh long; without a path the commit_secret is all zero:
 * an empty view stands for that. */
uc_err UC_MUST_USE joiner_secret_derive(const struct suite *s, struct view init_secret,
					struct view commit_secret, struct view group_context,
					struct secret *joiner_secret);
/* psk_secret comes from psk_secret_derive (psk.h); an empty view stands for all zero. */
uc_err UC_MUST_USE welcome_secret_derive(const struct suite *s, struct view joiner_secret,
					 struct view psk_secret, struct secret *welcome_secret);
/* Key (nk bytes) and nonce (nn bytes) of the encrypted GroupInfo (RFC 9420, 12.4.3). */
uc_err UC_MUST_USE welcome_key_derive(const struct suite *s, struct view welcome_secret,
				      struct secret *key, struct secret *nonce);
uc_err UC_MUST_USE epoch_secret_derive(const struct suite *s, struct view joiner_secret,
				       struct view psk_secret, struct view group_context,
				       struct secret *epoch_secret);
/* All of the epoch's secrets; a group's creator starts here, from a random epoch_secret (11). */
uc_err UC_MUST_USE epoch_secrets_derive(const struct suite *s, struct view epoch_secret,
					struct epoch_secrets *out);
/* epoch_secret_derive, then epoch_secrets_derive. */
uc_err UC_MUST_USE epoch_secrets_from_joiner(const struct suite *s, struct view joiner_secret,
					     struct view psk_secret, struct view group_context,
					     struct epoch_secrets *out);
void epoch_secrets_forget_roots(struct epoch_secrets *e);
void epoch_secrets_wipe(struct epoch_secrets *e);
/* For storage.  Reading needs every secret to be KDF.Nh long or (the roots) empty. */
void wire_epoch_secrets(struct wire *w, struct epoch_secrets *e);

/* The key pair that external commits are made to (8). */
uc_err UC_MUST_USE external_key_derive(const struct suite *s, const struct epoch_secrets *e,
				       struct kem_key *out);
/* External initialisation (8.3): the joiner's side and the members'. */
uc_err UC_MUST_USE external_init_send(const struct suite *s, const struct env *env,
				      struct view external_pub, struct arena *a,
				      struct view *kem_output, struct secret *init_secret);
uc_err UC_MUST_USE external_init_receive(const struct suite *s, const struct epoch_secrets *e,
					 struct view kem_output, struct secret *init_secret);

/* MAC(confirmation_key, confirmed_transcript_hash) (6.1); out holds nh bytes. */
uc_err UC_MUST_USE confirmation_tag_make(const struct suite *s, const struct epoch_secrets *e,
					 struct view confirmed_transcript_hash, uint8_t *out);
/* UC_E_MAC unless tag is exactly that. */
uc_err UC_MUST_USE confirmation_tag_check(const struct suite *s, const struct epoch_secrets *e,
					  struct view confirmed_transcript_hash, struct view tag);

/* MLS-Exporter(Label, Context, Length) (8.5). */
uc_err UC_MUST_USE mls_export(const struct suite *s, const struct epoch_secrets *e,
			      const char *label, struct view context, uint8_t *out, size_t n);

#endif
