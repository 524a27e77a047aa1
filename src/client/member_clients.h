/* SPDX-License-Identifier: Apache-2.0 */
/* Which clients of a member have said whose device they are: somebody who is known may have others beside them
 * that are not, and these are told apart. */
#ifndef CLIENT_MEMBER_CLIENTS_H
#define CLIENT_MEMBER_CLIENTS_H

#include "client/client.h"

struct known_client *member_client_find(const struct member *m, struct view client);
/* That one has introduced itself, as that device.  UC_E_LIMIT: there are too many. */
uc_err UC_MUST_USE member_client_known(struct member *m, struct view client,
				       const uint8_t device_key[ED25519_KEY]);
/* Before and after the leaves of an epoch are gone through; each is seen. */
void member_clients_unsee(struct member *m);
void member_client_see(struct member *m, struct view client);
void member_clients_prune(struct member *m);
/* Unless it is known by its device: one was ended, and this may be its place. */
uc_err UC_MUST_USE member_client_doubt(struct member *m, struct view client);
/* Was it doubted?  Then no device is named. */
bool member_client_is_doubted(const struct known_client *k);
/* Clients of this member that have not said whose they are. */
uint32_t member_clients_unknown(const struct member *m);

#endif
