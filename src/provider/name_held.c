/* SPDX-License-Identifier: Apache-2.0 */
/* Handles that accounts have left are kept from others for a while, but only so many for one account at
 * once: each takes one of its slots, which are stored, so that no restart gives any back. */
#include "provider/account_names.h"

enum { HELD_TAG = 5 /* in TABLE_SPENT, beside those of spent.h; with the slot's number */ };

bool held_is_slot(struct view kind)
{
	return kind.n == 2 && kind.p[0] == HELD_TAG;
}

static struct view slot_key(struct store_key *k, struct view account_id, unsigned slot)
{
	const uint8_t tag[2] = { HELD_TAG, (uint8_t)slot };
	return key_2(k, TABLE_SPENT, account_id, VIEW_OF(tag));
}

/* Until when the slot is in use, in microseconds; 0: it is not. */
static uc_err slot_read(struct provider *p, struct view account_id, unsigned slot, struct arena *a,
			uint64_t *until_us)
{
	struct store_key k;
	struct spent_record r = { 0 };
	bool found;
	TRY(record_find(p->accounts, slot_key(&k, account_id, slot), spent_record_element, a, &r,
			&found));
	*until_us = found && r.empty_until_us > env_now_ms(p->env) * 1000 ? r.empty_until_us : 0;
	return UC_OK;
}

/* The slot that ends first; one that is not in use, if there is one. */
static uc_err first_ending(struct provider *p, struct view account_id, bool is_used,
			   struct arena *a, unsigned *slot, uint64_t *until_us)
{
	uint64_t until;
	*until_us = UINT64_MAX;
	for (unsigned i = 0; i < HELD_SLOTS_MAX; i++) {
		/* More than there may be now may be in use, of when there might be more. */
		if (i >= p->handles.held && !is_used)
			break;
		TRY(slot_read(p, account_id, i, a, &until));
		if ((is_used && !until) || until >= *until_us)
			continue;
		*slot = i;
		*until_us = until;
	}
	return UC_OK;
}

uc_err held_take(struct provider *p, struct store_batch *b, struct view account_id, bool is_back,
		 struct arena *a, uint32_t *wait_s)
{
	struct store_key k;
	struct spent_record r = { 0 };
	uint64_t now_ms = env_now_ms(p->env), until_us = UINT64_MAX;
	unsigned slot = 0;
	if (is_back)
		TRY(first_ending(p, account_id, true, a, &slot, &until_us));
	if (until_us == UINT64_MAX) {
		TRY(first_ending(p, account_id, false, a, &slot, &until_us));
		if (until_us) {
			*wait_s = (uint32_t)((until_us / 1000 - now_ms) / 1000 + 1);
			return UC_OK;
		}
	}
	r.empty_until_us = (now_ms + (uint64_t)p->handles.hold_days * DAY_MS) * 1000;
	return record_put(b, slot_key(&k, account_id, slot), spent_record_element, &r);
}
