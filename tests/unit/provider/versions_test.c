/* SPDX-License-Identifier: Apache-2.0 */
/* What earlier versions have stored is read, and gone on with; what a later one has stored is refused
 * and left as it is.
 *
 * tests/fixtures/provider_1 to 4 were made by this program: UNDERCROFT_FIXTURE names the folder to
 * write.  None is ever made again for a version that is out. */
#include "mls/public_group.h"
#include "tests/unit/provider/kept.h"

enum { LATER = 0x7f };

static struct app *const dial = &apps[DIAL], *const lens = &apps[LENS];

TEST(make_them_when_asked)
{
	const char *folder = getenv("UNDERCROFT_FIXTURE");
	if (folder)
		kept_write(folder);
	else
		test_skip("UNDERCROFT_FIXTURE names no folder to write");
}

/* --- what is older is read --- */

static struct view intake_take(struct person *p)
{
	struct intake_event i;
	struct view body = { NULL, 0 };
	struct event *e = client_event(p->c, FRAME_INTAKE);
	expect(e != NULL);
	if (!e)
		return body;
	expect_ok(wire_decode(e->body, &apps_mem, intake_event_element, &i));
	struct intake_context context = { i.intake_kind, i.received_ms };
	expect_ok(intake_open(secret_view(&p->phone.intake.priv), kem_public(&p->phone.intake),
			      &context, i.sealed, &apps_mem, &body));
	return body;
}

static void accounts_are_there(void)
{
	struct vault_get_response vault = { 0 };
	struct key_material_request q = set_request(kept_address);
	struct key_material_response keys = { .user_status = 0 };
	expect_ok(person_sign_in(&rosa));
	expect_ok(person_sign_in(&rob));
	expect_ok(person_sign_in(&tom));
	expect_ok(client_ask(rosa.c, FRAME_VAULT_GET, NULL, NULL, vault_get_response_element,
			     &vault));
	expect_eq(vault.version, 1);
	expect_bytes(vault.vault, VIEW_LIT(KEPT_VAULT));
	expect_bytes(intake_take(&rosa), VIEW_LIT(KEPT_ITEM));
	/* An address given out then still leads to the KeyPackage put then, once. */
	expect_ok(address_redeem(dial->provider, kept_address, &q, &apps_mem, &keys));
	expect_eq(keys.user_status, KEY_MATERIAL_SUCCESS);
	expect_eq(keys.clients.n, 1);
	if (keys.clients.n)
		expect_bytes(keys.clients.v[0].key_package, kept_package);
	/* A name taken then is taken now. */
	struct person other;
	person_init(&other, lens, "tom");
	expect_err(person_sign_up(&other, NULL), UC_E_TAKEN);
}

static void openings_are_there(void)
{
	struct opening_record o;
	struct store_key k;
	struct view account = { NULL, 0 };
	const struct opening_context context = { t1.room, t1.participant };
	expect_ok(record_get(lens->rooms, key_2(&k, TABLE_OPENING, t1.room, t1.participant),
			     opening_record_element, &apps_mem, &o));
	expect_ok(opening_read(secret_view(&lens->moderators), VIEW_OF(lens->keys.moderators_pub),
			       &context, o.first, &apps_mem, &account));
	expect_bytes(account, VIEW_OF(tom.account_id));
}

static void seats_are_there(void)
{
	struct guest *all[] = { &alone_r, &alone_t, &r1, &r2, &t1 };
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		expect_ok(guest_open(all[i]));
		guest_read(all[i]);
	}
	expect_eq(alone_t.messages, 1);
	expect_bytes(view_str(alone_t.last), VIEW_LIT(KEPT_DIRECT));
	expect_eq(t1.messages, 1);
	expect_bytes(view_str(t1.last), VIEW_LIT(KEPT_WAITING));
}

/* Lens gets what it missed: a commit with a Welcome (and from the second files on one without), a room,
 * and a request. */
static void lens_catches_up(int version)
{
	apps_wait(60000);
	apps_wait(60000);
	expect_eq(table_count(lens, TABLE_ROOM), 3);
	expect_eq(table_count(dial, TABLE_WELCOME_OUT), 0);
	expect_eq(table_count(dial, TABLE_FOLLOW_START), 0);
	expect_eq(log_head_of(lens, r1.room), log_head_of(dial, r1.room));
	guest_read(&t1);
	expect_eq(t1.commits, version < 2 ? 1 : 2);
	expect(intake_take(&tom).n > 0);
}

static void they_go_on(void)
{
	struct change none = { .n = 0 };
	struct guest *all[] = { &r1, &r2, &t1 };
	guest_say(&alone_t, "in the next version");
	guest_read(&alone_r);
	expect_bytes(view_str(alone_r.last), VIEW_LIT("in the next version"));
	guest_commit(&r1, &none);
	guest_read(&r2);
	guest_read(&t1);
	guests_agree(all, 3);
	guest_say(&t1, "and all of us");
	guest_read(&r2);
	expect_bytes(view_str(r2.last), VIEW_LIT("and all of us"));
}

static void all_is_there(int version)
{
	accounts_are_there();
	openings_are_there();
	seats_are_there();
	lens_catches_up(version);
	they_go_on();
}

/* The group of a room that was changed is in parts, whatever it was before. */
static void groups_are_in_parts(void)
{
	struct store_key k;
	bool there;
	expect_ok(store_has(dial->rooms, key_1(&k, TABLE_GROUP, r1.room), &there));
	expect(!there);
	expect_ok(store_has(dial->rooms, key_1(&k, TABLE_GROUP_INFO, r1.room), &there));
	expect(!there);
	expect_ok(store_has(lens->rooms, key_1(&k, TABLE_GROUP, r1.room), &there));
	expect(!there);
	expect_ok(store_has(dial->rooms, key_2n(&k, TABLE_GROUP_PART, r1.room, PUBLIC_PART_INFO, 0),
			    &there));
	expect(there);
}

TEST(stores_of_earlier_versions_are_gone_on_with)
{
	for (int version = KEPT_FIRST; version <= KEPT_LAST; version++) {
		kept_begin(version);
		all_is_there(version);
		groups_are_in_parts();
		kept_end();
	}
}

/* What was read of the old form is what was written in the new one. */
TEST(a_room_of_version_1_is_the_same_after_a_restart)
{
	struct change none = { .n = 0 };
	struct guest *both[] = { &r1, &r2 };
	kept_begin(1);
	expect_ok(person_sign_in(&rosa));
	expect_ok(person_sign_in(&rob));
	expect_ok(guest_open(&r1));
	expect_ok(guest_open(&r2));
	guest_read(&r1);
	guest_read(&r2);
	for (int i = 0; i < 2; i++) {
		guest_commit(&r1, &none);
		guest_read(&r2);
		guests_agree(both, 2);
		app_kill(dial, true);
		app_start(dial);
		expect_ok(person_sign_in(&rosa));
		expect_ok(person_sign_in(&rob));
		expect_ok(guest_open(&r1));
		expect_ok(guest_open(&r2));
	}
	kept_end();
}

static uc_err see(void *ctx, enum store_part part, struct view key, uint64_t seq, struct view value)
{
	bool *tables = ctx;
	(void)seq;
	(void)value;
	if (part != STORE_PART_META && key.n)
		tables[key.p[0]] = true;
	return UC_OK;
}

static void seen(bool tables[256], struct store *s)
{
	expect_ok(store_walk(s, see, tables));
}

/* Of version 3: ended since its client left by itself. */
static uc_err left_one(void *ctx, enum store_part part, struct view key, uint64_t seq,
		       struct view value)
{
	struct seat_record r;
	size_t *n = ctx;
	(void)seq;
	if (part == STORE_PART_META || !key.n || key.p[0] != TABLE_SEAT)
		return UC_OK;
	TRY(wire_decode(value, &apps_mem, seat_record_element, &r));
	*n += r.left && r.ended;
	return UC_OK;
}

static size_t left_count(struct store *s)
{
	size_t n = 0;
	expect_ok(store_walk(s, left_one, &n));
	return n;
}

TEST(who_had_left_is_gone_as_if_it_were_now)
{
	kept_begin(3);
	expect_eq(left_count(dial->rooms), 0);
	kept_end();
	kept_begin(4);
	expect_eq(left_count(dial->rooms), 1);
	/* Rosa, who has not read on, holds it for thirty days. */
	for (int day = 0; day < 32; day++)
		apps_wait(DAY_MS);
	expect_eq(left_count(dial->rooms), 0);
	kept_end();
}

TEST(every_table_is_in_them)
{
	bool tables[256] = { false };
	for (int version = KEPT_FIRST; version <= KEPT_LAST; version++) {
		kept_begin(version);
		for (int i = 0; i <= LENS; i++) {
			seen(tables, apps[i].accounts);
			seen(tables, apps[i].rooms);
		}
		kept_end();
	}
#define TABLE_SEEN(name, tag, store, lead)                                                        \
	if (!tables[tag] && tag != TABLE_REPEATS && tag != TABLE_INDEX && tag != TABLE_RENEWED && \
	    tag != TABLE_PEER && tag != TABLE_SETTINGS && tag != TABLE_REPORT &&                  \
	    tag != TABLE_DISCOVERABLE && tag != TABLE_NUMBERS && tag != TABLE_FILTER &&           \
	    tag != TABLE_FILTER_PART && tag != TABLE_CUSTODIAN && tag != TABLE_TOKEN &&           \
	    tag != TABLE_CURB && tag != TABLE_ATTACHMENT && tag != TABLE_ATTACHMENT_PART)         \
		test_fail(__FILE__, __LINE__, "nothing of table %s", table_name(tag));
	PROVIDER_TABLES(TABLE_SEEN)
#undef TABLE_SEEN
}

/* --- records that have older versions --- */

static void put(struct store *s, struct view key, struct view value)
{
	struct store_batch b;
	store_batch_init(&b, (struct view){ NULL, 0 });
	store_put(&b, key, value);
	expect_ok(store_commit(s, &b));
	store_batch_done(&b);
	expect_ok(store_sync(s));
}

/* Version 1: everything but since. */
static struct view follower_1(const struct follower_record *f)
{
	struct buf b;
	struct wire w;
	struct view out = { NULL, 0 };
	struct follower_record v = *f;
	uint16_t version = 1;
	buf_init(&b, 64);
	wire_writer(&w, &b);
	wire_u16(&w, &version);
	wire_u64(&w, &v.cursor);
	wire_u64(&w, &v.until);
	wire_u64(&w, &v.start_seq);
	wire_bool(&w, &v.start_wanted);
	expect_ok(wire_finish(&w));
	expect_ok(arena_copy(&apps_mem, buf_view(&b), &out));
	buf_done(&b);
	return out;
}

TEST(a_follower_of_version_1_is_read_and_written_as_2)
{
	struct follower_record f = { .version = 0 }, again;
	struct view now = { NULL, 0 };
	arena_init(&apps_mem, 1 << 20, ARENA_PLAIN);
	struct view v1 = test_hex("0001"
				  "0000000000000007"
				  "0000000000000009"
				  "0000000000000003"
				  "01");
	expect_ok(wire_decode(v1, &apps_mem, follower_record_element, &f));
	expect_eq(f.cursor, 7);
	expect_eq(f.until, 9);
	expect_eq(f.start_seq, 3);
	expect(f.start_wanted);
	expect_eq(f.since, 8);
	expect_bytes(follower_1(&f), v1);
	expect_ok(wire_encode_to(&apps_mem, follower_record_element, &f, &now));
	expect_bytes(view_slice(now, 0, 2), VIEW_LIT("\0\2"));
	expect_ok(wire_decode(now, &apps_mem, follower_record_element, &again));
	expect_eq(again.version, 2);
	expect_eq(again.since, 8);
	/* Each says how long it is. */
	expect_err(wire_decode(view_slice(now, 0, v1.n), &apps_mem, follower_record_element, &f),
		   UC_E_MALFORMED);
	arena_done(&apps_mem);
}

TEST(rooms_go_on_with_followers_of_version_1)
{
	struct store_key k;
	const struct guest *rooms[] = { &alone_r, &r1 };
	kept_begin(1);
	app_kill(dial, true);
	app_start(dial);
	for (size_t i = 0; i < 2; i++) {
		struct follower_record f = { .version = 0 };
		struct view key = key_2(&k, TABLE_FOLLOWER, rooms[i]->room, lens->domain);
		expect_ok(record_get(dial->rooms, key, follower_record_element, &apps_mem, &f));
		expect(f.cursor > 0);
		put(dial->rooms, key, follower_1(&f));
	}
	all_is_there(1);
	kept_end();
}

/* --- what is newer --- */

struct renewed {
	uint16_t version;
	size_t records;
};

static uc_err decode_as(uint8_t table, struct view bytes)
{
	union {
#define RECORD_MEMBER(name) struct name name;
		PROVIDER_RECORDS(RECORD_MEMBER)
#undef RECORD_MEMBER
		struct log_entry log_entry;
		struct device_entry device_entry;
	} object;
	struct public_group *g = NULL;
	if (table == TABLE_GROUP) {
		uc_err err = public_group_load(test_env(), NULL, bytes, &g);
		public_group_free(g);
		return err;
	}
	return wire_decode(bytes, &apps_mem,
			   table == TABLE_LIST ? device_entry_element : table_walk(table), &object);
}

static uc_err renew(void *ctx, enum store_part part, struct view key, uint64_t seq,
		    struct view value)
{
	struct renewed *r = ctx;
	struct view copy = { NULL, 0 };
	(void)seq;
	if (part != STORE_PART_RECORD && part != STORE_PART_LOG_ENTRY)
		return UC_OK;
	expect_ok(decode_as(key.p[0], value));
	expect_ok(arena_copy(&apps_mem, value, &copy));
	uint8_t *bytes = (uint8_t *)(uintptr_t)copy.p; /* of apps_mem, ours to change */
	bytes[0] = (uint8_t)(r->version >> 8);
	bytes[1] = (uint8_t)r->version;
	uc_err err = decode_as(key.p[0], copy);
	if (err != UC_E_VERSION)
		test_fail(__FILE__, __LINE__, "%s of version %u gave %s", table_name(key.p[0]),
			  r->version, uc_err_name(err));
	r->records++;
	return UC_OK;
}

TEST(every_record_says_its_version_and_a_newer_one_is_refused)
{
	static const uint16_t versions[] = { 0, 5, 0x100, 0xffff };
	for (size_t i = 0; i < 2 * sizeof versions / sizeof versions[0]; i++) {
		struct renewed r = { versions[i / 2], 0 };
		kept_begin(i % 2 ? KEPT_LAST : KEPT_FIRST);
		for (int a = 0; a <= LENS; a++) {
			expect_ok(store_walk(apps[a].accounts, renew, &r));
			expect_ok(store_walk(apps[a].rooms, renew, &r));
		}
		expect(r.records > 50);
		kept_end();
	}
}

/* As a later version would have left it. */
static void make_newer(struct store *s, struct view key)
{
	struct view was = { NULL, 0 };
	expect_ok(store_get(s, key, &apps_mem, &was));
	if (was.n > 1)
		((uint8_t *)(uintptr_t)was.p)[1] = LATER;
	put(s, key, was);
}

TEST(a_newer_account_is_refused_and_left_alone)
{
	struct store_key k;
	kept_begin(KEPT_LAST);
	make_newer(dial->accounts, key_1(&k, TABLE_ACCOUNT, VIEW_OF(rosa.account_id)));
	struct view before = kept_dump(dial->accounts);
	expect_err(person_sign_in(&rosa), UC_E_VERSION);
	expect_bytes(kept_dump(dial->accounts), before);
	/* The others are not touched by it. */
	expect_ok(person_sign_in(&rob));
	kept_end();
}

static void newer_room_and_group(int version)
{
	struct store_key k;
	struct submit_message_response r;
	struct change none = { .n = 0 };
	uint64_t seq;
	uc_err err;
	kept_begin(version);
	make_newer(dial->rooms, key_1(&k, TABLE_ROOM, r1.room));
	make_newer(dial->rooms,
		   version == 1 ? key_1(&k, TABLE_GROUP, alone_r.room)
				: key_2n(&k, TABLE_GROUP_PART, alone_r.room, PUBLIC_PART_NODE, 0));
	expect_ok(person_sign_in(&rosa));
	struct view before = kept_dump(dial->rooms);
	expect_err(guest_open(&r1), UC_E_VERSION);
	/* To read, no group is needed; to write, it is. */
	expect_ok(guest_open(&alone_r));
	expect_eq(guest_submit(&alone_r, guest_message_make(&alone_r, "no"), &r, &seq, &err), -1);
	expect_err(err, UC_E_VERSION);
	expect_eq(guest_update(&alone_r, guest_commit_make(&alone_r, &none), &err),
		  UPDATE_NOT_ALLOWED);
	expect_bytes(kept_dump(dial->rooms), before);
	kept_end();
}

TEST(so_are_a_newer_room_and_a_newer_group)
{
	newer_room_and_group(1);
	newer_room_and_group(2);
}

TEST(a_newer_store_is_refused_and_left_alone)
{
	struct store *s = NULL;
	kept_begin(KEPT_LAST);
	struct store_options o = { .driver = &store_memory_driver,
				   .env = test_env(),
				   .memory = store_memory_new(),
				   .domain = dial->domain,
				   .kind = VIEW_LIT("rooms"),
				   .schema = PROVIDER_SCHEMA + 1 };
	expect_ok(store_open(&o, &s));
	put(s, VIEW_LIT("of a later kind"), VIEW_LIT("value"));
	struct view before = kept_dump(s);
	store_close(s);
	o.schema = PROVIDER_SCHEMA;
	s = NULL;
	expect_err(store_open(&o, &s), UC_E_VERSION);
	expect(!s);
	o.schema = PROVIDER_SCHEMA + 1;
	expect_ok(store_open(&o, &s));
	expect_bytes(kept_dump(s), before);
	store_close(s);
	store_memory_free(o.memory);
	kept_end();
}

TEST(so_are_newer_dumps_and_newer_keys)
{
	struct provider_keys k;
	kept_begin(KEPT_LAST);
	struct view keys = kept_file("dial.app.keys"), dump = kept_file("dial.rooms.dump");
	expect_ok(provider_keys_read(keys, &k));
	expect_bytes(VIEW_OF(k.address_key), VIEW_OF(dial->keys.address_key));
	((uint8_t *)(uintptr_t)keys.p)[7] = 6;
	expect_err(provider_keys_read(keys, &k), UC_E_VERSION);
	static const struct provider_keys none;
	expect_bytes(VIEW_OF(k.address_key), VIEW_OF(none.address_key));
	struct store_options o = { .driver = &store_memory_driver, .memory = store_memory_new() };
	((uint8_t *)(uintptr_t)dump.p)[7] = 2;
	expect_err(store_load(&o, dump), UC_E_VERSION);
	((uint8_t *)(uintptr_t)dump.p)[7] = 1;
	expect_ok(store_load(&o, dump)); /* so the place was still empty */
	store_memory_free(o.memory);
	kept_end();
}
