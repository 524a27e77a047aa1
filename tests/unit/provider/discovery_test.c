/* SPDX-License-Identifier: Apache-2.0 */
/* Finding people by number at the app: who wants it is found, the app sees no number that is asked
 * about, and nobody asks for more than their budget. */
#include "tests/unit/provider/numbers.h"

#include "mimi/directory.h"

static void discovery_start(struct app *a)
{
	app_start(a);
	expect_ok(provider_set_discovery(a->provider, true, (struct view){ NULL, 0 }));
}

static struct discovery_keys keys(void)
{
	return (struct discovery_keys){ .pub = { dial->keys.discovery.key.pub }, .n = 1 };
}

/* --- asking --- */

static uc_err evaluate_bytes(struct person *p, struct view blinded, struct discovery_answered *out)
{
	struct discovery_evaluate_request q = { blinded };
	struct discovery_evaluate_response r = { { NULL, 0 } };
	TRY(client_ask(p->c, FRAME_DISCOVERY_EVALUATE, discovery_evaluate_request_element, &q,
		       discovery_evaluate_response_element, &r));
	expect_eq(r.answers.n, 1);
	*out = r.answers.v[0];
	return UC_OK;
}

static uc_err evaluate(struct person *p, const struct discovery_batch *b,
		       struct discovery_value *values)
{
	struct discovery_answered answered;
	struct discovery_answer a = { .n = b->n };
	struct discovery_keys k = keys();
	TRY(evaluate_bytes(p, view_make(b->blinded, b->n * OPRF_ELEMENT), &answered));
	expect_eq(answered.evaluated.n, b->n * OPRF_ELEMENT);
	a.evaluated = (const struct oprf_element *)(const void *)answered.evaluated.p;
	memcpy(a.proof, answered.proof, sizeof a.proof);
	return discovery_finish(b, &k, &a, 1, values);
}

/* --- wanting to be found --- */

static bool is_found(const char *number)
{
	uint64_t edition;
	struct discovery_value v = value_of(number);
	struct fuse_filter f = filter_get(&tom, (struct view){ NULL, 0 }, &edition);
	return fuse_filter_has(&f, discovery_filter_key(&v));
}

TEST(who_wants_it_is_found_the_next_day_and_not_after)
{
	struct discovery_value values[3];
	struct discovery_keys k;
	uint64_t edition, later;
	bool found[3];
	numbers_begin();
	filter_wait();
	struct fuse_filter empty = filter_get(&tom, (struct view){ NULL, 0 }, &edition);
	expect_eq(empty.head.count, 0);
	expect_ok(settings_open(&rosa, 1, AGE_ADULT));
	expect_ok(discoverable(&rosa, "+49 30 1234567")); /* as it is typed */
	expect_eq(kept_values(ROSA), 1);
	expect_eq(stored_count(dial->accounts, VIEW_LIT(ROSA)), 0);
	/* Not before the next day: when somebody came is nobody's to see. */
	filter_wait();
	(void)filter_get(&tom, (struct view){ NULL, 0 }, &later);
	expect_eq(later, edition);
	apps_wait(DAY_MS);
	filter_wait();
	struct fuse_filter f = filter_get(&tom, (struct view){ NULL, 0 }, &later);
	expect_eq(later, edition + 1);
	expect_eq(f.head.count, 1);
	struct discovery_batch b = batch_of(ROSA, 3);
	k = keys();
	expect_ok(evaluate(&tom, &b, values));
	expect_ok(discovery_find(&f, &k, values, 3, found));
	expect(found[0] && !found[1] && !found[2]);
	/* Off: the value has gone at once, and with the next day's filter all of it. */
	expect_ok(discoverable(&rosa, NULL));
	expect_eq(kept_values(ROSA), 0);
	apps_wait(DAY_MS);
	filter_wait();
	expect(!is_found(ROSA));
	apps_end();
}

TEST(only_ones_own_number_and_what_the_settings_let)
{
	numbers_begin();
	expect_err(discoverable(&rosa, ROSA), UC_E_NOT_ALLOWED); /* nothing was said */
	expect_ok(settings_open(&rosa, 1, AGE_ADULT));
	expect_err(discoverable(&rosa, TOM), UC_E_NOT_ALLOWED);
	expect_err(discoverable(&rosa, "rosa"), UC_E_NAME);
	struct discoverable_set_request odd = { .on = 2, .number = VIEW_LIT(ROSA) };
	expect_err(client_ask(rosa.c, FRAME_DISCOVERABLE_SET, discoverable_set_request_element,
			      &odd, NULL, NULL),
		   UC_E_ARGUMENT);
	expect_eq(kept_values(ROSA) + kept_values(TOM), 0);
	/* No minor, whatever the device says; nor whose age is not said. */
	expect_err(settings_open(&tom, 1, AGE_TEEN_B), UC_E_NOT_ALLOWED);
	expect_ok(settings_open(&tom, 1, AGE_UNKNOWN));
	expect_err(discoverable(&tom, TOM), UC_E_NOT_ALLOWED);
	apps_end();
}

TEST(a_value_goes_with_what_it_stands_on)
{
	numbers_begin();
	expect_ok(settings_open(&rosa, 1, AGE_ADULT));
	expect_ok(discoverable(&rosa, ROSA));
	/* Settings that close it. */
	struct settings closed = settings_said(&rosa, 2, AGE_ADULT);
	expect_ok(settings_put(&rosa, &closed));
	expect_eq(kept_values(ROSA), 0);
	expect_ok(settings_open(&rosa, 3, AGE_ADULT));
	expect_eq(kept_values(ROSA), 0); /* it is said again */
	expect_ok(discoverable(&rosa, ROSA));
	/* Somebody else proves the number. */
	struct person other;
	expect_eq(kept_values(ROSA), 1);
	person_join(&other, dial, ROSA);
	expect_eq(kept_values(ROSA), 0);
	expect_err(discoverable(&rosa, ROSA), UC_E_NOT_ALLOWED);
	/* The account goes. */
	expect_ok(settings_open(&other, 1, AGE_ADULT));
	expect_ok(discoverable(&other, ROSA));
	expect_eq(kept_values(ROSA), 1);
	expect_ok(person_delete(&other));
	expect_eq(kept_values(ROSA), 0);
	apps_end();
}

TEST(who_is_suspended_is_not_in_the_filter)
{
	numbers_begin();
	expect_ok(settings_open(&rosa, 1, AGE_ADULT));
	expect_ok(discoverable(&rosa, ROSA));
	expect_ok(provider_filter_now(dial->provider));
	filter_wait();
	expect(is_found(ROSA));
	expect_ok(provider_suspend(dial->provider, VIEW_OF(rosa.account_id), true));
	expect_ok(provider_filter_now(dial->provider));
	filter_wait();
	expect(!is_found(ROSA));
	expect_eq(kept_values(ROSA), 1);
	apps_end();
}

/* --- wrong input --- */

TEST(what_is_no_batch_is_refused)
{
	static uint8_t many[(DISCOVERY_BATCH_MAX + 1) * OPRF_ELEMENT];
	struct discovery_answered a;
	uint8_t bytes[OPRF_ELEMENT * 2] = { 0 };
	numbers_begin();
	struct discovery_batch b = batch_of(ROSA, 2);
	expect_err(evaluate_bytes(&tom, (struct view){ NULL, 0 }, &a), UC_E_ARGUMENT);
	expect_err(evaluate_bytes(&tom, view_make(b.blinded, OPRF_ELEMENT + 1), &a), UC_E_ARGUMENT);
	expect_err(evaluate_bytes(&tom, VIEW_OF(many), &a), UC_E_TOO_LARGE);
	/* The identity, and what is no element, also behind one that is. */
	memcpy(bytes, b.blinded, OPRF_ELEMENT);
	expect_err(evaluate_bytes(&tom, VIEW_OF(bytes), &a), UC_E_MALFORMED);
	memset(bytes + OPRF_ELEMENT, 0xff, OPRF_ELEMENT);
	expect_err(evaluate_bytes(&tom, VIEW_OF(bytes), &a), UC_E_MALFORMED);
	/* After which all goes on. */
	expect_ok(evaluate_bytes(&tom, view_make(b.blinded, OPRF_ELEMENT), &a));
	struct discovery_filter_response r;
	expect_err(filter_part(&tom, VIEW_LIT("of nobody"), 0, 0, &r), UC_E_NOT_FOUND);
	filter_wait();
	expect_ok(filter_part(&tom, (struct view){ NULL, 0 }, 0, 0, &r));
	expect_err(filter_part(&tom, (struct view){ NULL, 0 }, r.edition, r.total + 1, &r),
		   UC_E_ARGUMENT);
	expect_err(filter_part(&tom, (struct view){ NULL, 0 }, r.edition, 1, &r), UC_E_ARGUMENT);
	apps_end();
}

TEST(an_app_that_does_not_offer_it_says_so)
{
	struct discovery_answered a;
	struct discovery_filter_response r;
	struct directory d;
	numbers_begin();
	struct discovery_batch b = batch_of(ROSA, 1);
	expect_ok(directory_read(buf_view(&dial->provider->directory), &apps_mem, &d));
	expect_bytes(d.discovery_keys[0], VIEW_OF(dial->keys.discovery.key.pub.b));
	expect_eq(d.discovery_keys[1].n, 0);
	expect_ok(settings_open(&rosa, 1, AGE_ADULT));
	expect_ok(discoverable(&rosa, ROSA));
	expect_ok(provider_set_discovery(dial->provider, false, (struct view){ NULL, 0 }));
	expect_ok(directory_read(buf_view(&dial->provider->directory), &apps_mem, &d));
	expect_eq(d.discovery_keys[0].n, 0);
	expect_err(evaluate_bytes(&tom, view_make(b.blinded, OPRF_ELEMENT), &a), UC_E_UNSUPPORTED);
	expect_err(filter_part(&tom, (struct view){ NULL, 0 }, 0, 0, &r), UC_E_UNSUPPORTED);
	expect_err(discoverable(&tom, TOM), UC_E_UNSUPPORTED);
	expect_err(provider_filter_now(dial->provider), UC_E_UNSUPPORTED);
	/* And what was kept for it goes. */
	for (int i = 0; i < 20; i++)
		apps_wait(HOUR_MS / 4);
	expect_eq(kept_values(ROSA), 0);
	apps_end();
}

/* --- budget --- */

static uint32_t spend(struct person *p, size_t n)
{
	struct discovery_answered a;
	struct discovery_batch b = batch_of(ROSA, n);
	uc_err err = evaluate_bytes(p, view_make(b.blinded, n * OPRF_ELEMENT), &a);
	if (err)
		expect_err(err, UC_E_RATE);
	return err ? p->c->answer.retry_after_s : 0;
}

TEST(no_more_than_the_budget_is_asked_for)
{
	enum { DAY_S = 24 * 3600 };
	numbers_begin();
	expect_eq(spend(&tom, DISCOVERY_START), 0);
	/* One is there when the day is over; a thousand in 23. */
	uint32_t wait = spend(&tom, 1), all = spend(&tom, DISCOVERY_START);
	expect(wait > 0 && wait <= DAY_S + 1);
	expect(all > 22 * DAY_S && all <= 23 * DAY_S + 1);
	apps_wait((uint64_t)wait * 1000);
	expect(spend(&tom, DISCOVERY_DAILY + 1) > 0);
	expect_eq(spend(&tom, DISCOVERY_DAILY), 0);
	/* Killed, whatever was not synced: what was answered is spent. */
	app_kill(dial, false);
	discovery_start(dial);
	expect_ok(person_sign_in(&tom));
	expect(spend(&tom, 1) > 0);
	/* A fresh account under the number goes on where it stopped, another number does not. */
	expect_ok(person_delete(&tom));
	person_join(&tom, dial, TOM);
	expect(spend(&tom, 1) > 0);
	expect_ok(person_sign_in(&rosa));
	expect_eq(spend(&rosa, 1), 0);
	apps_end();
}

TEST(in_a_year_an_account_asks_for_what_is_written)
{
	const uint32_t most = DISCOVERY_START + 365 * DISCOVERY_DAILY;
	struct discovery_budget b = { 0 };
	uint32_t asked = 0;
	for (uint32_t day = 20000; day <= 20365; day++) {
		uint32_t left = discovery_budget_left(&b, day);
		expect_eq(discovery_budget_take(&b, left, day), 0);
		asked += left;
	}
	expect_eq(asked, most);
	/* And what is looked up one by one besides (provider/looking). */
	expect(10000000 / (most + 366 * REQUESTS_DAY) >= 400);
}

TEST(batches_of_who_has_gone_are_dropped)
{
	numbers_begin();
	struct discovery_batch b = batch_of(ROSA, 1000);
	struct discovery_evaluate_request q = { view_make(b.blinded, b.n * OPRF_ELEMENT) };
	struct buf frame;
	buf_init(&frame, 1 << 20);
	expect_ok(frame_add_request(&frame, FRAME_DISCOVERY_EVALUATE, 1,
				    discovery_evaluate_request_element, &q));
	provider_frame(dial->provider, tom.c->session, buf_view(&frame));
	expect_eq(dial->provider->discovery.jobs_n, 1);
	/* One of a session at once. */
	provider_frame(dial->provider, tom.c->session, buf_view(&frame));
	expect_eq(dial->provider->discovery.jobs_n, 1);
	client_close(tom.c);
	expect_eq(dial->provider->discovery.jobs_n, 0);
	buf_done(&frame);
	apps_end();
}

/* --- the filter over time --- */

static size_t parts_kept(void)
{
	static const uint8_t table = TABLE_FILTER_PART;
	struct store_scan scan;
	struct view key, value;
	size_t n = 0;
	expect_ok(store_scan_init(&scan, dial->accounts, view_make(&table, 1),
				  (struct view){ NULL, 0 }, 0));
	while (store_scan_next(&scan, &key, &value))
		n++;
	store_scan_done(&scan);
	return n;
}

TEST(a_filter_stays_over_a_restart_and_is_made_anew_when_its_day_is_over)
{
	uint64_t first, edition;
	numbers_begin();
	expect_ok(settings_open(&rosa, 1, AGE_ADULT));
	expect_ok(discoverable(&rosa, ROSA));
	filter_wait();
	(void)filter_get(&tom, (struct view){ NULL, 0 }, &first);
	app_kill(dial, false);
	discovery_start(dial);
	expect_ok(person_sign_in(&tom));
	filter_wait();
	(void)filter_get(&tom, (struct view){ NULL, 0 }, &edition);
	expect_eq(edition, first);
	expect_eq(parts_kept(), 1);
	app_kill(dial, false);
	test_now_ms += DAY_MS;
	discovery_start(dial);
	expect_ok(person_sign_in(&tom));
	filter_wait();
	struct fuse_filter f = filter_get(&tom, (struct view){ NULL, 0 }, &edition);
	expect_eq(edition, first + 1);
	expect_eq(f.head.count, 1);
	expect_eq(parts_kept(), 1); /* that of before has gone */
	apps_end();
}

/* As many as fill several parts: found, each, and as the same bytes in whatever order they came. */
TEST(a_filter_of_many_is_whole)
{
	enum { MANY = 50000 };
	struct store_batch b;
	struct store_key k;
	uint64_t edition;
	numbers_begin();
	/* Each says what Rosa says. */
	struct settings_record open;
	struct arena mem;
	bool found;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	expect_ok(settings_open(&rosa, 1, AGE_ADULT));
	expect_ok(record_find(dial->accounts,
			      key_1(&k, TABLE_SETTINGS, VIEW_OF(rosa.c->session->account_id)),
			      settings_record_element, &mem, &open, &found));
	for (uint32_t i = 0; i < MANY; i++) {
		uint8_t id[ACCOUNT_ID] = { 0 };
		struct account_record account = { .era = 0 };
		struct discoverable_record r = { 0 };
		memcpy(id, &i, sizeof i);
		id[15] = 1;
		expect_ok(sha256(view_make(&i, sizeof i), r.value));
		memcpy(r.prf_key, dial->keys.discovery.key.pub.b, sizeof r.prf_key);
		store_batch_init(&b, VIEW_OF(id));
		expect_ok(record_put(&b, key_1(&k, TABLE_ACCOUNT, VIEW_OF(id)),
				     account_record_element, &account));
		expect_ok(record_put(&b, key_1(&k, TABLE_DISCOVERABLE, VIEW_OF(id)),
				     discoverable_record_element, &r));
		expect_ok(record_put(&b, key_1(&k, TABLE_SETTINGS, VIEW_OF(id)),
				     settings_record_element, &open));
		expect_ok(commit_accounts(dial->provider, &b));
	}
	for (int i = 0; i < 200 && !dial->provider->discovery.edition; i++)
		apps_wait(1000);
	struct fuse_filter f = filter_get(&tom, (struct view){ NULL, 0 }, &edition);
	expect_eq(f.head.count, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		struct discovery_value v;
		expect_ok(sha256(view_make(&i, sizeof i), v.b));
		expect(fuse_filter_has(&f, discovery_filter_key(&v)));
	}
	arena_done(&mem);
	apps_end();
}

/* However its row came to be there: as when the service that knows better was believed only later. */
TEST(who_is_a_minor_by_now_is_in_no_filter)
{
	struct store_batch b;
	struct store_key k;
	struct settings_record said;
	struct arena mem;
	uint64_t edition;
	bool found;
	numbers_begin();
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	struct view id = VIEW_OF(rosa.c->session->account_id);
	expect_ok(settings_open(&rosa, 1, AGE_ADULT));
	expect_ok(discoverable(&rosa, ROSA));
	expect_ok(record_find(dial->accounts, key_1(&k, TABLE_SETTINGS, id),
			      settings_record_element, &mem, &said, &found));
	said.checked = 1 + AGE_TEEN_B;
	store_batch_init(&b, id);
	expect_ok(record_put(&b, key_1(&k, TABLE_SETTINGS, id), settings_record_element, &said));
	expect_ok(commit_accounts(dial->provider, &b));
	expect_eq(kept_values(ROSA), 1);
	apps_wait(DAY_MS);
	filter_wait();
	struct fuse_filter f = filter_get(&tom, (struct view){ NULL, 0 }, &edition);
	expect_eq(f.head.count, 0);
	arena_done(&mem);
	apps_end();
}

TEST(after_a_change_of_the_key_both_filters_are_there_for_a_day)
{
	uint64_t edition;
	struct discovery_filter_response r;
	numbers_begin();
	expect_ok(settings_open(&rosa, 1, AGE_ADULT));
	expect_ok(discoverable(&rosa, ROSA));
	filter_wait();
	struct oprf_element before = dial->keys.discovery.key.pub;
	struct discovery_value old = value_of(ROSA);
	expect_ok(provider_keys_rotate_discovery(&dial->keys, test_env()));
	expect_err(provider_keys_rotate_discovery(&dial->keys, test_env()), UC_E_BUSY);
	provider_discovery_changed(dial->provider);
	expect_ok(provider_keys_rotated(dial->provider));
	filter_wait();
	struct fuse_filter f = filter_get(&tom, VIEW_OF(before.b), &edition);
	expect(fuse_filter_has(&f, discovery_filter_key(&old)));
	expect_eq(filter_get(&tom, (struct view){ NULL, 0 }, &edition).head.count, 0);
	/* Said again, the value is of the new key. */
	expect_ok(discoverable(&rosa, ROSA));
	expect_ok(provider_filter_now(dial->provider));
	filter_wait();
	expect(is_found(ROSA));
	expect_eq(stored_count(dial->accounts, VIEW_OF(old.b)), 0);
	/* A day later that of before is gone, with its parts. */
	expect(!provider_keys_end_discovery(&dial->keys, test_now_ms));
	test_now_ms += DISCOVERY_BEFORE_MS;
	expect(provider_keys_end_discovery(&dial->keys, test_now_ms));
	for (int i = 0; i < 20; i++)
		apps_wait(HOUR_MS / 4);
	expect_err(filter_part(&tom, VIEW_OF(before.b), 0, 0, &r), UC_E_NOT_FOUND);
	expect_eq(stored_count(dial->accounts, VIEW_OF(before.b)), 0);
	apps_end();
}

/* --- batches that come again --- */

static uc_err evaluate_again(struct person *p, const struct discovery_batch *b)
{
	struct discovery_answered a;
	return evaluate_bytes(p, view_make(b->blinded, b->n * OPRF_ELEMENT), &a);
}

TEST(an_answer_that_was_lost_is_had_again_but_not_for_ever)
{
	struct discovery_value values[2];
	numbers_begin();
	struct discovery_batch all = batch_of(ROSA, DISCOVERY_START - 2), two = batch_of(TOM, 2);
	expect_ok(evaluate_again(&tom, &all));
	app_kill(dial, false);
	discovery_start(dial);
	expect_ok(person_sign_in(&tom));
	for (int i = 0; i < 3; i++)
		expect_ok(evaluate_again(&tom, &all));
	expect_err(evaluate_again(&tom, &all), UC_E_RATE);
	/* The last one alone, and nobody else's. */
	expect_ok(evaluate(&tom, &two, values));
	expect_ok(evaluate(&tom, &two, values));
	expect_err(evaluate_again(&tom, &all), UC_E_RATE);
	expect_ok(person_sign_in(&rosa));
	expect_ok(evaluate_again(&rosa, &all));
	expect_ok(evaluate_again(&rosa, &two));
	expect(spend(&rosa, 1) > 0);
	apps_end();
}

TEST(a_clock_that_is_put_back_makes_no_filter_of_the_day_before)
{
	uint64_t first, edition;
	numbers_begin();
	test_now_ms += DAY_MS;
	filter_wait();
	uint32_t day = filter_get(&tom, (struct view){ NULL, 0 }, &first).head.day;
	test_now_ms -= DAY_MS;
	filter_wait();
	expect_eq(filter_get(&tom, (struct view){ NULL, 0 }, &edition).head.day, day);
	expect_eq(edition, first);
	apps_end();
}
