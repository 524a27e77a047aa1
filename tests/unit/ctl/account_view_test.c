/* SPDX-License-Identifier: Apache-2.0 */
/* undercroftctl operator-view: what is of an account is counted, what is another's is not, and whatever
 * leads to it from elsewhere is found. */
#include "ctl/account_view.h"
#include "ctl/view_table.h"
#include "provider/provider.h"
#include "store/store_memory.h"
#include "tests/unit/harness.h"

static struct store_memory *memories[2];
static struct store *accounts, *rooms;

static struct store *open_memory(struct store_memory *m, const char *kind)
{
	struct store *s = NULL;
	struct store_options o = {
		.driver = &store_memory_driver,
		.env = test_env(),
		.memory = m,
		.domain = VIEW_LIT("dial.example"),
		.kind = view_str(kind),
		.schema = PROVIDER_SCHEMA,
	};
	expect_ok(store_open(&o, &s));
	return s;
}

static void put(struct store *s, struct view key, wire_element *walk, const void *record)
{
	struct store_batch b;
	store_batch_init(&b, (struct view){ 0 });
	expect_ok(record_put(&b, key, walk, record));
	expect_ok(store_commit(s, &b));
	store_batch_done(&b);
}

/* One byte says whose all of it is; zeros among it, which keys write as two bytes. */
struct account {
	uint8_t id[ACCOUNT_ID], key[32], name[32], left[32], device[32];
};

static struct account account_of(uint8_t whose)
{
	struct account a;
	memset(&a, 0, sizeof a);
	a.id[0] = a.key[0] = a.name[0] = a.left[0] = a.device[0] = whose;
	a.id[5] = 1;
	a.key[5] = 2;
	a.name[5] = 3;
	a.left[5] = 4;
	a.device[5] = 5;
	return a;
}

static void put_lists(const struct account *a)
{
	struct store_key k;
	struct device_record device = { .generation = 1 };
	struct device_entry entry = { .version = 1,
				      .device_action = DEVICE_RESET_TO,
				      .list_generation = 1,
				      .device_key = VIEW_OF(a->device),
				      .time_ms = (uint64_t)20003 * 24 * 3600 * 1000 };
	put(accounts, key_2(&k, TABLE_DEVICE, VIEW_OF(a->id), VIEW_OF(a->device)),
	    device_record_element, &device);
	put(accounts, key_2n(&k, TABLE_LIST, VIEW_OF(a->id), 1, 0), device_entry_element, &entry);
}

static void put_account(uint8_t whose, uint8_t slots)
{
	struct store_key k;
	struct account a = account_of(whose);
	struct account_record account = { .created_day = 20000u + whose };
	struct name_record name = { 0 }, left = { .until_ms = (uint64_t)20100 * 24 * 3600 * 1000 };
	struct code_record code = { .attempts_left = 5, .expires_ms = 1 };
	struct slot_record slot = { .not_after_ms = 1, .sealed = VIEW_LIT("0123456789") };
	memcpy(account.account_key, a.key, sizeof a.key);
	memcpy(account.name_id, a.name, sizeof a.name);
	memcpy(name.account_id, a.id, sizeof a.id);
	memcpy(left.account_id, a.id, sizeof a.id);
	put(accounts, key_1(&k, TABLE_ACCOUNT, VIEW_OF(a.id)), account_record_element, &account);
	put(accounts, key_1(&k, TABLE_NAME, VIEW_OF(a.name)), name_record_element, &name);
	put(accounts, key_1(&k, TABLE_NAME, VIEW_OF(a.left)), name_record_element, &left);
	put(accounts, key_1(&k, TABLE_CODE, VIEW_OF(a.left)), code_record_element, &code);
	for (uint8_t i = 0; i < slots; i++)
		put(accounts,
		    key_3(&k, TABLE_SLOT, VIEW_OF(a.id), view_make(&(uint8_t){ i / 2 + 1 }, 1),
			  view_make(&i, 1)),
		    slot_record_element, &slot);
	put_lists(&a);
}

static void put_settings(const struct account *a, enum age_band band)
{
	struct store_key k;
	struct settings s = settings_default(band);
	struct settings_record record = { 0 };
	struct arena mem;
	arena_init(&mem, 4096, ARENA_PLAIN);
	s.version = 1;
	s.number = 1;
	s.app = VIEW_LIT("dial.example");
	s.account_key = VIEW_OF(a->key);
	s.device_key = VIEW_OF(a->device);
	expect_ok(wire_encode_to(&mem, settings_element, &s, &record.statement));
	put(accounts, key_1(&k, TABLE_SETTINGS, VIEW_OF(a->id)), settings_record_element, &record);
	arena_done(&mem);
}

static void begin(void)
{
	memories[0] = store_memory_new();
	memories[1] = store_memory_new();
	accounts = open_memory(memories[0], "accounts");
	rooms = open_memory(memories[1], "rooms");
	put_account(1, 6);
	put_account(2, 3);
}

static void end(void)
{
	store_close(accounts);
	store_close(rooms);
	store_memory_free(memories[0]);
	store_memory_free(memories[1]);
}

static struct account_view view_of(uint8_t whose)
{
	struct account a = account_of(whose);
	struct account_view v;
	expect_ok(account_view_make(accounts, rooms, VIEW_OF(a.id), &v));
	return v;
}

static const struct account_view_sum *sum_of(const struct account_view *v, enum view_how how,
					     const char *line, const char *label)
{
	for (size_t i = 0; i < view_items_n; i++)
		if (view_items[i].how == how &&
		    view_equal(view_str(view_items[i].label), view_str(label)) &&
		    view_equal(view_str(view_lines[view_items[i].line]), view_str(line)))
			return &v->items[i];
	expect(false);
	return NULL;
}

TEST(an_account_is_what_its_records_say)
{
	begin();
	struct account_view v = view_of(1);
	expect_eq(v.of_all, 12 + 9);
	expect_eq(v.records, 12);
	expect_eq(v.beside + v.in_rooms, 0);
	expect_eq(sum_of(&v, VIEW_FIRST, "account", "signed up")->least, 20001);
	expect_eq(sum_of(&v, VIEW_COUNT, "contact", "KeyPackages")->count, 6);
	expect_eq(sum_of(&v, VIEW_EACH, "contact", "sets of KeyPackages waiting")->count, 3);
	expect_eq(sum_of(&v, VIEW_BYTES, "contact", "bytes of them, encrypted")->count, 60);
	expect_eq(sum_of(&v, VIEW_EACH, "devices", "devices")->count, 1);
	expect_eq(sum_of(&v, VIEW_SPAN, "devices", "changed")->most, 20003);
	expect_eq(sum_of(&v, VIEW_LAST, "name", "given up, kept from others until")->most, 20100);
	/* Led to by a name that only its own record tells. */
	expect_eq(sum_of(&v, VIEW_NUMBER, "name", "attempts left")->most, 5);
	struct account_view other = view_of(2);
	expect_eq(other.records, 9);
	expect_eq(sum_of(&other, VIEW_COUNT, "contact", "KeyPackages")->count, 3);
	expect(view_equal(VIEW_OF(v.state), VIEW_OF(other.state)));
	end();
}

TEST(nobody_is_no_account)
{
	begin();
	struct account_view v;
	struct account a = account_of(3);
	expect_err(account_view_make(accounts, rooms, VIEW_OF(a.id), &v), UC_E_NOT_FOUND);
	end();
}

/* Statements that stand in a record, encoded, are taken apart, too. */
TEST(what_an_account_has_signed_is_seen)
{
	begin();
	struct account a = account_of(1), b = account_of(2);
	put_settings(&a, AGE_TEEN_A);
	put_settings(&b, AGE_ADULT);
	struct account_view v = view_of(1);
	const struct account_view_sum *age = sum_of(&v, VIEW_WORD, "settings", "age, as said");
	expect_eq(age->count, 1);
	expect_eq(age->most, AGE_TEEN_A);
	const struct view_item *item = &view_items[age - v.items];
	expect(view_equal(view_str(item->words[age->most]), VIEW_LIT("13 to 15")));
	expect_eq(item->words_n, AGE_BANDS);
	end();
}

/* An id in a room, or in a letter to another app, would be a leak: it is told. */
TEST(what_leads_to_an_account_is_found)
{
	begin();
	struct store_key k;
	struct account a = account_of(1);
	struct account_view before = view_of(1);
	struct outbox_record letter = { .body = VIEW_OF(a.key) };
	store_key_start(&k, TABLE_OUTBOX);
	store_key_add(&k, VIEW_LIT("lens.example"));
	store_key_add_u64(&k, 1);
	put(accounts, store_key_view(&k), outbox_record_element, &letter);
	/* The key of a record has its zero bytes doubled. */
	put(rooms, key_2(&k, TABLE_SEAT, VIEW_LIT("room"), VIEW_OF(a.device)), seat_record_element,
	    &(struct seat_record){ 0 });
	put(rooms, key_1(&k, TABLE_CLIENT, VIEW_LIT("client")), client_record_element,
	    &(struct client_record){ .room = VIEW_OF(a.id) });
	struct account_view v = view_of(1);
	expect_eq(v.records, before.records);
	expect_eq(v.beside, 1);
	expect_eq(v.in_rooms, 2);
	expect(!view_equal(VIEW_OF(v.state), VIEW_OF(before.state)));
	struct account_view other = view_of(2);
	expect_eq(other.beside + other.in_rooms, 0);
	end();
}
