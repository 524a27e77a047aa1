/* SPDX-License-Identifier: Apache-2.0 */
/* Where a further device of an account meets the first: a mailbox for ten minutes, in memory alone, with one
 * sealed message each way (mimi/pairing.h).  The app reads neither, and does not know which mailbox is whose
 * before an account has named it.  Whoever does not know its 16 random bytes learns nothing of it. */
#include "provider/inside.h"

#include "base/heap.h"

enum {
	PAIRINGS_MAX = 1024,
	PAIRINGS_BYTES = 16 * 1024 * 1024, /* of all that lie there */
	PAIRING_MS = 10 * 60 * 1000,
};

struct pairing {
	uint8_t mailbox[PAIRING_MAILBOX];
	uint64_t until_ms;
	bool is_named; /* by this account, whose it is from then on */
	uint8_t account_id[ACCOUNT_ID];
	struct buf request, answer;
	struct pairing *next;
};
struct pairings {
	struct pairing *first;
	size_t n, bytes;
};

static struct pairings *all_of(struct provider *p)
{
	if (!p->pairings)
		p->pairings = HEAP_NEW(struct pairings);
	return p->pairings;
}

static struct pairing *find(struct provider *p, const uint8_t mailbox[PAIRING_MAILBOX])
{
	struct pairing *x = p->pairings ? p->pairings->first : NULL;
	while (x && !view_equal_ct(VIEW_OF(x->mailbox), view_make(mailbox, PAIRING_MAILBOX)))
		x = x->next;
	return x && x->until_ms > env_now_ms(p->env) ? x : NULL;
}

static void drop(struct pairings *all, struct pairing **at)
{
	struct pairing *x = *at;
	*at = x->next;
	all->n--;
	all->bytes -= x->request.n + x->answer.n;
	buf_done(&x->request);
	buf_done(&x->answer);
	heap_free_wiped(x, sizeof *x);
}

void pairings_expire(struct provider *p, uint64_t now_ms)
{
	struct pairings *all = p->pairings;
	for (struct pairing **at = all ? &all->first : NULL; at && *at;) {
		if (is_due(now_ms, (*at)->until_ms, PAIRING_MS))
			drop(all, at);
		else
			at = &(*at)->next;
	}
}

void pairings_free(struct provider *p)
{
	while (p->pairings && p->pairings->first)
		drop(p->pairings, &p->pairings->first);
	heap_free(p->pairings);
	p->pairings = NULL;
}

/* Into a buffer that is empty. */
static uc_err keep(struct pairings *all, struct buf *b, struct view sealed)
{
	if (sealed.n > PAIRINGS_BYTES - all->bytes)
		return UC_E_BUSY;
	buf_init_secret(b, sealed.n);
	buf_add_view(b, sealed);
	if (b->failed) {
		buf_done(b);
		return UC_E_MEMORY;
	}
	all->bytes += b->n;
	return UC_OK;
}

/* --- the new device --- */

static uc_err open_new(struct call *c, const struct pair_open_request *q)
{
	struct pairings *all = all_of(c->p);
	if (!all)
		return UC_E_MEMORY;
	if (all->n >= PAIRINGS_MAX)
		return UC_E_BUSY;
	struct pairing *x = HEAP_NEW(struct pairing);
	if (!x)
		return UC_E_MEMORY;
	buf_init_secret(&x->answer, 0);
	uc_err err = keep(all, &x->request, q->sealed);
	if (err) {
		heap_free(x);
		return err;
	}
	memcpy(x->mailbox, q->mailbox, sizeof x->mailbox);
	x->until_ms = env_now_ms(c->p->env) + PAIRING_MS;
	x->next = all->first;
	all->first = x;
	all->n++;
	return UC_OK;
}

uc_err handle_pair_open(struct call *c, struct view body)
{
	struct pair_open_request q;
	TRY(wire_decode(body, &c->arena, pair_open_request_element, &q));
	if (network_is_too_fast(c, LIMIT_NETWORK_PAIR, (struct view){ NULL, 0 }))
		return UC_OK;
	pairings_expire(c->p, env_now_ms(c->p->env));
	const struct pairing *x = find(c->p, q.mailbox);
	if (x && !view_equal(buf_view(&x->request), q.sealed))
		return UC_E_EXISTS;
	if (!x)
		TRY(open_new(c, &q));
	call_respond(c, NULL, NULL);
	return UC_OK;
}

uc_err handle_pair_take(struct call *c, struct view body)
{
	struct pair_take_request q;
	TRY(wire_decode(body, &c->arena, pair_take_request_element, &q));
	const struct pairing *x = find(c->p, q.mailbox);
	if (!x)
		return UC_E_NOT_FOUND;
	if (!x->answer.n)
		return UC_E_PENDING;
	const struct pair_take_response r = { buf_view(&x->answer) };
	call_respond(c, pair_take_response_element, &r);
	return UC_OK;
}

/* --- a device of the account --- */

/* The first account that names it. */
static struct pairing *of_account(struct call *c, const uint8_t mailbox[PAIRING_MAILBOX])
{
	struct pairing *x = find(c->p, mailbox);
	if (x && !x->is_named) {
		memcpy(x->account_id, c->s->account_id, sizeof x->account_id);
		x->is_named = true;
	}
	bool own = x && view_equal(VIEW_OF(x->account_id), VIEW_OF(c->s->account_id));
	return own ? x : NULL;
}

uc_err handle_pair_look(struct call *c, struct view body)
{
	struct pair_look_request q;
	TRY(wire_decode(body, &c->arena, pair_look_request_element, &q));
	const struct pairing *x = of_account(c, q.mailbox);
	if (!x)
		return UC_E_NOT_FOUND;
	const struct pair_look_response r = { buf_view(&x->request) };
	call_respond(c, pair_look_response_element, &r);
	return UC_OK;
}

uc_err handle_pair_answer(struct call *c, struct view body)
{
	struct pair_answer_request q;
	TRY(wire_decode(body, &c->arena, pair_answer_request_element, &q));
	struct pairing *x = of_account(c, q.mailbox);
	if (!x || !q.sealed.n)
		return UC_E_NOT_FOUND;
	if (x->answer.n && !view_equal(buf_view(&x->answer), q.sealed))
		return UC_E_EXISTS;
	if (!x->answer.n)
		TRY(keep(c->p->pairings, &x->answer, q.sealed));
	call_respond(c, NULL, NULL);
	return UC_OK;
}
