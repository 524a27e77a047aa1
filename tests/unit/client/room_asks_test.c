/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses for one room: Tom is asked for one by Rosa, in their direct room, and asks her for his own
 * group. */
#include "client/contacts.h"
#include "client/groups.h"
#include "client/introductions.h"
#include "client/pool.h"
#include "client/room_asks.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "client/turn.h"

#include "base/heap.h"

#include "tests/unit/client/den.h"

#define DEN "mimi://plaza.example/r/den"

enum { HOUR = 3600 * 1000, DAY = 24 * HOUR };

struct told {
	unsigned asked, notes, warnings;
	uc_err err;
};

static struct told turn(uc_err (*work)(struct uc_client *, void *), void *arg)
{
	struct told t = { 0 };
	struct uc_event e;
	t.err = turn_run(tom.c, work, arg);
	while (uc_client_next_event(tom.c, &e)) {
		t.asked += e.kind == UC_EVENT_DONE && !e.err && !strcmp(e.text, "asked");
		t.notes += e.kind == UC_EVENT_MESSAGE && e.message &&
			   e.message->kind == UC_MESSAGE_NOTE;
		t.warnings += e.kind == UC_EVENT_WARNING && e.err == UC_E_EXHAUSTED;
	}
	return t;
}

static void restarts(void)
{
	expect_ok(person_open(&tom));
	expect(her() && group() && direct());
	direct()->seat_open = group()->seat_open = true;
}

/* --- what is said in the direct room --- */

struct said {
	const char *by;
	struct control m;
};

static uc_err hears(struct uc_client *c, void *arg)
{
	const struct said *s = arg;
	const char *participant = s->by ? s->by : direct()->participant;
	const struct room_client by = { .client = view_str(participant),
					.participant = view_str(participant) };
	struct view bytes;
	TRY(wire_encode_to(&mem, control_element, &s->m, &bytes));
	return control_in(c, direct(), &by, bytes);
}

static uc_err asks(const char *by, const char *room)
{
	struct said s = {
		by, { .version = 1, .control_kind = CONTROL_ROOM_ASK, .room = view_str(room) }
	};
	return turn(hears, &s).err;
}

/* by: NULL: another device of Tom's. */
static uc_err grants(const char *by, const char *room, const char *app_of, uint64_t expires_ms,
		     size_t n)
{
	char address[64], participant[64];
	snprintf(address, sizeof address, "mimi://%s/k/ab", app_of);
	snprintf(participant, sizeof participant, "mimi://%s/p/rosa2", app_of);
	struct control_address one = { view_str(address), view_str(participant), expires_ms };
	struct control_address list[2] = { one, one };
	struct said s = { by,
			  { .version = 1,
			    .control_kind = CONTROL_ROOM_GRANT,
			    .addresses = { list, n },
			    .room = view_str(room) } };
	return turn(hears, &s).err;
}

TEST(what_is_asked_is_kept_until_it_is_answered)
{
	static const char *const bad[] = { "",
					   "den",
					   "mimi://plaza.example",
					   "mimi://plaza.example/p/den",
					   "mimi://plaza.example/r/",
					   "mimi://Plaza.example/r/den",
					   "mimi://plaza.example/r/den/x" };
	char long_one[URI_BYTES + 64];
	den_begin();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_err(asks(ROSA, bad[i]), UC_E_ADDRESS);
	memset(long_one, 'a', sizeof long_one);
	memcpy(long_one, "mimi://plaza.example/r/", 23);
	long_one[sizeof long_one - 1] = 0;
	expect_err(asks(ROSA, long_one), UC_E_ADDRESS);
	expect_err(asks(IDA, DEN), UC_E_INTRODUCTION);
	expect_ok(asks(NULL, DEN)); /* what his other device asks is for her */
	expect_eq(her()->ask_count, 0);
	expect_ok(asks(ROSA, DEN));
	expect_ok(asks(ROSA, DEN));
	expect_eq(her()->ask_count, 1);
	restarts();
	expect_eq(her()->ask_count, 1);
	expect(room_asks_due(tom.c, her()) && !strcmp(room_asks_due(tom.c, her()), DEN));
	/* Not before all is read: his other device may have answered. */
	direct()->log_next = direct()->seq + 2;
	expect(!room_asks_due(tom.c, her()));
	expect_ok(grants(NULL, "mimi://plaza.example/r/another", "lens.example", 1, 1));
	expect_eq(her()->ask_count, 1);
	expect_ok(grants(NULL, DEN, "lens.example", 1, 1));
	expect_eq(her()->ask_count, 0);
	expect_eq(her()->granted, 1);
	den_end();
}

static bool is_due(const char *room)
{
	const char *due = room_asks_due(tom.c, her());
	return due && !strcmp(due, room);
}

/* Where he is for all to see, he need not be brought.  To be silent about anywhere else would tell that he is
 * there, too. */
TEST(silence_tells_of_no_place_that_is_not_his_for_all_to_see)
{
	den_begin();
	struct room *g = group();
	expect_ok(asks(ROSA, g->uri));
	expect_eq(her()->ask_count, 1);
	expect(!room_asks_due(tom.c, her()));
	for (int says = SAYS_PERSONA; says <= SAYS_NOTHING; says++) {
		g->says = (uint8_t)says;
		expect(is_due(g->uri));
	}
	g->says = SAYS_ACCOUNT;
	g->introduced = false;
	expect(is_due(g->uri));
	g->introduced = true;
	bool *const other[] = { &g->shadow, &g->lost, &g->fleeing };
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		*other[i] = true;
		expect(is_due(g->uri));
		*other[i] = false;
	}
	g->state = ROOM_LEAVING;
	expect(is_due(g->uri));
	g->state = ROOM_LEFT;
	expect(is_due(g->uri));
	g->state = ROOM_OPEN;
	expect(!room_asks_due(tom.c, her()));
	/* His second place there has another number: it is a place all the same. */
	g->id.b[0] ^= 1;
	expect(!room_asks_due(tom.c, her()));
	g->id.b[0] ^= 1;
	den_end();
}

/* What is held for a guardian, or for who brought him there, nobody is to know of. */
TEST(silence_tells_of_no_place_that_is_held)
{
	den_begin();
	struct room *g = group();
	expect_ok(asks(ROSA, g->uri));
	expect(!room_asks_due(tom.c, her()));
	g->made = false;
	g->unshown = 1;
	expect(strangers_veil(tom.c, g));
	expect(is_due(g->uri));
	den_end();
}

static const char *numbered(unsigned n);

/* The log of the group was not read when the ask was: he had been taken out. */
TEST(an_ask_waits_until_it_shows_that_he_is_out)
{
	den_begin();
	expect_ok(asks(ROSA, group()->uri));
	expect(!room_asks_due(tom.c, her()));
	/* What comes behind it does not wait. */
	expect_ok(asks(ROSA, DEN));
	expect(is_due(DEN));
	restarts();
	expect(is_due(DEN));
	group()->state = ROOM_LEFT;
	expect(is_due(group()->uri));
	/* Nor takes it anybody's place. */
	group()->state = ROOM_OPEN;
	for (unsigned i = 0; i < ROOM_ASKS; i++)
		expect_ok(asks(ROSA, numbered(i)));
	expect_eq(her()->ask_count, ROOM_ASKS);
	group()->state = ROOM_LEFT;
	expect(is_due(DEN));
	/* But not for ever. */
	expect_ok(asks(ROSA, group()->uri));
	test_now_ms += 8 * (uint64_t)DAY;
	expect(!room_asks_due(tom.c, her()));
	expect_eq(her()->ask_count, 0);
	den_end();
}

TEST(who_is_blocked_asks_in_vain)
{
	den_begin();
	her()->blocked = true;
	expect_err(asks(ROSA, DEN), UC_E_INTRODUCTION);
	her()->blocked = false;
	expect_ok(asks(ROSA, DEN));
	her()->blocked = true;
	expect(!room_asks_due(tom.c, her()));
	den_end();
}

static const char *numbered(unsigned n)
{
	static char uri[64];
	snprintf(uri, sizeof uri, "mimi://plaza.example/r/r%u", n);
	return uri;
}

TEST(so_much_is_asked_and_answered_and_no_more)
{
	den_begin();
	for (unsigned i = 0; i < 2 * ROOM_ASKS; i++)
		expect_ok(asks(ROSA, numbered(i)));
	expect_eq(her()->ask_count, ROOM_ASKS);
	expect(room_asks_due(tom.c, her()) != NULL);
	for (unsigned day = 0; day < 2; day++) {
		for (unsigned i = 0; i < 20; i++) {
			expect_ok(asks(ROSA, numbered(100 * day + i)));
			const char *due = room_asks_due(tom.c, her());
			if (due)
				room_asks_answered(tom.c, her(), view_str(due));
		}
		expect_eq(her()->granted, 16);
		expect(!room_asks_due(tom.c, her()));
		test_now_ms += DAY;
	}
	/* What waits for a week is no more wanted. */
	expect_ok(asks(ROSA, DEN));
	expect(her()->ask_count && room_asks_due(tom.c, her()));
	test_now_ms += 8 * (uint64_t)DAY;
	expect(!room_asks_due(tom.c, her()));
	expect_eq(her()->ask_count, 0);
	den_end();
}

struct out {
	unsigned n;
	uint8_t state;
	struct uc_id to;
};

/* So many of his sets are out for one room. */
static uc_err sets_out(struct uc_client *c, void *arg)
{
	static uint32_t number;
	const struct out *o = arg;
	for (unsigned i = 0; i < o->n; i++) {
		struct set *s = HEAP_NEW(struct set);
		if (!s)
			return UC_E_MEMORY;
		number++;
		memcpy(s->set_id, &number, sizeof number);
		s->room = room_id(VIEW_LIT(DEN));
		s->given_to = o->to;
		s->not_after_ms = client_now(c) + 90 * (uint64_t)DAY;
		set_change(s, o->state);
		s->next = c->sets;
		c->sets = s;
	}
	return UC_OK;
}

static void go_out(unsigned n, uint8_t state, struct uc_id to)
{
	struct out o = { n, state, to };
	expect_ok(turn(sets_out, &o).err);
}

/* Whether they were used or not: an address that is used up, and brings him nowhere, is none the less gone. */
TEST(so_many_are_out_for_one_contact_and_no_more)
{
	static const uint8_t states[] = { SET_GIVEN, SET_RELEASED, SET_AWAITED, SET_RESERVED };
	for (size_t i = 0; i < sizeof states; i++) {
		den_begin();
		expect_ok(asks(ROSA, DEN));
		go_out(31, states[i], rosa);
		go_out(31, SET_VOIDED, rosa);
		expect(is_due(DEN));
		go_out(1, states[i], rosa);
		expect(!room_asks_due(tom.c, her()));
		den_end();
	}
}

TEST(so_many_are_out_for_all_contacts_and_no_more)
{
	struct uc_id others = { { 9 } };
	den_begin();
	expect_ok(asks(ROSA, DEN));
	go_out(POOL_SETS_MAX / 2 - 1, SET_GIVEN, others);
	go_out(9, SET_RELEASED, others); /* not in the app's pool any more */
	expect(is_due(DEN));
	go_out(1, SET_GIVEN, others);
	expect(!room_asks_due(tom.c, her()));
	den_end();
}

static unsigned queued(void)
{
	unsigned n = 0;
	for (const struct outgoing *o = direct()->outbox.first; o; o = o->next)
		n++;
	return n;
}

/* --- he asks --- */

static uc_err adds(struct uc_client *c, void *arg)
{
	return groups_add_contact(c, group(), her(), *(const uc_op *)arg);
}

static uc_err drives(struct uc_client *c, void *arg)
{
	(void)arg;
	return groups_drive(c, group());
}

static void begin_to_ask(void)
{
	uc_op op = 77;
	den_begin();
	expect_ok(turn(adds, &op).err);
	if (!group()->tasks || group()->tasks->kind != TASK_ASKED)
		turn(drives, NULL);
	expect_eq(queued(), 1);
	expect(group()->tasks && group()->tasks->kind == TASK_ASKED);
}

TEST(an_ask_waits_and_its_answer_is_for_that_room_alone)
{
	uint64_t until = 0;
	begin_to_ask();
	restarts();
	turn(drives, NULL);
	expect_eq(queued(), 1); /* said once */
	until = test_now_ms + HOUR;
	expect_err(grants(IDA, group()->uri, "dial.example", until, 1), UC_E_INTRODUCTION);
	expect_err(grants(ROSA, group()->uri, "plaza.example", until, 1), UC_E_ADDRESS);
	expect_err(grants(ROSA, group()->uri, "dial.example", until, 2), UC_E_MALFORMED);
	expect_err(grants(ROSA, group()->uri, "dial.example", until, 0), UC_E_MALFORMED);
	expect_ok(grants(ROSA, DEN, "dial.example", until, 1));
	expect_ok(grants(ROSA, direct()->uri, "dial.example", until, 1));
	expect_eq(group()->tasks->kind, TASK_ASKED);
	expect_eq(her()->key_count, 0);
	expect_ok(grants(ROSA, group()->uri, "dial.example", until, 1));
	expect_eq(her()->key_count, 0);
	expect_eq(group()->tasks->kind, TASK_ADD);
	expect(room_asks_has(tom.c, group()->tasks));
	restarts();
	expect(room_asks_has(tom.c, group()->tasks));
	/* Again: nothing is awaited. */
	expect_ok(grants(ROSA, group()->uri, "dial.example", until, 1));
	den_end();
}

TEST(what_is_no_good_is_asked_for_again_but_not_for_ever)
{
	begin_to_ask();
	for (unsigned i = 2; i <= 3; i++) {
		expect_ok(grants(ROSA, group()->uri, "dial.example", test_now_ms - 1, 1));
		turn(drives, NULL);
		expect_eq(queued(), i);
		expect(group()->tasks && group()->tasks->kind == TASK_ASKED);
	}
	expect_ok(grants(ROSA, group()->uri, "dial.example", test_now_ms - 1, 1));
	/* And the group's history says that nobody came. */
	struct told t = turn(drives, NULL);
	expect_eq(t.notes, 1);
	expect_eq(queued(), 3);
	expect(!group()->tasks);
	den_end();
}

/* The week that is waited is one of all that was asked. */
TEST(nobody_is_asked_again_when_the_time_is_over)
{
	begin_to_ask();
	expect_ok(grants(ROSA, group()->uri, "dial.example", test_now_ms - 1, 1));
	test_now_ms += 7 * (uint64_t)DAY;
	struct told t = turn(drives, NULL);
	expect_eq(queued(), 1);
	expect_eq(t.notes, 1);
	expect(!group()->tasks);
	den_end();
}

static uc_err is_asked_for(struct uc_client *c, void *arg)
{
	const struct key_address one = { .address = "mimi://dial.example/k/ab",
					 .participant = "mimi://dial.example/p/rosa2",
					 .expires_ms = test_now_ms + HOUR };
	contact_add_address(c, her(), &one);
	TRY(groups_add_contact(c, group(), her(), *(const uc_op *)arg));
	c->connection = UC_ONLINE;
	uc_err err = groups_drive(c, group());
	c->connection = UC_OFFLINE;
	return err;
}

static uc_err is_left(struct uc_client *c, void *arg)
{
	(void)arg;
	rooms_left(c, group());
	return calls_fail(c);
}

/* Nobody waits for what can never come. */
TEST(who_was_on_their_way_when_the_room_was_left_is_none_also_where_no_answer_comes)
{
	uc_op op = 77;
	struct uc_event e;
	bool ended = false;
	den_begin();
	expect_ok(turn(is_asked_for, &op).err);
	expect(group()->tasks && group()->tasks->in_flight);
	expect_ok(turn_run(tom.c, is_left, NULL));
	while (uc_client_next_event(tom.c, &e))
		ended = ended || (e.kind == UC_EVENT_DONE && e.op == op && e.err == UC_E_REMOVED);
	expect(ended && !group()->tasks);
	den_end();
}

/* Whoever keeps her addresses says: not now.  *arg: how often they were asked. */
static uc_err is_put_off(struct uc_client *c, void *arg)
{
	unsigned *n = arg;
	c->connection = UC_ONLINE;
	uc_err err = groups_drive(c, group());
	while (c->calls && !err) {
		struct frame f = { .id = c->calls->id,
				   .type = c->calls->type,
				   .status = UC_E_BUSY };
		++*n;
		err = call_answer(c, &f);
	}
	err = err ? err : groups_drive(c, group());
	c->connection = UC_OFFLINE;
	return err;
}

static unsigned put_off(void)
{
	const uint8_t *p;
	size_t len;
	unsigned n = 0;
	expect_ok(turn(is_put_off, &n).err);
	while (uc_client_next_frame(tom.c, &p, &len))
		;
	return n;
}

static uc_err removes_nobody(struct uc_client *c, void *arg)
{
	(void)arg;
	return groups_remove(c, group(), "mimi://plaza.example/p/nobody", 0);
}

/* She has written that it is good for ever, and her app is always busy. */
TEST(what_she_answered_holds_up_nothing_else)
{
	begin_to_ask();
	expect_ok(grants(ROSA, group()->uri, "dial.example", UINT64_MAX, 1));
	struct task *t = group()->tasks;
	expect_eq(t->bound.expires_ms, t->until_ms);
	expect_eq(t->until_ms, test_now_ms + 7 * (uint64_t)DAY);
	expect(!room_asks_alone(tom.c, group()));
	expect_eq(put_off(), 1);
	expect(room_asks_waits(tom.c, t) && room_asks_alone(tom.c, group()));
	expect(!group()->retry_ms);
	/* The rest goes on. */
	expect_ok(turn(removes_nobody, NULL).err);
	expect(t->next != NULL);
	expect_eq(put_off(), 0);
	expect(!t->next);
	/* It is tried again, ever more seldom, and not for longer than it may last. */
	unsigned n = 0;
	for (uint64_t s = 0; s < 3600; s++) {
		test_now_ms += 1000;
		n += put_off();
	}
	expect(n >= 8 && n <= 12);
	restarts();
	expect_eq(put_off(), 1);
	test_now_ms += 7 * (uint64_t)DAY;
	for (int i = 0; i < 3 && group()->tasks; i++)
		put_off();
	expect(!group()->tasks);
	den_end();
}

/* A clock that was put back. */
TEST(what_she_answered_lasts_no_longer_than_an_answer_is_awaited)
{
	begin_to_ask();
	expect_ok(grants(ROSA, group()->uri, "dial.example", UINT64_MAX, 1));
	test_now_ms -= HOUR;
	turn(drives, NULL);
	expect_eq(group()->tasks->bound.expires_ms, test_now_ms + 7 * (uint64_t)DAY);
	den_end();
}

static uc_err moves(struct uc_client *c, void *arg)
{
	struct room *r = room_new(c, view_str(group()->uri), arg);
	return r ? UC_OK : UC_E_MEMORY;
}

/* Of two places there, one has asked: it is told, whichever number it has. */
TEST(a_second_place_is_answered_as_well)
{
	struct uc_id id = { { 3 } };
	begin_to_ask();
	expect_ok(turn(moves, &id).err);
	struct room *second = room_find(tom.c, &id);
	expect(second && !second->tasks);
	second->tasks = group()->tasks;
	group()->tasks = NULL;
	expect_ok(grants(ROSA, second->uri, "dial.example", test_now_ms + HOUR, 1));
	expect_eq(second->tasks->kind, TASK_ADD);
	den_end();
}

TEST(nobody_waits_for_ever)
{
	begin_to_ask();
	test_now_ms += 6 * (uint64_t)DAY;
	turn(drives, NULL);
	expect(group()->tasks != NULL);
	test_now_ms += DAY + HOUR;
	struct told t = turn(drives, NULL);
	expect(!group()->tasks);
	expect_eq(t.warnings, 1);
	expect_eq(t.notes, 1);
	den_end();
}

TEST(a_clock_that_leaps_makes_no_wait_endless)
{
	begin_to_ask();
	group()->tasks->until_ms = test_now_ms + 1000 * (uint64_t)DAY;
	turn(drives, NULL);
	test_now_ms += 8 * (uint64_t)DAY;
	turn(drives, NULL);
	expect(!group()->tasks);
	den_end();
}

TEST(whoever_is_there_already_or_blocked_is_awaited_no_more)
{
	begin_to_ask();
	expect_ok(den_member(group(), ROSA "2", &rosa));
	struct told t = turn(drives, NULL);
	expect(!group()->tasks);
	expect_eq(t.warnings + t.notes, 0);
	den_end();
	begin_to_ask();
	her()->blocked = true;
	t = turn(drives, NULL);
	expect(!group()->tasks);
	expect_eq(t.warnings + t.notes, 0);
	den_end();
}
