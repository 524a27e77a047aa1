/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps many letters from somebody below 18, however many accounts they come from. */
#include "provider/reaching.h"
#include "provider/tokens.h"
#include "tests/unit/provider/letters.h"
#include "tests/unit/provider/work.h"

#define TOM "+49151000001"

static struct app *const dial = &apps[DIAL], *const lens = &apps[LENS];

/* Does it come in?  Whoever sends it is told the same. */
static bool comes(struct person *from, struct person *to, uint8_t channel)
{
	size_t before = client_events(to->c, FRAME_INTAKE);
	expect_ok(request(from->c, card_to(reply_make(from), address_of(to, channel))));
	return client_events(to->c, FRAME_INTAKE) > before;
}

static void says(struct person *p, uint64_t number, enum age_band band)
{
	struct settings s = settings_said(p, number, band);
	expect_ok(settings_put(p, &s));
}

static void days_pass(unsigned days, struct person *one, struct person *other)
{
	for (unsigned i = 0; i < days; i++)
		apps_wait(DAY_MS);
	expect_ok(person_sign_in(one));
	expect_ok(person_sign_in(other));
}

/* --- accounts of this week --- */

static bool comes_at(struct app *app, const char *from, const char *to, enum age_band age,
		     enum age_band sender, unsigned days)
{
	struct person rosa, tom;
	apps_begin();
	provider_set_contact(app->provider, &(struct provider_contact){ .day = 100 });
	person_join(&rosa, app, from);
	person_join(&tom, app, to);
	if (sender != AGE_UNKNOWN)
		says(&rosa, 1, sender);
	if (age != AGE_UNKNOWN)
		says(&tom, 1, age);
	days_pass(days, &rosa, &tom);
	bool did = comes(&rosa, &tom, CHANNEL_LINK);
	apps_end();
	return did;
}

TEST(a_fresh_handle_reaches_no_minor_for_a_week)
{
	static const struct {
		enum age_band to, from;
		unsigned days;
		bool arrives;
	} cases[] = {
		{ AGE_TEEN_B, AGE_ADULT, 0, false },   { AGE_TEEN_B, AGE_ADULT, 6, false },
		{ AGE_TEEN_B, AGE_ADULT, 7, true },    { AGE_TEEN_B, AGE_UNKNOWN, 6, false },
		{ AGE_TEEN_B, AGE_UNKNOWN, 7, true },  { AGE_TEEN_B, AGE_TEEN_A, 0, true },
		{ AGE_TEEN_A, AGE_TEEN_B, 0, true },   { AGE_ADULT, AGE_ADULT, 0, true },
		{ AGE_UNKNOWN, AGE_ADULT, 0, true },   { AGE_TEEN_A, AGE_ADULT, 7, false },
		{ AGE_UNKNOWN, AGE_UNKNOWN, 0, true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool did = comes_at(lens, "rosa", "tom", cases[i].to, cases[i].from, cases[i].days);
		if (did != cases[i].arrives)
			test_fail(__FILE__, __LINE__, "case %zu", i);
	}
	/* Where a name costs a code, a link is enough. */
	expect(comes_at(dial, "+49151000000", TOM, AGE_TEEN_B, AGE_ADULT, 0));
}

/* An operator who lets new accounts ask has made them, or plays. */
TEST(where_new_accounts_ask_so_do_fresh_handles)
{
	struct person rosa, tom;
	apps_begin();
	provider_set_contact(lens->provider, &(struct provider_contact){ .new_ask = true });
	person_join(&rosa, lens, "rosa");
	person_join(&tom, lens, "tom");
	says(&tom, 1, AGE_TEEN_B);
	expect(comes(&rosa, &tom, CHANNEL_LINK));
	apps_end();
}

static size_t tokens_drawn(struct person *p, struct view target)
{
	struct token_issue_response r = { { NULL, 0 }, { NULL, 0 } };
	struct token_wish wish = { .reply_address = reply_make(p), .target = target };
	struct token_issue_request q = { .wishes = { &wish, 1 } };
	struct token_draw draw;
	struct token_keys keys = { 0 };
	uint8_t bytes[TOKEN_KEYS_BYTES];
	expect_ok(tokens_publish(p->app->provider, bytes));
	expect_ok(token_keys_read(VIEW_OF(bytes), &keys));
	expect_ok(tokens_draw(test_env(), &keys.pub[TOKEN_WEEK_NOW][TOKEN_OTHER], p->app->domain,
			      &draw, 1));
	memcpy(q.token_key_id, draw.token.token_key_id, sizeof q.token_key_id);
	memcpy(wish.blinded, draw.blinded.b, sizeof wish.blinded);
	expect_ok(client_ask(p->c, FRAME_TOKEN_ISSUE, token_issue_request_element, &q,
			     token_issue_response_element, &r));
	return r.evaluated.n / OPRF_ELEMENT;
}

TEST(a_fresh_handle_is_given_no_token_for_a_week)
{
	struct person rosa, uwe, tom;
	apps_begin();
	for (int i = 0; i < APPS; i++)
		provider_set_contact(apps[i].provider, &(struct provider_contact){ .day = 100 });
	person_join(&rosa, lens, "rosa");
	person_join(&uwe, dial, "+49151000000");
	person_join(&tom, dial, TOM);
	says(&tom, 1, AGE_TEEN_B);
	days_pass(2, &rosa, &uwe);
	struct view target = address_of(&tom, CHANNEL_LINK);
	expect_eq(tokens_drawn(&rosa, target), 0);
	expect_eq(tokens_drawn(&uwe, target), 1);
	/* So what they ask without one reaches no minor there. */
	expect_ok(person_sign_in(&tom));
	expect(!comes(&rosa, &tom, CHANNEL_LINK));
	days_pass(5, &rosa, &tom);
	expect_eq(tokens_drawn(&rosa, address_of(&tom, CHANNEL_LINK)), 1);
	apps_end();
}

/* --- what one below 18 gets a day --- */

static struct person rosa, tom;

static void asked_begin(enum age_band band)
{
	apps_begin();
	person_join(&rosa, lens, "rosa");
	person_join(&tom, dial, TOM);
	provider_set_contact(dial->provider, &(struct provider_contact){ .day = 20 });
	says(&tom, 1, band);
}

/* Of that many letters of somebody else each, from another app. */
static size_t letters_come(unsigned n, enum age_band from)
{
	size_t before = client_events(tom.c, FRAME_INTAKE);
	struct view reply = reply_make(&rosa);
	for (unsigned i = 0; i < n; i++) {
		struct view answer = { NULL, 0 };
		struct view e = card_to(reply, address_of(&tom, CHANNEL_LINK));
		expect_eq(peer_ask(dial, lens, "requestConsent", dial->domain,
				   entry_sent(e, from, false), &answer),
			  201);
		expect_eq(answer.n, 0);
	}
	return client_events(tom.c, FRAME_INTAKE) - before;
}

TEST(only_so_many_grown_ups_reach_a_minor_a_day)
{
	asked_begin(AGE_TEEN_B);
	expect_eq(letters_come(15, AGE_ADULT), MINOR_ASKED_DAY);
	/* No kill gives any back, nor does another account that asks, of this app too. */
	for (int keep = 0; keep < 2; keep++) {
		app_kill(dial, keep != 0);
		app_start(dial);
		provider_set_contact(dial->provider, &(struct provider_contact){ .day = 20 });
		expect_ok(person_sign_in(&tom));
		expect_eq(letters_come(1, AGE_ADULT), 0);
	}
	struct person uwe;
	person_join(&uwe, dial, "+49151000000");
	expect(!comes(&uwe, &tom, CHANNEL_LINK));
	/* Those whose app has checked that they are below 18 are not kept out by it. */
	expect_eq(letters_come(3, AGE_TEEN_B), 3);
	/* Nor has one of them given any back. */
	expect_eq(letters_come(1, AGE_ADULT), 0);
	unsigned all = 0;
	for (unsigned day = 0; day < 5; day++) {
		days_pass(1, &tom, &rosa);
		all += (unsigned)letters_come(20, AGE_ADULT);
	}
	expect(all >= 5 * MINOR_ASKED_DAY - 5);
	expect(all <= 5 * MINOR_ASKED_DAY);
	apps_end();
}

TEST(who_is_grown_up_or_has_not_said_is_asked_as_before)
{
	static const enum age_band bands[] = { AGE_ADULT, AGE_UNKNOWN };
	for (size_t i = 0; i < 2; i++) {
		asked_begin(bands[i]);
		expect_eq(letters_come(15, AGE_ADULT), 15);
		apps_end();
	}
}

/* Whoever makes one handle after the other says what they like. */
TEST(what_accounts_of_this_week_say_of_their_age_counts_for_nothing_there)
{
	static struct person kim, friends[14];
	char name[16];
	apps_begin();
	person_join(&kim, lens, "kim");
	says(&kim, 1, AGE_TEEN_B);
	provider_set_contact(lens->provider, &(struct provider_contact){ .minor_day = 5 });
	unsigned came = 0;
	for (unsigned i = 0; i < 14; i++) {
		snprintf(name, sizeof name, "friend%c", 'a' + (int)i);
		person_join(&friends[i], lens, name);
		says(&friends[i], 1, AGE_TEEN_B);
		came += comes(&friends[i], &kim, CHANNEL_LINK);
	}
	expect_eq(came, 5);
	/* A week later it does; and what the app has checked counts at once. */
	expect_ok(provider_check_age(lens->provider, VIEW_OF(friends[13].account_id),
				     1 + AGE_TEEN_B));
	expect_ok(person_sign_in(&friends[13]));
	expect(comes(&friends[13], &kim, CHANNEL_LINK));
	days_pass(8, &friends[0], &kim);
	came = 0;
	for (unsigned i = 0; i < 8; i++) {
		expect_ok(person_sign_in(&friends[i]));
		came += comes(&friends[i], &kim, CHANNEL_LINK);
	}
	expect_eq(came, 8);
	apps_end();
}

static struct done costs(struct person *to, enum age_band from)
{
	struct view e = card_to(reply_make(&rosa),
				to ? address_of(to, CHANNEL_LINK) : address_of_nobody(dial));
	struct view answer;
	e = entry_sent(e, from, false);
	(void)work_done();
	expect_eq(peer_ask(dial, lens, "requestConsent", dial->domain, e, &answer), 201);
	expect_eq(answer.n, 0);
	return work_done();
}

TEST(as_much_is_done_for_a_minor_who_was_asked_too_often)
{
	asked_begin(AGE_TEEN_B);
	client_close(tom.c);
	work_begin(dial->accounts);
	struct done let_go = costs(NULL, AGE_ADULT);
	for (int i = 0; i < MINOR_ASKED_DAY + 5; i++)
		expect_alike(costs(&tom, AGE_ADULT), let_go);
	expect_alike(costs(&tom, AGE_TEEN_B), let_go);
	expect_alike(costs(NULL, AGE_TEEN_B), let_go);
	work_end(dial->accounts);
	apps_end();
}
