/* SPDX-License-Identifier: Apache-2.0 */
/* First contact: sealed letters between two addresses (identity.md, 4).  What comes in is checked
 * for form alone; whether it reached anybody is never told. */
#include "mimi/card.h"
#include "provider/held.h"
#include "provider/outbox.h"
#include "provider/reaching.h"
#include "provider/sender_tag.h"
#include "provider/spent.h"
#include "provider/tokens.h"

enum { ANSWER_BYTES_MAX = 256 * 1024 };

/* One letter of the fitting kind, or none where none belongs; nothing that could tell more. */
static bool letter_fits(const struct consent_entry *e)
{
	const struct component_data_list *l = &e->consent_extensions.component_data;
	switch (e->consent_operation) {
	case CONSENT_REQUEST:
		return l->n == 1 && l->v[0].component_id == COMPONENT_CONTACT_CARD &&
		       l->v[0].data.n == CARD_BYTES;
	case CONSENT_GRANT:
		return l->n == 1 && l->v[0].component_id == COMPONENT_CONTACT_ANSWER &&
		       l->v[0].data.n && l->v[0].data.n <= ANSWER_BYTES_MAX;
	default:
		return l->n == 0;
	}
}

struct letter {
	struct consent_entry entry;
	struct view requester_domain, target_domain;
	struct view bytes;  /* without a token, and without a tag */
	struct view sealed; /* of a request between apps: the token; empty: there is none */
	/* Of who asks; without a token, a stranger of whom nothing is known. */
	struct contact_sender sender;
	struct sender_name name;   /* of the same; not there: of another app's */
	const struct token *token; /* that was redeemed; NULL: none */
	bool is_refused;           /* a token that was not */
};

static struct budget_letter counted(const struct letter *l)
{
	return (struct budget_letter){ l->entry.requester_uri, l->entry.target_uri };
}

static uc_err letter_read(const struct provider *p, struct view bytes, bool is_update,
			  struct arena *a, struct letter *out)
{
	struct uri requester, target;
	struct consent_entry *e = &out->entry;
	*out = (struct letter){
		.bytes = bytes,
		.sender = { .age_band = AGE_UNKNOWN,
			    .is_new = !p->contact.new_ask,
			    .is_fresh = !p->contact.new_ask },
	};
	TRY(wire_decode(bytes, a, consent_entry_element, e));
	if (contact_token_has(e))
		TRY(contact_token_take(e, a, &out->bytes, &out->sealed));
	bool updates =
		e->consent_operation == CONSENT_GRANT || e->consent_operation == CONSENT_REVOKE;
	TRY(uri_read(e->requester_uri, &requester));
	TRY(uri_read(e->target_uri, &target));
	if (updates != is_update || requester.kind != URI_REQUEST_ADDRESS ||
	    target.kind != URI_REQUEST_ADDRESS || e->room_id || e->client_key_packages.n ||
	    !letter_fits(e))
		return UC_E_ARGUMENT;
	out->requester_domain = requester.domain;
	out->target_domain = target.domain;
	return UC_OK;
}

/* As that reader's devices get it: with what tells it from letters of others' names. */
static uc_err letter_tagged(const struct provider *p, const struct letter *l, struct view reader_id,
			    struct arena *a, struct view *out)
{
	uint8_t tag[SENDER_TAG];
	TRY(sender_tag_make(p, &l->name, reader_id, tag));
	return sender_tag_add(l->bytes, tag, a, out);
}

/* Of one that was refused nothing is known, and as much is done. */
static uc_err token_mark(struct provider *p, struct store_batch *b, struct view account_id,
			 const struct letter *l, bool is_nobody, bool *is_spent)
{
	static const uint8_t unknown[sizeof l->token->nonce];
	*is_spent = false;
	if (!l->token && !l->is_refused)
		return UC_OK;
	return budget_mark_token(p, b, account_id,
				 l->token ? VIEW_OF(l->token->nonce) : VIEW_OF(unknown), is_nobody,
				 is_spent);
}

static struct view link_key(struct store_key *k, const struct request_address *to)
{
	return key_2(k, TABLE_GRANT, VIEW_OF(to->account_id), VIEW_OF(to->grant_id));
}

/* A link of which one letter comes in is taken back with it; of another as much is written. */
static uc_err link_spend(struct store_batch *b, const struct request_address *to)
{
	struct store_key k;
	struct grant_record g = { .until_day = day_of(to->expires_ms) + 1 };
	if (to->channel == CHANNEL_ONCE)
		return record_put(b, link_key(&k, to), grant_record_element, &g);
	store_delete(b, link_key(&k, to));
	return UC_OK;
}

/* Who a letter leads to. */
struct recipient {
	struct request_address to;
	struct account_record account;
	bool is_minor; /* and the letter is one of those that are counted for it */
};

/* How often somebody is asked; *is_over: too often. */
static uc_err asked_count(struct provider *p, struct store_batch *b, struct view id, bool is_minor,
			  struct arena *a, bool *is_over)
{
	uint32_t wait = 0;
	bool is_minor_over;
	TRY(spent_take(p, b, id, SPENT_ASKED, a, &wait));
	TRY(budget_minor_asked(p, b, id, is_minor, a, &is_minor_over));
	*is_over = wait || is_minor_over;
	return UC_OK;
}

/* In the target's batch, with what it has been asked so far; *is_over: too often, or with a token that
 * has brought a letter before. */
static uc_err letter_fill(struct provider *p, struct store_batch *b, const struct recipient *r,
			  const struct letter *l, bool is_update, struct arena *a, bool *is_over)
{
	bool is_spent;
	struct view bytes, id = VIEW_OF(r->to.account_id);
	*is_over = false;
	if (!is_update)
		TRY(asked_count(p, b, id, r->is_minor, a, is_over));
	TRY(token_mark(p, b, id, l, false, &is_spent));
	*is_over = *is_over || is_spent;
	if (*is_over)
		return UC_OK;
	if (!is_update)
		TRY(link_spend(b, &r->to));
	TRY(letter_tagged(p, l, id, a, &bytes));
	return intake_add(p, b, id, INTAKE_CONSENT, bytes, a);
}

/* The same for nobody: what is counted is forgotten with it, which is as much as is written of a link. */
static uc_err nobody_fill(struct provider *p, struct store_batch *b, struct view nobody,
			  const struct letter *l, bool is_update, struct arena *a)
{
	static const uint8_t tag = SPENT_ASKED;
	static const struct account_record account;
	const struct budget_letter letter = counted(l);
	struct store_key k;
	struct view bytes;
	bool is_spent, is_over;
	if (!is_update) {
		TRY(asked_count(p, b, nobody, false, a, &is_over));
		store_delete(b, key_2(&k, TABLE_SPENT, nobody, view_make(&tag, 1)));
	}
	TRY(token_mark(p, b, nobody, l, true, &is_spent));
	if (l->entry.consent_operation == CONSENT_GRANT)
		TRY(budget_back(p, b, nobody, &account, &letter, a));
	TRY(letter_tagged(p, l, nobody, a, &bytes));
	return intake_add_nobody(p, b, nobody, INTAKE_CONSENT, bytes, a);
}

static uc_err nobody_deliver(struct provider *p, const struct letter *l, bool is_update,
			     struct arena *a)
{
	/* As accounts have: a fixed one, of zeros, would be longer in keys. */
	uint8_t nobody[ACCOUNT_ID];
	struct store_batch b;
	TRY(env_random(p->env, nobody, sizeof nobody));
	store_batch_init(&b, VIEW_OF(nobody));
	TRY(finish_accounts(p, &b, nobody_fill(p, &b, VIEW_OF(nobody), l, is_update, a)));
	intake_push_later(p, VIEW_OF(nobody));
	return UC_OK;
}

/* Who is asked, and may be by this sender; UC_E_ADDRESS.  Whoever it is, the same is read. */
static uc_err recipient(struct provider *p, struct view address, const struct letter *l,
			bool is_update, struct arena *a, struct recipient *r)
{
	struct request_address *to = &r->to;
	struct settings s;
	struct store_key k;
	bool is_taken_back;
	*r = (struct recipient){ .is_minor = false };
	uc_err err = address_open(p, address, env_now_ms(p->env), a, to, &r->account);
	if (err && err != UC_E_ADDRESS)
		return err;
	TRY(settings_of(p, VIEW_OF(to->account_id), a, &s));
	TRY(store_has(p->accounts, link_key(&k, to), &is_taken_back));
	if (err)
		return err;
	/* An answer goes where somebody waits for one: not to who was found, or has handed out a link, nor where
	 * the letter was taken back. */
	if (is_update)
		return to->channel == CHANNEL_REPLY && !is_taken_back ? UC_OK : UC_E_ADDRESS;
	r->is_minor = letter_is_to_minor(&s, &l->sender);
	return letter_reaches(&s, to, &l->sender) && !is_taken_back && !l->is_refused
		       ? UC_OK
		       : UC_E_ADDRESS;
}

/* What was asked or given is taken back elsewhere: no device does anything with these, and whoever sends them,
 * which costs nothing of their budget, is to use up nobody's letters, links nor intake. */
static bool is_for_somebody(const struct consent_entry *e)
{
	return e->consent_operation == CONSENT_REQUEST || e->consent_operation == CONSENT_GRANT;
}

/* Puts it into the intake of whoever the address leads to, if anybody.  Requests come only so
 * often; an answer was asked for.  Taken or not, it takes as long: the time of a write and a sync
 * would tell whether an address is still good. */
static uc_err letter_deliver(struct provider *p, const struct letter *l, bool is_update,
			     struct arena *a)
{
	struct view address = is_update ? l->entry.requester_uri : l->entry.target_uri;
	struct recipient r;
	struct store_batch b;
	bool is_over = false;
	uc_err err = recipient(p, address, l, is_update, a, &r);
	if (err == UC_E_ADDRESS || (!err && !is_for_somebody(&l->entry)))
		return nobody_deliver(p, l, is_update, a);
	TRY(err);
	struct view id = VIEW_OF(r.to.account_id);
	store_batch_init(&b, id);
	const struct budget_letter letter = counted(l);
	err = letter_fill(p, &b, &r, l, is_update, a, &is_over);
	if (!err && l->entry.consent_operation == CONSENT_GRANT)
		err = budget_back(p, &b, id, &r.account, &letter, a);
	if (err || is_over) {
		store_batch_done(&b);
		return err ? err : nobody_deliver(p, l, is_update, a);
	}
	TRY(commit_accounts(p, &b));
	intake_push_later(p, id);
	return UC_OK;
}

uc_err letter_is_taken_back(struct provider *p, struct view bytes, struct arena *a, bool *is)
{
	struct consent_entry e;
	struct request_address r;
	struct store_key k;
	*is = false;
	uc_err err = wire_decode(bytes, a, consent_entry_element, &e);
	if (uc_err_class(err) == UC_CLASS_MEMORY)
		return err;
	if (err || e.consent_operation != CONSENT_REQUEST ||
	    reply_address_read(p, e.requester_uri, &r))
		return UC_OK;
	return store_has(p->accounts, link_key(&k, &r), is);
}

/* --- from our clients --- */

/* Is this an address of the one who sends?  An old one is no lie. */
static uc_err own_address_check(struct call *c, struct view address, bool is_reply,
				struct request_address *r)
{
	struct account_record account;
	uint64_t now = is_reply ? env_now_ms(c->p->env) : 0;
	TRY(address_open(c->p, address, now, &c->arena, r, &account));
	if (!view_equal(VIEW_OF(r->account_id), VIEW_OF(c->s->account_id)) ||
	    (is_reply && r->channel != CHANNEL_REPLY))
		return UC_E_ADDRESS;
	return UC_OK;
}

uc_err reply_address_check(struct call *c, struct view address)
{
	struct request_address r;
	return own_address_check(c, address, true, &r);
}

/* No card goes but the one its reply address was made for, or nobody could report it. */
static uc_err sender_check(struct call *c, const struct letter *l, bool is_update)
{
	const struct consent_entry *e = &l->entry;
	struct request_address r;
	TRY(own_address_check(c, is_update ? e->target_uri : e->requester_uri, !is_update, &r));
	if (e->consent_operation != CONSENT_REQUEST)
		return UC_OK;
	struct view tag = view_slice(e->consent_extensions.component_data.v[0].data, 0, CARD_TAG);
	return view_equal(tag, VIEW_OF(r.grant_id)) ? UC_OK : UC_E_FRANK;
}

/* Counts one letter of the account, and one of its budget where it asks somebody, unless it was counted
 * when its token was drawn; when it has sent enough for now, the seconds to wait. */
static uc_err sending_count(struct call *c, const struct letter *l,
			    const struct account_record *account, uint32_t *wait)
{
	struct view id = VIEW_OF(c->s->account_id);
	const struct budget_letter letter = counted(l);
	bool is_drawn = false;
	TRY(spent_now(c->p, id, SPENT_CONSENT, &c->arena, wait));
	if (*wait || l->entry.consent_operation != CONSENT_REQUEST)
		return UC_OK;
	if (l->sealed.n)
		TRY(budget_drawn(c->p, id, &letter, &is_drawn));
	return is_drawn ? UC_OK : budget_take(c->p, id, account, &letter, false, &c->arena, wait);
}

static uc_err letter_send(struct call *c, struct view bytes, bool is_update)
{
	struct letter l;
	struct held *h;
	struct account_record account;
	uint32_t wait;
	struct view id = VIEW_OF(c->s->account_id);
	TRY(letter_read(c->p, bytes, is_update, &c->arena, &l));
	struct view domain = is_update ? l.requester_domain : l.target_domain;
	/* Within one app the app itself knows who asks. */
	if (l.sealed.n && is_own_domain(c->p, domain))
		return UC_E_ARGUMENT;
	TRY(sender_check(c, &l, is_update));
	TRY(account_get(c->p, id, &c->arena, &account));
	TRY(sender_of(c->p, id, &account, &c->arena, &l.sender));
	TRY(sender_name_of(c->p, id, &account, &c->arena, &l.name));
	TRY(sending_count(c, &l, &account, &wait));
	if (wait) {
		call_refuse(c, UC_E_RATE, NULL, wait);
		return UC_OK;
	}
	TRY(held_begin(c->p, &h));
	/* Who reaches no minors asks nobody elsewhere: how old they are there is not known here.  They
	 * are not told, and it takes as long. */
	bool is_let_go = l.sender.is_off_minors && l.entry.consent_operation == CONSENT_REQUEST;
	uc_err err = is_own_domain(c->p, domain)
			     ? letter_deliver(c->p, &l, is_update, &c->arena)
			     : outbox_append(c->p, domain, is_update, is_let_go, bytes);
	if (err)
		held_drop(h);
	else
		held_call(h, c);
	return err;
}

uc_err handle_consent_request(struct call *c, struct view body)
{
	struct consent_request_request q;
	TRY(wire_decode(body, &c->arena, consent_request_request_element, &q));
	return letter_send(c, q.consent_entry, false);
}

uc_err handle_consent_update(struct call *c, struct view body)
{
	struct consent_update_request q;
	TRY(wire_decode(body, &c->arena, consent_update_request_element, &q));
	return letter_send(c, q.consent_entry, true);
}

/* --- from other apps --- */

static int letter_put(struct peer_call *c, const struct letter *l, bool is_update)
{
	struct held *h;
	if (held_begin(c->p, &h))
		return 503;
	/* One whose token cannot be opened is as one whose token is spent. */
	int status = l->sealed.n ? letter_redeemed(c->p, l->bytes, NULL, false, TOKEN_OTHER, c->a)
		     : letter_deliver(c->p, l, is_update, c->a) ? 503
								: 201;
	return held_peer(h, c, status);
}

static int letter_receive(struct peer_call *c, bool is_update)
{
	struct letter l;
	if (letter_read(c->p, c->body, is_update, c->a, &l))
		return 400;
	struct view from = is_update ? l.target_domain : l.requester_domain;
	struct view to = is_update ? l.requester_domain : l.target_domain;
	/* An app speaks for its own people, to ours. */
	if (!view_equal(from, c->domain))
		return 403;
	if (!is_own_domain(c->p, to))
		return 404;
	uc_err err = l.sealed.n ? letter_redeem(c, l.sealed, l.bytes) : UC_E_DECRYPT;
	if (err == UC_E_DECRYPT)
		return letter_put(c, &l, is_update);
	return err ? 503 : 201;
}

int letter_redeemed(struct provider *p, struct view bytes, const struct token *t, bool is_good,
		    enum token_class what, struct arena *a)
{
	struct letter l;
	if (letter_read(p, bytes, false, a, &l))
		return 503;
	l.token = t;
	l.is_refused = !is_good;
	if (is_good)
		l.sender = (struct contact_sender){
			.age_band = what == TOKEN_MINOR ? AGE_TEEN_B : AGE_ADULT,
			.is_checked = what == TOKEN_MINOR,
		};
	return letter_deliver(p, &l, false, a) ? 503 : 201;
}

int peer_request_consent(struct peer_call *c)
{
	return letter_receive(c, false);
}

int peer_update_consent(struct peer_call *c)
{
	return letter_receive(c, true);
}
