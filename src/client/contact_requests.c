/* SPDX-License-Identifier: Apache-2.0 */
#include "client/contact_requests.h"

#include "client/cards.h"
#include "client/contacts.h"
#include "client/directories.h"
#include "client/groups.h"
#include "client/guardian.h"
#include "client/identity.h"
#include "client/invitations.h"
#include "client/pool.h"
#include "client/protocol.h"
#include "client/reaching.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/sender_tags.h"
#include "client/tokens.h"
#include "client/turn.h"
#include "client/vault.h"
#include "mimi/lookup.h"

#include "base/heap.h"

enum {
	RETRY_MS = 10 * 1000,
	OPEN_MAX = 500,        /* requests that wait for the person */
	HOUR_MS = 3600 * 1000, /* the app says no more of when a letter came than that */
};

struct request *request_find(struct uc_client *c, const struct uc_id *id)
{
	for (struct request *q = c->requests; q; q = q->next)
		if (id_equal(&q->id, id))
			return q;
	return NULL;
}

uc_err request_new(struct uc_client *c, bool incoming, struct request **out)
{
	struct request *q = HEAP_NEW(struct request);
	if (!q)
		return UC_E_MEMORY;
	uc_err err = env_random(&c->env, q->id.b, sizeof q->id.b);
	if (err) {
		heap_free(q);
		return err;
	}
	q->incoming = incoming;
	q->time_ms = client_now(c);
	q->number = ++c->account.next_number;
	q->dirty = c->account.dirty = true;
	request_add(c, q);
	*out = q;
	return UC_OK;
}

static void request_tell(struct uc_client *c, enum uc_event_kind kind, const struct request *q)
{
	struct event_out *e = event_new(c, kind);
	if (!e)
		return;
	e->event.has_request = true;
	e->event.request = q->id;
	if (!id_is_zero(&q->room)) {
		e->event.has_room = true;
		e->event.room = q->room;
	}
	e->event.text = event_text(e, view_str(request_is_veiled(q) ? "" : q->name));
}

void request_end(struct uc_client *c, struct request *q, uint8_t state, uc_err err,
		 struct view text)
{
	q->state = state;
	q->dirty = true;
	blob_done(&q->entry);
	wipe(q->contact_code, sizeof q->contact_code);
	op_done_at(c, q->op, err, text, &q->id, NULL);
	q->op = 0;
}

static void try_later(struct uc_client *c, struct request *q, const struct reply *r)
{
	q->retry_ms = retry_at(c, r, RETRY_MS);
}

bool request_failed(struct uc_client *c, struct request *q, const struct reply *r)
{
	if (r->err == UC_E_NET || reply_is_transient(r)) {
		if (r->err != UC_E_NET)
			try_later(c, q, r);
		return false;
	}
	request_end(c, q, REQUEST_FAILED, r->err, r->text);
	return true;
}

/* --- asking --- */

/* A look-up under way: its answer key is of no use to anything else. */
struct looking {
	struct request *request;
	struct kem_key answer_key;
};

static uc_err answer_take(struct uc_client *c, struct request *q, const struct kem_key *key,
			  const struct reply *r)
{
	struct lookup_response in;
	struct lookup_answer answer;
	TRY(wire_decode(r->body, r->mem, lookup_response_element, &in));
	TRY(lookup_answer_open(key, view_str(q->app), in.sealed_answer, r->mem, &answer));
	if (!answer.found)
		return UC_E_NOT_FOUND;
	if (!view_equal(uri_domain(answer.request_address), view_str(q->app)))
		return UC_E_PEER;
	TRY(text_set(q->target, sizeof q->target, answer.request_address));
	memcpy(q->request_key, answer.request_key.p, sizeof q->request_key);
	wipe(q->contact_code, sizeof q->contact_code); /* it has done what it was for */
	q->state = REQUEST_ADDRESSED;
	q->dirty = true;
	(void)c;
	return UC_OK;
}

static uc_err lookup_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct looking *l = subject;
	struct request *q = l->request;
	q->in_flight = false;
	if (q->state != REQUEST_LOOKING) {
		/* Taken back meanwhile. */
	} else if (!r->err) {
		uc_err err = answer_take(c, q, &l->answer_key, r);
		if (err)
			request_end(c, q, REQUEST_FAILED, err, (struct view){ NULL, 0 });
	} else {
		request_failed(c, q, r);
	}
	heap_free_wiped(l, sizeof *l);
	return UC_OK;
}

static uc_err lookup_send(struct uc_client *c, struct request *q, struct looking *l,
			  const struct app_keys *keys)
{
	struct lookup_request req = { .domain = view_str(q->app) };
	struct lookup_query query = {
		.version = 2,
		.identifier = view_str(q->name),
		.code = view_str(q->contact_code),
	};
	TRY(kem_key_generate(suite_find(SUITE_X25519_AES128), &c->env, &l->answer_key));
	query.answer_key = kem_public(&l->answer_key);
	TRY(lookup_query_seal(&c->env, VIEW_OF(keys->lookup), view_str(q->app), &query, &c->call,
			      &req.sealed_query));
	return call_send(c, FRAME_LOOKUP, lookup_request_element, &req, lookup_done, l);
}

static uc_err look_up(struct uc_client *c, struct request *q)
{
	struct app_keys keys;
	if (!directory_keys(c, q->app, &keys)) {
		uc_err err = directory_error(c, q->app);
		if (err)
			request_end(c, q, REQUEST_FAILED, err, (struct view){ NULL, 0 });
		return UC_OK;
	}
	struct looking *l = HEAP_NEW(struct looking);
	if (!l)
		return UC_E_MEMORY;
	l->request = q;
	uc_err err = lookup_send(c, q, l, &keys);
	q->in_flight = !err;
	if (!err)
		return UC_OK;
	heap_free_wiped(l, sizeof *l);
	if (err_is_hard(err))
		return err;
	request_end(c, q, REQUEST_FAILED, err, (struct view){ NULL, 0 });
	return UC_OK;
}

/* The card, once our reply address is known, and the token for the other app. */
static uc_err card_make(struct uc_client *c, struct request *q, const struct token *t)
{
	struct kem_key answer;
	struct view card, entry;
	struct app_keys theirs;
	if (!card_is_committed(c, q))
		return UC_OK; /* with another reply address, then */
	if (t && !directory_keys(c, q->app, &theirs))
		return UC_E_PENDING;
	TRY(kem_key_generate(suite_find(SUITE_X25519_AES128), &c->env, &answer));
	memcpy(q->answer_priv, answer.priv.b, 32);
	memcpy(q->answer_pub, answer.pub, 32);
	kem_key_wipe(&answer);
	TRY(card_write(c, q, &c->call, &card));
	TRY(consent_make(CONSENT_IN_REQUEST, view_str(q->reply), view_str(q->target), card,
			 &c->call, &entry));
	if (t)
		TRY(contact_token_add(&c->env, VIEW_OF(theirs.lookup), entry, t, &c->call, &entry));
	TRY(blob_set(&q->entry, entry));
	q->state = REQUEST_SENDING;
	q->dirty = true;
	return UC_OK;
}

uc_err requests_write(struct uc_client *c, struct request *q, const struct token *t)
{
	struct view why = { NULL, 0 };
	if (q->state != REQUEST_ADDRESSED)
		return UC_OK; /* taken back meanwhile */
	/* It went meanwhile with a device that was ended: another one is made first. */
	uc_err err = *q->reply ? card_make(c, q, t) : UC_OK;
	if (!err || err_is_hard(err))
		return err;
	/* The text was measured before; what grows is the list of devices, until a recovery begins anew. */
	if (err == UC_E_TOO_LARGE)
		why = VIEW_LIT(
			"so many devices were added and ended that a request has no room for "
			"them all: a shorter text may fit, or begin a new list with your 24 words");
	request_end(c, q, REQUEST_FAILED, err, why);
	return UC_OK;
}

void requests_refused(struct uc_client *c, struct request *q, const struct reply *r)
{
	if (q->state == REQUEST_ADDRESSED)
		request_failed(c, q, r);
}

static uc_err address_take(struct request *q, const struct reply *r)
{
	struct address_make_response in;
	if (wire_decode(r->body, r->mem, address_make_response_element, &in) || in.addresses.n != 1)
		return UC_E_FRAME;
	TRY(text_set(q->reply, sizeof q->reply, in.addresses.v[0]));
	q->dirty = true;
	return UC_OK;
}

static uc_err address_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct request *q = subject;
	q->in_flight = false;
	if (q->state != REQUEST_ADDRESSED)
		return UC_OK; /* taken back meanwhile: nobody has it */
	if (r->err) {
		request_failed(c, q, r);
		return UC_OK;
	}
	uc_err err = address_take(q, r);
	if (err_is_hard(err))
		return err;
	if (err)
		request_end(c, q, REQUEST_FAILED, err, (struct view){ NULL, 0 });
	return UC_OK;
}

static uc_err address_ask(struct uc_client *c, struct request *q)
{
	struct address_wish wish = {
		.kind = ADDRESS_REQUEST,
		.channel = CHANNEL_REPLY,
		.expires_ms = client_now(c) + (uint64_t)REQUEST_REPLY_DAYS * 24 * 3600 * 1000,
	};
	struct address_make_request req = { { &wish, 1 } };
	TRY(card_commit(c, q));
	memcpy(wish.grant_id, q->card_tag, sizeof wish.grant_id);
	q->reply_until_ms = wish.expires_ms;
	q->in_flight = true;
	return call_send(c, FRAME_ADDRESS_MAKE, address_make_request_element, &req, address_done,
			 q);
}

static uc_err sent_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct request *q = subject;
	q->in_flight = false;
	if (q->state != REQUEST_SENDING)
		return UC_OK; /* the other's answer was faster than our own app's, or it was taken back */
	if (r->err) {
		request_failed(c, q, r);
		return UC_OK;
	}
	request_end(c, q, q->incoming ? REQUEST_ACCEPTED : REQUEST_SENT, UC_OK,
		    (struct view){ NULL, 0 });
	return UC_OK;
}

static uc_err entry_send(struct uc_client *c, struct request *q)
{
	struct consent_request_request ask = { blob_view(&q->entry) };
	struct consent_update_request grant = { blob_view(&q->entry) };
	q->in_flight = true;
	if (q->incoming)
		return call_send(c, FRAME_CONSENT_UPDATE, consent_update_request_element, &grant,
				 sent_done, q);
	return call_send(c, FRAME_CONSENT_REQUEST, consent_request_request_element, &ask, sent_done,
			 q);
}

/* --- answering --- */

/* The grant, once the answer's set is out of the pool. */
static uc_err answer_make(struct uc_client *c, struct request *q)
{
	struct set *s = pool_find(c, q->set_id);
	struct view answer, entry;
	if (!s)
		TRY(pool_reserve(c, &s));
	memcpy(q->set_id, s->set_id, SET_ID);
	q->dirty = true;
	if (s->state != SET_AWAITED)
		return UC_OK;
	TRY(answer_write(c, q, s, &c->call, &answer));
	TRY(consent_make(CONSENT_IN_GRANT, view_str(q->reply), view_str(q->target), answer,
			 &c->call, &entry));
	return blob_set(&q->entry, entry);
}

static uc_err request_drive(struct uc_client *c, struct request *q)
{
	if (q->in_flight)
		return UC_OK;
	if (waits_until(c, q->retry_ms))
		return UC_OK;
	switch (q->state) {
	case REQUEST_LOOKING:
		return look_up(c, q);
	case REQUEST_ADDRESSED:
		/* One of before the person changed their name is of no use. */
		if (!*q->reply || !card_is_committed(c, q))
			return address_ask(c, q);
		TRY(tokens_ask(c, q));
		/* Without a token it is written at once, and nothing else may come in before it goes. */
		return q->state == REQUEST_SENDING && q->entry.n ? entry_send(c, q) : UC_OK;
	case REQUEST_SENDING:
		if (q->incoming && !q->entry.n)
			TRY(answer_make(c, q));
		return q->entry.n ? entry_send(c, q) : UC_OK;
	case REQUEST_WITHDRAWING:
		return request_revoke(c, q);
	default:
		return UC_OK;
	}
}

uc_err requests_drive(struct uc_client *c)
{
	for (struct request *q = c->requests; q; q = q->next) {
		uc_err err = request_drive(c, q);
		if (err_is_hard(err))
			return err;
		if (err)
			request_end(c, q, REQUEST_FAILED, err, (struct view){ NULL, 0 });
	}
	return UC_OK;
}

/* --- what comes in --- */

/* Also the one that was shown first, where a later one has taken its place. */
static bool known_card(const struct uc_client *c, struct view reply)
{
	for (const struct request *q = c->requests; q; q = q->next)
		if (q->incoming && (view_equal(view_str(q->reply), reply) ||
				    view_equal(view_str(q->card_address), reply)))
			return true;
	return false;
}

static size_t open_count(const struct uc_client *c)
{
	size_t n = 0;
	for (const struct request *q = c->requests; q; q = q->next)
		n += q->incoming && (q->state == REQUEST_OPEN || q->state == REQUEST_GUARDED);
	return n;
}

struct request *requests_unanswered(struct uc_client *c, const struct uc_id *contact)
{
	for (struct request *q = c->requests; q; q = q->next) {
		bool waits = q->state == REQUEST_OPEN || q->state == REQUEST_DECLINED ||
			     q->state == REQUEST_GUARDED || q->state == REQUEST_REFUSED;
		if (q->incoming && waits && id_equal(&q->contact, contact) &&
		    client_now(c) < q->time_ms + (uint64_t)REQUEST_REPLY_DAYS * 24 * 3600 * 1000)
			return q;
	}
	return NULL;
}

static void tag_keep(struct request *q, struct view tag)
{
	if (tag.n == sizeof q->sender_tag)
		memcpy(q->sender_tag, tag.p, sizeof q->sender_tag);
}

/* Of those who are no contacts, what somebody who is blocked writes by another account is hidden, too. */
static bool is_hidden(struct uc_client *c, const struct uc_id *id, struct view tag)
{
	enum reach_edge edge = reaching_edge(c, id);
	if (edge == EDGE_BLOCKED)
		sender_tags_blocked(c, id, tag);
	return edge == EDGE_BLOCKED || (edge != EDGE_ACCEPTED && sender_tags_hide(c, tag));
}

/* Where it came from, and where the answer goes. */
static uc_err card_keep(struct request *q, const struct consent_in *in,
			const struct card_content *card)
{
	TRY(text_set(q->target, sizeof q->target, in->target));
	TRY(text_set(q->reply, sizeof q->reply, in->requester));
	TRY(blob_set(&q->introduction, card->introduction));
	memcpy(q->answer_pub, card->answer_key, 32);
	tag_keep(q, in->tag);
	q->dirty = true;
	return UC_OK;
}

/* Asked again without an answer: nothing more is shown, but an answer goes where they wait now. */
static uc_err card_again(struct uc_client *c, const struct uc_id *id, const struct consent_in *in,
			 const struct card_content *card)
{
	struct request *q = requests_unanswered(c, id);
	return q ? card_keep(q, in, card) : UC_OK;
}

static uc_err card_in(struct uc_client *c, const struct consent_in *in, uint64_t received_ms)
{
	struct card_content card;
	struct request *q;
	struct invitation *by = invitation_at(c, in->target);
	if (known_card(c, in->requester))
		return UC_OK; /* delivered twice */
	if (open_count(c) >= OPEN_MAX)
		return UC_E_LIMIT;
	if (by && received_ms > by->expires_ms + HOUR_MS)
		return UC_E_ADDRESS;
	TRY(card_read(c, in->target, in->requester, in->sealed, &c->call, &card));
	if (by)
		invitation_asked(by);
	struct uc_id id = contact_id(card.app, card.account_key);
	if (is_hidden(c, &id, in->tag))
		return UC_OK;
	if (reaching_edge(c, &id) == EDGE_REQUESTED)
		return card_again(c, &id, in, &card);
	struct contact *k = contact_find(c, &id);
	if (k)
		sender_tags_learn(k, in->tag);
	enum reaching reaching = reaching_letter(c, &id);
	if (reaching == REACHING_NOTHING)
		return UC_OK;
	TRY(request_new(c, true, &q));
	q->state = reaching == REACHING_WAITS ? REQUEST_GUARDED : REQUEST_OPEN;
	q->by_invitation = by != NULL;
	q->time_ms = received_ms;
	TRY(text_set(q->app, sizeof q->app, view_str(card.app)));
	TRY(text_set(q->name, sizeof q->name, view_str(card.name)));
	TRY(text_set(q->text, sizeof q->text, card.text));
	TRY(text_set(q->card_address, sizeof q->card_address, in->requester));
	memcpy(q->card_salt, card.salt, sizeof q->card_salt);
	TRY(card_keep(q, in, &card));
	q->contact = id;
	vault_letter(c, q);
	if (q->state == REQUEST_OPEN || q->state == REQUEST_GUARDED)
		request_tell(c, UC_EVENT_REQUEST, q);
	return UC_OK;
}

static struct request *asked(struct uc_client *c, const struct consent_in *in)
{
	for (struct request *q = c->requests; q; q = q->next)
		if (!q->incoming && view_equal(view_str(q->reply), in->requester) &&
		    view_equal(view_str(q->target), in->target))
			return q;
	return NULL;
}

static uc_err grant_in(struct uc_client *c, const struct consent_in *in)
{
	struct request *q = asked(c, in);
	struct view packages, participant;
	struct room *r;
	if (!q || (q->state != REQUEST_SENT && q->state != REQUEST_SENDING))
		return UC_OK; /* not asked for, or answered before */
	TRY(answer_read(c, q, in->sealed, &c->call, &packages));
	TRY(room_group_packages_check(c, packages, &c->call, &participant));
	if (!view_equal(uri_domain(participant), view_str(q->app)))
		return UC_E_PROOF;
	TRY(rooms_create(c, true, "", &r));
	TRY(groups_add_packages(c, r, packages, participant, &q->contact, 0));
	q->room = r->id;
	tag_keep(q, in->tag);
	wipe(q->answer_priv, sizeof q->answer_priv); /* it has opened what it was for */
	/* Also for who still waits for our own app to say that it was sent. */
	request_end(c, q, REQUEST_ACCEPTED, UC_OK, (struct view){ NULL, 0 });
	request_tell(c, UC_EVENT_REQUEST_ACCEPTED, q);
	return UC_OK;
}

uc_err requests_consent_in(struct uc_client *c, struct view entry, uint64_t received_ms)
{
	struct consent_in in;
	TRY(consent_read(entry, &c->call, &in));
	/* Of another app's people ours knows no name, whatever it says. */
	bool from_request = in.kind == CONSENT_IN_REQUEST;
	if (!view_equal(uri_domain(from_request ? in.requester : in.target),
			view_str(c->account.app)))
		in.tag = (struct view){ NULL, 0 };
	switch (in.kind) {
	case CONSENT_IN_REQUEST:
		return card_in(c, &in, received_ms);
	case CONSENT_IN_GRANT:
		return grant_in(c, &in);
	default:
		return UC_OK;
	}
}

void requests_decline_all(struct uc_client *c, const struct uc_id *account)
{
	for (struct request *q = c->requests; q; q = q->next)
		if (q->incoming && q->state == REQUEST_OPEN && id_equal(&q->contact, account))
			request_end(c, q, REQUEST_DECLINED, UC_OK, (struct view){ NULL, 0 });
}

void requests_decline_hidden(struct uc_client *c)
{
	for (struct request *q = c->requests; q; q = q->next)
		if (q->incoming && q->state == REQUEST_OPEN && !contact_find(c, &q->contact) &&
		    sender_tags_hide(c, sender_tags_of(q)))
			request_end(c, q, REQUEST_DECLINED, UC_OK, (struct view){ NULL, 0 });
}

static uint8_t first_state(const struct request *q)
{
	if (q->incoming)
		return REQUEST_OPEN;
	return q->by_invitation ? REQUEST_ADDRESSED : REQUEST_LOOKING;
}

void request_begin(struct uc_client *c, struct request *q, uc_op *op)
{
	struct uc_id guardian;
	*op = q->op = op_new(c);
	q->state = first_state(q);
	if (!guardian_named(c, &guardian))
		return;
	q->state = REQUEST_GUARDED;
	op_done_at(c, q->op, UC_OK, VIEW_LIT("waits for the guardian"), &q->id, NULL);
	q->op = 0;
}

void requests_guarded(struct uc_client *c, const struct uc_id *id, bool agreed)
{
	struct request *q = request_find(c, id);
	if (!q || q->state != REQUEST_GUARDED)
		return;
	q->state = agreed ? first_state(q) : REQUEST_REFUSED;
	q->dirty = true;
	request_tell(c, UC_EVENT_REQUEST, q);
}

void requests_joined(struct uc_client *c, struct room *r)
{
	for (struct request *q = c->requests; q; q = q->next) {
		if (!q->incoming || !view_equal(VIEW_OF(q->set_id), VIEW_OF(r->set_id)))
			continue;
		q->room = r->id;
		q->dirty = true;
		r->contact = q->contact;
	}
}

/* Somebody else than before behind the same number, handle or address. */
static void compare_identity(struct uc_client *c, const struct request *q)
{
	for (const struct request *o = c->requests; o; o = o->next) {
		bool same_name = !o->incoming && !o->by_invitation && o != q &&
				 !strcmp(o->app, q->app) && !strcmp(o->name, q->name);
		if (!same_name || id_is_zero(&o->contact) || id_equal(&o->contact, &q->contact))
			continue;
		identity_alarm(c, &o->contact, view_str(q->name));
		return;
	}
}

/* Somebody else than who made the link that we asked by. */
static void compare_maker(struct uc_client *c, const struct request *q, const struct contact *k)
{
	uint8_t check[CONTACT_LINK_CHECK];
	if (contact_link_check(view_str(q->target), VIEW_OF(k->account_key), check) ||
	    !view_equal(VIEW_OF(check), VIEW_OF(q->check)))
		identity_alarm(c, &k->id, VIEW_LIT("who answers is not who made the link"));
}

void requests_introduced(struct uc_client *c, struct room *r, struct contact *k)
{
	for (struct request *q = c->requests; q; q = q->next) {
		if (!id_equal(&q->room, &r->id))
			continue;
		q->contact = k->id;
		q->dirty = true;
		sender_tags_learn(k, sender_tags_of(q));
		if (!q->incoming && q->by_invitation)
			compare_maker(c, q, k);
		else if (!q->incoming)
			compare_identity(c, q);
	}
}

/* --- several devices --- */

struct uc_id request_letter(const struct request *q)
{
	return id_of("Undercroft letter", view_str(q->reply), (struct view){ NULL, 0 });
}

bool requests_is_answered(struct uc_client *c, const struct request *q)
{
	bool answered = q->state == REQUEST_SENDING || q->state == REQUEST_ACCEPTED ||
			q->state == REQUEST_DECLINED;
	return q->incoming && answered &&
	       client_now(c) < q->time_ms + (uint64_t)REQUEST_REPLY_DAYS * 24 * 3600 * 1000;
}

bool requests_answered(struct uc_client *c, const uint8_t letter[32], bool accepted)
{
	for (struct request *q = c->requests; q; q = q->next) {
		struct uc_id id = request_letter(q);
		if (!q->incoming || !view_equal(VIEW_OF(id.b), view_make(letter, 32)))
			continue;
		bool open = q->state == REQUEST_OPEN || q->state == REQUEST_GUARDED ||
			    (q->state == REQUEST_DECLINED && accepted);
		/* What ended otherwise here is none of ours to keep, nor to take away. */
		if (!open)
			return requests_is_answered(c, q);
		q->state = accepted ? REQUEST_ACCEPTED : REQUEST_DECLINED;
		q->dirty = true;
		request_tell(c, UC_EVENT_REQUEST, q);
		return true;
	}
	return false;
}
