/* SPDX-License-Identifier: Apache-2.0 */
/* Franking (draft-ietf-mimi-protocol-06; shared reading in docs/rooms.md): a sender commits to what
 * it says, the hub to having taken it from that participant at that time, and a reader who has both
 * can prove it later, to the hub's moderators and nobody else.
 *
 * Content carries a salt; franking_tag = HMAC-SHA256(salt, application_data).  The tag travels as
 * Safe AAD beside the ciphertext, so the hub sees it and can bind it to what it knows. */
#ifndef MIMI_FRANKING_H
#define MIMI_FRANKING_H

#include "crypto/crypto.h"
#include "mimi/frank_tree.h"
#include "mimi/protocol.h"

enum {
	FRANKING_TAG = 32,
	FRANKING_SALT = 16,
	COMPONENT_FRANK_AAD = 0x0020,
	COMPONENT_FRANKING_AGENT = 0x0021,
};

/* What the hub binds a tag to. */
struct server_franking_context {
	struct view sender_uri; /* the participant */
	struct view room_uri;
	uint64_t accepted_timestamp; /* ms */
};
void wire_server_franking_context(struct wire *w, struct server_franking_context *c);

/* The component of the GroupContext: with what key the hub signs franks. */
struct franking_agent_data {
	struct view franking_signature_key;
	struct credential credential;
};
void wire_franking_agent_data(struct wire *w, struct franking_agent_data *d);
void franking_agent_data_element(struct wire *w, void *v);

uc_err UC_MUST_USE franking_tag(struct view salt, struct view application_data,
				uint8_t out[FRANKING_TAG]);
/* SafeAAD with the one item, as authenticated_data of a PrivateMessage. */
uc_err UC_MUST_USE franking_aad_write(const uint8_t tag[FRANKING_TAG], struct arena *a,
				      struct view *authenticated_data);
/* UC_E_FRANK when it is not there, or not alone of its kind. */
uc_err UC_MUST_USE franking_aad_read(struct view authenticated_data, struct arena *a,
				     uint8_t tag[FRANKING_TAG]);

/* The hub's part.  signing: NULL in rooms whose readers all belong to the hub's app: the signature
 * is then empty (franking_signature_ciphersuite 0).  The signature lies in the arena. */
uc_err UC_MUST_USE frank_make(const uint8_t hub_frank_key[32], const struct sign_key *signing,
			      const struct env *env, const uint8_t tag[FRANKING_TAG],
			      const struct server_franking_context *context, struct arena *a,
			      struct frank *out);
/* Its signature, in the place of another. */
uc_err UC_MUST_USE frank_sign(struct frank *f, const struct sign_key *signing,
			      const struct env *env, const struct server_franking_context *context,
			      struct arena *a);
/* The same of many: each its leaf, in the tree that is then signed once; and, signed, the frank of one
 * of them.  The tree's suite takes the place of the key's. */
uc_err UC_MUST_USE frank_leaf(const uint8_t hub_frank_key[32], const uint8_t tag[FRANKING_TAG],
			      const struct server_franking_context *context,
			      uint8_t server_frank[32], uint8_t leaf[SHA256_BYTES]);
uc_err UC_MUST_USE frank_of_tree(const struct frank_tree *t, size_t index,
				 const uint8_t server_frank[32], struct arena *a,
				 struct frank *out);
/* A reader's part, before it shows a message: the tag fits salt and data, and the signature (where
 * the reader's app is not the hub: franking_key not empty) the context.  UC_E_FRANK. */
uc_err UC_MUST_USE frank_check(const struct frank *f, const uint8_t tag[FRANKING_TAG],
			       struct view salt, struct view application_data,
			       const struct server_franking_context *context,
			       struct view franking_key, struct arena *a);
/* The signature alone, or that of its tree.  UC_E_FRANK. */
uc_err UC_MUST_USE frank_signed(const struct frank *f,
				const struct server_franking_context *context,
				struct view franking_key, struct arena *a);
/* The hub again, on a report: is this its own frank of just this content?  UC_E_FRANK. */
uc_err UC_MUST_USE frank_verify(const uint8_t hub_frank_key[32], const struct frank *f,
				struct view salt, struct view application_data,
				const struct server_franking_context *context);
/* The same for a tag of content that is not told. */
uc_err UC_MUST_USE frank_verify_tag(const uint8_t hub_frank_key[32], const struct frank *f,
				    const uint8_t tag[FRANKING_TAG],
				    const struct server_franking_context *context);

#endif
