/* SPDX-License-Identifier: Apache-2.0 */
/* The app as issuer.  Its keys follow from a key that lies outside the stores, the stores' incarnation,
 * the week and the class: nothing more is kept, and once an older copy of the stores was put back, which
 * knows less of what is spent, no token of before is good. */
#include "provider/tokens.h"

#include "base/heap.h"
#include "provider/reaching.h"

struct provider_tokens {
	struct token_keys published;
	struct oprf_key keys[TOKEN_WEEKS][TOKEN_CLASSES];
	uint8_t ids[TOKEN_WEEKS][TOKEN_CLASSES][TOKEN_KEY_ID];
};

/* --- keys --- */

/* A rotation leaves what was published alone, since who is asked knows the document of a while ago: the
 * weeks in it keep the key of before. */
static struct view key_of_week(const struct provider_keys *k, uint32_t week)
{
	uint32_t published = token_week(k->before.rotated_ms) + TOKEN_WEEKS - TOKEN_WEEK_NOW - 1;
	bool is_before = k->before.is_there && week <= published;
	return is_before ? VIEW_OF(k->before.address_key) : VIEW_OF(k->address_key);
}

static uc_err key_make(struct provider *p, uint32_t week, uint8_t what, struct oprf_key *out)
{
	const uint8_t place[] = { (uint8_t)(week >> 24), (uint8_t)(week >> 16),
				  (uint8_t)(week >> 8), (uint8_t)week, what };
	const struct view parts[] = { VIEW_LIT("Undercroft token key 1"),
				      store_incarnation(p->accounts), VIEW_OF(place) };
	uint8_t seed[SHA256_BYTES];
	TRY(hmac_sha256_parts(key_of_week(p->config.keys, week), parts, 3, seed));
	uc_err err =
		oprf_key_derive(OPRF_VERIFIABLE, VIEW_OF(seed), VIEW_LIT("Undercroft tokens"), out);
	wipe(seed, sizeof seed);
	return err;
}

static uc_err keys_make(struct provider *p, uint32_t week, struct provider_tokens *out)
{
	out->published.week = week;
	for (uint32_t i = 0; i < TOKEN_WEEKS; i++)
		for (unsigned k = 0; k < TOKEN_CLASSES; k++) {
			TRY(key_make(p, week + i - TOKEN_WEEK_NOW, (uint8_t)k, &out->keys[i][k]));
			TRY(token_key_id(&out->keys[i][k].pub, out->ids[i][k]));
			out->published.pub[i][k] = out->keys[i][k].pub;
		}
	return UC_OK;
}

void tokens_free(struct provider *p)
{
	if (p->tokens)
		heap_free_wiped(p->tokens, sizeof *p->tokens);
	p->tokens = NULL;
}

void tokens_forget(struct provider *p)
{
	tokens_free(p);
}

bool tokens_are_old(const struct provider *p)
{
	return p->tokens && p->tokens->published.week != token_week(env_now_ms(p->env));
}

/* Those of now. */
static uc_err keys_get(struct provider *p, const struct provider_tokens **out)
{
	if (tokens_are_old(p))
		tokens_free(p);
	if (!p->tokens) {
		struct provider_tokens *t = HEAP_NEW(struct provider_tokens);
		uc_err err = t ? keys_make(p, token_week(env_now_ms(p->env)), t) : UC_E_MEMORY;
		if (err && t)
			heap_free_wiped(t, sizeof *t);
		TRY(err);
		p->tokens = t;
	}
	*out = p->tokens;
	return UC_OK;
}

uc_err tokens_publish(struct provider *p, uint8_t out[TOKEN_KEYS_BYTES])
{
	const struct provider_tokens *t;
	TRY(keys_get(p, &t));
	token_keys_write(&t->published, out);
	return UC_OK;
}

/* --- issuing --- */

/* That of the class, of this week or the last, which a client may still take for this one. */
static const struct oprf_key *key_to_issue(const struct provider_tokens *t, enum token_class what,
					   struct view id)
{
	for (uint32_t i = 0; i <= TOKEN_WEEK_NOW; i++)
		if (view_equal(VIEW_OF(t->ids[i][what]), id))
			return &t->keys[i][what];
	return NULL;
}

/* Counts the letters, as many as the budget lets; *wait_s: when there is more of it. */
static uc_err wishes_count(struct call *c, const struct account_record *account,
			   const struct token_wish_list *l, size_t *n, uint32_t *wait_s)
{
	for (*n = 0; *n < l->n; ++*n) {
		const struct budget_letter letter = { l->v[*n].reply_address, l->v[*n].target };
		TRY(budget_take(c->p, VIEW_OF(c->s->account_id), account, &letter, true, &c->arena,
				wait_s));
		if (*wait_s)
			break;
	}
	return UC_OK;
}

static uc_err wishes_check(struct call *c, const struct token_wish_list *l,
			   struct oprf_element blinded[TOKENS_AT_ONCE])
{
	if (!l->n || l->n > TOKENS_AT_ONCE)
		return UC_E_ARGUMENT;
	for (size_t i = 0; i < l->n; i++) {
		TRY(reply_address_check(c, l->v[i].reply_address));
		memcpy(blinded[i].b, l->v[i].blinded, sizeof blinded[i].b);
	}
	return UC_OK;
}

static uc_err issue(struct call *c, const struct oprf_key *key, const struct token_issue_request *q,
		    const struct account_record *account)
{
	struct oprf_element blinded[TOKENS_AT_ONCE], evaluated[TOKENS_AT_ONCE];
	uint8_t proof[OPRF_PROOF];
	uint32_t wait = 0;
	size_t n;
	TRY(wishes_check(c, &q->wishes, blinded));
	/* What makes no sense is not counted. */
	TRY(tokens_issue(key, c->p->env, blinded, q->wishes.n, evaluated, proof));
	TRY(wishes_count(c, account, &q->wishes, &n, &wait));
	if (!n) {
		call_refuse(c, UC_E_RATE, NULL, wait);
		return UC_OK;
	}
	if (n < q->wishes.n)
		TRY(tokens_issue(key, c->p->env, blinded, n, evaluated, proof));
	metrics_add(c->p->config.metrics, METRIC_TOKENS_ISSUED, n);
	struct token_issue_response r = { view_make(evaluated, n * sizeof *evaluated),
					  VIEW_OF(proof) };
	call_respond(c, token_issue_response_element, &r);
	return UC_OK;
}

uc_err handle_token_issue(struct call *c, struct view body)
{
	struct token_issue_request q;
	struct token_issue_response none = { { NULL, 0 }, { NULL, 0 } };
	struct account_record account;
	struct contact_sender sender;
	const struct provider_tokens *t;
	struct view id = VIEW_OF(c->s->account_id);
	TRY(wire_decode(body, &c->arena, token_issue_request_element, &q));
	TRY(account_get(c->p, id, &c->arena, &account));
	TRY(sender_of(c->p, id, &account, &c->arena, &sender));
	TRY(keys_get(c->p, &t));
	/* What somebody merely says opens no other app's minors to them. */
	bool is_minor = sender.is_checked && sender.age_band < AGE_ADULT;
	enum token_class what = is_minor ? TOKEN_MINOR : TOKEN_OTHER;
	const struct oprf_key *key = key_to_issue(t, what, VIEW_OF(q.token_key_id));
	if (!key)
		return UC_E_KEY;
	/* Whether it would reach one, nobody knows here. */
	bool is_kept_off = sender.is_off_minors || (sender.is_fresh && !is_minor);
	if (!sender.is_new && !is_kept_off)
		return issue(c, key, &q, &account);
	call_respond(c, token_issue_response_element, &none);
	return UC_OK;
}

/* --- redeeming --- */

static const struct oprf_key *key_to_redeem(const struct provider_tokens *t, struct view id)
{
	for (uint32_t i = 0; i < TOKEN_WEEKS * TOKEN_CLASSES; i++)
		if (view_equal(VIEW_OF(t->ids[i / TOKEN_CLASSES][i % TOKEN_CLASSES]), id))
			return &t->keys[i / TOKEN_CLASSES][i % TOKEN_CLASSES];
	return NULL;
}

/* Marks it as spent, once; again for the same use only. */
static uc_err spend(struct peer_call *c, const struct redemption *r, bool *is_good)
{
	struct provider *p = c->p;
	struct store_key k;
	struct store_batch b;
	struct token_record was, now = { .week = token_week(env_now_ms(p->env)) };
	uint8_t nonce[SHA256_BYTES];
	const struct view token[] = { VIEW_OF(r->token.token_key_id), VIEW_OF(r->token.nonce) };
	const struct view use[] = { VIEW_OF(r->use), c->domain };
	bool is_there;
	TRY(sha256_parts(token, 2, nonce));
	TRY(sha256_parts(use, 2, now.use));
	struct view key = key_1(&k, TABLE_TOKEN, VIEW_OF(nonce));
	TRY(record_find(p->accounts, key, token_record_element, c->a, &was, &is_there));
	*is_good = !is_there || view_equal(VIEW_OF(was.use), VIEW_OF(now.use));
	if (is_there)
		return UC_OK;
	store_batch_init(&b, VIEW_OF(nonce));
	return finish_accounts(p, &b, record_put(&b, key, token_record_element, &now));
}

static uc_err redeem(struct peer_call *c, const struct redemption *r, uint8_t *result)
{
	const struct provider_tokens *t;
	bool is_good = false;
	TRY(keys_get(c->p, &t));
	const struct oprf_key *key = key_to_redeem(t, VIEW_OF(r->token.token_key_id));
	if (key && !token_verify(key, c->p->domain, &r->token))
		TRY(spend(c, r, &is_good));
	*result = is_good;
	metrics_add(c->p->config.metrics, is_good ? METRIC_TOKENS_REDEEMED : METRIC_TOKENS_REFUSED,
		    1);
	return UC_OK;
}

int peer_redeem_tokens(struct peer_call *c)
{
	struct redeem_request q;
	uint8_t results[REDEEM_AT_ONCE] = { 0 };
	if (wire_decode(c->body, c->a, redeem_request_element, &q))
		return 400;
	/* Of a batch that comes again nothing was counted before. */
	if (peer_are_too_many(c, LIMIT_PEER_TOKEN, (uint32_t)q.redemptions.n))
		return 429;
	for (size_t i = 0; i < q.redemptions.n; i++)
		if (redeem(c, &q.redemptions.v[i], &results[i]))
			return 503;
	struct redeem_response r = { view_make(results, q.redemptions.n) };
	return wire_encode(c->out, redeem_response_element, &r) ? 503 : 200;
}
