/* SPDX-License-Identifier: Apache-2.0 */
/* Who may reach an account: kept as its device signed it, replaced only by what may follow. */
#include "provider/discovery.h"
#include "provider/reaching.h"

static uc_err record_of(struct provider *p, struct view account_id, struct arena *a,
			struct settings_record *out)
{
	struct store_key k;
	bool found;
	*out = (struct settings_record){ 0 };
	return record_find(p->accounts, key_1(&k, TABLE_SETTINGS, account_id),
			   settings_record_element, a, out, &found);
}

/* An age that is not only said.  The app's own word goes before a service's, and a service's counts as long as
 * it is believed. */
struct attested {
	uint8_t checked, by;
};
static struct attested attested_of(const struct provider *p, const struct settings_record *r)
{
	if (r->checked)
		return (struct attested){ r->checked, ATTESTED_APP };
	bool is_believed = ages_believe(p, r->voucher);
	return r->vouched && is_believed ? (struct attested){ r->vouched, ATTESTED_SERVICE }
					 : (struct attested){ 0, 0 };
}

static struct settings holds_for(const struct provider *p, const struct settings *said,
				 const struct settings_record *r)
{
	struct attested age = attested_of(p, r);
	return settings_checked(said, age.checked, age.by);
}

/* Nothing was said: the statement is empty. */
static uc_err statement_read(const struct provider *p, const struct settings_record *r,
			     struct arena *a, struct settings *out)
{
	struct settings said;
	enum age_band begin = p->contact.grown_ups ? AGE_ADULT : AGE_UNKNOWN;
	if (!r->statement.n)
		*out = p->all_asked ? settings_default(begin)
				    : settings_begins(begin, (enum name_kind)p->config.names);
	else if (wire_decode(r->statement, a, settings_element, &said))
		return UC_E_CORRUPT;
	else
		*out = said;
	*out = holds_for(p, out, r);
	return UC_OK;
}

uc_err settings_of(struct provider *p, struct view account_id, struct arena *a,
		   struct settings *out)
{
	struct settings_record r;
	TRY(record_of(p, account_id, a, &r));
	return statement_read(p, &r, a, out);
}

static uc_err hash_of(struct provider *p, struct view account_id, const struct settings *s,
		      struct view code, uint8_t out[SHA256_BYTES])
{
	return contact_code_hash(VIEW_OF(p->config.keys->name_key), account_id, s->code, code, out);
}

uc_err settings_asked(struct provider *p, struct view account_id, struct view code, struct arena *a,
		      struct settings *out, bool *code_fits)
{
	struct settings_record r;
	uint8_t hash[SHA256_BYTES];
	uint32_t wait = 0;
	TRY(record_of(p, account_id, a, &r));
	TRY(statement_read(p, &r, a, out));
	/* For whom there is not, and who has set none, the same is done. */
	TRY(hash_of(p, account_id, out, code, hash));
	bool is_it = view_equal_ct(VIEW_OF(hash), VIEW_OF(r.code_hash));
	if (code.n)
		wait = rate_table_take(&p->rates, LIMIT_CONTACT_CODE, account_id,
				       env_now_ms(p->env));
	if (code.n && !wait && is_it)
		rate_table_give(&p->rates, LIMIT_CONTACT_CODE, account_id);
	*code_fits = !out->code.n || (is_it && !wait);
	return UC_OK;
}

static uc_err put_check(struct call *c, struct view statement, const struct settings_record *before,
			struct settings *was, struct settings *now)
{
	struct account_record account;
	TRY(account_get(c->p, VIEW_OF(c->s->account_id), &c->arena, &account));
	TRY(settings_verify(statement, c->p->domain, VIEW_OF(account.account_key), &c->arena, now));
	/* A device speaks for itself, and it is listed: else it had no session. */
	if (!view_equal(now->device_key, VIEW_OF(c->s->device_key)))
		return UC_E_KEY;
	*was = (struct settings){ .number = 0 };
	if (before->statement.n && wire_decode(before->statement, &c->arena, settings_element, was))
		return UC_E_CORRUPT;
	TRY(settings_guardian_follow(was, now, &c->arena));
	return settings_follow(was, now, attested_of(c->p, before).checked);
}

/* The statement says which contact code it is, and the device the code itself, once: what is kept of it
 * nobody tries out without our keys. */
static uc_err code_put(struct call *c, const struct settings *was, const struct settings *now,
		       struct view code, struct settings_record *r)
{
	uint8_t read[CONTACT_CODE];
	if (now->code.n && view_equal(now->code, was->code) && !code.n)
		return UC_OK;
	memset(r->code_hash, 0, sizeof r->code_hash);
	if (!now->code.n)
		return UC_OK;
	TRY(contact_code_read(code, read));
	wipe(read, sizeof read);
	return hash_of(c->p, VIEW_OF(c->s->account_id), now, code, r->code_hash);
}

static uc_err put_fill(const struct provider *p, const struct settings *now, struct view id,
		       const struct settings_record *r, struct store_batch *b)
{
	struct store_key k;
	struct settings holds = holds_for(p, now, r);
	if (!is_discoverable(&holds))
		discoverable_drop(b, id);
	return record_put(b, key_1(&k, TABLE_SETTINGS, id), settings_record_element, r);
}

static uc_err put(struct call *c, const struct settings_put_request *q, struct settings_record *r)
{
	struct settings was, now;
	struct store_batch b;
	struct view id = VIEW_OF(c->s->account_id);
	TRY(put_check(c, q->statement, r, &was, &now));
	TRY(code_put(c, &was, &now, q->code, r));
	r->statement = q->statement;
	store_batch_init(&b, id);
	return finish_accounts(c->p, &b, put_fill(c->p, &now, id, r, &b));
}

uc_err handle_settings_put(struct call *c, struct view body)
{
	struct settings_put_request q;
	struct settings_record r;
	TRY(wire_decode(body, &c->arena, settings_put_request_element, &q));
	TRY(record_of(c->p, VIEW_OF(c->s->account_id), &c->arena, &r));
	if (!view_equal(r.statement, q.statement))
		TRY(put(c, &q, &r));
	call_respond(c, NULL, NULL);
	return UC_OK;
}

uc_err handle_settings_get(struct call *c, struct view body)
{
	struct empty q;
	struct settings_record own;
	struct settings_get_response r;
	TRY(wire_decode(body, &c->arena, empty_element, &q));
	TRY(record_of(c->p, VIEW_OF(c->s->account_id), &c->arena, &own));
	r.statement = own.statement;
	struct attested age = attested_of(c->p, &own);
	r.checked = age.checked;
	r.attested = age.by;
	call_respond(c, settings_get_response_element, &r);
	return UC_OK;
}

/* --- what an operator says, or a service --- */

static uc_err age_put(struct provider *p, struct view id, const struct settings_record *r,
		      struct arena *a)
{
	struct settings now;
	struct store_batch b;
	TRY(statement_read(p, r, a, &now));
	store_batch_init(&b, id);
	return finish_accounts(p, &b, put_fill(p, &now, id, r, &b));
}

static void vouched_forget(struct settings_record *r)
{
	r->vouched = 0;
	r->vouched_day = 0;
	memset(r->voucher, 0, sizeof r->voucher);
}

/* That nothing is known any more holds of what services have said, too. */
static uc_err check_age(struct provider *p, struct view id, uint8_t checked, struct arena *a)
{
	struct account_record account;
	struct settings_record r;
	TRY(account_get(p, id, a, &account));
	TRY(record_of(p, id, a, &r));
	r.checked = checked;
	if (!checked)
		vouched_forget(&r);
	return age_put(p, id, &r, a);
}

/* An older word makes nobody older: with it, whoever got it before would choose between the two. */
uc_err settings_vouch(struct provider *p, struct view account_id, const struct vouched *v,
		      struct arena *a)
{
	struct settings_record r;
	uint8_t vouched = v->age_band + 1;
	TRY(record_of(p, account_id, a, &r));
	bool counts = r.vouched && ages_believe(p, r.voucher);
	if (counts && vouched > r.vouched && v->day <= r.vouched_day)
		return UC_E_STALE;
	r.vouched_day = counts && v->day < r.vouched_day ? r.vouched_day : v->day;
	r.vouched = vouched;
	memcpy(r.voucher, v->voucher, sizeof r.voucher);
	return age_put(p, account_id, &r, a);
}

uc_err provider_check_age(struct provider *p, struct view account_id, uint8_t checked)
{
	struct arena scratch;
	if (account_id.n != ACCOUNT_ID || checked > AGE_UNKNOWN)
		return UC_E_ARGUMENT;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	uc_err err = check_age(p, account_id, checked, &scratch);
	arena_done(&scratch);
	TRY(err);
	/* They come back, and see it. */
	account_sessions_end(p, account_id, NULL);
	return UC_OK;
}
