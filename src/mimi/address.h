/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses an app gives out and keeps no record of: sealed under a key of its own, each kind of one
 * length, each different (identity.md, Addresses).  Opening one is the only way from outside to an
 * account. */
#ifndef MIMI_ADDRESS_H
#define MIMI_ADDRESS_H

#include "crypto/crypto.h"
#include "mimi/frames.h"
#include "mimi/room_tag.h"
#include "mimi/uri.h"

/* For asking: the answer to a look-up, a link, a reply address. */
struct request_address {
	uint8_t account_id[ACCOUNT_ID];
	uint8_t channel; /* enum request_channel */
	uint64_t expires_ms;
	uint32_t era; /* of the account: raising it voids the addresses made before */
	/* Of a link: what it is taken back by; of a look-up: which contact code was given; for a reply:
	 * the tag of the card that goes with it (mimi/card.h). */
	uint8_t grant_id[GRANT_ID];
};
/* For adding: reserves one KeyPackage set. */
struct key_address {
	uint8_t account_id[ACCOUNT_ID];
	uint8_t set_id[SET_ID];
	uint8_t set_key[ADDRESS_SET_KEY];
	uint8_t grant_id[GRANT_ID];
	uint64_t expires_ms;
	uint32_t era;
	uint8_t room_tag[ROOM_TAG]; /* the only room it is good for; zero: any */
};

/* URIs of the app `domain`, in the arena. */
uc_err UC_MUST_USE request_address_seal(const struct env *env, struct view address_key,
					struct view domain, const struct request_address *in,
					struct arena *a, struct view *uri);
uc_err UC_MUST_USE key_address_seal(const struct env *env, struct view address_key,
				    struct view domain, const struct key_address *in,
				    struct arena *a, struct view *uri);
/* UC_E_ADDRESS for whatever is wrong with it, its age included. */
uc_err UC_MUST_USE request_address_open(struct view address_key, struct view domain,
					struct view uri, uint64_t now_ms,
					struct request_address *out);
uc_err UC_MUST_USE key_address_open(struct view address_key, struct view domain, struct view uri,
				    uint64_t now_ms, struct key_address *out);

#endif
