/* SPDX-License-Identifier: Apache-2.0 */
/* How often something may be asked: token buckets, by session in memory, by name, account or other
 * app in one bounded table, and by network address in another. */
#ifndef PROVIDER_LIMITS_H
#define PROVIDER_LIMITS_H

#include "base/map.h"

/* X(NAME, key in the configuration, how many at once, how many an hour, what counts): docs and man
 * page are checked against it (scripts/check-man).  Those of a session stand first. */
/* clang-format off */
#define PROVIDER_LIMITS(X) \
	X(REQUEST, request, 400, 72000, "any request of a session") \
	X(CODE, code, 3, 6, "codes asked for by a session") \
	X(SIGN_UP, sign_up, 10, 30, "sign-ups and recoveries tried by a session") \
	X(SIGN_IN, sign_in, 10, 60, "sign-ins tried by a session") \
	X(DIRECTORY, directory, 20, 240, "directories for a session") \
	X(DEVICE, device, 20, 120, "changes of an account's device list") \
	X(VAULT, vault, 60, 600, "vaults put and fetched by an account") \
	X(POOL, pool, 400, 4000, "KeyPackage sets put and taken by an account") \
	X(GRANT, grant, 200, 200, "grants revoked and request keys put by an account") \
	X(LOOKUP, lookup, 20, 60, "look-ups of an account") \
	X(CONSENT, consent, 20, 60, "contact requests of an account") \
	X(ACCOUNT_ASKED, account_asked, 20, 60, "contact requests to one account") \
	X(ADDRESS, address, 200, 2000, "addresses made by an account") \
	X(KEY_MATERIAL, key_material, 200, 2000, "key material for an account") \
	X(ROOM, room, 20, 200, "rooms created by an account") \
	X(UPDATE, update, 100, 3600, "handshakes of an account") \
	X(MESSAGE, message, 600, 120000, "messages of an account") \
	X(GROUP_INFO, group_info, 20, 240, "group infos for an account") \
	X(ROOM_MESSAGE, room_message, 5000, 1800000, "messages in one room") \
	X(ROOM_UPDATE, room_update, 500, 7200, "handshakes in one room") \
	X(PEER_REQUEST, peer_request, 200000, 72000000, "any request of one app") \
	X(PEER_LOOKUP, peer_lookup, 200, 3600, "look-ups relayed by one app") \
	X(PEER_CONSENT, peer_consent, 200, 3600, "consents by one app") \
	X(PEER_KEY_MATERIAL, peer_key_material, 1000, 36000, "key material for one app") \
	X(PEER_MESSAGE, peer_message, 50000, 36000000, "messages by one app") \
	X(PEER_UPDATE, peer_update, 5000, 360000, "handshakes by one app") \
	X(PEER_GROUP_INFO, peer_group_info, 200, 7200, "group infos for one app") \
	X(PEER_START, peer_start, 2000, 36000, "rooms an app brings us into") \
	X(PEER_ENTRY, peer_entry, 200000, 36000000, "entries an app tells us") \
	X(PEER_SEAT, peer_seat, 5000, 72000, "seats an app makes here") \
	X(NAME_TRY, name_try, 10, 30, "changes of name tried by an account") \
	X(NAME_CHANGE, name_change, 3, 1, "changes of an account's name") \
	X(NAME_CODE, name_code, 10, 2, "codes sent to one number or address") \
	X(APP_CODE, app_code, 10000, 5000, "codes sent by the app") \
	X(NETWORK_SESSION, network_session, 200, 7200, \
	  "connections of one network address that do not sign in") \
	X(NETWORK_CODE, network_code, 10, 30, "codes asked for from one network address") \
	X(NETWORK_NAME_CODE, network_name_code, 3, 3, \
	  "codes to one number or address, asked for from one network address") \
	X(NETWORK_SIGN_UP, network_sign_up, 20, 60, \
	  "sign-ups and recoveries from one network address") \
	X(NETWORK_LOOKUP, network_lookup, 200, 1800, "look-ups from one network address")
/* clang-format on */

#define PROVIDER_LIMIT_ENUM(name, key, burst, hour, text) LIMIT_##name,
enum provider_limit { PROVIDER_LIMITS(PROVIDER_LIMIT_ENUM) LIMITS_N };
enum { LIMITS_OF_SESSION = LIMIT_DIRECTORY + 1 };
#undef PROVIDER_LIMIT_ENUM

/* What a bucket holds and how fast it fills.  hour 0: not said, the default holds. */
struct rate {
	uint32_t burst, hour;
};
enum { RATE_MAX = 1000000000 };
extern const struct rate limits_default[LIMITS_N];
/* Can be counted with: 1 to RATE_MAX, and full again within a day, since what takes longer is not
 * remembered. */
static inline bool rate_is_valid(const struct rate *r)
{
	return r->burst && r->hour && r->burst <= RATE_MAX && r->hour <= RATE_MAX &&
	       r->burst <= (uint64_t)24 * r->hour;
}

/* Zeroed: full. */
struct rate_state {
	uint64_t empty_until_us; /* generic cell rate: the theoretical arrival time */
};
/* As if nothing had been counted: it may be forgotten. */
bool rate_is_full(const struct rate_state *r, uint64_t now_ms);
/* 0: allowed, and counted; else seconds to wait. */
uint32_t rate_take(struct rate_state *r, const struct rate *limit, uint64_t now_ms);
/* The same for what counts several times. */
uint32_t rate_take_many(struct rate_state *r, const struct rate *limit, uint32_t units,
			uint64_t now_ms);
/* A message counts once, and once more for each 4 KiB: stores fill by bytes. */
static inline uint32_t rate_units_of(size_t bytes)
{
	return 1 + (uint32_t)(bytes / 4096);
}
/* Takes one back. */
void rate_give(struct rate_state *r, const struct rate *limit);
/* The same without counting: where only what is accepted counts. */
uint32_t rate_wait(const struct rate_state *r, const struct rate *limit, uint64_t now_ms);

/* Buckets by key.  Full ones are forgotten; at RATE_KEYS_MAX the table answers as if the bucket
 * were empty rather than grow; or, where it lets pass, as if it were full: what cannot be counted
 * by network address is still counted by all else, and nobody is locked out by a crowd. */
enum { RATE_KEYS_MAX = 100000 };
struct rate_table {
	struct map map;
	const struct rate *limits; /* LIMITS_N of them; the caller's, and may change */
	uint64_t last_sweep_ms;
	bool lets_pass;
};
uc_err UC_MUST_USE rate_table_init(struct rate_table *t, const struct env *env,
				   const struct rate *limits);
void rate_table_done(struct rate_table *t);
/* Forgets what is full, as each taking does; at most once a minute. */
void rate_table_sweep(struct rate_table *t, uint64_t now_ms);
void rate_table_give(struct rate_table *t, enum provider_limit limit, struct view key);
uint32_t rate_table_take(struct rate_table *t, enum provider_limit limit, struct view key,
			 uint64_t now_ms);
uint32_t rate_table_take_many(struct rate_table *t, enum provider_limit limit, struct view key,
			      uint32_t units, uint64_t now_ms);

#endif
