/* SPDX-License-Identifier: Apache-2.0 */
#include "client/linked.h"

#include "client/barred.h"
#include "client/closing.h"
#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/identity.h"
#include "client/names_kept.h"
#include "client/portraits.h"
#include "client/rooms.h"

#include "base/heap.h"

enum { LINKED_BY_ONE = 8 }; /* shown by one contact, with those that were withdrawn */

struct uc_id link_pair(const struct uc_id *one, const struct uc_id *other)
{
	bool first = view_compare(VIEW_OF(one->b), VIEW_OF(other->b)) <= 0;
	const struct uc_id *low = first ? one : other, *high = first ? other : one;
	return id_of("Undercroft link", VIEW_OF(low->b), VIEW_OF(high->b));
}

uc_err link_account_id(const struct link_account *a, struct uc_id *out)
{
	char app[DOMAIN_MAX];
	TRY(text_set(app, sizeof app, a->app));
	*out = contact_id(app, a->account_key.p);
	return UC_OK;
}

static struct linked *linked_find(struct uc_client *c, const struct uc_id *pair)
{
	for (struct linked *l = c->linkeds; l; l = l->next)
		if (id_equal(&l->id, pair))
			return l;
	return NULL;
}

static bool touches(const struct linked *l, const struct uc_id *account)
{
	return id_equal(&l->sides[LINK_OFFERS].contact, account) ||
	       id_equal(&l->sides[LINK_ACCEPTS].contact, account);
}

static void sides_changed(struct uc_client *c, const struct linked *l)
{
	for (size_t i = 0; i < LINK_SIDES; i++) {
		struct contact *k = contact_find(c, &l->sides[i].contact);
		if (k)
			contact_changed(c, k);
	}
}

/* --- blocks --- */

bool linked_is_blocked(struct uc_client *c, const struct uc_id *account)
{
	/* Who is not known is nobody, though the sides of a link that is over say so, too. */
	if (id_is_zero(account))
		return false;
	const struct contact *k = contact_find(c, account);
	if ((k && k->blocked) || barred_find(c, account))
		return true;
	for (const struct linked *l = c->linkeds; l; l = l->next)
		if (l->blocked && touches(l, account))
			return true;
	return false;
}

static uc_err account_block(struct uc_client *c, const struct uc_id *account, bool blocked)
{
	struct contact *k = contact_find(c, account);
	if (blocked)
		requests_decline_all(c, account);
	else
		barred_end(c, account);
	if (!blocked && (!k || k->blocked))
		TRY(names_again(c, account));
	if (!k || k->blocked == blocked)
		return UC_OK;
	k->blocked = blocked;
	if (blocked) {
		portraits_forget(c, k);
		requests_decline_hidden(c);
	}
	contact_changed(c, k);
	if (blocked)
		return closing_begin(c, k);
	closing_undo(c, k);
	return UC_OK;
}

/* Nothing is left of what was withdrawn but its number. */
static void forget(struct linked *l)
{
	wipe(l->sides, sizeof l->sides);
	l->dirty = true;
}

static uc_err one_block(struct uc_client *c, struct linked *l, bool blocked)
{
	l->dirty = l->dirty || l->blocked != blocked;
	l->blocked = blocked;
	for (size_t i = 0; i < LINK_SIDES; i++)
		TRY(account_block(c, &l->sides[i].contact, blocked));
	if (!blocked && l->withdrawn)
		forget(l);
	return UC_OK;
}

/* Those that touch one of these accounts and were not reached yet, behind the last that was. */
static void reach(struct uc_client *c, const struct uc_id *account, struct linked ***last)
{
	for (struct linked *l = c->linkeds; l; l = l->next) {
		if (l->reached || (l->withdrawn && !l->blocked) || !touches(l, account))
			continue;
		l->reached = true;
		l->next_reached = NULL;
		**last = l;
		*last = &l->next_reached;
	}
}

uc_err linked_block(struct uc_client *c, const struct uc_id *account, bool blocked)
{
	struct linked *first = NULL, **last = &first;
	for (struct linked *l = c->linkeds; l; l = l->next)
		l->reached = false;
	reach(c, account, &last);
	for (const struct linked *l = first; l; l = l->next_reached)
		for (size_t i = 0; i < LINK_SIDES; i++)
			reach(c, &l->sides[i].contact, &last);
	TRY(account_block(c, account, blocked));
	for (struct linked *l = first; l; l = l->next_reached)
		TRY(one_block(c, l, blocked));
	return UC_OK;
}

/* --- what contacts say --- */

static bool is_self(const struct uc_client *c, const struct link_account *a)
{
	return view_equal(a->app, view_str(c->account.app)) &&
	       view_equal(a->account_key, VIEW_OF(c->account.account_key));
}

uc_err linked_side_set(struct linked_side *to, const struct link_side *from)
{
	TRY(text_set(to->app, sizeof to->app, from->account.app));
	TRY(text_set(to->name, sizeof to->name, from->profile_name));
	TRY(text_set(to->identifier, sizeof to->identifier, from->identifier));
	memcpy(to->account_key, from->account.account_key.p, ED25519_KEY);
	to->contact = contact_id(to->app, to->account_key);
	return UC_OK;
}

static size_t shown_by(const struct uc_client *c, const struct contact *k)
{
	size_t n = 0;
	for (const struct linked *l = c->linkeds; l; l = l->next)
		n += id_equal(&l->by, &k->id);
	return n;
}

static uc_err linked_new(struct uc_client *c, const struct contact *k, const struct uc_id *pair,
			 struct linked **out)
{
	struct linked *l;
	if (shown_by(c, k) >= LINKED_BY_ONE)
		return UC_E_LIMIT;
	l = HEAP_NEW(struct linked);
	if (!l)
		return UC_E_MEMORY;
	l->id = *pair;
	l->by = k->id;
	linked_add(c, l);
	*out = l;
	return UC_OK;
}

/* UC_E_EXISTS: nothing new. */
static uc_err number_check(const struct linked *l, uint64_t number, uint64_t now_ms)
{
	uint64_t last = l ? l->number : 0;
	if (l && number == last && !l->withdrawn)
		return UC_E_EXISTS;
	if (number <= last)
		return UC_E_STALE;
	uint64_t from = last > now_ms ? last : now_ms;
	return number > from && number - from > LINK_STEP_MAX ? UC_E_LIMIT : UC_OK;
}

static uc_err statement_signers(struct uc_client *c, const struct link_statement *s)
{
	for (size_t i = 0; i < LINK_SIDES; i++) {
		const struct link_side *side = &s->sides[i];
		TRY(identity_signer(c, side->account.app, side->account.account_key,
				    &side->device_list, side->device_key));
	}
	return UC_OK;
}

static uc_err linked_take(struct uc_client *c, const struct contact *k,
			  const struct link_statement *s, const struct linked_side *sides)
{
	struct uc_id pair = link_pair(&sides[LINK_OFFERS].contact, &sides[LINK_ACCEPTS].contact);
	struct linked *l = linked_find(c, &pair);
	uc_err err = number_check(l, s->number, client_now(c));
	if (err)
		return err == UC_E_EXISTS ? UC_OK : err;
	TRY(statement_signers(c, s));
	/* Of who is blocked nothing new is shown (names_kept.h); afterwards it can be said again. */
	if (l && l->blocked)
		return UC_OK;
	if (!l)
		TRY(linked_new(c, k, &pair, &l));
	l->number = s->number;
	l->withdrawn = false;
	memcpy(l->sides, sides, sizeof l->sides);
	l->dirty = true;
	sides_changed(c, l);
	/* Who is blocked gains nothing by another account. */
	if (linked_is_blocked(c, &sides[LINK_OFFERS].contact) ||
	    linked_is_blocked(c, &sides[LINK_ACCEPTS].contact))
		return linked_block(c, &sides[LINK_OFFERS].contact, true);
	return UC_OK;
}

uc_err linked_in(struct uc_client *c, const struct contact *k, struct view statement)
{
	struct link_statement s;
	struct linked_side sides[LINK_SIDES] = { 0 };
	TRY(link_statement_verify(statement, true, &c->call, &s));
	for (size_t i = 0; i < LINK_SIDES; i++) {
		if (is_self(c, &s.sides[i].account))
			return UC_OK; /* our own other account: that is known here */
		TRY(linked_side_set(&sides[i], &s.sides[i]));
	}
	if (!id_equal(&sides[LINK_OFFERS].contact, &k->id) &&
	    !id_equal(&sides[LINK_ACCEPTS].contact, &k->id))
		return UC_E_INTRODUCTION; /* people speak for themselves alone */
	return linked_take(c, k, &s, sides);
}

static uc_err withdrawn(struct uc_client *c, struct linked *l, uint64_t number)
{
	if (number < l->number)
		return UC_E_STALE; /* of an earlier one */
	if (number - l->number > LINK_STEP_MAX)
		return UC_E_LIMIT;
	if (l->withdrawn && number == l->number)
		return UC_OK;
	sides_changed(c, l);
	l->number = number;
	l->withdrawn = l->dirty = true;
	if (!l->blocked) {
		forget(l);
		return UC_OK;
	}
	/* A block goes on to cover both: whom, is kept, and nothing else. */
	for (size_t i = 0; i < LINK_SIDES; i++) {
		struct uc_id who = l->sides[i].contact;
		wipe(&l->sides[i], sizeof l->sides[i]);
		l->sides[i].contact = who;
	}
	return UC_OK;
}

uc_err linked_withdrawn_in(struct uc_client *c, const struct contact *k, struct view withdrawal)
{
	struct link_withdrawal x;
	struct uc_id one, other;
	TRY(link_withdrawal_verify(withdrawal, &c->call, &x));
	TRY(link_account_id(&x.accounts[LINK_OFFERS], &one));
	TRY(link_account_id(&x.accounts[LINK_ACCEPTS], &other));
	if (!id_equal(&one, &k->id) && !id_equal(&other, &k->id))
		return UC_E_INTRODUCTION;
	struct uc_id pair = link_pair(&one, &other);
	struct linked *l = linked_find(c, &pair);
	if (!l)
		return UC_OK; /* never shown here */
	const struct link_account *by = &x.accounts[x.by];
	TRY(identity_signer(c, by->app, by->account_key, &x.device_list, x.device_key));
	return withdrawn(c, l, x.number);
}

/* --- for the owner --- */

static bool show(struct uc_client *c, const struct linked_side *s, uc_linked_each *each, void *ctx)
{
	struct uc_linked shown = {
		.app = s->app,
		.name = s->name,
		.identifier = s->identifier,
		.has_contact = contact_find(c, &s->contact) != NULL,
		.contact = s->contact,
	};
	memcpy(shown.account_key, s->account_key, ED25519_KEY);
	return each(ctx, &shown);
}

uc_err uc_contact_links(uc_client *c, const struct uc_id *contact, uc_linked_each *each, void *ctx)
{
	if (!c || !contact || !each)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	if (!contact_find(c, contact) && !barred_find(c, contact))
		return UC_E_NOT_FOUND;
	for (const struct linked *l = c->linkeds; l; l = l->next) {
		if (l->withdrawn || !touches(l, contact))
			continue;
		bool first = id_equal(&l->sides[LINK_OFFERS].contact, contact);
		if (!show(c, &l->sides[first ? LINK_ACCEPTS : LINK_OFFERS], each, ctx))
			break;
	}
	return UC_OK;
}
