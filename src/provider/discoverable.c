/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an account is found by its number: its device shows the number, which is checked against
 * what is kept of it and turned into a value; the value is kept, and goes with all that it stands on. */
#include "mimi/names.h"
#include "provider/discovery.h"
#include "provider/reaching.h"

void discoverable_drop(struct store_batch *b, struct view account_id)
{
	struct store_key k;
	store_delete(b, key_1(&k, TABLE_DISCOVERABLE, account_id));
}

static bool is_id(const uint8_t a[32], const uint8_t b[32])
{
	return view_equal_ct(view_make(a, 32), view_make(b, 32));
}

/* The account's own number, which its settings let be found. */
static uc_err check(struct call *c, struct view number, struct view *normalised)
{
	struct provider *p = c->p;
	struct account_record account;
	struct settings settings;
	struct name_id name;
	struct view id = VIEW_OF(c->s->account_id);
	if (!discovery_is_on(p))
		return UC_E_UNSUPPORTED;
	TRY(name_id_of(p, number, &c->arena, &name, normalised));
	TRY(account_get(p, id, &c->arena, &account));
	bool is_own = is_id(account.name_id, name.now) ||
		      (name.moves && is_id(account.name_id, name.before));
	TRY(settings_of(p, id, &c->arena, &settings));
	return is_own && is_discoverable(&settings) ? UC_OK : UC_E_NOT_ALLOWED;
}

static uc_err fill(struct call *c, const struct discoverable_set_request *q, struct store_batch *b)
{
	const struct oprf_key *key = &c->p->config.keys->discovery.key;
	struct discoverable_record r = { 0 };
	struct discovery_value value;
	struct store_key k;
	struct view normalised, id = VIEW_OF(c->s->account_id);
	if (!q->on) {
		discoverable_drop(b, id);
		return q->number.n ? UC_E_ARGUMENT : UC_OK;
	}
	TRY(check(c, q->number, &normalised));
	TRY(discovery_value_of(key, normalised, &value));
	memcpy(r.prf_key, key->pub.b, sizeof r.prf_key);
	memcpy(r.value, value.b, sizeof r.value);
	return record_put(b, key_1(&k, TABLE_DISCOVERABLE, id), discoverable_record_element, &r);
}

uc_err handle_discoverable_set(struct call *c, struct view body)
{
	struct discoverable_set_request q;
	struct store_batch b;
	TRY(wire_decode(body, &c->arena, discoverable_set_request_element, &q));
	if (q.on > 1)
		return UC_E_ARGUMENT;
	store_batch_init(&b, VIEW_OF(c->s->account_id));
	TRY(finish_accounts(c->p, &b, fill(c, &q, &b)));
	call_respond(c, NULL, NULL);
	return UC_OK;
}
