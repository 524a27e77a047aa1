/* SPDX-License-Identifier: Apache-2.0 */
/* Yesterday's copy of an app's stores is put back: what was spent since stays spent. */
#include "tests/unit/provider/apps.h"

static size_t sets_left(struct person *p)
{
	struct pool_status_response r = { { NULL, 0 } };
	expect_ok(
		client_ask(p->c, FRAME_POOL_STATUS, NULL, NULL, pool_status_response_element, &r));
	return r.sets.n;
}

static uint8_t redeem(struct app *a, struct view address)
{
	struct key_material_response r;
	struct key_material_request q = set_request(address);
	expect_ok(address_redeem(a->provider, address, &q, &apps_mem, &r));
	apps_settle();
	return r.user_status;
}

TEST(what_counts_once_is_void)
{
	static const uint8_t grant[GRANT_ID] = { 7 };
	struct person rosa;
	struct set set, fresh;
	struct view address;
	uint8_t incarnation[2][STORE_INCARNATION_BYTES];
	apps_begin();
	struct app *a = &apps[DIAL];
	person_join(&rosa, a, "+4915123456789");
	set_init(&set, a);
	expect_ok(set_put(&rosa, &set));
	expect_ok(set_address(&rosa, &set, grant, &address));
	struct person tom;
	person_init(&tom, a, "+4915123456788");
	expect_ok(person_ask_code(&tom));
	memcpy(incarnation[0], store_incarnation(a->accounts).p, STORE_INCARNATION_BYTES);
	memcpy(incarnation[1], store_incarnation(a->rooms).p, STORE_INCARNATION_BYTES);
	struct copy yesterday = copy_make(a);

	expect_eq(redeem(a, address), KEY_MATERIAL_SUCCESS);
	expect(redeem(a, address) != KEY_MATERIAL_SUCCESS);
	copy_put_back(a, &yesterday);
	expect(store_is_older(a->accounts));
	expect_ok(provider_renew(a->provider));
	apps_settle();
	expect(!store_is_older(a->accounts));
	expect(!store_is_older(a->rooms));
	expect(!view_equal(store_incarnation(a->accounts), VIEW_OF(incarnation[0])));
	expect(!view_equal(store_incarnation(a->rooms), VIEW_OF(incarnation[1])));

	expect(redeem(a, address) != KEY_MATERIAL_SUCCESS);
	expect_eq(stored_count(a->accounts, VIEW_OF(set.slot_id)), 0);
	tom.c = client_connect(a);
	expect_err(person_sign_up(&tom, a->code), UC_E_CODE); /* it may have been used since */
	expect_ok(person_sign_in(&rosa));
	expect_eq(sets_left(&rosa), 0);
	set_init(&fresh, a);
	expect_ok(set_put(&rosa, &fresh));
	expect_ok(set_address(&rosa, &fresh, grant, &address));
	expect_eq(redeem(a, address), KEY_MATERIAL_SUCCESS);
	apps_end();
}

/* An ordinary start voids nothing. */
TEST(the_same_stores_are_no_copy)
{
	static const uint8_t grant[GRANT_ID] = { 7 };
	struct person rosa;
	struct set set;
	struct view address;
	apps_begin();
	struct app *a = &apps[DIAL];
	person_join(&rosa, a, "+4915123456789");
	set_init(&set, a);
	expect_ok(set_put(&rosa, &set));
	expect_ok(set_address(&rosa, &set, grant, &address));
	app_kill(a, true);
	app_start(a);
	expect(!store_is_older(a->accounts));
	expect_ok(provider_renew(a->provider));
	expect_eq(redeem(a, address), KEY_MATERIAL_SUCCESS);
	apps_end();
}

TEST(many_accounts)
{
	enum { ACCOUNTS = 600 };
	apps_begin();
	struct app *a = &apps[DIAL];
	struct account_record r = { .created_day = 1 };
	struct store_key k;
	for (uint32_t i = 0; i < ACCOUNTS; i++) {
		struct store_batch b;
		uint8_t id[ACCOUNT_ID] = { (uint8_t)(i >> 8), (uint8_t)i };
		store_batch_init(&b, VIEW_OF(id));
		expect_ok(record_put(&b, key_1(&k, TABLE_ACCOUNT, VIEW_OF(id)),
				     account_record_element, &r));
		expect_ok(store_commit(a->accounts, &b));
		store_batch_done(&b);
	}
	expect_ok(store_sync(a->accounts));
	struct copy yesterday = copy_make(a);
	copy_put_back(a, &yesterday);
	expect_ok(provider_renew(a->provider));
	for (uint32_t i = 0; i < ACCOUNTS; i++) {
		uint8_t id[ACCOUNT_ID] = { (uint8_t)(i >> 8), (uint8_t)i };
		struct account_record now;
		expect_ok(account_get(a->provider, VIEW_OF(id), &apps_mem, &now));
		expect_eq(now.era, 1);
	}
	apps_end();
}
