/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as a member would make who keeps no rule: signed, tagged and sealed as they are told. */
#ifndef TESTS_BAD_FORGE_H
#define TESTS_BAD_FORGE_H

#include "mls/group_inside.h"

#include "tests/unit/mls/members.h"

struct forge {
	struct club *c;
	struct person *by;          /* whose secrets are used */
	const struct sign_key *key; /* NULL: by's own */
	struct framed_content content;
	struct view confirmation_tag; /* of a commit */
	bool other_epoch_context;     /* signed over no GroupContext */
	const struct view *signature; /* this instead of a right one */
	uint16_t version, wire_format;
};

/* content with group, epoch and sender as they should be. */
struct forge forge_begin(struct club *c, struct person *by, uint8_t content_type);
/* Encoded MLSMessage with a PublicMessage, rightly signed and tagged. */
struct view forge_public(const struct forge *f);
struct view forge_proposal(struct club *c, struct person *by, const struct proposal *p);
/* A commit of these, without a path, with some confirmation_tag. */
struct view forge_commit(struct club *c, struct person *by, const struct proposal *v, size_t n);

/* A real commit by `by` (dropped at once), taken apart. */
struct forge forge_real_commit(struct club *c, struct person *by, const struct commit_options *o);
struct leaf_node *forge_path_leaf(struct forge *f);
/* The path's leaf signed again for this place. */
void forge_sign_leaf(struct forge *f, struct view group_id, uint32_t leaf);

/* The parent hashes of a path with other keys, as an honest committer at `leaf` computes them; the leaf
 * that carries them is signed again. */
void forge_hash_path(struct forge *f, uint32_t leaf);

/* A PrivateMessage around any plaintext, under the next key of by's ratchet, which is consumed. */
struct private_forge {
	struct club *c;
	struct person *by;
	uint8_t content_type;
	struct view plaintext;
	struct view authenticated_data; /* outside */
	uint32_t claimed_leaf, claimed_generation;
	bool claims_leaf, claims_generation;
	bool seals_as_claimed;   /* with a key of that leaf's ratchet, and that generation */
	size_t ciphertext_n;     /* 0: all of it; else cut, and the sender data is for that */
	bool longer_sender_data; /* a byte more than SenderData has */
};
struct view forge_private(const struct private_forge *f);
/* By the engine itself, with its next key, of what it would not sign or send; e is the epoch it is for
 * (NULL: by's own). */
struct view forge_private_of(struct club *c, struct person *by, const struct framing_epoch *e,
			     const struct framed_content *content);
/* PrivateMessageContent of a signed application message, with so much padding. */
struct view forge_inside(struct club *c, struct person *by, struct view text, size_t padding);

/* KeyPackage of p, changed by `change` before leaf and package are signed. */
typedef void key_package_change(struct club *c, struct key_package *k);
typedef void leaf_change(struct club *c, struct leaf_node *l);
struct proposal forge_add(struct club *c, struct person *p, leaf_change *leaf,
			  key_package_change *package);

/* GroupInfo of by's epoch over another context or tree, signed by by. */
struct view forge_info(struct club *c, struct person *by, const struct group_context *context,
		       uint32_t signer);

struct mls_message forge_apart(struct club *c, struct view message);
struct view forge_together(struct club *c, const struct mls_message *m);

/* Bytes that may be changed. */
struct view changeable(struct club *c, struct view v);
void flip(struct view v, size_t at);

/* All members but `by`, and the server: this error, and nothing has changed. */
void refused(struct club *c, const struct person *by, struct view message, uc_err want);
/* Where only those with secrets can tell. */
void refused_by_members(struct club *c, const struct person *by, struct view message, uc_err want);
void refused_by_server(struct club *c, struct view message, uc_err want);
/* By all who have to read it with their own keys: `want` or, for those who read it with others,
 * another refusal. */
void refused_by_one(struct club *c, const struct person *who, struct view message, uc_err want);

#endif
