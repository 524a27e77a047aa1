/* SPDX-License-Identifier: Apache-2.0 */
/* Joining: by a Welcome (RFC 9420, 12.4.3.1) and by an external commit (12.4.3.2). */
#include "base/heap.h"
#include "mls/group_inside.h"
#include "mls/rule.h"

#include <stdlib.h>

uc_err tree_beside(const struct group_info *info, struct view ratchet_tree, struct arena *a,
		   struct node_list *out)
{
	if (!ratchet_tree.n) {
		const struct extension *e =
			extension_find(&info->extensions, EXTENSION_RATCHET_TREE);
		if (GROUND(TREE_IS_THERE, !e))
			return UC_E_NOT_FOUND;
		ratchet_tree = e->extension_data;
	}
	return wire_decode(ratchet_tree, a, ratchet_tree_element, out);
}

/* --- Welcome --- */

struct joining {
	struct group *g;
	const struct welcome_input *in;
	struct key_package key_package;
	struct welcome welcome;
	struct group_secrets secrets;
	struct secret welcome_secret, psk_secret;
	struct group_info info;
};

static uc_err open_secrets(struct joining *j, struct arena *a)
{
	uint8_t ref[HASH_MAX];
	const struct suite *s = j->g->suite;
	const struct encrypted_group_secrets *ours = NULL;
	struct view plain;
	TRY(key_package_ref(s, j->in->key_package, ref));
	for (size_t i = 0; i < j->welcome.secrets.n && !ours; i++)
		if (view_equal(j->welcome.secrets.v[i].new_member, view_make(ref, s->nh)))
			ours = &j->welcome.secrets.v[i];
	if (GROUND(WELCOME_NAMES_US, !ours))
		return UC_E_NOT_FOUND;
	TRY_GROUND(WELCOME_SECRETS_OPEN,
		   decrypt_with_label(s, &j->in->secrets->init_key, "Welcome",
				      j->welcome.encrypted_group_info,
				      ours->encrypted_group_secrets.kem_output,
				      ours->encrypted_group_secrets.ciphertext, a, &plain));
	secret_release(plain.p, plain.n); /* its form is no secret */
	TRY(wire_decode(plain, a, group_secrets_element, &j->secrets));
	secret_mark(j->secrets.joiner_secret.p, j->secrets.joiner_secret.n);
	if (j->secrets.path_secret)
		secret_mark(j->secrets.path_secret->path_secret.p,
			    j->secrets.path_secret->path_secret.n);
	return KEEPS(JOINER_SECRET_LENGTH, j->secrets.joiner_secret.n == s->nh) ? UC_OK
										: UC_E_MALFORMED;
}

static bool is_succession(const struct pre_shared_key_id *id)
{
	return id->psktype == PSK_RESUMPTION && id->usage != RESUMPTION_APPLICATION;
}

static int id_order(const void *x, const void *y)
{
	return psk_order(*(const struct pre_shared_key_id *const *)x,
			 *(const struct pre_shared_key_id *const *)y);
}

/* What the commit behind the Welcome could not have held: nonces of another length (12.1.4), one
 * PreSharedKeyID twice (12.2); and 12.4.3.1: a key of usage reinit or branch "is the only such PSK". */
static uc_err psks_check(const struct joining *j, struct arena *a)
{
	const struct pre_shared_key_id_list *l = &j->secrets.psks;
	const struct pre_shared_key_id **v = ARENA_ARRAY(a, const struct pre_shared_key_id *, l->n);
	size_t successions = 0;
	if (!v)
		return arena_error(a);
	for (size_t i = 0; i < l->n; i++) {
		v[i] = &l->v[i];
		if (BREAKS(PSK_NONCE, l->v[i].psk_nonce.n != j->g->suite->nh))
			return UC_E_MALFORMED;
		successions += is_succession(&l->v[i]);
	}
	if (l->n)
		qsort(v, l->n, sizeof *v, id_order);
	for (size_t i = 1; i < l->n; i++)
		if (BREAKS(PSK_ONCE, !psk_order(v[i - 1], v[i])))
			return UC_E_UNEXPECTED;
	return KEEPS(ONE_SUCCESSION_KEY, successions <= 1) ? UC_OK : UC_E_UNEXPECTED;
}

static uc_err open_group_info(struct joining *j, struct arena *a)
{
	const struct suite *s = j->g->suite;
	struct view sealed = j->welcome.encrypted_group_info;
	struct secret key = { .n = 0 }, nonce = { .n = 0 };
	if (GROUND(WELCOME_INFO_OPENS, sealed.n < AEAD_TAG))
		return UC_E_DECRYPT;
	uint8_t *plain = arena_take(a, sealed.n - AEAD_TAG);
	if (!plain)
		return arena_error(a);
	TRY(psks_check(j, a));
	TRY(group_psk_secret(NULL, &j->g->platform, s, &j->secrets.psks, a, &j->psk_secret));
	uc_err err = welcome_secret_derive(s, j->secrets.joiner_secret, secret_view(&j->psk_secret),
					   &j->welcome_secret);
	if (!err)
		err = welcome_key_derive(s, secret_view(&j->welcome_secret), &key, &nonce);
	if (!err)
		err = suite_open(s, secret_view(&key), secret_view(&nonce),
				 (struct view){ NULL, 0 }, sealed, plain);
	secret_wipe(&key);
	secret_wipe(&nonce);
	TRY_GROUND(WELCOME_INFO_OPENS, err);
	return wire_decode(view_make(plain, sealed.n - AEAD_TAG), a, group_info_element, &j->info);
}

/* "Identify a leaf whose LeafNode is identical to the one in the KeyPackage." */
static uc_err find_own_leaf(const struct joining *j, struct epoch *e)
{
	const struct leaf_node *ours = &j->key_package.leaf_node;
	uint32_t index = tree_leaf_by_signature_key(&e->state.tree, ours->signature_key);
	const struct leaf_node *found = tree_leaf_find(&e->state.tree, index, LEAF_ROOM);
	if (GROUND(OWN_LEAF, !found || !view_equal(found->raw, ours->raw)))
		return UC_E_NOT_FOUND;
	e->own_leaf = e->keys.leaf = index;
	return UC_OK;
}

static uc_err enter(struct joining *j, struct arena *a)
{
	struct epoch *e = j->g->now;
	const struct suite *s = j->g->suite;
	struct node_list nodes;
	TRY(tree_beside(&j->info, j->in->ratchet_tree, a, &nodes));
	TRY(group_state_from_info(&e->state, &j->info, &nodes, j->g->platform.hooks,
				  j->g->platform.env));
	TRY(find_own_leaf(j, e));
	TRY(succession_check(&j->g->platform, &j->secrets.psks, &e->state));
	TRY(tree_secret_set(&e->keys, tree_node_of_leaf(e->own_leaf),
			    &j->in->secrets->encryption_key));
	if (j->secrets.path_secret)
		TRY(treekem_join(&e->state.tree, j->info.signer,
				 j->secrets.path_secret->path_secret, &e->keys));
	TRY(epoch_enter(e, j->secrets.joiner_secret, secret_view(&j->psk_secret)));
	return confirmation_tag_check(s, &e->secrets, e->state.context.confirmed_transcript_hash,
				      j->info.confirmation_tag);
}

/* 12.4.3.1: "Verify that the group_id is unique among the groups that the client is currently
 * participating in", where the owner lets us look. */
static uc_err id_is_new(const struct joining *j)
{
	const struct psk_finder *f = j->g->platform.psks;
	const struct group *there =
		f && f->group ? f->group(f->ctx, j->info.group_context.group_id) : NULL;
	bool participating = there && !group_is_removed(there) && !group_reinit_of(there);
	return BREAKS(GROUP_ID_IS_NEW, participating) ? UC_E_EXISTS : UC_OK;
}

static uc_err join(struct joining *j, struct arena *a)
{
	TRY(open_secrets(j, a));
	TRY(open_group_info(j, a));
	if (BREAKS(INFO_SUITE, j->info.group_context.cipher_suite != j->welcome.cipher_suite))
		return UC_E_SUITE;
	TRY(id_is_new(j));
	j->g->now = epoch_new(j->g, j->g->suite);
	if (!j->g->now)
		return heap_account_error(&j->g->memory);
	TRY(enter(j, a));
	j->g->signature_key = j->in->secrets->signature_key;
	j->g->resumption[0].epoch = j->g->now->state.context.epoch;
	j->g->resumption[0].psk = j->g->now->secrets.resumption_psk;
	j->g->resumption_n = 1;
	return UC_OK;
}

static uc_err join_begin(const struct group_platform *platform, struct joining *j, struct arena *a)
{
	TRY(wire_decode(j->in->welcome, a, welcome_element, &j->welcome));
	TRY(wire_decode(j->in->key_package, a, key_package_element, &j->key_package));
	const struct suite *s = crypto_suite(platform->crypto, j->welcome.cipher_suite);
	if (GROUND(WELCOME_SUITE, !s || j->key_package.cipher_suite != j->welcome.cipher_suite))
		return UC_E_SUITE;
	TRY(group_new(platform, s, &j->g));
	return join(j, a);
}

/* A copy of its own: the GroupInfo itself goes with the call. */
static uc_err extensions_copy(const struct extension_list *l, struct arena *a,
			      struct extension_list *out)
{
	struct extension *v = ARENA_ARRAY(a, struct extension, l->n);
	if (!v)
		return arena_error(a);
	for (size_t i = 0; i < l->n; i++) {
		v[i].extension_type = l->v[i].extension_type;
		TRY(arena_copy(a, l->v[i].extension_data, &v[i].extension_data));
	}
	*out = (struct extension_list){ v, l->n };
	return UC_OK;
}

uc_err group_join_informed(const struct group_platform *platform, const struct welcome_input *in,
			   struct arena *a, struct extension_list *info_extensions,
			   struct group **out)
{
	struct arena scratch;
	struct joining *j = HEAP_NEW(struct joining);
	if (!j)
		return UC_E_MEMORY;
	arena_init(&scratch, GROUP_ARENA_MAX, ARENA_SECRET);
	j->in = in;
	uc_err err = join_begin(platform, j, &scratch);
	if (!err && info_extensions)
		err = extensions_copy(&j->info.extensions, a, info_extensions);
	if (err)
		group_free(j->g);
	else
		*out = j->g;
	heap_free_wiped(j, sizeof *j);
	arena_done(&scratch);
	return err;
}

uc_err group_join(const struct group_platform *platform, const struct welcome_input *in,
		  struct group **out)
{
	return group_join_informed(platform, in, NULL, NULL, out);
}

/* --- external commit --- */

struct external {
	struct group *g;
	const struct external_join *in;
	struct group_info info;
	struct epoch *old; /* the state we join, without secrets */
	struct epoch *next;
	struct proposal_store stored; /* SelfRemoves */
	struct transition t;
	struct made_path path;
	struct secret init_secret, psk_secret, joiner_secret;
	struct commit commit;
	struct update_path update_path;
	struct authenticated_content auth;
};

static uc_err take_state(struct external *x, struct arena *a)
{
	struct node_list nodes;
	struct view pub;
	const struct extension *e = extension_find(&x->info.extensions, EXTENSION_EXTERNAL_PUB);
	if (GROUND(EXTERNAL_PUB_IS_THERE, !e))
		return UC_E_NOT_FOUND;
	TRY(wire_decode(e->extension_data, a, bytes_element, &pub));
	TRY(tree_beside(&x->info, x->in->ratchet_tree, a, &nodes));
	TRY(group_state_from_info(&x->old->state, &x->info, &nodes, x->g->platform.hooks,
				  x->g->platform.env));
	struct view kem_output;
	TRY_GROUND(EXTERNAL_PUB, external_init_send(x->g->suite, x->g->platform.env, pub, a,
						    &kem_output, &x->init_secret));
	struct proposal_or_ref *v = ARENA_ARRAY(
		a, struct proposal_or_ref, x->in->proposal_count + x->in->self_remove_count + 1);
	if (!v)
		return arena_error(a);
	v[0] = (struct proposal_or_ref){ .type = BY_PROPOSAL,
					 .proposal = { .proposal_type = PROPOSAL_EXTERNAL_INIT,
						       .kem_output = kem_output } };
	for (size_t i = 0; i < x->in->proposal_count; i++)
		v[i + 1] = (struct proposal_or_ref){ .type = BY_PROPOSAL,
						     .proposal = x->in->proposals[i] };
	x->commit.proposals = (struct proposal_or_ref_list){ v, x->in->proposal_count + 1 };
	return UC_OK;
}

/* A joiner cannot check the membership_tag, all else it can. */
static uc_err take_self_remove(struct external *x, struct view message, struct arena *a)
{
	struct mls_message m;
	struct authenticated_content auth;
	struct framing_epoch framing = epoch_framing(x->old);
	uint8_t ref[HASH_MAX];
	framing.membership_key = (struct view){ NULL, 0 };
	framing.empty_aad = x->g->platform.hooks && x->g->platform.hooks->empty_aad;
	TRY(wire_decode(message, a, mls_message_element, &m));
	if (GROUND(JOINER_TAKES_PUBLIC, m.wire_format != MLS_PUBLIC_MESSAGE))
		return UC_E_UNEXPECTED;
	TRY(framing_open_public(&framing, &m.public_message, a, &auth));
	if (GROUND(JOINER_TAKES_SELF_REMOVES,
		   auth.content.content_type != CONTENT_PROPOSAL ||
			   auth.content.proposal.proposal_type != PROPOSAL_SELF_REMOVE))
		return UC_E_UNEXPECTED;
	TRY(proposal_store_add(&x->stored, x->g->suite, &auth, NULL, NULL));
	TRY(proposal_ref(x->g->suite, &auth, ref));
	struct proposal_or_ref *p = &x->commit.proposals.v[x->commit.proposals.n++];
	p->type = BY_REFERENCE;
	return arena_copy(a, view_make(ref, x->g->suite->nh), &p->reference);
}

static uc_err external_path(struct external *x, struct arena *a)
{
	const struct group_platform *p = &x->g->platform;
	TRY(treekem_make(&x->t.after.tree, x->t.committer, x->in->leaf,
			 x->old->state.context.group_id, p->env, a, &x->next->keys, &x->path));
	TRY(transition_provisional(&x->t));
	TRY(treekem_encrypt(&x->t.after.tree, &x->path, x->t.after.encoded, &x->t.added, p->env, a,
			    &x->update_path));
	/* What all others would refuse is not made. */
	TRY(transition_check_own_leaf(&x->t, &x->path.leaf_node, p->hooks));
	if (p->hooks && p->hooks->leaf) {
		struct group_view before = group_state_view(&x->old->state);
		TRY(p->hooks->leaf(p->hooks->ctx, &before, &x->path.leaf_node, x->t.committer,
				   LEAF_EXTERNAL_JOIN));
	}
	x->commit.path = &x->update_path;
	return UC_OK;
}

static uc_err external_sign(struct external *x, struct arena *a)
{
	const struct suite *s = x->g->suite;
	struct framing_epoch framing = epoch_framing(x->old);
	struct framed_content content = {
		.group_id = x->old->state.context.group_id,
		.epoch = x->old->state.context.epoch,
		.sender = { .sender_type = SENDER_NEW_MEMBER_COMMIT },
		.authenticated_data = x->in->authenticated_data,
		.content_type = CONTENT_COMMIT,
		.commit = x->commit,
	};
	TRY(framing_sign(&framing, x->g->platform.env, x->in->leaf->signature_key,
			 MLS_PUBLIC_MESSAGE, &content, a, &x->auth));
	TRY(transition_finish(&x->t, &x->auth, true, x->g->platform.hooks));
	TRY(group_psk_secret(NULL, &x->g->platform, s, &x->t.psks, a, &x->psk_secret));
	return joiner_secret_derive(s, secret_view(&x->init_secret),
				    secret_view(&x->path.commit_secret), x->t.after.encoded,
				    &x->joiner_secret);
}

static uc_err external_enter(struct external *x, struct arena *a, struct view *commit,
			     struct view *group_info)
{
	const struct suite *s = x->g->suite;
	uint8_t *tag = arena_take(a, s->nh);
	struct public_message message;
	struct framing_epoch framing = epoch_framing(x->old);
	static const struct group_info_parts parts;
	if (!tag)
		return arena_error(a);
	group_state_done(&x->next->state);
	x->next->state = x->t.after;
	group_state_init(&x->t.after, s, &x->g->memory);
	x->next->own_leaf = x->t.committer;
	TRY(epoch_enter(x->next, secret_view(&x->joiner_secret), secret_view(&x->psk_secret)));
	TRY(confirmation_tag_make(s, &x->next->secrets,
				  x->next->state.context.confirmed_transcript_hash, tag));
	x->auth.auth.confirmation_tag = view_make(tag, s->nh);
	TRY(group_state_confirm(&x->next->state, x->auth.auth.confirmation_tag));
	TRY(framing_protect_public(&framing, &x->auth, a, &message));
	TRY(public_message_encode(&message, a, commit));
	TRY(group_info_of(x->next, x->in->leaf->signature_key, x->g->platform.env, &parts, a,
			  group_info));
	return suite_sha256(s, *commit, x->g->pending_hash);
}

static uc_err external_make(struct external *x, struct arena *a, struct view *commit,
			    struct view *group_info)
{
	struct sender us = { .sender_type = SENDER_NEW_MEMBER_COMMIT };
	struct proposal_view_list proposals;
	struct view encoded;
	TRY(take_state(x, a));
	for (size_t i = 0; i < x->in->self_remove_count; i++)
		TRY(take_self_remove(x, x->in->self_removes[i], a));
	struct commit bare = { .proposals = x->commit.proposals };
	TRY(wire_encode_to(a, commit_element, &bare, &encoded));
	TRY(wire_decode(encoded, a, commit_element, &x->commit));
	TRY(proposals_resolve(&x->stored, &x->commit.proposals, &us, a, &proposals));
	TRY(transition_begin(&x->t, &x->old->state, &us, &proposals, x->g->platform.hooks,
			     x->g->platform.env, a));
	TRY(external_path(x, a));
	TRY(external_sign(x, a));
	TRY(external_enter(x, a, commit, group_info));
	x->g->signature_key = *x->in->leaf->signature_key;
	return UC_OK;
}

static uc_err external_begin(const struct group_platform *platform, struct external *x,
			     struct arena *a, struct view *commit, struct view *group_info)
{
	TRY(wire_decode(x->in->group_info, a, group_info_element, &x->info));
	const struct suite *s = crypto_suite(platform->crypto, x->info.group_context.cipher_suite);
	if (GROUND(INFO_SUITE_KNOWN, !s))
		return UC_E_SUITE;
	TRY(group_new(platform, s, &x->g));
	x->old = epoch_new(x->g, s);
	x->next = epoch_new(x->g, s);
	group_state_init(&x->t.after, s, &x->g->memory);
	if (!x->old || !x->next)
		return heap_account_error(&x->g->memory);
	x->old->own_leaf = FRAMING_NO_LEAF;
	return external_make(x, a, commit, group_info);
}

uc_err group_join_external(const struct group_platform *platform, const struct external_join *in,
			   struct arena *a, struct view *commit, struct view *group_info,
			   struct group **out)
{
	struct external *x = HEAP_NEW(struct external);
	if (!x)
		return UC_E_MEMORY;
	x->in = in;
	uc_err err = external_begin(platform, x, a, commit, group_info);
	if (x->t.after.suite)
		transition_done(&x->t);
	epoch_free(x->old);
	if (err) {
		epoch_free(x->next);
		group_free(x->g);
	} else {
		x->g->pending = x->next;
		*out = x->g;
	}
	proposal_store_done(&x->stored);
	heap_free_wiped(x, sizeof *x);
	return err;
}
