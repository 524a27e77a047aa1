/* SPDX-License-Identifier: Apache-2.0 */
/* What members of a room may not do to each other: Rosa has brought Tom into a room, and says things
 * there. */
#include "client/contacts.h"
#include "client/control.h"
#include "client/guardian.h"
#include "client/guardian_inside.h"
#include "client/history.h"
#include "client/inbox.h"
#include "client/protocol.h"
#include "client/introductions.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "client/turn.h"
#include "mimi/protocol.h"
#include "mimi/settings.h"
#include "tests/unit/client/duo.h"

TEST(a_stranger_with_a_contacts_key_address_becomes_no_contact)
{
	struct uc_id ida = { .b = { 7 } };
	duo_begin(true, &ida);
	struct told t = duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	expect_eq(t.alarms, 1);
	expect_eq(t.contacts, 0);
	expect_eq(t.introduced, 0);
	expect(tom.c->contacts && !tom.c->contacts->next);
	duo_end();
}

TEST(whose_key_address_it_was_becomes_one)
{
	struct uc_id id;
	duo_begin(true, NULL);
	id = contact_id("dial.example", rosa.c->account.account_key);
	his->contact = id;
	struct told t = duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	expect_eq(t.alarms, 0);
	expect_eq(t.introduced, 1);
	expect(tom.c->contacts && id_equal(&tom.c->contacts->id, &id));
	duo_end();
}

TEST(an_old_introduction_is_nothing_from_anothers_mouth)
{
	struct room_client another;
	duo_begin(false, NULL);
	struct view old = duo_introduction("Rosa"), new = duo_introduction("Rosa of the hill");
	another = her_leaf;
	another.participant = VIEW_LIT("mimi://dial.example/p/another");
	/* The first one may come from anybody; later ones change what is shown by her word alone. */
	expect_eq(duo_introduces(&another, old, "Walks").introduced, 1);
	struct told t = duo_introduces(&her_leaf, new, "");
	expect_eq(t.introduced, 1);
	expect_bytes(view_str(t.text), VIEW_LIT("Rosa of the hill"));
	expect_eq(duo_introduces(&another, old, "").introduced, 0);
	struct member *m = room_member_find(his, her_leaf.participant);
	expect(m && !strcmp(m->name, "Rosa of the hill"));
	duo_end();
}

TEST(a_rooms_name_changes_by_a_word_about_it_and_it_is_told_whose)
{
	struct control m = { .version = 1, .control_kind = CONTROL_NAME };
	duo_begin(false, NULL);
	expect_eq(duo_introduces(&her_leaf, duo_introduction("Rosa"), "Walks").renamed, 1);
	expect_bytes(view_str(his->name), VIEW_LIT("Walks"));
	m.name = VIEW_LIT("Walks in June");
	expect_eq(duo_says(&her_leaf, &m).renamed, 1);
	/* Who brings people in may not know the latest. */
	expect_eq(duo_introduces(&her_leaf, duo_introduction("Rosa"), "Walks").renamed, 0);
	expect_bytes(view_str(his->name), VIEW_LIT("Walks in June"));
	m.name = (struct view){ NULL, 0 };
	expect_eq(duo_says(&her_leaf, &m).renamed, 0);
	duo_end();
}

/* --- words --- */

TEST(texts_are_whole)
{
	duo_begin(false, NULL);
	struct words w = { .parts = { .kind = CONTENT_TEXT, .text = VIEW_LIT("shown\0hidden") } };
	struct told t = duo_writes(&w);
	expect_eq(t.messages, 0);
	expect_eq(t.warnings, 1);
	w.parts.text = VIEW_LIT("shown");
	expect_eq(duo_writes(&w).messages, 1);
	duo_end();
}

TEST(a_reaction_is_short)
{
	static const char long_one[] = "0123456789012345678901234567890123456789012345678901234567"
				       "89012345";
	duo_begin(false, NULL);
	struct words w = { .parts = { .kind = CONTENT_REACTION, .has_reply = true } };
	w.parts.in_reply_to.b[0] = 1;
	w.parts.text = view_str(long_one);
	expect_eq(duo_writes(&w).messages, 0);
	w.parts.text.n = REACTION_MAX;
	expect_eq(duo_writes(&w).messages, 1); /* to a message that nobody knows */
	duo_end();
}

TEST(what_an_edit_shows_is_what_is_kept_for_a_report)
{
	struct message m = { 0 };
	duo_begin(false, NULL);
	struct words w = { .parts = { .kind = CONTENT_TEXT, .text = VIEW_LIT("kind") } };
	expect_eq(duo_writes(&w).messages, 1);
	struct words edit = { .parts = { .kind = CONTENT_EDIT,
					 .replaces = w.parts.id,
					 .text = VIEW_LIT("unkind") } };
	expect_eq(duo_writes(&edit).messages, 0);
	expect_ok(history_get(tom.c, his, 1, &mem, &m));
	expect_bytes(m.text, VIEW_LIT("unkind"));
	expect_bytes(m.content, edit.content);
	duo_end();
}

/* --- what the guardian is still asked about --- */

static uc_err held(struct uc_client *c, void *arg)
{
	(void)arg;
	return guardian_hold(c, his);
}

static uc_err warned(struct uc_client *c, void *arg)
{
	event_warning(c, UC_E_POLICY, view_str(arg), &his->id);
	return UC_OK;
}

static uc_err answered(struct uc_client *c, void *arg)
{
	return guardian_answered(c, &his->id, *(bool *)arg);
}

struct shown {
	unsigned rooms, named, members, messages;
};

static bool member_each(void *ctx, const struct uc_member *m)
{
	((struct shown *)ctx)->members += (m->introduced || m->name[0]) && !m->is_self;
	return true;
}

static bool message_each(void *ctx, const struct uc_message *m)
{
	((struct shown *)ctx)->messages += !m->own && m->text[0];
	return true;
}

static bool room_each(void *ctx, const struct uc_room *r)
{
	struct shown *s = ctx;
	s->rooms++;
	s->named += r->name[0] || r->uri[0];
	return true;
}

static struct shown shown_to_him(void)
{
	struct shown s = { 0 };
	expect_ok(uc_rooms(tom.c, room_each, &s));
	expect_ok(uc_members(tom.c, &his->id, member_each, &s));
	expect_ok(uc_messages(tom.c, &his->id, 1, 100, message_each, &s));
	return s;
}

/* All that she can put before him. */
static struct told tries(const char *name, struct words *text)
{
	struct control m = { .version = 1, .control_kind = CONTROL_NAME, .name = view_str(name) };
	struct told a = duo_introduces(&her_leaf, duo_introduction(name), "Come home"), b, c;
	b = duo_says(&her_leaf, &m);
	c = duo_writes(text);
	struct words react = { .parts = { .kind = CONTENT_REACTION, .has_reply = true } };
	react.parts.in_reply_to = text->parts.id;
	react.parts.text = VIEW_LIT("ha");
	c.messages += duo_writes(&react).messages;
	struct words edit = { .parts = { .kind = CONTENT_EDIT,
					 .replaces = text->parts.id,
					 .text = VIEW_LIT("Come out now") } };
	c.messages += duo_writes(&edit).messages;
	b.renamed += a.renamed;
	b.introduced += a.introduced;
	b.messages = c.messages;
	return b;
}

TEST(nothing_of_a_held_group_is_told_and_all_of_it_when_it_is_agreed)
{
	struct words text = { .parts = { .kind = CONTENT_TEXT, .text = VIEW_LIT("Come out") } };
	duo_begin(false, NULL);
	duo_turn(held, NULL);
	struct told t = tries("You know me", &text);
	expect_eq(t.introduced, 0);
	expect_eq(t.renamed, 0);
	expect_eq(t.messages, 0);
	struct shown s = shown_to_him();
	expect_eq(s.rooms, 1);
	expect_eq(s.named, 0);
	expect_eq(s.members, 0);
	expect_eq(s.messages, 0);
	/* Nor the words of whose hub it is. */
	char hub[] = "Come out";
	expect_bytes(view_str(duo_turn(warned, hub).text), view_str(uc_err_text(UC_E_POLICY)));
	/* As it is then. */
	struct control m = { .version = 1, .control_kind = CONTROL_NAME, .name = VIEW_LIT("Park") };
	duo_says(&her_leaf, &m);
	his->members->admitted = true;
	his->members->next->admitted = true;
	t = duo_turn(answered, &(bool){ true });
	expect_eq(t.introduced, 1);
	expect_bytes(view_str(t.text), VIEW_LIT("You know me"));
	s = shown_to_him();
	expect_eq(s.named, 1);
	expect_eq(s.members, 1);
	expect_eq(s.messages, 2);
	expect_bytes(view_str(his->name), VIEW_LIT("Park"));
	duo_end();
}

static uc_err flees(struct uc_client *c, void *arg)
{
	(void)arg;
	return room_flee(c, his, "It was left.");
}

static uc_err is_left(struct uc_client *c, void *arg)
{
	(void)arg;
	rooms_left(c, his);
	return UC_OK;
}

TEST(a_held_group_that_is_left_is_forgotten)
{
	for (int flee = 0; flee < 2; flee++) {
		struct words text = { .parts = { .kind = CONTENT_TEXT,
						 .text = VIEW_LIT("Come out") } };
		duo_begin(false, NULL);
		duo_turn(held, NULL);
		tries("You know me", &text);
		duo_turn(flee ? flees : is_left, NULL);
		expect(!guardian_holds(tom.c, his));
		struct shown s = shown_to_him();
		expect_eq(s.members, 0);
		expect_eq(s.messages, 0);
		expect(!his->name[0]);
		duo_end();
	}
}

TEST(nothing_of_a_group_that_was_not_agreed_to_is_left)
{
	struct words text = { .parts = { .kind = CONTENT_TEXT, .text = VIEW_LIT("Come out") } };
	duo_begin(false, NULL);
	duo_turn(held, NULL);
	tries("You know me", &text);
	duo_turn(answered, &(bool){ false });
	/* Nor does she come in while he is on his way out. */
	struct words later = { .parts = { .kind = CONTENT_TEXT, .text = VIEW_LIT("Stay") } };
	struct told t = tries("You do", &later);
	expect_eq(t.introduced, 0);
	expect_eq(t.renamed, 0);
	expect_eq(t.messages, 0);
	struct shown s = shown_to_him();
	expect_eq(s.members, 0);
	expect_eq(s.messages, 0);
	expect(!his->name[0]);
	expect(!guardian_holds(tom.c, his));
	duo_end();
}

TEST(who_came_when_the_guardian_had_been_asked_has_said_nothing)
{
	struct words text = { .parts = { .kind = CONTENT_TEXT, .text = VIEW_LIT("Come out") } };
	duo_begin(false, NULL);
	duo_turn(held, NULL);
	tries("You know me", &text);
	struct told t = duo_turn(answered, &(bool){ true });
	expect_eq(t.introduced, 0);
	expect_eq(shown_to_him().messages, 0);
	duo_end();
}

TEST(an_edit_puts_nothing_in_the_place_of_what_was_shown_before)
{
	struct message m = { 0 };
	duo_begin(false, NULL);
	struct words w = { .parts = { .kind = CONTENT_TEXT, .text = VIEW_LIT("kind") } };
	duo_writes(&w);
	duo_turn(held, NULL);
	struct words edit = { .parts = { .kind = CONTENT_EDIT,
					 .replaces = w.parts.id,
					 .text = VIEW_LIT("unkind") } };
	duo_writes(&edit);
	duo_turn(answered, &(bool){ false });
	expect_ok(history_get(tom.c, his, 1, &mem, &m));
	expect_bytes(m.text, VIEW_LIT("kind"));
	duo_end();
}

/* --- who is not to be heard --- */

static uc_err young(struct uc_client *c, void *arg)
{
	struct settings s = settings_default(AGE_TEEN_A);
	struct view encoded;
	(void)arg;
	s.number = 1;
	s.version = 4;
	TRY(wire_encode_to(&c->call, settings_element, &s, &encoded));
	return blob_set(&c->account.settings, encoded);
}

static uc_err look(struct uc_client *c, void *arg)
{
	(void)arg;
	return strangers_drive(c, his);
}

/* Whether she says who she is or not, and however much comes before the device has looked who is there. */
TEST(below_sixteen_a_stranger_says_nothing_before_the_device_leaves)
{
	for (int said = 0; said < 2; said++) {
		struct words text = { .parts = { .kind = CONTENT_TEXT, .text = VIEW_LIT("Hi") } };
		struct control m = { .version = 1,
				     .control_kind = CONTROL_NAME,
				     .name = VIEW_LIT("Come out") };
		duo_begin(false, NULL);
		duo_turn(young, NULL);
		if (said)
			tries("You know me", &text);
		expect_eq(duo_says(&her_leaf, &m).renamed, 0);
		expect_eq(duo_writes(&text).messages, 0);
		expect_eq(shown_to_him().messages, 0);
		expect(!his->name[0]);
		duo_turn(look, NULL);
		expect_eq(his->fleeing, said);
		duo_end();
	}
}

TEST(below_sixteen_who_was_agreed_to_is_heard)
{
	struct words text = { .parts = { .kind = CONTENT_TEXT, .text = VIEW_LIT("Hi") } };
	duo_begin(false, NULL);
	duo_turn(young, NULL);
	room_member_find(his, her_leaf.participant)->admitted = true;
	struct told t = tries("Rosa", &text);
	expect_eq(t.renamed, 2);
	expect_eq(t.messages, 2);
	expect_bytes(view_str(his->name), VIEW_LIT("Rosa"));
	duo_turn(look, NULL);
	expect(!his->fleeing);
	duo_end();
}

static uc_err blocks_her(struct uc_client *c, void *arg)
{
	struct contact *k;
	(void)arg;
	TRY(contact_meet(c, "dial.example", rosa.c->account.account_key, "Rosa",
			 (struct view){ NULL, 0 }, &k));
	k->blocked = true;
	return UC_OK;
}

TEST(who_is_blocked_gives_a_group_no_name)
{
	struct words text = { .parts = { .kind = CONTENT_TEXT, .text = VIEW_LIT("Hi") } };
	duo_begin(false, NULL);
	duo_turn(blocks_her, NULL);
	struct told t = tries("Rosa", &text);
	expect_eq(t.renamed, 0);
	expect_eq(t.messages, 0);
	expect(!his->name[0]);
	duo_end();
}

static uc_err nothing(struct uc_client *c, void *arg)
{
	(void)c;
	(void)arg;
	return UC_OK;
}

static uc_err hear_what_ends(struct uc_client *c, void *arg)
{
	struct message m = { .id = { .b = { 1 } }, .kind = UC_MESSAGE_TEXT };
	const uint64_t *ms = arg;
	m.text = VIEW_LIT("not for long");
	m.expires_ms = *ms;
	TRY(env_random(&c->env, m.id.b, sizeof m.id.b));
	history_add(c, his, &m);
	return UC_OK;
}

static unsigned still_there(void)
{
	unsigned n = 0;
	for (uint64_t i = 1; i <= his->next_message; i++) {
		struct message m = { 0 };
		expect_ok(history_get(tom.c, his, i, &mem, &m));
		n += m.text.n > 0;
	}
	return n;
}

TEST(messages_end_each_at_its_time_however_many)
{
	duo_begin(false, NULL);
	uint64_t start = test_now_ms, ms;
	for (unsigned i = 0; i < 200; i++) {
		ms = start + 1000 * (1 + i % 3); /* in no order, many at once */
		duo_turn(hear_what_ends, &ms);
	}
	expect_eq(still_there(), 200);
	static const unsigned left[] = { 133, 66, 0 };
	for (unsigned i = 0; i < 3; i++) {
		test_now_ms = start + 1000 * (i + 1);
		expect(uc_client_deadline_ms(tom.c) <= test_now_ms);
		for (unsigned k = 0; k < 3; k++)
			duo_turn(nothing, NULL);
		expect_eq(still_there(), left[i]);
	}
	expect_eq(his->expires_ms, 0);
	test_now_ms = start;
	duo_end();
}

static uc_err take_entry(struct uc_client *c, void *arg)
{
	const struct view *body = arg;
	return inbox_entry(c, *body);
}

static struct safe_place break_place(void)
{
	return (struct safe_place){ .table = "chain break", .owner = VIEW_OF(his->id.b) };
}

TEST(of_a_broken_chain_the_first_break_is_kept)
{
	struct view kept = { NULL, 0 }, again = { NULL, 0 };
	duo_begin(false, NULL);
	his->seat_open = true;
	his->seat = 1;
	for (uint64_t seq = 3; seq < 6; seq++) {
		struct entry_event e = { .seat = 1, .entry = { .version = 1, .seq = seq } };
		struct view body;
		e.entry.fanout = VIEW_LIT("no entry");
		e.entry.chain[0] = (uint8_t)seq;
		expect_ok(wire_encode_to(&mem, entry_event_element, &e, &body));
		duo_turn(take_entry, &body);
		expect_ok(safe_get(&tom.c->safe, break_place(), &mem, seq == 3 ? &kept : &again));
	}
	expect(!his->consistent);
	expect_bytes(again, kept);
	expect_eq(his->seq, 5);
	duo_end();
}

/* Entry `seq` of a log that goes on from `chain`, which it changes; told as number `as`. */
static struct told entry(uint64_t seq, const char *fanout, uint8_t chain[CHAIN_HASH], uint64_t as)
{
	struct entry_event e = { .seat = 1, .entry = { .version = 1, .seq = as } };
	uint8_t number[8] = { [7] = (uint8_t)seq }, hash[SHA256_BYTES];
	struct view body = { NULL, 0 };
	expect_ok(sha256(view_str(fanout), hash));
	struct view parts[] = { VIEW_LIT("Undercroft log 1"), view_make(chain, CHAIN_HASH),
				VIEW_OF(number), VIEW_OF(hash) };
	expect_ok(sha256_parts(parts, 4, chain));
	e.entry.fanout = view_str(fanout);
	memcpy(e.entry.chain, chain, CHAIN_HASH);
	expect_ok(wire_encode_to(&mem, entry_event_element, &e, &body));
	return duo_turn(take_entry, &body);
}

TEST(an_app_that_repeats_withholds_or_reorders_is_noticed)
{
	uint8_t chain[CHAIN_HASH], third[CHAIN_HASH];
	duo_begin(false, NULL);
	his->seat_open = true;
	his->seat = 1;
	uint64_t at = his->seq;
	memcpy(chain, his->chain, sizeof chain);
	entry(at + 1, "one", chain, at + 1);
	expect_eq(his->seq, at + 1);
	expect(his->consistent);
	/* Again, and then another in its place, which is not even looked at. */
	uint8_t before[CHAIN_HASH] = { 0 };
	entry(at + 1, "another", before, at + 1);
	expect_eq(his->seq, at + 1);
	expect_bytes(VIEW_OF(his->chain), VIEW_OF(chain));
	/* The one between is kept from him: he asks anew, from where he is. */
	entry(at + 2, "two", chain, at + 9);
	expect_eq(his->seq, at + 1);
	expect(!his->seat_open);
	/* The third comes as the second. */
	his->seat_open = true;
	memcpy(third, chain, sizeof third);
	entry(at + 3, "three", third, at + 2);
	expect(!his->consistent);
	duo_end();
}

/* --- and what lasts of it --- */

TEST(who_is_who_lasts_and_costs_a_message_nothing)
{
	duo_begin(false, NULL);
	expect_eq(duo_introduces(&her_leaf, duo_introduction("Rosa"), "Walks").introduced, 1);
	expect_ok(person_open(&tom));
	his = tom.c->rooms;
	struct member *m = his ? room_member_find(his, view_str(hers->participant)) : NULL;
	expect(m && m->introduced && !m->gone && !strcmp(m->name, "Rosa"));
	expect(m && m->introduction.n > 0);
	struct words w = { .parts = { .kind = CONTENT_TEXT, .text = VIEW_LIT("hello") } };
	duo_leaf();
	if (m)
		blob_done(&m->introduction); /* would be stored now, if it were */
	expect_eq(duo_writes(&w).messages, 1);
	expect_ok(person_open(&tom));
	his = tom.c->rooms;
	m = his ? room_member_find(his, view_str(hers->participant)) : NULL;
	expect(m && m->introduction.n > 0);
	duo_end();
}

/* Hers, of another state of the group than his is. */
static struct view unreadable(void)
{
	struct content_parts parts = { .kind = CONTENT_TEXT, .text = VIEW_LIT("hoo") };
	struct view content = { NULL, 0 }, submit = { NULL, 0 }, message = { NULL, 0 };
	struct view fanout = { NULL, 0 };
	uint8_t hash[SHA256_BYTES];
	expect_ok(room_group_rejoined(hers->group));
	expect_ok(content_write(rosa.c, hers, &parts, &mem, &content));
	expect_ok(room_group_encrypt(rosa.c, hers->group, content, NULL, &mem, &submit, hash));
	expect_ok(submission_message(submit, &mem, &message));
	uint8_t *bytes = arena_take(&mem, message.n);
	if (!bytes)
		return fanout;
	memcpy(bytes, message.p, message.n);
	bytes[message.n - 1] ^= 1;
	const struct fanout_message f = { .timestamp = test_now_ms,
					  .wire_format = MLS_PRIVATE_MESSAGE,
					  .content_type = CONTENT_APPLICATION,
					  .message = view_make(bytes, message.n) };
	expect_ok(wire_encode_to(&mem, fanout_message_element, &f, &fanout));
	return fanout;
}

TEST(what_cannot_be_read_while_the_place_is_lost_is_told_once_back)
{
	for (int lost = 0; lost < 2; lost++) {
		struct view body = { NULL, 0 };
		duo_begin(false, NULL);
		his->seat = 7;
		his->seat_open = true;
		his->lost = lost;
		struct entry_event e = {
			.seat = 7,
			.entry = { .version = 1, .seq = his->seq + 1, .fanout = unreadable() }
		};
		expect_ok(wire_encode_to(&mem, entry_event_element, &e, &body));
		duo_turn(take_entry, &body);
		expect_eq(his->seq, e.entry.seq);
		expect_eq(his->missed, lost);
		duo_end();
	}
}
