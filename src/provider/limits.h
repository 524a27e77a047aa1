/* SPDX-License-Identifier: Apache-2.0 */
/* How often something may be asked: token buckets, by session in memory, by name, account or other
 * app in one bounded table, and by network address in another. */
#ifndef PROVIDER_LIMITS_H
#define PROVIDER_LIMITS_H

#include "base/map.h"

/* X(NAME, how many at once, how many an hour); NETWORK_*: from one network address */
#define PROVIDER_LIMITS(X)                                                      \
	X(REQUEST, 400, 72000)            /* any request of a session */        \
	X(LOOKUP, 20, 60)                 /* look-ups of an account */          \
	X(CODE, 3, 6)                     /* codes asked for by a session */    \
	X(SIGN_UP, 10, 30)                /* sign-ups tried by a session */     \
	X(DIRECTORY, 20, 240)             /* directories for a session */       \
	X(CONSENT, 20, 60)                /* contact requests of an account */  \
	X(ADDRESS, 200, 2000)             /* addresses made by an account */    \
	X(ROOM, 20, 200)                  /* rooms created by an account */     \
	X(MESSAGE, 600, 120000)           /* messages of an account */          \
	X(PEER_LOOKUP, 200, 3600)         /* look-ups relayed by one app */     \
	X(PEER_CONSENT, 200, 3600)        /* consents by one app */             \
	X(UPDATE, 100, 3600)              /* handshakes of an account */        \
	X(GROUP_INFO, 20, 240)            /* group infos for an account */      \
	X(KEY_MATERIAL, 200, 2000)        /* key material for an account */     \
	X(ROOM_MESSAGE, 5000, 1800000)    /* messages in one room */            \
	X(ROOM_UPDATE, 500, 7200)         /* handshakes in one room */          \
	X(PEER_MESSAGE, 50000, 36000000)  /* messages by one app */             \
	X(PEER_UPDATE, 5000, 360000)      /* handshakes by one app */           \
	X(PEER_GROUP_INFO, 200, 7200)     /* group infos for one app */         \
	X(PEER_KEY_MATERIAL, 1000, 36000) /* key material for one app */        \
	X(PEER_START, 2000, 36000)        /* rooms an app brings us into */     \
	X(PEER_ENTRY, 200000, 36000000)   /* entries an app tells us */         \
	X(PEER_SEAT, 5000, 72000)         /* seats an app makes here */         \
	X(ACCOUNT_ASKED, 20, 60)          /* contact requests to one account */ \
	X(NETWORK_SESSION, 200, 7200)     /* not signed in, by network */       \
	X(NETWORK_CODE, 10, 30)           /* the same: codes sent */            \
	X(NETWORK_SIGN_UP, 20, 60)        /* the same: sign-ups, recovery */    \
	X(NETWORK_LOOKUP, 200, 1800)      /* the same: look-ups */

#define PROVIDER_LIMIT_ENUM(name, burst, hour) LIMIT_##name,
enum provider_limit { PROVIDER_LIMITS(PROVIDER_LIMIT_ENUM) LIMITS_N };
#undef PROVIDER_LIMIT_ENUM

/* Zeroed: full. */
struct rate_state {
	uint64_t empty_until_us; /* generic cell rate: the theoretical arrival time */
};
/* As if nothing had been counted: it may be forgotten. */
bool rate_is_full(const struct rate_state *r, uint64_t now_ms);
/* 0: allowed, and counted; else seconds to wait. */
uint32_t rate_take(struct rate_state *r, enum provider_limit limit, uint64_t now_ms);
/* The same for what counts several times. */
uint32_t rate_take_many(struct rate_state *r, enum provider_limit limit, uint32_t units,
			uint64_t now_ms);
/* A message counts once, and once more for each 4 KiB: stores fill by bytes. */
static inline uint32_t rate_units_of(size_t bytes)
{
	return 1 + (uint32_t)(bytes / 4096);
}
/* Takes one back. */
void rate_give(struct rate_state *r, enum provider_limit limit);
/* The same without counting: where only what is accepted counts. */
uint32_t rate_wait(const struct rate_state *r, enum provider_limit limit, uint64_t now_ms);

/* Buckets by key.  Full ones are forgotten; at RATE_KEYS_MAX the table answers as if the bucket
 * were empty rather than grow; or, where it lets pass, as if it were full: what cannot be counted
 * by network address is still counted by all else, and nobody is locked out by a crowd. */
enum { RATE_KEYS_MAX = 100000 };
struct rate_table {
	struct map map;
	uint64_t last_sweep_ms;
	bool lets_pass;
};
uc_err UC_MUST_USE rate_table_init(struct rate_table *t, const struct env *env);
void rate_table_done(struct rate_table *t);
/* Forgets what is full, as each taking does; at most once a minute. */
void rate_table_sweep(struct rate_table *t, uint64_t now_ms);
void rate_table_give(struct rate_table *t, enum provider_limit limit, struct view key);
uint32_t rate_table_take(struct rate_table *t, enum provider_limit limit, struct view key,
			 uint64_t now_ms);
uint32_t rate_table_take_many(struct rate_table *t, enum provider_limit limit, struct view key,
			      uint32_t units, uint64_t now_ms);

#endif
