/* SPDX-License-Identifier: Apache-2.0 */
/* What the owner is told. */
#include "client/rooms.h"
#include "client/strangers.h"

uc_op op_new(struct uc_client *c)
{
	if (++c->next_op == 0)
		c->next_op = 1;
	return c->next_op;
}

struct event_out *event_new(struct uc_client *c, enum uc_event_kind kind)
{
	struct event_out *e = event_queue_add(&c->events, kind);
	if (!e) /* nothing is kept that could not be told */
		safe_fail(&c->safe, UC_E_MEMORY);
	return e;
}

void op_done_at(struct uc_client *c, uc_op op, uc_err err, struct view text,
		const struct uc_id *request, const struct uc_id *room)
{
	struct event_out *e = op ? event_new(c, UC_EVENT_DONE) : NULL;
	if (!e)
		return;
	e->event.op = op;
	e->event.err = err;
	e->event.text = event_text(e, err && !text.n ? view_str(uc_err_text(err)) : text);
	if (request) {
		e->event.has_request = true;
		e->event.request = *request;
	}
	if (room) {
		e->event.has_room = true;
		e->event.room = *room;
	}
}

void op_done(struct uc_client *c, uc_op op, uc_err err, struct view text)
{
	op_done_at(c, op, err, text, NULL, NULL);
}

void event_warning(struct uc_client *c, uc_err err, struct view text, const struct uc_id *room)
{
	struct event_out *e = event_new(c, UC_EVENT_WARNING);
	const struct room *r = room ? room_find(c, room) : NULL;
	/* The words may be the hub's, which is whose it is that brings somebody there. */
	bool own_words = r && (r->fleeing || r->state == ROOM_JOINING || strangers_veil(c, r));
	if (!e)
		return;
	e->event.err = err;
	e->event.text = event_text(e, text.n && !own_words ? text : view_str(uc_err_text(err)));
	if (room) {
		e->event.has_room = true;
		e->event.room = *room;
	}
}
