/* SPDX-License-Identifier: Apache-2.0 */
/* What a client sends when messages are reported, and what it refuses to. */
#include "client/compose.h"
#include "client/contact_requests.h"
#include "client/history.h"
#include "client/pool.h"
#include "client/received.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "mimi/media_type.h"
#include "mimi/report.h"

#include "tests/unit/client/small_app.h"

#define TOM "mimi://lens.example/p/tom"
#define IDA "mimi://plaza.example/p/ida"

static const uint8_t hub_key[32] = { 1, 2, 3 };
static const struct frank_chain hub_chain = { FRANK_DAY_ANY, { 1, 2, 3 } };
static struct small_app app;
static struct person p;
static struct uc_id room;
static struct arena mem;

static uc_err furnish(struct uc_client *c, void *arg)
{
	static const uint8_t key[32] = { 5 };
	struct room *r;
	(void)arg;
	TRY(rooms_create(c, false, "Walks", &r));
	TRY(room_group_create(c, r, pool_find(c, r->set_id), VIEW_OF(key), VIEW_OF(key),
			      &r->group));
	r->state = ROOM_LEFT; /* nothing is to be done for it */
	r->group_dirty = true;
	room = r->id;
	return room_members_sync(c, r);
}

static void begin(void)
{
	uc_op op;
	small_app_init(&app, "dial.example");
	person_begin(&p, &app);
	arena_init(&mem, 16 << 20, ARENA_PLAIN);
	expect_ok(person_open(&p));
	expect_ok(person_talk(&p));
	expect_ok(uc_sign_up(p.c, "+15550100", app.code, "Rosa", &op));
	expect_ok(person_talk(&p));
	expect_ok(turn_run(p.c, furnish, NULL));
}

static void end(void)
{
	arena_done(&mem);
	person_end(&p);
}

static struct room *r(void)
{
	return room_find(p.c, &room);
}

/* As the hub would have sent it: franked. */
struct coming {
	const char *by, *text;
	const struct uc_id *replaces;
	struct uc_id id;
	uint64_t seq;
};
static uint64_t next_seq;

static uc_err frank_of(const struct mimi_content *m, struct room_entry *e)
{
	const struct server_franking_context at = { e->sender.participant, view_str(r()->uri),
						    e->timestamp };
	uint8_t tag[FRANKING_TAG];
	struct view data;
	struct frank f;
	TRY(application_data_write(e->content, &e->head, &mem, &data));
	TRY(franking_tag(VIEW_OF(m->salt), data, tag));
	TRY(frank_make(hub_key, NULL, test_env(), tag, &at, &mem, &f));
	return wire_encode_to(&mem, frank_element, &f, &e->frank);
}

static uc_err come(struct uc_client *c, void *arg)
{
	struct coming *in = arg;
	struct mimi_content m;
	struct view sender = view_str(in->by);
	struct room_entry e = { .sender = { .client = sender, .participant = sender },
				.timestamp = test_now_ms,
				.head = { .seq = ++next_seq % 3, .chain = { 1, 2 } } };
	TRY(mimi_content_new(test_env(), sender, view_str(r()->uri), &mem, &m));
	mimi_content_set_text(&m, view_str(in->text), false);
	if (in->replaces)
		m.replaces = VIEW_OF(in->replaces->b);
	TRY(mimi_content_write(&m, &mem, &e.content));
	TRY(mimi_content_id(e.content, m.salt, sender, view_str(r()->uri), in->id.b));
	TRY(frank_of(&m, &e));
	return received(c, r(), &e, next_seq);
}

static struct uc_id says(const char *by, const char *text, const struct uc_id *replaces)
{
	struct coming in = { .by = by, .text = text, .replaces = replaces };
	test_now_ms += 1000;
	expect_ok(turn_run(p.c, come, &in));
	return in.id;
}

static uc_err report(const uint64_t *numbers, size_t n, uint32_t to)
{
	uc_op op = 0;
	uc_err err = uc_report(p.c, &room, numbers, n, to, UC_REPORT_THREAT, "since monday", &op);
	if (err)
		return err;
	expect_ok(person_talk(&p));
	expect_eq(p.done_op, op);
	return p.done_err;
}

TEST(what_goes_is_what_was_reported_and_nothing_else)
{
	struct report_request q = { .to = 0 };
	struct abuse_report a;
	const struct report_keys keys = { .hub_frank = { &hub_chain } };
	begin();
	says(TOM, "good morning", NULL);
	struct uc_id second = says(TOM, "or else", NULL);
	says(TOM, "between us", NULL);
	says(TOM, "and now this", &second);
	expect_ok(report((uint64_t[]){ 1, 2 }, 2, UC_REPORT_TO_APP | UC_REPORT_TO_HUB));
	expect(!strcmp(p.words, "verified app hub"));
	expect_ok(
		wire_decode(view_make(app.report, app.report_n), &mem, report_request_element, &q));
	expect_eq(q.to, REPORT_TO_APP | REPORT_TO_HUB);
	expect_bytes(q.room, view_str(r()->uri));
	expect_ok(wire_decode(q.report, &mem, abuse_report_element, &a));
	expect_eq(a.reporting_user.n, 0);
	expect_bytes(a.alleged_abuser_uri, VIEW_LIT(TOM));
	expect_eq(a.reason_code, REPORT_THREAT);
	expect_bytes(a.note, VIEW_LIT("since monday"));
	expect_eq(a.messages.n, 2);
	expect_eq(a.messages.v[0].head.seq, 1);
	expect_eq(a.messages.v[1].head.seq, 4 % 3);
	/* The edit is as it was taken, later than what it replaces. */
	expect_ok(report_verify(&a, q.room, &keys, &mem));
	expect(a.messages.v[1].accepted_timestamp > a.messages.v[0].accepted_timestamp + 1000);
	end();
}

TEST(what_is_not_reported)
{
	begin();
	says(TOM, "one", NULL);
	says(IDA, "two", NULL);
	expect_err(report((uint64_t[]){ 1, 2 }, 2, UC_REPORT_TO_APP), UC_E_ARGUMENT);
	expect_err(report((uint64_t[]){ 1, 1 }, 2, UC_REPORT_TO_APP), UC_E_ARGUMENT);
	expect_err(report((uint64_t[]){ 3 }, 1, UC_REPORT_TO_APP), UC_E_NOT_FOUND);
	expect_err(report((uint64_t[]){ 1 }, 0, UC_REPORT_TO_APP), UC_E_ARGUMENT);
	expect_err(report((uint64_t[]){ 1 }, 1, 0), UC_E_ARGUMENT);
	expect_err(report((uint64_t[]){ 1 }, 1, 4), UC_E_ARGUMENT);
	says(r()->participant, "my own, of before", NULL);
	expect_err(report((uint64_t[]){ 3 }, 1, UC_REPORT_TO_APP), UC_E_NOT_FOUND);
	/* What the app refuses is told as it is. */
	app.refuse_type = FRAME_REPORT;
	app.refuse_with = UC_E_FRANK;
	app.refuse_times = 1;
	expect_err(report((uint64_t[]){ 1 }, 1, UC_REPORT_TO_APP), UC_E_FRANK);
	expect_ok(report((uint64_t[]){ 1 }, 1, UC_REPORT_TO_APP));
	person_disconnect(&p);
	expect_err(report((uint64_t[]){ 1 }, 1, UC_REPORT_TO_APP), UC_E_NET);
	end();
}

/* A message that an earlier version kept says when it was taken, unless it is an edit, and no head. */
TEST(messages_of_before)
{
	struct message m = { .number = 1, .time_ms = 77, .frank_ms = 99 }, back;
	struct view bytes;
	begin();
	for (int edited = 0; edited < 2; edited++) {
		m.edited = edited;
		expect_ok(wire_encode_to(&mem, message_element, &m, &bytes));
		uint8_t *old = arena_take(&mem, bytes.n);
		memcpy(old, bytes.p, bytes.n);
		old[1] = 1;
		memset(&back, 0, sizeof back);
		expect_ok(wire_decode(view_make(old, bytes.n - 24 - 8), &mem, message_element,
				      &back));
		expect_eq(back.frank_ms, edited ? 0 : 77);
		expect_ok(wire_decode(bytes, &mem, message_element, &back));
		expect_eq(back.frank_ms, 99);
	}
	end();
}

/* --- requests --- */

#define ADDRESS "mimi://lens.example/q/of-the-card"

struct came {
	uint8_t state;
	bool ours;
	struct uc_id id;
};

static uc_err come_asking(struct uc_client *c, void *arg)
{
	struct came *in = arg;
	struct request *q;
	TRY(request_new(c, !in->ours, &q));
	q->state = in->state;
	q->card_salt[0] = 7;
	TRY(text_set(q->name, sizeof q->name, VIEW_LIT("Tom")));
	TRY(text_set(q->text, sizeof q->text, VIEW_LIT("or else")));
	TRY(text_set(q->card_address, sizeof q->card_address, VIEW_LIT(ADDRESS)));
	/* Where they wait for an answer now. */
	TRY(text_set(q->reply, sizeof q->reply, VIEW_LIT("mimi://lens.example/q/later")));
	TRY(text_set(q->target, sizeof q->target, VIEW_LIT("mimi://dial.example/q/ours")));
	in->id = q->id;
	return UC_OK;
}

static struct uc_id asks(uint8_t state, bool ours)
{
	struct came in = { .state = state, .ours = ours };
	expect_ok(turn_run(p.c, come_asking, &in));
	return in.id;
}

static uc_err report_request(struct uc_id id, uint32_t to)
{
	uc_op op = 0;
	uc_err err = uc_report_request(p.c, &id, to, UC_REPORT_HARASSMENT, NULL, &op);
	if (err)
		return err;
	expect_ok(person_talk(&p));
	expect_eq(p.done_op, op);
	return p.done_err;
}

TEST(of_a_request_goes_what_was_shown)
{
	struct report_request q = { .to = 0 };
	struct abuse_report a;
	begin();
	struct uc_id id = asks(REQUEST_OPEN, false);
	/* Also after a restart. */
	expect_ok(person_open(&p));
	expect_ok(person_talk(&p));
	expect_ok(report_request(id, UC_REPORT_TO_APP));
	expect(!strcmp(p.words, "verified app"));
	expect_ok(
		wire_decode(view_make(app.report, app.report_n), &mem, report_request_element, &q));
	expect_eq(q.to, REPORT_TO_APP);
	expect_bytes(q.room, VIEW_LIT(ADDRESS));
	expect_ok(wire_decode(q.report, &mem, abuse_report_element, &a));
	expect(a.is_card);
	expect_eq(a.reporting_user.n, 0);
	expect_eq(a.reason_code, REPORT_HARASSMENT);
	expect_bytes(a.alleged_abuser_uri, VIEW_LIT(ADDRESS));
	expect_bytes(a.card.name, VIEW_LIT("Tom"));
	expect_bytes(a.card.text, VIEW_LIT("or else"));
	expect_eq(a.card.salt[0], 7);
	/* Answered, too. */
	expect_ok(report_request(asks(REQUEST_DECLINED, false), UC_REPORT_TO_HUB));
	expect_ok(
		report_request(asks(REQUEST_ACCEPTED, false), UC_REPORT_TO_APP | UC_REPORT_TO_HUB));
	expect(!strcmp(p.words, "verified app hub"));
	end();
}

TEST(requests_that_are_not_reported)
{
	begin();
	expect_err(report_request(asks(REQUEST_SENT, true), UC_REPORT_TO_APP), UC_E_NOT_FOUND);
	/* What the guardian has not let through was not shown. */
	expect_err(report_request(asks(REQUEST_GUARDED, false), UC_REPORT_TO_APP), UC_E_NOT_FOUND);
	expect_err(report_request(asks(REQUEST_REFUSED, false), UC_REPORT_TO_APP), UC_E_NOT_FOUND);
	expect_err(report_request((struct uc_id){ { 1 } }, UC_REPORT_TO_APP), UC_E_NOT_FOUND);
	struct uc_id id = asks(REQUEST_OPEN, false);
	expect_err(report_request(id, 0), UC_E_ARGUMENT);
	expect_err(report_request(id, 4), UC_E_ARGUMENT);
	app.refuse_type = FRAME_REPORT;
	app.refuse_with = UC_E_FRANK;
	app.refuse_times = 1;
	expect_err(report_request(id, UC_REPORT_TO_APP), UC_E_FRANK);
	person_disconnect(&p);
	expect_err(report_request(id, UC_REPORT_TO_APP), UC_E_NET);
	/* One that came before cards committed to anything. */
	struct request *q = request_find(p.c, &id);
	*q->card_address = 0;
	expect_ok(person_talk(&p));
	expect_err(report_request(id, UC_REPORT_TO_APP), UC_E_NOT_FOUND);
	end();
}
