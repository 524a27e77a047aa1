/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transfers.h"

#include "client/history.h"
#include "client/outbox.h"
#include "client/rooms.h"

#include "base/heap.h"

#define TABLE_TRANSFER "transfer"
#define TABLE_PART     "transfer part"

enum { RETRY_MS = 2 * 1000, FAILURES_MAX = 5, LATER_MS = 5 * 1000, TRANSFER_VERSION = 1 };

void wire_transfer(struct wire *w, struct transfer *t)
{
	uint16_t version = TRANSFER_VERSION;
	wire_u16(w, &version);
	if (version != TRANSFER_VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_fixed(w, t->id.b, sizeof t->id.b);
	wire_fixed(w, t->room.b, sizeof t->room.b);
	wire_u64(w, &t->message);
	wire_bool(w, &t->is_upload);
	wire_text(w, t->domain, sizeof t->domain);
	wire_fixed(w, t->place, sizeof t->place);
	wire_u64(w, &t->total);
	wire_u64(w, &t->have);
}

static void transfer_element(struct wire *w, void *v)
{
	wire_transfer(w, v);
}

static struct safe_place place_of(const struct transfer *t)
{
	return (struct safe_place){ .table = TABLE_TRANSFER, .name = VIEW_OF(t->id.b) };
}

static struct safe_place part_of(const struct transfer *t, uint64_t offset)
{
	return (struct safe_place){ .table = TABLE_PART,
				    .owner = VIEW_OF(t->id.b),
				    .number = offset / ATTACHMENT_PART_MAX };
}

static size_t part_bytes(const struct transfer *t, uint64_t offset)
{
	uint64_t rest = t->total - offset;
	return rest < ATTACHMENT_PART_MAX ? (size_t)rest : ATTACHMENT_PART_MAX;
}

/* --- what there is --- */

struct transfer *transfer_find(const struct uc_client *c, const struct uc_id *message)
{
	struct transfer *t = c->transfers;
	while (t && (t->gone || !id_equal(&t->id, message)))
		t = t->next;
	return t;
}

struct transfer *transfer_new(struct uc_client *c, const struct room *r, const struct uc_id *id,
			      uint64_t message, const struct attachment *at)
{
	struct transfer *t = HEAP_NEW(struct transfer);
	if (!t)
		return NULL;
	if (text_set(t->domain, sizeof t->domain, at->domain)) {
		heap_free(t);
		return NULL;
	}
	t->id = *id;
	t->room = r->id;
	t->message = message;
	t->total = at->sealed;
	memcpy(t->place, at->id, sizeof t->place);
	t->dirty = true;
	t->next = c->transfers;
	c->transfers = t;
	return t;
}

void transfer_part_put(struct uc_client *c, const struct transfer *t, uint64_t offset,
		       struct view bytes)
{
	safe_put(&c->safe, part_of(t, offset), bytes);
}

static uc_err part_read(struct uc_client *c, const struct transfer *t, uint64_t offset,
			struct arena *a, struct view *out)
{
	TRY(safe_get(&c->safe, part_of(t, offset), a, out));
	return out->n == part_bytes(t, offset) ? UC_OK : UC_E_CORRUPT;
}

uc_err transfer_read(struct uc_client *c, const struct transfer *t, uint8_t *out)
{
	uc_err err = UC_OK;
	for (uint64_t at = 0; !err && at < t->total; at += ATTACHMENT_PART_MAX) {
		struct arena a;
		struct view part;
		arena_init(&a, 4 * ATTACHMENT_PART_MAX, ARENA_PLAIN);
		err = part_read(c, t, at, &a, &part);
		if (!err)
			memcpy(out + at, part.p, part.n);
		arena_done(&a);
	}
	return err;
}

void transfer_drop(struct uc_client *c, struct transfer *t, uc_err why)
{
	op_done(c, t->op, why, (struct view){ NULL, 0 });
	t->op = 0;
	t->wanted = false;
	t->gone = true;
	t->dirty = true;
}

void transfers_forget(struct uc_client *c, const struct uc_id *message)
{
	struct transfer *t = transfer_find(c, message);
	if (t)
		transfer_drop(c, t, UC_E_NOT_FOUND);
}

uc_err transfer_part_of(struct view content, struct arena *a, struct nested_part *out)
{
	struct mimi_content m;
	TRY(mimi_content_read(content, a, &m));
	if (m.body.cardinality != PART_EXTERNAL)
		return UC_E_UNSUPPORTED;
	*out = m.body;
	return UC_OK;
}

static void tell(struct uc_client *c, const struct transfer *t)
{
	struct event_out *e = event_new(c, UC_EVENT_FILE);
	if (!e)
		return;
	e->event.has_room = true;
	e->event.room = t->room;
	e->event.number = t->message;
	e->event.bytes_done = t->have;
	e->event.bytes_total = t->total;
}

/* --- to the app --- */

static uc_err ended(struct uc_client *c, struct transfer *t, struct room *r, struct message *m,
		    uc_err why)
{
	transfer_drop(c, t, why);
	m->state = UC_MESSAGE_FAILED;
	history_put(c, r, m);
	history_tell(c, r, m, false);
	event_warning(c, why, VIEW_LIT("a file could not be sent"), &r->id);
	return UC_OK;
}

/* What becomes of its message: it goes out, or never will. */
static uc_err conclude(struct uc_client *c, struct transfer *t, uc_err why)
{
	struct room *r = room_find(c, &t->room);
	struct message m = { 0 };
	uc_err err = r ? history_get(c, r, t->message, &c->call, &m) : UC_E_NOT_FOUND;
	if (err == UC_E_NOT_FOUND || (!err && (m.deleted || !m.content.n))) {
		transfer_drop(c, t, UC_E_NOT_FOUND);
		return UC_OK;
	}
	TRY(err);
	if (why)
		return ended(c, t, r, &m, why);
	TRY(outbox_add(c, r, m.content, &m.id, m.number));
	transfer_drop(c, t, UC_OK);
	return UC_OK;
}

static uc_err put_taken(struct uc_client *c, struct transfer *t, const struct reply *reply)
{
	struct attachment_put_response r;
	if (wire_decode(reply->body, reply->mem, attachment_put_response_element, &r) ||
	    r.have > t->total || (r.have % ATTACHMENT_PART_MAX && r.have != t->total))
		return conclude(c, t, UC_E_FRAME);
	/* Less than before: the app's store is an older copy, and the parts are still here. */
	if (r.have <= t->have)
		t->retry_ms = client_now(c) + RETRY_MS;
	t->have = r.have;
	t->dirty = true;
	tell(c, t);
	return t->have == t->total ? conclude(c, t, UC_OK) : UC_OK;
}

static uc_err put_done(struct uc_client *c, void *subject, const struct reply *reply)
{
	struct transfer *t = subject;
	t->in_flight = false;
	if (t->gone || reply->err == UC_E_NET)
		return UC_OK;
	if (reply_is_transient(reply)) {
		t->retry_ms = retry_at(c, reply, RETRY_MS);
		return UC_OK;
	}
	return reply->err ? conclude(c, t, reply->err) : put_taken(c, t, reply);
}

static uc_err put_next(struct uc_client *c, struct transfer *t)
{
	struct attachment_put_request q = { .total = t->total, .offset = t->have };
	const struct room *r = room_find(c, &t->room);
	bool goes_on = r && (r->state == ROOM_OPEN || r->state == ROOM_CREATING) && !r->fleeing;
	if (!goes_on)
		return conclude(c, t, UC_E_CLOSED);
	memcpy(q.id, t->place, sizeof q.id);
	TRY(part_read(c, t, t->have, &c->call, &q.bytes));
	TRY(call_send(c, FRAME_ATTACHMENT_PUT, attachment_put_request_element, &q, put_done, t));
	t->in_flight = true;
	return UC_OK;
}

/* --- and from there --- */

static void fetch_end(struct uc_client *c, struct transfer *t, uc_err why)
{
	uc_op op = t->op;
	t->op = 0;
	t->wanted = false;
	op_done(c, op, why, (struct view){ NULL, 0 });
}

static uc_err get_taken(struct uc_client *c, struct transfer *t, const struct reply *reply)
{
	struct attachment_get_response r;
	if (wire_decode(reply->body, reply->mem, attachment_get_response_element, &r) ||
	    r.total != t->total || r.bytes.n != part_bytes(t, t->have)) {
		transfer_drop(c, t, UC_E_DECRYPT);
		return UC_OK;
	}
	transfer_part_put(c, t, t->have, r.bytes);
	t->have += r.bytes.n;
	t->failures = 0;
	t->dirty = true;
	tell(c, t);
	return UC_OK;
}

static uc_err get_done(struct uc_client *c, void *subject, const struct reply *reply)
{
	struct transfer *t = subject;
	t->in_flight = false;
	if (t->gone || reply->err == UC_E_NET)
		return UC_OK;
	if (!reply->err)
		return get_taken(c, t, reply);
	if (!reply_is_transient(reply)) {
		transfer_drop(c, t, reply->err);
	} else if (reply->err != UC_E_RATE && ++t->failures >= FAILURES_MAX) {
		t->failures = 0;
		fetch_end(c, t, reply->err); /* what has come is kept for the next time */
	} else {
		t->retry_ms = retry_at(c, reply, RETRY_MS);
	}
	return UC_OK;
}

static uc_err get_next(struct uc_client *c, struct transfer *t)
{
	struct attachment_get_request q = { .domain = view_str(t->domain), .offset = t->have };
	memcpy(q.id, t->place, sizeof q.id);
	TRY(call_send(c, FRAME_ATTACHMENT_GET, attachment_get_request_element, &q, get_done, t));
	t->in_flight = true;
	return UC_OK;
}

static uc_err opens(struct uc_client *c, const struct transfer *t, const struct external_part *e)
{
	size_t n = (size_t)t->total;
	uint8_t *sealed = heap_new(n), *file = heap_new((size_t)e->size);
	uc_err err = sealed && file ? transfer_read(c, t, sealed) : UC_E_MEMORY;
	if (!err)
		err = attachment_open(e, view_make(sealed, n), file);
	heap_free_wiped(file, (size_t)e->size);
	heap_free(sealed);
	return err;
}

/* All is here: is it what the message speaks of? */
static uc_err verify(struct uc_client *c, struct transfer *t)
{
	struct room *r = room_find(c, &t->room);
	struct nested_part part;
	struct message m = { 0 };
	uc_err err = r ? history_get(c, r, t->message, &c->call, &m) : UC_E_NOT_FOUND;
	if (!err)
		err = transfer_part_of(m.content, &c->call, &part);
	if (!err)
		err = opens(c, t, &part.external);
	if (uc_err_class(err) == UC_CLASS_MEMORY)
		return err;
	if (err)
		transfer_drop(c, t, err == UC_E_CORRUPT ? UC_E_DECRYPT : err);
	else
		fetch_end(c, t, UC_OK);
	return UC_OK;
}

/* --- going on --- */

static uc_err drive_one(struct uc_client *c, struct transfer *t)
{
	if (t->gone || t->in_flight || (!t->is_upload && !t->wanted) || waits_until(c, t->retry_ms))
		return UC_OK;
	if (!t->is_upload && t->have < t->total)
		return get_next(c, t);
	/* Parts of this very turn are not seen in the store. */
	if (safe_has_changes(&c->safe)) {
		wake_at(c, client_now(c));
		return UC_OK;
	}
	return t->is_upload ? put_next(c, t) : verify(c, t);
}

uc_err transfers_drive(struct uc_client *c)
{
	for (struct transfer *t = c->transfers; t; t = t->next)
		TRY(drive_one(c, t));
	return UC_OK;
}

/* Where the app wants the next part later, the rest does not wait for it. */
bool transfers_are_idle(const struct uc_client *c)
{
	uint64_t later = env_now_ms(&c->env) + LATER_MS;
	for (const struct transfer *t = c->transfers; t; t = t->next)
		if (!t->gone && (t->is_upload || t->wanted) && t->retry_ms <= later)
			return false;
	return true;
}

/* --- stored --- */

void transfers_save(struct uc_client *c)
{
	for (struct transfer **at = &c->transfers; *at;) {
		struct transfer *t = *at;
		if (t->gone && t->dirty) {
			safe_delete(&c->safe, place_of(t));
			safe_delete_all(&c->safe, TABLE_PART, VIEW_OF(t->id.b));
		} else if (t->dirty) {
			safe_put_object(&c->safe, place_of(t), transfer_element, t);
		}
		t->dirty = false;
		if (t->gone && !t->in_flight) {
			*at = t->next;
			heap_free(t);
			continue;
		}
		at = &t->next;
	}
}

struct load_call {
	struct uc_client *c;
	uc_err err;
};

static bool load_each(void *ctx, uint64_t number, struct view value)
{
	struct load_call *l = ctx;
	struct transfer *t = HEAP_NEW(struct transfer);
	(void)number;
	l->err = t ? wire_decode(value, NULL, transfer_element, t) : UC_E_MEMORY;
	if (l->err) {
		heap_free(t);
		if (l->err != UC_E_MEMORY && l->err != UC_E_VERSION)
			l->err = UC_E_CORRUPT;
		return false;
	}
	t->next = l->c->transfers;
	l->c->transfers = t;
	return true;
}

uc_err transfers_load(struct uc_client *c)
{
	struct load_call l = { .c = c };
	TRY(safe_scan(&c->safe, TABLE_TRANSFER, (struct view){ NULL, 0 }, 0, load_each, &l));
	return l.err;
}

void transfers_free(struct uc_client *c)
{
	for (struct transfer *t; (t = c->transfers); heap_free(t))
		c->transfers = t->next;
}
