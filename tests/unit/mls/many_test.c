/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures that are verified by several threads: the same groups, the same refusals. */
#include "mls/many.h"

#include "tests/unit/harness.h"
#include "tests/unit/mls/members.h"

#include <pthread.h>
#include <stdatomic.h>

enum { PEOPLE = 50, THREADS = 4 };

static struct club c;

/* --- threads --- */

struct crew {
	void (*task)(void *work, size_t i);
	void *work;
	atomic_size_t next;
	size_t n;
};
static atomic_size_t runs, tasks;

static void *take_turns(void *arg)
{
	struct crew *crew = arg;
	for (size_t i; (i = atomic_fetch_add(&crew->next, 1)) < crew->n;) {
		crew->task(crew->work, i);
		atomic_fetch_add(&tasks, 1);
	}
	return NULL;
}

static void run(void *ctx, void (*task)(void *work, size_t i), void *work, size_t n)
{
	struct crew crew = { .task = task, .work = work, .n = n };
	pthread_t threads[THREADS];
	(void)ctx;
	atomic_fetch_add(&runs, 1);
	for (size_t i = 0; i < THREADS; i++)
		expect_eq(pthread_create(&threads[i], NULL, take_turns, &crew), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static const struct group_parallel parallel = { .run = run };

/* The first of them has a group; nobody has joined yet. */
static void begin(size_t n)
{
	club_begin(&c, suite_at(0));
	c.hooks.parallel = &parallel;
	for (size_t i = 0; i < n; i++)
		club_person(&c, i);
	club_create(&c, NULL);
	atomic_store(&runs, 0);
	atomic_store(&tasks, 0);
}

static struct proposal *adds(size_t n)
{
	struct proposal *v = ARENA_ARRAY(&c.mem, struct proposal, n);
	for (size_t i = 0; i + 1 < n; i++)
		v[i] = add_of(&c, &c.people[i + 1]);
	return v;
}

/* --- */

TEST(key_packages_and_leaves_are_shared_out)
{
	begin(PEOPLE);
	struct made_commit made;
	const struct commit_options o = { .proposals = adds(PEOPLE), .proposal_count = PEOPLE - 1 };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	expect_eq(atomic_load(&runs), 1);
	expect_eq(atomic_load(&tasks), PEOPLE - 1);
	club_deliver(&c, &c.people[0], &made);
	/* The server's KeyPackages, and the tree of everybody who joins. */
	expect_eq(atomic_load(&runs), 2 + PEOPLE - 1);
	club_talks(&c, &c.people[PEOPLE - 1], "all are here");
	club_end(&c);
}

TEST(few_key_packages_are_checked_as_ever)
{
	begin(4);
	club_commit_proposals(&c, &c.people[0], adds(4), 3);
	expect_eq(atomic_load(&tasks), 0);
	club_end(&c);
}

/* Whichever of them it is. */
TEST(one_bad_key_package_among_many)
{
	begin(PEOPLE);
	struct proposal *v = adds(PEOPLE);
	for (size_t bad = 0; bad < PEOPLE - 1; bad += 12) {
		struct proposal good = v[bad];
		struct made_commit made;
		struct key_package *k = &v[bad].key_package;
		uint8_t *signature = arena_take(&c.mem, k->signature.n);
		memcpy(signature, k->signature.p, k->signature.n);
		signature[bad % k->signature.n] ^= 4;
		k->signature.p = signature;
		const struct commit_options o = { .proposals = v, .proposal_count = PEOPLE - 1 };
		expect_err(group_commit(c.people[0].g, &o, &c.mem, &made), UC_E_SIGNATURE);
		expect(!group_has_pending(c.people[0].g));
		v[bad] = good;
	}
	club_end(&c);
}

/* A tree as it stands in a group, with one signature changed. */
TEST(one_bad_leaf_among_many)
{
	begin(PEOPLE);
	club_commit_proposals(&c, &c.people[0], adds(PEOPLE), PEOPLE - 1);
	const struct tree *t = group_now(c.people[0].g).tree;
	expect_ok(leaves_verify(t, group_id(c.people[0].g), &parallel));
	expect_ok(leaves_verify(t, group_id(c.people[0].g), NULL));
	for (uint32_t bad = 0; bad < PEOPLE; bad += 7) {
		struct tree with;
		struct leaf_node leaf;
		uint8_t signature[SIGNATURE_MAX];
		tree_copy(t, &with);
		expect(tree_leaf_find(t, bad, &leaf));
		memcpy(signature, leaf.signature.p, leaf.signature.n);
		signature[bad] ^= 1;
		leaf.signature.p = signature;
		expect_ok(tree_set_leaf(&with, bad, &leaf));
		expect_err(leaves_verify(&with, group_id(c.people[0].g), &parallel),
			   UC_E_SIGNATURE);
		expect_err(leaves_verify(&with, group_id(c.people[0].g), NULL), UC_E_SIGNATURE);
		tree_done(&with);
	}
	/* What signs for another group or place does not sign for this one: leaves of paths do. */
	const struct commit_options o = { .force_path = true };
	club_commit(&c, &c.people[9], &o);
	t = group_now(c.people[0].g).tree;
	expect_ok(leaves_verify(t, group_id(c.people[0].g), &parallel));
	expect_err(leaves_verify(t, VIEW_LIT("another"), &parallel), UC_E_SIGNATURE);
	club_end(&c);
}
