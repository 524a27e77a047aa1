/* SPDX-License-Identifier: Apache-2.0 */
#include "client/room_asks.h"

#include "client/contacts.h"
#include "client/control.h"
#include "client/devices.h"
#include "client/groups.h"
#include "client/history.h"
#include "client/introductions.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "mimi/sealed.h"
#include "mimi/uri.h"

#include "base/buf.h"

enum {
	ASKS_MAX = 3,     /* for one task: what was answered may be used up, or void */
	A_DAY_MAX = 16,   /* that one contact is given */
	UNUSED_MAX = 32,  /* that one contact has of all devices, and brought nobody anywhere by */
	ANSWER_MS = 4000, /* devices of one account answer at different times */
	NOTE_BYTES = 512,
	DAY_MS = 24 * 3600 * 1000,
	RETRY_MS = 2 * 1000,
	RETRY_DOUBLES = 9,
};

/* --- who asks --- */

static struct room *direct_of(struct uc_client *c, const struct contact *k)
{
	struct room *r = k && !k->blocked && k->has_direct ? room_find(c, &k->direct) : NULL;
	return r && room_is_open(r) && !r->fleeing ? r : NULL;
}

static size_t awaited(const struct uc_client *c, const struct contact *k)
{
	size_t n = 0;
	for (const struct room *r = c->rooms; r; r = r->next)
		for (const struct task *t = r->tasks; t; t = t->next)
			n += t->kind == TASK_ASKED && id_equal(&t->contact, &k->id);
	return n;
}

bool room_asks_can(struct uc_client *c, const struct contact *k)
{
	return direct_of(c, k) && awaited(c, k) < ROOM_ASKS;
}

bool room_asks_may(struct uc_client *c, const struct room *r, const struct task *t,
		   const struct contact *k)
{
	bool in_time = !t->asks || client_now(c) < t->until_ms;
	return !r->direct && in_time && t->asks < ASKS_MAX && k && room_asks_can(c, k);
}

static uc_err note(struct uc_client *c, struct room *r, const char *who, const char *what)
{
	struct buf b;
	buf_init(&b, NOTE_BYTES);
	buf_add_str(&b, who);
	buf_add_str(&b, what);
	buf_add_byte(&b, 0);
	uc_err err = b.failed ? b.failed : history_note(c, r, (const char *)b.p);
	buf_done(&b);
	return err;
}

uc_err room_asks_send(struct uc_client *c, struct room *r, struct task *t, const struct contact *k)
{
	const struct control m = { .version = 1,
				   .control_kind = CONTROL_ROOM_ASK,
				   .room = view_str(r->uri) };
	TRY(control_send(c, direct_of(c, k), &m));
	if (!t->asks++) {
		t->until_ms = client_now(c) + (uint64_t)ROOM_ASK_DAYS * DAY_MS;
		TRY(note(c, r, k->name, " was asked, and is added once their device has agreed."));
	}
	t->kind = TASK_ASKED;
	r->dirty = true;
	wake_at(c, client_now(c)); /* the direct room may have had its turn */
	op_done_at(c, t->op, UC_OK, VIEW_LIT(ROOM_ASKED), NULL, &r->id);
	t->op = 0;
	groups_created(c, r);
	return UC_OK;
}

static struct task *task_of(struct room *r, const struct contact *k)
{
	for (struct task *t = r->tasks; t; t = t->next)
		if (t->kind == TASK_ASKED && id_equal(&t->contact, &k->id))
			return t;
	return NULL;
}

/* All of it is over by then, whatever end they wrote.  The wait is longer than any other, so that a clock that
 * leaps must not make it endless. */
static void limit(struct uc_client *c, struct room *r, struct task *t)
{
	uint64_t last = client_now(c) + (uint64_t)ROOM_ASK_DAYS * DAY_MS;
	uint64_t until = t->until_ms < last ? t->until_ms : last;
	uint64_t end = t->bound.expires_ms < until ? t->bound.expires_ms : until;
	r->dirty = r->dirty || t->until_ms != until || t->bound.expires_ms != end;
	t->until_ms = until;
	t->bound.expires_ms = end;
}

void room_asks_granted(struct uc_client *c, const struct contact *k, struct view room,
		       const struct key_address *address)
{
	/* One of several places of ours there has asked, or another device of ours, or it is too late. */
	for (struct room *r = c->rooms; r; r = r->next) {
		struct task *t = view_equal(view_str(r->uri), room) ? task_of(r, k) : NULL;
		if (!t)
			continue;
		t->bound = *address;
		limit(c, r, t);
		t->kind = TASK_ADD;
		t->tries = 0;
		t->retry_ms = 0;
		r->dirty = true;
		return;
	}
}

bool room_asks_has(struct uc_client *c, const struct task *t)
{
	return t->bound.expires_ms > client_now(c);
}

void room_asks_used(struct room *r, struct task *t)
{
	r->dirty = r->dirty || t->bound.expires_ms;
	t->bound = (struct key_address){ .expires_ms = 0 };
}

void room_asks_later(struct uc_client *c, struct task *t, const struct reply *reply)
{
	t->retry_ms = retry_at(c, reply, (uint64_t)RETRY_MS << t->tries);
	t->tries += t->tries < RETRY_DOUBLES;
}

bool room_asks_waits(const struct uc_client *c, const struct task *t)
{
	return t->kind == TASK_ADD && !t->in_flight && t->bound.expires_ms &&
	       t->retry_ms > env_now_ms(&c->env);
}

bool room_asks_alone(const struct uc_client *c, const struct room *r)
{
	for (const struct task *t = r->tasks; t; t = t->next)
		if (t->kind != TASK_ASKED && !room_asks_waits(c, t))
			return false;
	return true;
}

/* Somebody else has brought them in, or nobody is to. */
static bool is_pointless(struct uc_client *c, const struct room *r, const struct task *t)
{
	const struct contact *k = contact_find(c, &t->contact);
	for (const struct member *m = r->members; m; m = m->next)
		if (!m->gone && id_equal(&m->contact, &t->contact))
			return true;
	return !k || k->blocked;
}

static bool is_over(struct uc_client *c, const struct task *t)
{
	wake_at(c, t->until_ms);
	return client_now(c) >= t->until_ms;
}

void room_asks_failed(struct uc_client *c, struct room *r, const struct task *t)
{
	const struct contact *k = contact_find(c, &t->contact);
	if (!t->asks || t->op || !k || !room_is_open(r) || r->fleeing)
		return;
	uc_err err = note(c, r, k->name,
			  t->kind == TASK_ASKED
				  ? " was asked, and their device has not agreed for a week: they "
				    "were not added."
				  : " was asked, and could not be added.");
	if (err)
		safe_fail(&c->safe, err);
}

uc_err room_asks_drive(struct uc_client *c, struct room *r)
{
	for (struct task *t = r->tasks, *next; t; t = next) {
		next = t->next;
		if (t->asks)
			limit(c, r, t);
		if (t->kind != TASK_ASKED)
			continue;
		if (is_pointless(c, r, t)) {
			groups_task_end(c, r, t, UC_OK, (struct view){ NULL, 0 });
		} else if (is_over(c, t)) {
			groups_task_end(c, r, t, UC_E_EXHAUSTED, (struct view){ NULL, 0 });
		}
	}
	return UC_OK;
}

/* --- who is asked --- */

static void forget(struct contact *k, uint32_t at)
{
	k->ask_count--;
	memmove(k->asks + at, k->asks + at + 1, (k->ask_count - at) * sizeof *k->asks);
	k->dirty = true;
}

static bool is_room(struct view uri)
{
	struct uri u;
	return uri.n < URI_BYTES && !uri_read(uri, &u) && u.kind == URI_ROOM;
}

/* As ourselves, for all there to see.  Of a persona's place, one that is held, or one that is being left we say
 * nothing by keeping silent, either: it is answered as a room we never heard of. */
static bool are_in(struct uc_client *c, const char *uri)
{
	for (const struct room *r = c->rooms; r; r = r->next)
		if (!strcmp(r->uri, uri) && room_is_open(r) && !r->lost && !r->fleeing &&
		    !r->shadow && r->says == SAYS_ACCOUNT && r->introduced && !strangers_veil(c, r))
			return true;
	return false;
}

static bool may_have_more(struct uc_client *c, const struct contact *k)
{
	return k->granted_day != client_now(c) / DAY_MS || k->granted < A_DAY_MAX;
}

/* What is for a room that we are in may wait for nothing. */
static bool has_place(struct uc_client *c, struct contact *k)
{
	for (uint32_t i = 0; k->ask_count == ROOM_ASKS && i < k->ask_count; i++)
		if (are_in(c, k->asks[i].room))
			forget(k, i);
	return k->ask_count < ROOM_ASKS;
}

/* What is too much is not answered, as what is refused.  Whether we are there shows only when all is read. */
uc_err room_asks_in(struct uc_client *c, struct contact *k, struct view room)
{
	uint8_t dice = 0;
	if (!is_room(room))
		return UC_E_ADDRESS;
	for (uint32_t i = 0; i < k->ask_count; i++)
		if (view_equal(view_str(k->asks[i].room), room))
			return UC_OK;
	if (!has_place(c, k))
		return UC_OK;
	if (devices_count(c) > 1)
		TRY(env_random(&c->env, &dice, 1));
	k->answer_ms = client_now(c) + (uint64_t)dice * ANSWER_MS / UINT8_MAX;
	struct room_ask *ask = &k->asks[k->ask_count++];
	TRY(text_set(ask->room, sizeof ask->room, room));
	ask->time_ms = client_now(c);
	k->dirty = true;
	return UC_OK;
}

/* So many are out that brought us nowhere.  What was used, and no seat came of it, is out as well: a set is spent
 * once its room is entered. */
static size_t unused(const struct uc_client *c, const struct contact *k)
{
	size_t n = 0;
	for (const struct set *s = c->sets; s; s = s->next)
		n += s->state != SET_SPENT && s->state != SET_VOIDED && !id_is_zero(&s->room) &&
		     id_equal(&s->given_to, &k->id);
	return n;
}

/* All contacts, in the app's pool. */
static size_t given_in_all(const struct uc_client *c)
{
	size_t n = 0;
	for (const struct set *s = c->sets; s; s = s->next)
		n += s->state == SET_GIVEN && !id_is_zero(&s->room);
	return n;
}

/* What is for all devices together is shared among them. */
static size_t share_of(struct uc_client *c, size_t all)
{
	uint32_t devices = devices_count(c);
	size_t share = devices ? all / devices : all;
	return share ? share : 1;
}

static bool may_be_given(struct uc_client *c, const struct contact *k)
{
	return may_have_more(c, k) && unused(c, k) < share_of(c, UNUSED_MAX) &&
	       given_in_all(c) < share_of(c, POOL_SETS_MAX / 2);
}

/* The first that is for a room we are not in. */
static const char *first_due(struct uc_client *c, const struct contact *k)
{
	for (uint32_t i = 0; i < k->ask_count; i++)
		if (!are_in(c, k->asks[i].room))
			return k->asks[i].room;
	return NULL;
}

const char *room_asks_due(struct uc_client *c, struct contact *k)
{
	const struct room *r = direct_of(c, k);
	while (k->ask_count &&
	       client_now(c) > k->asks[0].time_ms + (uint64_t)ROOM_ASK_DAYS * DAY_MS)
		forget(k, 0);
	/* Whether another device of ours has answered stands in the log. */
	if (!k->ask_count || !r || !r->seat_open || r->seq + 1 < r->log_next ||
	    waits_until(c, k->answer_ms) || !may_be_given(c, k))
		return NULL;
	return first_due(c, k);
}

void room_asks_answered(struct uc_client *c, struct contact *k, struct view room)
{
	uint64_t today = client_now(c) / DAY_MS;
	uint32_t at = 0;
	while (k && at < k->ask_count && !view_equal(view_str(k->asks[at].room), room))
		at++;
	if (!k || at == k->ask_count)
		return;
	forget(k, at);
	k->granted = k->granted_day == today ? k->granted + 1 : 1;
	k->granted_day = today;
}

bool room_asks_are_idle(const struct uc_client *c, const struct contact *k)
{
	uint64_t now = env_now_ms(&c->env);
	return !k->ask_count || now >= k->answer_ms || k->answer_ms > now + ANSWER_MS;
}

void room_asks_drop(struct contact *k)
{
	while (k->ask_count)
		forget(k, 0);
}
