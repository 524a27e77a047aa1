/* SPDX-License-Identifier: Apache-2.0 */
/* A public group at rest in parts: how little a change writes, and that nothing is read that is not
 * what was written. */
#include "tests/unit/mls/members.h"

enum { TAKEN_BYTES = 8 + 32 }; /* of one commit in the history */

static struct club c;

static size_t nodes_on(const struct shelf *s)
{
	size_t n = 0;
	for (const struct shelf_part *p = s->first; p; p = p->next)
		n += p->kind == PUBLIC_PART_NODE;
	return n;
}

static size_t nodes_in(const struct public_group *p)
{
	const struct tree *t = public_group_now(p).tree;
	size_t n = 0;
	for (uint32_t i = 0; i < tree_width(t->leaves); i++)
		n += tree_node_key(t, i).n != 0;
	return n;
}

TEST(a_commit_writes_what_it_changes)
{
	club_with(&c, suite_at(0), 60);
	const struct commit_options path = { .force_path = true };
	for (size_t i = 0; i < 60; i += 7)
		club_commit(&c, &c.people[i], &path);
	struct view whole = server_saved(&c);
	struct made_commit made = { .commit = { NULL, 0 } };
	struct public_received got;
	expect_ok(group_commit(c.people[5].g, &path, &c.mem, &made));
	expect_ok(public_group_receive(c.server, made.commit, &c.mem, &got));
	expect_ok(public_group_apply(c.server));
	expect_ok(public_group_put_info(c.server, made.group_info));
	shelf_put(&c.shelf, c.server);
	/* A leaf and six parents, the base, the GroupInfo. */
	expect(c.shelf.written < 1800);
	expect(whole.n > 9 * c.shelf.written);
	expect_eq(nodes_on(&c.shelf), nodes_in(c.server));
	/* Nothing has changed since: the base is written, and that is all. */
	shelf_put(&c.shelf, c.server);
	expect(c.shelf.written < 700);
	club_end(&c);
}

TEST(what_is_blank_has_no_part)
{
	struct proposal v[40];
	club_with(&c, suite_at(0), 50);
	for (size_t i = 0; i < 40; i++)
		v[i] = remove_of(&c.people[10 + i]);
	club_commit_proposals(&c, &c.people[0], v, 40);
	expect_eq(public_group_now(c.server).tree->leaves, 16);
	expect_eq(nodes_on(&c.shelf), nodes_in(c.server));
	club_commit_proposals(&c, &c.people[0], (struct proposal[]){ add_of(&c, &c.people[20]) },
			      1);
	expect_eq(nodes_on(&c.shelf), nodes_in(c.server));
	club_end(&c);
}

TEST(waiting_proposals_are_parts_and_go_with_their_epoch)
{
	struct view message;
	club_with(&c, suite_at(0), 5);
	for (size_t i = 1; i < 4; i++) {
		expect_ok(group_propose_update(c.people[i].g, &c.mem, &message));
		club_deliver_proposal(&c, &c.people[i], message);
	}
	expect(shelf_find(&c.shelf, PUBLIC_PART_PROPOSAL, 2) != NULL);
	expect_eq(public_group_proposal_count(c.server), 3);
	club_commit_proposals(&c, &c.people[0], NULL, 0);
	expect(!shelf_find(&c.shelf, PUBLIC_PART_PROPOSAL, 0));
	/* One of the next epoch in the place of one of the last, between two writes. */
	expect_ok(group_propose_update(c.people[2].g, &c.mem, &message));
	club_deliver_proposal(&c, &c.people[2], message);
	c.restarts = false;
	club_commit_proposals(&c, &c.people[0], NULL, 0);
	expect_ok(group_propose_update(c.people[3].g, &c.mem, &message));
	club_deliver_proposal(&c, &c.people[3], message);
	c.restarts = true;
	server_restart(&c);
	expect_eq(public_group_proposal_count(c.server), 1);
	expect_eq(public_group_proposal_at(c.server, 0).sender.leaf_index, 3);
	club_commit_proposals(&c, &c.people[0], NULL, 0);
	club_end(&c);
}

TEST(one_saved_whole_goes_on_in_parts)
{
	struct public_group *old = NULL;
	struct view message;
	club_with(&c, suite_at(0), 5);
	expect_ok(group_propose_update(c.people[1].g, &c.mem, &message));
	club_deliver_proposal(&c, &c.people[1], message);
	struct view whole = server_saved(&c);
	expect_ok(public_group_load(test_env(), &c.hooks, whole, &old));
	shelf_clear(&c.shelf);
	public_group_free(c.server);
	c.server = old;
	server_restart(&c);
	expect_bytes(server_saved(&c), whole);
	club_commit_proposals(&c, &c.people[0], NULL, 0);
	club_end(&c);
}

/* --- the GroupInfo --- */

TEST(only_the_epochs_own_group_info_is_kept)
{
	const struct commit_options path = { .force_path = true };
	struct made_commit made = { .commit = { NULL, 0 } };
	struct public_received got;
	struct view before, kept;
	club_with(&c, suite_at(0), 3);
	expect_ok(public_group_info(c.server, &c.mem, &before));
	expect_ok(group_commit(c.people[1].g, &path, &c.mem, &made));
	/* Of the epoch to come: not before it is staged. */
	expect_err(public_group_put_info(c.server, made.group_info), UC_E_UNEXPECTED);
	expect_ok(public_group_receive(c.server, made.commit, &c.mem, &got));
	expect_err(public_group_put_info(c.server, before), UC_E_UNEXPECTED);
	uint8_t *wrong = arena_take(&c.mem, made.group_info.n);
	for (size_t i = 0; i < made.group_info.n; i++) {
		memcpy(wrong, made.group_info.p, made.group_info.n);
		wrong[i] ^= 1;
		expect(public_group_put_info(c.server, view_make(wrong, made.group_info.n)));
	}
	expect_ok(public_group_put_info(c.server, made.group_info));
	/* With the commit it was for, it goes. */
	public_group_drop(c.server);
	expect_ok(public_group_info(c.server, &c.mem, &kept));
	expect_bytes(kept, before);
	expect_ok(public_group_receive(c.server, made.commit, &c.mem, &got));
	expect_ok(public_group_apply(c.server));
	expect_err(public_group_info(c.server, &c.mem, &kept), UC_E_NOT_FOUND);
	group_pending_drop(c.people[1].g);
	club_end(&c);
}

/* --- refused --- */

static void refused(void)
{
	struct public_group *p = NULL;
	expect_err(shelf_load(&c.shelf, &c.hooks, &p), UC_E_CORRUPT);
	public_group_free(p);
}

TEST(a_part_that_is_missing_or_changed_is_noticed)
{
	struct public_group *p = NULL;
	const struct commit_options path = { .force_path = true };
	club_with(&c, suite_at(0), 6);
	club_commit(&c, &c.people[2], &path);
	for (struct shelf_part **at = &c.shelf.first; *at; at = &(*at)->next) {
		struct shelf_part *gone = *at;
		/* A GroupInfo need not be there. */
		*at = gone->next;
		if (gone->kind != PUBLIC_PART_INFO)
			refused();
		*at = gone;
		for (size_t i = 0; i < gone->bytes.n; i++) {
			gone->bytes.p[i] ^= 0x10;
			uc_err err = shelf_load(&c.shelf, &c.hooks, &p);
			bool is_base = gone->kind == PUBLIC_PART_BASE;
			/* Which commits were the last says nothing but the base itself. */
			bool is_history = is_base && i + TAKEN_BYTES * 2 >= gone->bytes.n;
			expect(err == UC_E_CORRUPT || (is_base && i < 2 && err == UC_E_VERSION) ||
			       (is_history && !err));
			public_group_free(p);
			p = NULL;
			gone->bytes.p[i] ^= 0x10;
		}
		gone->bytes.n--;
		refused();
		gone->bytes.n++;
	}
	expect_ok(shelf_load(&c.shelf, &c.hooks, &p));
	public_group_free(p);
	club_end(&c);
}

TEST(a_part_in_anothers_place_is_noticed)
{
	club_with(&c, suite_at(0), 6);
	struct shelf_part *a = shelf_find(&c.shelf, PUBLIC_PART_NODE, 2);
	struct shelf_part *b = shelf_find(&c.shelf, PUBLIC_PART_NODE, 4);
	expect(a && b);
	a->number = 4;
	refused(); /* two of one number */
	b->number = 2;
	refused();
	a->number = 2;
	b->number = 1u << 24;
	refused();
	b->number = UINT32_MAX;
	refused();
	b->number = 4;
	a->kind = PUBLIC_PART_BASE;
	refused();
	a->kind = (enum public_part_kind)77;
	refused();
	a->kind = PUBLIC_PART_NODE;
	struct public_group *p = NULL;
	expect_ok(shelf_load(&c.shelf, &c.hooks, &p));
	public_group_free(p);
	club_end(&c);
}

/* --- who was away --- */

TEST(a_server_that_missed_commits_begins_anew_from_a_group_info)
{
	const struct commit_options path = { .force_path = true };
	struct made_commit made = { .commit = { NULL, 0 } };
	struct public_received got;
	struct public_group *away = NULL, *late = NULL;
	struct view info, message;
	club_with(&c, suite_at(0), 4);
	expect_ok(public_group_load(test_env(), &c.hooks, server_saved(&c), &away));
	club_commit(&c, &c.people[1], &path);
	club_commit_proposals(&c, &c.people[2],
			      (struct proposal[]){ add_of(&c, club_person(&c, 4)) }, 1);
	expect_ok(group_propose_update(c.people[3].g, &c.mem, &message));
	club_deliver_proposal(&c, &c.people[3], message);
	/* What it gets now is of an epoch that it does not know. */
	expect_err(public_group_receive(away, message, &c.mem, &got), UC_E_EPOCH_FUTURE);
	expect_ok(public_group_info(c.server, &c.mem, &info));
	expect_err(public_group_put_info(away, info), UC_E_UNEXPECTED);
	/* From the other's GroupInfo and tree it begins, with the proposals that wait. */
	struct buf tree;
	buf_init(&tree, WIRE_OBJECT_MAX);
	expect_ok(public_group_ratchet_tree(c.server, &tree));
	expect_ok(public_group_new(test_env(), &c.hooks, info, buf_view(&tree), &late));
	buf_done(&tree);
	expect_ok(public_group_receive(late, message, &c.mem, &got));
	expect_eq(public_group_proposal_count(late), 1);
	public_group_free(away);
	public_group_free(c.server);
	c.server = late;
	shelf_clear(&c.shelf);
	server_restart(&c);
	expect_ok(group_commit(c.people[0].g, &path, &c.mem, &made));
	club_deliver(&c, &c.people[0], &made);
	expect(!tree_has_leaf(public_group_now(c.server).tree, 5));
	club_end(&c);
}
