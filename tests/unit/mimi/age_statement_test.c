/* SPDX-License-Identifier: Apache-2.0 */
/* An age that a service vouches for counts for the account that asked for it, as it was signed, in its days,
 * and for nothing else. */
#include "mimi/age_statement.h"
#include "tests/unit/harness.h"

enum { TODAY = 20000 };

static struct arena mem;
static struct ed25519_key school, other;
static uint8_t account[32], salt[AGE_SALT];

static struct age_subject subject(void)
{
	return (struct age_subject){ VIEW_LIT("school.example"), VIEW_LIT("dial.example"),
				     VIEW_OF(account), VIEW_OF(salt) };
}

static struct age_statement said(void)
{
	struct age_statement s = { .service = VIEW_LIT("school.example"),
				   .age_band = AGE_TEEN_B,
				   .issued_day = TODAY,
				   .expires_day = TODAY + AGE_DAYS };
	struct age_subject of = subject();
	expect_ok(age_commit(&of, s.commitment));
	expect_ok(env_random(test_env(), s.nonce, sizeof s.nonce));
	return s;
}

static struct view begin(void)
{
	struct view out = { NULL, 0 };
	arena_init(&mem, 16 << 20, ARENA_PLAIN);
	expect_ok(ed25519_generate(test_env(), &school));
	expect_ok(ed25519_generate(test_env(), &other));
	expect_ok(env_random(test_env(), account, sizeof account));
	expect_ok(env_random(test_env(), salt, sizeof salt));
	struct age_statement s = said();
	expect_ok(age_statement_make(&s, &school, &mem, &out));
	return out;
}

static struct age_statement verified(struct view bytes)
{
	struct age_statement s = { 0 };
	expect_ok(age_statement_verify(bytes, VIEW_OF(school.pub), &mem, &s));
	return s;
}

TEST(it_counts_for_the_account_that_asked)
{
	struct view bytes = begin();
	struct age_statement s = verified(bytes);
	struct age_subject of = subject();
	expect_eq(s.age_band, AGE_TEEN_B);
	expect_ok(age_statement_check(&s, &of, TODAY));
	/* It says neither account nor app. */
	const struct view parts[] = { of.app, of.account_key, of.salt };
	for (size_t i = 0; i < 3; i++)
		for (size_t at = 0; at + parts[i].n <= bytes.n; at++)
			expect(!view_equal(view_slice(bytes, at, parts[i].n), parts[i]));
	arena_done(&mem);
}

TEST(and_for_no_other)
{
	struct age_statement s = verified(begin());
	uint8_t stranger[32] = { 1 }, another[AGE_SALT] = { 2 };
	struct age_subject of[] = { subject(), subject(), subject(), subject(), subject() };
	of[0].account_key = VIEW_OF(stranger);
	of[1].app = VIEW_LIT("lens.example");
	of[2].service = VIEW_LIT("shop.example");
	of[3].salt = VIEW_OF(another);
	/* What stands at the end of one is not moved to the beginning of the next. */
	of[4].app = VIEW_LIT("dial.exampl");
	for (size_t i = 0; i < sizeof of / sizeof *of; i++)
		expect_err(age_statement_check(&s, &of[i], TODAY), UC_E_KEY);
	of[0] = subject();
	of[0].salt.n--;
	expect_err(age_statement_check(&s, &of[0], TODAY), UC_E_ARGUMENT);
	arena_done(&mem);
}

TEST(it_has_its_days)
{
	struct age_statement s = verified(begin());
	struct age_subject of = subject();
	static const struct {
		uint32_t day;
		uc_err err;
	} days[] = { { 0, UC_E_STALE },
		     { TODAY - 2, UC_E_STALE },
		     { TODAY - 1, UC_OK },
		     { TODAY + AGE_DAYS, UC_OK },
		     { TODAY + AGE_DAYS + 1, UC_OK },
		     { TODAY + AGE_DAYS + 2, UC_E_STALE },
		     { UINT32_MAX, UC_E_STALE } };
	for (size_t i = 0; i < sizeof days / sizeof *days; i++)
		expect_err(age_statement_check(&s, &of, days[i].day), days[i].err);
	arena_done(&mem);
}

TEST(what_makes_no_sense_is_neither_signed_nor_read)
{
	struct view out = begin();
	struct age_statement s[] = { said(), said(), said(), said(), said(), said() };
	s[0].age_band = AGE_UNKNOWN;
	s[1].expires_day = TODAY - 1;
	s[2].expires_day = TODAY + AGE_DAYS_MAX + 1;
	s[3].service = VIEW_LIT("");
	s[4].service = VIEW_LIT("School!");
	s[5].service = VIEW_LIT("a-very-long-name-of-a-school-that-nobody.could-ever-remember."
				"example");
	for (size_t i = 0; i < sizeof s / sizeof *s; i++)
		expect_err(age_statement_make(&s[i], &school, &mem, &out), UC_E_ARGUMENT);
	arena_done(&mem);
}

TEST(no_bit_of_it_can_be_another)
{
	struct view bytes = begin();
	struct age_statement s;
	uint8_t copy[512];
	expect(bytes.n < sizeof copy);
	memcpy(copy, bytes.p, bytes.n);
	for (size_t i = 0; i < bytes.n * 8; i++) {
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
		struct arena scratch;
		arena_init(&scratch, 65536, ARENA_PLAIN);
		expect(age_statement_verify(view_make(copy, bytes.n), VIEW_OF(school.pub), &scratch,
					    &s));
		arena_done(&scratch);
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t n = 0; n < bytes.n; n++)
		expect(age_statement_verify(view_make(copy, n), VIEW_OF(school.pub), &mem, &s));
	copy[bytes.n] = 0;
	expect(age_statement_verify(view_make(copy, bytes.n + 1), VIEW_OF(school.pub), &mem, &s));
	expect_err(age_statement_verify(bytes, VIEW_OF(other.pub), &mem, &s), UC_E_SIGNATURE);
	arena_done(&mem);
}

TEST(it_is_carried_as_a_text)
{
	struct view bytes = begin(), back = { NULL, 0 };
	struct buf text;
	buf_init(&text, AGE_TEXT_MAX);
	expect_ok(age_text_write(AGE_TEXT_STATEMENT, bytes, &text));
	expect_ok(age_text_read(AGE_TEXT_STATEMENT, buf_view(&text), &mem, &back));
	expect_bytes(back, bytes);
	expect_err(age_text_read(AGE_TEXT_REQUEST, buf_view(&text), &mem, &back), UC_E_MALFORMED);
	static const char *const wrong[] = { "", "age-statement", "age-statement.!",
					     "age-request.AA", "https://x.example" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		expect_err(age_text_read(AGE_TEXT_STATEMENT, view_str(wrong[i]), &mem, &back),
			   UC_E_MALFORMED);
	uint8_t *large = arena_take(&mem, AGE_TEXT_MAX + 1);
	memset(large, 'A', AGE_TEXT_MAX + 1);
	expect_err(
		age_text_read(AGE_TEXT_STATEMENT, view_make(large, AGE_TEXT_MAX + 1), &mem, &back),
		UC_E_TOO_LARGE);
	struct age_request r = { .version = 1, .service = VIEW_LIT("school.example") }, again;
	struct view asked = { NULL, 0 };
	expect_ok(wire_encode_to(&mem, age_request_element, &r, &asked));
	expect_ok(wire_decode(asked, &mem, age_request_element, &again));
	expect_bytes(again.service, r.service);
	r.version = 2;
	expect_err(wire_encode_to(&mem, age_request_element, &r, &asked), UC_E_VERSION);
	buf_done(&text);
	arena_done(&mem);
}
