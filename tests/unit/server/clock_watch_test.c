/* SPDX-License-Identifier: Apache-2.0 */
#include "server/clock_watch.h"

#include "tests/unit/harness.h"

enum { DAY = 24 * 3600 * 1000, START = 1000 };

TEST(a_clock_that_goes_on_is_trusted)
{
	struct clock_watch w = { 0 };
	uint64_t wall = 1800000000000;
	for (uint64_t i = 0; i < 100; i++)
		expect(!clock_watch_doubts(&w, wall + i * 1010, START + i * 1000));
	/* Asleep together; back a little. */
	expect(!clock_watch_doubts(&w, wall + 3 * (uint64_t)DAY, START + 3 * (uint64_t)DAY));
	expect(!clock_watch_doubts(&w, wall + 3 * (uint64_t)DAY - 5000,
				   START + 3 * (uint64_t)DAY + 1));
}

TEST(a_leap_is_doubted_for_a_day)
{
	struct clock_watch w = { 0 };
	uint64_t wall = 1800000000000, leap = 40 * (uint64_t)DAY;
	expect(!clock_watch_doubts(&w, wall, START));
	expect(clock_watch_doubts(&w, wall + leap, START + 1000));
	expect(clock_watch_doubts(&w, wall + leap + DAY - 2000, START + DAY - 1000));
	expect(!clock_watch_doubts(&w, wall + leap + DAY, START + 1000 + DAY));
}

TEST(a_leap_between_the_start_and_the_first_look)
{
	struct clock_watch w = { 0 };
	uint64_t wall = 1800000000000;
	clock_watch_start(&w, wall - 1000, wall, START);
	expect(clock_watch_doubts(&w, wall + DAY, START + 700));
	expect(!clock_watch_doubts(&w, wall + 2000, START + 2000));
}

TEST(a_leap_that_is_taken_back_is_forgotten)
{
	struct clock_watch w = { 0 };
	uint64_t wall = 1800000000000, leap = 40 * (uint64_t)DAY;
	expect(!clock_watch_doubts(&w, wall, START));
	expect(clock_watch_doubts(&w, wall + leap, START + 1000));
	expect(!clock_watch_doubts(&w, wall + 2000, START + 2000));
	expect(!clock_watch_doubts(&w, wall + 3000, START + 3000));
}

TEST(a_start_before_the_last_one_is_doubted)
{
	uint64_t wall = 1800000000000;
	struct clock_watch w = { 0 };
	clock_watch_start(&w, wall + DAY, wall, START);
	expect(clock_watch_doubts(&w, wall, START));
	expect(clock_watch_doubts(&w, wall + DAY - 1000, START + DAY - 1000));
	expect(!clock_watch_doubts(&w, wall + DAY, START + DAY));
	/* A little after or before is as it should be; and so is a first start. */
	static const uint64_t last[] = { 0, 1800000000000 - 60000, 1800000000000 + 1000 };
	for (size_t i = 0; i < 3; i++) {
		struct clock_watch fine = { 0 };
		clock_watch_start(&fine, last[i], wall, START);
		expect(!clock_watch_doubts(&fine, wall, START));
	}
}

TEST(a_start_long_after_the_last_one_is_doubted_for_an_hour)
{
	uint64_t wall = 1800000000000, hour = 3600 * 1000;
	struct clock_watch w = { 0 };
	clock_watch_start(&w, wall - DAY, wall, START);
	expect(clock_watch_doubts(&w, wall, START));
	expect(clock_watch_doubts(&w, wall + hour - 1000, START + hour - 1000));
	expect(!clock_watch_doubts(&w, wall + hour, START + hour));
}
