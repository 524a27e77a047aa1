/* SPDX-License-Identifier: Apache-2.0 */
/* How often something may be done: token buckets, one alone or many by key in a bounded table. */
#ifndef BASE_RATE_H
#define BASE_RATE_H

#include "base/map.h"

/* What a bucket holds and how fast it fills.  hour 0: not said, the default holds. */
struct rate {
	uint32_t burst, hour;
};
enum { RATE_MAX = 1000000000 };
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
	/* What was last taken from so long ago is forgotten, full or not; 0: it is not. */
	uint64_t forget_ms;
};
/* Of tables by network address, which are swept once a minute: none is kept for ten minutes after it was
 * there. */
enum { RATE_NETWORK_MS = 9 * 60 * 1000 };
uc_err UC_MUST_USE rate_table_init(struct rate_table *t, const struct env *env,
				   const struct rate *limits);
void rate_table_done(struct rate_table *t);
/* Forgets what is full, as each taking does; at most once a minute. */
void rate_table_sweep(struct rate_table *t, uint64_t now_ms);
void rate_table_give(struct rate_table *t, unsigned limit, struct view key);
uint32_t rate_table_take(struct rate_table *t, unsigned limit, struct view key, uint64_t now_ms);
uint32_t rate_table_take_many(struct rate_table *t, unsigned limit, struct view key, uint32_t units,
			      uint64_t now_ms);

/* Addresses as in net/peer_address.h.  127.0.0.0/8 and ::1 (which is :: once reduced) are this machine
 * itself: its demonstrations, its tests, a proxy that runs on it.  Whoever is there needs no network
 * to ask, and a limit would count all of them as one. */
bool network_is_own_machine(struct view from);

#endif
