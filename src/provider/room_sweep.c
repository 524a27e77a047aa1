/* SPDX-License-Identifier: Apache-2.0 */
/* What ends with time, room by room, a few at each tick: entries that all have read or that are
 * thirty days old, Welcomes, seats that nobody opens, rooms that nobody is in. */
#include "base/planted.h"
#include "provider/repeats.h"

#include <stdlib.h>

enum {
	/* Forgotten in one batch: more than a busy room takes until its next turn. */
	ENTRIES_AT_ONCE = 1 << 19,
	REST_MS = 10 * 60 * 1000,
	LEAST_MS = 3600 * 1000, /* entries stay so long, for senders whose answer was lost */
	MONTHS_UNOPENED = 2,
	EXPIRE_AT_ONCE = 16,
	LOST_AT_ONCE = 64,
};

struct sweep {
	struct provider *p;
	struct view room;
	struct arena *a;
	struct room_record record;
	uint64_t now_ms;
	uint64_t need;                       /* the first entry somebody still has to read */
	uint64_t first;                      /* the first kept */
	size_t seats;                        /* of ours that are stored, ended ones, too */
	bool followed;                       /* an app has not got everything yet */
	struct view expired[EXPIRE_AT_ONCE]; /* clients whose leaf should go */
	size_t expired_n;
	struct store_batch batch;
	struct view_list gone; /* clients whose seats are deleted */
	struct view_list lost; /* apps that cannot follow any more */
	size_t ended, followers;
	/* Entries that somebody they brought has not begun with; read when asked for. */
	uint64_t *wanted;
	size_t wanted_n, wanted_cap;
	bool wanted_read;
};

static uc_err entry_time(struct sweep *w, struct view log, uint64_t seq, uint64_t *out)
{
	struct store_log_scan scan;
	struct view bytes;
	struct log_entry e;
	uint64_t at;
	TRY(store_log_scan_init(&scan, w->p->rooms, log, seq, 1, 0));
	uc_err err = scan.scan.failed;
	if (!store_log_scan_next(&scan, &at, &bytes))
		err = scan.scan.failed ? scan.scan.failed : UC_E_CORRUPT;
	else if (at != seq || wire_decode(bytes, w->a, log_entry_element, &e))
		err = UC_E_CORRUPT;
	if (!err)
		*out = fanout_timestamp(e.fanout);
	store_log_scan_done(&scan);
	return err;
}

/* --- who has read what --- */

static const struct seat_live *open_seat(const struct sweep *w, struct view client)
{
	struct room_live *r = map_find(&w->p->rooms_live, w->room);
	return r ? room_seat_find(w->p, r, client) : NULL;
}

static void need(struct sweep *w, uint64_t seq)
{
	if (seq < w->need)
		w->need = seq;
}

/* The store may be behind. */
static uint64_t seat_cursor(const struct sweep *w, struct view client, const struct seat_record *r)
{
	const struct seat_late *late = seat_late_find(w->p, w->room, client);
	const struct seat_live *live = open_seat(w, client);
	uint64_t cursor = r->cursor > r->start ? r->cursor : r->start;
	if (late && late->cursor > cursor)
		cursor = late->cursor;
	if (live && live->is_moved && seat_acked(live) > cursor)
		cursor = seat_acked(live);
	return cursor;
}

/* Who was taken out by others comes to learn it.  Who left knows, and has an hour for the rest, as
 * long as the answer may have been lost: an account that was deleted never reads on. */
static uc_err may_read_on(struct sweep *w, struct view client, const struct seat_record *r,
			  bool *out)
{
	struct store_log_bounds b;
	struct store_key k;
	struct view log = key_1(&k, TABLE_LOG, w->room);
	uint64_t made;
	*out = !r->ended || seat_cursor(w, client, r) < r->ended;
	if (!*out || !r->left || open_seat(w, client))
		return UC_OK;
	*out = false;
	uc_err err = store_log_bounds(w->p->rooms, log, &b);
	if (err || r->ended < b.first || r->ended >= b.next)
		return err == UC_E_NOT_FOUND ? UC_OK : err;
	TRY(entry_time(w, log, r->ended, &made));
	*out = made + LEAST_MS >= w->now_ms;
	return UC_OK;
}

static uc_err seat_look(struct sweep *w, struct view client, const struct seat_record *r)
{
	const struct seat_late *late = seat_late_find(w->p, w->room, client);
	const struct seat_live *live = open_seat(w, client);
	bool reads_on;
	w->seats++;
	w->ended += r->ended != 0;
	TRY(may_read_on(w, client, r, &reads_on));
	if (reads_on && (!PLANTED(trimmed_too_early) || live))
		need(w, seat_cursor(w, client, r) + 1);
	if (r->ended || r->opened_month + MONTHS_UNOPENED > month_now(w->p) ||
	    (late && late->month == month_now(w->p)) || live || w->expired_n == EXPIRE_AT_ONCE)
		return UC_OK;
	return arena_copy(w->a, client, &w->expired[w->expired_n++]);
}

typedef uc_err each(struct sweep *w, struct view name, struct view value);

/* Every record of the room in a table; name: the key's second part. */
static uc_err for_each(struct sweep *w, enum provider_table t, each *visit)
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	uc_err err = UC_OK;
	TRY(store_scan_init(&scan, w->p->rooms, key_1(&k, t, w->room), (struct view){ NULL, 0 },
			    0));
	while (!err && store_scan_next(&scan, &key, &value)) {
		struct store_key_reader r;
		store_key_read(&r, key);
		store_key_read_bytes(&r, w->a);
		err = visit(w, store_key_read_bytes(&r, w->a), value);
	}
	if (!err)
		err = scan.failed;
	store_scan_done(&scan);
	return err;
}

static uc_err seat_visit(struct sweep *w, struct view client, struct view value)
{
	struct seat_record r;
	TRY(wire_decode(value, w->a, seat_record_element, &r));
	return seat_look(w, client, &r);
}

/* The store may be behind. */
static uint64_t follower_cursor(const struct sweep *w, struct view domain, uint64_t stored)
{
	const struct room_live *r = map_find(&w->p->rooms_live, w->room);
	const struct follower_live *f = r ? follower_find(r, domain) : NULL;
	return f && f->is_late && f->record.cursor > stored ? f->record.cursor : stored;
}

static uc_err follower_visit(struct sweep *w, struct view domain, struct view value)
{
	struct follower_record r;
	TRY(wire_decode(value, w->a, follower_record_element, &r));
	w->followers++;
	r.cursor = follower_cursor(w, domain, r.cursor);
	if (r.until && r.cursor >= r.until)
		return UC_OK;
	w->followed = w->followed || r.cursor + 1 < w->record.next;
	need(w, r.cursor + 1);
	return UC_OK;
}

/* --- forgetting entries --- */

/* The first of the entries [from, end) that is not older: time in a room does not go back. */
static uc_err first_since(struct sweep *w, struct view log, uint64_t from, uint64_t end,
			  uint64_t age_ms, uint64_t *out)
{
	while (from < end) {
		uint64_t made, middle = from + (end - from) / 2;
		TRY(entry_time(w, log, middle, &made));
		if (made + age_ms < w->now_ms)
			from = middle + 1;
		else
			end = middle;
	}
	*out = from;
	return UC_OK;
}

/* What is older than thirty days; and what all have read, when it is an hour old. */
static uc_err first_kept(struct sweep *w, struct view log, struct store_log_bounds b, uint64_t *out)
{
	uint64_t made,
		end = b.next - b.first > ENTRIES_AT_ONCE ? b.first + ENTRIES_AT_ONCE : b.next;
	uint64_t read = w->need < end ? w->need : end;
	*out = b.first;
	if (b.first == b.next)
		return UC_OK;
	TRY(entry_time(w, log, b.first, &made));
	if (made + ROOM_KEEP_MS < w->now_ms)
		TRY(first_since(w, log, b.first + 1, end, ROOM_KEEP_MS, out));
	if (*out < read && made + LEAST_MS < w->now_ms)
		TRY(first_since(w, log, *out, read, LEAST_MS, out));
	return UC_OK;
}

/* With the last entry goes what it said of the room: the record says it from now on. */
static uc_err trim(struct sweep *w)
{
	struct store_log_bounds bounds;
	struct store_key k, record;
	struct view log = key_1(&k, TABLE_LOG, w->room);
	uc_err err = store_log_bounds(w->p->rooms, log, &bounds);
	if (err)
		return err == UC_E_NOT_FOUND ? UC_OK : err;
	TRY(first_kept(w, log, bounds, &w->first));
	if (w->first == bounds.first)
		return UC_OK;
	store_log_trim(&w->batch, log, w->first);
	repeats_trim(&w->batch, w->room, bounds.first, w->first);
	store_delete_prefix(&w->batch, key_1(&record, TABLE_ACCEPTED, w->room));
	return record_put(&w->batch, key_1(&record, TABLE_ROOM, w->room), room_record_element,
			  &w->record);
}

/* --- forgetting what hangs on them --- */

static int by_bytes(const void *a, const void *b)
{
	return view_compare(*(const struct view *)a, *(const struct view *)b);
}

/* In the order of keys. */
static uc_err ended_visit(struct sweep *w, struct view client, struct view value)
{
	struct seat_record r;
	struct store_key k;
	TRY(wire_decode(value, w->a, seat_record_element, &r));
	/* While its last entry is kept, it may still come and read; but not who left, when what comes
	 * next for it is gone: it finds no seat, and so knows that it is out. */
	bool has_all =
		!r.left || open_seat(w, client) || seat_cursor(w, client, &r) + 1 >= w->first;
	if (!r.ended || (r.ended >= w->first && has_all))
		return UC_OK;
	store_delete(&w->batch, key_2(&k, TABLE_SEAT, w->room, client));
	return arena_copy(w->a, client, &w->gone.v[w->gone.n++]);
}

/* Has the participant a seat that is not among those that go?  Its clients lie side by side. */
static uc_err is_left(struct sweep *w, struct view participant, bool *out)
{
	struct store_scan scan;
	struct store_key prefix, start;
	struct view key, value;
	*out = false;
	TRY(store_scan_init(&scan, w->p->rooms, key_1(&prefix, TABLE_SEAT, w->room),
			    key_2(&start, TABLE_SEAT, w->room, participant), 0));
	while (!*out && store_scan_next(&scan, &key, &value)) {
		struct store_key_reader r;
		store_key_read(&r, key);
		store_key_read_bytes(&r, w->a);
		struct view client = store_key_read_bytes(&r, w->a);
		if (!view_starts_with(client, participant))
			break;
		*out = !bsearch(&client, w->gone.v, w->gone.n, sizeof *w->gone.v, by_bytes);
	}
	uc_err err = scan.failed;
	store_scan_done(&scan);
	return err;
}

/* The participant's opening goes with its last seat. */
static uc_err openings_forget(struct sweep *w)
{
	for (size_t i = 0; i < w->gone.n; i++) {
		struct view participant;
		struct store_key k;
		bool left;
		TRY(uri_participant_of(w->gone.v[i], &participant));
		TRY(is_left(w, participant, &left));
		if (!left)
			store_delete(&w->batch, key_2(&k, TABLE_OPENING, w->room, participant));
	}
	return UC_OK;
}

/* --- who has not begun --- */

static uc_err wanted_add(struct sweep *w, uint64_t seq)
{
	if (w->wanted_n == w->wanted_cap) {
		size_t cap = w->wanted_cap ? 2 * w->wanted_cap : 64;
		uint64_t *v = ARENA_ARRAY(w->a, uint64_t, cap);
		if (!v)
			return UC_E_LIMIT;
		if (w->wanted_n)
			memcpy(v, w->wanted, w->wanted_n * sizeof *v);
		w->wanted = v;
		w->wanted_cap = cap;
	}
	w->wanted[w->wanted_n++] = seq;
	return UC_OK;
}

static uc_err wanted_seat(struct sweep *w, struct view client, struct view value)
{
	struct seat_record r;
	(void)client;
	TRY(wire_decode(value, w->a, seat_record_element, &r));
	return r.cursor < r.start && !r.ended ? wanted_add(w, r.start) : UC_OK;
}

static uc_err wanted_out(struct sweep *w)
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	uc_err err = UC_OK;
	TRY(store_scan_init(&scan, w->p->rooms, key_1(&k, TABLE_WELCOME_OUT, w->room),
			    (struct view){ NULL, 0 }, 0));
	while (!err && store_scan_next(&scan, &key, &value)) {
		struct store_key_reader r;
		store_key_read(&r, key);
		store_key_read_bytes(&r, w->a);
		store_key_read_bytes(&r, w->a);
		err = wanted_add(w, store_key_read_u64(&r));
	}
	if (!err)
		err = scan.failed;
	store_scan_done(&scan);
	return err;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *l = a, *r = b;
	return *l < *r ? -1 : *l > *r;
}

/* Has everybody whom that entry brought begun?  Who has not is read once for all Welcomes. */
static uc_err is_welcome_wanted(struct sweep *w, uint64_t seq, bool *out)
{
	if (!w->wanted_read) {
		w->wanted_read = true;
		TRY(for_each(w, TABLE_SEAT, wanted_seat));
		TRY(wanted_out(w));
		if (w->wanted_n)
			qsort(w->wanted, w->wanted_n, sizeof *w->wanted, by_number);
	}
	*out = w->wanted_n && bsearch(&seq, w->wanted, w->wanted_n, sizeof *w->wanted, by_number);
	return UC_OK;
}

/* Apps that have not begun need the tree of their start. */
static uc_err oldest_start(struct sweep *w, uint64_t *oldest)
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	uc_err err = UC_OK;
	TRY(store_scan_init(&scan, w->p->rooms, key_1(&k, TABLE_FOLLOW_START, w->room),
			    (struct view){ NULL, 0 }, 0));
	while (!err && store_scan_next(&scan, &key, &value)) {
		struct follow_start start;
		err = wire_decode(value, w->a, follow_start_element, &start);
		if (!err && start.seq < *oldest)
			*oldest = start.seq;
	}
	if (!err)
		err = scan.failed;
	store_scan_done(&scan);
	return err;
}

/* And the trees that nobody who comes by one of them needs. */
static uc_err welcomes_forget(struct sweep *w)
{
	uint64_t oldest = UINT64_MAX;
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	uc_err err = UC_OK;
	TRY(store_scan_init(&scan, w->p->rooms, key_1(&k, TABLE_WELCOME, w->room),
			    (struct view){ NULL, 0 }, 0));
	while (!err && store_scan_next(&scan, &key, &value)) {
		struct store_key_reader reader;
		struct welcome_record r;
		bool wanted = false;
		store_key_read(&reader, key);
		store_key_read_bytes(&reader, w->a);
		uint64_t seq = store_key_read_u64(&reader);
		err = wire_decode(value, w->a, welcome_record_element, &r);
		if (!err && r.made_ms + ROOM_KEEP_MS >= w->now_ms)
			err = is_welcome_wanted(w, seq, &wanted);
		if (!err && !wanted)
			store_delete(&w->batch, key);
		else if (!err && seq < oldest)
			oldest = seq;
	}
	if (!err)
		err = scan.failed;
	store_scan_done(&scan);
	TRY(err);
	if (w->followers)
		TRY(oldest_start(w, &oldest));
	return trees_forget(w->p->rooms, w->room, oldest, w->a, &w->batch);
}

/* An app whose entries the log no longer has: one that is through begins anew if it comes back; one
 * that was away for thirty days cannot go on, and its clients are to be removed. */
static uc_err through_visit(struct sweep *w, struct view domain, struct view value)
{
	struct follower_record r;
	struct store_key k;
	TRY(wire_decode(value, w->a, follower_record_element, &r));
	uint64_t next = follower_cursor(w, domain, r.cursor) + 1;
	/* What it begins with is no entry of the log, or need not be in it any more. */
	if (r.start_wanted && r.start_seq == next)
		next++;
	if (w->first <= next)
		return UC_OK;
	store_delete(&w->batch, key_2(&k, TABLE_FOLLOWER, w->room, domain));
	store_delete(&w->batch, key_2(&k, TABLE_FOLLOW_START, w->room, domain));
	store_delete_prefix(&w->batch, key_2(&k, TABLE_WELCOME_OUT, w->room, domain));
	if (r.until || w->lost.n == LOST_AT_ONCE)
		return UC_OK;
	return arena_copy(w->a, domain, &w->lost.v[w->lost.n++]);
}

/* --- the room itself --- */

/* Nobody of ours is in it, nothing is to be sent; where it is hosted here, nobody at all is. */
static uc_err is_empty(struct sweep *w, bool *out)
{
	struct room_live *r;
	struct public_group *g;
	*out = false;
	if (w->seats > w->gone.n || w->followed || w->first < w->record.next)
		return UC_OK;
	if (w->record.part == ROOM_HUB) {
		TRY(room_live_get(w->p, w->room, &r));
		TRY(room_live_group(w->p, r, &g));
		if (!room_is_over(g))
			return UC_OK;
	}
	*out = true;
	return UC_OK;
}

static void room_forget(struct sweep *w)
{
	static const enum provider_table tables[] = {
		TABLE_ROOM,      TABLE_GROUP,        TABLE_GROUP_INFO,  TABLE_SEAT,
		TABLE_WELCOME,   TABLE_OPENING,      TABLE_ACCEPTED,    TABLE_REPEATS,
		TABLE_FOLLOWER,  TABLE_FOLLOW_START, TABLE_WELCOME_OUT, TABLE_GROUP_PART,
		TABLE_TREE_BACK, TABLE_RENEWED,
	};
	struct store_key k;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		store_delete_prefix(&w->batch, key_1(&k, tables[i], w->room));
	store_log_delete(&w->batch, key_1(&k, TABLE_LOG, w->room));
}

static void live_forget(struct sweep *w)
{
	struct room_live *r = map_find(&w->p->rooms_live, w->room);
	struct room_walk all = { .chain = 0 };
	for (struct seat_live *seat; r && (seat = room_seat_next(r, &all));)
		seat_close(w->p, seat);
	if (r)
		room_live_free(w->p, r);
	/* There may be another of this name one day. */
	trees_drop(w->p, w->room);
}

/* Other shards, after the room: a client without a seat is no place anyway. */
static uc_err clients_forget(struct sweep *w)
{
	for (size_t i = 0; i < w->gone.n; i++) {
		struct store_batch b;
		struct store_key k;
		struct client_record r;
		struct view key = key_1(&k, TABLE_CLIENT, w->gone.v[i]);
		seats_late_forget(w->p, w->room, w->gone.v[i]);
		seat_known_change(w->p, w->room, w->gone.v[i], NULL);
		if (record_get(w->p->rooms, key, client_record_element, w->a, &r) ||
		    !view_equal(r.room, w->room))
			continue;
		store_batch_init(&b, w->gone.v[i]);
		store_delete(&b, key);
		TRY(commit_rooms(w->p, &b));
	}
	return UC_OK;
}

/* --- a round --- */

static uc_err plan(struct sweep *w, bool *empty)
{
	TRY(for_each(w, TABLE_SEAT, seat_visit));
	TRY(for_each(w, TABLE_FOLLOWER, follower_visit));
	w->gone.v = ARENA_ARRAY(w->a, struct view, w->seats + 1);
	w->lost.v = ARENA_ARRAY(w->a, struct view, LOST_AT_ONCE);
	if (!w->gone.v || !w->lost.v)
		return UC_E_LIMIT;
	w->first = w->record.next;
	TRY(trim(w));
	if (w->ended)
		TRY(for_each(w, TABLE_SEAT, ended_visit));
	TRY(openings_forget(w));
	TRY(welcomes_forget(w));
	if (w->followers)
		TRY(for_each(w, TABLE_FOLLOWER, through_visit));
	TRY(is_empty(w, empty));
	if (*empty)
		room_forget(w);
	return UC_OK;
}

static uc_err sweep_room(struct sweep *w)
{
	bool empty = false, some;
	store_batch_init(&w->batch, w->room);
	uc_err err = plan(w, &empty);
	if (err) {
		store_batch_done(&w->batch);
		return err;
	}
	some = w->batch.op_count != 0;
	TRY(commit_rooms(w->p, &w->batch));
	struct room_live *r = map_find(&w->p->rooms_live, w->room);
	if (r)
		repeats_trimmed(w->p, r, w->first);
	if (empty)
		live_forget(w);
	else if (some && r && !r->stale)
		TRY(room_live_followers(w->p, r));
	TRY(clients_forget(w));
	const struct view_list expired = { w->expired, w->expired_n };
	return empty ? UC_OK : room_expire(w->p, w->room, &expired, &w->lost, w->a);
}

static void visit_room(struct provider *p, struct view key, uint64_t now_ms)
{
	struct arena a;
	struct store_key_reader r;
	struct sweep w = { .p = p, .a = &a, .now_ms = now_ms, .need = UINT64_MAX };
	arena_init(&a, CALL_ARENA_MAX, ARENA_PLAIN);
	store_key_read(&r, key);
	uc_err err = arena_copy(&a, store_key_read_bytes(&r, &a), &w.room);
	if (!err)
		err = room_record_get(p->rooms, w.room, &a, &w.record);
	if (!err)
		err = sweep_room(&w);
	/* A room that cannot be swept is looked at again in the next round. */
	(void)FAIL(p->env, err);
	arena_done(&a);
}

void rooms_pass_over(struct provider *p, struct buf *from, const struct buf *behind)
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	uint8_t start[STORE_KEY_MAX + 1];
	size_t n = behind->n;
	if (n > STORE_KEY_MAX)
		return;
	if (n)
		memcpy(start, behind->p, n);
	start[0] = TABLE_SEAT;
	start[n ? n++ : 1] = 0xff; /* behind all seats in it, as no client's name begins so */
	store_key_start(&k, TABLE_SEAT);
	if (store_scan_init(&scan, p->rooms, store_key_view(&k), view_make(start, n), 1))
		return;
	if (store_scan_next(&scan, &key, &value)) {
		struct store_key_reader r;
		struct arena a;
		arena_init(&a, CALL_ARENA_MAX, ARENA_PLAIN);
		store_key_read(&r, key);
		buf_add_view(from, key_1(&k, TABLE_ROOM, store_key_read_bytes(&r, &a)));
		arena_done(&a);
	}
	store_scan_done(&scan);
}

static void sweep_from(struct provider *p, struct buf *from, uint64_t now_ms, struct slice *s)
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	struct buf seen;
	store_key_start(&k, TABLE_ROOM);
	if (store_scan_init(&scan, p->rooms, store_key_view(&k), buf_view(from), 0))
		return;
	buf_init(&seen, STORE_KEY_MAX);
	buf_add_view(&seen, buf_view(from));
	buf_reset(from);
	while (store_scan_next(&scan, &key, &value)) {
		if (!slice_goes_on(s)) {
			buf_add_view(from, key); /* here it goes on */
			break;
		}
		buf_reset(&seen);
		buf_add_view(&seen, key);
		visit_room(p, key, now_ms);
	}
	bool is_damaged = scan.failed == UC_E_CORRUPT;
	store_scan_done(&scan);
	if (is_damaged && !seen.failed)
		rooms_pass_over(p, from, &seen);
	buf_done(&seen);
}

void rooms_sweep(struct provider *p, uint64_t now_ms, struct slice *s)
{
	struct buf *from = &p->room_work->sweep_from;
	if (!is_due(now_ms, p->room_work->sweep_rest_ms, REST_MS))
		return;
	sweep_from(p, from, now_ms, s);
	if (!from->n)
		p->room_work->sweep_rest_ms = now_ms + REST_MS;
}
