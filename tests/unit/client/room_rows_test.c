/* SPDX-License-Identifier: Apache-2.0 */
/* What the store has of a room's group: what each step writes, and what is gone with it. */
#include "client/room_group_inside.h"
#include "mimi/media_type.h"
#include "mls/group_state.h"

#include "tests/unit/client/trio.h"

/* What the store has of a group: the journal's rows, and the root as it was replaced. */
static struct buf rows, root;
static size_t writes, whole;

static void kept(struct person *p)
{
	struct room_group_change change;
	expect_ok(room_group_take(p->g, &change));
	writes++;
	whole += change.whole;
	if (change.whole)
		buf_reset(&rows);
	buf_add_view(&rows, buf_view(&change.journal));
	if (change.root.n) {
		buf_reset(&root);
		buf_add_view(&root, buf_view(&change.root));
	}
	expect_ok(rows.failed);
	room_group_change_done(&change);
}

static void comes_back(struct person *p)
{
	uint64_t epoch = room_group_epoch(p->g);
	room_group_free(p->g);
	p->g = NULL;
	expect_ok(room_group_load(&p->c, buf_view(&root), buf_view(&rows), &p->g));
	expect_eq(room_group_epoch(p->g), epoch);
}

static void kept_begin(struct person *p)
{
	buf_init_secret(&rows, BLOB_MAX);
	buf_init_secret(&root, BLOB_MAX);
	writes = whole = 0;
	kept(p);
	expect_eq(whole, 1);
}

static void kept_end(void)
{
	buf_done(&rows);
	buf_done(&root);
}

/* Its first write is whole, and no other until it has grown: not after it was read again either. */
TEST(a_group_is_written_by_what_has_changed)
{
	struct room_group_change none;
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	kept_begin(&tom);
	size_t first = rows.n;
	for (int i = 0; i < 3; i++) {
		trio_reads(&tom, trio_send(&rosa, "to Tom"), &rosa, "to Tom");
		kept(&tom);
		trio_reads(&rosa, trio_send(&tom, "from Tom"), &tom, "from Tom");
		kept(&tom);
		comes_back(&tom);
	}
	trio_commit(&rosa, &ida, NULL);
	kept(&tom);
	comes_back(&tom);
	trio_reads(&tom, trio_send(&ida, "in the next epoch"), &ida, "in the next epoch");
	kept(&tom);
	comes_back(&tom);
	expect_eq(whole, 1);
	expect(rows.n > first);
	expect_ok(room_group_take(tom.g, &none));
	expect(!none.whole && !none.journal.n && !none.root.n);
	room_group_change_done(&none);
	kept_end();
	trio_end();
}

TEST(what_a_message_used_up_is_gone_with_its_turn)
{
	struct room_group *old = NULL;
	struct room_entry e;
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	kept_begin(&tom);
	struct view said = trio_send(&rosa, "once");
	struct buf before;
	buf_init_secret(&before, BLOB_MAX);
	buf_add_view(&before, buf_view(&root));
	size_t n = rows.n;
	trio_reads(&tom, said, &rosa, "once");
	kept(&tom);
	/* Who has the root of before reads it; who has what is there now does not. */
	expect_ok(room_group_load(&tom.c, buf_view(&before), view_make(rows.p, n), &old));
	expect_ok(room_group_entry(&tom.c, old, said, tom.own_hub, &hub.mem, &e));
	room_group_free(old);
	old = NULL;
	expect_err(room_group_load(&tom.c, buf_view(&root), view_make(rows.p, n), &old),
		   UC_E_CORRUPT);
	comes_back(&tom);
	expect(person_entry(&tom, said, &hub.mem, &e) != UC_OK);
	buf_done(&before);
	kept_end();
	trio_end();
}

TEST(rows_that_are_not_this_roots_are_no_group)
{
	struct room_group *g = NULL;
	struct buf mine, whole_one;
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	kept_begin(&tom);
	trio_reads(&tom, trio_send(&rosa, "one"), &rosa, "one");
	kept(&tom);
	buf_init_secret(&mine, BLOB_MAX);
	buf_init_secret(&whole_one, BLOB_MAX);
	buf_add_view(&mine, buf_view(&root));
	struct view none = { NULL, 0 }, all = buf_view(&rows);
	expect_err(room_group_load(&tom.c, buf_view(&mine), none, &g), UC_E_CORRUPT);
	expect_err(room_group_load(&tom.c, buf_view(&mine), view_make(all.p, all.n - 1), &g),
		   UC_E_CORRUPT);
	rows.p[rows.n / 2] ^= 1;
	expect_err(room_group_load(&tom.c, buf_view(&mine), all, &g), UC_E_CORRUPT);
	rows.p[rows.n / 2] ^= 1;
	/* The beginning of a row that was never finished is not to be found in a store. */
	buf_add_view(&rows, VIEW_LIT("\0\0"));
	expect_err(room_group_load(&tom.c, buf_view(&mine), buf_view(&rows), &g), UC_E_CORRUPT);
	rows.n -= 2;
	/* Saved whole, it has rows no more: the next write makes them anew. */
	expect_ok(room_group_save(tom.g, &whole_one));
	trio_reads(&tom, trio_send(&rosa, "two"), &rosa, "two");
	kept(&tom);
	expect_eq(whole, 2);
	expect_err(room_group_load(&tom.c, buf_view(&mine), buf_view(&rows), &g), UC_E_CORRUPT);
	expect(!g);
	comes_back(&tom);
	buf_done(&mine);
	buf_done(&whole_one);
	kept_end();
	trio_end();
}

/* Members who say nothing, by commits of Rosa's. */
static void crowd(size_t n)
{
	enum { AT_ONCE = 32 };
	struct view packages[AT_ONCE], update = { NULL, 0 }, fanout = { NULL, 0 };
	uint8_t hash[SHA256_BYTES];
	struct person one;
	while (n) {
		struct room_change change = { .packages = { packages, 0 } };
		for (; change.packages.n < AT_ONCE && n; n--) {
			person_begin(&one, "plaza.example", 100 + n);
			packages[change.packages.n++] = person_package(&hub.mem, &one);
			person_end(&one);
		}
		expect_ok(room_group_commit(&rosa.c, rosa.g, &change, &hub.mem, &update, hash));
		expect_ok(hub_update(&hub, update, &fanout));
		trio_take(&rosa, fanout, ROOM_ENTRY_COMMIT);
		trio_take(&tom, fanout, ROOM_ENTRY_COMMIT);
	}
}

/* A commit costs what it changes, and a message what it uses up; neither costs the room. */
TEST(what_is_written_does_not_grow_with_the_room)
{
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	crowd(120);
	kept_begin(&tom);
	size_t first = rows.n;
	trio_reads(&tom, trio_send(&rosa, "to all"), &rosa, "to all");
	kept(&tom);
	size_t message = rows.n - first + root.n;
	trio_commit(&rosa, &ida, NULL);
	size_t before = rows.n;
	kept(&tom);
	size_t commit_bytes = rows.n - before + root.n;
	expect_eq(whole, 1);
	expect(message < 4 * (size_t)1024 && commit_bytes < first / 4);
	comes_back(&tom);
	kept_end();
	trio_end();
}

TEST(the_rows_are_made_one_again_when_they_have_grown)
{
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	kept_begin(&tom);
	size_t most = 0;
	while (whole < 2 && writes < 500) {
		trio_reads(&tom, trio_send(&rosa, "on and on"), &rosa, "on and on");
		kept(&tom);
		most = rows.n > most ? rows.n : most;
	}
	expect_eq(whole, 2);
	expect(most < (size_t)128 * 1024 && rows.n < most / 2);
	comes_back(&tom);
	trio_reads(&tom, trio_send(&rosa, "and after it"), &rosa, "and after it");
	kept(&tom);
	expect_eq(whole, 2);
	comes_back(&tom);
	kept_end();
	trio_end();
}
