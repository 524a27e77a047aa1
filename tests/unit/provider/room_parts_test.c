/* SPDX-License-Identifier: Apache-2.0 */
/* The public group of a room as it is stored: how little a commit writes, what newcomers are given of
 * it, however late they come, and that nothing damaged is given to anybody. */
#include "base/map.h"
#include "provider/group_parts.h"
#include "tests/unit/provider/guests.h"

static struct app *const dial = &apps[DIAL], *const lens = &apps[LENS];

/* --- what a step writes --- */

struct written {
	struct map was; /* key -> the record before */
	size_t bytes[256], records[256];
};

static uc_err remember(void *ctx, enum store_part part, struct view key, uint64_t seq,
		       struct view value)
{
	struct written *w = ctx;
	struct view *kept = ARENA_NEW(&apps_mem, struct view);
	(void)seq;
	if (part != STORE_PART_RECORD || !kept)
		return UC_OK;
	TRY(arena_copy(&apps_mem, key, &key));
	TRY(arena_copy(&apps_mem, value, kept));
	return map_put(&w->was, key, kept);
}

static uc_err compare(void *ctx, enum store_part part, struct view key, uint64_t seq,
		      struct view value)
{
	struct written *w = ctx;
	(void)seq;
	if (part != STORE_PART_RECORD)
		return UC_OK;
	const struct view *was = map_find(&w->was, key);
	if (was && view_equal(*was, value))
		return UC_OK;
	w->bytes[key.p[0]] += key.n + value.n;
	w->records[key.p[0]]++;
	return UC_OK;
}

static void written_begin(struct written *w, struct app *a)
{
	memset(w, 0, sizeof *w);
	expect_ok(map_init(&w->was, test_env()));
	expect_ok(store_walk(a->rooms, remember, w));
}

static void written_end(struct written *w, struct app *a)
{
	expect_ok(store_walk(a->rooms, compare, w));
	map_done(&w->was);
}

/* --- a large room --- */

enum { CROWD = 999, AT_ONCE = 60 };

static void add_crowd(void)
{
	for (size_t left = CROWD; left;) {
		struct change c = { .n = 0 };
		for (; left && c.n < AT_ONCE; left--) {
			struct guest g;
			guest_init(&g, &rob, NULL);
			change_add(&c, &g);
		}
		apps_wait(60000);
		guest_commit(&r1, &c);
	}
}

TEST(a_commit_in_a_room_of_a_thousand_writes_a_few_kilobytes)
{
	struct written w;
	struct change none = { .n = 0 }, one = { .n = 0 };
	struct guest g;
	the_people();
	the_room_of(NULL, 0);
	add_crowd();
	/* Nobody is to come any more: then only what is now is kept. */
	for (int day = 0; day < 31; day++) {
		apps_wait((uint64_t)24 * 3600000);
		guest_return(&r1);
	}
	expect_eq(table_count(dial, TABLE_WELCOME), 0);
	expect_eq(table_count(dial, TABLE_TREE_BACK), 0);
	guest_commit(&r1, &none);
	/* What is loaded counts by its size. */
	expect_eq(dial->provider->room_work->groups_n, 1);
	expect_eq(dial->provider->room_work->leaves_n, 1024);
	written_begin(&w, dial);
	guest_commit(&r1, &none);
	written_end(&w, dial);
	printf("an update in a room of %d: %zu bytes of its group in %zu records, all in all %zu\n",
	       CROWD + 1, w.bytes[TABLE_GROUP_PART], w.records[TABLE_GROUP_PART],
	       w.bytes[TABLE_GROUP_PART] + w.bytes[TABLE_ROOM]);
	expect(w.bytes[TABLE_GROUP_PART] < 6000);
	expect_eq(w.bytes[TABLE_TREE_BACK], 0);
	guest_init(&g, &rob, NULL);
	change_add(&one, &g);
	written_begin(&w, dial);
	guest_commit(&r1, &one);
	written_end(&w, dial);
	printf("an addition: %zu bytes of its group, %zu of the Welcome\n",
	       w.bytes[TABLE_GROUP_PART], w.bytes[TABLE_WELCOME]);
	written_begin(&w, dial);
	guest_commit(&r1, &none);
	written_end(&w, dial);
	printf("an update while somebody may come: %zu bytes of its group, %zu of the way back\n",
	       w.bytes[TABLE_GROUP_PART], w.bytes[TABLE_TREE_BACK]);
	expect(w.bytes[TABLE_TREE_BACK] < 4000);
	guest_join(&g);
	guests_agree((struct guest *[]){ &r1, &g }, 2);
	struct room_live *r;
	expect_ok(room_live_get(dial->provider, the_room, &r));
	room_live_drop(dial->provider, r);
	expect_eq(dial->provider->room_work->groups_n, 0);
	expect_eq(dial->provider->room_work->leaves_n, 0);
	group_free(g.g);
	the_end();
}

/* --- newcomers --- */

static size_t secrets_in(struct view welcome)
{
	struct welcome w = { .secrets = { .n = 0 } };
	expect_ok(wire_decode(welcome, &apps_mem, welcome_element, &w));
	return w.secrets.n;
}

TEST(each_newcomer_gets_their_own_secrets_alone)
{
	struct guest v[3];
	struct change c = { .n = 0 };
	the_people();
	guest_init(&v[0], &rob, NULL);
	guest_init(&v[1], &rob, NULL);
	guest_init(&v[2], &tom, NULL);
	the_room_of(NULL, 0);
	for (size_t i = 0; i < 3; i++)
		change_add(&c, &v[i]);
	guest_commit(&r1, &c);
	apps_wait(1000);
	/* An app gets none of others'. */
	struct store_key k;
	struct welcome_record w = { .made_ms = 0 };
	key_1(&k, TABLE_WELCOME, the_room);
	store_key_add_u64(&k, log_head_of(dial, the_room));
	expect_ok(
		record_get(lens->rooms, store_key_view(&k), welcome_record_element, &apps_mem, &w));
	expect_eq(secrets_in(w.welcome), 1);
	expect_eq(w.ratchet_tree.n, 0);
	for (size_t i = 0; i < 3; i++) {
		guest_join(&v[i]);
		expect_eq(secrets_in(v[i].opened.welcome), 1);
	}
	guests_agree((struct guest *[]){ &r1, &v[0], &v[1], &v[2] }, 4);
	for (size_t i = 0; i < 3; i++)
		group_free(v[i].g);
	the_end();
}

TEST(whoever_comes_late_gets_the_tree_of_their_epoch)
{
	struct guest late, first, other;
	struct change c = { .n = 0 }, more = { .n = 0 }, out = { .n = 0 }, none = { .n = 0 };
	the_people();
	guest_init(&late, &rob, NULL);
	guest_init(&first, &tom, NULL);
	guest_init(&other, &tom, NULL);
	the_room_of(NULL, 0);
	change_add(&c, &late);
	change_add(&c, &first);
	guest_commit(&r1, &c);
	change_add(&more, &other);
	guest_commit(&r1, &more);
	/* Past where a whole tree is kept, and with somebody gone meanwhile. */
	for (int i = 0; i < 270; i++) {
		apps_wait(60000);
		guest_commit(&r1, &none);
	}
	change_remove(&out, &r1, &other);
	guest_commit(&r1, &out);
	expect_eq(table_count(dial, TABLE_TREE_BACK), 272);
	app_kill(dial, true);
	app_start(dial);
	expect_ok(person_sign_in(&rosa));
	expect_ok(person_sign_in(&rob));
	apps_wait(61000);
	expect_ok(guest_open(&r1));
	guest_join(&late);
	guest_join(&first); /* by what Lens has stored */
	guest_read(&r1);
	guest_read(&late);
	guest_read(&first);
	guests_agree((struct guest *[]){ &r1, &late, &first }, 3);
	/* When all have come, nothing of it stays. */
	for (int i = 0; i < 20; i++) {
		apps_wait(600000);
		guest_read(&r1);
		guest_read(&late);
		guest_read(&first);
	}
	expect_eq(table_count(dial, TABLE_WELCOME), 0);
	expect_eq(table_count(dial, TABLE_TREE_BACK), 0);
	expect_eq(table_count(lens, TABLE_TREE_BACK), 0);
	group_free(late.g);
	group_free(first.g);
	the_end();
}

TEST(an_app_that_was_away_begins_with_the_tree_of_its_beginning)
{
	struct guest first;
	struct change c = { .n = 0 }, none = { .n = 0 };
	struct store_key k;
	struct follow_start start = { .seq = 0 };
	the_people();
	guest_init(&first, &tom, NULL);
	the_room_of(NULL, 0);
	guest_commit(&r1, &none);
	lens->is_down = true;
	change_add(&c, &first);
	guest_commit(&r1, &c);
	for (int i = 0; i < 5; i++)
		guest_commit(&r1, &none);
	/* Nothing of the tree is kept with it. */
	expect_ok(record_get(dial->rooms, key_2(&k, TABLE_FOLLOW_START, the_room, lens->domain),
			     follow_start_element, &apps_mem, &start));
	expect_eq(start.ratchet_tree.n, 0);
	expect_eq(table_count(dial, TABLE_TREE_BACK), 5);
	apps_wait(600000);
	expect_eq(table_count(dial, TABLE_TREE_BACK), 5);
	lens->is_down = false;
	apps_wait(61000);
	apps_wait(61000);
	guest_join(&first);
	guest_read(&r1);
	guests_agree((struct guest *[]){ &r1, &first }, 2);
	expect_eq(table_count(dial, TABLE_FOLLOW_START), 0);
	for (int i = 0; i < 8; i++)
		apps_wait(600000);
	expect_eq(table_count(dial, TABLE_TREE_BACK), 0);
	group_free(first.g);
	the_end();
}

/* --- what is damaged --- */

static void damage(struct app *a, struct view key)
{
	struct view was = { NULL, 0 };
	struct store_batch b;
	expect_ok(store_get(a->rooms, key, &apps_mem, &was));
	uint8_t *bytes = (uint8_t *)(uintptr_t)was.p; /* of apps_mem, ours to change */
	if (was.n)
		bytes[was.n - 1] ^= 1;
	store_batch_init(&b, (struct view){ NULL, 0 });
	store_put(&b, key, was);
	expect_ok(store_commit(a->rooms, &b));
	store_batch_done(&b);
}

TEST(nothing_damaged_is_given_to_anybody)
{
	static const struct {
		enum public_part_kind kind;
		uint32_t number;
	} parts[] = { { PUBLIC_PART_BASE, 0 }, { PUBLIC_PART_EXTENSIONS, 0 },
		      { PUBLIC_PART_INFO, 0 }, { PUBLIC_PART_PROPOSAL, 0 },
		      { PUBLIC_PART_NODE, 0 }, { PUBLIC_PART_NODE, 4 } };
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		struct group_info_ratchet_tree_tbe info;
		struct submit_message_response answer;
		struct guest fresh;
		struct change none = { .n = 0 };
		struct store_key k;
		uint64_t seq;
		uc_err err;
		room_of_three();
		expect_eq(guest_update(&t1, guest_leave_make(&t1), &err), UPDATE_SUCCESS);
		read_all();
		app_kill(dial, true);
		app_start(dial);
		damage(dial,
		       key_2n(&k, TABLE_GROUP_PART, the_room, parts[i].kind, parts[i].number));
		expect_ok(person_sign_in(&rosa));
		expect_ok(guest_open(&r1));
		expect_eq(guest_update(&r1, guest_commit_make(&r1, &none), &err), -1);
		expect_err(err, UC_E_CORRUPT);
		expect_eq(guest_submit(&r1, guest_message_make(&r1, "no"), &answer, &seq, &err),
			  -1);
		expect_err(err, UC_E_CORRUPT);
		guest_init(&fresh, &rosa, &r1);
		expect_eq(guest_group_info(&fresh, &info, &err), -1);
		expect_err(err, UC_E_CORRUPT);
		the_end();
	}
}

TEST(a_damaged_way_back_leads_nowhere)
{
	struct guest late;
	struct change c = { .n = 0 }, none = { .n = 0 };
	struct store_key k;
	the_people();
	guest_init(&late, &rob, NULL);
	the_room_of(NULL, 0);
	change_add(&c, &late);
	guest_commit(&r1, &c);
	guest_commit(&r1, &none);
	guest_commit(&r1, &none);
	key_1(&k, TABLE_TREE_BACK, the_room);
	store_key_add_u64(&k, 3);
	damage(dial, store_key_view(&k));
	expect_err(guest_open(&late), UC_E_CORRUPT);
	the_end();
}
