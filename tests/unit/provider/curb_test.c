/* SPDX-License-Identifier: Apache-2.0 */
/* What upheld reports take from an account: how many it asks and brings in, for how long, and that no
 * fresh account under the same name is without it. */
#include "provider/curb.h"
#include "provider/reaching.h"
#include "tests/unit/provider/letters.h"

#define UWE "+49151000000"
#define TOM "+49151000001"

static struct app *const dial = &apps[DIAL];
static struct person uwe, tom;

static void rules(void)
{
	provider_set_contact(dial->provider,
			     &(struct provider_contact){ .grown_ups = true, .new_ask = true });
}

/* After some months: they are no new accounts. */
static void begin(void)
{
	apps_begin();
	person_join(&uwe, dial, UWE);
	person_join(&tom, dial, TOM);
	rules();
	apps_wait((uint64_t)60 * DAY_MS);
	expect_ok(person_sign_in(&uwe));
	expect_ok(person_sign_in(&tom));
}

static void days_pass(unsigned days)
{
	for (unsigned i = 0; i < days; i++)
		apps_wait(DAY_MS);
	expect_ok(person_sign_in(&uwe));
	expect_ok(person_sign_in(&tom));
}

static void curb(unsigned days, bool off_minors)
{
	expect_ok(provider_curb(dial->provider, VIEW_OF(uwe.account_id), days, off_minors));
	apps_settle();
}

/* Of the account, or of the name that it has. */
static bool is_kept(void)
{
	struct store_key k;
	struct account_record account;
	bool own, of_name;
	struct view id = VIEW_OF(uwe.account_id);
	expect_ok(account_get(dial->provider, id, &apps_mem, &account));
	expect_ok(store_has(dial->accounts, key_1(&k, TABLE_CURB, id), &own));
	expect_ok(store_has(dial->accounts, key_1(&k, TABLE_CURB, VIEW_OF(account.name_id)),
			    &of_name));
	return own || of_name;
}

TEST(each_one_takes_more_and_all_comes_back)
{
	static const unsigned left[] = { 20, 5, 1, 0, 0 };
	for (unsigned level = 0; level < 5; level++) {
		begin();
		for (unsigned i = 0; i < level; i++)
			curb(30 + i, false);
		expect_eq(is_kept(), level != 0);
		expect_eq(asks_left(&uwe, &tom), left[level]);
		days_pass(75);
		expect_eq(asks_left(&uwe, &tom), 20);
		expect(!is_kept());
		apps_end();
	}
}

TEST(nothing_gives_it_back_but_time_and_the_moderators)
{
	begin();
	curb(30, false);
	app_kill(dial, false);
	app_start(dial);
	rules();
	expect_ok(person_sign_in(&uwe));
	expect_ok(person_sign_in(&tom));
	expect_eq(asks_left(&uwe, &tom), 5);
	/* A fresh account under the same number: as new, and of that a quarter. */
	expect_ok(person_delete(&uwe));
	person_join(&uwe, dial, UWE);
	expect(is_kept());
	expect_eq(asks_left(&uwe, &tom), 0);
	/* Thirty are without an answer, by that measure. */
	days_pass(13);
	expect_eq(asks_left(&uwe, &tom), 1);
	expect_ok(provider_uncurb(dial->provider, VIEW_OF(uwe.account_id)));
	days_pass(7);
	expect(asks_left(&uwe, &tom) > 1);
	expect(!is_kept());
	/* Somebody else's is left alone, and what makes no sense changes nothing. */
	uint8_t nobody[ACCOUNT_ID] = { 1 };
	expect_err(provider_curb(dial->provider, VIEW_OF(nobody), 30, false), UC_E_NOT_FOUND);
	expect_err(provider_curb(dial->provider, VIEW_OF(uwe.account_id), 0, false), UC_E_ARGUMENT);
	expect_err(provider_curb(dial->provider, VIEW_OF(uwe.account_id), 366, false),
		   UC_E_ARGUMENT);
	expect_err(provider_uncurb(dial->provider, VIEW_LIT("short")), UC_E_ARGUMENT);
	expect(!is_kept());
	apps_end();
}

/* Accepts what was asked before and after; no more comes back than others pay. */
TEST(an_accomplice_makes_no_budget)
{
	begin();
	for (unsigned i = 0; i < 4; i++) {
		struct view reply = reply_make(&uwe), target = address_of(&tom, CHANNEL_LINK);
		expect_ok(request(uwe.c, card_to(reply, target)));
		for (unsigned k = 0; k < 2; k++)
			expect_ok(update(tom.c, entry_make(CONSENT_GRANT, reply, target,
							   COMPONENT_CONTACT_ANSWER, 4096)));
		if (!i)
			curb(30, false);
	}
	/* 20, less three letters for 4, of which each gave 1 back. */
	expect_eq(asks_left(&uwe, &tom), 2);
	apps_end();
}

static uc_err brings(uint32_t *wait_s)
{
	struct account_record account = { 0 };
	struct view id = VIEW_OF(uwe.account_id);
	TRY(account_get(dial->provider, id, &apps_mem, &account));
	return budget_bring(dial->provider, id, &account, &apps_mem, wait_s);
}

TEST(few_are_brought_into_groups)
{
	uint32_t wait = 0;
	begin();
	for (unsigned i = 0; i < 50; i++) {
		expect_ok(brings(&wait));
		expect_eq(wait, 0);
	}
	curb(30, false);
	for (unsigned i = 0; i < 6; i++) {
		expect_ok(brings(&wait));
		expect_eq(wait != 0, i == 5);
	}
	expect(wait <= 24 * 3600);
	days_pass(1);
	expect_ok(brings(&wait));
	expect_eq(wait, 0);
	curb(30, false);
	curb(30, false);
	expect_ok(brings(&wait));
	expect(wait > 24 * 3600);
	apps_end();
}

/* --- R3 --- */

static bool reaches(struct person *to, uint8_t channel)
{
	size_t before = client_events(to->c, FRAME_INTAKE);
	expect_ok(request(uwe.c, card_to(reply_make(&uwe), address_of(to, channel))));
	return client_events(to->c, FRAME_INTAKE) > before;
}

TEST(who_is_kept_off_minors_reaches_none_of_them)
{
	struct person kim, ida;
	begin();
	person_join(&kim, dial, "+49151000002");
	person_join(&ida, &apps[LENS], "ida");
	struct settings s = settings_said(&kim, 1, AGE_TEEN_B),
			own = settings_said(&uwe, 1, AGE_TEEN_B);
	s.find_by_name = true;
	expect_ok(settings_put(&kim, &s));
	expect_ok(settings_put(&uwe, &own));
	struct settings grown = settings_said(&tom, 1, AGE_ADULT);
	expect_ok(settings_put(&tom, &grown));
	expect(reaches(&kim, CHANNEL_LINK));
	expect(reaches(&kim, CHANNEL_LOOKUP));
	expect(reaches(&ida, CHANNEL_LINK));
	curb(30, true);
	/* Told the same; a link changes nothing. */
	expect(!reaches(&kim, CHANNEL_LINK));
	expect(!reaches(&kim, CHANNEL_LOOKUP));
	expect(reaches(&tom, CHANNEL_LINK));
	/* Who is how old at another app is not known: nothing goes there, and no token is drawn. */
	size_t asked = apps[LENS].asked;
	expect(!reaches(&ida, CHANNEL_LINK));
	expect_eq(apps[LENS].asked, asked);
	expect_eq(stored_count(dial->accounts, VIEW_LIT("lens.example")), 0);
	days_pass(40);
	expect_ok(person_sign_in(&kim));
	expect(reaches(&kim, CHANNEL_LINK));
	apps_end();
}

/* The last day of each level, of the account and of its name. */
static void days_of(bool is_name, uint32_t out[CURB_LEVELS])
{
	struct store_key k;
	struct account_record account;
	struct curb_record r = { 0 };
	struct view id = VIEW_OF(uwe.account_id);
	bool found;
	expect_ok(account_get(dial->provider, id, &apps_mem, &account));
	expect_ok(record_find(dial->accounts,
			      key_1(&k, TABLE_CURB, is_name ? VIEW_OF(account.name_id) : id),
			      curb_record_element, &apps_mem, &r, &found));
	memcpy(out, (uint32_t[]){ r.first_day, r.second_day, r.third_day },
	       CURB_LEVELS * sizeof *out);
}

/* What was not said to be done is said again: it never counts for one of the two alone, which then would have
 * it twice. */
static bool killed_at(unsigned n, bool keep_unsynced)
{
	uint32_t own[CURB_LEVELS], of_name[CURB_LEVELS];
	begin();
	dial->strike_in = n;
	uc_err err = provider_curb(dial->provider, VIEW_OF(uwe.account_id), 30, true);
	if (!err)
		err = provider_sync(dial->provider);
	app_kill(dial, keep_unsynced);
	app_start(dial);
	days_of(false, own);
	days_of(true, of_name);
	expect(!memcmp(own, of_name, sizeof own));
	apps_end();
	return err != UC_OK;
}

TEST(a_kill_leaves_both_or_none)
{
	unsigned n = 1;
	while (n < 20 && killed_at(n, false) && killed_at(n, true))
		n++;
	expect(n > 4 && n < 20);
}
