/* SPDX-License-Identifier: Apache-2.0 */
/* What cannot be taken now says why, each reason with its own error; the same bytes are taken when
 * the reason is gone, where it can go.  Members and the server judge alike. */
#include "tests/unit/mls/members.h"

static struct club c;

static struct made_commit commit_by(struct person *p)
{
	const struct commit_options o = { .force_path = true };
	struct made_commit made = { .commit = { NULL, 0 } };
	expect_ok(group_commit(p->g, &o, &c.mem, &made));
	return made;
}

static uc_err says(const struct person *p, struct view message)
{
	struct received got;
	struct view before = person_saved(&c, p);
	uc_err err = group_receive(p->g, message, &c.mem, &got);
	if (err)
		expect_bytes(person_saved(&c, p), before);
	return err;
}

static uc_err server_says(struct view message)
{
	struct public_received got;
	struct view before = server_saved(&c);
	uc_err err = public_group_receive(c.server, message, &c.mem, &got);
	if (err)
		expect_bytes(server_saved(&c), before);
	return err;
}

/* Two commits of one epoch, of which the first was taken; whether in public or not. */
static void after_a_race(bool private)
{
	club_with(&c, suite_at(0), 4);
	c.wrapping.private_handshakes = private;
	struct made_commit lost = commit_by(&c.people[1]), won = commit_by(&c.people[0]);
	club_deliver(&c, &c.people[0], &won);
	for (size_t i = 0; i < 4; i++) {
		expect_err(says(&c.people[i], won.commit), UC_E_REPLAY);
		expect_err(says(&c.people[i], lost.commit), UC_E_FORK);
		person_restart(&c, &c.people[i]);
		expect_err(says(&c.people[i], won.commit), UC_E_REPLAY);
		expect_err(says(&c.people[i], lost.commit), UC_E_FORK);
	}
	if (!private) {
		expect_err(server_says(won.commit), UC_E_REPLAY);
		expect_err(server_says(lost.commit), UC_E_FORK);
		server_restart(&c);
		expect_err(server_says(won.commit), UC_E_REPLAY);
		expect_err(server_says(lost.commit), UC_E_FORK);
	}
	/* So much longer they are known, and then they are merely old. */
	for (size_t i = 1; i < GROUP_RESUMPTION_EPOCHS; i++)
		club_commit_proposals(&c, &c.people[i % 4], NULL, 0);
	expect_err(says(&c.people[2], lost.commit), UC_E_FORK);
	expect_err(says(&c.people[2], won.commit), UC_E_REPLAY);
	club_commit_proposals(&c, &c.people[3], NULL, 0);
	expect_err(says(&c.people[2], lost.commit), UC_E_EPOCH_PAST);
	expect_err(says(&c.people[2], won.commit), UC_E_EPOCH_PAST);
	if (!private)
		expect_err(server_says(lost.commit), UC_E_EPOCH_PAST);
	club_end(&c);
}

TEST(a_commit_again_is_a_replay_another_a_fork)
{
	after_a_race(false);
}

TEST(of_private_commits_the_same_is_told)
{
	after_a_race(true);
}

TEST(who_joins_knows_no_earlier_commit)
{
	club_with(&c, suite_at(0), 3);
	struct proposal add = add_of(&c, club_person(&c, 3));
	const struct commit_options o = { .proposals = &add, .proposal_count = 1 };
	struct made_commit made = { .commit = { NULL, 0 } };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	club_deliver(&c, &c.people[0], &made);
	expect_err(says(&c.people[3], made.commit), UC_E_EPOCH_PAST);
	expect_err(says(&c.people[1], made.commit), UC_E_REPLAY);
	club_end(&c);
}

TEST(who_joins_from_outside_knows_its_own)
{
	club_with(&c, suite_at(0), 2);
	struct made_commit lost = commit_by(&c.people[1]);
	club_join_external(&c, club_person(&c, 2), TREE_NONE);
	for (size_t i = 0; i < 3; i++)
		expect_err(says(&c.people[i], lost.commit), UC_E_FORK);
	club_end(&c);
}

/* One commit is looked at, another of its epoch comes: it competes, and is taken when the first is
 * dropped. */
TEST(a_commit_beside_a_staged_one)
{
	struct received got;
	struct public_received seen;
	struct view words, proposal;
	club_with(&c, suite_at(0), 4);
	struct person *p = &c.people[3];
	expect_ok(group_propose_update(c.people[2].g, &c.mem, &proposal));
	struct made_commit one = commit_by(&c.people[0]), two = commit_by(&c.people[1]);
	expect_ok(
		group_encrypt(c.people[2].g, view_make(NULL, 0), VIEW_LIT("x"), 0, &c.mem, &words));
	expect_ok(group_receive(p->g, one.commit, &c.mem, &got));
	expect_err(says(p, one.commit), UC_E_PENDING);
	expect_err(says(p, two.commit), UC_E_FORK);
	/* What has nothing to do with it waits, whatever it is. */
	expect_err(says(p, words), UC_E_PENDING);
	expect_err(says(p, proposal), UC_E_PENDING);
	/* A forged competitor is none. */
	struct view forged = { NULL, 0 };
	expect_ok(arena_copy(&c.mem, two.commit, &forged));
	((uint8_t *)(uintptr_t)forged.p)[forged.n - 1] ^= 1; /* of the arena */
	expect_err(says(p, forged), UC_E_PENDING);
	group_staged_drop(p->g);
	expect_ok(says(p, words));
	expect_ok(group_receive(p->g, two.commit, &c.mem, &got));
	expect_err(says(p, one.commit), UC_E_FORK);
	group_staged_drop(p->g);
	/* The server likewise. */
	expect_ok(public_group_receive(c.server, one.commit, &c.mem, &seen));
	expect_err(server_says(one.commit), UC_E_PENDING);
	expect_err(server_says(two.commit), UC_E_FORK);
	expect_err(server_says(proposal), UC_E_PENDING);
	expect_err(server_says(words), UC_E_PENDING);
	public_group_drop(c.server);
	club_deliver(&c, &c.people[1], &two);
	expect_err(says(p, one.commit), UC_E_FORK);
	expect_err(server_says(one.commit), UC_E_FORK);
	club_end(&c);
}

TEST(a_private_commit_beside_a_staged_one)
{
	struct received got;
	club_with(&c, suite_at(0), 4);
	c.wrapping = (struct group_wrapping){ .private_handshakes = true, .bucket = 128 };
	struct person *p = &c.people[3];
	struct made_commit one = commit_by(&c.people[0]), two = commit_by(&c.people[1]);
	expect_ok(group_receive(p->g, one.commit, &c.mem, &got));
	expect_err(says(p, one.commit), UC_E_PENDING);
	expect_err(says(p, two.commit), UC_E_FORK);
	group_staged_drop(p->g);
	club_deliver(&c, &c.people[1], &two);
	club_end(&c);
}

/* What comes too early is refused as of the future, and taken when its time has come. */
TEST(too_early_is_worth_another_try)
{
	struct public_received seen;
	club_with(&c, suite_at(0), 3);
	struct made_commit first = commit_by(&c.people[0]);
	expect_ok(group_pending_apply(c.people[0].g));
	struct made_commit second = commit_by(&c.people[0]);
	struct person *p = &c.people[1];
	expect_err(says(p, second.commit), UC_E_EPOCH_FUTURE);
	expect_err(server_says(second.commit), UC_E_EPOCH_FUTURE);
	expect_ok(says(p, first.commit));
	/* Not yet: the first is only staged. */
	expect_err(says(p, second.commit), UC_E_PENDING);
	expect_ok(group_staged_apply(p->g));
	expect_ok(says(p, second.commit));
	expect_ok(group_staged_apply(p->g));
	expect_ok(public_group_receive(c.server, first.commit, &c.mem, &seen));
	expect_ok(public_group_apply(c.server));
	expect_ok(public_group_receive(c.server, second.commit, &c.mem, &seen));
	expect_ok(public_group_apply(c.server));
	club_end(&c);
}

/* Our own commit comes back: to be applied; given up, which no state can mend; applied before. */
TEST(the_echo_of_our_own_commit)
{
	struct received got = { .kind = RECEIVED_APPLICATION };
	club_with(&c, suite_at(0), 3);
	struct person *p = &c.people[0];
	struct made_commit made = commit_by(p);
	expect_ok(group_receive(p->g, made.commit, &c.mem, &got));
	expect_eq(got.kind, RECEIVED_OWN_COMMIT);
	group_pending_drop(p->g);
	expect_err(says(p, made.commit), UC_E_OWN);
	made = commit_by(p);
	club_deliver(&c, p, &made);
	expect_err(says(p, made.commit), UC_E_REPLAY);
	club_end(&c);
}

/* Two halves of a group that go on by themselves know each other's commits for a fork where they
 * are told of an epoch that both have left, and for rubbish in the one they are in: nothing of the
 * other branch verifies here. */
TEST(two_branches)
{
	struct received got;
	club_with(&c, suite_at(0), 4);
	struct person *left = &c.people[1], *right = &c.people[2];
	struct made_commit l[3], r[3];
	for (size_t i = 0; i < 3; i++) {
		l[i] = commit_by(&c.people[0]);
		r[i] = commit_by(&c.people[3]);
		expect_ok(group_pending_apply(c.people[0].g));
		expect_ok(group_pending_apply(c.people[3].g));
		if (i < 2) {
			expect_ok(group_receive(left->g, l[i].commit, &c.mem, &got));
			expect_ok(group_staged_apply(left->g));
			expect_ok(group_receive(right->g, r[i].commit, &c.mem, &got));
			expect_ok(group_staged_apply(right->g));
		}
	}
	for (size_t i = 0; i < 2; i++) {
		expect_err(says(left, r[i].commit), UC_E_FORK);
		expect_err(says(right, l[i].commit), UC_E_FORK);
		expect_err(says(left, l[i].commit), UC_E_REPLAY);
	}
	expect_err(says(left, r[2].commit), UC_E_MAC);
	expect_err(says(right, l[2].commit), UC_E_MAC);
	club_end(&c);
}
