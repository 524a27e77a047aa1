/* SPDX-License-Identifier: Apache-2.0 */
#include "client/seats.h"

#include "client/inbox.h"
#include "client/outbox.h"
#include "client/pool.h"
#include "client/put_back.h"
#include "client/resync.h"
#include "client/room_group.h"
#include "client/rooms.h"

#include "base/heap.h"

#define SEAT_LABEL "Undercroft seat"

enum { FIND_AT_ONCE = 512, RETRY_MS = 10 * 1000, BEHIND_MAX = 4 };

/* --- finding --- */

static bool is_awaited(const struct set *s)
{
	return s->state == SET_AWAITED || s->state == SET_RELEASED || s->state == SET_VOIDED;
}

static uc_err place_taken(struct uc_client *c, const struct seat_place *p)
{
	struct set *s = pool_find_client(c, p->client);
	return s && is_awaited(s) ? rooms_found(c, s, p->room) : UC_OK;
}

static uc_err find_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct seat_find_response in;
	(void)subject;
	c->seats_busy = false;
	if (r->err || wire_decode(r->body, r->mem, seat_find_response_element, &in)) {
		c->seats_known = false;
		c->seats_asked = 0;
		if (r->err != UC_E_NET)
			c->seats_retry_ms = retry_at(c, r, RETRY_MS);
		return UC_OK;
	}
	for (size_t i = 0; i < in.seats.n; i++)
		TRY(place_taken(c, &in.seats.v[i]));
	if (c->seats_asked)
		c->seats_known = false; /* the rest of them */
	return UC_OK;
}

uc_err seats_drive(struct uc_client *c)
{
	struct seat_find_request req = { { NULL, 0 } };
	if (c->seats_known || c->seats_busy || !c->pool_known)
		return UC_OK;
	if (waits_until(c, c->seats_retry_ms))
		return UC_OK;
	req.clients.v = ARENA_ARRAY(&c->call, struct view, FIND_AT_ONCE);
	if (!req.clients.v)
		return UC_E_MEMORY;
	size_t skip = c->seats_asked;
	for (const struct set *s = c->sets; s && req.clients.n < FIND_AT_ONCE; s = s->next) {
		if (!is_awaited(s))
			continue;
		if (skip)
			skip--;
		else
			req.clients.v[req.clients.n++] = view_str(s->client);
	}
	c->seats_asked = req.clients.n == FIND_AT_ONCE ? c->seats_asked + FIND_AT_ONCE : 0;
	c->seats_known = true;
	if (!req.clients.n)
		return UC_OK;
	c->seats_busy = true;
	return call_send(c, FRAME_SEAT_FIND, seat_find_request_element, &req, find_done, NULL);
}

uc_err seats_ready(struct uc_client *c, struct view body)
{
	struct seat_ready_event e;
	if (wire_decode(body, &c->call, seat_ready_event_element, &e))
		return UC_E_FRAME;
	return place_taken(c, &e.place);
}

/* --- opening --- */

uc_err seat_sign_as(struct uc_client *c, const struct room *r, const struct seat_key *k,
		    struct arena *a, struct view *signature)
{
	struct seat_tbs tbs = { .room = view_str(r->uri), .client = k->client };
	struct view content;
	memcpy(tbs.challenge, c->challenge, CHALLENGE);
	TRY(sha256(k->secret, tbs.secret_hash));
	TRY(wire_encode_to(a, seat_tbs_element, &tbs, &content));
	if (k->group)
		return room_group_sign(c, k->group, SEAT_LABEL, content, a, signature);
	return k->set ? set_leaf_sign(c, k->set, SEAT_LABEL, content, a, signature)
		      : UC_E_NOT_FOUND;
}

uc_err seat_sign(struct uc_client *c, struct room *r, struct arena *a, struct view *signature)
{
	const struct seat_key key = { view_str(r->client), VIEW_OF(r->seat_secret), r->group,
				      pool_find(c, r->set_id) };
	return seat_sign_as(c, r, &key, a, signature);
}

/* Whether franks are signed is not for the app to say: the room's own name does. */
static bool hub_is_own(const struct uc_client *c, const struct room *r)
{
	return view_equal(uri_domain(view_str(r->uri)), view_str(c->account.app));
}

static uc_err opened(struct uc_client *c, struct room *r, const struct seat_open_response *in)
{
	bool own_hub = hub_is_own(c, r);
	if (r->state == ROOM_LEFT)
		return UC_OK;
	r->seat = in->seat;
	r->seat_open = true;
	r->seat_alone = false;
	r->seat_refusals = 0;
	r->log_next = in->next;
	if (!r->seat_known || r->own_hub != own_hub) {
		r->seat_known = true;
		r->own_hub = own_hub;
		r->dirty = true;
	}
	if (r->rejoin.step == REJOIN_SEATED)
		return resync_opened(c, r, in);
	if (in->renewed)
		TRY(put_back(c, r, in));
	outbox_gone(c, r, in->next);
	if (r->state == ROOM_JOINING && in->welcome.n && !r->lost)
		return rooms_welcome(c, r, in);
	/* The Welcome has expired, or this store is older than its use; or what lay between was
	 * trimmed. */
	if (r->state == ROOM_JOINING || in->first > r->seq + 1) {
		r->stuck = r->dirty = true;
		outbox_trimmed(c, r, in->first);
		room_lost(c, r, UC_E_STALE, NULL);
		r->missed = r->state != ROOM_JOINING;
	}
	return UC_OK;
}

/* Our seat is no more, or not ours to open: how that comes the hub will say. */
static void unseated(struct uc_client *c, struct room *r, uc_err why)
{
	resync_unseated(c, r, why);
	if (!r->lost)
		room_lost(c, r, why, NULL);
}

static void open_refused(struct uc_client *c, struct room *r, const struct reply *reply)
{
	if (reply->err != UC_E_NET)
		r->retry_ms = retry_at(c, reply, RETRY_MS);
	bool refused = reply->err == UC_E_REMOVED || reply->err == UC_E_SEAT;
	bool first = reply->err == UC_E_SEAT && r->state == ROOM_JOINING && !r->lost;
	/* An app that was put back may have forgotten the secret: then the leaf's key is asked for. */
	bool once = reply->err == UC_E_SEAT && r->state == ROOM_OPEN && !r->lost && r->seat_known;
	/* The log ends before where we are: then its hub is another one than it was. */
	bool behind = reply->err == UC_E_RESTORED && r->state == ROOM_OPEN && !r->lost;
	if (behind && ++r->seat_refusals >= BEHIND_MAX)
		room_lost(c, r, UC_E_RESTORED, NULL);
	else if (once)
		r->seat_known = false, r->retry_ms = 0;
	else if (first && r->seat_refusals++ < 2)
		r->seat_known = !r->seat_known; /* whichever of the two forms it wants */
	else if (refused && (r->lost || r->state == ROOM_OPEN || first))
		unseated(c, r, reply->err);
	else if (refused)
		rooms_left(c, r);
	else if (reply->err != UC_E_NET && !reply_is_transient(reply))
		event_warning(c, reply->err ? reply->err : UC_E_FRAME, reply->text, &r->id);
}

static uc_err open_done(struct uc_client *c, void *subject, const struct reply *reply)
{
	struct room *r = subject;
	struct seat_open_response in;
	r->seat_busy = false;
	if (reply->err || wire_decode(reply->body, reply->mem, seat_open_response_element, &in)) {
		open_refused(c, r, reply);
		return UC_OK;
	}
	return opened(c, r, &in);
}

/* Where we go on from.  A new seat begins with our commit: in a log that was put back that may lie
 * before where the old one had come to. */
static uint64_t cursor_of(const struct room *r)
{
	bool fresh = r->rejoin.step == REJOIN_SEATED && r->rejoin.seq < r->seq;
	return fresh ? r->rejoin.seq : r->seq;
}

uc_err seat_open(struct uc_client *c, struct room *r)
{
	struct seat_open_request req = {
		.room = view_str(r->uri),
		.client = view_str(r->client),
		.secret = VIEW_OF(r->seat_secret),
		.cursor = cursor_of(r),
	};
	memcpy(req.chain, r->chain, CHAIN_HASH);
	if (r->seat_busy)
		return UC_OK;
	if (waits_until(c, r->retry_ms))
		return UC_OK;
	if (r->state == ROOM_JOINING && !r->lost && !pool_find(c, r->set_id)) {
		/* Its KeyPackage has expired, and nothing else may come that would have us join anew. */
		r->stuck = true;
		room_lost(c, r, UC_E_STALE, NULL);
		wake_at(c, client_now(c));
		return UC_OK;
	}
	if (!r->seat_known)
		TRY(seat_sign(c, r, &c->call, &req.signature));
	r->seat_busy = true;
	return call_send(c, FRAME_SEAT_OPEN, seat_open_request_element, &req, open_done, r);
}

/* --- many at once --- */

/* Of a message to somebody who has not signed in yet an app takes 64 KiB. */
enum { EARLY_BYTES = 60000, EARLY_SEAT_BYTES = 128 /* and its names */ };

/* Rooms in the order of the request. */
struct opening {
	size_t n;
	struct room *v[SEATS_AT_ONCE];
};

/* Nothing but its seat has to be opened, and that was done before. */
static bool is_opened_again(struct uc_client *c, const struct room *r)
{
	return r->state == ROOM_OPEN && r->seat_known && !r->seat_open && !r->seat_busy &&
	       !r->seat_alone && !r->lost && !r->shadow && !waits_until(c, r->retry_ms);
}

static uc_err opened_again(struct uc_client *c, struct room *r, const struct seat_opened *in)
{
	const struct seat_open_response response = { .seat = in->seat,
						     .first = in->first,
						     .next = in->next };
	const struct reply reply = { .err = in->status };
	if (!in->status)
		return opened(c, r, &response);
	if (reply_is_transient(&reply))
		r->retry_ms = client_now(c) + RETRY_MS;
	else
		r->seat_alone = true;
	return UC_OK;
}

static uc_err opening_done(struct uc_client *c, const struct opening *o, const struct reply *reply)
{
	struct seats_open_response in = { { NULL, 0 } };
	uc_err err = reply->err;
	for (size_t i = 0; i < o->n; i++)
		o->v[i]->seat_busy = false;
	if (err == UC_E_NET)
		return UC_OK;
	if (!err && (wire_decode(reply->body, reply->mem, seats_open_response_element, &in) ||
		     in.seats.n != o->n))
		err = UC_E_FRAME;
	for (size_t i = 0; i < o->n; i++) {
		const struct seat_opened refused = { .status = (uint16_t)err };
		TRY(opened_again(c, o->v[i], err ? &refused : &in.seats.v[i]));
	}
	return UC_OK;
}

static uc_err seats_opened(struct uc_client *c, void *subject, const struct reply *reply)
{
	struct opening *o = subject;
	uc_err err = opening_done(c, o, reply);
	heap_free(o);
	return err;
}

static uc_err opening_send(struct uc_client *c, struct opening *o)
{
	struct seats_open_request req = { { NULL, o->n } };
	req.seats.v = ARENA_ARRAY(&c->call, struct seat_again, o->n);
	if (!req.seats.v)
		return UC_E_MEMORY;
	for (size_t i = 0; i < o->n; i++) {
		const struct room *r = o->v[i];
		struct seat_again *s = &req.seats.v[i];
		*s = (struct seat_again){ .room = view_str(r->uri),
					  .client = view_str(r->client),
					  .cursor = r->seq };
		memcpy(s->secret, r->seat_secret, SEAT_SECRET);
	}
	TRY(call_send(c, FRAME_SEATS_OPEN, seats_open_request_element, &req, seats_opened, o));
	for (size_t i = 0; i < o->n; i++)
		o->v[i]->seat_busy = true;
	return UC_OK;
}

static size_t bytes_of(const struct room *r)
{
	return view_str(r->uri).n + view_str(r->client).n + EARLY_SEAT_BYTES;
}

/* From *from on, as many as fit; the rest is what *from leads to. */
static uc_err opening_make(struct uc_client *c, struct room **from, size_t bytes_max)
{
	struct opening *o = HEAP_NEW(struct opening);
	struct room *r = *from;
	size_t bytes = 0;
	if (!o)
		return UC_E_MEMORY;
	for (; r && o->n < SEATS_AT_ONCE && bytes_of(r) <= bytes_max - bytes; r = r->next) {
		if (!is_opened_again(c, r))
			continue;
		bytes += bytes_of(r);
		o->v[o->n++] = r;
	}
	*from = r;
	/* One alone is what SEAT_OPEN is for. */
	uc_err err = o->n > 1 ? opening_send(c, o) : UC_E_NOT_FOUND;
	if (err)
		heap_free(o);
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

/* NULL: none. */
static struct room *first_again(struct uc_client *c)
{
	struct room *r = c->features & 1u << FEATURE_SEATS_OPEN ? c->rooms : NULL;
	while (r && !is_opened_again(c, r))
		r = r->next;
	return r;
}

uc_err seats_open(struct uc_client *c)
{
	struct room *r = first_again(c);
	while (r)
		TRY(opening_make(c, &r, SIZE_MAX));
	return UC_OK;
}

uc_err seats_open_early(struct uc_client *c)
{
	struct room *r = first_again(c);
	return r ? opening_make(c, &r, EARLY_BYTES) : UC_OK;
}

struct room *seat_find(struct uc_client *c, uint32_t seat)
{
	for (struct room *r = c->rooms; r; r = r->next)
		if (r->seat_open && r->seat == seat)
			return r;
	return NULL;
}

uc_err seats_ended(struct uc_client *c, struct view body)
{
	struct seat_ended_event e;
	if (wire_decode(body, &c->call, seat_ended_event_element, &e))
		return UC_E_FRAME;
	struct room *r = seat_find(c, e.seat);
	if (!r)
		return UC_OK;
	r->seat_open = false;
	if (r->lost)
		resync_unseated(c, r, UC_E_REMOVED);
	else
		rooms_removed(c, r, NULL);
	return UC_OK;
}

void seats_lost(struct uc_client *c)
{
	c->seats_known = c->pool_known = false;
	c->seats_asked = 0;
	for (struct room *r = c->rooms; r; r = r->next)
		r->seat_open = r->seat_busy = r->seat_alone = r->update_busy = r->rejoin_busy =
			false;
}
