/* SPDX-License-Identifier: Apache-2.0 */
#include "client/outbox.h"

#include "client/heads.h"
#include "client/history.h"
#include "client/outbox_list.h"
#include "client/protocol.h"
#include "client/room_group.h"
#include "client/rooms.h"

#include "base/heap.h"
#include "base/planted.h"

enum { AT_ONCE = 16, RETRY_MS = 2 * 1000, LATEST_MS = 3600 * 1000 };

uc_err outbox_add(struct uc_client *c, struct room *r, struct view content, const struct uc_id *id,
		  uint64_t message)
{
	struct outgoing *o = HEAP_NEW(struct outgoing);
	if (!o)
		return UC_E_MEMORY;
	uc_err err = blob_set(&o->content, content);
	if (err) {
		heap_free(o);
		return err;
	}
	o->number = ++c->account.next_number;
	c->account.dirty = true;
	o->message = message;
	o->id = *id;
	outgoing_append(r, o);
	outgoing_change(r, o);
	return UC_OK;
}

/* --- how it ends --- */

static uc_err message_ended(struct uc_client *c, struct room *r, const struct outgoing *o,
			    uint8_t state, uint64_t timestamp, uint64_t seq, struct view frank)
{
	struct arena a;
	struct message m = { 0 };
	if (!o->message)
		return UC_OK;
	arena_init(&a, 8 * MESSAGE_MAX, ARENA_SECRET);
	uc_err err = history_get(c, r, o->message, &a, &m);
	if (!err) {
		m.state = state;
		if (timestamp) {
			m.time_ms = timestamp;
			r->last_ms = timestamp;
			r->dirty = true;
		}
		if (seq)
			m.seq = seq;
		if (frank.n)
			m.frank = frank;
		history_put(c, r, &m);
		history_tell(c, r, &m, false);
	}
	arena_done(&a);
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

static uc_err accepted(struct uc_client *c, struct room *r, struct outgoing *o, uint64_t timestamp,
		       uint64_t seq, struct view frank)
{
	TRY(message_ended(c, r, o, UC_MESSAGE_ACCEPTED, timestamp, seq, frank));
	outgoing_content_done(r, o);
	o->accepted = true;
	o->seq = seq;
	outgoing_change(r, o);
	return UC_OK;
}

static uc_err seen(struct uc_client *c, struct room *r, struct outgoing *o, uint64_t timestamp,
		   uint64_t seq, struct view frank)
{
	if (!o->accepted)
		TRY(accepted(c, r, o, timestamp, seq, frank));
	outgoing_delete(c, r, o);
	return UC_OK;
}

/* Messages are encrypted in order: behind the first that never was, none is. */
static bool was_encrypted(const struct outgoing *o)
{
	static const uint8_t none[SHA256_BYTES];
	return !view_equal(VIEW_OF(o->hash), VIEW_OF(none));
}

uc_err outbox_seen(struct uc_client *c, struct room *r, const uint8_t hash[SHA256_BYTES],
		   uint64_t timestamp, uint64_t seq, struct view frank)
{
	struct outgoing *o = r->outbox.first;
	while (o && !(view_equal(VIEW_OF(o->hash), (struct view){ hash, SHA256_BYTES }) &&
		      (o->accepted || o->submit.n)))
		o = was_encrypted(o) ? o->next : NULL;
	return o ? seen(c, r, o, timestamp, seq, frank) : UC_OK;
}

const struct outgoing *outbox_under_way(const struct room *r, const struct outgoing *after)
{
	const struct outgoing *o = after ? after->next : r->outbox.first;
	while (o && !(o->in_flight && o->submit.n))
		o = was_encrypted(o) ? o->next : NULL;
	return o;
}

uc_err outbox_found(struct uc_client *c, struct room *r, const struct uc_id *id, uint64_t timestamp,
		    uint64_t seq, struct view frank)
{
	struct outgoing *o = r->outbox.first;
	while (o && !id_equal(&o->id, id))
		o = o->next;
	return o ? seen(c, r, o, timestamp, seq, frank) : UC_OK;
}

void outbox_trimmed(struct uc_client *c, struct room *r, uint64_t first)
{
	for (struct outgoing *o = r->outbox.first, *next; o; o = next) {
		next = o->next;
		if (o->accepted && o->seq < first)
			outgoing_delete(c, r, o);
	}
}

void outbox_gone(struct uc_client *c, struct room *r, uint64_t next)
{
	for (struct outgoing *o = r->outbox.first, *after; o; o = after) {
		after = o->next;
		if (o->accepted && o->seq >= next)
			outgoing_delete(c, r, o);
	}
}

/* What cannot be said again as it was said is told as lost. */
uc_err outbox_say_again(struct uc_client *c, struct room *r, struct message *m)
{
	bool can = m->content.n && !m->deleted;
	m->seq = 0;
	m->frank = (struct view){ NULL, 0 };
	m->state = can ? UC_MESSAGE_QUEUED : UC_MESSAGE_FAILED;
	history_put(c, r, m);
	history_tell(c, r, m, false);
	if (!can)
		return UC_OK;
	TRY(outbox_add(c, r, m->content, &m->id, m->number));
	r->outbox.last->again = true;
	return UC_OK;
}

static uc_err say_again(struct uc_client *c, struct room *r, uint64_t number)
{
	struct arena a;
	struct message m = { 0 };
	arena_init(&a, 8 * MESSAGE_MAX, ARENA_SECRET);
	uc_err err = history_get(c, r, number, &a, &m);
	if (!err && m.state == UC_MESSAGE_ACCEPTED)
		err = outbox_say_again(c, r, &m);
	arena_done(&a);
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

static uc_err accepted_again(struct uc_client *c, struct room *r, uint64_t from, uint64_t to)
{
	const struct outgoing *last = r->outbox.last;
	for (struct outgoing *o = r->outbox.first, *next; o; o = next) {
		next = o == last ? NULL : o->next; /* behind it are those that are said again */
		/* One that is in flight was seen. */
		if (!o->accepted || o->in_flight || o->seq < from || o->seq > to)
			continue;
		uint64_t number = o->message;
		outgoing_delete(c, r, o);
		if (number)
			TRY(say_again(c, r, number));
	}
	return UC_OK;
}

uc_err outbox_again(struct uc_client *c, struct room *r, uint64_t from)
{
	return accepted_again(c, r, from, UINT64_MAX);
}

uc_err outbox_missed(struct uc_client *c, struct room *r, uint64_t seq)
{
	/* Of what comes from others' apps without a number nothing can be said. */
	outbox_trimmed(c, r, r->stuck || !r->group ? seq + 1 : 1);
	return accepted_again(c, r, 1, seq);
}

static void fail(struct uc_client *c, struct room *r, bool controls)
{
	struct view none = { NULL, 0 };
	for (struct outgoing *o = r->outbox.first, *next; o; o = next) {
		next = o->next;
		if (!controls && (!o->message || !o->content.n))
			continue;
		uc_err err = o->content.n ? message_ended(c, r, o, UC_MESSAGE_FAILED, 0, 0, none)
					  : UC_OK;
		if (err)
			safe_fail(&c->safe, err);
		outgoing_delete(c, r, o);
	}
}

void outbox_fail(struct uc_client *c, struct room *r)
{
	fail(c, r, true);
}

void outbox_fail_words(struct uc_client *c, struct room *r)
{
	fail(c, r, false);
}

/* --- sending --- */

struct submission {
	struct room *room;
	struct outgoing *out;
};

static uc_err refused(struct uc_client *c, struct room *r, struct outgoing *o)
{
	struct view none = { NULL, 0 };
	TRY(message_ended(c, r, o, UC_MESSAGE_FAILED, 0, 0, none));
	outgoing_delete(c, r, o);
	return UC_OK;
}

static uc_err answered(struct uc_client *c, struct room *r, struct outgoing *o,
		       const struct reply *reply)
{
	struct submit_answer in;
	if (!o->content.n) { /* seen in the log before */
		outgoing_delete(c, r, o);
		return UC_OK;
	}
	if (reply->err == UC_E_NET)
		return UC_OK;
	if (reply_is_transient(reply) || reply->err == UC_E_SEAT) {
		/* Those behind it are refused for being out of turn, and may sooner than it. */
		uint64_t at = retry_at(c, reply, RETRY_MS);
		if (at > r->retry_ms || r->retry_ms > client_now(c) + LATEST_MS)
			r->retry_ms = at;
		return UC_OK;
	}
	if (reply->err || submit_answer_read(reply->body, reply->mem, &in))
		in.result = ANSWER_REFUSED;
	if (in.result == ANSWER_REFUSED && r->lost)
		in.result = ANSWER_EPOCH; /* our old leaf is refused: again, from the new one */
	switch (in.result) {
	case ANSWER_ACCEPTED:
		return accepted(c, r, o, in.timestamp, in.seq, in.frank);
	case ANSWER_EPOCH:
		/* Again for the epoch the hub is in; ours follows when its entries have come. */
		blob_done(&o->submit);
		outgoing_change(r, o);
		if (!r->group || o->epoch >= room_group_epoch(r->group))
			r->retry_ms = client_now(c) + RETRY_MS;
		return UC_OK;
	default:
		return refused(c, r, o);
	}
}

static uc_err submit_done(struct uc_client *c, void *subject, const struct reply *reply)
{
	struct submission *s = subject;
	struct room *r = s->room;
	struct outgoing *o = s->out;
	heap_free(s);
	o->in_flight = false;
	r->outbox.in_flight--;
	return answered(c, r, o, reply);
}

static uc_err encrypt(struct uc_client *c, struct room *r, struct outgoing *o)
{
	const struct chain_head head = heads_own(r);
	struct view submit;
	TRY(room_group_encrypt(c, r->group, blob_view(&o->content), &head, &c->call, &submit,
			       o->hash));
	TRY(blob_set(&o->submit, submit));
	o->epoch = room_group_epoch(r->group);
	r->group_dirty = r->group_dirty || !PLANTED(forgotten_commit);
	outgoing_change(r, o);
	return UC_OK;
}

static uc_err submit(struct uc_client *c, struct room *r, struct outgoing *o)
{
	struct room_submit_request req = { r->seat, blob_view(&o->submit) };
	struct submission *s = HEAP_NEW(struct submission);
	if (!s)
		return UC_E_MEMORY;
	*s = (struct submission){ r, o };
	uc_err err =
		call_send(c, FRAME_ROOM_SUBMIT, room_submit_request_element, &req, submit_done, s);
	if (err) {
		heap_free(s);
		return err;
	}
	o->in_flight = true;
	r->outbox.in_flight++;
	return UC_OK;
}

/* Said before somebody came who is there now: that its log was put back is the app's word, and must not
 * give newcomers what was said without them. */
static bool is_for_others(const struct room *r, const struct outgoing *o)
{
	return o->again && !o->in_flight && o->content.n && o->message <= r->newcomer;
}

/* Messages leave in order, and not far ahead of the first that is not accepted; a proposal that
 * waits is committed first (RFC 9420, 12.4).  On the way to another app's hub they may overtake each
 * other, so there they go one by one. */
uc_err outbox_drive(struct uc_client *c, struct room *r)
{
	struct outbox *b = &r->outbox;
	size_t at_once = r->own_hub ? AT_ONCE : 1, looked = 0;
	if (!b->unsent || r->pending.there || room_group_has_proposals(r->group))
		return UC_OK;
	if (waits_until(c, r->retry_ms))
		return UC_OK;
	for (struct outgoing *o = b->unsent, *next; o && looked < at_once; o = next) {
		next = o->next;
		if (is_for_others(r, o)) {
			TRY(refused(c, r, o)); /* the turn is the next one's */
			continue;
		}
		looked++;
		/* One of an earlier epoch may be refused for it: those behind do not overtake it. */
		if (o->in_flight && o->epoch != room_group_epoch(r->group))
			break;
		if (o->in_flight || !o->content.n)
			continue;
		if (b->in_flight >= at_once)
			break;
		if (!o->submit.n || o->epoch != room_group_epoch(r->group))
			TRY(encrypt(c, r, o));
		TRY(submit(c, r, o));
	}
	return UC_OK;
}
