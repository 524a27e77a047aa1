/* SPDX-License-Identifier: Apache-2.0 */
/* A decrypted message of somebody else: shown, or acted upon. */
#ifndef CLIENT_RECEIVED_H
#define CLIENT_RECEIVED_H

#include "client/room_group.h"

/* In a shadow, what the room's first place has not seen itself is taken for that one. */
uc_err UC_MUST_USE received(struct uc_client *c, struct room *r, const struct room_entry *e,
			    uint64_t seq);

#endif
