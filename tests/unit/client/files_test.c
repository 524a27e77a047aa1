/* SPDX-License-Identifier: Apache-2.0 */
/* Files from one client to another: kept through kills, sent when the app has all of them, fetched and
 * checked, and refused when an app or a sender lies.  The apps are played here. */
#include "client/history.h"
#include "client/received.h"
#include "client/rooms.h"
#include "client/transfers.h"
#include "client/turn.h"

#include "base/heap.h"
#include "tests/unit/client/duo.h"
#include "tests/unit/two_keys.h"

enum { PART = ATTACHMENT_PART_MAX, SIZE = 300000, HELD_MAX = 1 << 20 };

/* What lies at the one URL there is. */
static struct {
	uint8_t *bytes;
	uint64_t have, total;
	unsigned puts, gets;
	unsigned lose_put;    /* that one is done, and its answer lost; 0: none */
	uc_err refuse;        /* instead of an answer */
	uint64_t shorter;     /* each part is by so much */
	uint64_t other_total; /* 0: none */
} url;
static uint8_t *file, *out;
static uint64_t number;
static struct uc_id her_room;

static struct room *she(void)
{
	return room_find(rosa.c, &her_room);
}

static void begin(void)
{
	duo_begin(false, NULL);
	memset(&url, 0, sizeof url);
	url.bytes = heap_new(HELD_MAX);
	file = heap_new(SIZE);
	out = heap_new(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		file[i] = (uint8_t)(i * 7 + i / 256);
	hers->seat_known = true;
	hers->dirty = hers->group_dirty = rosa.c->account.dirty = true;
	her_room = hers->id;
}

static void end(void)
{
	heap_free(url.bytes);
	heap_free(file);
	heap_free(out);
	duo_end();
}

/* --- an app that keeps one file --- */

static void answer(uc_client *c, const struct frame *f, wire_element *walk, const void *body)
{
	struct buf b;
	buf_init(&b, FRAME_MAX);
	if (url.refuse)
		expect_ok(frame_add_refusal(&b, f->type, f->id, url.refuse, (struct view){ 0 }, 0));
	else
		expect_ok(frame_add_response(&b, f->type, f->id, walk, body));
	expect_ok(uc_client_receive(c, b.p, b.n));
	buf_done(&b);
}

static void take_put(uc_client *c, const struct frame *f)
{
	struct attachment_put_request q;
	struct attachment_put_response r;
	expect_ok(wire_decode(f->body, &mem, attachment_put_request_element, &q));
	expect(q.total <= HELD_MAX && q.offset + q.bytes.n <= q.total);
	if (q.offset == url.have && !url.refuse) {
		memcpy(url.bytes + q.offset, q.bytes.p, q.bytes.n);
		url.have += q.bytes.n;
		url.total = q.total;
	}
	r.have = url.have;
	if (++url.puts == url.lose_put)
		expect_ok(uc_client_disconnected(c));
	else
		answer(c, f, attachment_put_response_element, &r);
}

static void take_get(uc_client *c, const struct frame *f)
{
	struct attachment_get_request q;
	struct attachment_get_response r;
	expect_ok(wire_decode(f->body, &mem, attachment_get_request_element, &q));
	expect_bytes(q.domain, VIEW_LIT("dial.example"));
	r.total = url.other_total ? url.other_total : url.total;
	uint64_t rest = url.total - q.offset, n = rest < PART ? rest : PART;
	r.bytes = view_make(url.bytes + q.offset, (size_t)(n - url.shorter));
	url.gets++;
	answer(c, f, attachment_get_response_element, &r);
}

/* One frame of those that speak of files; false: there is none. */
static bool take_one(uc_client *c)
{
	const uint8_t *p;
	size_t n;
	struct frame f;
	while (uc_client_next_frame(c, &p, &n)) {
		struct view bytes;
		expect_ok(arena_copy(&mem, view_make(p, n), &bytes));
		expect_ok(wire_decode(bytes, &mem, frame_element, &f));
		if (f.type == FRAME_ATTACHMENT_PUT)
			take_put(c, &f);
		else if (f.type == FRAME_ATTACHMENT_GET)
			take_get(c, &f);
		else
			continue;
		return true;
	}
	return false;
}

static uc_err online(struct uc_client *c, void *arg)
{
	(void)arg;
	c->connection = UC_ONLINE;
	return UC_OK;
}

/* How it ended; told: bytes that were told of. */
struct ended {
	bool done;
	uc_err err;
	unsigned told, failed, warnings;
};
static struct ended events_take(uc_client *c)
{
	struct ended e = { 0 };
	struct uc_event v;
	while (uc_client_next_event(c, &v)) {
		e.done = e.done || v.kind == UC_EVENT_DONE;
		if (v.kind == UC_EVENT_DONE)
			e.err = v.err;
		e.told += v.kind == UC_EVENT_FILE;
		e.warnings += v.kind == UC_EVENT_WARNING;
		e.failed +=
			v.kind == UC_EVENT_MESSAGE_STATE && v.message->state == UC_MESSAGE_FAILED;
	}
	return e;
}

static struct ended add(struct ended a, struct ended b)
{
	a.done = a.done || b.done;
	a.err = b.done ? b.err : a.err;
	a.told += b.told;
	a.failed += b.failed;
	a.warnings += b.warnings;
	return a;
}

/* Goes on until nothing more is said of files. */
static struct ended talk(uc_client *c)
{
	struct ended e = { 0 };
	expect_ok(turn_run(c, online, NULL));
	for (unsigned i = 0; i < 40; i++) {
		if (!take_one(c)) {
			test_now_ms += 2500; /* what is tried again later */
			expect_ok(uc_client_step(c));
		}
		e = add(e, events_take(c));
	}
	return e;
}

/* --- sending --- */

static struct uc_id sent;

static void send(void)
{
	expect_ok(uc_send_file(rosa.c, &her_room, "/home/rosa/beans.jpg", "image/jpeg", file, SIZE,
			       &sent));
	number = uc_messages_last(rosa.c, &her_room);
}

static uint8_t state(void)
{
	struct message m = { 0 };
	expect_ok(history_get(rosa.c, she(), number, &mem, &m));
	return m.state;
}

static bool is_queued(void)
{
	for (const struct outgoing *o = she()->outbox.first; o; o = o->next)
		if (id_equal(&o->id, &sent))
			return true;
	return false;
}

static void expect_at_url(void)
{
	expect_eq(url.total, attachment_sealed_size(SIZE));
	expect_eq(url.have, url.total);
}

TEST(a_file_goes_to_the_app_and_then_its_message_goes_out)
{
	begin();
	send();
	expect_eq(state(), UC_MESSAGE_QUEUED);
	expect(!is_queued());
	expect(!uc_client_is_idle(rosa.c));
	struct ended e = talk(rosa.c);
	expect_at_url();
	expect_eq(url.puts, 3);
	expect_eq(e.told, 3);
	expect(is_queued());
	expect(!rosa.c->transfers);
	end();
}

TEST(nothing_of_it_is_lost_in_kills)
{
	begin();
	send();
	for (unsigned i = 0; i < 3; i++) {
		expect_ok(turn_run(rosa.c, online, NULL));
		expect(take_one(rosa.c));
		expect_ok(uc_client_step(rosa.c));
		expect_ok(person_open(&rosa)); /* as after kill -9 */
	}
	talk(rosa.c);
	expect_at_url();
	expect(is_queued());
	expect(!rosa.c->transfers);
	end();
}

TEST(an_answer_that_is_lost_is_asked_for_again)
{
	begin();
	url.lose_put = 2;
	send();
	talk(rosa.c);
	talk(rosa.c);
	expect_at_url();
	expect(is_queued());
	end();
}

TEST(an_app_whose_store_was_put_back_gets_all_of_it_again)
{
	begin();
	send();
	expect_ok(turn_run(rosa.c, online, NULL));
	for (int i = 0; i < 2; i++) {
		expect(take_one(rosa.c));
		expect_ok(uc_client_step(rosa.c));
	}
	url.have = 0;
	talk(rosa.c);
	expect_at_url();
	expect(is_queued());
	end();
}

TEST(a_file_that_the_app_does_not_take_is_told_as_lost)
{
	begin();
	send();
	url.refuse = UC_E_TOO_LARGE;
	struct ended e = talk(rosa.c);
	expect_eq(e.failed, 1);
	expect_eq(e.warnings, 1);
	expect_eq(state(), UC_MESSAGE_FAILED);
	expect(!is_queued() && !rosa.c->transfers);
	expect(uc_client_is_idle(rosa.c) || rosa.c->calls);
	end();
}

TEST(an_app_that_is_busy_is_asked_again)
{
	begin();
	send();
	url.refuse = UC_E_BUSY;
	talk(rosa.c);
	expect_eq(state(), UC_MESSAGE_QUEUED);
	url.refuse = UC_OK;
	talk(rosa.c);
	expect_at_url();
	expect(is_queued());
	end();
}

TEST(a_message_that_is_deleted_meanwhile_stays_here)
{
	begin();
	send();
	expect_ok(turn_run(rosa.c, online, NULL));
	expect(take_one(rosa.c));
	expect_ok(uc_send_delete(rosa.c, &her_room, &sent, NULL));
	talk(rosa.c);
	expect(!is_queued() && !rosa.c->transfers);
	expect(url.have < attachment_sealed_size(SIZE));
	end();
}

TEST(what_cannot_be_sent_is_refused_and_nothing_is_kept)
{
	struct uc_id nowhere = { { 1 } };
	begin();
	uint64_t before = uc_messages_last(rosa.c, &her_room);
	expect_err(uc_send_file(rosa.c, &her_room, "x", NULL, file, 0, NULL), UC_E_ARGUMENT);
	expect_err(uc_send_file(rosa.c, &her_room, NULL, NULL, file, 1, NULL), UC_E_ARGUMENT);
	expect_err(uc_send_file(rosa.c, &her_room, "x", NULL, NULL, 1, NULL), UC_E_ARGUMENT);
	expect_err(uc_send_file(rosa.c, &her_room, "x", NULL, file, UC_FILE_MAX + 1, NULL),
		   UC_E_TOO_LARGE);
	expect_err(uc_send_file(rosa.c, &her_room, "\xff", NULL, file, 1, NULL), UC_E_TEXT);
	expect_err(uc_send_file(rosa.c, &nowhere, "x", NULL, file, 1, NULL), UC_E_NOT_FOUND);
	she()->says = SAYS_NOTHING;
	expect_err(uc_send_file(rosa.c, &her_room, "x", NULL, file, 1, NULL), UC_E_NOT_INTRODUCED);
	she()->says = SAYS_ACCOUNT;
	she()->state = ROOM_LEFT;
	expect_err(uc_send_file(rosa.c, &her_room, "x", NULL, file, 1, NULL), UC_E_CLOSED);
	expect_eq(uc_messages_last(rosa.c, &her_room), before);
	expect(!rosa.c->transfers);
	end();
}

/* --- receiving --- */

static uc_err hear(struct uc_client *c, void *arg)
{
	const struct room_entry e = { .sender = her_leaf,
				      .content = *(const struct view *)arg,
				      .timestamp = test_now_ms };
	return received(c, his, &e, 3);
}

static struct view content_of_hers(void)
{
	struct message m = { 0 };
	expect_ok(history_get(rosa.c, she(), number, &mem, &m));
	return m.content;
}

static void arrives(struct view content)
{
	uint64_t before = uc_messages_last(tom.c, &his->id);
	duo_turn(hear, &content);
	number = uc_messages_last(tom.c, &his->id);
	expect_eq(number, before + 1);
}

/* Hers, whole at its URL, and before him. */
static void sent_and_read(void)
{
	begin();
	send();
	talk(rosa.c);
	arrives(content_of_hers());
}

static struct ended fetched(void)
{
	uc_op op;
	expect_ok(turn_run(tom.c, online, NULL));
	expect_ok(uc_file_fetch(tom.c, &his->id, number, &op));
	return talk(tom.c);
}

static uc_err read_it(void)
{
	memset(out, 0, SIZE);
	return uc_file_read(tom.c, &his->id, number, out, SIZE);
}

static size_t parts_kept(void)
{
	size_t n = 0;
	for (const struct transfer *t = tom.c->transfers; t; t = t->next)
		n += (size_t)(t->have / PART);
	return n;
}

struct shown {
	enum uc_message_kind kind;
	char name[200], type[100];
	uint64_t bytes;
};
static bool show_each(void *ctx, const struct uc_message *m)
{
	struct shown *s = ctx;
	s->kind = m->kind;
	snprintf(s->name, sizeof s->name, "%s", m->file_name);
	snprintf(s->type, sizeof s->type, "%s", m->file_type);
	s->bytes = m->file_bytes;
	return true;
}

static struct shown shown(void)
{
	struct shown s = { UC_MESSAGE_NOTE, "", "", 0 };
	expect_ok(uc_messages(tom.c, &his->id, number, 1, show_each, &s));
	return s;
}

TEST(a_file_is_fetched_checked_and_read)
{
	sent_and_read();
	struct shown s = shown();
	expect_eq(s.kind, UC_MESSAGE_FILE);
	expect(!strcmp(s.name, "beans.jpg") && !strcmp(s.type, "image/jpeg"));
	expect_eq(s.bytes, SIZE);
	expect_err(read_it(), UC_E_NOT_FOUND);
	struct ended e = fetched();
	expect(e.done && !e.err);
	expect_eq(e.told, 3);
	expect_err(uc_file_read(tom.c, &his->id, number, out, SIZE - 1), UC_E_ARGUMENT);
	expect_ok(read_it());
	expect_bytes(view_make(out, SIZE), view_make(file, SIZE));
	/* Again it costs nothing. */
	unsigned gets = url.gets;
	e = fetched();
	expect(e.done && !e.err);
	expect_eq(url.gets, gets);
	expect_ok(uc_file_drop(tom.c, &his->id, number));
	expect_err(read_it(), UC_E_NOT_FOUND);
	expect(!tom.c->transfers);
	end();
}

TEST(what_was_fetched_before_a_kill_is_not_fetched_again)
{
	uc_op op;
	sent_and_read();
	struct uc_id room = his->id;
	for (unsigned i = 0; i < 2; i++) {
		expect_ok(turn_run(tom.c, online, NULL));
		expect_ok(uc_file_fetch(tom.c, &room, number, &op));
		expect(take_one(tom.c));
		expect_ok(uc_client_step(tom.c));
		expect_ok(person_open(&tom));
		his = room_find(tom.c, &room);
	}
	expect_eq(url.gets, 2);
	struct ended e = fetched();
	expect(e.done && !e.err);
	expect_eq(url.gets, 3);
	expect_ok(read_it());
	expect_bytes(view_make(out, SIZE), view_make(file, SIZE));
	end();
}

TEST(other_bytes_than_were_sent_are_refused_and_not_kept)
{
	for (unsigned at = 0; at < 4; at++) {
		static const size_t places[] = { 0, COMMITMENT, 200000, SIZE };
		sent_and_read();
		url.bytes[places[at]] ^= 1;
		struct ended e = fetched();
		expect(e.done);
		expect_eq(e.err, UC_E_DECRYPT);
		expect_err(read_it(), UC_E_NOT_FOUND);
		expect(!tom.c->transfers);
		/* And then the right ones. */
		url.bytes[places[at]] ^= 1;
		e = fetched();
		expect(e.done && !e.err);
		expect_ok(read_it());
		end();
	}
}

TEST(an_app_that_says_another_length_is_not_believed)
{
	for (unsigned i = 0; i < 3; i++) {
		sent_and_read();
		url.shorter = i == 0;
		url.other_total = i == 1 ? url.total + 1 : i == 2 ? UINT64_MAX : 0;
		struct ended e = fetched();
		expect(e.done);
		expect_eq(e.err, UC_E_DECRYPT);
		expect(!tom.c->transfers);
		end();
	}
}

TEST(a_file_that_is_gone_is_told_so)
{
	sent_and_read();
	url.refuse = UC_E_NOT_FOUND;
	struct ended e = fetched();
	expect(e.done);
	expect_eq(e.err, UC_E_NOT_FOUND);
	end();
}

TEST(an_app_that_does_not_answer_keeps_nobody_waiting_and_what_came_stays)
{
	uc_op op;
	sent_and_read();
	expect_ok(turn_run(tom.c, online, NULL));
	expect_ok(uc_file_fetch(tom.c, &his->id, number, &op));
	expect(take_one(tom.c));
	expect_err(uc_file_fetch(tom.c, &his->id, number, &op), UC_E_PENDING);
	url.refuse = UC_E_PEER;
	struct ended e = talk(tom.c);
	expect(e.done);
	expect_eq(e.err, UC_E_PEER);
	expect_eq(parts_kept(), 1);
	url.refuse = UC_OK;
	e = fetched();
	expect(e.done && !e.err);
	expect_ok(read_it());
	end();
}

TEST(a_message_that_is_deleted_takes_its_file_along)
{
	sent_and_read();
	struct ended e = fetched();
	expect(e.done && !e.err);
	struct words w = { .parts = { .kind = CONTENT_DELETE, .replaces = sent } };
	duo_writes(&w);
	expect(!tom.c->transfers);
	expect_err(read_it(), UC_E_NOT_FOUND);
	uc_op op;
	expect_ok(turn_run(tom.c, online, NULL));
	expect_err(uc_file_fetch(tom.c, &his->id, number, &op), UC_E_NOT_FOUND);
	end();
}

/* --- what strangers write --- */

/* Content of hers with this file. */
static struct view content_with(const struct external_part *e, const char *type)
{
	struct words w = { .parts = {
				   .kind = CONTENT_FILE, .file = e, .file_type = view_str(type) } };
	struct room place = *his;
	memcpy(place.participant, hers->participant, sizeof place.participant);
	expect_ok(content_write(rosa.c, &place, &w.parts, &mem, &w.content));
	return w.content;
}

static struct external_part part_make(struct view bytes)
{
	static uint8_t sealed[ATTACHMENT_PADDED_LEAST + ATTACHMENT_OVERHEAD];
	struct external_part e;
	expect_ok(attachment_seal(test_env(), VIEW_LIT("dial.example"), bytes, &mem, &e, sealed));
	memcpy(url.bytes, sealed, sizeof sealed);
	url.total = url.have = sizeof sealed;
	return e;
}

TEST(names_and_types_of_strangers_are_harmless)
{
	begin();
	struct external_part e = part_make(VIEW_LIT("beans"));
	e.filename = VIEW_LIT("../../.bashrc\x1b[2J\xe2\x80\xaegpj");
	arrives(content_with(&e, "image/png\x1b"));
	struct shown s = shown();
	expect(!strcmp(s.name, "bashrc[2Jgpj"));
	expect(!strcmp(s.type, "application/octet-stream"));
	end();
}

TEST(what_is_no_file_of_ours_is_not_shown_as_one)
{
	begin();
	struct external_part e = part_make(VIEW_LIT("beans"));
	uint64_t before = uc_messages_last(tom.c, &his->id);
	e.url = VIEW_LIT("https://elsewhere.example/tracker.png");
	struct view content = content_with(&e, "image/png");
	duo_turn(hear, &content);
	expect_eq(uc_messages_last(tom.c, &his->id), before);
	end();
}

TEST(the_ciphertext_for_two_keys_is_refused_where_it_is_fetched)
{
	enum { N = ATTACHMENT_PADDED_LEAST };
	struct two_keys k = { .key = { { 1 }, { 2 } }, .nonce = { 3 } };
	const struct suite *suite = suite_find(SUITE_X25519_AES128);
	uint8_t hash[SHA256_BYTES], *mine = heap_new(N + ATTACHMENT_OVERHEAD);
	begin();
	two_keys_make(&k, url.bytes + COMMITMENT, N);
	expect_ok(committed_seal(suite, VIEW_OF(k.key[0]), VIEW_OF(k.nonce),
				 (struct view){ NULL, 0 }, view_make(file, N), mine));
	memcpy(url.bytes, mine, COMMITMENT);
	url.total = url.have = N + ATTACHMENT_OVERHEAD;
	expect_ok(sha256(view_make(url.bytes, (size_t)url.total), hash));
	for (int i = 0; i < 2; i++) {
		struct external_part e = part_make(VIEW_LIT("beans"));
		two_keys_make(&k, url.bytes + COMMITMENT, N);
		memcpy(url.bytes, mine, COMMITMENT);
		e.size = N;
		e.key = VIEW_OF(k.key[i]);
		e.nonce = VIEW_OF(k.nonce);
		e.aad = VIEW_OF(k.aad[i]);
		e.content_hash = VIEW_OF(hash);
		arrives(content_with(&e, "image/png"));
		struct ended ended = fetched();
		expect(ended.done);
		expect_eq(ended.err, UC_E_DECRYPT);
		expect(!tom.c->transfers);
	}
	heap_free(mine);
	end();
}

TEST(two_messages_with_one_url_have_nothing_in_common)
{
	begin();
	struct external_part e = part_make(VIEW_LIT("beans")), other;
	arrives(content_with(&e, "image/png"));
	uint64_t first = number;
	struct ended ended = fetched();
	expect(ended.done && !ended.err);
	/* The same bytes by another key. */
	uint8_t key[ATTACHMENT_KEY] = { 1 };
	other = e;
	other.key = VIEW_OF(key);
	arrives(content_with(&other, "image/png"));
	expect_err(uc_file_read(tom.c, &his->id, number, out, 5), UC_E_NOT_FOUND);
	ended = fetched();
	expect_eq(ended.err, UC_E_DECRYPT);
	expect_ok(uc_file_read(tom.c, &his->id, first, out, 5));
	expect_bytes(view_make(out, 5), VIEW_LIT("beans"));
	end();
}
