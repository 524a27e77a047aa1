/* SPDX-License-Identifier: Apache-2.0 */
/* Who may reach an account: kept as its device signed it, replaced only by what may follow. */
#include "provider/discovery.h"
#include "provider/reaching.h"

static uc_err statement_read(struct provider *p, struct view account_id, struct arena *a,
			     struct view *statement)
{
	struct store_key k;
	struct settings_record r = { 0 };
	bool found;
	TRY(record_find(p->accounts, key_1(&k, TABLE_SETTINGS, account_id), settings_record_element,
			a, &r, &found));
	*statement = found ? r.statement : (struct view){ NULL, 0 };
	return UC_OK;
}

uc_err settings_of(struct provider *p, struct view account_id, struct arena *a,
		   struct settings *out)
{
	struct view statement;
	struct settings said;
	TRY(statement_read(p, account_id, a, &statement));
	if (!statement.n)
		*out = settings_default(p->contact.grown_ups ? AGE_ADULT : AGE_UNKNOWN);
	else if (wire_decode(statement, a, settings_element, &said))
		return UC_E_CORRUPT;
	else
		*out = said;
	return UC_OK;
}

static uc_err put_check(struct call *c, struct view statement, struct view before,
			struct settings *out)
{
	struct settings was = { .number = 0 }, now;
	struct account_record account;
	TRY(account_get(c->p, VIEW_OF(c->s->account_id), &c->arena, &account));
	TRY(settings_verify(statement, c->p->domain, VIEW_OF(account.account_key), &c->arena,
			    &now));
	/* A device speaks for itself, and it is listed: else it had no session. */
	if (!view_equal(now.device_key, VIEW_OF(c->s->device_key)))
		return UC_E_KEY;
	if (before.n && wire_decode(before, &c->arena, settings_element, &was))
		return UC_E_CORRUPT;
	TRY(settings_follow(&was, &now));
	*out = now;
	return UC_OK;
}

static uc_err put_fill(const struct settings *now, struct view id, struct view statement,
		       struct store_batch *b)
{
	const struct settings_record r = { .statement = statement };
	struct store_key k;
	if (!is_discoverable(now))
		discoverable_drop(b, id);
	return record_put(b, key_1(&k, TABLE_SETTINGS, id), settings_record_element, &r);
}

uc_err handle_settings_put(struct call *c, struct view body)
{
	struct settings_put_request q;
	struct settings now;
	struct store_batch b;
	struct view before, id = VIEW_OF(c->s->account_id);
	TRY(wire_decode(body, &c->arena, settings_put_request_element, &q));
	TRY(statement_read(c->p, id, &c->arena, &before));
	if (!view_equal(before, q.statement)) {
		TRY(put_check(c, q.statement, before, &now));
		store_batch_init(&b, id);
		TRY(finish_accounts(c->p, &b, put_fill(&now, id, q.statement, &b)));
	}
	call_respond(c, NULL, NULL);
	return UC_OK;
}

uc_err handle_settings_get(struct call *c, struct view body)
{
	struct empty q;
	struct settings_get_response r;
	TRY(wire_decode(body, &c->arena, empty_element, &q));
	TRY(statement_read(c->p, VIEW_OF(c->s->account_id), &c->arena, &r.statement));
	call_respond(c, settings_get_response_element, &r);
	return UC_OK;
}
