/* SPDX-License-Identifier: Apache-2.0 */
#include "client/resync.h"

#include "client/chains.h"
#include "client/devices.h"
#include "client/heads.h"
#include "client/history.h"
#include "client/outbox.h"
#include "client/pool.h"
#include "client/protocol.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/seats.h"

#include "base/heap.h"

enum {
	DOUBT_MS = 1000,
	EPOCH_MS = 400,          /* after another's commit was first, twice as long each time ... */
	EPOCH_TRIES = 7,         /* ... but so often at most */
	RETRY_MS = 10 * 1000,    /* what went wrong may not go wrong again */
	REFUSED_MS = 300 * 1000, /* or is as it is */
	READ_MS = 60 * 1000,     /* so long the old seat is read */
	REFUSALS = 6,            /* of the new seat, until all is begun anew */
	/* Between two times that a room is lost: who makes it so gets little by it. */
	AGAIN_MS = 60 * 1000,
	AGAIN_DOUBLINGS = 8,
	CALM_MS = 24 * 3600 * 1000,
	EVIDENCE = 16, /* kept of a room */
};

static const char unread[] = "some messages could not be read";
static const char before[] = "what was said here before is not on this device";

/* --- being lost --- */

/* What led to it, and where in the log that was: the hub's word, if it should have been false. */
struct lost_evidence {
	uint16_t version, why;
	uint64_t time_ms, seq;
	uint8_t chain[CHAIN_HASH];
	struct view entry; /* encoded log_entry; empty when it was no entry */
};
static void wire_lost_evidence(struct wire *w, struct lost_evidence *e)
{
	wire_u16(w, &e->version);
	wire_u16(w, &e->why);
	wire_u64(w, &e->time_ms);
	wire_u64(w, &e->seq);
	wire_fixed(w, e->chain, sizeof e->chain);
	wire_bytes(w, &e->entry);
}
WIRE_ELEMENT(lost_evidence)

static void evidence_keep(struct uc_client *c, struct room *r, uc_err why,
			  const struct log_entry *entry)
{
	struct lost_evidence e = {
		.version = 1, .why = (uint16_t)why, .time_ms = client_now(c), .seq = r->seq
	};
	struct safe_place at = { .table = "lost",
				 .owner = VIEW_OF(r->id.b),
				 .number = r->rejoin.count % EVIDENCE };
	memcpy(e.chain, r->chain, CHAIN_HASH);
	if (entry && wire_encode_to(&c->call, log_entry_element, entry, &e.entry))
		e.entry = (struct view){ NULL, 0 };
	safe_put_object(&c->safe, at, lost_evidence_element, &e);
}

void resync_start(struct uc_client *c, struct room *r, uc_err why, const struct log_entry *entry)
{
	struct rejoin *j = &r->rejoin;
	if (client_now(c) > j->last_ms + CALM_MS)
		j->count = 0;
	struct set *s = pool_find(c, r->set_id);
	if (s) /* else the seat that we give up would be found again */
		set_change(s, SET_SPENT);
	r->lost = r->dirty = true;
	r->missed = false;
	j->tries = j->refusals = 0;
	j->doubted = false;
	j->read_until_ms = 0;
	evidence_keep(c, r, why, entry);
	event_warning(c, why, VIEW_LIT("this device has lost its place in the room and joins anew"),
		      &r->id);
}

static bool can_read(const struct room *r)
{
	return r->group && !r->stuck;
}

/* The commit that was on its way is of no use. */
static void forget(struct room *r)
{
	struct rejoin *j = &r->rejoin;
	room_group_free(j->group);
	j->group = NULL;
	j->group_dirty = r->dirty = true;
	j->step = REJOIN_NONE;
	blob_done(&j->update);
}

void resync_drop(struct room *r)
{
	forget(r);
	r->lost = r->stuck = false;
}

/* Spread over `ms` to twice that: others may be in the same place. */
static void wait(struct uc_client *c, struct room *r, uint64_t ms)
{
	uint16_t dice = 0;
	if (env_random(&c->env, (uint8_t *)&dice, sizeof dice))
		dice = 0;
	r->retry_ms = client_now(c) + ms + ms * dice / 65536;
}

/* --- the hub's view --- */

static uc_err take(struct uc_client *c, struct room *r, const struct reply *reply)
{
	struct rejoin *j = &r->rejoin;
	struct room_group_info_response in;
	struct view update;
	TRY(reply->err);
	TRY(wire_decode(reply->body, reply->mem, room_group_info_response_element, &in));
	TRY(room_group_rejoin(c, r, j->set, in.response, reply->mem, &update, j->hash, &j->group));
	j->group_dirty = r->dirty = true;
	j->step = REJOIN_SENT;
	j->seq = 0;
	memcpy(j->client, j->set->client, sizeof j->client);
	TRY(env_random(&c->env, j->seat_secret, sizeof j->seat_secret));
	return blob_set(&j->update, update);
}

/* We may have shown the hub keys that are not all there are by now: another device's word of them is in
 * the vault, and it is asked once more; while that cannot be read, every few minutes: a room is not given up
 * for what this device cannot see. */
static void doubt(struct uc_client *c, struct room *r)
{
	bool again = r->rejoin.doubted;
	r->rejoin.doubted = true;
	vault_look_again(c);
	wait(c, r, again ? REFUSED_MS : DOUBT_MS);
}

/* Taken out, or by an ended device's key shut out: the others see for themselves, and nothing that this
 * device says takes them out. */
static void refused(struct uc_client *c, struct room *r)
{
	rooms_left(c, r);
	r->lost = c->vault.has_keys;
}

static uc_err info_done(struct uc_client *c, void *subject, const struct reply *reply)
{
	struct room *r = subject;
	struct rejoin *j = &r->rejoin;
	r->rejoin_busy = false;
	uc_err err = r->lost && j->step == REJOIN_NONE ? take(c, r, reply) : UC_OK;
	set_free(j->set);
	j->set = NULL;
	if (err_is_hard(err))
		return err;
	if (err == UC_E_REMOVED && c->vault.has_keys && !(j->doubted && c->vault.read)) {
		doubt(c, r);
		return UC_OK;
	}
	if (err == UC_E_REMOVED) {
		refused(c, r);
		return history_note(c, r, unread);
	}
	if (err == UC_E_NOT_FOUND) {
		rooms_left(c, r);
		return UC_OK;
	}
	if (err && reply->err != UC_E_NET)
		wait(c, r,
		     reply->err && reply_is_transient(reply)
			     ? retry_at(c, reply, RETRY_MS) - client_now(c)
			     : REFUSED_MS);
	return UC_OK;
}

/* A client of the room's own participant, with a leaf key of its own: another one each time, since
 * the one before may have come to stand in the tree after all. */
static uc_err client_make(struct uc_client *c, struct room *r)
{
	struct set *s = HEAP_NEW(struct set);
	if (!s)
		return UC_E_MEMORY;
	s->participant_key = r->participant_key;
	s->keys = &r->keys;
	uc_err err = room_group_key_package(c, s);
	s->keys = NULL;
	if (err) {
		set_free(s);
		return err;
	}
	set_free(r->rejoin.set);
	r->rejoin.set = s;
	return UC_OK;
}

static uc_err info_ask(struct uc_client *c, struct room *r)
{
	struct room_group_info_request req = { .room = view_str(r->uri) };
	TRY(client_make(c, r));
	TRY(room_group_rejoin_ask(c, r->rejoin.set, &c->call, &req.request));
	r->rejoin_busy = true;
	return call_send(c, FRAME_ROOM_GROUP_INFO, room_group_info_request_element, &req, info_done,
			 r);
}

/* --- the commit --- */

/* Another commit was first: from the beginning, later each time. */
static void outrun(struct uc_client *c, struct room *r)
{
	struct rejoin *j = &r->rejoin;
	forget(r);
	if (++j->tries < EPOCH_TRIES) {
		wait(c, r, (uint64_t)EPOCH_MS << j->tries);
		return;
	}
	j->tries = 0;
	event_warning(c, UC_E_EPOCH_PAST, VIEW_LIT("the room changes too fast to be joined anew"),
		      &r->id);
	wait(c, r, REFUSED_MS);
}

static uc_err join_done(struct uc_client *c, void *subject, const struct reply *reply)
{
	struct room *r = subject;
	struct update_answer in = { .result = ANSWER_REFUSED };
	r->rejoin_busy = false;
	if (r->rejoin.step != REJOIN_SENT || r->state == ROOM_LEFT || reply->err == UC_E_NET)
		return UC_OK;
	if (reply->err && reply_is_transient(reply)) {
		wait(c, r, retry_at(c, reply, RETRY_MS) - client_now(c));
		return UC_OK;
	}
	uc_err err = reply->err ? reply->err : update_answer_read(reply->body, reply->mem, &in);
	if (!err && in.result == ANSWER_ACCEPTED) {
		r->rejoin.step = REJOIN_ACCEPTED;
		r->rejoin.seq = in.seq;
		r->rejoin.read_until_ms = 0;
		r->dirty = true;
	} else if (!err && in.result == ANSWER_EPOCH) {
		outrun(c, r);
	} else {
		event_warning(c, err ? err : UC_E_POLICY, reply->err ? reply->text : in.text,
			      &r->id);
		forget(r);
		wait(c, r, REFUSED_MS);
	}
	return UC_OK;
}

static uc_err join_send(struct uc_client *c, struct room *r)
{
	const struct rejoin *j = &r->rejoin;
	struct room_update_request req = {
		.room = view_str(r->uri),
		.client = view_str(j->client),
		.secret = VIEW_OF(j->seat_secret),
		.update = blob_view(&j->update),
	};
	const struct seat_key key = { req.client, req.secret, j->group, NULL };
	TRY(seat_sign_as(c, r, &key, &c->call, &req.signature));
	r->rejoin_busy = true;
	return call_send(c, FRAME_ROOM_UPDATE, room_update_request_element, &req, join_done, r);
}

/* --- from the old place to the new one --- */

static uc_err change_over(struct uc_client *c, struct room *r)
{
	struct rejoin *j = &r->rejoin;
	uc_err err = room_group_rejoined(j->group);
	if (err) {
		forget(r);
		return err;
	}
	room_group_free(r->group);
	r->group = j->group;
	j->group = NULL;
	r->group_dirty = j->group_dirty = r->dirty = true;
	memcpy(r->client, j->client, sizeof r->client);
	memcpy(r->seat_secret, j->seat_secret, sizeof r->seat_secret);
	r->seat_open = r->stuck = false;
	r->seat_known = true;
	r->commit_ms = r->keys_epoch = 0;
	r->silent = 0;
	r->silent_seen = false;
	j->step = REJOIN_SEATED;
	j->refusals = 0;
	blob_done(&j->update);
	r->pending.there = false;
	blob_done(&r->pending.update);
	for (struct task *t = r->tasks; t; t = t->next)
		t->staged = false;
	(void)c;
	return UC_OK;
}

uc_err resync_entry(struct uc_client *c, struct room *r, const uint8_t hash[SHA256_BYTES],
		    uint64_t seq, bool *ours)
{
	struct rejoin *j = &r->rejoin;
	*ours = (j->step == REJOIN_SENT || j->step == REJOIN_ACCEPTED) &&
		view_equal(VIEW_OF(j->hash), (struct view){ hash, SHA256_BYTES });
	if (!*ours)
		return UC_OK;
	j->seq = seq;
	return change_over(c, r);
}

/* Is there more to read from the old seat, up to (without) that entry?  Then *err is of opening it,
 * if it has to be. */
static bool reads(struct uc_client *c, struct room *r, uint64_t until, uc_err *err)
{
	struct rejoin *j = &r->rejoin;
	*err = UC_OK;
	if (!can_read(r) || r->seq + 1 >= until)
		return false;
	if (!j->read_until_ms)
		j->read_until_ms = client_now(c) + READ_MS;
	if (!waits_until(c, j->read_until_ms)) {
		r->missed = r->dirty = true;
		return false;
	}
	if (!r->seat_open)
		*err = seat_open(c, r);
	return true;
}

/* When we may ask; 0: at once. */
static uint64_t due_ms(const struct room *r)
{
	uint32_t n = r->rejoin.count < AGAIN_DOUBLINGS ? r->rejoin.count : AGAIN_DOUBLINGS;
	return n ? r->rejoin.last_ms + ((uint64_t)AGAIN_MS << (n - 1)) : 0;
}

static uc_err begin(struct uc_client *c, struct room *r)
{
	uc_err err;
	if (reads(c, r, r->seat_open ? r->log_next : UINT64_MAX, &err))
		return err;
	if (waits_until(c, due_ms(r)))
		return UC_OK;
	if (r->rejoin.doubted && chain_is_unread(c))
		return UC_OK;
	return info_ask(c, r);
}

static uc_err go_on(struct uc_client *c, struct room *r)
{
	uc_err err;
	switch (r->rejoin.step) {
	case REJOIN_NONE:
		return begin(c, r);
	case REJOIN_SENT:
		return join_send(c, r);
	case REJOIN_ACCEPTED:
		if (reads(c, r, r->rejoin.seq ? r->rejoin.seq : UINT64_MAX, &err))
			return err;
		TRY(change_over(c, r));
		break;
	default:
		break;
	}
	return seat_open(c, r);
}

uc_err resync_drive(struct uc_client *c, struct room *r)
{
	if (r->rejoin_busy || r->seat_busy)
		return UC_OK;
	if (waits_until(c, r->retry_ms))
		return UC_OK;
	return go_on(c, r);
}

/* --- the seat --- */

uc_err resync_opened(struct uc_client *c, struct room *r, const struct seat_open_response *in)
{
	struct rejoin *j = &r->rejoin;
	bool missed = r->missed || r->seq + 1 < in->start;
	if (r->seq == in->start &&
	    !view_equal(VIEW_OF(r->chain), (struct view){ in->start_chain, CHAIN_HASH })) {
		r->consistent = false;
		event_warning(c, UC_E_CHAIN,
			      VIEW_LIT("the room's log does not continue where it was"), &r->id);
	}
	r->seq = in->start;
	memcpy(r->chain, in->start_chain, CHAIN_HASH);
	heads_jumped(c, r);
	j->step = REJOIN_NONE;
	j->count++;
	j->last_ms = client_now(c);
	r->lost = r->missed = j->doubted = false;
	r->dirty = true;
	outbox_trimmed(c, r, r->seq + 1);
	r->direct = room_group_is_direct(r->group);
	if (missed || r->restored)
		TRY(history_note(c, r, r->restored ? before : unread));
	/* Nobody else knows that this device knows nobody. */
	if (r->restored)
		r->ask_ms = client_now(c);
	r->restored = false;
	TRY(rooms_entered(c, r));
	room_changed(c, r, VIEW_LIT("rejoined"));
	return UC_OK;
}

void resync_unseated(struct uc_client *c, struct room *r, uc_err why)
{
	struct rejoin *j = &r->rejoin;
	r->seat_open = false;
	if (j->step != REJOIN_SEATED) {
		/* The old one: whether we are still there, the hub says to one who asks anew. */
		r->stuck = r->dirty = true;
		return;
	}
	r->seat_known = !r->seat_known; /* whichever of the two forms it wants */
	r->dirty = true;
	if (why == UC_E_REMOVED || ++j->refusals >= REFUSALS) {
		j->step = REJOIN_NONE;
		r->stuck = true;
		wait(c, r, RETRY_MS);
	}
}
