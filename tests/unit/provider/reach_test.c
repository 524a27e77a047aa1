/* SPDX-License-Identifier: Apache-2.0 */
/* Who reaches whom, at the app: settings of an account, look-ups and letters under them. */
#include "mimi/settings.h"
#include "tests/unit/provider/letters.h"

static struct view shown(struct person *p)
{
	struct settings_get_response r = { .checked = 0 };
	expect_ok(client_ask(p->c, FRAME_SETTINGS_GET, NULL, NULL, settings_get_response_element,
			     &r));
	return r.statement;
}

TEST(settings_are_the_devices_and_only_rise)
{
	struct person rosa, tom;
	struct view one, two, other;
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	person_join(&tom, &apps[LENS], "tom");
	expect_eq(shown(&rosa).n, 0);
	struct settings s = settings_said(&rosa, 1, AGE_ADULT);
	expect_ok(settings_make(&s, &rosa.phone.key, &apps_mem, &one));
	expect_ok(settings_put_bytes(&rosa, one));
	expect_ok(settings_put_bytes(&rosa, one)); /* said again */
	s.number = 5;
	expect_ok(settings_make(&s, &rosa.phone.key, &apps_mem, &two));
	expect_ok(settings_put_bytes(&rosa, two));
	expect_err(settings_put_bytes(&rosa, one), UC_E_STALE);
	s.ask = ASK_NOBODY;
	expect_err(settings_put(&rosa, &s), UC_E_STALE);
	/* Another device's, another account's, another app's, changed, nothing of sense. */
	s.number = 6;
	expect_ok(settings_make(&s, &tom.phone.key, &apps_mem, &other));
	expect_err(settings_put_bytes(&rosa, other), UC_E_KEY);
	struct settings of_tom = settings_said(&tom, 6, AGE_ADULT), elsewhere = s;
	expect_err(settings_put(&rosa, &of_tom), UC_E_KEY);
	elsewhere.app = apps[DIAL].domain;
	expect_err(settings_put(&rosa, &elsewhere), UC_E_KEY);
	expect_ok(settings_make(&s, &rosa.phone.key, &apps_mem, &other));
	uint8_t bytes[1024];
	memcpy(bytes, other.p, other.n);
	bytes[other.n - 1] ^= 1;
	expect_err(settings_put_bytes(&rosa, view_make(bytes, other.n)), UC_E_SIGNATURE);
	/* A value that there is none of: who may add and what follows has 104 bytes. */
	memcpy(bytes, other.p, other.n);
	expect_eq(bytes[other.n - 105], ASK_NOBODY);
	bytes[other.n - 105] = 4;
	expect_err(settings_put_bytes(&rosa, view_make(bytes, other.n)), UC_E_ARGUMENT);
	s.ask = 4;
	expect_err(settings_make(&s, &rosa.phone.key, &apps_mem, &other), UC_E_ARGUMENT);
	/* A leap, after which no other device would have a number left. */
	s = settings_said(&rosa, UINT64_MAX, AGE_ADULT);
	expect_err(settings_put(&rosa, &s), UC_E_LIMIT);
	expect_bytes(shown(&rosa), two);
	app_kill(&apps[LENS], false);
	app_start(&apps[LENS]);
	expect_ok(person_sign_in(&rosa));
	expect_bytes(shown(&rosa), two);
	expect_ok(person_delete(&rosa));
	expect_eq(stored_count(apps[LENS].accounts, two), 0);
	apps_end();
}

TEST(minors_cannot_loosen)
{
	struct person rosa;
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	struct settings s = settings_said(&rosa, 1, AGE_TEEN_A);
	s.find_by_name = true;
	expect_err(settings_put(&rosa, &s), UC_E_NOT_ALLOWED);
	s.find_by_name = false;
	s.add = ADD_CONTACTS;
	expect_err(settings_put(&rosa, &s), UC_E_NOT_ALLOWED);
	s.add = ADD_NOBODY;
	expect_ok(settings_put(&rosa, &s));
	static const enum age_band older[] = { AGE_TEEN_B, AGE_ADULT, AGE_UNKNOWN };
	for (size_t i = 0; i < sizeof older / sizeof *older; i++) {
		struct settings o = settings_said(&rosa, 2, older[i]);
		expect_err(settings_put(&rosa, &o), UC_E_NOT_ALLOWED);
	}
	s = settings_said(&rosa, 2, AGE_CHILD);
	expect_ok(settings_put(&rosa, &s));
	/* From 16 on one opens what one likes. */
	struct person tom;
	person_join(&tom, &apps[LENS], "tom");
	s = settings_said(&tom, 1, AGE_TEEN_B);
	s.find_by_name = true;
	expect_ok(settings_put(&tom, &s));
	apps_end();
}

/* --- look-ups and letters --- */

static const char *const numbers[AGE_BANDS] = { "+49151000000", "+49151000001", "+49151000002",
						"+49151000003", "+49151000004" };

/* One of each band at Dial; all want to be found, as far as they may. */
static void bands_begin(struct person to[AGE_BANDS], struct person *rosa)
{
	apps_begin();
	person_join(rosa, &apps[LENS], "rosa");
	for (unsigned i = 0; i < AGE_BANDS; i++) {
		person_join(&to[i], &apps[DIAL], numbers[i]);
		struct settings s = settings_said(&to[i], 1, (enum age_band)i);
		s.find_by_name = i != AGE_CHILD && i != AGE_TEEN_A;
		expect_ok(settings_put(&to[i], &s));
	}
}

/* Does it come in?  What the other app hears is always the same. */
static bool arrives(struct person *to, struct view entry)
{
	struct view answer = { NULL, 0 };
	size_t before = client_events(to->c, FRAME_INTAKE);
	expect_eq(peer_ask(to->app, &apps[LENS], "requestConsent", to->app->domain, entry, &answer),
		  201);
	expect_eq(answer.n, 0);
	return client_events(to->c, FRAME_INTAKE) > before;
}

/* As the table says it, for what an app knows of. */
static bool should_arrive(enum age_band to, enum age_band from, uint8_t channel, bool is_new)
{
	struct reach r = { .recipient = to,
			   .sender = is_new ? AGE_UNKNOWN : from, /* without a token */
			   .sender_is_new = is_new,
			   .sender_is_fresh = is_new,
			   .channel = channel == CHANNEL_LINK || channel == CHANNEL_ONCE
					      ? REACH_IN_PERSON
					      : REACH_NAME };
	bool is_closed = channel == CHANNEL_LOOKUP && (to == AGE_CHILD || to == AGE_TEEN_A);
	return !is_closed && reach(&r).answer != REACH_DENY;
}

TEST(every_band_and_channel_is_answered_by_the_table)
{
	struct person to[AGE_BANDS], rosa;
	static const uint8_t channels[] = { CHANNEL_LOOKUP, CHANNEL_LINK, CHANNEL_REPLY,
					    CHANNEL_ONCE };
	enum { CHANNELS = sizeof channels / sizeof *channels };
	size_t came = 0;
	bands_begin(to, &rosa);
	provider_set_contact(apps[DIAL].provider,
			     &(struct provider_contact){ .day = 20, .minor_day = 1000 });
	struct view reply = reply_make(&rosa);
	for (unsigned i = 0; i < AGE_BANDS * AGE_BANDS * CHANNELS * 2; i++) {
		enum age_band band = (enum age_band)(i % AGE_BANDS);
		enum age_band from = (enum age_band)(i / AGE_BANDS % AGE_BANDS);
		uint8_t channel = channels[i / (AGE_BANDS * AGE_BANDS) % CHANNELS];
		bool is_new = i >= AGE_BANDS * AGE_BANDS * CHANNELS;
		struct view e = card_to(reply, address_of(&to[band], channel));
		bool did = arrives(&to[band], entry_sent(e, from, is_new));
		if (did != should_arrive(band, from, channel, is_new))
			test_fail(__FILE__, __LINE__, "to %u from %u by %u, new %d: %d", band, from,
				  channel, is_new, did);
		came += did;
		if (i % 15 == 14)
			test_now_ms += HOUR_MS; /* nobody is asked too often */
	}
	expect(came > 20);
	apps_end();
}

TEST(what_cannot_be_asked_is_not_found)
{
	struct person to[AGE_BANDS], rosa;
	struct lookup_answer a = { 0 };
	struct view sealed = { NULL, 0 };
	size_t length = 0;
	static const bool found[AGE_BANDS] = {
		[AGE_TEEN_B] = true, [AGE_ADULT] = true, [AGE_UNKNOWN] = true
	};
	bands_begin(to, &rosa);
	for (unsigned i = 0; i < AGE_BANDS; i++) {
		expect_ok(look_up(&rosa, &apps[DIAL], numbers[i], &a, &sealed));
		expect_eq(a.found, found[i]);
		expect(!length || length == sealed.n);
		length = sealed.n;
	}
	struct person *adult = &to[AGE_ADULT];
	struct settings s = settings_said(adult, 2, AGE_ADULT);
	expect_ok(look_up(&rosa, &apps[DIAL], adult->name, &a, &sealed));
	struct view target = a.request_address, reply = reply_make(&rosa);
	struct view card = card_to(reply, target);
	expect(arrives(adult, entry_sent(card, AGE_ADULT, false)));
	/* An address from before is worth no more than a look-up of now. */
	s.find_by_name = false;
	expect_ok(settings_put(adult, &s));
	expect_ok(look_up(&rosa, &apps[DIAL], adult->name, &a, &sealed));
	expect(!a.found);
	expect_eq(sealed.n, length);
	expect(!arrives(adult, entry_sent(card, AGE_ADULT, false)));
	struct view handed = card_to(reply, address_of(adult, CHANNEL_LINK));
	expect(arrives(adult, entry_sent(handed, AGE_ADULT, false)));
	s = settings_said(adult, 3, AGE_ADULT);
	s.ask = ASK_HANDED;
	expect_ok(settings_put(adult, &s));
	expect_ok(look_up(&rosa, &apps[DIAL], adult->name, &a, &sealed));
	expect(!a.found);
	expect(!arrives(adult, entry_sent(card, AGE_ADULT, false)));
	expect(arrives(adult, entry_sent(handed, AGE_ADULT, false)));
	s.number = 4;
	s.ask = ASK_NOBODY;
	expect_ok(settings_put(adult, &s));
	expect(!arrives(adult, entry_sent(handed, AGE_ADULT, false)));
	apps_end();
}

TEST(by_an_address_nobody_is_found_before_they_say_so)
{
	struct person rosa, tom;
	struct lookup_answer a = { 0 };
	struct view sealed = { NULL, 0 }, none = { NULL, 0 };
	apps_begin();
	struct app *plaza = &apps[PLAZA];
	person_join(&tom, plaza, "tom@plaza.example");
	person_join(&rosa, &apps[LENS], "rosa");
	provider_set_contact(plaza->provider,
			     &(struct provider_contact){ .grown_ups = true, .new_ask = true });
	expect_ok(look_up(&rosa, plaza, "nobody@plaza.example", &a, &none));
	expect_ok(look_up(&rosa, plaza, tom.name, &a, &sealed));
	expect(!a.found);
	expect_eq(sealed.n, none.n);
	/* That he is grown up is not enough. */
	struct settings s = settings_said(&tom, 1, AGE_ADULT);
	s.find_by_name = settings_begins(AGE_ADULT, NAME_ADDRESS).find_by_name;
	expect_ok(settings_put(&tom, &s));
	expect_ok(look_up(&rosa, plaza, tom.name, &a, &sealed));
	expect(!a.found);
	s = settings_said(&tom, 2, AGE_ADULT);
	s.find_by_name = true;
	expect_ok(settings_put(&tom, &s));
	expect_ok(look_up(&rosa, plaza, tom.name, &a, &sealed));
	expect(a.found);
	expect_eq(sealed.n, none.n);
	expect(settings_begins(AGE_ADULT, NAME_HANDLE).find_by_name);
	expect(settings_begins(AGE_ADULT, NAME_NUMBER).find_by_name);
	expect(!settings_begins(AGE_TEEN_B, NAME_HANDLE).find_by_name);
	apps_end();
}

/* How long the sealed answer to a look-up is. */
static size_t answer_length(const char *name, struct arena *a, const struct kem_key *key,
			    bool *found)
{
	struct app *at = &apps[DIAL];
	struct lookup_query query = { .version = 2, .identifier = view_str(name) };
	struct lookup_answer answer = { 0 };
	struct view sealed, back = { NULL, 0 };
	query.answer_key = kem_public(key);
	expect_ok(lookup_query_seal(test_env(), kem_public(&at->keys.lookup_key), at->domain,
				    &query, a, &sealed));
	expect_ok(lookup_answer_make(at->provider, sealed, a, &back));
	expect_ok(lookup_answer_open(key, at->domain, back, a, &answer));
	*found = answer.found;
	return back.n;
}

TEST(a_thousand_answers_of_each_kind_have_one_length)
{
	struct person to[AGE_BANDS], rosa;
	struct kem_key key;
	struct arena a;
	size_t length = 0;
	bool found;
	/* A child, who lets be asked, who lets nobody, nobody, and what is no number. */
	const char *const cases[] = { numbers[AGE_CHILD], numbers[AGE_ADULT], numbers[AGE_TEEN_B],
				      "+49151999999", "?" };
	bands_begin(to, &rosa);
	struct settings s = settings_said(&to[AGE_TEEN_B], 2, AGE_TEEN_B);
	s.ask = ASK_NOBODY;
	expect_ok(settings_put(&to[AGE_TEEN_B], &s));
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &key));
	for (unsigned i = 0; i < 5 * 1000; i++) {
		arena_init(&a, 1 << 20, ARENA_PLAIN);
		size_t n = answer_length(cases[i % 5], &a, &key, &found);
		expect(!length || n == length);
		expect_eq(found, i % 5 == 1);
		length = n;
		arena_done(&a);
	}
	kem_key_wipe(&key);
	apps_end();
}

TEST(no_fresh_account_gives_a_budget_back)
{
	struct person uwe, tom;
	apps_begin();
	person_join(&uwe, &apps[DIAL], numbers[0]);
	person_join(&tom, &apps[DIAL], numbers[1]);
	struct provider_contact strict = { .grown_ups = true, .new_ask = true };
	provider_set_contact(apps[DIAL].provider, &strict);
	expect_eq(asks_left(&uwe, &tom), 5);
	app_kill(&apps[DIAL], false);
	app_start(&apps[DIAL]);
	provider_set_contact(apps[DIAL].provider, &strict);
	expect_ok(person_sign_in(&uwe));
	expect_eq(asks_left(&uwe, &tom), 0);
	expect_ok(person_sign_in(&tom));
	expect_ok(person_delete(&uwe));
	person_join(&uwe, &apps[DIAL], numbers[0]);
	expect_eq(asks_left(&uwe, &tom), 0);
	/* Fifteen in all of its first week, five of them at once. */
	unsigned all = 5;
	for (unsigned day = 1; day < 7; day++) {
		apps_wait(DAY_MS);
		expect_ok(person_sign_in(&uwe));
		all += asks_left(&uwe, &tom);
	}
	expect(all > 10);
	expect(all <= 15);
	/* Then twenty a day, as long as no more than thirty are without an answer. */
	apps_wait((uint64_t)8 * DAY_MS);
	expect_ok(person_sign_in(&uwe));
	unsigned later = asks_left(&uwe, &tom);
	expect(later > 5);
	expect(all + later <= 30);
	apps_end();
}

/* One an hour, late each day: what is kept of that counts from the day's begin, and is swept by the hour. */
TEST(no_sweep_gives_a_budget_back)
{
	struct person uwe, tom;
	apps_begin();
	test_now_ms -= test_now_ms % DAY_MS;
	person_join(&uwe, &apps[DIAL], numbers[0]);
	person_join(&tom, &apps[DIAL], numbers[1]);
	provider_set_contact(apps[DIAL].provider,
			     &(struct provider_contact){ .grown_ups = true, .new_ask = true });
	unsigned all = 0;
	for (unsigned hour = 1; hour < 7 * 24; hour++) {
		apps_wait(HOUR_MS);
		for (int i = 0; i < 30; i++)
			apps_wait(1000); /* a table each time */
		if (hour % 24 < 17)
			continue;
		expect_ok(person_sign_in(&uwe));
		all += !request(uwe.c, card_to(reply_make(&uwe), address_of(&tom, CHANNEL_LINK)));
	}
	expect(all > 10);
	expect(all <= 15);
	apps_end();
}

TEST(who_accepts_gives_one_back_once)
{
	struct person uwe, tom;
	apps_begin();
	person_join(&uwe, &apps[DIAL], numbers[0]);
	person_join(&tom, &apps[DIAL], numbers[1]);
	provider_set_contact(apps[DIAL].provider,
			     &(struct provider_contact){ .grown_ups = true, .new_ask = true });
	struct view reply = reply_make(&uwe), target = address_of(&tom, CHANNEL_LINK);
	expect_ok(request(uwe.c, card_to(reply, target)));
	expect_eq(asks_left(&uwe, &tom), 4);
	struct view grant =
		entry_make(CONSENT_GRANT, reply, target, COMPONENT_CONTACT_ANSWER, 4096);
	for (int i = 0; i < 3; i++)
		expect_ok(update(tom.c, grant));
	expect_eq(asks_left(&uwe, &tom), 1);
	apps_end();
}

TEST(what_asked_nobody_gives_nothing_back)
{
	struct person uwe, tom;
	apps_begin();
	person_join(&uwe, &apps[DIAL], numbers[0]);
	person_join(&tom, &apps[DIAL], numbers[1]);
	provider_set_contact(apps[DIAL].provider,
			     &(struct provider_contact){ .grown_ups = true, .new_ask = true });
	expect_eq(asks_left(&uwe, &tom), 5);
	/* An accomplice accepts what it was never sent; oneself does. */
	for (int i = 0; i < 3; i++) {
		struct person *by = i ? &uwe : &tom;
		struct view grant =
			entry_make(CONSENT_GRANT, reply_make(&uwe), address_of(by, CHANNEL_LINK),
				   COMPONENT_CONTACT_ANSWER, 4096);
		expect_ok(update(by->c, grant));
	}
	expect_eq(asks_left(&uwe, &tom), 0);
	apps_end();
}

TEST(nobody_is_added_who_lets_nobody)
{
	struct person tom;
	struct set set;
	struct view uri;
	struct key_material_response r;
	static const uint8_t grant[GRANT_ID] = { 1 };
	apps_begin();
	person_join(&tom, &apps[LENS], "tom");
	set_init(&set, &apps[LENS]);
	expect_ok(set_put(&tom, &set));
	expect_ok(set_address(&tom, &set, grant, &uri));
	struct settings s = settings_said(&tom, 1, AGE_ADULT);
	s.add = ADD_NOBODY;
	expect_ok(settings_put(&tom, &s));
	struct key_material_request q = set_request(uri);
	expect_ok(address_redeem(apps[LENS].provider, uri, &q, &apps_mem, &r));
	expect_eq(r.user_status, KEY_MATERIAL_USER_UNKNOWN);
	s.number = 2;
	s.add = ADD_CONTACTS;
	expect_ok(settings_put(&tom, &s));
	expect_ok(address_redeem(apps[LENS].provider, uri, &q, &apps_mem, &r));
	expect_eq(r.user_status, KEY_MATERIAL_SUCCESS);
	apps_end();
}

/* --- ages that the app has checked --- */

static void check_age(struct person *p, enum age_band band)
{
	expect_ok(
		provider_check_age(p->app->provider, VIEW_OF(p->account_id), (uint8_t)(band + 1)));
	apps_settle();
	expect(p->c->closed);
	expect_ok(person_sign_in(p));
}

static uint8_t told(struct person *p)
{
	struct settings_get_response r = { .checked = 9 };
	expect_ok(client_ask(p->c, FRAME_SETTINGS_GET, NULL, NULL, settings_get_response_element,
			     &r));
	return r.checked;
}

static uint8_t redeem(struct view uri)
{
	struct key_material_request q = set_request(uri);
	struct key_material_response r;
	expect_ok(address_redeem(apps[LENS].provider, uri, &q, &apps_mem, &r));
	return r.user_status;
}

/* Who said to be grown up, and let contacts add them. */
TEST(nobody_is_added_who_is_found_to_be_below_16_and_minors_only_to_the_room_they_were_asked_for)
{
	static const bool may[AGE_BANDS] = { [AGE_TEEN_B] = true, [AGE_ADULT] = true };
	static const uint8_t grant[GRANT_ID] = { 1 };
	for (int band = 0; band < AGE_UNKNOWN; band++) {
		struct person tom;
		struct set set;
		struct view any, one, other, more;
		apps_begin();
		person_join(&tom, &apps[LENS], "tom");
		set_init(&set, &apps[LENS]);
		expect_ok(set_put(&tom, &set));
		expect_ok(set_address(&tom, &set, grant, &any));
		expect_ok(set_address_for(&tom, &set, grant, SET_ROOM, &one));
		expect_ok(set_address_for(&tom, &set, grant, SET_ROOM "s", &other));
		struct settings s = settings_said(&tom, 1, AGE_ADULT);
		expect_ok(settings_put(&tom, &s));
		check_age(&tom, (enum age_band)band);
		/* None is made any more that could not be used. */
		expect_ok(set_address_for(&tom, &set, grant, SET_ROOM, &more));
		expect_err(set_address(&tom, &set, grant, &more),
			   band == AGE_ADULT ? UC_OK : UC_E_NOT_ALLOWED);
		expect_eq(redeem(other), KEY_MATERIAL_USER_UNKNOWN);
		if (band != AGE_ADULT)
			expect_eq(redeem(any), KEY_MATERIAL_USER_UNKNOWN);
		expect_eq(redeem(one),
			  may[band] ? KEY_MATERIAL_SUCCESS : KEY_MATERIAL_USER_UNKNOWN);
		apps_end();
	}
}

/* What is void is answered as what never was, whatever makes it so; who has not said their age is no minor. */
TEST(an_address_of_before_a_birthday_that_was_told_is_void)
{
	static const uint8_t grant[GRANT_ID] = { 1 };
	struct person tom;
	struct set set;
	struct view uri;
	apps_begin();
	person_join(&tom, &apps[LENS], "tom");
	set_init(&set, &apps[LENS]);
	expect_ok(set_put(&tom, &set));
	expect_ok(set_address(&tom, &set, grant, &uri));
	struct settings s = settings_said(&tom, 1, AGE_TEEN_B);
	expect_ok(settings_put(&tom, &s));
	expect_eq(redeem(uri), KEY_MATERIAL_USER_UNKNOWN);
	expect_err(set_address(&tom, &set, grant, &uri), UC_E_NOT_ALLOWED);
	expect_ok(set_address_for(&tom, &set, grant, SET_ROOM, &uri));
	expect_eq(redeem(uri), KEY_MATERIAL_SUCCESS);
	apps_end();
}

TEST(an_age_that_was_checked_counts_for_the_one_that_was_said)
{
	struct person to[AGE_BANDS], rosa;
	struct lookup_answer a = { 0 };
	struct view sealed = { NULL, 0 };
	bands_begin(to, &rosa);
	struct person *tom = &to[AGE_ADULT];
	struct view reply = reply_make(&rosa);
	expect(arrives(tom, entry_sent(card_to(reply, address_of(tom, CHANNEL_LOOKUP)), AGE_ADULT,
				       false)));
	check_age(tom, AGE_TEEN_A);
	expect_eq(told(tom), 1 + AGE_TEEN_A);
	/* After a kill, too; whoever asks sees nothing of it. */
	app_kill(&apps[DIAL], false);
	app_start(&apps[DIAL]);
	expect_ok(person_sign_in(tom));
	expect_ok(look_up(&rosa, &apps[DIAL], tom->name, &a, &sealed));
	expect(!a.found);
	static const uint8_t ways[] = { CHANNEL_LOOKUP, CHANNEL_LINK };
	for (size_t i = 0; i < 2; i++)
		expect(!arrives(tom, entry_sent(card_to(reply, address_of(tom, ways[i])), AGE_ADULT,
						false)));
	expect(arrives(
		tom, entry_sent(card_to(reply, address_of(tom, CHANNEL_LINK)), AGE_TEEN_B, false)));
	/* He says what he likes: it stays so. */
	struct settings s = settings_said(tom, 2, AGE_ADULT);
	s.find_by_number = true;
	expect_ok(settings_put(tom, &s));
	expect_ok(look_up(&rosa, &apps[DIAL], tom->name, &a, &sealed));
	expect(!a.found);
	/* Not checked any more. */
	expect_ok(provider_check_age(apps[DIAL].provider, VIEW_OF(tom->account_id), 0));
	expect_ok(person_sign_in(tom));
	expect_eq(told(tom), 0);
	expect_ok(look_up(&rosa, &apps[DIAL], tom->name, &a, &sealed));
	expect(a.found);
	expect_err(
		provider_check_age(apps[DIAL].provider, VIEW_OF(tom->account_id), 1 + AGE_UNKNOWN),
		UC_E_ARGUMENT);
	expect_err(provider_check_age(apps[DIAL].provider, VIEW_OF(rosa.account_id), 1),
		   UC_E_NOT_FOUND);
	apps_end();
}

TEST(who_was_checked_becomes_as_old_as_that)
{
	struct person rosa;
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	struct settings s = settings_said(&rosa, 1, AGE_TEEN_A), older;
	expect_ok(settings_put(&rosa, &s));
	check_age(&rosa, AGE_TEEN_B);
	static const enum age_band bands[] = { AGE_ADULT, AGE_UNKNOWN, AGE_TEEN_B };
	for (size_t i = 0; i < 3; i++) {
		older = settings_said(&rosa, 2, bands[i]);
		older.find_by_name = false;
		expect_err(settings_put(&rosa, &older),
			   bands[i] == AGE_TEEN_B ? UC_OK : UC_E_NOT_ALLOWED);
	}
	apps_end();
}

/* --- guardians --- */

static struct view seal_for(const struct person *p, enum guardian_says says,
			    const struct ed25519_key *key)
{
	struct view out = { NULL, 0 };
	struct settings s = settings_said(p, 1, AGE_CHILD);
	expect_ok(guardian_seal_make(says, s.app, s.account_key, key, &apps_mem, &out));
	return out;
}

TEST(a_letter_comes_to_a_child_only_where_a_guardian_can_be_asked)
{
	struct person kim, rosa;
	struct ed25519_key key;
	apps_begin();
	person_join(&kim, &apps[DIAL], numbers[0]);
	person_join(&rosa, &apps[LENS], "rosa");
	expect_ok(ed25519_generate(test_env(), &key));
	struct view reply = reply_make(&rosa), link = address_of(&kim, CHANNEL_LINK);
	struct settings s = settings_said(&kim, 1, AGE_CHILD);
	expect_ok(settings_put(&kim, &s));
	expect(!arrives(&kim, entry_sent(card_to(reply, link), AGE_ADULT, false)));
	s = settings_said(&kim, 2, AGE_CHILD);
	s.guardian = seal_for(&kim, GUARDIAN_ACCEPTS, &key);
	expect_ok(settings_put(&kim, &s));
	expect(arrives(&kim, entry_sent(card_to(reply, link), AGE_ADULT, false)));
	/* Not by a look-up: that is closed, whoever agrees. */
	struct view found = card_to(reply, address_of(&kim, CHANNEL_LOOKUP));
	expect(!arrives(&kim, entry_sent(found, AGE_ADULT, false)));
	/* Her device cannot take the guardian out. */
	struct settings out = settings_said(&kim, 3, AGE_CHILD);
	expect_err(settings_put(&kim, &out), UC_E_NOT_ALLOWED);
	out.age_band = AGE_ADULT;
	expect_err(settings_put(&kim, &out), UC_E_NOT_ALLOWED);
	expect(arrives(&kim, entry_sent(card_to(reply, link), AGE_ADULT, false)));
	s = settings_said(&kim, 3, AGE_CHILD);
	s.guardian = seal_for(&kim, GUARDIAN_ENDS, &key);
	expect_ok(settings_put(&kim, &s));
	expect(!arrives(&kim, entry_sent(card_to(reply, link), AGE_ADULT, false)));
	apps_end();
}
