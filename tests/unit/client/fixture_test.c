/* SPDX-License-Identifier: Apache-2.0 */
/* What a client of each earlier state of the records has stored can be read by this one; what a
 * later one has stored is refused and left alone.
 *
 * tests/fixtures/client_N.sql are such stores, as SQL.  They are made by this program when
 * UNDERCROFT_FIXTURE names the file to write, and none is ever made again. */
#include "client/contacts.h"
#include "client/pool.h"
#include "client/portraits.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "mimi/portrait.h"
#include "tests/unit/client/small_app.h"

#include "base/heap.h"

#include <sqlite3.h>
#include <unistd.h>

#define PASSPHRASE "a passphrase of version 1"
#define SAID       "what was said in version 1"

enum { FIXTURE_BYTES = 1 << 20 };

static char path[128];

static void temporary(void)
{
	char name[160];
	snprintf(path, sizeof path, "/tmp/undercroft-fixture-%ld.db", (long)getpid());
	unlink(path);
	snprintf(name, sizeof name, "%s-wal", path);
	unlink(name);
}

static uint64_t now(void *ctx)
{
	(void)ctx;
	return test_now_ms;
}

static uc_err dice(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	return env_random(test_env(), out, n);
}

static uc_err open_at(const char *passphrase, uc_client **c)
{
	static const struct uc_platform platform = { .now_ms = now, .random = dice };
	struct uc_options o = {
		.platform = &platform, .path = path, .passphrase = passphrase, .app = "dial.example"
	};
	return uc_client_open(&o, c);
}

/* --- making one --- */

/* Tom has shown another account, and so has Rosa, to him. */
static uc_err link_both(struct uc_client *c, const struct contact *tom)
{
	struct linked *l = HEAP_NEW(struct linked);
	struct own_link *o = HEAP_NEW(struct own_link);
	if (!l || !o)
		return UC_E_MEMORY;
	l->id.b[0] = o->id.b[0] = 3;
	l->number = o->number = 7;
	l->by = l->sides[0].contact = tom->id;
	TRY(text_set(l->sides[1].app, DOMAIN_MAX, VIEW_LIT("plaza.example")));
	TRY(text_set(l->sides[1].name, PROFILE_BYTES, VIEW_LIT("Thomas")));
	o->other = l->sides[1];
	o->state = LINK_WHOLE;
	TRY(blob_set(&o->statement, VIEW_LIT("a statement")));
	o->shown[o->shown_count++] = (struct link_shown){ .contact = tom->id };
	l->dirty = o->dirty = true;
	linked_add(c, l);
	own_link_add(c, o);
	return UC_OK;
}

static const uint8_t picture[] = { 0xff, 0xd8, 0xff, 9 };

/* Rosa shows a picture and words, and Tom his. */
static uc_err show_both(struct uc_client *c, struct contact *tom)
{
	struct portrait p = { .number = 7,
			      .about = VIEW_LIT("Of Tom"),
			      .picture = VIEW_OF(picture) };
	struct own_portrait *own = &c->portrait;
	struct view padded;
	TRY(portrait_write(&p, &c->call, &padded));
	TRY(portrait_in(c, tom, padded));
	own->number = tom->told = 7;
	own->dirty = true;
	TRY(text_set(own->about, sizeof own->about, VIEW_LIT("Of Rosa")));
	return blob_set(&own->picture, VIEW_OF(picture));
}

static uc_err furnish(struct uc_client *c, void *arg)
{
	static const uint8_t key[32] = { 5 };
	static const uint8_t tom[ED25519_KEY] = { 7 };
	struct uc_id *room = arg;
	struct contact *k;
	struct room *r;
	unsigned kept = 0;
	TRY(contact_meet(c, "lens.example", tom, "Tom", (struct view){ NULL, 0 }, &k));
	TRY(rooms_create(c, false, "Walks", &r));
	struct set *s = pool_find(c, r->set_id);
	TRY(room_group_create(c, r, s, VIEW_OF(key), VIEW_OF(key), &r->group));
	set_change(s, SET_SPENT);
	for (s = c->sets; s; s = s->next)
		if (s->state == SET_POOLED && kept++ > 1)
			set_change(s, SET_SPENT);
	r->state = ROOM_OPEN;
	r->group_dirty = true;
	TRY(link_both(c, k));
	TRY(show_both(c, k));
	*room = r->id;
	return room_members_sync(c, r);
}

/* A commit that comes to nothing: the group's journal has a row for each. */
static uc_err stage(struct uc_client *c, void *arg)
{
	const struct room_change none = { .packages = { NULL, 0 } };
	struct room *r = room_find(c, arg);
	uint8_t hash[SHA256_BYTES];
	struct view update;
	TRY(room_group_commit(c, r->group, &none, &c->call, &update, hash));
	r->group_dirty = true;
	return UC_OK;
}

static uc_err unstage(struct uc_client *c, void *arg)
{
	struct room *r = room_find(c, arg);
	room_group_drop_pending(r->group);
	r->group_dirty = true;
	return UC_OK;
}

static uc_err leave(struct uc_client *c, void *arg)
{
	rooms_left(c, room_find(c, arg));
	return UC_OK;
}

static void write_row(FILE *f, sqlite3_stmt *st)
{
	fputs("INSERT INTO kv VALUES(", f);
	for (int i = 0; i < 2; i++) {
		const uint8_t *p = sqlite3_column_blob(st, i);
		fputs(i ? ",X'" : "X'", f);
		for (int n = 0; n < sqlite3_column_bytes(st, i); n++)
			fprintf(f, "%02x", p[n]);
		fputc('\'', f);
	}
	fputs(");\n", f);
}

static void write_fixture(const char *to)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	FILE *f = fopen(to, "w");
	if (!f)
		return;
	fputs("PRAGMA user_version=1;\n"
	      "CREATE TABLE kv (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID;\n",
	      f);
	expect_eq(sqlite3_open(path, &db), SQLITE_OK);
	expect_eq(sqlite3_prepare_v2(db, "SELECT k, v FROM kv ORDER BY k", -1, &st, NULL),
		  SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW)
		write_row(f, st);
	sqlite3_finalize(st);
	sqlite3_close(db);
	fclose(f);
}

TEST(make_one_when_asked)
{
	const char *to = getenv("UNDERCROFT_FIXTURE");
	static struct small_app app;
	struct person p = { .app = &app };
	struct uc_settings settings;
	struct uc_id room, id;
	uc_op op;
	if (!to) {
		test_skip("UNDERCROFT_FIXTURE names no file to write");
		return;
	}
	temporary();
	small_app_init(&app, "dial.example");
	app.has_settings = true;
	expect_ok(open_at(PASSPHRASE, &p.c));
	expect_ok(person_talk(&p));
	expect_ok(uc_sign_up(p.c, "rosa", NULL, "Rosa", &op));
	expect_ok(person_talk(&p));
	expect_ok(uc_settings_default(p.c, UC_AGE_ADULT, &settings));
	expect_ok(uc_settings_set(p.c, &settings, &op));
	expect_ok(person_talk(&p));
	person_disconnect(&p);
	expect_ok(turn_run(p.c, furnish, &room));
	expect_ok(turn_run(p.c, stage, &room));
	expect_ok(turn_run(p.c, unstage, &room));
	expect_ok(uc_send(p.c, &room, SAID, &id));
	expect_ok(uc_ask(p.c, "lens.example", "ida", "hello", &op));
	uc_client_close(p.c);
	write_fixture(to);
	temporary();
}

/* --- reading it --- */

/* 1: room 1, request 1, a group in one record.  2: room 2, request 2, the group's ratchets apart.
 * 3: room 3, its members apart.  4: contact 2, its alarm.  5: group 2, a root and three rows.
 * 6: account 2, its settings.  7: members 2, outgoing 2.  8: links.
 * 9: contact 3, what both show. */
static const char *const stores[] = { "client_1.sql", "client_2.sql", "client_3.sql",
				      "client_4.sql", "client_5.sql", "client_6.sql",
				      "client_7.sql", "client_8.sql", "client_9.sql" };
enum { STORES = sizeof stores / sizeof stores[0], LATEST = STORES - 1 };

static bool load(const char *name, const char *more)
{
	static char sql[FIXTURE_BYTES];
	char file[512];
	sqlite3 *db = NULL;
	snprintf(file, sizeof file, "%s/%s", FIXTURES, name);
	FILE *f = fopen(file, "r");
	if (!f) {
		test_fail(__FILE__, __LINE__, "no fixture");
		return false;
	}
	size_t n = fread(sql, 1, sizeof sql - 1, f);
	sql[n] = 0;
	fclose(f);
	temporary();
	expect_eq(sqlite3_open(path, &db), SQLITE_OK);
	expect_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	expect_eq(sqlite3_exec(db, more, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	return true;
}

static bool count_link(void *ctx, const struct uc_link *l)
{
	*(unsigned *)ctx += l->state == UC_LINK_WHOLE && l->shown == 1 && l->waiting == 1;
	return true;
}

static bool count_linked(void *ctx, const struct uc_linked *l)
{
	*(unsigned *)ctx += !strcmp(l->name, "Thomas") && !l->has_contact;
	return true;
}

static void expect_links(struct uc_client *c, const struct uc_id *contact, unsigned want)
{
	unsigned own = 0, theirs = 0;
	expect_ok(uc_links(c, count_link, &own));
	expect_ok(uc_contact_links(c, contact, count_linked, &theirs));
	expect(own == want && theirs == want);
}

static void expect_shown(struct uc_client *c, const struct uc_id *contact, bool want)
{
	const struct contact *k = contact_find(c, contact);
	struct uc_account a;
	const struct uc_id *whose[] = { NULL, contact };
	expect_ok(uc_account_get(c, &a));
	expect(k && !strcmp(k->about, want ? "Of Tom" : "") && k->told == (want ? 7 : 0));
	expect(!strcmp(a.about, want ? "Of Rosa" : "") && !a.picture == !want);
	for (size_t i = 0; i < 2; i++) {
		uint8_t bytes[16];
		size_t n = 0;
		expect_err(uc_picture(c, whose[i], bytes, sizeof bytes, &n),
			   want ? UC_OK : UC_E_NOT_FOUND);
		expect_bytes(((struct view){ bytes, n }),
			     ((struct view){ picture, want ? sizeof picture : 0 }));
	}
}

struct seen {
	unsigned n;
	char text[256];
	struct uc_id id;
};

static bool see_contact(void *ctx, const struct uc_contact *k)
{
	struct seen *s = ctx;
	s->n++;
	s->id = k->id;
	snprintf(s->text, sizeof s->text, "%s at %s", k->name, k->app);
	return true;
}

static bool see_request(void *ctx, const struct uc_request *q)
{
	struct seen *s = ctx;
	s->n++;
	snprintf(s->text, sizeof s->text, "%s at %s: %s", q->name, q->app, q->text);
	return true;
}

static bool see_room(void *ctx, const struct uc_room *r)
{
	struct seen *s = ctx;
	s->n++;
	s->id = r->id;
	snprintf(s->text, sizeof s->text, "%s, %u, epoch %u", r->name, r->members,
		 (unsigned)r->epoch);
	return true;
}

static bool see_message(void *ctx, const struct uc_message *m)
{
	struct seen *s = ctx;
	s->n++;
	snprintf(s->text, sizeof s->text, "%s: %s", m->sender, m->text);
	return true;
}

static void expect_seen(const struct seen *s, const char *text)
{
	expect_eq(s->n, 1);
	expect_bytes(view_str(s->text), view_str(text));
}

static bool count(void *ctx, uint64_t number, struct view value)
{
	size_t *n = ctx;
	return value.n && number == (*n)++;
}

/* A group's keys are in one place, and nothing is left of an older form. */
static void group_has_moved(uc_client *c, const struct uc_id *room)
{
	struct arena a;
	struct view state = { NULL, 0 }, none = { NULL, 0 };
	struct room_group *g = NULL;
	bool is_older = true;
	size_t n = 0;
	const struct safe_place at = { .table = "group", .name = VIEW_OF(room->b) };
	const struct safe_place ratchets = { .table = "group ratchets", .name = VIEW_OF(room->b) };
	arena_init(&a, FIXTURE_BYTES, ARENA_SECRET);
	expect_err(safe_get(&c->safe, ratchets, &a, &state), UC_E_NOT_FOUND);
	expect_ok(safe_get(&c->safe, at, &a, &state));
	expect_ok(room_group_is_older(state, &is_older));
	expect(!is_older && state.n < 1024);
	expect_err(room_group_load(c, state, none, &g), UC_E_CORRUPT);
	expect_ok(safe_scan(&c->safe, "group journal", VIEW_OF(room->b), 0, count, &n));
	expect(n > 0 && n == c->rooms->journal_rows);
	arena_done(&a);
}

static void is_read(const char *name)
{
	struct seen contact = { 0 }, request = { 0 }, room = { 0 }, message = { 0 };
	struct uc_account a;
	struct uc_settings settings;
	struct uc_id id;
	char words[256], number[UC_SAFETY_NUMBER_MAX];
	uc_client *c = NULL;
	if (!load(name, "SELECT 1"))
		return;
	expect_ok(open_at(PASSPHRASE, &c));
	if (!c)
		return;
	expect_ok(uc_account_get(c, &a));
	expect_eq(a.state, UC_ACCOUNT);
	expect_bytes(view_str(a.profile_name), VIEW_LIT("Rosa"));
	expect_bytes(view_str(a.identifier), VIEW_LIT("rosa"));
	expect_eq(a.devices, 1);
	expect_ok(uc_recovery_words(c, words, sizeof words));
	expect_ok(uc_contacts(c, see_contact, &contact));
	expect_seen(&contact, "Tom at lens.example");
	expect_ok(uc_safety_number(c, &contact.id, number));
	expect_ok(uc_requests(c, see_request, &request));
	expect_seen(&request, "ida at lens.example: hello");
	expect_ok(uc_rooms(c, see_room, &room));
	expect_seen(&room, "Walks, 1, epoch 0");
	expect_ok(uc_messages(c, &room.id, 1, 10, see_message, &message));
	expect_seen(&message, "Rosa: " SAID);
	expect(c->rooms && c->rooms->outbox.first && c->rooms->group);
	if (c->rooms)
		expect_eq(c->rooms->journal_rows, strcmp(name, "client_5.sql") >= 0 ? 3 : 0);
	expect_ok(uc_settings_get(c, &settings));
	expect_eq(settings.said, strcmp(name, "client_6.sql") >= 0);
	expect_links(c, &contact.id, strcmp(name, "client_8.sql") >= 0);
	expect_shown(c, &contact.id, strcmp(name, "client_9.sql") >= 0);
	expect(uc_client_generation(c) > 3);
	/* And written on. */
	expect_ok(uc_send(c, &room.id, "and what is said now", &id));
	uc_client_close(c);
	c = NULL;
	expect_ok(open_at(PASSPHRASE, &c));
	expect_eq(uc_messages_last(c, &room.id), 2);
	room = (struct seen){ 0 };
	expect_ok(uc_rooms(c, see_room, &room));
	expect_seen(&room, "Walks, 1, epoch 0");
	expect(c->rooms && c->rooms->group && !c->rooms->group_dirty && !c->rooms->members_dirty);
	group_has_moved(c, &room.id);
	uc_client_close(c);
	temporary();
}

TEST(a_store_of_each_state_is_read_and_written_on)
{
	for (size_t i = 0; i < STORES; i++)
		is_read(stores[i]);
}

TEST(it_opens_with_its_passphrase_alone)
{
	uc_client *c = NULL;
	if (!load(stores[LATEST], "SELECT 1"))
		return;
	expect_err(open_at("another", &c), UC_E_PASSPHRASE);
	expect(!c);
	temporary();
}

TEST(a_file_of_a_later_version_is_refused_and_left_alone)
{
	uc_client *c = NULL;
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	if (!load(stores[LATEST], "PRAGMA user_version=2"))
		return;
	expect_err(open_at(PASSPHRASE, &c), UC_E_VERSION);
	expect_eq(sqlite3_open(path, &db), SQLITE_OK);
	expect_eq(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL), SQLITE_OK);
	expect_eq(sqlite3_step(st), SQLITE_ROW);
	expect_eq(sqlite3_column_int(st, 0), 2);
	sqlite3_finalize(st);
	sqlite3_close(db);
	temporary();
}

TEST(so_is_a_header_of_one)
{
	uc_client *c = NULL;
	/* The header's first two bytes are its version; what follows may have any form. */
	if (!load(stores[LATEST],
		  "UPDATE kv SET v = X'0002' WHERE k = CAST('undercroft-client' AS BLOB)"))
		return;
	expect_err(open_at(PASSPHRASE, &c), UC_E_VERSION);
	if (load(stores[LATEST],
		 "UPDATE kv SET v = X'0001' WHERE k = CAST('undercroft-client' AS BLOB)"))
		expect_err(open_at(PASSPHRASE, &c), UC_E_CORRUPT);
	temporary();
}

TEST(and_a_record_of_one)
{
	struct client_memory *m = client_memory_new();
	static const struct uc_platform platform = { .now_ms = now, .random = dice };
	static const uint8_t key[32] = { 9 };
	static const char *const tables[] = { "account", "set",  "contact", "request",
					      "room",    "link", "linked" };
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		struct safe s;
		uc_client *c = NULL;
		struct safe_place at = { .table = tables[i], .name = VIEW_LIT("self") };
		struct uc_options o = { .platform = &platform,
					.store_ops = client_memory_ops(),
					.store = m,
					.key = key,
					.app = "dial.example" };
		expect_ok(safe_open(&s, test_env(), client_memory_ops(), m, key, NULL, 0));
		safe_put(&s, at, VIEW_LIT("\0\x7fof a later form"));
		expect_ok(safe_commit(&s));
		safe_done(&s);
		expect_err(uc_client_open(&o, &c), UC_E_VERSION);
		expect_ok(safe_open(&s, test_env(), client_memory_ops(), m, key, NULL, 0));
		safe_delete(&s, at);
		expect_ok(safe_commit(&s));
		safe_done(&s);
	}
	client_memory_free(m);
}

TEST(and_a_group_of_one)
{
	struct safe_place at = { .table = "group" };
	struct view none = { NULL, 0 };
	struct room_group *g = NULL;
	uc_client *c = NULL;
	if (!load(stores[LATEST], "SELECT 1"))
		return;
	expect_ok(open_at(PASSPHRASE, &c));
	expect_err(room_group_load(c, VIEW_LIT("\0\3of a later form"), none, &g), UC_E_VERSION);
	expect_err(room_group_load(c, VIEW_LIT("\0\1of no form"), none, &g), UC_E_CORRUPT);
	expect_err(room_group_load(c, VIEW_LIT("\0\2of no form"), none, &g), UC_E_CORRUPT);
	expect(!g && c->rooms);
	at.name = VIEW_OF(c->rooms->id.b);
	safe_put(&c->safe, at, VIEW_LIT("\0\3of a later form"));
	expect_ok(safe_commit(&c->safe));
	uc_client_close(c);
	c = NULL;
	/* An older program would take it for damaged, and write another beside its journal. */
	expect_err(open_at(PASSPHRASE, &c), UC_E_VERSION);
	expect(!c);
	temporary();
}

static size_t rows_of(uc_client *c)
{
	size_t n = 0;
	expect_ok(safe_scan(&c->safe, "group journal", VIEW_OF(c->rooms->id.b), 0, count, &n));
	return n;
}

TEST(a_groups_rows_are_as_many_as_its_journal_has_and_go_with_it)
{
	uc_client *c = NULL;
	struct uc_id room;
	uint64_t most = 0;
	if (!load(stores[LATEST], "SELECT 1"))
		return;
	expect_ok(open_at(PASSPHRASE, &c));
	if (!c)
		return;
	room = c->rooms->id;
	while (c->rooms->journal_rows > most && most < 200) {
		most = c->rooms->journal_rows;
		expect_ok(turn_run(c, stage, &room));
		expect_ok(turn_run(c, unstage, &room));
		expect_eq(rows_of(c), c->rooms->journal_rows);
	}
	expect(most > 8 && most < 200 && c->rooms->journal_rows < 3);
	uc_client_close(c);
	expect_ok(open_at(PASSPHRASE, &c));
	expect(c->rooms->group && rows_of(c) == c->rooms->journal_rows);
	expect_ok(turn_run(c, stage, &room));
	expect_ok(turn_run(c, unstage, &room));
	/* One that is damaged is given up as a whole, and its rows go with it. */
	struct safe_place row = { .table = "group journal", .owner = VIEW_OF(room.b) };
	safe_delete(&c->safe, row);
	expect_ok(safe_commit(&c->safe));
	uc_client_close(c);
	expect_ok(open_at(PASSPHRASE, &c));
	expect(!c->rooms->group && c->rooms->lost && rows_of(c) > 0);
	expect_ok(turn_run(c, leave, &room));
	expect_eq(rows_of(c), 0);
	uc_client_close(c);
	temporary();
}
