/* SPDX-License-Identifier: Apache-2.0 */
/* Which franks a hub signs, and how: none among its own, each by itself, or many of a round at once;
 * and that nothing but what it took itself is franked so. */
#include "tests/unit/provider/guests.h"

static struct app *const hub = &apps[DIAL], *const lens = &apps[LENS];

static struct frank frank_at(struct app *a, uint64_t want, uint64_t *timestamp)
{
	struct store_log_scan scan;
	struct store_key k;
	struct view bytes, copy = { NULL, 0 };
	uint64_t seq;
	struct log_entry e;
	struct fanout_message m = { .frank = NULL };
	struct frank none = { .franking_signature_ciphersuite = 99 };
	expect_ok(store_log_scan_init(&scan, a->rooms, key_1(&k, TABLE_LOG, the_room), want, 1, 0));
	if (store_log_scan_next(&scan, &seq, &bytes))
		expect_ok(arena_copy(&apps_mem, bytes, &copy));
	store_log_scan_done(&scan);
	expect_ok(wire_decode(copy, &apps_mem, log_entry_element, &e));
	expect_ok(wire_decode(e.fanout, &apps_mem, fanout_message_element, &m));
	*timestamp = m.timestamp;
	return m.frank ? *m.frank : none;
}

TEST(franks_are_signed_where_another_app_reads)
{
	the_people();
	uint64_t when;
	guest_init(&r2, &rob, NULL);
	guest_init(&t1, &tom, NULL);
	the_room_of((struct guest *[]){ &r2 }, 1);
	guest_say(&r1, "among ourselves");
	expect_eq(frank_at(hub, 2, &when).franking_signature_ciphersuite, 0);
	struct change c = { .n = 0 };
	change_add(&c, &t1);
	guest_commit(&r1, &c);
	guest_join(&t1);
	guest_say(&r1, "with tom");
	struct frank f = frank_at(hub, 4, &when);
	expect_eq(f.franking_signature_ciphersuite, SUITE_X25519_AES128);
	expect_eq(f.franking_integrity_signature.n, 64);
	guest_read(&t1);
	guest_read(&r2);
	expect_eq(t1.messages, 1);
	struct change out = { .n = 0 };
	change_remove(&out, &r1, &t1);
	guest_commit(&r1, &out);
	guest_say(&r1, "without him");
	expect_eq(frank_at(hub, 6, &when).franking_signature_ciphersuite, 0);
	the_end();
}

TEST(timestamps_never_go_back)
{
	room_of_three();
	uint64_t first, second;
	test_now_ms += 100000;
	guest_say(&r1, "now");
	test_now_ms -= 5000;
	guest_say(&r1, "earlier, says the clock");
	uint64_t head = log_head_of(hub, the_room);
	frank_at(hub, head - 1, &first);
	frank_at(hub, head, &second);
	expect_eq(second, first);
	test_now_ms += 5000;
	read_all();
	expect_eq(t1.messages, 2);
	the_end();
}

/* --- many of a round --- */

/* Frames that come together: shown first, then handed in one by one. */
struct together {
	struct guest *by[8];
	struct buf frames[8];
	size_t n;
};

static void together_add(struct together *t, struct guest *by, struct view submit)
{
	const struct room_submit_request q = { by->seat, submit };
	struct buf *b = &t->frames[t->n];
	by->person->c->is_answered = false;
	buf_init(b, FRAME_MAX);
	expect_ok(frame_add_request(b, FRAME_ROOM_SUBMIT, ++by->person->c->last_id,
				    room_submit_request_element, &q));
	t->by[t->n++] = by;
}

static void together_say(struct together *t, struct guest *by, const char *text)
{
	together_add(t, by, guest_message_make(by, text));
}

static void together_show(struct together *t)
{
	for (size_t i = 0; i < t->n; i++)
		provider_foresee_frame(hub->provider, t->by[i]->person->c->session,
				       buf_view(&t->frames[i]));
}

static void together_hand_in(struct together *t)
{
	for (size_t i = 0; i < t->n; i++) {
		provider_frame(hub->provider, t->by[i]->person->c->session,
			       buf_view(&t->frames[i]));
		buf_done(&t->frames[i]);
	}
	apps_settle();
	t->n = 0;
}

static uint16_t signed_as(uint64_t seq)
{
	uint64_t when;
	return frank_at(hub, seq, &when).franking_signature_ciphersuite;
}

static struct frank_proof proof_at(uint64_t seq)
{
	uint64_t when;
	const struct frank f = frank_at(hub, seq, &when);
	struct frank_proof p = { .index = 255 };
	expect_eq(f.franking_signature_ciphersuite, FRANK_TREE_SUITE);
	expect_ok(wire_decode(f.franking_integrity_signature, &apps_mem, frank_proof_element, &p));
	return p;
}

/* Rosa on two devices, Tom and Ida elsewhere. */
static void room_with_two_writers(void)
{
	the_people();
	guest_init(&r2, &rob, NULL);
	guest_init(&t1, &tom, NULL);
	guest_init(&i1, &ida, NULL);
	the_room_of((struct guest *[]){ &r2, &t1, &i1 }, 3);
}

TEST(messages_of_a_round_share_a_signature)
{
	room_with_two_writers();
	struct together t = { .n = 0 };
	uint64_t head = log_head_of(hub, the_room);
	for (int i = 0; i < 3; i++) {
		together_say(&t, &r1, "mine");
		together_say(&t, &r2, "and mine");
	}
	together_show(&t);
	together_hand_in(&t);
	expect_eq(log_head_of(hub, the_room), head + 6);
	struct view signature = proof_at(head + 1).signature;
	for (uint64_t i = 0; i < 6; i++) {
		struct frank_proof p = proof_at(head + 1 + i);
		expect_eq(p.index, i);
		expect_eq(p.path.n, 3 * SHA256_BYTES);
		expect_bytes(p.signature, signature);
	}
	read_all();
	expect_eq(t1.messages, 6);
	expect_eq(i1.messages, 6);
	/* The next round has a tree of its own; a lone message none. */
	together_say(&t, &r1, "one");
	together_show(&t);
	together_hand_in(&t);
	expect_eq(signed_as(head + 7), SUITE_X25519_AES128);
	together_say(&t, &r1, "two");
	together_say(&t, &r2, "three");
	together_show(&t);
	together_hand_in(&t);
	expect_eq(proof_at(head + 8).path.n, SHA256_BYTES);
	expect(!view_equal(proof_at(head + 9).signature, signature));
	read_all();
	expect_eq(t1.messages, 9);
	the_end();
}

/* What one round brings to a room goes to each app in one piece, franks of both kinds in it. */
TEST(messages_of_a_round_are_told_in_one_piece)
{
	room_with_two_writers();
	struct together t = { .n = 0 };
	size_t lens_asked = lens->asked, plaza_asked = apps[PLAZA].asked;
	for (int i = 0; i < 2; i++) {
		together_say(&t, &r1, "mine");
		together_say(&t, &r2, "and mine");
	}
	together_show(&t);
	together_say(&t, &r1, "late");
	together_hand_in(&t);
	expect_eq(lens->asked - lens_asked, 1);
	expect_eq(apps[PLAZA].asked - plaza_asked, 1);
	read_all();
	expect_eq(t1.messages, 5);
	expect_eq(i1.messages, 5);
	the_end();
}

TEST(what_was_not_shown_is_signed_by_itself)
{
	room_with_two_writers();
	struct together t = { .n = 0 };
	uint64_t head = log_head_of(hub, the_room);
	together_say(&t, &r1, "shown");
	together_say(&t, &r2, "shown, too");
	together_show(&t);
	together_say(&t, &r1, "not shown");
	together_hand_in(&t);
	expect_eq(signed_as(head + 1), FRANK_TREE_SUITE);
	expect_eq(signed_as(head + 2), FRANK_TREE_SUITE);
	expect_eq(signed_as(head + 3), SUITE_X25519_AES128);
	read_all();
	expect_eq(i1.messages, 3);
	the_end();
}

/* What is shown and then refused takes nothing from the others; a repeat has its first frank. */
TEST(what_is_refused_is_in_no_frank)
{
	room_with_two_writers();
	struct together t = { .n = 0 };
	uint64_t head = log_head_of(hub, the_room), again;
	struct view twice = guest_message_make(&r1, "twice");
	struct view foreign = guest_message_make(&t1, "as if r2 had said it");
	together_add(&t, &r1, twice);
	together_add(&t, &r2, foreign);
	together_add(&t, &r1, twice);
	together_add(&t, &r2, VIEW_LIT("nonsense"));
	together_say(&t, &r2, "after that");
	together_show(&t);
	together_hand_in(&t);
	expect_eq(log_head_of(hub, the_room), head + 2);
	expect_eq(proof_at(head + 1).index, 0);
	uint64_t first;
	struct frank f = frank_at(hub, head + 1, &first);
	struct submit_message_response r;
	uc_err err;
	expect_eq(guest_submit(&r1, twice, &r, &again, &err), SUBMIT_ACCEPTED);
	expect_eq(again, head + 1);
	expect_eq(r.accepted_timestamp, first);
	expect_bytes(r.frank->franking_integrity_signature, f.franking_integrity_signature);
	read_all();
	expect_eq(t1.messages, 2);
	the_end();
}

/* Other bytes in the place of those that were shown: by another sender, of another tag. */
TEST(what_was_shown_otherwise_is_signed_by_itself)
{
	room_with_two_writers();
	struct together t = { .n = 0 };
	uint64_t head = log_head_of(hub, the_room);
	together_say(&t, &r1, "a");
	together_say(&t, &r1, "b");
	together_show(&t);
	/* The same length, and now each where the other was. */
	expect_eq(t.frames[0].n, t.frames[1].n);
	for (size_t i = 0; i < t.frames[0].n; i++) {
		uint8_t x = t.frames[0].p[i];
		t.frames[0].p[i] = t.frames[1].p[i];
		t.frames[1].p[i] = x;
	}
	together_hand_in(&t);
	expect_eq(signed_as(head + 1), SUITE_X25519_AES128);
	expect_eq(signed_as(head + 2), SUITE_X25519_AES128);
	read_all();
	expect_eq(t1.messages, 2);
	the_end();
}

/* Time goes on between what was shown and its turn: its time stays, unless the room is further. */
TEST(time_in_a_room_does_not_go_back_for_a_tree)
{
	room_with_two_writers();
	struct together t = { .n = 0 };
	uint64_t head = log_head_of(hub, the_room), when[3];
	together_say(&t, &r1, "one");
	together_say(&t, &r2, "two");
	together_show(&t);
	uint64_t shown_ms = test_now_ms;
	test_now_ms += 5;
	struct together before = { .n = 0 };
	together_say(&before, &r2, "not shown");
	provider_frame(hub->provider, t.by[0]->person->c->session, buf_view(&t.frames[0]));
	provider_frame(hub->provider, r2.person->c->session, buf_view(&before.frames[0]));
	provider_frame(hub->provider, t.by[1]->person->c->session, buf_view(&t.frames[1]));
	apps_settle();
	buf_done(&before.frames[0]);
	buf_done(&t.frames[0]);
	buf_done(&t.frames[1]);
	for (uint64_t i = 0; i < 3; i++)
		frank_at(hub, head + 1 + i, &when[i]);
	expect_eq(signed_as(head + 1), FRANK_TREE_SUITE);
	expect_eq(when[0], shown_ms);
	expect_eq(signed_as(head + 2), SUITE_X25519_AES128);
	expect_eq(signed_as(head + 3), SUITE_X25519_AES128);
	expect(when[1] == shown_ms + 5 && when[2] == shown_ms + 5);
	read_all();
	expect_eq(i1.messages, 3);
	the_end();
}

/* Lens passes on what Tom says: the same tree as what is said here. */
TEST(messages_of_other_apps_are_in_the_tree)
{
	room_with_two_writers();
	struct together t = { .n = 0 };
	uint64_t head = log_head_of(hub, the_room);
	char header[300], path[300];
	struct view body = guest_message_make(&t1, "from afar");
	snprintf(header, sizeof header, "undercroft-client: %.*s\r\n", (int)t1.client.n,
		 (const char *)t1.client.p);
	snprintf(path, sizeof path, "/v1/submitMessage/%.*s", (int)the_room.n,
		 (const char *)the_room.p);
	const struct peer_request q = { .method = VIEW_LIT("POST"),
					.path = view_str(path),
					.headers = view_str(header),
					.body = body };
	together_say(&t, &r1, "from here");
	together_show(&t);
	/* Nobody vouches for another app's client: that is not even looked at. */
	provider_foresee_request(hub->provider, apps[PLAZA].domain, &q);
	provider_foresee_request(hub->provider, lens->domain, &q);
	provider_frame(hub->provider, r1.person->c->session, buf_view(&t.frames[0]));
	buf_done(&t.frames[0]);
	expect_eq(peer_ask_with(hub, lens, "submitMessage", the_room, header, body, NULL), 200);
	expect_eq(proof_at(head + 1).index, 0);
	expect_eq(proof_at(head + 2).index, 1);
	read_all();
	expect_eq(i1.messages, 2);
	the_end();
}

static void expect_round(uint16_t suite)
{
	struct together t = { .n = 0 };
	uint64_t head = log_head_of(hub, the_room);
	together_say(&t, &r1, "one");
	together_say(&t, &r2, "two");
	together_show(&t);
	together_hand_in(&t);
	expect_eq(signed_as(head + 1), suite);
	expect_eq(signed_as(head + 2), suite);
}

/* An app that has not said, in its last answer, that its clients read them gets each signed by
 * itself. */
TEST(a_follower_that_does_not_say_so_gets_plain_ones)
{
	room_with_two_writers();
	expect_round(FRANK_TREE_SUITE);
	lens->is_older = true;
	guest_say(&r1, "after which that is known");
	expect_round(SUITE_X25519_AES128);
	lens->is_older = false;
	guest_say(&r1, "and now it says so");
	expect_round(FRANK_TREE_SUITE);
	/* One that cannot be reached has not said it, either. */
	lens->is_down = true;
	guest_say(&r1, "to nobody");
	expect_round(SUITE_X25519_AES128);
	lens->is_down = false;
	apps_wait(60000);
	read_all();
	expect_eq(t1.messages, 11);
	expect_eq(i1.messages, 11);
	the_end();
}
