/* SPDX-License-Identifier: Apache-2.0 */
/* The list's update that a commit needs for the leaves that come and go with it. */
#include "mimi/room_inside.h"

/* Participants with a leaf afterwards, each once for each leaf. */
static uc_err remaining(const struct group_view *g, const struct proposal_view_list *proposals,
			const struct view *joiner, struct arena *a, struct view_list *out)
{
	uint32_t at = 0, index;
	struct leaf_node leaf;
	struct view client;
	bool *gone = ARENA_ARRAY(a, bool, g->tree->leaves);
	out->v = ARENA_ARRAY(a, struct view, tree_member_count(g->tree) + proposals->n + 1);
	out->n = 0;
	if (!gone || !out->v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < proposals->n; i++) {
		const struct proposal_view *p = &proposals->v[i];
		index = TREE_NONE;
		if (p->proposal->proposal_type == PROPOSAL_REMOVE)
			index = p->proposal->removed;
		else if (p->proposal->proposal_type == PROPOSAL_SELF_REMOVE)
			index = p->sender.leaf_index;
		else if (p->proposal->proposal_type == PROPOSAL_ADD)
			TRY(participant_of_leaf(&p->proposal->key_package.leaf_node, &client,
						&out->v[out->n++]));
		if (index != TREE_NONE && index >= g->tree->leaves)
			return UC_E_NOT_FOUND;
		if (index != TREE_NONE)
			gone[index] = true;
	}
	while (tree_next_leaf(g->tree, &at, &index, &leaf))
		if (!gone[index])
			TRY(participant_of_leaf(&leaf, &client, &out->v[out->n++]));
	if (joiner)
		out->v[out->n++] = *joiner;
	return UC_OK;
}

static bool is_there(const struct view_list *sorted, struct view v)
{
	return sorted->n && bsearch(&v, sorted->v, sorted->n, sizeof *sorted->v, room_by_uri);
}

static uc_err differences(const struct room_state *r, const struct view_list *there,
			  struct arena *a, struct view_list *added, struct view_list *removed)
{
	added->v = ARENA_ARRAY(a, struct view, there->n);
	removed->v = ARENA_ARRAY(a, struct view, r->participants.n);
	if (!added->v || !removed->v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < there->n; i++)
		if ((!i || !view_equal(there->v[i - 1], there->v[i])) &&
		    room_role_of(r, there->v[i]) == ROLE_NONE)
			added->v[added->n++] = there->v[i];
	for (size_t i = 0; i < r->participants.n; i++)
		if (r->participants.v[i].role_index != ROLE_BANNED &&
		    !is_there(there, r->participants.v[i].user))
			removed->v[removed->n++] = r->participants.v[i].user;
	return UC_OK;
}

uc_err room_list_change(const struct group_view *g, const struct room_state *r,
			const struct proposal_view_list *proposals, const struct view *joiner,
			const struct user_role_pair_list *roles, struct arena *a,
			struct proposal *out, bool *needed)
{
	struct view_list there;
	struct room_list_wish wish = { .roles = *roles };
	TRY(remaining(g, proposals, joiner, a, &there));
	if (there.n)
		qsort(there.v, there.n, sizeof *there.v, room_by_uri);
	TRY(differences(r, &there, a, &wish.added, &wish.removed));
	return room_participants_update(r, &wish, a, out, needed);
}

uc_err room_list_follow(const struct group_view *g, const struct room_state *r,
			const struct proposal_view_list *proposals, const struct view *joiner,
			struct arena *a, struct proposal *out, bool *needed)
{
	const struct user_role_pair_list none = { NULL, 0 };
	return room_list_change(g, r, proposals, joiner, &none, a, out, needed);
}
