/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that queue up by the thousand: none costs more because of those that wait, they leave in
 * order and a few at once, and what a restart finds is what was there.  The hub is played here. */
#include "client/outbox.h"
#include "client/pool.h"
#include "client/put_back.h"
#include "client/room_group.h"
#include "client/room_group_inside.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "mimi/protocol.h"

#include "tests/unit/client/small_app.h"

enum { AT_ONCE = 16, SENT_MAX = 256 };

static struct small_app app;
static struct person p;
static struct uc_id room;
static struct arena mem;

/* --- a store that counts --- */

static struct work {
	size_t commits, reads, changes, bytes;
} work;

static uc_err counted_commit(void *store, const struct uc_store_change *changes, size_t n)
{
	work.commits++;
	work.changes += n;
	for (size_t i = 0; i < n; i++)
		work.bytes += changes[i].value_n;
	return client_memory_ops()->commit(store, changes, n);
}

static uc_err counted_get(void *store, const uint8_t *key, size_t key_n, uc_store_each *each,
			  void *ctx)
{
	work.reads++;
	return client_memory_ops()->get(store, key, key_n, each, ctx);
}

struct counted_scan {
	uc_store_each *each;
	void *ctx;
};
static bool counted_each(void *ctx, const uint8_t *key, size_t key_n, const uint8_t *value,
			 size_t value_n)
{
	const struct counted_scan *s = ctx;
	work.reads++;
	return s->each(s->ctx, key, key_n, value, value_n);
}

static uc_err counted_scan(void *store, const uint8_t *prefix, size_t prefix_n, const uint8_t *from,
			   size_t from_n, uc_store_each *each, void *ctx)
{
	struct counted_scan s = { each, ctx };
	return client_memory_ops()->scan(store, prefix, prefix_n, from, from_n, counted_each, &s);
}

static void counted_close(void *store)
{
	client_memory_ops()->close(store);
}

static uint64_t now(void *ctx)
{
	(void)ctx;
	return test_now_ms;
}

static uc_err dice(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	return env_random(test_env(), out, n);
}

static void reopen(void)
{
	static const struct uc_platform platform = { .now_ms = now, .random = dice };
	static const struct uc_store_ops ops = { .commit = counted_commit,
						 .get = counted_get,
						 .scan = counted_scan,
						 .close = counted_close };
	static const uint8_t key[32] = { 9 };
	const struct uc_options o = { .platform = &platform,
				      .store_ops = &ops,
				      .store = p.store,
				      .key = key,
				      .app = app.domain };
	uc_client_close(p.c);
	p.c = NULL;
	expect_ok(uc_client_open(&o, &p.c));
}

/* --- a room and its hub --- */

static uc_err furnish(struct uc_client *c, void *arg)
{
	static const uint8_t key[32] = { 5 };
	struct room *r;
	(void)arg;
	TRY(rooms_create(c, false, "Walks", &r));
	TRY(room_group_create(c, r, pool_find(c, r->set_id), VIEW_OF(key), VIEW_OF(key),
			      &r->group));
	r->state = ROOM_OPEN;
	r->seat_known = r->own_hub = true;
	r->group_dirty = c->account.dirty = true;
	room = r->id;
	return room_members_sync(c, r);
}

static struct room *r(void)
{
	return room_find(p.c, &room);
}

static struct sent {
	uint32_t call; /* 0: answered */
	uint8_t hash[SHA256_BYTES];
	struct view message;
} sent[SENT_MAX];
static size_t sent_n;

static void begin(void)
{
	small_app_init(&app, "dial.example");
	person_begin(&p, &app);
	arena_init(&mem, 16 << 20, ARENA_PLAIN);
	sent_n = 0;
	reopen();
	person_account(&p, "Rosa");
	expect_ok(turn_run(p.c, furnish, NULL));
}

static void end(void)
{
	arena_done(&mem);
	person_end(&p);
}

/* Messages on their way to the hub; of the rest of the app there is no more than silence. */
static void frames_take(void)
{
	const uint8_t *bytes;
	size_t n;
	struct uc_event e;
	while (uc_client_next_frame(p.c, &bytes, &n)) {
		struct frame f;
		struct room_submit_request in;
		struct submit_message_request submit;
		expect_ok(wire_decode(view_make(bytes, n), &mem, frame_element, &f));
		if (f.type != FRAME_ROOM_SUBMIT || sent_n == SENT_MAX)
			continue;
		expect_ok(wire_decode(f.body, &mem, room_submit_request_element, &in));
		expect_ok(wire_decode(in.message, &mem, submit_message_request_element, &submit));
		sent[sent_n].call = f.id;
		expect_ok(arena_copy(&mem, submit.app_message, &sent[sent_n].message));
		expect_ok(sha256(submit.app_message, sent[sent_n++].hash));
	}
	while (uc_client_next_event(p.c, &e))
		;
}

static uc_err signed_in(struct uc_client *c, void *arg)
{
	(void)arg;
	c->connection = UC_ONLINE;
	r()->seat_open = true;
	return UC_OK;
}

/* There, and nothing leaves yet. */
static uc_err online_unsent(struct uc_client *c, void *arg)
{
	r()->retry_ms = test_now_ms + 60000;
	return signed_in(c, arg);
}

static void go_online(void)
{
	expect_ok(turn_run(p.c, signed_in, NULL));
	frames_take();
}

static void hub_answers(struct sent *s, uint64_t seq)
{
	struct submit_message_response in = { .protocol = 1, .accepted_timestamp = test_now_ms };
	struct room_submit_response out = { .seq = seq };
	struct buf b;
	expect_ok(wire_encode_to(&mem, submit_message_response_element, &in, &out.response));
	buf_init(&b, FRAME_MAX);
	expect_ok(frame_add_response(&b, FRAME_ROOM_SUBMIT, s->call, room_submit_response_element,
				     &out));
	expect_ok(uc_client_receive(p.c, b.p, b.n));
	buf_done(&b);
	s->call = 0;
	frames_take();
}

static uc_err seen(struct uc_client *c, void *arg)
{
	const struct sent *s = arg;
	struct view frank = { NULL, 0 };
	r()->dirty = true;
	return outbox_seen(c, r(), s->hash, test_now_ms, ++r()->seq, frank);
}

static void hub_shows(struct sent *s)
{
	expect_ok(turn_run(p.c, seen, s));
	frames_take();
}

static void say(unsigned times)
{
	struct uc_id id;
	for (unsigned i = 0; i < times; i++) {
		expect_ok(uc_send(p.c, &room, "well", &id));
		frames_take();
	}
}

/* How many wait, in order and bound together both ways. */
static size_t waiting(void)
{
	const struct outbox *b = &r()->outbox;
	const struct outgoing *before = NULL;
	size_t n = 0;
	for (const struct outgoing *o = b->first; o; before = o, o = o->next, n++) {
		expect(o->prev == before);
		expect(!before || o->number > before->number);
	}
	expect(b->last == before);
	return n;
}

/* --- cost --- */

static void expect_alike(const struct work *a, const struct work *b)
{
	expect_eq(b->commits, a->commits);
	expect_eq(b->reads, a->reads);
	expect_eq(b->changes, a->changes);
	/* Numbers grow longer. */
	expect(b->bytes < a->bytes + a->bytes / 20);
}

static struct work work_of(void (*what)(unsigned), unsigned times)
{
	work = (struct work){ 0 };
	what(times);
	return work;
}

static void deliver(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		size_t at = 0;
		while (at < sent_n && !sent[at].call)
			at++;
		expect(at < sent_n);
		if (at == sent_n)
			return;
		hub_answers(&sent[at], r()->seq + 1);
		hub_shows(&sent[at]);
	}
}

TEST(a_message_costs_the_same_whatever_waits)
{
	begin();
	say(20);
	struct work few = work_of(say, 20);
	expect_eq(few.commits, 20);
	say(1500);
	struct work many = work_of(say, 20);
	expect_alike(&few, &many);
	go_online();
	deliver(20);
	many = work_of(deliver, 20);
	expect_eq(many.commits, 40);
	reopen();
	/* Until a few are left, as before there were many. */
	sent_n = 0;
	go_online();
	while (waiting() > 40) {
		deliver(20);
		sent_n = 0;
		reopen();
		go_online();
	}
	few = work_of(deliver, 20);
	expect_alike(&few, &many);
	end();
}

/* The list is cut in two: whoever walked to its end would not get there. */
TEST(nothing_walks_through_what_waits)
{
	begin();
	say(100);
	struct outgoing *far = r()->outbox.first;
	for (unsigned i = 0; i < 60; i++)
		far = far->next;
	struct outgoing *beyond = far->next;
	const struct outgoing *last = r()->outbox.last;
	far->next = NULL;
	say(1);
	expect(r()->outbox.last->prev == last && last->next == r()->outbox.last);
	expect(!far->next);
	go_online();
	deliver(30);
	expect_eq(sent_n, 30 + AT_ONCE);
	far->next = beyond;
	expect_eq(waiting(), 71);
	reopen();
	expect_eq(waiting(), 71);
	end();
}

/* --- order --- */

TEST(no_more_leave_than_are_to_be_on_their_way)
{
	begin();
	say(100);
	go_online();
	expect_eq(sent_n, AT_ONCE);
	/* Not past the first, though the others are through. */
	for (size_t i = 1; i < AT_ONCE; i++)
		hub_answers(&sent[i], i);
	expect_eq(sent_n, AT_ONCE);
	expect_eq(waiting(), 100);
	hub_answers(&sent[0], AT_ONCE);
	expect_eq(sent_n, 2 * AT_ONCE);
	/* Seen before they are answered: the answers are still to come. */
	for (size_t i = AT_ONCE; i < 2 * AT_ONCE; i++)
		hub_shows(&sent[i]);
	expect_eq(sent_n, 2 * AT_ONCE);
	for (size_t i = AT_ONCE; i < 2 * AT_ONCE; i++)
		hub_answers(&sent[i], i);
	expect_eq(sent_n, 3 * AT_ONCE);
	expect_eq(waiting(), 100 - AT_ONCE);
	end();
}

static uc_err proposed(struct uc_client *c, void *arg)
{
	struct view message;
	(void)arg;
	r()->group_dirty = r()->dirty = true;
	return group_propose_update(r()->group->g, &c->call, &message);
}

/* RFC 9420, 12.4: "MUST send a Commit message before sending application data". */
TEST(what_was_proposed_is_committed_first)
{
	begin();
	say(3);
	expect_ok(turn_run(p.c, proposed, NULL));
	expect(room_group_has_proposals(r()->group));
	go_online();
	expect_eq(sent_n, 0);
	expect(r()->pending.there); /* that commit is on its way */
	expect_eq(waiting(), 3);
	end();
}

TEST(to_another_apps_hub_they_go_one_by_one)
{
	begin();
	say(5);
	r()->own_hub = false;
	go_online();
	expect_eq(sent_n, 1);
	hub_shows(&sent[0]);
	expect_eq(sent_n, 1);
	hub_answers(&sent[0], 1);
	expect_eq(sent_n, 2);
	expect_eq(waiting(), 4);
	end();
}

TEST(after_a_restart_the_same_is_sent_again)
{
	begin();
	say(40);
	go_online();
	hub_answers(&sent[0], 1);
	hub_shows(&sent[1]);
	expect_eq(sent_n, AT_ONCE + 1);
	reopen();
	/* The second is gone; the first is only to be seen. */
	expect_eq(waiting(), 39);
	expect(r()->outbox.unsent == r()->outbox.first->next);
	go_online();
	expect_eq(sent_n, 2 * AT_ONCE + 1);
	for (size_t i = 2; i <= AT_ONCE; i++)
		expect_bytes(VIEW_OF(sent[AT_ONCE - 1 + i].hash), VIEW_OF(sent[i].hash));
	/* What nobody here has made changes nothing. */
	struct sent other = { .hash = { 7 } };
	hub_shows(&other);
	expect_eq(waiting(), 39);
	hub_shows(&sent[0]);
	expect_eq(waiting(), 38);
	end();
}

static void hub_refuses(struct sent *s, uc_err err, uint32_t retry_after_s)
{
	struct buf b;
	buf_init(&b, FRAME_MAX);
	expect_ok(frame_add_refusal(&b, FRAME_ROOM_SUBMIT, s->call, err, VIEW_LIT("too fast"),
				    retry_after_s));
	expect_ok(uc_client_receive(p.c, b.p, b.n));
	buf_done(&b);
	s->call = 0;
	frames_take();
}

static void later(uint64_t ms)
{
	test_now_ms += ms;
	expect_ok(uc_client_step(p.c));
	frames_take();
}

/* What is over a limit comes again when the app said; those behind it, refused for their turn, do
 * not bring it sooner. */
TEST(refused_for_rate_they_wait_as_long_as_was_said)
{
	begin();
	say(40);
	go_online();
	hub_refuses(&sent[0], UC_E_RATE, 7);
	for (size_t i = 1; i < AT_ONCE; i++)
		hub_refuses(&sent[i], UC_E_RATE, 1);
	expect_eq(sent_n, AT_ONCE);
	later(6 * 1000);
	expect_eq(sent_n, AT_ONCE);
	expect_eq(uc_client_deadline_ms(p.c), test_now_ms + 1000);
	later(1000);
	expect_eq(sent_n, 2 * AT_ONCE);
	expect_eq(waiting(), 40);
	/* Without a time, and with one nobody would wait for. */
	hub_refuses(&sent[AT_ONCE], UC_E_BUSY, 0);
	expect_eq(r()->retry_ms, test_now_ms + 2000);
	hub_refuses(&sent[AT_ONCE + 1], UC_E_RATE, UINT32_MAX);
	expect_eq(r()->retry_ms, test_now_ms + 3600 * 1000);
	/* The clock was put back meanwhile. */
	test_now_ms -= 24 * 3600 * 1000;
	hub_refuses(&sent[AT_ONCE + 2], UC_E_RATE, 5);
	expect_eq(r()->retry_ms, test_now_ms + 5000);
	end();
}

static uc_err lose_room(struct uc_client *c, void *arg)
{
	(void)arg;
	rooms_left(c, r());
	return UC_OK;
}

TEST(what_will_not_be_sent_any_more_goes)
{
	begin();
	say(50);
	go_online();
	expect_ok(turn_run(p.c, lose_room, NULL));
	/* Those whose answers are still to come. */
	expect_eq(waiting(), AT_ONCE);
	for (size_t i = 0; i < AT_ONCE; i++)
		hub_answers(&sent[i], i + 1);
	expect_eq(waiting(), 0);
	reopen();
	expect_eq(waiting(), 0);
	end();
}

/* --- what comes back short --- */

/* ENTRY_OWN for that message as the next entry, with that much of its chain wrong. */
static void hub_shows_short(const struct sent *s, uint8_t wrong)
{
	struct frank frank = { .server_frank = { 4 } };
	const struct fanout_message m = { .timestamp = test_now_ms,
					  .message = s->message,
					  .wire_format = MLS_PRIVATE_MESSAGE,
					  .content_type = CONTENT_APPLICATION,
					  .frank = &frank };
	struct entry_own_event e = { .seat = r()->seat,
				     .seq = r()->seq + 1,
				     .timestamp = test_now_ms };
	struct view fanout = { NULL, 0 };
	uint8_t number[8] = { 0 }, hash[SHA256_BYTES];
	struct buf b;
	for (int i = 0; i < 8; i++)
		number[i] = (uint8_t)(e.seq >> 8 * (7 - i));
	expect_ok(wire_encode_to(&mem, fanout_message_element, &m, &fanout));
	expect_ok(sha256(fanout, hash));
	struct view parts[] = { VIEW_LIT("Undercroft log 1"), VIEW_OF(r()->chain), VIEW_OF(number),
				VIEW_OF(hash) };
	expect_ok(sha256_parts(parts, 4, e.chain));
	e.chain[3] ^= wrong;
	expect_ok(wire_encode_to(&mem, frank_element, &frank, &e.frank));
	buf_init(&b, FRAME_MAX);
	expect_ok(frame_add_event(&b, FRAME_ENTRY_OWN, entry_own_event_element, &e));
	expect_ok(uc_client_receive(p.c, b.p, b.n));
	buf_done(&b);
	frames_take();
}

TEST(an_entry_of_ours_comes_back_without_its_message)
{
	begin();
	say(3);
	go_online();
	expect_eq(sent_n, 3);
	uint64_t seq = r()->seq;
	/* In whatever order: the chain says which it is. */
	hub_shows_short(&sent[1], 0);
	expect_eq(r()->seq, seq + 1);
	hub_shows_short(&sent[0], 0);
	expect_eq(r()->seq, seq + 2);
	expect(r()->consistent && r()->seat_open);
	hub_answers(&sent[0], seq + 2);
	hub_answers(&sent[1], seq + 1);
	expect_eq(waiting(), 1);
	/* Accepted, and in the log: also after a restart. */
	reopen();
	expect_eq(waiting(), 1);
	expect_eq(r()->seq, seq + 2);
	end();
}

/* Given up, or of before a restart: what is not at hand comes whole from the log. */
TEST(a_short_entry_of_nothing_that_is_under_way_is_asked_for)
{
	begin();
	say(2);
	go_online();
	uint64_t seq = r()->seq;
	struct sent first = sent[0];
	hub_shows_short(&first, 1);
	expect_eq(r()->seq, seq);
	expect(!r()->seat_open && r()->consistent);
	reopen();
	sent_n = 0;
	expect_ok(turn_run(p.c, online_unsent, NULL));
	hub_shows_short(&first, 0);
	expect_eq(r()->seq, seq);
	expect(!r()->seat_open);
	expect_eq(waiting(), 2);
	end();
}

/* --- a log that was put back --- */

static uc_err go_back(struct uc_client *c, void *arg)
{
	return put_back(c, r(), arg);
}

static void log_is_put_back(const struct seat_open_response *in)
{
	struct seat_open_response copy = *in;
	expect_ok(turn_run(p.c, go_back, &copy));
	frames_take();
}

struct counted {
	enum uc_message_state state;
	size_t n;
	struct uc_id last;
};

static bool count_each(void *ctx, const struct uc_message *m)
{
	struct counted *k = ctx;
	k->n += m->state == k->state;
	k->last = m->id;
	return true;
}

static struct counted count(enum uc_message_state state)
{
	struct counted k = { .state = state };
	expect_ok(uc_messages(p.c, &room, 1, SIZE_MAX, count_each, &k));
	return k;
}

/* Three are said, seen and accepted; the log has the first of them and no more. */
static struct seat_open_response two_are_lost(void)
{
	begin();
	say(3);
	go_online();
	struct seat_open_response in = { .is_behind = 1 };
	for (size_t i = 0; i < 3; i++) {
		hub_answers(&sent[i], r()->seq + 1);
		hub_shows(&sent[i]);
		if (!i)
			in.renewed = in.next = r()->seq + 1;
	}
	expect_eq(waiting(), 0);
	in.epoch = room_group_epoch(r()->group);
	expect_ok(room_group_transcript(r()->group, in.transcript));
	memset(in.renewed_chain, 0x77, CHAIN_HASH);
	return in;
}

TEST(what_a_log_that_was_put_back_has_lost_is_said_again)
{
	struct seat_open_response in = two_are_lost();
	struct uc_id last = count(UC_MESSAGE_ACCEPTED).last;
	log_is_put_back(&in);
	expect(!r()->lost);
	expect_eq(r()->seq, in.renewed - 1);
	expect_bytes(VIEW_OF(r()->chain), VIEW_OF(in.renewed_chain));
	expect_eq(waiting(), 2);
	expect_eq(count(UC_MESSAGE_QUEUED).n, 2);
	/* With their ids, though in other ciphertexts; once, however often it is told. */
	expect_bytes(VIEW_OF(count(UC_MESSAGE_QUEUED).last.b), VIEW_OF(last.b));
	log_is_put_back(&in);
	expect_eq(waiting(), 2);
	go_online();
	expect_eq(sent_n, 5);
	expect(!view_equal(VIEW_OF(sent[3].hash), VIEW_OF(sent[1].hash)));
	for (size_t i = 3; i < 5; i++) {
		hub_answers(&sent[i], r()->seq + 1);
		hub_shows(&sent[i]);
	}
	expect_eq(waiting(), 0);
	expect_eq(count(UC_MESSAGE_ACCEPTED).n, 3);
	end();
}

/* Who was not there, as a next epoch's tree would have it. */
static uc_err somebody_comes(struct uc_client *c, void *arg)
{
	(void)arg;
	r()->members->gone = true;
	return room_members_sync(c, r());
}

TEST(who_came_later_gets_nothing_of_before)
{
	struct seat_open_response in = two_are_lost();
	expect_ok(turn_run(p.c, online_unsent, NULL));
	log_is_put_back(&in);
	say(1);
	expect_ok(turn_run(p.c, somebody_comes, NULL));
	reopen();
	go_online();
	expect_eq(sent_n, 4); /* what waits for the first time is for whoever is there */
	expect_eq(count(UC_MESSAGE_FAILED).n, 2);
	end();
}

TEST(what_cannot_be_said_again_is_told_as_lost)
{
	struct seat_open_response in = two_are_lost();
	struct uc_id last = count(UC_MESSAGE_ACCEPTED).last, id;
	expect_ok(uc_send_edit(p.c, &room, &last, "better", &id));
	frames_take();
	log_is_put_back(&in);
	expect_eq(count(UC_MESSAGE_FAILED).n, 1);
	expect_eq(count(UC_MESSAGE_QUEUED).n, 1);
	end();
}

static uc_err commit_alone(struct uc_client *c, void *arg)
{
	const struct room_change none = { .packages = { NULL, 0 } };
	uint8_t hash[SHA256_BYTES];
	struct view update;
	(void)arg;
	TRY(room_group_commit(c, r()->group, &none, &c->call, &update, hash));
	r()->group_dirty = true;
	return group_pending_apply(r()->group->g);
}

TEST(only_who_has_gone_another_way_joins_anew)
{
	struct seat_open_response in = two_are_lost();
	/* Nothing more is there here than is in the log. */
	in.is_behind = 0;
	log_is_put_back(&in);
	expect_eq(waiting(), 0);
	expect_eq(r()->seq, in.renewed + 1);
	/* In an epoch that the room has not come to. */
	expect_ok(turn_run(p.c, commit_alone, NULL));
	in.is_behind = 1;
	log_is_put_back(&in);
	expect(r()->lost);
	end();
}
