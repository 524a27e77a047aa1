/* SPDX-License-Identifier: Apache-2.0 */
/* Places of ours in a room that no device of ours stands behind: of one that was ended, and of nobody who
 * says whose they are. */
#include "client/chains.h"
#include "client/devices.h"
#include "client/groups.h"
#include "client/identity.h"
#include "client/introductions.h"
#include "client/member_clients.h"
#include "client/own_devices.h"
#include "client/personas.h"
#include "client/pool.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "client/vault_inside.h"
#include "tests/unit/client/duo.h"

#include "base/heap.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

static struct ed25519_key tablet;

static uc_err list_entry(struct uc_client *c, void *arg)
{
	const uint8_t *action = arg;
	const struct account *a = &c->account;
	struct device_entry e = { .device_action = *action, .device_key = VIEW_OF(tablet.pub) };
	struct device_list l;
	struct view_list all;
	bool listed;
	TRY(devices_all(c, &mem, &all));
	struct view *v = ARENA_ARRAY(&mem, struct view, all.n + 1);
	if (!v || !devices_known(c, &l))
		return UC_E_MEMORY;
	for (size_t i = 0; i < all.n; i++)
		TRY(arena_copy(&mem, all.v[i], &v[i])); /* the list that is kept is replaced */
	TRY(device_entry_make(&l, view_str(a->app), VIEW_OF(a->account_key), &a->device, false,
			      client_now(c), &e, &mem, &v[all.n]));
	return devices_take(c, &(struct view_list){ v, all.n + 1 }, &listed);
}

static void lists(uint8_t action)
{
	expect_ok(turn_run(rosa.c, list_entry, &action));
}

static struct member *self(void)
{
	return room_member_find(hers, view_str(hers->participant));
}

static uc_err drive(struct uc_client *c, void *arg)
{
	(void)arg;
	uc_err err = groups_drive(c, hers);
	return err == UC_E_NET ? UC_OK : err; /* what is made is sent when there is a connection */
}

/* Does she make a commit that takes it out? */
static bool takes_out(void)
{
	expect_ok(turn_run(rosa.c, drive, NULL));
	return hers->pending.there;
}

/* The participant's next key is to go with it, and is waited for a moment. */
static bool takes_out_soon(void)
{
	expect(!takes_out());
	test_now_ms += 10 * SECOND;
	return takes_out();
}

static uc_err her_place(struct uc_client *c, void *arg)
{
	(void)arg;
	TRY(room_group_rejoined(hers->group));
	return room_members_sync(c, hers);
}

static void begin(void)
{
	duo_begin(false, NULL);
	expect_ok(turn_run(rosa.c, her_place, NULL));
	expect_ok(ed25519_generate(test_env(), &tablet));
	lists(DEVICE_ADD);
}

TEST(who_does_not_say_whose_it_is_goes_once_a_device_was_ended)
{
	begin();
	expect(!takes_out());
	expect_ok(turn_run(rosa.c, duo_second_place, NULL));
	expect_eq(self()->leaves, 2);
	expect_eq(member_clients_unknown(self()), 1);
	/* As long as all are ours that ever were, it is one of them. */
	test_now_ms += 60 * MINUTE;
	expect(!takes_out());
	test_now_ms += 60 * MINUTE;
	expect(!takes_out());
	lists(DEVICE_REVOKE);
	expect(takes_out_soon());
	duo_end();
}

TEST(a_minute_is_time_enough_for_who_has_just_come)
{
	begin();
	lists(DEVICE_REVOKE);
	expect(!takes_out());
	/* That others are waited for, too, makes it no shorter. */
	hers->asks = 8;
	expect_ok(turn_run(rosa.c, duo_second_place, NULL));
	expect(!takes_out());
	test_now_ms += 59 * SECOND;
	expect(!takes_out());
	test_now_ms += 2 * SECOND;
	expect(takes_out());
	duo_end();
}

TEST(who_was_there_before_us_has_longer)
{
	begin();
	lists(DEVICE_REVOKE);
	expect_ok(turn_run(rosa.c, duo_second_place, NULL));
	hers->silent_seen = false; /* as after a start */
	hers->silent = 0;
	expect(!takes_out());
	test_now_ms += 4 * MINUTE;
	expect(!takes_out());
	test_now_ms += 2 * MINUTE;
	expect(takes_out());
	duo_end();
}

static bool other_each(void *ctx, const struct room_client *k)
{
	const uint8_t *key = ctx;
	bool other = view_equal(k->participant, view_str(hers->participant)) &&
		     !view_equal(k->client, view_str(hers->client));
	if (other)
		expect_ok(member_client_known(self(), k->client, key));
	return true;
}

/* The other place says that it is that device's; of zeros: by a persona. */
static void says_it_is(const uint8_t key[ED25519_KEY])
{
	uint8_t copy[ED25519_KEY];
	memcpy(copy, key, sizeof copy);
	expect_ok(room_group_clients(hers->group, other_each, copy));
}

TEST(who_says_whose_it_is_stays_as_long_as_it_is_ours)
{
	begin();
	struct ed25519_key first = tablet;
	lists(DEVICE_REVOKE);
	expect_ok(ed25519_generate(test_env(), &tablet));
	lists(DEVICE_ADD);
	expect_ok(turn_run(rosa.c, duo_second_place, NULL));
	says_it_is(tablet.pub);
	test_now_ms += 10 * MINUTE;
	expect(!takes_out());
	says_it_is(first.pub);
	expect(takes_out_soon());
	duo_end();
}

TEST(where_nothing_is_said_devices_do_not_put_each_other_out)
{
	begin();
	hers->says = SAYS_NOTHING;
	lists(DEVICE_REVOKE);
	expect_ok(turn_run(rosa.c, duo_second_place, NULL));
	expect(!takes_out());
	test_now_ms += 60 * MINUTE;
	expect(!takes_out());
	/* But when this one ends another, all go that may be its: who is still ours comes back. */
	expect_ok(ed25519_generate(test_env(), &tablet));
	lists(DEVICE_ADD);
	expect(!takes_out());
	lists(DEVICE_REVOKE);
	expect(takes_out());
	duo_end();
}

TEST(behind_a_persona_all_go_that_may_be_the_ended_ones)
{
	static const uint8_t none[ED25519_KEY];
	begin();
	hers->says = SAYS_PERSONA;
	expect_ok(text_set(hers->persona, sizeof hers->persona, VIEW_LIT("Moth")));
	expect_ok(turn_run(rosa.c, duo_second_place, NULL));
	says_it_is(none);
	test_now_ms += 60 * MINUTE;
	expect(!takes_out());
	lists(DEVICE_REVOKE);
	expect(takes_out_soon());
	duo_end();
}

struct saying {
	struct room_client by;
	struct view bytes;
};

static uc_err hears(struct uc_client *c, void *arg)
{
	const struct saying *s = arg;
	return control_in(c, hers, &s->by, s->bytes);
}

/* Who has the participant's key can say so; the place is a doubted one, until it is gone. */
TEST(behind_a_persona_saying_it_once_more_makes_nobody_stay)
{
	static const uint8_t none[ED25519_KEY];
	struct saying s = { .bytes = { NULL, 0 } };
	struct view persona = { NULL, 0 };
	begin();
	hers->says = SAYS_PERSONA;
	expect_ok(text_set(hers->persona, sizeof hers->persona, VIEW_LIT("Moth")));
	expect_ok(turn_run(rosa.c, duo_second_place, NULL));
	expect_ok(room_group_client_at(hers->group, 2, &s.by)); /* behind hers and Tom's */
	expect_bytes(s.by.participant, view_str(hers->participant));
	struct identity_place at = { view_str(hers->uri), s.by.participant, s.by.client,
				     s.by.signature_key };
	expect_ok(persona_write(hers, &at, &mem, &persona));
	const struct control m = { .version = 1,
				   .control_kind = CONTROL_INTRODUCTIONS,
				   .introductions = { &persona, 1 } };
	expect_ok(wire_encode_to(&mem, control_element, &m, &s.bytes));
	expect_ok(turn_run(rosa.c, hears, &s));
	const struct known_client *k = member_client_find(self(), s.by.client);
	expect(k && view_equal(VIEW_OF(k->device_key), VIEW_OF(none)));
	lists(DEVICE_REVOKE);
	expect_ok(turn_run(rosa.c, hears, &s));
	expect(takes_out_soon());
	duo_end();
}

/* --- the next key --- */

static uc_err key_in_turn(struct uc_client *c, void *arg)
{
	(void)arg;
	/* There is no app that keeps a vault. */
	c->vault.has_keys = false;
	c->account.state = ACCOUNT_ACTIVE;
	return chains_drive(c);
}

static size_t keys_shown(void)
{
	struct participant_link_list shown = { NULL, 0 };
	expect_ok(room_group_chain(hers->group, &mem, &shown));
	return shown.n;
}

TEST(the_next_key_goes_with_what_takes_the_ended_one_out_and_nobody_comes_in_by_the_one_before)
{
	begin();
	expect_ok(turn_run(rosa.c, duo_second_place, NULL));
	says_it_is(tablet.pub);
	expect(!takes_out());
	lists(DEVICE_REVOKE);
	expect_ok(turn_run(rosa.c, key_in_turn, NULL));
	expect(hers->keys.chain.n && takes_out());
	expect_ok(turn_run(rosa.c, her_place, NULL));
	expect_eq(self()->leaves, 1);
	expect_eq(keys_shown(), 2);
	hers->pending.there = false;
	expect(!takes_out());
	/* The ended one has the first key. */
	expect_err(turn_run(rosa.c, duo_second_place, NULL), UC_E_PROOF);
	duo_end();
}

TEST(a_key_is_shown_also_where_nobody_is_to_be_taken_out)
{
	begin();
	lists(DEVICE_REVOKE);
	expect_ok(turn_run(rosa.c, key_in_turn, NULL));
	/* At a time of its own: rooms of one person are not told by it. */
	expect(!takes_out());
	test_now_ms += 31 * MINUTE;
	expect(takes_out());
	expect_ok(turn_run(rosa.c, her_place, NULL));
	expect_eq(keys_shown(), 2);
	hers->pending.there = false;
	expect(!takes_out());
	/* Once more than another device of ours makes it in the meantime. */
	test_now_ms += 60 * MINUTE;
	expect(!takes_out());
	duo_end();
}

static uc_err forgets_in_turn(struct uc_client *c, void *arg)
{
	(void)arg;
	devices_last_end(c, &hers->keys.generation, &hers->keys.position);
	blob_done(&hers->keys.chain);
	hers->keys_epoch = 0;
	return UC_OK;
}

/* Its leaf would show less than the tree: it waits for the vault, and its tasks with it. */
TEST(who_has_not_heard_of_the_key_commits_nothing)
{
	uc_op op;
	begin();
	lists(DEVICE_REVOKE);
	expect_ok(turn_run(rosa.c, key_in_turn, NULL));
	expect_ok(turn_run(rosa.c, duo_second_place, &hers->keys));
	says_it_is(rosa.c->account.device.pub);
	expect_eq(keys_shown(), 2);
	expect_ok(turn_run(rosa.c, forgets_in_turn, NULL));
	struct uc_id him = member_id(hers, view_str(his->participant));
	expect_ok(uc_group_remove(rosa.c, &hers->id, &him, &op));
	expect(!takes_out() && hers->tasks);
	test_now_ms += 4 * MINUTE;
	expect(!takes_out() && hers->tasks);
	/* Not for ever: what cannot be done is said. */
	test_now_ms += 2 * MINUTE;
	expect(!takes_out() && !hers->tasks);
	/* And what is refused is tried more and more seldom, not each few seconds. */
	expect(hers->commit_ms > test_now_ms + 4 * MINUTE);
	duo_end();
}

static uc_err shown_in_turn(struct uc_client *c, void *arg)
{
	struct kept_row *row = arg;
	struct vault_chain x = { .chain = blob_view(&hers->keys.chain),
				 .generation = hers->keys.generation,
				 .position = hers->keys.position };
	struct uc_id id = vault_room_id(hers);
	struct view data;
	(void)c;
	row->kind = VAULT_CHAIN;
	memcpy(row->id, id.b, sizeof row->id);
	memcpy(x.seed, hers->keys.last.seed, sizeof x.seed);
	TRY(wire_encode_to(&mem, vault_chain_element, &x, &data));
	return blob_set(&row->data, data);
}

static uc_err apply_in_turn(struct uc_client *c, void *arg)
{
	return vault_chain_apply(c, arg, false);
}

static uc_err another_end(struct uc_client *c, void *arg)
{
	size_t before = hers->keys.chain.n;
	hers->keys_ms = 0; /* so much later */
	TRY(key_in_turn(c, arg));
	expect(hers->keys.chain.n > before);
	return UC_OK;
}

/* The app was put back, and another device of hers has shown its own key meanwhile: longer than that of the
 * vault or not, hers would never be taken. */
TEST(a_longer_chain_gives_way_to_the_one_that_the_tree_shows)
{
	struct kept_row shown = { .kind = 0 };
	begin();
	lists(DEVICE_REVOKE);
	expect_ok(turn_run(rosa.c, key_in_turn, NULL));
	expect_ok(turn_run(rosa.c, shown_in_turn, &shown));
	const struct ed25519_key last = hers->keys.last;
	expect_ok(turn_run(rosa.c, duo_second_place, &hers->keys));
	says_it_is(rosa.c->account.device.pub);
	expect_eq(keys_shown(), 2);
	/* What she has made instead, and once more. */
	expect_ok(turn_run(rosa.c, forgets_in_turn, NULL));
	hers->keys.generation = hers->keys.position = 0;
	expect_ok(turn_run(rosa.c, another_end, NULL));
	expect_ok(ed25519_generate(test_env(), &tablet));
	lists(DEVICE_ADD);
	lists(DEVICE_REVOKE);
	expect_ok(turn_run(rosa.c, another_end, NULL));
	expect(chain_is_behind(rosa.c, hers));
	expect_ok(turn_run(rosa.c, apply_in_turn, &shown));
	expect_bytes(VIEW_OF(hers->keys.last.pub), VIEW_OF(last.pub));
	expect(!chain_is_behind(rosa.c, hers));
	blob_done(&shown.data);
	duo_end();
}

/* --- several rooms --- */

static uc_err further_room(struct uc_client *c, void *arg)
{
	static const uint8_t key[32] = { 6 };
	struct room **out = arg, *r;
	TRY(rooms_create(c, false, "Woods", &r));
	TRY(room_group_create(c, r, pool_find(c, r->set_id), VIEW_OF(key), VIEW_OF(key),
			      &r->group));
	r->state = ROOM_OPEN;
	*out = r;
	return room_members_sync(c, r);
}

static uc_err say_it(struct uc_client *c, void *arg)
{
	return introductions_own(c, arg);
}

TEST(a_room_that_cannot_be_told_of_an_end_keeps_the_others_from_nothing)
{
	struct room *further = NULL;
	begin();
	expect_ok(turn_run(rosa.c, further_room, &further));
	struct room *odd = rosa.c->rooms, *next = odd->next;
	expect((odd == further && next == hers) || (odd == hers && next == further));
	test_now_ms += MINUTE;
	char before[sizeof odd->participant];
	memcpy(before, odd->participant, sizeof before);
	memcpy(odd->participant, "\xff", 2);
	expect_err(turn_run(rosa.c, say_it, odd), UC_E_TEXT);
	lists(DEVICE_REVOKE);
	expect_eq(next->told_ms, test_now_ms);
	expect(next->outbox.first);
	memcpy(odd->participant, before, sizeof before);
	duo_end();
}

/* --- leaving --- */

static uc_err drive_in_turn(struct uc_client *c, void *arg)
{
	uc_err err = groups_drive(c, arg);
	return err == UC_E_NET ? UC_OK : err;
}

/* Which of the places there go says the log: who just goes leaves one behind, where another device of ours may
 * bring somebody in. */
TEST(who_leaves_where_another_device_may_be_says_so)
{
	struct room *shared = NULL, *own = NULL;
	uc_op op;
	begin();
	expect_ok(turn_run(rosa.c, further_room, &shared));
	expect_ok(uc_leave(rosa.c, &shared->id, &op));
	expect_ok(turn_run(rosa.c, drive_in_turn, shared));
	expect(shared->state == ROOM_OPEN && shared->pending.there && !shared->pending.is_commit);
	lists(DEVICE_REVOKE);
	expect_ok(turn_run(rosa.c, further_room, &own));
	expect_ok(uc_leave(rosa.c, &own->id, &op));
	expect_eq(own->state, ROOM_LEFT);
	duo_end();
}

/* --- the account's end --- */

static void account_leaves(void)
{
	rosa.c->account.deleting = true;
	rosa.c->delete_ms = test_now_ms + MINUTE;
}

TEST(when_the_account_goes_all_its_places_do)
{
	uc_op op;
	begin();
	expect_ok(turn_run(rosa.c, duo_second_place, NULL));
	says_it_is(tablet.pub);
	expect_ok(uc_leave(rosa.c, &hers->id, &op));
	/* Of a room alone, each device goes for itself. */
	expect_ok(turn_run(rosa.c, drive, NULL));
	expect(hers->pending.there && !hers->pending.is_commit);
	duo_end();
	begin();
	expect_ok(turn_run(rosa.c, duo_second_place, NULL));
	says_it_is(tablet.pub);
	expect(!takes_out());
	account_leaves();
	expect_ok(uc_leave(rosa.c, &hers->id, &op));
	expect(takes_out());
	expect(hers->pending.is_commit);
	duo_end();
}

static uc_err comes_in(struct uc_client *c, void *arg)
{
	(void)arg;
	return rooms_entered(c, hers);
}

static void is_brought_in(bool begins)
{
	struct task **at = &hers->tasks, *t;
	while (*at && (*at)->kind != TASK_ADD)
		at = &(*at)->next;
	t = *at;
	if (!begins) {
		*at = t->next;
		task_free(t);
		return;
	}
	*at = HEAP_NEW(struct task);
	expect(*at != NULL);
	(*at)->kind = TASK_ADD;
	(*at)->in_flight = true;
}

TEST(when_the_account_goes_this_place_is_the_last)
{
	uc_op op;
	begin();
	expect_ok(turn_run(rosa.c, duo_second_place, NULL));
	says_it_is(tablet.pub);
	/* The other devices are still being ended. */
	rosa.c->account.deleting = true;
	expect_ok(turn_run(rosa.c, comes_in, NULL));
	expect(!hers->tasks);
	expect_ok(uc_leave(rosa.c, &hers->id, &op));
	expect(hers->tasks && !takes_out());
	account_leaves();
	/* Which are ours is read anew. */
	rosa.c->list_stale = true;
	expect(!takes_out());
	rosa.c->list_stale = false;
	is_brought_in(true);
	expect(!takes_out());
	is_brought_in(false);
	expect(takes_out() && hers->pending.is_commit);
	/* The hub takes it not. */
	room_group_drop_pending(hers->group);
	hers->pending.there = false;
	hers->commit_ms = test_now_ms + SECOND;
	expect(takes_out() && !hers->pending.is_commit);
	duo_end();
}

static uc_err leave_all(struct uc_client *c, void *arg)
{
	(void)arg;
	rooms_leave_all(c);
	return UC_OK;
}

/* Else its log stays at the hub until the seat ends. */
TEST(when_the_account_goes_a_room_without_others_is_left_in_its_log)
{
	struct room *own = NULL;
	begin();
	lists(DEVICE_REVOKE);
	expect_ok(turn_run(rosa.c, further_room, &own));
	account_leaves();
	expect_ok(turn_run(rosa.c, leave_all, NULL));
	expect_ok(turn_run(rosa.c, drive_in_turn, own));
	expect(own->state == ROOM_OPEN && own->pending.there && !own->pending.is_commit);
	duo_end();
}

TEST(when_the_account_goes_who_is_just_coming_in_is_waited_for)
{
	struct room *own = NULL;
	begin();
	expect_ok(turn_run(rosa.c, further_room, &own));
	account_leaves();
	own->state = ROOM_JOINING;
	expect_ok(turn_run(rosa.c, leave_all, NULL));
	expect(own->state == ROOM_JOINING && !own->tasks && !rooms_all_left(rosa.c));
	/* What the hub has refused is not said again at once. */
	own->state = ROOM_OPEN;
	own->commit_ms = test_now_ms + SECOND;
	expect_ok(turn_run(rosa.c, leave_all, NULL));
	expect(!own->tasks);
	test_now_ms += SECOND;
	expect_ok(turn_run(rosa.c, leave_all, NULL));
	expect(own->tasks);
	duo_end();
}

static const char places_uri[][40] = { "mimi://plaza.example/r/one", "mimi://plaza.example/r/two" };
static const char our_place[] = "mimi://lens.example/p/us";

/* What another device writes of that room. */
static uc_err row_in_turn(struct uc_client *c, void *arg)
{
	struct vault_row *row = arg;
	struct vault_rows in = { .version = 1, .rows = { row, 1 } };
	struct view plain;
	TRY(wire_encode_to(&mem, vault_rows_element, &in, &plain));
	return vault_take(c, plain);
}

static struct room *row_comes(size_t which, bool gone)
{
	struct vault_room x = { .uri = view_str(places_uri[which]),
				.participant = view_str(our_place),
				.seed = { 5 } };
	struct uc_id id = id_of("Undercroft vault room", x.uri, x.participant), of = room_id(x.uri);
	struct vault_row row = { .vault_kind = VAULT_ROOM,
				 .row_version = test_now_ms + gone,
				 .gone = gone };
	memcpy(row.id, id.b, sizeof row.id);
	if (!gone)
		expect_ok(wire_encode_to(&mem, vault_room_element, &x, &row.data));
	expect_ok(turn_run(rosa.c, row_in_turn, &row));
	struct room *r = room_find(rosa.c, &of);
	expect(r != NULL);
	return r;
}

TEST(what_another_device_left_is_come_into_only_where_that_is_on_its_way)
{
	begin();
	struct room *unasked = row_comes(0, false), *asked = row_comes(1, false);
	expect(unasked->lost && asked->lost);
	/* The hub may have its commit by now. */
	asked->rejoin.step = REJOIN_SENT;
	expect(row_comes(0, true) == unasked && row_comes(1, true) == asked);
	expect_eq(unasked->state, ROOM_LEFT);
	expect(asked->state == ROOM_OPEN && asked->lost && asked->tasks);
	expect_eq(asked->rejoin.step, REJOIN_SENT);
	duo_end();
}

/* --- what the hub refuses --- */

/* How often it was sent; the hub refuses each. */
static unsigned refused(void)
{
	const uint8_t *bytes;
	size_t n;
	unsigned times = 0;
	while (times < 50 && uc_client_next_frame(rosa.c, &bytes, &n)) {
		struct frame f;
		struct buf out;
		expect_ok(wire_decode(view_make(bytes, n), &mem, frame_element, &f));
		if (f.type != FRAME_ROOM_UPDATE)
			continue;
		times++;
		buf_init(&out, FRAME_MAX);
		expect_ok(frame_add_refusal(&out, f.type, f.id, UC_E_POLICY, VIEW_LIT("no"), 0));
		expect_ok(uc_client_receive(rosa.c, out.p, out.n));
		buf_done(&out);
	}
	return times;
}

TEST(what_the_hub_refuses_is_not_sent_again_at_once)
{
	begin();
	lists(DEVICE_REVOKE);
	expect_ok(turn_run(rosa.c, duo_second_place, NULL));
	says_it_is(tablet.pub);
	rosa.c->connection = UC_ONLINE;
	hers->seat_open = hers->seat_known = true;
	hers->log_next = 0;
	expect_ok(uc_client_step(rosa.c));
	expect_eq(refused(), 1);
	for (int i = 0; i < 9; i++) {
		test_now_ms += SECOND;
		expect_ok(uc_client_step(rosa.c));
		expect_eq(refused(), 0);
	}
	expect(uc_client_deadline_ms(rosa.c) > test_now_ms);
	test_now_ms += 2 * SECOND;
	expect_ok(uc_client_step(rosa.c));
	expect_eq(refused(), 1);
	duo_end();
}
