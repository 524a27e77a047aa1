/* SPDX-License-Identifier: Apache-2.0 */
#include "client/resync.h"

#include "client/introductions.h"
#include "client/outbox.h"
#include "client/pool.h"
#include "client/protocol.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/seats.h"

#include "base/heap.h"

enum { EPOCH_MS = 500, RETRY_MS = 10 * 1000, REFUSED_MS = 5 * 60 * 1000 };

/* A client of the room's own participant, with a leaf key of its own. */
static uc_err client_make(struct uc_client *c, struct room *r, struct set **out)
{
	struct set *s = HEAP_NEW(struct set);
	if (!s)
		return UC_E_MEMORY;
	s->participant_key = r->participant_key;
	uc_err err = env_random(&c->env, s->set_id, SET_ID);
	if (!err)
		err = room_group_key_package(c, s);
	if (err) {
		set_free(s);
		return err;
	}
	set_change(s, SET_REJOINING);
	s->next = c->sets;
	c->sets = s;
	memcpy(r->set_id, s->set_id, SET_ID);
	r->dirty = true;
	*out = s;
	return UC_OK;
}

static uc_err client_of(struct uc_client *c, struct room *r, struct set **out)
{
	struct set *s = pool_find(c, r->set_id);
	if (s && s->state == SET_REJOINING) {
		*out = s;
		return UC_OK;
	}
	return client_make(c, r, out);
}

static void again(struct uc_client *c, struct room *r, const struct reply *reply, uint64_t wait_ms)
{
	if (reply->err != UC_E_NET)
		r->retry_ms = client_now(c) + wait_ms;
}

static void group_drop(struct room *r)
{
	room_group_free(r->group);
	r->group = NULL;
	r->group_dirty = r->dirty = true;
	r->rejoin = REJOIN_NONE;
	r->pending.there = false;
	blob_done(&r->pending.update);
}

/* --- the hub's view --- */

static uc_err take(struct uc_client *c, struct room *r, const struct reply *reply)
{
	struct room_group_info_response in;
	struct room_group *g;
	struct set *s;
	struct view update;
	uint8_t hash[SHA256_BYTES];
	TRY(reply->err);
	TRY(wire_decode(reply->body, reply->mem, room_group_info_response_element, &in));
	TRY(client_of(c, r, &s));
	TRY(room_group_rejoin(c, r, s, in.response, reply->mem, &update, hash, &g));
	group_drop(r);
	r->group = g;
	r->rejoin = REJOIN_SENT;
	r->seat_open = r->seat_known = false;
	memcpy(r->client, s->client, sizeof r->client);
	TRY(env_random(&c->env, r->seat_secret, sizeof r->seat_secret));
	r->pending.there = r->pending.is_commit = true;
	r->pending.accepted = false;
	memcpy(r->pending.hash, hash, SHA256_BYTES);
	for (struct task *t = r->tasks; t; t = t->next)
		t->staged = false;
	return blob_set(&r->pending.update, update);
}

static uc_err info_done(struct uc_client *c, void *subject, const struct reply *reply)
{
	struct room *r = subject;
	r->update_busy = false;
	if (!r->lost || r->state == ROOM_LEFT || r->rejoin != REJOIN_NONE)
		return UC_OK;
	uc_err err = take(c, r, reply);
	if (err_is_hard(err))
		return err;
	if (err == UC_E_REMOVED)
		rooms_left(c, r);
	else if (err)
		again(c, r, reply, reply_is_transient(reply) ? RETRY_MS : REFUSED_MS);
	return UC_OK;
}

static uc_err info_ask(struct uc_client *c, struct room *r)
{
	struct room_group_info_request req = { .room = view_str(r->uri) };
	struct set *s;
	TRY(client_of(c, r, &s));
	TRY(room_group_rejoin_ask(c, s, &c->call, &req.request));
	r->update_busy = true;
	return call_send(c, FRAME_ROOM_GROUP_INFO, room_group_info_request_element, &req, info_done,
			 r);
}

/* --- the commit --- */

static uc_err join_done(struct uc_client *c, void *subject, const struct reply *reply)
{
	struct room *r = subject;
	struct update_answer in;
	r->update_busy = false;
	if (r->rejoin != REJOIN_SENT || r->state == ROOM_LEFT)
		return UC_OK;
	if (reply->err == UC_E_NET || (reply->err && reply_is_transient(reply))) {
		again(c, r, reply, RETRY_MS);
		return UC_OK;
	}
	bool read = !reply->err && !update_answer_read(reply->body, reply->mem, &in);
	if (!read || in.result != ANSWER_ACCEPTED) {
		/* Another commit was first, or it is not allowed: from the beginning. */
		again(c, r, reply, read && in.result == ANSWER_EPOCH ? EPOCH_MS : REFUSED_MS);
		group_drop(r);
		return UC_OK;
	}
	TRY(room_group_rejoined(r->group));
	r->pending.there = false;
	blob_done(&r->pending.update);
	r->rejoin = REJOIN_SEATED;
	r->seat_known = true;
	r->seq = in.seq;
	r->dirty = r->group_dirty = true;
	return UC_OK;
}

static uc_err join_send(struct uc_client *c, struct room *r)
{
	struct room_update_request req = {
		.room = view_str(r->uri),
		.client = view_str(r->client),
		.secret = VIEW_OF(r->seat_secret),
		.update = blob_view(&r->pending.update),
	};
	TRY(seat_sign(c, r, &c->call, &req.signature));
	r->update_busy = true;
	return call_send(c, FRAME_ROOM_UPDATE, room_update_request_element, &req, join_done, r);
}

uc_err resync_drive(struct uc_client *c, struct room *r)
{
	if (r->update_busy)
		return UC_OK;
	if (client_now(c) < r->retry_ms) {
		wake_at(c, r->retry_ms);
		return UC_OK;
	}
	return r->rejoin == REJOIN_NONE ? info_ask(c, r) : join_send(c, r);
}

/* --- the seat --- */

uc_err resync_opened(struct uc_client *c, struct room *r, const struct seat_open_response *in)
{
	struct set *s = pool_find(c, r->set_id);
	if (s)
		set_change(s, SET_SPENT);
	r->seq = in->start;
	memcpy(r->chain, in->start_chain, CHAIN_HASH);
	r->rejoin = REJOIN_NONE;
	r->lost = false;
	r->dirty = true;
	outbox_trimmed(c, r, r->seq + 1);
	TRY(room_members_sync(c, r));
	TRY(introductions_own(c, r));
	room_changed(c, r, VIEW_LIT("rejoined"));
	return UC_OK;
}
