/* SPDX-License-Identifier: Apache-2.0 */
/* What people hand on by other ways than the app: contact codes and invitation links. */
#include "mimi/settings.h"
#include "tests/unit/provider/letters.h"
#include "tests/unit/provider/work.h"

#define CODE  "7KQX-M0RA"
#define WRONG "7KQX-M0RB"

#define TOM    "+4915123456789"
#define UWE    "+4915123456780"
#define NOBODY "+4915199999999"

/* --- contact codes --- */

static const uint8_t tags[3][CONTACT_CODE_TAG] = { { 1 }, { 2 }, { 3 } };

static struct settings coded(const struct person *p, uint64_t number, const uint8_t *tag)
{
	struct settings s = settings_said(p, number, AGE_ADULT);
	s.code = view_make(tag, tag ? CONTACT_CODE_TAG : 0);
	return s;
}

static void pair_begin(struct person *rosa, struct person *tom)
{
	apps_begin();
	person_join(rosa, &apps[LENS], "rosa");
	person_join(tom, &apps[DIAL], TOM);
}

static bool finds(struct person *rosa, const char *name, const char *code)
{
	struct lookup_answer a = { 0 };
	struct view sealed = { NULL, 0 };
	test_now_ms += 61 * 1000; /* look-ups are counted */
	expect_ok(look_up_with(rosa, &apps[DIAL], name, code, &a, &sealed));
	return a.found;
}

TEST(who_has_set_a_code_is_found_with_it_alone)
{
	struct person rosa, tom;
	pair_begin(&rosa, &tom);
	expect(finds(&rosa, TOM, ""));
	struct settings s = coded(&tom, 1, tags[0]);
	expect_err(settings_put(&tom, &s), UC_E_CODE);
	expect_err(settings_put_code(&tom, &s, "7KQX-M0R"), UC_E_CODE);
	expect_ok(settings_put_code(&tom, &s, CODE));
	expect(!finds(&rosa, TOM, ""));
	expect(!finds(&rosa, TOM, WRONG));
	expect(!finds(&rosa, TOM, "no code"));
	expect(finds(&rosa, TOM, CODE));
	expect(finds(&rosa, "0049 151 2345-6789", " 7kqxmora "));
	/* Other settings leave it; after a kill, too. */
	s = coded(&tom, 2, tags[0]);
	expect_ok(settings_put(&tom, &s));
	app_kill(&apps[DIAL], false);
	app_start(&apps[DIAL]);
	expect_ok(person_sign_in(&tom));
	expect(!finds(&rosa, TOM, WRONG));
	expect(finds(&rosa, TOM, CODE));
	/* Another takes its place; none leaves the door as it was. */
	s = coded(&tom, 3, tags[1]);
	expect_ok(settings_put_code(&tom, &s, WRONG));
	expect(!finds(&rosa, TOM, CODE));
	expect(finds(&rosa, TOM, WRONG));
	s = coded(&tom, 4, NULL);
	expect_ok(settings_put(&tom, &s));
	expect(finds(&rosa, TOM, ""));
	expect(finds(&rosa, TOM, CODE));
	/* What an account has not set, nobody needs. */
	expect(!finds(&rosa, NOBODY, CODE));
	apps_end();
}

TEST(a_code_is_nowhere)
{
	struct person rosa, tom;
	uint8_t read[CONTACT_CODE], hash[SHA256_BYTES];
	pair_begin(&rosa, &tom);
	struct settings s = coded(&tom, 1, tags[0]);
	expect_ok(settings_put_code(&tom, &s, CODE));
	expect(finds(&rosa, TOM, CODE));
	expect_ok(contact_code_read(VIEW_LIT(CODE), read));
	expect_eq(stored_count(apps[DIAL].accounts, VIEW_LIT(CODE)), 0);
	expect_eq(stored_count(apps[DIAL].accounts, VIEW_OF(read)), 0);
	expect_ok(sha256(VIEW_OF(read), hash));
	expect_eq(stored_count(apps[DIAL].accounts, VIEW_OF(hash)), 0);
	/* The hash is the account's alone, and that of one code. */
	expect_ok(contact_code_hash(VIEW_OF(apps[DIAL].keys.name_key), VIEW_OF(tom.account_id),
				    VIEW_OF(tags[0]), VIEW_LIT(CODE), hash));
	expect_eq(stored_count(apps[DIAL].accounts, VIEW_OF(hash)), 1);
	expect_ok(person_delete(&tom));
	expect_eq(stored_count(apps[DIAL].accounts, VIEW_OF(hash)), 0);
	apps_end();
}

static struct done look_up_costs(struct person *rosa, const char *name, const char *code,
				 bool found, size_t *length)
{
	struct lookup_answer a = { 0 };
	struct view sealed = { NULL, 0 };
	test_now_ms += 61 * 1000;
	(void)work_done();
	expect_ok(look_up_with(rosa, &apps[DIAL], name, code, &a, &sealed));
	expect_eq(a.found, found);
	expect(!*length || *length == sealed.n);
	*length = sealed.n;
	return work_done();
}

TEST(without_the_code_there_is_nobody)
{
	struct person rosa, tom;
	size_t length = 0;
	pair_begin(&rosa, &tom);
	struct settings s = coded(&tom, 1, tags[0]);
	expect_ok(settings_put_code(&tom, &s, CODE));
	work_begin(apps[DIAL].accounts);
	struct done nobody = look_up_costs(&rosa, NOBODY, "", false, &length);
	const struct done like[] = {
		look_up_costs(&rosa, TOM, "", false, &length),
		look_up_costs(&rosa, TOM, WRONG, false, &length),
		look_up_costs(&rosa, NOBODY, WRONG, false, &length),
		look_up_costs(&rosa, TOM, CODE, true, &length),
	};
	for (size_t i = 0; i < sizeof like / sizeof *like; i++) {
		expect_eq(like[i].reads, nobody.reads);
		expect_eq(like[i].changes, 0);
	}
	work_end(apps[DIAL].accounts);
	apps_end();
}

/* How often the code may be guessed before the right one, too, finds nobody. */
static unsigned guesses(struct arena *a, const struct kem_key *key, const char *name)
{
	struct app *dial = &apps[DIAL];
	struct view sealed, back = { NULL, 0 };
	struct arena_mark empty = arena_mark(a);
	unsigned n = 0;
	for (bool found = true; found && n < 1000; n++) {
		for (int right = 0; right < 2; right++) {
			struct lookup_query q = { .version = 2,
						  .identifier = view_str(name),
						  .answer_key = kem_public(key) };
			struct lookup_answer answer = { 0 };
			q.code = right ? VIEW_LIT(CODE) : VIEW_LIT(WRONG);
			expect_ok(lookup_query_seal(test_env(), kem_public(&dial->keys.lookup_key),
						    dial->domain, &q, a, &sealed));
			expect_ok(lookup_answer_make(dial->provider, sealed, a, &back));
			expect_ok(lookup_answer_open(key, dial->domain, back, a, &answer));
			found = answer.found;
			arena_reset(a, empty);
		}
	}
	return n - 1;
}

TEST(guessing_is_hopeless)
{
	struct person rosa, tom, uwe;
	struct kem_key key;
	struct arena a;
	pair_begin(&rosa, &tom);
	person_join(&uwe, &apps[DIAL], UWE);
	struct settings s = coded(&tom, 1, tags[0]);
	expect_ok(settings_put_code(&tom, &s, CODE));
	s = coded(&uwe, 1, tags[1]);
	expect_ok(settings_put_code(&uwe, &s, CODE));
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &key));
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	/* A hundred wrong ones at once; right ones do not count.  A thousand an hour of 2^40 are 125,000 years. */
	expect_eq(guesses(&a, &key, TOM), 99);
	expect_eq(guesses(&a, &key, UWE), 99);
	test_now_ms += HOUR_MS;
	expect(finds(&rosa, TOM, CODE));
	arena_done(&a);
	kem_key_wipe(&key);
	apps_end();
}

/* --- letters --- */

static bool arrives(struct person *to, struct view reply, struct view target)
{
	struct view answer = { NULL, 0 };
	struct view entry =
		entry_make(CONSENT_REQUEST, reply, target, COMPONENT_CONTACT_CARD, CARD_BYTES);
	size_t before = client_events(to->c, FRAME_INTAKE);
	test_now_ms += 61 * 1000; /* being asked is counted */
	expect_eq(peer_ask(to->app, &apps[LENS], "requestConsent", to->app->domain,
			   entry_sent(entry, AGE_ADULT, false), &answer),
		  201);
	expect_eq(answer.n, 0);
	return client_events(to->c, FRAME_INTAKE) > before;
}

static struct view address_found(struct person *rosa, const char *code)
{
	struct lookup_answer a = { 0 };
	struct view sealed = { NULL, 0 };
	expect_ok(look_up_with(rosa, &apps[DIAL], TOM, code, &a, &sealed));
	expect(a.found);
	return a.request_address;
}

TEST(an_address_is_worth_the_code_it_was_found_with)
{
	struct person rosa, tom;
	static const uint8_t grant[GRANT_ID] = { 9 };
	pair_begin(&rosa, &tom);
	struct view reply = reply_make(&rosa), open = address_found(&rosa, "");
	struct view link = link_make(&tom, CHANNEL_LINK, grant), his = reply_make(&tom);
	expect(arrives(&tom, reply, open));
	struct settings s = coded(&tom, 1, tags[0]);
	expect_ok(settings_put_code(&tom, &s, CODE));
	expect(!arrives(&tom, reply, open));
	struct view with = address_found(&rosa, CODE);
	expect(arrives(&tom, reply, with));
	s = coded(&tom, 2, tags[1]);
	expect_ok(settings_put_code(&tom, &s, WRONG));
	expect(!arrives(&tom, reply, with));
	/* Who was handed a link, or was asked by him, needs none. */
	expect(arrives(&tom, reply, link));
	expect(arrives(&tom, reply, his));
	s = coded(&tom, 3, NULL);
	expect_ok(settings_put(&tom, &s));
	expect(arrives(&tom, reply, with));
	apps_end();
}

static uc_err take_back(struct person *p, const uint8_t grant[GRANT_ID])
{
	struct grant_revoke_request q;
	memcpy(q.grant_id, grant, sizeof q.grant_id);
	return client_ask(p->c, FRAME_GRANT_REVOKE, grant_revoke_request_element, &q, NULL, NULL);
}

TEST(links_are_taken_back_one_by_one)
{
	struct person rosa, tom;
	static const uint8_t grants[2][GRANT_ID] = { { 1 }, { 2 } };
	pair_begin(&rosa, &tom);
	struct view reply = reply_make(&rosa);
	struct view one = link_make(&tom, CHANNEL_LINK, grants[0]);
	struct view two = link_make(&tom, CHANNEL_LINK, grants[1]);
	for (int i = 0; i < 3; i++)
		expect(arrives(&tom, reply, one));
	expect_ok(take_back(&tom, grants[0]));
	expect(!arrives(&tom, reply, one));
	expect(arrives(&tom, reply, two));
	app_kill(&apps[DIAL], false);
	app_start(&apps[DIAL]);
	tom.phone.cursor = 1000;
	expect_ok(person_sign_in(&tom));
	expect(!arrives(&tom, reply, one));
	expect(arrives(&tom, reply, two));
	/* Each ends by itself. */
	test_now_ms += (uint64_t)31 * DAY_MS;
	expect_ok(person_sign_in(&tom));
	expect(!arrives(&tom, reply, two));
	apps_end();
}

TEST(of_a_link_for_one_a_single_letter_comes_in)
{
	struct person rosa, tom;
	static const uint8_t grants[2][GRANT_ID] = { { 1 }, { 2 } };
	pair_begin(&rosa, &tom);
	struct view reply = reply_make(&rosa);
	struct view one = link_make(&tom, CHANNEL_ONCE, grants[0]);
	struct view two = link_make(&tom, CHANNEL_ONCE, grants[1]);
	/* Where the rules let nobody in, it is not used up. */
	struct settings s = settings_said(&tom, 1, AGE_ADULT);
	s.ask = ASK_NOBODY;
	expect_ok(settings_put(&tom, &s));
	expect(!arrives(&tom, reply, one));
	s = settings_said(&tom, 2, AGE_ADULT);
	s.ask = ASK_HANDED;
	expect_ok(settings_put(&tom, &s));
	expect(arrives(&tom, reply, one));
	expect(!arrives(&tom, reply, one));
	/* Written with the letter: no kill gives it back. */
	app_kill(&apps[DIAL], false);
	app_start(&apps[DIAL]);
	tom.phone.cursor = 1000;
	expect_ok(person_sign_in(&tom));
	expect(!arrives(&tom, reply, one));
	expect(arrives(&tom, reply, two));
	apps_end();
}

static struct done link_costs(struct person *tom, struct view reply, struct view target, bool comes)
{
	(void)work_done();
	expect_eq(arrives(tom, reply, target), comes);
	return work_done();
}

TEST(whether_a_link_is_good_is_not_told)
{
	struct person rosa, tom;
	static const uint8_t grants[3][GRANT_ID] = { { 1 }, { 2 }, { 3 } };
	pair_begin(&rosa, &tom);
	struct view reply = reply_make(&rosa), nobody = address_of_nobody(&apps[DIAL]);
	struct view once = link_make(&tom, CHANNEL_ONCE, grants[0]);
	struct view many = link_make(&tom, CHANNEL_LINK, grants[1]);
	struct view ended = link_make(&tom, CHANNEL_LINK, grants[2]);
	expect_ok(take_back(&tom, grants[2]));
	work_begin(apps[DIAL].accounts);
	struct done let_go = link_costs(&tom, reply, nobody, false);
	expect_alike(link_costs(&tom, reply, once, true), let_go);
	expect_alike(link_costs(&tom, reply, once, false), let_go);
	expect_alike(link_costs(&tom, reply, many, true), let_go);
	expect_alike(link_costs(&tom, reply, ended, false), let_go);
	work_end(apps[DIAL].accounts);
	apps_end();
}
