/* SPDX-License-Identifier: Apache-2.0 */
/* What include/undercroft/undercroft.h says of errors, sizes and lists, function by function. */
#include "tests/unit/client/small_app.h"

#include "client/contacts.h"
#include "client/turn.h"

static struct small_app dial;
static struct person rosa;
static uc_op op;

static void begin(void)
{
	small_app_init(&dial, "dial.example");
	person_begin(&rosa, &dial);
	expect_ok(person_open(&rosa));
}

static void end(void)
{
	person_end(&rosa);
}

static bool no_contact(void *ctx, const struct uc_contact *k)
{
	(void)ctx;
	(void)k;
	return false;
}

static bool no_member(void *ctx, const struct uc_member *m)
{
	(void)ctx;
	(void)m;
	return false;
}

static bool count_message(void *ctx, const struct uc_message *m)
{
	unsigned *n = ctx;
	(void)m;
	return ++*n < 100;
}

static bool keep_room(void *ctx, const struct uc_room *r)
{
	*(struct uc_room *)ctx = *r;
	return true;
}

TEST(an_id_that_names_nothing)
{
	const struct uc_id nobody = { .b = { 1 } };
	struct uc_id id;
	char number[UC_SAFETY_NUMBER_MAX];
	unsigned n = 0;
	begin();
	person_account(&rosa, "Rosa");
	op = 77;
	expect_err(uc_accept(rosa.c, &nobody, &op), UC_E_NOT_FOUND);
	expect_err(uc_decline(rosa.c, &nobody, &op), UC_E_NOT_FOUND);
	expect_err(uc_safety_number(rosa.c, &nobody, number), UC_E_NOT_FOUND);
	expect_err(uc_contact_verified(rosa.c, &nobody, true), UC_E_NOT_FOUND);
	expect_err(uc_block(rosa.c, &nobody, true, &op), UC_E_NOT_FOUND);
	expect_err(uc_members(rosa.c, &nobody, no_member, NULL), UC_E_NOT_FOUND);
	expect_err(uc_start_direct(rosa.c, &nobody, &op), UC_E_NOT_FOUND);
	expect_err(uc_group_create(rosa.c, "Walks", &nobody, 1, &op), UC_E_NOT_FOUND);
	expect_err(uc_group_add(rosa.c, &nobody, &nobody, &op), UC_E_NOT_FOUND);
	expect_err(uc_group_remove(rosa.c, &nobody, &nobody, &op), UC_E_NOT_FOUND);
	expect_err(uc_group_role(rosa.c, &nobody, &nobody, UC_ROLE_OWNER, &op), UC_E_NOT_FOUND);
	expect_err(uc_group_rename(rosa.c, &nobody, "Walks", &op), UC_E_NOT_FOUND);
	expect_err(uc_leave(rosa.c, &nobody, &op), UC_E_NOT_FOUND);
	expect_err(uc_messages(rosa.c, &nobody, 1, 1, count_message, &n), UC_E_NOT_FOUND);
	expect_eq(uc_messages_last(rosa.c, &nobody), 0);
	expect_err(uc_mark_read(rosa.c, &nobody, 1), UC_E_NOT_FOUND);
	expect_err(uc_send(rosa.c, &nobody, "x", &id), UC_E_NOT_FOUND);
	expect(!rosa.c->rooms && !n);
	/* Outputs are as they were, and no operation was begun. */
	expect_eq(op, 77);
	expect_ok(uc_client_step(rosa.c));
	expect_eq(rosa.done, 0);
	end();
}

TEST(without_an_account)
{
	const struct uc_id nobody = { .b = { 1 } };
	struct uc_account a;
	char words[256];
	begin();
	expect_ok(uc_account_get(rosa.c, &a));
	expect_eq(a.state, UC_NO_ACCOUNT);
	expect_eq(a.names, 0);
	expect_err(uc_ask(rosa.c, "lens.example", "tom", "", &op), UC_E_SIGNED_OUT);
	expect_err(uc_accept(rosa.c, &nobody, &op), UC_E_SIGNED_OUT);
	expect_err(uc_start_direct(rosa.c, &nobody, &op), UC_E_SIGNED_OUT);
	expect_err(uc_group_create(rosa.c, "Walks", NULL, 0, &op), UC_E_SIGNED_OUT);
	expect_err(uc_account_delete(rosa.c, &op), UC_E_SIGNED_OUT);
	expect_err(uc_recovery_confirmed(rosa.c), UC_E_SIGNED_OUT);
	expect_err(uc_recovery_words(rosa.c, words, sizeof words), UC_E_NOT_FOUND);
	expect_err(uc_request_code(rosa.c, "+15550100", &op), UC_E_NET);
	expect_err(uc_recover(rosa.c, "no such words", "Rosa", &op), UC_E_MALFORMED);
	expect_err(uc_sign_up(rosa.c, "rosa", NULL, "", &op), UC_E_NAME);
	expect_err(uc_sign_up(rosa.c, "rosa", NULL, "a\tb", &op), UC_E_NAME);
	expect_ok(uc_contacts(rosa.c, no_contact, NULL));
	expect(uc_client_is_idle(rosa.c));
	end();
}

TEST(nothing_where_something_must_be)
{
	const struct uc_id id = { .b = { 1 } };
	struct uc_options o = { .app = "dial.example" };
	uc_client *c = NULL;
	begin();
	expect_err(uc_client_open(NULL, &c), UC_E_ARGUMENT);
	expect_err(uc_client_open(&o, &c), UC_E_ARGUMENT);
	expect(!c);
	uc_client_close(NULL);
	expect_err(uc_account_get(NULL, NULL), UC_E_ARGUMENT);
	expect_err(uc_requests(rosa.c, NULL, NULL), UC_E_ARGUMENT);
	expect_err(uc_group_role(rosa.c, &id, NULL, UC_ROLE_OWNER, &op), UC_E_ARGUMENT);
	for (int role = -1; role < 9; role++)
		if (role < UC_ROLE_MEMBER || role > UC_ROLE_OWNER)
			expect_err(uc_group_role(rosa.c, &id, &id, (enum uc_role)role, &op),
				   UC_E_ARGUMENT);
	expect_err(uc_ask(rosa.c, "", "tom", "", &op), UC_E_ARGUMENT);
	expect_err(uc_ask(rosa.c, "lens.example", "", "", &op), UC_E_ARGUMENT);
	expect_err(uc_accept(rosa.c, NULL, &op), UC_E_ARGUMENT);
	expect_err(uc_block(rosa.c, &id, true, NULL), UC_E_ARGUMENT);
	expect_err(uc_group_create(rosa.c, NULL, NULL, 0, &op), UC_E_ARGUMENT);
	expect_err(uc_group_create(rosa.c, "Walks", NULL, 1, &op), UC_E_ARGUMENT);
	expect_err(uc_send(rosa.c, &id, "", NULL), UC_E_ARGUMENT);
	expect_err(uc_send_reply(rosa.c, &id, NULL, "x", NULL), UC_E_ARGUMENT);
	expect_err(uc_send_reaction(rosa.c, &id, &id, "", NULL), UC_E_ARGUMENT);
	expect_err(uc_send_edit(rosa.c, &id, NULL, "x", NULL), UC_E_ARGUMENT);
	expect_err(uc_send_delete(rosa.c, &id, NULL, NULL), UC_E_ARGUMENT);
	expect_err(uc_send_again(rosa.c, &id, NULL, NULL), UC_E_ARGUMENT);
	expect_eq(uc_messages_last(NULL, &id), 0);
	end();
}

TEST(sizes_of_what_is_asked_and_named)
{
	char text[600];
	begin();
	person_account(&rosa, "Rosa");
	memset(text, 'x', sizeof text);
	text[256] = 0;
	expect_err(uc_group_create(rosa.c, text, NULL, 0, &op), UC_E_ARGUMENT);
	text[255] = 0;
	expect_ok(uc_group_create(rosa.c, text, NULL, 0, &op));
	text[141] = 0;
	expect_err(uc_ask(rosa.c, "lens.example", "tom", text, &op), UC_E_TOO_LARGE);
	text[140] = 0;
	expect_ok(uc_ask(rosa.c, "lens.example", "tom", text, &op));
	expect_ok(uc_ask(rosa.c, "lens.example", "tom", NULL, &op));
	expect_err(uc_ask(rosa.c, "lens.example", "tom", "\xff", &op), UC_E_ARGUMENT);
	expect_err(uc_ask(rosa.c, "lens.example", "tom", "see https://x.example", &op), UC_E_TEXT);
	expect_err(uc_group_create(rosa.c, "\xff", NULL, 0, &op), UC_E_ARGUMENT);
	end();
}

/* --- messages of one's own, before there is a connection --- */

enum { TEXT_BYTES = 128 * 1024 };

TEST(messages_of_ones_own)
{
	static char text[TEXT_BYTES + 2];
	struct uc_room r = { .unread = 9 };
	struct uc_id first, second, wrong = { .b = { 9 } };
	unsigned n = 0;
	begin();
	person_account(&rosa, "Rosa");
	expect_ok(uc_group_create(rosa.c, "Walks", NULL, 0, &op));
	expect_ok(uc_rooms(rosa.c, keep_room, &r));
	expect_eq(r.state, UC_ROOM_JOINING);
	expect_ok(uc_send(rosa.c, &r.id, "first", &first));
	expect_ok(uc_send_reply(rosa.c, &r.id, &first, "second", &second));
	expect_ok(uc_send_reaction(rosa.c, &r.id, &first, "+", NULL));
	expect_err(uc_send_reply(rosa.c, &r.id, &wrong, "x", NULL), UC_E_NOT_FOUND);
	expect_err(uc_send_reaction(rosa.c, &r.id, &wrong, "x", NULL), UC_E_NOT_FOUND);
	expect_err(uc_send_edit(rosa.c, &r.id, &wrong, "x", NULL), UC_E_NOT_FOUND);
	expect_err(uc_send_delete(rosa.c, &r.id, &wrong, NULL), UC_E_NOT_FOUND);
	expect_ok(uc_send_edit(rosa.c, &r.id, &second, "second, mended", NULL));
	expect_ok(uc_send_delete(rosa.c, &r.id, &first, NULL));
	expect_err(uc_send_delete(rosa.c, &r.id, &first, NULL), UC_E_NOT_ALLOWED);
	expect_err(uc_send(rosa.c, &r.id, "\xff", NULL), UC_E_TEXT);
	memset(text, 'x', sizeof text - 1);
	expect_err(uc_send(rosa.c, &r.id, text, NULL), UC_E_TOO_LARGE);
	text[TEXT_BYTES] = 0;
	expect_ok(uc_send(rosa.c, &r.id, text, NULL));
	text[65] = 0;
	expect_err(uc_send_reaction(rosa.c, &r.id, &second, text, NULL), UC_E_TOO_LARGE);
	expect_eq(uc_messages_last(rosa.c, &r.id), 4);
	expect_ok(uc_messages(rosa.c, &r.id, 2, 2, count_message, &n));
	expect_eq(n, 2);
	expect_ok(uc_messages(rosa.c, &r.id, 1, 0, count_message, &n));
	expect_eq(n, 2);
	expect_ok(uc_mark_read(rosa.c, &r.id, 1000));
	expect_ok(uc_mark_read(rosa.c, &r.id, 2)); /* never less */
	expect_ok(uc_rooms(rosa.c, keep_room, &r));
	expect_eq(r.read_up_to, 4);
	expect_eq(r.unread, 0);
	/* Nobody else is in it: it is left at once. */
	expect_ok(uc_leave(rosa.c, &r.id, &op));
	expect_err(uc_send(rosa.c, &r.id, "x", NULL), UC_E_CLOSED);
	end();
}

static uc_err inside(struct uc_client *c, void *arg)
{
	expect_err(uc_client_step(c), UC_E_ARGUMENT);
	expect_err(uc_group_create(c, "Walks", NULL, 0, &op), UC_E_ARGUMENT);
	(void)arg;
	return UC_OK;
}

TEST(no_call_inside_another)
{
	begin();
	person_account(&rosa, "Rosa");
	expect_ok(turn_run(rosa.c, inside, NULL));
	expect_ok(uc_client_connected(rosa.c));
	expect_err(uc_client_connected(rosa.c), UC_E_ARGUMENT);
	expect_eq(uc_err_class(uc_client_receive(rosa.c, (const uint8_t *)"x", 1)),
		  UC_CLASS_PROTOCOL);
	expect_ok(uc_client_disconnected(rosa.c));
	expect_ok(uc_client_disconnected(rosa.c));
	end();
}
