/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of each cipher suite (RFC 9420, 17.1), of one to twenty people: the same life everywhere. */
#include "tests/unit/mls/members.h"

#include "crypto/alg.h"

static struct club c;

static void renews(struct person *p)
{
	const struct commit_options o = { .force_path = true };
	club_commit(&c, p, &o);
}

/* An Update by one, committed by another (12.1.2). */
static void updates(struct person *p, struct person *by)
{
	struct view message = { NULL, 0 };
	expect_ok(group_propose_update(p->g, &c.mem, &message));
	club_deliver_proposal(&c, p, message);
	club_commit_proposals(&c, by, NULL, 0);
}

static void life(const struct suite *s, size_t n)
{
	struct person *first = &c.people[0], *last = &c.people[n - 1];
	club_with(&c, s, n);
	expect_eq(club_count(&c), n);
	for (size_t i = 0; i < n; i += 7)
		club_talks(&c, &c.people[i], "hello");
	renews(last);
	club_talks(&c, last, "with a new key");
	if (n > 1)
		updates(first, last);
	struct proposal add = add_of(&c, club_person(&c, n));
	club_commit_proposals(&c, last, &add, 1);
	club_talks(&c, &c.people[n], "new here");
	struct proposal remove = remove_of(first);
	club_commit_proposals(&c, &c.people[n], &remove, 1);
	expect_eq(club_count(&c), n);
	club_talks(&c, &c.people[n], "one left");
	club_join_external(&c, first, TREE_NONE);
	club_talks(&c, first, "and is back");
	expect_eq(club_count(&c), n + 1);
	club_end(&c);
}

TEST(groups_live_on_each_suite)
{
	static const size_t sizes[] = { 1, 2, 3, 8, 20 };
	for (size_t i = 0; suite_at(i); i++) {
		int before = test_failures();
		for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
			if (test_failures() == before)
				life(suite_at(i), sizes[k]);
		if (test_failures() != before)
			fprintf(stderr, "  suite %u\n", suite_at(i)->id);
	}
}

static uc_err is_added(struct view package)
{
	struct made_commit made;
	struct proposal add = { .proposal_type = PROPOSAL_ADD };
	const struct commit_options o = { .proposals = &add, .proposal_count = 1 };
	expect_ok(wire_decode(package, &c.mem, key_package_element, &add.key_package));
	return group_commit(c.people[0].g, &o, &c.mem, &made);
}

/* One whose leaf does not name the suite of a group is not added to it (7.2), even with a package
 * of that suite. */
TEST(members_name_the_suite_of_their_group)
{
	static uint16_t suites[] = { SUITE_X25519_AES128 };
	for (size_t i = 1; suite_at(i); i++) {
		struct key_package_secrets secrets;
		struct view package;
		club_with(&c, suite_at(i), 2);
		struct leaf_parameters leaf = club_person(&c, 2)->leaf;
		leaf.capabilities.cipher_suites.v = suites;
		leaf.capabilities.cipher_suites.n = 1;
		expect_ok(key_package_make(c.suite, test_env(), &leaf, 3600, NULL, &c.mem, &package,
					   &secrets));
		expect_err(is_added(package), UC_E_SUITE);
		club_end(&c);
	}
}

/* A KeyPackage of another suite does not belong here (10.1), nor when it says that it were ours. */
static void is_refused(const struct suite *own, const struct suite *other)
{
	bool alike = own->kem_id == other->kem_id && own->signature_id == other->signature_id;
	struct leaf_parameters leaf = club_person(&c, 2)->leaf;
	struct key_package_secrets secrets;
	struct key_package k;
	struct sign_key key;
	struct view package;
	expect_ok(sign_key_generate(other, test_env(), &key));
	leaf.signature_key = &key;
	expect_ok(
		key_package_make(other, test_env(), &leaf, 3600, NULL, &c.mem, &package, &secrets));
	expect_err(is_added(package), UC_E_SUITE);
	expect_ok(wire_decode(package, &c.mem, key_package_element, &k));
	k.cipher_suite = own->id;
	expect_ok(wire_encode_to(&c.mem, key_package_element, &k, &package));
	expect_err(is_added(package), alike ? UC_E_SIGNATURE : UC_E_KEY);
	expect_eq(group_epoch(c.people[0].g), 1);
	sign_key_wipe(&key);
}

TEST(packages_of_another_suite_are_refused)
{
	for (size_t i = 0; suite_at(i); i++) {
		club_with(&c, suite_at(i), 2);
		for (size_t k = 0; suite_at(k); k++)
			if (i != k)
				is_refused(suite_at(i), suite_at(k));
		club_end(&c);
	}
}
