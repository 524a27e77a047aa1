/* SPDX-License-Identifier: Apache-2.0 */
/* When an app is tried again that could not be reached, went away, or does not answer. */
#include "tests/unit/client/small_app.h"

static void begin(struct small_app *app, struct person *p)
{
	small_app_init(app, "dial.example");
	app->code = "1234";
	person_begin(p, app);
	expect_ok(person_open(p));
}

/* The wait of the attempt after so many that failed; spread by half of it. */
static void expect_wait(struct person *p, uint64_t wait)
{
	uint64_t ms = uc_client_reconnect_ms(p->c);
	expect(ms >= wait / 2 && ms < wait + wait / 2);
}

TEST(who_cannot_connect_waits_longer_each_time)
{
	static const uint64_t waits[] = { 250, 500, 1000, 2000, 4000, 8000, 16000, 32000 };
	static struct small_app app;
	struct person p;
	uint64_t lowest = UINT64_MAX, highest = 0;
	begin(&app, &p);
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
		expect_wait(&p, waits[i]);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t ms = uc_client_reconnect_ms(p.c);
		lowest = ms < lowest ? ms : lowest;
		highest = ms > highest ? ms : highest;
	}
	/* Spread over all there is, and no more than a minute. */
	expect(lowest >= 20000 && lowest < 21000);
	expect(highest < 60000 && highest > 59000);
	uc_client_network_changed(p.c);
	expect_wait(&p, 250);
	expect_wait(&p, 500);
	person_end(&p);
}

TEST(what_was_reached_is_tried_again_soon)
{
	static struct small_app app;
	struct person p;
	uc_op op;
	begin(&app, &p);
	for (unsigned i = 0; i < 5; i++)
		expect_wait(&p, (uint64_t)250 << i);
	/* A socket that opens is not yet an app that answers. */
	expect_ok(uc_client_connected(p.c));
	person_disconnect(&p);
	expect_wait(&p, 8000);
	expect_ok(person_talk(&p));
	expect_eq(uc_client_connection(p.c), UC_GREETED);
	person_disconnect(&p);
	expect_wait(&p, 250);
	expect_wait(&p, 500);
	expect_ok(uc_sign_up(p.c, "+15550100", "1234", "Rosa", &op));
	expect_ok(person_talk(&p));
	expect_eq(uc_client_connection(p.c), UC_ONLINE);
	person_disconnect(&p);
	expect_wait(&p, 250);
	expect_wait(&p, 500);
	expect_ok(person_talk(&p));
	person_disconnect(&p);
	expect_wait(&p, 250);
	/* Greeted, with an account that is not let in. */
	app.refuse_type = FRAME_SIGN_IN;
	app.refuse_with = UC_E_BUSY;
	app.refuse_times = 3;
	for (unsigned i = 1; i < 4; i++) {
		expect_ok(person_talk(&p));
		expect_eq(uc_client_connection(p.c), UC_OFFLINE);
		expect_wait(&p, (uint64_t)250 << i);
	}
	expect_ok(person_talk(&p));
	expect_eq(uc_client_connection(p.c), UC_ONLINE);
	person_disconnect(&p);
	expect_wait(&p, 250);
	person_end(&p);
}

TEST(an_app_that_goes_away_is_left_alone_as_long_as_it_asks)
{
	static struct small_app app;
	struct person p;
	struct buf b;
	const struct going_away_event away = { .retry_after_s = 20, .jitter_s = 10 };
	uint64_t lowest = UINT64_MAX, highest = 0;
	begin(&app, &p);
	buf_init(&b, FRAME_MAX);
	expect_ok(frame_add_event(&b, FRAME_GOING_AWAY, going_away_event_element, &away));
	for (unsigned i = 0; i < 200; i++) {
		expect_ok(person_talk(&p));
		expect_ok(uc_client_receive(p.c, b.p, b.n));
		person_disconnect(&p);
		uint64_t ms = uc_client_reconnect_ms(p.c);
		lowest = ms < lowest ? ms : lowest;
		highest = ms > highest ? ms : highest;
		expect_wait(&p, 500); /* once */
	}
	expect(lowest >= 20125 && lowest < 21500);
	expect(highest < 30375 && highest > 29000);
	buf_done(&b);
	person_end(&p);
}

TEST(an_answer_is_awaited_so_long_whatever_the_clock_does)
{
	static const int64_t leaps_ms[] = { 30000, -3600000, 3600000, -30001 };
	const uint64_t start = test_now_ms;
	static struct small_app app;
	struct person p;
	begin(&app, &p);
	for (size_t i = 0; i < sizeof leaps_ms / sizeof *leaps_ms; i++) {
		test_now_ms = start;
		expect_ok(uc_client_connected(p.c));
		test_now_ms += 29999;
		expect_ok(uc_client_step(p.c));
		expect_eq(uc_client_connection(p.c), UC_CONNECTING);
		test_now_ms = (uint64_t)((int64_t)start + leaps_ms[i]);
		expect_ok(uc_client_step(p.c));
		expect_eq(uc_client_connection(p.c), UC_OFFLINE);
		expect_ok(uc_client_disconnected(p.c));
	}
	test_now_ms = start;
	person_end(&p);
}
