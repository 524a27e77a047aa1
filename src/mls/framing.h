/* SPDX-License-Identifier: Apache-2.0 */
/* Signing, protecting and opening of handshake and application messages (RFC 9420, 6).
 *
 * What comes out of the two open functions is authentic: epoch, tags, signature and the rules of
 * who may send what in which wrapping were checked.  Whether a proposal or commit is valid in its
 * group, and the confirmation_tag of a commit, are for the caller. */
#ifndef MLS_FRAMING_H
#define MLS_FRAMING_H

#include "mls/secret_tree.h"

struct framed_content;
struct authenticated_content;
struct public_message;
struct private_message;
struct sender;

/* The signature key of a sender of kind member (index: leaf) or external (index: into the
 * external_senders extension), as of this epoch; an error when there is none: a blank leaf gives
 * UC_E_NOT_FOUND.  The other two kinds carry their key in the message. */
typedef uc_err framing_key_find(void *ctx, uint8_t sender_type, uint32_t index,
				struct view *signature_key);

/* What framing has to know of one epoch.  Everything is borrowed. */
struct framing_epoch {
	const struct suite *suite;
	struct view group_id;
	uint64_t epoch;
	struct view group_context;       /* encoded */
	struct view membership_key;      /* empty for those without secrets: tag not checked */
	struct view sender_data_secret;  /* only for private messages, as is the next; without */
	struct secret_tree *secret_tree; /* them: UC_E_UNSUPPORTED */
	/* authenticated_data is SafeAAD (safe_aad.h); when opened, it may be missing altogether. */
	bool safe_aad, empty_aad;
	uint32_t own_leaf; /* FRAMING_NO_LEAF when there is none */
	framing_key_find *key_find;
	void *key_ctx;
};
#define FRAMING_NO_LEAF UINT32_MAX

/* The bytes of a TBS, TBM, AAD or plaintext may not exceed this. */
#define FRAMING_BYTES_MAX WIRE_OBJECT_MAX

/* Fills *out from content (borrowed, not copied) and signs it for this wire format.  A commit's
 * confirmation_tag is left empty, for the caller to set once the new epoch is known.  Where
 * authenticated_data is SafeAAD and none is given, it is one without items. */
uc_err UC_MUST_USE framing_sign(const struct framing_epoch *e, const struct env *env,
				const struct sign_key *key, uint16_t wire_format,
				const struct framed_content *content, struct arena *a,
				struct authenticated_content *out);

/* Wraps what framing_sign made for mls_public_message, with the membership_tag where the sender is
 * a member.  Application data is refused (RFC 9420, 6). */
uc_err UC_MUST_USE framing_protect_public(const struct framing_epoch *e,
					  const struct authenticated_content *in, struct arena *a,
					  struct public_message *out);
/* Seals what framing_sign made for mls_private_message; only for our own leaf.  The ciphertext's
 * plaintext gets `padding` zero bytes.  The key is consumed before this returns. */
uc_err UC_MUST_USE framing_protect_private(const struct framing_epoch *e, const struct env *env,
					   const struct authenticated_content *in, size_t padding,
					   struct arena *a, struct private_message *out);
/* The same for what can still fail: the key stays until framing_private_used, with the generation that
 * comes out here, before which nothing of it may be given out. */
uc_err UC_MUST_USE framing_seal_private(const struct framing_epoch *e, const struct env *env,
					const struct authenticated_content *in, size_t padding,
					struct arena *a, struct private_message *out,
					uint32_t *generation);

/* The bytes of a PrivateMessage's plaintext (6.3.1), without padding. */
uc_err UC_MUST_USE framing_private_size(const struct authenticated_content *in, struct arena *a,
					size_t *out);

/* *out borrows from in.  Errors: UC_E_EPOCH_PAST, UC_E_EPOCH_FUTURE, UC_E_UNEXPECTED (another
 * group, or a kind of sender that may not send this), UC_E_MAC, UC_E_SIGNATURE, UC_E_NOT_FOUND (no
 * such sender). */
uc_err UC_MUST_USE framing_open_public(const struct framing_epoch *e,
				       const struct public_message *in, struct arena *a,
				       struct authenticated_content *out);
/* *out lies in the arena (and borrows group_id and authenticated_data from in).  Any failure of
 * decryption, whatever its cause, is UC_E_DECRYPT; UC_E_OWN for a message of own_leaf whose key is
 * used up (one that isn't is opened as anybody's); UC_E_MALFORMED for what was inside;
 * UC_E_SIGNATURE; epochs as above.  The key is consumed only when all is well; a failure changes
 * nothing. */
uc_err UC_MUST_USE framing_open_private(const struct framing_epoch *e,
					const struct private_message *in, struct arena *a,
					struct authenticated_content *out);
/* The same for what may have to be opened again: the key stays until framing_private_used, with
 * the generation that comes out here. */
uc_err UC_MUST_USE framing_look_private(const struct framing_epoch *e,
					const struct private_message *in, struct arena *a,
					struct authenticated_content *out, uint32_t *generation);
uc_err UC_MUST_USE framing_private_used(const struct framing_epoch *e,
					const struct authenticated_content *opened,
					uint32_t generation);

#endif
