/* SPDX-License-Identifier: Apache-2.0 */
/* That somebody can be found is signed, said with their own number, and said again when what the app has
 * of it must be gone, and at no other time. */
#include "tests/unit/client/find_app.h"

#include "mimi/settings.h"

static struct find_app app;
static struct person rosa;

static uc_err settings(enum uc_age age, bool findable)
{
	struct uc_settings s;
	uc_op op;
	expect_ok(uc_settings_default(rosa.c, age, &s));
	s.find_by_number = findable;
	TRY(uc_settings_set(rosa.c, &s, &op));
	expect_ok(person_talk(&rosa));
	expect_eq(rosa.done_op, op);
	return rosa.done_err;
}

static void begin_as(enum uc_age age)
{
	find_app_init(&app);
	find_person(&rosa, &app, "+49 30 9999999");
	if (age != UC_AGE_UNKNOWN)
		expect_ok(settings(age, false));
}

static void begin(void)
{
	begin_as(UC_AGE_ADULT);
}

static void end(void)
{
	person_end(&rosa);
	find_app_done(&app);
}

static uc_err set(bool findable, const char *number)
{
	uc_op op;
	TRY(uc_findable_set(rosa.c, findable, number, &op));
	expect_ok(person_talk(&rosa));
	expect_eq(rosa.done_op, op);
	return rosa.done_err;
}

static bool is_signed(void)
{
	struct settings s;
	struct view shown = view_make(app.app.settings.b, app.app.settings.n);
	return shown.n && !wire_decode(shown, NULL, settings_element, &s) && s.find_by_number;
}

static void again(void)
{
	person_disconnect(&rosa);
	expect_ok(person_talk(&rosa));
}

TEST(it_is_signed_and_said_once)
{
	begin();
	expect_ok(set(true, NULL));
	expect(is_signed());
	expect_eq(app.said, 1);
	expect(!strcmp(app.said_number, "+49309999999"));
	again();
	find_restart(&rosa);
	expect_eq(app.said, 1);
	/* Wanted anew, it is said anew. */
	expect_ok(set(true, NULL));
	expect_eq(app.said, 2);
	expect_ok(set(false, NULL));
	expect(!is_signed());
	expect_ok(set(false, NULL));
	again();
	expect_eq(app.said, 2);
	end();
}

TEST(it_is_said_again_when_it_must_be_gone)
{
	struct uc_settings s;
	uc_op op;
	begin();
	expect_ok(set(true, NULL));
	/* Other settings; this one stays. */
	expect_ok(uc_settings_get(rosa.c, &s));
	expect(s.find_by_number);
	s.add = UC_ADD_NOBODY;
	expect_ok(uc_settings_set(rosa.c, &s, &op));
	expect_ok(person_talk(&rosa));
	expect_ok(rosa.done_err);
	expect_eq(app.said, 2);
	/* Another number. */
	expect_ok(uc_account_rename(rosa.c, "+49308888888", "123456", &op));
	expect_ok(person_talk(&rosa));
	expect_eq(app.said, 3);
	expect(!strcmp(app.said_number, "+49308888888"));
	/* Another key. */
	find_app_key(&app);
	find_tomorrow(&rosa);
	again();
	expect_eq(app.said, 4);
	again();
	expect_eq(app.said, 4);
	end();
}

TEST(by_the_settings_alone)
{
	struct uc_settings s;
	uc_op op;
	begin();
	expect_eq(app.said, 0);
	expect_ok(settings(UC_AGE_ADULT, true));
	expect_eq(app.said, 1);
	/* Whom nobody may ask, or find by the number that is typed, is not found so: nothing is said. */
	expect_ok(uc_settings_get(rosa.c, &s));
	s.ask = UC_ASK_HANDED;
	expect_ok(uc_settings_set(rosa.c, &s, &op));
	expect_ok(person_talk(&rosa));
	again();
	expect_eq(app.said, 1);
	expect_eq(rosa.warnings, 0);
	expect_err(set(true, NULL), UC_E_NOT_ALLOWED);
	s.ask = UC_ASK_ANYBODY;
	expect_ok(uc_settings_set(rosa.c, &s, &op));
	expect_ok(person_talk(&rosa));
	expect_eq(app.said, 2);
	/* Nor who is found with a contact code alone. */
	expect_ok(uc_contact_code_set(rosa.c, true, &op));
	expect_ok(person_talk(&rosa));
	expect_ok(rosa.done_err);
	again();
	expect_eq(app.said, 2);
	expect_err(set(true, NULL), UC_E_NOT_ALLOWED);
	end();
}

TEST(no_minor_is_findable)
{
	for (int age = UC_AGE_CHILD; age <= UC_AGE_UNKNOWN; age++) {
		if (age == UC_AGE_ADULT)
			continue;
		begin_as((enum uc_age)age);
		if (age != UC_AGE_UNKNOWN)
			expect_err(settings((enum uc_age)age, true), UC_E_NOT_ALLOWED);
		expect_err(set(true, NULL), UC_E_NOT_ALLOWED);
		expect(!is_signed());
		expect_eq(app.said, 0);
		end();
	}
}

TEST(a_refusal_is_told_and_not_tried_for_ever)
{
	begin();
	app.said_answer = UC_E_NOT_ALLOWED;
	expect_err(set(true, "+49 30 7777777"), UC_E_NOT_ALLOWED);
	expect_eq(app.said, 1);
	again();
	find_restart(&rosa);
	/* The settings say so, and the app was never told the account's own number: once. */
	expect_eq(app.said, 2);
	expect_err(rosa.warning, UC_E_NOT_ALLOWED);
	again();
	expect_eq(app.said, 2);
	expect_eq(rosa.warnings, 1);
	app.said_answer = UC_OK;
	expect_ok(set(true, NULL));
	end();
}

TEST(the_number_is_said_where_the_device_does_not_know_it)
{
	begin();
	rosa.c->account.identifier[0] = 0;
	expect_err(set(true, NULL), UC_E_NAME);
	expect_err(set(true, "112"), UC_E_NAME);
	expect_ok(set(true, "+49 30 9999999"));
	struct uc_account a;
	expect_ok(uc_account_get(rosa.c, &a));
	expect(!strcmp(a.identifier, "+49309999999"));
	again();
	expect_eq(app.said, 1);
	end();
}

TEST(a_lost_answer_is_made_good)
{
	uc_op op;
	begin();
	expect_ok(uc_findable_set(rosa.c, true, NULL, &op));
	app.app.silent_at = app.app.requests + 1; /* the settings */
	expect_ok(person_talk(&rosa));
	app.app.silent_at = app.app.requests + 5; /* hello, sign-in, settings twice, directory */
	expect_ok(person_talk(&rosa));
	for (int i = 0; i < 3; i++)
		again();
	expect(app.said >= 1 && app.said <= 2);
	expect(is_signed());
	expect_eq(rosa.done_op, op);
	expect_ok(rosa.done_err);
	end();
}
