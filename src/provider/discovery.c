/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that nobody sees: batches, evaluated and proven some elements at a time beside everything
 * else, and what an account may ask for. */
#include "provider/discovery.h"

#include "base/heap.h"
#include "base/secret.h"
#include "mimi/names.h"
#include "provider/reaching.h"

enum { JOBS_MAX = 256, BUSY_RETRY_S = 5 };

struct discovery_job {
	struct discovery_job *next;
	uint64_t session_number;
	uint32_t id;
	struct discovery_work work;
};

bool discovery_is_on(const struct provider *p)
{
	return p->discovery.is_on && p->config.names == NAME_NUMBER &&
	       p->config.keys->discovery.is_there;
}

/* --- budget --- */

static uc_err numbers_read(struct provider *p, struct view subject, struct arena *a,
			   struct discovery_budget *out)
{
	struct store_key k;
	struct numbers_record r = { 0 };
	bool found;
	TRY(record_find(p->accounts, key_1(&k, TABLE_NUMBERS, subject), numbers_record_element, a,
			&r, &found));
	*out = (struct discovery_budget){ .spent = r.spent, .day = r.from_day };
	return UC_OK;
}

static uc_err numbers_commit(struct provider *p, struct view subject,
			     const struct discovery_budget *budget)
{
	const struct numbers_record r = { .spent = budget->spent, .from_day = budget->day };
	struct store_batch b;
	struct store_key k;
	store_batch_init(&b, subject);
	return finish_accounts(
		p, &b,
		record_put(&b, key_1(&k, TABLE_NUMBERS, subject), numbers_record_element, &r));
}

bool numbers_are_over(const struct numbers_record *r, uint64_t now_ms)
{
	const struct discovery_budget b = { .spent = r->spent, .day = r->from_day };
	return discovery_budget_left(&b, day_of(now_ms)) == DISCOVERY_START;
}

/* By account and by name, both or none; *wait_days: not now. */
static uc_err numbers_take(struct call *c, uint32_t n, uint32_t *wait_days)
{
	struct provider *p = c->p;
	struct account_record account;
	struct discovery_budget own, names;
	struct view id = VIEW_OF(c->s->account_id);
	uint32_t day = day_of(env_now_ms(p->env));
	TRY(account_get(p, id, &c->arena, &account));
	struct view name = name_subject(id, &account);
	bool has_name = !view_equal(name, id);
	TRY(numbers_read(p, id, &c->arena, &own));
	TRY(numbers_read(p, name, &c->arena, &names));
	uint32_t wait = discovery_budget_take(&own, n, day);
	uint32_t other = has_name ? discovery_budget_take(&names, n, day) : 0;
	*wait_days = wait > other ? wait : other;
	if (*wait_days)
		return UC_OK;
	/* A kill in between costs the name's; it gives none back. */
	if (has_name)
		TRY(numbers_commit(p, name, &names));
	return numbers_commit(p, id, &own);
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
}

static void job_answer(struct provider *p, const struct discovery_job *j, uc_err err)
{
	struct discovery_answered answered = {
		.evaluated = view_make(j->work.evaluated, j->work.n * OPRF_ELEMENT),
	};
	const struct discovery_evaluate_response r = { .answers = { &answered, 1 } };
	struct call c = { .p = p, .type = FRAME_DISCOVERY_EVALUATE, .id = j->id };
	c.s = session_find(p, j->session_number);
	if (!c.s)
		return;
	memcpy(answered.proof, j->work.proof, sizeof answered.proof);
	if (err)
		call_refuse(&c, err, NULL, 0);
	else
		call_respond(&c, discovery_evaluate_response_element, &r);
}

bool discovery_go_on(struct provider *p)
{
	struct provider_discovery *d = &p->discovery;
	struct slice s;
	slice_begin(&s, p->env);
	while (d->first && slice_goes_on(&s)) {
		struct discovery_job *j = d->first;
		uc_err err = discovery_work_go_on(&j->work, p->env);
		if (err == UC_E_PENDING)
			continue;
		metrics_add(p->config.metrics, METRIC_NUMBERS_EVALUATED, err ? 0 : j->work.n);
		job_answer(p, j, err);
		job_take(d, &d->first);
	}
	return d->first != NULL;
}

static bool has_job(const struct provider_discovery *d, const struct session *s)
{
	const struct discovery_job *j = d->first;
	while (j && j->session_number != s->number)
		j = j->next;
	return j != NULL;
}

/* With room for it, before anything is spent. */
static uc_err job_new(struct call *c, struct view blinded, struct discovery_job **out)
{
	struct provider_discovery *d = &c->p->discovery;
	if (d->jobs_n >= JOBS_MAX || has_job(d, c->s))
		return UC_E_BUSY;
	struct discovery_job *j = HEAP_NEW(struct discovery_job);
	if (!j)
		return UC_E_MEMORY;
	j->session_number = c->s->number;
	j->id = c->id;
	uc_err err = discovery_work_begin(&j->work, &c->p->config.keys->discovery.key, blinded);
	if (err)
		job_free(j);
	else
		*out = j;
	return err;
}

static void job_add(struct provider_discovery *d, struct discovery_job *j)
{
	if (d->last)
		d->last->next = j;
	else
		d->first = j;
	d->last = j;
	d->jobs_n++;
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
	err = numbers_take(c, (uint32_t)j->work.n, &wait_days);
	if (err || wait_days) {
		job_free(j);
		if (!err)
			call_refuse(c, UC_E_RATE, NULL,
				    until_day(env_now_ms(c->p->env), wait_days));
		return err;
	}
	job_add(&c->p->discovery, j);
	return UC_OK;
}
