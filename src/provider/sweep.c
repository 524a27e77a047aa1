/* SPDX-License-Identifier: Apache-2.0 */
/* What ends by itself: expired slots, revocations nobody can use any more, intake items nobody
 * fetched, codes, limits that are full again, and what a sign-up left that was never finished.  At each
 * tick as many records as its time allows, a round an hour. */
#include "mimi/contact_token.h"
#include "provider/account_names.h"
#include "provider/curb.h"
#include "provider/discovery.h"
#include "provider/reaching.h"

enum { SWEEP_BATCH_MAX = 4096 }; /* records of one account that end in one round */

typedef uc_err sweep_record(struct provider *p, struct view key, struct view value, uint64_t now_ms,
			    struct arena *a);

/* Records that end by what they say themselves. */
union record {
	struct slot_record slot;
	struct grant_record grant;
	struct code_record code;
	struct token_record token;
	struct curb_record curb;
	struct numbers_record numbers;
	struct discoverable_record discoverable;
};
struct kind {
	wire_element *walk; /* of one of them */
	bool (*is_over)(const struct provider *p, const union record *r, uint64_t now_ms);
};

static uc_err key_part(struct view key, struct arena *a, struct view *out)
{
	struct store_key_reader r;
	store_key_read(&r, key);
	struct view part = store_key_read_bytes(&r, a);
	TRY(store_key_read_done(&r));
	*out = part;
	return UC_OK;
}

static uc_err record_drop(struct provider *p, struct view shard, struct view key)
{
	struct store_batch b;
	store_batch_init(&b, shard);
	store_delete(&b, key);
	return commit_accounts(p, &b);
}

static bool slot_is_over(const struct provider *p, const union record *r, uint64_t now_ms)
{
	(void)p;
	return r->slot.not_after_ms <= now_ms;
}

static bool grant_is_over(const struct provider *p, const union record *r, uint64_t now_ms)
{
	(void)p;
	return r->grant.until_day < day_of(now_ms);
}

static bool code_is_over(const struct provider *p, const union record *r, uint64_t now_ms)
{
	(void)p;
	return r->code.expires_ms <= now_ms &&
	       rate_is_full(&(struct rate_state){ r->code.empty_until_us }, now_ms);
}

/* Spent, of a key that nobody takes any more: a week longer, for a clock that is put back. */
static bool token_is_over(const struct provider *p, const union record *r, uint64_t now_ms)
{
	(void)p;
	return r->token.week + 2 < token_week(now_ms);
}

static bool curb_is_past(const struct provider *p, const union record *r, uint64_t now_ms)
{
	(void)p;
	return curb_is_over(&r->curb, now_ms);
}

static bool numbers_are_past(const struct provider *p, const union record *r, uint64_t now_ms)
{
	(void)p;
	return numbers_are_over(&r->numbers, now_ms);
}

/* While the custodian has not said its half yet, nobody knows which are of use. */
static bool is_key_now(const struct provider *p, struct view prf_key)
{
	if (p->discovery.is_on && !discovery_is_on(p))
		return true;
	return discovery_is_on(p) && view_equal(prf_key, VIEW_OF(p->discovery.pub));
}

/* Under a key that no filter will be made of any more. */
static bool discoverable_is_over(const struct provider *p, const union record *r, uint64_t now_ms)
{
	(void)now_ms;
	return !is_key_now(p, VIEW_OF(r->discoverable.prf_key));
}

/* --- an account's own --- */

/* So many at most that it is a small batch; what is left is dropped in the next round. */
static uc_err drop_over(struct provider *p, struct view prefix, struct kind kind, uint64_t now_ms,
			struct arena *a, struct store_batch *b)
{
	struct store_scan scan;
	struct view key, value;
	union record r;
	TRY(store_scan_init(&scan, p->accounts, prefix, (struct view){ NULL, 0 }, 0));
	while (b->op_count < SWEEP_BATCH_MAX && store_scan_next(&scan, &key, &value))
		if (!wire_decode(value, a, kind.walk, &r) && kind.is_over(p, &r, now_ms))
			store_delete(b, key);
	uc_err err = scan.failed;
	store_scan_done(&scan);
	return err;
}

static uc_err account_fill(struct provider *p, struct view id, uint64_t now_ms, struct arena *a,
			   struct store_batch *b)
{
	struct store_key k;
	struct view_list devices;
	static const struct kind slots = { slot_record_element, slot_is_over },
				 grants = { grant_record_element, grant_is_over };
	TRY(drop_over(p, key_1(&k, TABLE_SLOT, id), slots, now_ms, a, b));
	TRY(drop_over(p, key_1(&k, TABLE_GRANT, id), grants, now_ms, a, b));
	TRY(device_keys(p, id, a, &devices));
	for (size_t i = 0; i < devices.n; i++)
		TRY(intake_expire(p, id, devices.v[i], now_ms, b));
	return UC_OK;
}

static uc_err sweep_account(struct provider *p, struct view key, struct view value, uint64_t now_ms,
			    struct arena *a)
{
	struct store_batch b;
	struct view id;
	(void)value;
	TRY(key_part(key, a, &id));
	store_batch_init(&b, id);
	uc_err err = account_fill(p, id, now_ms, a, &b);
	if (!err && b.op_count)
		return commit_accounts(p, &b);
	store_batch_done(&b);
	return err;
}

/* --- names and keys --- */

/* A name or key whose account was not made in the end, or has gone. */
static uc_err drop_orphan(struct provider *p, struct view key, struct view account_id,
			  struct arena *a)
{
	struct store_key k;
	struct view shard;
	bool lives;
	TRY(key_part(key, a, &shard));
	TRY(store_has(p->accounts, key_1(&k, TABLE_ACCOUNT, account_id), &lives));
	return lives ? UC_OK : record_drop(p, shard, key);
}

/* Kept from others although its account is gone: then nothing says whose it was. */
static uc_err rests(struct provider *p, struct view name_id, struct view key, struct name_record *r)
{
	static const uint8_t nobody[ACCOUNT_ID];
	struct store_batch b;
	if (view_equal(VIEW_OF(r->account_id), VIEW_OF(nobody)))
		return UC_OK;
	memcpy(r->account_id, nobody, sizeof r->account_id);
	store_batch_init(&b, name_id);
	return finish_accounts(p, &b, record_put(&b, key, name_record_element, r));
}

static uc_err sweep_name(struct provider *p, struct view key, struct view value, uint64_t now_ms,
			 struct arena *a)
{
	struct name_record r;
	struct account_record account;
	struct view name_id;
	TRY(key_part(key, a, &name_id));
	TRY(wire_decode(value, a, name_record_element, &r));
	uc_err err = account_get(p, VIEW_OF(r.account_id), a, &account);
	if (err == UC_E_NOT_FOUND)
		return r.until_ms > now_ms ? rests(p, name_id, key, &r)
					   : record_drop(p, name_id, key);
	TRY(err);
	/* Left, and kept for long enough; or never taken in the end. */
	bool is_its = view_equal(VIEW_OF(account.name_id), name_id);
	return is_its || r.until_ms > now_ms ? UC_OK : record_drop(p, name_id, key);
}

static uc_err sweep_key(struct provider *p, struct view key, struct view value, uint64_t now_ms,
			struct arena *a)
{
	struct key_record r;
	(void)now_ms;
	TRY(wire_decode(value, a, key_record_element, &r));
	return drop_orphan(p, key, VIEW_OF(r.account_id), a);
}

static uc_err sweep_spent(struct provider *p, struct view key, struct view value, uint64_t now_ms,
			  struct arena *a)
{
	struct spent_record r;
	struct store_key_reader k;
	store_key_read(&k, key);
	struct view subject = store_key_read_bytes(&k, a);
	struct view kind = store_key_read_bytes(&k, a);
	TRY(store_key_read_done(&k));
	TRY(wire_decode(value, a, spent_record_element, &r));
	bool is_budget = budget_is_kind(kind);
	/* A budget's clock stands until the hour or the day is over: what lies behind ours may lie before its own. */
	uint64_t now_us = (is_budget ? (uint64_t)day_of(now_ms) * DAY_MS : now_ms) * 1000;
	if (is_budget || held_is_slot(kind)
		    ? r.empty_until_us > now_us
		    : !rate_is_full(&(struct rate_state){ r.empty_until_us }, now_ms))
		return UC_OK;
	return record_drop(p, subject, key);
}

static uc_err sweep_filter(struct provider *p, struct view key, struct view value, uint64_t now_ms,
			   struct arena *a)
{
	const struct provider_discovery *d = &p->discovery;
	struct store_key_reader k;
	(void)value;
	(void)now_ms;
	store_key_read(&k, key);
	(void)store_key_read_bytes(&k, a);
	struct view prf_key = store_key_read_bytes(&k, a);
	TRY(store_key_read_done(&k));
	bool is_before = discovery_is_on(p) && p->config.keys->discovery.has_before &&
			 view_equal(prf_key, VIEW_OF(d->pub_before));
	return is_before || is_key_now(p, prf_key) ? UC_OK : filter_drop(p, key, prf_key);
}

/* --- the round --- */

static const struct stage {
	uint8_t table;
	sweep_record *sweep; /* or it is of this kind */
	struct kind kind;
} stages[] = {
	{ TABLE_ACCOUNT, sweep_account, { NULL, NULL } },
	{ TABLE_NAME, sweep_name, { NULL, NULL } },
	{ TABLE_CODE, NULL, { code_record_element, code_is_over } },
	{ TABLE_ACCOUNT_KEY, sweep_key, { NULL, NULL } },
	{ TABLE_SPENT, sweep_spent, { NULL, NULL } },
	{ TABLE_NUMBERS, NULL, { numbers_record_element, numbers_are_past } },
	{ TABLE_DISCOVERABLE, NULL, { discoverable_record_element, discoverable_is_over } },
	{ TABLE_FILTER, sweep_filter, { NULL, NULL } },
	{ TABLE_TOKEN, NULL, { token_record_element, token_is_over } },
	{ TABLE_CURB, NULL, { curb_record_element, curb_is_past } },
};
enum { STAGES_N = sizeof stages / sizeof *stages };

static size_t stage_of(const struct provider *p)
{
	size_t i = 0;
	while (i < STAGES_N && p->sweep_from.n && stages[i].table != p->sweep_from.p[0])
		i++;
	return i;
}

static void go_on_from(struct provider *p, struct view key, bool is_after)
{
	buf_reset(&p->sweep_from);
	buf_add_view(&p->sweep_from, key);
	if (is_after)
		buf_add_byte(&p->sweep_from, 0);
	if (p->sweep_from.failed)
		buf_reset(&p->sweep_from);
}

static uc_err sweep_one(struct provider *p, const struct stage *stage, struct view key,
			struct view value, uint64_t now_ms, struct arena *a)
{
	union record r;
	struct view shard;
	if (stage->sweep)
		return stage->sweep(p, key, value, now_ms, a);
	TRY(key_part(key, a, &shard));
	TRY(wire_decode(value, a, stage->kind.walk, &r));
	return stage->kind.is_over(p, &r, now_ms) ? record_drop(p, shard, key) : UC_OK;
}

bool table_pass_over(struct buf *from)
{
	enum { AT = 2 }; /* behind the table's tag and the mark of a first element */
	uint8_t next[AT + 1] = { 0, 1, 1 };
	if (!from->n)
		return false;
	next[0] = from->p[0];
	if (from->n > AT && from->p[AT] == 0xff)
		return false;
	if (from->n > AT)
		next[AT] = (uint8_t)(from->p[AT] + 1);
	buf_reset(from);
	buf_add_view(from, VIEW_OF(next));
	return !from->failed;
}

/* Some records of one table; *end when it is through. */
static uc_err sweep_some(struct provider *p, size_t stage, uint64_t now_ms, struct slice *s,
			 bool *end)
{
	struct store_scan scan;
	struct view key, value;
	struct view prefix = view_make(&stages[stage].table, 1);
	*end = true;
	TRY(store_scan_init(&scan, p->accounts, prefix, buf_view(&p->sweep_from), 0));
	while (store_scan_next(&scan, &key, &value)) {
		struct arena scratch;
		arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
		/* One that cannot be read is for undercroftctl to find, not a reason to stop. */
		uc_err err = sweep_one(p, &stages[stage], key, value, now_ms, &scratch);
		arena_done(&scratch);
		if (uc_err_class(err) == UC_CLASS_STORE && err != UC_E_CORRUPT)
			break;
		go_on_from(p, key, true);
		*end = slice_goes_on(s);
		if (!*end)
			break;
	}
	uc_err err = scan.failed;
	store_scan_done(&scan);
	/* What is damaged there is passed over, with what is near it. */
	if (err == UC_E_CORRUPT) {
		*end = !table_pass_over(&p->sweep_from);
		return UC_OK;
	}
	return err;
}

void accounts_sweep(struct provider *p, uint64_t now_ms)
{
	bool end;
	struct slice s;
	slice_begin(&s, p->env);
	if (!p->sweep_from.n) {
		if (p->last_sweep_ms && !is_due(now_ms, p->last_sweep_ms + HOUR_MS, HOUR_MS))
			return;
		p->last_sweep_ms = now_ms;
		go_on_from(p, view_make(&stages[0].table, 1), false);
	}
	size_t stage = stage_of(p);
	if (stage == STAGES_N || sweep_some(p, stage, now_ms, &s, &end))
		buf_reset(&p->sweep_from);
	else if (end && stage + 1 < STAGES_N)
		go_on_from(p, view_make(&stages[stage + 1].table, 1), false);
	else if (end)
		buf_reset(&p->sweep_from);
}
