/* SPDX-License-Identifier: Apache-2.0 */
#include "client/strangers.h"

#include "client/closing.h"
#include "client/contacts.h"
#include "client/groups.h"
#include "client/guardian.h"
#include "client/history.h"
#include "client/linked.h"
#include "client/reaching.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "mimi/room_roles.h"

#include "base/buf.h"
#include "base/planted.h"

enum {
	/* For somebody's introduction, which may be on its way, or come with their device. */
	INTRODUCTION_MS = 3600 * 1000,
	AGAIN_MS = 60 * 1000,
	WHY_BYTES = 1024,
};

static uc_err leave(struct uc_client *c, struct room *r)
{
	if (waits_until(c, r->flee_ms) || closing_waits(c, r))
		return UC_OK;
	r->flee_ms = client_now(c) + AGAIN_MS;
	wake_at(c, r->flee_ms);
	return rooms_close(c, r, 0);
}

uc_err room_flee(struct uc_client *c, struct room *r, const char *why)
{
	if (r->fleeing)
		return UC_OK;
	TRY(guardian_forget(c, r));
	TRY(strangers_forget(c, r));
	TRY(history_note(c, r, why));
	r->fleeing = r->dirty = true;
	r->flee_ms = 0;
	return leave(c, r);
}

static uc_err flee_from(struct uc_client *c, struct room *r, const struct member *m)
{
	/* Where the person has seen nothing of them, their name would be the first words. */
	bool held = guardian_holds(c, r);
	char name[MEMBER_NAME_BYTES];
	struct buf b;
	buf_init(&b, WHY_BYTES);
	buf_add_str(&b, "You have left this room: ");
	const char *who = m->persona ? m->name : member_name(c, m, name, sizeof name);
	buf_add_str(&b, held && m->introduced ? "someone" : who);
	if (m->persona) {
		buf_add_str(&b, " is in it, by a name of this room only.");
	} else if (m->introduced) {
		buf_add_str(&b, " from ");
		buf_add_view(&b, uri_domain(view_str(m->participant)));
		buf_add_str(&b, " is in it, who is no contact of yours.");
	} else {
		buf_add_str(&b, ", has not said who they are.");
	}
	buf_add_byte(&b, 0);
	uc_err err = b.failed ? b.failed : room_flee(c, r, (const char *)b.p);
	buf_done(&b);
	return err;
}

/* --- conversations of two --- */

static bool is_other(const struct room *r, const struct member *m)
{
	return strcmp(m->participant, r->participant) != 0;
}

static bool anybody_introduced(const struct room *r)
{
	for (const struct member *m = r->members; m; m = m->next)
		if (m->introduced && is_other(r, m))
			return true;
	return false;
}

void strangers_expect(struct room *r)
{
	if (!r->direct || r->unshown || anybody_introduced(r))
		return;
	r->unshown = r->next_message + 1;
	r->dirty = true;
}

uc_err strangers_met(struct uc_client *c, struct room *r, const struct member *m)
{
	const struct contact *k = contact_find(c, &m->contact);
	bool held = strangers_hold(r);
	if (!r->unshown || (k && k->blocked))
		return UC_OK;
	r->unshown = 0;
	r->dirty = true;
	return held ? rooms_shown(c, r) : UC_OK;
}

bool strangers_hold(const struct room *r)
{
	return r->unshown && !r->made;
}

bool strangers_veil(const struct uc_client *c, const struct room *r)
{
	return strangers_hold(r) || guardian_holds(c, r);
}

uc_err strangers_forget(struct uc_client *c, struct room *r)
{
	uint64_t from = r->unshown;
	if (!from)
		return UC_OK;
	TRY(history_forget(c, r, from - 1, true));
	r->unshown = 0;
	r->unread = 0;
	r->dirty = true;
	return UC_OK;
}

/* Whoever has used what we gave to somebody says so within an hour of being asked, or it was somebody
 * else.  Where no ask can stand, as while their app is down, nobody was asked. */
static uc_err await_introduction(struct uc_client *c, struct room *r)
{
	for (const struct member *m = r->members; m; m = m->next)
		if (is_other(r, m) && !m->gone &&
		    (!m->asked_ms || waits_until(c, m->asked_ms + INTRODUCTION_MS)))
			return UC_OK;
	return room_flee(c, r,
			 "You have left this conversation: whoever has brought you into it has not "
			 "said who they are.");
}

/* --- who writes in groups, and does not say who they are --- */

void strangers_wrote(struct room *r, struct view participant)
{
	struct member *m = room_member_find(r, participant);
	if (r->direct || !m || m->introduced || m->wrote)
		return;
	m->wrote = r->dirty = r->members_dirty = true;
}

/* They wrote, and were asked an hour ago. */
static bool is_silent(struct uc_client *c, const struct room *r, const struct member *m)
{
	bool asked = c->account.removes_silent && !r->direct && !m->introduced && m->asked_ms;
	return asked && m->wrote && !waits_until(c, m->asked_ms + INTRODUCTION_MS);
}

static bool may_remove(const struct room *r, const struct member *m)
{
	uint32_t ours = room_group_role(r->group, view_str(r->participant));
	uint32_t theirs = room_group_role(r->group, view_str(m->participant));
	return room_role_may_change(false, ours, theirs, ROLE_NONE);
}

/* It is on its way, also from before a restart. */
static bool is_removing(const struct room *r, const struct member *m)
{
	for (const struct task *t = r->tasks; t; t = t->next)
		if (t->kind == TASK_REMOVE && !strcmp(t->participant, m->participant))
			return true;
	return m->removing;
}

static uc_err silent_remove(struct uc_client *c, struct room *r, struct member *m)
{
	char name[MEMBER_NAME_BYTES];
	struct buf b;
	buf_init(&b, WHY_BYTES);
	buf_add_str(&b, member_name(c, m, name, sizeof name));
	buf_add_str(&b,
		    ", has written here and not said who they are, an hour after being asked: this "
		    "device takes them out.");
	buf_add_byte(&b, 0);
	uc_err err = b.failed ? b.failed : history_note(c, r, (const char *)b.p);
	buf_done(&b);
	TRY(err);
	m->removing = true;
	return groups_remove(c, r, m->participant, 0);
}

/* Where this device may not, what they write is hidden (strangers_hide). */
static uc_err silent_drive(struct uc_client *c, struct room *r)
{
	if (r->says == SAYS_NOTHING || guardian_holds(c, r))
		return UC_OK;
	for (struct member *m = r->members; m; m = m->next)
		if (!m->gone && !is_removing(r, m) && is_other(r, m) && is_silent(c, r, m) &&
		    may_remove(r, m))
			TRY(silent_remove(c, r, m));
	return UC_OK;
}

static uc_err removes_set(struct uc_client *c, void *arg)
{
	const bool *removes = arg;
	c->account.dirty = c->account.dirty || c->account.removes_silent != *removes;
	c->account.removes_silent = *removes;
	return UC_OK;
}

uc_err uc_remove_not_introduced(uc_client *c, bool remove)
{
	return c ? turn_run(c, removes_set, &remove) : UC_E_ARGUMENT;
}

/* --- groups --- */

/* Who is brought in by an address that a contact gave us is expected to be that contact. */
static struct uc_id identity_of(const struct member *m)
{
	char app[DOMAIN_MAX];
	if (!m->introduced)
		return m->contact;
	if (text_set(app, sizeof app, uri_domain(view_str(m->participant))))
		return (struct uc_id){ { 0 } };
	return contact_id(app, m->account_key);
}

/* *out: nobody is known yet behind it. */
static enum reaching look(struct uc_client *c, const struct member *m, bool *unknown)
{
	struct uc_id id = identity_of(m);
	*unknown = id_is_zero(&id) && !m->persona;
	/* Who is behind a persona, not even a guardian knows. */
	if (m->persona)
		return REACHING_NOTHING;
	return reaching_member(c, &id);
}

uc_err strangers_drive(struct uc_client *c, struct room *r)
{
	if (r->fleeing)
		return leave(c, r);
	if (strangers_hold(r))
		return await_introduction(c, r);
	/* Who a conversation of two is with was decided when it began. */
	if (r->direct)
		return UC_OK;
	TRY(silent_drive(c, r));
	if (!reaching_is_young(c))
		return UC_OK;
	bool held = guardian_holds(c, r);
	for (struct member *m = r->members; m; m = m->next) {
		bool unknown;
		bool fits = m->admitted && !m->persona;
		if (m->gone || fits || !is_other(r, m))
			continue;
		if (!m->since_ms) {
			m->since_ms = client_now(c);
			r->dirty = r->members_dirty = true;
		}
		enum reaching is = look(c, m, &unknown);
		bool fine = is == REACHING_SHOWN;
		/* What the guardian will be asked about, or has been. */
		if (held && is == REACHING_WAITS && !unknown)
			continue;
		if (fine && m->introduced)
			m->admitted = r->dirty = r->members_dirty = true;
		else if (!fine && !PLANTED(stranger_stays) &&
			 (!unknown || !waits_until(c, m->since_ms + INTRODUCTION_MS)))
			return flee_from(c, r, m);
	}
	return UC_OK;
}

struct uc_id strangers_account(const struct member *m)
{
	char app[DOMAIN_MAX];
	if (!id_is_zero(&m->contact) || !m->introduced || m->persona ||
	    text_set(app, sizeof app, uri_domain(view_str(m->participant))))
		return m->contact;
	return contact_id(app, m->account_key);
}

bool strangers_blocked(struct uc_client *c, const struct member *m)
{
	const struct contact *k = contact_find(c, &m->contact);
	struct uc_id id;
	if (k || (!c->barred && !c->linkeds))
		return k && k->blocked;
	id = strangers_account(m);
	return linked_is_blocked(c, &id);
}

/* To somebody below 16: this device is about to leave because of them, or would have, had it been on. */
static bool is_strange(struct uc_client *c, const struct room *r, const struct member *m)
{
	bool unknown;
	if (!m->introduced)
		return true;
	/* What is said where the guardian is asked is looked at when they have agreed. */
	if ((m->admitted && !m->persona) || guardian_holds(c, r))
		return false;
	return look(c, m, &unknown) != REACHING_SHOWN;
}

bool strangers_hide(struct uc_client *c, const struct room *r, const struct member *m)
{
	if (m->blocked || strangers_blocked(c, m))
		return true;
	return is_silent(c, r, m) || (!r->direct && reaching_is_young(c) && is_strange(c, r, m));
}
