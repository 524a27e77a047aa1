/* SPDX-License-Identifier: Apache-2.0 */
/* Codes that prove a number or an address: one for each name at a time, kept as an HMAC, with an
 * end, few attempts, and few requests a day.  Nothing here depends on whether the name has an
 * account. */
#include "provider/spent.h"

#include "mimi/names.h"
#include "provider/account_names.h"

enum {
	CODE_DIGITS = 8,
	CODE_RANGE = 100000000,
	CODE_MS = 10 * 60 * 1000,
	CODE_ATTEMPTS = 5,
};

static uc_err code_hash(struct provider *p, const struct name_id *n, struct view code,
			uint8_t out[32])
{
	struct view parts[] = { VIEW_LIT("code"), VIEW_OF(n->secret), code };
	return hmac_sha256_parts(VIEW_OF(p->config.keys->name_key), parts, 3, out);
}

static struct view code_key(struct store_key *k, const struct name_id *n)
{
	return key_1(k, TABLE_CODE, VIEW_OF(n->now));
}

static uc_err code_read(struct provider *p, const struct name_id *n, struct arena *a,
			struct code_record *out)
{
	struct store_key k;
	bool found;
	*out = (struct code_record){ 0 };
	return record_find(p->accounts, code_key(&k, n), code_record_element, a, out, &found);
}

static uc_err code_write(struct provider *p, const struct name_id *n, struct code_record *record)
{
	struct store_key k;
	record->index = p->config.keys->index.number;
	struct store_batch b;
	store_batch_init(&b, VIEW_OF(n->now));
	return finish_accounts(p, &b, record_put(&b, code_key(&k, n), code_record_element, record));
}

/* Uniform below CODE_RANGE, in decimal digits. */
static uc_err code_make(const struct env *env, uint8_t out[CODE_DIGITS])
{
	uint32_t n = UINT32_MAX;
	while (n >= UINT32_MAX / CODE_RANGE * CODE_RANGE)
		TRY(env_random(env, (uint8_t *)&n, sizeof n));
	n %= CODE_RANGE;
	for (int i = CODE_DIGITS; i-- > 0; n /= 10)
		out[i] = (uint8_t)('0' + n % 10);
	return UC_OK;
}

static uc_err code_send(struct provider *p, const struct name_id *n, struct view normalised,
			struct code_record *record)
{
	uint8_t code[CODE_DIGITS];
	TRY(code_make(p->env, code));
	uc_err err = code_hash(p, n, VIEW_OF(code), record->code_hash);
	record->expires_ms = env_now_ms(p->env) + CODE_MS;
	record->attempts_left = CODE_ATTEMPTS;
	if (!err)
		err = code_write(p, n, record);
	if (!err)
		p->config.out->deliver(p->config.ctx, normalised, VIEW_OF(code));
	wipe(code, sizeof code);
	return err;
}

uc_err handle_code_request(struct call *c, struct view body)
{
	struct code_request_request q;
	struct code_record record;
	struct view normalised;
	struct name_id n;
	TRY(wire_decode(body, &c->arena, code_request_request_element, &q));
	if (c->p->config.names == NAME_HANDLE) {
		call_refuse(c, UC_E_UNSUPPORTED, "this app's names need no code", 0);
		return UC_OK;
	}
	TRY(name_id_of(c->p, q.identifier, &c->arena, &n, &normalised));
	uint64_t now = env_now_ms(c->p->env);
	TRY(index_lead(c->p, &n, &c->arena));
	TRY(code_read(c->p, &n, &c->arena, &record));
	const struct rate *of_name = &c->p->config.limits[LIMIT_NAME_CODE];
	struct rate_state state = { record.empty_until_us };
	uint32_t wait = rate_wait(&state, of_name, now);
	if (wait) {
		call_refuse(c, UC_E_RATE, NULL, wait);
		return UC_OK;
	}
	/* What is sent costs: whoever opens a connection for each code is counted here.  Nor does
	 * one place use up all that a number gets: its owner, elsewhere, still has some. */
	if (network_is_too_fast(c, LIMIT_NETWORK_CODE, (struct view){ NULL, 0 }) ||
	    network_is_too_fast(c, LIMIT_NETWORK_NAME_CODE, VIEW_OF(n.secret)))
		return UC_OK;
	TRY(spent_now(c->p, c->p->domain, SPENT_CODES, &c->arena, &wait));
	if (wait) {
		call_refuse(c, UC_E_RATE, NULL, wait);
		return UC_OK;
	}
	(void)rate_take(&state, of_name, now);
	record.empty_until_us = state.empty_until_us;
	TRY(code_send(c->p, &n, normalised, &record));
	call_respond(c, NULL, NULL);
	return UC_OK;
}

uc_err code_check(struct provider *p, const struct name_id *n, struct view code, struct arena *a)
{
	struct code_record record;
	uint8_t hash[32];
	TRY(code_read(p, n, a, &record));
	TRY(code_hash(p, n, code, hash));
	if (!record.attempts_left || record.expires_ms <= env_now_ms(p->env))
		return UC_E_CODE;
	if (view_equal_ct(VIEW_OF(hash), VIEW_OF(record.code_hash)))
		return UC_OK;
	record.attempts_left--;
	TRY(code_write(p, n, &record));
	return UC_E_CODE;
}

uc_err code_spend(struct provider *p, struct store_batch *b, const struct name_id *n,
		  struct arena *a)
{
	struct store_key k;
	struct code_record record;
	TRY(code_read(p, n, a, &record));
	/* The count of requests stays for its time. */
	memset(record.code_hash, 0, sizeof record.code_hash);
	record.expires_ms = 0;
	record.attempts_left = 0;
	record.index = p->config.keys->index.number;
	return record_put(b, code_key(&k, n), code_record_element, &record);
}
