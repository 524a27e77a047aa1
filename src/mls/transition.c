/* SPDX-License-Identifier: Apache-2.0 */
/* From one epoch's public state to the next: applies a list of proposals (RFC 9420, 12.3), merges a
 * path, checks the tree that results (7.3). */
#include "mls/group_state.h"

#include "mls/app_data.h"
#include "mls/requirements.h"
#include "mls/rule.h"
#include "mls/transcript.h"

void transition_done(struct transition *t)
{
	group_state_done(&t->after);
}

static uc_err leaf_hook(const struct transition *t, const struct group_hooks *hooks,
			const struct leaf_node *leaf, uint32_t index, enum leaf_reason reason)
{
	struct group_view before = group_state_view(t->before);
	if (!hooks || !hooks->leaf)
		return UC_OK;
	return hooks->leaf(hooks->ctx, &before, leaf, index, reason);
}

/* --- what a leaf must get along with --- */

/* 7.3: each other member supports this leaf's credential type, and this leaf theirs. */
static uc_err credentials_check(const struct tree *t, const struct leaf_node *leaf, uint32_t index)
{
	const struct u32_list itself = { &index, 1 };
	if (BREAKS(CREDENTIALS_SUPPORTED,
		   tree_leaf_without(t, TREE_LIST_CREDENTIALS, leaf->credential.credential_type,
				     &itself) != TREE_NONE))
		return UC_E_UNSUPPORTED;
	for (unsigned type = CREDENTIAL_BASIC; type <= CREDENTIAL_X509; type++)
		if (BREAKS(CREDENTIALS_SUPPORTED,
			   tree_uses_credential(t, (uint16_t)type, index) &&
				   !u16_list_has(&leaf->capabilities.credentials, (uint16_t)type)))
			return UC_E_UNSUPPORTED;
	return UC_OK;
}

static uc_err leaf_fits(const struct transition *t, const struct leaf_node *leaf, uint32_t index)
{
	struct requirements required;
	TRY(requirements_of(&t->after.context.extensions, t->arena, &required));
	TRY(requirements_check(&required, leaf));
	uint32_t same = tree_leaf_by_signature_key(&t->after.tree, leaf->signature_key);
	if (BREAKS(SIGNATURE_KEY_UNIQUE, same != TREE_NONE && same != index))
		return UC_E_EXISTS;
	return credentials_check(&t->after.tree, leaf, index);
}

/* A non-default proposal type must be supported by all who process the commit (12.2). */
static uc_err types_supported(const struct transition *t)
{
	bool asked[PROPOSAL_SELF_REMOVE + 1] = { false };
	for (size_t i = 0; i < t->proposals.n; i++) {
		uint16_t type = t->proposals.v[i].proposal->proposal_type;
		if (type > PROPOSAL_SELF_REMOVE || asked[type])
			continue;
		asked[type] = true;
		TRY(proposal_type_supported(t->before, type, &t->removed, t->arena));
	}
	return UC_OK;
}

/* --- applying --- */

static void list_add(struct u32_list *l, uint32_t v)
{
	l->v[l->n++] = v;
}

static uc_err lists_make(struct transition *t)
{
	size_t n = t->proposals.n;
	t->added.v = ARENA_ARRAY(t->arena, uint32_t, n);
	t->removed.v = ARENA_ARRAY(t->arena, uint32_t, n);
	t->updated.v = ARENA_ARRAY(t->arena, uint32_t, n);
	t->added_refs.v = ARENA_ARRAY(t->arena, struct view, n);
	t->added_packages = ARENA_ARRAY(t->arena, const struct key_package *, n);
	t->psks.v = ARENA_ARRAY(t->arena, struct pre_shared_key_id, n);
	return t->added.v && t->removed.v && t->updated.v && t->added_refs.v && t->added_packages &&
			       t->psks.v
		       ? UC_OK
		       : arena_error(t->arena);
}

static uc_err apply_update(struct transition *t, const struct proposal_view *p,
			   const struct group_hooks *hooks)
{
	uint32_t index = p->sender.leaf_index;
	const struct leaf_node *leaf = &p->proposal->leaf_node;
	if (BREAKS(ENCRYPTION_KEY_UNIQUE,
		   tree_has_encryption_key(&t->after.tree, leaf->encryption_key)))
		return UC_E_KEY;
	TRY(leaf_fits(t, leaf, index));
	TRY(leaf_hook(t, hooks, leaf, index, LEAF_UPDATE));
	TRY(tree_update(&t->after.tree, index, leaf));
	list_add(&t->updated, index);
	return UC_OK;
}

static uc_err apply_remove(struct transition *t, const struct proposal_view *p)
{
	uint32_t index = p->proposal->proposal_type == PROPOSAL_REMOVE ? p->proposal->removed
								       : p->sender.leaf_index;
	TRY(tree_remove(&t->after.tree, index));
	list_add(&t->removed, index);
	return UC_OK;
}

static uc_err apply_add(struct transition *t, const struct proposal_view *p,
			const struct group_hooks *hooks)
{
	const struct key_package *k = &p->proposal->key_package;
	uint8_t ref[HASH_MAX];
	uint32_t index = tree_next_free(&t->after.tree);
	if (BREAKS(ENCRYPTION_KEY_UNIQUE,
		   tree_has_encryption_key(&t->after.tree, k->leaf_node.encryption_key)))
		return UC_E_KEY;
	TRY(leaf_fits(t, &k->leaf_node, index));
	TRY(leaf_hook(t, hooks, &k->leaf_node, index, LEAF_ADD));
	TRY(tree_add(&t->after.tree, &k->leaf_node, &index));
	TRY(key_package_ref(t->before->suite, k->raw, ref));
	TRY(arena_copy(t->arena, view_make(ref, t->before->suite->nh),
		       &t->added_refs.v[t->added_refs.n]));
	t->added_packages[t->added_refs.n++] = k;
	list_add(&t->added, index);
	return UC_OK;
}

static uc_err apply_one(struct transition *t, const struct proposal_view *p,
			const struct group_hooks *hooks)
{
	switch (p->proposal->proposal_type) {
	case PROPOSAL_UPDATE:
		return apply_update(t, p, hooks);
	case PROPOSAL_REMOVE:
	case PROPOSAL_SELF_REMOVE:
		return apply_remove(t, p);
	case PROPOSAL_ADD:
		return apply_add(t, p, hooks);
	case PROPOSAL_PSK:
		t->psks.v[t->psks.n++] = p->proposal->psk;
		return UC_OK;
	case PROPOSAL_EXTERNAL_INIT:
		t->external_init = p->proposal->kem_output;
		return UC_OK;
	case PROPOSAL_REINIT:
		t->reinit = &p->proposal->reinit;
		return UC_OK;
	default:
		return UC_OK;
	}
}

/* 12.3, and SelfRemove "after Update proposals and before Remove proposals". */
static const uint16_t order[] = { PROPOSAL_UPDATE, PROPOSAL_SELF_REMOVE, PROPOSAL_REMOVE,
				  PROPOSAL_ADD,    PROPOSAL_PSK,         PROPOSAL_EXTERNAL_INIT,
				  PROPOSAL_REINIT };

static uc_err apply_in_order(struct transition *t, const struct group_hooks *hooks)
{
	for (size_t o = 0; o < sizeof order / sizeof *order; o++)
		for (size_t i = 0; i < t->proposals.n; i++)
			if (t->proposals.v[i].proposal->proposal_type == order[o])
				TRY(apply_one(t, &t->proposals.v[i], hooks));
	return UC_OK;
}

static const struct proposal *find_type(const struct proposal_view_list *l, uint16_t type)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].proposal->proposal_type == type)
			return l->v[i].proposal;
	return NULL;
}

/* Those who do not list a type are asked by the rules for one leaf: some need not be listed. */
static uc_err type_supported(const struct transition *t, enum tree_list list, uint16_t type,
			     const struct requirements *required)
{
	uint32_t leaf = tree_leaf_without(&t->after.tree, list, type, NULL);
	const struct leaf_node *found = tree_leaf_find(&t->after.tree, leaf, LEAF_ROOM);
	return found ? requirements_check(required, found) : UC_OK;
}

static uc_err types_all_supported(const struct transition *t, enum tree_list list,
				  const struct u16_list *types, const struct requirements *required)
{
	for (size_t i = 0; i < types->n; i++)
		TRY(type_supported(t, list, types->v[i], required));
	return UC_OK;
}

static uc_err leaves_meet(const struct transition *t, const struct u32_list *leaves,
			  const struct requirements *required)
{
	for (size_t i = 0; i < leaves->n; i++) {
		const struct leaf_node *leaf =
			tree_leaf_find(&t->after.tree, leaves->v[i], LEAF_ROOM);
		if (leaf)
			TRY(requirements_check(required, leaf));
	}
	return UC_OK;
}

static uc_err new_leaves_meet(const struct transition *t, const struct requirements *required)
{
	TRY(leaves_meet(t, &t->updated, required));
	return leaves_meet(t, &t->added, required);
}

/* What stands in extensions of leaves has no summary in the tree: where the group asks for something
 * else than before, which is rare, each leaf is looked at. */
static uc_err all_meet(const struct transition *t, const struct requirements *required)
{
	uint32_t at = 0, leaf;
	struct leaf_node node;
	while (tree_next_leaf(&t->after.tree, &at, &leaf, &node))
		TRY(requirements_check(required, &node));
	return UC_OK;
}

/* New extensions bind everybody who stays (12.1.7). */
static uc_err all_support(const struct transition *t)
{
	struct requirements was, is;
	TRY(requirements_of(&t->before->context.extensions, t->arena, &was));
	TRY(requirements_of(&t->after.context.extensions, t->arena, &is));
	TRY(types_all_supported(t, TREE_LIST_EXTENSIONS, &is.capabilities.extension_types, &is));
	TRY(types_all_supported(t, TREE_LIST_PROPOSALS, &is.capabilities.proposal_types, &is));
	TRY(types_all_supported(t, TREE_LIST_CREDENTIALS, &is.capabilities.credential_types, &is));
	for (size_t i = 0; i < is.context->n; i++)
		TRY(type_supported(t, TREE_LIST_EXTENSIONS, is.context->v[i].extension_type, &is));
	return requirements_same_lists(&was, &is) ? new_leaves_meet(t, &is) : all_meet(t, &is);
}

static uc_err apply(struct transition *t, const struct group_hooks *hooks)
{
	TRY(proposal_list_check(t->before, &t->sender, &t->proposals));
	TRY(lists_make(t));
	const struct proposal *gce = find_type(&t->proposals, PROPOSAL_GROUP_CONTEXT_EXTENSIONS);
	bool asks_anew = gce != NULL;
	/* The context as the proposals leave it; its hashes follow later. */
	t->after.context = t->before->context;
	if (gce)
		t->after.context.extensions = gce->extensions;
	TRY(apply_in_order(t, hooks));
	TRY(app_ephemerals_apply(t, hooks));
	TRY(app_data_apply(t, hooks, &t->after.context.extensions, &asks_anew));
	if (gce || find_type(&t->proposals, PROPOSAL_APP_DATA_UPDATE))
		TRY(draft_extensions_check(&t->after.context.extensions));
	TRY(types_supported(t));
	if (asks_anew)
		TRY(all_support(t));
	if (t->is_external) {
		t->committer = tree_next_free(&t->after.tree);
		TRY(tree_reserve(&t->after.tree, t->committer));
	}
	return UC_OK;
}

static uc_err start(struct transition *t, const struct group_state *before,
		    const struct sender *sender, const struct proposal_view_list *proposals,
		    struct arena *a)
{
	*t = (struct transition){
		.before = before,
		.arena = a,
		.proposals = *proposals,
		.sender = *sender,
		.committer = sender->leaf_index,
		.is_external = sender->sender_type == SENDER_NEW_MEMBER_COMMIT,
		.path_required = proposal_list_needs_path(proposals),
	};
	group_state_init(&t->after, before->suite, before->memory);
	tree_copy(&before->tree, &t->after.tree);
	TRY(tree_charge(&t->after.tree, before->memory));
	if (BREAKS(COMMITTER_KIND, !t->is_external && sender->sender_type != SENDER_MEMBER))
		return UC_E_UNEXPECTED;
	/* 12.4.2: after a ReInit, "the client MUST NOT use the group to send messages anymore". */
	return BREAKS(GROUP_IS_OPEN, before->is_closed) ? UC_E_CLOSED : UC_OK;
}

uc_err transition_begin(struct transition *t, const struct group_state *before,
			const struct sender *sender, const struct proposal_view_list *proposals,
			const struct group_hooks *hooks, const struct env *env, struct arena *a)
{
	TRY(start(t, before, sender, proposals, a));
	TRY(proposals_check(before, &t->proposals, hooks, env, a));
	return apply(t, hooks);
}

uc_err transition_try(struct transition *t, const struct group_state *before,
		      const struct sender *sender, const struct proposal_view_list *proposals,
		      const struct group_hooks *hooks, struct arena *a)
{
	TRY(start(t, before, sender, proposals, a));
	return apply(t, hooks);
}

/* Whose place a path's leaf takes: the committer's own, or the one that a joiner removes. */
const struct leaf_node *transition_replaced(const struct transition *t, struct leaf_node *room)
{
	if (!t->is_external)
		return tree_leaf_find(&t->before->tree, t->committer, room);
	for (size_t i = 0; i < t->proposals.n; i++)
		if (t->proposals.v[i].proposal->proposal_type == PROPOSAL_REMOVE)
			return tree_leaf_find(&t->before->tree, t->proposals.v[i].proposal->removed,
					      room);
	return NULL;
}

/* 12.2: the joiner's leaf "MUST meet the same criteria as would the LeafNode in an Update for the
 * removed leaf": its encryption key is another (7.3). */
static uc_err resync_check(const struct transition *t, const struct leaf_node *leaf)
{
	const struct leaf_node *old = transition_replaced(t, LEAF_ROOM);
	bool same = old && view_equal(old->encryption_key, leaf->encryption_key);
	return BREAKS(RESYNC_KEY_IS_NEW, same) ? UC_E_KEY : UC_OK;
}

uc_err transition_check_own_leaf(const struct transition *t, const struct leaf_node *leaf,
				 const struct group_hooks *hooks)
{
	TRY(leaf_node_check(t->before->suite, leaf));
	TRY(leaf_suite_admit(hooks, t->before->suite, leaf));
	TRY(leaf_fits(t, leaf, t->committer));
	return credential_admit(hooks, t->before->suite, &leaf->credential, leaf->signature_key,
				transition_replaced(t, LEAF_ROOM));
}

uc_err transition_merge_path(struct transition *t, const struct update_path *path,
			     const struct group_hooks *hooks)
{
	const struct leaf_node *leaf = &path->leaf_node;
	const struct suite *s = t->before->suite;
	if (BREAKS(PATH_SOURCE, leaf->leaf_node_source != LEAF_NODE_SOURCE_COMMIT))
		return UC_E_UNEXPECTED;
	TRY(leaf_node_check(s, leaf));
	TRY(leaf_suite_admit(hooks, s, leaf));
	TRY(resync_check(t, leaf));
	TRY(leaf_fits(t, leaf, t->committer));
	TRY_RULE(LEAF_SIGNATURE,
		 leaf_node_verify(s, leaf, t->before->context.group_id, t->committer));
	TRY(credential_admit(hooks, s, &leaf->credential, leaf->signature_key,
			     transition_replaced(t, LEAF_ROOM)));
	TRY(leaf_hook(t, hooks, leaf, t->committer,
		      t->is_external ? LEAF_EXTERNAL_JOIN : LEAF_PATH));
	return treekem_merge(&t->after.tree, t->committer, path, &t->added);
}

static uc_err set_context(struct transition *t, struct view confirmed)
{
	struct group_context c = t->after.context;
	c.epoch = t->before->context.epoch + 1;
	c.confirmed_transcript_hash = confirmed;
	return group_state_set_context(&t->after, &c);
}

uc_err transition_provisional(struct transition *t)
{
	return set_context(t, t->before->context.confirmed_transcript_hash);
}

uc_err transition_finish(struct transition *t, const struct authenticated_content *commit,
			 bool has_path, const struct group_hooks *hooks)
{
	uint8_t confirmed[HASH_MAX];
	const struct suite *s = t->before->suite;
	if (BREAKS(PATH_REQUIRED, t->path_required && !has_path))
		return UC_E_UNEXPECTED;
	TRY(confirmed_transcript_hash(s, view_make(t->before->interim, t->before->interim_n),
				      commit, confirmed));
	TRY(set_context(t, view_make(confirmed, s->nh)));
	if (t->reinit)
		TRY(group_state_close(&t->after, t->reinit));
	TRY(transition_compare(t, has_path));
	if (!hooks || !hooks->change)
		return UC_OK;
	struct group_change c = transition_change(t, commit->content.authenticated_data, has_path);
	return hooks->change(hooks->ctx, &c);
}
