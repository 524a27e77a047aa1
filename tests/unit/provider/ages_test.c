/* SPDX-License-Identifier: Apache-2.0 */
/* Ages that services vouch for, at the app: whose word counts, for whom, for how long, and what of it is kept. */
#include "mimi/age_statement.h"
#include "provider/reaching.h"
#include "tests/unit/provider/letters.h"

static struct app *const dial = &apps[DIAL];
static struct ed25519_key school, shop;
static struct person kim, rosa;
static const uint8_t salt[AGE_SALT] = { 7 };

static uint32_t today(void)
{
	return (uint32_t)(test_now_ms / DAY_MS);
}

static void believe(const struct ed25519_key *one, const struct ed25519_key *other)
{
	struct provider_ages ages = { .n = 0 };
	const struct ed25519_key *keys[] = { one, other };
	const char *const names[] = { "school.example", "shop.example" };
	for (size_t i = 0; i < 2; i++) {
		if (!keys[i])
			continue;
		snprintf(ages.v[ages.n].name, sizeof ages.v[ages.n].name, "%s", names[i]);
		memcpy(ages.v[ages.n++].key, keys[i]->pub, sizeof keys[i]->pub);
	}
	expect_ok(provider_set_ages(dial->provider, &ages));
}

static void begin(void)
{
	apps_begin();
	expect_ok(ed25519_generate(test_env(), &school));
	expect_ok(ed25519_generate(test_env(), &shop));
	person_join(&kim, dial, "+49151000000");
	person_join(&rosa, dial, "+49151000001");
	believe(&school, &shop);
}

/* As the school signs it for Kim. */
static struct age_statement said(enum age_band band)
{
	struct age_statement s = { .service = VIEW_LIT("school.example"),
				   .age_band = (uint8_t)band,
				   .issued_day = today(),
				   .expires_day = today() + AGE_DAYS };
	const struct age_subject of = { s.service, dial->domain, VIEW_OF(kim.account.pub),
					VIEW_OF(salt) };
	expect_ok(age_commit(&of, s.commitment));
	return s;
}

/* By the shop. */
static struct age_statement sold(enum age_band band)
{
	struct age_statement s = said(band);
	s.service = VIEW_LIT("shop.example");
	const struct age_subject of = { s.service, dial->domain, VIEW_OF(kim.account.pub),
					VIEW_OF(salt) };
	expect_ok(age_commit(&of, s.commitment));
	return s;
}

static uc_err present_bytes(struct person *p, struct view bytes)
{
	struct age_present_request q = { .statement = bytes };
	memcpy(q.salt, salt, sizeof salt);
	return client_ask(p->c, FRAME_AGE_PRESENT, age_present_request_element, &q, NULL, NULL);
}

static uc_err present(struct person *p, const struct age_statement *s,
		      const struct ed25519_key *key)
{
	struct view bytes = { NULL, 0 };
	expect_ok(age_statement_make(s, key, &apps_mem, &bytes));
	return present_bytes(p, bytes);
}

static uc_err hand_in(enum age_band band)
{
	struct age_statement s = said(band);
	return present(&kim, &s, &school);
}

/* As the app tells its devices: the age, and by whom. */
static void expect_known(struct person *p, unsigned checked, unsigned by)
{
	struct settings_get_response r = { .checked = 9 };
	expect_ok(client_ask(p->c, FRAME_SETTINGS_GET, NULL, NULL, settings_get_response_element,
			     &r));
	expect_eq(r.checked, checked);
	expect_eq(r.attested, by);
}

static void says(struct person *p, uint64_t number, enum age_band band, uc_err err)
{
	struct settings s = settings_said(p, number, band);
	expect_err(settings_put(p, &s), err);
}

TEST(a_service_s_word_counts_for_what_was_said)
{
	begin();
	says(&kim, 1, AGE_ADULT, UC_OK);
	expect_known(&kim, 0, 0);
	expect_ok(hand_in(AGE_TEEN_A));
	expect_known(&kim, 1 + AGE_TEEN_A, ATTESTED_SERVICE);
	struct settings s;
	expect_ok(settings_of(dial->provider, VIEW_OF(kim.account_id), &apps_mem, &s));
	expect_eq(s.age_band, AGE_TEEN_A);
	expect(!s.find_by_name);
	expect_eq(s.add, ADD_NOBODY);
	/* And its class of tokens follows. */
	struct account_record account;
	struct contact_sender sender;
	expect_ok(account_get(dial->provider, VIEW_OF(kim.account_id), &apps_mem, &account));
	expect_ok(sender_of(dial->provider, VIEW_OF(kim.account_id), &account, &apps_mem, &sender));
	expect(sender.is_checked);
	expect_eq(sender.age_band, AGE_TEEN_A);
	/* After a kill, too. */
	app_kill(dial, false);
	app_start(dial);
	believe(&school, &shop);
	expect_ok(person_sign_in(&kim));
	expect_known(&kim, 1 + AGE_TEEN_A, ATTESTED_SERVICE);
	expect_ok(person_delete(&kim));
	apps_end();
}

TEST(it_opens_nothing_by_itself_but_lets_become_as_old)
{
	begin();
	says(&kim, 1, AGE_TEEN_A, UC_OK);
	says(&kim, 2, AGE_TEEN_B, UC_E_NOT_ALLOWED);
	expect_ok(hand_in(AGE_TEEN_B));
	struct settings s;
	expect_ok(settings_of(dial->provider, VIEW_OF(kim.account_id), &apps_mem, &s));
	expect(!s.find_by_name);
	says(&kim, 2, AGE_ADULT, UC_E_NOT_ALLOWED);
	says(&kim, 2, AGE_TEEN_B, UC_OK);
	apps_end();
}

TEST(nobody_hands_in_another_s)
{
	begin();
	struct age_statement s = said(AGE_ADULT);
	struct view bytes = { NULL, 0 };
	expect_ok(age_statement_make(&s, &school, &apps_mem, &bytes));
	/* Another account with what Kim was given, salt and all; another app's; with another salt. */
	expect_err(present_bytes(&rosa, bytes), UC_E_KEY);
	struct age_statement wrong = s;
	struct age_subject of = { s.service, apps[LENS].domain, VIEW_OF(kim.account.pub),
				  VIEW_OF(salt) };
	expect_ok(age_commit(&of, wrong.commitment));
	expect_err(present(&kim, &wrong, &school), UC_E_KEY);
	wrong.commitment[0] ^= 1;
	expect_err(present(&kim, &wrong, &school), UC_E_KEY);
	/* By somebody else's key, by one that is not believed, by one under the other's name. */
	expect_err(present(&kim, &s, &shop), UC_E_SIGNATURE);
	wrong = s;
	wrong.service = VIEW_LIT("friend.example");
	expect_err(present(&kim, &wrong, &shop), UC_E_NOT_ALLOWED);
	wrong = sold(AGE_ADULT);
	expect_err(present(&kim, &wrong, &school), UC_E_SIGNATURE);
	/* Not yet, not any more. */
	wrong = s;
	wrong.issued_day += 2;
	expect_err(present(&kim, &wrong, &school), UC_E_STALE);
	wrong = s;
	wrong.issued_day -= 40;
	wrong.expires_day = today() - 2;
	expect_err(present(&kim, &wrong, &school), UC_E_STALE);
	/* Each bit of it; cut off; more behind it; nothing; too much. */
	uint8_t copy[1200] = { 0 };
	memcpy(copy, bytes.p, bytes.n);
	for (size_t i = 0; i < bytes.n; i++) {
		copy[i] ^= (uint8_t)(1 << i % 8);
		expect(present_bytes(&kim, view_make(copy, bytes.n)));
		copy[i] ^= (uint8_t)(1 << i % 8);
		if (i % 100 == 99)
			test_now_ms += HOUR_MS; /* only so many an hour */
	}
	test_now_ms += HOUR_MS;
	expect(present_bytes(&kim, view_make(copy, bytes.n - 1)));
	expect(present_bytes(&kim, view_make(copy, bytes.n + 1)));
	expect(present_bytes(&kim, view_make(copy, 0)));
	expect(present_bytes(&kim, view_make(copy, sizeof copy)));
	expect_known(&kim, 0, 0);
	expect_ok(present_bytes(&kim, bytes));
	expect_ok(present_bytes(&kim, bytes)); /* said again */
	expect_known(&kim, 1 + AGE_ADULT, ATTESTED_SERVICE);
	apps_end();
}

TEST(of_two_the_later_one_counts_and_an_older_one_makes_nobody_older)
{
	begin();
	struct age_statement young = said(AGE_TEEN_A), old = sold(AGE_ADULT);
	expect_ok(present(&kim, &young, &school));
	/* As late is not later. */
	expect_err(present(&kim, &old, &shop), UC_E_STALE);
	old.issued_day--;
	expect_err(present(&kim, &old, &shop), UC_E_STALE);
	expect_known(&kim, 1 + AGE_TEEN_A, ATTESTED_SERVICE);
	old.issued_day += 2;
	expect_ok(present(&kim, &old, &shop));
	expect_known(&kim, 1 + AGE_ADULT, ATTESTED_SERVICE);
	/* A younger one counts, however old; and then the word of before does not come again. */
	expect_ok(present(&kim, &young, &school));
	expect_known(&kim, 1 + AGE_TEEN_A, ATTESTED_SERVICE);
	expect_err(present(&kim, &old, &shop), UC_E_STALE);
	apps_end();
}

TEST(the_operator_s_word_goes_first)
{
	begin();
	expect_ok(provider_check_age(dial->provider, VIEW_OF(kim.account_id), 1 + AGE_TEEN_A));
	expect_ok(person_sign_in(&kim));
	expect_ok(hand_in(AGE_ADULT));
	expect_known(&kim, 1 + AGE_TEEN_A, ATTESTED_APP);
	/* Nothing is known any more: of neither. */
	expect_ok(provider_check_age(dial->provider, VIEW_OF(kim.account_id), 0));
	expect_ok(person_sign_in(&kim));
	expect_known(&kim, 0, 0);
	expect_ok(hand_in(AGE_ADULT));
	expect_known(&kim, 1 + AGE_ADULT, ATTESTED_SERVICE);
	apps_end();
}

TEST(whoever_is_believed_no_more_has_said_nothing)
{
	begin();
	expect_ok(hand_in(AGE_TEEN_B));
	believe(NULL, &shop);
	expect_known(&kim, 0, 0);
	expect_err(hand_in(AGE_TEEN_B), UC_E_NOT_ALLOWED);
	/* Its word of before is in nobody's way. */
	struct age_statement s = sold(AGE_ADULT);
	expect_ok(present(&kim, &s, &shop));
	expect_known(&kim, 1 + AGE_ADULT, ATTESTED_SERVICE);
	/* Another key under the same name is another service. */
	expect_err(hand_in(AGE_TEEN_B), UC_E_NOT_ALLOWED);
	believe(&shop, NULL);
	expect_known(&kim, 0, 0);
	believe(&school, NULL);
	expect_ok(hand_in(AGE_TEEN_B));
	expect_known(&kim, 1 + AGE_TEEN_B, ATTESTED_SERVICE);
	believe(&school, &shop);
	expect_known(&kim, 1 + AGE_TEEN_B, ATTESTED_SERVICE);
	apps_end();
}

/* Neither which service it was, nor what the two could compare. */
TEST(what_is_kept_names_no_service)
{
	begin();
	struct age_statement s = said(AGE_TEEN_B);
	expect_ok(present(&kim, &s, &school));
	const struct view told[] = { s.service, VIEW_OF(s.commitment), VIEW_OF(salt),
				     VIEW_OF(school.pub) };
	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		expect_eq(stored_count(dial->accounts, told[i]), 0);
	apps_end();
}

TEST(other_devices_come_back_and_see_it)
{
	begin();
	struct client *other = kim.c;
	kim.c = NULL;
	expect_ok(person_sign_in(&kim));
	expect_ok(hand_in(AGE_TEEN_B));
	apps_settle();
	expect(other->closed);
	expect(!kim.c->closed);
	apps_end();
}
