/* SPDX-License-Identifier: Apache-2.0 */
/* An older copy of the stores was put back: what was spent or taken back since is there again, and
 * nobody knows which.  So all that counts once is void: KeyPackage sets, addresses, codes; and who
 * wanted to be found by number, which may have been taken back.  Clients make new ones when they come.  And what was accepted since is gone from the logs: other apps and clients
 * that have it are ahead of us, and are told where our logs go on (renewal.c). */
#include "provider/discovery.h"
#include "provider/room_work.h"

enum { RECORDS_AT_ONCE = 256 };

static uc_err void_account(struct provider *p, struct view id, struct view value, struct arena *a,
			   struct store_batch *b)
{
	struct account_record was, now;
	struct store_key k;
	TRY(wire_decode(value, a, account_record_element, &was));
	now = was;
	now.era++;
	/* Grants that were taken back stay so: they are of earlier eras now. */
	store_delete_prefix(b, key_1(&k, TABLE_SLOT, id));
	return account_change(p, b, id, &was, &now);
}

static uc_err void_code(struct provider *p, struct view id, struct view value, struct arena *a,
			struct store_batch *b)
{
	struct code_record r;
	struct store_key k;
	(void)p;
	TRY(wire_decode(value, a, code_record_element, &r));
	memset(r.code_hash, 0, sizeof r.code_hash);
	r.expires_ms = 0;
	r.attempts_left = 0;
	return record_put(b, key_1(&k, TABLE_CODE, id), code_record_element, &r);
}

static uc_err void_discoverable(struct provider *p, struct view id, struct view value,
				struct arena *a, struct store_batch *b)
{
	(void)p;
	(void)value;
	(void)a;
	discoverable_drop(b, id);
	return UC_OK;
}

typedef uc_err void_record(struct provider *p, struct view id, struct view value, struct arena *a,
			   struct store_batch *b);

static uc_err void_one(struct provider *p, void_record *one, struct view key, struct view value,
		       struct arena *a)
{
	struct store_key_reader r;
	struct store_batch b;
	store_key_read(&r, key);
	struct view id = store_key_read_bytes(&r, a);
	TRY(store_key_read_done(&r));
	store_batch_init(&b, id);
	return finish_accounts(p, &b, one(p, id, value, a, &b));
}

/* Some records of a table, from a key on; *n: how many there were. */
static uc_err void_some(struct provider *p, void_record *one, struct view prefix, struct buf *from,
			size_t *n)
{
	struct store_scan scan;
	struct view key, value;
	struct arena scratch;
	uc_err err = UC_OK;
	*n = 0;
	TRY(store_scan_init(&scan, p->accounts, prefix, buf_view(from), RECORDS_AT_ONCE));
	while (!err && store_scan_next(&scan, &key, &value)) {
		arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
		err = void_one(p, one, key, value, &scratch);
		arena_done(&scratch);
		buf_reset(from);
		buf_add_view(from, key);
		buf_add_byte(from, 0);
		++*n;
	}
	if (!err)
		err = scan.failed;
	store_scan_done(&scan);
	return err ? err : from->failed;
}

static uc_err void_table(struct provider *p, uint8_t table, void_record *one)
{
	struct buf from;
	uc_err err = UC_OK;
	buf_init(&from, STORE_KEY_MAX + 1);
	for (size_t n = RECORDS_AT_ONCE; !err && n == RECORDS_AT_ONCE;)
		err = void_some(p, one, view_make(&table, 1), &from, &n);
	buf_done(&from);
	return err;
}

/* The new incarnation last: it says that all of this is done. */
uc_err provider_renew(struct provider *p)
{
	if (store_is_older(p->accounts)) {
		TRY(void_table(p, TABLE_ACCOUNT, void_account));
		TRY(void_table(p, TABLE_CODE, void_code));
		TRY(void_table(p, TABLE_DISCOVERABLE, void_discoverable));
		TRY(store_sync(p->accounts));
		TRY(store_renew(p->accounts, p->env));
		/* Keys of tokens are of an incarnation: those of before are void, spent or not. */
		TRY(provider_keys_rotated(p));
	}
	if (!store_is_older(p->rooms))
		return UC_OK;
	TRY(rooms_renew(p));
	return store_renew(p->rooms, p->env);
}
