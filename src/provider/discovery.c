/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that nobody sees: batches, evaluated and proven some elements at a time beside everything
 * else, and what an account may ask for. */
#include "provider/discovery.h"

#include "base/heap.h"
#include "base/secret.h"
#include "mimi/names.h"
#include "provider/reaching.h"

enum {
	JOBS_MAX = 256,
	JOBS_OF_OTHERS = 64,
	BUSY_RETRY_S = 5,
	REPEATS_MAX = 3, /* of a batch, free: an answer is lost now and then, not always */
};

/* What was paid for a batch. */
struct payment {
	uint8_t batch[SHA256_BYTES], name[SHA256_BYTES];
	bool is_free; /* repeated */
};

struct discovery_job {
	struct discovery_job *next;
	uint64_t number;
	uint64_t session_number; /* of a client; else the call of another app */
	uint32_t id;
	void *call;
	bool is_done;     /* our part of it */
	bool waits;       /* for the other custodian's */
	uc_err other_err; /* it does not come */
	uint32_t other_retry_s;
	struct payment payment;
	uint8_t other[DISCOVERY_BATCH_MAX * OPRF_ELEMENT], other_proof[OPRF_PROOF];
	struct discovery_work work;
};

bool discovery_is_on(const struct provider *p)
{
	const struct provider_discovery *d = &p->discovery;
	return d->is_on && p->config.names == NAME_NUMBER && p->config.keys->discovery.is_there &&
	       (!d->custodian.n || d->has_other);
}

/* --- budget --- */

static uc_err numbers_read(struct provider *p, struct view subject, struct arena *a,
			   struct numbers_record *out)
{
	struct store_key k;
	bool found;
	*out = (struct numbers_record){ 0 };
	return record_find(p->accounts, key_1(&k, TABLE_NUMBERS, subject), numbers_record_element,
			   a, out, &found);
}

static uc_err numbers_commit(struct provider *p, struct view subject, struct numbers_record *r)
{
	struct store_batch b;
	struct store_key k;
	store_batch_init(&b, subject);
	return finish_accounts(
		p, &b,
		record_put(&b, key_1(&k, TABLE_NUMBERS, subject), numbers_record_element, r));
}

static uint32_t record_take(struct numbers_record *r, uint32_t n, uint32_t day)
{
	struct discovery_budget b = { .spent = r->spent, .day = r->from_day };
	uint32_t wait = discovery_budget_take(&b, n, day);
	r->spent = b.spent;
	r->from_day = b.day;
	return wait;
}

bool numbers_are_over(const struct numbers_record *r, uint64_t now_ms)
{
	const struct discovery_budget b = { .spent = r->spent, .day = r->from_day };
	return discovery_budget_left(&b, day_of(now_ms)) == DISCOVERY_START;
}

/* The same elements under the same key give the same answer, so that one which was lost is had again. */
static uc_err batch_hash(const struct provider *p, struct view blinded, uint8_t out[SHA256_BYTES])
{
	return hmac_sha256_parts(VIEW_OF(p->discovery.pub), &blinded, 1, out);
}

static bool is_last(const struct numbers_record *r, const struct payment *y)
{
	return view_equal(VIEW_OF(r->last), VIEW_OF(y->batch));
}

/* By account and by name, both or none; *wait_days: not now. */
static uc_err numbers_take(struct call *c, uint32_t n, struct payment *y, uint32_t *wait_days)
{
	struct provider *p = c->p;
	struct account_record account;
	struct numbers_record own, names;
	struct view id = VIEW_OF(c->s->account_id);
	uint32_t day = day_of(env_now_ms(p->env));
	TRY(account_get(p, id, &c->arena, &account));
	struct view name = name_subject(id, &account);
	bool has_name = !view_equal(name, id);
	TRY(numbers_read(p, id, &c->arena, &own));
	y->is_free = is_last(&own, y) && own.repeats < REPEATS_MAX;
	if (y->is_free) {
		own.repeats++;
		return numbers_commit(p, id, &own);
	}
	TRY(numbers_read(p, name, &c->arena, &names));
	uint32_t wait = record_take(&own, n, day);
	uint32_t other = has_name ? record_take(&names, n, day) : 0;
	*wait_days = wait > other ? wait : other;
	if (*wait_days)
		return UC_OK;
	memcpy(y->name, account.name_id, sizeof y->name);
	memcpy(own.last, y->batch, sizeof own.last);
	own.repeats = 0;
	/* A kill in between costs the name's; it gives none back. */
	if (has_name)
		TRY(numbers_commit(p, name, &names));
	return numbers_commit(p, id, &own);
}

static uc_err one_given(struct provider *p, struct view subject, uint32_t n, struct arena *a)
{
	struct numbers_record r;
	TRY(numbers_read(p, subject, a, &r));
	r.spent -= r.spent < n ? r.spent : n;
	memset(r.last, 0, sizeof r.last);
	return numbers_commit(p, subject, &r);
}

/* What could not be answered for want of the other custodian is not counted, nor free when it comes
 * again.  What was free gives nothing back, nor what was repeated meanwhile: that may be answered. */
static uc_err numbers_give(struct provider *p, struct view id, const struct payment *y, uint32_t n,
			   struct arena *a)
{
	struct account_record account;
	struct numbers_record own;
	TRY(account_get(p, id, a, &account));
	TRY(numbers_read(p, id, a, &own));
	if (y->is_free || !is_last(&own, y) || own.repeats)
		return UC_OK;
	/* The account's own first: a kill in between gives too little.  Of the name that has paid. */
	TRY(one_given(p, id, n, a));
	struct view name = name_subject(id, &account);
	return view_equal(name, VIEW_OF(y->name)) ? one_given(p, name, n, a) : UC_OK;
}

/* Seconds until that many days have begun. */
static uint32_t until_day(uint64_t now_ms, uint32_t days)
{
	uint64_t end_ms = ((uint64_t)day_of(now_ms) + days) * DAY_MS;
	uint64_t s = (end_ms - now_ms) / 1000 + 1;
	return s < UINT32_MAX ? (uint32_t)s : UINT32_MAX;
}

/* --- batches --- */

static void job_free(struct discovery_job *j)
{
	heap_free_wiped(j, sizeof *j);
}

static void job_take(struct provider_discovery *d, struct discovery_job **at)
{
	struct discovery_job *j = *at;
	*at = j->next;
	d->last = NULL;
	for (struct discovery_job *o = d->first; o; o = o->next)
		d->last = o;
	d->jobs_n--;
	job_free(j);
}

void discovery_forget(struct provider *p, const struct session *s)
{
	struct provider_discovery *d = &p->discovery;
	for (struct discovery_job **at = &d->first; *at;) {
		if ((*at)->session_number == s->number)
			job_take(d, at);
		else
			at = &(*at)->next;
	}
}

void discovery_free(struct provider *p)
{
	struct provider_discovery *d = &p->discovery;
	while (d->first)
		job_take(d, &d->first);
	filter_build_free(d->build);
	d->build = NULL;
	buf_done(&d->custodian);
	buf_done(&d->custody_for);
}

static struct discovery_answered own_part(const struct discovery_job *j)
{
	struct discovery_answered own = {
		.evaluated = view_make(j->work.evaluated, j->work.n * OPRF_ELEMENT),
	};
	memcpy(own.proof, j->work.proof, sizeof own.proof);
	return own;
}

static void session_answer(struct provider *p, const struct discovery_job *j, uc_err err,
			   uint32_t retry_after_s)
{
	struct discovery_answered parts[DISCOVERY_CUSTODIANS_MAX] = { own_part(j) };
	const struct discovery_evaluate_response r = { .answers = { parts, j->number ? 2 : 1 } };
	struct call c = { .p = p, .type = FRAME_DISCOVERY_EVALUATE, .id = j->id };
	c.s = session_find(p, j->session_number);
	if (!c.s)
		return;
	parts[1].evaluated = view_make(j->other, j->work.n * OPRF_ELEMENT);
	memcpy(parts[1].proof, j->other_proof, sizeof parts[1].proof);
	if (err)
		call_refuse(&c, err, NULL, retry_after_s);
	else
		call_respond(&c, discovery_evaluate_response_element, &r);
}

static void peer_answer(struct provider *p, const struct discovery_job *j, uc_err err)
{
	struct discovery_custody_response body = { .key = VIEW_OF(j->work.key.pub.b),
						   .answered = own_part(j) };
	struct peer_response r = { .status = 400 };
	struct buf out;
	buf_init(&out, 1 << 20);
	if (!err)
		r.status = wire_encode(&out, discovery_custody_response_element, &body) ? 503 : 200;
	if (r.status == 200)
		r.body = buf_view(&out);
	p->config.out->reply(p->config.ctx, j->call, &r);
	buf_done(&out);
}

static void job_answer(struct provider *p, struct discovery_job **at, uc_err err,
		       uint32_t retry_after_s)
{
	if ((*at)->call)
		peer_answer(p, *at, err);
	else
		session_answer(p, *at, err, retry_after_s);
	job_take(&p->discovery, at);
}

static struct discovery_job **to_do(struct provider_discovery *d)
{
	struct discovery_job **at = &d->first;
	while (*at && (*at)->is_done)
		at = &(*at)->next;
	return at;
}

/* Both parts are there, or not to be had.  What is no batch has been paid, whatever the other custodian
 * says to it: else sending such would cost nobody but the two of us. */
static void job_end(struct provider *p, struct discovery_job **at, uc_err own)
{
	struct discovery_job *j = *at;
	struct session *s = j->other_err && !own ? session_find(p, j->session_number) : NULL;
	uc_err err = own ? own : j->other_err;
	struct arena a;
	if (s) {
		arena_init(&a, CALL_ARENA_MAX, ARENA_PLAIN);
		uc_err given = numbers_give(p, VIEW_OF(s->account_id), &j->payment,
					    (uint32_t)j->work.n, &a);
		arena_done(&a);
		err = given ? given : err;
	}
	job_answer(p, at, err, own ? 0 : j->other_retry_s);
}

bool discovery_go_on(struct provider *p)
{
	struct provider_discovery *d = &p->discovery;
	struct discovery_job **at = to_do(d);
	struct slice s;
	slice_begin(&s, p->env);
	while (*at && slice_goes_on(&s)) {
		struct discovery_job *j = *at;
		uc_err err = discovery_work_go_on(&j->work, p->env);
		if (err == UC_E_PENDING)
			continue;
		metrics_add(p->config.metrics, METRIC_NUMBERS_EVALUATED, err ? 0 : j->work.n);
		j->is_done = true;
		if (err || !j->waits)
			job_end(p, at, err);
		at = to_do(d);
	}
	return *at != NULL;
}

static struct discovery_job **job_find(struct provider_discovery *d, uint64_t number)
{
	struct discovery_job **at = &d->first;
	while (*at && (*at)->number != number)
		at = &(*at)->next;
	return at;
}

/* The other custodian's part has come, or does not come. */
static void other_done(struct provider *p, struct ask *ask, const struct peer_response *r)
{
	struct discovery_job **at = job_find(&p->discovery, ask->number), *j = *at;
	struct discovery_answered in;
	struct arena a;
	if (!j)
		return;
	arena_init(&a, CALL_ARENA_MAX, ARENA_PLAIN);
	uc_err err = custody_read(p, r, j->work.n, &a, &in);
	if (err) {
		j->other_err = err == UC_E_KEY ? UC_E_PEER : err;
		j->other_retry_s = r->retry_after_s ? r->retry_after_s : BUSY_RETRY_S;
	} else {
		memcpy(j->other, in.evaluated.p, in.evaluated.n);
		memcpy(j->other_proof, in.proof, sizeof j->other_proof);
	}
	arena_done(&a);
	j->waits = false;
	if (j->is_done)
		job_end(p, at, UC_OK);
}

static uc_err other_ask(struct provider *p, struct discovery_job *j)
{
	TRY(ask_check(p, buf_view(&p->discovery.custodian)));
	struct ask *a = ask_new(p, other_done);
	if (!a)
		return UC_E_MEMORY;
	j->number = a->number = ++p->discovery.next_job;
	j->waits = true;
	custody_ask(p, a, view_make(j->work.blinded, j->work.n * OPRF_ELEMENT));
	return UC_OK;
}

static bool has_job(const struct provider_discovery *d, const struct session *s)
{
	const struct discovery_job *j = d->first;
	while (j && j->session_number != s->number)
		j = j->next;
	return j != NULL;
}

static uc_err job_make(const struct oprf_key *k, struct view blinded, struct discovery_job **out)
{
	struct discovery_job *j = HEAP_NEW(struct discovery_job);
	if (!j)
		return UC_E_MEMORY;
	uc_err err = discovery_work_begin(&j->work, k, blinded);
	if (err)
		job_free(j);
	else
		*out = j;
	return err;
}

/* With room for it, before anything is spent. */
static uc_err job_new(struct call *c, struct view blinded, struct discovery_job **out)
{
	struct provider_discovery *d = &c->p->discovery;
	if (d->jobs_n >= JOBS_MAX || has_job(d, c->s))
		return UC_E_BUSY;
	TRY(job_make(&c->p->config.keys->discovery.key, blinded, out));
	(*out)->session_number = c->s->number;
	(*out)->id = c->id;
	return UC_OK;
}

/* At the end; where it is. */
static struct discovery_job **job_add(struct provider_discovery *d, struct discovery_job *j)
{
	struct discovery_job **at = d->last ? &d->last->next : &d->first;
	*at = j;
	d->last = j;
	d->jobs_n++;
	return at;
}

uc_err handle_discovery_evaluate(struct call *c, struct view body)
{
	struct discovery_evaluate_request q;
	struct discovery_job *j = NULL;
	uint32_t wait_days = 0;
	TRY(wire_decode(body, &c->arena, discovery_evaluate_request_element, &q));
	if (!discovery_is_on(c->p))
		return UC_E_UNSUPPORTED;
	uc_err err = job_new(c, q.blinded, &j);
	if (err == UC_E_BUSY) {
		call_refuse(c, err, NULL, BUSY_RETRY_S);
		return UC_OK;
	}
	TRY(err);
	uint32_t n = (uint32_t)j->work.n;
	err = batch_hash(c->p, q.blinded, j->payment.batch);
	if (!err)
		err = numbers_take(c, n, &j->payment, &wait_days);
	if (err || wait_days) {
		job_free(j);
		if (!err)
			call_refuse(c, UC_E_RATE, NULL,
				    until_day(env_now_ms(c->p->env), wait_days));
		return err;
	}
	/* Before the other custodian is asked: its answer looks for it, and may be there at once. */
	struct discovery_job **at = job_add(&c->p->discovery, j);
	if (c->p->discovery.custodian.n)
		err = other_ask(c->p, j);
	if (err) {
		const struct payment paid = j->payment;
		job_take(&c->p->discovery, at);
		TRY(numbers_give(c->p, VIEW_OF(c->s->account_id), &paid, n, &c->arena));
		call_refuse(c, err, NULL, BUSY_RETRY_S);
	}
	return UC_OK;
}

uc_err discovery_evaluate_for(struct peer_call *c, const struct oprf_key *half, struct view blinded)
{
	struct provider_discovery *d = &c->p->discovery;
	struct discovery_job *j = NULL;
	size_t others = 0;
	for (const struct discovery_job *o = d->first; o; o = o->next)
		others += o->call != NULL;
	if (others >= JOBS_OF_OTHERS)
		return UC_E_BUSY;
	TRY(job_make(half, blinded, &j));
	j->call = c->call;
	c->later = true;
	(void)job_add(d, j);
	return UC_OK;
}
