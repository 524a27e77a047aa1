/* SPDX-License-Identifier: Apache-2.0 */
/* Message keys of an epoch: the secret tree and each member's two ratchets (RFC 9420, 9).
 *
 * A key is first looked at (peek), then, when the message it opens has proven good, deleted
 * (consume): a forged, repeated or damaged message changes nothing.  Lives on the heap, not in an
 * arena, because what is consumed has to be gone. */
#ifndef MLS_SECRET_TREE_H
#define MLS_SECRET_TREE_H

#include "mls/key_tree.h"
#include "mls/limits.h"

enum ratchet_kind { RATCHET_HANDSHAKE, RATCHET_APPLICATION, RATCHET_KINDS };

struct message_key {
	uint32_t generation;
	uint8_t key[AEAD_KEY_MAX];
	uint8_t nonce[AEAD_NONCE_MAX];
};

struct ratchet {
	struct secret secret; /* of generation `next` */
	uint32_t next;
	struct message_key *skipped; /* in order of generation */
	size_t n, cap;
};

struct leaf_ratchets {
	uint32_t leaf;
	struct ratchet ratchet[RATCHET_KINDS];
};

/* A key that was consumed. */
struct key_step {
	uint32_t leaf, generation;
	uint8_t kind;
};

struct secret_tree {
	const struct suite *suite;
	struct key_tree tree;
	struct leaf_ratchets **leaves; /* those in use, in order of leaf */
	size_t n, cap;
	/* For a journal: what was consumed since the last secret_tree_note_steps, in order; lost
	 * when it was too much. */
	bool notes_steps, steps_lost;
	struct key_step *steps;
	size_t steps_n, steps_cap;
	uint32_t changes; /* so many keys were consumed, ever */
};

/* A consumption, all of its cryptography done, that is carried out or dropped later. */
struct prepared_key {
	bool is_ready;
	uint32_t changes; /* of the tree it was prepared for */
	struct key_step step;
	struct heap_account *memory;
	struct leaf_ratchets *fresh; /* the leaf as it will be; of one in use, that ratchet alone */
	struct key_tree tree;        /* what is left of it, where the leaf was not in use */
};

/* n_leaves: of the ratchet tree, at least 1.  t->tree.memory stays, as in a key_tree. */
uc_err UC_MUST_USE secret_tree_init(struct secret_tree *t, const struct suite *s, uint32_t n_leaves,
				    struct view encryption_secret);
/* Wipes and frees; all zero is an empty tree. */
void secret_tree_done(struct secret_tree *t);

/* The key of one generation.  UC_E_DECRYPT when it was consumed, fell out of the window, is too
 * far ahead, or the leaf does not exist. */
uc_err UC_MUST_USE secret_tree_peek(const struct secret_tree *t, uint32_t leaf,
				    enum ratchet_kind kind, uint32_t generation,
				    struct message_key *out);
/* Deletes the key of that generation; those skipped on the way are kept, within the window. */
uc_err UC_MUST_USE secret_tree_consume(struct secret_tree *t, uint32_t leaf, enum ratchet_kind kind,
				       uint32_t generation);
/* The same in two steps, of which the second is free: where other keys were consumed in between it
 * does all of it anew.  A failure leaves both as they were. */
uc_err UC_MUST_USE secret_tree_prepare(const struct secret_tree *t, uint32_t leaf,
				       enum ratchet_kind kind, uint32_t generation,
				       struct prepared_key *out);
uc_err UC_MUST_USE secret_tree_carry_out(struct secret_tree *t, struct prepared_key *p);
/* Drops it; all zero is none. */
void prepared_key_done(struct prepared_key *p);
/* The generation a sender uses next. */
uint32_t secret_tree_next(const struct secret_tree *t, uint32_t leaf, enum ratchet_kind kind);
/* What has been used of a leaf's keys; NULL: nothing yet. */
const struct leaf_ratchets *secret_tree_leaf(const struct secret_tree *t, uint32_t leaf);
void message_key_wipe(struct message_key *k);
/* From now on steps are noted; those so far are forgotten. */
void secret_tree_note_steps(struct secret_tree *t);

/* For storage, with a version in front.  Reading fills a zeroed tree, to be freed with
 * secret_tree_done even after a failure. */
void wire_secret_tree(struct wire *w, struct secret_tree *t, const struct suite *s);

#endif
