/* SPDX-License-Identifier: Apache-2.0 */
/* What each role may do: one table, which is both the roles_list component of every room of ours
 * and what its rules ask (draft-ietf-mimi-room-policy-04). */
#ifndef MIMI_ROOM_ROLES_H
#define MIMI_ROOM_ROLES_H

#include "mimi/room.h"

/* May an actor in this role change another's role?  ROLE_NONE: adds and removes. */
bool room_role_may_change(bool direct, uint32_t actor, uint32_t from, uint32_t to);
/* The data of roles_list and base_room_policy. */
uc_err UC_MUST_USE room_roles_encode(bool direct, struct arena *a, struct view *out);
uc_err UC_MUST_USE room_base_policy_encode(bool direct, struct arena *a, struct view *out);

#endif
