/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/frank_chain.h"

#include "base/secret.h"

uint32_t frank_day(uint64_t ms)
{
	uint64_t day = ms / FRANK_DAY_MS;
	return day < FRANK_DAY_ANY ? (uint32_t)day : FRANK_DAY_ANY - 1;
}

/* What franks are MACs of begins with a tag of 32 bytes: it is never this, which is shorter. */
static uc_err step(uint8_t key[32])
{
	uint8_t next[SHA256_BYTES];
	uc_err err = hmac_sha256(view_make(key, 32), VIEW_LIT("Undercroft next day"), next);
	if (!err)
		memcpy(key, next, sizeof next);
	wipe(next, sizeof next);
	return err;
}

static uc_err go_to(const struct frank_chain *c, uint32_t day, uint8_t out[32])
{
	uint32_t steps = c->day < day ? day - c->day : 0;
	uc_err err = UC_OK;
	if (steps > FRANK_STEPS_MAX)
		steps = FRANK_STEPS_MAX;
	memcpy(out, c->key, sizeof c->key);
	for (uint32_t i = 0; !err && i < steps; i++)
		err = step(out);
	if (err)
		wipe(out, sizeof c->key);
	return err;
}

uc_err frank_chain_key(const struct frank_chain *c, uint64_t ms, uint8_t out[32])
{
	return go_to(c, frank_day(ms), out);
}

/* The first day whose franks still verify. */
static uint32_t first_day(uint64_t now_ms)
{
	uint32_t today = frank_day(now_ms);
	return today > FRANK_DAYS ? today - FRANK_DAYS : 0;
}

bool frank_chain_is_behind(const struct frank_chain *c, uint64_t now_ms)
{
	uint32_t first = first_day(now_ms);
	return c->day != FRANK_DAY_ANY && first > c->day && first - c->day > FRANK_GAP_MAX;
}

bool frank_chain_is_due(const struct frank_chain *c, uint64_t now_ms)
{
	return c->day == FRANK_DAY_ANY ||
	       (c->day < first_day(now_ms) && !frank_chain_is_behind(c, now_ms));
}

uc_err frank_chain_move(struct frank_chain *c, uint64_t now_ms)
{
	struct frank_chain moved = { .day = first_day(now_ms) };
	if (c->day == FRANK_DAY_ANY) {
		c->day = frank_day(now_ms);
		return UC_OK;
	}
	if (c->day >= moved.day)
		return UC_OK;
	if (frank_chain_is_behind(c, now_ms))
		return UC_E_STALE;
	uc_err err = go_to(c, moved.day, moved.key);
	if (!err)
		*c = moved;
	wipe(&moved, sizeof moved);
	return err;
}
