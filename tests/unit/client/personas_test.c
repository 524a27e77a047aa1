/* SPDX-License-Identifier: Apache-2.0 */
/* Personas in a room: hers, as he takes it, and his, as he shows it. */
#include "client/contacts.h"
#include "client/devices.h"
#include "client/guardian.h"
#include "client/introductions.h"
#include "client/personas.h"
#include "client/pool.h"
#include "client/reaching.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "client/turn.h"
#include "mimi/content.h"
#include "mimi/persona.h"
#include "mimi/settings.h"
#include "mimi/vault.h"
#include "tests/unit/client/duo.h"

static struct identity_place her_place(void)
{
	return (struct identity_place){ view_str(his->uri), her_leaf.participant, her_leaf.client,
					her_leaf.signature_key };
}

static struct view her_persona_at(const char *name, const struct identity_place *at)
{
	struct view out = { NULL, 0 };
	expect_ok(text_set(hers->persona, sizeof hers->persona, view_str(name)));
	expect_ok(persona_write(hers, at, &mem, &out));
	return out;
}

static struct view her_persona(const char *name)
{
	struct identity_place at = her_place();
	return her_persona_at(name, &at);
}

static struct member *her(void)
{
	struct member *m = room_member_find(his, view_str(hers->participant));
	expect(m != NULL);
	return m;
}

struct shown {
	bool introduced, persona, has_contact, blocked;
	char name[PROFILE_BYTES];
	struct uc_id id;
};

static bool show_her(void *ctx, const struct uc_member *m)
{
	struct shown *s = ctx;
	if (m->is_self)
		return true;
	s->introduced = m->introduced;
	s->persona = m->persona;
	s->has_contact = m->has_contact;
	s->blocked = m->blocked;
	s->id = m->id;
	snprintf(s->name, sizeof s->name, "%s", m->name);
	return true;
}

static struct shown shown(void)
{
	struct shown s = { .introduced = false };
	expect_ok(uc_members(tom.c, &his->id, show_her, &s));
	return s;
}

TEST(a_persona_is_shown_as_one_and_is_nobodys_contact)
{
	duo_begin(false, NULL);
	unsigned contacts = 0;
	struct told t = duo_introduces(&her_leaf, her_persona("Moth"), "Walks");
	expect_eq(t.introduced, 1);
	expect_eq(t.contacts + t.alarms, 0);
	expect_bytes(view_str(t.text), VIEW_LIT("Moth, by that name here only; of dial.example"));
	struct shown s = shown();
	expect(s.introduced && s.persona && !s.has_contact);
	expect(!strcmp(s.name, "Moth"));
	for (const struct contact *k = tom.c->contacts; k; k = k->next)
		contacts += !strcmp(k->name, "Moth");
	expect_eq(contacts, 0);
	/* And so it is after a restart. */
	expect_ok(person_open(&tom));
	his = tom.c->rooms;
	s = shown();
	expect(s.introduced && s.persona && !strcmp(s.name, "Moth"));
	duo_end();
}

TEST(a_persona_is_taken_at_its_place_alone_and_whole)
{
	duo_begin(false, NULL);
	struct view in = her_persona("Moth");
	uint8_t *bytes = arena_take(&mem, in.n);
	for (size_t i = 0; bytes && i < in.n; i++) {
		memcpy(bytes, in.p, in.n);
		bytes[i] ^= 0x20;
		expect_eq(duo_introduces(&her_leaf, view_make(bytes, in.n), "").introduced, 0);
	}
	struct identity_place at = her_place(), other;
	for (int i = 0; i < 4; i++) {
		other = at;
		struct view *field[] = { &other.room, &other.participant, &other.client,
					 &other.leaf_key };
		*field[i] = VIEW_LIT("mimi://dial.example/p/another/one");
		struct told t = duo_introduces(&her_leaf, her_persona_at("Moth", &other), "");
		expect_eq(t.introduced, 0);
	}
	static const char *const names[] = { "", " ", "\x1b[2J", "\xe2\x80\xae" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		expect_eq(duo_introduces(&her_leaf, her_persona(names[i]), "").introduced, 0);
	expect(!her()->introduced);
	expect_eq(duo_introduces(&her_leaf, in, "").introduced, 1);
	duo_end();
}

TEST(who_has_shown_the_one_never_becomes_the_other)
{
	for (int persona_first = 0; persona_first < 2; persona_first++) {
		duo_begin(false, NULL);
		struct view persona = her_persona("Moth"), account = duo_introduction("Rosa");
		struct told t = duo_introduces(&her_leaf, persona_first ? persona : account, "");
		expect_eq(t.introduced, 1);
		t = duo_introduces(&her_leaf, persona_first ? account : persona, "");
		expect_eq(t.introduced, 0);
		expect_eq(t.warnings, 1);
		struct shown s = shown();
		expect_eq(s.persona, persona_first);
		expect(!strcmp(s.name, persona_first ? "Moth" : "Rosa"));
		duo_end();
	}
}

/* Whoever has the account's key itself cannot make it a persona's, either. */
TEST(an_account_is_no_persona_by_its_own_key)
{
	struct ed25519_key key;
	struct identity_place at;
	struct view persona = { NULL, 0 };
	duo_begin(false, NULL);
	at = her_place();
	expect_ok(ed25519_generate(test_env(), &key));
	memcpy(rosa.c->account.account_key, key.pub, ED25519_KEY);
	expect_ok(devices_first(rosa.c, &key));
	expect_eq(duo_introduces(&her_leaf, duo_introduction("Rosa"), "").introduced, 1);
	const struct persona in = { .name = VIEW_LIT("Moth"),
				    .room = at.room,
				    .participant = at.participant,
				    .client = at.client,
				    .leaf_key = at.leaf_key };
	expect_ok(persona_make(&in, &key, &mem, &persona));
	struct told t = duo_introduces(&her_leaf, persona, "");
	expect_eq(t.introduced, 0);
	expect_eq(t.warnings, 1);
	expect(!shown().persona);
	duo_end();
}

TEST(a_persona_keeps_its_key_and_may_change_its_name_by_its_own_word)
{
	struct room_client another;
	duo_begin(false, NULL);
	another = her_leaf;
	another.participant = VIEW_LIT("mimi://dial.example/p/another");
	struct view first = her_persona("Moth"), second = her_persona("Owl");
	/* Whoever brings people in tells them the others', as far as known. */
	expect_eq(duo_introduces(&another, first, "").introduced, 1);
	expect_eq(duo_introduces(&another, second, "").introduced, 0);
	expect_eq(duo_introduces(&her_leaf, second, "").introduced, 1);
	expect(!strcmp(her()->name, "Owl"));
	hers->participant_key.seed[3] ^= 1; /* another key */
	expect_eq(duo_introduces(&her_leaf, her_persona("Bat"), "").introduced, 0);
	expect(!strcmp(her()->name, "Owl"));
	duo_end();
}

TEST(no_two_members_are_one_persona)
{
	struct identity who;
	struct identity_place at;
	duo_begin(false, NULL);
	at = her_place();
	expect_eq(duo_introduces(&her_leaf, her_persona("Moth"), "").introduced, 1);
	expect_ok(persona_read(her_persona("Moth"), &at, &mem, &who));
	struct member other = { .participant = "mimi://dial.example/p/another" };
	expect_ok(persona_may_be(his, her(), &who));
	expect_err(persona_may_be(his, &other, &who), UC_E_INTRODUCTION);
	duo_end();
}

TEST(where_two_talk_there_are_no_personas)
{
	uc_op op;
	duo_begin(true, NULL);
	struct told t = duo_introduces(&her_leaf, her_persona("Moth"), "");
	expect_eq(t.introduced, 0);
	expect(!her()->introduced);
	expect_err(uc_introduce(tom.c, &his->id, "Owl", &op), UC_E_CLOSED);
	expect_eq(duo_introduces(&her_leaf, duo_introduction("Rosa"), "").introduced, 1);
	expect_err(uc_introduce(tom.c, &his->id, "Owl", &op), UC_E_POLICY);
	duo_end();
}

static uc_err young(struct uc_client *c, void *arg)
{
	struct settings s = settings_default(AGE_TEEN_A);
	struct view encoded;
	(void)arg;
	s.number = 1;
	s.version = 4;
	s.guardian = VIEW_LIT("\0\1\1 a seal");
	TRY(wire_encode_to(&c->call, settings_element, &s, &encoded));
	TRY(blob_set(&c->account.settings, encoded));
	return guardian_hold(c, his);
}

static uc_err look(struct uc_client *c, void *arg)
{
	(void)arg;
	return strangers_drive(c, his);
}

/* A guardian is asked about people, and agrees to nobody who is none. */
TEST(below_sixteen_a_persona_is_a_stranger_to_the_guardian_too)
{
	for (int persona = 0; persona < 2; persona++) {
		duo_begin(false, NULL);
		duo_turn(young, NULL);
		expect(reaching_is_young(tom.c));
		duo_introduces(&her_leaf, persona ? her_persona("Moth") : duo_introduction("Rosa"),
			       "");
		her()->admitted = persona;
		duo_turn(look, NULL);
		expect_eq(his->fleeing, persona);
		duo_end();
	}
}

TEST(a_persona_is_hidden_in_its_room_by_a_block)
{
	struct words w = { .parts = { .kind = CONTENT_TEXT, .text = VIEW_LIT("hoo") } };
	duo_begin(false, NULL);
	struct uc_id id = shown().id;
	expect_err(uc_member_block(tom.c, &his->id, &id, true), UC_E_NOT_ALLOWED);
	expect_eq(duo_introduces(&her_leaf, her_persona("Moth"), "").introduced, 1);
	expect_err(uc_member_block(tom.c, &id, &id, true), UC_E_NOT_FOUND);
	expect_err(uc_member_block(tom.c, &his->id, &his->id, true), UC_E_NOT_FOUND);
	expect_eq(duo_writes(&w).messages, 1);
	expect_ok(uc_member_block(tom.c, &his->id, &id, true));
	expect(shown().blocked);
	expect_ok(person_open(&tom));
	his = tom.c->rooms;
	duo_leaf();
	expect_eq(duo_writes(&w).messages, 0);
	/* Another name of it is words, too. */
	expect_eq(duo_introduces(&her_leaf, her_persona("I know you"), "").introduced, 0);
	expect(!strcmp(shown().name, "Moth"));
	expect_ok(uc_member_block(tom.c, &his->id, &id, false));
	expect(!strcmp(shown().name, "I know you"));
	expect_eq(duo_writes(&w).messages, 1);
	duo_end();
}

/* --- his own --- */

/* What he has queued for the room. */
struct queued {
	unsigned n, personas;
	bool account; /* his name or account key is in it */
};

static bool holds(struct view in, struct view what)
{
	for (size_t i = 0; i + what.n <= in.n; i++)
		if (view_equal(view_make(in.p + i, what.n), what))
			return true;
	return false;
}

static struct queued queued(void)
{
	struct queued q = { 0 };
	for (const struct outgoing *o = his->outbox.first; o; o = o->next) {
		struct view v = blob_view(&o->content);
		q.n++;
		q.personas += holds(v, view_str(his->persona));
		q.account = q.account || holds(v, VIEW_LIT("Tom")) ||
			    holds(v, VIEW_OF(tom.c->account.account_key)) ||
			    holds(v, VIEW_OF(tom.c->account.device.pub));
	}
	return q;
}

TEST(who_waits_says_nothing_of_themselves)
{
	const struct control ask = { .version = 1, .control_kind = CONTROL_ASK };
	struct uc_account a = { .waits_to_introduce = false };
	uc_op op;
	duo_he_waits = true;
	duo_begin(false, NULL);
	expect_ok(uc_account_get(tom.c, &a));
	expect(a.waits_to_introduce);
	expect_eq(his->says, SAYS_NOTHING);
	expect_eq(queued().n, 0);
	test_now_ms += 3600 * 1000;
	duo_says(&her_leaf, &ask);
	expect_eq(queued().n, 0);
	expect_err(uc_send(tom.c, &his->id, "hello", NULL), UC_E_NOT_INTRODUCED);
	expect_err(uc_group_rename(tom.c, &his->id, "Runs", &op), UC_E_NOT_INTRODUCED);
	expect_err(uc_introduce(tom.c, &his->id, " ", &op), UC_E_NAME);
	expect_ok(uc_introduce(tom.c, &his->id, "Night owl", &op));
	struct queued q = queued();
	expect_eq(q.n, 1);
	expect_eq(q.personas, 1);
	expect(!q.account);
	/* It stays, over restarts, but for the name. */
	expect_ok(person_open(&tom));
	his = tom.c->rooms;
	duo_leaf();
	expect_err(uc_introduce(tom.c, &his->id, NULL, &op), UC_E_EXISTS);
	expect_ok(uc_introduce(tom.c, &his->id, "Day owl", &op));
	test_now_ms += 3600 * 1000;
	duo_says(&her_leaf, &ask);
	expect_ok(uc_send(tom.c, &his->id, "hello", NULL));
	q = queued();
	expect_eq(q.n, 4);
	expect(!q.account);
	duo_end();
}

static void begins_to_wait(struct uc_client *c)
{
	expect_eq(his->says, SAYS_ACCOUNT);
	c->account.waits_to_introduce = true;
}

/* A room that nobody has shown them is one that is to come. */
TEST(who_begins_to_wait_before_the_welcome_waits_there_too)
{
	duo_meanwhile = begins_to_wait;
	duo_begin(false, NULL);
	expect_eq(his->says, SAYS_NOTHING);
	expect_eq(queued().n, 0);
	duo_end();
}

static uc_err enters(struct uc_client *c, void *arg)
{
	(void)arg;
	return rooms_entered(c, his);
}

/* From the vault a device has a room before anybody knew what it is. */
TEST(where_two_talk_who_comes_without_a_welcome_is_not_silent)
{
	struct uc_id ida = { .b = { 7 } };
	duo_he_waits = true;
	duo_begin(true, &ida);
	expect_eq(his->says, SAYS_ACCOUNT);
	expect(id_equal(&his->contact, &ida));
	his->says = SAYS_NOTHING;
	his->introduced = false;
	his->made = true; /* what the vault has was shown on another device */
	unsigned before = queued().n;
	duo_turn(enters, NULL);
	expect_eq(his->says, SAYS_ACCOUNT);
	expect_eq(queued().n, before + 1);
	duo_end();
}

static uc_err adds_nobody(struct uc_client *c, void *arg)
{
	struct settings s = settings_default(AGE_ADULT);
	struct view encoded;
	(void)arg;
	s.number = 1;
	s.version = 4;
	s.add = ADD_NOBODY;
	TRY(wire_encode_to(&c->call, settings_element, &s, &encoded));
	TRY(blob_set(&c->account.settings, encoded));
	his->state = ROOM_JOINING;
	his->contact = (struct uc_id){ .b = { 9 } };
	return rooms_entered(c, his);
}

/* The KeyPackage is used up, and its Welcome was kept back: who may add them holds for that way in, too. */
TEST(who_may_add_them_holds_without_a_welcome)
{
	duo_begin(false, NULL);
	expect(!pool_find(tom.c, his->set_id));
	expect(!his->fleeing && id_is_zero(&his->contact));
	duo_turn(adds_nobody, NULL);
	expect(his->fleeing);
	duo_end();
}

static uc_err restores(struct uc_client *c, void *arg)
{
	const struct vault_room *in = arg;
	struct room *r;
	TRY(rooms_restore(c, in, &r));
	expect(r && r->state == ROOM_OPEN && r->lost);
	return UC_OK;
}

/* All devices were lost, and the room is not joined anew yet: what was said there stays said. */
TEST(what_was_said_stays_in_a_room_from_the_vault)
{
	static const char *const uris[] = { "mimi://dial.example/r/1", "mimi://dial.example/r/2",
					    "mimi://dial.example/r/3" };
	uc_op op;
	duo_begin(false, NULL);
	for (int says = SAYS_ACCOUNT; says <= SAYS_NOTHING; says++) {
		struct vault_room in = { .uri = view_str(uris[says]),
					 .participant = VIEW_LIT("mimi://lens.example/p/x"),
					 .persona = says == SAYS_PERSONA ? VIEW_LIT("Owl")
									 : VIEW_LIT(""),
					 .says = (uint8_t)says };
		struct uc_id id = room_id(in.uri);
		duo_turn(restores, &in);
		uc_err as_account = uc_introduce(tom.c, &id, NULL, &op);
		expect_err(as_account, says == SAYS_NOTHING ? UC_OK : UC_E_EXISTS);
		expect_err(uc_introduce(tom.c, &id, "Bat", &op),
			   says == SAYS_ACCOUNT ? UC_E_EXISTS : UC_OK);
		const struct room *r = room_find(tom.c, &id);
		expect(r && r->says == (says == SAYS_ACCOUNT ? SAYS_ACCOUNT : SAYS_PERSONA));
	}
	duo_end();
}

struct second_place {
	const char *participant;
	bool first_leaves, second_leaves;
};

static uc_err second_place(struct uc_client *c, void *arg)
{
	struct second_place *x = arg;
	struct uc_id id = { .b = { 3 } };
	struct room *r = room_new(c, view_str(his->uri), &id);
	if (!r)
		return UC_E_MEMORY;
	TRY(text_set(r->participant, sizeof r->participant, view_str(x->participant)));
	r->state = ROOM_OPEN;
	r->group = his->group;
	expect(places_has_better(c, r->uri, view_str(x->participant)) == x->second_leaves);
	TRY(places_settle(c, r));
	x->first_leaves = his->shadow && his->tasks && his->tasks->kind == TASK_LEAVE;
	expect(r->shadow == x->second_leaves);
	r->group = NULL;
	return UC_OK;
}

/* Two devices were added at once, each to a place of its own: all devices keep the same one. */
TEST(of_two_places_the_first_in_order_is_kept)
{
	static const char *const names[] = { "mimi://lens.example/p/", "mimi://lens.example/p/~" };
	for (int second = 0; second < 2; second++) {
		struct second_place x = { names[second], false, second };
		duo_begin(false, NULL);
		duo_turn(second_place, &x);
		expect(x.first_leaves == !second);
		duo_end();
	}
	/* Beside a persona nothing is left: that would tell whose it is. */
	struct second_place x = { names[1], false, false };
	duo_he_waits = true;
	duo_begin(false, NULL);
	duo_turn(second_place, &x);
	expect(!x.first_leaves);
	duo_end();
}

TEST(a_place_that_was_left_is_nobodys_first_one)
{
	static struct room second;
	duo_begin(false, NULL);
	second = (struct room){ .shadow = true };
	memcpy(second.uri, his->uri, sizeof second.uri);
	expect(room_main(tom.c, &second) == his);
	his->state = ROOM_LEFT;
	expect(!room_main(tom.c, &second));
	his->state = ROOM_OPEN;
	duo_end();
}

TEST(who_asks_is_told_but_not_all_the_time)
{
	const struct control ask = { .version = 1, .control_kind = CONTROL_ASK };
	const uint64_t day = 24 * 3600 * 1000;
	duo_begin(false, NULL);
	expect_eq(queued().n, 1);
	duo_says(&her_leaf, &ask);
	test_now_ms += 29999;
	duo_says(&her_leaf, &ask);
	expect_eq(queued().n, 1);
	test_now_ms++;
	duo_says(&her_leaf, &ask);
	expect_eq(queued().n, 2);
	/* Told while the clock was a day ahead, which is no reason to say nothing for a day. */
	test_now_ms += day;
	duo_says(&her_leaf, &ask);
	expect_eq(queued().n, 3);
	test_now_ms -= day;
	duo_says(&her_leaf, &ask);
	expect_eq(queued().n, 4);
	duo_says(&her_leaf, &ask);
	expect_eq(queued().n, 4);
	duo_end();
}

TEST(who_does_not_wait_is_themselves_for_good)
{
	uc_op op;
	duo_begin(false, NULL);
	expect(queued().account);
	expect_err(uc_introduce(tom.c, &his->id, "Owl", &op), UC_E_EXISTS);
	expect_err(uc_introduce(tom.c, &his->id, NULL, &op), UC_E_EXISTS);
	expect_eq(his->says, SAYS_ACCOUNT);
	expect_ok(uc_introduce_wait(tom.c, true));
	expect_eq(his->says, SAYS_ACCOUNT); /* of rooms that are to come */
	duo_end();
}

static uc_err found_again(struct uc_client *c, void *arg)
{
	struct set *s;
	TRY(pool_reserve(c, &s));
	s->given_to = *(const struct uc_id *)arg;
	return rooms_found(c, s, view_str(his->uri));
}

static unsigned places(bool shadow)
{
	unsigned n = 0;
	for (const struct room *r = tom.c->rooms; r; r = r->next)
		n += r->shadow == shadow && !strcmp(r->uri, his->uri);
	return n;
}

/* Brought into the room once more: as the account he leaves the second place; beside a persona that would
 * tell that it is his. */
TEST(beside_a_persona_a_second_place_is_as_if_alone)
{
	struct uc_id by = { { 9 } };
	uc_op op;
	duo_begin(false, NULL);
	duo_turn(found_again, &by);
	expect_eq(places(false), 1);
	expect_eq(places(true), 1);
	duo_end();
	duo_he_waits = true;
	duo_begin(false, NULL);
	expect_ok(uc_introduce(tom.c, &his->id, "Owl", &op));
	expect_ok(uc_introduce_wait(tom.c, false));
	duo_turn(found_again, &by);
	expect_eq(places(false), 2);
	expect_eq(places(true), 0);
	expect_eq(his->says, SAYS_PERSONA);
	/* The account is in it now: another one is left. */
	duo_turn(found_again, &by);
	expect_eq(places(false), 2);
	expect_eq(places(true), 1);
	for (const struct room *r = tom.c->rooms; r; r = r->next)
		if (r->shadow)
			expect(room_main(tom.c, r) != his && room_main(tom.c, r));
	duo_end();
}

/* --- another device of his --- */

struct own_word {
	struct room_client by;
	struct view bytes;
};

static uc_err hear_own(struct uc_client *c, void *arg)
{
	const struct own_word *w = arg;
	return personas_own_in(c, his, &w->by, w->bytes);
}

static struct told his_other_device_says(const struct ed25519_key *participant)
{
	struct own_word w = { { .client = VIEW_LIT("mimi://lens.example/p/x/y"),
				.participant = view_str(his->participant),
				.signature_key = VIEW_LIT("another leaf key") },
			      { NULL, 0 } };
	const struct identity_place at = { view_str(his->uri), w.by.participant, w.by.client,
					   w.by.signature_key };
	struct room other = *his;
	struct view persona = { NULL, 0 };
	other.participant_key = *participant;
	expect_ok(text_set(other.persona, sizeof other.persona, VIEW_LIT("Owl")));
	expect_ok(persona_write(&other, &at, &mem, &persona));
	const struct control m = { .version = 1,
				   .control_kind = CONTROL_INTRODUCTIONS,
				   .introductions = { &persona, 1 } };
	expect_ok(wire_encode_to(&mem, control_element, &m, &w.bytes));
	return duo_turn(hear_own, &w);
}

TEST(what_one_device_says_the_others_go_on_saying)
{
	struct ed25519_key other;
	duo_he_waits = true;
	duo_begin(false, NULL);
	expect_ok(ed25519_generate(test_env(), &other));
	expect_eq(his_other_device_says(&other).warnings, 1);
	expect_eq(his->says, SAYS_NOTHING);
	expect_eq(queued().n, 0);
	his_other_device_says(&his->participant_key);
	expect_eq(his->says, SAYS_PERSONA);
	expect(!strcmp(his->persona, "Owl"));
	struct queued q = queued();
	expect_eq(q.n, 1);
	expect(q.personas && !q.account);
	duo_end();
	/* Who has said more than that does not say less. */
	duo_begin(false, NULL);
	expect_eq(his_other_device_says(&his->participant_key).warnings, 1);
	expect_eq(his->says, SAYS_ACCOUNT);
	duo_end();
}
