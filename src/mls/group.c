/* SPDX-License-Identifier: Apache-2.0 */
/* Epochs and their owner: making, entering, looking. */
#include "mls/group.h"

#include "base/heap.h"
#include "mls/group_inside.h"
#include "mls/rule.h"

/* --- epochs --- */

struct epoch *epoch_new(struct group *g, const struct suite *s)
{
	struct epoch *e = heap_new_in(&g->memory, sizeof *e);
	if (e) {
		group_state_init(&e->state, s, &g->memory);
		e->messages.tree.memory = e->exporter.memory = &g->memory;
	}
	return e;
}

void epoch_free(struct epoch *e)
{
	if (!e)
		return;
	struct heap_account *memory = e->state.memory;
	group_state_done(&e->state);
	epoch_secrets_wipe(&e->secrets);
	secret_tree_done(&e->messages);
	key_tree_done(&e->exporter);
	tree_secrets_wipe(&e->keys);
	heap_free_wiped_in(memory, e, sizeof *e);
}

uc_err epoch_grow_trees(struct epoch *e)
{
	const struct suite *s = e->state.suite;
	TRY(secret_tree_init(&e->messages, s, e->state.tree.leaves,
			     secret_view(&e->secrets.encryption_secret)));
	TRY(safe_export_init(&e->exporter, s, secret_view(&e->secrets.application_export_secret)));
	epoch_secrets_forget_roots(&e->secrets);
	return UC_OK;
}

uc_err epoch_enter(struct epoch *e, struct view joiner_secret, struct view psk_secret)
{
	TRY(epoch_secrets_from_joiner(e->state.suite, joiner_secret, psk_secret, e->state.encoded,
				      &e->secrets));
	return epoch_grow_trees(e);
}

/* The key a sender signs with, as of this epoch. */
static uc_err key_find(void *ctx, uint8_t sender_type, uint32_t index, struct view *signature_key)
{
	struct epoch *e = ctx;
	if (sender_type == SENDER_MEMBER) {
		*signature_key = tree_signature_key(&e->state.tree, index);
		return signature_key->n ? UC_OK : UC_E_NOT_FOUND;
	}
	return group_state_external_key(&e->state, index, signature_key);
}

struct framing_epoch epoch_framing(struct epoch *e)
{
	return (struct framing_epoch){
		.suite = e->state.suite,
		.group_id = e->state.context.group_id,
		.epoch = e->state.context.epoch,
		.group_context = e->state.encoded,
		.membership_key = secret_view(&e->secrets.membership_key),
		.sender_data_secret = secret_view(&e->secrets.sender_data_secret),
		.secret_tree = &e->messages,
		.safe_aad = e->state.safe_aad,
		.own_leaf = e->own_leaf,
		.key_find = key_find,
		.key_ctx = e,
	};
}

/* --- the group --- */

struct epoch **group_epoch_slot(struct group *g, size_t i)
{
	if (i == 0)
		return &g->now;
	return i <= GROUP_PAST_EPOCHS ? &g->past[i - 1] : &g->pending;
}

struct epoch *group_epoch_at(const struct group *g, size_t i)
{
	if (i == 0)
		return g->now;
	return i <= GROUP_PAST_EPOCHS ? g->past[i - 1] : g->pending;
}

uc_err group_account_open(const struct group_platform *platform, size_t own_bytes,
			  struct heap_account *out)
{
	uint8_t key[sizeof out->hash_key];
	*out = (struct heap_account){ .used_bytes = own_bytes,
				      .limit_bytes = platform->memory_limit
							     ? platform->memory_limit
							     : GROUP_MEMORY_DEFAULT };
	TRY(env_random(platform->env, key, sizeof key));
	memcpy(out->hash_key, key, sizeof key);
	return UC_OK;
}

uc_err group_new(const struct group_platform *platform, const struct suite *s, struct group **out)
{
	struct group *g = HEAP_NEW(struct group);
	if (!g)
		return UC_E_MEMORY;
	uc_err err = group_account_open(platform, sizeof *g, &g->memory);
	if (err) {
		heap_free(g);
		return err;
	}
	g->platform = *platform;
	g->suite = s;
	g->proposals.memory = &g->memory;
	arena_init_in(&g->staged_arena, &g->memory, GROUP_ARENA_MAX, ARENA_SECRET);
	*out = g;
	return UC_OK;
}

void group_free(struct group *g)
{
	if (!g)
		return;
	group_staged_drop(g);
	group_pending_drop(g);
	epoch_free(g->now);
	for (size_t i = 0; i < GROUP_PAST_EPOCHS; i++)
		epoch_free(g->past[i]);
	proposal_store_done(&g->proposals);
	heap_free_in(&g->memory, g->journal.proposals,
		     g->journal.proposal_cap * sizeof *g->journal.proposals);
	arena_done(&g->staged_arena);
	heap_free_wiped(g, sizeof *g);
}

static void remember_resumption(struct group *g, const struct epoch *e)
{
	size_t keep = g->resumption_n < GROUP_RESUMPTION_EPOCHS ? g->resumption_n
								: GROUP_RESUMPTION_EPOCHS - 1;
	memmove(g->resumption + 1, g->resumption, keep * sizeof *g->resumption);
	g->resumption[0].epoch = e->state.context.epoch;
	g->resumption[0].psk = e->secrets.resumption_psk;
	g->resumption_n = keep + 1;
}

/* Of a past epoch only what opens late application messages stays. */
static void retire(struct epoch *e)
{
	struct secret sender_data = e->secrets.sender_data_secret;
	epoch_secrets_wipe(&e->secrets);
	e->secrets.sender_data_secret = sender_data;
	secret_wipe(&sender_data);
	key_tree_done(&e->exporter);
	tree_secrets_wipe(&e->keys);
}

void group_enter(struct group *g, struct epoch *next, const uint8_t commit[SHA256_BYTES])
{
	commit_history_add(&g->history, next->state.context.epoch - 1, commit);
	if (g->now) {
		retire(g->now);
		epoch_free(g->past[GROUP_PAST_EPOCHS - 1]);
		memmove(g->past + 1, g->past, (GROUP_PAST_EPOCHS - 1) * sizeof(struct epoch *));
		g->past[0] = g->now;
	}
	g->now = next;
	remember_resumption(g, next);
	proposal_store_done(&g->proposals);
}

static uc_err create(struct group *g, struct view id, const struct leaf_parameters *leaf,
		     const struct extension_list *context_extensions, struct arena *a)
{
	const struct suite *s = g->suite;
	const struct env *env = g->platform.env;
	struct epoch *e = g->now;
	struct key_package_secrets *kp = ARENA_NEW(a, struct key_package_secrets);
	struct key_package k;
	struct view encoded;
	uint8_t tag[HASH_MAX];
	struct secret epoch_secret = { .n = s->nh };
	uint32_t index;
	if (!kp)
		return arena_error(a);
	/* The creator's leaf is that of a KeyPackage (11). */
	TRY(key_package_make(s, env, leaf, KEY_PACKAGE_LIFETIME_MAX_S - KEY_PACKAGE_EARLY_S, NULL,
			     a, &encoded, kp));
	TRY(wire_decode(encoded, a, key_package_element, &k));
	TRY(leaf_node_check(s, &k.leaf_node));
	TRY(leaf_suite_admit(g->platform.hooks, s, &k.leaf_node));
	TRY(credential_admit(g->platform.hooks, s, &k.leaf_node.credential,
			     k.leaf_node.signature_key, NULL));
	TRY(external_senders_admit(g->platform.hooks, s, context_extensions, NULL, a));
	TRY(tree_add(&e->state.tree, &k.leaf_node, &index));
	TRY(tree_secret_set(&e->keys, 0, &kp->encryption_key));
	struct group_context c = { .version = MLS10,
				   .cipher_suite = s->id,
				   .group_id = id,
				   .extensions = *context_extensions };
	TRY(group_state_set_context(&e->state, &c));
	struct requirements required;
	TRY(draft_extensions_check(&c.extensions));
	TRY(requirements_of(&c.extensions, a, &required));
	TRY(requirements_check(&required, &k.leaf_node));
	TRY(env_random(env, epoch_secret.b, s->nh));
	secret_mark(epoch_secret.b, s->nh);
	uc_err err = epoch_secrets_derive(s, secret_view(&epoch_secret), &e->secrets);
	secret_wipe(&epoch_secret);
	TRY(err);
	TRY(confirmation_tag_make(s, &e->secrets, c.confirmed_transcript_hash, tag));
	TRY(group_state_confirm(&e->state, view_make(tag, s->nh)));
	TRY(epoch_grow_trees(e));
	g->signature_key = *leaf->signature_key;
	remember_resumption(g, e);
	return UC_OK;
}

uc_err group_create(const struct group_platform *platform, const struct suite *s, struct view id,
		    const struct leaf_parameters *leaf,
		    const struct extension_list *context_extensions, struct group **out)
{
	struct arena scratch;
	struct group *g;
	TRY(group_new(platform, s, &g));
	g->now = epoch_new(g, s);
	arena_init(&scratch, GROUP_ARENA_MAX, ARENA_SECRET);
	uc_err err = g->now ? create(g, id, leaf, context_extensions, &scratch)
			    : heap_account_error(&g->memory);
	arena_done(&scratch);
	if (err)
		group_free(g);
	else
		*out = g;
	return err;
}

bool group_has_pending(const struct group *g)
{
	return g->pending != NULL;
}

/* From now on we sign with this one, if it is one. */
static void take_key(struct group *g, struct sign_key *key)
{
	if (key->pub_n)
		g->signature_key = *key;
	sign_key_wipe(key);
}

uc_err group_pending_apply(struct group *g)
{
	if (!g->pending)
		return UC_E_NOT_FOUND;
	struct epoch *next = g->pending;
	g->pending = NULL;
	take_key(g, &g->pending_key);
	group_staged_drop(g);
	group_enter(g, next, g->pending_hash);
	return UC_OK;
}

void group_pending_drop(struct group *g)
{
	epoch_free(g->pending);
	sign_key_wipe(&g->pending_key);
	g->pending = NULL;
}

/* 9.2: a key is deleted when what it opened is used. */
static uc_err staged_key_used(struct group *g)
{
	return g->staged_used.is_ready ? secret_tree_carry_out(&g->now->messages, &g->staged_used)
				       : UC_OK;
}

uc_err group_staged_apply(struct group *g)
{
	if (!g->has_staged)
		return UC_E_NOT_FOUND;
	TRY(staged_key_used(g));
	struct epoch *next = g->staged;
	g->staged = NULL;
	if (g->staged_removes_us) {
		/* 12.4.2: "SHOULD promptly delete its group state". */
		g->is_removed = true;
		retire(g->now);
		wipe(g->resumption, sizeof g->resumption);
		g->resumption_n = 0;
		proposal_store_done(&g->proposals);
	} else {
		take_key(g, &g->staged_key);
		group_enter(g, next, g->staged_hash);
	}
	group_pending_drop(g);
	group_staged_drop(g);
	return UC_OK;
}

void group_staged_drop(struct group *g)
{
	epoch_free(g->staged);
	if (g->staged_transition)
		transition_done(g->staged_transition);
	g->staged = NULL;
	g->staged_transition = NULL;
	sign_key_wipe(&g->staged_key);
	prepared_key_done(&g->staged_used);
	g->has_staged = g->staged_removes_us = false;
	arena_done(&g->staged_arena);
}

bool group_has_staged(const struct group *g)
{
	return g->has_staged;
}

static bool epoch_view(const struct epoch *e, struct group_view *out)
{
	if (e)
		*out = group_state_view(&e->state);
	return e != NULL;
}

bool group_staged_view(const struct group *g, struct group_view *out)
{
	return epoch_view(g->staged, out);
}

bool group_pending_view(const struct group *g, struct group_view *out)
{
	return epoch_view(g->pending, out);
}

void group_forget_past(struct group *g)
{
	for (size_t i = 0; i < GROUP_PAST_EPOCHS; i++) {
		epoch_free(g->past[i]);
		g->past[i] = NULL;
	}
}

/* --- looking --- */

struct group_view group_now(const struct group *g)
{
	return group_state_view(&(g->now ? g->now : g->pending)->state);
}

uint64_t group_epoch(const struct group *g)
{
	return group_now(g).context->epoch;
}

struct view group_id(const struct group *g)
{
	return group_now(g).context->group_id;
}

uint32_t group_own_leaf(const struct group *g)
{
	return (g->now ? g->now : g->pending)->own_leaf;
}

bool group_is_removed(const struct group *g)
{
	return g->is_removed;
}

const struct re_init *group_reinit_of(const struct group *g)
{
	return g->now && g->now->state.is_closed ? &g->now->state.reinit : NULL;
}

const struct sign_key *group_signature_key(const struct group *g)
{
	return &g->signature_key;
}

size_t group_memory_bytes(const struct group *g)
{
	return g->memory.used_bytes;
}

struct view group_epoch_authenticator(const struct group *g)
{
	return g->now ? secret_view(&g->now->secrets.epoch_authenticator)
		      : (struct view){ NULL, 0 };
}

uc_err group_component(const struct group *g, uint16_t component_id, struct arena *a,
		       const struct view **out)
{
	struct app_data_dictionary *d = ARENA_NEW(a, struct app_data_dictionary);
	if (!d)
		return arena_error(a);
	TRY(dictionary_of(&group_now(g).context->extensions, a, d));
	*out = component_find(d, component_id);
	return UC_OK;
}

uc_err group_export(const struct group *g, const char *label, struct view context, uint8_t *out,
		    size_t n)
{
	if (!g->now || g->is_removed)
		return UC_E_REMOVED;
	return mls_export(g->suite, &g->now->secrets, label, context, out, n);
}

uc_err group_info_make_with(const struct group *g, const struct group_info_parts *parts,
			    struct arena *a, struct view *out)
{
	if (!g->now || g->is_removed)
		return UC_E_REMOVED;
	if (g->now->state.is_closed)
		return UC_E_CLOSED;
	return group_info_of(g->now, &g->signature_key, g->platform.env, parts, a, out);
}

uc_err group_info_make(const struct group *g, struct arena *a, struct view *out)
{
	static const struct group_info_parts parts;
	return group_info_make_with(g, &parts, a, out);
}

uc_err group_ratchet_tree(const struct group *g, struct arena *a, struct view *out)
{
	struct buf b;
	buf_init(&b, WIRE_OBJECT_MAX);
	uc_err err = tree_export(group_now(g).tree, &b);
	if (!err)
		err = arena_copy(a, buf_view(&b), out);
	buf_done(&b);
	return err;
}

size_t group_proposal_count(const struct group *g)
{
	return g->proposals.n;
}

bool group_commit_is_due(const struct group *g)
{
	bool goes = false;
	if (!g->now || g->is_removed || g->now->state.is_closed)
		return false;
	for (size_t i = 0; i < g->proposals.n; i++) {
		const struct framed_content *c = &g->proposals.v[i]->decoded.content;
		uint32_t own = g->now->own_leaf;
		goes |= c->proposal.proposal_type == PROPOSAL_REMOVE && c->proposal.removed == own;
		goes |= c->proposal.proposal_type == PROPOSAL_SELF_REMOVE &&
			c->sender.leaf_index == own;
	}
	return g->proposals.n && !goes;
}

void group_proposal_drop(struct group *g, struct view ref)
{
	proposal_store_drop(&g->proposals, ref);
}

struct proposal_view group_proposal_at(const struct group *g, size_t i)
{
	const struct stored_proposal *p = g->proposals.v[i];
	return (struct proposal_view){ .sender = p->decoded.content.sender,
				       .proposal = &p->decoded.content.proposal,
				       .ref = p->ref };
}

/* --- pre-shared keys --- */

uc_err group_resumption_psk(const struct group *g, uint64_t epoch, struct secret *out)
{
	for (size_t i = 0; i < g->resumption_n; i++)
		if (g->resumption[i].epoch == epoch) {
			*out = g->resumption[i].psk;
			return UC_OK;
		}
	return RULE_ERROR(PSK_IS_KNOWN);
}

/* Whose resumption keys are meant: this group's own, those of one it goes on from, another's. */
static const struct group *resumption_group(const struct group *g,
					    const struct group_platform *platform,
					    const struct pre_shared_key_id *id)
{
	const struct psk_finder *f = platform->psks;
	if (g && g->now && id->usage == RESUMPTION_APPLICATION &&
	    view_equal(id->psk_group_id, group_id(g)))
		return g;
	if (g && g->origin && view_equal(id->psk_group_id, group_id(g->origin)))
		return g->origin;
	return f && f->group ? f->group(f->ctx, id->psk_group_id) : NULL;
}

static uc_err psk_find(const struct group *g, const struct group_platform *platform,
		       const struct pre_shared_key_id *id, struct secret *out)
{
	const struct psk_finder *f = platform->psks;
	if (id->psktype == PSK_RESUMPTION) {
		const struct group *of = resumption_group(g, platform, id);
		if (of)
			return group_resumption_psk(of, id->psk_epoch, out);
	}
	if (!f || !f->find)
		return RULE_ERROR(PSK_IS_KNOWN);
	TRY_GROUND(PSK_IS_KNOWN, f->find(f->ctx, id, out));
	return UC_OK;
}

uc_err group_psk_secret(const struct group *g, const struct group_platform *platform,
			const struct suite *s, const struct pre_shared_key_id_list *l,
			struct arena *a, struct secret *out)
{
	struct psk *psks = ARENA_ARRAY(a, struct psk, l->n);
	struct secret *secrets = ARENA_ARRAY(a, struct secret, l->n);
	if (!psks || !secrets)
		return arena_error(a);
	for (size_t i = 0; i < l->n; i++) {
		TRY(psk_find(g, platform, &l->v[i], &secrets[i]));
		psks[i] = (struct psk){ &l->v[i], secret_view(&secrets[i]) };
	}
	return psk_secret_derive(s, psks, l->n, out);
}
