/* SPDX-License-Identifier: Apache-2.0 */
/* Where a further device of an account meets the first: a mailbox for ten minutes, in memory alone, with one
 * sealed message each way (mimi/pairing.h).  The app reads neither, and does not know which mailbox is whose
 * before an account has named it.  Whoever does not know its 16 random bytes learns nothing of it. */
#include "provider/inside.h"

#include "base/heap.h"

enum {
	PAIRINGS_MAX = 1024,
	PAIRINGS_EACH = 8,                 /* left by one asker; named by one account */
	PAIRINGS_BYTES = 16 * 1024 * 1024, /* of all answers; requests are small */
	PAIRING_MS = 10 * 60 * 1000,
};

struct pairing {
	uint8_t mailbox[PAIRING_MAILBOX];
	uint64_t until_ms;
	/* The network address that left it, or the session, where that is not counted. */
	uint8_t asker[SESSION_FROM];
	size_t nth;    /* of its asker's, when it was left */
	bool is_named; /* by this account, whose it is from then on */
	uint8_t account_id[ACCOUNT_ID];
	size_t heap; /* bytes of its account's answers when this one's was left, with it */
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
	all->bytes -= x->answer.n;
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

/* --- nobody fills them for others --- */

static size_t nth_of(const struct pairing *x)
{
	return x->nth;
}

static size_t heap_of(const struct pairing *x)
{
	return x->heap;
}

/* Where there is no room, the last one goes of whoever has most, if that is more than who comes would have. */
static bool make_room(struct pairings *all, size_t (*has)(const struct pairing *), size_t own)
{
	struct pairing **most = NULL;
	for (struct pairing **at = &all->first; *at; at = &(*at)->next)
		if (has(*at) > own && (!most || has(*at) > has(*most)))
			most = at;
	if (most)
		drop(all, most);
	return most != NULL;
}

static void asker_of(const struct session *s, uint8_t out[SESSION_FROM])
{
	memset(out, 0, SESSION_FROM);
	if (s->has_from)
		memcpy(out, s->from, SESSION_FROM);
	else
		memcpy(out, &s->number, sizeof s->number);
}

static size_t left_by(const struct pairings *all, const uint8_t asker[SESSION_FROM])
{
	size_t n = 0;
	for (const struct pairing *x = all->first; x; x = x->next)
		n += view_equal(VIEW_OF(x->asker), view_make(asker, SESSION_FROM));
	return n;
}

static bool is_of(const struct pairing *x, const uint8_t account_id[ACCOUNT_ID])
{
	return x->is_named && view_equal(VIEW_OF(x->account_id), view_make(account_id, ACCOUNT_ID));
}

/* What an account has there. */
struct holding {
	size_t n, bytes;
};
static struct holding holding_of(const struct pairings *all, const uint8_t account_id[ACCOUNT_ID])
{
	struct holding h = { 0, 0 };
	for (const struct pairing *x = all->first; x; x = x->next) {
		if (!is_of(x, account_id))
			continue;
		h.n++;
		h.bytes += x->answer.n;
	}
	return h;
}

/* Into a buffer that is empty. */
static uc_err keep(struct buf *b, struct view sealed)
{
	buf_init_secret(b, sealed.n);
	buf_add_view(b, sealed);
	if (!b->failed)
		return UC_OK;
	buf_done(b);
	return UC_E_MEMORY;
}

/* --- the new device --- */

static uc_err open_new(struct call *c, const struct pair_open_request *q)
{
	struct pairings *all = all_of(c->p);
	uint8_t asker[SESSION_FROM];
	if (!all)
		return UC_E_MEMORY;
	asker_of(c->s, asker);
	size_t nth = left_by(all, asker) + 1;
	if (nth > PAIRINGS_EACH)
		return UC_E_RATE;
	if (all->n >= PAIRINGS_MAX && !make_room(all, nth_of, nth))
		return UC_E_BUSY;
	struct pairing *x = HEAP_NEW(struct pairing);
	if (!x)
		return UC_E_MEMORY;
	buf_init_secret(&x->answer, 0);
	uc_err err = keep(&x->request, q->sealed);
	if (err) {
		heap_free(x);
		return err;
	}
	memcpy(x->mailbox, q->mailbox, sizeof x->mailbox);
	memcpy(x->asker, asker, sizeof x->asker);
	x->nth = nth;
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
static uc_err of_account(struct call *c, const uint8_t mailbox[PAIRING_MAILBOX],
			 struct pairing **out)
{
	const uint8_t *account_id = c->s->account_id;
	pairings_expire(c->p, env_now_ms(c->p->env));
	struct pairing *x = find(c->p, mailbox);
	if (!x)
		return UC_E_NOT_FOUND;
	if (!x->is_named && holding_of(c->p->pairings, account_id).n >= PAIRINGS_EACH)
		return UC_E_RATE;
	if (!x->is_named)
		memcpy(x->account_id, account_id, sizeof x->account_id);
	x->is_named = true;
	*out = x;
	return is_of(x, account_id) ? UC_OK : UC_E_NOT_FOUND;
}

uc_err handle_pair_look(struct call *c, struct view body)
{
	struct pair_look_request q;
	struct pairing *x;
	TRY(wire_decode(body, &c->arena, pair_look_request_element, &q));
	TRY(of_account(c, q.mailbox, &x));
	const struct pair_look_response r = { buf_view(&x->request) };
	call_respond(c, pair_look_response_element, &r);
	return UC_OK;
}

static uc_err answer_keep(struct call *c, struct pairing *x, struct view sealed)
{
	struct pairings *all = c->p->pairings;
	size_t heap = holding_of(all, c->s->account_id).bytes + sealed.n;
	while (sealed.n > PAIRINGS_BYTES - all->bytes)
		if (!make_room(all, heap_of, heap))
			return UC_E_BUSY;
	TRY(keep(&x->answer, sealed));
	x->heap = heap;
	all->bytes += x->answer.n;
	return UC_OK;
}

uc_err handle_pair_answer(struct call *c, struct view body)
{
	struct pair_answer_request q;
	struct pairing *x;
	TRY(wire_decode(body, &c->arena, pair_answer_request_element, &q));
	TRY(of_account(c, q.mailbox, &x));
	if (!q.sealed.n)
		return UC_E_NOT_FOUND;
	if (x->answer.n && !view_equal(buf_view(&x->answer), q.sealed))
		return UC_E_EXISTS;
	if (!x->answer.n)
		TRY(answer_keep(c, x, q.sealed));
	call_respond(c, NULL, NULL);
	return UC_OK;
}
