/* SPDX-License-Identifier: Apache-2.0 */
/* What rooms refuse, from clients and from other apps.  Each refusal leaves the connection, and
 * after each the others write and read as if nothing had been. */
#include "tests/unit/provider/guests.h"

static uint64_t heads[APPS];

static void remember(void)
{
	for (int i = 0; i < APPS; i++)
		heads[i] = log_head_of(&apps[i], the_room);
}

/* Nothing was logged, and the room goes on. */
static void untouched(void)
{
	for (int i = 0; i < APPS; i++)
		expect_eq(log_head_of(&apps[i], the_room), heads[i]);
	group_pending_drop(r1.g);
	group_pending_drop(t1.g);
	group_pending_drop(i1.g);
	size_t before = t1.messages, more = i1.messages;
	struct change none = { .n = 0 };
	guest_say(&r1, "undisturbed");
	read_all();
	guest_commit(&i1, &none);
	guest_say(&i1, "nor delayed");
	read_all();
	expect_eq(t1.messages, before + 2);
	expect_eq(i1.messages, more + 1);
	guests_agree((struct guest *[]){ &r1, &t1, &i1 }, 3);
	remember();
}

static void begin(void)
{
	room_of_three();
	remember();
}

static struct view changed(struct view v, size_t at, uint8_t with)
{
	struct view copy = { NULL, 0 };
	expect_ok(arena_copy(&apps_mem, v, &copy));
	/* Of apps_mem, ours to change. */
	((uint8_t *)(uintptr_t)copy.p)[at] ^= with;
	return copy;
}

/* One who keeps to no rule. */
static uc_err lax_component(void *ctx, const struct group_view *before, uint16_t component_id,
			    const struct view *current, const struct app_data_update *updates,
			    size_t n, struct arena *a, struct view *ret)
{
	if (room_hooks.component(ctx, before, component_id, current, updates, n, a, ret))
		*ret = current ? *current : VIEW_LIT("");
	return UC_OK;
}
static const struct group_hooks lax_hooks = { .component = lax_component };

static void become_lawless(struct guest *g)
{
	const struct group_platform p = { .env = test_env(), .hooks = &lax_hooks };
	struct group *copy = NULL;
	struct buf epoch, ratchets;
	buf_init_secret(&epoch, WIRE_OBJECT_MAX);
	buf_init_secret(&ratchets, WIRE_OBJECT_MAX);
	expect_ok(group_save_epoch(g->g, &epoch));
	expect_ok(group_save_ratchets(g->g, &ratchets));
	expect_ok(group_load(&p, buf_view(&epoch), buf_view(&ratchets), &copy));
	buf_done(&epoch);
	buf_done(&ratchets);
	group_free(g->g);
	g->g = copy;
}

static void update_refused(struct guest *by, struct view update)
{
	uc_err err;
	expect_eq(guest_update(by, update, &err), UPDATE_NOT_ALLOWED);
	untouched();
}

/* --- commits --- */

TEST(a_commit_of_another_client_is_refused)
{
	begin();
	struct change none = { .n = 0 };
	/* Tom's app hands in what Ida made. */
	update_refused(&t1, guest_commit_make(&i1, &none));
	the_end();
}

TEST(a_strangers_commit_is_refused)
{
	begin();
	struct guest x;
	struct change none = { .n = 0 };
	guest_init(&x, &tom, NULL);
	/* A group of his own under the same name, in the same epoch, from a seat that is Tom's. */
	make_group_alone(&x);
	guest_commit_make(&x, &none);
	expect_ok(group_pending_apply(x.g));
	expect_eq(group_epoch(x.g), group_epoch(t1.g));
	x.seat = t1.seat;
	update_refused(&x, guest_commit_make(&x, &none));
	group_free(x.g);
	the_end();
}

TEST(a_commit_that_was_tampered_with_is_refused)
{
	begin();
	struct change none = { .n = 0 };
	struct update_request u;
	struct view update = guest_commit_make(&t1, &none);
	expect_ok(wire_decode(update, &apps_mem, update_request_element, &u));
	/* The membership_tag, at its end, is for members alone to check. */
	const uint8_t *tag_end = u.bundle.proposal_or_commit.p + u.bundle.proposal_or_commit.n;
	/* Every twentieth byte, each in turn: malformed or not allowed, never taken. */
	for (size_t i = 4; i < update.n; i += 20) {
		uc_err err;
		if (update.p + i < tag_end && update.p + i >= tag_end - 32)
			continue;
		int code = guest_update(&t1, changed(update, i, 1), &err);
		expect(code == -1 || code == UPDATE_NOT_ALLOWED || code == UPDATE_WRONG_EPOCH);
		expect(code != -1 || uc_err_class(err) == UC_CLASS_PROTOCOL);
		if (code == -1)
			expect(t1.person->c->session != NULL);
		test_now_ms += 60000;
	}
	untouched();
	the_end();
}

TEST(a_leaf_whose_proof_does_not_verify_is_refused)
{
	begin();
	struct guest x, other;
	struct change c = { .n = 0 };
	const struct extension_list no = { NULL, 0 };
	guest_init(&x, &rob, NULL);
	guest_init(&other, &rob, NULL);
	expect_ok(room_leaf_parameters(&x.leaf_key, x.client, other.component, &apps_mem, &x.leaf));
	expect_ok(key_package_make(suite_find(SUITE_X25519_AES128), test_env(), &x.leaf, 3600, &no,
				   &apps_mem, &x.key_package, &x.secrets));
	change_add(&c, &x);
	become_lawless(&t1);
	update_refused(&t1, guest_commit_make(&t1, &c));
	expect_eq(table_count(&apps[DIAL], TABLE_CLIENT), 0);
	the_end();
}

TEST(a_member_that_may_not_remove_is_refused)
{
	begin();
	struct change c = { .n = 0 };
	become_lawless(&t1);
	change_remove(&c, &t1, &i1);
	update_refused(&t1, guest_commit_make(&t1, &c));
	the_end();
}

/* What stands beside the commit must fit it. */
TEST(a_bundle_that_does_not_fit_is_refused)
{
	begin();
	struct guest x;
	struct change c = { .n = 0 }, none = { .n = 0 };
	struct update_request u, other;
	struct view bytes = { NULL, 0 };
	guest_init(&x, &rob, NULL);
	change_add(&c, &x);
	struct view full = guest_commit_make(&t1, &c);
	struct view older = guest_commit_make(&i1, &none);
	expect_ok(wire_decode(full, &apps_mem, update_request_element, &u));
	expect_ok(wire_decode(older, &apps_mem, update_request_element, &other));
	struct view welcome = u.bundle.welcome, info = u.bundle.group_info_option.group_info;
	/* No Welcome for the one who is added. */
	u.bundle.welcome = (struct view){ NULL, 0 };
	expect_ok(wire_encode_to(&apps_mem, update_request_element, &u, &bytes));
	uc_err err;
	expect_eq(guest_update(&t1, bytes, &err), UPDATE_NOT_ALLOWED);
	/* A GroupInfo of something else. */
	u.bundle.welcome = welcome;
	u.bundle.group_info_option.group_info = other.bundle.group_info_option.group_info;
	expect_ok(wire_encode_to(&apps_mem, update_request_element, &u, &bytes));
	expect_eq(guest_update(&t1, bytes, &err), UPDATE_NOT_ALLOWED);
	/* A Welcome where nobody is added. */
	other.bundle.welcome = welcome;
	expect_ok(wire_encode_to(&apps_mem, update_request_element, &other, &bytes));
	expect_eq(guest_update(&i1, bytes, &err), UPDATE_NOT_ALLOWED);
	/* The right one is still taken. */
	u.bundle.group_info_option.group_info = info;
	expect_ok(wire_encode_to(&apps_mem, update_request_element, &u, &bytes));
	group_pending_drop(i1.g);
	expect_eq(guest_update(&t1, bytes, &err), UPDATE_SUCCESS);
	the_end();
}

TEST(a_client_comes_into_a_room_once)
{
	begin();
	struct guest x;
	struct change c = { .n = 0 }, out = { .n = 0 }, again = { .n = 0 };
	uc_err err;
	guest_init(&x, &rob, NULL);
	change_add(&c, &x);
	guest_commit(&t1, &c);
	read_all();
	change_remove(&out, &r1, &x);
	guest_commit(&r1, &out);
	read_all();
	remember();
	change_add(&again, &x);
	expect_eq(guest_update(&t1, guest_commit_make(&t1, &again), &err), UPDATE_NOT_ALLOWED);
	untouched();
	the_end();
}

TEST(one_who_is_leaving_commits_and_proposes_nothing)
{
	begin();
	struct change none = { .n = 0 };
	uc_err err;
	struct view commit = guest_commit_make(&t1, &none);
	group_pending_drop(t1.g);
	struct view leave = guest_leave_make(&t1);
	expect_eq(guest_update(&t1, leave, &err), UPDATE_SUCCESS);
	expect_eq(guest_update(&t1, commit, &err), UPDATE_NOT_ALLOWED);
	/* The same wish again is no other wish; and there is no other any more. */
	uint64_t head = log_head_of(&apps[DIAL], the_room);
	expect_eq(guest_update(&t1, leave, &err), UPDATE_SUCCESS);
	expect_eq(guest_update(&t1, guest_renew_make(&t1), &err), UPDATE_NOT_ALLOWED);
	expect_eq(log_head_of(&apps[DIAL], the_room), head);
	the_end();
}

/* Two who are ahead of the hub: they took over what it has not accepted. */
TEST(an_epoch_that_is_not_yet_is_refused)
{
	begin();
	struct change none = { .n = 0 };
	struct submit_message_response r;
	uint64_t seq;
	uc_err err;
	guest_commit_make(&t1, &none);
	struct buf epoch, ratchets;
	const struct group_platform p = { .env = test_env(), .hooks = &room_hooks };
	buf_init_secret(&epoch, WIRE_OBJECT_MAX);
	buf_init_secret(&ratchets, WIRE_OBJECT_MAX);
	group_pending_drop(t1.g);
	expect_ok(group_save_epoch(t1.g, &epoch));
	expect_ok(group_save_ratchets(t1.g, &ratchets));
	guest_commit_make(&t1, &none);
	expect_ok(group_pending_apply(t1.g));
	expect_eq(guest_submit(&t1, guest_message_make(&t1, "too early"), &r, &seq, &err),
		  SUBMIT_NOT_ALLOWED);
	expect_eq(guest_update(&t1, guest_commit_make(&t1, &none), &err), UPDATE_WRONG_EPOCH);
	group_free(t1.g);
	t1.g = NULL;
	expect_ok(group_load(&p, buf_view(&epoch), buf_view(&ratchets), &t1.g));
	buf_done(&epoch);
	buf_done(&ratchets);
	untouched();
	the_end();
}

TEST(one_who_is_being_removed_does_not_slip_back_in)
{
	begin();
	struct guest fresh;
	struct group_info_ratchet_tree_tbe info = { .pending_proposals = { .n = 0 } };
	struct change none = { .n = 0 };
	uc_err err;
	guest_init(&fresh, &tom, &t1);
	expect_eq(guest_update(&r1, guest_remove_make(&r1, &t1), &err), UPDATE_SUCCESS);
	read_all();
	expect_eq(guest_group_info(&fresh, &info, &err), GROUP_INFO_SUCCESS);
	expect_eq(info.pending_proposals.n, 1);
	info.pending_proposals.n = 0; /* it leaves that out */
	struct room_update_request q = guest_resync_make(&fresh, &t1, &info);
	uint64_t head = log_head_of(&apps[DIAL], the_room);
	expect_eq(guest_resync(&fresh, &q, &err), UPDATE_NOT_ALLOWED);
	expect_eq(log_head_of(&apps[DIAL], the_room), head);
	group_free(fresh.g);
	fresh.g = NULL;
	/* Nor beside the leaf that is to go. */
	q = guest_resync_make(&fresh, NULL, &info);
	expect_eq(guest_resync(&fresh, &q, &err), UPDATE_NOT_ALLOWED);
	expect_eq(log_head_of(&apps[DIAL], the_room), head);
	group_free(fresh.g);
	fresh.g = NULL;
	/* Nor afterwards. */
	struct view commit = guest_commit_make(&r1, &none);
	expect_eq(guest_update(&r1, commit, &err), UPDATE_SUCCESS);
	expect_eq(guest_group_info(&fresh, &info, &err), GROUP_INFO_NOT_AUTHORIZED);
	the_end();
}

/* --- messages --- */

static void submit_refused(struct guest *by, struct view submit)
{
	struct submit_message_response r;
	uint64_t seq;
	uc_err err;
	expect_eq(guest_submit(by, submit, &r, &seq, &err), SUBMIT_NOT_ALLOWED);
	untouched();
}

TEST(a_message_under_anothers_name_is_refused)
{
	begin();
	struct submit_message_request m;
	struct view bytes = { NULL, 0 }, made = guest_message_make(&t1, "as somebody else");
	expect_ok(wire_decode(made, &apps_mem, submit_message_request_element, &m));
	m.sending_uri = i1.participant;
	expect_ok(wire_encode_to(&apps_mem, submit_message_request_element, &m, &bytes));
	submit_refused(&t1, bytes);
	the_end();
}

TEST(a_message_without_a_frank_is_refused)
{
	begin();
	struct submit_message_request m = { .protocol = PROTOCOL_MLS10,
					    .sending_uri = t1.participant };
	struct view bytes = { NULL, 0 };
	expect_ok(group_encrypt(t1.g, (struct view){ NULL, 0 }, VIEW_LIT("unsealed"), 0, &apps_mem,
				&m.app_message));
	expect_ok(wire_encode_to(&apps_mem, submit_message_request_element, &m, &bytes));
	submit_refused(&t1, bytes);
	the_end();
}

TEST(a_message_of_another_room_is_refused)
{
	begin();
	struct guest x;
	guest_init(&x, &tom, NULL);
	x.room = VIEW_LIT("mimi://dial.example/r/elsewhere");
	make_group_alone(&x);
	struct view other = guest_message_make(&x, "not of here");
	struct submit_message_request m;
	struct view bytes = { NULL, 0 };
	expect_ok(wire_decode(other, &apps_mem, submit_message_request_element, &m));
	m.sending_uri = t1.participant;
	expect_ok(wire_encode_to(&apps_mem, submit_message_request_element, &m, &bytes));
	submit_refused(&t1, bytes);
	group_free(x.g);
	the_end();
}

TEST(a_replay_is_not_a_second_message)
{
	begin();
	struct submit_message_response r;
	uint64_t seq, again;
	uc_err err;
	struct view made = guest_message_make(&t1, "once");
	expect_eq(guest_submit(&t1, made, &r, &seq, &err), SUBMIT_ACCEPTED);
	read_all();
	remember();
	for (int i = 0; i < 5; i++) {
		expect_eq(guest_submit(&t1, made, &r, &again, &err), SUBMIT_ACCEPTED);
		expect_eq(again, seq);
	}
	/* Nor from somebody else. */
	expect_eq(guest_submit(&i1, made, &r, &again, &err), SUBMIT_ACCEPTED);
	expect_eq(again, seq);
	untouched();
	the_end();
}

TEST(a_message_to_a_room_one_has_left_is_refused)
{
	begin();
	struct change c = { .n = 0 };
	struct submit_message_response r;
	uint64_t seq;
	uc_err err;
	struct view made = guest_message_make(&t1, "from outside");
	change_remove(&c, &r1, &t1);
	guest_commit(&r1, &c);
	guest_read(&i1);
	remember();
	/* Seat told to be over, then closed, then not there. */
	expect_eq(guest_submit(&t1, made, &r, &seq, &err), -1);
	expect_err(err, UC_E_REMOVED);
	guest_read(&t1);
	expect_eq(guest_submit(&t1, made, &r, &seq, &err), -1);
	expect_err(err, UC_E_SEAT);
	expect_err(guest_open(&t1), UC_E_SEAT);
	/* His app says it all the same: the hub knows. */
	char header[400];
	struct view answer = { NULL, 0 };
	snprintf(header, sizeof header, "undercroft-client: %.*s\r\n", (int)t1.client.n,
		 (const char *)t1.client.p);
	expect_eq(peer_ask_with(&apps[DIAL], &apps[LENS], "submitMessage", the_room, header, made,
				&answer),
		  200);
	expect_ok(wire_decode(answer, &apps_mem, submit_message_response_element, &r));
	expect_eq(r.status_code, SUBMIT_NOT_ALLOWED);
	expect_eq(log_head_of(&apps[DIAL], the_room), heads[DIAL]);
	the_end();
}

TEST(what_is_too_large_is_refused)
{
	begin();
	struct submit_message_response r;
	uint64_t seq;
	uc_err err;
	char *text = calloc(1, MESSAGE_MAX + 1);
	if (!text)
		abort();
	memset(text, 'x', MESSAGE_MAX);
	struct view made = guest_message_make(&t1, text), answer;
	free(text);
	expect_eq(guest_submit(&t1, made, &r, &seq, &err), -1);
	expect_err(err, UC_E_TOO_LARGE);
	char header[400];
	snprintf(header, sizeof header, "undercroft-client: %.*s\r\n", (int)t1.client.n,
		 (const char *)t1.client.p);
	expect_eq(peer_ask_with(&apps[DIAL], &apps[LENS], "submitMessage", the_room, header, made,
				&answer),
		  413);
	untouched();
	the_end();
}

TEST(malformed_bodies_are_refused_and_the_connection_stays)
{
	begin();
	struct view whole = guest_message_make(&t1, "whole");
	struct submit_message_response r;
	uint64_t seq;
	uc_err err;
	for (size_t n = 0; n < whole.n; n += 7) {
		expect_eq(guest_submit(&t1, view_slice(whole, 0, n), &r, &seq, &err), -1);
		expect(uc_err_class(err) == UC_CLASS_PROTOCOL);
	}
	expect(tom.c->session != NULL);
	test_now_ms += 3600000;
	untouched();
	the_end();
}

/* --- other apps --- */

static int as_app(struct app *from, const char *endpoint, struct view client, struct view body)
{
	char header[400];
	struct view answer;
	snprintf(header, sizeof header, "undercroft-client: %.*s\r\n", (int)client.n,
		 (const char *)client.p);
	return peer_ask_with(&apps[DIAL], from, endpoint, the_room, header, body, &answer);
}

TEST(an_app_speaks_for_its_own_clients_alone)
{
	begin();
	struct change none = { .n = 0 };
	struct view message = guest_message_make(&t1, "through another app");
	struct view commit = guest_commit_make(&t1, &none);
	expect_eq(as_app(&apps[PLAZA], "submitMessage", t1.client, message), 403);
	expect_eq(as_app(&apps[PLAZA], "update", t1.client, commit), 403);
	/* Under a client of its own, it is still not that one's. */
	expect_eq(as_app(&apps[PLAZA], "submitMessage", i1.client, message), 200);
	expect_eq(as_app(&apps[PLAZA], "update", i1.client, commit), 200);
	/* Of the hub itself, nobody else speaks. */
	expect_eq(as_app(&apps[PLAZA], "submitMessage", r1.client, message), 403);
	expect_eq(as_app(&apps[DIAL], "submitMessage", r1.client, message), 403);
	expect_eq(as_app(&apps[PLAZA], "submitMessage", VIEW_LIT("nonsense"), message), 400);
	expect_eq(peer_ask(&apps[DIAL], NULL, "submitMessage", the_room, message, NULL), 403);
	expect_eq(peer_ask_with(&apps[LENS], &apps[PLAZA], "submitMessage", the_room,
				"undercroft-client: mimi://plaza.example/p/a/b\r\n", message, NULL),
		  404);
	untouched();
	the_end();
}

TEST(only_the_hub_notifies)
{
	begin();
	guest_say(&r1, "from the hub");
	read_all();
	remember();
	struct view body = apps[LENS].last_body;
	char header[64];
	snprintf(header, sizeof header, "undercroft-sequence: %d\r\n", (int)heads[LENS] + 1);
	expect_eq(peer_ask_with(&apps[LENS], &apps[PLAZA], "notify", the_room, header, body, NULL),
		  403);
	expect_eq(peer_ask_with(&apps[LENS], &apps[DIAL], "notify",
				VIEW_LIT("mimi://dial.example/r/unknown"), header, body, NULL),
		  404);
	/* A hub that notifies the hub. */
	expect_eq(peer_ask_with(&apps[DIAL], &apps[LENS], "notify", the_room, header, body, NULL),
		  403);
	expect_eq(peer_ask_with(&apps[LENS], &apps[DIAL], "notify", the_room, "", body, NULL), 400);
	expect_eq(peer_ask_with(&apps[LENS], &apps[DIAL], "notify", the_room,
				"undercroft-start: 1\r\n", body, NULL),
		  400);
	untouched();
	the_end();
}

TEST(group_info_is_for_participants_through_their_app)
{
	begin();
	struct guest x, forged;
	struct group_info_ratchet_tree_tbe info;
	uc_err err;
	guest_init(&x, &tom, NULL);
	expect_eq(guest_group_info(&x, &info, &err), GROUP_INFO_NOT_AUTHORIZED);
	/* Tom's participant, but proven by a key that is not his. */
	guest_init(&forged, &tom, &t1);
	forged.component = x.component;
	expect_eq(guest_group_info(&forged, &info, &err), GROUP_INFO_NOT_AUTHORIZED);
	/* A client of another app is not asked for by this one. */
	struct guest foreign = i1;
	foreign.person = &tom;
	expect_eq(guest_group_info(&foreign, &info, &err), -1);
	expect_err(err, UC_E_NOT_ALLOWED);
	/* No such room. */
	x.room = VIEW_LIT("mimi://dial.example/r/unknown");
	expect_eq(guest_group_info(&x, &info, &err), -1);
	expect_err(err, UC_E_NOT_FOUND);
	untouched();
	the_end();
}

/* --- seats --- */

TEST(seats_open_for_their_holders_alone)
{
	begin();
	struct guest x = t1;
	/* Another secret; no secret; none of the kind. */
	x.secret[0] ^= 1;
	expect_err(guest_open(&x), UC_E_SEAT);
	struct guest ghost;
	guest_init(&ghost, &tom, NULL);
	expect_err(guest_open(&ghost), UC_E_SEAT);
	/* Ida's seat is not at Tom's app. */
	struct guest other = i1;
	other.person = &tom;
	expect_err(guest_open(&other), UC_E_SEAT);
	/* A cursor from the future: the hub may have told of it what its follower has not heard yet. */
	struct guest ahead = t1;
	ahead.seq += 100;
	expect_err(guest_open(&ahead), UC_E_BUSY);
	untouched();
	the_end();
}

TEST(the_first_opening_is_signed_by_the_leaf_here_and_now)
{
	begin();
	struct guest second;
	struct change c = { .n = 0 };
	guest_init(&second, &tom, &t1);
	change_add(&c, &second);
	guest_commit(&t1, &c);
	read_all();
	struct seat_open_request q = { .room = the_room,
				       .client = second.client,
				       .secret = VIEW_OF(second.secret) };
	struct seat_open_response r;
	/* By another key; for another connection; not at all. */
	q.signature = seat_signature(&second, &t1.leaf_key);
	expect_err(client_ask(tom.c, FRAME_SEAT_OPEN, seat_open_request_element, &q,
			      seat_open_response_element, &r),
		   UC_E_SIGNATURE);
	q.signature = seat_signature(&second, &second.leaf_key);
	expect_ok(person_sign_in(&tom));
	expect_err(client_ask(tom.c, FRAME_SEAT_OPEN, seat_open_request_element, &q,
			      seat_open_response_element, &r),
		   UC_E_SIGNATURE);
	q.signature = (struct view){ NULL, 0 };
	expect_err(client_ask(tom.c, FRAME_SEAT_OPEN, seat_open_request_element, &q,
			      seat_open_response_element, &r),
		   UC_E_SEAT);
	guest_join(&second);
	remember();
	/* Set once: the leaf's key does not set it again. */
	second.secret[5] ^= 1;
	second.is_known = false;
	expect_err(guest_open(&second), UC_E_SEAT);
	expect_ok(guest_open(&t1));
	guest_read(&t1);
	group_free(second.g);
	untouched();
	the_end();
}

TEST(seat_numbers_are_of_one_connection)
{
	begin();
	struct submit_message_response r;
	uint64_t seq;
	uc_err err;
	struct guest x = t1;
	x.seat = 4711;
	expect_eq(guest_submit(&x, guest_message_make(&t1, "nowhere"), &r, &seq, &err), -1);
	expect_err(err, UC_E_SEAT);
	expect_ok(person_sign_in(&tom));
	expect_eq(guest_submit(&t1, guest_message_make(&t1, "gone"), &r, &seq, &err), -1);
	expect_err(err, UC_E_SEAT);
	expect_ok(guest_open(&t1));
	/* Acknowledgements of what was never sent are not heard. */
	struct seat_ack ack = { t1.seat, 1000 };
	client_tell(tom.c, FRAME_SEAT_ACK, seat_ack_element, &ack);
	ack.seat = 4711;
	client_tell(tom.c, FRAME_SEAT_ACK, seat_ack_element, &ack);
	untouched();
	the_end();
}

/* --- rooms --- */

TEST(rooms_that_are_none_are_refused)
{
	the_people();
	struct guest x;
	guest_init(&x, &rosa, NULL);
	make_group_alone(&x);
	/* Under another app's name; under no room's; under another room's. */
	x.room = VIEW_LIT("mimi://lens.example/r/abcdefgh");
	expect_err(guest_create(&x, false), UC_E_NOT_ALLOWED);
	x.room = VIEW_LIT("mimi://dial.example/p/abcdefgh");
	expect_err(guest_create(&x, false), UC_E_ARGUMENT);
	x.room = VIEW_LIT("mimi://dial.example/r/another");
	expect_err(guest_create(&x, false), UC_E_POLICY);
	group_free(x.g);
	x.g = NULL;
	/* Under other keys than the hub's. */
	x.room = the_room;
	struct provider_keys keys = apps[DIAL].keys;
	apps[DIAL].keys.hub_key = apps[LENS].keys.hub_key;
	make_group_alone(&x);
	apps[DIAL].keys = keys;
	expect_err(guest_create(&x, false), UC_E_POLICY);
	group_free(x.g);
	x.g = NULL;
	/* Signed by another key. */
	struct sign_key leaf = x.leaf_key;
	make_group_alone(&x);
	expect_ok(sign_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &x.leaf_key));
	expect_err(guest_create(&x, false), UC_E_SIGNATURE);
	x.leaf_key = leaf;
	expect_eq(stored_records(apps[DIAL].rooms), 0);
	/* Once, and for one. */
	expect_ok(guest_create(&x, false));
	expect_ok(guest_create(&x, false)); /* its answer was lost */
	struct guest y;
	guest_init(&y, &rob, NULL);
	expect_err(guest_create(&y, false), UC_E_EXISTS);
	group_free(x.g);
	group_free(y.g);
	the_end();
}

TEST(rooms_and_handshakes_have_a_measure)
{
	the_people();
	struct guest x;
	uc_err err = UC_OK;
	char uri[64];
	int made = 0;
	for (; made < 100 && !err; made++) {
		guest_init(&x, &rosa, NULL);
		snprintf(uri, sizeof uri, "mimi://dial.example/r/room%d", made);
		x.room = view_str(uri);
		err = guest_create(&x, false);
		group_free(x.g);
	}
	expect_err(err, UC_E_RATE);
	expect_eq(made, 21);
	expect(rosa.c->answer.retry_after_s > 0);
	test_now_ms += (uint64_t)rosa.c->answer.retry_after_s * 1000;
	guest_init(&x, &rosa, NULL);
	x.room = VIEW_LIT("mimi://dial.example/r/later");
	expect_ok(guest_create(&x, false));
	group_free(x.g);
	the_end();
}
