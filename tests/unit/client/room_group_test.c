/* SPDX-License-Identifier: Apache-2.0 */
/* A client's rooms: what two and three people do in one, with a restart after every step. */
#include "client/room_group_inside.h"
#include "mimi/media_type.h"
#include "mls/group_state.h"

#include "tests/unit/client/trio.h"

static void a_life(void)
{
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	trio_all_talk();
	trio_commit(&tom, &ida, NULL);
	trio_all_talk();
	/* Ida leaves; whoever is first commits it. */
	struct view fanout = trio_leave(&ida);
	trio_take(&ida, fanout, ROOM_ENTRY_PROPOSAL);
	trio_take(&rosa, fanout, ROOM_ENTRY_PROPOSAL);
	trio_take(&tom, fanout, ROOM_ENTRY_PROPOSAL);
	expect(room_group_has_proposals(tom.g));
	expect(!room_group_has_proposals(ida.g));
	expect_eq(room_group_rank(rosa.g), 0);
	expect_eq(room_group_rank(tom.g), 1);
	trio_commit(&tom, NULL, &ida);
	expect(!room_group_has_proposals(tom.g));
	trio_all_talk();
	/* And Tom is removed. */
	trio_commit(&rosa, NULL, &tom);
	expect_eq(room_group_epoch(rosa.g), 4);
	trio_all_talk();
	trio_end();
}

TEST(a_room_lives)
{
	trio_restarts = false;
	a_life();
}

TEST(and_does_so_with_a_restart_after_every_step)
{
	trio_restarts = true;
	a_life();
	trio_restarts = false;
}

TEST(a_direct_room)
{
	trio_create(true);
	trio_commit(&rosa, &tom, NULL);
	trio_all_talk();
	expect(room_group_is_direct(tom.g));
	struct view package = person_package(&hub.mem, &ida), update = { NULL, 0 };
	struct room_change change = { .packages = { &package, 1 } };
	uint8_t hash[SHA256_BYTES];
	expect_err(room_group_commit(&tom.c, tom.g, &change, &hub.mem, &update, hash), UC_E_POLICY);
	expect_err(room_group_commit(&rosa.c, rosa.g, &change, &hub.mem, &update, hash),
		   UC_E_POLICY);
	expect(!update.p);
	trio_all_talk();
	trio_end();
}

/* --- safe at rest --- */

TEST(what_was_read_is_not_read_again)
{
	struct room_entry e;
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	struct view first = trio_send(&rosa, "one"), second = trio_send(&rosa, "two");
	trio_reads(&tom, second, &rosa, "two");
	person_restart(&tom);
	expect_err(person_entry(&tom, second, &hub.mem, &e), UC_E_DECRYPT);
	/* The one before it came late, and only once, too. */
	trio_reads(&tom, first, &rosa, "one");
	person_restart(&tom);
	expect_err(person_entry(&tom, first, &hub.mem, &e), UC_E_DECRYPT);
	/* Neither by the next epoch. */
	trio_commit(&rosa, NULL, NULL);
	person_restart(&tom);
	expect_err(person_entry(&tom, first, &hub.mem, &e), UC_E_DECRYPT);
	trio_end();
}

TEST(our_commit_loses_to_anothers)
{
	struct view ours = { NULL, 0 }, fanout = { NULL, 0 };
	const struct room_change change = { .packages = { NULL, 0 } };
	uint8_t hash[SHA256_BYTES];
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	expect_ok(room_group_commit(&rosa.c, rosa.g, &change, &hub.mem, &ours, hash));
	person_restart(&rosa);
	/* Only one at a time. */
	expect_err(room_group_commit(&rosa.c, rosa.g, &change, &hub.mem, &fanout, hash),
		   UC_E_PENDING);
	trio_commit(&tom, &ida, NULL);
	person_restart(&rosa);
	trio_all_talk();
	expect_err(hub_update(&hub, ours, &fanout), UC_E_FORK);
	trio_commit(&rosa, NULL, NULL);
	trio_all_talk();
	trio_end();
}

TEST(a_commit_that_was_dropped_is_made_again)
{
	struct view first = { NULL, 0 };
	const struct room_change change = { .packages = { NULL, 0 } };
	uint8_t hash[SHA256_BYTES];
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	expect_ok(room_group_commit(&rosa.c, rosa.g, &change, &hub.mem, &first, hash));
	room_group_drop_pending(rosa.g);
	person_restart(&rosa);
	trio_commit(&rosa, NULL, NULL);
	trio_all_talk();
	trio_end();
}

/* That a place goes waits in the log: others commit it, whatever becomes of a commit of hers. */
TEST(what_she_has_proposed_outlives_a_commit_that_was_dropped)
{
	struct view update = { NULL, 0 }, fanout = { NULL, 0 };
	const struct room_change change = { .packages = { NULL, 0 } };
	struct room_client k = { .leaf = 2 };
	uint8_t hash[SHA256_BYTES];
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	trio_commit(&rosa, &ida, NULL);
	expect_ok(room_group_client_at(rosa.g, room_group_own_leaf(ida.g), &k));
	expect_ok(room_group_removal(&rosa.c, rosa.g, &k.leaf, 1, &hub.mem, &update, hash));
	expect(room_group_is_removal(update, &hub.mem));
	expect_ok(hub_update(&hub, update, &fanout));
	trio_take(&rosa, fanout, ROOM_ENTRY_PROPOSAL);
	trio_take(&tom, fanout, ROOM_ENTRY_PROPOSAL);
	expect_err(room_group_removal(&rosa.c, rosa.g, &k.leaf, 1, &hub.mem, &update, hash),
		   UC_E_EXISTS);
	expect_ok(room_group_commit(&rosa.c, rosa.g, &change, &hub.mem, &update, hash));
	expect(!room_group_is_removal(update, &hub.mem));
	room_group_drop_pending(rosa.g);
	expect(room_group_has_proposals(rosa.g));
	expect_ok(room_group_commit(&tom.c, tom.g, &change, &hub.mem, &update, hash));
	expect_ok(hub_update(&hub, update, &fanout));
	trio_take(&tom, fanout, ROOM_ENTRY_COMMIT);
	trio_take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	expect_eq(room_group_epoch(rosa.g), 3);
	expect_ok(room_group_leave(&tom.c, tom.g, &hub.mem, &update, hash));
	expect(!room_group_is_removal(update, &hub.mem));
	trio_end();
}

TEST(who_is_removed_reads_nothing_later)
{
	struct buf kept;
	struct room_entry e;
	struct room_group *old = NULL;
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	trio_commit(&rosa, &ida, NULL);
	buf_init_secret(&kept, BLOB_MAX);
	expect_ok(room_group_save(tom.g, &kept));
	/* Tom's device keeps all it can: its state of before, and after. */
	struct view package, whose = view_str(tom.set.participant);
	struct view update = { NULL, 0 }, fanout = { NULL, 0 };
	const struct room_change change = { .packages = { &package, 0 },
					    .participants = { &whose, 1 } };
	uint8_t hash[SHA256_BYTES];
	expect_ok(room_group_commit(&rosa.c, rosa.g, &change, &hub.mem, &update, hash));
	expect_ok(hub_update(&hub, update, &fanout));
	trio_take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	trio_take(&ida, fanout, ROOM_ENTRY_COMMIT);
	trio_take(&tom, fanout, ROOM_ENTRY_REMOVED);
	struct view later = trio_send(&rosa, "without Tom");
	expect_err(person_entry(&tom, later, &hub.mem, &e), UC_E_REMOVED);
	person_restart(&tom);
	expect_err(person_entry(&tom, later, &hub.mem, &e), UC_E_REMOVED);
	expect_err(room_group_encrypt(&tom.c, tom.g, person_says(&rosa, "x", &hub.mem), NULL,
				      &hub.mem, &update, hash),
		   UC_E_ARGUMENT);
	expect_ok(room_group_load(&tom.c, buf_view(&kept), (struct view){ NULL, 0 }, &old));
	expect_err(room_group_entry(&tom.c, old, later, false, &hub.mem, &e), UC_E_EPOCH_FUTURE);
	trio_reads(&ida, later, &rosa, "without Tom");
	room_group_free(old);
	buf_done(&kept);
	trio_end();
}

TEST(damaged_state_is_not_loaded)
{
	struct buf b;
	struct room_group *g = NULL;
	trio_create(false);
	buf_init_secret(&b, BLOB_MAX);
	expect_ok(room_group_save(rosa.g, &b));
	expect_err(room_group_load(&rosa.c, view_make(b.p, b.n - 1), (struct view){ NULL, 0 }, &g),
		   UC_E_CORRUPT);
	b.p[1] = 9;
	expect_err(room_group_load(&rosa.c, buf_view(&b), (struct view){ NULL, 0 }, &g),
		   UC_E_VERSION);
	expect(!g);
	buf_done(&b);
	trio_end();
}

/* --- leaving --- */

TEST(leaving_can_be_said_again)
{
	struct view one = { NULL, 0 }, two = { NULL, 0 }, fanout = { NULL, 0 };
	const struct room_change change = { .packages = { NULL, 0 } };
	uint8_t hash[SHA256_BYTES];
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	expect_ok(room_group_leave(&tom.c, tom.g, &hub.mem, &one, hash));
	expect_err(room_group_commit(&tom.c, tom.g, &change, &hub.mem, &two, hash), UC_E_REMOVED);
	person_restart(&tom);
	expect_ok(room_group_leave(&tom.c, tom.g, &hub.mem, &two, hash));
	expect_bytes(one, two);
	/* Given up, and yet it was accepted: others' commits speak of it. */
	room_group_drop_pending(tom.g);
	person_restart(&tom);
	expect_ok(room_group_commit(&tom.c, tom.g, &change, &hub.mem, &two, hash));
	room_group_drop_pending(tom.g);
	expect_ok(hub_update(&hub, one, &fanout));
	trio_take(&tom, fanout, ROOM_ENTRY_PROPOSAL);
	person_restart(&tom);
	trio_take(&rosa, fanout, ROOM_ENTRY_PROPOSAL);
	trio_commit(&rosa, NULL, &tom);
	trio_end();
}

/* Somebody invites, but into what is no room any more: the list lacks the newcomer. */
TEST(a_welcome_into_a_broken_room)
{
	struct buf epoch, ratchets;
	struct group *lawless = NULL;
	struct made_commit made;
	const struct group_platform platform = { .env = test_env() };
	struct proposal add = { .proposal_type = PROPOSAL_ADD };
	const struct commit_options o = { .proposals = &add, .proposal_count = 1 };
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	buf_init_secret(&epoch, BLOB_MAX);
	buf_init_secret(&ratchets, BLOB_MAX);
	expect_ok(group_save_epoch(tom.g->g, &epoch));
	expect_ok(group_save_ratchets(tom.g->g, &ratchets));
	expect_ok(group_load(&platform, buf_view(&epoch), buf_view(&ratchets), &lawless));
	expect_ok(wire_decode(blob_view(&ida.set.key_package), &hub.mem, key_package_element,
			      &add.key_package));
	expect_ok(group_commit(lawless, &o, &hub.mem, &made));
	expect_err(room_group_join(&ida.c, &ida.set, made.welcome, made.ratchet_tree, &ida.g),
		   UC_E_POLICY);
	expect(!ida.g);
	/* And one that is for somebody else. */
	expect_err(room_group_join(&rosa.c, &rosa.set, made.welcome, made.ratchet_tree, &ida.g),
		   UC_E_NOT_FOUND);
	group_free(lawless);
	buf_done(&epoch);
	buf_done(&ratchets);
	trio_end();
}

TEST(who_leaves_makes_room_in_the_ranks)
{
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	trio_commit(&rosa, &ida, NULL);
	expect_eq(room_group_rank(tom.g), 1);
	struct view fanout = trio_leave(&rosa);
	trio_take(&tom, fanout, ROOM_ENTRY_PROPOSAL);
	trio_take(&ida, fanout, ROOM_ENTRY_PROPOSAL);
	trio_take(&rosa, fanout, ROOM_ENTRY_PROPOSAL);
	expect_eq(room_group_rank(tom.g), 0);
	expect_eq(room_group_rank(ida.g), 1);
	trio_commit(&tom, NULL, &rosa);
	trio_all_talk();
	trio_end();
}
