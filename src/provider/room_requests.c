/* SPDX-License-Identifier: Apache-2.0 */
/* What a client asks of a room: answered here, or passed to the hub. */
#include "provider/room_work.h"

enum { REFUSED_MS = 30 * 1000 };
#define EPOCH_UNKNOWN UINT64_MAX

/* --- asking the hub --- */

uc_err hub_ask(struct call *c, ask_done *done, const char *endpoint, struct view hub,
	       struct view room, struct view client, uint32_t seat, struct view body)
{
	struct buf headers;
	TRY(ask_check(c->p, hub));
	struct ask *a = ask_new(c->p, done);
	if (!a)
		return UC_E_MEMORY;
	ask_about(a, room);
	ask_for_call(a, c);
	a->seat = seat;
	buf_init(&headers, URI_MAX + 128);
	header_add_client(&headers, client);
	header_add_store(c->p, &headers);
	ask_send(c->p, a, hub, endpoint, room, buf_view(&headers), body);
	buf_done(&headers);
	return UC_OK;
}

uc_err hub_ask_refused(struct call *c, const struct peer_response *r)
{
	uc_err err = peer_status_err(r->status);
	if (err)
		call_refuse(c, err, NULL, r->retry_after_s);
	return err;
}

/* A hub that was put back may not speak to us by itself. */
static void hub_heard(struct provider *p, const struct ask *a, const struct peer_response *r)
{
	struct view hub;
	if (r->status && !uri_domain_of(a->what, &hub))
		peer_heard(p, hub, r->headers);
}

uint64_t hub_ask_seq(const struct peer_response *r)
{
	uint64_t seq;
	return header_number(r->headers, "undercroft-sequence", &seq) ? seq : 0;
}

/* --- messages --- */

static void submit_answer(struct call *c, struct view body, uint64_t seq)
{
	const struct room_submit_response r = { body, seq };
	call_respond(c, room_submit_response_element, &r);
}

static void submit_done(struct provider *p, struct ask *a, const struct peer_response *r)
{
	struct call space, *c = ask_call(p, a, &space);
	struct submit_message_response m;
	hub_heard(p, a, r);
	if (!c)
		return;
	if (!hub_ask_refused(c, r)) {
		if (wire_decode(r->body, &c->arena, submit_message_response_element, &m))
			call_refuse(c, UC_E_PEER, NULL, 0);
		else
			submit_answer(c, r->body, hub_ask_seq(r));
	}
	call_done(c);
}

/* By account, or whoever connects again would begin anew. */
static uint32_t account_wait(struct call *c, enum provider_limit limit, size_t bytes)
{
	return rate_table_take_many(&c->p->rates, limit, VIEW_OF(c->s->account_id),
				    rate_units_of(bytes), env_now_ms(c->p->env));
}

bool session_is_too_fast(struct call *c, enum provider_limit limit, size_t bytes)
{
	uint32_t wait = account_wait(c, limit, bytes);
	if (wait)
		call_refuse(c, UC_E_RATE, NULL, wait);
	return wait != 0;
}

uc_err hub_refuse(struct call *c, uc_err err, const struct hub_reply *r)
{
	if (err != UC_E_RATE)
		return err;
	call_refuse(c, err, NULL, r->retry_after_s);
	return UC_OK;
}

static bool is_for_now(uc_err err)
{
	enum uc_err_class class = uc_err_class(err);
	return err == UC_E_RATE || class == UC_CLASS_STORE || class == UC_CLASS_MEMORY;
}

/* Where the group cannot be read now nobody knows, and nobody overtakes. */
static uint64_t epoch_of(struct call *c, const struct seat_live *seat)
{
	struct public_group *g;
	return room_live_group(c->p, seat->room, &g) ? EPOCH_UNKNOWN
						     : public_group_now(g).context->epoch;
}

static bool may_be_in(struct call *c, const struct seat_live *seat, uint64_t epoch)
{
	uint64_t now = epoch_of(c, seat);
	return epoch == EPOCH_UNKNOWN || now == EPOCH_UNKNOWN || now == epoch;
}

static bool is_out_of_turn(struct call *c, const struct seat_live *seat, struct view message)
{
	static const struct refused_message none = { .until_ms = 0 };
	const struct refused_message *r = seat->more ? &seat->more->refused : &none;
	uint8_t hash[SHA256_BYTES];
	return r->until_ms > env_now_ms(c->p->env) && may_be_in(c, seat, r->epoch) &&
	       (sha256(message, hash) || !view_equal(VIEW_OF(r->hash), VIEW_OF(hash)));
}

static void refused_for_now(struct call *c, uint32_t number, struct view message)
{
	struct seat_live *seat = seat_live_find(c->s, number);
	struct seat_more *more = seat ? seat_more(seat) : NULL;
	if (!more || sha256(message, more->refused.hash))
		return;
	more->refused.until_ms = env_now_ms(c->p->env) + REFUSED_MS;
	more->refused.epoch = epoch_of(c, seat);
}

static uc_err submit_here(struct call *c, struct seat_live *seat, struct view client,
			  struct view message, struct hub_reply *out)
{
	struct hub_request h = { .p = c->p, .client = client, .body = message, .a = &c->arena };
	h.room = seat->room;
	TRY(room_live_again(c->p, h.room));
	return hub_submit(&h, out);
}

uc_err handle_room_submit(struct call *c, struct view body)
{
	struct room_submit_request q;
	struct hub_reply r = { .retry_after_s = c->wait_s };
	struct seat_live *seat;
	struct view client;
	TRY(wire_decode(body, &c->arena, room_submit_request_element, &q));
	TRY(seat_live_get(c->s, q.seat, &seat));
	if (is_out_of_turn(c, seat, q.message))
		return hub_refuse(c, UC_E_RATE, &(struct hub_reply){ .retry_after_s = 1 });
	if (seat->more)
		seat->more->refused.until_ms = 0;
	if (!r.retry_after_s)
		r.retry_after_s = account_wait(c, LIMIT_MESSAGE, q.message.n);
	bool here = seat->room->record.part == ROOM_HUB;
	TRY(seat_client(c->p, seat, &c->arena, &client));
	if (!here && !r.retry_after_s)
		return hub_ask(c, submit_done, "submitMessage", seat->room->record.hub,
			       seat->room->uri, client, q.seat, q.message);
	uc_err err = r.retry_after_s ? UC_E_RATE : submit_here(c, seat, client, q.message, &r);
	if (here && is_for_now(err))
		refused_for_now(c, q.seat, q.message);
	if (err)
		return hub_refuse(c, err, &r);
	submit_answer(c, r.body, r.seq);
	return UC_OK;
}

/* --- handshakes --- */

void room_update_answer(struct call *c, struct view body, uint32_t seat, uint64_t seq)
{
	const struct room_update_response r = { body, seat, seq };
	call_respond(c, room_update_response_element, &r);
}

static void update_done(struct provider *p, struct ask *a, const struct peer_response *r)
{
	struct call space, *c = ask_call(p, a, &space);
	struct update_room_response u;
	hub_heard(p, a, r);
	if (!c)
		return;
	if (!hub_ask_refused(c, r)) {
		if (wire_decode(r->body, &c->arena, update_room_response_element, &u))
			call_refuse(c, UC_E_PEER, NULL, 0);
		else
			room_update_answer(c, r->body, a->seat, hub_ask_seq(r));
	}
	call_done(c);
}

static uc_err update_from_seat(struct call *c, const struct room_update_request *q)
{
	struct seat_live *seat;
	struct hub_reply r = { .seq = 0 };
	struct view client;
	TRY(seat_live_get(c->s, q->seat, &seat));
	TRY(seat_client(c->p, seat, &c->arena, &client));
	if (seat->room->record.part != ROOM_HUB)
		return hub_ask(c, update_done, "update", seat->room->record.hub, seat->room->uri,
			       client, q->seat, q->update);
	struct hub_request h = { .p = c->p, .client = client, .body = q->update, .a = &c->arena };
	h.room = seat->room;
	TRY(room_live_again(c->p, h.room));
	uc_err err = hub_update(&h, &r);
	if (err)
		return hub_refuse(c, err, &r);
	room_update_answer(c, r.body, q->seat, r.seq);
	return UC_OK;
}

uc_err handle_room_update(struct call *c, struct view body)
{
	struct room_update_request q;
	TRY(wire_decode(body, &c->arena, room_update_request_element, &q));
	return q.seat ? update_from_seat(c, &q) : room_update_from_outside(c, &q);
}

/* --- GroupInfo --- */

static void group_info_done(struct provider *p, struct ask *a, const struct peer_response *r)
{
	struct call space, *c = ask_call(p, a, &space);
	struct group_info_response m;
	const struct room_group_info_response answer = { r->body };
	hub_heard(p, a, r);
	if (!c)
		return;
	if (!hub_ask_refused(c, r)) {
		if (wire_decode(r->body, &c->arena, group_info_response_element, &m))
			call_refuse(c, UC_E_PEER, NULL, 0);
		else
			call_respond(c, room_group_info_response_element, &answer);
	}
	call_done(c);
}

uc_err handle_room_group_info(struct call *c, struct view body)
{
	struct room_group_info_request q;
	struct group_info_request m;
	struct view domain, of_client;
	struct hub_reply r = { .seq = 0 };
	struct hub_request h = { .p = c->p, .a = &c->arena };
	TRY(wire_decode(body, &c->arena, room_group_info_request_element, &q));
	TRY(wire_decode(q.request, &c->arena, group_info_request_element, &m));
	h.client = m.requesting_credential.identity;
	h.body = q.request;
	if (!is_place(q.room, URI_ROOM) || !is_place(h.client, URI_CLIENT))
		return UC_E_ARGUMENT;
	TRY(uri_domain_of(q.room, &domain));
	TRY(uri_domain_of(h.client, &of_client));
	if (!is_own_domain(c->p, of_client))
		return UC_E_NOT_ALLOWED;
	if (!is_own_domain(c->p, domain))
		return hub_ask(c, group_info_done, "groupInfo", domain, q.room, h.client, 0,
			       q.request);
	TRY(room_live_hosted(c->p, q.room, &h.room));
	TRY(hub_group_info(&h, &r));
	const struct room_group_info_response answer = { r.body };
	call_respond(c, room_group_info_response_element, &answer);
	return UC_OK;
}
