/* SPDX-License-Identifier: Apache-2.0 */
/* What was refused for good is sent again, once: whatever is pressed twice, and whenever the power goes. */
#include "client/outbox.h"
#include "client/rooms.h"
#include "client/turn.h"

#include "tests/unit/client/small_app.h"

static struct small_app app;
static struct person p;
static struct uc_id room;

static uc_err refuse(struct uc_client *c, void *arg)
{
	(void)arg;
	outbox_fail_words(c, room_find(c, &room));
	return UC_OK;
}

static bool keep_room(void *ctx, const struct uc_room *r)
{
	*(struct uc_id *)ctx = r->id;
	return true;
}

static void begin(void)
{
	uc_op op;
	small_app_init(&app, "dial.example");
	person_begin(&p, &app);
	expect_ok(person_open(&p));
	person_account(&p, "Rosa");
	expect_ok(uc_group_create(p.c, "Walks", NULL, 0, &op));
	expect_ok(uc_rooms(p.c, keep_room, &room));
}

static void end(void)
{
	person_end(&p);
}

struct log {
	size_t refused, gone,
		queued; /* messages that were refused, those of them deleted, that wait */
	struct uc_id last;
	bool is_reply;
	char text[64];
};
static bool log_each(void *ctx, const struct uc_message *m)
{
	struct log *l = ctx;
	if (m->kind != UC_MESSAGE_TEXT)
		return true;
	l->refused += m->state == UC_MESSAGE_FAILED;
	l->gone += m->state == UC_MESSAGE_FAILED && m->deleted;
	l->queued += m->state == UC_MESSAGE_QUEUED;
	l->last = m->id;
	l->is_reply = m->has_reply;
	expect(strlen(m->text) < sizeof l->text);
	memcpy(l->text, m->text, strlen(m->text) + 1);
	return true;
}

static struct log look(void)
{
	struct log l = { .refused = 0 };
	expect_ok(uc_messages(p.c, &room, 1, SIZE_MAX, log_each, &l));
	return l;
}

static size_t waiting(void)
{
	size_t n = 0;
	for (const struct outgoing *o = room_find(p.c, &room)->outbox.first; o; o = o->next)
		n += o->message != 0;
	return n;
}

static void expect_again_once(const struct uc_id *of, const struct uc_id *id)
{
	expect_err(uc_send_again(p.c, &room, of, NULL), UC_E_NOT_ALLOWED);
	expect_eq(waiting(), 1);
	struct log l = look();
	expect_eq(l.refused, 2);
	expect_eq(l.gone, 1);
	expect_eq(l.queued, 1);
	expect_bytes(VIEW_OF(l.last.b), VIEW_OF(id->b));
	expect(l.is_reply);
	expect(!strcmp(l.text, "as you say"));
}

TEST(once_also_after_a_restart)
{
	struct uc_id first, of, id;
	begin();
	expect_ok(uc_send(p.c, &room, "well", &first));
	expect_ok(uc_send_reply(p.c, &room, &first, "as you say", &of));
	expect_err(uc_send_again(p.c, &room, &of, NULL), UC_E_NOT_ALLOWED);
	expect_ok(turn_run(p.c, refuse, NULL));
	expect_eq(waiting(), 0);
	expect_ok(person_open(&p));
	expect_eq(look().refused, 2);
	expect_ok(uc_send_again(p.c, &room, &of, &id));
	expect(!view_equal(VIEW_OF(id.b), VIEW_OF(of.b)));
	expect_again_once(&of, &id);
	expect_ok(person_open(&p));
	expect_again_once(&of, &id);
	/* Refused once more, it is one that was refused, and still an answer. */
	expect_ok(turn_run(p.c, refuse, NULL));
	expect_ok(uc_send_again(p.c, &room, &id, NULL));
	expect(look().is_reply);
	expect_eq(look().gone, 2);
	end();
}

TEST(only_texts_that_are_there_and_as_they_are)
{
	struct uc_id first, reaction, id;
	const struct uc_id wrong = { .b = { 9 } };
	begin();
	expect_ok(uc_send(p.c, &room, "well", &first));
	expect_ok(uc_send_reaction(p.c, &room, &first, "+", &reaction));
	expect_ok(turn_run(p.c, refuse, NULL));
	expect_err(uc_send_again(p.c, &room, &wrong, NULL), UC_E_NOT_FOUND);
	expect_err(uc_send_again(p.c, &wrong, &first, NULL), UC_E_NOT_FOUND);
	expect_err(uc_send_again(p.c, &room, &reaction, NULL), UC_E_NOT_ALLOWED);
	expect_ok(uc_send_edit(p.c, &room, &first, "better", NULL));
	expect_ok(uc_send_again(p.c, &room, &first, &id));
	expect(!strcmp(look().text, "better"));
	expect_ok(turn_run(p.c, refuse, NULL));
	expect_ok(uc_send_delete(p.c, &room, &id, NULL));
	expect_err(uc_send_again(p.c, &room, &id, NULL), UC_E_NOT_ALLOWED);
	end();
}

/* Either both of it was kept or none. */
static void power_goes(enum store_fault fault)
{
	struct uc_id of;
	size_t kept = fault == STORE_FAULT_AFTER;
	begin();
	expect_ok(uc_send(p.c, &room, "well", &of));
	expect_ok(turn_run(p.c, refuse, NULL));
	client_memory_fail_at(p.store, client_memory_commits(p.store) + 1, fault);
	expect(uc_send_again(p.c, &room, &of, NULL));
	expect_ok(person_open(&p));
	expect_eq(waiting(), kept);
	expect_eq(look().gone, kept);
	expect_eq(look().queued, kept);
	expect_err(uc_send_again(p.c, &room, &of, NULL), kept ? UC_E_NOT_ALLOWED : UC_OK);
	expect_eq(waiting(), 1);
	end();
}

TEST(the_power_goes)
{
	power_goes(STORE_FAULT_BEFORE);
	power_goes(STORE_FAULT_AFTER);
}
