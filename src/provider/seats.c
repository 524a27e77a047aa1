/* SPDX-License-Identifier: Apache-2.0 */
/* Seats that are open: what a device reads of a room, as fast as it acknowledges. */
#include "provider/room_work.h"

enum {
	BURST_BYTES = 1024 * 1024,      /* read from the log at once */
	WINDOW_BYTES = 2 * 1024 * 1024, /* sent and not acknowledged; one entry more is sent */
	/* The same for all seats of a session; when so much is left of it, those that wait go on. */
	SESSION_WINDOW_BYTES = 4 * 1024 * 1024,
	SESSION_GO_ON_BYTES = 3 * 1024 * 1024,
	DAYS_PER_MONTH = 30,
	TARGETS_AT_ONCE = 256,
	UNREAD_MS = 10 * 1000,
};

/* Months of thirty days: all that matters is that they pass. */
uint32_t month_now(const struct provider *p)
{
	return (uint32_t)(env_now_ms(p->env) / DAY_MS / DAYS_PER_MONTH);
}

uc_err seat_live_get(struct session *s, uint32_t number, struct seat_live **out)
{
	struct seat_live *seat = seat_live_find(s, number);
	if (!seat)
		return UC_E_SEAT;
	if (seat->more && seat->more->is_over)
		return UC_E_REMOVED;
	*out = seat;
	return UC_OK;
}

/* --- sending --- */

static bool may_send(const struct seat_live *seat)
{
	uint64_t ended = seat_ended(seat);
	if (seat->unacked >= ENTRY_WINDOW || seat->unacked_bytes >= WINDOW_BYTES ||
	    (ended && seat->sent >= ended))
		return false;
	bool has_room = seat->session->unacked_bytes < SESSION_WINDOW_BYTES;
	seat->session->is_held = seat->session->is_held || !has_room;
	return has_room;
}

static void seat_sent(struct seat_live *seat, uint64_t seq, size_t bytes)
{
	seat->unacked = (uint16_t)(seat->unacked + (seq - seat->sent));
	seat->sent = seq;
	seat->unacked_bytes += (uint32_t)bytes;
	seat->session->unacked_bytes += bytes;
}

static void acknowledged(struct seat_live *seat, uint64_t seq)
{
	uint64_t left = seat->sent - seq;
	uint32_t bytes = left ? (uint32_t)(seat->unacked_bytes * left / seat->unacked) : 0;
	seat->session->unacked_bytes -= seat->unacked_bytes - bytes;
	seat->unacked_bytes = bytes;
	seat->unacked = (uint16_t)left;
}

/* Entries that lie side by side in the log, as frames of one seat. */
struct burst {
	struct buf bytes;
	size_t ends[ENTRY_WINDOW];
	size_t n;
};

static void burst_send(struct provider *p, struct seat_live *seat, const struct burst *b)
{
	metrics_add(p->config.metrics, METRIC_ENTRIES_DELIVERED, b->n);
	const struct provider_outputs *out = p->config.out;
	struct view frames[ENTRY_WINDOW];
	size_t at = 0;
	for (size_t i = 0; i < b->n; at = b->ends[i++])
		frames[i] = view_slice(buf_view(&b->bytes), at, b->ends[i] - at);
	if (out->send_list && b->n > 1)
		out->send_list(p->config.ctx, seat->session->connection, frames, b->n);
	else
		for (size_t i = 0; i < b->n; i++)
			out->send(p->config.ctx, seat->session->connection, frames[i]);
}

/* After the removing entry there is no more; that it was read is still to be heard. */
static void end_if_over(struct provider *p, struct seat_live *seat)
{
	const struct seat_ended_event event = { seat->number };
	if (!seat_ended(seat) || seat->sent < seat_ended(seat) || seat->more->is_over)
		return;
	seat->more->is_over = true;
	session_send_event(p, seat->session, FRAME_SEAT_ENDED, seat_ended_event_element, &event);
}

/* Sent as they lie; where it fails, those before it are sent. */
static uc_err send_from_log(struct provider *p, struct seat_live *seat, struct burst *b)
{
	struct store_log_scan scan;
	struct store_key k;
	struct view bytes;
	uint64_t seq;
	TRY(store_log_scan_init(&scan, p->rooms, key_1(&k, TABLE_LOG, seat->room->uri),
				seat->sent + 1, ENTRY_WINDOW, BURST_BYTES));
	while (may_send(seat) && b->n < ENTRY_WINDOW && store_log_scan_next(&scan, &seq, &bytes)) {
		entry_frame_add(&b->bytes, seat->number, bytes);
		if (b->bytes.failed)
			break;
		b->ends[b->n++] = b->bytes.n;
		seat_sent(seat, seq, bytes.n);
	}
	uc_err err = b->bytes.failed ? b->bytes.failed : scan.scan.failed;
	store_log_scan_done(&scan);
	burst_send(p, seat, b);
	return err;
}

void seat_live_push(struct provider *p, struct seat_live *seat)
{
	while (may_send(seat) && seat->sent + 1 < seat->room->record.next) {
		struct burst b = { .n = 0 };
		uint64_t before = seat->sent;
		buf_init(&b.bytes, BURST_BYTES + FRAME_MAX + ENTRY_WINDOW * ENTRY_FRAME_HEAD);
		uc_err err = send_from_log(p, seat, &b);
		buf_done(&b.bytes);
		if (err)
			seat->room->unread = p->room_work->has_unread = true;
		if (err || seat->sent == before)
			break; /* the device opens the seat anew when it misses something */
	}
	end_if_over(p, seat);
}

/* Those to whom it went meanwhile have nothing to come. */
void seats_push(struct provider *p, struct room_live *r)
{
	struct room_walk all = { .chain = 0 };
	r->unread = false;
	for (struct seat_live *seat; (seat = room_seat_next(r, &all));)
		seat_live_push(p, seat);
}

void seats_read_again(struct provider *p, uint64_t now_ms)
{
	struct room_work *w = p->room_work;
	if (!w->has_unread || !is_due(now_ms, w->unread_ms, UNREAD_MS))
		return;
	w->unread_ms = now_ms + UNREAD_MS;
	w->has_unread = false;
	for (struct room_live *r = w->newest; r; r = r->older)
		if (r->unread)
			seats_push(p, r);
}

static void send_to(struct provider *p, const struct step_entry *e, const struct provider_target *v,
		    size_t n)
{
	const struct provider_outputs *out = p->config.out;
	struct view frame = view_make(e->frame, e->frame_n);
	metrics_add(p->config.metrics, METRIC_ENTRIES_DELIVERED, n);
	if (out->send_many && n > 1) {
		out->send_many(p->config.ctx, frame, v, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		entry_frame_seat(e->frame, v[i].seat);
		out->send(p->config.ctx, v[i].connection, frame);
	}
}

/* Who sent it has it. */
static void send_own(struct provider *p, const struct step_entry *e)
{
	struct entry_own_event event = {
		.seat = e->own->number, .seq = e->seq, .timestamp = e->timestamp, .frank = e->frank
	};
	memcpy(event.chain, e->chain, CHAIN_HASH);
	metrics_add(p->config.metrics, METRIC_ENTRIES_DELIVERED, 1);
	session_send_event(p, e->own->session, FRAME_ENTRY_OWN, entry_own_event_element, &event);
	seat_sent(e->own, e->seq, sizeof event + e->frank.n);
}

void seats_push_entry(struct provider *p, struct room_live *r, const struct step_entry *e)
{
	struct provider_target v[TARGETS_AT_ONCE];
	size_t n = 0;
	bool ends = false;
	struct room_walk all = { .chain = 0 }, again = { .chain = 0 };
	if (e->own && e->own->sent + 1 == e->seq && may_send(e->own)) {
		ends = seat_ended(e->own);
		send_own(p, e);
	}
	for (struct seat_live *seat; (seat = room_seat_next(r, &all));) {
		if (seat->sent + 1 != e->seq || !may_send(seat))
			continue;
		if (n == TARGETS_AT_ONCE) {
			send_to(p, e, v, n);
			n = 0;
		}
		v[n++] = (struct provider_target){ seat->session->connection, seat->number };
		seat_sent(seat, e->seq, e->frame_n);
		ends = ends || seat_ended(seat);
	}
	if (n)
		send_to(p, e, v, n);
	for (struct seat_live *seat; ends && (seat = room_seat_next(r, &again));)
		end_if_over(p, seat);
}

static void live_end(struct provider *p, struct seat_live *seat, uint64_t seq)
{
	struct seat_more *more = seat_more(seat);
	if (!more)
		seat_close(p, seat); /* it is opened anew, and the store knows */
	else if (!more->ended)
		more->ended = seq;
}

void seats_live_end(struct provider *p, struct room_live *r, const struct member_list *left,
		    uint64_t seq)
{
	struct room_walk all = { .chain = 0 };
	for (struct seat_live *seat; !left && (seat = room_seat_next(r, &all));)
		live_end(p, seat, seq);
	for (size_t i = 0; left && i < left->n; i++) {
		struct seat_live *seat = room_seat_find(p, r, left->v[i].client);
		if (seat)
			live_end(p, seat, seq);
	}
}

/* --- reading --- */

/* What the session's bound has held back. */
void session_go_on(struct provider *p, struct session *s)
{
	if (!s->is_held || s->unacked_bytes > SESSION_GO_ON_BYTES)
		return;
	s->is_held = false;
	/* From where it stopped the last time, so that each has its turn. */
	size_t end = s->go_on_at;
	for (struct seat_live *seat; !s->is_held && (seat = seat_live_from(s, &s->go_on_at));)
		seat_live_push(p, seat);
	if (s->is_held)
		return;
	s->go_on_at = 0;
	for (struct seat_live *seat;
	     !s->is_held && s->go_on_at < end && (seat = seat_live_from(s, &s->go_on_at));)
		seat_live_push(p, seat);
}

void notice_seat_ack(struct provider *p, struct session *s, struct view body)
{
	struct seat_ack ack;
	struct arena a;
	arena_init(&a, 4096, ARENA_PLAIN);
	uc_err err = wire_decode(body, &a, seat_ack_element, &ack);
	arena_done(&a);
	struct seat_live *seat = err ? NULL : seat_live_find(s, ack.seat);
	if (!seat || ack.seq < seat_acked(seat) || ack.seq > seat->sent)
		return;
	acknowledged(seat, ack.seq);
	seat_moved(p, seat);
	if (seat->more && seat->more->is_over && ack.seq >= seat->more->ended)
		seat_close(p, seat);
	else if (!s->is_held)
		seat_live_push(p, seat);
	session_go_on(p, s);
}

uc_err handle_seat_close(struct call *c, struct view body)
{
	struct seat_close_request q;
	TRY(wire_decode(body, &c->arena, seat_close_request_element, &q));
	struct seat_live *seat = seat_live_find(c->s, q.seat);
	if (!seat)
		return UC_E_SEAT;
	seat_close(c->p, seat);
	call_respond(c, NULL, NULL);
	session_go_on(c->p, c->s);
	return UC_OK;
}
