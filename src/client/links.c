/* SPDX-License-Identifier: Apache-2.0 */
#include "client/links.h"

#include "client/account.h"
#include "client/contacts.h"
#include "client/devices.h"
#include "client/identity.h"
#include "client/introductions.h"
#include "client/linked.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "mimi/names.h"

#include "base/heap.h"
#include "base/text.h"

enum {
	OFFER_MS = 10 * 60 * 1000,
	CLOCKS_MS = 60 * 60 * 1000, /* how far two of one person may be apart */
};

struct link_call {
	const char *text;
	const struct uc_id *link, *contact;
	bool tells;
	struct buf out;
};

static struct uc_id own_id(const struct uc_client *c)
{
	return contact_id(c->account.app, c->account.account_key);
}

/* --- what is kept --- */

static struct own_link *link_find(struct uc_client *c, const struct uc_id *id)
{
	for (struct own_link *l = c->links; l; l = l->next)
		if (l->state != LINK_OVER && id_equal(&l->id, id))
			return l;
	return NULL;
}

static struct own_link *link_with(struct uc_client *c, const struct uc_id *other)
{
	struct uc_id self = own_id(c), pair = link_pair(&self, other);
	return link_find(c, &pair);
}

static struct own_link *offer_find(struct uc_client *c, const uint8_t offer_id[LINK_OFFER_ID])
{
	for (struct own_link *l = c->links; l; l = l->next)
		if (l->state == LINK_OFFERED &&
		    view_equal(VIEW_OF(l->offer_id), (struct view){ offer_id, LINK_OFFER_ID }))
			return l;
	return NULL;
}

static uc_err link_new(struct uc_client *c, const struct uc_id *id, struct own_link **out)
{
	struct own_link *l = HEAP_NEW(struct own_link);
	if (!l)
		return UC_E_MEMORY;
	l->id = *id;
	l->dirty = true;
	own_link_add(c, l);
	*out = l;
	return UC_OK;
}

static struct uc_id offer_key(const uint8_t offer_id[LINK_OFFER_ID])
{
	return id_of("Undercroft link offer", (struct view){ offer_id, LINK_OFFER_ID },
		     (struct view){ NULL, 0 });
}

/* Higher than any before; and than those that a store of before has forgotten. */
static uint64_t next_number(struct uc_client *c)
{
	uint64_t n = client_now(c);
	for (const struct own_link *l = c->links; l; l = l->next)
		if (l->number >= n)
			n = l->number + 1;
	return n;
}

static bool leaps(uint64_t number, uint64_t next)
{
	return number > next && number - next > LINK_STEP_MAX;
}

/* --- texts --- */

static uc_err text_write(struct link_call *in, uint8_t kind, struct view body, struct arena *a)
{
	struct link_text t = { .version = 1, .link_text_kind = kind, .body = body };
	struct view bytes;
	TRY(wire_encode_to(a, link_text_element, &t, &bytes));
	base64url_add(&in->out, bytes);
	return in->out.failed;
}

static uc_err text_read(const char *text, struct arena *a, struct link_text *out)
{
	struct view bytes, v = view_str(text);
	if (v.n >= UC_LINK_TEXT_MAX)
		return UC_E_TOO_LARGE;
	TRY(base64url_read(a, v, &bytes));
	return wire_decode(bytes, a, link_text_element, out);
}

/* Runs, and gives the text out once what it depends on is stored. */
static uc_err call_run(struct uc_client *c, turn_work *work, struct link_call *in, char *out,
		       size_t out_n)
{
	size_t most = out_n < UC_LINK_TEXT_MAX ? out_n : UC_LINK_TEXT_MAX;
	buf_init(&in->out, most ? most - 1 : 0);
	uc_err err = out && out_n ? turn_run(c, work, in) : UC_E_ARGUMENT;
	if (!err) {
		if (in->out.n)
			memcpy(out, in->out.p, in->out.n);
		out[in->out.n] = 0;
	}
	buf_done(&in->out);
	return err;
}

/* --- what we say of ourselves --- */

static uc_err own_side(struct uc_client *c, bool tells, struct link_side *out)
{
	const struct account *self = &c->account;
	struct link_side s = {
		.account = { view_str(self->app), VIEW_OF(self->account_key) },
		.device_key = VIEW_OF(self->device.pub),
	};
	TRY(profile_name_normalise(view_str(self->profile_name), &c->call, &s.profile_name));
	if (tells)
		TRY(name_normalise((enum name_kind)self->names, view_str(self->identifier),
				   &c->call, &s.identifier));
	TRY(devices_shown(c, &c->call, &s.device_list));
	*out = s;
	return UC_OK;
}

static bool same_said(const struct link_side *x, const struct link_side *y)
{
	return view_equal(x->account.app, y->account.app) &&
	       view_equal(x->account.account_key, y->account.account_key) &&
	       view_equal(x->profile_name, y->profile_name) &&
	       view_equal(x->identifier, y->identifier) && view_equal(x->device_key, y->device_key);
}

static bool is_own(const struct uc_client *c, const struct link_account *a)
{
	return view_equal(a->app, view_str(c->account.app)) &&
	       view_equal(a->account_key, VIEW_OF(c->account.account_key));
}

/* Our own list is the one this device keeps; another's, the one we hold, if it is a contact. */
static uc_err signer_check(struct uc_client *c, const struct link_account *a,
			   const struct view_list *list, struct view device_key)
{
	struct view_list own;
	struct device_list l;
	if (!is_own(c, a))
		return identity_signer(c, a->app, a->account_key, list, device_key);
	TRY(devices_shown(c, &c->call, &own));
	TRY(device_list_verify(&own, a->app, a->account_key, &c->call, &l));
	return device_list_has(&l, device_key) ? UC_OK : UC_E_SIGNATURE;
}

/* --- making one --- */

static uc_err begin(struct uc_client *c, void *arg)
{
	struct link_call *in = arg;
	struct link_offer o = { .expires_ms = client_now(c) + OFFER_MS };
	struct own_link *l;
	struct view encoded;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	o.number = next_number(c);
	TRY(own_side(c, in->tells, &o.side));
	TRY(env_random(&c->env, o.offer_id, sizeof o.offer_id));
	TRY(link_offer_make(&o, &c->account.device, &c->call, &encoded));
	TRY(text_write(in, LINK_TEXT_OFFER, encoded, &c->call));
	for (l = c->links; l; l = l->next)
		if (l->state == LINK_OFFERED)
			l->state = LINK_OVER; /* one at a time */
	struct uc_id id = offer_key(o.offer_id);
	TRY(link_new(c, &id, &l));
	l->state = LINK_OFFERED;
	l->number = o.number;
	l->expires_ms = o.expires_ms;
	l->tells_identifier = in->tells;
	memcpy(l->offer_id, o.offer_id, sizeof l->offer_id);
	return UC_OK;
}

uc_err uc_link_begin(uc_client *c, bool with_identifier, char *out, size_t out_n)
{
	struct link_call in = { .tells = with_identifier };
	return c ? call_run(c, begin, &in, out, out_n) : UC_E_ARGUMENT;
}

/* The link of these two as it is to be kept from now on, with that statement. */
static uc_err link_keep(struct uc_client *c, const struct linked_side *other,
			const struct link_statement *s, uint8_t state, struct view encoded)
{
	struct own_link *l = link_with(c, &other->contact);
	struct uc_id self = own_id(c), id = link_pair(&self, &other->contact);
	if (!l)
		TRY(link_new(c, &id, &l));
	TRY(blob_set(&l->statement, encoded));
	l->other = *other;
	l->state = state;
	l->number = s->number;
	memcpy(l->offer_id, s->offer_id, sizeof l->offer_id);
	l->dirty = true;
	return UC_OK;
}

static uc_err other_read(struct uc_client *c, const struct link_side *side,
			 struct linked_side *other)
{
	memset(other, 0, sizeof *other);
	TRY(linked_side_set(other, side));
	return signer_check(c, &side->account, &side->device_list, side->device_key);
}

static uc_err may_follow(struct uc_client *c, const struct linked_side *other, uint64_t number)
{
	const struct own_link *l = link_with(c, &other->contact);
	if (l && l->state == LINK_WHOLE)
		return UC_E_EXISTS;
	return l && number <= l->number ? UC_E_STALE : UC_OK;
}

static uc_err accept(struct uc_client *c, void *arg)
{
	struct link_call *in = arg;
	struct link_text t;
	struct link_offer o;
	struct linked_side other;
	struct view encoded;
	uint64_t now = client_now(c), next = next_number(c);
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	TRY(text_read(in->text, &c->call, &t));
	if (t.link_text_kind != LINK_TEXT_OFFER)
		return UC_E_UNEXPECTED;
	TRY(link_offer_verify(t.body, &c->call, &o));
	if (o.expires_ms <= now || o.expires_ms - now > OFFER_MS + CLOCKS_MS)
		return UC_E_STALE;
	if (leaps(o.number, next))
		return UC_E_LIMIT;
	struct link_statement s = { .number = o.number > next ? o.number : next };
	memcpy(s.offer_id, o.offer_id, sizeof s.offer_id);
	s.sides[LINK_OFFERS] = o.side;
	s.sides[LINK_OFFERS].signature = (struct view){ NULL, 0 };
	TRY(own_side(c, in->tells, &s.sides[LINK_ACCEPTS]));
	TRY(other_read(c, &o.side, &other));
	TRY(may_follow(c, &other, s.number));
	TRY(link_statement_make(&s, LINK_ACCEPTS, &c->account.device, &c->call, &encoded));
	TRY(text_write(in, LINK_TEXT_STATEMENT, encoded, &c->call));
	return link_keep(c, &other, &s, LINK_SIGNED, encoded);
}

uc_err uc_link_accept(uc_client *c, const char *offer, bool with_identifier, char *out,
		      size_t out_n)
{
	struct link_call in = { .text = offer, .tells = with_identifier };
	return c && offer ? call_run(c, accept, &in, out, out_n) : UC_E_ARGUMENT;
}

/* --- taking what the other client gave --- */

/* Whom it was withdrawn from has heard it, and is not told of the new one by itself. */
static void shown_tidy(struct own_link *l)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < l->shown_count; i++)
		if (!l->shown[i].gone || !l->shown[i].told)
			l->shown[n++] = l->shown[i];
	l->shown_count = n;
}

/* To our offer: what we have offered, and signed by an account that we do not know otherwise. */
static uc_err answer_in(struct uc_client *c, struct link_call *in, struct view body)
{
	struct link_statement s;
	struct link_side self;
	struct linked_side other;
	struct view encoded;
	TRY(link_statement_verify(body, false, &c->call, &s));
	struct own_link *offer = offer_find(c, s.offer_id), *l;
	if (!offer)
		return UC_E_NOT_FOUND;
	TRY(own_side(c, offer->tells_identifier, &self));
	if (offer->expires_ms <= client_now(c) || s.number < offer->number ||
	    !same_said(&self, &s.sides[LINK_OFFERS]))
		return UC_E_STALE;
	if (leaps(s.number, next_number(c)))
		return UC_E_LIMIT;
	TRY(other_read(c, &s.sides[LINK_ACCEPTS], &other));
	TRY(may_follow(c, &other, s.number));
	s.sides[LINK_OFFERS].device_list = self.device_list;
	TRY(link_statement_make(&s, LINK_OFFERS, &c->account.device, &c->call, &encoded));
	TRY(text_write(in, LINK_TEXT_STATEMENT, encoded, &c->call));
	TRY(link_keep(c, &other, &s, LINK_WHOLE, encoded));
	offer->state = LINK_OVER;
	l = link_with(c, &other.contact);
	if (l)
		shown_tidy(l);
	return UC_OK;
}

/* What we have signed ourselves, and the other account since. */
static uc_err whole_in(struct uc_client *c, const struct link_statement *s, size_t own,
		       struct view body)
{
	struct linked_side other;
	TRY(other_read(c, &s->sides[own == LINK_OFFERS ? LINK_ACCEPTS : LINK_OFFERS], &other));
	struct own_link *l = link_with(c, &other.contact);
	if (!l)
		return UC_E_NOT_FOUND;
	bool same =
		l->number == s->number && view_equal(VIEW_OF(l->offer_id), VIEW_OF(s->offer_id));
	if (!same || l->state == LINK_WITHDRAWN)
		return UC_E_STALE;
	if (l->state == LINK_WHOLE)
		return UC_OK;
	TRY(link_keep(c, &other, s, LINK_WHOLE, body));
	shown_tidy(l);
	return UC_OK;
}

static uc_err statement_in(struct uc_client *c, struct link_call *in, struct view body)
{
	struct link_statement s;
	TRY(wire_decode(body, &c->call, link_statement_element, &s));
	if (!s.sides[LINK_OFFERS].signature.n)
		return answer_in(c, in, body);
	TRY(link_statement_verify(body, true, &c->call, &s));
	for (size_t i = 0; i < LINK_SIDES; i++)
		if (is_own(c, &s.sides[i].account))
			return whole_in(c, &s, i, body);
	return UC_E_NOT_FOUND;
}

/* Those who were told are told that it is over. */
static uc_err link_end(struct own_link *l, uint64_t number, struct view withdrawal)
{
	uint32_t n = 0;
	TRY(blob_set(&l->withdrawal, withdrawal));
	blob_done(&l->statement);
	l->number = number;
	l->state = LINK_WITHDRAWN;
	l->dirty = true;
	for (uint32_t i = 0; i < l->shown_count; i++) {
		if (!l->shown[i].told && id_is_zero(&l->shown[i].room))
			continue;
		l->shown[n] = l->shown[i];
		l->shown[n].gone = true;
		l->shown[n++].told = false;
	}
	l->shown_count = n;
	return UC_OK;
}

static uc_err withdrawal_in(struct uc_client *c, struct view body)
{
	struct link_withdrawal x;
	struct uc_id other;
	TRY(link_withdrawal_verify(body, &c->call, &x));
	size_t own = is_own(c, &x.accounts[LINK_OFFERS]) ? LINK_OFFERS : LINK_ACCEPTS;
	if (!is_own(c, &x.accounts[own]))
		return UC_E_NOT_FOUND;
	TRY(link_account_id(&x.accounts[own == LINK_OFFERS ? LINK_ACCEPTS : LINK_OFFERS], &other));
	struct own_link *l = link_with(c, &other);
	if (!l)
		return UC_E_NOT_FOUND;
	TRY(signer_check(c, &x.accounts[x.by], &x.device_list, x.device_key));
	if (x.number < l->number)
		return UC_E_STALE;
	if (leaps(x.number, l->number))
		return UC_E_LIMIT;
	if (l->state == LINK_WITHDRAWN)
		return UC_OK;
	TRY(link_end(l, x.number, body));
	return links_drive(c);
}

static uc_err take(struct uc_client *c, void *arg)
{
	struct link_call *in = arg;
	struct link_text t;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	TRY(text_read(in->text, &c->call, &t));
	switch (t.link_text_kind) {
	case LINK_TEXT_STATEMENT:
		return statement_in(c, in, t.body);
	case LINK_TEXT_WITHDRAWAL:
		return withdrawal_in(c, t.body);
	case LINK_TEXT_OFFER:
		return UC_E_UNEXPECTED;
	default:
		return UC_E_UNSUPPORTED;
	}
}

uc_err uc_link_take(uc_client *c, const char *text, char *out, size_t out_n)
{
	struct link_call in = { .text = text };
	return c && text ? call_run(c, take, &in, out, out_n) : UC_E_ARGUMENT;
}

/* --- contacts --- */

static bool needs_telling(const struct link_shown *e, const struct contact *k)
{
	return !e->told || !id_equal(&e->room, &k->direct);
}

static uc_err one_tell(struct uc_client *c, struct own_link *l, struct link_shown *e)
{
	const struct contact *k = contact_find(c, &e->contact);
	struct room *r = k && k->has_direct && !k->blocked ? room_find(c, &k->direct) : NULL;
	struct view said = blob_view(e->gone ? &l->withdrawal : &l->statement);
	if (!r || !room_is_open(r) || !needs_telling(e, k) || !said.n ||
	    (!e->gone && l->state != LINK_WHOLE))
		return UC_OK;
	TRY(introductions_link(c, r, e->gone, said));
	e->room = r->id;
	e->told = l->dirty = true;
	return UC_OK;
}

uc_err links_drive(struct uc_client *c)
{
	for (struct own_link *l = c->links; l; l = l->next)
		for (uint32_t i = 0; i < l->shown_count; i++)
			TRY(one_tell(c, l, &l->shown[i]));
	return UC_OK;
}

static uc_err shown_add(struct own_link *l, const struct uc_id *contact)
{
	for (uint32_t i = 0; i < l->shown_count; i++) {
		struct link_shown *e = &l->shown[i];
		if (!id_equal(&e->contact, contact))
			continue;
		e->told = e->told && !e->gone;
		e->gone = false;
		return UC_OK;
	}
	if (l->shown_count == LINK_SHOWN_MAX)
		return UC_E_LIMIT;
	l->shown[l->shown_count++] = (struct link_shown){ .contact = *contact };
	return UC_OK;
}

static uc_err show(struct uc_client *c, void *arg)
{
	const struct link_call *in = arg;
	struct own_link *l = link_find(c, in->link);
	const struct contact *k = contact_find(c, in->contact);
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (!l || l->state == LINK_OFFERED || !k)
		return UC_E_NOT_FOUND;
	if (id_equal(&l->other.contact, &k->id))
		return UC_E_ARGUMENT;
	if (k->blocked)
		return UC_E_NOT_ALLOWED;
	const struct room *r = k->has_direct ? room_find(c, &k->direct) : NULL;
	if (l->state != LINK_WHOLE || !r || !room_is_open(r))
		return UC_E_CLOSED;
	TRY(shown_add(l, &k->id));
	l->dirty = true;
	return links_drive(c);
}

uc_err uc_link_show(uc_client *c, const struct uc_id *link, const struct uc_id *contact)
{
	struct link_call in = { .link = link, .contact = contact };
	return c && link && contact ? turn_run(c, show, &in) : UC_E_ARGUMENT;
}

static uc_err withdraw(struct uc_client *c, void *arg)
{
	struct link_call *in = arg;
	struct own_link *l = link_find(c, in->link);
	struct view encoded;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (!l || l->state == LINK_OFFERED)
		return UC_E_NOT_FOUND;
	if (l->state == LINK_WITHDRAWN)
		return text_write(in, LINK_TEXT_WITHDRAWAL, blob_view(&l->withdrawal), &c->call);
	struct link_withdrawal x = {
		.number = l->number,
		.accounts = { { view_str(c->account.app), VIEW_OF(c->account.account_key) },
			      { view_str(l->other.app), VIEW_OF(l->other.account_key) } },
	};
	TRY(devices_shown(c, &c->call, &x.device_list));
	TRY(link_withdrawal_make(&x, &c->account.device, &c->call, &encoded));
	TRY(text_write(in, LINK_TEXT_WITHDRAWAL, encoded, &c->call));
	TRY(link_end(l, x.number, encoded));
	return links_drive(c);
}

uc_err uc_link_withdraw(uc_client *c, const struct uc_id *link, char *out, size_t out_n)
{
	struct link_call in = { .link = link };
	return c && link ? call_run(c, withdraw, &in, out, out_n) : UC_E_ARGUMENT;
}

/* --- for the owner --- */

static enum uc_link_state shown_state(const struct own_link *l)
{
	switch (l->state) {
	case LINK_WHOLE:
		return UC_LINK_WHOLE;
	case LINK_WITHDRAWN:
		return UC_LINK_WITHDRAWN;
	default:
		return UC_LINK_SIGNED;
	}
}

static struct uc_link shown_link(const struct linked_side *other, enum uc_link_state state)
{
	struct uc_link shown = { .state = state,
				 .app = other->app,
				 .name = other->name,
				 .identifier = other->identifier };
	memcpy(shown.account_key, other->account_key, ED25519_KEY);
	return shown;
}

uc_err uc_links(uc_client *c, uc_link_each *each, void *ctx)
{
	if (!c || !each)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	for (const struct own_link *l = c->links; l; l = l->next) {
		if (l->state == LINK_OFFERED)
			continue;
		struct uc_link shown = shown_link(&l->other, shown_state(l));
		shown.id = l->id;
		for (uint32_t i = 0; i < l->shown_count; i++) {
			shown.shown += !l->shown[i].gone;
			shown.waiting += !l->shown[i].told;
		}
		if (!each(ctx, &shown))
			break;
	}
	return UC_OK;
}

static uc_err look_statement(struct uc_client *c, struct view body, struct linked_side *other,
			     enum uc_link_state *state)
{
	struct link_statement s;
	TRY(wire_decode(body, &c->call, link_statement_element, &s));
	bool whole = s.sides[LINK_OFFERS].signature.n > 0;
	TRY(link_statement_verify(body, whole, &c->call, &s));
	*state = whole ? UC_LINK_WHOLE : UC_LINK_SIGNED;
	for (size_t i = 0; i < LINK_SIDES; i++)
		if (is_own(c, &s.sides[i].account))
			return linked_side_set(
				other, &s.sides[i == LINK_OFFERS ? LINK_ACCEPTS : LINK_OFFERS]);
	return UC_E_NOT_FOUND;
}

static uc_err look_withdrawal(struct uc_client *c, struct view body, struct linked_side *other,
			      enum uc_link_state *state)
{
	struct link_withdrawal x;
	TRY(link_withdrawal_verify(body, &c->call, &x));
	*state = UC_LINK_WITHDRAWN;
	for (size_t i = 0; i < LINK_SIDES; i++) {
		struct link_side side = {
			.account = x.accounts[i == LINK_OFFERS ? LINK_ACCEPTS : LINK_OFFERS]
		};
		if (is_own(c, &x.accounts[i]))
			return linked_side_set(other, &side);
	}
	return UC_E_NOT_FOUND;
}

static uc_err look(struct uc_client *c, const char *text, struct linked_side *other,
		   enum uc_link_state *state)
{
	struct link_text t;
	struct link_offer o;
	TRY(text_read(text, &c->call, &t));
	switch (t.link_text_kind) {
	case LINK_TEXT_OFFER:
		TRY(link_offer_verify(t.body, &c->call, &o));
		*state = UC_LINK_OFFERED;
		return linked_side_set(other, &o.side);
	case LINK_TEXT_STATEMENT:
		return look_statement(c, t.body, other, state);
	case LINK_TEXT_WITHDRAWAL:
		return look_withdrawal(c, t.body, other, state);
	default:
		return UC_E_UNSUPPORTED;
	}
}

uc_err uc_link_look(uc_client *c, const char *text, uc_link_each *each, void *ctx)
{
	struct linked_side other = { .app = "" };
	enum uc_link_state state = UC_LINK_OFFERED;
	if (!c || !text || !each)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	struct arena_mark mark = arena_mark(&c->call);
	uc_err err = look(c, text, &other, &state);
	arena_reset(&c->call, mark);
	TRY(err);
	struct uc_link shown = shown_link(&other, state);
	each(ctx, &shown);
	return UC_OK;
}
