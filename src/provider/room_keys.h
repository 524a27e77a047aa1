/* SPDX-License-Identifier: Apache-2.0 */
/* The hub's keys, of which a room names the ones that hold there. */
#ifndef PROVIDER_ROOM_KEYS_H
#define PROVIDER_ROOM_KEYS_H

#include "provider/room_work.h"

uc_err UC_MUST_USE room_hub_key(struct provider *p, struct room_live *r,
				const struct sign_key **out);
uc_err UC_MUST_USE room_franking_key(struct provider *p, struct room_live *r,
				     const struct sign_key **out);
/* Proposes those of now, where the room names those before and they are not proposed yet. */
uc_err UC_MUST_USE room_keys_propose(struct log_step *s, uint64_t timestamp);
void room_keys_tick(struct provider *p, uint64_t now_ms, struct slice *s);
/* May a room be made that names these?  UC_E_POLICY. */
uc_err UC_MUST_USE room_keys_admit(struct provider *p, const struct room_state *r);

#endif
