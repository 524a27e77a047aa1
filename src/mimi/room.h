/* SPDX-License-Identifier: Apache-2.0 */
/* A room's public state, as it stands in the GroupContext, and its rules: who is a participant in
 * which role, and what each may change (draft-ietf-mimi-protocol-06, 5; draft-ietf-mimi-room-policy).
 *
 * Everything is decided from the group's public state alone, so hub, followers and members use the
 * same hooks and come to the same answer.  docs/rooms.md tells the rules in words. */
#ifndef MIMI_ROOM_H
#define MIMI_ROOM_H

#include "mimi/participant.h"
#include "mimi/protocol.h"
#include "mls/group_hooks.h"
#include "mls/key_package.h"

enum {
	COMPONENT_PARTICIPANT_LIST = 0x0022,
	COMPONENT_ROOM_METADATA = 0x0023,
	COMPONENT_ROLES_LIST = 0x0025,
	COMPONENT_BASE_ROOM_POLICY = 0x0027,
	ROOM_PARTICIPANTS_MAX = 5000,
	ROOM_CLIENTS_MAX = 10000,
	ROOM_DEVICES_MAX = 64, /* clients of one participant */
	ROOM_JOINED_MAX = 8,   /* ... from which on none comes beside them by itself */
};

enum room_role {
	ROLE_NONE = 0,      /* no participant */
	ROLE_BANNED = 1,    /* listed without a client, so that nobody adds it again */
	ROLE_MEMBER = 2,    /* writes, leaves, adds in groups */
	ROLE_MODERATOR = 3, /* removes members of groups */
	ROLE_OWNER = 4,     /* the creator; removes and appoints anyone in groups */
};

struct user_role_pair {
	struct view user; /* participant URI */
	uint32_t role_index;
};
struct user_role_pair_list {
	struct user_role_pair *v;
	size_t n;
};
struct participant_list_data {
	struct user_role_pair_list participants;
};
void participant_list_data_element(struct wire *w, void *v);
struct userindex_role_pair {
	uint32_t user_index, role_index;
};
struct userindex_role_pair_list {
	struct userindex_role_pair *v;
	size_t n;
};
/* Role changes, then removals (indices into the list there is), then additions. */
struct participant_list_update {
	struct userindex_role_pair_list changed_role_participants;
	struct u32_list removed_indices;
	struct user_role_pair_list added_participants;
};
void participant_list_update_element(struct wire *w, void *v);
/* The AppDataUpdate that says it. */
uc_err UC_MUST_USE participant_list_propose(const struct participant_list_update *u,
					    struct arena *a, struct proposal *out);

/* --- making a room --- */

struct room_terms {
	struct view room;         /* its URI, which is also the group id */
	bool direct;              /* of two participants, never more */
	struct view hub_domain;   /* the app that hosts it */
	struct view hub_key;      /* Ed25519: external_senders[0] */
	struct view franking_key; /* Ed25519 */
	struct view creator;      /* participant URI: owner */
};
/* Everything of the first epoch's GroupContext, in the arena: required_capabilities,
 * external_senders, app_data_dictionary. */
uc_err UC_MUST_USE room_context_extensions(const struct room_terms *t, struct arena *a,
					   struct extension_list *out);
/* Credential, capabilities and extensions of a leaf of this client, which carries this participant
 * component (participant_prove); everything lies in the arena or is borrowed. */
uc_err UC_MUST_USE room_leaf_parameters(const struct sign_key *leaf_key, struct view client,
					struct view participant_component, struct arena *a,
					struct leaf_parameters *out);

/* The rules for a leaf by itself, as the hooks ask them.  UC_E_PROOF, UC_E_UNSUPPORTED. */
uc_err UC_MUST_USE room_leaf_check(const struct leaf_node *leaf);

/* --- reading one --- */

struct room_state {
	struct view room;
	bool direct;
	struct view hub_domain, hub_key, franking_key;
	struct user_role_pair_list participants;
	struct user_role_pair_list by_uri; /* the same, sorted */
};
/* UC_E_POLICY when the context is not that of a room of ours.  Borrows from the group. */
uc_err UC_MUST_USE room_state_read(const struct group_view *g, struct arena *a,
				   struct room_state *out);
/* A state taken over as a whole, by a Welcome or a GroupInfo: is everything as the rules would have
 * left it?  To be asked right after group_join, public_group_new and the like, which ask the hooks
 * about each leaf alone. */
uc_err UC_MUST_USE room_check(const struct group_view *g);
/* ROLE_NONE when it is no participant. */
uint32_t room_role_of(const struct room_state *r, struct view participant);
bool room_role_may_send(uint32_t role);
/* What a hub whose keys have changed proposes to a room that still names those before: a
 * GroupContextExtensions with the hub's key alone, and an AppDataUpdate with the franking key alone.
 * Nothing else in either changes. */
uc_err UC_MUST_USE room_hub_key_propose(const struct room_state *r, struct view hub_key,
					struct arena *a, struct proposal *out);
uc_err UC_MUST_USE room_franking_key_propose(const struct room_state *r, struct view franking_key,
					     struct arena *a, struct proposal *out);
/* Is it one of these two, of a room in that state?  UC_E_POLICY. */
uc_err UC_MUST_USE room_keys_check(const struct room_state *r, const struct proposal *p,
				   struct arena *a);
/* Apps with at least one leaf, each once. */
uc_err UC_MUST_USE room_domains(const struct group_view *g, struct arena *a, struct view_list *out);

/* --- changing one --- */

/* The AppDataUpdate for the participant list that must stand beside these proposals, given by value
 * or waiting, in a commit (group_fitting tells which).  joiner: the participant who joins by an
 * external commit, or NULL.  *needed false: nothing changes. */
uc_err UC_MUST_USE room_list_follow(const struct group_view *g, const struct room_state *r,
				    const struct proposal_view_list *proposals,
				    const struct view *joiner, struct arena *a,
				    struct proposal *out, bool *needed);
/* With these roles beside it, of participants who are in the room and stay: those who have theirs already change
 * nothing.  UC_E_NOT_FOUND: one of them goes, or is none; UC_E_LAST_OWNER: a room that has an owner would
 * have none. */
uc_err UC_MUST_USE room_list_change(const struct group_view *g, const struct room_state *r,
				    const struct proposal_view_list *proposals,
				    const struct view *joiner,
				    const struct user_role_pair_list *roles, struct arena *a,
				    struct proposal *out, bool *needed);
/* The roles that such an update changes.  Borrows from the state. */
uc_err UC_MUST_USE room_roles_changed(const struct room_state *before,
				      const struct app_data_update *update, struct arena *a,
				      struct user_role_pair_list *out);
/* The same where it is known who comes (as members; those who are listed already change nothing)
 * and who goes. */
struct room_list_wish {
	struct view_list added, removed;
	struct user_role_pair_list roles;
};
uc_err UC_MUST_USE room_participants_update(const struct room_state *r,
					    const struct room_list_wish *wish, struct arena *a,
					    struct proposal *out, bool *needed);

/* Rules for public groups and members; UC_E_POLICY where nothing else is said.
 * leaf       credential and proof (UC_E_PROOF); understands what rooms need (UC_E_UNSUPPORTED)
 * proposal   who may propose what by itself: the hub, Remove and its own other keys; a member, SelfRemove, Remove as its
 *            role or participant allows, and Update that changes nothing but the encryption key
 *            (or takes over the chain of keys that stands in the tree already)
 * change     by value: Add, Remove, one AppDataUpdate of the list.  After the commit each leaf's
 *            participant is listed and each listed one has a leaf, whoever took the leaf away; so
 *            the committer changes the list for proposals that waited, too.  The committer's role
 *            allows every change; direct rooms have two participants at most, and only the first
 *            commit of their owner adds the second; own clients may always be added and removed; an
 *            external joiner replaces a leaf of its own participant (resync).  New leaves extend or
 *            equal the longest chain of their participant (UC_E_PROOF)
 * component  the participant list changes by participant_list_update, the franking agent as the hub
 *            has proposed; other components of ours do not change */
extern const struct group_hooks room_hooks;

#endif
