/* SPDX-License-Identifier: Apache-2.0 */
/* Seats: finding those of clients whose KeyPackages were taken, opening those of our rooms. */
#ifndef CLIENT_SEATS_H
#define CLIENT_SEATS_H

#include "client/client.h"

uc_err UC_MUST_USE seats_drive(struct uc_client *c);
uc_err UC_MUST_USE seat_open(struct uc_client *c, struct room *r);
/* Opens all those at once that were open before, if the app knows how. */
uc_err UC_MUST_USE seats_open(struct uc_client *c);
/* The same behind a sign-in that is not answered yet, as many as a stranger may ask for in one
 * message: where the sign-in is refused, so are they. */
uc_err UC_MUST_USE seats_open_early(struct uc_client *c);
/* The connection went: no seat is open any more. */
void seats_lost(struct uc_client *c);
uc_err UC_MUST_USE seats_ready(struct uc_client *c, struct view body);
uc_err UC_MUST_USE seats_ended(struct uc_client *c, struct view body);
struct room *seat_find(struct uc_client *c, uint32_t seat);
/* struct seat_tbs of this connection, signed by the leaf's key: of the group, or before there is one
 * of the set. */
struct seat_key {
	struct view client, secret;
	struct room_group *group;
	const struct set *set;
};
uc_err UC_MUST_USE seat_sign_as(struct uc_client *c, const struct room *r, const struct seat_key *k,
				struct arena *a, struct view *signature);
/* The same for the room's own place. */
uc_err UC_MUST_USE seat_sign(struct uc_client *c, struct room *r, struct arena *a,
			     struct view *signature);

#endif
