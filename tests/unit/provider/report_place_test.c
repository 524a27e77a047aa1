/* SPDX-License-Identifier: Apache-2.0 */
/* The place that there is for reports: who takes how much of it, and how that is known after a start. */
#include "tests/unit/provider/reported.h"

static struct app *const hub = &apps[DIAL], *const lens = &apps[LENS], *const plaza = &apps[PLAZA];

/* As if that app, or the own people where it is NULL, had sent so much. */
static void has_sent(const struct app *by, uint64_t bytes)
{
	struct provider *p = hub->provider;
	struct report_share *share;
	expect_ok(report_place_know(p));
	expect_ok(report_share_get(p, by ? by->domain : (struct view){ NULL, 0 }, &share));
	report_place_take(p, share, bytes);
}

static int sends(struct app *by, struct view bytes)
{
	return peer_ask(hub, by, "reportAbuse", the_room, bytes, NULL);
}

/* Other apps cannot take the place of our own people, and have all that these leave. */
TEST(other_apps_have_their_half)
{
	struct report_response r;
	struct store_key k;
	struct view stored = { NULL, 0 };
	everybody();
	struct abusive_message m = said(&r1, "one");
	struct view bytes = report_of(&r1, &m, 1);
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	uint64_t one = hub->provider->reports.bytes;
	expect_ok(store_get(hub->rooms, report_key(&k, hub->domain, 1), &apps_mem, &stored));
	expect_eq(one, stored.n);
	has_sent(NULL, REPORTS_BYTES_MAX - 3 * one - one / 2);
	expect_eq(sends(lens, bytes), 200);
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	expect_err(report(&rob, REPORT_TO_APP, bytes, &r), UC_E_BUSY);
	expect_eq(sends(lens, bytes), 503);
	/* Busy is another thing than silent. */
	expect_err(report(&tom, REPORT_TO_HUB, bytes, &r), UC_E_BUSY);
	hub->is_down = true;
	expect_err(report(&tom, REPORT_TO_HUB, bytes, &r), UC_E_PEER);
	hub->is_down = false;
	expect_ok(report(&tom, REPORT_TO_APP | REPORT_TO_HUB, bytes, &r));
	expect_eq(r.verdict, REPORT_UNCONFIRMED);
	expect_eq(r.told, REPORT_TO_APP);
	expect_eq(count(hub), 3);
	the_end();
}

/* It is the app that has asked too often then, and not whoever reports: that is told as busy. */
TEST(a_hub_that_an_app_has_asked_too_often_is_busy)
{
	struct report_response r;
	everybody();
	struct abusive_message m = said(&r1, "one");
	struct view bytes = report_of(&r1, &m, 1);
	int status = 200;
	for (int i = 0; i < 300 && status == 200; i++)
		status = sends(lens, bytes);
	expect_eq(status, 429);
	expect_err(report(&tom, REPORT_TO_HUB, bytes, &r), UC_E_BUSY);
	expect_ok(report(&tom, REPORT_TO_APP, bytes, &r));
	expect_eq(r.verdict, REPORT_UNCONFIRMED);
	the_end();
}

/* One that floods us keeps neither another one out nor our own people. */
TEST(an_app_that_floods_keeps_no_other_out)
{
	struct report_response r;
	everybody();
	struct abusive_message m = said(&r1, "one");
	struct view bytes = report_of(&r1, &m, 1);
	expect_eq(sends(lens, bytes), 200);
	uint64_t one = hub->provider->reports.bytes_others, half = REPORTS_BYTES_OTHERS / 2;
	has_sent(lens, half - 2 * one);
	expect_eq(sends(lens, bytes), 200);
	expect_eq(sends(lens, bytes), 503);
	expect_eq(sends(plaza, bytes), 200);
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	/* What the first has stays its own, and a second one has half of the rest. */
	has_sent(plaza, half / 2 - 3 * one);
	expect_eq(sends(plaza, bytes), 200);
	expect_eq(sends(plaza, bytes), 503);
	expect_eq(sends(lens, bytes), 503);
	/* Whose they are is known after a restart, too. */
	app_kill(hub, true);
	app_start(hub);
	expect_ok(person_sign_in(&rob));
	has_sent(lens, half - 5 * one + one / 2);
	expect_eq(sends(lens, bytes), 200);
	expect_eq(sends(lens, bytes), 503);
	/* Of a time before each had a share there may be more of them than their half. */
	has_sent(lens, REPORTS_BYTES_OTHERS);
	expect_eq(sends(plaza, bytes), 503);
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	the_end();
}

/* As it was counted when it came it goes, also where it was counted anew. */
TEST(their_place_is_free_again_once_they_have_ended)
{
	struct report_response r;
	everybody();
	struct abusive_message m = said(&r1, "one");
	struct view bytes = report_of(&r1, &m, 1);
	const struct provider_reports *is = &hub->provider->reports;
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	expect_eq(sends(lens, bytes), 200);
	app_kill(hub, true);
	app_start(hub);
	is = &hub->provider->reports;
	expect_ok(person_sign_in(&rob));
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	expect(is->bytes_others > bytes.n && is->bytes > 2 * is->bytes_others);
	/* With what is decided, whatever is decided instead. */
	uint64_t undecided = is->bytes, others = is->bytes_others;
	for (uint64_t number = 1; number <= 2; number++) {
		struct view note = VIEW_LIT("a long note"), shorter = VIEW_LIT("no");
		expect_ok(provider_report_decide(hub->provider, number, REPORT_WARNED, note));
		expect_eq(is->bytes, undecided + 11);
		expect_ok(provider_report_decide(hub->provider, number, REPORT_WARNED, shorter));
		expect_eq(is->bytes, undecided + 2);
		undecided = is->bytes;
	}
	expect_eq(is->bytes_others, others + 2);
	for (int i = 0; i < 2; i++) {
		test_now_ms += (uint64_t)REPORT_KEEP_DAYS * DAY_MS;
		apps_wait(HOUR_MS);
	}
	expect_eq(count(hub), 0);
	expect_eq(is->bytes, 0);
	expect_eq(is->bytes_others, 0);
	expect_eq(is->shares.n, 0);
	the_end();
}

/* --- after a start --- */

enum { MANY = 2500, OLD = 1999, A_PIECE = SLICE_STEPS + 1 }; /* the clock of tests stands */

/* Every other is of other apps, every hundredth no report at all, and those up to `old` have had their time. */
static struct view encoded_as(uint64_t number, uint64_t old)
{
	const struct app *of[] = { NULL, lens, NULL, plaza };
	const struct app *by = of[number % 4];
	struct report_record r = { .received_ms = number > old ? test_now_ms : 0,
				   .verdict = REPORT_VERIFIED,
				   .from = by ? by->domain : (struct view){ NULL, 0 },
				   .room = the_room,
				   .note = view_make((const uint8_t *)"0123456789", number % 10) };
	struct view v = { NULL, 0 };
	if (number % 100 == 0)
		return VIEW_LIT("no report");
	expect_ok(wire_encode_to(&apps_mem, report_record_element, &r, &v));
	return v;
}

static void keep_many(uint64_t old)
{
	struct store_batch b;
	struct store_key k;
	store_batch_init(&b, hub->domain);
	for (uint64_t number = 1; number <= MANY; number++)
		store_put(&b, report_key(&k, hub->domain, number), encoded_as(number, old));
	expect_ok(store_commit(hub->rooms, &b));
	store_batch_done(&b);
}

static void starts_again(void)
{
	app_kill(hub, true);
	app_start(hub);
}

static struct provider_reports *is(void)
{
	return &hub->provider->reports;
}

static uint64_t share_of(const struct app *a)
{
	const struct report_share *s = is()->shares.cap ? map_find(&is()->shares, a->domain) : NULL;
	return s ? s->bytes : 0;
}

/* As one sees it who looks through the store; what cannot be read there counts for nothing. */
static void expect_exact(void)
{
	struct report_walk w;
	struct report_found one;
	uint64_t all = 0, of_lens = 0, of_plaza = 0;
	report_walk_begin(&w, hub->rooms, hub->domain);
	while (report_walk_next(&w, &one)) {
		struct report_record r = { .version = 0 };
		if (wire_decode(one.value, &apps_mem, report_record_element, &r))
			r.from.n = 0;
		all += one.value.n;
		of_lens += view_equal(r.from, lens->domain) ? one.value.n : 0;
		of_plaza += view_equal(r.from, plaza->domain) ? one.value.n : 0;
	}
	expect_ok(report_walk_end(&w));
	expect(is()->is_known);
	expect_eq(is()->bytes, all);
	expect_eq(is()->bytes_others, of_lens + of_plaza);
	expect_eq(share_of(lens), of_lens);
	expect_eq(share_of(plaza), of_plaza);
}

/* Nobody of that app waits for all of it. */
TEST(they_are_looked_through_a_few_at_a_time)
{
	everybody();
	keep_many(0);
	starts_again();
	for (int left = MANY / A_PIECE; left; left--) {
		uint64_t before = is()->bytes;
		expect(provider_go_on(hub->provider));
		expect(!is()->is_known);
		expect(is()->bytes > before);
	}
	expect_eq(is()->known_to, MANY / A_PIECE * A_PIECE + 1);
	expect(!provider_go_on(hub->provider));
	expect_exact();
	expect_eq(is()->next, MANY + 1);
	uint64_t all = is()->bytes;
	/* Killed half way, and begun anew. */
	starts_again();
	expect(provider_go_on(hub->provider));
	starts_again();
	expect_eq(is()->bytes, 0);
	apps_settle();
	expect_exact();
	expect_eq(is()->bytes, all);
	the_end();
}

/* Whoever reports meanwhile is taken, by the number that is next. */
TEST(one_that_comes_before_they_are_is_taken)
{
	struct report_response r;
	everybody();
	struct abusive_message m = said(&r1, "one");
	struct view bytes = report_of(&r1, &m, 1);
	keep_many(0);
	report_place_forget(hub->provider);
	expect(provider_go_on(hub->provider));
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	expect_eq(kept(hub, MANY + 1).reporter.n, REPORTER_MARK);
	expect_exact();
	starts_again();
	expect(provider_go_on(hub->provider));
	expect_eq(sends(lens, bytes), 200);
	expect_bytes(kept(hub, MANY + 2).from, lens->domain);
	expect_exact();
	the_end();
}

/* What moderators write, and what ends, counts once: whether it was looked at before or not. */
TEST(what_is_changed_meanwhile_counts_once)
{
	struct view note = VIEW_LIT("longer than before");
	struct store_key k;
	everybody();
	keep_many(OLD);
	starts_again();
	/* Some go before any is looked at. */
	for (int i = 0; i < 3; i++)
		provider_tick(hub->provider, test_now_ms);
	size_t left = count(hub);
	expect(left < MANY);
	expect(provider_go_on(hub->provider));
	uint64_t to = is()->known_to;
	expect(to > A_PIECE && to < OLD);
	expect_ok(provider_report_decide(hub->provider, to - 1, REPORT_WARNED, note));
	expect_ok(provider_report_decide(hub->provider, to, REPORT_WARNED, note));
	expect_ok(provider_report_decide(hub->provider, MANY - 1, REPORT_WARNED, note));
	/* Then those that were, also one that was readable then, and on behind them. */
	expect(record_rots(hub, report_key(&k, hub->domain, 701)));
	for (int i = 0; i < 25; i++)
		provider_tick(hub->provider, test_now_ms);
	expect(MANY - count(hub) > to);
	expect(!is()->is_known);
	apps_settle();
	expect_exact();
	expect_bytes(kept(hub, MANY - 1).note, note);
	/* And those that are left. */
	for (int i = 0; i < 40; i++)
		provider_tick(hub->provider, test_now_ms);
	expect_eq(count(hub), MANY - OLD);
	expect_exact();
	expect_eq(is()->next, MANY + 1);
	the_end();
}

/* Wherever it lies: the others are counted, and the next number is that behind all. */
TEST(one_that_is_damaged_is_passed_over)
{
	static const uint64_t damaged[] = { 1, A_PIECE, A_PIECE + 1, 1500, MANY };
	struct store_key k;
	everybody();
	struct abusive_message m = said(&r1, "one");
	struct view bytes = report_of(&r1, &m, 1);
	keep_many(0);
	uint64_t all = 0;
	for (uint64_t number = 1; number <= MANY; number++)
		all += encoded_as(number, 0).n;
	for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
		starts_again();
		expect(record_rots(hub, report_key(&k, hub->domain, damaged[i])));
		expect(provider_go_on(hub->provider));
		expect(!is()->is_known);
		apps_settle();
		expect_exact();
		expect_eq(is()->bytes, all - encoded_as(damaged[i], 0).n);
		expect_eq(is()->next, MANY + 1);
		store_memory_heal(hub->disks[1]);
	}
	/* Also at once, for whoever reports. */
	starts_again();
	expect(record_rots(hub, report_key(&k, hub->domain, 1500)));
	expect(provider_go_on(hub->provider));
	expect_eq(sends(lens, bytes), 200);
	expect_exact();
	store_memory_heal(hub->disks[1]);
	expect_bytes(kept(hub, MANY + 1).from, lens->domain);
	the_end();
}
