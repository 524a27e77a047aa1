/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/discovery.h"

#include "base/secret.h"

#include <string.h>

/* --- who asks --- */

uc_err discovery_keys_sum(const struct discovery_keys *k, struct oprf_element *out)
{
	if (k->n == 1) {
		*out = k->pub[0];
		return UC_OK;
	}
	return k->n == DISCOVERY_CUSTODIANS_MAX && !oprf_add(&k->pub[0], &k->pub[1], out)
		       ? UC_OK
		       : UC_E_KEY;
}

uc_err discovery_ask(const struct env *env, const struct view *numbers, size_t n, struct arena *a,
		     struct discovery_batch *out)
{
	struct discovery_batch b = { .numbers = numbers, .n = n };
	if (!n || n > DISCOVERY_BATCH_MAX)
		return n ? UC_E_TOO_LARGE : UC_E_ARGUMENT;
	b.blinded = ARENA_ARRAY(a, struct oprf_element, n);
	b.blinds = arena_take_array(a, n, OPRF_SCALAR);
	if (!b.blinded || !b.blinds)
		return arena_error(a);
	for (size_t i = 0; i < n; i++)
		TRY(oprf_blind(OPRF_VERIFIABLE, env, numbers[i], b.blinds[i], &b.blinded[i]));
	*out = b;
	return UC_OK;
}

static uc_err answers_verify(const struct discovery_batch *b, const struct discovery_keys *k,
			     const struct discovery_answer *answers)
{
	for (size_t c = 0; c < k->n; c++) {
		if (answers[c].n != b->n)
			return UC_E_PEER;
		TRY(oprf_verify(&k->pub[c], b->blinded, answers[c].evaluated, b->n,
				answers[c].proof));
	}
	return UC_OK;
}

static uc_err value_finish(const struct discovery_batch *b, size_t i,
			   const struct discovery_answer *answers, size_t custodians,
			   struct discovery_value *out)
{
	uint8_t wide[OPRF_OUTPUT];
	struct oprf_element e = answers[0].evaluated[i];
	if (custodians == DISCOVERY_CUSTODIANS_MAX)
		TRY(oprf_add(&e, &answers[1].evaluated[i], &e));
	uc_err err = oprf_finalize(b->numbers[i], b->blinds[i], &e, wide);
	if (!err)
		memcpy(out->b, wide, sizeof out->b);
	wipe(wide, sizeof wide);
	return err;
}

uc_err discovery_finish(const struct discovery_batch *b, const struct discovery_keys *k,
			const struct discovery_answer *answers, size_t custodians,
			struct discovery_value *out)
{
	struct discovery_value values[DISCOVERY_BATCH_MAX];
	if (!k->n || k->n > DISCOVERY_CUSTODIANS_MAX || custodians != k->n)
		return UC_E_PEER;
	if (!b->n || b->n > DISCOVERY_BATCH_MAX)
		return UC_E_ARGUMENT;
	TRY(answers_verify(b, k, answers));
	uc_err err = UC_OK;
	for (size_t i = 0; i < b->n && !err; i++)
		err = value_finish(b, i, answers, custodians, &values[i]);
	if (!err)
		memcpy(out, values, b->n * sizeof *out);
	wipe(values, sizeof values);
	return err;
}

uc_err discovery_find(const struct fuse_filter *f, const struct discovery_keys *k,
		      const struct discovery_value *values, size_t n, bool *found)
{
	struct oprf_element pub;
	TRY(discovery_keys_sum(k, &pub));
	if (!view_equal(VIEW_OF(pub.b), VIEW_OF(f->head.prf_key)))
		return UC_E_KEY;
	for (size_t i = 0; i < n; i++)
		found[i] = fuse_filter_has(f, discovery_filter_key(&values[i]));
	return UC_OK;
}

/* --- who answers --- */

uc_err discovery_evaluate(const struct oprf_key *k, const struct env *env,
			  const struct oprf_element *blinded, size_t n,
			  struct oprf_element *evaluated, uint8_t proof[OPRF_PROOF])
{
	struct oprf_element made[DISCOVERY_BATCH_MAX];
	uint8_t p[OPRF_PROOF];
	if (!n || n > DISCOVERY_BATCH_MAX)
		return n ? UC_E_TOO_LARGE : UC_E_ARGUMENT;
	for (size_t i = 0; i < n; i++)
		TRY(oprf_evaluate(k, &blinded[i], &made[i]));
	TRY(oprf_prove(k, env, blinded, made, n, p));
	memcpy(evaluated, made, n * sizeof *evaluated);
	memcpy(proof, p, sizeof p);
	return UC_OK;
}

uc_err discovery_work_begin(struct discovery_work *w, const struct oprf_key *k, struct view blinded)
{
	size_t n = blinded.n / OPRF_ELEMENT;
	if (!n || blinded.n % OPRF_ELEMENT)
		return UC_E_ARGUMENT;
	if (n > DISCOVERY_BATCH_MAX)
		return UC_E_TOO_LARGE;
	TRY(oprf_proving_begin(&w->proving, &k->pub));
	w->key = *k;
	w->n = n;
	memcpy(w->blinded, blinded.p, blinded.n);
	return UC_OK;
}

uc_err discovery_work_go_on(struct discovery_work *w, const struct env *env)
{
	size_t i = w->proving.n;
	if (i < w->n) {
		TRY(oprf_evaluate(&w->key, &w->blinded[i], &w->evaluated[i]));
		TRY(oprf_proving_add(&w->proving, &w->blinded[i], &w->evaluated[i]));
	}
	if (w->proving.n < w->n)
		return UC_E_PENDING;
	return oprf_proving_end(&w->proving, &w->key, env, w->proof);
}

uc_err discovery_value_of(const struct oprf_key *k, struct view number, struct discovery_value *out)
{
	uint8_t wide[OPRF_OUTPUT];
	uc_err err = oprf_value(OPRF_VERIFIABLE, k, number, wide);
	if (!err)
		memcpy(out->b, wide, sizeof out->b);
	wipe(wide, sizeof wide);
	return err;
}

uint64_t discovery_filter_key(const struct discovery_value *v)
{
	uint64_t key = 0;
	for (int i = 0; i < 8; i++)
		key = key << 8 | v->b[i];
	return key;
}

/* --- how much may be asked --- */

/* What is still spent: each day gives some back.  A clock that went back gives nothing. */
static uint32_t spent_on(const struct discovery_budget *b, uint32_t day)
{
	uint64_t back = day > b->day ? (uint64_t)(day - b->day) * DISCOVERY_DAILY : 0;
	return back < b->spent ? b->spent - (uint32_t)back : 0;
}

uint32_t discovery_budget_left(const struct discovery_budget *b, uint32_t day)
{
	uint32_t spent = spent_on(b, day);
	return spent < DISCOVERY_START ? DISCOVERY_START - spent : 0;
}

uint32_t discovery_budget_take(struct discovery_budget *b, uint32_t n, uint32_t day)
{
	uint32_t left = discovery_budget_left(b, day), ahead = day < b->day ? b->day - day : 0;
	if (n > DISCOVERY_START)
		return UINT32_MAX;
	if (n > left)
		return ahead + (n - left + DISCOVERY_DAILY - 1) / DISCOVERY_DAILY;
	*b = (struct discovery_budget){ .spent = spent_on(b, day) + n, .day = day + ahead };
	return 0;
}
