/* SPDX-License-Identifier: Apache-2.0 */
/* The guardian's side: who wants to be looked after, what they ask, and our signed word. */
#include "client/account.h"
#include "client/contacts.h"
#include "client/devices.h"
#include "client/guardian.h"
#include "client/guardian_inside.h"
#include "client/introductions.h"
#include "client/reaching.h"
#include "client/rooms.h"
#include "client/settings.h"
#include "client/turn.h"

#include "base/heap.h"
#include "base/text.h"

/* The names, addresses and texts of one ask are far below ASK_BYTES.  All of it is one record. */
enum { WARDS_MAX = 32, ASKS_MAX = 64, ASK_BYTES = 4096, WARD_BYTES = 64 * 1024 };
_Static_assert(WARDS_MAX *(WARD_BYTES + ASKS_MAX * 128 + 256) < BLOB_MAX / 2,
	       "what all wards ask is not stored");

static struct ward **ward_at(struct guardianship *g, const struct uc_id *contact)
{
	struct ward **at = &g->wards;
	while (*at && !id_equal(&(*at)->contact, contact))
		at = &(*at)->next;
	return at;
}

static struct ward_ask **ask_at(struct guardianship *g, const struct uc_id *id)
{
	struct ward_ask **at = &g->asks;
	while (*at && !id_equal(&(*at)->id, id))
		at = &(*at)->next;
	return at;
}

static void ask_drop(struct guardianship *g, struct ward_ask **at)
{
	struct ward_ask *x = *at;
	*at = x->next;
	blob_done(&x->ask);
	heap_free(x);
	g->dirty = true;
}

static void asks_drop(struct guardianship *g, const struct uc_id *contact)
{
	for (struct ward_ask **q = &g->asks; *q;)
		if (id_equal(&(*q)->contact, contact))
			ask_drop(g, q);
		else
			q = &(*q)->next;
}

static void ward_drop(struct guardianship *g, struct ward **at)
{
	struct ward *x = *at;
	asks_drop(g, &x->contact);
	*at = x->next;
	heap_free_wiped(x, sizeof *x);
	g->dirty = true;
}

void ward_forget(struct guardianship *g, const struct uc_id *contact)
{
	struct ward **at = ward_at(g, contact);
	if (*at)
		ward_drop(g, at);
}

/* --- what comes in --- */

static uc_err ward_add(struct uc_client *c, const struct contact *k, struct ward **out)
{
	struct guardianship *g = &c->guardian;
	struct ward **at = ward_at(g, &k->id);
	size_t n = 0;
	for (const struct ward *x = g->wards; x; x = x->next)
		n++;
	if (!*at && n >= WARDS_MAX)
		return UC_E_LIMIT;
	if (!*at && !(*at = HEAP_NEW(struct ward)))
		return UC_E_MEMORY;
	(*at)->contact = k->id;
	g->dirty = true;
	*out = *at;
	return UC_OK;
}

/* The number of an offer is new; what was accepted before holds no more. */
static uc_err offer_keep(struct uc_client *c, const struct contact *k, struct view offer,
			 struct ward **out)
{
	struct ward *w = *ward_at(&c->guardian, &k->id);
	if (offer.n != sizeof w->offer)
		return UC_E_MALFORMED;
	if (!w || !view_equal(VIEW_OF(w->offer), offer)) {
		TRY(ward_add(c, k, &w));
		memcpy(w->offer, offer.p, sizeof w->offer);
		w->accepted = false;
		asks_drop(&c->guardian, &k->id);
		guardian_tell(c, &k->id, "offer");
	}
	*out = w;
	return UC_OK;
}

uc_err ward_offer_in(struct uc_client *c, const struct contact *k, struct view offer)
{
	struct ward *w;
	return offer_keep(c, k, offer, &w);
}

static bool is_readable(struct view v)
{
	return utf8_is_valid(v) && !(v.n && memchr(v.p, 0, v.n));
}

/* Room for one more ask of theirs. */
static bool has_room_for(const struct guardianship *g, const struct uc_id *contact, size_t bytes)
{
	size_t n = 0;
	for (const struct ward_ask *q = g->asks; q; q = q->next) {
		n += id_equal(&q->contact, contact);
		bytes += id_equal(&q->contact, contact) ? q->ask.n : 0;
	}
	return n < ASKS_MAX && bytes <= WARD_BYTES;
}

/* From a ward that this device knows nothing of, since it is a new one: they are to be accepted again.
 * Nothing of what they ask is kept until then, since any contact can say so; their device asks again. */
uc_err ward_ask_in(struct uc_client *c, const struct contact *k, struct view offer, struct view ask)
{
	struct guardianship *g = &c->guardian;
	struct guardian_ask in;
	struct uc_id id;
	struct ward *w;
	TRY(offer_keep(c, k, offer, &w));
	if (!w->accepted)
		return UC_OK;
	if (ask.n > ASK_BYTES)
		return UC_E_TOO_LARGE;
	TRY(wire_decode(ask, &c->call, guardian_ask_element, &in));
	if (!is_readable(in.app) || !is_readable(in.name) || !is_readable(in.text))
		return UC_E_TEXT;
	TRY(guardian_subject(ask, id.b));
	struct ward_ask **at = ask_at(g, &id);
	if (*at)
		return UC_OK;
	if (!has_room_for(g, &k->id, ask.n))
		return UC_E_LIMIT;
	struct ward_ask *q = HEAP_NEW(struct ward_ask);
	if (!q)
		return UC_E_MEMORY;
	*at = q;
	q->id = id;
	q->contact = k->id;
	q->time_ms = client_now(c);
	g->dirty = true;
	TRY(blob_set(&q->ask, ask));
	guardian_tell(c, &k->id, "ask");
	return UC_OK;
}

/* --- our word --- */

static uc_err word_send(struct uc_client *c, const struct uc_id *contact, uint8_t says,
			struct view subject, const struct ed25519_key *seals)
{
	const struct contact *k = contact_find(c, contact);
	struct room *r = guardian_room(c, contact);
	struct guardian_word x = { .says = says,
				   .app = view_str(c->account.app),
				   .account_key = VIEW_OF(c->account.account_key) };
	struct view word;
	if (!k || !r)
		return UC_E_CLOSED;
	x.ward_app = view_str(k->app);
	x.ward_key = VIEW_OF(k->account_key);
	memcpy(x.subject, subject.p, sizeof x.subject);
	if (seals)
		TRY(guardian_seal_make((enum guardian_says)says, x.ward_app, x.ward_key, seals,
				       &c->call, &x.seal));
	TRY(devices_shown(c, &c->call, &x.device_list));
	TRY(guardian_word_make(&x, &c->account.device, &c->call, &word));
	return guardian_send(c, r, GUARDIAN_WORD, (struct view){ NULL, 0 }, word);
}

struct ward_call {
	const struct uc_id *id;
	bool yes;
	uc_op *op;
};

static uc_err accept(struct uc_client *c, struct ward *w)
{
	static const uint8_t none[ED25519_KEY];
	/* Who is below 16 looks after nobody. */
	if (reaching_is_young(c))
		return UC_E_NOT_ALLOWED;
	if (view_equal(VIEW_OF(w->key.pub), VIEW_OF(none)))
		TRY(ed25519_generate(&c->env, &w->key));
	c->guardian.dirty = true;
	TRY(word_send(c, &w->contact, GUARDIAN_ACCEPTS, VIEW_OF(w->offer), &w->key));
	w->accepted = c->guardian.dirty = true;
	return UC_OK;
}

static uc_err ward_accept(struct uc_client *c, void *arg)
{
	const struct ward_call *in = arg;
	struct ward **at = ward_at(&c->guardian, in->id);
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (!*at)
		return UC_E_NOT_FOUND;
	if (in->yes && (*at)->accepted)
		return UC_E_EXISTS;
	if (in->yes)
		TRY(accept(c, *at));
	else if ((*at)->accepted)
		TRY(word_send(c, in->id, GUARDIAN_ENDS, VIEW_OF((*at)->offer), &(*at)->key));
	if (!in->yes)
		ward_drop(&c->guardian, at);
	*in->op = op_new(c);
	op_done(c, *in->op, UC_OK, (struct view){ NULL, 0 });
	return UC_OK;
}

uc_err uc_ward_accept(uc_client *c, const struct uc_id *contact, bool yes, uc_op *op)
{
	struct ward_call in = { contact, yes, op };
	if (!c || !contact || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, ward_accept, &in);
}

static uc_err ward_answer(struct uc_client *c, void *arg)
{
	const struct ward_call *in = arg;
	struct guardianship *g = &c->guardian;
	struct ward_ask **at = ask_at(g, in->id);
	const struct ward *w = *at ? *ward_at(g, &(*at)->contact) : NULL;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (!w || !w->accepted)
		return UC_E_NOT_FOUND;
	TRY(word_send(c, &w->contact, in->yes ? GUARDIAN_AGREES : GUARDIAN_REFUSES,
		      VIEW_OF((*at)->id.b), NULL));
	ask_drop(g, at);
	*in->op = op_new(c);
	op_done(c, *in->op, UC_OK, (struct view){ NULL, 0 });
	return UC_OK;
}

uc_err uc_ward_answer(uc_client *c, const struct uc_id *ask, bool yes, uc_op *op)
{
	struct ward_call in = { ask, yes, op };
	if (!c || !ask || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, ward_answer, &in);
}

/* --- lists --- */

uc_err uc_wards(uc_client *c, uc_ward_each *each, void *ctx)
{
	if (!c || !each)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	for (const struct ward *w = c->guardian.wards; w; w = w->next) {
		const struct uc_ward shown = { .contact = w->contact, .accepted = w->accepted };
		if (!each(ctx, &shown))
			break;
	}
	return UC_OK;
}

static uc_err text_of(struct arena *a, struct view v, const char **out)
{
	struct view copy;
	TRY(arena_copy(a, v, &copy));
	*out = (const char *)copy.p;
	return UC_OK;
}

static uc_err ask_show(const struct ward_ask *q, struct arena *a, struct uc_ward_ask *out)
{
	struct guardian_ask in;
	*out = (struct uc_ward_ask){ .id = q->id, .contact = q->contact, .time_ms = q->time_ms };
	TRY(wire_decode(blob_view(&q->ask), a, guardian_ask_element, &in));
	out->kind = (enum uc_ward_asks_for)in.asked;
	TRY(text_of(a, in.app, &out->app));
	TRY(text_of(a, in.name, &out->name));
	return text_of(a, in.text, &out->text);
}

uc_err uc_ward_asks(uc_client *c, uc_ward_ask_each *each, void *ctx)
{
	if (!c || !each)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	bool more = true;
	for (const struct ward_ask *q = c->guardian.asks; q && more; q = q->next) {
		const struct ward *w = *ward_at(&c->guardian, &q->contact);
		struct uc_ward_ask shown;
		struct arena a;
		if (!w || !w->accepted)
			continue;
		arena_init(&a, 4 * ASK_BYTES, ARENA_SECRET);
		uc_err err = ask_show(q, &a, &shown);
		if (!err)
			more = each(ctx, &shown);
		arena_done(&a);
		TRY(err);
	}
	return UC_OK;
}

/* --- for the ward --- */

static uc_err offer(struct uc_client *c, void *arg)
{
	const struct ward_call *in = arg;
	struct guardianship *g = &c->guardian;
	struct settings s = settings_known(c);
	struct uc_id known;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	const struct contact *k = contact_find(c, in->id);
	struct room *r = guardian_room(c, in->id);
	if (!k)
		return UC_E_NOT_FOUND;
	if (!s.number || !reaching_is_young(c) || k->blocked)
		return UC_E_NOT_ALLOWED;
	if (guardian_named(c, &known))
		return UC_E_EXISTS;
	if (guardian_is_underway(c) && !settings_has_guardian(&s))
		return UC_E_BUSY;
	if (!r)
		return UC_E_CLOSED;
	TRY(env_random(&c->env, g->offer, sizeof g->offer));
	g->offered = k->id;
	g->has_offer = g->dirty = true;
	TRY(guardian_send(c, r, GUARDIAN_OFFER, VIEW_OF(g->offer), (struct view){ NULL, 0 }));
	*in->op = op_new(c);
	op_done(c, *in->op, UC_OK, (struct view){ NULL, 0 });
	return UC_OK;
}

uc_err uc_guardian_offer(uc_client *c, const struct uc_id *contact, uc_op *op)
{
	struct ward_call in = { .id = contact, .op = op };
	if (!c || !contact || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, offer, &in);
}

uc_err uc_guardian_get(uc_client *c, struct uc_guardian *out)
{
	if (!c || !out)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	struct arena_mark mark = arena_mark(&c->call);
	struct uc_guardian shown = { .state = UC_GUARDIAN_NONE };
	if (guardian_named(c, &shown.contact))
		shown.state = UC_GUARDIAN_NAMED;
	else if (c->guardian.has_offer || guardian_is_underway(c)) {
		shown.state = UC_GUARDIAN_OFFERED;
		shown.contact = c->guardian.offered;
	}
	shown.is_contact = contact_find(c, &shown.contact) != NULL;
	arena_reset(&c->call, mark);
	*out = shown;
	return UC_OK;
}
