/* SPDX-License-Identifier: Apache-2.0 */
/* Apps and clients that mean harm: what they cannot learn, hold up, take over or use up; and clocks
 * that are put back. */
#include "tests/unit/provider/guests.h"

static struct app *const hub = &apps[DIAL], *const lens = &apps[LENS];

/* --- a follower that says what it likes --- */

static struct follower_live *follower(void)
{
	struct room_live *r = NULL;
	expect_ok(room_live_get(hub->provider, the_room, &r));
	struct follower_live *f = r->followers;
	while (!view_equal(f->domain, lens->domain))
		f = f->next;
	return f;
}

/* Answers the hub's open question as Lens. */
static void answer(int status, const char *headers)
{
	struct peer_response r = { .status = status, .headers = view_str(headers) };
	expect(hub->provider->asks != NULL);
	if (hub->provider->asks)
		provider_response(hub->provider, hub->provider->asks->token, &r);
	(void)provider_go_on(hub->provider);
}

static void wanting(uint64_t next)
{
	char text[64];
	snprintf(text, sizeof text, "undercroft-next: %llu\r\n", (unsigned long long)next);
	answer(201, text);
}

/* Tom comes into a room that has a past; something waits to be told to Lens. */
static uint64_t a_room_with_a_past(void)
{
	the_people();
	guest_init(&r2, &rob, NULL);
	guest_init(&t1, &tom, NULL);
	the_room_of((struct guest *[]){ &r2 }, 1);
	for (int i = 0; i < 3; i++)
		guest_say(&r1, "before tom");
	struct change c = { .n = 0 };
	change_add(&c, &t1);
	guest_commit(&r1, &c);
	guest_join(&t1);
	uint64_t joined = log_head_of(hub, the_room);
	for (int i = 0; i < 3; i++)
		guest_say(&r1, "with tom");
	lens->is_down = true;
	guest_say(&r1, "waits");
	return joined;
}

/* The clock goes on and the hub asks, with nobody answering yet. */
static void hub_asks(void)
{
	test_now_ms += 120000;
	peers_hello_later(hub->provider);
	provider_tick(hub->provider, test_now_ms);
}

TEST(an_app_is_not_told_what_was_before_its_people_came)
{
	uint64_t joined = a_room_with_a_past();
	uint64_t cursor = follower()->record.cursor;
	for (uint64_t next = 0; next <= joined; next++) {
		hub_asks();
		wanting(next);
		expect_eq(follower()->record.cursor, cursor);
	}
	/* Nor more than there is. */
	hub_asks();
	wanting(UINT64_MAX);
	expect_eq(follower()->record.cursor, cursor);
	lens->is_down = false;
	apps_wait(120000);
	guest_read(&t1);
	expect_eq(t1.messages, 4);
	the_end();
}

TEST(an_app_that_goes_back_for_ever_is_told_slowly)
{
	uint64_t joined = a_room_with_a_past();
	hub_asks();
	/* Within what is its own it may go back, but is not asked again at once. */
	wanting(joined + 1);
	expect_eq(follower()->record.cursor, joined);
	expect(!hub->provider->asks);
	for (int i = 0; i < 10; i++) {
		hub_asks();
		wanting(joined + 2);
		wanting(joined + 1);
		expect(!hub->provider->asks);
	}
	lens->is_down = false;
	apps_wait(120000);
	apps_wait(120000);
	guest_read(&t1);
	expect_eq(t1.messages, 4);
	the_end();
}

TEST(an_app_that_asks_for_a_year_is_tried_again_within_the_hour)
{
	a_room_with_a_past();
	test_now_ms += 120000;
	provider_tick(hub->provider, test_now_ms);
	struct peer_response r = { .status = 503, .retry_after_s = UINT32_MAX };
	expect(hub->provider->asks != NULL);
	provider_response(hub->provider, hub->provider->asks->token, &r);
	lens->is_down = false;
	apps_wait(3600000);
	guest_read(&t1);
	expect_eq(t1.messages, 4);
	the_end();
}

/* --- a hub that says what it likes --- */

static int notify(uint64_t seq, struct view body)
{
	char headers[64];
	snprintf(headers, sizeof headers, "undercroft-sequence: %llu\r\n", (unsigned long long)seq);
	return peer_ask_with(lens, hub, "notify", the_room, headers, body, NULL);
}

/* The message that waits, under another time. */
static struct view at_time(struct view body, uint64_t ms)
{
	struct view copy = { NULL, 0 };
	expect_ok(arena_copy(&apps_mem, body, &copy));
	for (int i = 0; i < 8; i++)
		((uint8_t *)(uintptr_t)copy.p)[i] = (uint8_t)(ms >> 8 * (7 - i));
	return copy;
}

TEST(time_in_a_room_does_not_go_back_at_a_hubs_word)
{
	a_room_with_a_past();
	struct view body = lens->last_body;
	uint64_t seq, head = log_head_of(lens, the_room);
	expect(header_number(lens->last_headers, "undercroft-sequence", &seq));
	lens->is_down = false;
	expect_eq(notify(seq, at_time(body, 0)), 400);
	expect_eq(notify(seq, at_time(body, test_now_ms - 3600000)), 400);
	/* A time near the end of numbers, from which thirty days later is the beginning. */
	expect_eq(notify(seq, at_time(body, UINT64_MAX)), 400);
	expect_eq(log_head_of(lens, the_room), head);
	expect_eq(notify(seq, body), 201);
	apps_wait(120000);
	guest_read(&t1);
	expect_eq(t1.messages, 4);
	the_end();
}

static struct seat_record seat_of(struct app *a, const struct guest *g)
{
	struct store_key k;
	struct seat_record r = { 0 };
	expect_ok(record_get(a->rooms, key_2(&k, TABLE_SEAT, the_room, g->client),
			     seat_record_element, &apps_mem, &r));
	return r;
}

/* The hub looks after its own people's seats; a follower after its own. */
TEST(a_client_that_is_added_again_elsewhere_gets_no_second_seat)
{
	room_of_three();
	struct guest second;
	struct change c = { .n = 0 }, out = { .n = 0 }, again = { .n = 0 };
	guest_init(&second, &tom, &t1);
	change_add(&c, &second);
	guest_commit(&t1, &c);
	guest_join(&second);
	struct seat_record before = seat_of(lens, &second);
	read_all();
	change_remove(&out, &t1, &second);
	guest_commit(&t1, &out);
	read_all();
	change_add(&again, &second);
	guest_commit(&t1, &again);
	read_all();
	struct seat_record after = seat_of(lens, &second);
	expect(after.ended != 0);
	expect_eq(after.start, before.start);
	expect_bytes(VIEW_OF(after.secret_hash), VIEW_OF(before.secret_hash));
	group_free(second.g);
	the_end();
}

static void replace_all(struct view in, struct view what, struct view with)
{
	expect_eq(what.n, with.n);
	for (size_t i = 0; i + what.n <= in.n; i++)
		if (view_equal(view_slice(in, i, what.n), what))
			memcpy((uint8_t *)(uintptr_t)in.p + i, with.p, with.n);
}

/* It shows another key behind those it has. */
static void guest_extend(struct guest *g, const struct ed25519_key *next)
{
	expect_ok(participant_extend(g->component, &g->first, next, g->client,
				     sign_public(&g->leaf_key), &apps_mem, &g->component));
	expect_ok(room_leaf_parameters(&g->leaf_key, g->client, g->component, &apps_mem, &g->leaf));
}

/* Tom's devices have gone on to another key: who has the first one alone is one that was ended. */
TEST(who_has_only_the_key_of_before_gets_nothing_of_the_room)
{
	room_of_three();
	struct guest fresh, ended, other;
	struct ed25519_key next, false_next;
	struct group_info_ratchet_tree_tbe before, info;
	uc_err err;
	expect_ok(ed25519_generate(test_env(), &next));
	expect_ok(ed25519_generate(test_env(), &false_next));
	guest_init(&ended, &tom, &t1);
	expect_eq(guest_group_info(&ended, &before, &err), GROUP_INFO_SUCCESS);
	guest_init(&fresh, &tom, &t1);
	guest_extend(&fresh, &next);
	expect_eq(guest_group_info(&fresh, &info, &err), GROUP_INFO_SUCCESS);
	struct room_update_request q = guest_resync_make(&fresh, &t1, &info);
	expect_eq(guest_resync(&fresh, &q, &err), UPDATE_SUCCESS);
	uint64_t head = log_head_of(hub, the_room);
	expect_eq(guest_group_info(&ended, &info, &err), GROUP_INFO_NOT_AUTHORIZED);
	/* Nor with another one behind the first. */
	other = ended;
	guest_extend(&other, &false_next);
	expect_eq(guest_group_info(&other, &info, &err), GROUP_INFO_NOT_AUTHORIZED);
	/* With what it was given before, it is late. */
	q = guest_resync_make(&ended, NULL, &before);
	expect_eq(guest_resync(&ended, &q, &err), UPDATE_WRONG_EPOCH);
	group_free(ended.g);
	expect_eq(log_head_of(hub, the_room), head);
	/* And a device of his that has it comes in. */
	guest_init(&other, &tom, &t1);
	guest_extend(&other, &next);
	expect_eq(guest_group_info(&other, &info, &err), GROUP_INFO_SUCCESS);
	group_free(fresh.g);
	the_end();
}

/* An account and a hub that play together: she joins "as" a client of somebody else that was added
 * and has not come yet, and the hub says that it has taken it. */
TEST(a_seat_is_not_taken_over_because_its_hub_says_so)
{
	room_of_three();
	struct guest second, thief;
	struct person eve;
	struct change c = { .n = 0 };
	struct group_info_ratchet_tree_tbe info;
	uc_err err;
	guest_init(&second, &tom, &t1);
	change_add(&c, &second);
	guest_commit(&t1, &c);
	read_all();
	person_join(&eve, lens, "eve");
	expect_eq(guest_group_info(&t1, &info, &err), GROUP_INFO_SUCCESS);
	guest_init(&thief, &tom, &t1);
	thief.person = &eve;
	struct room_update_request q = guest_resync_make(&thief, &t1, &info);
	replace_all(q.update, thief.client, second.client);
	thief.client = q.client = second.client;
	q.signature = seat_signature(&thief, &thief.leaf_key);
	struct buf frame;
	eve.c->is_answered = false;
	buf_init(&frame, FRAME_MAX);
	expect_ok(frame_add_request(&frame, FRAME_ROOM_UPDATE, ++eve.c->last_id,
				    room_update_request_element, &q));
	provider_frame(lens->provider, eve.c->session, buf_view(&frame));
	buf_done(&frame);
	const struct update_room_response yes = { .response_code = UPDATE_SUCCESS };
	struct view body = { NULL, 0 };
	expect_ok(wire_encode_to(&apps_mem, update_room_response_element, &yes, &body));
	struct peer_response r = { .status = 200,
				   .headers = VIEW_LIT("undercroft-sequence: 9\r\n"),
				   .body = body };
	expect(lens->provider->asks != NULL);
	if (lens->provider->asks)
		provider_response(lens->provider, lens->provider->asks->token, &r);
	apps_settle();
	struct seat_record seat = seat_of(lens, &second);
	expect(seat_is_unopened(&seat));
	expect_eq(eve.c->session->seats.n, 0);
	/* Its own device opens it, and reads. */
	guest_join(&second);
	guest_say(&r1, "to both of tom's");
	guest_read(&second);
	expect_eq(second.messages, 1);
	group_free(second.g);
	group_free(thief.g);
	the_end();
}

/* Whoever has a seat's secret opens it; who it was is sealed for the moderators, by each way. */
TEST(no_way_to_open_a_seat_leaves_out_the_opening)
{
	the_people();
	struct opening_record r = { .version = 0 };
	struct store_key k;
	struct view id;
	guest_init(&r1, &rosa, NULL);
	expect_ok(guest_create(&r1, false));
	struct guest lent = r1;
	lent.person = &rob;
	expect_ok(guest_create(&lent, false));
	apps_wait(20000);
	expect_ok(record_get(hub->rooms, key_2(&k, TABLE_OPENING, the_room, r1.participant),
			     opening_record_element, &apps_mem, &r));
	const struct opening_context context = { the_room, r1.participant };
	expect_ok(opening_read(secret_view(&hub->moderators), VIEW_OF(hub->keys.moderators_pub),
			       &context, r.first, &apps_mem, &id));
	expect_bytes(id, VIEW_OF(rosa.account_id));
	expect_ok(opening_read(secret_view(&hub->moderators), VIEW_OF(hub->keys.moderators_pub),
			       &context, r.latest, &apps_mem, &id));
	expect_bytes(id, VIEW_OF(rob.account_id));
	the_end();
}

/* --- strangers --- */

TEST(whose_seat_it_is_not_does_not_learn_that_there_is_one)
{
	room_of_three();
	struct guest known = t1, unknown;
	guest_init(&unknown, &tom, NULL);
	known.secret[0] ^= 1;
	/* However far it says it has read. */
	uint64_t cursors[] = { 0, 1, 1000, UINT64_MAX };
	for (size_t i = 0; i < 4; i++) {
		known.seq = unknown.seq = cursors[i];
		expect_err(guest_open(&unknown), UC_E_SEAT);
		expect_err(guest_open(&known), UC_E_SEAT);
	}
	the_end();
}

TEST(strangers_do_not_use_up_what_a_room_may_do)
{
	room_of_three();
	struct change none = { .n = 0 };
	char header[400];
	struct view commit = guest_commit_make(&t1, &none);
	group_pending_drop(t1.g);
	snprintf(header, sizeof header, "undercroft-client: %.*s\r\n", (int)i1.client.n,
		 (const char *)i1.client.p);
	for (int i = 0; i < 1000; i++)
		expect_eq(
			peer_ask_with(hub, &apps[PLAZA], "update", the_room, header, commit, NULL),
			200);
	guest_commit(&r1, &none);
	read_all();
	guests_agree((struct guest *[]){ &r1, &t1, &i1 }, 3);
	the_end();
}

TEST(names_of_apps_that_are_none_do_not_crowd_out_those_that_are)
{
	the_people();
	char name[32];
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof name, "no%d.example", i);
		expect(peer_live_get(hub->provider, view_str(name)) != NULL);
	}
	expect_eq(peer_live_rate(hub->provider, lens->domain, LIMIT_PEER_MESSAGE), 0);
	the_end();
}

/* An app that never answers: what is asked of it is bounded, and the others are still asked. */
TEST(an_app_that_never_answers_holds_up_no_other)
{
	room_of_three();
	struct view message = guest_message_make(&t1, "again and again");
	const struct room_submit_request q = { .seat = t1.seat, .message = message };
	struct buf frame;
	size_t open = 0;
	for (int i = 0; i < 300; i++) {
		buf_init(&frame, FRAME_MAX);
		expect_ok(frame_add_request(&frame, FRAME_ROOM_SUBMIT, ++tom.c->last_id,
					    room_submit_request_element, &q));
		provider_frame(lens->provider, tom.c->session, buf_view(&frame));
		buf_done(&frame);
	}
	for (const struct ask *a = lens->provider->asks; a; a = a->next)
		open++;
	expect_eq(open, ASKS_OF_OTHERS);
	expect_err(ask_check(lens->provider, hub->domain), UC_E_BUSY);
	expect_ok(ask_check(lens->provider, apps[PLAZA].domain));
	client_close(tom.c);
	apps_settle();
	expect_ok(ask_check(lens->provider, hub->domain));
	guest_read(&r1);
	expect_eq(r1.messages, 1);
	the_end();
}

/* --- clocks --- */

TEST(a_clock_that_is_put_back_holds_up_no_app)
{
	room_of_three();
	uint64_t leap = (uint64_t)400 * DAY_MS;
	for (int i = 0; i < APPS; i++)
		provider_doubt_clock(apps[i].provider, true);
	test_now_ms += leap;
	lens->is_down = true;
	guest_say(&r1, "of another year");
	for (int i = 0; i < 20; i++)
		apps_wait(1000);
	test_now_ms -= leap;
	for (int i = 0; i < APPS; i++)
		provider_doubt_clock(apps[i].provider, false);
	lens->is_down = false;
	apps_wait(60000);
	apps_wait(60000);
	guest_read(&t1);
	expect_eq(t1.messages, 1);
	the_end();
}

TEST(while_the_clock_is_in_doubt_nothing_goes)
{
	room_of_three();
	struct set s;
	struct view set = { NULL, 0 };
	guest_say(&r1, "nobody reads it yet");
	uint64_t first = log_bounds_of(lens, the_room).first;
	set_init(&s, hub);
	expect_ok(set_put(&rosa, &s));
	set = s.sealed;
	provider_doubt_clock(hub->provider, true);
	provider_doubt_clock(lens->provider, true);
	test_now_ms += (uint64_t)400 * DAY_MS;
	for (int i = 0; i < 100; i++)
		apps_wait(1000);
	expect_eq(log_bounds_of(lens, the_room).first, first);
	expect_eq(stored_count(hub->accounts, set), 1);
	test_now_ms -= (uint64_t)400 * DAY_MS;
	guest_read(&t1);
	expect_eq(t1.messages, 1);
	/* A true year later all of it does. */
	provider_doubt_clock(lens->provider, false);
	test_now_ms += (uint64_t)400 * DAY_MS;
	for (int i = 0; i < 100; i++)
		apps_wait(1000);
	expect(log_bounds_of(lens, the_room).first > first);
	the_end();
}
