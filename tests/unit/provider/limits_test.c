/* SPDX-License-Identifier: Apache-2.0 */
/* Measures by key, when there are very many keys, and when the clock is put back. */
#include "tests/unit/provider/apps.h"

static const uint64_t hour_ms = 3600 * 1000;

static uint32_t take(struct rate_table *t, uint32_t key, uint64_t now_ms)
{
	return rate_table_take(t, LIMIT_LOOKUP, view_make(&key, sizeof key), now_ms);
}

TEST(a_table_that_was_full_has_room_again)
{
	struct rate_table t;
	uint64_t now = 1800000000000;
	uint32_t key = 0;
	expect_ok(rate_table_init(&t, test_env(), limits_default));
	for (; key < RATE_KEYS_MAX; key++)
		expect_eq(take(&t, key, now), 0);
	expect(take(&t, key, now) > 0);
	/* All of them are of no use a while later, and make way for as many. */
	now += hour_ms;
	for (uint32_t i = 0; i < RATE_KEYS_MAX; i++)
		expect_eq(take(&t, key + i, now), 0);
	rate_table_done(&t);
}

TEST(what_cannot_be_counted_by_network_passes)
{
	struct rate_table t;
	uint64_t now = 1800000000000;
	expect_ok(rate_table_init(&t, test_env(), limits_default));
	t.lets_pass = true;
	for (uint32_t key = 0; key < RATE_KEYS_MAX; key++)
		expect_eq(take(&t, key, now), 0);
	expect_eq(take(&t, RATE_KEYS_MAX, now), 0);
	expect_eq(t.map.n, RATE_KEYS_MAX);
	/* Those it knows it counts. */
	uint32_t wait = 0;
	for (int i = 0; !wait && i < 100; i++)
		wait = take(&t, 7, now);
	expect(wait > 0);
	rate_table_done(&t);
}

TEST(a_busy_hour_does_not_fill_the_table_for_good)
{
	struct rate_table t;
	uint64_t now = 1800000000000;
	uint32_t key = 0, refused = 0;
	expect_ok(rate_table_init(&t, test_env(), limits_default));
	/* Fifty new keys a second, for two hours. */
	for (int second = 0; second < 7200; second++, now += 1000)
		for (int i = 0; i < 50; i++)
			refused += take(&t, key++, now) != 0;
	expect_eq(refused, 0);
	rate_table_done(&t);
}

TEST(a_clock_that_is_put_back_locks_nobody_out)
{
	struct rate_table t;
	uint64_t now = 1800000000000, late = now + 400 * 24 * hour_ms;
	expect_ok(rate_table_init(&t, test_env(), limits_default));
	for (uint32_t key = 0; key < RATE_KEYS_MAX; key++)
		expect_eq(take(&t, key, late), 0);
	/* Those that are known wait for a full bucket at most; the others find room. */
	uint32_t wait = take(&t, 7, now);
	expect(wait <= 1200);
	expect_eq(take(&t, 7, now + (uint64_t)wait * 1000), 0);
	expect_eq(take(&t, RATE_KEYS_MAX + 1, now + 2000), 0);
	rate_table_done(&t);
}

TEST(nor_does_it_where_one_measure_is_kept)
{
	uint64_t now = 1800000000000;
	for (int limit = 0; limit < LIMITS_N; limit++) {
		struct rate_state r = { 0 };
		const struct rate *l = &limits_default[limit];
		while (!rate_take(&r, l, now + 400 * 24 * hour_ms))
			;
		expect_eq(rate_wait(&r, l, now), 0);
		expect_eq(rate_take(&r, l, now), 0);
		/* A little back is no present. */
		while (!rate_take(&r, l, now))
			;
		expect(rate_take(&r, l, now - 1) > 0);
		expect_eq(rate_take(&r, l, now + 2 * hour_ms), 0);
	}
}

TEST(other_limits_hold_at_once_and_what_was_counted_stays)
{
	struct rate_table t;
	struct rate limits[LIMITS_N];
	uint64_t now = 1800000000000;
	memcpy(limits, limits_default, sizeof limits);
	expect_ok(rate_table_init(&t, test_env(), limits));
	limits[LIMIT_LOOKUP] = (struct rate){ 2, 3600 };
	expect_eq(take(&t, 1, now), 0);
	expect_eq(take(&t, 1, now), 0);
	expect_eq(take(&t, 1, now), 2);
	limits[LIMIT_LOOKUP] = (struct rate){ 4, 3600 };
	expect_eq(take(&t, 1, now), 0);
	expect_eq(take(&t, 1, now), 0);
	expect(take(&t, 1, now) > 0);
	/* Less than what is spent counts as all of it. */
	limits[LIMIT_LOOKUP] = (struct rate){ 3, 3600 };
	expect_eq(take(&t, 1, now), 2);
	expect_eq(take(&t, 1, now + 2000), 0);
	rate_table_done(&t);
}

TEST(limits_that_cannot_be_counted_with)
{
	static const struct rate bad[] = {
		{ 0, 1 }, { 1, 0 }, { RATE_MAX + 1, RATE_MAX }, { 1, RATE_MAX + 1 }, { 25, 1 }
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect(!rate_is_valid(&bad[i]));
	for (size_t i = 0; i < LIMITS_N; i++)
		expect(rate_is_valid(&limits_default[i]));
	expect(rate_is_valid(&(struct rate){ 24, 1 }));
	expect(rate_is_valid(&(struct rate){ RATE_MAX, RATE_MAX }));
}

TEST(what_is_larger_counts_more)
{
	struct rate_state large = { 0 }, small = { 0 }, huge = { 0 };
	uint64_t now = 1800000000000;
	uint32_t n = 0, m = 0;
	while (!rate_take_many(&large, &limits_default[LIMIT_MESSAGE], rate_units_of(256 * 1024),
			       now))
		n++;
	while (!rate_take_many(&small, &limits_default[LIMIT_MESSAGE], rate_units_of(300), now))
		m++;
	expect_eq(m, 600);
	expect(n > 2 && n < 20);
	/* More than there ever is costs all, and is not refused for good. */
	expect_eq(rate_take_many(&huge, &limits_default[LIMIT_MESSAGE], UINT32_MAX, now), 0);
	expect(rate_take(&huge, &limits_default[LIMIT_MESSAGE], now) > 0);
}

/* --- every request has one --- */

static const struct rate one = { 1, 1 };

/* Said again and again with a body that says nothing: the second is refused, with a time. */
static void expect_request_limited(uint16_t type, enum frame_phase phase)
{
	const struct request_rule *rule = request_rule_find(type);
	struct rate limits[LIMITS_N];
	static const struct empty nothing;
	expect(rule != NULL);
	memcpy(limits, limits_default, sizeof limits);
	limits[rule->limit] = one;
	provider_set_limits(apps[LENS].provider, limits);
	struct client *c = type == FRAME_HELLO ? client_connect_silent(&apps[LENS])
					       : client_connect(&apps[LENS]);
	memset(c->session->rates, 0, sizeof c->session->rates);
	memset(c->session->account_id, (int)type, sizeof c->session->account_id);
	c->session->phase = phase;
	uc_err first = client_ask(c, type, empty_element, &nothing, NULL, NULL);
	if (c->session) /* gone, with what it was */
		c->session->phase = phase;
	expect(first != UC_E_RATE);
	uc_err second = client_ask(c, type, empty_element, &nothing, NULL, NULL);
	if (rule->by != BY_HANDLER) {
		expect_err(second, UC_E_RATE);
		expect(c->answer.retry_after_s > 0 && c->answer.retry_after_s <= 3601);
	}
	c->session->phase = PHASE_GREETED;
	client_close(c);
}

TEST(every_request_has_a_limit)
{
	apps_begin();
	expect_eq(LIMIT_DIRECTORY + 1, LIMITS_OF_SESSION);
#define LIMITED(name, walk, number, phase, max) expect_request_limited(number, phase);
	FRAME_REQUESTS(LIMITED)
#undef LIMITED
	apps_end();
}

TEST(every_question_of_an_app_has_a_limit)
{
	struct rate limits[LIMITS_N];
	apps_begin();
	for (size_t i = 0; peer_rule_at(i); i++) {
		const struct peer_rule *rule = peer_rule_at(i);
		memcpy(limits, limits_default, sizeof limits);
		if (!rule->by_handler)
			limits[rule->limit] = one;
		provider_set_limits(apps[LENS].provider, limits);
		/* An app of its own each time: two questions may share a limit. */
		struct app asker = { .domain = view_str(rule->name) };
		struct view target = VIEW_LIT("mimi:%2f%2flens"), body = VIEW_LIT("?");
		expect(peer_ask(&apps[LENS], &asker, rule->name, target, body, NULL) != 429);
		char other[32];
		if (rule->by_handler) {
			limits[LIMIT_PEER_REQUEST] = one;
			provider_set_limits(apps[LENS].provider, limits);
			snprintf(other, sizeof other, "other%zu.example", i);
			asker.domain = view_str(other);
			expect(peer_ask(&apps[LENS], &asker, rule->name, target, body, NULL) !=
			       429);
		}
		expect_eq(peer_ask(&apps[LENS], &asker, rule->name, target, body, NULL), 429);
		expect(apps[LENS].last_retry_after_s > 0);
		expect(apps[LENS].last_retry_after_s <= 3601);
	}
	apps_end();
}
