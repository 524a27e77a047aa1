/* SPDX-License-Identifier: Apache-2.0 */
/* A hub gets another key and another franking key while people are in its rooms. */
#include "tests/unit/provider/guests.h"

static struct app *const hub = &apps[DIAL];
static struct provider_keys was;

static void rotate(void)
{
	was = hub->keys;
	expect_ok(provider_keys_rotate_rooms(&hub->keys, test_env()));
	provider_room_keys_changed(hub->provider);
	expect_ok(provider_keys_rotated(hub->provider));
}

static bool names(const struct guest *g, const struct provider_keys *k)
{
	struct group_view now = group_now(g->g);
	struct room_state r;
	expect_ok(room_state_read(&now, &apps_mem, &r));
	return view_equal(r.hub_key, sign_public(&k->hub_key)) &&
	       view_equal(r.franking_key, sign_public(&k->franking_key));
}

static void ticks(int n)
{
	for (int i = 0; i < n; i++)
		apps_wait(6000);
}

static void wipe_all(void)
{
	provider_keys_wipe(&was);
	the_end();
}

TEST(a_room_is_moved_by_whoever_commits_next)
{
	struct change none = { .n = 0 };
	room_of_three();
	rotate();
	/* Messages go on under the keys that the room names. */
	guest_say(&r1, "before");
	read_all();
	expect_eq(t1.messages, 1);
	ticks(1);
	read_all();
	expect_eq(r1.proposals, 2);
	expect(names(&t1, &was));
	expect(!provider_rooms_moved(hub->provider));
	guest_say(&r1, "still before");
	read_all();
	/* What waits is not proposed again. */
	ticks(4);
	read_all();
	expect_eq(r1.proposals, 2);
	guest_commit(&t1, &none);
	read_all();
	guests_agree((struct guest *[]){ &r1, &t1, &i1 }, 3);
	expect(names(&r1, &hub->keys) && names(&i1, &hub->keys));
	/* Franked with the other key: followers' people check it. */
	guest_say(&i1, "after");
	guest_say(&r1, "and after");
	read_all();
	expect_eq(t1.messages, 4);
	expect_eq(r1.messages, 1);
	ticks(4);
	expect(!provider_rooms_moved(hub->provider));
	test_now_ms += ROOM_KEYS_LEAST_MS;
	ticks(4);
	expect(provider_rooms_moved(hub->provider));
	wipe_all();
}

/* Who commits before the proposals have come leaves them out; they are there again at once. */
TEST(a_commit_that_crosses_them_loses_nothing)
{
	struct change none = { .n = 0 };
	uc_err err;
	room_of_three();
	rotate();
	struct view crossing = guest_commit_make(&t1, &none);
	ticks(1);
	expect_eq(guest_update(&t1, crossing, &err), UPDATE_SUCCESS);
	read_all();
	expect(names(&r1, &was));
	expect_eq(group_proposal_count(r1.g), 2);
	guest_commit(&i1, &none);
	read_all();
	expect(names(&r1, &hub->keys));
	/* In a room where people come and go no round is needed. */
	wipe_all();
}

TEST(one_who_was_away_reads_all_of_it)
{
	struct change none = { .n = 0 };
	room_of_three();
	client_close(t1.person->c);
	guest_say(&r1, "one");
	rotate();
	ticks(2);
	guest_read(&r1);
	guest_read(&i1);
	guest_say(&r1, "two");
	guest_commit(&r1, &none);
	guest_say(&r1, "three");
	guest_read(&i1);
	guest_return(&t1);
	expect_eq(t1.messages, 3);
	guests_agree((struct guest *[]){ &r1, &t1, &i1 }, 3);
	wipe_all();
}

/* The hub removes and lets in again with the key that the room names. */
TEST(what_the_hub_signs_holds_before_and_after)
{
	struct change none = { .n = 0 };
	struct guest back;
	struct group_info_ratchet_tree_tbe info;
	uc_err err;
	room_of_three();
	for (int after = 0; after < 2; after++) {
		if (after) {
			guest_commit(&r1, &none);
			read_all();
			expect(names(&r1, &hub->keys));
		} else {
			rotate();
			ticks(1);
			read_all();
		}
		guest_init(&back, after ? &ida : &tom, after ? &i1 : &t1);
		expect_eq(guest_group_info(&back, &info, &err), GROUP_INFO_SUCCESS);
		info.pending_proposals.n = 0; /* none of them is for a joiner */
		struct room_update_request q = guest_resync_make(&back, after ? &i1 : &t1, &info);
		expect_eq(guest_resync(&back, &q, &err), UPDATE_SUCCESS);
		guest_read(&r1);
		struct guest *gone = after ? &i1 : &t1;
		group_free(gone->g);
		*gone = back;
		read_all();
		guests_agree((struct guest *[]){ &r1, &t1, &i1 }, 3);
	}
	struct arena mem;
	struct room_live *r;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	expect_ok(room_live_get(hub->provider, the_room, &r));
	expect_ok(hub_expire(hub->provider, r, &(struct view_list){ &i1.client, 1 }, &mem));
	arena_done(&mem);
	apps_settle();
	guest_read(&r1);
	expect_eq(group_proposal_count(r1.g), 1);
	wipe_all();
}

static void make_alone(struct guest *g, struct view uri)
{
	struct view room = the_room;
	the_room = uri;
	guest_init(g, &rosa, NULL);
	make_group_alone(g);
	the_room = room;
}

/* By clients that have the directory of before. */
TEST(rooms_may_be_made_with_keys_of_before_until_these_are_retired)
{
	struct guest early, late;
	struct change none = { .n = 0 };
	room_of_three();
	make_alone(&early, VIEW_LIT("mimi://dial.example/r/early"));
	make_alone(&late, VIEW_LIT("mimi://dial.example/r/late"));
	uint64_t changed_ms = test_now_ms;
	rotate();
	expect_ok(guest_create(&early, false));
	ticks(1);
	guest_read(&early);
	expect_eq(early.proposals, 2);
	guest_commit(&early, &none);
	expect(names(&early, &hub->keys));
	expect_err(provider_keys_retire_rooms(&hub->keys, changed_ms), UC_E_BUSY);
	expect_err(provider_keys_rotate_rooms(&hub->keys, test_env()), UC_E_BUSY);
	expect_ok(provider_keys_retire_rooms(&hub->keys, changed_ms + ROOM_KEYS_LEAST_MS));
	expect_err(provider_keys_retire_rooms(&hub->keys, changed_ms + ROOM_KEYS_LEAST_MS),
		   UC_E_NOT_FOUND);
	expect_err(guest_create(&late, false), UC_E_POLICY);
	group_free(early.g);
	group_free(late.g);
	wipe_all();
}

/* A room that comes when a round has passed its place, or when all were found to have moved, would
 * name a key that is forgotten. */
TEST(no_room_is_made_behind_a_rounds_back)
{
	struct guest early, later;
	struct change none = { .n = 0 };
	room_of_three();
	make_alone(&early, VIEW_LIT("mimi://dial.example/r/early"));
	make_alone(&later, VIEW_LIT("mimi://dial.example/r/later"));
	rotate();
	ticks(1);
	read_all();
	guest_commit(&r1, &none);
	read_all();
	ticks(4);
	test_now_ms += ROOM_KEYS_LEAST_MS;
	/* Nobody has looked since: it is still taken, and found. */
	expect_ok(guest_create(&early, false));
	expect(!provider_rooms_moved(hub->provider));
	ticks(4);
	expect(!provider_rooms_moved(hub->provider));
	guest_read(&early);
	guest_commit(&early, &none);
	expect(names(&early, &hub->keys));
	ticks(4);
	expect(provider_rooms_moved(hub->provider));
	expect_err(guest_create(&later, false), UC_E_POLICY);
	expect(provider_rooms_moved(hub->provider));
	group_free(early.g);
	group_free(later.g);
	wipe_all();
}

/* --- killed at every write --- */

static bool killed_at(unsigned n, bool keep)
{
	struct change none = { .n = 0 };
	bool was_struck = false;
	test_seed(n * 2 + keep);
	room_of_three();
	kills_keep = keep;
	rotate();
	hub->strike_in = n;
	for (int i = 0; i < 6; i++) {
		apps_wait(6000);
		if (hub->provider)
			continue;
		was_struck = true;
		app_start(hub);
	}
	hub->strike_in = 0;
	if (!rosa.c->session)
		guest_return(&r1);
	apps_wait(60000);
	read_all();
	expect_eq(group_proposal_count(r1.g), 2);
	guest_commit(&r1, &none);
	apps_wait(60000);
	read_all();
	guests_agree((struct guest *[]){ &r1, &t1, &i1 }, 3);
	expect(names(&t1, &hub->keys));
	guest_say(&r1, "on");
	apps_wait(60000);
	read_all();
	expect_eq(t1.messages, 1);
	wipe_all();
	return was_struck;
}

TEST(a_hub_that_is_killed_goes_on_where_it_was)
{
	unsigned points = 0;
	for (unsigned n = 1; n < 100; n++) {
		bool struck = killed_at(n, false);
		struck |= killed_at(n, true);
		if (!struck)
			break;
		points++;
	}
	expect(points > 3);
	printf("%u points struck\n", points);
}
