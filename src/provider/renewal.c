/* SPDX-License-Identifier: Apache-2.0 */
/* Apps whose store is an older copy that was put back, ours or another's.
 *
 * Each request and answer between apps says which store it comes from.  When an app has another than
 * it had, what both know of rooms is compared: as their hub we send the last entry it is taken to have
 * once more, and it says what it wants; as a follower we ask whether we still are one.  Who has not
 * been heard of for a while is asked for its directory, so that no room stays wrong because it rests. */
#include "base/text.h"
#include "provider/room_work.h"

enum {
	HELLO_MS = 10 * 60 * 1000,
	LOOK_MS = 60 * 1000,  /* between two looks at who has said nothing for so long */
	AGAIN_MS = 20 * 1000, /* what could not be asked is asked again */
	REST_MS = 10 * 60 *
		  1000, /* between two stores of one app: who says so for ever gains little */
	ASKS_AT_ONCE = 32,
	FOLLOW_MS = 60 * 1000,
};

/* --- which store --- */

static uint64_t store_number(const struct provider *p)
{
	struct view incarnation = store_incarnation(p->rooms);
	uint64_t n = 0;
	for (size_t i = 0; i < 8 && i < incarnation.n; i++)
		n = n << 8 | incarnation.p[i];
	return n | 1;
}

void header_add_store(const struct provider *p, struct buf *headers)
{
	header_add_number(headers, "undercroft-store", store_number(p));
}

static uc_err peer_put(struct provider *p, struct view domain, uint64_t store)
{
	const struct peer_record record = { .store = store };
	struct store_batch b;
	struct store_key k;
	store_batch_init(&b, domain);
	uc_err err = record_put(&b, key_1(&k, TABLE_PEER, domain), peer_record_element, &record);
	if (!err)
		return commit_rooms(p, &b);
	store_batch_done(&b);
	return err;
}

static uc_err store_known(struct provider *p, struct view domain, struct peer_live *peer)
{
	struct peer_record record = { .store = 0 };
	struct arena a;
	struct store_key k;
	bool found;
	if (peer->store)
		return UC_OK;
	arena_init(&a, 4096, ARENA_PLAIN);
	uc_err err = record_find(p->rooms, key_1(&k, TABLE_PEER, domain), peer_record_element, &a,
				 &record, &found);
	arena_done(&a);
	if (!err)
		peer->store = record.store;
	return err;
}

void peer_heard(struct provider *p, struct view domain, struct view headers)
{
	uint64_t store;
	struct peer_live *peer;
	if (!header_number(headers, "undercroft-store", &store) || !store || !domain.n ||
	    domain.n > PLACE_URI_MAX || is_own_domain(p, domain))
		return;
	peer = peer_live_get(p, domain);
	if (!peer)
		return;
	peer->heard_ms = env_now_ms(p->env);
	if (peer->store == store || store_known(p, domain, peer) || peer->store == store)
		return;
	if (!peer->store && !peer_put(p, domain, store)) {
		peer->store = store;
		return;
	}
	p->room_work->renewals += !peer->store_next;
	peer->store_next = store;
}

/* --- a room whose log was put back --- */

uc_err room_renewed_get(struct provider *p, struct view room, struct arena *a,
			struct renewed_record *out)
{
	struct store_key k;
	return record_get(p->rooms, key_1(&k, TABLE_RENEWED, room), renewed_record_element, a, out);
}

uc_err room_renewed_put(struct store_batch *b, struct view room, struct room_record *r, bool waits)
{
	struct renewed_record record = { .waits = waits, .seq = r->next };
	struct store_key k;
	memcpy(record.chain, r->chain, CHAIN_HASH);
	r->is_renewed = true;
	return record_put(b, key_1(&k, TABLE_RENEWED, room), renewed_record_element, &record);
}

/* Nobody goes back to an entry that is not there: all have read it, or it is a month old. */
static uc_err is_gone(struct provider *p, const struct room_live *r, uint64_t seq, bool *out)
{
	struct store_log_bounds b;
	struct store_key k;
	uc_err err = store_log_bounds(p->rooms, key_1(&k, TABLE_LOG, r->uri), &b);
	*out = seq < r->record.next && (err || b.first > seq);
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

/* It is known now that the hub's log was put back, too: nobody waits for what there was. */
static uc_err room_waits_no_more(struct provider *p, const struct room_live *r)
{
	struct room_record room = r->record;
	struct renewed_record record;
	struct store_batch b;
	struct store_key k;
	struct arena a;
	bool gone;
	arena_init(&a, 4096, ARENA_PLAIN);
	uc_err err = room_renewed_get(p, r->uri, &a, &record);
	arena_done(&a);
	if (err || !record.waits)
		return err;
	TRY(is_gone(p, r, record.seq, &gone));
	record.waits = false;
	store_batch_init(&b, r->uri);
	err = gone ? room_renewed_put(&b, r->uri, &room, false)
		   : record_put(&b, key_1(&k, TABLE_RENEWED, r->uri), renewed_record_element,
				&record);
	if (!err)
		return commit_rooms(p, &b);
	store_batch_done(&b);
	return err;
}

/* Its log is another one from its end on, for who has more of it.  Where that was said before, what
 * was said is the earlier place. */
static uc_err room_renew(struct provider *p, struct room_live *r, bool waits)
{
	struct room_record record = r->record;
	struct store_batch b;
	struct store_key k;
	if (record.is_renewed)
		return waits ? UC_OK : room_waits_no_more(p, r);
	store_batch_init(&b, r->uri);
	uc_err err = room_renewed_put(&b, r->uri, &record, waits);
	if (!err)
		err = record_put(&b, key_1(&k, TABLE_ROOM, r->uri), room_record_element, &record);
	if (err) {
		store_batch_done(&b);
		return err;
	}
	TRY(commit_rooms(p, &b));
	r->record.is_renewed = true;
	return UC_OK;
}

/* --- as a follower: is it still ours to follow? --- */

/* The hub has none of ours in it: it was put back to before they came, or all of it is gone. */
static uc_err room_over(struct provider *p, struct room_live *r, struct arena *a)
{
	struct log_step step;
	log_step_begin(&step, p, r, a);
	uc_err err = seats_end_all(&step, r->record.next - 1);
	if (err) {
		log_step_drop(&step);
		return err;
	}
	TRY(log_step_commit(&step));
	log_step_tell(&step);
	seats_push(p, r);
	return UC_OK;
}

static uc_err follow_answer(struct provider *p, const struct ask *ask,
			    const struct peer_response *q)
{
	struct room_live *r;
	struct arena a;
	if (q->status != 404)
		return q->status == 200 ? UC_OK : UC_E_PEER;
	if (room_live_get(p, ask->what, &r) || r->record.part != ROOM_FOLLOWER)
		return UC_OK;
	arena_init(&a, ROOM_MEMORY_MAX, ARENA_PLAIN);
	uc_err err = room_over(p, r, &a);
	arena_done(&a);
	return err;
}

static void follow_done(struct provider *p, struct ask *ask, const struct peer_response *q)
{
	struct renewal *w = &p->room_work->renewal;
	w->asked -= w->asked > 0;
	if (FAIL(p->env, follow_answer(p, ask, q)))
		w->failed = true;
}

/* No part of a renewal, which is of another app perhaps. */
static void follow_again_done(struct provider *p, struct ask *ask, const struct peer_response *q)
{
	(void)FAIL(p->env, follow_answer(p, ask, q));
}

static uc_err follow_ask(struct provider *p, const struct room_live *r, ask_done *done)
{
	struct buf headers;
	struct ask *ask = ask_new(p, done);
	if (!ask)
		return UC_E_MEMORY;
	ask_about(ask, r->uri);
	buf_init(&headers, 1024);
	header_add_store(p, &headers);
	ask_send(p, ask, r->record.hub, "follow", r->uri, buf_view(&headers),
		 (struct view){ NULL, 0 });
	buf_done(&headers);
	return UC_OK;
}

uc_err follow_ask_again(struct provider *p, struct room_live *r)
{
	uint64_t now = env_now_ms(p->env);
	if (!is_due(now, r->follow_ms, FOLLOW_MS))
		return UC_OK;
	r->follow_ms = now + FOLLOW_MS;
	return follow_ask(p, r, follow_again_done);
}

/* Counted before it is sent: it may be answered at once. */
static uc_err follow_ask_counted(struct provider *p, const struct room_live *r)
{
	struct renewal *w = &p->room_work->renewal;
	w->asked++;
	uc_err err = follow_ask(p, r, follow_done);
	w->asked -= err && w->asked > 0;
	return err;
}

static uc_err visit_room(struct provider *p, struct view room, struct view domain)
{
	struct room_live *r;
	TRY(room_live_get(p, room, &r));
	/* What a follower gets from now on may be of a log that its hub has had since: when that is noticed,
	 * what is here says no more where the two part. */
	if (!domain.n)
		return room_renew(p, r, r->record.part != ROOM_HUB);
	if (r->record.part != ROOM_FOLLOWER)
		return UC_OK;
	TRY(room_renew(p, r, false));
	seats_of_before(p, domain, r);
	return follow_ask_counted(p, r);
}

/* --- as the hub --- */

static uc_err visit_follower(struct provider *p, struct view room, struct view of,
			     struct view domain)
{
	struct room_live *r;
	if (domain.n && !view_equal(of, domain))
		return UC_OK;
	uc_err err = room_live_hosted(p, room, &r);
	struct follower_live *f = err ? NULL : follower_find(r, of);
	if (err || !f)
		return err == UC_E_NOT_FOUND ? UC_OK : err;
	return follower_look(p, r, f);
}

int peer_follow(struct peer_call *c)
{
	struct room_live *r;
	uc_err err = room_live_hosted(c->p, c->target, &r);
	struct follower_live *f = err ? NULL : follower_find(r, c->domain);
	/* It cannot begin anew in a log in which its people have left, and no beginning waits for it. */
	if (!err && f && f->record.until && f->restart && !f->record.start_seq)
		follower_let_go(c->p, r, f);
	if (!err && (!f || (f->record.until && f->record.cursor >= f->record.until)))
		err = UC_E_NOT_FOUND;
	if (!err)
		err = follower_look(c->p, r, f);
	if (err)
		return peer_err_status(err);
	fanout_room(c->p, r);
	return 200;
}

/* --- all rooms with one app; or of ours, with all --- */

/* A room's hub is named in its URI: so of those of others no record is read, however many they are. */
static bool is_hub_of(struct view room, struct view domain)
{
	struct view hub;
	return !domain.n || (!uri_domain_of(room, &hub) && view_equal(hub, domain));
}

static uc_err visit(struct provider *p, enum provider_table t, struct view key, struct view domain)
{
	struct store_key_reader k;
	struct arena a;
	struct view of = { NULL, 0 };
	arena_init(&a, 4096, ARENA_PLAIN);
	store_key_read(&k, key);
	struct view room = store_key_read_bytes(&k, &a);
	if (t == TABLE_FOLLOWER)
		of = store_key_read_bytes(&k, &a);
	uc_err err = store_key_read_done(&k);
	if (!err && t == TABLE_FOLLOWER)
		err = visit_follower(p, room, of, domain);
	else if (!err && is_hub_of(room, domain))
		err = visit_room(p, room, domain);
	arena_done(&a);
	return err;
}

/* From a key on, which moves on; empty at the table's end. */
static uc_err walk(struct provider *p, enum provider_table t, struct view domain, struct buf *from,
		   struct slice *s)
{
	struct store_scan scan;
	struct store_key prefix;
	struct view key, value;
	uc_err err = UC_OK, first = UC_OK;
	store_key_start(&prefix, (uint8_t)t);
	TRY(store_scan_init(&scan, p->rooms, store_key_view(&prefix), buf_view(from), 0));
	buf_reset(from);
	while (store_scan_next(&scan, &key, &value)) {
		if (s && (!slice_goes_on(s) || p->room_work->renewal.asked >= ASKS_AT_ONCE)) {
			buf_add_view(from, key); /* here it goes on */
			break;
		}
		/* A room that cannot be read does not hold up the others. */
		err = visit(p, t, key, domain);
		if (FAIL(p->env, err) && !first)
			first = err;
	}
	if (scan.failed)
		first = scan.failed;
	store_scan_done(&scan);
	return first;
}

uc_err rooms_renew(struct provider *p)
{
	static const enum provider_table tables[] = { TABLE_ROOM, TABLE_FOLLOWER };
	struct buf from;
	uc_err err = UC_OK;
	buf_init(&from, STORE_KEY_MAX);
	for (size_t i = 0; i < 2 && !err; i++) {
		err = walk(p, tables[i], (struct view){ NULL, 0 }, &from, NULL);
		/* One that is damaged says so when it is asked for. */
		if (err == UC_E_CORRUPT || err == UC_E_VERSION)
			err = UC_OK;
	}
	buf_done(&from);
	p->room_work->hello_ms = 0; /* the others hear of it at once */
	return err ? err : store_sync(p->rooms);
}

static void renewal_begin(struct provider *p, uint64_t now_ms)
{
	struct renewal *w = &p->room_work->renewal;
	struct map *m = &p->room_work->peers;
	struct view key;
	void *value;
	for (size_t at = 0; map_next(m, &at, &key, &value);) {
		struct peer_live *peer = value;
		if (!peer->store_next || !is_due(now_ms, peer->renew_ms, REST_MS))
			continue;
		buf_reset(&w->domain);
		buf_reset(&w->from);
		buf_add_view(&w->domain, key);
		w->store = peer->store_next;
		w->is_on = !w->domain.failed;
		w->with_followers = w->failed = false;
		w->asked = 0;
		return;
	}
}

/* All was asked and answered: so it is kept, and with the next store it begins anew. */
static void renewal_end(struct provider *p, uint64_t now_ms)
{
	struct renewal *w = &p->room_work->renewal;
	struct peer_live *peer = peer_live_get(p, buf_view(&w->domain));
	w->is_on = false;
	if (!peer)
		return;
	peer->renew_ms = now_ms + (w->failed ? AGAIN_MS : REST_MS);
	if (w->failed || peer_put(p, buf_view(&w->domain), w->store))
		return;
	peer->store = w->store;
	if (peer->store_next == w->store) {
		peer->store_next = 0;
		p->room_work->renewals--;
	}
}

void renewals_run(struct provider *p, uint64_t now_ms, struct slice *s)
{
	struct renewal *w = &p->room_work->renewal;
	if (!w->is_on && p->room_work->renewals)
		renewal_begin(p, now_ms);
	if (!w->is_on || (w->is_walked && w->asked))
		return;
	if (w->is_walked) {
		w->is_walked = false;
		renewal_end(p, now_ms);
		return;
	}
	enum provider_table t = w->with_followers ? TABLE_FOLLOWER : TABLE_ROOM;
	if (walk(p, t, buf_view(&w->domain), &w->from, s))
		w->failed = true;
	if (w->from.n)
		return;
	w->is_walked = w->with_followers;
	w->with_followers = true;
}

/* --- who says nothing --- */

static void hello_done(struct provider *p, struct ask *ask, const struct peer_response *q)
{
	if (q->status == 200)
		peer_heard(p, ask->what, q->headers);
}

static void hello(struct provider *p, struct view domain)
{
	struct buf headers;
	struct ask *ask = ask_new(p, hello_done);
	if (!ask)
		return;
	ask_about(ask, domain);
	buf_init(&headers, 1024);
	header_add_store(p, &headers);
	ask_get(p, ask, domain, VIEW_LIT("/.well-known/mimi-protocol-directory"),
		buf_view(&headers));
	buf_done(&headers);
}

void peers_hello_later(struct provider *p)
{
	p->room_work->hello_ms = env_now_ms(p->env) + HELLO_MS;
}

static bool is_silent(const struct peer_live *peer, uint64_t now_ms)
{
	return is_due(now_ms, peer->heard_ms + HELLO_MS, HELLO_MS) &&
	       is_due(now_ms, peer->asked_ms + HELLO_MS, HELLO_MS);
}

void peers_hello(struct provider *p, uint64_t now_ms)
{
	struct room_work *w = p->room_work;
	struct store_scan scan;
	struct store_key prefix;
	struct view key, value;
	struct arena a;
	if (!is_due(now_ms, w->hello_ms, HELLO_MS))
		return;
	w->hello_ms = now_ms + LOOK_MS;
	store_key_start(&prefix, TABLE_PEER);
	if (store_scan_init(&scan, p->rooms, store_key_view(&prefix), (struct view){ NULL, 0 }, 0))
		return;
	while (store_scan_next(&scan, &key, &value)) {
		struct store_key_reader k;
		arena_init(&a, 4096, ARENA_PLAIN);
		store_key_read(&k, key);
		struct view domain = store_key_read_bytes(&k, &a);
		struct peer_live *peer = peer_live_get(p, domain);
		if (peer && is_silent(peer, now_ms)) {
			peer->asked_ms = now_ms;
			hello(p, domain);
		}
		arena_done(&a);
	}
	store_scan_done(&scan);
}
