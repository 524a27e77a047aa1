/* SPDX-License-Identifier: Apache-2.0 */
#include "client/closing.h"

#include "client/groups.h"
#include "client/outbox.h"
#include "client/rooms.h"
#include "client/strangers.h"

static bool is_with(const struct room *r, const struct contact *k)
{
	return r->direct && id_equal(&r->contact, &k->id) && r->state != ROOM_LEFT &&
	       r->state != ROOM_LEAVING;
}

bool closing_waits(struct uc_client *c, const struct room *r)
{
	uint64_t now = client_now(c);
	/* Of a time when the clock was ahead: now. */
	if (now >= r->close_ms || r->close_ms > now + CLOSING_LAST_MS)
		return false;
	wake_at(c, r->close_ms);
	return true;
}

static uc_err hide(struct uc_client *c, struct room *r)
{
	uint64_t dice;
	if (r->close_ms)
		return UC_OK;
	TRY(env_random(&c->env, (uint8_t *)&dice, sizeof dice));
	r->close_ms =
		client_now(c) + CLOSING_FIRST_MS + dice % (CLOSING_LAST_MS - CLOSING_FIRST_MS);
	r->fleeing = r->dirty = true;
	r->unread = 0;
	outbox_fail_words(c, r);
	struct event_out *e = event_new(c, UC_EVENT_ROOM_LEFT);
	if (e) {
		e->event.has_room = true;
		e->event.room = r->id;
	}
	return UC_OK;
}

/* Where nobody was told who we are there is nothing to be seen of. */
static bool can_hide(struct uc_client *c, const struct room *r)
{
	return r->state == ROOM_OPEN && !r->shadow && !strangers_veil(c, r) &&
	       (!r->fleeing || r->close_ms);
}

uc_err closing_begin(struct uc_client *c, const struct contact *k)
{
	for (struct room *r = c->rooms; r; r = r->next)
		if (is_with(r, k))
			TRY(can_hide(c, r) ? hide(c, r) : rooms_close(c, r, 0));
	return UC_OK;
}

static bool is_leaving(const struct room *r)
{
	for (const struct task *t = r->tasks; t; t = t->next)
		if (t->kind == TASK_LEAVE)
			return true;
	return false;
}

void closing_undo(struct uc_client *c, const struct contact *k)
{
	for (struct room *r = c->rooms; r; r = r->next) {
		if (!is_with(r, k) || !r->close_ms || is_leaving(r))
			continue;
		r->close_ms = 0;
		r->fleeing = false;
		r->dirty = true;
		room_changed(c, r, VIEW_LIT("unblocked"));
	}
}
