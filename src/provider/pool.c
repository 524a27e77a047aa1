/* SPDX-License-Identifier: Apache-2.0 */
/* KeyPackage sets that wait to be used once.  The app sees random numbers and sealed bytes; giving a
 * set away deletes it and writes nothing else. */
#include "mimi/sealed.h"
#include "mls/key_package.h"
#include "provider/inside.h"

enum {
	POOL_BYTES_MAX = 8 << 20,       /* of an account, sealed */
	SLOT_BYTES_MAX = 16 * SLOT_PAD, /* one KeyPackage, sealed */
};

/* A slot as the scan finds it; views live as long as the arena, or, where nothing is kept, one call. */
struct slot {
	struct view set_id, slot_id;
	struct slot_record record;
};
typedef uc_err slot_each(void *ctx, const struct slot *slot);

static uc_err slot_read(struct view key, struct view value, struct arena *a, struct slot *out)
{
	struct store_key_reader r;
	struct view bytes;
	store_key_read(&r, key);
	store_key_read_bytes(&r, a);
	struct view set_id = store_key_read_bytes(&r, a), slot_id = store_key_read_bytes(&r, a);
	TRY(store_key_read_done(&r));
	if (set_id.n != SET_ID || slot_id.n != SLOT_ID)
		return UC_E_CORRUPT;
	TRY(arena_copy(a, set_id, &out->set_id));
	TRY(arena_copy(a, slot_id, &out->slot_id));
	TRY(arena_copy(a, value, &bytes));
	return wire_decode(bytes, a, slot_record_element, &out->record) ? UC_E_CORRUPT : UC_OK;
}

static uc_err slots_walk(struct provider *p, struct view prefix, struct arena *a, bool keep,
			 slot_each *each, void *ctx)
{
	struct store_scan scan;
	struct view key, value;
	struct slot slot;
	TRY(store_scan_init(&scan, p->accounts, prefix, (struct view){ NULL, 0 }, 0));
	uc_err err = UC_OK;
	while (!err && store_scan_next(&scan, &key, &value)) {
		struct arena_mark mark = arena_mark(a);
		err = slot_read(key, value, a, &slot);
		if (!err)
			err = each(ctx, &slot);
		if (!keep)
			arena_reset(a, mark);
	}
	if (!err)
		err = scan.failed;
	store_scan_done(&scan);
	return err;
}

/* --- what is there --- */

struct census {
	struct set_id_list sets; /* distinct, in order */
	size_t bytes;
	uint64_t left; /* of the account's quota, where something is put */
};

static uc_err census_each(void *ctx, const struct slot *slot)
{
	struct census *n = ctx;
	n->bytes += slot->record.sealed.n;
	if (n->sets.n && view_equal(VIEW_OF(n->sets.v[n->sets.n - 1].id), slot->set_id))
		return UC_OK;
	if (n->sets.n == POOL_SETS_MAX)
		return UC_E_CORRUPT;
	memcpy(n->sets.v[n->sets.n++].id, slot->set_id.p, SET_ID);
	return UC_OK;
}

static uc_err census_take(struct provider *p, struct view account_id, struct arena *a,
			  struct census *out)
{
	struct store_key k;
	*out = (struct census){ { ARENA_ARRAY(a, struct set_id, POOL_SETS_MAX), 0 }, 0, 0 };
	if (!out->sets.v)
		return UC_E_LIMIT;
	return slots_walk(p, key_1(&k, TABLE_SLOT, account_id), a, false, census_each, out);
}

uc_err pool_count(struct provider *p, struct view account_id, uint32_t *sets)
{
	struct arena scratch;
	struct census n;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	uc_err err = census_take(p, account_id, &scratch, &n);
	if (!err)
		*sets = (uint32_t)n.sets.n;
	arena_done(&scratch);
	return err;
}

uc_err handle_pool_status(struct call *c, struct view body)
{
	struct empty q;
	struct census n;
	TRY(wire_decode(body, &c->arena, empty_element, &q));
	TRY(census_take(c->p, VIEW_OF(c->s->account_id), &c->arena, &n));
	struct pool_status_response r = { n.sets };
	call_respond(c, pool_status_response_element, &r);
	return UC_OK;
}

/* --- putting --- */

static bool census_has(const struct census *n, const uint8_t set_id[SET_ID])
{
	for (size_t i = 0; i < n->sets.n; i++)
		if (view_equal(VIEW_OF(n->sets.v[i].id), view_make(set_id, SET_ID)))
			return true;
	return false;
}

static uc_err slot_check(const struct pool_slot *s, uint64_t now_ms)
{
	if (s->sealed.n <= BOX_OVERHEAD || s->sealed.n > SLOT_BYTES_MAX + BOX_OVERHEAD ||
	    (s->sealed.n - BOX_OVERHEAD) % SLOT_PAD)
		return UC_E_ARGUMENT;
	if (s->not_after_ms <= now_ms ||
	    s->not_after_ms > now_ms + KEY_PACKAGE_LIFETIME_MAX_S * 1000)
		return UC_E_ARGUMENT;
	return UC_OK;
}

/* Adds the slot unless it is there, the same; another under its number is refused: a set that was
 * given away must not change. */
static uc_err slot_fill(struct call *c, const struct pool_slot *s, struct census *n,
			struct store_batch *b)
{
	struct store_key k;
	struct view id = VIEW_OF(c->s->account_id);
	struct slot_record is, record = { .not_after_ms = s->not_after_ms, .sealed = s->sealed };
	bool found;
	struct view key = key_3(&k, TABLE_SLOT, id, VIEW_OF(s->set_id), VIEW_OF(s->slot_id));
	TRY(record_find(c->p->accounts, key, slot_record_element, &c->arena, &is, &found));
	if (found)
		return view_equal(is.sealed, s->sealed) ? UC_OK : UC_E_EXISTS;
	if (!census_has(n, s->set_id)) {
		if (n->sets.n == POOL_SETS_MAX)
			return UC_E_LIMIT;
		memcpy(n->sets.v[n->sets.n++].id, s->set_id, SET_ID);
	}
	n->bytes += s->sealed.n;
	if (n->bytes > POOL_BYTES_MAX || s->sealed.n > n->left)
		return UC_E_LIMIT;
	n->left -= s->sealed.n;
	return record_put_if_absent(b, key, slot_record_element, &record);
}

static uc_err put_fill(struct call *c, const struct pool_slot_list *slots, struct store_batch *b)
{
	struct census n;
	uint64_t now = env_now_ms(c->p->env);
	for (size_t i = 0; i < slots->n; i++)
		TRY(slot_check(&slots->v[i], now));
	TRY(census_take(c->p, VIEW_OF(c->s->account_id), &c->arena, &n));
	TRY(account_bytes_left(c->p, VIEW_OF(c->s->account_id), &c->arena, &n.left));
	for (size_t i = 0; i < slots->n; i++)
		TRY(slot_fill(c, &slots->v[i], &n, b));
	return UC_OK;
}

uc_err handle_pool_put(struct call *c, struct view body)
{
	struct pool_put_request q;
	struct store_batch b;
	TRY(wire_decode(body, &c->arena, pool_put_request_element, &q));
	store_batch_init(&b, VIEW_OF(c->s->account_id));
	uc_err err = finish_accounts(c->p, &b, put_fill(c, &q.slots, &b));
	/* One slot twice in one request. */
	TRY(err == UC_E_CONFLICT ? UC_E_EXISTS : err);
	call_respond(c, NULL, NULL);
	return UC_OK;
}

/* --- taking --- */

struct taking {
	uint64_t now_ms;
	struct view_list *sealed, *slots;
};

static uc_err taking_each(void *ctx, const struct slot *slot)
{
	struct taking *t = ctx;
	if (slot->record.not_after_ms <= t->now_ms || t->sealed->n == DEVICES_MAX)
		return UC_OK;
	t->sealed->v[t->sealed->n++] = slot->record.sealed;
	t->slots->v[t->slots->n++] = slot->slot_id;
	return UC_OK;
}

uc_err pool_read(struct provider *p, struct view account_id, struct view set_id, struct arena *a,
		 struct view_list *sealed, struct view_list *slots)
{
	struct store_key k;
	*sealed = (struct view_list){ ARENA_ARRAY(a, struct view, DEVICES_MAX), 0 };
	*slots = (struct view_list){ ARENA_ARRAY(a, struct view, DEVICES_MAX), 0 };
	if (!sealed->v || !slots->v)
		return UC_E_LIMIT;
	struct taking t = { env_now_ms(p->env), sealed, slots };
	TRY(slots_walk(p, key_2(&k, TABLE_SLOT, account_id, set_id), a, true, taking_each, &t));
	return sealed->n ? UC_OK : UC_E_EXHAUSTED;
}

uc_err pool_release(struct provider *p, struct view account_id, struct view set_id, struct arena *a,
		    struct view_list *sealed, struct view_list *slots)
{
	struct store_key k;
	struct store_batch b;
	TRY(pool_read(p, account_id, set_id, a, sealed, slots));
	store_batch_init(&b, account_id);
	store_delete_prefix(&b, key_2(&k, TABLE_SLOT, account_id, set_id));
	return commit_accounts(p, &b);
}

void pool_tell(struct provider *p, struct view account_id, struct view set_id,
	       const struct session *except)
{
	struct set_taken_event e;
	memcpy(e.set_id, set_id.p, sizeof e.set_id);
	struct session *s = session_of_account(p, account_id.p, NULL);
	for (; s; s = session_of_account(p, account_id.p, s))
		if (s != except)
			session_send_event(p, s, FRAME_SET_TAKEN, set_taken_event_element, &e);
}

uc_err handle_pool_take(struct call *c, struct view body)
{
	struct pool_take_request q;
	struct pool_take_response r;
	struct view_list slots;
	struct view id = VIEW_OF(c->s->account_id);
	TRY(wire_decode(body, &c->arena, pool_take_request_element, &q));
	uc_err err = pool_release(c->p, id, VIEW_OF(q.set_id), &c->arena, &r.sealed, &slots);
	TRY(err == UC_E_EXHAUSTED ? UC_E_NOT_FOUND : err);
	call_respond(c, pool_take_response_element, &r);
	pool_tell(c->p, id, VIEW_OF(q.set_id), c->s);
	return UC_OK;
}
