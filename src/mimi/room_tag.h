/* SPDX-License-Identifier: Apache-2.0 */
/* What a key address keeps of the only room it is for.  Two addresses of one room have nothing in common for
 * whoever has no set key, and whoever has one can only try rooms. */
#ifndef MIMI_ROOM_TAG_H
#define MIMI_ROOM_TAG_H

#include "mimi/frames.h"

enum { ADDRESS_SET_KEY = 32 };

uc_err UC_MUST_USE room_tag_make(const uint8_t set_key[ADDRESS_SET_KEY], struct view room,
				 uint8_t out[ROOM_TAG]);
/* Of no room: it is good for any. */
bool room_tag_is_any(const uint8_t tag[ROOM_TAG]);

#endif
