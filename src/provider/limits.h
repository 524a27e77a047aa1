/* SPDX-License-Identifier: Apache-2.0 */
/* How often something may be asked: token buckets, by session in memory, by name, account or other
 * app in one bounded table, and by network address in another. */
#ifndef PROVIDER_LIMITS_H
#define PROVIDER_LIMITS_H

#include "base/rate.h"

/* X(NAME, key in the configuration, how many at once, how many an hour, what counts): docs and man
 * page are checked against it (scripts/check-man).  Those of a session stand first. */
/* clang-format off */
#define PROVIDER_LIMITS(X) \
	X(REQUEST, request, 1000, 180000, "any request of a session") \
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
	X(TOKEN, token, 20, 60, "draws of tokens of an account") \
	X(ACCOUNT_ASKED, account_asked, 20, 60, "contact requests to one account") \
	X(CONTACT_CODE, contact_code, 100, 1000, "wrong contact codes for one account") \
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
	X(PEER_TOKEN, peer_token, 200, 3600, "tokens redeemed for one app") \
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
	X(REPORT, report, 20, 1, "reports of an account") \
	X(PEER_REPORT, peer_report, 200, 200, "reports, and confirmations for them, by one app") \
	X(ATTACHMENT_PUT, attachment_put, 1024, 256, "parts of 128 KiB that an account puts") \
	X(ATTACHMENT_GET, attachment_get, 4096, 8192, "parts of 128 KiB that an account fetches") \
	X(PEER_ATTACHMENT, peer_attachment, 20000, 400000, "parts of 128 KiB that one app fetches") \
	X(ANYBODY_ATTACHMENT, anybody_attachment, 512, 8192, \
	  "parts of 128 KiB that are fetched by nobody's app, of all together") \
	X(DISCOVERY, discovery, 20, 60, "batches of numbers an account asks about") \
	X(FILTER, filter, 1000, 2000, "parts of filters for an account") \
	X(PEER_NUMBERS, peer_numbers, 50000, 5000, \
	  "blinded numbers one app has us evaluate with its half of a key") \
	X(NETWORK_SESSION, network_session, 200, 7200, \
	  "connections of one network address that do not sign in") \
	X(NETWORK_HTTP, network_http, 600, 36000, \
	  "pages and other anonymous HTTP requests of one network address, at each thread") \
	X(NETWORK_CODE, network_code, 10, 30, "codes asked for from one network address") \
	X(NETWORK_NAME_CODE, network_name_code, 3, 3, \
	  "codes to one number or address, asked for from one network address") \
	X(NETWORK_SIGN_UP, network_sign_up, 20, 60, \
	  "sign-ups and recoveries from one network address") \
	X(PAIR, pair, 20, 60, "codes of further devices that an account tries") \
	X(NETWORK_PAIR, network_pair, 20, 60, "further devices that wait at one network address") \
	X(NETWORK_LOOKUP, network_lookup, 200, 1800, "look-ups from one network address")
/* clang-format on */

#define PROVIDER_LIMIT_ENUM(name, key, burst, hour, text) LIMIT_##name,
enum provider_limit { PROVIDER_LIMITS(PROVIDER_LIMIT_ENUM) LIMITS_N };
enum { LIMITS_OF_SESSION = LIMIT_DIRECTORY + 1 };
#undef PROVIDER_LIMIT_ENUM

extern const struct rate limits_default[LIMITS_N];
/* What was said, or the default. */
static inline struct rate limit_or_default(const struct rate *said, enum provider_limit limit)
{
	static const struct rate defaults[LIMITS_N] = {
#define PROVIDER_LIMIT_RATE(name, key, burst, hour, text) { burst, hour },
		PROVIDER_LIMITS(PROVIDER_LIMIT_RATE)
#undef PROVIDER_LIMIT_RATE
	};
	return said->hour ? *said : defaults[limit];
}

/* A message counts once, and once more for each 4 KiB: stores fill by bytes. */
static inline uint32_t rate_units_of(size_t bytes)
{
	return 1 + (uint32_t)(bytes / 4096);
}

/* How handles are kept from others; 0: the default. */
enum { HANDLE_HOLD_DAYS = 30, HANDLES_HELD = 3, HANDLE_REST_DAYS = 90 };
struct provider_handles {
	unsigned hold_days; /* one that its account has left, for this account */
	unsigned held;      /* of those, for one account at once */
	unsigned rest_days; /* that of a deleted account */
};

/* How first contact is ruled; said by the operator. */
enum { REQUESTS_DAY = 20, MINOR_ASKED_DAY = 10 };
struct provider_contact {
	bool grown_ups; /* who has not said their age counts as 18 or above; else as unknown */
	bool new_ask;   /* an account of less than a day asks strangers, too */
	unsigned day;   /* requests of an account a day, a quarter of it at first; 0: the default */
	unsigned minor_day; /* requests to one below 18 a day, of all others; 0: the default */
};

/* Services whose word about ages an app believes (mimi/age_statement.h); one that has changed its key is
 * there twice for a while. */
enum { AGE_SERVICES_MAX = 16, AGE_SERVICE_NAME = 65 };
struct provider_age_service {
	char name[AGE_SERVICE_NAME];
	uint8_t key[32]; /* Ed25519 */
};
struct provider_ages {
	struct provider_age_service v[AGE_SERVICES_MAX];
	size_t n;
};

#endif
