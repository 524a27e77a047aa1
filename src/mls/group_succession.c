/* SPDX-License-Identifier: Apache-2.0 */
/* Groups that go on from another: re-initialised (RFC 9420, 11.2) or branched (11.3), as their
 * maker begins them and as those who are welcomed check them. */
#include "mls/group_inside.h"
#include "mls/rule.h"

/* --- what must hold of the new group --- */

struct comparing {
	const struct group_hooks *hooks;
	const struct tree *old, *fresh;
};

static bool same_member(const struct comparing *c, const struct leaf_node *old,
			const struct leaf_node *fresh)
{
	if (c->hooks && c->hooks->same_member)
		return c->hooks->same_member(c->hooks->ctx, old, fresh);
	return credential_equal(&old->credential, &fresh->credential);
}

/* Each member of the new group was one of the old, and there are no more of them: so what this
 * costs is bounded by a group that we were in. */
static uc_err all_were_members(const struct comparing *c)
{
	uint32_t at = 0, leaf;
	struct leaf_node fresh, old;
	if (tree_member_count(c->fresh) > tree_member_count(c->old))
		return UC_E_NOT_ALLOWED;
	while (tree_next_leaf(c->fresh, &at, &leaf, &fresh)) {
		uint32_t old_at = 0;
		bool found = false;
		while (!found && tree_next_leaf(c->old, &old_at, &leaf, &old))
			found = same_member(c, &old, &fresh);
		if (!found)
			return UC_E_NOT_ALLOWED;
	}
	return UC_OK;
}

/* 12.4.3.1: "all the members of the old group are also members of the new group". */
static uc_err all_are_members(const struct comparing *c)
{
	uint32_t at = 0, leaf;
	struct leaf_node fresh, old;
	while (tree_next_leaf(c->old, &at, &leaf, &old)) {
		uint32_t fresh_at = 0;
		bool found = false;
		while (!found && tree_next_leaf(c->fresh, &fresh_at, &leaf, &fresh))
			found = same_member(c, &old, &fresh);
		if (!found)
			return UC_E_NOT_ALLOWED;
	}
	return UC_OK;
}

/* 11.2: "MUST be the same as the corresponding fields in the ReInit proposal". */
static uc_err reinit_check(const struct group *old, const struct pre_shared_key_id *id,
			   const struct group_hooks *hooks, const struct group_state *fresh)
{
	const struct group_context *c = &fresh->context;
	const struct re_init *r = group_reinit_of(old);
	const struct comparing both = { hooks, &old->now->state.tree, &fresh->tree };
	/* "the last Commit to the referenced group contains a ReInit", and the key is of the epoch
	 * after it. */
	if (GROUND(REINIT_WAS_COMMITTED, !r))
		return UC_E_UNEXPECTED;
	if (BREAKS(REINIT_KEY_EPOCH, id->psk_epoch != group_epoch(old)))
		return UC_E_UNEXPECTED;
	if (BREAKS(REINIT_SAME_VERSION, c->version != r->version))
		return UC_E_VERSION;
	if (BREAKS(REINIT_SAME_SUITE, c->cipher_suite != r->cipher_suite))
		return UC_E_SUITE;
	if (BREAKS(REINIT_SAME_ID, !view_equal(c->group_id, r->group_id)))
		return UC_E_UNEXPECTED;
	if (BREAKS(REINIT_SAME_EXTENSIONS, !extensions_equal(&c->extensions, &r->extensions)))
		return UC_E_UNEXPECTED;
	TRY_RULE(SUCCESSOR_MEMBERS, all_were_members(&both)); /* "with the same membership" */
	TRY_RULE(REINIT_ALL_COME, all_are_members(&both));
	return UC_OK;
}

/* Members as of the epoch whose key is used, where it is still there. */
static const struct tree *members_then(const struct group *old, uint64_t epoch)
{
	for (size_t i = 0; i < GROUP_PAST_EPOCHS; i++)
		if (old->past[i] && old->past[i]->state.context.epoch == epoch)
			return &old->past[i]->state.tree;
	return &old->now->state.tree;
}

static uc_err branch_check(const struct group *old, const struct pre_shared_key_id *id,
			   const struct group_hooks *hooks, const struct group_state *fresh)
{
	const struct group_context *was = &old->now->state.context, *is = &fresh->context;
	const struct comparing both = { hooks, members_then(old, id->psk_epoch), &fresh->tree };
	if (BREAKS(BRANCH_SAME_VERSION, is->version != was->version))
		return UC_E_VERSION;
	if (BREAKS(BRANCH_SAME_SUITE, is->cipher_suite != was->cipher_suite))
		return UC_E_SUITE;
	TRY_RULE(SUCCESSOR_MEMBERS, all_were_members(&both));
	return UC_OK;
}

static uc_err check_one(const struct group *old, const struct pre_shared_key_id *id,
			const struct group_hooks *hooks, const struct group_state *fresh)
{
	/* 11.2, 11.3: "The epoch in the Welcome message MUST be 1." */
	if (BREAKS(SUCCESSOR_EPOCH, fresh->context.epoch != 1))
		return UC_E_UNEXPECTED;
	if (GROUND(SUCCESSOR_OF_KNOWN, !old || !old->now))
		return UC_E_PSK; /* its key was found by other means, the group was not */
	return id->usage == RESUMPTION_REINIT ? reinit_check(old, id, hooks, fresh)
					      : branch_check(old, id, hooks, fresh);
}

uc_err succession_check(const struct group_platform *platform,
			const struct pre_shared_key_id_list *psks, const struct group_state *fresh)
{
	const struct psk_finder *f = platform->psks;
	for (size_t i = 0; i < psks->n; i++) {
		const struct pre_shared_key_id *id = &psks->v[i];
		if (id->psktype != PSK_RESUMPTION || id->usage == RESUMPTION_APPLICATION)
			continue;
		const struct group *old = f && f->group ? f->group(f->ctx, id->psk_group_id) : NULL;
		TRY(check_one(old, id, platform->hooks, fresh));
	}
	return UC_OK;
}

/* --- beginning one --- */

struct beginning {
	const struct group *old;
	uint8_t usage;
	const struct suite *suite;
	struct view group_id;
	const struct extension_list *extensions;
};

static uc_err key_of_old(const struct beginning *b, const struct env *env, struct arena *a,
			 struct proposal *out)
{
	uint8_t *nonce = arena_take(a, b->suite->nh);
	if (!nonce)
		return arena_error(a);
	/* 11.3: "a randomly sampled nonce of length KDF.Nh". */
	TRY(env_random(env, nonce, b->suite->nh));
	*out = (struct proposal){
		.proposal_type = PROPOSAL_PSK,
		.psk = { .psktype = PSK_RESUMPTION,
			 .usage = b->usage,
			 .psk_group_id = group_id(b->old),
			 .psk_epoch = group_epoch(b->old),
			 .psk_nonce = view_make(nonce, b->suite->nh) },
	};
	return UC_OK;
}

static uc_err first_commit(const struct beginning *b, const struct succession *how, struct group *g,
			   struct arena *a, struct made_commit *out)
{
	struct proposal *v = ARENA_ARRAY(a, struct proposal, how->add_count + 1);
	struct commit_options o = { .proposals = v,
				    .proposal_count = how->add_count + 1,
				    .force_path = how->force_path };
	struct made_commit made;
	if (how->info)
		o.info = *how->info;
	if (!v)
		return arena_error(a);
	for (size_t i = 0; i < how->add_count; i++) {
		if (how->adds[i].proposal_type != PROPOSAL_ADD)
			return UC_E_ARGUMENT;
		v[i] = how->adds[i];
	}
	TRY(key_of_old(b, g->platform.env, a, &v[how->add_count]));
	g->origin = b->old;
	g->now->state.begins_as = b->usage;
	uc_err err = group_commit(g, &o, a, &made);
	g->origin = NULL;
	g->now->state.begins_as = 0;
	TRY(err);
	TRY(check_one(b->old, &v[how->add_count].psk, g->platform.hooks, &g->pending->state));
	*out = made;
	return UC_OK;
}

static uc_err begin(const struct group_platform *platform, const struct beginning *b,
		    const struct succession *how, struct arena *a, struct made_commit *out,
		    struct group **fresh)
{
	struct group *g = NULL;
	TRY(group_create(platform, b->suite, b->group_id, how->leaf, b->extensions, &g));
	uc_err err = first_commit(b, how, g, a, out);
	if (err)
		group_free(g);
	else
		*fresh = g;
	return err;
}

uc_err group_reinit(const struct group_platform *platform, const struct group *old,
		    const struct succession *how, struct arena *a, struct made_commit *out,
		    struct group **fresh)
{
	const struct re_init *r = group_reinit_of(old);
	if (!old->now || old->is_removed)
		return UC_E_REMOVED;
	if (!r)
		return UC_E_UNEXPECTED;
	if (r->version != MLS10)
		return UC_E_VERSION;
	const struct beginning b = { old, RESUMPTION_REINIT,
				     crypto_suite(platform->crypto, r->cipher_suite), r->group_id,
				     &r->extensions };
	return b.suite ? begin(platform, &b, how, a, out, fresh) : UC_E_SUITE;
}

uc_err group_branch(const struct group_platform *platform, const struct group *old,
		    const struct succession *how, struct arena *a, struct made_commit *out,
		    struct group **fresh)
{
	if (!old->now || old->is_removed)
		return UC_E_REMOVED;
	if (old->now->state.is_closed)
		return UC_E_CLOSED;
	const struct beginning b = { old, RESUMPTION_BRANCH, old->suite, how->group_id,
				     &how->extensions };
	return begin(platform, &b, how, a, out, fresh);
}
