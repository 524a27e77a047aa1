/* SPDX-License-Identifier: Apache-2.0 */
#include "client/inbox.h"

#include "client/groups.h"
#include "client/heads.h"
#include "client/history.h"
#include "client/introductions.h"
#include "client/outbox.h"
#include "client/protocol.h"
#include "client/received.h"
#include "client/resync.h"
#include "client/roles.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/seats.h"
#include "mimi/protocol.h"

#define LOG_LABEL "Undercroft log 1"

enum { GAP_MS = 1000 };

/* chain_n = SHA-256(label || chain_(n-1) || uint64 n || SHA-256(fanout)) */
static uc_err chain_next(const uint8_t before[CHAIN_HASH], uint64_t seq, struct view fanout,
			 uint8_t out[CHAIN_HASH])
{
	uint8_t number[8], hash[SHA256_BYTES];
	for (int i = 0; i < 8; i++)
		number[i] = (uint8_t)(seq >> 8 * (7 - i));
	TRY(sha256(fanout, hash));
	struct view parts[] = {
		VIEW_LIT(LOG_LABEL), { before, CHAIN_HASH }, VIEW_OF(number), VIEW_OF(hash)
	};
	return sha256_parts(parts, 4, out);
}

/* Both sides of a break: where we were, and what the hub says comes next. */
struct chain_break {
	uint16_t version;
	uint64_t time_ms, seq;
	uint8_t chain[CHAIN_HASH];
	struct view entry; /* encoded log_entry */
};
static void wire_chain_break(struct wire *w, struct chain_break *b)
{
	wire_u16(w, &b->version);
	wire_u64(w, &b->time_ms);
	wire_u64(w, &b->seq);
	wire_fixed(w, b->chain, sizeof b->chain);
	wire_bytes(w, &b->entry);
}
WIRE_ELEMENT(chain_break)

static uc_err chain_check(struct uc_client *c, struct room *r, const struct log_entry *e)
{
	uint8_t want[CHAIN_HASH];
	TRY(chain_next(r->chain, e->seq, e->fanout, want));
	if (view_equal(VIEW_OF(want), VIEW_OF(e->chain)))
		return UC_OK;
	if (!r->consistent)
		return UC_OK; /* the first break is evidence enough */
	r->consistent = false;
	event_warning(c, UC_E_CHAIN, VIEW_LIT("the room's log does not continue where it was"),
		      &r->id);
	struct chain_break b = { .version = 1, .time_ms = client_now(c), .seq = r->seq };
	memcpy(b.chain, r->chain, CHAIN_HASH);
	TRY(wire_encode_to(&c->call, log_entry_element, e, &b.entry));
	struct safe_place at = { .table = "chain break", .owner = VIEW_OF(r->id.b) };
	safe_put_object(&c->safe, at, chain_break_element, &b);
	return UC_OK;
}

/* --- what an entry means --- */

static uc_err application(struct uc_client *c, struct room *r, const struct room_entry *e,
			  uint64_t seq)
{
	heads_said(c, r, e);
	return received(c, r, e, seq);
}

static uc_err epoch_changed(struct uc_client *c, struct room *r, bool ours)
{
	TRY(room_members_sync(c, r));
	r->commit_ms = 0;
	if (ours)
		return groups_commit_applied(c, r);
	return groups_commit_lost(c, r);
}

static uc_err effect(struct uc_client *c, struct room *r, const struct room_entry *e,
		     const struct log_entry *entry, bool ours)
{
	switch (e->kind) {
	case ROOM_ENTRY_APPLICATION:
		return application(c, r, e, entry->seq);
	case ROOM_ENTRY_OWN:
		/* One that is not known is nobody's: any member can claim a used key of ours. */
		return outbox_seen(c, r, e->hash, e->timestamp, entry->seq, e->frank);
	case ROOM_ENTRY_FORGOTTEN:
		room_lost(c, r, UC_E_RESTORED, entry);
		return application(c, r, e, entry->seq);
	case ROOM_ENTRY_COMMIT:
		TRY(epoch_changed(c, r, ours));
		TRY(roles_changed(c, r, e));
		return introductions_epoch(c, r);
	case ROOM_ENTRY_PROPOSAL:
		groups_proposal_seen(c, r, e->hash);
		return UC_OK;
	case ROOM_ENTRY_REMOVED:
		r->stuck = true;
		rooms_removed(c, r, entry);
		return UC_OK;
	case ROOM_ENTRY_REPLACED:
		r->stuck = true;
		room_lost(c, r, UC_E_RESTORED, entry);
		return UC_OK;
	}
	return UC_OK;
}

/* *out: what the group makes of it. */
static uc_err entry_read(struct uc_client *c, struct room *r, const struct log_entry *entry,
			 struct room_entry *out)
{
	uc_err err = room_group_entry(c, r->group, entry->fanout, r->own_hub, &c->call, out);
	r->group_dirty = true;
	return err;
}

/* The hub has taken a commit that we cannot follow, or another than we have (UC_E_FORK: its order is
 * what counts), or is in an epoch that we have not seen: our part of the group is of an older copy,
 * or damaged, or somebody has sent us wrong secrets. */
static bool is_beyond_us(const struct room_entry_outside *o, uc_err err)
{
	bool late = err == UC_E_EPOCH_PAST || err == UC_E_REPLAY;
	return err == UC_E_EPOCH_FUTURE || (o->is_commit && !late);
}

/* A message that is not valid is told and passed by, as all other members do. */
static uc_err entry_process(struct uc_client *c, struct room *r, const struct log_entry *entry,
			    const struct room_entry_outside *o)
{
	struct room_entry e = { 0 };
	uint8_t hash[SHA256_BYTES];
	bool pending = r->pending.there;
	memcpy(hash, r->pending.hash, sizeof hash);
	uc_err err = entry_read(c, r, entry, &e);
	if (err && !err_is_hard(err) && is_beyond_us(o, err)) {
		room_lost(c, r, err, entry);
		r->stuck = true;
		r->missed = r->missed || o->is_message;
		return UC_OK;
	}
	bool ours = !err && pending && view_equal(VIEW_OF(hash), VIEW_OF(e.hash));
	if (!err)
		err = effect(c, r, &e, entry, ours);
	if (err && !err_is_hard(err)) {
		/* Of another state of the group than ours, which is lost: told once we are back. */
		r->missed = r->missed || (r->lost && o->is_message && err == UC_E_DECRYPT);
		event_warning(c, err, VIEW_LIT("something in this room could not be read"), &r->id);
		return UC_OK;
	}
	return err;
}

/* Our own way back in is known without a group to read it. */
static uc_err entry_meet(struct uc_client *c, struct room *r, const struct log_entry *entry)
{
	struct room_entry_outside o;
	bool ours;
	uc_err err = room_entry_look(entry->fanout, &c->call, &o);
	if (err) {
		event_warning(c, err, VIEW_LIT("something in this room makes no sense"), &r->id);
		return UC_OK;
	}
	TRY(resync_entry(c, r, o.hash, entry->seq, &ours));
	if (ours)
		return UC_OK;
	if (r->group && !r->stuck)
		return entry_process(c, r, entry, &o);
	r->missed = r->missed || (r->lost && o.is_message);
	return UC_OK;
}

static uc_err entry_take(struct uc_client *c, struct room *r, const struct log_entry *e)
{
	TRY(chain_check(c, r, e));
	TRY(entry_meet(c, r, e));
	r->seq = e->seq;
	memcpy(r->chain, e->chain, CHAIN_HASH);
	r->dirty = true;
	heads_passed(c, r);
	/* What was accepted at this place and is not what stands here was in a log that was put back. */
	return outbox_missed(c, r, e->seq);
}

/* The seat is opened anew, from what we have: what comes then is whole. */
static uc_err again(struct uc_client *c, struct room *r)
{
	r->seat_open = false;
	r->retry_ms = client_now(c) + GAP_MS;
	return UC_OK;
}

static uc_err acknowledge(struct uc_client *c, uint32_t seat, const struct room *r)
{
	const struct seat_ack ack = { seat, r->seq };
	return notice_send(c, FRAME_SEAT_ACK, seat_ack_element, &ack);
}

uc_err inbox_entry(struct uc_client *c, struct view body)
{
	struct entry_event e;
	if (wire_decode(body, &c->call, entry_event_element, &e))
		return UC_E_FRAME;
	struct room *r = seat_find(c, e.seat);
	if (!r)
		return UC_OK; /* of a seat that ended meanwhile */
	if (e.entry.seq > r->seq + 1)
		return again(c, r);
	if (e.entry.seq == r->seq + 1)
		TRY(entry_take(c, r, &e.entry));
	return acknowledge(c, e.seat, r);
}

/* --- what we sent ourselves --- */

uc_err inbox_own_entry(const struct room *r, const struct entry_own_event *e, struct arena *a,
		       struct log_entry *out)
{
	struct view message;
	struct frank frank;
	TRY(wire_decode(e->frank, a, frank_element, &frank));
	for (const struct outgoing *o = NULL; (o = outbox_under_way(r, o));) {
		struct fanout_message m = { .timestamp = e->timestamp,
					    .wire_format = MLS_PRIVATE_MESSAGE,
					    .content_type = CONTENT_APPLICATION,
					    .frank = &frank };
		uint8_t chain[CHAIN_HASH];
		struct arena_mark mark = arena_mark(a);
		TRY(submission_message(blob_view(&o->submit), a, &message));
		m.message = message;
		*out = (struct log_entry){ .version = LOG_ENTRY_VERSION, .seq = e->seq };
		TRY(wire_encode_to(a, fanout_message_element, &m, &out->fanout));
		TRY(chain_next(r->chain, e->seq, out->fanout, chain));
		memcpy(out->chain, e->chain, CHAIN_HASH);
		if (view_equal(VIEW_OF(chain), VIEW_OF(e->chain)))
			return UC_OK;
		arena_reset(a, mark);
	}
	return UC_E_NOT_FOUND;
}

/* The hub's chain says which it is.  If it is none that we know, the log has it. */
uc_err inbox_entry_own(struct uc_client *c, struct view body)
{
	struct entry_own_event e;
	struct log_entry entry;
	if (wire_decode(body, &c->call, entry_own_event_element, &e))
		return UC_E_FRAME;
	struct room *r = seat_find(c, e.seat);
	if (!r)
		return UC_OK;
	if (e.seq > r->seq + 1)
		return again(c, r);
	if (e.seq == r->seq + 1) {
		uc_err err = inbox_own_entry(r, &e, &c->call, &entry);
		if (err && !err_is_hard(err))
			return again(c, r);
		TRY(err);
		TRY(entry_take(c, r, &entry));
	}
	return acknowledge(c, e.seat, r);
}
