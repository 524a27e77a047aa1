/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a seat: first by the leaf's key, then by the secret that was set with it. */
#include "base/heap.h"
#include "base/planted.h"
#include "base/secret.h"
#include "provider/room_work.h"

enum { SEATS_PER_REQUEST = 16, UNKNOWN_S = 2 };

uc_err seat_proof_check(struct provider *p, const struct session *s, struct view room,
			struct view client, struct view secret, struct view leaf_key,
			struct view signature, struct arena *a, struct seat_proof *out)
{
	struct seat_tbs tbs = { .room = room, .client = client };
	struct view bytes;
	if (secret.n != SEAT_SECRET)
		return UC_E_ARGUMENT;
	memcpy(tbs.challenge, s->challenge, sizeof tbs.challenge);
	TRY(sha256(secret, tbs.secret_hash));
	TRY(wire_encode_to(a, seat_tbs_element, &tbs, &bytes));
	/* Rooms have suites whose signatures are Ed25519 (hub_create.c). */
	TRY(verify_with_label(suite_find(SUITE_X25519_AES128), leaf_key, "Undercroft seat", bytes,
			      signature));
	TRY(opener_make(p, s, secret, out->opener));
	memcpy(out->secret_hash, tbs.secret_hash, sizeof out->secret_hash);
	out->client = client;
	return opening_make(p, room, client, s, a, &out->opening);
}

struct opening_seat {
	struct call *c;
	const struct seat_open_request *q;
	const struct seat_claim *claim;
	struct room_live *room;
	struct client_key client;
	struct seat_record record;
	struct renewed_record renewed; /* seq 0: the log was never put back */
	bool is_behind;                /* and the device has more, or other, than the log */
	uint64_t cursor;               /* how far it has been read, though that is not stored */
	bool is_again;                 /* by SEATS_OPEN */
	bool is_known;                 /* the claim is right, and nothing was read for it */
};

/* Sets the secret; opening, month and cursor with it. */
static uc_err open_first(struct opening_seat *o)
{
	struct call *c = o->c;
	struct public_group *g;
	struct seat_proof proof;
	struct store_batch b;
	struct store_key k;
	if (!o->q->signature.n)
		return UC_E_SEAT;
	TRY(room_live_group(c->p, o->room, &g));
	struct group_view now = public_group_now(g);
	uint32_t leaf = public_group_leaf_by_identity(g, o->q->client);
	if (o->record.ended || leaf == TREE_NONE)
		return UC_E_REMOVED;
	TRY(seat_proof_check(c->p, c->s, o->room->uri, o->q->client, o->q->secret,
			     tree_signature_key(now.tree, leaf), o->q->signature, &c->arena,
			     &proof));
	memcpy(o->record.secret_hash, proof.secret_hash, sizeof proof.secret_hash);
	memcpy(o->record.opener, proof.opener, sizeof proof.opener);
	o->record.opened_month = month_now(c->p);
	seat_known_change(c->p, o->room->uri, o->q->client, NULL);
	store_batch_init(&b, o->room->uri);
	uc_err err = opening_add(c->p, &b, o->room->uri, o->q->client, proof.opening, &c->arena);
	if (!err)
		err = record_put(&b, key_2(&k, TABLE_SEAT, o->room->uri, o->q->client),
				 seat_record_element, &o->record);
	if (err) {
		store_batch_done(&b);
		return err;
	}
	return commit_rooms(c->p, &b);
}

static uc_err check_secret(const struct opening_seat *o)
{
	uint8_t hash[SHA256_BYTES];
	TRY(sha256(o->q->secret, hash));
	return view_equal_ct(VIEW_OF(hash), VIEW_OF(o->record.secret_hash)) ? UC_OK : UC_E_SEAT;
}

/* Another than the last time: sealed for the moderators.  The first opening is stored; what later
 * ones say can wait for the clock. */
static uc_err opened_by_another(struct call *c, struct view room, struct view client,
				const uint8_t opener[SEAT_OPENER])
{
	struct view sealed;
	TRY(opening_make(c->p, room, client, c->s, &c->arena, &sealed));
	seat_known_change(c->p, room, client, NULL);
	struct seat_late *late = seat_late_get(c->p, room, client);
	uint8_t *copy = late ? heap_new(sealed.n) : NULL;
	if (!copy)
		return UC_E_MEMORY;
	memcpy(copy, sealed.p, sealed.n);
	heap_free(late->opening);
	late->opening = copy;
	late->opening_n = sealed.n;
	memcpy(late->opener, opener, SEAT_OPENER);
	late->month = month_now(c->p);
	return UC_OK;
}

uc_err seat_opened_again(struct call *c, struct view room, struct view client, struct view secret,
			 const struct seat_record *r)
{
	uint8_t opener[SEAT_OPENER];
	struct seat_late *late = seat_late_find(c->p, room, client);
	TRY(opener_make(c->p, c->s, secret, opener));
	const uint8_t *last = late && late->opening ? late->opener : r->opener;
	if (!view_equal_ct(VIEW_OF(opener), view_make(last, SEAT_OPENER)))
		return opened_by_another(c, room, client, opener);
	if (r->opened_month == month_now(c->p))
		return UC_OK;
	if (!late)
		late = seat_late_get(c->p, room, client);
	if (!late)
		return UC_E_MEMORY;
	late->month = month_now(c->p);
	return UC_OK;
}

static uc_err welcome_add(struct opening_seat *o, struct seat_open_response *r)
{
	uc_err err = welcome_of_client(o->c->p, o->room, o->record.start, o->q->client,
				       &o->c->arena, &r->welcome, &r->ratchet_tree);
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

/* What the log still holds.  Who has read all of it need not know where it begins. */
static uc_err log_first(struct provider *p, const struct room_live *r, uint64_t cursor,
			uint64_t *first)
{
	struct store_log_bounds bounds;
	struct store_key k;
	*first = r->record.next;
	if (cursor + 1 >= r->record.next)
		return UC_OK;
	uc_err err = store_log_bounds(p->rooms, key_1(&k, TABLE_LOG, r->uri), &bounds);
	if (!err)
		*first = bounds.first;
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

/* Is what the device has of this log?  What is gone from it cannot be compared. */
static uc_err compare(const struct opening_seat *o, bool *same)
{
	struct provider *p = o->c->p;
	const struct room_record *r = &o->room->record;
	struct view chain = VIEW_OF(o->q->chain);
	struct store_log_scan scan;
	struct store_key k;
	struct view bytes;
	struct log_entry e;
	uint64_t at, cursor = o->q->cursor;
	uint8_t own[CHAIN_HASH];
	uc_err err = UC_OK;
	*same = cursor + 1 == r->next && view_equal(chain, VIEW_OF(r->chain));
	if (cursor + 1 >= r->next)
		return UC_OK;
	*same = true;
	TRY(store_log_scan_init(&scan, p->rooms, key_1(&k, TABLE_LOG, o->room->uri), cursor, 1, 0));
	if (store_log_scan_next(&scan, &at, &bytes) && at <= cursor + 1) {
		memcpy(own, o->q->chain, CHAIN_HASH);
		err = wire_decode(bytes, &o->c->arena, log_entry_element, &e);
		if (!err && at == cursor + 1) /* the first that is left goes on from it */
			err = chain_extend(own, at, e.fanout);
		*same = !err && view_equal(VIEW_OF(own), VIEW_OF(e.chain));
	}
	if (!err)
		err = scan.scan.failed;
	store_log_scan_done(&scan);
	return err;
}

/* Where the log was put back to less than the device has, it goes on from there.  Of many at once
 * that cannot be said. */
static uc_err put_back_look(struct opening_seat *o)
{
	uint64_t next = o->room->record.next;
	bool same;
	if (o->room->record.is_renewed)
		TRY(room_renewed_get(o->c->p, o->room->uri, &o->c->arena, &o->renewed));
	/* A seat begins where it begins. */
	if (o->renewed.seq && o->record.start >= o->renewed.seq) {
		o->renewed.seq = o->record.start + 1;
		memcpy(o->renewed.chain, o->record.start_chain, CHAIN_HASH);
	}
	if (!o->renewed.seq && o->q->cursor < next)
		return UC_OK;
	/* A follower that was put back has the rest soon. */
	if (!o->renewed.seq || o->q->cursor + 1 < o->renewed.seq)
		return o->q->cursor < next                ? UC_OK
		       : o->room->record.part == ROOM_HUB ? UC_E_RESTORED
							  : UC_E_BUSY;
	if (o->is_again)
		return UC_E_UNEXPECTED;
	TRY(compare(o, &same));
	if (!same && o->renewed.waits && o->q->cursor >= next)
		return UC_E_BUSY;
	o->is_behind = o->q->cursor >= o->renewed.seq && !same;
	return UC_OK;
}

static uc_err put_back_tell(const struct opening_seat *o, struct seat_open_response *r)
{
	struct public_group *g;
	/* While the rest is waited for, what was accepted and is not here yet is not to be said again. */
	if (!o->renewed.seq || (o->renewed.waits && !o->is_behind))
		return UC_OK;
	TRY(room_live_group(o->c->p, o->room, &g));
	r->renewed = o->renewed.seq;
	r->is_behind = o->is_behind;
	const struct group_context *now = public_group_now(g).context;
	r->epoch = now->epoch;
	TRY(sha256(now->confirmed_transcript_hash, r->transcript));
	memcpy(r->renewed_chain, o->renewed.chain, CHAIN_HASH);
	return UC_OK;
}

/* Opens it: entries follow with seat_live_push. */
static uc_err opened(struct opening_seat *o, uint64_t cursor, struct seat_open_response *r)
{
	struct provider *p = o->c->p;
	struct seat_live *seat;
	*r = (struct seat_open_response){ .start = o->record.start,
					  .next = o->room->record.next,
					  .hub_is_own_app = o->room->record.part == ROOM_HUB };
	memcpy(r->start_chain, o->record.start_chain, CHAIN_HASH);
	TRY(put_back_tell(o, r));
	TRY(log_first(p, o->room, cursor, &r->first));
	if (o->cursor < o->record.start && cursor < o->record.start)
		TRY(welcome_add(o, r));
	/* What is gone cannot be sent; the device sees it by `first`. */
	if (cursor + 1 < r->first)
		cursor = r->first - 1;
	if (PLANTED(ticket_replay) && o->is_known) {
		r->next = cursor + 1;
		cursor = o->room->record.next - 1;
	}
	TRY(seat_live_add(p, o->c->s, o->room, &o->client, &o->record, cursor, &seat));
	r->seat = seat->number;
	if (o->q->cursor > o->cursor)
		seat_moved(p, seat);
	return UC_OK;
}

static void cursor_find(struct opening_seat *o)
{
	const struct seat_late *late =
		seat_late_find_hashed(o->c->p, o->q->room, o->q->client, o->claim->hash);
	const struct seat_live *live = o->room->moved_n ? room_seat_of(o->room, &o->client) : NULL;
	o->cursor = o->record.cursor;
	if (late && late->cursor > o->cursor)
		o->cursor = late->cursor;
	if (live && live->is_moved && seat_acked(live) > o->cursor)
		o->cursor = seat_acked(live);
}

/* Who set the secret, or has it; what there is to be kept of that is. */
static uc_err opener_take(struct opening_seat *o, bool is_first)
{
	const struct seat_open_request *q = o->q;
	if (is_first)
		return open_first(o);
	return o->is_known ? UC_OK
			   : seat_opened_again(o->c, q->room, q->client, q->secret, &o->record);
}

static uc_err open_seat(struct opening_seat *o, struct seat_open_response *r)
{
	const struct seat_open_request *q = o->q;
	bool is_first = !o->is_known && seat_is_unopened(&o->record);
	/* Before anything is told: whose seat it is not learns neither that there is one nor how far
	 * its room has come. */
	if (!is_first && !o->is_known)
		TRY(check_secret(o));
	cursor_find(o);
	/* Everything was read, up to the end. */
	if (o->record.ended && (q->cursor >= o->record.ended || o->cursor >= o->record.ended))
		return UC_E_SEAT;
	if (!is_first)
		TRY(put_back_look(o));
	/* Its Welcome comes with SEAT_OPEN. */
	if (!is_first && o->is_again && o->cursor < o->record.start && q->cursor < o->record.start)
		return UC_E_UNEXPECTED;
	TRY(opener_take(o, is_first));
	if (is_first)
		TRY(put_back_look(o));
	return opened(o, o->is_behind ? o->renewed.seq - 1 : q->cursor, r);
}

/* The whole of it is for who opens a seat by itself. */
static bool is_known(struct opening_seat *o, uint64_t *room_hash)
{
	o->is_known = o->is_again &&
		      seat_known_find(o->c->p, o->claim, &o->record, &o->client, room_hash);
	return o->is_known;
}

static uc_err seat_read(struct opening_seat *o)
{
	struct provider *p = o->c->p;
	const struct seat_open_request *q = o->q;
	struct store_key k;
	uint64_t room_hash;
	if (is_known(o, &room_hash))
		return room_live_get_hashed(p, q->room, room_hash, &o->room);
	if (!client_key_make(p, q->client, &o->client))
		return UC_E_SEAT;
	TRY(room_live_get(p, q->room, &o->room));
	return record_get(p->rooms, key_2(&k, TABLE_SEAT, q->room, q->client), seat_record_element,
			  &o->c->arena, &o->record);
}

static uc_err find_and_open(struct opening_seat *o, struct seat_open_response *r)
{
	uc_err err = seat_read(o);
	if (err)
		return err == UC_E_NOT_FOUND ? UC_E_SEAT : err;
	TRY(open_seat(o, r));
	if (!o->is_known)
		seat_known_add(o->c->p, o->claim, &o->record, &o->client);
	return UC_OK;
}

/* A room of another app that we know nothing of: we may have been put back to before it came. */
static bool may_be_forgotten(const struct provider *p, const struct seat_open_request *q,
			     struct view *domain)
{
	struct view of_client;
	return q->cursor && is_place(q->room, URI_ROOM) && is_place(q->client, URI_CLIENT) &&
	       !uri_domain_of(q->room, domain) && !uri_domain_of(q->client, &of_client) &&
	       !is_own_domain(p, *domain) && is_own_domain(p, of_client);
}

/* Its hub says whether we follow, and tells us anew if so. */
static void follow_answered(struct provider *p, struct ask *a, const struct peer_response *r)
{
	struct call space, *c = ask_call(p, a, &space);
	uc_err err = r->status == 200   ? UC_E_BUSY
		     : r->status == 404 ? UC_E_SEAT
					: peer_status_err(r->status);
	if (!c)
		return;
	call_refuse(c, err, NULL, err == UC_E_BUSY ? UNKNOWN_S : r->retry_after_s);
	call_done(c);
}

static uc_err unknown_room(struct call *c, const struct seat_open_request *q, struct view domain)
{
	const struct view none = { NULL, 0 };
	if (session_is_too_fast(c, LIMIT_GROUP_INFO, 0))
		return UC_OK;
	return hub_ask(c, follow_answered, "follow", domain, q->room, q->client, 0, none);
}

uc_err handle_seat_open(struct call *c, struct view body)
{
	struct seat_open_request q;
	struct seat_open_response r;
	struct seat_claimant by;
	struct seat_claim claim;
	struct opening_seat o = { .c = c, .q = &q, .claim = &claim };
	struct view domain;
	TRY(wire_decode(body, &c->arena, seat_open_request_element, &q));
	if (q.secret.n != SEAT_SECRET)
		return UC_E_ARGUMENT;
	struct seat_again named = { .room = q.room, .client = q.client };
	memcpy(named.secret, q.secret.p, SEAT_SECRET);
	seat_claimant_make(c->p, c->s, &by);
	bool may_be = seat_claim_make(c->p, &by, &named, &claim);
	wipe(named.secret, sizeof named.secret);
	if (!may_be)
		return UC_E_SEAT;
	uc_err err = find_and_open(&o, &r);
	if (err == UC_E_SEAT && !o.room && may_be_forgotten(c->p, &q, &domain))
		return unknown_room(c, &q, domain);
	TRY(err);
	call_respond(c, seat_open_response_element, &r);
	seat_live_push(c->p, seat_live_find(c->s, r.seat));
	session_go_on(c->p, c->s);
	return UC_OK;
}

/* --- many at once --- */

enum { CLAIMS_AT_ONCE = 16 };

static void open_again(struct call *c, const struct seat_claim *claim,
		       const struct seat_again *again, struct seat_opened *out)
{
	const struct seat_open_request q = { .room = again->room,
					     .client = again->client,
					     .secret = VIEW_OF(again->secret),
					     .cursor = again->cursor };
	struct opening_seat o = { .c = c, .q = &q, .claim = claim, .is_again = true };
	struct seat_open_response r;
	struct view domain;
	struct arena_mark mark = arena_mark(&c->arena);
	uc_err err = find_and_open(&o, &r);
	arena_reset(&c->arena, mark);
	if (err == UC_E_SEAT && !o.room && may_be_forgotten(c->p, &q, &domain))
		err = UC_E_UNEXPECTED; /* SEAT_OPEN asks for it */
	if (err)
		*out = (struct seat_opened){ .status = (uint16_t)err };
	else
		*out = (struct seat_opened){ .seat = r.seat, .first = r.first, .next = r.next };
}

/* Some: what the next need comes from memory meanwhile. */
static void open_some(struct call *c, const struct seat_claimant *by, const struct seat_again *v,
		      size_t n, struct seat_opened *out)
{
	struct seat_claim claims[CLAIMS_AT_ONCE];
	bool may_be[CLAIMS_AT_ONCE];
	for (size_t i = 0; i < n; i++)
		may_be[i] = seat_claim_make(c->p, by, &v[i], &claims[i]);
	for (size_t i = 0; i < n; i++)
		if (may_be[i])
			seat_known_expect(c->p, &claims[i]);
	for (size_t i = 0; i < n; i++)
		if (may_be[i])
			open_again(c, &claims[i], &v[i], &out[i]);
		else
			out[i] = (struct seat_opened){ .status = UC_E_SEAT };
}

/* Each is answered for itself.  One that is named twice is open once, by its later number. */
uc_err handle_seats_open(struct call *c, struct view body)
{
	struct seats_open_request q;
	struct seats_open_response r;
	struct seat_claimant by;
	TRY(wire_decode(body, &c->arena, seats_open_request_element, &q));
	if (q.seats.n > SEATS_AT_ONCE)
		return UC_E_LIMIT;
	r.seats.n = q.seats.n;
	r.seats.v = ARENA_ARRAY(&c->arena, struct seat_opened, q.seats.n + 1);
	if (!r.seats.v)
		return UC_E_LIMIT;
	/* They count as some requests, not as one and not as each. */
	uint32_t wait =
		rate_take_many(&c->s->rates[LIMIT_REQUEST], &c->p->config.limits[LIMIT_REQUEST],
			       (uint32_t)q.seats.n / SEATS_PER_REQUEST, env_now_ms(c->p->env));
	if (wait) {
		call_refuse(c, UC_E_RATE, NULL, wait);
		return UC_OK;
	}
	seat_claimant_make(c->p, c->s, &by);
	for (size_t i = 0; i < q.seats.n; i += CLAIMS_AT_ONCE) {
		size_t left = q.seats.n - i;
		open_some(c, &by, &q.seats.v[i], left < CLAIMS_AT_ONCE ? left : CLAIMS_AT_ONCE,
			  &r.seats.v[i]);
	}
	call_respond(c, seats_open_response_element, &r);
	for (size_t i = 0; i < r.seats.n; i++) {
		struct seat_live *seat = seat_live_find(c->s, r.seats.v[i].seat);
		if (seat)
			seat_live_push(c->p, seat);
	}
	session_go_on(c->p, c->s);
	return UC_OK;
}

/* --- which rooms a released KeyPackage has led to --- */

static uc_err place_find(struct call *c, struct view client, struct seat_place *out, bool *found)
{
	struct store_key k;
	struct client_record r;
	struct seat_record seat;
	*found = false;
	uc_err err = record_get(c->p->rooms, key_1(&k, TABLE_CLIENT, client), client_record_element,
				&c->arena, &r);
	if (!err)
		err = record_get(c->p->rooms, key_2(&k, TABLE_SEAT, r.room, client),
				 seat_record_element, &c->arena, &seat);
	if (err)
		return err == UC_E_NOT_FOUND ? UC_OK : err;
	*found = true;
	*out = (struct seat_place){ client, r.room };
	return UC_OK;
}

/* Told by SEAT_READY when it comes. */
static uc_err await(struct call *c, struct view client)
{
	if (!map_find(&c->s->finds, client)) {
		if (c->s->finds.n >= FINDS_PER_SESSION)
			return UC_E_LIMIT;
		TRY(map_put(&c->s->finds, client, c->s));
	}
	return map_put(&c->p->finders, client, c->s);
}

uc_err handle_seat_find(struct call *c, struct view body)
{
	struct seat_find_request q;
	struct seat_find_response r = { .seats = { .n = 0 } };
	TRY(wire_decode(body, &c->arena, seat_find_request_element, &q));
	r.seats.v = ARENA_ARRAY(&c->arena, struct seat_place, q.clients.n + 1);
	if (!r.seats.v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < q.clients.n; i++) {
		struct view client = q.clients.v[i], domain;
		bool found;
		if (!is_place(client, URI_CLIENT) || uri_domain_of(client, &domain) ||
		    !is_own_domain(c->p, domain))
			return UC_E_ARGUMENT;
		TRY(place_find(c, client, &r.seats.v[r.seats.n], &found));
		if (found)
			r.seats.n++;
		else
			TRY(await(c, client));
	}
	call_respond(c, seat_find_response_element, &r);
	return UC_OK;
}

void seat_ready(struct provider *p, struct view client, struct view room)
{
	struct session *s = map_remove(&p->finders, client);
	const struct seat_ready_event event = { .place = { client, room } };
	if (!s)
		return;
	map_remove(&s->finds, client);
	if (s->phase == PHASE_SIGNED_IN)
		session_send_event(p, s, FRAME_SEAT_READY, seat_ready_event_element, &event);
}
