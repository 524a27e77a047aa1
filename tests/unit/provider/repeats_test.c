/* SPDX-License-Identifier: Apache-2.0 */
/* A message that comes again is known by what is in memory, by what the store has of it after a
 * restart, and by nothing once its entry is gone. */
#include "provider/repeats.h"
#include "tests/unit/provider/guests.h"

#include "base/heap.h"

enum { SAID = 150, BLOCK = 64, NARROW = 2 * BLOCK };

static struct app *const dial = &apps[DIAL];
static struct said_once {
	struct view submit;
	struct submit_message_response answer;
	uint64_t seq;
} said[SAID];

/* Marks of few entries lie open, so that those of others are in rows. */
static bool is_narrow;

static void window_set(void)
{
	if (is_narrow)
		dial->provider->room_work->marks_window = NARROW;
}

static void say_all(void)
{
	uc_err err;
	room_of_three();
	window_set();
	for (size_t i = 0; i < SAID; i++) {
		char text[32];
		snprintf(text, sizeof text, "number %zu", i);
		said[i].submit = guest_message_make(&r1, text);
		test_now_ms += 7;
		expect_eq(guest_submit(&r1, said[i].submit, &said[i].answer, &said[i].seq, &err),
			  SUBMIT_ACCEPTED);
	}
}

static void restart(void)
{
	app_kill(dial, true);
	app_start(dial);
	window_set();
	r1.ack = false;
	guest_return(&r1);
}

static struct room_live *room_of(void)
{
	struct room_live *r = NULL;
	expect_ok(room_live_get(dial->provider, the_room, &r));
	return r;
}

/* Everything from the one on is answered as it was. */
static void say_again(size_t from)
{
	uint64_t last = log_head_of(dial, the_room);
	for (size_t i = from; i < SAID; i++) {
		struct submit_message_response again;
		uint64_t seq;
		uc_err err;
		test_now_ms += 3;
		expect_eq(guest_submit(&r1, said[i].submit, &again, &seq, &err), SUBMIT_ACCEPTED);
		expect_eq(seq, said[i].seq);
		expect_eq(again.accepted_timestamp, said[i].answer.accepted_timestamp);
		expect_bytes(VIEW_OF(again.frank->server_frank),
			     VIEW_OF(said[i].answer.frank->server_frank));
		expect_bytes(again.frank->franking_integrity_signature,
			     said[i].answer.frank->franking_integrity_signature);
	}
	expect_eq(log_head_of(dial, the_room), last);
}

static void block_drop(uint64_t block, struct view marks)
{
	struct store_batch b;
	struct store_key k;
	const struct repeats_record record = { .marks = marks };
	key_1(&k, TABLE_REPEATS, the_room);
	store_key_add_u64(&k, block);
	store_batch_init(&b, the_room);
	if (marks.n)
		expect_ok(record_put(&b, store_key_view(&k), repeats_record_element, &record));
	else
		store_delete(&b, store_key_view(&k));
	expect_ok(store_commit(dial->rooms, &b));
	store_batch_done(&b);
}

TEST(repeats_are_known_in_memory_and_after_a_restart)
{
	say_all();
	say_again(0);
	expect_eq(table_count(dial, TABLE_REPEATS), 2);
	/* Followers need none. */
	expect_eq(table_count(&apps[LENS], TABLE_REPEATS), 0);
	restart();
	expect(!room_of()->repeats);
	say_again(0);
	expect_eq(dial->provider->room_work->marks_n, room_of()->repeats->cap);
	the_end();
}

TEST(marks_of_long_ago_lie_in_rows)
{
	is_narrow = true;
	say_all();
	const struct repeats *t = room_of()->repeats;
	expect_eq(t->cap, NARROW);
	expect(t->past && !t->past->next);
	expect_eq(t->past->first, t->oldest);
	expect_eq(t->past->end, t->first);
	expect_eq(t->first % BLOCK, 0);
	expect_eq(t->past_n, t->past->bytes / 16);
	expect_eq(dial->provider->room_work->marks_n, t->cap + t->past_n);
	say_again(0);
	restart();
	say_again(0);
	t = room_of()->repeats;
	expect(t->past && !t->past->next);
	expect_eq(dial->provider->room_work->marks_n, t->cap + t->past_n);
	/* A row that cannot be read refuses. */
	static const uint8_t wrong[8];
	struct submit_message_response again;
	uint64_t seq;
	uc_err err;
	block_drop(0, VIEW_OF(wrong));
	expect_eq(guest_submit(&r1, said[0].submit, &again, &seq, &err), -1);
	expect_eq(err, UC_E_CORRUPT);
	the_end();
	is_narrow = false;
}

TEST(a_row_knows_its_marks_and_hardly_any_other)
{
	enum { MARKS = 4096, OTHERS = 400000 };
	static uint64_t marks[MARKS], copy[MARKS];
	struct repeats_past *x = NULL;
	size_t wrong = 0;
	for (size_t i = 0; i < MARKS; i++)
		marks[i] = i % 7 ? (i + 1) * 0x9e3779b97f4a7c15u : 0;
	marks[9] = marks[8]; /* the same twice */
	memcpy(copy, marks, sizeof copy);
	expect_ok(repeats_past_make(test_env(), copy, MARKS, 100, &x));
	expect_eq(x->first, 100);
	expect_eq(x->end, 100 + MARKS);
	expect(x->bytes < MARKS * 3);
	for (size_t i = 0; i < MARKS; i++)
		expect(!marks[i] || repeats_past_may_have(x, marks[i]));
	for (uint64_t i = 1; i <= OTHERS; i++)
		wrong += repeats_past_may_have(x, i * 0xd1342543de82ef95u);
	expect(wrong < 40); /* six would be as it should be */
	heap_free(x);
	/* None at all. */
	memset(copy, 0, sizeof copy);
	expect_ok(repeats_past_make(test_env(), copy, 3, 1, &x));
	expect(!repeats_past_may_have(x, 5) && x->end == 4);
	heap_free(x);
}

static void a_block_that_is_missing_is_read_from_the_entries(void)
{
	say_all();
	block_drop(0, (struct view){ NULL, 0 });
	restart();
	say_again(0);
	block_drop(1, (struct view){ NULL, 0 });
	restart();
	say_again(0);
	the_end();
}

TEST(a_block_that_is_missing_is_read_from_the_entries_in_memory)
{
	a_block_that_is_missing_is_read_from_the_entries();
}

TEST(a_block_that_is_missing_is_read_from_the_entries_in_rows)
{
	is_narrow = true;
	a_block_that_is_missing_is_read_from_the_entries();
	is_narrow = false;
}

TEST(a_block_of_entries_that_are_not_there_counts_for_nothing)
{
	static const uint8_t other[8 * BLOCK] = { 1 };
	say_all();
	/* As after a log that lost its end, and has not come as far again. */
	block_drop(2, VIEW_OF(other));
	restart();
	say_again(0);
	/* One of another size is no block at all. */
	block_drop(1, view_make(other, 8 * BLOCK - 1));
	restart();
	struct submit_message_response again;
	uint64_t seq;
	uc_err err;
	expect_eq(guest_submit(&r1, said[0].submit, &again, &seq, &err), -1);
	expect_eq(err, UC_E_CORRUPT);
	the_end();
}

TEST(an_equal_mark_is_a_hint_and_no_more)
{
	struct fanout_message m;
	struct submit_message_request q;
	uint8_t hash[SHA256_BYTES];
	uint64_t seq = 0;
	say_all();
	struct room_live *r = room_of();
	expect_ok(wire_decode(said[9].submit, &apps_mem, submit_message_request_element, &q));
	expect_ok(sha256(q.app_message, hash));
	expect_ok(repeats_find(dial->provider, r, repeats_mark(hash), q.app_message, &apps_mem, &m,
			       &seq));
	expect_eq(seq, said[9].seq);
	expect_bytes(m.message, q.app_message);
	struct view longer = view_make(q.app_message.p, q.app_message.n - 1);
	expect_err(repeats_find(dial->provider, r, repeats_mark(hash), longer, &apps_mem, &m, &seq),
		   UC_E_NOT_FOUND);
	expect_err(repeats_find(dial->provider, r, repeats_mark(hash) ^ 1, q.app_message, &apps_mem,
				&m, &seq),
		   UC_E_NOT_FOUND);
	the_end();
}

TEST(a_repeat_of_what_was_trimmed_is_a_new_message)
{
	struct submit_message_response again;
	uint64_t seq;
	uc_err err;
	say_all();
	/* All have read it, an hour ago; then comes more, which nobody has. */
	read_all();
	for (int i = 0; i < 3; i++)
		apps_wait(3600000);
	expect_eq(log_bounds_of(dial, the_room).first, said[SAID - 1].seq + 1);
	expect_eq(table_count(dial, TABLE_REPEATS), 2 - said[SAID - 1].seq / BLOCK);
	/* The record says what the entries said. */
	restart();
	expect_eq(room_of()->record.next, said[SAID - 1].seq + 1);
	expect_eq(room_of()->record.last_ms, said[SAID - 1].answer.accepted_timestamp);
	expect_eq(guest_submit(&r1, said[0].submit, &again, &seq, &err), SUBMIT_ACCEPTED);
	expect_eq(seq, said[SAID - 1].seq + 1);
	expect_eq(guest_submit(&r1, said[0].submit, &again, &said[0].seq, &err), SUBMIT_ACCEPTED);
	expect_eq(said[0].seq, seq);
	the_end();
}

static void trimming_ends_within_a_block_and_the_rest_is_known(void)
{
	say_all();
	read_all();
	for (int i = 0; i < 3; i++)
		apps_wait(3600000);
	/* Another hundred, of which some are older than the hour. */
	for (size_t i = 0; i < SAID; i++) {
		uc_err err;
		test_now_ms += 50000;
		said[i].submit = guest_message_make(&r1, "later");
		expect_eq(guest_submit(&r1, said[i].submit, &said[i].answer, &said[i].seq, &err),
			  SUBMIT_ACCEPTED);
		read_all();
	}
	apps_wait(600000);
	apps_wait(1000);
	uint64_t first = log_bounds_of(dial, the_room).first;
	expect(first > said[0].seq && first < said[SAID - 1].seq);
	say_again((size_t)(first - said[0].seq));
	restart();
	say_again((size_t)(first - said[0].seq));
	expect_eq(table_count(dial, TABLE_REPEATS),
		  (said[SAID - 1].seq + 1) / BLOCK - first / BLOCK);
	the_end();
}

TEST(trimming_ends_within_a_block_and_the_rest_is_known_in_memory)
{
	trimming_ends_within_a_block_and_the_rest_is_known();
}

TEST(trimming_ends_within_a_block_and_the_rest_is_known_in_rows)
{
	is_narrow = true;
	trimming_ends_within_a_block_and_the_rest_is_known();
	is_narrow = false;
}

TEST(a_handshake_that_comes_again_is_answered_as_before)
{
	struct change c = { .n = 0 };
	uc_err err;
	say_all();
	read_all();
	guest_init(&r2, &rob, NULL);
	change_add(&c, &r2);
	struct view update = guest_commit_make(&r1, &c);
	expect_eq(guest_update(&r1, update, &err), UPDATE_SUCCESS);
	uint64_t last = log_head_of(dial, the_room);
	expect_eq(guest_update(&r1, update, &err), UPDATE_SUCCESS);
	restart();
	expect_eq(guest_update(&r1, update, &err), UPDATE_SUCCESS);
	expect_eq(log_head_of(dial, the_room), last);
	/* As a message it is none. */
	struct submit_message_request q = { .protocol = PROTOCOL_MLS10 };
	struct update_request u;
	struct view submit;
	struct submit_message_response r;
	uint64_t seq;
	expect_ok(wire_decode(update, &apps_mem, update_request_element, &u));
	q.app_message = u.bundle.proposal_or_commit;
	q.sending_uri = VIEW_LIT("mimi://dial.example/u/nobody");
	if (!wire_encode_to(&apps_mem, submit_message_request_element, &q, &submit))
		expect(guest_submit(&r1, submit, &r, &seq, &err) != SUBMIT_ACCEPTED);
	the_end();
}

static void marks_leave_memory_with_their_room(void)
{
	say_all();
	expect(dial->provider->room_work->marks_n >= SAID);
	room_live_drop(dial->provider, room_of());
	expect_eq(dial->provider->room_work->marks_n, 0);
	say_again(0);
	/* And from a room that rests. */
	apps_wait(11 * 60000);
	apps_wait(11 * 60000);
	expect(!room_of()->repeats);
	expect_eq(dial->provider->room_work->marks_n, 0);
	expect(!dial->provider->room_work->marked.first);
	say_again(0);
	the_end();
}

TEST(marks_leave_memory_with_their_room_in_memory)
{
	marks_leave_memory_with_their_room();
}

TEST(marks_leave_memory_with_their_room_in_rows)
{
	is_narrow = true;
	marks_leave_memory_with_their_room();
	is_narrow = false;
}

/* The marks of a room that grows push out those of others, in whose line it stands. */
TEST(a_room_that_grows_pushes_out_others_and_keeps_its_own)
{
	say_all();
	struct room_work *w = dial->provider->room_work;
	struct room_live *grown = room_of();
	guest_init(&r2, &rob, NULL);
	r2.room = VIEW_LIT("mimi://dial.example/r/ijklmnop");
	expect_ok(guest_create(&r2, false));
	guest_say(&r2, "elsewhere");
	struct room_live *other = NULL;
	expect_ok(room_live_get(dial->provider, r2.room, &other));
	expect(other->repeats != NULL && w->marked.first->room == grown);
	/* The other, used longer ago, stands before it. */
	guest_say(&r1, "here");
	expect(w->marked.first == &other->repeats->marked);
	size_t cap = grown->repeats->cap, are = w->marks_n;
	w->marks_n = MARKS_LOADED_MAX;
	while (grown->repeats && grown->repeats->cap == cap) {
		test_now_ms += 7;
		guest_say(&r1, "and on");
	}
	expect(!other->repeats);
	expect(grown->repeats != NULL);
	expect(w->marked.first == &grown->repeats->marked && w->marked.last == w->marked.first);
	expect(!grown->repeats->marked.previous && !grown->repeats->marked.next);
	w->marks_n -= MARKS_LOADED_MAX - are;
	expect_eq(w->marks_n, grown->repeats->cap);
	say_again(0);
	the_end();
}
