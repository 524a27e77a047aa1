/* SPDX-License-Identifier: Apache-2.0 */
/* A guardian's words and seals: whose they are, for whom, and what settings make of them. */
#include "mimi/settings.h"

#include "tests/unit/harness.h"

#include <string.h>

#define WARD_APP     VIEW_LIT("dial.example")
#define GUARDIAN_APP VIEW_LIT("lens.example")

static struct arena mem;
static struct ed25519_key ward, ward_device, guardian, phone, seals;
static struct view list[1];

static void begin(void)
{
	struct ed25519_key *const all[] = { &ward, &ward_device, &guardian, &phone, &seals };
	struct device_entry e = { .device_action = DEVICE_RESET_TO };
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		expect_ok(ed25519_generate(test_env(), all[i]));
	e.device_key = VIEW_OF(phone.pub);
	expect_ok(device_entry_make(NULL, GUARDIAN_APP, VIEW_OF(guardian.pub), &guardian, true,
				    test_now_ms, &e, &mem, &list[0]));
}

static struct guardian_word word_of(enum guardian_says says)
{
	struct guardian_word x = { .says = (uint8_t)says,
				   .ward_app = WARD_APP,
				   .ward_key = VIEW_OF(ward.pub),
				   .app = GUARDIAN_APP,
				   .account_key = VIEW_OF(guardian.pub),
				   .device_list = { list, 1 },
				   .subject = { 7 } };
	return x;
}

static uc_err verify(struct view bytes)
{
	struct guardian_word x;
	return guardian_word_verify(bytes, WARD_APP, VIEW_OF(ward.pub), &mem, &x);
}

TEST(a_word_is_a_listed_devices_and_for_one_ward)
{
	struct view bytes;
	struct guardian_word x = word_of(GUARDIAN_AGREES), out;
	begin();
	x = word_of(GUARDIAN_AGREES);
	expect_ok(guardian_word_make(&x, &phone, &mem, &bytes));
	expect_ok(verify(bytes));
	expect_err(guardian_word_verify(bytes, GUARDIAN_APP, VIEW_OF(ward.pub), &mem, &out),
		   UC_E_KEY);
	expect_err(guardian_word_verify(bytes, WARD_APP, VIEW_OF(ward_device.pub), &mem, &out),
		   UC_E_KEY);
	/* Changed anywhere, it is nobody's; and a refusal does not become a yes. */
	uint8_t changed[2048];
	expect(bytes.n <= sizeof changed);
	for (size_t i = 0; i < bytes.n; i++) {
		memcpy(changed, bytes.p, bytes.n);
		changed[i] ^= 1;
		expect(verify(view_make(changed, bytes.n)) != UC_OK);
	}
	/* Signed by somebody who is not on the list: the ward's own device, or an app's. */
	expect_ok(guardian_word_make(&x, &ward_device, &mem, &bytes));
	expect_err(verify(bytes), UC_E_SIGNATURE);
	expect_ok(guardian_word_make(&x, &seals, &mem, &bytes));
	expect_err(verify(bytes), UC_E_SIGNATURE);
	/* Nobody is their own guardian. */
	x.account_key = VIEW_OF(ward.pub);
	expect_ok(guardian_word_make(&x, &phone, &mem, &bytes));
	expect_err(verify(bytes), UC_E_KEY);
	x = word_of(GUARDIAN_AGREES);
	x.says = 9;
	expect_err(guardian_word_make(&x, &phone, &mem, &bytes), UC_E_ARGUMENT);
	arena_done(&mem);
}

TEST(an_answer_is_to_all_that_was_shown)
{
	struct guardian_ask ask = { .version = 1,
				    .asked = GUARDIAN_LETTER,
				    .app = GUARDIAN_APP,
				    .name = VIEW_LIT("Tom"),
				    .text = VIEW_LIT("hello") };
	uint8_t one[GUARDIAN_SUBJECT], other[GUARDIAN_SUBJECT];
	struct view bytes;
	begin();
	expect_ok(wire_encode_to(&mem, guardian_ask_element, &ask, &bytes));
	expect_ok(guardian_subject(bytes, one));
	ask.name = VIEW_LIT("Tim");
	expect_ok(wire_encode_to(&mem, guardian_ask_element, &ask, &bytes));
	expect_ok(guardian_subject(bytes, other));
	expect(!view_equal(VIEW_OF(one), VIEW_OF(other)));
	ask.asked = 4;
	expect_err(wire_encode_to(&mem, guardian_ask_element, &ask, &bytes), UC_E_ARGUMENT);
	arena_done(&mem);
}

/* --- settings --- */

static struct view seal_of(enum guardian_says says, const struct ed25519_key *key)
{
	struct view out = { NULL, 0 };
	expect_ok(guardian_seal_make(says, WARD_APP, VIEW_OF(ward.pub), key, &mem, &out));
	return out;
}

static struct settings said(enum age_band band, struct view seal)
{
	struct settings s = settings_default(band);
	static uint64_t number;
	s.app = WARD_APP;
	s.account_key = VIEW_OF(ward.pub);
	s.number = ++number;
	s.guardian = seal;
	return s;
}

static uc_err follow(enum age_band band, struct view before, struct view after)
{
	struct settings was = said(band, before), now = said(band, after);
	return settings_guardian_follow(&was, &now, &mem);
}

TEST(a_guardian_stays_until_they_end_it)
{
	const struct view none = { NULL, 0 };
	struct ed25519_key eve;
	begin();
	expect_ok(ed25519_generate(test_env(), &eve));
	struct view yes = seal_of(GUARDIAN_ACCEPTS, &seals), no = seal_of(GUARDIAN_ENDS, &seals);
	struct view others = seal_of(GUARDIAN_ACCEPTS, &eve), hers = seal_of(GUARDIAN_ENDS, &eve);
	for (int band = AGE_CHILD; band <= AGE_TEEN_A; band++) {
		expect_ok(follow((enum age_band)band, none, yes));
		expect_ok(follow((enum age_band)band, yes, yes));
		expect_ok(follow((enum age_band)band, yes, no));
		expect_ok(follow((enum age_band)band, no, none));
		expect_ok(follow((enum age_band)band, no, others));
		/* Left out, swapped, ended by somebody else, begun again by the old seal. */
		expect_err(follow((enum age_band)band, yes, none), UC_E_NOT_ALLOWED);
		expect_err(follow((enum age_band)band, yes, others), UC_E_NOT_ALLOWED);
		expect_err(follow((enum age_band)band, yes, hers), UC_E_NOT_ALLOWED);
		expect_err(follow((enum age_band)band, no, yes), UC_E_NOT_ALLOWED);
		expect_err(follow((enum age_band)band, none, no), UC_E_NOT_ALLOWED);
	}
	for (int band = AGE_TEEN_B; band < AGE_BANDS; band++)
		expect_err(follow((enum age_band)band, none, yes), UC_E_NOT_ALLOWED);
	/* Of another ward, or changed. */
	struct view elsewhere;
	expect_ok(guardian_seal_make(GUARDIAN_ACCEPTS, WARD_APP, VIEW_OF(ward_device.pub), &seals,
				     &mem, &elsewhere));
	expect_err(follow(AGE_CHILD, none, elsewhere), UC_E_SIGNATURE);
	uint8_t changed[256];
	for (size_t i = 0; i < yes.n; i++) {
		memcpy(changed, yes.p, yes.n);
		changed[i] ^= 1;
		expect(follow(AGE_CHILD, none, view_make(changed, yes.n)) != UC_OK);
	}
	arena_done(&mem);
}

TEST(groups_are_open_below_16_only_with_a_guardian)
{
	const struct view none = { NULL, 0 };
	begin();
	struct settings was = { .number = 0 };
	struct settings now = said(AGE_CHILD, seal_of(GUARDIAN_ACCEPTS, &seals));
	now.add = ADD_CONTACTS;
	expect(settings_has_guardian(&now));
	expect_ok(settings_follow(&was, &now, 0));
	now.guardian = seal_of(GUARDIAN_ENDS, &seals);
	expect(!settings_has_guardian(&now));
	expect_err(settings_follow(&was, &now, 0), UC_E_NOT_ALLOWED);
	now.guardian = none;
	expect_err(settings_follow(&was, &now, 0), UC_E_NOT_ALLOWED);
	/* A guardian opens nothing else. */
	now = said(AGE_CHILD, seal_of(GUARDIAN_ACCEPTS, &seals));
	now.find_by_name = true;
	expect_err(settings_follow(&was, &now, 0), UC_E_NOT_ALLOWED);
	arena_done(&mem);
}

/* Also of settings that no app may have taken. */
TEST(below_16_nobody_is_brought_anywhere_whose_guardian_cannot_be_asked)
{
	begin();
	for (int band = 0; band < AGE_BANDS; band++) {
		bool young = band == AGE_CHILD || band == AGE_TEEN_A;
		struct settings s = settings_default((enum age_band)band);
		s.add = ADD_NOBODY;
		expect(!settings_may_be_brought(&s));
		s.add = ADD_CONTACTS;
		expect_eq(settings_may_be_brought(&s), !young);
		s.guardian = seal_of(GUARDIAN_ACCEPTS, &seals);
		expect(settings_may_be_brought(&s));
		s.guardian = seal_of(GUARDIAN_ENDS, &seals);
		expect_eq(settings_may_be_brought(&s), !young);
	}
	arena_done(&mem);
}
