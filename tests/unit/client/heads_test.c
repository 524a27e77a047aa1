/* SPDX-License-Identifier: Apache-2.0 */
/* A hub that shows two logs, or keeps back the end of one, as Tom sees it: he is in a group that lives
 * at the plaza, with Rosa and Ida, and in a direct room with Rosa that lives at his own app. */
#include "client/contacts.h"
#include "client/heads.h"
#include "client/inbox.h"
#include "client/introductions.h"
#include "client/pool.h"
#include "client/put_back.h"
#include "client/rooms.h"
#include "client/turn.h"

#include "tests/unit/client/den.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };

/* The log of the group, as the hub shows it to him. */
static uint8_t chains[256][CHAIN_HASH];

struct told {
	unsigned forks, withheld;
};

static struct told turn(uc_err (*work)(struct uc_client *, void *), void *arg)
{
	struct told t = { 0 };
	struct uc_event e;
	expect_ok(turn_run(tom.c, work, arg));
	while (uc_client_next_event(tom.c, &e)) {
		t.forks += e.kind == UC_EVENT_WARNING && e.err == UC_E_CHAIN && e.has_room;
		t.withheld += e.kind == UC_EVENT_WARNING && e.err == UC_E_WITHHELD && e.has_room;
	}
	return t;
}

/* --- the scene --- */

/* Whoever made them there. */
static uc_err furnish(struct uc_client *c, void *arg)
{
	struct room *g = group(), *d = direct();
	(void)c, (void)arg;
	TRY(text_set(g->uri, sizeof g->uri, VIEW_LIT("mimi://plaza.example/r/den")));
	TRY(text_set(d->uri, sizeof d->uri, VIEW_LIT("mimi://lens.example/r/two")));
	return den_member(g, ROSA, &rosa);
}

static void begin(void)
{
	den_begin();
	expect_ok(turn_run(tom.c, furnish, NULL));
	memset(chains, 0, sizeof chains);
}

static void end(void)
{
	den_end();
}

/* --- what the hub shows --- */

static uc_err take_entry(struct uc_client *c, void *arg)
{
	return inbox_entry(c, *(const struct view *)arg);
}

static void chain_step(const uint8_t before[CHAIN_HASH], uint64_t seq, const char *fanout,
		       uint8_t out[CHAIN_HASH])
{
	uint8_t number[8] = { [7] = (uint8_t)seq }, hash[SHA256_BYTES];
	struct view parts[] = {
		VIEW_LIT("Undercroft log 1"), { before, CHAIN_HASH }, VIEW_OF(number), VIEW_OF(hash)
	};
	expect_ok(sha256(view_str(fanout), hash));
	expect_ok(sha256_parts(parts, 4, out));
}

/* The next entries, up to this one. */
static struct told reads_to(uint64_t last)
{
	struct told all = { 0 };
	for (uint64_t seq = group()->seq + 1; seq <= last; seq++) {
		struct entry_event e = { .seat = 1, .entry = { .version = 1, .seq = seq } };
		struct view body = { NULL, 0 };
		e.entry.fanout = VIEW_LIT("nothing that he can read");
		chain_step(chains[seq - 1], seq, "nothing that he can read", chains[seq]);
		memcpy(e.entry.chain, chains[seq], CHAIN_HASH);
		expect_ok(wire_encode_to(&mem, entry_event_element, &e, &body));
		struct told t = turn(take_entry, &body);
		all.forks += t.forks;
		all.withheld += t.withheld;
	}
	expect_eq(group()->seq, last);
	expect(group()->consistent);
	return all;
}

/* --- what members say --- */

static struct chain_head head(uint64_t seq, bool same)
{
	struct chain_head h = { .seq = seq };
	memcpy(h.chain, chains[seq], sizeof h.chain);
	h.chain[3] ^= !same;
	return h;
}

static uc_err hear(struct uc_client *c, void *arg)
{
	heads_said(c, group(), arg);
	return UC_OK;
}

/* A message of theirs comes, in the place behind what he has read. */
static struct told says_by(const char *client, const char *who, uint64_t seq, bool same)
{
	struct room_entry e = { .kind = ROOM_ENTRY_APPLICATION,
				.sender = { .client = view_str(client),
					    .participant = view_str(who) },
				.content = VIEW_LIT("words"),
				.frank = VIEW_LIT("frank"),
				.head = head(seq, same) };
	return turn(hear, &e);
}

static struct told says(const char *who, uint64_t seq, bool same)
{
	return says_by(who, who, seq, same);
}

static size_t doubts(void)
{
	size_t n = 0;
	for (const struct doubt *d = group()->doubts; d; d = d->next)
		n++;
	return n;
}

static bool is_shown_whole(void *ctx, const struct uc_room *r)
{
	if (id_equal(&r->id, &group()->id))
		*(bool *)ctx = r->consistent;
	return true;
}

static bool whole(void)
{
	bool is = false;
	expect_ok(uc_rooms(tom.c, is_shown_whole, &is));
	return is;
}

static bool evidence(unsigned number)
{
	struct view kept = { NULL, 0 };
	struct safe_place at = { .table = "fork",
				 .owner = VIEW_OF(group()->id.b),
				 .number = number };
	return !safe_get(&tom.c->safe, at, &mem, &kept) && kept.n > 0;
}

TEST(of_two_logs_the_reader_is_told_once)
{
	begin();
	reads_to(20);
	says(ROSA, 19, true);
	says(ROSA, 20, true);
	expect(!group()->doubts);
	/* She has read another entry 20.  It may have been put back: she will see it, too. */
	expect_eq(says(ROSA, 20, false).forks, 0);
	expect(group()->doubts && evidence(0) && whole());
	test_now_ms += 5 * MINUTE;
	expect_eq(says(ROSA, 20, false).forks, 0);
	reads_to(30);
	test_now_ms += 6 * MINUTE;
	/* Others' word is another's. */
	expect_eq(says(IDA, 30, false).forks, 0);
	expect_eq(says(ROSA, 30, false).forks, 1);
	expect(!whole() && evidence(1));
	expect_eq(says(ROSA, 30, false).forks, 0);
	/* And after a restart. */
	expect_ok(person_open(&tom));
	expect(group()->forked && !whole());
	end();
}

TEST(a_doubt_survives_a_restart)
{
	begin();
	reads_to(5);
	says(ROSA, 5, false);
	reads_to(6);
	expect_ok(person_open(&tom));
	/* Of what was read the last entry is still known. */
	test_now_ms += 11 * MINUTE;
	expect_eq(says(ROSA, 4, false).forks, 0);
	expect_eq(says(ROSA, 6, false).forks, 1);
	end();
}

/* Of a log that was put back, whoever was away knows no better when they come back. */
TEST(who_has_read_no_further_says_nothing_new)
{
	begin();
	reads_to(20);
	says(ROSA, 19, false);
	test_now_ms += 2 * HOUR;
	expect_eq(says(ROSA, 18, false).forks, 0);
	expect_eq(says(ROSA, 19, false).forks, 0);
	expect(whole() && doubts() == 1);
	reads_to(21);
	expect_ok(person_open(&tom));
	expect_eq(says(ROSA, 21, false).forks, 1);
	expect(!whole());
	end();
}

TEST(what_one_has_said_hides_no_other_one)
{
	begin();
	reads_to(20);
	/* Ida lies, or has heard of it first. */
	says(IDA, 20, false);
	test_now_ms += 5 * MINUTE;
	says(ROSA, 20, false);
	expect_eq(doubts(), 2);
	/* Each has what was said first. */
	expect(evidence(0) && evidence(2));
	reads_to(25);
	says(IDA, 25, true);
	expect_eq(doubts(), 1);
	expect_ok(person_open(&tom));
	test_now_ms += 11 * MINUTE;
	expect_eq(says(IDA, 25, true).forks, 0);
	expect_eq(says(ROSA, 25, false).forks, 1);
	expect(evidence(3) && !whole() && !doubts());
	end();
}

TEST(who_comes_under_many_leaves_takes_no_place_of_others)
{
	char client[64];
	begin();
	reads_to(20);
	for (int i = 0; i < 50; i++) {
		snprintf(client, sizeof client, "mimi://plaza.example/p/ida/%d", i);
		test_now_ms += MINUTE;
		expect_eq(says_by(client, IDA, 20, false).forks, 0);
	}
	expect_eq(doubts(), 4);
	says(ROSA, 20, false);
	expect_eq(doubts(), 5);
	test_now_ms += 11 * MINUTE;
	reads_to(21);
	expect_eq(says(ROSA, 21, false).forks, 1);
	end();
}

static void room_walk(struct wire *w, void *v)
{
	wire_room(w, v);
}

/* Until version 7 there was one. */
TEST(a_doubt_of_before_is_read)
{
	enum { TAIL = 1 + 8 + 1, CHAIN = 4 + 32 + 32 + 8 + 8 + 1 };
	static struct room back;
	struct view now = { NULL, 0 };
	struct buf older;
	begin();
	reads_to(5);
	says(ROSA, 5, false);
	expect_ok(wire_encode_to(&mem, room_walk, group(), &now));
	const struct doubt *d = group()->doubts;
	/* What is not shown yet, and when it is left: since versions 9 and 10; further keys: since 12. */
	now.n -= 16 + 2 * (1 + 4 + 4) + 8;
	buf_init(&older, now.n);
	buf_add_byte(&older, 0);
	buf_add_byte(&older, 7);
	buf_add_view(&older, view_slice(now, 2, now.n - 2 - TAIL - CHAIN));
	buf_add_byte(&older, 1);
	buf_add(&older, d->by.b, sizeof d->by.b);
	buf_add_view(&older, view_slice(now, now.n - TAIL - 17, 16));
	buf_add_view(&older, view_slice(now, now.n - TAIL, TAIL));
	back = (struct room){ .state = 0 };
	expect_ok(wire_decode(buf_view(&older), &mem, room_walk, &back));
	expect(back.doubts && !back.doubts->next && id_equal(&back.doubts->by, &d->by));
	expect(back.doubts && back.doubts->since_ms == d->since_ms && back.doubts->at == d->at);
	heads_free(&back);
	buf_done(&older);
	end();
}

TEST(what_was_read_lies_before_what_is_written)
{
	begin();
	reads_to(5);
	says(IDA, 9, true);
	test_now_ms += 11 * MINUTE;
	expect_eq(says(IDA, 9, true).forks, 0);
	expect_eq(says(IDA, 10, true).forks, 1);
	end();
}

TEST(a_log_that_was_put_back_is_no_alarm)
{
	begin();
	reads_to(20);
	/* Said before she knew of it, then all that she says again. */
	says(ROSA, 18, false);
	expect(group()->doubts);
	reads_to(25);
	says(ROSA, 19, true); /* of before the place where they part, perhaps */
	expect(group()->doubts);
	says(ROSA, 24, true);
	expect(!group()->doubts);
	/* Months later again. */
	test_now_ms += 24ull * 60 * HOUR;
	expect_eq(says(ROSA, 20, false).forks, 0);
	/* Somebody else, days after the first was heard of last. */
	test_now_ms += 24ull * 4 * HOUR;
	expect_eq(says(IDA, 20, false).forks, 0);
	test_now_ms += 9 * MINUTE;
	expect_eq(says(IDA, 20, false).forks, 0);
	expect(whole());
	end();
}

static uc_err log_is_put_back(struct uc_client *c, void *arg)
{
	struct seat_open_response in = { .renewed = 11, .is_behind = 1, .next = 12 };
	(void)arg;
	memcpy(in.renewed_chain, chains[10], CHAIN_HASH);
	return put_back(c, group(), &in);
}

TEST(who_went_back_compares_nothing_of_before)
{
	begin();
	reads_to(20);
	turn(log_is_put_back, NULL);
	expect_eq(group()->seq, 10);
	expect(!group()->ring);
	/* What lies behind the place is of the log that was. */
	says(ROSA, 10, true);
	expect(!group()->doubts);
	reads_to(12);
	says(ROSA, 12, true);
	expect(!group()->doubts);
	end();
}

TEST(what_lies_too_far_back_is_not_compared)
{
	begin();
	reads_to(150);
	says(ROSA, 150 - 64, false);
	says(ROSA, 1, false);
	expect(!group()->doubts);
	says(ROSA, 150 - 63, false);
	expect(group()->doubts);
	end();
}

/* --- by another room --- */

static uc_err tell(struct uc_client *c, void *arg)
{
	struct view bytes;
	const struct room_client by = { .client = VIEW_LIT(ROSA), .participant = VIEW_LIT(ROSA) };
	TRY(wire_encode_to(&mem, control_element, arg, &bytes));
	return control_in(c, direct(), &by, bytes);
}

static struct told tells(uint64_t seq, bool same)
{
	struct control_head one = { group()->id, head(seq, same) };
	struct control m = { .version = 1, .control_kind = CONTROL_HEADS, .heads = { &one, 1 } };
	return turn(tell, &m);
}

static uc_err waits(struct uc_client *c, void *arg)
{
	(void)arg;
	return heads_wait(c, group());
}

TEST(an_end_that_is_kept_back_is_told)
{
	begin();
	reads_to(20);
	chains[40][0] = 9; /* which she has seen */
	tells(40, true);
	test_now_ms += 59 * MINUTE;
	expect_eq(turn(waits, NULL).withheld, 0);
	expect_ok(person_open(&tom));
	/* An hour by a clock that leaps for a moment is none. */
	test_now_ms += 24 * (uint64_t)HOUR;
	expect_eq(turn(waits, NULL).withheld, 0);
	test_now_ms -= 24 * (uint64_t)HOUR;
	expect_eq(turn(waits, NULL).withheld, 0);
	test_now_ms += 2 * MINUTE;
	expect_eq(turn(waits, NULL).withheld, 0);
	test_now_ms += 5 * MINUTE;
	uint64_t notes = group()->next_message;
	expect_eq(turn(waits, NULL).withheld, 1);
	expect_eq(group()->next_message, notes + 1);
	expect_eq(turn(waits, NULL).withheld, 0);
	/* Nor every hour. */
	tells(40, true);
	test_now_ms += 2 * HOUR;
	expect_eq(turn(waits, NULL).withheld, 0);
	expect(whole());
	end();
}

TEST(an_end_that_comes_late_is_nothing)
{
	begin();
	reads_to(20);
	struct told t = { 0 };
	for (uint64_t seq = 21; seq <= 40; seq++)
		chain_step(chains[seq - 1], seq, "nothing that he can read", chains[seq]);
	tells(40, true);
	test_now_ms += 30 * MINUTE;
	t = reads_to(39);
	expect(group()->ahead.there);
	reads_to(41);
	expect(!group()->ahead.there && !group()->doubts);
	test_now_ms += 2 * HOUR;
	expect_eq(t.withheld + turn(waits, NULL).withheld, 0);
	/* One that was put back, where she is, too, now. */
	tells(90, true);
	tells(41, true);
	expect(!group()->ahead.there);
	end();
}

/* Joined anew, by a commit of his own: what lies before it he does not read, and nobody keeps it back. */
TEST(who_joins_anew_waits_for_nothing_that_lies_before)
{
	begin();
	reads_to(20);
	/* Heard while he is on his way: what comes after it is to have it. */
	group()->lost = true;
	tells(40, true);
	expect(group()->ahead.there);
	group()->lost = false;
	group()->seq = 39;
	heads_jumped(tom.c, group());
	expect(group()->ahead.there);
	group()->seq = 45;
	heads_jumped(tom.c, group());
	expect(!group()->ahead.there && !group()->ring);
	test_now_ms += 2 * HOUR;
	expect_eq(turn(waits, NULL).withheld, 0);
	end();
}

TEST(two_logs_are_seen_by_another_room)
{
	begin();
	reads_to(20);
	tells(30, false); /* she is further, in another one */
	reads_to(35);
	expect(group()->doubts);
	test_now_ms += 21 * HOUR;
	expect_eq(tells(35, false).forks, 1);
	expect(!whole());
	end();
}

TEST(only_a_contact_who_is_there_is_heard)
{
	struct room_client ida = { .client = VIEW_LIT(IDA), .participant = VIEW_LIT(IDA) };
	begin();
	reads_to(20);
	struct control_head one = { direct()->id, head(20, false) },
			    other = { { { 1 } }, one.head };
	struct control_head list[2] = { one, other };
	struct control m = { .version = 1, .control_kind = CONTROL_HEADS, .heads = { list, 2 } };
	turn(tell, &m); /* of no group, and of no room that there is */
	expect(!direct()->doubts && !direct()->ahead.there);
	struct view bytes = { NULL, 0 };
	list[0].room = group()->id;
	expect_ok(wire_encode_to(&mem, control_element, &m, &bytes));
	expect_err(control_in(tom.c, direct(), &ida, bytes), UC_E_INTRODUCTION);
	/* Where he is a persona, she is, or she is no more. */
	struct member *hers = room_member_find(group(), VIEW_LIT(ROSA));
	group()->says = SAYS_PERSONA;
	tells(20, false);
	group()->says = SAYS_ACCOUNT;
	hers->persona = true;
	tells(20, false);
	hers->persona = false;
	hers->gone = true;
	tells(20, false);
	expect(!group()->doubts);
	hers->gone = false;
	tells(20, false);
	expect(group()->doubts);
	end();
}

/* --- what he tells himself --- */

static uc_err drive(struct uc_client *c, void *arg)
{
	(void)arg;
	return heads_drive(c);
}

static unsigned queued(const struct room *r)
{
	unsigned n = 0;
	for (const struct outgoing *o = r->outbox.first; o; o = o->next)
		n++;
	return n;
}

TEST(contacts_are_told_once_a_day_when_there_is_news)
{
	begin();
	reads_to(20);
	group()->log_next = 21;
	group()->last_ms = test_now_ms;
	turn(drive, NULL);
	expect_eq(queued(direct()), 0);
	test_now_ms += 66 * MINUTE;
	turn(drive, NULL);
	expect_eq(queued(direct()), 1);
	expect_eq(queued(group()), 0);
	for (unsigned hour = 0; hour < 48; hour++) {
		test_now_ms += 2 * HOUR;
		turn(drive, NULL);
		expect_eq(queued(direct()), 1);
	}
	group()->last_ms = test_now_ms;
	test_now_ms += 2 * HOUR;
	turn(drive, NULL);
	expect_eq(queued(direct()), 2);
	/* Not of rooms of the same hub, nor where not all has come. */
	group()->last_ms = test_now_ms;
	group()->log_next = 30;
	test_now_ms += 48 * HOUR;
	turn(drive, NULL);
	expect_eq(queued(direct()), 2);
	group()->log_next = 21;
	group()->says = SAYS_PERSONA;
	test_now_ms += 2 * HOUR;
	turn(drive, NULL);
	expect_eq(queued(direct()), 2);
	group()->says = SAYS_ACCOUNT;
	expect_ok(text_set(group()->uri, URI_BYTES, VIEW_LIT("mimi://lens.example/r/den")));
	test_now_ms += 2 * HOUR;
	turn(drive, NULL);
	expect_eq(queued(direct()), 2);
	end();
}
