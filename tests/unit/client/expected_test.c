/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations that somebody brings us into: nothing of them is shown before the one who was given what it
 * took has said that it is them.  Rosa has brought Tom into one, and says things there. */
#include "client/contacts.h"
#include "client/history.h"
#include "client/introductions.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "client/turn.h"
#include "client/vault.h"
#include "mimi/vault.h"
#include "tests/unit/client/duo.h"

enum { HOUR_MS = 3600 * 1000 };

struct shown {
	struct uc_room room;
	bool named;
	unsigned rooms, people, words, notes;
};

static bool room_each(void *ctx, const struct uc_room *r)
{
	struct shown *s = ctx;
	s->rooms++;
	s->room = *r;
	s->named = r->name[0] || r->uri[0];
	return true;
}

static bool member_each(void *ctx, const struct uc_member *m)
{
	((struct shown *)ctx)->people += m->introduced && !m->is_self;
	return true;
}

static bool message_each(void *ctx, const struct uc_message *m)
{
	struct shown *s = ctx;
	s->words += !m->own && m->text[0];
	s->notes += m->kind == UC_MESSAGE_NOTE;
	return true;
}

static struct shown shown_to_him(void)
{
	struct shown s = { .named = false };
	expect_ok(uc_rooms(tom.c, room_each, &s));
	expect_ok(uc_members(tom.c, &his->id, member_each, &s));
	expect_ok(uc_messages(tom.c, &his->id, 1, 100, message_each, &s));
	return s;
}

static unsigned told_of(const struct told *t)
{
	return t->introduced + t->renamed + t->messages;
}

static struct told writes(const char *text)
{
	struct words w = { .parts = { .kind = CONTENT_TEXT, .text = view_str(text) } };
	return duo_writes(&w);
}

static uc_err warned(struct uc_client *c, void *arg)
{
	event_warning(c, UC_E_POLICY, view_str(arg), &his->id);
	return UC_OK;
}

static uc_err drives(struct uc_client *c, void *arg)
{
	(void)arg;
	return strangers_drive(c, his);
}

static uc_err asks(struct uc_client *c, void *arg)
{
	(void)arg;
	return introductions_drive(c, his);
}

static uc_err is_left(struct uc_client *c, void *arg)
{
	(void)arg;
	rooms_left(c, his);
	return UC_OK;
}

static uc_err hears_of_it_from_the_vault(struct uc_client *c, void *arg)
{
	(void)arg;
	his->made = true;
	his->dirty = true;
	(void)c;
	return UC_OK;
}

static struct member *her(void)
{
	return room_member_find(his, her_leaf.participant);
}

TEST(nothing_is_shown_before_she_says_who_she_is)
{
	char hub[] = "Come out";
	struct uc_id id;
	duo_begin(true, NULL);
	struct told t = writes("Come out");
	expect_eq(told_of(&t), 0);
	struct shown s = shown_to_him();
	expect_eq(s.rooms, 1);
	expect_eq(s.room.state, UC_ROOM_JOINING);
	expect_eq(s.room.unread, 0);
	expect_eq(s.room.members, 0);
	expect(!s.named);
	expect_eq(s.people + s.words, 0);
	expect_bytes(view_str(duo_turn(warned, hub).text), view_str(uc_err_text(UC_E_POLICY)));
	/* Nor is she told who he is, or answered. */
	const struct control ask = { .version = 1, .control_kind = CONTROL_ASK };
	test_now_ms += HOUR_MS;
	duo_says(&her_leaf, &ask);
	expect(!his->introduced);
	expect_err(uc_send(tom.c, &his->id, "who is there?", &id), UC_E_CLOSED);
	duo_end();
}

TEST(what_came_before_is_told_once_she_has)
{
	duo_begin(true, NULL);
	writes("Hello");
	struct words w = { .parts = { .kind = CONTENT_TEXT, .text = VIEW_LIT("how are you") } };
	duo_writes(&w);
	struct words edit = { .parts = { .kind = CONTENT_EDIT,
					 .replaces = w.parts.id,
					 .text = VIEW_LIT("how are you?") } };
	struct told t = duo_writes(&edit);
	expect_eq(told_of(&t), 0);
	t = duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	expect_eq(t.introduced, 1);
	expect_eq(t.messages, 2);
	expect(his->introduced);
	struct shown s = shown_to_him();
	expect_eq(s.room.state, UC_ROOM_OPEN);
	expect_eq(s.room.unread, 2);
	expect(s.named);
	expect_eq(s.people, 1);
	expect_eq(s.words, 2);
	/* And nothing twice. */
	expect_eq(duo_introduces(&her_leaf, duo_introduction("Rosa"), "").messages, 0);
	expect_eq(writes("again").messages, 1);
	expect_eq(shown_to_him().words, 3);
	duo_end();
}

/* What another device of his has written: who she is, and that she is the other one there. */
static uc_err vault_says(struct uc_client *c, void *arg)
{
	const struct account *hers_is = &rosa.c->account;
	struct vault_contact k = { .app = view_str(hers_is->app),
				   .name = VIEW_LIT("Rosa"),
				   .account_key = VIEW_OF(hers_is->account_key) };
	struct uc_id id = contact_id(hers_is->app, hers_is->account_key);
	struct vault_member other = { .participant = her_leaf.participant };
	struct vault_room r = { .uri = view_str(his->uri),
				.participant = view_str(his->participant),
				.direct = true,
				.members = { &other, 1 } };
	struct uc_id of = id_of("Undercroft vault room", r.uri, r.participant);
	struct vault_row rows[] = { { .vault_kind = VAULT_CONTACT, .row_version = test_now_ms },
				    { .vault_kind = VAULT_ROOM, .row_version = test_now_ms } };
	struct vault_rows in = { .version = 1, .rows = { rows, 2 } };
	struct view plain;
	memcpy(r.contact, arg ? (uint8_t[VAULT_ID]){ 9 } : id.b, sizeof r.contact);
	memcpy(other.contact, r.contact, sizeof other.contact);
	memcpy(rows[0].id, id.b, VAULT_ID);
	memcpy(rows[1].id, of.b, VAULT_ID);
	TRY(wire_encode_to(&mem, vault_contact_element, &k, &rows[0].data));
	TRY(wire_encode_to(&mem, vault_room_element, &r, &rows[1].data));
	TRY(wire_encode_to(&mem, vault_rows_element, &in, &plain));
	return vault_take(c, plain);
}

/* She may have gone before she said it to this one. */
TEST(whom_another_device_has_met_there_is_shown_here_too)
{
	char nobody[] = "of nobody who is known";
	duo_begin(true, NULL);
	writes("Hello");
	expect_eq(duo_turn(vault_says, nobody).messages, 0);
	duo_end();
	duo_begin(true, NULL);
	writes("Hello");
	struct told t = duo_turn(vault_says, NULL);
	expect_eq(t.messages, 1);
	expect(her()->introduced);
	struct shown s = shown_to_him();
	expect_eq(s.room.state, UC_ROOM_OPEN);
	expect_eq(s.words, 1);
	/* And nothing twice. */
	expect_eq(duo_introduces(&her_leaf, duo_introduction("Rosa"), "").messages, 0);
	duo_end();
}

TEST(it_is_kept_over_a_restart)
{
	struct room *again = NULL;
	duo_begin(true, NULL);
	writes("Hello");
	const struct uc_id id = his->id;
	expect_ok(person_open(&tom));
	again = room_find(tom.c, &id);
	expect(again && again->unshown == 1 && !again->made);
	his = again;
	if (his) {
		struct shown s = shown_to_him();
		expect_eq(s.words, 0);
		expect(!s.named);
	}
	duo_end();
}

TEST(somebody_else_is_left_at_once)
{
	struct uc_id ida = { .b = { 7 } };
	duo_begin(true, &ida);
	writes("Come out");
	struct told t = duo_introduces(&her_leaf, duo_introduction("Come out"), "");
	expect_eq(t.alarms, 1);
	expect_eq(t.contacts + t.introduced, 0);
	expect(his->fleeing);
	struct shown s = shown_to_him();
	expect_eq(s.room.state, UC_ROOM_LEFT);
	expect_eq(s.words + s.people, 0);
	expect_eq(s.notes, 1);
	/* Also when it is her who was expected, after all. */
	his->contact = contact_id("dial.example", rosa.c->account.account_key);
	expect_eq(duo_introduces(&her_leaf, duo_introduction("Rosa"), "").introduced, 0);
	expect_eq(writes("Stay").messages, 0);
	duo_end();
}

TEST(an_hour_after_being_asked_she_is_left)
{
	duo_begin(true, NULL);
	writes("Come out");
	/* While nobody could be asked, nobody was late. */
	test_now_ms += 10 * (uint64_t)HOUR_MS;
	duo_turn(drives, NULL);
	expect(!his->fleeing);
	her()->asked_ms = test_now_ms;
	test_now_ms += HOUR_MS - 1;
	duo_turn(drives, NULL);
	expect(!his->fleeing);
	test_now_ms += 1;
	duo_turn(drives, NULL);
	expect(his->fleeing);
	struct shown s = shown_to_him();
	expect_eq(s.words, 0);
	expect_eq(s.notes, 1);
	duo_end();
}

TEST(she_was_asked_when_it_stands_there)
{
	duo_begin(true, NULL);
	duo_turn(asks, NULL);
	expect(!her()->asked_ms && !his->asking_ms);
	test_now_ms += 60 * 1000;
	duo_turn(asks, NULL);
	expect(his->asking_ms && his->outbox.first && !her()->asked_ms);
	duo_turn(asks, NULL);
	expect(!her()->asked_ms);
	/* It has been seen in the log. */
	const struct outbox sent = his->outbox;
	his->outbox = (struct outbox){ .first = NULL };
	test_now_ms += 1000;
	duo_turn(asks, NULL);
	expect_eq(her()->asked_ms, test_now_ms);
	expect(!his->asking_ms);
	his->outbox = sent;
	duo_end();
}

TEST(what_ends_before_is_nothing_that_was_there)
{
	duo_begin(true, NULL);
	writes("Come out");
	duo_turn(is_left, NULL);
	struct shown s = shown_to_him();
	expect_eq(s.words + s.notes + s.people, 0);
	duo_end();
}

/* What we have made ourselves is shown, but for what somebody else writes there. */
TEST(in_ones_own_only_the_words_wait)
{
	struct uc_id id;
	duo_begin(true, NULL);
	duo_turn(hears_of_it_from_the_vault, NULL);
	expect_eq(writes("Come out").messages, 0);
	struct shown s = shown_to_him();
	expect_eq(s.room.state, UC_ROOM_OPEN);
	expect_eq(s.room.unread, 0);
	expect_eq(s.words, 0);
	expect_ok(uc_send(tom.c, &his->id, "Hello", &id));
	duo_turn(asks, NULL); /* which tells of that */
	expect_ok(uc_mark_read(tom.c, &his->id, uc_messages_last(tom.c, &his->id)));
	struct told t = duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	expect_eq(t.introduced, 1);
	expect_eq(t.messages, 1);
	s = shown_to_him();
	expect_eq(s.words, 1);
	expect_eq(s.room.unread, 1);
	duo_end();
}
