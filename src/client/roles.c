/* SPDX-License-Identifier: Apache-2.0 */
#include "client/roles.h"

#include "client/groups.h"
#include "client/history.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "client/turn.h"

_Static_assert((int)UC_ROLE_MEMBER == (int)ROLE_MEMBER &&
		       (int)UC_ROLE_MODERATOR == (int)ROLE_MODERATOR &&
		       (int)UC_ROLE_OWNER == (int)ROLE_OWNER,
	       "one number for a role, outside and inside");

void roles_told(struct uc_client *c, struct room *r, struct view participant)
{
	room_changed_by(c, r, participant, VIEW_LIT("role"));
}

static uc_err own_noted(struct uc_client *c, struct room *r, uint32_t role)
{
	static const char *const notes[] = {
		[ROLE_MEMBER] = "You are a member of this group now, and no more.",
		[ROLE_MODERATOR] = "You are a moderator of this group now: you can remove members.",
		[ROLE_OWNER] =
			"You are an owner of this group now: you remove anyone, and give roles.",
	};
	bool hidden = r->shadow || r->fleeing || strangers_veil(c, r);
	if (hidden || role >= sizeof notes / sizeof *notes || !notes[role])
		return UC_OK;
	return history_note(c, r, notes[role]);
}

uc_err roles_changed(struct uc_client *c, struct room *r, const struct room_entry *e)
{
	struct view own = view_str(r->participant);
	for (size_t i = 0; i < e->roles.n; i++) {
		const struct user_role_pair *p = &e->roles.v[i];
		roles_told(c, r, p->user);
		if (view_equal(p->user, own) && !view_equal(e->committer, own))
			TRY(own_noted(c, r, p->role_index));
	}
	return UC_OK;
}

struct role_call {
	const struct uc_id *room, *member;
	enum uc_role role;
	uc_op *op;
};

static uc_err role_set(struct uc_client *c, void *arg)
{
	const struct role_call *in = arg;
	struct room *r;
	TRY(room_usable(c, in->room, &r));
	if (r->says == SAYS_NOTHING)
		return UC_E_NOT_INTRODUCED;
	if (r->direct)
		return UC_E_POLICY;
	for (const struct member *m = r->members; m; m = m->next) {
		struct uc_id id = member_id(r, view_str(m->participant));
		if (m->gone || !id_equal(&id, in->member))
			continue;
		*in->op = op_new(c);
		return groups_role(c, r, m->participant, (uint32_t)in->role, *in->op);
	}
	return UC_E_NOT_FOUND;
}

uc_err uc_group_role(uc_client *c, const struct uc_id *room, const struct uc_id *member,
		     enum uc_role role, uc_op *op)
{
	struct role_call in = { .room = room, .member = member, .role = role, .op = op };
	if (!c || !room || !member || !op)
		return UC_E_ARGUMENT;
	if (role != UC_ROLE_MEMBER && role != UC_ROLE_MODERATOR && role != UC_ROLE_OWNER)
		return UC_E_ARGUMENT;
	return turn_run(c, role_set, &in);
}
