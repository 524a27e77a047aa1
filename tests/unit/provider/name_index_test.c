/* SPDX-License-Identifier: Apache-2.0 */
/* The index of names gets another key while everybody goes on, and while the app is killed. */
#include "provider/account_names.h"
#include "tests/unit/provider/apps.h"

enum { PEOPLE = 6 };
static struct person people[PEOPLE];
static char names[PEOPLE][32];

static void join_all(struct app *a)
{
	for (int i = 0; i < PEOPLE; i++) {
		snprintf(names[i], sizeof names[i], a->names == 2 ? "tom%d" : "+49151234567%02d",
			 i);
		person_join(&people[i], a, names[i]);
	}
}

static uc_err look(struct app *a, const char *name, uint8_t account_id[ACCOUNT_ID])
{
	struct account_record account;
	struct name_id n;
	struct view normalised;
	expect_ok(name_id_of(a->provider, view_str(name), &apps_mem, &n, &normalised));
	return account_by_name(a->provider, &n, &apps_mem, account_id, &account);
}

static void expect_all_found(struct app *a)
{
	for (int i = 0; i < PEOPLE; i++) {
		uint8_t id[ACCOUNT_ID];
		expect_ok(look(a, names[i], id));
		expect_bytes(VIEW_OF(id), VIEW_OF(people[i].account_id));
	}
}

/* How many records a table has under an index key. */
static size_t records_under(struct app *a, uint8_t table, uint32_t index)
{
	struct store_scan scan;
	struct view key, value;
	size_t n = 0;
	expect_ok(store_scan_init(&scan, a->accounts, view_make(&table, 1),
				  (struct view){ NULL, 0 }, 0));
	while (store_scan_next(&scan, &key, &value)) {
		struct name_record name = { 0 };
		struct code_record code = { 0 };
		if (table == TABLE_NAME)
			expect_ok(wire_decode(value, &apps_mem, name_record_element, &name));
		else
			expect_ok(wire_decode(value, &apps_mem, code_record_element, &code));
		n += (table == TABLE_NAME ? name.index : code.index) == index;
	}
	store_scan_done(&scan);
	return n;
}

static void rotate(struct app *a)
{
	expect_ok(provider_keys_rotate_index(&a->keys, test_env()));
	provider_index_changed(a->provider);
}

static bool is_led(const struct app *a)
{
	struct provider_index state;
	provider_index_get(a->provider, &state);
	return state.is_led;
}

static void forget(struct app *a)
{
	provider_keys_index_moved(&a->keys);
	provider_index_changed(a->provider);
}

static void again(struct app *a)
{
	app_kill(a, true);
	app_start(a);
}

TEST(names_are_found_before_meanwhile_and_after)
{
	apps_begin();
	for (int which = DIAL; which <= LENS; which++) {
		struct app *a = &apps[which];
		struct provider_index state;
		join_all(a);
		for (uint32_t number = 2; number <= 3; number++) {
			rotate(a);
			expect_err(provider_keys_rotate_index(&a->keys, test_env()), UC_E_BUSY);
			expect_all_found(a);
			again(a);
			expect_all_found(a);
			expect(!is_led(a));
			for (int i = 0; i < 4 && !is_led(a); i++)
				apps_wait(1000);
			expect(is_led(a));
			expect_all_found(a);
			expect_eq(records_under(a, TABLE_NAME, number), PEOPLE);
			expect_eq(records_under(a, TABLE_NAME, number - 1), 0);
			/* The server was killed before it wrote that the old key is of no use. */
			again(a);
			expect(is_led(a));
			forget(a);
			provider_index_get(a->provider, &state);
			expect(!state.moves && !state.is_led);
			again(a);
			expect_all_found(a);
		}
	}
	apps_end();
}

/* Who comes meanwhile finds what there was: a code, its count, a name that is held. */
TEST(codes_and_counts_go_along)
{
	struct person rosa, tom, uwe;
	apps_begin();
	struct app *a = &apps[DIAL];
	unsigned allowed = 0;
	person_init(&uwe, a, "+4915123456702");
	while (!person_ask_code(&uwe))
		allowed++;
	person_init(&rosa, a, "+4915123456700");
	expect_ok(person_ask_code(&rosa));
	unsigned sent = 1;
	rotate(a);
	while (!person_ask_code(&rosa))
		sent++;
	/* As many as without a rotation. */
	expect(allowed > 1);
	expect_eq(sent, allowed);
	expect_eq(records_under(a, TABLE_CODE, 2), 1);
	expect_eq(records_under(a, TABLE_CODE, 1), 1);
	expect_ok(person_sign_up(&rosa, a->code));
	/* One that was sent before, entered when all is over. */
	person_init(&tom, a, "+4915123456701");
	expect_ok(person_ask_code(&tom));
	for (int i = 0; i < 4; i++)
		apps_wait(1000);
	forget(a);
	char code[16];
	memcpy(code, a->code, sizeof code);
	rotate(a);
	for (int i = 0; i < 4; i++)
		apps_wait(1000);
	expect(is_led(a));
	forget(a);
	expect_err(person_sign_up(&tom, "00000000"), UC_E_CODE);
	expect_ok(person_sign_up(&tom, code));
	apps_end();
}

TEST(a_number_passes_and_an_account_ends_in_the_middle)
{
	struct person other;
	uint8_t id[ACCOUNT_ID];
	apps_begin();
	struct app *a = &apps[DIAL];
	join_all(a);
	rotate(a);
	person_join(&other, a, names[0]);
	expect_ok(look(a, names[0], id));
	expect_bytes(VIEW_OF(id), VIEW_OF(other.account_id));
	uint8_t signature[ED25519_SIGNATURE];
	struct account_delete_request q = { VIEW_OF(signature) };
	expect_ok(person_sign(people[1].c, SESSION_DELETE, VIEW_OF(people[1].account_id),
			      (struct view){ NULL, 0 }, &people[1].phone.key, signature));
	expect_ok(client_ask(people[1].c, FRAME_ACCOUNT_DELETE, account_delete_request_element, &q,
			     NULL, NULL));
	for (int i = 0; i < 4; i++)
		apps_wait(1000);
	expect(is_led(a));
	forget(a);
	expect_ok(look(a, names[0], id));
	expect_bytes(VIEW_OF(id), VIEW_OF(other.account_id));
	expect_err(look(a, names[1], id), UC_E_NOT_FOUND);
	expect_eq(records_under(a, TABLE_NAME, 2), PEOPLE - 1);
	apps_end();
}

/* Keys of before there were index keys. */
TEST(the_first_index_key_of_an_older_app)
{
	apps_begin();
	struct app *a = &apps[LENS];
	a->keys.index = (struct provider_index_key){ .number = 0 };
	join_all(a);
	expect_eq(records_under(a, TABLE_NAME, 0), PEOPLE);
	again(a);
	rotate(a);
	expect_all_found(a);
	for (int i = 0; i < 4; i++)
		apps_wait(1000);
	expect(is_led(a));
	forget(a);
	again(a);
	expect_all_found(a);
	expect_eq(records_under(a, TABLE_NAME, 1), PEOPLE);
	apps_end();
}

TEST(names_under_a_key_that_is_not_there_are_no_start)
{
	struct provider *p = NULL;
	apps_begin();
	struct app *a = &apps[LENS];
	join_all(a);
	struct provider_config config = a->provider->config;
	struct provider_keys keys = a->keys;
	config.keys = &keys;
	keys.index.number = 2;
	expect_err(provider_new(&config, &p), UC_E_CONFIG);
	keys.index_moves = true;
	keys.index_before.number = 1;
	expect_ok(provider_new(&config, &p));
	provider_free(p);
	keys.index.number = 3;
	keys.index_before.number = 2;
	expect_err(provider_new(&config, &p), UC_E_CONFIG);
	provider_keys_wipe(&keys);
	apps_end();
}

/* A copy from the middle of the first change, put back when it is over: what comes first in it may lie
 * under the new key, others do not. */
TEST(a_copy_from_the_middle_needs_the_key_before)
{
	struct provider *p = NULL;
	struct name_id n;
	struct view normalised;
	apps_begin();
	struct app *a = &apps[DIAL];
	join_all(a);
	rotate(a);
	for (int i = 0; i < PEOPLE / 2; i++) {
		expect_ok(name_id_of(a->provider, view_str(names[i]), &apps_mem, &n, &normalised));
		expect_ok(index_lead(a->provider, &n, &apps_mem));
	}
	expect_eq(records_under(a, TABLE_NAME, 2), PEOPLE / 2);
	struct provider_config config = a->provider->config;
	struct provider_keys keys = a->keys;
	config.keys = &keys;
	expect_ok(provider_new(&config, &p));
	provider_free(p);
	provider_keys_index_moved(&keys);
	expect_err(provider_new(&config, &p), UC_E_CONFIG);
	provider_keys_wipe(&keys);
	apps_end();
}

/* --- what rots --- */

static void led_with_one_rotten(size_t which)
{
	struct provider_index state;
	struct store_key k;
	struct name_id n;
	struct view normalised, record;
	size_t found = 0;
	uint8_t id[ACCOUNT_ID];
	bool is_rotten = false;
	apps_begin();
	struct app *a = &apps[DIAL];
	join_all(a);
	expect_ok(name_id_of(a->provider, view_str(names[which]), &apps_mem, &n, &normalised));
	for (size_t i = 0; !is_rotten && store_memory_rot(a->disks[0], i); i++)
		is_rotten = store_get(a->accounts, key_1(&k, TABLE_NAME, VIEW_OF(n.now)), &apps_mem,
				      &record) == UC_E_CORRUPT;
	expect(is_rotten);
	rotate(a);
	for (int i = 0; i < 8 && !is_led(a); i++)
		apps_wait(1000);
	expect(is_led(a));
	provider_index_get(a->provider, &state);
	expect_eq(state.skipped, 1);
	store_memory_heal(a->disks[0]);
	forget(a);
	for (int i = 0; i < PEOPLE; i++)
		found += !look(a, names[i], id);
	expect_eq(found, PEOPLE - 1);
	expect_eq(records_under(a, TABLE_NAME, 2), PEOPLE - 1);
	apps_end();
}

/* Each in turn: one of them is the first, one the last. */
TEST(a_name_that_rots_is_passed_over_and_nobody_else)
{
	for (size_t i = 0; i < PEOPLE; i++)
		led_with_one_rotten(i);
}

/* --- killed at every write --- */

static bool killed_at(unsigned n, bool keep)
{
	unsigned kills = 0;
	test_seed(n * 2 + keep);
	apps_begin();
	struct app *a = &apps[DIAL];
	kills_keep = keep;
	join_all(a);
	rotate(a);
	a->strike_in = n;
	for (int i = 0; i < 12 && (!a->provider || !is_led(a)); i++) {
		apps_wait(1000);
		if (!a->provider) {
			kills++;
			app_start(a);
		}
		expect_all_found(a);
	}
	bool was_struck = kills > 0;
	expect(is_led(a));
	expect_ok(provider_sync(a->provider));
	forget(a);
	again(a);
	expect_all_found(a);
	expect_eq(records_under(a, TABLE_NAME, 2), PEOPLE);
	expect_eq(records_under(a, TABLE_NAME, 1), 0);
	expect_eq(records_under(a, TABLE_CODE, 1), 0);
	apps_end();
	return was_struck;
}

TEST(an_app_that_is_killed_goes_on_where_it_was)
{
	unsigned points = 0;
	for (unsigned n = 1; n < 500; n++) {
		bool struck = killed_at(n, false);
		struck |= killed_at(n, true);
		if (!struck)
			break;
		points++;
	}
	expect(points > 3 * PEOPLE);
	printf("%u points struck\n", points);
}
