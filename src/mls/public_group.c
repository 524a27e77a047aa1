/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/public_group.h"

#include "base/heap.h"
#include "mls/commit_history.h"
#include "mls/group_inside.h"
#include "mls/public_group_inside.h"
#include "mls/rule.h"

uc_err public_group_empty(const struct group_platform *platform, struct public_group **out)
{
	struct public_group *p = HEAP_NEW(struct public_group);
	if (!p)
		return UC_E_MEMORY;
	uc_err err = group_account_open(platform, sizeof *p, &p->memory);
	if (err) {
		heap_free(p);
		return err;
	}
	p->proposals.memory = &p->memory;
	p->env = platform->env;
	p->hooks = platform->hooks;
	p->crypto = platform->crypto;
	group_state_init(&p->state, NULL, &p->memory);
	arena_init_in(&p->staged_arena, &p->memory, GROUP_ARENA_MAX, ARENA_PLAIN);
	buf_init_in(&p->info, &p->memory, WIRE_OBJECT_MAX);
	buf_init_in(&p->staged_info, &p->memory, WIRE_OBJECT_MAX);
	*out = p;
	return UC_OK;
}

void public_group_free(struct public_group *p)
{
	if (!p)
		return;
	public_group_drop(p);
	group_state_done(&p->state);
	proposal_store_done(&p->proposals);
	tree_done(&p->saved.tree);
	buf_done(&p->info);
	arena_done(&p->staged_arena);
	heap_free(p);
}

static uc_err keep_info(struct buf *b, struct view tail)
{
	buf_reset(b);
	buf_add_view(b, tail);
	return b->failed;
}

static uc_err from_info(struct public_group *p, struct view group_info, struct view ratchet_tree,
			struct arena *a)
{
	struct group_info info;
	struct node_list nodes;
	TRY(wire_decode(group_info, a, group_info_element, &info));
	const struct suite *s = crypto_suite(p->crypto, info.group_context.cipher_suite);
	if (GROUND(INFO_SUITE_KNOWN, !s))
		return UC_E_SUITE;
	TRY(tree_beside(&info, ratchet_tree, a, &nodes));
	group_state_init(&p->state, s, &p->memory);
	TRY(group_state_from_info(&p->state, &info, &nodes, p->hooks, p->env));
	return keep_info(&p->info, view_slice(info.raw, p->state.encoded.n, info.raw.n));
}

uc_err public_group_new_on(const struct group_platform *platform, struct view group_info,
			   struct view ratchet_tree, struct public_group **out)
{
	struct arena scratch;
	struct public_group *p;
	TRY(public_group_empty(platform, &p));
	arena_init(&scratch, GROUP_ARENA_MAX, ARENA_PLAIN);
	uc_err err = from_info(p, group_info, ratchet_tree, &scratch);
	arena_done(&scratch);
	if (err)
		public_group_free(p);
	else
		*out = p;
	return err;
}

uc_err public_group_new(const struct env *env, const struct group_hooks *hooks,
			struct view group_info, struct view ratchet_tree, struct public_group **out)
{
	const struct group_platform platform = { .env = env, .hooks = hooks };
	return public_group_new_on(&platform, group_info, ratchet_tree, out);
}

static uc_err key_find(void *ctx, uint8_t sender_type, uint32_t index, struct view *key)
{
	const struct group_state *s = ctx;
	if (sender_type != SENDER_MEMBER)
		return group_state_external_key(s, index, key);
	*key = tree_signature_key(&s->tree, index);
	return key->n ? UC_OK : UC_E_NOT_FOUND;
}

static struct framing_epoch framing_of(struct public_group *p)
{
	return (struct framing_epoch){
		.suite = p->state.suite,
		.group_id = p->state.context.group_id,
		.epoch = p->state.context.epoch,
		.group_context = p->state.encoded,
		.safe_aad = p->state.safe_aad,
		.empty_aad = p->hooks && p->hooks->empty_aad,
		.own_leaf = FRAMING_NO_LEAF,
		.key_find = key_find,
		.key_ctx = &p->state,
	};
}

/* --- receiving --- */

static uc_err receive_proposal(struct public_group *p, const struct authenticated_content *auth,
			       struct arena *a, struct public_received *out)
{
	uint8_t ref[HASH_MAX];
	struct group_view now = public_group_now(p);
	TRY(proposal_ref(p->state.suite, auth, ref));
	struct proposal_view v = { .sender = auth->content.sender,
				   .proposal = &auth->content.proposal,
				   .ref = view_make(ref, p->state.suite->nh) };
	TRY(proposal_arrives(&p->state, &v, p->hooks, p->env, a));
	if (p->hooks && p->hooks->proposal)
		TRY(p->hooks->proposal(p->hooks->ctx, &now, &v));
	TRY(proposal_store_add(&p->proposals, p->state.suite, auth, NULL, NULL));
	const struct stored_proposal *stored = p->proposals.v[p->proposals.n - 1];
	*out = (struct public_received){
		.kind = PUBLIC_PROPOSAL,
		.sender = auth->content.sender,
		.proposal = &stored->decoded.content.proposal,
		.proposal_ref = stored->ref,
	};
	return UC_OK;
}

static uc_err commit_apply(struct public_group *p, const struct authenticated_content *auth,
			   struct transition *t, struct arena *a)
{
	const struct commit *commit = &auth->content.commit;
	struct proposal_view_list proposals;
	TRY(proposals_resolve(&p->proposals, &commit->proposals, &auth->content.sender, a,
			      &proposals));
	TRY(transition_begin(t, &p->state, &auth->content.sender, &proposals, p->hooks, p->env, a));
	if (commit->path)
		TRY(transition_merge_path(t, commit->path, p->hooks));
	else if (GROUND(NEW_MEMBER_COMMITS_PATH, t->is_external))
		return UC_E_UNEXPECTED; /* refused long before */
	TRY(transition_finish(t, auth, commit->path != NULL, p->hooks));
	/* Members check the tag; here it only feeds the transcript. */
	if (BREAKS(CONFIRMATION_TAG_LENGTH, auth->auth.confirmation_tag.n != p->state.suite->nh))
		return UC_E_MAC;
	return group_state_confirm(&t->after, auth->auth.confirmation_tag);
}

static uc_err receive_commit(struct public_group *p, const struct authenticated_content *auth,
			     struct public_received *out)
{
	struct arena *a = &p->staged_arena;
	struct view encoded;
	struct authenticated_content *kept = ARENA_NEW(a, struct authenticated_content);
	struct transition *t = ARENA_NEW(a, struct transition);
	if (!kept || !t)
		return arena_error(a);
	TRY(wire_encode_to(a, authenticated_content_element, auth, &encoded));
	TRY(wire_decode(encoded, a, authenticated_content_element, kept));
	group_state_init(&t->after, p->state.suite, &p->memory);
	uc_err err = commit_apply(p, kept, t, a);
	if (err) {
		transition_done(t);
		return err;
	}
	p->has_staged = true;
	p->staged = t;
	p->staged_change = transition_change(t, kept->content.authenticated_data,
					     kept->content.commit.path != NULL);
	*out = (struct public_received){ .kind = PUBLIC_COMMIT,
					 .sender = kept->content.sender,
					 .change = &p->staged_change };
	return UC_OK;
}

uc_err public_group_receive(struct public_group *p, struct view message, struct arena *a,
			    struct public_received *out)
{
	struct mls_message m;
	struct authenticated_content auth;
	struct framing_epoch framing = framing_of(p);
	TRY(wire_decode(message, a, mls_message_element, &m));
	if (GROUND(MESSAGE_IS_FOR_A_GROUP, m.wire_format != MLS_PUBLIC_MESSAGE))
		return p->has_staged ? UC_E_PENDING : UC_E_UNEXPECTED;
	uint8_t hash[SHA256_BYTES];
	TRY(suite_sha256(p->state.suite, message, hash));
	if (p->has_staged && view_equal(VIEW_OF(hash), VIEW_OF(p->staged_hash)))
		return UC_E_PENDING;
	const struct framed_content *content = &m.public_message.content;
	uc_err err = framing_open_public(&framing, &m.public_message, a, &auth);
	if (err == UC_E_EPOCH_PAST && content->content_type == CONTENT_COMMIT)
		return commit_history_judge(&p->history, content->epoch, hash);
	if (p->has_staged)
		return !err && content->content_type == CONTENT_COMMIT ? UC_E_FORK : UC_E_PENDING;
	TRY(err);
	if (auth.content.content_type == CONTENT_PROPOSAL)
		return receive_proposal(p, &auth, a, out);
	err = receive_commit(p, &auth, out);
	if (err)
		public_group_drop(p);
	else
		memcpy(p->staged_hash, hash, sizeof hash);
	return err;
}

uc_err public_group_apply(struct public_group *p)
{
	if (!p->has_staged)
		return UC_E_NOT_FOUND;
	struct group_state next = p->staged->after;
	group_state_init(&p->staged->after, p->state.suite, &p->memory);
	group_state_done(&p->state);
	p->state = next;
	commit_history_add(&p->history, next.context.epoch - 1, p->staged_hash);
	proposal_store_done(&p->proposals);
	struct buf info = p->info;
	p->info = p->staged_info;
	p->staged_info = info;
	public_group_drop(p);
	return UC_OK;
}

void public_group_drop(struct public_group *p)
{
	if (p->staged)
		transition_done(p->staged);
	p->staged = NULL;
	p->has_staged = false;
	buf_done(&p->staged_info);
	arena_done(&p->staged_arena);
}

uc_err public_info_check(const struct group_state *s, struct view group_info, struct arena *a,
			 struct view *tail)
{
	struct group_info info;
	struct view context, tbs;
	TRY(wire_decode(group_info, a, group_info_element, &info));
	TRY(wire_encode_to(a, group_context_element, &info.group_context, &context));
	if (BREAKS(INFO_OF_THE_EPOCH,
		   !view_equal(context, s->encoded) ||
			   !view_equal(info.confirmation_tag, s->confirmation_tag)))
		return UC_E_UNEXPECTED;
	struct view signer = tree_signature_key(&s->tree, info.signer);
	if (GROUND(INFO_SIGNER, !signer.n))
		return UC_E_SIGNATURE;
	TRY(wire_encode_to(a, group_info_tbs_element, &info, &tbs));
	TRY_RULE(INFO_SIGNATURE,
		 verify_with_label(s->suite, signer, "GroupInfoTBS", tbs, info.signature));
	*tail = view_slice(group_info, s->encoded.n, group_info.n);
	return UC_OK;
}

uc_err public_group_check_info(const struct public_group *p, struct view group_info)
{
	struct arena scratch;
	struct view tail;
	arena_init(&scratch, GROUP_ARENA_MAX, ARENA_PLAIN);
	uc_err err = public_info_check(p->staged ? &p->staged->after : &p->state, group_info,
				       &scratch, &tail);
	arena_done(&scratch);
	return err;
}

uc_err public_group_put_info(struct public_group *p, struct view group_info)
{
	struct arena scratch;
	struct view tail;
	arena_init(&scratch, GROUP_ARENA_MAX, ARENA_PLAIN);
	uc_err err = public_info_check(p->staged ? &p->staged->after : &p->state, group_info,
				       &scratch, &tail);
	if (!err)
		err = keep_info(p->staged ? &p->staged_info : &p->info, tail);
	arena_done(&scratch);
	return err;
}

uc_err public_info_join(const struct group_state *s, struct view tail, struct arena *a,
			struct view *out)
{
	uint8_t *whole = arena_take(a, s->encoded.n + tail.n + 1);
	if (!whole)
		return arena_error(a);
	memcpy(whole, s->encoded.p, s->encoded.n);
	memcpy(whole + s->encoded.n, tail.p, tail.n);
	*out = view_make(whole, s->encoded.n + tail.n);
	return UC_OK;
}

uc_err public_group_info(const struct public_group *p, struct arena *a, struct view *out)
{
	return p->info.n ? public_info_join(&p->state, buf_view(&p->info), a, out) : UC_E_NOT_FOUND;
}

uc_err public_group_propose(struct public_group *p, uint32_t index, const struct sign_key *key,
			    const struct proposal *proposal, struct arena *a, struct view *message)
{
	struct framing_epoch framing = framing_of(p);
	struct authenticated_content auth;
	struct public_message m;
	struct view encoded;
	struct framed_content content = {
		.group_id = p->state.context.group_id,
		.epoch = p->state.context.epoch,
		.sender = { .sender_type = SENDER_EXTERNAL, .sender_index = index },
		.content_type = CONTENT_PROPOSAL,
	};
	static const uint8_t by_reference[1] = { 1 };
	TRY(wire_encode_to(a, proposal_element, proposal, &encoded));
	TRY(wire_decode(encoded, a, proposal_element, &content.proposal));
	struct proposal_view v = { .sender = content.sender,
				   .proposal = &content.proposal,
				   .ref = VIEW_OF(by_reference) };
	TRY(proposal_arrives(&p->state, &v, p->hooks, p->env, a));
	TRY(framing_sign(&framing, p->env, key, MLS_PUBLIC_MESSAGE, &content, a, &auth));
	TRY(framing_protect_public(&framing, &auth, a, &m));
	TRY(public_message_encode(&m, a, message));
	return proposal_store_add(&p->proposals, p->state.suite, &auth, NULL, NULL);
}

/* --- looking --- */

size_t public_group_memory_bytes(const struct public_group *p)
{
	return p->memory.used_bytes;
}

struct group_view public_group_now(const struct public_group *p)
{
	return group_state_view(&p->state);
}

const struct re_init *public_group_reinit_of(const struct public_group *p)
{
	return p->state.is_closed ? &p->state.reinit : NULL;
}

size_t public_group_proposal_count(const struct public_group *p)
{
	return p->proposals.n;
}

struct proposal_view public_group_proposal_at(const struct public_group *p, size_t i)
{
	const struct stored_proposal *s = p->proposals.v[i];
	return (struct proposal_view){ .sender = s->decoded.content.sender,
				       .proposal = &s->decoded.content.proposal,
				       .ref = s->ref };
}

uc_err public_group_ratchet_tree(const struct public_group *p, struct buf *out)
{
	return tree_export(&p->state.tree, out);
}

uint32_t public_group_leaf_by_identity(const struct public_group *p, struct view identity)
{
	uint32_t at = 0, leaf;
	struct leaf_node node;
	while (tree_next_leaf(&p->state.tree, &at, &leaf, &node))
		if (node.credential.credential_type == CREDENTIAL_BASIC &&
		    view_equal(node.credential.identity, identity))
			return leaf;
	return TREE_NONE;
}
