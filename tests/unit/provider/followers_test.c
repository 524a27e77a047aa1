/* SPDX-License-Identifier: Apache-2.0 */
/* Between the hub and the apps that follow: what is lost is sent again, what is repeated is ignored,
 * what does not verify is not taken; and key material, which goes the same ways. */
#include "tests/unit/provider/guests.h"

static struct app *const hub = &apps[DIAL], *const lens = &apps[LENS];

static struct view changed(struct view v, size_t at)
{
	struct view copy = { NULL, 0 };
	expect_ok(arena_copy(&apps_mem, v, &copy));
	/* Of apps_mem, ours to change. */
	((uint8_t *)(uintptr_t)copy.p)[at] ^= 1;
	return copy;
}

static uint64_t wanted(const struct app *a)
{
	uint64_t next = 0;
	expect(header_number(a->last_reply_headers, "undercroft-next", &next));
	return next;
}

static int notify(uint64_t seq, struct view chain, struct view body)
{
	char headers[256];
	snprintf(headers, sizeof headers, "undercroft-sequence: %llu\r\n%s%.*s%s",
		 (unsigned long long)seq, chain.n ? "undercroft-chain: " : "", (int)chain.n,
		 chain.n ? (const char *)chain.p : "", chain.n ? "\r\n" : "");
	return peer_ask_with(lens, hub, "notify", the_room, headers, body, NULL);
}

/* What the hub last tried to tell Lens. */
struct told {
	uint64_t seq;
	struct view chain, body;
};
static struct told told(void)
{
	struct told t = { .body = lens->last_body,
			  .chain = header_find(lens->last_headers, "undercroft-chain") };
	expect(header_number(lens->last_headers, "undercroft-sequence", &t.seq));
	return t;
}

TEST(what_was_not_taken_is_told_again)
{
	room_of_three();
	lens->is_down = true;
	for (int i = 0; i < 100; i++)
		guest_say(&r1, "for later");
	/* Plaza does not wait for Lens. */
	guest_read(&i1);
	expect_eq(i1.messages, 100);
	guest_read(&t1);
	expect_eq(t1.messages, 0);
	/* It is asked less and less often, a minute apart at last. */
	size_t before = lens->asked;
	for (int i = 0; i < 3600; i++)
		apps_wait(1000);
	expect(lens->asked - before > 50 && lens->asked - before < 150);
	lens->is_down = false;
	for (int i = 0; i < 70; i++)
		apps_wait(1000);
	guest_read(&t1);
	expect_eq(t1.messages, 100);
	the_end();
}

TEST(what_was_taken_unheard_is_not_taken_twice)
{
	room_of_three();
	lens->loses_answers = true;
	guest_say(&r1, "once");
	guest_say(&i1, "and once");
	for (int i = 0; i < 10; i++)
		apps_wait(5000);
	lens->loses_answers = false;
	apps_wait(60000);
	guest_say(&r1, "thrice");
	apps_wait(60000);
	guest_read(&t1);
	expect_eq(t1.messages, 3);
	expect_eq(log_head_of(lens, the_room), log_head_of(hub, the_room));
	the_end();
}

TEST(repeats_are_ignored_and_gaps_are_answered)
{
	room_of_three();
	guest_say(&r1, "one");
	struct told one = told();
	expect_eq(notify(one.seq, one.chain, one.body), 201);
	expect_eq(wanted(lens), one.seq + 1);
	expect_eq(notify(1, one.chain, one.body), 201);
	lens->is_down = true;
	guest_say(&r1, "two");
	struct told two = told();
	lens->is_down = false;
	/* As if three were told first. */
	expect_eq(notify(two.seq + 1, two.chain, two.body), 409);
	expect_eq(wanted(lens), two.seq);
	expect_eq(log_head_of(lens, the_room), one.seq);
	expect_eq(notify(two.seq, two.chain, two.body), 201);
	apps_wait(60000);
	guest_read(&t1);
	expect_eq(t1.messages, 2);
	the_end();
}

TEST(entries_that_do_not_continue_the_chain_are_not_taken)
{
	room_of_three();
	lens->is_down = true;
	guest_say(&r1, "true");
	struct told t = told();
	lens->is_down = false;
	uint64_t head = log_head_of(lens, the_room);
	for (size_t i = 0; i < t.body.n; i += 13)
		expect_eq(notify(t.seq, t.chain, changed(t.body, i)), 400);
	expect_eq(notify(t.seq, VIEW_LIT("00"), t.body), 400);
	for (size_t n = 0; n < t.body.n; n += 13)
		expect(notify(t.seq, t.chain, view_slice(t.body, 0, n)) != 201 || n == 0);
	expect_eq(log_head_of(lens, the_room), head);
	apps_wait(60000);
	guest_read(&t1);
	expect_eq(t1.messages, 1);
	the_end();
}

/* A hub that lets in what the rules do not: its follower does not go along. */
TEST(commits_that_break_the_rules_are_not_followed)
{
	room_of_three();
	struct change none = { .n = 0 };
	lens->is_down = true;
	uc_err err;
	expect_eq(guest_update(&r1, guest_commit_make(&r1, &none), &err), UPDATE_SUCCESS);
	guest_read(&r1);
	struct told t = told();
	lens->is_down = false;
	uint64_t head = log_head_of(lens, the_room);
	/* Without a chain to compare with, the signature still tells. */
	struct view no_chain = { NULL, 0 };
	for (size_t i = 8; i < t.body.n - 100; i += 29)
		expect(notify(t.seq, no_chain, changed(t.body, i)) != 201);
	expect_eq(log_head_of(lens, the_room), head);
	apps_wait(60000);
	guest_read(&t1);
	guest_read(&i1);
	guests_agree((struct guest *[]){ &r1, &t1, &i1 }, 3);
	the_end();
}

static uc_err start_with(struct view body)
{
	return peer_ask_with(lens, hub, "notify", the_room, "undercroft-start: 1\r\n", body, NULL);
}

TEST(a_start_that_does_not_verify_makes_no_room)
{
	the_people();
	guest_init(&t1, &tom, NULL);
	guest_init(&r1, &rosa, NULL);
	lens->is_down = true;
	expect_ok(guest_create(&r1, false));
	struct change c = { .n = 0 };
	change_add(&c, &t1);
	guest_commit(&r1, &c);
	struct view body = lens->last_body;
	expect(header_find(lens->last_headers, "undercroft-start").n);
	lens->is_down = false;
	struct follow_start s;
	struct view bytes = { NULL, 0 };
	expect_ok(wire_decode(body, &apps_mem, follow_start_element, &s));
	for (size_t i = 0; i < s.group_info.n; i += 31) {
		struct follow_start forged = s;
		forged.group_info = changed(s.group_info, i);
		expect_ok(wire_encode_to(&apps_mem, follow_start_element, &forged, &bytes));
		expect(start_with(bytes) != 201);
	}
	for (size_t i = 0; i < s.ratchet_tree.n; i += 31) {
		struct follow_start forged = s;
		forged.ratchet_tree = changed(s.ratchet_tree, i);
		expect_ok(wire_encode_to(&apps_mem, follow_start_element, &forged, &bytes));
		expect(start_with(bytes) != 201);
	}
	/* Of nobody there; of a client that is not in the room; without the Welcome. */
	struct follow_start forged = s;
	forged.clients.n = 0;
	expect_ok(wire_encode_to(&apps_mem, follow_start_element, &forged, &bytes));
	expect(start_with(bytes) != 201);
	guest_init(&i1, &tom, NULL);
	struct start_client stranger = { s.clients.v[0].key_package_ref, i1.client };
	forged.clients = (struct start_client_list){ &stranger, 1 };
	expect_ok(wire_encode_to(&apps_mem, follow_start_element, &forged, &bytes));
	expect(start_with(bytes) != 201);
	forged = s;
	forged.welcome = (struct view){ NULL, 0 };
	expect_ok(wire_encode_to(&apps_mem, follow_start_element, &forged, &bytes));
	expect(start_with(bytes) != 201);
	/* Of another hub than the room's name says. */
	expect_eq(peer_ask_with(lens, &apps[PLAZA], "notify", the_room, "undercroft-start: 1\r\n",
				body, NULL),
		  403);
	expect_eq(table_count(lens, TABLE_ROOM), 0);
	expect_eq(table_count(lens, TABLE_SEAT), 0);
	/* The true one is taken, once. */
	expect_eq(start_with(body), 201);
	expect_eq(start_with(body), 201);
	apps_wait(60000);
	guest_join(&t1);
	guest_say(&t1, "in");
	guest_read(&r1);
	expect_eq(r1.messages, 1);
	the_end();
}

TEST(both_sides_go_on_after_a_restart)
{
	room_of_three();
	guest_say(&r1, "before");
	lens->is_down = true;
	guest_say(&r1, "while lens is away");
	app_kill(hub, true);
	lens->is_down = false;
	app_kill(lens, true);
	app_start(hub);
	app_start(lens);
	/* Nobody touches the room: the hub finds by itself what is behind. */
	apps_wait(1000);
	expect_eq(log_head_of(lens, the_room), log_head_of(hub, the_room));
	guest_return(&t1);
	guest_return(&r1);
	expect_eq(t1.messages, 2);
	guest_say(&t1, "after");
	struct change none = { .n = 0 };
	guest_read(&r1);
	guest_read(&i1);
	guest_commit(&r1, &none);
	guest_read(&t1);
	guest_read(&i1);
	guests_agree((struct guest *[]){ &r1, &t1, &i1 }, 3);
	expect_eq(r1.messages, 1);
	the_end();
}

/* An addition while the newcomer's app is away: its Welcome comes when it is back, the first as well
 * as a later one. */
TEST(welcomes_wait_for_an_app_that_is_away)
{
	the_people();
	struct guest second;
	struct change c = { .n = 0 }, more = { .n = 0 };
	guest_init(&r1, &rosa, NULL);
	guest_init(&t1, &tom, NULL);
	guest_init(&second, &tom, NULL);
	expect_ok(guest_create(&r1, false));
	lens->is_down = true;
	change_add(&c, &t1);
	guest_commit(&r1, &c);
	guest_say(&r1, "between");
	change_add(&more, &second);
	guest_commit(&r1, &more);
	lens->is_down = false;
	apps_wait(60000);
	apps_wait(60000);
	guest_join(&t1);
	expect_eq(t1.messages, 1);
	guest_join(&second);
	guests_agree((struct guest *[]){ &r1, &t1, &second }, 3);
	group_free(second.g);
	expect_eq(table_count(hub, TABLE_WELCOME_OUT), 0);
	expect_eq(table_count(hub, TABLE_FOLLOW_START), 0);
	the_end();
}

/* --- key material --- */

static struct view key_request(struct guest *by, struct view address)
{
	uint16_t suites[] = { SUITE_X25519_AES128 };
	struct key_material_request m = { .protocol = PROTOCOL_MLS10,
					  .requesting_user = by->participant,
					  .target_user = address,
					  .room_id = the_room,
					  .acceptable_ciphersuites = { suites, 1 },
					  .requester_signature_key = sign_public(&by->leaf_key),
					  .requester_credential = by->leaf.credential };
	struct view tbs = { NULL, 0 }, out = { NULL, 0 };
	expect_ok(wire_encode_to(&apps_mem, key_material_request_tbs_element, &m, &tbs));
	expect_ok(sign_with_label(suite_find(SUITE_X25519_AES128), &by->leaf_key, test_env(),
				  "KeyMaterialRequestTBS", tbs, &apps_mem,
				  &m.key_material_request_signature));
	expect_ok(wire_encode_to(&apps_mem, key_material_request_element, &m, &out));
	return out;
}

static uc_err ask_keys(struct guest *by, struct view address, struct view request,
		       struct key_material_response *m)
{
	struct key_material_request_frame q = { .seat = by->seat,
						.target = address,
						.request = request };
	struct key_material_response_frame r;
	TRY(client_ask(by->person->c, FRAME_KEY_MATERIAL, key_material_request_frame_element, &q,
		       key_material_response_frame_element, &r));
	expect_ok(wire_decode(r.response, &apps_mem, key_material_response_element, m));
	return UC_OK;
}

static struct view address_of(struct person *p, struct set *s)
{
	static const uint8_t grant[GRANT_ID] = { 1 };
	struct view uri = { NULL, 0 };
	set_init(s, p->app);
	expect_ok(set_put(p, s));
	expect_ok(set_address(p, s, grant, &uri));
	return uri;
}

TEST(key_material_goes_through_the_hub_to_whoever_gave_the_address)
{
	room_of_three();
	struct person eva;
	struct key_material_response m;
	struct set s;
	person_join(&eva, &apps[PLAZA], "eva@plaza.example");
	/* Lens asks the hub, which asks Plaza; the hub asks Plaza; the hub is asked for its own. */
	struct view by_tom = address_of(&eva, &s);
	expect_ok(ask_keys(&t1, by_tom, key_request(&t1, by_tom), &m));
	expect_eq(m.user_status, KEY_MATERIAL_SUCCESS);
	expect_eq(m.clients.n, 1);
	expect_bytes(m.clients.v[0].key_package, s.key_package);
	/* It was good once. */
	expect_ok(ask_keys(&t1, by_tom, key_request(&t1, by_tom), &m));
	expect(m.user_status != KEY_MATERIAL_SUCCESS);
	struct view by_rosa = address_of(&eva, &s);
	expect_ok(ask_keys(&r1, by_rosa, key_request(&r1, by_rosa), &m));
	expect_eq(m.user_status, KEY_MATERIAL_SUCCESS);
	struct view of_rob = address_of(&rob, &s);
	expect_ok(ask_keys(&t1, of_rob, key_request(&t1, of_rob), &m));
	expect_eq(m.user_status, KEY_MATERIAL_SUCCESS);
	the_end();
}

TEST(key_material_is_for_participants_of_the_room)
{
	room_of_three();
	struct key_material_response m;
	struct set s;
	struct view address = address_of(&rob, &s);
	/* Signed by another; for another address; by one who is not there; through no seat. */
	struct guest x = t1;
	x.leaf_key = i1.leaf_key;
	expect_err(ask_keys(&t1, address, key_request(&x, address), &m), UC_E_NOT_ALLOWED);
	struct view other = address_of(&rob, &s);
	expect_err(ask_keys(&t1, other, key_request(&t1, address), &m), UC_E_MALFORMED);
	guest_init(&x, &tom, NULL);
	x.seat = t1.seat;
	expect_err(ask_keys(&x, address, key_request(&x, address), &m), UC_E_NOT_ALLOWED);
	x = t1;
	x.seat = 99;
	expect_err(ask_keys(&x, address, key_request(&t1, address), &m), UC_E_SEAT);
	/* An app that is not the room's hub asks the address's app itself. */
	expect_eq(peer_ask(&apps[DIAL], &apps[PLAZA], "keyMaterial", address,
			   key_request(&i1, address), NULL),
		  400);
	struct set of_ida;
	struct view at_plaza = address_of(&ida, &of_ida);
	expect_eq(peer_ask(&apps[PLAZA], &apps[LENS], "keyMaterial", at_plaza,
			   key_request(&t1, at_plaza), NULL),
		  403);
	/* None of it used the address up. */
	expect_ok(ask_keys(&t1, address, key_request(&t1, address), &m));
	expect_eq(m.user_status, KEY_MATERIAL_SUCCESS);
	the_end();
}

TEST(a_hub_that_is_away_is_told_so)
{
	room_of_three();
	struct submit_message_response r;
	struct key_material_response m;
	struct set s;
	uint64_t seq;
	uc_err err;
	struct view made = guest_message_make(&t1, "later");
	struct view address = address_of(&ida, &s);
	hub->is_down = true;
	expect_eq(guest_submit(&t1, made, &r, &seq, &err), -1);
	expect_err(err, UC_E_PEER);
	expect_err(ask_keys(&t1, address, key_request(&t1, address), &m), UC_E_PEER);
	hub->is_down = false;
	/* It did reach the hub, and the answer was lost. */
	hub->loses_answers = true;
	expect_eq(guest_submit(&t1, made, &r, &seq, &err), -1);
	expect_err(err, UC_E_PEER);
	hub->loses_answers = false;
	expect_eq(guest_submit(&t1, made, &r, &seq, &err), SUBMIT_ACCEPTED);
	read_all();
	expect_eq(r1.messages, 1);
	expect_eq(i1.messages, 1);
	the_end();
}

/* --- what is kept in memory of them --- */

static struct room_live *room_of(void)
{
	struct room_live *r = NULL;
	expect_ok(room_live_get(hub->provider, the_room, &r));
	return r;
}

static struct follower_record stored(const struct app *whose)
{
	struct follower_record f = { .cursor = 0 };
	struct store_key k;
	expect_ok(record_get(hub->rooms, key_2(&k, TABLE_FOLLOWER, the_room, whose->domain),
			     follower_record_element, &apps_mem, &f));
	return f;
}

TEST(cursors_are_written_on_the_clock_and_one_that_is_lost_makes_a_repeat)
{
	room_of_three();
	apps_wait(20000);
	uint64_t before = stored(lens).cursor;
	expect_eq(before, log_head_of(hub, the_room));
	for (int i = 0; i < 5; i++)
		guest_say(&r1, "taken at once");
	expect_eq(log_head_of(lens, the_room), before + 5);
	expect_eq(stored(lens).cursor, before);
	/* The kill takes it away; what is told again is ignored. */
	app_kill(hub, true);
	app_start(hub);
	guest_return(&r1);
	guest_say(&r1, "after the kill");
	apps_wait(60000);
	guest_read(&t1);
	guest_read(&i1);
	expect_eq(t1.messages, 6);
	expect_eq(i1.messages, 6);
	expect_eq(log_head_of(lens, the_room), before + 6);
	expect_eq(stored(lens).cursor, before + 6);
	/* Nothing is left to be written or told. */
	expect(!hub->provider->room_work->late.first);
	expect(!hub->provider->room_work->behind.first);
	the_end();
}

TEST(what_a_follower_has_not_taken_waits_in_memory_and_no_longer)
{
	room_of_three();
	guest_say(&r1, "taken");
	expect(!room_of()->follow->recent);
	expect_eq(hub->provider->room_work->recent_bytes, 0);
	lens->is_down = true;
	for (int i = 0; i < 30; i++)
		guest_say(&r1, "waits");
	expect_eq(room_of()->follow->recent_n, 30);
	for (int i = 0; i < 100; i++)
		guest_say(&r1, "more than is kept");
	expect_eq(room_of()->follow->recent_n, 64);
	expect_eq(room_of()->follow->recent_bytes, hub->provider->room_work->recent_bytes);
	lens->is_down = false;
	apps_wait(70000);
	for (int i = 0; i < 5; i++)
		apps_wait(1000);
	guest_read(&t1);
	expect_eq(t1.messages, 131);
	expect(!room_of()->follow->recent);
	expect_eq(hub->provider->room_work->recent_bytes, 0);
	the_end();
}

/* A commit with a Welcome for an app lies among what it has not taken, in memory and in the log. */
TEST(a_welcome_goes_with_its_commit_wherever_the_entry_comes_from)
{
	for (int kept = 0; kept < 2; kept++) {
		struct guest second;
		struct change c = { .n = 0 };
		room_of_three();
		lens->is_down = true;
		guest_say(&r1, "before");
		guest_init(&second, &tom, NULL);
		change_add(&c, &second);
		guest_commit(&r1, &c);
		guest_say(&r1, "after");
		expect_eq(table_count(hub, TABLE_WELCOME_OUT), 1);
		if (kept)
			expect(room_of()->follow->recent != NULL);
		else
			recent_drop(hub->provider, room_of());
		lens->is_down = false;
		apps_wait(70000);
		guest_join(&second);
		guest_read(&second);
		guest_read(&t1);
		expect_eq(t1.messages, 2);
		expect_eq(second.messages, 1);
		group_free(second.g);
		expect_eq(table_count(hub, TABLE_WELCOME_OUT), 0);
		the_end();
	}
}
