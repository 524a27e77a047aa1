/* SPDX-License-Identifier: Apache-2.0 */
/* What happens in the wrong order, twice, late, or in between: staging, competing commits, past
 * epochs, storage. */
#include "tests/unit/mls/members.h"

static struct club c;

static struct made_commit commit_by(struct person *p)
{
	const struct commit_options o = { .force_path = true };
	struct made_commit made = { .commit = { NULL, 0 } };
	expect_ok(group_commit(p->g, &o, &c.mem, &made));
	return made;
}

TEST(a_dropped_commit_changes_nothing)
{
	struct received got;
	club_with(&c, suite_at(0), 4);
	struct person *p = &c.people[1];
	struct made_commit made = commit_by(&c.people[0]);
	struct view before = person_saved(&c, p);
	expect_ok(group_receive(p->g, made.commit, &c.mem, &got));
	expect_eq(group_epoch(p->g), 1);
	expect_bytes(person_saved(&c, p), before);
	group_staged_drop(p->g);
	expect_bytes(person_saved(&c, p), before);
	expect_err(group_staged_apply(p->g), UC_E_NOT_FOUND);
	/* The maker drops, too: as if nothing had been. */
	group_pending_drop(c.people[0].g);
	expect_err(group_pending_apply(c.people[0].g), UC_E_NOT_FOUND);
	club_agrees(&c);
	club_talks(&c, &c.people[0], "still epoch 1");
	club_end(&c);
}

TEST(one_thing_at_a_time)
{
	struct received got;
	club_with(&c, suite_at(0), 3);
	struct made_commit made = commit_by(&c.people[0]), other;
	const struct commit_options o = { .force_path = true };
	expect_err(group_commit(c.people[0].g, &o, &c.mem, &other), UC_E_PENDING);
	expect_ok(group_receive(c.people[1].g, made.commit, &c.mem, &got));
	expect_err(group_receive(c.people[1].g, made.commit, &c.mem, &got), UC_E_PENDING);
	expect_err(group_commit(c.people[1].g, &o, &c.mem, &other), UC_E_PENDING);
	group_staged_drop(c.people[1].g);
	club_deliver(&c, &c.people[0], &made);
	club_end(&c);
}

TEST(a_pending_commit_loses_to_another)
{
	struct received got;
	club_with(&c, suite_at(0), 3);
	struct proposal add = add_of(&c, club_person(&c, 3));
	const struct commit_options o = { .proposals = &add, .proposal_count = 1 };
	struct made_commit lost, won = commit_by(&c.people[1]);
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &lost));
	person_restart(&c, &c.people[0]);
	expect(group_has_pending(c.people[0].g));
	club_deliver(&c, &c.people[1], &won);
	expect(!group_has_pending(c.people[0].g));
	/* The loser's commit is another than all have taken, its own maker among them. */
	expect_err(group_receive(c.people[2].g, lost.commit, &c.mem, &got), UC_E_FORK);
	expect_err(group_receive(c.people[0].g, lost.commit, &c.mem, &got), UC_E_FORK);
	/* Made again on the new epoch, with the same KeyPackage. */
	club_commit(&c, &c.people[0], &o);
	expect_eq(club_count(&c), 4);
	club_end(&c);
}

TEST(a_pending_commit_of_one_who_is_removed)
{
	club_with(&c, suite_at(0), 4);
	struct made_commit lost = commit_by(&c.people[2]);
	struct proposal remove = remove_of(&c.people[2]);
	(void)lost;
	club_commit_proposals(&c, &c.people[0], &remove, 1);
	expect(!c.people[2].g);
	club_end(&c);
}

TEST(an_external_commit_wins_over_a_pending_one)
{
	club_with(&c, suite_at(0), 3);
	(void)commit_by(&c.people[2]);
	club_join_external(&c, club_person(&c, 3), TREE_NONE);
	expect_eq(club_count(&c), 4);
	club_talks(&c, &c.people[2], "hello newcomer");
	club_end(&c);
}

TEST(a_commit_survives_a_restart_before_its_answer)
{
	club_with(&c, suite_at(0), 3);
	struct proposal both[] = { add_of(&c, club_person(&c, 3)), remove_of(&c.people[1]) };
	const struct commit_options o = { .proposals = both, .proposal_count = 2 };
	struct made_commit made;
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	for (int i = 0; i < 3; i++)
		person_restart(&c, &c.people[0]);
	club_deliver(&c, &c.people[0], &made);
	club_talks(&c, &c.people[3], "after a restart");
	club_end(&c);
}

TEST(a_proposal_survives_a_restart)
{
	struct view message;
	club_with(&c, suite_at(0), 3);
	expect_ok(group_propose_update(c.people[1].g, &c.mem, &message));
	for (int i = 0; i < 3; i++)
		person_restart(&c, &c.people[1]);
	club_deliver_proposal(&c, &c.people[1], message);
	club_commit_proposals(&c, &c.people[2], NULL, 0);
	club_commit_proposals(&c, &c.people[1], NULL, 0);
	club_end(&c);
}

TEST(a_proposal_twice_is_a_replay)
{
	struct view message;
	struct received got;
	club_with(&c, suite_at(0), 3);
	expect_ok(group_propose_update(c.people[1].g, &c.mem, &message));
	expect_ok(group_receive(c.people[0].g, message, &c.mem, &got));
	person_restart(&c, &c.people[0]);
	expect_err(group_receive(c.people[0].g, message, &c.mem, &got), UC_E_REPLAY);
	expect_err(group_receive(c.people[1].g, message, &c.mem, &got), UC_E_OWN);
	expect_eq(group_proposal_count(c.people[0].g), 1);
	club_end(&c);
}

TEST(a_commit_before_its_proposal_can_be_had_later)
{
	struct view message;
	struct received got;
	club_with(&c, suite_at(0), 3);
	expect_ok(group_propose_update(c.people[1].g, &c.mem, &message));
	expect_ok(group_receive(c.people[0].g, message, &c.mem, &got));
	struct made_commit made = commit_by(&c.people[0]);
	struct view before = person_saved(&c, &c.people[2]);
	expect_err(group_receive(c.people[2].g, made.commit, &c.mem, &got), UC_E_NOT_FOUND);
	expect_bytes(person_saved(&c, &c.people[2]), before);
	group_pending_drop(c.people[0].g);
	expect_ok(group_receive(c.people[2].g, message, &c.mem, &got));
	struct public_received seen;
	expect_ok(public_group_receive(c.server, message, &c.mem, &seen));
	made = commit_by(&c.people[0]);
	club_deliver(&c, &c.people[0], &made);
	club_end(&c);
}

TEST(messages_out_of_order)
{
	enum { N = 20 };
	struct view message[N];
	struct received got;
	club_with(&c, suite_at(0), 2);
	for (size_t i = 0; i < N; i++)
		expect_ok(group_encrypt(c.people[0].g, view_make(NULL, 0), VIEW_LIT("n"), 0, &c.mem,
					&message[i]));
	for (size_t i = N; i-- > 0;) {
		expect_ok(group_receive(c.people[1].g, message[i], &c.mem, &got));
		person_restart(&c, &c.people[1]);
	}
	for (size_t i = 0; i < N; i++)
		expect_err(group_receive(c.people[1].g, message[i], &c.mem, &got), UC_E_DECRYPT);
	expect_err(group_receive(c.people[0].g, message[0], &c.mem, &got), UC_E_OWN);
	club_end(&c);
}

TEST(late_messages_of_past_epochs)
{
	struct view message[GROUP_PAST_EPOCHS + 2];
	struct received got;
	club_with(&c, suite_at(0), 3);
	for (size_t i = 0; i < GROUP_PAST_EPOCHS + 2; i++) {
		expect_ok(group_encrypt(c.people[0].g, view_make(NULL, 0), VIEW_LIT("late"), 0,
					&c.mem, &message[i]));
		club_commit_proposals(&c, &c.people[1], NULL, 0);
	}
	/* The oldest two are beyond what is kept; the others open once each. */
	struct view before = person_saved(&c, &c.people[2]);
	expect_err(group_receive(c.people[2].g, message[0], &c.mem, &got), UC_E_EPOCH_PAST);
	expect_err(group_receive(c.people[2].g, message[1], &c.mem, &got), UC_E_EPOCH_PAST);
	expect_bytes(person_saved(&c, &c.people[2]), before);
	for (size_t i = 2; i < GROUP_PAST_EPOCHS + 2; i++) {
		expect_ok(group_receive(c.people[2].g, message[i], &c.mem, &got));
		expect_eq(got.epoch, 1 + i);
		person_restart(&c, &c.people[2]);
		expect_err(group_receive(c.people[2].g, message[i], &c.mem, &got), UC_E_DECRYPT);
	}
	club_end(&c);
}

/* A leaf that changes hands: a late message still shows who sent it. */
TEST(the_author_of_a_late_message_is_that_epochs)
{
	struct view message;
	struct received got;
	club_with(&c, suite_at(0), 3);
	expect_ok(group_encrypt(c.people[1].g, view_make(NULL, 0), VIEW_LIT("late"), 0, &c.mem,
				&message));
	struct proposal both[] = { remove_of(&c.people[1]), add_of(&c, club_person(&c, 3)) };
	club_commit_proposals(&c, &c.people[0], both, 2);
	expect_eq(group_own_leaf(c.people[3].g), 1);
	expect_ok(group_receive(c.people[2].g, message, &c.mem, &got));
	expect_bytes(got.leaf->credential.identity, VIEW_LIT("person 1"));
	/* The newcomer, of course, never reads it. */
	expect_err(group_receive(c.people[3].g, message, &c.mem, &got), UC_E_EPOCH_PAST);
	club_end(&c);
}

TEST(a_message_of_the_next_epoch_waits)
{
	struct view message;
	struct received got;
	club_with(&c, suite_at(0), 3);
	struct made_commit made = commit_by(&c.people[0]);
	expect_ok(group_pending_apply(c.people[0].g));
	expect_ok(group_encrypt(c.people[0].g, view_make(NULL, 0), VIEW_LIT("early"), 0, &c.mem,
				&message));
	expect_err(group_receive(c.people[1].g, message, &c.mem, &got), UC_E_EPOCH_FUTURE);
	expect_ok(group_receive(c.people[1].g, made.commit, &c.mem, &got));
	expect_ok(group_staged_apply(c.people[1].g));
	expect_ok(group_receive(c.people[1].g, message, &c.mem, &got));
	club_end(&c);
}

TEST(an_old_copy_cannot_send_with_used_keys)
{
	struct buf epoch, old, fresh;
	struct group *g = NULL;
	struct view message;
	club_with(&c, suite_at(0), 2);
	buf_init_secret(&epoch, WIRE_OBJECT_MAX);
	buf_init_secret(&old, WIRE_OBJECT_MAX);
	buf_init_secret(&fresh, WIRE_OBJECT_MAX);
	expect_ok(group_save_ratchets(c.people[0].g, &old));
	club_commit_proposals(&c, &c.people[0], NULL, 0);
	expect_ok(group_save_epoch(c.people[0].g, &epoch));
	expect_ok(group_save_ratchets(c.people[0].g, &fresh));
	/* Parts of two epochs do not belong together. */
	expect_err(group_load(&c.platform, buf_view(&epoch), buf_view(&old), &g), UC_E_CORRUPT);
	expect(!g);
	expect_ok(group_load(&c.platform, buf_view(&epoch), buf_view(&fresh), &g));
	expect_ok(group_encrypt(g, view_make(NULL, 0), VIEW_LIT("x"), 0, &c.mem, &message));
	group_free(g);
	buf_done(&epoch);
	buf_done(&old);
	buf_done(&fresh);
	club_end(&c);
}

/* Every cut of either part is refused, and nothing of another version is read. */
TEST(damaged_storage_is_refused)
{
	struct buf epoch, ratchets;
	struct group *g = NULL;
	struct view message;
	club_with(&c, suite_at(0), 3);
	expect_ok(group_propose_update(c.people[0].g, &c.mem, &message));
	(void)commit_by(&c.people[0]);
	buf_init_secret(&epoch, WIRE_OBJECT_MAX);
	buf_init_secret(&ratchets, WIRE_OBJECT_MAX);
	expect_ok(group_save_epoch(c.people[0].g, &epoch));
	expect_ok(group_save_ratchets(c.people[0].g, &ratchets));
	struct view e = buf_view(&epoch), r = buf_view(&ratchets);
	for (size_t n = 0; n < e.n; n += n < 64 || n + 64 > e.n ? 1 : 37)
		expect(group_load(&c.platform, view_slice(e, 0, n), r, &g) != UC_OK && !g);
	for (size_t n = 0; n < r.n; n += n < 64 || n + 64 > r.n ? 1 : 37)
		expect(group_load(&c.platform, e, view_slice(r, 0, n), &g) != UC_OK && !g);
	epoch.p[1] ^= 4;
	expect_err(group_load(&c.platform, buf_view(&epoch), r, &g), UC_E_VERSION);
	epoch.p[1] ^= 4;
	ratchets.p[1] ^= 4;
	expect_err(group_load(&c.platform, e, buf_view(&ratchets), &g), UC_E_VERSION);
	buf_done(&epoch);
	buf_done(&ratchets);
	club_end(&c);
}

/* Whatever limit memory hits, the group stays as it was. */
TEST(no_memory_leaves_things_as_they_were)
{
	struct received got;
	club_with(&c, suite_at(0), 3);
	struct made_commit made = commit_by(&c.people[0]);
	struct view before = person_saved(&c, &c.people[1]);
	size_t done = 0;
	for (size_t limit = 16; limit < 4 << 20 && !done; limit *= 2) {
		struct arena small;
		arena_init(&small, limit, ARENA_SECRET);
		uc_err err = group_receive(c.people[1].g, made.commit, &small, &got);
		if (err) {
			expect_err(err, UC_E_LIMIT);
			expect_bytes(person_saved(&c, &c.people[1]), before);
		} else {
			done = limit;
			group_staged_drop(c.people[1].g);
		}
		arena_done(&small);
	}
	expect(done > 16);
	club_deliver(&c, &c.people[0], &made);
	club_end(&c);
}

static struct group *copy_of(const struct person *p)
{
	struct buf epoch, ratchets;
	struct group *copy = NULL;
	buf_init_secret(&epoch, WIRE_OBJECT_MAX);
	buf_init_secret(&ratchets, WIRE_OBJECT_MAX);
	expect_ok(group_save_epoch(p->g, &epoch));
	expect_ok(group_save_ratchets(p->g, &ratchets));
	expect_ok(group_load(&c.platform, buf_view(&epoch), buf_view(&ratchets), &copy));
	buf_done(&epoch);
	buf_done(&ratchets);
	return copy;
}

/* A member whose state is an older copy reads what it has said since, and uses no key again. */
TEST(own_words_of_a_later_state)
{
	enum { N = 3 };
	struct view message[N], proposal;
	struct received got;
	club_with(&c, suite_at(0), 2);
	struct group *newer = c.people[0].g;
	struct group *older = copy_of(&c.people[0]);
	for (size_t i = 0; i < N; i++)
		expect_ok(group_encrypt(newer, view_make(NULL, 0), VIEW_LIT("mine"), 0, &c.mem,
					&message[i]));
	expect_ok(group_propose_update(newer, &c.mem, &proposal));
	c.people[0].g = older;
	for (size_t i = 0; i < N; i++) {
		expect_ok(group_receive(older, message[i], &c.mem, &got));
		expect_eq(got.kind, RECEIVED_APPLICATION);
		expect_eq(got.sender.leaf_index, group_own_leaf(older));
		expect_bytes(got.application_data, VIEW_LIT("mine"));
		expect_err(group_receive(older, message[i], &c.mem, &got), UC_E_OWN);
		expect_ok(group_receive(c.people[1].g, message[i], &c.mem, &got));
	}
	expect_err(group_receive(older, proposal, &c.mem, &got), UC_E_OWN);
	club_talks(&c, &c.people[0], "and this is new");
	group_free(newer);
	club_end(&c);
}
