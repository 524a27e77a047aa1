/* SPDX-License-Identifier: Apache-2.0 */
/* Participants made in advance, and their KeyPackage sets in the app's pool.
 *
 * A set is either free for this device's own use (answers, rooms it makes) or given away inside a
 * key address; never both, so that a set taken by us cannot have been released to another. */
#ifndef CLIENT_POOL_H
#define CLIENT_POOL_H

#include "client/client.h"
#include "mimi/sealed.h"

enum {
	POOL_WANTED = 20,      /* sets kept in the pool, free ones */
	POOL_LOW = 12,         /* fewer than that: made up again */
	KEY_ADDRESS_BATCH = 8, /* that a contact has of a device, at most (contact_share) */
};

uc_err UC_MUST_USE pool_drive(struct uc_client *c);
uc_err UC_MUST_USE pool_set_taken(struct uc_client *c, struct view body);
/* A free set, reserved for our own use from now on; UC_E_EXHAUSTED without one: one is made. */
uc_err UC_MUST_USE pool_reserve(struct uc_client *c, struct set **out);
/* Up to `want` free sets, in_flight until the caller has made addresses of them or given up. */
size_t pool_lend(struct uc_client *c, struct set **out, size_t want);
bool pool_has_free(const struct uc_client *c);
/* NULL when there is none. */
struct set *pool_find(struct uc_client *c, const uint8_t set_id[SET_ID]);
struct set *pool_find_client(struct uc_client *c, struct view client);
void set_change(struct set *s, uint8_t state);

#endif
