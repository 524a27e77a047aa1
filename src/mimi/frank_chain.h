/* SPDX-License-Identifier: Apache-2.0 */
/* The hub's key of franks, another one for each day: that of a day is made of that of the day before, and
 * nobody makes an earlier one of a later one.  So the oldest that is kept stands for all, and once it moves
 * on nobody proves what was said before, whoever takes the key then. */
#ifndef MIMI_FRANK_CHAIN_H
#define MIMI_FRANK_CHAIN_H

#include "crypto/crypto.h"

enum {
	FRANK_DAYS = 90,                  /* for which franks verify */
	FRANK_STEPS_MAX = 2 * FRANK_DAYS, /* of days further ahead the key is that of this one */
	FRANK_GAP_MAX = 400, /* days at once that it moves; more is a clock that is wrong */
};
/* It holds for any day, and does not move: there was no other before. */
#define FRANK_DAY_ANY UINT32_MAX
#define FRANK_DAY_MS  ((uint64_t)24 * 3600 * 1000)

struct frank_chain {
	uint32_t day; /* since 1970, UTC; the key is that of this day, and of all before */
	uint8_t key[32];
};

uint32_t frank_day(uint64_t ms);
/* The key of the day.  out is a secret. */
uc_err UC_MUST_USE frank_chain_key(const struct frank_chain *c, uint64_t ms, uint8_t out[32]);
/* Is there a key older than need be? */
bool frank_chain_is_due(const struct frank_chain *c, uint64_t now_ms);
/* More than FRANK_GAP_MAX behind: it does not move, since under a clock that is ahead it could not come back;
 * who was away so long makes another key. */
bool frank_chain_is_behind(const struct frank_chain *c, uint64_t now_ms);
/* Forgets it.  One for any day becomes that of today.  UC_E_STALE: it is behind. */
uc_err UC_MUST_USE frank_chain_move(struct frank_chain *c, uint64_t now_ms);

#endif
