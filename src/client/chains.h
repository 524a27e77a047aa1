/* SPDX-License-Identifier: Apache-2.0 */
/* The next keys of our participants (decision 0161).  A device that is ended has a participant's key of
 * each room; so another of ours makes the next one, puts it into the vault, and shows it in the tree of
 * the room once the app has that.  From then on nobody comes in by the key before. */
#ifndef CLIENT_CHAINS_H
#define CLIENT_CHAINS_H

#include "client/vault_inside.h"

/* Makes the next keys where a device was ended that has the last one, and takes up those that the vault has. */
uc_err UC_MUST_USE chains_drive(struct uc_client *c);
/* The room has a participant whose key nobody else has had yet. */
void chain_begin(struct uc_client *c, struct room *r);
/* Another one, of which nothing is known but the first key. */
void chain_forget(struct room *r);

/* --- in the room: of one whose group is here --- */

/* The next key is about to be there: what it goes with waits for it, a moment. */
bool chain_comes(struct uc_client *c, struct room *r);
/* What another device has made is still to be read, and can be now. */
bool chain_is_unread(struct uc_client *c);
/* Is it on this device to show a key that the tree lacks? */
bool chain_is_due(struct uc_client *c, struct room *r);
/* The tree has keys that we do not know yet: no commit of ours would be taken. */
bool chain_is_behind(struct uc_client *c, struct room *r);
/* Does that place show keys that we do not know? */
bool chain_is_strange(struct uc_client *c, struct room *r, uint32_t leaf);
/* We are behind the tree, and not because we have not heard yet: may others be asked to take such places out?
 * A few times for each key that we know, since the start. */
bool chain_may_ask(struct uc_client *c, struct room *r);
/* The vault was read anew just now, and has the keys that we know, those alone.  Begins that where it was not. */
bool chain_is_read(struct uc_client *c, struct room *r);
/* They were asked.  Once it is done ours is shown at once, before somebody comes back by another. */
void chain_asked(struct uc_client *c, struct room *r);
/* A commit was not to be made: the next one waits so long, or, behind the tree, up to an hour. */
uint64_t chain_refused_ms(struct uc_client *c, struct room *r, uint64_t ms);

/* --- in the vault --- */

uc_err UC_MUST_USE vault_collect_chain(struct uc_client *c, const struct room *r);
/* Is it of a place of the list that we have read?  Of another it is neither kept nor applied. */
bool vault_chain_is_known(struct uc_client *c, const struct vault_row *in);
/* Of two rows of one room: the longer one; of two that part, whichever the tree shows, else what the app has. */
bool vault_chain_stands(struct uc_client *c, const struct vault_row *in,
			const struct kept_row *known);

#endif
