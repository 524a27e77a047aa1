/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/spent.h"

static enum provider_limit limit_of(enum spent_kind kind)
{
	switch (kind) {
#define SPENT_LIMIT(name, tag, limit) \
	case SPENT_##name:            \
		return LIMIT_##limit;
		PROVIDER_SPENT(SPENT_LIMIT)
#undef SPENT_LIMIT
	}
	return LIMIT_REQUEST;
}

uc_err spent_take(struct provider *p, struct store_batch *b, struct view subject,
		  enum spent_kind kind, struct arena *a, uint32_t *wait_s)
{
	return spent_take_many(p, b, subject, kind, 1, a, wait_s);
}

uc_err spent_take_many(struct provider *p, struct store_batch *b, struct view subject,
		       enum spent_kind kind, uint32_t units, struct arena *a, uint32_t *wait_s)
{
	const uint8_t tag = (uint8_t)kind;
	struct store_key k;
	struct spent_record r = { 0 };
	bool found;
	struct view key = key_2(&k, TABLE_SPENT, subject, view_make(&tag, 1));
	TRY(record_find(p->accounts, key, spent_record_element, a, &r, &found));
	struct rate_state state = { found ? r.empty_until_us : 0 };
	*wait_s = rate_take_many(&state, &p->config.limits[limit_of(kind)], units,
				 env_now_ms(p->env));
	if (*wait_s)
		return UC_OK;
	r.empty_until_us = state.empty_until_us;
	return record_put(b, key, spent_record_element, &r);
}

uc_err spent_now(struct provider *p, struct view subject, enum spent_kind kind, struct arena *a,
		 uint32_t *wait_s)
{
	return spent_now_many(p, subject, kind, 1, a, wait_s);
}

uc_err spent_now_many(struct provider *p, struct view subject, enum spent_kind kind, uint32_t units,
		      struct arena *a, uint32_t *wait_s)
{
	struct store_batch b;
	store_batch_init(&b, subject);
	uc_err err = spent_take_many(p, &b, subject, kind, units, a, wait_s);
	if (!err && !*wait_s)
		return commit_accounts(p, &b);
	store_batch_done(&b);
	return err;
}
