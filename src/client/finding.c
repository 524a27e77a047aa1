/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that are looked for, and asking for their values.  How filters come, and what they say:
 * finding_filter.c. */
#include "client/finding.h"

#include "client/account.h"
#include "client/turn.h"
#include "mimi/names.h"

#include "base/heap.h"
#include "base/secret.h"

enum {
	DAY_S = 24 * 3600,
	RETRY_MS = 30 * 1000,
	FAILED_MS = 3600 * 1000,
	KEYS_MS = 60 * 1000,   /* keys to ask with are at most so old: a changed key is no lie */
	RATE_WAIT_MAX_S = 120, /* a refusal for longer is of the account's budget */
};

uint32_t finding_day(struct uc_client *c)
{
	int64_t now = (int64_t)client_now(c) + c->clock_skew_ms;
	return now > 0 ? (uint32_t)(now / 1000 / DAY_S) : 0;
}

/* --- the list --- */

uc_err finding_add(struct uc_client *c, struct sought *s)
{
	struct finding *f = &c->finding;
	if (!f->first)
		TRY(map_init(&f->by_number, &c->env));
	uc_err err = map_put(&f->by_number, view_str(s->number), s);
	if (err) {
		if (!f->first)
			map_done(&f->by_number);
		return err;
	}
	s->next = f->first;
	f->first = s;
	f->n++;
	f->unasked += !s->has_value;
	f->unlooked += s->has_value && !s->looked;
	return UC_OK;
}

static struct sought *sought_find(const struct finding *f, struct view number)
{
	return f->first ? map_find(&f->by_number, number) : NULL;
}

static void asked_drop(struct finding *f)
{
	heap_free_wiped(f->asked, f->asked_n * sizeof *f->asked);
	f->asked = NULL;
	f->asked_n = 0;
	f->dirty = true;
	buf_done(&f->doubted);
}

static void list_free(struct finding *f)
{
	if (f->first)
		map_done(&f->by_number);
	while (f->first) {
		struct sought *s = f->first;
		f->first = s->next;
		heap_free_wiped(s, sizeof *s);
	}
	f->n = f->unasked = f->unlooked = 0;
}

void finding_free(struct uc_client *c)
{
	struct finding *f = &c->finding;
	list_free(f);
	asked_drop(f);
	finding_filter_drop(f);
}

/* --- how it ends --- */

static void ops_end(struct uc_client *c, uc_err err, struct view text)
{
	struct finding *f = &c->finding;
	for (size_t i = 0; i < f->ops_n; i++)
		op_done(c, f->ops[i], err, text);
	f->ops_n = 0;
}

void finding_fail(struct uc_client *c, uc_err err, struct view text)
{
	c->finding.retry_ms = client_now(c) + FAILED_MS;
	ops_end(c, err, text);
}

void finding_alarm(struct uc_client *c, uc_err err, const char *what)
{
	event_warning(c, err, view_str(what), NULL);
	c->finding.stopped = true;
	ops_end(c, err, view_str(what));
}

/* As far as it comes today. */
static void settled(struct uc_client *c)
{
	if (c->finding.unasked)
		ops_end(c, UC_E_RATE,
			VIEW_LIT("what may be asked for today is used up; the rest follows in the "
				 "coming days"));
	else
		ops_end(c, UC_OK, (struct view){ NULL, 0 });
}

/* --- asking --- */

static uc_err batch_make(struct uc_client *c, size_t n)
{
	struct finding *f = &c->finding;
	struct view *numbers = ARENA_ARRAY(&c->call, struct view, n);
	struct discovery_batch b;
	size_t at = 0;
	if (!numbers)
		return arena_error(&c->call);
	for (const struct sought *s = f->first; s && at < n; s = s->next)
		if (!s->has_value)
			numbers[at++] = view_str(s->number);
	TRY(discovery_ask(&c->env, numbers, at, &c->call, &b));
	struct asked_number *asked = heap_new(at * sizeof *asked);
	if (!asked)
		return UC_E_MEMORY;
	for (size_t i = 0; i < at; i++) {
		memcpy(asked[i].number, numbers[i].p, numbers[i].n);
		memcpy(asked[i].blind, b.blinds[i], OPRF_SCALAR);
		asked[i].blinded = b.blinded[i];
	}
	asked_drop(f);
	f->asked = asked;
	f->asked_n = (uint32_t)at;
	f->dirty = true;
	return UC_OK;
}

/* What was asked, as it was. */
static uc_err batch_of(struct uc_client *c, struct discovery_batch *out)
{
	const struct finding *f = &c->finding;
	size_t n = f->asked_n;
	struct view *numbers = ARENA_ARRAY(&c->call, struct view, n);
	*out = (struct discovery_batch){ .numbers = numbers, .n = n };
	out->blinded = ARENA_ARRAY(&c->call, struct oprf_element, n);
	out->blinds = arena_take_array(&c->call, n, OPRF_SCALAR);
	if (!numbers || !out->blinded || !out->blinds)
		return arena_error(&c->call);
	for (size_t i = 0; i < n; i++) {
		numbers[i] = view_str(f->asked[i].number);
		out->blinded[i] = f->asked[i].blinded;
		memcpy(out->blinds[i], f->asked[i].blind, OPRF_SCALAR);
	}
	return UC_OK;
}

/* UC_E_PEER, UC_E_SIGNATURE, UC_E_MALFORMED: what came is no answer, or one of another key. */
static uc_err values_read(struct uc_client *c, const struct discovery_keys *keys,
			  const struct discovery_evaluate_response *in,
			  struct discovery_value **out)
{
	struct discovery_answer answers[DISCOVERY_CUSTODIANS_MAX];
	struct discovery_batch b;
	if (in->answers.n != keys->n)
		return UC_E_PEER;
	TRY(batch_of(c, &b));
	for (size_t i = 0; i < keys->n; i++) {
		struct view given = in->answers.v[i].evaluated;
		struct oprf_element *e = ARENA_ARRAY(&c->call, struct oprf_element, b.n);
		if (!e)
			return arena_error(&c->call);
		if (given.n != b.n * sizeof *e)
			return UC_E_PEER;
		memcpy(e, given.p, given.n);
		answers[i] = (struct discovery_answer){ .evaluated = e, .n = b.n };
		memcpy(answers[i].proof, in->answers.v[i].proof, OPRF_PROOF);
	}
	*out = ARENA_ARRAY(&c->call, struct discovery_value, b.n);
	return *out ? discovery_finish(&b, keys, answers, keys->n, *out) : arena_error(&c->call);
}

static void values_keep(struct finding *f, const struct discovery_value *values)
{
	for (uint32_t i = 0; i < f->asked_n; i++) {
		struct sought *s = sought_find(f, view_str(f->asked[i].number));
		if (!s || s->has_value)
			continue; /* it was forgotten meanwhile */
		s->value = values[i];
		s->has_value = s->dirty = f->some_dirty = true;
		f->unasked--;
		f->unlooked++;
	}
	f->look_ms = 0;
	asked_drop(f);
}

/* The app counts otherwise: it says in how many days there is as much as was asked for. */
static void refused(struct uc_client *c, const struct reply *r)
{
	struct finding *f = &c->finding;
	uint32_t back = (r->retry_after_s + DAY_S - 1) / DAY_S * DISCOVERY_DAILY;
	uint32_t left = f->asked_n > back ? f->asked_n - back : 0;
	f->budget =
		(struct discovery_budget){ .spent = DISCOVERY_START - left, .day = finding_day(c) };
	asked_drop(f);
}

static void lied(struct uc_client *c, uc_err err)
{
	asked_drop(&c->finding);
	finding_alarm(c, err,
		      "the app's answer about your numbers is not of the key it has shown: with "
		      "another one it could tell who asks; nothing of it was kept");
}

/* It may have changed its key since it was seen; then its document has the new one by now, which tells
 * before it is said that it lies. */
static uc_err doubt(struct uc_client *c, struct view answer)
{
	struct finding *f = &c->finding;
	buf_init(&f->doubted, answer.n);
	buf_add_view(&f->doubted, answer);
	directory_forget(c, c->account.app);
	return f->doubted.failed;
}

static uc_err evaluate_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct finding *f = &c->finding;
	struct discovery_evaluate_response in;
	struct discovery_value *values = NULL;
	(void)subject;
	f->busy = false;
	if (r->err == UC_E_NET || !f->asked_n)
		return UC_OK;
	if (r->err == UC_E_RATE && r->retry_after_s > RATE_WAIT_MAX_S) {
		refused(c, r);
		return UC_OK;
	}
	if (r->err && reply_is_transient(r)) {
		f->retry_ms = retry_at(c, r, RETRY_MS);
		return UC_OK;
	}
	if (r->err) {
		asked_drop(f);
		finding_fail(c, r->err, r->text);
		return UC_OK;
	}
	uc_err err = wire_decode(r->body, r->mem, discovery_evaluate_response_element, &in);
	if (err && !err_is_hard(err)) {
		lied(c, err);
		return UC_OK;
	}
	TRY(err);
	err = values_read(c, &f->keys, &in, &values);
	if (!err && !values)
		err = UC_E_MEMORY;
	if (err)
		return err_is_hard(err) ? err : doubt(c, r->body);
	values_keep(f, values);
	return UC_OK;
}

static uc_err evaluate(struct uc_client *c)
{
	struct finding *f = &c->finding;
	struct discovery_batch b;
	if (!f->asked_n) {
		uint32_t day = finding_day(c), left = discovery_budget_left(&f->budget, day);
		uint32_t n = f->unasked < left ? (uint32_t)f->unasked : left;
		TRY(batch_make(c, n));
		if (discovery_budget_take(&f->budget, n, day))
			return UC_E_RATE;
	}
	TRY(batch_of(c, &b));
	struct discovery_evaluate_request req = { { b.blinded->b, b.n * sizeof *b.blinded } };
	TRY(call_send(c, FRAME_DISCOVERY_EVALUATE, discovery_evaluate_request_element, &req,
		      evaluate_done, NULL));
	f->busy = true;
	return UC_OK;
}

/* --- what is to be done --- */

/* Values of another key are of no use; what was found stays until the new ones were looked for. */
static uc_err key_take(struct finding *f, const struct discovery_keys *keys)
{
	struct oprf_element sum;
	TRY(discovery_keys_sum(keys, &sum));
	f->keys = *keys;
	if (view_equal(VIEW_OF(sum.b), VIEW_OF(f->key)))
		return UC_OK;
	for (struct sought *s = f->first; s; s = s->next) {
		s->dirty = s->dirty || s->has_value;
		s->has_value = s->looked = false;
		wipe(&s->value, sizeof s->value);
	}
	memcpy(f->key, sum.b, sizeof f->key);
	f->unasked = f->n;
	f->unlooked = 0;
	f->edition = f->bytes = f->day = 0;
	f->some_dirty = true;
	asked_drop(f);
	finding_filter_drop(f);
	return UC_OK;
}

/* The app's keys were read anew: is it of those? */
static uc_err doubt_end(struct uc_client *c, const struct discovery_keys *keys)
{
	struct finding *f = &c->finding;
	struct discovery_evaluate_response in;
	struct discovery_value *values = NULL;
	struct oprf_element sum;
	TRY(wire_decode(buf_view(&f->doubted), &c->call, discovery_evaluate_response_element, &in));
	uc_err err = values_read(c, keys, &in, &values);
	if (!err && !values)
		err = UC_E_MEMORY;
	if (!err)
		err = discovery_keys_sum(keys, &sum);
	if (err_is_hard(err))
		return err;
	if (err) {
		lied(c, err);
		return UC_OK;
	}
	/* What was asked is of the new key already. */
	struct asked_number *asked = f->asked;
	uint32_t n = f->asked_n;
	f->asked = NULL;
	f->asked_n = 0;
	err = key_take(f, keys);
	f->asked = asked;
	f->asked_n = n;
	TRY(err);
	values_keep(f, values);
	return UC_OK;
}

static bool may_ask(struct uc_client *c)
{
	struct finding *f = &c->finding;
	uint32_t day = finding_day(c);
	if (f->asked_n || !f->unasked)
		return f->asked_n != 0;
	if (discovery_budget_left(&f->budget, day))
		return true;
	/* Not everybody in the same minute of the new day: as filters, which wait, too. */
	wake_at(c, client_now(c) + FAILED_MS);
	return false;
}

uc_err finding_drive(struct uc_client *c)
{
	struct finding *f = &c->finding;
	struct app_keys keys;
	TRY(findable_drive(c));
	if (!account_is_active(c) || f->busy || f->stopped || !f->first ||
	    waits_until(c, f->retry_ms))
		return UC_OK;
	bool asks = may_ask(c), looks = finding_wants_filter(c);
	if (!asks && !looks) {
		settled(c);
		return UC_OK;
	}
	/* In the middle of a filter the key is looked at again when it is there. */
	uint64_t age_ms = f->filter.n ? FAILED_MS : KEYS_MS;
	if (!directory_keys_within(c, c->account.app, age_ms, &keys))
		return UC_OK;
	if (f->doubted.n)
		TRY(doubt_end(c, &keys.discovery));
	if (f->stopped)
		return UC_OK;
	if (!keys.discovery.n) {
		finding_fail(c, UC_E_UNSUPPORTED,
			     VIEW_LIT("this app does not offer finding people by number"));
		return UC_OK;
	}
	if (key_take(f, &keys.discovery)) {
		finding_alarm(c, UC_E_KEY, "the app's key for finding people by number is none");
		return UC_OK;
	}
	return may_ask(c) ? evaluate(c) : finding_fetch(c);
}

/* --- for the owner --- */

struct find_call {
	const char *const *numbers;
	size_t count;
	uc_op *op;
};

static uc_err sought_new(struct uc_client *c, struct view number)
{
	struct finding *f = &c->finding;
	if (sought_find(f, number))
		return UC_OK;
	struct sought *s = HEAP_NEW(struct sought);
	if (!s)
		return UC_E_MEMORY;
	memcpy(s->number, number.p, number.n);
	uc_err err = finding_add(c, s);
	if (err) {
		heap_free(s);
		return err;
	}
	s->dirty = f->some_dirty = true;
	return UC_OK;
}

static uc_err find_numbers(struct uc_client *c, void *arg)
{
	const struct find_call *in = arg;
	struct finding *f = &c->finding;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (c->account.names != UC_NAME_NUMBER)
		return UC_E_UNSUPPORTED;
	if (f->n + in->count > SOUGHT_MAX)
		return UC_E_LIMIT;
	if (f->ops_n == FIND_OPS)
		return UC_E_BUSY;
	struct view *numbers = ARENA_ARRAY(&c->call, struct view, in->count);
	if (!numbers)
		return arena_error(&c->call);
	for (size_t i = 0; i < in->count; i++) {
		if (!in->numbers[i])
			return UC_E_ARGUMENT;
		TRY(name_normalise(NAME_NUMBER, view_str(in->numbers[i]), &c->call, &numbers[i]));
	}
	for (size_t i = 0; i < in->count; i++)
		TRY(sought_new(c, numbers[i]));
	f->stopped = false;
	f->wanted = true;
	f->retry_ms = 0;
	*in->op = f->ops[f->ops_n++] = op_new(c);
	return UC_OK;
}

uc_err uc_find_numbers(uc_client *c, const char *const *numbers, size_t count, uc_op *op)
{
	struct find_call in = { numbers, count, op };
	if (!c || !numbers || !count || !op)
		return UC_E_ARGUMENT;
	return count > DISCOVERY_BATCH_MAX ? UC_E_TOO_LARGE : turn_run(c, find_numbers, &in);
}

uc_err uc_numbers(uc_client *c, uc_number_each *each, void *ctx)
{
	if (!c || !each)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	for (const struct sought *s = c->finding.first; s; s = s->next) {
		struct uc_number shown = {
			.number = s->number,
			.state = s->found    ? UC_NUMBER_FOUND
				 : s->looked ? UC_NUMBER_NOT_FOUND
					     : UC_NUMBER_WAITING,
		};
		if (!each(ctx, &shown))
			break;
	}
	return UC_OK;
}

static uc_err numbers_forget(struct uc_client *c, void *arg)
{
	struct finding *f = &c->finding;
	(void)arg;
	list_free(f);
	asked_drop(f);
	ops_end(c, UC_E_CLOSED, VIEW_LIT("the numbers were forgotten"));
	f->forget = true;
	return UC_OK;
}

uc_err uc_numbers_forget(uc_client *c)
{
	return c ? turn_run(c, numbers_forget, NULL) : UC_E_ARGUMENT;
}
