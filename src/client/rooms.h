/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms: made, found, joined, left; their members as this device knows them. */
#ifndef CLIENT_ROOMS_H
#define CLIENT_ROOMS_H

#include "client/client.h"

uc_err UC_MUST_USE rooms_drive(struct uc_client *c);
/* Of the room of that URI. */
struct uc_id room_id(struct view uri);
struct room *room_find(struct uc_client *c, const struct uc_id *id);
static inline bool room_is_open(const struct room *r)
{
	return r->state == ROOM_OPEN && r->group;
}

/* A new room of ours, created at our app as soon as we are signed in. */
uc_err UC_MUST_USE rooms_create(struct uc_client *c, bool direct, const char *name,
				struct room **out);
/* Open or being made, and shown: else UC_E_CLOSED. */
uc_err UC_MUST_USE room_usable(struct uc_client *c, const struct uc_id *id, struct room **out);
/* The room whose second place a shadow is; NULL when there is none any more. */
struct room *room_main(struct uc_client *c, const struct room *shadow);
/* We are in that group as the account, in a place that all our devices keep before the one of this
 * participant.  places.c */
bool places_has_better(const struct uc_client *c, const char *uri, struct view participant);
/* Another place of ours in that room tells this message, or has told it: none does so twice but for what a
 * persona reads, which is to behave as if alone.  seq: where it stands in the log. */
bool places_tell(struct uc_client *c, struct room *r, const struct uc_id *message, uint64_t seq);
/* r is one of ours from now on: of several, one is kept. */
uc_err UC_MUST_USE places_settle(struct uc_client *c, struct room *r);
/* A seat of the set's client exists in that room: somebody added us. */
uc_err UC_MUST_USE rooms_found(struct uc_client *c, struct set *s, struct view uri);
/* Of the first place there. */
struct uc_id room_id(struct view uri);
/* In the client's list, with a number; NULL without memory or for a URI that is too long. */
struct room *room_new(struct uc_client *c, struct view uri, const struct uc_id *id);
/* One that the vault has kept, and whose group is lost with all our devices: it is joined anew.  *out is
 * NULL when this device is there already.  rooms_restored.c */
uc_err UC_MUST_USE rooms_restore(struct uc_client *c, const struct vault_room *in,
				 struct room **out);
/* Somebody who is expected there. */
uc_err UC_MUST_USE room_member_restore(struct uc_client *c, struct room *r, struct view participant,
				       const struct uc_id *contact, bool admitted);
/* The first opening brought the Welcome. */
uc_err UC_MUST_USE rooms_welcome(struct uc_client *c, struct room *r,
				 const struct seat_open_response *in);
/* We are in, by a Welcome or anew: members, and ourselves to them. */
uc_err UC_MUST_USE rooms_entered(struct uc_client *c, struct room *r);
/* A room that was held back is shown from now on. */
uc_err UC_MUST_USE rooms_shown(struct uc_client *c, struct room *r);
/* Our part of the group's state is not the one the others know: nothing is sent from it, and the
 * room is joined anew.  entry: which showed it, or NULL. */
void room_lost(struct uc_client *c, struct room *r, uc_err why, const struct log_entry *entry);
/* Our leaf is gone; with other devices of ours there it may be this one alone, which the hub will say. */
void rooms_removed(struct uc_client *c, struct room *r, const struct log_entry *entry);
/* We are no member any more. */
void rooms_left(struct uc_client *c, struct room *r);
/* Out of a room: at once where nobody is to be told, else by a proposal to leave. */
uc_err UC_MUST_USE rooms_close(struct uc_client *c, struct room *r, uc_op op);
bool room_has_others(const struct room *r);
/* Who just goes leaves a place behind that somebody may speak to: others, who a commit of ours under way may be
 * bringing in, or who another device of ours, which is or comes there. */
bool room_misses_us(struct uc_client *c, const struct room *r);
/* The account is to go: leave everything. */
void rooms_leave_all(struct uc_client *c);
bool rooms_all_left(const struct uc_client *c);

/* --- members --- */

/* After each epoch: members as the tree has them. */
uc_err UC_MUST_USE room_members_sync(struct uc_client *c, struct room *r);
struct member *room_member_find(const struct room *r, struct view participant);
struct uc_id member_id(const struct room *r, struct view participant);
/* "someone from APP, not introduced", the name, or what a persona is shown as; in a buffer of the
 * caller. */
const char *member_name(const struct uc_client *c, const struct member *m, char *buffer, size_t n);
enum { MEMBER_NAME_BYTES = PROFILE_BYTES + DOMAIN_MAX + 64 };

void room_changed(struct uc_client *c, struct room *r, struct view what);
/* By that member, or about them. */
void room_changed_by(struct uc_client *c, struct room *r, struct view participant,
		     struct view what);
struct uc_id id_of(const char *label, struct view a, struct view b);
/* APP of mimi://APP/...; empty when it is no such URI. */
struct view uri_domain(struct view uri);

#endif
