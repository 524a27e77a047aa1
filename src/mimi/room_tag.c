/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/room_tag.h"

#include "crypto/crypto.h"

uc_err room_tag_make(const uint8_t set_key[ADDRESS_SET_KEY], struct view room,
		     uint8_t out[ROOM_TAG])
{
	static const char label[] = "Undercroft room tag";
	const struct view parts[] = { { (const uint8_t *)label, sizeof label },
				      { set_key, ADDRESS_SET_KEY },
				      room };
	uint8_t hash[SHA256_BYTES];
	TRY(sha256_parts(parts, 3, hash));
	memcpy(out, hash, ROOM_TAG);
	return UC_OK;
}

bool room_tag_is_any(const uint8_t tag[ROOM_TAG])
{
	static const uint8_t any[ROOM_TAG];
	return view_equal_ct(VIEW_OF(any), (struct view){ tag, ROOM_TAG });
}
