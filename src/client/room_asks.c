/* SPDX-License-Identifier: Apache-2.0 */
#include "client/room_asks.h"

#include "client/contacts.h"
#include "client/control.h"
#include "client/devices.h"
#include "client/groups.h"
#include "client/history.h"
#include "client/introductions.h"
#include "client/rooms.h"
#include "mimi/uri.h"

#include "base/buf.h"

enum {
	ASKS_MAX = 3,   /* for one task: what was answered may be used up, or void */
	A_DAY_MAX = 16, /* that one contact is given */
	UNUSED_MAX = 32,
	ANSWER_MS = 4000, /* devices of one account answer at different times */
	NOTE_BYTES = 512,
	DAY_MS = 24 * 3600 * 1000,
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
	return !r->direct && t->asks < ASKS_MAX && k && room_asks_can(c, k);
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

void room_asks_granted(struct uc_client *c, const struct contact *k, struct view room,
		       const struct key_address *address)
{
	struct uc_id id = room_id(room);
	struct room *r = room_find(c, &id);
	struct task *t = r ? task_of(r, k) : NULL;
	if (!t)
		return; /* another device of ours has asked, or it is too late */
	t->bound = *address;
	t->kind = TASK_ADD;
	r->dirty = true;
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

bool room_asks_alone(const struct room *r)
{
	for (const struct task *t = r->tasks; t; t = t->next)
		if (t->kind != TASK_ASKED)
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

/* The wait is longer than any other, so that a clock that leaps must not make it endless. */
static bool is_over(struct uc_client *c, struct room *r, struct task *t)
{
	uint64_t now = client_now(c), last = now + (uint64_t)ROOM_ASK_DAYS * DAY_MS;
	if (t->until_ms > last) {
		t->until_ms = last;
		r->dirty = true;
	}
	wake_at(c, t->until_ms);
	return now >= t->until_ms;
}

uc_err room_asks_drive(struct uc_client *c, struct room *r)
{
	for (struct task *t = r->tasks, *next; t; t = next) {
		next = t->next;
		if (t->kind != TASK_ASKED)
			continue;
		if (is_pointless(c, r, t)) {
			groups_task_end(c, r, t, UC_OK, (struct view){ NULL, 0 });
		} else if (is_over(c, r, t)) {
			TRY(note(
				c, r, contact_find(c, &t->contact)->name,
				" was asked, and their device has not agreed for a week: they were "
				"not added."));
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

static bool are_in(struct uc_client *c, struct view uri)
{
	struct uc_id id = room_id(uri);
	const struct room *r = room_find(c, &id);
	return r && r->state != ROOM_LEFT;
}

static bool may_have_more(struct uc_client *c, const struct contact *k)
{
	return k->granted_day != client_now(c) / DAY_MS || k->granted < A_DAY_MAX;
}

/* What is too much is not answered, as what is refused. */
uc_err room_asks_in(struct uc_client *c, struct contact *k, struct view room)
{
	uint8_t dice = 0;
	if (!is_room(room))
		return UC_E_ADDRESS;
	for (uint32_t i = 0; i < k->ask_count; i++)
		if (view_equal(view_str(k->asks[i].room), room))
			return UC_OK;
	if (k->ask_count == ROOM_ASKS || are_in(c, room) || !may_have_more(c, k))
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

static size_t unused(const struct uc_client *c, const struct contact *k)
{
	size_t n = 0;
	for (const struct set *s = c->sets; s; s = s->next)
		n += s->state == SET_GIVEN && !id_is_zero(&s->room) &&
		     id_equal(&s->given_to, &k->id);
	return n;
}

const char *room_asks_due(struct uc_client *c, struct contact *k)
{
	const struct room *r = direct_of(c, k);
	while (k->ask_count &&
	       client_now(c) > k->asks[0].time_ms + (uint64_t)ROOM_ASK_DAYS * DAY_MS)
		forget(k, 0);
	/* Whether another device of ours has answered stands in the log. */
	if (!k->ask_count || !r || !r->seat_open || r->seq + 1 < r->log_next ||
	    waits_until(c, k->answer_ms) || !may_have_more(c, k) || unused(c, k) >= UNUSED_MAX)
		return NULL;
	return k->asks[0].room;
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
