/* SPDX-License-Identifier: Apache-2.0 */
/* Known devices sign in; who has lost all of them comes with the account key and starts the device
 * list again. */
#include "provider/inside.h"

uc_err handle_sign_in(struct call *c, struct view body)
{
	struct sign_in_request q;
	struct account_record account;
	struct store_key k;
	bool listed;
	if (c->s->phase == PHASE_SIGNED_IN)
		return UC_E_UNEXPECTED;
	TRY(wire_decode(body, &c->arena, sign_in_request_element, &q));
	if (q.device_key.n != ED25519_KEY)
		return UC_E_KEY;
	struct view id = VIEW_OF(q.account_id);
	TRY(session_challenge_check(c->p, c->s, SESSION_SIGN_IN, id, (struct view){ NULL, 0 },
				    q.device_key, q.signature));
	TRY(account_get(c->p, id, &c->arena, &account));
	TRY(store_has(c->p->accounts, key_2(&k, TABLE_DEVICE, id, q.device_key), &listed));
	if (!listed)
		return UC_E_REVOKED;
	if (account.suspended)
		return UC_E_SUSPENDED;
	struct sign_in_response r = { .list_generation = account.generation,
				      .list_position = account.position };
	TRY(pool_count(c->p, id, &r.sets_left));
	TRY(intake_begin(c->p, id, q.device_key, &q.intake_cursor, &r.intake_next));
	session_sign_in(c->p, c->s, id, q.device_key, q.intake_cursor);
	call_respond(c, sign_in_response_element, &r);
	intake_push(c->p, c->s);
	return UC_OK;
}

uc_err handle_recover(struct call *c, struct view body)
{
	struct recover_request q;
	struct recover_response r = { { 0 }, { 0 } };
	struct account_record account;
	struct key_record key;
	struct store_key k;
	struct view nobody = { NULL, 0 };
	if (c->s->phase == PHASE_SIGNED_IN)
		return UC_E_UNEXPECTED;
	if (network_is_too_fast(c, LIMIT_NETWORK_SIGN_UP, (struct view){ NULL, 0 }))
		return UC_OK;
	TRY(wire_decode(body, &c->arena, recover_request_element, &q));
	if (q.account_key.n != ED25519_KEY)
		return UC_E_KEY;
	TRY(session_challenge_check(c->p, c->s, SESSION_RECOVER, nobody, nobody, q.account_key,
				    q.signature));
	TRY(record_get(c->p->accounts, key_1(&k, TABLE_ACCOUNT_KEY, q.account_key),
		       key_record_element, &c->arena, &key));
	TRY(account_get(c->p, VIEW_OF(key.account_id), &c->arena, &account));
	if (account.suspended)
		return UC_E_SUSPENDED;
	TRY(list_entries(c->p, VIEW_OF(key.account_id), &c->arena, &r.entries));
	memcpy(r.account_id, key.account_id, sizeof r.account_id);
	memcpy(c->s->account_id, key.account_id, sizeof c->s->account_id);
	c->s->phase = PHASE_RECOVERING;
	call_respond(c, recover_response_element, &r);
	return UC_OK;
}

/* --- starting the list again --- */

static uc_err reset_check(struct call *c, const struct device_reset_request *q,
			  const struct account_record *account, const struct view_list *entries,
			  struct device_list *list)
{
	struct view id = VIEW_OF(c->s->account_id);
	if (q->device_key.n != ED25519_KEY)
		return UC_E_KEY;
	TRY(kem_public_check(suite_find(SUITE_X25519_AES128), q->intake_key));
	TRY(session_challenge_check(c->p, c->s, SESSION_SIGN_UP, id, q->device_list_entry,
				    q->device_key, q->signature));
	/* Said before, and its answer lost. */
	if (entries->n && view_equal(entries->v[entries->n - 1], q->device_list_entry))
		return device_list_has(list, q->device_key) ? UC_E_EXISTS : UC_E_CHAIN;
	TRY(device_list_append(list, c->p->domain, VIEW_OF(account->account_key),
			       q->device_list_entry, &c->arena));
	return list->list_position == 0 && device_list_has(list, q->device_key) ? UC_OK
										: UC_E_CHAIN;
}

/* Devices go, with what waits for them. */
static uc_err devices_drop(struct call *c, struct store_batch *b)
{
	struct view id = VIEW_OF(c->s->account_id);
	struct view_list devices;
	struct store_key k;
	TRY(device_keys(c->p, id, &c->arena, &devices));
	for (size_t i = 0; i < devices.n; i++)
		store_log_delete(b, key_2(&k, TABLE_INTAKE, id, devices.v[i]));
	store_delete_prefix(b, key_1(&k, TABLE_DEVICE, id));
	return UC_OK;
}

static uc_err reset_fill(struct call *c, const struct device_reset_request *q,
			 const struct account_record *was, const struct device_list *list,
			 bool is_long, struct store_batch *b)
{
	struct view id = VIEW_OF(c->s->account_id);
	struct account_record now = *was;
	struct device_record device = { .generation = list->list_generation };
	struct store_key k;
	TRY(devices_drop(c, b));
	account_void(b, id, &now);
	now.generation = list->list_generation;
	now.position = 0;
	TRY(account_change(c->p, b, id, was, &now));
	memcpy(device.intake_key, q->intake_key.p, sizeof device.intake_key);
	TRY(record_put(b, key_2(&k, TABLE_DEVICE, id, q->device_key), device_record_element,
		       &device));
	/* Earlier generations are outranked: nobody needs them. */
	if (is_long)
		store_delete_prefix(b, key_1(&k, TABLE_LIST, id));
	store_put(b, key_2n(&k, TABLE_LIST, id, list->list_generation, 0), q->device_list_entry);
	return UC_OK;
}

static uc_err reset(struct call *c, const struct device_reset_request *q)
{
	struct view id = VIEW_OF(c->s->account_id);
	struct account_record account;
	struct view_list entries;
	struct device_list list;
	struct store_batch b;
	TRY(account_get(c->p, id, &c->arena, &account));
	TRY(list_get(c->p, id, &account, &c->arena, &entries, &list));
	uc_err err = reset_check(c, q, &account, &entries, &list);
	if (err == UC_E_EXISTS)
		return UC_OK;
	TRY(err);
	store_batch_init(&b, id);
	return finish_accounts(
		c->p, &b,
		reset_fill(c, q, &account, &list, entries.n >= DEVICE_ENTRIES_MAX / 2, &b));
}

uc_err handle_device_reset(struct call *c, struct view body)
{
	struct device_reset_request q;
	uint8_t id[ACCOUNT_ID];
	memcpy(id, c->s->account_id, sizeof id);
	TRY(wire_decode(body, &c->arena, device_reset_request_element, &q));
	TRY(reset(c, &q));
	account_sessions_end(c->p, VIEW_OF(id), c->s);
	session_sign_in(c->p, c->s, VIEW_OF(id), q.device_key, 0);
	call_respond(c, NULL, NULL);
	return UC_OK;
}
