/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/account_names.h"

#include "mimi/names.h"
#include "provider/discovery.h"
#include "provider/sender_tag.h"

static bool is_id(const uint8_t a[32], const uint8_t b[32])
{
	return view_equal(view_make(a, 32), view_make(b, 32));
}

uc_err name_id_of(struct provider *p, struct view identifier, struct arena *a, struct name_id *out,
		  struct view *normalised)
{
	const struct provider_keys *k = p->config.keys;
	TRY(name_secret_of(p, identifier, a, out->secret, normalised));
	TRY(provider_index_id(&k->index, out->secret, out->now));
	out->moves = k->index_moves;
	return out->moves ? provider_index_id(&k->index_before, out->secret, out->before) : UC_OK;
}

uc_err name_secret_of(struct provider *p, struct view identifier, struct arena *a, uint8_t out[32],
		      struct view *normalised)
{
	uint8_t kind = p->config.names;
	TRY(name_normalise((enum name_kind)kind, identifier, a, normalised));
	return provider_keys_name(p->config.keys, kind, *normalised, out);
}

static uc_err name_read(struct provider *p, const uint8_t name_id[32], struct arena *a,
			struct name_record *out, bool *found)
{
	struct store_key k;
	return record_find(p->accounts, key_1(&k, TABLE_NAME, view_make(name_id, 32)),
			   name_record_element, a, out, found);
}

uc_err account_by_name(struct provider *p, const struct name_id *n, struct arena *a,
		       uint8_t account_id[ACCOUNT_ID], struct account_record *out)
{
	struct name_record name = { 0 }, before = { 0 };
	struct account_record account;
	bool found, found_before = false;
	TRY(name_read(p, n->now, a, &name, &found));
	if (n->moves)
		TRY(name_read(p, n->before, a, &before, &found_before));
	if (!found && found_before)
		name = before;
	/* Known or not, the same reads are made. */
	TRY(account_get(p, VIEW_OF(name.account_id), a, &account));
	bool is_its =
		is_id(account.name_id, n->now) || (n->moves && is_id(account.name_id, n->before));
	if ((!found && !found_before) || account.suspended || !is_its)
		return UC_E_NOT_FOUND;
	memcpy(account_id, name.account_id, ACCOUNT_ID);
	*out = account;
	return UC_OK;
}

uc_err name_state_get(struct provider *p, const struct name_id *n, struct view account_id,
		      struct arena *a, enum name_state *state, uint8_t holder[ACCOUNT_ID])
{
	struct name_record name = { 0 };
	struct account_record account;
	bool found;
	*state = NAME_FREE;
	TRY(index_lead(p, n, a));
	TRY(name_read(p, n->now, a, &name, &found));
	if (found && view_equal(VIEW_OF(name.account_id), account_id)) {
		*state = NAME_OWN;
		return UC_OK;
	}
	/* Held or not, the same reads are made: only a code tells its owner. */
	uc_err err = account_get(p, VIEW_OF(name.account_id), a, &account);
	if (err && err != UC_E_NOT_FOUND)
		return err;
	bool is_its = !err && is_id(account.name_id, n->now);
	if (!found || (!is_its && name.until_ms <= env_now_ms(p->env)))
		return UC_OK;
	*state = NAME_HELD;
	memset(holder, 0, ACCOUNT_ID);
	if (!err)
		memcpy(holder, name.account_id, ACCOUNT_ID);
	return UC_OK;
}

/* What others know somebody by leads to nobody else at once. */
static uc_err keep_for(struct provider *p, const uint8_t name_id[32], struct view account_id,
		       unsigned days, bool is_nobodys, struct arena *a)
{
	struct store_key k;
	struct store_batch b;
	struct name_record name;
	bool found;
	TRY(name_read(p, name_id, a, &name, &found));
	if (!found || !view_equal(VIEW_OF(name.account_id), account_id))
		return UC_OK;
	name.until_ms = env_now_ms(p->env) + (uint64_t)days * DAY_MS;
	if (is_nobodys)
		memset(name.account_id, 0, sizeof name.account_id);
	store_batch_init(&b, view_make(name_id, 32));
	return finish_accounts(p, &b,
			       record_put(&b, key_1(&k, TABLE_NAME, view_make(name_id, 32)),
					  name_record_element, &name));
}

uc_err name_rest(struct provider *p, const uint8_t name_id[32], struct view account_id,
		 struct arena *a)
{
	return keep_for(p, name_id, account_id, p->handles.rest_days, true, a);
}

uc_err name_hold(struct provider *p, const uint8_t name_id[32], struct view account_id,
		 struct arena *a)
{
	return keep_for(p, name_id, account_id, p->handles.hold_days, false, a);
}

uc_err name_take(struct call *c, struct store_batch *b, const struct name_id *n,
		 const uint8_t account_id[ACCOUNT_ID], bool is_own)
{
	struct store_key k;
	struct name_record name = { .index = c->p->config.keys->index.number };
	memcpy(name.account_id, account_id, sizeof name.account_id);
	if (!is_own && c->p->config.names != NAME_HANDLE)
		TRY(code_spend(c->p, b, n, &c->arena));
	return record_put(b, key_1(&k, TABLE_NAME, VIEW_OF(n->now)), name_record_element, &name);
}

uc_err name_forget(struct provider *p, struct view account_id, struct arena *a)
{
	struct store_batch b;
	struct account_record was, now;
	TRY(account_get(p, account_id, a, &was));
	now = was;
	TRY(sender_name_leave(p, account_id, &was, a, &now.left_name));
	memset(now.name_id, 0, sizeof now.name_id);
	store_batch_init(&b, account_id);
	discoverable_drop(&b, account_id);
	return finish_accounts(p, &b, account_change(p, &b, account_id, &was, &now));
}

uc_err name_release(struct provider *p, const uint8_t name_id[32], struct view account_id,
		    struct arena *a)
{
	struct store_key k;
	struct store_batch b;
	struct name_record name;
	bool found;
	TRY(name_read(p, name_id, a, &name, &found));
	if (!found || !view_equal(VIEW_OF(name.account_id), account_id))
		return UC_OK;
	store_batch_init(&b, view_make(name_id, 32));
	store_delete(&b, key_1(&k, TABLE_NAME, view_make(name_id, 32)));
	return commit_accounts(p, &b);
}
