/* SPDX-License-Identifier: Apache-2.0 */
/* A key of franks for each day: later ones follow, earlier ones cannot be made. */
#include "mimi/frank_chain.h"
#include "tests/unit/harness.h"

#define ONE_DAY_MS ((uint64_t)24 * 3600 * 1000)
enum { FIRST = 20000 };

static struct frank_chain begun(void)
{
	struct frank_chain c = { .day = FIRST };
	for (uint8_t i = 0; i < sizeof c.key; i++)
		c.key[i] = i;
	return c;
}

static bool same(const struct frank_chain *a, uint64_t a_ms, const struct frank_chain *b,
		 uint64_t b_ms)
{
	uint8_t of_a[32], of_b[32];
	expect_ok(frank_chain_key(a, a_ms, of_a));
	expect_ok(frank_chain_key(b, b_ms, of_b));
	return view_equal(VIEW_OF(of_a), VIEW_OF(of_b));
}

static uint64_t at(uint32_t day)
{
	return day * ONE_DAY_MS + 12345;
}

TEST(each_day_has_its_own)
{
	struct frank_chain c = begun();
	expect(same(&c, FIRST * ONE_DAY_MS, &c, (FIRST + 1) * ONE_DAY_MS - 1));
	for (uint32_t a = 0; a < FRANK_DAYS + 5; a++)
		expect(!same(&c, at(FIRST + a), &c, at(FIRST + a + 1)));
	/* Made elsewhere: HMAC-SHA256 three times. */
	static const uint8_t third[32] = { 0x57, 0xa8, 0xbb, 0xe6, 0x9c, 0x80, 0x15, 0x40,
					   0xf1, 0xcc, 0x2c, 0xfe, 0x30, 0xa2, 0xdb, 0x8a,
					   0xb5, 0x5b, 0x78, 0x26, 0x94, 0x66, 0xf0, 0x1c,
					   0xfb, 0xd9, 0xb7, 0xc5, 0x71, 0x62, 0xbd, 0x48 };
	uint8_t key[32];
	expect_ok(frank_chain_key(&c, at(FIRST + 3), key));
	expect_bytes(VIEW_OF(key), VIEW_OF(third));
}

TEST(what_is_needed_stays_and_what_was_before_is_gone)
{
	const struct frank_chain was = begun();
	struct frank_chain c = was;
	for (uint32_t today = FIRST; today < FIRST + 3 * FRANK_DAYS; today += 7) {
		bool is_due = frank_chain_is_due(&c, at(today));
		expect_eq(is_due, today > FIRST + FRANK_DAYS);
		expect_ok(frank_chain_move(&c, at(today)));
		expect(!frank_chain_is_due(&c, at(today)));
		expect_eq(c.day, is_due ? today - FRANK_DAYS : (uint32_t)FIRST);
		for (uint32_t d = today - FRANK_DAYS; d <= today && d - FIRST <= FRANK_STEPS_MAX;
		     d++)
			expect(same(&c, at(d), &was, at(d)));
		if (is_due)
			expect(!same(&c, at(c.day - 1), &was, at(c.day - 1)));
	}
	/* A clock that was put back moves nothing, and one near zero neither. */
	struct frank_chain again = c;
	expect_ok(frank_chain_move(&again, at(FIRST)));
	expect_ok(frank_chain_move(&again, 0));
	expect(again.day == c.day && view_equal(VIEW_OF(again.key), VIEW_OF(c.key)));
}

/* Whatever a report says when something was, it costs little. */
TEST(days_far_away_have_the_key_of_the_nearest)
{
	struct frank_chain c = begun();
	expect(same(&c, 0, &c, at(FIRST)));
	expect(same(&c, UINT64_MAX, &c, at(FIRST + FRANK_STEPS_MAX)));
	expect(!same(&c, UINT64_MAX, &c, at(FIRST + FRANK_STEPS_MAX - 1)));
	expect(frank_day(UINT64_MAX) < FRANK_DAY_ANY);
}

/* Under a clock that is years ahead it would be gone for as long. */
TEST(it_follows_no_clock_that_is_far_ahead)
{
	const struct frank_chain was = begun();
	struct frank_chain c = was;
	uint64_t last = at(FIRST + FRANK_DAYS + FRANK_GAP_MAX), ahead = last + at(1);
	expect(!frank_chain_is_behind(&c, last) && frank_chain_is_due(&c, last));
	expect(frank_chain_is_behind(&c, ahead) && !frank_chain_is_due(&c, ahead));
	expect_err(frank_chain_move(&c, ahead), UC_E_STALE);
	expect(c.day == was.day && same(&c, at(FIRST + 3), &was, at(FIRST + 3)));
	/* Put right, it goes on. */
	expect_ok(frank_chain_move(&c, at(FIRST + FRANK_DAYS + 5)));
	expect_eq(c.day, FIRST + 5);
}

TEST(one_for_any_day_begins_today)
{
	const struct frank_chain was = begun();
	struct frank_chain c = was;
	c.day = FRANK_DAY_ANY;
	expect(same(&c, 0, &c, UINT64_MAX));
	expect(frank_chain_is_due(&c, at(FIRST)));
	expect_ok(frank_chain_move(&c, at(FIRST)));
	expect_eq(c.day, FIRST);
	expect(same(&c, at(FIRST - 50), &was, at(FIRST)));
	expect(!frank_chain_is_due(&c, at(FIRST)));
}
