/* SPDX-License-Identifier: Apache-2.0 */
/* Places of ours in a room that no device of ours stands behind any more: of one that was ended, or that this one
 * had before; or, once one was ended, of nobody who says whose it is.  Who is alone, after a recovery, has all
 * places but its own from devices that are lost. */
#ifndef CLIENT_OWN_PLACES_H
#define CLIENT_OWN_PLACES_H

#include "client/client.h"

/* Clients to be taken out by a commit of ours, at most so many: none while they may be somebody's.  leaving: this
 * place is to go itself. */
uc_err UC_MUST_USE own_places_stale(struct uc_client *c, struct room *r, bool leaving, size_t max,
				    struct view_list *out);
/* Leaves that show keys of ours which this device does not know (chains.h), and are nobody's any more: not of whoever
 * says which device they are and may have been added by an entry of our list that the app holds back. */
uc_err UC_MUST_USE own_places_strange(struct uc_client *c, struct room *r, size_t max,
				      uint32_t *leaves, size_t *n);

#endif
