/* SPDX-License-Identifier: Apache-2.0 */
/* New accounts.  Three shards have a part in it (the account key, the name, the account), written
 * in this order; each step is harmless alone, and whoever repeats the sign-up with the same keys
 * goes on where it stopped: the key remembers the account's id, the name that it was proven. */
#include "base/planted.h"
#include "mimi/names.h"
#include "provider/account_names.h"
#include "provider/discovery.h"

struct sign_up {
	struct sign_up_request q;
	uint8_t account_id[ACCOUNT_ID];
	struct name_id name;
	struct view normalised;
	bool key_known; /* the id is the one stored for the account key */
	enum name_state state;
	uint8_t holder[ACCOUNT_ID]; /* who loses the name */
};

static uc_err proof_check(struct call *c, const struct sign_up_request *q)
{
	struct view entries[] = { q->device_list_entry };
	struct view_list one = { entries, 1 };
	struct device_list list;
	const struct suite *suite = suite_find(SUITE_X25519_AES128);
	if (q->account_key.n != ED25519_KEY || q->device_key.n != ED25519_KEY)
		return UC_E_KEY;
	TRY(kem_public_check(suite, q->intake_key));
	TRY(sign_public_check(suite, q->account_key));
	TRY(device_list_verify(&one, c->p->domain, q->account_key, &c->arena, &list));
	if (list.list_generation || !device_list_has(&list, q->device_key))
		return UC_E_CHAIN;
	return session_challenge_check(c->p, c->s, SESSION_SIGN_UP, (struct view){ NULL, 0 },
				       q->device_list_entry, q->device_key, q->signature);
}

/* What must never be: of a leaking build (base/planted.h) alone. */
static uc_err id_of_address(const struct call *c, uint8_t out[ACCOUNT_ID])
{
	uint8_t mac[SHA256_BYTES];
	TRY(hmac_sha256(VIEW_OF(c->p->config.keys->name_key), VIEW_OF(c->s->from), mac));
	memcpy(out, mac, ACCOUNT_ID);
	return UC_OK;
}

static uc_err account_id_find(struct call *c, struct sign_up *u)
{
	struct store_key k;
	struct key_record key;
	TRY(record_find(c->p->accounts, key_1(&k, TABLE_ACCOUNT_KEY, u->q.account_key),
			key_record_element, &c->arena, &key, &u->key_known));
	if (!u->key_known && PLANTED(address_keyed))
		return id_of_address(c, u->account_id);
	if (!u->key_known)
		return env_random(c->p->env, u->account_id, sizeof u->account_id);
	memcpy(u->account_id, key.account_id, sizeof u->account_id);
	return UC_OK;
}

/* The account is there: is this its own sign-up again? */
static uc_err repeat_check(struct call *c, const struct sign_up *u)
{
	struct store_key k;
	struct view first;
	bool listed;
	TRY(store_get(c->p->accounts, key_2n(&k, TABLE_LIST, VIEW_OF(u->account_id), 0, 0),
		      &c->arena, &first));
	if (!view_equal(first, u->q.device_list_entry))
		return UC_E_EXISTS;
	TRY(store_has(c->p->accounts,
		      key_2(&k, TABLE_DEVICE, VIEW_OF(u->account_id), u->q.device_key), &listed));
	return listed ? UC_OK : UC_E_REVOKED;
}

static uc_err name_check(struct call *c, struct sign_up *u)
{
	TRY(name_state_get(c->p, &u->name, VIEW_OF(u->account_id), &c->arena, &u->state,
			   u->holder));
	if (u->state == NAME_OWN)
		return UC_OK;
	TRY(name_reserved_check(c->p, u->normalised, &c->arena));
	if (c->p->config.names == NAME_HANDLE)
		return u->state == NAME_HELD ? UC_E_TAKEN : UC_OK;
	return code_check(c->p, &u->name, u->q.code, &c->arena);
}

static uc_err key_write(struct call *c, const struct sign_up *u)
{
	struct store_key k;
	struct store_batch b;
	struct key_record key;
	memcpy(key.account_id, u->account_id, sizeof key.account_id);
	store_batch_init(&b, u->q.account_key);
	return finish_accounts(c->p, &b,
			       record_put_if_absent(&b,
						    key_1(&k, TABLE_ACCOUNT_KEY, u->q.account_key),
						    key_record_element, &key));
}

static uc_err name_write(struct call *c, const struct sign_up *u)
{
	struct store_batch b;
	store_batch_init(&b, VIEW_OF(u->name.now));
	return finish_accounts(c->p, &b, name_take(c, &b, &u->name, u->account_id, false));
}

static uc_err account_fill(struct call *c, const struct sign_up *u, struct store_batch *b)
{
	struct store_key k;
	struct view id = VIEW_OF(u->account_id);
	struct account_record account = { .created_day = day_of(env_now_ms(c->p->env)) };
	struct device_record device = { 0 };
	if (PLANTED(sign_up_second))
		account.created_day = (uint32_t)(env_now_ms(c->p->env) / 1000);
	memcpy(account.account_key, u->q.account_key.p, sizeof account.account_key);
	memcpy(account.name_id, u->name.now, sizeof account.name_id);
	memcpy(device.intake_key, u->q.intake_key.p, sizeof device.intake_key);
	TRY(record_put_if_absent(b, key_1(&k, TABLE_ACCOUNT, id), account_record_element,
				 &account));
	TRY(record_put(b, key_2(&k, TABLE_DEVICE, id, u->q.device_key), device_record_element,
		       &device));
	store_put(b, key_2n(&k, TABLE_LIST, id, 0, 0), u->q.device_list_entry);
	return UC_OK;
}

static uc_err account_write(struct call *c, const struct sign_up *u)
{
	struct store_batch b;
	store_batch_init(&b, VIEW_OF(u->account_id));
	return finish_accounts(c->p, &b, account_fill(c, u, &b));
}

static uc_err make(struct call *c, struct sign_up *u)
{
	TRY(name_check(c, u));
	if (!u->key_known)
		TRY(key_write(c, u));
	if (u->state != NAME_OWN)
		TRY(name_write(c, u));
	TRY(account_write(c, u));
	/* Lost in a crash, nothing hangs on it: the index says whose the name is. */
	return u->state == NAME_HELD ? name_forget(c->p, VIEW_OF(u->holder), &c->arena) : UC_OK;
}

uc_err handle_sign_up(struct call *c, struct view body)
{
	struct sign_up u = { .state = NAME_FREE };
	struct sign_up_response r;
	struct account_record account;
	if (c->s->phase != PHASE_GREETED)
		return UC_E_UNEXPECTED;
	if (network_is_too_fast(c, LIMIT_NETWORK_SIGN_UP, (struct view){ NULL, 0 }))
		return UC_OK;
	TRY(wire_decode(body, &c->arena, sign_up_request_element, &u.q));
	TRY(name_id_of(c->p, u.q.identifier, &c->arena, &u.name, &u.normalised));
	TRY(proof_check(c, &u.q));
	TRY(account_id_find(c, &u));
	uc_err err = account_get(c->p, VIEW_OF(u.account_id), &c->arena, &account);
	if (err == UC_E_NOT_FOUND)
		err = make(c, &u);
	else if (!err)
		err = account.suspended ? UC_E_SUSPENDED : repeat_check(c, &u);
	TRY(err);
	memcpy(r.account_id, u.account_id, sizeof r.account_id);
	session_sign_in(c->p, c->s, VIEW_OF(u.account_id), u.q.device_key, 0);
	call_respond(c, sign_up_response_element, &r);
	intake_push(c->p, c->s);
	return UC_OK;
}
