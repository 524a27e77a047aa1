/* SPDX-License-Identifier: Apache-2.0 */
/* Looking one number up after the other: what an account may is counted for good. */
#include "tests/unit/provider/letters.h"

/* Of numbers that nobody has, until no more are answered. */
static unsigned looked_up(struct person *p)
{
	struct lookup_answer a = { 0 };
	struct view sealed = { NULL, 0 };
	unsigned n = 0;
	uc_err err = UC_OK;
	while (!(err = look_up(p, &apps[DIAL], "+4915123456789", &a, &sealed)))
		n++;
	expect_err(err, UC_E_RATE);
	return n;
}

static void strict(struct app *a)
{
	provider_set_contact(a->provider, &(struct provider_contact){ .grown_ups = true });
}

/* Or a country's were tried one by one in years: of one's own app, and of another that is asked. */
TEST(what_may_be_looked_up_in_days_is_counted_for_good)
{
	enum { DAYS = 5 };
	struct person by[2], other;
	apps_begin();
	strict(&apps[DIAL]);
	strict(&apps[PLAZA]);
	person_join(&by[0], &apps[DIAL], "+4915100000001");
	person_join(&by[1], &apps[PLAZA], "rosa@example.org");
	person_join(&other, &apps[DIAL], "+4915100000002");
	for (int i = 0; i < 2; i++) {
		unsigned n = looked_up(&by[i]);
		expect_eq(n, REQUESTS_DAY);
		for (int hour = 0; hour < 24 * DAYS; hour += 2) {
			apps_wait(2 * HOUR_MS);
			n += looked_up(&by[i]);
		}
		expect(n <= REQUESTS_DAY * (DAYS + 1) && n >= REQUESTS_DAY * DAYS);
		/* Killed: what was answered is spent.  So it is for a fresh account under the name. */
		app_kill(by[i].app, false);
		app_start(by[i].app);
		strict(by[i].app);
		expect_ok(person_sign_in(&by[i]));
		expect_eq(looked_up(&by[i]), 0);
		expect_ok(person_delete(&by[i]));
		person_join(&by[i], by[i].app, by[i].name);
		expect_eq(looked_up(&by[i]), 0);
	}
	/* Whom nobody has answered has paid nothing. */
	struct lookup_answer a = { 0 };
	struct view sealed = { NULL, 0 };
	person_join(&by[0], &apps[PLAZA], "ida@example.org");
	apps[DIAL].is_down = true;
	for (int i = 0; i < 5; i++)
		expect(look_up(&by[0], &apps[DIAL], "+4915123456789", &a, &sealed) != UC_OK);
	apps[DIAL].is_down = false;
	apps_wait(HOUR_MS);
	expect_eq(looked_up(&by[0]), REQUESTS_DAY);
	expect_ok(person_sign_in(&other));
	expect_eq(looked_up(&other), REQUESTS_DAY);
	apps_end();
}
