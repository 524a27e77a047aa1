/* SPDX-License-Identifier: Apache-2.0 */
/* KeyPackage sets and the addresses that name them. */
#include "mimi/sealed.h"
#include "tests/unit/provider/apps.h"

static const uint8_t grant[GRANT_ID] = { 1, 2, 3 };

static size_t sets_left(struct person *p)
{
	struct pool_status_response r = { { NULL, 0 } };
	expect_ok(
		client_ask(p->c, FRAME_POOL_STATUS, NULL, NULL, pool_status_response_element, &r));
	return r.sets.n;
}

static uc_err take(struct client *c, const struct set *s, struct pool_take_response *r)
{
	struct pool_take_request q;
	memcpy(q.set_id, s->set_id, sizeof q.set_id);
	return client_ask(c, FRAME_POOL_TAKE, pool_take_request_element, &q,
			  pool_take_response_element, r);
}

static uint8_t redeem(struct app *a, struct view address, struct key_material_response *r)
{
	struct key_material_request q = set_request(address);
	expect_ok(address_redeem(a->provider, address, &q, &apps_mem, r));
	apps_settle();
	return r->user_status;
}

TEST(a_set_is_taken_once)
{
	struct person p;
	struct set one, two;
	struct pool_take_response r;
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	set_init(&one, p.app);
	set_init(&two, p.app);
	expect_ok(set_put(&p, &one));
	expect_ok(set_put(&p, &two));
	expect_eq(sets_left(&p), 2);
	expect_ok(take(p.c, &one, &r));
	expect_eq(r.sealed.n, 1);
	expect_bytes(r.sealed.v[0], one.sealed);
	expect_err(take(p.c, &one, &r), UC_E_NOT_FOUND);
	expect_eq(sets_left(&p), 1);
	expect_eq(stored_count(apps[LENS].accounts, VIEW_OF(one.slot_id)), 0);
	apps_end();
}

TEST(a_set_said_again_is_the_same_or_refused)
{
	struct person p;
	struct set s, changed;
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	set_init(&s, p.app);
	expect_ok(set_put(&p, &s));
	expect_ok(set_put(&p, &s));
	expect_eq(sets_left(&p), 1);
	set_init(&changed, p.app);
	memcpy(changed.set_id, s.set_id, SET_ID);
	memcpy(changed.slot_id, s.slot_id, SLOT_ID);
	expect_err(set_put(&p, &changed), UC_E_EXISTS);
	/* Twice in one request. */
	struct pool_slot slots[2] = { { .not_after_ms = s.not_after_ms, .sealed = s.sealed },
				      { .not_after_ms = s.not_after_ms,
					.sealed = changed.sealed } };
	struct pool_put_request q = { { slots, 2 } };
	memset(slots[0].set_id, 9, SET_ID);
	memset(slots[1].set_id, 9, SET_ID);
	expect_err(client_ask(p.c, FRAME_POOL_PUT, pool_put_request_element, &q, NULL, NULL),
		   UC_E_EXISTS);
	expect_eq(sets_left(&p), 1);
	apps_end();
}

TEST(the_pool_is_bounded)
{
	struct person p;
	struct set s;
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	set_init(&s, p.app);
	struct set bad = s;
	bad.sealed = view_slice(s.sealed, 0, s.sealed.n - 1);
	expect_err(set_put(&p, &bad), UC_E_ARGUMENT);
	bad = s;
	bad.not_after_ms = test_now_ms;
	expect_err(set_put(&p, &bad), UC_E_ARGUMENT);
	bad.not_after_ms = test_now_ms + (uint64_t)103 * DAY_MS;
	expect_err(set_put(&p, &bad), UC_E_ARGUMENT);
	uint8_t *large = arena_take(&apps_mem, 17 * SLOT_PAD + BOX_OVERHEAD);
	bad = s;
	bad.sealed = view_make(large, 17 * SLOT_PAD + BOX_OVERHEAD);
	expect_err(set_put(&p, &bad), UC_E_ARGUMENT);
	for (int i = 0; i < POOL_SETS_MAX; i++) {
		s.set_id[0] = (uint8_t)i;
		s.set_id[1] = (uint8_t)(i >> 8);
		if (i % 100 == 0)
			test_now_ms += 120000;
		expect_ok(set_put(&p, &s));
	}
	s.set_id[2] ^= 1;
	expect_err(set_put(&p, &s), UC_E_LIMIT);
	expect_eq(sets_left(&p), POOL_SETS_MAX);
	apps_end();
}

TEST(large_sets_fill_the_pool_sooner)
{
	struct person p;
	struct set s;
	uc_err err = UC_OK;
	int n = 0;
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	set_init(&s, p.app);
	uint8_t *large = arena_take(&apps_mem, 16 * SLOT_PAD + BOX_OVERHEAD);
	s.sealed = view_make(large, 16 * SLOT_PAD + BOX_OVERHEAD);
	for (; !err && n < 5000; n++) {
		s.slot_id[0] = (uint8_t)n;
		s.slot_id[1] = (uint8_t)(n >> 8);
		if (n % 100 == 0)
			test_now_ms += 60000;
		err = set_put(&p, &s);
	}
	expect_err(err, UC_E_LIMIT);
	expect(n > 500 && n < 530); /* 8 MiB */
	apps_end();
}

TEST(a_key_address_gives_one_set_once)
{
	struct person p;
	struct set s;
	struct view address;
	struct key_material_response r;
	struct pool_take_response t;
	apps_begin();
	person_join(&p, &apps[DIAL], "+4915123456789");
	set_init(&s, p.app);
	expect_err(set_address(&p, &s, grant, &address), UC_E_EXHAUSTED);
	expect_ok(set_put(&p, &s));
	expect_ok(set_address(&p, &s, grant, &address));
	expect_eq(redeem(p.app, address, &r), KEY_MATERIAL_SUCCESS);
	expect_eq(r.clients.n, 1);
	expect_eq(r.clients.v[0].client_status, KEY_MATERIAL_CLIENT_SUCCESS);
	expect_bytes(r.clients.v[0].key_package, s.key_package);
	expect_bytes(r.clients.v[0].client_uri, s.client);
	struct event *e = client_event(p.c, FRAME_SET_TAKEN);
	expect(e != NULL);
	struct set_taken_event taken;
	expect(e && !wire_decode(e->body, &apps_mem, set_taken_event_element, &taken));
	expect_bytes(VIEW_OF(taken.set_id), VIEW_OF(s.set_id));
	/* Once more; and by its owner. */
	expect_eq(redeem(p.app, address, &r), KEY_MATERIAL_USER_UNKNOWN);
	expect_eq(r.clients.n, 0);
	expect_err(take(p.c, &s, &t), UC_E_NOT_FOUND);
	expect_eq(sets_left(&p), 0);
	apps_end();
}

/* All that is wrong is one answer, to the byte but for the address itself. */
static void expect_unknown(struct app *a, struct view address, struct view pattern)
{
	struct key_material_response r;
	struct view bytes;
	expect_eq(redeem(a, address, &r), KEY_MATERIAL_USER_UNKNOWN);
	expect_bytes(r.user_uri, address);
	r.user_uri = VIEW_LIT("mimi://x.example");
	expect_ok(wire_encode_to(&apps_mem, key_material_response_element, &r, &bytes));
	expect_bytes(bytes, pattern);
}

TEST(what_is_wrong_with_an_address_is_not_told)
{
	struct person p;
	struct set s;
	struct view address, other, pattern;
	struct key_material_response r = { .protocol = PROTOCOL_MLS10,
					   .user_status = KEY_MATERIAL_USER_UNKNOWN,
					   .user_uri = VIEW_LIT("mimi://x.example") };
	apps_begin();
	expect_ok(wire_encode_to(&apps_mem, key_material_response_element, &r, &pattern));
	person_join(&p, &apps[LENS], "rosa");
	set_init(&s, p.app);
	expect_ok(set_put(&p, &s));
	expect_ok(set_address(&p, &s, grant, &address));
	/* Changed, another app's, none at all. */
	uint8_t *bent = arena_take(&apps_mem, address.n);
	memcpy(bent, address.p, address.n);
	bent[address.n - 20] = bent[address.n - 20] == 'a' ? 'b' : 'a';
	expect_unknown(p.app, view_make(bent, address.n), pattern);
	expect_unknown(&apps[DIAL], address, pattern);
	expect_unknown(p.app, VIEW_LIT("mimi://lens.example/k/"), pattern);
	expect_unknown(p.app, VIEW_LIT("mimi://lens.example/p/abc/def"), pattern);
	/* Revoked with its grant; other grants stay. */
	uint8_t second[GRANT_ID] = { 9 };
	expect_ok(set_address(&p, &s, second, &other));
	struct grant_revoke_request revoke;
	memcpy(revoke.grant_id, grant, sizeof grant);
	expect_ok(client_ask(p.c, FRAME_GRANT_REVOKE, grant_revoke_request_element, &revoke, NULL,
			     NULL));
	expect_unknown(p.app, address, pattern);
	/* Expired. */
	uint64_t now = test_now_ms;
	test_now_ms += (uint64_t)10 * DAY_MS;
	expect_unknown(p.app, other, pattern);
	test_now_ms = now;
	expect_eq(redeem(p.app, other, &r), KEY_MATERIAL_SUCCESS);
	expect_unknown(p.app, other, pattern); /* used */
	apps_end();
}

TEST(an_address_for_one_room_brings_nobody_into_another)
{
	struct person p;
	struct set s;
	struct view here, there, pattern;
	struct key_material_response r = { .protocol = PROTOCOL_MLS10,
					   .user_status = KEY_MATERIAL_USER_UNKNOWN,
					   .user_uri = VIEW_LIT("mimi://x.example") };
	apps_begin();
	expect_ok(wire_encode_to(&apps_mem, key_material_response_element, &r, &pattern));
	person_join(&p, &apps[LENS], "rosa");
	set_init(&s, p.app);
	expect_ok(set_put(&p, &s));
	expect_ok(set_address_for(&p, &s, grant, SET_ROOM, &here));
	expect_ok(set_address_for(&p, &s, grant, SET_ROOM "s", &there));
	expect_eq(here.n, there.n);
	expect_unknown(p.app, there, pattern);
	expect_eq(sets_left(&p), 1);
	expect_eq(redeem(p.app, here, &r), KEY_MATERIAL_SUCCESS);
	expect_unknown(p.app, here, pattern);
	apps_end();
}

TEST(a_request_address_is_no_key_address)
{
	struct person p;
	struct view uri;
	struct key_material_response r;
	struct address_wish w = { .kind = ADDRESS_REQUEST,
				  .channel = CHANNEL_LINK,
				  .expires_ms = test_now_ms + DAY_MS };
	struct address_make_request q = { { &w, 1 } };
	struct address_make_response made;
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	w.expires_ms = test_now_ms + DAY_MS;
	expect_ok(client_ask(p.c, FRAME_ADDRESS_MAKE, address_make_request_element, &q,
			     address_make_response_element, &made));
	uri = made.addresses.v[0];
	expect_eq(redeem(p.app, uri, &r), KEY_MATERIAL_USER_UNKNOWN);
	/* Wishes that make no sense. */
	struct address_wish bad[] = { w, w, w, w };
	bad[0].channel = CHANNEL_LOOKUP;
	bad[1].expires_ms = test_now_ms;
	bad[2].expires_ms = test_now_ms + (uint64_t)101 * DAY_MS;
	bad[3].kind = 3;
	for (int i = 0; i < 4; i++) {
		q.wishes.v = &bad[i];
		expect_err(client_ask(p.c, FRAME_ADDRESS_MAKE, address_make_request_element, &q,
				      NULL, NULL),
			   UC_E_ARGUMENT);
	}
	apps_end();
}

TEST(other_suites_leave_the_set_where_it_is)
{
	struct person p;
	struct set s;
	struct view address;
	struct key_material_response r;
	uint16_t chacha[] = { SUITE_X25519_CHACHA };
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	set_init(&s, p.app);
	expect_ok(set_put(&p, &s));
	expect_ok(set_address(&p, &s, grant, &address));
	struct key_material_request q = set_request(address);
	q.acceptable_ciphersuites.v = chacha;
	expect_ok(address_redeem(p.app->provider, address, &q, &apps_mem, &r));
	expect_eq(r.user_status, KEY_MATERIAL_NO_COMPATIBLE_MATERIAL);
	expect_eq(r.clients.n, 0);
	expect_eq(redeem(p.app, address, &r), KEY_MATERIAL_SUCCESS);
	apps_end();
}

TEST(a_wrong_set_key_opens_nothing)
{
	struct person p;
	struct set s;
	struct view address;
	struct key_material_response r;
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	set_init(&s, p.app);
	expect_ok(set_put(&p, &s));
	s.key[0] ^= 1;
	expect_ok(set_address(&p, &s, grant, &address));
	expect_eq(redeem(p.app, address, &r), KEY_MATERIAL_USER_UNKNOWN);
	apps_end();
}

TEST(the_revocation_of_a_device_voids_what_it_knew)
{
	struct person p;
	struct set s;
	struct device laptop;
	struct view address;
	struct account_record account;
	struct key_material_response r;
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	device_init(&laptop);
	set_init(&s, p.app);
	expect_ok(set_put(&p, &s));
	expect_ok(set_address(&p, &s, grant, &address));
	struct view add = person_entry(&p, DEVICE_ADD, &laptop.key, &p.phone.key, false);
	struct device_append_request q = { add, VIEW_OF(laptop.key.pub),
					   kem_public(&laptop.intake) };
	expect_ok(client_ask(p.c, FRAME_DEVICE_APPEND, device_append_request_element, &q, NULL,
			     NULL));
	person_append(&p, add);
	expect_eq(sets_left(&p), 1);
	q = (struct device_append_request){ .device_list_entry =
						    person_entry(&p, DEVICE_REVOKE, &laptop.key,
								 &p.phone.key, false) };
	expect_ok(client_ask(p.c, FRAME_DEVICE_APPEND, device_append_request_element, &q, NULL,
			     NULL));
	expect_eq(sets_left(&p), 0);
	/* Even the same set, put again, is not reached by an address of before. */
	expect_ok(set_put(&p, &s));
	expect_eq(redeem(p.app, address, &r), KEY_MATERIAL_USER_UNKNOWN);
	expect_ok(account_get(p.app->provider, VIEW_OF(p.account_id), &apps_mem, &account));
	expect_eq(account.request_key.n, 0);
	expect_eq(account.era, 1);
	apps_end();
}

TEST(what_has_expired_goes)
{
	struct person p;
	struct set s;
	struct pool_take_response r;
	struct grant_revoke_request revoke = { { 4 } };
	apps_begin();
	person_join(&p, &apps[DIAL], "+4915123456789");
	set_init(&s, p.app);
	expect_ok(set_put(&p, &s));
	expect_ok(client_ask(p.c, FRAME_GRANT_REVOKE, grant_revoke_request_element, &revoke, NULL,
			     NULL));
	size_t records = stored_records(apps[DIAL].accounts);
	test_now_ms = s.not_after_ms;
	expect_err(take(p.c, &s, &r), UC_E_NOT_FOUND);
	for (int i = 0; i < 10; i++)
		apps_wait(1000);
	/* The slot, the spent code and the count of those the app has sent. */
	expect_eq(stored_records(apps[DIAL].accounts), records - 3);
	apps_wait((uint64_t)80 * DAY_MS);
	for (int i = 0; i < 10; i++)
		apps_wait(1000);
	expect_eq(stored_records(apps[DIAL].accounts), records - 4);
	apps_end();
}

/* An account may have taken back as many as its limits let; they are not forgotten in one batch. */
TEST(what_ends_at_once_goes_in_small_batches)
{
	enum { GRANTS = 6000, ROUND = 4096 };
	struct person p;
	struct store_batch b;
	struct store_key k;
	apps_begin();
	person_join(&p, &apps[DIAL], "+4915123456789");
	for (int i = 0; i < 10; i++)
		apps_wait(1000);
	store_batch_init(&b, VIEW_OF(p.account_id));
	for (uint32_t i = 0; i < GRANTS; i++) {
		struct grant_record g = { .until_day = day_of(test_now_ms) };
		uint8_t id[GRANT_ID] = { 7, (uint8_t)(i >> 8), (uint8_t)i };
		expect_ok(record_put(&b, key_2(&k, TABLE_GRANT, VIEW_OF(p.account_id), VIEW_OF(id)),
				     grant_record_element, &g));
	}
	expect_ok(store_commit(apps[DIAL].accounts, &b));
	store_batch_done(&b);
	size_t records = stored_records(apps[DIAL].accounts);
	test_now_ms += 2 * DAY_MS;
	for (int i = 0; i < 10; i++)
		apps_wait(1000);
	size_t left = stored_records(apps[DIAL].accounts);
	expect(records - left >= ROUND && records - left < GRANTS);
	for (int i = 0; i < 4; i++)
		apps_wait((uint64_t)HOUR_MS);
	expect(records - stored_records(apps[DIAL].accounts) >= GRANTS);
	apps_end();
}
