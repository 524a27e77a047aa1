/* SPDX-License-Identifier: Apache-2.0 */
/* Lives of groups against the slow model (tests/model).  UNDERCROFT_TEST_SEED replays one seed,
 * UNDERCROFT_TEST_LONG lives many. */
#include "tests/model/life.h"
#include "tests/unit/harness.h"

static struct life l;
static size_t steps, epochs, branches, refused, opened;

static void live(uint64_t seed, size_t n)
{
	const struct suite *s = suite_at(seed % 4 ? 0 : seed / 4 % 7);
	life_begin(&l, s ? s : suite_at(0), seed, (struct view){ NULL, 0 });
	for (size_t i = 0; i < n && life_step(&l); i++)
		;
	life_settle(&l);
	if (l.why[0])
		test_fail(__FILE__, __LINE__, "seed %llu: %s", (unsigned long long)seed, l.why);
	steps += l.steps;
	epochs += l.epochs;
	branches += l.branches;
	refused += l.refused;
	opened += l.opened;
	life_end(&l);
}

TEST(lives_against_the_model)
{
	const char *one = getenv("UNDERCROFT_TEST_SEED");
	bool is_long = getenv("UNDERCROFT_TEST_LONG") != NULL;
	if (one) {
		live(strtoull(one, NULL, 10), 400);
		return;
	}
	for (uint64_t seed = 1; seed <= (is_long ? 200 : 16); seed++)
		live(seed, 400);
	printf("%zu steps, %zu epochs, %zu of them on branches; %zu messages opened, %zu refused\n",
	       steps, epochs, branches, opened, refused);
	/* What is never tried proves nothing. */
	expect(branches && refused > 100 && opened > 100 && epochs > 100);
}
