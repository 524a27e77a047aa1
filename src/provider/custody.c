/* SPDX-License-Identifier: Apache-2.0 */
/* A key in two halves, at two apps: neither computes a value alone.  As the app whose people are found
 * we ask the custodian of the other half; as a custodian we answer, so much and no more. */
#include "base/text.h"
#include "provider/discovery.h"
#include "provider/spent.h"

#define ENDPOINT "custodyEvaluate"

enum { ASK_AGAIN_MS = 10000, RETRY_S = 5 };

/* --- the app --- */

static uc_err sum(const uint8_t own[32], const struct provider_discovery *d, uint8_t out[32])
{
	struct discovery_keys k = { .n = d->custodian.n ? 2 : 1 };
	struct oprf_element whole;
	memcpy(k.pub[0].b, own, sizeof k.pub[0].b);
	memcpy(k.pub[1].b, d->other, sizeof k.pub[1].b);
	TRY(discovery_keys_sum(&k, &whole));
	memcpy(out, whole.b, sizeof whole.b);
	return UC_OK;
}

/* Of both halves, as far as they are known. */
static uc_err sums(struct provider *p)
{
	const struct provider_keys_discovery *k = &p->config.keys->discovery;
	struct provider_discovery *d = &p->discovery;
	if (!k->is_there || (d->custodian.n && !d->has_other))
		return UC_OK;
	TRY(sum(k->key.pub.b, d, d->pub));
	return k->has_before ? sum(k->before.pub.b, d, d->pub_before) : UC_OK;
}

uc_err custody_open(struct provider *p)
{
	struct provider_discovery *d = &p->discovery;
	struct custodian_record r = { 0 };
	struct store_key k;
	struct arena scratch;
	bool found = false;
	d->has_other = false;
	d->ask_ms = 0;
	arena_init(&scratch, 4096, ARENA_PLAIN);
	uc_err err = UC_OK;
	if (d->custodian.n)
		err = record_find(p->accounts, key_1(&k, TABLE_CUSTODIAN, p->domain),
				  custodian_record_element, &scratch, &r, &found);
	if (!err && found && view_equal(r.custodian, buf_view(&d->custodian))) {
		d->has_other = true;
		memcpy(d->other, r.prf_key, sizeof d->other);
	}
	arena_done(&scratch);
	return err ? err : sums(p);
}

static uc_err key_keep(struct provider *p, struct view key)
{
	struct provider_discovery *d = &p->discovery;
	struct custodian_record r = { .custodian = buf_view(&d->custodian) };
	struct store_batch b;
	struct store_key k;
	if (key.n != sizeof r.prf_key)
		return UC_E_PEER;
	memcpy(d->other, key.p, sizeof d->other);
	memcpy(r.prf_key, key.p, sizeof r.prf_key);
	d->has_other = true;
	uc_err err = sums(p);
	if (!err) {
		store_batch_init(&b, p->domain);
		err = finish_accounts(p, &b,
				      record_put(&b, key_1(&k, TABLE_CUSTODIAN, p->domain),
						 custodian_record_element, &r));
	}
	if (err) {
		d->has_other = false;
		return err;
	}
	filters_changed(p);
	return provider_keys_rotated(p);
}

static void key_done(struct provider *p, struct ask *ask, const struct peer_response *r)
{
	struct provider_discovery *d = &p->discovery;
	struct discovery_custody_response in;
	struct arena a;
	d->is_asked = false;
	if (d->has_other || r->status != 200 || !view_equal(ask->what, buf_view(&d->custodian)))
		return;
	arena_init(&a, CALL_ARENA_MAX, ARENA_PLAIN);
	if (!wire_decode(r->body, &a, discovery_custody_response_element, &in) &&
	    key_keep(p, in.key))
		d->ask_ms = env_now_ms(p->env) + ASK_AGAIN_MS;
	arena_done(&a);
}

void custody_ask(struct provider *p, struct ask *a, struct view blinded)
{
	const struct discovery_evaluate_request q = { blinded };
	struct view custodian = buf_view(&p->discovery.custodian);
	struct buf body;
	buf_init(&body, 65536);
	uc_err err = wire_encode(&body, discovery_evaluate_request_element, &q);
	/* What cannot be encoded is asked without, and refused there. */
	ask_send(p, a, custodian, ENDPOINT, custodian, (struct view){ NULL, 0 },
		 err ? (struct view){ NULL, 0 } : buf_view(&body));
	buf_done(&body);
}

void custody_tick(struct provider *p, uint64_t now_ms)
{
	struct provider_discovery *d = &p->discovery;
	if (!d->is_on || !d->custodian.n || d->has_other || d->is_asked || p->failed ||
	    !is_due(now_ms, d->ask_ms, ASK_AGAIN_MS))
		return;
	d->ask_ms = now_ms + ASK_AGAIN_MS;
	struct ask *a = ask_new(p, key_done);
	if (!a)
		return;
	ask_about(a, buf_view(&d->custodian));
	d->is_asked = true;
	custody_ask(p, a, (struct view){ NULL, 0 });
}

uc_err custody_read(const struct provider *p, const struct peer_response *r, size_t n,
		    struct arena *a, struct discovery_answered *out)
{
	struct discovery_custody_response in;
	if (r->status == 0 || r->status == 429 || r->status == 503)
		return UC_E_BUSY;
	if (r->status != 200 || wire_decode(r->body, a, discovery_custody_response_element, &in) ||
	    in.answered.evaluated.n != n * OPRF_ELEMENT)
		return UC_E_PEER;
	if (!view_equal(in.key, VIEW_OF(p->discovery.other)))
		return UC_E_KEY;
	*out = in.answered;
	return UC_OK;
}

/* Another key of it is taken, too. */
static uc_err custodian_forget(struct provider *p)
{
	struct store_batch b;
	struct store_key k;
	store_batch_init(&b, p->domain);
	store_delete(&b, key_1(&k, TABLE_CUSTODIAN, p->domain));
	return commit_accounts(p, &b);
}

void provider_discovery_changed(struct provider *p)
{
	struct provider_discovery *d = &p->discovery;
	uc_err err = d->custodian.n ? custodian_forget(p) : UC_OK;
	if (!err)
		err = custody_open(p);
	if (err)
		d->is_on = false;
	filters_changed(p);
}

/* --- the custodian --- */

uc_err provider_set_custody(struct provider *p, struct view domains)
{
	buf_reset(&p->discovery.custody_for);
	buf_add_view(&p->discovery.custody_for, domains);
	return p->discovery.custody_for.failed;
}

static bool is_for(const struct provider *p, struct view domain)
{
	struct view line, rest = buf_view(&p->discovery.custody_for);
	while (rest.n) {
		rest = view_cut(rest, '\n', &line);
		if (line.n && view_equal(line, domain))
			return p->config.keys->custody.is_there;
	}
	return false;
}

static uc_err half_of(const struct provider *p, struct view domain, struct oprf_key *out)
{
	return oprf_key_derive(OPRF_VERIFIABLE, VIEW_OF(p->config.keys->custody.seed), domain, out);
}

/* Stored, so that no restart gives it back. */
static uc_err count(struct peer_call *c, size_t n, uint32_t *wait_s)
{
	struct store_batch b;
	*wait_s = 0;
	if (!n || n > DISCOVERY_BATCH_MAX)
		return UC_OK;
	store_batch_init(&b, c->domain);
	uc_err err = spent_take_many(c->p, &b, c->domain, SPENT_CUSTODY, (uint32_t)n, c->a, wait_s);
	if (!err && !*wait_s)
		return commit_accounts(c->p, &b);
	store_batch_done(&b);
	return err;
}

static int status_of(struct peer_call *c, uc_err err)
{
	if (!err)
		return 200;
	if (err == UC_E_BUSY)
		c->retry_after_s = RETRY_S;
	return err == UC_E_ARGUMENT || err == UC_E_TOO_LARGE || err == UC_E_MALFORMED ? 400 : 503;
}

int peer_custody_evaluate(struct peer_call *c)
{
	struct discovery_evaluate_request q;
	struct oprf_key half;
	if (!is_for(c->p, c->domain))
		return 403;
	if (wire_decode(c->body, c->a, discovery_evaluate_request_element, &q))
		return 400;
	if (half_of(c->p, c->domain, &half))
		return 503;
	const struct discovery_custody_response key = { .key = VIEW_OF(half.pub.b) };
	uc_err err = UC_OK;
	if (!q.blinded.n)
		err = wire_encode(c->out, discovery_custody_response_element, &key);
	else
		err = count(c, q.blinded.n / OPRF_ELEMENT, &c->retry_after_s);
	if (!err && q.blinded.n && !c->retry_after_s)
		err = discovery_evaluate_for(c, &half, q.blinded);
	oprf_key_wipe(&half);
	return !err && c->retry_after_s ? 429 : status_of(c, err);
}
