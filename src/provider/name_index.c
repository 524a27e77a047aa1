/* SPDX-License-Identifier: Apache-2.0 */
/* The index of names under another key.  Names are nowhere, so each id is led from the key before to
 * that of now by a number that tells neither (point_hash); a few at each tick, and whoever comes
 * meanwhile is led at once.  A name's record, its account and the record under the old id are of three
 * shards, written in this order: whatever a kill leaves is led again, and changes nothing then.  When all
 * are led, a record says so, and the key before is of no use any more. */
#include "mimi/names.h"
#include "provider/account_names.h"

struct leading {
	struct provider *p;
	struct arena *a;
	uint8_t move[POINT_HASH];
};

/* --- what is said of all of it --- */

static uc_err say(struct provider *p, uint32_t number)
{
	struct store_key k;
	struct store_batch b;
	const struct index_record r = { .index = number };
	store_batch_init(&b, p->domain);
	TRY(finish_accounts(
		p, &b,
		record_put(&b, key_1(&k, TABLE_INDEX, p->domain), index_record_element, &r)));
	p->index_is_said = true;
	return UC_OK;
}

/* Before the first record lies under another key: a copy from the middle of the first change says, too,
 * that the key before is needed. */
static uc_err say_before(struct provider *p)
{
	return p->index_is_said ? UC_OK : say(p, p->config.keys->index_before.number);
}

/* --- one name --- */

static uc_err name_put(struct provider *p, const uint8_t now[32], struct name_record r)
{
	struct store_key k;
	struct store_batch b;
	r.index = p->config.keys->index.number;
	store_batch_init(&b, view_make(now, 32));
	return finish_accounts(
		p, &b,
		record_put(&b, key_1(&k, TABLE_NAME, view_make(now, 32)), name_record_element, &r));
}

static uc_err account_lead(struct provider *p, const uint8_t before[32], const uint8_t now[32],
			   struct view id, struct arena *a)
{
	struct account_record was, is;
	struct store_batch b;
	uc_err err = account_get(p, id, a, &was);
	if (err == UC_E_NOT_FOUND)
		return UC_OK;
	TRY(err);
	if (!view_equal(VIEW_OF(was.name_id), view_make(before, 32)))
		return UC_OK;
	is = was;
	memcpy(is.name_id, now, sizeof is.name_id);
	store_batch_init(&b, id);
	return finish_accounts(p, &b, account_change(p, &b, id, &was, &is));
}

static uc_err drop(struct provider *p, enum provider_table table, const uint8_t before[32])
{
	struct store_key k;
	struct store_batch b;
	store_batch_init(&b, view_make(before, 32));
	store_delete(&b, key_1(&k, table, view_make(before, 32)));
	return commit_accounts(p, &b);
}

static uc_err name_lead(struct provider *p, const uint8_t before[32], const uint8_t now[32],
			const struct name_record *r, struct arena *a)
{
	TRY(name_put(p, now, *r));
	TRY(account_lead(p, before, now, VIEW_OF(r->account_id), a));
	return drop(p, TABLE_NAME, before);
}

/* What lies under the id of now was written later. */
static uc_err code_lead(struct provider *p, const uint8_t before[32], const uint8_t now[32],
			struct code_record r)
{
	struct store_key k;
	struct store_batch b;
	bool is_there;
	struct view key = key_1(&k, TABLE_CODE, view_make(now, 32));
	TRY(store_has(p->accounts, key, &is_there));
	if (!is_there) {
		r.index = p->config.keys->index.number;
		store_batch_init(&b, view_make(now, 32));
		TRY(finish_accounts(p, &b, record_put(&b, key, code_record_element, &r)));
	}
	return drop(p, TABLE_CODE, before);
}

uc_err index_lead(struct provider *p, const struct name_id *n, struct arena *a)
{
	struct store_key k;
	struct name_record name;
	struct code_record code;
	bool found;
	if (!n->moves)
		return UC_OK;
	TRY(say_before(p));
	TRY(record_find(p->accounts, key_1(&k, TABLE_NAME, VIEW_OF(n->before)), name_record_element,
			a, &name, &found));
	if (found)
		TRY(name_lead(p, n->before, n->now, &name, a));
	TRY(record_find(p->accounts, key_1(&k, TABLE_CODE, VIEW_OF(n->before)), code_record_element,
			a, &code, &found));
	return found ? code_lead(p, n->before, n->now, code) : UC_OK;
}

/* --- all of them --- */

static uc_err id_lead(const struct leading *l, const uint8_t before[32], uint8_t now[32])
{
	const struct provider_keys *k = l->p->config.keys;
	return k->index_before.number ? point_hash_move(l->move, before, now)
				      : provider_index_id(&k->index, before, now);
}

static uc_err one(const struct leading *l, uint8_t table, const uint8_t id[32], struct view value)
{
	uint32_t number = l->p->config.keys->index_before.number;
	struct name_record name = { 0 };
	struct code_record code = { 0 };
	uint8_t now[32];
	if (table == TABLE_NAME)
		TRY(wire_decode(value, l->a, name_record_element, &name));
	else
		TRY(wire_decode(value, l->a, code_record_element, &code));
	if ((table == TABLE_NAME ? name.index : code.index) != number)
		return UC_OK;
	TRY(id_lead(l, id, now));
	return table == TABLE_NAME ? name_lead(l->p, id, now, &name, l->a)
				   : code_lead(l->p, id, now, code);
}

static void go_on_from(struct provider *p, struct view key, bool is_after)
{
	buf_reset(&p->index_from);
	buf_add_view(&p->index_from, key);
	if (is_after)
		buf_add_byte(&p->index_from, 0);
	if (p->index_from.failed)
		buf_reset(&p->index_from);
}

static uc_err record_lead(struct leading *l, struct view key, struct view value)
{
	struct store_key_reader r;
	struct arena scratch;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	uint8_t table = store_key_read(&r, key);
	struct view id = store_key_read_bytes(&r, &scratch);
	uc_err err = store_key_read_done(&r);
	if (!err && id.n != 32)
		err = UC_E_CORRUPT;
	l->a = &scratch;
	if (!err)
		err = one(l, table, id.p, value);
	if (!err && table == TABLE_NAME)
		l->p->index_permille = ((unsigned)id.p[0] << 8 | id.p[1]) * 1000 / 65536;
	arena_done(&scratch);
	l->a = NULL;
	/* What cannot be read, or is no id, is for undercroftctl to find, and led nowhere. */
	if (uc_err_class(err) == UC_CLASS_STORE && err != UC_E_CORRUPT)
		return err;
	l->p->index_skipped += err != UC_OK;
	return UC_OK;
}

/* --- behind what cannot be read --- */

/* Ids are so far from each other that there is none within 2^FINEST_BIT behind one. */
enum { ID_BITS = 256, FINEST_BIT = 208 };

/* False when there is no such id. */
static bool id_add(uint8_t id[32], unsigned bit)
{
	unsigned carry = 1u << bit % 8;
	for (size_t i = 32 - bit / 8; i > 0 && carry; i--) {
		carry += id[i - 1];
		id[i - 1] = (uint8_t)carry;
		carry >>= 8;
	}
	return !carry;
}

/* Is there nothing from this id on, or can the first that is there be read? */
static bool reads_from(struct provider *p, uint8_t table, const uint8_t id[32])
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value, from = key_1(&k, (enum provider_table)table, view_make(id, 32));
	if (store_scan_init(&scan, p->accounts, view_make(&table, 1), from, 1))
		return false;
	scan.is_told = true;
	bool reads = store_scan_next(&scan, &key, &value) || !scan.failed;
	store_scan_done(&scan);
	return reads;
}

/* The last id that was read; zeros before the first. */
static void id_behind(const struct provider *p, uint8_t id[32])
{
	struct store_key_reader r;
	struct arena scratch;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	store_key_read(&r, buf_view(&p->index_from));
	struct view v = store_key_read_bytes(&r, &scratch);
	memset(id, 0, 32);
	if (!r.failed && v.n == 32)
		memcpy(id, v.p, 32);
	arena_done(&scratch);
}

/* The round goes on at the first record that can be read again.  Which ids are there is not known:
 * the distance is doubled until one can be, then halved back.  False: there is none. */
static bool pass_over(struct provider *p, uint8_t table)
{
	struct store_key k;
	uint8_t base[32], from[32], at[32];
	unsigned bit = FINEST_BIT;
	id_behind(p, base);
	memcpy(from, base, sizeof from);
	for (; bit < ID_BITS; bit++) {
		memcpy(at, base, sizeof at);
		if (!id_add(at, bit) || reads_from(p, table, at))
			break;
		memcpy(from, at, sizeof from);
	}
	/* Or what was led meanwhile lies before it: then the round comes to it again. */
	p->index_skipped += bit > FINEST_BIT;
	while (bit-- > FINEST_BIT) {
		memcpy(at, from, sizeof at);
		if (id_add(at, bit) && !reads_from(p, table, at))
			memcpy(from, at, sizeof from);
	}
	if (!id_add(from, FINEST_BIT))
		return false;
	go_on_from(p, key_1(&k, (enum provider_table)table, VIEW_OF(from)), false);
	return true;
}

/* *end when the table is through. */
static uc_err some(struct leading *l, uint8_t table, struct slice *s, bool *end)
{
	struct provider *p = l->p;
	struct store_scan scan;
	struct view key, value;
	uc_err err = UC_OK;
	*end = true;
	TRY(store_scan_init(&scan, p->accounts, view_make(&table, 1), buf_view(&p->index_from), 0));
	while (!err && *end && store_scan_next(&scan, &key, &value)) {
		err = record_lead(l, key, value);
		if (!err) {
			go_on_from(p, key, true);
			*end = slice_goes_on(s);
		}
	}
	if (!err)
		err = scan.failed;
	bool is_damaged = scan.failed == UC_E_CORRUPT;
	store_scan_done(&scan);
	if (!is_damaged)
		return err;
	*end = !pass_over(p, table);
	return UC_OK;
}

static uc_err over(struct provider *p)
{
	TRY(say(p, p->config.keys->index.number));
	p->index_is_led = true;
	return UC_OK;
}

static uc_err go_on(struct leading *l)
{
	static const uint8_t tables[] = { TABLE_NAME, TABLE_CODE };
	const struct provider_keys *k = l->p->config.keys;
	struct slice s;
	bool end;
	slice_begin(&s, l->p->env);
	TRY(say_before(l->p));
	if (k->index_before.number)
		TRY(point_move_make(k->index_before.key, k->index.key, l->move));
	if (!l->p->index_from.n)
		go_on_from(l->p, view_make(&tables[0], 1), false);
	bool is_last = l->p->index_from.n && l->p->index_from.p[0] == tables[1];
	TRY(some(l, tables[is_last], &s, &end));
	if (end && is_last)
		return over(l->p);
	if (end)
		go_on_from(l->p, view_make(&tables[1], 1), false);
	return UC_OK;
}

/* A store that fails says so to all others, too; here the round just ends. */
void index_tick(struct provider *p)
{
	struct leading l = { .p = p };
	bool moves = p->config.keys->index_moves && !p->index_is_led;
	metrics_set(p->config.metrics, METRIC_INDEX_LED, moves ? p->index_permille : 1000);
	if (!moves || p->failed)
		return;
	if (go_on(&l))
		p->index_failures++;
	metrics_set(p->config.metrics, METRIC_INDEX_SKIPPED, p->index_skipped);
	wipe(&l, sizeof l);
}

void provider_index_get(const struct provider *p, struct provider_index *out)
{
	*out = (struct provider_index){ .moves = p->config.keys->index_moves,
					.is_led = p->index_is_led,
					.permille = p->index_permille,
					.failures = p->index_failures,
					.skipped = p->index_skipped };
}

void provider_index_changed(struct provider *p)
{
	buf_reset(&p->index_from);
	p->index_is_led = false;
	p->index_permille = p->index_failures = p->index_skipped = 0;
}

/* --- at the start --- */

/* Under which key a record of the index lies; *found: is there one? */
static uc_err first_name(struct provider *p, struct arena *a, uint32_t *index, bool *found)
{
	static const uint8_t table = TABLE_NAME;
	struct store_scan scan;
	struct view key, value;
	struct name_record r;
	TRY(store_scan_init(&scan, p->accounts, view_make(&table, 1), (struct view){ NULL, 0 }, 1));
	*found = store_scan_next(&scan, &key, &value);
	uc_err err = *found ? wire_decode(value, a, name_record_element, &r) : scan.failed;
	if (!err && *found)
		*index = r.index;
	store_scan_done(&scan);
	return err;
}

static uc_err check(struct provider *p, struct arena *a)
{
	const struct provider_keys *keys = p->config.keys;
	struct store_key k;
	struct index_record r;
	bool is_said, found;
	TRY(record_find(p->accounts, key_1(&k, TABLE_INDEX, p->domain), index_record_element, a, &r,
			&is_said));
	found = p->index_is_said = is_said;
	if (!is_said)
		TRY(first_name(p, a, &r.index, &found));
	bool is_now = !found || r.index == keys->index.number;
	bool is_before = keys->index_moves && found && r.index == keys->index_before.number;
	p->index_is_led = keys->index_moves && is_said && is_now;
	return is_now || is_before ? UC_OK : UC_E_CONFIG;
}

uc_err index_open(struct provider *p)
{
	struct arena scratch;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	uc_err err = check(p, &scratch);
	arena_done(&scratch);
	return err;
}
