/* SPDX-License-Identifier: Apache-2.0 */
/* Mailboxes where a new device meets one of the account, and what a device is told of the vault. */
#include "tests/unit/provider/apps.h"

static const uint8_t box[PAIRING_MAILBOX] = { 3, 1 };

static uc_err leave(struct client *c, const uint8_t mailbox[PAIRING_MAILBOX], const char *sealed)
{
	struct pair_open_request q = { .sealed = view_str(sealed) };
	memcpy(q.mailbox, mailbox, sizeof q.mailbox);
	return client_ask(c, FRAME_PAIR_OPEN, pair_open_request_element, &q, NULL, NULL);
}

static uc_err take(struct client *c, struct view *sealed)
{
	struct pair_take_request q;
	struct pair_take_response r = { { NULL, 0 } };
	memcpy(q.mailbox, box, sizeof q.mailbox);
	uc_err err = client_ask(c, FRAME_PAIR_TAKE, pair_take_request_element, &q,
				pair_take_response_element, &r);
	*sealed = r.sealed;
	return err;
}

static uc_err look(struct client *c, struct view *sealed)
{
	struct pair_look_request q;
	struct pair_look_response r = { { NULL, 0 } };
	memcpy(q.mailbox, box, sizeof q.mailbox);
	uc_err err = client_ask(c, FRAME_PAIR_LOOK, pair_look_request_element, &q,
				pair_look_response_element, &r);
	*sealed = r.sealed;
	return err;
}

static uc_err answer(struct client *c, const char *sealed)
{
	struct pair_answer_request q = { .sealed = view_str(sealed) };
	memcpy(q.mailbox, box, sizeof q.mailbox);
	return client_ask(c, FRAME_PAIR_ANSWER, pair_answer_request_element, &q, NULL, NULL);
}

static struct person rosa, tom;
static struct client *fresh;

static void begin(void)
{
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	person_join(&tom, &apps[LENS], "tom");
	fresh = client_connect(&apps[LENS]);
}

TEST(two_devices_leave_each_other_one_message)
{
	struct view sealed;
	begin();
	expect_err(take(fresh, &sealed), UC_E_NOT_FOUND);
	expect_ok(leave(fresh, box, "request"));
	expect_ok(leave(fresh, box, "request"));
	expect_err(take(fresh, &sealed), UC_E_PENDING);
	expect_ok(look(rosa.c, &sealed));
	expect_bytes(sealed, VIEW_LIT("request"));
	expect_ok(answer(rosa.c, "answer"));
	expect_ok(answer(rosa.c, "answer"));
	/* An answer that was lost on the way is fetched again. */
	for (int i = 0; i < 2; i++) {
		expect_ok(take(fresh, &sealed));
		expect_bytes(sealed, VIEW_LIT("answer"));
	}
	/* Nothing of it is stored. */
	expect_eq(stored_count(apps[LENS].accounts, VIEW_OF(box)), 0);
	expect_eq(stored_count(apps[LENS].accounts, VIEW_LIT("answer")), 0);
	apps_end();
}

TEST(a_mailbox_is_the_first_accounts_that_names_it)
{
	struct view sealed;
	begin();
	expect_err(look(rosa.c, &sealed), UC_E_NOT_FOUND);
	expect_err(answer(rosa.c, "answer"), UC_E_NOT_FOUND);
	expect_ok(leave(fresh, box, "request"));
	expect_ok(look(rosa.c, &sealed));
	/* To another it is as if there were none. */
	expect_err(look(tom.c, &sealed), UC_E_NOT_FOUND);
	expect_err(answer(tom.c, "answer"), UC_E_NOT_FOUND);
	expect_ok(look(rosa.c, &sealed));
	/* Who has no account names none. */
	expect_err(look(fresh, &sealed), UC_E_SIGNED_OUT);
	expect_err(answer(fresh, "answer"), UC_E_SIGNED_OUT);
	apps_end();
}

TEST(nothing_is_replaced)
{
	struct view sealed;
	begin();
	expect_ok(leave(fresh, box, "request"));
	expect_err(leave(fresh, box, "another"), UC_E_EXISTS);
	expect_ok(answer(rosa.c, "answer"));
	expect_err(answer(rosa.c, "another"), UC_E_EXISTS);
	expect_ok(take(fresh, &sealed));
	expect_bytes(sealed, VIEW_LIT("answer"));
	apps_end();
}

TEST(a_mailbox_lasts_ten_minutes)
{
	struct view sealed;
	begin();
	expect_ok(leave(fresh, box, "request"));
	test_now_ms += 10 * 60 * 1000 - 1;
	expect_ok(look(rosa.c, &sealed));
	test_now_ms += 1;
	expect_err(look(rosa.c, &sealed), UC_E_NOT_FOUND);
	expect_err(answer(rosa.c, "answer"), UC_E_NOT_FOUND);
	expect_err(take(fresh, &sealed), UC_E_NOT_FOUND);
	/* And it is somebody else's then. */
	expect_ok(leave(fresh, box, "another"));
	expect_ok(look(tom.c, &sealed));
	expect_bytes(sealed, VIEW_LIT("another"));
	apps_end();
}

enum { EACH = 8, ALL = 1024, ANSWER = 120000 };

static void number_box(uint8_t mailbox[PAIRING_MAILBOX], unsigned n)
{
	memset(mailbox, 0, PAIRING_MAILBOX);
	memcpy(mailbox, &n, sizeof n);
}

static uc_err leave_number(struct client *c, unsigned n)
{
	uint8_t mailbox[PAIRING_MAILBOX];
	number_box(mailbox, n);
	return leave(c, mailbox, "request");
}

static uc_err look_number(struct client *c, unsigned n)
{
	struct pair_look_request q;
	struct pair_look_response r;
	number_box(q.mailbox, n);
	return client_ask(c, FRAME_PAIR_LOOK, pair_look_request_element, &q,
			  pair_look_response_element, &r);
}

static uc_err answer_number(struct client *c, unsigned n, size_t bytes)
{
	static const uint8_t zeros[ANSWER];
	struct pair_answer_request q = { .sealed = view_make(zeros, bytes) };
	number_box(q.mailbox, n);
	return client_ask(c, FRAME_PAIR_ANSWER, pair_answer_request_element, &q, NULL, NULL);
}

TEST(one_asker_has_eight_mailboxes_and_so_has_an_account)
{
	static const uint8_t place[SESSION_FROM] = { 198, 51, 100, 1 };
	unsigned n;
	begin();
	/* Of one network address, over however many connections. */
	connect_from = VIEW_OF(place);
	for (n = 1; n <= EACH; n++)
		expect_ok(leave_number(client_connect(&apps[LENS]), n));
	struct client *there = client_connect(&apps[LENS]);
	expect_err(leave_number(there, n), UC_E_RATE);
	expect_ok(leave_number(there, 1)); /* said again */
	/* Of one connection whose address is not counted. */
	connect_from = (struct view){ NULL, 0 };
	for (n = 101; n <= 100 + EACH; n++)
		expect_ok(leave_number(fresh, n));
	expect_err(leave_number(fresh, n), UC_E_RATE);
	expect_ok(leave_number(client_connect(&apps[LENS]), n));
	/* An account names as many, and no others'. */
	for (n = 101; n <= 100 + EACH; n++)
		expect_ok(look_number(rosa.c, n));
	expect_err(look_number(rosa.c, 1), UC_E_RATE);
	expect_ok(look_number(rosa.c, 101));
	expect_ok(look_number(tom.c, 1));
	/* After ten minutes all are free again. */
	test_now_ms += 10 * 60 * 1000;
	expect_ok(leave_number(fresh, 200));
	expect_ok(look_number(rosa.c, 200));
	expect_err(look_number(rosa.c, 101), UC_E_NOT_FOUND);
	apps_end();
}

TEST(an_account_tries_only_so_many_codes)
{
	unsigned n;
	uc_err err = UC_E_NOT_FOUND;
	begin();
	for (n = 0; n < 100 && err == UC_E_NOT_FOUND; n++)
		err = look_number(tom.c, n);
	expect_err(err, UC_E_RATE);
	expect(n <= 21);
	apps_end();
}

TEST(nobody_fills_the_mailboxes_for_others)
{
	unsigned n = 0;
	begin();
	for (unsigned k = 0; k < ALL / EACH; k++) {
		struct client *c = client_connect(&apps[LENS]);
		for (unsigned i = 0; i < EACH; i++)
			expect_ok(leave_number(c, ++n));
	}
	/* Whoever comes now has a place, and whoever has most gives theirs. */
	expect_ok(leave_number(fresh, ++n));
	expect_ok(look_number(rosa.c, n));
	unsigned there = 0;
	for (unsigned i = 1; i <= EACH; i++)
		there += look_number(tom.c, ALL - EACH + i) == UC_OK;
	expect_eq(there, EACH - 1);
	/* Where nobody has more than one, the next one waits. */
	test_now_ms += 10 * 60 * 1000;
	for (unsigned k = 0; k < ALL; k++)
		expect_ok(leave_number(client_connect(&apps[LENS]), ++n));
	expect_err(leave_number(client_connect(&apps[LENS]), ++n), UC_E_BUSY);
	apps_end();
}

TEST(nobody_fills_the_answers_for_others)
{
	enum { PEOPLE = 16 * 1024 * 1024 / ANSWER / EACH + 1 };
	static struct person crowd[PEOPLE];
	unsigned n = 0;
	begin();
	for (unsigned k = 0; k < PEOPLE; k++) {
		static char names[PEOPLE][8];
		snprintf(names[k], sizeof names[k], "p%u", k);
		person_join(&crowd[k], &apps[LENS], names[k]);
		struct client *c = client_connect(&apps[LENS]);
		for (unsigned i = 0; i < EACH; i++) {
			expect_ok(leave_number(c, ++n));
			uc_err err = answer_number(crowd[k].c, n, ANSWER);
			expect(err == UC_OK || (k == PEOPLE - 1 && err == UC_E_BUSY));
		}
	}
	expect_ok(leave_number(fresh, ++n));
	expect_ok(answer_number(rosa.c, n, 4096));
	expect_err(answer_number(rosa.c, n, 4000), UC_E_EXISTS);
	apps_end();
}

TEST(the_other_devices_are_told_that_the_vault_was_written)
{
	struct vault_put_request put = { 1, VIEW_LIT("sealed by the person") };
	begin();
	struct client *first = rosa.c;
	struct device tablet;
	device_init(&tablet);
	struct device_append_request q = {
		.device_list_entry =
			person_entry(&rosa, DEVICE_ADD, &tablet.key, &rosa.phone.key, false),
		.device_key = VIEW_OF(tablet.key.pub),
		.intake_key = kem_public(&tablet.intake),
	};
	expect_ok(client_ask(first, FRAME_DEVICE_APPEND, device_append_request_element, &q, NULL,
			     NULL));
	struct client *second = client_connect(&apps[LENS]);
	expect_ok(person_sign_in_as(&rosa, second, &tablet));
	expect_ok(client_ask(first, FRAME_VAULT_PUT, vault_put_request_element, &put, NULL, NULL));
	struct event *e = client_event(second, FRAME_VAULT_CHANGED);
	struct vault_event told = { 0 };
	expect(e != NULL);
	if (e)
		expect_ok(wire_decode(e->body, &apps_mem, vault_event_element, &told));
	expect_eq(told.version, 1);
	/* Neither whoever wrote it, nor others, nor once more for the same again. */
	expect_ok(client_ask(first, FRAME_VAULT_PUT, vault_put_request_element, &put, NULL, NULL));
	expect(!client_event(second, FRAME_VAULT_CHANGED));
	expect(!client_event(first, FRAME_VAULT_CHANGED));
	expect(!client_event(tom.c, FRAME_VAULT_CHANGED));
	apps_end();
}
