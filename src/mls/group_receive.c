/* SPDX-License-Identifier: Apache-2.0 */
/* What comes in: opened, checked, staged (RFC 9420, 12.4.2). */
#include "base/heap.h"
#include "mls/group_inside.h"
#include "mls/rule.h"
#include "mls/transcript.h"

/* A commit on its way to being staged. */
struct receiving {
	struct group *g;
	const struct authenticated_content *auth;
	struct transition *t;
	struct epoch *next;
	struct secret commit_secret, init_secret, psk_secret, joiner_secret;
	struct sign_key own_key; /* of our leaf, where an Update changed it */
	bool removes_us;
};

/* Our own Update, committed by another: the key that waits with the proposal is now our leaf's. */
static uc_err take_own_update(struct receiving *r)
{
	uint32_t own = r->g->now->own_leaf;
	for (size_t i = 0; i < r->t->proposals.n; i++) {
		const struct proposal_view *p = &r->t->proposals.v[i];
		if (p->proposal->proposal_type != PROPOSAL_UPDATE || p->sender.leaf_index != own)
			continue;
		const struct stored_proposal *stored =
			proposal_store_find(&r->g->proposals, p->ref);
		if (GROUND(OWN_UPDATE_KEY, !stored || !stored->update_key.pub_n))
			return UC_E_KEY;
		r->own_key = stored->update_sign;
		return tree_secret_set(&r->next->keys, tree_node_of_leaf(own), &stored->update_key);
	}
	return UC_OK;
}

static bool is_removed(const struct receiving *r)
{
	for (size_t i = 0; i < r->t->removed.n; i++)
		if (r->t->removed.v[i] == r->g->now->own_leaf)
			return true;
	return false;
}

static uc_err take_path(struct receiving *r, const struct update_path *path)
{
	TRY(transition_merge_path(r->t, path, r->g->platform.hooks));
	TRY(transition_provisional(r->t));
	if (r->removes_us)
		return UC_OK;
	return treekem_decrypt(&r->t->after.tree, r->t->committer, path, r->t->after.encoded,
			       &r->t->added, &r->next->keys, &r->commit_secret);
}

static uc_err take_secrets(struct receiving *r, struct arena *a)
{
	struct group *g = r->g;
	const struct suite *s = g->suite;
	if (r->t->is_external)
		TRY_GROUND(KEM_OUTPUT, external_init_receive(s, &g->now->secrets,
							     r->t->external_init, &r->init_secret));
	else
		r->init_secret = g->now->secrets.init_secret;
	TRY(group_psk_secret(g, &g->platform, s, &r->t->psks, a, &r->psk_secret));
	TRY(joiner_secret_derive(s, secret_view(&r->init_secret), secret_view(&r->commit_secret),
				 r->t->after.encoded, &r->joiner_secret));
	group_state_done(&r->next->state);
	r->next->state = r->t->after;
	group_state_init(&r->t->after, s, &g->memory);
	r->next->own_leaf = g->now->own_leaf;
	TRY(epoch_enter(r->next, secret_view(&r->joiner_secret), secret_view(&r->psk_secret)));
	TRY(confirmation_tag_check(s, &r->next->secrets,
				   r->next->state.context.confirmed_transcript_hash,
				   r->auth->auth.confirmation_tag));
	tree_secrets_prune(&r->next->keys, &r->next->state.tree);
	return group_state_confirm(&r->next->state, r->auth->auth.confirmation_tag);
}

static uc_err receive_commit(struct receiving *r, struct arena *a)
{
	struct group *g = r->g;
	const struct framed_content *content = &r->auth->content;
	const struct commit *commit = &content->commit;
	struct proposal_view_list proposals;
	TRY(proposals_resolve(&g->proposals, &commit->proposals, &content->sender, a, &proposals));
	TRY(transition_begin(r->t, &g->now->state, &content->sender, &proposals, g->platform.hooks,
			     g->platform.env, a));
	r->next->keys = g->now->keys;
	r->removes_us = is_removed(r);
	TRY(take_own_update(r));
	if (commit->path)
		TRY(take_path(r, commit->path));
	else if (GROUND(NEW_MEMBER_COMMITS_PATH, r->t->is_external))
		return UC_E_UNEXPECTED; /* refused long before */
	TRY(transition_finish(r->t, r->auth, commit->path != NULL, g->platform.hooks));
	return r->removes_us ? UC_OK : take_secrets(r, a);
}

/* The commit is kept in the group's staging arena: the change points into it. */
static uc_err stage(struct group *g, const struct authenticated_content *auth, struct view message,
		    struct received *out)
{
	struct arena *a = &g->staged_arena;
	struct view encoded;
	struct authenticated_content *kept = ARENA_NEW(a, struct authenticated_content);
	struct receiving *r = ARENA_NEW(a, struct receiving);
	struct transition *t = ARENA_NEW(a, struct transition);
	if (!kept || !r || !t)
		return arena_error(a);
	TRY(suite_sha256(g->suite, message, g->staged_hash));
	TRY(wire_encode_to(a, authenticated_content_element, auth, &encoded));
	TRY(wire_decode(encoded, a, authenticated_content_element, kept));
	*r = (struct receiving){ .g = g, .auth = kept, .t = t, .next = epoch_new(g, g->suite) };
	group_state_init(&t->after, g->suite, &g->memory);
	uc_err err = r->next ? receive_commit(r, a) : heap_account_error(&g->memory);
	if (err || r->removes_us) {
		epoch_free(r->next);
		r->next = NULL;
	}
	if (err) {
		transition_done(t);
		return err;
	}
	g->has_staged = true;
	g->staged = r->next;
	g->staged_removes_us = r->removes_us;
	g->staged_key = r->own_key;
	g->staged_transition = t;
	g->staged_change = transition_change(t, kept->content.authenticated_data,
					     kept->content.commit.path != NULL);
	if (g->staged)
		g->staged_change.after = group_state_view(&g->staged->state);
	out->kind = RECEIVED_COMMIT;
	out->change = &g->staged_change;
	out->removes_us = r->removes_us;
	return UC_OK;
}

static uc_err receive_proposal(struct group *g, const struct authenticated_content *auth,
			       struct arena *a, struct received *out)
{
	uint8_t ref[HASH_MAX];
	struct group_view now = group_now(g);
	TRY(proposal_ref(g->suite, auth, ref));
	struct proposal_view p = { .sender = auth->content.sender,
				   .proposal = &auth->content.proposal,
				   .ref = view_make(ref, g->suite->nh) };
	TRY(proposal_arrives(&g->now->state, &p, g->platform.hooks, g->platform.env, a));
	if (g->platform.hooks && g->platform.hooks->proposal)
		TRY(g->platform.hooks->proposal(g->platform.hooks->ctx, &now, &p));
	TRY(proposal_store_add(&g->proposals, g->suite, auth, NULL, NULL));
	const struct stored_proposal *stored = g->proposals.v[g->proposals.n - 1];
	out->kind = RECEIVED_PROPOSAL;
	out->proposal = &stored->decoded.content.proposal;
	out->proposal_ref = stored->ref;
	return UC_OK;
}

/* The epoch a private message was sealed in: the current one, or one of the past. */
static struct epoch *epoch_find(struct group *g, uint64_t number)
{
	if (g->now->state.context.epoch == number)
		return g->now;
	for (size_t i = 0; i < GROUP_PAST_EPOCHS; i++)
		if (g->past[i] && g->past[i]->state.context.epoch == number)
			return g->past[i];
	return NULL;
}

/* A message that was opened, and the key that opened it. */
struct opened {
	struct epoch *epoch;
	struct authenticated_content auth;
	uint32_t generation; /* of a private one */
};

static struct framing_epoch framing_for_reading(const struct group *g, struct epoch *e)
{
	struct framing_epoch framing = epoch_framing(e);
	framing.empty_aad = g->platform.hooks && g->platform.hooks->empty_aad;
	return framing;
}

static uc_err receive_private(struct group *g, const struct private_message *m, struct arena *a,
			      struct opened *o)
{
	struct epoch **epoch = &o->epoch;
	if (BREAKS(GROUP_ID, !view_equal(m->group_id, group_id(g))))
		return UC_E_UNEXPECTED;
	*epoch = epoch_find(g, m->epoch);
	if (!*epoch)
		return m->epoch > group_epoch(g) ? RULE_ERROR(EPOCH_KEYS_TO_COME)
						 : RULE_ERROR(EPOCH_KEYS_KEPT);
	/* Handshakes belong to the current epoch alone. */
	if (BREAKS(EPOCH_PAST, *epoch != g->now && m->content_type != CONTENT_APPLICATION))
		return UC_E_EPOCH_PAST;
	/* 12.4.2: nobody sends in a group after the commit of its ReInit. */
	if (BREAKS(GROUP_IS_OPEN, *epoch == g->now && g->now->state.is_closed))
		return UC_E_CLOSED;
	const struct group_wrapping *w = g->platform.wrapping;
	if (BREAKS(WRAPPING_IS_TAKEN,
		   w && w->refuse_private && m->content_type != CONTENT_APPLICATION))
		return UC_E_POLICY;
	struct framing_epoch framing = framing_for_reading(g, *epoch);
	return framing_look_private(&framing, m, a, &o->auth, &o->generation);
}

static uc_err receive_public(struct group *g, const struct public_message *m, struct arena *a,
			     struct opened *o)
{
	struct framing_epoch framing = framing_for_reading(g, g->now);
	const struct group_wrapping *w = g->platform.wrapping;
	const struct framed_content *c = &m->content;
	bool leaves = c->content_type == CONTENT_PROPOSAL &&
		      c->proposal.proposal_type == PROPOSAL_SELF_REMOVE;
	if (BREAKS(WRAPPING_IS_TAKEN,
		   w && w->refuse_public && c->sender.sender_type == SENDER_MEMBER && !leaves))
		return UC_E_POLICY;
	return framing_open_public(&framing, m, a, &o->auth);
}

/* 9.2: the key of what was private goes when that is used: words at once, a proposal when it is
 * kept, a commit when it is applied; until then it can be received again. */
static uc_err key_used(struct group *g, const struct opened *o)
{
	struct framing_epoch framing = epoch_framing(o->epoch);
	if (o->auth.wire_format != MLS_PRIVATE_MESSAGE)
		return UC_OK;
	if (o->auth.content.content_type == CONTENT_COMMIT)
		return secret_tree_prepare(&g->now->messages, o->auth.content.sender.leaf_index,
					   RATCHET_HANDSHAKE, o->generation, &g->staged_used);
	uc_err err = framing_private_used(&framing, &o->auth, o->generation);
	if (err && o->auth.content.content_type == CONTENT_PROPOSAL)
		proposal_store_drop(&g->proposals, g->proposals.v[g->proposals.n - 1]->ref);
	return err;
}

static uc_err sender_leaf(const struct opened *o, uint32_t leaf, struct arena *a,
			  struct received *out)
{
	struct leaf_node *room = ARENA_NEW(a, struct leaf_node);
	if (!room)
		return arena_error(a);
	out->leaf = tree_leaf_find(&o->epoch->state.tree, leaf, room);
	return UC_OK;
}

static uc_err receive_content(struct group *g, const struct opened *o, struct view message,
			      struct arena *a, struct received *out)
{
	const struct authenticated_content *auth = &o->auth;
	const struct framed_content *c = &auth->content;
	out->sender = c->sender;
	out->epoch = c->epoch;
	out->authenticated_data = c->authenticated_data;
	switch (c->content_type) {
	case CONTENT_APPLICATION:
		out->kind = RECEIVED_APPLICATION;
		out->application_data = c->application_data;
		return sender_leaf(o, c->sender.leaf_index, a, out);
	case CONTENT_PROPOSAL:
		return receive_proposal(g, auth, a, out);
	default:
		return stage(g, auth, message, out);
	}
}

static uc_err open_message(struct group *g, const struct mls_message *m, struct arena *a,
			   struct opened *o)
{
	if (m->wire_format == MLS_PUBLIC_MESSAGE)
		TRY(receive_public(g, &m->public_message, a, o));
	else if (m->wire_format == MLS_PRIVATE_MESSAGE)
		TRY(receive_private(g, &m->private_message, a, o));
	else
		return RULE_ERROR(MESSAGE_IS_FOR_A_GROUP);
	const struct framed_content *c = &o->auth.content;
	bool ours =
		c->sender.sender_type == SENDER_MEMBER && c->sender.leaf_index == g->now->own_leaf;
	return ours && c->content_type != CONTENT_APPLICATION ? UC_E_OWN : UC_OK;
}

/* Of a handshake that is too late more can be said, even of a private one: what it is and of which
 * epoch stands outside. */
static uc_err judge_late(const struct group *g, const struct mls_message *m, struct view message)
{
	const struct framed_content *c = &m->public_message.content;
	bool public = m->wire_format == MLS_PUBLIC_MESSAGE;
	uint8_t type = public ? c->content_type : m->private_message.content_type;
	uint64_t epoch = public ? c->epoch : m->private_message.epoch;
	uint8_t hash[SHA256_BYTES];
	if (type != CONTENT_COMMIT)
		return UC_E_EPOCH_PAST;
	TRY(suite_sha256(g->suite, message, hash));
	return commit_history_judge(&g->history, epoch, hash);
}

/* Everything waits until the staged commit is applied or dropped, but one that competes with it is
 * told from what merely comes too soon. */
static uc_err receive_beside_staged(struct group *g, const struct mls_message *m,
				    struct view message, struct arena *a)
{
	struct opened o = { .epoch = g->now };
	uint8_t hash[SHA256_BYTES];
	TRY(suite_sha256(g->suite, message, hash));
	if (view_equal(VIEW_OF(hash), VIEW_OF(g->staged_hash)))
		return UC_E_PENDING;
	uc_err err = open_message(g, m, a, &o);
	if (err == UC_E_EPOCH_PAST)
		return judge_late(g, m, message);
	bool competes = !err && o.auth.content.content_type == CONTENT_COMMIT;
	return competes ? UC_E_FORK : UC_E_PENDING;
}

uc_err group_receive(struct group *g, struct view message, struct arena *a, struct received *out)
{
	struct mls_message m;
	struct opened o = { .epoch = g->now };
	uint8_t hash[SHA256_BYTES];
	struct received got = { .epoch = 0 };
	if (g->pending) {
		TRY(suite_sha256(g->suite, message, hash));
		if (view_equal(VIEW_OF(hash), VIEW_OF(g->pending_hash))) {
			*out = (struct received){ .kind = RECEIVED_OWN_COMMIT };
			return UC_OK;
		}
	}
	if (!g->now || g->is_removed)
		return UC_E_REMOVED;
	TRY(wire_decode(message, a, mls_message_element, &m));
	if (g->has_staged)
		return receive_beside_staged(g, &m, message, a);
	uc_err err = open_message(g, &m, a, &o);
	if (err)
		return err == UC_E_EPOCH_PAST ? judge_late(g, &m, message) : err;
	err = receive_content(g, &o, message, a, &got);
	if (!err)
		err = key_used(g, &o);
	if (err)
		group_staged_drop(g);
	else
		*out = got;
	return err;
}
