/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of devices later: whom this device has let in itself, and who is in no list that the app shows. */
#include "client/device_watch.h"
#include "client/devices.h"
#include "client/turn.h"
#include "tests/unit/client/small_app.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

struct scene {
	struct small_app app, other; /* what it shows this device, and another */
	struct person p;
	struct ed25519_key b, c;
};

static void look(struct scene *s)
{
	person_look(&s->p);
}

/* Connected, and nothing said. */
static void later(struct scene *s, uint64_t ms)
{
	person_wait(&s->p, ms);
	expect(uc_client_deadline_ms(s->p.c) > test_now_ms);
}

static void begin(struct scene *s)
{
	small_app_init(&s->app, "dial.example");
	person_sign_up(&s->p, &s->app);
	expect_ok(ed25519_generate(test_env(), &s->b));
	expect_ok(ed25519_generate(test_env(), &s->c));
}

static void lets_in(struct scene *s)
{
	small_app_list_put(&s->app, &s->p.c->account.device, DEVICE_ADD, &s->b, false);
	look(s);
}

struct shown {
	size_t n;
	struct uc_device_change v[8];
};

static bool change_each(void *ctx, const struct uc_device_change *x)
{
	struct shown *s = ctx;
	s->v[s->n++] = *x;
	return true;
}

static struct shown show(struct scene *s)
{
	struct shown l = { 0 };
	expect_ok(uc_device_changes(s->p.c, change_each, &l));
	return l;
}

static void expect_told(struct scene *s, size_t n, enum uc_device_change_kind kind,
			const struct ed25519_key *device, const struct ed25519_key *by)
{
	struct shown l = show(s);
	expect_eq(l.n, n);
	if (l.n != n)
		return;
	expect_eq(l.v[n - 1].kind, kind);
	expect_bytes(VIEW_OF(l.v[n - 1].device_key), VIEW_OF(device->pub));
	expect_bytes(VIEW_OF(l.v[n - 1].by), VIEW_OF(by->pub));
}

static void seen(struct scene *s)
{
	struct shown l = show(s);
	expect_ok(uc_device_changes_seen(s->p.c, l.v[l.n - 1].number));
	expect_eq(show(s).n, 0);
}

/* --- by this one --- */

TEST(whom_this_device_let_in_it_tells_of_a_day_or_two_later)
{
	static struct scene s;
	begin(&s);
	uint64_t then = test_now_ms;
	lets_in(&s);
	look(&s);
	expect_eq(show(&s).n, 0);
	test_now_ms += 23 * HOUR;
	look(&s);
	expect_eq(show(&s).n, 0);
	expect_ok(person_open(&s.p));
	test_now_ms += 26 * HOUR;
	look(&s);
	expect_eq(s.p.device_alarms, 1);
	expect_told(&s, 1, UC_DEVICE_ADDED, &s.b, &s.p.c->account.device);
	expect_eq(show(&s).v[0].time_ms, then);
	/* It stands until it was seen, and is not told again. */
	expect_ok(person_open(&s.p));
	test_now_ms += 10 * DAY;
	look(&s);
	expect_eq(show(&s).n, 1);
	seen(&s);
	test_now_ms += 10 * DAY;
	look(&s);
	expect_ok(person_open(&s.p));
	test_now_ms += 10 * DAY;
	look(&s);
	expect_eq(show(&s).n, 0);
	expect_eq(s.p.device_alarms, 1);
	person_end(&s.p);
}

TEST(also_of_one_that_it_has_ended_again)
{
	static struct scene s;
	uc_op op;
	begin(&s);
	lets_in(&s);
	expect_ok(uc_device_end(s.p.c, s.b.pub, &op));
	expect_ok(person_talk(&s.p));
	expect_ok(s.p.done_err);
	look(&s);
	test_now_ms += 2 * DAY;
	look(&s);
	expect_told(&s, 1, UC_DEVICE_ADDED, &s.b, &s.p.c->account.device);
	person_end(&s.p);
}

/* Whoever holds it puts its clock ahead, to see it and put it away; or puts it back before, and right again. */
TEST(putting_the_clock_brings_it_no_sooner)
{
	static struct scene s;
	begin(&s);
	lets_in(&s);
	look(&s);
	for (int i = 0; i < 10; i++) {
		s.app.skew_ms = -30 * (int64_t)DAY;
		later(&s, 30 * (uint64_t)DAY);
		look(&s);
		expect_ok(person_open(&s.p));
		look(&s);
		test_now_ms -= 30 * (uint64_t)DAY;
		s.app.skew_ms = 0;
		look(&s);
	}
	expect_eq(show(&s).n, 0);
	test_now_ms += 2 * DAY;
	look(&s);
	expect_eq(show(&s).n, 1);
	person_end(&s.p);
	begin(&s);
	test_now_ms -= 30 * (uint64_t)DAY;
	s.app.skew_ms = 30 * (int64_t)DAY;
	lets_in(&s);
	look(&s);
	s.app.skew_ms = 0;
	later(&s, 30 * (uint64_t)DAY);
	look(&s);
	expect_eq(show(&s).n, 0);
	test_now_ms += 2 * DAY;
	look(&s);
	expect_eq(show(&s).n, 1);
	person_end(&s.p);
}

/* An app whose clock was wrong when it was asked keeps it from nobody. */
TEST(an_app_whose_clock_leaps_delays_it_by_two_days)
{
	static struct scene s;
	begin(&s);
	lets_in(&s);
	s.app.skew_ms = 400 * (int64_t)DAY;
	look(&s);
	s.app.skew_ms = 0;
	look(&s);
	test_now_ms += 2 * DAY;
	look(&s);
	expect_eq(show(&s).n, 1);
	person_end(&s.p);
}

TEST(where_the_connection_lasts_it_is_told_all_the_same)
{
	static struct scene s;
	begin(&s);
	lets_in(&s);
	unsigned steps = 0;
	for (uint64_t end = test_now_ms + 2 * DAY - HOUR; test_now_ms < end; steps++) {
		uint64_t at = uc_client_deadline_ms(s.p.c);
		later(&s, (at < end ? at : end) - test_now_ms);
	}
	expect_eq(show(&s).n, 0);
	expect(steps < 2000);
	for (uint64_t end = test_now_ms + 2 * HOUR; test_now_ms < end;) {
		uint64_t at = uc_client_deadline_ms(s.p.c);
		later(&s, (at < end ? at : end) - test_now_ms);
	}
	expect_told(&s, 1, UC_DEVICE_ADDED, &s.b, &s.p.c->account.device);
	person_end(&s.p);
}

/* The app's clock and the time at work say it in one turn. */
static uc_err is_greeted(struct uc_client *c, void *arg)
{
	(void)arg;
	expect(c->watch.added_ms > 0);
	c->watch.added_ms = 1;
	c->watch.lived_ms = 1;
	return device_watch_hello(c, test_now_ms + 2 * (uint64_t)DAY);
}

TEST(what_is_due_twice_is_told_once)
{
	static struct scene s;
	begin(&s);
	lets_in(&s);
	look(&s);
	expect_eq(show(&s).n, 0);
	expect_ok(turn_run(s.p.c, is_greeted, NULL));
	expect_told(&s, 1, UC_DEVICE_ADDED, &s.b, &s.p.c->account.device);
	test_now_ms += 10 * DAY;
	look(&s);
	expect_eq(show(&s).n, 1);
	person_end(&s.p);
}

/* --- not in the list --- */

struct saying {
	struct scene *s;
	const struct small_app *by;
};

static uc_err says(struct uc_client *c, void *arg)
{
	const struct saying *in = arg;
	struct view v[SMALL_ENTRIES], list;
	struct view_list all = { v, in->by->list_n };
	for (size_t i = 0; i < all.n; i++)
		v[i] = view_make(in->by->list[i].b, in->by->list[i].n);
	TRY(device_entries_write(&all, &c->call, &list));
	c->list_stale = true;
	return device_watch_unlisted(c, VIEW_OF(in->s->c.pub), list);
}

/* In a room stands a device that b has added, as the app tells b. */
static void stands(struct scene *s)
{
	struct saying in = { s, &s->other };
	expect_ok(turn_run(s->p.c, says, &in));
	expect_ok(person_talk(&s->p));
}

static void hidden_begin(struct scene *s)
{
	begin(s);
	lets_in(s);
	s->other = s->app;
	small_app_list_put(&s->other, &s->b, DEVICE_ADD, &s->c, false);
	stands(s);
	expect_eq(show(s).n, 0);
}

TEST(a_device_that_the_app_hides_is_an_alarm_once)
{
	static struct scene s;
	hidden_begin(&s);
	uint64_t then = test_now_ms;
	later(&s, 59 * SECOND);
	expect_eq(show(&s).n, 0);
	expect_ok(person_open(&s.p));
	look(&s);
	expect_eq(show(&s).n, 0);
	later(&s, 2 * SECOND);
	expect_told(&s, 1, UC_DEVICE_HIDDEN, &s.c, &s.b);
	expect_eq(show(&s).v[0].time_ms, then);
	expect_eq(s.p.device_alarms, 1);
	/* It is put out and comes back, again and again. */
	for (int i = 0; i < 3; i++) {
		stands(&s);
		later(&s, HOUR);
		expect_eq(show(&s).n, 1);
	}
	seen(&s);
	expect_ok(person_open(&s.p));
	look(&s);
	stands(&s);
	later(&s, HOUR);
	expect_eq(show(&s).n, 0);
	person_end(&s.p);
}

/* What b has done to c is told as the list has it, and nothing more. */
static void list_says_all(struct scene *s, size_t n, enum uc_device_change_kind last)
{
	later(s, 2 * MINUTE);
	expect_told(s, n, last, &s->c, &s->b);
	later(s, 2 * HOUR);
	expect_eq(show(s).n, n);
}

TEST(one_that_the_list_has_a_moment_later_is_none)
{
	static struct scene s;
	hidden_begin(&s);
	small_app_list_put(&s.app, &s.b, DEVICE_ADD, &s.c, false);
	list_says_all(&s, 1, UC_DEVICE_ADDED);
	person_end(&s.p);
}

TEST(nor_is_one_that_was_ended_meanwhile)
{
	static struct scene s;
	hidden_begin(&s);
	small_app_list_put(&s.app, &s.b, DEVICE_ADD, &s.c, false);
	small_app_list_put(&s.app, &s.b, DEVICE_REVOKE, &s.c, false);
	list_says_all(&s, 2, UC_DEVICE_ENDED);
	person_end(&s.p);
}

TEST(an_app_that_was_put_back_hides_nothing)
{
	static struct scene s;
	hidden_begin(&s);
	s.app.list_n--;
	later(&s, 2 * MINUTE);
	expect_err(s.p.warning, UC_E_STALE);
	expect_eq(show(&s).n, 0);
	/* What it has then, it shows. */
	s.app.list_n++;
	later(&s, HOUR);
	expect_told(&s, 1, UC_DEVICE_HIDDEN, &s.c, &s.b);
	person_end(&s.p);
}

TEST(another_list_hides_one_as_well)
{
	static struct scene s;
	struct ed25519_key d;
	hidden_begin(&s);
	expect_ok(ed25519_generate(test_env(), &d));
	small_app_list_put(&s.app, &s.b, DEVICE_ADD, &d, false);
	later(&s, 2 * MINUTE);
	expect_told(&s, 2, UC_DEVICE_HIDDEN, &s.c, &s.b);
	person_end(&s.p);
}

TEST(without_an_answer_nothing_is_said)
{
	static struct scene s;
	hidden_begin(&s);
	person_disconnect(&s.p);
	test_now_ms += DAY;
	expect_ok(uc_client_step(s.p.c));
	expect_eq(show(&s).n, 0);
	s.app.silent_at = s.app.requests + 3; /* hello and sign-in are answered */
	expect_ok(person_talk(&s.p));
	expect_eq(show(&s).n, 0);
	look(&s);
	expect_told(&s, 1, UC_DEVICE_HIDDEN, &s.c, &s.b);
	person_end(&s.p);
}

/* Who has recovered has ended all that came before. */
static uc_err recovered(struct uc_client *c, void *arg)
{
	struct scene *s = arg;
	struct account *a = &c->account;
	struct ed25519_key key;
	uint8_t seed[ED25519_SEED];
	struct device_list l;
	struct device_entry e = { .device_action = DEVICE_RESET_TO,
				  .device_key = VIEW_OF(a->device.pub) };
	struct view made;
	TRY(hkdf_sha256((struct view){ NULL, 0 }, VIEW_OF(a->entropy),
			VIEW_LIT("Undercroft account key"), seed, sizeof seed));
	ed25519_from_seed(seed, &key);
	expect(devices_known(c, &l));
	TRY(device_entry_make(&l, view_str(a->app), VIEW_OF(key.pub), &key, true, test_now_ms, &e,
			      &c->call, &made));
	memcpy(s->app.list[s->app.list_n].b, made.p, made.n);
	s->app.list[s->app.list_n++].n = made.n;
	return UC_OK;
}

TEST(one_of_before_a_recovery_is_none)
{
	static struct scene s;
	hidden_begin(&s);
	expect_ok(turn_run(s.p.c, recovered, &s));
	later(&s, 2 * MINUTE);
	size_t n = show(&s).n; /* that somebody has recovered */
	expect_eq(n, 1);
	stands(&s);
	later(&s, 2 * HOUR);
	expect_eq(show(&s).n, n);
	person_end(&s.p);
}
