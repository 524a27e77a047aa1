/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a room's history: later versions, messages that end, and a room whose group is
 * damaged, without an app to speak to. */
#include "client/compose.h"
#include "client/history.h"
#include "client/pool.h"
#include "client/received.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "mimi/content.h"

#include "tests/unit/client/small_app.h"

#define TOM    "mimi://lens.example/p/tom"
#define YEAR_S (365 * 24 * 3600)

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
	r->state = ROOM_OPEN;
	r->group_dirty = true;
	room = r->id;
	return room_members_sync(c, r);
}

static void begin(void)
{
	small_app_init(&app, "dial.example");
	person_begin(&p, &app);
	arena_init(&mem, 16 << 20, ARENA_PLAIN);
	expect_ok(person_open(&p));
	person_account(&p, "Rosa");
	p.c->account.dirty = true;
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

/* --- later versions --- */

static bool last_content(struct content_parts *out)
{
	const struct outgoing *o = r()->outbox.first;
	while (o && o->next)
		o = o->next;
	return o && !content_parse(r(), view_str(r()->participant), blob_view(&o->content), 0, &mem,
				   out);
}

TEST(a_later_version_answers_what_the_first_did)
{
	struct uc_id one, two, edit;
	struct content_parts sent = { .kind = CONTENT_OTHER };
	begin();
	expect_ok(uc_send(p.c, &room, "shall we?", &one));
	expect_ok(uc_send_reply(p.c, &room, &one, "no", &two));
	expect_ok(uc_send_edit(p.c, &room, &two, "yes", &edit));
	expect(last_content(&sent));
	expect_eq(sent.kind, CONTENT_EDIT);
	expect(sent.has_reply && id_equal(&sent.in_reply_to, &one));
	expect(id_equal(&sent.replaces, &two));
	expect_ok(uc_send_edit(p.c, &room, &one, "shall we go?", &edit));
	expect(last_content(&sent));
	expect(!sent.has_reply);
	expect_err(uc_send_edit(p.c, &room, &edit, "of no first version", &edit), UC_E_NOT_FOUND);
	expect_err(uc_send_reply(p.c, &room, &edit, "to nothing", &edit), UC_E_NOT_FOUND);
	end();
}

/* --- messages that end --- */

struct incoming {
	const char *text;
	struct content_expiration ends;
	uint64_t seq;
	uc_err err;
};

static uc_err receive(struct uc_client *c, void *arg)
{
	struct incoming *in = arg;
	struct mimi_content m;
	struct room_entry e = { .sender = { .client = VIEW_LIT(TOM "/x"),
					    .participant = VIEW_LIT(TOM) },
				.timestamp = test_now_ms };
	TRY(mimi_content_new(test_env(), VIEW_LIT(TOM), view_str(r()->uri), &mem, &m));
	mimi_content_set_text(&m, view_str(in->text), false);
	m.expires = &in->ends;
	TRY(mimi_content_write(&m, &mem, &e.content));
	in->err = received(c, r(), &e, in->seq);
	return UC_OK;
}

static uc_err arrives(const char *text, bool relative, uint64_t time)
{
	struct incoming in = {
		text, { relative, (uint32_t)time }, uc_messages_last(p.c, &room) + 1, UC_OK
	};
	expect_ok(turn_run(p.c, receive, &in));
	return in.err;
}

struct shown {
	char text[512];
	unsigned n, deleted;
};
static bool show(void *ctx, const struct uc_message *m)
{
	struct shown *s = ctx;
	s->n++;
	s->deleted += m->deleted;
	strncat(s->text, m->text, sizeof s->text - strlen(s->text) - 1);
	return true;
}
static void history_is(const char *texts, unsigned n, unsigned deleted)
{
	struct shown s = { .n = 0 };
	expect_ok(uc_messages(p.c, &room, 1, 100, show, &s));
	expect_bytes(view_str(s.text), view_str(texts));
	expect_eq(s.n, n);
	expect_eq(s.deleted, deleted);
}

TEST(an_end_that_makes_no_sense_is_refused)
{
	uint64_t now = test_now_ms / 1000;
	begin();
	expect_err(arrives("far", false, now + 2 * (uint64_t)YEAR_S), UC_E_UNEXPECTED);
	expect_err(arrives("long ago", false, now - 2 * (uint64_t)YEAR_S), UC_E_UNEXPECTED);
	history_is("", 0, 0);
	/* One that is over is over. */
	expect_ok(arrives("over", false, now - 1));
	history_is("", 0, 0);
	expect_ok(arrives("ok", false, now + YEAR_S / 2));
	history_is("ok", 1, 0);
	end();
}

TEST(what_a_message_says_ends_with_it)
{
	uint64_t now = test_now_ms;
	begin();
	expect_ok(arrives("a", true, 60));
	expect_ok(arrives("b", false, now / 1000 + 600));
	expect_ok(arrives("c", true, 3600));
	history_is("abc", 3, 0);
	expect_eq(uc_client_deadline_ms(p.c), now + 60 * 1000);
	/* Also after a restart, and though nobody is connected. */
	expect_ok(person_open(&p));
	test_now_ms = now + 59 * 1000;
	expect_ok(uc_client_step(p.c));
	history_is("abc", 3, 0);
	test_now_ms = now + 60 * 1000;
	expect_ok(uc_client_step(p.c));
	history_is("bc", 3, 1);
	expect(uc_client_deadline_ms(p.c) <= now + 600 * 1000);
	test_now_ms = now + 700 * 1000;
	expect_ok(uc_client_step(p.c));
	history_is("c", 3, 2);
	test_now_ms = now + 4000 * 1000;
	expect_ok(uc_client_step(p.c));
	history_is("", 3, 3);
	expect_eq(uc_client_deadline_ms(p.c), UINT64_MAX);
	test_now_ms = now;
	end();
}

static struct safe_place place(const char *table, uint64_t number)
{
	return (struct safe_place){ .table = table, .owner = VIEW_OF(room.b), .number = number };
}

/* One message that is damaged keeps the client from nothing with the others. */
TEST(a_damaged_message_is_passed_over)
{
	uint64_t now = test_now_ms;
	struct uc_id id, edit;
	begin();
	expect_ok(uc_send(p.c, &room, "own", &id));
	expect_ok(arrives("b", true, 60));
	expect_ok(arrives("c", true, 60));
	expect_ok(arrives("d", true, 3600));
	expect_eq(r()->unread, 3);
	person_rots(&p, place("message", 3));
	expect_ok(uc_mark_read(p.c, &room, 2));
	expect_eq(r()->unread, 1);
	/* It ends with those that can be read. */
	test_now_ms = now + 60 * 1000;
	expect_ok(uc_client_step(p.c));
	history_is("ownd", 3, 1);
	person_rots(&p, place("message", 1));
	expect_err(uc_send_edit(p.c, &room, &id, "more", &edit), UC_E_NOT_FOUND);
	expect_ok(uc_send(p.c, &room, "e", &id));
	history_is("de", 3, 1);
	safe_put(&p.c->safe, place("message", 4), VIEW_LIT("no message"));
	expect_ok(safe_commit(&p.c->safe));
	history_is("e", 2, 1);
	test_now_ms = now;
	end();
}

/* When one ends cannot be read: the others do all the same. */
TEST(a_damaged_end_holds_up_no_other)
{
	uint64_t now = test_now_ms, ends = now + 60 * 1000;
	begin();
	expect_ok(arrives("a", true, 60));
	expect_ok(arrives("b", true, 90));
	person_rots(&p, place("expires", ends << 20 | 1));
	test_now_ms = now + 90 * 1000;
	expect_ok(uc_client_step(p.c));
	history_is("a", 2, 1);
	expect_eq(uc_client_deadline_ms(p.c), UINT64_MAX);
	test_now_ms = now;
	end();
}

/* --- two places --- */

static struct room *other; /* of ours, in the same room */

static uc_err second_place(struct uc_client *c, void *arg)
{
	struct uc_id id = id_of("second place", view_str(r()->uri), view_str("x"));
	(void)arg;
	other = room_new(c, view_str(r()->uri), &id);
	if (!other)
		return UC_E_MEMORY;
	other->state = ROOM_OPEN;
	other->says = SAYS_NOTHING;
	other->group = r()->group; /* given back by the test */
	snprintf(other->participant, sizeof other->participant, "mimi://dial.example/p/other");
	snprintf(other->client, sizeof other->client, "mimi://dial.example/p/other/x");
	return UC_OK;
}

struct reading {
	struct room *to;
	struct view content;
	uint64_t seq;
};

static uc_err reads(struct uc_client *c, void *arg)
{
	const struct reading *in = arg;
	const struct room_entry e = { .sender = { .client = VIEW_LIT(TOM "/x"),
						  .participant = VIEW_LIT(TOM) },
				      .timestamp = test_now_ms,
				      .content = in->content };
	TRY(received(c, in->to, &e, in->seq));
	in->to->seq = in->seq;
	return UC_OK;
}

/* Both read it, one after the other. */
static void expect_told(const char *text, bool main_first, unsigned main_n, unsigned other_n)
{
	struct reading in = { .seq = (r()->seq > other->seq ? r()->seq : other->seq) + 1 };
	uint64_t main_before = r()->next_message, other_before = other->next_message;
	struct mimi_content m;
	expect_ok(mimi_content_new(test_env(), VIEW_LIT(TOM), view_str(r()->uri), &mem, &m));
	mimi_content_set_text(&m, view_str(text), false);
	expect_ok(mimi_content_write(&m, &mem, &in.content));
	for (int i = 0; i < 2; i++) {
		in.to = (i == 0) == main_first ? r() : other;
		expect_ok(turn_run(p.c, reads, &in));
	}
	expect_eq(r()->next_message, main_before + main_n);
	expect_eq(other->next_message, other_before + other_n);
}

/* Is the second the account's, it is left; is it a persona's, it is to behave as if alone. */
TEST(what_is_said_is_told_once_though_two_places_of_ours_are_there)
{
	begin();
	expect_ok(turn_run(p.c, second_place, NULL));
	expect_told("one", true, 1, 0);
	/* It comes to the one that we are known in, too, so the silent one leaves it to it ... */
	expect_told("two", false, 1, 0);
	/* ... unless that one does not come to read it. */
	r()->lost = true;
	expect_told("three", false, 0, 1);
	r()->lost = false;
	char client[sizeof r()->client];
	memcpy(client, r()->client, sizeof client);
	snprintf(r()->client, sizeof r()->client, "mimi://dial.example/p/x/removed");
	expect_told("four", false, 0, 1);
	memcpy(r()->client, client, sizeof client);
	other->says = SAYS_ACCOUNT;
	expect_told("five", false, 0, 1);
	expect_told("six", true, 1, 0);
	other->says = SAYS_PERSONA;
	expect_told("seven", false, 1, 1);
	expect_told("eight", true, 1, 1);
	other->group = NULL;
	end();
}

/* --- a damaged room --- */

static bool warned(uc_err err)
{
	struct uc_event e;
	bool found = false;
	while (uc_client_next_event(p.c, &e))
		found = found || (e.kind == UC_EVENT_WARNING && e.err == err && e.has_room);
	return found;
}

static bool has_evidence(void)
{
	struct view v;
	const struct safe_place at = { .table = "lost", .owner = VIEW_OF(room.b) };
	return !safe_get(&p.c->safe, at, &mem, &v);
}

TEST(a_room_whose_group_is_damaged_is_lost_and_not_the_others)
{
	struct uc_id id;
	begin();
	struct uc_id damaged = room;
	expect_ok(uc_send(p.c, &damaged, "kept", &id));
	expect_ok(turn_run(p.c, furnish, NULL));
	struct uc_id whole = room;
	const struct safe_place at = { .table = "group", .name = VIEW_OF(damaged.b) };
	safe_put(&p.c->safe, at, VIEW_LIT("\0\1no group"));
	expect_ok(safe_commit(&p.c->safe));
	expect_ok(person_open(&p));
	expect_ok(uc_client_step(p.c));
	expect(warned(UC_E_CORRUPT));
	expect(!room_find(p.c, &whole)->lost);
	room = damaged;
	expect(r()->lost && r()->stuck && has_evidence());
	expect(!uc_client_is_idle(p.c));
	/* What was said waits; more can be. */
	expect_ok(uc_send(p.c, &damaged, "more", &id));
	history_is("keptmore", 2, 0);
	expect(r()->outbox.first && r()->outbox.first->next);
	/* Told once. */
	expect_ok(person_open(&p));
	expect(r()->lost);
	expect_ok(uc_client_step(p.c));
	expect(!warned(UC_E_CORRUPT));
	end();
}
