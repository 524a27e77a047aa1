/* SPDX-License-Identifier: Apache-2.0 */
/* The ward's side: whom the guardian is asked about, and what their word brings about. */
#include "client/guardian.h"

#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/guardian_inside.h"
#include "client/history.h"
#include "client/identity.h"
#include "client/introductions.h"
#include "client/reaching.h"
#include "client/rooms.h"
#include "client/settings.h"
#include "client/strangers.h"

#include "base/heap.h"

enum { AWAITED_MAX = 600, MEMBERS_BYTES = 2048 };

void guardian_tell(struct uc_client *c, const struct uc_id *contact, const char *what)
{
	struct event_out *e = event_new(c, UC_EVENT_GUARDIAN);
	if (!e)
		return;
	e->event.has_contact = true;
	e->event.contact = *contact;
	e->event.text = event_text(e, view_str(what));
}

struct room *guardian_room(struct uc_client *c, const struct uc_id *contact)
{
	const struct contact *k = contact_find(c, contact);
	struct room *r = k && !k->blocked && k->has_direct ? room_find(c, &k->direct) : NULL;
	return r && room_is_open(r) ? r : NULL;
}

uc_err guardian_send(struct uc_client *c, struct room *r, uint8_t step, struct view offer,
		     struct view body)
{
	const struct control m = { .version = 1,
				   .control_kind = CONTROL_GUARDIAN,
				   .step = step,
				   .offer = offer,
				   .body = body };
	return control_send(c, r, &m);
}

/* The key of those that the settings have. */
static bool key_named(struct uc_client *c, struct view *key)
{
	struct settings s = settings_known(c);
	struct guardian_seal x;
	if (!settings_has_guardian(&s) ||
	    guardian_seal_verify(s.guardian, s.app, s.account_key, &c->call, &x))
		return false;
	*key = x.guardian_key;
	return true;
}

/* Of a seal that is on its way there, be it that the app has not taken it yet: until it has, the settings
 * say nothing of it, and a second guardian would take the place of the first on this device alone. */
static bool key_underway(struct uc_client *c, struct view *key)
{
	struct settings s = { .number = 0 };
	struct guardian_seal x;
	if (c->guardian.seal.n)
		s.guardian = blob_view(&c->guardian.seal);
	else if (!c->account.settings_next.n ||
		 wire_decode(blob_view(&c->account.settings_next), &c->call, settings_element, &s))
		return false;
	if (!settings_has_guardian(&s) ||
	    wire_decode(s.guardian, &c->call, guardian_seal_element, &x))
		return false;
	*key = x.guardian_key;
	return true;
}

bool guardian_is_underway(struct uc_client *c)
{
	struct view key;
	return key_underway(c, &key);
}

enum guardian_known guardian_known(struct uc_client *c, struct uc_id *contact)
{
	const struct guardianship *g = &c->guardian;
	struct view key;
	if (!key_named(c, &key))
		return GUARDIAN_NOBODY;
	if (!g->has_guardian || !view_equal(key, VIEW_OF(g->key)))
		return GUARDIAN_UNKNOWN;
	*contact = g->guardian;
	return GUARDIAN_KNOWN;
}

bool guardian_named(struct uc_client *c, struct uc_id *contact)
{
	return guardian_known(c, contact) == GUARDIAN_KNOWN;
}

/* --- what is awaited --- */

static struct awaited **awaited_at(struct guardianship *g, const struct uc_id *of)
{
	struct awaited **at = &g->awaited;
	while (*at && !id_equal(&(*at)->of, of))
		at = &(*at)->next;
	return at;
}

static void awaited_drop(struct guardianship *g, struct awaited **at)
{
	struct awaited *x = *at;
	*at = x->next;
	heap_free(x);
	g->dirty = true;
}

static uc_err await(struct uc_client *c, const struct uc_id *of, bool is_room, uint64_t from)
{
	struct guardianship *g = &c->guardian;
	size_t n = 0;
	for (const struct awaited *x = g->awaited; x; x = x->next)
		n++;
	if (*awaited_at(g, of))
		return UC_OK;
	struct awaited *x = n < AWAITED_MAX ? HEAP_NEW(struct awaited) : NULL;
	if (!x)
		return n < AWAITED_MAX ? UC_E_MEMORY : UC_E_LIMIT;
	uc_err err = env_random(&c->env, x->number, sizeof x->number);
	if (err) {
		heap_free(x);
		return err;
	}
	x->of = *of;
	x->is_room = is_room;
	x->from = from;
	*awaited_at(g, of) = x;
	g->dirty = true;
	return UC_OK;
}

static const struct awaited *held(const struct uc_client *c, const struct room *r)
{
	for (const struct awaited *x = c->guardian.awaited; x; x = x->next)
		if (x->is_room && id_equal(&x->of, &r->id))
			return x;
	return NULL;
}

/* Also of those who were there before: what they call themselves now came while it was held. */
static uc_err room_forget(struct uc_client *c, struct room *r, uint64_t from)
{
	TRY(history_forget(c, r, from, true));
	r->unread = 0;
	memset(r->name, 0, sizeof r->name);
	for (struct member *m = r->members; m; m = m->next) {
		if (!strcmp(m->participant, r->participant))
			continue;
		m->introduced = m->persona = false;
		m->contact = (struct uc_id){ { 0 } };
		memset(m->name, 0, sizeof m->name);
		memset(m->account_key, 0, sizeof m->account_key);
		blob_done(&m->introduction);
	}
	r->dirty = r->members_dirty = true;
	return UC_OK;
}

uc_err guardian_forget(struct uc_client *c, struct room *r)
{
	const struct awaited *x = held(c, r);
	if (!x)
		return UC_OK;
	TRY(room_forget(c, r, x->from));
	awaited_drop(&c->guardian, awaited_at(&c->guardian, &r->id));
	return UC_OK;
}

void guardian_unasked(struct uc_client *c, const struct uc_id *request)
{
	struct awaited **at = awaited_at(&c->guardian, request);
	if (*at)
		awaited_drop(&c->guardian, at);
}

/* Each time anew: what was asked of it before, and answered meanwhile, was for that time. */
uc_err guardian_hold(struct uc_client *c, struct room *r)
{
	TRY(guardian_forget(c, r));
	return await(c, &r->id, true, r->next_message);
}

bool guardian_holds(const struct uc_client *c, const struct room *r)
{
	return held(c, r) != NULL;
}

bool guardian_shown_before(const struct uc_client *c, const struct room *r, uint64_t message)
{
	const struct awaited *x = held(c, r);
	return x && message <= x->from;
}

/* --- asking --- */

static uc_err request_ask(struct uc_client *c, struct awaited *x, struct guardian_ask *ask)
{
	const struct request *q = request_find(c, &x->of);
	if (!q || q->state != REQUEST_GUARDED)
		return UC_E_NOT_FOUND;
	ask->asked = q->incoming ? GUARDIAN_LETTER : GUARDIAN_OWN;
	ask->app = view_str(q->app);
	ask->name = view_str(q->name[0] ? q->name : "whoever has given an invitation");
	ask->text = view_str(q->text);
	return UC_OK;
}

/* Who is in it, once all have said so.  They may be there if the guardian agrees; who comes later is a
 * stranger. */
static uc_err members_list(struct uc_client *c, struct room *r, struct view *text)
{
	struct buf b;
	buf_init(&b, MEMBERS_BYTES);
	uc_err err = UC_OK;
	for (struct member *m = r->members; m && !err; m = m->next) {
		if (m->gone || !strcmp(m->participant, r->participant))
			continue;
		if (!m->introduced) {
			err = UC_E_PENDING;
			continue;
		}
		buf_add_str(&b, b.n ? ", " : "");
		buf_add_str(&b, m->name);
		buf_add_str(&b, m->persona ? ", by that name there only, from " : " from ");
		buf_add_view(&b, uri_domain(view_str(m->participant)));
	}
	/* Too many to be looked at. */
	if (!err)
		err = b.failed ? b.failed : arena_copy(&c->call, buf_view(&b), text);
	buf_done(&b);
	return err;
}

static uc_err room_ask(struct uc_client *c, struct awaited *x, struct guardian_ask *ask)
{
	struct room *r = room_find(c, &x->of);
	if (!r || r->fleeing || r->state == ROOM_LEFT || r->state == ROOM_LEAVING)
		return UC_E_NOT_FOUND;
	if (!room_is_open(r) || r->seq + 1 < r->log_next)
		return UC_E_PENDING;
	ask->asked = GUARDIAN_GROUP;
	ask->app = uri_domain(view_str(r->uri));
	ask->name = view_str(r->name);
	return members_list(c, r, &ask->text);
}

static void room_listed(struct uc_client *c, const struct awaited *x)
{
	struct room *r = x->is_room ? room_find(c, &x->of) : NULL;
	for (struct member *m = r ? r->members : NULL; m; m = m->next)
		m->admitted = m->admitted || !m->gone;
	if (r)
		r->dirty = r->members_dirty = true;
}

static uc_err ask_one(struct uc_client *c, struct room *to, struct awaited *x)
{
	struct guardian_ask ask = { .version = 1 };
	struct view body;
	memcpy(ask.number, x->number, sizeof ask.number);
	TRY(x->is_room ? room_ask(c, x, &ask) : request_ask(c, x, &ask));
	TRY(wire_encode_to(&c->call, guardian_ask_element, &ask, &body));
	TRY(guardian_subject(body, x->subject.b));
	TRY(guardian_send(c, to, GUARDIAN_ASK, VIEW_OF(c->guardian.offer), body));
	room_listed(c, x);
	x->told_in = to->id;
	c->guardian.dirty = true;
	return UC_OK;
}

/* --- the end of waiting --- */

/* What was said there meanwhile is never shown. */
static uc_err forget(struct uc_client *c, const struct awaited *x)
{
	struct room *r = x->is_room ? room_find(c, &x->of) : NULL;
	return r ? room_forget(c, r, x->from) : UC_OK;
}

static uc_err refused(struct uc_client *c, const struct awaited *x)
{
	struct room *r = x->is_room ? room_find(c, &x->of) : NULL;
	TRY(forget(c, x));
	if (r && room_is_open(r))
		return room_flee(c, r, "Your guardian has not agreed to this group: it was left.");
	if (!x->is_room)
		requests_guarded(c, &x->of, false);
	return UC_OK;
}

static uc_err agreed(struct uc_client *c, const struct awaited *x)
{
	struct room *r = x->is_room ? room_find(c, &x->of) : NULL;
	/* One whose place was lost is shown, and introduces us when we are back.  Whoever came when the
	 * guardian had been asked is a stranger, and so are their words. */
	if (r && r->state == ROOM_OPEN && !r->fleeing) {
		TRY(history_forget(c, r, x->from, false));
		return rooms_shown(c, r);
	}
	if (!x->is_room)
		requests_guarded(c, &x->of, true);
	return UC_OK;
}

uc_err guardian_answered(struct uc_client *c, const struct uc_id *of, bool agrees)
{
	struct awaited **at = awaited_at(&c->guardian, of);
	if (!*at)
		return UC_OK;
	const struct awaited one = **at;
	awaited_drop(&c->guardian, at);
	return agrees ? agreed(c, &one) : refused(c, &one);
}

/* There is no guardian any more who could be asked: nothing is agreed to. */
static uc_err refuse_all(struct uc_client *c)
{
	struct guardianship *g = &c->guardian;
	while (g->awaited) {
		const struct uc_id of = g->awaited->of;
		TRY(guardian_answered(c, &of, false));
	}
	return UC_OK;
}

/* --- driving --- */

static uc_err requests_collect(struct uc_client *c)
{
	for (const struct request *q = c->requests; q; q = q->next)
		if (q->state == REQUEST_GUARDED)
			TRY(await(c, &q->id, false, 0));
	return UC_OK;
}

static uc_err seal_drive(struct uc_client *c)
{
	struct guardianship *g = &c->guardian;
	if (!g->seal.n)
		return UC_OK;
	uc_err err = settings_guardian(c, blob_view(&g->seal));
	if (err == UC_E_NET || err == UC_E_BUSY || err_is_hard(err))
		return err_is_hard(err) ? err : UC_OK;
	if (err)
		event_warning(c, err, VIEW_LIT("a guardian's word could not be kept"), NULL);
	blob_done(&g->seal);
	g->dirty = true;
	return UC_OK;
}

/* What came of their word holds once the app has the settings: then it is told, unless it was refused. */
static void settled(struct uc_client *c)
{
	struct guardianship *g = &c->guardian;
	struct uc_id contact;
	if (g->settling == SETTLING_NOTHING || g->seal.n || c->account.settings_next.n)
		return;
	if (guardian_named(c, &contact) == (g->settling == SETTLING_NAMED))
		guardian_tell(c, &g->guardian, g->settling == SETTLING_NAMED ? "named" : "ended");
	g->settling = SETTLING_NOTHING;
}

uc_err guardian_drive(struct uc_client *c)
{
	struct guardianship *g = &c->guardian;
	struct uc_id contact;
	TRY(seal_drive(c));
	settled(c);
	TRY(requests_collect(c));
	if (!g->awaited)
		return UC_OK;
	/* What waits, waits as well until the app has the seal. */
	if (!guardian_named(c, &contact))
		return guardian_is_underway(c) ? UC_OK : refuse_all(c);
	struct room *to = guardian_room(c, &contact);
	for (struct awaited **at = &g->awaited; to && *at;) {
		/* In another room than before: their device may be a new one. */
		uc_err err = id_equal(&(*at)->told_in, &to->id) ? UC_OK : ask_one(c, to, *at);
		if (err_is_hard(err))
			return err;
		if (err == UC_E_NOT_FOUND) {
			const struct awaited gone = **at;
			awaited_drop(g, at);
			TRY(forget(c, &gone));
			continue;
		}
		if (err == UC_E_TOO_LARGE) {
			const struct uc_id of = (*at)->of;
			TRY(guardian_answered(c, &of, false));
			continue;
		}
		at = &(*at)->next;
	}
	return UC_OK;
}

/* --- their word --- */

static uc_err answer_in(struct uc_client *c, const struct contact *k, const struct guardian_word *x)
{
	struct guardianship *g = &c->guardian;
	struct uc_id contact;
	if (!guardian_named(c, &contact) || !id_equal(&contact, &k->id))
		return UC_E_NOT_ALLOWED;
	for (struct awaited **at = &g->awaited; *at; at = &(*at)->next) {
		if (id_is_zero(&(*at)->told_in) ||
		    !view_equal(VIEW_OF((*at)->subject.b), VIEW_OF(x->subject)))
			continue;
		const struct uc_id of = (*at)->of;
		return guardian_answered(c, &of, x->says == GUARDIAN_AGREES);
	}
	return UC_OK; /* answered before */
}

static uc_err seal_read(struct uc_client *c, const struct guardian_word *x,
			struct guardian_seal *out)
{
	TRY(guardian_seal_verify(x->seal, view_str(c->account.app), VIEW_OF(c->account.account_key),
				 &c->call, out));
	return out->says == x->says ? UC_OK : UC_E_ARGUMENT;
}

static void ask_again(struct guardianship *g)
{
	for (struct awaited *x = g->awaited; x; x = x->next)
		x->told_in = (struct uc_id){ { 0 } };
	g->dirty = true;
}

static uc_err accept_in(struct uc_client *c, const struct contact *k, const struct guardian_word *x)
{
	struct guardianship *g = &c->guardian;
	struct uc_id contact;
	struct guardian_seal seal;
	struct view key;
	if (!view_equal(VIEW_OF(g->offer), VIEW_OF(x->subject)))
		return UC_OK; /* to an offer that is no more */
	/* Their device kept nothing of what it was asked before it accepted. */
	if (guardian_named(c, &contact) && id_equal(&contact, &k->id))
		ask_again(g);
	if (!g->has_offer || !id_equal(&g->offered, &k->id))
		return UC_OK; /* known already */
	TRY(seal_read(c, x, &seal));
	/* Of before a recovery: it must be the same, and then the settings have it. */
	bool there = key_named(c, &key) || key_underway(c, &key);
	if (there && !view_equal(key, seal.guardian_key))
		return UC_E_KEY;
	if (!there)
		TRY(blob_set(&g->seal, x->seal));
	memcpy(g->key, seal.guardian_key.p, sizeof g->key);
	g->guardian = k->id;
	g->has_guardian = g->dirty = true;
	g->has_offer = false;
	ask_again(g);
	g->settling = SETTLING_NAMED;
	return UC_OK;
}

static uc_err end_in(struct uc_client *c, const struct contact *k, const struct guardian_word *x)
{
	struct guardianship *g = &c->guardian;
	struct guardian_seal seal;
	struct uc_id contact;
	if (!guardian_named(c, &contact) || !id_equal(&contact, &k->id))
		return UC_OK;
	TRY(seal_read(c, x, &seal));
	if (!view_equal(seal.guardian_key, VIEW_OF(g->key)))
		return UC_E_KEY;
	TRY(blob_set(&g->seal, x->seal));
	g->dirty = true;
	g->settling = SETTLING_ENDED;
	return UC_OK;
}

static uc_err word_in(struct uc_client *c, const struct contact *k, struct view bytes)
{
	struct guardian_word x;
	TRY(guardian_word_verify(bytes, view_str(c->account.app), VIEW_OF(c->account.account_key),
				 &c->call, &x));
	if (!view_equal(x.app, view_str(k->app)) ||
	    !view_equal(x.account_key, VIEW_OF(k->account_key)))
		return UC_E_KEY;
	TRY(identity_signer(c, x.app, x.account_key, &x.device_list, x.device_key));
	switch (x.says) {
	case GUARDIAN_ACCEPTS:
		return accept_in(c, k, &x);
	case GUARDIAN_ENDS:
		return end_in(c, k, &x);
	default:
		return answer_in(c, k, &x);
	}
}

uc_err guardian_in(struct uc_client *c, struct contact *k, const struct control *m)
{
	switch (m->step) {
	case GUARDIAN_OFFER:
		return ward_offer_in(c, k, m->offer);
	case GUARDIAN_ASK:
		return ward_ask_in(c, k, m->offer, m->body);
	case GUARDIAN_WORD:
		return word_in(c, k, m->body);
	default:
		return UC_OK;
	}
}
