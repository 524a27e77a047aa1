/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation with somebody who was blocked: hidden at once, left hours later, kept when they are unblocked
 * before. */
#include "client/closing.h"

#include "client/contacts.h"
#include "client/groups.h"
#include "client/identity.h"
#include "client/own_devices.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "client/turn.h"
#include "tests/unit/client/duo.h"

static const uint64_t hour_ms = 3600 * 1000;

struct shown {
	struct uc_room room;
	unsigned words;
};

static bool room_each(void *ctx, const struct uc_room *r)
{
	((struct shown *)ctx)->room = *r;
	return true;
}

static bool message_each(void *ctx, const struct uc_message *m)
{
	((struct shown *)ctx)->words += !m->own && m->text[0];
	return true;
}

static struct shown shown_to_him(void)
{
	struct shown s = { .words = 0 };
	expect_ok(uc_rooms(tom.c, room_each, &s));
	expect_ok(uc_messages(tom.c, &his->id, 1, 100, message_each, &s));
	return s;
}

static struct told writes(const char *text)
{
	struct words w = { .parts = { .kind = CONTENT_TEXT, .text = view_str(text) } };
	return duo_writes(&w);
}

static uc_err drives(struct uc_client *c, void *arg)
{
	(void)arg;
	return strangers_drive(c, his);
}

static bool leaves(void)
{
	for (const struct task *t = his->tasks; t; t = t->next)
		if (t->kind == TASK_LEAVE)
			return true;
	return his->state == ROOM_LEFT;
}

static struct contact *rosas(void)
{
	struct uc_id id = contact_id("dial.example", rosa.c->account.account_key);
	struct contact *k = contact_find(tom.c, &id);
	expect(k != NULL);
	return k;
}

/* They have talked. */
static void begin(void)
{
	duo_begin(true, NULL);
	duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	expect_eq(writes("Hello").messages, 1);
}

static unsigned events(enum uc_event_kind kind)
{
	struct uc_event e;
	unsigned n = 0;
	while (uc_client_next_event(tom.c, &e))
		n += e.kind == kind;
	return n;
}

static void blocks(bool blocked)
{
	const struct contact *k = rosas();
	uc_op op;
	events(UC_EVENT_ROOM_LEFT);
	if (k)
		expect_ok(uc_block(tom.c, &k->id, blocked, &op));
}

static void at(uint64_t ms)
{
	test_now_ms = ms;
	duo_turn(drives, NULL);
}

TEST(it_is_over_here_at_once_and_for_her_hours_later)
{
	begin();
	uint64_t now = test_now_ms;
	blocks(true);
	expect_eq(events(UC_EVENT_ROOM_LEFT), 1);
	expect_eq(shown_to_him().room.state, UC_ROOM_LEFT);
	expect_eq(shown_to_him().room.unread, 0);
	expect_eq(his->state, ROOM_OPEN);
	expect(his->close_ms >= now + CLOSING_FIRST_MS && his->close_ms < now + CLOSING_LAST_MS);
	expect_eq(writes("Are you there?").messages, 0);
	/* Said again, it is no other time. */
	uint64_t when = his->close_ms;
	blocks(true);
	expect_eq(events(UC_EVENT_ROOM_LEFT), 0);
	expect_eq(his->close_ms, when);
	at(when - 1);
	expect(!leaves());
	at(when);
	expect(leaves());
	expect_eq(shown_to_him().words, 1);
	duo_end();
}

static uc_err left(struct uc_client *c, void *arg)
{
	(void)arg;
	rooms_left(c, his);
	return UC_OK;
}

TEST(that_it_was_left_is_told_once)
{
	begin();
	blocks(true);
	expect_eq(events(UC_EVENT_ROOM_LEFT), 1);
	expect_ok(turn_run(tom.c, left, NULL));
	expect_eq(events(UC_EVENT_ROOM_LEFT), 0);
	expect_eq(shown_to_him().room.state, UC_ROOM_LEFT);
	expect(!rosas()->has_direct);
	duo_end();
}

TEST(unblocked_before_it_goes_on_as_if_nothing_had_been)
{
	begin();
	blocks(true);
	writes("Are you there?");
	at(test_now_ms + 2 * hour_ms);
	blocks(false);
	expect_eq(events(UC_EVENT_ROOM_CHANGED), 1);
	expect_eq(shown_to_him().room.state, UC_ROOM_OPEN);
	expect(!his->close_ms && !his->fleeing);
	expect(rosas()->has_direct && id_equal(&rosas()->direct, &his->id));
	/* What she wrote meanwhile stays hidden. */
	expect_eq(writes("And now?").messages, 1);
	expect_eq(shown_to_him().words, 2);
	at(test_now_ms + 100 * hour_ms);
	expect(!leaves());
	/* Blocked once more, it has another time. */
	blocks(true);
	expect(his->close_ms >= test_now_ms + CLOSING_FIRST_MS);
	duo_end();
}

TEST(unblocked_once_it_is_being_left_it_stays_so)
{
	begin();
	blocks(true);
	at(his->close_ms);
	expect(leaves());
	blocks(false);
	expect(his->fleeing && leaves());
	expect_eq(shown_to_him().room.state, UC_ROOM_LEFT);
	duo_end();
}

TEST(it_is_kept_over_a_restart)
{
	begin();
	blocks(true);
	const struct uc_id id = his->id;
	uint64_t when = his->close_ms;
	expect_ok(person_open(&tom));
	his = room_find(tom.c, &id);
	expect(his && his->fleeing && his->close_ms == when);
	if (his) {
		expect_eq(shown_to_him().room.state, UC_ROOM_LEFT);
		at(when - 1);
		expect(!leaves());
		at(when);
		expect(leaves());
	}
	duo_end();
}

TEST(a_clock_that_was_ahead_keeps_nobody_there)
{
	begin();
	blocks(true);
	at(his->close_ms - CLOSING_LAST_MS - 1);
	expect(leaves());
	duo_end();
}

static unsigned waiting(bool words)
{
	unsigned n = 0;
	for (const struct outgoing *o = his->outbox.first; o; o = o->next)
		n += (o->message != 0) == words;
	return n;
}

TEST(his_words_on_their_way_fail_and_what_the_devices_say_does_not)
{
	struct uc_id id;
	begin();
	expect_ok(uc_send(tom.c, &his->id, "Good night", &id));
	unsigned own = waiting(false);
	expect(own != 0);
	expect_eq(waiting(true), 1);
	blocks(true);
	expect_eq(waiting(true), 0);
	expect_eq(waiting(false), own);
	expect_err(uc_send(tom.c, &his->id, "And", &id), UC_E_CLOSED);
	duo_end();
}

static uc_err a_device_ends(struct uc_client *c, void *arg)
{
	static const uint8_t other[ED25519_KEY] = { 1 }, by[ED25519_KEY] = { 2 };
	const struct device_entry e = { .device_action = DEVICE_REVOKE,
					.device_key = VIEW_OF(other),
					.signer_key = VIEW_OF(by) };
	(void)arg;
	return own_devices_entry(c, &e);
}

/* Where it is not left yet she hears of it as everybody does. */
TEST(that_a_device_has_ended_is_told_meanwhile)
{
	begin();
	blocks(true);
	unsigned before = waiting(false);
	duo_turn(a_device_ends, NULL);
	expect(waiting(false) > before);
	duo_end();
}

/* Nobody there was told who he is: there is nothing to wait for. */
TEST(one_that_is_not_shown_yet_is_left_at_once)
{
	begin();
	his->fleeing = true;
	blocks(true);
	expect(!his->close_ms && leaves());
	duo_end();
}

static void room_element(struct wire *w, void *v)
{
	wire_room(w, v);
}

/* A room's record of version 9 knew of no such time. */
TEST(an_older_record_is_read)
{
	static struct room before, again;
	struct view bytes = { NULL, 0 };
	uint8_t old[4096];
	begin();
	blocks(true);
	expect_ok(wire_encode_to(&mem, room_element, his, &bytes));
	expect_ok(wire_decode(bytes, &mem, room_element, &again));
	expect(again.fleeing && again.close_ms == his->close_ms);
	/* Nor of further keys of ours, which there are none of here: twice no chain, at 0, 0. */
	const size_t keys = (size_t)2 * (1 + 4 + 4) + 8;
	size_t n = bytes.n - keys - sizeof his->close_ms;
	expect(bytes.n > keys + sizeof his->close_ms && n <= sizeof old &&
	       bytes.p[1] == ROOM_VERSION);
	if (bytes.n > keys + sizeof his->close_ms && n <= sizeof old) {
		memcpy(old, bytes.p, n);
		old[1] = 9;
		expect_ok(wire_decode(view_make(old, n), &mem, room_element, &before));
		expect(before.fleeing && !before.close_ms);
	}
	duo_end();
}
