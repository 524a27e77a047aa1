/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/room_roles.h"

/* draft-ietf-mimi-room-policy-04, capability registry; those our rooms know. */
enum capability {
	CAN_ADD_PARTICIPANT = 0x0000,
	CAN_REMOVE_PARTICIPANT = 0x0001,
	CAN_ADD_OWN_CLIENT = 0x0002,
	CAN_REMOVE_OWN_CLIENT = 0x0003,
	CAN_REMOVE_SELF = 0x0006,
	CAN_BAN = 0x000a,
	CAN_UNBAN = 0x000b,
	CAN_KICK = 0x000c,
	CAN_CHANGE_USER_ROLE = 0x000f,
	CAN_CHANGE_OWN_ROLE = 0x0010,
	CAN_SEND_MESSAGE = 0x0100,
	CAN_RECEIVE_MESSAGE = 0x0101,
	CAN_COPY_MESSAGE = 0x0102,
	CAN_REPORT_ABUSE = 0x0103,
	CAN_REPLY_TO_MESSAGE = 0x0104,
	CAN_REACT_TO_MESSAGE = 0x0105,
	CAN_EDIT_REACTION = 0x0106,
	CAN_DELETE_OWN_REACTION = 0x0107,
	CAN_EDIT_OWN_MESSAGE = 0x0109,
	CAN_DELETE_OWN_MESSAGE = 0x010a,
};

enum { ROLE_COUNT = ROLE_OWNER + 1 };
#define TO(role) (1U << (role))

/* Whoever is in the room. */
#define OF_EVERYBODY                                                                           \
	CAN_ADD_OWN_CLIENT, CAN_REMOVE_OWN_CLIENT, CAN_REMOVE_SELF, CAN_SEND_MESSAGE,          \
		CAN_RECEIVE_MESSAGE, CAN_COPY_MESSAGE, CAN_REPORT_ABUSE, CAN_REPLY_TO_MESSAGE, \
		CAN_REACT_TO_MESSAGE, CAN_EDIT_REACTION, CAN_DELETE_OWN_REACTION,              \
		CAN_EDIT_OWN_MESSAGE, CAN_DELETE_OWN_MESSAGE

static const uint16_t of_everybody[] = { OF_EVERYBODY };
static const uint16_t of_adders[] = { CAN_ADD_PARTICIPANT, OF_EVERYBODY };
static const uint16_t of_moderators[] = {
	CAN_ADD_PARTICIPANT, CAN_REMOVE_PARTICIPANT, CAN_BAN, CAN_UNBAN, CAN_KICK, OF_EVERYBODY
};
static const uint16_t of_owners[] = {
	CAN_ADD_PARTICIPANT,  CAN_REMOVE_PARTICIPANT, CAN_BAN,     CAN_UNBAN, CAN_KICK,
	CAN_CHANGE_USER_ROLE, CAN_CHANGE_OWN_ROLE,    OF_EVERYBODY
};
#define CAPABILITIES(list) (list), sizeof(list) / sizeof *(list)

/* One role: its name, what it can, and for each role of another what that may become. */
struct role_terms {
	const char *name;
	const uint16_t *capabilities;
	size_t capability_count;
	unsigned changes[ROLE_COUNT];
};

static const struct role_terms in_groups[ROLE_COUNT] = {
	[ROLE_NONE] = { "none", NULL, 0, { 0 } },
	[ROLE_BANNED] = { "banned", NULL, 0, { 0 } },
	[ROLE_MEMBER] = { "member", CAPABILITIES(of_adders), { [ROLE_NONE] = TO(ROLE_MEMBER) } },
	[ROLE_MODERATOR] = { "moderator",
			     CAPABILITIES(of_moderators),
			     { [ROLE_NONE] = TO(ROLE_MEMBER),
			       [ROLE_BANNED] = TO(ROLE_NONE),
			       [ROLE_MEMBER] = TO(ROLE_NONE) | TO(ROLE_BANNED) } },
	[ROLE_OWNER] = { "owner",
			 CAPABILITIES(of_owners),
			 { [ROLE_NONE] = TO(ROLE_MEMBER),
			   [ROLE_BANNED] = TO(ROLE_NONE),
			   [ROLE_MEMBER] = TO(ROLE_NONE) | TO(ROLE_BANNED) | TO(ROLE_MODERATOR) |
					   TO(ROLE_OWNER),
			   [ROLE_MODERATOR] = TO(ROLE_NONE) | TO(ROLE_BANNED) | TO(ROLE_MEMBER) |
					      TO(ROLE_OWNER),
			   [ROLE_OWNER] = TO(ROLE_NONE) | TO(ROLE_BANNED) | TO(ROLE_MEMBER) |
					  TO(ROLE_MODERATOR) } },
};

/* Two who are equal but for who asked: nobody removes or appoints the other. */
static const struct role_terms in_direct_rooms[ROLE_COUNT] = {
	[ROLE_NONE] = { "none", NULL, 0, { 0 } },
	[ROLE_BANNED] = { "banned", NULL, 0, { 0 } },
	[ROLE_MEMBER] = { "member", CAPABILITIES(of_everybody), { 0 } },
	[ROLE_MODERATOR] = { "moderator", CAPABILITIES(of_everybody), { 0 } },
	[ROLE_OWNER] = { "owner", CAPABILITIES(of_adders), { [ROLE_NONE] = TO(ROLE_MEMBER) } },
};

static const struct role_terms *terms_of(bool direct)
{
	return direct ? in_direct_rooms : in_groups;
}

bool room_role_may_change(bool direct, uint32_t actor, uint32_t from, uint32_t to)
{
	if (actor >= ROLE_COUNT || from >= ROLE_COUNT || to >= ROLE_COUNT)
		return false;
	return terms_of(direct)[actor].changes[from] & TO(to);
}

bool room_role_may_send(uint32_t role)
{
	return role >= ROLE_MEMBER && role < ROLE_COUNT;
}

/* --- roles_list --- */

struct role_change_targets {
	uint32_t from_role_index;
	struct u32_list target_role_indexes;
};
static void wire_role_change_targets(struct wire *w, struct role_change_targets *t)
{
	wire_u32(w, &t->from_role_index);
	WIRE_LIST(w, &t->target_role_indexes, u32_element);
}
WIRE_ELEMENT(role_change_targets)

struct role_change_targets_list {
	struct role_change_targets *v;
	size_t n;
};
struct role {
	uint32_t role_index;
	struct view role_name, role_description;
	struct u16_list role_capabilities;
	uint32_t minimum_participants;
	uint32_t *maximum_participants;
	uint32_t minimum_active;
	uint32_t *maximum_active;
	struct role_change_targets_list authorized_role_changes;
};
static void wire_role(struct wire *w, struct role *r)
{
	wire_u32(w, &r->role_index);
	wire_bytes(w, &r->role_name);
	wire_bytes(w, &r->role_description);
	WIRE_LIST(w, &r->role_capabilities, u16_element);
	wire_u32(w, &r->minimum_participants);
	WIRE_OPTION(w, &r->maximum_participants, u32_element);
	wire_u32(w, &r->minimum_active);
	WIRE_OPTION(w, &r->maximum_active, u32_element);
	WIRE_LIST(w, &r->authorized_role_changes, role_change_targets_element);
}
WIRE_ELEMENT(role)

struct role_data {
	struct {
		struct role *v;
		size_t n;
	} roles;
};
static void wire_role_data(struct wire *w, struct role_data *d)
{
	WIRE_LIST(w, &d->roles, role_element);
}
WIRE_ELEMENT(role_data)

static uc_err changes_fill(const struct role_terms *terms, struct arena *a,
			   struct role_change_targets_list *out)
{
	out->v = ARENA_ARRAY(a, struct role_change_targets, ROLE_COUNT);
	if (!out->v)
		return UC_E_LIMIT;
	for (uint32_t from = 0; from < ROLE_COUNT; from++) {
		struct role_change_targets *t = &out->v[out->n];
		if (!terms->changes[from])
			continue;
		t->from_role_index = from;
		t->target_role_indexes.v = ARENA_ARRAY(a, uint32_t, ROLE_COUNT);
		if (!t->target_role_indexes.v)
			return UC_E_LIMIT;
		for (uint32_t to = 0; to < ROLE_COUNT; to++)
			if (terms->changes[from] & TO(to))
				t->target_role_indexes.v[t->target_role_indexes.n++] = to;
		out->n++;
	}
	return UC_OK;
}

static uc_err role_fill(const struct role_terms *terms, uint32_t index, struct arena *a,
			struct role *out)
{
	uint16_t *capabilities = ARENA_ARRAY(a, uint16_t, terms->capability_count);
	if (!capabilities)
		return UC_E_LIMIT;
	for (size_t i = 0; i < terms->capability_count; i++)
		capabilities[i] = terms->capabilities[i];
	out->role_index = index;
	out->role_name = view_str(terms->name);
	out->role_capabilities = (struct u16_list){ capabilities, terms->capability_count };
	return changes_fill(terms, a, &out->authorized_role_changes);
}

uc_err room_roles_encode(bool direct, struct arena *a, struct view *out)
{
	struct role roles[ROLE_COUNT] = { { 0 } };
	const struct role_data data = { { roles, ROLE_COUNT } };
	for (uint32_t i = 0; i < ROLE_COUNT; i++)
		TRY(role_fill(&terms_of(direct)[i], i, a, &roles[i]));
	return wire_encode_to(a, role_data_element, &data, out);
}

/* --- base_room_policy --- */

struct base_room_policy {
	bool fixed_membership, parent_dependant;
	struct view parent_room;
	bool multi_device;
	uint32_t *max_clients, *max_users;
	bool pseudonyms_allowed, persistent_room, discoverable;
	struct u16_list policy_component_ids;
};
static void wire_base_room_policy(struct wire *w, struct base_room_policy *p)
{
	wire_bool(w, &p->fixed_membership);
	wire_bool(w, &p->parent_dependant);
	wire_bytes(w, &p->parent_room);
	wire_bool(w, &p->multi_device);
	WIRE_OPTION(w, &p->max_clients, u32_element);
	WIRE_OPTION(w, &p->max_users, u32_element);
	wire_bool(w, &p->pseudonyms_allowed);
	wire_bool(w, &p->persistent_room);
	wire_bool(w, &p->discoverable);
	WIRE_LIST(w, &p->policy_component_ids, u16_element);
}
WIRE_ELEMENT(base_room_policy)

uc_err room_base_policy_encode(bool direct, struct arena *a, struct view *out)
{
	uint16_t components[] = { COMPONENT_ROLES_LIST };
	uint32_t clients = direct ? 2 * ROOM_DEVICES_MAX : ROOM_CLIENTS_MAX;
	uint32_t users = direct ? 2 : ROOM_PARTICIPANTS_MAX;
	const struct base_room_policy p = {
		.fixed_membership = direct,
		.multi_device = true,
		.max_clients = &clients,
		.max_users = &users,
		.pseudonyms_allowed = true,
		.persistent_room = true,
		.policy_component_ids = { components, 1 },
	};
	return wire_encode_to(a, base_room_policy_element, &p, out);
}
