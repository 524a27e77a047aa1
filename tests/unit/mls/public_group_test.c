/* SPDX-License-Identifier: Apache-2.0 */
/* A server that follows a group in public: what it sees, refuses and keeps. */
#include "tests/unit/mls/members.h"

static struct club c;

static struct made_commit commit_by(struct person *p, const struct proposal *v, size_t n)
{
	const struct commit_options o = { .proposals = v, .proposal_count = n, .force_path = true };
	struct made_commit made = { .commit = { NULL, 0 } };
	expect_ok(group_commit(p->g, &o, &c.mem, &made));
	return made;
}

TEST(it_sees_what_a_commit_does_before_it_is_applied)
{
	struct public_received got;
	club_with(&c, suite_at(0), 4);
	const struct proposal v[] = { remove_of(&c.people[1]), add_of(&c, club_person(&c, 4)) };
	struct made_commit made = commit_by(&c.people[0], v, 2);
	struct view before = server_saved(&c);
	expect_ok(public_group_receive(c.server, made.commit, &c.mem, &got));
	expect_eq(got.kind, PUBLIC_COMMIT);
	expect_eq(got.sender.leaf_index, 0);
	expect_eq(got.change->committer, 0);
	expect(!got.change->is_external);
	expect(got.change->has_path);
	expect_eq(got.change->removed.n, 1);
	expect_eq(got.change->removed.v[0], 1);
	expect_eq(got.change->added.n, 1);
	expect_eq(got.change->added.v[0], 1);
	expect_eq(got.change->before.context->epoch + 1, got.change->after.context->epoch);
	expect_eq(tree_member_count(got.change->after.tree), 4);
	uint8_t ref[HASH_MAX];
	expect_ok(key_package_ref(c.suite, c.people[4].key_package, ref));
	expect_bytes(got.change->added_refs.v[0], view_make(ref, c.suite->nh));
	expect_eq(public_group_leaf_by_identity(c.server, VIEW_LIT("person 1")), 1);
	/* Staged is not saved, dropped is forgotten. */
	expect_bytes(server_saved(&c), before);
	expect_err(public_group_receive(c.server, made.commit, &c.mem, &got), UC_E_PENDING);
	public_group_drop(c.server);
	expect_bytes(server_saved(&c), before);
	expect_err(public_group_apply(c.server), UC_E_NOT_FOUND);
	club_deliver(&c, &c.people[0], &made);
	expect_eq(public_group_leaf_by_identity(c.server, VIEW_LIT("person 1")), TREE_NONE);
	expect_eq(public_group_leaf_by_identity(c.server, VIEW_LIT("person 4")), 1);
	expect_err(public_group_receive(c.server, made.commit, &c.mem, &got), UC_E_REPLAY);
	club_end(&c);
}

TEST(one_commit_for_each_epoch)
{
	struct public_received got;
	club_with(&c, suite_at(0), 3);
	struct made_commit first = commit_by(&c.people[0], NULL, 0);
	struct made_commit second = commit_by(&c.people[1], NULL, 0);
	group_pending_drop(c.people[1].g);
	club_deliver(&c, &c.people[0], &first);
	struct view before = server_saved(&c);
	expect_err(public_group_receive(c.server, second.commit, &c.mem, &got), UC_E_FORK);
	struct made_commit later = commit_by(&c.people[0], NULL, 0);
	expect_ok(group_pending_apply(c.people[0].g));
	struct made_commit future = commit_by(&c.people[0], NULL, 0);
	expect_err(public_group_receive(c.server, future.commit, &c.mem, &got), UC_E_EPOCH_FUTURE);
	expect_bytes(server_saved(&c), before);
	expect_ok(public_group_receive(c.server, later.commit, &c.mem, &got));
	club_end(&c);
}

TEST(it_reads_no_private_message)
{
	struct view message;
	struct public_received got;
	club_with(&c, suite_at(0), 2);
	expect_ok(group_encrypt(c.people[0].g, view_make(NULL, 0), VIEW_LIT("hush"), 0, &c.mem,
				&message));
	expect_err(public_group_receive(c.server, message, &c.mem, &got), UC_E_UNEXPECTED);
	club_end(&c);
}

TEST(a_group_info_is_of_the_epoch_or_refused)
{
	struct view other, damaged;
	struct public_received got;
	club_with(&c, suite_at(0), 3);
	expect_ok(group_info_make(c.people[2].g, &c.mem, &other));
	expect_ok(public_group_check_info(c.server, other));
	struct made_commit made = commit_by(&c.people[0], NULL, 0);
	expect_err(public_group_check_info(c.server, made.group_info), UC_E_UNEXPECTED);
	expect_ok(public_group_receive(c.server, made.commit, &c.mem, &got));
	expect_ok(public_group_check_info(c.server, made.group_info));
	expect_err(public_group_check_info(c.server, other), UC_E_UNEXPECTED);
	public_group_drop(c.server);
	/* The last bytes are the signature's. */
	expect_ok(arena_copy(&c.mem, other, &damaged));
	((uint8_t *)(uintptr_t)damaged.p)[damaged.n - 1] ^= 1;
	expect_err(public_group_check_info(c.server, damaged), UC_E_SIGNATURE);
	club_end(&c);
}

TEST(it_begins_in_the_middle)
{
	struct view info, tree;
	struct public_group *late = NULL;
	club_with(&c, suite_at(1), 7);
	const struct proposal v[] = { remove_of(&c.people[2]), remove_of(&c.people[5]) };
	club_commit_proposals(&c, &c.people[4], v, 2);
	expect_ok(group_info_make(c.people[3].g, &c.mem, &info));
	expect_ok(group_ratchet_tree(c.people[3].g, &c.mem, &tree));
	expect_ok(public_group_new(test_env(), NULL, info, tree, &late));
	public_group_free(c.server);
	c.server = late;
	shelf_clear(&c.shelf);
	club_agrees(&c);
	club_commit_proposals(&c, &c.people[0], NULL, 0);
	/* With somebody else's tree it does not begin. */
	expect_ok(group_info_make(c.people[3].g, &c.mem, &info));
	late = NULL;
	expect_err(public_group_new(test_env(), NULL, info, tree, &late), UC_E_SIGNATURE);
	expect_err(public_group_new(test_env(), NULL, info, view_make(NULL, 0), &late),
		   UC_E_NOT_FOUND);
	expect(!late);
	club_end(&c);
}

/* --- hooks --- */

static uc_err refuse_change(void *ctx, const struct group_change *change)
{
	(void)ctx;
	return change->removed.n ? UC_E_POLICY : UC_OK;
}
static uc_err refuse_proposal(void *ctx, const struct group_view *g, const struct proposal_view *p)
{
	(void)ctx;
	(void)g;
	return p->proposal->proposal_type == PROPOSAL_REMOVE ? UC_E_NOT_ALLOWED : UC_OK;
}
static uc_err refuse_leaf(void *ctx, const struct group_view *g, const struct leaf_node *leaf,
			  uint32_t index, enum leaf_reason reason)
{
	(void)g;
	(void)index;
	*(enum leaf_reason *)ctx = reason;
	return view_equal(leaf->credential.identity, VIEW_LIT("person 5")) ? UC_E_PROOF : UC_OK;
}

TEST(the_layer_above_refuses)
{
	struct public_received got;
	struct received at_member;
	struct view message;
	enum leaf_reason reason = LEAF_UPDATE;
	club_with(&c, suite_at(0), 3);
	const struct proposal remove = remove_of(&c.people[1]);
	const struct proposal add = add_of(&c, club_person(&c, 5));
	struct made_commit made = commit_by(&c.people[0], &remove, 1);
	group_pending_drop(c.people[0].g);
	struct made_commit adding = commit_by(&c.people[0], &add, 1);
	group_pending_drop(c.people[0].g);
	expect_ok(group_propose(c.people[0].g, &remove, view_make(NULL, 0), &c.mem, &message));
	struct view before = server_saved(&c), member = person_saved(&c, &c.people[2]);

	c.hooks.change = refuse_change;
	expect_err(public_group_receive(c.server, made.commit, &c.mem, &got), UC_E_POLICY);
	expect_err(group_receive(c.people[2].g, made.commit, &c.mem, &at_member), UC_E_POLICY);
	c.hooks.proposal = refuse_proposal;
	expect_err(public_group_receive(c.server, message, &c.mem, &got), UC_E_NOT_ALLOWED);
	expect_err(group_receive(c.people[2].g, message, &c.mem, &at_member), UC_E_NOT_ALLOWED);
	c.hooks.leaf = refuse_leaf;
	c.hooks.ctx = &reason;
	expect_err(public_group_receive(c.server, adding.commit, &c.mem, &got), UC_E_PROOF);
	expect_eq(reason, LEAF_ADD);
	expect_err(group_receive(c.people[2].g, adding.commit, &c.mem, &at_member), UC_E_PROOF);
	expect_bytes(server_saved(&c), before);
	expect_bytes(person_saved(&c, &c.people[2]), member);
	club_end(&c);
}

static uc_err append(void *ctx, const struct group_view *before, uint16_t id,
		     const struct view *current, const struct app_data_update *updates, size_t n,
		     struct arena *a, struct view *out)
{
	struct buf b;
	(void)ctx;
	(void)before;
	(void)id;
	buf_init(&b, 1024);
	if (current)
		buf_add_view(&b, *current);
	for (size_t i = 0; i < n; i++)
		buf_add_view(&b, updates[i].update);
	uc_err err = b.failed ? b.failed : arena_copy(a, buf_view(&b), out);
	buf_done(&b);
	return err;
}

TEST(the_layer_above_says_what_an_update_means)
{
	const struct view *data = NULL;
	club_with(&c, suite_at(0), 2);
	c.hooks.component = append;
	const struct proposal v[] = {
		{ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
		  .app_data_update = { 0xf001, APP_DATA_UPDATE, VIEW_LIT("a") } },
		{ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
		  .app_data_update = { 0xf001, APP_DATA_UPDATE, VIEW_LIT("b") } },
	};
	club_commit_proposals(&c, &c.people[0], v, 2);
	club_commit_proposals(&c, &c.people[1], v, 1);
	expect_ok(group_component(c.people[0].g, 0xf001, &c.mem, &data));
	expect(data && view_equal(*data, VIEW_LIT("aba")));
	club_end(&c);
}

TEST(damaged_storage_is_refused)
{
	struct buf b;
	struct view message;
	struct public_received got;
	struct public_group *p = NULL;
	club_with(&c, suite_at(0), 3);
	expect_ok(group_propose_update(c.people[1].g, &c.mem, &message));
	expect_ok(public_group_receive(c.server, message, &c.mem, &got));
	buf_init(&b, WIRE_OBJECT_MAX);
	expect_ok(public_group_save(c.server, &b));
	for (size_t n = 0; n < b.n; n++)
		expect(public_group_load(test_env(), NULL, view_make(b.p, n), &p) != UC_OK && !p);
	b.p[1] ^= 2;
	expect_err(public_group_load(test_env(), NULL, buf_view(&b), &p), UC_E_VERSION);
	b.p[1] ^= 2;
	expect_ok(public_group_load(test_env(), NULL, buf_view(&b), &p));
	expect_eq(public_group_proposal_count(p), 1);
	public_group_free(p);
	buf_done(&b);
	club_end(&c);
}
