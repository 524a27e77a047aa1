/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an account is found by its number: its device shows the number, which is checked against
 * what is kept of it and turned into a value; the value is kept, and goes with all that it stands on. */
#include "base/secret.h"
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

static uc_err commit(struct call *c, const struct discovery_value *value)
{
	struct discoverable_record r = { 0 };
	struct store_batch b;
	struct store_key k;
	struct view id = VIEW_OF(c->s->account_id);
	memcpy(r.prf_key, c->p->discovery.pub, sizeof r.prf_key);
	memcpy(r.value, value->b, sizeof r.value);
	store_batch_init(&b, id);
	uc_err err = finish_accounts(
		c->p, &b,
		record_put(&b, key_1(&k, TABLE_DISCOVERABLE, id), discoverable_record_element, &r));
	wipe(&r, sizeof r);
	TRY(err);
	call_respond(c, NULL, NULL);
	return UC_OK;
}

/* --- with a custodian: it is asked, without being told the number --- */

enum { NUMBER_MAX = 16 }; /* E.164 */
struct wish {
	uint8_t blind[OPRF_SCALAR];
	struct oprf_element blinded;
	uint8_t number[NUMBER_MAX];
	size_t number_n;
};

/* Of both halves, both proven. */
static uc_err value_of(struct provider *p, struct wish *w, const struct discovery_answered *other,
		       struct discovery_value *out)
{
	const struct oprf_key *own = &p->config.keys->discovery.key;
	struct view number = view_make(w->number, w->number_n);
	struct oprf_element evaluated[2];
	struct discovery_answer answers[2] = { { .evaluated = &evaluated[0], .n = 1 },
					       { .evaluated = &evaluated[1], .n = 1 } };
	struct discovery_keys keys = { .pub = { own->pub }, .n = 2 };
	const struct discovery_batch b = { &number, &w->blinded, &w->blind, 1 };
	memcpy(keys.pub[1].b, p->discovery.other, sizeof keys.pub[1].b);
	memcpy(evaluated[1].b, other->evaluated.p, sizeof evaluated[1].b);
	memcpy(answers[1].proof, other->proof, sizeof answers[1].proof);
	TRY(discovery_evaluate(own, p->env, &w->blinded, 1, &evaluated[0], answers[0].proof));
	return discovery_finish(&b, &keys, answers, 2, out);
}

/* Meanwhile much may have changed. */
static uc_err wish_value(struct call *c, struct wish *w, const struct peer_response *r,
			 struct discovery_value *out)
{
	struct discovery_answered other;
	struct view normalised;
	TRY(custody_read(c->p, r, 1, &c->arena, &other));
	TRY(check(c, view_make(w->number, w->number_n), &normalised));
	return value_of(c->p, w, &other, out);
}

static uc_err wish_end(struct call *c, struct wish *w, const struct peer_response *r)
{
	struct discovery_value value;
	uc_err err = wish_value(c, w, r, &value);
	if (!err)
		err = commit(c, &value);
	wipe(&value, sizeof value);
	return err;
}

static void wish_done(struct provider *p, struct ask *ask, const struct peer_response *r)
{
	struct call space;
	struct wish w;
	struct call *c = ask_call(p, ask, &space);
	if (!c)
		return;
	uc_err err = UC_E_MEMORY;
	if (ask->what.n == sizeof w) {
		memcpy(&w, ask->what.p, sizeof w);
		err = c->s->phase == PHASE_SIGNED_IN ? wish_end(c, &w, r) : UC_E_SIGNED_OUT;
		wipe(&w, sizeof w);
	}
	/* A proof that does not hold is the other app's fault. */
	if (err == UC_E_SIGNATURE || err == UC_E_KEY)
		err = UC_E_PEER;
	if (err)
		call_refuse(c, err, NULL, r->retry_after_s);
	call_done(c);
}

static uc_err wish_begin(struct call *c, struct view number)
{
	struct wish w = { .number_n = number.n };
	if (number.n > sizeof w.number)
		return UC_E_NAME;
	memcpy(w.number, number.p, number.n);
	TRY(ask_check(c->p, buf_view(&c->p->discovery.custodian)));
	uc_err err = oprf_blind(OPRF_VERIFIABLE, c->p->env, number, w.blind, &w.blinded);
	struct ask *a = err ? NULL : ask_new(c->p, wish_done);
	if (a) {
		ask_about(a, view_make(&w, sizeof w));
		ask_for_call(a, c);
		custody_ask(c->p, a, VIEW_OF(w.blinded.b));
	}
	wipe(&w, sizeof w);
	return err ? err : a ? UC_OK : UC_E_MEMORY;
}

/* --- on and off --- */

static uc_err turn_on(struct call *c, struct view number)
{
	struct discovery_value value;
	struct view normalised;
	TRY(check(c, number, &normalised));
	if (c->p->discovery.custodian.n)
		return wish_begin(c, normalised);
	uc_err err = discovery_value_of(&c->p->config.keys->discovery.key, normalised, &value);
	if (!err)
		err = commit(c, &value);
	wipe(&value, sizeof value);
	return err;
}

static uc_err turn_off(struct call *c)
{
	struct store_batch b;
	struct view id = VIEW_OF(c->s->account_id);
	store_batch_init(&b, id);
	discoverable_drop(&b, id);
	TRY(commit_accounts(c->p, &b));
	call_respond(c, NULL, NULL);
	return UC_OK;
}

uc_err handle_discoverable_set(struct call *c, struct view body)
{
	struct discoverable_set_request q;
	TRY(wire_decode(body, &c->arena, discoverable_set_request_element, &q));
	if (q.on > 1 || (!q.on && q.number.n))
		return UC_E_ARGUMENT;
	return q.on ? turn_on(c, q.number) : turn_off(c);
}
