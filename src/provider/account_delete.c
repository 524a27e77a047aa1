/* SPDX-License-Identifier: Apache-2.0 */
/* The end of an account: its name, its key, then everything under its id.  In this order, since a
 * device that was told nothing signs in and asks again as long as the last is not done. */
#include "mimi/names.h"
#include "provider/account_names.h"

static uc_err key_delete(struct provider *p, const struct account_record *account)
{
	struct store_key k;
	struct store_batch b;
	struct view key = VIEW_OF(account->account_key);
	store_batch_init(&b, key);
	store_delete(&b, key_1(&k, TABLE_ACCOUNT_KEY, key));
	return commit_accounts(p, &b);
}

static uc_err account_delete(struct provider *p, struct view id, struct arena *a)
{
	static const enum provider_table tables[] = {
		TABLE_ACCOUNT, TABLE_DEVICE,       TABLE_LIST,  TABLE_SLOT,
		TABLE_GRANT,   TABLE_VAULT,        TABLE_SPENT, TABLE_SETTINGS,
		TABLE_NUMBERS, TABLE_DISCOVERABLE, TABLE_CURB
	};
	struct view_list devices;
	struct store_batch b;
	struct store_key k;
	TRY(device_keys(p, id, a, &devices));
	store_batch_init(&b, id);
	for (size_t i = 0; i < devices.n; i++)
		store_log_delete(&b, key_2(&k, TABLE_INTAKE, id, devices.v[i]));
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		store_delete_prefix(&b, key_1(&k, tables[i], id));
	return commit_accounts(p, &b);
}

uc_err handle_account_delete(struct call *c, struct view body)
{
	struct account_delete_request q;
	struct account_record account;
	uint8_t account_id[ACCOUNT_ID];
	struct view id = VIEW_OF(account_id);
	memcpy(account_id, c->s->account_id, sizeof account_id);
	TRY(wire_decode(body, &c->arena, account_delete_request_element, &q));
	TRY(session_challenge_check(c->p, c->s, SESSION_DELETE, id, (struct view){ NULL, 0 },
				    VIEW_OF(c->s->device_key), q.signature));
	TRY(account_get(c->p, id, &c->arena, &account));
	/* A number or address passes to whoever proves it; a handle is what people trust. */
	if (c->p->config.names == NAME_HANDLE)
		TRY(name_rest(c->p, account.name_id, id, &c->arena));
	else
		TRY(name_release(c->p, account.name_id, id, &c->arena));
	TRY(key_delete(c->p, &account));
	TRY(account_delete(c->p, id, &c->arena));
	call_respond(c, NULL, NULL);
	account_sessions_end(c->p, id, c->s);
	session_end(c->p, c->s, WS_NORMAL);
	return UC_OK;
}
