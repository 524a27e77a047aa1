/* SPDX-License-Identifier: Apache-2.0 */
/* Participants and their clients (identity.md, 1): a key chain, one for each person in each room,
 * that says which leaves are one participant.  Nobody keeps a table for it. */
#ifndef MIMI_PARTICIPANT_H
#define MIMI_PARTICIPANT_H

#include "mimi/uri.h"
#include "mls/key_package.h"
#include "mls/tree.h"

enum {
	PARTICIPANT_KEYS_MAX = 64,
	PARTICIPANT_NAME = 20, /* bytes of SHA-256(first key) */
	CLIENT_NAME = 16,      /* random bytes */
	/* Components of a leaf's app_data_dictionary, private use. */
	COMPONENT_PARTICIPANT = 0x8001,
};

/* A key of the chain but the first is signed by the one before it, label
 * "Undercroft participant key", over { first key, this key, uint16 position }. */
struct participant_link {
	struct view key;       /* Ed25519, 32 bytes */
	struct view signature; /* 64 bytes; empty for the first */
};
struct participant_link_list {
	struct participant_link *v;
	size_t n;
};
/* What the leaf carries.  proof: by the last key, label "Undercroft participant", over
 * { client URI, leaf signature key }. */
struct participant_proof {
	uint16_t version; /* 1 */
	struct participant_link_list chain;
	struct view proof;
};
void wire_participant_proof(struct wire *w, struct participant_proof *p);
void participant_proof_element(struct wire *w, void *v);
/* A chain by itself, as its owner keeps it. */
void participant_chain_element(struct wire *w, void *v);

/* base32 of the first key's hash, as it stands in URIs; in the arena. */
uc_err UC_MUST_USE participant_name(struct view first_key, struct arena *a, struct view *out);
/* A chain of one key, its proof for a client and leaf key: the component's data. */
uc_err UC_MUST_USE participant_prove(const struct ed25519_key *first, struct view client,
				     struct view leaf_key, struct arena *a, struct view *component);
/* The same of a longer chain, by its last key. */
uc_err UC_MUST_USE participant_prove_chain(const struct participant_link_list *chain,
					   const struct ed25519_key *last, struct view client,
					   struct view leaf_key, struct arena *a,
					   struct view *component);
/* The chain with one key more, signed by its last one.  UC_E_LIMIT: there are as many as may be. */
uc_err UC_MUST_USE participant_chain_next(const struct participant_link_list *chain,
					  const struct ed25519_key *last, struct view next,
					  struct arena *a, struct participant_link_list *out);
/* UC_E_PROOF unless each key is signed by the one before it. */
uc_err UC_MUST_USE participant_chain_check(const struct participant_link_list *chain,
					   struct arena *a);
/* Appends a key to the chain of a component: the new one for this leaf. */
uc_err UC_MUST_USE participant_extend(struct view component, const struct ed25519_key *last,
				      const struct ed25519_key *next, struct view client,
				      struct view leaf_key, struct arena *a, struct view *out);

/* A leaf whose credential and proof were checked.  UC_E_PROOF for whatever is wrong. */
struct participant_leaf {
	struct view client, participant; /* URIs */
	struct view domain;
	struct participant_link_list chain;
};
uc_err UC_MUST_USE participant_check(const struct leaf_node *leaf, struct arena *a,
				     struct participant_leaf *out);
/* Client and participant of a leaf that was checked before. */
uc_err UC_MUST_USE participant_of_leaf(const struct leaf_node *leaf, struct view *client,
				       struct view *participant);
/* The chain that a leaf with these extensions carries, which was checked before. */
uc_err UC_MUST_USE participant_chain_of(const struct extension_list *of_leaf, struct arena *a,
					struct participant_link_list *out);
/* The longest one of a participant in the tree; none: of no keys.  They do not part (room_check). */
uc_err UC_MUST_USE participant_chain_longest(const struct tree *t, struct view participant,
					     struct arena *a, struct participant_link_list *out);
/* The new leaf's chain must extend or equal the longest one of its participant in the tree; a fork
 * is UC_E_PROOF.  `except`: the leaf it replaces, or TREE_NONE. */
uc_err UC_MUST_USE participant_check_against(const struct tree *t,
					     const struct participant_leaf *leaf, uint32_t except,
					     struct arena *a);

#endif
