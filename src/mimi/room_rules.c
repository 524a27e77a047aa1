/* SPDX-License-Identifier: Apache-2.0 */
/* Who may change what in a room (docs/rooms.md), decided from the public state alone. */
#include "base/heap.h"
#include "mimi/franking.h"
#include "mimi/room_inside.h"
#include "mls/group_state.h"

enum { RULES_ARENA_MAX = 64 * 1024 * 1024, LEAF_ARENA_MAX = 4 * 1024 * 1024 };

/* --- chains of participant keys (identity.md, 1) --- */

/* Is one the beginning of the other?  *longest becomes the longer one. */
static bool chain_joins(const struct participant_link_list *chain,
			struct participant_link_list *longest)
{
	size_t common = chain->n < longest->n ? chain->n : longest->n;
	for (size_t i = 0; i < common; i++)
		if (!view_equal(chain->v[i].key, longest->v[i].key))
			return false;
	if (chain->n > longest->n)
		*longest = *chain;
	return true;
}

/* The end of the run of one participant's leaves that begins at `from`. */
static size_t run_end(const struct room_leaf_list *l, size_t from)
{
	size_t i = from + 1;
	while (i < l->n && view_equal(l->v[i].participant, l->v[from].participant))
		i++;
	return i;
}

/* --- a whole state: list and leaves agree --- */

/* In the order of URIs: each listed one but the banned has a leaf, each leaf's one is listed. */
static uc_err list_matches(const struct user_role_pair_list *sorted, const struct room_leaf_list *l)
{
	size_t at = 0;
	for (size_t i = 0; i < sorted->n; i++) {
		if (sorted->v[i].role_index == ROLE_BANNED)
			continue;
		if (at == l->n || !view_equal(l->v[at].participant, sorted->v[i].user))
			return UC_E_POLICY;
		size_t end = run_end(l, at);
		if (end - at > ROOM_DEVICES_MAX)
			return UC_E_POLICY;
		at = end;
	}
	return at == l->n ? UC_OK : UC_E_POLICY;
}

static uc_err leaves_match(const struct room_state *r, const struct room_leaf_list *l)
{
	if (l->n > ROOM_CLIENTS_MAX || (r->direct && r->participants.n > 2))
		return UC_E_POLICY;
	for (size_t i = 1; i < l->n; i++)
		if (view_equal(l->v[i - 1].client, l->v[i].client))
			return UC_E_POLICY;
	return list_matches(&r->by_uri, l);
}

static uc_err chains_join(const struct room_leaf_list *l, struct arena *a)
{
	for (size_t i = 0; i < l->n;) {
		struct participant_link_list longest = { NULL, 0 };
		for (size_t end = run_end(l, i); i < end; i++) {
			struct participant_link_list chain;
			TRY(participant_chain_of(&l->v[i].extensions, a, &chain));
			if (!chain_joins(&chain, &longest))
				return UC_E_PROOF;
		}
	}
	return UC_OK;
}

static uc_err check_whole(const struct group_view *g, struct arena *a)
{
	struct room_state r;
	struct room_leaf_list l;
	TRY(room_state_read(g, a, &r));
	TRY(room_leaves(g->tree, a, &l));
	TRY(leaves_match(&r, &l));
	return chains_join(&l, a);
}

uc_err room_check(const struct group_view *g)
{
	struct arena scratch;
	arena_init(&scratch, RULES_ARENA_MAX, ARENA_PLAIN);
	uc_err err = check_whole(g, &scratch);
	arena_done(&scratch);
	return err;
}

/* --- a leaf by itself --- */

static uc_err leaf_rules(const struct leaf_node *leaf, struct arena *a)
{
	struct participant_leaf p;
	TRY(participant_check(leaf, a, &p));
	return room_leaf_supports(leaf, a);
}

uc_err room_leaf_check(const struct leaf_node *leaf)
{
	struct arena scratch;
	arena_init(&scratch, LEAF_ARENA_MAX, ARENA_PLAIN);
	uc_err err = leaf_rules(leaf, &scratch);
	arena_done(&scratch);
	return err;
}

static uc_err on_leaf(void *ctx, const struct group_view *group, const struct leaf_node *leaf,
		      uint32_t index, enum leaf_reason reason)
{
	(void)ctx, (void)group, (void)index, (void)reason;
	return room_leaf_check(leaf);
}

/* RFC 9420, 5.3.1: who a leaf is stays when it is replaced in its place. */
static bool is_successor(const struct leaf_node *old, const struct leaf_node *leaf)
{
	return old && leaf && view_equal(old->credential.identity, leaf->credential.identity) &&
	       view_equal(old->signature_key, leaf->signature_key);
}

/* --- proposals that came by themselves.  One that is kept must not make the commit fail that has
 * to contain it, so whatever only a commit can decide comes by value. --- */

/* May this member take this leaf out? */
static uc_err may_remove(const struct group_view *g, const struct room_state *r, uint32_t actor,
			 uint32_t leaf)
{
	const struct leaf_node *from = tree_leaf_find(g->tree, actor, LEAF_ROOM);
	const struct leaf_node *to = tree_leaf_find(g->tree, leaf, LEAF_ROOM);
	struct view client, by, whose;
	if (!from || !to)
		return UC_E_NOT_FOUND;
	TRY(participant_of_leaf(from, &client, &by));
	TRY(participant_of_leaf(to, &client, &whose));
	if (view_equal(by, whose))
		return UC_OK;
	return room_role_may_change(r->direct, room_role_of(r, by), room_role_of(r, whose),
				    ROLE_NONE)
		       ? UC_OK
		       : UC_E_POLICY;
}

/* An Update takes the chain as it stands in the tree: two that each extend it could part. */
static uc_err update_rules(const struct group_view *g, uint32_t index, const struct leaf_node *leaf,
			   struct arena *a)
{
	struct participant_leaf p;
	struct participant_link_list longest;
	TRY(participant_check(leaf, a, &p));
	TRY(room_leaf_supports(leaf, a));
	if (!is_successor(tree_leaf_find(g->tree, index, LEAF_ROOM), leaf))
		return UC_E_POLICY;
	TRY(participant_check_against(g->tree, &p, TREE_NONE, a));
	TRY(participant_chain_longest(g->tree, p.participant, a, &longest));
	return p.chain.n == longest.n ? UC_OK : UC_E_PROOF;
}

static uc_err proposal_rules(const struct group_view *g, const struct proposal_view *p,
			     struct arena *a)
{
	struct room_state r;
	uint16_t type = p->proposal->proposal_type;
	if (p->sender.sender_type == SENDER_EXTERNAL && type == PROPOSAL_REMOVE)
		return UC_OK;
	if (p->sender.sender_type == SENDER_EXTERNAL) {
		TRY(room_state_read(g, a, &r));
		return room_keys_check(&r, p->proposal, a);
	}
	if (p->sender.sender_type != SENDER_MEMBER)
		return UC_E_POLICY;
	switch (type) {
	case PROPOSAL_SELF_REMOVE:
		return UC_OK;
	case PROPOSAL_REMOVE:
		TRY(room_state_read(g, a, &r));
		return may_remove(g, &r, p->sender.leaf_index, p->proposal->removed);
	case PROPOSAL_UPDATE:
		return update_rules(g, p->sender.leaf_index, &p->proposal->leaf_node, a);
	default:
		return UC_E_POLICY;
	}
}

static uc_err on_proposal(void *ctx, const struct group_view *group,
			  const struct proposal_view *proposal)
{
	struct arena scratch;
	(void)ctx;
	arena_init(&scratch, RULES_ARENA_MAX, ARENA_PLAIN);
	uc_err err = proposal_rules(group, proposal, &scratch);
	arena_done(&scratch);
	return err;
}

/* --- components --- */

/* The hub's other franking key; of several the last holds. */
static uc_err agent_rules(const struct group_view *before, const struct app_data_update *updates,
			  size_t n, struct arena *a, struct view *ret)
{
	struct room_state r;
	struct proposal p = { .proposal_type = PROPOSAL_APP_DATA_UPDATE };
	TRY(room_state_read(before, a, &r));
	for (size_t i = 0; i < n; i++) {
		p.app_data_update = updates[i];
		TRY(room_keys_check(&r, &p, a));
	}
	*ret = updates[n - 1].update;
	return UC_OK;
}

static uc_err component_rules(const struct view *current, const struct app_data_update *updates,
			      size_t n, struct arena *a, struct view *ret)
{
	struct participant_list_data list;
	struct participant_list_update u;
	if (!current || n != 1)
		return UC_E_POLICY;
	TRY(wire_decode(*current, a, participant_list_data_element, &list));
	TRY(wire_decode(updates[0].update, a, participant_list_update_element, &u));
	TRY(participants_apply(&list.participants, &u, a, &list.participants));
	return wire_encode_to(a, participant_list_data_element, &list, ret);
}

static uc_err on_component(void *ctx, const struct group_view *before, uint16_t component_id,
			   const struct view *current, const struct app_data_update *updates,
			   size_t n, struct arena *a, struct view *ret)
{
	(void)ctx;
	if (component_id == COMPONENT_FRANKING_AGENT)
		return agent_rules(before, updates, n, a, ret);
	if (component_id != COMPONENT_PARTICIPANT_LIST)
		return UC_E_POLICY;
	return component_rules(current, updates, n, a, ret);
}

/* --- a commit --- */

struct ruling {
	const struct group_change *c;
	struct arena *a;
	struct room_state before, after;
	struct room_leaf_list old, now; /* leaves */
	struct view actor;              /* the committer's participant */
	uint32_t role;                  /* and its role before the commit */
};

/* By its own proposal, which waited and was looked at then, and never by a member's. */
static bool is_hubs(const struct proposal_view *p)
{
	return p->ref.n && p->sender.sender_type == SENDER_EXTERNAL;
}

static bool is_list_update(const struct proposal_view *p)
{
	const struct app_data_update *u = &p->proposal->app_data_update;
	return !p->ref.n && u->op == APP_DATA_UPDATE &&
	       u->component_id == COMPONENT_PARTICIPANT_LIST;
}

/* Which proposals may stand in a commit, and what each leaf that goes needs. */
static uc_err proposals_allowed(const struct ruling *r)
{
	for (size_t i = 0; i < r->c->proposals.n; i++) {
		const struct proposal_view *p = &r->c->proposals.v[i];
		bool by_value = !p->ref.n;
		switch (p->proposal->proposal_type) {
		case PROPOSAL_ADD:
			if (!by_value)
				return UC_E_POLICY;
			break;
		case PROPOSAL_APP_DATA_UPDATE:
			if (!is_list_update(p) && !is_hubs(p))
				return UC_E_POLICY;
			break;
		case PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
			if (!is_hubs(p))
				return UC_E_POLICY;
			break;
		case PROPOSAL_REMOVE:
			if (p->sender.sender_type == SENDER_MEMBER)
				TRY(may_remove(&r->c->before, &r->before, p->sender.leaf_index,
					       p->proposal->removed));
			break; /* the hub's, or an external joiner's: see joiner_rules */
		case PROPOSAL_SELF_REMOVE:
		case PROPOSAL_UPDATE:
			break;
		case PROPOSAL_EXTERNAL_INIT:
			if (!r->c->is_external)
				return UC_E_POLICY;
			break;
		default:
			return UC_E_POLICY;
		}
	}
	return UC_OK;
}

/* One device more of a participant who is there (identity.md, 6), and not without end. */
static uc_err joins_beside(const struct ruling *r, struct view participant)
{
	uint32_t at = 0, index;
	size_t there = 0;
	struct leaf_node node;
	while (tree_next_leaf(r->c->before.tree, &at, &index, &node)) {
		struct view client, whose;
		TRY(participant_of_leaf(&node, &client, &whose));
		there += view_equal(whose, participant);
	}
	return there && there < ROOM_JOINED_MAX ? UC_OK : UC_E_POLICY;
}

/* Resync (identity.md, 6): it takes the place of a leaf of its own participant, as a new client; or stands
 * beside those of its participant. */
static uc_err joiner_rules(struct ruling *r)
{
	const struct leaf_node *fresh =
		tree_leaf_find(r->c->after.tree, r->c->committer, LEAF_ROOM);
	const struct leaf_node *gone = NULL;
	struct leaf_node room;
	struct view client, whose, old_client;
	bool replaces = false;
	for (size_t i = 0; i < r->c->proposals.n; i++) {
		const struct proposal *p = r->c->proposals.v[i].proposal;
		if (p->proposal_type != PROPOSAL_REMOVE)
			continue;
		replaces = true;
		gone = tree_leaf_find(r->c->before.tree, p->removed, &room);
	}
	if (!fresh || (replaces && !gone))
		return UC_E_POLICY;
	TRY(participant_of_leaf(fresh, &client, &r->actor));
	if (!replaces)
		return joins_beside(r, r->actor);
	TRY(participant_of_leaf(gone, &old_client, &whose));
	if (!view_equal(whose, r->actor) || view_equal(client, old_client) ||
	    view_equal(fresh->signature_key, gone->signature_key))
		return UC_E_POLICY;
	return UC_OK;
}

static uc_err committer_rules(struct ruling *r)
{
	const struct leaf_node *old = tree_leaf_find(r->c->before.tree, r->c->committer, LEAF_ROOM);
	struct view client;
	if (r->c->is_external) {
		TRY(joiner_rules(r));
	} else {
		if (!is_successor(old,
				  tree_leaf_find(r->c->after.tree, r->c->committer, LEAF_ROOM)))
			return UC_E_POLICY;
		TRY(participant_of_leaf(old, &client, &r->actor));
	}
	r->role = room_role_of(&r->before, r->actor);
	return room_role_may_send(r->role) ? UC_OK : UC_E_POLICY;
}

/* Somebody who was not listed is now. */
static uc_err arrival_allowed(const struct ruling *r, uint32_t role)
{
	if (r->c->is_external || !room_role_may_change(r->before.direct, r->role, ROLE_NONE, role))
		return UC_E_POLICY;
	/* The second of a direct room comes by its first commit, or never. */
	if (r->before.direct && r->c->before.context->epoch)
		return UC_E_POLICY;
	return UC_OK;
}

static uc_err role_change_allowed(const struct ruling *r, uint32_t from, uint32_t to)
{
	if (from == to)
		return UC_OK;
	if (from == ROLE_NONE)
		return arrival_allowed(r, to);
	/* Who has no leaf any more goes from the list; each of its leaves was asked about. */
	if (to == ROLE_NONE && from != ROLE_BANNED)
		return UC_OK;
	if (r->c->is_external || !room_role_may_change(r->before.direct, r->role, from, to))
		return UC_E_POLICY;
	return UC_OK;
}

static uc_err list_changes_allowed(const struct ruling *r)
{
	struct user_role_pair_list old = r->before.by_uri, now = r->after.by_uri;
	size_t i = 0, k = 0;
	while (i < old.n || k < now.n) {
		int order = i == old.n   ? 1
			    : k == now.n ? -1
					 : view_compare(old.v[i].user, now.v[k].user);
		uint32_t from = order <= 0 ? old.v[i++].role_index : (uint32_t)ROLE_NONE;
		uint32_t to = order >= 0 ? now.v[k++].role_index : (uint32_t)ROLE_NONE;
		TRY(role_change_allowed(r, from, to));
	}
	return UC_OK;
}

/* New clients of one who is there already come from that participant alone. */
static uc_err added_allowed(const struct ruling *r)
{
	for (size_t i = 0; i < r->c->added.n; i++) {
		const struct leaf_node *leaf =
			tree_leaf_find(r->c->after.tree, r->c->added.v[i], LEAF_ROOM);
		struct view client, whose;
		if (!leaf)
			return UC_E_POLICY;
		TRY(participant_of_leaf(leaf, &client, &whose));
		if (!view_equal(whose, r->actor) && room_role_of(&r->before, whose) != ROLE_NONE)
			return UC_E_POLICY;
	}
	return UC_OK;
}

static bool is_new_leaf(const struct ruling *r, const bool *fresh, uint32_t index)
{
	return fresh[index] || (index == r->c->committer && r->c->has_path);
}

/* By one walk over old and new leaves in the same order: what is new continues the longest chain
 * that stood there, and what is new does not part. */
static uc_err chains_continue(const struct ruling *r, const bool *fresh)
{
	for (size_t i = 0, k = 0; k < r->now.n;) {
		struct participant_link_list longest = { NULL, 0 }, chain;
		struct view whose = r->now.v[k].participant;
		while (i < r->old.n && view_compare(r->old.v[i].participant, whose) < 0)
			i++;
		for (; i < r->old.n && view_equal(r->old.v[i].participant, whose); i++) {
			TRY(participant_chain_of(&r->old.v[i].extensions, r->a, &chain));
			if (!chain_joins(&chain, &longest))
				return UC_E_PROOF;
		}
		size_t before = longest.n;
		for (size_t end = run_end(&r->now, k); k < end; k++) {
			if (!is_new_leaf(r, fresh, r->now.v[k].index))
				continue;
			TRY(participant_chain_of(&r->now.v[k].extensions, r->a, &chain));
			if (chain.n < before || !chain_joins(&chain, &longest))
				return UC_E_PROOF;
		}
	}
	return UC_OK;
}

static uc_err new_leaves_allowed(const struct ruling *r)
{
	bool *fresh = ARENA_ARRAY(r->a, bool, r->c->after.tree->leaves);
	if (!fresh)
		return UC_E_LIMIT;
	for (size_t i = 0; i < r->c->added.n; i++)
		fresh[r->c->added.v[i]] = true;
	for (size_t i = 0; i < r->c->updated.n; i++) {
		uint32_t index = r->c->updated.v[i];
		fresh[index] = true;
		if (!is_successor(tree_leaf_find(r->c->before.tree, index, LEAF_ROOM),
				  tree_leaf_find(r->c->after.tree, index, LEAF_ROOM)))
			return UC_E_POLICY;
	}
	return chains_continue(r, fresh);
}

static uc_err change_rules(struct ruling *r)
{
	TRY(room_state_read(&r->c->before, r->a, &r->before));
	TRY(room_state_read(&r->c->after, r->a, &r->after));
	TRY(proposals_allowed(r));
	TRY(committer_rules(r));
	TRY(list_changes_allowed(r));
	TRY(added_allowed(r));
	TRY(room_leaves(r->c->before.tree, r->a, &r->old));
	TRY(room_leaves(r->c->after.tree, r->a, &r->now));
	TRY(leaves_match(&r->after, &r->now));
	return new_leaves_allowed(r);
}

static uc_err on_change(void *ctx, const struct group_change *change)
{
	struct arena scratch;
	(void)ctx;
	arena_init(&scratch, RULES_ARENA_MAX, ARENA_PLAIN);
	struct ruling r = { .c = change, .a = &scratch };
	uc_err err = change_rules(&r);
	arena_done(&scratch);
	return err;
}

const struct group_hooks room_hooks = {
	.leaf = on_leaf,
	.proposal = on_proposal,
	.change = on_change,
	.component = on_component,
	.empty_aad = true, /* clients of before 2026-11-26 had Safe AAD in messages alone */
};
