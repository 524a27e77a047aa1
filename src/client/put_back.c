/* SPDX-License-Identifier: Apache-2.0 */
#include "client/put_back.h"

#include "client/heads.h"
#include "client/history.h"
#include "client/outbox.h"
#include "client/room_group.h"
#include "client/rooms.h"

enum { LOOK_BACK = 10000 };

/* --- our own words that the log has no more --- */

static uc_err message_at(struct uc_client *c, struct room *r, uint64_t number, struct message *m)
{
	struct arena_mark mark = arena_mark(&c->call);
	*m = (struct message){ 0 };
	uc_err err = history_get(c, r, number, &c->call, m);
	arena_reset(&c->call, mark);
	return err;
}

/* The first that may have been accepted there, or later.  Ours are accepted in the order of their
 * numbers; what came from others meanwhile stands between them. */
static uc_err first_since(struct uc_client *c, struct room *r, uint64_t seq, uint64_t *first)
{
	struct message m;
	uint64_t least = r->next_message > LOOK_BACK ? r->next_message - LOOK_BACK : 0;
	*first = r->next_message + 1;
	while (*first > least + 1) {
		uc_err err = message_at(c, r, *first - 1, &m);
		if (err && err != UC_E_NOT_FOUND)
			return err;
		if (!err && m.own && m.seq && m.seq < seq)
			break;
		--*first;
	}
	return UC_OK;
}

static uc_err say_again(struct uc_client *c, struct room *r, uint64_t number, uint64_t seq)
{
	struct arena a;
	struct message m = { 0 };
	arena_init(&a, 8 * MESSAGE_MAX, ARENA_SECRET);
	uc_err err = history_get(c, r, number, &a, &m);
	bool is_lost = !err && m.own && m.state == UC_MESSAGE_ACCEPTED && m.seq >= seq &&
		       m.kind != UC_MESSAGE_NOTE && !m.deleted;
	if (is_lost)
		err = outbox_say_again(c, r, &m);
	arena_done(&a);
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

static uc_err say_all_again(struct uc_client *c, struct room *r, uint64_t seq)
{
	uint64_t number;
	TRY(outbox_again(c, r, seq));
	TRY(first_since(c, r, seq, &number));
	for (; number <= r->next_message; number++)
		TRY(say_again(c, r, number, seq));
	return UC_OK;
}

/* --- the group --- */

/* Ours has gone another way, or may have: a proposal that the log has no more would be part of every
 * commit of ours. */
static bool is_beyond(const struct room *r, const struct seat_open_response *in)
{
	uint8_t own[SHA256_BYTES];
	bool same = r->group && (room_group_epoch(r->group) < in->epoch ||
				 (room_group_epoch(r->group) == in->epoch &&
				  !room_group_transcript(r->group, own) &&
				  view_equal(VIEW_OF(own), VIEW_OF(in->transcript))));
	return !same || room_group_has_proposals(r->group) || r->state == ROOM_LEAVING;
}

static uc_err go_back(struct uc_client *c, struct room *r, const struct seat_open_response *in)
{
	event_warning(c, UC_E_RESTORED, VIEW_LIT("the room's log was put back to an earlier state"),
		      &r->id);
	TRY(say_all_again(c, r, in->renewed));
	r->seq = in->renewed - 1;
	memcpy(r->chain, in->renewed_chain, CHAIN_HASH);
	r->pending.accepted = false;
	r->dirty = true;
	heads_forget(r);
	if (is_beyond(r, in))
		room_lost(c, r, UC_E_RESTORED, NULL);
	return UC_OK;
}

uc_err put_back(struct uc_client *c, struct room *r, const struct seat_open_response *in)
{
	if (r->state != ROOM_OPEN && r->state != ROOM_LEAVING)
		return UC_OK;
	if (in->is_behind)
		return go_back(c, r, in);
	/* What was accepted and is not in the log may have been in the one of before. */
	return outbox_again(c, r, in->renewed > in->next ? in->renewed : in->next);
}
