/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/participant.h"

#include "base/text.h"
#include "mimi/tbs.h"
#include "mls/group_state.h"

enum { PROOF_VERSION = 1 };
static const char key_label[] = "Undercroft participant key";
static const char proof_label[] = "Undercroft participant";

static void wire_participant_link(struct wire *w, struct participant_link *l)
{
	wire_bytes(w, &l->key);
	wire_bytes(w, &l->signature);
}
WIRE_ELEMENT(participant_link)

void wire_participant_proof(struct wire *w, struct participant_proof *p)
{
	wire_u16(w, &p->version);
	if (wire_reading(w) && !w->failed && p->version != PROOF_VERSION)
		wire_fail(w, UC_E_VERSION);
	WIRE_LIST(w, &p->chain, participant_link_element);
	wire_bytes(w, &p->proof);
}

void participant_proof_element(struct wire *w, void *v)
{
	wire_participant_proof(w, v);
}

struct key_tbs {
	struct view first, key;
	uint16_t position;
};
static void wire_key_tbs(struct wire *w, struct key_tbs *k)
{
	wire_bytes(w, &k->first);
	wire_bytes(w, &k->key);
	wire_u16(w, &k->position);
}
WIRE_ELEMENT(key_tbs)

struct proof_tbs {
	struct view client, leaf_key;
};
static void wire_proof_tbs(struct wire *w, struct proof_tbs *p)
{
	wire_bytes(w, &p->client);
	wire_bytes(w, &p->leaf_key);
}
WIRE_ELEMENT(proof_tbs)

uc_err participant_name(struct view first_key, struct arena *a, struct view *out)
{
	uint8_t hash[SHA256_BYTES];
	struct buf text;
	TRY(sha256(first_key, hash));
	buf_init(&text, 64);
	base32_add(&text, view_make(hash, PARTICIPANT_NAME));
	uc_err err = arena_copy(a, buf_view(&text), out);
	buf_done(&text);
	return err;
}

static void wire_participant_chain(struct wire *w, struct participant_link_list *l)
{
	WIRE_LIST(w, l, participant_link_element);
}

void participant_chain_element(struct wire *w, void *v)
{
	wire_participant_chain(w, v);
}

/* --- making --- */

uc_err participant_prove_chain(const struct participant_link_list *chain,
			       const struct ed25519_key *last, struct view client,
			       struct view leaf_key, struct arena *a, struct view *component)
{
	struct proof_tbs tbs = { client, leaf_key };
	struct participant_proof p = { .version = PROOF_VERSION, .chain = *chain };
	TRY(tbs_sign(last, proof_label, proof_tbs_element, &tbs, a, &p.proof));
	return wire_encode_to(a, participant_proof_element, &p, component);
}

uc_err participant_prove(const struct ed25519_key *first, struct view client, struct view leaf_key,
			 struct arena *a, struct view *component)
{
	struct participant_link link = { .key = VIEW_OF(first->pub) };
	const struct participant_link_list chain = { &link, 1 };
	return participant_prove_chain(&chain, first, client, leaf_key, a, component);
}

uc_err participant_chain_next(const struct participant_link_list *chain,
			      const struct ed25519_key *last, struct view next, struct arena *a,
			      struct participant_link_list *out)
{
	if (!chain->n || chain->n >= PARTICIPANT_KEYS_MAX)
		return UC_E_LIMIT;
	struct participant_link *v = ARENA_ARRAY(a, struct participant_link, chain->n + 1);
	if (!v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < chain->n; i++)
		v[i] = chain->v[i];
	struct key_tbs key = { v[0].key, next, (uint16_t)chain->n };
	v[chain->n].key = next;
	TRY(tbs_sign(last, key_label, key_tbs_element, &key, a, &v[chain->n].signature));
	*out = (struct participant_link_list){ v, chain->n + 1 };
	return UC_OK;
}

uc_err participant_extend(struct view component, const struct ed25519_key *last,
			  const struct ed25519_key *next, struct view client, struct view leaf_key,
			  struct arena *a, struct view *out)
{
	struct participant_proof p;
	struct participant_link_list chain;
	TRY(wire_decode(component, a, participant_proof_element, &p));
	TRY(participant_chain_next(&p.chain, last, VIEW_OF(next->pub), a, &chain));
	return participant_prove_chain(&chain, next, client, leaf_key, a, out);
}

/* --- checking --- */

uc_err participant_chain_check(const struct participant_link_list *l, struct arena *a)
{
	if (!l->n || l->n > PARTICIPANT_KEYS_MAX || l->v[0].signature.n)
		return UC_E_PROOF;
	for (size_t i = 0; i < l->n; i++) {
		struct key_tbs tbs = { l->v[0].key, l->v[i].key, (uint16_t)i };
		if (l->v[i].key.n != ED25519_KEY)
			return UC_E_PROOF;
		if (i && tbs_verify(l->v[i - 1].key, key_label, key_tbs_element, &tbs,
				    l->v[i].signature, a))
			return UC_E_PROOF;
	}
	return UC_OK;
}

uc_err participant_of_leaf(const struct leaf_node *leaf, struct view *client,
			   struct view *participant)
{
	if (leaf->credential.credential_type != CREDENTIAL_BASIC)
		return UC_E_PROOF;
	*client = leaf->credential.identity;
	return uri_participant_of(*client, participant) ? UC_E_PROOF : UC_OK;
}

static uc_err proof_of(const struct extension_list *of_leaf, struct arena *a,
		       struct participant_proof *out)
{
	struct app_data_dictionary *d = ARENA_NEW(a, struct app_data_dictionary);
	if (!d)
		return UC_E_LIMIT;
	if (dictionary_of(of_leaf, a, d))
		return UC_E_PROOF;
	const struct view *component = component_find(d, COMPONENT_PARTICIPANT);
	if (!component || wire_decode(*component, a, participant_proof_element, out))
		return UC_E_PROOF;
	return UC_OK;
}

uc_err participant_chain_of(const struct extension_list *of_leaf, struct arena *a,
			    struct participant_link_list *out)
{
	struct participant_proof p;
	TRY(proof_of(of_leaf, a, &p));
	*out = p.chain;
	return UC_OK;
}

uc_err participant_check(const struct leaf_node *leaf, struct arena *a,
			 struct participant_leaf *out)
{
	struct participant_leaf l;
	struct participant_proof p;
	struct uri u;
	struct view name;
	TRY(participant_of_leaf(leaf, &l.client, &l.participant));
	TRY(proof_of(&leaf->extensions, a, &p));
	TRY(participant_chain_check(&p.chain, a));
	TRY(participant_name(p.chain.v[0].key, a, &name));
	if (uri_read(l.client, &u) || !view_equal(u.name, name))
		return UC_E_PROOF;
	struct proof_tbs tbs = { l.client, leaf->signature_key };
	if (tbs_verify(p.chain.v[p.chain.n - 1].key, proof_label, proof_tbs_element, &tbs, p.proof,
		       a))
		return UC_E_PROOF;
	l.domain = u.domain;
	l.chain = p.chain;
	*out = l;
	return UC_OK;
}

/* The next leaf of a participant, and its chain; *index TREE_NONE at the end. */
static uc_err next_chain(const struct tree *t, struct view whose, uint32_t *at, uint32_t *index,
			 struct arena *a, struct participant_link_list *chain)
{
	struct leaf_node node;
	while (tree_next_leaf(t, at, index, &node)) {
		struct view client, participant;
		if (!participant_of_leaf(&node, &client, &participant) &&
		    view_equal(participant, whose))
			return participant_chain_of(&node.extensions, a, chain);
	}
	*index = TREE_NONE;
	return UC_OK;
}

uc_err participant_chain_longest(const struct tree *t, struct view participant, struct arena *a,
				 struct participant_link_list *out)
{
	uint32_t at = 0, index;
	struct participant_link_list chain, longest = { NULL, 0 };
	for (;;) {
		TRY(next_chain(t, participant, &at, &index, a, &chain));
		if (index == TREE_NONE)
			break;
		if (chain.n > longest.n)
			longest = chain;
	}
	*out = longest;
	return UC_OK;
}

uc_err participant_check_against(const struct tree *t, const struct participant_leaf *leaf,
				 uint32_t except, struct arena *a)
{
	uint32_t at = 0, index;
	struct participant_link_list chain;
	for (;;) {
		TRY(next_chain(t, leaf->participant, &at, &index, a, &chain));
		if (index == TREE_NONE)
			return UC_OK;
		if (index == except)
			continue;
		if (chain.n > leaf->chain.n)
			return UC_E_PROOF;
		for (size_t i = 0; i < chain.n; i++)
			if (!view_equal(chain.v[i].key, leaf->chain.v[i].key))
				return UC_E_PROOF;
	}
}
