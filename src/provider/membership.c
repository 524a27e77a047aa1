/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a commit brings into a room and whom it takes out; who is about to go. */
#include "provider/room_work.h"

bool view_list_has(const struct view_list *l, struct view v)
{
	for (size_t i = 0; i < l->n; i++)
		if (view_equal(l->v[i], v))
			return true;
	return false;
}

static uc_err member_add(struct member_list *l, const struct tree *t, uint32_t index,
			 struct view ref, struct arena *a)
{
	const struct leaf_node *leaf = tree_leaf_find(t, index, LEAF_ROOM);
	struct view client, participant;
	if (!leaf)
		return UC_E_NOT_FOUND;
	TRY(participant_of_leaf(leaf, &client, &participant));
	struct member *m = &l->v[l->n];
	TRY(arena_copy(a, client, &m->client));
	TRY(arena_copy(a, ref, &m->key_package_ref));
	TRY(uri_domain_of(m->client, &m->domain));
	l->n++;
	return UC_OK;
}

static uc_err domains_read(const struct group_view *g, struct arena *a, struct view_list *out)
{
	struct view_list found;
	TRY(room_domains(g, a, &found));
	out->v = ARENA_ARRAY(a, struct view, found.n);
	if (found.n && !out->v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < found.n; i++)
		TRY(arena_copy(a, found.v[i], &out->v[i]));
	out->n = found.n;
	return UC_OK;
}

static bool removes_itself(const struct proposal_view *p, uint32_t leaf)
{
	return p->proposal->proposal_type == PROPOSAL_SELF_REMOVE && p->sender.leaf_index == leaf;
}

static bool is_by_itself(const struct group_change *change, uint32_t leaf)
{
	for (size_t i = 0; i < change->proposals.n; i++)
		if (removes_itself(&change->proposals.v[i], leaf))
			return true;
	return false;
}

uc_err membership_read(const struct group_change *change, struct arena *a, struct membership *out)
{
	const struct view none = { NULL, 0 };
	struct membership m = { .joined = { .n = 0 } };
	m.joined.v = ARENA_ARRAY(a, struct member, change->added.n + 1);
	m.left.v = ARENA_ARRAY(a, struct member, change->removed.n + 1);
	if (!m.joined.v || !m.left.v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < change->added.n; i++)
		TRY(member_add(&m.joined, change->after.tree, change->added.v[i],
			       change->added_refs.v[i], a));
	if (change->is_external)
		TRY(member_add(&m.joined, change->after.tree, change->committer, none, a));
	for (size_t i = 0; i < change->removed.n; i++) {
		TRY(member_add(&m.left, change->before.tree, change->removed.v[i], none, a));
		m.left.v[i].by_itself = is_by_itself(change, change->removed.v[i]);
	}
	TRY(domains_read(&change->before, a, &m.before));
	/* A leaf that is replaced stays its client's. */
	if (m.joined.n || m.left.n)
		TRY(domains_read(&change->after, a, &m.after));
	else
		m.after = m.before;
	*out = m;
	return UC_OK;
}

static uint32_t removed_leaf(const struct proposal_view *p)
{
	switch (p->proposal->proposal_type) {
	case PROPOSAL_REMOVE:
		return p->proposal->removed;
	case PROPOSAL_SELF_REMOVE:
		return p->sender.leaf_index;
	default:
		return TREE_NONE;
	}
}

bool leaf_is_leaving(const struct public_group *g, uint32_t leaf)
{
	for (size_t i = 0; i < public_group_proposal_count(g); i++) {
		struct proposal_view p = public_group_proposal_at(g, i);
		if (removed_leaf(&p) == leaf)
			return true;
	}
	return false;
}

bool leaf_is_removed(const struct public_group *g, uint32_t leaf)
{
	for (size_t i = 0; i < public_group_proposal_count(g); i++) {
		struct proposal_view p = public_group_proposal_at(g, i);
		if (p.proposal->proposal_type == PROPOSAL_REMOVE && p.proposal->removed == leaf)
			return true;
	}
	return false;
}

bool leaf_leaves_by_itself(const struct public_group *g, uint32_t leaf)
{
	return leaf_is_leaving(g, leaf) && !leaf_is_removed(g, leaf);
}

bool room_is_over(const struct public_group *g)
{
	struct group_view now = public_group_now(g);
	uint32_t at = 0, leaf;
	struct leaf_node node;
	if (public_group_proposal_count(g) < tree_member_count(now.tree))
		return false;
	while (tree_next_leaf(now.tree, &at, &leaf, &node))
		if (!leaf_is_leaving(g, leaf))
			return false;
	return true;
}
