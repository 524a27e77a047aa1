/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers are asked for once, without being said; filters tell who can be found; an app that lies about
 * either is noticed, and nothing of it is kept. */
#include "tests/unit/client/find_app.h"

#include <string.h>

static struct find_app app;
static struct person rosa;

static const char *const numbers[] = { "+49 30 1234567", "+33 6 12345678", "+1 (555) 123-4567" };
static const char *const normal[] = { "+49301234567", "+33612345678", "+15551234567" };
enum { NUMBERS = 3 };

static void begin(void)
{
	find_app_init(&app);
	app.findable[0] = normal[0];
	app.findable[1] = normal[1];
	app.findable[2] = "+819012345678"; /* of whom nobody asks */
	app.findable_n = 3;
	find_app_filter(&app);
	find_person(&rosa, &app, "+49309999999");
}

static void end(void)
{
	person_end(&rosa);
	find_app_done(&app);
}

/* What the operation ended with; asks for all three. */
static uc_err ask(void)
{
	uc_op op;
	TRY(uc_find_numbers(rosa.c, numbers, NUMBERS, &op));
	expect_ok(person_talk(&rosa));
	expect_eq(rosa.done_op, op);
	return rosa.done_err;
}

struct states {
	unsigned of[UC_NUMBER_FOUND + 1];
};

static bool count(void *ctx, const struct uc_number *n)
{
	struct states *s = ctx;
	s->of[n->state]++;
	return true;
}

static void expect_states(unsigned waiting, unsigned not_found, unsigned found)
{
	struct states s = { { 0 } };
	expect_ok(uc_numbers(rosa.c, count, &s));
	expect_eq(s.of[UC_NUMBER_WAITING], waiting);
	expect_eq(s.of[UC_NUMBER_NOT_FOUND], not_found);
	expect_eq(s.of[UC_NUMBER_FOUND], found);
}

TEST(who_wants_to_be_found_is_found)
{
	for (size_t custodians = 1; custodians <= 2; custodians++) {
		begin();
		app.custodians = custodians;
		expect_ok(ask());
		expect_eq(rosa.numbers_found, 2);
		expect_states(0, 1, 2);
		expect_eq(app.numbers, NUMBERS);
		/* The app has seen none of them, and hears nothing more of it. */
		for (size_t i = 0; i < NUMBERS; i++)
			expect(!find_app_saw(&app, normal[i] + 1));
		unsigned requests = app.app.requests;
		expect_ok(uc_client_step(rosa.c));
		expect_ok(person_talk(&rosa));
		expect_eq(app.app.requests, requests);
		end();
	}
}

TEST(a_number_is_paid_for_once)
{
	begin();
	expect_ok(ask());
	expect_ok(ask());
	find_restart(&rosa);
	expect_states(0, 1, 2);
	expect_ok(ask());
	expect_eq(app.numbers, NUMBERS);
	expect_eq(rosa.numbers_found, 2);
	/* Nothing of it can be read in what lies in the store. */
	expect(!client_memory_has(rosa.store, view_str(normal[0])));
	end();
}

TEST(a_new_filter_is_looked_into_for_nothing)
{
	begin();
	expect_ok(ask());
	/* The second does not want to be found any more, the third does. */
	app.findable[1] = normal[2];
	test_now_ms += (uint64_t)24 * 3600 * 1000;
	find_app_filter(&app);
	find_tomorrow(&rosa);
	expect_eq(app.numbers, NUMBERS);
	expect_eq(rosa.numbers_found, 3);
	expect_states(0, 1, 2);
	/* Also after a restart, and no more often than there are new ones. */
	unsigned parts = app.parts;
	expect_ok(uc_client_step(rosa.c));
	expect_ok(person_talk(&rosa));
	expect_eq(app.parts, parts);
	app.findable[1] = normal[1];
	test_now_ms += (uint64_t)24 * 3600 * 1000;
	find_app_filter(&app);
	find_restart(&rosa);
	expect_eq(rosa.numbers_found, 4);
	expect_eq(app.numbers, NUMBERS);
	end();
}

TEST(the_filter_comes_when_there_is_one)
{
	begin();
	app.edition = 0;
	buf_reset(&app.filter);
	expect_ok(ask());
	expect_states(NUMBERS, 0, 0);
	find_app_filter(&app);
	find_tomorrow(&rosa);
	expect_states(0, 1, 2);
	expect_eq(app.numbers, NUMBERS);
	end();
}

/* Killed at any commit, before or after it took effect, it goes on; the same elements are asked. */
TEST(a_kill_asks_for_nothing_twice)
{
	for (int fault = STORE_FAULT_BEFORE; fault <= STORE_FAULT_AFTER; fault++)
		for (uint64_t at = 1; at <= 4; at++) {
			uc_op op;
			begin();
			client_memory_fail_at(rosa.store, client_memory_commits(rosa.store) + at,
					      (enum store_fault)fault);
			uc_err err = uc_find_numbers(rosa.c, numbers, NUMBERS, &op);
			if (!err)
				err = person_talk(&rosa);
			client_memory_fail_at(rosa.store, 0, STORE_FAULT_NONE);
			find_restart(&rosa);
			if (at == 1 && fault == STORE_FAULT_BEFORE)
				expect_ok(ask()); /* it was never begun */
			expect_states(0, 1, 2);
			expect_eq(app.again, app.batches - 1);
			expect(app.batches >= 1 && app.batches <= 2);
			end();
		}
}

TEST(an_answer_that_was_lost_is_asked_for_again_as_it_was)
{
	uc_op op;
	begin();
	expect_ok(uc_find_numbers(rosa.c, numbers, NUMBERS, &op));
	app.app.silent_at = app.app.requests + 2; /* directory, then this */
	expect_ok(person_talk(&rosa));
	expect_eq(app.batches, 1);
	expect_ok(person_talk(&rosa));
	expect_eq(app.batches, 2);
	expect_eq(app.again, 1);
	expect_states(0, 1, 2);
	expect_eq(rosa.done_op, op);
	expect_ok(rosa.done_err);
	end();
}

TEST(a_wrong_answer_is_an_alarm_and_nothing_is_kept)
{
	static const struct {
		enum find_lie lie;
		uc_err err;
	} lies[] = {
		{ LIE_OTHER_KEY, UC_E_SIGNATURE },   { LIE_PROOF, UC_E_SIGNATURE },
		{ LIE_ONE_CHANGED, UC_E_SIGNATURE }, { LIE_SHORT, UC_E_PEER },
		{ LIE_CUSTODIANS, UC_E_PEER },       { LIE_NO_ELEMENT, UC_E_MALFORMED },
	};
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		begin();
		app.lie = lies[i].lie;
		expect_err(ask(), lies[i].err);
		expect_err(rosa.warning, lies[i].err);
		expect_eq(rosa.warnings, 1);
		expect_states(NUMBERS, 0, 0);
		/* It is not tried again behind the person's back. */
		unsigned batches = app.batches;
		find_tomorrow(&rosa);
		expect_eq(app.batches, batches);
		app.lie = LIE_NONE;
		find_app_filter(&app);
		expect_ok(ask());
		expect_states(0, 1, 2);
		expect_eq(app.again, 0); /* with other blinds */
		end();
	}
}

TEST(a_wrong_filter_is_not_looked_into)
{
	static const struct {
		enum find_lie lie;
		uc_err err;
	} lies[] = {
		{ LIE_FILTER_KEY, UC_E_KEY },       { LIE_FILTER_DAY, UC_E_PEER },
		{ LIE_FILTER_LATER, UC_E_PEER },    { LIE_FILTER_CUT, UC_E_MALFORMED },
		{ LIE_FILTER_LONG, UC_E_TRAILING }, { LIE_FILTER_HUGE, UC_E_PEER },
		{ LIE_FILTER_PLACE, UC_E_PEER },    { LIE_FILTER_EMPTY, UC_E_PEER },
	};
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		begin();
		app.lie = lies[i].lie;
		find_app_filter(&app);
		expect_err(ask(), lies[i].err);
		expect_err(rosa.warning, lies[i].err);
		expect_eq(rosa.numbers_found, 0);
		expect_states(NUMBERS, 0, 0);
		/* The values were right: they are not paid for again. */
		app.lie = LIE_NONE;
		find_app_filter(&app);
		expect_ok(ask());
		expect_states(0, 1, 2);
		expect_eq(app.numbers, NUMBERS);
		end();
	}
}

TEST(an_older_filter_is_refused)
{
	begin();
	expect_ok(ask());
	app.lie = LIE_FILTER_OLD;
	find_app_filter(&app);
	app.findable_n = 0;
	app.findable[0] = normal[0];
	static const char *const more[] = { "+4930777777" };
	uc_op op;
	expect_ok(uc_find_numbers(rosa.c, more, 1, &op));
	expect_ok(person_talk(&rosa));
	expect_err(rosa.done_err, UC_E_PEER);
	expect_states(1, 1, 2);
	end();
}

TEST(what_is_used_up_follows_in_the_coming_days)
{
	begin();
	/* As this device counts: two are left. */
	rosa.c->finding.budget = (struct discovery_budget){ DISCOVERY_START - 2, find_app_today() };
	expect_err(ask(), UC_E_RATE);
	expect_eq(app.numbers, 2);
	expect_eq(rosa.warnings, 0);
	find_app_filter(&app);
	find_tomorrow(&rosa);
	expect_eq(app.numbers, NUMBERS);
	expect_states(0, 1, 2);
	end();
	/* As the app counts, which this device did not know. */
	begin();
	app.budget = (struct discovery_budget){ DISCOVERY_START - 1, find_app_today() };
	expect_err(ask(), UC_E_RATE);
	expect_eq(app.numbers, 0);
	unsigned requests = app.app.requests;
	expect_ok(uc_client_step(rosa.c));
	expect_ok(person_talk(&rosa));
	expect_eq(app.app.requests, requests); /* not before tomorrow */
	find_restart(&rosa);
	find_app_filter(&app);
	find_tomorrow(&rosa);
	expect_eq(app.numbers, NUMBERS);
	expect_states(0, 1, 2);
	end();
}

TEST(values_of_another_key_are_made_anew)
{
	begin();
	expect_ok(ask());
	find_app_key(&app);
	test_now_ms += (uint64_t)24 * 3600 * 1000;
	find_app_filter(&app);
	find_tomorrow(&rosa);
	expect_eq(app.numbers, 2 * NUMBERS);
	expect_eq(rosa.numbers_found, 2); /* who was found before is nothing new */
	expect_eq(rosa.warnings, 0);
	expect_states(0, 1, 2);
	end();
}

/* The app's document was just read, for one of the numbers, and is not of the key it answers with then. */
static void changed(size_t custodians)
{
	uc_op op;
	begin();
	expect_ok(uc_find_numbers(rosa.c, numbers, 1, &op));
	expect_ok(person_talk(&rosa));
	expect_ok(rosa.done_err);
	app.custodians = custodians;
	find_app_key(&app);
	find_app_filter(&app);
}

TEST(a_key_that_has_just_changed_is_no_lie)
{
	for (size_t custodians = 1; custodians <= 2; custodians++)
		for (unsigned lost = 0; lost <= 1; lost++) {
			uc_op op;
			changed(custodians);
			unsigned asked = app.app.requests;
			if (lost) /* the document on its way, behind the answer */
				app.app.silent_at = asked + 2;
			expect_ok(uc_find_numbers(rosa.c, numbers, NUMBERS, &op));
			for (unsigned i = 0; i <= lost; i++)
				expect_ok(person_talk(&rosa));
			expect_eq(rosa.done_op, op);
			expect_ok(rosa.done_err);
			expect_eq(rosa.warnings, 0);
			expect_states(0, 1, 2);
			/* The answer is kept, and the first number asked for under the new key. */
			expect_eq(app.numbers, 1 + 2 + 1);
			expect_eq(app.again, 0);
			end();
		}
}

TEST(an_answer_of_no_key_that_is_shown_is_a_lie_also_when_it_changes)
{
	changed(1);
	app.lie = LIE_OTHER_KEY;
	expect_err(ask(), UC_E_SIGNATURE);
	expect_err(rosa.warning, UC_E_SIGNATURE);
	expect_eq(rosa.warnings, 1);
	/* Nothing of it is kept; what was found before stays until it is looked for again. */
	expect_states(NUMBERS - 1, 0, 1);
	unsigned batches = app.batches;
	find_tomorrow(&rosa);
	expect_eq(app.batches, batches);
	app.lie = LIE_NONE;
	find_app_filter(&app);
	expect_ok(ask());
	expect_states(0, 1, 2);
	end();
}

TEST(what_is_no_number_is_not_taken)
{
	static const char *const bad[] = { "+49 30 1234567", "112" };
	uc_op op;
	begin();
	expect_err(uc_find_numbers(rosa.c, bad, 2, &op), UC_E_NAME);
	expect_states(0, 0, 0);
	expect_err(uc_find_numbers(rosa.c, bad, 0, &op), UC_E_ARGUMENT);
	expect_err(uc_find_numbers(rosa.c, bad, 1001, &op), UC_E_TOO_LARGE);
	expect_err(uc_find_numbers(rosa.c, NULL, 1, &op), UC_E_ARGUMENT);
	expect_err(uc_numbers(NULL, count, NULL), UC_E_ARGUMENT);
	end();
}

TEST(what_is_not_offered_is_said)
{
	begin();
	app.custodians = 0;
	expect_err(ask(), UC_E_UNSUPPORTED);
	expect_eq(app.batches, 0);
	rosa.c->account.names = UC_NAME_HANDLE;
	expect_err(ask(), UC_E_UNSUPPORTED);
	end();
}

TEST(who_waits_for_numbers_that_are_forgotten_is_told)
{
	uc_op op[2];
	begin();
	for (unsigned i = 0; i < 2; i++) {
		/* Twice at once; nothing was asked, or the answer is on its way. */
		for (unsigned k = 0; k < 2; k++)
			expect_ok(uc_find_numbers(rosa.c, numbers, NUMBERS, &op[k]));
		if (i)
			expect_ok(uc_client_step(rosa.c));
		unsigned done = rosa.done;
		expect_ok(uc_numbers_forget(rosa.c));
		expect_ok(person_talk(&rosa));
		expect_eq(rosa.done, done + 2);
		expect_eq(rosa.done_op, op[1]);
		expect_err(rosa.done_err, UC_E_CLOSED);
	}
	/* There is room for others again, and they end by themselves. */
	expect_ok(ask());
	expect_states(0, 1, 2);
	end();
}

TEST(forgotten_numbers_are_gone)
{
	begin();
	expect_ok(ask());
	expect_ok(uc_numbers_forget(rosa.c));
	expect_states(0, 0, 0);
	find_restart(&rosa);
	expect_states(0, 0, 0);
	expect_ok(ask());
	expect_eq(app.numbers, 2 * NUMBERS);
	expect_states(0, 1, 2);
	/* While an answer is on its way. */
	static const char *const more[] = { "+4930777777" };
	uc_op op;
	expect_ok(uc_find_numbers(rosa.c, more, 1, &op));
	expect_ok(uc_numbers_forget(rosa.c));
	expect_ok(person_talk(&rosa));
	expect_states(0, 0, 0);
	expect_eq(rosa.warnings, 0);
	end();
}
