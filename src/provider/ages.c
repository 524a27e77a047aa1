/* SPDX-License-Identifier: Apache-2.0 */
/* Ages that services vouch for: whose word counts, and statements that people hand in.  Kept is the band, the
 * day, and a mark of the service, which tells nobody without our keys whose pupil or customer somebody is. */
#include "mimi/age_statement.h"
#include "provider/reaching.h"

static uc_err voucher_of(const struct provider *p, const struct provider_age_service *s,
			 uint8_t out[VOUCHER])
{
	const struct view parts[] = { VIEW_LIT("Undercroft age service 1"), VIEW_OF(s->key),
				      view_str(s->name) };
	uint8_t hash[SHA256_BYTES];
	TRY(hmac_sha256_parts(VIEW_OF(p->config.keys->name_key), parts, 3, hash));
	memcpy(out, hash, VOUCHER);
	return UC_OK;
}

uc_err provider_set_ages(struct provider *p, const struct provider_ages *ages)
{
	p->ages.n = 0;
	for (size_t i = 0; i < ages->n; i++)
		TRY(voucher_of(p, &ages->v[i], p->age_vouchers[i]));
	p->ages = *ages;
	return UC_OK;
}

bool ages_believe(const struct provider *p, const uint8_t voucher[VOUCHER])
{
	bool is_it = false;
	for (size_t i = 0; i < p->ages.n; i++)
		is_it |= view_equal_ct(VIEW_OF(p->age_vouchers[i]), view_make(voucher, VOUCHER));
	return is_it;
}

/* By any of the service's keys.  UC_E_NOT_ALLOWED: it is none that is believed. */
static uc_err statement_verify(const struct provider *p, struct view encoded, struct arena *a,
			       struct age_statement *out, uint8_t voucher[VOUCHER])
{
	uc_err err = UC_E_NOT_ALLOWED;
	TRY(wire_decode(encoded, a, age_statement_element, out));
	for (size_t i = 0; err && i < p->ages.n; i++) {
		const struct provider_age_service *s = &p->ages.v[i];
		if (!view_equal(view_str(s->name), out->service))
			continue;
		err = age_statement_verify(encoded, VIEW_OF(s->key), a, out);
		memcpy(voucher, p->age_vouchers[i], VOUCHER);
	}
	return err;
}

static uc_err present(struct call *c, const struct age_present_request *q)
{
	struct age_statement s;
	struct account_record account;
	struct vouched v;
	struct provider *p = c->p;
	struct view id = VIEW_OF(c->s->account_id);
	TRY(statement_verify(p, q->statement, &c->arena, &s, v.voucher));
	TRY(account_get(p, id, &c->arena, &account));
	const struct age_subject subject = { s.service, p->domain, VIEW_OF(account.account_key),
					     VIEW_OF(q->salt) };
	TRY(age_statement_check(&s, &subject, day_of(env_now_ms(p->env))));
	v.age_band = s.age_band;
	v.day = s.issued_day;
	return settings_vouch(p, id, &v, &c->arena);
}

uc_err handle_age_present(struct call *c, struct view body)
{
	struct age_present_request q;
	TRY(wire_decode(body, &c->arena, age_present_request_element, &q));
	TRY(present(c, &q));
	call_respond(c, NULL, NULL);
	/* The others come back, and see it. */
	account_sessions_end(c->p, VIEW_OF(c->s->account_id), c->s);
	return UC_OK;
}
