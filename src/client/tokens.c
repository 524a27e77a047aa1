/* SPDX-License-Identifier: Apache-2.0 */
#include "client/tokens.h"

#include "client/contact_requests.h"
#include "client/directories.h"

#include "base/heap.h"

/* A draw under way. */
struct drawing {
	struct request *requests[TOKENS_AT_ONCE];
	struct token_draw draws[TOKENS_AT_ONCE];
	size_t n;
	struct oprf_element pub;
};

static void drawing_free(struct drawing *d)
{
	heap_free_wiped(d, sizeof *d);
}

/* Also those of other apps, but of none that knows no tokens or of which nothing is known yet. */
static bool is_ready(struct uc_client *c, const struct request *q)
{
	struct app_keys theirs;
	return !q->incoming && q->state == REQUEST_ADDRESSED && *q->reply && !q->in_flight &&
	       strcmp(q->app, c->account.app) != 0 && !waits_until(c, q->retry_ms) &&
	       directory_keys(c, q->app, &theirs) && theirs.has_tokens;
}

/* --- what comes of it --- */

static uc_err write_all(struct uc_client *c, const struct drawing *d, const struct token *tokens,
			size_t n)
{
	for (size_t i = 0; i < n; i++)
		TRY(requests_write(c, d->requests[i], tokens ? &tokens[i] : NULL));
	return UC_OK;
}

static uc_err take(const struct drawing *d, const struct reply *r, struct token *tokens, size_t *n)
{
	struct token_issue_response in;
	struct oprf_element evaluated[TOKENS_AT_ONCE];
	uint8_t proof[OPRF_PROOF];
	TRY(wire_decode(r->body, r->mem, token_issue_response_element, &in));
	*n = in.evaluated.n / OPRF_ELEMENT;
	if (!in.evaluated.n)
		return UC_OK;
	if (in.evaluated.n % OPRF_ELEMENT || *n > d->n || in.proof.n != sizeof proof)
		return UC_E_FRAME;
	memcpy(evaluated, in.evaluated.p, in.evaluated.n);
	memcpy(proof, in.proof.p, sizeof proof);
	return tokens_finish(&d->pub, d->draws, evaluated, *n, proof, tokens);
}

/* The app has other keys than its document says, or a key that is not in it: it could tell by it whose
 * token it is. */
static void alarm(struct uc_client *c, const struct drawing *d, uc_err err)
{
	struct reply r = { .err = err };
	if (err == UC_E_SIGNATURE)
		event_warning(c, err, VIEW_LIT("the app uses a key that it does not publish"),
			      NULL);
	for (size_t i = 0; i < d->n; i++)
		requests_refused(c, d->requests[i], &r);
}

static uc_err taken(struct uc_client *c, const struct drawing *d, const struct reply *r)
{
	struct token tokens[TOKENS_AT_ONCE];
	size_t n = 0;
	uc_err err = take(d, r, tokens, &n);
	if (err)
		alarm(c, d, err);
	else
		/* None for an account that is new: it asks as one of whom nothing is known. */
		err = n ? write_all(c, d, tokens, n) : write_all(c, d, NULL, d->n);
	wipe(tokens, sizeof tokens);
	return err_is_hard(err) ? err : UC_OK;
}

/* The key is of the other class, or of a document that has changed since. */
static void other_key(struct uc_client *c, const struct drawing *d)
{
	struct reply r = { .err = UC_E_BUSY };
	c->draws_as_minor = !c->draws_as_minor;
	if (c->draws_as_minor)
		return;
	directory_forget(c, c->account.app);
	for (size_t i = 0; i < d->n; i++)
		requests_refused(c, d->requests[i], &r);
}

static uc_err drawn(struct uc_client *c, void *subject, const struct reply *r)
{
	struct drawing *d = subject;
	uc_err err = UC_OK;
	for (size_t i = 0; i < d->n; i++)
		d->requests[i]->in_flight = false;
	if (!r->err)
		err = taken(c, d, r);
	else if (r->err == UC_E_KEY)
		other_key(c, d);
	else
		for (size_t i = 0; i < d->n; i++)
			requests_refused(c, d->requests[i], r);
	drawing_free(d);
	return err;
}

/* --- drawing --- */

static uc_err draw_send(struct uc_client *c, struct drawing *d)
{
	struct token_issue_request q = { .wishes = { NULL, d->n } };
	struct token_wish wishes[TOKENS_AT_ONCE];
	TRY(tokens_draw(&c->env, &d->pub, view_str(c->account.app), d->draws, d->n));
	memcpy(q.token_key_id, d->draws[0].token.token_key_id, sizeof q.token_key_id);
	for (size_t i = 0; i < d->n; i++) {
		wishes[i].reply_address = view_str(d->requests[i]->reply);
		wishes[i].target = view_str(d->requests[i]->target);
		memcpy(wishes[i].blinded, d->draws[i].blinded.b, sizeof wishes[i].blinded);
	}
	q.wishes.v = wishes;
	return call_send(c, FRAME_TOKEN_ISSUE, token_issue_request_element, &q, drawn, d);
}

static uc_err draw(struct uc_client *c, const struct token_keys *keys)
{
	struct drawing *d = HEAP_NEW(struct drawing);
	if (!d)
		return UC_E_MEMORY;
	d->pub = keys->pub[TOKEN_WEEK_NOW][c->draws_as_minor ? TOKEN_MINOR : TOKEN_OTHER];
	for (struct request *q = c->requests; q && d->n < TOKENS_AT_ONCE; q = q->next)
		if (is_ready(c, q))
			d->requests[d->n++] = q;
	uc_err err = draw_send(c, d);
	if (err) {
		drawing_free(d);
		return err;
	}
	for (size_t i = 0; i < d->n; i++)
		d->requests[i]->in_flight = true;
	return UC_OK;
}

uc_err tokens_ask(struct uc_client *c, struct request *q)
{
	struct app_keys own, theirs;
	if (!strcmp(q->app, c->account.app) || !(c->features & 1u << FEATURE_TOKENS))
		return requests_write(c, q, NULL);
	bool is_known = directory_keys(c, q->app, &theirs);
	if (!directory_keys(c, c->account.app, &own) || !is_known)
		return UC_OK;
	return own.has_tokens && theirs.has_tokens ? draw(c, &own.tokens)
						   : requests_write(c, q, NULL);
}
