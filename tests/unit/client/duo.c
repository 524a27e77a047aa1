/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/duo.h"

#include "client/contacts.h"
#include "client/identity.h"
#include "client/introductions.h"
#include "client/pool.h"
#include "client/received.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "mimi/protocol.h"

#include "base/heap.h"

static struct small_app dial, lens;
struct person rosa, tom;
struct arena mem;
struct room *hers, *his;
struct set *his_set;
struct room_client her_leaf;
bool duo_he_waits;
void (*duo_meanwhile)(struct uc_client *c);

/* A turn of his, and what it tells. */
struct told duo_turn(uc_err (*work)(struct uc_client *, void *), void *arg)
{
	struct told t = { 0 };
	struct uc_event e;
	uc_err err = turn_run(tom.c, work, arg);
	t.warnings += err != UC_OK;
	while (uc_client_next_event(tom.c, &e)) {
		bool name = e.kind == UC_EVENT_ROOM_CHANGED && !strcmp(e.text, "name");
		t.alarms += e.kind == UC_EVENT_IDENTITY_CHANGED;
		t.contacts += e.kind == UC_EVENT_CONTACT;
		t.introduced += e.kind == UC_EVENT_MEMBER_INTRODUCED;
		t.renamed += name && e.has_member;
		t.messages += e.kind == UC_EVENT_MESSAGE;
		t.roles +=
			e.kind == UC_EVENT_ROOM_CHANGED && !strcmp(e.text, "role") && e.has_member;
		if (e.kind == UC_EVENT_MESSAGE && e.message->kind == UC_MESSAGE_NOTE)
			snprintf(t.text, sizeof t.text, "%s", e.message->text);
		if (e.kind == UC_EVENT_MEMBER_INTRODUCED || e.kind == UC_EVENT_WARNING)
			snprintf(t.text, sizeof t.text, "%s", e.text);
	}
	return t;
}

static uc_err her_room(struct uc_client *c, void *arg)
{
	static const uint8_t key[32] = { 5 };
	const bool *direct = arg;
	TRY(rooms_create(c, *direct, *direct ? "" : "Walks", &hers));
	struct set *s = pool_find(c, hers->set_id);
	TRY(room_group_create(c, hers, s, VIEW_OF(key), VIEW_OF(key), &hers->group));
	set_change(s, SET_SPENT);
	hers->state = ROOM_OPEN;
	return room_members_sync(c, hers);
}

static uc_err his_package(struct uc_client *c, void *arg)
{
	struct view *package = arg, one;
	TRY(pool_reserve(c, &his_set));
	one = blob_view(&his_set->key_package);
	return wire_encode_to(&mem, bytes_element, &one, package);
}

static uc_err her_commit(struct uc_client *c, void *arg)
{
	struct view *package = arg, update;
	struct room_change change = { .packages = { package, 1 } };
	uint8_t hash[SHA256_BYTES];
	TRY(room_group_commit(c, hers->group, &change, &mem, &update, hash));
	*package = update;
	return UC_OK;
}

static uc_err he_joins(struct uc_client *c, void *arg)
{
	struct update_request *u = arg;
	struct seat_open_response in = {
		.seat = 1,
		.start = 2,
		.next = 3,
		.welcome = u->bundle.welcome,
		.ratchet_tree = u->bundle.ratchet_tree_option.ratchet_tree,
	};
	TRY(rooms_found(c, his_set, view_str(hers->uri)));
	his = c->rooms;
	if (duo_meanwhile)
		duo_meanwhile(c);
	return rooms_welcome(c, his, &in);
}

static bool leaf_each(void *ctx, const struct room_client *k)
{
	(void)ctx;
	if (!view_equal(k->participant, view_str(his->participant)))
		her_leaf = *k;
	return true;
}

void duo_leaf(void)
{
	if (his && his->group)
		expect_ok(room_group_clients(his->group, leaf_each, NULL));
}

/* Whose key address has brought him in is a contact of his. */
static uc_err he_knows(struct uc_client *c, void *arg)
{
	static const uint8_t key[ED25519_KEY] = { 7 };
	struct contact *k;
	TRY(contact_meet(c, "plaza.example", key, "Ida", (struct view){ NULL, 0 }, &k));
	k->id = his_set->given_to = *(const struct uc_id *)arg;
	return UC_OK;
}

void duo_begin(bool direct, struct uc_id *given_to)
{
	struct view package = { NULL, 0 };
	struct update_request u = { .bundle = { .content_type = 0 } };
	arena_init(&mem, 32 << 20, ARENA_PLAIN);
	small_app_init(&dial, "dial.example");
	small_app_init(&lens, "lens.example");
	person_begin(&rosa, &dial);
	person_begin(&tom, &lens);
	expect_ok(person_open(&rosa));
	expect_ok(person_open(&tom));
	person_account(&rosa, "Rosa");
	person_account(&tom, "Tom");
	tom.c->account.waits_to_introduce = duo_he_waits;
	expect_ok(turn_run(rosa.c, her_room, &direct));
	expect_ok(turn_run(tom.c, his_package, &package));
	if (given_to || !direct)
		duo_turn(he_knows, given_to ? given_to : &(struct uc_id){ { 9 } });
	expect_ok(turn_run(rosa.c, her_commit, &package));
	expect_ok(wire_decode(package, &mem, update_request_element, &u));
	duo_turn(he_joins, &u);
	expect(his && his->group);
	duo_leaf();
}

void duo_end(void)
{
	person_end(&rosa);
	person_end(&tom);
	arena_done(&mem);
	hers = his = NULL;
	duo_he_waits = false;
	duo_meanwhile = NULL;
}

/* --- what she says --- */

struct view duo_introduction(const char *name)
{
	struct view out = { NULL, 0 };
	struct identity_place at = { view_str(his->uri), her_leaf.participant, her_leaf.client,
				     her_leaf.signature_key };
	expect_ok(text_set(rosa.c->account.profile_name, PROFILE_BYTES, view_str(name)));
	expect_ok(identity_write(rosa.c, &at, &mem, &out));
	return out;
}

struct said {
	const struct room_client *by;
	struct view bytes;
};

static uc_err hear(struct uc_client *c, void *arg)
{
	const struct said *s = arg;
	return control_in(c, his, s->by, s->bytes);
}

struct told duo_says(const struct room_client *by, const struct control *m)
{
	struct said s = { by, { NULL, 0 } };
	expect_ok(wire_encode_to(&mem, control_element, m, &s.bytes));
	return duo_turn(hear, &s);
}

struct told duo_introduces(const struct room_client *by, struct view introduction, const char *room)
{
	const struct control m = { .version = 1,
				   .control_kind = CONTROL_INTRODUCTIONS,
				   .introductions = { &introduction, 1 },
				   .name = view_str(room) };
	return duo_says(by, &m);
}

static uc_err hear_words(struct uc_client *c, void *arg)
{
	const struct words *w = arg;
	const struct room_entry e = { .sender = her_leaf,
				      .content = w->content,
				      .timestamp = w->at_ms };
	return received(c, his, &e, 3);
}

struct told duo_writes(struct words *w)
{
	struct room place = *his;
	memcpy(place.participant, hers->participant, sizeof place.participant);
	expect_ok(content_write(rosa.c, &place, &w->parts, &mem, &w->content));
	w->at_ms = test_now_ms;
	return duo_turn(hear_words, w);
}

static uc_err second_commit(struct uc_client *c, struct set *s, const struct participant_keys *keys)
{
	struct room_change change = { .packages = { NULL, 0 } };
	struct view update, package, encoded;
	uint8_t hash[SHA256_BYTES];
	s->participant_key = hers->participant_key;
	s->keys = keys;
	TRY(room_group_key_package(c, s));
	package = blob_view(&s->key_package);
	TRY(wire_encode_to(&mem, bytes_element, &package, &encoded));
	change.packages.v = &encoded;
	change.packages.n = 1;
	return room_group_commit(c, hers->group, &change, &mem, &update, hash);
}

uc_err duo_second_place(struct uc_client *c, void *arg)
{
	struct set *s = HEAP_NEW(struct set);
	if (!s)
		return UC_E_MEMORY;
	uc_err err = second_commit(c, s, arg);
	set_free(s);
	TRY(err);
	TRY(room_group_rejoined(hers->group));
	return room_members_sync(c, hers);
}
