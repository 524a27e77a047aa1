/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/curb.h"

#include "provider/reaching.h"
#include "provider/reports.h"

enum { WEEK_DAYS = 7, CURB_ARENA_MAX = 1 << 20 };

static uint64_t end_of(uint32_t day)
{
	return ((uint64_t)day + 1) * DAY_MS;
}

/* The last of its week. */
static uint32_t last_day(uint64_t ms)
{
	return day_of(ms) / WEEK_DAYS * WEEK_DAYS + WEEK_DAYS - 1;
}

static bool holds(uint32_t day, uint64_t now_ms)
{
	return day && day >= day_of(now_ms);
}

struct levels {
	uint32_t *day[CURB_LEVELS];
};
static struct levels levels_of(struct curb_record *r)
{
	return (struct levels){ { &r->first_day, &r->second_day, &r->third_day } };
}

bool curb_is_over(const struct curb_record *r, uint64_t now_ms)
{
	return !holds(r->first_day, now_ms) && !holds(r->second_day, now_ms) &&
	       !holds(r->third_day, now_ms) && !holds(r->off_minors_day, now_ms);
}

static uc_err record_of(struct provider *p, struct view subject, struct arena *a,
			struct curb_record *out)
{
	struct store_key k;
	bool found;
	*out = (struct curb_record){ 0 };
	return record_find(p->accounts, key_1(&k, TABLE_CURB, subject), curb_record_element, a, out,
			   &found);
}

static struct curb said_by(struct curb_record *r, uint64_t now_ms)
{
	struct levels l = levels_of(r);
	struct curb c = { .is_off_minors = holds(r->off_minors_day, now_ms) };
	for (size_t i = 0; i < CURB_LEVELS; i++) {
		if (!holds(*l.day[i], now_ms))
			continue;
		uint64_t end = end_of(*l.day[i]);
		c.until_ms = c.level && c.until_ms < end ? c.until_ms : end;
		c.level++;
	}
	return c;
}

uc_err curb_get(struct provider *p, struct view account_id, const struct account_record *account,
		struct arena *a, struct curb *out)
{
	struct curb_record own, names;
	TRY(record_of(p, account_id, a, &own));
	TRY(record_of(p, name_subject(account_id, account), a, &names));
	struct curb one = said_by(&own, env_now_ms(p->env));
	struct curb other = said_by(&names, env_now_ms(p->env));
	*out = one.level > other.level ? one : other;
	out->is_off_minors = one.is_off_minors || other.is_off_minors;
	return UC_OK;
}

unsigned curb_price(const struct curb *c)
{
	return c->level < CURB_LEVELS ? 1u << (2 * c->level) : 0;
}

/* --- what moderators do --- */

/* One more that counts; where all do, the first to end lasts as long. */
static void add(struct curb_record *r, uint32_t day, bool off_minors)
{
	struct levels l = levels_of(r);
	size_t least = 0;
	for (size_t i = 1; i < CURB_LEVELS; i++)
		least = *l.day[i] < *l.day[least] ? i : least;
	if (*l.day[least] < day)
		*l.day[least] = day;
	if (off_minors && r->off_minors_day < day)
		r->off_minors_day = day;
}

static uc_err record_keep(struct store_batch *b, struct view key, const struct curb_record *r,
			  uint64_t now_ms)
{
	if (!curb_is_over(r, now_ms))
		return record_put(b, key, curb_record_element, r);
	store_delete(b, key);
	return UC_OK;
}

/* day 0: it is over. */
static uc_err change(struct provider *p, struct view subject, uint32_t day, bool off_minors,
		     struct arena *a, struct store_batch *b)
{
	struct curb_record r;
	struct store_key k;
	TRY(record_of(p, subject, a, &r));
	if (day)
		add(&r, day, off_minors);
	else
		r = (struct curb_record){ 0 };
	return record_keep(b, key_1(&k, TABLE_CURB, subject), &r, env_now_ms(p->env));
}

/* Account and name at once, though they are two shards: after one alone it would be said again, and count
 * twice for it. */
static uc_err change_both(struct provider *p, struct view id, uint32_t day, bool off_minors,
			  struct arena *a)
{
	struct account_record account;
	struct store_batch b;
	TRY(account_get(p, id, a, &account));
	struct view name = name_subject(id, &account);
	store_batch_init(&b, (struct view){ NULL, 0 });
	uc_err err = change(p, id, day, off_minors, a, &b);
	if (!err && !view_equal(name, id))
		err = change(p, name, day, off_minors, a, &b);
	return finish_accounts(p, &b, err);
}

static uc_err curb(struct provider *p, struct view account_id, uint32_t day, bool off_minors)
{
	struct arena scratch;
	if (account_id.n != ACCOUNT_ID)
		return UC_E_ARGUMENT;
	arena_init(&scratch, CURB_ARENA_MAX, ARENA_PLAIN);
	uc_err err = change_both(p, account_id, day, off_minors, &scratch);
	arena_done(&scratch);
	return err;
}

uc_err provider_curb(struct provider *p, struct view account_id, unsigned days, bool off_minors)
{
	if (!days || days > CURB_DAYS_MAX)
		return UC_E_ARGUMENT;
	uint64_t until = env_now_ms(p->env) + (uint64_t)days * DAY_MS;
	return curb(p, account_id, last_day(until), off_minors);
}

uc_err provider_uncurb(struct provider *p, struct view account_id)
{
	return curb(p, account_id, 0, false);
}
