/* SPDX-License-Identifier: Apache-2.0 */
/* What the two sides of guardians share: the ward's (guardian.c), the guardian's (wards.c), and what
 * their owners ask for (guardian_calls.c). */
#ifndef CLIENT_GUARDIAN_INSIDE_H
#define CLIENT_GUARDIAN_INSIDE_H

#include "client/client.h"
#include "client/control.h"

/* UC_EVENT_GUARDIAN. */
void guardian_tell(struct uc_client *c, const struct uc_id *contact, const char *what);
/* The open direct room with that contact; NULL without one. */
struct room *guardian_room(struct uc_client *c, const struct uc_id *contact);
uc_err UC_MUST_USE guardian_send(struct uc_client *c, struct room *r, uint8_t step,
				 struct view offer, struct view body);

/* The guardian's word about a request or a room, or the end of waiting for it. */
uc_err UC_MUST_USE guardian_answered(struct uc_client *c, const struct uc_id *of, bool agrees);

/* --- wards.c: for the guardian --- */

uc_err UC_MUST_USE ward_offer_in(struct uc_client *c, const struct contact *k, struct view offer);
/* Another device of the guardian looks after that one no more. */
void ward_forget(struct guardianship *g, const struct uc_id *contact);
uc_err UC_MUST_USE ward_ask_in(struct uc_client *c, const struct contact *k, struct view offer,
			       struct view ask);

#endif
