/* SPDX-License-Identifier: Apache-2.0 */
/* From the hub's log to the apps that follow: one notify on its way at a time, repeated until it is
 * taken (draft-ietf-mimi-protocol-06, notify).  What an app has taken is known in memory at once and
 * written on the clock: a cursor that was lost makes a repeat, which followers ignore. */
#include "base/text.h"
#include "provider/room_work.h"

enum {
	ENTRIES_AT_ONCE = 64,
	BYTES_AT_ONCE = 1024 * 1024,
	PEER_IN_FLIGHT = 256,
	BACKOFF_FIRST_MS = 1000,
	BACKOFF_LAST_MS = 60 * 1000,
	UNKNOWN_MS = 3600 * 1000, /* an app that does not know the room and has no start coming */
	ROUND_AT_ONCE = 500,
};

/* --- what is sent --- */

struct notice {
	struct provider *p;
	struct room_live *room;
	struct follower_live *f;
	struct arena *a;
	struct buf body, headers;
	uint64_t last; /* the last entry it may get */
};

/* The first entry from this one on whose Welcome is for that app; UINT64_MAX: none. */
static uc_err next_welcome(struct provider *p, struct view room, struct view domain, uint64_t from,
			   struct arena *a, uint64_t *out)
{
	struct store_scan scan;
	struct store_key prefix, start;
	struct view key, value;
	key_2(&start, TABLE_WELCOME_OUT, room, domain);
	store_key_add_u64(&start, from);
	*out = UINT64_MAX;
	TRY(store_scan_init(&scan, p->rooms, key_2(&prefix, TABLE_WELCOME_OUT, room, domain),
			    store_key_view(&start), 1));
	if (store_scan_next(&scan, &key, &value)) {
		struct store_key_reader r;
		store_key_read(&r, key);
		store_key_read_bytes(&r, a);
		store_key_read_bytes(&r, a);
		*out = store_key_read_u64(&r);
	}
	uc_err err = scan.failed;
	store_scan_done(&scan);
	return err;
}

/* The same, kept: it is looked for where one was added, and where one was taken. */
static uc_err know_welcome(struct provider *p, struct room_live *r, struct follower_live *f,
			   uint64_t from)
{
	struct arena a;
	if (f->welcome_known && (f->welcome == UINT64_MAX || f->welcome >= from))
		return UC_OK;
	arena_init(&a, 65536, ARENA_PLAIN);
	uc_err err = next_welcome(p, r->uri, f->domain, from, &a, &f->welcome);
	f->welcome_known = !err;
	arena_done(&a);
	return err;
}

/* The follower has the tree: it follows the commit itself. */
static uc_err add_welcome(struct notice *n, uint64_t seq, uint64_t timestamp)
{
	struct view welcome;
	struct wire wire;
	TRY(welcome_of_domain(n->p, n->room->uri, seq, n->f->domain, n->a, &welcome));
	uint16_t version = MLS10, format = MLS_WELCOME;
	uint8_t tree = RATCHET_TREE_DISTRIBUTION_SERVICE;
	wire_writer(&wire, &n->body);
	wire_u64(&wire, &timestamp);
	wire_u16(&wire, &version);
	wire_u16(&wire, &format);
	buf_add_view(&n->body, welcome);
	wire_u8(&wire, &tree);
	return wire_finish(&wire);
}

static uc_err add_entry(struct notice *n, uint64_t seq, const uint8_t chain[CHAIN_HASH],
			struct view fanout)
{
	uint64_t welcome;
	if (!n->body.n) {
		if (seq != n->f->record.cursor + 1)
			return UC_E_STALE; /* what it needs is gone */
		header_add_number(&n->headers, "undercroft-sequence", seq);
		header_add_number(&n->headers, "undercroft-last", n->room->record.next - 1);
		buf_add_str(&n->headers, "undercroft-chain: ");
		hex_add(&n->headers, view_make(chain, CHAIN_HASH));
		buf_add_str(&n->headers, "\r\n");
	}
	buf_add_view(&n->body, fanout);
	if (n->f->welcome == UINT64_MAX || seq < n->f->welcome)
		return n->body.failed;
	/* Of those that were kept for it, the next at the earliest. */
	TRY(next_welcome(n->p, n->room->uri, n->f->domain, seq, n->a, &welcome));
	return welcome == seq ? add_welcome(n, seq, fanout_timestamp(fanout)) : n->body.failed;
}

static uc_err add_stored(struct notice *n, uint64_t from)
{
	struct store_log_scan scan;
	struct store_key k;
	struct view bytes;
	uint64_t seq;
	uc_err err = UC_OK;
	TRY(store_log_scan_init(&scan, n->p->rooms, key_1(&k, TABLE_LOG, n->room->uri), from,
				ENTRIES_AT_ONCE, BYTES_AT_ONCE));
	while (!err && store_log_scan_next(&scan, &seq, &bytes) && seq <= n->last) {
		struct log_entry e;
		err = wire_decode(bytes, n->a, log_entry_element, &e);
		if (!err)
			err = add_entry(n, seq, e.chain, e.fanout);
	}
	if (!err)
		err = scan.scan.failed;
	store_log_scan_done(&scan);
	return err;
}

/* From memory, where all of them are still there. */
static uc_err add_entries(struct notice *n)
{
	uint64_t from = n->f->record.cursor + 1;
	const struct recent_entry *e = n->room->follow->recent;
	TRY(know_welcome(n->p, n->room, n->f, from));
	if (!e || e->seq > from) {
		TRY(add_stored(n, from));
		return n->body.n ? UC_OK : UC_E_NOT_FOUND;
	}
	for (; e && e->seq <= n->last && n->body.n < BYTES_AT_ONCE; e = e->next)
		if (e->seq >= from)
			TRY(add_entry(n, e->seq, e->chain, view_make(e->fanout, e->n)));
	return n->body.n ? UC_OK : UC_E_NOT_FOUND;
}

static uc_err add_start(struct notice *n)
{
	struct store_key k;
	struct follow_start start;
	TRY(record_get(n->p->rooms, key_2(&k, TABLE_FOLLOW_START, n->room->uri, n->f->domain),
		       follow_start_element, n->a, &start));
	if (!start.ratchet_tree.n)
		TRY(tree_of(n->p, n->room, start.seq, n->a, &start.ratchet_tree));
	TRY(wire_encode(&n->body, follow_start_element, &start));
	header_add_number(&n->headers, "undercroft-start", 1);
	if (n->room->record.is_renewed)
		header_add_number(&n->headers, "undercroft-renewed", 1);
	if (n->f->restart)
		header_add_number(&n->headers, "undercroft-again", n->f->restart);
	header_add_number(&n->headers, "undercroft-sequence", n->f->record.start_seq);
	header_add_number(&n->headers, "undercroft-last", n->room->record.next - 1);
	return n->body.failed;
}

/* --- sending it --- */

/* Which room and app an answer is about. */
struct notified {
	struct view room, domain;
};
static void wire_notified(struct wire *w, struct notified *n)
{
	wire_bytes(w, &n->room);
	wire_bytes(w, &n->domain);
}
WIRE_ELEMENT(notified)

static void push(struct provider *p, struct room_live *r, struct follower_live *f);

static uint32_t backoff(const struct provider *p, uint32_t before_ms)
{
	uint8_t dice = 0;
	uint32_t ms = before_ms ? before_ms * 2 : BACKOFF_FIRST_MS;
	if (ms > BACKOFF_LAST_MS)
		ms = BACKOFF_LAST_MS;
	if (env_random(p->env, &dice, 1))
		dice = 0;
	return ms - ms / 4 + ms / 4 * dice / 255;
}

static uc_err welcomes_delete(struct provider *p, struct room_live *r, struct follower_live *f,
			      uint64_t from, uint64_t next, struct store_batch *b)
{
	struct store_key k;
	TRY(know_welcome(p, r, f, from));
	while (f->welcome < next) {
		key_2(&k, TABLE_WELCOME_OUT, r->uri, f->domain);
		store_key_add_u64(&k, f->welcome);
		store_delete(b, store_key_view(&k));
		TRY(know_welcome(p, r, f, f->welcome + 1));
	}
	return UC_OK;
}

/* What waits for it with its cursor, if anything does. */
static uc_err taken_put(struct provider *p, struct room_live *r, struct follower_live *f,
			const struct follower_record *was, struct store_batch *b)
{
	struct store_key k;
	if (was->start_seq && !f->record.start_seq)
		store_delete(b, key_2(&k, TABLE_FOLLOW_START, r->uri, f->domain));
	TRY(welcomes_delete(p, r, f, was->cursor + 1, f->record.cursor + 1, b));
	if (!b->op_count && f->record.cursor >= was->cursor &&
	    f->record.start_wanted == was->start_wanted)
		return UC_OK;
	f->is_late = false;
	return record_put(b, key_2(&k, TABLE_FOLLOWER, r->uri, f->domain), follower_record_element,
			  &f->record);
}

/* Everything before `next` is taken: the cursor moves; durably, when something goes with it. */
static void taken(struct provider *p, struct room_live *r, struct follower_live *f, uint64_t next,
		  bool start_wanted)
{
	struct follower_record was = f->record;
	bool was_late = f->is_late;
	struct store_batch b;
	f->record.cursor = next - 1;
	f->record.start_wanted = start_wanted;
	if (was.start_seq && was.start_seq <= f->record.cursor) {
		f->record.start_seq = 0;
		f->record.start_wanted = false;
		f->restart = 0;
	}
	f->is_late = true;
	store_batch_init(&b, r->uri);
	uc_err err = taken_put(p, r, f, &was, &b);
	if (err || !b.op_count)
		store_batch_done(&b);
	else
		err = commit_rooms(p, &b);
	if (err) {
		f->record = was;
		f->is_late = was_late;
		f->welcome_known = false;
	}
	if (f->is_late)
		room_line_add(&p->room_work->late, &r->follow->late);
	recent_trim(p, r);
}

void follower_let_go(struct provider *p, struct room_live *r, struct follower_live *f)
{
	taken(p, r, f, f->record.until + 1, false);
}

/* The first entry it may ask for: what was before its first client came is not its own. */
static uint64_t first_for(const struct follower_live *f)
{
	return f->record.start_wanted ? f->record.start_seq : f->record.since;
}

static bool log_has(struct provider *p, const struct room_live *r, uint64_t seq)
{
	struct store_log_bounds b;
	struct store_key k;
	return !store_log_bounds(p->rooms, key_1(&k, TABLE_LOG, r->uri), &b) && b.first <= seq;
}

uc_err follower_look(struct provider *p, struct room_live *r, struct follower_live *f)
{
	uint64_t last = f->record.cursor;
	f->retry_ms = 0;
	room_line_add(&p->room_work->behind, &r->follow->behind);
	/* Nothing was taken yet, or it is asked for already; before its start nothing is its own. */
	if (f->record.start_seq || !last || last + 1 < f->record.since)
		return UC_OK;
	if (!log_has(p, r, last)) {
		/* What comes next says it as well, and is due anyhow. */
		bool shown = last + 1 < r->record.next && log_has(p, r, last + 1);
		return shown || f->record.until ? UC_OK : follower_again(p, r, f);
	}
	taken(p, r, f, last, false);
	return UC_OK;
}

/* It says what it wants next; within what was sent, or earlier when it lost something.  The latter
 * not at once: an app that says so for ever would keep both busy. */
static void answered(struct provider *p, struct room_live *r, struct follower_live *f,
		     const struct peer_response *q, struct peer_live *peer)
{
	uint64_t next, restart, now = env_now_ms(p->env);
	bool says = header_number(q->headers, "undercroft-next", &next) && next >= first_for(f) &&
		    next && next <= r->record.next;
	bool again = q->status >= 400 && q->status < 500 &&
		     header_number(q->headers, "undercroft-restart", &restart);
	bool back = !again && says && (q->status == 201 || q->status == 409) &&
		    next <= f->record.cursor;
	uint64_t trees;
	f->reads_trees = q->status >= 200 && q->status < 500 &&
			 header_number(q->headers, "undercroft-franks", &trees) && trees == 1;
	p->room_work->trees_are_read |= f->reads_trees;
	/* It knew the room, and does not any more: it was put back to before that.  Or it wants what is
	 * not its own, or gone. */
	bool forgot = q->status == 404 && !f->record.start_seq;
	bool beyond = q->status == 409 && !again && !f->record.start_seq &&
		      header_number(q->headers, "undercroft-next", &next) &&
		      (next < first_for(f) || (back && !log_has(p, r, next)));
	/* Of a room that its people have left, that is all right. */
	if (forgot && f->record.until) {
		follower_let_go(p, r, f);
		return;
	}
	/* It costs a tree: not at once, either. */
	if (again || forgot || beyond)
		(void)FAIL(p->env, follower_again(p, r, f));
	if (again)
		f->restart = (uint32_t)restart;
	back = back && !beyond;
	if (!again && says && next > f->record.cursor + 1) {
		f->backoff_ms = 0;
		if (peer)
			peer->backoff_ms = 0;
		taken(p, r, f, next, f->record.start_wanted);
		return;
	}
	if (back)
		taken(p, r, f, next, f->record.start_wanted);
	if (q->status == 404 && f->record.start_seq && !f->record.start_wanted) {
		taken(p, r, f, f->record.start_seq, true);
		return;
	}
	f->backoff_ms = backoff(p, f->backoff_ms);
	f->retry_ms = now + (q->status == 404 && !forgot ? UNKNOWN_MS : f->backoff_ms);
	uint64_t asked_ms = (uint64_t)q->retry_after_s * 1000;
	if (asked_ms > UNKNOWN_MS)
		asked_ms = UNKNOWN_MS;
	if (f->retry_ms < now + asked_ms)
		f->retry_ms = now + asked_ms;
	/* The app as a whole is not there: its other rooms wait, too. */
	if (peer && (!q->status || q->status >= 500 || q->status == 429)) {
		peer->backoff_ms = backoff(p, peer->backoff_ms);
		peer->retry_ms = now + peer->backoff_ms;
	}
}

static void notify_done(struct provider *p, struct ask *ask, const struct peer_response *q)
{
	struct notified n;
	struct room_live *r;
	struct arena a;
	arena_init(&a, 65536, ARENA_PLAIN);
	uc_err err = wire_decode(ask->what, &a, notified_element, &n);
	arena_done(&a);
	if (err)
		return;
	struct peer_live *peer = peer_live_get(p, n.domain);
	if (peer && peer->in_flight)
		peer->in_flight--;
	peer_heard(p, n.domain, q->headers);
	if (room_live_get(p, n.room, &r))
		return;
	for (struct follower_live *f = r->followers; f; f = f->next) {
		if (!view_equal(f->domain, n.domain))
			continue;
		f->in_flight = false;
		if (f->record.cursor == UINT64_MAX)
			continue;
		answered(p, r, f, q, peer);
	}
	fanout_later(p, r);
}

static uc_err send(struct notice *n, struct peer_live *peer)
{
	const struct notified what = { n->room->uri, n->f->domain };
	const struct follower_record *r = &n->f->record;
	struct view bytes;
	header_add_store(n->p, &n->headers);
	TRY(wire_encode_to(n->a, notified_element, &what, &bytes));
	TRY(r->start_wanted && r->start_seq == r->cursor + 1 ? add_start(n) : add_entries(n));
	struct ask *ask = ask_new(n->p, notify_done);
	if (!ask)
		return UC_E_MEMORY;
	ask_about(ask, bytes);
	n->f->in_flight = true;
	peer->in_flight++;
	ask_send(n->p, ask, n->f->domain, "notify", n->room->uri, buf_view(&n->headers),
		 buf_view(&n->body));
	return UC_OK;
}

static uint64_t last_for(const struct room_live *r, const struct follower_live *f)
{
	uint64_t last = r->record.next - 1;
	return f->record.until && f->record.until < last ? f->record.until : last;
}

static void push(struct provider *p, struct room_live *r, struct follower_live *f)
{
	uint64_t now = env_now_ms(p->env), last = last_for(r, f);
	if (f->record.cursor >= last)
		return;
	room_line_add(&p->room_work->behind, &r->follow->behind);
	if (f->in_flight || !is_due(now, f->retry_ms, UNKNOWN_MS))
		return;
	struct peer_live *peer = peer_live_get(p, f->domain);
	if (!peer || !is_due(now, peer->retry_ms, BACKOFF_LAST_MS) ||
	    peer->in_flight >= PEER_IN_FLIGHT)
		return;
	struct arena a;
	struct notice n = { .p = p, .room = r, .f = f, .a = &a, .last = last };
	arena_init(&a, CALL_ARENA_MAX, ARENA_PLAIN);
	buf_init(&n.body, WIRE_OBJECT_MAX);
	buf_init(&n.headers, 1024);
	if (send(&n, peer)) {
		f->backoff_ms = backoff(p, f->backoff_ms);
		f->retry_ms = now + f->backoff_ms;
	}
	buf_done(&n.headers);
	buf_done(&n.body);
	arena_done(&a);
}

void fanout_room(struct provider *p, struct room_live *r)
{
	for (struct follower_live *f = r->followers; f; f = f->next)
		push(p, r, f);
}

void fanout_later(struct provider *p, struct room_live *r)
{
	if (r->follow)
		room_line_add(&p->room_work->untold, &r->follow->untold);
}

void fanout_untold(struct provider *p)
{
	struct room_line *line = &p->room_work->untold;
	while (line->first) {
		struct room_live *r = line->first->room;
		room_line_remove(line->first);
		if (!r->stale)
			fanout_room(p, r);
	}
}

/* --- the clock --- */

static size_t count_behind(const struct room_line *line)
{
	size_t n = 0;
	for (const struct room_line_link *l = line->first; l; l = l->next)
		for (const struct follower_live *f = l->room->followers; f; f = f->next)
			n += f->record.cursor < last_for(l->room, f);
	return n;
}

/* Those that still are go to the end of the line. */
void fanout_behind(struct provider *p, struct slice *s)
{
	struct room_line *line = &p->room_work->behind;
	const struct room_line_link *end = line->last;
	bool more = end != NULL;
	while (more && slice_goes_on(s)) {
		struct room_line_link *l = line->first;
		struct room_live *r;
		more = l != end;
		room_line_remove(l);
		if (room_live_get(p, l->room->uri, &r))
			room_line_add(line, l);
		else
			fanout_room(p, r);
	}
	metrics_set(p->config.metrics, METRIC_FOLLOWER_BACKLOG, count_behind(line));
}

static uc_err cursors_put(struct provider *p, struct room_live *r)
{
	struct store_batch b;
	struct store_key k;
	uc_err err = UC_OK;
	store_batch_init(&b, r->uri);
	for (struct follower_live *f = r->followers; f && !err; f = f->next)
		if (f->is_late && f->record.cursor != UINT64_MAX)
			err = record_put(&b, key_2(&k, TABLE_FOLLOWER, r->uri, f->domain),
					 follower_record_element, &f->record);
	if (err) {
		store_batch_done(&b);
		return err;
	}
	TRY(commit_rooms(p, &b));
	for (struct follower_live *f = r->followers; f; f = f->next)
		f->is_late = false;
	return UC_OK;
}

void fanout_flush(struct provider *p, struct slice *s)
{
	struct room_line *late = &p->room_work->late;
	while (late->first && slice_goes_on(s)) {
		struct room_line_link *l = late->first;
		room_line_remove(l);
		/* One that cannot be written is sent again after the next start. */
		(void)FAIL(p->env, cursors_put(p, l->room));
	}
}

/* --- rooms that nobody has touched since the start --- */

static void look_at(struct provider *p, struct view key, struct view value, struct arena *a)
{
	struct follower_record f;
	struct room_record room;
	struct room_live *r;
	struct store_key_reader reader;
	store_key_read(&reader, key);
	struct view uri = store_key_read_bytes(&reader, a);
	if (map_find(&p->rooms_live, uri) || wire_decode(value, a, follower_record_element, &f) ||
	    room_record_get(p->rooms, uri, a, &room))
		return;
	uint64_t last = room.next - 1;
	if (f.until && f.until < last)
		last = f.until;
	if (f.cursor < last && !room_live_get(p, uri, &r))
		fanout_room(p, r);
}

void fanout_round(struct provider *p, struct slice *s)
{
	struct buf *from = &p->room_work->follow_from;
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	struct arena a;
	size_t n = 0;
	store_key_start(&k, TABLE_FOLLOWER);
	if (store_scan_init(&scan, p->rooms, store_key_view(&k), buf_view(from), ROUND_AT_ONCE + 1))
		return;
	arena_init(&a, ROOM_MEMORY_MAX, ARENA_PLAIN);
	buf_reset(from);
	while (store_scan_next(&scan, &key, &value)) {
		struct arena_mark mark = arena_mark(&a);
		if (n++ == ROUND_AT_ONCE || !slice_goes_on(s)) {
			buf_add_view(from, key); /* here it goes on */
			break;
		}
		look_at(p, key, value, &a);
		arena_reset(&a, mark);
	}
	arena_done(&a);
	store_scan_done(&scan);
}
