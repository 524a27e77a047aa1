/* SPDX-License-Identifier: Apache-2.0 */
/* The participant list: its walks, updates applied and made (draft-ietf-mimi-protocol-06, 5). */
#include "mimi/room_inside.h"

static void wire_user_role_pair(struct wire *w, struct user_role_pair *p)
{
	wire_bytes(w, &p->user);
	wire_u32(w, &p->role_index);
}
WIRE_ELEMENT(user_role_pair)

static void wire_participant_list_data(struct wire *w, struct participant_list_data *d)
{
	WIRE_LIST(w, &d->participants, user_role_pair_element);
}

void participant_list_data_element(struct wire *w, void *v)
{
	wire_participant_list_data(w, v);
}

static void wire_userindex_role_pair(struct wire *w, struct userindex_role_pair *p)
{
	wire_u32(w, &p->user_index);
	wire_u32(w, &p->role_index);
}
WIRE_ELEMENT(userindex_role_pair)

static void wire_participant_list_update(struct wire *w, struct participant_list_update *u)
{
	WIRE_LIST(w, &u->changed_role_participants, userindex_role_pair_element);
	WIRE_LIST(w, &u->removed_indices, u32_element);
	WIRE_LIST(w, &u->added_participants, user_role_pair_element);
}

void participant_list_update_element(struct wire *w, void *v)
{
	wire_participant_list_update(w, v);
}

/* --- order --- */

int room_by_uri(const void *a, const void *b)
{
	const struct view *x = a, *y = b;
	return view_compare(*x, *y);
}

static uc_err sort(const struct user_role_pair_list *l, struct arena *a,
		   struct user_role_pair_list *out)
{
	struct user_role_pair *v = ARENA_ARRAY(a, struct user_role_pair, l->n);
	if (!v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < l->n; i++)
		v[i] = l->v[i];
	if (l->n)
		qsort(v, l->n, sizeof *v, room_by_uri);
	*out = (struct user_role_pair_list){ v, l->n };
	return UC_OK;
}

static uc_err entry_check(const struct user_role_pair *p)
{
	struct uri u;
	if (uri_read(p->user, &u) || u.kind != URI_PARTICIPANT)
		return UC_E_POLICY;
	return p->role_index >= ROLE_BANNED && p->role_index <= ROLE_OWNER ? UC_OK : UC_E_POLICY;
}

uc_err participants_check(const struct user_role_pair_list *l, struct arena *a,
			  struct user_role_pair_list *by_uri)
{
	struct user_role_pair_list sorted;
	if (l->n > ROOM_PARTICIPANTS_MAX)
		return UC_E_POLICY;
	TRY(sort(l, a, &sorted));
	for (size_t i = 0; i < sorted.n; i++) {
		TRY(entry_check(&sorted.v[i]));
		if (i && view_equal(sorted.v[i - 1].user, sorted.v[i].user))
			return UC_E_POLICY;
	}
	*by_uri = sorted;
	return UC_OK;
}

/* --- updates --- */

/* Role changes and removals, each of another one: `gone` and `touched` have a place for each. */
static uc_err mark(const struct participant_list_update *u, struct user_role_pair_list *l,
		   bool *touched, bool *gone)
{
	for (size_t i = 0; i < u->changed_role_participants.n; i++) {
		const struct userindex_role_pair *c = &u->changed_role_participants.v[i];
		if (c->user_index >= l->n || touched[c->user_index] ||
		    l->v[c->user_index].role_index == c->role_index)
			return UC_E_POLICY;
		touched[c->user_index] = true;
		l->v[c->user_index].role_index = c->role_index;
	}
	for (size_t i = 0; i < u->removed_indices.n; i++) {
		uint32_t index = u->removed_indices.v[i];
		if (index >= l->n || touched[index])
			return UC_E_POLICY;
		touched[index] = gone[index] = true;
	}
	return UC_OK;
}

uc_err participants_apply(const struct user_role_pair_list *l,
			  const struct participant_list_update *u, struct arena *a,
			  struct user_role_pair_list *out)
{
	size_t n = l->n + u->added_participants.n;
	struct user_role_pair_list sorted, all = { ARENA_ARRAY(a, struct user_role_pair, n), n };
	bool *touched = ARENA_ARRAY(a, bool, n), *gone = ARENA_ARRAY(a, bool, n);
	if (!all.v || !touched || !gone)
		return UC_E_LIMIT;
	if (!u->changed_role_participants.n && !u->removed_indices.n && !u->added_participants.n)
		return UC_E_POLICY;
	for (size_t i = 0; i < n; i++)
		all.v[i] = i < l->n ? l->v[i] : u->added_participants.v[i - l->n];
	all.n = l->n;
	TRY(mark(u, &all, touched, gone));
	all.n = n;
	/* "A user once": not even one who goes may come back by the same update. */
	TRY(participants_check(&all, a, &sorted));
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (!gone[i])
			all.v[kept++] = all.v[i];
	*out = (struct user_role_pair_list){ all.v, kept };
	return UC_OK;
}

uc_err participant_list_propose(const struct participant_list_update *u, struct arena *a,
				struct proposal *out)
{
	struct proposal p = { .proposal_type = PROPOSAL_APP_DATA_UPDATE };
	p.app_data_update.component_id = COMPONENT_PARTICIPANT_LIST;
	p.app_data_update.op = APP_DATA_UPDATE;
	TRY(wire_encode_to(a, participant_list_update_element, u, &p.app_data_update.update));
	*out = p;
	return UC_OK;
}

static size_t index_of(const struct room_state *r, struct view participant)
{
	size_t i = 0;
	while (i < r->participants.n && !view_equal(r->participants.v[i].user, participant))
		i++;
	return i;
}

uint32_t room_role_of(const struct room_state *r, struct view participant)
{
	const struct user_role_pair_list *l = &r->by_uri;
	const struct user_role_pair *found =
		l->n ? bsearch(&participant, l->v, l->n, sizeof *l->v, room_by_uri) : NULL;
	return found ? found->role_index : (uint32_t)ROLE_NONE;
}

static bool is_added(const struct user_role_pair_list *l, struct view user)
{
	for (size_t i = 0; i < l->n; i++)
		if (view_equal(l->v[i].user, user))
			return true;
	return false;
}

static uc_err update_adds(const struct room_state *r, const struct view_list *added,
			  struct arena *a, struct participant_list_update *u)
{
	u->added_participants.v = ARENA_ARRAY(a, struct user_role_pair, added->n);
	if (!u->added_participants.v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < added->n; i++) {
		uint32_t role = room_role_of(r, added->v[i]);
		if (role == ROLE_BANNED)
			return UC_E_POLICY;
		if (role == ROLE_NONE && !is_added(&u->added_participants, added->v[i]))
			u->added_participants.v[u->added_participants.n++] =
				(struct user_role_pair){ added->v[i], ROLE_MEMBER };
	}
	return UC_OK;
}

static uc_err update_removes(const struct room_state *r, const struct view_list *removed,
			     struct arena *a, struct participant_list_update *u)
{
	u->removed_indices.v = ARENA_ARRAY(a, uint32_t, removed->n);
	if (!u->removed_indices.v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < removed->n; i++) {
		size_t index = index_of(r, removed->v[i]);
		if (index == r->participants.n)
			return UC_E_NOT_FOUND;
		u->removed_indices.v[u->removed_indices.n++] = (uint32_t)index;
	}
	return UC_OK;
}

static bool is_removed(const struct participant_list_update *u, size_t index)
{
	for (size_t i = 0; i < u->removed_indices.n; i++)
		if (u->removed_indices.v[i] == index)
			return true;
	return false;
}

static size_t owners_of(const struct user_role_pair_list *l)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++)
		n += l->v[i].role_index == ROLE_OWNER;
	return n;
}

/* Who appoints leaves somebody behind who can: the rules do not ask for it, and a room where nobody can stays so. */
static uc_err owner_stays(const struct room_state *r, const struct participant_list_update *u,
			  struct arena *a)
{
	struct user_role_pair_list after;
	if (!u->changed_role_participants.n || !owners_of(&r->participants))
		return UC_OK;
	TRY(participants_apply(&r->participants, u, a, &after));
	return owners_of(&after) ? UC_OK : UC_E_LAST_OWNER;
}

static uc_err update_roles(const struct room_state *r, const struct user_role_pair_list *roles,
			   struct arena *a, struct participant_list_update *u)
{
	struct userindex_role_pair_list *l = &u->changed_role_participants;
	l->v = ARENA_ARRAY(a, struct userindex_role_pair, roles->n);
	if (!l->v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < roles->n; i++) {
		size_t index = index_of(r, roles->v[i].user);
		if (index == r->participants.n || is_removed(u, index))
			return UC_E_NOT_FOUND;
		if (r->participants.v[index].role_index != roles->v[i].role_index)
			l->v[l->n++] = (struct userindex_role_pair){ (uint32_t)index,
								     roles->v[i].role_index };
	}
	return owner_stays(r, u, a);
}

uc_err room_participants_update(const struct room_state *r, const struct room_list_wish *wish,
				struct arena *a, struct proposal *out, bool *needed)
{
	struct participant_list_update u = { .removed_indices = { NULL, 0 } };
	TRY(update_adds(r, &wish->added, a, &u));
	TRY(update_removes(r, &wish->removed, a, &u));
	TRY(update_roles(r, &wish->roles, a, &u));
	*needed = u.changed_role_participants.n || u.added_participants.n || u.removed_indices.n;
	return *needed ? participant_list_propose(&u, a, out) : UC_OK;
}

uc_err room_roles_changed(const struct room_state *before, const struct app_data_update *update,
			  struct arena *a, struct user_role_pair_list *out)
{
	struct participant_list_update u;
	const struct userindex_role_pair_list *l = &u.changed_role_participants;
	TRY(wire_decode(update->update, a, participant_list_update_element, &u));
	out->v = ARENA_ARRAY(a, struct user_role_pair, l->n);
	out->n = 0;
	if (!out->v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].user_index >= before->participants.n)
			return UC_E_POLICY;
		out->v[out->n++] =
			(struct user_role_pair){ before->participants.v[l->v[i].user_index].user,
						 l->v[i].role_index };
	}
	return UC_OK;
}
